package buerger

import (
	"bytes"
	"encoding/json"
	"net/url"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
)

// What the page lets through fits the JSON Schema: the citizen hears everything at once,
// and the rules never find a wrong form behind it.
func FuzzEingabe(f *testing.F) {
	k, err := verfahren.Load()
	require.NoError(f, err)
	var schemata []*jsonschema.Schema
	for i, v := range k.Verfahren {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(v.JSONSchema))
		require.NoError(f, err)
		c := jsonschema.NewCompiler()
		c.AssertFormat()
		require.NoError(f, c.AddResource(v.Schema, doc))
		s, err := c.Compile(v.Schema)
		require.NoError(f, err)
		schemata = append(schemata, s)
		h := &haus{t: f, k: k}
		f.Add(i, h.ausgefuellt(v.Kurz).Encode())
		f.Add(i, "")
	}
	f.Add(2, "antragsteller.plz=%00%ff&baeume.1.umfang=1e9&baeume.5.art=x&grund=Gefahr")
	f.Add(1, "betrieb.beginn=0000-00-00")
	f.Fuzz(func(t *testing.T, i int, q string) {
		w, err := url.ParseQuery(q)
		if err != nil || i < 0 || i >= len(schemata) {
			t.Skip()
		}
		l := leser{form: w}
		d, _ := l.lies(k.Verfahren[i].Felder, "", true)
		if len(l.probleme) > 0 {
			ids := map[string]bool{}
			for _, p := range l.probleme {
				require.NotEmpty(t, p.Text)
				require.False(t, ids[p.ID], "one message for each control")
				ids[p.ID] = true
			}
			return
		}
		b, err := json.Marshal(d)
		require.NoError(t, err)
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		require.NoError(t, err)
		require.NoError(t, schemata[i].Validate(doc), string(b))
	})
}
