package xta_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/xta"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var update = flag.Bool("update", false, "write docs/schlechte-eingaben.md")

const leistung tenant.Leistungsschluessel = "99115005104000"

func metadaten(id string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><o:MessageMetaData xmlns:o="http://www.osci.eu/ws/2014/10/transport">
<o:DeliveryAttributes><o:Origin>2026-11-23T09:00:00Z</o:Origin></o:DeliveryAttributes>
<o:Originators><o:Author><o:Identifier>ags:06611000</o:Identifier></o:Author></o:Originators>
<o:Destinations><o:Reader><o:Identifier>ags:06435014</o:Identifier></o:Reader></o:Destinations>
<o:MsgIdentification><o:MessageID>` + id + `</o:MessageID></o:MsgIdentification>
<o:Qualifier><o:Subject>Anmeldung</o:Subject><o:Service>urn:example:dienst</o:Service><o:BusinessScenario><o:Defined>anmeldung</o:Defined></o:BusinessScenario>
<o:MessageType payloadSchema="urn:example:form"><code>0200</code></o:MessageType></o:Qualifier></o:MessageMetaData>`
}

type parser struct{}

func (parser) Name() string                   { return "form" }
func (parser) Detect(d intake.Fachdaten) bool { return d.Schema == "urn:example:form" }
func (parser) Parse(_ context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	if !bytes.HasPrefix(d.Bytes, []byte("<form")) {
		return intake.Inhalt{}, fehler.Probleme{{Code: "form.falsch", Pfad: "data", Meldung: "no form", Hinweis: "Kein Formular."}}
	}
	return intake.Inhalt{Daten: []byte(`{}`)}, nil
}

type amt struct {
	t     *testing.T
	dir   string
	store *storage.Store
	a     *intake.Annahme
	v     *xta.Verzeichnis
	e     *xta.Empfang
}

func newAmt(t *testing.T, o *xta.VerzeichnisOptions) *amt {
	t.Helper()
	a := &amt{t: t, dir: t.TempDir(), store: memory.Open(nil)}
	t.Cleanup(func() { a.store.Close() })
	m, err := tenant.NewVerzeichnis(tenant.Mandant{ID: "poststelle", Name: "P", Land: tenant.LandHE, ARS: "064350014014"},
		tenant.Mandant{ID: "hanau", Name: "Hanau", Land: tenant.LandHE, ARS: "064350014014", Einheiten: []tenant.Organisationseinheit{{ID: "amt", Name: "Amt"}}})
	require.NoError(t, err)
	z, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{{Leistung: leistung, Gebiet: "06435", Mandant: "hanau", Einheit: "amt"}})
	require.NoError(t, err)
	a.a, err = intake.New(intake.Params{Store: a.store, Blobs: blob.NewMemory(nil), Mandanten: m, Router: z, Parser: []intake.Parser{parser{}}, Betreiber: "poststelle"}, nil)
	require.NoError(t, err)
	a.v, err = xta.OpenVerzeichnis(a.dir, o)
	require.NoError(t, err)
	t.Cleanup(func() { a.v.Close() })
	a.e = a.empfang(a.v)
	return a
}

func (a *amt) empfang(tr xta.Transport) *xta.Empfang {
	e, err := xta.New(xta.Params{Annahme: a.a, Transport: tr}, &xta.Options{Zuordnung: func(k xta.Kopf, l *intake.Lieferung) error {
		if k.Service == "urn:example:dienst" && k.Reader == "ags:06435014" {
			l.Leistung, l.Ort = string(leistung), "064350014014"
		}
		return nil
	}})
	require.NoError(a.t, err)
	return e
}

func (a *amt) put(name string, files map[string]string) {
	a.t.Helper()
	dir := filepath.Join(a.dir, "eingang", name)
	require.NoError(a.t, os.MkdirAll(dir, 0o755))
	for f, s := range files {
		require.NoError(a.t, os.WriteFile(filepath.Join(dir, f), []byte(s), 0o644))
	}
}

func (a *amt) ls(dir string) (out []string) {
	l, err := os.ReadDir(filepath.Join(a.dir, dir))
	require.NoError(a.t, err)
	for _, e := range l {
		out = append(out, e.Name())
	}
	return out
}

func (a *amt) klaerfach() (out []intake.Klaerfall) {
	for k, err := range a.a.Klaerfach(a.t.Context()) {
		require.NoError(a.t, err)
		out = append(out, k)
	}
	return out
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	for doc, art := range map[string]xta.Art{
		metadaten("m"): xta.Metadaten,
		`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:osci="http://www.osci.de/2002/04/osci"><s:Body/></s:Envelope>`:                          xta.OSCI12,
		`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x xmlns="http://xoev.de/transport/osci12/8"/></s:Body></s:Envelope>`:                 xta.OSCI12,
		`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><x xmlns="http://xoev.de/transport/xta/211"/></s:Body></s:Envelope>`:                    xta.XTA2,
		`<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><x xmlns="https://xoev.de/transport/xta/core/3.1.1"/></s:Body></s:Envelope>`:            xta.XTA3,
		`<s:Envelope xmlns:s="x" xmlns:y="http://xoev.de/transport/xta/211">` + strings.TrimPrefix(metadaten("m"), `<?xml version="1.0" encoding="UTF-8"?>`) + `<cut>`: xta.XTA2,
		`<form/>`: xta.Andere, `{}`: xta.Andere, ``: xta.Andere, `<a`: xta.Andere,
	} {
		got, k, err := xta.Recognise(t.Context(), strings.NewReader(doc))
		require.NoError(t, err, doc)
		require.Equal(t, art, got, doc)
		if strings.Contains(doc, "MessageID") {
			require.Equal(t, xta.Kopf{MessageID: "m", Author: "ags:06611000", Reader: "ags:06435014", Service: "urn:example:dienst", BusinessScenario: "anmeldung",
				MessageType: "0200", PayloadSchema: "urn:example:form", Subject: "Anmeldung"}, k)
		}
	}
	for _, doc := range []string{metadaten("m")[:300], `<!DOCTYPE x [<!ENTITY a "b">]><x/>`,
		`<o:MessageMetaData xmlns:o="http://www.osci.eu/ws/2014/10/transport">` + strings.Repeat("<a>", 1000)} {
		_, _, err := xta.Recognise(t.Context(), strings.NewReader(doc))
		require.NotEmpty(t, fehler.ProblemeIn(err))
	}
}

func FuzzRecognise(f *testing.F) {
	f.Add([]byte(metadaten("m")))
	f.Add([]byte(`<a xmlns="http://xoev.de/transport/xta/211"/>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, k, err := xta.Recognise(context.Background(), bytes.NewReader(b))
		if err != nil && len(fehler.ProblemeIn(err)) == 0 || len(k.MessageID) > 1000 {
			t.Fatal(err)
		}
	})
}

// A message becomes a Vorgang, once, however often and under whatever folder it comes.
func TestReceive(t *testing.T) {
	t.Parallel()
	a := newAmt(t, nil)
	files := map[string]string{"metadaten.xml": metadaten("urn:uuid:1"), "nachricht.xml": "<form/>", "Plan.pdf": "%PDF-1.7\n%%EOF"}
	a.put(".neu", files)
	a.put("neu.tmp", files)
	b, err := a.e.Poll(t.Context())
	require.NoError(t, err)
	require.Zero(t, b, "half written")
	a.put("1", files)
	a.put("2", files)
	b, err = a.e.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, xta.Bericht{Angenommen: 2}, b)
	require.Equal(t, []string{"1", "2"}, a.ls("done"))
	n := 0
	for v, err := range a.store.Vorgaenge(t.Context(), "hanau", storage.PageParams{}) {
		require.NoError(t, err)
		require.Equal(t, "xta", v.Stand().Antrag.Kanal)
		require.Len(t, v.Stand().Dateien, 3)
		n++
	}
	require.Equal(t, 1, n)
	a.put("1", files)
	_, err = a.e.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"1", "1~2", "2"}, a.ls("done"), "nothing is overwritten")
}

// stirbt dies before it can say that a message is done.
type stirbt struct{ xta.Transport }

func (stirbt) Done(context.Context, string) error { return errors.New("dead") }

func TestRestart(t *testing.T) {
	t.Parallel()
	a := newAmt(t, &xta.VerzeichnisOptions{Marke: "fertig"})
	a.put("1", map[string]string{"metadaten.xml": metadaten("1"), "nachricht.xml": "<form/>"})
	b, err := a.e.Poll(t.Context())
	require.NoError(t, err)
	require.Zero(t, b, "no mark yet")
	a.put("1", map[string]string{"fertig": ""})
	b, err = a.empfang(stirbt{a.v}).Poll(t.Context())
	require.Error(t, err)
	require.Equal(t, 1, b.Offen)
	require.Equal(t, []string{"1"}, a.ls("eingang"))
	b, err = a.e.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, xta.Bericht{Angenommen: 1}, b)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, a.e.Run(ctx), context.DeadlineExceeded)
}

// Bad folders fail with the reason, bad messages lie in the Klaerfach, and neither stops
// what comes after.
func TestSchlechteEingabenDocs(t *testing.T) {
	meta := metadaten("1")
	soap := `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:osci="http://www.osci.de/2002/04/osci"><s:Body/></s:Envelope>`
	var rows strings.Builder
	for _, c := range []struct {
		name, code string
		failed     bool
		files      map[string]string
		mehr       func(dir string) error
	}{
		{"keine Datei „nachricht“", "xta.nachricht-fehlt", true, map[string]string{"metadaten.xml": meta}, nil},
		{"zwei Dateien „nachricht“", "xta.nachricht-doppelt", true, map[string]string{"nachricht.xml": "<form/>", "nachricht.json": "{}"}, nil},
		{"Verknüpfung (Symlink) aus dem Ordner hinaus", "xta.keine-datei", true, map[string]string{"nachricht.xml": "<form/>"}, func(d string) error { return os.Symlink("/etc/hostname", filepath.Join(d, "x.pdf")) }},
		{"Ordner im Ordner", "xta.keine-datei", true, map[string]string{"nachricht.xml": "<form/>"}, func(d string) error { return os.Mkdir(filepath.Join(d, "x"), 0o755) }},
		{"zu viele Dateien", "xta.zu-viele-dateien", true, map[string]string{"nachricht.xml": "<form/>", "1": "", "2": "", "3": "", "4": "", "5": ""}, nil},
		{"Metadaten ohne MessageID", "xta.message-id", true, map[string]string{"metadaten.xml": "<x/>", "nachricht.xml": "<form/>"}, nil},
		{"Metadaten abgeschnitten", "xta.metadaten", true, map[string]string{"metadaten.xml": meta[:300], "nachricht.xml": "<form/>"}, nil},
		{"Metadaten mit DOCTYPE", "xta.metadaten", true, map[string]string{"metadaten.xml": `<!DOCTYPE x>` + meta[38:], "nachricht.xml": "<form/>"}, nil},
		{"ungeöffneter OSCI-Umschlag", "xta.umschlag", false, map[string]string{"nachricht.xml": soap}, nil},
		{"unbekanntes Formular", "intake.schema-unbekannt", false, map[string]string{"nachricht.xml": "<form/>"}, nil},
		{"Formular verletzt seine Regeln", "form.falsch", false, map[string]string{"metadaten.xml": meta, "nachricht.xml": "<andere/>"}, nil},
		{"Formular in falschem Zeichensatz", "intake.zeichensatz-falsch", false, map[string]string{"metadaten.xml": meta, "nachricht.xml": "<form>\xfc</form>"}, nil},
	} {
		a := newAmt(t, &xta.VerzeichnisOptions{Dateien: 5})
		a.put("a-schlecht", c.files)
		if c.mehr != nil {
			require.NoError(t, c.mehr(filepath.Join(a.dir, "eingang", "a-schlecht")))
		}
		a.put("b-gut", map[string]string{"metadaten.xml": metadaten("gut"), "nachricht.xml": "<form/>"})
		b, err := a.e.Poll(t.Context())
		require.NoError(t, err, c.name)
		require.Equal(t, 1, b.Angenommen, c.name)
		wo := "Klärfach"
		if c.failed {
			require.Equal(t, []string{"a-schlecht", "a-schlecht.grund.json"}, a.ls("failed"), c.name)
			grund, err := os.ReadFile(filepath.Join(a.dir, "failed", "a-schlecht.grund.json"))
			require.NoError(t, err)
			require.Contains(t, string(grund), `"`+c.code+`"`, c.name)
			for f, s := range c.files {
				got, err := os.ReadFile(filepath.Join(a.dir, "failed", "a-schlecht", f))
				require.NoError(t, err)
				require.Equal(t, s, string(got), "nothing is lost")
			}
			wo = "Ordner `failed`, ganz und mit Grund"
		} else {
			k := a.klaerfach()
			require.Len(t, k, 1, c.name)
			require.Equal(t, c.code, k[0].Probleme[0].Code, c.name)
			require.Equal(t, []string{"a-schlecht", "b-gut"}, a.ls("done"))
		}
		fmt.Fprintf(&rows, "| %s | `%s` | %s |\n", c.name, c.code, wo)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## XTA und OSCI", "## XTA und OSCI\n\nErzeugt aus den Tests: `go test ./intake/xta -run Docs -update`. Was danach kommt, wird trotzdem angenommen.\n\n| Eingabe | Code | Verbleib |\n|---|---|---|\n"+rows.String(), *update)
}
