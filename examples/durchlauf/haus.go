package main

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/veraktung"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/relay/zustellung"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// haus is one installation with two Mandanten, composed from the library.
type haus struct {
	dir       string
	uhr       *uhr
	store     *storage.Store
	blobs     blob.Store
	portal    *portal.Kanal
	relay     *relay.Relay
	veraktung *veraktung.Veraktung
	mandanten *tenant.Verzeichnis
	setzer    *ausfertigung.Setzer

	// The world outside, played by doubles that speak the real protocols.
	dienst *fitconnecttest.Zustelldienst
	stelle *fitconnecttest.Zustellpunkt
	eakte  *dmstest.Empfaenger

	close []func() error
}

// uhr is the clock everybody gets; the story lets days pass.
type uhr struct {
	mu sync.Mutex
	t  time.Time
}

func (u *uhr) Now() time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.t = u.t.Add(time.Millisecond)
	return u.t
}

func (u *uhr) Set(t time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.t = t
}

// build composes the house. On an error everything built so far is closed.
func build(ctx context.Context, dir string) (_ *haus, err error) {
	h := &haus{dir: dir, uhr: &uhr{t: time.Now()}}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	for _, f := range []func(context.Context) error{h.buildStorage, h.buildDienst, h.buildIntake} {
		if err := f(ctx); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *haus) buildStorage(ctx context.Context) (err error) {
	if h.mandanten, err = tenant.NewVerzeichnis(mandantKiel, mandantMuenchen); err != nil {
		return err
	}
	if h.store, err = sqlite.Open(ctx, filepath.Join(h.dir, "fachwerk.db"), &sqlite.Options{Store: &storage.Options{Now: h.uhr.Now}}); err != nil {
		return err
	}
	h.close = append(h.close, h.store.Close)
	if h.blobs, err = blob.OpenDir(filepath.Join(h.dir, "dateien"), nil); err != nil {
		return err
	}
	h.portal = portal.New(h.store.Postfach(), &portal.Options{Now: h.uhr.Now})
	h.setzer, err = ausfertigung.New(nil)
	return err
}

// buildDienst starts the delivery service with the destination of both Mandanten.
func (h *haus) buildDienst(context.Context) (err error) {
	if h.dienst, err = fitconnecttest.Start(&fitconnecttest.Options{Now: h.uhr.Now}); err != nil {
		return err
	}
	h.close = append(h.close, func() error { h.dienst.Close(); return nil })
	h.stelle, err = h.dienst.AddDestination(fitconnecttest.DestinationParams{
		Name: "Baumschutz", Services: []fitconnect.DestinationService{leistungAnStelle()},
	})
	return err
}

func (h *haus) buildIntake(ctx context.Context) error {
	sub, err := h.stelle.Subscriber(&fitconnect.ClientOptions{Now: h.uhr.Now}, &fitconnect.SubscriberOptions{Now: h.uhr.Now})
	if err != nil {
		return err
	}
	formulare, err := fim.New(formular())
	if err != nil {
		return err
	}
	zustaendig, err := tenant.NewZustaendigkeiten(zustaendigkeiten)
	if err != nil {
		return err
	}
	annahme, err := intake.New(intake.Params{
		Store: h.store, Blobs: h.blobs, Mandanten: h.mandanten, Router: zustaendig, Parser: []intake.Parser{formulare}, Betreiber: kiel,
	}, &intake.Options{Now: h.uhr.Now})
	if err != nil {
		return err
	}
	empfang := eingang.New(sub, annahme, nil)
	handler, err := empfang.Handler("geheim", &fitconnect.CallbackOptions{Now: h.uhr.Now})
	if err != nil {
		return err
	}
	callbacks := httptest.NewServer(handler)
	h.close = append(h.close, func() error { callbacks.Close(); return nil })
	h.stelle.SetCallback(fitconnect.Callback{URL: callbacks.URL, Secret: "geheim"})
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); _ = empfang.Run(ctx) }()
	h.close = append(h.close, func() error { cancel(); <-done; return nil })

	h.relay, err = h.buildHandlers(sub)
	return err
}

func (h *haus) buildHandlers(sub *fitconnect.Subscriber) (*relay.Relay, error) {
	router, err := messaging.NewRouter([]messaging.Kanal{h.portal}, nil)
	if err != nil {
		return nil, err
	}
	post, err := zustellung.New(zustellung.Params{
		Blobs: h.blobs, Mandanten: h.mandanten, Router: router, Setzer: h.setzer, Rechner: frist.New(nil),
	}, &zustellung.Options{Now: h.uhr.Now})
	if err != nil {
		return nil, err
	}
	ziel, err := h.buildEAkte()
	if err != nil {
		return nil, err
	}
	h.veraktung, err = veraktung.New(veraktung.Params{
		Store: h.store, Blobs: h.blobs, Mandanten: h.mandanten,
		Ablagen: map[tenant.ID]veraktung.Ablage{kiel: {Ziel: ziel, Empfaenger: dms.Kontakt{Institution: "E-Akte Schleswig-Holstein"}}},
	}, &veraktung.Options{Now: h.uhr.Now})
	if err != nil {
		return nil, err
	}
	handlers := post.Handlers()
	handlers[vorgang.EingangQuittieren] = intake.NewQuittierung(h.blobs, h.uhr.Now, eingang.NewQuittierer(sub))
	handlers[vorgang.AkteAbgeben] = h.veraktung
	return relay.New(h.store, handlers, &relay.Options{Now: h.uhr.Now}), nil
}

// buildEAkte makes the transfer directories and the receiving DMS behind them.
func (h *haus) buildEAkte() (*verzeichnis.Ziel, error) {
	d := map[string]string{}
	for _, name := range []string{"ausgang", "antworten", "erledigt", "belege", "archiv"} {
		d[name] = filepath.Join(h.dir, "e-akte", name)
		if err := os.MkdirAll(d[name], 0o700); err != nil {
			return nil, err
		}
	}
	kodierer := xdomea.New(xdomea.V310(), nil)
	h.eakte = &dmstest.Empfaenger{Eingang: d["ausgang"], Ausgang: d["antworten"], Archiv: d["archiv"], Kodierer: kodierer, Now: h.uhr.Now}
	z, err := verzeichnis.New(verzeichnis.Options{
		Name: "e-akte", Kodierer: kodierer, Ausgang: d["ausgang"], Eingang: d["antworten"], Erledigt: d["erledigt"], Belege: d["belege"], Now: h.uhr.Now,
	})
	if err == nil {
		h.close = append(h.close, z.Close)
	}
	return z, err
}

// Close stops everything, last started first.
func (h *haus) Close() error {
	var errs []error
	for i := len(h.close) - 1; i >= 0; i-- {
		errs = append(errs, h.close[i]())
	}
	h.close = nil
	return errors.Join(errs...)
}

// awaitVorgang waits for the first Vorgang of the Mandant, at most 10 s.
func (h *haus) awaitVorgang(ctx context.Context, m tenant.ID) (uuid.UUID, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		for v, err := range h.store.List(ctx, m, storage.PageParams{}) {
			if err != nil {
				return uuid.Nil, err
			}
			return v.ID(), nil
		}
		select {
		case <-ctx.Done():
			return uuid.Nil, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// entwurf is the decision Kim writes.
func (h *haus) entwurf() (bescheid.Inhalt, error) {
	texte, err := bescheid.StandardBelehrungen()
	if err != nil {
		return bescheid.Inhalt{}, err
	}
	return baumfaellung(texte, h.uhr.Now())
}

// upload stores a file as the mailbox page of a web application would.
func (h *haus) upload(ctx context.Context, name string) (vorgang.Datei, error) {
	b := bild(320, 240)
	ref, err := h.blobs.Put(ctx, kiel, b)
	if err != nil {
		return vorgang.Datei{}, err
	}
	return vorgang.Datei{Anhang: messaging.Anhang{
		ID: uuid.Must(uuid.NewV7()), Name: name, MIME: "image/png", Groesse: ref.Groesse, SHA512: ref.SHA512,
	}, Herkunft: "postfach"}, nil
}

// saveBescheid copies the PDF out of the blob storage.
func (h *haus) saveBescheid(ctx context.Context, id uuid.UUID, path string) error {
	v, err := h.store.Get(ctx, kiel, id)
	if err != nil {
		return err
	}
	d := v.Stand().Bescheide[0].Dokument
	r, err := h.blobs.Open(ctx, kiel, blob.Ref{SHA512: d.SHA512, Groesse: d.Groesse})
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
