package ueberweisung_test

import (
	"bytes"
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/kassenzeichen"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write the section of docs/schlechte-eingaben.md")

func TestIBAN(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"DE89 3704 0044 0532 0130 00", "de89370400440532013000", "GB82WEST12345698765432", "BE68539007547034", "NO9386011117947", "MT84MALT011000012345MTLCAST001S"} {
		i, err := ueberweisung.ParseIBAN(s)
		require.NoError(t, err, s)
		require.Equal(t, strings.ToUpper(strings.ReplaceAll(s, " ", "")), string(i))
	}
	require.Equal(t, "DE89 3704 0044 0532 0130 00", ueberweisung.IBAN("DE89370400440532013000").Format())
	for _, s := range []string{"", "DE", "DE89370400440532013001", "DE8937040044053201300", "DE893704004405320130000", "89DE370400440532013000", "DE89-3704", "DE00370400440532013000", "DEÄ9370400440532013000", strings.Repeat("A", 40)} {
		_, err := ueberweisung.ParseIBAN(s)
		require.ErrorIs(t, err, fehler.ErrInvalid, s)
		if s != "" {
			require.NotContains(t, err.Error(), s)
		}
	}
	require.True(t, ueberweisung.ValidBIC("COBADEFFXXX") && ueberweisung.ValidBIC("BFSWDE33"))
	require.False(t, ueberweisung.ValidBIC("COBA1EFFXXX") || ueberweisung.ValidBIC("cobadeff") || ueberweisung.ValidBIC(""))
	require.True(t, ueberweisung.ValidRF("RF18539007547034")) // the example of the standard
	require.Equal(t, "RF18539007547034", ueberweisung.RF("539007547034"))
	require.False(t, ueberweisung.ValidRF("RF19539007547034"))
	require.Empty(t, ueberweisung.RF("a"))
}

// MOD 97 finds every single wrong digit and every swap of neighbours.
func TestIBANRapid(t *testing.T) {
	t.Parallel()
	gut := "DE89370400440532013000"
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(2, len(gut)-1).Draw(t, "i")
		b := []byte(gut)
		if rapid.Bool().Draw(t, "dreher") {
			b[i], b[i-1] = b[i-1], b[i]
		} else {
			b[i] = rapid.SampledFrom([]byte("0123456789")).Draw(t, "d")
		}
		if _, err := ueberweisung.ParseIBAN(string(b)); err == nil && string(b) != gut {
			t.Fatalf("%s passes", b)
		}
	})
}

func daten() ueberweisung.Zahlungsdaten {
	return ueberweisung.Zahlungsdaten{Empfaenger: "Landeshauptstadt Kiel, Stadtkasse", IBAN: "DE89370400440532013000", BIC: "COBADEFFXXX", Betrag: 6190,
		Verwendungszweck: "50001030704 Hundesteuer für 2026", Faellig: datum.New(2026, 3, 31)}
}

func TestGiroCode(t *testing.T) {
	t.Parallel()
	got, err := daten().GiroCode()
	require.NoError(t, err)
	require.Equal(t, "BCD\n002\n1\nSCT\nCOBADEFFXXX\nLandeshauptstadt Kiel, Stadtkasse\nDE89370400440532013000\nEUR61.90\n\n\n50001030704 Hundesteuer für 2026", got)
	d := daten()
	d.BIC, d.Zweck, d.Referenz, d.Verwendungszweck = "", "GOVT", "RF18539007547034", ""
	got, err = d.GiroCode()
	require.NoError(t, err)
	require.Equal(t, "BCD\n002\n1\nSCT\n\nLandeshauptstadt Kiel, Stadtkasse\nDE89370400440532013000\nEUR61.90\nGOVT\nRF18539007547034", got)
	d = daten()
	d.Empfaenger, d.Verwendungszweck, d.Hinweis = strings.Repeat("ä", 70), strings.Repeat("ö", 140), strings.Repeat("x", 70)
	_, err = d.GiroCode()
	require.Equal(t, "ueberweisung.girocode", fehler.ProblemeIn(err)[0].Code, "bytes count, not characters")
}

func TestSchlechteEingaben(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("## Zahlungsdaten einer Überweisung\n\nErzeugt aus den Tests: `go test ./bescheid/zahlung/ueberweisung -run Schlechte -update`. Aus solchen Daten entsteht kein GiroCode.\n\n| Angabe | Code | Stelle | Hinweis |\n|---|---|---|---|\n")
	for _, c := range []struct {
		name, code string
		change     func(*ueberweisung.Zahlungsdaten)
	}{
		{"Empfänger fehlt", "ueberweisung.fehlt", func(d *ueberweisung.Zahlungsdaten) { d.Empfaenger = " " }},
		{"Empfänger zu lang", "ueberweisung.zu-lang", func(d *ueberweisung.Zahlungsdaten) { d.Empfaenger = strings.Repeat("ä", 71) }},
		{"Zeilenwechsel im Empfänger", "ueberweisung.zeichen", func(d *ueberweisung.Zahlungsdaten) { d.Empfaenger = "Kiel\nEUR1.00" }},
		{"kyrillisches Zeichen", "ueberweisung.zeichen", func(d *ueberweisung.Zahlungsdaten) { d.Verwendungszweck = "50001030704 Ж" }},
		{"Tippfehler in der IBAN", "ueberweisung.iban", func(d *ueberweisung.Zahlungsdaten) { d.IBAN = "DE89370400440532013001" }},
		{"IBAN mit Leerzeichen", "ueberweisung.iban", func(d *ueberweisung.Zahlungsdaten) { d.IBAN = "DE89 3704 0044 0532 0130 00" }},
		{"Konto außerhalb des SEPA-Raums", "ueberweisung.iban", func(d *ueberweisung.Zahlungsdaten) { d.IBAN = "SA0380000000608010167519" }},
		{"BIC falsch", "ueberweisung.bic", func(d *ueberweisung.Zahlungsdaten) { d.BIC = "COBA" }},
		{"Betrag null", "ueberweisung.betrag", func(d *ueberweisung.Zahlungsdaten) { d.Betrag = 0 }},
		{"Betrag zu groß", "ueberweisung.betrag", func(d *ueberweisung.Zahlungsdaten) { d.Betrag = 100_000_000_000 }},
		{"Zweckcode mit Ziffer", "ueberweisung.zweck", func(d *ueberweisung.Zahlungsdaten) { d.Zweck = "GOV1" }},
		{"Referenz und Text", "ueberweisung.referenz", func(d *ueberweisung.Zahlungsdaten) { d.Referenz = "RF18539007547034" }},
		{"Referenz falsch", "ueberweisung.referenz", func(d *ueberweisung.Zahlungsdaten) { d.Referenz, d.Verwendungszweck = "RF19539007547034", "" }},
		{"Verwendungszweck fehlt", "ueberweisung.fehlt", func(d *ueberweisung.Zahlungsdaten) { d.Verwendungszweck = "" }},
		{"Verwendungszweck zu lang", "ueberweisung.zu-lang", func(d *ueberweisung.Zahlungsdaten) { d.Verwendungszweck = strings.Repeat("x", 141) }},
	} {
		d := daten()
		require.NoError(t, d.Check())
		c.change(&d)
		_, err := d.GiroCode()
		ps := fehler.ProblemeIn(err)
		require.Len(t, ps, 1, c.name)
		require.Equal(t, c.code, ps[0].Code, c.name)
		require.Regexp(t, `^[A-ZÄÖÜ].*\.$`, ps[0].Hinweis)
		fmt.Fprintf(&b, "| %s | `%s` | `%s` | %s |\n", c.name, c.code, ps[0].Pfad, ps[0].Hinweis)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Zahlungsdaten einer Überweisung", b.String(), *update)
}

var luhn = kassenzeichen.Schema{Name: "luhn", Praefix: "50", Stellen: 8, Verfahren: kassenzeichen.Luhn}
var keine = kassenzeichen.Schema{Name: "keine", Praefix: "KI", Stellen: 6, Verfahren: kassenzeichen.Keine}

func kz(t require.TestingT, s kassenzeichen.Schema, n uint64) string {
	k, err := s.Generate(n, 2026)
	require.NoError(t, err)
	return k
}

func TestMatch(t *testing.T) {
	t.Parallel()
	a, b, c := kz(t, luhn, 1), kz(t, luhn, 2), kz(t, keine, 3)
	alt := ueberweisung.Umsatz{Konto: "K", Auszug: "1", Eintrag: "ALT", Betrag: 700, Waehrung: "EUR", Haben: true, Gebucht: true, Verwendungszweck: a, EndToEnd: "LAST-7"}
	abgleich := ueberweisung.Abgleich{Schemata: []kassenzeichen.Schema{luhn, keine}, Offen: []ueberweisung.Offen{
		{"f-a", a, "EUR", 5000}, {"f-b", b, "EUR", 0}, {"f-c", c, "EUR", 1000},
	}, Gebucht: []ueberweisung.Gebucht{{Schluessel: alt.Schluessel(), Inhalt: alt.Inhalt(), Forderung: "f-a", EndToEnd: "LAST-7", Betrag: 700}}}
	ein := func(betrag zahlung.Betrag, text string, change ...func(*ueberweisung.Umsatz)) ueberweisung.Umsatz {
		u := ueberweisung.Umsatz{Konto: "K", Auszug: "2", Eintrag: "R", Betrag: betrag, Waehrung: "EUR", Haben: true, Gebucht: true, Verwendungszweck: text, Name: "Geheim"}
		for _, f := range change {
			f(&u)
		}
		return u
	}
	zurueck := func(u *ueberweisung.Umsatz) { u.Haben, u.Storno, u.Rueckgabe = false, true, "AC04" }
	for _, x := range []struct {
		name      string
		u         ueberweisung.Umsatz
		befund    ueberweisung.Befund
		s         ueberweisung.Sicherheit
		person    bool
		forderung string
		rest      zahlung.Betrag
	}{
		{"genau", ein(5000, "Zahlung "+a), ueberweisung.Exakt, ueberweisung.Sicher, false, "f-a", 0},
		{"in Stücken", ein(5000, a[:4]+" "+a[4:]), ueberweisung.Exakt, ueberweisung.Sicher, false, "f-a", 0},
		{"strukturiert", ein(5000, "", func(u *ueberweisung.Umsatz) { u.Referenz = ueberweisung.RF(a) }), ueberweisung.Exakt, ueberweisung.Sicher, false, "f-a", 0},
		{"Referenz des Zahlers", ein(5000, "Steuer", func(u *ueberweisung.Umsatz) { u.EndToEnd = a }), ueberweisung.Exakt, ueberweisung.Sicher, false, "f-a", 0},
		{"zu wenig", ein(4999, a), ueberweisung.Unter, ueberweisung.Sicher, false, "f-a", 1},
		{"zu viel", ein(5001, a), ueberweisung.Ueber, ueberweisung.Sicher, true, "f-a", 1},
		{"schon bezahlt", ein(10, b), ueberweisung.Ueber, ueberweisung.Sicher, true, "f-b", 10},
		{"Tippfehler", ein(5000, a[:len(a)-1]+"9"), ueberweisung.Ohne, ueberweisung.Keine, true, "", 0},
		{"nur der Betrag passt", ein(5000, "Hundesteuer"), ueberweisung.Ohne, ueberweisung.Keine, true, "", 0},
		{"zwei Kassenzeichen", ein(5000, a+" "+b), ueberweisung.Zweifel, ueberweisung.Unsicher, true, "", 0},
		{"eines fremd", ein(5000, a+" "+kz(t, luhn, 99)), ueberweisung.Zweifel, ueberweisung.Unsicher, true, "", 0},
		{"fremdes Kassenzeichen", ein(5000, kz(t, luhn, 99)), ueberweisung.Ohne, ueberweisung.Keine, true, "", 0},
		{"ohne Prüfziffer, genau", ein(1000, c), ueberweisung.Exakt, ueberweisung.Sicher, false, "f-c", 0},
		{"ohne Prüfziffer, ungenau", ein(1000, "KI 0O 0003"), ueberweisung.Zweifel, ueberweisung.Unsicher, true, "", 0},
		{"andere Währung", ein(5000, a, func(u *ueberweisung.Umsatz) { u.Waehrung = "USD" }), ueberweisung.Zweifel, ueberweisung.Unsicher, true, "", 0},
		{"Sammler", ein(5000, a, func(u *ueberweisung.Umsatz) { u.Sammler = true }), ueberweisung.Zweifel, ueberweisung.Unsicher, true, "", 0},
		{"unstimmig", ein(5000, a, func(u *ueberweisung.Umsatz) { u.Unstimmig = "So nicht." }), ueberweisung.Zweifel, ueberweisung.Unsicher, true, "", 0},
		{"null", ein(0, a), ueberweisung.Zweifel, ueberweisung.Keine, true, "", 0},
		{"vorgemerkt", ein(5000, a, func(u *ueberweisung.Umsatz) { u.Gebucht = false }), ueberweisung.Angekuendigt, ueberweisung.Keine, false, "", 0},
		{"Ausgang", ein(5000, a, func(u *ueberweisung.Umsatz) { u.Haben = false }), ueberweisung.Ausgang, ueberweisung.Sicher, false, "", 0},
		{"noch einmal gelesen", alt, ueberweisung.Doppelt, ueberweisung.Sicher, false, "", 0},
		{"gleiche Referenz, anderer Inhalt", func() ueberweisung.Umsatz { u := alt; u.Betrag++; return u }(), ueberweisung.Zweifel, ueberweisung.Keine, true, "", 0},
		{"Rückgabe", ein(1000, "", zurueck, func(u *ueberweisung.Umsatz) { u.EndToEnd, u.Ursprung = "LAST-7", 700 }), ueberweisung.Zurueck, ueberweisung.Sicher, true, "f-a", 0},
		{"Rückgabe, Entgelt genannt", ein(1000, "", zurueck, func(u *ueberweisung.Umsatz) { u.EndToEnd, u.Entgelt = "LAST-7", 300 }), ueberweisung.Zurueck, ueberweisung.Sicher, true, "f-a", 0},
		{"Rückgabe nach Kassenzeichen", ein(700, a, zurueck), ueberweisung.Zurueck, ueberweisung.Sicher, true, "f-a", 0},
		{"Rückgabe, Betrag passt nicht", ein(701, a, zurueck), ueberweisung.Zweifel, ueberweisung.Unsicher, true, "", 0},
		{"Rückgabe einer fremden", ein(700, "", zurueck, func(u *ueberweisung.Umsatz) { u.EndToEnd = "LAST-8" }), ueberweisung.Zweifel, ueberweisung.Keine, true, "", 0},
		{"eigene Zahlung kam zurück", ein(700, a, func(u *ueberweisung.Umsatz) { u.Storno = true }), ueberweisung.Zweifel, ueberweisung.Unsicher, true, "", 0},
	} {
		z := ueberweisung.Match(abgleich, []ueberweisung.Umsatz{x.u})[0]
		require.Equal(t, x.befund, z.Befund, "%s: %s", x.name, z.Grund)
		require.Equal(t, x.s, z.Sicherheit, "%s: %s", x.name, z.Grund)
		require.Equal(t, x.person, z.Person, x.name)
		require.Equal(t, x.forderung, z.Forderung, x.name)
		require.Equal(t, x.rest, z.Rest, x.name)
		require.Regexp(t, `^[A-ZÄÖÜ].*\.$`, z.Grund, x.name)
		require.NotContains(t, z.Grund, "Geheim")
		require.Equal(t, z.Sicherheit == ueberweisung.Unsicher, len(z.Kandidaten) > 0, x.name)
		if z.Befund == ueberweisung.Zurueck {
			require.Equal(t, alt.Schluessel(), z.Bezug)
			require.Equal(t, x.u.Betrag-700, z.Kosten)
		}
	}
	require.Equal(t, zahlung.Betrag(5000), abgleich.Offen[0].Betrag, "Match changes nothing it was given")
	require.False(t, abgleich.Gebucht[0].Zurueck)

	// One after the other: two halves, then too much, then the whole file again.
	erste, zweite := ein(2500, a), ein(2500, a, func(u *ueberweisung.Umsatz) { u.Eintrag = "R2" })
	var befunde []ueberweisung.Befund
	for _, z := range ueberweisung.Match(abgleich, []ueberweisung.Umsatz{erste, zweite, ein(1, a, func(u *ueberweisung.Umsatz) { u.Eintrag = "R3" }), erste, zweite}) {
		befunde = append(befunde, z.Befund)
	}
	require.Equal(t, []ueberweisung.Befund{ueberweisung.Unter, ueberweisung.Exakt, ueberweisung.Ueber, ueberweisung.Doppelt, ueberweisung.Doppelt}, befunde)
	// A return is found within the same run, once.
	r := ein(2500, "", zurueck, func(u *ueberweisung.Umsatz) { u.Eintrag, u.EndToEnd = "R4", "E" })
	r2 := r
	r2.Eintrag = "R5"
	mitE := ein(2500, a, func(u *ueberweisung.Umsatz) { u.EndToEnd = "E" })
	zs := ueberweisung.Match(abgleich, []ueberweisung.Umsatz{mitE, r, r2})
	require.Equal(t, ueberweisung.Zurueck, zs[1].Befund)
	require.Equal(t, mitE.Schluessel(), zs[1].Bezug)
	require.Equal(t, ueberweisung.Zweifel, zs[2].Befund)
}

// Reading again changes nothing, whatever the file holds, and what is booked for sure
// is the sum of what came in for sure.
func TestMatchRapid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		abgleich := ueberweisung.Abgleich{Schemata: []kassenzeichen.Schema{luhn}}
		for n := range uint64(4) {
			abgleich.Offen = append(abgleich.Offen, ueberweisung.Offen{fmt.Sprint("f", n), kz(t, luhn, n), "EUR", zahlung.Betrag(1000 * n)})
		}
		us := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) ueberweisung.Umsatz {
			return ueberweisung.Umsatz{Konto: "K", Auszug: "1", Eintrag: rapid.StringMatching("[a-z]{4}").Draw(t, "ref"), Waehrung: "EUR", Gebucht: true,
				Haben: rapid.Bool().Draw(t, "haben"), Storno: rapid.Bool().Draw(t, "storno"), Betrag: zahlung.Betrag(rapid.Int64Range(0, 4000).Draw(t, "betrag")),
				Verwendungszweck: kz(t, luhn, rapid.Uint64Range(0, 5).Draw(t, "kz"))}
		}), 0, 12).Draw(t, "us")
		zs := ueberweisung.Match(abgleich, append(us, us...))
		for i, z := range zs {
			if z.Sicherheit == ueberweisung.Sicher && (z.Befund == ueberweisung.Exakt || z.Befund == ueberweisung.Unter || z.Befund == ueberweisung.Ueber) != (z.Forderung != "" && z.Befund != ueberweisung.Zurueck) {
				t.Fatalf("%+v", z)
			}
			if i >= len(us) && z.Befund != ueberweisung.Doppelt && z.Befund != ueberweisung.Zweifel {
				t.Fatalf("read again: %+v", z)
			}
			if z.Forderung != "" && z.Befund != ueberweisung.Zurueck && z.Betrag != z.Umsatz.Betrag {
				t.Fatalf("%+v", z)
			}
		}
	})
}
