package zuordnung

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// parseJSONPfad reads the subset of RFC 9535 that docs/zuordnung.md describes.
func parseJSONPfad(s string) ([]schritt, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("not valid UTF-8")
	}
	l := &leser{s: s}
	if !l.take("$") {
		return nil, l.fehler("a selector for JSON begins with $")
	}
	var out []schritt
	for {
		mark := l.at
		l.space()
		if l.ende() {
			if mark != l.at {
				return nil, l.fehler("space at the end")
			}
			return out, nil
		}
		t, err := l.segment()
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
}

func (l *leser) segment() (schritt, error) {
	t := schritt{}
	switch {
	case l.take(".."):
		t.nachfahren = true
		if l.peek() == '[' {
			break
		}
		return l.shorthand(t)
	case l.take("."):
		return l.shorthand(t)
	}
	if !l.take("[") {
		return t, l.fehler("expected . or [")
	}
	l.space()
	if err := l.selector(&t); err != nil {
		return t, err
	}
	l.space()
	if l.peek() == ',' || l.peek() == ':' {
		return t, l.fehler("unions and slices are not part of the subset")
	}
	if !l.take("]") {
		return t, l.fehler("expected ]")
	}
	return t, nil
}

func (l *leser) shorthand(t schritt) (schritt, error) {
	if l.take("*") {
		t.art = schrittAlle
		return t, nil
	}
	t.name = norm.NFC.String(l.while(nameRune))
	if t.name == "" {
		return t, l.fehler("expected a name")
	}
	return t, nil
}

func (l *leser) selector(t *schritt) (err error) {
	switch r := l.peek(); {
	case r == '*':
		l.at++
		t.art = schrittAlle
	case r == '\'' || r == '"':
		t.name, err = l.jsonText()
	case r == '?':
		l.at++
		t.art = schrittFilter
		t.bedingungen, err = l.filter()
	default:
		t.art = schrittIndex
		t.index, err = l.index()
	}
	return err
}

// index is int of RFC 9535: no leading zero, no -0, within what JSON can count.
func (l *leser) index() (int, error) {
	minus := l.take("-")
	d := l.while(ziffer)
	if d == "" || d[0] == '0' && (len(d) > 1 || minus) || len(d) > 9 {
		return 0, l.fehler("expected a name in quotes, an index, * or ?")
	}
	n, err := strconv.Atoi(d)
	if minus {
		n = -n
	}
	return n, err
}

// jsonText reads a text in single or double quotes.
func (l *leser) jsonText() (string, error) {
	q := l.s[l.at]
	l.at++
	var b strings.Builder // the same as a string of JSON
	b.WriteByte('"')
	for !l.ende() {
		c := l.s[l.at]
		l.at++
		switch {
		case c == q:
			b.WriteByte('"')
			var out string
			if err := json.Unmarshal([]byte(b.String()), &out); err != nil || strings.ContainsRune(out, utf8.RuneError) {
				return "", l.fehler("bad escape or control character in a text")
			}
			return norm.NFC.String(out), nil
		case c == '\\' && !l.ende():
			e := l.s[l.at]
			l.at++
			if (e == '\'' || e == '"') && e != q {
				return "", l.fehler("bad escape in a text")
			}
			if e != '\'' {
				b.WriteByte('\\')
			}
			b.WriteByte(e)
		case c == '"':
			b.WriteString(`\"`)
		default:
			b.WriteByte(c)
		}
	}
	return "", errText
}

// filter reads conditions joined by &&, in parentheses or without.
func (l *leser) filter() ([]bedingung, error) {
	l.space()
	klammer := l.take("(")
	var out []bedingung
	for {
		l.space()
		b, err := l.condition()
		if err != nil {
			return nil, err
		}
		out = append(out, b)
		l.space()
		if !l.take("&&") {
			break
		}
	}
	if klammer && !l.take(")") {
		return nil, l.fehler("expected )")
	}
	return out, nil
}

func (l *leser) condition() (b bedingung, err error) {
	if l.peek() != '@' { // 'x' == @.a
		if b.vergleich, err = l.literal(); err != nil {
			return b, err
		}
		l.space()
		if !l.take("==") {
			return b, l.fehler("expected ==")
		}
		l.space()
	}
	if !l.take("@") {
		return b, l.fehler("expected @")
	}
	for {
		mark := l.at
		l.space()
		if r := l.peek(); r != '.' && r != '[' {
			l.at = mark
			break
		}
		t, err := l.segment()
		if err != nil {
			return b, err
		}
		if t.nachfahren || t.art != schrittName && t.art != schrittIndex {
			return b, l.fehler("a filter compares names and indexes alone")
		}
		b.relativ = append(b.relativ, t)
	}
	if b.vergleich != nil {
		return b, nil
	}
	mark := l.at
	l.space()
	if !l.take("==") {
		l.at = mark
		return b, nil
	}
	l.space()
	b.vergleich, err = l.literal()
	return b, err
}

func (l *leser) literal() (*literal, error) {
	if r := l.peek(); r == '\'' || r == '"' {
		s, err := l.jsonText()
		return &literal{art: artText, text: s}, err
	}
	w := l.while(func(r rune, _ bool) bool { return strings.ContainsRune("+-.", r) || r < 0x80 && nameRune(r, false) })
	switch w {
	case "true", "false":
		return &literal{art: artWahr, text: w}, nil
	case "null":
		return &literal{art: artNull}, nil
	case "-0":
		return &literal{art: artZahl, text: "0"}, nil
	}
	var n json.Number
	if w == "" || w[0] == '"' || json.Unmarshal([]byte(w), &n) != nil || n == "" {
		return nil, l.fehler("expected a text in quotes, a number, true, false or null")
	}
	if _, err := n.Float64(); err != nil {
		return nil, l.fehler("number out of range")
	}
	return &literal{art: artZahl, text: w}, nil
}
