package tenant

import (
	"regexp"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Leistungsschluessel is the LeiKa key of a service: 14 digits beginning with
// 99 (99 + Gruppierung 3 + Kennung 3 + Verrichtung 3 + Detail 3). Test
// environments break the pattern; [ParseLeistung] therefore takes any digits
// after the URN prefix and [Leistungsschluessel.Regulaer] tells whether the key
// has the official form. Source: FIM Leistungen, LeiKa.
type Leistungsschluessel string

// LeistungURN is the prefix of the key in FIT-Connect submissions.
const LeistungURN = "urn:de:fim:leika:leistung:"

var leistungForm = regexp.MustCompile(`^[0-9]{1,14}$`)

// ParseLeistung reads the bare key or its URN.
func ParseLeistung(s string) (Leistungsschluessel, error) {
	k := strings.TrimPrefix(strings.TrimSpace(s), LeistungURN)
	if !leistungForm.MatchString(k) {
		return "", fehler.Probleme{{
			Code: "tenant.leistungsschluessel", Meldung: "not a Leistungsschluessel (14 digits beginning with 99)",
			Hinweis: "Der Leistungsschlüssel muss aus 14 Ziffern bestehen und mit 99 beginnen.",
		}}
	}
	return Leistungsschluessel(k), nil
}

// Regulaer tells whether the key has 14 digits beginning with 99.
func (k Leistungsschluessel) Regulaer() bool {
	return len(k) == 14 && strings.HasPrefix(string(k), "99") && leistungForm.MatchString(string(k))
}

// URN gives the form FIT-Connect uses.
func (k Leistungsschluessel) URN() string { return LeistungURN + string(k) }

// ARS is the Amtlicher Regionalschlüssel or a prefix of it naming an area: 2
// (Land), 3 (Regierungsbezirk), 5 (Kreis), 9 (Gemeindeverband) or 12 digits
// (Gemeinde). Source: Destatis, GV-ISys.
type ARS string

// arsLaenge is the length of the longest ARS.
const arsLaenge = 12

var arsForm = regexp.MustCompile(`^(?:[0-9]{2}|[0-9]{3}|[0-9]{5}|[0-9]{9}|[0-9]{12})$`)

// ParseARS reads the digits, with or without the prefix "DE" that FIT-Connect
// regions carry. "DE000000000000" (all of Germany) gives the empty ARS.
func ParseARS(s string) (ARS, error) {
	k := strings.TrimPrefix(strings.TrimSpace(s), "DE")
	if k == "000000000000" {
		return "", nil
	}
	if !arsForm.MatchString(k) || !arsLand(k) {
		return "", fehler.Probleme{{
			Code: "tenant.ars", Meldung: "not an ARS of 2, 3, 5, 9 or 12 digits with a Land key 01 to 16",
			Hinweis: "Der Regionalschlüssel muss 2, 3, 5, 9 oder 12 Ziffern haben und mit einem Landesschlüssel von 01 bis 16 beginnen.",
		}}
	}
	return ARS(k), nil
}

func arsLand(k string) bool {
	_, ok := LandVonSchluessel(k[:2])
	return ok
}

// Land gives the Land of the area; false for the empty ARS.
func (a ARS) Land() (Land, bool) {
	if len(a) < 2 {
		return "", false
	}
	return LandVonSchluessel(string(a[:2]))
}

// Umfasst tells whether a is the same area as b or contains it. The empty ARS contains all.
func (a ARS) Umfasst(b ARS) bool { return strings.HasPrefix(string(b), string(a)) }

// AGS gives the Amtlicher Gemeindeschlüssel of a 12-digit ARS (8 digits);
// false for shorter keys, whose AGS needs the official list.
func (a ARS) AGS() (string, bool) {
	if len(a) != arsLaenge {
		return "", false
	}
	return string(a[:5] + a[9:]), true
}

// AGS is the Amtlicher Gemeindeschlüssel of a Gemeinde: 8 digits, those of the ARS
// without the four of the Gemeindeverband. The way back to the ARS needs the
// official list; so an AGS is compared with [ARS.AGS] of a place. Its prefixes of 2,
// 3 and 5 digits are those of the ARS. Source: Destatis, GV-ISys.
type AGS string

var agsForm = regexp.MustCompile(`^[0-9]{8}$`)

// ParseAGS reads the 8 digits.
func ParseAGS(s string) (AGS, error) {
	k := AGS(strings.TrimSpace(s))
	if !k.valid() {
		return "", fehler.Probleme{{
			Code: "tenant.ags", Meldung: "not an AGS of 8 digits with a Land key 01 to 16",
			Hinweis: "Der Gemeindeschlüssel muss 8 Ziffern haben und mit einem Landesschlüssel von 01 bis 16 beginnen.",
		}}
	}
	return k, nil
}

func (k AGS) valid() bool { return agsForm.MatchString(string(k)) && arsLand(string(k)) }

// Kreis gives the first five digits, which AGS and ARS share.
func (k AGS) Kreis() ARS { return ARS(k[:min(len(k), 5)]) }
