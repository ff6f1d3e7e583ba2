package fitconnect

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// keyCache holds public keys for a time. Keys of destinations and keys of the
// service live apart.
type keyCache struct {
	mu           sync.Mutex
	service      JWKSet            // GUARDED_BY(mu)
	serviceUntil time.Time         // GUARDED_BY(mu)
	serviceAt    time.Time         // GUARDED_BY(mu)
	destination  map[string]oneKey // GUARDED_BY(mu); by destination id and kid
}

type oneKey struct {
	key   JWK
	until time.Time
}

const (
	maxCachedKeys = 1024
	// keyRefetch is how soon an unknown kid may cause the set to be read again:
	// a forged kid must not turn into a call each time.
	keyRefetch = 30 * time.Second
)

// ServiceKeys gives the signing keys of the delivery service, cached for
// [ClientOptions.KeyTTL].
func (c *Client) ServiceKeys(ctx context.Context) (JWKSet, error) {
	c.keys.mu.Lock()
	set, fresh := c.keys.service, c.now().Before(c.keys.serviceUntil)
	c.keys.mu.Unlock()
	if fresh {
		return set, nil
	}
	return c.fetchServiceKeys(ctx)
}

func (c *Client) fetchServiceKeys(ctx context.Context) (JWKSet, error) {
	var set JWKSet
	r := c.get("GET jwks.json", c.end.SubmissionAPI+"/.well-known/jwks.json")
	r.anonymous = true
	err := c.doJSON(ctx, r, &set)
	if errors.Is(err, fehler.ErrNotFound) {
		// A set that is not there is a fault of the service or of the configured
		// address; it must not look like a key that is not there.
		return JWKSet{}, malformed(r.op, "the service publishes no keys")
	}
	if err != nil {
		return JWKSet{}, err
	}
	c.keys.mu.Lock()
	defer c.keys.mu.Unlock()
	c.keys.service, c.keys.serviceAt, c.keys.serviceUntil = set, c.now(), c.now().Add(c.opt.KeyTTL)
	return set, nil
}

// ServiceKey gives one signing key of the delivery service. An unknown kid
// makes it read the set again, at most every 30 seconds: keys are rolled over.
func (c *Client) ServiceKey(ctx context.Context, kid string) (JWK, error) {
	set, err := c.ServiceKeys(ctx)
	if err != nil {
		return JWK{}, err
	}
	if k, ok := set.Find(kid); ok {
		return k, nil
	}
	c.keys.mu.Lock()
	again := c.now().Sub(c.keys.serviceAt) >= keyRefetch
	c.keys.mu.Unlock()
	if again {
		if set, err = c.fetchServiceKeys(ctx); err != nil {
			return JWK{}, err
		}
		if k, ok := set.Find(kid); ok {
			return k, nil
		}
	}
	return JWK{}, fehler.New("fitconnect.ServiceKey", quoteKid(kid), fehler.ErrNotFound, nil)
}

// DestinationKey gives one public key of a destination, encryption or
// signature, cached for [ClientOptions.KeyTTL].
func (c *Client) DestinationKey(ctx context.Context, destinationID, kid string) (JWK, error) {
	const op = "DestinationKey"
	if !isUUID(destinationID) {
		return JWK{}, invalid(op, "destination id is not a UUID")
	}
	if len(kid) == 0 || len(kid) > 64 || strings.Trim(kid, ".") == "" {
		return JWK{}, fehler.New("fitconnect."+op, quoteKid(kid), fehler.ErrNotFound, nil)
	}
	at := destinationID + "/" + kid
	c.keys.mu.Lock()
	found, ok := c.keys.destination[at]
	c.keys.mu.Unlock()
	if ok && c.now().Before(found.until) {
		return found.key, nil
	}
	var k JWK
	err := c.doJSON(ctx, c.get("GET destination key", c.api("destinations", destinationID, "keys", kid)), &k)
	if err != nil {
		return JWK{}, err
	}
	if k.Kid != kid {
		return JWK{}, fehler.New("fitconnect."+op, quoteKid(kid), fehler.ErrUnavailable, errors.New("service answered with another kid"))
	}
	c.keys.mu.Lock()
	defer c.keys.mu.Unlock()
	if c.keys.destination == nil || len(c.keys.destination) >= maxCachedKeys {
		c.keys.destination = map[string]oneKey{}
	}
	c.keys.destination[at] = oneKey{key: k, until: c.now().Add(c.opt.KeyTTL)}
	return k, nil
}

// api builds a URL of the Submission API from path segments.
func (c *Client) api(segments ...string) string {
	var b strings.Builder
	b.WriteString(c.end.SubmissionAPI + "/" + c.end.version())
	for _, s := range segments {
		b.WriteString("/" + url.PathEscape(s))
	}
	return b.String()
}
