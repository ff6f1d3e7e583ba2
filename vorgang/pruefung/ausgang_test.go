package pruefung_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

func gruende(p vorgang.Pruefprotokoll) (out []string) {
	for _, g := range p.Gruende {
		out = append(out, strings.TrimPrefix(g.Code, "pruefung.")+" "+g.Regel+g.Pfad)
	}
	return out
}

func fehlt(p vorgang.Pruefprotokoll) (out []string) {
	for _, n := range p.Nachforderungen {
		out = append(out, n.Pfad+" "+n.Regel)
	}
	return out
}

func check(t testing.TB, p *pruefung.Pruefer, daten string) vorgang.Pruefprotokoll {
	t.Helper()
	pr, err := p.Check(t.Context(), []byte(daten), stichtag)
	require.NoError(t, err)
	return pr
}

func TestAusgang(t *testing.T) {
	t.Parallel()
	p := pruefer(t, ohneStichprobe(entwurf(t)), optionen())
	mit := func(alt, neu string) string {
		require.Contains(t, gut, alt)
		return strings.Replace(gut, alt, neu, 1)
	}
	for name, c := range map[string]struct {
		daten   string
		ausgang vorgang.Pruefausgang
		gruende []string
		fehlt   []string
	}{
		"alles gut":            {gut, vorgang.PruefungStandardfall, nil, nil},
		"chip fehlt":           {mit(`"chipnummer":"276000000000001",`, ""), vorgang.PruefungUnvollstaendig, nil, []string{"/hund/chipnummer H-CHIP"}},
		"welpe ohne chip":      {mit(`"2025-01-31","haltungsbeginn":"2026-06-10","chipnummer":"276000000000001"`, `"2026-02-01","haltungsbeginn":"2026-06-10"`), vorgang.PruefungStandardfall, nil, nil},
		"anderer ort":          {mit("010599999999", "010510000000"), vorgang.PruefungPerson, []string{"ablehnungsgrund H-ZUSTAENDIG/halter/ars"}, nil},
		"minderjährig":         {mit("1980-02-29", "2008-06-16"), vorgang.PruefungPerson, []string{"person H-VOLLJAEHRIG/halter/geburtsdatum"}, nil},
		"heute 18":             {mit("1980-02-29", "2008-06-15"), vorgang.PruefungStandardfall, nil, nil},
		"gelistet":             {mit("Dackel", "Bandog"), vorgang.PruefungPerson, []string{"person H-RASSE/hund/rasse"}, nil},
		"chip vergeben":        {mit("000001", "000666"), vorgang.PruefungPerson, []string{"person H-CHIP-FREI/hund/chipnummer"}, nil},
		"register schweigt":    {mit("000001", "000999"), vorgang.PruefungPerson, []string{"nachschlag H-CHIP-FREI"}, nil},
		"zu spät":              {mit("2026-06-10", "2026-05-31"), vorgang.PruefungPerson, []string{"person H-FRIST/hund/haltungsbeginn"}, nil},
		"ohne nachweis":        {mit(`{"halter"`, `{"ermaessigungen":[{"art":"tierheim"}],"halter"`), vorgang.PruefungUnvollstaendig, nil, []string{"/ermaessigungen H-ERMAESSIGUNG"}},
		"pflichtfeld fehlt":    {mit(`"rasse":"Dackel",`, ""), vorgang.PruefungUnvollstaendig, nil, []string{"/hund/rasse "}},
		"alles fehlt":          {`{}`, vorgang.PruefungUnvollstaendig, nil, []string{"/halter ", "/hund "}},
		"form":                 {mit("010599999999", "Kiel"), vorgang.PruefungPerson, []string{"form /halter/ars", "ablehnungsgrund H-ZUSTAENDIG/halter/ars"}, nil},
		"falscher typ":         {mit(`"Dackel"`, `7`), vorgang.PruefungPerson, []string{"form /hund/rasse"}, nil},
		"person und fehlt":     {mit(`"rasse":"Dackel",`, `"rasse":"Bandog",`)[:len(gut)-len(`,"versicherung":"vorhanden"}}`)] + `}}`, vorgang.PruefungPerson, []string{"person H-RASSE/hund/rasse"}, []string{"/hund/versicherung H-VERSICHERUNG"}},
		"kein objekt":          {`[]`, vorgang.PruefungPerson, nil, nil},
		"unmöglicher tag":      {mit("1980-02-29", "1981-02-29"), vorgang.PruefungPerson, []string{"form /halter/geburtsdatum", "regel-fehler H-VOLLJAEHRIG"}, nil},
		"tag vor dem kalender": {mit("1980-02-29", "0001-02-28"), vorgang.PruefungPerson, []string{"regel-fehler H-VOLLJAEHRIG"}, nil},
	} {
		pr := check(t, p, c.daten)
		require.Equal(t, c.ausgang, pr.Ausgang, "%s: %v %v", name, gruende(pr), fehlt(pr))
		if name != "kein objekt" {
			require.Equal(t, c.gruende, gruende(pr), name)
			require.Equal(t, c.fehlt, fehlt(pr), name)
		}
		require.NotContains(t, string(mustJSON(t, pr)), "secret detail", "the text of a look-up's error is not kept")
		for _, g := range pr.Gruende {
			require.NotEmpty(t, g.Text)
		}
	}
}

func mustJSON(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// Each gate alone keeps a faultless case from being decided without a person.
func TestGates(t *testing.T) {
	t.Parallel()
	am := datum.MustParse("2026-01-05")
	for name, c := range map[string]struct {
		aendere func(a *pruefung.Angaben)
		nach    func(p *pruefung.Pruefer)
		ohne    bool // without release
		salz    []byte
		tag     datum.Datum
		ausgang vorgang.Pruefausgang
		grund   string
	}{
		"offen":           {salz: salz, ausgang: vorgang.PruefungStandardfall},
		"noch nicht":      {salz: salz, tag: datum.MustParse("2025-12-31"), ausgang: vorgang.PruefungPerson, grund: "pruefung.nicht-gueltig"},
		"nicht mehr":      {salz: salz, aendere: func(a *pruefung.Angaben) { a.Bis = stichtag.AddTage(-1) }, ausgang: vorgang.PruefungPerson, grund: "pruefung.nicht-gueltig"},
		"nicht frei":      {salz: salz, ohne: true, ausgang: vorgang.PruefungPerson, grund: "pruefung.nicht-freigegeben"},
		"nicht erlaubt":   {salz: salz, aendere: func(a *pruefung.Angaben) { a.Automatik = nil }, ausgang: vorgang.PruefungVollstaendig, grund: "pruefung.nicht-zugelassen"},
		"alle gezogen":    {salz: salz, aendere: func(a *pruefung.Angaben) { a.Automatik.Stichprobe = 1000 }, ausgang: vorgang.PruefungPerson, grund: "pruefung.stichprobe"},
		"ohne salz":       {aendere: func(a *pruefung.Angaben) { a.Automatik.Stichprobe = 1 }, ausgang: vorgang.PruefungPerson, grund: "pruefung.salz-fehlt"},
		"ohne stichprobe": {ausgang: vorgang.PruefungStandardfall},
		"abgeschaltet": {salz: salz, nach: func(p *pruefung.Pruefer) {
			_, err := p.SwitchOff(freigabe, am, "Fehler in R1")
			require.NoError(t, err)
		}, ausgang: vorgang.PruefungPerson, grund: "pruefung.abgeschaltet"},
	} {
		a := klein("true")
		if c.aendere != nil {
			c.aendere(&a)
		}
		w, err := pruefung.New(a)
		require.NoError(t, err)
		if !c.ohne {
			w = frei(t, a)
		}
		p, err := pruefung.Compile(w, &pruefung.Options{Salz: c.salz})
		require.NoError(t, err)
		if c.nach != nil {
			c.nach(p)
		}
		if c.tag.IsZero() {
			c.tag = stichtag
		}
		pr, err := p.Check(t.Context(), []byte(`{}`), c.tag)
		require.NoError(t, err)
		require.Equal(t, c.ausgang, pr.Ausgang, name)
		if c.grund != "" {
			require.Equal(t, []string{c.grund}, pr.Sperren, name)
			require.Equal(t, c.grund, pr.Gruende[0].Code, name)
			require.NotEmpty(t, pr.Gruende[0].Text, name)
		}
		roh, err := p.Replay(t.Context(), pr, []byte(`{}`))
		require.NoError(t, err, name)
		require.JSONEq(t, string(mustJSON(t, pr)), string(roh), name)
	}
}

// What keeps a rule from answering sends the case to a person.
func TestRuleWithoutAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ ausdruck, daten, code string }{
		"feld fehlt":      {"eingabe.x > 1", `{}`, "regel-fehler"},
		"falscher typ":    {"eingabe.x > 1", `{"x":"a"}`, "regel-fehler"},
		"kein bool":       {"eingabe.x", `{"x":1}`, "regel-fehler"},
		"geteilt durch 0": {"1 / eingabe.x == 1", `{"x":0}`, "regel-fehler"},
		"überlauf":        {"int(eingabe.x) * 9000000000000 > 0", `{"x":9000000000000}`, "regel-fehler"},
		"kein datum":      {"datum(eingabe.x) < stichtag", `{"x":"31.12.2025"}`, "regel-fehler"},
		"kosten":          {"eingabe.l.all(x, x > 0)", `{"l":[` + strings.Repeat("1,", 30000) + `1]}`, "regel-kosten"},
		"kosten text":     {"eingabe.t.matches('(a|b)*c')", `{"t":"` + lang(1000000) + `"}`, "regel-kosten"},
		"nachschlag":      {"faellt_aus(1)", `{}`, "nachschlag"},
		"verschluckt":     {"faellt_aus(1) || true", `{}`, "nachschlag"},
		"panik":           {"stuerzt_ab(1)", `{}`, "nachschlag"},
		"keine antwort":   {"kein_json(1)", `{}`, "nachschlag"},
		"riesig":          {"zu_lang(1) == ''", `{}`, "nachschlag"},
		"argument":        {"faellt_aus(1.0 / 0.0)", `{}`, "nachschlag"},
		"argument lang":   {"zu_lang(eingabe.t) == ''", `{"t":"` + lang(70000) + `"}`, "nachschlag"},
		"viele fragen":    {"eingabe.l.all(x, ist_da(x))", `{"l":[` + zahlen(pruefung.MaxFragen+1) + `]}`, "nachschlag-viele"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := klein(c.ausdruck)
			a.Regeln[0].Falsch.Art = pruefung.Nachforderung // so that nothing but the error leads to a person
			o := &pruefung.Options{Nachschlagen: map[string]pruefung.Nachschlagen{
				"faellt_aus": func(context.Context, []any) (any, error) { return nil, fmt.Errorf("down") },
				"stuerzt_ab": func(context.Context, []any) (any, error) { panic("index") },
				"kein_json":  func(context.Context, []any) (any, error) { return make(chan int), nil },
				"zu_lang":    func(context.Context, []any) (any, error) { return lang(pruefung.MaxAntwort), nil },
				"ist_da":     func(context.Context, []any) (any, error) { return true, nil },
			}}
			for n := range o.Nachschlagen {
				a.Nachschlagen = append(a.Nachschlagen, werkList(n, 1)...)
			}
			p := pruefer(t, a, o)
			pr := check(t, p, c.daten)
			require.Equal(t, vorgang.PruefungPerson, pr.Ausgang)
			require.Equal(t, []string{c.code + " R1"}, gruende(pr))
			require.Equal(t, vorgang.RegelFehler, pr.Regeln[0].Stand)
			_, err := p.Replay(t.Context(), pr, []byte(c.daten))
			require.NoError(t, err)
		})
	}
}

func zahlen(n int) string {
	var l []string
	for i := range n {
		l = append(l, itoa(i))
	}
	return strings.Join(l, ",")
}

// The limit bites where the data are larger than the schema said, and is as high as
// the Regelwerk sets it.
func TestCostLimit(t *testing.T) {
	t.Parallel()
	a := klein("eingabe.l.all(x, x >= 0)")
	a.KostenGrenze = 700
	daten := func(n int) string { return `{"l":[` + zahlen(n) + `]}` }
	p := pruefer(t, a, nil)
	pr := check(t, p, daten(100))
	require.Equal(t, vorgang.PruefungStandardfall, pr.Ausgang, "%v", pr.Regeln)
	require.Less(t, pr.Kosten, uint64(700))
	pr = check(t, p, daten(200))
	require.Equal(t, vorgang.PruefungPerson, pr.Ausgang)
	require.Equal(t, []string{"regel-kosten R1"}, gruende(pr))
	a.KostenGrenze = 7000
	require.Equal(t, vorgang.PruefungStandardfall, check(t, pruefer(t, a, nil), daten(200)).Ausgang)
	// The bound of the schema counts when the cost is estimated.
	a.KostenGrenze = 700
	a.Schema = json.RawMessage(`{"properties":{"l":{"maxItems":200}}}`)
	_, err := pruefung.New(a)
	require.ErrorContains(t, err, "regel-kosten")
	a.Schema = json.RawMessage(`{"properties":{"l":{"$ref":"#/$defs/l"}},"$defs":{"l":{"maxItems":20}}}`)
	a.KostenGrenze = 200
	_, err = pruefung.New(a)
	require.NoError(t, err)
}

// All rules together are bounded too; those that do not get to run say so.
func TestTotalCostLimit(t *testing.T) {
	t.Parallel()
	a := klein("eingabe.l.all(x, x >= 0)")
	for i := range 40 {
		r := a.Regeln[0]
		r.ID = "Q" + itoa(100+i)
		a.Regeln = append(a.Regeln, r)
	}
	pr := check(t, pruefer(t, a, nil), `{"l":[`+zahlen(2000)+`]}`)
	require.Equal(t, vorgang.PruefungPerson, pr.Ausgang)
	require.Less(t, pr.Kosten, uint64(pruefung.MaxGesamtKosten+pruefung.StandardKosten))
	require.Equal(t, "pruefung.regel-kosten", pr.Regeln[40].Fehler)
	require.Zero(t, pr.Regeln[40].Kosten)
	require.Equal(t, vorgang.RegelWahr, pr.Regeln[0].Stand)
}

// Data that break the schema everywhere do not make a record without end.
func TestManyFindings(t *testing.T) {
	t.Parallel()
	a := klein("true")
	a.Schema = json.RawMessage(`{"additionalProperties":{"type":"object","required":["x"],"properties":{"y":{"type":"string"}}}}`)
	p := pruefer(t, a, nil)
	var d []string
	for i := range 5000 {
		d = append(d, `"n`+itoa(10000+i)+`":{"y":1}`)
	}
	daten := `{` + strings.Join(d, ",") + `}`
	pr := check(t, p, daten)
	require.Len(t, pr.Gruende, pruefung.MaxFunde+1)
	require.Len(t, pr.Nachforderungen, pruefung.MaxFunde+1)
	require.Equal(t, "/n10000/x", pr.Nachforderungen[0].Pfad)
	require.Equal(t, "Es fehlen noch weitere Angaben.", pr.Nachforderungen[pruefung.MaxFunde].Text)
	for range 5 {
		_, err := p.Replay(t.Context(), pr, []byte(daten))
		require.NoError(t, err)
	}
}

// Whoever asks again, within a rule or in another one, gets the answer of the record.
func TestEachQuestionOnce(t *testing.T) {
	t.Parallel()
	a := klein("wie_oft(1) == 1 && wie_oft(1) == 1 && wie_oft('1') == 2")
	r := a.Regeln[0]
	r.ID = "R2"
	a.Regeln = append(a.Regeln, r)
	a.Nachschlagen = werkList("wie_oft", 1)
	var n int
	p := pruefer(t, a, &pruefung.Options{Nachschlagen: map[string]pruefung.Nachschlagen{
		"wie_oft": func(context.Context, []any) (any, error) { n++; return n, nil },
	}})
	pr := check(t, p, `{}`)
	require.Equal(t, vorgang.PruefungStandardfall, pr.Ausgang)
	require.Equal(t, 2, n)
	require.Len(t, pr.Nachschlaege, 2)
	pr.Nachschlaege[0].Argumente = json.RawMessage(`{`)
	_, err := p.Replay(t.Context(), pr, []byte(`{}`))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = pruefung.Marshal(pr)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	a := klein("ist_da(1)")
	a.Nachschlagen = werkList("ist_da", 1)
	ctx, cancel := context.WithCancel(t.Context())
	p := pruefer(t, a, &pruefung.Options{Nachschlagen: map[string]pruefung.Nachschlagen{
		"ist_da": func(ctx context.Context, _ []any) (any, error) { cancel(); return nil, ctx.Err() },
	}})
	pr, err := p.Check(ctx, []byte(`{}`), stichtag)
	require.Equal(t, context.Canceled, err)
	require.Empty(t, pr)
	_, err = p.Check(ctx, []byte(`{}`), stichtag)
	require.Equal(t, context.Canceled, err)
}
