package fitconnect

import (
	"encoding/json"
	"errors"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
)

// guardJSON refuses JSON that decoders read differently. Duplicate names matter
// because another reader of the same signed or hashed bytes could see the other
// value. Numbers may have any length: the schemas do not bound them.
func guardJSON(raw []byte) error {
	return strictjson.Check(raw, strictjson.Limits{Number: len(raw) + 1})
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
