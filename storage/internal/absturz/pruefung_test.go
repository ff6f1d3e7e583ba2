package absturz

import (
	"context"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The check finds whatever a record says that is not so, and what is there twice.
func TestCheckFindsForgery(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "x.db"), nil)
	require.NoError(t, err)
	defer s.Close()
	good := newRecord()
	c := &child{s: s, out: func(line string) { require.NoError(t, good.hear(line)) }}
	for _, key := range []string{"a", "b"} {
		require.NoError(t, c.step(ctx, key))
	}
	require.NoError(t, good.check(ctx, s))
	require.Len(t, good.keys, 2)
	require.Len(t, good.notes, 2)
	require.Len(t, good.finished, 2)
	require.Empty(t, good.openKeys())
	one := good.keys["a"]

	for name, forge := range map[string]func(r *record){
		"a delivery that is not there":       func(r *record) { r.keys["c"] = uuid.New() },
		"a delivery with another Vorgang":    func(r *record) { r.keys["a"] = good.keys["b"] },
		"an edit that is not there":          func(r *record) { r.notes["c"] = one },
		"an edit of another Vorgang":         func(r *record) { r.notes["a"] = good.keys["b"] },
		"a version that is not there":        func(r *record) { r.versions[one]++ },
		"an Auftrag that was never finished": func(r *record) { r.finished[uuid.New()] = true },
	} {
		t.Run(name, func(t *testing.T) {
			r := &record{
				begun: good.begun, keys: maps.Clone(good.keys), notes: maps.Clone(good.notes),
				versions: maps.Clone(good.versions), finished: maps.Clone(good.finished),
			}
			forge(r)
			var f *Fund
			require.ErrorAs(t, r.check(ctx, s), &f)
		})
	}
	require.Error(t, good.hear("notiz x"))
	require.Error(t, good.hear("ein a "+uuid.NewString()), "acknowledged as another Vorgang")

	for _, twice := range []struct {
		what string
		do   func() error
	}{
		{"an edit", func() error {
			_, err := s.Edit(ctx, kiel, one, func(v *vorgang.Vorgang) error {
				_, err := v.Note(clerk(), time.Now(), "Notiz a")
				return err
			})
			return err
		}},
		{"a delivery", func() error {
			return s.Update(ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				return tx.InsertEingang(ctx, &storage.Eingang{ID: uuid.New(), Schluessel: "neu", Kanal: "a", ZielMandant: kiel, ZielVorgang: one})
			})
		}},
	} {
		require.NoError(t, twice.do())
		var f *Fund
		require.ErrorAs(t, good.check(ctx, s), &f, "%s is there twice", twice.what)
	}
}
