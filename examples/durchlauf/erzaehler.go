package main

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// erzaehler prints the story and the journal as it grows.
type erzaehler struct {
	h    *haus
	out  io.Writer
	id   uuid.UUID
	last int64
}

func (e *erzaehler) say(format string, args ...any) { fmt.Fprintf(e.out, format+"\n", args...) }

// work performs all Auftraege that are due and prints the new journal entries.
func (e *erzaehler) work(ctx context.Context) error {
	if _, err := e.h.relay.Drain(ctx); err != nil {
		return err
	}
	return e.journal(ctx)
}

func (e *erzaehler) journal(ctx context.Context) error {
	for x, err := range e.h.store.Journal(ctx, kiel, e.id) {
		if err != nil {
			return err
		}
		if x.Seq <= e.last {
			continue
		}
		e.last = x.Seq
		wer, _ := x.Who()
		e.say("   │ %3d  %s  %-20s %s", x.Seq, x.Zeit.In(datum.Berlin()).Format("02.01.2006 15:04"), wer.Name, x.Text())
	}
	return nil
}

// explain prints how the periods came about.
func (e *erzaehler) explain(ctx context.Context) error {
	v, err := e.h.store.Get(ctx, kiel, e.id)
	if err != nil {
		return err
	}
	b := v.Stand().Bescheide[0].Bekanntgabe
	if b == nil {
		return fmt.Errorf("the Bescheid was not sent")
	}
	for _, s := range b.Schritte {
		e.say("   · %s", s)
	}
	return nil
}
