// Package kassenzeichen makes, checks and finds the reference a payer writes on a
// transfer. How it is built is data of the authority ([Schema]); the check digit
// decides what a typing error does: [Schema.Zusage] says what is surely noticed.
//
// All functions are pure and safe for concurrent use. No error quotes its input.
package kassenzeichen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Verfahren is how the check digit is computed. The codes are stable.
type Verfahren string

// The ways to compute a check digit. Letters of the prefix count as 10 (A) to 35 (Z).
const (
	// Keine: no check digit; nothing is noticed.
	Keine Verfahren = "keine"
	// Luhn is modulo 10 with doubling from the right (ISO/IEC 7812-1): one digit.
	Luhn Verfahren = "luhn"
	// Mod11 is a weighted sum modulo 11: one digit; see Schema.Gewichte and Zehn.
	Mod11 Verfahren = "mod11"
	// Mod97 is ISO 7064 MOD 97-10: two digits.
	Mod97 Verfahren = "mod97"
)

// Zehn says what becomes of the remainder 10 of [Mod11].
type Zehn string

// The treatments of 10.
const (
	// ZehnAuslassen: such a number is not given out; Generate refuses it. The default.
	ZehnAuslassen Zehn = ""
	// ZehnX writes X.
	ZehnX Zehn = "X"
	// ZehnNull writes 0 as for the remainder 0, at the price of the promise.
	ZehnNull Zehn = "0"
)

// Schema is how a Kassenzeichen is built: Praefix, Jahr, running number, check digits.
type Schema struct {
	Name string `json:"name"`
	// Praefix is up to 10 of A-Z and 0-9, and the same for all.
	Praefix string `json:"praefix,omitempty"`
	// Jahr is how many digits of the year follow: 0, 2 or 4.
	Jahr int `json:"jahr,omitempty"`
	// Stellen of the running number, 4 to 18.
	Stellen   int       `json:"stellen"`
	Verfahren Verfahren `json:"verfahren"`
	// Gewichte of Mod11 from the right, each 1 to 10, repeated; default 2 to 7.
	Gewichte []int `json:"gewichte,omitempty"`
	Zehn     Zehn  `json:"zehn,omitempty"`
	// Gruppen are the sizes of groups [Schema.Format] sets apart; what is left follows.
	Gruppen []int `json:"gruppen,omitempty"`
}

// Check finds mistakes in the Schema: [fehler.Probleme].
func (s Schema) Check() error {
	var p fehler.Probleme
	add := func(pfad, meldung, hinweis string) {
		p = append(p, fehler.Problem{Code: "kassenzeichen.schema", Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
	if s.Name == "" {
		add("/name", "name is missing", "Das Schema hat keinen Namen.")
	}
	if len(s.Praefix) > 10 || strings.ContainsFunc(s.Praefix, func(r rune) bool { return wert(r) < 0 }) {
		add("/praefix", "not up to 10 of A-Z and 0-9", "Das Präfix hat mehr als 10 Zeichen oder andere als A bis Z und 0 bis 9.")
	}
	if s.Jahr != 0 && s.Jahr != 2 && s.Jahr != 4 {
		add("/jahr", "not 0, 2 or 4 digits", "Das Jahr hat nicht 0, 2 oder 4 Stellen.")
	}
	if s.Stellen < 4 || s.Stellen > 18 {
		add("/stellen", "not 4 to 18 digits", "Die laufende Nummer hat nicht 4 bis 18 Stellen.")
	}
	switch s.Verfahren {
	case Keine, Luhn, Mod11, Mod97:
	default:
		add("/verfahren", "unknown check digit scheme", "Das Prüfzifferverfahren ist unbekannt.")
	}
	if s.Verfahren != Mod11 && (len(s.Gewichte) > 0 || s.Zehn != "") {
		add("/gewichte", "only for mod11", "Gewichte und die Behandlung der Zehn gehören nur zu mod11.")
	}
	if len(s.Gewichte) > 40 || slices.ContainsFunc(s.Gewichte, func(g int) bool { return g < 1 || g > 10 }) {
		add("/gewichte", "a weight is not 1 to 10", "Ein Gewicht liegt nicht zwischen 1 und 10.")
	}
	if s.Zehn != ZehnAuslassen && s.Zehn != ZehnX && s.Zehn != ZehnNull {
		add("/zehn", "not empty, X or 0", "Die Zehn wird ausgelassen, X oder 0, nichts anderes.")
	}
	if len(s.Gruppen) > 20 || slices.ContainsFunc(s.Gruppen, func(g int) bool { return g < 1 || g > 30 }) {
		add("/gruppen", "a group is not of 1 to 30", "Eine Gruppe hat nicht 1 bis 30 Zeichen.")
	}
	if len(p) > 0 {
		return p
	}
	return nil
}

// Zusage is what a Schema promises to notice.
type Zusage struct {
	// Einzelfehler: every single wrong digit.
	Einzelfehler bool
	// Dreher: every swap of two different neighbouring digits.
	Dreher bool
	// Ausnahme in German, if a promise nearly holds; may be empty.
	Ausnahme string
}

// Zusage gives the promise, computed from the data.
func (s Schema) Zusage() Zusage {
	switch s.Verfahren {
	case Luhn:
		return Zusage{Einzelfehler: true, Ausnahme: "Der Dreher von 0 und 9 bleibt unbemerkt."}
	case Mod97:
		return Zusage{Einzelfehler: true, Dreher: true}
	case Mod11:
		if s.Zehn == ZehnNull {
			return Zusage{Ausnahme: "Die Reste 0 und 10 haben dieselbe Prüfziffer; einige Fehler bleiben unbemerkt."}
		}
		z := Zusage{Einzelfehler: true, Dreher: true}
		for i := range s.Jahr + s.Stellen {
			links, rechts := s.gewicht(i), 1 // the check digit itself counts once
			if i > 0 {
				rechts = s.gewicht(i - 1)
			}
			if links == rechts {
				z.Dreher, z.Ausnahme = false, "Dreher zwischen Stellen mit gleichem Gewicht bleiben unbemerkt."
			}
		}
		return z
	}
	return Zusage{}
}

func (s Schema) gewicht(i int) int {
	if len(s.Gewichte) == 0 {
		return 2 + i%6
	}
	return s.Gewichte[i%len(s.Gewichte)]
}

// Laenge is the number of characters.
func (s Schema) Laenge() int { return len(s.Praefix) + s.Jahr + s.Stellen + s.pruefstellen() }

func (s Schema) pruefstellen() int {
	switch s.Verfahren {
	case Luhn, Mod11:
		return 1
	case Mod97:
		return 2
	}
	return 0
}

// Generate makes the Kassenzeichen of the running number. A number that does not fit,
// a year outside 1 to 9999 where the Schema has one, and a number that [ZehnAuslassen]
// leaves out (code "kassenzeichen.auslassen": take the next one) match
// [fehler.ErrInvalid].
func (s Schema) Generate(nummer uint64, jahr int) (string, error) {
	if err := s.Check(); err != nil {
		return "", fehler.New("kassenzeichen.Generate", s.Name, fehler.ErrInvalid, err)
	}
	invalid := func(code, meldung, hinweis string) (string, error) {
		return "", fehler.New("kassenzeichen.Generate", s.Name, fehler.ErrInvalid, fehler.Probleme{{Code: code, Meldung: meldung, Hinweis: hinweis}})
	}
	n := fmt.Sprintf("%0*d", s.Stellen, nummer)
	if len(n) > s.Stellen {
		return invalid("kassenzeichen.nummer", "the running number is too long", "Die laufende Nummer hat mehr Stellen, als das Kassenzeichen vorsieht.")
	}
	j := ""
	if s.Jahr > 0 {
		if jahr < 1 || jahr > 9999 {
			return invalid("kassenzeichen.jahr", "the year is not 1 to 9999", "Das Jahr des Kassenzeichens fehlt oder ist keines.")
		}
		j = fmt.Sprintf("%04d", jahr)[4-s.Jahr:]
	}
	z := s.Praefix + j + n
	p, ok := s.pruefziffer(z)
	if !ok {
		return invalid("kassenzeichen.auslassen", "this number has no check digit; take the next", "Diese laufende Nummer hat keine Prüfziffer und wird ausgelassen; bitte die nächste nehmen.")
	}
	return z + p, nil
}

// Valid tells whether k is a Kassenzeichen of the Schema, in exactly its form.
func (s Schema) Valid(k string) bool {
	if s.Check() != nil {
		return false
	}
	return s.gueltig(k)
}

func (s Schema) gueltig(k string) bool {
	n := s.Laenge() - s.pruefstellen()
	if len(k) != s.Laenge() || !strings.HasPrefix(k, s.Praefix) {
		return false
	}
	for i := len(s.Praefix); i < n; i++ {
		if k[i] < '0' || k[i] > '9' {
			return false
		}
	}
	p, ok := s.pruefziffer(k[:n])
	return ok && k[n:] == p
}

// Format sets the groups apart by spaces.
func (s Schema) Format(k string) string {
	var teile []string
	for _, g := range s.Gruppen {
		if g >= len(k) {
			break
		}
		teile, k = append(teile, k[:g]), k[g:]
	}
	return strings.Join(append(teile, k), " ")
}

// wert of a character: 0-9, A=10 to Z=35, else -1.
func wert(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= 'A' && r <= 'Z':
		return int(r-'A') + 10
	}
	return -1
}

// pruefziffer gives the check digits of z; not ok if it has none.
func (s Schema) pruefziffer(z string) (string, bool) {
	switch s.Verfahren {
	case Luhn:
		ziffern := make([]int, 0, 2*len(z))
		for _, r := range z {
			if w := wert(r); w > 9 {
				ziffern = append(ziffern, w/10, w%10)
			} else {
				ziffern = append(ziffern, w)
			}
		}
		slices.Reverse(ziffern)
		summe := 0
		for i, d := range ziffern {
			if i%2 == 0 {
				d = 2*d/10 + 2*d%10
			}
			summe += d
		}
		return string(rune('0' + (10-summe%10)%10)), true
	case Mod11:
		summe := 0
		for i := range len(z) {
			summe += s.gewicht(i) * wert(rune(z[len(z)-1-i]))
		}
		p := (11 - summe%11) % 11
		if p < 10 {
			return string(rune('0' + p)), true
		}
		return string(s.Zehn), s.Zehn != ZehnAuslassen
	case Mod97:
		return fmt.Sprintf("%02d", 98-rest97(z+"00")), true
	}
	return "", true
}

func rest97(z string) (rest int) {
	for _, r := range z {
		if w := wert(r); w > 9 {
			rest = (rest*100 + w) % 97
		} else {
			rest = (rest*10 + w) % 97
		}
	}
	return rest
}
