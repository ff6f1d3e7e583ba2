package web

import (
	"crypto/rand"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Sitzung is one login. What changes is guarded by its Sitzungen.
type Sitzung struct {
	Akteur tenant.Akteur
	// CSRF must come back with every form.
	CSRF string

	id          string
	bis, laengs time.Time
	hinweis     string
	verteilt    []storage.Erledigt
}

// Options of Sitzungen; nil means defaults.
type Options struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Ruhe ends a session nobody uses, default 30 minutes; Dauer ends every session, default 10 hours.
	Ruhe, Dauer time.Duration
	// TLS marks cookies Secure and gives them the prefix __Host-.
	TLS bool
}

// Sitzungen are the logins of this process. Safe for concurrent use.
type Sitzungen struct {
	o  Options
	mu sync.Mutex
	m  map[string]*Sitzung
}

// NewSitzungen makes an empty set.
func NewSitzungen(o *Options) *Sitzungen {
	s := &Sitzungen{m: map[string]*Sitzung{}}
	if o != nil {
		s.o = *o
	}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	if s.o.Ruhe <= 0 {
		s.o.Ruhe = 30 * time.Minute
	}
	if s.o.Dauer <= 0 {
		s.o.Dauer = 10 * time.Hour
	}
	return s
}

func (s *Sitzungen) name() string {
	if s.o.TLS {
		return "__Host-sitzung"
	}
	return "sitzung"
}

// Cookie makes a cookie as all of this package are: not for scripts, and not sent along
// with requests of other sites but for a link that is followed.
func (s *Sitzungen) Cookie(name, wert string, alter int) *http.Cookie {
	return &http.Cookie{Name: name, Value: wert, Path: "/", MaxAge: alter, HttpOnly: true, Secure: s.o.TLS, SameSite: http.SameSiteLaxMode}
}

// Begin logs somebody in. The session always gets a new id, so that one that was
// slipped in before the login is worth nothing; an earlier one of this browser ends.
func (s *Sitzungen) Begin(w http.ResponseWriter, r *http.Request, a tenant.Akteur) *Sitzung {
	now := s.o.Now()
	x := &Sitzung{Akteur: a, CSRF: rand.Text(), id: rand.Text(), bis: now.Add(s.o.Ruhe), laengs: now.Add(s.o.Dauer)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, err := r.Cookie(s.name()); err == nil {
		delete(s.m, c.Value)
	}
	for id, alt := range s.m {
		if alt.vorbei(now) {
			delete(s.m, id)
		}
	}
	s.m[x.id] = x
	http.SetCookie(w, s.Cookie(s.name(), x.id, 0))
	return x
}

func (x *Sitzung) vorbei(now time.Time) bool { return !now.Before(x.bis) || !now.Before(x.laengs) }

// Get gives the session of the request and begins its time of rest anew; nil if there
// is none or it is over.
func (s *Sitzungen) Get(r *http.Request) *Sitzung { return s.find(r, true) }

// Peek is Get without a sign of life: for what the browser asks by itself.
func (s *Sitzungen) Peek(r *http.Request) *Sitzung { return s.find(r, false) }

func (s *Sitzungen) find(r *http.Request, leben bool) *Sitzung {
	c, err := r.Cookie(s.name())
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x, now := s.m[c.Value], s.o.Now()
	if x == nil || x.vorbei(now) {
		delete(s.m, c.Value)
		return nil
	}
	if leben {
		x.bis = now.Add(s.o.Ruhe)
	}
	return x
}

// End logs out.
func (s *Sitzungen) End(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(s.name()); err == nil {
		s.mu.Lock()
		delete(s.m, c.Value)
		s.mu.Unlock()
	}
	http.SetCookie(w, s.Cookie(s.name(), "", -1))
}

// Echt tells whether a form carries the token of the session.
func (x *Sitzung) Echt(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(x.CSRF)) == 1
}

// SetHinweis keeps a sentence for the next page; verteilt is what it can take back.
func (s *Sitzungen) SetHinweis(x *Sitzung, text string, verteilt []storage.Erledigt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.hinweis = text
	if verteilt != nil {
		x.verteilt = verteilt
	}
}

// TakeHinweis gives the sentence once, and tells whether it can be taken back.
func (s *Sitzungen) TakeHinweis(x *Sitzung) (text string, zurueck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, x.hinweis = x.hinweis, ""
	return text, text != "" && len(x.verteilt) > 0
}

// TakeVerteilt gives what was distributed last, once.
func (s *Sitzungen) TakeVerteilt(x *Sitzung) (v []storage.Erledigt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, x.verteilt = x.verteilt, nil
	return v
}
