package xdatenfelder_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/intake/fim/xdatenfelder"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// refused names what files must give whose names say that they are wrong.
var refused = []struct{ name, code string }{
	{"duplicate-", "xdatenfelder.doppelt"},
	{"missing-id", "xdatenfelder.id-fehlt"},
	{"empty-id", "xdatenfelder.id-fehlt"},
	{"unknown-namespace", "xdatenfelder.namensraum"},
	{"unexpected-", "xdatenfelder.element-unbekannt"},
	{"invalid-", "xdatenfelder.wert"},
}

// All files of the folder behave as their names say, those added later too.
func TestStandards(t *testing.T) {
	dir := testenv.Standards(t, "xdatenfelder")
	good, bad := map[xdatenfelder.Standard]int{}, map[string]int{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".xml" {
			return err
		}
		folder := filepath.Base(filepath.Dir(path))
		t.Run(folder+"/"+d.Name(), func(t *testing.T) {
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			s, err := xdatenfelder.Read(t.Context(), bytes.NewReader(b), nil)
			for _, r := range refused {
				if strings.HasPrefix(d.Name(), r.name) {
					q := fehler.ProblemeIn(err)
					require.Len(t, q, 1)
					require.Equal(t, r.code, q[0].Code)
					require.Contains(t, q[0].Pfad, "line ")
					bad[folder]++
					return
				}
			}
			require.NoError(t, err)
			require.Equal(t, map[string]xdatenfelder.Standard{"v2": xdatenfelder.V2, "v3": xdatenfelder.V3}[folder], s.Standard)
			f, err := s.Formular(nil)
			require.NoError(t, err)
			_, err = fim.New(f)
			require.NoError(t, err)
			for _, h := range s.Hinweise {
				require.Contains(t, []string{"xdatenfelder.id", "xdatenfelder.praezisierung"}, h.Code, h)
			}
			content(t, folder+"/"+d.Name(), s)
			good[s.Standard]++
		})
		return nil
	}))
	require.GreaterOrEqual(t, good[xdatenfelder.V2], 7)
	require.GreaterOrEqual(t, good[xdatenfelder.V3], 2)
	require.GreaterOrEqual(t, bad["v2"], 3)
	require.GreaterOrEqual(t, bad["v3"], 6)
	t.Logf("read: %v, refused: %v", good, bad)
}

// content holds what the names of the good files promise.
func content(t *testing.T, name string, s *xdatenfelder.Schema) {
	t.Helper()
	switch name {
	case "v2/simple.xml":
		f := s.Teile[0].Element.Teile[0].Element
		require.Equal(t, "F60000227", f.ID)
		require.Equal(t, "1.1", f.Version)
		require.Equal(t, 120, *f.Feld.MaxLaenge)
		require.Equal(t, "Hilfe Eingabe", f.HilfeEingabe)
		require.Equal(t, []string{"Ein Bezug"}, f.Bezug)
	case "v2/label.xml":
		require.Equal(t, xdatenfelder.ArtLabel, s.Teile[0].Element.Feld.Art)
		require.Equal(t, "Hinweis Inhalt", s.Teile[0].Element.Feld.Inhalt)
	case "v2/select.xml":
		require.Equal(t, &xdatenfelder.Codeliste{ID: "C123", URN: "urn:de:example", Version: "1", VersionURI: "urn:de:example_1"}, s.Teile[0].Element.Feld.Liste)
	case "v2/rule.xml":
		require.Equal(t, "function script() {}", s.Regeln[0].Skript)
	case "v2/data-field-rule.xml":
		require.Equal(t, "R60000037", s.Teile[0].Element.Regeln[0].ID)
	case "v2/data-group-rule.xml":
		require.Equal(t, "MindestEineAngabe", s.Teile[0].Element.Regeln[0].Name)
	case "v3/simple.xml":
		require.Equal(t, []xdatenfelder.Relation{{Art: "ERS", ID: "G60000000088", Version: "1.1.0"}}, s.Relationen)
		require.Equal(t, xdatenfelder.Anzahl{Min: 0, Max: 1}, s.Teile[0].Anzahl)
		require.Equal(t, "V", s.Regeln[0].Art)
		require.Contains(t, s.Regeln[0].Freitext, "Es muss entweder")
		require.Equal(t, 55, *s.Teile[0].Element.Teile[0].Element.Feld.MaxLaenge)
		require.Equal(t, "6", s.Status)
	case "v3/input.xml":
		f := s.Teile[0].Element.Feld
		require.Equal(t, []any{"abc", "1", "Some Content", "10", []string{"application/json"}}, []any{f.Muster, f.MaxWert, f.Inhalt, f.MaxGroesse, f.Medientypen})
	}
}
