package frist_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var (
	genLand = rapid.SampledFrom(tenant.Laender())
	genTag  = rapid.Custom(func(t *rapid.T) datum.Datum {
		return datum.New(2010, 1, 1).AddTage(rapid.IntRange(0, 365*30).Draw(t, "tag"))
	})
	genDauer = rapid.Custom(func(t *rapid.T) frist.Dauer {
		e := rapid.SampledFrom([]frist.Einheit{frist.EinheitTag, frist.EinheitWoche, frist.EinheitMonat, frist.EinheitJahr}).Draw(t, "einheit")
		return frist.Dauer{N: rapid.IntRange(1, 24).Draw(t, "n"), Einheit: e}
	})
)

func TestEndeTraps(t *testing.T) {
	t.Parallel()
	monat := frist.Dauer{N: 1, Einheit: frist.EinheitMonat}
	for _, c := range []struct {
		am     string
		d      frist.Dauer
		beginn frist.Beginn
		want   string
	}{
		{"2023-01-31", monat, frist.BeginnTag, "2023-02-28"},
		{"2023-03-01", monat, frist.BeginnTag, "2023-03-31"},
		{"2023-01-28", monat, frist.BeginnTag, "2023-02-27"},
		{"2023-01-29", monat, frist.BeginnTag, "2023-02-28"},
		{"2023-01-31", monat, frist.BeginnEreignis, "2023-02-28"},
		{"2023-02-28", monat, frist.BeginnEreignis, "2023-03-28"},
		{"2024-02-29", frist.Dauer{N: 1, Einheit: frist.EinheitJahr}, frist.BeginnEreignis, "2025-02-28"},
		{"2024-02-29", frist.Dauer{N: 1, Einheit: frist.EinheitJahr}, frist.BeginnTag, "2025-02-28"},
		{"2024-02-29", frist.Dauer{N: 4, Einheit: frist.EinheitJahr}, frist.BeginnTag, "2028-02-28"},
		{"2027-01-01", frist.Dauer{N: 10, Einheit: frist.EinheitJahr}, frist.BeginnTag, "2036-12-31"},
		{"2025-03-14", frist.Dauer{N: 2, Einheit: frist.EinheitWoche}, "", "2025-03-28"},
		{"2025-03-14", frist.Dauer{N: 2, Einheit: frist.EinheitWoche}, frist.BeginnTag, "2025-03-27"},
		{"2025-03-14", frist.Dauer{N: 0, Einheit: frist.EinheitTag}, "", "2025-03-14"},
	} {
		got, err := frist.Ende(d(c.am), c.d, c.beginn)
		require.NoError(t, err)
		require.Equal(t, c.want, got.String(), "%+v", c)
	}
	for _, dauer := range []frist.Dauer{{N: -1, Einheit: frist.EinheitTag}, {N: 1, Einheit: "stunde"}, {N: 1 << 40, Einheit: frist.EinheitTag}, {N: 301, Einheit: frist.EinheitJahr}} {
		_, err := frist.Ende(d("2025-01-01"), dauer, "")
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	_, err := frist.Ende(d("2025-01-01"), frist.Dauer{N: 0, Einheit: frist.EinheitTag}, frist.BeginnTag)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = frist.Ende(d("2150-01-01"), frist.Dauer{N: 100, Einheit: frist.EinheitJahr}, "")
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = frist.Ende(d(""), monat, "")
	require.ErrorIs(t, err, fehler.ErrInvalid)

	// § 189 and § 191 BGB are rules too.
	for id, want := range map[string]frist.Dauer{"CNT-HALBJAHR": {N: 6, Einheit: frist.EinheitMonat}, "CNT-VIERTELJAHR": {N: 3, Einheit: frist.EinheitMonat},
		"CNT-HALBMONAT": {N: 15, Einheit: frist.EinheitTag}, "CNT-MONAT-TAGE": {N: 30, Einheit: frist.EinheitTag}, "CNT-JAHR-TAGE": {N: 365, Einheit: frist.EinheitTag}} {
		r, ok := frist.Standard().Regel(id)
		require.True(t, ok)
		require.Equal(t, want, r.Dauer())
	}
}

func TestEndeProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, dauer := genTag.Draw(t, "a"), genTag.Draw(t, "b"), genDauer.Draw(t, "dauer")
		if b.Vor(a) {
			a, b = b, a
		}
		beginn := rapid.SampledFrom([]frist.Beginn{frist.BeginnEreignis, frist.BeginnTag}).Draw(t, "beginn")
		ea, err := frist.Ende(a, dauer, beginn)
		require.NoError(t, err)
		eb, err := frist.Ende(b, dauer, beginn)
		require.NoError(t, err)
		require.False(t, eb.Vor(ea), "a later start never ends earlier")
		longer, err := frist.Ende(a, frist.Dauer{N: dauer.N + 1, Einheit: dauer.Einheit}, beginn)
		require.NoError(t, err)
		require.True(t, longer.Nach(ea), "a longer period ends later")
		require.False(t, ea.Vor(a))

		e, err := frist.Ende(a, dauer, frist.BeginnEreignis)
		require.NoError(t, err)
		switch dauer.Einheit {
		case frist.EinheitWoche:
			require.Equal(t, a.Wochentag(), e.Wochentag(), "same weekday")
		case frist.EinheitMonat, frist.EinheitJahr:
			n := dauer.N
			if dauer.Einheit == frist.EinheitJahr {
				n *= 12
			}
			require.Equal(t, a.Jahr()*12+int(a.Monat())+n, e.Jahr()*12+int(e.Monat()), "that many months on")
			if e.Tag() != a.Tag() {
				require.Less(t, e.Tag(), a.Tag())
				require.Equal(t, 1, e.AddTage(1).Tag(), "a missing day gives the last of the month")
			}
		}
	})
}

func TestRechtsbehelfProperties(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	k := r.Kalender()
	rapid.Check(t, func(t *rapid.T) {
		l := genLand.Draw(t, "land")
		v := rapid.SampledFrom([]frist.Verfahren{frist.VerfahrenVwVfG, frist.VerfahrenSGBX, frist.VerfahrenAO}).Draw(t, "verfahren")
		am := genTag.Draw(t, "am")
		fall := post(v, land(l), am.String())
		b, err := r.Bekanntgabe(fall)
		require.NoError(t, err)
		require.True(t, b.Datum.Nach(am))
		in := frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfKlage, Bekanntgabe: &fall, Behoerde: land(l)}
		e, err := r.Rechtsbehelf(in)
		require.NoError(t, err)

		haupt := 0
		for i, c := range e.Kandidaten {
			if i > 0 {
				require.True(t, c.Datum.Nach(e.Kandidaten[i-1].Datum), "candidates are ordered and distinct")
			}
			require.NotEqual(t, frist.Nein, k.IsWerktag(frist.Ort{Land: l}, c.Datum), "an end is a working day: %s", c.Datum)
			require.False(t, c.Datum.Vor(c.Roh), "a shift goes forward")
			require.LessOrEqual(t, c.Roh.TageBis(c.Datum), 5, "no run of free days is longer")
			require.Equal(t, c.Haupt, c.Grund == "", "every other reading has a reason")
			if c.Haupt {
				haupt++
				require.Equal(t, e.Datum, c.Datum)
			}
		}
		require.Equal(t, 1, haupt)
		require.Equal(t, e.Spaetestes().AddTage(1), e.Bestandskraft())

		later := post(v, land(l), am.AddTage(rapid.IntRange(1, 40).Draw(t, "spaeter")).String())
		in.Bekanntgabe = &later
		e2, err := r.Rechtsbehelf(in)
		require.NoError(t, err)
		require.False(t, e2.Spaetestes().Vor(e.Spaetestes()), "posting later never makes final earlier")
	})
}

// Independent of the engine: Easter Sunday by Gauss, with his two exceptions.
func TestOstersonntagGauss(t *testing.T) {
	t.Parallel()
	for jahr := 1900; jahr <= 2199; jahr++ {
		m, n := 24, 5
		if jahr >= 2100 {
			n = 6
		}
		a, b, c := jahr%19, jahr%4, jahr%7
		x := (19*a + m) % 30
		e := (2*b + 4*c + 6*x + n) % 7
		tag := datum.New(jahr, time.March, 22).AddTage(x + e)
		switch {
		case tag == datum.New(jahr, time.April, 26):
			tag = datum.New(jahr, time.April, 19)
		case tag == datum.New(jahr, time.April, 25) && x == 28 && e == 6 && a > 10:
			tag = datum.New(jahr, time.April, 18)
		}
		require.Equal(t, tag, frist.Ostersonntag(jahr))
	}
}

// Whatever loads must calculate without panic, and give ends inside the calendar.
func FuzzLoad(f *testing.F) {
	b, err := os.ReadFile("regeln.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(regel()))
	f.Add([]byte(regel(`"n":5`, `"n":100000`, `"nie"`, `"ende"`)))
	f.Add([]byte(regel(`"aufgabe"`, `"hindernis"`)))
	f.Add([]byte(`{"regeln":[{"id":"X","art":"keine"}]}`))
	f.Add([]byte(regel(`"bekanntgabe"`, `"pflicht"`, `"kanal":"post",`, ``, `"quelle"`, `"verlaengert":"DS-12","quelle"`)))
	f.Add([]byte(regel(`"bekanntgabe"`, `"hemmung"`, `"kanal":"post",`, ``, `"verfahren":"vwvfg",`, ``, `"n":5,"einheit":"tag"`, `"n":0`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := frist.Load(bytes.NewReader(b), nil)
		if err != nil {
			if fehler.ProblemeIn(err) == nil {
				t.Fatalf("an error without problems: %v", err)
			}
			return
		}
		r := frist.New(&frist.Options{Regelwerk: w})
		for _, regel := range w.Regeln() {
			if regel.Zweck == frist.ZweckPflicht || regel.Zweck == frist.ZweckTechnisch {
				_, _ = r.Pflicht(frist.PflichtFall{Regel: regel.ID, Am: d("2025-03-14"), Behoerde: land(tenant.LandSH)})
				_, _ = r.Pflicht(frist.PflichtFall{Regel: regel.ID, Am: d("2025-03-14"), Mitgeteilt: d("2025-03-20"), Behoerde: land(tenant.LandSH)})
			}
		}
		_, _ = r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: d("2025-03-14"), Aussetzungen: ruht("2025-04-01 2025-04-20"), Behoerde: land(tenant.LandSH)})
		fall := post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2025-03-14")
		e, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfWiderspruch, Bekanntgabe: &fall, Behoerde: land(tenant.LandSH)})
		if err == nil && e.Lage == frist.LageBestimmt && (e.Datum.IsZero() || e.Datum.Jahr() > 2210) {
			t.Fatalf("no usable date: %v", e.Datum)
		}
	})
}

func FuzzLoadKalender(f *testing.F) {
	b, err := os.ReadFile("feiertage.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"feiertage":[{"id":"X","name":"x","regel":"wochentag-vor","monat":12,"tag":31,"wochentag":6,"quelle":["FZ"],"konfidenz":"A"}]}`))
	f.Add([]byte(`{"feiertage":[{"id":"X","name":"x","regel":"ostern","abstand":-80,"gebiet":{"ja":["01"],"sonst":"ungewiss"},"quelle":["FZ"],"konfidenz":"A"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := frist.LoadKalender(bytes.NewReader(b), nil)
		if err != nil {
			return
		}
		for _, jahr := range []int{1900, 2024, 2025, 2199} {
			for _, a := range k.Feiertage(frist.Ort{Land: tenant.LandBY}, jahr) {
				if a.Datum.Jahr() != jahr {
					t.Fatalf("a holiday of %d lies in %s", jahr, a.Datum)
				}
			}
		}
		k.NaechsterWerktag(frist.Ort{}, d("2025-12-20"))
	})
}

func TestDauerText(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1 Monat", frist.Dauer{N: 1, Einheit: frist.EinheitMonat}.String())
	require.Equal(t, "3 Tage", frist.Dauer{N: 3, Einheit: frist.EinheitTag}.String())
	require.False(t, strings.Contains(frist.Dauer{N: 2, Einheit: "x"}.String(), "%"))
}
