package bundid

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Name of the Kanal in addresses. The Kennung of an address is the UUID of the mailbox.
const Name = "bundid"

// KanalParams is what a [Kanal] needs; all fields are required.
type KanalParams struct {
	Sender *fitconnect.Sender
	Target Target
	Signer *Signer
	// Progress keeps how far each Sendung got, durably: without it a Sendung could
	// go out twice after a crash.
	Progress fitconnect.ProgressStore
	// Vertrauensniveau is the level (1 to 4) a reader must have logged in with. A
	// message above the level of the citizen's account cannot be opened.
	Vertrauensniveau int
}

// KanalOptions adjust a [Kanal]; the zero value of every field is a default.
type KanalOptions struct {
	// MaxAnhaenge and MaxGroesse (bytes) limit one Nachricht; 0 is 20 and 100 MiB.
	// The limits of the ZBP are not published.
	MaxAnhaenge int
	MaxGroesse  int64
	// KeinBescheid forbids decisions in this mailbox.
	KeinBescheid bool
	// Bekanntgabe is the legal way of a decision; empty is "postfach" (§ 9 OZG).
	Bekanntgabe string
	// Antwort: replies reach the authority, at the address ReplyAddress gives.
	Antwort      bool
	ReplyAddress func(messaging.Sendung) string
	// Dienst names the administrative service; nil gives the Absender.
	Dienst func(messaging.Sendung) string
	// ApplicationID gives the id of the application at BundID; nil gives none.
	ApplicationID func(messaging.Sendung) string
	// SenderURL is the web address of the authority.
	SenderURL string
	// Author is the sending software, for the metadata.
	Author *fitconnect.Author
}

// Kanal delivers to mailboxes of BundID. Safe for concurrent use.
//
// FIT-Connect has no key that would make a repeated submission the same one, so
// idempotence lies in the [fitconnect.ProgressStore]: the handing over is decided
// by the event log of the one submission the Progress names. What the protocol
// cannot exclude: two processes that deliver the same Sendung at the same time
// (the relay's lease does), and a store that forgets. Whether the mailbox exists
// is decided by the ZBP later: see Stand.
type Kanal struct {
	p    KanalParams
	o    KanalOptions
	once *fitconnect.Once
}

var _ messaging.Kanal = (*Kanal)(nil)

// NewKanal checks the parameters. It makes no call.
func NewKanal(p KanalParams, o *KanalOptions) (*Kanal, error) {
	const op = "NewKanal"
	if p.Sender == nil || p.Signer == nil || p.Progress == nil || p.Target.DestinationID == "" {
		return nil, invalid(op, errors.New("sender, signer, progress store and destination are required"))
	}
	if p.Vertrauensniveau < 1 || p.Vertrauensniveau > 4 {
		return nil, invalid(op, errors.New("the Vertrauensniveau is not between 1 and 4"))
	}
	once, err := fitconnect.NewOnce(p.Progress)
	if err != nil {
		return nil, err
	}
	k := &Kanal{p: p, once: once}
	if o != nil {
		k.o = *o
	}
	if k.o.MaxAnhaenge == 0 {
		k.o.MaxAnhaenge = 20
	}
	if k.o.MaxGroesse == 0 {
		k.o.MaxGroesse = 100 << 20
	}
	k.o.Bekanntgabe = either(k.o.Bekanntgabe, "postfach")
	if k.o.Antwort && k.o.ReplyAddress == nil {
		return nil, invalid(op, errors.New("replies need a ReplyAddress"))
	}
	return k, nil
}

// Name gives "bundid".
func (k *Kanal) Name() string { return Name }

// Faehigkeiten are those of the options.
func (k *Kanal) Faehigkeiten() messaging.Faehigkeiten {
	return messaging.Faehigkeiten{MaxAnhaenge: k.o.MaxAnhaenge, MaxGroesse: k.o.MaxGroesse, Antwort: k.o.Antwort,
		Bescheid: !k.o.KeinBescheid, Bekanntgabe: k.o.Bekanntgabe}
}

// Deliver implements [messaging.Kanal]. The Quittung says uebergeben: the
// delivery service has the message; Stand tells whether the ZBP took it.
func (k *Kanal) Deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	if err := ctx.Err(); err != nil {
		return messaging.Quittung{}, err
	}
	if s.ID == uuid.Nil {
		return messaging.Quittung{}, fehler.New("bundid.Deliver", "", fehler.ErrInvalid, fehler.Probleme{{
			Code: "bundid.id-fehlt", Meldung: "the Sendung has no id", Hinweis: "Die Sendung hat keine Kennung."}})
	}
	p, err := k.once.Send(ctx, key(s.Mandant, s.ID), func(ctx context.Context, p *fitconnect.Progress, save func(context.Context, *fitconnect.Progress) error) error {
		d, err := k.draft(s)
		if err != nil {
			return err
		}
		_, err = k.p.Sender.Continue(ctx, d, p, save)
		return err
	})
	if err != nil {
		if ctxErr := ctx.Err(); ctxErr != nil {
			return messaging.Quittung{}, ctxErr
		}
		return messaging.Quittung{}, deliverError(s.ID, err)
	}
	return quittung(s.ID, p), nil
}

// deliverError keeps ErrNotFound for the address: that the destination is not
// found or closed is a matter of configuration or of the ZBP.
func deliverError(id uuid.UUID, err error) error {
	if fehler.ProblemeIn(err) != nil {
		return fehler.New("bundid.Deliver", id.String(), fehler.ErrInvalid, err)
	}
	for _, k := range []error{fehler.ErrNotFound, fehler.ErrForbidden, fehler.ErrConflict} {
		if errors.Is(err, k) {
			return fehler.New("bundid.Deliver", id.String(), fehler.ErrUnavailable, errors.New(err.Error()))
		}
	}
	return fehler.New("bundid.Deliver", id.String(), nil, err)
}

func quittung(id uuid.UUID, p *fitconnect.Progress) messaging.Quittung {
	return messaging.Quittung{Sendung: id, Kanal: Name, Zustand: messaging.Uebergeben, Zeit: p.DoneAt, Referenz: p.SubmissionID}
}

func key(m tenant.ID, id uuid.UUID) string { return Name + "/" + string(m) + "/" + id.String() }

func (k *Kanal) draft(s messaging.Sendung) (fitconnect.Draft, error) {
	if err := k.Faehigkeiten().Check(s.Nachricht); err != nil {
		return fitconnect.Draft{}, err
	}
	m := Message{MailboxUUID: s.Adresse.Kennung, StorkQAALevel: k.p.Vertrauensniveau, Sender: s.Absender, Service: s.Absender,
		Title: s.Nachricht.Betreff, Content: s.Nachricht.Text, Reference: s.Nummer, SenderURL: k.o.SenderURL}
	if k.o.Dienst != nil {
		m.Service = k.o.Dienst(s)
	}
	if k.o.ApplicationID != nil {
		m.ApplicationID = k.o.ApplicationID(s)
	}
	if k.o.Antwort && s.Nachricht.Antwort != messaging.AntwortNein {
		m.ReplyAddress = k.o.ReplyAddress(s)
	}
	var sources []fitconnect.Source
	for _, a := range s.Nachricht.Anhaenge {
		sources = append(sources, fitconnect.Source{Size: a.Groesse,
			MetadataAttachment: fitconnect.MetadataAttachment{Filename: a.Name, MIMEType: a.MIME, Purpose: fitconnect.PurposeAttachment,
				Hash: fitconnect.Hash{Type: "sha512", Content: a.SHA512}},
			Open: func(ctx context.Context) (io.ReadCloser, error) { return s.Open(ctx, a) }})
	}
	d, err := MessageDraft(k.p.Signer, k.p.Target, m, sources, &Extra{SenderReference: s.ID.String(), Author: k.o.Author})
	d.FirstStands = true // the ID counts: a configuration that changed meanwhile does not
	return d, err
}

// Stand tells what became of a Sendung: bereitgestellt once the ZBP accepted it,
// fehlgeschlagen with its reasons if it refused it (such as an unknown mailbox),
// otherwise uebergeben. The log of events is verified. Nothing delivered under
// the id is ErrNotFound.
func (k *Kanal) Stand(ctx context.Context, mandant tenant.ID, sendung uuid.UUID) (messaging.Quittung, []fitconnect.Problem, error) {
	const op = "Stand"
	p, err := k.once.Progress(ctx, key(mandant, sendung))
	if err != nil {
		return messaging.Quittung{}, nil, err
	}
	if !p.Done {
		return messaging.Quittung{}, nil, fehler.New("bundid."+op, sendung.String(), fehler.ErrNotFound, errors.New("not delivered yet"))
	}
	_, log, err := k.p.Sender.Status(ctx, p.Sent())
	if err != nil {
		return messaging.Quittung{}, nil, err
	}
	q := quittung(sendung, p)
	if log == nil {
		return q, nil, nil
	}
	subject := fitconnect.SubjectOfSubmission(p.SubmissionID)
	if e := log.Last(subject, fitconnect.EventRejectSubmission); e != nil {
		q.Zustand, q.Zeit = messaging.Fehlgeschlagen, e.IssuedAt
		return q, e.Problems, nil
	}
	if e := log.Last(subject, fitconnect.EventAcceptSubmission); e != nil {
		q.Zustand, q.Zeit = messaging.Bereitgestellt, e.IssuedAt
	}
	return q, nil, nil
}
