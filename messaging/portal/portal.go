// Package portal is the embedded mailbox: the default Kanal, for citizens
// without a Nutzerkonto mailbox. Nachrichten lie in an [messaging.Ablage]; the
// web application shows them to the citizen through [Postfach].
package portal

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Name of the Kanal in addresses.
const Name = "portal"

// Options of the Kanal; nil means defaults.
type Options struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// MaxAnhaenge and MaxGroesse (bytes) limit one Nachricht; defaults 20 and 100 MiB.
	MaxAnhaenge int
	MaxGroesse  int64
	// KeinBescheid forbids decisions in this mailbox.
	KeinBescheid bool
	// Bekanntgabe is the legal way of a decision in this mailbox; default
	// "postfach" (§ 9 OZG and the law of the Land).
	Bekanntgabe string
}

// Kanal delivers into the embedded mailbox. Safe for concurrent use.
type Kanal struct {
	ablage messaging.Ablage
	o      Options
}

var (
	_ messaging.StatusAbfrager = (*Kanal)(nil)
	_ messaging.Rueckrufer     = (*Kanal)(nil)
)

// New makes the Kanal over an Ablage.
func New(ablage messaging.Ablage, o *Options) *Kanal {
	k := &Kanal{ablage: ablage}
	if o != nil {
		k.o = *o
	}
	if k.o.Now == nil {
		k.o.Now = time.Now
	}
	if k.o.MaxAnhaenge == 0 {
		k.o.MaxAnhaenge = 20
	}
	if k.o.MaxGroesse == 0 {
		k.o.MaxGroesse = 100 << 20
	}
	if k.o.Bekanntgabe == "" {
		k.o.Bekanntgabe = "postfach"
	}
	return k
}

// Name gives "portal".
func (k *Kanal) Name() string { return Name }

// Faehigkeiten: replies and, unless forbidden, decisions.
func (k *Kanal) Faehigkeiten() messaging.Faehigkeiten {
	return messaging.Faehigkeiten{
		MaxAnhaenge: k.o.MaxAnhaenge, MaxGroesse: k.o.MaxGroesse, Antwort: true,
		Bescheid: !k.o.KeinBescheid, Bekanntgabe: k.o.Bekanntgabe,
	}
}

// Deliver puts the Nachricht into the mailbox named by Adresse.Kennung. An empty
// Kennung matches fehler.ErrInvalid. The Quittung of a repeated Sendung is the
// first one's, whatever mailbox is named then. Files stay in the blob storage of the
// Mandant and are found by their hash.
func (k *Kanal) Deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	if err := ctx.Err(); err != nil {
		return messaging.Quittung{}, err
	}
	if s.ID == uuid.Nil {
		return messaging.Quittung{}, fehler.New("portal.Deliver", "", fehler.ErrInvalid, fehler.Probleme{{
			Code: "portal.id-fehlt", Meldung: "the Sendung has no id",
			Hinweis: "Die Sendung hat keine Kennung.",
		}})
	}
	if err := k.Faehigkeiten().Check(s.Nachricht); err != nil {
		return messaging.Quittung{}, fehler.New("portal.Deliver", s.ID.String(), fehler.ErrInvalid, err)
	}
	if s.Adresse.Kennung == "" {
		return messaging.Quittung{}, fehler.New("portal.Deliver", s.ID.String(), fehler.ErrInvalid, fehler.Probleme{{
			Code: "portal.adresse-fehlt", Meldung: "the address has no mailbox",
			Hinweis: "Die Postfach-Adresse ist leer.",
		}})
	}
	e, err := k.ablage.PutEintrag(ctx, s.Mandant, messaging.Eintrag{
		ID: s.ID, Postfach: s.Adresse.Kennung, Vorgang: s.Vorgang, Nummer: s.Nummer,
		Richtung: messaging.Ausgang, Zeit: k.o.Now().UTC().Truncate(time.Microsecond),
		Absender: s.Absender, Nachricht: s.Nachricht,
	})
	if err != nil {
		return messaging.Quittung{}, fehler.New("portal.Deliver", s.ID.String(), nil, err)
	}
	return messaging.Quittung{
		Sendung: s.ID, Kanal: Name, Zustand: messaging.Bereitgestellt, Zeit: e.Zeit, Referenz: e.ID.String(),
	}, nil
}

// QueryStatus implements [messaging.StatusAbfrager]: lies there, read or taken back. An
// Ablage that is no [messaging.Ausgangsablage] is fehler.ErrUnsupported.
func (k *Kanal) QueryStatus(ctx context.Context, s messaging.Sendungsbezug) (messaging.Quittung, error) {
	return k.nach(ctx, "QueryStatus", s, func(a messaging.Ausgangsablage) (messaging.Eintrag, error) {
		return a.FindEintrag(ctx, s.Mandant, s.Sendung)
	})
}

// Recall implements [messaging.Rueckrufer]; it needs an Ablage that is a
// [messaging.Ausgangsablage] and is fehler.ErrUnsupported without.
func (k *Kanal) Recall(ctx context.Context, s messaging.Sendungsbezug) (messaging.Quittung, error) {
	return k.nach(ctx, "Recall", s, func(a messaging.Ausgangsablage) (messaging.Eintrag, error) {
		return a.RecallEintrag(ctx, s.Mandant, s.Sendung, k.o.Now().UTC().Truncate(time.Microsecond))
	})
}

func (k *Kanal) nach(ctx context.Context, op string, s messaging.Sendungsbezug, do func(messaging.Ausgangsablage) (messaging.Eintrag, error)) (messaging.Quittung, error) {
	if err := ctx.Err(); err != nil {
		return messaging.Quittung{}, err
	}
	a, ok := k.ablage.(messaging.Ausgangsablage)
	if !ok {
		return messaging.Quittung{}, fehler.New("portal."+op, s.Sendung.String(), fehler.ErrUnsupported, nil)
	}
	e, err := do(a)
	if err == nil && e.Richtung != messaging.Ausgang {
		err = fehler.New("portal."+op, s.Sendung.String(), fehler.ErrNotFound, nil)
	}
	if err != nil {
		return messaging.Quittung{}, err
	}
	q := messaging.Quittung{Sendung: e.ID, Kanal: Name, Zustand: messaging.Bereitgestellt, Zeit: e.Zeit, Referenz: e.ID.String()}
	switch {
	case !e.Zurueckgerufen.IsZero():
		q.Zustand, q.Zeit = messaging.Zurueckgeholt, e.Zurueckgerufen
	case !e.Gelesen.IsZero():
		q.Zustand, q.Zeit = messaging.Gelesen, e.Gelesen
	}
	return q, nil
}

// Postfach is one citizen's mailbox at one Mandant. Safe for concurrent use.
type Postfach struct {
	ablage  messaging.Ablage
	mandant tenant.ID
	kennung string
	now     func() time.Time
}

// Postfach opens the mailbox; the caller has made sure that it is the citizen's own.
func (k *Kanal) Postfach(mandant tenant.ID, kennung string) *Postfach {
	return &Postfach{ablage: k.ablage, mandant: mandant, kennung: kennung, now: k.o.Now}
}

// All gives the Nachrichten oldest first without marking them read, and without those
// the authority took back.
func (p *Postfach) All(ctx context.Context) iter.Seq2[messaging.Eintrag, error] {
	return func(yield func(messaging.Eintrag, error) bool) {
		for e, err := range p.ablage.ListEintraege(ctx, p.mandant, p.kennung) {
			if err == nil && !e.Zurueckgerufen.IsZero() {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Read opens one Nachricht and marks it read. Another mailbox's Nachricht, and
// one that was taken back, is fehler.ErrNotFound.
func (p *Postfach) Read(ctx context.Context, id uuid.UUID) (messaging.Eintrag, error) {
	return p.ablage.MarkGelesen(ctx, p.mandant, p.kennung, id, p.now().UTC().Truncate(time.Microsecond))
}
