package fitconnect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Bounds of every JSON document this package decodes itself (token headers,
// events, metadata, callbacks). They are far above what the schemas allow.
const (
	maxJSONDepth  = 64
	maxJSONTokens = 200_000
)

// guardJSON refuses JSON that decoders read differently: invalid UTF-8,
// duplicate member names, more than one value, and documents built to exhaust
// memory. Duplicate names matter because another reader of the same signed or
// hashed bytes could see the other value.
func guardJSON(raw []byte) error {
	if !utf8.Valid(raw) {
		return errors.New("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	type level struct {
		names map[string]bool // nil in arrays
		key   bool            // the next token is a name
	}
	var stack []level
	for n := 0; ; n++ {
		if n > maxJSONTokens {
			return errors.New("too many JSON tokens")
		}
		tok, err := dec.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		if len(stack) > 0 {
			if top := &stack[len(stack)-1]; top.names != nil {
				if top.key {
					if name, ok := tok.(string); ok {
						if top.names[name] {
							return errors.New("duplicate member name")
						}
						top.names[name] = true
						top.key = false
						continue
					}
				} else {
					top.key = true // the value of the member is consumed or opened now
				}
			}
		}
		if d, ok := tok.(json.Delim); ok {
			switch d {
			case '{':
				stack = append(stack, level{names: map[string]bool{}, key: true})
			case '[':
				stack = append(stack, level{})
			default:
				stack = stack[:len(stack)-1]
			}
			if len(stack) > maxJSONDepth {
				return fmt.Errorf("JSON deeper than %d", maxJSONDepth)
			}
		}
		if len(stack) == 0 {
			break
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("data after the JSON value")
	}
	return nil
}

// decodeJSON guards and decodes.
func decodeJSON(raw []byte, into any) error {
	if err := guardJSON(raw); err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// decodeObject decodes a JSON object to its members, names matched exactly.
func decodeObject(raw []byte) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if err := decodeJSON(raw, &m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("not a JSON object")
	}
	return m, nil
}
