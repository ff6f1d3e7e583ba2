package fitconnecttest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

const (
	opToken       = "token"
	maxPage       = 500
	defaultPage   = 100
	problemPrefix = "https://schema.fitko.de/fit-connect/submission-api/problems/"
)

// route is one call: its op is what clients and faults name it.
type route struct {
	op, pattern string
	scopes      []string // any of them; nil needs no token
	serve       func(http.ResponseWriter, *http.Request, *client)
}

func (z *Zustelldienst) handler() http.Handler {
	send, subscribe, manage := fitconnect.ScopeSend, fitconnect.ScopeSubscribe, fitconnect.ScopeManageDestinations
	both := []string{send, subscribe}
	routes := []route{
		{opToken, "POST /token", nil, z.token},
		{"GET jwks.json", "GET /submission-api/.well-known/jwks.json", nil, z.jwks},
		{"GET destination", "GET /submission-api/v2/destinations/{destination}", both, z.getDestination},
		{"GET destination", "GET /destination-api/v2/destinations/{destination}", both, z.getDestination},
		{"GET destination key", "GET /submission-api/v2/destinations/{destination}/keys/{kid}", both, z.getKey},
		{"GET destination keys", "GET /destination-api/v2/destinations/{destination}/keys", both, z.getKeys},
		{"POST destination", "POST /destination-api/v1/destinations", []string{manage}, z.postDestination},
		{"PATCH destination", "PATCH /destination-api/v1/destinations/{destination}", []string{manage}, z.patchDestination},
		{"POST submission", "POST /submission-api/v2/submissions", []string{send}, z.postSubmission},
		{"GET submissions", "GET /submission-api/v2/submissions", []string{subscribe}, z.listSubmissions},
		{"PUT submission", "PUT /submission-api/v2/submissions/{submission}", []string{send}, z.putSubmission},
		{"GET submission", "GET /submission-api/v2/submissions/{submission}", []string{subscribe}, z.getSubmission},
		{"PUT attachment", "PUT /submission-api/v2/submissions/{submission}/attachments/{attachment}", []string{send}, z.putAttachment},
		{"GET attachment", "GET /submission-api/v2/submissions/{submission}/attachments/{attachment}", []string{subscribe}, z.getAttachment},
		{"GET submission events", "GET /submission-api/v2/submissions/{submission}/events", both, z.submissionEvents},
		{"GET case events", "GET /submission-api/v2/cases/{case}/events", both, z.caseEvents},
		{"POST event", "POST /submission-api/v2/cases/{case}/events", both, z.postEvent},
	}
	routes = append(routes, z.routesV1()...)
	mux := http.NewServeMux()
	for _, r := range slices.Concat(routes, z.routingRoutes(), z.replyRoutes()) {
		mux.Handle(r.pattern, z.wrap(r))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fail(w, http.StatusNotFound, "", "no such call")
	})
	return mux
}

// wrap records, applies faults, and checks what every call must have.
func (z *Zustelldienst) wrap(rt route) http.Handler {
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var c *client
		if rt.scopes != nil {
			var problem int
			if c, problem = z.caller(r, rt.scopes); problem != 0 {
				fail(w, problem, "", "token is not valid for this call")
				return
			}
			if rec, ok := w.(*recorder); ok {
				rec.caller = c
			}
			if !z.admit(w, c) {
				return
			}
		}
		rt.serve(w, r, c)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, z.opt.MaxBody)
		z.mu.Lock()
		at := len(z.calls)
		z.calls = append(z.calls, Call{Op: rt.op, Method: r.Method, Path: r.URL.Path,
			SubmissionID: r.PathValue("submission"), CaseID: r.PathValue("case"), At: z.opt.Now()})
		z.mu.Unlock()
		rec := &recorder{ResponseWriter: w}
		defer func() {
			z.mu.Lock()
			defer z.mu.Unlock()
			z.calls[at].Status = rec.status
			if rec.op != "" {
				z.calls[at].Op = rec.op
			}
			if rec.caller != nil {
				z.calls[at].ClientID = rec.caller.cred.ClientID
			}
		}()
		if r.Header.Get("User-Agent") == "" {
			fail(rec, http.StatusForbidden, "", "bot detection: no user agent")
			return
		}
		if !z.misbehave(rec, r, rt.op, inner) {
			inner.ServeHTTP(rec, r)
		}
	})
}

// caller finds the client of the token; problem is the status if there is none.
func (z *Zustelldienst) caller(r *http.Request, scopes []string) (c *client, problem int) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	z.mu.Lock()
	defer z.mu.Unlock()
	t, known := z.tokens[token]
	if !ok || !known || !z.opt.Now().Before(t.until) {
		return nil, http.StatusUnauthorized
	}
	for _, s := range scopes {
		if t.client.scopes[s] {
			return t.client, 0
		}
	}
	return nil, http.StatusForbidden
}

// RevokeTokens makes the service refuse every token it gave out.
func (z *Zustelldienst) RevokeTokens() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.tokens = map[string]issued{}
}

func (z *Zustelldienst) token(w http.ResponseWriter, r *http.Request, _ *client) {
	oauth := func(status int, code string) {
		answer(w, status, map[string]string{"error": code})
	}
	// Only client_secret_post: Basic authentication is refused.
	if _, _, basic := r.BasicAuth(); basic {
		oauth(http.StatusUnauthorized, "invalid_client")
		return
	}
	if err := r.ParseForm(); err != nil || r.PostForm.Get("grant_type") != "client_credentials" {
		oauth(http.StatusBadRequest, "unsupported_grant_type")
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	c := z.clients[r.PostForm.Get("client_id")]
	if c == nil || c.cred.ClientSecret != r.PostForm.Get("client_secret") {
		oauth(http.StatusUnauthorized, "invalid_client")
		return
	}
	granted := []string{}
	for s := range c.scopes {
		granted = append(granted, s)
	}
	for s := range strings.FieldsSeq(r.PostForm.Get("scope")) {
		if !c.scopes[s] {
			oauth(http.StatusBadRequest, "invalid_scope")
			return
		}
	}
	token := "token-" + z.opt.NewID()
	z.tokens[token] = issued{client: c, until: z.opt.Now().Add(z.opt.TokenLife)}
	answer(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer",
		"expires_in": int(z.opt.TokenLife.Seconds()), "scope": strings.Join(granted, " ")})
}

func (z *Zustelldienst) jwks(w http.ResponseWriter, _ *http.Request, _ *client) {
	answer(w, http.StatusOK, fitconnect.JWKSet{Keys: []fitconnect.JWK{z.opt.ServiceKey.Public(fitconnect.UseVerify)}})
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		fail(w, http.StatusInternalServerError, "", "answer cannot be written")
		return
	}
	w.Header().Set("Content-Type", fitconnect.MIMEJSON)
	w.WriteHeader(status)
	w.Write(b)
}

// fail writes a problem of RFC 7807. An empty slug is about:blank.
func fail(w http.ResponseWriter, status int, slug, detail string) {
	typ := "about:blank"
	if slug != "" {
		typ = problemPrefix + slug
	}
	b, err := json.Marshal(map[string]any{"type": typ, "title": http.StatusText(status), "status": status, "detail": detail})
	if err != nil {
		b = []byte("{}")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	w.Write(b)
}

// readJSON decodes a request body, or answers what is wrong with it.
func readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	b, ok := readBody(w, r)
	if !ok {
		return false
	}
	if err := json.Unmarshal(b, into); err != nil {
		fail(w, http.StatusBadRequest, "", "body is not the expected JSON")
		return false
	}
	return true
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	b, err := io.ReadAll(r.Body)
	if err == nil {
		return b, true
	}
	status := http.StatusBadRequest
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		status = http.StatusRequestEntityTooLarge
	}
	fail(w, status, "", "body cannot be read")
	return nil, false
}

// page reads offset and limit and cuts a list to them.
func page[T any](r *http.Request, all []T, most int) (part []T, offset int) {
	number := func(name string, otherwise int) int {
		n, err := strconv.Atoi(r.URL.Query().Get(name))
		if err != nil || n < 0 {
			return otherwise
		}
		return n
	}
	offset = min(number("offset", 0), len(all))
	limit := min(number("limit", defaultPage), most)
	return all[offset:min(offset+limit, len(all))], offset
}
