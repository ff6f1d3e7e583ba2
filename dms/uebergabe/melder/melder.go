// Package melder pushes the feed of events (dms/uebergabe/feed) to the HTTPS endpoints of
// subscribers, by the CloudEvents specification "HTTP 1.1 Web Hooks for Event Delivery":
// an endpoint is asked by OPTIONS before it gets anything, then gets each event by POST,
// alone (application/cloudevents+json) or in batches (application/cloudevents-batch+json),
// signed by the scheme of Standard Webhooks (dms/uebergabe/signatur).
//
// Events of a subscription go out in the order of the feed, one request at a time, at
// least once: the cursor is kept in the store and moves when the endpoint has answered
// 2xx. The id of an event is the same at each try.
package melder

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/feed"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Art of the documents that hold the states, one for each subscription.
const Art = "melder"

// MaxStapel bounds a batch.
const MaxStapel = 100

// Abonnement is one endpoint of one Mandant.
type Abonnement struct {
	Mandant tenant.ID
	// Name of the subscription, its key in the store: unique within the Mandant.
	Name string
	// URL takes the POST; https, without user and fragment.
	URL string
	// Codes that go out; empty: all.
	Codes []vorgang.Code
	// Schluessel sign; several during a rollover.
	Schluessel []signatur.Schluessel
	// Stapel is how many events go in one request: 0 sends each alone, 1 to 100 sends
	// batches of at most so many.
	Stapel int
	// VonAnfang begins with the oldest change that is kept, not with the next one.
	VonAnfang bool
}

// Stand is the state of a subscription as the store keeps it. It holds no personal data.
type Stand struct {
	Cursor string `json:"cursor"`
	// URL that agreed to get events, and how many requests a minute it allows; 0: any.
	URL  string `json:"url,omitempty"`
	Rate int    `json:"rate,omitempty"`
	// Seit is the first of the failures in a row, Versuche their number, Grund the last.
	Seit     time.Time `json:"seit,omitzero"`
	Versuche int       `json:"versuche,omitempty"`
	Grund    string    `json:"grund,omitempty"`
	// Naechster try is not before; Bis is until when a process is at work.
	Naechster time.Time `json:"naechster,omitzero"`
	Bis       time.Time `json:"bis,omitzero"`
	// Geparkt: nothing goes out until [Melder.Resume].
	Geparkt bool `json:"geparkt,omitempty"`
}

// Params of a Melder; Store, Quelle and Herkunft are mandatory.
type Params struct {
	Store *storage.Store
	// Quelle is the URI that names this installation in events; Herkunft is its DNS
	// name, by which endpoints are asked (WebHook-Request-Origin).
	Quelle, Herkunft string
	Abonnements      []Abonnement
}

// Melder pushes. Safe for concurrent use, also by several processes at one store.
type Melder struct {
	p    Params
	o    Options
	feed *feed.Feed
	http *sender
}

// New makes a Melder. Wrong params are fehler.ErrInvalid, two subscriptions of one name
// fehler.ErrExists.
func New(p Params, o *Options) (*Melder, error) {
	fail := func(key, text string) error {
		return fehler.New("melder.New", key, fehler.ErrInvalid, errors.New(text))
	}
	if p.Herkunft == "" {
		return nil, fail("", "Herkunft is mandatory")
	}
	f, err := feed.New(p.Store, p.Quelle, nil)
	if err != nil {
		return nil, err
	}
	seen := map[[2]string]bool{}
	for _, a := range p.Abonnements {
		u, err := url.Parse(a.URL)
		switch {
		case a.Mandant == "" || a.Name == "":
			return nil, fail(a.Name, "a subscription has a Mandant and a name")
		case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "":
			return nil, fail(a.Name, "URL is https, with a host, no user and no fragment")
		case len(a.Schluessel) == 0 || a.Stapel < 0 || a.Stapel > MaxStapel:
			return nil, fail(a.Name, "a key is mandatory, and a batch has 1 to 100 events")
		}
		if k := [2]string{string(a.Mandant), a.Name}; seen[k] {
			return nil, fehler.New("melder.New", a.Name, fehler.ErrExists, errors.New("the subscription is named twice"))
		} else {
			seen[k] = true
		}
	}
	p.Abonnements = slices.Clone(p.Abonnements)
	c := o.defaults()
	return &Melder{p: p, o: c, feed: f, http: newSender(&c)}, nil
}

// Options of a Melder; nil means defaults.
type Options struct {
	Now func() time.Time
	Log *slog.Logger
	Netz
	// Timeout of one request; default 30 seconds. Pause between two looks; default 5 s.
	Timeout, Pause time.Duration
	// Erste pause after a failure, doubled with each further one up to Laengste;
	// default 10 seconds and 1 hour.
	Erste, Laengste time.Duration
	// Geduld is how long an endpoint may fail before it is parked; default 3 days.
	Geduld time.Duration
}

func (o *Options) defaults() Options {
	c := Options{}
	if o != nil {
		c = *o
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		p *time.Duration
		v time.Duration
	}{{&c.Timeout, 30 * time.Second}, {&c.Pause, 5 * time.Second}, {&c.Erste, 10 * time.Second}, {&c.Laengste, time.Hour}, {&c.Geduld, 72 * time.Hour}} {
		if *d.p <= 0 {
			*d.p = d.v
		}
	}
	return c
}

// Run pushes until ctx ends; each subscription by itself, so that one that fails holds up
// no other. Failures are logged and tried again.
func (m *Melder) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, a := range m.p.Abonnements {
		wg.Go(func() {
			for ctx.Err() == nil {
				n, err := m.step(ctx, a)
				if err != nil && ctx.Err() == nil {
					m.o.Log.ErrorContext(ctx, "subscription", "mandant", a.Mandant, "abonnement", a.Name, "error", err)
				}
				if n > 0 && err == nil {
					continue
				}
				select {
				case <-ctx.Done():
				case <-time.After(m.o.Pause):
				}
			}
		})
	}
	wg.Wait()
}

// Stand of a subscription; fehler.ErrNotFound if it never ran.
func (m *Melder) Stand(ctx context.Context, mandant tenant.ID, name string) (Stand, error) {
	var s Stand
	_, err := m.p.Store.GetKonfig(ctx, mandant, Art, name, &s)
	return s, err
}

// Resume lets a parked subscription go on where it stopped. With neu it goes on with the
// next change instead: the way out where what it missed is no longer kept.
func (m *Melder) Resume(ctx context.Context, mandant tenant.ID, name string, neu bool) error {
	var s Stand
	version, err := m.p.Store.GetKonfig(ctx, mandant, Art, name, &s)
	if err != nil {
		return err
	}
	next := Stand{Cursor: s.Cursor}
	if neu {
		if next.Cursor, err = m.feed.Ende(ctx, mandant); err != nil {
			return err
		}
	}
	return m.p.Store.PutKonfig(ctx, mandant, Art, name, version, next)
}
