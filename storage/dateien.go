package storage

import (
	"context"
	"errors"
	"iter"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

var errEnough = errors.New("the reader has enough")

// Dateien gives the SHA-512 of every file that anything stored of the Mandant
// refers to: Vorgaenge, journals, Auftraege, deliveries, letters, configuration,
// remembered results. It is what [blob.Collect] needs to tell orphans:
//
//	report, err := blob.Collect(ctx, files, mandant, blob.CollectParams{Referenced: store.Dateien(ctx, mandant)})
//
// A file counts as referred to if its hash stands anywhere in the bytes, so a
// format that storage does not know cannot make it an orphan. Hashes may repeat.
// All is read in one view, however long it takes; the loop must not use the store.
// An error is the last pair.
func (s *Store) Dateien(ctx context.Context, mandant tenant.ID) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in, err := s.enter(ctx, "Dateien", mandant)
		if err != nil {
			yield("", err)
			return
		}
		err = s.b.View(in, mandant, func(ctx context.Context, tx driver.Tx) error {
			var failed error
			w := &walk{ctx: ctx, b: s.b, mandant: mandant, tx: tx, yield: func(r satz, err error) bool {
				if err != nil {
					failed = err
					return false
				}
				for _, b := range r.bytes() {
					for sum := range blob.References(b) {
						if !yield(sum, nil) {
							failed = errEnough
							return false
						}
					}
				}
				return true
			}}
			for _, kind := range []func() bool{w.vorgaenge, w.eingaenge, w.eintraege, w.rest, w.schluessel, w.aufbewahrung} {
				if !kind() {
					return failed
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield("", wrap("Dateien", string(mandant), err))
		}
	}
}

// bytes gives the opaque parts of a row, where references can stand.
func (s *satz) bytes() [][]byte {
	switch r := s.row.(type) {
	case driver.VorgangRow:
		return [][]byte{r.Daten}
	case driver.JournalRow:
		return [][]byte{r.Akteur, r.Daten}
	case driver.AuftragRow:
		return [][]byte{r.Daten}
	case driver.EingangRow:
		return [][]byte{r.Daten}
	case driver.EintragRow:
		return [][]byte{r.Daten}
	case driver.KonfigRow:
		return [][]byte{r.Daten}
	case driver.SchluesselRow:
		return [][]byte{r.Daten}
	case driver.AufbewahrungRow:
		return [][]byte{r.Daten}
	}
	return nil
}
