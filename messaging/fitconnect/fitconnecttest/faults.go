package fitconnecttest

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// FaultKind is a way to misbehave.
type FaultKind int

// The faults of the connection; Fault.Op says which calls they hit.
const (
	// FaultStatus answers with Fault.Status (500 if 0) instead of doing anything;
	// with Fault.RetryAfter it says how long to wait (429, 503).
	FaultStatus FaultKind = iota + 1
	// FaultHang does nothing and never answers, until the caller gives up.
	FaultHang
	// FaultSlow waits Fault.Delay, then behaves.
	FaultSlow
	// FaultCut cuts the connection before doing anything.
	FaultCut
	// FaultLostAnswer does what was asked, then cuts the connection in the
	// middle of the answer: the caller cannot know.
	FaultLostAnswer
)

// The faults of the content, applied to what is served; Fault.Part says to what.
const (
	// FaultTamper changes one bit of the ciphertext of the part.
	FaultTamper FaultKind = iota + 100
	// FaultTag exchanges the authentication tag of the part.
	FaultTag
	// FaultDropAttachment serves the submission without its last attachment id.
	FaultDropAttachment
	// FaultDropSubmit serves the event log without submit event.
	FaultDropSubmit
	// FaultDuplicateSubmit serves the event log with a second, validly signed submit event.
	FaultDuplicateSubmit
	// FaultNoTags serves the submit event without authentication tags.
	FaultNoTags
	// FaultForgedEvents serves the events of the service signed with a key nobody
	// publishes, under the kid of the real one.
	FaultForgedEvents
	// FaultDuplicateCallback sends a callback twice, headers and body equal.
	FaultDuplicateCallback
)

// Fault asks to misbehave.
type Fault struct {
	Kind FaultKind
	// Op restricts a connection fault to one call, such as "GET submission"; empty
	// is every call of the APIs, but not "token".
	Op string
	// SubmissionID restricts the fault to one submission; empty is any.
	SubmissionID string
	// Part of a content fault: "metadata", "data", "attachment" (any) or
	// "attachment:<uuid>". Empty is metadata.
	Part string
	// Times is how often; 0 is once, negative is always.
	Times int

	Status     int
	RetryAfter time.Duration
	Delay      time.Duration
}

// Inject adds a fault. Several faults of a kind are used up in order.
func (z *Zustelldienst) Inject(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	if f.Part == "" {
		f.Part = fitconnect.InstanceMetadata
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	z.faults = append(z.faults, &f)
}

// ClearFaults makes the service behave again.
func (z *Zustelldienst) ClearFaults() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.faults = nil
}

// take uses up one matching fault, or gives nil; the caller holds z.mu.
func (z *Zustelldienst) take(match func(*Fault) bool) *Fault {
	for i, f := range z.faults {
		if !match(f) {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				z.faults = slices.Delete(z.faults, i, i+1)
			}
		}
		return f
	}
	return nil
}

func (z *Zustelldienst) takeContent(kind FaultKind, submissionID string) bool {
	return z.take(func(f *Fault) bool {
		return f.Kind == kind && (f.SubmissionID == "" || f.SubmissionID == submissionID)
	}) != nil
}

// spoil applies the tampering faults to a part that is about to be served.
func (z *Zustelldienst) spoil(jwe, submissionID, part string) string {
	match := func(kind FaultKind) *Fault {
		return z.take(func(f *Fault) bool {
			return f.Kind == kind && (f.SubmissionID == "" || f.SubmissionID == submissionID) &&
				(f.Part == part || f.Part == "attachment" && strings.HasPrefix(part, "attachment:"))
		})
	}
	if match(FaultTamper) != nil {
		jwe = changeSegment(jwe, 3)
	}
	if match(FaultTag) != nil {
		jwe = changeSegment(jwe, 4)
	}
	return jwe
}

// changeSegment changes the first character of a segment of a compact JOSE text.
func changeSegment(compact string, segment int) string {
	parts := strings.Split(compact, ".")
	if segment >= len(parts) || parts[segment] == "" {
		return compact
	}
	c := "A"
	if strings.HasPrefix(parts[segment], c) {
		c = "B"
	}
	parts[segment] = c + parts[segment][1:]
	return strings.Join(parts, ".")
}

// misbehave applies a connection fault to a call. It tells whether the call is
// dealt with.
func (z *Zustelldienst) misbehave(w http.ResponseWriter, r *http.Request, op string, next http.Handler) bool {
	id := r.PathValue("submission") + r.PathValue("reply") // a path names one of them
	z.mu.Lock()
	f := z.take(func(f *Fault) bool {
		return f.Kind < FaultTamper && (f.Op == op || f.Op == "" && op != opToken) &&
			(f.SubmissionID == "" || f.SubmissionID == id)
	})
	z.mu.Unlock()
	if f == nil {
		return false
	}
	switch f.Kind {
	case FaultStatus:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Round(time.Second).Seconds())))
		}
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		fail(w, status, "", "fault on request")
	case FaultHang:
		z.wait(r, time.Hour)
		panic(http.ErrAbortHandler)
	case FaultSlow:
		z.wait(r, f.Delay)
		return false
	case FaultCut:
		panic(http.ErrAbortHandler)
	case FaultLostAnswer:
		// The answer is made apart, because it must be known whole to be cut.
		inner := httptest.NewRecorder()
		apart := &recorder{ResponseWriter: inner}
		next.ServeHTTP(apart, r)
		if rec, ok := w.(*recorder); ok {
			rec.op, rec.caller = apart.op, apart.caller
		}
		body := inner.Body.Bytes()
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		w.WriteHeader(http.StatusOK)
		w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush() // or net/http would repeat a GET by itself
		panic(http.ErrAbortHandler)
	}
	return true
}

func (z *Zustelldienst) wait(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	case <-z.ctx.Done():
	}
}
