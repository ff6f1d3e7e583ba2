package sqlite

import (
	"context"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// SetSperre implements driver.Backend. Its transaction comes after all that could
// still write, and the ones after it find the row.
func (b *Backend) SetSperre(ctx context.Context, mandant tenant.ID, s driver.Sperre) error {
	return b.schreiber.run(ctx, func(c *conn) (sqltx.Weckt, error) {
		return sqltx.Weckt{}, sqltx.SetSperre(ctx, c, mandant, s)
	})
}

// GetSperre implements driver.Backend.
func (b *Backend) GetSperre(ctx context.Context, mandant tenant.ID) (s driver.Sperre, err error) {
	err = b.read(ctx, func(c *conn) (err error) {
		s, err = sqltx.GetSperre(ctx, c, mandant)
		return err
	})
	return s, err
}

// entfernenSchritt bounds how many rows go at once, so that the other Mandanten can
// write in between.
const entfernenSchritt = 2000

// Entfernen implements driver.Backend.
func (b *Backend) Entfernen(ctx context.Context, mandant tenant.ID) error {
	for {
		var n int64
		err := b.schreiber.run(ctx, func(c *conn) (_ sqltx.Weckt, err error) {
			n, err = sqltx.Entfernen(ctx, c, mandant, entfernenSchritt)
			return sqltx.Weckt{}, err
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
