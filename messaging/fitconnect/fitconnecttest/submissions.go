package fitconnecttest

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

func (z *Zustelldienst) postSubmission(w http.ResponseWriter, r *http.Request, c *client) {
	var n fitconnect.NewSubmission
	if v1(r) {
		if !readAnnouncementV1(w, r, &n) {
			return
		}
	} else if !readJSON(w, r, &n) {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	d := z.destinations[n.DestinationID]
	switch {
	case d == nil:
		fail(w, http.StatusNotFound, "destination-not-found", "destination is unknown")
		return
	case d.status != fitconnect.DestinationActive:
		fail(w, http.StatusUnprocessableEntity, "destination-state-invalid", "destination is not active")
		return
	case !slices.ContainsFunc(d.services, func(s fitconnect.DestinationService) bool { return s.Identifier == n.PublicService.Identifier }):
		fail(w, http.StatusUnprocessableEntity, "", "destination does not offer the public service")
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
	if n.CaseID != "" && z.cases[n.CaseID] == nil {
		fail(w, http.StatusNotFound, "", "case is unknown")
		return
	}
	s := &submission{v1: v1(r), client: c, service: n.PublicService, region: n.Region, announced: n.AnnouncedAttachments,
		attachments: map[string]kept{}, callback: n.Callback, state: fitconnect.StateIncomplete, createdAt: z.opt.Now(),
		ref: fitconnect.SubmissionRef{DestinationID: n.DestinationID, SubmissionID: z.opt.NewID(), CaseID: n.CaseID}}
	if s.ref.CaseID == "" {
		s.ref.CaseID = z.opt.NewID()
		z.cases[s.ref.CaseID] = &fall{ids: map[string]bool{}}
	}
	z.submissions[s.ref.SubmissionID] = s
	z.order = append(z.order, s.ref.SubmissionID)
	if err := z.append(s, fitconnect.Event{Type: fitconnect.EventCreateSubmission}); err != nil {
		fail(w, http.StatusInternalServerError, "", "event cannot be signed")
		return
	}
	answer(w, http.StatusCreated, s.ref)
}

// owned finds a submission that the client sent, or answers; the caller holds z.mu.
func (z *Zustelldienst) owned(w http.ResponseWriter, r *http.Request, c *client) *submission {
	s := z.submissions[r.PathValue("submission")]
	switch {
	case s == nil:
		fail(w, http.StatusNotFound, "submission-not-found", "submission is unknown")
		return nil
	case s.client != c:
		fail(w, http.StatusForbidden, "", "submission of another client")
		return nil
	}
	return s
}

// received finds a submission that the client may fetch, or answers; the caller holds z.mu.
func (z *Zustelldienst) received(w http.ResponseWriter, r *http.Request, c *client) *submission {
	s := z.submissions[r.PathValue("submission")]
	// What is incomplete, rejected or deleted cannot be fetched.
	if s == nil || s.state == fitconnect.StateIncomplete || s.state == fitconnect.StateRejected || s.state == fitconnect.StateDeleted {
		fail(w, http.StatusNotFound, "submission-not-found", "submission is unknown")
		return nil
	}
	if d := z.destinations[s.ref.DestinationID]; d == nil || d.client != c {
		fail(w, http.StatusForbidden, "", "destination of another client")
		return nil
	}
	return s
}

func (z *Zustelldienst) putAttachment(w http.ResponseWriter, r *http.Request, c *client) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	s := z.owned(w, r, c)
	if s == nil {
		return
	}
	id := r.PathValue("attachment")
	j, err := parseJWE(r, string(body))
	switch {
	case s.state != fitconnect.StateIncomplete:
		fail(w, http.StatusConflict, "", "submission is submitted already")
	case takesUpload(w, r, s.announced, err):
		if s.attachments[id], err = z.keep(j, s.ref.SubmissionID, id); err != nil {
			fail(w, http.StatusInternalServerError, "", "attachment cannot be kept")
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// takesUpload judges an uploaded part, err being that of its JWE, and answers what is wrong.
func takesUpload(w http.ResponseWriter, r *http.Request, announced []string, err error) bool {
	switch {
	case !slices.Contains(announced, r.PathValue("attachment")):
		fail(w, http.StatusUnprocessableEntity, "", "attachment was not announced")
	case r.Header.Get("Content-Type") != fitconnect.MIMEJOSE:
		fail(w, http.StatusUnsupportedMediaType, "", "content type is not application/jose")
	case err != nil:
		fail(w, http.StatusUnprocessableEntity, "", "attachment is not a valid JWE")
	default:
		return true
	}
	return false
}

func (z *Zustelldienst) putSubmission(w http.ResponseWriter, r *http.Request, c *client) {
	var body struct{ EncryptedMetadata, EncryptedData string }
	if !readJSON(w, r, &body) {
		return
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	s := z.owned(w, r, c)
	if s == nil {
		return
	}
	if s.state != fitconnect.StateIncomplete {
		fail(w, http.StatusConflict, "", "submission is submitted already")
		return
	}
	if s.v1 != v1(r) {
		fail(w, http.StatusConflict, "", "submission was announced with the other version")
		return
	}
	tags := fitconnect.AuthenticationTags{}
	for part, into := range map[string]*string{body.EncryptedMetadata: &tags.Metadata, body.EncryptedData: &tags.Data} {
		if part == "" && s.v1 && into == &tags.Data {
			continue // optional in version 1
		}
		j, err := parseJWE(r, part)
		if err != nil {
			fail(w, http.StatusUnprocessableEntity, "", "metadata or data are not a valid JWE")
			return
		}
		if err := j.CheckContentType(); err != nil && !s.v1 {
			fail(w, http.StatusUnprocessableEntity, "", "Invalid JWE Header 'cty'")
			return
		}
		*into = j.Tag()
	}
	if tags.Metadata == "" || tags.Data == "" && !s.v1 {
		fail(w, http.StatusUnprocessableEntity, "", "metadata and data are the same or missing")
		return
	}
	for _, id := range s.announced {
		a, ok := s.attachments[id]
		if !ok {
			fail(w, http.StatusUnprocessableEntity, "", "announced attachment is missing")
			return
		}
		if tags.Attachments == nil {
			tags.Attachments = map[string]string{}
		}
		tags.Attachments[id] = a.tag
	}
	s.metadata, s.data, s.tags = body.EncryptedMetadata, body.EncryptedData, tags
	if err := z.append(s, fitconnect.Event{Type: fitconnect.EventSubmitSubmission, Tags: &s.tags}); err != nil {
		fail(w, http.StatusInternalServerError, "", "event cannot be signed")
		return
	}
	s.state, s.submittedAt = fitconnect.StateSubmitted, z.opt.Now()
	z.announce(s)
	answer(w, http.StatusOK, s.ref)
}

func (z *Zustelldienst) listSubmissions(w http.ResponseWriter, r *http.Request, c *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	only := r.URL.Query().Get("destinationId")
	if only != "" {
		if d := z.destinations[only]; d == nil || d.client != c {
			fail(w, http.StatusForbidden, "", "destination of another client")
			return
		}
	}
	all := []fitconnect.SubmissionRef{}
	for _, id := range z.order {
		s := z.submissions[id]
		if s.state == fitconnect.StateIncomplete || s.state.Done() || only != "" && s.ref.DestinationID != only {
			continue
		}
		if d := z.destinations[s.ref.DestinationID]; d != nil && d.client == c {
			all = append(all, s.ref)
		}
	}
	part, offset := page(r, all, z.opt.MaxPage)
	answer(w, http.StatusOK, fitconnect.SubmissionPage{Count: len(part), Offset: offset, TotalCount: len(all), Submissions: part})
}

func (z *Zustelldienst) getSubmission(w http.ResponseWriter, r *http.Request, c *client) {
	z.mu.Lock()
	defer z.mu.Unlock()
	s := z.received(w, r, c)
	if s == nil {
		return
	}
	id, attachments := s.ref.SubmissionID, slices.Clone(s.announced)
	if attachments == nil {
		attachments = []string{}
	}
	if len(attachments) > 0 && z.takeContent(FaultDropAttachment, id) {
		attachments = attachments[:len(attachments)-1]
	}
	at := s.submittedAt.UTC()
	view := fitconnect.Submission{DestinationID: s.ref.DestinationID, SubmissionID: id, CaseID: s.ref.CaseID,
		PublicService: s.service, Region: s.region, Attachments: attachments, SubmittedAt: &at,
		EncryptedMetadata: z.spoil(s.metadata, id, fitconnect.InstanceMetadata),
		EncryptedData:     z.spoil(s.data, id, fitconnect.InstanceData)}
	if v1(r) {
		answer(w, http.StatusOK, submissionV1(view))
		return
	}
	answer(w, http.StatusOK, view)
}

func (z *Zustelldienst) getAttachment(w http.ResponseWriter, r *http.Request, c *client) {
	jwe, ok := z.attachment(w, r, c)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", fitconnect.MIMEJOSE)
	w.Header().Set("Content-Length", strconv.Itoa(len(jwe)))
	// Without the lock, because the caller may be slow, and without a copy of the whole.
	for window := make([]byte, 64<<10); len(jwe) > 0; {
		n := copy(window, jwe)
		if _, err := w.Write(window[:n]); err != nil {
			return
		}
		jwe = jwe[n:]
	}
}

// attachment finds what getAttachment serves, or answers.
func (z *Zustelldienst) attachment(w http.ResponseWriter, r *http.Request, c *client) (string, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	s := z.received(w, r, c)
	if s == nil {
		return "", false
	}
	id := r.PathValue("attachment")
	jwe, ok := s.attachments[id]
	if !ok {
		fail(w, http.StatusNotFound, "", "attachment is unknown")
		return "", false
	}
	text, err := jwe.read()
	if err != nil {
		fail(w, http.StatusInternalServerError, "", "attachment cannot be read")
		return "", false
	}
	return z.spoil(text, s.ref.SubmissionID, fitconnect.InstanceAttachment(id)), true
}
