package zustellung

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Abfrageplan is a plan for [Options.Abfrage]: after an hour, six hours, a day, three days,
// and then weekly up to a month after the delivery.
func Abfrageplan() []time.Duration {
	const tag = 24 * time.Hour
	return []time.Duration{time.Hour, 5 * time.Hour, 18 * time.Hour, 2 * tag, 4 * tag, 7 * tag, 7 * tag, 9 * tag}
}

// frage orders the next question about a Sendung if its Kanal can answer and the plan has one.
func (z *Zustellung) frage(v *vorgang.Vorgang, k messaging.Kanal, d vorgang.SendungDaten) error {
	if _, ok := k.(messaging.StatusAbfrager); !ok || d.Versuch >= len(z.o.Abfrage) {
		return nil
	}
	now := z.now()
	return v.FollowSendung(z.akteur, now, d, now.Add(z.o.Abfrage[d.Versuch]))
}

// abfragen asks a Kanal what became of a Sendung. A Kanal that is gone or cannot say it
// ends the questions; one that cannot say it now is asked again by the rules of the relay.
func (z *Zustellung) abfragen(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	d, war, err := sendung(a, v)
	if err != nil || war.Zustand.Final() {
		return nichts, err
	}
	k, _ := z.p.Router.Kanal(war.Kanal)
	abfrager, ok := k.(messaging.StatusAbfrager)
	if !ok {
		return nichts, nil
	}
	q, err := abfrager.QueryStatus(ctx, messaging.Sendungsbezug{Mandant: a.Mandant, Sendung: d.Sendung, Referenz: war.Referenz})
	switch {
	case errors.Is(err, fehler.ErrUnsupported):
		return nichts, nil
	case errors.Is(err, fehler.ErrNotFound):
		q = messaging.Quittung{} // nothing new; perhaps it is not there yet
	case err != nil:
		return nil, err
	}
	return z.wennMeldbar(func(v *vorgang.Vorgang) error {
		if q.Sendung == d.Sendung {
			if q.Zeit.IsZero() {
				q.Zeit = z.now()
			}
			if err := v.RecordDelivery(z.akteur, z.now(), d.Nachricht, q, ""); err != nil {
				return err
			}
		}
		if q.Zustand.Final() {
			return nil
		}
		d := d
		d.Versuch++
		return z.frage(v, k, d)
	}), nil
}

// zurueckrufen takes a letter back that nobody has read.
func (z *Zustellung) zurueckrufen(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	d, war, err := sendung(a, v)
	if err != nil || war.Zustand == messaging.Zurueckgeholt {
		return nichts, err
	}
	k, _ := z.p.Router.Kanal(war.Kanal)
	grund := "Dieser Weg kann keine Nachricht zurückholen."
	if r, ok := k.(messaging.Rueckrufer); ok {
		q, err := r.Recall(ctx, messaging.Sendungsbezug{Mandant: a.Mandant, Sendung: d.Sendung, Referenz: war.Referenz})
		switch {
		case err == nil:
			return func(v *vorgang.Vorgang) error {
				if err := v.RecordDelivery(z.akteur, z.now(), d.Nachricht, q, ""); err != nil {
					return err
				}
				if _, ist, err := sendung(a, v); err != nil || ist.Zustand == messaging.Zurueckgeholt {
					return err
				}
				return v.RecordRecallFailure(z.akteur, z.now(), d, "Die Nachricht ist schon gelesen oder abgeholt.")
			}, nil
		case errors.Is(err, fehler.ErrConflict):
			grund = "Die Nachricht ist schon gelesen oder abgeholt."
		case errors.Is(err, fehler.ErrNotFound):
			grund = "Das Postfach kennt die Nachricht nicht."
		case !errors.Is(err, fehler.ErrUnsupported):
			return nil, err
		}
	}
	return func(v *vorgang.Vorgang) error { return v.RecordRecallFailure(z.akteur, z.now(), d, grund) }, nil
}

// wennMeldbar reports nothing to a Vorgang that takes no reports any more: nobody waits for it.
func (z *Zustellung) wennMeldbar(b relay.Bericht) relay.Bericht {
	return func(v *vorgang.Vorgang) error {
		if v.May(z.akteur, z.now(), vorgang.BefehlMelden) != nil {
			return nil
		}
		return b(v)
	}
}

func nichts(*vorgang.Vorgang) error { return nil }

// sendung finds what an Auftrag is about.
func sendung(a vorgang.Auftrag, v *vorgang.Vorgang) (d vorgang.SendungDaten, s vorgang.Sendungsstand, err error) {
	if err := a.Decode(&d); err != nil {
		return d, s, err
	}
	for _, n := range v.Stand().Nachrichten {
		if n.Nachricht.ID != d.Nachricht {
			continue
		}
		all := n.Sendungen()
		if i := slices.IndexFunc(all, func(x vorgang.Sendungsstand) bool { return x.Sendung == d.Sendung }); i >= 0 {
			return d, all[i], nil
		}
	}
	return d, s, fehler.New("zustellung", a.ID.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such Sendung"))
}
