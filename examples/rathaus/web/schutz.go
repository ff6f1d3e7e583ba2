package web

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// policy lets the browser load what this server gives, and run no script or style that
// stands in a page. What an application says can so never become a program.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"frame-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"

// SchutzOptions of Schutz; nil means defaults.
type SchutzOptions struct {
	// TLS: browsers are told to come by TLS alone.
	TLS bool
	// Formular bounds the body of a request, default 1 MiB. Gross are beginnings of paths that
	// take up to Datei, default 60 MiB: an upload. Frei are paths that bound themselves and come
	// from programs, not from browsers.
	Formular, Datei int64
	Gross           func(path string) bool
	Frei            []string
}

// Schutz sets the headers, bounds bodies, and refuses requests that another site had a
// browser send.
func Schutz(h http.Handler, o *SchutzOptions) http.Handler {
	var c SchutzOptions
	if o != nil {
		c = *o
	}
	if c.Formular <= 0 {
		c.Formular = 1 << 20
	}
	if c.Datei <= 0 {
		c.Datei = 60 << 20
	}
	fremd := http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k := w.Header()
		k.Set("Content-Security-Policy", policy)
		k.Set("X-Content-Type-Options", "nosniff")
		k.Set("Referrer-Policy", "same-origin")
		k.Set("Cross-Origin-Opener-Policy", "same-origin")
		k.Set("Cross-Origin-Resource-Policy", "same-origin")
		k.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		k.Set("Cache-Control", "no-store")
		if c.TLS {
			k.Set("Strict-Transport-Security", "max-age=31536000")
		}
		for _, p := range c.Frei {
			if r.URL.Path == p || strings.HasPrefix(r.URL.Path, p+"/") {
				h.ServeHTTP(w, r)
				return
			}
		}
		grenze := c.Formular
		if c.Gross != nil && c.Gross(r.URL.Path) {
			grenze = c.Datei
		}
		r.Body = http.MaxBytesReader(w, r.Body, grenze)
		fremd.ServeHTTP(w, r)
	})
}

// Bremse bounds how often somebody may try: a login, a code. Safe for concurrent use.
type Bremse struct {
	mu     sync.Mutex
	jede   time.Duration
	anzahl int
	now    func() time.Time
	m      map[string]*stelle
}

type stelle struct {
	l       *rate.Limiter
	zuletzt time.Time
}

// NewBremse allows anzahl tries at once and one more after each pause.
func NewBremse(anzahl int, pause time.Duration, now func() time.Time) *Bremse {
	if now == nil {
		now = time.Now
	}
	return &Bremse{jede: pause, anzahl: anzahl, now: now, m: map[string]*stelle{}}
}

// Allow tells whether who is named by the key may try once more.
func (b *Bremse) Allow(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if len(b.m) > 10_000 { // who has not tried for long is as good as new
		for k, s := range b.m {
			if now.Sub(s.zuletzt) > time.Duration(b.anzahl)*b.jede {
				delete(b.m, k)
			}
		}
	}
	s := b.m[key]
	if s == nil {
		s = &stelle{l: rate.NewLimiter(rate.Every(b.jede), b.anzahl)}
		b.m[key] = s
	}
	s.zuletzt = now
	return s.l.AllowN(now, 1)
}

// Adresse names where a request comes from, for a Bremse. Behind a proxy it is the
// proxy's; then the proxy brakes.
func Adresse(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
