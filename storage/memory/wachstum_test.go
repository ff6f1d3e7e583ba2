package memory

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// What is at work, waits behind another one, lies on other stacks or belongs to
// a Mandant that is shut costs a reader nothing. Every row that is looked at
// allocates a key, so allocations tell how many are.
func TestReadersDoNotGrowWithWhatIsNotTheirs(t *testing.T) {
	type reader struct {
		name string
		read func(t *testing.T, b *Backend)
	}
	in := func(f func(ctx context.Context, tx *tx) error) func(*testing.T, *Backend) {
		return func(t *testing.T, b *Backend) {
			view(t, b, kiel, func(ctx context.Context, tx *tx) { require.NoError(t, f(ctx, tx)) })
		}
	}
	readers := []reader{
		{"stack of all", in(func(ctx context.Context, tx *tx) error {
			_, err := tx.NextWartend(ctx, driver.NextWartendParams{Now: now})
			return err
		})},
		{"stack of an Einheit", in(func(ctx context.Context, tx *tx) error {
			_, err := tx.NextWartend(ctx, driver.NextWartendParams{Now: now, Einheiten: []string{"klein"}})
			return err
		})},
		{"rare Bearbeiter", in(func(ctx context.Context, tx *tx) error {
			_, err := tx.ListVorgaenge(ctx, driver.ListVorgaengeParams{
				Filter: driver.VorgangFilter{Bearbeiter: []string{"eva"}, Status: []string{"offen"}}, Limit: 20,
			})
			return err
		})},
		{"count by Status", in(func(ctx context.Context, tx *tx) error {
			_, err := tx.CountVorgaenge(ctx, driver.CountVorgaengeParams{Filter: driver.VorgangFilter{Status: []string{"offen"}}})
			return err
		})},
		{"lease", func(t *testing.T, b *Backend) {
			_, err := b.LeaseAuftraege(context.Background(), driver.LeaseAuftraegeParams{
				Now: at(9), Until: at(8), Token: uuid.New(), Limit: 5, Arten: []string{"brief"},
			})
			require.NoError(t, err)
		}},
	}
	fill := func(n int) *Backend {
		b := fresh(t)
		for _, m := range []tenant.ID{kiel, luebeck} {
			update(t, b, m, func(ctx context.Context, tx *tx) {
				for i := range n {
					p := neu(i + 1)
					p.Row.Wartend, p.Row.Einheit, p.Row.Status = true, "gross", "offen"
					for k := range 3 {
						a := driver.AuftragRow{ID: uuid.New(), VorgangID: p.Row.ID, VorgangVersion: 1, Ordinal: int64(k), Art: "akte"}
						if k > 0 {
							a.Art = "brief"
						}
						p.Auftraege = append(p.Auftraege, a)
					}
					if i < n/2 {
						p.Lease = &driver.SetLeaseParams{Token: new(nr(5)), Bis: new(at(60))}
					}
					require.NoError(t, tx.SaveVorgang(ctx, p))
				}
				p := neu(n + 1)
				p.Row.Wartend, p.Row.Einheit, p.Row.Status, p.Row.Bearbeiter = true, "klein", "offen", "eva"
				p.Auftraege = []driver.AuftragRow{{ID: nr(1), VorgangID: p.Row.ID, VorgangVersion: 1, Art: "brief"}}
				require.NoError(t, tx.SaveVorgang(ctx, p))
			})
		}
		require.NoError(t, b.SetSperre(context.Background(), luebeck, driver.SperreSchreiben))
		return b
	}
	small, large := fill(20), fill(1000)
	for _, r := range readers {
		few := testing.AllocsPerRun(20, func() { r.read(t, small) })
		many := testing.AllocsPerRun(20, func() { r.read(t, large) })
		require.Less(t, many, 2*few+20, r.name)
	}
}
