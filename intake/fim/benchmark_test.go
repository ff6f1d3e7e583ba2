package fim_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

const bench = `{"F60000301":"Eiche","F60000302":120.5,"F60000303":true,` + person + `,"F60000306":[{"F60000307":"Weg"},{"F60000307":"Hof"}],"F60000312":[1,2,3,4,5,6,7,8]}`

// BenchmarkParse gives Parse as a multiple of what cannot be had for less: reading
// the JSON and validating it with the same library.
func BenchmarkParse(b *testing.B) {
	p := newParser(b)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(jsonSchema)))
	require.NoError(b, err)
	c := jsonschema.NewCompiler()
	require.NoError(b, c.AddResource(uri, doc))
	schema, err := c.Compile(uri)
	require.NoError(b, err)
	var bare, parse time.Duration
	b.SetBytes(int64(len(bench)))
	for b.Loop() {
		start := time.Now()
		var v any
		if err := json.Unmarshal([]byte(bench), &v); err != nil {
			b.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			b.Fatal(err)
		}
		bare += time.Since(start)
		start = time.Now()
		if _, err := p.Parse(b.Context(), data(bench)); err != nil {
			b.Fatal(err)
		}
		parse += time.Since(start)
	}
	b.ReportMetric(float64(parse)/float64(bare), "x-bare")
	b.ReportMetric(float64(parse.Nanoseconds())/float64(b.N), "parse-ns/op")
}
