package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const (
	poststelle tenant.ID = "poststelle"
	hanau      tenant.ID = "hanau"
	kassel     tenant.ID = "kassel"

	leistung tenant.Leistungsschluessel = "99115005104000"
)

const (
	schema = "urn:example:zeilen"
	geheim = "Łukasik-Geheim" // must never be in an error
)

var (
	errKaputt = errors.New("out of order")
	jetzt     = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
)

// zeilen reads lines "name=value".
// errPanik makes the Parser panic.
var errPanik = errors.New("panik")

type zeilen struct{ err error }

func (*zeilen) Name() string                    { return "zeilen" }
func (*zeilen) Detect(d intake.Fachdaten) bool  { return d.Schema == schema }
func (z *zeilen) fail(err error) *zeilen        { z.err = err; return z }
func line(i int) string                         { return fmt.Sprintf("line %d", i+1) }
func feld(k, v string) vorgang.Feld             { return vorgang.Feld{Name: k, Label: k, Wert: v} }
func ende(b []byte) []string                    { return strings.Split(strings.TrimSpace(string(b)), "\n") }
func problem(code, pfad string) fehler.Probleme { return fehler.Probleme{{Code: code, Pfad: pfad}} }

func (z *zeilen) Parse(_ context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	if errors.Is(z.err, errPanik) {
		panic("Mustermann lässt sich nicht lesen")
	}
	if z.err != nil {
		return intake.Inhalt{}, z.err
	}
	werte := map[string]string{}
	var i intake.Inhalt
	for n, l := range ende(d.Bytes) {
		k, v, ok := strings.Cut(l, "=")
		if !ok {
			return intake.Inhalt{}, problem("zeilen.kein-wert", line(n))
		}
		werte[k] = v
		i.Felder = append(i.Felder, feld(k, v))
	}
	i.Antragsteller.Name = werte["name"]
	var err error
	i.Daten, err = json.Marshal(werte)
	return i, err
}

// bruechig is a blob store that breaks on request.
type bruechig struct {
	blob.Store
	mu   sync.Mutex
	puts int // how many succeed before one fails; negative never fails
}

func (b *bruechig) Put(ctx context.Context, m tenant.ID, r io.Reader) (blob.Ref, error) {
	b.mu.Lock()
	b.puts--
	broken := b.puts == -1
	b.mu.Unlock()
	if broken {
		return blob.Ref{}, errKaputt
	}
	return b.Store.Put(ctx, m, r)
}

func (b *bruechig) breakAfter(n int) { b.mu.Lock(); b.puts = n; b.mu.Unlock() }

// register of Mandanten that can fail after some calls, as a process that dies.
type register struct {
	*tenant.Verzeichnis
	mu    sync.Mutex
	calls int // how many succeed before all fail; negative never
}

func (r *register) Mandant(ctx context.Context, id tenant.ID) (*tenant.Mandant, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls == 0 {
		return nil, errKaputt
	}
	r.calls--
	return r.Verzeichnis.Mandant(ctx, id)
}

func (r *register) breakAfter(n int) { r.mu.Lock(); r.calls = n; r.mu.Unlock() }

// weiche is a Router whose rules can be changed.
type weiche struct {
	mu sync.Mutex
	z  *tenant.Zustaendigkeiten
}

func (w *weiche) Route(l tenant.Leistungsschluessel, o tenant.ARS, d datum.Datum) (tenant.Ziel, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.z.Route(l, o, d)
}

func (w *weiche) set(t *testing.T, m tenant.ID, gebiet tenant.ARS) {
	z, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{{Leistung: leistung, Gebiet: gebiet, Mandant: m, Einheit: "amt"}})
	require.NoError(t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.z = z
}

// amt is one installation: Poststelle as Betreiber, Hanau and Kassel.
type amt struct {
	*intake.Annahme
	store     *storage.Store
	blobs     *bruechig
	mandanten *register
	weiche    *weiche
	parser    *zeilen
	t         *testing.T
}

func newAmt(t *testing.T, store *storage.Store, o *intake.Options) *amt {
	t.Helper()
	einheiten := []tenant.Organisationseinheit{{ID: "amt", Name: "Bürgeramt"}}
	v, err := tenant.NewVerzeichnis(
		tenant.Mandant{ID: poststelle, Name: "Poststelle", Land: tenant.LandHE, ARS: "064350014014"},
		tenant.Mandant{ID: hanau, Name: "Stadt Hanau", Land: tenant.LandHE, ARS: "064350014014", Einheiten: einheiten,
			Vorgangsnummer: "HU-{jahr}-{nummer:5}", Aktenzeichen: "{aktenplan}/{jj}-{nummer}",
			Leistungen: []tenant.Leistung{{Schluessel: leistung, Name: "Wohnsitzanmeldung", Aktenplan: "33.1"}}},
		tenant.Mandant{ID: kassel, Name: "Stadt Kassel", Land: tenant.LandHE, ARS: "066110000000", Einheiten: einheiten})
	require.NoError(t, err)
	a := &amt{store: store, blobs: &bruechig{Store: blob.NewMemory(nil), puts: -1}, mandanten: &register{Verzeichnis: v, calls: -1},
		weiche: &weiche{}, parser: &zeilen{}, t: t}
	a.weiche.set(t, hanau, "06435")
	a.Annahme = a.annahme(o)
	return a
}

// annahme is another process on the same storage.
func (a *amt) annahme(o *intake.Options) *intake.Annahme {
	a.t.Helper()
	if o == nil {
		o = &intake.Options{}
	}
	if o.Now == nil {
		o.Now = func() time.Time { return jetzt }
	}
	n, err := intake.New(intake.Params{Store: a.store, Blobs: a.blobs, Mandanten: a.mandanten, Router: a.weiche,
		Parser: []intake.Parser{a.parser}, Betreiber: poststelle}, o)
	require.NoError(a.t, err)
	return n
}

// each runs the test on every backend that needs no server.
func each(t *testing.T, f func(t *testing.T, store *storage.Store)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		s := memory.Open(nil)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		f(t, s)
	})
	t.Run("sqlite", func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		f(t, s)
	})
}

// eachServer runs the test on PostgreSQL as well: several processes at once.
func eachServer(t *testing.T, f func(t *testing.T, store *storage.Store)) {
	t.Helper()
	each(t, f)
	t.Run("postgres", func(t *testing.T) {
		db := pgtest.New(t)
		require.NoError(t, postgres.Migrate(t.Context(), db.OwnerDSN, nil))
		s, err := postgres.Open(t.Context(), db.AppDSN, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		f(t, s)
	})
}

func TestMain(m *testing.M) { testenv.Main(m, pgtest.Stop) }

func memStore(t *testing.T) *storage.Store {
	s := memory.Open(nil)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

var (
	pdf = []byte("%PDF-1.7\nein Antrag\n%%EOF\n")
	png = []byte("\x89PNG\r\n\x1a\nbild")
	exe = []byte("MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff")
)

func anlage(name, mime string, b []byte) intake.Teil {
	return intake.Bytes(uuid.New(), name, mime, vorgang.ZweckAnlage, b)
}

func lieferung(kennung string) intake.Lieferung {
	ja := true
	return intake.Lieferung{
		Kanal: "schalter", Kennung: kennung, Leistung: leistung.URN(), Ort: "DE064350014014", Schema: schema, Eingang: jetzt.Add(-time.Hour),
		Fachdaten: intake.Bytes(uuid.New(), "form.txt", "text/plain", vorgang.ZweckOriginal, []byte("name="+geheim+"\nort=Hanau\n")),
		Dateien:   []intake.Teil{anlage("Antrag.pdf", "application/pdf", pdf)},
		Nachweise: []intake.Teil{intake.Bytes(uuid.New(), "meta.json", "application/json", vorgang.ZweckNachweis, []byte(`{"m":1}`))},
		Referenz:  "R-1", Onlinedienst: "Dienst", GestelltAm: datum.MustParse("2026-11-20"), Konto: "konto-1",
		Adressen: []messaging.Adresse{{Kanal: "portal", Kennung: "konto-1"}}, DigitalerBescheid: &ja, Quittung: json.RawMessage(`{"an":"schalter"}`),
	}
}

func (a *amt) vorgaenge(m tenant.ID) (out []vorgang.Stand) {
	a.t.Helper()
	for v, err := range a.store.Vorgaenge(a.t.Context(), m, storage.PageParams{}) {
		require.NoError(a.t, err)
		out = append(out, v.Stand())
	}
	return out
}

func (a *amt) eingaenge(zustaende ...string) (out []storage.Eingang) {
	a.t.Helper()
	for e, err := range a.store.Eingaenge(a.t.Context(), poststelle, zustaende...) {
		require.NoError(a.t, err)
		out = append(out, e)
	}
	return out
}

func (a *amt) klaerfach() (out []intake.Klaerfall) {
	a.t.Helper()
	for k, err := range a.Klaerfach(a.t.Context()) {
		require.NoError(a.t, err)
		out = append(out, k)
	}
	return out
}

func (a *amt) read(m tenant.ID, sha string, size int64) []byte {
	a.t.Helper()
	b, err := blob.Read(a.t.Context(), a.blobs, m, blob.Ref{SHA512: sha, Groesse: size}, 1<<20)
	require.NoError(a.t, err)
	return b
}

func content(t *testing.T, x intake.Teil) []byte {
	t.Helper()
	r, err := x.Open(t.Context())
	require.NoError(t, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(t, err)
	return b
}

// noPerson: neither errors nor problems say who it is.
func noPerson(t *testing.T, r intake.Ergebnis, err error) {
	t.Helper()
	if err != nil {
		require.NotContains(t, err.Error(), geheim)
	}
	for _, p := range r.Probleme {
		require.NotContains(t, p.String()+p.Pfad+p.Meldung+p.Hinweis, geheim)
	}
}

func repeat(n int) []byte { return bytes.Repeat([]byte("x"), n) }
