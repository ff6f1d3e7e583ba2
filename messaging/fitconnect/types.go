package fitconnect

import "time"

// PublicService names an administrative service.
type PublicService struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"` // v1 only
	// Identifier is a URN, usually "urn:de:fim:leika:leistung:" and 14 digits;
	// destinations of the test environment break the 14 digits.
	Identifier string `json:"identifier"`
}

// SubmissionRef identifies a submission. All three are UUIDs.
type SubmissionRef struct {
	DestinationID string `json:"destinationId"`
	SubmissionID  string `json:"submissionId"`
	CaseID        string `json:"caseId"`
}

// Submission is a submission as the service delivers it to the subscriber.
type Submission struct {
	DestinationID string `json:"destinationId"`
	SubmissionID  string `json:"submissionId"`
	// CaseID as served here is authoritative, not the one of a callback.
	CaseID            string        `json:"caseId"`
	PublicService     PublicService `json:"publicService"`
	Region            string        `json:"region,omitempty"` // "DE" and digits of ARS or AGS
	Attachments       []string      `json:"attachments"`      // ids
	EncryptedMetadata string        `json:"encryptedMetadata"`
	EncryptedData     string        `json:"encryptedData,omitempty"`
	SubmittedAt       *time.Time    `json:"submittedAt,omitempty"` // not confirmed by an official text
}

// Ref gives the ids.
func (s *Submission) Ref() SubmissionRef {
	return SubmissionRef{DestinationID: s.DestinationID, SubmissionID: s.SubmissionID, CaseID: s.CaseID}
}

// NewSubmission announces a submission.
type NewSubmission struct {
	DestinationID string `json:"destinationId"`
	// AnnouncedAttachments are random UUIDs (version 4) made by the sender.
	AnnouncedAttachments []string      `json:"announcedAttachments"`
	PublicService        PublicService `json:"publicService"`
	Region               string        `json:"region,omitempty"`
	CaseID               string        `json:"caseId,omitempty"` // to continue a case
	Callback             *Callback     `json:"callback,omitempty"`
}

// Callback is where and with which secret the service announces events. The
// secret is write-only.
type Callback struct {
	URL    string `json:"url"`
	Secret string `json:"secret,omitempty"`
}

// SubmissionPage is one page of waiting submissions.
type SubmissionPage struct {
	Count       int             `json:"count"`
	Offset      int             `json:"offset"`
	TotalCount  int             `json:"totalCount"`
	Submissions []SubmissionRef `json:"submissions"`
}

// Destination statuses; only active is confirmed.
const (
	DestinationCreated        = "created"
	DestinationActive         = "active"
	DestinationInactive       = "inactive"
	DestinationDecommissioned = "decommissioned"
)

// Destination is what a sender needs to know about a Zustellpunkt.
type Destination struct {
	DestinationID      string               `json:"destinationId"`
	Name               string               `json:"name,omitempty"`
	Status             string               `json:"status"`
	EncryptionKid      string               `json:"encryptionKid"`
	MetadataVersions   []string             `json:"metadataVersions,omitempty"`
	PublicServices     []DestinationService `json:"publicServices,omitempty"`
	ContactInformation *ContactInformation  `json:"contactInformation,omitempty"`
}

// DestinationService is a service a destination accepts applications for.
type DestinationService struct {
	Identifier        string      `json:"identifier"`
	SubmissionSchemas []SchemaRef `json:"submissionSchemas"`
	Regions           []string    `json:"regions,omitempty"` // "DE" and digits of ARS or AGS
}

// ContactInformation is the operator of a destination.
type ContactInformation struct {
	LegalName string `json:"legalName"`
	Email     string `json:"email,omitempty"`
}

// NewDestination registers a destination at the Destination API.
type NewDestination struct {
	Name                string               `json:"name,omitempty"`
	ContactInformation  *ContactInformation  `json:"contactInformation,omitempty"`
	Services            []DestinationService `json:"services"`
	EncryptionKid       string               `json:"encryptionKid"`
	EncryptionPublicKey JWK                  `json:"encryptionPublicKey"`
	SigningPublicKey    JWK                  `json:"signingPublicKey"`
	MetadataVersions    []string             `json:"metadataVersions,omitempty"`
}
