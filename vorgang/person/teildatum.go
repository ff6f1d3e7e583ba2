package person

import (
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Teildatum is a date of birth as registers have it: the day may be unknown, and
// the month too. It is comparable with ==; the zero value says nothing is known.
// Its text is "1950-03-17", "1950-03" or "1950".
type Teildatum struct {
	jahr       int16
	monat, tag uint8
}

// ParseTeildatum reads the three forms, years 0001 to 9999; the error never holds
// the text. Empty text is the zero value.
func ParseTeildatum(s string) (Teildatum, error) {
	if s == "" {
		return Teildatum{}, nil
	}
	for i, form := range []string{time.DateOnly, "2006-01", "2006"} {
		t, err := time.Parse(form, s)
		if err != nil || t.Year() < 1 {
			continue
		}
		d := Teildatum{int16(t.Year()), uint8(t.Month()), uint8(t.Day())}
		if i > 0 {
			d.tag = 0
		}
		if i > 1 {
			d.monat = 0
		}
		return d, nil
	}
	return Teildatum{}, fehler.Probleme{{
		Code: "person.teildatum", Meldung: "not a date of the form JJJJ, JJJJ-MM or JJJJ-MM-TT",
		Hinweis: "Das Datum gibt es nicht, oder es ist nicht als JJJJ-MM-TT, JJJJ-MM oder JJJJ angegeben. Bitte das Datum prüfen.",
	}}
}

// VonDatum gives a date that is known in full.
func VonDatum(d datum.Datum) Teildatum {
	return Teildatum{int16(d.Jahr()), uint8(d.Monat()), uint8(d.Tag())}
}

// IsZero tells whether nothing is known.
func (d Teildatum) IsZero() bool { return d == Teildatum{} }

// Genau gives the date if day and month are known.
func (d Teildatum) Genau() (datum.Datum, bool) {
	if d.tag == 0 {
		return datum.Datum{}, false
	}
	return d.Von(), true
}

// Von is the first day it can be, the zero Datum for the zero value.
func (d Teildatum) Von() datum.Datum {
	if d.IsZero() {
		return datum.Datum{}
	}
	return datum.New(int(d.jahr), time.Month(max(d.monat, 1)), int(max(d.tag, 1)))
}

// Bis is the last day it can be, the zero Datum for the zero value. Who has
// reached an age by Bis has reached it for certain.
func (d Teildatum) Bis() datum.Datum {
	switch {
	case d.IsZero() || d.tag > 0:
		return d.Von()
	case d.monat > 0:
		return datum.New(int(d.jahr), time.Month(d.monat)+1, 0)
	}
	return datum.New(int(d.jahr), time.December, 31)
}

// String gives the text form, or "" for the zero value.
func (d Teildatum) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.tag > 0:
		return fmt.Sprintf("%04d-%02d-%02d", d.jahr, d.monat, d.tag)
	case d.monat > 0:
		return fmt.Sprintf("%04d-%02d", d.jahr, d.monat)
	}
	return fmt.Sprintf("%04d", d.jahr)
}

// Deutsch gives "17.03.1950", "03.1950" or "1950".
func (d Teildatum) Deutsch() string {
	switch {
	case d.tag > 0:
		return fmt.Sprintf("%02d.%02d.%04d", d.tag, d.monat, d.jahr)
	case d.monat > 0:
		return fmt.Sprintf("%02d.%04d", d.monat, d.jahr)
	}
	return d.String()
}

// MarshalText gives the form of String.
func (d Teildatum) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the forms of ParseTeildatum.
func (d *Teildatum) UnmarshalText(b []byte) error {
	v, err := ParseTeildatum(string(b))
	if err == nil {
		*d = v
	}
	return err
}
