package fitconnect

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// InflateLimits bound what a compressed JWE of version 1 may become. The zero
// value of a field is a default.
type InflateLimits struct {
	// Max bounds the plaintext in bytes; 0 is 256 MiB.
	Max int64
	// Ratio bounds the plaintext as a multiple of the compressed bytes; 0 is 200.
	// DEFLATE reaches about 1000, documents and forms seldom 50.
	Ratio int
	// Free is up to which size in bytes Ratio is not asked for; 0 is 1 MiB. Short
	// documents full of blanks compress better than their size matters.
	Free int64
}

func (l InflateLimits) filled() InflateLimits {
	setDefault(&l.Max, 256<<20)
	setDefault(&l.Ratio, 200)
	setDefault(&l.Free, 1<<20)
	return l
}

// bound is the most bytes that n compressed ones may become.
func (l InflateLimits) bound(n int) int64 {
	return min(l.Max, max(l.Free, int64(n)*int64(l.Ratio)))
}

// ErrInflate says that the compressed plaintext of a JWE becomes larger than
// [InflateLimits] allow. It matches [fehler.ErrInvalid]. Nothing larger than the
// limits was held to find out.
var ErrInflate error = inflateError{}

type inflateError struct{}

func (inflateError) Error() string        { return "decompressed content is larger than allowed" }
func (inflateError) Is(target error) bool { return target == fehler.ErrInvalid }

// hinweisInflate is said to the sender: they can mend this, unlike a wrong key.
const hinweisInflate = "Der komprimierte Inhalt ist entpackt größer als zulässig; bitte unkomprimiert oder in kleineren Teilen senden."

var errNotDeflate = errors.New("content is not a DEFLATE stream")

// inflate unpacks raw DEFLATE (RFC 1951, JWE zip "DEF"). It runs twice: first to
// learn the size through a small window, then into exactly that many bytes, so
// that a bomb never costs more memory than the window, and a good one no more
// than its size.
func inflate(packed []byte, l InflateLimits) ([]byte, error) {
	l = l.filled()
	bound := l.bound(len(packed))
	in := bytes.NewReader(packed)
	r := flate.NewReader(in)
	n, err := io.Copy(io.Discard, io.LimitReader(r, bound+1))
	switch {
	case n > bound:
		return nil, ErrInflate
	case err != nil:
		return nil, errNotDeflate
	case in.Len() > 0: // the Reader takes no byte beyond the end of the stream
		return nil, errNotDeflate
	}
	in.Reset(packed)
	if err := r.(flate.Resetter).Reset(in, nil); err != nil {
		return nil, errNotDeflate
	}
	plain := make([]byte, n)
	if _, err := io.ReadFull(r, plain); err != nil {
		return nil, errNotDeflate
	}
	return plain, nil
}
