package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/betrieb"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/veraktung"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/amt"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/buerger"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/oidcdemo"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	relaypruefung "github.com/ozg-fachwerk/fachwerk/storage/relay/pruefung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

// haus is the installation: storage, the machine that works (package betrieb), the pages,
// and the E-Akten of the authorities as doubles that speak xdomea.
type haus struct {
	store     *storage.Store
	blobs     blob.Store
	entwerfer *entwurf.Entwerfer
	portal    *portal.Kanal
	betrieb   *betrieb.Betrieb
	amt       *amt.Amt
	handler   http.Handler
	eakten    []*dmstest.Empfaenger
	ziele     []*verzeichnis.Ziel
	now       func() time.Time
	log       *slog.Logger
	stop      context.CancelFunc
	arbeit    sync.WaitGroup
}

// hausParams are what differs between a demo, a test and PostgreSQL.
type hausParams struct {
	Dir string
	// URL is how browsers reach the house: "http://127.0.0.1:8080".
	URL   string
	Store func(ctx context.Context, o *storage.Options) (*storage.Store, error)
	Now   func() time.Time
	Log   *slog.Logger
	// Sitzung overrides how long sessions last.
	Sitzung web.Options
}

// build composes the house and sets it to work.
func build(ctx context.Context, a *verfahren.Katalog, p hausParams) (*haus, error) {
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	h := &haus{now: p.Now, log: p.Log}
	rechner := frist.New(nil)
	verzeichnisM, err1 := tenant.NewVerzeichnis(a.Mandanten...)
	store, err2 := p.Store(ctx, &storage.Options{Now: p.Now, Rechner: rechner, Poll: time.Second})
	blobs, err3 := blob.OpenDir(filepath.Join(p.Dir, "dateien"), nil)
	entwerfer, err4 := entwurf.New(a.Zuordnungen, &entwurf.Options{Vorlagen: a.Vorlagen, Gericht: gericht})
	setzer, err5 := ausfertigung.New(nil)
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		return nil, err
	}
	h.store, h.blobs, h.entwerfer = store, blobs, entwerfer
	h.portal = portal.New(store.Postfach(), &portal.Options{Now: p.Now})
	regeln := pruefung.NewVerzeichnis(&pruefung.Options{Salz: bytes.Repeat([]byte("muster-salz "), 4)})
	for _, v := range a.Verfahren {
		if v.Regelwerk == nil {
			continue
		}
		if err := regeln.Add(v.Regelwerk); err != nil {
			return nil, err
		}
	}
	// What the rules decide without a person has its fee in the same step.
	pruefer, err := relaypruefung.New(regeln, &relaypruefung.Options{Now: p.Now, Text: entwerfer.Text(verzeichnisM, nil)})
	if err != nil {
		return nil, err
	}
	ablagen := map[tenant.ID]veraktung.Ablage{}
	ziele := map[tenant.ID]dms.Ziel{}
	for _, m := range a.Mandanten {
		dir := filepath.Join(p.Dir, "e-akte", string(m.ID))
		e, err1 := dmstest.NewEmpfaenger(dir)
		z, err2 := verzeichnis.New(verzeichnis.Options{Name: "e-akte-" + string(m.ID), Kodierer: xdomea.New(xdomea.V310(), nil), Basis: dir, Now: p.Now})
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		h.eakten, h.ziele = append(h.eakten, e), append(h.ziele, z)
		ablagen[m.ID], ziele[m.ID] = veraktung.Ablage{Ziel: z, Empfaenger: dms.Kontakt{Institution: "E-Akte " + m.Land.Name()}}, z
	}
	kanaele := []messaging.Kanal{h.portal}
	h.betrieb, err = betrieb.New(betrieb.Params{
		Store: store, Blobs: blobs, Mandanten: verzeichnisM, Zustaendigkeiten: a.Zustaendigkeiten, Betreiber: a.Betreiber,
		Parser: a.Parser(), Kanaele: kanaele, Ablagen: ablagen, Regeln: regeln,
		Handlers: map[vorgang.AuftragArt]relay.Handler{vorgang.AntragPruefen: a.MitGebuehr(pruefer, p.Now)},
	}, &betrieb.Options{Now: p.Now, Log: p.Log, Rechner: rechner, Setzer: setzer, Abholung: time.Second,
		Relay: relay.Options{Poll: 200 * time.Millisecond}, Intake: intake.Options{Frist: a.Frist(rechner)}})
	if err != nil {
		return nil, err
	}
	oidc := &amt.OIDC{Issuer: p.URL + "/oidc", ClientID: "rathaus", Secret: "nur-fuer-die-vorfuehrung", Zurueck: p.URL + "/anmelden/oidc/zurueck"}
	anbieter, err := oidcdemo.New(oidcdemo.Params{Issuer: oidc.Issuer, ClientID: oidc.ClientID, Secret: oidc.Secret, Zurueck: oidc.Zurueck, Personen: personen(a.Nutzer)}, &oidcdemo.Options{Now: p.Now})
	if err != nil {
		return nil, err
	}
	p.Sitzung.Now = p.Now
	h.amt, err = amt.New(amt.Params{
		Store: store, Blobs: blobs, Mandanten: a.Mandanten, Zustaendigkeiten: a.Zustaendigkeiten, Annahme: h.betrieb.Annahme, Betreiber: a.Betreiber,
		Nutzer: nutzer(a.Nutzer), Gestaltung: gestaltung(a.Gestaltung), Vorlagen: a.Vorlagen, Entwerfer: entwerfer, Gebuehr: a.Gebuehr, Kassenzeichen: verfahren.Kassenzeichen, Regeln: regeln, Kanaele: kanaele, Ziele: ziele, OIDC: oidc,
	}, &amt.Options{Now: p.Now, Log: p.Log, Demo: true, Sitzungen: web.NewSitzungen(&p.Sitzung)})
	if err != nil {
		return nil, err
	}
	// The forms of the citizens post to the intake of the OZG-Cloud, as any form server does.
	token := rand.Text() + rand.Text()
	hash, err := ozgcloud.HashToken(token)
	if err != nil {
		return nil, err
	}
	antrag, err := ozgcloud.New(ozgcloud.Params{Annahme: h.betrieb.Annahme, Blobs: blobs, Betreiber: a.Betreiber, Zuordnung: a.Tabelle(),
		Zugaenge: []ozgcloud.Zugang{{Name: "formular", Token: []string{hash}}}}, &ozgcloud.Options{Now: p.Now, Log: p.Log})
	if err != nil {
		return nil, err
	}
	sender, err := ozgcloud.NewClient(p.URL+"/antrag", &ozgcloud.ClientOptions{Token: token})
	if err != nil {
		return nil, err
	}
	seiten, err := buerger.New(buerger.Params{Katalog: a, Store: store, Blobs: blobs, Postfach: h.portal, Sender: sender},
		&buerger.Options{Now: p.Now, Log: p.Log, Bremse: web.NewBremse(10, time.Minute, p.Now), Testzahlung: true})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/formular/", seiten)
	mux.Handle("/buerger/", seiten)
	mux.Handle("POST /antrag", antrag)
	mux.Handle("/", h.amt)
	mux.Handle("/oidc/", http.StripPrefix("/oidc", anbieter))
	h.handler = web.Schutz(mux, &web.SchutzOptions{Gross: upload, Frei: []string{"/antrag", "/oidc/token"}})
	ctx, h.stop = context.WithCancel(ctx)
	h.arbeit.Go(func() { _ = h.betrieb.Run(ctx) }) // ends with ctx and in no other way
	h.arbeit.Go(func() { h.eakte(ctx) })
	h.arbeit.Go(func() { h.aufbewahren(ctx, a.Mandanten) })
	return h, nil
}

// gericht is where a Klage is brought; made up, as the authorities are.
func gericht(*tenant.Mandant) (bei, sitz string) {
	return "dem Verwaltungsgericht Musterstadt", "Gerichtsplatz 1, 24103 Musterstadt"
}

// upload tells where files may be sent to.
func upload(path string) bool {
	return amt.Upload(path) || strings.HasPrefix(path, "/formular/") || path == "/buerger/vorgang/antwort"
}

// seed fills an empty house with sample cases, and lays one into the Klaerfach: its place
// belongs to nobody here.
func (h *haus) seed(ctx context.Context, k *verfahren.Katalog) error {
	if err := k.Seed(ctx, verfahren.SeedParams{Store: h.store, Annahme: h.betrieb.Annahme, Entwerfer: h.entwerfer, Now: h.now}); err != nil {
		return err
	}
	m, err := k.Muster(1, h.now())
	if err != nil {
		return err
	}
	l, err := m[0].Lieferung(k.Tabelle())
	if err != nil {
		return err
	}
	l.Kennung, l.Ort = "muster/ohne-ort", "080000000000"
	_, err = h.betrieb.Annahme.Receive(ctx, l)
	return err
}

// eakte lets the doubles take in what was filed, as a DMS does from time to time.
func (h *haus) eakte(ctx context.Context) {
	for ctx.Err() == nil {
		for _, e := range h.eakten {
			_, _ = e.Scan(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// Close stops the work and then the rest.
func (h *haus) Close() error {
	h.stop()
	h.arbeit.Wait()
	h.amt.Close()
	var errs []error
	for _, z := range h.ziele {
		errs = append(errs, z.Close())
	}
	return errors.Join(append(errs, h.store.Close())...)
}

func personen(ns []verfahren.Nutzer) (out []oidcdemo.Person) {
	for _, n := range ns {
		p := oidcdemo.Person{ID: n.Akteur.ID, Name: n.Akteur.Name}
		for _, r := range n.Akteur.Rollen {
			p.Gruppen = append(p.Gruppen, "/"+string(n.Akteur.Mandant)+"/"+string(r))
		}
		for _, e := range n.Akteur.Einheiten {
			p.Gruppen = append(p.Gruppen, "/"+string(n.Akteur.Mandant)+"/einheit/"+e)
		}
		out = append(out, p)
	}
	return out
}

func nutzer(in []verfahren.Nutzer) (out []amt.Nutzer) {
	for _, n := range in {
		out = append(out, amt.Nutzer(n))
	}
	return out
}

func gestaltung(in map[tenant.ID]verfahren.Gestaltung) map[tenant.ID]amt.Gestaltung {
	out := map[tenant.ID]amt.Gestaltung{}
	for m, g := range in {
		out[m] = amt.Gestaltung{Farbe: g.Farbe, Logo: g.Logo, Kontakt: g.Kontakt}
	}
	return out
}
