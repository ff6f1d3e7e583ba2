package fim_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// A key the schema does not know is the sender's text like any value: it gets
// into no problem, however many there are.
func TestUnknownKeysStayOutOfProblems(t *testing.T) {
	p, err := fim.New(fim.Formular{Schema: "urn:probe", JSONSchema: []byte(`{"type":"object","additionalProperties":false,"properties":{"F60000227":{"type":"string"}}}`)})
	require.NoError(t, err)
	keys := []string{`"Erika Mustermann":1`}
	for i := range 10_000 {
		keys = append(keys, fmt.Sprintf(`"schluessel-%d":1`, i))
	}
	_, err = p.Parse(t.Context(), intake.Fachdaten{Schema: "urn:probe", MIME: "application/json", Bytes: []byte("{" + strings.Join(keys, ",") + "}")})
	require.Equal(t, "fim.schema-verletzt", fehler.ProblemeIn(err)[0].Code)
	require.NotContains(t, err.Error(), "Erika")
	require.Less(t, len(err.Error()), 1000)
	require.Contains(t, err.Error(), "10001")
}

// A document may name a field with and without its version; which one counts must
// not depend on chance.
func TestExactKeyBeforeVersionedOnes(t *testing.T) {
	p, err := fim.New(fim.Formular{Schema: "urn:probe", JSONSchema: []byte(`{}`), Antragsteller: fim.Zeiger{Nachname: "/F60000227"}})
	require.NoError(t, err)
	for data, want := range map[string]string{
		`{"F60000227V1.2":"b","F60000227":"a","F60000227V1.1":"c"}`: "a",
		`{"F60000227V1.2":"b","F60000227V1.1":"c"}`:                 "c",
	} {
		for range 50 {
			i, err := p.Parse(t.Context(), intake.Fachdaten{Schema: "urn:probe", MIME: "application/json", Bytes: []byte(data)})
			require.NoError(t, err)
			require.Equal(t, want, i.Antragsteller.Name)
		}
	}
}
