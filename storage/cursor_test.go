package storage

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// What is encoded is decoded to the same.
func TestCursorRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := cursor{
			absteigend: rapid.Bool().Draw(t, "absteigend"),
			sum:        [8]byte(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "sum")),
			key: driver.VorgangKey{
				Eingang: time.UnixMicro(rapid.Int64().Draw(t, "eingang")).UTC(),
				ID:      uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")),
			},
		}
		got, err := decodeCursor(c.encode())
		require.NoError(t, err)
		require.Equal(t, c, got)
	})
}

// Whatever is accepted is what encoding gives: there is one text per place.
func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add(cursor{key: driver.VorgangKey{Eingang: time.Unix(1, 0)}}.encode())
	f.Add(cursor{absteigend: true}.encode())
	f.Add("AQAAAA==")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := decodeCursor(text)
		if err == nil && c.encode() != text {
			t.Fatalf("%q is read as %q", text, c.encode())
		}
	})
}

func TestWrapKeepsKindCauseAndContextErrors(t *testing.T) {
	cause := errors.New("disk")
	for _, k := range kinds {
		require.ErrorIs(t, wrap("Op", "key", k), k)
		err := wrap("Op", "key", errors.Join(k, cause))
		require.ErrorIs(t, err, k)
		require.ErrorIs(t, err, cause)
		require.Same(t, err, wrap("Outer", "other", err), "wrapped twice")
	}
	require.ErrorIs(t, wrap("Op", "key", ErrUnsupported), errors.ErrUnsupported)
	require.Equal(t, context.Canceled, wrap("Op", "key", context.Canceled))
	require.NoError(t, wrap("Op", "key", nil))
	_, ok := errors.AsType[*fehler.Fehler](wrap("Op", "key", cause))
	require.True(t, ok)
}

func TestCutGivesStorableText(t *testing.T) {
	require.Equal(t, "a�b", cut("a\x00b", 10))
	require.Equal(t, "ä�", cut("ää", 3))
	require.Equal(t, strings.Repeat("x", 5), cut(strings.Repeat("x", 9), 5))
}
