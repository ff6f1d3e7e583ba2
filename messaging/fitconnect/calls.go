package fitconnect

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Limits of the paged lists of the service.
const (
	pageLimit = 500
	// maxEvents bounds the event log of one case.
	maxEvents = 10_000
)

func (c *Client) get(op, url string) request {
	return request{op: op, method: http.MethodGet, url: url, accept: MIMEJSON, idempotent: true, limit: c.opt.MaxJSON}
}

// doJSON makes the call and decodes the answer.
func (c *Client) doJSON(ctx context.Context, r request, into any) error {
	return c.do(ctx, r, func(a *response) error {
		if err := json.Unmarshal(a.body, into); err != nil {
			return malformed(r.op, "answer is not the expected JSON")
		}
		return nil
	})
}

// checkIDs refuses what is no UUID before it becomes part of a URL.
func checkIDs(op string, ids ...string) error {
	for _, id := range ids {
		if !isUUID(id) {
			return invalid(op, "id is not a UUID")
		}
	}
	return nil
}

// SubmissionPage reads one page of the submissions that wait for the
// subscriber. A limit of 0 asks for 500, the most the service gives. An empty
// destinationID lists those of all destinations of the client.
func (c *Client) SubmissionPage(ctx context.Context, destinationID string, offset, limit int) (SubmissionPage, error) {
	const op = "GET submissions"
	q := "?"
	if destinationID != "" {
		if err := checkIDs(op, destinationID); err != nil {
			return SubmissionPage{}, err
		}
		q += "destinationId=" + destinationID + "&"
	}
	if limit <= 0 || limit > pageLimit {
		limit = pageLimit
	}
	q += "offset=" + strconv.Itoa(max(offset, 0)) + "&limit=" + strconv.Itoa(limit)
	var p SubmissionPage
	err := c.doJSON(ctx, c.get(op, c.api("submissions")+q), &p)
	return p, err
}

// Submission reads one submission. It is ErrNotFound once it was accepted,
// rejected or deleted long enough ago.
func (c *Client) Submission(ctx context.Context, submissionID string) (*Submission, error) {
	return c.submission(ctx, submissionID, nil)
}

func (c *Client) submission(ctx context.Context, submissionID string, admit func(int64) error) (*Submission, error) {
	const op = "GET submission"
	if err := checkIDs(op, submissionID); err != nil {
		return nil, err
	}
	r := c.get(op, c.api("submissions", submissionID))
	r.limit, r.admit = 2*c.opt.MaxJWE+c.opt.MaxJSON, admit
	var a submissionAnswer
	if err := c.doJSON(ctx, r, &a); err != nil {
		return nil, err
	}
	s := a.submission(c.Version())
	if s.SubmissionID != submissionID || !isUUID(s.CaseID) || !isUUID(s.DestinationID) {
		return nil, malformed(op, "answer names other ids than asked for")
	}
	return s, nil
}

// AttachmentJWE reads one encrypted attachment, bounded by [ClientOptions.MaxJWE].
func (c *Client) AttachmentJWE(ctx context.Context, submissionID, attachmentID string) (string, error) {
	var b strings.Builder
	// A failed attempt leaves text behind: each starts afresh.
	err := c.attachment(ctx, submissionID, attachmentID, nil, func(a *response) error {
		b.Reset()
		b.Grow(int(max(0, min(a.length, firstGrow))))
		_, err := io.CopyN(&b, a.stream, firstGrow)
		if err == nil {
			b.Grow(int(max(0, a.length-firstGrow)))
			_, err = io.Copy(&b, a.stream)
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return c.streamError("GET attachment", err)
	})
	return b.String(), err
}

// AttachmentTo writes one encrypted attachment to w without holding it in
// memory. It is repeated after a failure only as long as nothing was written.
// The count is what was written.
func (c *Client) AttachmentTo(ctx context.Context, submissionID, attachmentID string, w io.Writer) (int64, error) {
	var n int64
	err := c.attachment(ctx, submissionID, attachmentID, nil, func(a *response) error {
		var err error
		n, err = io.Copy(w, a.stream)
		err = c.streamError("GET attachment", err)
		if err != nil && n > 0 {
			return finalError{err}
		}
		return err
	})
	return n, err
}

func (c *Client) attachment(ctx context.Context, submissionID, attachmentID string, admit func(int64) error, read func(*response) error) error {
	const op = "GET attachment"
	if err := checkIDs(op, submissionID, attachmentID); err != nil {
		return err
	}
	r := c.get(op, c.api("submissions", submissionID, "attachments", attachmentID))
	r.accept, r.limit, r.stream = MIMEJOSE, c.opt.MaxJWE, true
	r.admit = admit
	return c.do(ctx, r, read)
}

func (c *Client) streamError(op string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrTooLarge):
		return finalError{err}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		err = errAttempt
	}
	return fehler.New("fitconnect."+op, "", fehler.ErrUnavailable, err)
}

type eventPage struct {
	Count      int      `json:"count"`
	Offset     int      `json:"offset"`
	TotalCount int      `json:"totalCount"`
	EventLog   []string `json:"eventLog"`
}

// CaseEvents reads the whole event log of a case: compact tokens, not verified.
func (c *Client) CaseEvents(ctx context.Context, caseID string) ([]string, error) {
	return c.events(ctx, "GET case events", "cases", caseID)
}

// SubmissionEvents reads the event log of one submission: compact tokens, not
// verified. Version 1 of the API has event logs of cases only: ErrUnsupported.
func (c *Client) SubmissionEvents(ctx context.Context, submissionID string) ([]string, error) {
	if c.Version() == Version1 {
		return nil, errNoSubmissionLog("GET submission events")
	}
	return c.events(ctx, "GET submission events", "submissions", submissionID)
}

func (c *Client) events(ctx context.Context, op, kind, id string) ([]string, error) {
	if err := checkIDs(op, id); err != nil {
		return nil, err
	}
	var all []string
	known := map[string]bool{}
	for len(all) < maxEvents {
		var p eventPage
		url := c.api(kind, id, "events") + "?offset=" + strconv.Itoa(len(all)) + "&limit=" + strconv.Itoa(pageLimit)
		if err := c.doJSON(ctx, c.get(op, url), &p); err != nil {
			return nil, err
		}
		// A service that serves the same page again is at fault. Taken as it is, the
		// log would hold events twice and the submission look forged.
		for _, token := range p.EventLog {
			if len(all) > 0 && known[token] {
				return nil, malformed(op, "pages of the event log overlap")
			}
		}
		for _, token := range p.EventLog {
			known[token] = true
		}
		all = append(all, p.EventLog...)
		// Not every answer carries totalCount.
		if len(p.EventLog) == 0 || len(all) >= p.TotalCount && (p.TotalCount > 0 || len(p.EventLog) < pageLimit) {
			return all, nil
		}
	}
	return nil, malformed(op, "event log longer than the configured bound")
}

// PostEvent posts a signed event to a case. It is never repeated by itself: the
// service may have taken it although the answer was lost. Look into the event
// log instead, as [Subscriber.Accept] does.
func (c *Client) PostEvent(ctx context.Context, caseID, token string) error {
	const op = "POST event"
	if err := checkIDs(op, caseID); err != nil {
		return err
	}
	return c.do(ctx, request{op: op, method: http.MethodPost, url: c.api("cases", caseID, "events"),
		body: []byte(token), contentType: MIMEJOSE, accept: MIMEJSON, limit: c.opt.MaxJSON}, nil)
}

// Destination reads what a sender needs to know about a destination.
func (c *Client) Destination(ctx context.Context, destinationID string) (*Destination, error) {
	const op = "GET destination"
	if err := checkIDs(op, destinationID); err != nil {
		return nil, err
	}
	d := &Destination{}
	if err := c.doJSON(ctx, c.get(op, c.api("destinations", destinationID)), d); err != nil {
		return nil, err
	}
	if d.DestinationID != destinationID {
		return nil, malformed(op, "answer names another destination than asked for")
	}
	return d, nil
}

// CreateSubmission announces a submission. It is not repeated by itself; what a
// lost answer leaves behind the service deletes after one day.
func (c *Client) CreateSubmission(ctx context.Context, n NewSubmission) (SubmissionRef, error) {
	const op = "POST submission"
	if n.AnnouncedAttachments == nil {
		n.AnnouncedAttachments = []string{}
	}
	if err := checkIDs(op, append([]string{n.DestinationID}, n.AnnouncedAttachments...)...); err != nil {
		return SubmissionRef{}, err
	}
	body, err := c.announcement(op, n)
	if err != nil {
		return SubmissionRef{}, invalid(op, "%w", err)
	}
	var ref SubmissionRef
	err = c.doJSON(ctx, request{op: op, method: http.MethodPost, url: c.api("submissions"), body: body,
		contentType: MIMEJSON, accept: MIMEJSON, limit: c.opt.MaxJSON}, &ref)
	if err != nil {
		return SubmissionRef{}, err
	}
	if !isUUID(ref.SubmissionID) || !isUUID(ref.CaseID) {
		return SubmissionRef{}, malformed(op, "answer holds no ids")
	}
	ref.DestinationID = n.DestinationID
	return ref, nil
}

// UploadAttachment uploads one announced attachment. Repeating it is harmless.
func (c *Client) UploadAttachment(ctx context.Context, submissionID, attachmentID string, jwe *JWE) error {
	const op = "PUT attachment"
	if err := checkIDs(op, submissionID, attachmentID); err != nil {
		return err
	}
	return c.do(ctx, request{op: op, method: http.MethodPut, idempotent: true,
		url: c.api("submissions", submissionID, "attachments", attachmentID), body: []byte(jwe.String()),
		contentType: MIMEJOSE, accept: MIMEJSON, limit: c.opt.MaxJSON}, nil)
}

// SubmitSubmission uploads metadata and data and hands the submission over. All
// announced attachments must be there. Data is required in v2.
func (c *Client) SubmitSubmission(ctx context.Context, submissionID string, metadata, data *JWE) error {
	const op = "PUT submission"
	if err := checkIDs(op, submissionID); err != nil {
		return err
	}
	if metadata == nil || data == nil && c.Version() != Version1 {
		return invalid(op, "metadata and data are required")
	}
	parts := map[string]string{"encryptedMetadata": metadata.String()}
	if data != nil {
		parts["encryptedData"] = data.String()
	}
	body, err := json.Marshal(parts)
	if err != nil {
		return invalid(op, "%w", err)
	}
	return c.do(ctx, request{op: op, method: http.MethodPut, idempotent: true, url: c.api("submissions", submissionID),
		body: body, contentType: MIMEJSON, accept: MIMEJSON, limit: c.opt.MaxJSON}, nil)
}
