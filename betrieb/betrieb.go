// Package betrieb composes an installation from its parts and runs it: it
// receives, performs what the journals order, and brings in the answers of the
// DMS, until it is told to stop.
//
// Nothing here is needed to use the other packages; it is the wiring most
// installations would otherwise repeat. Whoever needs another wiring composes
// the same parts by hand.
package betrieb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/dienst"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/melder"
	"github.com/ozg-fachwerk/fachwerk/dms/veraktung"
	"github.com/ozg-fachwerk/fachwerk/intake"
	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/relay/pruefung"
	"github.com/ozg-fachwerk/fachwerk/storage/relay/weiterleitung"
	kasse "github.com/ozg-fachwerk/fachwerk/storage/relay/zahlung"
	"github.com/ozg-fachwerk/fachwerk/storage/relay/zustellung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
	regeln "github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

// Params are the parts. Store, Blobs, Mandanten, Zustaendigkeiten and Betreiber
// are mandatory.
type Params struct {
	Store            *storage.Store
	Blobs            blob.Store
	Mandanten        tenant.Mandanten
	Zustaendigkeiten intake.Router
	// Betreiber is the Mandant whose Klaerfach takes what belongs to nobody yet.
	Betreiber tenant.ID
	// Parser of the forms, in the order they are asked.
	Parser []intake.Parser
	// Kanaele to the citizens; Fallback names those tried last.
	Kanaele  []messaging.Kanal
	Fallback []string
	// Ablagen are where Mandanten file closed Vorgaenge.
	Ablagen map[tenant.ID]veraktung.Ablage
	// Fachverfahren are the targets Vorgaenge are handed over to, and that answer.
	Fachverfahren map[tenant.ID][]dienst.Anschluss
	// Melder pushes events to subscribers; nil pushes nothing.
	Melder *melder.Melder
	// FITConnect are the destinations to receive from.
	FITConnect []*fitconnect.Subscriber
	// Zahlungsweg gives the payment service of a Mandant; nil leaves fees to bank transfer.
	Zahlungsweg func(ctx context.Context, m tenant.ID) (zahlung.Zahlungsweg, error)
	// Regeln check what comes in; nil checks nothing. Text gives the text of Bescheide
	// without a person; nil leaves every case to a person.
	Regeln *regeln.Verzeichnis
	Text   pruefung.Text
	// Entwuerfe make that text from templates where Text is nil. Why a standard case was
	// left to a person is logged.
	Entwuerfe *entwurf.Entwerfer
	// Aufraeumen are the Mandanten whose files and records nobody needs any more are
	// removed from time to time, see [Betrieb.CleanUp].
	Aufraeumen []tenant.ID
	// Handlers for further kinds of Auftrag; they replace the usual ones of the same kind.
	Handlers map[vorgang.AuftragArt]relay.Handler
}

// Options of a Betrieb; nil means defaults.
type Options struct {
	// Now is the clock; it must be the one of the Store. Default time.Now.
	Now func() time.Time
	Log *slog.Logger
	// Intake, Empfang, Post and Relay adjust the parts; their Now and Log are set here. Post
	// gives letters their look, the way to pay and the seal.
	Intake  intake.Options
	Post    zustellung.Options
	Empfang eingang.Options
	Relay   relay.Options
	// Abholung is the pause between two looks for answers of the DMS and of Fachverfahren; default 1 minute.
	Abholung time.Duration
	// Aufraeumen is the pause between two rounds of cleaning; default a day.
	Aufraeumen time.Duration
	// Merken is how long the feed of changes is kept for who watches; default 90 days.
	Merken time.Duration
	// Rechner of legal periods; default the law that ships.
	Rechner *frist.Rechner
	// Setzer of letters; default [ausfertigung.New] with its defaults.
	Setzer *ausfertigung.Setzer
}

// Betrieb is a composed installation. Safe for concurrent use.
type Betrieb struct {
	// Annahme takes deliveries of channels that call by themselves.
	Annahme *intake.Annahme
	// Relay performs Auftraege; Sicherungen tells what it holds back from targets that fail.
	Relay       *relay.Relay
	Sicherungen *relay.Sicherungen
	// Veraktung files and collects answers.
	Veraktung *veraktung.Veraktung
	// Uebergabe hands over to Fachverfahren; its Handler takes their answers.
	Uebergabe *dienst.Dienst

	empfaenger map[string]*eingang.Empfang // by destination
	ablagen    []tenant.ID
	verfahren  []tenant.ID
	melder     *melder.Melder
	abholung   time.Duration
	log        *slog.Logger
	putz       putz
}

// New composes. It starts nothing.
func New(p Params, o *Options) (*Betrieb, error) {
	if o == nil {
		o = &Options{}
	}
	c := *o
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Abholung == 0 {
		c.Abholung = time.Minute
	}
	if c.Rechner == nil {
		c.Rechner = frist.New(nil)
	}
	b := &Betrieb{abholung: c.Abholung, log: c.Log, empfaenger: map[string]*eingang.Empfang{}, putz: newPutz(&p, &c)}
	b.melder = p.Melder
	b.ablagen = slices.Sorted(maps.Keys(p.Ablagen))
	b.verfahren = slices.Sorted(maps.Keys(p.Fachverfahren))
	if err := b.buildIntake(p, &c); err != nil {
		return nil, err
	}
	if err := b.buildRelay(p, &c); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Betrieb) buildIntake(p Params, o *Options) (err error) {
	o.Intake.Now, o.Intake.Log = o.Now, o.Log
	o.Intake.Pruefen = o.Intake.Pruefen || p.Regeln != nil
	b.Annahme, err = intake.New(intake.Params{
		Store: p.Store, Blobs: p.Blobs, Mandanten: p.Mandanten, Router: p.Zustaendigkeiten, Parser: p.Parser, Betreiber: p.Betreiber,
	}, &o.Intake)
	if err != nil {
		return err
	}
	o.Empfang.Now, o.Empfang.Log = o.Now, o.Log
	for i, s := range p.FITConnect {
		if s == nil {
			return fehler.New("betrieb.New", "", fehler.ErrInvalid, fmt.Errorf("missing Subscriber %d of FITConnect", i))
		}
		if b.empfaenger[s.DestinationID()] != nil {
			return fehler.New("betrieb.New", s.DestinationID(), fehler.ErrExists, errors.New("the destination is named twice"))
		}
		b.empfaenger[s.DestinationID()] = eingang.New(s, b.Annahme, &o.Empfang)
	}
	return nil
}

func (b *Betrieb) buildRelay(p Params, o *Options) (err error) {
	router, err := messaging.NewRouter(p.Kanaele, &messaging.RouterOptions{Fallback: p.Fallback})
	if err != nil {
		return err
	}
	if o.Setzer == nil {
		if o.Setzer, err = ausfertigung.New(nil); err != nil {
			return err
		}
	}
	o.Post.Now = o.Now
	if o.Relay.Sicherungen == nil {
		o.Relay.Sicherungen = relay.NewSicherungen(&relay.SicherungOptions{Now: o.Now})
	}
	if o.Post.Sicherungen == nil {
		o.Post.Sicherungen = o.Relay.Sicherungen
	}
	post, err := zustellung.New(zustellung.Params{
		Blobs: p.Blobs, Mandanten: p.Mandanten, Router: router, Setzer: o.Setzer, Rechner: o.Rechner,
	}, &o.Post)
	if err != nil {
		return err
	}
	b.Veraktung, err = veraktung.New(veraktung.Params{
		Store: p.Store, Blobs: p.Blobs, Mandanten: p.Mandanten, Ablagen: p.Ablagen,
	}, &veraktung.Options{Now: o.Now})
	if err != nil {
		return err
	}
	if b.Uebergabe, err = dienst.New(dienst.Params{Store: p.Store, Blobs: p.Blobs, Anschluesse: p.Fachverfahren}, &dienst.Options{Now: o.Now, Log: o.Log}); err != nil {
		return err
	}
	handlers := post.Handlers()
	handlers[vorgang.UebergabeAusfuehren] = b.Uebergabe
	handlers[vorgang.EingangQuittieren] = intake.NewQuittierung(p.Blobs, o.Now, eingang.NewQuittierer(p.FITConnect...))
	handlers[vorgang.AkteAbgeben] = b.Veraktung
	maps.Copy(handlers, relay.Termine(o.Now))
	if p.Zahlungsweg != nil {
		k, err := kasse.New(kasse.Params{Weg: p.Zahlungsweg}, &kasse.Options{Now: o.Now})
		if err != nil {
			return err
		}
		maps.Copy(handlers, k.Handlers())
	}
	if handlers[vorgang.WeiterleitungAusfuehren], err = weiterleitung.New(weiterleitung.Params{
		Store: p.Store, Blobs: p.Blobs, Mandanten: p.Mandanten, Router: p.Zustaendigkeiten,
	}, &weiterleitung.Options{Now: o.Now, Params: b.Annahme.Neu}); err != nil {
		return err
	}
	if p.Text == nil && p.Entwuerfe != nil {
		p.Text = p.Entwuerfe.Text(p.Mandanten, &entwurf.TextOptions{Melde: func(id uuid.UUID, err error) {
			o.Log.Warn("standard case left to a person", "vorgang", id, "error", err)
		}})
	}
	if p.Regeln != nil {
		if handlers[vorgang.AntragPruefen], err = pruefung.New(p.Regeln, &pruefung.Options{Now: o.Now, Text: p.Text}); err != nil {
			return err
		}
	}
	maps.Copy(handlers, p.Handlers)
	o.Relay.Now, o.Relay.Log = o.Now, o.Log
	if o.Relay.Regeln == nil {
		o.Relay.Regeln = relay.Regeln()
	}
	if o.Relay.Ziel == nil {
		o.Relay.Ziel = ziel
	}
	b.Relay, b.Sicherungen = relay.New(p.Store, handlers, &o.Relay), o.Relay.Sicherungen
	return nil
}

// ziel is what an Auftrag needs outside, for the breakers. Letters have one for each Kanal, which
// only their Handler knows; what is done within the house has none.
func ziel(a vorgang.Auftrag) string {
	switch a.Art {
	case vorgang.AkteAbgeben, vorgang.UebergabeAusfuehren, vorgang.ZahlungStarten, vorgang.ZahlungAbfragen:
		return string(a.Art) + " " + string(a.Mandant)
	case vorgang.EingangQuittieren:
		return string(a.Art)
	}
	return ""
}

// Callback takes the callbacks for one destination; they wake the receiver of
// [Betrieb.Run]. An unknown destination is fehler.ErrNotFound.
func (b *Betrieb) Callback(destinationID, secret string, o *fitconnect.CallbackOptions) (http.Handler, error) {
	e := b.empfaenger[destinationID]
	if e == nil {
		return nil, fehler.New("betrieb.Callback", destinationID, fehler.ErrNotFound, nil)
	}
	return e.Handler(secret, o)
}

// Run receives, performs and collects until ctx ends, then waits for what is at
// work and returns nil. Failures are logged and tried again.
func (b *Betrieb) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	for _, e := range b.empfaenger {
		wg.Go(func() { _ = e.Run(ctx) }) // Run only ends with ctx
	}
	wg.Go(func() { _ = b.Relay.Run(ctx) })
	wg.Go(func() { b.collect(ctx) })
	if b.melder != nil {
		wg.Go(func() { b.melder.Run(ctx) })
	}
	wg.Go(func() { b.cleanUp(ctx) })
	wg.Wait()
	return nil
}

func (b *Betrieb) collect(ctx context.Context) {
	for ctx.Err() == nil {
		for _, m := range b.ablagen {
			n, err := b.Veraktung.Collect(ctx, m)
			switch {
			case errors.Is(err, fehler.ErrUnsupported): // the target gives no answers
			case err != nil && ctx.Err() == nil:
				b.log.ErrorContext(ctx, "answers of the DMS", "mandant", m, "error", err)
			case n > 0:
				b.log.InfoContext(ctx, "answers of the DMS recorded", "mandant", m, "answers", n)
			}
		}
		for _, m := range b.verfahren {
			if _, err := b.Uebergabe.Collect(ctx, m); err != nil && ctx.Err() == nil {
				b.log.ErrorContext(ctx, "answers of Fachverfahren", "mandant", m, "error", err)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(b.abholung):
		}
	}
}
