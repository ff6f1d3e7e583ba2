package xdomea

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/internal/xmltoken"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// leser reads elements by local name, whatever the prefix. Errors stick; the
// callers check err once at the end. It keeps no tree: memory follows what the
// callers keep.
type leser struct {
	x    *xmltoken.Reader
	pfad []string
	err  error
	// ausgelassen are paths of elements nobody asked for.
	ausgelassen map[string]struct{}
}

func newLeser(ctx context.Context, r io.Reader, g Grenzen) *leser {
	x := xmltoken.New(ctx, r, xmltoken.Limits{Bytes: g.MaxXML, Token: g.MaxToken, Depth: g.MaxTiefe})
	return &leser{x: x, ausgelassen: map[string]struct{}{}}
}

func (l *leser) fail(code, meldung, hinweis string) {
	if l.err == nil {
		l.err = problemErr(code, l.at(), meldung, hinweis)
	}
}

func (l *leser) at() string {
	line, col := l.x.Pos()
	return fmt.Sprintf("/%s (line %d, column %d)", strings.Join(l.pfad, "/"), line, col)
}

// next gives the next token that matters, or nil when err is set.
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
	switch {
	case errors.Is(err, xmltoken.ErrBytes):
		l.fail("xdomea.xml-grenze", "message is too large", "Die Nachricht ist zu groß.")
	case errors.Is(err, xmltoken.ErrToken):
		l.fail("xdomea.xml-grenze", "too many elements", "Die Nachricht ist zu umfangreich.")
	case errors.Is(err, xmltoken.ErrDepth):
		l.fail("xdomea.xml-grenze", "nested too deep", "Die Nachricht ist zu tief verschachtelt.")
	case errors.Is(err, xmltoken.ErrDoctype):
		l.fail("xdomea.xml-dtd", "DOCTYPE is not allowed", "Die Nachricht enthält eine unzulässige Dokumenttyp-Angabe.")
	case errors.Is(err, xmltoken.ErrSyntax):
		l.fail("xdomea.xml", "not well-formed XML in UTF-8", "Die Nachricht ist kein wohlgeformtes XML.")
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		l.err = err
	case errors.As(err, new(*fs.PathError)): // the disk, not the message
		l.err = fehler.New("xdomea.Read", "", fehler.ErrUnavailable, errors.Unwrap(err))
	default:
		l.fail("xdomea.xml", "message cannot be read", "Die Nachricht ist nicht lesbar.")
	}
}

// root finds the root element.
func (l *leser) root() (xml.StartElement, bool) {
	for {
		switch t := l.next().(type) {
		case nil:
			return xml.StartElement{}, false
		case xml.StartElement:
			l.pfad = append(l.pfad, t.Name.Local)
			return t, true
		}
	}
}

// each calls f for every child element of the current one. f consumes the
// element by each, str or skip.
func (l *leser) each(f func(name string, attr []xml.Attr)) {
	for l.err == nil {
		switch t := l.next().(type) {
		case xml.StartElement:
			l.pfad = append(l.pfad, t.Name.Local)
			f(t.Name.Local, t.Attr)
			l.pfad = l.pfad[:len(l.pfad)-1]
		case xml.EndElement:
			return
		}
	}
}

// fields reads a flat group: children by name into strings; others are passed over.
func (l *leser) fields(m map[string]*string) {
	l.each(func(name string, _ []xml.Attr) {
		if p := m[name]; p != nil {
			*p = l.str()
		} else {
			l.omit()
		}
	})
}

// fieldsOr is fields with a second chance: f tells whether it consumed the element.
func (l *leser) fieldsOr(m map[string]*string, f func(name string) bool) {
	l.each(func(name string, _ []xml.Attr) {
		if p := m[name]; p != nil {
			*p = l.str()
		} else if !f(name) {
			l.omit()
		}
	})
}

// skipped is skip in a condition.
func (l *leser) skipped() bool { l.skip(); return true }

// str reads the text of the current element.
func (l *leser) str() string {
	var b []byte
	for l.err == nil {
		switch t := l.next().(type) {
		case xml.CharData:
			b = append(b, t...)
		case xml.StartElement:
			l.omit()
		case xml.EndElement:
			return string(b)
		}
	}
	return ""
}

// token is a text whose white space does not count.
func (l *leser) tok() string { return strings.TrimSpace(l.str()) }

// skip passes over the current element.
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

// omit passes over the current element and remembers it.
func (l *leser) omit() {
	if len(l.ausgelassen) < 1000 {
		l.ausgelassen[strings.Join(l.pfad, "/")] = struct{}{}
	}
	l.skip()
}

func (l *leser) omitted() []string { return slices.Sorted(maps.Keys(l.ausgelassen)) }

// finish makes sure nothing but white space and comments follows the root.
func (l *leser) finish() {
	if l.err != nil {
		return
	}
	switch err := l.x.Finish(); {
	case errors.Is(err, xmltoken.ErrSyntax):
		l.fail("xdomea.xml", "content after the root element", "Die Nachricht ist kein wohlgeformtes XML.")
	case err != nil:
		l.stop(err)
	}
}

func (l *leser) code(attr []xml.Attr) dms.Code {
	var c dms.Code
	for _, a := range attr {
		switch a.Name.Local {
		case "listURI":
			c.Liste = strings.TrimSpace(a.Value)
		case "listVersionID":
			c.Version = strings.TrimSpace(a.Value)
		}
	}
	l.each(func(name string, _ []xml.Attr) {
		switch name {
		case "code":
			c.Wert = l.tok()
		case "name":
			c.Name = l.str()
		default:
			l.omit()
		}
	})
	return c
}

func (l *leser) uuid() string {
	s := l.tok()
	if l.err == nil && !dms.IsUUID(s) {
		l.fail("xdomea.wert", "not a UUID", "Eine Kennung in der Nachricht ist keine UUID.")
	}
	return s
}

func (l *leser) flag() bool {
	switch l.tok() {
	case "1", "true":
		return true
	case "0", "false":
	default:
		l.fail("xdomea.wert", "not a boolean", "Ein Ja/Nein-Wert in der Nachricht ist ungültig.")
	}
	return false
}

func (l *leser) zahl(limit int) int {
	n, err := strconv.Atoi(strings.TrimPrefix(l.tok(), "+"))
	if l.err == nil && (err != nil || n < 0 || n > limit) {
		l.fail("xdomea.wert", "not a number in range", "Eine Zahl in der Nachricht ist ungültig.")
	}
	return n
}

// date takes a day with or without a time zone; the zone of a day has no meaning here.
func (l *leser) date() datum.Datum {
	s := l.tok()
	if len(s) > 10 {
		if z := s[10:]; z == "Z" || len(z) == 6 && (z[0] == '+' || z[0] == '-') {
			s = s[:10]
		}
	}
	d, err := datum.Parse(s)
	if l.err == nil && (err != nil || d.IsZero()) {
		l.fail("xdomea.wert", "not a date", "Ein Datum in der Nachricht ist ungültig.")
	}
	return d
}

// year takes a year as the last day of it: 2.x states the end of keeping so.
func (l *leser) year() datum.Datum {
	s := l.tok()
	if len(s) > 4 {
		s = s[:4] // a zone has no meaning here
	}
	d, err := datum.Parse(s + "-12-31")
	if l.err == nil && (err != nil || d.IsZero()) {
		l.fail("xdomea.wert", "not a year", "Eine Jahreszahl in der Nachricht ist ungültig.")
	}
	return d
}

// time: without a zone the legal time of Germany is meant.
func (l *leser) time() time.Time {
	s := l.tok()
	if l.err != nil {
		return time.Time{}
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, datum.Berlin()); err == nil {
			t = t.UTC().Truncate(time.Microsecond)
			if !t.IsZero() && t.Year() >= 1 && t.Year() <= 9999 {
				return t
			}
		}
	}
	l.fail("xdomea.wert", "not a point in time", "Ein Zeitpunkt in der Nachricht ist ungültig.")
	return time.Time{}
}

// readError gives every failure of reading its kind; context errors stay as they are.
func readError(op string, err error) error {
	if fehler.ProblemeIn(err) != nil || errors.Is(err, fehler.ErrUnsupported) || errors.Is(err, fehler.ErrUnavailable) {
		return fehler.New(op, "", nil, err)
	}
	return fehler.New(op, "", fehler.ErrInvalid, err)
}
