package pruefung

import (
	"encoding/json"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Bounds of a Regelwerk.
const (
	MaxDatei      = 1 << 20   // bytes of a file
	MaxSchema     = 256 << 10 // bytes of its schema, canonical
	MaxRegeln     = 500
	MaxNachschlag = 32      // declared functions; and different questions of one Pruefung: [MaxFragen]
	MaxAusdruck   = 4000    // bytes of one expression
	MaxText       = 2000    // bytes of any other text
	MaxFassung    = 1000000 // highest number of a version
	// MaxKosten is the highest limit of costs that a Regelwerk can set for each rule,
	// and StandardKosten what holds if it sets none. The engine's own accounting takes
	// time that grows with the square of a loop, so the limits are lower than the
	// expressions need.
	MaxKosten      = 50000
	StandardKosten = 20000
	// MaxGesamtKosten bounds all rules of one Pruefung; a rule that would begin beyond
	// it gives no answer.
	MaxGesamtKosten = 200000
)

// Folge says what the outcome of a rule means.
type Folge struct {
	Art FolgeArt `json:"art"`
	// Text is a German sentence: to the applicant for Nachforderung, to the clerk
	// otherwise. Empty only for Gut.
	Text string `json:"text,omitempty"`
	// Pfad is the JSON pointer of the item it is about; may be empty.
	Pfad string `json:"pfad,omitempty"`
}

// FolgeArt is the kind of a Folge.
type FolgeArt string

// The kinds. Zero is Gut.
const (
	Gut             FolgeArt = "gut"
	Nachforderung   FolgeArt = "nachforderung"   // an item is missing
	Ablehnungsgrund FolgeArt = "ablehnungsgrund" // may be a reason to refuse: a person decides
	AnPerson        FolgeArt = "person"          // a person has to look
)

// Regel is one rule: a CEL expression that is true or false, and what each means.
type Regel struct {
	ID       string `json:"id"`   // letters, digits, hyphens; unique within the Regelwerk
	Text     string `json:"text"` // what is checked, German
	Norm     string `json:"norm"`
	Ausdruck string `json:"ausdruck"`
	// Wahr and Falsch: what the outcome means; the zero Folge is Gut. One of them is not.
	Wahr   Folge `json:"wahr,omitzero"`
	Falsch Folge `json:"falsch,omitzero"`
}

// Nachschlagewerk declares a function outside the rules that they may ask.
type Nachschlagewerk struct {
	Name      string `json:"name"`      // as rules call it: lower-case letters, digits, underscores
	Parameter int    `json:"parameter"` // how many arguments, 0 to 8
	Text      string `json:"text"`      // what it tells, German
}

// Automatik is the finding that the law lets the case be decided without a person
// (§ 35a VwVfG; the Länder and § 31a SGB X, § 155 (4) AO have their own).
type Automatik struct {
	// Norm is the rule of law that allows it.
	Norm string `json:"norm"`
	// Both must be stated, or the Regelwerk is refused.
	KeinErmessen              bool `json:"keinErmessen"`
	KeinBeurteilungsspielraum bool `json:"keinBeurteilungsspielraum"`
	// Stichprobe is the share of cases, in thousandths, that go to a person nevertheless.
	Stichprobe int `json:"stichprobe"`
}

// Zeichnung is who did something and when. A name is not kept.
type Zeichnung struct {
	Akteur         string      `json:"akteur"`
	VertretungFuer string      `json:"vertretungFuer,omitempty"`
	Am             datum.Datum `json:"am"`
}

func (z Zeichnung) augen() []string {
	return tenant.Akteur{ID: z.Akteur, VertretungFuer: z.VertretungFuer}.Augen()
}

// gemeinsam tells whether one identity stands behind both.
func (z Zeichnung) gemeinsam(o Zeichnung) bool {
	return slices.ContainsFunc(z.augen(), func(a string) bool { return slices.Contains(o.augen(), a) })
}

// Freigabe is the release by a second person, of exactly one content.
type Freigabe struct {
	Zeichnung
	// Inhalt is [Regelwerk.Inhalt] of what was released: an edit undoes the release.
	// It is a seal against mistakes, not a signature.
	Inhalt string `json:"inhalt"`
}

// Abschaltung stops automatic decisions by these rules. One person is enough.
type Abschaltung struct {
	Zeichnung
	Grund string `json:"grund"`
}

// Angaben is what a Regelwerk consists of, in the form of its JSON.
type Angaben struct {
	ID              string                     `json:"id"`      // the same in all versions
	Fassung         int                        `json:"fassung"` // from 1
	Titel           string                     `json:"titel"`
	Leistung        tenant.Leistungsschluessel `json:"leistung"`
	Von             datum.Datum                `json:"von"`
	Bis             datum.Datum                `json:"bis,omitzero"` // last day; zero is open
	Rechtsgrundlage string                     `json:"rechtsgrundlage"`
	Autor           Zeichnung                  `json:"autor"`
	// KostenGrenze bounds each rule, see the table in docs/pruefung.md; 0 is [StandardKosten].
	KostenGrenze int `json:"kostenGrenze,omitempty"`
	// Automatik is nil where a person decides every case.
	Automatik    *Automatik        `json:"automatik,omitempty"`
	Nachschlagen []Nachschlagewerk `json:"nachschlagen,omitempty"`
	// Schema is a JSON Schema (draft 2020-12) of the data, without references to other documents.
	Schema      json.RawMessage `json:"schema"`
	Regeln      []Regel         `json:"regeln"`
	Freigabe    *Freigabe       `json:"freigabe,omitempty"`
	Abschaltung *Abschaltung    `json:"abschaltung,omitempty"`
}

// clone gives a copy that shares nothing.
func (a Angaben) clone() Angaben {
	a.Nachschlagen = slices.Clone(a.Nachschlagen)
	a.Schema = slices.Clone(a.Schema)
	a.Regeln = slices.Clone(a.Regeln)
	a.Automatik = zeigerKopie(a.Automatik)
	a.Freigabe = zeigerKopie(a.Freigabe)
	a.Abschaltung = zeigerKopie(a.Abschaltung)
	return a
}

func zeigerKopie[T any](p *T) *T {
	if p == nil {
		return nil
	}
	k := *p
	return &k
}

func (a *Angaben) kosten() uint64 {
	if a.KostenGrenze == 0 {
		return StandardKosten
	}
	return uint64(a.KostenGrenze)
}
