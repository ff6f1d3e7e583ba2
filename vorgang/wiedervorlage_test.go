package vorgang_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// erinnerung is due on the day after start.
func erinnerung() vorgang.Erinnerung {
	return vorgang.Erinnerung{Betreff: "Gutachten da?", Text: "nachfragen", Faellig: datum.New(2026, 3, 3)}
}

func TestWiedervorlage(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	require.True(t, f.v.Stand().Frist().IsZero())
	e := erinnerung()
	e.Datei, e.Fuer = f.v.Stand().Dateien[0].ID, "sb-2"
	id := f.get(f.v.Remind(sb, f.now(), e))
	w := f.v.Stand().Wiedervorlagen[0]
	require.Equal(t, vorgang.Wiedervorlage{
		ID: id, Betreff: e.Betreff, Text: e.Text, Faellig: e.Faellig, Datei: e.Datei, Fuer: "sb-2", Von: sb.ID, Zeit: f.last().Zeit,
	}, w)
	require.Equal(t, e.Faellig, f.v.Stand().Frist())

	spaeter := erinnerung()
	spaeter.Faellig = datum.New(2026, 3, 9)
	f.get(f.v.Remind(sb2, f.now(), spaeter))
	require.Equal(t, e.Faellig, f.v.Stand().Frist(), "the earliest")

	f.do(f.v.CompleteReminder(sb2, f.now(), id))
	w = f.v.Stand().Wiedervorlagen[0]
	require.False(t, w.Offen())
	require.Equal(t, sb2.ID, w.ErledigtVon)
	require.Equal(t, f.last().Zeit, w.Erledigt)
	require.Equal(t, spaeter.Faellig, f.v.Stand().Frist(), "what is done needs no look")
	require.ErrorIs(t, f.v.CompleteReminder(sb, f.now(), id), fehler.ErrConflict)

	f.do(f.v.ReopenReminder(sb, f.now(), id))
	w = f.v.Stand().Wiedervorlagen[0]
	require.True(t, w.Offen())
	require.Empty(t, w.ErledigtVon)
	require.ErrorIs(t, f.v.ReopenReminder(sb, f.now(), id), fehler.ErrConflict)
	f.check()
}

func TestWiedervorlageRefuses(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	for name, c := range map[string]struct {
		change func(*vorgang.Erinnerung)
		kind   error
		pfad   string
	}{
		"no subject":   {func(e *vorgang.Erinnerung) { e.Betreff = "" }, fehler.ErrInvalid, "/betreff"},
		"no day":       {func(e *vorgang.Erinnerung) { e.Faellig = datum.Datum{} }, fehler.ErrInvalid, "/faellig"},
		"yesterday":    {func(e *vorgang.Erinnerung) { e.Faellig = datum.New(2026, 3, 1) }, fehler.ErrInvalid, "/faellig"},
		"unknown file": {func(e *vorgang.Erinnerung) { e.Datei = uuid.UUID{77} }, fehler.ErrNotFound, "/datei"},
	} {
		e := erinnerung()
		c.change(&e)
		_, err := f.v.Remind(sb, f.now(), e)
		require.ErrorIs(t, err, c.kind, name)
		p := fehler.ProblemeIn(err)
		require.Len(t, p, 1, name)
		require.Equal(t, c.pfad, p[0].Pfad, name)
		require.NotEmpty(t, p[0].Hinweis, name)
	}
	heute := erinnerung()
	heute.Faellig = datum.Von(f.uhr)
	f.get(f.v.Remind(sb, f.now(), heute))
	require.ErrorIs(t, f.v.CompleteReminder(sb, f.now(), uuid.UUID{77}), fehler.ErrNotFound)
	require.ErrorIs(t, f.v.ReopenReminder(sb, f.now(), uuid.UUID{77}), fehler.ErrNotFound)
}
