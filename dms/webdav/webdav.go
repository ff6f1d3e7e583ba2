// Package webdav hands over through a WebDAV collection (RFC 4918): a container is put under a hidden
// name and moved to its final one, and answers are picked up from another collection. It is the
// directory transfer of dms/verzeichnis for receivers that are reached by HTTPS.
package webdav

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	dav "github.com/emersion/go-webdav"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a Ziel. Name, Kodierer, URL and Belege are required; the collections must exist.
type Options struct {
	// Name of the target; see dms.Ziel.Name.
	Name string
	// Kodierer writes the containers and reads the answers.
	Kodierer dms.Kodierer
	// URL is the collection the receiver watches, https; http only to loopback.
	URL string
	// Eingang is the collection with answers and Erledigt the one for what was acknowledged, as
	// paths on the same server. Both or none; with none there are no answers.
	Eingang, Erledigt string
	// Benutzer and Passwort of basic authentication; empty is none.
	Benutzer, Passwort string
	// Belege is a directory of our own for the receipts, see dms.Belege.
	Belege string
	// Frist of one transfer; default 30 minutes.
	Frist time.Duration
	// MaxAntwort is the size of one answer in bytes; default 64 MiB. MaxAntworten is how many
	// one pass looks at; default 10,000.
	MaxAntwort   int64
	MaxAntworten int
	// Client makes the requests; default http.DefaultClient's transport without redirects.
	Client *http.Client
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Ziel is such a collection. Safe for concurrent use. Close it after use.
type Ziel struct {
	o      Options
	c      *dav.Client
	pfad   string
	belege *dms.Belege
}

var (
	_ dms.Ziel        = (*Ziel)(nil)
	_ dms.Rueckmelder = (*Ziel)(nil)
)

// New checks the options and opens the receipts; it makes no connection. Wrong options are
// fehler.ErrInvalid, a missing directory fehler.ErrUnavailable.
func New(o Options) (*Ziel, error) {
	const op = "webdav.New"
	u, err := url.Parse(o.URL)
	switch {
	case o.Name == "" || o.Kodierer == nil || o.Belege == "" || (o.Eingang == "") != (o.Erledigt == ""):
		return nil, fehler.New(op, o.Name, fehler.ErrInvalid, errors.New("Name, Kodierer, URL and Belege are required, Eingang and Erledigt go together"))
	case err != nil || u.Host == "" || u.User != nil:
		return nil, fehler.New(op, o.Name, fehler.ErrInvalid, errors.New("URL is no address, or holds a password"))
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, fehler.New(op, o.Name, fehler.ErrInvalid, errors.New("the address must be https"))
	}
	if o.Frist <= 0 {
		o.Frist = 30 * time.Minute
	}
	if o.MaxAntwort <= 0 {
		o.MaxAntwort = 64 << 20
	}
	if o.MaxAntworten <= 0 {
		o.MaxAntworten = 10_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		o.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	z := &Ziel{o: o, pfad: u.Path}
	u.Path, u.RawPath = "/", ""
	if z.c, err = dav.NewClient(&anmelder{o.Client, o.Benutzer, o.Passwort}, u.String()); err != nil {
		return nil, fehler.New(op, o.Name, fehler.ErrInvalid, err)
	}
	if z.belege, err = dms.OpenBelege(o.Belege); err != nil {
		return nil, fehler.New(op, o.Name, nil, err)
	}
	return z, nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Close closes the receipts.
func (z *Ziel) Close() error { return z.belege.Close() }

// Name implements dms.Ziel.
func (z *Ziel) Name() string { return z.o.Name }

// anmelder signs requests, and gives failures their kind.
type anmelder struct {
	c                  *http.Client
	benutzer, passwort string
}

func (a *anmelder) Do(req *http.Request) (*http.Response, error) {
	if a.benutzer != "" {
		req.SetBasicAuth(a.benutzer, a.passwort)
	}
	res, err := a.c.Do(req)
	if err != nil {
		if cause := req.Context().Err(); cause != nil {
			return nil, cause
		}
		return nil, fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	if res.StatusCode/100 == 2 {
		return res, nil
	}
	res.Body.Close()
	kind := map[int]error{401: fehler.ErrForbidden, 403: fehler.ErrForbidden, 404: fehler.ErrNotFound, 412: fehler.ErrConflict, 413: fehler.ErrInvalid}[res.StatusCode]
	if kind == nil {
		kind = fehler.ErrUnavailable
	}
	return nil, fmt.Errorf("%w: the server answered %d to %s", kind, res.StatusCode, req.Method)
}

// messer counts and hashes what leaves.
type messer struct {
	w io.Writer
	h hash.Hash
	n int64
}

func (m *messer) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	m.h.Write(p[:n])
	m.n += int64(n)
	return n, err
}

// Send implements dms.Ziel.
func (z *Ziel) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.send(ctx, p)
	if cause := ctx.Err(); err != nil && cause != nil {
		return dms.Sendeschein{}, cause
	}
	if err != nil {
		return dms.Sendeschein{}, fehler.New("webdav.Send", p.ProzessID, nil, err)
	}
	return s, nil
}

func (z *Ziel) send(ctx context.Context, p *dms.Paket) (none dms.Sendeschein, err error) {
	if err := ctx.Err(); err != nil {
		return none, err
	}
	if pr := p.Check(); pr != nil {
		return none, pr
	}
	name, err := z.o.Kodierer.ContainerName(p)
	if err != nil {
		return none, err
	}
	inhalt, err := p.Fingerprint()
	if err != nil {
		return none, err
	}
	unlock, err := z.belege.Lock(ctx, p.ProzessID)
	if err != nil {
		return none, err
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(ctx, z.o.Frist)
	defer cancel()
	b, err := z.belege.Get(p.ProzessID)
	switch {
	case err != nil:
		return none, err
	case b != nil && b.Inhalt != inhalt:
		return none, fmt.Errorf("%w: another Paket was sent under this ProzessID", fehler.ErrConflict)
	case b != nil && b.Fertig:
		s := b.Schein
		s.Wiederholt = true
		return s, nil
	}
	versteckt, ziel := path.Join(z.pfad, "."+strings.ToLower(p.ProzessID)+".part"), path.Join(z.pfad, name)
	if b == nil || b.Schein.SHA512 == "" { // nothing was ever moved
		b = &dms.Beleg{Inhalt: inhalt, Schein: dms.Sendeschein{ProzessID: p.ProzessID, Ziel: z.o.Name, Name: name}}
		if err := z.belege.Put(p.ProzessID, *b); err != nil {
			return none, err
		}
		if err := z.put(ctx, versteckt, p, &b.Schein); err != nil {
			// What lies there is hidden; a later try writes over it.
			_ = z.c.RemoveAll(context.WithoutCancel(ctx), versteckt)
			return none, err
		}
		b.Schein.Zeit = z.o.Now().UTC()
		if err := z.belege.Put(p.ProzessID, *b); err != nil {
			return none, err
		}
	} else if ok, err := z.wartet(ctx, versteckt, b.Schein.Groesse); err != nil {
		return none, err
	} else if !ok { // it was moved before the answer got lost, and perhaps taken away since
		return z.fertig(p.ProzessID, b, true), nil
	}
	err = z.c.Move(ctx, versteckt, ziel, &dav.MoveOptions{NoOverwrite: true})
	if errors.Is(err, fehler.ErrConflict) {
		return none, fmt.Errorf("%w: the collection holds a foreign file of this name", fehler.ErrConflict)
	}
	if err != nil {
		if ok, serr := z.wartet(ctx, versteckt, b.Schein.Groesse); serr != nil || ok {
			return none, err
		}
	}
	return z.fertig(p.ProzessID, b, false), nil
}

func (z *Ziel) fertig(id string, b *dms.Beleg, wiederholt bool) dms.Sendeschein {
	b.Fertig = true
	_ = z.belege.Put(id, *b) // without it the missing hidden file tells the same
	s := b.Schein
	s.Wiederholt = wiederholt
	return s
}

// wartet tells whether the hidden file is there, whole.
func (z *Ziel) wartet(ctx context.Context, versteckt string, groesse int64) (bool, error) {
	fi, err := z.c.Stat(ctx, versteckt)
	if errors.Is(err, fehler.ErrNotFound) {
		return false, nil
	}
	if err == nil && fi.Size != groesse {
		err = fmt.Errorf("%w: the hidden file was changed", fehler.ErrConflict)
	}
	return err == nil, err
}

func (z *Ziel) put(ctx context.Context, versteckt string, p *dms.Paket, s *dms.Sendeschein) error {
	w, err := z.c.Create(ctx, versteckt)
	if err != nil {
		return err
	}
	m := &messer{w: w, h: sha512.New()}
	encErr := z.o.Kodierer.Encode(ctx, m, p)
	err = w.Close()
	if encErr != nil && !errors.Is(encErr, io.ErrClosedPipe) {
		return encErr
	}
	if err != nil {
		return err
	}
	s.Groesse, s.SHA512 = m.n, hex.EncodeToString(m.h.Sum(nil))
	if ok, err := z.wartet(ctx, versteckt, m.n); err != nil || !ok {
		return errors.Join(fmt.Errorf("%w: the server kept another number of bytes", fehler.ErrUnavailable), err)
	}
	return nil
}
