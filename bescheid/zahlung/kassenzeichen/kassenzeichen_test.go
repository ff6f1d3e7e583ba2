package kassenzeichen_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/kassenzeichen"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write the section of docs/schlechte-eingaben.md")

// Worked by hand or taken from the standards: 7992739871 has the Luhn digit 3,
// ISO 7064 gives 44 for 794 (its own example); 2 to 7 over 123456 sum to 77 (remainder 0).
func TestGenerate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s    kassenzeichen.Schema
		n    uint64
		jahr int
		want string
	}{
		{kassenzeichen.Schema{Name: "luhn", Stellen: 10, Verfahren: kassenzeichen.Luhn}, 7992739871, 0, "79927398713"},
		{kassenzeichen.Schema{Name: "97", Stellen: 4, Verfahren: kassenzeichen.Mod97}, 794, 0, "079444"},
		{kassenzeichen.Schema{Name: "11", Stellen: 6, Verfahren: kassenzeichen.Mod11}, 123456, 0, "1234560"},
		{kassenzeichen.Schema{Name: "11x", Stellen: 4, Verfahren: kassenzeichen.Mod11, Zehn: kassenzeichen.ZehnX}, 6, 0, "0006X"},
		{kassenzeichen.Schema{Name: "11-0", Stellen: 4, Verfahren: kassenzeichen.Mod11, Zehn: kassenzeichen.ZehnNull}, 6, 0, "00060"},
		{kassenzeichen.Schema{Name: "jahr", Praefix: "KI", Jahr: 2, Stellen: 6, Verfahren: kassenzeichen.Keine}, 42, 2026, "KI26000042"},
	} {
		require.NoError(t, c.s.Check())
		got, err := c.s.Generate(c.n, c.jahr)
		require.NoError(t, err, c.s.Name)
		require.Equal(t, c.want, got)
		require.True(t, c.s.Valid(got))
		require.Len(t, got, c.s.Laenge())
	}
	// 12: 98-(1200 mod 97); remainder 10 is left out by default: 6*2 = 12, 11-1 = 10.
	_, err := kassenzeichen.Schema{Name: "11", Stellen: 4, Verfahren: kassenzeichen.Mod11}.Generate(6, 0)
	require.Equal(t, "kassenzeichen.auslassen", fehler.ProblemeIn(err)[0].Code)
	_, err = kassenzeichen.Schema{Name: "11", Stellen: 4, Verfahren: kassenzeichen.Mod11}.Generate(10000, 0)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = kassenzeichen.Schema{Name: "j", Jahr: 4, Stellen: 4, Verfahren: kassenzeichen.Luhn}.Generate(1, 0)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Equal(t, "KI 26 000042", kassenzeichen.Schema{Gruppen: []int{2, 2}}.Format("KI26000042"))
	require.Equal(t, "KI", kassenzeichen.Schema{Gruppen: []int{2, 2}}.Format("KI"))
}

func schema(t *rapid.T) kassenzeichen.Schema {
	s := kassenzeichen.Schema{
		Name: "s", Praefix: rapid.StringMatching(`[A-Z0-9]{0,4}`).Draw(t, "praefix"), Jahr: rapid.SampledFrom([]int{0, 2, 4}).Draw(t, "jahr"),
		Stellen:   rapid.IntRange(4, 12).Draw(t, "stellen"),
		Verfahren: rapid.SampledFrom([]kassenzeichen.Verfahren{kassenzeichen.Luhn, kassenzeichen.Mod11, kassenzeichen.Mod97, kassenzeichen.Keine}).Draw(t, "verfahren"),
	}
	if s.Verfahren == kassenzeichen.Mod11 {
		s.Zehn = rapid.SampledFrom([]kassenzeichen.Zehn{"", "X", "0"}).Draw(t, "zehn")
		s.Gewichte = rapid.SliceOfN(rapid.IntRange(1, 10), 0, 8).Draw(t, "gewichte")
	}
	return s
}

func erzeuge(t *rapid.T, s kassenzeichen.Schema) string {
	n := rapid.Uint64Range(0, 9999).Draw(t, "nummer")
	for {
		k, err := s.Generate(n%10000, 2026)
		if err == nil {
			return k
		}
		if ps := fehler.ProblemeIn(err); len(ps) == 0 || ps[0].Code != "kassenzeichen.auslassen" {
			t.Fatal(err)
		}
		n++
	}
}

// What a Schema promises holds: single wrong digits and neighbours swapped are found.
func TestZusage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := schema(t)
		k := erzeuge(t, s)
		z := s.Zusage()
		von := len(s.Praefix)
		i := rapid.IntRange(von, len(k)-1).Draw(t, "stelle")
		d := rapid.SampledFrom([]byte("0123456789")).Draw(t, "ziffer")
		if falsch := k[:i] + string(d) + k[i+1:]; z.Einzelfehler && falsch != k && s.Valid(falsch) {
			t.Fatalf("%+v: %s passes for %s", s, falsch, k)
		}
		if i+1 < len(k) && k[i] != k[i+1] {
			dreher := k[:i] + string(k[i+1]) + string(k[i]) + k[i+2:]
			neunNull := k[i]+k[i+1] == '0'+'9' && (k[i] == '0' || k[i] == '9')
			if (z.Dreher || s.Verfahren == kassenzeichen.Luhn && !neunNull) && s.Valid(dreher) {
				t.Fatalf("%+v: %s passes for %s", s, dreher, k)
			}
		}
	})
}

// Where a Schema promises nothing, errors do pass: the promise is no empty word.
func TestZusageIsTight(t *testing.T) {
	t.Parallel()
	luhn := kassenzeichen.Schema{Name: "l", Stellen: 4, Verfahren: kassenzeichen.Luhn}
	require.False(t, luhn.Zusage().Dreher)
	a, err := luhn.Generate(1090, 0)
	require.NoError(t, err)
	require.True(t, luhn.Valid(strings.Replace(a, "09", "90", 1)))
	require.False(t, kassenzeichen.Schema{Name: "k", Stellen: 4, Verfahren: kassenzeichen.Keine}.Zusage().Einzelfehler)
	gleich := kassenzeichen.Schema{Name: "g", Stellen: 4, Verfahren: kassenzeichen.Mod11, Gewichte: []int{3, 3}, Zehn: kassenzeichen.ZehnX}
	require.False(t, gleich.Zusage().Dreher)
	b, err := gleich.Generate(1234, 0)
	require.NoError(t, err)
	require.True(t, gleich.Valid("2134"+b[4:]))
	null := kassenzeichen.Schema{Name: "n", Stellen: 4, Verfahren: kassenzeichen.Mod11, Zehn: kassenzeichen.ZehnNull}
	require.False(t, null.Zusage().Einzelfehler)
	require.True(t, null.Valid("00060") && null.Valid("00000"), "6 and 0 share a check digit")
}

func TestFind(t *testing.T) {
	t.Parallel()
	luhn := kassenzeichen.Schema{Name: "luhn", Praefix: "50", Stellen: 8, Verfahren: kassenzeichen.Luhn}
	ki := kassenzeichen.Schema{Name: "ki", Praefix: "KIO", Stellen: 6, Verfahren: kassenzeichen.Mod97}
	k, err := luhn.Generate(103070, 0)
	require.NoError(t, err)
	require.Equal(t, "50001030704", k)
	l, err := ki.Generate(4711, 0)
	require.NoError(t, err)
	alle := []kassenzeichen.Schema{luhn, ki}
	for text, want := range map[string][]string{
		k:                                   {k},
		"Hundesteuer 2026 " + k + " Müller": {k},
		"KZ:" + k + "MUELLER":               {k},
		"5000 1030 704":                     {k},
		"500010\n  30704":                   {k},
		"5OOO1O3O7O4":                       {k},
		"50-00.10/30704":                    {k},
		"5000      1030704":                 nil, // too far apart
		"1" + k:                             nil, // a longer row of digits
		k + "0":                             nil,
		"50001030703":                       nil, // wrong check digit
		"DE89 3704 0044 0532 0130 00":       nil,
		strings.ToLower(l):                  {l},
		"KI0" + l[3:]:                       {l},
		"A" + l:                             nil, // a longer word
		k + " und " + l + " und " + k:       {k, l},
		strings.Repeat("x", kassenzeichen.MaxText) + " " + k: nil,
		"": nil,
	} {
		var got []string
		fs := kassenzeichen.Find(text, alle)
		for _, f := range fs {
			if f.Gueltig {
				got = append(got, f.Kassenzeichen)
			}
		}
		require.Equal(t, want, got, "%q", text)
		_, ok := kassenzeichen.Eindeutig(fs)
		require.Equal(t, len(want) == 1, ok, "%q", text)
	}
	f := kassenzeichen.Find("50001030703", alle)
	require.Len(t, f, 1)
	require.False(t, f[0].Gueltig)
	require.True(t, kassenzeichen.Find(k, alle)[0].Genau)
	require.False(t, kassenzeichen.Find("5000 1030704", alle)[0].Genau)
}

// Whatever way people write it, it is found again.
func TestFindRapid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := schema(t)
		k := erzeuge(t, s)
		var b strings.Builder
		b.WriteString("Zahlung: ")
		for i := range len(k) {
			if i > 0 {
				b.WriteString(rapid.SampledFrom([]string{"", "", "", " ", "\n", "-", ". "}).Draw(t, "luecke"))
			}
			if k[i] == '0' && rapid.Bool().Draw(t, "O") {
				b.WriteByte('O')
			} else {
				b.WriteByte(k[i])
			}
		}
		for _, f := range kassenzeichen.Find(b.String(), []kassenzeichen.Schema{s}) {
			if f.Kassenzeichen == k && f.Gueltig {
				return
			}
		}
		t.Fatalf("%+v: %s is not found in %q", s, k, b.String())
	})
}

func FuzzFind(f *testing.F) {
	f.Add("5000 1030 702")
	f.Add("KIO 004711 O0\u200b1")
	f.Add("\xff5OOO\u0660\u0661")
	alle := []kassenzeichen.Schema{
		{Name: "luhn", Praefix: "50", Stellen: 8, Verfahren: kassenzeichen.Luhn}, {Name: "kio", Praefix: "KIO", Stellen: 6, Verfahren: kassenzeichen.Mod97},
		{Name: "m", Stellen: 4, Verfahren: kassenzeichen.Mod11, Zehn: kassenzeichen.ZehnX},
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, x := range kassenzeichen.Find(text, alle) {
			for _, s := range alle {
				if s.Name == x.Schema && s.Valid(x.Kassenzeichen) != x.Gueltig {
					t.Fatalf("%q: %+v", text, x)
				}
			}
		}
	})
}

func schlechte() []struct {
	name string
	s    kassenzeichen.Schema
	pfad string
} {
	gut := kassenzeichen.Schema{Name: "s", Stellen: 8, Verfahren: kassenzeichen.Mod11}
	mit := func(f func(*kassenzeichen.Schema)) kassenzeichen.Schema { s := gut; f(&s); return s }
	return []struct {
		name string
		s    kassenzeichen.Schema
		pfad string
	}{
		{"ohne Namen", mit(func(s *kassenzeichen.Schema) { s.Name = "" }), "/name"},
		{"Präfix mit Umlaut", mit(func(s *kassenzeichen.Schema) { s.Praefix = "Ä" }), "/praefix"},
		{"Präfix zu lang", mit(func(s *kassenzeichen.Schema) { s.Praefix = "ABCDEFGHIJK" }), "/praefix"},
		{"dreistelliges Jahr", mit(func(s *kassenzeichen.Schema) { s.Jahr = 3 }), "/jahr"},
		{"zu wenige Stellen", mit(func(s *kassenzeichen.Schema) { s.Stellen = 3 }), "/stellen"},
		{"zu viele Stellen", mit(func(s *kassenzeichen.Schema) { s.Stellen = 19 }), "/stellen"},
		{"unbekanntes Verfahren", mit(func(s *kassenzeichen.Schema) { s.Verfahren = "mod7" }), "/verfahren"},
		{"Gewicht 11 (wirkt nicht)", mit(func(s *kassenzeichen.Schema) { s.Gewichte = []int{2, 11} }), "/gewichte"},
		{"Gewichte ohne mod11", mit(func(s *kassenzeichen.Schema) { s.Verfahren, s.Gewichte = kassenzeichen.Luhn, []int{2} }), "/gewichte"},
		{"unbekannte Behandlung der Zehn", mit(func(s *kassenzeichen.Schema) { s.Zehn = "Y" }), "/zehn"},
		{"leere Gruppe", mit(func(s *kassenzeichen.Schema) { s.Gruppen = []int{0} }), "/gruppen"},
	}
}

func TestSchlechteEingaben(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("## Schema eines Kassenzeichens\n\nErzeugt aus den Tests: `go test ./bescheid/zahlung/kassenzeichen -run Schlechte -update`. Code ist immer `kassenzeichen.schema`; mit so einem Schema wird kein Kassenzeichen erzeugt und keines gefunden.\n\n| Schema | Stelle | Hinweis |\n|---|---|---|\n")
	for _, c := range schlechte() {
		ps := fehler.ProblemeIn(c.s.Check())
		require.Len(t, ps, 1, c.name)
		require.Equal(t, c.pfad, ps[0].Pfad, c.name)
		require.Equal(t, "kassenzeichen.schema", ps[0].Code)
		_, err := c.s.Generate(1, 2026)
		require.True(t, errors.Is(err, fehler.ErrInvalid))
		require.False(t, c.s.Valid("000000010"))
		require.Empty(t, kassenzeichen.Find("000000010", []kassenzeichen.Schema{c.s}))
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", c.name, c.pfad, ps[0].Hinweis)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Schema eines Kassenzeichens", b.String(), *update)
}
