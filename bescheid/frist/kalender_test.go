package frist_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write the golden files and docs/fristen.md anew")

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if string(want) != got {
		t.Fatalf("%s is stale: run go test ./bescheid/frist -update and read the difference", filepath.Base(path))
	}
}

func TestOstersonntag(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2028-04-16", "2029-04-01", "2030-04-21",
		// the earliest and latest possible days
		"1913-03-23", "2008-03-23", "1943-04-25", "2038-04-25"} {
		require.Equal(t, s, frist.Ostersonntag(d(s).Jahr()).String())
	}
}

// Every holiday of every Land, 2015 to 2035, as a table people can read.
func TestFeiertageGolden(t *testing.T) {
	k := frist.StandardKalender()
	var b strings.Builder
	for jahr := 2015; jahr <= 2035; jahr++ {
		for _, l := range tenant.Laender() {
			fmt.Fprintf(&b, "%d %s", jahr, l)
			for _, a := range k.Feiertage(frist.Ort{Land: l}, jahr) {
				fmt.Fprintf(&b, " %02d-%02d", a.Datum.Monat(), a.Datum.Tag())
				if a.Antwort == frist.Ungewiss {
					b.WriteString("?")
				}
			}
			b.WriteString("\n")
		}
	}
	golden(t, "testdata/feiertage.txt", b.String())
}

// Facts that do not come from the table under test.
func TestFeiertageFacts(t *testing.T) {
	t.Parallel()
	k := frist.StandardKalender()
	alle := tenant.Laender()
	only := func(l ...tenant.Land) []tenant.Land { return l }
	nord := only(tenant.LandSH, tenant.LandHH, tenant.LandNI, tenant.LandHB)
	ost := only(tenant.LandBB, tenant.LandMV, tenant.LandSN, tenant.LandST, tenant.LandTH)
	for _, c := range []struct {
		tag  string
		frei []tenant.Land // all others work
	}{
		{"2025-01-01", alle}, {"2025-04-18", alle}, {"2025-04-21", alle}, {"2025-05-01", alle}, {"2025-05-29", alle},
		{"2025-06-09", alle}, {"2025-10-03", alle}, {"2025-12-25", alle}, {"2025-12-26", alle},
		{"2025-12-24", nil}, {"2025-12-31", nil}, {"1990-10-03", alle}, {"1989-10-03", nil},
		{"2025-01-06", only(tenant.LandBW, tenant.LandBY, tenant.LandST)},
		{"2018-03-08", nil}, {"2019-03-08", only(tenant.LandBE)}, {"2022-03-08", only(tenant.LandBE)}, {"2023-03-08", only(tenant.LandBE, tenant.LandMV)},
		{"2025-04-20", only(tenant.LandBB)}, {"2025-06-08", only(tenant.LandBB)},
		{"2019-05-08", nil}, {"2020-05-08", only(tenant.LandBE)}, {"2021-05-08", nil}, {"2025-05-08", only(tenant.LandBE)}, {"2026-05-08", nil},
		{"2028-06-17", only(tenant.LandBE)}, {"2027-06-17", nil}, {"2029-06-17", nil},
		{"2018-09-20", nil}, {"2019-09-20", only(tenant.LandTH)},
		{"2016-10-31", ost}, {"2017-10-31", alle}, {"2018-10-31", append(nord, ost...)},
		{"2025-11-01", only(tenant.LandBW, tenant.LandBY, tenant.LandNW, tenant.LandRP, tenant.LandSL)},
		// Published lists give 15 November for 2028; the Wednesday before the 23rd is the 22nd.
		{"2028-11-22", only(tenant.LandSN)}, {"2028-11-15", nil}, {"2026-11-18", only(tenant.LandSN)}, {"2022-11-16", only(tenant.LandSN)},
		{"1995-11-22", only(tenant.LandSN)},
	} {
		for _, l := range alle {
			want := frist.Nein
			for _, x := range c.frei {
				if x == l {
					want = frist.Ja
				}
			}
			got := k.IsFeiertag(frist.Ort{Land: l}, d(c.tag))
			require.Equal(t, want, got.Antwort, "%s in %s: %s", c.tag, l, got.Name)
		}
	}
	// The number of days a year, as the Länder publish it.
	for l, n := range map[tenant.Land]int{tenant.LandBE: 10, tenant.LandHH: 10, tenant.LandHE: 10, tenant.LandNI: 10, tenant.LandSH: 10, tenant.LandHB: 10,
		tenant.LandMV: 11, tenant.LandNW: 11, tenant.LandRP: 11, tenant.LandSN: 11, tenant.LandST: 11, tenant.LandTH: 11,
		tenant.LandBB: 12, tenant.LandSL: 12, tenant.LandBW: 12, tenant.LandBY: 12} {
		sicher := 0
		for _, a := range k.Feiertage(frist.Ort{Land: l}, 2024) {
			if a.Antwort == frist.Ja {
				sicher++
			}
		}
		require.Equal(t, n, sicher, l)
	}
}

func TestFeiertageByGemeinde(t *testing.T) {
	t.Parallel()
	k := frist.StandardKalender()
	for _, c := range []struct {
		land     tenant.Land
		gemeinde string
		tag      string
		want     frist.Antwort
	}{
		{tenant.LandBY, muenchen, "2025-08-15", frist.Ja},
		{tenant.LandBY, "09162000", "2025-08-15", frist.Ja},
		{tenant.LandBY, nuernbrg, "2025-08-15", frist.Nein},
		{tenant.LandBY, "", "2025-08-15", frist.Ungewiss},
		{tenant.LandBY, "09171112", "2025-08-15", frist.Ja},       // all of Oberbayern
		{tenant.LandBY, "092790001125", "2014-08-15", frist.Ja},   // and of Niederbayern
		{tenant.LandBY, "09371111", "2025-08-15", frist.Ungewiss}, // but not of the Oberpfalz
		{tenant.LandBY, "09362000", "2025-08-15", frist.Ja},       // Regensburg
		{tenant.LandBY, "09663000", "2025-08-15", frist.Ja},       // Würzburg
		{tenant.LandBY, augsburg, "2025-08-15", frist.Ja},
		{tenant.LandBY, "09562000", "2025-08-15", frist.Nein}, // Erlangen
		{tenant.LandBY, "09563000", "2025-08-15", frist.Nein}, // Fürth
		{tenant.LandBY, augsburg, "2025-08-08", frist.Ja},
		{tenant.LandBY, muenchen, "2025-08-08", frist.Nein},
		{tenant.LandBY, "", "2025-08-08", frist.Ungewiss},
		{tenant.LandSN, "14625020", "2026-06-04", frist.Ungewiss},
		{tenant.LandSN, "14612000", "2026-06-04", frist.Nein},
		{tenant.LandTH, "16061045", "2026-06-04", frist.Ja},
		{tenant.LandTH, "16064071", "2026-06-04", frist.Ungewiss},
		{tenant.LandTH, "16051000", "2026-06-04", frist.Nein},
		{"", "", "2025-12-25", frist.Ja},
		{"", "", "2017-10-31", frist.Ja},
		{"", "", "1993-11-17", frist.Ja}, // Saxony by one record, all others by another
		{"", "", "2025-10-31", frist.Ungewiss},
		{"", "", "2025-10-30", frist.Nein},
		{"", "", "", frist.Nein},
	} {
		require.Equal(t, c.want, k.IsFeiertag(frist.Ort{Land: c.land, Gemeinde: c.gemeinde}, d(c.tag)).Antwort, "%+v", c)
	}
}

func TestWerktag(t *testing.T) {
	t.Parallel()
	k := frist.StandardKalender()
	sh, by := frist.Ort{Land: tenant.LandSH}, frist.Ort{Land: tenant.LandBY}
	require.Equal(t, frist.Nein, k.IsWerktag(sh, d("2025-03-15")), "Saturday")
	require.Equal(t, frist.Nein, k.IsWerktag(sh, d("2025-03-16")), "Sunday")
	require.Equal(t, frist.Ja, k.IsWerktag(sh, d("2026-12-24")))
	require.Equal(t, frist.Ja, k.IsWerktag(sh, d("2025-08-15")))
	require.Equal(t, frist.Ungewiss, k.IsWerktag(by, d("2025-08-15")))
	frueh, spaet := k.NaechsterWerktag(by, d("2025-08-15"))
	require.Equal(t, "2025-08-15 2025-08-18", frueh.String()+" "+spaet.String())
	frueh, spaet = k.NaechsterWerktag(sh, d("2025-04-18"))
	require.Equal(t, "2025-04-22 2025-04-22", frueh.String()+" "+spaet.String())
}

func TestKalenderLoad(t *testing.T) {
	t.Parallel()
	const datei = `{"stand":"2030-01-01","quellen":{"VO":{"titel":"Verordnung der Landesregierung"}},"feiertage":[
	 {"id":"EINMALIG","name":"Einmaliger Feiertag","regel":"fest","monat":7,"tag":1,"laender":["SH"],"jahre":[2030],"quelle":["VO"],"konfidenz":"A"},
	 {"id":"MARIAE-BY","name":"Mariä Himmelfahrt","regel":"fest","monat":8,"tag":15,"laender":["BY"],"gebiet":{"ja":["09162","09171"],"nein":["09171112"],"sonst":"nein"},"quelle":["VO"],"konfidenz":"A"}]}`
	k, err := frist.LoadKalender(strings.NewReader(datei), nil)
	require.NoError(t, err)
	sh := frist.Ort{Land: tenant.LandSH}
	require.Equal(t, "Einmaliger Feiertag", k.IsFeiertag(sh, d("2030-07-01")).Name)
	require.Equal(t, frist.Nein, k.IsFeiertag(sh, d("2031-07-01")).Antwort)
	require.Equal(t, frist.Nein, k.IsFeiertag(frist.Ort{Land: tenant.LandHH}, d("2030-07-01")).Antwort)
	require.Equal(t, frist.Ja, k.IsFeiertag(sh, d("2030-12-25")).Antwort, "the base stays")
	require.Equal(t, frist.Ja, k.IsFeiertag(frist.Ort{Land: tenant.LandBY, Gemeinde: "09171111"}, d("2030-08-15")).Antwort, "a Kreis covers its Gemeinden")
	require.Equal(t, frist.Nein, k.IsFeiertag(frist.Ort{Land: tenant.LandBY, Gemeinde: "09171112"}, d("2030-08-15")).Antwort, "the longest area decides")
	require.Equal(t, frist.Nein, frist.StandardKalender().IsFeiertag(sh, d("2030-07-01")).Antwort, "what ships does not change")
	require.NotEqual(t, frist.StandardKalender().Kennung(), k.Kennung())

	for code, feiertag := range map[string]string{
		"frist.feiertag-id":     `{"id":"klein","name":"x","regel":"fest","monat":1,"tag":1,"quelle":["FZ"],"konfidenz":"A"}`,
		"frist.feiertag-name":   `{"id":"X","regel":"fest","monat":1,"tag":1,"quelle":["FZ"],"konfidenz":"A"}`,
		"frist.feiertag-regel":  `{"id":"X","name":"x","regel":"fest","monat":2,"tag":30,"quelle":["FZ"],"konfidenz":"A"}`,
		"frist.feiertag-jahr":   `{"id":"X","name":"x","regel":"fest","monat":1,"tag":1,"jahre":[99999],"quelle":["FZ"],"konfidenz":"A"}`,
		"frist.feiertag-gebiet": `{"id":"X","name":"x","regel":"fest","monat":1,"tag":1,"gebiet":{"ja":["0916"],"sonst":"nein"},"quelle":["FZ"],"konfidenz":"A"}`,
		"frist.regel-quelle":    `{"id":"X","name":"x","regel":"fest","monat":1,"tag":1,"konfidenz":"A"}`,
		"frist.regel-konfidenz": `{"id":"X","name":"x","regel":"fest","monat":1,"tag":1,"quelle":["FZ"]}`,
		"frist.regel-land":      `{"id":"X","name":"x","regel":"fest","monat":1,"tag":1,"laender":["XX"],"quelle":["FZ"],"konfidenz":"A"}`,
		"frist.datei-form":      `{"id":"X","unbekannt":1}`,
	} {
		_, err := frist.LoadKalender(strings.NewReader(`{"stand":"x","feiertage":[`+feiertag+`]}`), nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		p := fehler.ProblemeIn(err)
		require.Len(t, p, 1, "%s: %v", code, p)
		require.Equal(t, code, p[0].Code)
		require.NotEmpty(t, p[0].Hinweis)
	}
}

// A calendar that knows nothing must fail the facts: the control of the tests above.
func TestKalenderControl(t *testing.T) {
	t.Parallel()
	leer := &frist.Kalender{}
	require.Equal(t, frist.Nein, leer.IsFeiertag(frist.Ort{Land: tenant.LandSH}, d("2025-12-25")).Antwort)
	r := frist.New(&frist.Options{Kalender: leer})
	e, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfWiderspruch, Am: d("2025-11-25"), Behoerde: land(tenant.LandSH)})
	require.NoError(t, err)
	require.NotEqual(t, "2025-12-29", e.Datum.String(), "without holidays example 12 must come out wrong")
}

func TestKalenderConcurrent(t *testing.T) {
	t.Parallel()
	k, err := frist.LoadKalender(strings.NewReader(`{"stand":"x","feiertage":[]}`), nil)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for jahr := 1990; jahr < 2050; jahr++ {
				if k.IsFeiertag(frist.Ort{Land: tenant.LandNW}, datum.New(jahr, 12, 25)).Antwort != frist.Ja {
					t.Error("25 December must be a holiday")
				}
			}
		})
	}
	wg.Wait()
}
