// Package dienst hands Vorgaenge over to Fachverfahren and takes what they answer: it
// is the relay's handler for vorgang.UebergabeAusfuehren, and turns answers into
// commands, the same way for HTTP, directories and NATS.
package dienst

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Anschluss is one Fachverfahren of a Mandant.
type Anschluss struct {
	// Ziel takes what is handed over; its name is the one in OrderUebergabe.
	Ziel uebergabe.Ziel
	// Schluessel verify answers; none: it gives no answers.
	Schluessel []signatur.Schluessel
	// Darf are the types of answers it may give; empty means TypStand and TypDokument.
	// To propose decisions and to close is allowed on purpose.
	Darf []string
}

// Params of a Dienst; all are mandatory.
type Params struct {
	Store *storage.Store
	Blobs blob.Store
	// Anschluesse of the Mandanten.
	Anschluesse map[tenant.ID][]Anschluss
}

// Options; nil means defaults.
type Options struct {
	// Now is the clock; it must be the one of the Store. Default time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Dienst hands over and takes answers. Safe for concurrent use.
type Dienst struct {
	p           Params
	now         func() time.Time
	log         *slog.Logger
	leser       *uebergabe.Leser
	anschluesse map[tenant.ID]map[string]Anschluss
	akteur      tenant.Akteur
}

var _ relay.Handler = (*Dienst)(nil)

// New makes a Dienst. A name twice within a Mandant is fehler.ErrExists.
func New(p Params, o *Options) (*Dienst, error) {
	if p.Store == nil || p.Blobs == nil {
		return nil, fehler.New("dienst.New", "", fehler.ErrInvalid, errors.New("params Store and Blobs are mandatory"))
	}
	l, err := uebergabe.NewLeser()
	if err != nil {
		return nil, err
	}
	d := &Dienst{p: p, now: time.Now, log: slog.New(slog.DiscardHandler), leser: l, anschluesse: map[tenant.ID]map[string]Anschluss{}, akteur: tenant.System("uebergabe")}
	if o != nil && o.Now != nil {
		d.now = o.Now
	}
	if o != nil && o.Log != nil {
		d.log = o.Log
	}
	for m, list := range p.Anschluesse {
		d.anschluesse[m] = map[string]Anschluss{}
		for _, a := range list {
			if a.Ziel == nil || a.Ziel.Name() == "" {
				return nil, fehler.New("dienst.New", string(m), fehler.ErrInvalid, errors.New("an Anschluss without Ziel or name"))
			}
			name := a.Ziel.Name()
			if _, twice := d.anschluesse[m][name]; twice {
				return nil, fehler.New("dienst.New", string(m)+" "+name, fehler.ErrExists, nil)
			}
			if len(a.Darf) == 0 {
				a.Darf = []string{uebergabe.TypStand, uebergabe.TypDokument}
			}
			d.anschluesse[m][name] = a
		}
	}
	return d, nil
}

// Handle performs one Auftrag. What the target refuses for good, and what cannot be
// handed over, is reported to the Vorgang with German reasons and is done; a target that
// is not configured or does not know us parks the Auftrag, and an operator looks; the
// rest is tried again.
func (d *Dienst) Handle(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	var x vorgang.UebergabeDaten
	if err := a.Decode(&x); err != nil {
		return nil, err
	}
	u, ok := v.Stand().Uebergabe(x.Uebergabe)
	if !ok {
		return nil, fehler.New("dienst.Handle", x.Uebergabe.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such hand-over"))
	}
	if !u.Gesendet.IsZero() || u.Zustand == vorgang.UebergabeGescheitert {
		return nil, nil // reported already
	}
	z, ok := d.anschluesse[a.Mandant][u.Ziel]
	if !ok {
		return nil, fehler.New("dienst.Handle", string(a.Mandant)+" "+u.Ziel, fehler.ErrUnsupported, errors.New("the target is not configured"))
	}
	s, err := d.sendung(ctx, a, u)
	if err != nil {
		return nil, err
	}
	q, err := z.Ziel.Uebergeben(ctx, s)
	switch {
	case err == nil:
		return func(v *vorgang.Vorgang) error { return v.RecordUebergabe(d.akteur, d.now(), u.ID, q.Kennung) }, nil
	case errors.Is(err, fehler.ErrInvalid) || errors.Is(err, fehler.ErrConflict):
		d.log.WarnContext(ctx, "hand-over refused", "uebergabe", u.ID, "ziel", u.Ziel, "error", err)
		hinweise := gruende(err)
		return func(v *vorgang.Vorgang) error {
			return v.RecordUebergabeFehler(d.akteur, d.now(), u.ID, hinweise)
		}, nil
	}
	return nil, err
}

// gruende are the German reasons of a refusal, for the clerk.
func gruende(err error) []string {
	var out []string
	var a *uebergabe.Ablehnung
	if errors.As(err, &a) {
		text := fmt.Sprintf("Das Fachverfahren hat die Übergabe abgelehnt (Code %d).", a.Status)
		if a.Detail != "" {
			text += " Es meldet: " + a.Detail
		}
		out = append(out, text)
	}
	for _, p := range fehler.ProblemeIn(err) {
		if p.Hinweis != "" && !slices.Contains(out, p.Hinweis) {
			out = append(out, p.Hinweis)
		}
	}
	if len(out) == 0 {
		out = append(out, "Die Übergabe an das Fachverfahren ist gescheitert. Bitte die Betreuung der Anwendung verständigen.")
	}
	return out
}

// sendung is made of the Vorgang as it was when the hand-over was ordered, so that a
// second try makes the same.
func (d *Dienst) sendung(ctx context.Context, a vorgang.Auftrag, u vorgang.Uebergabe) (*uebergabe.Sendung, error) {
	var journal []vorgang.Ereignis
	for e, err := range d.p.Store.Journal(ctx, a.Mandant, a.Vorgang) {
		if err != nil {
			return nil, err
		}
		if e.Seq > u.Bis {
			break
		}
		journal = append(journal, e)
	}
	s, err := vorgang.Replay(func(yield func(vorgang.Ereignis, error) bool) {
		for _, e := range journal {
			if !yield(e, nil) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return NewSendung(s, u, func(ctx context.Context, x vorgang.Datei) (io.ReadCloser, error) {
		return d.p.Blobs.Open(ctx, a.Mandant, blob.Ref{SHA512: x.SHA512, Groesse: x.Groesse})
	}), nil
}

// NewSendung gives what is handed over of a Vorgang: its newest files, and the data of
// the Antrag in the form they came in. open gives the bytes of a file.
func NewSendung(s vorgang.Stand, u vorgang.Uebergabe, open func(context.Context, vorgang.Datei) (io.ReadCloser, error)) *uebergabe.Sendung {
	an := s.Antrag
	out := &uebergabe.Sendung{
		ID: u.ID, Mandant: s.Mandant, Vorgang: s.ID, Nummer: s.Nummer, Aktenzeichen: s.Aktenzeichen, Leistung: s.Leistung, LeistungName: s.LeistungName,
		Einheit: s.Einheit, Ort: s.Ort, Eingang: s.Eingang, Erstellt: u.Angeordnet, Dateien: []uebergabe.Datei{},
		Antrag: uebergabe.Antrag{
			Kanal: an.Kanal, Kennung: an.Kennung, Referenz: an.Referenz, Onlinedienst: an.Onlinedienst, GestelltAm: an.GestelltAm, Schema: an.Schema,
			Person: uebergabe.Antragsteller{Name: an.Antragsteller.Name, Anschrift: an.Antragsteller.Anschrift, DigitalerBescheid: an.Antragsteller.DigitalerBescheid},
			Felder: felder(an.Felder),
		},
	}
	if f := uebergabe.FormatOf(an.Daten); f != "" {
		out.Antrag.Format, out.Antrag.Daten = f, an.Daten
	}
	for _, x := range s.AktuelleDateien() {
		out.Dateien = append(out.Dateien, uebergabe.Datei{
			ID: x.ID, Name: x.Name, MIME: x.MIME, Groesse: x.Groesse, SHA512: x.SHA512, Zweck: string(x.Zweck),
			Open: func(ctx context.Context) (io.ReadCloser, error) { return open(ctx, x) },
		})
		// FIM data whose original is XML came in as XFall.
		if out.Antrag.Format == uebergabe.FormatFIM && x.Zweck == vorgang.ZweckOriginal && (x.MIME == "application/xml" || x.MIME == "text/xml") {
			out.Antrag.XFall = x.ID
		}
	}
	return out
}

func felder(in []vorgang.Feld) []uebergabe.Feld {
	var out []uebergabe.Feld
	for _, f := range in {
		out = append(out, uebergabe.Feld{Name: f.Name, Label: f.Label, Wert: f.Wert, Felder: felder(f.Felder)})
	}
	return out
}
