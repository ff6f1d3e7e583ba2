package xdomea_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestRefusesWhatXMLCannotSay(t *testing.T) {
	for name, s := range map[string]string{
		"control": "a\x0bb", "nul": "\x00", "invalid UTF-8": "a\xffb", "surrogate": "\xed\xa0\x80", "not a character": "\uFFFE",
	} {
		t.Run(name, func(t *testing.T) {
			p := dmstest.Reich("x")
			p.Vorgang.Dokumente[0].Betreff = s
			err := v310().WriteAbgabe(io.Discard, p)
			require.ErrorIs(t, err, fehler.ErrInvalid)
			pr := fehler.ProblemeIn(err)
			require.Equal(t, "xdomea.zeichen", pr[0].Code)
			require.Equal(t, "/Abgabe.Abgabe.0401/Schriftgutobjekt/Akte/Akteninhalt/Vorgang/Dokument/AllgemeineMetadaten/Betreff", pr[0].Pfad)
			require.NotContains(t, err.Error(), s, "the text itself is not told")
			require.ErrorIs(t, v310().Encode(t.Context(), io.Discard, p), fehler.ErrInvalid)
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		change func(*dms.Paket)
		cause  error
	}{
		"invalid":  {func(p *dms.Paket) { p.ProzessID = "x" }, fehler.ErrInvalid},
		"bad code": {func(p *dms.Paket) { p.Vorgang.Dokumente[0].Versionen[0].Formate[0].Code = "pdf" }, fehler.ErrInvalid},
		"wrong hash": {func(p *dms.Paket) {
			p.Vorgang.Dokumente[0].Versionen[0].Formate[0].Datei.SHA512 = strings.Repeat("0", 128)
		}, fehler.ErrInvalid},
		"source gone": {func(p *dms.Paket) {
			p.Vorgang.Dokumente[0].Versionen[0].Formate[0].Datei.Open = func(context.Context) (io.ReadCloser, error) { return nil, boom }
		}, boom},
	} {
		t.Run(name, func(t *testing.T) {
			p := dmstest.Reich("x")
			c.change(p)
			require.ErrorIs(t, v310().Encode(t.Context(), io.Discard, p), c.cause)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, context.Canceled, v310().Encode(ctx, io.Discard, dmstest.Reich("x")))
	require.ErrorIs(t, v310().Encode(t.Context(), broken{boom}, dmstest.Reich("x")), boom)
	_, err := v310().ContainerName(&dms.Paket{ProzessID: "../x"})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestReplaceInvalid(t *testing.T) {
	k := xdomea.New(xdomea.V310(), &xdomea.Options{ReplaceInvalid: true})
	p := dmstest.Reich("x")
	p.Vorgang.Betreff = "a\x0bb\xffc\r\n"
	text := message(t, k, p)
	require.NoError(t, lint(t, "3.1.0", text))
	g, err := k.ReadAbgabe(t.Context(), bytes.NewReader(text))
	require.NoError(t, err)
	require.Equal(t, "a\uFFFDb\uFFFDc\r\n", g.Paket.Vorgang.Betreff)
}

// An empty optional container never appears: receivers refuse some of them.
func TestNoEmptyElements(t *testing.T) {
	p := dmstest.Reich("x")
	p.Akte.Metadaten, p.Akte.Aufbewahrung = dms.Metadaten{}, dms.Aufbewahrung{}
	text := message(t, v310(), p)
	for _, e := range []string{"AllgemeineMetadaten", "Laufzeit", "Aktenplaneinheit", "Name", "Institution"} {
		require.False(t, bytes.Contains(text, []byte("<xdomea:"+e+"></xdomea:"+e+">")), e)
	}
	require.Equal(t, "3.1.0", v310().Version())
	require.Equal(t, "3.0.0", xdomea.New(xdomea.V300(), nil).Version())
}
