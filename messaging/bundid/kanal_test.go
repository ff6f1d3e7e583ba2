package bundid_test

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/bundid"
	"github.com/ozg-fachwerk/fachwerk/messaging/bundid/bundidtest"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func (h *haus) kanal(t messagingtest.TB, store fitconnect.ProgressStore, o *bundid.KanalOptions) *bundid.Kanal {
	t.Helper()
	k, err := bundid.NewKanal(bundid.KanalParams{Sender: h.sender, Target: h.target(), Signer: h.signer, Progress: store, Vertrauensniveau: 1}, o)
	fremd(t, err)
	return k
}

func TestKonformitaet(t *testing.T) {
	messagingtest.Run(t, messagingtest.Options{
		New: func(t messagingtest.TB) messagingtest.Fall {
			h := start(t, nil)
			return messagingtest.Fall{
				Kanal:   h.kanal(t, &fitconnect.MemoryProgress{}, nil),
				Adresse: messaging.Adresse{Kanal: bundid.Name, Kennung: postfach},
				Zugestellt: func(id uuid.UUID) (n int) {
					if err := h.zbp.Work(context.Background()); err != nil {
						return -1
					}
					for _, z := range h.zbp.Taken() {
						if z.SenderReference == id.String() {
							n++
						}
					}
					return n
				},
				Ungueltig: "kein Postfach",
				Stoere:    h.stoere,
				Unerreichbar: func() {
					h.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultCut, Op: "GET destination", Times: -1})
					h.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultCut, Op: "POST submission", Times: -1})
				},
			}
		},
		Unsupported: messagingtest.WithoutStoerungen(map[messagingtest.Capability]string{
			messagingtest.Unbekannt: "the ZBP refuses an unknown mailbox later, with a reject event: Kanal.Stand",
		}, "the double of FIT-Connect has no TLS and no such fault; the protocol knows no full mailbox",
			messagingtest.Tropfen, messagingtest.Fremdzertifikat, messagingtest.PostfachVoll),
	})
}

func (h *haus) stoere(s messagingtest.Stoerung) {
	switch s {
	case messagingtest.AntwortVerloren:
		h.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: "PUT submission", Times: -1})
	case messagingtest.Schweigen:
		h.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultHang, Op: "PUT submission", Times: -1})
	case messagingtest.Serverfehler:
		h.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "PUT submission", Times: -1})
	default:
		h.z.ClearFaults()
	}
}

func sendung(anhaenge ...messaging.Anhang) messaging.Sendung {
	return messaging.Sendung{ID: uuid.Must(uuid.NewV7()), Mandant: "kiel", Absender: "Stadt Beispiel", Nummer: "2026-0000001",
		Adresse:   messaging.Adresse{Kanal: bundid.Name, Kennung: postfach},
		Nachricht: messaging.Nachricht{ID: uuid.Must(uuid.NewV7()), Art: messaging.Mitteilung, Betreff: "Ihr Antrag", Text: "Guten Tag", Anhaenge: anhaenge}}
}

func TestStand(t *testing.T) {
	h := start(t, &bundidtest.Options{Mailboxes: []string{postfach}})
	k := h.kanal(t, &fitconnect.MemoryProgress{}, nil)
	s := sendung()
	_, _, err := k.Stand(t.Context(), s.Mandant, s.ID)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	_, err = k.Deliver(t.Context(), s)
	require.NoError(t, err)
	h.zbp.Silent(true)
	require.NoError(t, h.zbp.Work(t.Context()))
	q, problems, err := k.Stand(t.Context(), s.Mandant, s.ID)
	require.NoError(t, err)
	require.Equal(t, messaging.Uebergeben, q.Zustand)
	require.Empty(t, problems)
	h.zbp.Silent(false)
	require.NoError(t, h.zbp.Work(t.Context()))
	q, _, err = k.Stand(t.Context(), s.Mandant, s.ID)
	require.NoError(t, err)
	require.Equal(t, messaging.Bereitgestellt, q.Zustand)

	lost := sendung()
	lost.Adresse.Kennung = uuid.NewString()
	_, err = k.Deliver(t.Context(), lost)
	require.NoError(t, err, "the ZBP says it later")
	require.NoError(t, h.zbp.Work(t.Context()))
	q, problems, err = k.Stand(t.Context(), lost.Mandant, lost.ID)
	require.NoError(t, err)
	require.Equal(t, messaging.Fehlgeschlagen, q.Zustand)
	require.NotEmpty(t, problems)
	h.zbp.RefuseNext(1)
	refused := sendung()
	_, err = k.Deliver(t.Context(), refused)
	require.NoError(t, err)
	require.NoError(t, h.zbp.Work(t.Context()))
	q, _, err = k.Stand(t.Context(), refused.Mandant, refused.ID)
	require.NoError(t, err)
	require.Equal(t, messaging.Fehlgeschlagen, q.Zustand)
}

// A crash between the steps, a new process with the same store: once in the mailbox.
func TestDeliverAfterARestart(t *testing.T) {
	for _, fault := range []fitconnecttest.Fault{
		{Kind: fitconnecttest.FaultStatus, Op: "PUT submission", Status: 503, Times: 2},
		{Kind: fitconnecttest.FaultCut, Op: "PUT attachment", Times: 2},
		{Kind: fitconnecttest.FaultLostAnswer, Op: "PUT submission", Times: 2},
		{Kind: fitconnecttest.FaultLostAnswer, Op: "POST submission"},
	} {
		h := start(t, nil)
		content := []byte("%PDF-1.7 Bescheid")
		s := sendung(messaging.Anhang{Name: "bescheid.pdf", MIME: "application/pdf", Groesse: int64(len(content)), SHA512: fitconnect.SHA512(content)})
		s.Open = func(context.Context, messaging.Anhang) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content)), nil
		}
		store := &fitconnect.MemoryProgress{}
		h.z.Inject(fault)
		first, err := h.kanal(t, store, nil).Deliver(t.Context(), s)
		if err != nil {
			require.ErrorIs(t, err, fehler.ErrUnavailable)
		}
		h.z.ClearFaults()
		// The configuration of the new process is another one.
		again, err := h.kanal(t, store, &bundid.KanalOptions{SenderURL: "https://neu.example"}).Deliver(t.Context(), s)
		require.NoError(t, err)
		if first.Referenz != "" {
			require.Equal(t, first, again)
		}
		require.NoError(t, h.zbp.Work(t.Context()))
		require.Len(t, h.zbp.Post(postfach), 1, "%+v", fault)
	}
}

// A token that expired before the message got through is made anew.
func TestStaleTokenIsMadeAnew(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	z := fitconnecttest.New(t, &fitconnecttest.Options{Now: clock})
	ich, err := bundidtest.NewIdentity(nil)
	require.NoError(t, err)
	zbp, err := bundidtest.New(z, &bundidtest.Options{Now: clock, Trusted: ich.Trusted()})
	require.NoError(t, err)
	signer, err := bundid.NewSigner(bundid.SignerParams{Key: ich.Key, Certificate: ich.Certificate}, &bundid.SignerOptions{Now: clock})
	require.NoError(t, err)
	sender, err := z.Sender()
	require.NoError(t, err)
	for i, o := range []*bundid.KanalOptions{nil, {SenderURL: "https://neu.example"}} {
		p := bundid.KanalParams{Sender: sender, Target: bundid.Target{DestinationID: zbp.ID()}, Signer: signer,
			Progress: &fitconnect.MemoryProgress{}, Vertrauensniveau: 1}
		k, err := bundid.NewKanal(p, nil)
		require.NoError(t, err)
		s := sendung()
		z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "PUT submission", Status: 422})
		_, err = k.Deliver(t.Context(), s)
		require.Error(t, err)
		now = now.Add(2 * time.Hour)
		k, err = bundid.NewKanal(p, o) // a restart, perhaps with another configuration
		require.NoError(t, err)
		_, err = k.Deliver(t.Context(), s)
		require.NoError(t, err)
		require.NoError(t, zbp.Work(t.Context()))
		require.Len(t, zbp.Post(postfach), i+1)
	}
}

func TestNewKanal(t *testing.T) {
	h := start(t, nil)
	good := bundid.KanalParams{Sender: h.sender, Target: h.target(), Signer: h.signer, Progress: &fitconnect.MemoryProgress{}, Vertrauensniveau: 3}
	for name, change := range map[string]func(*bundid.KanalParams){
		"sender": func(p *bundid.KanalParams) { p.Sender = nil },
		"store":  func(p *bundid.KanalParams) { p.Progress = nil },
		"level":  func(p *bundid.KanalParams) { p.Vertrauensniveau = 0 },
		"target": func(p *bundid.KanalParams) { p.Target = bundid.Target{} },
	} {
		p := good
		change(&p)
		_, err := bundid.NewKanal(p, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
	_, err := bundid.NewKanal(good, &bundid.KanalOptions{Antwort: true})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}
