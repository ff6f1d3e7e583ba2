package siegel_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/bescheid/siegel"
	"github.com/ozg-fachwerk/fachwerk/bescheid/siegel/rfc3161"
	"github.com/ozg-fachwerk/fachwerk/bescheid/siegel/rfc3161/rfc3161test"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func tsa(t testing.TB) *rfc3161test.Dienst {
	d, err := rfc3161test.Start(nil)
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

func stempler(t testing.TB, d *rfc3161test.Dienst) *rfc3161.Client {
	c, err := rfc3161.New(rfc3161.Params{URL: d.URL, Roots: d.Roots, Richtlinie: rfc3161test.Richtlinie}, &rfc3161.Options{Timeout: time.Second})
	require.NoError(t, err)
	return c
}

type labor struct {
	*testing.T
	dir string
}

func (l labor) file(n string, b []byte) string {
	p := filepath.Join(l.dir, n)
	require.NoError(l, os.WriteFile(p, b, 0o600))
	return p
}

func (l labor) run(name, paket string, args ...string) (string, error) {
	b, err := exec.Command(testenv.Tool(l.T, name, paket), args...).CombinedOutput()
	return string(b), err
}

// teile gives the value of the signature and the token of a CMS with one.
func teile(t *testing.T, cms []byte) (signature, token []byte) {
	t.Helper()
	var ci struct {
		Type    asn1.ObjectIdentifier
		Content struct {
			Version          int
			Digests, Content asn1.RawValue
			Certs            asn1.RawValue
			Signers          []struct {
				Version       int
				ID, Digest    asn1.RawValue
				Attrs         asn1.RawValue `asn1:"tag:0"`
				Algorithm     asn1.RawValue
				Signature     []byte
				UnsignedAttrs asn1.RawValue `asn1:"tag:1"`
			} `asn1:"set"`
		} `asn1:"explicit,tag:0"`
	}
	rest, err := asn1.Unmarshal(cms, &ci)
	require.NoError(t, err)
	require.Empty(t, rest)
	var attr struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	}
	_, err = asn1.Unmarshal(ci.Content.Signers[0].UnsignedAttrs.Bytes, &attr)
	require.NoError(t, err)
	require.Equal(t, "1.2.840.113549.1.9.16.2.14", attr.Type.String())
	return ci.Content.Signers[0].Signature, attr.Values[0].FullBytes
}

// The seal with its time is good for three programs that are not ours, and the file keeps
// its length and every byte outside the room.
func TestPutWithTime(t *testing.T) {
	for name, key := range keys(t) {
		t.Run(name, func(t *testing.T) {
			l := labor{t, t.TempDir()}
			cert, d := zertifikat(t, key), tsa(t)
			s, err := siegel.New(key, cert)
			require.NoError(t, err)
			file, bericht := brief(t, &pdf.Siegelfeld{Grund: "Behördensiegel"})
			var out bytes.Buffer
			require.NoError(t, siegel.Put(t.Context(), &out, file, bericht, siegel.MitZeit(s, stempler(t, d))))
			sealed, o := out.Bytes(), bericht.Siegel
			require.Len(t, sealed, len(file))
			require.Equal(t, file[o.Bis:], sealed[o.Bis:])
			require.Empty(t, pdfcheck.Check(sealed))

			raw, err := hex.DecodeString(string(sealed[o.Von+1 : o.Bis-1]))
			require.NoError(t, err)
			var cms asn1.RawValue
			_, err = asn1.Unmarshal(raw, &cms)
			require.NoError(t, err)
			signature, token := teile(t, cms.FullBytes)
			sum := sha256.Sum256(signature)
			wurzel := l.file("tsa.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.Wurzel.Raw}))
			ts := func(digest []byte) (string, error) {
				return l.run("openssl", "openssl", "ts", "-verify", "-digest", hex.EncodeToString(digest), "-in", l.file("t.tst", token), "-token_in", "-CAfile", wurzel)
			}
			text, err := ts(sum[:])
			require.NoError(t, err, text)
			sum[0] ^= 1
			_, err = ts(sum[:])
			require.Error(t, err, "another signature")

			covered := append(bytes.Clone(sealed[:o.Von]), sealed[o.Bis:]...)
			ca := l.file("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
			text, err = l.run("openssl", "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", l.file("s.der", cms.FullBytes), "-content", l.file("c", covered),
				"-CAfile", ca, "-purpose", "any", "-attime", "1773309600", "-out", filepath.Join(l.dir, "o"))
			require.NoError(t, err, text)
			text, err = l.run("pdfsig", "poppler-utils", "-nocert", l.file("b.pdf", sealed))
			require.NoError(t, err, text)
			require.Contains(t, text, "Signature is Valid")
			require.Contains(t, text, "Total document signed")
		})
	}
}

// Whatever the service does wrong, there is no seal, and the error says whether to try again.
func TestBadTimestamps(t *testing.T) {
	key, cert, err := erzeuge()
	require.NoError(t, err)
	s, err := siegel.New(key, cert)
	require.NoError(t, err)
	d := tsa(t)
	c, err := rfc3161.New(rfc3161.Params{URL: d.URL, Roots: d.Roots, Richtlinie: rfc3161test.Richtlinie}, &rfc3161.Options{Timeout: 500 * time.Millisecond})
	require.NoError(t, err)
	file, bericht := brief(t, &pdf.Siegelfeld{})
	put := func(w io.Writer) error { return siegel.Put(t.Context(), w, file, bericht, siegel.MitZeit(s, c)) }
	require.NoError(t, put(io.Discard))
	for stoerung, kind := range map[rfc3161test.Stoerung]error{
		rfc3161test.FalscheNonce: fehler.ErrInvalid, rfc3161test.OhneNonce: fehler.ErrInvalid, rfc3161test.FalscherAbdruck: fehler.ErrInvalid,
		rfc3161test.FalscheSignatur: fehler.ErrInvalid, rfc3161test.FalscherInhalt: fehler.ErrInvalid, rfc3161test.FalscheZeit: fehler.ErrInvalid,
		rfc3161test.FremdeRichtlinie: fehler.ErrInvalid, rfc3161test.FremdeWurzel: fehler.ErrInvalid, rfc3161test.OhneZweck: fehler.ErrInvalid,
		rfc3161test.OhneZertifikat: fehler.ErrInvalid, rfc3161test.FremdesZert: fehler.ErrInvalid, rfc3161test.Verweigert: fehler.ErrInvalid,
		rfc3161test.OhneZeitquelle: fehler.ErrUnavailable, rfc3161test.Muell: fehler.ErrUnavailable, rfc3161test.MuellMitTyp: fehler.ErrUnavailable,
		rfc3161test.ZuGross: fehler.ErrUnavailable, rfc3161test.Bricht: fehler.ErrUnavailable, rfc3161test.Langsam: fehler.ErrUnavailable,
		rfc3161test.Kaputt: fehler.ErrUnavailable, rfc3161test.Umleitung: fehler.ErrUnavailable,
	} {
		d.Stoere(stoerung)
		var out bytes.Buffer
		err := put(&out)
		require.ErrorIs(t, err, kind, stoerung)
		require.Zero(t, out.Len(), "nothing is written")
		require.NotContains(t, err.Error(), d.URL)
		t.Log(stoerung, "->", err)
	}
	d.Stoere("")
	require.NoError(t, put(io.Discard), "the service is well again")
	abbruch, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Stamp(abbruch, sha256.Sum256(nil))
	require.ErrorIs(t, err, context.Canceled)
}

// A service that is not ours: openssl answers, and its stamp holds.
func TestStampOfOpenSSL(t *testing.T) {
	l := labor{t, t.TempDir()}
	openssl := testenv.Tool(t, "openssl", "openssl")
	cnf := l.file("tsa.cnf", []byte(`[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:true
[ts]
extendedKeyUsage=critical,timeStamping
[tsa]
default_tsa=t
[t]
serial=`+filepath.Join(l.dir, "serial")+`
crypto_device=builtin
signer_digest=sha256
default_policy=1.3.6.1.4.1.99999.1
digests=sha256
ess_cert_id_chain=yes
ess_cert_id_alg=sha256
accuracy=secs:1,millisecs:500
ordering=yes
tsa_name=yes
`))
	p := func(n string) string { return filepath.Join(l.dir, n) }
	for _, a := range [][]string{
		{"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", p("ca.key"), "-out", p("ca.pem"), "-subj", "/CN=Root", "-days", "30", "-config", cnf, "-extensions", "ca"},
		{"req", "-newkey", "rsa:2048", "-nodes", "-keyout", p("t.key"), "-out", p("t.csr"), "-subj", "/CN=TSA", "-config", cnf},
		{"x509", "-req", "-in", p("t.csr"), "-CA", p("ca.pem"), "-CAkey", p("ca.key"), "-set_serial", "2", "-days", "30", "-out", p("t.pem"), "-extfile", cnf, "-extensions", "ts"},
	} {
		text, err := l.run("openssl", "openssl", a...)
		require.NoError(t, err, text)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		if os.WriteFile(p("q.tsq"), b, 0o600) != nil {
			return
		}
		if exec.Command(openssl, "ts", "-reply", "-config", cnf, "-section", "t", "-queryfile", p("q.tsq"), "-signer", p("t.pem"), "-inkey", p("t.key"), "-out", p("r.tsr")).Run() != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		out, _ := os.ReadFile(p("r.tsr"))
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(out)
	}))
	defer srv.Close()
	ca, err := os.ReadFile(p("ca.pem"))
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))
	c, err := rfc3161.New(rfc3161.Params{URL: srv.URL, Roots: roots}, nil)
	require.NoError(t, err)
	token, err := c.Stamp(t.Context(), sha256.Sum256([]byte("x")))
	require.NoError(t, err)
	require.NotEmpty(t, token)
	// Negative control: another root trusts nothing of it.
	c, err = rfc3161.New(rfc3161.Params{URL: srv.URL, Roots: x509.NewCertPool()}, nil)
	require.NoError(t, err)
	_, err = c.Stamp(t.Context(), sha256.Sum256([]byte("x")))
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

type zeitAus []byte

func (z zeitAus) Stamp(context.Context, [32]byte) ([]byte, error) { return z, nil }

func TestTimeRefuses(t *testing.T) {
	key, cert, err := erzeuge()
	require.NoError(t, err)
	s, err := siegel.New(key, cert)
	require.NoError(t, err)
	_, err = siegel.MitZeit(dienst{b: []byte("no CMS")}, stempler(t, tsa(t))).Sign(t.Context(), bytes.NewReader(nil))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	z := siegel.MitZeit(s, stempler(t, tsa(t)))
	_, err = z.Sign(t.Context(), bytes.NewReader(nil))
	require.NoError(t, err)
	_, err = siegel.MitZeit(z, stempler(t, tsa(t))).Sign(t.Context(), bytes.NewReader(nil))
	require.ErrorIs(t, err, fehler.ErrInvalid, "a time stamp twice")
	file, bericht := brief(t, &pdf.Siegelfeld{Bytes: 2000})
	err = siegel.Put(t.Context(), io.Discard, file, bericht, siegel.MitZeit(s, zeitAus(make([]byte, 4000))))
	require.ErrorContains(t, err, "Siegelfeld.Bytes")
	for _, p := range []rfc3161.Params{{}, {URL: "ftp://x", Roots: x509.NewCertPool()}, {URL: "https://x"}} {
		_, err := rfc3161.New(p, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}
