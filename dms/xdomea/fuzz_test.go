package xdomea_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func small() *xdomea.Kodierer {
	return xdomea.New(xdomea.V310(), &xdomea.Options{Grenzen: xdomea.Grenzen{MaxXML: 1 << 20, MaxToken: 50_000, MaxEintraege: 100, MaxDatei: 1 << 20, MaxGesamt: 4 << 20}})
}

// classified: whatever comes in, an error says what kind it is.
func classified(t *testing.T, err error) {
	if !errors.Is(err, fehler.ErrInvalid) && !errors.Is(err, fehler.ErrUnsupported) {
		t.Fatalf("error without kind: %v", err)
	}
}

// What was read can be written, as far as it passes Check, and reads the same again.
func FuzzReadAbgabe(f *testing.F) {
	for _, p := range []string{"a", "b"} {
		var b bytes.Buffer
		require.NoError(f, small().WriteAbgabe(&b, dmstest.Reich(p)))
		f.Add(b.Bytes())
	}
	var b bytes.Buffer
	require.NoError(f, small().WriteAbgabe(&b, dmstest.Minimal("m")))
	f.Add(b.Bytes())
	f.Add([]byte("<a/>"))
	f.Fuzz(func(t *testing.T, in []byte) {
		k := small()
		g, err := k.ReadAbgabe(context.Background(), bytes.NewReader(in))
		if err != nil {
			classified(t, err)
			return
		}
		for d := range g.Paket.Dateien() { // the message has neither content nor hash
			*d = dmstest.NewDatei(d.ID, d.Name, d.MIME, nil)
		}
		var b bytes.Buffer
		if err := k.WriteAbgabe(&b, &g.Paket); err != nil {
			classified(t, err)
			return
		}
		again, err := k.ReadAbgabe(context.Background(), &b)
		require.NoError(t, err)
		require.Equal(t, plain(t, &g.Paket, false), plain(t, &again.Paket, false))
	})
}

// Any message of any version: what was read can be written, as far as it passes Check,
// and reads the same again.
func FuzzRead(f *testing.F) {
	for version := range versionen {
		k := kodierer(version)
		for _, v := range inhalte(func() *dms.Paket { return dmstest.Reich("f") }) {
			var b bytes.Buffer
			if k.Write(&b, v) == nil {
				f.Add(b.Bytes())
			}
		}
		for _, bs := range antworten() {
			for _, a := range bs {
				var b bytes.Buffer
				if k.WriteAntwort(&b, a) == nil {
					f.Add(b.Bytes())
				}
			}
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		k := small()
		n, err := k.Read(context.Background(), bytes.NewReader(in))
		if err != nil {
			classified(t, err)
			return
		}
		v := inhaltOf(n, true)
		if v == nil {
			require.NotNil(t, n.Bestaetigung)
			require.NotEmpty(t, n.Bestaetigung.Antwort.Art)
			return
		}
		var b bytes.Buffer
		if err := k.Write(&b, v); err != nil {
			classified(t, err)
			return
		}
		again, err := k.Read(context.Background(), &b)
		require.NoError(t, err)
		w := inhaltOf(again, true)
		ohneDateien := n.Anbietung != nil
		require.Equal(t, asJSON(t, v, "3.1.0", ohneDateien), asJSON(t, w, "3.1.0", ohneDateien))
	})
}

func FuzzUnpack(f *testing.F) {
	for _, v := range inhalte(func() *dms.Paket { return dmstest.Gross("a", 1) }) {
		var b bytes.Buffer
		require.NoError(f, small().Pack(context.Background(), &b, v))
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := small().Unpack(context.Background(), bytes.NewReader(in), int64(len(in)))
		if err == nil {
			err = s.Hash(context.Background())
		}
		if err != nil {
			classified(t, err)
		}
	})
}

func FuzzDecodeAntwort(f *testing.F) {
	for _, b := range bestaetigungen() {
		var x, z bytes.Buffer
		require.NoError(f, small().WriteAntwort(&x, b))
		require.NoError(f, small().WriteAntwortContainer(&z, b))
		f.Add(x.Bytes())
		f.Add(z.Bytes())
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := small().DecodeAntwort(context.Background(), "x", bytes.NewReader(in), int64(len(in)))
		if err != nil {
			classified(t, err)
			return
		}
		require.NotEmpty(t, a.ProzessID)
		require.NotEmpty(t, a.Art)
	})
}

func FuzzReadContainer(f *testing.F) {
	var b bytes.Buffer
	require.NoError(f, small().Encode(context.Background(), &b, dmstest.Gross("a", 1)))
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := small().ReadContainer(context.Background(), bytes.NewReader(in), int64(len(in)))
		if err == nil {
			err = c.Hash(context.Background())
		}
		if err != nil {
			classified(t, err)
		}
	})
}

func FuzzParseDateiname(f *testing.F) {
	f.Add(dmstest.ID("a") + "_Abgabe.Abgabe.0401.zip")
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := xdomea.ParseDateiname(s); ok {
			require.Len(t, n.ProzessID, 36)
			require.Len(t, n.Nummer, 4)
		}
	})
}
