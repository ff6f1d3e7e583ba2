package buerger

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/betrieb"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	relaypruefung "github.com/ozg-fachwerk/fachwerk/storage/relay/pruefung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

// haus is an installation with a citizen's browser before it.
type haus struct {
	t         testing.TB
	k         *verfahren.Katalog
	store     *storage.Store
	betrieb   *betrieb.Betrieb
	entwerfer *entwurf.Entwerfer
	now       time.Time
	url       string
	browser   *http.Client
}

func neuesHaus(t *testing.T, o *Options) *haus {
	t.Helper()
	h := &haus{t: t, now: time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)}
	uhr := func() time.Time { return h.now }
	var err error
	h.k, err = verfahren.Load()
	require.NoError(t, err)
	h.store = memory.Open(&storage.Options{Now: uhr, Rechner: frist.New(nil)})
	t.Cleanup(func() { require.NoError(t, h.store.Close()) })
	blobs, err := blob.OpenDir(t.TempDir(), nil)
	require.NoError(t, err)
	mandanten, err := tenant.NewVerzeichnis(h.k.Mandanten...)
	require.NoError(t, err)
	h.entwerfer, err = entwurf.New(h.k.Zuordnungen, &entwurf.Options{Vorlagen: h.k.Vorlagen, Gericht: func(*tenant.Mandant) (string, string) {
		return "dem Verwaltungsgericht Musterstadt", "Gerichtsplatz 1, 24103 Musterstadt"
	}})
	require.NoError(t, err)
	regeln := pruefung.NewVerzeichnis(&pruefung.Options{Salz: bytes.Repeat([]byte("muster-salz "), 4)})
	for _, v := range h.k.Verfahren {
		require.NoError(t, regeln.Add(v.Regelwerk))
	}
	pruefer, err := relaypruefung.New(regeln, &relaypruefung.Options{Now: uhr, Text: h.entwerfer.Text(mandanten, nil)})
	require.NoError(t, err)
	fach := portal.New(h.store.Postfach(), &portal.Options{Now: uhr})
	h.betrieb, err = betrieb.New(betrieb.Params{Store: h.store, Blobs: blobs, Mandanten: mandanten, Zustaendigkeiten: h.k.Zustaendigkeiten, Betreiber: h.k.Betreiber,
		Parser: h.k.Parser(), Kanaele: []messaging.Kanal{fach}, Regeln: regeln,
		Handlers: map[vorgang.AuftragArt]relay.Handler{vorgang.AntragPruefen: h.k.MitGebuehr(pruefer, uhr)}}, &betrieb.Options{Now: uhr})
	require.NoError(t, err)
	token := strings.Repeat("nur-fuer-den-test ", 3)
	hash, err := ozgcloud.HashToken(strings.TrimSpace(token))
	require.NoError(t, err)
	eingang, err := ozgcloud.New(ozgcloud.Params{Annahme: h.betrieb.Annahme, Blobs: blobs, Betreiber: h.k.Betreiber, Zuordnung: h.k.Tabelle(),
		Zugaenge: []ozgcloud.Zugang{{Name: "rathaus", Token: []string{hash}}}}, &ozgcloud.Options{Now: uhr})
	require.NoError(t, err)
	tor := httptest.NewServer(eingang)
	t.Cleanup(tor.Close)
	sender, err := ozgcloud.NewClient(tor.URL+"/antrag", &ozgcloud.ClientOptions{Token: strings.TrimSpace(token)})
	require.NoError(t, err)
	if o == nil {
		o = &Options{}
	}
	o.Now, o.Testzahlung = uhr, true
	b, err := New(Params{Katalog: h.k, Store: h.store, Blobs: blobs, Postfach: fach, Sender: sender}, o)
	require.NoError(t, err)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	h.url = server.URL
	h.neuerBrowser()
	return h
}

func (h *haus) neuerBrowser() {
	jar, err := cookiejar.New(nil)
	require.NoError(h.t, err)
	h.browser = &http.Client{Jar: jar}
}

func (h *haus) drain() {
	_, err := h.betrieb.Relay.Drain(h.t.Context())
	require.NoError(h.t, err)
}

func (h *haus) antwort(r *http.Response, err error) (int, string) {
	require.NoError(h.t, err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	require.NoError(h.t, err)
	require.NotContains(h.t, string(b), "<script")
	require.NotContains(h.t, string(b), " style=")
	return r.StatusCode, string(b)
}

func (h *haus) get(path string) (int, string) { return h.antwort(h.browser.Get(h.url + path)) }

func (h *haus) post(path string, w url.Values) (int, string) {
	return h.antwort(h.browser.PostForm(h.url+path, w))
}

// postDatei posts as a browser does a form with files.
func (h *haus) postDatei(path string, w url.Values, name string, inhalt []byte) (int, string) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, x := range w {
		require.NoError(h.t, m.WriteField(k, x[0]))
	}
	f, err := m.CreateFormFile("dateien", name)
	require.NoError(h.t, err)
	_, err = f.Write(inhalt)
	require.NoError(h.t, err)
	require.NoError(h.t, m.Close())
	return h.antwort(h.browser.Post(h.url+path, m.FormDataContentType(), &b))
}

// ausgefuellt is the form of a sample, as the controls have it.
func (h *haus) ausgefuellt(kurz string) url.Values {
	ms, err := h.k.Muster(10, h.now)
	require.NoError(h.t, err)
	w := url.Values{"einverstanden": {"ja"}, "kennung": {uuid.NewString()}}
	var fuelle func(pfad string, d any)
	fuelle = func(pfad string, d any) {
		switch d := d.(type) {
		case map[string]any:
			for k, x := range d {
				fuelle(pfad+"."+k, x)
			}
		case []any:
			for i, x := range d {
				fuelle(pfad+"."+strconv.Itoa(i+1), x)
			}
		case bool:
			if d {
				w.Set(pfad[1:], "ja")
			}
		case string:
			w.Set(pfad[1:], d)
		default:
			w.Set(pfad[1:], strings.TrimSpace(d.(interface{ String() string }).String()))
		}
	}
	for _, m := range ms {
		if m.Verfahren.Kurz == kurz {
			fuelle("", m.Daten)
			return w
		}
	}
	h.t.Fatal("no sample of " + kurz)
	return nil
}

var (
	nummerForm = regexp.MustCompile(`<dd>([A-Z]{2}-2026-[0-9]{6})</dd>`)
	codeForm   = regexp.MustCompile(`<dd class="code">([0-9A-Z-]{17})</dd>`)
	csrfForm   = regexp.MustCompile(`name="csrf" value="([A-Z0-9]+)"`)
	bezugForm  = regexp.MustCompile(`name="bezug" value="([0-9a-f-]{36})"`)
	dateiForm  = regexp.MustCompile(`href="(/buerger/vorgang/datei/[0-9a-f-]{36})"`)
)

func (h *haus) finde(r *regexp.Regexp, seite string) string {
	m := r.FindStringSubmatch(seite)
	require.NotNil(h.t, m, "%s in %s", r, seite)
	return m[1]
}

// sende sends the sample and gives number and code.
func (h *haus) sende(kurz string) (nummer, code string) {
	status, seite := h.post("/formular/musterstadt/"+kurz, h.ausgefuellt(kurz))
	require.Equal(h.t, http.StatusOK, status, seite)
	return h.finde(nummerForm, seite), h.finde(codeForm, seite)
}

func (h *haus) vorgang(nummer string) vorgang.Stand {
	for v, err := range h.store.Vorgaenge(h.t.Context(), "musterstadt", storage.PageParams{Filter: storage.Filter{Nummer: nummer}}) {
		require.NoError(h.t, err)
		return v.Stand()
	}
	h.t.Fatal("no " + nummer)
	return vorgang.Stand{}
}

func (h *haus) edit(id uuid.UUID, f func(v *vorgang.Vorgang) error) {
	_, err := h.store.Edit(h.t.Context(), "musterstadt", id, f)
	require.NoError(h.t, err)
}

var (
	sb      = tenant.Akteur{ID: "sb", Name: "Kim Petersen", Art: tenant.Person, Mandant: "musterstadt", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	leitung = tenant.Akteur{ID: "chef", Name: "Deniz Aydın", Art: tenant.Person, Mandant: "musterstadt", Rollen: []tenant.Rolle{tenant.Leitung}}
	png     = append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 100)...)
)

// The standard cases are decided while the citizen still looks at the confirmation.
func TestAutomaticCases(t *testing.T) {
	for kurz, titel := range map[string]string{"gewerbe": "Bescheinigung über die Anmeldung", "parken": "Bewohnerparkausweis"} {
		t.Run(kurz, func(t *testing.T) {
			h := neuesHaus(t, nil)
			nummer, code := h.sende(kurz)
			h.drain()
			h.neuerBrowser()
			_, seite := h.post("/buerger/musterstadt", url.Values{"nummer": {nummer}, "code": {strings.ToLower(code)}})
			require.Contains(t, seite, titel)
			require.Contains(t, seite, "Entschieden")
			r, err := h.browser.Get(h.url + h.finde(dateiForm, seite))
			require.NoError(t, err)
			defer r.Body.Close()
			b, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.True(t, bytes.HasPrefix(b, []byte("%PDF-")))
			require.Contains(t, r.Header.Get("Content-Disposition"), "attachment")

			g := h.vorgang(nummer).Gebuehren[0]
			_, svg := h.get("/buerger/vorgang/girocode/" + g.ID.String())
			require.Contains(t, svg, "<svg")
			zahle := url.Values{"csrf": {h.finde(csrfForm, seite)}, "gebuehr": {g.ID.String()}}
			status, seite := h.post("/buerger/vorgang/zahlung", zahle)
			require.Equal(t, http.StatusOK, status)
			require.NotContains(t, seite, "Testzahlung auslösen")
			status, _ = h.post("/buerger/vorgang/zahlung", zahle)
			require.Equal(t, http.StatusNotFound, status, "nothing is open any more")
			f, _ := h.vorgang(nummer).Forderung(g.ID)
			require.Zero(t, f.Stand(datum.Von(h.now)).Offen)
		})
	}
}

// A person asks, the citizen answers with a file, two persons decide.
func TestCasesOfPersons(t *testing.T) {
	for _, kurz := range []string{"baum", "verkehr", "fundtier"} {
		t.Run(kurz, func(t *testing.T) {
			h := neuesHaus(t, nil)
			nummer, _ := h.sende(kurz)
			h.drain()
			s := h.vorgang(nummer)
			h.edit(s.ID, func(v *vorgang.Vorgang) error {
				if err := v.Pull(sb, h.now); err != nil {
					return err
				}
				_, err := v.Ask(sb, h.now, vorgang.Frage{Betreff: "Foto", Text: "Bitte schicken Sie ein Foto.", Bis: datum.Von(h.now).AddTage(14)})
				return err
			})
			h.drain()
			_, seite := h.get("/buerger/vorgang")
			require.Contains(t, seite, "Bitte antworten bis zum")
			w := url.Values{"csrf": {h.finde(csrfForm, seite)}, "bezug": {h.finde(bezugForm, seite)}, "text": {"Anbei <b>das Foto</b>."}}
			status, seite := h.postDatei("/buerger/vorgang/antwort", w, "foto.png", []byte("<html><script>alert(1)</script>"))
			require.Equal(t, http.StatusUnprocessableEntity, status)
			require.Contains(t, seite, "keine PDF-, PNG- oder JPEG-Datei")
			require.Contains(t, seite, `href="#dateien-`+w.Get("bezug")+`"`)
			require.Contains(t, seite, `id="dateien-`+w.Get("bezug")+`"`)
			status, seite = h.postDatei("/buerger/vorgang/antwort", w, `C:\Bilder\foto.png`, png)
			require.Equal(t, http.StatusOK, status)
			require.NotContains(t, seite, "Bitte antworten")
			s = h.vorgang(nummer)
			require.False(t, s.WartetAufBuerger())
			require.Equal(t, "foto.png", s.Dateien[len(s.Dateien)-1].Name)
			if kurz == "fundtier" {
				h.edit(s.ID, func(v *vorgang.Vorgang) error {
					return v.Close(sb, h.now, vorgang.Schluss{Grund: vorgang.GrundErledigung})
				})
				_, seite = h.get("/buerger/vorgang")
				require.Equal(t, 4, strings.Count(seite, `<li class="fertig"`))
				return
			}
			h.entscheide(s, kurz)
			h.drain()
			_, seite = h.get("/buerger/vorgang")
			require.Contains(t, seite, `class="jetzt" aria-current="step"><strong>Entschieden`)
			status, pdf := h.get(h.finde(dateiForm, seite))
			require.Equal(t, http.StatusOK, status)
			require.True(t, strings.HasPrefix(pdf, "%PDF-"))
		})
	}
}

// entscheide grants it, with a second person.
func (h *haus) entscheide(s vorgang.Stand, kurz string) {
	p := entwurf.Params{Vorlage: "baumfaellung-bewilligung", Stand: s, Mandant: h.k.Mandant(s.Mandant), Tag: datum.Von(h.now),
		Angaben: vorlage.Daten{"grund": "gefahr", "feststellung": "Der Stamm ist hohl.", "abwaegung": "Die Gefahr wiegt schwerer.", "gueltig_bis": "2027-11-30", "ersatz": []vorlage.Daten{}}}
	if kurz == "verkehr" {
		p.Vorlage = "verkehrsanordnung"
		p.Angaben = vorlage.Daten{"massnahmen": []vorlage.Daten{{"text": "Es gilt 30 km/h."}}, "angehoert": "die Polizei", "abwaegung": "Die Arbeiten sind nötig."}
	}
	e, err := h.entwerfer.Draft(p)
	require.NoError(h.t, err)
	i, err := e.Inhalt()
	require.NoError(h.t, err)
	h.edit(s.ID, func(v *vorgang.Vorgang) error {
		id, err := v.Draft(sb, h.now, i)
		if err != nil {
			return err
		}
		if err := v.SubmitDraft(sb, h.now, id); err != nil {
			return err
		}
		return v.ReleaseBescheid(leitung, h.now, id)
	})
}
