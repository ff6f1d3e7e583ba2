package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden file")

func TestGolden(t *testing.T) {
	in, err := os.ReadFile(filepath.Join("testdata", "wachstum.csv"))
	require.NoError(t, err)
	var b, again bytes.Buffer
	require.NoError(t, draw(&b, bytes.NewReader(in)))
	require.NoError(t, draw(&again, bytes.NewReader(in)))
	require.Equal(t, b.String(), again.String())
	golden := filepath.Join("testdata", "wachstum.svg")
	if *update {
		require.NoError(t, os.WriteFile(golden, b.Bytes(), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
	for d := xml.NewDecoder(&b); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
	}
}

func TestInput(t *testing.T) {
	for in, ok := range map[string]bool{
		"":                               false,
		"goos: linux\n":                  false,
		"sqlite,create,10,1,x":           false,
		"sqlite,create,0,1,1":            false,
		"sqlite,create,10,NaN,1":         false,
		"x\nsqlite,create,10,1,1\nPASS":  true,
		"sqlite,create,10,0,0":           true,
		"sqlite,something else,10,1,1\n": false,
	} {
		require.Equal(t, ok, draw(io.Discard, strings.NewReader(in)) == nil, "%q", in)
	}
}

// The chart of the documentation is drawn from its figures.
func TestDocs(t *testing.T) {
	in, err := os.Open(filepath.Join("..", "..", "docs", "wachstum.csv"))
	require.NoError(t, err)
	defer in.Close()
	var b bytes.Buffer
	require.NoError(t, draw(&b, in))
	want, err := os.ReadFile(filepath.Join("..", "..", "docs", "wachstum.svg"))
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
}
