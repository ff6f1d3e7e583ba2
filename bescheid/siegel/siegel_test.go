package siegel_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/bescheid/siegel"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var tag = time.Date(2026, 3, 12, 10, 0, 0, 0, time.UTC)

func zertifikat(t testing.TB, key crypto.Signer) *x509.Certificate {
	t.Helper()
	c, err := ausgestellt(key)
	require.NoError(t, err)
	return c
}

func erzeuge() (crypto.Signer, *x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	cert, err := ausgestellt(key)
	return key, cert, err
}

// ausgestellt is a certificate that vouches for itself.
func ausgestellt(key crypto.Signer) (*x509.Certificate, error) {
	tpl := &x509.Certificate{SerialNumber: big.NewInt(4711), Subject: pkix.Name{CommonName: "Siegel der Stadt Kiel", Organization: []string{"Stadt Kiel"}},
		NotBefore: tag.AddDate(-1, 0, 0), NotAfter: tag.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageCertSign,
		BasicConstraintsValid: true, IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func brief(t testing.TB, feld *pdf.Siegelfeld) ([]byte, pdf.Bericht) {
	t.Helper()
	r, err := pdf.New(nil)
	require.NoError(t, err)
	var b bytes.Buffer
	bericht, err := r.Write(&b, pdf.Dokument{Titel: "Bescheid", Erstellt: tag, Siegelfeld: feld, Inhalt: []pdf.Block{pdf.Ueberschrift{Ebene: 1, Text: "Bescheid"}, pdf.Absatz{Text: "Ihr Antrag wird genehmigt."}}})
	require.NoError(t, err)
	return b.Bytes(), bericht
}

func keys(t testing.TB) map[string]crypto.Signer {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return map[string]crypto.Signer{"rsa": r, "ecdsa": e}
}

// The seal is good for two programs that are not ours, and the file keeps its rules.
func TestPut(t *testing.T) {
	for name, key := range keys(t) {
		t.Run(name, func(t *testing.T) {
			cert := zertifikat(t, key)
			s, err := siegel.New(key, cert)
			require.NoError(t, err)
			file, bericht := brief(t, &pdf.Siegelfeld{Grund: "Behördensiegel", Ort: "Kiel"})
			var out bytes.Buffer
			require.NoError(t, siegel.Put(t.Context(), &out, file, bericht, s))
			sealed := out.Bytes()
			require.Len(t, sealed, len(file))
			require.Empty(t, pdfcheck.Check(sealed))
			require.ErrorIs(t, siegel.Put(t.Context(), io.Discard, sealed, bericht, s), fehler.ErrInvalid, "sealed twice")

			dir := t.TempDir()
			path := func(n string, b []byte) string {
				p := filepath.Join(dir, n)
				require.NoError(t, os.WriteFile(p, b, 0o600))
				return p
			}
			run := func(name, paket string, args ...string) (string, error) {
				b, err := exec.Command(testenv.Tool(t, name, paket), args...).CombinedOutput()
				return string(b), err
			}
			pdfsig, err := run("pdfsig", "poppler-utils", "-nocert", path("b.pdf", sealed))
			require.NoError(t, err, pdfsig)
			require.Contains(t, pdfsig, "Signature is Valid")
			require.Contains(t, pdfsig, "Total document signed")
			require.Contains(t, pdfsig, "ETSI.CAdES.detached")

			o := bericht.Siegel
			covered := append(bytes.Clone(sealed[:o.Von]), sealed[o.Bis:]...)
			cms := cmsOf(t, sealed[o.Von+1:o.Bis-1])
			ca := path("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
			verify := func(content []byte) (string, error) {
				return run("openssl", "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", path("s.der", cms), "-content", path("c", content),
					"-CAfile", ca, "-purpose", "any", "-attime", "1773309600", "-out", filepath.Join(dir, "o"))
			}
			text, err := verify(covered)
			require.NoError(t, err, text)
			covered[len(covered)/2] ^= 1 // any bit
			_, err = verify(covered)
			require.Error(t, err)
			printed, err := run("openssl", "openssl", "cms", "-cmsout", "-print", "-inform", "DER", "-in", path("s.der", cms))
			require.NoError(t, err)
			require.NotContains(t, printed, "signingTime", "PAdES forbids it")
			require.Contains(t, printed, "signingCertificateV2")

			changed := bytes.Replace(sealed, []byte("(Bescheid)"), []byte("(Bescheit)"), 1)
			pdfsig, err = run("pdfsig", "poppler-utils", "-nocert", path("x.pdf", changed))
			require.NoError(t, err, pdfsig)
			require.NotContains(t, pdfsig, "Signature is Valid")
		})
	}
}

// cmsOf takes the DER out of the room, without the zeros that fill it.
func cmsOf(t *testing.T, hexText []byte) []byte {
	t.Helper()
	b := make([]byte, len(hexText)/2)
	for i := range b {
		v := func(c byte) byte {
			if c >= 'a' {
				return c - 'a' + 10
			}
			return c - '0'
		}
		b[i] = v(hexText[2*i])<<4 | v(hexText[2*i+1])
	}
	n := int(b[2])<<8 | int(b[3]) // a SEQUENCE with a length of two bytes
	require.Equal(t, []byte{0x30, 0x82}, b[:2])
	return b[:4+n]
}

type dienst struct {
	b   []byte
	err error
}

func (d dienst) Sign(context.Context, io.Reader) ([]byte, error) { return d.b, d.err }

func TestPutRefuses(t *testing.T) {
	file, bericht := brief(t, nil)
	require.ErrorIs(t, siegel.Put(t.Context(), io.Discard, file, bericht, dienst{b: []byte{1}}), fehler.ErrInvalid, "no room")
	file, bericht = brief(t, &pdf.Siegelfeld{Bytes: 10})
	require.ErrorIs(t, siegel.Put(t.Context(), io.Discard, file, bericht, dienst{b: make([]byte, 11)}), fehler.ErrInvalid, "too large")
	require.ErrorIs(t, siegel.Put(t.Context(), io.Discard, file, bericht, dienst{}), fehler.ErrInvalid, "nothing")
	weg := errors.New("away")
	require.ErrorIs(t, siegel.Put(t.Context(), io.Discard, file, bericht, dienst{err: weg}), weg)
	require.ErrorIs(t, siegel.Put(t.Context(), io.Discard, file[:100], bericht, dienst{b: []byte{1}}), fehler.ErrInvalid, "another file")
}

func TestNewRefuses(t *testing.T) {
	k := keys(t)
	cert := zertifikat(t, k["rsa"])
	_, err := siegel.New(k["ecdsa"], cert)
	require.ErrorIs(t, err, fehler.ErrInvalid, "another key")
	_, err = siegel.New(k["rsa"])
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = siegel.New(nil, cert)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	small, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	require.NoError(t, err)
	_, err = siegel.New(small, zertifikat(t, small))
	require.ErrorIs(t, err, fehler.ErrInvalid, "a weak key")
}
