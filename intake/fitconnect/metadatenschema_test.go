package fitconnect_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

func official(t *testing.T) func([]byte) fehler.Probleme {
	t.Helper()
	var docs [][]byte
	for _, name := range []string{"metadata-1.0.0.schema.json", "metadata-2.1.0.schema.json"} {
		b, err := os.ReadFile(testenv.Standards(t, "fit-connect", "schemas", name))
		require.NoError(t, err)
		docs = append(docs, b)
	}
	check, err := eingang.MetadataSchema(docs...)
	require.NoError(t, err)
	return check
}

// The official schemas accept the official samples and name what is wrong.
func TestMetadataSchemaOfficial(t *testing.T) {
	check := official(t)
	for _, name := range []string{"metadata-1.0.0.json", "metadata-2.1.0.json"} {
		b, err := os.ReadFile(testenv.Standards(t, "fit-connect", "samples", name))
		require.NoError(t, err)
		require.Empty(t, check(b), name)
		p := check([]byte(strings.Replace(string(b), `"sha512"`, `"md5"`, 1)))
		require.NotEmpty(t, p, name)
		require.Equal(t, "fitconnect.schema-violation", p[0].Code)
		require.Contains(t, p[0].Meldung, "/contentStructure")
		require.NotContains(t, p[0].Meldung, "md5", "no values in messages")
	}
	require.NotEmpty(t, check([]byte(`[1]`)))
	require.NotEmpty(t, check([]byte(`{`)))
}

// A whole submission is received with the official schema in place.
func TestReceiveWithOfficialSchema(t *testing.T) {
	s := newStelle(t, nil)
	sub, err := s.punkt.Subscriber(nil, &fitconnect.SubscriberOptions{CheckMetadata: official(t)})
	require.NoError(t, err)
	_, err = s.dienst.Sende(t.Context(), entwurf(s))
	require.NoError(t, err)
	out, err := eingang.New(sub, s.annahme, nil).Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, out[0].Ausgang)
}

// A number of millions of digits neither crashes nor exhausts the receiver.
func TestMetadataSchemaHugeNumber(t *testing.T) {
	check, err := eingang.MetadataSchema([]byte(`{"$id":"https://schema.fitko.de/fit-connect/metadata/2.1.0/metadata.schema.json","type":"object","properties":{"a":{"type":"number","minimum":0.01}}}`))
	require.NoError(t, err)
	for _, n := range []string{"1e9999999", "1e-9999999", strings.Repeat("9", 1000)} {
		p := check([]byte(`{"$schema":"https://schema.fitko.de/fit-connect/metadata/2.1.0/metadata.schema.json","a":` + n + `}`))
		require.Equal(t, "fitconnect.syntax-violation", p[0].Code, n)
	}
}

func TestMetadataSchemaRefused(t *testing.T) {
	for _, doc := range []string{`{`, `{}`, `{"$id":"https://x/metadata/2.0.0/s.json","$ref":"https://elsewhere/s.json"}`} {
		_, err := eingang.MetadataSchema([]byte(doc))
		require.ErrorIs(t, err, fehler.ErrInvalid, doc)
	}
	// A version without schema falls back to the rules of the package.
	check, err := eingang.MetadataSchema([]byte(`{"$id":"https://schema.fitko.de/fit-connect/metadata/7.0.0/metadata.schema.json","type":"object"}`))
	require.NoError(t, err)
	require.NotEmpty(t, check([]byte(`{"$schema":"https://schema.fitko.de/fit-connect/metadata/2.1.0/metadata.schema.json"}`)))
}
