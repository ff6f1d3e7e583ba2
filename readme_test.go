package fachwerk_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The code sample of the README is the body of the tested Example.
func TestReadmeSampleIsTheExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(readme), "```go\n")
	require.True(t, ok, "README.md has no Go sample")
	sample, _, _ := strings.Cut(rest, "```")
	source, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	_, body, ok := strings.Cut(string(source), "func Example() {\n")
	require.True(t, ok)
	body, _, _ = strings.Cut(body, "\t// Output:")
	var want strings.Builder
	for line := range strings.Lines(body) {
		want.WriteString(strings.TrimPrefix(line, "\t"))
	}
	require.Equal(t, want.String(), sample)
}

// Every package of the map exists, and the test command is the one CI runs.
func TestReadmeMap(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(readme), "## The map")
	table, _, _ = strings.Cut(table, "## Status")
	n := 0
	for _, part := range strings.Split(table, "`") {
		if part == "" || strings.ContainsAny(part, " |\n…") || strings.HasSuffix(part, "_test.go") || part[0] < 'a' { // types begin upper-case
			continue
		}
		info, err := os.Stat(part)
		require.NoError(t, err, "the map names %s", part)
		require.True(t, info.IsDir())
		n++
	}
	require.Greater(t, n, 25)
}
