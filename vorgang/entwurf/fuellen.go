package entwurf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Herkunftsart is the kind of place a value came from.
type Herkunftsart string

// The kinds.
const (
	AusVorgang  Herkunftsart = "vorgang"  // a source of [Quellen]
	AusAntrag   Herkunftsart = "antrag"   // the data of the application
	Fest        Herkunftsart = "fest"     // fixed in the Zuordnung
	VonPerson   Herkunftsart = "person"   // given by the clerk
	AusBeispiel Herkunftsart = "beispiel" // sample of the template, in a preview
	Leer        Herkunftsart = "leer"     // nothing
)

// Herkunft says where the value of one field came from.
type Herkunft struct {
	Feld string       `json:"feld"` // "empfaenger.name"
	Text string       `json:"text"` // of the field, for people
	Art  Herkunftsart `json:"art"`
	// Quelle is the source or the JSON pointer into the data of the application.
	Quelle string `json:"quelle,omitempty"`
	// Woher is the same in German; Wert is the value in words.
	Woher string `json:"woher"`
	Wert  string `json:"wert,omitempty"`
}

// Satz is one German line: "Antrag vom: 02.11.2026 (Tag des Eingangs)".
func (h Herkunft) Satz() string {
	wert := h.Wert
	if wert == "" {
		wert = "–"
	}
	return h.Text + ": " + wert + " (" + h.Woher + ")"
}

type fueller struct {
	k        *kontext
	g        *geprueft
	quellen  map[string]quelle
	probe    bool
	herkunft []Herkunft
}

// felder gives the values of the fields; eigene are the clerk's, beispiel the samples.
func (f *fueller) felder(vor string, fs []vorlage.Feld, regeln map[string]Regel, eigene, beispiel vorlage.Daten) vorlage.Daten {
	out := vorlage.Daten{}
	for i := range fs {
		x := &fs[i]
		if x.Typ == vorlage.Gruppe {
			e, ok := satz(eigene[x.Name])
			if v := eigene[x.Name]; v != nil && !ok {
				out[x.Name] = v // Render says that it is no record
				continue
			}
			b, _ := satz(beispiel[x.Name])
			unter := f.felder(vor+x.Name+".", x.Felder, regeln, e, b)
			for n, w := range e {
				if _, da := unter[n]; !da {
					unter[n] = w
				}
			}
			out[x.Name] = unter
			continue
		}
		h := Herkunft{Feld: vor + x.Name, Text: x.Text}
		if h.Text == "" {
			h.Text = x.Name
		}
		v := f.feld(&h, x, regeln[vor+x.Name], eigene[x.Name], beispiel[x.Name])
		if v != nil {
			out[x.Name] = v
		}
		h.Wert = inWorten(x, v)
		f.herkunft = append(f.herkunft, h)
	}
	return out
}

func (f *fueller) feld(h *Herkunft, x *vorlage.Feld, r Regel, eigen, beispiel any) any {
	if s, ok := eigen.(string); eigen != nil && (!ok || strings.TrimSpace(s) != "") {
		h.Art, h.Woher = VonPerson, "Angabe der Sachbearbeitung"
		return eigen
	}
	for _, aus := range r.Aus {
		if v := f.wert(x, &r, aus, f.k.daten); v != nil {
			h.Art, h.Quelle = AusVorgang, aus
			if strings.HasPrefix(aus, "/") {
				h.Art = AusAntrag
				ziel, _ := f.g.schema.finde(aus)
				h.Woher = "aus dem Antrag, Angabe „" + ziel.titel(aus) + "“"
			} else {
				h.Woher = f.quellen[aus].text
			}
			return v
		}
	}
	switch {
	case r.Wert != nil:
		h.Art, h.Woher = Fest, "für diese Leistung festgelegt"
		return r.Wert.wert
	case f.probe && !x.Optional && beispiel != nil:
		h.Art, h.Woher = AusBeispiel, "Beispiel, noch anzugeben"
		return beispiel
	}
	h.Art, h.Woher = Leer, "keine Angabe"
	return nil
}

// wert reads one source; in is where its pointer begins.
func (f *fueller) wert(x *vorlage.Feld, r *Regel, aus string, in any) any {
	var v any
	if strings.HasPrefix(aus, "/") {
		v, _ = zeiger(in, aus)
	} else {
		v = f.quellen[aus].hole(f.k)
	}
	if s, ok := v.(string); v == nil || (ok && strings.TrimSpace(s) == "") {
		return nil
	}
	if x.Typ == vorlage.Liste {
		return f.liste(x, r, v)
	}
	if len(r.Werte) > 0 {
		w, da := r.Werte[schluessel(v)]
		switch {
		case !da:
			return nil
		case x.Typ == vorlage.Wahrheit:
			return w == "true"
		}
		return w
	}
	return v
}

// liste gives the records, nil for none. Something else than an array stays as it is, for
// Render to refuse.
func (f *fueller) liste(x *vorlage.Feld, r *Regel, v any) any {
	l, ok := v.([]any)
	if !ok {
		return v
	}
	if len(l) == 0 {
		return nil
	}
	if len(l) > vorlage.MaxListe {
		l = l[:vorlage.MaxListe+1] // too many stays too many, without the work
	}
	out := make([]vorlage.Daten, len(l))
	for i, element := range l {
		out[i] = vorlage.Daten{}
		for j := range x.Felder {
			k := &x.Felder[j]
			regel := r.Je[k.Name]
			for _, aus := range regel.Aus {
				if w := f.wert(k, &regel, aus, element); w != nil {
					out[i][k.Name] = w
					break
				}
			}
			if _, da := out[i][k.Name]; !da && regel.Wert != nil {
				out[i][k.Name] = regel.Wert.wert
			}
		}
	}
	return out
}

// inWorten is the value as the explanation has it.
func inWorten(x *vorlage.Feld, v any) string {
	n := -1
	switch l := v.(type) {
	case nil:
		return ""
	case []vorlage.Daten:
		n = len(l)
	case []any:
		n = len(l)
	case []map[string]any:
		n = len(l)
	case vorlage.Cent:
		return geld.Betrag(l).Deutsch()
	case int:
		return strconv.Itoa(l)
	case int64:
		return strconv.FormatInt(l, 10)
	}
	switch {
	case n == 1:
		return "1 Eintrag"
	case n >= 0:
		return fmt.Sprintf("%d Einträge", n)
	}
	s := alsText(v)
	switch x.Typ {
	case vorlage.Auswahl:
		if i := slices.IndexFunc(x.Werte, func(w vorlage.Auswahlwert) bool { return w.Wert == s }); i >= 0 {
			return x.Werte[i].Text
		}
	case vorlage.Datum:
		if d, err := datum.Parse(s); err == nil {
			return d.Deutsch()
		}
	}
	return s
}
