package intake_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// die receives until the process dies between reserving and creating.
func (a *amt) die(l intake.Lieferung) {
	a.t.Helper()
	a.mandanten.breakAfter(1) // routing asks once, creating asks again
	_, err := a.Receive(a.t.Context(), l)
	require.ErrorIs(a.t, err, errKaputt)
	a.mandanten.breakAfter(-1)
	require.Len(a.t, a.eingaenge("offen"), 1)
	require.Empty(a.t, a.vorgaenge(hanau))
}

// Stopped between reserving and creating: the next delivery finishes it where it
// began, of the bytes that came first.
func TestStopBeforeCreate(t *testing.T) {
	eachServer(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		a.die(lieferung("1"))
		reserved := a.eingaenge()[0].ZielVorgang
		a.weiche.set(t, kassel, "") // the Zustaendigkeit changes meanwhile
		other := lieferung("1")
		other.Fachdaten = anlage("form.txt", "text/plain", []byte("name=Jemand anders"))
		other.Dateien = nil
		r, err := a.annahme(nil).Receive(t.Context(), other)
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, r.Ausgang)
		require.False(t, r.Bekannt, "it is finished now")
		require.Equal(t, hanau, r.Mandant)
		require.Equal(t, reserved, r.Vorgang)
		require.Empty(t, a.vorgaenge(kassel))
		s := a.vorgaenge(hanau)[0]
		require.Equal(t, geheim, s.Antrag.Antragsteller.Name)
		require.Len(t, s.Dateien, 3)
		form := s.Dateien[0]
		require.Contains(t, string(a.read(hanau, form.SHA512, form.Groesse)), geheim, "the parsed form is the one that is kept")
		require.Empty(t, a.eingaenge("offen"))

		again, err := a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err)
		require.True(t, again.Bekannt)
		require.Equal(t, r.Nummer, again.Nummer)
	})
}

// A channel that finds the second delivery broken does not undo the first.
func TestRefuseFinishesReserved(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	a.die(lieferung("1"))
	r, err := a.Refuse(t.Context(), intake.Lieferung{Kanal: "schalter", Kennung: "1"}, problem("kanal.kaputt", "x"))
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, r.Ausgang)
	require.Len(t, a.vorgaenge(hanau), 1)
}

// Stopped between creating and settling: the Vorgang is found, also when its form
// and its Mandant are not set up any more.
func TestStopBeforeSettle(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		first, err := a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err)
		err = store.Update(t.Context(), poststelle, func(ctx context.Context, tx *storage.Tx) error {
			e, err := tx.GetEingang(ctx, first.Eingang)
			if err != nil {
				return err
			}
			e.Zustand = "offen"
			var k map[string]any
			if err := json.Unmarshal(e.Daten, &k); err != nil {
				return err
			}
			delete(k, "nummer")
			if e.Daten, err = json.Marshal(k); err != nil {
				return err
			}
			return tx.UpdateEingang(ctx, &e)
		})
		require.NoError(t, err)
		a.parser.fail(errKaputt)
		a.mandanten.breakAfter(0)
		r, err := a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err)
		require.Equal(t, first, r)
		require.Len(t, a.vorgaenge(hanau), 1)
		require.Equal(t, "angenommen", a.eingaenge()[0].Zustand)
	})
}

// What was reserved and cannot be read any more stays reserved; it is not judged
// a second time.
func TestReservedIsNotJudgedAgain(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	a.die(lieferung("1"))
	a.parser.fail(problem("zeilen.neu", "line 1"))
	_, err := a.Receive(t.Context(), lieferung("1"))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.NotContains(t, err.Error(), geheim)
	require.Len(t, a.eingaenge("offen"), 1)
	a.parser.err = nil
	r, err := a.Receive(t.Context(), lieferung("1"))
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, r.Ausgang)
}

// A register entry that cannot be read is an error and no second Vorgang.
func TestSpoiltRegister(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	r, err := a.Receive(t.Context(), lieferung("1"))
	require.NoError(t, err)
	k := lieferung("2")
	k.Ort = "DE110000000000"
	fall, err := a.Receive(t.Context(), k)
	require.NoError(t, err)
	for _, e := range a.eingaenge() {
		err = a.store.Update(t.Context(), poststelle, func(ctx context.Context, tx *storage.Tx) error {
			row := e
			row.Daten = []byte(strings.Repeat("[", 3))
			return tx.UpdateEingang(ctx, &row)
		})
		require.NoError(t, err)
	}
	_, err = a.Receive(t.Context(), lieferung("1"))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = a.Rerun(t.Context(), fall.Eingang, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	for _, err := range a.Klaerfach(t.Context()) {
		require.Error(t, err)
	}
	require.Equal(t, r.Vorgang, a.vorgaenge(hanau)[0].ID)
}
