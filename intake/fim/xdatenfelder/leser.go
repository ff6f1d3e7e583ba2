package xdatenfelder

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/internal/xmltoken"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Grenzen bound what is read; zero values mean the defaults.
type Grenzen struct {
	MaxBytes    int64 // default 32 MiB
	MaxToken    int   // tags, texts and comments together; default 2,000,000
	MaxTiefe    int   // of XML; default 100
	MaxElemente int   // groups and fields of a schema; default 20,000
}

func (g Grenzen) defaults() Grenzen {
	or := func(p *int, n int) {
		if *p <= 0 {
			*p = n
		}
	}
	if g.MaxBytes <= 0 {
		g.MaxBytes = 32 << 20
	}
	or(&g.MaxToken, 2_000_000)
	or(&g.MaxTiefe, 100)
	or(&g.MaxElemente, 20_000)
	return g
}

const maxProbleme = 50

// leser reads elements of one namespace. What makes further reading pointless
// sticks in err; other problems are collected.
type leser struct {
	x        *xmltoken.Reader
	grenzen  Grenzen
	format   string   // first part of the codes
	was      string   // "Das Schema"
	ns       string   // of the root
	ids      []string // of the elements around the place
	err      error
	probleme fehler.Probleme
}

func newLeser(ctx context.Context, r io.Reader, g Grenzen, format, was string) *leser {
	g = g.defaults()
	x := xmltoken.New(ctx, r, xmltoken.Limits{Bytes: g.MaxBytes, Token: g.MaxToken, Depth: g.MaxTiefe})
	return &leser{x: x, grenzen: g, format: format, was: was}
}

// at is the place: the line, and the element with an id around it.
func (l *leser) at() string {
	line, _ := l.x.Pos()
	for i := len(l.ids) - 1; i >= 0; i-- {
		if l.ids[i] != "" {
			return fmt.Sprintf("line %d (%s)", line, l.ids[i])
		}
	}
	return fmt.Sprintf("line %d", line)
}

func (l *leser) problem(code, meldung, hinweis string) {
	if len(l.probleme) < maxProbleme && l.err == nil {
		if l.format == "xfall" { // two codes, which a channel knows how to answer
			if strings.HasPrefix(code, "xml") {
				code = "kein-xml"
			} else {
				code = "schema-verletzt"
			}
		}
		l.probleme = append(l.probleme, fehler.Problem{Code: l.format + "." + code, Pfad: l.at(), Meldung: meldung, Hinweis: hinweis})
	}
}

// fail ends reading with a problem.
func (l *leser) fail(code, meldung, hinweis string) {
	if l.err == nil {
		l.problem(code, meldung, hinweis)
		l.err = l.probleme
		if len(l.probleme) == maxProbleme {
			l.err = l.probleme[:maxProbleme:maxProbleme]
		}
	}
}

// next gives the next tag or text, or nil when err is set.
func (l *leser) next() xml.Token {
	if l.err != nil {
		return nil
	}
	t, err := l.x.Next()
	if err != nil {
		l.stop(err)
		return nil
	}
	return t
}

// stop says what ended the reading.
func (l *leser) stop(err error) {
	source, ok := errors.AsType[*xmltoken.SourceError](err)
	switch {
	case ok: // the source, not the document
		l.err = fehler.New("read XML", "", fehler.ErrUnavailable, source.Err)
	case errors.Is(err, xmltoken.ErrBytes):
		l.fail("xml-grenze", "document is too large", l.was+" ist zu groß.")
	case errors.Is(err, xmltoken.ErrToken):
		l.fail("xml-grenze", "too many elements", l.was+" enthält zu viele Elemente.")
	case errors.Is(err, xmltoken.ErrDepth):
		l.fail("xml-grenze", "nested too deep", l.was+" ist zu tief verschachtelt.")
	case errors.Is(err, xmltoken.ErrDoctype):
		l.fail("xml-dtd", "DOCTYPE is not allowed", l.was+" enthält eine unzulässige Dokumenttyp-Angabe.")
	case errors.Is(err, xmltoken.ErrSyntax):
		l.fail("xml", "not well-formed XML in UTF-8", l.was+" ist kein wohlgeformtes XML.")
	case errors.Is(err, xmltoken.ErrEncoding):
		l.fail("xml", "not readable as XML in UTF-8", l.was+" ist nicht in UTF-8 geschrieben.")
	default: // the context ended
		l.err = err
	}
}

// root finds the root element.
func (l *leser) root() (xml.StartElement, bool) {
	for {
		switch t := l.next().(type) {
		case nil:
			return xml.StartElement{}, false
		case xml.StartElement:
			l.ns = t.Name.Space
			return t, true
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				l.fail("xml", "text before the root element", l.was+" ist kein wohlgeformtes XML.")
			}
		}
	}
}

// each calls f for every child element. f consumes it by each, tok or skip.
func (l *leser) each(f func(t xml.StartElement)) {
	for l.err == nil {
		switch t := l.next().(type) {
		case xml.StartElement:
			f(t)
		case xml.EndElement:
			return
		}
	}
}

// tok reads the text of the element; elements within are a problem.
func (l *leser) tok() string { return strings.TrimSpace(l.str()) }

func (l *leser) str() string {
	var b []byte
	for l.err == nil {
		switch t := l.next().(type) {
		case xml.CharData:
			b = append(b, t...)
		case xml.StartElement:
			l.problem("element-unbekannt", l.nenne(t.Name.Local)+" within a text", l.was+" enthält ein Element, wo nur Text stehen darf.")
			l.skip()
		case xml.EndElement:
			return string(b)
		}
	}
	return ""
}

// skip passes over the element.
func (l *leser) skip() {
	for depth := 1; depth > 0 && l.err == nil; {
		switch l.next().(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
	}
}

// finish makes sure nothing but white space and comments follows the root.
func (l *leser) finish() {
	if l.err != nil {
		return
	}
	switch err := l.x.Finish(); {
	case errors.Is(err, xmltoken.ErrSyntax):
		l.fail("xml", "content after the root element", l.was+" ist kein wohlgeformtes XML.")
	case err != nil:
		l.stop(err)
	}
}

// result gives what stands against the document.
func (l *leser) result() error {
	if l.err != nil {
		return l.err
	}
	if len(l.probleme) > 0 {
		return l.probleme
	}
	return nil
}

var elementID = regexp.MustCompile(`^[A-Z][0-9]{1,11}(V[0-9.]{1,20})?$`)

// nenne names an element for a message. What a sender wrote is named only if it is
// an id; other names may be personal data.
func (l *leser) nenne(name string) string {
	if l.format == "xfall" && !elementID.MatchString(name) {
		return "an element without an id"
	}
	return "element " + short(name)
}

// short bounds a name that the writer of a document may choose.
func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
