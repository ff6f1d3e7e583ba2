package vorgang_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestDurchlaufzeitSubtractsMergedWaiting(t *testing.T) {
	t.Parallel()
	messe := func(f *fall) vorgang.Durchlaufzeit {
		d, err := vorgang.Durchlauf(seq(f.journal))
		require.NoError(t, err)
		return d
	}
	f := neuerFall(t)
	eingang := f.v.Stand().Eingang
	nach := func(tage int) time.Time {
		f.uhr = eingang.AddDate(0, 0, tage)
		return f.uhr
	}
	require.Zero(t, messe(f).Netto())
	f.do(f.v.Pull(sb, nach(2)))
	eins := f.get(f.v.Ask(sb, nach(4), vorgang.Frage{Text: "?"}))
	zwei := f.get(f.v.Ask(sb, nach(5), vorgang.Frage{Text: "??"}))
	f.get(f.v.Suspend(sb, nach(6), "x"))
	f.do(f.v.EndQuestion(sb, nach(7), eins, "x"))
	f.do(f.v.Resume(sb, nach(8)))
	f.do(f.v.EndQuestion(sb, nach(10), zwei, "x")) // waited from 4 to 10
	f.get(f.v.Suspend(sb, nach(12), "Irrtum"))
	f.do(f.v.Undo(sb, nach(13), f.last())) // one day more
	f.get(f.v.Note(sb, nach(14), "x"))
	f.do(f.v.WithdrawAntrag(buerger, nach(15), ""))
	f.get(f.v.Ask(sb, nach(16), vorgang.Frage{Text: "Wirklich?"}))
	d := messe(f)
	require.Equal(t, 7*24*time.Hour, d.Gewartet)
	require.Zero(t, d.Ende())
	f.do(f.v.Close(sb, nach(18), vorgang.Schluss{Grund: vorgang.GrundRuecknahme})) // ends the question
	d = messe(f)
	require.Equal(t, 9*24*time.Hour, d.Gewartet)
	require.Equal(t, 9*24*time.Hour, d.Netto(), "18 days without 9")
	require.Equal(t, eingang.AddDate(0, 0, 2), d.Begonnen)
	require.Equal(t, d.Abgeschlossen, d.Ende())

	// After the decision nothing counts any more.
	g := geschichte(t)
	d = messe(g)
	require.Equal(t, d.Beschieden, d.Ende())
	require.Equal(t, time.Minute, d.Gewartet)
	require.True(t, d.Bekanntgegeben.After(d.Beschieden))
	require.True(t, d.Abgeschlossen.After(d.Bekanntgegeben))
	e := g.journal[0]
	e.Daten = nil
	_, err := vorgang.Durchlauf(seq([]vorgang.Ereignis{e}))
	require.Error(t, err)
}
