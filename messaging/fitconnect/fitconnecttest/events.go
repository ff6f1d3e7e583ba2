package fitconnecttest

import (
	"context"
	"net/http"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// append signs an event of the service and adds it; the caller holds z.mu.
func (z *Zustelldienst) append(s *submission, e fitconnect.Event) error {
	f := z.cases[s.ref.CaseID]
	token, err := z.sign(s, e, z.opt.ServiceKey)
	if err != nil {
		return err
	}
	f.events = append(f.events, token)
	return nil
}

func (z *Zustelldienst) sign(s *submission, e fitconnect.Event, key Key) (string, error) {
	e.Schema, e.Issuer, e.IssuedAt = schemaOf(s), z.Endpoints().SubmissionAPI, z.opt.Now()
	e.Subject, e.CaseID = fitconnect.SubjectOfSubmission(s.ref.SubmissionID), s.ref.CaseID
	if e.ID == "" {
		e.ID = z.opt.NewID()
	}
	return fitconnect.SignSET(key.Signing(), e)
}

// storeKeys looks up keys in the double itself; the caller of the Verifier holds z.mu.
type storeKeys struct{ z *Zustelldienst }

func (k storeKeys) ServiceKey(context.Context, string) (fitconnect.JWK, error) {
	// The service posts its events itself: nobody else may.
	return fitconnect.JWK{}, fehler.New("fitconnecttest", "", fehler.ErrNotFound, nil)
}

func (k storeKeys) DestinationKey(_ context.Context, destinationID, kid string) (fitconnect.JWK, error) {
	if key, ok := k.z.replies.keys[destinationID].Find(kid); ok {
		return key, nil // of a sender, for its events about replies
	}
	d := k.z.destinations[destinationID]
	if d == nil || !d.signingKids[kid] {
		return fitconnect.JWK{}, fehler.New("fitconnecttest", "", fehler.ErrNotFound, nil)
	}
	return d.published[kid], nil
}

// visible tells whether the client may see the case; the caller holds z.mu.
func (z *Zustelldienst) visible(c *client, caseID string) bool {
	for _, s := range z.submissions {
		if s.ref.CaseID != caseID {
			continue
		}
		if d := z.destinations[s.ref.DestinationID]; s.client == c || d != nil && d.client == c {
			return true
		}
	}
	return false
}

func (z *Zustelldienst) caseEvents(w http.ResponseWriter, r *http.Request, c *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	f := z.cases[r.PathValue("case")]
	if f == nil {
		fail(w, http.StatusNotFound, "", "case is unknown")
		return
	}
	if !z.visible(c, r.PathValue("case")) {
		fail(w, http.StatusForbidden, "", "case of another client")
		return
	}
	z.serveEvents(w, r, f.events, true)
}

func (z *Zustelldienst) submissionEvents(w http.ResponseWriter, r *http.Request, c *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	s := z.submissions[r.PathValue("submission")]
	if s == nil {
		fail(w, http.StatusNotFound, "submission-not-found", "submission is unknown")
		return
	}
	if !z.visible(c, s.ref.CaseID) {
		fail(w, http.StatusForbidden, "", "submission of another client")
		return
	}
	var own []string
	for _, token := range z.cases[s.ref.CaseID].events {
		if e, err := fitconnect.ParseSET(token); err == nil && e.Subject == fitconnect.SubjectOfSubmission(s.ref.SubmissionID) {
			own = append(own, token)
		}
	}
	z.serveEvents(w, r, own, false)
}

func (z *Zustelldienst) serveEvents(w http.ResponseWriter, r *http.Request, all []string, counts bool) {
	all, err := z.spoilEvents(all)
	if err != nil {
		fail(w, http.StatusInternalServerError, "", "event cannot be signed")
		return
	}
	part, offset := page(r, all, z.opt.MaxPage)
	if part == nil {
		part = []string{}
	}
	body := map[string]any{"eventLog": part}
	if counts {
		body["offset"], body["count"], body["totalCount"] = offset, len(part), len(all)
	}
	answer(w, http.StatusOK, body)
}

// spoilEvents applies the faults of the event log to what is about to be served.
func (z *Zustelldienst) spoilEvents(all []string) ([]string, error) {
	var out []string
	for _, token := range all {
		e, err := fitconnect.ParseSET(token)
		if err != nil || !e.FromService() {
			out = append(out, token)
			continue
		}
		id := strings.TrimPrefix(e.Subject, fitconnect.SubjectOfSubmission(""))
		s := z.submissions[id]
		if s == nil {
			keep := false
			if token, keep, err = z.spoilReplyEvent(token, e); err != nil {
				return nil, err
			}
			if keep {
				out = append(out, token)
			}
			continue
		}
		submit := e.Type == fitconnect.EventSubmitSubmission
		if submit && z.takeContent(FaultDropSubmit, id) {
			continue
		}
		if submit && z.takeContent(FaultNoTags, id) {
			bare := *e
			bare.Tags = nil
			if token, err = z.sign(s, bare, z.opt.ServiceKey); err != nil {
				return nil, err
			}
		}
		if submit && z.takeContent(FaultForgedEvents, id) {
			stranger, err := TestKey(KeyStranger)
			if err != nil {
				return nil, err
			}
			stranger.Kid = z.opt.ServiceKey.Kid
			if token, err = z.sign(s, *e, stranger); err != nil {
				return nil, err
			}
		}
		out = append(out, token)
		if submit && z.takeContent(FaultDuplicateSubmit, id) {
			second := *e
			second.ID = ""
			if token, err = z.sign(s, second, z.opt.ServiceKey); err != nil {
				return nil, err
			}
			out = append(out, token)
		}
	}
	return out, nil
}

// postEvent takes an event of a subscriber: signature, claims and schema, then
// whether the submission can still be decided and the tags are those submitted.
func (z *Zustelldienst) postEvent(w http.ResponseWriter, r *http.Request, c *client) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if r.Header.Get("Content-Type") != fitconnect.MIMEJOSE {
		fail(w, http.StatusUnsupportedMediaType, "", "content type is not application/jose")
		return
	}
	caseID := r.PathValue("case")
	f := z.cases[caseID]
	if f == nil {
		fail(w, http.StatusNotFound, "", "case is unknown")
		return
	}
	// The error of the verification is safe to repeat: it holds no content.
	v := &fitconnect.Verifier{Keys: storeKeys{z}}
	e, err := v.Verify(r.Context(), string(body))
	if err != nil {
		fail(w, http.StatusUnprocessableEntity, "", err.Error())
		return
	}
	setOp(w, "POST event "+string(e.Type))
	if strings.HasPrefix(e.Subject, fitconnect.SubjectOfReply("")) {
		z.postReplyEvent(w, c, caseID, e)
		return
	}
	s := z.submissions[strings.TrimPrefix(e.Subject, fitconnect.SubjectOfSubmission(""))]
	d := z.destinations[e.Issuer]
	switch {
	case s == nil || s.ref.CaseID != caseID || e.CaseID != caseID:
		fail(w, http.StatusUnprocessableEntity, "", "event is about another case")
	case d == nil || d.client != c || s.ref.DestinationID != d.ID:
		fail(w, http.StatusForbidden, "", "issuer is not the destination of the caller")
	case e.Schema != "" && strings.Contains(e.Schema, "/set-payload/1.0.") != s.v1:
		fail(w, http.StatusUnprocessableEntity, "", "Payload Schema not supported")
	case f.ids[e.ID]:
		fail(w, http.StatusConflict, "", "event is known already")
	case s.state == fitconnect.StateIncomplete || s.state.Done():
		fail(w, http.StatusConflict, "", "submission cannot be decided in its state")
	default:
		z.apply(w, s, f, e)
	}
}

func (z *Zustelldienst) apply(w http.ResponseWriter, s *submission, f *fall, e *fitconnect.Event) {
	switch e.Type {
	case fitconnect.EventAcceptSubmission:
		if e.Tags == nil || !e.Tags.Equal(s.tags) {
			fail(w, http.StatusUnprocessableEntity, "", "authentication tags differ from those submitted")
			return
		}
		s.state, s.decidedAt = fitconnect.StateAccepted, z.opt.Now()
	case fitconnect.EventRejectSubmission:
		s.state, s.decidedAt = fitconnect.StateRejected, z.opt.Now()
	case fitconnect.EventForwardSubmission:
		s.state = fitconnect.StateForwarded
	default:
		fail(w, http.StatusUnprocessableEntity, "", "a subscriber cannot post this event")
		return
	}
	f.ids[e.ID] = true
	f.events = append(f.events, e.Raw)
	z.tellSender(s)
	w.WriteHeader(http.StatusNoContent)
}

// setOp makes the recorded call more exact.
func setOp(w http.ResponseWriter, op string) {
	if rec, ok := w.(*recorder); ok {
		rec.op = op
	}
}
