package vorlage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func TestStandard(t *testing.T) {
	s := vorlage.Standard()
	for _, e := range s.List() {
		v, err := s.Choose(vorlage.Params{ID: e.ID, Tag: datum.MustParse("2026-11-25")})
		require.NoError(t, err)
		_, err = v.Beispiel()
		require.NoError(t, err)
	}
}
