package xdomea

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// prefix is the namespace prefix the specification demands literally; receivers
// and the PRONOM signature look for it.
const prefix = "xdomea:"

// xmlWriter writes elements as a stream. Errors stick: the first one ends the
// output and is given by flush. An element opened with group is written only
// once it gets content, so empty optional containers never appear.
type xmlWriter struct {
	w     *bufio.Writer
	err   error
	stack []element
	// replace writes U+FFFD (2.x: a question mark) where a character cannot be written.
	replace bool
	// latein restricts texts to the characters of 2.x.
	latein bool
}

type element struct {
	name    string
	pending bool
}

func newXMLWriter(w io.Writer, replace bool) *xmlWriter {
	return &xmlWriter{w: bufio.NewWriterSize(w, 32<<10), replace: replace}
}

func (x *xmlWriter) raw(s string) {
	if x.err == nil {
		_, x.err = x.w.WriteString(s)
	}
}

// root begins the document; attr are further attributes. xmlns comes first in the tag: format registries
// look for it right after the XML declaration.
func (x *xmlWriter) root(name, namespace, schema string, attr ...[2]string) {
	x.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + prefix + name + " xmlns:xdomea=\"")
	x.escape(namespace, true)
	x.raw("\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"")
	x.escape(namespace+" "+schema, true)
	for _, a := range attr {
		x.raw("\" " + a[0] + "=\"")
		x.escape(x.inLatein(a[1]), true)
	}
	x.raw("\">")
	x.stack = append(x.stack, element{name: name})
}

// start opens an element that is written in any case.
func (x *xmlWriter) start(name string) {
	x.open()
	x.raw("<")
	x.tag(name)
	x.raw(">")
	x.stack = append(x.stack, element{name: name})
}

// tag writes a name with its prefix; '~' in front is an element without namespace.
func (x *xmlWriter) tag(name string) {
	if name[0] == '~' {
		x.raw(name[1:])
		return
	}
	x.raw(prefix)
	x.raw(name)
}

// group opens an element that is written only if something is written inside.
func (x *xmlWriter) group(name string) { x.stack = append(x.stack, element{name: name, pending: true}) }

func (x *xmlWriter) open() {
	for i := range x.stack {
		if x.stack[i].pending {
			x.stack[i].pending = false
			x.raw("<")
			x.tag(x.stack[i].name)
			x.raw(">")
		}
	}
}

func (x *xmlWriter) end() {
	top := x.stack[len(x.stack)-1]
	x.stack = x.stack[:len(x.stack)-1]
	if !top.pending {
		x.raw("</")
		x.tag(top.name)
		x.raw(">")
	}
}

// text writes an element unless the value is empty.
func (x *xmlWriter) text(name, value string) {
	if value != "" {
		x.must(name, value)
	}
}

// must writes an element even if the value is empty.
func (x *xmlWriter) must(name, value string) {
	x.start(name)
	if x.latein {
		value = x.inLatein(value)
	}
	x.escape(value, false)
	x.end()
}

// textLatein writes an element whose type is restricted in every version.
func (x *xmlWriter) textLatein(name, value string) {
	old := x.latein
	x.latein = true
	x.text(name, value)
	x.latein = old
}

// inLatein replaces typographic marks and refuses, or replaces, what stays outside.
func (x *xmlWriter) inLatein(s string) string {
	s = latein(s)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		next, m := utf8.DecodeRuneInString(s[i+n:])
		ok, two := isLatein(r, next)
		switch {
		case two:
			i += n + m
		case ok:
			i += n
		case x.replace:
			s = s[:i] + "?" + s[i+n:]
			i++
		default:
			if x.err == nil {
				x.err = x.lateinFehler(r)
			}
			return ""
		}
	}
	return s
}

func (x *xmlWriter) lateinFehler(r rune) error {
	return fehler.Probleme{{
		Code: "xdomea.zeichen-latein", Pfad: x.pfad(),
		Meldung: fmt.Sprintf("character %U is outside what this version of xdomea can carry", r),
		Hinweis: "Ein Text enthält ein Zeichen, das xdomea 2.x nicht übertragen kann (nur lateinische Schrift, keine Emoji). Bitte den Text ändern oder eine neuere Version wählen.",
	}}
}

// code writes a code; inner elements carry no namespace. Liste and version are
// left out where empty: most lists are fixed by the schema.
func (x *xmlWriter) code(name string, c dms.Code) {
	if c.Wert == "" {
		return
	}
	x.open()
	x.stack = append(x.stack, element{name: name})
	x.raw("<")
	x.tag(name)
	for _, a := range [...]struct{ n, v string }{{"listURI", c.Liste}, {"listVersionID", c.Version}} {
		if a.v != "" {
			x.raw(" ")
			x.raw(a.n)
			x.raw("=\"")
			x.escape(a.v, true)
			x.raw("\"")
		}
	}
	x.raw("><code>")
	x.escape(c.Wert, false)
	x.raw("</code>")
	if c.Name != "" {
		x.raw("<name>")
		x.escape(c.Name, false)
		x.raw("</name>")
	}
	x.end()
}

func (x *xmlWriter) date(name string, d datum.Datum) {
	if !d.IsZero() {
		x.text(name, d.String())
	}
}

func (x *xmlWriter) time(name string, t time.Time) {
	if !t.IsZero() {
		x.text(name, t.UTC().Format("2006-01-02T15:04:05.999999Z"))
	}
}

// flag writes 1 or 0: some receivers refuse true where the schema fixes 1.
func (x *xmlWriter) flag(name string, v bool) {
	if v {
		x.must(name, "1")
	} else {
		x.must(name, "0")
	}
}

// escape writes character data. Carriage returns become references because a
// reader would turn them into line feeds; in attributes this holds for all
// white space but the blank.
func (x *xmlWriter) escape(s string, attr bool) {
	if x.err != nil {
		return
	}
	last := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		var esc string
		switch {
		case r == '&':
			esc = "&amp;"
		case r == '<':
			esc = "&lt;"
		case r == '>':
			esc = "&gt;"
		case r == '"' && attr:
			esc = "&quot;"
		case r == '\r':
			esc = "&#13;"
		case r == '\n' && attr:
			esc = "&#10;"
		case r == '\t' && attr:
			esc = "&#9;"
		case r == utf8.RuneError && n <= 1, !isXMLChar(r):
			if !x.replace {
				x.err = x.zeichen(r)
				return
			}
			esc = "\uFFFD"
		default:
			i += n
			continue
		}
		x.raw(s[last:i])
		x.raw(esc)
		i += n
		last = i
	}
	x.raw(s[last:])
}

// zeichen names the place, never the text.
func (x *xmlWriter) zeichen(r rune) error {
	return fehler.Probleme{{
		Code: "xdomea.zeichen", Pfad: x.pfad(),
		Meldung: fmt.Sprintf("character %U cannot be written as XML 1.0", r),
		Hinweis: "Ein Text enthält ein unzulässiges Steuerzeichen (oft aus der Zwischenablage). Bitte den Text neu eingeben.",
	}}
}

func (x *xmlWriter) pfad() string {
	var b strings.Builder
	for _, e := range x.stack {
		b.WriteByte('/')
		b.WriteString(strings.TrimPrefix(e.name, "~"))
	}
	return b.String()
}

// isXMLChar: production Char of XML 1.0.
func isXMLChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD ||
		r >= 0x10000 && r <= 0x10FFFF
}

func (x *xmlWriter) flush() error {
	if x.err == nil {
		x.err = x.w.Flush()
	}
	return x.err
}
