package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
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

func TestFeedAndSearchCursorRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mandant := tenant.ID(rapid.StringMatching(`[a-z][a-z0-9-]{0,20}`).Draw(t, "mandant"))
		place := rapid.StringMatching(`[ -~]{0,100}`).Draw(t, "place")
		got, err := decodeFeedCursor(mandant, encodeFeedCursor(mandant, place))
		if err != nil || got != place {
			t.Fatalf("%q came back as %q, %v", place, got, err)
		}
		if _, err := decodeFeedCursor(mandant+"x", encodeFeedCursor(mandant, place)); err == nil {
			t.Fatal("another Mandant's cursor was taken")
		}
		sum := [8]byte(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "sum"))
		k := driver.TrefferKey{Wort: rapid.StringMatching(`[a-zα-ω]{1,20}`).Draw(t, "wort"), ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))}
		back, err := decodeSuchCursor(encodeSuchCursor(sum, k), sum)
		if err != nil || back != k {
			t.Fatalf("%v came back as %v, %v", k, back, err)
		}
	})
}

// A cursor that is taken encodes to itself: no two texts name one place.
func FuzzCursors(f *testing.F) {
	sum := [8]byte{1}
	f.Add(encodeFeedCursor("kiel", "12-abc"))
	f.Add(encodeSuchCursor(sum, driver.TrefferKey{Wort: "mueller"}))
	f.Add(cursor{}.encode())
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := decodeFeedCursor("kiel", text); err == nil && text != "" && encodeFeedCursor("kiel", c) != text {
			t.Fatalf("%q", text)
		}
		if k, err := decodeSuchCursor(text, sum); err == nil && encodeSuchCursor(sum, k) != text {
			t.Fatalf("%q", text)
		}
		if c, err := decodeCursor(text); err == nil && c.encode() != text {
			t.Fatalf("%q", text)
		}
	})
}

// Nothing of what is typed or stored makes words that cannot be found again.
func FuzzSearchWords(f *testing.F) {
	for _, s := range []string{"Jürgen Müller-Weiß", "67.31/26-1", "KI-2026-000017", "\xff a", "O'Neill 7b", strings.Repeat("ü9", 80)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		st := vorgang.Stand{Nummer: text}
		st.Antrag.Antragsteller.Name = text
		stored := woerter(&st)
		for _, w := range stored {
			if w == "" || len(w) > maxWort || !utf8.ValidString(w) || strings.ContainsAny(w, " \x00") {
				t.Fatalf("stored word %q", w)
			}
		}
		if len(text) > 100 || len(stored) == maxWoerter {
			return // cut
		}
		for _, w := range suchwoerter(text) {
			if !slices.ContainsFunc(stored, func(s string) bool { return strings.HasPrefix(s, w) }) {
				t.Fatalf("%q: %q is not found in %q", text, w, stored)
			}
		}
	})
}
