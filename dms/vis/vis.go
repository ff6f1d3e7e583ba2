// Package vis hands over to a DMS of the VIS family: the container of xdomea 0605 or 0401 as a
// multipart POST, with basic authentication and a header that names the tenant of the DMS. What
// is known of the interface comes from a public client of it (XdomeaPopulator), not from its
// maker: names of field and header are options.
//
// The interface gives no way to ask whether something arrived. A receipt per ProzessID makes
// sending idempotent; where an answer was lost it is in doubt, and unless the DMS knows a
// ProzessID again ([Options.Erkennt]) a person must look ([Ziel.Settle]).
package vis

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a Ziel. Name, Kodierer, URL and Belege are required.
type Options struct {
	// Name of the target; see dms.Ziel.Name.
	Name string
	// Kodierer writes the containers.
	Kodierer dms.Kodierer
	// URL of the intake, https; http only to loopback.
	URL string
	// Benutzer and Passwort of basic authentication.
	Benutzer, Passwort string
	// MandantKopf and Mandant are the header that names the tenant of the DMS, and its value;
	// MandantKopf defaults to "X-Tenant", without Mandant there is none.
	MandantKopf, Mandant string
	// Feld is the name of the file in the form; default "file".
	Feld string
	// Belege is a directory of our own for the receipts, on a local disk and to be backed up.
	Belege string
	// Erkennt says that the DMS takes a ProzessID once and answers a repetition with success.
	// Then a hand-over whose answer was lost is simply sent again.
	Erkennt bool
	// Antworten are read from elsewhere, such as a transfer directory; nil is none.
	Antworten dms.Rueckmelder
	// Frist of one hand-over; default 30 minutes. Stille is how long nothing may be answered after
	// the last byte; default 5 minutes.
	Frist, Stille time.Duration
	// Client makes the requests; default one of its own that follows no redirects.
	Client *http.Client
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Ziel is such a DMS. Safe for concurrent use within one process; two processes must not send
// the same ProzessID at the same time, which the lease of an outbox sees to.
type Ziel struct {
	o      Options
	belege *dms.Belege
}

var (
	_ dms.Ziel        = (*Ziel)(nil)
	_ dms.Rueckmelder = (*Ziel)(nil)
)

// New checks the options and opens the receipts; it makes no connection. Wrong options are
// fehler.ErrInvalid, a missing directory fehler.ErrUnavailable. Close it after use.
func New(o Options) (*Ziel, error) {
	ungueltig := func(text string) (*Ziel, error) {
		return nil, fehler.New("vis.New", o.Name, fehler.ErrInvalid, errors.New(text))
	}
	u, err := url.Parse(o.URL)
	switch {
	case o.Name == "" || o.Kodierer == nil || o.Belege == "":
		return ungueltig("Name, Kodierer, URL and Belege are required")
	case err != nil || u.Host == "" || u.User != nil:
		return ungueltig("URL is no address, or holds a password")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return ungueltig("the address must be https")
	case strings.ContainsAny(o.MandantKopf+o.Mandant+o.Feld, "\r\n\""):
		return ungueltig("MandantKopf, Mandant and Feld must not hold quotes or line ends")
	}
	if o.MandantKopf == "" {
		o.MandantKopf = "X-Tenant"
	}
	if o.Feld == "" {
		o.Feld = "file"
	}
	if o.Frist <= 0 {
		o.Frist = 30 * time.Minute
	}
	if o.Stille <= 0 {
		o.Stille = 5 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Client == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.ResponseHeaderTimeout = o.Stille
		o.Client = &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	z := &Ziel{o: o}
	if z.belege, err = dms.OpenBelege(o.Belege); err != nil {
		return nil, fehler.New("vis.New", o.Name, nil, err)
	}
	return z, nil
}

func loopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Close closes the receipts.
func (z *Ziel) Close() error { return z.belege.Close() }

// Name implements dms.Ziel.
func (z *Ziel) Name() string { return z.o.Name }

// Answers implements dms.Rueckmelder; without Options.Antworten it gives none.
func (z *Ziel) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	if z.o.Antworten == nil {
		return func(func(dms.Antwort, error) bool) {}
	}
	return z.o.Antworten.Answers(ctx)
}

// Ack implements dms.Rueckmelder.
func (z *Ziel) Ack(ctx context.Context, kennung string) error {
	if z.o.Antworten == nil {
		return fehler.New("vis.Ack", "", fehler.ErrNotFound, nil)
	}
	return z.o.Antworten.Ack(ctx, kennung)
}

// Settle says what became of a hand-over that is in doubt: it arrived, or it may be sent again.
// One that is not in doubt is fehler.ErrConflict, an unknown one fehler.ErrNotFound.
func (z *Ziel) Settle(ctx context.Context, prozessID string, angekommen bool) error {
	unlock, err := z.belege.Lock(ctx, prozessID)
	if err != nil {
		return err
	}
	defer unlock()
	b, err := z.belege.Get(prozessID)
	switch {
	case err != nil:
		return fehler.New("vis.Settle", prozessID, nil, err)
	case b == nil:
		return fehler.New("vis.Settle", prozessID, fehler.ErrNotFound, nil)
	case b.Fertig:
		return fehler.New("vis.Settle", prozessID, fehler.ErrConflict, errors.New("the hand-over is not in doubt"))
	case !angekommen:
		return z.belege.Remove(prozessID)
	}
	b.Fertig, b.Schein.Zeit = true, z.o.Now().UTC()
	return z.belege.Put(prozessID, *b)
}
