package fitconnecttest

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// Beispiel is a small valid submission with one attachment: an application for
// the service every destination offers by default. Change what a test needs.
func Beispiel(destinationID string) fitconnect.Draft {
	einverstanden := true
	return fitconnect.Draft{
		DestinationID: destinationID,
		PublicService: fitconnect.PublicService{Name: "Wohnsitzanmeldung", Identifier: BeispielLeistung},
		Region:        "DE064350014014",
		Metadata: fitconnect.Metadata{
			ReplyChannel: &fitconnect.ReplyChannel{EMail: &fitconnect.EMail{Address: "erika.muster@example.org"}},
			AdditionalReferenceInfo: &fitconnect.AdditionalReferenceInfo{SenderReference: "OD-2026-0001",
				ApplicationDate: "2026-09-01", ZustimmungZumDigitalenBescheid: &einverstanden},
			Author: &fitconnect.Author{Name: "Beispielportal", Product: fitconnect.Product{
				Name: "Beispiel", Version: "1.0", Manufacturer: "Beispiel GmbH"}},
		},
		Data:       []byte(`{"$schema":"` + BeispielSchema + `","G60000082":{"F60000228":"Erika","F60000227":"Muster"}}`),
		DataSchema: fitconnect.SchemaRef{SchemaURI: BeispielSchema, MIMEType: fitconnect.MIMEJSON},
		Attachments: []fitconnect.Attachment{{
			MetadataAttachment: fitconnect.MetadataAttachment{MIMEType: "application/pdf", Purpose: fitconnect.PurposeForm, Filename: "antrag.pdf"},
			Content:            []byte("%PDF-1.4\n% Beispiel\n%%EOF\n"),
		}},
	}
}

// Sende sends a submission as an online service does: through the real client,
// over the socket.
func (z *Zustelldienst) Sende(ctx context.Context, d fitconnect.Draft) (*fitconnect.Sent, error) {
	s, err := z.Sender()
	if err != nil {
		return nil, err
	}
	return s.Send(ctx, d)
}

// Sender gives the sender of [Zustelldienst.Sende]: an online service with its
// own API client.
func (z *Zustelldienst) Sender() (*fitconnect.Sender, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.sender != nil {
		return z.sender, nil
	}
	c, err := fitconnect.NewClient(z.Endpoints(), z.addClient(fitconnect.ScopeSend).cred, z.clientOptions(nil))
	if err != nil {
		return nil, err
	}
	s, err := fitconnect.NewSender(fitconnect.SenderParams{Client: c}, &fitconnect.SenderOptions{NewID: z.opt.NewID})
	if err != nil {
		return nil, err
	}
	z.sender, z.senderClient = s, c
	return s, nil
}

// Roh is a submission as plain parts, without the care a [fitconnect.Sender]
// takes: to send what is wrong. Start from [Aufbereiten] and change it.
type Roh struct {
	DestinationID string
	CaseID        string
	Region        string
	PublicService fitconnect.PublicService
	Metadata      []byte // plaintext, sent as it is
	Data          []byte
	DataCty       string // cty of the data JWE
	Attachments   []RohAnlage
	// Key replaces the encryption key of the destination in the JWEs.
	Key *fitconnect.JWK
}

// RohAnlage is one part that is uploaded as attachment.
type RohAnlage struct {
	ID      string
	Cty     string
	Content []byte
}

// Aufbereiten makes the plain parts of a draft, with correct hashes.
func (z *Zustelldienst) Aufbereiten(d fitconnect.Draft) (Roh, error) {
	m := d.Metadata
	if m.Schema == "" {
		m.Schema = fitconnect.MetadataSchema210
	}
	m.ContentStructure = fitconnect.ContentStructure{
		Data: &fitconnect.DataDescription{Hash: fitconnect.HashOf(d.Data), SubmissionSchema: d.DataSchema}}
	r := Roh{DestinationID: d.DestinationID, CaseID: d.CaseID, Region: d.Region, PublicService: d.PublicService, Data: d.Data, DataCty: d.DataSchema.MIMEType}
	for _, a := range d.Attachments {
		if a.AttachmentID == "" {
			a.AttachmentID = z.opt.NewID()
		}
		a.Hash = fitconnect.HashOf(a.Content)
		m.ContentStructure.Attachments = append(m.ContentStructure.Attachments, a.MetadataAttachment)
		r.Attachments = append(r.Attachments, RohAnlage{ID: a.AttachmentID, Cty: a.MIMEType, Content: a.Content})
	}
	var err error
	if r.Metadata, err = json.Marshal(m); err != nil {
		return Roh{}, fmt.Errorf("fitconnecttest: metadata: %w", err)
	}
	return r, nil
}

// SendeRoh encrypts and sends plain parts as they are, right or wrong.
func (z *Zustelldienst) SendeRoh(ctx context.Context, r Roh) (*fitconnect.Sent, error) {
	if _, err := z.Sender(); err != nil {
		return nil, err
	}
	z.mu.Lock()
	c, d := z.senderClient, z.destinations[r.DestinationID]
	var key fitconnect.JWK
	if d != nil {
		key = d.published[d.encryptKid]
	}
	z.mu.Unlock()
	if r.Key != nil {
		key = *r.Key
	}
	encrypt := func(cty string, plain []byte) (*fitconnect.JWE, error) {
		return fitconnect.Encrypt(fitconnect.EncryptParams{Key: key, Cty: cty, Plaintext: plain})
	}
	metadata, err := encrypt(fitconnect.MIMEJSON, r.Metadata)
	if err != nil {
		return nil, err
	}
	data, err := encrypt(r.DataCty, r.Data)
	if err != nil {
		return nil, err
	}
	n := fitconnect.NewSubmission{DestinationID: r.DestinationID, CaseID: r.CaseID, Region: r.Region, PublicService: r.PublicService}
	for _, a := range r.Attachments {
		n.AnnouncedAttachments = append(n.AnnouncedAttachments, a.ID)
	}
	ref, err := c.CreateSubmission(ctx, n)
	if err != nil {
		return nil, err
	}
	sent := &fitconnect.Sent{SubmissionRef: ref, Tags: fitconnect.AuthenticationTags{Metadata: metadata.Tag(), Data: data.Tag()}}
	for _, a := range r.Attachments {
		jwe, err := encrypt(a.Cty, a.Content)
		if err != nil {
			return sent, err
		}
		if err := c.UploadAttachment(ctx, ref.SubmissionID, a.ID, jwe); err != nil {
			return sent, err
		}
		if sent.Tags.Attachments == nil {
			sent.Tags.Attachments = map[string]string{}
		}
		sent.Tags.Attachments[a.ID] = jwe.Tag()
	}
	return sent, c.SubmitSubmission(ctx, ref.SubmissionID, metadata, data)
}
