// Package clamd asks a ClamAV daemon whether a file holds malware. It speaks the
// daemon's protocol (zINSTREAM, zPING) over TCP or a Unix socket; source: the manual
// page clamd(8). It is an intake.Scanner.
package clamd

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a Client; nil means defaults.
type Options struct {
	// Timeout of one scan, connecting included; default 2 minutes.
	Timeout time.Duration
	// Dial opens the connection; default net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Client asks one daemon, with a connection for each question. Safe for concurrent use.
type Client struct {
	network, address string
	o                Options
}

// New makes a Client for "tcp", "host:port" or "unix", "/path". It does not connect.
func New(network, address string, o *Options) (*Client, error) {
	switch network {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		return nil, fehler.New("clamd.New", network, fehler.ErrInvalid, errors.New("the network must be tcp or unix"))
	}
	if address == "" {
		return nil, fehler.New("clamd.New", network, fehler.ErrInvalid, errors.New("the address is mandatory"))
	}
	c := &Client{network: network, address: address}
	if o != nil {
		c.o = *o
	}
	if c.o.Timeout <= 0 {
		c.o.Timeout = 2 * time.Minute
	}
	if c.o.Dial == nil {
		c.o.Dial = (&net.Dialer{}).DialContext
	}
	return c, nil
}

const (
	// block is what is sent at once.
	block = 64 << 10
	// maxAntwort bounds what the daemon answers.
	maxAntwort = 4 << 10
)

// Ping tells whether the daemon answers.
func (c *Client) Ping(ctx context.Context) error {
	got, err := c.ask(ctx, "zPING\x00", nil)
	if err == nil && got != "PONG" {
		err = fmt.Errorf("unexpected answer %.100q", got)
	}
	if err != nil {
		return fehler.New("clamd.Ping", c.address, fehler.ErrUnavailable, err)
	}
	return nil
}

// Scan sends the bytes and gives the name of what was found; empty means clean. Every
// other answer is an error of kind fehler.ErrUnavailable, also that the daemon takes no
// streams of this length: a file that was not looked at is not clean. An error of r
// comes back as it is.
func (c *Client) Scan(ctx context.Context, r io.Reader) (fund string, err error) {
	src := &quelle{r: r}
	got, err := c.ask(ctx, "zINSTREAM\x00", src)
	if src.err != nil {
		return "", src.err
	}
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fehler.New("clamd.Scan", c.address, fehler.ErrUnavailable, err)
	}
	switch {
	case got == "stream: OK":
		return "", nil
	case strings.HasPrefix(got, "stream: ") && strings.HasSuffix(got, " FOUND"):
		if fund = strings.TrimSuffix(strings.TrimPrefix(got, "stream: "), " FOUND"); fund != "" {
			return fund, nil
		}
	case strings.HasSuffix(got, "size limit exceeded. ERROR"):
		return "", fehler.New("clamd.Scan", c.address, fehler.ErrUnavailable, errors.New("the daemon takes no stream of this length (StreamMaxLength)"))
	}
	return "", fehler.New("clamd.Scan", c.address, fehler.ErrUnavailable, fmt.Errorf("unexpected answer %.100q", got))
}

// quelle remembers that reading failed, to tell it from the connection.
type quelle struct {
	r   io.Reader
	err error
}

func (q *quelle) Read(p []byte) (int, error) {
	n, err := q.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		q.err = err
	}
	return n, err
}

// ask sends a command and, if there is one, the stream, and reads the answer.
func (c *Client) ask(ctx context.Context, command string, stream io.Reader) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	conn, err := c.o.Dial(ctx, c.network, c.address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err = io.WriteString(conn, command)
	if err == nil && stream != nil {
		if err = send(conn, stream); errors.Is(err, errQuelle) {
			return "", err // without the end mark the daemon would wait for more
		}
	}
	// Even after a failed write: the daemon says why before it hangs up.
	answer, readErr := io.ReadAll(io.LimitReader(conn, maxAntwort))
	answer = bytes.TrimRight(answer, "\x00\n")
	if len(answer) > 0 {
		return string(answer), nil
	}
	if err = errors.Join(err, readErr); err == nil {
		err = io.ErrUnexpectedEOF
	}
	return "", err
}

var errQuelle = errors.New("the file could not be read")

// send writes blocks with their length before them, and one of length zero at the end.
func send(w io.Writer, r io.Reader) error {
	buf := make([]byte, 4+block)
	for {
		n, err := io.ReadFull(r, buf[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(buf, uint32(n))
			if _, err := w.Write(buf[:4+n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			_, err := w.Write(make([]byte, 4))
			return err
		}
		if err != nil {
			return errQuelle
		}
	}
}
