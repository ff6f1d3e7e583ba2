package bagit_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/bagit"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func kodierer(t testing.TB) *bagit.Kodierer {
	k, err := bagit.New(&bagit.Options{Beigaben: []bagit.Beigabe{{Name: "xdomea.xml", Write: xdomea.New(xdomea.V310(), nil).WriteAbgabe}}})
	require.NoError(t, err)
	return k
}

func bag(t testing.TB, p *dms.Paket) []byte {
	var b bytes.Buffer
	require.NoError(t, kodierer(t).Encode(t.Context(), &b, p))
	return b.Bytes()
}

// lieferung reads a bag as a receiver does.
func lieferung(name string, b []byte) (dmstest.Lieferung, error) {
	l := dmstest.Lieferung{Name: name, ProzessID: strings.TrimSuffix(name, ".zip"), SHA512: fmt.Sprintf("%x", sha512.Sum512(b))}
	if err := bagit.Check(context.Background(), bytes.NewReader(b), int64(len(b))); err != nil {
		return l, err
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return l, err
	}
	f, err := z.Open(l.ProzessID + "/data/paket.json")
	if err != nil {
		return l, err
	}
	defer f.Close()
	l.Paket = &dms.Paket{}
	return l, json.NewDecoder(f).Decode(l.Paket)
}

// Through the transfer directory it keeps the contract of a target.
func TestContract(t *testing.T) {
	t.Parallel()
	dmstest.Run(t, dmstest.Options{NoAnswers: true, New: func() (*dmstest.Stand, error) {
		dir := t.TempDir()
		s := &dmstest.Stand{}
		var got []dmstest.Lieferung
		var z *verzeichnis.Ziel
		s.Reopen = func() (_ dms.Ziel, err error) {
			if z != nil {
				z.Close()
			}
			z, err = verzeichnis.New(verzeichnis.Options{Name: "archiv", Kodierer: kodierer(t), Basis: dir})
			s.Ziel = z
			return z, err
		}
		s.Received = func(context.Context) ([]dmstest.Lieferung, error) {
			all, err := filepath.Glob(filepath.Join(dir, "ausgang", "*"))
			for _, name := range all {
				b, rerr := os.ReadFile(name)
				l, lerr := lieferung(filepath.Base(name), b)
				got, err = append(got, l), errors.Join(err, rerr, lerr, os.Remove(name))
			}
			return got, err
		}
		s.Close = func() error { return z.Close() }
		_, err := s.Reopen()
		return s, err
	}})
}

func TestBag(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*dms.Paket{"minimal": dmstest.Minimal("bag"), "rich": dmstest.Reich("bag"), "many": dmstest.Gross("bag", 500)} {
		b := bag(t, p)
		require.NoError(t, bagit.Check(t.Context(), bytes.NewReader(b), int64(len(b))), name)
		require.Equal(t, b, bag(t, p), "the same bytes again")
		l, err := lieferung(strings.ToLower(p.ProzessID)+".zip", b)
		require.NoError(t, err)
		want, err := p.Fingerprint()
		require.NoError(t, err)
		have, err := l.Paket.Fingerprint()
		require.NoError(t, err)
		require.Equal(t, want, have, "%s: nothing of the metadata is lost", name)
	}
}

// umpacken changes the files of a bag; nil takes one out.
func umpacken(t *testing.T, b []byte, change func(name string, b []byte) (string, []byte)) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range z.File {
		rc, err := f.Open()
		require.NoError(t, err)
		data, err := io.ReadAll(rc)
		require.NoError(t, err)
		top, rest, _ := strings.Cut(f.Name, "/")
		if rest, data = change(rest, data); data == nil {
			continue
		}
		if !strings.HasPrefix(rest, "/") {
			rest = top + "/" + rest
		} else {
			rest = rest[1:]
		}
		e, err := w.Create(rest)
		require.NoError(t, err)
		_, err = e.Write(data)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// The checker can say no: each rule has a bag that breaks it.
func TestCheckRefuses(t *testing.T) {
	t.Parallel()
	b := bag(t, dmstest.Reich("bag"))
	for name, c := range map[string]struct {
		change func(string, []byte) (string, []byte)
		want   string
	}{
		"a byte of a file": {func(n string, b []byte) (string, []byte) {
			if strings.HasPrefix(n, "data/dateien/") && len(b) > 0 {
				b[0] ^= 1
			}
			return n, b
		}, "another checksum"},
		"a file is missing": {func(n string, b []byte) (string, []byte) {
			if n == "data/paket.json" {
				return n, nil
			}
			return n, b
		}, "is missing"},
		"a file too many": {func(n string, b []byte) (string, []byte) {
			if n == "bagit.txt" {
				return "data/neu.txt", b
			}
			return n, b
		}, "is not in the manifest"},
		"a tag file was changed": {func(n string, b []byte) (string, []byte) {
			if n == "bag-info.txt" {
				b = append(b, "Contact-Name: x\n"...)
			}
			return n, b
		}, "another checksum"},
		"no declaration": {func(n string, b []byte) (string, []byte) {
			if n == "bagit.txt" {
				b = []byte("BagIt-Version: 0.97\n")
			}
			return n, b
		}, "declaration"},
		"a second folder": {func(n string, b []byte) (string, []byte) {
			if n == "data/paket.json" {
				return "/anders/data/paket.json", b
			}
			return n, b
		}, "second top folder"},
		"out of the bag": {func(n string, b []byte) (string, []byte) {
			if n == "data/paket.json" {
				return "data/../../paket.json", b
			}
			return n, b
		}, "leads out"},
		"wrong oxum": {func(n string, b []byte) (string, []byte) {
			if n == "bag-info.txt" {
				b = bytes.ReplaceAll(b, []byte("Payload-Oxum: "), []byte("Payload-Oxum: 1"))
			}
			return n, b
		}, "Payload-Oxum"},
		"a line that is none": {func(n string, b []byte) (string, []byte) {
			if n == "manifest-sha512.txt" {
				b = append(b, "abc data/x\n"...)
			}
			return n, b
		}, "no checksum and path"},
	} {
		x := umpacken(t, b, c.change)
		err := bagit.Check(t.Context(), bytes.NewReader(x), int64(len(x)))
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.ErrorContains(t, err, c.want, name)
	}
	require.ErrorIs(t, bagit.Check(t.Context(), strings.NewReader("kein ZIP"), 8), fehler.ErrInvalid)
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	write := func(io.Writer, *dms.Paket) error { return nil }
	for _, b := range [][]bagit.Beigabe{{{Name: "x"}}, {{Name: "", Write: write}}, {{Name: "a/b", Write: write}}, {{Name: "Paket.json", Write: write}}, {{Name: "a", Write: write}, {Name: "A", Write: write}}} {
		_, err := bagit.New(&bagit.Options{Beigaben: b})
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	k := kodierer(t)
	require.False(t, k.IsAntwort("x.zip"))
	_, err := k.DecodeAntwort(t.Context(), "x", nil, 0)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = k.ContainerName(&dms.Paket{})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

func FuzzCheck(f *testing.F) {
	f.Add(bag(f, dmstest.Minimal("bag")))
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = bagit.Check(t.Context(), bytes.NewReader(b), int64(len(b)))
	})
}
