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
	// replace writes U+FFFD where a character cannot be written.
	replace bool
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

// root begins the document. xmlns comes first in the tag: format registries
// look for it right after the XML declaration.
func (x *xmlWriter) root(name, namespace, schema string) {
	x.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<" + prefix + name + " xmlns:xdomea=\"")
	x.escape(namespace, true)
	x.raw("\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"")
	x.escape(namespace+" "+schema, true)
	x.raw("\">")
	x.stack = append(x.stack, element{name: name})
}

// start opens an element that is written in any case.
func (x *xmlWriter) start(name string) {
	x.open()
	x.raw("<" + prefix + name + ">")
	x.stack = append(x.stack, element{name: name})
}

// group opens an element that is written only if something is written inside.
func (x *xmlWriter) group(name string) { x.stack = append(x.stack, element{name: name, pending: true}) }

func (x *xmlWriter) open() {
	for i := range x.stack {
		if x.stack[i].pending {
			x.stack[i].pending = false
			x.raw("<" + prefix + x.stack[i].name + ">")
		}
	}
}

func (x *xmlWriter) end() {
	top := x.stack[len(x.stack)-1]
	x.stack = x.stack[:len(x.stack)-1]
	if !top.pending {
		x.raw("</" + prefix + top.name + ">")
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
	x.escape(value, false)
	x.end()
}

// code writes a code; inner elements carry no namespace. Liste and version are
// left out where empty: most lists are fixed by the schema.
func (x *xmlWriter) code(name string, c dms.Code) {
	if c.Wert == "" {
		return
	}
	x.open()
	x.stack = append(x.stack, element{name: name})
	x.raw("<" + prefix + name)
	for _, a := range [...]struct{ n, v string }{{"listURI", c.Liste}, {"listVersionID", c.Version}} {
		if a.v != "" {
			x.raw(" " + a.n + "=\"")
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
	names := make([]string, len(x.stack))
	for i, e := range x.stack {
		names[i] = e.name
	}
	return fehler.Probleme{{
		Code: "xdomea.zeichen", Pfad: "/" + strings.Join(names, "/"),
		Meldung: fmt.Sprintf("character %U cannot be written as XML 1.0", r),
		Hinweis: "Ein Text enthält ein unzulässiges Steuerzeichen (oft aus der Zwischenablage). Bitte den Text neu eingeben.",
	}}
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
