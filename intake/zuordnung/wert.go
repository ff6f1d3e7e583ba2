package zuordnung

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Typ says how a value is written.
type Typ string

// The types. Each takes what its comment lists, and nothing else.
const (
	Text Typ = "text"
	// Datum: 2006-01-02, 02.01.2006, 2.1.2006, or an instant of RFC 3339, of which
	// the day in Berlin counts.
	Datum Typ = "datum"
	// Dezimal: German, 1.234,56 or 1234,56; a dot stands between groups of three.
	Dezimal Typ = "dezimal"
	// Punktdezimal: 1234.56, as programs write it.
	Punktdezimal Typ = "punktdezimal"
	Ganzzahl     Typ = "ganzzahl"
	// Wahrheit: true, false, ja, nein, 1, 0.
	Wahrheit Typ = "wahrheit"
)

// typBeschreibung says in German what the type takes; "" if there is no such type.
func typBeschreibung(t Typ) string {
	switch t {
	case Text:
		return "ein Text"
	case Datum:
		return "ein Datum (TT.MM.JJJJ)"
	case Dezimal:
		return "eine Dezimalzahl (1.234,56)"
	case Punktdezimal:
		return "eine Dezimalzahl (1234.56)"
	case Ganzzahl:
		return "eine ganze Zahl"
	case Wahrheit:
		return "„ja“ oder „nein“"
	}
	return ""
}

// normal is a value in one form: kanon for programs, lesbar for people, json as a
// literal.
type normal struct{ kanon, lesbar, json string }

var (
	deutschesDatum = regexp.MustCompile(`^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})$`)
	dezimalForm    = regexp.MustCompile(`^-?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+)(?:,[0-9]+)?$`)
	punktForm      = regexp.MustCompile(`^-?[0-9]+(?:\.[0-9]+)?$`)
	ganzForm       = regexp.MustCompile(`^-?[0-9]+$`)
)

// normalise brings a value into its one form; false if it does not fit the type.
// An empty value fits every type.
func normalise(s string, t Typ, a art) (normal, bool) {
	if t == "" || t == Text {
		return rohwert(s, a), true
	}
	if s = strings.TrimSpace(s); s == "" {
		return normal{json: `""`}, true
	}
	if a == artZahl && (t == Dezimal || t == Punktdezimal) { // JSON has its own way
		return rohwert(s, a), true
	}
	switch t {
	case Datum:
		d, ok := tag(s)
		return normal{d.String(), d.Deutsch(), `"` + d.String() + `"`}, ok
	case Dezimal:
		if !dezimalForm.MatchString(s) || len(s) > maxZahl {
			return normal{}, false
		}
		return zahl(strings.Replace(strings.ReplaceAll(s, ".", ""), ",", ".", 1)), true
	case Punktdezimal:
		return zahl(s), punktForm.MatchString(s) && len(s) <= maxZahl
	case Ganzzahl:
		return zahl(s), ganzForm.MatchString(s) && len(s) <= maxZahl
	case Wahrheit:
		switch strings.ToLower(s) {
		case "true", "ja", "1":
			return normal{"true", "ja", "true"}, true
		case "false", "nein", "0":
			return normal{"false", "nein", "false"}, true
		}
	}
	return normal{}, false
}

// rohwert is a value as it stands, by its kind in JSON.
func rohwert(s string, a art) normal {
	switch a {
	case artZahl:
		return normal{s, strings.Replace(s, ".", ",", 1), s}
	case artWahr:
		return normal{s, map[string]string{"true": "ja", "false": "nein"}[s], s}
	case artNull:
		return normal{"", "", "null"}
	}
	return normal{s, s, quote(s)}
}

// zahl makes one form of a decimal with a point: no zeros before it.
func zahl(s string) normal {
	ziffern, minus := strings.CutPrefix(s, "-")
	if ziffern = strings.TrimLeft(ziffern, "0"); ziffern == "" || ziffern[0] == '.' {
		ziffern = "0" + ziffern
	}
	if minus {
		ziffern = "-" + ziffern
	}
	return normal{ziffern, strings.Replace(ziffern, ".", ",", 1), ziffern}
}

func tag(s string) (datum.Datum, bool) {
	if m := deutschesDatum.FindStringSubmatch(s); m != nil {
		jahr, _ := strconv.Atoi(m[3])
		monat, _ := strconv.Atoi(m[2])
		t, _ := strconv.Atoi(m[1])
		d := datum.New(jahr, time.Month(monat), t)
		return d, d.Jahr() == jahr && int(d.Monat()) == monat && d.Tag() == t && jahr > 0
	}
	if d, err := datum.Parse(s); err == nil {
		return d, d.Jahr() > 0
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		d := datum.Von(t)
		return d, d.Jahr() > 0 && d.Jahr() < 10000
	}
	return datum.Datum{}, false
}
