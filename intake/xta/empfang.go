package xta

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"iter"
	"log/slog"
	"time"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Kanal of the Lieferungen.
const Kanal = "xta"

// Nachricht is one message as a Transport gives it. Teile can be opened until Done or
// Failed, as often as asked.
type Nachricht struct {
	// Kennung names it to the Transport.
	Kennung string
	// Metadaten is a document with the MessageMetaData; nil if the message itself has it.
	Metadaten *intake.Teil
	// Inhalt is the form, or an envelope that nobody opened.
	Inhalt  intake.Teil
	Anlagen []intake.Teil
}

// Transport gives messages. Implementations are safe for use by one Empfang.
type Transport interface {
	// Messages gives those that wait, the oldest first, each once in this pass. One that
	// was neither Done nor Failed comes again with the next pass, after a crash too. An
	// error beside a Kennung is about this one message: with fehler.Probleme it is Failed,
	// otherwise it is tried again; without a Kennung the pass is over.
	Messages(ctx context.Context) iter.Seq2[Nachricht, error]
	// Done is told after the outcome is durable: the Transport need not keep the message.
	Done(ctx context.Context, kennung string) error
	// Failed is told of a message that cannot become a Lieferung; the Transport keeps it
	// with the reason.
	Failed(ctx context.Context, kennung string, p fehler.Probleme) error
}

// Annehmer takes Lieferungen. *intake.Annahme fits.
type Annehmer interface {
	Receive(ctx context.Context, l intake.Lieferung) (intake.Ergebnis, error)
	Hold(ctx context.Context, l intake.Lieferung, p fehler.Probleme) (intake.Ergebnis, error)
}

// Params of an Empfang; all are mandatory.
type Params struct {
	Annahme   Annehmer
	Transport Transport
}

// Options of an Empfang; nil means defaults.
type Options struct {
	// Zuordnung fills in what the metadata means here: Leistung and Ort above all, which
	// XTA does not name as such. Without it, or with an error that is fehler.Probleme, the
	// Parser may fill them in; otherwise the delivery lies in the Klaerfach.
	Zuordnung func(k Kopf, l *intake.Lieferung) error
	// Poll is the pause between passes of Run; default 30 s.
	Poll time.Duration
	// After is the clock of the pauses; default time.After.
	After func(time.Duration) <-chan time.Time
	Log   *slog.Logger
}

// Empfang takes messages from a Transport to the Annahme: at least once, and by the
// MessageID as one Vorgang.
type Empfang struct {
	p Params
	o Options
}

// New makes an Empfang.
func New(p Params, o *Options) (*Empfang, error) {
	if p.Annahme == nil || p.Transport == nil {
		return nil, fehler.New("xta.New", "", fehler.ErrInvalid, errors.New("missing Annahme or Transport"))
	}
	e := &Empfang{p: p}
	if o != nil {
		e.o = *o
	}
	if e.o.Poll <= 0 {
		e.o.Poll = 30 * time.Second
	}
	if e.o.After == nil {
		e.o.After = time.After
	}
	if e.o.Log == nil {
		e.o.Log = slog.New(slog.DiscardHandler)
	}
	return e, nil
}

// Bericht counts what one pass did.
type Bericht struct {
	Angenommen, Klaerung, Abgewiesen int
	// Offen could not be decided and comes again.
	Offen int
}

// Run makes passes until the context ends, whose error it returns.
func (e *Empfang) Run(ctx context.Context) error {
	for {
		if b, err := e.Poll(ctx); err != nil && ctx.Err() == nil {
			e.o.Log.ErrorContext(ctx, "xta pass", "offen", b.Offen, "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.o.After(e.o.Poll):
		}
	}
}

// Poll makes one pass. What fails by itself stops none behind it; the errors come back
// joined, without a value of a form.
func (e *Empfang) Poll(ctx context.Context) (b Bericht, err error) {
	for n, nerr := range e.p.Transport.Messages(ctx) {
		if ctx.Err() != nil {
			return b, errors.Join(err, ctx.Err())
		}
		if nerr != nil && n.Kennung == "" {
			return b, errors.Join(err, nerr)
		}
		if nerr == nil {
			nerr = e.eine(ctx, n, &b)
		}
		if p := fehler.ProblemeIn(nerr); len(p) > 0 {
			if nerr = e.p.Transport.Failed(ctx, n.Kennung, p); nerr == nil {
				b.Abgewiesen++
			}
		}
		if nerr != nil {
			b.Offen++
			err = errors.Join(err, nerr)
		}
	}
	return b, err
}

func (e *Empfang) eine(ctx context.Context, n Nachricht, b *Bericht) error {
	art, kopf, err := kopfVon(ctx, n)
	if err != nil {
		return err
	}
	l := intake.Lieferung{Kanal: Kanal, Kennung: schluessel(kopf, n), Fachdaten: n.Inhalt, Dateien: n.Anlagen, Schema: kopf.PayloadSchema,
		Referenz: kopf.MessageID, OhneAbsage: true}
	l.Fachdaten.Zweck = vorgang.ZweckOriginal
	if n.Metadaten != nil {
		m := *n.Metadaten
		m.Zweck = vorgang.ZweckNachweis
		l.Nachweise = []intake.Teil{m}
	}
	var r intake.Ergebnis
	if art == OSCI12 || art == XTA2 || art == XTA3 {
		r, err = e.p.Annahme.Hold(ctx, l, fehler.Probleme{{Code: "xta.umschlag", Pfad: "data", Meldung: "an envelope (" + string(art) + ") that was not opened",
			Hinweis: "Die Nachricht ist noch in ihrem Umschlag (OSCI oder XTA); der Adapter hat den Inhalt nicht herausgenommen."}})
	} else {
		if e.o.Zuordnung != nil {
			if err := e.o.Zuordnung(kopf, &l); err != nil && len(fehler.ProblemeIn(err)) == 0 {
				return err
			}
		}
		r, err = e.p.Annahme.Receive(ctx, l)
	}
	if err != nil {
		// Problems here would be of the call, not of the message: it is tried again.
		return fehler.New("xta.Poll", "", fehler.ErrUnavailable, errors.New(err.Error()))
	}
	if err := e.p.Transport.Done(ctx, n.Kennung); err != nil {
		return err
	}
	switch r.Ausgang {
	case intake.Angenommen:
		b.Angenommen++
	default:
		b.Klaerung++
	}
	return nil
}

// kopfVon reads metadata and tells whether the Inhalt is an envelope.
func kopfVon(ctx context.Context, n Nachricht) (Art, Kopf, error) {
	read := func(t intake.Teil) (Art, Kopf, error) {
		r, err := t.Open(ctx)
		if err != nil {
			return "", Kopf{}, err
		}
		defer r.Close()
		return Recognise(ctx, r)
	}
	art, kopf, err := read(n.Inhalt)
	if n.Metadaten == nil || ctx.Err() != nil {
		if len(fehler.ProblemeIn(err)) > 0 && art == Andere {
			err = nil // a form: what is wrong with it its Parser says
		}
		return art, kopf, err
	}
	if err != nil && len(fehler.ProblemeIn(err)) == 0 {
		return "", Kopf{}, err
	}
	_, kopf, err = read(*n.Metadaten)
	if err == nil && kopf.MessageID == "" {
		err = fehler.Probleme{{Code: "xta.message-id", Pfad: "metadaten", Meldung: "no MessageMetaData with a MessageID",
			Hinweis: "Den Metadaten der Nachricht fehlt die Kennung (MessageID)."}}
	}
	return art, kopf, err
}

// schluessel is the MessageID, or without one the name the Transport gave it. A long one
// goes by its hash.
func schluessel(k Kopf, n Nachricht) string {
	s := "id:" + k.MessageID
	if k.MessageID == "" {
		s = "ordner:" + n.Kennung
	}
	if len(s) > 200 {
		h := sha256.Sum256([]byte(s))
		s = "sha256:" + hex.EncodeToString(h[:])
	}
	return s
}
