package vorlage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Daten fill a template, by field name:
//
//	text      string
//	datum     datum.Datum, or string "2026-12-01"
//	zahl      int, int64, json.Number, or string "1234.5"
//	geld      [Cent], or json.Number or string "1234.56" in euros
//	wahrheit  bool
//	auswahl   string, one of the declared values
//	liste     []Daten or []any of records
//	gruppe    Daten or map[string]any
//
// A float64 is refused: it cannot hold an amount exactly.
type Daten map[string]any

// Cent is an amount of money.
type Cent int64

// ParseDaten reads data from JSON, at most [MaxDatei] bytes; numbers stay exact.
// The error is of kind fehler.ErrInvalid.
func ParseDaten(b []byte) (Daten, error) {
	const op = "vorlage.ParseDaten"
	if len(b) > MaxDatei {
		return nil, fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{problem("daten-gross", "", "too large", "Die Daten sind zu groß.")})
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var d Daten
	if err := dec.Decode(&d); err != nil || dec.More() {
		// The cause is left out: it can quote the data.
		return nil, fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{problem("daten-json", "", "not one JSON object", "Die Daten sind kein JSON-Objekt.")})
	}
	return d, nil
}

// wert is a value that was checked against its field.
type wert struct {
	da    bool
	b     bool
	text  string // also the value of an Auswahl
	zahl  zahl   // also a count, and the number of an Auswahl
	tag   datum.Datum
	liste []satz
	satz  satz
}

// satz is a record in the order of its fields.
type satz []wert

type binder struct{ probleme fehler.Probleme }

// ort is a place in the data; its text is made only for a problem.
type ort struct {
	in   *ort
	name string
}

func (o *ort) pfad() string {
	if o == nil {
		return ""
	}
	return o.in.pfad() + "/" + o.name
}

func (b *binder) melde(code string, o *ort, meldung, hinweis string) {
	if len(b.probleme) < maxProbleme {
		b.probleme = append(b.probleme, problem(code, o.pfad(), meldung, hinweis))
	}
}

func (b *binder) satz(o *ort, fs []Feld, d Daten) satz {
	out := make(satz, len(fs))
	bekannt := 0
	for i := range fs {
		f, p := &fs[i], &ort{o, fs[i].Name}
		v, da := d[f.Name]
		if da {
			bekannt++
		}
		if s, ok := v.(string); ok && strings.TrimSpace(s) == "" {
			v = nil // a blank is no value
		}
		switch {
		case v != nil:
			out[i] = b.wert(p, f, v)
		case f.Typ == Gruppe: // its fields say which of them are missing
			out[i] = wert{da: true, satz: b.satz(p, f.Felder, nil)}
		case f.Typ == Liste && f.Mindestens == 0:
			out[i] = wert{da: true}
		case !f.Optional:
			b.melde("daten-fehlt", p, "value is missing", fmt.Sprintf("Die Angabe „%s“ fehlt.", f.titel()))
		}
	}
	if bekannt < len(d) {
		for _, k := range slices.Sorted(maps.Keys(d)) {
			if !slices.ContainsFunc(fs, func(f Feld) bool { return f.Name == k }) {
				// The key comes from outside and is not repeated.
				b.melde("daten-unbekannt", o, "a value belongs to no field", "Zu einer Angabe gibt es in der Vorlage kein Feld.")
				break
			}
		}
	}
	return out
}

func (f *Feld) titel() string {
	if f.Text != "" {
		return f.Text
	}
	return f.Name
}

func (b *binder) wert(o *ort, f *Feld, v any) wert {
	w := wert{da: true}
	ok := false
	switch f.Typ {
	case Text:
		var s string
		if s, ok = v.(string); ok {
			if len(s) > MaxWert || !utf8.ValidString(s) {
				b.melde("daten-text", o, "too long or not UTF-8", fmt.Sprintf("Die Angabe „%s“ ist zu lang oder enthält ungültige Zeichen.", f.titel()))
				return w
			}
			if w.text = einzeilig(s); w.text == "" && !f.Optional {
				b.melde("daten-fehlt", o, "value is missing", fmt.Sprintf("Die Angabe „%s“ fehlt.", f.titel()))
			} else if w.text == "" {
				w.da = false
			}
		}
	case Datum:
		switch x := v.(type) {
		case datum.Datum:
			w.tag, ok = x, true
		case string:
			d, err := datum.Parse(x)
			w.tag, ok = d, err == nil
		}
		ok = ok && w.tag.Jahr() >= 1000 && w.tag.Jahr() <= 9999
	case Nummer:
		w.zahl, ok = alsZahl(v, maxStellen)
	case Geld:
		if c, cent := v.(Cent); cent {
			if ok = c > -1e14 && c < 1e14; ok {
				w.zahl = zahl{int64(c) * (einheit / 100), 2}
			}
			break
		}
		if _, ganz := v.(int); !ganz { // cents or euros? Neither is guessed
			w.zahl, ok = alsZahl(v, 2)
		}
		if _, ganz := v.(int64); ganz {
			ok = false
		}
	case Wahrheit:
		w.b, ok = v.(bool)
	case Auswahl:
		var s string
		if s, ok = v.(string); ok {
			var i int
			if i, ok = f.auswahl(s); ok {
				w.text, w.zahl = s, ganzzahl(int64(i))
			}
		}
	case Gruppe:
		var d Daten
		if d, ok = alsDaten(v); ok {
			w.satz = b.satz(o, f.Felder, d)
		}
	case Liste:
		return b.liste(o, f, v)
	}
	if !ok {
		b.melde("daten-typ", o, "value is not of type "+string(f.Typ), fmt.Sprintf("Die Angabe „%s“ hat nicht die Form, die der Typ „%s“ verlangt.", f.titel(), f.Typ))
	}
	return w
}

func (b *binder) liste(o *ort, f *Feld, v any) wert {
	w := wert{da: true}
	var l []Daten
	ok := false
	switch x := v.(type) {
	case []Daten:
		l, ok = x, true
	case []map[string]any:
		for _, m := range x {
			l = append(l, m)
		}
		ok = true
	case []any:
		ok = true
		for _, e := range x {
			d, rec := alsDaten(e)
			if ok = ok && rec; !ok {
				break
			}
			l = append(l, d)
		}
	}
	if !ok {
		b.melde("daten-typ", o, "value is not a list of records", fmt.Sprintf("Die Angabe „%s“ ist keine Liste.", f.titel()))
		return w
	}
	if len(l) < f.Mindestens || len(l) > f.hoechstens() {
		b.melde("daten-anzahl", o, fmt.Sprintf("%d records, allowed are %d to %d", len(l), f.Mindestens, f.hoechstens()),
			fmt.Sprintf("Die Liste „%s“ braucht %d bis %d Einträge.", f.titel(), f.Mindestens, f.hoechstens()))
		return w
	}
	w.liste = make([]satz, len(l))
	for i, d := range l {
		w.liste[i] = b.satz(&ort{o, strconv.Itoa(i)}, f.Felder, d)
	}
	w.zahl = ganzzahl(int64(len(l)))
	return w
}

func alsDaten(v any) (Daten, bool) {
	switch x := v.(type) {
	case Daten:
		return x, true
	case map[string]any:
		return x, true
	}
	return nil, false
}

func alsZahl(v any, nach int) (zahl, bool) {
	switch x := v.(type) {
	case string:
		return parseZahl(x, nach)
	case json.Number:
		return parseZahl(string(x), nach)
	case int:
		return alsZahl(int64(x), nach)
	case int64:
		if x > -1e12 && x < 1e12 {
			return ganzzahl(x), true
		}
	}
	return zahl{}, false
}

// einzeilig makes one line of a value: what could act on the layout or reverse
// the direction of reading becomes a space, and spaces run together.
func einzeilig(s string) string {
	sauber := true
	vor := ' '
	for _, r := range s {
		if steuert(r) || (r == ' ' && vor == ' ') {
			sauber = false
			break
		}
		vor = r
	}
	if sauber && !strings.HasSuffix(s, " ") {
		return s
	}
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || steuert(r) }), " ")
}

func steuert(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\u061C' || r == '\uFEFF' ||
		(r >= '\u200B' && r <= '\u200F') || (r >= '\u202A' && r <= '\u202E') || (r >= '\u2060' && r <= '\u2069')
}
