// Package antwort is the Kanal that answers an application in its own FIT-Connect
// case: to replyChannel.fitConnect of the submission it came with.
//
// The Kennung of an address is the id of the case. Which key and which formats
// the online service named is kept by the program: see [Faelle]. The data of a
// reply follow a standard of the online service, which differs from procedure to
// procedure: see [Schreiber].
package antwort

import (
	"context"
	"errors"
	"io"
	"regexp"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Name of the Kanal in addresses.
const Name = "fitconnect"

// Faelle finds the reply channel of a case. It is safe for concurrent use.
type Faelle interface {
	// Channel gives replyChannel.fitConnect of the submission of the case; a case
	// the Mandant does not have is ErrNotFound.
	Channel(ctx context.Context, mandant tenant.ID, caseID string) (fitconnect.ReplyFITConnect, error)
}

// Inhalt is a reply in a format of the online service.
type Inhalt struct {
	// ProcessStandard is the one of the channel the data follow.
	ProcessStandard string
	Data            []byte
	DataSchema      fitconnect.SchemaRef
	// Metadata without the description of data and attachments.
	Metadata fitconnect.Metadata
}

// Schreiber writes a Sendung in one of the formats of the channel. What has no
// format there is [fehler.Probleme]. A Sendung that
// was half sent is written again.
type Schreiber func(s messaging.Sendung, c fitconnect.ReplyFITConnect) (Inhalt, error)

// Params is what a [Kanal] needs; all fields are required.
type Params struct {
	Replier   *fitconnect.Replier
	Faelle    Faelle
	Schreiber Schreiber
	// Progress keeps how far each Sendung got, durably.
	Progress fitconnect.ProgressStore
}

// Options adjust a [Kanal]; the zero value of every field is a default.
type Options struct {
	// MaxAnhaenge and MaxGroesse (bytes) limit one Nachricht; 0 is 20 and 100 MiB.
	MaxAnhaenge int
	MaxGroesse  int64
	// Bekanntgabe, if set, is the legal way of a decision through an online
	// service; empty forbids decisions, since which way that is depends on the law
	// of the procedure.
	Bekanntgabe string
}

// Kanal answers in the case. Safe for concurrent use. Idempotence lies in the
// [fitconnect.ProgressStore], as for the Kanal of package messaging/bundid.
type Kanal struct {
	p    Params
	o    Options
	once *fitconnect.Once
}

var _ messaging.Kanal = (*Kanal)(nil)

// New checks the parameters. It makes no call.
func New(p Params, o *Options) (*Kanal, error) {
	if p.Replier == nil || p.Faelle == nil || p.Schreiber == nil {
		return nil, fehler.New("antwort.New", "", fehler.ErrInvalid, errors.New("replier, cases and writer are required"))
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
	return k, nil
}

// Name gives "fitconnect".
func (k *Kanal) Name() string { return Name }

// Faehigkeiten are those of the options. A reply cannot be answered: the online
// service sends a new submission in the case.
func (k *Kanal) Faehigkeiten() messaging.Faehigkeiten {
	return messaging.Faehigkeiten{MaxAnhaenge: k.o.MaxAnhaenge, MaxGroesse: k.o.MaxGroesse,
		Bescheid: k.o.Bekanntgabe != "", Bekanntgabe: k.o.Bekanntgabe}
}

var uuidRE = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// Deliver implements [messaging.Kanal]. The Quittung says uebergeben: the
// delivery service has the reply; Stand tells whether the online service took it.
func (k *Kanal) Deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	if err := ctx.Err(); err != nil {
		return messaging.Quittung{}, err
	}
	if s.ID == uuid.Nil {
		return messaging.Quittung{}, problem("", "antwort.id-fehlt", "the Sendung has no id", "Die Sendung hat keine Kennung.")
	}
	p, err := k.once.Send(ctx, key(s.Mandant, s.ID), func(ctx context.Context, p *fitconnect.Progress, save func(context.Context, *fitconnect.Progress) error) error {
		d, err := k.draft(ctx, s)
		if err != nil {
			return err
		}
		_, err = k.p.Replier.Continue(ctx, d, p, save)
		return err
	})
	if err == nil {
		return quittung(s.ID, p), nil
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return messaging.Quittung{}, ctxErr
	}
	switch {
	case fehler.ProblemeIn(err) != nil:
		err = fehler.New("antwort.Deliver", s.ID.String(), fehler.ErrInvalid, err)
	case errors.Is(err, fehler.ErrForbidden), errors.Is(err, fehler.ErrConflict):
		// The service refuses for reasons that are not in the Sendung.
		err = fehler.New("antwort.Deliver", s.ID.String(), fehler.ErrUnavailable, errors.New(err.Error()))
	default:
		err = fehler.New("antwort.Deliver", s.ID.String(), nil, err)
	}
	return messaging.Quittung{}, err
}

func (k *Kanal) draft(ctx context.Context, s messaging.Sendung) (fitconnect.ReplyDraft, error) {
	if err := k.Faehigkeiten().Check(s.Nachricht); err != nil {
		return fitconnect.ReplyDraft{}, err
	}
	if !uuidRE.MatchString(s.Adresse.Kennung) {
		return fitconnect.ReplyDraft{}, problem(s.ID.String(), "antwort.adresse", "the address is no case id", "Die Adresse nennt keinen FIT-Connect-Fall.")
	}
	channel, err := k.p.Faelle.Channel(ctx, s.Mandant, s.Adresse.Kennung)
	if err != nil {
		return fitconnect.ReplyDraft{}, err
	}
	in, err := k.p.Schreiber(s, channel)
	if err != nil {
		return fitconnect.ReplyDraft{}, err
	}
	d := fitconnect.ReplyDraft{CaseID: s.Adresse.Kennung, Channel: channel, ProcessStandard: in.ProcessStandard, FirstStands: true,
		Metadata: in.Metadata, Data: in.Data, DataSchema: in.DataSchema}
	for _, a := range s.Nachricht.Anhaenge {
		d.Sources = append(d.Sources, fitconnect.Source{Size: a.Groesse,
			MetadataAttachment: fitconnect.MetadataAttachment{Filename: a.Name, MIMEType: a.MIME, Purpose: fitconnect.PurposeAttachment,
				Hash: fitconnect.Hash{Type: "sha512", Content: a.SHA512}},
			Open: func(ctx context.Context) (io.ReadCloser, error) { return s.Open(ctx, a) }})
	}
	return d, nil
}

// Stand tells what became of a Sendung: bereitgestellt once the online service
// accepted the reply, fehlgeschlagen with its reasons if it or the service
// refused it, otherwise uebergeben. Nothing delivered under the id is ErrNotFound.
func (k *Kanal) Stand(ctx context.Context, mandant tenant.ID, sendung uuid.UUID) (messaging.Quittung, []fitconnect.Problem, error) {
	p, err := k.once.Progress(ctx, key(mandant, sendung))
	if err != nil {
		return messaging.Quittung{}, nil, err
	}
	if !p.Done {
		return messaging.Quittung{}, nil, fehler.New("antwort.Stand", sendung.String(), fehler.ErrNotFound, errors.New("not delivered yet"))
	}
	_, log, err := k.p.Replier.Status(ctx, p.Sent())
	if err != nil || log == nil {
		return quittung(sendung, p), nil, err
	}
	q, subject := quittung(sendung, p), fitconnect.SubjectOfReply(p.SubmissionID)
	if e := log.Last(subject, fitconnect.EventRejectReply); e != nil {
		q.Zustand, q.Zeit = messaging.Fehlgeschlagen, e.IssuedAt
		return q, e.Problems, nil
	}
	if e := log.Last(subject, fitconnect.EventAcceptReply); e != nil {
		q.Zustand, q.Zeit = messaging.Bereitgestellt, e.IssuedAt
	}
	return q, nil, nil
}

func quittung(id uuid.UUID, p *fitconnect.Progress) messaging.Quittung {
	return messaging.Quittung{Sendung: id, Kanal: Name, Zustand: messaging.Uebergeben, Zeit: p.DoneAt, Referenz: p.SubmissionID}
}

func key(m tenant.ID, id uuid.UUID) string { return Name + "/" + string(m) + "/" + id.String() }

func problem(id, code, meldung, hinweis string) error {
	return fehler.New("antwort.Deliver", id, fehler.ErrInvalid, fehler.Probleme{{Code: code, Meldung: meldung, Hinweis: hinweis}})
}
