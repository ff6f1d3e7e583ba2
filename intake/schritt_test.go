package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func tue(name string, f func(l *intake.Lauf) error) intake.Schritt {
	return intake.Schritt{Name: name, Run: func(_ context.Context, l *intake.Lauf) error { return f(l) }}
}

func nichts(*intake.Lauf) error { return nil }

func TestSchritteOrder(t *testing.T) {
	t.Parallel()
	a := newAmt(t, memStore(t), &intake.Options{Schritte: []intake.Einschub{
		{Schritt: tue("vorn", nichts), Vor: intake.SchrittGrenzen},
		{Schritt: tue("hinten", nichts), Nach: intake.SchrittZustaendigkeit},
		{Schritt: tue("nach-vorn", nichts), Nach: "vorn"},
		{Schritt: intake.Schritt{Run: tue("", nichts).Run}, Statt: intake.SchrittSchadsoftware},
		{Schritt: tue("eigene-zeichen", nichts), Statt: "nach-vorn"},
	}})
	require.Equal(t, []string{"vorn", "eigene-zeichen", "grenzen", "dateitypen", "schadsoftware", "zeichen", "formular", "angaben", "zustaendigkeit", "hinten"}, a.Schritte())
	a.Schritte()[0] = "x"
	require.Equal(t, "vorn", a.Schritte()[0])

	for name, e := range map[string]intake.Einschub{
		"no place":       {Schritt: tue("x", nichts)},
		"two places":     {Schritt: tue("x", nichts), Vor: "formular", Nach: "zeichen"},
		"unknown":        {Schritt: tue("x", nichts), Vor: "formulare"},
		"twice":          {Schritt: tue("formular", nichts), Vor: "zeichen"},
		"twice, instead": {Schritt: tue("formular", nichts), Statt: "zeichen"},
		"no Run":         {Schritt: intake.Schritt{Name: "x"}, Vor: "zeichen"},
		"bad name":       {Schritt: tue("Prüfung", nichts), Vor: "zeichen"},
		"no name":        {Schritt: tue("", nichts), Vor: "zeichen"},
	} {
		v, err := tenant.NewVerzeichnis()
		require.NoError(t, err)
		_, err = intake.New(intake.Params{Store: a.store, Blobs: a.blobs, Mandanten: v, Router: a.weiche, Betreiber: poststelle},
			&intake.Options{Schritte: []intake.Einschub{e}})
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
}

// A vendor fills in what the channel does not know, from a table of its own.
func TestSchrittLookup(t *testing.T) {
	t.Parallel()
	katalog := map[string]tenant.Leistungsschluessel{schema: leistung}
	a := newAmt(t, memStore(t), &intake.Options{Schritte: []intake.Einschub{{Nach: intake.SchrittFormular, Schritt: tue("leistung", func(l *intake.Lauf) error {
		if l.Lieferung.Leistung == "" {
			l.Lieferung.Leistung = string(katalog[l.Lieferung.Schema])
		}
		return nil
	})}}})
	l := lieferung("1")
	l.Leistung = ""
	r, err := a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, r.Ausgang)
	r, err = newAmt(t, memStore(t), nil).Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Klaerung, r.Ausgang, "without the step")
}

// A step says itself whether its problems are for the sender or for a person.
func TestSchrittVerdict(t *testing.T) {
	t.Parallel()
	p := fehler.Probleme{{Code: "amt.gesperrt", Pfad: "data", Meldung: "locked", Hinweis: "Gesperrt."}}
	var antwort error
	a := newAmt(t, memStore(t), &intake.Options{Schritte: []intake.Einschub{{Schritt: tue("sperre", func(*intake.Lauf) error { return antwort }), Nach: intake.SchrittAngaben}}})
	for i, c := range []struct {
		err  error
		want intake.Ausgang
	}{
		{p, intake.Abgelehnt}, {intake.ZurKlaerung(p), intake.Klaerung}, {fmt.Errorf("x: %w", intake.ZurKlaerung(p)), intake.Klaerung}, {nil, intake.Angenommen},
	} {
		antwort = c.err
		r, err := a.Receive(t.Context(), lieferung(fmt.Sprint(i)))
		require.NoError(t, err)
		require.Equal(t, c.want, r.Ausgang)
		if c.err != nil {
			require.Equal(t, p, r.Probleme)
		}
	}
	// Nobody can be told: a person sees it.
	antwort = p
	l := lieferung("ohne")
	l.OhneAbsage = true
	r, err := a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Klaerung, r.Ausgang)
	// One problem for the sender among those for a person refuses.
	l = lieferung("beides")
	l.Dateien = append(l.Dateien, anlage("x.exe", "application/pdf", exe))
	l.Fachdaten = anlage("x", "text/plain", []byte("kein Wert"))
	r, err = a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Abgelehnt, r.Ausgang)
	require.Len(t, r.Probleme, 2, "the sender hears of all at once")
	// After the fix, Rerun takes it through all steps again.
	require.Len(t, a.klaerfach(), 3)
	antwort = nil
	for _, k := range a.klaerfach() {
		r, err := a.Rerun(t.Context(), k.ID, nil)
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, r.Ausgang)
	}
}

// A step that breaks its bounds decides nothing, and the same delivery is taken when the
// step is repaired.
func TestSchrittBounds(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(l *intake.Lauf) error{
		"panics":            func(*intake.Lauf) error { panic(geheim) },
		"fails":             func(*intake.Lauf) error { return errKaputt },
		"no reason":         func(*intake.Lauf) error { return fehler.Probleme{} },
		"no reason, person": func(*intake.Lauf) error { return intake.ZurKlaerung(nil) },
		"other key":         func(l *intake.Lauf) error { l.Lieferung.Kennung = "y"; return nil },
		"other channel":     func(l *intake.Lauf) error { l.Lieferung.Kanal = "y"; return nil },
		"other time":        func(l *intake.Lauf) error { l.Lieferung.Eingang = l.Lieferung.Eingang.Add(time.Hour); return nil },
		"other quittung":    func(l *intake.Lauf) error { l.Lieferung.Quittung[0] = '['; return nil },
		"other abdruck":     func(l *intake.Lauf) error { l.Lieferung.Abdruck = "x"; return nil },
		"erfasst":           func(l *intake.Lauf) error { l.Lieferung.Erfasst = &intake.Erfasst{}; return nil },
		"takes a file":      func(l *intake.Lauf) error { l.Lieferung.Dateien = nil; return nil },
		"takes a proof":     func(l *intake.Lauf) error { l.Lieferung.Nachweise = nil; return nil },
		"other form":        func(l *intake.Lauf) error { l.Lieferung.Fachdaten = anlage("x", "", nil); return nil },
		"adds no bytes": func(l *intake.Lauf) error {
			l.Lieferung.Dateien = append(l.Lieferung.Dateien, intake.Teil{})
			return nil
		},
		"other lieferung":    func(l *intake.Lauf) error { x := lieferung("y"); l.Lieferung = &x; return nil },
		"leaves broken JSON": func(l *intake.Lauf) error { l.Inhalt.Daten = json.RawMessage("{"); return nil },
	} {
		kaputt := true
		a := newAmt(t, memStore(t), &intake.Options{Schritte: []intake.Einschub{{Schritt: tue("boese", func(l *intake.Lauf) error {
			if kaputt {
				return f(l)
			}
			return nil
		}), Nach: intake.SchrittZustaendigkeit}}})
		r, err := a.Receive(t.Context(), lieferung("1"))
		require.Error(t, err, name)
		noPerson(t, r, err)
		require.Empty(t, a.eingaenge(), name)
		require.Empty(t, a.vorgaenge(hanau), name)
		kaputt = false
		r, err = a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err, name)
		require.Equal(t, intake.Angenommen, r.Ausgang, name)
	}
}

// What a step hides or exchanges is still what the Vorgang gets.
func TestSchrittCannotExchangeBytes(t *testing.T) {
	t.Parallel()
	neu := intake.Bytes(uuid.MustParse("00000000-0000-4000-8000-000000000001"), `..\zusatz.txt`, "text/plain", vorgang.ZweckAnlage, []byte("vom Schritt"))
	a := newAmt(t, memStore(t), &intake.Options{Schritte: []intake.Einschub{{Schritt: tue("tausch", func(l *intake.Lauf) error {
		l.Lieferung.Dateien[0].Open = anlage("", "", exe).Open
		l.Lieferung.Dateien = append(l.Lieferung.Dateien, neu, neu)
		l.Inhalt.Antragsteller.Anschrift.Ort = "Hanau"
		l.Ziel = tenant.Ziel{Mandant: kassel, Einheit: "amt"}
		return nil
	}), Nach: intake.SchrittZustaendigkeit}}})
	a.mandanten.breakAfter(1) // the process dies after the reservation
	_, err := a.Receive(t.Context(), lieferung("1"))
	require.ErrorIs(t, err, errKaputt)
	a.mandanten.breakAfter(-1)
	r, err := a.Receive(t.Context(), lieferung("1"))
	require.NoError(t, err)
	require.Equal(t, kassel, r.Mandant)
	s := a.vorgaenge(kassel)[0]
	require.Equal(t, "Hanau", s.Antrag.Antragsteller.Anschrift.Ort, "the steps ran again")
	require.Len(t, s.Dateien, 4, "form, file, proof, and the new one once")
	require.Equal(t, pdf, a.read(kassel, s.Dateien[1].SHA512, s.Dateien[1].Groesse))
	require.Equal(t, "zusatz.txt", s.Dateien[2].Name)
}

// A competence that does not exist makes no Vorgang, whoever decided it.
func TestSchrittZiel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		z    tenant.Ziel
		code string
	}{
		{tenant.Ziel{}, "routing.mandant-unbekannt"}, {tenant.Ziel{Mandant: "nirgends", Einheit: "amt"}, "routing.mandant-unbekannt"},
		{tenant.Ziel{Mandant: hanau, Einheit: "x"}, "routing.einheit-unbekannt"}, {tenant.Ziel{Mandant: hanau, Einheit: "amt"}, ""},
	} {
		a := newAmt(t, memStore(t), &intake.Options{Schritte: []intake.Einschub{{Schritt: tue("zustaendigkeit", func(l *intake.Lauf) error { l.Ziel = c.z; return nil }), Statt: "zustaendigkeit"}}})
		r, err := a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err)
		if c.code == "" {
			require.Equal(t, intake.Angenommen, r.Ausgang)
			continue
		}
		require.Equal(t, intake.Klaerung, r.Ausgang)
		require.Equal(t, c.code, r.Probleme[0].Code)
	}
}

// For any set of steps: one outcome or an error without effect, and every byte is there.
func TestSchritteProperty(t *testing.T) {
	p := fehler.Probleme{{Code: "x.y", Pfad: "data", Meldung: "m", Hinweis: "H."}}
	acts := []func(*intake.Lauf) error{
		nichts, func(*intake.Lauf) error { return p }, func(*intake.Lauf) error { return intake.ZurKlaerung(p) },
		func(*intake.Lauf) error { return errKaputt }, func(*intake.Lauf) error { panic("x") },
		func(l *intake.Lauf) error { l.Lieferung.Dateien = nil; return nil },
		func(l *intake.Lauf) error { l.Lieferung.Ort = "x"; return nil },
		func(l *intake.Lauf) error { l.Ziel = tenant.Ziel{}; return nil },
		func(l *intake.Lauf) error { l.Fachdaten = intake.Fachdaten{}; return nil },
		func(l *intake.Lauf) error { l.Inhalt.Daten = []byte("{"); return nil },
		func(l *intake.Lauf) error {
			l.Lieferung.Schema = "urn:other"
			l.Lieferung.Fachdaten.Open = nil
			return nil
		},
	}
	places := []string{"grenzen", "dateitypen", "schadsoftware", "zeichen", "formular", "angaben", "zustaendigkeit"}
	seen := map[string]int{}
	check := func(f interface {
		Fatal(...any)
		Fatalf(string, ...any)
	}, list []intake.Einschub) {
		store := memory.Open(nil)
		defer store.Close()
		a := newAmt(t, store, &intake.Options{Schritte: list})
		l := lieferung("1")
		r, err := a.Receive(t.Context(), l)
		if err != nil {
			seen["error"]++
			if n := len(a.eingaenge()) + len(a.vorgaenge(hanau)); n != 0 {
				f.Fatalf("an error with effect: %v", err)
			}
			return
		}
		seen[string(r.Ausgang)]++
		eingaenge := a.eingaenge()
		if len(eingaenge) != 1 || eingaenge[0].Zustand != string(r.Ausgang) {
			f.Fatalf("register %v, answer %v", eingaenge, r.Ausgang)
		}
		m := poststelle
		switch r.Ausgang {
		case intake.Angenommen:
			m = r.Mandant
		case intake.Klaerung, intake.Abgelehnt:
			if len(r.Probleme) == 0 {
				f.Fatal("no reason")
			}
		default:
			f.Fatalf("outcome %q", r.Ausgang)
		}
		var k struct {
			Lieferung intake.Lieferung `json:"lieferung"`
		}
		if err := json.Unmarshal(eingaenge[0].Daten, &k); err != nil {
			f.Fatal(err)
		}
		for i, want := range []intake.Teil{l.Fachdaten, l.Dateien[0], l.Nachweise[0]} {
			got := []intake.Teil{k.Lieferung.Fachdaten, k.Lieferung.Dateien[0], k.Lieferung.Nachweise[0]}[i]
			if !bytes.Equal(content(t, want), a.read(m, got.SHA512, got.Groesse)) {
				f.Fatalf("part %d is not what came", i)
			}
		}
	}
	// Each act once by itself, so that no draw decides whether every outcome was seen.
	for i, act := range acts {
		check(t, []intake.Einschub{{Schritt: tue(fmt.Sprint("s", i), act), Vor: "grenzen"}})
	}
	require.Len(t, seen, 4, "every outcome: %v", seen)
	rapid.Check(t, func(rt *rapid.T) {
		var list []intake.Einschub
		for i := range rapid.IntRange(0, 4).Draw(rt, "steps") {
			s := tue(fmt.Sprint("s", i), acts[rapid.IntRange(0, len(acts)-1).Draw(rt, "act")])
			s.Immer = rapid.Bool().Draw(rt, "immer")
			e := intake.Einschub{Schritt: s}
			at := rapid.SampledFrom(places).Draw(rt, "place")
			switch rapid.IntRange(0, 4).Draw(rt, "where") {
			case 0, 1:
				e.Vor = at
			case 2, 3:
				e.Nach = at
			default:
				e.Statt, e.Schritt.Name = at, at
			}
			list = append(list, e)
		}
		check(rt, list)
	})
}
