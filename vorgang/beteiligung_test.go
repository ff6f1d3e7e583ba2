package vorgang_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var alleRechte = []vorgang.Recht{vorgang.RechtLesen, vorgang.RechtKommentieren, vorgang.RechtBearbeiten}

// Every command × right × role of a guest: role and right must both allow it, and
// only while the Beteiligung holds.
func TestGuestTable(t *testing.T) {
	t.Parallel()
	jetzt := start.AddDate(0, 0, 1) // the time of gib
	zeiten := map[string]vorgang.Beteiligung{
		"holds":         {Von: start},
		"begins now":    {Von: jetzt},
		"with an end":   {Von: start, Bis: jetzt.Add(time.Microsecond)},
		"not yet":       {Von: jetzt.Add(time.Microsecond)},
		"has ended":     {Von: start, Bis: jetzt},
		"was ended":     {Von: start, Beendet: jetzt},
		"of somebody":   {Von: start, Mandant: "flensburg"},
		"ended earlier": {Von: start, Bis: jetzt.AddDate(1, 0, 0), Beendet: start},
	}
	gilt := []string{"holds", "begins now", "with an end"}
	for name, b := range zeiten {
		for _, recht := range alleRechte {
			for _, r := range vorgang.Regeln() {
				for _, rolle := range []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.Schlusszeichnung, tenant.Auskunft} {
					st := vorgang.InBearbeitung
					if !slices.Contains(r.Von, st) && len(r.Von) > 0 {
						st = r.Von[0]
					}
					v, letzter := bereit(t, st)
					s := v.Stand()
					b.ID, b.Recht = uuid.UUID{8}, recht
					if b.Mandant == "" {
						b.Mandant = "luebeck"
					}
					s.Beteiligungen = append(s.Beteiligungen, b)
					v = vorgang.Restore(s, fest())
					a := tenant.Akteur{ID: "gast", Name: "Gast", Art: tenant.Person, Mandant: "luebeck", Rollen: []tenant.Rolle{rolle}, Einheiten: []string{"dort"}}
					wo := fmt.Sprintf("%s, %s, %s as %s", name, recht, r.Befehl, rolle)
					err := v.May(a, jetzt, r.Befehl)
					if slices.Contains(gilt, name) && slices.Contains(r.Rollen, rolle) && r.Recht != "" && recht.Umfasst(r.Recht) {
						require.NoError(t, err, wo)
						if r.Befehl != vorgang.BefehlZuruecknehmen && r.Befehl != vorgang.BefehlZiehen {
							require.NoError(t, gib(v, letzter, a, r.Befehl), wo)
						}
						continue
					}
					require.ErrorIs(t, err, fehler.ErrForbidden, wo)
					require.ErrorIs(t, gib(v, letzter, a, r.Befehl), fehler.ErrForbidden, wo)
					require.Empty(t, v.Neu(), wo)
				}
			}
		}
	}
}

func TestInviteRefuses(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	gut := vorgang.Einladung{Mandant: "luebeck", Recht: vorgang.RechtLesen, Grund: "Stellungnahme", Bis: f.now().Add(time.Hour)}
	for code, change := range map[string]func(*vorgang.Einladung){
		"beteiligung.mandant":    func(e *vorgang.Einladung) { e.Mandant = "kiel" },
		"beteiligung.recht":      func(e *vorgang.Einladung) { e.Recht = "alles" },
		"beteiligung.zeitraum":   func(e *vorgang.Einladung) { e.Von, e.Bis = f.now().Add(2*time.Hour), f.now().Add(time.Hour) },
		"vorgang.pflichtangabe":  func(e *vorgang.Einladung) { e.Grund = "" },
		"vorgang.text-zu-lang":   func(e *vorgang.Einladung) { e.Grund = string(make([]byte, vorgang.MaxText+1)) },
		"beteiligung.mandant ":   func(e *vorgang.Einladung) { e.Mandant = "../x" },
		"beteiligung.zeitraum  ": func(e *vorgang.Einladung) { e.Bis = f.now().Add(-time.Hour) },
	} {
		e := gut
		change(&e)
		_, err := f.v.Invite(sb, f.now(), e)
		require.ErrorIs(t, err, fehler.ErrInvalid, code)
		require.Equal(t, len(fehler.ProblemeIn(err)), 1, code)
		require.Contains(t, code, fehler.ProblemeIn(err)[0].Code)
	}
	id := f.get(f.v.Invite(sb, f.now(), gut))
	_, err := f.v.Invite(sb, f.now(), gut)
	require.ErrorIs(t, err, fehler.ErrExists)
	spaeter := gut
	spaeter.Von, spaeter.Bis = gut.Bis, gut.Bis.Add(time.Hour)
	second := f.get(f.v.Invite(sb, f.now(), spaeter))
	require.ErrorIs(t, f.v.EndBeteiligung(sb, f.now(), uuid.UUID{1}, "x"), fehler.ErrNotFound)
	require.ErrorIs(t, f.v.EndBeteiligung(sb, f.now(), id, ""), fehler.ErrInvalid)
	f.do(f.v.EndBeteiligung(sb, f.now(), id, "erledigt"))
	require.ErrorIs(t, f.v.EndBeteiligung(sb, f.now(), id, "erledigt"), fehler.ErrInvalid)
	f.do(f.v.EndBeteiligung(sb, f.now(), second, "doch nicht")) // before it began
	f.get(f.v.Invite(sb, f.now().Add(time.Minute), gut))
}

// The one that holds at an instant is found, and only then.
func TestBeteiligungHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := func(name string) time.Time {
			n := rapid.IntRange(0, 6).Draw(t, name)
			if n == 0 {
				return time.Time{}
			}
			return start.Add(time.Duration(n) * time.Hour)
		}
		var s vorgang.Stand
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			s.Beteiligungen = append(s.Beteiligungen, vorgang.Beteiligung{
				Mandant: rapid.SampledFrom([]tenant.ID{"a", "b"}).Draw(t, "mandant"), Recht: rapid.SampledFrom(alleRechte).Draw(t, "recht"),
				Von: at("von"), Bis: at("bis"), Beendet: at("beendet"),
			})
		}
		now := start.Add(time.Duration(rapid.IntRange(0, 7).Draw(t, "now")) * time.Hour)
		got, ok := s.Beteiligung("a", now)
		for _, b := range s.Beteiligungen {
			holds := b.Mandant == "a" && !b.Von.After(now) && (b.Bis.IsZero() || b.Bis.After(now)) && (b.Beendet.IsZero() || b.Beendet.After(now))
			if holds && (!ok || !got.Recht.Umfasst(b.Recht)) {
				t.Fatalf("%v holds at %v, got %v", b, now, got)
			}
			if b == got && ok && !holds {
				t.Fatalf("%v does not hold at %v", got, now)
			}
		}
	})
}
