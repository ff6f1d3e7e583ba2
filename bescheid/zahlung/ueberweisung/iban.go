package ueberweisung

import (
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// IBAN is an account number of ISO 13616 without blanks, in upper case. Values come
// from [ParseIBAN].
type IBAN string

// laengen of the countries of the SEPA schemes (EPC409-09); any other has 15 to 34.
var laengen = map[string]int{
	"AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18,
	"FO": 18, "FR": 27, "GB": 22, "GI": 23, "GL": 18, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20,
	"LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22,
	"SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}

// ParseIBAN reads an IBAN with or without blanks, in any case, and checks length and
// check digits. The error is [fehler.Probleme] and does not quote it.
func ParseIBAN(s string) (IBAN, error) {
	k := strings.ToUpper(strings.Join(strings.Fields(s), ""))
	schlecht := func(meldung, hinweis string) (IBAN, error) {
		return "", fehler.Probleme{problem("ueberweisung.iban", "/iban", meldung, hinweis)}
	}
	if len(k) < 15 || len(k) > 34 || !nur(k[:2], grossbuchstaben) || !nur(k[2:4], ziffern) || !nur(k, grossbuchstaben+ziffern) {
		return schlecht("not the form of an IBAN", "Das ist keine IBAN. Eine deutsche beginnt mit DE und hat 22 Stellen.")
	}
	if n, ok := laengen[k[:2]]; ok && n != len(k) {
		return schlecht("wrong length for the country", "Die IBAN hat für ihr Land zu viele oder zu wenige Stellen.")
	}
	if p := k[2:4]; p < "02" || p > "98" || rest97(k[4:]+k[:4]) != 1 {
		return schlecht("the check digits do not fit", "Die Prüfziffern der IBAN stimmen nicht; bitte auf Tippfehler prüfen.")
	}
	return IBAN(k), nil
}

// Format sets groups of four apart, as letters write it.
func (i IBAN) Format() string {
	var b strings.Builder
	for n, r := range string(i) {
		if n > 0 && n%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Land is the country, ISO 3166-1 alpha-2; empty for an empty IBAN.
func (i IBAN) Land() string {
	if len(i) < 2 {
		return ""
	}
	return string(i[:2])
}

const (
	grossbuchstaben = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	ziffern         = "0123456789"
)

func nur(s, erlaubt string) bool {
	return strings.Trim(s, erlaubt) == "" && strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(erlaubt, r) }) < 0
}

// rest97 of a text of 0-9 and A-Z (as 10 to 35), ISO 7064 MOD 97-10.
func rest97(s string) (rest int) {
	for _, r := range s {
		if r >= 'A' {
			rest = (rest*100 + int(r-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(r-'0')) % 97
		}
	}
	return rest
}

// ValidBIC tells whether s has the form of a BIC (ISO 9362): 8 or 11 characters, the
// fifth and sixth a country.
func ValidBIC(s string) bool {
	return (len(s) == 8 || len(s) == 11) && nur(s[:4], grossbuchstaben+ziffern) && nur(s[4:6], grossbuchstaben) && nur(s[6:], grossbuchstaben+ziffern)
}

// ValidRF tells whether s is a structured creditor reference of ISO 11649 without
// blanks: RF, two check digits, 1 to 21 characters.
func ValidRF(s string) bool {
	return len(s) >= 5 && len(s) <= 25 && strings.HasPrefix(s, "RF") && nur(s[2:4], ziffern) && nur(s[4:], grossbuchstaben+ziffern) && rest97(s[4:]+s[:4]) == 1
}

// RF makes the structured creditor reference (ISO 11649) of 1 to 21 characters of A-Z
// and 0-9, such as a Kassenzeichen; anything else gives "".
func RF(s string) string {
	if s == "" || len(s) > 21 || !nur(s, grossbuchstaben+ziffern) {
		return ""
	}
	p := 98 - rest97(s+"RF00")
	return "RF" + string(rune('0'+p/10)) + string(rune('0'+p%10)) + s
}

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}
