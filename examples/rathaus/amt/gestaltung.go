package amt

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

var farbe = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// MindestKontrast of text against its ground (WCAG 2.1, 1.4.3).
const MindestKontrast = 4.5

// Kontrast of a colour "#rrggbb" against white, by WCAG 2.1: from 1 (white) to 21
// (black); 0 for what is no colour.
func Kontrast(f string) float64 {
	if !farbe.MatchString(f) {
		return 0
	}
	return 1.05 / (helligkeit(f, 1) + 0.05)
}

// helligkeit is the relative luminance, of the colour made darker by the factor.
func helligkeit(f string, faktor float64) float64 {
	var l float64
	for i, anteil := range []float64{0.2126, 0.7152, 0.0722} {
		n, _ := strconv.ParseUint(f[1+2*i:3+2*i], 16, 8)
		c := float64(n) / 255 * faktor
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += anteil * c
	}
	return l
}

// dunkler gives three quarters of each part of the colour.
func dunkler(f string) string {
	out := "#"
	for i := range 3 {
		n, _ := strconv.ParseUint(f[1+2*i:3+2*i], 16, 8)
		out += fmt.Sprintf("%02x", n*3/4)
	}
	return out
}

// gestaltung gives the colours of a Mandant as a style sheet of its own, because no
// style stands in a page. A colour that could not be read is not used.
func (a *Amt) gestaltung(w http.ResponseWriter, r *http.Request) {
	g, ok := a.Gestaltung[tenant.ID(r.PathValue("mandant"))]
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "private, max-age=60")
	if ok && Kontrast(g.Farbe) >= MindestKontrast {
		fmt.Fprintf(w, ":root{--farbe:%s;--farbe-dunkel:%s}\n", g.Farbe, dunkler(g.Farbe))
	}
}
