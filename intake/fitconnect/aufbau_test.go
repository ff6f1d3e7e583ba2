package fitconnect_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/intake/fim/xdatenfelder"
	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const (
	betreiber tenant.ID = "poststelle"
	amt       tenant.ID = "hanau"

	leistung tenant.Leistungsschluessel = "99115005104000"
)

const (
	schemaURI = "https://schema.example/fim/s99000002_1.0.schema.json"
	region    = "DE064350014014"
	geheimnis = "callback-geheimnis-nur-im-test"
)

const jsonSchema = `{"type":"object","required":["F60000227"],"additionalProperties":false,
	"properties":{"F60000227":{"type":"string","minLength":1,"maxLength":20},"F60000302":{"type":"integer"}}}`

// stelle is one receiving installation with a delivery service before it.
type stelle struct {
	dienst  *fitconnecttest.Zustelldienst
	punkt   *fitconnecttest.Zustellpunkt
	sub     *fitconnect.Subscriber
	store   *storage.Store
	blobs   blob.Store
	annahme *intake.Annahme
	empfang *eingang.Empfang
	relay   *relay.Relay
	now     func() time.Time
	// stoerung, if set, is asked before a Mandant is given.
	stoerung func() error
}

// mandanten can fail: the pipeline asks for the Mandant between its steps.
type mandanten struct {
	*tenant.Verzeichnis
	s *stelle
}

func (m mandanten) Mandant(ctx context.Context, id tenant.ID) (*tenant.Mandant, error) {
	if m.s.stoerung != nil {
		if err := m.s.stoerung(); err != nil {
			return nil, err
		}
	}
	return m.Verzeichnis.Mandant(ctx, id)
}

type einstellung struct {
	limits  intake.Limits
	client  fitconnect.ClientOptions
	blobs   blob.Store
	empfang *eingang.Options
	relay   *relay.Options
	regeln  []tenant.Zustaendigkeit
	v1      bool // of the Submission API
	jetzt   func() time.Time
}

func newStelle(t *testing.T, e *einstellung) *stelle {
	t.Helper()
	if e == nil {
		e = &einstellung{}
	}
	if e.regeln == nil {
		e.regeln = []tenant.Zustaendigkeit{{Leistung: leistung, Gebiet: "06435", Mandant: amt, Einheit: "buergerbuero"}}
	}
	s := &stelle{now: time.Now}
	s.dienst = fitconnecttest.New(t, &fitconnecttest.Options{Now: e.jetzt})
	var err error
	s.punkt, err = s.dienst.AddDestination(fitconnecttest.DestinationParams{
		Services: []fitconnect.DestinationService{
			{Identifier: leistung.URN(), Regions: []string{"DE000000000000"}, SubmissionSchemas: []fitconnect.SchemaRef{{SchemaURI: schemaURI, MIMEType: "application/json"}}},
		},
	})
	require.NoError(t, err)
	subscriber := s.punkt.Subscriber
	if e.v1 {
		subscriber = s.punkt.SubscriberV1
	}
	s.sub, err = subscriber(&e.client, nil)
	require.NoError(t, err)

	verzeichnis, err := tenant.NewVerzeichnis(
		tenant.Mandant{ID: betreiber, Name: "Poststelle", Land: tenant.LandHE, ARS: "064350014014"},
		tenant.Mandant{
			ID: amt, Name: "Stadt Hanau", Land: tenant.LandHE, ARS: "064350014014", Vorgangsnummer: "HU-{jahr}-{nummer:5}",
			Einheiten:  []tenant.Organisationseinheit{{ID: "buergerbuero", Name: "Bürgerbüro"}},
			Leistungen: []tenant.Leistung{{Schluessel: leistung, Name: "Wohnsitzanmeldung"}},
		})
	require.NoError(t, err)
	router, err := tenant.NewZustaendigkeiten(e.regeln)
	require.NoError(t, err)
	parser, err := fim.New(fim.Formular{Schema: schemaURI, JSONSchema: []byte(jsonSchema),
		Labels: map[string]string{"F60000227": "Familienname"}, Antragsteller: fim.Zeiger{Nachname: "/F60000227"}})
	require.NoError(t, err)
	baum, err := os.Open(filepath.Join("..", "fim", "xdatenfelder", "testdata", "baum-2.0.xml"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, baum.Close()) })
	schema, err := xdatenfelder.Read(t.Context(), baum, nil)
	require.NoError(t, err)
	baeume, err := xdatenfelder.New(nil, xdatenfelder.Formular{Schema: schema})
	require.NoError(t, err)
	s.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	if s.blobs = e.blobs; s.blobs == nil {
		s.blobs = blob.NewMemory(nil)
	}
	s.annahme, err = intake.New(intake.Params{
		Store: s.store, Blobs: s.blobs, Mandanten: mandanten{verzeichnis, s}, Router: router, Parser: []intake.Parser{parser, baeume}, Betreiber: betreiber,
	}, &intake.Options{Limits: e.limits})
	require.NoError(t, err)
	s.empfang = eingang.New(s.sub, s.annahme, e.empfang)
	s.relay = relay.New(s.store, map[vorgang.AuftragArt]relay.Handler{
		vorgang.EingangQuittieren: intake.NewQuittierung(s.blobs, nil, eingang.NewQuittierer(s.sub)),
	}, e.relay)
	return s
}

// callbackServer receives callbacks and counts the answers by status.
func (s *stelle) callbackServer(t *testing.T, o *fitconnect.CallbackOptions) *httptest.Server {
	h, err := s.empfang.Handler(geheimnis, o)
	require.NoError(t, err)
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

func entwurf(s *stelle) fitconnect.Draft {
	ja := true
	return fitconnect.Draft{
		DestinationID: s.punkt.ID, Region: region, Data: []byte(`{"F60000227":"Łukasik-Groß","F60000302":7}`),
		PublicService: fitconnect.PublicService{Name: "Wohnsitzanmeldung", Identifier: leistung.URN()},
		DataSchema:    fitconnect.SchemaRef{SchemaURI: schemaURI, MIMEType: "application/json"},
		Metadata: fitconnect.Metadata{AdditionalReferenceInfo: &fitconnect.AdditionalReferenceInfo{
			SenderReference: "OD-1", ApplicationDate: "2026-09-01", ZustimmungZumDigitalenBescheid: &ja}},
		Attachments: []fitconnect.Attachment{
			{MetadataAttachment: fitconnect.MetadataAttachment{Purpose: "form", Filename: "Antrag.pdf", MIMEType: "application/pdf"}, Content: []byte("%PDF-1.7\nein Antrag\n%%EOF\n")},
			{MetadataAttachment: fitconnect.MetadataAttachment{Purpose: "attachment", Filename: "../../Mietvertrag.png", MIMEType: "image/png"}, Content: []byte("\x89PNG\r\n\x1a\nbild")},
		},
	}
}

func (s *stelle) read(t *testing.T, m tenant.ID, ref blob.Ref) []byte {
	t.Helper()
	r, err := s.blobs.Open(t.Context(), m, ref)
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return b
}

func (s *stelle) vorgaenge(t *testing.T, m tenant.ID) []*vorgang.Vorgang {
	t.Helper()
	var out []*vorgang.Vorgang
	for v, err := range s.store.Vorgaenge(t.Context(), m, storage.PageParams{}) {
		require.NoError(t, err)
		out = append(out, v)
	}
	return out
}

func post(t *testing.T, url string, h http.Header, body []byte) int {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, url, readerOf(body))
	require.NoError(t, err)
	req.Header = h
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res.StatusCode
}

func readerOf(b []byte) io.Reader { return bytes.NewReader(b) }

func regelnFuerAndereLeistung() []tenant.Zustaendigkeit {
	return []tenant.Zustaendigkeit{{Leistung: "99006053006000", Mandant: amt, Einheit: "buergerbuero"}}
}

func countNotify(n *int) func(context.Context, fitconnect.Notification) error {
	return func(context.Context, fitconnect.Notification) error { *n++; return nil }
}

func serve(t *testing.T, h http.Handler) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func ref(d vorgang.Datei) blob.Ref { return blob.Ref{SHA512: d.SHA512, Groesse: d.Groesse} }
