package gebuehr_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// What the letter says, for all cases.
func TestBescheidteilGolden(t *testing.T) {
	tab := gebuehr.Beispiele()
	var b strings.Builder
	for i, c := range faelle {
		e, err := tab.Rechne(c.fall)
		require.NoError(t, err)
		a := gebuehr.Angaben{Vorgang: "KI-2026-000017"}
		if i%2 == 0 {
			a.Bekanntgabe = e.Eingabe.Entscheidung.AddTage(4)
			a.Zahlungsweg = "Bitte überweisen Sie auf das Konto der Stadtkasse."
		}
		teil, err := tab.Bescheidteil(e, a)
		require.NoError(t, err)
		fmt.Fprintf(&b, "== %s\n%s\n", c.name, teil.Text())
		for _, g := range teil.Begruendung {
			b.WriteString("Begründung: " + g + "\n")
		}
		for _, z := range append(teil.Tafel.Zeilen, teil.Tafel.Summe) {
			b.WriteString("| " + strings.Join(z, " | ") + " |\n")
		}
		z, err := json.Marshal(teil.Zahlung)
		require.NoError(t, err)
		fmt.Fprintf(&b, "Zahlung: %s\n\n", z)
		require.Equal(t, e.Summe > 0, teil.Zahlung != nil)
		if teil.Zahlung != nil {
			require.Equal(t, e.Summe, teil.Zahlung.Betrag)
			var s gebuehr.Betrag
			for _, p := range teil.Zahlung.Positionen {
				s += p.Betrag
			}
			require.Equal(t, e.Summe, s)
		}
		require.NotContains(t, teil.Text(), "  ")
	}
	golden(t, filepath.Join("testdata", "bescheid.golden.txt"), b.String())
}

// The due day against the calendar: 30 days after 2 October 2026 is Sunday, 1
// November; the day after is a working day in NW.
func TestFaelligkeit(t *testing.T) {
	t.Parallel()
	tab := gebuehr.Beispiele()
	for _, c := range []struct {
		land        tenant.Land
		bekanntgabe string
		want        string
	}{
		{tenant.LandNW, "2026-10-02", "2026-11-02"},
		{tenant.LandNW, "2026-10-01", "2026-11-02"}, // Saturday
		{tenant.LandNW, "2026-11-25", "2026-12-28"}, // 25 and 26 December, Sunday
		{tenant.LandBY, "2026-12-07", "2027-01-07"}, // 6 January is a holiday there
		{tenant.LandSH, "2026-12-07", "2027-01-06"},
	} {
		e, err := tab.Rechne(gebuehr.Fall{Land: c.land, Eingang: d("2026-09-01"), Entscheidung: d("2026-09-15"), Ansaetze: []gebuehr.Ansatz{{Posten: "baumfaellung.genehmigung", Menge: 3}}})
		require.NoError(t, err)
		teil, err := tab.Bescheidteil(e, gebuehr.Angaben{Bekanntgabe: d(c.bekanntgabe)})
		require.NoError(t, err)
		require.Equal(t, c.want, teil.Zahlung.FaelligAm.String(), "%s %s", c.land, c.bekanntgabe)
		require.Contains(t, teil.Faelligkeit, d(c.want).Deutsch())
	}
}

func TestBescheidteil(t *testing.T) {
	t.Parallel()
	tab := gebuehr.Beispiele()
	e, err := tab.Rechne(fall(gebuehr.Ansatz{Posten: "baumfaellung.genehmigung", Menge: 3}))
	require.NoError(t, err)
	teil, err := tab.Bescheidteil(e, gebuehr.Angaben{Vorgang: "KI-2026-000017"})
	require.NoError(t, err)
	require.Contains(t, teil.Text(), gebuehr.PlatzhalterKassenzeichen)
	require.Equal(t, "{kassenzeichen} KI-2026-000017", teil.Zahlung.Verwendungszweck)
	fertig := teil.MitKassenzeichen("4711.0815")
	require.NotContains(t, fertig.Text(), "{")
	require.Equal(t, "4711.0815 KI-2026-000017", fertig.Zahlung.Verwendungszweck)
	require.Empty(t, teil.Zahlung.Kassenzeichen, "the part it was made of stays")
	require.NotEmpty(t, teil.Saeumnis)
	require.Equal(t, "gebuehr.zahlungsweg-fehlt", teil.Warnungen[len(teil.Warnungen)-1].Code)
	mitWeg, err := tab.Bescheidteil(e, gebuehr.Angaben{Zahlungsweg: "Bitte überweisen Sie auf das Konto der Stadtkasse."})
	require.NoError(t, err)
	require.Contains(t, mitWeg.Text(), " Bitte überweisen Sie auf das Konto der Stadtkasse. ")
	require.Len(t, mitWeg.Warnungen, len(teil.Warnungen)-1)

	// It goes into a decision as it is.
	i := bescheid.Inhalt{Gebuehr: fertig.Text(), Begruendung: append([]string{"Der Baum ist krank."}, fertig.Begruendung...), Art: bescheid.Bewilligung, Betreff: "B", Tenor: []string{"T"},
		Rechtsbehelfsbelehrung: "R", Verfahren: "vwvfg"}
	require.NoError(t, i.Pruefe())

	// No surcharge can ever arise on less than the rule asks for: no word of it.
	klein, err := tab.Rechne(fall(gebuehr.Ansatz{Posten: "auslage.zustellung", Menge: 1}))
	require.NoError(t, err)
	teil, err = tab.Bescheidteil(klein, gebuehr.Angaben{})
	require.NoError(t, err)
	require.Empty(t, teil.Saeumnis)
	require.Contains(t, teil.Festsetzung, "eine Gebühr wird nicht erhoben")

	for name, c := range map[string]struct {
		tab  *gebuehr.Tabelle
		e    gebuehr.Ergebnis
		a    gebuehr.Angaben
		code string
	}{
		"andere Tabelle": {geladen(t, datei()), e, gebuehr.Angaben{}, "andere-tabelle"},
		"Zweck zu lang":  {tab, e, gebuehr.Angaben{Vorgang: strings.Repeat("ä", 141)}, "verwendungszweck"},
		"Steuerzeichen":  {tab, e, gebuehr.Angaben{Kassenzeichen: "a\nb"}, "verwendungszweck"},
		"zu früh":        {tab, e, gebuehr.Angaben{Bekanntgabe: d("2026-09-14")}, "datum-folge"},
		"Datum":          {tab, e, gebuehr.Angaben{Bekanntgabe: datum.New(2300, 1, 1)}, "datum"},
	} {
		_, err := c.tab.Bescheidteil(c.e, c.a)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.Equal(t, "gebuehr."+c.code, fehler.ProblemeIn(err)[0].Code, name)
	}
	ohne := geladen(t, datei(`,
"zahlung":[{"id":"Z","norm":"§ 6","quelle":["Q"],"konfidenz":"A","faellig_tage":30}]`, ``))
	f := gebuehr.Fall{Land: tenant.LandSH, Entscheidung: d("2030-06-01"), Ansaetze: []gebuehr.Ansatz{{Posten: "p.q"}}}
	e, err = ohne.Rechne(f)
	require.NoError(t, err)
	_, err = ohne.Bescheidteil(e, gebuehr.Angaben{})
	require.Equal(t, "gebuehr.zahlung-regel", fehler.ProblemeIn(err)[0].Code)
}

// The table is one the letter can draw.
func TestTafelIsDrawn(t *testing.T) {
	t.Parallel()
	tab := gebuehr.Beispiele()
	r, err := pdf.New(nil)
	require.NoError(t, err)
	for _, c := range faelle {
		e, err := tab.Rechne(c.fall)
		require.NoError(t, err)
		teil, err := tab.Bescheidteil(e, gebuehr.Angaben{})
		require.NoError(t, err)
		x := pdf.Tabelle{Titel: teil.Tafel.Titel, Zeilen: teil.Tafel.Zeilen, Summe: teil.Tafel.Summe}
		for _, s := range teil.Tafel.Spalten {
			x.Spalten = append(x.Spalten, pdf.Spalte(s))
		}
		var b bytes.Buffer
		_, err = r.Write(&b, pdf.Dokument{Titel: "Gebühr", Autor: "Stadt", Inhalt: []pdf.Block{pdf.Absatz{Text: teil.Text()}, x}})
		require.NoError(t, err, c.name)
		require.NotZero(t, b.Len())
	}
}
