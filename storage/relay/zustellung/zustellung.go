// Package zustellung brings Nachrichten and Bescheide to the citizen: it holds the
// handlers of the relay that choose a Kanal, set the document, deliver, and watch
// for the day of Bekanntgabe and of Bestandskraft.
package zustellung

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Params of a Zustellung; all are mandatory.
type Params struct {
	Blobs     blob.Store
	Mandanten tenant.Mandanten
	Router    *messaging.Router
	Setzer    *ausfertigung.Setzer
	Rechner   *frist.Rechner
}

// Options of a Zustellung; nil means defaults.
type Options struct {
	Now func() time.Time
}

// Zustellung holds the handlers. Safe for concurrent use.
type Zustellung struct {
	p      Params
	now    func() time.Time
	akteur tenant.Akteur
}

// New makes a Zustellung.
func New(p Params, o *Options) (*Zustellung, error) {
	if p.Blobs == nil || p.Mandanten == nil || p.Router == nil || p.Setzer == nil || p.Rechner == nil {
		return nil, fehler.New("zustellung.New", "", fehler.ErrInvalid, errors.New("all Params are mandatory"))
	}
	z := &Zustellung{p: p, now: time.Now, akteur: tenant.System("zustellung")}
	if o != nil && o.Now != nil {
		z.now = o.Now
	}
	return z, nil
}

// Handlers for [relay.New].
func (z *Zustellung) Handlers() map[vorgang.AuftragArt]relay.Handler {
	return map[vorgang.AuftragArt]relay.Handler{
		vorgang.NachrichtSenden:     relay.HandlerFunc(z.sendNachricht),
		vorgang.BescheidAusfertigen: relay.HandlerFunc(z.ausfertigen),
		vorgang.BescheidSenden:      relay.HandlerFunc(z.sendBescheid),
		vorgang.BekanntgabeFeststellen: z.termin(func(v *vorgang.Vorgang, now time.Time, id uuid.UUID) error {
			return v.RecordBekanntgabe(z.akteur, now, id)
		}),
		vorgang.BestandskraftFeststellen: z.termin(func(v *vorgang.Vorgang, now time.Time, id uuid.UUID) error {
			return v.RecordBestandskraft(z.akteur, now, id)
		}),
	}
}

func (z *Zustellung) sendNachricht(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	var d vorgang.NachrichtDaten
	if err := a.Decode(&d); err != nil {
		return nil, err
	}
	s := v.Stand()
	for _, n := range s.Nachrichten {
		if n.Nachricht.ID != d.Nachricht {
			continue
		}
		wahl, err := z.choose(s, n.Nachricht)
		if err != nil {
			return nil, err
		}
		q, err := z.deliver(ctx, a, s, n.Nachricht, wahl)
		if err != nil {
			return nil, err
		}
		return func(v *vorgang.Vorgang) error {
			return v.RecordDelivery(z.akteur, z.now(), d.Nachricht, q, wahl.Begruendung())
		}, nil
	}
	return nil, fehler.New("zustellung.sendNachricht", d.Nachricht.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such Nachricht"))
}

// choose finds the way to the citizen.
func (z *Zustellung) choose(s vorgang.Stand, n messaging.Nachricht) (messaging.Wahl, error) {
	return z.p.Router.Choose(s.Antrag.Antragsteller.Empfaenger, n)
}

func (z *Zustellung) deliver(ctx context.Context, a vorgang.Auftrag, s vorgang.Stand, n messaging.Nachricht, wahl messaging.Wahl) (messaging.Quittung, error) {
	m, e, err := z.absender(ctx, s)
	if err != nil {
		return messaging.Quittung{}, err
	}
	absender := m.Name
	if e.Name != "" {
		absender += ", " + e.Name
	}
	q, err := wahl.Kanal.Deliver(ctx, messaging.Sendung{
		ID: a.ID, Mandant: s.Mandant, Absender: absender, Vorgang: s.ID, Nummer: s.Nummer,
		Empfaenger: s.Antrag.Antragsteller.Empfaenger, Adresse: wahl.Adresse, Nachricht: n,
		Open: func(ctx context.Context, x messaging.Anhang) (io.ReadCloser, error) {
			return z.p.Blobs.Open(ctx, s.Mandant, blob.Ref{SHA512: x.SHA512, Groesse: x.Groesse})
		},
	})
	if err == nil && q.Zeit.IsZero() {
		q.Zeit = z.now() // a Quittung without a time must not start a period in year 1
	}
	return q, err
}

func (z *Zustellung) absender(ctx context.Context, s vorgang.Stand) (*tenant.Mandant, tenant.Organisationseinheit, error) {
	m, err := z.p.Mandanten.Mandant(ctx, s.Mandant)
	if err != nil {
		return nil, tenant.Organisationseinheit{}, err
	}
	e, _ := m.Einheit(s.Einheit)
	return m, e, nil
}

// fileName takes out of a number what would be a path or is refused in file names.
var fileName = strings.NewReplacer("/", "-", `\`, "-", ":", "-", "*", "-", "?", "-", `"`, "-", "<", "-", ">", "-", "|", "-")

func (z *Zustellung) ausfertigen(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	s := v.Stand()
	b, err := findBescheid(a, s)
	if err != nil {
		return nil, err
	}
	m, e, err := z.absender(ctx, s)
	if err != nil {
		return nil, err
	}
	kopf := ausfertigung.Kopf{Mandant: m, Einheit: e, Empfaenger: s.Antrag.Antragsteller.Empfaenger, Nummer: s.Nummer}
	if len(s.Aktenzeichen) > 0 {
		kopf.Aktenzeichen = s.Aktenzeichen[0]
	}
	if s.Zuweisung != nil {
		kopf.Bearbeiter = s.Zuweisung.Name
	}
	var buf bytes.Buffer
	if _, err := z.p.Setzer.Write(&buf, kopf, b); err != nil {
		if errors.Is(err, fehler.ErrConflict) { // not the released text: no later try mends it
			err = fehler.New("zustellung.ausfertigen", b.ID.String(), fehler.ErrInvalid, err)
		}
		return nil, err
	}
	ref, err := z.p.Blobs.Put(ctx, s.Mandant, &buf)
	if err != nil {
		return nil, err
	}
	return func(v *vorgang.Vorgang) error {
		return v.RecordAusfertigung(z.akteur, z.now(), b.ID, vorgang.Datei{
			Anhang: messaging.Anhang{
				// The Auftrag id: a second try names the same file.
				ID: a.ID, Name: "Bescheid-" + fileName.Replace(s.Nummer) + ".pdf", MIME: "application/pdf", Groesse: ref.Groesse, SHA512: ref.SHA512,
			},
			Herkunft: "ausfertigung",
		})
	}, nil
}

func (z *Zustellung) sendBescheid(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	s := v.Stand()
	b, err := findBescheid(a, s)
	if err != nil {
		return nil, err
	}
	if b.Dokument == nil {
		return nil, fehler.New("zustellung.sendBescheid", b.ID.String(), fehler.ErrInvalid, errors.New("the Bescheid has no document"))
	}
	m, _, err := z.absender(ctx, s)
	if err != nil {
		return nil, err
	}
	n := messaging.Nachricht{
		ID: a.ID, Art: messaging.BescheidArt, Betreff: b.Inhalt.Betreff, Anhaenge: []messaging.Anhang{*b.Dokument},
		Text: fmt.Sprintf("Über Ihren Antrag%s ist entschieden. Den Bescheid finden Sie im Anhang.\n\nIhre Vorgangsnummer ist %s.", quoted(s.LeistungName), s.Nummer),
	}
	wahl, err := z.choose(s, n)
	if err != nil {
		return nil, err
	}
	p := bescheid.BekanntgabeParams{
		Inhalt: b.Inhalt, Land: m.Land, ARS: m.ARS, Tag: datum.Von(z.now()),
		Kanal: frist.Kanal(wahl.Kanal.Faehigkeiten().Bekanntgabe),
	}
	// Whether this way leads to a date must be known before the letter leaves the
	// house; afterwards nobody could call it back.
	if _, err := bescheid.ComputeBekanntgabe(z.p.Rechner, p); err != nil {
		return nil, err
	}
	q, err := z.deliver(ctx, a, s, n, wahl)
	if err != nil {
		return nil, err
	}
	p.Tag = datum.Von(q.Zeit)
	bekanntgabe, err := bescheid.ComputeBekanntgabe(z.p.Rechner, p)
	if err != nil {
		return nil, err
	}
	return func(v *vorgang.Vorgang) error {
		return v.RecordVersand(z.akteur, z.now(), vorgang.Versand{
			Bescheid: b.ID, Nachricht: n, Quittung: q, Gruende: wahl.Begruendung(), Bekanntgabe: bekanntgabe,
		})
	}, nil
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return " „" + name + "“"
}

func (z *Zustellung) termin(record func(*vorgang.Vorgang, time.Time, uuid.UUID) error) relay.Handler {
	return relay.HandlerFunc(func(_ context.Context, a vorgang.Auftrag, _ *vorgang.Vorgang) (relay.Bericht, error) {
		var d vorgang.BescheidDaten
		if err := a.Decode(&d); err != nil {
			return nil, err
		}
		return func(v *vorgang.Vorgang) error {
			now := z.now()
			if now.Before(a.Faellig) {
				now = a.Faellig // it was leased as due; the clock has been set back since
			}
			return record(v, now, d.Bescheid)
		}, nil
	})
}

func findBescheid(a vorgang.Auftrag, s vorgang.Stand) (bescheid.Bescheid, error) {
	var d vorgang.BescheidDaten
	if err := a.Decode(&d); err != nil {
		return bescheid.Bescheid{}, err
	}
	for _, b := range s.Bescheide {
		if b.ID == d.Bescheid {
			return b, nil
		}
	}
	return bescheid.Bescheid{}, fehler.New("zustellung", d.Bescheid.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such Bescheid"))
}
