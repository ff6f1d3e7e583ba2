package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

type beliebig struct{}

func (beliebig) Name() string                 { return "beliebig" }
func (beliebig) Detect(intake.Fachdaten) bool { return true }

func (beliebig) Parse(_ context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	return intake.Inhalt{Daten: json.RawMessage(d.Bytes)}, nil
}

// Several processes receive the same deliveries at the same moment: each becomes
// one Vorgang, and every one of them hears the same outcome.
func TestManyProcessesReceiveTheSame(t *testing.T) {
	db := pgtest.New(t)
	require.NoError(t, postgres.Migrate(t.Context(), db.OwnerDSN, nil))
	mandanten, err := tenant.NewVerzeichnis(
		tenant.Mandant{ID: "poststelle", Name: "Poststelle", Land: tenant.LandHE, ARS: "064350014014"},
		tenant.Mandant{ID: "hanau", Name: "Stadt Hanau", Land: tenant.LandHE, ARS: "064350014014",
			Einheiten:  []tenant.Organisationseinheit{{ID: "buero", Name: "Bürgerbüro"}},
			Leistungen: []tenant.Leistung{{Schluessel: "99115005104000", Name: "Wohnsitzanmeldung"}}})
	require.NoError(t, err)
	router, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{{Leistung: "99115005104000", Mandant: "hanau", Einheit: "buero"}})
	require.NoError(t, err)
	blobs := blob.NewMemory(nil)
	const prozesse, lieferungen = 4, 8
	var wg sync.WaitGroup
	out := make([][lieferungen]intake.Ergebnis, prozesse)
	errs := make(chan error, prozesse*lieferungen)
	var store *storage.Store
	for p := range prozesse {
		store, err = postgres.Open(t.Context(), db.AppDSN, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, store.Close()) })
		a, err := intake.New(intake.Params{Store: store, Blobs: blobs, Mandanten: mandanten, Router: router,
			Parser: []intake.Parser{beliebig{}}, Betreiber: "poststelle"}, nil)
		require.NoError(t, err)
		for n := range lieferungen {
			wg.Go(func() {
				e, err := a.Receive(t.Context(), intake.Lieferung{Kanal: "probe", Kennung: fmt.Sprint(n), Leistung: "99115005104000", Ort: "064350014014",
					Fachdaten: intake.Bytes([16]byte{byte(p), byte(n)}, "a.json", "application/json", vorgang.ZweckOriginal, []byte(`{}`))})
				out[p][n] = e
				errs <- err
			})
		}
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	for p := range prozesse {
		for n := range lieferungen {
			require.Equal(t, out[0][n].Vorgang, out[p][n].Vorgang)
			require.Equal(t, out[0][n].Nummer, out[p][n].Nummer)
			require.Equal(t, intake.Angenommen, out[p][n].Ausgang)
		}
	}
	n, err := store.Count(t.Context(), "hanau", storage.Filter{})
	require.NoError(t, err)
	require.EqualValues(t, lieferungen, n)
}
