package zuordnung

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var deklaration = regexp.MustCompile(`^<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']`)

// zeichensatz names the encoding: by byte order mark, then as the channel
// declared it, then as the document does (RFC 7303, section 3). widerspruch: the
// mark and a declaration contradict each other.
func zeichensatz(b []byte, mimeTyp string, f Format) (name string, rest []byte, widerspruch bool) {
	_, params, _ := mime.ParseMediaType(mimeTyp)
	name = strings.ToLower(params["charset"])
	if m := deklaration.FindSubmatch(b[:min(len(b), 512)]); m != nil && name == "" && f == XML {
		name = strings.ToLower(string(m[1]))
	}
	bom := func(satz string, n int) (string, []byte, bool) {
		return satz, b[n:], name != "" && !strings.HasPrefix(satz, name)
	}
	switch {
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		if m := deklaration.FindSubmatch(b[3:min(len(b), 512)]); m != nil && name == "" && f == XML {
			name = strings.ToLower(string(m[1]))
		}
		return bom("utf-8", 3)
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return bom("utf-16be", 2)
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return bom("utf-16le", 2)
	case f == XML && bytes.HasPrefix(b, []byte{0, '<', 0, '?'}):
		return bom("utf-16be", 0)
	case f == XML && bytes.HasPrefix(b, []byte{'<', 0, '?', 0}):
		return bom("utf-16le", 0)
	}
	if name == "" {
		name = "utf-8"
	}
	return name, b, false
}

// decoder gives nil for UTF-8; false for an encoding that is not taken.
func decoder(name string) (encoding.Encoding, bool) {
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

// dekodieren gives the document in UTF-8, without byte order mark. Bytes that the
// declared encoding cannot have are a problem, and so is text that is plainly
// UTF-8 under another name: letters would be lost without anybody noticing.
func dekodieren(b []byte, mimeTyp string, f Format, g Grenzen) ([]byte, fehler.Probleme) {
	if len(b) > g.Bytes {
		return nil, problem("zu-gross", "the document is too large", "Die Formulardaten sind zu groß.")
	}
	falsch := problem("zeichensatz-falsch", "the bytes do not fit the declared encoding",
		"Die Formulardaten sind nicht in dem Zeichensatz geschrieben, den sie angeben. Bitte den Onlinedienst berichtigen lassen.")
	name, rest, widerspruch := zeichensatz(b, mimeTyp, f)
	enc, ok := decoder(name)
	if !ok {
		return nil, problem("zeichensatz-unbekannt", "the declared encoding is not taken",
			"Der Zeichensatz der Formulardaten wird nicht unterstützt (möglich sind UTF-8, UTF-16, ISO-8859-1, ISO-8859-15 und Windows-1252).")
	}
	if widerspruch {
		return nil, falsch
	}
	if enc == nil {
		if !utf8.Valid(rest) {
			return nil, falsch
		}
		return rest, nil
	}
	utf16 := strings.HasPrefix(name, "utf-16")
	if utf16 && len(rest)%2 != 0 || !utf16 && mehrbyte(rest) {
		return nil, falsch
	}
	out, err := enc.NewDecoder().Bytes(rest)
	if err != nil || len(out) > g.Bytes || bytes.ContainsRune(out, utf8.RuneError) || !utf16 && steuerzeichen(out) {
		return nil, falsch
	}
	return out, nil
}

// mehrbyte tells whether the bytes have letters beyond ASCII and all of them are
// UTF-8, which no text in an encoding of single bytes is by chance.
func mehrbyte(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return utf8.Valid(b)
		}
	}
	return false
}

// steuerzeichen finds the controls U+0080 to U+009F, which no form has.
func steuerzeichen(b []byte) bool {
	return bytes.ContainsFunc(b, func(r rune) bool { return r >= 0x80 && r < 0xa0 })
}
