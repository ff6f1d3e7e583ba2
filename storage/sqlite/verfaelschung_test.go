package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Somebody with a SQL console changes one value in the file. Whatever it is,
// VerifyJournal finds it and names the entry, or the row of the Vorgang.
func TestChangedByteIsFoundAndLocated(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "f.db")
	store, err := sqlite.Open(ctx, path, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	id := story(t, store)
	require.NoError(t, store.VerifyJournal(ctx, "kiel", id))

	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	db.SetMaxOpenConns(1)

	type field struct {
		table, column, key string
		seq                int64 // that must be named
	}
	var fields []field
	for _, c := range []string{"nummer", "status", "leistung", "einheit", "bearbeiter", "aktenzeichen", "eingang", "frist", "wartend", "journal_seq", "journal_hash"} {
		fields = append(fields, field{"vorgang", c, "1 = 1", 0})
	}
	n, err := store.Get(ctx, "kiel", id)
	require.NoError(t, err)
	for seq := int64(1); seq <= n.Stand().Journal.Seq; seq++ {
		for _, c := range []string{"zeit", "code", "akteur", "daten", "salz", "akteur_hash", "daten_hash", "vorgaenger", "hash"} {
			fields = append(fields, field{"journal", c, fmt.Sprintf("seq = %d", seq), seq})
		}
	}
	for _, f := range fields {
		change(t, db, f.table, f.column, f.key, -1, func() { requireFound(t, store, id, f.seq, f.table+"."+f.column+" "+f.key) })
	}

	// Every byte of the Stand, and of the data of the first entry.
	size := func(table, key string) (n int) {
		require.NoError(t, db.QueryRow("SELECT length(daten) FROM "+table+" WHERE "+key).Scan(&n))
		return n
	}
	for at := range size("vorgang", "1 = 1") {
		change(t, db, "vorgang", "daten", "1 = 1", at, func() { requireFound(t, store, id, -1, fmt.Sprintf("vorgang.daten byte %d", at)) })
	}
	for at := range size("journal", "seq = 1") {
		change(t, db, "journal", "daten", "seq = 1", at, func() { requireFound(t, store, id, 1, fmt.Sprintf("journal.daten byte %d", at)) })
	}
	require.NoError(t, store.VerifyJournal(ctx, "kiel", id), "everything was put back")
}

// requireFound: seq -1 accepts any place, because a damaged Stand may contradict
// the journal at its end.
func requireFound(t *testing.T, store *storage.Store, id uuid.UUID, seq int64, what string) {
	t.Helper()
	err := store.VerifyJournal(context.Background(), "kiel", id)
	f, ok := errors.AsType[*vorgang.JournalFehler](err)
	require.True(t, ok, "%s: got %v", what, err)
	if seq >= 0 {
		require.Equal(t, seq, f.Seq, "%s: %v", what, f)
	}
}

// change flips a value, or one byte of it if at >= 0, runs the check, and puts
// it back.
func change(t *testing.T, db *sql.DB, table, column, key string, at int, check func()) {
	t.Helper()
	var old any
	require.NoError(t, db.QueryRow("SELECT "+column+" FROM "+table+" WHERE "+key).Scan(&old))
	set := func(v any) {
		_, err := db.Exec("UPDATE "+table+" SET "+column+" = ? WHERE "+key, v)
		require.NoError(t, err, "%s.%s", table, column)
	}
	switch v := old.(type) {
	case []byte:
		b := append([]byte(nil), v...)
		switch {
		case len(b) == 0: // the first entry has no predecessor
			b = []byte{1}
		case at < 0:
			b[len(b)/2] ^= 1
		default:
			b[at] ^= 1
		}
		set(b)
	case string:
		b := []byte(v + " ")
		b[0] ^= 1
		set(string(b))
	case int64:
		set(v ^ 1)
	case nil:
		set("2026-01-01")
	}
	check()
	if b, ok := old.([]byte); ok && len(b) == 0 {
		_, err := db.Exec("UPDATE " + table + " SET " + column + " = X'' WHERE " + key)
		require.NoError(t, err)
		return
	}
	set(old)
}

// story makes a Vorgang with a few entries.
func story(t *testing.T, store *storage.Store) uuid.UUID {
	t.Helper()
	ctx, now := t.Context(), time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	v, err := vorgang.New(tenant.System("annahme"), now, vorgang.Params{
		Mandant: "kiel", Nummer: "KI-2026-000001", Leistung: "99063005001000", Einheit: "gruen", Aktenzeichen: []string{"67.31/26-1"},
	}, store.Kontext())
	require.NoError(t, err)
	require.NoError(t, store.Insert(ctx, "kiel", v))
	kim := tenant.Akteur{ID: "kim", Name: "Kim", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	_, err = store.Edit(ctx, "kiel", v.ID(), func(v *vorgang.Vorgang) error {
		if err := v.Pull(kim, now); err != nil {
			return err
		}
		_, err := v.Ask(kim, now, vorgang.Frage{Betreff: "Foto", Text: "Bitte ein Foto.", Bis: datum.MustParse("2026-12-07")})
		return err
	})
	require.NoError(t, err)
	return v.ID()
}
