package sqlite_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/absturz"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
)

// liarPrefix before the path makes a child that acknowledges before it commits.
const liarPrefix = "luege:"

func TestMain(m *testing.M) {
	absturz.Child(func(ctx context.Context, target string) (*storage.Store, error) {
		path, lies := strings.CutPrefix(target, liarPrefix)
		b, err := sqlite.OpenBackend(ctx, path, &sqlite.Options{Readers: 4})
		if err != nil {
			return nil, err
		}
		if lies {
			return storage.New(absturz.EarlyAck(b, 25*time.Millisecond), nil), nil
		}
		return storage.New(b, nil), nil
	})
	runChild()
	testenv.Main(m)
}
