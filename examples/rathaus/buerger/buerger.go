package buerger

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

//go:embed templates statisch
var dateien embed.FS

// Params are the parts; all are mandatory.
type Params struct {
	Katalog *verfahren.Katalog
	Store   *storage.Store
	Blobs   blob.Store
	// Postfach is the embedded mailbox the letters lie in.
	Postfach *portal.Kanal
	// Sender delivers to the OZG-Cloud intake; *ozgcloud.Client is one.
	Sender interface {
		Send(ctx context.Context, a ozgcloud.Antrag) (ozgcloud.Antwort, error)
	}
}

// Seite is a page without its frame.
type Seite struct {
	Titel string
	// Mandant whose page it is; nil is the house.
	Mandant *tenant.Mandant
	Status  int
	Inhalt  template.HTML
	// Angemeldet: there is a session that can be ended.
	Angemeldet bool
	CSRF       string
}

// Options; nil means defaults.
type Options struct {
	Now func() time.Time
	Log *slog.Logger
	// Rahmen writes a page in the frame of the house; the default is a plain one.
	// The page needs the stylesheets "/buerger/stil.css" and "/buerger/farben/{mandant}".
	Rahmen func(w http.ResponseWriter, r *http.Request, s Seite) error
	// Bremse limits tries of a code; the default allows 10 in 10 minutes for each key.
	Bremse interface{ Allow(key string) bool }
	// Adresse names where a request comes from, for the Bremse; the default is the peer.
	// Behind a proxy all citizens share its address.
	Adresse func(r *http.Request) string
	// MaxDatei is one uploaded file in bytes, default 10 MiB; MaxDateien how many there
	// may be at once, default 5.
	MaxDatei   int64
	MaxDateien int
	// TLS marks the cookie Secure.
	TLS bool
	// Testzahlung offers to pay without money, clearly marked. For demos.
	Testzahlung bool
}

// Buerger is the pages. Safe for concurrent use; sessions live in the process.
type Buerger struct {
	p          Params
	o          Options
	t          *template.Template
	mux        *http.ServeMux
	sitzungen  sitzungen
	geschuetzt http.Handler
}

// New makes the pages under "/formular/" and "/buerger/".
func New(p Params, o *Options) (*Buerger, error) {
	if p.Katalog == nil || p.Store == nil || p.Blobs == nil || p.Postfach == nil || p.Sender == nil {
		return nil, errors.New("buerger: missing one of Katalog, Store, Blobs, Postfach, Sender")
	}
	b := &Buerger{p: p, mux: http.NewServeMux()}
	if o != nil {
		b.o = *o
	}
	b.defaults()
	var err error
	b.t, err = template.New("").Funcs(template.FuncMap{
		"tag": func(d datum.Datum) string { return vorlage.DatumLang(d) },
		"zeit": func(t time.Time) string {
			return vorlage.DatumLang(datum.Von(t)) + ", " + t.In(datum.Berlin()).Format("15:04") + " Uhr"
		},
		"absaetze": absaetze, "groesse": groesse,
	}).ParseFS(dateien, "templates/*.html")
	if err != nil {
		return nil, err
	}
	for muster, f := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /formular/{$}":                  b.behoerden,
		"GET /formular/{mandant}":            b.angebot,
		"GET /formular/{mandant}/{kurz}":     b.formular,
		"POST /formular/{mandant}/{kurz}":    b.sende,
		"GET /buerger/{$}":                   b.behoerden,
		"GET /buerger/{mandant}":             b.anmelden,
		"POST /buerger/{mandant}":            b.oeffne,
		"GET /buerger/vorgang":               b.mitSitzung(b.stand),
		"GET /buerger/vorgang/fertig":        b.mitSitzung(b.fertig),
		"POST /buerger/vorgang/antwort":      b.mitSitzung(b.antworte),
		"POST /buerger/vorgang/zahlung":      b.mitSitzung(b.zahle),
		"GET /buerger/vorgang/ruecknahme":    b.mitSitzung(b.frageRuecknahme),
		"POST /buerger/vorgang/ruecknahme":   b.mitSitzung(b.nimmZurueck),
		"POST /buerger/vorgang/abmelden":     b.mitSitzung(b.abmelden),
		"GET /buerger/vorgang/datei/{id}":    b.mitSitzung(b.datei),
		"GET /buerger/vorgang/girocode/{id}": b.mitSitzung(b.girocode),
		"GET /buerger/farben/{mandant}":      b.farben,
		"GET /buerger/logo/{mandant}":        b.logo,
	} {
		b.mux.HandleFunc(muster, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				b.fehler(w, r, err)
			}
		})
	}
	b.mux.HandleFunc("GET /buerger/stil.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, dateien, "statisch/stil.css")
	})
	b.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { b.fehler(w, r, nichtDa) })
	b.geschuetzt = http.NewCrossOriginProtection().Handler(b.mux)
	return b, nil
}

func (b *Buerger) defaults() {
	if b.o.Now == nil {
		b.o.Now = time.Now
	}
	if b.o.Log == nil {
		b.o.Log = slog.New(slog.DiscardHandler)
	}
	if b.o.Rahmen == nil {
		b.o.Rahmen = b.rahmen
	}
	if b.o.Bremse == nil {
		b.o.Bremse = &bremse{now: b.o.Now}
	}
	if b.o.Adresse == nil {
		b.o.Adresse = adresse
	}
	if b.o.MaxDatei <= 0 {
		b.o.MaxDatei = 10 << 20
	}
	if b.o.MaxDateien <= 0 {
		b.o.MaxDateien = 5
	}
	b.sitzungen.now = b.o.Now
}

// Upload tells whether a path takes files: a server that bounds bodies lets more through
// there, as this handler bounds them itself.
func Upload(path string) bool {
	return strings.HasPrefix(path, "/formular/") || path == "/buerger/vorgang/antwort"
}

// ServeHTTP answers one request. What another site makes a browser send is refused.
func (b *Buerger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k := w.Header()
	k.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	k.Set("X-Content-Type-Options", "nosniff")
	k.Set("Referrer-Policy", "same-origin")
	k.Set("Cache-Control", "no-store")
	r.Body = http.MaxBytesReader(w, r.Body, b.o.MaxDatei*int64(b.o.MaxDateien)+1<<20)
	b.geschuetzt.ServeHTTP(w, r)
}

// zeige fills a template and puts the frame around it.
func (b *Buerger) zeige(w http.ResponseWriter, r *http.Request, s Seite, vorlage string, d any) error {
	var out bytes.Buffer
	if err := b.t.ExecuteTemplate(&out, vorlage, d); err != nil {
		return err
	}
	if s.Status == 0 {
		s.Status = http.StatusOK
	}
	if x := b.sitzungen.get(r); x != nil {
		s.Angemeldet, s.CSRF = true, x.csrf
	}
	s.Inhalt = template.HTML(out.String()) // made by html/template
	return b.o.Rahmen(w, r, s)
}

func (b *Buerger) rahmen(w http.ResponseWriter, _ *http.Request, s Seite) error {
	var out bytes.Buffer
	kontakt := ""
	if s.Mandant != nil {
		kontakt = b.p.Katalog.Gestaltung[s.Mandant.ID].Kontakt
	}
	if err := b.t.ExecuteTemplate(&out, "rahmen", struct {
		Seite
		Kontakt string
	}{s, kontakt}); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(s.Status)
	_, err := out.WriteTo(w)
	return err
}

// mandant of the path.
func (b *Buerger) mandant(r *http.Request) (*tenant.Mandant, error) {
	if m := b.p.Katalog.Mandant(tenant.ID(r.PathValue("mandant"))); m != nil {
		return m, nil
	}
	return nil, nichtDa
}

func (b *Buerger) behoerden(w http.ResponseWriter, r *http.Request) error {
	titel, ziel := "Antrag stellen", "/formular/"
	if r.URL.Path == "/buerger/" {
		titel, ziel = "Stand Ihres Antrags", "/buerger/"
	}
	return b.zeige(w, r, Seite{Titel: titel}, "behoerden", map[string]any{"Titel": titel, "Ziel": ziel, "Mandanten": b.p.Katalog.Mandanten})
}

func (b *Buerger) angebot(w http.ResponseWriter, r *http.Request) error {
	m, err := b.mandant(r)
	if err != nil {
		return err
	}
	return b.zeige(w, r, Seite{Titel: "Anträge", Mandant: m}, "angebot", map[string]any{"Mandant": m, "Verfahren": b.p.Katalog.Angebot(m, datum.Von(b.o.Now()))})
}

// farben are the colours of a Mandant as a stylesheet of its own: no page holds style.
func (b *Buerger) farben(w http.ResponseWriter, r *http.Request) error {
	m, err := b.mandant(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, err = fmt.Fprintf(w, ":root{--farbe:%s}\n", b.p.Katalog.Gestaltung[m.ID].Farbe)
	return err
}

func (b *Buerger) logo(w http.ResponseWriter, r *http.Request) error {
	m, err := b.mandant(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	_, err = w.Write(b.p.Katalog.Gestaltung[m.ID].Logo)
	return err
}
