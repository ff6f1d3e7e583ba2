package fitconnecttest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// setSchemaV1 is the payload schema of events about submissions of version 1.
const setSchemaV1 = "https://schema.fitko.de/fit-connect/set-payload/1.0.0/set-payload.schema.json"

// routesV1 are the calls of version 1 of the Submission API. A submission is sent
// whole with one version; it can be received with both.
func (z *Zustelldienst) routesV1() []route {
	send, subscribe := []string{fitconnect.ScopeSend}, []string{fitconnect.ScopeSubscribe}
	both := append(send, subscribe...)
	const base = " /submission-api/v1/"
	return []route{
		{"GET destination", "GET" + base + "destinations/{destination}", both, z.getDestination},
		{"GET destination key", "GET" + base + "destinations/{destination}/keys/{kid}", both, z.getKey},
		{"POST submission", "POST" + base + "submissions", send, z.postSubmission},
		{"GET submissions", "GET" + base + "submissions", subscribe, z.listSubmissions},
		{"PUT submission", "PUT" + base + "submissions/{submission}", send, z.putSubmission},
		{"GET submission", "GET" + base + "submissions/{submission}", subscribe, z.getSubmission},
		{"PUT attachment", "PUT" + base + "submissions/{submission}/attachments/{attachment}", send, z.putAttachment},
		{"GET attachment", "GET" + base + "submissions/{submission}/attachments/{attachment}", subscribe, z.getAttachment},
		{"GET case events", "GET" + base + "cases/{case}/events", both, z.caseEvents},
		{"POST event", "POST" + base + "cases/{case}/events", subscribe, z.postEvent},
	}
}

// v1 tells whether a call is one of version 1.
func v1(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/submission-api/v1/") }

func parseJWE(r *http.Request, compact string) (*fitconnect.JWE, error) {
	if v1(r) {
		return fitconnect.ParseJWEv1(compact)
	}
	return fitconnect.ParseJWE(compact)
}

func schemaOf(s *submission) string {
	if s.v1 {
		return setSchemaV1
	}
	return fitconnect.DefaultSETSchema
}

// announcementV1 has no member of version 2.
type announcementV1 struct {
	DestinationID        string
	AnnouncedAttachments []string
	ServiceType          *fitconnect.PublicService
	PublicService        json.RawMessage
	Region               json.RawMessage
	CaseID               string
	Callback             *fitconnect.Callback
}

func readAnnouncementV1(w http.ResponseWriter, r *http.Request, n *fitconnect.NewSubmission) bool {
	var a announcementV1
	if !readJSON(w, r, &a) {
		return false
	}
	if a.ServiceType == nil || a.PublicService != nil || a.Region != nil {
		fail(w, http.StatusUnprocessableEntity, "", "version 1 wants serviceType and knows neither publicService nor region")
		return false
	}
	*n = fitconnect.NewSubmission{DestinationID: a.DestinationID, AnnouncedAttachments: a.AnnouncedAttachments,
		PublicService: *a.ServiceType, CaseID: a.CaseID, Callback: a.Callback}
	return true
}

// submissionV1 is how version 1 shows a submission.
func submissionV1(s fitconnect.Submission) map[string]any {
	out := map[string]any{"destinationId": s.DestinationID, "submissionId": s.SubmissionID, "caseId": s.CaseID,
		"serviceType": s.PublicService, "attachments": s.Attachments, "encryptedMetadata": s.EncryptedMetadata}
	if s.EncryptedData != "" {
		out["encryptedData"] = s.EncryptedData
	}
	return out
}

// EndpointsV1 are those of a client of version 1.
func (z *Zustelldienst) EndpointsV1() fitconnect.Endpoints {
	e := z.Endpoints()
	e.Version = fitconnect.Version1
	return e
}

// SubscriberV1 is [Zustellpunkt.Subscriber] for version 1 of the API.
func (p *Zustellpunkt) SubscriberV1(co *fitconnect.ClientOptions, so *fitconnect.SubscriberOptions) (*fitconnect.Subscriber, error) {
	return p.subscriber(p.z.EndpointsV1(), co, so)
}

// OptionsV1 say how an old sender of version 1 does it.
type OptionsV1 struct {
	// Schema of the metadata; empty is none, which means 1.0.x.
	Schema string
	// Zip compresses every part before it is encrypted ("zip":"DEF").
	Zip bool
	// Cty writes the content type into the headers, which version 1 does not require.
	Cty bool
	// OhneDaten sends no data and does not describe any.
	OhneDaten bool
	// Metadata, if set, replaces the document that is made.
	Metadata []byte
}

// SendeV1 sends a draft as an old online service does: through version 1 of the
// API, with metadata 1.x. The region of the draft is left out.
func (z *Zustelldienst) SendeV1(ctx context.Context, d fitconnect.Draft, o OptionsV1) (*fitconnect.Sent, error) {
	c, key, err := z.senderV1(d.DestinationID)
	if err != nil {
		return nil, err
	}
	n := fitconnect.NewSubmission{DestinationID: d.DestinationID, PublicService: d.PublicService, CaseID: d.CaseID, Callback: d.Callback}
	m := map[string]any{"publicServiceType": d.PublicService}
	structure := map[string]any{}
	if o.Schema != "" {
		m["$schema"] = o.Schema
	}
	if d.Metadata.ReplyChannel != nil {
		m["replyChannel"] = d.Metadata.ReplyChannel
	}
	var data *fitconnect.JWE
	if !o.OhneDaten {
		structure["data"] = fitconnect.DataDescription{Hash: fitconnect.HashOf(d.Data), SubmissionSchema: d.DataSchema}
		if data, err = o.encrypt(key, d.DataSchema.MIMEType, d.Data); err != nil {
			return nil, err
		}
	}
	sent := &fitconnect.Sent{Tags: fitconnect.AuthenticationTags{Attachments: map[string]string{}}}
	described, parts := []fitconnect.MetadataAttachment{}, map[string]*fitconnect.JWE{}
	for _, a := range d.Attachments {
		if a.AttachmentID == "" {
			a.AttachmentID = uuid.NewString()
		}
		a.Hash = fitconnect.HashOf(a.Content)
		j, err := o.encrypt(key, a.MIMEType, a.Content)
		if err != nil {
			return nil, err
		}
		described, parts[a.AttachmentID] = append(described, a.MetadataAttachment), j
		sent.Tags.Attachments[a.AttachmentID] = j.Tag()
		n.AnnouncedAttachments = append(n.AnnouncedAttachments, a.AttachmentID)
	}
	structure["attachments"], m["contentStructure"] = described, structure
	raw := o.Metadata
	if raw == nil {
		if raw, err = json.Marshal(m); err != nil {
			return nil, fmt.Errorf("fitconnecttest: metadata: %w", err)
		}
	}
	metadata, err := o.encrypt(key, fitconnect.MIMEJSON, raw)
	if err != nil {
		return nil, err
	}
	if sent.Tags.Metadata = metadata.Tag(); data != nil {
		sent.Tags.Data = data.Tag()
	}
	if sent.SubmissionRef, err = c.CreateSubmission(ctx, n); err != nil {
		return nil, err
	}
	for id, j := range parts {
		if err := c.UploadAttachment(ctx, sent.SubmissionID, id, j); err != nil {
			return sent, err
		}
	}
	return sent, c.SubmitSubmission(ctx, sent.SubmissionID, metadata, data)
}

func (o OptionsV1) encrypt(key fitconnect.JWK, cty string, plain []byte) (*fitconnect.JWE, error) {
	pub, err := key.PublicKey()
	if err != nil {
		return nil, err
	}
	opt := &jose.EncrypterOptions{}
	if o.Zip {
		opt.Compression = jose.DEFLATE
	}
	if o.Cty {
		opt = opt.WithContentType(jose.ContentType(cty))
	}
	enc, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.RSA_OAEP_256, Key: pub, KeyID: key.Kid}, opt)
	if err != nil {
		return nil, fmt.Errorf("fitconnecttest: %w", err)
	}
	obj, err := enc.Encrypt(plain)
	if err != nil {
		return nil, fmt.Errorf("fitconnecttest: %w", err)
	}
	compact, err := obj.CompactSerialize()
	if err != nil {
		return nil, fmt.Errorf("fitconnecttest: %w", err)
	}
	return fitconnect.ParseJWEv1(compact)
}

// senderV1 gives a client of version 1 and the announced key of a destination.
func (z *Zustelldienst) senderV1(destinationID string) (*fitconnect.Client, fitconnect.JWK, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	d := z.destinations[destinationID]
	if d == nil {
		return nil, fitconnect.JWK{}, fmt.Errorf("fitconnecttest: no destination %s", destinationID)
	}
	if d.senderV1 == nil {
		c, err := fitconnect.NewClient(z.EndpointsV1(), z.addClient(fitconnect.ScopeSend).cred, z.clientOptions(nil))
		if err != nil {
			return nil, fitconnect.JWK{}, err
		}
		d.senderV1, d.made = c, append(d.made, c)
	}
	return d.senderV1, d.published[d.encryptKid], nil
}
