package fitconnect

import (
	"context"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Headers of a callback.
const (
	HeaderCallbackAuthentication = "callback-authentication" // hex HMAC-SHA512
	HeaderCallbackTimestamp      = "callback-timestamp"      // Unix seconds
)

// CallbackKind is what a callback announces.
type CallbackKind string

// The kinds. The URIs of the last two follow the pattern of the first and are
// not confirmed by an official text.
const (
	CallbackNewSubmissions CallbackKind = "new-submissions"
	CallbackNewEvents      CallbackKind = "new-events"
	CallbackNewReplies     CallbackKind = "new-replies"
)

// URI is the type member of a callback of the kind.
func (k CallbackKind) URI() string { return callbackPrefix + string(k) }

// Notification is a verified callback. It is only a hint: fetch through the
// API, and keep polling in case a hint gets lost.
type Notification struct {
	Type string `json:"type"` // URI as sent
	// Kind is the last segment of Type; other values than the constants may come.
	Kind CallbackKind `json:"-"`
	// Submissions are the ids as sent. Of new-submissions all three are UUIDs; of
	// other kinds, whose form is not confirmed, an id may be empty.
	Submissions []SubmissionRef `json:"submissions"`
	// Replies are those a new-replies callback names, if it does.
	Replies []NotifiedReply `json:"replies"`
}

// NotifiedReply names a reply in a callback. An id may be empty: the form is not
// confirmed by an official text.
type NotifiedReply struct {
	ReplyID string `json:"replyId"`
	CaseID  string `json:"caseId"`
}

// CallbackOptions adjust the verification of callbacks; the zero value of every
// field is a default.
type CallbackOptions struct {
	// MaxAge is how old a callback may be; 0 is the 300 s of the documentation.
	MaxAge time.Duration
	// MaxAhead is how far its timestamp may lie in the future; 0 is 60 s. The
	// documentation sets no bound; without one a captured callback with a far
	// timestamp could be replayed until then.
	MaxAhead time.Duration
	// PreviousSecret is accepted too, while a secret is being changed.
	PreviousSecret string
	// Types are further URIs of callback types and what they announce, beside those
	// of [CallbackKind.URI]. Only for the handler.
	Types map[string]CallbackKind
	// MaxBody bounds the body in bytes; 0 is 1 MiB. Only for the handler.
	MaxBody int64
	// ReplayCache is how many callbacks the handler remembers to answer a
	// repetition without a second notification; 0 is 1024, negative remembers none.
	ReplayCache int
	// Now is the clock of the handler; nil is time.Now.
	Now func() time.Time
}

func (o *CallbackOptions) filled() CallbackOptions {
	var c CallbackOptions
	if o != nil {
		c = *o
	}
	setDefault(&c.MaxAge, 300*time.Second)
	setDefault(&c.MaxAhead, 60*time.Second)
	setDefault(&c.MaxBody, 1<<20)
	setDefault(&c.ReplayCache, 1024)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// VerifyCallback checks that a callback comes from the service: HMAC-SHA512
// over timestamp, a dot and the body exactly as received, compared in constant
// time, and a timestamp within the window. Call it before parsing the body.
// Errors match ErrInvalid.
func VerifyCallback(secret string, h http.Header, body []byte, now time.Time, o *CallbackOptions) error {
	c := o.filled()
	_, err := c.verify(secret, h, body, now)
	return err
}

// callbackID identifies a callback: its MAC covers timestamp and body.
type callbackID [sha512.Size]byte

func (o *CallbackOptions) verify(secret string, h http.Header, body []byte, now time.Time) (callbackID, error) {
	const op = "VerifyCallback"
	var id callbackID
	if secret == "" {
		return id, invalid(op, "no secret configured")
	}
	if len(h.Values(HeaderCallbackTimestamp)) != 1 || len(h.Values(HeaderCallbackAuthentication)) != 1 {
		return id, invalid(op, "callback headers are missing or occur twice")
	}
	stamp, given := h.Get(HeaderCallbackTimestamp), h.Get(HeaderCallbackAuthentication)
	if len(given) != hex.EncodedLen(len(id)) {
		return id, invalid(op, "authentication has the wrong length")
	}
	if _, err := hex.Decode(id[:], []byte(given)); err != nil {
		return id, invalid(op, "authentication is not hexadecimal")
	}
	seconds, err := strconv.ParseUint(stamp, 10, 40)
	if err != nil || len(stamp) > 12 {
		return id, invalid(op, "timestamp is not a number of seconds")
	}
	good := macMatches(secret, stamp, body, id)
	if o.PreviousSecret != "" {
		good = macMatches(o.PreviousSecret, stamp, body, id) || good
	}
	if !good {
		return id, invalid(op, "authentication is wrong")
	}
	at := time.Unix(int64(seconds), 0)
	if age := now.Sub(at); age > o.MaxAge {
		return id, invalid(op, "callback is too old")
	} else if -age > o.MaxAhead {
		return id, invalid(op, "callback lies in the future")
	}
	return id, nil
}

func macMatches(secret, stamp string, body []byte, want callbackID) bool {
	m := hmac.New(sha512.New, []byte(secret))
	io.WriteString(m, stamp+".")
	m.Write(body)
	return hmac.Equal(m.Sum(nil), want[:])
}

// SignCallback makes the headers of a callback; for tests and for a delivery service.
func SignCallback(secret string, body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	m := hmac.New(sha512.New, []byte(secret))
	io.WriteString(m, stamp+".")
	m.Write(body)
	h := http.Header{}
	h.Set(HeaderCallbackTimestamp, stamp)
	h.Set(HeaderCallbackAuthentication, hex.EncodeToString(m.Sum(nil)))
	return h
}

// ParseNotification decodes the body of a callback that was verified. Unknown
// members, such as the deprecated submissionIds, are passed over.
func ParseNotification(body []byte) (Notification, error) { return parseNotification(body, nil) }

func parseNotification(body []byte, types map[string]CallbackKind) (Notification, error) {
	const op = "ParseNotification"
	var n Notification
	if err := decodeJSON(body, &n); err != nil {
		return Notification{}, invalid(op, "body is not the expected JSON")
	}
	if kind, ok := types[n.Type]; ok {
		n.Kind = kind
	} else if kind, ok := strings.CutPrefix(n.Type, callbackPrefix); ok {
		n.Kind = CallbackKind(kind)
	} else {
		return Notification{}, invalid(op, "type is not a callback type")
	}
	var ids []string
	for _, s := range n.Submissions {
		ids = append(ids, s.DestinationID, s.SubmissionID, s.CaseID)
	}
	for _, r := range n.Replies {
		ids = append(ids, r.ReplyID, r.CaseID)
	}
	for _, id := range ids {
		if id == "" && n.Kind != CallbackNewSubmissions {
			continue
		}
		if err := checkIDs(op, id); err != nil {
			return Notification{}, err
		}
	}
	return n, nil
}

// CallbackHandler receives callbacks over HTTP. It is safe for concurrent use.
type CallbackHandler struct {
	secret string
	notify func(context.Context, Notification) error
	opt    CallbackOptions

	mu     sync.Mutex
	seen   map[callbackID]bool // GUARDED_BY(mu); false while notify runs
	order  []callbackID        // GUARDED_BY(mu); oldest first, finished ones only
	counts CallbackCounts      // GUARDED_BY(mu)
}

// CallbackCounts say what a handler did.
type CallbackCounts struct {
	Notified int // handed to the function with success
	Replayed int // answered from the replay cache
	Refused  int // not verified, too large, or not understood
	Failed   int // the function failed; the service will repeat
}

// NewCallbackHandler makes the handler. It verifies each callback before it
// parses it, and calls notify. It answers 204 if notify succeeded or the same
// callback was handled before, 503 if notify failed or still runs (the service
// repeats until it gets 2xx), 401 if it is not authentic, and 4xx otherwise.
// The same news may come in another callback: notify must be idempotent.
func NewCallbackHandler(secret string, notify func(context.Context, Notification) error, o *CallbackOptions) (*CallbackHandler, error) {
	if secret == "" || notify == nil {
		return nil, invalid("NewCallbackHandler", "secret and function are required")
	}
	return &CallbackHandler{secret: secret, notify: notify, opt: o.filled(), seen: map[callbackID]bool{}}, nil
}

// Counts gives the counters so far.
func (c *CallbackHandler) Counts() CallbackCounts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// ServeHTTP implements [http.Handler].
func (c *CallbackHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		c.refuse(w, http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, c.opt.MaxBody))
	if err != nil {
		status := http.StatusBadRequest
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			status = http.StatusRequestEntityTooLarge
		}
		c.refuse(w, status)
		return
	}
	id, err := c.opt.verify(c.secret, r.Header, body, c.opt.Now())
	if err != nil {
		c.refuse(w, http.StatusUnauthorized)
		return
	}
	n, err := parseNotification(body, c.opt.Types)
	if err != nil {
		c.refuse(w, http.StatusBadRequest)
		return
	}
	switch c.begin(id) {
	case replayDone:
		w.WriteHeader(http.StatusNoContent)
		return
	case replayRunning:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	done := false
	defer func() { c.end(id, done) }() // also if notify panics
	if err := c.notify(r.Context(), n); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	done = true
	w.WriteHeader(http.StatusNoContent)
}

func (c *CallbackHandler) refuse(w http.ResponseWriter, status int) {
	c.mu.Lock()
	c.counts.Refused++
	c.mu.Unlock()
	// No reason: whoever cannot authenticate learns nothing.
	http.Error(w, http.StatusText(status), status)
}

type replay int

const (
	replayNew replay = iota
	replayRunning
	replayDone
)

func (c *CallbackHandler) begin(id callbackID) replay {
	if c.opt.ReplayCache < 0 {
		return replayNew
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	done, known := c.seen[id]
	switch {
	case known && done:
		c.counts.Replayed++
		return replayDone
	case known:
		return replayRunning
	}
	c.seen[id] = false
	return replayNew
}

func (c *CallbackHandler) end(id callbackID, done bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !done {
		c.counts.Failed++
		delete(c.seen, id)
		return
	}
	c.counts.Notified++
	if c.opt.ReplayCache < 0 {
		return
	}
	c.seen[id] = true
	if c.order = append(c.order, id); len(c.order) > c.opt.ReplayCache {
		delete(c.seen, c.order[0])
		c.order = c.order[1:]
	}
}
