package fitconnect

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"sync"
)

// Sink takes the bytes of one attachment from [Subscriber.FetchStream]. Exactly one
// of Commit and Discard ends it, unless Commit failed: then nothing is called any
// more. Calls do not overlap.
type Sink interface {
	// Write takes bytes whose authentication tag was checked. They are valid during
	// the call only.
	io.Writer
	// Commit says that all bytes are there and have the hash of the metadata.
	Commit() error
	// Discard says that the attachment failed, or the fetch.
	Discard()
}

// ErrSkip is what a [Sink], or the function that opens it, returns for an attachment
// that is not wanted (any more), as for one larger than its receiver takes. The
// fetch goes on with the next one.
var ErrSkip = errors.New("skip this attachment")

// FetchStream is Fetch for attachments of any size: open gives the sink of each,
// in the order of the metadata, and its parts follow one after the other, each
// written after its tag was checked as a whole. Of a fragmented attachment at most
// two fragments are held, of another one its ciphertext once.
//
// The Received carries everything but the contents. An error of open or of a sink
// ends the fetch and is returned as it is, but for [ErrSkip]. The attachments of a
// submission that turns out wrong later were committed already.
func (s *Subscriber) FetchStream(ctx context.Context, submissionID string, open func(MetadataAttachment) (Sink, error)) (*Received, error) {
	return s.fetch(ctx, submissionID, &fetch{s: s, sink: open})
}

func (s *Subscriber) fetch(ctx context.Context, id string, f *fetch) (*Received, error) {
	defer f.letGo()
	return f.run(ctx, id)
}

// memorySink collects an attachment for Fetch and FetchInto.
type memorySink struct {
	f     *fetch
	a     *Attachment
	whole []byte
}

func (m *memorySink) Write(b []byte) (int, error) {
	if int64(len(m.whole))+int64(len(b)) > m.f.s.opt.MaxTotal {
		return 0, fmt.Errorf("fitconnect.Fetch: %w", ErrTooLarge)
	}
	m.whole = append(m.whole, b...)
	return len(b), nil
}

// take is Write of the only part, which may be kept.
func (m *memorySink) take(b []byte) { m.whole = b }

func (m *memorySink) Commit() error {
	m.a.Content = m.whole
	return m.f.keep(m.a)
}

func (m *memorySink) Discard() {}

// attachments takes all attachments one after the other.
func (f *fetch) attachments(ctx context.Context) error {
	for i := range f.r.Attachments {
		a := &f.r.Attachments[i]
		var sink Sink = &memorySink{f: f, a: a, whole: []byte{}}
		if f.sink != nil {
			if sink, f.keepErr = f.sink(a.MetadataAttachment); f.keepErr != nil {
				if errors.Is(f.keepErr, ErrSkip) {
					f.keepErr = nil
					continue
				}
				return f.keepErr
			}
		}
		if err := f.attachment(ctx, a, sink); err != nil {
			return err
		}
	}
	return nil
}

// attachment takes one attachment; what is wrong with it becomes a finding.
func (f *fetch) attachment(ctx context.Context, a *Attachment, sink Sink) (err error) {
	ended := false
	defer func() {
		if !ended { // also if a sink panics
			sink.Discard()
		}
	}()
	hash, sum := sha512.New(), ""
	for p, err := range f.parts(ctx, a) {
		plain := p.plain
		if err != nil || plain == nil {
			return err
		}
		if sum = p.sum; sum == "" {
			hash.Write(plain)
		}
		if m, ok := sink.(*memorySink); ok && len(a.parts()) == 1 {
			m.take(plain)
			continue
		}
		if _, err := sink.Write(plain); err != nil {
			return f.sinkError(err)
		}
	}
	if sum == "" {
		sum = hex.EncodeToString(hash.Sum(nil))
	}
	if a.Hash.Type != "sha512" || a.Hash.Content != sum {
		f.finding(SlugHashMismatch, InstanceAttachment(a.AttachmentID), "hash of attachment and metadata differ")
		return nil
	}
	ended = true
	return f.sinkError(sink.Commit())
}

func (f *fetch) sinkError(err error) error {
	if errors.Is(err, ErrSkip) {
		return nil
	}
	f.keepErr = err
	return err
}

// opened is a part: its plaintext, nil if there was a finding, and its hash if it is
// known already, which it is only of a part that is the whole attachment.
type opened struct {
	plain []byte
	sum   string
}

// parts gives the opened parts of an attachment; after a finding there are no more.
// While one is used the next one is on its way. A part is valid until the next one
// is asked for.
func (f *fetch) parts(ctx context.Context, a *Attachment) iter.Seq2[opened, error] {
	ids := a.parts()
	open := func(id string, j *JWE, err error) (opened, error) {
		instance := InstanceAttachment(a.AttachmentID)
		if bad, ok := errors.AsType[malformedJWE](err); ok {
			f.finding(SlugEncryptionIssue, instance, bad.Error())
			return opened{}, nil
		}
		if err != nil {
			return opened{}, err
		}
		plain, err := f.unseal(ctx, j, part{instance: instance, tag: f.tags.Attachments[id]})
		if j.work != nil {
			return opened{plain, j.work.sum}, err
		}
		return opened{plain: plain}, err
	}
	if len(ids) == 1 {
		return func(yield func(opened, error) bool) {
			j, err := f.download(ctx, ids[0], 1, nil)
			yield(open(ids[0], j, err))
		}
	}
	type arrived struct {
		id  string
		j   *JWE
		err error
	}
	return func(yield func(opened, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		next, used := make(chan arrived), make(chan []byte, 2)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		wg.Go(func() {
			defer close(next)
			for _, id := range ids {
				var buf []byte
				select {
				case buf = <-used:
				default:
				}
				j, err := f.download(ctx, id, 2, buf)
				select {
				case next <- arrived{id, j, err}:
				case <-ctx.Done():
					return
				}
				if err != nil {
					return
				}
			}
		})
		for p := range next {
			var buf []byte
			if p.j != nil {
				buf = p.j.sealed
			}
			o, err := open(p.id, p.j, p.err)
			if !yield(o, err) || err != nil || o.plain == nil {
				return
			}
			used <- buf
		}
		if err := ctx.Err(); err != nil { // the sender of next may have gone for it
			yield(opened{}, err)
		}
	}
}

// Parts that are not weighed, and those that are worked on while they arrive.
const (
	lightPart = 1 << 20
	earlyPart = 256 << 10
)

// errHeavy ends a call whose answer must wait for room.
var errHeavy = errors.New("wait for room")

// admit takes room for n bytes, or says that it must be waited for.
func (f *fetch) admit(n int64) error {
	n = f.s.room.weight(n)
	if n <= lightPart || n <= f.held {
		return nil
	}
	if f.wanted = n; !f.s.room.try(n - f.held) {
		return errHeavy
	}
	f.held = n
	return nil
}

// withRoom repeats a call that was not admitted after there is room. No connection
// is held while waiting.
func (f *fetch) withRoom(ctx context.Context, call func() error) error {
	for {
		err := call()
		if !errors.Is(err, errHeavy) {
			return err
		}
		f.letGo()
		if err := f.s.room.acquire(ctx, f.wanted); err != nil {
			return err
		}
		f.held = f.wanted
	}
}

func (f *fetch) letGo() {
	f.s.room.release(f.held)
	f.held = 0
}

// download reads one part of which so many are held at the same time, into buf, if
// that is large enough. What the sender wrote wrongly is malformedJWE.
func (f *fetch) download(ctx context.Context, id string, held int64, buf []byte) (j *JWE, err error) {
	admit := func(n int64) error { return f.admit(held * n) }
	err = f.withRoom(ctx, func() error {
		var bad error
		err := f.s.p.Client.attachment(ctx, f.r.Submission.SubmissionID, id, admit, func(a *response) error {
			x := jweReader{r: a.stream, length: a.length, buf: buf, parse: f.s.p.Client.parseJWE}
			if a.length < 0 {
				// By leaps: each refusal means to begin anew.
				x.grows = func(n int64) error {
					if held*n <= f.held {
						return nil
					}
					return admit(4 * n)
				}
			}
			// Of several parts one is opened while the next one arrives.
			if held == 1 && a.length >= earlyPart && parallel() {
				x.begin = f.s.p.Keys.begin
			}
			if j, bad = x.readJWE(); bad == nil {
				return nil
			}
			if _, ok := errors.AsType[malformedJWE](bad); ok {
				return nil
			}
			if errors.Is(bad, errHeavy) {
				return finalError{bad}
			}
			return f.s.p.Client.streamError("GET attachment", bad)
		})
		if err == nil {
			err = bad
		}
		return err
	})
	return j, err
}
