package pruefung_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

// ein names a code with the place it is expected at.
type erwartet struct{ code, pfad string }

func lang(n int) string { return strings.Repeat("x", n) }

// Every case breaks one thing of a good Regelwerk.
var falscheAngaben = map[string]struct {
	brich func(a *pruefung.Angaben)
	erwartet
}{
	"id":                 {func(a *pruefung.Angaben) { a.ID = "a b" }, erwartet{"id", "/id"}},
	"id lang":            {func(a *pruefung.Angaben) { a.ID = lang(65) }, erwartet{"id", "/id"}},
	"fassung":            {func(a *pruefung.Angaben) { a.Fassung = 0 }, erwartet{"fassung", "/fassung"}},
	"titel":              {func(a *pruefung.Angaben) { a.Titel = "" }, erwartet{"titel", "/titel"}},
	"leistung":           {func(a *pruefung.Angaben) { a.Leistung = "x" }, erwartet{"leistung", "/leistung"}},
	"ohne beginn":        {func(a *pruefung.Angaben) { a.Von = datum.Datum{} }, erwartet{"geltung", "/von"}},
	"ende davor":         {func(a *pruefung.Angaben) { a.Bis = a.Von.AddTage(-1) }, erwartet{"geltung", "/von"}},
	"rechtsgrundlage":    {func(a *pruefung.Angaben) { a.Rechtsgrundlage = "" }, erwartet{"rechtsgrundlage", "/rechtsgrundlage"}},
	"autor":              {func(a *pruefung.Angaben) { a.Autor.Akteur = "" }, erwartet{"zeichnung", "/autor"}},
	"autor ohne tag":     {func(a *pruefung.Angaben) { a.Autor.Am = datum.Datum{} }, erwartet{"zeichnung", "/autor"}},
	"kosten":             {func(a *pruefung.Angaben) { a.KostenGrenze = pruefung.MaxKosten + 1 }, erwartet{"kosten-grenze", "/kostenGrenze"}},
	"norm":               {func(a *pruefung.Angaben) { a.Automatik.Norm = "" }, erwartet{"automatik-norm", "/automatik/norm"}},
	"ermessen":           {func(a *pruefung.Angaben) { a.Automatik.KeinErmessen = false }, erwartet{"automatik-ermessen", "/automatik"}},
	"spielraum":          {func(a *pruefung.Angaben) { a.Automatik.KeinBeurteilungsspielraum = false }, erwartet{"automatik-ermessen", "/automatik"}},
	"stichprobe":         {func(a *pruefung.Angaben) { a.Automatik.Stichprobe = 1001 }, erwartet{"stichprobe", "/automatik/stichprobe"}},
	"stichprobe negativ": {func(a *pruefung.Angaben) { a.Automatik.Stichprobe = -1 }, erwartet{"stichprobe", "/automatik/stichprobe"}},
	"schema fehlt":       {func(a *pruefung.Angaben) { a.Schema = nil }, erwartet{"json-form", "/schema"}},
	"schema kein schema": {func(a *pruefung.Angaben) { a.Schema = json.RawMessage(`{"type":"nichts"}`) }, erwartet{"schema", "/schema"}},
	"schema text":        {func(a *pruefung.Angaben) { a.Schema = json.RawMessage(`"x"`) }, erwartet{"schema", "/schema"}},
	"schema groß":        {func(a *pruefung.Angaben) { a.Schema = json.RawMessage(`{"title":"` + lang(pruefung.MaxSchema) + `"}`) }, erwartet{"schema-gross", "/schema"}},
	"schema entwurf": {func(a *pruefung.Angaben) {
		a.Schema = json.RawMessage(`{"$schema":"http://json-schema.org/draft-07/schema#"}`)
	}, erwartet{"schema-entwurf", "/schema/$schema"}},
	"schema verweist":        {func(a *pruefung.Angaben) { a.Schema = json.RawMessage(`{"$ref":"https://example.org/s"}`) }, erwartet{"schema-verweis", "/schema/$ref"}},
	"schema ins leere":       {func(a *pruefung.Angaben) { a.Schema = json.RawMessage(`{"items":{"$ref":"#/$defs/x"}}`) }, erwartet{"schema-verweis", "/schema/items/$ref"}},
	"schema dynamisch":       {func(a *pruefung.Angaben) { a.Schema = json.RawMessage(`{"items":{"$dynamicRef":"#x"}}`) }, erwartet{"schema-verweis", "/schema/items/$dynamicRef"}},
	"schema mit teil":        {func(a *pruefung.Angaben) { a.Schema = json.RawMessage(`{"items":{"$id":"x"}}`) }, erwartet{"schema-verweis", "/schema/items/$id"}},
	"schema rekursiv":        {func(a *pruefung.Angaben) { a.Schema = json.RawMessage(`{"properties":{"x":{"$ref":"#"}}}`) }, erwartet{"schema-rekursiv", "/schema/properties/x/$ref"}},
	"schema ausgeschrieben":  {func(a *pruefung.Angaben) { a.Schema = verdoppelnd(40) }, erwartet{"schema-gross", "/schema"}},
	"nachschlag name":        {func(a *pruefung.Angaben) { a.Nachschlagen = werkList("size", 1) }, erwartet{"nachschlag-name", "/nachschlagen/0/name"}},
	"nachschlag doppelt":     {func(a *pruefung.Angaben) { a.Nachschlagen = append(werkList("a_b", 1), werkList("a_b", 1)...) }, erwartet{"nachschlag-name", "/nachschlagen/1/name"}},
	"nachschlag parameter":   {func(a *pruefung.Angaben) { a.Nachschlagen = werkList("a_b", 9) }, erwartet{"nachschlag-parameter", "/nachschlagen/0/parameter"}},
	"nachschlag text":        {func(a *pruefung.Angaben) { a.Nachschlagen = []pruefung.Nachschlagewerk{{Name: "a_b"}} }, erwartet{"text", "/nachschlagen/0/text"}},
	"nachschlag viele":       {func(a *pruefung.Angaben) { a.Nachschlagen = make([]pruefung.Nachschlagewerk, pruefung.MaxNachschlag+1) }, erwartet{"nachschlag-anzahl", "/nachschlagen"}},
	"ohne regel":             {func(a *pruefung.Angaben) { a.Regeln = nil }, erwartet{"regel-anzahl", "/regeln"}},
	"zu viele regeln":        {func(a *pruefung.Angaben) { a.Regeln = make([]pruefung.Regel, pruefung.MaxRegeln+1) }, erwartet{"regel-anzahl", "/regeln"}},
	"regel id":               {func(a *pruefung.Angaben) { a.Regeln[0].ID = "" }, erwartet{"regel-id", "/regeln/0/id"}},
	"regel doppelt":          {func(a *pruefung.Angaben) { a.Regeln = append(a.Regeln, a.Regeln[0]) }, erwartet{"regel-doppelt", "/regeln/1/id"}},
	"regel text":             {func(a *pruefung.Angaben) { a.Regeln[0].Text = lang(pruefung.MaxText + 1) }, erwartet{"text", "/regeln/0/text"}},
	"regel norm":             {func(a *pruefung.Angaben) { a.Regeln[0].Norm = "" }, erwartet{"regel-norm", "/regeln/0/norm"}},
	"regel ohne wirkung":     {func(a *pruefung.Angaben) { a.Regeln[0].Falsch = pruefung.Folge{} }, erwartet{"regel-wirkung", "/regeln/0"}},
	"folge art":              {func(a *pruefung.Angaben) { a.Regeln[0].Falsch.Art = "ablehnen" }, erwartet{"folge-art", "/regeln/0/falsch/art"}},
	"folge ohne text":        {func(a *pruefung.Angaben) { a.Regeln[0].Falsch.Text = "" }, erwartet{"folge-text", "/regeln/0/falsch/text"}},
	"gut mit text":           {func(a *pruefung.Angaben) { a.Regeln[0].Wahr.Text = "x" }, erwartet{"folge-text", "/regeln/0/wahr"}},
	"folge pfad":             {func(a *pruefung.Angaben) { a.Regeln[0].Falsch.Pfad = "x" }, erwartet{"folge-pfad", "/regeln/0/falsch/pfad"}},
	"ausdruck fehlt":         {func(a *pruefung.Angaben) { a.Regeln[0].Ausdruck = "" }, erwartet{"ausdruck", "/regeln/0/ausdruck"}},
	"ausdruck lang":          {func(a *pruefung.Angaben) { a.Regeln[0].Ausdruck = "true || '" + lang(pruefung.MaxAusdruck) + "' == ''" }, erwartet{"ausdruck", "/regeln/0/ausdruck"}},
	"ausdruck kaputt":        ausdruckFalsch("eingabe.", "ausdruck"),
	"ausdruck unbekannt":     ausdruckFalsch("heute() == stichtag", "ausdruck"),
	"ausdruck uhr":           ausdruckFalsch("timestamp('2026-01-01T00:00:00Z') == stichtag", "ausdruck"),
	"ausdruck uhr pb":        ausdruckFalsch("google.protobuf.Timestamp{seconds: 5} == stichtag", "ausdruck"),
	"ausdruck objekt":        ausdruckFalsch("{'a': 1}.exists(k, k == 'a')", "ausdruck"),
	"ausdruck leeres objekt": ausdruckFalsch("[{}].all(m, size(m) == 0)", "ausdruck"),
	"ausdruck dauer":         ausdruckFalsch("stichtag - stichtag < duration('1s')", "ausdruck"),
	"ausdruck regexp":        ausdruckFalsch("'x'.matches('(')", "ausdruck"),
	"ausdruck tief":          ausdruckFalsch(strings.Repeat("(", 300)+"true"+strings.Repeat(")", 300), "ausdruck"),
	"ausdruck kein bool":     ausdruckFalsch("1 + 1", "ausdruck-typ"),
	"ausdruck kosten":        ausdruckFalsch("eingabe.l.all(x, eingabe.l.all(y, x + y > 0))", "regel-kosten"),
	"ausdruck schleifen":     ausdruckFalsch("[1].all(a, [1].all(b, [1].all(c, true)))", "ausdruck"),
	"innere namen":           ausdruckFalsch("@frage(@lauf, 'x', [])", "ausdruck"),
	"freigabe selbst":        {func(a *pruefung.Angaben) { a.Freigabe = &pruefung.Freigabe{Zeichnung: a.Autor} }, erwartet{"vier-augen", "/freigabe"}},
	"freigabe vertretung": {func(a *pruefung.Angaben) {
		a.Freigabe = &pruefung.Freigabe{Zeichnung: pruefung.Zeichnung{Akteur: "x", VertretungFuer: a.Autor.Akteur, Am: a.Autor.Am}}
	}, erwartet{"vier-augen", "/freigabe"}},
	"freigabe vor entwurf": {func(a *pruefung.Angaben) {
		a.Freigabe = &pruefung.Freigabe{Zeichnung: pruefung.Zeichnung{Akteur: "x", Am: a.Autor.Am.AddTage(-1)}}
	}, erwartet{"freigabe-tag", "/freigabe/am"}},
	"freigabe anderer inhalt": {func(a *pruefung.Angaben) {
		a.Freigabe = &pruefung.Freigabe{Zeichnung: pruefung.Zeichnung{Akteur: "x", Am: a.Autor.Am}, Inhalt: "00"}
	}, erwartet{"freigabe-inhalt", "/freigabe/inhalt"}},
	"abschaltung": {func(a *pruefung.Angaben) { a.Abschaltung = &pruefung.Abschaltung{Zeichnung: a.Autor} }, erwartet{"abschaltung-grund", "/abschaltung/grund"}},
	"datei groß": {func(a *pruefung.Angaben) {
		a.Regeln = nil
		for range pruefung.MaxRegeln {
			a.Regeln = append(a.Regeln, pruefung.Regel{Ausdruck: lang(pruefung.MaxAusdruck)})
		}
	}, erwartet{"datei-gross", ""}},
	"datei form": {func(a *pruefung.Angaben) { a.Von = datum.New(12000, 1, 1) }, erwartet{"datei-form", ""}},
}

func ausdruckFalsch(ausdruck, code string) struct {
	brich func(a *pruefung.Angaben)
	erwartet
} {
	return struct {
		brich func(a *pruefung.Angaben)
		erwartet
	}{func(a *pruefung.Angaben) { a.Regeln[0].Ausdruck = ausdruck }, erwartet{code, "/regeln/0/ausdruck"}}
}

func werkList(name string, n int) []pruefung.Nachschlagewerk {
	return []pruefung.Nachschlagewerk{{Name: name, Parameter: n, Text: "x"}}
}

// verdoppelnd is small, but 2^n parts when written out.
func verdoppelnd(n int) json.RawMessage {
	defs := map[string]any{"d0": true}
	for i := 1; i <= n; i++ {
		r := map[string]any{"$ref": "#/$defs/d" + itoa(i-1)}
		defs["d"+itoa(i)] = map[string]any{"anyOf": []any{r, r}}
	}
	b, _ := json.Marshal(map[string]any{"$defs": defs, "$ref": "#/$defs/d" + itoa(n)})
	return b
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

// Files that never become Angaben.
var falscheDateien = map[string]struct {
	datei string
	erwartet
}{
	"leer":           {"", erwartet{"json-form", ""}},
	"kein json":      {"{", erwartet{"json-form", ""}},
	"mehr":           {"{} {}", erwartet{"json-form", ""}},
	"kein utf-8":     {"{\"id\":\"\xff\"}", erwartet{"json-form", ""}},
	"doppelt":        {`{"autor":{"am":"2026-01-01","am":"2026-01-01"}}`, erwartet{"json-doppelt", "/autor/am"}},
	"tief":           {strings.Repeat("[", 40) + strings.Repeat("]", 40), erwartet{"json-tief", strings.Repeat("/0", pruefung.MaxTiefe)}},
	"zahl":           {`{"fassung":1e999}`, erwartet{"json-zahl", "/fassung"}},
	"groß":           {`"` + lang(pruefung.MaxDatei) + `"`, erwartet{"json-gross", ""}},
	"feld":           {`{"ID":"x"}`, erwartet{"datei-feld", "/ID"}},
	"feld tief":      {`{"regeln":[{"id":"x"},{"a/b":1}]}`, erwartet{"datei-feld", "/regeln/1/a~1b"}},
	"typ text":       {`{"id":1}`, erwartet{"datei-typ", "/id"}},
	"typ zahl":       {`{"fassung":1.5}`, erwartet{"datei-typ", "/fassung"}},
	"typ bool":       {`{"automatik":{"keinErmessen":1}}`, erwartet{"datei-typ", "/automatik/keinErmessen"}},
	"typ liste":      {`{"regeln":{}}`, erwartet{"datei-typ", "/regeln"}},
	"typ objekt":     {`{"autor":null}`, erwartet{"datei-typ", "/autor"}},
	"typ datum":      {`{"von":"1.1.2026"}`, erwartet{"datei-typ", "/von"}},
	"typ einbettung": {`{"freigabe":{"akteur":1}}`, erwartet{"datei-typ", "/freigabe/akteur"}},
}

func hat(t *testing.T, err error, e erwartet, art error) {
	t.Helper()
	require.ErrorIs(t, err, art)
	for _, p := range fehler.ProblemeIn(err) {
		require.NotEmpty(t, p.Hinweis)
		require.NotEmpty(t, p.Meldung)
		if p.Code == "pruefung."+e.code && p.Pfad == e.pfad {
			return
		}
	}
	t.Fatalf("no pruefung.%s at %q in: %v", e.code, e.pfad, err)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range falscheAngaben {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := klein("true")
			_, err := pruefung.New(a)
			require.NoError(t, err, "the good one")
			c.brich(&a)
			_, err = pruefung.New(a)
			hat(t, err, c.erwartet, fehler.ErrInvalid)
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range falscheDateien {
		_, err := pruefung.Load(strings.NewReader(c.datei))
		hat(t, err, c.erwartet, fehler.ErrInvalid)
	}
	_, err := pruefung.Load(iotest.ErrReader(errors.New("disk")))
	require.ErrorContains(t, err, "disk")
	require.NotErrorIs(t, err, fehler.ErrInvalid)
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	a := klein("1 +")
	a.Regeln = append(a.Regeln, pruefung.Regel{ID: "R2", Text: "x", Norm: "x", Ausdruck: "unbekannt", Falsch: a.Regeln[0].Falsch})
	_, err := pruefung.New(a)
	hat(t, err, erwartet{"ausdruck", "/regeln/0/ausdruck"}, fehler.ErrInvalid)
	hat(t, err, erwartet{"ausdruck", "/regeln/1/ausdruck"}, fehler.ErrInvalid)
	_, err = pruefung.Load(strings.NewReader(`{"x":1,"y":2,"fassung":"1"}`))
	require.Len(t, fehler.ProblemeIn(err), 3)
	a = klein("true")
	a.ID, a.Titel, a.Regeln[0].Norm = "", "", ""
	_, err = pruefung.New(a)
	require.Len(t, fehler.ProblemeIn(err), 3)
}

// The other refusals, each by its code.
func TestOtherProblems(t *testing.T) {
	t.Parallel()
	w, err := pruefung.New(klein("true"))
	require.NoError(t, err)
	am := datum.MustParse("2025-12-20")
	_, err = w.Release(tenant.Akteur{ID: "x", Art: tenant.Person}, am)
	hat(t, err, erwartet{"freigabe-recht", ""}, fehler.ErrForbidden)
	for _, a := range []tenant.Akteur{{}, {ID: "x", Art: tenant.Maschine, Rollen: freigabe.Rollen}, {Art: tenant.Person, Rollen: freigabe.Rollen}} {
		_, err = w.Release(a, am)
		require.ErrorIs(t, err, fehler.ErrForbidden)
	}
	_, err = w.Release(freigabe, datum.MustParse("2025-11-30"))
	hat(t, err, erwartet{"freigabe-tag", "/freigabe/am"}, fehler.ErrInvalid)
	// Vier-Augen counts deputies on both sides.
	b4 := klein("true")
	b4.Autor.VertretungFuer = "akteur-vertreten"
	v4, err := pruefung.New(b4)
	require.NoError(t, err)
	for _, a := range []tenant.Akteur{{ID: "akteur-autor"}, {ID: "akteur-vertreten"}, {ID: "x", VertretungFuer: "akteur-autor"}, {ID: "x", VertretungFuer: "akteur-vertreten"}} {
		a.Art, a.Rollen = tenant.Person, freigabe.Rollen
		_, err = v4.Release(a, am)
		hat(t, err, erwartet{"vier-augen", "/freigabe"}, fehler.ErrForbidden)
	}
	f := frei(t, klein("true"))
	_, err = f.Release(freigabe, am)
	hat(t, err, erwartet{"freigabe-vorhanden", "/freigabe"}, fehler.ErrConflict)
	aus, err := w.SwitchOff(freigabe, am, "Fehler in R1")
	require.NoError(t, err)
	_, err = aus.Release(freigabe, am)
	hat(t, err, erwartet{"abgeschaltet", "/abschaltung"}, fehler.ErrConflict)
	_, err = w.SwitchOff(freigabe, am, "")
	hat(t, err, erwartet{"abschaltung-grund", "/abschaltung"}, fehler.ErrInvalid)
	_, err = w.SwitchOff(tenant.Akteur{ID: "x", Art: tenant.Buerger}, am, "x")
	require.ErrorIs(t, err, fehler.ErrForbidden)

	_, err = pruefung.Compile(nil, nil)
	hat(t, err, erwartet{"leer", ""}, fehler.ErrInvalid)
	_, err = pruefung.Compile(&pruefung.Regelwerk{}, nil)
	hat(t, err, erwartet{"leer", ""}, fehler.ErrInvalid)
	_, err = pruefung.Compile(f, &pruefung.Options{Salz: salz[1:]})
	hat(t, err, erwartet{"salz-kurz", "/salz"}, fehler.ErrInvalid)
	_, err = pruefung.Compile(frei(t, entwurf(t)), &pruefung.Options{Salz: salz})
	hat(t, err, erwartet{"nachschlag-unbekannt", "/nachschlagen/1"}, fehler.ErrInvalid)

	p := pruefer(t, klein("true"), nil)
	_, err = p.Check(t.Context(), []byte(`{}`), datum.Datum{})
	hat(t, err, erwartet{"stichtag", ""}, fehler.ErrInvalid)
	for _, c := range falscheDateien {
		if strings.HasPrefix(c.code, "json-") {
			_, err = p.Check(t.Context(), []byte(c.datei), stichtag)
			hat(t, err, c.erwartet, fehler.ErrInvalid)
		}
	}
	_, err = p.Check(t.Context(), []byte(`{"name":"Geheim" "x"}`), stichtag)
	require.NotContains(t, err.Error(), "Geheim", "no data in errors")

	pr, err := p.Check(t.Context(), []byte(`{}`), stichtag)
	require.NoError(t, err)
	_, err = p.Replay(t.Context(), pr, []byte(`{"x":1}`))
	hat(t, err, erwartet{"replay", "/eingabeHash"}, fehler.ErrConflict)
	pr.Salz = "unbekannt"
	_, err = p.Replay(t.Context(), pr, []byte(`{}`))
	hat(t, err, erwartet{"replay-salz", "/salz"}, fehler.ErrConflict)

	v := pruefung.NewVerzeichnis(nil)
	hat(t, v.Add(w), erwartet{"nicht-freigegeben", "/freigabe"}, fehler.ErrInvalid)
	require.NoError(t, v.Add(f))
	b := klein("false")
	hat(t, v.Add(frei(t, b)), erwartet{"fassung-vorhanden", "/fassung"}, fehler.ErrExists)
	b.ID = "Anders"
	hat(t, v.Add(frei(t, b)), erwartet{"leistung-doppelt", "/leistung"}, fehler.ErrConflict)
}

// Every code in the source has a test above, and every tested code is in the source.
func TestEveryCodeIsTested(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	geprueft := map[string]bool{"verzeichnis-voll": true} // 10,000 compiled sets take too long for a test
	quelle := map[string]bool{}
	hier := regexp.MustCompile(`(?:erwartet\{|ausdruckFalsch\(.*, )"([a-z0-9-]+)"`)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			b, err := os.ReadFile(name)
			require.NoError(t, err)
			for _, c := range hier.FindAllStringSubmatch(string(b), -1) {
				geprueft[c[1]] = true
			}
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool { codes(n, quelle); return true })
	}
	require.Equal(t, slices.Sorted(maps.Keys(quelle)), slices.Sorted(maps.Keys(geprueft)))
	require.Greater(t, len(quelle), 50)
}

// codes finds the code in what makes a problem.
func codes(n ast.Node, out map[string]bool) {
	var e ast.Expr
	switch x := n.(type) {
	case *ast.CallExpr:
		name, _ := x.Fun.(*ast.Ident)
		sel, _ := x.Fun.(*ast.SelectorExpr)
		switch {
		case name != nil && (name.Name == "problem" || name.Name == "jsonProblem"):
			e = x.Args[0]
		case sel != nil && (sel.Sel.Name == "fordere" || sel.Sel.Name == "text") && len(x.Args) > 1:
			e = x.Args[1]
		}
	case *ast.CompositeLit:
		if name, ok := x.Type.(*ast.Ident); ok && name.Name == "problemText" {
			e = x.Elts[0]
		}
	}
	if l, ok := e.(*ast.BasicLit); ok {
		out[strings.Trim(l.Value, `"`)] = true
	}
}
