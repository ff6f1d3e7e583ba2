package intake_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// scanner finds what it is told to find.
type scanner struct {
	sucht []byte
	fund  string
	err   error
	n     int
}

func (s *scanner) Scan(_ context.Context, r io.Reader) (string, error) {
	s.n++
	b, err := io.ReadAll(r)
	if err != nil || s.err != nil {
		return "", errors.Join(err, s.err)
	}
	if bytes.Contains(b, s.sucht) {
		return s.fund, nil
	}
	return "", nil
}

func TestMalwareIsRefused(t *testing.T) {
	t.Parallel()
	s := &scanner{sucht: png, fund: "Win.Test-1 <script>"}
	a := newAmt(t, memStore(t), &intake.Options{Scanner: s})
	r, err := a.Receive(t.Context(), lieferung("sauber"))
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, r.Ausgang)
	require.Equal(t, 3, s.n, "form, file and proof")

	l := lieferung("schaedlich")
	l.Dateien = append(l.Dateien, anlage("bild.png", "image/png", png))
	r, err = a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Abgelehnt, r.Ausgang, "the sender hears of it")
	require.Len(t, r.Probleme, 1)
	require.Equal(t, "intake.schadsoftware", r.Probleme[0].Code)
	require.Equal(t, "malware found: Win.Test-1script", r.Probleme[0].Meldung, "a name from outside, letters only")
	require.NotEmpty(t, r.Probleme[0].Hinweis)
	require.Len(t, a.vorgaenge(hanau), 1)
	r, err = a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.True(t, r.Bekannt, "and is not scanned again")

	// A scanner that does not know decides nothing: the delivery is offered again.
	s.err = fehler.ErrUnavailable
	_, err = a.Receive(t.Context(), lieferung("spaeter"))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	s.err = nil
	r, err = a.Receive(t.Context(), lieferung("spaeter"))
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, r.Ausgang)

	// What is of the wrong kind is refused without a scan.
	n := s.n
	l = lieferung("falsch")
	l.Dateien = append(l.Dateien, anlage("x.html", "text/html", []byte("<html><body></body></html>")))
	_, err = a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, n, s.n)
}
