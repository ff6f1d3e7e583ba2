package bescheid_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestFillIn(t *testing.T) {
	t.Parallel()
	b, err := bescheid.StandardBelehrungen()
	require.NoError(t, err)
	anschrift := tenant.Anschrift{Strasse: "Fleethörn", Hausnummer: "9", PLZ: "24103", Ort: "Kiel"}
	kiel := tenant.Mandant{ID: "kiel", Name: "Landeshauptstadt Kiel", Land: tenant.LandSH, Anschrift: anschrift}
	tag := datum.New(2026, 3, 2)
	i := inhalt()
	i.Rechtsbehelfsbelehrung, i.OhneBelehrung = "", "noch offen"
	out, err := b.FillIn(i, &kiel, tag)
	require.NoError(t, err)
	require.Contains(t, out.Rechtsbehelfsbelehrung, "§ 52a Abs. 2 LVwG")
	require.Contains(t, out.Rechtsbehelfsbelehrung, "bei der Behörde Landeshauptstadt Kiel, Fleethörn 9, 24103 Kiel, einzulegen")
	require.Empty(t, out.OhneBelehrung)
	require.Equal(t, "noch offen", i.OhneBelehrung, "what was given stays as it was")
	out.Tenor[0] = "anders"
	require.NotEqual(t, "anders", i.Tenor[0])

	hessen := kiel
	hessen.Land = tenant.LandHE
	out, err = b.FillIn(i, &hessen, tag)
	require.NoError(t, err)
	require.Contains(t, out.Rechtsbehelfsbelehrung, "§ 3a Abs. 2 VwVfG", "the general text elsewhere")

	// Another body has another seat; the wrong one would make the period a year.
	other := kiel
	other.Widerspruchsstelle = "dem Kreis Nordfriesland, Marktstraße 6, 25813 Husum"
	out, err = b.FillIn(i, &other, tag)
	require.NoError(t, err)
	require.Contains(t, out.Rechtsbehelfsbelehrung, "bei dem Kreis Nordfriesland, Marktstraße 6, 25813 Husum, einzulegen")
	require.NotContains(t, out.Rechtsbehelfsbelehrung, "Kiel")

	for name, c := range map[string]struct {
		change func(m *tenant.Mandant, i *bescheid.Inhalt)
		want   error
	}{
		"no address":      {func(m *tenant.Mandant, _ *bescheid.Inhalt) { m.Anschrift = tenant.Anschrift{} }, fehler.ErrInvalid},
		"body, no seat":   {func(m *tenant.Mandant, _ *bescheid.Inhalt) { m.Widerspruchsstelle = "dem Kreis" }, fehler.ErrInvalid},
		"other procedure": {func(_ *tenant.Mandant, i *bescheid.Inhalt) { i.Verfahren = "ao" }, fehler.ErrNotFound},
	} {
		m, in := kiel, inhalt()
		c.change(&m, &in)
		_, err := b.FillIn(in, &m, tag)
		require.ErrorIs(t, err, c.want, name)
	}
}
