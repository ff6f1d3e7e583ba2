package fitconnect

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"sync"
)

const (
	// readWindow is how much of a JWE is read at once; a multiple of eight.
	readWindow = 128 << 10
	// maxHead bounds the first three segments: the wrapped key of an RSA key of
	// 16,384 bits has 2,731 characters.
	maxHead = maxHeader + 4<<10
	// firstGrow is what an announced length is believed before that much arrived.
	firstGrow = 16 << 20
)

// malformedJWE says that a text is no JWE this package takes. It is about what the
// sender wrote; any other error of [readJWE] is about the connection.
type malformedJWE struct{ error }

func (m malformedJWE) Unwrap() error { return m.error }

var windowPool = sync.Pool{New: func() any { return new([readWindow]byte) }}

// jweReader reads a compact JWE as it arrives and decodes the ciphertext on the way:
// what it holds is three quarters of the text, and never the text itself.
type jweReader struct {
	r io.Reader
	// length of the text as announced, or -1.
	length int64
	// buf is reused for the ciphertext if it is large enough.
	buf []byte
	// parse judges the text without its ciphertext; nil is [ParseJWE].
	parse func(compact string) (*JWE, error)
	// begin, if set, is told the first three segments as soon as they are there.
	begin func(head string) *earlyWork
	// grows, if set, is told what it will hold before it takes more room; its error
	// ends the reading.
	grows func(n int64) error

	win  *[readWindow]byte
	n    int // bytes of win that are filled
	err  error
	good bool // the ciphertext is base64url
	work *earlyWork
}

// readJWE gives a JWE whose ciphertext is decoded, for one [Keyring.Decrypt].
func (x *jweReader) readJWE() (*JWE, error) {
	defer func() { x.work.end() }()
	x.win = windowPool.Get().(*[readWindow]byte)
	defer windowPool.Put(x.win)
	head, err := x.head()
	if err != nil {
		return nil, err
	}
	if x.begin != nil {
		x.work = x.begin(head)
	}
	body, tag, err := x.body(len(head))
	if err != nil {
		return nil, err
	}
	// The ciphertext is judged when it is decrypted: what is wrong with the rest,
	// and with the tag, comes first.
	parse := x.parse
	if parse == nil {
		parse = ParseJWE
	}
	j, err := parse(head + ".." + tag)
	if err != nil {
		return nil, malformedJWE{err}
	}
	j.sealed, j.spoilt, j.work = body, !x.good, x.work
	return j, nil
}

func notCompact() error {
	return malformedJWE{invalid("ParseJWE", "not a compact JWE of five segments")}
}

// fill reads until the window is full or the text ends.
func (x *jweReader) fill() error {
	for x.n < readWindow && x.err == nil {
		n, err := x.r.Read(x.win[x.n:])
		x.n, x.err = x.n+n, err
		if n > 0 {
			break // decode what is there while more arrives
		}
	}
	if x.err != nil && !errors.Is(x.err, io.EOF) {
		return x.err
	}
	return nil
}

// drop forgets the first n bytes of the window.
func (x *jweReader) drop(n int) {
	copy(x.win[:], x.win[n:x.n])
	x.n -= n
}

func (x *jweReader) head() (string, error) {
	for {
		if err := x.fill(); err != nil {
			return "", err
		}
		at := 0
		for i := range 3 {
			k := bytes.IndexByte(x.win[at:x.n], '.')
			if k < 0 {
				break
			}
			if i == 2 && at+k <= maxHead {
				head := string(x.win[:at+k])
				x.drop(at + k + 1)
				return head, nil
			}
			at += k + 1
		}
		if x.err != nil || x.n > maxHead {
			return "", notCompact()
		}
	}
}

// body gives the decoded ciphertext, with room for the tag behind it, and the tag.
func (x *jweReader) body(head int) (buf []byte, tag string, err error) {
	buf, x.good = x.buf[:0], true
	want := 0 // decoded length, if it is known
	if rest := x.length - int64(head); x.length > 0 && rest > 0 {
		want = int(rest)/4*3 + gcmTagSize + 8
	}
	for {
		chunk := x.win[:x.n]
		end := bytes.IndexByte(chunk, '.')
		last := end >= 0
		if !last {
			if x.err != nil {
				return nil, "", notCompact()
			}
			end = len(chunk)
		}
		whole := end &^ 7
		g := grow(buf, whole/8*6+8+gcmTagSize, want)
		if x.grows != nil && cap(g) > cap(buf) {
			if err := x.grows(int64(cap(g))); err != nil {
				return nil, "", err
			}
		}
		buf = g
		to := buf[len(buf) : len(buf)+whole/8*6+decodeSlack]
		if !decodeBlocks(to, chunk[:whole]) {
			if bytes.ContainsAny(chunk[:whole], "\r\n") {
				return nil, "", malformedJWE{invalid("ParseJWE", "line break in compact serialization")}
			}
			x.good = false
		}
		x.work.take(to[:whole/8*6])
		buf = buf[:len(buf)+whole/8*6]
		if last {
			at, good := len(buf), false
			if buf, good = decodeEnd(buf, chunk[whole:end]); !good {
				x.good = false
			}
			x.work.take(buf[at:])
			x.drop(end + 1)
			tag, err = x.tag()
			return buf, tag, err
		}
		x.drop(whole)
		if err := x.fill(); err != nil {
			return nil, "", err
		}
	}
}

// tag reads the rest of the text, which must be short.
func (x *jweReader) tag() (string, error) {
	most := base64.RawURLEncoding.EncodedLen(gcmTagSize)
	for x.err == nil && x.n <= most {
		if err := x.fill(); err != nil {
			return "", err
		}
	}
	if x.n > most {
		return "", notCompact()
	}
	return string(x.win[:x.n]), nil
}

// grow makes room for n bytes more behind b, at once for want if that is not more
// than [firstGrow] or that much is there.
func grow(b []byte, n, want int) []byte {
	if len(b)+n <= cap(b) {
		return b
	}
	c := max(len(b)+n, 64<<10)
	switch {
	case want > c && (want <= firstGrow || len(b) >= firstGrow/2):
		c = want
	case want > c:
		c = firstGrow
	default:
		c += c / 4
	}
	g := make([]byte, len(b), c)
	copy(g, b)
	return g
}

// unsealable gives ciphertext and tag in one buffer, which Decrypt overwrites.
func (j *JWE) unsealable() ([]byte, bool) {
	var buf []byte
	if j.sealed != nil {
		if buf = j.sealed; j.spoilt {
			return nil, false
		}
		j.sealed = nil
	} else {
		body := j.raw[j.end[2]+1 : j.end[3]]
		n := base64.RawURLEncoding.DecodedLen(len(body))
		buf = make([]byte, n, n+gcmTagSize)
		if got, err := decodeInto(buf, body); err != nil || got != n {
			return nil, false
		}
	}
	return decodeEnd(buf, []byte(j.tag))
}

// wrappedKey is the second segment of the first three, decoded.
func wrappedKey(head string) ([]byte, error) {
	_, rest, _ := strings.Cut(head, ".")
	segment, _, _ := strings.Cut(rest, ".")
	return base64.RawURLEncoding.Strict().DecodeString(segment)
}
