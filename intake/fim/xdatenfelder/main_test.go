package xdatenfelder_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake/fim/xdatenfelder"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var codelisten = map[string][]xdatenfelder.Wert{"urn:example:baumart_1": {{Code: "E1", Name: "Eiche"}, {Code: "L1", Name: "Linde"}}}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return b
}

func read(t testing.TB, b []byte) *xdatenfelder.Schema {
	t.Helper()
	s, err := xdatenfelder.Read(t.Context(), bytes.NewReader(b), &xdatenfelder.Options{Codelisten: codelisten})
	require.NoError(t, err)
	return s
}
