package intake_test

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// schalter acknowledges and gives two proofs of the same name.
type schalter struct {
	kanal string
	told  []vorgang.QuittierenDaten
	teile []intake.Teil
	err   error
}

func (s *schalter) Kanal() string { return s.kanal }

func (s *schalter) Quittiere(_ context.Context, d vorgang.QuittierenDaten) ([]intake.Teil, error) {
	s.told = append(s.told, d)
	return s.teile, s.err
}

func beleg(b string) intake.Teil {
	return intake.Bytes(uuid.Nil, "../Beleg.txt", "text/plain", vorgang.ZweckNachweis, []byte(b))
}

func (a *amt) drain(q ...intake.Quittierer) []storage.Auftrag {
	a.t.Helper()
	r := relay.New(a.store, map[vorgang.AuftragArt]relay.Handler{vorgang.EingangQuittieren: intake.NewQuittierung(a.blobs, nil, q...)},
		&relay.Options{Pause: func(int) time.Duration { return time.Nanosecond }})
	_, err := r.Drain(a.t.Context())
	require.NoError(a.t, err)
	id := a.eingaenge()[0].ZielVorgang
	var out []storage.Auftrag
	err = a.store.View(a.t.Context(), hanau, func(ctx context.Context, tx *storage.Tx) error {
		for x, err := range tx.Auftraege(ctx, id) {
			if err != nil {
				return err
			}
			if x.Art == vorgang.EingangQuittieren {
				out = append(out, x)
			}
		}
		return nil
	})
	require.NoError(a.t, err)
	return out
}

func TestQuittierung(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		r, err := a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err)
		other, s := &schalter{kanal: "post"}, &schalter{kanal: "schalter", teile: []intake.Teil{beleg("eins"), beleg("zwei")}}
		done := a.drain(other, s)
		require.Equal(t, storage.AuftragErledigt, done[0].Zustand)
		require.Empty(t, other.told)
		require.Len(t, s.told, 1)
		require.Equal(t, "1", s.told[0].Kennung)
		require.JSONEq(t, `{"an":"schalter"}`, string(s.told[0].Beleg))
		st := a.vorgaenge(hanau)[0]
		require.False(t, st.EingangQuittiert.IsZero())
		belege := st.Dateien[3:]
		require.Len(t, belege, 2)
		require.NotEqual(t, belege[0].ID, belege[1].ID)
		for i, want := range []string{"eins", "zwei"} {
			b := belege[i]
			require.Equal(t, "Beleg.txt", b.Name)
			require.Equal(t, "schalter", b.Herkunft)
			require.Equal(t, vorgang.ZweckNachweis, b.Zweck)
			require.Equal(t, want, string(a.read(hanau, b.SHA512, b.Groesse)))
		}

		// The same Auftrag again, as after a lost report: nothing changes.
		h := intake.NewQuittierung(a.blobs, nil, s)
		v, err := store.Edit(t.Context(), hanau, r.Vorgang, func(v *vorgang.Vorgang) error {
			bericht, err := h.Handle(t.Context(), done[0].Auftrag, v)
			if err != nil {
				return err
			}
			return bericht(v)
		})
		require.NoError(t, err)
		require.Equal(t, st, v.Stand())
		require.Len(t, s.told, 2)
	})
}

// A channel nobody serves is parked and can be seen.
func TestQuittierungUnknownChannel(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	_, err := a.Receive(t.Context(), lieferung("1"))
	require.NoError(t, err)
	parked := a.drain(&schalter{kanal: "post"})
	require.Equal(t, storage.AuftragGeparkt, parked[0].Zustand)
	require.Contains(t, parked[0].LetzterFehler, "schalter")
	require.NotContains(t, parked[0].LetzterFehler, geheim)
	require.True(t, a.vorgaenge(hanau)[0].EingangQuittiert.IsZero())
}

func TestQuittierungFails(t *testing.T) {
	broken := beleg("x")
	broken.Open = func(context.Context) (io.ReadCloser, error) { return nil, errKaputt }
	for name, c := range map[string]struct {
		s    *schalter
		puts int
		want error
	}{
		"channel":       {&schalter{err: errKaputt}, -1, errKaputt},
		"proof":         {&schalter{teile: []intake.Teil{broken}}, -1, errKaputt},
		"no bytes":      {&schalter{teile: []intake.Teil{{Name: "x"}}}, -1, fehler.ErrInvalid},
		"storage":       {&schalter{teile: []intake.Teil{beleg("x")}}, 0, errKaputt},
		"second proof":  {&schalter{teile: []intake.Teil{beleg("x"), beleg("y")}}, 1, errKaputt},
		"unknown shape": {nil, -1, fehler.ErrInvalid},
	} {
		a := newAmt(t, memStore(t), nil)
		a.blobs.breakAfter(c.puts)
		x := vorgang.Auftrag{ID: uuid.New(), Mandant: hanau, Art: vorgang.EingangQuittieren, Daten: json.RawMessage(`{"kanal":"schalter"}`)}
		if c.s == nil {
			c.s, x.Daten = &schalter{}, json.RawMessage(`[`)
		}
		c.s.kanal = "schalter"
		_, err := intake.NewQuittierung(a.blobs, nil, c.s).Handle(t.Context(), x, nil)
		require.ErrorIs(t, err, c.want, name)
	}
}
