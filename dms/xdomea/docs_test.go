package xdomea_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

// The table of docs/xdomea.md is made by doing what it says.
func TestDocsTable(t *testing.T) {
	namen := slices.Sorted(maps.Keys(versionen))
	alle := map[string]bool{}
	zellen := map[string]string{}
	for _, version := range namen {
		p, k := versionen[version](), kodierer(version)
		pruefer := pruefer(t, version)
		cell := func(nummer string, text []byte) string {
			_, err := kodierer("3.1.0").Read(t.Context(), bytes.NewReader(text))
			out := ""
			for _, c := range []struct {
				mark string
				err  error
			}{{"w", nil}, {"r", err}, {"x", lintAs(t, version, nummer, text)}, {"g", pruefer.Validate(t.Context(), bytes.NewReader(text))}} {
				if c.err == nil {
					out += c.mark
				}
			}
			return out
		}
		for nummer, v := range inhalte(func() *dms.Paket { return dmstest.Reich("r") }) {
			alle[nummer] = true
			if _, ok := p.Nachrichten[nummer]; ok {
				var b bytes.Buffer
				require.NoError(t, k.Write(&b, v))
				zellen[version+nummer] = cell(nummer, b.Bytes())
			}
		}
		for nummer, bs := range antworten() {
			alle[nummer] = true
			if _, ok := p.Nachrichten[nummer]; ok {
				var b bytes.Buffer
				require.NoError(t, k.WriteAntwort(&b, bs[0]))
				zellen[version+nummer] = cell(nummer, b.Bytes())
			}
		}
	}
	var s strings.Builder
	s.WriteString("## Messages and versions\n\n**w** written, **r** read, **x** valid for xmllint against the official schema, **g** valid for the pure-Go validator\n" +
		"against the official schema; – the version does not have it; *open* its official schema was not at hand. The table is made by a test\n" +
		"(`go test ./dms/xdomea -run DocsTable -update`); other tests do the same for minimal, rich, hostile and large content.\n\n| Message | " + strings.Join(namen, " | ") + " |\n|---|" + strings.Repeat("---|", len(namen)) + "\n")
	for _, nummer := range slices.Sorted(maps.Keys(alle)) {
		row := []string{nummer}
		for _, version := range namen {
			c := zellen[version+nummer]
			switch {
			case c != "":
			case version == "4.0.0":
				c = "*open*"
			default:
				c = "–"
			}
			row = append(row, c)
		}
		fmt.Fprintf(&s, "| %s |\n", strings.Join(row, " | "))
	}
	testenv.Abschnitt(t, "xdomea.md", "## Messages and versions", s.String(), *update)
}
