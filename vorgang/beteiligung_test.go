package vorgang_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func einladung() vorgang.Einladung {
	return vorgang.Einladung{Mandant: "luebeck", Recht: vorgang.RechtBearbeiten, Grund: "Amtshilfe"}
}

func TestRechte(t *testing.T) {
	t.Parallel()
	ordnung := []vorgang.Recht{vorgang.RechtLesen, vorgang.RechtKommentieren, vorgang.RechtBearbeiten}
	for i, a := range ordnung {
		for j, b := range ordnung {
			require.Equal(t, i >= j, a.Umfasst(b), "%s, %s", a, b)
		}
		for _, unbekannt := range []vorgang.Recht{"", "Lesen", "alles"} {
			require.False(t, a.Umfasst(unbekannt))
			require.False(t, unbekannt.Umfasst(a))
			require.False(t, unbekannt.Umfasst(unbekannt))
		}
	}
}

func TestInviteAndEnd(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	require.ErrorIs(t, f.v.May(gast, f.uhr, vorgang.BefehlNotieren), fehler.ErrForbidden)

	ende := f.uhr.Add(10 * time.Minute)
	e := einladung()
	e.Bis = ende
	id := f.get(f.v.Invite(leitung, f.now(), e))
	b, ok := f.v.Stand().Beteiligung("luebeck", f.uhr)
	require.True(t, ok)
	require.Equal(t, vorgang.Beteiligung{
		ID: id, Mandant: "luebeck", Recht: vorgang.RechtBearbeiten, Grund: "Amtshilfe",
		Von: f.uhr.Truncate(time.Microsecond), Bis: ende.Truncate(time.Microsecond),
	}, b, "without Von it begins now; stored times are microseconds")
	require.Equal(t, "Andere Behörde beteiligt: luebeck, Recht: bearbeiten, bis 02.03.2026", f.last().Text())
	require.ErrorIs(t, f.v.Undo(leitung, f.now(), f.last()), fehler.ErrUnsupported, "it is ended instead")

	// The guest works, with the journal naming who and for whom.
	f.do(f.v.PutBack(gast, f.now()))
	f.do(f.v.Pull(gast, f.now()))
	require.Equal(t, gast.ID, f.v.Stand().Bearbeiter())
	wer, _ := f.last().Who()
	require.Equal(t, tenant.ID("luebeck"), wer.Mandant)
	d := f.get(f.v.Draft(gast, f.now(), inhalt()))
	f.do(f.v.SubmitDraft(gast, f.now(), d))
	require.ErrorIs(t, f.v.ReleaseBescheid(fremder("chef", tenant.Leitung), f.now(), d), fehler.ErrForbidden, "only who leads the case decides")
	require.ErrorIs(t, f.v.FileAgain(gast, f.now()), fehler.ErrForbidden)
	require.NoError(t, f.v.May(gast, ende.Add(-time.Microsecond), vorgang.BefehlNotieren))
	require.ErrorIs(t, f.v.May(gast, ende, vorgang.BefehlNotieren), fehler.ErrForbidden)

	f.do(f.v.EndBeteiligung(sb, f.now(), id, "erledigt"))
	require.Equal(t, "Beteiligung beendet", f.last().Text())
	require.ErrorIs(t, f.v.Undo(leitung, f.now(), f.last()), fehler.ErrUnsupported)
	_, err := f.v.Note(gast, f.uhr, "zu spät")
	require.ErrorIs(t, err, fehler.ErrForbidden, "at the very instant it was ended")
	require.ErrorIs(t, f.v.EndBeteiligung(sb, f.now(), id, "noch einmal"), fehler.ErrInvalid)
	require.ErrorIs(t, f.v.EndBeteiligung(sb, f.now(), uuid.UUID{1}, "gibt es nicht"), fehler.ErrNotFound)
	f.get(f.v.Invite(sb, f.now(), einladung())) // and begins anew
	require.Len(t, f.v.Stand().Beteiligungen, 2)
	f.do(f.v.ReleaseBescheid(leitung, f.now(), d))
	f.check()
}

func TestInviteRefuses(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.now()
	for name, c := range map[string]struct {
		change func(e *vorgang.Einladung)
		code   string
	}{
		"our own Mandant":   {func(e *vorgang.Einladung) { e.Mandant = "kiel" }, "beteiligung.eigener-mandant"},
		"no Mandant":        {func(e *vorgang.Einladung) { e.Mandant = "" }, "beteiligung.mandant"},
		"no id of a tenant": {func(e *vorgang.Einladung) { e.Mandant = "Lübeck" }, "beteiligung.mandant"},
		"no right":          {func(e *vorgang.Einladung) { e.Recht = "" }, "beteiligung.recht"},
		"unknown right":     {func(e *vorgang.Einladung) { e.Recht = "alles" }, "beteiligung.recht"},
		"no reason":         {func(e *vorgang.Einladung) { e.Grund = "" }, "vorgang.pflichtangabe"},
		"a novel as reason": {func(e *vorgang.Einladung) { e.Grund = strings.Repeat("x", vorgang.MaxText+1) }, "vorgang.text-zu-lang"},
		"ends now":          {func(e *vorgang.Einladung) { e.Bis = f.uhr }, "beteiligung.zeitraum"},
		"ended long ago":    {func(e *vorgang.Einladung) { e.Von, e.Bis = f.uhr.AddDate(-1, 0, 0), f.uhr.AddDate(0, -1, 0) }, "beteiligung.zeitraum"},
		"ends as it begins": {func(e *vorgang.Einladung) { e.Von, e.Bis = f.uhr.Add(time.Hour), f.uhr.Add(time.Hour) }, "beteiligung.zeitraum"},
	} {
		e := einladung()
		c.change(&e)
		_, err := f.v.Invite(sb, f.uhr, e)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code, name)
		require.NotEmpty(t, fehler.ProblemeIn(err)[0].Hinweis, name)
		require.Empty(t, f.v.Neu(), name)
	}
	_, err := f.v.Invite(sb, f.uhr, vorgang.Einladung{Grund: "x", Bis: start})
	require.Len(t, fehler.ProblemeIn(err), 3, "all at once")

	id := f.get(f.v.Invite(sb, f.uhr, einladung()))
	require.ErrorIs(t, f.v.EndBeteiligung(sb, f.uhr, id, ""), fehler.ErrInvalid, "the reason is mandatory")
}

func TestInviteDoesNotOverlap(t *testing.T) {
	t.Parallel()
	tag := func(n int) time.Time { return datum.New(2026, 4, n).Beginn() }
	for name, c := range map[string]struct {
		von, bis time.Time
		exists   bool
	}{
		"before":             {tag(1), tag(10), false},
		"after":              {tag(20), time.Time{}, false},
		"within":             {tag(12), tag(13), true},
		"around":             {tag(1), tag(30), true},
		"open end before":    {tag(1), time.Time{}, true},
		"touches the start":  {tag(9), tag(10).Add(time.Microsecond), true},
		"touches the end":    {tag(20).Add(-time.Microsecond), tag(30), true},
		"the same":           {tag(10), tag(20), true},
		"from now, too long": {time.Time{}, tag(11), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := neuerFall(t)
			e := einladung()
			e.Von, e.Bis = tag(10), tag(20)
			id := f.get(f.v.Invite(sb, f.now(), e))
			require.Equal(t, "Andere Behörde beteiligt: luebeck, Recht: bearbeiten, ab 10.04.2026, bis 19.04.2026", f.last().Text())
			e.Von, e.Bis = c.von, c.bis
			_, err := f.v.Invite(sb, f.now(), e)
			if !c.exists {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, fehler.ErrExists)
			require.Equal(t, "beteiligung.ueberschneidung", fehler.ProblemeIn(err)[0].Code)
			e.Mandant = "flensburg"
			f.get(f.v.Invite(sb, f.now(), e)) // another Mandant does not matter
			f.do(f.v.EndBeteiligung(sb, f.now(), id, "doch nicht"))
			e.Mandant = "luebeck"
			f.get(f.v.Invite(sb, f.now(), e)) // nor one that was ended before it began
			f.check()
		})
	}
}

// A clock that lags behind gives back no right that has ended, and a past Von
// gives none for the past.
func TestBeteiligungAndTheClock(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	e := einladung()
	e.Von = start.AddDate(-1, 0, 0)
	id := f.get(f.v.Invite(sb, f.now(), e))
	require.Equal(t, f.last().Zeit, f.v.Stand().Beteiligungen[0].Von)
	vorher := f.now()
	f.get(f.v.Note(gast, vorher, "darf noch"))
	f.uhr = f.uhr.Add(time.Hour)
	f.get(f.v.Note(sb, f.now(), "eine Stunde später"))
	f.do(f.v.EndBeteiligung(sb, vorher, id, "Uhr geht nach"))
	require.Equal(t, f.last().Zeit, f.v.Stand().Beteiligungen[0].Beendet)
	require.True(t, f.v.Stand().Beteiligungen[0].Aktiv(vorher), "then it ran")
	_, err := f.v.Note(gast, vorher, "Uhr geht nach")
	require.ErrorIs(t, err, fehler.ErrForbidden, "the note would stand in the journal after the end")
	e.Bis = f.last().Zeit
	_, err = f.v.Invite(sb, vorher, e)
	require.ErrorIs(t, err, fehler.ErrInvalid, "for the journal this end has come")

	// One that has run out cannot be ended any more, by that clock either.
	e.Bis = f.uhr.Add(time.Hour)
	id = f.get(f.v.Invite(sb, f.now(), e))
	require.ErrorIs(t, f.v.EndBeteiligung(sb, e.Bis, id, "zu spät"), fehler.ErrInvalid)
	f.get(f.v.Note(sb, e.Bis, "danach"))
	require.ErrorIs(t, f.v.EndBeteiligung(sb, f.uhr, id, "Uhr geht nach"), fehler.ErrInvalid)
	f.check()
}

func TestGuestsAreKnownByMandantAndName(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.get(f.v.Invite(sb, f.now(), einladung()))
	require.NoError(t, f.v.May(gast, f.uhr, vorgang.BefehlNotieren), "units of another Mandant mean nothing here")
	for name, change := range map[string]func(a *tenant.Akteur){
		"a third Mandant": func(a *tenant.Akteur) { a.Mandant = "flensburg" },
		"no Mandant":      func(a *tenant.Akteur) { a.Mandant = "" },
		"no name":         func(a *tenant.Akteur) { a.ID = "" },
		"no role":         func(a *tenant.Akteur) { a.Rollen = nil },
		"a machine":       func(a *tenant.Akteur) { a.Art = tenant.Maschine },
		"a citizen":       func(a *tenant.Akteur) { a.Art = tenant.Buerger },
		"an unknown kind": func(a *tenant.Akteur) { a.Art = "geist" },
		"our own, wrong unit": func(a *tenant.Akteur) {
			a.Mandant = "kiel"
		},
	} {
		a := gast
		change(&a)
		require.ErrorIs(t, f.v.May(a, f.uhr, vorgang.BefehlNotieren), fehler.ErrForbidden, name)
	}
}

func TestGuestsUndoOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.get(f.v.Invite(sb, f.now(), einladung()))
	f.get(f.v.Note(sb, f.now(), "von uns"))
	err := f.v.Undo(gast, f.now(), f.last())
	require.ErrorIs(t, err, fehler.ErrForbidden)
	require.Equal(t, "vorgang.beteiligung", fehler.ProblemeIn(err)[0].Code)
	f.get(f.v.Note(gast, f.now(), "vom Gast"))
	vorher := f.v.Stand()
	f.do(f.v.Undo(fremder("h.gast", tenant.Leitung), f.now(), f.last()))
	require.Len(t, f.v.Stand().Notizen, len(vorher.Notizen)-1)
	f.get(f.v.Note(gast, f.now(), "noch einmal"))
	f.do(f.v.Undo(sb, f.now(), f.last())) // who leads the case may

	// A right that has shrunk since no longer covers what is undone.
	f.do(f.v.Assign(gast, f.now(), "x", "X"))
	zugewiesen := f.last()
	s := f.v.Stand()
	s.Beteiligungen[0].Recht = vorgang.RechtKommentieren
	require.ErrorIs(t, vorgang.Restore(s, fest()).Undo(gast, f.now(), zugewiesen), fehler.ErrForbidden)
	f.do(f.v.Undo(gast, f.now(), zugewiesen))
	f.check()
}

func TestOeffentlichDoesNotShowBeteiligungen(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	vorher, err := json.Marshal(f.v.Oeffentlich(f.uhr))
	require.NoError(t, err)
	f.get(f.v.Invite(sb, f.now(), einladung()))
	nachher, err := json.Marshal(f.v.Oeffentlich(f.uhr))
	require.NoError(t, err)
	require.Equal(t, string(vorher), string(nachher))
	require.NotContains(t, string(nachher), "luebeck")
}

// Whatever Beteiligungen there are: Stand.Beteiligung gives the widest of those
// that say of themselves that they are active, and a command is allowed if and
// only if that one covers it.
func TestBeteiligungDecidesAlike(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	basis := f.v
	check := func(t require.TestingT, bs []vorgang.Beteiligung, now time.Time) (allowed, refused int) {
		s := basis.Stand()
		s.Beteiligungen = bs
		aktiv := map[vorgang.Recht]bool{}
		for _, b := range bs {
			want := !now.Before(b.Von) && (b.Bis.IsZero() || now.Before(b.Bis)) && (b.Beendet.IsZero() || now.Before(b.Beendet))
			require.Equal(t, want, b.Aktiv(now))
			if want && b.Mandant == gast.Mandant {
				aktiv[b.Recht] = true
			}
		}
		got, ok := s.Beteiligung(gast.Mandant, now)
		require.Equal(t, len(aktiv) > 0, ok)
		if ok {
			require.True(t, got.Aktiv(now))
			for r := range aktiv {
				require.True(t, got.Recht.Umfasst(r) || !r.Umfasst(r), "%s is wider than %s", r, got.Recht)
			}
		}
		v := vorgang.Restore(s, fest())
		for _, r := range vorgang.Regeln() {
			err := v.May(gast, now, r.Befehl)
			mayBy := false
			for x := range aktiv {
				mayBy = mayBy || (r.Recht != "" && x.Umfasst(r.Recht))
			}
			switch {
			case mayBy && passt(r, v.Status(), gast):
				require.NoError(t, err, r.Befehl)
				allowed++
			case !mayBy:
				require.ErrorIs(t, err, fehler.ErrForbidden, r.Befehl)
				refused++
			default:
				require.Error(t, err)
			}
		}
		return allowed, refused
	}
	allowed, refused := check(t, []vorgang.Beteiligung{{Mandant: gast.Mandant, Recht: vorgang.RechtBearbeiten, Von: f.uhr.Truncate(time.Microsecond)}}, f.uhr)
	require.NotZero(t, allowed)
	require.NotZero(t, refused)
	allowed, refused = check(t, nil, f.uhr)
	require.Zero(t, allowed)
	require.NotZero(t, refused)
	rapid.Check(t, func(rt *rapid.T) {
		zeit := rapid.Custom(func(rt *rapid.T) time.Time {
			return f.uhr.Truncate(time.Microsecond).Add(time.Duration(rapid.IntRange(1, 6).Draw(rt, "t")) * time.Microsecond)
		})
		oder0 := rapid.OneOf(rapid.Just(time.Time{}), zeit)
		recht := rapid.SampledFrom([]vorgang.Recht{vorgang.RechtLesen, vorgang.RechtKommentieren, vorgang.RechtBearbeiten, "unbekannt"})
		bs := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) vorgang.Beteiligung {
			return vorgang.Beteiligung{
				Mandant: rapid.SampledFrom([]tenant.ID{"luebeck", "flensburg"}).Draw(rt, "mandant"), Recht: recht.Draw(rt, "recht"),
				Von: zeit.Draw(rt, "von"), Bis: oder0.Draw(rt, "bis"), Beendet: oder0.Draw(rt, "beendet"),
			}
		}), 0, 5).Draw(rt, "beteiligungen")
		check(rt, bs, zeit.Draw(rt, "now").Add(time.Duration(rapid.IntRange(0, 999).Draw(rt, "ns"))))
	})
}

// passt tells whether state and role fit the row.
func passt(r vorgang.Regel, st vorgang.Status, a tenant.Akteur) bool {
	for _, s := range r.Von {
		if s == st {
			return a.Hat(r.Rollen...)
		}
	}
	return false
}
