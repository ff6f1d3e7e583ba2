package bundid

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Identifiers of the ZBP at FIT-Connect.
const (
	ServiceMessage = "urn:schema-fitko-de:fit-connect:id.bund.de:message_v6"
	ServiceStatus  = "urn:schema-fitko-de:fit-connect:id.bund.de:status_v6"
	// SchemaURI is used for both.
	SchemaURI = "https://schema.fitko.de/fit-connect/id.bund.de/message_v6/1.0.0/zbp-message.schema.json"
)

// Target is the destination of the ZBP and what it calls its services.
type Target struct {
	DestinationID string
	// The rest is empty for the constants of this package.
	ServiceMessage, ServiceStatus, SchemaURI string
}

// Extra goes with a draft; nil is nothing.
type Extra struct {
	// SenderReference is written to the metadata; the ZBP does not show it.
	SenderReference string
	// Author is the sending software, for the metadata.
	Author *fitconnect.Author
	// Callback is where to hear that the ZBP took or refused it.
	Callback *fitconnect.Callback
}

// MessageDraft makes the submission of a message. The attachments need Filename,
// MIMEType, Hash, Size and Open; they replace those of the message. A broken
// limit is [fehler.Probleme].
//
// The draft holds a token that expires: send it at once, or make it anew. Its
// Fingerprint makes [fitconnect.Sender.Continue] take the new one for the same.
func MessageDraft(s *Signer, t Target, m Message, attachments []fitconnect.Source, x *Extra) (fitconnect.Draft, error) {
	m.Attachments = make([]Attachment, 0, len(attachments))
	sources := slices.Clone(attachments)
	for i, a := range sources {
		if a.Hash.Type != "sha512" || a.Hash.Content == "" || a.Open == nil {
			return fitconnect.Draft{}, fehler.New("bundid.MessageDraft", "", fehler.ErrInvalid, fehler.Probleme{{Code: CodeFormat,
				Pfad: "/attachments/" + strconv.Itoa(i), Meldung: "attachment without hash or content", Hinweis: "Die Prüfsumme einer Anlage fehlt."}})
		}
		if sources[i].Purpose == "" {
			sources[i].Purpose = fitconnect.PurposeAttachment
		}
		m.Attachments = append(m.Attachments, Attachment{Filename: a.Filename, SHA512: a.Hash.Content, ContentLength: a.Size})
	}
	if p := m.Check(); len(p) > 0 {
		return fitconnect.Draft{}, fehler.New("bundid.MessageDraft", "", fehler.ErrInvalid, p)
	}
	service := fitconnect.PublicService{Name: "ZBP Message Forwarding", Identifier: either(t.ServiceMessage, ServiceMessage)}
	d, err := draft(s, t, service, m, x)
	d.Sources = sources
	return d, err
}

// StatusDraft makes the submission of a status; otherwise it is MessageDraft.
func StatusDraft(s *Signer, t Target, st Status, x *Extra) (fitconnect.Draft, error) {
	if p := st.Check(); len(p) > 0 {
		return fitconnect.Draft{}, fehler.New("bundid.StatusDraft", "", fehler.ErrInvalid, p)
	}
	return draft(s, t, fitconnect.PublicService{Name: "ZBP State Forwarding", Identifier: either(t.ServiceStatus, ServiceStatus)}, st, x)
}

func draft(s *Signer, t Target, service fitconnect.PublicService, content any, x *Extra) (fitconnect.Draft, error) {
	const op = "Draft"
	if s == nil || t.DestinationID == "" {
		return fitconnect.Draft{}, invalid(op, errors.New("signer and destination are required"))
	}
	if x == nil {
		x = &Extra{}
	}
	raw, err := json.Marshal(content)
	if err != nil {
		return fitconnect.Draft{}, invalid(op, errors.New("content cannot be written"))
	}
	p, err := s.Payload(raw)
	if err != nil {
		return fitconnect.Draft{}, err
	}
	data, err := json.Marshal(p)
	if err != nil {
		return fitconnect.Draft{}, invalid(op, errors.New("payload cannot be written"))
	}
	d := fitconnect.Draft{DestinationID: t.DestinationID, PublicService: service, Callback: x.Callback, Data: data,
		Fingerprint: fitconnect.SHA512(raw), Fresh: s.opt.TokenLife - min(5*time.Minute, s.opt.TokenLife/2),
		DataSchema: fitconnect.SchemaRef{SchemaURI: either(t.SchemaURI, SchemaURI), MIMEType: fitconnect.MIMEJSON},
		Metadata:   fitconnect.Metadata{Author: x.Author}}
	if x.SenderReference != "" {
		d.Metadata.AdditionalReferenceInfo = &fitconnect.AdditionalReferenceInfo{SenderReference: x.SenderReference}
	}
	return d, nil
}

func either(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}
