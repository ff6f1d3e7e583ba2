package person

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// What is valid comes back as it was, and is written as it was read.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	p := pruefer()
	for _, a := range []Antragsteller{erika(), {Stammdaten: Stammdaten{Person: &Person{Familienname: "Mustermann"}}}} {
		rundreise(t, p, a)
	}
	rapid.Check(t, func(rt *rapid.T) { rundreise(rt, p, gueltige.Draw(rt, "a")) })

	// The smallest form says nothing that is not known.
	b, err := json.Marshal(Antragsteller{Stammdaten: Stammdaten{Person: &Person{Familienname: "Mustermann"}}})
	require.NoError(t, err)
	require.JSONEq(t, `{"person":{"familienname":"Mustermann"}}`, string(b))
	var a Antragsteller
	require.NoError(t, p.Decode([]byte(`{"person":{"familienname":"Mustermann","titel":null,"geburtsdatum":null},"organisation":null,"vertretungen":null}`), &a))
	require.Equal(t, Antragsteller{Stammdaten: Stammdaten{Person: &Person{Familienname: "Mustermann"}}}, a, "null means absent")
}

func rundreise(t require.TestingT, p *Pruefer, a Antragsteller) {
	b, err := json.Marshal(a)
	require.NoError(t, err)
	var c Antragsteller
	require.NoError(t, p.Decode(b, &c), "%s", b)
	require.Equal(t, a, c)
	again, err := json.Marshal(c)
	require.NoError(t, err)
	require.Equal(t, string(b), string(again))
}

// A valid value with one field broken is refused at exactly this field.
func TestOneBrokenFieldIsFound(t *testing.T) {
	t.Parallel()
	p := pruefer()
	rapid.Check(t, func(rt *rapid.T) {
		a := gueltige.Draw(rt, "a")
		if len(a.Vertretungen) == 0 {
			a.Vertretungen = erika().Vertretungen
		}
		i := rapid.IntRange(0, len(a.Vertretungen)-1).Draw(rt, "i")
		v := &a.Vertretungen[i]
		want := ""
		switch rapid.IntRange(0, 3).Draw(rt, "was") {
		case 0:
			v.Art, want = "x", "art"
		case 1:
			v.Umfang.Gebiet, want = "17", "umfang/gebiet"
		case 2:
			v.Umfang.Leistungen, want = []tenant.Leistungsschluessel{"1", "x"}, "umfang/leistungen/1"
		default:
			v.Person, v.Organisation = &Person{Vornamen: "A", Familienname: "B?"}, nil
			want = "person/familienname"
		}
		got := fehler.ProblemeIn(p.Check(&a))
		require.Len(rt, got, 1)
		require.Equal(rt, "/vertretungen/"+string(rune('0'+i))+"/"+want, got[0].Pfad)
	})
}

// No problem repeats what was entered, whatever and wherever it is.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	p := pruefer()
	// Four letters or more that no text of ours has.
	geheim := rapid.StringOfN(rapid.SampledFrom([]rune("QXŽqxÿ7☃Жß\u0301 ")), 4, 30, -1).Filter(func(s string) bool { return len(strings.TrimSpace(s)) >= 4 && utf8.ValidString(s) })
	rapid.Check(t, func(rt *rapid.T) {
		var werte []string
		w := func(name string) string {
			s := geheim.Draw(rt, name)
			werte = append(werte, s)
			return s
		}
		pers := Person{
			Anrede: w("a"), Titel: w("b"), Vornamen: w("c"), Familienname: w("d"), Geburtsname: w("e"),
			Geburtsort: Ort{Name: w("f"), AGS: w("g"), Staat: w("h")}, Staatsangehoerigkeiten: []string{w("i"), w("j")},
		}
		org := Organisation{Name: w("k"), Rechtsform: w("l"), Register: Register{w("m"), w("n"), w("o")}}
		s := Stammdaten{
			Person: &pers, Organisation: &org, Kontakt: Kontakt{w("p"), w("q")},
			Anschrift: Anschrift{Anschrift: tenant.Anschrift{Strasse: w("r"), Hausnummer: w("s"), Zusatz: w("t"), PLZ: w("u"), Ort: w("v")}, Staat: w("w"), ARS: tenant.ARS(w("x"))},
		}
		a := Antragsteller{Konto: w("y"), Stammdaten: s, Bankverbindung: &Bankverbindung{IBAN(w("z")), w("ä")}, Vertretungen: []Vertretung{{
			Art: Vertretungsart(w("art")), Stammdaten: s, Nachweis: &Nachweis{Art: w("na"), Datei: uuid.Max},
			Umfang: Umfang{Leistungen: []tenant.Leistungsschluessel{tenant.Leistungsschluessel(w("l1"))}, Gebiet: tenant.ARS(w("ge")), Aufgaben: []string{w("au")}, Bemerkung: w("be")},
		}}}
		saubere(rt, p.Check(a), werte...)

		// As values of the wrong form, and as the names of fields.
		b, err := json.Marshal(map[string]any{
			werte[0]: 1, "person": map[string]any{werte[1]: werte[2], "geburtsdatum": werte[3], "vornamen": []string{werte[4]}},
			"vertretungen": []any{map[string]any{"zeitraum": map[string]any{"von": werte[5]}, "nachweis": map[string]any{"datei": werte[6]}}, werte[7]},
		})
		require.NoError(rt, err)
		saubere(rt, p.Decode(b, &Antragsteller{}), werte...)
		saubere(rt, p.Decode([]byte(werte[0]), &Antragsteller{}), werte...)
	})
}

func FuzzDecode(f *testing.F) {
	for _, a := range []Antragsteller{erika(), {}} {
		b, err := json.Marshal(a)
		require.NoError(f, err)
		f.Add(b)
	}
	for _, d := range dokumente {
		if len(d.json) < 1000 {
			f.Add([]byte(d.json))
		}
	}
	p := pruefer()
	f.Fuzz(func(t *testing.T, b []byte) {
		var a Antragsteller
		if err := p.Decode(b, &a); err != nil {
			saubere(t, err)
			return
		}
		// Accepted: the standard library reads the same, and it survives a round trip.
		var c Antragsteller
		require.NoError(t, json.Unmarshal(b, &c))
		require.Equal(t, a, c)
		again, err := json.Marshal(a)
		require.NoError(t, err)
		var d Antragsteller
		require.NoError(t, p.Decode(again, &d))
		third, err := json.Marshal(d)
		require.NoError(t, err)
		require.Equal(t, string(again), string(third))
	})
}

// json.Unmarshal into the same type is the floor of Decode.
func BenchmarkDecode(b *testing.B) {
	p, a := pruefer(), erika()
	doc, err := json.Marshal(a)
	require.NoError(b, err)
	for name, f := range map[string]func() error{
		"Decode":         func() error { return p.Decode(doc, new(Antragsteller)) },
		"Check":          func() error { return p.Check(&a) },
		"json.Unmarshal": func() error { return json.Unmarshal(doc, new(Antragsteller)) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Fields of an embedded struct that has a name in JSON stand below that name only.
func TestEmbeddedWithAName(t *testing.T) {
	t.Parallel()
	type x struct {
		Ort `json:"ort"`
	}
	p := pruefer()
	var v x
	require.NoError(t, p.Decode([]byte(`{"ort":{"name":"Kiel"}}`), &v))
	require.Equal(t, "Kiel", v.Name)
	require.ErrorIs(t, p.Decode([]byte(`{"name":"Kiel"}`), &v), fehler.ErrInvalid)
}
