package fitconnect_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// sink notes what it is told.
type sink struct {
	bytes.Buffer
	writes             int
	commits, discards  int
	writeErr, commitEr error
}

func (s *sink) Write(b []byte) (int, error) {
	if s.writes++; s.writeErr != nil {
		return 0, s.writeErr
	}
	return s.Buffer.Write(b)
}
func (s *sink) Commit() error { s.commits++; return s.commitEr }
func (s *sink) Discard()      { s.discards++ }

func random(n int) []byte {
	r, b := rand.New(rand.NewPCG(1, uint64(n))), make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// sendPieces sends one attachment in pieces of a size and a second small one.
func (b *bench) sendPieces(t testing.TB, content []byte, size int, change func(*fitconnect.MetadataAttachment)) *fitconnect.Sent {
	t.Helper()
	return b.send(t, func(r *fitconnecttest.Roh) {
		m, err := fitconnect.ParseMetadata(r.Metadata)
		require.NoError(t, err)
		a := fitconnect.MetadataAttachment{AttachmentID: uuid.NewString(), Hash: fitconnect.HashOf(content), MIMEType: "application/pdf", Purpose: fitconnect.PurposeAttachment}
		var parts []fitconnecttest.RohAnlage
		for piece := range slices.Chunk(content, size) {
			id := uuid.NewString()
			a.Fragments = append(a.Fragments, id)
			parts = append(parts, fitconnecttest.RohAnlage{ID: id, Cty: a.MIMEType, Content: piece})
		}
		if change != nil {
			change(&a)
		}
		m.ContentStructure.Attachments = append([]fitconnect.MetadataAttachment{a}, m.ContentStructure.Attachments...)
		r.Attachments = append(parts, r.Attachments...)
		r.Metadata, err = m.MarshalJSON()
		require.NoError(t, err)
	})
}

func TestFetchStream(t *testing.T) {
	b := newBench(t, nil, nil)
	for _, size := range []int{1, 100, 4096, 300_000, 1_000_000} {
		content := random(1_000_000)
		if size < 4096 {
			content = content[:10*size]
		}
		sent := b.sendPieces(t, content, size, nil)
		sinks := []*sink{}
		r, err := b.sub.FetchStream(t.Context(), sent.SubmissionID, func(a fitconnect.MetadataAttachment) (fitconnect.Sink, error) {
			sinks = append(sinks, &sink{})
			return sinks[len(sinks)-1], nil
		})
		require.NoError(t, err)
		require.Len(t, sinks, 2)
		require.Len(t, r.Attachments, 2)
		require.True(t, bytes.Equal(content, sinks[0].Bytes()))
		require.Equal(t, (len(content)+size-1)/size, sinks[0].writes)
		for i, s := range sinks {
			require.Equal(t, 1, s.commits)
			require.Zero(t, s.discards)
			require.Nil(t, r.Attachments[i].Content)
		}
		whole, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content, whole.Attachments[0].Content))
	}
}

// A large attachment in one piece is hashed and its key unwrapped while it arrives; what
// is wrong with it is found as with a small one.
func TestFetchLargeInOnePiece(t *testing.T) {
	b := newBench(t, nil, nil)
	content := random(3_000_001)
	d := fitconnecttest.Beispiel(b.dest.ID)
	d.Attachments[0].Content = content
	sent, err := b.z.Sende(t.Context(), d)
	require.NoError(t, err)
	fetch := func() (*sink, error) {
		s := &sink{}
		_, err := b.sub.FetchStream(t.Context(), sent.SubmissionID, func(fitconnect.MetadataAttachment) (fitconnect.Sink, error) { return s, nil })
		return s, err
	}
	s, err := fetch()
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, s.Bytes()))
	for kind, slug := range map[fitconnecttest.FaultKind]fitconnect.Slug{
		fitconnecttest.FaultTamper: fitconnect.SlugEncryptionIssue, fitconnecttest.FaultTag: fitconnect.SlugIncorrectAuthenticationTag} {
		b.z.Inject(fitconnecttest.Fault{Kind: kind, Part: "attachment"})
		s, err = fetch()
		p := fehler.ProblemeIn(err)
		require.Len(t, p, 1)
		require.Equal(t, "fitconnect."+string(slug), p[0].Code)
		require.Zero(t, s.writes, "nothing is released before its tag was checked")
		require.Equal(t, []int{0, 1}, []int{s.commits, s.discards})
	}
	// Cut in the middle: tried again from the beginning.
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: "GET attachment", Times: 2})
	s, err = fetch()
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, s.Bytes()))

	roh, err := b.z.Aufbereiten(d)
	require.NoError(t, err)
	roh.Attachments[0].Content = random(3_000_002)
	sent, err = b.z.SendeRoh(t.Context(), roh)
	require.NoError(t, err)
	_, err = fetch()
	require.Equal(t, "fitconnect."+string(fitconnect.SlugHashMismatch), fehler.ProblemeIn(err)[0].Code)
}

// Whatever fails, the sink hears of it once, and nothing is committed.
func TestFetchStreamDiscards(t *testing.T) {
	b := newBench(t, &fitconnect.ClientOptions{Attempts: 1}, nil)
	content := random(500_000)
	full := errors.New("disk full")
	for name, c := range map[string]struct {
		change   func(*fitconnect.MetadataAttachment)
		fault    *fitconnecttest.Fault
		sink     sink
		err      error
		code     fitconnect.Slug
		discards int
	}{
		"hash":           {change: func(a *fitconnect.MetadataAttachment) { a.Hash = fitconnect.HashOf(nil) }, code: fitconnect.SlugHashMismatch, discards: 1},
		"hash type":      {change: func(a *fitconnect.MetadataAttachment) { a.Hash.Content = a.Hash.Content[:4] }, code: fitconnect.SlugSchemaViolation, discards: 1},
		"order":          {change: func(a *fitconnect.MetadataAttachment) { slices.Reverse(a.Fragments) }, code: fitconnect.SlugHashMismatch, discards: 1},
		"third fragment": {fault: &fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper}, code: fitconnect.SlugEncryptionIssue, discards: 1},
		"service":        {fault: &fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "GET attachment", Status: 500, Times: -1}, err: fehler.ErrUnavailable, discards: 1},
		"write":          {sink: sink{writeErr: full}, err: full, discards: 1},
		"write skips":    {sink: sink{writeErr: fitconnect.ErrSkip}, discards: 1},
		"commit":         {sink: sink{commitEr: full}, err: full},
		"commit skips":   {sink: sink{commitEr: fitconnect.ErrSkip}},
	} {
		t.Run(name, func(t *testing.T) {
			var third string
			sent := b.sendPieces(t, content, 100_000, func(a *fitconnect.MetadataAttachment) {
				third = a.Fragments[2]
				if c.change != nil {
					c.change(a)
				}
			})
			if c.fault != nil {
				f := *c.fault
				f.Part = fitconnect.InstanceAttachment(third)
				b.z.Inject(f)
			}
			defer b.z.ClearFaults()
			first, second := &c.sink, &sink{}
			n := 0
			r, err := b.sub.FetchStream(t.Context(), sent.SubmissionID, func(fitconnect.MetadataAttachment) (fitconnect.Sink, error) {
				if n++; n == 1 {
					return first, nil
				}
				return second, nil
			})
			require.Equal(t, c.discards, first.discards)
			if c.err != nil {
				require.ErrorIs(t, err, c.err)
				require.Nil(t, r)
				require.Zero(t, second.commits)
				return
			}
			require.Equal(t, 1, second.commits, "the others are received")
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			codes := []string{}
			for _, p := range fehler.ProblemeIn(err) {
				codes = append(codes, p.Code)
			}
			require.Contains(t, codes, "fitconnect."+string(c.code))
			require.Zero(t, first.commits)
		})
	}
	t.Run("open skips", func(t *testing.T) {
		sent := b.sendPieces(t, content, 100_000, nil)
		b.z.Mark("skip")
		_, err := b.sub.FetchStream(t.Context(), sent.SubmissionID, func(a fitconnect.MetadataAttachment) (fitconnect.Sink, error) {
			return nil, fitconnect.ErrSkip
		})
		require.NoError(t, err)
		ops := b.z.Ops()
		require.NotContains(t, ops[slices.Index(ops, "skip"):], "GET attachment")
	})
}

// Large submissions wait for each other where together they were too much, and all pass.
func TestMaxInFlight(t *testing.T) {
	b := newBench(t, nil, &fitconnect.SubscriberOptions{MaxInFlight: 4 << 20})
	content := random(2 << 20)
	var ids []string
	for i := range 6 {
		ids = append(ids, b.sendPieces(t, content, []int{2 << 20, 1 << 20, 1 << 19}[i%3], nil).SubmissionID)
	}
	var wg sync.WaitGroup
	errs := make(chan error, len(ids))
	for _, id := range ids {
		wg.Go(func() {
			s := &sink{}
			_, err := b.sub.FetchStream(t.Context(), id, func(a fitconnect.MetadataAttachment) (fitconnect.Sink, error) {
				if len(a.Fragments) == 0 {
					return nil, fitconnect.ErrSkip
				}
				return s, nil
			})
			if err == nil && !bytes.Equal(content, s.Bytes()) {
				err = errors.New("other bytes")
			}
			errs <- err
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("they wait for each other")
	}
	for range ids {
		require.NoError(t, <-errs)
	}
}
