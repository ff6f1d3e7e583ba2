// Package jetstream hands over through NATS JetStream: the event is published to a
// stream and the acknowledgement waited for, files lie in an object store under their
// SHA-512, and answers come from a durable consumer.
//
// Repeats are kept out twice: by Nats-Msg-Id within the window of the stream, and,
// since each Sendung has a subject of its own, by the demand that this subject is still
// empty, for as long as the stream keeps the message. Beyond that the receiver knows a
// repeat by the id of the event.
//
// An event that is larger than the server takes is put into the object store too; the
// message then has no data and names the object in the extension "dataref".
package jetstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Params of a Ziel. All but Antworten are mandatory. Stream, bucket and consumer are
// made by who runs the server: their retention and rights are not for a sender to choose.
type Params struct {
	Name   string
	Quelle string
	// JS is the connection; it belongs to the caller, who closes it.
	JS jetstream.JetStream
	// Subject before the id of the Sendung, such as "uebergabe.kiel.gewerbe"; the
	// stream takes "<Subject>.*".
	Subject string
	// Schluessel sign the message; several during a rollover.
	Schluessel []signatur.Schluessel
	// Dateien is the object store for files.
	Dateien jetstream.ObjectStore
	// Antworten is a durable pull consumer with explicit acknowledgement; nil: no answers.
	Antworten jetstream.Consumer
}

// Options; nil means defaults.
type Options struct {
	Now func() time.Time
	// Timeout of waiting for an acknowledgement and for answers; default 10 seconds
	// and 1 second.
	Timeout, Warten time.Duration
	// MaxNachricht is the size of an event, in bytes, from which it goes into the
	// object store; default 512 KiB, half of what a server takes by default.
	MaxNachricht int
	// MaxAntwort is the size of one answer; default 16 MiB. MaxAntworten is how many
	// come at once; default 1000.
	MaxAntwort, MaxAntworten int
}

// Ziel is a Fachverfahren behind JetStream. Safe for concurrent use.
type Ziel struct {
	p Params
	o Options
}

var (
	_ uebergabe.Ziel        = (*Ziel)(nil)
	_ uebergabe.Rueckmelder = (*Ziel)(nil)
)

var subject = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// New makes a Ziel. Wrong params are fehler.ErrInvalid.
func New(p Params, o *Options) (*Ziel, error) {
	z := &Ziel{p: p}
	if o != nil {
		z.o = *o
	}
	if z.o.Now == nil {
		z.o.Now = time.Now
	}
	z.o.Timeout, z.o.Warten = orDuration(z.o.Timeout, 10*time.Second), orDuration(z.o.Warten, time.Second)
	z.o.MaxNachricht, z.o.MaxAntwort, z.o.MaxAntworten = orInt(z.o.MaxNachricht, 512<<10), orInt(z.o.MaxAntwort, 16<<20), orInt(z.o.MaxAntworten, 1000)
	if p.Name == "" || p.Quelle == "" || p.JS == nil || !subject.MatchString(p.Subject) || len(p.Schluessel) == 0 || p.Dateien == nil {
		return nil, fehler.New("jetstream.New", p.Name, fehler.ErrInvalid,
			errors.New("Name, Quelle, JS, Subject without wildcards, Schluessel and Dateien are mandatory"))
	}
	return z, nil
}

func orDuration(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

func orInt(n, def int) int {
	if n <= 0 {
		return def
	}
	return n
}

// Name implements uebergabe.Ziel.
func (z *Ziel) Name() string { return z.p.Name }

// Uebergeben implements uebergabe.Ziel. The files are in the object store before the
// event is published, so a receiver never looks for one in vain.
func (z *Ziel) Uebergeben(ctx context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	q, err := z.uebergeben(ctx, s)
	switch {
	case err == nil:
		return q, nil
	case ctx.Err() != nil:
		return uebergabe.Quittung{}, ctx.Err()
	case errors.Is(err, fehler.ErrInvalid):
		return uebergabe.Quittung{}, fehler.New("jetstream.Uebergeben", s.ID.String(), fehler.ErrInvalid, err)
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrPermissionViolation), errors.Is(err, jetstream.ErrStreamNotFound):
		return uebergabe.Quittung{}, fehler.New("jetstream.Uebergeben", s.ID.String(), fehler.ErrForbidden, errors.New("the server refuses us, or the stream is missing"))
	}
	// A time-out of ours is no context error of the caller, so the cause is not kept as one.
	return uebergabe.Quittung{}, fehler.New("jetstream.Uebergeben", s.ID.String(), fehler.ErrUnavailable, errors.New(err.Error()))
}

func (z *Ziel) uebergeben(ctx context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	if err := ctx.Err(); err != nil {
		return uebergabe.Quittung{}, err
	}
	if err := s.Check(); err != nil {
		return uebergabe.Quittung{}, fehler.New("jetstream.Uebergeben", s.ID.String(), fehler.ErrInvalid, err)
	}
	body, err := s.Ereignis(z.p.Quelle, z.verweis(s), "")
	if err != nil {
		return uebergabe.Quittung{}, err
	}
	for _, d := range s.Dateien {
		if err := z.put(ctx, z.objekt(s, d), d); err != nil {
			return uebergabe.Quittung{}, err
		}
	}
	if len(body) > z.o.MaxNachricht {
		name := fmt.Sprintf("%s/%s.json", s.Mandant, s.ID)
		if _, err := z.p.Dateien.PutBytes(ctx, name, body); err != nil {
			return uebergabe.Quittung{}, err
		}
		if body, err = s.Ereignis(z.p.Quelle, nil, objektURI+name); err != nil {
			return uebergabe.Quittung{}, err
		}
	}
	now := z.o.Now()
	u, err := signatur.Sign(s.ID.String(), now, body, z.p.Schluessel...)
	if err != nil {
		return uebergabe.Quittung{}, err
	}
	m := nats.NewMsg(z.p.Subject + "." + s.ID.String())
	m.Data = body
	m.Header.Set("Content-Type", uebergabe.MIME)
	u.Set(http.Header(m.Header))
	pctx, cancel := context.WithTimeout(ctx, z.o.Timeout)
	defer cancel()
	ack, err := z.p.JS.PublishMsg(pctx, m, jetstream.WithMsgID(s.ID.String()), jetstream.WithExpectLastSequencePerSubject(0))
	q := uebergabe.Quittung{Sendung: s.ID, Ziel: z.p.Name, Zeit: now.UTC()}
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant):
		q.Wiederholt = true // it lies in the stream already
		return q, nil
	case err != nil:
		return uebergabe.Quittung{}, err
	}
	q.Kennung, q.Wiederholt = fmt.Sprintf("%s:%d", ack.Stream, ack.Sequence), ack.Duplicate
	return q, nil
}

// objektURI goes before the name of an object in a Verweis.
const objektURI = "nats-object:"

func (z *Ziel) objekt(s *uebergabe.Sendung, d uebergabe.Datei) string {
	return string(s.Mandant) + "/" + d.SHA512
}

func (z *Ziel) verweis(s *uebergabe.Sendung) func(uebergabe.Datei) (string, error) {
	return func(d uebergabe.Datei) (string, error) { return objektURI + z.objekt(s, d), nil }
}

// put stores a file once: under its hash it never changes.
func (z *Ziel) put(ctx context.Context, name string, d uebergabe.Datei) error {
	info, err := z.p.Dateien.GetInfo(ctx, name)
	if err == nil && info.Size == uint64(d.Groesse) {
		return nil
	}
	if err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		return err
	}
	r, err := d.Verified(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	m := &merker{r: r}
	if _, err := z.p.Dateien.Put(ctx, jetstream.ObjectMeta{Name: name}, m); err != nil {
		if m.err != nil { // ours, not that of the server
			return m.err
		}
		return err
	}
	return nil
}

// merker keeps the error of a reader: who copies from it may hide the cause.
type merker struct {
	r   io.Reader
	err error
}

func (m *merker) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && err != io.EOF {
		m.err = err
	}
	return n, err
}

// Fetch opens the bytes a Verweis of an event names, for receivers in Go.
func Fetch(ctx context.Context, dateien jetstream.ObjectStore, verweis string) (io.ReadCloser, error) {
	name, ok := strings.CutPrefix(verweis, objektURI)
	if !ok {
		return nil, fehler.New("jetstream.Fetch", "", fehler.ErrInvalid, errors.New("names no object"))
	}
	o, err := dateien.Get(ctx, name)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, fehler.New("jetstream.Fetch", "", fehler.ErrNotFound, nil)
	}
	return o, err
}

// Answers implements uebergabe.Rueckmelder. It waits a short time for the first; what
// is not acknowledged the server gives again after the consumer's AckWait. Without
// Antworten the only element is fehler.ErrUnsupported.
func (z *Ziel) Answers(ctx context.Context) iter.Seq2[uebergabe.Antwort, error] {
	return func(yield func(uebergabe.Antwort, error) bool) {
		if z.p.Antworten == nil {
			yield(uebergabe.Antwort{}, fehler.New("jetstream.Answers", z.p.Name, fehler.ErrUnsupported, nil))
			return
		}
		for range z.o.MaxAntworten {
			if err := ctx.Err(); err != nil {
				yield(uebergabe.Antwort{}, err)
				return
			}
			m, err := z.p.Antworten.Next(jetstream.FetchMaxWait(z.o.Warten))
			if errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) {
				return
			}
			if err != nil {
				yield(uebergabe.Antwort{}, fehler.New("jetstream.Answers", z.p.Name, fehler.ErrUnavailable, errors.New(err.Error())))
				return
			}
			// The place to acknowledge at is the server's; nothing is kept here.
			a := uebergabe.Antwort{Kennung: m.Reply(), Inhalt: m.Data()}
			u, err := signatur.FromHeader(canonical(m.Headers()))
			if err != nil || len(a.Inhalt) > z.o.MaxAntwort {
				a = uebergabe.Antwort{Kennung: a.Kennung}
				err = fehler.New("jetstream.Answers", z.p.Name, fehler.ErrInvalid, errors.New("the answer cannot be read"))
			}
			a.Umschlag = u
			if !yield(a, err) {
				return
			}
		}
	}
}

// canonical takes headers in either case: NATS does not change them.
func canonical(h nats.Header) http.Header {
	out := http.Header{}
	for k, v := range h {
		for _, x := range v {
			out.Add(k, x)
		}
	}
	return out
}

// Ack implements uebergabe.Rueckmelder.
func (z *Ziel) Ack(ctx context.Context, kennung string) error {
	if !strings.HasPrefix(kennung, "$JS.ACK.") {
		return fehler.New("jetstream.Ack", z.p.Name, fehler.ErrNotFound, nil)
	}
	ctx, cancel := context.WithTimeout(ctx, z.o.Timeout)
	defer cancel()
	if _, err := z.p.JS.Conn().RequestWithContext(ctx, kennung, []byte("+ACK")); err != nil {
		return fehler.New("jetstream.Ack", z.p.Name, fehler.ErrUnavailable, errors.New(err.Error()))
	}
	return nil
}
