package fitconnect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func source(content []byte) fitconnect.Source {
	return fitconnect.Source{MetadataAttachment: fitconnect.MetadataAttachment{MIMEType: "application/pdf", Purpose: fitconnect.PurposeAttachment},
		Size: int64(len(content)), Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

func sendingClient(t testing.TB, z *fitconnecttest.Zustelldienst) *fitconnect.Client {
	t.Helper()
	c, err := fitconnect.NewClient(z.Endpoints(), z.AddClient(fitconnect.ScopeSend), &fitconnect.ClientOptions{BaseDelay: time.Millisecond})
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func newSender(t testing.TB, z *fitconnecttest.Zustelldienst, l *fitconnect.SendLimits) *fitconnect.Sender {
	t.Helper()
	s, err := fitconnect.NewSender(fitconnect.SenderParams{Client: sendingClient(t, z)}, &fitconnect.SenderOptions{Limits: l})
	require.NoError(t, err)
	return s
}

// Fragments of any size give the same bytes and hash again.
func TestFragments(t *testing.T) {
	b := newBench(t, nil, nil)
	c := sendingClient(t, b.z)
	rapid.Check(t, func(rt *rapid.T) {
		cut := rapid.Int64Range(1, 4096).Draw(rt, "cut")
		size := rapid.Int64Range(0, 2*cut+1).Draw(rt, "size")
		content := make([]byte, size)
		for i := range content {
			content[i] = byte(i*7 + i/251)
		}
		d := fitconnecttest.Beispiel(b.dest.ID)
		d.Sources = []fitconnect.Source{source(content)}
		s, err := fitconnect.NewSender(fitconnect.SenderParams{Client: c}, &fitconnect.SenderOptions{Limits: &fitconnect.SendLimits{FragmentSize: cut}})
		require.NoError(rt, err)
		sent, err := s.Send(t.Context(), d)
		require.NoError(rt, err)
		r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
		require.NoError(rt, err)
		a := r.Attachments[1]
		require.True(rt, bytes.Equal(content, a.Content))
		require.Equal(rt, fitconnect.SHA512(content), a.Hash.Content)
		if size > cut {
			require.Len(rt, a.Fragments, int((size+cut-1)/cut))
			require.NotContains(rt, r.Submission.Attachments, a.AttachmentID, "only the fragments travel")
		} else {
			require.Empty(rt, a.Fragments)
		}
	})
}

func TestSourceIsNotWhatItSays(t *testing.T) {
	b := newBench(t, nil, nil)
	content := []byte("%PDF-1.4 0123456789")
	for name, c := range map[string]struct {
		change func(*fitconnect.Source)
		code   string
	}{
		"longer":  {func(s *fitconnect.Source) { s.Size-- }, fitconnect.CodeSource},
		"shorter": {func(s *fitconnect.Source) { s.Size++ }, fitconnect.CodeSource},
		"hash":    {func(s *fitconnect.Source) { s.Hash = fitconnect.HashOf([]byte("other")) }, fitconnect.CodeSource},
		"size":    {func(s *fitconnect.Source) { s.Size = 1 << 20 }, fitconnect.CodeTooLarge},
		"total":   {func(s *fitconnect.Source) { s.Size = 1000 }, fitconnect.CodeTooLarge},
		"honest":  {func(s *fitconnect.Source) { s.Hash = fitconnect.HashOf(content) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			src := source(content)
			c.change(&src)
			d := fitconnecttest.Beispiel(b.dest.ID)
			d.Sources = []fitconnect.Source{src}
			sent, err := newSender(t, b.z, &fitconnect.SendLimits{MaxPart: 1024, MaxTotal: 1100}).Send(t.Context(), d)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code, "%v", err)
			if sent != nil {
				require.Equal(t, fitconnect.StateIncomplete, b.z.State(sent.SubmissionID), "nothing wrong is handed over")
			}
		})
	}
	d := fitconnecttest.Beispiel(b.dest.ID)
	d.Sources = []fitconnect.Source{source(content), source(content)}
	_, err := newSender(t, b.z, &fitconnect.SendLimits{MaxParts: 2}).Send(t.Context(), d)
	require.Equal(t, fitconnect.CodeTooMany, fehler.ProblemeIn(err)[0].Code)
	d.Sources = []fitconnect.Source{{Size: 1}}
	_, err = newSender(t, b.z, nil).Send(t.Context(), d)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	broken := errors.New("cannot read")
	d.Sources = []fitconnect.Source{source(content)}
	d.Sources[0].Open = func(context.Context) (io.ReadCloser, error) { return nil, broken }
	_, err = newSender(t, b.z, nil).Send(t.Context(), d)
	require.ErrorIs(t, err, broken)
	_, err = fitconnect.NewSender(fitconnect.SenderParams{Client: sendingClient(t, b.z)}, &fitconnect.SenderOptions{Limits: &fitconnect.SendLimits{FragmentSize: 2, MaxPart: 1}})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

func (b *bench) submitted(t testing.TB) (n int) {
	t.Helper()
	for _, err := range b.sub.List(t.Context()) {
		require.NoError(t, err)
		n++
	}
	return n
}

// A crash at any moment: the process that goes on has only what was saved.
func TestContinueAfterACrash(t *testing.T) {
	crash := errors.New("crash")
	content := bytes.Repeat([]byte("0123456789"), 10)
	saves := 1
	for at := 1; at <= saves; at++ {
		for _, kept := range []bool{true, false} {
			b := newBench(t, nil, nil)
			s := newSender(t, b.z, &fitconnect.SendLimits{FragmentSize: 40})
			d := fitconnecttest.Beispiel(b.dest.ID)
			d.Sources = []fitconnect.Source{source(content)}
			var stored []byte
			n := 0
			save := func(_ context.Context, p *fitconnect.Progress) error {
				if n++; n == at && !kept {
					return crash // the disk is gone before it wrote
				}
				stored, _ = json.Marshal(p)
				if n == at {
					return crash
				}
				return nil
			}
			_, err := s.Continue(t.Context(), d, &fitconnect.Progress{}, save)
			require.ErrorIs(t, err, crash)
			p := &fitconnect.Progress{}
			if stored != nil {
				require.NoError(t, json.Unmarshal(stored, p))
			}
			sent, err := s.Continue(t.Context(), d, p, nil)
			require.NoError(t, err, "crash at save %d, kept %v", at, kept)
			require.True(t, p.Done)
			require.Equal(t, 1, b.submitted(t), "crash at save %d, kept %v", at, kept)
			r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
			require.NoError(t, err)
			require.Equal(t, content, r.Attachments[1].Content)
			require.True(t, r.Log.Submit.Tags.Equal(sent.Tags))
			// Once more is no call at all.
			calls := len(b.z.Calls())
			same, err := s.Continue(t.Context(), d, p, nil)
			require.NoError(t, err)
			require.Equal(t, sent, same)
			require.Len(t, b.z.Calls(), calls)
			if at == 1 && kept {
				saves = 7 // announced, one whole attachment, three fragments, sealed, done
			}
		}
	}
}

func TestContinueWhenTheAnswerWasLost(t *testing.T) {
	b := newBench(t, nil, nil)
	s := newSender(t, b.z, nil)
	d := fitconnecttest.Beispiel(b.dest.ID)
	ctx, cancel := context.WithCancel(t.Context())
	p := &fitconnect.Progress{}
	// The submission gets through; then the process sees nothing any more.
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: "PUT submission"})
	b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultHang, Op: "PUT submission"})
	time.AfterFunc(300*time.Millisecond, cancel)
	_, err := s.Continue(ctx, d, p, nil)
	require.Equal(t, context.Canceled, err)
	require.False(t, p.Done)
	b.z.ClearFaults()
	before := len(b.z.Calls())
	sent, err := s.Continue(t.Context(), d, p, nil)
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateSubmitted, b.z.State(sent.SubmissionID))
	for _, c := range b.z.Calls()[before:] {
		require.NotContains(t, c.Op, "PUT", "the log said that it is there")
	}
	require.Equal(t, 1, b.submitted(t))

	require.Empty(t, p.Metadata+p.Data, "what is taken need not be kept")
	d.Data = []byte(`{"other":1}`)
	_, err = s.Continue(t.Context(), d, p, nil)
	require.ErrorIs(t, err, fehler.ErrConflict, "another draft under the same progress")
}

// Another draft under the same progress: nothing of the first one is handed over
// with it, and one that was handed over stands.
func TestContinueWithAnotherDraft(t *testing.T) {
	b := newBench(t, nil, nil)
	s := newSender(t, b.z, nil)
	for _, c := range []struct {
		op     string
		stands bool
		want   string
	}{
		{"PUT attachment", false, `{"second":2}`},
		{"PUT submission", false, ""},
		{"PUT submission", true, `{"first":1}`},
	} {
		d := fitconnecttest.Beispiel(b.dest.ID)
		d.Data = []byte(`{"first":1}`)
		p := &fitconnect.Progress{}
		b.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: c.op, Status: 422})
		_, err := s.Continue(t.Context(), d, p, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		d.Data, d.FirstStands = []byte(`{"second":2}`), c.stands
		d.Attachments = append(d.Attachments, d.Attachments[0])
		sent, err := s.Continue(t.Context(), d, p, nil)
		if c.want == "" {
			require.ErrorIs(t, err, fehler.ErrConflict)
			continue
		}
		require.NoError(t, err)
		r, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
		require.NoError(t, err)
		require.Equal(t, c.want, string(r.Data))
	}
}

// What was announced and not handed over is deleted after a day.
func TestContinueAfterADay(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	var ahead atomic.Int64
	z := fitconnecttest.New(t, &fitconnecttest.Options{Now: func() time.Time { return now.Add(time.Duration(ahead.Load())) }})
	dest, err := z.AddDestination(fitconnecttest.DestinationParams{})
	require.NoError(t, err)
	s, err := z.Sender()
	require.NoError(t, err)
	p, d := &fitconnect.Progress{}, fitconnecttest.Beispiel(dest.ID)
	z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "PUT attachment", Status: 422})
	_, err = s.Continue(t.Context(), d, p, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	first := p.SubmissionID
	require.NotEmpty(t, first)
	ahead.Store(int64(25 * time.Hour))
	require.NoError(t, z.Tick())
	require.Equal(t, fitconnect.StateDeleted, z.State(first))
	sent, err := s.Continue(t.Context(), d, p, nil)
	require.NoError(t, err)
	require.NotEqual(t, first, sent.SubmissionID)
	require.Equal(t, fitconnect.StateSubmitted, z.State(sent.SubmissionID))
}

func TestForwardDraft(t *testing.T) {
	b := newBench(t, nil, nil)
	other, err := b.z.AddDestination(fitconnecttest.DestinationParams{Encryption: testKey(t, fitconnecttest.KeyEncryption2), Signing: testKey(t, fitconnecttest.KeySigning2)})
	require.NoError(t, err)
	to, err := other.Subscriber(nil, nil)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		cut int64
		o   *fitconnect.ForwardOptions
		raw bool
	}{
		"unchanged": {0, nil, true},
		"new ids":   {0, &fitconnect.ForwardOptions{NewIDs: true}, false},
		"fragments": {10, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			sent, err := newSender(t, b.z, &fitconnect.SendLimits{FragmentSize: c.cut}).Send(t.Context(), fitconnecttest.Beispiel(b.dest.ID))
			require.NoError(t, err)
			first, err := b.sub.Fetch(t.Context(), sent.SubmissionID)
			require.NoError(t, err)
			d, err := fitconnect.ForwardDraft(first, other.ID, c.o)
			require.NoError(t, err)
			passed, err := newSender(t, b.z, nil).Send(t.Context(), d)
			require.NoError(t, err)
			second, err := to.Fetch(t.Context(), passed.SubmissionID)
			require.NoError(t, err)
			require.Equal(t, first.Data, second.Data)
			require.Equal(t, first.Attachments[0].Content, second.Attachments[0].Content)
			require.Equal(t, first.Metadata.ReplyChannel, second.Metadata.ReplyChannel)
			require.Equal(t, c.raw, bytes.Equal(first.MetadataRaw, second.MetadataRaw))
			require.Equal(t, c.o == nil, first.Attachments[0].AttachmentID == second.Attachments[0].AttachmentID)

			d.MetadataRaw = first.MetadataRaw
			d.Data = []byte(`{"changed":true}`)
			if c.raw {
				_, err = newSender(t, b.z, nil).Send(t.Context(), d)
				require.Equal(t, fitconnect.CodeUnchanged, fehler.ProblemeIn(err)[0].Code)
			}
		})
	}
	_, err = fitconnect.ForwardDraft(&fitconnect.Received{}, other.ID, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// zeros is content without end that takes no memory.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

func (z *zeros) Close() error { return nil }

// A large attachment goes through memory of a few fragments, over a socket whose
// other end keeps nothing.
func TestFragmentsBoundMemory(t *testing.T) {
	size := int64(256 << 20)
	if testing.Short() {
		size = 48 << 20
	}
	const cut = 4 << 20
	enc := testKey(t, fitconnecttest.KeyEncryption1)
	mux := http.NewServeMux()
	reply := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", fitconnect.MIMEJSON)
			json.NewEncoder(w).Encode(v)
		}
	}
	dest, ref := uuid.NewString(), fitconnect.SubmissionRef{SubmissionID: uuid.NewString(), CaseID: uuid.NewString()}
	mux.HandleFunc("POST /token", reply(map[string]any{"access_token": "t", "token_type": "Bearer", "expires_in": 1800}))
	mux.HandleFunc("GET /v2/destinations/{d}", reply(fitconnect.Destination{DestinationID: dest, Status: "active", EncryptionKid: enc.Kid}))
	mux.HandleFunc("GET /v2/destinations/{d}/keys/{k}", reply(enc.Public(fitconnect.UseEncrypt)))
	mux.HandleFunc("POST /v2/submissions", reply(ref))
	mux.HandleFunc("PUT /", reply(map[string]any{}))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	c, err := fitconnect.NewClient(fitconnect.Endpoints{Token: srv.URL + "/token", SubmissionAPI: srv.URL},
		fitconnect.Credentials{ClientID: "a", ClientSecret: "b"}, nil)
	require.NoError(t, err)
	defer c.CloseIdleConnections()
	s, err := fitconnect.NewSender(fitconnect.SenderParams{Client: c}, &fitconnect.SenderOptions{Limits: &fitconnect.SendLimits{FragmentSize: cut}})
	require.NoError(t, err)
	d := fitconnecttest.Beispiel(dest)
	src := source(nil)
	src.Size, src.Open = size, func(context.Context) (io.ReadCloser, error) { return &zeros{size}, nil }
	d.Sources = []fitconnect.Source{src}

	var peak uint64
	parts := 0
	_, err = s.Continue(t.Context(), d, &fitconnect.Progress{}, func(context.Context, *fitconnect.Progress) error {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak, parts = max(peak, m.HeapInuse), parts+1
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, parts, int(size/cut))
	t.Logf("%d MiB in fragments of %d MiB: heap at most %d MiB", size>>20, cut>>20, peak>>20)
	require.Less(t, peak, uint64(20*cut), "a small multiple of one fragment")
}

func ExampleSender_Continue() {
	ctx := context.Background()
	z, err := fitconnecttest.Start(nil)
	if err != nil {
		panic(err)
	}
	defer z.Close()
	stelle, err := z.AddDestination(fitconnecttest.DestinationParams{})
	if err != nil {
		panic(err)
	}
	sender, err := z.Sender()
	if err != nil {
		panic(err)
	}
	d := fitconnecttest.Beispiel(stelle.ID)
	d.Sources = []fitconnect.Source{{
		MetadataAttachment: fitconnect.MetadataAttachment{MIMEType: "text/plain", Purpose: fitconnect.PurposeAttachment},
		Size:               5,
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("Hallo")), nil
		},
	}}
	var disk []byte // where the program keeps its progress
	save := func(_ context.Context, p *fitconnect.Progress) (err error) {
		disk, err = json.Marshal(p)
		return err
	}
	z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "PUT submission", Status: 422})
	_, err = sender.Continue(ctx, d, &fitconnect.Progress{}, save)
	fmt.Println("first:", err)

	var p fitconnect.Progress // after a restart
	if err := json.Unmarshal(disk, &p); err != nil {
		panic(err)
	}
	sent, err := sender.Continue(ctx, d, &p, save)
	fmt.Println("second:", z.State(sent.SubmissionID), err)
	// Output:
	// first: fitconnect: PUT submission: HTTP 422
	// second: submitted <nil>
}
