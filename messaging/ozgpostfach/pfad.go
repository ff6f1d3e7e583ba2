package ozgpostfach

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxPfad     = 500 // bytes
	maxSchritte = 32
)

// schritt is a name of an object or an index of a list.
type schritt struct {
	name  string
	index int
	liste bool
}

// parsePfad reads $, .name, ['name'] and [0]: what finds one value at most.
func parsePfad(s string) ([]schritt, error) {
	if len(s) > maxPfad || !utf8.ValidString(s) {
		return nil, errors.New("a selector is longer than 500 bytes or no UTF-8")
	}
	rest, ok := strings.CutPrefix(s, "$")
	if !ok {
		return nil, errors.New("a selector begins with $")
	}
	var out []schritt
	for rest != "" {
		var t schritt
		switch {
		case strings.HasPrefix(rest, "['"):
			end := strings.Index(rest, "']")
			if end < 3 || strings.ContainsAny(rest[2:end], `'\`) {
				return nil, errors.New("bad name in brackets")
			}
			t.name, rest = rest[2:end], rest[end+2:]
		case rest[0] == '[':
			end := strings.IndexByte(rest, ']')
			if end < 2 || end > 6 || end > 2 && rest[1] == '0' {
				return nil, errors.New("bad index")
			}
			n, err := strconv.ParseUint(rest[1:end], 10, 16)
			if err != nil {
				return nil, errors.New("bad index")
			}
			t.index, t.liste, rest = int(n), true, rest[end+1:]
		case rest[0] == '.':
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			t.name, rest = rest[1:end+1], rest[end+1:]
			if !einfach(t.name) {
				return nil, errors.New("bad name; names and indexes alone, others in brackets")
			}
		default:
			return nil, errors.New("expected . or [")
		}
		if out = append(out, t); len(out) > maxSchritte {
			return nil, errors.New("more than 32 steps")
		}
	}
	return out, nil
}

func einfach(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9') && r < 0x80 {
			return false
		}
	}
	return s != ""
}

// find gives the text, number or truth value at the place.
func find(doc any, pfad []schritt) (string, bool) {
	for _, t := range pfad {
		switch v := doc.(type) {
		case map[string]any:
			x, ok := v[t.name]
			if !ok || t.liste {
				return "", false
			}
			doc = x
		case []any:
			if !t.liste || t.index >= len(v) {
				return "", false
			}
			doc = v[t.index]
		default:
			return "", false
		}
	}
	switch v := doc.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// parseZiel reads a JSON pointer through objects.
func parseZiel(s string) ([]string, error) {
	if !strings.HasPrefix(s, "/") || len(s) > maxPfad || !utf8.ValidString(s) {
		return nil, errors.New("no JSON pointer")
	}
	teile := strings.Split(s[1:], "/")
	if len(teile) > maxSchritte {
		return nil, errors.New("more than 32 steps")
	}
	for i, t := range teile {
		if t == "" || strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(t), "~") {
			return nil, errors.New("empty step or bad escape")
		}
		teile[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return teile, nil
}

// put writes a value; that places do not collide was checked before.
func put(doc map[string]any, ziel []string, v any) {
	for _, t := range ziel[:len(ziel)-1] {
		next, ok := doc[t].(map[string]any)
		if !ok {
			next = map[string]any{}
			doc[t] = next
		}
		doc = next
	}
	doc[ziel[len(ziel)-1]] = v
}
