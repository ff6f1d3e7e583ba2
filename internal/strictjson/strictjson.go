// Package strictjson refuses JSON that different readers could understand
// differently or that is built to exhaust them: duplicate keys, deep nesting,
// too many values, absurd numbers, invalid UTF-8, data after the end.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of one document; zero values mean the defaults.
type Limits struct {
	Depth  int // default 64
	Values int // default 200,000
	Number int // longest number in bytes, default 64
}

// maxExponent bounds powers of ten on either side, beyond those of a float64. Readers
// that compute with fractions build a number of that many digits, or fail.
const maxExponent = 400

// exponent tells whether the power of ten of a number is within bounds.
func exponent(n string) bool {
	i := strings.IndexAny(n, "eE")
	if i < 0 {
		return true
	}
	e, err := strconv.Atoi(n[i+1:])
	return err == nil && e <= maxExponent && e >= -maxExponent
}

// Check reads the document once without building it.
func Check(b []byte, l Limits) error {
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Values == 0 {
		l.Values = 200_000
	}
	if l.Number == 0 {
		l.Number = 64
	}
	if !utf8.Valid(b) {
		return errors.New("not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	c := checker{d: d, l: l}
	if err := c.value(0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("data after the end of the document")
	}
	return nil
}

type checker struct {
	d *json.Decoder
	l Limits
	n int
}

func (c *checker) value(depth int) error {
	if depth > c.l.Depth {
		return fmt.Errorf("nested deeper than %d", c.l.Depth)
	}
	if c.n++; c.n > c.l.Values {
		return fmt.Errorf("more than %d values", c.l.Values)
	}
	t, err := c.d.Token()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	switch t := t.(type) {
	case json.Number:
		if len(t) > c.l.Number {
			return fmt.Errorf("number longer than %d digits at byte %d", c.l.Number, c.d.InputOffset())
		}
		if !exponent(string(t)) {
			return fmt.Errorf("power of ten beyond %d at byte %d", maxExponent, c.d.InputOffset())
		}
	case json.Delim:
		return c.container(t, depth)
	}
	return nil
}

func (c *checker) container(t json.Delim, depth int) error {
	keys := map[string]bool{}
	for c.d.More() {
		if t == '{' {
			k, err := c.d.Token()
			if err != nil {
				return err
			}
			name, ok := k.(string)
			if !ok {
				return fmt.Errorf("key is no string at byte %d", c.d.InputOffset())
			}
			if keys[name] {
				return fmt.Errorf("duplicate key at byte %d", c.d.InputOffset())
			}
			keys[name] = true
		}
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
	_, err := c.d.Token()
	return err
}
