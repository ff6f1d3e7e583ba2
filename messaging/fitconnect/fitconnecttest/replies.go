package fitconnecttest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// The faults of replies; Fault.SubmissionID may name a reply. FaultTamper and
// FaultTag work on replies too.
const (
	// FaultReplyDropSubmit serves the event log without submit-reply.
	FaultReplyDropSubmit FaultKind = iota + 200
	// FaultReplyForgedEvents serves submit-reply signed with a key nobody publishes.
	FaultReplyForgedEvents
	// FaultReplyDropAttachment serves a reply without its last attachment id.
	FaultReplyDropAttachment
)

type reply struct {
	ref         fitconnect.ReplyRef
	client      *client
	announced   []string
	attachments map[string]string
	metadata    string
	data        string
	tags        fitconnect.AuthenticationTags
	state       fitconnect.State
	createdAt   time.Time
	submittedAt time.Time
	decidedAt   time.Time
}

type replyBook struct {
	all   map[string]*reply
	order []string
	keys  map[string]fitconnect.JWKSet // of senders, by issuer
}

// AddReplyKey makes the service take events about replies from an issuer, signed
// with the key. How the real service learns keys of senders is not published.
func (z *Zustelldienst) AddReplyKey(issuer string, k Key) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.replies.keys == nil {
		z.replies.keys = map[string]fitconnect.JWKSet{}
	}
	set := z.replies.keys[issuer]
	set.Keys = append(set.Keys, k.Public(fitconnect.UseVerify))
	z.replies.keys[issuer] = set
}

// ReplyState tells where a reply stands; empty if there is none with the id.
func (z *Zustelldienst) ReplyState(replyID string) fitconnect.State {
	z.mu.Lock()
	defer z.mu.Unlock()
	if r := z.replies.all[replyID]; r != nil {
		return r.state
	}
	return ""
}

func (z *Zustelldienst) replyRoutes() []route {
	send, subscribe := fitconnect.ScopeSend, fitconnect.ScopeSubscribe
	both := []string{send, subscribe}
	const one, part = "/submission-api/v2/replies/{reply}", "/submission-api/v2/replies/{reply}/attachments/{attachment}"
	return []route{
		{"POST reply", "POST /submission-api/v2/replies", []string{subscribe}, z.postReply},
		{"GET replies", "GET /submission-api/v2/replies", both, z.listReplies},
		{"PUT reply", "PUT " + one, []string{subscribe}, z.putReply},
		{"GET reply", "GET " + one, both, z.getReply},
		{"PUT reply attachment", "PUT " + part, []string{subscribe}, z.putReplyAttachment},
		{"GET reply attachment", "GET " + part, both, z.getReplyAttachment},
		{"GET cases", "GET /submission-api/v2/cases", both, z.listCases},
		{"GET case", "GET /submission-api/v2/cases/{case}", both, z.getCase},
		{"GET service info", "GET /submission-api/v2/info", nil, func(w http.ResponseWriter, _ *http.Request, _ *client) {
			answer(w, http.StatusOK, map[string]any{"version": map[string]int{"major": 2, "minor": 0, "patch": 0}})
		}},
	}
}

// receives tells whether the client sent a submission of the case, which is who
// a reply goes to; answers whether it may reply. The caller holds z.mu.
func (z *Zustelldienst) receives(c *client, caseID string) bool {
	return slices.ContainsFunc(z.order, func(id string) bool {
		s := z.submissions[id]
		return s.ref.CaseID == caseID && s.client == c && s.state != fitconnect.StateIncomplete
	})
}

func (z *Zustelldienst) answers(c *client, caseID string) bool {
	return slices.ContainsFunc(z.order, func(id string) bool {
		s := z.submissions[id]
		d := z.destinations[s.ref.DestinationID]
		return s.ref.CaseID == caseID && d != nil && d.client == c && s.state != fitconnect.StateIncomplete
	})
}

func (z *Zustelldienst) postReply(w http.ResponseWriter, r *http.Request, c *client) {
	var n struct {
		CaseID               string
		AnnouncedAttachments []string
	}
	if !readJSON(w, r, &n) {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.cases[n.CaseID] == nil {
		fail(w, http.StatusNotFound, "", "case is unknown")
		return
	}
	if !z.answers(c, n.CaseID) {
		fail(w, http.StatusForbidden, "", "case of another client")
		return
	}
	seen := map[string]bool{}
	for _, id := range n.AnnouncedAttachments {
		if u, err := uuid.Parse(id); err != nil || u.Version() != 4 || seen[id] {
			fail(w, http.StatusUnprocessableEntity, "", "attachment id is not a unique UUID of version 4")
			return
		}
		seen[id] = true
	}
	p := &reply{ref: fitconnect.ReplyRef{ReplyID: z.opt.NewID(), CaseID: n.CaseID}, client: c, announced: n.AnnouncedAttachments,
		attachments: map[string]string{}, state: fitconnect.StateIncomplete, createdAt: z.opt.Now()}
	if !z.appendReply(w, p, fitconnect.Event{Type: fitconnect.EventCreateReply}) {
		return
	}
	if z.replies.all == nil {
		z.replies.all = map[string]*reply{}
	}
	z.replies.all[p.ref.ReplyID] = p
	z.replies.order = append(z.replies.order, p.ref.ReplyID)
	answer(w, http.StatusCreated, p.ref)
}

// appendReply signs an event about a reply and adds it, or answers; the caller holds z.mu.
func (z *Zustelldienst) appendReply(w http.ResponseWriter, p *reply, e fitconnect.Event) bool {
	token, err := z.signReply(p, e, z.opt.ServiceKey)
	if err != nil {
		if w != nil {
			fail(w, http.StatusInternalServerError, "", "event cannot be signed")
		}
		return false
	}
	f := z.cases[p.ref.CaseID]
	f.events = append(f.events, token)
	return true
}

func (z *Zustelldienst) signReply(p *reply, e fitconnect.Event, key Key) (string, error) {
	e.Schema, e.Issuer, e.IssuedAt = fitconnect.DefaultSETSchema, z.Endpoints().SubmissionAPI, z.opt.Now()
	e.Subject, e.CaseID = fitconnect.SubjectOfReply(p.ref.ReplyID), p.ref.CaseID
	if e.ID == "" {
		e.ID = z.opt.NewID()
	}
	return fitconnect.SignSET(key.Signing(), e)
}

// ownReply finds a reply the client writes, or answers; the caller holds z.mu.
func (z *Zustelldienst) ownReply(w http.ResponseWriter, r *http.Request, c *client) *reply {
	p := z.replies.all[r.PathValue("reply")]
	switch {
	case p == nil:
		fail(w, http.StatusNotFound, "", "reply is unknown")
	case p.client != c:
		fail(w, http.StatusForbidden, "", "reply of another client")
	case p.state != fitconnect.StateIncomplete:
		fail(w, http.StatusConflict, "", "reply is submitted already")
	default:
		return p
	}
	return nil
}

func (z *Zustelldienst) putReplyAttachment(w http.ResponseWriter, r *http.Request, c *client) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	p := z.ownReply(w, r, c)
	if p == nil {
		return
	}
	id := r.PathValue("attachment")
	_, err := fitconnect.ParseJWE(string(body))
	if takesUpload(w, r, p.announced, err) {
		p.attachments[id] = string(body)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (z *Zustelldienst) putReply(w http.ResponseWriter, r *http.Request, c *client) {
	var body struct{ EncryptedMetadata, EncryptedData string }
	if !readJSON(w, r, &body) {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	p := z.ownReply(w, r, c)
	if p == nil {
		return
	}
	var tags fitconnect.AuthenticationTags
	for _, x := range []struct {
		text string
		into *string
	}{{body.EncryptedMetadata, &tags.Metadata}, {body.EncryptedData, &tags.Data}} {
		j, err := fitconnect.ParseJWE(x.text)
		if err == nil {
			err = j.CheckContentType()
		}
		if err != nil {
			fail(w, http.StatusUnprocessableEntity, "", "metadata or data are not a valid JWE with cty")
			return
		}
		*x.into = j.Tag()
	}
	for _, id := range p.announced {
		j, err := fitconnect.ParseJWE(p.attachments[id])
		if err != nil {
			fail(w, http.StatusUnprocessableEntity, "", "announced attachment is missing")
			return
		}
		if tags.Attachments == nil {
			tags.Attachments = map[string]string{}
		}
		tags.Attachments[id] = j.Tag()
	}
	p.metadata, p.data, p.tags = body.EncryptedMetadata, body.EncryptedData, tags
	if !z.appendReply(w, p, fitconnect.Event{Type: fitconnect.EventSubmitReply, Tags: &p.tags}) {
		return
	}
	p.state, p.submittedAt = fitconnect.StateSubmitted, z.opt.Now()
	z.tellReply(p, fitconnect.CallbackNewReplies, true)
	answer(w, http.StatusOK, p.ref)
}

// tellReply tells the sender of the case, or the authority; the caller holds z.mu.
func (z *Zustelldienst) tellReply(p *reply, kind fitconnect.CallbackKind, toSender bool) {
	body, err := json.Marshal(map[string]any{"type": kind.URI(), "replies": []fitconnect.ReplyRef{p.ref}})
	if err != nil {
		return // ids only: cannot fail
	}
	var to *fitconnect.Callback
	for _, id := range z.order {
		s := z.submissions[id]
		if s.ref.CaseID != p.ref.CaseID {
			continue
		}
		if toSender && s.callback != nil {
			to = s.callback
		} else if d := z.destinations[s.ref.DestinationID]; !toSender && d != nil && d.client == p.client {
			to = d.callback
		}
	}
	z.enqueueBody(to, body, p.ref.ReplyID)
}

// readable finds a reply the client may read, or answers; the caller holds z.mu.
func (z *Zustelldienst) readable(w http.ResponseWriter, r *http.Request, c *client) *reply {
	p := z.replies.all[r.PathValue("reply")]
	if p == nil || p.state == fitconnect.StateIncomplete || p.state == fitconnect.StateRejected || p.state == fitconnect.StateDeleted {
		fail(w, http.StatusNotFound, "", "reply is unknown")
		return nil
	}
	if !z.receives(c, p.ref.CaseID) {
		fail(w, http.StatusForbidden, "", "case of another client")
		return nil
	}
	return p
}

func (z *Zustelldienst) listReplies(w http.ResponseWriter, r *http.Request, c *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	all := []fitconnect.ReplyRef{}
	for _, id := range z.replies.order {
		p := z.replies.all[id]
		if p.state != fitconnect.StateIncomplete && !p.state.Done() && z.receives(c, p.ref.CaseID) {
			all = append(all, p.ref)
		}
	}
	part, offset := page(r, all, z.opt.MaxPage)
	answer(w, http.StatusOK, map[string]any{"count": len(part), "offset": offset, "totalCount": len(all), "replies": part})
}

func (z *Zustelldienst) getReply(w http.ResponseWriter, r *http.Request, c *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	p := z.readable(w, r, c)
	if p == nil {
		return
	}
	id, attachments := p.ref.ReplyID, append([]string{}, p.announced...)
	if len(attachments) > 0 && z.takeContent(FaultReplyDropAttachment, id) {
		attachments = attachments[:len(attachments)-1]
	}
	answer(w, http.StatusOK, fitconnect.Reply{ReplyRef: p.ref, Attachments: attachments,
		EncryptedMetadata: z.spoil(p.metadata, id, fitconnect.InstanceMetadata), EncryptedData: z.spoil(p.data, id, fitconnect.InstanceData)})
}

func (z *Zustelldienst) getReplyAttachment(w http.ResponseWriter, r *http.Request, c *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	p := z.readable(w, r, c)
	if p == nil {
		return
	}
	id := r.PathValue("attachment")
	jwe, ok := p.attachments[id]
	if !ok {
		fail(w, http.StatusNotFound, "", "attachment is unknown")
		return
	}
	w.Header().Set("Content-Type", fitconnect.MIMEJOSE)
	w.Write([]byte(z.spoil(jwe, p.ref.ReplyID, fitconnect.InstanceAttachment(id))))
}
