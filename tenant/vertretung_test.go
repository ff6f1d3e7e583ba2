package tenant_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestVertretungen(t *testing.T) {
	t.Parallel()
	tag := datum.MustParse
	x, err := tenant.NewVertretungen([]tenant.Vertretung{
		{Fuer: "anna", Durch: "ben", Von: tag("2026-03-02"), Bis: tag("2026-03-06")},
		{Fuer: "anna", Durch: "ben", Von: tag("2026-03-06"), Bis: tag("2026-03-08")},
		{Fuer: "carl", Durch: "ben", Von: tag("2026-01-01")},
		{Fuer: "ben", Durch: "dora", Von: tag("2026-01-01")},
	})
	require.NoError(t, err)
	require.Equal(t, []string{"carl"}, x.Von("ben", tag("2026-03-01")))
	require.Equal(t, []string{"anna", "carl"}, x.Von("ben", tag("2026-03-02")), "from the first day")
	require.Equal(t, []string{"anna", "carl"}, x.Von("ben", tag("2026-03-06")), "each once")
	require.Equal(t, []string{"anna", "carl"}, x.Von("ben", tag("2026-03-08")), "to the last day")
	require.Equal(t, []string{"carl"}, x.Von("ben", tag("2026-03-09")))
	require.Equal(t, []string{"ben"}, x.Von("dora", tag("2026-03-05")), "no deputy of a deputy")

	anna := tenant.Akteur{ID: "anna", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Leitung}, Einheiten: []string{"gruen"}}
	ben := tenant.Akteur{ID: "ben", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}, Einheiten: []string{"tiefbau"}}
	a, err := x.Als(ben, anna, tag("2026-03-05"))
	require.NoError(t, err)
	require.Equal(t, tenant.Akteur{
		ID: "ben", Art: tenant.Person, Mandant: "kiel", VertretungFuer: "anna",
		Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung}, Einheiten: []string{"tiefbau", "gruen"},
	}, a)
	require.Equal(t, []string{"ben", "anna"}, a.Augen())
	require.Equal(t, []tenant.Rolle{tenant.Sachbearbeitung}, ben.Rollen, "the person itself is as before")
	alle := anna
	alle.Einheiten = nil
	a, err = x.Als(ben, alle, tag("2026-03-05"))
	require.NoError(t, err)
	require.True(t, a.SiehtEinheit("irgendwo"), "who is away sees all")

	fremd := anna
	fremd.Mandant = "luebeck"
	maschine := anna
	maschine.Art = tenant.Maschine
	for name, c := range map[string]struct {
		a, fuer tenant.Akteur
		tag     string
	}{
		"too late": {ben, anna, "2026-03-09"}, "the other way round": {anna, ben, "2026-03-05"}, "another Mandant": {ben, fremd, "2026-03-05"},
		"a machine": {ben, maschine, "2026-03-05"}, "twice": {a, anna, "2026-03-05"},
	} {
		_, err := x.Als(c.a, c.fuer, tag(c.tag))
		require.ErrorIs(t, err, fehler.ErrForbidden, name)
	}
	_, err = tenant.NewVertretungen([]tenant.Vertretung{{}, {Fuer: "a", Durch: "a", Von: tag("2026-01-01")}, {Fuer: "a", Durch: "b"}, {Fuer: "a", Durch: "b", Von: tag("2026-01-02"), Bis: tag("2026-01-01")}})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	for _, row := range []string{"row 0", "row 1", "row 2", "row 3"} {
		require.ErrorContains(t, err, row)
	}
}
