package ozgcloud_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

var update = flag.Bool("update", false, "write the docs")

type schlecht struct {
	name   string
	status int
	code   string
	rumpf  func() *rumpf
	change func(*http.Request)
}

const fd = `form-data; name="formData"`

func control(s string) func() *rumpf {
	return func() *rumpf { return newRumpf().form(`{"control":` + s + `,"formData":[]}`) }
}

func items(s string) func() *rumpf {
	return func() *rumpf {
		return newRumpf().form(`{"control":{"transactionId":"t-1"},"formData":` + s + `}`)
	}
}

func gut() *rumpf { return newRumpf().form(form) }

func datei(disposition string) func() *rumpf {
	return func() *rumpf { return gut().teil(disposition, "application/pdf", pdf) }
}

func schlechteEingaben() []schlecht {
	deep := strings.Repeat(`[{"name":"g","formItems":`, 12) + `[{"name":"x"}]` + strings.Repeat(`}]`, 12)
	return []schlecht{
		{"falsche Methode", 405, "ozgcloud.methode", gut, func(r *http.Request) { r.Method = http.MethodPut }},
		{"keine Anmeldung", 401, "ozgcloud.anmeldung", gut, func(r *http.Request) { r.Header.Del("Authorization") }},
		{"falsches Token", 401, "ozgcloud.anmeldung", gut, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat("x", 40)) }},
		{"Hash des Tokens als Token", 401, "ozgcloud.anmeldung", gut, func(r *http.Request) { h, _ := ozgcloud.HashToken(token); r.Header.Set("Authorization", "Bearer "+h) }},
		{"zwei Anmeldungen", 401, "ozgcloud.anmeldung", gut, func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }},
		{"Stelle, für die der Absender nicht senden darf", 403, "ozgcloud.stelle", control(`{"transactionId":"t-1","zustaendigeStelle":"fremd"}`), nil},
		{"kein multipart/form-data", 415, "ozgcloud.inhaltstyp", gut, func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }},
		{"Trennzeichen fehlt", 400, "ozgcloud.multipart", gut, func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data") }},
		{"falsches Trennzeichen", 400, "ozgcloud.multipart", gut, func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=anders") }},
		{"Ende fehlt", 400, "ozgcloud.multipart", func() *rumpf { r := gut(); r.offen = true; return r }, nil},
		{"Ende fehlt nach einem Zeilenende", 400, "ozgcloud.multipart", func() *rumpf { r := gut(); r.b.WriteString("\r\n"); r.offen = true; return r }, nil},
		{"Ende fehlt hinter einem Trennzeichen", 400, "ozgcloud.multipart", func() *rumpf {
			r := gut()
			r.b.WriteString("\r\n--" + r.w.Boundary() + "\r\n")
			r.offen = true
			return r
		}, nil},
		{"keine Teile", 400, "ozgcloud.teil-fehlt", newRumpf, nil},
		{"formData fehlt", 400, "ozgcloud.teil-fehlt", func() *rumpf { return newRumpf().teil(`form-data; name="attachment"; filename="a.pdf"`, "", pdf) }, nil},
		{"formData doppelt", 400, "ozgcloud.teil-doppelt", func() *rumpf { return gut().form(form) }, nil},
		{"representation doppelt", 400, "ozgcloud.teil-doppelt", func() *rumpf {
			return gut().teil(`form-data; name="representation"`, "", pdf).teil(`form-data; name="representation"`, "", pdf)
		}, nil},
		{"unbekannter Teil", 400, "ozgcloud.teil-unbekannt", datei(`form-data; name="sonstiges"`), nil},
		{"Teil ohne Namen", 400, "ozgcloud.teil-unbekannt", datei(`form-data`), nil},
		{"Teil ohne Content-Disposition", 400, "ozgcloud.teilkopf", func() *rumpf { return gut().kopf(textproto.MIMEHeader{"X-A": {"b"}}, pdf) }, nil},
		{"zwei Namen in einem Kopf", 400, "ozgcloud.teilkopf", datei(`form-data; name="attachment"; name="formData"`), nil},
		{"Kopf doppelt", 400, "ozgcloud.teilkopf", func() *rumpf {
			return gut().kopf(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="attachment"`, fd}}, pdf)
		}, nil},
		{"Kopf mit ungültigem UTF-8", 400, "ozgcloud.teilkopf", datei("form-data; name=\"attachment\"; filename=\"a\xff.pdf\""), nil},
		{"riesiger Kopf", 431, "ozgcloud.teilkopf-zu-gross", func() *rumpf {
			return gut().kopf(textproto.MIMEHeader{"Content-Disposition": {fd}, "X-A": {strings.Repeat("a", 9<<10)}}, pdf)
		}, nil},
		{"Kopf größer als jeder Puffer", 400, "ozgcloud.multipart", func() *rumpf {
			return gut().kopf(textproto.MIMEHeader{"Content-Disposition": {fd}, "X-A": {strings.Repeat("a", 11<<20)}}, pdf)
		}, nil},
		{"Pfad als Dateiname", 400, "ozgcloud.dateiname", datei(`form-data; name="attachment"; filename="../../etc/passwd"`), nil},
		{"Pfad mit Rückstrichen", 400, "ozgcloud.dateiname", datei(`form-data; name="attachment"; filename="..\\..\\a.pdf"`), nil},
		{"unsichtbare Zeichen im Dateinamen", 400, "ozgcloud.dateiname", datei("form-data; name=\"attachment\"; filename=\"a\u202efdp.exe\""), nil},
		{"Dateiname zu lang", 400, "ozgcloud.dateiname", datei(`form-data; name="attachment"; filename="` + strings.Repeat("a", 256) + `"`), nil},
		{"Übertragungskodierung base64", 415, "ozgcloud.kodierung", func() *rumpf {
			return gut().kopf(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="attachment"`}, "Content-Transfer-Encoding": {"base64"}}, pdf)
		}, nil},
		{"falscher Zeichensatz angegeben", 415, "ozgcloud.zeichensatz", func() *rumpf { return newRumpf().teil(fd, "application/json; charset=iso-8859-1", []byte(form)) }, nil},
		{"Formulardaten in anderem Zeichensatz", 400, "ozgcloud.zeichensatz", func() *rumpf { return newRumpf().form(strings.Replace(form, "Muster", "M\xfcster", 1)) }, nil},
		{"kein JSON", 422, "ozgcloud.kein-json", func() *rumpf { return newRumpf().form(`{"control":`) }, nil},
		{"doppelter Schlüssel im JSON", 422, "ozgcloud.kein-json", func() *rumpf { return newRumpf().form(`{"control":{},"control":{},"formData":[]}`) }, nil},
		{"JSON mit Tiefe 100.000", 422, "ozgcloud.kein-json", items(strings.Repeat("[", 100_000)), nil},
		{"control fehlt", 422, "ozgcloud.control", func() *rumpf { return newRumpf().form(`{"formData":[]}`) }, nil},
		{"control ist kein Objekt", 422, "ozgcloud.control", control(`[]`), nil},
		{"transactionId fehlt", 422, "ozgcloud.transaktion", control(`{"formId":"42"}`), nil},
		{"transactionId zu lang", 422, "ozgcloud.transaktion", control(`{"transactionId":"` + strings.Repeat("a", 201) + `"}`), nil},
		{"transactionId mit Steuerzeichen", 422, "ozgcloud.transaktion", control(`{"transactionId":"a\u0000b"}`), nil},
		{"formData ist keine Liste", 422, "ozgcloud.formdata", items(`{}`), nil},
		{"Angabe ohne Namen", 422, "ozgcloud.item", items(`[{"label":"x"}]`), nil},
		{"zwei Werte in einer Angabe", 422, "ozgcloud.mehrere-werte", items(`[{"name":"a","stringValue":"Mustermann","formItems":[]}]`), nil},
		{"Wert falscher Art", 422, "ozgcloud.wert", items(`[{"name":"a","dateValue":"31.12.Mustermann"}]`), nil},
		{"zu tief geschachtelt", 422, "ozgcloud.zu-tief", items(deep), nil},
		{"zu viele Angaben", 422, "ozgcloud.zu-viele-items", items(`[` + strings.Repeat(`{"name":"a"},`, 60) + `{"name":"a"}]`), nil},
		{"formData zu groß", 413, "ozgcloud.teil-zu-gross", func() *rumpf { return newRumpf().form(form + strings.Repeat(" ", 1<<20)) }, nil},
		{"Datei zu groß", 413, "ozgcloud.teil-zu-gross", func() *rumpf {
			return gut().teil(`form-data; name="attachment"; filename="a.txt"`, "", bytes.Repeat([]byte("x"), 1<<20+1))
		}, nil},
		{"alles zusammen zu groß", 413, "ozgcloud.zu-gross", func() *rumpf {
			r := gut()
			for range 20 {
				r.teil(`form-data; name="attachment"`, "", bytes.Repeat([]byte("x"), 1<<20-10))
			}
			return r
		}, nil},
		{"zu viele Dateien", 413, "ozgcloud.zu-viele-teile", func() *rumpf {
			r := gut()
			for range 21 {
				r.teil(`form-data; name="attachment"; filename="a.pdf"`, "", pdf)
			}
			return r
		}, nil},
	}
}

// Every bad request is refused with status, code and a German sentence, quotes
// nobody, leaves nothing in the register, and does not use up the transactionId.
func TestSchlechteEingaben(t *testing.T) {
	for _, c := range schlechteEingaben() {
		t.Run(c.name, func(t *testing.T) {
			s := newStelle(t, aufbau{o: ozgcloud.Options{Parser: ozgcloud.NewParser(&ozgcloud.ParserOptions{Tiefe: 10, Items: 50}),
				Limits: ozgcloud.Limits{Gesamt: 16 << 20, Datei: 1 << 20, FormData: 1 << 20, Dateien: 20}},
				p: func(p *ozgcloud.Params) { p.Zugaenge[0].Stellen = []string{"197008", ""} }})
			res, b := s.post(c.rumpf(), c.change)
			require.Equal(t, c.status, res.StatusCode, string(b))
			var f ozgcloud.Fehlerantwort
			require.NoError(t, json.Unmarshal(b, &f))
			require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
			require.Equal(t, c.code, f.Code)
			require.NotEmpty(t, f.Probleme)
			require.Regexp(t, `^[A-ZÄÖÜ].*\.$`, f.Hinweis)
			require.NotContains(t, string(b), "Mustermann")
			for range s.store.Eingaenge(t.Context(), betreiber) {
				t.Fatal("a refused request is in the register")
			}
			res, b = s.post(gut(), nil)
			require.Equal(t, http.StatusOK, res.StatusCode, string(b))
		})
	}
}

// What the Annahme itself refuses stays refused, and is told again.
func TestRefusedByAnnahme(t *testing.T) {
	s := newStelle(t, aufbau{limits: intake.Limits{Datei: 5}})
	for range 2 {
		res, b := s.post(datei(`form-data; name="attachment"; filename="a.pdf"`)(), nil)
		require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
		require.Contains(t, string(b), "intake.datei-zu-gross")
		require.Contains(t, string(b), `"transactionId":"t-1"`)
	}
}

// The rows in the docs are made from the cases above.
func TestSchlechteEingabenDocs(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("## OZG-Cloud\n\nErzeugt aus den Tests: `go test ./intake/ozgcloud -run Docs -update`. Der Absender erhält Status und Code sofort; die Ablehnung verbraucht die `transactionId` nicht, im Register steht nichts.\n\n")
	b.WriteString("| Eingabe | HTTP | Code |\n|---|---|---|\n")
	for _, c := range schlechteEingaben() {
		fmt.Fprintf(&b, "| %s | %d | `%s` |\n", c.name, c.status, c.code)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## OZG-Cloud", b.String(), *update)
}
