// Package links lets a receiver fetch the files of a Sendung by signed links: a link
// names one content of one Mandant, holds for a time, and needs no login. The handler
// keeps no state; the link itself proves that we made it.
//
// Links were chosen over multipart: the event stays small and its signature covers all
// of it, the receiver fetches when it wants, again after a broken transfer and only
// what it needs, and neither side holds a large file in memory. The price is that the
// receiver must reach us; it does so for its answers anyway.
package links

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Params of Links.
type Params struct {
	// Basis is the URL under which Handler is reached, such as
	// "https://fachwerk.example/dateien/". https, unless WithoutTLS.
	Basis string
	// Schluessel are secrets of 32 bytes or more: the first signs, all count.
	Schluessel [][]byte
	// Open gives the bytes of a content of a Mandant; unknown is fehler.ErrNotFound.
	Open func(ctx context.Context, m tenant.ID, sha512 string, groesse int64) (io.ReadCloser, error)
}

// Options; nil means defaults.
type Options struct {
	Now func() time.Time
	// Gueltig is how long a link holds; default 7 days.
	Gueltig time.Duration
	// WithoutTLS allows http, for tests and closed networks.
	WithoutTLS bool
}

// Links makes and serves links. Safe for concurrent use.
type Links struct {
	p     Params
	o     Options
	basis *url.URL
}

// New makes Links. Wrong params are fehler.ErrInvalid.
func New(p Params, o *Options) (*Links, error) {
	l := &Links{p: p}
	if o != nil {
		l.o = *o
	}
	if l.o.Now == nil {
		l.o.Now = time.Now
	}
	if l.o.Gueltig <= 0 {
		l.o.Gueltig = 7 * 24 * time.Hour
	}
	u, err := url.Parse(p.Basis)
	ok := err == nil && u.Host != "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil &&
		(u.Scheme == "https" || u.Scheme == "http" && l.o.WithoutTLS) && strings.HasSuffix(u.Path, "/")
	for _, k := range p.Schluessel {
		ok = ok && len(k) >= 32
	}
	if !ok || len(p.Schluessel) == 0 || p.Open == nil {
		return nil, fehler.New("links.New", "", fehler.ErrInvalid,
			errors.New("the Basis is a https URL that ends with a slash; keys of at least 32 bytes and Open are mandatory"))
	}
	l.basis = u
	return l, nil
}

// URL gives a link to the bytes of the file.
func (l *Links) URL(m tenant.ID, d uebergabe.Datei) string {
	bis := strconv.FormatInt(l.o.Now().Add(l.o.Gueltig).Unix(), 10)
	n := strconv.FormatInt(d.Groesse, 10)
	u := l.basis.JoinPath(url.PathEscape(string(m)), d.SHA512, n)
	q := url.Values{"bis": {bis}, "mime": {d.MIME}}
	q.Set("sig", base64.RawURLEncoding.EncodeToString(mac(l.p.Schluessel[0], string(m), d.SHA512, n, bis, d.MIME)))
	u.RawQuery = q.Encode()
	return u.String()
}

// mac covers each part with its length, so that no two links have the same.
func mac(key []byte, teile ...string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("fachwerk-link-1"))
	for _, t := range teile {
		h.Write([]byte(strconv.Itoa(len(t)) + ":" + t))
	}
	return h.Sum(nil)
}

// ServeHTTP gives the bytes of a link, below the path of Basis. A link that is not
// ours or over its time is 403 and looks the same whether there is such a file. A
// client that got fewer bytes than Content-Length says has nothing: the bytes are
// verified on the way, and the connection is broken off where they are wrong.
func (l *Links) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		problem(w, http.StatusMethodNotAllowed, "Nur GET und HEAD.")
		return
	}
	m, sum, n, ok := l.check(r)
	if !ok {
		problem(w, http.StatusForbidden, "Der Link ist ungültig oder abgelaufen.")
		return
	}
	rc, err := l.p.Open(r.Context(), m, sum, n)
	switch {
	case errors.Is(err, fehler.ErrNotFound):
		problem(w, http.StatusNotFound, "Die Datei gibt es nicht mehr.")
		return
	case err != nil:
		problem(w, http.StatusServiceUnavailable, "Die Datei ist zurzeit nicht erreichbar.")
		return
	}
	defer rc.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	if mime := r.URL.Query().Get("mime"); mime != "" {
		w.Header().Set("Content-Type", mime)
	}
	w.Header().Set("Content-Disposition", "attachment")
	w.Header().Set("Content-Security-Policy", "sandbox")
	w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	if r.Method == http.MethodHead {
		return
	}
	d := uebergabe.Datei{SHA512: sum, Groesse: n, Open: func(context.Context) (io.ReadCloser, error) { return rc, nil }}
	v, err := d.Verified(r.Context())
	if err == nil {
		err = copyHeld(w, v)
	}
	if err != nil {
		panic(http.ErrAbortHandler)
	}
}

// copyHeld copies and holds the last byte back until the reader has said that all were
// right: a client must not take what is complete and wrong for the file.
func copyHeld(w io.Writer, r io.Reader) error {
	buf := make([]byte, 64<<10)
	held := 0
	for {
		n, err := r.Read(buf[held:])
		n += held
		if err == io.EOF {
			_, err = w.Write(buf[:n])
			return err
		}
		if err != nil {
			return err
		}
		if held = min(n, 1); n > 1 {
			if _, err := w.Write(buf[:n-1]); err != nil {
				return err
			}
			buf[0] = buf[n-1]
		}
	}
}

func (l *Links) check(r *http.Request) (m tenant.ID, sum string, n int64, ok bool) {
	rest, found := strings.CutPrefix(r.URL.EscapedPath(), l.basis.EscapedPath())
	teile := strings.Split(rest, "/")
	if !found || len(teile) != 3 || len(r.URL.RawQuery) > 2000 {
		return "", "", 0, false
	}
	name, err := url.PathUnescape(teile[0])
	if err != nil {
		return "", "", 0, false
	}
	q := r.URL.Query()
	sig, err := base64.RawURLEncoding.DecodeString(q.Get("sig"))
	if err != nil {
		return "", "", 0, false
	}
	for _, k := range l.p.Schluessel {
		if hmac.Equal(sig, mac(k, name, teile[1], teile[2], q.Get("bis"), q.Get("mime"))) {
			ok = true
		}
	}
	bis, err1 := strconv.ParseInt(q.Get("bis"), 10, 64)
	n, err2 := strconv.ParseInt(teile[2], 10, 64)
	if !ok || err1 != nil || err2 != nil || l.o.Now().Unix() > bis {
		return "", "", 0, false
	}
	return tenant.ID(name), teile[1], n, true
}

func problem(w http.ResponseWriter, status int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail})
}
