package frist_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

func d(s string) datum.Datum {
	if s == "" {
		return datum.Datum{}
	}
	return datum.MustParse(s)
}

func bund(l tenant.Land) frist.Behoerde {
	return frist.Behoerde{Ort: frist.Ort{Land: l}, Bund: true}
}

func land(l tenant.Land, gemeinde ...string) frist.Behoerde {
	b := frist.Behoerde{Ort: frist.Ort{Land: l}}
	if len(gemeinde) > 0 {
		b.Gemeinde = gemeinde[0]
	}
	return b
}

func post(v frist.Verfahren, b frist.Behoerde, am string) frist.BekanntgabeFall {
	return frist.BekanntgabeFall{Verfahren: v, Kanal: frist.KanalPost, Behoerde: b, Empfaenger: frist.Ort{Land: b.Land}, Absendung: d(am)}
}

func tage(e frist.Ergebnis) []string {
	var out []string
	for _, k := range e.Kandidaten {
		out = append(out, k.Datum.String())
	}
	return out
}

// The worked examples in which an act is made known and a month runs.
func TestWorkedExamplesBekanntgabe(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	for _, c := range []struct {
		nr        string
		fall      frist.BekanntgabeFall
		sitz      frist.Behoerde
		behelf    frist.Rechtsbehelf
		bekannt   string
		bAlle     []string // nil: only bekannt
		ende      string
		endeAlle  []string // nil: only ende
		endgueltg string   // Bestandskraft; "" is the day after ende
	}{
		{nr: "1", fall: post(frist.VerfahrenVwVfG, bund(tenant.LandNW), "2018-04-07"), sitz: bund(tenant.LandNW), bekannt: "2018-04-10", ende: "2018-05-11"},
		{nr: "1 Land", fall: post(frist.VerfahrenVwVfG, land(tenant.LandNW), "2018-04-07"), sitz: land(tenant.LandNW), bekannt: "2018-04-10", ende: "2018-05-11"},
		{nr: "2", fall: post(frist.VerfahrenVwVfG, bund(tenant.LandSH), "2024-12-27"), sitz: bund(tenant.LandSH), bekannt: "2024-12-30", ende: "2025-01-30"},
		{nr: "3", fall: post(frist.VerfahrenVwVfG, bund(tenant.LandSH), "2024-12-31"), sitz: bund(tenant.LandSH), bekannt: "2025-01-03",
			bAlle: []string{"2025-01-03", "2025-01-04"}, ende: "2025-02-03", endeAlle: []string{"2025-02-03", "2025-02-04"}, endgueltg: "2025-02-05"},
		{nr: "4", fall: post(frist.VerfahrenVwVfG, bund(tenant.LandBY), "2025-01-02"), sitz: bund(tenant.LandBY), bekannt: "2025-01-06", ende: "2025-02-06"},
		{nr: "5", fall: post(frist.VerfahrenAO, land(tenant.LandSH), "2025-01-02"), sitz: land(tenant.LandSH), behelf: frist.RechtsbehelfEinspruch, bekannt: "2025-01-06", ende: "2025-02-06"},
		{nr: "6", fall: post(frist.VerfahrenVwVfG, bund(tenant.LandSH), "2025-03-11"), sitz: bund(tenant.LandSH), bekannt: "2025-03-15", ende: "2025-04-15"},
		{nr: "7", fall: post(frist.VerfahrenAO, land(tenant.LandSH), "2025-03-11"), sitz: land(tenant.LandSH), behelf: frist.RechtsbehelfEinspruch, bekannt: "2025-03-17", ende: "2025-04-17"},
		{nr: "8", fall: post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2025-03-14"), sitz: land(tenant.LandSH), bekannt: "2025-03-18", ende: "2025-04-22"},
		{nr: "9", fall: post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2026-01-26"), sitz: land(tenant.LandSH), bekannt: "2026-01-30", ende: "2026-03-02"},
		{nr: "10", fall: post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2028-01-27"), sitz: land(tenant.LandSH), bekannt: "2028-01-31", ende: "2028-02-29"},
		{nr: "12", fall: post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2025-11-21"), sitz: land(tenant.LandSH), bekannt: "2025-11-25", ende: "2025-12-29"},
		{nr: "22 SN", fall: post(frist.VerfahrenVwVfG, bund(tenant.LandSN), "2026-10-14"), sitz: bund(tenant.LandSN), bekannt: "2026-10-18", ende: "2026-11-19"},
		{nr: "22 BY", fall: post(frist.VerfahrenVwVfG, bund(tenant.LandBY), "2026-10-14"), sitz: bund(tenant.LandBY), bekannt: "2026-10-18", ende: "2026-11-18"},
		{nr: "22 AO SN", fall: post(frist.VerfahrenAO, land(tenant.LandSN), "2026-10-14"), sitz: land(tenant.LandSN), behelf: frist.RechtsbehelfEinspruch, bekannt: "2026-10-19", ende: "2026-11-19"},
		{nr: "22 AO BY", fall: post(frist.VerfahrenAO, land(tenant.LandBY), "2026-10-14"), sitz: land(tenant.LandBY), behelf: frist.RechtsbehelfEinspruch, bekannt: "2026-10-19", ende: "2026-11-19"},
		{nr: "26", fall: frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalAbruf, Behoerde: bund(tenant.LandSH), Benachrichtigung: d("2026-03-02"), Abruf: d("2026-03-05")},
			sitz: bund(tenant.LandSH), bekannt: "2026-03-06", ende: "2026-04-07"},
		{nr: "26 SH", fall: frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalAbruf, Behoerde: land(tenant.LandSH), Benachrichtigung: d("2026-03-02"), Abruf: d("2026-03-05")},
			sitz: land(tenant.LandSH), bekannt: "2026-03-06", ende: "2026-04-07"},
		{nr: "28", fall: frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalPostfach, Behoerde: land(tenant.LandBY), Bereitstellung: d("2026-05-29"), Benachrichtigung: d("2026-05-29")},
			sitz: land(tenant.LandBY), behelf: frist.RechtsbehelfKlage, bekannt: "2026-06-01", bAlle: []string{"2026-06-01", "2026-06-02"},
			ende: "2026-07-01", endeAlle: []string{"2026-07-01", "2026-07-02"}, endgueltg: "2026-07-03"},
		{nr: "29", fall: frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalPostfach, Behoerde: land(tenant.LandNI), Bereitstellung: d("2024-08-01"), Benachrichtigung: d("2024-08-01"), Empfaenger: frist.Ort{Land: tenant.LandNI}},
			sitz: land(tenant.LandNI), bekannt: "2024-08-04", bAlle: []string{"2024-08-04", "2024-08-05"},
			ende: "2024-09-04", endeAlle: []string{"2024-09-04", "2024-09-05"}, endgueltg: "2024-09-06"},
		{nr: "30", fall: frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalPostfach, Behoerde: land(tenant.LandNI), Bereitstellung: d("2026-09-04"), Benachrichtigung: d("2026-09-04"), Empfaenger: frist.Ort{Land: tenant.LandNI}},
			sitz: land(tenant.LandNI), bekannt: "2026-09-08", bAlle: []string{"2026-09-07", "2026-09-08"},
			ende: "2026-10-08", endeAlle: []string{"2026-10-07", "2026-10-08"}, endgueltg: "2026-10-09"},
	} {
		t.Run(c.nr, func(t *testing.T) {
			t.Parallel()
			b, err := r.Bekanntgabe(c.fall)
			require.NoError(t, err)
			require.Equal(t, frist.LageBestimmt, b.Lage)
			require.Equal(t, c.bekannt, b.Datum.String(), b.Schritte)
			if c.bAlle == nil {
				c.bAlle = []string{c.bekannt}
			}
			require.Equal(t, c.bAlle, tage(b), b.Schritte)

			if c.behelf == "" {
				c.behelf = frist.RechtsbehelfWiderspruch
			}
			e, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: c.behelf, Bekanntgabe: &c.fall, Behoerde: c.sitz})
			require.NoError(t, err)
			require.Equal(t, c.ende, e.Datum.String(), e.Schritte)
			if c.endeAlle == nil {
				c.endeAlle = []string{c.ende}
			}
			require.Equal(t, c.endeAlle, tage(e), e.Schritte)
			if c.endgueltg == "" {
				c.endgueltg = d(c.ende).AddTage(1).String()
			}
			require.Equal(t, c.endgueltg, e.Bestandskraft().String())
		})
	}
}

// Example 5: the holidays of the recipient move the day of a tax act.
func TestWorkedExampleRecipient(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	f := post(frist.VerfahrenAO, land(tenant.LandSH), "2025-01-02")
	f.Empfaenger = frist.Ort{Land: tenant.LandBY}
	b, err := r.Bekanntgabe(f)
	require.NoError(t, err)
	require.Equal(t, "2025-01-07", b.Datum.String())
	e, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfEinspruch, Bekanntgabe: &f, Behoerde: land(tenant.LandSH)})
	require.NoError(t, err)
	require.Equal(t, "2025-02-07", e.Datum.String())
}

const (
	muenchen = "091620000000"
	nuernbrg = "095640000000"
	augsburg = "097610000000"
)

// The worked examples that start from a known day.
func TestWorkedExamplesEnde(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	for _, c := range []struct {
		nr, am string
		sitz   frist.Behoerde
		behelf frist.Rechtsbehelf
		ende   []string // the first decides if there are several
	}{
		{"13", "2026-11-24", land(tenant.LandSH), "", []string{"2026-12-24"}},
		{"14 NW", "2027-10-01", land(tenant.LandNW), "", []string{"2027-11-02"}},
		{"14 SH", "2027-10-01", land(tenant.LandSH), "", []string{"2027-11-01"}},
		{"15 BY", "2026-05-04", land(tenant.LandBY), "", []string{"2026-06-05"}},
		{"15 SH", "2026-05-04", land(tenant.LandSH), "", []string{"2026-06-04"}},
		{"15 SN", "2026-05-04", land(tenant.LandSN), "", []string{"2026-06-04", "2026-06-05"}},
		{"15 SN Dresden", "2026-05-04", land(tenant.LandSN, "14612000"), "", []string{"2026-06-04"}},
		{"15 SN Bautzen", "2026-05-04", land(tenant.LandSN, "14625020"), "", []string{"2026-06-04", "2026-06-05"}},
		{"15 TH", "2026-05-04", land(tenant.LandTH), "", []string{"2026-06-04", "2026-06-05"}},
		{"15 TH Eichsfeld", "2026-05-04", land(tenant.LandTH, "16061045"), "", []string{"2026-06-05"}},
		{"16 BE", "2027-02-08", land(tenant.LandBE), "", []string{"2027-03-09"}},
		{"16 MV", "2027-02-08", land(tenant.LandMV), "", []string{"2027-03-09"}},
		{"16 HH", "2027-02-08", land(tenant.LandHH), "", []string{"2027-03-08"}},
		{"17 BE", "2022-02-08", land(tenant.LandBE), "", []string{"2022-03-09"}},
		{"17 MV", "2022-02-08", land(tenant.LandMV), "", []string{"2022-03-08"}},
		{"18 Muenchen", "2025-07-15", land(tenant.LandBY, muenchen), "", []string{"2025-08-18"}},
		{"18 SL", "2025-07-15", land(tenant.LandSL), "", []string{"2025-08-18"}},
		{"18 Nuernberg", "2025-07-15", land(tenant.LandBY, nuernbrg), "", []string{"2025-08-15"}},
		{"18 BY", "2025-07-15", land(tenant.LandBY), "", []string{"2025-08-15", "2025-08-18"}},
		{"19 Augsburg", "2025-07-08", land(tenant.LandBY, augsburg), "", []string{"2025-08-11"}},
		{"19 BY", "2025-07-08", land(tenant.LandBY, nuernbrg), "", []string{"2025-08-08"}},
		{"20 BE", "2025-04-08", land(tenant.LandBE), "", []string{"2025-05-09"}},
		{"20 BB", "2025-04-08", land(tenant.LandBB), "", []string{"2025-05-08"}},
		{"21 TH", "2027-08-20", land(tenant.LandTH), "", []string{"2027-09-21"}},
		{"21 SN", "2027-08-20", land(tenant.LandSN), "", []string{"2027-09-20"}},
		{"23", "2009-12-23", land(tenant.LandNW), frist.RechtsbehelfBeschwerde, []string{"2010-01-06"}},
		{"24 SH", "2017-10-17", land(tenant.LandSH), frist.RechtsbehelfBeschwerde, []string{"2017-11-01"}},
		{"24 NW", "2017-10-17", land(tenant.LandNW), frist.RechtsbehelfBeschwerde, []string{"2017-11-02"}},
		{"25 SH", "2018-10-17", land(tenant.LandSH), frist.RechtsbehelfBeschwerde, []string{"2018-11-01"}},
		{"25 HE", "2018-10-17", land(tenant.LandHE), frist.RechtsbehelfBeschwerde, []string{"2018-10-31"}},
	} {
		t.Run(c.nr, func(t *testing.T) {
			t.Parallel()
			if c.behelf == "" {
				c.behelf = frist.RechtsbehelfWiderspruch
			}
			e, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: c.behelf, Am: d(c.am), Behoerde: c.sitz})
			require.NoError(t, err)
			require.Equal(t, c.ende, tage(e), e.Schritte)
			require.Equal(t, c.ende[0], e.Datum.String())
			if len(c.ende) > 1 {
				require.NotEmpty(t, e.Warnungen, "two candidates need a warning")
				require.False(t, e.Eindeutig())
			}
		})
	}
}

func TestWorkedExamplesRest(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)

	t.Run("11", func(t *testing.T) {
		e, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfWiderspruch, Am: d("2024-02-29"), Behoerde: land(tenant.LandSH), BelehrungFehlt: true})
		require.NoError(t, err)
		require.Equal(t, []string{"2025-02-28"}, tage(e))
	})
	t.Run("27", func(t *testing.T) {
		f := frist.BekanntgabeFall{Verfahren: frist.VerfahrenVwVfG, Kanal: frist.KanalAbruf, Behoerde: bund(tenant.LandSH), Benachrichtigung: d("2026-03-02"), NichtAbgerufen: true}
		e, err := r.Bekanntgabe(f)
		require.NoError(t, err)
		require.Equal(t, frist.LageKeine, e.Lage)
		require.Equal(t, "2026-03-12", e.BereitstellungBis.String())
		require.True(t, e.Datum.IsZero())
		require.Empty(t, e.Kandidaten)

		rb, err := r.Rechtsbehelf(frist.RechtsbehelfFall{Rechtsbehelf: frist.RechtsbehelfKlage, Bekanntgabe: &f, Behoerde: bund(tenant.LandSH)})
		require.NoError(t, err)
		require.Equal(t, frist.LageKeine, rb.Lage)
		require.True(t, rb.Bestandskraft().IsZero(), "without Bekanntgabe nothing becomes final")

		f.NichtAbgerufen = false
		e, err = r.Bekanntgabe(f)
		require.NoError(t, err)
		require.Equal(t, frist.LageOffen, e.Lage)
		require.Equal(t, "2026-03-12", e.BereitstellungBis.String())
	})
	t.Run("31", func(t *testing.T) {
		e, err := r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: d("2026-01-14"), Behoerde: land(tenant.LandSH)})
		require.NoError(t, err)
		require.Equal(t, []string{"2026-04-14"}, tage(e))
		require.Equal(t, "2026-04-15", e.Danach().String())
	})
	t.Run("32", func(t *testing.T) {
		for _, f := range []frist.AufbewahrungFall{
			{Abschluss: d("2027-01-01"), Beginn: frist.AufbewahrungAbTag},
			{Abschluss: d("2026-05-04"), Beginn: frist.AufbewahrungAbJahresende},
		} {
			f.Dauer, f.Norm = frist.Dauer{N: 10, Einheit: frist.EinheitJahr}, "Aktenplan"
			e, err := r.Aufbewahrung(f)
			require.NoError(t, err)
			require.Equal(t, "2036-12-31", e.Datum.String())
			require.Equal(t, "2037-01-01", e.Danach().String())
		}
	})
	t.Run("33", func(t *testing.T) {
		for id, want := range map[string]string{"FC-MELDUNG-1": "2026-02-05", "FC-MELDUNG-2": "2026-02-11", "FC-ABLEHNUNG": "2026-02-16", "FC-LOESCHUNG": "2026-02-23"} {
			e, err := r.Pflicht(frist.PflichtFall{Regel: id, Am: d("2026-02-02")})
			require.NoError(t, err)
			require.Equal(t, []string{want}, tage(e), id)
		}
	})
}
