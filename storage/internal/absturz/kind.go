package absturz

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Child does the child's work and ends the process, if this is one.
func Child(open func(ctx context.Context, target string) (*storage.Store, error)) {
	target := os.Getenv(envTarget)
	if target == "" {
		return
	}
	// It ends by itself if nobody kills it.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := work(ctx, target, open)
	fmt.Fprintln(os.Stderr, "absturz:", err)
	os.Exit(1)
}

func clerk() tenant.Akteur {
	return tenant.Akteur{ID: "sb-1", Name: "SB 1", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
}

// child takes in, edits, claims and completes, and performs Auftraege. It says on
// stdout what it begins and what was acknowledged; [record.hear] takes it down.
type child struct {
	s   *storage.Store
	mu  sync.Mutex
	out func(line string) // GUARDED_BY(mu)
}

func work(ctx context.Context, target string, open func(context.Context, string) (*storage.Store, error)) error {
	s, err := open(ctx, target)
	if err != nil {
		return err
	}
	c := &child{s: s, out: func(line string) { fmt.Println(line) }}
	c.say(ready)
	errs := make(chan error, workers)
	// What the children before left open is asked for again, with the same keys.
	for _, key := range strings.Fields(os.Getenv(envOpen)) {
		if _, err := c.take(ctx, key); err != nil {
			return err
		}
	}
	for w := range workers {
		go func() {
			for n := 0; ; n++ {
				if err := c.step(ctx, fmt.Sprintf("%s-%d-%d", os.Getenv(envRound), w, n)); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	return <-errs
}

// say writes one line in one write: it is there whole or, at the end, cut off.
func (c *child) say(format string, a ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out(fmt.Sprintf(format, a...))
}

// take takes in the delivery of the key.
func (c *child) take(ctx context.Context, key string) (id uuid.UUID, err error) {
	c.say("beginn %s", key)
	n, err := c.s.NextNummer(ctx, kiel, "absturz", 2026)
	if err != nil {
		return id, err
	}
	_, err = c.s.Once(ctx, kiel, key, 24*time.Hour, &id, func(ctx context.Context, tx *storage.Tx) (any, error) {
		now := time.Now()
		v, err := vorgang.New(tenant.System("annahme"), now, vorgang.Params{
			Mandant: kiel, Nummer: fmt.Sprint(n), Leistung: "99012034567000", Einheit: "a", Eingang: now, Quittung: []byte(`{}`),
			Antrag: vorgang.Antrag{Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{Name: Secret}}},
		}, c.s.Kontext())
		if err != nil {
			return nil, err
		}
		// The key is not the delivery's Schluessel: what is done twice shall be
		// there twice, and not be stopped by a unique column.
		e := &storage.Eingang{ID: uuid.New(), Schluessel: uuid.NewString(), Kanal: key, Eingegangen: now, ZielMandant: kiel, ZielVorgang: v.ID()}
		if err := tx.InsertEingang(ctx, e); err != nil {
			return nil, err
		}
		return v.ID(), tx.Save(ctx, v)
	})
	if err == nil {
		c.say("ein %s %s", key, id)
	}
	return id, err
}

func (c *child) step(ctx context.Context, key string) error {
	id, err := c.take(ctx, key)
	if err == nil {
		err = c.note(ctx, id, key)
	}
	if err == nil {
		err = c.claim(ctx)
	}
	if err == nil {
		err = c.perform(ctx)
	}
	return err
}

// note edits the Vorgang; whoever does not hear "done" does not know it.
func (c *child) note(ctx context.Context, id uuid.UUID, key string) error {
	v, err := c.s.Edit(ctx, kiel, id, func(v *vorgang.Vorgang) error {
		_, err := v.Note(clerk(), time.Now(), "Notiz "+key)
		return err
	})
	if err == nil {
		c.say("notiz %s %s %d", id, key, v.Version())
	}
	return err
}

// claim takes the next Vorgang from the stack and is done with it.
func (c *child) claim(ctx context.Context) error {
	_, l, err := c.s.Claim(ctx, kiel, storage.ClaimParams{Akteur: clerk(), Dauer: lease})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v, err := c.s.Complete(ctx, kiel, l, assign)
	if errors.Is(err, storage.ErrConflict) {
		return nil // the lease ended, and another worker took it over
	}
	if err == nil {
		c.say("stand %s %d", v.ID(), v.Version())
	}
	return err
}

func assign(v *vorgang.Vorgang) error { return v.Assign(clerk(), time.Now(), "sb-2", "") }

// perform leases one Auftrag and finishes it.
func (c *child) perform(ctx context.Context) error {
	list, err := c.s.LeaseAuftraege(ctx, storage.LeaseParams{Limit: 1, Dauer: lease})
	if err != nil || len(list) == 0 {
		return err
	}
	err = c.s.FinishAuftrag(ctx, list[0], storage.Ergebnis{Zustand: storage.AuftragErledigt})
	if errors.Is(err, storage.ErrConflict) {
		return nil
	}
	if err == nil {
		c.say("fertig %s", list[0].ID)
	}
	return err
}
