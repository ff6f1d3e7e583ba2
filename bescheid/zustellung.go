package bescheid

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ZustellungZustand is how far one attempt got.
type ZustellungZustand string

// The states of a Zustellung.
const (
	// ZustellungOffen: on its way, and no day is known before something happens: the
	// retrieval, the proof.
	ZustellungOffen ZustellungZustand = "offen"
	// ZustellungVersandt: the day of Bekanntgabe is known and may lie ahead.
	ZustellungVersandt         ZustellungZustand = "versandt"
	ZustellungBekanntgegeben   ZustellungZustand = "bekanntgegeben"
	ZustellungBestandskraeftig ZustellungZustand = "bestandskraeftig"
	// ZustellungGescheitert: it did not arrive, cannot be proven or was not retrieved;
	// no fiction applies, and another way is needed.
	ZustellungGescheitert ZustellungZustand = "gescheitert"
)

// NachweisArt is what a proof tells about a Zustellung.
type NachweisArt string

// The kinds of proof.
const (
	// NachweisAufgabe: the day the letter was posted or the message sent.
	NachweisAufgabe NachweisArt = "aufgabe"
	// NachweisAbruf: the day of the first retrieval.
	NachweisAbruf NachweisArt = "abruf"
	// NachweisPZU, NachweisEB, NachweisRueckschein and NachweisUebergabe prove the day
	// of receipt: Postzustellungsurkunde, Empfangsbekenntnis, return slip, hand-over.
	NachweisPZU         NachweisArt = "pzu"
	NachweisEB          NachweisArt = "empfangsbekenntnis"
	NachweisRueckschein NachweisArt = "rueckschein"
	NachweisUebergabe   NachweisArt = "uebergabe"
	// NachweisZugang is any other proof of the day of receipt.
	NachweisZugang NachweisArt = "zugang"
	// NachweisRuecklauf: the letter came back, or the message was refused.
	NachweisRuecklauf NachweisArt = "ruecklauf"
	// NachweisBestritten: the addressee denies receipt; with a Tag the addressee says
	// it came later. The authority bears the proof (§ 41 (2) VwVfG).
	NachweisBestritten NachweisArt = "bestritten"
	// NachweisNichtAbgerufen: the time for retrieval is over.
	NachweisNichtAbgerufen NachweisArt = "nicht_abgerufen"
)

// Nachweis is a record about a Zustellung; it is never changed.
type Nachweis struct {
	Art NachweisArt `json:"art"`
	// Tag it attests; zero where the kind has none.
	Tag datum.Datum `json:"tag,omitzero"`
	// Datei of the Vorgang that holds the paper.
	Datei uuid.UUID `json:"datei,omitzero"`
	Text  string    `json:"text,omitempty"`
	// Von is the Akteur.ID of who recorded it, Zeit when.
	Von  string    `json:"von"`
	Zeit time.Time `json:"zeit"`
}

// Zustellung is one attempt to bring a Bescheid to one addressee: the way, the facts
// and what follows from them.
type Zustellung struct {
	ID uuid.UUID `json:"id"`
	// Adressat is one of Inhalt.Adressaten; zero is the applicant.
	Adressat uuid.UUID `json:"adressat,omitzero"`
	// Dokument is the file of the Vorgang that went out: the Ausfertigung of this
	// addressee. Zero in attempts from before it was noted.
	Dokument uuid.UUID `json:"dokument,omitzero"`
	// Kanal carried it; empty if a person brought it on its way.
	Kanal   string            `json:"kanal,omitempty"`
	Zustand ZustellungZustand `json:"zustand"`
	// Fall are the facts in the terms of the law; Fall.Kanal is the legal way.
	Fall frist.BekanntgabeFall `json:"fall"`
	// Rechtsbehelf against the Bescheid.
	Rechtsbehelf frist.Rechtsbehelf `json:"rechtsbehelf"`
	// OhneBelehrung: no Belehrung was given; the remedy period is longer.
	OhneBelehrung bool `json:"ohneBelehrung,omitempty"`
	// BereitstellungBis is the last day for retrieval, where one is needed.
	BereitstellungBis datum.Datum `json:"bereitstellungBis,omitzero"`
	// Bekanntgabe is nil while there is no day.
	Bekanntgabe *Bekanntgabe `json:"bekanntgabe,omitempty"`
	// BestandskraftSeit is the first day of Bestandskraft towards this addressee.
	BestandskraftSeit datum.Datum `json:"bestandskraftSeit,omitzero"`
	// Schritte explain in German why there is no day; with a day its own do.
	Schritte  []string   `json:"schritte,omitempty"`
	Nachweise []Nachweis `json:"nachweise,omitempty"`
}

// Clone copies everything a caller could change.
func (z Zustellung) Clone() Zustellung {
	if z.Bekanntgabe != nil {
		k := z.Bekanntgabe.Clone()
		z.Bekanntgabe = &k
	}
	z.Schritte = slices.Clone(z.Schritte)
	z.Nachweise = slices.Clone(z.Nachweise)
	return z
}

// ZustellungParams begin a Zustellung.
type ZustellungParams struct {
	ID       uuid.UUID
	Adressat uuid.UUID
	Dokument uuid.UUID
	// Kanal that carries it; empty for a person.
	Kanal  string
	Inhalt Inhalt
	// Land and ARS of the authority: where the remedy period must be kept.
	Land tenant.Land
	ARS  tenant.ARS
	Weg  frist.Kanal
	// Tag it was posted, sent or provided and told of.
	Tag datum.Datum
	// Zugang is the day of receipt, where it is proven at once.
	Zugang datum.Datum
	// Rechtsbehelf; default by kind and procedure law.
	Rechtsbehelf frist.Rechtsbehelf
}

// NewZustellung begins a Zustellung and works out its day, if there is one yet. A way
// the law has no rule for is fehler.ErrInvalid.
func NewZustellung(r *frist.Rechner, p ZustellungParams) (Zustellung, error) {
	if p.Rechtsbehelf == "" {
		p.Rechtsbehelf = standardRechtsbehelf(p.Inhalt)
	}
	z := Zustellung{
		ID: p.ID, Adressat: p.Adressat, Dokument: p.Dokument, Kanal: p.Kanal,
		Rechtsbehelf: p.Rechtsbehelf, OhneBelehrung: p.Inhalt.Rechtsbehelfsbelehrung == "",
		Fall: frist.BekanntgabeFall{
			Verfahren: frist.Verfahren(p.Inhalt.Verfahren), Kanal: p.Weg, Behoerde: sitz(p.Land, p.ARS),
			Absendung: p.Tag, Bereitstellung: p.Tag, Benachrichtigung: p.Tag, Zugang: p.Zugang,
		},
	}
	return z.Berechne(r)
}

func sitz(l tenant.Land, a tenant.ARS) frist.Behoerde {
	return frist.Behoerde{Ort: frist.Ort{Land: l, Gemeinde: string(a)}}
}

// Mit gives the Zustellung with one more Nachweis, worked out anew. A Nachweis that
// needs a day and has none, or is of no known kind, is fehler.ErrInvalid.
func (z Zustellung) Mit(r *frist.Rechner, n Nachweis) (Zustellung, error) {
	z = z.Clone()
	brauchtTag := true
	switch n.Art {
	case NachweisAufgabe:
		z.Fall.Absendung = n.Tag
	case NachweisAbruf:
		z.Fall.Abruf, z.Fall.NichtAbgerufen = n.Tag, false
	case NachweisPZU, NachweisEB, NachweisRueckschein, NachweisUebergabe, NachweisZugang:
		z.Fall.Zugang, z.Fall.NichtZugegangen = n.Tag, false
	case NachweisRuecklauf:
		brauchtTag = false
		z.Fall.NichtZugegangen, z.Fall.Zugang, z.Fall.Abruf = true, datum.Datum{}, datum.Datum{}
	case NachweisBestritten:
		brauchtTag = false
		z.Fall.NichtZugegangen, z.Fall.Zugang = n.Tag.IsZero(), n.Tag
		if n.Tag.IsZero() {
			z.Fall.Abruf = datum.Datum{}
		}
	case NachweisNichtAbgerufen:
		brauchtTag, z.Fall.NichtAbgerufen = false, true
	default:
		return Zustellung{}, ungueltig("Mit", "zustellung.nachweis", "/art", "unknown kind of proof", "Die Art des Nachweises ist unbekannt.")
	}
	if brauchtTag && n.Tag.IsZero() {
		return Zustellung{}, ungueltig("Mit", "zustellung.nachweis-tag", "/tag", "the day is missing", "Bitte den Tag angeben, den der Nachweis belegt.")
	}
	z.Nachweise = append(z.Nachweise, n)
	return z.Berechne(r)
}

// Berechne works out the day of Bekanntgabe and of what follows from the facts as they
// are, under the law of r. If the days stay the same, so does the Zustand.
func (z Zustellung) Berechne(r *frist.Rechner) (Zustellung, error) {
	z = z.Clone()
	if braucht := z.Fall.Kanal == frist.KanalPZU || z.Fall.Kanal == frist.KanalUebergabe || z.Fall.Kanal == frist.KanalRueckschein; braucht && z.Fall.Zugang.IsZero() && !z.Fall.NichtZugegangen {
		z.ohneTag(ZustellungOffen, []string{"Dieser Weg zählt vom bewiesenen Zugang an; der Nachweis liegt noch nicht vor."})
		return z, nil
	}
	b, tag, err := rechne(r, z.Fall, z.Rechtsbehelf, z.OhneBelehrung)
	if err != nil {
		return Zustellung{}, err
	}
	z.BereitstellungBis = tag.BereitstellungBis
	if b == nil {
		zustand := ZustellungOffen
		if tag.Lage == frist.LageKeine {
			zustand = ZustellungGescheitert
		}
		z.ohneTag(zustand, tag.Schritte)
		return z, nil
	}
	war := z.Bekanntgabe
	if war == nil || war.Tag != b.Tag || war.FristEnde != b.FristEnde || war.BestandskraftAb != b.BestandskraftAb {
		z.Zustand, z.BestandskraftSeit = ZustellungVersandt, datum.Datum{}
	}
	z.Bekanntgabe, z.Schritte = b, nil
	return z, nil
}

func (z *Zustellung) ohneTag(zustand ZustellungZustand, schritte []string) {
	z.Zustand, z.Bekanntgabe, z.BestandskraftSeit, z.Schritte = zustand, nil, datum.Datum{}, slices.Clone(schritte)
}

// Massgeblich is the attempt that counts for the addressee: the last that did not
// fail, else the last; nil if there was none.
func (b *Bescheid) Massgeblich(adressat uuid.UUID) (z *Zustellung) {
	for j := range b.Zustellungen {
		x := &b.Zustellungen[j]
		if x.Adressat == adressat && (z == nil || x.Zustand != ZustellungGescheitert || z.Zustand == ZustellungGescheitert) {
			z = x
		}
	}
	return z
}

// Zustellung finds an attempt by id, nil if there is none.
func (b *Bescheid) Zustellung(id uuid.UUID) *Zustellung {
	for j := range b.Zustellungen {
		if b.Zustellungen[j].ID == id {
			return &b.Zustellungen[j]
		}
	}
	return nil
}

// SetzeZustellung puts the attempt in the place of the one with its id, or at the end,
// and gives the Bescheid the state and the days that follow for all addressees
// together: it is bekanntgegeben when it is towards each, and so on.
func (b *Bescheid) SetzeZustellung(z Zustellung) {
	if alt := b.Zustellung(z.ID); alt != nil {
		*alt = z.Clone()
	} else {
		b.Zustellungen = append(b.Zustellungen, z.Clone())
	}
	ids := b.Inhalt.AdressatIDs()
	b.Zustand, b.Bekanntgabe = Bestandskraeftig, nil
	alle := Bekanntgabe{}
	for j, id := range ids {
		z := b.Massgeblich(id)
		switch {
		case z == nil || (z.Zustand != ZustellungBekanntgegeben && z.Zustand != ZustellungBestandskraeftig):
			b.Zustand = Versandt
		case z.Zustand == ZustellungBekanntgegeben && b.Zustand == Bestandskraeftig:
			b.Zustand = Bekanntgegeben
		}
		if z == nil || z.Bekanntgabe == nil {
			ids = nil // one without a day: the Bescheid has none
			continue
		}
		k := z.Bekanntgabe.Clone()
		if j == 0 {
			alle = k
			continue
		}
		alle.verbinde(k)
	}
	if ids != nil {
		b.Bekanntgabe = &alle
	}
}

// verbinde takes over the later days of another addressee.
func (k *Bekanntgabe) verbinde(o Bekanntgabe) {
	spaeter := func(a *datum.Datum, b datum.Datum) {
		if b.Nach(*a) {
			*a = b
		}
	}
	spaeter(&k.Tag, o.Tag)
	spaeter(&k.FristEnde, o.FristEnde)
	spaeter(&k.BestandskraftAb, o.BestandskraftAb)
	for _, x := range []struct{ nach, von *[]string }{{&k.Regeln, &o.Regeln}, {&k.Schritte, &o.Schritte}, {&k.Warnungen, &o.Warnungen}} {
		for _, s := range *x.von {
			if !slices.Contains(*x.nach, s) {
				*x.nach = append(*x.nach, s)
			}
		}
	}
	k.Unsicher = k.Unsicher || o.Unsicher
}

func ungueltig(op, code, pfad, meldung, hinweis string) error {
	return fehler.New("bescheid."+op, "", fehler.ErrInvalid, fehler.Probleme{{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}})
}
