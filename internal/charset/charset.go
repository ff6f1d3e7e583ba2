// Package charset brings documents of strangers into UTF-8 by what they declare, and
// says where they are not what they declare: a letter that is lost without anybody
// noticing is worse than a document nobody can read.
package charset

import (
	"bytes"
	"errors"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

var (
	// ErrUnknown: the declared encoding is none of those taken.
	ErrUnknown = errors.New("the declared encoding is not taken")
	// ErrWrong: the bytes do not fit the declared encoding, or two declarations
	// contradict each other. A [*PlaceError] says where, if a place can be named.
	ErrWrong = errors.New("the bytes do not fit the declared encoding")
	// ErrLong: the document is longer than allowed.
	ErrLong = errors.New("the document is too large")
)

// PlaceError is ErrWrong at the byte Offset of what came.
type PlaceError struct{ Offset int }

func (e *PlaceError) Error() string { return ErrWrong.Error() }
func (e *PlaceError) Unwrap() error { return ErrWrong }

var deklaration = regexp.MustCompile(`^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)

// Name names the encoding: by byte order mark, then as the channel declared it, then,
// with xml, as the document does (RFC 7303, section 3); UTF-8 without any of them. rest
// is the document without the mark. clash: the mark and a declaration contradict each
// other.
func Name(b []byte, mimeType string, xml bool) (name string, rest []byte, clash bool) {
	_, params, _ := mime.ParseMediaType(mimeType)
	name = strings.ToLower(params["charset"])
	declared := func(b []byte) {
		if m := deklaration.FindSubmatch(b[:min(len(b), 512)]); m != nil && name == "" && xml {
			name = strings.ToLower(string(m[1]))
		}
	}
	declared(b)
	bom := func(satz string, n int) (string, []byte, bool) {
		return satz, b[n:], name != "" && !strings.HasPrefix(satz, name) && (name != "utf8" || satz != "utf-8")
	}
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		declared(b[3:])
		return bom("utf-8", 3)
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return bom("utf-16be", 2)
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return bom("utf-16le", 2)
	case xml && bytes.HasPrefix(b, []byte{0, '<', 0, '?'}):
		return bom("utf-16be", 0)
	case xml && bytes.HasPrefix(b, []byte{'<', 0, '?', 0}):
		return bom("utf-16le", 0)
	}
	if name == "" {
		name = "utf-8"
	}
	return name, b, false
}

// Decoder gives nil for UTF-8; false for an encoding that is not taken.
func Decoder(name string) (encoding.Encoding, bool) {
	switch name {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return nil, true
	case "iso-8859-1", "latin1", "l1":
		return charmap.ISO8859_1, true
	case "iso-8859-15", "latin9", "latin-9":
		return charmap.ISO8859_15, true
	case "windows-1252", "cp1252":
		return charmap.Windows1252, true
	case "utf-16", "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), true
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), true
	}
	return nil, false
}

// Decode gives the document in UTF-8, without byte order mark, at most max bytes. What
// was UTF-8 already is a part of b. Errors are [ErrUnknown], [ErrWrong] and [ErrLong]:
// bytes that the declared encoding cannot have, and text that is plainly UTF-8 under
// another name.
func Decode(b []byte, mimeType string, xml bool, max int) ([]byte, error) {
	if len(b) > max {
		return nil, ErrLong
	}
	name, rest, clash := Name(b, mimeType, xml)
	enc, ok := Decoder(name)
	if !ok {
		return nil, ErrUnknown
	}
	if clash {
		return nil, ErrWrong
	}
	if enc == nil {
		if n := invalid(rest); n >= 0 {
			return nil, &PlaceError{len(b) - len(rest) + n}
		}
		return rest, nil
	}
	utf16 := strings.HasPrefix(name, "utf-16")
	if utf16 && len(rest)%2 != 0 || !utf16 && multibyte(rest) {
		return nil, ErrWrong
	}
	out, err := enc.NewDecoder().Bytes(rest)
	if err != nil || bytes.ContainsRune(out, utf8.RuneError) || !utf16 && controls(out) {
		return nil, ErrWrong
	}
	if len(out) > max {
		return nil, ErrLong
	}
	return out, nil
}

// Declare makes the XML declaration of a document in UTF-8 say so; the number of lines
// stays.
func Declare(b []byte) []byte {
	m := deklaration.FindSubmatchIndex(b[:min(len(b), 512)])
	if m == nil {
		return b
	}
	return append(append(append([]byte{}, b[:m[2]]...), "UTF-8"...), b[m[3]:]...)
}

// invalid gives the offset of the first byte that is not UTF-8, or -1.
func invalid(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return -1
}

// multibyte tells whether the bytes have letters beyond ASCII and all of them are
// UTF-8, which no text in an encoding of single bytes is by chance.
func multibyte(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return utf8.Valid(b)
		}
	}
	return false
}

// controls finds U+0080 to U+009F, which no form has.
func controls(b []byte) bool {
	return bytes.ContainsFunc(b, func(r rune) bool { return r >= 0x80 && r < 0xa0 })
}
