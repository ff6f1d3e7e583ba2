package clamd_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/clamd"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var _ intake.Scanner = (*clamd.Client)(nil)

// eicar is the test file every scanner knows (eicar.org); in two parts, so that none
// takes this source for malware.
const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-` + `STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

// daemon is a double that speaks the protocol over a socket and misbehaves on request.
type daemon struct {
	address string
	got     chan []byte // streams that ended
}

// newDaemon answers each stream with antwort; max is its StreamMaxLength.
func newDaemon(t *testing.T, max int, antwort func(stream []byte, c net.Conn)) *daemon {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	d := &daemon{address: l.Addr().String(), got: make(chan []byte, 10)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				command := make([]byte, 6)
				if _, err := io.ReadFull(c, command); err != nil {
					return
				}
				if string(command) == "zPING\x00" {
					io.WriteString(c, "PONG\x00")
					return
				}
				if _, err := io.ReadFull(c, make([]byte, len("zINSTREAM\x00")-6)); err != nil {
					return
				}
				var stream []byte
				for {
					var n uint32
					if binary.Read(c, binary.BigEndian, &n) != nil {
						return
					}
					if n == 0 {
						break
					}
					if len(stream)+int(n) > max {
						io.WriteString(c, "INSTREAM size limit exceeded. ERROR\x00")
						return
					}
					b := make([]byte, n)
					if _, err := io.ReadFull(c, b); err != nil {
						return
					}
					stream = append(stream, b...)
				}
				d.got <- stream
				antwort(stream, c)
			}()
		}
	}()
	return d
}

func says(s string) func([]byte, net.Conn) {
	return func(_ []byte, c net.Conn) { io.WriteString(c, s) }
}

func newClient(t *testing.T, address string, o *clamd.Options) *clamd.Client {
	t.Helper()
	c, err := clamd.New("tcp", address, o)
	require.NoError(t, err)
	return c
}

func TestScanAgainstDouble(t *testing.T) {
	t.Parallel()
	d := newDaemon(t, 1<<20, says("stream: OK\x00"))
	c := newClient(t, d.address, nil)
	require.NoError(t, c.Ping(t.Context()))
	for _, n := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 300_000} {
		want := bytes.Repeat([]byte("ab"), n)[:n]
		fund, err := c.Scan(t.Context(), iotest.HalfReader(bytes.NewReader(want)))
		require.NoError(t, err)
		require.Empty(t, fund)
		require.Equal(t, len(want), len(<-d.got))
	}
	for name, c := range map[string]struct{ antwort, fund string }{
		"found":                        {"stream: Eicar-Test-Signature FOUND\x00", "Eicar-Test-Signature"},
		"with new line":                {"stream: Win.Test FOUND\n", "Win.Test"},
		"a name that looks like clean": {"stream: OK FOUND\x00", "OK"},
	} {
		fund, err := newClient(t, newDaemon(t, 1<<20, says(c.antwort)).address, nil).Scan(t.Context(), strings.NewReader("x"))
		require.NoError(t, err, name)
		require.Equal(t, c.fund, fund, name)
	}
	// Whatever is no clear answer is not clean.
	for _, antwort := range []string{"", "stream: ", "OK", "stream: OK trailing", "stream:  FOUND", "UNKNOWN COMMAND", strings.Repeat("stream: OK", 1000)} {
		_, err := newClient(t, newDaemon(t, 1<<20, says(antwort)).address, nil).Scan(t.Context(), strings.NewReader("x"))
		require.ErrorIs(t, err, fehler.ErrUnavailable, antwort)
	}
}

func TestScanFails(t *testing.T) {
	t.Parallel()
	// The daemon takes no more in the middle of the stream and says why.
	d := newDaemon(t, 100_000, says("stream: OK\x00"))
	_, err := newClient(t, d.address, nil).Scan(t.Context(), bytes.NewReader(make([]byte, 5<<20)))
	require.ErrorIs(t, err, fehler.ErrUnavailable)

	// It never answers.
	still := newDaemon(t, 1<<20, func(_ []byte, c net.Conn) { io.Copy(io.Discard, c) })
	_, err = newClient(t, still.address, &clamd.Options{Timeout: 50 * time.Millisecond}).Scan(t.Context(), strings.NewReader("x"))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = newClient(t, still.address, nil).Scan(ctx, strings.NewReader("x"))
	require.ErrorIs(t, err, context.DeadlineExceeded)

	// The file cannot be read: its own error, at once.
	kaputt := errors.New("kaputt")
	_, err = newClient(t, still.address, nil).Scan(t.Context(), io.MultiReader(strings.NewReader("x"), iotest.ErrReader(kaputt)))
	require.ErrorIs(t, err, kaputt)

	// Nobody is there.
	_, err = newClient(t, "127.0.0.1:1", nil).Scan(t.Context(), strings.NewReader("x"))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.ErrorIs(t, newClient(t, "127.0.0.1:1", nil).Ping(t.Context()), fehler.ErrUnavailable)
	for _, x := range [][2]string{{"udp", "x"}, {"tcp", ""}} {
		_, err := clamd.New(x[0], x[1], nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}

// A real daemon with one signature of its own, without the network.
func TestScanAgainstClamAV(t *testing.T) {
	bin := "/usr/sbin/clamd" // Debian has it there, outside the path of users
	if _, err := os.Stat(bin); err != nil {
		bin = testenv.Tool(t, "clamd", "clamav-daemon")
	}
	dir, err := os.MkdirTemp("", "clamd") // short: the path of a socket is at most 107 bytes
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	write := func(name, s string) string {
		p := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(p, []byte(s), 0o644))
		return p
	}
	write("test.hdb", "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n")
	socket := filepath.Join(dir, "s")
	conf := write("clamd.conf", "Foreground yes\nLocalSocket "+socket+"\nDatabaseDirectory "+dir+"\nStreamMaxLength 1M\nMaxThreads 2\n")
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), bin, "--config-file="+conf)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	c, err := clamd.New("unix", socket, nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.Ping(t.Context()) == nil }, 30*time.Second, 20*time.Millisecond, "clamd starts")

	fund, err := c.Scan(t.Context(), strings.NewReader("harmlos"))
	require.NoError(t, err)
	require.Empty(t, fund)
	fund, err = c.Scan(t.Context(), strings.NewReader(eicar))
	require.NoError(t, err)
	require.Contains(t, fund, "Eicar-Test-Signature")
	_, err = c.Scan(t.Context(), bytes.NewReader(make([]byte, 2<<20)))
	require.ErrorIs(t, err, fehler.ErrUnavailable, "longer than it takes")
}
