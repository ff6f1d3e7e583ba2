package storagetest

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
)

// RunBenchmarks measures the paths every installation walks: create, get,
// edit, a page of 50 and claim, with one caller and with many.
func RunBenchmarks(b *testing.B, o Options) {
	setup := func(b *testing.B, vorgaenge int) (*storage.Store, []uuid.UUID) {
		back, err := o.New(b).Open(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		s := storage.New(back, nil)
		b.Cleanup(func() { s.Close() })
		ids := make([]uuid.UUID, vorgaenge)
		for i := range ids {
			v, err := BenchVorgang()
			if err == nil {
				err = s.Insert(b.Context(), kiel, v)
			}
			if err != nil {
				b.Fatal(err)
			}
			ids[i] = v.ID()
		}
		return s, ids
	}
	create := func(ctx context.Context, s *storage.Store) error {
		v, err := BenchVorgang()
		if err != nil {
			return err
		}
		return s.Insert(ctx, kiel, v)
	}
	b.Run("create", func(b *testing.B) {
		s, _ := setup(b, 0)
		for b.Loop() {
			if err := create(b.Context(), s); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("create-16", func(b *testing.B) {
		s, _ := setup(b, 0)
		b.SetParallelism(8) // times the CPUs
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := create(b.Context(), s); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
	b.Run("get", func(b *testing.B) {
		s, ids := setup(b, 100)
		for i := 0; b.Loop(); i++ {
			if _, err := s.Get(b.Context(), kiel, ids[i%len(ids)]); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("edit", func(b *testing.B) {
		s, ids := setup(b, 1000)
		for i := 0; b.Loop(); i++ {
			if _, err := s.Edit(b.Context(), kiel, ids[i%len(ids)], BenchNote); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("page", func(b *testing.B) {
		s, _ := setup(b, 200)
		for b.Loop() {
			if _, err := s.Page(b.Context(), kiel, storage.PageParams{Limit: 50, Absteigend: true}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("claim", func(b *testing.B) {
		s, _ := setup(b, 300)
		for b.Loop() {
			_, _, err := s.Claim(b.Context(), kiel, storage.ClaimParams{Akteur: clerk(kiel)})
			if errors.Is(err, storage.ErrNotFound) {
				b.StopTimer()
				for range 300 {
					if err := create(b.Context(), s); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				continue
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
