package fitconnect

import (
	"context"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Caller reads public JSON documents with the retries, bounds and observation of
// a [Client], without credentials: for the Routing API and published key sets.
// It is safe for concurrent use.
type Caller struct{ c *Client }

// NewCaller makes a Caller. It makes no call.
func NewCaller(o *ClientOptions) *Caller {
	c := &Client{}
	if o != nil {
		c.opt = *o
	}
	c.opt.fill()
	return &Caller{c: c}
}

// Get reads a JSON document of at most [ClientOptions.MaxJSON] bytes, whatever
// content type it is declared as, and decodes it into a pointer. The URL must be
// https, except on loopback; op names the call in errors and observations. An
// answer that is not such JSON, or names a member twice, is a technical failure.
func (c *Caller) Get(ctx context.Context, op, url string, into any) error {
	base, _, _ := strings.Cut(url, "?")
	if bad := checkBase(base); bad != "" {
		return invalid(op, "URL: %s", bad)
	}
	r := c.c.get(op, url)
	r.anonymous = true
	return c.c.do(ctx, r, func(a *response) error {
		if err := decodeJSON(a.body, into); err != nil {
			return fehler.New("fitconnect."+op, "", fehler.ErrUnavailable, withoutValue(err))
		}
		return nil
	})
}

// CloseIdleConnections closes connections that wait for further calls.
func (c *Caller) CloseIdleConnections() { c.c.CloseIdleConnections() }
