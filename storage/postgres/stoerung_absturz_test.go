package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/absturz"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
)

// liarPrefix before the target makes a child that acknowledges before it commits.
const liarPrefix = "luege:"

// openChild opens the target of a child: the connection strings of both roles.
func openChild(ctx context.Context, target string) (*storage.Store, error) {
	target, lies := strings.CutPrefix(target, liarPrefix)
	app, relay, _ := strings.Cut(target, " ")
	b, err := postgres.OpenBackend(ctx, app, &postgres.Options{RelayDSN: relay})
	if err != nil {
		return nil, err
	}
	if lies {
		return storage.New(absturz.EarlyAck(b, 25*time.Millisecond), nil), nil
	}
	return storage.New(b, nil), nil
}

func killParams(db pgtest.Database, prefix string, rounds int) absturz.Params {
	return absturz.Params{
		Rounds: rounds, Window: 300 * time.Millisecond, Target: prefix + db.AppDSN + " " + db.RelayDSN,
		Open: func(ctx context.Context) (*storage.Store, error) {
			return postgres.Open(ctx, db.AppDSN, &postgres.Options{RelayDSN: db.RelayDSN})
		},
		Settle: func(ctx context.Context) error { return pgtest.AwaitNoSessions(ctx, db.SuperDSN) },
	}
}

// A process that is killed at any moment loses nothing it acknowledged.
func TestKill(t *testing.T) { absturz.Run(t, killParams(fresh(t), "", 12)) }

// The test above can fail.
func TestKillFindsALiar(t *testing.T) { absturz.RunLiar(t, killParams(fresh(t), liarPrefix, 20)) }

func TestClockJumpsBack(t *testing.T) {
	absturz.Clock(t, func(t *testing.T, o *storage.Options) *storage.Store {
		db := fresh(t)
		s, err := postgres.Open(t.Context(), db.AppDSN, &postgres.Options{Store: o, RelayDSN: db.RelayDSN})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	})
}
