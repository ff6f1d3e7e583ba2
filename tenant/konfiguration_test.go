package tenant_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestLoadKonfiguration(t *testing.T) {
	const mandant = `{"id":"kiel","name":"Kiel","land":"SH","ars":"010020000000","anschrift":{},"einheiten":[{"id":"gruen","name":"Grünflächenamt"}]}`
	const regel = `{"leistung":"99063005001000","gebiet":"01002","mandant":"kiel","einheit":"gruen","von":"2026-01-01"}`
	v, z, err := tenant.LoadKonfiguration([]byte(`{"mandanten":[` + mandant + `],"zustaendigkeiten":[` + regel + `]}`))
	require.NoError(t, err)
	m, err := v.Mandant(context.Background(), "kiel")
	require.NoError(t, err)
	require.Equal(t, tenant.LandSH, m.Land)
	ziel, err := z.Route("99063005001000", "010020000000", datum.MustParse("2026-11-23"))
	require.NoError(t, err)
	require.Equal(t, "gruen", ziel.Einheit)
	_, err = z.Route("99063005001000", "010020000000", datum.MustParse("2025-11-23"))
	require.Error(t, err, "not valid yet")

	for name, c := range map[string]struct{ doc, code string }{
		"no JSON":         {`{`, ""},
		"unknown field":   {`{"mandant":[]}`, ""},
		"data behind":     {`{"mandanten":[` + mandant + `]} x`, ""},
		"bad id":          {`{"mandanten":[{"id":"KIEL","land":"SH"}]}`, "tenant.id"},
		"twice":           {`{"mandanten":[` + mandant + `,` + mandant + `]}`, ""},
		"unknown Mandant": {`{"mandanten":[` + mandant + `],"zustaendigkeiten":[{"leistung":"99063005001000","mandant":"husum","einheit":"x"}]}`, "tenant.mandant-unbekannt"},
		"unknown Einheit": {`{"mandanten":[` + mandant + `],"zustaendigkeiten":[{"leistung":"99063005001000","mandant":"kiel","einheit":"x"}]}`, "tenant.einheit-unbekannt"},
		"overlap":         {`{"mandanten":[` + mandant + `],"zustaendigkeiten":[` + regel + `,` + regel + `]}`, "tenant.zustaendigkeit-ueberlappt"},
	} {
		_, _, err := tenant.LoadKonfiguration([]byte(c.doc))
		require.Error(t, err, name)
		if c.code != "" {
			require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code, name)
		}
	}
}

func FuzzLoadKonfiguration(f *testing.F) {
	f.Add([]byte(`{"mandanten":[{"id":"kiel","land":"SH","ars":"010020000000"}],"zustaendigkeiten":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, z, err := tenant.LoadKonfiguration(b)
		if (err == nil) != (v != nil && z != nil) {
			t.Fatal("either a result or an error")
		}
	})
}
