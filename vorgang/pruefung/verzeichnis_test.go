package pruefung_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

func TestInForce(t *testing.T) {
	t.Parallel()
	v := pruefung.NewVerzeichnis(optionen())
	eins := klein("true")
	eins.Bis = datum.MustParse("2026-07-31")
	zwei := klein("false")
	zwei.Fassung, zwei.Von = 2, datum.MustParse("2026-06-01")
	require.NoError(t, v.Add(frei(t, zwei)))
	require.NoError(t, v.Add(frei(t, eins)))
	require.NoError(t, v.Add(frei(t, eins)), "again is no change")
	for tag, want := range map[string][]int{
		"2025-12-31": nil, "2026-01-01": {1}, "2026-05-31": {1}, "2026-06-01": {2, 1}, "2026-07-31": {2, 1}, "2026-08-01": {2},
	} {
		var got []int
		for _, p := range v.InForce("99000000000002", datum.MustParse(tag)) {
			got = append(got, p.Regelwerk().Fassung())
		}
		require.Equal(t, want, got, tag)
	}
	require.Empty(t, v.InForce("99000000000003", stichtag))
	_, err := v.Check(t.Context(), "99000000000003", []byte(`{}`), stichtag)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	pr, err := v.Check(t.Context(), "99000000000002", []byte(`{}`), stichtag)
	require.NoError(t, err)
	require.Equal(t, 2, pr.Fassung, "the younger one decides")
	pr, err = v.Check(t.Context(), "99000000000002", []byte(`{}`), datum.MustParse("2026-05-31"))
	require.NoError(t, err)
	require.Equal(t, 1, pr.Fassung)
	_, err = v.Replay(t.Context(), pr, []byte(`{}`))
	require.NoError(t, err)
	pr.Fassung = 9
	_, err = v.Replay(t.Context(), pr, []byte(`{}`))
	require.ErrorIs(t, err, fehler.ErrNotFound)
	p, ok := v.Find("Klein", 1)
	require.True(t, ok)
	require.Equal(t, "Klein", p.Regelwerk().ID())

	// One id for two services.
	b := klein("true")
	b.Fassung, b.Leistung = 3, "99000000000009"
	require.ErrorIs(t, v.Add(frei(t, b)), fehler.ErrConflict)
	// Another id after the end of this one is in order.
	c := klein("true")
	c.ID, c.Leistung, c.Bis = "Frueher", "99000000000002", datum.MustParse("2025-12-31")
	c.Von = datum.MustParse("2025-01-01")
	require.NoError(t, v.Add(frei(t, c)))
	require.ErrorIs(t, v.Add(nichtEingerichtet(t)), fehler.ErrInvalid)
}

func nichtEingerichtet(t *testing.T) *pruefung.Regelwerk {
	a := klein("fehlt_hier(1)")
	a.Nachschlagen = werkList("fehlt_hier", 1)
	return frei(t, a)
}

func TestSwitchOff(t *testing.T) {
	t.Parallel()
	v := pruefung.NewVerzeichnis(nil)
	w := frei(t, klein("true"))
	require.NoError(t, v.Add(w))
	zwei := klein("true")
	zwei.Fassung, zwei.Von = 2, datum.MustParse("2026-03-01")
	require.NoError(t, v.Add(frei(t, zwei)))
	ausgang := func() (vorgang.Pruefausgang, int) {
		pr, err := v.Check(t.Context(), "99000000000002", []byte(`{}`), stichtag)
		require.NoError(t, err)
		return pr.Ausgang, pr.Fassung
	}
	vorher, err := v.Check(t.Context(), "99000000000002", []byte(`{}`), stichtag)
	require.NoError(t, err)
	require.Equal(t, vorgang.PruefungStandardfall, vorher.Ausgang)
	_, err = v.SwitchOff(freigabe, pruefung.Abschalten{ID: "Klein", Fassung: 3, Am: stichtag, Grund: "x"})
	require.ErrorIs(t, err, fehler.ErrNotFound)
	_, err = v.SwitchOff(freigabe, pruefung.Abschalten{ID: "Klein", Fassung: 2, Am: stichtag})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	aus, err := v.SwitchOff(freigabe, pruefung.Abschalten{ID: "Klein", Fassung: 2, Am: stichtag, Grund: "R1 rechnet falsch"})
	require.NoError(t, err)
	require.Len(t, aus, 1)
	a, f := ausgang()
	require.Equal(t, vorgang.PruefungPerson, a)
	require.Equal(t, 2, f, "the older version does not step in")

	// What was recorded before can still be repeated, and the stored rules stay off.
	_, err = v.Replay(t.Context(), vorher, []byte(`{}`))
	require.NoError(t, err)
	require.Equal(t, vorher.RegelwerkHash, aus[0].Hash(), "the switch is no part of the rules")
	b, err := json.Marshal(aus[0])
	require.NoError(t, err)
	geladen := laden(t, b)
	require.Equal(t, "R1 rechnet falsch", geladen.Angaben().Abschaltung.Grund)
	v2 := pruefung.NewVerzeichnis(nil)
	require.NoError(t, v2.Add(geladen))
	pr, err := v2.Check(t.Context(), "99000000000002", []byte(`{}`), stichtag)
	require.NoError(t, err)
	require.Equal(t, vorgang.PruefungPerson, pr.Ausgang)
	// Adding the rules as they were before does not switch on again.
	zweiFrei := frei(t, zwei)
	require.NoError(t, v2.Add(zweiFrei))
	pr, err = v2.Check(t.Context(), "99000000000002", []byte(`{}`), stichtag)
	require.NoError(t, err)
	require.Equal(t, vorgang.PruefungPerson, pr.Ausgang)
	// Adding them switched off switches off.
	v3 := pruefung.NewVerzeichnis(nil)
	require.NoError(t, v3.Add(zweiFrei))
	require.NoError(t, v3.Add(geladen))
	pr, err = v3.Check(t.Context(), "99000000000002", []byte(`{}`), stichtag)
	require.NoError(t, err)
	require.True(t, pr.Abgeschaltet)
	// All versions at once.
	aus, err = v.SwitchOff(freigabe, pruefung.Abschalten{ID: "Klein", Am: stichtag, Grund: "x"})
	require.NoError(t, err)
	require.Len(t, aus, 2)
	require.Equal(t, "R1 rechnet falsch", aus[1].Angaben().Abschaltung.Grund, "the first reason stays")
}

// Switched off while a look-up is waiting: the case that is under way is stopped too.
func TestSwitchOffWhileRunning(t *testing.T) {
	t.Parallel()
	a := klein("ist_da(1)")
	a.Nachschlagen = werkList("ist_da", 1)
	var p *pruefung.Pruefer
	p = pruefer(t, a, &pruefung.Options{Nachschlagen: map[string]pruefung.Nachschlagen{"ist_da": func(context.Context, []any) (any, error) {
		_, err := p.SwitchOff(freigabe, stichtag, "jetzt")
		return true, err
	}}})
	pr := check(t, p, `{}`)
	require.Equal(t, vorgang.PruefungPerson, pr.Ausgang)
	require.True(t, pr.Abgeschaltet)
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	v := pruefung.NewVerzeichnis(optionen())
	require.NoError(t, v.Add(frei(t, ohneStichprobe(entwurf(t)))))
	var wg sync.WaitGroup
	var aus atomic.Bool
	for g := range 8 {
		wg.Go(func() {
			for i := range 40 {
				vorher := aus.Load()
				daten := []byte(fmt.Sprintf(`%s,"g":%d,"i":%d}`, gut[:len(gut)-1], g, i))
				pr, err := v.Check(t.Context(), "99000000000001", daten, stichtag)
				if err != nil {
					t.Error(err)
					return
				}
				if vorher && pr.Ausgang == vorgang.PruefungStandardfall {
					t.Error("automatic after it was switched off")
				}
				if _, err := v.Replay(t.Context(), pr, daten); err != nil {
					t.Error(err)
				}
				if g == 0 && i == 20 {
					if _, err := v.SwitchOff(freigabe, pruefung.Abschalten{ID: "Hundeanmeldung", Am: stichtag, Grund: "x"}); err != nil {
						t.Error(err)
					}
					aus.Store(true)
				}
				if g == 1 && i%10 == 0 {
					a := klein("true")
					a.Fassung = i + 1
					if err := v.Add(frei(t, a)); err != nil {
						t.Error(err)
					}
				}
				v.InForce("99000000000001", stichtag)
			}
		})
	}
	wg.Wait()
}

func faelle(t *testing.T, p *pruefung.Pruefer, daten ...string) iter.Seq2[pruefung.Fall, error] {
	var l []pruefung.Fall
	for i, d := range daten {
		l = append(l, pruefung.Fall{ID: itoa(i), Daten: []byte(d), Alt: check(t, p, d)})
	}
	return func(yield func(pruefung.Fall, error) bool) {
		for _, f := range l {
			if !yield(f, nil) {
				return
			}
		}
	}
}

func TestSimulate(t *testing.T) {
	t.Parallel()
	alt := klein("eingabe.x < 10")
	p := pruefer(t, alt, nil)
	f := faelle(t, p, `{"x":5}`, `{"x":15}`, `{"x":25}`, `{}`)
	neu := klein("eingabe.x < 20")
	neu.Von, neu.Fassung = datum.MustParse("2027-01-01"), 2 // not valid then, not released: that is not the question
	w, err := pruefung.New(neu)
	require.NoError(t, err)
	n, err := pruefung.Compile(w, nil)
	require.NoError(t, err)
	var stand []int
	s, err := pruefung.Simulate(t.Context(), n, f, &pruefung.SimulateOptions{Fortschritt: func(x pruefung.SimulationsStand) { stand = append(stand, x.Faelle) }})
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 3, 4}, stand)
	require.Equal(t, []pruefung.Uebergang{
		{Alt: vorgang.PruefungPerson, Neu: vorgang.PruefungPerson, Anzahl: 2},
		{Alt: vorgang.PruefungPerson, Neu: vorgang.PruefungStandardfall, Anzahl: 1},
		{Alt: vorgang.PruefungStandardfall, Neu: vorgang.PruefungStandardfall, Anzahl: 1},
	}, s.Matrix)
	require.Len(t, s.Aenderungen, 1)
	require.Equal(t, 1, s.Geaendert)
	require.Equal(t, "1", s.Aenderungen[0].Fall)
	require.Equal(t, vorgang.RegelFalsch, s.Aenderungen[0].Regeln[0].Alt.Stand)
	require.Equal(t, vorgang.RegelWahr, s.Aenderungen[0].Regeln[0].Neu.Stand)

	// What the old record does not answer is asked only on request.
	neu.Regeln[0].Ausdruck, neu.Nachschlagen = "ist_da(1)", werkList("ist_da", 1)
	w, err = pruefung.New(neu)
	require.NoError(t, err)
	var gefragt int
	n, err = pruefung.Compile(w, &pruefung.Options{Nachschlagen: map[string]pruefung.Nachschlagen{"ist_da": func(context.Context, []any) (any, error) { gefragt++; return true, nil }}})
	require.NoError(t, err)
	s, err = pruefung.Simulate(t.Context(), n, f, nil)
	require.NoError(t, err)
	require.Zero(t, gefragt)
	require.Equal(t, "pruefung.nachschlag-neu", s.Aenderungen[0].Regeln[0].Neu.Fehler)
	s, err = pruefung.Simulate(t.Context(), n, f, &pruefung.SimulateOptions{Fragen: true})
	require.NoError(t, err)
	require.Equal(t, 4, gefragt)
	require.Equal(t, 3, s.Geaendert)

	// It ends when it is told to, with what is done.
	ctx, cancel := context.WithCancel(t.Context())
	s, err = pruefung.Simulate(ctx, n, f, &pruefung.SimulateOptions{Fragen: true, Fortschritt: func(x pruefung.SimulationsStand) {
		if x.Faelle == 2 {
			cancel()
		}
	}})
	require.Equal(t, context.Canceled, err)
	require.Equal(t, 2, s.Faelle)
	kaputt := errors.New("row")
	s, err = pruefung.Simulate(t.Context(), n, func(yield func(pruefung.Fall, error) bool) {
		for f := range f {
			f.Daten = []byte("kein JSON")
			if !yield(f, nil) || !yield(pruefung.Fall{}, kaputt) {
				return
			}
		}
	}, nil)
	require.ErrorIs(t, err, kaputt)
	require.Equal(t, 1, s.Unlesbar)
	require.Equal(t, "pruefung.json-form", s.Aenderungen[0].Unlesbar[0].Code)
}

// The draw of the sample is kept, so that it shows no change where the rules make none.
func TestSimulateKeepsTheDraw(t *testing.T) {
	t.Parallel()
	a := klein("true")
	a.Automatik.Stichprobe = 500
	p := pruefer(t, a, &pruefung.Options{Salz: salz})
	var daten []string
	for i := range 50 {
		daten = append(daten, fmt.Sprintf(`{"n":%d}`, i))
	}
	f := faelle(t, p, daten...)
	a.Fassung = 2
	s, err := pruefung.Simulate(t.Context(), pruefer(t, a, nil), f, nil)
	require.NoError(t, err)
	require.Zero(t, s.Geaendert)
	require.Len(t, s.Matrix, 2)
}
