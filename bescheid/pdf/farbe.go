package pdf

import (
	"math"
	"strconv"
)

// farbe is a colour by its parts from 0 to 1.
type farbe struct{ r, g, b float64 }

// parseFarbe reads "#rrggbb".
func parseFarbe(s string) (farbe, bool) {
	if len(s) != 7 || s[0] != '#' {
		return farbe{}, false
	}
	v, err := strconv.ParseUint(s[1:], 16, 24)
	if err != nil {
		return farbe{}, false
	}
	return farbe{float64(v>>16) / 255, float64(v>>8&255) / 255, float64(v&255) / 255}, true
}

// minKontrast is what text needs against its ground (WCAG 2.1, 1.4.3).
const minKontrast = 4.5

// kontrast is the contrast ratio to white (WCAG 2.1, relative luminance).
func (f farbe) kontrast() float64 {
	lin := func(v float64) float64 {
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 1.05 / (0.2126*lin(f.r) + 0.7152*lin(f.g) + 0.0722*lin(f.b) + 0.05)
}

// setze writes the colour for what is filled and drawn from now on.
func (f farbe) setze(b []byte) []byte {
	for _, op := range []string{"rg ", "RG\n"} {
		for _, v := range []float64{f.r, f.g, f.b} {
			b = append(appendZahl(b, v, 4), ' ')
		}
		b = append(b, op...)
	}
	return b
}
