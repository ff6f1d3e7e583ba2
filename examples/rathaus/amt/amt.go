package amt

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

// Gestaltung is how the pages of a Mandant look.
type Gestaltung struct {
	// Farbe is "#rrggbb", of buttons and links. It must be dark enough to be read on white,
	// see [Kontrast]; otherwise the pages take the colour of the house.
	Farbe string `json:"farbe"`
	// Logo is an SVG; nil shows the name alone.
	Logo []byte `json:"logo,omitempty"`
	// Kontakt for the foot of each page.
	Kontakt string `json:"kontakt,omitempty"`
}

// Nutzer is somebody who can log in.
type Nutzer struct {
	Akteur tenant.Akteur
	// Aufgabe says in a few words who that is: for those who try the demo.
	Aufgabe string
}

// Gebuehr is how a fee is worked out for a Vorgang; false where none is due.
type Gebuehr func(s vorgang.Stand, art bescheid.Art, tag datum.Datum) (*entwurf.Gebuehr, bool, error)

// Params are the parts of the house this side needs. All but those marked optional are
// mandatory.
type Params struct {
	Store            *storage.Store
	Blobs            blob.Store
	Mandanten        []tenant.Mandant
	Zustaendigkeiten *tenant.Zustaendigkeiten
	Annahme          *intake.Annahme
	Betreiber        tenant.ID
	Nutzer           []Nutzer
	Gestaltung       map[tenant.ID]Gestaltung
	Vorlagen         *vorlage.Sammlung
	Entwerfer        *entwurf.Entwerfer
	Kopf             func(k *ausfertigung.Kopf, m tenant.ID)
	// Optional: what a decision costs, and the reference its payer writes.
	Gebuehr       Gebuehr
	Kassenzeichen func(vorgang.Stand) string
	Regeln        *pruefung.Verzeichnis
	Kanaele       []messaging.Kanal
	Ziele         map[tenant.ID]dms.Ziel
	OIDC          *OIDC
}

// Options of an Amt; nil means defaults.
type Options struct {
	Now func() time.Time
	Log *slog.Logger
	// TLS says that browsers come by TLS.
	TLS bool
	// Sitzungen; default [web.NewSitzungen].
	Sitzungen *web.Sitzungen
	// Demo shows the logins by one click.
	Demo bool
}

// Amt is the clerk's side as an http.Handler. Safe for concurrent use.
type Amt struct {
	Params
	o         Options
	mux       *http.ServeMux
	routen    []Route
	seiten    *web.Seiten
	pdf       *pdf.Renderer
	mandanten map[tenant.ID]*tenant.Mandant
	nutzer    map[string]Nutzer
	namen     map[string]string
	anmeldung *web.Bremse
	stroeme   stroeme
	zahlen    zahlen
	look      look
}

// Route is one address with those who may call it.
type Route struct {
	// Muster as http.ServeMux has it: "GET /vorgang/{id}".
	Muster string
	// Rollen of which one is needed; none needs no login.
	Rollen []tenant.Rolle
	h      func(*anfrage) error
}

// Roles by what they do here.
var (
	lesend     = []tenant.Rolle{tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung, tenant.Schlusszeichnung, tenant.Loeschberechtigt, tenant.Auskunft}
	fachlich   = []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung}
	klaerend   = []tenant.Rolle{tenant.Poststelle, tenant.Leitung}
	handelnd   = []tenant.Rolle{tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung, tenant.Schlusszeichnung}
	leitend    = []tenant.Rolle{tenant.Leitung, tenant.Administration}
	verwaltend = []tenant.Rolle{tenant.Administration}
	alle       = append(slices.Clone(lesend), tenant.Administration)
)

// New composes the pages.
func New(p Params, o *Options) (*Amt, error) {
	a := &Amt{Params: p, mux: http.NewServeMux(), mandanten: map[tenant.ID]*tenant.Mandant{}, nutzer: map[string]Nutzer{}, namen: map[string]string{}}
	if o != nil {
		a.o = *o
	}
	if a.o.Now == nil {
		a.o.Now = time.Now
	}
	if a.o.Log == nil {
		a.o.Log = slog.New(slog.DiscardHandler)
	}
	if a.o.Sitzungen == nil {
		a.o.Sitzungen = web.NewSitzungen(&web.Options{Now: a.o.Now, TLS: a.o.TLS})
	}
	for i := range p.Mandanten {
		a.mandanten[p.Mandanten[i].ID] = &p.Mandanten[i]
	}
	for _, n := range p.Nutzer {
		a.nutzer[n.Akteur.ID], a.namen[n.Akteur.ID] = n, n.Akteur.Name
	}
	a.anmeldung = web.NewBremse(20, 3*time.Second, a.o.Now)
	a.stroeme.store = p.Store
	var err error
	if a.pdf, err = pdf.New(nil); err != nil {
		return nil, err
	}
	if a.seiten, err = web.Load(dateien, "templates", a.funktionen()); err != nil {
		return nil, err
	}
	a.register()
	return a, nil
}

func (a *Amt) register() {
	for _, r := range slices.Concat(a.anmeldewege(), a.tischwege(), a.vorgangswege(), a.verwaltungswege()) {
		a.routen = append(a.routen, r)
		a.mux.HandleFunc(r.Muster, func(w http.ResponseWriter, q *http.Request) { a.serve(w, q, r) })
	}
	a.mux.Handle("GET /statisch/", web.Statisch(dateien, "/statisch/", "static"))
	a.mux.HandleFunc("GET /gestaltung/{mandant}", a.gestaltung)
	a.mux.HandleFunc("GET /logo/{mandant}", a.logo)
}

// Routen lists the addresses, for a test that walks them.
func (a *Amt) Routen() []Route { return slices.Clone(a.routen) }

// Sitzungen are the logins, for other parts of the house.
func (a *Amt) Sitzungen() *web.Sitzungen { return a.o.Sitzungen }

// Upload tells whether files may be sent to the path; see web.SchutzOptions.
func Upload(path string) bool { return strings.HasSuffix(path, "/anlage") }

// ServeHTTP serves the pages.
func (a *Amt) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// anfrage is one request of somebody.
type anfrage struct {
	*http.Request
	w       http.ResponseWriter
	a       *Amt
	now     time.Time
	sitzung *web.Sitzung
	akteur  tenant.Akteur
	m       *tenant.Mandant
}

// serve asks who it is, whether that person may, and whether the form is from here;
// then it serves the page.
func (a *Amt) serve(w http.ResponseWriter, q *http.Request, r Route) {
	x := &anfrage{Request: q, w: w, a: a, now: a.o.Now()}
	find := a.o.Sitzungen.Get
	if q.Header.Get("X-Von-Selbst") != "" || strings.HasSuffix(r.Muster, "/strom") {
		find = a.o.Sitzungen.Peek // what the browser does by itself keeps no session alive
	}
	if x.sitzung = find(q); x.sitzung != nil {
		x.akteur, x.m = x.sitzung.Akteur, a.mandanten[x.sitzung.Akteur.Mandant]
	}
	var err error
	switch {
	case len(r.Rollen) > 0 && x.m == nil:
		if q.Method != http.MethodGet || q.Header.Get("X-Von-Selbst") != "" {
			err = seiteFuer(http.StatusUnauthorized, "Ihre Sitzung ist abgelaufen. Bitte melden Sie sich neu an. Was Sie geschrieben haben, wurde nicht gespeichert.")
		} else {
			http.Redirect(w, q, "/anmelden?zurueck="+urlEscape(q.URL.RequestURI()), http.StatusSeeOther)
			return
		}
	case len(r.Rollen) > 0 && !x.akteur.Hat(r.Rollen...):
		err = seiteFuer(http.StatusForbidden, "Für diese Seite fehlt Ihnen die Rolle.")
	case q.Method == http.MethodPost && x.sitzung != nil && !x.echt():
		err = seiteFuer(http.StatusForbidden, "Das Formular ist nicht mehr gültig. Bitte laden Sie die Seite neu.")
	default:
		err = r.h(x)
	}
	if err != nil {
		x.fail(err)
	}
}

// echt reads the form and compares the token.
func (x *anfrage) echt() bool {
	if strings.HasPrefix(x.Header.Get("Content-Type"), "multipart/form-data") {
		if err := x.ParseMultipartForm(4 << 20); err != nil {
			return false
		}
	}
	return x.sitzung.Echt(x.Request)
}

// fail shows an error as a page: what it means for the person, never what is inside.
func (x *anfrage) fail(err error) {
	f := seiteFuer(http.StatusInternalServerError, "Das hat nicht geklappt. Bitte versuchen Sie es später noch einmal.")
	if !errors.As(err, &f) {
		if status, text := erklaere(err); status != 0 {
			f = seiteFuer(status, text)
		} else {
			x.a.o.Log.Error("request failed", "path", x.Pattern, "error", err)
		}
	}
	if id := x.PathValue("id"); x.m != nil && f.status != http.StatusNotFound && strings.HasPrefix(x.Pattern, "POST /vorgang/") {
		f.Zurueck = "/vorgang/" + id
	}
	if err := x.zeige(f.status, "fehler", f.Titel(), f); err != nil {
		http.Error(x.w, f.text, f.status)
	}
}
