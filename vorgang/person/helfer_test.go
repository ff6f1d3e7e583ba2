package person

import (
	"flag"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang/din91379"
)

var update = flag.Bool("update", false, "write the golden file anew")

// heute is the day of all tests.
var heute = datum.New(2026, time.November, 25)

func pruefer() *Pruefer {
	return New(&Options{Now: func() time.Time { return heute.Beginn() }})
}

// erika is valid and has every field.
func erika() Antragsteller {
	return Antragsteller{
		Konto: "muster-konto",
		Stammdaten: Stammdaten{
			Person: &Person{
				Anrede: "Frau", Titel: "Dr.", Vornamen: "Erika", Familienname: "Mustermann", Geburtsname: "Gabler",
				Geburtsdatum: VonDatum(datum.New(1964, time.August, 12)), Geburtsort: Ort{Name: "Berlin", AGS: "11000000", Staat: "DE"},
				Staatsangehoerigkeiten: []string{"DE", "XK"},
			},
			Anschrift: Anschrift{
				Anschrift: tenant.Anschrift{Strasse: "Heidestraße", Hausnummer: "17", Zusatz: "Hinterhaus", PLZ: "51147", Ort: "Köln"},
				Staat:     "DE", ARS: "053150000000",
			},
			Kontakt: Kontakt{EMail: "erika@example.org", Telefon: "+49 221 000-17"},
		},
		Bankverbindung: &Bankverbindung{IBAN: "DE89370400440532013000", Inhaber: "Max Mustermann"},
		Vertretungen: []Vertretung{{
			Art: Bevollmaechtigt,
			Stammdaten: Stammdaten{Organisation: &Organisation{
				Name: "Muster & Partner „Recht“", Rechtsform: "PartG mbB", Register: Register{Art: "PR", Nummer: "12", Gericht: "Köln"},
			}},
			Zeitraum: datum.Zeitraum{Von: datum.New(2026, time.January, 1), Bis: datum.New(2026, time.December, 31)},
			Umfang: Umfang{
				Leistungen: []tenant.Leistungsschluessel{"99102013080000"}, Gebiet: "05", Aufgaben: []string{"Bauantrag"}, Bemerkung: "nur\nEmpfang",
			},
			Nachweis: &Nachweis{Art: "vollmacht", Datei: uuid.MustParse("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"), Ausgestellt: datum.New(2025, time.December, 30)},
		}},
	}
}

// codes gives "code at pointer" of each problem.
func codes(err error) []string {
	var out []string
	for _, p := range fehler.ProblemeIn(err) {
		out = append(out, strings.TrimSpace(p.Code+" "+p.Pfad))
	}
	return out
}

var (
	codeForm    = regexp.MustCompile(`^(person|din91379)\.[a-z0-9-]+$`)
	zeigerForm  = regexp.MustCompile(`^(/[A-Za-z0-9]+)*$`)
	hinweisForm = regexp.MustCompile(`^[A-ZÄÖÜ„].* Bitte [^.]+\.$`)
	lueckeForm  = regexp.MustCompile(`[{}]|%!|„“`)
)

// saubere tells what every problem is, and that it repeats none of the values.
func saubere(t require.TestingT, err error, werte ...string) {
	ps := fehler.ProblemeIn(err)
	require.NotEmpty(t, ps)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.LessOrEqual(t, len(ps), MaxProbleme)
	alles := fmt.Sprintf("%+v %v", ps, err)
	for _, p := range ps {
		require.Regexp(t, codeForm, p.Code)
		require.Regexp(t, zeigerForm, p.Pfad)
		require.NotEmpty(t, p.Meldung)
		require.Regexp(t, hinweisForm, p.Hinweis)
		require.NotRegexp(t, lueckeForm, p.Meldung+p.Hinweis)
	}
	for _, w := range werte {
		require.False(t, strings.Contains(alles, w), "%q is in %s", w, alles)
	}
}

// The generators make what the rules allow, and keep in the limits of the types.

func namen(t din91379.Typ) *rapid.Generator[string] {
	zeichen := slices.Collect(din91379.Zeichen(t))
	return rapid.Custom(func(rt *rapid.T) string {
		return strings.TrimSpace(strings.Join(rapid.SliceOfN(rapid.SampledFrom(zeichen), 1, 12).Draw(rt, "z"), ""))
	}).Filter(func(s string) bool { return s != "" })
}

var (
	nameA, nameB, nameC, nameD = namen(din91379.A), namen(din91379.B), namen(din91379.C), namen(din91379.D)
	staaten                    = rapid.SampledFrom([]string{"DE", "FR", "XK", "TR", "UA"})
	arsGen                     = rapid.SampledFrom([]tenant.ARS{"01", "053", "05315", "053150000", "053150000000"})
	leikaGen                   = rapid.StringMatching(`99[0-9]{12}`)
	tage                       = rapid.Custom(func(t *rapid.T) datum.Datum { return heute.AddTage(-rapid.IntRange(0, 40000).Draw(t, "tage")) })
	teildaten                  = rapid.Custom(func(t *rapid.T) Teildatum {
		d := VonDatum(tage.Draw(t, "tag"))
		switch rapid.IntRange(0, 2).Draw(t, "genau") {
		case 0:
			d.tag = 0
		case 1:
			d.tag, d.monat = 0, 0
		}
		return d
	})
	ibans = rapid.Custom(func(t *rapid.T) IBAN {
		land := rapid.SampledFrom([]string{"DE", "FR", "NO", "MT", "RU", "XK"}).Draw(t, "land")
		k := IBAN(land + "00" + rapid.StringMatching(fmt.Sprintf(`[0-9A-Z]{%d}`, ibanLaenge[land]-4)).Draw(t, "bban"))
		return IBAN(fmt.Sprintf("%s%02d%s", land, 98-k.rest(), k[4:]))
	})
)

// oder draws the value or the zero value.
func oder[T any](t *rapid.T, name string, g *rapid.Generator[T]) T {
	var zero T
	return rapid.OneOf(rapid.Just(zero), g).Draw(t, name)
}

var stammdaten = rapid.Custom(func(t *rapid.T) Stammdaten {
	var s Stammdaten
	if rapid.Bool().Draw(t, "person") {
		p := Person{
			Titel: oder(t, "titel", nameA), Vornamen: oder(t, "vornamen", nameA), Familienname: oder(t, "familienname", nameA),
			Geburtsdatum: oder(t, "geboren", teildaten),
			Geburtsort:   Ort{Name: oder(t, "ort", nameB), AGS: oder(t, "ags", rapid.Just("01002000")), Staat: oder(t, "staat", staaten)},
		}
		if p.Vornamen+p.Familienname == "" {
			p.Familienname = "Muster"
		}
		if rapid.Bool().Draw(t, "staatenlos") {
			p.Staatsangehoerigkeiten = []string{Staatenlos}
		}
		s.Person = &p
	} else {
		s.Organisation = &Organisation{Name: nameD.Draw(t, "name"), Rechtsform: oder(t, "form", nameC)}
		if rapid.Bool().Draw(t, "register") {
			s.Organisation.Register = Register{Art: "VR", Nummer: nameB.Draw(t, "nummer"), Gericht: oder(t, "gericht", nameB)}
		}
	}
	if rapid.Bool().Draw(t, "anschrift") {
		s.Anschrift = Anschrift{
			Anschrift: tenant.Anschrift{Strasse: oder(t, "strasse", nameB), PLZ: oder(t, "plz", rapid.StringMatching(`[0-9]{5}`)), Ort: nameB.Draw(t, "ort")},
			Staat:     oder(t, "staat", staaten), ARS: oder(t, "ars", arsGen),
		}
	}
	s.Kontakt.Telefon = oder(t, "telefon", rapid.StringMatching(`\+49 [0-9]{3,12}`))
	return s
})

var gueltige = rapid.Custom(func(t *rapid.T) Antragsteller {
	a := Antragsteller{Konto: oder(t, "konto", nameB), Stammdaten: stammdaten.Draw(t, "a")}
	if rapid.Bool().Draw(t, "bank") {
		a.Bankverbindung = &Bankverbindung{IBAN: ibans.Draw(t, "iban"), Inhaber: oder(t, "inhaber", nameD)}
	}
	arten := []Vertretungsart{Gesetzlich, Bevollmaechtigt}
	if a.Person != nil {
		arten = append(arten, Betreuung)
	}
	for range rapid.IntRange(0, 3).Draw(t, "n") {
		v := Vertretung{Art: rapid.SampledFrom(arten).Draw(t, "art"), Stammdaten: stammdaten.Draw(t, "v")}
		v.Zeitraum.Von = oder(t, "von", tage)
		if rapid.Bool().Draw(t, "bis") {
			v.Zeitraum.Bis = heute.AddTage(rapid.IntRange(0, 1000).Draw(t, "tage"))
		}
		if rapid.Bool().Draw(t, "leika") {
			v.Umfang.Leistungen = []tenant.Leistungsschluessel{tenant.Leistungsschluessel(leikaGen.Draw(t, "l"))}
		}
		v.Umfang.Bemerkung = oder(t, "bemerkung", nameC)
		a.Vertretungen = append(a.Vertretungen, v)
	}
	return a
})

func TestGeneratorMakesValidValues(t *testing.T) {
	t.Parallel()
	p := pruefer()
	require.NoError(t, p.Check(erika()))
	rapid.Check(t, func(rt *rapid.T) { require.NoError(rt, p.Check(gueltige.Draw(rt, "a"))) })
}
