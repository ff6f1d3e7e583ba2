package intake_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// A form that is sound but for single values goes to the Klaerfach, whole, and
// from there on; one fault of another kind refuses it.
func TestWertKlaerfach(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		a.parser.fail(fehler.Probleme{{Code: "intake.wert", Pfad: "/am"}, {Code: "intake.wert-fehlt", Pfad: "data"}, {Code: "intake.wert-mehrdeutig", Pfad: "/ort"}})
		r, err := a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err)
		require.Equal(t, intake.Klaerung, r.Ausgang)
		a.parser.fail(nil)
		r, err = a.Rerun(t.Context(), r.Eingang, nil)
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, r.Ausgang, "the Parser was mended")

		a.parser.fail(fehler.Probleme{{Code: "intake.wert", Pfad: "/am"}, {Code: "zeilen.kein-wert", Pfad: "data"}})
		r, err = a.Receive(t.Context(), lieferung("2"))
		require.NoError(t, err)
		require.Equal(t, intake.Abgelehnt, r.Ausgang)
	})
}
