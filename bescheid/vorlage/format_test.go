package vorlage

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

func TestGermanFormats(t *testing.T) {
	require.Equal(t, "1.\u00a0Dezember\u00a02026", DatumLang(datum.MustParse("2026-12-01")))
	require.Empty(t, DatumLang(datum.Datum{}))
	for c, want := range map[Cent]string{0: "0,00 €", 5: "0,05 €", 123456: "1.234,56 €", -100: "−1,00 €", 99999999999999: "999.999.999.999,99 €"} {
		require.Equal(t, want, replaceNBSP(EuroText(c)))
	}
	for in, want := range map[string]string{"1234.5": "1.234,5", "0": "0", "-0.25": "−0,25", "1000000": "1.000.000", "1.50": "1,50"} {
		z, ok := parseZahl(in, maxStellen)
		require.True(t, ok)
		require.Equal(t, want, z.deutsch(0, true))
	}
	for _, in := range []string{"", "-", "1.", ".5", "01", "1e3", "1,5", "+1", "1.1234567", "1234567890123", "--1", "١"} {
		_, ok := parseZahl(in, maxStellen)
		require.False(t, ok, in)
	}
}

func replaceNBSP(s string) string {
	out := []rune(s)
	for i, r := range out {
		if r == 0xa0 {
			out[i] = ' '
		}
	}
	return string(out)
}

func TestTypography(t *testing.T) {
	for in, want := range map[string]string{
		"nach § 45 Abs. 1 Satz 6 StVO": "nach §_45 Abs._1 Satz_6 StVO", "(§§ 3 und 4)": "(§§_3 und 4)", "z. B. am 1. März": "z._B. am 1._März",
		"mit 18 cm, 5 % und 3 €.": "mit 18_cm, 5_% und 3_€.", "Abs. der Stadt": "Abs. der Stadt", "18 cmX": "18 cmX",
	} {
		got := ""
		for _, r := range typografie(in, false, false) {
			if r == 0xa0 {
				r = '_'
			}
			got += string(r)
		}
		require.Equal(t, want, got)
	}
	require.Equal(t, "\u00a0cm hoch, §\u00a0", typografie(" cm hoch, § ", true, true), "beside placeholders")
	require.Equal(t, " cm hoch, § ", typografie(" cm hoch, § ", false, false))
}

func TestKlareSprache(t *testing.T) {
	codes := func(text string) (out []string) {
		for _, b := range (KlareSprache{}).Pruefe(text) {
			require.Less(t, b.Beginn, b.Ende)
			out = append(out, b.Code)
		}
		return out
	}
	require.Empty(t, codes("Wir genehmigen die Fällung. Bitte pflanzen Sie einen neuen Baum."))
	require.Equal(t, []string{"passiv"}, codes("Der Antrag wurde am Montag geprüft."))
	require.Equal(t, []string{"wort-lang"}, codes("Die Grundstücksverkehrsgenehmigungszuständigkeit liegt bei uns."))
	require.Equal(t, []string{"abkuerzung"}, codes("Sie brauchen ggf. einen Plan."))
	require.Equal(t, []string{"nominal"}, codes("Die Durchführung der Prüfung zur Feststellung der Genehmigung beginnt."))
	long := "Wir haben am Montag in der Stadt mit allen die dort wohnen und mit denen die dort nur arbeiten oder einkaufen lange über den neuen Plan am Hafen geredet. Kurz."
	require.Equal(t, []string{"satz-lang"}, codes(long))
	require.Len(t, codes("Nach § 3 Abs. 1 Nr. 2 prüfen wir. Danach entscheiden wir."), 0)
}
