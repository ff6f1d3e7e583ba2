package pdfcheck

import (
	"errors"
	"strconv"
)

// The kinds of object. Numbers are float64, booleans bool, null is nil.
type (
	name string
	text []byte // a string, decoded
	list []any
	dict map[name]any
	ref  int    // object number; the generation is always 0
	wort string // operator or keyword
)

var errSyntax = errors.New("syntax error")

const maxTiefe = 64

// lexer reads objects from a piece of a file or from a content stream.
type lexer struct {
	b        []byte
	i        int
	langText int // longest string seen
	langName int
}

func leerzeichen(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func trenner(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func (l *lexer) skip() {
	for l.i < len(l.b) {
		switch c := l.b[l.i]; {
		case leerzeichen(c):
			l.i++
		case c == '%':
			for l.i < len(l.b) && l.b[l.i] != '\n' && l.b[l.i] != '\r' {
				l.i++
			}
		default:
			return
		}
	}
}

// next reads one object. In files, "n 0 R" is a ref; content streams have none.
func (l *lexer) next(tiefe int) (any, error) {
	l.skip()
	if l.i >= len(l.b) || tiefe > maxTiefe {
		return nil, errSyntax
	}
	switch c := l.b[l.i]; c {
	case '/':
		l.i++
		return l.name()
	case '(':
		return l.literal()
	case '[':
		l.i++
		out := list{}
		for {
			l.skip()
			if l.i < len(l.b) && l.b[l.i] == ']' {
				l.i++
				return out, nil
			}
			o, err := l.next(tiefe + 1)
			if err != nil {
				return nil, err
			}
			if w, ok := o.(wort); ok {
				if w != "R" || len(out) < 2 {
					return nil, errSyntax
				}
				r, err := alsRef(out[len(out)-2:])
				if err != nil {
					return nil, err
				}
				out = append(out[:len(out)-2], r)
				continue
			}
			out = append(out, o)
		}
	case '<':
		if l.i+1 < len(l.b) && l.b[l.i+1] == '<' {
			l.i += 2
			return l.dict(tiefe)
		}
		return l.hex()
	case ']', '>', ')', '{', '}':
		return nil, errSyntax
	}
	start := l.i
	for l.i < len(l.b) && !leerzeichen(l.b[l.i]) && !trenner(l.b[l.i]) {
		l.i++
	}
	s := string(l.b[start:l.i])
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	if c := s[0]; c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, errSyntax
		}
		return f, nil
	}
	return wort(s), nil
}

func alsRef(l []any) (ref, error) {
	n, ok := l[0].(float64)
	if g, ok2 := l[1].(float64); !ok || !ok2 || g != 0 || n < 1 || n > maxObjekte || n != float64(int(n)) {
		return 0, errSyntax
	}
	return ref(n), nil
}

func (l *lexer) dict(tiefe int) (any, error) {
	out := dict{}
	var werte []any
	for {
		l.skip()
		if l.i+1 < len(l.b) && l.b[l.i] == '>' && l.b[l.i+1] == '>' {
			l.i += 2
			break
		}
		o, err := l.next(tiefe + 1)
		if err != nil {
			return nil, err
		}
		if w, ok := o.(wort); ok {
			if w != "R" || len(werte) < 2 {
				return nil, errSyntax
			}
			r, err := alsRef(werte[len(werte)-2:])
			if err != nil {
				return nil, err
			}
			werte = append(werte[:len(werte)-2], r)
			continue
		}
		werte = append(werte, o)
	}
	if len(werte)%2 != 0 {
		return nil, errSyntax
	}
	for i := 0; i < len(werte); i += 2 {
		k, ok := werte[i].(name)
		if _, doppelt := out[k]; !ok || doppelt {
			return nil, errSyntax
		}
		out[k] = werte[i+1]
	}
	return out, nil
}

func hexWert(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (l *lexer) name() (any, error) {
	var out []byte
	for l.i < len(l.b) && !leerzeichen(l.b[l.i]) && !trenner(l.b[l.i]) {
		c := l.b[l.i]
		if c == '#' {
			if l.i+2 >= len(l.b) || hexWert(l.b[l.i+1]) < 0 || hexWert(l.b[l.i+2]) < 0 {
				return nil, errSyntax
			}
			c = byte(hexWert(l.b[l.i+1])<<4 | hexWert(l.b[l.i+2]))
			l.i += 2
		}
		out = append(out, c)
		l.i++
	}
	l.langName = max(l.langName, len(out))
	return name(out), nil
}

// hex reads <…>. ISO 19005-2, 6.1.6: an even number of digits, and nothing else.
func (l *lexer) hex() (any, error) {
	l.i++
	out := text{}
	hoch := -1
	for ; l.i < len(l.b); l.i++ {
		c := l.b[l.i]
		switch v := hexWert(c); {
		case c == '>':
			if hoch >= 0 {
				return nil, errSyntax
			}
			l.i++
			l.langText = max(l.langText, len(out))
			return out, nil
		case leerzeichen(c):
		case v < 0:
			return nil, errSyntax
		case hoch < 0:
			hoch = v
		default:
			out = append(out, byte(hoch<<4|v))
			hoch = -1
		}
	}
	return nil, errSyntax
}

func (l *lexer) literal() (any, error) {
	out := text{}
	tiefe := 0
	for ; l.i < len(l.b); l.i++ {
		c := l.b[l.i]
		switch c {
		case '(':
			if tiefe++; tiefe == 1 {
				continue
			}
		case ')':
			if tiefe--; tiefe == 0 {
				l.i++
				l.langText = max(l.langText, len(out))
				return out, nil
			}
		case '\\':
			if l.i++; l.i >= len(l.b) {
				return nil, errSyntax
			}
			switch c = l.b[l.i]; c {
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case '(', ')', '\\':
			default:
				return nil, errSyntax // octal and others: not written by anybody we read
			}
		}
		out = append(out, c)
	}
	return nil, errSyntax
}
