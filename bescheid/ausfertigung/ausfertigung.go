// Package ausfertigung sets a released decision as the letter the addressee gets:
// DIN 5008 form B, tagged PDF/A-2a. The same decision gives the same bytes.
package ausfertigung

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
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
	// Nummer is the Vorgangsnummer, Aktenzeichen the file reference (optional).
	Nummer       string
	Aktenzeichen string
	// Bearbeiter is the contact printed in the reference block (optional).
	Bearbeiter string
	// Anrede replaces "Guten Tag …," (optional).
	Anrede string
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
	return s.r.Write(w, Dokument(k, b))
}

// Dokument gives the letter as a document, for a preview of a draft as well: an
// unreleased text carries no date and no signature, and says "Entwurf" on every
// page.
func Dokument(k Kopf, b bescheid.Bescheid) pdf.Dokument {
	m, i := k.Mandant, b.Inhalt
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
	d.Inhalt = inhalt(i)
	return d
}

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
	m := k.Mandant
	return pdf.Dokument{
		Titel: betreff, Autor: m.Name, Betreff: art, Kopfzeile: m.Name + " · " + vorgang, Fusszeile: vorgang,
		Brief: &pdf.Brief{
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
	section("Nebenbestimmungen", i.Nebenbestimmungen, true)
	if !i.Gueltig.Von.IsZero() || !i.Gueltig.Bis.IsZero() {
		section("Geltungsdauer", []string{geltung(i.Gueltig)}, false)
	}
	section("Begründung", i.Begruendung, false)
	if i.Gebuehr != "" {
		section("Gebühr", []string{i.Gebuehr}, false)
	}
	if i.Rechtsbehelfsbelehrung != "" {
		section("Rechtsbehelfsbelehrung", []string{i.Rechtsbehelfsbelehrung}, false)
	}
	section("Hinweise", i.Hinweise, false)
	return b
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
