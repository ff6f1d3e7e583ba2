package tenant

import (
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Land is one of the 16 German Länder, by the letters of its ISO 3166-2:DE code
// without the country ("SH" for DE-SH). The zero Land means "no Land": the
// federation, or not known. Land is a plain string type, comparable, usable as
// a map key and safe for concurrent use; text from outside goes through [ParseLand].
type Land string

// The Länder in the order of their official key.
const (
	LandSH Land = "SH" // Schleswig-Holstein, 01
	LandHH Land = "HH" // Hamburg, 02
	LandNI Land = "NI" // Niedersachsen, 03
	LandHB Land = "HB" // Bremen, 04
	LandNW Land = "NW" // Nordrhein-Westfalen, 05
	LandHE Land = "HE" // Hessen, 06
	LandRP Land = "RP" // Rheinland-Pfalz, 07
	LandBW Land = "BW" // Baden-Württemberg, 08
	LandBY Land = "BY" // Bayern, 09
	LandSL Land = "SL" // Saarland, 10
	LandBE Land = "BE" // Berlin, 11
	LandBB Land = "BB" // Brandenburg, 12
	LandMV Land = "MV" // Mecklenburg-Vorpommern, 13
	LandSN Land = "SN" // Sachsen, 14
	LandST Land = "ST" // Sachsen-Anhalt, 15
	LandTH Land = "TH" // Thüringen, 16
)

// The table is in the order of the official key (first two digits of ARS and
// AGS, Destatis Gemeindeverzeichnis).
var laender = [16]struct {
	land             Land
	schluessel, name string
}{
	{LandSH, "01", "Schleswig-Holstein"},
	{LandHH, "02", "Hamburg"},
	{LandNI, "03", "Niedersachsen"},
	{LandHB, "04", "Bremen"},
	{LandNW, "05", "Nordrhein-Westfalen"},
	{LandHE, "06", "Hessen"},
	{LandRP, "07", "Rheinland-Pfalz"},
	{LandBW, "08", "Baden-Württemberg"},
	{LandBY, "09", "Bayern"},
	{LandSL, "10", "Saarland"},
	{LandBE, "11", "Berlin"},
	{LandBB, "12", "Brandenburg"},
	{LandMV, "13", "Mecklenburg-Vorpommern"},
	{LandSN, "14", "Sachsen"},
	{LandST, "15", "Sachsen-Anhalt"},
	{LandTH, "16", "Thüringen"},
}

// Laender gives the 16 Länder in the order of their official key. The slice is the caller's.
func Laender() []Land {
	out := make([]Land, len(laender))
	for i := range laender {
		out[i] = laender[i].land
	}
	return out
}

// ParseLand reads "SH" or "DE-SH", in either case of letters. Anything else is
// an error of kind [fehler.ErrInvalid].
func ParseLand(s string) (Land, error) {
	code := strings.ToUpper(s)
	code = strings.TrimPrefix(code, "DE-")
	if l := Land(code); l.Valid() {
		return l, nil
	}
	return "", fehler.New("tenant.ParseLand", "", fehler.ErrInvalid, nil)
}

// LandVonSchluessel gives the Land of an official key: the two digits "01" to
// "16", or any longer ARS or AGS that starts with them. ok is false for other text.
func LandVonSchluessel(schluessel string) (land Land, ok bool) {
	if len(schluessel) < 2 {
		return "", false
	}
	for i := range laender {
		if laender[i].schluessel == schluessel[:2] {
			return laender[i].land, true
		}
	}
	return "", false
}

// Valid tells whether l is one of the 16 Länder. The zero Land is not.
func (l Land) Valid() bool {
	for i := range laender {
		if laender[i].land == l {
			return true
		}
	}
	return false
}

// String gives the code, such as "SH".
func (l Land) String() string { return string(l) }

// ISO gives the full ISO 3166-2 code, such as "DE-SH", or "" if l is not valid.
func (l Land) ISO() string {
	if !l.Valid() {
		return ""
	}
	return "DE-" + string(l)
}

// Name gives the German name, such as "Schleswig-Holstein", or "" if l is not valid.
func (l Land) Name() string {
	for i := range laender {
		if laender[i].land == l {
			return laender[i].name
		}
	}
	return ""
}

// Schluessel gives the two digits that start every ARS and AGS of the Land, or
// "" if l is not valid.
func (l Land) Schluessel() string {
	for i := range laender {
		if laender[i].land == l {
			return laender[i].schluessel
		}
	}
	return ""
}
