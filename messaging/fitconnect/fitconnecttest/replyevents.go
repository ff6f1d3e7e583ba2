package fitconnecttest

import (
	"net/http"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

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
	part, offset := page(r, all, z.opt.MaxPage)
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
