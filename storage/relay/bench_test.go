package relay_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// BenchmarkRelay measures one Auftrag with a handler that does nothing, beside
// the floor in the same run: the bare lease and finish of the storage. The
// metric x-floor is the ratio; ns/op covers both and says nothing.
func BenchmarkRelay(b *testing.B) {
	const perVorgang = 5
	for name, bericht := range map[string]relay.Bericht{
		"nothing-to-report": nil,
		"report": func(v *vorgang.Vorgang) error {
			_, err := v.Note(dienst, time.Now(), "zugestellt")
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "x.db"), nil)
			require.NoError(b, err)
			defer s.Close()
			h := &haus{b, s, &uhr{t: time.Now().Add(-time.Hour)}}
			nummer := 0
			fill := func() {
				for n := 0; n < b.N; n += perVorgang {
					nummer++
					v, err := vorgang.New(dienst, h.uhr.Now(), vorgang.Params{
						Mandant: kiel, Nummer: fmt.Sprint(nummer), Leistung: "99063005001000", Einheit: "gruen",
					}, s.Kontext())
					require.NoError(b, err)
					for range min(perVorgang, b.N-n) {
						_, err := v.Write(dienst, h.uhr.Now(), "Betreff", "Text")
						require.NoError(b, err)
					}
					require.NoError(b, s.Insert(context.Background(), kiel, v))
				}
			}
			fill()
			b.ResetTimer()
			start := time.Now()
			floor(b, s)
			bare := time.Since(start)
			b.StopTimer()
			fill()
			r := relay.New(s, map[vorgang.AuftragArt]relay.Handler{vorgang.NachrichtSenden: relay.HandlerFunc(
				func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) { return bericht, nil },
			)}, nil)
			b.StartTimer()
			start = time.Now()
			require.Equal(b, b.N, h.drain(r))
			full := time.Since(start)
			n := float64(b.N)
			b.ReportMetric(float64(full)/float64(bare), "x-floor")
			b.ReportMetric(n/bare.Seconds(), "floor/s")
			b.ReportMetric(n/full.Seconds(), "relay/s")
		})
	}
}

func floor(b *testing.B, s *storage.Store) {
	for n := 0; n < b.N; {
		batch, err := s.LeaseAuftraege(context.Background(), storage.LeaseParams{Limit: 4, Dauer: time.Minute})
		require.NoError(b, err)
		for _, a := range batch {
			require.NoError(b, s.FinishAuftrag(context.Background(), a, storage.Ergebnis{Zustand: storage.AuftragErledigt}))
		}
		n += len(batch)
	}
}
