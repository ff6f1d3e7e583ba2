package fitconnecttest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// Options adjust a [Zustelldienst]; the zero value of every field is a default.
type Options struct {
	// Now is the clock of the service: iat of events, deadlines, tokens, callback
	// timestamps. Nil is time.Now.
	Now func() time.Time
	// NewID makes ids; nil makes random UUIDs.
	NewID func() string
	// ServiceKey signs the events of the service; the zero value is [KeyService].
	ServiceKey Key
	// TokenLife is how long an access token is good; 0 is 1800 s.
	TokenLife time.Duration
	// CallbackRetry is the pause before a callback is repeated; 0 is 20 ms.
	CallbackRetry time.Duration
	// CallbackClient posts callbacks; nil is a client with a timeout of 5 s.
	CallbackClient *http.Client
	// MaxBody bounds a request body in bytes; 0 is 512 MiB.
	MaxBody int64
	// Spool is a directory to keep attachments in; empty keeps them in memory.
	Spool string
	// MaxPage is the most entries of one page, whatever is asked for; 0 is 500.
	MaxPage int
	// RateLimit, if set, bounds the calls of every API client.
	RateLimit *RateLimit
	// Deadlines replace those of the documentation; nil is [Deadlines].
	Deadlines *DeadlineTable
}

// Zustelldienst is the running double. It is safe for concurrent use.
type Zustelldienst struct {
	opt    Options
	base   string
	server *http.Server
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu           sync.Mutex
	clients      map[string]*client       // GUARDED_BY(mu); by client id
	tokens       map[string]issued        // GUARDED_BY(mu); by token
	destinations map[string]*Zustellpunkt // GUARDED_BY(mu)
	servers      []*httptest.Server       // of CallbackTo; GUARDED_BY(mu)
	submissions  map[string]*submission   // GUARDED_BY(mu)
	order        []string                 // GUARDED_BY(mu); submission ids as created
	cases        map[string]*fall         // GUARDED_BY(mu)
	calls        []Call                   // GUARDED_BY(mu)
	faults       []*Fault                 // GUARDED_BY(mu)
	callbacks    callbackQueue            // GUARDED_BY(mu)
	replies      replyBook                // GUARDED_BY(mu)
	routing      routingBook              // GUARDED_BY(mu)
	sender       *fitconnect.Sender       // GUARDED_BY(mu); of Sende, made when needed
	senderClient *fitconnect.Client       // GUARDED_BY(mu)
}

type client struct {
	cred   fitconnect.Credentials
	scopes map[string]bool
	window window // of the rate limit
}

type issued struct {
	client *client
	until  time.Time
}

// fall is a case (Fall): the event log of all its submissions.
type fall struct {
	events []string
	ids    map[string]bool // jti
}

type submission struct {
	v1          bool // sent through version 1
	ref         fitconnect.SubmissionRef
	client      *client
	service     fitconnect.PublicService
	region      string
	announced   []string
	attachments map[string]kept // JWE by id
	metadata    string
	data        string
	callback    *fitconnect.Callback
	tags        fitconnect.AuthenticationTags
	state       fitconnect.State
	createdAt   time.Time
	submittedAt time.Time
	decidedAt   time.Time
}

// Start listens on a free port of 127.0.0.1. Close ends it.
func Start(o *Options) (*Zustelldienst, error) {
	z := &Zustelldienst{
		clients: map[string]*client{}, tokens: map[string]issued{}, destinations: map[string]*Zustellpunkt{},
		submissions: map[string]*submission{}, cases: map[string]*fall{},
	}
	if o != nil {
		z.opt = *o
	}
	if err := z.opt.fill(); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("fitconnecttest: %w", err)
	}
	z.base = "http://" + l.Addr().String()
	z.ctx, z.cancel = context.WithCancel(context.Background())
	z.server = &http.Server{Handler: z.handler(), ReadHeaderTimeout: 10 * time.Second}
	z.wg.Go(func() { _ = z.server.Serve(l) }) // ends with Close
	z.wg.Go(z.runCallbacks)
	return z, nil
}

// New starts a Zustelldienst that ends with the test.
func New(t testing.TB, o *Options) *Zustelldienst {
	t.Helper()
	z, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(z.Close)
	return z
}

func (o *Options) fill() error {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	if o.ServiceKey.Private == nil {
		k, err := TestKey(KeyService)
		if err != nil {
			return err
		}
		o.ServiceKey = k
	}
	if o.TokenLife == 0 {
		o.TokenLife = 1800 * time.Second
	}
	if o.CallbackRetry == 0 {
		o.CallbackRetry = 20 * time.Millisecond
	}
	if o.CallbackClient == nil {
		// A transport of its own, so that Close can close its connections.
		o.CallbackClient = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}
	}
	if o.MaxBody == 0 {
		o.MaxBody = 512 << 20
	}
	if o.MaxPage == 0 {
		o.MaxPage = maxPage
	}
	if o.Deadlines == nil {
		d := Deadlines()
		o.Deadlines = &d
	}
	return nil
}

// Close stops everything and waits for it: the listener, calls that hang by a
// fault, callbacks. It may be called twice.
func (z *Zustelldienst) Close() {
	z.cancel()
	z.server.Close()
	z.wg.Wait()
	z.opt.CallbackClient.CloseIdleConnections()
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, s := range z.servers {
		s.Close()
	}
	z.servers = nil
	if z.senderClient != nil {
		z.senderClient.CloseIdleConnections()
	}
	for _, d := range z.destinations {
		for _, c := range d.made {
			c.CloseIdleConnections()
		}
	}
}

// URL is the address of the service, such as "http://127.0.0.1:40001".
func (z *Zustelldienst) URL() string { return z.base }

// Endpoints are those to configure a client with.
func (z *Zustelldienst) Endpoints() fitconnect.Endpoints {
	return fitconnect.Endpoints{Token: z.base + "/token", SubmissionAPI: z.base + "/submission-api", DestinationAPI: z.base + "/destination-api"}
}

// AddClient registers an API client with scopes and gives its credentials.
func (z *Zustelldienst) AddClient(scopes ...string) fitconnect.Credentials {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.addClient(scopes...).cred
}

func (z *Zustelldienst) addClient(scopes ...string) *client {
	c := &client{cred: fitconnect.Credentials{ClientID: "client-" + z.opt.NewID(), ClientSecret: "secret-" + z.opt.NewID()},
		scopes: map[string]bool{}}
	for _, s := range scopes {
		c.scopes[s] = true
	}
	z.clients[c.cred.ClientID] = c
	return c
}

// State tells where a submission stands; empty if there is none with the id.
func (z *Zustelldienst) State(submissionID string) fitconnect.State {
	z.mu.Lock()
	defer z.mu.Unlock()
	if s := z.submissions[submissionID]; s != nil {
		return s.state
	}
	return ""
}

// Events gives the event log of a case as compact tokens.
func (z *Zustelldienst) Events(caseID string) []string {
	z.mu.Lock()
	defer z.mu.Unlock()
	if f := z.cases[caseID]; f != nil {
		return append([]string(nil), f.events...)
	}
	return nil
}

// Problems gives the problems of the last reject event of a submission, or nil.
func (z *Zustelldienst) Problems(submissionID string) []fitconnect.Problem {
	z.mu.Lock()
	defer z.mu.Unlock()
	s := z.submissions[submissionID]
	if s == nil || z.cases[s.ref.CaseID] == nil {
		return nil
	}
	var out []fitconnect.Problem
	for _, token := range z.cases[s.ref.CaseID].events {
		e, err := fitconnect.ParseSET(token)
		if err == nil && e.Type == fitconnect.EventRejectSubmission && e.Subject == fitconnect.SubjectOfSubmission(submissionID) {
			out = e.Problems
		}
	}
	return out
}
