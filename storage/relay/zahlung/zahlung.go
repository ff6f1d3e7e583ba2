// Package zahlung performs Auftraege of the kinds vorgang.ZahlungStarten and
// vorgang.ZahlungAbfragen through a payment service, and books statements of account on
// the Vorgaenge of a Mandant. Everything may run any number of times: a payment has the
// id that was fixed when it was ordered, a movement the key of its statement.
package zahlung

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Params are the parts; all are mandatory.
type Params struct {
	// Weg gives the payment service of a Mandant. An error of kind
	// fehler.ErrUnsupported says that it has none; the Auftrag is then parked.
	Weg func(ctx context.Context, m tenant.ID) (zahlung.Zahlungsweg, error)
}

// Options; nil means defaults.
type Options struct {
	// Now is the clock; it must be the one of the Store. Default time.Now.
	Now func() time.Time
}

// Zahlung makes the Handlers. Safe for concurrent use.
type Zahlung struct {
	p      Params
	now    func() time.Time
	akteur tenant.Akteur
}

// New checks the parts.
func New(p Params, o *Options) (*Zahlung, error) {
	if p.Weg == nil {
		return nil, fehler.New("zahlung.New", "", fehler.ErrInvalid, errors.New("missing Weg"))
	}
	z := &Zahlung{p: p, now: time.Now, akteur: tenant.System("zahlung")}
	if o != nil && o.Now != nil {
		z.now = o.Now
	}
	return z, nil
}

// Handlers for a relay.
func (z *Zahlung) Handlers() map[vorgang.AuftragArt]relay.Handler {
	return map[vorgang.AuftragArt]relay.Handler{
		vorgang.ZahlungStarten: relay.HandlerFunc(z.starten), vorgang.ZahlungAbfragen: relay.HandlerFunc(z.abfragen),
	}
}

// starten places the payment. One the service will never take is reported as failed, so
// that the payer can pay in another way; it holds nothing up.
func (z *Zahlung) starten(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	d, war, err := lies(a, v)
	if err != nil || war.Weg != "" {
		return nichts, err // reported before
	}
	weg, err := z.p.Weg(ctx, a.Mandant)
	if err != nil {
		return nil, err
	}
	ist, err := weg.Start(ctx, d.Auftrag)
	if errors.Is(err, fehler.ErrInvalid) {
		ist, err = war.Zahlung, nil
		ist.Weg, ist.Zustand, ist.Hinweis, ist.Zeit = weg.Name(), zahlung.Fehlgeschlagen, "Der Bezahldienst nimmt diese Zahlung nicht an.", z.now()
	}
	if err != nil {
		return nil, err
	}
	return z.bericht(d.Gebuehr, ist), nil
}

// abfragen asks for the state of a payment; nothing else proves it.
func (z *Zahlung) abfragen(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	d, war, err := lies(a, v)
	if err != nil || war.Zustand.Final() {
		return nichts, err
	}
	weg, err := z.p.Weg(ctx, a.Mandant)
	if err != nil {
		return nil, err
	}
	ist, err := weg.Query(ctx, war.Zahlung)
	if err != nil {
		return nil, err
	}
	return z.bericht(d.Gebuehr, ist), nil
}

// bericht reports to a Vorgang that is still there; one about to be deleted has no open fee.
func (z *Zahlung) bericht(gebuehr uuid.UUID, ist zahlung.Zahlung) relay.Bericht {
	return func(v *vorgang.Vorgang) error { return v.RecordPayment(z.akteur, z.now(), gebuehr, ist, true) }
}

func nichts(*vorgang.Vorgang) error { return nil }

func lies(a vorgang.Auftrag, v *vorgang.Vorgang) (d vorgang.ZahlungDaten, z vorgang.Onlinezahlung, err error) {
	if err := a.Decode(&d); err != nil {
		return d, z, err
	}
	for _, g := range v.Stand().Gebuehren {
		for _, x := range g.Zahlungen {
			if g.ID == d.Gebuehr && x.ID == d.Zahlung {
				return d, x, nil
			}
		}
	}
	return d, z, fehler.New("zahlung", a.ID.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such payment"))
}
