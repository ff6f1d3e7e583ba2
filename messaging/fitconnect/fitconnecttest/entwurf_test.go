package fitconnecttest_test

import (
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
)

const entwurfJSON = `{"region":"DE010020000000","service":{"name":"Baum","identifier":"urn:de:fim:leika:leistung:99063005001000"},
	"metadata":{"additionalReferenceInfo":{"senderReference":"OD-1"}},
	"data":{"file":"daten.json","mimeType":"application/json","schemaUri":"https://schema.example/baum.json"},
	"attachments":[{"file":"teile/Plan.png","mimeType":"image/png","purpose":"attachment","description":"Lageplan"}]}`

func folder() fstest.MapFS {
	return fstest.MapFS{
		"a/entwurf.json": {Data: []byte(entwurfJSON)}, "a/daten.json": {Data: []byte(`{"x":1}`)}, "a/teile/Plan.png": {Data: []byte("png")},
	}
}

func TestReadDraft(t *testing.T) {
	d, err := fitconnecttest.ReadDraft(folder(), "a", "ziel")
	require.NoError(t, err)
	require.Equal(t, fitconnect.Draft{
		DestinationID: "ziel", Region: "DE010020000000", Data: []byte(`{"x":1}`),
		PublicService: fitconnect.PublicService{Name: "Baum", Identifier: "urn:de:fim:leika:leistung:99063005001000"},
		DataSchema:    fitconnect.SchemaRef{SchemaURI: "https://schema.example/baum.json", MIMEType: "application/json"},
		Metadata:      fitconnect.Metadata{AdditionalReferenceInfo: &fitconnect.AdditionalReferenceInfo{SenderReference: "OD-1"}},
		Attachments: []fitconnect.Attachment{{Content: []byte("png"), MetadataAttachment: fitconnect.MetadataAttachment{
			Filename: "Plan.png", MIMEType: "image/png", Purpose: "attachment", Description: "Lageplan"}}},
	}, d)

	for name, breaks := range map[string]func(fstest.MapFS){
		"no draft":       func(f fstest.MapFS) { delete(f, "a/entwurf.json") },
		"no data":        func(f fstest.MapFS) { delete(f, "a/daten.json") },
		"no attachment":  func(f fstest.MapFS) { delete(f, "a/teile/Plan.png") },
		"no JSON":        func(f fstest.MapFS) { f["a/entwurf.json"].Data = []byte("{") },
		"unknown member": func(f fstest.MapFS) { f["a/entwurf.json"].Data = []byte(`{"regions":[]}`) },
		"out of the folder": func(f fstest.MapFS) {
			f["a/entwurf.json"].Data = []byte(`{"data":{"file":"../../etc/hostname"}}`)
		},
	} {
		f := folder()
		breaks(f)
		_, err := fitconnecttest.ReadDraft(f, "a", "ziel")
		require.Error(t, err, name)
	}
}

// What ReadDraft and Service give fits together, and CallbackTo hears of it.
func TestServiceAndCallbackTo(t *testing.T) {
	z := fitconnecttest.New(t, nil)
	d, err := fitconnecttest.ReadDraft(folder(), "a", "")
	require.NoError(t, err)
	stelle, err := z.AddDestination(fitconnecttest.DestinationParams{Services: []fitconnect.DestinationService{
		fitconnecttest.Service(d.PublicService.Identifier, d.DataSchema.SchemaURI, d.DataSchema.MIMEType)}})
	require.NoError(t, err)
	got := make(chan error, 1)
	const secret = "callback-geheimnis-nur-im-test"
	stelle.CallbackTo(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		got <- errors.Join(err, fitconnect.VerifyCallback(secret, r.Header, body, time.Now(), nil))
	}), secret)
	d.DestinationID = stelle.ID
	_, err = z.Sende(t.Context(), d)
	require.NoError(t, err)
	select {
	case err := <-got:
		require.NoError(t, err)
	case <-time.After(10 * time.Second):
		t.Fatal("no callback")
	}
	require.NoError(t, z.WaitCallbacks(t.Context()))
}
