package schema

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompile(t *testing.T) {
	const doc = `{"type":"object","properties":{"mail":{"type":"string","format":"email"}}}`
	for _, formats := range []bool{true, false} {
		s, err := Compile("https://schema.example/a.json", []byte(doc), formats)
		require.NoError(t, err)
		require.NoError(t, s.Validate(map[string]any{"mail": "a@b.example"}))
		require.Equal(t, formats, s.Validate(map[string]any{"mail": "no mail"}) != nil)
		require.Error(t, s.Validate("text"))
	}
	for _, bad := range []string{`{`, `{"type":"nonsense"}`, `{"$ref":"https://elsewhere.example/b.json"}`} {
		_, err := Compile("https://schema.example/a.json", []byte(bad), false)
		require.Error(t, err, bad)
	}
}
