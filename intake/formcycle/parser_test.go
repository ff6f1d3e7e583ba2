package formcycle_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/formcycle"
	"github.com/ozg-fachwerk/fachwerk/intake/intaketest"
	"github.com/ozg-fachwerk/fachwerk/intake/zuordnung"
)

var update = flag.Bool("update", false, "write the golden files")

func newParser(t testing.TB) *zuordnung.Parser {
	t.Helper()
	p, err := formcycle.New(nil)
	require.NoError(t, err)
	return p
}

func sample(t testing.TB, name, mime string) intake.Fachdaten {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return intake.Fachdaten{MIME: mime, Bytes: b}
}

func TestConformance(t *testing.T) {
	intaketest.Run(t, intaketest.Options{Parser: newParser(t), Samples: []intaketest.Sample{
		{Name: "json", Fachdaten: sample(t, "json.json", "application/json")},
		{Name: "xml", Fachdaten: sample(t, "xml.xml", "text/xml")},
		{Name: "bad date", Broken: true, Privat: []string{"geheim"}, Fachdaten: intake.Fachdaten{MIME: "application/json", Bytes: []byte(`{"formcycle":{},"daten":{"Antragsdatum":"geheim"}}`)}},
		{Name: "no form", Broken: true, Privat: []string{"geheim"}, Fachdaten: intake.Fachdaten{MIME: "text/xml", Bytes: []byte(`<formcycle>geheim</formcycle>`)}},
	}})
}

// The whole result of each sample, as a file that people can read.
func TestGolden(t *testing.T) {
	for _, s := range [][2]string{
		{"json.json", "application/json"},
		{"xml.xml", "text/xml"},
	} {
		a, err := newParser(t).Read(t.Context(), sample(t, s[0], s[1]))
		require.NoError(t, err, s[0])
		got, err := json.MarshalIndent(a, "", "  ")
		require.NoError(t, err)
		golden := "testdata/" + s[0] + ".golden"
		if *update {
			require.NoError(t, os.WriteFile(golden, append(got, '\n'), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got)+"\n", s[0])
	}
}

// A form of its own goes before the general ones; one behind them that they cover
// is refused.
func TestOptions(t *testing.T) {
	list, err := formcycle.Zuordnungen()
	require.NoError(t, err)
	eigen := list[0]
	eigen.Name, eigen.Erkennung.Schemata = "eigenes", []string{"urn:example:eigenes"}
	p, err := formcycle.New(&formcycle.Options{Vorrang: []zuordnung.Zuordnung{eigen}})
	require.NoError(t, err)
	d := sample(t, "json.json", "application/json")
	d.Schema = "urn:example:eigenes"
	a, err := p.Read(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, "eigenes", a.Zuordnung)
	_, err = formcycle.New(&formcycle.Options{Zuordnungen: append(list, eigen)})
	require.ErrorContains(t, err, "zuordnung.verdeckt")
}
