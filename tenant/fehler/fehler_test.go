package fehler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var kinds = []error{
	fehler.ErrNotFound, fehler.ErrExists, fehler.ErrConflict, fehler.ErrForbidden,
	fehler.ErrInvalid, fehler.ErrUnsupported, fehler.ErrUnavailable,
}

func TestOneKindWins(t *testing.T) {
	t.Parallel()
	probleme := fehler.Probleme{{Code: "a.b", Meldung: "m", Hinweis: "h"}}
	for _, art := range kinds {
		for _, cause := range append([]error{nil, io.EOF, probleme, fmt.Errorf("deep: %w", probleme)}, kinds...) {
			err := fehler.New("op", "key", art, cause)
			for _, k := range kinds {
				require.Equal(t, k == art, errors.Is(err, k), "%v is %v", err, k)
				// and once more through a wrapper without a kind of its own
				require.Equal(t, k == art, errors.Is(fehler.New("outer", "", nil, err), k))
			}
			require.Equal(t, art == fehler.ErrUnsupported, errors.Is(err, errors.ErrUnsupported))
		}
	}
	err := fehler.New("op", "key", fehler.ErrForbidden, probleme)
	require.Equal(t, probleme, fehler.ProblemeIn(err), "the hints stay")
	require.ErrorIs(t, fehler.New("op", "", fehler.ErrUnavailable, io.EOF), io.EOF, "and so does the cause")
	var f *fehler.Fehler
	require.ErrorAs(t, err, &f)
	require.Equal(t, "key", f.Key)
	inner := fehler.New("outer", "", fehler.ErrConflict, err)
	require.Equal(t, probleme, fehler.ProblemeIn(inner))
}

func TestContextErrorsPassUntouched(t *testing.T) {
	t.Parallel()
	for _, err := range []error{context.Canceled, context.DeadlineExceeded} {
		require.Equal(t, err, fehler.New("op", "key", fehler.ErrUnavailable, err))
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	require.Equal(t, "op key: not found", fehler.New("op", "key", fehler.ErrNotFound, nil).Error())
	require.Equal(t, "op: EOF", fehler.New("op", "", nil, io.EOF).Error())
	require.Equal(t, "op: not found", fehler.New("op", "", fehler.ErrNotFound, fehler.ErrNotFound).Error())
	p := fehler.Probleme{{Code: "a.b", Pfad: "/x", Meldung: "is empty"}, {Code: "c.d", Meldung: "is odd"}}
	require.Equal(t, "invalid: a.b at /x: is empty; c.d: is odd", p.Error())
	require.NotPanics(t, func() { _ = fehler.New("op", "", p, p).Error() })
	require.Nil(t, fehler.ProblemeIn(io.EOF))
	require.Nil(t, fehler.ProblemeIn(nil))
	b, err := json.Marshal(p[1])
	require.NoError(t, err)
	require.JSONEq(t, `{"code":"c.d","meldung":"is odd","hinweis":""}`, string(b))
}

func ExampleNew() {
	err := fehler.New("storage.Edit", "0190", fehler.ErrForbidden, fehler.Probleme{{
		Code: "bescheid.vier-augen", Meldung: "who drafted cannot release", Hinweis: "Vier-Augen-Prinzip.",
	}})
	fmt.Println(errors.Is(err, fehler.ErrForbidden), errors.Is(err, fehler.ErrInvalid))
	fmt.Println(fehler.ProblemeIn(err)[0].Hinweis)
	// Output:
	// true false
	// Vier-Augen-Prinzip.
}
