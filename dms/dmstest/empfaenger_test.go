package dmstest_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

type transfer struct {
	ziel       *verzeichnis.Ziel
	empfaenger *dmstest.Empfaenger
	ausgang    string
	eingang    string
}

func newTransfer(t *testing.T, v dmstest.Verhalten) *transfer {
	t.Helper()
	dir := func() string { return t.TempDir() }
	tr := &transfer{ausgang: dir(), eingang: dir()}
	z, err := verzeichnis.New(verzeichnis.Options{Name: "registratur", Kodierer: xdomea.New(xdomea.V310(), nil),
		Ausgang: tr.ausgang, Eingang: tr.eingang, Erledigt: dir(), Belege: dir()})
	require.NoError(t, err)
	t.Cleanup(func() { z.Close() })
	tr.ziel = z
	tr.empfaenger = &dmstest.Empfaenger{Eingang: tr.ausgang, Ausgang: tr.eingang, Archiv: dir(), Plan: func(string) dmstest.Verhalten { return v }}
	return tr
}

// run sends, lets the receiver work and applies every answer.
func (tr *transfer) run(t *testing.T, p *dms.Paket) (dms.Abgabe, []dms.Antwort) {
	t.Helper()
	ctx := context.Background()
	schein, err := tr.ziel.Send(ctx, p)
	require.NoError(t, err)
	_, err = tr.empfaenger.Scan(ctx)
	require.NoError(t, err)
	return tr.apply(t, dms.NewAbgabe(schein, p, time.Hour))
}

func (tr *transfer) apply(t *testing.T, a dms.Abgabe) (dms.Abgabe, []dms.Antwort) {
	t.Helper()
	ctx := context.Background()
	var got []dms.Antwort
	for ant, err := range tr.ziel.Answers(ctx) {
		require.NoError(t, err)
		a, _, err = a.Apply(ant, a.GesendetAm.Add(time.Minute))
		require.NoError(t, err)
		require.NoError(t, tr.ziel.Ack(ctx, ant.Kennung))
		got = append(got, ant)
	}
	return a, got
}

func TestEmpfaengerAnswers(t *testing.T) {
	for _, c := range []struct {
		v       dmstest.Verhalten
		want    dms.Zustand
		answers int
	}{
		{dmstest.Erfolg, dms.Importiert, 2},
		{dmstest.Teilweise, dms.Teilweise, 2},
		{dmstest.Ablehnung, dms.Abgelehnt, 2},
		{dmstest.Zweimal, dms.Importiert, 4},
		{dmstest.Spaet, dms.Empfangen, 1},
		{dmstest.Stumm, dms.Gesendet, 0},
	} {
		t.Run(string(c.v), func(t *testing.T) {
			tr := newTransfer(t, c.v)
			a, answers := tr.run(t, dmstest.Reich("e"))
			require.Equal(t, c.want, a.Zustand)
			require.Len(t, answers, c.answers)
			require.Equal(t, c.want == dms.Importiert, a.MayDelete())
			l := tr.empfaenger.Lieferungen()
			require.Len(t, l, 1)
			require.Empty(t, l[0].Probleme)
		})
	}
}

func TestEmpfaengerLate(t *testing.T) {
	tr := newTransfer(t, dmstest.Spaet)
	a, _ := tr.run(t, dmstest.Reich("late"))
	a, overdue := a.CheckOverdue(a.Frist)
	require.True(t, overdue)
	require.False(t, a.MayDelete())
	require.NoError(t, tr.empfaenger.Release())
	a, answers := tr.apply(t, a)
	require.Len(t, answers, 1)
	require.Equal(t, dms.Importiert, a.Zustand)
	require.NoError(t, tr.empfaenger.Release(), "nothing is held back twice")
	_, answers = tr.apply(t, a)
	require.Empty(t, answers)
}

func TestEmpfaengerGarbage(t *testing.T) {
	tr := newTransfer(t, dmstest.Muell)
	_, err := tr.ziel.Send(t.Context(), dmstest.Minimal("g"))
	require.NoError(t, err)
	_, err = tr.empfaenger.Scan(t.Context())
	require.NoError(t, err)
	n := 0
	for _, err := range tr.ziel.Answers(t.Context()) {
		require.ErrorIs(t, err, fehler.ErrInvalid)
		n++
	}
	require.Equal(t, 2, n)
}

func TestEmpfaengerPlain(t *testing.T) {
	tr := newTransfer(t, dmstest.Erfolg)
	tr.empfaenger.Plain = true
	a, _ := tr.run(t, dmstest.Minimal("plain"))
	require.Equal(t, dms.Importiert, a.Zustand)
}

func TestEmpfaengerWatch(t *testing.T) {
	tr := newTransfer(t, dmstest.Erfolg)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tr.empfaenger.Watch(ctx, time.Millisecond) }()
	_, err := tr.ziel.Send(ctx, dmstest.Minimal("watch"))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(tr.empfaenger.Lieferungen()) == 1 }, 5*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}

// The receiver finds what is wrong: it is a check that can fail.
func TestEmpfaengerRefuses(t *testing.T) {
	k := xdomea.New(xdomea.V310(), nil)
	p := dmstest.Reich("refuse")
	name, err := k.ContainerName(p)
	require.NoError(t, err)
	var good bytes.Buffer
	require.NoError(t, k.Encode(t.Context(), &good, p))
	rewrite := func(f func(name string) (string, bool), extra ...string) []byte {
		zr, err := zip.NewReader(bytes.NewReader(good.Bytes()), int64(good.Len()))
		require.NoError(t, err)
		var out bytes.Buffer
		zw := zip.NewWriter(&out)
		for _, e := range zr.File {
			if n, ok := f(e.Name); ok {
				h := e.FileHeader
				h.Name = n
				raw, err := e.OpenRaw()
				require.NoError(t, err)
				w, err := zw.CreateRaw(&h)
				require.NoError(t, err)
				_, err = io.Copy(w, raw)
				require.NoError(t, err)
			}
		}
		for _, n := range extra {
			w, err := zw.Create(n)
			require.NoError(t, err)
			if !strings.HasSuffix(n, "/") {
				_, err = w.Write([]byte("x"))
				require.NoError(t, err)
			}
		}
		require.NoError(t, zw.Close())
		return out.Bytes()
	}
	keep := func(n string) (string, bool) { return n, true }
	other := dmstest.ID("other") + "_Abgabe.Abgabe.0401"
	for _, c := range []struct {
		what, name string
		data       []byte
	}{
		{"control", name, rewrite(keep)},
		{"bad name", "abgabe.zip", good.Bytes()},
		{"message alone", dmstest.ID("x") + "_Abgabe.Abgabe.0401.xml", []byte("<x/>")},
		{"other process in the name", other + ".zip", good.Bytes()},
		{"a file is missing", name, rewrite(func(n string) (string, bool) { return n, !bytes.HasSuffix([]byte(n), []byte(".png")) })},
		{"an orphan", name, rewrite(keep, dmstest.ID("orphan")+"_x.txt")},
		{"a path", name, rewrite(keep, "../x.txt")},
		{"a folder", name, rewrite(keep, "x/")},
		{"two messages", name, rewrite(keep, other+".xml")},
		{"cut off", name, good.Bytes()[:good.Len()-10]},
		{"no archive", name, []byte("hello")},
	} {
		t.Run(c.what, func(t *testing.T) {
			tr := newTransfer(t, dmstest.Erfolg)
			require.NoError(t, os.WriteFile(filepath.Join(tr.ausgang, c.name), c.data, 0o600))
			l, err := tr.empfaenger.Scan(t.Context())
			require.NoError(t, err)
			require.Len(t, l, 1)
			require.Equal(t, c.what == "control", len(l[0].Probleme) == 0, "%v", l[0].Probleme)
		})
	}
	t.Run("the same again", func(t *testing.T) {
		tr := newTransfer(t, dmstest.Erfolg)
		for i := range 2 {
			require.NoError(t, os.WriteFile(filepath.Join(tr.ausgang, name), good.Bytes(), 0o600))
			l, err := tr.empfaenger.Scan(t.Context())
			require.NoError(t, err)
			require.Len(t, l[0].Probleme, i)
		}
	})
	t.Run("schema", func(t *testing.T) {
		tr := newTransfer(t, dmstest.Erfolg)
		tr.empfaenger.Validate = func(text []byte) error {
			if bytes.HasPrefix(text, []byte("<?xml")) {
				return os.ErrInvalid
			}
			return nil
		}
		a, _ := tr.run(t, p)
		require.Equal(t, dms.Abgelehnt, a.Zustand)
	})
}
