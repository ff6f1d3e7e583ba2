package storage

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Konfig is one named JSON document of configuration of a Mandant.
type Konfig struct {
	// Art and Schluessel name it, such as "mandant" and "stamm".
	Art, Schluessel string
	// Version counts saves, from 1.
	Version int64
	Daten   json.RawMessage
}

// GetKonfig reads a document into a value as json.Unmarshal does and gives its
// version; ErrNotFound if there is none.
func (tx *Tx) GetKonfig(ctx context.Context, art, schluessel string, into any) (version int64, err error) {
	if err := tx.reads("GetKonfig"); err != nil {
		return 0, err
	}
	if err := checkText("GetKonfig", art, "/art", art, "/schluessel", schluessel); err != nil {
		return 0, err
	}
	row, err := tx.d.GetKonfig(ctx, driver.GetKonfigParams{Art: art, Schluessel: schluessel})
	if err != nil {
		return 0, wrap("GetKonfig", art, err)
	}
	if err := json.Unmarshal(row.Daten, into); err != nil {
		return 0, fehler.New("storage.GetKonfig", art, ErrInvalid, errors.New("the document does not fit the type"))
	}
	return row.Version, nil
}

// PutKonfig stores a value as JSON, as version+1. Version zero means that the
// document must not be there yet: ErrExists if it is. ErrConflict if somebody
// saved it since.
func (tx *Tx) PutKonfig(ctx context.Context, art, schluessel string, version int64, v any) (err error) {
	defer tx.spoil(&err)
	if err := tx.writes("PutKonfig"); err != nil {
		return err
	}
	if art == "" || version < 0 {
		return fehler.New("storage.PutKonfig", art, ErrInvalid, errors.New("a kind is mandatory, a version is not negative"))
	}
	if err := checkText("PutKonfig", art, "/art", art, "/schluessel", schluessel); err != nil {
		return err
	}
	daten, err := json.Marshal(v)
	if err != nil {
		return fehler.New("storage.PutKonfig", art, ErrInvalid, err)
	}
	return wrap("PutKonfig", art, tx.d.PutKonfig(ctx, driver.PutKonfigParams{Art: art, Schluessel: schluessel, ExpectedVersion: version, Daten: daten}))
}

// ListKonfig reads all documents of a kind, ordered by Schluessel.
func (tx *Tx) ListKonfig(ctx context.Context, art string) ([]Konfig, error) {
	if err := tx.reads("ListKonfig"); err != nil {
		return nil, err
	}
	if err := checkText("ListKonfig", art, "/art", art); err != nil {
		return nil, err
	}
	rows, err := tx.d.ListKonfig(ctx, driver.ListKonfigParams{Art: art})
	if err != nil {
		return nil, wrap("ListKonfig", art, err)
	}
	out := make([]Konfig, len(rows))
	for i, r := range rows {
		out[i] = Konfig{Art: r.Art, Schluessel: r.Schluessel, Version: r.Version, Daten: r.Daten}
	}
	return out, nil
}

// GetKonfig reads a document in a view of its own; see [Tx.GetKonfig].
func (s *Store) GetKonfig(ctx context.Context, mandant tenant.ID, art, schluessel string, into any) (version int64, err error) {
	err = s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
		version, err = tx.GetKonfig(ctx, art, schluessel, into)
		return err
	})
	return version, err
}

// PutKonfig stores a document in a transaction of its own; see [Tx.PutKonfig].
func (s *Store) PutKonfig(ctx context.Context, mandant tenant.ID, art, schluessel string, version int64, v any) error {
	return s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) error { return tx.PutKonfig(ctx, art, schluessel, version, v) })
}
