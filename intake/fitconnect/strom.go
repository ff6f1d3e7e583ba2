package fitconnect

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	protokoll "github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// What is smaller stays in memory until the Mandant is known, and is written once; of one
// submission no more than klein in all.
const (
	kleineAnlage = 1 << 20
	klein        = 8 << 20
)

// lauf is one fetch: where its attachments went.
type lauf struct {
	e        *Empfang
	ctx      context.Context // of the fetch; the sinks have none of their own
	ablage   *intake.Ablage
	frei     int // of klein
	teile    map[string]intake.Teil
	probleme fehler.Probleme
}

func (e *Empfang) lauf(ctx context.Context) *lauf {
	return &lauf{e: e, ctx: ctx, ablage: e.annahme.Ablage(), frei: klein, teile: map[string]intake.Teil{}}
}

func (l *lauf) sink(a protokoll.MetadataAttachment) (protokoll.Sink, error) {
	id, err := uuid.Parse(a.AttachmentID)
	if err != nil {
		id = l.e.o.NewID()
	}
	return &senke{l: l, attachmentID: a.AttachmentID, teil: intake.Teil{ID: id, Name: a.Filename, MIME: a.MIMEType, Zweck: zweck(a.Purpose)}}, nil
}

// senke takes one attachment: into memory as long as it is small, else into the blob
// storage while it arrives.
type senke struct {
	l            *lauf
	attachmentID string
	teil         intake.Teil
	buf          []byte
	pipe         *io.PipeWriter // set when it goes into the blob storage
	done         chan struct{}
	err          error // of the blob storage, after done
}

var errVerworfen = errors.New("discarded")

func (s *senke) Write(b []byte) (int, error) {
	if s.pipe == nil && len(s.buf)+len(b) <= min(kleineAnlage, s.l.frei) {
		s.buf = append(s.buf, b...)
		return len(b), nil
	}
	if s.pipe == nil {
		s.start()
	}
	if n, err := s.pipe.Write(b); err != nil {
		return n, s.failed(err)
	}
	return len(b), nil
}

func (s *senke) start() {
	r, w := io.Pipe()
	s.pipe, s.done = w, make(chan struct{})
	begin := s.buf
	s.buf = nil
	go func() {
		defer close(s.done)
		s.teil, s.err = s.l.ablage.Put(s.l.ctx, s.teil, io.MultiReader(bytes.NewReader(begin), r))
		r.CloseWithError(errors.Join(s.err, io.ErrClosedPipe)) // wakes a Write that waits
	}()
}

// failed waits for the blob storage and says what became of the attachment: one that is
// too large is skipped, so that the rest of the submission is kept.
func (s *senke) failed(err error) error {
	<-s.done
	if s.err != nil {
		err = s.err
	}
	if p := fehler.ProblemeIn(err); p != nil {
		s.l.probleme = append(s.l.probleme, p...)
		return protokoll.ErrSkip
	}
	return err
}

func (s *senke) Commit() error {
	if s.pipe == nil {
		t := s.teil
		s.l.frei -= len(s.buf)
		s.l.teile[s.attachmentID] = intake.Bytes(t.ID, t.Name, t.MIME, t.Zweck, s.buf)
		return nil
	}
	s.pipe.Close()
	if <-s.done; s.err != nil {
		return s.failed(s.err)
	}
	s.l.teile[s.attachmentID] = s.teil
	return nil
}

func (s *senke) Discard() {
	if s.pipe != nil {
		s.pipe.CloseWithError(errVerworfen)
		<-s.done
	}
}
