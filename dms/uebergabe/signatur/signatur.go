// Package signatur signs and verifies messages between machines by the scheme of
// Standard Webhooks: HMAC-SHA256 of "id.timestamp.payload", where the timestamp is in
// seconds since 1970, in the headers webhook-id, webhook-timestamp and
// webhook-signature ("v1," and base64, several with blanks between them). Several keys
// at once let both sides roll over without a gap.
package signatur

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// The headers.
const (
	HeaderID       = "Webhook-Id"
	HeaderZeit     = "Webhook-Timestamp"
	HeaderSignatur = "Webhook-Signature"
)

// Bounds of the scheme.
const (
	MinSchluessel = 24 // bytes
	MaxSchluessel = 64
	maxID         = 200
	maxSignaturen = 10
	// Toleranz is how far the clock of the sender may be off.
	Toleranz = 5 * time.Minute
)

// Schluessel is a shared secret of 24 to 64 random bytes. Its text forms hide it.
type Schluessel struct{ b []byte }

// NewSchluessel takes the bytes of a key.
func NewSchluessel(b []byte) (Schluessel, error) {
	if len(b) < MinSchluessel || len(b) > MaxSchluessel {
		return Schluessel{}, fehler.New("signatur.NewSchluessel", "", fehler.ErrInvalid, errors.New("a key has 24 to 64 bytes"))
	}
	return Schluessel{append([]byte(nil), b...)}, nil
}

// ParseSchluessel reads the usual form of a key: "whsec_" and base64.
func ParseSchluessel(s string) (Schluessel, error) {
	b, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "whsec_"))
	if err != nil {
		return Schluessel{}, fehler.New("signatur.ParseSchluessel", "", fehler.ErrInvalid, errors.New("a key is whsec_ and base64"))
	}
	return NewSchluessel(b)
}

// String hides the key, and GoString does.
func (Schluessel) String() string { return "whsec_***" }

// GoString hides the key.
func (s Schluessel) GoString() string { return s.String() }

// Umschlag is what goes beside the bytes.
type Umschlag struct {
	// ID is the same at each try; Zeit is that of the try, in whole seconds.
	ID   string
	Zeit time.Time
	// Signatur holds one or more signatures.
	Signatur string
}

// Sign signs with each key, so that a receiver who knows one of them can verify. The id
// holds neither a dot nor a blank and at most 200 bytes: fehler.ErrInvalid.
func Sign(id string, zeit time.Time, inhalt []byte, keys ...Schluessel) (Umschlag, error) {
	if !validID(id) || len(keys) == 0 || len(keys) > maxSignaturen {
		return Umschlag{}, fehler.New("signatur.Sign", "", fehler.ErrInvalid, errors.New("the id is malformed, or there are no keys or too many"))
	}
	u := Umschlag{ID: id, Zeit: time.Unix(zeit.Unix(), 0).UTC()}
	var s []string
	for _, k := range keys {
		if len(k.b) < MinSchluessel {
			return Umschlag{}, fehler.New("signatur.Sign", "", fehler.ErrInvalid, errors.New("an empty key"))
		}
		s = append(s, "v1,"+base64.StdEncoding.EncodeToString(mac(k, u, inhalt)))
	}
	u.Signatur = strings.Join(s, " ")
	return u, nil
}

func validID(id string) bool {
	return id != "" && len(id) <= maxID && !strings.ContainsAny(id, ". \t\r\n")
}

func mac(k Schluessel, u Umschlag, inhalt []byte) []byte {
	h := hmac.New(sha256.New, k.b)
	h.Write([]byte(u.ID + "." + strconv.FormatInt(u.Zeit.Unix(), 10) + "."))
	h.Write(inhalt)
	return h.Sum(nil)
}

// Set writes the headers.
func (u Umschlag) Set(h http.Header) {
	h.Set(HeaderID, u.ID)
	h.Set(HeaderZeit, strconv.FormatInt(u.Zeit.Unix(), 10))
	h.Set(HeaderSignatur, u.Signatur)
}

// FromHeader reads the headers. What is missing, twice or malformed is
// fehler.ErrForbidden, as a wrong signature is.
func FromHeader(h http.Header) (Umschlag, error) {
	for _, k := range []string{HeaderID, HeaderZeit, HeaderSignatur} {
		if len(h.Values(k)) != 1 {
			return Umschlag{}, verweigert("a header of the signature is missing or comes twice")
		}
	}
	sec, err := strconv.ParseInt(h.Get(HeaderZeit), 10, 64)
	if err != nil || sec < 0 || sec > 1<<40 {
		return Umschlag{}, verweigert("the timestamp is malformed")
	}
	return Umschlag{ID: h.Get(HeaderID), Zeit: time.Unix(sec, 0).UTC(), Signatur: h.Get(HeaderSignatur)}, nil
}

// Pruefer verifies. Safe for concurrent use if its Fenster is.
type Pruefer struct {
	// Schluessel that count; during a rollover the old and the new one.
	Schluessel []Schluessel
	// Toleranz for the clock; 0 means [Toleranz]. Negative does not look at the time:
	// only for ways on which messages wait, where the id keeps repeats out for ever.
	Toleranz time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Fenster, if set, refuses what was seen already within the tolerance.
	Fenster *Fenster
}

// Verify tells whether one of the signatures is by one of the keys and of this time.
// All failures are fehler.ErrForbidden and do not say which key; a repeat is
// fehler.ErrExists.
func (p Pruefer) Verify(u Umschlag, inhalt []byte) error {
	if !validID(u.ID) {
		return verweigert("the id is malformed")
	}
	teile := strings.Split(u.Signatur, " ")
	if len(teile) > maxSignaturen {
		return verweigert("too many signatures")
	}
	ok := false
	for _, k := range p.Schluessel {
		if len(k.b) < MinSchluessel {
			continue // an empty key would let anybody sign
		}
		want := mac(k, u, inhalt)
		for _, t := range teile {
			version, b64, _ := strings.Cut(t, ",")
			got, err := base64.StdEncoding.DecodeString(b64)
			if version == "v1" && err == nil && hmac.Equal(got, want) {
				ok = true
			}
		}
	}
	if !ok {
		return verweigert("no signature of a known key")
	}
	tol := p.Toleranz
	if tol == 0 {
		tol = Toleranz
	}
	now := time.Now
	if p.Now != nil {
		now = p.Now
	}
	if d := now().Sub(u.Zeit); tol > 0 && (d > tol || d < -tol) {
		return verweigert("the timestamp is too old or lies ahead")
	}
	if p.Fenster != nil && tol > 0 && !p.Fenster.first(u, now(), tol) {
		return fehler.New("signatur.Verify", "", fehler.ErrExists, errors.New("was seen already"))
	}
	return nil
}

func verweigert(grund string) error {
	return fehler.New("signatur.Verify", "", fehler.ErrForbidden, errors.New(grund))
}

// Fenster remembers the messages of the last minutes, so that a recorded one cannot be
// played again while its time still counts. The same id signed anew, as a sender does
// that got no answer, passes. It holds at most Max entries (default 100,000); beyond
// that it refuses what is new until the oldest expire. The zero value is ready.
type Fenster struct {
	Max int

	mu    sync.Mutex
	seen  map[string]time.Time // until when
	purge time.Time
}

func (f *Fenster) first(u Umschlag, now time.Time, tol time.Duration) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seen == nil {
		f.seen = map[string]time.Time{}
	}
	if now.After(f.purge) {
		for k, bis := range f.seen {
			if now.After(bis) {
				delete(f.seen, k)
			}
		}
		f.purge = now.Add(tol / 10)
	}
	limit := f.Max
	if limit <= 0 {
		limit = 100_000
	}
	key := u.ID + "." + strconv.FormatInt(u.Zeit.Unix(), 10)
	if _, ok := f.seen[key]; ok || len(f.seen) >= limit {
		return false
	}
	f.seen[key] = u.Zeit.Add(tol)
	return true
}
