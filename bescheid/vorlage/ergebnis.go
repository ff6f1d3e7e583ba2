package vorlage

import (
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Ergebnis is a filled template: blocks, not a string. The version of the template
// and of the text blocks it was made of are in it, for the file.
type Ergebnis struct {
	Vorlage   string    `json:"vorlage"`
	Fassung   int       `json:"fassung"`
	Bausteine []Verweis `json:"bausteine,omitempty"`
	Art       Art       `json:"art"`
	// Belehrung is the remedy a Bescheid needs a Rechtsbehelfsbelehrung for, see
	// bescheid.Belehrungen; "" for letters and where there is a reason for none.
	Belehrung string `json:"belehrung,omitempty"`
	Betreff   string `json:"betreff"`
	Teile     []Teil `json:"teile"`

	angaben    *Angaben
	gueltig    datum.Zeitraum
	wirktAb    datum.Datum
	antwortBis datum.Datum
}

// Verweis names the version of a text block that was used.
type Verweis struct {
	ID      string      `json:"id"`
	Fassung int         `json:"fassung"`
	Mandant tenant.ID   `json:"mandant,omitempty"`
	Land    tenant.Land `json:"land,omitempty"`
}

// Teil is one block of the result. Its texts are plain and of one line.
type Teil struct {
	Art   Blockart `json:"art"`
	Block string   `json:"block"` // id in the template
	Text  string   `json:"text,omitempty"`
	// Nebenbestimmung is the kind of one.
	Nebenbestimmung bescheid.Nebenbestimmungsart `json:"nebenbestimmung,omitempty"`
	// Punkte of an Aufzaehlung.
	Punkte []string `json:"punkte,omitempty"`
	// Spalten and Zeilen of a Tabelle.
	Spalten []Kopfzelle `json:"spalten,omitempty"`
	Zeilen  [][]string  `json:"zeilen,omitempty"`
}

// Kopfzelle is the heading of a column.
type Kopfzelle struct {
	Text   string `json:"text"`
	Rechts bool   `json:"rechts,omitempty"`
}

func (e *Ergebnis) texte(art Blockart) (out []string) {
	for _, t := range e.Teile {
		if t.Art == art {
			out = append(out, t.Text)
		}
	}
	return out
}

// Anrede is the salutation; "" if the template has none.
func (e *Ergebnis) Anrede() string { return strings.Join(e.texte(Anrede), " ") }

// Gruss is the closing of a letter; "" if the template has none.
func (e *Ergebnis) Gruss() string { return strings.Join(e.texte(Gruss), " ") }

// Inhalt gives a Bescheid as its text. The Rechtsbehelfsbelehrung named by
// Belehrung is still to be put in, with bescheid.Belehrungen; then it passes
// bescheid.Inhalt.Pruefe, except for a validity that ends before it begins and for the
// Bezug of a decision about an earlier one, which no template knows. A
// Schreiben is no decision: fehler.ErrInvalid.
func (e *Ergebnis) Inhalt() (bescheid.Inhalt, error) {
	if e.Art != Bescheid {
		return bescheid.Inhalt{}, fehler.New("vorlage.Inhalt", e.Vorlage, fehler.ErrInvalid, fehler.Probleme{problem("kein-bescheid", "",
			"the template makes a letter", "Diese Vorlage ergibt ein Schreiben und keinen Bescheid.")})
	}
	a := e.angaben
	var arten []bescheid.Nebenbestimmungsart
	for _, t := range e.Teile {
		if t.Nebenbestimmung != "" { // all have one, or none
			arten = append(arten, t.Nebenbestimmung)
		}
	}
	i := bescheid.Inhalt{
		NebenbestimmungArten: arten,
		Art:                  a.BescheidArt, Betreff: e.Betreff, Anrede: e.Anrede(), Verfahren: a.Verfahren, OhneBelehrung: a.OhneBelehrung,
		Tenor: e.texte(Tenor), Nebenbestimmungen: e.texte(Nebenbestimmung), Begruendung: e.texte(Begruendung),
		Gebuehr: strings.Join(e.texte(Gebuehr), " "), Hinweise: e.texte(Hinweis), Gueltig: e.gueltig,
		BleibtBestehen: a.FruehererBleibt, WirktAb: e.wirktAb,
		Vorlage: &bescheid.Vorlagenangabe{Textfassung: bescheid.Textfassung{ID: e.Vorlage, Fassung: e.Fassung, Mandant: a.Mandant, Land: a.Land}},
	}
	for _, b := range e.Bausteine {
		i.Vorlage.Bausteine = append(i.Vorlage.Bausteine, bescheid.Textfassung{ID: b.ID, Fassung: b.Fassung, Mandant: b.Mandant, Land: b.Land})
	}
	return i, nil
}

// Nachricht gives a Schreiben as a letter for the mailbox. A Bescheid travels as a
// document with a letter of its own: fehler.ErrInvalid.
func (e *Ergebnis) Nachricht(id uuid.UUID) (messaging.Nachricht, error) {
	if e.Art != Schreiben {
		return messaging.Nachricht{}, fehler.New("vorlage.Nachricht", e.Vorlage, fehler.ErrInvalid, fehler.Probleme{problem("kein-schreiben", "",
			"the template makes a Bescheid", "Diese Vorlage ergibt einen Bescheid und keine Nachricht.")})
	}
	n := messaging.Nachricht{ID: id, Art: e.angaben.NachrichtArt, Betreff: e.Betreff, Text: e.Klartext(), Antwort: e.angaben.Antwort, AntwortBis: e.antwortBis}
	if n.Art == "" {
		n.Art = messaging.Mitteilung
	}
	return n, nil
}

// Klartext gives all blocks as plain text, paragraphs separated by an empty line.
func (e *Ergebnis) Klartext() string {
	var b strings.Builder
	for i, t := range e.Teile {
		if i > 0 {
			b.WriteString("\n\n")
		}
		switch t.Art {
		case Aufzaehlung:
			for j, p := range t.Punkte {
				if j > 0 {
					b.WriteByte('\n')
				}
				b.WriteString("– " + p)
			}
		case Tabelle:
			for j, z := range t.Zeilen {
				if j > 0 {
					b.WriteByte('\n')
				}
				b.WriteString("– ")
				n := 0
				for k, zelle := range z {
					if zelle == "" {
						continue
					}
					if n++; n > 1 {
						b.WriteString("; ")
					}
					b.WriteString(t.Spalten[k].Text + ": " + zelle)
				}
			}
		default:
			b.WriteString(t.Text)
		}
	}
	return b.String()
}

// Bloecke gives the body of a Schreiben for a document; Anrede and Gruss are left
// to the frame of the letter. Of a Bescheid it gives the parts in the order of the
// template; package ausfertigung sets the decision as such.
func (e *Ergebnis) Bloecke() []pdf.Block {
	var out []pdf.Block
	for _, t := range e.Teile {
		switch t.Art {
		case Anrede, Gruss:
		case Ueberschrift:
			out = append(out, pdf.Ueberschrift{Ebene: 2, Text: t.Text})
		case Hinweis:
			out = append(out, pdf.Absatz{Text: t.Text, Eingerueckt: true})
		case Aufzaehlung:
			l := pdf.Liste{}
			for _, p := range t.Punkte {
				l.Punkte = append(l.Punkte, pdf.Punkt{Text: p})
			}
			out = append(out, l)
		case Tabelle:
			p := pdf.Tabelle{Zeilen: t.Zeilen}
			for i, s := range t.Spalten {
				p.Spalten = append(p.Spalten, pdf.Spalte{Kopf: s.Text, Rechts: s.Rechts, Zeilenkopf: i == 0})
			}
			out = append(out, p)
		default:
			out = append(out, pdf.Absatz{Text: t.Text})
		}
	}
	return out
}
