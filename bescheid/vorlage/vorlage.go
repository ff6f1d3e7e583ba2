package vorlage

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Art is what a template makes.
type Art string

// The kinds of template.
const (
	Bescheid  Art = "bescheid"  // an Inhalt with Tenor, reasons and remedy
	Schreiben Art = "schreiben" // a letter or message
)

// Blockart is the kind of a block.
type Blockart string

// The kinds of block. Tenor, Nebenbestimmung, Begruendung and Gebuehr belong to a
// Bescheid; Absatz, Ueberschrift, Aufzaehlung, Tabelle and Gruss to a Schreiben;
// Hinweis and Anrede to both.
const (
	Tenor           Blockart = "tenor"
	Nebenbestimmung Blockart = "nebenbestimmung"
	Begruendung     Blockart = "begruendung"
	Gebuehr         Blockart = "gebuehr"
	Hinweis         Blockart = "hinweis"
	Anrede          Blockart = "anrede"
	Absatz          Blockart = "absatz"
	Ueberschrift    Blockart = "ueberschrift"
	Aufzaehlung     Blockart = "aufzaehlung"
	Tabelle         Blockart = "tabelle"
	Gruss           Blockart = "gruss"
)

var blockarten = map[Art][]Blockart{
	Bescheid:  {Tenor, Nebenbestimmung, Begruendung, Gebuehr, Hinweis, Anrede},
	Schreiben: {Absatz, Ueberschrift, Aufzaehlung, Tabelle, Hinweis, Anrede, Gruss},
}

// Block is one part of a template as it is written.
type Block struct {
	ID  string   `json:"id" yaml:"id"` // unique within the template
	Art Blockart `json:"art,omitempty" yaml:"art"`
	// Baustein names a [Textbaustein] instead of Art and Text; ID may then be missing.
	Baustein string `json:"baustein,omitempty" yaml:"baustein"`
	Wenn     string `json:"wenn,omitempty" yaml:"wenn"` // condition; empty is always
	// Je repeats the block: "baum in baeume". An Aufzaehlung gets a point and a
	// Tabelle a row for each record, of the others there are as many as records.
	Je      string   `json:"je,omitempty" yaml:"je"`
	Text    string   `json:"text,omitempty" yaml:"text"`
	Punkte  []string `json:"punkte,omitempty" yaml:"punkte"`   // of an Aufzaehlung without Je
	Spalten []Spalte `json:"spalten,omitempty" yaml:"spalten"` // of a Tabelle
	// Nebenbestimmung is the kind of a block of that Art (§ 36 (2) VwVfG), also of one that
	// is a Baustein. In a template all of them have one, or none.
	Nebenbestimmung bescheid.Nebenbestimmungsart `json:"nebenbestimmung,omitempty" yaml:"nebenbestimmung"`
}

// Spalte is a column of a Tabelle: its heading, and the text of a cell.
type Spalte struct {
	Kopf   string `json:"kopf" yaml:"kopf"`
	Text   string `json:"text" yaml:"text"`
	Rechts bool   `json:"rechts,omitempty" yaml:"rechts"` // for numbers
}

// Norm is a rule of law a text rests on, with the source it was read in and how
// sure that is: A (wording of the norm), B (secondary source), U (unverified).
type Norm struct {
	Norm      string `json:"norm" yaml:"norm"`
	Quelle    string `json:"quelle" yaml:"quelle"`
	Konfidenz string `json:"konfidenz" yaml:"konfidenz"`
}

// Kennzeichen identifies a version of a template or text block and says where and
// when it is meant. Of several for one day, the Mandant's comes before the Land's,
// and that before the general one.
type Kennzeichen struct {
	ID      string      `json:"id" yaml:"id"`
	Fassung int         `json:"fassung" yaml:"fassung"` // from 1
	Mandant tenant.ID   `json:"mandant,omitempty" yaml:"mandant"`
	Land    tenant.Land `json:"land,omitempty" yaml:"land"`
	Von     datum.Datum `json:"von" yaml:"von"`
	Bis     datum.Datum `json:"bis,omitzero" yaml:"bis"` // last day; zero is open
	Quelle  string      `json:"quelle" yaml:"quelle"`    // where the text comes from
}

func (k *Kennzeichen) enthaelt(d datum.Datum) bool {
	return !d.Vor(k.Von) && (k.Bis.IsZero() || !d.Nach(k.Bis))
}

// rang of k for a Mandant in a Land; 0 means not meant for it.
func (k *Kennzeichen) rang(m tenant.ID, l tenant.Land) int {
	switch {
	case k.Mandant != "" && k.Mandant != m, k.Land != "" && k.Land != l:
		return 0
	case k.Mandant != "":
		return 3
	case k.Land != "":
		return 2
	}
	return 1
}

// Textbaustein is a block that several templates share. It names fields of the
// template it stands in; each pair is checked when it is loaded.
type Textbaustein struct {
	Kennzeichen `yaml:",inline"`
	Normen      []Norm   `json:"normen,omitempty" yaml:"normen"`
	Art         Blockart `json:"art" yaml:"art"`
	Text        string   `json:"text,omitempty" yaml:"text"`
	Punkte      []string `json:"punkte,omitempty" yaml:"punkte"`
}

// Angaben is a template as it is written.
type Angaben struct {
	Kennzeichen `yaml:",inline"`
	Titel       string                       `json:"titel" yaml:"titel"`
	Art         Art                          `json:"art" yaml:"art"`
	Leistungen  []tenant.Leistungsschluessel `json:"leistungen,omitempty" yaml:"leistungen"` // empty is all
	Normen      []Norm                       `json:"normen,omitempty" yaml:"normen"`

	// Of a Bescheid: its kind, the procedure law, and the remedy whose Belehrung
	// is to be put in ("widerspruch", "klage", "einspruch") or why there is none.
	BescheidArt   bescheid.Art `json:"bescheidArt,omitempty" yaml:"bescheidArt"`
	Verfahren     string       `json:"verfahren,omitempty" yaml:"verfahren"`
	Belehrung     string       `json:"belehrung,omitempty" yaml:"belehrung"`
	OhneBelehrung string       `json:"ohneBelehrung,omitempty" yaml:"ohneBelehrung"`
	// GueltigVon and GueltigBis name fields of type Datum.
	GueltigVon string `json:"gueltigVon,omitempty" yaml:"gueltigVon"`
	GueltigBis string `json:"gueltigBis,omitempty" yaml:"gueltigBis"`
	// FruehererBleibt: the earlier decision that this one is about stands beside it, see
	// bescheid.Inhalt. WirktAb names a field of type Datum: from when it no longer does.
	FruehererBleibt bool   `json:"fruehererBleibt,omitempty" yaml:"fruehererBleibt"`
	WirktAb         string `json:"wirktAb,omitempty" yaml:"wirktAb"`

	// Of a Schreiben, as a Nachricht.
	NachrichtArt messaging.Art          `json:"nachrichtArt,omitempty" yaml:"nachrichtArt"`
	Antwort      messaging.Antwortregel `json:"antwort,omitempty" yaml:"antwort"`
	AntwortBis   string                 `json:"antwortBis,omitempty" yaml:"antwortBis"` // names a field of type Datum

	Feldsaetze []string `json:"feldsaetze,omitempty" yaml:"feldsaetze"` // shared fields of the file
	Felder     []Feld   `json:"felder,omitempty" yaml:"felder"`
	Betreff    string   `json:"betreff" yaml:"betreff"`
	Bloecke    []Block  `json:"bloecke" yaml:"bloecke"`
	// Beispiel fills every field, the optional ones and lists with at least one record included.
	Beispiel Daten `json:"beispiel" yaml:"-"`
}

// block is a checked one.
type block struct {
	id       string
	art      Blockart
	baustein *Kennzeichen
	wenn     *knoten
	je       *bezug
	text     []teil
	punkte   [][]teil
	spalten  []spalte
	neben    bescheid.Nebenbestimmungsart
}

type spalte struct {
	kopf   string
	rechts bool
	text   []teil
}

// fassung is a template with its blocks checked; of a block that is a Baustein,
// all versions that can stand there.
type fassung struct {
	a       Angaben
	betreff []teil
	bloecke [][]block
	von     *bezug
	bis     *bezug
	wirkt   *bezug
	antwort *bezug
}

// Vorlage is a template for one Mandant, Land and day. Immutable.
type Vorlage struct {
	f       *fassung
	bloecke []*block
	gesetz  *Verfahrensgesetz // of the Land; nil is the VwVfG
}

// Angaben gives the template as written. Its slices must not be changed.
func (v *Vorlage) Angaben() Angaben { return v.f.a }

// Felder gives what the template asks for, shared fields included, for the form
// of the clerk. The slice must not be changed.
func (v *Vorlage) Felder() []Feld { return v.f.a.Felder }

// Beispiel renders the template with its sample data.
func (v *Vorlage) Beispiel() (*Ergebnis, error) { return v.Render(v.f.a.Beispiel) }

// Sammlung is a set of templates and text blocks. Immutable and safe for
// concurrent use.
type Sammlung struct {
	vorlagen   []*fassung
	bausteine  []Textbaustein
	feldsaetze map[string]Feldsatz
	recht      *Landesrecht
}

// Params select a template.
type Params struct {
	ID      string
	Mandant tenant.ID   // may be empty
	Land    tenant.Land // may be empty
	Tag     datum.Datum
	// Leistung, if given, leaves out templates meant for others.
	Leistung tenant.Leistungsschluessel
}

// Choose gives the version for Mandant, Land and day, with the text blocks that
// apply to them, and the law of procedure cited as in the Land. There is none: fehler.ErrNotFound.
func (s *Sammlung) Choose(p Params) (*Vorlage, error) {
	var best *fassung
	rang := 0
	for _, f := range s.vorlagen {
		a := &f.a
		if a.ID != p.ID || !a.enthaelt(p.Tag) ||
			(p.Leistung != "" && len(a.Leistungen) > 0 && !slices.Contains(a.Leistungen, p.Leistung)) {
			continue
		}
		if r := a.rang(p.Mandant, p.Land); r > rang {
			best, rang = f, r
		}
	}
	if best == nil {
		return nil, fehler.New("vorlage.Choose", p.ID, fehler.ErrNotFound, nil)
	}
	v := &Vorlage{f: best, bloecke: make([]*block, len(best.bloecke)), gesetz: s.recht.gesetz(p.Land, p.Tag)}
	for i, varianten := range best.bloecke {
		r := 0
		for j := range varianten {
			b := &varianten[j]
			if b.baustein == nil {
				v.bloecke[i] = b
				break
			}
			if n := b.baustein.rang(p.Mandant, p.Land); n > r && b.baustein.enthaelt(p.Tag) {
				v.bloecke[i], r = b, n
			}
		}
	}
	return v, nil
}

// Eintrag names a template of a set.
type Eintrag struct {
	Kennzeichen
	Titel      string
	Art        Art
	Leistungen []tenant.Leistungsschluessel
}

// List gives all versions of all templates in the order they were loaded.
func (s *Sammlung) List() []Eintrag {
	out := make([]Eintrag, len(s.vorlagen))
	for i, f := range s.vorlagen {
		out[i] = Eintrag{f.a.Kennzeichen, f.a.Titel, f.a.Art, slices.Clone(f.a.Leistungen)}
	}
	return out
}
