package driver

import "context"

// KonfigRow is one named document of configuration of a Mandant.
type KonfigRow struct {
	// Art and Schluessel name the document, such as "mandant" and "stamm".
	Art, Schluessel string
	// Version counts saves, from 1.
	Version int64
	// Daten is the document, opaque.
	Daten []byte
}

// GetKonfigParams names a document.
type GetKonfigParams struct{ Art, Schluessel string }

// PutKonfigParams holds a document. ExpectedVersion zero means that it must
// not be there yet.
type PutKonfigParams struct {
	Art, Schluessel string
	ExpectedVersion int64
	Daten           []byte
}

// ListKonfigParams names a kind of documents; empty means all kinds.
type ListKonfigParams struct{ Art string }

// KonfigTx keeps configuration.
type KonfigTx interface {
	// GetKonfig reads a document; ErrNotFound if there is none.
	GetKonfig(ctx context.Context, p GetKonfigParams) (KonfigRow, error)
	// PutKonfig stores the document as version ExpectedVersion+1. ErrExists if
	// it must not be there and is, ErrConflict if the version is another,
	// ErrNotFound if a version is expected and there is no document.
	PutKonfig(ctx context.Context, p PutKonfigParams) error
	// ListKonfig reads all documents of a kind ordered by Art, then Schluessel.
	ListKonfig(ctx context.Context, p ListKonfigParams) ([]KonfigRow, error)
}

// NextNummerParams name a counter.
type NextNummerParams struct {
	Name string
	Jahr int
	// Anzahl is how many numbers are taken at once; zero means one.
	Anzahl int64
}

// ZaehlerRow is a counter and the last number it gave.
type ZaehlerRow struct {
	Name string
	Jahr int
	Wert int64
}

// ZaehlerTx counts.
type ZaehlerTx interface {
	// NextNummer raises the counter by Anzahl and returns its new value, which
	// is the last of the numbers taken; the first number of all is 1. A rollback
	// gives the numbers back, so committed numbers have no gaps; others who want
	// the same counter wait until the transaction ends.
	NextNummer(ctx context.Context, p NextNummerParams) (int64, error)
	// ListZaehler reads all counters ordered by Name, then Jahr.
	ListZaehler(ctx context.Context) ([]ZaehlerRow, error)
}
