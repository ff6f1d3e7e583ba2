package storage

import (
	"context"
	"iter"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Faellig is a Wiedervorlage on somebody's list.
type Faellig struct {
	Vorgang       uuid.UUID
	Nummer        string
	Wiedervorlage vorgang.Wiedervorlage
}

// Wiedervorlagen gives the open Wiedervorlagen of a person (an Akteur id) that are due
// on or before the day: those set for that person, and those for nobody in Vorgaenge
// the person works on; an empty id gives all of the Mandant. They come in the order of
// the Vorgaenge (Eingang, then ID). It reads the Vorgaenge with a Frist until the day,
// not the others. An error is the last pair.
func (s *Store) Wiedervorlagen(ctx context.Context, mandant tenant.ID, person string, bis datum.Datum) iter.Seq2[Faellig, error] {
	return func(yield func(Faellig, error) bool) {
		for v, err := range s.Vorgaenge(ctx, mandant, PageParams{Filter: Filter{FristBis: bis}}) {
			if err != nil {
				yield(Faellig{}, err)
				return
			}
			st := v.Stand()
			for _, w := range st.Wiedervorlagen {
				fuer := w.Fuer
				if fuer == "" {
					fuer = st.Bearbeiter()
				}
				if !w.Offen() || w.Faellig.Nach(bis) || person != "" && fuer != person {
					continue
				}
				if !yield(Faellig{Vorgang: st.ID, Nummer: st.Nummer, Wiedervorlage: w}, nil) {
					return
				}
			}
		}
	}
}
