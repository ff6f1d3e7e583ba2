package vorlage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// probe is a template with everything a text can do; the cases change one line.
const probe = `vorlagen:
  - id: probe
    fassung: 1
    titel: Probe
    art: bescheid
    bescheidArt: bewilligung
    verfahren: vwvfg
    belehrung: widerspruch
    von: 2026-01-01
    quelle: Test
    felder:
      - {name: name, typ: text}
      - {name: tag, typ: datum}
      - {name: betrag, typ: geld}
      - {name: mass, typ: zahl}
      - {name: dringend, typ: wahrheit}
      - {name: zusatz, typ: text, optional: true}
      - {name: art, typ: auswahl, werte: [{wert: a, text: eins}, {wert: b, text: zwei}]}
      - name: posten
        typ: liste
        felder: [{name: text, typ: text}, {name: rest, typ: text, optional: true}]
    betreff: Betreff {{name}}
    bloecke:
      - id: tenor
        art: tenor
        text: "Am {{tag | lang}} zahlt {{name}} {{betrag}}, {{mass}}, {{art}}, {{dringend | ja_nein}}."
      - id: posten
        art: tenor
        wenn: anzahl(posten) > 1
        je: p in posten
        text: "{{p.text}}{{wenn p.rest ist nicht leer}} ({{p.rest}}){{ende}}"
      - id: grund
        art: begruendung
        text: "Weil {{wenn zusatz ist nicht leer}}{{zusatz}}{{sonst}}nichts{{ende}}: {{je p in posten als aufzaehlung}}{{p.text}}{{ende}}."
    beispiel:
      name: Muster
      tag: 2026-12-01
      betrag: "1234.56"
      mass: "1.5"
      dringend: true
      zusatz: Zusatz
      art: a
      posten: [{text: x, rest: y}, {text: z}]
`

func lade(t testing.TB, yaml string) (*vorlage.Sammlung, error) {
	t.Helper()
	return vorlage.Load(strings.NewReader(yaml), nil)
}

func waehle(t testing.TB, s *vorlage.Sammlung, id string) *vorlage.Vorlage {
	t.Helper()
	v, err := s.Choose(vorlage.Params{ID: id, Tag: tag})
	require.NoError(t, err)
	return v
}

// Each mistake is found when the file is read, with code, place and a sentence.
func TestLoadErrors(t *testing.T) {
	_, err := lade(t, probe)
	require.NoError(t, err, "the sound template")
	const grund = "Weil {{wenn zusatz ist nicht leer}}{{zusatz}}{{sonst}}nichts{{ende}}"
	for name, c := range map[string]struct{ alt, neu, code string }{
		"unknown placeholder":         {"Betreff {{name}}", "Betreff {{nam}}", "platzhalter"},
		"unknown field of a record":   {"{{p.text}}{{wenn", "{{p.txt}}{{wenn", "platzhalter"},
		"loop variable outside":       {grund, "{{p.text}}", "platzhalter"},
		"list as text":                {grund, "{{posten}}", "platzhalter-typ"},
		"optional without question":   {grund, "{{zusatz}}", "optional"},
		"optional in the other arm":   {grund, "{{wenn zusatz ist leer}}{{zusatz}}{{ende}}", "optional"},
		"optional after oder":         {grund, "{{wenn zusatz ist nicht leer oder dringend}}{{zusatz}}{{ende}}", "optional"},
		"wrong type in a condition":   {"wenn: anzahl(posten) > 1", "wenn: tag > 1", "ausdruck-typ"},
		"order of texts":              {"wenn: anzahl(posten) > 1", `wenn: name > "a"`, "ausdruck-typ"},
		"field is no condition":       {"wenn: anzahl(posten) > 1", "wenn: name", "ausdruck-typ"},
		"value not of the choice":     {"wenn: anzahl(posten) > 1", `wenn: art = "c"`, "auswahl-wert"},
		"empty of a mandatory field":  {"wenn: anzahl(posten) > 1", "wenn: name ist leer", "nie-leer"},
		"wrong format":                {"{{tag | lang}}", "{{tag | mehrzahl \\\"a\\\" \\\"b\\\"}}", "format"},
		"truth without format":        {"{{dringend | ja_nein}}", "{{dringend}}", "format"},
		"loop over no list":           {"je: p in posten\n", "je: p in name\n", "keine-liste"},
		"inner loop over no list":     {"{{je p in posten als", "{{je p in art als", "keine-liste"},
		"loop named as a field":       {"{{je p in posten als", "{{je name in posten als", "je"},
		"unreachable block":           {"wenn: anzahl(posten) > 1", "wenn: dringend und nicht dringend", "unerreichbar"},
		"unreachable by numbers":      {"wenn: anzahl(posten) > 1", "wenn: mass > 3 und mass < 2", "unerreichbar"},
		"unreachable by dates":        {"wenn: anzahl(posten) > 1", "wenn: tag > 2026-05-01 und tag < 2026-05-02", "unerreichbar"},
		"unreachable arm":             {grund, `{{wenn art = \"a\"}}1{{sonst wenn art = \"b\"}}2{{sonst}}3{{ende}}`, "unerreichbar"},
		"never":                       {"wenn: anzahl(posten) > 1", "wenn: falsch", "unerreichbar"},
		"more than the list holds":    {"wenn: anzahl(posten) > 1", "wenn: anzahl(posten) > 500", "unerreichbar"},
		"tenor only at times":         {"        art: tenor\n        text: \"Am", "        art: tenor\n        wenn: dringend\n        text: \"Am", "pflichtblock"},
		"reasons can be blank":        {"\"Weil {{wenn zusatz", "\"{{wenn zusatz", ""}, // the colon stays: not blank
		"no reasons":                  {"art: begruendung", "art: hinweis", "pflichtblock"},
		"no Belehrung":                {"    belehrung: widerspruch\n", "", "pflichtblock"},
		"id twice":                    {"- id: grund", "- id: tenor", "id-doppelt"},
		"block not of this kind":      {"art: begruendung", "art: absatz", "block-art"},
		"missing ende":                {"{{sonst}}nichts{{ende}}", "{{sonst}}nichts", "ende"},
		"ende too many":               {"Betreff {{name}}", "Betreff {{name}}{{ende}}", "ende"},
		"open brace":                  {"Betreff {{name}}", "Betreff {{name", "klammer"},
		"closing brace":               {"Betreff {{name}}", "Betreff name}}", "klammer"},
		"sonst twice":                 {"{{sonst}}nichts{{ende}}", "{{sonst}}n{{sonst}}m{{ende}}", "sonst"},
		"blank subject":               {"Betreff {{name}}", "\"{{wenn dringend}}x{{ende}}\"", "betreff"},
		"unknown type":                {"typ: geld", "typ: euro", "feld-typ"},
		"field twice":                 {"{name: mass, typ: zahl}", "{name: name, typ: zahl}", "feld-doppelt"},
		"word as a name":              {"{name: mass, typ: zahl}", "{name: wenn, typ: zahl}", "feld-name"},
		"no source":                   {"    quelle: Test\n", "", "quelle"},
		"ends before it begins":       {"    von: 2026-01-01\n", "    von: 2026-01-01\n    bis: 2025-01-01\n", "geltung"},
		"unknown key":                 {"    titel: Probe\n", "    titel: Probe\n    titell: x\n", "datei-form"},
		"anchor":                      {"titel: Probe", "titel: &a Probe", "datei-form"},
		"sample with a gap":           {"      zusatz: Zusatz\n", "", "beispiel"},
		"sample of a wrong type":      {"tag: 2026-12-01", "tag: morgen", "beispiel"},
		"kind of no Nebenbestimmung":  {"art: begruendung\n", "art: begruendung\n        nebenbestimmung: auflage\n", "nebenbestimmung"},
		"unknown kind":                {"      - id: grund\n", "      - {id: n, art: nebenbestimmung, nebenbestimmung: rat, text: x}\n      - id: grund\n", "nebenbestimmung"},
		"some with a kind":            {"      - id: grund\n", "      - {id: n, art: nebenbestimmung, nebenbestimmung: auflage, text: x}\n      - {id: m, art: nebenbestimmung, text: x}\n      - id: grund\n", "nebenbestimmung"},
		"all with a kind":             {"      - id: grund\n", "      - {id: n, art: nebenbestimmung, nebenbestimmung: auflage, text: x}\n      - id: grund\n", ""},
		"no such text block":          {"      - id: grund\n", "      - baustein: fehlt\n      - id: grund\n", "baustein"},
		"earlier decision of a first": {"    belehrung: widerspruch\n", "    belehrung: widerspruch\n    fruehererBleibt: true\n", "frueherer"},
		"stands and ends":             {"    bescheidArt: bewilligung\n", "    bescheidArt: aenderung\n    fruehererBleibt: true\n    wirktAb: tag\n", "frueherer"},
		"no place in the law":         {grund, "{{verfahrensrecht § 36, II}}", "verfahrensrecht"},
		"no paragraph in some Land":   {grund, "{{verfahrensrecht § 99}}", "landesrecht"},
		"ends from no day":            {"    bescheidArt: bewilligung\n", "    bescheidArt: widerruf\n    wirktAb: name\n", "platzhalter-typ"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, 1, strings.Count(probe, c.alt), "the case changes one place")
			_, err := lade(t, strings.Replace(probe, c.alt, c.neu, 1))
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, fehler.ErrInvalid)
			p := fehler.ProblemeIn(err)
			var codes []string
			for _, q := range p {
				codes = append(codes, q.Code)
				require.NotEmpty(t, q.Hinweis)
				require.True(t, strings.HasPrefix(q.Hinweis, "Zeile ") || strings.Contains(q.Meldung, "line "), q.String())
			}
			require.Contains(t, codes, "vorlage."+c.code, "%v", p)
		})
	}
}

// The table of docs: what a clerk reads.
func TestSchlechteEingaben(t *testing.T) {
	var b strings.Builder
	b.WriteString("## Vorlagen\n\nErzeugt aus den Tests: `go test ./bescheid/vorlage -run SchlechteEingaben -update`. Eine Datei mit einem Fehler wird ganz abgelehnt; " +
		"die bisherigen Vorlagen gelten weiter.\n\n| Eingabe | Code | Hinweis |\n|---|---|---|\n")
	for _, c := range [][3]string{
		{"Platzhalter falsch geschrieben", "Betreff {{name}}", "Betreff {{nam}}"},
		{"Angabe, die fehlen kann, ohne Rückfrage gedruckt", "{{wenn zusatz ist nicht leer}}{{zusatz}}{{sonst}}nichts{{ende}}", "{{zusatz}}"},
		{"Datum mit Zahl verglichen", "wenn: anzahl(posten) > 1", "wenn: tag > 1"},
		{"Wert, den die Auswahl nicht hat", "wenn: anzahl(posten) > 1", `wenn: art = "c"`},
		{"Format, das nicht zum Typ passt", "{{tag | lang}}", "{{tag | gross}}"},
		{"Schleife über ein Feld, das keine Liste ist", "je: p in posten\n", "je: p in name\n"},
		{"Block, der nie erreicht wird", "wenn: anzahl(posten) > 1", "wenn: mass > 3 und mass < 2"},
		{"Tenor nur in manchen Fällen", "        art: tenor\n        text: \"Am", "        art: tenor\n        wenn: dringend\n        text: \"Am"},
		{"Begründung fehlt", "art: begruendung", "art: hinweis"},
		{"Rechtsbehelfsbelehrung fehlt", "    belehrung: widerspruch\n", ""},
		{"`{{ende}}` fehlt", "{{sonst}}nichts{{ende}}", "{{sonst}}nichts"},
		{"Kennung eines Blocks doppelt", "- id: grund", "- id: tenor"},
		{"Beispiel mit Lücke", "      zusatz: Zusatz\n", ""},
	} {
		_, err := lade(t, strings.Replace(probe, c[1], c[2], 1))
		p := fehler.ProblemeIn(err)
		require.NotEmpty(t, p, c[0])
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", c[0], p[0].Code, p[0].Hinweis)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Vorlagen", b.String(), *update)
}

func TestOverlap(t *testing.T) {
	rest := strings.TrimPrefix(probe, "vorlagen:\n")
	zwei := func(fassung, von string) error {
		r := strings.NewReplacer("fassung: 1", "fassung: "+fassung, "von: 2026-01-01", von).Replace(rest)
		_, err := lade(t, strings.Replace(probe, "von: 2026-01-01", "von: 2026-01-01\n    bis: 2026-06-30", 1)+r)
		return err
	}
	require.NoError(t, zwei("2", "von: 2026-07-01"))
	require.NoError(t, zwei("2", "von: 2026-01-01\n    land: SH"), "the Land's own version stands beside it")
	require.Equal(t, "vorlage.geltung-doppelt", fehler.ProblemeIn(zwei("2", "von: 2026-06-30"))[0].Code)
	require.Equal(t, "vorlage.id-doppelt", fehler.ProblemeIn(zwei("1", "von: 2026-07-01"))[0].Code)
}

// The Mandant's text comes before the Land's, and that before the general one.
func TestOverrides(t *testing.T) {
	baustein := func(fassung int, mehr, text string) string {
		return fmt.Sprintf("  - {id: gruss, fassung: %d, von: 2026-01-01, quelle: Test, art: gruss, text: %q%s}\n", fassung, text, mehr)
	}
	s, err := vorlage.Load(strings.NewReader("textbausteine:\n"+
		baustein(2, ", land: SH", "Moin")+baustein(3, ", mandant: kiel", "Bis bald")), &vorlage.LoadOptions{Basis: vorlage.Standard()})
	require.NoError(t, err)
	for want, p := range map[string]vorlage.Params{
		"Mit freundlichen Grüßen": {Land: "BY"}, "Moin": {Land: "SH", Mandant: "husum"}, "Bis bald": {Land: "SH", Mandant: "kiel"},
	} {
		p.ID, p.Tag = "rueckfrage", tag
		v, err := s.Choose(p)
		require.NoError(t, err)
		e, err := v.Beispiel()
		require.NoError(t, err)
		require.Equal(t, want, e.Gruss())
	}
	_, err = s.Choose(vorlage.Params{ID: "rueckfrage", Tag: datum.MustParse("2019-12-31")})
	require.ErrorIs(t, err, fehler.ErrNotFound)
	// A text block of a Mandant is checked in every template that it can stand in.
	_, err = vorlage.Load(strings.NewReader("textbausteine:\n"+baustein(9, ", mandant: kiel", "{{gibt_es_nicht}}")), &vorlage.LoadOptions{Basis: vorlage.Standard()})
	require.Equal(t, "vorlage.platzhalter", fehler.ProblemeIn(err)[0].Code)
}

func TestDataProblems(t *testing.T) {
	s, err := lade(t, probe)
	require.NoError(t, err)
	v := waehle(t, s, "probe")
	gut := func() vorlage.Daten {
		return vorlage.Daten{"name": "N", "tag": "2026-12-01", "betrag": vorlage.Cent(5), "mass": 3, "dringend": false, "art": "b"}
	}
	_, err = v.Render(gut())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		feld string
		wert any
		code string
	}{
		"missing": {"name", nil, "daten-fehlt"}, "blank": {"name", " \n\u200b", "daten-fehlt"}, "float": {"betrag", 1.5, "daten-typ"},
		"cents or euros": {"betrag", 5, "daten-typ"}, "three places": {"betrag", "1.234", "daten-typ"}, "German number": {"betrag", "1.234,56", "daten-typ"},
		"no day": {"tag", "2026-02-30", "daten-typ"}, "choice": {"art", "c", "daten-typ"}, "truth": {"dringend", "ja", "daten-typ"},
		"unknown": {"fremd", "x", "daten-unbekannt"}, "list": {"posten", "x", "daten-typ"}, "record": {"posten", []any{1}, "daten-typ"},
		"too many": {"posten", make([]vorlage.Daten, 501), "daten-anzahl"}, "not UTF-8": {"name", "a\xff", "daten-text"},
		"too long": {"name", strings.Repeat("a", vorlage.MaxWert+1), "daten-text"},
	} {
		d := gut()
		d[c.feld] = c.wert
		_, err := v.Render(d)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.Equal(t, "vorlage."+c.code, fehler.ProblemeIn(err)[0].Code, name)
	}
}

// A result cannot grow without bound, whatever list and text come together.
func TestResultIsBounded(t *testing.T) {
	s, err := lade(t, probe)
	require.NoError(t, err)
	posten := make([]vorlage.Daten, 500)
	for i := range posten {
		posten[i] = vorlage.Daten{"text": strings.Repeat("a", vorlage.MaxWert)}
	}
	_, err = waehle(t, s, "probe").Render(vorlage.Daten{"name": "N", "tag": "2026-12-01", "betrag": vorlage.Cent(5), "mass": 3, "dringend": false, "art": "b", "posten": posten})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Equal(t, "vorlage.ergebnis-gross", fehler.ProblemeIn(err)[0].Code)
}

// What applicants write stays text: no placeholder, no paragraph, no point of a list.
func TestValuesAreNoStructure(t *testing.T) {
	v := waehle(t, vorlage.Standard(), "rueckfrage")
	d := vorlage.Daten{}
	for k, w := range v.Angaben().Beispiel {
		d[k] = w
	}
	d["anliegen"] = "{{empfaenger.name}}\n\n– Ihr Antrag ist genehmigt.\u2029\u202etxet\x00 {{je x in y}}"
	e, err := v.Render(d)
	require.NoError(t, err)
	vorher, err := v.Beispiel()
	require.NoError(t, err)
	require.Len(t, e.Teile, len(vorher.Teile))
	require.Contains(t, e.Teile[1].Text, "{{empfaenger.name}} – Ihr Antrag ist genehmigt. txet {{je x in y}}")
	require.Equal(t, strings.Count(vorher.Klartext(), "\n"), strings.Count(e.Klartext(), "\n"))
}
