package antwort_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/antwort"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) {
	testenv.Main(m, func() {
		if err := goleak.Find(); err != nil {
			fmt.Println("goroutine leak:", err)
			os.Exit(1)
		}
	})
}

const (
	standard = "urn:beispiel:antwort:1.0"
	issuer   = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"
)

type faelle map[string]fitconnect.ReplyFITConnect

func (f faelle) Channel(_ context.Context, _ tenant.ID, caseID string) (fitconnect.ReplyFITConnect, error) {
	c, ok := f[caseID]
	if !ok {
		return c, fehler.New("faelle", "", fehler.ErrNotFound, nil)
	}
	return c, nil
}

func schreibe(s messaging.Sendung, c fitconnect.ReplyFITConnect) (antwort.Inhalt, error) {
	data, err := json.Marshal(map[string]string{"sendung": s.ID.String(), "betreff": s.Nachricht.Betreff, "text": s.Nachricht.Text})
	return antwort.Inhalt{ProcessStandard: c.ProcessStandards[0], Data: data,
		DataSchema: fitconnect.SchemaRef{SchemaURI: "https://schema.example/antwort.json", MIMEType: fitconnect.MIMEJSON}}, err
}

type haus struct {
	z      *fitconnecttest.Zustelldienst
	kanal  *antwort.Kanal
	caseID string
	reader *fitconnect.ReplyReader
	read   map[string]string // Sendung by reply, of what was read already
}

func must(t messagingtest.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func start(t messagingtest.TB) *haus {
	t.Helper()
	z, err := fitconnecttest.Start(nil)
	must(t, err)
	t.Cleanup(z.Close)
	dest, err := z.AddDestination(fitconnecttest.DestinationParams{})
	must(t, err)
	enc, err := fitconnecttest.TestKey(fitconnecttest.KeyEncryption2)
	must(t, err)
	sig, err := fitconnecttest.TestKey(fitconnecttest.KeySigning2)
	must(t, err)
	z.AddReplyKey(issuer, sig)
	portal, err := fitconnect.NewClient(z.Endpoints(), z.AddClient(fitconnect.ScopeSend), nil)
	must(t, err)
	t.Cleanup(portal.CloseIdleConnections)
	sender, err := fitconnect.NewSender(fitconnect.SenderParams{Client: portal}, nil)
	must(t, err)
	channel := fitconnect.ReplyFITConnect{ProcessStandards: []string{standard}, EncryptionPublicKey: enc.Public(fitconnect.UseEncrypt)}
	d := fitconnecttest.Beispiel(dest.ID)
	d.Metadata.ReplyChannel = &fitconnect.ReplyChannel{FITConnect: &channel}
	sent, err := sender.Send(context.Background(), d)
	must(t, err)
	authority, err := dest.Client(&fitconnect.ClientOptions{Attempts: 2, BaseDelay: time.Millisecond, Timeout: 3 * time.Second})
	must(t, err)
	keys := fitconnect.ReplyKeys{Base: authority, Known: map[string]fitconnect.JWKSet{issuer: {Keys: []fitconnect.JWK{sig.Public(fitconnect.UseVerify)}}}}
	replier, err := fitconnect.NewReplier(authority, &fitconnect.ReplierOptions{Keys: keys})
	must(t, err)
	h := &haus{z: z, caseID: sent.CaseID, read: map[string]string{}}
	h.kanal, err = antwort.New(antwort.Params{Replier: replier, Faelle: faelle{sent.CaseID: channel}, Schreiber: schreibe, Progress: &fitconnect.MemoryProgress{}},
		&antwort.Options{Bekanntgabe: "postfach"})
	must(t, err)
	ring, err := fitconnect.NewKeyring(enc.Decryption())
	must(t, err)
	h.reader, err = fitconnect.NewReplyReader(fitconnect.ReplyReaderParams{Client: portal, Keys: ring, Issuer: issuer, Signing: sig.Signing()}, nil)
	must(t, err)
	return h
}

// count reads every waiting reply as the online service does.
func (h *haus) count(id uuid.UUID) (n int) {
	for ref, err := range h.reader.List(context.Background()) {
		if err != nil {
			return -1
		}
		if _, known := h.read[ref.ReplyID]; !known {
			r, err := h.reader.Fetch(context.Background(), ref.ReplyID)
			if err != nil {
				return -1
			}
			var data struct{ Sendung string }
			if json.Unmarshal(r.Data, &data) != nil {
				return -1
			}
			h.read[ref.ReplyID] = data.Sendung
		}
		if h.read[ref.ReplyID] == id.String() {
			n++
		}
	}
	return n
}

func TestKonformitaet(t *testing.T) {
	messagingtest.Run(t, messagingtest.Options{New: func(t messagingtest.TB) messagingtest.Fall {
		h := start(t)
		return messagingtest.Fall{Kanal: h.kanal, Adresse: messaging.Adresse{Kanal: antwort.Name, Kennung: h.caseID},
			Zugestellt: h.count, Unbekannt: uuid.NewString(), Ungueltig: "kein Fall",
			Stoere: h.stoere,
			Unerreichbar: func() {
				h.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultCut, Op: "POST reply", Times: -1})
			}}
	}, Unsupported: messagingtest.WithoutStoerungen(nil, "the double of FIT-Connect has no TLS and no such fault; the protocol knows no full mailbox",
		messagingtest.Tropfen, messagingtest.Fremdzertifikat, messagingtest.PostfachVoll)})
}

func (h *haus) stoere(s messagingtest.Stoerung) {
	switch s {
	case messagingtest.AntwortVerloren:
		h.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: "PUT reply", Times: -1})
	case messagingtest.Schweigen:
		h.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultHang, Op: "PUT reply", Times: -1})
	case messagingtest.Serverfehler:
		h.z.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "PUT reply", Times: -1})
	default:
		h.z.ClearFaults()
	}
}

func TestStand(t *testing.T) {
	h := start(t)
	s := messaging.Sendung{ID: uuid.Must(uuid.NewV7()), Mandant: "kiel", Adresse: messaging.Adresse{Kanal: antwort.Name, Kennung: h.caseID},
		Nachricht: messaging.Nachricht{Art: messaging.Mitteilung, Betreff: "b", Text: "t"}}
	_, _, err := h.kanal.Stand(t.Context(), s.Mandant, s.ID)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	q, err := h.kanal.Deliver(t.Context(), s)
	require.NoError(t, err)
	r, err := h.reader.Fetch(t.Context(), q.Referenz)
	require.NoError(t, err)
	stand, _, err := h.kanal.Stand(t.Context(), s.Mandant, s.ID)
	require.NoError(t, err)
	require.Equal(t, messaging.Uebergeben, stand.Zustand)
	require.NoError(t, h.reader.Accept(t.Context(), r))
	stand, _, err = h.kanal.Stand(t.Context(), s.Mandant, s.ID)
	require.NoError(t, err)
	require.Equal(t, messaging.Bereitgestellt, stand.Zustand)

	s.ID = uuid.Must(uuid.NewV7())
	q, err = h.kanal.Deliver(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, h.reader.Reject(t.Context(), fitconnect.ReplyRef{ReplyID: q.Referenz, CaseID: h.caseID},
		fitconnect.ProblemsOf(fehler.Probleme{fitconnect.Finding(fitconnect.SlugSchemaViolation, fitconnect.InstanceData, "x")})))
	stand, problems, err := h.kanal.Stand(t.Context(), s.Mandant, s.ID)
	require.NoError(t, err)
	require.Equal(t, messaging.Fehlgeschlagen, stand.Zustand)
	require.Len(t, problems, 1)
}

func TestNew(t *testing.T) {
	_, err := antwort.New(antwort.Params{}, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}
