package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// HandlerOptions; nil means defaults.
type HandlerOptions struct {
	// MaxVerbindungen at once; default 100. Beyond it is 503 with Retry-After.
	MaxVerbindungen int
	// Dauer is how long one stream lasts; then the client comes back with
	// Last-Event-ID. Default 10 minutes. Herzschlag is the pause after which a comment
	// keeps the connection alive; default 15 seconds.
	Dauer, Herzschlag time.Duration
}

// Handler serves the feed by GET. auth tells whose feed the caller may read: an error
// of kind fehler.ErrForbidden or any other is 401, and what it says stays here.
//
// With "Accept: text/event-stream" it is a stream of server-sent events: id is the
// cursor, data the CloudEvent; the header Last-Event-ID resumes. Otherwise it is one
// page: {"ereignisse": […], "cursor": "…"}, by the query parameters "nach" (a cursor) and
// "limit" (1 to 1000, default 100). "nach=ende" begins now. A cursor that is none is
// 400; one older than what is kept is 410: read anew.
func (f *Feed) Handler(auth func(*http.Request) (tenant.ID, error), o *HandlerOptions) http.Handler {
	c := HandlerOptions{}
	if o != nil {
		c = *o
	}
	if c.MaxVerbindungen <= 0 {
		c.MaxVerbindungen = 100
	}
	if c.Dauer <= 0 {
		c.Dauer = 10 * time.Minute
	}
	if c.Herzschlag <= 0 {
		c.Herzschlag = 15 * time.Second
	}
	return &handler{f: f, auth: auth, o: c, slots: make(chan struct{}, c.MaxVerbindungen)}
}

type handler struct {
	f     *Feed
	auth  func(*http.Request) (tenant.ID, error)
	o     HandlerOptions
	slots chan struct{}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		problem(w, http.StatusMethodNotAllowed, "Nur GET.")
		return
	}
	if h.auth == nil {
		problem(w, http.StatusUnauthorized, "Bitte anmelden.")
		return
	}
	m, err := h.auth(r)
	if err != nil || m == "" {
		problem(w, http.StatusUnauthorized, "Bitte anmelden.")
		return
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		w.Header().Set("Retry-After", "10")
		problem(w, http.StatusServiceUnavailable, "Zurzeit zu viele Verbindungen.")
		return
	}
	nach := r.URL.Query().Get("nach")
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		nach = id
	}
	if nach == "ende" {
		if nach, err = h.f.Ende(r.Context(), m); err != nil {
			fail(w, err)
			return
		}
	}
	if strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		h.stream(w, r, m, nach)
		return
	}
	limit := 100
	if l := r.URL.Query().Get("limit"); l != "" {
		if limit, err = strconv.Atoi(l); err != nil {
			problem(w, http.StatusBadRequest, "limit ist keine Zahl.")
			return
		}
	}
	list, cursor, err := h.f.Seite(r.Context(), m, nach, limit)
	if err != nil {
		fail(w, err)
		return
	}
	if list == nil {
		list = []Ereignis{}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"ereignisse": list, "cursor": cursor})
}

// stream writes events as they come. A client that does not read is cut off: each write
// has a time of its own.
func (h *handler) stream(w http.ResponseWriter, r *http.Request, m tenant.ID, nach string) {
	// A cursor that is none is told before the stream begins.
	if _, _, err := h.f.Seite(r.Context(), m, nach, 1); err != nil {
		fail(w, err)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.o.Dauer)
	defer cancel()
	type next struct {
		e   Ereignis
		err error
	}
	ch := make(chan next)
	done := make(chan struct{})
	defer func() { <-done }()
	defer cancel()
	go func() {
		defer close(done)
		for e, err := range h.f.Ereignisse(ctx, m, nach) {
			select {
			case ch <- next{e, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	rc := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	write := func(text string) bool {
		_ = rc.SetWriteDeadline(time.Now().Add(h.o.Herzschlag))
		_, err := fmt.Fprint(w, text)
		return err == nil && rc.Flush() == nil
	}
	ok := write(": feed\n\n")
	beat := time.NewTicker(h.o.Herzschlag)
	defer beat.Stop()
	for ok {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			ok = write(": \n\n")
		case n := <-ch:
			if n.err != nil {
				return // the client comes back and hears why
			}
			b, err := json.Marshal(n.e)
			if err != nil {
				return
			}
			ok = write("id: " + n.e.Cursor + "\ndata: " + string(b) + "\n\n")
		}
	}
}

func fail(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, fehler.ErrInvalid):
		problem(w, http.StatusBadRequest, "Der Cursor oder das Limit ist ungültig.")
	case errors.Is(err, fehler.ErrNotFound):
		problem(w, http.StatusGone, "Der Cursor ist zu alt. Bitte den Bestand neu lesen.")
	default:
		w.Header().Set("Retry-After", "10")
		problem(w, http.StatusServiceUnavailable, "Zurzeit nicht möglich.")
	}
}

func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail})
}
