package pruefung

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Bounds of JSON from outside.
const (
	MaxEingabe = 1 << 20 // bytes of the data of one case
	MaxTiefe   = 32      // nesting of arrays and objects
	maxZahl    = 1 << 53 // numbers beyond are not exact in every JSON reader
)

// lies reads one JSON value with nothing after it. Objects are map[string]any,
// whole numbers int64 however they are written, others float64. A member given
// twice, text that is not UTF-8, and numbers that cannot be held exactly enough are
// refused: two readers would see two different values.
func lies(b []byte, grenze int) (any, *fehler.Problem) {
	if len(b) > grenze {
		return nil, jsonProblem("json-gross", "", fmt.Sprintf("longer than %d bytes", grenze), "Die Daten sind zu groß.")
	}
	if !utf8.Valid(b) {
		return nil, jsonProblem("json-form", "", "not UTF-8", "Die Daten sind kein gültiger Text in UTF-8.")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	v, p := liesWert(dec, 0)
	if p != nil {
		return nil, p
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, jsonProblem("json-form", "", "something after the end", "Nach dem Ende der Daten steht noch etwas.")
	}
	return v, nil
}

func jsonProblem(code, pfad, meldung, hinweis string) *fehler.Problem {
	p := problem(code, pfad, meldung, hinweis)
	return &p
}

// in puts a problem below a member or an item: places are only made where one is.
func in(p *fehler.Problem, name string) *fehler.Problem {
	p.Pfad = zeiger("", name) + p.Pfad
	return p
}

func keinJSON() *fehler.Problem {
	// Not the text of the decoder, which may quote the data.
	return jsonProblem("json-form", "", "not JSON", "Die Daten sind kein gültiges JSON.")
}

func liesWert(dec *json.Decoder, tiefe int) (any, *fehler.Problem) {
	t, err := dec.Token()
	if err != nil {
		return nil, keinJSON()
	}
	switch t := t.(type) {
	case json.Number:
		n, ok := zahl(t)
		if !ok {
			return nil, jsonProblem("json-zahl", "", "number out of range", "Eine Zahl ist zu groß.")
		}
		return n, nil
	case json.Delim:
		if tiefe >= MaxTiefe {
			return nil, jsonProblem("json-tief", "", fmt.Sprintf("nested deeper than %d", MaxTiefe), "Die Daten sind zu tief verschachtelt.")
		}
		if t == '[' {
			return liesListe(dec, tiefe)
		}
		return liesObjekt(dec, tiefe)
	}
	return t, nil // nil, bool or string
}

func liesListe(dec *json.Decoder, tiefe int) (any, *fehler.Problem) {
	out := []any{}
	for dec.More() {
		v, p := liesWert(dec, tiefe+1)
		if p != nil {
			return nil, in(p, strconv.Itoa(len(out)))
		}
		out = append(out, v)
	}
	if _, err := dec.Token(); err != nil {
		return nil, keinJSON()
	}
	return out, nil
}

func liesObjekt(dec *json.Decoder, tiefe int) (any, *fehler.Problem) {
	out := map[string]any{}
	for dec.More() {
		t, err := dec.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, keinJSON()
		}
		if _, doppelt := out[name]; doppelt {
			return nil, in(jsonProblem("json-doppelt", "", "member given twice", "Eine Angabe kommt zweimal vor."), name)
		}
		v, p := liesWert(dec, tiefe+1)
		if p != nil {
			return nil, in(p, name)
		}
		out[name] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, keinJSON()
	}
	return out, nil
}

// zahl gives int64 for whole numbers, also for 2.0 and 2e0, so that one value has
// one type however a program writes it. Beyond 2^53 a float changes the last digits.
func zahl(n json.Number) (any, bool) {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || math.Abs(f) > maxZahl {
		return nil, false
	}
	if f != math.Trunc(f) {
		return f, true
	}
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i, i >= -maxZahl && i <= maxZahl
	}
	return int64(f), true
}

// kanon gives the canonical JSON of what lies made: members by their bytes, no
// blanks, whole numbers without fraction, others in the shortest form that reads
// back the same.
func kanon(v any) []byte {
	var b bytes.Buffer
	schreibe(&b, v)
	return b.Bytes()
}

func schreibe(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
	case string:
		schreibeText(b, v)
	case []any:
		b.WriteByte('[')
		for i, x := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			schreibe(b, x)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b.WriteByte(',')
			}
			schreibeText(b, k)
			b.WriteByte(':')
			schreibe(b, v[k])
		}
		b.WriteByte('}')
	default:
		// lies makes nothing else; a new kind of value must not be hashed as another.
		panic(fmt.Sprintf("pruefung: no canonical form for %T", v))
	}
}

func schreibeText(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string is always written
	b.Truncate(b.Len() - 1)
}

func summe(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
