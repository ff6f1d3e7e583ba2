package frist_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// How many holidays a Land has in each year from 2015 to 2027, and how many of
// them fall on Monday to Friday. The numbers were worked out apart from the data
// under test, from the rules of each Land and with the computus of Gauss.
func TestFeiertageCounts(t *testing.T) {
	t.Parallel()
	k := frist.StandardKalender()
	zahlen := map[tenant.Land]string{
		tenant.LandSH: "9/7 9/7 10/9 10/10 10/10 10/7 10/5 10/7 10/9 10/10 10/10 10/7 10/5",
		tenant.LandHH: "9/7 9/7 10/9 10/10 10/10 10/7 10/5 10/7 10/9 10/10 10/10 10/7 10/5",
		tenant.LandNI: "9/7 9/7 10/9 10/10 10/10 10/7 10/5 10/7 10/9 10/10 10/10 10/7 10/5",
		tenant.LandHB: "9/7 9/7 10/9 10/10 10/10 10/7 10/5 10/7 10/9 10/10 10/10 10/7 10/5",
		tenant.LandNW: "11/8 11/9 12/11 11/11 11/11 11/8 11/7 11/8 11/10 11/11 11/10 11/8 11/7",
		tenant.LandHE: "10/8 10/8 11/10 10/10 10/10 10/8 10/6 10/7 10/9 10/10 10/10 10/8 10/6",
		tenant.LandRP: "11/8 11/9 12/11 11/11 11/11 11/8 11/7 11/8 11/10 11/11 11/10 11/8 11/7",
		tenant.LandBW: "12/9 12/10 13/12 12/11 12/11 12/9 12/8 12/9 12/11 12/11 12/11 12/9 12/8",
		tenant.LandBY: "12/9 12/10 13/12 12/11 12/11 12/9 12/8 12/9 12/11 12/11 12/11 12/9 12/8",
		tenant.LandSL: "12/8 12/10 13/12 12/12 12/12 12/8 12/7 12/9 12/11 12/12 12/11 12/8 12/7",
		tenant.LandBE: "9/7 9/7 10/9 9/9 10/10 11/8 10/6 10/7 10/9 10/10 11/10 10/7 10/6",
		tenant.LandBB: "12/7 12/8 12/9 12/10 12/10 12/7 12/5 12/7 12/9 12/10 12/10 12/7 12/5",
		tenant.LandMV: "10/7 10/8 10/9 10/10 10/10 10/7 10/5 10/7 11/10 11/11 11/10 11/7 11/6",
		tenant.LandSN: "11/8 11/9 11/10 11/11 11/11 11/8 11/6 11/8 11/10 11/11 11/11 11/8 11/6",
		tenant.LandST: "11/8 11/9 11/10 11/10 11/10 11/8 11/6 11/8 11/10 11/10 11/11 11/8 11/6",
		tenant.LandTH: "10/7 10/8 10/9 10/10 11/11 11/7 11/6 11/8 11/10 11/11 11/10 11/7 11/6",
	}
	require.Len(t, zahlen, len(tenant.Laender()))
	for l, want := range zahlen {
		var got []string
		for jahr := 2015; jahr <= 2027; jahr++ {
			alle, werk := 0, 0
			for _, a := range k.Feiertage(frist.Ort{Land: l}, jahr) {
				if a.Antwort != frist.Ja {
					continue
				}
				alle++
				if w := a.Datum.Wochentag(); w != time.Saturday && w != time.Sunday {
					werk++
				}
			}
			got = append(got, fmt.Sprintf("%d/%d", alle, werk))
		}
		require.Equal(t, want, strings.Join(got, " "), l)
	}
}

// The movable days, year by year.
func TestFeiertageMovable(t *testing.T) {
	t.Parallel()
	k := frist.StandardKalender()
	ostern := []string{"2015-04-05", "2016-03-27", "2017-04-16", "2018-04-01", "2019-04-21", "2020-04-12", "2021-04-04", "2022-04-17", "2023-04-09",
		"2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28"}
	fronleichnam := []string{"2015-06-04", "2016-05-26", "2017-06-15", "2018-05-31", "2019-06-20", "2020-06-11", "2021-06-03", "2022-06-16", "2023-06-08",
		"2024-05-30", "2025-06-19", "2026-06-04", "2027-05-27"}
	busstag := []string{"2015-11-18", "2016-11-16", "2017-11-22", "2018-11-21", "2019-11-20", "2020-11-18", "2021-11-17", "2022-11-16", "2023-11-22",
		"2024-11-20", "2025-11-19", "2026-11-18", "2027-11-17"}
	for i := range ostern {
		require.Equal(t, ostern[i], frist.Ostersonntag(2015+i).String())
		require.Equal(t, "FRONLEICHNAM", k.IsFeiertag(frist.Ort{Land: tenant.LandNW}, d(fronleichnam[i])).ID)
		require.Equal(t, "BUSSTAG-SN", k.IsFeiertag(frist.Ort{Land: tenant.LandSN}, d(busstag[i])).ID)
		require.Equal(t, frist.Nein, k.IsFeiertag(frist.Ort{Land: tenant.LandBY}, d(busstag[i])).Antwort)
	}
}

// Partial holidays from 2015 to 2027: with the Gemeinde the answer is certain
// where the list is, without it the day is a candidate and never overlooked.
func TestFeiertageMunicipal(t *testing.T) {
	t.Parallel()
	k := frist.StandardKalender()
	zaehle := func(o frist.Ort, jahr int) (ja, ungewiss int) {
		for _, a := range k.Feiertage(o, jahr) {
			switch a.Antwort {
			case frist.Ja:
				ja++
			case frist.Ungewiss:
				ungewiss++
			}
		}
		return ja, ungewiss
	}
	for jahr := 2015; jahr <= 2027; jahr++ {
		for _, c := range []struct {
			ort          frist.Ort
			mehr, offene int // beyond the whole Land
		}{
			{frist.Ort{Land: tenant.LandBY, Gemeinde: augsburg}, 2, 0}, // the only town with both
			{frist.Ort{Land: tenant.LandBY, Gemeinde: muenchen}, 1, 0},
			{frist.Ort{Land: tenant.LandBY, Gemeinde: nuernbrg}, 0, 0},
			{frist.Ort{Land: tenant.LandBY}, 0, 2},
			{frist.Ort{Land: tenant.LandBY, Gemeinde: "09371111"}, 0, 1},
			{frist.Ort{Land: tenant.LandSN}, 0, 1},
			{frist.Ort{Land: tenant.LandSN, Gemeinde: "14612000"}, 0, 0},
			{frist.Ort{Land: tenant.LandSN, Gemeinde: "14625020"}, 0, 1},
			{frist.Ort{Land: tenant.LandTH}, 0, 1},
			{frist.Ort{Land: tenant.LandTH, Gemeinde: "16061045"}, 1, 0},
			{frist.Ort{Land: tenant.LandTH, Gemeinde: "16064071"}, 0, 1},
			{frist.Ort{Land: tenant.LandTH, Gemeinde: "16051000"}, 0, 0},
		} {
			basis, _ := zaehle(frist.Ort{Land: c.ort.Land}, jahr)
			ja, ungewiss := zaehle(c.ort, jahr)
			require.Equal(t, [2]int{c.mehr, c.offene}, [2]int{ja - basis, ungewiss}, "%d %+v", jahr, c.ort)
		}
		for l, n := range map[tenant.Land]int{tenant.LandSL: 1, tenant.LandBY: 0} {
			tag := datum.New(jahr, time.August, 15)
			require.Equal(t, n == 1, k.IsFeiertag(frist.Ort{Land: l}, tag).Antwort == frist.Ja, "%s %s", l, tag)
		}
	}
}
