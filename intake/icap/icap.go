// Package icap asks a content scanner by ICAP (RFC 3507) whether a file holds malware.
// It is an intake.Scanner, as package clamd is.
//
// The file goes as the body of an HTTP message: RESPMOD, or REQMOD where the scanner
// wants it. The scanner says first by OPTIONS how much it wants to see before it decides
// (preview). What it answers counts as clean only when it says so without contradiction;
// everything else is a finding or an error.
//
// A scanner may be set up to let files pass unread that are too long or of types it does
// not know (c-icap: MaxObjectSize, ScanFileTypes), and answers for them as for clean
// ones. No client can see that: set it up to read all, and [Options.MaxBytes] no higher
// than it reads.
package icap

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a Client; nil means defaults.
type Options struct {
	// Timeout of one scan, connecting and OPTIONS included; default 2 minutes.
	Timeout time.Duration
	// MaxBytes is the longest file; longer ones are an error. Default 100 MiB.
	MaxBytes int64
	// Connections that are open at once; default 4. More scans wait.
	Connections int
	// Idle is how long an unused connection is kept; default 30 s.
	Idle time.Duration
	// Request sends files as uploads (REQMOD) instead of downloads (RESPMOD).
	Request bool
	// Dial opens the connection; default net.Dialer. For TLS wrap it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Now is the clock for Idle and the age of OPTIONS; default time.Now.
	Now func() time.Time
}

// Client asks one service. Safe for concurrent use. Close ends its idle connections.
type Client struct {
	url     string
	host    string
	address string
	o       Options
	slots   chan struct{}

	mu      sync.Mutex
	closed  bool
	idle    []*conn   // GUARDED_BY(mu)
	angebot *angebot  // GUARDED_BY(mu)
	gefragt time.Time // GUARDED_BY(mu)
}

// conn is one connection with what was read ahead of it.
type conn struct {
	net.Conn
	r    *bufio.Reader
	seit time.Time // idle since
}

// angebot is what the service said by OPTIONS.
type angebot struct {
	preview int  // bytes; -1 without preview
	allow   bool // 204 outside of a preview
	ttl     time.Duration
}

// New makes a Client for "icap://host[:port]/service". It does not connect.
func New(service string, o *Options) (*Client, error) {
	u, err := url.Parse(service)
	if err != nil || u.Scheme != "icap" || u.Hostname() == "" || u.Path == "" || u.Path == "/" || u.User != nil || u.Fragment != "" ||
		strings.ContainsFunc(service, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fehler.New("icap.New", "", fehler.ErrInvalid, errors.New("the service must be icap://host[:port]/name"))
	}
	c := &Client{url: service, host: u.Host}
	if o != nil {
		c.o = *o
	}
	if c.o.Timeout <= 0 {
		c.o.Timeout = 2 * time.Minute
	}
	if c.o.MaxBytes <= 0 {
		c.o.MaxBytes = 100 << 20
	}
	if c.o.Connections <= 0 {
		c.o.Connections = 4
	}
	if c.o.Idle <= 0 {
		c.o.Idle = 30 * time.Second
	}
	if c.o.Dial == nil {
		c.o.Dial = (&net.Dialer{}).DialContext
	}
	if c.o.Now == nil {
		c.o.Now = time.Now
	}
	port := u.Port()
	if port == "" {
		port = "1344"
	}
	c.address = net.JoinHostPort(u.Hostname(), port)
	c.slots = make(chan struct{}, c.o.Connections)
	return c, nil
}

// Close ends the idle connections; scans under way end theirs themselves.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, k := range c.idle {
		k.Close()
	}
	c.idle = nil
	return nil
}

// Ping asks for the options of the service.
func (c *Client) Ping(ctx context.Context) error {
	return c.mit(ctx, "icap.Ping", func(k *conn) (bool, error) {
		_, again, err := c.options(k)
		return again, err
	})
}

// Scan sends the bytes and gives the name of what was found; empty means clean. What is
// no clear answer, too long a file included, is an error of kind fehler.ErrUnavailable:
// a file that was not looked at is not clean. An error of r comes back as it is.
func (c *Client) Scan(ctx context.Context, r io.Reader) (fund string, err error) {
	src := &quelle{r: r, rest: c.o.MaxBytes}
	err = c.mit(ctx, "icap.Scan", func(k *conn) (again bool, err error) {
		c.mu.Lock()
		a := c.angebot
		if a != nil && c.o.Now().Sub(c.gefragt) >= a.ttl {
			a = nil
		}
		c.mu.Unlock()
		if a == nil {
			if a, again, err = c.options(k); err != nil {
				return false, err
			}
			c.mu.Lock()
			c.angebot, c.gefragt = a, c.o.Now()
			c.mu.Unlock()
			if !again {
				return false, errNeu
			}
		}
		fund, again, err = c.scan(k, a, src)
		return again, err
	})
	if src.err != nil {
		return "", src.err
	}
	if err != nil {
		return "", err
	}
	return fund, nil
}

// errNeu: the connection ended after OPTIONS, before the file was touched.
var errNeu = errors.New("the scanner closed the connection after OPTIONS")

// mit does f on a connection, with all bounds of time; f tells whether the connection can
// be used again.
func (c *Client) mit(ctx context.Context, op string, f func(k *conn) (bool, error)) error {
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	wrap := func(err error) error {
		if outer.Err() != nil {
			return outer.Err()
		}
		return fehler.New(op, c.address, fehler.ErrUnavailable, err)
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return wrap(errors.New("no connection became free in time"))
	}
	for range 2 {
		k, err := c.verbinden(ctx)
		if err != nil {
			return wrap(err)
		}
		// The time is over, or the caller went away: reads and writes end.
		stop := context.AfterFunc(ctx, func() { k.SetDeadline(time.Unix(1, 0)) })
		again, err := f(k)
		if !stop() || err != nil || !again {
			k.Close()
		} else {
			c.zurueck(k)
		}
		if errors.Is(err, errNeu) {
			continue // the options are known now; the file is untouched
		}
		if err != nil {
			return wrap(err)
		}
		return nil
	}
	return wrap(errNeu)
}

// verbinden takes an idle connection that still lives, or opens one.
func (c *Client) verbinden(ctx context.Context) (*conn, error) {
	for {
		c.mu.Lock()
		n := len(c.idle)
		if n == 0 {
			c.mu.Unlock()
			break
		}
		k := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		if c.o.Now().Sub(k.seit) < c.o.Idle && k.lebt() {
			return k, nil
		}
		k.Close()
	}
	n, err := c.o.Dial(ctx, "tcp", c.address)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: n, r: bufio.NewReaderSize(n, 16<<10)}, nil
}

// lebt: nothing came and the other side has not hung up. Unasked bytes would be read as
// the answer to the next file.
func (k *conn) lebt() bool {
	if k.r.Buffered() > 0 || k.SetReadDeadline(time.Now().Add(time.Millisecond)) != nil {
		return false
	}
	_, err := k.r.Peek(1)
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout() && k.SetReadDeadline(time.Time{}) == nil
}

func (c *Client) zurueck(k *conn) {
	k.seit = c.o.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || k.r.Buffered() > 0 {
		k.Close()
		return
	}
	c.idle = append(c.idle, k)
}

var errZuLang = errors.New("longer than the scanner is given (MaxBytes)")

// quelle remembers that reading failed, to tell it from the connection, and is bounded.
type quelle struct {
	r    io.Reader
	rest int64
	err  error
}

func (q *quelle) Read(p []byte) (int, error) {
	n, err := q.r.Read(p[:min(int64(len(p)), q.rest+1)])
	if q.rest -= int64(n); q.rest < 0 {
		return 0, errZuLang
	}
	if err != nil && !errors.Is(err, io.EOF) {
		q.err = err
		return n, fmt.Errorf("%w", errQuelle)
	}
	return n, err
}

var errQuelle = errors.New("the file could not be read")
