// Package veraktung files closed Vorgaenge into the E-Akte without a clerk's hand:
// it builds the package, hands it to the Mandant's target as the relay's handler
// for vorgang.AkteAbgeben, and brings the answers back as commands.
package veraktung

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Ablage is where a Mandant files.
type Ablage struct {
	Ziel       dms.Ziel
	Empfaenger dms.Kontakt
	// Frist is kept with the hand-over: after it a missing answer counts as
	// overdue (dms.Abgabe.CheckOverdue); 0 never.
	Frist time.Duration
	// WithReceipt asks the receiver for a receipt before its import answer.
	WithReceipt bool
}

// Params of a Veraktung; all are mandatory.
type Params struct {
	Store     *storage.Store
	Blobs     blob.Store
	Mandanten tenant.Mandanten
	Ablagen   map[tenant.ID]Ablage
}

// Options of a Veraktung; nil means defaults.
type Options struct {
	Now func() time.Time
}

// Veraktung files. Safe for concurrent use.
type Veraktung struct {
	renderer *pdf.Renderer
	p        Params
	now      func() time.Time
	akteur   tenant.Akteur
}

// New makes a Veraktung.
func New(p Params, o *Options) (*Veraktung, error) {
	if p.Store == nil || p.Blobs == nil || p.Mandanten == nil {
		return nil, fehler.New("veraktung.New", "", fehler.ErrInvalid, errors.New("params Store, Blobs and Mandanten are mandatory"))
	}
	renderer, err := pdf.New(nil)
	if err != nil {
		return nil, err
	}
	v := &Veraktung{p: p, renderer: renderer, now: time.Now, akteur: tenant.System("veraktung")}
	if o != nil && o.Now != nil {
		v.now = o.Now
	}
	return v, nil
}

// konfigArt is where the record of a hand-over is kept, by ProzessID: the answer
// names nothing else.
const konfigArt = "dms.abgabe"

type beleg struct {
	Vorgang uuid.UUID `json:"vorgang"`
	// Version and Ordinal of the Auftrag order the hand-overs of one Vorgang.
	Version int64      `json:"version"`
	Ordinal int        `json:"ordinal"`
	Abgabe  dms.Abgabe `json:"abgabe"`
}

func (b beleg) before(other beleg) bool {
	return cmp.Or(cmp.Compare(b.Version, other.Version), cmp.Compare(b.Ordinal, other.Ordinal)) < 0
}

// Handle sends the package. A Mandant without Ablage is fehler.ErrUnsupported. The
// order lapses if the Vorgang was reopened meanwhile: the next Close orders anew.
func (w *Veraktung) Handle(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	ablage, ok := w.p.Ablagen[a.Mandant]
	if !ok || ablage.Ziel == nil {
		return nil, fehler.New("veraktung.Handle", string(a.Mandant), fehler.ErrUnsupported, nil)
	}
	var d vorgang.AbgebenDaten
	if err := a.Decode(&d); err != nil {
		return nil, err
	}
	if v.Status().Offen() {
		// What was sent now could not be reported, and a parked order would hold up
		// all that the reopened Vorgang sends.
		return nil, nil
	}
	if v.Status() != vorgang.Abgeschlossen {
		return nil, fehler.New("veraktung.Handle", a.Vorgang.String(), fehler.ErrInvalid, errors.New("the Vorgang is not closed"))
	}
	m, err := w.p.Mandanten.Mandant(ctx, a.Mandant)
	if err != nil {
		return nil, err
	}
	q := Quelle{
		Mandant: m, Empfaenger: ablage.Empfaenger, ProzessID: d.ProzessID, WithReceipt: ablage.WithReceipt, Renderer: w.renderer,
		Open: func(ctx context.Context, x vorgang.Datei) (io.ReadCloser, error) {
			return w.p.Blobs.Open(ctx, a.Mandant, blob.Ref{SHA512: x.SHA512, Groesse: x.Groesse})
		},
	}
	for e, err := range w.p.Store.Journal(ctx, a.Mandant, a.Vorgang) {
		if err != nil {
			return nil, err
		}
		if e.Seq > d.Bis {
			break
		}
		q.Journal = append(q.Journal, e)
	}
	// Not the Stand of today: a second try must make the same package.
	if q.Stand, err = vorgang.Replay(each(q.Journal)); err != nil {
		return nil, err
	}
	paket := NewPaket(q)
	schein, err := ablage.Ziel.Send(ctx, paket)
	if errors.Is(err, fehler.ErrConflict) { // another package under this ProzessID: no later try mends it
		err = fehler.New("veraktung.Handle", paket.ProzessID, fehler.ErrInvalid, err)
	}
	if err != nil {
		return nil, err
	}
	b := beleg{Vorgang: a.Vorgang, Version: a.Version, Ordinal: a.Ordinal, Abgabe: dms.NewAbgabe(schein, paket, ablage.Frist)}
	err = w.p.Store.PutKonfig(ctx, a.Mandant, konfigArt, paket.ProzessID, 0, b)
	if err != nil && !errors.Is(err, fehler.ErrExists) { // exists: an earlier try sent it
		return nil, err
	}
	return func(v *vorgang.Vorgang) error {
		return v.RecordAbgabe(w.akteur, w.now(), d.ProzessID, ablage.Ziel.Name())
	}, nil
}

func each(journal []vorgang.Ereignis) iter.Seq2[vorgang.Ereignis, error] {
	return func(yield func(vorgang.Ereignis, error) bool) {
		for _, e := range journal {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Collect brings in the answers that wait at the Mandant's target and gives their
// number. An answer is acknowledged to the target only after it is recorded. One
// that belongs to no known hand-over, or contradicts its result, is left there
// and reported; the others go on. The answer to a hand-over that was followed by
// a newer one is kept with it and does not reach the Vorgang.
func (w *Veraktung) Collect(ctx context.Context, mandant tenant.ID) (int, error) {
	r, ok := w.p.Ablagen[mandant].Ziel.(dms.Rueckmelder)
	if !ok {
		return 0, fehler.New("veraktung.Collect", string(mandant), fehler.ErrUnsupported, nil)
	}
	var errs []error
	n := 0
	for ant, err := range r.Answers(ctx) {
		if err == nil {
			err = w.record(ctx, mandant, ant)
		}
		if err == nil {
			err = r.Ack(ctx, ant.Kennung)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

// record applies the answer to the hand-over and to the Vorgang in one transaction.
func (w *Veraktung) record(ctx context.Context, mandant tenant.ID, ant dms.Antwort) error {
	return w.p.Store.Update(ctx, mandant, func(ctx context.Context, tx *storage.Tx) error {
		prozess, err := uuid.Parse(ant.ProzessID)
		if err != nil {
			return fehler.New("veraktung.Collect", ant.ProzessID, fehler.ErrInvalid, err)
		}
		key := prozess.String() // receivers write UUIDs in either case
		var b beleg
		version, err := tx.GetKonfig(ctx, konfigArt, key, &b)
		if err != nil {
			return err
		}
		abgabe, changed, err := b.Abgabe.Apply(ant, w.now())
		if err != nil || !changed {
			return err
		}
		b.Abgabe = abgabe
		if err := tx.PutKonfig(ctx, konfigArt, key, version, b); err != nil {
			return err
		}
		v, err := tx.Lock(ctx, b.Vorgang)
		if err != nil {
			return err
		}
		if old, err := superseded(ctx, tx, v.Stand().Abgabe, prozess, b); old || err != nil {
			return err
		}
		err = v.RecordAbgabeAntwort(w.akteur, w.now(), vorgang.AbgabeAntwort{
			ProzessID: prozess, Zustand: zustaende[abgabe.Zustand], Meldungen: meldungen(ant),
		})
		if err != nil {
			return err
		}
		return tx.Save(ctx, v)
	})
}

// superseded tells whether the Vorgang was filed anew after this hand-over. Its
// answer is kept with the hand-over and says nothing about the Vorgang any more.
func superseded(ctx context.Context, tx *storage.Tx, ist *vorgang.Abgabe, prozess uuid.UUID, b beleg) (bool, error) {
	if ist == nil || ist.ProzessID == prozess {
		return false, nil
	}
	var now beleg
	_, err := tx.GetKonfig(ctx, konfigArt, ist.ProzessID.String(), &now)
	if errors.Is(err, fehler.ErrNotFound) {
		return false, nil
	}
	return b.before(now), err
}

var zustaende = map[dms.Zustand]vorgang.AbgabeZustand{
	dms.Empfangen: vorgang.AbgabeEmpfangen, dms.Importiert: vorgang.Archiviert,
	dms.Teilweise: vorgang.AbgabeTeilweise, dms.Abgelehnt: vorgang.AbgabeAbgelehnt,
}

func meldungen(a dms.Antwort) []string {
	m := append([]string(nil), a.Meldungen...)
	for _, o := range a.Objekte {
		m = append(m, o.Meldungen...)
	}
	return m
}
