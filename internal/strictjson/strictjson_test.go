package strictjson

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"object", `{"a":[1,2,{"b":null}],"c":"x"}`, ""},
		{"scalar", `"x"`, ""},
		{"empty", ``, "EOF"},
		{"duplicate key", `{"a":1,"a":2}`, "duplicate key"},
		{"duplicate key written differently", `{"a":1,"\u0061":2}`, "duplicate key"},
		{"same key in siblings is fine", `[{"a":1},{"a":2}]`, ""},
		{"trailing data", `{} {}`, "after the end"},
		{"too deep", strings.Repeat("[", 80) + strings.Repeat("]", 80), "nested deeper"},
		{"long number", strings.Repeat("9", 100), "number longer"},
		{"bad utf-8", "\"\xff\"", "UTF-8"},
		{"unclosed", `{"a":`, "EOF"},
		{"mismatch", `[1}`, "invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Check([]byte(c.doc), Limits{})
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
	require.ErrorContains(t, Check([]byte("["+strings.Repeat("1,", 300)+"1]"), Limits{Values: 100}), "more than 100")
}

// FuzzCheck: what passes is JSON to the standard library as well.
func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":[1,"x",null]}`))
	f.Add([]byte(`{"a":1,"a":2}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if Check(b, Limits{}) == nil && !json.Valid(b) {
			t.Fatalf("accepted what is not JSON: %q", b)
		}
	})
}

// Powers of ten that would become numbers of millions of digits are refused.
func TestExponent(t *testing.T) {
	for _, ok := range []string{`1e400`, `1E-400`, `[1.5e+10]`, `0`} {
		require.NoError(t, Check([]byte(ok), Limits{}), ok)
	}
	for _, bad := range []string{`1e401`, `[-1E-401]`, `{"a":1e999999}`, `1e99999999999999999999`} {
		require.ErrorContains(t, Check([]byte(bad), Limits{}), "power of ten", bad)
	}
}
