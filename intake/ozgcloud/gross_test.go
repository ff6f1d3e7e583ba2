package ozgcloud_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// strom is text of any length that lies nowhere.
type strom struct{ rest int64 }

func (s *strom) Read(b []byte) (int, error) {
	if s.rest == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), s.rest))
	for i := range n {
		b[i] = 'a' + byte(i%23)
	}
	s.rest -= int64(n)
	return n, nil
}

// A large attachment passes through sender, receiver and storage in little memory.
func TestLargeAttachment(t *testing.T) {
	size := int64(200 << 20)
	if testing.Short() {
		size = 20 << 20
	}
	const maxHeap = 64 << 20
	dir, err := blob.OpenDir(t.TempDir(), nil)
	require.NoError(t, err)
	s := newStelle(t, aufbau{blobs: dir, limits: intake.Limits{Datei: 256 << 20}, o: ozgcloud.Options{Limits: ozgcloud.Limits{Datei: 256 << 20}}})
	x := antrag("t-1")
	x.Attachments = append(x.Attachments, intake.Teil{ID: uuid.New(), Name: "Plan.txt", MIME: "text/plain", Zweck: vorgang.ZweckAnlage,
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(&strom{rest: size}), nil }})
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak.Store(max(peak.Load(), m.HeapAlloc))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	_, err = s.client(nil).Send(t.Context(), x)
	close(done)
	<-stopped
	require.NoError(t, err)
	delta := int64(peak.Load()) - int64(before.HeapAlloc)
	t.Logf("%d MB attachment, %.1f MB of heap at most", size>>20, float64(delta)/(1<<20))
	require.Less(t, delta, int64(maxHeap))
	require.Equal(t, size, s.vorgaenge(hanau)[0].Dateien[4].Groesse)
}

// A body that trickles ends in time.
func TestSlow(t *testing.T) {
	s := newStelle(t, aufbau{o: ozgcloud.Options{Zeit: 100 * time.Millisecond}})
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.srv.Listener.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "POST /antrag HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\n")
	require.NoError(t, err)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Second)))
	b := make([]byte, 12)
	_, err = io.ReadFull(c, b)
	require.NoError(t, err)
	require.Equal(t, "HTTP/1.1 408", string(b))
}

// More than the allowed number at the same time are told to come again.
func TestBusy(t *testing.T) {
	s := newStelle(t, aufbau{o: ozgcloud.Options{Limits: ozgcloud.Limits{Gleichzeitig: 1}}})
	began, free := make(chan struct{}), make(chan struct{})
	x := antrag("t-1")
	x.Attachments = []intake.Teil{{Name: "a.txt", Open: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(&strom{rest: 1 << 20}, &waiter{began: began, free: free})), nil
	}}}
	done := make(chan error, 1)
	go func() {
		_, err := s.client(nil).Send(context.WithoutCancel(t.Context()), x)
		done <- err
	}()
	<-began
	res, b := s.post(newRumpf().form(form), nil)
	close(free)
	require.NoError(t, <-done)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Contains(t, string(b), "ozgcloud.ausgelastet")
	_, err := s.client(nil).Send(t.Context(), antrag("t-2"))
	require.NoError(t, err)
}

// waiter gives nothing until it is free.
type waiter struct{ began, free chan struct{} }

func (w *waiter) Read([]byte) (int, error) { close(w.began); <-w.free; return 0, io.EOF }

func certificate(t *testing.T, name string, ca *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: ca == nil, BasicConstraintsValid: true, DNSNames: []string{name + ".example"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	parent, signer := c, any(key)
	if ca != nil {
		parent, signer = ca.Leaf, ca.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	require.NoError(t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func TestCertificate(t *testing.T) {
	s := newStelle(t, aufbau{p: func(p *ozgcloud.Params) {
		p.Zugaenge = []ozgcloud.Zugang{{Name: "a", Zertifikate: []string{"subject:CN=gut"}}, {Name: "b", Zertifikate: []string{"dns:zweiter.example"}}}
	}})
	ca, stranger := certificate(t, "ca", nil), certificate(t, "ca", nil)
	pool := x509.NewCertPool()
	pool.AddCert(ca.Leaf)
	srv := httptest.NewUnstartedServer(s.handler)
	srv.TLS = &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool}
	srv.StartTLS()
	defer srv.Close()
	send := func(cert *tls.Certificate) error {
		h := srv.Client()
		tr, ok := h.Transport.(*http.Transport)
		require.True(t, ok)
		tr = tr.Clone()
		if cert != nil {
			tr.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
		}
		defer tr.CloseIdleConnections()
		c, err := ozgcloud.NewClient(srv.URL, &ozgcloud.ClientOptions{HTTP: &http.Client{Transport: tr}, Versuche: 1})
		require.NoError(t, err)
		_, err = c.Send(t.Context(), antrag("t-1"))
		return err
	}
	gut, zweiter, fremd := certificate(t, "gut", &ca), certificate(t, "zweiter", &ca), certificate(t, "fremd", &ca)
	falsch := certificate(t, "gut", &stranger) // right name, other issuer
	require.NoError(t, send(&gut))
	require.NoError(t, send(&zweiter))
	require.ErrorIs(t, send(&fremd), fehler.ErrForbidden)
	require.ErrorIs(t, send(nil), fehler.ErrForbidden)
	require.Error(t, send(&falsch))
	require.Len(t, s.vorgaenge(hanau), 2)
}

func TestNew(t *testing.T) {
	s := newStelle(t, aufbau{})
	good := ozgcloud.Params{Annahme: s.annahme, Blobs: s.blobs, Betreiber: betreiber, Zuordnung: tabelle}
	_, err := ozgcloud.New(good, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid, "no Zugaenge")
	_, err = ozgcloud.New(ozgcloud.Params{}, &ozgcloud.Options{OhneAnmeldung: true})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	for _, z := range []ozgcloud.Zugang{{Name: "A", Token: []string{"x"}}, {Name: "a"}, {Name: "a", Token: []string{token}}, {Name: "a", Zertifikate: []string{"CN=x"}}} {
		p := good
		p.Zugaenge = []ozgcloud.Zugang{z}
		_, err = ozgcloud.New(p, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	_, err = ozgcloud.HashToken("kurz")
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = ozgcloud.New(good, &ozgcloud.Options{OhneAnmeldung: true})
	require.NoError(t, err)
}

// A refusal in the middle of a large body reaches the Client, which does not repeat it.
func TestRefusedEarly(t *testing.T) {
	s := newStelle(t, aufbau{o: ozgcloud.Options{Limits: ozgcloud.Limits{Datei: 1 << 20}}})
	for _, c := range []struct {
		token string
		want  error
	}{{token, fehler.ErrInvalid}, {"falsch-0123456789abcdef0123456789abcdef", fehler.ErrForbidden}} {
		x, opened := antrag("t-1"), 0
		x.Attachments = []intake.Teil{{Name: "a.txt", Open: func(context.Context) (io.ReadCloser, error) {
			opened++
			return io.NopCloser(&strom{rest: 30 << 20}), nil
		}}}
		_, err := s.client(&ozgcloud.ClientOptions{Token: c.token}).Send(t.Context(), x)
		require.ErrorIs(t, err, c.want)
		require.LessOrEqual(t, opened, 1)
	}
}
