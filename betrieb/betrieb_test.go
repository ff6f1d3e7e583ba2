package betrieb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/betrieb"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/veraktung"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) {
	lastServer()
	testenv.Main(m, pgtest.Stop, func() {
		if err := goleak.Find(); err != nil {
			fmt.Println("goroutine leak:", err)
			os.Exit(1)
		}
	})
}

const (
	kiel, husum tenant.ID = "kiel", "husum"

	leistung  = tenant.LeistungURN + "99063005001000"
	schema    = "https://schema.example/baum.json"
	geheimnis = "callback-geheimnis-nur-im-test"
)

var kim = tenant.Akteur{ID: "kim", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}

// haus is what an installation is composed of, with a delivery service before it.
type haus struct {
	dienst *fitconnecttest.Zustelldienst
	stelle *fitconnecttest.Zustellpunkt
	store  *storage.Store
	params betrieb.Params
	opts   betrieb.Options
	log    *buffer
}

// buffer is a log that can be read while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newHaus(t *testing.T) *haus {
	t.Helper()
	h := &haus{dienst: fitconnecttest.New(t, nil), store: memory.Open(nil), log: &buffer{}}
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	var err error
	h.stelle, err = h.dienst.AddDestination(fitconnecttest.DestinationParams{
		Services: []fitconnect.DestinationService{fitconnecttest.Service(leistung, schema, "application/json")}})
	require.NoError(t, err)
	sub, err := h.stelle.Subscriber(nil, nil)
	require.NoError(t, err)
	mandanten, rules, err := tenant.LoadKonfiguration([]byte(`{"mandanten":[
		{"id":"kiel","name":"Kiel","land":"SH","ars":"010020000000","anschrift":{"strasse":"Fleethörn","hausnummer":"9","plz":"24103","ort":"Kiel"},"einheiten":[{"id":"gruen","name":"Grünflächenamt"}]},
		{"id":"husum","name":"Husum","land":"SH","ars":"010540056056","anschrift":{}}],
		"zustaendigkeiten":[{"leistung":"99063005001000","mandant":"kiel","einheit":"gruen"}]}`))
	require.NoError(t, err)
	parser, err := fim.New(fim.Formular{Schema: schema, JSONSchema: []byte(`{"type":"object"}`)})
	require.NoError(t, err)
	h.params = betrieb.Params{
		Store: h.store, Blobs: blob.NewMemory(nil), Mandanten: mandanten, Zustaendigkeiten: rules, Betreiber: kiel,
		Parser: []intake.Parser{parser}, Kanaele: []messaging.Kanal{portal.New(h.store.Postfach(), nil)}, FITConnect: []*fitconnect.Subscriber{sub},
	}
	h.opts = betrieb.Options{Abholung: 5 * time.Millisecond, Relay: relay.Options{Poll: 5 * time.Millisecond},
		Empfang: eingang.Options{Poll: time.Hour}, Log: slog.New(slog.NewTextHandler(h.log, nil))}
	return h
}

// run composes and runs; the returned function stops it and waits.
func (h *haus) run(t *testing.T) (*betrieb.Betrieb, func()) {
	t.Helper()
	b, err := betrieb.New(h.params, &h.opts)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-done)
	})
	t.Cleanup(stop)
	return b, stop
}

func (h *haus) send(t *testing.T) *fitconnect.Sent {
	t.Helper()
	d := fitconnecttest.Beispiel(h.stelle.ID)
	d.Region, d.PublicService.Identifier = "DE010020000000", leistung
	d.DataSchema = fitconnect.SchemaRef{SchemaURI: schema, MIMEType: "application/json"}
	d.Data = []byte(`{"F60000227":"Groß"}`)
	sent, err := h.dienst.Sende(t.Context(), d)
	require.NoError(t, err)
	return sent
}

func (h *haus) vorgaenge(t *testing.T) (out []vorgang.Stand) {
	for v, err := range h.store.Vorgaenge(t.Context(), kiel, storage.PageParams{}) {
		require.NoError(t, err)
		out = append(out, v.Stand())
	}
	return out
}

func (h *haus) await(t *testing.T, done func() bool) {
	t.Helper()
	require.Eventually(t, done, 15*time.Second, 5*time.Millisecond, "%s", h.log)
}

// A callback wakes the receiver; receipt, acknowledgement and confirmation follow
// by themselves, and stopping leaves nothing running.
func TestRunByCallback(t *testing.T) {
	h := newHaus(t)
	b, stop := h.run(t)
	callback, err := b.Callback(h.stelle.ID, geheimnis, nil)
	require.NoError(t, err)
	h.stelle.CallbackTo(callback, geheimnis)
	sent := h.send(t)
	h.await(t, func() bool {
		s := h.vorgaenge(t)
		return len(s) == 1 && !s[0].EingangQuittiert.IsZero() && len(s[0].Nachrichten) == 1 && len(s[0].Nachrichten[0].Quittungen) == 1
	})
	require.Equal(t, fitconnect.StateAccepted, h.dienst.State(sent.SubmissionID))
	stop()
	require.NotContains(t, h.log.String(), "level=ERROR")
	h.send(t)
	time.Sleep(20 * time.Millisecond)
	require.Len(t, h.vorgaenge(t), 1, "it is stopped")
}

// Without callbacks the receiver looks by itself, at once and again.
func TestRunByPoll(t *testing.T) {
	h := newHaus(t)
	h.opts.Empfang.Poll = 5 * time.Millisecond
	h.send(t)
	_, stop := h.run(t)
	h.await(t, func() bool { return len(h.vorgaenge(t)) == 1 })
	h.send(t)
	h.await(t, func() bool { return len(h.vorgaenge(t)) == 2 })
	stop()
}

// A context that ended before leaves nothing behind, and Run may come again.
func TestRunEnded(t *testing.T) {
	h := newHaus(t)
	b, err := betrieb.New(h.params, &h.opts)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, b.Run(ctx))
	require.NoError(t, b.Run(ctx))
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		breaks func(p *betrieb.Params)
		want   error
	}{
		"no store":        {func(p *betrieb.Params) { p.Store = nil }, fehler.ErrInvalid},
		"no blobs":        {func(p *betrieb.Params) { p.Blobs = nil }, fehler.ErrInvalid},
		"no Mandanten":    {func(p *betrieb.Params) { p.Mandanten = nil }, fehler.ErrInvalid},
		"no rules":        {func(p *betrieb.Params) { p.Zustaendigkeiten = nil }, fehler.ErrInvalid},
		"no Betreiber":    {func(p *betrieb.Params) { p.Betreiber = "" }, fehler.ErrInvalid},
		"destination nil": {func(p *betrieb.Params) { p.FITConnect = append(p.FITConnect, nil) }, fehler.ErrInvalid},
		"destination twice": {func(p *betrieb.Params) { p.FITConnect = append(p.FITConnect, p.FITConnect[0]) },
			fehler.ErrExists},
		"channel twice":    {func(p *betrieb.Params) { p.Kanaele = append(p.Kanaele, p.Kanaele[0]) }, nil},
		"fallback unknown": {func(p *betrieb.Params) { p.Fallback = []string{"brieftaube"} }, nil},
	} {
		h := newHaus(t)
		c.breaks(&h.params)
		b, err := betrieb.New(h.params, nil)
		require.Error(t, err, name)
		require.Nil(t, b, name)
		if c.want != nil {
			require.ErrorIs(t, err, c.want, name)
		}
	}
}

func TestCallback(t *testing.T) {
	h := newHaus(t)
	b, err := betrieb.New(h.params, nil)
	require.NoError(t, err)
	_, err = b.Callback("00000000-0000-0000-0000-000000000000", geheimnis, nil)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	_, err = b.Callback(h.stelle.ID, "", nil)
	require.Error(t, err, "a weak secret")
	handler, err := b.Callback(h.stelle.ID, geheimnis, nil)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("{}")))
	require.Equal(t, http.StatusUnauthorized, w.Code)
}

// ziel hides that the target can answer.
type ziel struct{ dms.Ziel }

// stumm is a target whose answers fail for a while.
type stumm struct {
	*dmstest.Speicher
	mu    sync.Mutex
	fails int
}

func (s *stumm) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails > 0 {
		s.fails--
		return func(yield func(dms.Antwort, error) bool) { yield(dms.Antwort{}, errors.New("the share is gone")) }
	}
	return s.Speicher.Answers(ctx)
}

// close makes a Vorgang and closes it for filing.
func (h *haus) close(t *testing.T) {
	t.Helper()
	now := time.Now()
	v, err := vorgang.New(tenant.System("annahme"), now, vorgang.Params{Mandant: kiel, Nummer: "KI-1", Leistung: "99063005001000", Einheit: "gruen"}, h.store.Kontext())
	require.NoError(t, err)
	require.NoError(t, v.Accept(kim, now))
	require.NoError(t, v.Close(kim, now, vorgang.Schluss{Grund: vorgang.GrundAnzeige, Abgeben: true}))
	require.NoError(t, h.store.Insert(t.Context(), kiel, v))
}

// The collector outlives a failing target, and another Mandant's target that
// gives no answers.
func TestCollectorKeepsGoing(t *testing.T) {
	h := newHaus(t)
	akte := &stumm{Speicher: &dmstest.Speicher{}, fails: 3}
	empfaenger := dms.Kontakt{Institution: "E-Akte"}
	h.params.Ablagen = map[tenant.ID]veraktung.Ablage{
		husum: {Ziel: ziel{&dmstest.Speicher{}}, Empfaenger: empfaenger},
		kiel:  {Ziel: akte, Empfaenger: empfaenger},
	}
	h.close(t)
	_, stop := h.run(t)
	h.await(t, func() bool { return h.vorgaenge(t)[0].Abgabe != nil })
	require.NoError(t, akte.Answer(dms.Antwort{ProzessID: h.vorgaenge(t)[0].Abgabe.ProzessID.String(), Art: dms.AntwortImportiert}))
	h.await(t, func() bool { return h.vorgaenge(t)[0].Abgabe.Zustand == vorgang.Archiviert })
	stop()
	require.Contains(t, h.log.String(), "the share is gone")
	require.NotContains(t, h.log.String(), "mandant=husum", "giving no answers is no failure")
}

// A target without answers receives; that is all.
func TestTargetWithoutAnswers(t *testing.T) {
	h := newHaus(t)
	h.params.Ablagen = map[tenant.ID]veraktung.Ablage{kiel: {Ziel: ziel{&dmstest.Speicher{}}, Empfaenger: dms.Kontakt{Institution: "E-Akte"}}}
	h.close(t)
	_, stop := h.run(t)
	h.await(t, func() bool { a := h.vorgaenge(t)[0].Abgabe; return a != nil && a.Zustand == vorgang.AbgabeGesendet })
	stop()
	require.NotContains(t, h.log.String(), "level=ERROR")
}

// Handlers of the caller replace the usual ones, and add kinds of Auftrag.
func TestHandlersReplace(t *testing.T) {
	h := newHaus(t)
	asked := make(chan vorgang.AuftragArt, 10)
	h.params.Handlers = map[vorgang.AuftragArt]relay.Handler{
		vorgang.EingangQuittieren: relay.HandlerFunc(func(_ context.Context, a vorgang.Auftrag, _ *vorgang.Vorgang) (relay.Bericht, error) {
			asked <- a.Art
			return nil, nil
		}),
	}
	sent := h.send(t)
	_, stop := h.run(t)
	require.Equal(t, vorgang.EingangQuittieren, <-asked)
	h.await(t, func() bool { return len(h.vorgaenge(t)[0].Nachrichten[0].Quittungen) == 1 })
	stop()
	require.Equal(t, fitconnect.StateSubmitted, h.dienst.State(sent.SubmissionID), "the usual handler was replaced")
}
