// Package fitconnect receives submissions of one FIT-Connect destination and takes
// them through the intake pipeline. The protocol itself is package
// messaging/fitconnect.
package fitconnect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	protokoll "github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Kanal is the name of the channel in Vorgaenge and addresses.
const Kanal = "fitconnect"

// Options of an Empfang; nil means defaults.
type Options struct {
	Now   func() time.Time
	NewID func() uuid.UUID
	Log   *slog.Logger
	// Poll is the pause between two looks at the list of waiting submissions, in
	// case a callback is missed; default 5 minutes.
	Poll time.Duration
	// Parallel is how many submissions are received at the same time; default
	// GOMAXPROCS. What they hold of large ones together the Subscriber bounds
	// (protokoll.SubscriberOptions.MaxInFlight).
	Parallel int
	// Pause is how long a submission that failed twice in a row is left alone, doubled
	// with each further time up to MaxPause; defaults 30 seconds and 15 minutes.
	Pause, MaxPause time.Duration
	// Ort is the place of submissions that name no region, such as all of version 1
	// of the API: "DE" and digits of ARS or AGS. Without it they lie in the Klaerfach.
	Ort string
	// Ablauf is told of every submission that waits at the delivery service for
	// AblaufNach or longer, again with every look; nil logs a warning. See
	// [Empfang.CheckAblauf].
	Ablauf func(ctx context.Context, w protokoll.Waiting)
	// AblaufNach is the age from which a submission waits too long; default 2 days,
	// before the service writes its first mail to the operator.
	AblaufNach time.Duration
	// AblaufAlle is how often Run looks for them; default 6 hours.
	AblaufAlle time.Duration
	// Adressen gives the ways to answer and the applicant's account. The default
	// takes the reply channel of the metadata and, behind it, the embedded mailbox
	// "portal" under the same account.
	Adressen func(r *protokoll.Received) (konto string, a []messaging.Adresse)
}

// Empfang receives. Safe for concurrent use.
type Empfang struct {
	sub     *protokoll.Subscriber
	annahme *intake.Annahme
	o       Options
	wake    chan struct{}
	arbeit  arbeit
}

// New makes an Empfang for the destination of the Subscriber.
func New(sub *protokoll.Subscriber, annahme *intake.Annahme, o *Options) *Empfang {
	e := &Empfang{sub: sub, annahme: annahme, wake: make(chan struct{}, 1)}
	if o != nil {
		e.o = *o
	}
	if e.o.Now == nil {
		e.o.Now = time.Now
	}
	if e.o.NewID == nil {
		e.o.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	if e.o.Log == nil {
		e.o.Log = slog.New(slog.DiscardHandler)
	}
	if e.o.Poll == 0 {
		e.o.Poll = 5 * time.Minute
	}
	if e.o.Parallel <= 0 {
		e.o.Parallel = runtime.GOMAXPROCS(0)
	}
	if e.o.Pause <= 0 {
		e.o.Pause = 30 * time.Second
	}
	if e.o.MaxPause <= 0 {
		e.o.MaxPause = 15 * time.Minute
	}
	if e.o.Ablauf == nil {
		e.o.Ablauf = e.logAblauf
	}
	if e.o.AblaufNach == 0 {
		e.o.AblaufNach = 48 * time.Hour
	}
	if e.o.AblaufAlle == 0 {
		e.o.AblaufAlle = 6 * time.Hour
	}
	if e.o.Adressen == nil {
		e.o.Adressen = adressen
	}
	e.arbeit = arbeit{plaetze: make(chan struct{}, e.o.Parallel), laeuft: map[string]bool{}, pausen: map[string]misserfolge{}}
	return e
}

// Handler takes the callbacks of the delivery service. A callback is only a hint
// to look; it is verified and wakes [Empfang.Run]. A secret that is too weak is an
// error of package messaging/fitconnect.
func (e *Empfang) Handler(secret string, o *protokoll.CallbackOptions) (http.Handler, error) {
	return protokoll.NewCallbackHandler(secret, func(context.Context, protokoll.Notification) error {
		select {
		case e.wake <- struct{}{}:
		default: // a look is due already
		}
		return nil
	}, o)
}

// Run receives until ctx ends: at once, after every callback, and every Poll. A
// submission that takes long does not keep those that arrive meanwhile, as long as fewer
// than Parallel do. Failures are logged; what failed is offered again by the delivery
// service. It returns after the last submission it began has ended.
func (e *Empfang) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	failed := func(err error) {
		if err != nil && ctx.Err() == nil {
			e.o.Log.ErrorContext(ctx, "receiving failed", "destination", e.sub.DestinationID(), "error", err)
		}
	}
	var due time.Time
	for ctx.Err() == nil {
		failed(e.look(ctx, &wg, func(_ intake.Ergebnis, err error) { failed(err) }))
		due = e.watch(ctx, due)
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-time.After(e.o.Poll):
		}
	}
	return nil
}

// Poll receives everything that waits, Parallel at the same time, and gives the outcomes
// in any order. A submission that fails does not keep the others; the errors are joined.
// One that another call is receiving at this moment, or that pauses after it failed, is
// left out.
func (e *Empfang) Poll(ctx context.Context) ([]intake.Ergebnis, error) {
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		out  []intake.Ergebnis // GUARDED_BY(mu)
		errs []error           // GUARDED_BY(mu)
	)
	err := e.look(ctx, &wg, func(r intake.Ergebnis, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			errs = append(errs, err)
			return
		}
		out = append(out, r)
	})
	wg.Wait()
	return out, errors.Join(append(errs, err)...)
}

// Receive takes one submission through protocol checks and pipeline, and answers
// the sender: what was refused is rejected with its problems, what lies in the
// Klaerfach is accepted here, after it is durable. A new Vorgang is accepted by
// the relay through its Auftrag, see [Quittierer]. After an error nothing was
// decided and the submission stays with the delivery service.
func (e *Empfang) Receive(ctx context.Context, ref protokoll.SubmissionRef) (intake.Ergebnis, error) {
	erg, err := e.annahme.Known(ctx, Kanal, ref.SubmissionID)
	if errors.Is(err, fehler.ErrNotFound) {
		erg, err = e.fetch(ctx, ref)
	}
	if err != nil {
		return erg, err
	}
	return erg, e.answer(ctx, ref, erg)
}

func (e *Empfang) fetch(ctx context.Context, ref protokoll.SubmissionRef) (intake.Ergebnis, error) {
	x := e.lauf(ctx)
	r, err := e.sub.FetchStream(ctx, ref.SubmissionID, x.sink)
	if p := fehler.ProblemeIn(err); p != nil && r != nil {
		return e.annahme.Refuse(ctx, e.rest(ref, r, x.teile), append(p, x.probleme...))
	}
	if err != nil {
		return intake.Ergebnis{}, err
	}
	l, err := e.lieferung(r, x.teile)
	if err != nil {
		return intake.Ergebnis{}, err
	}
	if len(x.probleme) > 0 {
		return e.annahme.Refuse(ctx, l, x.probleme)
	}
	return e.annahme.Receive(ctx, l)
}

// answer tells the sender by what the register says, not by what this fetch found.
func (e *Empfang) answer(ctx context.Context, ref protokoll.SubmissionRef, erg intake.Ergebnis) error {
	if erg.Ausgang == intake.Abgelehnt {
		if err := e.sub.Reject(ctx, ref, e.sub.ProblemsOf(uebersetze(erg.Probleme))); err != nil {
			return err
		}
		e.archive(ctx, ref)
		return nil
	}
	if erg.Quittung == nil {
		return nil // the Auftrag of the Vorgang does it
	}
	var r protokoll.Receipt
	if err := json.Unmarshal(erg.Quittung, &r); err != nil {
		return fehler.New("fitconnect.Receive", ref.SubmissionID, fehler.ErrInvalid, errors.New("the stored receipt is not readable"))
	}
	if err := e.sub.AcceptReceipt(ctx, r); err != nil {
		return err
	}
	if erg.Ausgang == intake.Klaerung { // else it has a Vorgang, which gets the log from its Auftrag
		e.archive(ctx, ref)
	}
	return nil
}

func (e *Empfang) lieferung(r *protokoll.Received, teile map[string]intake.Teil) (intake.Lieferung, error) {
	quittung, err := json.Marshal(r.Receipt())
	if err != nil {
		return intake.Lieferung{}, err
	}
	m := r.Metadata
	l := intake.Lieferung{
		Kanal: Kanal, Kennung: r.Submission.SubmissionID, Eingang: e.eingang(r),
		Leistung: r.Submission.PublicService.Identifier, Ort: cmp.Or(r.Submission.Region, e.o.Ort), Quittung: quittung,
		Nachweise: e.nachweise(r),
		// Version 1 allows submissions without data; they are decided like those of an unknown schema.
		Fachdaten: intake.Bytes(e.o.NewID(), dataName(""), "", vorgang.ZweckOriginal, nil),
	}
	if d := m.ContentStructure.Data; d != nil {
		l.Schema = d.SubmissionSchema.SchemaURI
		l.Fachdaten = intake.Bytes(e.o.NewID(), dataName(d.SubmissionSchema.MIMEType), d.SubmissionSchema.MIMEType, vorgang.ZweckOriginal, r.Data)
	}
	for _, a := range r.Attachments {
		if t, ok := teile[a.AttachmentID]; ok { // otherwise it was too large
			l.Dateien = append(l.Dateien, t)
		}
	}
	if a := m.AdditionalReferenceInfo; a != nil {
		l.Referenz, l.DigitalerBescheid = a.SenderReference, a.ZustimmungZumDigitalenBescheid
		if d, err := datum.Parse(a.ApplicationDate); err == nil {
			l.GestelltAm = d
		}
	}
	if m.Author != nil {
		l.Onlinedienst = m.Author.Name
	}
	l.Konto, l.Adressen = e.o.Adressen(r)
	return l, nil
}

// eingang is the receipt: when the submission reached the delivery service, the
// device the authority has opened for receipt (§ 130 (1) BGB applied to public
// law), not when this process fetched it.
func (e *Empfang) eingang(r *protokoll.Received) time.Time {
	if r.Log != nil && r.Log.Submit != nil && !r.Log.Submit.IssuedAt.IsZero() {
		return r.Log.Submit.IssuedAt
	}
	return e.o.Now()
}

// rest keeps what of a broken submission could be had: at least its encrypted form.
func (e *Empfang) rest(ref protokoll.SubmissionRef, r *protokoll.Received, teile map[string]intake.Teil) intake.Lieferung {
	l := intake.Lieferung{Kanal: Kanal, Kennung: ref.SubmissionID, Eingang: e.eingang(r), Nachweise: e.nachweise(r)}
	encrypted, err := json.Marshal(r.Submission)
	if err != nil || r.Submission == nil {
		encrypted = []byte(ref.SubmissionID)
	} else {
		l.Leistung, l.Ort = r.Submission.PublicService.Identifier, cmp.Or(r.Submission.Region, e.o.Ort)
	}
	l.Fachdaten = intake.Bytes(e.o.NewID(), "submission.json", "application/json", vorgang.ZweckOriginal, encrypted)
	for _, a := range r.Attachments {
		if t, ok := teile[a.AttachmentID]; ok {
			l.Dateien = append(l.Dateien, t)
		}
	}
	return l
}

func (e *Empfang) nachweise(r *protokoll.Received) []intake.Teil {
	var t []intake.Teil
	if r.MetadataRaw != nil {
		t = append(t, intake.Bytes(e.o.NewID(), "metadata.json", "application/json", vorgang.ZweckNachweis, r.MetadataRaw))
	}
	if len(r.SETs) > 0 { // also of a log that is not valid: it is what was judged
		t = append(t, logTeil(e.o.NewID(), "event-log-eingang.txt", r.SETs))
	}
	return t
}

func dataName(mime string) string {
	if mime == "application/xml" {
		return "fachdaten.xml"
	}
	return "fachdaten.json"
}

func zweck(purpose string) vorgang.Zweck {
	if purpose == "form" {
		return vorgang.ZweckFormular
	}
	return vorgang.ZweckAnlage
}

func adressen(r *protokoll.Received) (string, []messaging.Adresse) {
	konto := "case:" + r.Submission.CaseID
	var a []messaging.Adresse
	if c := r.Metadata.ReplyChannel; c != nil {
		switch {
		case c.IDBundDeMailbox != nil:
			konto = c.IDBundDeMailbox.MailboxUUID
			a = append(a, messaging.Adresse{Kanal: "bundid", Kennung: konto})
		case c.FITConnect != nil:
			a = append(a, messaging.Adresse{Kanal: Kanal, Kennung: r.Submission.CaseID})
		}
	}
	return konto, append(a, messaging.Adresse{Kanal: "portal", Kennung: konto})
}
