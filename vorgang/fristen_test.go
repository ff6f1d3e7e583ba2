package vorgang_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// am sets the clock to the morning of a day of 2026.
func (f *fall) am(monat time.Month, tag int) time.Time {
	f.uhr = datum.New(2026, monat, tag).Beginn().Add(8 * time.Hour)
	return f.uhr
}

func TestSuspendedDaysAreAddedBack(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
	require.Equal(t, datum.New(2026, 6, 2), f.v.Stand().Fristende(datum.New(2026, 3, 5)))
	require.True(t, f.v.Stand().Wartend())

	f.get(f.v.Suspend(sb, f.am(3, 10), "Das Gericht entscheidet zuerst."))
	s := f.v.Stand()
	require.False(t, s.Wartend(), "what rests is not on the stack")
	require.Equal(t, datum.New(2026, 6, 2), s.Fristende(datum.New(2026, 3, 10)))
	require.Equal(t, datum.New(2026, 6, 7), s.Fristende(datum.New(2026, 3, 15)), "the running one counts to the day")
	_, err := f.v.Suspend(sb, f.now(), "noch einmal")
	require.ErrorIs(t, err, fehler.ErrConflict)

	f.do(f.v.Resume(sb, f.am(3, 20)))
	require.Equal(t, datum.New(2026, 6, 12), f.v.Stand().Fristende(datum.New(2026, 12, 1)))
	require.ErrorIs(t, f.v.Resume(sb, f.now()), fehler.ErrConflict)
	require.True(t, f.v.Stand().Wartend())

	// Suspended and resumed on one day: nothing to add.
	f.get(f.v.Suspend(sb, f.am(3, 25), "Irrtum"))
	f.do(f.v.Resume(sb, f.now()))
	require.Equal(t, datum.New(2026, 6, 12), f.v.Stand().Fristende(datum.New(2026, 12, 1)))

	// The ten days added let the period still run on 12 June; a rest from then counts.
	f.get(f.v.Suspend(sb, f.am(6, 12), "Gutachten"))
	f.do(f.v.Resume(sb, f.am(6, 15)))
	require.Equal(t, datum.New(2026, 6, 15), f.v.Stand().Fristende(datum.New(2026, 12, 1)))
	f.get(f.v.Suspend(sb, f.am(7, 1), "zu spät"))
	require.Equal(t, datum.New(2026, 6, 15), f.v.Stand().Fristende(datum.New(2026, 12, 1)), "after the end nothing is added")
	f.check()
}

// However a rest is cut into pieces that follow each other, the end is the same.
func TestFristendeDoesNotDependOnTheCut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		von := datum.New(2026, 3, 3).AddTage(rapid.IntRange(0, 80).Draw(rt, "von"))
		n := rapid.IntRange(1, 40).Draw(rt, "tage")
		schnitt := rapid.IntRange(0, n).Draw(rt, "schnitt")
		s := vorgang.Stand{Bearbeitungsfrist: ptr(bearbeitungsfrist())}
		s.Aussetzungen = []vorgang.Aussetzung{{Von: von, Bis: von.AddTage(n)}}
		tag := datum.New(2027, 1, 1)
		ganz := s.Fristende(tag)
		require.Equal(rt, bearbeitungsfrist().Ende.AddTage(n), ganz)
		s.Aussetzungen = []vorgang.Aussetzung{{Von: von, Bis: von.AddTage(schnitt)}, {Von: von.AddTage(schnitt), Bis: von.AddTage(n)}}
		require.Equal(rt, ganz, s.Fristende(tag))
	})
}

func TestExtendOnceAndInTime(t *testing.T) {
	t.Parallel()
	w := vorgang.Verlaengerung{Ende: datum.New(2026, 7, 2), Grund: "Ein Gutachten fehlt.", Betreff: "Verlängerung", Text: "Die Frist wird verlängert.", Warnungen: []datum.Datum{datum.New(2026, 7, 1)}}
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	code := func(err error) string {
		t.Helper()
		require.ErrorIs(t, err, fehler.ErrInvalid)
		return fehler.ProblemeIn(err)[0].Code
	}
	require.Equal(t, "frist.keine", code(f.v.ExtendFrist(sb, f.now(), w)))
	require.Equal(t, "frist.zeitraum", code(f.v.SetBearbeitungsfrist(sb, f.now(), vorgang.Bearbeitungsfrist{Beginn: w.Ende, Ende: datum.New(2026, 3, 1)})))
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
	ohne := w
	ohne.Grund = " "
	require.ErrorIs(t, f.v.ExtendFrist(sb, f.now(), ohne), fehler.ErrInvalid)
	kurz := w
	kurz.Ende = datum.New(2026, 6, 2)
	require.Equal(t, "frist.zeitraum", code(f.v.ExtendFrist(sb, f.now(), kurz)))

	g := neuerFall(t)
	g.do(g.v.SetBearbeitungsfrist(sb, g.now(), bearbeitungsfrist()))
	require.Equal(t, "frist.abgelaufen", code(g.v.ExtendFrist(sb, g.am(6, 3), w)))

	n := len(f.orders)
	f.do(f.v.ExtendFrist(sb, f.am(6, 2), w)) // on the last day
	s := f.v.Stand()
	require.Equal(t, datum.New(2026, 7, 2), s.Bearbeitungsfrist.Ende)
	require.Equal(t, datum.New(2026, 6, 2), s.Bearbeitungsfrist.Verlaengert)
	require.Equal(t, vorgang.NachrichtSenden, f.orders[n].Art, "the applicant is told")
	require.Equal(t, vorgang.FristWarnen, f.orders[n+1].Art)
	require.Equal(t, "frist.schon-verlaengert", code(f.v.ExtendFrist(sb, f.now(), w)))
	require.ErrorIs(t, f.v.Undo(sb, f.now(), f.last()), fehler.ErrUnsupported)
	f.check()
}

// warnungen gives the warnings that are due until the day, as the relay would.
func (f *fall) warnungen(bis time.Time) {
	f.t.Helper()
	if f.erledigt == nil {
		f.erledigt = map[uuid.UUID]bool{}
	}
	for {
		var o *vorgang.Auftrag // the one that is due first; a warning may order another one
		for i := range f.orders {
			if x := &f.orders[i]; x.Art == vorgang.FristWarnen && !x.Faellig.After(bis) && !f.erledigt[x.ID] && (o == nil || x.Faellig.Before(o.Faellig)) {
				o = x
			}
		}
		if o == nil {
			return
		}
		var w vorgang.Warnung
		require.NoError(f.t, o.Decode(&w))
		if f.uhr.Before(o.Faellig) {
			f.uhr = o.Faellig
		}
		f.erledigt[o.ID] = true
		f.do(f.v.RecordWarnung(relay, f.uhr, w))
	}
}

func (f *fall) gewarnt() (tage []string) {
	for _, e := range f.journal {
		if e.Code == "frist.gewarnt" {
			tage = append(tage, datum.Von(e.Zeit).String())
		}
	}
	return tage
}

func TestWarningsComeOnTheirDayAndOnce(t *testing.T) {
	t.Parallel()
	ende := datum.New(2026, 12, 31).Beginn()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
	f.warnungen(ende)
	require.Equal(t, []string{"2026-05-19", "2026-06-01"}, f.gewarnt())
	require.Len(t, f.v.Stand().Warnungen, 2)
	n := len(f.journal)
	require.NoError(t, f.v.RecordWarnung(relay, f.now(), f.v.Stand().Warnungen[0]))
	f.save()
	require.Len(t, f.journal, n, "the relay may deliver twice")

	// Resting moves them; replacing the Frist and closing the Vorgang drops them.
	f = neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
	f.get(f.v.Suspend(sb, f.am(5, 10), "Gutachten"))
	f.warnungen(datum.New(2026, 5, 25).Beginn())
	require.Empty(t, f.gewarnt(), "it rests")
	f.do(f.v.Resume(sb, f.am(5, 30)))
	f.warnungen(ende)
	require.Equal(t, []string{"2026-06-08", "2026-06-21"}, f.gewarnt(), "twenty days later")
	f.check()

	f = neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
	b := bearbeitungsfrist()
	b.Warnungen = []datum.Datum{datum.New(2026, 4, 1)}
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), b))
	f.warnungen(ende)
	require.Equal(t, []string{"2026-04-01"}, f.gewarnt())
	f = neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
	f.do(f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundErledigung}))
	f.warnungen(ende)
	require.Empty(t, f.gewarnt())
}

// A warning that came while nothing was to be decided must not be the last one.
func TestWarningsGoOnAfterAReturn(t *testing.T) {
	t.Parallel()
	ende := datum.New(2026, 12, 31).Beginn()
	for name, c := range map[string]struct{ weg, zurueck func(f *fall) error }{
		"discarded":            {func(f *fall) error { return f.v.Discard(sb, f.now(), "Spam") }, func(f *fall) error { return f.v.RestoreDiscarded(sb, f.now()) }},
		"discarded and undone": {func(f *fall) error { return f.v.Discard(sb, f.now(), "Spam") }, func(f *fall) error { return f.v.Undo(sb, f.now(), f.last()) }},
		"closed": {func(f *fall) error {
			f.do(f.v.Accept(sb, f.now()))
			return f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundErledigung})
		}, func(f *fall) error { return f.v.Reopen(leitung, f.now(), vorgang.WegenIrrtum, "x") }},
		"another Frist": {func(f *fall) error {
			andere := bearbeitungsfrist()
			andere.Warnungen = nil
			return f.v.SetBearbeitungsfrist(sb, f.now(), andere)
		}, func(f *fall) error { return f.v.Undo(sb, f.now(), f.last()) }},
	} {
		f := neuerFall(t)
		f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
		f.am(5, 18)
		f.do(c.weg(f))
		f.warnungen(datum.New(2026, 5, 20).Beginn())
		require.Empty(t, f.gewarnt(), name)
		f.am(5, 21)
		f.do(c.zurueck(f))
		f.warnungen(ende)
		require.Equal(t, []string{"2026-06-01"}, f.gewarnt(), name)
		f.check()
	}

	// Away and back before its day: once all the same.
	f := neuerFall(t)
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
	f.do(f.v.Discard(sb, f.now(), "Spam"))
	f.do(f.v.RestoreDiscarded(sb, f.now()))
	f.warnungen(ende)
	require.Equal(t, []string{"2026-05-19", "2026-06-01"}, f.gewarnt())
}

func TestWarningsOfOtherThings(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	erledigt := f.get(f.v.Remind(sb, f.now(), vorgang.Erinnerung{Betreff: "x", Faellig: datum.New(2026, 3, 9)}))
	f.get(f.v.Remind(sb, f.now(), vorgang.Erinnerung{Betreff: "y", Faellig: datum.New(2026, 3, 10)}))
	f.do(f.v.CompleteReminder(sb, f.now(), erledigt))
	x := f.get(f.v.RequestStellungnahme(sb, f.now(), vorgang.Anfrage{An: vorgang.Stelle{Name: "Forst"}, Frage: "?", Bis: datum.New(2026, 3, 12)}))
	y := f.get(f.v.RequestStellungnahme(sb, f.now(), vorgang.Anfrage{An: vorgang.Stelle{Name: "Kreis"}, Frage: "?", Bis: datum.New(2026, 3, 13)}))
	d := f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.get(f.v.RequestMitzeichnung(sb, f.now(), vorgang.Mitzeichnung{Bescheid: d, Stelle: vorgang.Stelle{Einheit: "recht"}, Bis: datum.New(2026, 3, 15)}))
	require.Equal(t, datum.New(2026, 3, 10), f.v.Stand().Frist(), "the earliest day somebody must look")
	f.do(f.v.AnswerStellungnahme(sb, f.now(), y, vorgang.Auskunft{Ergebnis: vorgang.ErgebnisPositiv}))
	f.warnungen(datum.New(2026, 12, 31).Beginn())
	require.Equal(t, []string{"2026-03-10", "2026-03-13", "2026-03-16"}, f.gewarnt(), "the day after the last day, and nothing of what is settled")
	require.Equal(t, x, f.v.Stand().Warnungen[1].ID)
	f.check()
}
