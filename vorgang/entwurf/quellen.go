package entwurf

import (
	"maps"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// kontext is what the sources read.
type kontext struct {
	p     *Params
	daten any // of the application
	bezug *bescheid.Bescheid
	rb    *vorgang.Rechtsbehelf
}

// quelle is one place of the Vorgang. hole gives nil for what is not there.
type quelle struct {
	typ  vorlage.Typ
	text string // German, as it stands after "aus: "
	// immer: for a template of this kind there is always a value.
	immer func(a *vorlage.Angaben) bool
	hole  func(k *kontext) any
}

// Quellenangabe describes a source for those who write a [Zuordnung].
type Quellenangabe struct {
	Name string
	Typ  vorlage.Typ
	Text string
}

// Quellen lists the sources beside the data of the application, by name.
func Quellen() []Quellenangabe {
	var out []Quellenangabe
	for _, n := range slices.Sorted(maps.Keys(quellen())) {
		q := quellen()[n]
		out = append(out, Quellenangabe{n, q.typ, q.text})
	}
	return out
}

func stets(*vorlage.Angaben) bool { return true }
func nie(*vorlage.Angaben) bool   { return false }

// mitBezug and mitRechtsbehelf: [Entwerfer.Draft] refuses to go without.
func mitBezug(a *vorlage.Angaben) bool { return a.BescheidArt.BrauchtBezug() }
func mitRechtsbehelf(a *vorlage.Angaben) bool {
	return a.BescheidArt == bescheid.Abhilfe || a.BescheidArt == bescheid.Widerspruchsbescheid
}

// text and tag give nil for what is empty.
func text(s string) any {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	return s
}

func tag(d datum.Datum) any {
	if d.IsZero() {
		return nil
	}
	return d
}

func quellen() map[string]quelle {
	return map[string]quelle{
		"antragsteller.name": {vorlage.Text, "Name der antragstellenden Person", stets,
			func(k *kontext) any { return text(k.p.Stand.Antrag.Antragsteller.Name) }},
		"antragsteller.anschrift": {vorlage.Text, "Anschrift der antragstellenden Person", nie,
			func(k *kontext) any {
				return text(strings.Join(k.p.Stand.Antrag.Antragsteller.Anschrift.Zeilen(), ", "))
			}},
		"antrag.gestellt_am": {vorlage.Datum, "Tag, den der Antrag nennt", nie, func(k *kontext) any { return tag(k.p.Stand.Antrag.GestelltAm) }},
		"antrag.referenz":    {vorlage.Text, "Nummer des Onlinedienstes", nie, func(k *kontext) any { return text(k.p.Stand.Antrag.Referenz) }},
		"vorgang.eingang":    {vorlage.Datum, "Tag des Eingangs", stets, func(k *kontext) any { return tag(datum.Von(k.p.Stand.Eingang)) }},
		"vorgang.nummer":     {vorlage.Text, "Vorgangsnummer", stets, func(k *kontext) any { return text(k.p.Stand.Nummer) }},
		"vorgang.aktenzeichen": {vorlage.Text, "Aktenzeichen, sonst Vorgangsnummer", stets,
			func(k *kontext) any { return text(aktenzeichen(&k.p.Stand)) }},
		"leistung.name": {vorlage.Text, "Name der Leistung", nie, func(k *kontext) any { return text(k.p.Stand.LeistungName) }},
		"mandant.name":  {vorlage.Text, "Name der Behörde", stets, func(k *kontext) any { return text(k.p.Mandant.Name) }},
		"mandant.ort":   {vorlage.Text, "Sitz der Behörde", nie, func(k *kontext) any { return text(k.p.Mandant.Anschrift.Ort) }},
		"mandant.anschrift": {vorlage.Text, "Anschrift der Behörde", nie,
			func(k *kontext) any { return text(strings.Join(k.p.Mandant.Anschrift.Zeilen(), ", ")) }},
		"mandant.telefon": {vorlage.Text, "Telefon der Behörde", nie, func(k *kontext) any { return text(k.p.Mandant.Telefon) }},
		"mandant.email":   {vorlage.Text, "E-Mail der Behörde", nie, func(k *kontext) any { return text(k.p.Mandant.EMail) }},
		"einheit.name": {vorlage.Text, "Name der Organisationseinheit", nie, func(k *kontext) any {
			e, _ := k.p.Mandant.Einheit(k.p.Stand.Einheit)
			return text(e.Name)
		}},
		"datum.heute": {vorlage.Datum, "Tag des Entwurfs", stets, func(k *kontext) any { return tag(k.p.Tag) }},
		"gebuehr.summe": {vorlage.Geld, "Gebührenberechnung", nie, func(k *kontext) any {
			if k.p.Gebuehr == nil || k.p.Gebuehr.Ergebnis.Summe == 0 {
				return nil
			}
			return vorlage.Cent(k.p.Gebuehr.Ergebnis.Summe.Cent())
		}},
		"gebuehr.norm": {vorlage.Text, "Rechtsgrundlagen der Gebührenberechnung", nie, func(k *kontext) any { return text(gebuehrennormen(k.p.Gebuehr)) }},
		"bescheid.vom": {vorlage.Datum, "Datum des früheren Bescheids", mitBezug, func(k *kontext) any {
			if k.bezug == nil || k.bezug.FreigegebenAm.IsZero() {
				return nil
			}
			return datum.Von(k.bezug.FreigegebenAm)
		}},
		"bescheid.aktenzeichen": {vorlage.Text, "Aktenzeichen des früheren Bescheids", mitBezug, func(k *kontext) any {
			if k.bezug == nil {
				return nil
			}
			return text(aktenzeichen(&k.p.Stand))
		}},
		"bescheid.betreff": {vorlage.Text, "Betreff des früheren Bescheids", mitBezug, func(k *kontext) any {
			if k.bezug == nil {
				return nil
			}
			return text(k.bezug.Inhalt.Betreff)
		}},
		"bescheid.bekanntgabe": {vorlage.Datum, "Bekanntgabe des früheren Bescheids", nie, func(k *kontext) any {
			if k.bezug == nil || k.bezug.Bekanntgabe == nil {
				return nil
			}
			return tag(k.bezug.Bekanntgabe.Tag)
		}},
		"rechtsbehelf.eingang": {vorlage.Datum, "Eingang des Rechtsbehelfs", mitRechtsbehelf, func(k *kontext) any {
			if k.rb == nil {
				return nil
			}
			return tag(k.rb.Eingang)
		}},
		"rechtsbehelf.rechtzeitig": {vorlage.Wahrheit, "Prüfung der Frist des Rechtsbehelfs", mitRechtsbehelf, func(k *kontext) any {
			if k.rb == nil {
				return nil
			}
			w := k.rb.Wiedereinsetzung
			return k.rb.Rechtzeitig || (w != nil && w.Zustand == vorgang.WiedereinsetzungGewaehrt)
		}},
		"rechtsbehelf.frist_ende": {vorlage.Datum, "Ende der Frist des Rechtsbehelfs", nie, func(k *kontext) any {
			if k.rb == nil {
				return nil
			}
			return tag(k.rb.FristEnde)
		}},
	}
}

func aktenzeichen(s *vorgang.Stand) string {
	if len(s.Aktenzeichen) > 0 {
		return s.Aktenzeichen[0]
	}
	return s.Nummer
}

func gebuehrennormen(g *Gebuehr) string {
	if g == nil || g.Ergebnis.Summe == 0 {
		return ""
	}
	var normen []string
	for _, p := range g.Ergebnis.Positionen {
		if p.Betrag > 0 && !slices.Contains(normen, p.Norm) {
			normen = append(normen, p.Norm)
		}
	}
	return strings.Join(normen, "; ")
}
