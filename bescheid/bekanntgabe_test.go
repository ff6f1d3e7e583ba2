package bescheid_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func tag(t testing.TB, s string) datum.Datum {
	t.Helper()
	if s == "" {
		return datum.Datum{}
	}
	d, err := datum.Parse(s)
	require.NoError(t, err)
	return d
}

// The dates were worked out by hand. Easter Monday 2026 is 6 April; 6 March 2027
// is a Saturday, and 8 March a holiday in Mecklenburg-Vorpommern.
func TestComputeBekanntgabe(t *testing.T) {
	sh := bescheid.BekanntgabeParams{Land: tenant.LandSH, ARS: "010020000000"}
	by := bescheid.BekanntgabeParams{Land: tenant.LandBY, ARS: "091620000000"}
	mv := bescheid.BekanntgabeParams{Land: tenant.LandMV, ARS: "130040000000"}
	for _, c := range []struct {
		name            string
		p               bescheid.BekanntgabeParams
		verfahren       string
		kanal           frist.Kanal
		am, zugang      string
		ohneBelehrung   bool
		rechtsbehelf    frist.Rechtsbehelf
		tag, ende, fest string
		unsicher        bool
		regeln          string
	}{
		{name: "letter", p: sh, kanal: frist.KanalPost, am: "2026-03-02",
			tag: "2026-03-06", ende: "2026-04-07", fest: "2026-04-08", regeln: "BG-SH-POST-4 RB-WIDERSPRUCH"},
		{name: "no Belehrung, a year", p: sh, kanal: frist.KanalPost, am: "2026-03-02", ohneBelehrung: true,
			tag: "2026-03-06", ende: "2027-03-08", fest: "2027-03-09", regeln: "RB-JAHR-WIDERSPRUCH"},
		{name: "the holidays of the authority's Land count", p: mv, kanal: frist.KanalPost, am: "2026-03-02", ohneBelehrung: true,
			tag: "2026-03-06", ende: "2027-03-09", fest: "2027-03-10", unsicher: true},
		{name: "mailbox, third or fourth day: the later one", p: sh, kanal: frist.KanalPostfach, am: "2026-03-02",
			tag: "2026-03-06", ende: "2026-04-07", fest: "2026-04-08", unsicher: true, regeln: "BG-SH-POSTFACH"},
		{name: "mailbox in Bavaria", p: by, kanal: frist.KanalPostfach, am: "2026-03-02",
			tag: "2026-03-06", ende: "2026-04-07", fest: "2026-04-08", unsicher: true, regeln: "BG-BY-PORTAL RB-WIDERSPRUCH RB-VORVERFAHREN-BY"},
		{name: "PZU with Zugang", p: sh, kanal: frist.KanalPZU, am: "2026-03-02", zugang: "2026-03-04",
			tag: "2026-03-04", ende: "2026-04-07", fest: "2026-04-08", regeln: "ZU-PZU RB-WIDERSPRUCH"},
		{name: "late Zugang beats the fiction", p: sh, kanal: frist.KanalPost, am: "2026-03-02", zugang: "2026-03-16",
			tag: "2026-03-16", ende: "2026-04-16", fest: "2026-04-17"},
		{name: "tax: Einspruch", p: sh, verfahren: "ao", kanal: frist.KanalPost, am: "2026-03-02",
			tag: "2026-03-06", ende: "2026-04-07", fest: "2026-04-08", regeln: "BG-AO-POST-4 RB-EINSPRUCH"},
		{name: "social law", p: sh, verfahren: "sgbx", kanal: frist.KanalPost, am: "2026-03-02",
			tag: "2026-03-06", ende: "2026-04-07", fest: "2026-04-08", regeln: "BG-SGBX-POST-4 RB-SGG-WIDERSPRUCH"},
		{name: "Klage on request", p: by, kanal: frist.KanalPostfach, am: "2026-03-02", rechtsbehelf: frist.RechtsbehelfKlage,
			tag: "2026-03-06", ende: "2026-04-07", fest: "2026-04-08", unsicher: true, regeln: "BG-BY-PORTAL"},
		{name: "the law before 2025", p: sh, verfahren: "ao", kanal: frist.KanalPost, am: "2024-09-02",
			tag: "2024-09-05", ende: "2024-10-07", fest: "2024-10-08", regeln: "BG-AO-POST-3 RB-EINSPRUCH"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.p
			p.Inhalt.Verfahren = c.verfahren
			if c.verfahren == "" {
				p.Inhalt.Verfahren = "vwvfg"
			}
			if !c.ohneBelehrung {
				p.Inhalt.Rechtsbehelfsbelehrung = "Gegen diesen Bescheid …"
			}
			p.Kanal, p.Tag, p.Zugang, p.Rechtsbehelf = c.kanal, tag(t, c.am), tag(t, c.zugang), c.rechtsbehelf
			b, err := bescheid.ComputeBekanntgabe(frist.New(nil), p)
			require.NoError(t, err)
			require.Equal(t, c.tag, b.Tag.String())
			require.Equal(t, c.ende, b.FristEnde.String())
			require.Equal(t, c.fest, b.BestandskraftAb.String())
			require.Equal(t, c.unsicher, b.Unsicher, "%v", b.Warnungen)
			require.NotEmpty(t, b.Schritte)
			require.Contains(t, strings.Join(b.Regeln, " "), c.regeln)
			if b.Unsicher {
				require.NotEmpty(t, b.Warnungen, "the reason must be told")
			}
		})
	}
}

// The clerk reads which other day is possible, and why the later one was taken.
func TestUncertaintyIsExplained(t *testing.T) {
	b, err := bescheid.ComputeBekanntgabe(frist.New(nil), bescheid.BekanntgabeParams{
		Inhalt: bescheid.Inhalt{Verfahren: "vwvfg", Rechtsbehelfsbelehrung: "…"}, Land: tenant.LandBY, ARS: "091620000000",
		Kanal: frist.KanalPostfach, Tag: tag(t, "2026-03-02"),
	})
	require.NoError(t, err)
	all := strings.Join(b.Warnungen, "\n")
	require.Contains(t, all, "Möglich ist auch der 05.03.2026 (Tag der Bekanntgabe).")
	require.Contains(t, all, "Angenommen ist der späteste Tag, der 06.03.2026 (Tag der Bekanntgabe). Eine spätere Änderung auf vier Tage")
}

// Whatever way and procedure: dates in order, the latest reading, and a reason
// whenever something is uncertain.
func TestEveryWayIsOrderedAndExplained(t *testing.T) {
	r := frist.New(nil)
	n := 0
	for _, land := range []tenant.Land{tenant.LandSH, tenant.LandBY, tenant.LandMV} {
		for _, verfahren := range []string{"vwvfg", "sgbx", "ao"} {
			for _, kanal := range []frist.Kanal{frist.KanalPost, frist.KanalPostfach, frist.KanalElektronisch, frist.KanalEinschreiben, frist.KanalPZU, frist.KanalUebergabe} {
				for d, end := tag(t, "2025-12-01"), tag(t, "2026-02-01"); d.Vor(end); d = d.AddTage(1) {
					p := bescheid.BekanntgabeParams{Inhalt: bescheid.Inhalt{Verfahren: verfahren, Rechtsbehelfsbelehrung: "…"}, Land: land, Kanal: kanal, Tag: d}
					if kanal == frist.KanalPZU || kanal == frist.KanalUebergabe {
						p.Zugang = d.AddTage(1)
					}
					b, err := bescheid.ComputeBekanntgabe(r, p)
					key := fmt.Sprintf("%s %s %s %s", land, verfahren, kanal, d)
					require.NoError(t, err, key)
					require.True(t, d.Vor(b.Tag) && b.Tag.Vor(b.FristEnde) && b.FristEnde.Vor(b.BestandskraftAb), key)
					require.False(t, b.Unsicher && len(b.Warnungen) == 0, key)
					n++
				}
			}
		}
	}
	require.Greater(t, n, 1000)
}

func TestComputeBekanntgabeRefuses(t *testing.T) {
	for _, c := range []struct {
		kanal     frist.Kanal
		verfahren string
		code      string
	}{
		{frist.KanalAbruf, "vwvfg", "bekanntgabe.offen"},
		{frist.KanalPZU, "vwvfg", "frist.datum-fehlt"},
		{"", "vwvfg", "frist.kanal"},
		{"brieftaube", "vwvfg", "frist.kanal"},
		{frist.KanalPost, "", "frist.verfahren"},
	} {
		_, err := bescheid.ComputeBekanntgabe(frist.New(nil), bescheid.BekanntgabeParams{
			Inhalt: bescheid.Inhalt{Verfahren: c.verfahren}, Land: tenant.LandSH, Kanal: c.kanal, Tag: tag(t, "2026-03-02"),
		})
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.NotEmpty(t, fehler.ProblemeIn(err), "%v", err)
		require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code)
	}
}
