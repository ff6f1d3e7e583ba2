package fitconnecttest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
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
	switch {
	case !slices.Contains(p.announced, id):
		fail(w, http.StatusUnprocessableEntity, "", "attachment was not announced")
	case r.Header.Get("Content-Type") != fitconnect.MIMEJOSE:
		fail(w, http.StatusUnsupportedMediaType, "", "content type is not application/jose")
	case err != nil:
		fail(w, http.StatusUnprocessableEntity, "", "attachment is not a valid JWE")
	default:
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
	part, offset := page(r, all)
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

// caseInfo is what the client may see of a case; the caller holds z.mu.
func (z *Zustelldienst) caseInfo(caseID string) fitconnect.CaseInfo {
	c := fitconnect.CaseInfo{CaseID: caseID}
	for _, id := range z.order {
		if z.submissions[id].ref.CaseID == caseID {
			c.SubmissionIDs = append(c.SubmissionIDs, id)
		}
	}
	for _, id := range z.replies.order {
		if z.replies.all[id].ref.CaseID == caseID {
			c.ReplyIDs = append(c.ReplyIDs, id)
		}
	}
	return c
}

func (z *Zustelldienst) listCases(w http.ResponseWriter, r *http.Request, c *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	all, seen := []fitconnect.CaseInfo{}, map[string]bool{}
	for _, id := range z.order {
		if caseID := z.submissions[id].ref.CaseID; !seen[caseID] && z.visible(c, caseID) {
			seen[caseID] = true
			all = append(all, z.caseInfo(caseID))
		}
	}
	part, offset := page(r, all)
	answer(w, http.StatusOK, map[string]any{"count": len(part), "offset": offset, "totalCount": len(all), "cases": part})
}

func (z *Zustelldienst) getCase(w http.ResponseWriter, r *http.Request, c *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	id := r.PathValue("case")
	switch {
	case z.cases[id] == nil:
		fail(w, http.StatusNotFound, "", "case is unknown")
	case !z.visible(c, id):
		fail(w, http.StatusForbidden, "", "case of another client")
	default:
		answer(w, http.StatusOK, z.caseInfo(id))
	}
}

// postReplyEvent takes accept-reply and reject-reply of the sender; the event is
// verified and the caller holds z.mu.
func (z *Zustelldienst) postReplyEvent(w http.ResponseWriter, c *client, caseID string, e *fitconnect.Event) {
	p, f := z.replies.all[strings.TrimPrefix(e.Subject, fitconnect.SubjectOfReply(""))], z.cases[caseID]
	_, known := z.replies.keys[e.Issuer]
	switch {
	case p == nil || p.ref.CaseID != caseID || e.CaseID != caseID:
		fail(w, http.StatusUnprocessableEntity, "", "event is about another case")
	case !known || !z.receives(c, caseID):
		fail(w, http.StatusForbidden, "", "issuer is not the receiver of the reply")
	case f.ids[e.ID]:
		fail(w, http.StatusConflict, "", "event is known already")
	case p.state == fitconnect.StateIncomplete || p.state.Done():
		fail(w, http.StatusConflict, "", "reply cannot be decided in its state")
	case e.Type == fitconnect.EventAcceptReply && (e.Tags == nil || !e.Tags.Equal(p.tags)):
		fail(w, http.StatusUnprocessableEntity, "", "authentication tags differ from those submitted")
	case e.Type != fitconnect.EventAcceptReply && e.Type != fitconnect.EventRejectReply:
		fail(w, http.StatusUnprocessableEntity, "", "a sender cannot post this event")
	default:
		p.state, p.decidedAt = fitconnect.StateAccepted, z.opt.Now()
		if e.Type == fitconnect.EventRejectReply {
			p.state = fitconnect.StateRejected
		}
		f.ids[e.ID] = true
		f.events = append(f.events, e.Raw)
		z.tellReply(p, fitconnect.CallbackNewEvents, false)
		w.WriteHeader(http.StatusNoContent)
	}
}

// tickReplies applies the deadlines, which are those of submissions; the caller holds z.mu.
func (z *Zustelldienst) tickReplies(now time.Time, d DeadlineTable) {
	past := func(t time.Time, after time.Duration) bool { return now.Sub(t) >= after }
	for _, id := range z.replies.order {
		p := z.replies.all[id]
		if z.cases[p.ref.CaseID] == nil {
			continue
		}
		if p.state != fitconnect.StateIncomplete && !p.state.Done() && past(p.submittedAt, d.AutoReject) {
			problem := []fitconnect.Problem{{Type: "https://schema.fitko.de/fit-connect/events/problems/technical-error",
				Title: "Technischer Fehler", Detail: "Die Antwort wurde nicht rechtzeitig abgerufen.", Instance: "submission"}}
			if z.appendReply(nil, p, fitconnect.Event{Type: fitconnect.EventRejectReply, Problems: problem}) {
				p.state, p.decidedAt = fitconnect.StateRejected, now
				z.tellReply(p, fitconnect.CallbackNewEvents, true)
				z.tellReply(p, fitconnect.CallbackNewEvents, false)
			}
		}
		gone := p.state == fitconnect.StateIncomplete && past(p.createdAt, d.DeleteIncomplete) ||
			p.state == fitconnect.StateRejected && past(p.submittedAt, d.DeleteUndecided) ||
			p.state == fitconnect.StateAccepted && past(p.decidedAt, d.DeleteAccepted)
		if gone && z.appendReply(nil, p, fitconnect.Event{Type: fitconnect.EventDeleteReply}) {
			p.state, p.decidedAt, p.metadata, p.data, p.attachments = fitconnect.StateDeleted, now, "", "", nil
		}
	}
}

// spoilReplyEvent applies the faults to one event about a reply; the caller holds z.mu.
func (z *Zustelldienst) spoilReplyEvent(token string, e *fitconnect.Event) (string, bool, error) {
	p := z.replies.all[strings.TrimPrefix(e.Subject, fitconnect.SubjectOfReply(""))]
	if p == nil || e.Type != fitconnect.EventSubmitReply {
		return token, true, nil
	}
	if z.takeContent(FaultReplyDropSubmit, p.ref.ReplyID) {
		return "", false, nil
	}
	if z.takeContent(FaultReplyForgedEvents, p.ref.ReplyID) {
		stranger, err := TestKey(KeyStranger)
		if err != nil {
			return "", false, err
		}
		stranger.Kid = z.opt.ServiceKey.Kid
		token, err = z.signReply(p, *e, stranger)
		return token, true, err
	}
	return token, true, nil
}
