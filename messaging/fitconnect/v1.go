package fitconnect

import (
	"encoding/json"
	"net/http"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// The versions of the Submission API, for [Endpoints.Version]. Version 1 is the
// older one: submissions name a serviceType instead of a publicService and no
// region, data are optional, the content type of a JWE is not required, a JWE may
// be compressed, metadata are 1.x, and an event log belongs to a case only.
const (
	Version1 = "v1"
	Version2 = "v2"
)

// Version is the version of the Submission API this client speaks: [Version1] or [Version2].
func (c *Client) Version() string { return c.end.version() }

// parseJWE is ParseJWE or ParseJWEv1, by the version of the API.
func (c *Client) parseJWE(compact string) (*JWE, error) {
	if c.Version() == Version1 {
		return ParseJWEv1(compact)
	}
	return ParseJWE(compact)
}

// newSubmissionV1 is the body of POST /v1/submissions.
type newSubmissionV1 struct {
	DestinationID        string        `json:"destinationId"`
	AnnouncedAttachments []string      `json:"announcedAttachments"`
	ServiceType          PublicService `json:"serviceType"`
	CaseID               string        `json:"caseId,omitempty"`
	Callback             *Callback     `json:"callback,omitempty"`
}

// announcement is the body that announces a submission. A region cannot be said
// in version 1 and is refused rather than dropped.
func (c *Client) announcement(op string, n NewSubmission) ([]byte, error) {
	if c.Version() != Version1 {
		return json.Marshal(n)
	}
	if n.Region != "" {
		return nil, invalid(op, "version 1 of the API knows no region")
	}
	return json.Marshal(newSubmissionV1{n.DestinationID, n.AnnouncedAttachments, n.PublicService, n.CaseID, n.Callback})
}

// submissionAnswer reads a submission of either version.
type submissionAnswer struct {
	Submission
	ServiceType *PublicService `json:"serviceType"`
}

// submission gives the answer by the rules of the version that was asked.
func (a *submissionAnswer) submission(version string) *Submission {
	s := &a.Submission
	if version == Version1 {
		s.PublicService, s.Region = PublicService{}, ""
		if a.ServiceType != nil {
			s.PublicService = *a.ServiceType
		}
	}
	return s
}

// errNoSubmissionLog is the answer to a call that exists in version 2 only.
func errNoSubmissionLog(op string) error {
	return fehler.New("fitconnect."+op, Version1+" "+http.MethodGet, fehler.ErrUnsupported, nil)
}
