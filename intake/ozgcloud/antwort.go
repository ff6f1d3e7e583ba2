package ozgcloud

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Fehlerantwort is the body of every refusal: RFC 9457 (application/problem+json) with
// the code and the German sentence of the first problem, and the list of all. The
// error body of the OZG-Cloud is not known.
type Fehlerantwort struct {
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
	Hinweis string `json:"hinweis"`
	// TransactionID as sent, once it was read.
	TransactionID string          `json:"transactionId,omitempty"`
	Probleme      fehler.Probleme `json:"probleme"`
}

// refusal is what a request is answered with instead of an Antwort.
type refusal struct {
	status        int
	probleme      fehler.Probleme
	transactionID string
	// retry is when it may come again; zero says nothing.
	retry time.Duration
}

func (r *refusal) Error() string { return r.probleme.Error() }

func refuse(status int, code, pfad, meldung, hinweis string) *refusal {
	return &refusal{status: status, probleme: one(code, pfad, meldung, hinweis)}
}

func unavailable() *refusal {
	r := refuse(http.StatusServiceUnavailable, "ozgcloud.nicht-verfuegbar", "", "nothing was decided; send the same again",
		"Der Antrag konnte gerade nicht angenommen werden. Bitte senden Sie ihn unverändert noch einmal.")
	r.retry = 30 * time.Second
	return r
}

func (r *refusal) write(w http.ResponseWriter) {
	p := slices.Clone(r.probleme)
	if len(p) == 0 {
		p = unavailable().probleme
	}
	if r.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="ozgcloud"`)
	}
	if r.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	if r.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(r.retry.Seconds())))
	}
	writeJSON(w, r.status, "application/problem+json", Fehlerantwort{Title: http.StatusText(r.status), Status: r.status, Code: p[0].Code,
		Detail: p[0].Meldung, Hinweis: p[0].Hinweis, TransactionID: r.transactionID, Probleme: p})
}

func writeJSON(w http.ResponseWriter, status int, mime string, v any) {
	b, err := json.Marshal(v)
	if err != nil { // texts and numbers alone
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mime)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // a sender that has gone asks again
}
