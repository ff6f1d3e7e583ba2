package intake_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestAblage(t *testing.T) {
	a := newAmt(t, memStore(t), &intake.Options{Limits: intake.Limits{Datei: 100, Gesamt: 150}})
	put := func(x *intake.Ablage, s string) (intake.Teil, error) {
		return x.Put(t.Context(), intake.Teil{ID: uuid.New(), Name: "a.txt", MIME: "text/plain", Zweck: vorgang.ZweckAnlage}, strings.NewReader(s))
	}
	code := func(err error) string {
		p := fehler.ProblemeIn(err)
		require.Len(t, p, 1, "%v", err)
		require.NotEmpty(t, p[0].Hinweis)
		return p[0].Code
	}
	x := a.Ablage()
	one, err := put(x, strings.Repeat("a", 100))
	require.NoError(t, err)
	require.Equal(t, int64(100), one.Groesse)
	_, err = put(x, strings.Repeat("b", 51))
	require.Equal(t, "intake.gesamt-zu-gross", code(err))
	two, err := put(x, strings.Repeat("c", 50))
	require.NoError(t, err, "what was refused does not count")
	_, err = put(a.Ablage(), strings.Repeat("d", 101))
	require.Equal(t, "intake.datei-zu-gross", code(err))
	kaputt := errors.New("line cut")
	_, err = a.Ablage().Put(t.Context(), one, iotest.ErrReader(kaputt))
	require.ErrorIs(t, err, kaputt)

	l := lieferung("1")
	l.Dateien = []intake.Teil{one, two}
	// A Teil whose bytes were exchanged afterwards is what it is now.
	l.Dateien[1].Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("other")), nil }
	l.Ort = "DE110000000000" // the Klaerfach of the Betreiber
	r, err := a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Klaerung, r.Ausgang)
	for k, err := range a.Klaerfach(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, one.SHA512, k.Lieferung.Dateien[0].SHA512)
		require.Equal(t, int64(5), k.Lieferung.Dateien[1].Groesse)
		require.NotEqual(t, two.SHA512, k.Lieferung.Dateien[1].SHA512)
		for _, d := range k.Lieferung.Dateien {
			require.Len(t, a.read(poststelle, d.SHA512, d.Groesse), int(d.Groesse))
		}
	}

	// Who lost the bytes meanwhile says so.
	require.NoError(t, a.blobs.Delete(t.Context(), poststelle, blob.Ref{SHA512: one.SHA512, Groesse: one.Groesse}))
	l = lieferung("2")
	l.Dateien = []intake.Teil{one}
	_, err = a.Receive(t.Context(), l)
	require.ErrorIs(t, err, fehler.ErrNotFound)
}
