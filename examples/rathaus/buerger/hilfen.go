package buerger

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// meldung is an error with a page for the citizen.
type meldung struct {
	status      int
	titel, text string
}

func (m *meldung) Error() string { return m.text }

var (
	nichtDa   = &meldung{http.StatusNotFound, "Seite nicht gefunden", "Diese Seite gibt es nicht. Bitte prüfen Sie die Adresse."}
	zuGross   = &meldung{http.StatusRequestEntityTooLarge, "Datei zu groß", "Was Sie senden wollten, ist zu groß. Bitte gehen Sie zurück und wählen Sie kleinere Dateien."}
	abgelehnt = &meldung{http.StatusForbidden, "Nicht möglich", "Die Anfrage kam nicht von dieser Seite. Bitte laden Sie die Seite neu und versuchen Sie es noch einmal."}
)

// fehler answers with a page. What only the operator understands is logged and not told.
func (b *Buerger) fehler(w http.ResponseWriter, r *http.Request, err error) {
	m, ok := errors.AsType[*meldung](err)
	_, gross := errors.AsType[*http.MaxBytesError](err)
	switch p := fehler.ProblemeIn(err); {
	case ok:
	case gross:
		m = zuGross
	case errors.Is(err, fehler.ErrNotFound):
		m = nichtDa
	case len(p) > 0:
		m = &meldung{http.StatusConflict, "Das geht gerade nicht", p[0].Hinweis}
	default:
		b.o.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "error", err)
		m = &meldung{http.StatusInternalServerError, "Ein Fehler ist aufgetreten", "Bitte versuchen Sie es in einigen Minuten noch einmal."}
	}
	if err := b.zeige(w, r, Seite{Titel: m.titel, Status: m.status}, "fehler", map[string]any{"Titel": m.titel, "Text": m.text}); err != nil {
		b.o.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "error", err)
	}
}

// sitzung opens one Vorgang for who had its code.
type sitzung struct {
	mandant    tenant.ID
	vorgang    uuid.UUID
	csrf       string
	bis        time.Time
	bestaetigt *bestaetigung // what was just sent
}

// dauer after which a session nobody uses ends.
const dauer = 30 * time.Minute

type sitzungen struct {
	now func() time.Time
	mu  sync.Mutex
	m   map[string]sitzung // GUARDED_BY(mu)
}

const keks = "buerger"

// begin opens a session under a new id.
func (s *sitzungen) begin(w http.ResponseWriter, x sitzung, tls bool) {
	id := rand.Text()
	x.csrf, x.bis = rand.Text(), s.now().Add(dauer)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = map[string]sitzung{}
	}
	for k, alt := range s.m {
		if s.now().After(alt.bis) {
			delete(s.m, k)
		}
	}
	s.m[id] = x
	http.SetCookie(w, &http.Cookie{Name: keks, Value: id, Path: "/", HttpOnly: true, Secure: tls, SameSite: http.SameSiteLaxMode})
}

// get gives a copy of the session of the request, nil if there is none.
func (s *sitzungen) get(r *http.Request) *sitzung {
	c, err := r.Cookie(keks)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.m[c.Value]
	if !ok || s.now().After(x.bis) {
		return nil
	}
	x.bis = s.now().Add(dauer)
	s.m[c.Value] = x
	return &x
}

func (s *sitzungen) end(r *http.Request) {
	if c, err := r.Cookie(keks); err == nil {
		s.mu.Lock()
		delete(s.m, c.Value)
		s.mu.Unlock()
	}
}

// mitSitzung lets through who opened a Vorgang; what is posted must come from its pages.
func (b *Buerger) mitSitzung(f func(http.ResponseWriter, *http.Request, *sitzung) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		x := b.sitzungen.get(r)
		if x == nil {
			http.Redirect(w, r, "/buerger/", http.StatusSeeOther)
			return nil
		}
		if r.Method == http.MethodPost {
			if err := b.liesForm(r); err != nil {
				return err
			}
			if subtle.ConstantTimeCompare([]byte(r.PostFormValue("csrf")), []byte(x.csrf)) != 1 {
				return abgelehnt
			}
		}
		return f(w, r, x)
	}
}

// liesForm reads a body of either kind; files beyond a megabyte lie on the disk.
func (b *Buerger) liesForm(r *http.Request) error {
	err := r.ParseMultipartForm(1 << 20)
	if errors.Is(err, http.ErrNotMultipart) {
		err = nil // ParseForm has read it
	}
	if _, gross := errors.AsType[*http.MaxBytesError](err); err != nil && !gross {
		return &meldung{http.StatusBadRequest, "Nicht lesbar", "Was gesendet wurde, ist unvollständig. Bitte versuchen Sie es noch einmal."}
	}
	return err
}

// bremse is the default: so many tries in a window of time.
type bremse struct {
	now func() time.Time
	mu  sync.Mutex
	ab  time.Time      // GUARDED_BY(mu)
	m   map[string]int // GUARDED_BY(mu)
}

// Allow counts a try.
func (b *bremse) Allow(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := b.now(); b.m == nil || now.Sub(b.ab) > 10*time.Minute {
		b.m, b.ab = map[string]int{}, now
	}
	b.m[key]++
	return b.m[key] <= 10
}

func adresse(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func absaetze(s string) []string {
	return strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n\n")
}

func groesse(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", max(1, n>>10))
	}
	mb := strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/(1<<20)), ".0")
	return strings.Replace(mb, ".", ",", 1) + " MB"
}
