package storage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// contested lets somebody else save between reading and saving, n times.
type contested struct {
	driver.Backend
	n int
}

type contestedTx struct {
	driver.Tx
	c *contested
}

func (c *contested) Update(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	return c.Backend.Update(ctx, m, func(ctx context.Context, tx driver.Tx) error { return f(ctx, contestedTx{tx, c}) })
}

func (t contestedTx) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	if p.ExpectedVersion > 0 && t.c.n > 0 {
		t.c.n--
		return fehler.ErrConflict
	}
	return t.Tx.SaveVorgang(ctx, p)
}

func TestEditRetriesConflictsOfTheSaveOnly(t *testing.T) {
	ctx := t.Context()
	c := &contested{Backend: memory.New(nil).Backend()}
	store := storage.New(c, &storage.Options{MaxRetries: 3})
	v, err := neu(ctx, store, "bauamt")
	require.NoError(t, err)
	runs := 0
	note := func(v *vorgang.Vorgang) error {
		runs++
		_, err := v.Note(clerk, morgens, "x")
		return err
	}
	c.n = 3
	got, err := store.Edit(ctx, "kiel", v.ID(), note)
	require.NoError(t, err)
	require.Equal(t, 4, runs)
	require.Len(t, got.Stand().Notizen, 1, "a run left something behind")

	c.n, runs = 4, 0
	_, err = store.Edit(ctx, "kiel", v.ID(), note)
	require.ErrorIs(t, err, storage.ErrConflict)
	require.Equal(t, 4, runs)

	c.n, runs = 0, 0
	_, err = store.Edit(ctx, "kiel", v.ID(), func(*vorgang.Vorgang) error { runs++; return storage.ErrConflict })
	require.ErrorIs(t, err, storage.ErrConflict)
	require.Equal(t, 1, runs, "a conflict the command means is not retried")
}

func TestProblemsOfACommandComeBackAsTheyAre(t *testing.T) {
	store := memory.Open(nil)
	want := fehler.Probleme{{Code: "x"}}
	err := store.Update(t.Context(), "kiel", func(context.Context, *storage.Tx) error { return want })
	require.Equal(t, error(want), err)
}

func TestDeadTx(t *testing.T) {
	store := memory.Open(nil)
	var kept *storage.Tx
	require.NoError(t, store.Update(t.Context(), "kiel", func(_ context.Context, tx *storage.Tx) error {
		kept = tx
		return nil
	}))
	_, err := kept.Get(t.Context(), uuid.New())
	require.ErrorIs(t, err, storage.ErrInvalid)
	require.ErrorIs(t, kept.PutKonfig(t.Context(), "a", "b", 0, 1), storage.ErrInvalid)
}

// garbled gives rows that do not hold what they should.
type garbled struct {
	driver.Backend
	change func(*driver.VorgangRow)
}

type garbledTx struct {
	driver.Tx
	change func(*driver.VorgangRow)
}

func (g *garbled) View(ctx context.Context, m tenant.ID, f func(context.Context, driver.Tx) error) error {
	return g.Backend.View(ctx, m, func(ctx context.Context, tx driver.Tx) error { return f(ctx, garbledTx{tx, g.change}) })
}

func (t garbledTx) GetVorgang(ctx context.Context, p driver.GetVorgangParams) (driver.VorgangRow, error) {
	r, err := t.Tx.GetVorgang(ctx, p)
	t.change(&r)
	return r, err
}

func TestGarbledRowsAreRefused(t *testing.T) {
	g := &garbled{Backend: memory.New(nil).Backend()}
	store := storage.New(g, nil)
	v, err := neu(t.Context(), store, "bauamt")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*driver.VorgangRow)
		want   error
	}{
		"not JSON":        {func(r *driver.VorgangRow) { r.Daten = []byte(`{"schema":"Zwetschge"}`) }, storage.ErrInvalid},
		"newer schema":    {func(r *driver.VorgangRow) { r.Daten = []byte(`{"schema":99}`) }, storage.ErrUnsupported},
		"another's data":  {func(r *driver.VorgangRow) { r.ID = uuid.New() }, storage.ErrInvalid},
		"journal differs": {func(r *driver.VorgangRow) { r.JournalSeq++ }, storage.ErrInvalid},
	} {
		g.change = c.change
		_, err := store.Get(t.Context(), "kiel", v.ID())
		require.ErrorIs(t, err, c.want, name)
		require.NotContains(t, err.Error(), "Zwetschge")
	}
}

func TestStoreOfAnotherMayBeUsedInside(t *testing.T) {
	a, b := memory.Open(nil), memory.Open(nil)
	require.NoError(t, a.Update(t.Context(), "kiel", func(ctx context.Context, _ *storage.Tx) error {
		_, err := b.GetKonfig(ctx, "kiel", "a", "b", new(any))
		if !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		return nil
	}))
}

// What a closure swallows must not be committed in half: only ErrNotFound,
// ErrExists and ErrConflict leave the transaction as it was.
func TestSwallowedErrorIsNotCommitted(t *testing.T) {
	store := memory.Open(nil)
	v, err := neu(t.Context(), store, "bauamt")
	require.NoError(t, err)
	for name, fail := range map[string]func(context.Context, *storage.Tx) error{
		"another Mandant": func(ctx context.Context, tx *storage.Tx) error {
			w, err := vorgang.New(tenant.System("test"), time.Now(), vorgang.Params{Mandant: "luebeck", Nummer: "L-1", Leistung: "99063005001000", Einheit: "x"}, store.Kontext())
			require.NoError(t, err)
			return tx.Save(ctx, w)
		},
		"text that cannot be kept": func(ctx context.Context, tx *storage.Tx) error {
			return tx.PutKonfig(ctx, "a\x00", "b", 0, 1)
		},
		"saved twice": func(ctx context.Context, tx *storage.Tx) error {
			w, err := tx.Get(ctx, v.ID())
			require.NoError(t, err)
			_, err = w.Note(tenant.System("test"), time.Now(), "x")
			require.NoError(t, err)
			require.NoError(t, tx.Save(ctx, w))
			return tx.Save(ctx, w)
		},
	} {
		err := store.Update(t.Context(), "kiel", func(ctx context.Context, tx *storage.Tx) error {
			require.NoError(t, tx.PutKonfig(ctx, "probe", name, 0, 1))
			require.ErrorIs(t, fail(ctx, tx), storage.ErrInvalid, name)
			return nil
		})
		require.ErrorIs(t, err, storage.ErrInvalid, name)
		_, err = store.GetKonfig(t.Context(), "kiel", "probe", name, new(int))
		require.ErrorIs(t, err, storage.ErrNotFound, name)
	}
	require.NoError(t, store.Update(t.Context(), "kiel", func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Get(ctx, uuid.New())
		require.ErrorIs(t, err, storage.ErrNotFound)
		return tx.PutKonfig(ctx, "probe", "goes on", 0, 1)
	}))
}

// Somebody was given the Vorgang for good while the lease was held: giving the
// lease back must not take it away from them.
func TestReleaseLeavesAnAssignmentForGood(t *testing.T) {
	store := memory.Open(nil)
	v, err := neu(t.Context(), store, "bauamt")
	require.NoError(t, err)
	kim := tenant.Akteur{ID: "kim", Name: "Kim", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	_, lease, err := store.Claim(t.Context(), "kiel", storage.ClaimParams{Akteur: kim})
	require.NoError(t, err)
	_, err = store.Edit(t.Context(), "kiel", v.ID(), func(v *vorgang.Vorgang) error { return v.Assign(kim, time.Now(), "deniz", "Deniz") })
	require.NoError(t, err)
	require.NoError(t, store.Release(t.Context(), "kiel", lease, kim))
	v, err = store.Get(t.Context(), "kiel", v.ID())
	require.NoError(t, err)
	require.Equal(t, "deniz", v.Stand().Bearbeiter())
	_, err = store.Renew(t.Context(), "kiel", lease, 0)
	require.ErrorIs(t, err, storage.ErrConflict, "the lease has ended")
}
