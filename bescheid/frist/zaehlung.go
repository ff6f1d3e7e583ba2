package frist

import (
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Beginn says what starts a period (§ 187 BGB).
type Beginn string

// The two starts; the zero value is BeginnEreignis.
const (
	// BeginnEreignis: an event during the day; that day does not count (§ 187 (1) BGB).
	BeginnEreignis Beginn = "ereignis"
	// BeginnTag: the start of a day; that day counts (§ 187 (2) BGB).
	BeginnTag Beginn = "tag"
)

// Ende gives the last day of a period that starts with am, before any shift
// (§§ 187, 188 BGB). Weeks end on the same weekday, months and years on the
// same day number, or on the last day of the month where it is missing; a
// period that starts with a day ends one day earlier, unless the number is
// missing. Months always count from am, never in a chain.
//
// The error is of kind [fehler.ErrInvalid]: date or result outside 1900 to 2199,
// a negative length, an unknown unit. A length of 0 gives am itself for an event
// and is an error for a period that starts with a day.
func Ende(am datum.Datum, d Dauer, b Beginn) (datum.Datum, error) {
	ungueltig := func(code, meldung, hinweis string) (datum.Datum, error) {
		return datum.Datum{}, fehler.New("frist.Ende", "", fehler.ErrInvalid, fehler.Probleme{problem(code, "", meldung, hinweis)})
	}
	if am.IsZero() || !imBereich(am) {
		return ungueltig("datum-bereich", "date is missing or outside 1900 to 2199", "Das Datum fehlt oder liegt außerhalb von 1900 bis 2199.")
	}
	if hoechstens[d.Einheit] == 0 || d.N < 0 || d.N > hoechstens[d.Einheit] || (b != "" && b != BeginnEreignis && b != BeginnTag) {
		return ungueltig("dauer", "length or unit is not usable", "Länge oder Einheit der Frist ist nicht brauchbar.")
	}
	if b == BeginnTag && d.N == 0 {
		return ungueltig("dauer", "a period that starts with a day needs a length", "Die Frist braucht eine Länge.")
	}
	ende := zaehle(am, d.N, d.Einheit)
	if b == BeginnTag {
		monate := d.Einheit == EinheitMonat || d.Einheit == EinheitJahr
		if !monate || ende.Tag() == am.Tag() {
			ende = ende.AddTage(-1)
		}
	}
	if !imBereich(ende) {
		return ungueltig("datum-bereich", "result is outside 1900 to 2199", "Das Ende liegt außerhalb von 1900 bis 2199.")
	}
	return ende, nil
}

func zaehle(am datum.Datum, n int, e Einheit) datum.Datum {
	switch e {
	case EinheitWoche:
		return am.AddTage(7 * n)
	case EinheitMonat:
		return am.AddMonate(n)
	case EinheitJahr:
		return am.AddMonate(12 * n)
	}
	return am.AddTage(n)
}
