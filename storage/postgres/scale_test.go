package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
)

// BenchmarkLease leases ten Auftraege at a time out of 50 000 open ones, a
// hundred Mandanten with 500 Vorgaenge each, and finishes none of them.
func BenchmarkLease(b *testing.B) {
	db := fresh(b)
	super, err := pgx.Connect(b.Context(), db.SuperDSN)
	if err != nil {
		b.Fatal(err)
	}
	defer super.Close(context.Background())
	for _, sql := range []string{
		`INSERT INTO vorgang SELECT 'm-' || m, ('00000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, 1, '', 'neu', 'l', 'e', '', '[]',
			now(), NULL, true, NULL, NULL, 1, '', '' FROM generate_series(1, 100) m, generate_series(1, 500) n`,
		`INSERT INTO auftrag SELECT mandant, gen_random_uuid(), id, 1, 0, 'a', '', now(), now() - random() * interval '1 day', false, 'offen', 0,
			NULL, NULL, NULL, '' FROM vorgang`,
		"ANALYZE",
	} {
		if _, err := super.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	back, err := postgres.OpenBackend(b.Context(), db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN})
	if err != nil {
		b.Fatal(err)
	}
	defer back.Close()
	for b.Loop() {
		now := time.Now()
		got, err := back.LeaseAuftraege(b.Context(), driver.LeaseAuftraegeParams{Now: now, Until: now.Add(time.Hour), Token: uuid.New(), Limit: 10})
		if err != nil || len(got) == 0 {
			b.Fatal(len(got), err)
		}
	}
}
