package person

import (
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// IBAN is an International Bank Account Number in its electronic form: capital
// letters and digits without blanks (ISO 13616).
type IBAN string

// ParseIBAN reads the electronic form and the printed one with blanks, in small
// letters too. It checks the country, the length there and the check digits
// (ISO 7064, MOD 97-10), not the parts inside a country nor that the account
// exists. The error, of kind [fehler.ErrInvalid], says which check failed and
// never holds the number.
func ParseIBAN(s string) (IBAN, error) {
	if len(s) > 4*ibanMax { // more blanks than anybody prints
		return "", ibanProblem("form")
	}
	k := IBAN(strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '\u00A0':
			return -1
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, s))
	if err := k.check(); err != nil {
		return "", err
	}
	return k, nil
}

// Gruppen gives the printed form: blocks of four with blanks between.
func (k IBAN) Gruppen() string {
	var b strings.Builder
	for i, r := range k {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (k IBAN) check() error {
	grund := ""
	switch {
	case !k.form():
		grund = "form"
	case ibanLaenge[string(k[:2])] == 0:
		grund = "land"
	case ibanLaenge[string(k[:2])] != len(k):
		grund = "laenge"
	// 00, 01 and 99 are no check digits, though the remainder may be right.
	case k[2:4] < "02" || k[2:4] > "98" || k.rest() != 1:
		grund = "pruefziffer"
	default:
		return nil
	}
	return ibanProblem(grund)
}

func (k IBAN) form() bool {
	if len(k) < 5 || len(k) > ibanMax {
		return false
	}
	for i := range len(k) {
		ziffer, buchstabe := '0' <= k[i] && k[i] <= '9', 'A' <= k[i] && k[i] <= 'Z'
		switch {
		case i < 2 && !buchstabe, i >= 2 && i < 4 && !ziffer, !ziffer && !buchstabe:
			return false
		}
	}
	return true
}

// rest is the number, first four characters last and letters as 10 to 35, modulo 97.
func (k IBAN) rest() int {
	m := 0
	for i := range len(k) {
		switch c := k[(i+4)%len(k)]; {
		case c <= '9':
			m = (m*10 + int(c-'0')) % 97
		default:
			m = (m*100 + int(c-'A') + 10) % 97
		}
	}
	return m
}

var ibanTexte = map[string][2]string{
	"form":        {"not of the form of an IBAN", "Die IBAN besteht aus zwei Großbuchstaben, zwei Prüfziffern und der Kontokennung ohne Leerzeichen. Bitte die Schreibweise prüfen."},
	"land":        {"country without IBAN", "Die ersten beiden Buchstaben der IBAN bezeichnen kein Land, das IBANs vergibt. Bitte die IBAN prüfen."},
	"laenge":      {"wrong length for the country", "Die IBAN hat nicht die Länge, die ihr Land vorschreibt. Bitte fehlende oder überzählige Zeichen berichtigen."},
	"pruefziffer": {"check digits do not match", "Die Prüfziffern der IBAN passen nicht. Bitte die IBAN mit der Vorlage vergleichen."},
}

func ibanProblem(grund string) fehler.Probleme {
	t := ibanTexte[grund]
	return fehler.Probleme{{Code: "person.iban-" + grund, Meldung: t[0], Hinweis: t[1]}}
}
