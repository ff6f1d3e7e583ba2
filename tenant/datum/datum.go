// Package datum is the legal date of Fachwerk: a day in the calendar of
// Europe/Berlin, without time of day. Periods, holidays, validity of rules and
// the day of a Bekanntgabe are dates; instants stay [time.Time] in UTC.
//
// The zero [Datum] means "no date". All functions are pure and safe for
// concurrent use.
package datum

import (
	"cmp"
	"database/sql/driver"
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // the legal calendar must not depend on the machine's zone files
)

// Datum is a day of the proleptic Gregorian calendar. It is comparable with ==
// and usable as a map key. The zero value is "no date"; arithmetic on it gives
// "no date" again, and it sorts before every other date. Text holds the years 0
// to 9999; arithmetic must stay within -9999 to 29999.
type Datum struct {
	jahr  int16
	monat uint8
	tag   uint8
}

var berlin = sync.OnceValue(func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic("datum: Europe/Berlin is missing from time/tzdata: " + err.Error())
	}
	return loc
})

// Berlin is the legal time zone of German administrative periods
// (§ 4 EinhZeitG: gesetzliche Zeit).
func Berlin() *time.Location { return berlin() }

// New gives the day; values out of range are normalised as [time.Date] does
// (31 April becomes 1 May).
func New(jahr int, monat time.Month, tag int) Datum {
	return from(time.Date(jahr, monat, tag, 0, 0, 0, 0, time.UTC))
}

func from(t time.Time) Datum {
	j, m, d := t.Date()
	return Datum{int16(j), uint8(m), uint8(d)}
}

// Von gives the day of an instant in Europe/Berlin. The zero time gives the zero Datum.
func Von(t time.Time) Datum {
	if t.IsZero() {
		return Datum{}
	}
	return from(t.In(Berlin()))
}

// Parse reads "2006-01-02". Any other form, and days that do not exist, are errors.
func Parse(s string) (Datum, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Datum{}, fmt.Errorf("datum: %q is not a date of the form JJJJ-MM-TT", s)
	}
	return from(t), nil
}

// MustParse is Parse for constants in tests and tables; it panics on a bad date.
func MustParse(s string) Datum {
	d, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

func (d Datum) utc() time.Time {
	return time.Date(int(d.jahr), time.Month(d.monat), int(d.tag), 0, 0, 0, 0, time.UTC)
}

// IsZero tells whether no date is set.
func (d Datum) IsZero() bool { return d == Datum{} }

// Jahr is the year.
func (d Datum) Jahr() int { return int(d.jahr) }

// Monat is the month, January = 1.
func (d Datum) Monat() time.Month { return time.Month(d.monat) }

// Tag is the day of the month, from 1.
func (d Datum) Tag() int { return int(d.tag) }

// Wochentag is the day of the week.
func (d Datum) Wochentag() time.Weekday { return d.utc().Weekday() }

// AddTage gives the day n days later (earlier if n is negative).
func (d Datum) AddTage(n int) Datum {
	if d.IsZero() {
		return d
	}
	return from(d.utc().AddDate(0, 0, n))
}

// AddMonate gives the same day number n months later, or the last day of that
// month where the number is missing (§ 188 (3) BGB).
func (d Datum) AddMonate(n int) Datum {
	if d.IsZero() {
		return d
	}
	first := time.Date(int(d.jahr), time.Month(d.monat)+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return New(first.Year(), first.Month(), min(int(d.tag), last))
}

// Vor tells whether d is earlier than e.
func (d Datum) Vor(e Datum) bool { return d.Compare(e) < 0 }

// Nach tells whether d is later than e.
func (d Datum) Nach(e Datum) bool { return d.Compare(e) > 0 }

// Compare gives -1, 0 or +1.
func (d Datum) Compare(e Datum) int {
	return cmp.Or(cmp.Compare(d.jahr, e.jahr), cmp.Compare(d.monat, e.monat), cmp.Compare(d.tag, e.tag))
}

// TageBis counts the days from d to e; negative if e is earlier, 0 if one of
// them is "no date".
func (d Datum) TageBis(e Datum) int {
	if d.IsZero() || e.IsZero() {
		return 0
	}
	// Not by time.Duration, which ends at 292 years.
	const tag = 24 * 60 * 60
	return int((e.utc().Unix() - d.utc().Unix()) / tag)
}

// Beginn is the instant the day starts in Europe/Berlin, in UTC. "No date" gives
// the zero time.
func (d Datum) Beginn() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(int(d.jahr), time.Month(d.monat), int(d.tag), 0, 0, 0, 0, Berlin()).UTC()
}

// Ende is the first instant after the day in Europe/Berlin, in UTC
// (a period ends with its last day, 24:00; § 188 (1) BGB).
func (d Datum) Ende() time.Time { return d.AddTage(1).Beginn() }

// String gives "2006-01-02", or "" for the zero Datum.
func (d Datum) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.jahr, d.monat, d.tag)
}

// Deutsch gives "02.01.2006" as letters write it, or "" for the zero Datum.
func (d Datum) Deutsch() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%02d.%02d.%04d", d.tag, d.monat, d.jahr)
}

// MarshalText gives the form of String. A year that the form cannot hold (below
// 0 or above 9999) is an error, so that nothing is written which cannot be read.
func (d Datum) MarshalText() ([]byte, error) {
	if d.jahr < 0 || d.jahr > 9999 {
		return nil, fmt.Errorf("datum: the year %d has no form JJJJ-MM-TT", d.jahr)
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads the form of Parse; empty text is the zero Datum.
func (d *Datum) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Datum{}
		return nil
	}
	v, err := Parse(string(b))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// Value stores the date as text "2006-01-02", or NULL for the zero Datum.
func (d Datum) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	b, err := d.MarshalText()
	return string(b), err
}

// Scan reads what Value wrote, and a DATE column as [time.Time].
func (d *Datum) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Datum{}
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	case time.Time:
		*d = from(v)
		return nil
	}
	return fmt.Errorf("datum: cannot read %T as a date", src)
}

// Zeitraum is a range of days, both ends included. A zero Von or Bis is open.
type Zeitraum struct {
	Von Datum `json:"von,omitzero" yaml:"von"`
	Bis Datum `json:"bis,omitzero" yaml:"bis"`
}

// Enthaelt tells whether the day lies in the range.
func (z Zeitraum) Enthaelt(d Datum) bool {
	return (z.Von.IsZero() || !d.Vor(z.Von)) && (z.Bis.IsZero() || !d.Nach(z.Bis))
}
