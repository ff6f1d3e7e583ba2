package storagetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// withoutRelay sees one Mandant at a time only.
type withoutRelay struct{ driver.Backend }

func (withoutRelay) LeaseAuftraege(context.Context, driver.LeaseAuftraegeParams) ([]driver.AuftragRow, error) {
	return nil, fmt.Errorf("no relay role: %w", fehler.ErrUnsupported)
}

func handleOf(wrap func(driver.Backend) driver.Backend) Handle {
	db := memory.New(&memory.Options{BusyTimeout: 500 * time.Millisecond})
	return Handle{Open: func(context.Context) (driver.Backend, error) { return wrap(db.Backend()), nil }}
}

func TestDeclaredGapsPass(t *testing.T) {
	Run(t, Options{
		New: func(testing.TB) Handle {
			return handleOf(func(b driver.Backend) driver.Backend { return withoutRelay{b} })
		},
		Unsupported: map[Capability]string{Relay: "opened without the relay role"},
	})
}

// A gap that is declared but not there, and one that is there but not
// declared, both fail.
func TestWrongDeclarationsFail(t *testing.T) {
	r := &recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		e := newEnv(r, handleOf(func(b driver.Backend) driver.Backend { return b }))
		defer e.close()
		e.assertUnsupported(Relay)
	}()
	<-done
	require.True(t, r.failed)
	require.NotEmpty(t, failures("outbox", func() Handle {
		return handleOf(func(b driver.Backend) driver.Backend { return withoutRelay{b} })
	}))
}
