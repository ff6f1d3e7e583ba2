package xdatenfelder_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/intake/fim/xdatenfelder"
)

// zufall makes random models and submissions to them.
type zufall struct {
	*rand.Rand
	standard xdatenfelder.Standard
	n        int
	// Of the places where a submission can be made wrong, the one at ziel is;
	// stellen counts them, fault names what was done.
	ziel, stellen int
	fault         string
}

func (z *zufall) id(art string) string {
	z.n++
	if z.standard == xdatenfelder.V2 {
		return fmt.Sprintf("%s60%06d", art, z.n)
	}
	return fmt.Sprintf("%s60%09d", art, z.n)
}

func (z *zufall) kopf(art string) xdatenfelder.Kopf {
	id := z.id(art)
	version := "1.2"
	if z.standard == xdatenfelder.V3 {
		version = "1.2.0"
	}
	return xdatenfelder.Kopf{ID: id, Version: version, Name: "Name <" + id + "> & \"so\"", Ausgabe: "Ausgabe " + id}
}

func (z *zufall) model(depth int) (out []xdatenfelder.Teil) {
	for range 1 + z.IntN(4) {
		lo := z.IntN(3)
		hi := lo + z.IntN(3)
		switch {
		case z.IntN(2) == 0:
			lo, hi = z.IntN(2), 1
		case z.IntN(3) == 0:
			hi = xdatenfelder.Unbegrenzt
		case hi == 0:
			hi = 1
		}
		t := xdatenfelder.Teil{Anzahl: xdatenfelder.Anzahl{Min: lo, Max: hi}}
		if depth > 0 && z.IntN(3) == 0 {
			t.Element = &xdatenfelder.Element{Kopf: z.kopf("G"), Auswahl: z.standard == xdatenfelder.V3 && z.IntN(3) == 0, Teile: z.model(depth - 1)}
		} else {
			t.Element = &xdatenfelder.Element{Kopf: z.kopf("F"), Feld: z.feld()}
		}
		out = append(out, t)
	}
	return out
}

func (z *zufall) feld() *xdatenfelder.Feld {
	types := []xdatenfelder.Datentyp{"text", "date", "bool", "num", "num_int", "num_currency", "file", "obj", "text_latin", "time", "datetime"}
	if z.standard == xdatenfelder.V2 {
		types = types[:8]
	}
	f := &xdatenfelder.Feld{Art: "input", Datentyp: types[z.IntN(len(types))]}
	switch z.IntN(6) {
	case 0:
		f.Art, f.Datentyp = "select", "text"
		f.Liste = &xdatenfelder.Codeliste{URN: "urn:example:liste", VersionURI: "urn:example:liste_1", Version: "1", Werte: []xdatenfelder.Wert{{Code: "a", Name: "Eins"}, {Code: "b", Name: "Zwei"}}}
		return f
	case 1:
		f.Art = "label"
		return f
	}
	lo, hi := 1+z.IntN(5), 5+z.IntN(20)
	switch f.Datentyp {
	case "text", "text_latin":
		if z.IntN(4) == 0 {
			f.Muster = "[a-c]{3}|x"
		} else {
			f.MinLaenge, f.MaxLaenge = &lo, &hi
		}
	case "num", "num_int", "num_currency":
		f.MinWert, f.MaxWert = strconv.Itoa(lo), strconv.Itoa(hi)
	}
	return f
}

// wrong tells whether this place is to be made wrong.
func (z *zufall) wrong(fault string) bool {
	z.stellen++
	if z.stellen-1 != z.ziel {
		return false
	}
	z.fault = fault
	return true
}

// modelXML writes a model as the standard has it, independently of the reader.
func (z *zufall) modelXML(teile []xdatenfelder.Teil) string {
	var b strings.Builder
	for _, t := range teile {
		hi := "*"
		if t.Anzahl.Max >= 0 {
			hi = strconv.Itoa(t.Anzahl.Max)
		}
		e, f := t.Element, t.Element.Feld
		inner := "<s:identifikation><s:id>" + e.ID + "</s:id><s:version>" + e.Version + "</s:version></s:identifikation><s:name>" + esc(e.Name) + "</s:name><s:bezeichnungAusgabe>" + esc(e.Ausgabe) + "</s:bezeichnungAusgabe>"
		if e.Auswahl {
			inner += "<s:art><code>X</code></s:art>"
		}
		if f == nil {
			fmt.Fprint(&b, teil(fmt.Sprintf("%d:%s", t.Anzahl.Min, hi), "<s:datenfeldgruppe>"+inner+z.modelXML(e.Teile)+"</s:datenfeldgruppe>"))
			continue
		}
		inner += "<s:feldart><code>" + string(f.Art) + "</code></s:feldart><s:datentyp><code>" + string(f.Datentyp) + "</code></s:datentyp>"
		bounds := map[string]string{}
		for k, v := range map[string]string{"minValue": f.MinWert, "maxValue": f.MaxWert, "pattern": f.Muster} {
			if v != "" {
				bounds[k] = v
			}
		}
		if f.MinLaenge != nil {
			bounds["minLength"], bounds["maxLength"] = strconv.Itoa(*f.MinLaenge), strconv.Itoa(*f.MaxLaenge)
		}
		if z.standard == xdatenfelder.V2 {
			j, _ := json.Marshal(bounds)
			inner += "<s:praezisierung>" + esc(string(j)) + "</s:praezisierung>"
		} else {
			inner += "<s:praezisierung"
			for k, v := range bounds {
				inner += " " + k + `="` + esc(v) + `"`
			}
			inner += "/>"
		}
		if c := f.Liste; c != nil {
			ref := "<s:canonicalIdentification>" + c.URN + "</s:canonicalIdentification><s:version>1</s:version><s:canonicalVersionUri>" + c.VersionURI + "</s:canonicalVersionUri>"
			if z.standard == xdatenfelder.V2 {
				ref = "<s:genericodeIdentification>" + ref + "</s:genericodeIdentification>"
			}
			inner += "<s:codelisteReferenz>" + ref + "</s:codelisteReferenz>"
		}
		fmt.Fprint(&b, teil(fmt.Sprintf("%d:%s", t.Anzahl.Min, hi), "<s:datenfeld>"+inner+"</s:datenfeld>"))
	}
	return b.String()
}

func esc(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func holdsData(e *xdatenfelder.Element) bool {
	if e.Feld != nil {
		return e.Feld.Art != "label"
	}
	for _, t := range e.Teile {
		if holdsData(t.Element) {
			return true
		}
	}
	return false
}

// instanz fills a form in; x is the same as XFall.
func (z *zufall) instanz(teile []xdatenfelder.Teil, auswahl bool, x *strings.Builder) map[string]any {
	out := map[string]any{}
	var real []xdatenfelder.Teil
	for _, t := range teile {
		if holdsData(t.Element) {
			real = append(real, t)
		}
	}
	if auswahl && len(real) > 0 {
		i := z.IntN(len(real))
		switch {
		case z.wrong("no choice"):
			return out
		case len(real) > 1 && z.wrong("two choices"):
			j := (i + 1) % len(real)
			out[real[j].Element.ID] = z.stelle(real[j], 1, &strings.Builder{})
		}
		out[real[i].Element.ID] = z.stelle(real[i], 1, x)
		return out
	}
	for _, t := range real {
		if t.Anzahl.Min == 0 && z.IntN(3) == 0 {
			continue
		}
		if t.Anzahl.Min > 0 && z.wrong("missing") {
			continue
		}
		out[t.Element.ID] = z.stelle(t, 1, x)
	}
	if z.wrong("unknown key") {
		out["F60999999"] = "x"
	}
	return out
}

// stelle fills one place, a list if it may repeat.
func (z *zufall) stelle(t xdatenfelder.Teil, least int, x *strings.Builder) any {
	if t.Anzahl.Max == 1 {
		if z.wrong("list for one") {
			return []any{z.wert(t.Element, x)}
		}
		return z.wert(t.Element, x)
	}
	n := max(t.Anzahl.Min, least)
	switch {
	case z.wrong("one for list"):
		return z.wert(t.Element, x)
	case t.Anzahl.Max > 0 && z.wrong("too many"):
		n = t.Anzahl.Max + 1
	case t.Anzahl.Min > 1 && z.wrong("too few"):
		n = t.Anzahl.Min - 1
	case t.Anzahl.Max < 0:
		n += z.IntN(3)
	}
	list := []any{}
	for range n {
		list = append(list, z.wert(t.Element, x))
	}
	return list
}

func (z *zufall) wert(e *xdatenfelder.Element, x *strings.Builder) any {
	if e.Feld == nil {
		if z.wrong("text for group") {
			return "x"
		}
		x.WriteString("<" + e.ID + ">")
		defer x.WriteString("</" + e.ID + ">")
		return z.instanz(e.Teile, e.Auswahl, x)
	}
	v := z.feldwert(e.Feld)
	text := fmt.Sprint(v)
	x.WriteString("<" + e.ID + "V" + e.Version + ">" + esc(text) + "</" + e.ID + "V" + e.Version + ">")
	return v
}

func (z *zufall) feldwert(f *xdatenfelder.Feld) any {
	if z.wrong("wrong type") {
		return map[string]any{}
	}
	if f.Art == "select" {
		if z.wrong("no code of the list") {
			return "Eins"
		}
		return f.Liste.Werte[z.IntN(2)].Code
	}
	switch f.Datentyp {
	case "bool":
		return z.IntN(2) == 0
	case "date":
		if z.wrong("no date") {
			return "2026-02-30"
		}
		return fmt.Sprintf("20%02d-02-%02d", z.IntN(90), 1+z.IntN(28))
	case "time":
		if z.wrong("no time") {
			return "12:60:00"
		}
		return "12:00:59"
	case "datetime":
		if z.wrong("no instant") {
			return "2026-01-01"
		}
		return "2026-01-01T12:00:00+01:00"
	case "num", "num_int", "num_currency":
		lo, _ := strconv.Atoi(f.MinWert)
		hi, _ := strconv.Atoi(f.MaxWert)
		switch {
		case z.wrong("below"):
			return json.Number(strconv.Itoa(lo - 1))
		case z.wrong("above"):
			return json.Number(strconv.Itoa(hi + 1))
		case f.Datentyp == "num_int" && z.wrong("no integer"):
			return json.Number(f.MinWert + ".5")
		}
		return json.Number(strconv.Itoa(lo + z.IntN(hi-lo+1)))
	case "file", "obj":
		return "anlage.pdf"
	}
	if f.Muster != "" {
		if z.wrong("other pattern") {
			return "abcx"
		}
		return []string{"abc", "x"}[z.IntN(2)]
	}
	switch {
	case z.wrong("too short"):
		return strings.Repeat("ä", *f.MinLaenge-1)
	case z.wrong("too long"):
		return strings.Repeat("ä", *f.MaxLaenge+1)
	}
	return strings.Repeat("ä", *f.MinLaenge+z.IntN(*f.MaxLaenge-*f.MinLaenge+1))
}

// A random model, written as XML and read again, gives a form that takes every
// submission to it, as JSON and as XFall, and refuses each that is wrong in one place.
func TestRandomModels(t *testing.T) {
	faults, models := map[string]int{}, 0
	for seed := range uint64(150) {
		z := &zufall{Rand: rand.New(rand.NewPCG(1, seed)), standard: xdatenfelder.V2, ziel: -1}
		ns := "urn:xoev-de:fim:standard:xdatenfelder_2"
		if seed%2 == 1 {
			z.standard, ns = xdatenfelder.V3, "urn:xoev-de:fim:standard:xdatenfelder_3.0.0"
		}
		teile := z.model(3)
		kopf := z.kopf("S")
		doc := `<s:xdatenfelder.stammdatenschema.0102 xmlns:s="` + ns + `"><s:stammdatenschema><s:identifikation><s:id>` + kopf.ID + `</s:id><s:version>` + kopf.Version +
			`</s:version></s:identifikation>` + z.modelXML(teile) + `</s:stammdatenschema></s:xdatenfelder.stammdatenschema.0102>`
		s, err := xdatenfelder.Read(t.Context(), strings.NewReader(doc), &xdatenfelder.Options{Streng: true, Codelisten: map[string][]xdatenfelder.Wert{"urn:example:liste": {{Code: "a", Name: "Eins"}, {Code: "b", Name: "Zwei"}}}})
		require.NoError(t, err, doc)
		require.Equal(t, teile, s.Teile, "read as written")
		f, err := s.Formular(nil)
		require.NoError(t, err)
		plain, err := fim.New(f)
		require.NoError(t, err)
		p, err := xdatenfelder.New(nil, xdatenfelder.Formular{Schema: s})
		require.NoError(t, err)
		models++
		check := func(seed uint64, ziel int) (int, string, error) {
			i := &zufall{Rand: rand.New(rand.NewPCG(2, seed)), ziel: ziel}
			var x strings.Builder
			b, err := json.Marshal(i.instanz(teile, false, &x))
			require.NoError(t, err)
			d := intake.Fachdaten{Schema: f.Schema, MIME: "application/json", Bytes: b}
			_, err = plain.Parse(t.Context(), d)
			inhalt, own := p.Parse(t.Context(), d)
			require.Equal(t, err, own)
			if ziel >= 0 {
				return i.stellen, i.fault, err
			}
			require.NoError(t, err, "%s\n%s", b, f.JSONSchema)
			d.MIME, d.Bytes = "text/xml", []byte("<"+kopf.ID+">"+x.String()+"</"+kopf.ID+">")
			asXFall, err := p.Parse(t.Context(), d)
			require.NoError(t, err)
			require.JSONEq(t, string(b), string(asXFall.Daten))
			require.Equal(t, inhalt.Felder, asXFall.Felder)
			require.NotContains(t, s.Baum(inhalt.Felder), "F60999999")
			return i.stellen, "", nil
		}
		for n := range uint64(3) {
			stellen, _, _ := check(seed*10+n, -1)
			for ziel := range min(stellen, 25) {
				_, fault, err := check(seed*10+n, ziel*max(1, stellen/25))
				require.Error(t, err, "%s is taken", fault)
				require.NotEmpty(t, fault)
				faults[fault]++
			}
		}
	}
	t.Logf("%d models, refused: %v", models, faults)
	require.Len(t, faults, 20, "every kind of fault came up: %v", faults)
}
