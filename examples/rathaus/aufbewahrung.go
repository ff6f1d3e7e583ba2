package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// aufbewahren writes down, once an hour, until when closed Vorgaenge must be kept: the
// years of their Leistung, from the day everything about them is over.
func (h *haus) aufbewahren(ctx context.Context, mandanten []tenant.Mandant) {
	for ctx.Err() == nil {
		for _, m := range mandanten {
			if err := h.bewahre(ctx, m); err != nil && ctx.Err() == nil {
				h.log.Error("retention", "mandant", m.ID, "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Hour):
		}
	}
}

func (h *haus) bewahre(ctx context.Context, m tenant.Mandant) error {
	for v, err := range h.store.Vorgaenge(ctx, m.ID, storage.PageParams{Filter: storage.Filter{Status: []vorgang.Status{vorgang.Abgeschlossen}}}) {
		if err != nil {
			return err
		}
		s := v.Stand()
		l, ok := m.Leistung(s.Leistung)
		ab := s.AufbewahrungAb()
		if !ok || ab.IsZero() || l.AufbewahrungJahre == 0 {
			continue
		}
		grund, _ := json.Marshal(map[string]any{"regel": "Leistung " + string(l.Schluessel), "jahre": l.AufbewahrungJahre, "ab": ab})
		err := h.store.Update(ctx, m.ID, func(ctx context.Context, tx *storage.Tx) error {
			if _, err := tx.Aufbewahrung(ctx, s.ID); !errors.Is(err, fehler.ErrNotFound) {
				return err // it is there: a person may have changed it
			}
			return tx.SetAufbewahrung(ctx, storage.Aufbewahrung{Vorgang: s.ID, Bis: ab.AddMonate(12 * l.AufbewahrungJahre), Grund: grund})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
