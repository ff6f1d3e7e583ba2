package vorlage_test

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"text/template"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// wertVon draws a value of the declared type.
func wertVon(t *rapid.T, f vorlage.Feld) any {
	switch f.Typ {
	case vorlage.Text:
		return rapid.StringMatching(`[\p{L}{}"§. ]{0,20}\p{L}`).Draw(t, f.Name)
	case vorlage.Datum:
		return datum.MustParse("1000-01-01").AddTage(rapid.IntRange(0, 3_000_000).Draw(t, f.Name))
	case vorlage.Nummer:
		return rapid.StringMatching(`-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?`).Draw(t, f.Name)
	case vorlage.Geld:
		return vorlage.Cent(rapid.Int64Range(-1e13, 1e13).Draw(t, f.Name))
	case vorlage.Wahrheit:
		return rapid.Bool().Draw(t, f.Name)
	case vorlage.Auswahl:
		return rapid.SampledFrom(f.Werte).Draw(t, f.Name).Wert
	case vorlage.Gruppe:
		return datenVon(t, f.Felder)
	}
	l := make([]vorlage.Daten, rapid.IntRange(f.Mindestens, max(f.Mindestens, 4)).Draw(t, f.Name))
	for i := range l {
		l[i] = datenVon(t, f.Felder)
	}
	return l
}

func datenVon(t *rapid.T, fs []vorlage.Feld) vorlage.Daten {
	d := vorlage.Daten{}
	for _, f := range fs {
		if !f.Optional || rapid.Bool().Draw(t, "da") {
			d[f.Name] = wertVon(t, f)
		}
	}
	return d
}

// Whatever the data: a shipped template renders, no tag is left over, and a
// Bescheid is complete once the Belehrung is in.
func TestAnyDataRender(t *testing.T) {
	s := vorlage.Standard()
	rapid.Check(t, func(t *rapid.T) {
		e := rapid.SampledFrom(s.List()).Draw(t, "vorlage")
		v, err := s.Choose(vorlage.Params{ID: e.ID, Tag: tag})
		require.NoError(t, err)
		r, err := v.Render(datenVon(t, v.Felder()))
		require.NoError(t, err)
		if e.Art == vorlage.Bescheid {
			i, err := r.Inhalt()
			require.NoError(t, err)
			i.Rechtsbehelfsbelehrung = "Belehrung"
			if i.Art.BrauchtBezug() {
				i.Bezug = uuid.UUID{1} // which one no template knows
			}
			if !i.Gueltig.Von.IsZero() && i.Gueltig.Bis.Vor(i.Gueltig.Von) {
				i.Gueltig.Von = i.Gueltig.Bis // a contradiction of the data, told by Pruefe
			}
			require.NoError(t, i.Pruefe())
		} else {
			require.NotEmpty(t, r.Klartext())
		}
	})
}

// Every value is found in the text, and each is written as the type asks.
func TestEveryValueIsThere(t *testing.T) {
	s, err := lade(t, probe)
	require.NoError(t, err)
	v := waehle(t, s, "probe")
	rapid.Check(t, func(t *rapid.T) {
		d := datenVon(t, v.Felder())
		e, err := v.Render(d)
		require.NoError(t, err)
		text := e.Betreff + "\n" + e.Klartext()
		eine := func(s any) string { return strings.Join(strings.Fields(s.(string)), " ") }
		require.Contains(t, text, eine(d["name"]))
		require.Contains(t, text, vorlage.DatumLang(d["tag"].(datum.Datum)))
		require.Contains(t, text, vorlage.EuroText(d["betrag"].(vorlage.Cent)))
		if m := d["mass"].(string); strings.Trim(m, "-0.") == "" {
			d["mass"] = strings.TrimPrefix(m, "-") // zero has no sign
		}
		require.Contains(t, strings.ReplaceAll(text, ".", ""), strings.NewReplacer("-", "−", ".", ",").Replace(d["mass"].(string)))
		if z, ok := d["zusatz"]; ok {
			require.Contains(t, text, eine(z))
		}
		posten := d["posten"].([]vorlage.Daten)
		for _, p := range posten {
			require.Contains(t, text, eine(p["text"]))
			if r, ok := p["rest"]; ok && len(posten) > 1 {
				require.Contains(t, text, "("+eine(r)+")")
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(probe))
	f.Add([]byte(`{"vorlagen":[{"id":"x","felder":[{"name":"a","typ":"text"}],"bloecke":[{"id":"b","art":"absatz","text":"{{a}}"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := vorlage.Load(bytes.NewReader(b), nil)
		if err != nil {
			return
		}
		for _, e := range s.List() { // what loads, renders
			v, err := s.Choose(vorlage.Params{ID: e.ID, Mandant: e.Mandant, Land: e.Land, Tag: e.Von})
			require.NoError(t, err)
			_, err = v.Beispiel()
			require.NoError(t, err)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"{{name}}", `{{wenn art = "a" und (mass > 3 oder nicht dringend)}}x{{ende}}`, "{{je p in posten als aufzaehlung}}{{p.text}}{{ende}}", `{{anzahl(posten) | wort "a" "b"}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := lade(t, strings.Replace(probe, `Betreff {{name}}`, fmt.Sprintf("%q", "x"+text), 1))
		if err != nil {
			return
		}
		_, err = waehle(t, s, "probe").Beispiel()
		require.NoError(t, err)
	})
}

var ortImText = regexp.MustCompile(`\{\{verfahrensrecht ([^}]*)\}\}`)

// A letter beside text/template writing the same text: the price of blocks, types
// and bounds.
func BenchmarkRender(b *testing.B) {
	v := waehle(b, vorlage.Standard(), "bewohnerparken-bewilligung")
	daten := v.Angaben().Beispiel
	b.Run("vorlage", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			e, err := v.Render(daten)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.WriteString(io.Discard, e.Klartext())
		}
	})
	// The peer gets the same words and dates written out already.
	var quelle []string
	for _, k := range v.Angaben().Bloecke {
		text := map[string]string{
			"": k.Text,
			"anrede": `{{if eq .empfaenger.anrede "frau"}}Sehr geehrte Frau {{.empfaenger.nachname}},{{else if eq .empfaenger.anrede "herr"}}Sehr geehrter Herr ` +
				`{{.empfaenger.nachname}},{{else}}Guten Tag {{.empfaenger.name}},{{end}}`,
			"gebuehr": `{{if and .gebuehr .gebuehr_norm}}Für diesen Bescheid zahlen Sie eine Gebühr von {{.gebuehr}}. Grundlage ist {{.gebuehr_norm}}. ` +
				`Bitte überweisen Sie den Betrag erst, wenn Sie die Zahlungsaufforderung erhalten haben.{{end}}`,
		}[k.Baustein]
		text = ortImText.ReplaceAllString(text, "$1 VwVfG")
		for _, r := range [][2]string{
			{`{{wenn fahrzeug = "halter"}}`, `{{if eq .fahrzeug "halter"}}`}, {"{{wenn papier}}", "{{if .papier}}"}, {"{{sonst}}", "{{else}}"},
			{"{{ende}}", "{{end}}"}, {" | lang}}", "}}"},
		} {
			text = strings.ReplaceAll(text, r[0], r[1])
		}
		for _, f := range v.Felder() {
			text = strings.ReplaceAll(text, "{{"+f.Name+"}}", "{{."+f.Name+"}}")
		}
		if k.Wenn != "" {
			text = "{{if ." + k.Wenn + "}}" + text + "{{end}}"
		}
		quelle = append(quelle, strings.Join(strings.Fields(text), " "))
	}
	peer := template.Must(template.New("").Parse(strings.Join(quelle, "\n\n")))
	fertig := map[string]any{}
	for k, w := range daten {
		fertig[k] = w
	}
	fertig["antrag_vom"], fertig["gebuehr"] = vorlage.DatumLang(datum.MustParse(daten["antrag_vom"].(string))), vorlage.EuroText(3070)
	var w strings.Builder
	require.NoError(b, peer.Execute(&w, fertig))
	e, err := v.Beispiel()
	require.NoError(b, err)
	ohne := strings.NewReplacer("\u00a0", " ").Replace
	require.Equal(b, ohne(e.Klartext()), ohne(w.String()), "both write the same letter")
	b.Run("text-template", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var w strings.Builder
			if err := peer.Execute(&w, fertig); err != nil {
				b.Fatal(err)
			}
			_, _ = io.WriteString(io.Discard, w.String())
		}
	})
}

func ExampleVorlage_Render() {
	v, err := vorlage.Standard().Choose(vorlage.Params{ID: "bewohnerparken-ablehnung", Land: "SH", Tag: datum.MustParse("2026-11-25")})
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := v.Render(vorlage.Daten{
		"empfaenger": vorlage.Daten{"name": "Alex Muster", "nachname": "Muster", "anrede": "herr"},
		"antrag_vom": "2026-11-16", "gebiet": "Altstadt Nord", "kennzeichen": "KI-AB 1234", "grund": "zweiter",
		"feststellung": "Er gilt bis zum 31. Mai 2027.", "abwaegung": "Besondere Umstände sehen wir nicht.",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	i, _ := e.Inhalt()
	fmt.Println(e.Anrede())
	fmt.Println(i.Art == bescheid.Ablehnung, i.Begruendung[1])
	_, err = v.Render(vorlage.Daten{"antrag_vom": "gestern"})
	fmt.Println(err != nil)
	// Output:
	// Sehr geehrter Herr Muster,
	// true Sie haben bereits einen gültigen Bewohnerparkausweis. Er gilt bis zum 31. Mai 2027.
	// true
}
