package amt

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

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

// look remembers the look of each Mandant for a minute, because every page needs it.
type look struct {
	mu sync.Mutex
	m  map[tenant.ID]gemerkt
}

type gemerkt struct {
	g   Gestaltung
	bis time.Time
}

// aussehen is the look for a page; while the database is away, the one it began with.
func (a *Amt) aussehen(ctx context.Context, m tenant.ID) Gestaltung {
	now := a.o.Now()
	a.look.mu.Lock()
	x, ok := a.look.m[m]
	a.look.mu.Unlock()
	if ok && now.Before(x.bis) {
		return x.g
	}
	g, _, err := a.liesGestaltung(ctx, m)
	if err != nil {
		return a.Gestaltung[m]
	}
	if g.Logo == nil {
		g.Logo = a.Gestaltung[m].Logo
	}
	a.look.mu.Lock()
	defer a.look.mu.Unlock()
	if a.look.m == nil {
		a.look.m = map[tenant.ID]gemerkt{}
	}
	a.look.m[m] = gemerkt{g, now.Add(time.Minute)}
	return g
}

// logo gives the picture of a Mandant. A browser shows it as a picture alone, in which
// nothing runs.
func (a *Amt) logo(w http.ResponseWriter, r *http.Request) {
	m := tenant.ID(r.PathValue("mandant"))
	g := a.Gestaltung[m]
	if a.mandanten[m] == nil || len(g.Logo) == 0 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	w.Header().Set("Cache-Control", "private, max-age=3600")
	_, _ = w.Write(g.Logo) // whoever asked has gone
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
