package pruefung_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

// What loads is written and loaded again to the same hashes; what does not is a
// list of problems.
func FuzzLoad(f *testing.F) {
	b, err := os.ReadFile("testdata/hund.json")
	require.NoError(f, err)
	f.Add(b)
	for _, c := range falscheDateien {
		f.Add([]byte(c.datei))
	}
	k, err := json.Marshal(frei(f, klein("eingabe.l.all(x, x > 0)")))
	require.NoError(f, err)
	f.Add(k)
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := pruefung.Load(bytes.NewReader(b))
		if err != nil {
			require.ErrorIs(t, err, fehler.ErrInvalid)
			require.NotEmpty(t, fehler.ProblemeIn(err))
			return
		}
		eins, err := json.Marshal(w)
		require.NoError(t, err)
		z, err := pruefung.Load(bytes.NewReader(eins))
		require.NoError(t, err)
		zwei, err := json.Marshal(z)
		require.NoError(t, err)
		require.Equal(t, string(eins), string(zwei))
		require.Equal(t, w.Hash(), z.Hash())
		require.Equal(t, w.Inhalt(), z.Inhalt())
		if p, err := pruefung.Compile(w, optionen()); err == nil {
			_, err := p.Check(t.Context(), []byte(`{"l":[1,{"a":"b"}]}`), stichtag)
			require.NoError(t, err)
		}
	})
}

// Any data gives a record that can be repeated, or problems.
func FuzzCheck(f *testing.F) {
	p := pruefer(f, entwurf(f), optionen())
	f.Add([]byte(gut))
	f.Add([]byte(`{"hund":{},"ermaessigungen":[{"art":1}]}`))
	f.Add([]byte(`[1e5,-0.0,2.50,"ä\u0000",null]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		pr, err := p.Check(t.Context(), b, stichtag)
		if err != nil {
			require.NotEmpty(t, fehler.ProblemeIn(err))
			return
		}
		require.NotEmpty(t, pr.Ausgang)
		_, err = p.Replay(t.Context(), pr, b)
		require.NoError(t, err)
	})
}
