package camt_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung/camt"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write the golden files and the section of docs/schlechte-eingaben.md")

func lies(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(b)
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"auszug-02", "auszug-08"} {
		as, us, err := camt.ReadAll(t.Context(), iotest.OneByteReader(strings.NewReader(lies(t, name+".xml"))), nil)
		require.NoError(t, err, name)
		require.True(t, as[0].Saldiert, name)
		got, err := json.MarshalIndent(map[string]any{"auszuege": as, "umsaetze": us}, "", "  ")
		require.NoError(t, err)
		golden := filepath.Join("testdata", name+".json")
		if *update {
			require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got)+"\n", name)
	}
}

// The golden files do not only repeat the code: what matters is said here.
func TestUmsaetze(t *testing.T) {
	t.Parallel()
	_, us, err := camt.ReadAll(t.Context(), strings.NewReader(lies(t, "auszug-08.xml")), nil)
	require.NoError(t, err)
	require.Len(t, us, 5)
	require.Equal(t, "Hundesteuer 5000 10\n30704", us[0].Verwendungszweck)
	require.Equal(t, "Beispiel GmbH", us[0].Name)
	require.Empty(t, us[0].EndToEnd, "NOTPROVIDED is none")
	require.Equal(t, "PMNT/RCDT/ESCT", us[0].Code)
	require.Equal(t, []zahlung.Betrag{15000, 5000}, []zahlung.Betrag{us[1].Betrag, us[2].Betrag})
	require.Equal(t, "RF18539007547034", us[1].Referenz)
	require.Equal(t, [2]int{1, 2}, [2]int{us[1].Position, us[2].Position})
	require.NotEqual(t, us[1].Schluessel(), us[2].Schluessel())
	r := us[3]
	require.True(t, r.Storno && !r.Haben && r.Rueckgabe == "AC04" && r.Ursprung == 350 && r.Entgelt == 300 && r.Name == "Zahlerin Beispiel")
	require.False(t, us[4].Gebucht)
	_, us, err = camt.ReadAll(t.Context(), strings.NewReader(lies(t, "auszug-02.xml")), nil)
	require.NoError(t, err)
	require.True(t, us[1].Sammler)
	require.True(t, strings.HasPrefix(us[2].Eintrag, "ohne:"), "NONREF is none")
	_, again, err := camt.ReadAll(t.Context(), strings.NewReader(lies(t, "auszug-02.xml")), nil)
	require.NoError(t, err)
	for i := range us {
		require.Equal(t, us[i].Schluessel(), again[i].Schluessel())
	}
	// Two payments that look the same in one statement stay two.
	zwei := strings.Replace(lies(t, "auszug-02.xml"), "<n:Bal>", "<n:Bla>", 1)
	von, bis := strings.Index(zwei, "<n:Ntry>"), strings.Index(zwei, "</n:Ntry>")+len("</n:Ntry>")
	zwei = strings.Replace(zwei[:bis]+zwei[von:], "</n:Bal>", "</n:Bla>", 1)
	_, us, err = camt.ReadAll(t.Context(), strings.NewReader(zwei), nil)
	require.NoError(t, err)
	require.NotEqual(t, us[0].Schluessel(), us[1].Schluessel())
	require.Equal(t, us[0].Inhalt(), us[1].Inhalt())
}

// A batch whose items do not add up is given, and says so.
func TestUnstimmig(t *testing.T) {
	t.Parallel()
	for _, change := range [][2]string{{`Amt Ccy="EUR">150.00`, `Amt Ccy="EUR">149.00`}, {"<NbOfTxs>2<", "<NbOfTxs>3<"}, {`Amt Ccy="EUR">150.00`, `Amt Ccy="USD">150.00`}} {
		_, us, err := camt.ReadAll(t.Context(), strings.NewReader(strings.Replace(lies(t, "auszug-08.xml"), change[0], change[1], 1)), nil)
		require.NoError(t, err)
		require.NotEmpty(t, us[1].Unstimmig, change[0])
		require.NotEmpty(t, us[2].Unstimmig, change[0])
		require.Empty(t, us[0].Unstimmig)
	}
}

func TestEachEnds(t *testing.T) {
	t.Parallel()
	halt := errors.New("halt")
	n := 0
	_, err := camt.Each(t.Context(), strings.NewReader(lies(t, "auszug-08.xml")), nil, func(ueberweisung.Umsatz) error { n++; return halt })
	require.Equal(t, halt, err)
	require.Equal(t, 1, n)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = camt.ReadAll(ctx, strings.NewReader(lies(t, "auszug-08.xml")), nil)
	require.Equal(t, context.Canceled, err)
	_, _, err = camt.ReadAll(t.Context(), io.MultiReader(strings.NewReader("<Doc"), iotest.ErrReader(errors.New("geheim"))), nil)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.NotContains(t, err.Error(), "geheim")
	_, _, err = camt.ReadAll(t.Context(), strings.NewReader(lies(t, "auszug-08.xml")), &camt.Options{Konten: []ueberweisung.IBAN{"DE89370400440532013000"}})
	require.NoError(t, err)
}

type fall struct {
	name, code string
	in         string
	o          *camt.Options
}

func schlechte(t testing.TB) []fall {
	gut := lies(t, "auszug-08.xml")
	mit := func(alt, neu string) string {
		require.Contains(t, gut, alt)
		return strings.Replace(gut, alt, neu, 1)
	}
	tief := strings.Repeat("<a>", 40) + strings.Repeat("</a>", 40)
	return []fall{
		{"leere Datei", camt.CodeKeinXML, "", nil},
		{"kein XML (MT940)", camt.CodeKeinXML, ":20:STARTUMS", nil},
		{"abgeschnitten", camt.CodeKeinXML, gut[:len(gut)-40], nil},
		{"Dokumenttyp-Angabe (DTD)", camt.CodeKeinXML, strings.Replace(gut, "<Document", "<!DOCTYPE a><Document", 1), nil},
		{"andere Kodierung", camt.CodeKeinXML, mit(`encoding="UTF-8"`, `encoding="ISO-8859-1"`), nil},
		{"zweites Dokument dahinter", camt.CodeKeinXML, gut + gut, nil},
		{"doppeltes Attribut", camt.CodeKeinXML, mit(`<Amt Ccy="EUR">61.90`, `<Amt Ccy="EUR" Ccy="USD">61.90`), nil},
		{"camt.052", camt.CodeVersion, mit("camt.053.001.08", "camt.052.001.08"), nil},
		{"andere Version", camt.CodeVersion, mit("camt.053.001.08", "camt.053.001.13"), nil},
		{"anderes Dokument", camt.CodeVersion, `<html/>`, nil},
		{"zu viele Bytes", camt.CodeZuGross, gut, &camt.Options{Bytes: 500}},
		{"zu viele Bestandteile", camt.CodeZuGross, gut, &camt.Options{Token: 50}},
		{"zu viele Umsätze", camt.CodeZuGross, gut, &camt.Options{Umsaetze: 2}},
		{"zu tief", camt.CodeZuGross, mit("<SplmtryData>", "<SplmtryData>"+tief), nil},
		{"zu langer Text", camt.CodeZuGross, mit("ohne Angabe", strings.Repeat("x", 5000)), nil},
		{"ohne Kopf", camt.CodeAufbau, strings.ReplaceAll(gut, "GrpHdr", "GrpHdX"), nil},
		{"ohne Auszug", camt.CodeAufbau, `<Document xmlns="` + camt.NS08 + `"><BkToCstmrStmt><GrpHdr/></BkToCstmrStmt></Document>`, nil},
		{"Kennung doppelt", camt.CodeAufbau, mit("<ElctrncSeqNb>41</ElctrncSeqNb>", "<Id>x</Id>"), nil},
		{"ohne Kennung", camt.CodeAufbau, mit("<Id>AUSZUG-2026-41</Id>", ""), nil},
		{"Konto doppelt", camt.CodeAufbau, mit("<Bal>", "<Acct/><Bal>"), nil},
		{"Text zwischen den Elementen", camt.CodeAufbau, mit("<Stmt>", "<Stmt>x"), nil},
		{"IBAN des Kontos falsch", camt.CodeKonto, mit("DE89370400440532013000", "DE89370400440532013001"), nil},
		{"fremdes Konto", camt.CodeAnderes, gut, &camt.Options{Konten: []ueberweisung.IBAN{"DE02120300000000202051"}}},
		{"Betrag mit Komma", camt.CodeBetrag, mit("61.90", "61,90"), nil},
		{"Betrag negativ", camt.CodeBetrag, mit("61.90", "-61.90"), nil},
		{"Betrag mit drei Nachkommastellen", camt.CodeBetrag, mit("61.90", "61.905"), nil},
		{"Betrag ohne Währung", camt.CodeBetrag, mit(`<Amt Ccy="EUR">61.90`, "<Amt>61.90"), nil},
		{"Betrag riesig", camt.CodeBetrag, mit("61.90", "1e999"), nil},
		{"Richtung fehlt", camt.CodeRichtung, mit("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Sts>"), nil},
		{"Richtung unbekannt", camt.CodeRichtung, mit("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<CdtDbtInd>PLUS</CdtDbtInd><Sts>"), nil},
		{"Datum gibt es nicht", camt.CodeDatum, mit("<BookgDt><Dt>2026-03-02", "<BookgDt><Dt>2026-02-30"), nil},
		{"Saldo passt nicht zu den Umsätzen", camt.CodeKontrolle, mit("1255.40", "1255.41"), nil},
		{"Umsatz entfernt", camt.CodeKontrolle, mit("<Sts><Cd>BOOK</Cd></Sts>", "<Sts><Cd>PDNG</Cd></Sts>"), nil},
	}
}

// Every bad file is refused with its code and a German sentence, quotes nobody, and
// leads to no statement.
func TestSchlechteEingaben(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("## Kontoauszüge (camt.053)\n\nErzeugt aus den Tests: `go test ./bescheid/zahlung/ueberweisung/camt -run Schlechte -update`. Die Datei wird als Ganzes abgelehnt; gebucht wird nichts daraus.\n\n| Eingabe | Code | Hinweis |\n|---|---|---|\n")
	for _, c := range schlechte(t) {
		as, us, err := camt.ReadAll(t.Context(), strings.NewReader(c.in), c.o)
		require.Empty(t, as, c.name)
		require.Empty(t, us, c.name)
		require.ErrorIs(t, err, fehler.ErrInvalid, c.name)
		ps := fehler.ProblemeIn(err)
		require.Len(t, ps, 1, c.name)
		require.Equal(t, c.code, ps[0].Code, "%s: %v", c.name, err)
		require.Regexp(t, `^[A-ZÄÖÜ].*\.$`, ps[0].Hinweis, c.name)
		require.Regexp(t, `^\d+:\d+$`, ps[0].Pfad, c.name)
		for _, geheim := range []string{"Beispiel GmbH", "DE89", "61.9", "61,9"} {
			require.NotContains(t, err.Error(), geheim, c.name)
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", c.name, c.code, ps[0].Hinweis)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Kontoauszüge (camt.053)", b.String(), *update)
}

func FuzzEach(f *testing.F) {
	f.Add(lies(f, "auszug-02.xml"))
	f.Add(lies(f, "auszug-08.xml"))
	for _, c := range schlechte(f) {
		f.Add(c.in)
	}
	o := &camt.Options{Bytes: 1 << 16, Token: 5000, Umsaetze: 100}
	f.Fuzz(func(t *testing.T, in string) {
		as, us, err := camt.ReadAll(t.Context(), strings.NewReader(in), o)
		if err != nil {
			if !errors.Is(err, fehler.ErrInvalid) || len(fehler.ProblemeIn(err)) != 1 {
				t.Fatalf("%v", err)
			}
			return
		}
		n := 0
		for _, a := range as {
			n += a.Umsaetze
		}
		if n != len(us) || n > 100 {
			t.Fatalf("%d of %d", n, len(us))
		}
		for _, u := range us {
			if u.Betrag < 0 || u.Konto == "" || u.Auszug == "" || u.Eintrag == "" || len(u.Waehrung) != 3 {
				t.Fatalf("%+v", u)
			}
		}
		_, again, err := camt.ReadAll(t.Context(), iotest.HalfReader(strings.NewReader(in)), o)
		if err != nil || fmt.Sprint(us) != fmt.Sprint(again) {
			t.Fatalf("read again: %v", err)
		}
	})
}

func BenchmarkEach(b *testing.B) {
	gut := lies(b, "auszug-08.xml")
	von, bis := strings.Index(gut, "<Ntry>"), strings.Index(gut, "</Ntry>")+len("</Ntry>")
	gross := strings.ReplaceAll(gut[:von], "Bal>", "Bla>") + strings.Repeat(gut[von:bis], 20_000) + gut[bis:]
	b.SetBytes(int64(len(gross)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if _, err := camt.Each(b.Context(), strings.NewReader(gross), nil, func(ueberweisung.Umsatz) error { n++; return nil }); err != nil || n < 20_000 {
			b.Fatal(n, err)
		}
	}
}
