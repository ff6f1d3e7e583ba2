package fitconnecttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
)

// entwurf is the file entwurf.json of [ReadDraft].
type entwurf struct {
	Region   string              `json:"region"`
	Service  service             `json:"service"`
	Metadata fitconnect.Metadata `json:"metadata"`
	Data     datei               `json:"data"`
	Anlagen  []datei             `json:"attachments"`
}

type service struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
}

type datei struct {
	File        string `json:"file"`
	MIMEType    string `json:"mimeType"`
	SchemaURI   string `json:"schemaUri"`   // of data
	Purpose     string `json:"purpose"`     // of attachments
	Description string `json:"description"` // of attachments
}

// ReadDraft reads a sample submission to the destination from a folder: entwurf.json with region,
// service, metadata, and the names of the files beside it that are data and
// attachments. Unknown members are errors, and so is a missing file.
func ReadDraft(fsys fs.FS, folder, destinationID string) (fitconnect.Draft, error) {
	raw, err := fs.ReadFile(fsys, path.Join(folder, "entwurf.json"))
	if err != nil {
		return fitconnect.Draft{}, err
	}
	var e entwurf
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return fitconnect.Draft{}, fmt.Errorf("fitconnecttest.ReadDraft %s: %w", folder, err)
	}
	d := fitconnect.Draft{
		DestinationID: destinationID, Region: e.Region, Metadata: e.Metadata,
		PublicService: fitconnect.PublicService{Name: e.Service.Name, Identifier: e.Service.Identifier},
		DataSchema:    fitconnect.SchemaRef{SchemaURI: e.Data.SchemaURI, MIMEType: e.Data.MIMEType},
	}
	if d.Data, err = fs.ReadFile(fsys, path.Join(folder, e.Data.File)); err != nil {
		return fitconnect.Draft{}, err
	}
	for _, a := range e.Anlagen {
		content, err := fs.ReadFile(fsys, path.Join(folder, a.File))
		if err != nil {
			return fitconnect.Draft{}, err
		}
		d.Attachments = append(d.Attachments, fitconnect.Attachment{Content: content, MetadataAttachment: fitconnect.MetadataAttachment{
			Filename: path.Base(a.File), MIMEType: a.MIMEType, Purpose: a.Purpose, Description: a.Description,
		}})
	}
	return d, nil
}

// Service is a destination's service for every region with one data schema.
func Service(identifier, schemaURI, mimeType string) fitconnect.DestinationService {
	return fitconnect.DestinationService{
		Identifier: identifier, Regions: []string{"DE000000000000"},
		SubmissionSchemas: []fitconnect.SchemaRef{{SchemaURI: schemaURI, MIMEType: mimeType}},
	}
}

// CallbackTo serves the handler on a loopback socket until the delivery service
// is closed, and sends the callbacks of the destination there.
func (p *Zustellpunkt) CallbackTo(h http.Handler, secret string) {
	srv := httptest.NewServer(h)
	p.z.mu.Lock()
	p.z.servers = append(p.z.servers, srv)
	p.z.mu.Unlock()
	p.SetCallback(fitconnect.Callback{URL: srv.URL, Secret: secret})
}
