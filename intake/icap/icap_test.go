package icap_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/icap"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var _ intake.Scanner = (*icap.Client)(nil)

// dienst is a double that speaks the protocol over a socket and misbehaves on request.
type dienst struct {
	url      string
	optionen string // fields of the answer to OPTIONS
	// nachVorschau answers a preview that is not the whole file; "" continues.
	nachVorschau string
	// antwort writes the answer to a whole body; the connection ends when it is false.
	antwort func(c net.Conn, body []byte) bool
	// vorher answers before the body is read; nil not.
	vorher func(c net.Conn) bool

	verbindungen atomic.Int32
	mu           sync.Mutex
	koepfe       []string
	bodies       [][]byte
}

const sauber = "ICAP/1.0 204 No Modifications\r\nISTag: \"x\"\r\n\r\n"

func sagt(s string) func(net.Conn, []byte) bool {
	return func(c net.Conn, _ []byte) bool { _, err := io.WriteString(c, s); return err == nil }
}

func start(t *testing.T, d *dienst) *dienst {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	d.url = "icap://" + l.Addr().String() + "/scan"
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			d.verbindungen.Add(1)
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for d.eine(c, r) {
				}
			}()
		}
	}()
	return d
}

func head(r *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		s, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		if b.WriteString(s); s == "\r\n" {
			return b.String(), nil
		}
	}
}

// chunked reads a body in chunks; ieof tells whether its end said so.
func chunked(r *bufio.Reader) (body []byte, ieof bool, err error) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, false, err
		}
		var n int
		if _, err := fmt.Sscanf(line, "%x", &n); err != nil {
			return nil, false, err
		}
		b := make([]byte, n+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, false, err
		}
		if n == 0 {
			return body, strings.Contains(line, "ieof"), nil
		}
		body = append(body, b[:n]...)
	}
}

func (d *dienst) eine(c net.Conn, r *bufio.Reader) bool {
	kopf, err := head(r)
	if err != nil {
		return false
	}
	d.mu.Lock()
	d.koepfe = append(d.koepfe, kopf)
	d.mu.Unlock()
	if strings.HasPrefix(kopf, "OPTIONS ") {
		_, err := io.WriteString(c, "ICAP/1.0 200 OK\r\n"+d.optionen+"Encapsulated: null-body=0\r\n\r\n")
		return err == nil && !strings.Contains(d.optionen, "Connection: close")
	}
	for range strings.Count(kopf, "-hdr=") {
		if _, err := head(r); err != nil {
			return false
		}
	}
	if d.vorher != nil && !d.vorher(c) {
		return false
	}
	body, ieof, err := chunked(r)
	if err != nil {
		return false
	}
	if strings.Contains(kopf, "\r\nPreview: ") && !ieof {
		if d.nachVorschau != "" {
			_, err := io.WriteString(c, d.nachVorschau)
			return err == nil
		}
		io.WriteString(c, "ICAP/1.0 100 Continue\r\n\r\n")
		rest, _, err := chunked(r)
		if err != nil {
			return false
		}
		body = append(body, rest...)
	}
	d.mu.Lock()
	d.bodies = append(d.bodies, body)
	d.mu.Unlock()
	return d.antwort(c, body)
}

func newClient(t *testing.T, d *dienst, o *icap.Options) *icap.Client {
	t.Helper()
	c, err := icap.New(d.url, o)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// echo sends the file back, as a scanner does that knows no 204.
func echo(k net.Conn, b []byte) bool {
	h := "HTTP/1.1 200 OK\r\nContent-Type: x/y\r\n\r\n"
	fmt.Fprintf(k, "ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=%d\r\n\r\n%s", len(h), h)
	w := httputil.NewChunkedWriter(k)
	w.Write(b)
	w.Close()
	io.WriteString(k, "\r\n")
	return true
}

func TestScanSendsTheFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		optionen string
		request  bool
		antwort  func(net.Conn, []byte) bool
	}{
		"preview and 204": {"Methods: RESPMOD, REQMOD\r\nAllow: 204\r\nPreview: 1024\r\nOptions-TTL: 60\r\n", false, sagt(sauber)},
		"preview of 0":    {"Methods: RESPMOD\r\nAllow: 204\r\nPreview: 0\r\n", false, sagt(sauber)},
		"no preview":      {"Methods: RESPMOD\r\nAllow: 204\r\n", false, sagt(sauber)},
		"no 204":          {"", false, echo},
		"REQMOD":          {"Methods: REQMOD\r\nAllow: 204\r\nPreview: 4\r\n", true, sagt(sauber)},
	} {
		d := start(t, &dienst{optionen: c.optionen, antwort: c.antwort})
		s := newClient(t, d, &icap.Options{Request: c.request})
		require.NoError(t, s.Ping(t.Context()))
		sizes := []int{0, 1, 4, 5, 1023, 1024, 1025, 32 << 10, 32<<10 + 1, 300_000}
		for _, n := range sizes {
			want := bytes.Repeat([]byte("abc"), n)[:n]
			fund, err := s.Scan(t.Context(), iotest.HalfReader(bytes.NewReader(want)))
			require.NoError(t, err, "%s, %d", name, n)
			require.Empty(t, fund)
			require.True(t, bytes.Equal(want, d.bodies[len(d.bodies)-1]), "%s, %d: what arrived is the file", name, n)
		}
		require.Len(t, d.bodies, len(sizes))
		require.EqualValues(t, 1, d.verbindungen.Load(), "%s: one connection for all", name)
		require.Equal(t, c.request, strings.HasPrefix(d.koepfe[2], "REQMOD "), name)
	}
}

func seite(felder, http string) string {
	return fmt.Sprintf("ICAP/1.0 200 OK\r\n%sEncapsulated: res-hdr=0, res-body=%d\r\n\r\n%s5\r\nNein!\r\n0\r\n\r\n", felder, len(http), http)
}

func TestFindings(t *testing.T) {
	t.Parallel()
	const http403, http200 = "HTTP/1.1 403 Forbidden\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"
	for name, c := range map[string]struct{ antwort, fund string }{
		"X-Infection-Found":  {seite("X-Infection-Found: Type=0; Resolution=2; Threat=Eicar-Test;\r\n", http403), "Eicar-Test"},
		"without a name":     {seite("X-Infection-Found: Type=0\r\n", http200), "unbenannt"},
		"X-Virus-ID":         {seite("x-virus-id: Win.Test\r\n", http200), "Win.Test"},
		"X-Violations-Found": {seite("X-Violations-Found: 1\r\n\t-\r\n\tEicar-Violation\r\n\t0\r\n\t0\r\n", http200), "Eicar-Violation"},
		"violation, no name": {seite("X-Violations-Found: 2\r\n", http200), "unbenannt"},
		"a page says no":     {seite("", http403), "gesperrt"},
		"no body":            {"ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, null-body=26\r\n\r\n" + http403, "gesperrt"},
		"204 with a finding": {"ICAP/1.0 204 No Content\r\nX-Infection-Found: Threat=X;\r\n\r\n", "X"},
		"page is cut":        {"ICAP/1.0 200 OK\r\nX-Virus-ID: Cut\r\nEncapsulated: res-hdr=0, res-body=26\r\n\r\nHTTP", "Cut"},
		"none, and a page":   {seite("X-Virus-ID: no threats\r\n", http403), "gesperrt"},
	} {
		for _, optionen := range []string{"Allow: 204\r\nPreview: 3\r\n", "Allow: 204\r\n"} {
			d := start(t, &dienst{optionen: optionen, antwort: func(k net.Conn, b []byte) bool { sagt(c.antwort)(k, b); return false }})
			fund, err := newClient(t, d, nil).Scan(t.Context(), strings.NewReader("eine Datei"))
			require.NoError(t, err, name)
			require.Equal(t, c.fund, fund, name)
		}
	}
}

// Whatever is no clear answer is not clean.
func TestNeverClean(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n\r\n"
	for name, antwort := range map[string]string{
		"nothing":             "",
		"garbage":             "SSH-2.0-OpenSSH\r\n\r\n",
		"cut":                 "ICAP/1.0 20",
		"cut in the head":     "ICAP/1.0 204 No Content\r\nISTag: x\r\n",
		"error":               "ICAP/1.0 500 Error\r\n\r\n",
		"no service":          "ICAP/1.0 404 Not Found\r\n\r\n",
		"overloaded":          "ICAP/1.0 503 Busy\r\n\r\n",
		"continue at the end": "ICAP/1.0 100 Continue\r\n\r\n",
		"206":                 "ICAP/1.0 206 Partial\r\nEncapsulated: res-hdr=0, res-body=0\r\n\r\n",
		"200 without a body":  "ICAP/1.0 200 OK\r\n\r\n",
		"other content":       seite("", ok),
		"other, no finding":   seite("X-Violations-Found: 0\r\n", ok),
		"bad violations":      seite("X-Violations-Found: viele\r\n", ok),
		"bad number":          "ICAP/1.0 +20 OK\r\n\r\n",
		"HTTP":                "HTTP/1.1 204 No Content\r\n\r\n",
		"bad field":           "ICAP/1.0 204 x\r\nohne Doppelpunkt\r\n\r\n",
		"bad encapsulation":   "ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=-5\r\n\r\n",
		"huge encapsulation":  "ICAP/1.0 200 OK\r\nEncapsulated: res-hdr=0, res-body=99999999\r\n\r\n",
		"no end of the body":  "ICAP/1.0 200 OK\r\nEncapsulated: res-body=0\r\n\r\n5\r\nNein",
		"bad chunk":           "ICAP/1.0 200 OK\r\nEncapsulated: res-body=0\r\n\r\nxyz\r\n",
		"endless head":        "ICAP/1.0 204 x\r\n" + strings.Repeat("X-A: b\r\n", 20_000),
	} {
		for _, optionen := range []string{"Allow: 204\r\nPreview: 3\r\n", "Allow: 204\r\n"} {
			d := start(t, &dienst{optionen: optionen, antwort: func(k net.Conn, b []byte) bool { sagt(antwort)(k, b); return false }})
			fund, err := newClient(t, d, nil).Scan(t.Context(), strings.NewReader("eine Datei"))
			require.ErrorIs(t, err, fehler.ErrUnavailable, name)
			require.Empty(t, fund, name)
		}
	}
	// The same for the options.
	for name, o := range map[string]string{"other method": "Methods: REQMOD\r\n", "bad preview": "Preview: viel\r\n"} {
		d := start(t, &dienst{optionen: o, antwort: sagt(sauber)})
		c := newClient(t, d, nil)
		require.ErrorIs(t, c.Ping(t.Context()), fehler.ErrUnavailable, name)
		_, err := c.Scan(t.Context(), strings.NewReader("x"))
		require.ErrorIs(t, err, fehler.ErrUnavailable, name)
	}
	// Clean, said before the file had ended, outside of a preview.
	d := start(t, &dienst{optionen: "Allow: 204\r\n", antwort: sagt(sauber), vorher: func(k net.Conn) bool { io.WriteString(k, sauber); return true }})
	halt, weiter := io.Pipe()
	go func() {
		weiter.Write([]byte("Anfang"))
		time.Sleep(100 * time.Millisecond)
		weiter.Close()
	}()
	_, err := newClient(t, d, nil).Scan(t.Context(), halt)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
}

// A scanner may decide on the preview: clean or found, the rest is not sent.
func TestPreviewDecides(t *testing.T) {
	t.Parallel()
	for antwort, fund := range map[string]string{sauber: "", seite("X-Virus-ID: V\r\n", "HTTP/1.1 403 No\r\n\r\n"): "V"} {
		d := start(t, &dienst{optionen: "Allow: 204\r\nPreview: 4\r\n", nachVorschau: antwort, antwort: sagt("x")})
		c := newClient(t, d, nil)
		for range 3 {
			src := strings.NewReader(strings.Repeat("x", 100_000))
			got, err := c.Scan(t.Context(), src)
			require.NoError(t, err)
			require.Equal(t, fund, got)
			require.Equal(t, 100_000-5, src.Len())
		}
		require.EqualValues(t, 1, d.verbindungen.Load())
	}
}

// A finding before the end of the file stands, although the scanner reads no more.
func TestFoundEarly(t *testing.T) {
	t.Parallel()
	d := start(t, &dienst{optionen: "Allow: 204\r\n", antwort: sagt(sauber), vorher: func(k net.Conn) bool {
		io.WriteString(k, seite("X-Virus-ID: Early\r\n", "HTTP/1.1 403 No\r\n\r\n"))
		time.Sleep(100 * time.Millisecond)
		return false
	}})
	fund, err := newClient(t, d, nil).Scan(t.Context(), io.LimitReader(neverending{}, 50<<20))
	require.NoError(t, err)
	require.Equal(t, "Early", fund)
}

type neverending struct{}

func (neverending) Read(p []byte) (int, error) { return len(p), nil }

func TestScanFails(t *testing.T) {
	t.Parallel()
	// It never answers, or takes nothing.
	for name, d := range map[string]*dienst{
		"still":     {optionen: "Allow: 204\r\n", antwort: func(k net.Conn, _ []byte) bool { io.Copy(io.Discard, k); return false }},
		"reads not": {optionen: "Allow: 204\r\n", antwort: sagt(sauber), vorher: func(net.Conn) bool { time.Sleep(time.Second); return false }},
		"mid-body":  {optionen: "Allow: 204\r\n", antwort: sagt(sauber), vorher: func(net.Conn) bool { return false }},
		"slow heads": {optionen: "Allow: 204\r\n", antwort: func(k net.Conn, _ []byte) bool {
			for range 100 {
				if _, err := io.WriteString(k, "I"); err != nil {
					return false
				}
				time.Sleep(10 * time.Millisecond)
			}
			return false
		}},
	} {
		start(t, d)
		began := time.Now()
		_, err := newClient(t, d, &icap.Options{Timeout: 100 * time.Millisecond}).Scan(t.Context(), io.LimitReader(neverending{}, 30<<20))
		require.ErrorIs(t, err, fehler.ErrUnavailable, name)
		require.Less(t, time.Since(began), 5*time.Second, name)
	}
	still := start(t, &dienst{optionen: "Allow: 204\r\n", antwort: func(k net.Conn, _ []byte) bool { io.Copy(io.Discard, k); return false }})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := newClient(t, still, nil).Scan(ctx, strings.NewReader("x"))
	require.ErrorIs(t, err, context.DeadlineExceeded)

	// The file cannot be read: its own error, and no end mark for the scanner.
	kaputt := errors.New("kaputt")
	for _, optionen := range []string{"Allow: 204\r\n", "Allow: 204\r\nPreview: 2\r\n", "Allow: 204\r\nPreview: 9\r\n"} {
		d := start(t, &dienst{optionen: optionen, antwort: sagt(sauber)})
		_, err = newClient(t, d, nil).Scan(t.Context(), io.MultiReader(strings.NewReader("abcdef"), iotest.ErrReader(kaputt)))
		require.ErrorIs(t, err, kaputt)
		require.Empty(t, d.bodies)
		// Too long for it.
		_, err = newClient(t, d, &icap.Options{MaxBytes: 10}).Scan(t.Context(), strings.NewReader("elf Zeichen"))
		require.ErrorIs(t, err, fehler.ErrUnavailable)
		_, err = newClient(t, d, &icap.Options{MaxBytes: 11}).Scan(t.Context(), strings.NewReader("elf Zeichen"))
		require.NoError(t, err)
	}
	c, err := icap.New("icap://127.0.0.1:1/x", nil)
	require.NoError(t, err)
	_, err = c.Scan(t.Context(), strings.NewReader("x"))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	for _, u := range []string{"", "http://x/y", "icap://", "icap://x", "icap://x/", "icap://u@x/y", "icap://x/a b", "icap://x/ü", "icap://x/a\r\nX: y"} {
		_, err := icap.New(u, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, u)
	}
}

// Connections are bounded, reused, and replaced when the other side has hung up.
func TestPool(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int32
	d := start(t, &dienst{optionen: "Allow: 204\r\nConnection: close\r\n", antwort: func(k net.Conn, _ []byte) bool {
		if n := now.Add(1); n > most.Load() {
			most.Store(n)
		}
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
		return sagt(sauber)(k, nil)
	}})
	c := newClient(t, d, &icap.Options{Connections: 3})
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if _, err := c.Scan(t.Context(), strings.NewReader("x")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most.Load(), int32(3))
	require.LessOrEqual(t, d.verbindungen.Load(), int32(6), "one for OPTIONS and one to stay, for each of three at most")

	einmal := start(t, &dienst{optionen: "Allow: 204\r\n", antwort: func(k net.Conn, _ []byte) bool { sagt(sauber)(k, nil); return false }})
	c = newClient(t, einmal, nil)
	for range 3 { // it hangs up without a word
		_, err := c.Scan(t.Context(), strings.NewReader("x"))
		require.NoError(t, err)
		time.Sleep(20 * time.Millisecond)
	}
	// Bytes nobody asked for are not the answer to the next file.
	mehr := start(t, &dienst{optionen: "Allow: 204\r\n", antwort: sagt(sauber + seite("X-Virus-ID: Falsch\r\n", "HTTP/1.1 403 No\r\n\r\n"))})
	c = newClient(t, mehr, nil)
	for range 3 {
		fund, err := c.Scan(t.Context(), strings.NewReader("x"))
		require.NoError(t, err)
		require.Empty(t, fund)
		time.Sleep(20 * time.Millisecond)
	}
	require.NoError(t, c.Close())
}

// A large file takes no memory of its size.
func TestConstantMemory(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r := bufio.NewReader(c)
		head(r)
		io.WriteString(c, "ICAP/1.0 200 OK\r\nAllow: 204\r\nEncapsulated: null-body=0\r\n\r\n")
		for range 3 {
			head(r)
		}
		io.Copy(io.Discard, httputil.NewChunkedReader(r))
		io.WriteString(c, sauber)
	}()
	c, err := icap.New("icap://"+l.Addr().String()+"/x", nil)
	require.NoError(t, err)
	defer c.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = c.Scan(t.Context(), io.LimitReader(neverending{}, 64<<20))
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)>>20, uint64(16), "MiB in all for 64 MiB")
}
