package icap

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// block is what is sent at once.
	block = 32 << 10
	// maxPreview bounds what is held before the scanner decides.
	maxPreview = 64 << 10
)

// options asks what the service wants.
func (c *Client) options(k *conn) (*angebot, bool, error) {
	if _, err := io.WriteString(k, "OPTIONS "+c.url+" ICAP/1.0\r\nHost: "+c.host+"\r\nUser-Agent: Fachwerk\r\nEncapsulated: null-body=0\r\n\r\n"); err != nil {
		return nil, false, err
	}
	h, err := readKopf(k.r, "ICAP/1.0")
	if err != nil {
		return nil, false, err
	}
	if h.status != 200 {
		return nil, false, fmt.Errorf("the scanner answers OPTIONS with %d", h.status)
	}
	methode := c.methode()
	if m := h.get("Methods"); m != "" && !nennt(m, methode) {
		return nil, false, fmt.Errorf("the service does not do %s", methode)
	}
	a := &angebot{preview: -1, allow: nennt(h.get("Allow"), "204"), ttl: 5 * time.Minute}
	if p := h.get("Preview"); p != "" {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 {
			return nil, false, errors.New("the Preview of the service is no number")
		}
		a.preview = min(n, maxPreview)
	}
	if n, err := strconv.Atoi(h.get("Options-TTL")); err == nil && n > 0 {
		a.ttl = min(a.ttl, time.Duration(min(n, 3600))*time.Second)
	}
	// An opt-body is not read, and with it ends the use of the connection.
	rest := strings.Contains(h.get("Encapsulated"), "opt-body")
	return a, !rest && !h.schliesst(), nil
}

func (c *Client) methode() string {
	if c.o.Request {
		return "REQMOD"
	}
	return "RESPMOD"
}

// nennt: the list, divided by commas, has the word.
func nennt(list, word string) bool {
	for _, w := range strings.Split(list, ",") {
		if strings.EqualFold(strings.TrimSpace(w), word) {
			return true
		}
	}
	return false
}

// kopf gives the head of a request. The names in it say nothing of the file.
func (c *Client) kopf(a *angebot) []byte {
	var http, enc string
	if c.o.Request {
		http = "POST /datei HTTP/1.1\r\nHost: fachwerk.invalid\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
		enc = fmt.Sprintf("req-hdr=0, req-body=%d", len(http))
	} else {
		req := "GET /datei HTTP/1.1\r\nHost: fachwerk.invalid\r\n\r\n"
		http = req + "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
		enc = fmt.Sprintf("req-hdr=0, res-hdr=%d, res-body=%d", len(req), len(http))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s ICAP/1.0\r\nHost: %s\r\nUser-Agent: Fachwerk\r\n", c.methode(), c.url, c.host)
	if a.allow {
		b.WriteString("Allow: 204\r\n")
	}
	if a.preview >= 0 {
		fmt.Fprintf(&b, "Preview: %d\r\n", a.preview)
	}
	fmt.Fprintf(&b, "Encapsulated: %s\r\n\r\n%s", enc, http)
	return b.Bytes()
}

// sender writes the body in chunks and remembers what it sent.
type sender struct {
	w      io.Writer
	summe  hash.Hash
	n      int64
	puffer []byte
	// ganz is set just before the end of the body is written: an answer that came earlier
	// was given without the whole file.
	ganz atomic.Bool
}

func (s *sender) chunk(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	s.summe.Write(b)
	s.n += int64(len(b))
	s.puffer = append(append(fmt.Appendf(s.puffer[:0], "%x\r\n", len(b)), b...), "\r\n"...)
	_, err := s.w.Write(s.puffer)
	return err
}

func (s *sender) ende(zeichen string) error {
	_, err := io.WriteString(s.w, zeichen)
	return err
}

// rest sends what is left of the file.
func (s *sender) rest(r io.Reader) error {
	buf := make([]byte, block)
	for {
		n, err := io.ReadFull(r, buf)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err // without the end mark: the scanner must not judge half a file
		}
		if err := s.chunk(buf[:n]); err != nil {
			return err
		}
		if err != nil {
			s.ganz.Store(true)
			return s.ende("0\r\n\r\n")
		}
	}
}

// scan asks about one file.
func (c *Client) scan(k *conn, a *angebot, src *quelle) (fund string, again bool, err error) {
	s := &sender{w: k, summe: sha256.New()}
	if _, err := k.Write(c.kopf(a)); err != nil {
		return "", false, err
	}
	if a.preview >= 0 {
		vorschau := make([]byte, a.preview+1)
		n, err := io.ReadFull(src, vorschau)
		ganz := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ganz {
			return "", false, err
		}
		if ganz {
			if err := s.chunk(vorschau[:n]); err != nil {
				return "", false, err
			}
			s.ganz.Store(true)
			if err := s.ende("0; ieof\r\n\r\n"); err != nil {
				return "", false, err
			}
			return c.antwort(k, s, nil, false)
		}
		if err := s.chunk(vorschau[:a.preview]); err != nil {
			return "", false, err
		}
		if err := s.ende("0\r\n\r\n"); err != nil {
			return "", false, err
		}
		// The scanner decides on the preview, or wants the rest.
		return c.antwort(k, s, io.MultiReader(bytes.NewReader(vorschau[a.preview:]), src), true)
	}
	return c.senden(k, s, src)
}

// senden writes the rest while the answer is read: a scanner may answer, or send the file
// back, before it has all of it.
func (c *Client) senden(k *conn, s *sender, r io.Reader) (string, bool, error) {
	done := make(chan error, 1)
	go func() {
		err := s.rest(r)
		if errors.Is(err, errQuelle) || errors.Is(err, errZuLang) {
			k.SetReadDeadline(time.Unix(1, 0)) // the scanner waits for more, and so would the reader
		}
		done <- err
	}()
	fund, again, err := c.lesen(k, s)
	if err != nil || fund != "" {
		// Decided: nothing more is sent. The source is the caller's again when this returns.
		if err != nil || !s.ganz.Load() {
			k.SetWriteDeadline(time.Unix(1, 0))
		}
		sendErr := <-done
		k.SetWriteDeadline(time.Time{})
		if fund != "" {
			return fund, again && sendErr == nil, nil
		}
		if errors.Is(sendErr, errZuLang) {
			err = sendErr
		}
		return "", false, err
	}
	if err := <-done; err != nil {
		return "", false, err
	}
	return "", again, nil
}
