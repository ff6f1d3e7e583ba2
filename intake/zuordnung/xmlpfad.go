package zuordnung

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// parseXMLPfad reads the subset of XPath 1.0 that docs/zuordnung.md describes,
// and the test *:name of XPath 2.0.
func parseXMLPfad(s string, namensraeume map[string]string) ([]schritt, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("not valid UTF-8")
	}
	if !strings.HasPrefix(s, "/") {
		return nil, errors.New("a selector for XML begins with / or //")
	}
	l := &leser{s: s}
	var out []schritt
	for !l.ende() {
		nachfahren := l.take("//")
		if !nachfahren && !l.take("/") {
			return nil, l.fehler("expected / or [")
		}
		t, err := l.xmlStep(namensraeume, true)
		if err != nil {
			return nil, err
		}
		if t.nachfahren = nachfahren; t.art == schrittAttribut && !l.ende() {
			return nil, l.fehler("an attribute is the last step")
		}
		out = append(out, t)
	}
	return out, nil
}

// ncName is a name without a colon.
func ncName(r rune, first bool) bool {
	return r == '_' || unicode.IsLetter(r) || !first && (r == '-' || r == '.' || unicode.IsDigit(r) || unicode.IsMark(r))
}

func (l *leser) xmlStep(namensraeume map[string]string, praedikate bool) (t schritt, err error) {
	if l.take("@") {
		t.art = schrittAttribut
	}
	t.name = l.xmlName()
	if l.take(":") {
		prefix := t.name
		if t.name = l.xmlName(); t.name == "" {
			return t, l.fehler("expected a name")
		}
		if prefix == "*" {
			t.jederNS = true
		} else {
			ns, ok := namensraeume[prefix]
			if !ok {
				return t, fmt.Errorf("prefix %q is not in namensraeume", prefix)
			}
			t.ns = ns
		}
	} else if t.name == "*" {
		t.jederNS = true
	}
	if t.name == "" {
		return t, l.fehler("expected a name, * or @")
	}
	for praedikate && l.take("[") {
		b, err := l.predicate(namensraeume)
		if err != nil {
			return t, err
		}
		t.bedingungen = append(t.bedingungen, b)
	}
	return t, nil
}

func (l *leser) xmlName() string {
	if l.take("*") {
		return "*"
	}
	return norm.NFC.String(l.while(ncName))
}

// predicate is [n], [a/b], [@a], [a='x'] or [.='x'].
func (l *leser) predicate(namensraeume map[string]string) (b bedingung, err error) {
	l.space()
	if r := l.peek(); ziffer(r, true) {
		d := l.while(ziffer)
		if b.position, err = strconv.Atoi(d); err != nil || b.position < 1 || len(d) > 9 {
			return b, l.fehler("positions count from 1")
		}
	} else if !l.take(".") {
		for {
			t, err := l.xmlStep(namensraeume, false)
			if err != nil {
				return b, err
			}
			b.relativ = append(b.relativ, t)
			if t.art == schrittAttribut || !l.take("/") {
				break
			}
		}
	} else if mark := l.at; true {
		l.space()
		if l.peek() != '=' {
			l.at = mark
			return b, l.fehler("expected =")
		}
	}
	l.space()
	if b.position == 0 && l.take("=") {
		l.space()
		q := l.peek()
		if q != '\'' && q != '"' {
			return b, l.fehler("expected a text in quotes")
		}
		l.at++
		i := strings.IndexRune(l.s[l.at:], q)
		if i < 0 {
			return b, errText
		}
		b.vergleich = &literal{art: artText, text: norm.NFC.String(l.s[l.at : l.at+i])}
		l.at += i + 1
		l.space()
	}
	if !l.take("]") {
		return b, l.fehler("expected ]")
	}
	return b, nil
}
