package pdf

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
)

// schreiber writes the objects of one file and remembers where each begins.
// The first error sticks; everything after it does nothing.
type schreiber struct {
	w   *bufio.Writer
	sum hash.Hash // over everything before the trailer: the seed of the file's /ID
	pos []int64   // by object number; 0 is not written yet
	n   int64
	err error
	roh bool // streams stay uncompressed; for golden files that must not depend on zlib
	z   *zlib.Writer
	zb  bytes.Buffer
	b   []byte
}

func newSchreiber(w io.Writer, z *zlib.Writer, roh bool) *schreiber {
	s := &schreiber{w: bufio.NewWriterSize(w, 32<<10), sum: sha256.New(), pos: make([]int64, 1, 256), roh: roh, z: z}
	// ISO 19005-2, 6.1.2: the second line is a comment of at least four bytes above 127.
	s.put([]byte("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"))
	return s
}

func (s *schreiber) put(p []byte) {
	if s.err != nil {
		return
	}
	s.sum.Write(p)
	s.n += int64(len(p))
	_, s.err = s.w.Write(p)
}

// neu reserves an object number.
func (s *schreiber) neu() int {
	s.pos = append(s.pos, 0)
	return len(s.pos) - 1
}

// objekt writes one object whose body is given.
func (s *schreiber) objekt(nr int, body []byte) {
	s.pos[nr] = s.n
	b := strconv.AppendInt(s.b[:0], int64(nr), 10)
	b = append(b, " 0 obj\n"...)
	b = append(b, body...)
	b = append(b, "\nendobj\n"...)
	s.b = b
	s.put(b)
}

// strom writes a stream object. The entries of dict stand beside /Length and /Filter.
func (s *schreiber) strom(nr int, dict string, data []byte, flate bool) {
	if flate && !s.roh {
		s.zb.Reset()
		s.z.Reset(&s.zb)
		if _, err := s.z.Write(data); err != nil && s.err == nil {
			s.err = err
		}
		if err := s.z.Close(); err != nil && s.err == nil {
			s.err = err
		}
		data = s.zb.Bytes()
		dict += " /Filter /FlateDecode"
	}
	s.pos[nr] = s.n
	s.put(fmt.Appendf(nil, "%d 0 obj\n<<%s /Length %d>>\nstream\n", nr, dict, len(data)))
	s.put(data)
	s.put([]byte("\nendstream\nendobj\n"))
}

// ende writes cross-reference table and trailer and gives the file's identifier.
func (s *schreiber) ende(root, info int) (id string, err error) {
	id = fmt.Sprintf("%X", s.sum.Sum(nil)[:16])
	start := s.n
	b := fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(s.pos))
	for nr, p := range s.pos[1:] {
		if p == 0 {
			return "", fmt.Errorf("object %d was reserved but not written", nr+1)
		}
		if p > 9_999_999_999 {
			return "", errors.New("file longer than a cross-reference table can tell")
		}
		b = fmt.Appendf(b, "%010d 00000 n \n", p)
	}
	b = fmt.Appendf(b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%s> <%s>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(s.pos), root, info, id, id, start)
	s.put(b)
	if s.err != nil {
		return "", s.err
	}
	return id, s.w.Flush()
}

// appendZahl writes a number with at most prec decimals and no exponent.
func appendZahl(b []byte, v float64, prec int) []byte {
	start := len(b)
	b = strconv.AppendFloat(b, v, 'f', prec, 64)
	if prec > 0 {
		for b[len(b)-1] == '0' {
			b = b[:len(b)-1]
		}
		if b[len(b)-1] == '.' {
			b = b[:len(b)-1]
		}
	}
	if string(b[start:]) == "-0" {
		b = append(b[:start], '0')
	}
	return b
}

// appendText writes a text string: printable ASCII as a literal, all else as UTF-16BE with its mark.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			b = append(b, "<FEFF"...)
			b = appendUTF16(b, []rune(s))
			return append(b, '>')
		}
	}
	b = append(b, '(')
	for i := range len(s) {
		if c := s[i]; c == '(' || c == ')' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, ')')
}

const hexziffern = "0123456789ABCDEF"

func appendHex16(b []byte, v uint16) []byte {
	return append(b, hexziffern[v>>12], hexziffern[v>>8&15], hexziffern[v>>4&15], hexziffern[v&15])
}

func appendUTF16(b []byte, rs []rune) []byte {
	for _, r := range rs {
		if r >= 0x10000 {
			r -= 0x10000
			b = appendHex16(b, uint16(0xD800+r>>10))
			b = appendHex16(b, uint16(0xDC00+r&0x3FF))
			continue
		}
		b = appendHex16(b, uint16(r))
	}
	return b
}

func appendRef(b []byte, nr int) []byte {
	return append(strconv.AppendInt(b, int64(nr), 10), " 0 R"...)
}
