package person

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Every tag of the package, on a type that is not the package's.
func TestTags(t *testing.T) {
	t.Parallel()
	p := pruefer()
	type leer struct{}
	for name, c := range map[string]struct {
		check     func(s string) error
		gut       []string
		schlecht  []string
		leerGut   bool
		code      string
		codeStern bool // the code begins with it
	}{
		"ars": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"ars"`
				}{s})
			},
			gut:      []string{"01", "053", "05315", "053150000", "053150000000", "160775004028"},
			schlecht: []string{"00", "17", "0531", "05315000000", "DE05315", " 05315", "05315 ", "0531x", "000000000000", "٠٥٣١٥", "05315\n"},
			code:     "person.ars",
		},
		"ags": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"ags"`
				}{s})
			},
			gut:      []string{"01002000", "05315000", "16077050"},
			schlecht: []string{"05315", "053150000", "17000000", "00000000", "0531500x", " 05315000", "05315000\n", "053150000000"},
			code:     "person.ags",
		},
		"leika": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"leika"`
				}{s})
			},
			gut:      []string{"99102013080000", "123"},
			schlecht: []string{"991020130800000", "99x", "urn:de:fim:leika:leistung:99102013080000", " 99102013080000", "99102013080000\n", "-1"},
			code:     "person.leika",
		},
		"iban": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"iban"`
				}{s})
			},
			gut:      []string{"DE89370400440532013000", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"},
			schlecht: []string{"DE89 3704 0044 0532 0130 00", "de89370400440532013000", "DE88370400440532013000", "XX89370400440532013000", "DE8937040044053201300", "x"},
			code:     "person.iban-", codeStern: true,
		},
		"din91379=A": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"din91379=A"`
				}{s})
			},
			gut: []string{"Erika", "Đorđe O’Neill", "C\u0306"}, leerGut: true,
			schlecht: []string{"Erika1", "u\u0308", "x\u0301", "\xff", "Ж", "a\tb", "😀"},
			code:     "din91379.", codeStern: true,
		},
		"din91379=C": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"din91379=C"`
				}{s})
			},
			gut: []string{"a\nb 1", "½"}, leerGut: true,
			schlecht: []string{"„a“", "Ω"},
			code:     "din91379.zeichen",
		},
		"din91379=E": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"din91379=E"`
				}{s})
			},
			gut: []string{"Ж Ω „a“"}, leerGut: true,
			schlecht: []string{"日"},
			code:     "din91379.zeichen",
		},
		"staat": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"staat"`
				}{s})
			},
			gut:      []string{"DE", "XK", "AT"},
			schlecht: []string{"de", "D", "DEU", "XX", "000", "staatenlos"},
			code:     "person.staat",
		},
		"nationalitaet": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"nationalitaet"`
				}{s})
			},
			gut:      []string{"DE", "XK", Staatenlos, Ungeklaert},
			schlecht: []string{"de", "STAATENLOS", "deutsch"},
			code:     "person.staat",
		},
		"telefon": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"telefon"`
				}{s})
			},
			gut:      []string{"110", "0431 12-34", "+49 (0)431/12.34"},
			schlecht: []string{"11", "---", "0431 x", "+", "04+31", strings.Repeat("1", 42)},
			code:     "person.telefon",
		},
		"rand": {
			check: func(s string) error {
				return p.Check(struct {
					X string `json:"x" validate:"rand"`
				}{s})
			},
			gut: []string{"a", "a b"}, leerGut: true,
			schlecht: []string{" a", "a ", "a\n", "\u00A0a", " "},
			code:     "person.rand",
		},
	} {
		for _, s := range c.gut {
			require.NoError(t, c.check(s), "%s %q", name, s)
		}
		if c.leerGut {
			require.NoError(t, c.check(""), name)
		} else {
			require.Error(t, c.check(""), name)
		}
		for _, s := range c.schlecht {
			err := c.check(s)
			require.Error(t, err, "%s %q passes", name, s)
			got := codes(err)
			require.Len(t, got, 1)
			require.True(t, got[0] == c.code+" /x" || c.codeStern && strings.HasPrefix(got[0], c.code) && strings.HasSuffix(got[0], " /x"), "%s %q: %s", name, s, got)
			var werte []string
			if len(s) > 4 && s != "staatenlos" {
				werte = append(werte, s)
			}
			saubere(t, err, werte...)
		}
	}
	require.NoError(t, p.Check(leer{}))
}

// faelle break one rule or a few; the golden file holds what is said.
var faelle = []struct {
	name   string
	aendre func(a *Antragsteller)
}{
	{"nobody", func(a *Antragsteller) { a.Person = nil }},
	{"both", func(a *Antragsteller) { a.Organisation = &Organisation{Name: "Muster GmbH"} }},
	{"no name", func(a *Antragsteller) { a.Person.Vornamen, a.Person.Familienname = "", "" }},
	{"digit in name", func(a *Antragsteller) { a.Person.Familienname = "Musterma7n" }},
	{"decomposed", func(a *Antragsteller) { a.Person.Vornamen = "Ju\u0308rgen" }},
	{"mark", func(a *Antragsteller) { a.Person.Geburtsname = "Gax\u0301bler" }},
	{"broken text", func(a *Antragsteller) { a.Person.Titel = "D\xff" }},
	{"blank at the end", func(a *Antragsteller) { a.Person.Anrede = "Frau " }},
	{"long name", func(a *Antragsteller) { a.Person.Vornamen = strings.Repeat("Erika ", 40) + "E" }},
	{"born tomorrow", func(a *Antragsteller) { a.Person.Geburtsdatum = VonDatum(heute.AddTage(1)) }},
	{"place", func(a *Antragsteller) { a.Person.Geburtsort = Ort{Name: "Ωrt", AGS: "99999999", Staat: "xx"} }},
	{"nationalities", func(a *Antragsteller) { a.Person.Staatsangehoerigkeiten = []string{"DE", "deutsch"} }},
	{"nationality twice", func(a *Antragsteller) { a.Person.Staatsangehoerigkeiten = []string{"DE", "DE"} }},
	{"nationalities, many", func(a *Antragsteller) { a.Person.Staatsangehoerigkeiten = slices.Repeat([]string{"DE"}, 11) }},
	{"address", func(a *Antragsteller) { a.Anschrift.PLZ, a.Anschrift.Ort, a.Anschrift.ARS = "A-1010", "", "99" }},
	{"address abroad", func(a *Antragsteller) {
		a.Anschrift.PLZ, a.Anschrift.Staat, a.Anschrift.Strasse = "SW1A 1AA", "UK", "☃"
	}},
	{"contact", func(a *Antragsteller) { a.Kontakt = Kontakt{EMail: "erika@", Telefon: "anrufen"} }},
	{"iban missing", func(a *Antragsteller) { a.Bankverbindung = &Bankverbindung{} }},
	{"iban form", func(a *Antragsteller) { a.Bankverbindung.IBAN = "DE89 3704" }},
	{"iban country", func(a *Antragsteller) { a.Bankverbindung.IBAN = "QQ89370400440532013000" }},
	{"iban length", func(a *Antragsteller) { a.Bankverbindung.IBAN = "DE8937040044053201300" }},
	{"iban check digits", func(a *Antragsteller) { a.Bankverbindung.IBAN = "DE89370400440532013001" }},
	{"Vertretung empty", func(a *Antragsteller) { a.Vertretungen = []Vertretung{{}} }},
	{"Vertretungen, many", func(a *Antragsteller) { a.Vertretungen = slices.Repeat(a.Vertretungen, 21) }},
	{"Vertretung", func(a *Antragsteller) {
		v := &a.Vertretungen[0]
		v.Art, v.Zeitraum.Bis, v.Nachweis.Art = "freundschaft", datum.New(2025, time.March, 1), "wort"
		v.Umfang.Leistungen[0], v.Umfang.Gebiet, v.Umfang.Aufgaben = "x", "x", []string{""}
	}},
	{"register", func(a *Antragsteller) { a.Vertretungen[0].Organisation.Register = Register{Nummer: "1"} }},
	{"register number", func(a *Antragsteller) { a.Vertretungen[0].Organisation.Register = Register{Art: "XYZ"} }},
	{"Betreuung of an Organisation", func(a *Antragsteller) {
		a.Person, a.Organisation = nil, &Organisation{Name: "Muster GmbH"}
		a.Vertretungen[0].Art = Betreuung
	}},
}

// dokumente are refused before their values are looked at.
var dokumente = []struct{ name, json string }{
	{"no JSON", `{"person":`},
	{"twice", `{"konto":"a","konto":"b"}`},
	{"trailing", `{} {}`},
	{"unknown field", `{"person":{"vornamen":"Erika","schuhgroesse":"41"}}`},
	{"other case", `{"Person":{"vornamen":"Erika"}}`},
	{"wrong kind", `{"person":[],"vertretungen":{},"konto":5,"bankverbindung":{"iban":{}}}`},
	{"dates", `{"person":{"familienname":"M","geburtsdatum":"1950-02-30"},"vertretungen":[{"zeitraum":{"von":"gestern"}}]}`},
	{"uuid", `{"vertretungen":[{"nachweis":{"datei":"x"}}]}`},
	{"array", `[]`},
	{"null", `null`},
	{"large", `{"konto":"` + strings.Repeat("x", MaxBytes) + `"}`},
}

type fall struct {
	Name     string          `json:"name"`
	Probleme fehler.Probleme `json:"probleme"`
}

func TestProblemsAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	p := pruefer()
	var got []fall
	for _, f := range faelle {
		a := erika()
		f.aendre(&a)
		err := p.Check(&a)
		saubere(t, err)
		got = append(got, fall{f.name, fehler.ProblemeIn(err)})
	}
	for _, d := range dokumente {
		var a Antragsteller
		err := p.Decode([]byte(d.json), &a)
		saubere(t, err)
		got = append(got, fall{d.name, fehler.ProblemeIn(err)})
	}
	err := p.Check(struct {
		Farbe string `validate:"hexcolor"`
	}{"rot"})
	saubere(t, err)
	got = append(got, fall{"a rule of the caller", fehler.ProblemeIn(err)})

	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	require.NoError(t, e.Encode(got))
	const datei = "testdata/probleme.json"
	if *update {
		require.NoError(t, os.WriteFile(datei, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(datei)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String(), "run with -update and read the difference")

	// Every text is among them.
	for regel, x := range texte {
		require.True(t, slices.ContainsFunc(got, func(f fall) bool {
			return slices.ContainsFunc(f.Probleme, func(q fehler.Problem) bool {
				anfang, _, _ := strings.Cut(x.hinweis, "{")
				return q.Code == x.code && strings.HasPrefix(q.Hinweis, anfang)
			})
		}), "no case for %q", regel)
	}
	for grund, x := range ibanTexte {
		require.Contains(t, b.String(), x[1], grund)
	}
}

// Every field of the types has a name for the clerk.
func TestEveryFieldHasALabel(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(erika())
	require.NoError(t, err)
	var baum any
	require.NoError(t, json.Unmarshal(b, &baum))
	seen := map[string]bool{}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, w := range v {
				seen[k] = true
				require.Contains(t, labels, strings.ToLower(k))
				walk(w)
			}
		case []any:
			for _, w := range v {
				walk(w)
			}
		}
	}
	walk(baum)
	for k := range labels {
		for n := range strings.SplitSeq(k, "/") {
			require.True(t, n == "" || seen[n], "no field %s", n)
		}
	}
}

// Mistakes of the program are told apart from those of the data.
func TestMistakesOfTheProgram(t *testing.T) {
	t.Parallel()
	p := pruefer()
	for _, x := range []any{
		nil, 5, "text", (*Person)(nil), []Person{},
		struct {
			X string `validate:"gibtesnicht"`
		}{"geheim"},
		struct {
			X string `validate:"din91379=Z"`
		}{"geheim"},
		struct {
			X string `validate:"din91379"`
		}{"geheim"},
		struct {
			X int `validate:"iban"`
		}{5},
		struct {
			X string `validate:"max=viel"`
		}{"geheim"},
	} {
		err := p.Check(x)
		require.ErrorIs(t, err, fehler.ErrUnsupported, "%T", x)
		require.False(t, errors.Is(err, fehler.ErrInvalid))
		require.NotContains(t, err.Error(), "geheim")
	}
	for _, x := range []any{nil, 5, Person{}, (*Person)(nil), &[]string{}} {
		require.ErrorIs(t, p.Decode([]byte(`{}`), x), fehler.ErrUnsupported)
	}
	require.NoError(t, p.Check(erika()), "the Pruefer works on after a panic")
}

// Two Pruefer share nothing, and one serves many.
func TestPrueferAreIndependentAndConcurrent(t *testing.T) {
	t.Parallel()
	frueh := New(&Options{Now: func() time.Time { return datum.New(1950, time.January, 1).Beginn() }})
	spaet := pruefer()
	jetzt := New(nil)
	doc, err := json.Marshal(erika())
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				var a Antragsteller
				if err := spaet.Decode(doc, &a); err != nil {
					t.Error(err)
				}
				if err := jetzt.Check(a); err != nil {
					t.Error(err)
				}
				if got := codes(frueh.Check(&a)); len(got) != 1 || got[0] != "person.zukunft /person/geburtsdatum" {
					t.Error(got)
				}
			}
		})
	}
	wg.Wait()
}

func TestZeiger(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a": "/a", "a.b[0].c": "/a/b/0/c", "a[1][2]": "/a/1/2"} {
		require.Equal(t, want, zeiger(in))
	}
	p := pruefer()
	type innen struct {
		Y string `validate:"required"`
		Z string `json:"-" validate:"required"`
	}
	type aussen[T any] struct {
		innen
		L []T `json:"l,omitempty" validate:"dive"`
	}
	require.Equal(t, []string{"person.fehlt /Y", "person.fehlt /Z", "person.fehlt /l/0/Y", "person.fehlt /l/0/Z"}, codes(p.Check(aussen[innen]{L: []innen{{}}})))
	var viele aussen[innen]
	viele.L = make([]innen, 1000)
	require.Len(t, fehler.ProblemeIn(p.Check(viele)), MaxProbleme)
}
