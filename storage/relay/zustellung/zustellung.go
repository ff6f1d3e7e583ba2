// Package zustellung brings Nachrichten and Bescheide to the citizen: it holds the
// handlers of the relay that choose a Kanal, set the document, deliver, and watch
// for the day of Bekanntgabe and of Bestandskraft.
package zustellung

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/siegel"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Params of a Zustellung; all are mandatory.
type Params struct {
	Blobs     blob.Store
	Mandanten tenant.Mandanten
	Router    *messaging.Router
	Setzer    *ausfertigung.Setzer
	Rechner   *frist.Rechner
}

// Options of a Zustellung; nil means defaults.
type Options struct {
	Now func() time.Time
	// Kopf adds what the letters of the Mandant show beside the usual, such as its logo; nil
	// adds nothing. It must give the same for the same Bescheid and addressee: a second try
	// makes the file again. It is asked for each addressee (k.Adressat): what only the
	// applicant may have, such as a link to the case, does not belong into the letter of another.
	// For a letter that decides nothing b is the zero Bescheid.
	Kopf func(ctx context.Context, k *ausfertigung.Kopf, s vorgang.Stand, b bescheid.Bescheid) error
	// Konto is where the fees of a Mandant are paid; nil, or false, prints no way to pay. Of
	// the Zahlungsdaten Empfaenger, IBAN and BIC count; amount and Verwendungszweck are the fee's.
	Konto func(m *tenant.Mandant) (ueberweisung.Zahlungsdaten, bool)
	// Zahlungslink gives the page on which the fee is paid online, for the letter to who owes
	// it beside the account; nil, or an empty link, prints none. See vorgang.Kontext.
	Zahlungslink func(m tenant.ID, vorgang, gebuehr uuid.UUID) string
	// Sicherungen hold back letters to a Kanal that fails, by its name; nil holds back none.
	Sicherungen *relay.Sicherungen
	// Siegel seals each Ausfertigung and each certificate; nil seals none. A second try seals anew.
	Siegel siegel.Siegel
}

// Zustellung holds the handlers. Safe for concurrent use.
type Zustellung struct {
	p      Params
	o      Options
	now    func() time.Time
	akteur tenant.Akteur
}

// New makes a Zustellung.
func New(p Params, o *Options) (*Zustellung, error) {
	if p.Blobs == nil || p.Mandanten == nil || p.Router == nil || p.Setzer == nil || p.Rechner == nil {
		return nil, fehler.New("zustellung.New", "", fehler.ErrInvalid, errors.New("all Params are mandatory"))
	}
	z := &Zustellung{p: p, now: time.Now, akteur: tenant.System("zustellung")}
	if o != nil {
		z.o = *o
	}
	if z.o.Now != nil {
		z.now = z.o.Now
	}
	return z, nil
}

// Handlers for [relay.New].
func (z *Zustellung) Handlers() map[vorgang.AuftragArt]relay.Handler {
	return map[vorgang.AuftragArt]relay.Handler{
		vorgang.NachrichtSenden:          relay.HandlerFunc(z.sendNachricht),
		vorgang.BescheidAusfertigen:      relay.HandlerFunc(z.ausfertigen),
		vorgang.BescheinigungAusfertigen: relay.HandlerFunc(z.bescheinigen),
		vorgang.BescheidSenden:           relay.HandlerFunc(z.sendBescheid),
		vorgang.BekanntgabeFeststellen:   z.termin(),
		vorgang.BestandskraftFeststellen: z.termin(),
		vorgang.AbrufAblaufen:            z.termin(),
	}
}

func (z *Zustellung) sendNachricht(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	var d vorgang.NachrichtDaten
	if err := a.Decode(&d); err != nil {
		return nil, err
	}
	s := v.Stand()
	for _, n := range s.Nachrichten {
		if n.Nachricht.ID != d.Nachricht {
			continue
		}
		e, ok := s.Empfaenger(n)
		if !ok {
			return nil, fehler.New("zustellung.sendNachricht", d.Nachricht.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such addressee"))
		}
		wahl, err := z.p.Router.Choose(e, n.Nachricht)
		if err != nil {
			return nil, err
		}
		q, err := z.deliverTo(ctx, a, s, e, n.Nachricht, wahl)
		if messaging.IstUnsicher(err) { // not again: it could be the second
			q, err = messaging.Quittung{Sendung: a.ID, Kanal: wahl.Kanal.Name(), Zustand: messaging.Unsicher, Zeit: z.now()}, nil
		}
		if err != nil {
			return nil, err
		}
		return func(v *vorgang.Vorgang) error {
			return v.RecordDelivery(z.akteur, z.now(), d.Nachricht, q, wahl.Begruendung())
		}, nil
	}
	return nil, fehler.New("zustellung.sendNachricht", d.Nachricht.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such Nachricht"))
}

func (z *Zustellung) deliverTo(ctx context.Context, a vorgang.Auftrag, s vorgang.Stand, empfaenger messaging.Empfaenger, n messaging.Nachricht, wahl messaging.Wahl) (messaging.Quittung, error) {
	m, e, err := z.absender(ctx, s)
	if err != nil {
		return messaging.Quittung{}, err
	}
	absender := m.Name
	if e.Name != "" {
		absender += ", " + e.Name
	}
	var q messaging.Quittung
	err = z.o.Sicherungen.Do(ctx, "kanal "+wahl.Kanal.Name(), func() (err error) {
		q, err = wahl.Kanal.Deliver(ctx, messaging.Sendung{
			ID: a.ID, Mandant: s.Mandant, Absender: absender, Vorgang: s.ID, Nummer: s.Nummer,
			Empfaenger: empfaenger, Adresse: wahl.Adresse, Nachricht: n,
			Open: func(ctx context.Context, x messaging.Anhang) (io.ReadCloser, error) {
				return z.p.Blobs.Open(ctx, s.Mandant, blob.Ref{SHA512: x.SHA512, Groesse: x.Groesse})
			},
		})
		return err
	})
	if err == nil && q.Zeit.IsZero() {
		q.Zeit = z.now() // a Quittung without a time must not start a period in year 1
	}
	return q, err
}

func (z *Zustellung) absender(ctx context.Context, s vorgang.Stand) (*tenant.Mandant, tenant.Organisationseinheit, error) {
	m, err := z.p.Mandanten.Mandant(ctx, s.Mandant)
	if err != nil {
		return nil, tenant.Organisationseinheit{}, err
	}
	e, _ := m.Einheit(s.Einheit)
	return m, e, nil
}

// fileName takes out of a number what would be a path or is refused in file names.
var fileName = strings.NewReplacer("/", "-", `\`, "-", ":", "-", "*", "-", "?", "-", `"`, "-", "<", "-", ">", "-", "|", "-")

// ausfertigen makes the document of one addressee. An Auftrag from before each had their
// own names nobody although the text names some: then it makes those of all.
func (z *Zustellung) ausfertigen(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	var d vorgang.BescheidDaten
	if err := a.Decode(&d); err != nil {
		return nil, err
	}
	s := v.Stand()
	b, err := findBescheid(a, s)
	if err != nil {
		return nil, err
	}
	ids := []uuid.UUID{d.Adressat}
	if alle := b.Inhalt.AdressatIDs(); d.Adressat == uuid.Nil && alle[0] != uuid.Nil {
		ids = alle
	}
	dateien := make([]vorgang.Datei, len(ids))
	for i, adressat := range ids {
		kennung := a.ID // of the file too: a second try names the same one
		if adressat != d.Adressat {
			kennung = uuid.NewSHA1(a.ID, adressat[:])
		}
		if dateien[i], err = z.datei(ctx, s, b, adressat, kennung); err != nil {
			return nil, err
		}
	}
	return func(v *vorgang.Vorgang) error {
		for i, adressat := range ids {
			if err := v.RecordAusfertigung(z.akteur, z.now(), b.ID, adressat, dateien[i]); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// datei sets the letter to one addressee and stores it. Name and content tell of no other.
func (z *Zustellung) datei(ctx context.Context, s vorgang.Stand, b bescheid.Bescheid, adressat, kennung uuid.UUID) (vorgang.Datei, error) {
	const op = "zustellung.ausfertigen"
	empfaenger, ok := b.Inhalt.Adressat(adressat, s.Antrag.Antragsteller.Empfaenger)
	if !ok {
		return vorgang.Datei{}, fehler.New(op, b.ID.String(), fehler.ErrInvalid, errors.New("the Bescheid has no such addressee"))
	}
	kopf, err := z.kopf(ctx, ausfertigung.Kopf{Empfaenger: empfaenger, Adressat: adressat}, s, b)
	if err != nil {
		return vorgang.Datei{}, err
	}
	var buf bytes.Buffer
	bericht, err := z.p.Setzer.Write(&buf, kopf, b)
	if err != nil {
		if errors.Is(err, fehler.ErrConflict) { // not the released text: no later try mends it
			err = fehler.New(op, b.ID.String(), fehler.ErrInvalid, err)
		}
		return vorgang.Datei{}, err
	}
	return z.lege(ctx, s, "Bescheid", kennung, &buf, bericht)
}

// sendBescheid brings the document to one addressee. The text must still be the released
// one, and the way must be one the law knows, before the letter leaves the house;
// afterwards nobody could call it back.
func (z *Zustellung) sendBescheid(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	const op = "zustellung.sendBescheid"
	var d vorgang.BescheidDaten
	if err := a.Decode(&d); err != nil {
		return nil, err
	}
	s := v.Stand()
	b, err := findBescheid(a, s)
	if err != nil {
		return nil, err
	}
	e, ok := b.Inhalt.Adressat(d.Adressat, s.Antrag.Antragsteller.Empfaenger)
	switch {
	case b.Dokument == nil:
		return nil, fehler.New(op, b.ID.String(), fehler.ErrInvalid, errors.New("the Bescheid has no document"))
	case !ok:
		return nil, fehler.New(op, b.ID.String(), fehler.ErrInvalid, errors.New("the Bescheid has no such addressee"))
	case b.Inhalt.Pruefsumme() != b.Pruefsumme:
		return nil, fehler.New(op, b.ID.String(), fehler.ErrInvalid, fehler.Probleme{{
			Code: "bescheid.pruefsumme", Pfad: "/bescheide/" + b.ID.String(), Meldung: "the text is not the released one",
			Hinweis: "Der Text stimmt nicht mit der freigegebenen Fassung überein.",
		}})
	}
	if m := b.Massgeblich(d.Adressat); m != nil && m.Zustand != bescheid.ZustellungGescheitert && !d.Erneut {
		return func(*vorgang.Vorgang) error { return nil }, nil // somebody brought it on its way meanwhile
	}
	m, _, err := z.absender(ctx, s)
	if err != nil {
		return nil, err
	}
	dokument, nachgeholt := b.Ausfertigung(d.Adressat), (*vorgang.Datei)(nil)
	if dokument == nil { // given up, or from before each addressee had one: never that of another
		x, err := z.datei(ctx, s, b, d.Adressat, uuid.NewSHA1(a.ID, d.Adressat[:]))
		if err != nil {
			return nil, err
		}
		dokument, nachgeholt = &x.Anhang, &x
	}
	n := messaging.Nachricht{
		ID: a.ID, Art: messaging.BescheidArt, Betreff: b.Inhalt.Betreff, Anhaenge: append([]messaging.Anhang{*dokument}, b.Inhalt.Anlagen...),
		Text: fmt.Sprintf("Über Ihren Antrag%s ist entschieden. Den Bescheid finden Sie im Anhang.\n\nIhre Vorgangsnummer ist %s.", quoted(s.LeistungName), s.Nummer),
	}
	if b.Inhalt.Art.BrauchtBezug() || d.Adressat != uuid.Nil {
		n.Text = fmt.Sprintf("Den Bescheid zum Vorgang%s finden Sie im Anhang.\n\nDie Vorgangsnummer ist %s.", quoted(s.LeistungName), s.Nummer)
	}
	wahl, err := z.chooseWeg(e, n, d)
	if err != nil {
		return nil, err
	}
	p := bescheid.ZustellungParams{
		ID: a.ID, Adressat: d.Adressat, Dokument: dokument.ID, Kanal: wahl.Kanal.Name(), Inhalt: b.Inhalt, Land: m.Land, ARS: m.ARS,
		Tag: datum.Von(z.now()), Weg: frist.Kanal(wahl.Kanal.Faehigkeiten().Bekanntgabe),
	}
	if _, err := bescheid.NewZustellung(z.p.Rechner, p); err != nil {
		return nil, err
	}
	q, err := z.deliverTo(ctx, a, s, e, n, wahl)
	if messaging.IstUnsicher(err) { // a person finds out, and delivers anew or records the proof
		return nil, fehler.New(op, b.ID.String(), fehler.ErrInvalid, fehler.Probleme{{
			Code: "bescheid.zustellung-unsicher", Pfad: "/bescheide/" + b.ID.String(), Meldung: "the channel may have it or not: " + err.Error(),
			Hinweis: "Ob der Bescheid angekommen ist, ist unklar. Bitte klären und die Zustellung eintragen oder neu veranlassen.",
		}})
	}
	if err != nil {
		return nil, err
	}
	p.Tag = datum.Von(q.Zeit)
	zustellung, err := bescheid.NewZustellung(z.p.Rechner, p)
	if err != nil {
		return nil, err
	}
	return func(v *vorgang.Vorgang) error {
		if nachgeholt != nil {
			if err := v.RecordAusfertigung(z.akteur, z.now(), b.ID, d.Adressat, *nachgeholt); err != nil {
				return err
			}
		}
		return v.RecordVersand(z.akteur, z.now(), vorgang.Versand{
			Bescheid: b.ID, Nachricht: n, Quittung: q, Gruende: wahl.Begruendung(), Zustellung: &zustellung,
		})
	}, nil
}

// chooseWeg finds the Kanal: the one that was ordered, or the first that has not failed.
func (z *Zustellung) chooseWeg(e messaging.Empfaenger, n messaging.Nachricht, d vorgang.BescheidDaten) (messaging.Wahl, error) {
	if d.Kanal != "" {
		adresse := messaging.Adresse{Kanal: d.Kanal}
		for _, x := range e.Adressen {
			if x.Kanal == d.Kanal {
				adresse = x
			}
		}
		e.Adressen = []messaging.Adresse{adresse}
		wahl, err := z.p.Router.Choose(e, n)
		if err == nil && wahl.Kanal.Name() != d.Kanal {
			err = keinWeg("Der Kanal " + d.Kanal + " steht nicht zur Verfügung.")
		}
		return wahl, err
	}
	e.Adressen = slices.DeleteFunc(slices.Clone(e.Adressen), func(x messaging.Adresse) bool { return slices.Contains(d.Ausser, x.Kanal) })
	wahl, err := z.p.Router.Choose(e, n)
	if err == nil && slices.Contains(d.Ausser, wahl.Kanal.Name()) {
		err = keinWeg("Alle Wege sind schon gescheitert.")
	}
	return wahl, err
}

func keinWeg(hinweis string) error {
	return fehler.Probleme{{Code: "messaging.kein-kanal", Meldung: "no channel is left", Hinweis: hinweis + " Bitte von Hand zustellen."}}
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return " „" + name + "“"
}

func (z *Zustellung) termin() relay.Handler {
	return relay.HandlerFunc(func(_ context.Context, a vorgang.Auftrag, _ *vorgang.Vorgang) (relay.Bericht, error) {
		var d vorgang.BescheidDaten
		if err := a.Decode(&d); err != nil {
			return nil, err
		}
		return func(v *vorgang.Vorgang) error {
			now := z.now()
			if now.Before(a.Faellig) {
				now = a.Faellig // it was leased as due; the clock has been set back since
			}
			if v.Status() == vorgang.ZuLoeschen || v.Status() == vorgang.Geloescht {
				return nil // nobody waits for the day any more
			}
			return v.ReachTermin(z.akteur, now, a.Art, d)
		}, nil
	})
}

func findBescheid(a vorgang.Auftrag, s vorgang.Stand) (bescheid.Bescheid, error) {
	var d vorgang.BescheidDaten
	if err := a.Decode(&d); err != nil {
		return bescheid.Bescheid{}, err
	}
	for _, b := range s.Bescheide {
		if b.ID == d.Bescheid {
			return b, nil
		}
	}
	return bescheid.Bescheid{}, fehler.New("zustellung", d.Bescheid.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such Bescheid"))
}
