package absturz

import (
	"context"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// EarlyAck gives a backend that says "done" a while before it commits. It is the
// proof that the check finds one.
func EarlyAck(b driver.Backend, early time.Duration) driver.Backend {
	return &liar{Backend: b, early: early}
}

type liar struct {
	driver.Backend
	early time.Duration
	// mu makes the next transaction wait for the COMMIT, so that nobody catches the
	// lie without a crash.
	mu sync.Mutex
}

func (l *liar) Update(ctx context.Context, mandant tenant.ID, f func(context.Context, driver.Tx) error) error {
	said := make(chan error, 1)
	go func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		// The caller's context may end with its call.
		err := l.Backend.Update(context.WithoutCancel(ctx), mandant, func(ctx context.Context, tx driver.Tx) error {
			err := f(ctx, noFinal{tx})
			if err == nil {
				said <- nil
				time.Sleep(l.early)
			}
			return err
		})
		if err != nil {
			select {
			case said <- err:
			default:
			}
		}
	}()
	return <-said
}

// noFinal keeps a backend from committing with the last save, which would be
// before the lie.
type noFinal struct{ driver.Tx }

func (n noFinal) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	p.Final = false
	return n.Tx.SaveVorgang(ctx, p)
}
