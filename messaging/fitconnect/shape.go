package fitconnect

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// shape checks one value of a decoded JSON document (numbers as json.Number)
// and reports through the checker. Shapes are built by the functions below; the
// rules of the metadata versions are written with them in metadatarules.go.
type shape func(c *checker, path string, v any)

// maxFindings bounds the report about one document.
const maxFindings = 50

type checker struct {
	formats bool     // check formats instead of structure
	found   []string // JSON pointer and rule, never the value
}

func (c *checker) report(path, rule string) {
	if len(c.found) < maxFindings {
		if path == "" {
			path = "/"
		}
		c.found = append(c.found, path+": "+rule)
	}
}

// broken reports a structural rule unless only formats are asked for.
func (c *checker) broken(path, rule string) {
	if !c.formats {
		c.report(path, rule)
	}
}

type members map[string]shape

// object wants the required members and checks those it knows; others are free.
func object(required []string, m members) shape {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return func(c *checker, path string, v any) {
		o, ok := v.(map[string]any)
		if !ok {
			c.broken(path, "not an object")
			return
		}
		for _, name := range required {
			if _, ok := o[name]; !ok {
				c.broken(path+"/"+name, "missing")
			}
		}
		for _, name := range names {
			if w, ok := o[name]; ok {
				m[name](c, path+"/"+name, w)
			}
		}
	}
}

// closed allows no other members than those of m.
func closed(m members) shape {
	inner := object(nil, m)
	return func(c *checker, path string, v any) {
		if o, ok := v.(map[string]any); ok {
			for name := range o {
				if m[name] == nil {
					c.broken(path, "unknown member")
					break
				}
			}
		}
		inner(c, path, v)
	}
}

// oneMember wants an object with exactly one member.
func oneMember(m members) shape {
	inner := object(nil, m)
	return func(c *checker, path string, v any) {
		if o, ok := v.(map[string]any); ok && len(o) != 1 {
			c.broken(path, "not exactly one member")
		}
		inner(c, path, v)
	}
}

func array(minItems int, unique bool, item shape) shape {
	return func(c *checker, path string, v any) {
		a, ok := v.([]any)
		if !ok {
			c.broken(path, "not an array")
			return
		}
		if len(a) < minItems {
			c.broken(path, fmt.Sprintf("fewer than %d items", minItems))
		}
		seen := map[string]bool{}
		for i, w := range a {
			item(c, fmt.Sprintf("%s/%d", path, i), w)
			if s, ok := w.(string); ok && unique {
				if seen[s] {
					c.broken(path, "item occurs twice")
				}
				seen[s] = true
			}
		}
	}
}

type textRule func(s string) (rule string)

// text wants a string that keeps every rule.
func text(rules ...textRule) shape {
	return func(c *checker, path string, v any) {
		s, ok := v.(string)
		if !ok {
			c.broken(path, "not a string")
			return
		}
		for _, r := range rules {
			if rule := r(s); rule != "" {
				c.broken(path, rule)
			}
		}
	}
}

// formatted is text with a format, which JSON Schema 2020-12 only annotates.
func formatted(valid func(string) bool, name string, rules ...textRule) shape {
	inner := text(rules...)
	return func(c *checker, path string, v any) {
		inner(c, path, v)
		if s, ok := v.(string); ok && c.formats && !valid(s) {
			c.report(path, "not a "+name)
		}
	}
}

func size(minRunes, maxRunes int) textRule {
	return func(s string) string {
		if n := utf8.RuneCountInString(s); n < minRunes || n > maxRunes {
			return fmt.Sprintf("length not between %d and %d", minRunes, maxRunes)
		}
		return ""
	}
}

func minSize(minRunes int) textRule {
	return func(s string) string {
		if utf8.RuneCountInString(s) < minRunes {
			return fmt.Sprintf("shorter than %d", minRunes)
		}
		return ""
	}
}

func pattern(re string) textRule {
	x := regexp.MustCompile(re)
	return func(s string) string {
		if !x.MatchString(s) {
			return "does not match " + re
		}
		return ""
	}
}

func oneOf(values ...string) textRule {
	return func(s string) string {
		if !slices.Contains(values, s) {
			return "not one of " + strings.Join(values, ", ")
		}
		return ""
	}
}

func boolean(c *checker, path string, v any) {
	if _, ok := v.(bool); !ok {
		c.broken(path, "not a boolean")
	}
}

func anything(*checker, string, any) {}

// amount wants a number of at least 0.01 with at most two decimals, decided on
// the decimal text: a float would call 0.29 no multiple of 0.01.
func amount(c *checker, path string, v any) {
	n, ok := v.(json.Number)
	if !ok {
		c.broken(path, "not a number")
		return
	}
	r, ok := smallRat(string(n))
	if !ok {
		c.broken(path, "number out of range")
		return
	}
	cents := new(big.Rat).Mul(r, big.NewRat(100, 1))
	if !cents.IsInt() || cents.Cmp(big.NewRat(1, 1)) < 0 {
		c.broken(path, "not a positive amount in full cents")
	}
}

// smallRat parses a decimal whose exponent cannot exhaust memory.
func smallRat(s string) (*big.Rat, bool) {
	if len(s) > 40 {
		return nil, false
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(strings.TrimLeft(s[i+1:], "+-0")) > 2 {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}
