package fitconnecttest

import (
	"net/http"
	"slices"
	"time"
)

// Call is one call the service answered, or a mark of the test.
type Call struct {
	Op           string // such as "GET submission", "POST event accept-submission", or the text of a mark
	Method, Path string // empty for a mark
	SubmissionID string
	CaseID       string
	ClientID     string // who called; empty without token
	Status       int    // 0 if the connection was cut, or for a mark
	At           time.Time
}

// Calls gives everything that was called and marked so far, in order.
func (z *Zustelldienst) Calls() []Call {
	z.mu.Lock()
	defer z.mu.Unlock()
	return slices.Clone(z.calls)
}

// Ops gives the Op of every call and mark so far, in order.
func (z *Zustelldienst) Ops() []string {
	calls := z.Calls()
	out := make([]string, len(calls))
	for i, c := range calls {
		out[i] = c.Op
	}
	return out
}

// Mark puts an own entry between the calls, such as "stored", so that a test can
// assert that the submission was accepted only after that.
func (z *Zustelldienst) Mark(op string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.calls = append(z.calls, Call{Op: op, At: z.opt.Now()})
}

// Before tells whether the first call or mark named a comes before the first
// named b; false if one is missing.
func (z *Zustelldienst) Before(a, b string) bool {
	ops := z.Ops()
	i, j := slices.Index(ops, a), slices.Index(ops, b)
	return i >= 0 && j >= 0 && i < j
}

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	op     string // more exact than the route, set by a handler
	caller *client
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
