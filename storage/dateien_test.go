package storage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// A file that anything refers to survives the collection, an orphan does not.
func TestCollectSparesWhatIsReferredTo(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	files := blob.NewMemory(&blob.Options{Now: clock})
	store := memory.Open(&storage.Options{Now: clock})
	defer store.Close()
	put := func(text string) blob.Ref {
		ref, err := files.Put(ctx, "kiel", strings.NewReader(text))
		require.NoError(t, err)
		return ref
	}
	kept := map[string]blob.Ref{}
	for _, where := range []string{"vorgang", "journal only", "eingang", "letter", "konfig", "key"} {
		kept[where] = put(where)
	}
	orphan := put("orphan")
	v, err := vorgang.New(tenant.System("annahme"), now, vorgang.Params{
		Mandant: "kiel", Nummer: "1", Leistung: "99063005001000", Einheit: "x",
		Dateien: []vorgang.Datei{{Anhang: messaging.Anhang{ID: uuid.New(), Name: "a.txt", SHA512: kept["vorgang"].SHA512, Groesse: kept["vorgang"].Groesse}}},
	}, store.Kontext())
	require.NoError(t, err)
	require.NoError(t, store.Insert(ctx, "kiel", v))
	_, err = store.Edit(ctx, "kiel", v.ID(), func(v *vorgang.Vorgang) error {
		_, err := v.Note(kim, now, "siehe "+kept["journal only"].SHA512)
		return err
	})
	require.NoError(t, err)
	require.NoError(t, store.Update(ctx, "kiel", func(ctx context.Context, tx *storage.Tx) error {
		if err := tx.InsertEingang(ctx, &storage.Eingang{ID: uuid.New(), Schluessel: "k", Eingegangen: now, Daten: []byte(`{"f":"` + kept["eingang"].SHA512 + `"}`)}); err != nil {
			return err
		}
		if err := tx.PutKonfig(ctx, "logo", "", 0, kept["konfig"]); err != nil {
			return err
		}
		_, err := tx.PutEintrag(ctx, messaging.Eintrag{ID: uuid.New(), Postfach: "p", Zeit: now, Nachricht: messaging.Nachricht{
			Anhaenge: []messaging.Anhang{{ID: uuid.New(), Name: "b", SHA512: kept["letter"].SHA512, Groesse: 1}}}})
		return err
	}))
	_, err = store.Once(ctx, "kiel", "k", time.Hour, nil, func(context.Context, *storage.Tx) (any, error) { return kept["key"], nil })
	require.NoError(t, err)

	now = now.Add(48 * time.Hour)
	report, err := blob.Collect(ctx, files, "kiel", blob.CollectParams{Referenced: store.Dateien(ctx, "kiel"), Stand: now})
	require.NoError(t, err, "%v", report)
	for where, ref := range kept {
		require.NoError(t, files.Stat(ctx, "kiel", ref), where)
	}
	require.ErrorIs(t, files.Stat(ctx, "kiel", orphan), storage.ErrNotFound)

	for sum := range store.Dateien(ctx, "kiel") { // a reader may stop
		require.Len(t, sum, 128)
		break
	}
	require.NoError(t, store.Close())
	for _, err := range store.Dateien(ctx, "kiel") {
		require.ErrorIs(t, err, storage.ErrUnavailable)
	}
}
