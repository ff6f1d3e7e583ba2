package intake_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestNewVorgangGetsItsFrist(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	a := newAmt(t, memStore(t), &intake.Options{Frist: func(m *tenant.Mandant, s vorgang.Params) (*vorgang.Bearbeitungsfrist, error) {
		switch s.Antrag.Kennung {
		case "ohne":
			return nil, nil
		case "fehler":
			return nil, errors.New("no law")
		case "falsch":
			return &vorgang.Bearbeitungsfrist{}, nil
		}
		e, err := r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: datum.Von(s.Eingang), Behoerde: frist.Behoerde{Ort: frist.Ort{Land: m.Land}}})
		if err != nil {
			return nil, err
		}
		w, err := r.Vorwarnungen(e, s.Nummer, nil)
		if err != nil {
			return nil, err
		}
		f, err := vorgang.NewBearbeitungsfrist(e, w...)
		return &f, err
	}})
	for _, kennung := range []string{"mit", "ohne", "fehler", "falsch"} {
		x, err := a.Receive(t.Context(), lieferung(kennung))
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, x.Ausgang, "whatever becomes of the period")
		v, err := a.store.Get(t.Context(), x.Mandant, x.Vorgang)
		require.NoError(t, err)
		require.Equal(t, kennung == "mit", v.Stand().Bearbeitungsfrist != nil, kennung)
		n := 0
		for _, art := range a.auftraege(x.Mandant, x.Vorgang) {
			if art == vorgang.FristWarnen {
				n++
			}
		}
		require.Equal(t, kennung == "mit", n == 1, kennung)
	}
}
