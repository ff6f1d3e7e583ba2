package zahlung_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write the section of docs/schlechte-eingaben.md")

func TestBetrag(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{"0": 0, "0.01": 1, "1.5": 150, "-12.34": -1234, "1.2300": 123, "000000000012.00": 1200, "99999999999.99": 9_999_999_999_999} {
		b, err := geld.ParseBetrag(s)
		require.NoError(t, err, s)
		require.Equal(t, want, b.Cent(), s)
	}
	for _, s := range []string{"", "-", ".", "1.", ".5", "1,5", "+1", "1.234", "1e3", " 1", "--1", "1.-5", "100000000000.00", "0x1", "١", "1.0000000000000000000"} {
		_, err := geld.ParseBetrag(s)
		require.Error(t, err, "%q", s)
	}
	require.Equal(t, "1.234.567,89", geld.MustBetrag("1234567.89").Zahl())
	require.Equal(t, "-0,05", zahlung.Betrag(-5).Zahl())
	require.Equal(t, "-92233720368547758.08", zahlung.Betrag(math.MinInt64).String())
	var x struct{ B zahlung.Betrag }
	require.Error(t, json.Unmarshal([]byte(`{"B":12.34}`), &x), "a number is refused")
	require.NoError(t, json.Unmarshal([]byte(`{"B":"12.34"}`), &x))
	b, err := json.Marshal(x)
	require.NoError(t, err)
	require.JSONEq(t, `{"B":"12.34"}`, string(b))
	_, err = zahlung.MaxBetrag.Plus(1)
	require.Error(t, err)
	_, err = zahlung.Betrag(math.MaxInt64).Plus(math.MaxInt64)
	require.Error(t, err)
	rapid.Check(t, func(t *rapid.T) {
		b := zahlung.Betrag(rapid.Int64Range(-int64(zahlung.MaxBetrag), int64(zahlung.MaxBetrag)).Draw(t, "b"))
		if c, err := geld.ParseBetrag(b.String()); err != nil || c != b {
			t.Fatalf("%d became %q and %d, %v", b, b.String(), c, err)
		}
	})
}

var (
	faellig = datum.New(2026, 3, 31)
	jetzt   = time.Date(2026, 3, 1, 9, 0, 0, 123456789, time.UTC)
	mahnung = zahlung.Mahntabelle{
		{Stufe: 1, Tage: 7, Zahlungsfrist: 14, Gebuehr: 500, Quelle: "Beispiel"},
		{Stufe: 2, Tage: 7, Zahlungsfrist: 10, Gebuehr: 0, Gueltig: datum.Zeitraum{Bis: datum.New(2026, 6, 30)}},
	}
)

func forderung(t require.TestingT) zahlung.Forderung {
	f, err := zahlung.NewForderung(zahlung.Forderung{ID: "f-1", Waehrung: "EUR", Faellig: faellig, Zweck: "Hundesteuer", Positionen: []zahlung.Position{
		{ID: "1", Text: "Gebühr", Menge: 1, Netto: 5000, Buchung: map[string]string{"HHST": "1100"}},
		{ID: "2", Text: "Auslagen", Menge: 2, Netto: 1000, Steuer: 190, Steuersatz: 1900},
	}}, jetzt)
	require.NoError(t, err)
	return f
}

func an(schluessel string, tag datum.Datum) zahlung.Angaben {
	return zahlung.Angaben{Schluessel: schluessel, Zeit: tag.Beginn().Add(10 * time.Hour), Grund: "Vermerk"}
}

func TestLage(t *testing.T) {
	t.Parallel()
	type befehl = func(zahlung.Forderung) (zahlung.Forderung, error)
	pay := func(k string, b zahlung.Betrag) befehl {
		return func(f zahlung.Forderung) (zahlung.Forderung, error) { return f.Pay(an(k, faellig), b) }
	}
	remind := func(k string, tag datum.Datum) befehl {
		return func(f zahlung.Forderung) (zahlung.Forderung, error) { return f.Remind(an(k, tag), mahnung) }
	}
	vor, nach := faellig, faellig.AddTage(1)
	erste := faellig.AddTage(8)
	zweite := erste.AddTage(14 + 8)
	for _, c := range []struct {
		name        string
		befehle     []befehl
		tag         datum.Datum
		lage        zahlung.Lage
		offen, mehr zahlung.Betrag
	}{
		{"neu", nil, vor, zahlung.Offen, 6190, 0},
		{"nach dem Tag", nil, nach, zahlung.Ueberfaellig, 6190, 0},
		{"Teil", []befehl{pay("a", 100)}, vor, zahlung.LageTeilbezahlt, 6090, 0},
		{"Teil, zu spät", []befehl{pay("a", 100)}, nach, zahlung.Ueberfaellig, 6090, 0},
		{"ganz", []befehl{pay("a", 6000), pay("b", 190)}, nach, zahlung.Bezahlt, 0, 0},
		{"zu viel", []befehl{pay("a", 6200)}, nach, zahlung.Ueberzahlt, 0, 10},
		{"zurückgegeben", []befehl{pay("a", 6190), func(f zahlung.Forderung) (zahlung.Forderung, error) { return f.Return(an("r", nach), "a") }}, nach, zahlung.Ueberfaellig, 6190, 0},
		{"Überschuss erstattet", []befehl{pay("a", 6200), func(f zahlung.Forderung) (zahlung.Forderung, error) { return f.Refund(an("e", nach), 10) }}, nach, zahlung.Bezahlt, 0, 0},
		{"erlassen und erstattet", []befehl{pay("a", 6190), func(f zahlung.Forderung) (zahlung.Forderung, error) { return f.Waive(an("w", nach), 6190) },
			func(f zahlung.Forderung) (zahlung.Forderung, error) { return f.Refund(an("e", nach), 6190) }}, nach, zahlung.LageErstattet, 0, 0},
		{"gemahnt", []befehl{remind("m1", erste)}, erste, zahlung.Gemahnt, 6690, 0},
		{"zweimal gemahnt", []befehl{remind("m1", erste), remind("m2", zweite)}, zweite, zahlung.Gemahnt, 6690, 0},
		{"gestundet", []befehl{func(f zahlung.Forderung) (zahlung.Forderung, error) {
			return f.Defer(an("s", nach), nach.AddTage(30))
		}}, nach.AddTage(30), zahlung.Gestundet, 6190, 0},
		{"Stundung vorbei", []befehl{func(f zahlung.Forderung) (zahlung.Forderung, error) {
			return f.Defer(an("s", nach), nach.AddTage(30))
		}}, nach.AddTage(31), zahlung.Ueberfaellig, 6190, 0},
		{"niedergeschlagen", []befehl{func(f zahlung.Forderung) (zahlung.Forderung, error) { return f.WriteOff(an("n", nach)) }, pay("a", 1)}, nach, zahlung.Niedergeschlagen, 6189, 0},
		{"wieder aufgenommen", []befehl{func(f zahlung.Forderung) (zahlung.Forderung, error) { return f.WriteOff(an("n", nach)) },
			func(f zahlung.Forderung) (zahlung.Forderung, error) { return f.Resume(an("n2", nach)) }}, nach, zahlung.Ueberfaellig, 6190, 0},
	} {
		f := forderung(t)
		for _, b := range c.befehle {
			vorher, err := json.Marshal(f)
			require.NoError(t, err)
			g, err := b(f)
			require.NoError(t, err, c.name)
			nachher, _ := json.Marshal(f)
			require.Equal(t, vorher, nachher, "%s: the command changed the old value", c.name)
			h, err := b(g)
			require.NoError(t, err, "%s: again", c.name)
			require.Equal(t, g, h, "%s: again", c.name)
			f = g
		}
		s := f.Stand(c.tag)
		require.Equal(t, c.lage, s.Lage, c.name)
		require.Equal(t, c.offen, s.Offen, c.name)
		require.Equal(t, c.mehr, s.Ueberschuss, c.name)
		// The value survives JSON.
		b, err := json.Marshal(f)
		require.NoError(t, err)
		var g zahlung.Forderung
		require.NoError(t, json.Unmarshal(b, &g))
		require.Equal(t, f, g, c.name)
	}
}

func TestAuftrag(t *testing.T) {
	t.Parallel()
	f := forderung(t)
	a, err := f.Auftrag("z-1", "https://dienst.example/zurueck", faellig)
	require.NoError(t, err)
	require.Equal(t, f.Positionen, a.Positionen)
	require.EqualValues(t, 6190, a.Betrag)
	a.Positionen[0].Buchung["HHST"] = "x"
	require.Equal(t, "1100", f.Positionen[0].Buchung["HHST"], "the Auftrag shares nothing")

	f, err = f.Pay(an("a", faellig), 5100)
	require.NoError(t, err)
	f, err = f.Remind(an("m", faellig.AddTage(8)), mahnung)
	require.NoError(t, err)
	a, err = f.Auftrag("z-2", "", faellig.AddTage(8))
	require.NoError(t, err)
	require.EqualValues(t, 1590, a.Betrag)
	require.Len(t, a.Positionen, 2)
	require.EqualValues(t, 1090, a.Positionen[0].Brutto())
	require.EqualValues(t, 174, a.Positionen[0].Steuer, "190*1090/1190 rounded down")
	require.EqualValues(t, 500, a.Positionen[1].Brutto())
	f, err = f.Pay(an("b", faellig), 1590)
	require.NoError(t, err)
	_, err = f.Auftrag("z-3", "", faellig)
	require.ErrorIs(t, err, fehler.ErrConflict)
}

// Whatever happens, money is neither made nor lost: a model of plain sums agrees.
func TestForderungModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := forderung(t)
		tag := faellig.AddTage(-20)
		soll, ein, aus := zahlung.Betrag(6190), zahlung.Betrag(0), zahlung.Betrag(0)
		offene := map[string]zahlung.Betrag{}
		var schluessel []string
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"tage": func(t *rapid.T) { tag = tag.AddTage(rapid.IntRange(0, 40).Draw(t, "n")) },
			"pay": func(t *rapid.T) {
				n++
				k, b := fmt.Sprint("p", n), zahlung.Betrag(rapid.Int64Range(-1, 7000).Draw(t, "b"))
				g, err := f.Pay(an(k, tag), b)
				if (err == nil) != (b > 0) {
					t.Fatalf("Pay %d: %v", b, err)
				}
				if err == nil {
					ein += b
					offene[k], schluessel = b, append(schluessel, k)
				}
				f = g
			},
			"again": func(t *rapid.T) {
				if len(schluessel) == 0 {
					t.Skip("nothing was paid yet")
				}
				k := rapid.SampledFrom(schluessel).Draw(t, "k")
				var alt zahlung.Betrag
				for _, b := range f.Bewegungen {
					if b.Schluessel == k {
						alt = b.Betrag
					}
				}
				if g, err := f.Pay(an(k, tag), alt); err != nil || len(g.Bewegungen) != len(f.Bewegungen) {
					t.Fatalf("the same payment again: %v", err)
				}
				if _, err := f.Pay(an(k, tag), alt+1); err == nil {
					t.Fatal("another amount under the same key")
				}
			},
			"return": func(t *rapid.T) {
				if len(schluessel) == 0 {
					t.Skip("nothing was paid yet")
				}
				k := rapid.SampledFrom(schluessel).Draw(t, "k")
				n++
				g, err := f.Return(an(fmt.Sprint("r", n), tag), k)
				if (err == nil) != (offene[k] > 0) {
					t.Fatalf("Return: %v", err)
				}
				if err == nil {
					ein -= offene[k]
					offene[k] = 0
				}
				f = g
			},
			"refund": func(t *rapid.T) {
				n++
				b := zahlung.Betrag(rapid.Int64Range(1, 3000).Draw(t, "b"))
				g, err := f.Refund(an(fmt.Sprint("e", n), tag), b)
				if (err == nil) != (b <= ein-aus-soll) {
					t.Fatalf("Refund %d: %v", b, err)
				}
				if err == nil {
					aus += b
				}
				f = g
			},
			"waive": func(t *rapid.T) {
				n++
				b := zahlung.Betrag(rapid.Int64Range(1, 9000).Draw(t, "b"))
				g, err := f.Waive(an(fmt.Sprint("w", n), tag), b)
				if (err == nil) != (b <= soll) {
					t.Fatalf("Waive %d: %v", b, err)
				}
				if err == nil {
					soll -= b
				}
				f = g
			},
			"remind": func(t *rapid.T) {
				n++
				next, ok := mahnung.Next(f, tag)
				g, err := f.Remind(an(fmt.Sprint("m", n), tag), mahnung)
				if (err == nil) != (ok && !tag.Vor(next.Ab)) {
					t.Fatalf("Remind: %v", err)
				}
				if err == nil {
					soll += next.Stufe.Gebuehr
				}
				f = g
			},
			"defer": func(t *rapid.T) {
				n++
				f, _ = f.Defer(an(fmt.Sprint("s", n), tag), tag.AddTage(rapid.IntRange(-5, 30).Draw(t, "bis")))
			},
			"writeoff": func(t *rapid.T) {
				n++
				if f.Stand(tag).Lage == zahlung.Niedergeschlagen {
					f, _ = f.Resume(an(fmt.Sprint("n", n), tag))
				} else {
					f, _ = f.WriteOff(an(fmt.Sprint("n", n), tag))
				}
			},
			"": func(t *rapid.T) {
				s := f.Stand(tag)
				saldo := soll - ein + aus
				if s.Soll != soll || s.Gezahlt != ein || s.Erstattet != aus || s.Offen != max(saldo, 0) || s.Ueberschuss != max(-saldo, 0) {
					t.Fatalf("%+v, the model says %d owed, %d in, %d out", s, soll, ein, aus)
				}
				if (s.Lage == zahlung.Ueberzahlt) != (saldo < 0) || (s.Lage == zahlung.Bezahlt || s.Lage == zahlung.LageErstattet) != (saldo == 0) {
					t.Fatalf("the state is %q with a balance of %d", s.Lage, saldo)
				}
				if a, err := f.Auftrag("x", "", tag); (err == nil) != (saldo > 0) {
					t.Fatalf("Auftrag over %d: %v", saldo, err)
				} else if err == nil && (a.Betrag != saldo || a.Check() != nil) {
					t.Fatalf("an Auftrag over %s with %d open", a.Betrag, saldo)
				}
			},
		})
	})
}

func TestMahntabelle(t *testing.T) {
	t.Parallel()
	f := forderung(t)
	n, ok := mahnung.Next(f, faellig)
	require.True(t, ok)
	require.Equal(t, faellig.AddTage(8), n.Ab)
	_, err := f.Remind(an("m", faellig.AddTage(7)), mahnung)
	require.ErrorIs(t, err, fehler.ErrConflict)
	f, err = f.Remind(an("m", faellig.AddTage(8)), mahnung)
	require.NoError(t, err)
	require.Equal(t, faellig.AddTage(22), f.Bewegungen[0].Bis)
	_, ok = mahnung.Next(f, datum.New(2026, 7, 1))
	require.False(t, ok, "the second stage is no longer in force")

	var b bytes.Buffer
	b.WriteString("## Mahntabelle\n\nErzeugt aus den Tests: `go test ./bescheid/zahlung -run Mahntabelle -update`. Code ist immer `zahlung.mahntabelle`; die Tabelle wird als Ganzes abgelehnt.\n\n| Tabelle | Hinweis |\n|---|---|\n")
	for _, c := range []struct{ name, in string }{
		{"kein JSON", `[`}, {"keine Liste", `{}`}, {"unbekanntes Mitglied", `[{"stufe":1,"tag":7}]`}, {"doppelter Schlüssel", `[{"stufe":1,"stufe":2}]`},
		{"Gebühr als Zahl", `[{"stufe":1,"tage":7,"gebuehr":5.00,"quelle":"x"}]`}, {"Stufe 0", `[{"stufe":0}]`}, {"negative Tage", `[{"stufe":1,"tage":-1}]`},
		{"Gebühr ohne Quelle", `[{"stufe":1,"tage":7,"gebuehr":"5.00"}]`}, {"negative Gebühr", `[{"stufe":1,"tage":7,"gebuehr":"-5.00","quelle":"x"}]`},
		{"zwei Fassungen am selben Tag", `[{"stufe":1,"gueltig":{"bis":"2026-06-30"}},{"stufe":1,"gueltig":{"von":"2026-06-30"}}]`},
	} {
		_, err := zahlung.LoadMahntabelle([]byte(c.in))
		ps := fehler.ProblemeIn(err)
		require.Len(t, ps, 1, c.name)
		require.Equal(t, "zahlung.mahntabelle", ps[0].Code)
		fmt.Fprintf(&b, "| %s | %s |\n", c.name, ps[0].Hinweis)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Mahntabelle", b.String(), *update)
	m, err := zahlung.LoadMahntabelle([]byte(`[{"stufe":1,"tage":7,"gebuehr":"5.00","quelle":"x","gueltig":{"bis":"2026-06-30"}},{"stufe":1,"tage":7,"gueltig":{"von":"2026-07-01"}}]`))
	require.NoError(t, err)
	require.Len(t, m, 2)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := forderung(t)
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"no key":          {second(f.Pay(zahlung.Angaben{Zeit: jetzt}, 1)), fehler.ErrInvalid},
		"no time":         {second(f.Pay(zahlung.Angaben{Schluessel: "a"}, 1)), fehler.ErrInvalid},
		"too much":        {second(f.Pay(an("a", faellig), zahlung.MaxBetrag+1)), fehler.ErrInvalid},
		"no reason":       {second(f.WriteOff(zahlung.Angaben{Schluessel: "a", Zeit: jetzt, Grund: " "})), fehler.ErrInvalid},
		"unknown payment": {second(f.Return(an("a", faellig), "b")), fehler.ErrNotFound},
		"not written off": {second(f.Resume(an("a", faellig))), fehler.ErrConflict},
		"defer back":      {second(f.Defer(an("a", faellig), faellig)), fehler.ErrInvalid},
		"no items":        {second(zahlung.NewForderung(zahlung.Forderung{ID: "f", Waehrung: "EUR", Faellig: faellig}, jetzt)), fehler.ErrInvalid},
	} {
		require.ErrorIs(t, c.err, c.want, name)
		require.Regexp(t, `^[A-ZÄÖÜ].*\.$`, fehler.ProblemeIn(c.err)[0].Hinweis, name)
	}
}

func second(_ zahlung.Forderung, err error) error { return err }

// Two commands on one value do not write over each other.
func TestForderungBranches(t *testing.T) {
	t.Parallel()
	f := forderung(t)
	for i := range 3 { // so that the list has room behind its end
		var err error
		f, err = f.Pay(an(fmt.Sprint("p", i), faellig), 1)
		require.NoError(t, err)
	}
	g, err := f.Pay(an("g", faellig), 10)
	require.NoError(t, err)
	h, err := f.Pay(an("h", faellig), 20)
	require.NoError(t, err)
	require.Equal(t, "g", g.Bewegungen[3].Schluessel)
	require.Equal(t, "h", h.Bewegungen[3].Schluessel)
	require.Len(t, f.Bewegungen, 3)
}

func TestSettle(t *testing.T) {
	t.Parallel()
	f := forderung(t)
	z := zahlung.Zahlung{ID: "z", Weg: "w", Transaktion: "T1", Waehrung: "EUR", Zeit: jetzt}
	for _, c := range []struct{ bezahlt, summe zahlung.Betrag }{{0, 0}, {100, 100}, {100, 100}, {50, 100}, {6190, 6190}, {6190, 6190}} {
		z.Bezahlt = c.bezahlt
		g, err := f.Settle(z, jetzt)
		require.NoError(t, err)
		f = g
		require.Equal(t, c.summe, f.Stand(faellig).Gezahlt)
	}
	z.Transaktion = "T10" // not T1, though it begins like it
	f, err := f.Settle(z, jetzt)
	require.NoError(t, err)
	require.Equal(t, zahlung.Betrag(6190), f.Stand(faellig).Ueberschuss, "paid twice is paid twice")
	z.Waehrung = "USD"
	_, err = f.Settle(z, jetzt)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}
