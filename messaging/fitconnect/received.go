package fitconnect

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Received is a submission as [Subscriber.Fetch] opened it. The slices belong
// to the caller. It holds personal data: keep it out of logs.
type Received struct {
	// Submission is what the service delivered, still encrypted.
	Submission *Submission
	// Metadata is the decoded document; nil if it could not be opened or decoded.
	Metadata *Metadata
	// MetadataRaw and Data are the decrypted bytes as the sender wrote them; nil
	// if they could not be opened or failed a check.
	MetadataRaw, Data []byte
	// Attachments are in the order of the metadata. Content is nil if the part
	// failed a check, or was handed over by FetchInto.
	Attachments []Attachment
	// Log is the verified event log of the case; nil if it is not valid.
	Log *EventLog
	// SETs are the tokens of the case as received, also of a log that is not valid.
	SETs []string
}

// Attachment is one attachment with its description.
type Attachment struct {
	MetadataAttachment
	Content []byte
}

// Receipt is everything needed to accept a submission later. Store it in the
// same transaction as what was received, then accept: it survives a restart.
type Receipt struct {
	SubmissionRef
	SETSchema string             `json:"setSchema"`
	Tags      AuthenticationTags `json:"tags"`
}

// Receipt gives the receipt; it is the zero value if the event log is not valid.
func (r *Received) Receipt() Receipt {
	if r.Log == nil || r.Log.Submit == nil || r.Log.Submit.Tags == nil {
		return Receipt{}
	}
	return Receipt{SubmissionRef: r.Submission.Ref(), SETSchema: r.Log.Submit.Schema, Tags: *r.Log.Submit.Tags}
}

// CheckDataSyntax tells whether data are a document of their MIME type: JSON,
// or well-formed XML. XML with a document type declaration, or in a character
// set this package cannot read, is left to a later check: this one only finds
// what is certainly wrong.
func CheckDataSyntax(mimeType string, data []byte) fehler.Probleme {
	meldung := ""
	switch mimeType {
	case MIMEJSON:
		if !json.Valid(data) {
			meldung = "data are not JSON"
		}
	case MIMEXML:
		meldung = xmlSyntax(data)
	}
	if meldung == "" {
		return nil
	}
	return fehler.Probleme{Finding(SlugSyntaxViolation, InstanceData, meldung)}
}

// maxXMLDepth bounds nesting; encoding/xml does not.
const maxXMLDepth = 1000

var errCharset = errors.New("unknown character set")

func xmlSyntax(data []byte) string {
	dec := xml.NewDecoder(bytes.NewReader(data))
	dec.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errCharset }
	depth, roots := 0, 0
	for {
		tok, err := dec.Token()
		switch {
		case errors.Is(err, io.EOF) && roots == 1:
			return ""
		case errors.Is(err, errCharset):
			return ""
		case err != nil:
			return "data are not well-formed XML"
		}
		switch tok.(type) {
		case xml.Directive:
			return "" // its entities would look like mistakes
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			depth++
		case xml.EndElement:
			depth--
		}
		if depth > maxXMLDepth || roots > 1 {
			return "data are not well-formed XML"
		}
	}
}
