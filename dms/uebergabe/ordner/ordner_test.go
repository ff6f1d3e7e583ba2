package ordner_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/ordner"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/uebergabetest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func params(dir string) ordner.Params {
	p := ordner.Params{Name: "gewerbe", Quelle: "urn:test:kiel", Ausgang: filepath.Join(dir, "aus"), Belege: filepath.Join(dir, "belege"),
		Eingang: filepath.Join(dir, "ein"), Erledigt: filepath.Join(dir, "erledigt")}
	for _, d := range []string{p.Ausgang, p.Belege, p.Eingang, p.Erledigt} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			panic(err)
		}
	}
	return p
}

// empfangen reads the deliveries as a receiver does, and checks the manifest.
func empfangen(dir string) ([]uebergabetest.Angekommen, error) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []uebergabetest.Angekommen
	for _, e := range list {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		d := filepath.Join(dir, e.Name())
		raw, err := os.ReadFile(filepath.Join(d, "manifest.json"))
		if err != nil {
			return nil, err
		}
		var m ordner.Manifest
		if err := json.Unmarshal(raw, &m); err != nil || m.Sendung != e.Name() {
			return nil, errors.Join(err, errors.New("manifest"))
		}
		for _, x := range m.Dateien {
			b, err := os.ReadFile(filepath.Join(d, filepath.FromSlash(x.Pfad)))
			sum := sha512.Sum512(b)
			if err != nil || int64(len(b)) != x.Groesse || hex.EncodeToString(sum[:]) != x.SHA512 {
				return nil, errors.Join(err, errors.New("the manifest says otherwise"))
			}
		}
		ev, err := os.ReadFile(filepath.Join(d, "ereignis.json"))
		if err != nil {
			return nil, err
		}
		a, err := uebergabetest.Fetch(ev, func(v string) (io.ReadCloser, error) { return os.Open(filepath.Join(d, filepath.FromSlash(v))) })
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func schluessel() signatur.Schluessel {
	k, err := signatur.NewSchluessel(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		panic(err)
	}
	return k
}

func stand(dir string) (*uebergabetest.Stand, error) {
	p := params(dir)
	open := func() (uebergabe.Ziel, error) { return ordner.New(p, nil) }
	z, err := open()
	n := 0
	put := func(b []byte) error {
		n++
		name := filepath.Join(p.Eingang, string(rune('a'+n))+ordner.Endung)
		if err := os.WriteFile(name+".neu", b, 0o644); err != nil {
			return err
		}
		return os.Rename(name+".neu", name)
	}
	return &uebergabetest.Stand{Ziel: z, Reopen: open,
		Received: func(context.Context) ([]uebergabetest.Angekommen, error) { return empfangen(p.Ausgang) },
		Answer: func(id string, inhalt []byte) error {
			u, err := signatur.Sign(id, time.Unix(1_700_000_000, 0), inhalt, schluessel())
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := ordner.Write(&b, u, inhalt); err != nil {
				return err
			}
			return put(b.Bytes())
		},
		Garbage: func() error { return put([]byte("Guten Tag")) },
	}, err
}

func options(t *testing.T) uebergabetest.Options {
	warum := "a directory does not answer"
	return uebergabetest.Options{New: func() (*uebergabetest.Stand, error) { return stand(t.TempDir()) }, Ohne: map[uebergabetest.Stoerung]string{
		uebergabetest.AntwortVerloren: warum, uebergabetest.NichtDa: warum, uebergabetest.LehntAb: warum, uebergabetest.Fremd: warum, uebergabetest.Haengt: warum,
	}}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	uebergabetest.Run(t, options(t))
}

type immerAlles struct{ *ordner.Ziel }

func (immerAlles) Ack(context.Context, string) error { return nil }

type ungeprueft struct {
	uebergabe.Ziel
	dir string
}

// A target that copies without looking: half deliveries become visible.
func (z ungeprueft) Uebergeben(ctx context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	q, err := z.Ziel.Uebergeben(ctx, s)
	if err != nil {
		_ = os.MkdirAll(filepath.Join(z.dir, "aus", "halb"), 0o755)
	}
	return q, err
}

func TestSuiteCanFail(t *testing.T) {
	t.Parallel()
	for gruppe, broken := range map[string]func(dir string, s *uebergabetest.Stand){
		"antworten": func(_ string, s *uebergabetest.Stand) { s.Ziel = immerAlles{s.Ziel.(*ordner.Ziel)} },
		"fehler":    func(dir string, s *uebergabetest.Stand) { s.Ziel = ungeprueft{s.Ziel, dir} },
		"idempotenz": func(dir string, s *uebergabetest.Stand) {
			received := s.Received
			s.Received = func(ctx context.Context) ([]uebergabetest.Angekommen, error) {
				got, err := received(ctx)
				return append(got, got...), err
			}
		},
	} {
		o := options(t)
		o.New = func() (*uebergabetest.Stand, error) {
			dir := t.TempDir()
			s, err := stand(dir)
			broken(dir, s)
			return s, err
		}
		ok := false
		for _, e := range uebergabetest.Check(t.Context(), o) {
			ok = ok || e.Gruppe == gruppe && e.Err != nil
		}
		require.True(t, ok, gruppe)
	}
}

func TestConflictAndTakenAway(t *testing.T) {
	t.Parallel()
	p := params(t.TempDir())
	z, err := ordner.New(p, nil)
	require.NoError(t, err)
	defer z.Close()
	x := uebergabetest.Beispiel(1)
	_, err = z.Uebergeben(t.Context(), x)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(filepath.Join(p.Ausgang, x.ID.String())))
	q, err := z.Uebergeben(t.Context(), x)
	require.NoError(t, err)
	require.True(t, q.Wiederholt)
	got, err := empfangen(p.Ausgang)
	require.NoError(t, err)
	require.Empty(t, got, "what was taken away does not come again")
	x.Nummer = "andere"
	_, err = z.Uebergeben(t.Context(), x)
	require.ErrorIs(t, err, fehler.ErrConflict)
	// Something foreign under our name is never overwritten.
	y := uebergabetest.Beispiel(2)
	require.NoError(t, os.WriteFile(filepath.Join(p.Ausgang, y.ID.String()), nil, 0o644))
	_, err = z.Uebergeben(t.Context(), y)
	require.ErrorIs(t, err, fehler.ErrConflict)
}

// A cut between receipt and rename is mended by the next try; one before the receipt begins anew.
func TestCutOff(t *testing.T) {
	t.Parallel()
	p := params(t.TempDir())
	z, err := ordner.New(p, nil)
	require.NoError(t, err)
	defer z.Close()
	x := uebergabetest.Beispiel(1)
	sichtbar, versteckt := filepath.Join(p.Ausgang, x.ID.String()), filepath.Join(p.Ausgang, "."+x.ID.String()+".part")
	require.NoError(t, os.MkdirAll(filepath.Join(versteckt, "dateien", "rest"), 0o755))
	_, err = z.Uebergeben(t.Context(), x)
	require.NoError(t, err)
	require.NoError(t, os.Rename(sichtbar, versteckt))
	q, err := z.Uebergeben(t.Context(), x)
	require.NoError(t, err)
	require.False(t, q.Wiederholt)
	got, err := empfangen(p.Ausgang)
	require.NoError(t, err)
	require.Len(t, got, 1)
}

func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	p := params(t.TempDir())
	z, err := ordner.New(p, &ordner.Options{MaxAntwort: 1000})
	require.NoError(t, err)
	defer z.Close()
	geheim := filepath.Join(t.TempDir(), "geheim")
	require.NoError(t, os.WriteFile(geheim, []byte("webhook-id: a\nwebhook-timestamp: 1\nwebhook-signature: x\n\ngeheim"), 0o644))
	require.NoError(t, os.Symlink(geheim, filepath.Join(p.Eingang, "link"+ordner.Endung)))
	require.NoError(t, os.WriteFile(filepath.Join(p.Eingang, "gross"+ordner.Endung), make([]byte, 2000), 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(p.Eingang, "ordner"+ordner.Endung), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(p.Eingang, "fertig.neu"), nil, 0o644))
	n := 0
	for a, err := range z.Answers(t.Context()) {
		n++
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.Empty(t, a.Inhalt)
		require.NoError(t, z.Ack(t.Context(), a.Kennung))
	}
	require.Equal(t, 3, n)
	for range z.Answers(t.Context()) {
		t.Fatal("comes again")
	}
	_, err = os.Stat(geheim)
	require.NoError(t, err, "what a link points to stays")
	require.Error(t, z.Ack(t.Context(), "../../geheim"+ordner.Endung))
	_, err = ordner.New(ordner.Params{Name: "x", Quelle: "y", Ausgang: p.Ausgang, Belege: p.Ausgang}, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = ordner.New(ordner.Params{Name: "x"}, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = ordner.New(ordner.Params{Name: "x", Quelle: "y", Ausgang: p.Ausgang, Belege: filepath.Join(p.Ausgang, "fehlt")}, nil)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
}
