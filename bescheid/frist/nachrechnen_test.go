package frist_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Counting forward and back, shifting twice, and shifting before or after:
// what must hold whatever the law says.
func TestCountingProperties(t *testing.T) {
	t.Parallel()
	k := frist.StandardKalender()
	rapid.Check(t, func(t *rapid.T) {
		am, n := genTag.Draw(t, "am"), rapid.IntRange(1, 400).Draw(t, "n")
		ort := frist.Ort{Land: genLand.Draw(t, "land")}
		tage, err := frist.Ende(am, frist.Dauer{N: n, Einheit: frist.EinheitTag}, frist.BeginnEreignis)
		require.NoError(t, err)
		require.Equal(t, am, tage.AddTage(-n))
		wochen, err := frist.Ende(am, frist.Dauer{N: n, Einheit: frist.EinheitWoche}, frist.BeginnEreignis)
		require.NoError(t, err)
		require.Equal(t, am, wochen.AddTage(-7*n))
		monate, err := frist.Ende(am, frist.Dauer{N: n, Einheit: frist.EinheitMonat}, frist.BeginnEreignis)
		require.NoError(t, err)
		zurueck := monate.AddMonate(-n)
		require.False(t, zurueck.Nach(am))
		require.LessOrEqual(t, zurueck.TageBis(am), 3, "at most the days that February lacks")
		if am.Tag() <= 28 {
			require.Equal(t, am, zurueck)
		}

		frueh, spaet := k.NaechsterWerktag(ort, am)
		require.False(t, frueh.Vor(am) || spaet.Vor(frueh))
		require.NotEqual(t, frist.Nein, k.IsWerktag(ort, frueh))
		require.Equal(t, frist.Ja, k.IsWerktag(ort, spaet))
		f2, _ := k.NaechsterWerktag(ort, frueh)
		_, s2 := k.NaechsterWerktag(ort, spaet)
		require.Equal(t, [2]datum.Datum{frueh, spaet}, [2]datum.Datum{f2, s2}, "a working day stays")
		mf, ms := k.NaechsterWerktag(ort, am.AddTage(rapid.IntRange(1, 10).Draw(t, "spaeter")))
		require.False(t, mf.Vor(frueh) || ms.Vor(spaet), "a later day never shifts to an earlier one")
	})
}

// Every kind of case, at random: monotone in its start where it has one, and
// the same again when it is worked out from its own input.
func TestEveryCaseProperties(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	rapid.Check(t, func(t *rapid.T) {
		l, am, dauer := land(genLand.Draw(t, "land")), genTag.Draw(t, "am"), genDauer.Draw(t, "dauer")
		mehr := genDauer.Draw(t, "mehr")
		faelle := map[string]func(am datum.Datum) frist.Eingabe{
			"untaetigkeit": func(am datum.Datum) frist.Eingabe {
				g := rapid.SampledFrom([]frist.Untaetigkeit{frist.UntaetigkeitAntrag, frist.UntaetigkeitWiderspruch, frist.UntaetigkeitSGGAntrag,
					frist.UntaetigkeitSGGWiderspruch, frist.UntaetigkeitEinspruch}).Draw(t, "gegen")
				return frist.Eingabe{Untaetigkeit: &frist.UntaetigkeitFall{Gegen: g, Am: am, Behoerde: l}}
			},
			"genehmigungsfiktion": func(am datum.Datum) frist.Eingabe {
				return frist.Eingabe{Genehmigungsfiktion: &frist.GenehmigungsfiktionFall{Vollstaendig: am, Dauer: &dauer, Norm: "N",
					Verlaengerung: &mehr, VerlaengerungGrund: "g", Mitgeteilt: am, Behoerde: l}}
			},
			"unvollstaendig": func(am datum.Datum) frist.Eingabe {
				return frist.Eingabe{Genehmigungsfiktion: &frist.GenehmigungsfiktionFall{Eingang: am, Behoerde: l}}
			},
			"behoerdenfrist": func(am datum.Datum) frist.Eingabe {
				return frist.Eingabe{Behoerdenfrist: &frist.BehoerdenfristFall{Am: am, Dauer: &dauer, Verlaengerung: &mehr, Behoerde: l}}
			},
			"bearbeitungsfrist": func(am datum.Datum) frist.Eingabe {
				return frist.Eingabe{Bearbeitungsfrist: &frist.BearbeitungsfristFall{Am: am, Dauer: dauer, Norm: "N", Behoerde: l}}
			},
			"verlaengerung": func(am datum.Datum) frist.Eingabe {
				return frist.Eingabe{Verlaengerung: &frist.VerlaengerungFall{Fristende: am, Dauer: dauer, Behoerde: l}}
			},
			"pflicht": func(am datum.Datum) frist.Eingabe {
				return frist.Eingabe{Pflicht: &frist.PflichtFall{Regel: "DS-12", Am: am, Behoerde: l}}
			},
			"aufbewahrung": func(am datum.Datum) frist.Eingabe {
				return frist.Eingabe{Aufbewahrung: &frist.AufbewahrungFall{Abschluss: am, Dauer: dauer, Norm: "N"}}
			},
		}
		name := rapid.SampledFrom([]string{"untaetigkeit", "genehmigungsfiktion", "unvollstaendig", "behoerdenfrist", "bearbeitungsfrist", "verlaengerung", "pflicht", "aufbewahrung"}).Draw(t, "fall")
		in := faelle[name](am)
		e, err := r.Berechne(in)
		require.NoError(t, err)
		gleichNachgerechnet(t, r, e)
		if name == "untaetigkeit" {
			return // the next draw may be another remedy
		}
		spaeter, err := r.Berechne(faelle[name](am.AddTage(rapid.IntRange(1, 60).Draw(t, "spaeter"))))
		require.NoError(t, err)
		require.False(t, spaeter.Datum.Vor(e.Datum), name)
		require.False(t, spaeter.Fruehestes().Vor(e.Fruehestes()), name)
		require.False(t, spaeter.Spaetestes().Vor(e.Spaetestes()), name)
		require.False(t, spaeter.NichtVor.Vor(e.NichtVor), name)
	})
}

// An extension by days runs on from the unshifted end: n and m days are n+m days.
func TestVerlaengerungProperties(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	rapid.Check(t, func(t *rapid.T) {
		am, n, m := genTag.Draw(t, "am"), rapid.IntRange(1, 200).Draw(t, "n"), rapid.IntRange(1, 200).Draw(t, "m")
		l := land(genLand.Draw(t, "land"))
		tage := func(n int) *frist.Dauer { return &frist.Dauer{N: n, Einheit: frist.EinheitTag} }
		a := []frist.Aussetzung{{Von: am.AddTage(rapid.IntRange(-10, 500).Draw(t, "von")), Grund: "g"}}
		a[0].Bis = a[0].Von.AddTage(rapid.IntRange(0, 60).Draw(t, "bis"))
		zwei, err := r.Behoerdenfrist(frist.BehoerdenfristFall{Am: am, Dauer: tage(n), Verlaengerung: tage(m), VerlaengerungGrund: "g", Aussetzungen: a, Behoerde: l})
		require.NoError(t, err)
		eins, err := r.Behoerdenfrist(frist.BehoerdenfristFall{Am: am, Dauer: tage(n + m), Aussetzungen: a, Behoerde: l})
		require.NoError(t, err)
		require.Equal(t, roh(eins), roh(zwei))
		require.Equal(t, eins.Datum, zwei.Datum)
		summe := func(e frist.Ergebnis) (n int) {
			for _, z := range e.Ruhezeiten {
				n += z.Tage
			}
			return n
		}
		require.Equal(t, summe(eins), summe(zwei))
		gleichNachgerechnet(t, r, zwei)
	})
}

// What did not count, and the day an open end cannot lie before, are compared too.
func TestNachrechnenNewFields(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	e, err := r.Bearbeitungsfrist(frist.BearbeitungsfristFall{Am: d("2026-01-14"), Dauer: frist.Dauer{N: 3, Einheit: frist.EinheitMonat}, Norm: "N",
		Aussetzungen: ruht("2026-02-02 2026-02-15", "2026-04-01"), Stand: d("2026-04-10"), Behoerde: land(tenant.LandSH)})
	require.NoError(t, err)
	e.NichtVor = e.NichtVor.AddTage(1)
	e.Ruhezeiten = e.Ruhezeiten[:1]
	a, err := r.Nachrechnen(e)
	require.NoError(t, err)
	require.False(t, a.Gleich)
	require.Equal(t, []string{"Frühester Tag: bisher 09.05.2026, jetzt 08.05.2026.",
		"Nicht gezählte Tage: bisher 02.02.2026 bis 15.02.2026, jetzt 02.02.2026 bis 15.02.2026, 01.04.2026 bis 10.04.2026."}, a.Abweichungen)
}
