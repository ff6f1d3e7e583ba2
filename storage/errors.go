package storage

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// The kinds of error, the same values as in package fehler.
var (
	ErrNotFound    = fehler.ErrNotFound
	ErrExists      = fehler.ErrExists
	ErrConflict    = fehler.ErrConflict
	ErrForbidden   = fehler.ErrForbidden
	ErrInvalid     = fehler.ErrInvalid
	ErrUnsupported = fehler.ErrUnsupported
	ErrUnavailable = fehler.ErrUnavailable
)

var kinds = []error{ErrNotFound, ErrExists, ErrConflict, ErrForbidden, ErrInvalid, ErrUnsupported, ErrUnavailable}

// wrap adds operation and key, once. Context errors stay as they are.
func wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*fehler.Fehler](err); ok && strings.HasPrefix(f.Op, "storage.") {
		return err
	}
	for _, k := range kinds {
		if err == k {
			return fehler.New("storage."+op, key, k, nil)
		}
		if errors.Is(err, k) {
			return fehler.New("storage."+op, key, k, err)
		}
	}
	return fehler.New("storage."+op, key, nil, err)
}

// MaxText bounds every text that is a column of its own, in bytes: keys,
// numbers, codes. It keeps index entries within the limits of all backends.
const MaxText = 500

// checkText refuses texts a backend could not keep as they are. Pairs are a
// name and a value; the value appears in no error.
func checkText(op, key string, pairs ...string) error {
	var p fehler.Probleme
	for i := 0; i+1 < len(pairs); i += 2 {
		name, v := pairs[i], pairs[i+1]
		switch {
		case len(v) > MaxText:
			p = append(p, fehler.Problem{Code: "storage.text-zu-lang", Pfad: name,
				Meldung: "is longer than 500 bytes", Hinweis: "Der Text ist zu lang (höchstens 500 Bytes)."})
		case !utf8.ValidString(v) || strings.ContainsRune(v, 0):
			p = append(p, fehler.Problem{Code: "storage.text-ungueltig", Pfad: name,
				Meldung: "is not UTF-8 or holds NUL", Hinweis: "Der Text enthält unzulässige Zeichen."})
		}
	}
	if p != nil {
		return fehler.New("storage."+op, key, ErrInvalid, p)
	}
	return nil
}
