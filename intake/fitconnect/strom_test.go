package fitconnect_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// text gives n bytes of plain text.
func text(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = 'a' + byte(r.IntN(26))
	}
	return b
}

func grosseAnlage(n int) func(*fitconnect.Draft) {
	return func(d *fitconnect.Draft) {
		d.Attachments[1] = fitconnect.Attachment{MetadataAttachment: fitconnect.MetadataAttachment{Purpose: "attachment", Filename: "Plan.txt", MIMEType: "text/plain"},
			Content: text(n, 1)}
	}
}

// sendFragments sends the example with its last attachment cut into pieces.
func (s *stelle) sendFragments(t *testing.T, content []byte, size int, hash fitconnect.Hash) *fitconnect.Sent {
	t.Helper()
	r, err := s.dienst.Aufbereiten(entwurf(s))
	require.NoError(t, err)
	m, err := fitconnect.ParseMetadata(r.Metadata)
	require.NoError(t, err)
	a := &m.ContentStructure.Attachments[1]
	a.Hash, a.MIMEType, a.Filename = hash, "text/plain", "Plan.txt"
	r.Attachments = r.Attachments[:1]
	for piece := range slices.Chunk(content, size) {
		id := uuid.NewString()
		a.Fragments = append(a.Fragments, id)
		r.Attachments = append(r.Attachments, fitconnecttest.RohAnlage{ID: id, Cty: "text/plain", Content: piece})
	}
	r.Metadata, err = m.MarshalJSON()
	require.NoError(t, err)
	sent, err := s.dienst.SendeRoh(t.Context(), r)
	require.NoError(t, err)
	return sent
}

// zaehler counts what is written into a blob storage, and can fail.
type zaehler struct {
	*blob.Memory
	bytes map[tenant.ID]int64
	fail  error
}

func (z *zaehler) Put(ctx context.Context, m tenant.ID, r io.Reader) (blob.Ref, error) {
	if z.fail != nil && m == betreiber {
		_, err := io.CopyN(io.Discard, r, 1<<20)
		return blob.Ref{}, errors.Join(z.fail, err)
	}
	ref, err := z.Memory.Put(ctx, m, r)
	if err == nil {
		z.bytes[m] += ref.Groesse
	}
	return ref, err
}

func newZaehler(o *blob.Options) *zaehler {
	return &zaehler{Memory: blob.NewMemory(o), bytes: map[tenant.ID]int64{}}
}

// A large attachment, in one piece and in fragments, goes through the blob storage of
// the Betreiber to the Mandant; a small one is written once.
func TestLargeAttachment(t *testing.T) {
	content := text(5<<20+17, 2)
	for name, send := range map[string]func(s *stelle) *fitconnect.Sent{
		"whole": func(s *stelle) *fitconnect.Sent {
			return sendDraft(func(d *fitconnect.Draft) { grosseAnlage(1)(d); d.Attachments[1].Content = content })(t, s)
		},
		"fragments": func(s *stelle) *fitconnect.Sent {
			return s.sendFragments(t, content, 1<<20, fitconnect.HashOf(content))
		},
	} {
		t.Run(name, func(t *testing.T) {
			z := newZaehler(nil)
			s := newStelle(t, &einstellung{blobs: z})
			send(s)
			out, err := s.empfang.Poll(t.Context())
			require.NoError(t, err)
			require.Equal(t, intake.Angenommen, out[0].Ausgang)
			st := s.vorgaenge(t, amt)[0].Stand()
			found := false
			for _, f := range st.Dateien {
				if f.Name == "Plan.txt" {
					found = true
					require.True(t, bytes.Equal(content, s.read(t, amt, ref(f))))
					require.Equal(t, "text/plain; charset=utf-8", f.MIME)
				}
			}
			require.True(t, found)
			require.Equal(t, int64(len(content)), z.bytes[betreiber], "only the large one passes there")

			// What passed there is an orphan that Collect finds, and nothing else is.
			report, err := blob.Collect(t.Context(), z, betreiber, blob.CollectParams{Stand: time.Now().Add(48 * time.Hour),
				Referenced: func(func(string, error) bool) {}, AllowUnreferenced: true})
			require.NoError(t, err)
			require.Equal(t, 1, report.Removed)
		})
	}
}

// Where the Betreiber decides, as in the Klaerfach, the bytes are not written again.
func TestLargeAttachmentIsWrittenOnce(t *testing.T) {
	z := newZaehler(nil)
	s := newStelle(t, &einstellung{blobs: z})
	s.send(t, func(d *fitconnect.Draft) { unbekannterOrt(d); grosseAnlage(5 << 20)(d) })
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, intake.Klaerung, out[0].Ausgang)
	require.Less(t, z.bytes[betreiber], int64(6<<20))
	require.Equal(t, []tenant.ID{betreiber}, slices.Collect(maps.Keys(z.bytes)))
	for _, d := range s.klaerfall(t).Lieferung.Dateien {
		require.Len(t, s.read(t, betreiber, blob.Ref{SHA512: d.SHA512, Groesse: d.Groesse}), int(d.Groesse))
	}
}

// A large attachment that fails its checks leaves nothing in the blob storage, whatever
// came before the failure.
func TestBrokenLargeAttachmentLeavesNothing(t *testing.T) {
	content := text(5<<20, 3)
	for name, spoil := range map[string]func(s *stelle) *fitconnect.Sent{
		"hash": func(s *stelle) *fitconnect.Sent {
			return s.sendFragments(t, content, 1<<20, fitconnect.HashOf(content[1:]))
		},
		"fragment": func(s *stelle) *fitconnect.Sent {
			sent := s.sendFragments(t, content, 1<<20, fitconnect.HashOf(content))
			sub, err := s.sub.Fetch(t.Context(), sent.SubmissionID)
			require.NoError(t, err)
			last := sub.Attachments[1].Fragments[3]
			s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: fitconnect.InstanceAttachment(last), SubmissionID: sent.SubmissionID})
			return sent
		},
	} {
		t.Run(name, func(t *testing.T) {
			z := newZaehler(nil)
			s := newStelle(t, &einstellung{blobs: z})
			sent := spoil(s)
			out, err := s.empfang.Poll(t.Context())
			require.NoError(t, err)
			require.Equal(t, intake.Abgelehnt, out[0].Ausgang)
			require.Equal(t, fitconnect.StateRejected, s.dienst.State(sent.SubmissionID))
			require.Less(t, z.bytes[betreiber], int64(1<<20), "the rest is kept, the broken attachment is not")
		})
	}
	t.Run("storage fails", func(t *testing.T) {
		z := newZaehler(nil)
		z.fail = errors.New("disk full")
		s := newStelle(t, &einstellung{blobs: z})
		sent := s.sendFragments(t, content, 1<<20, fitconnect.HashOf(content))
		_, err := s.empfang.Poll(t.Context())
		require.ErrorIs(t, err, z.fail)
		require.Equal(t, fitconnect.StateSubmitted, s.dienst.State(sent.SubmissionID), "nothing was decided")
		require.Empty(t, z.bytes)
		z.fail = nil
		out, err := s.empfang.Poll(t.Context())
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, out[0].Ausgang)
	})
}
