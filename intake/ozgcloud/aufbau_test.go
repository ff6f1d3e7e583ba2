package ozgcloud_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) { testenv.Main(m) }

const (
	betreiber tenant.ID = "poststelle"
	hanau     tenant.ID = "hanau"
	kassel    tenant.ID = "kassel"

	leistung tenant.Leistungsschluessel = "99050035001000"

	token = "nur-im-test-0123456789abcdef0123456789"
)

var (
	jetzt = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	pdf   = []byte("%PDF-1.7\nein Antrag\n%%EOF\n")
)

var errKaputt = errors.New("out of order")

// stelle is one receiving installation behind a socket.
type stelle struct {
	t       *testing.T
	store   *storage.Store
	blobs   blob.Store
	annahme *intake.Annahme
	handler *ozgcloud.Handler
	srv     *httptest.Server
	m       *mandanten
	now     time.Time
}

// mandanten can fail after some calls, as a process that dies.
type mandanten struct {
	*tenant.Verzeichnis
	mu    sync.Mutex
	calls int // how many succeed before all fail; negative never
}

func (m *mandanten) Mandant(ctx context.Context, id tenant.ID) (*tenant.Mandant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.calls == 0 {
		return nil, errKaputt
	}
	m.calls--
	return m.Verzeichnis.Mandant(ctx, id)
}

func (m *mandanten) breakAfter(n int) { m.mu.Lock(); m.calls = n; m.mu.Unlock() }

type aufbau struct {
	blobs  blob.Store
	o      ozgcloud.Options
	p      func(*ozgcloud.Params)
	limits intake.Limits
}

func newStelle(t *testing.T, a aufbau) *stelle {
	t.Helper()
	einheiten := []tenant.Organisationseinheit{{ID: "amt", Name: "Gewerbeamt"}}
	v, err := tenant.NewVerzeichnis(
		tenant.Mandant{ID: betreiber, Name: "Poststelle", Land: tenant.LandHE, ARS: "064350014014"},
		tenant.Mandant{ID: hanau, Name: "Stadt Hanau", Land: tenant.LandHE, ARS: "064350014014", Einheiten: einheiten, Vorgangsnummer: "HU-{jahr}-{nummer:5}"},
		tenant.Mandant{ID: kassel, Name: "Stadt Kassel", Land: tenant.LandHE, ARS: "066110000000", Einheiten: einheiten, Vorgangsnummer: "KS-{jahr}-{nummer:5}"})
	require.NoError(t, err)
	router, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{
		{Leistung: leistung, Gebiet: "06435", Mandant: hanau, Einheit: "amt"}, {Leistung: leistung, Gebiet: "06611", Mandant: kassel, Einheit: "amt"}})
	require.NoError(t, err)
	s := &stelle{t: t, store: memory.Open(nil), blobs: a.blobs, m: &mandanten{Verzeichnis: v, calls: -1}, now: jetzt}
	t.Cleanup(func() { require.NoError(t, s.store.Close()) })
	if s.blobs == nil {
		s.blobs = blob.NewMemory(nil)
	}
	parser := ozgcloud.NewParser(nil)
	now := func() time.Time { return s.now }
	s.annahme, err = intake.New(intake.Params{Store: s.store, Blobs: s.blobs, Mandanten: s.m, Router: router, Parser: []intake.Parser{parser}, Betreiber: betreiber},
		&intake.Options{Now: now, Limits: a.limits})
	require.NoError(t, err)
	hash, err := ozgcloud.HashToken(token)
	require.NoError(t, err)
	p := ozgcloud.Params{Annahme: s.annahme, Blobs: s.blobs, Betreiber: betreiber, Zuordnung: tabelle,
		Zugaenge: []ozgcloud.Zugang{{Name: "formulare", Token: []string{hash}}}}
	if a.p != nil {
		a.p(&p)
	}
	a.o.Now = now
	if a.o.Parser == nil {
		a.o.Parser = parser
	}
	s.handler, err = ozgcloud.New(p, &a.o)
	require.NoError(t, err)
	s.srv = httptest.NewServer(s.handler)
	t.Cleanup(s.srv.Close)
	return s
}

var tabelle = ozgcloud.Tabelle{
	Stellen:   map[string]string{"197008": "064350014014", "L100012.OE.12345": "066110000000"},
	Formulare: map[string]string{"42": string(leistung)},
}

func (s *stelle) vorgaenge(m tenant.ID) (out []vorgang.Stand) {
	s.t.Helper()
	for v, err := range s.store.Vorgaenge(s.t.Context(), m, storage.PageParams{}) {
		require.NoError(s.t, err)
		out = append(out, v.Stand())
	}
	return out
}

func (s *stelle) client(o *ozgcloud.ClientOptions) *ozgcloud.Client {
	s.t.Helper()
	if o == nil {
		o = &ozgcloud.ClientOptions{}
	}
	if o.Token == "" {
		o.Token = token
	}
	if o.Pause == nil {
		o.Pause = func(int) time.Duration { return time.Millisecond }
	}
	c, err := ozgcloud.NewClient(s.srv.URL+"/antrag", o)
	require.NoError(s.t, err)
	return c
}

func text(name, label, v string) ozgcloud.Item {
	return ozgcloud.Item{Name: name, Label: label, StringValue: &v}
}

func anlage(name, mime string, b []byte) intake.Teil {
	return intake.Bytes(uuid.New(), name, mime, vorgang.ZweckAnlage, b)
}

func antrag(id string) ozgcloud.Antrag {
	n, d, ja := json.Number("3"), "1980-01-31", true
	bild := anlage("Gewerbeanmeldung.pdf", "application/pdf", pdf)
	return ozgcloud.Antrag{
		Control: ozgcloud.Control{TransactionID: id, ZustaendigeStelle: "197008", FormID: "42", Name: "Gewerbeanmeldung",
			ServiceKonto: &ozgcloud.ServiceKonto{Type: "OSI", TrustLevel: "STORK-QAA-Level-1", PostfachAddress: &ozgcloud.PostfachAddress{Identifier: "postfach-1", Type: "Citizen"}}},
		FormData: []ozgcloud.Item{{Name: "step1", Label: "Antragsteller", FormItems: []ozgcloud.Item{
			text("vorname", "Vorname", "Erika"), text("nachname", "Nachname", "Mustermann"), {Name: "geburtsdatum", Label: "Geburtsdatum", DateValue: &d},
			{Name: "anzahl", Label: "Anzahl", NumberValue: &n}, {Name: "zustimmung", Label: "Zustimmung", BooleanValue: &ja},
			{Name: "adresse", Label: "Anschrift", FormItems: []ozgcloud.Item{text("strasse", "Straße", "Weg"), text("hausnummer", "Hausnummer", "1"), text("plz", "PLZ", "63450"), text("ort", "Ort", "Hanau")}},
		}}},
		Representation: &bild,
		Attachments:    []intake.Teil{anlage("Antrag.json", "application/json", []byte(`{"a":1}`)), anlage("Ausweis.pdf", "application/pdf", pdf)},
	}
}

// rumpf makes a body by hand.
type rumpf struct {
	b     bytes.Buffer
	w     *multipart.Writer
	offen bool // the last boundary is missing
}

func newRumpf() *rumpf { r := &rumpf{}; r.w = multipart.NewWriter(&r.b); return r }

func (r *rumpf) teil(disposition, mime string, b []byte) *rumpf {
	h := textproto.MIMEHeader{"Content-Disposition": {disposition}}
	if mime != "" {
		h.Set("Content-Type", mime)
	}
	return r.kopf(h, b)
}

func (r *rumpf) kopf(h textproto.MIMEHeader, b []byte) *rumpf {
	w, _ := r.w.CreatePart(h) // a buffer takes everything
	_, _ = w.Write(b)
	return r
}

const form = `{"control":{"transactionId":"t-1","zustaendigeStelle":"197008","leikaIds":[],"formId":"42","name":"Gewerbeanmeldung"},"formData":[{"name":"nachname","label":"Nachname","stringValue":"Mustermann"}]}`

func (r *rumpf) form(s string) *rumpf { return r.teil(`form-data; name="formData"`, "", []byte(s)) }

func (r *rumpf) ende() []byte {
	if !r.offen {
		_ = r.w.Close()
	}
	return r.b.Bytes()
}

func (s *stelle) post(r *rumpf, change func(*http.Request)) (*http.Response, []byte) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.srv.URL+"/antrag", bytes.NewReader(r.ende()))
	require.NoError(s.t, err)
	req.Header.Set("Content-Type", r.w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+token)
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res, b
}
