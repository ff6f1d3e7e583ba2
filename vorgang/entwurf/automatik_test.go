package entwurf_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
)

const probeDaten = `{"name":"Ärztehaus","tag":"2026-12-01","mass":3,"dringend":true,"art":"2","posten":[{"text":"eins"},{"text":"zwei"}],"person":{"rolle":"Chefin"}}`

// A standard case gets its text without a person; a case that lacks something waits.
func TestTextWithoutAPerson(t *testing.T) {
	t.Parallel()
	s := sammlung(t)
	allgemein, err := entwurf.Load(strings.NewReader(zuordnung), &entwurf.LoadOptions{Vorlagen: s})
	require.NoError(t, err)
	eigene := strings.Replace(strings.Replace(zuordnung, "    automatik: true\n", "    mandant: musterstadt\n", 1), "  s:\n", "  z:\n", 1)
	eigene = strings.Replace(eigene, "schema: s", "schema: z", 1)
	mitEigener, err := entwurf.Load(strings.NewReader(eigene), &entwurf.LoadOptions{Vorlagen: s, Basis: allgemein})
	require.NoError(t, err)
	mandanten, err := tenant.NewVerzeichnis(stadt)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		z       *entwurf.Zuordnungen
		l       tenant.Leistungsschluessel
		daten   string
		mandant tenant.ID
		ok      bool
		melde   error
	}{
		"standard":                {allgemein, "99000000000001", probeDaten, stadt.ID, true, nil},
		"a value is missing":      {allgemein, "99000000000001", strings.Replace(probeDaten, "Ärztehaus", "", 1), stadt.ID, false, fehler.ErrInvalid},
		"unknown value":           {allgemein, "99000000000001", strings.Replace(probeDaten, `"2"`, `"3"`, 1), stadt.ID, false, fehler.ErrInvalid},
		"another Leistung":        {allgemein, "99000000000002", probeDaten, stadt.ID, false, nil},
		"unknown Mandant":         {allgemein, "99000000000001", probeDaten, "anderswo", false, fehler.ErrNotFound},
		"the Mandant asks people": {mitEigener, "99000000000001", probeDaten, stadt.ID, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := entwurf.New(c.z, &entwurf.Options{Vorlagen: s})
			require.NoError(t, err)
			var gemeldet error
			text := e.Text(mandanten, &entwurf.TextOptions{Melde: func(id uuid.UUID, err error) { gemeldet = err }})
			st := antrag(t, c.l, "", c.daten)
			st.Mandant = c.mandant
			for range 2 { // it may be called more than once
				i, ok := text(st, vorgang.Pruefprotokoll{Stichtag: heute})
				require.Equal(t, c.ok, ok, "%v", gemeldet)
				if ok {
					require.NoError(t, i.Pruefe())
					require.Equal(t, "Ärztehaus, 01.12.2026, 3, ja, zwei, Chefin: eins und zwei", i.Tenor[0])
				}
			}
			if c.melde == nil {
				require.NoError(t, gemeldet)
			} else {
				require.ErrorIs(t, gemeldet, c.melde)
			}
		})
	}
}
