package zuordnung

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// leser goes through the text of a selector.
type leser struct {
	s  string
	at int
}

func (l *leser) fehler(text string) error {
	return fmt.Errorf("%s at offset %d", text, l.at)
}

func (l *leser) ende() bool { return l.at >= len(l.s) }

func (l *leser) space() {
	for !l.ende() && strings.IndexByte(" \t\r\n", l.s[l.at]) >= 0 {
		l.at++
	}
}

// take goes on if the text comes next.
func (l *leser) take(t string) bool {
	if strings.HasPrefix(l.s[l.at:], t) {
		l.at += len(t)
		return true
	}
	return false
}

func (l *leser) peek() rune {
	r, _ := utf8.DecodeRuneInString(l.s[l.at:])
	return r
}

// while takes the longest run of runes that fit.
func (l *leser) while(ok func(r rune, first bool) bool) string {
	start := l.at
	for !l.ende() {
		r, n := utf8.DecodeRuneInString(l.s[l.at:])
		if r == utf8.RuneError && n <= 1 || !ok(r, l.at == start) {
			break
		}
		l.at += n
	}
	return l.s[start:l.at]
}

var errText = errors.New("text without its end")

// nameRune is name-first and name-char of RFC 9535.
func nameRune(r rune, first bool) bool {
	return r == '_' || r >= 0x80 || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || !first && r >= '0' && r <= '9'
}

func ziffer(r rune, _ bool) bool { return r >= '0' && r <= '9' }
