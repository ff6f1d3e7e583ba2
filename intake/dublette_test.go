package intake_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func withAbdruck(kennung, abdruck string) intake.Lieferung {
	l := lieferung(kennung)
	l.Abdruck = abdruck
	return l
}

// All but the first of one content say so, also when they come at the same moment.
func TestAbdruckConcurrent(t *testing.T) {
	eachServer(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		const n = 6
		errs, out := make([]error, n), make([]intake.Ergebnis, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { out[i], errs[i] = a.Receive(t.Context(), withAbdruck(fmt.Sprint(i), "ab1")) })
		}
		wg.Wait()
		first := uuid.Nil
		for i := range n {
			require.NoError(t, errs[i])
			require.Equal(t, "ab1", out[i].Abdruck)
			if out[i].Dublette == uuid.Nil {
				require.Equal(t, uuid.Nil, first, "two are the first")
				first = out[i].Eingang
			}
		}
		require.NotEqual(t, uuid.Nil, first)
		noted := 0
		for _, v := range a.vorgaenge(hanau) {
			noted += len(v.Notizen)
		}
		require.Equal(t, n-1, noted)
	})
}

// A duplicate is linked from both sides and noted; a repetition changes nothing.
func TestAbdruck(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		first, err := a.Receive(t.Context(), withAbdruck("1", "ab1"))
		require.NoError(t, err)
		for range 2 {
			second, err := a.Receive(t.Context(), withAbdruck("2", "ab1"))
			require.NoError(t, err)
			require.Equal(t, first.Eingang, second.Dublette)
		}
		for _, v := range a.vorgaenge(hanau) {
			require.Len(t, v.Verknuepfungen, 1)
			want := vorgang.DubletteVon
			if v.ID == first.Vorgang {
				want = vorgang.HatDublette
			} else {
				require.Contains(t, v.Notizen[0].Text, first.Nummer)
			}
			require.Equal(t, want, v.Verknuepfungen[0].Art)
		}
		a.weiche.set(t, kassel, "") // another Mandant: a note, and no number of the other's
		r, err := a.Receive(t.Context(), withAbdruck("3", "ab1"))
		require.NoError(t, err)
		require.Equal(t, first.Eingang, r.Dublette)
		v := a.vorgaenge(kassel)[0]
		require.Empty(t, v.Verknuepfungen)
		require.NotContains(t, v.Notizen[0].Text, first.Nummer)

		other := withAbdruck("4", "ab1") // another channel compares with its own
		other.Kanal = "post"
		r, err = a.Receive(t.Context(), other)
		require.NoError(t, err)
		require.Equal(t, uuid.Nil, r.Dublette)
	})
}

// One that was refused, or not received for good, marks nobody as its duplicate.
func TestAbdruckNotTaken(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	a.parser.fail(problem("zeilen.kaputt", "x"))
	r, err := a.Receive(t.Context(), withAbdruck("1", "ab1"))
	require.NoError(t, err)
	require.Equal(t, intake.Abgelehnt, r.Ausgang)
	a.parser.fail(nil)
	a.mandanten.breakAfter(0)
	_, err = a.Receive(t.Context(), withAbdruck("2", "ab1"))
	require.ErrorIs(t, err, errKaputt)
	a.mandanten.breakAfter(-1)
	r, err = a.Receive(t.Context(), withAbdruck("3", "ab1"))
	require.NoError(t, err)
	require.Equal(t, uuid.Nil, r.Dublette)
	for _, bad := range []string{"a b", "a:b", strings.Repeat("a", 129)} {
		_, err = a.Receive(t.Context(), withAbdruck("4", bad))
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}

// A process dies behind the reservation: whoever finishes it keeps the flag. The
// first one lies in the Klaerfach then, which the note says by its Eingang.
func TestAbdruckCrash(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	l := withAbdruck("1", "ab1")
	l.Ort = "kein Ort"
	first, err := a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Klaerung, first.Ausgang)
	a.die(withAbdruck("2", "ab1"))
	r, err := a.Receive(t.Context(), withAbdruck("2", "other"))
	require.NoError(t, err)
	require.Equal(t, first.Eingang, r.Dublette)
	require.Equal(t, "ab1", r.Abdruck, "the content that came first")
	require.Contains(t, a.vorgaenge(hanau)[0].Notizen[0].Text, first.Eingang.String())
}
