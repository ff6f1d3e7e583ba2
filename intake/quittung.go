package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Quittierer tells the sender of a channel that a submission is durable. It must
// be idempotent: telling twice is as good as once. The Teile it returns are the
// proof and are kept with the Vorgang.
type Quittierer interface {
	Kanal() string
	Quittiere(ctx context.Context, d vorgang.QuittierenDaten) ([]Teil, error)
}

// NewQuittierung gives the relay's handler for vorgang.EingangQuittieren. An
// Auftrag of a channel without Quittierer is fehler.ErrUnsupported and parked. now
// nil is time.Now.
func NewQuittierung(blobs blob.Store, now func() time.Time, q ...Quittierer) relay.Handler {
	if now == nil {
		now = time.Now
	}
	akteur := tenant.System("annahme")
	return relay.HandlerFunc(func(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
		var d vorgang.QuittierenDaten
		if err := a.Decode(&d); err != nil {
			return nil, err
		}
		for _, x := range q {
			if x.Kanal() != d.Kanal {
				continue
			}
			teile, err := x.Quittiere(ctx, d)
			if err != nil {
				return nil, err
			}
			belege, err := keepBelege(ctx, blobs, a, d.Kanal, teile)
			if err != nil {
				return nil, err
			}
			return func(v *vorgang.Vorgang) error { return v.RecordQuittung(akteur, now(), d.Kanal, belege...) }, nil
		}
		return nil, fehler.New("intake.Quittierung", d.Kanal, fehler.ErrUnsupported, nil)
	})
}

func keepBelege(ctx context.Context, blobs blob.Store, a vorgang.Auftrag, kanal string, teile []Teil) ([]vorgang.Datei, error) {
	var out []vorgang.Datei
	for i, t := range teile {
		r, err := t.open(ctx)
		if err != nil {
			return nil, err
		}
		ref, err := blobs.Put(ctx, a.Mandant, r)
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, err
		}
		if t.ID == uuid.Nil {
			t.ID = uuid.NewSHA1(a.ID, fmt.Appendf(nil, "%d/%s", i, t.Name)) // the same with every try
		}
		out = append(out, vorgang.Datei{
			Anhang:   messaging.Anhang{ID: t.ID, Name: safeName(t.Name), MIME: t.MIME, Groesse: ref.Groesse, SHA512: ref.SHA512},
			Herkunft: kanal,
		})
	}
	return out, nil
}
