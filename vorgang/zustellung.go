package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MaxZustellungen of one Bescheid, and MaxNachweise of one Zustellung.
const (
	MaxZustellungen = 500
	MaxNachweise    = 100
)

// Anlass says why a Zustellung changed.
type Anlass string

// The reasons.
const (
	AnlassEingetragen  Anlass = "eingetragen" // a person brought it on its way
	AnlassNachweis     Anlass = "nachweis"
	AnlassNeuBerechnet Anlass = "neu_berechnet"
)

// Meldung is a Nachweis about a Zustellung.
type Meldung struct {
	Bescheid   uuid.UUID
	Zustellung uuid.UUID
	Art        bescheid.NachweisArt
	Tag        datum.Datum // not in the future
	Datei      uuid.UUID   // of the Vorgang; zero if there is none
	Text       string
}

// RecordNachweis records what is known of the way of a Bescheid: the day it was posted
// or retrieved, a proof of receipt, a letter that came back, receipt that is denied. The
// days are worked out anew, with their reasons; a Bekanntgabe that no longer holds is
// taken away, and the Bestandskraft with it. A letter that came back, or that nobody
// retrieved, is sent another way if a Kanal carried it. A wrong record is corrected by a
// later one. The same Art, Tag and Datei again changes nothing.
func (v *Vorgang) RecordNachweis(a tenant.Akteur, now time.Time, m Meldung) error {
	const op = "RecordNachweis"
	if err := v.check(op, a, now, BefehlZustellungNachweisen); err != nil {
		return err
	}
	return v.nachweis(op, a, now, m)
}

func (v *Vorgang) nachweis(op string, a tenant.Akteur, now time.Time, m Meldung) error {
	b, z, err := v.zustellung(op, m.Bescheid, m.Zustellung)
	if err != nil {
		return err
	}
	if err := v.maxText(op, "/text", m.Text); err != nil {
		return err
	}
	if m.Tag.Nach(v.heute(now)) {
		return v.fail(op, fehler.ErrInvalid, problem("zustellung.zukunft", "/tag", "lies in the future", "Der Tag liegt in der Zukunft."))
	}
	if err := v.hatDatei(op, m.Datei); err != nil {
		return err
	}
	if n := len(z.Nachweise); n > 0 {
		if l := z.Nachweise[n-1]; l.Art == m.Art && l.Tag == m.Tag && l.Datei == m.Datei {
			return nil
		}
		if n >= MaxNachweise {
			return v.fail(op, fehler.ErrInvalid, problem("zustellung.zu-viele", "/nachweise", "too many records", "Zu dieser Zustellung gibt es zu viele Nachweise."))
		}
	}
	neu, err := z.Mit(v.rechner(), bescheid.Nachweis{Art: m.Art, Tag: m.Tag, Datei: m.Datei, Text: m.Text, Von: a.ID, Zeit: v.zeitpunkt(now)})
	if err != nil {
		return fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, err)
	}
	if err := v.setzeZustellung(a, now, b.ID, AnlassNachweis, &neu); err != nil {
		return err
	}
	zurueck := m.Art == bescheid.NachweisRuecklauf || m.Art == bescheid.NachweisNichtAbgerufen
	if !zurueck || neu.Kanal == "" || neu.Zustand != bescheid.ZustellungGescheitert {
		return nil
	}
	b = v.s.bescheid(b.ID)
	if x := b.Massgeblich(neu.Adressat); x.Zustand != bescheid.ZustellungGescheitert {
		return nil // another attempt is on its way or arrived
	}
	return v.order(now, BescheidSenden, now, BescheidDaten{Bescheid: b.ID, Adressat: neu.Adressat, Ausser: gescheitert(b, neu.Adressat)})
}

// quittungBescheid takes what a Kanal says about the letter of a Bescheid as a proof.
func (v *Vorgang) quittungBescheid(a tenant.Akteur, now time.Time, nachricht uuid.UUID, q messaging.Quittung) error {
	for i := range v.s.Bescheide {
		b := &v.s.Bescheide[i]
		z := b.Zustellung(nachricht)
		if z == nil {
			continue
		}
		m := Meldung{Bescheid: b.ID, Zustellung: z.ID, Tag: datum.Von(q.Zeit), Text: q.Referenz}
		if heute := v.heute(now); m.Tag.Nach(heute) {
			m.Tag = heute // the clock of the mailbox is ahead
		}
		switch k := z.Fall.Kanal; {
		case q.Zustand == messaging.Fehlgeschlagen && z.Zustand != bescheid.ZustellungGescheitert:
			m.Art, m.Tag = bescheid.NachweisRuecklauf, datum.Datum{}
		case (q.Zustand == messaging.Abgeholt || q.Zustand == messaging.Gelesen) && z.Fall.Abruf.IsZero() && !z.Fall.NichtZugegangen &&
			(k == frist.KanalAbruf || k == frist.KanalPostfach || k == frist.KanalZustellungPortal):
			m.Art = bescheid.NachweisAbruf
		default:
			return nil
		}
		return v.nachweis("RecordDelivery", a, now, m)
	}
	return nil
}

// gescheitert are the Kanaele on which it did not reach the addressee.
func gescheitert(b *bescheid.Bescheid, adressat uuid.UUID) (out []string) {
	for _, z := range b.Zustellungen {
		if z.Adressat == adressat && z.Kanal != "" && z.Zustand == bescheid.ZustellungGescheitert && !slices.Contains(out, z.Kanal) {
			out = append(out, z.Kanal)
		}
	}
	return out
}

// setzeZustellung records the new state of an attempt and orders what follows.
func (v *Vorgang) setzeZustellung(a tenant.Akteur, now time.Time, id uuid.UUID, anlass Anlass, z *bescheid.Zustellung) error {
	if err := v.record(a, now, &ZustellungGeaendert{Bescheid: id, Anlass: anlass, Zustellung: *z}); err != nil {
		return err
	}
	if err := v.fristenDerRechtsbehelfe(a, now, id); err != nil {
		return err
	}
	return v.weiter(a, now, id, z.ID)
}

// weiter records the next step of an attempt if its day has come, else orders the watch
// for it. What was ordered for another day finds out that it is stale.
func (v *Vorgang) weiter(a tenant.Akteur, now time.Time, id, kennung uuid.UUID) error {
	b := v.s.bescheid(id)
	z := b.Zustellung(kennung)
	heute := v.heute(now)
	d := BescheidDaten{Bescheid: id, Zustellung: kennung}
	switch z.Zustand {
	case bescheid.ZustellungVersandt:
		if d.Tag = z.Bekanntgabe.Tag; !heute.Vor(d.Tag) {
			return v.bekanntgegeben(a, now, b, z)
		}
		return v.order(now, BekanntgabeFeststellen, d.Tag.Beginn(), d)
	case bescheid.ZustellungBekanntgegeben:
		if v.s.gehemmt(b, z.Adressat) {
			return nil
		}
		if d.Tag = v.bestandskraftTag(b, z); !heute.Vor(d.Tag) {
			return v.bestandskraeftig(a, now, b, z)
		}
		return v.order(now, BestandskraftFeststellen, d.Tag.Beginn(), d)
	case bescheid.ZustellungOffen:
		if z.BereitstellungBis.IsZero() {
			return nil
		}
		if d.Tag = z.BereitstellungBis.AddTage(1); !heute.Vor(d.Tag) {
			return v.nachweis("weiter", a, now, Meldung{Bescheid: id, Zustellung: kennung, Art: bescheid.NachweisNichtAbgerufen})
		}
		return v.order(now, AbrufAblaufen, d.Tag.Beginn(), d)
	}
	return nil
}

// ReachTermin reports that the day of a Termin of a Bescheid has come:
// BekanntgabeFeststellen, BestandskraftFeststellen or AbrufAblaufen. What was overtaken
// meanwhile, by a proof, a letter that came back or a remedy, changes nothing.
func (v *Vorgang) ReachTermin(a tenant.Akteur, now time.Time, art AuftragArt, d BescheidDaten) error {
	const op = "ReachTermin"
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return err
	}
	b := v.s.bescheid(d.Bescheid)
	if b == nil {
		return fehler.New("vorgang."+op, d.Bescheid.String(), fehler.ErrNotFound, nil)
	}
	if d.Zustellung == uuid.Nil { // ordered before attempts were kept
		switch {
		case len(b.Zustellungen) > 0:
			return nil
		case art == BekanntgabeFeststellen:
			return v.RecordBekanntgabe(a, now, d.Bescheid)
		case v.s.gehemmt(b, uuid.Nil):
			return nil
		}
		return v.RecordBestandskraft(a, now, d.Bescheid)
	}
	z := b.Zustellung(d.Zustellung)
	if z == nil {
		return fehler.New("vorgang."+op, d.Zustellung.String(), fehler.ErrNotFound, nil)
	}
	faellig := map[AuftragArt]bool{
		BekanntgabeFeststellen:   z.Zustand == bescheid.ZustellungVersandt && !v.heute(now).Vor(z.Bekanntgabe.Tag),
		BestandskraftFeststellen: z.Zustand == bescheid.ZustellungBekanntgegeben && !v.s.gehemmt(b, z.Adressat) && !v.heute(now).Vor(v.bestandskraftTag(b, z)),
		AbrufAblaufen:            z.Zustand == bescheid.ZustellungOffen && !z.BereitstellungBis.IsZero() && v.heute(now).Nach(z.BereitstellungBis),
	}
	if !faellig[art] {
		return nil
	}
	return v.weiter(a, now, b.ID, z.ID)
}

func (v *Vorgang) bekanntgegeben(a tenant.Akteur, now time.Time, b *bescheid.Bescheid, z *bescheid.Zustellung) error {
	id, kennung := b.ID, z.ID
	if err := v.record(a, now, &BescheidBekanntgegeben{Bescheid: id, Zustellung: kennung, Tag: z.Bekanntgabe.Tag}); err != nil {
		return err
	}
	return v.weiter(a, now, id, kennung)
}

// bestandskraeftig records it and lets go what waited for it: the Bescheid a
// Widerspruchsbescheid decided on.
func (v *Vorgang) bestandskraeftig(a tenant.Akteur, now time.Time, b *bescheid.Bescheid, z *bescheid.Zustellung) error {
	id := b.ID
	if err := v.record(a, now, &BescheidBestandskraeftig{Bescheid: id, Zustellung: z.ID, Ab: v.bestandskraftTag(b, z)}); err != nil {
		return err
	}
	if v.s.bescheid(id).Zustand != bescheid.Bestandskraeftig {
		return nil
	}
	return v.weiterWartende(a, now, id)
}

func (v *Vorgang) weiterWartende(a tenant.Akteur, now time.Time, durch uuid.UUID) error {
	for _, x := range v.s.Rechtsbehelfe {
		if x.Ausgangsbescheid == durch {
			if err := v.weiterBestandskraft(a, now, x.Bescheid); err != nil {
				return err
			}
		}
	}
	return nil
}

// weiterBestandskraft looks for all addressees of a Bescheid whether it is final now, or when.
func (v *Vorgang) weiterBestandskraft(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	b := v.s.bescheid(id)
	if b == nil {
		return nil
	}
	if len(b.Zustellungen) == 0 && b.Zustand == bescheid.Bekanntgegeben && b.Bekanntgabe != nil && !v.s.gehemmt(b, uuid.Nil) {
		return v.order(now, BestandskraftFeststellen, v.bestandskraftTag(b, nil).Beginn(), BescheidDaten{Bescheid: id})
	}
	for _, z := range slices.Clone(b.Zustellungen) {
		if z.Zustand == bescheid.ZustellungBekanntgegeben {
			if err := v.weiter(a, now, id, z.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// RecomputeBekanntgabe works out the days of a Bescheid anew under the law as it is
// loaded now, and records what differs. Nothing different is no entry.
func (v *Vorgang) RecomputeBekanntgabe(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	const op = "RecomputeBekanntgabe"
	if err := v.check(op, a, now, BefehlBekanntgabeNeuBerechnen); err != nil {
		return err
	}
	b := v.s.bescheid(id)
	if b == nil {
		return fehler.New("vorgang."+op, id.String(), fehler.ErrNotFound, nil)
	}
	var neu []bescheid.Zustellung
	for _, z := range b.Zustellungen {
		n, err := z.Berechne(v.rechner())
		if err != nil {
			return fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, err)
		}
		if n.Zustand != z.Zustand || tage(n) != tage(z) {
			neu = append(neu, n)
		}
	}
	for i := range neu {
		if err := v.setzeZustellung(a, now, id, AnlassNeuBerechnet, &neu[i]); err != nil {
			return err
		}
	}
	return nil
}

func tage(z bescheid.Zustellung) [4]datum.Datum {
	if k := z.Bekanntgabe; k != nil {
		return [4]datum.Datum{k.Tag, k.FristEnde, k.BestandskraftAb, z.BereitstellungBis}
	}
	return [4]datum.Datum{3: z.BereitstellungBis}
}

// zustellung finds an attempt of a Bescheid.
func (v *Vorgang) zustellung(op string, id, kennung uuid.UUID) (*bescheid.Bescheid, *bescheid.Zustellung, error) {
	if b := v.s.bescheid(id); b != nil {
		if z := b.Zustellung(kennung); z != nil {
			return b, z, nil
		}
	}
	return nil, nil, v.fail(op, fehler.ErrNotFound, problem("zustellung.unbekannt", "/zustellungen", "there is no such Zustellung", "Diese Zustellung gibt es nicht."))
}

// ausgefertigt finds a Bescheid that can go out to the addressee: its document is there
// and its text is the released one.
func (v *Vorgang) ausgefertigt(op string, id, adressat uuid.UUID) (*bescheid.Bescheid, error) {
	b := v.s.bescheid(id)
	switch {
	case b == nil:
		return nil, fehler.New("vorgang."+op, id.String(), fehler.ErrNotFound, nil)
	case b.Pruefsumme == "" || b.Dokument == nil:
		return nil, v.fail(op, fehler.ErrInvalid, problem("bescheid.ohne-dokument", "/bescheide/"+id.String(), "there is no Ausfertigung yet", "Der Bescheid ist noch nicht ausgefertigt."))
	case !slices.Contains(b.Inhalt.AdressatIDs(), adressat):
		return nil, v.fail(op, fehler.ErrNotFound, problem("zustellung.adressat", "/adressat", "is no addressee of the Bescheid", "An diese Person ist der Bescheid nicht gerichtet."))
	case b.Inhalt.Pruefsumme() != b.Pruefsumme:
		return nil, v.fail(op, fehler.ErrConflict, problem("bescheid.pruefsumme", "/bescheide/"+id.String(),
			"the text is not the released one", "Der Text stimmt nicht mit der freigegebenen Fassung überein."))
	}
	return b, nil
}

func (v *Vorgang) hatDatei(op string, id uuid.UUID) error {
	if id == uuid.Nil {
		return nil
	}
	if _, ok := v.s.Datei(id); !ok {
		return v.fail(op, fehler.ErrNotFound, problem("vorgang.datei", "/datei", "the Vorgang has no such file", "Diese Datei gibt es im Vorgang nicht."))
	}
	return nil
}

// The entries of a Zustellung.
type (
	// ZustellungGeaendert gives an attempt its new state (bescheid.zustellung).
	ZustellungGeaendert struct {
		Bescheid   uuid.UUID           `json:"bescheid"`
		Anlass     Anlass              `json:"anlass"`
		Zustellung bescheid.Zustellung `json:"zustellung"`
	}
	// ZustellungVeranlasst orders another way (bescheid.zustellung_veranlasst).
	ZustellungVeranlasst struct {
		Bescheid uuid.UUID `json:"bescheid"`
		Adressat uuid.UUID `json:"adressat,omitzero"`
		Kanal    string    `json:"kanal,omitempty"`
		Grund    string    `json:"grund"`
	}
)

func (*ZustellungGeaendert) code() Code  { return "bescheid.zustellung" }
func (*ZustellungVeranlasst) code() Code { return "bescheid.zustellung_veranlasst" }

func (d *ZustellungGeaendert) apply(s *Stand, _ *Ereignis) {
	if b := s.bescheid(d.Bescheid); b != nil {
		b.SetzeZustellung(d.Zustellung)
	}
}
func (*ZustellungVeranlasst) apply(*Stand, *Ereignis) {}

func (d *ZustellungGeaendert) gegenstand() string  { return "bescheid/" + d.Bescheid.String() }
func (d *ZustellungVeranlasst) gegenstand() string { return "bescheid/" + d.Bescheid.String() }

func (d *ZustellungGeaendert) umkehren() (Befehl, daten) {
	switch d.Anlass {
	case AnlassEingetragen:
		return BefehlZustellungEintragen, nil
	case AnlassNeuBerechnet:
		return BefehlBekanntgabeNeuBerechnen, nil
	}
	return BefehlZustellungNachweisen, nil
}
func (*ZustellungVeranlasst) umkehren() (Befehl, daten) { return BefehlZustellungVeranlassen, nil }
