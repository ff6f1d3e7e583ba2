// Package ausfertigung sets a released decision as the letter the addressee gets:
// DIN 5008 form B, tagged PDF/A-2a. The same decision gives the same bytes.
package ausfertigung

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/code"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Kopf is what the letter needs beside the decision.
type Kopf struct {
	Mandant    *tenant.Mandant
	Einheit    tenant.Organisationseinheit
	Empfaenger messaging.Empfaenger
	// Adressat is the Empfaenger among bescheid.Inhalt.Adressaten; zero is the applicant of
	// a decision that names none. It is not printed.
	Adressat uuid.UUID
	// Nummer is the Vorgangsnummer, Aktenzeichen the file reference (optional).
	Nummer       string
	Aktenzeichen string
	// Bearbeiter is the contact printed in the reference block (optional).
	Bearbeiter string
	// Anrede replaces that of the text, or else "Guten Tag …," (optional).
	Anrede string
	// Gestaltung is the look of the authority; the zero value is plain.
	Gestaltung Gestaltung
	// Bezahlen tells how the fee is paid; nil if there is nothing to pay.
	Bezahlen *Bezahlen
	// Verweis leads to the page where the letter is verified or the case is followed. It is
	// printed as a link and as a QR code; empty prints none.
	Verweis string
	// Siegelfeld leaves room for an electronic seal (package bescheid/siegel).
	Siegelfeld *pdf.Siegelfeld
	// Daten are files inside the PDF, such as the application as data; they make it PDF/A-3a.
	Daten []pdf.Anlagedatei
}

// Gestaltung is how the letters of an authority look.
type Gestaltung struct {
	// Logo, and the colour "#rrggbb" of the letterhead, see [pdf.Brief].
	Logo  *pdf.Bild
	Farbe string
	// Blocksatz sets the text justified. A ragged edge is easier to read for many.
	Blocksatz bool
	// Geschaeftsangaben at the foot of the first page, see [pdf.Brief].
	Geschaeftsangaben [][]string
}

// Bezahlen is what a payer needs.
type Bezahlen struct {
	// Angaben in reading order, such as Betrag, Fällig am, IBAN, Kassenzeichen.
	Angaben []pdf.Angabe
	// GiroCode is the text of a QR code for a bank transfer (EPC069-12); empty prints none.
	GiroCode string
}

// Setzer writes letters. Safe for concurrent use.
type Setzer struct{ r *pdf.Renderer }

// New makes a Setzer; it parses the fonts once. nil options are the defaults of
// package pdf.
func New(o *pdf.Options) (*Setzer, error) {
	r, err := pdf.New(o)
	if err != nil {
		return nil, err
	}
	return &Setzer{r: r}, nil
}

// Write sets the decision and writes the PDF. Only a released text is set
// (fehler.ErrConflict otherwise): its Pruefsumme must be the released one. Text
// that cannot be set is fehler.ErrInvalid with the place. On an error the bytes
// written so far are worthless.
func (s *Setzer) Write(w io.Writer, k Kopf, b bescheid.Bescheid) (pdf.Bericht, error) {
	if b.FreigegebenAm.IsZero() || b.Inhalt.Pruefsumme() != b.Pruefsumme {
		return pdf.Bericht{}, fehler.New("ausfertigung.Write", b.ID.String(), fehler.ErrConflict, fehler.Probleme{{
			Code: "bescheid.pruefsumme", Meldung: "the text is not the released one",
			Hinweis: "Der Text stimmt nicht mit der freigegebenen Fassung überein.",
		}})
	}
	d, err := Dokument(k, b)
	if err != nil {
		return pdf.Bericht{}, err
	}
	return s.r.Write(w, d)
}

// Dokument gives the letter as a document, for a preview of a draft as well: an
// unreleased text carries no date and no signature, and says "Entwurf" on every
// page. A Verweis or GiroCode that is too long for a code is fehler.ErrInvalid.
func Dokument(k Kopf, b bescheid.Bescheid) (pdf.Dokument, error) {
	m, i := k.Mandant, b.Inhalt
	if k.Anrede == "" && len(i.Adressaten) == 0 {
		k.Anrede = i.Anrede
	}
	vorgang := "Vorgang " + k.Nummer
	if b.FreigegebenAm.IsZero() {
		vorgang = "Entwurf · " + vorgang
	}
	d := rahmen(k, i.Betreff, "Bescheid "+k.Nummer, vorgang)
	d.Erstellt = b.FreigegebenAm
	if !b.FreigegebenAm.IsZero() {
		d.Brief.Ort, d.Brief.Datum = m.Anschrift.Ort, datum.Von(b.FreigegebenAm).Deutsch()
		d.Brief.Unterzeichner = zeilen([]string{b.Zeichner})
		if b.Automatisch {
			// § 37 (5) VwVfG, § 33 (5) SGB X, § 119 (3) AO and the law of the Länder: signature
			// and name may be missing. Which one applies does not matter to the reader.
			d.Brief.Unterzeichner = []string{m.Name, "Dieser Bescheid wurde automatisch erlassen und ist ohne Unterschrift und Namen gültig."}
		}
	}
	d.Siegelfeld, d.Anlagen = k.Siegelfeld, k.Daten
	d.Inhalt = inhalt(i)
	if err := bezahlen(&d, k.Bezahlen); err != nil {
		return d, err
	}
	return d, verweis(&d, k.Verweis)
}

// bezahlen adds how to pay behind the fee: every value as text, since a code helps only
// who can scan it.
func bezahlen(d *pdf.Dokument, b *Bezahlen) error {
	if b == nil {
		return nil
	}
	t := pdf.Tabelle{Titel: "Angaben für die Überweisung", Spalten: []pdf.Spalte{{Kopf: "Angabe", Zeilenkopf: true}, {Kopf: "Wert", Anteil: 3}}}
	for _, a := range b.Angaben {
		t.Zeilen = append(t.Zeilen, []string{a.Name, a.Wert})
	}
	block := []pdf.Block{pdf.Ueberschrift{Ebene: 2, Text: "So zahlen Sie"}}
	if len(t.Zeilen) > 0 {
		block = append(block, t)
	}
	if b.GiroCode != "" {
		felder, err := code.QR(b.GiroCode)
		if err != nil {
			return err
		}
		block = append(block, pdf.Absatz{Text: "Oder Sie lesen diesen Code mit der App Ihrer Bank ein:"},
			pdf.Matrixcode{Felder: felder, Alternativtext: "QR-Code für die Überweisung mit den Angaben der Tabelle"})
	}
	// Before the Belehrung, which stands last.
	at := len(d.Inhalt)
	for i, x := range d.Inhalt {
		if u, ok := x.(pdf.Ueberschrift); ok && u.Text == belehrung {
			at = i
		}
	}
	d.Inhalt = slices.Insert(d.Inhalt, at, block...)
	return nil
}

func verweis(d *pdf.Dokument, ziel string) error {
	if ziel == "" {
		return nil
	}
	felder, err := code.QR(ziel)
	if err != nil {
		return err
	}
	d.Inhalt = append(d.Inhalt, pdf.Ueberschrift{Ebene: 2, Text: "Im Internet"},
		pdf.Absatz{Laeufe: []pdf.Lauf{{Text: "Den Stand Ihres Vorgangs und diesen Bescheid finden Sie unter "}, {Text: ziel, Ziel: ziel}, {Text: "."}}},
		pdf.Matrixcode{Felder: felder, Millimeter: 25, Alternativtext: "QR-Code mit dem Verweis auf diese Seite"})
	return nil
}

const belehrung = "Rechtsbehelfsbelehrung"

// Schreiben is a letter that decides nothing.
type Schreiben struct {
	Betreff string
	// Am is when it is signed; it dates the letter and the file. The zero time makes a draft.
	Am time.Time
	// Inhalt is the text between salutation and closing.
	Inhalt []pdf.Block
	// Gruss replaces "Mit freundlichen Grüßen" (optional).
	Gruss string
	// Zeichner is the name printed under the letter (optional).
	Zeichner string
	Anlagen  []string
}

// Brief gives a letter as a document. A draft carries no date and no name and says
// "Entwurf" on every page.
func Brief(k Kopf, s Schreiben) pdf.Dokument {
	vorgang := "Vorgang " + k.Nummer
	if s.Am.IsZero() {
		vorgang = "Entwurf · " + vorgang
	}
	d := rahmen(k, s.Betreff, "Schreiben "+k.Nummer, vorgang)
	d.Erstellt, d.Inhalt, d.Brief.Anlagen = s.Am, s.Inhalt, s.Anlagen
	d.Siegelfeld, d.Anlagen = k.Siegelfeld, k.Daten
	if s.Gruss != "" {
		d.Brief.Grussformel = s.Gruss
	}
	if !s.Am.IsZero() {
		d.Brief.Ort, d.Brief.Datum = k.Mandant.Anschrift.Ort, datum.Von(s.Am).Deutsch()
		d.Brief.Unterzeichner = zeilen([]string{s.Zeichner})
	}
	return d
}

// WriteBrief sets a letter and writes the PDF. Text that cannot be set is
// fehler.ErrInvalid with the place.
func (s *Setzer) WriteBrief(w io.Writer, k Kopf, b Schreiben) (pdf.Bericht, error) {
	return s.r.Write(w, Brief(k, b))
}

// rahmen is the frame that decisions and letters share.
func rahmen(k Kopf, betreff, art, vorgang string) pdf.Dokument {
	m, g := k.Mandant, k.Gestaltung
	return pdf.Dokument{
		Titel: betreff, Blocksatz: g.Blocksatz, Autor: m.Name, Betreff: art, Kopfzeile: m.Name + " · " + vorgang, Fusszeile: vorgang,
		Brief: &pdf.Brief{
			Logo: g.Logo, Farbe: g.Farbe, Geschaeftsangaben: g.Geschaeftsangaben,
			Absender:              zeilen(append([]string{m.Name, k.Einheit.Name}, m.Anschrift.Zeilen()...)),
			Ruecksendezeile:       strings.Join(zeilen(append([]string{m.Name}, m.Anschrift.Zeilen()...)), " · "),
			Anschrift:             zeilen(append([]string{k.Empfaenger.Name}, k.Empfaenger.Anschrift.Zeilen()...)),
			Informationsblock:     informationsblock(k),
			Betreff:               betreff,
			Anrede:                anrede(k),
			Grussformel:           "Mit freundlichen Grüßen",
			OhneUnterschriftsraum: true,
		},
	}
}

// zeilen leaves out what is empty.
func zeilen(in []string) []string {
	return slices.DeleteFunc(in, func(s string) bool { return strings.TrimSpace(s) == "" })
}

func anrede(k Kopf) string {
	switch {
	case k.Anrede != "":
		return k.Anrede
	case k.Empfaenger.Name == "":
		return "Guten Tag,"
	}
	return "Guten Tag " + k.Empfaenger.Name + ","
}

func informationsblock(k Kopf) []pdf.Angabe {
	var a []pdf.Angabe
	add := func(name, wert string) {
		if wert != "" {
			a = append(a, pdf.Angabe{Name: name, Wert: wert})
		}
	}
	add("Vorgang", k.Nummer)
	add("Aktenzeichen", k.Aktenzeichen)
	add("Auskunft", k.Bearbeiter)
	add("Telefon", k.Mandant.Telefon)
	add("E-Mail", k.Mandant.EMail)
	return a
}

func inhalt(i bescheid.Inhalt) []pdf.Block {
	var b []pdf.Block
	section := func(titel string, zeilen []string, liste bool) {
		if len(zeilen) == 0 {
			return
		}
		b = append(b, pdf.Ueberschrift{Ebene: 2, Text: titel})
		if liste && len(zeilen) > 1 {
			l := pdf.Liste{Nummeriert: true}
			for _, z := range zeilen {
				l.Punkte = append(l.Punkte, pdf.Punkt{Text: z})
			}
			b = append(b, l)
			return
		}
		for _, z := range zeilen {
			b = append(b, pdf.Absatz{Text: z})
		}
	}
	section("Entscheidung", i.Tenor, true)
	section("Früherer Bescheid", i.BezugText(), false)
	if len(i.Nebenbestimmungen) > 0 {
		b = append(b, pdf.Ueberschrift{Ebene: 2, Text: "Nebenbestimmungen"}, nebenbestimmungen(i))
	}
	if !i.Gueltig.Von.IsZero() || !i.Gueltig.Bis.IsZero() {
		section("Geltungsdauer", []string{geltung(i.Gueltig)}, false)
	}
	section("Begründung", i.Begruendung, false)
	if i.Gebuehr != "" {
		section("Gebühr", []string{i.Gebuehr}, false)
		if t := i.Gebuehrentafel; t != nil {
			b = append(b, tabelle(t))
		}
	}
	if i.Rechtsbehelfsbelehrung != "" {
		section(belehrung, []string{i.Rechtsbehelfsbelehrung}, false)
	}
	section("Hinweise", i.Hinweise, false)
	return b
}

// nebenbestimmungen are always numbered, so that each can be named, and say their kind:
// what follows from a breach, and whether one can be challenged alone, depends on it.
func nebenbestimmungen(i bescheid.Inhalt) pdf.Liste {
	l := pdf.Liste{Nummeriert: true}
	for j, text := range i.Nebenbestimmungen {
		p := pdf.Punkt{Text: text}
		if len(i.NebenbestimmungArten) == len(i.Nebenbestimmungen) {
			if name := i.NebenbestimmungArten[j].Name(); name != "" {
				p = pdf.Punkt{Laeufe: []pdf.Lauf{{Text: name + ": ", Fett: true}, {Text: text}}}
			}
		}
		l.Punkte = append(l.Punkte, p)
	}
	return l
}

func tabelle(t *bescheid.Tafel) pdf.Tabelle {
	x := pdf.Tabelle{Titel: t.Titel, Zeilen: t.Zeilen, Summe: t.Summe}
	for _, s := range t.Spalten {
		x.Spalten = append(x.Spalten, pdf.Spalte{Kopf: s.Kopf, Anteil: float64(s.Breite) / 100, Rechts: s.Rechts, Zeilenkopf: s.Zeilenkopf})
	}
	return x
}

func geltung(z datum.Zeitraum) string {
	switch {
	case z.Bis.IsZero():
		return "Die Entscheidung gilt ab dem " + z.Von.Deutsch() + "."
	case z.Von.IsZero():
		return "Die Entscheidung gilt bis zum " + z.Bis.Deutsch() + "."
	}
	return "Die Entscheidung gilt vom " + z.Von.Deutsch() + " bis zum " + z.Bis.Deutsch() + "."
}
