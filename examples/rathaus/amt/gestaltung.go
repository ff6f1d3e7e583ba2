package amt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
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

// liesGestaltung gives the look a Mandant chose, or the one it began with.
func (a *Amt) liesGestaltung(ctx context.Context, m tenant.ID) (g Gestaltung, version int64, err error) {
	version, err = a.Store.GetKonfig(ctx, m, "rathaus", "gestaltung", &g)
	if errors.Is(err, fehler.ErrNotFound) {
		return a.Gestaltung[m], 0, nil
	}
	return g, version, err
}

// gestaltung gives the colours of a Mandant as a style sheet of its own, because no
// style stands in a page. A colour that could not be read is not used.
func (a *Amt) gestaltung(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "private, max-age=60")
	m := tenant.ID(r.PathValue("mandant"))
	if a.mandanten[m] == nil {
		return
	}
	g, _, err := a.liesGestaltung(r.Context(), m)
	if err == nil && Kontrast(g.Farbe) >= MindestKontrast {
		fmt.Fprintf(w, ":root{--farbe:%s;--farbe-dunkel:%s}\n", g.Farbe, dunkler(g.Farbe))
	}
}
