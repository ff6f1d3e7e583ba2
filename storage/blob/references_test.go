package blob_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
)

func found(data string) []string { return slices.Collect(blob.References([]byte(data))) }

func TestReferences(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("0a", 64), strings.Repeat("f9", 64)
	for data, want := range map[string][]string{
		"":                                     nil,
		a:                                      {a},
		a[1:]:                                  nil,
		a + "0":                                nil,
		"0" + a:                                nil,
		a + b:                                  nil,
		a + "\x00" + b:                         {a, b},
		`"` + a + `"`:                          {a},
		`{"x":"` + a + `","y":"` + b + `"}`:    {a, b},
		a + "," + a:                            {a, a},
		strings.ToUpper(a):                     nil,
		a[:127] + "A":                          nil,
		a[:127] + "A" + b:                      {b},
		a[:127] + "g" + b[:127]:                nil,
		"g" + a + "g":                          {a},
		"-" + a[:64] + "-" + a[64:]:            nil,
		strings.Repeat("0", 300) + " " + a:     {a},
		a + strings.Repeat("0", 300) + "x" + b: {b},
		strings.Repeat("x", 127) + a:           {a},
		strings.Repeat("x", 128) + a:           {a},
		strings.Repeat(a[:127]+"-", 5) + b:     {b},
		"\xff" + a + "\xfe":                    {a},
		`"{\"sha512\":\"` + a + `\"}"`:         {a},
		"<h>" + a + "</h>" + b[:128] + "\r\n" + a: {a, b, a},
	} {
		require.Equal(t, want, found(data), "%q", data)
	}
	for range blob.References([]byte(a + " " + b)) {
		break // ends when told to
	}
}

func TestAReferenceInJSONIsFound(t *testing.T) {
	t.Parallel()
	ref := put(t, blob.NewMemory(nil), "Antrag")
	raw, err := json.Marshal(map[string]any{"tief": []any{map[string]any{"datei": ref}}})
	require.NoError(t, err)
	require.Equal(t, []string{ref.SHA512}, found(string(raw)))
	again, err := json.Marshal(string(raw)) // JSON in JSON
	require.NoError(t, err)
	require.Equal(t, []string{ref.SHA512}, found(string(again)))
}

// The scanner jumps; a plain one says the same.
func FuzzReferences(f *testing.F) {
	a := strings.Repeat("0a", 64)
	for _, s := range []string{"", a, a[1:], a + "0", `{"a":"` + a + `"}`, a + " " + a, strings.Repeat("0", 400), strings.Repeat("x", 129) + a} {
		f.Add([]byte(s), 1)
	}
	f.Add([]byte("0123456789abcdefg"), 20)
	run := regexp.MustCompile(`[0-9a-f]+`)
	f.Fuzz(func(t *testing.T, data []byte, times int) {
		data = bytes.Repeat(data, min(max(times, 1), 64)) // long runs out of short seeds
		var want []string
		for _, r := range run.FindAll(data, -1) {
			if len(r) == 128 {
				want = append(want, string(r))
			}
		}
		got := slices.Collect(blob.References(data))
		if !slices.Equal(got, want) {
			t.Fatalf("%q: %q, want %q", data, got, want)
		}
		for _, sum := range got {
			if (blob.Ref{SHA512: sum}).Check() != nil {
				t.Fatalf("%q is no reference", sum)
			}
		}
	})
}

func BenchmarkReferences(b *testing.B) {
	row := []byte(strings.Repeat(`{"name":"Anlage","text":"Lorem ipsum dolor sit amet, consetetur sadipscing elitr",`, 40) +
		`"sha512":"` + strings.Repeat("0a", 64) + `"}`)
	b.SetBytes(int64(len(row)))
	for b.Loop() {
		n := 0
		for range blob.References(row) {
			n++
		}
		if n != 1 {
			b.Fatal(n)
		}
	}
}
