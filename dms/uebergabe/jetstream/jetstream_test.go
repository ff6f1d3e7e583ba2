package jetstream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	ziel "github.com/ozg-fachwerk/fachwerk/dms/uebergabe/jetstream"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/uebergabetest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func schluessel(n byte) signatur.Schluessel {
	k, err := signatur.NewSchluessel(bytes.Repeat([]byte{n}, 32))
	if err != nil {
		panic(err)
	}
	return k
}

// stand is a NATS server on a real socket with a stream, a bucket and a consumer.
func stand(o *ziel.Options) (*uebergabetest.Stand, error) {
	dir, err := os.MkdirTemp("", "fachwerk-nats")
	if err != nil {
		return nil, err
	}
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	if err != nil {
		return nil, err
	}
	srv.Start()
	if !srv.ReadyForConnections(10 * time.Second) {
		return nil, errors.New("the server does not start")
	}
	nc, err := nats.Connect(srv.ClientURL(), nats.Timeout(time.Second), nats.NoReconnect())
	if err != nil {
		return nil, err
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	// A window of a moment: what keeps repeats out in the suite is the subject.
	st, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "UEBERGABE", Subjects: []string{"uebergabe.kiel.gewerbe.*"}, Duplicates: 100 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	an, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "ANTWORT", Subjects: []string{"antwort.kiel.gewerbe"}})
	if err != nil {
		return nil, err
	}
	cons, err := an.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: "fachwerk", AckPolicy: jetstream.AckExplicitPolicy, AckWait: 2 * time.Second})
	if err != nil {
		return nil, err
	}
	dateien, err := js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: "dateien"})
	if err != nil {
		return nil, err
	}
	open := func() (uebergabe.Ziel, error) {
		return ziel.New(ziel.Params{Name: "gewerbe", Quelle: "urn:test:kiel", JS: js, Subject: "uebergabe.kiel.gewerbe", Schluessel: []signatur.Schluessel{schluessel(1)}, Dateien: dateien, Antworten: cons}, o)
	}
	z, err := open()
	return &uebergabetest.Stand{Ziel: z, Reopen: open,
		Received: func(ctx context.Context) ([]uebergabetest.Angekommen, error) { return empfangen(ctx, st, dateien) },
		Answer: func(id string, inhalt []byte) error {
			u, err := signatur.Sign(id, time.Now(), inhalt, schluessel(1))
			if err != nil {
				return err
			}
			m := nats.NewMsg("antwort.kiel.gewerbe")
			m.Data = inhalt
			u.Set(http.Header(m.Header))
			_, err = js.PublishMsg(context.Background(), m)
			return err
		},
		Garbage: func() error {
			_, err := js.Publish(context.Background(), "antwort.kiel.gewerbe", []byte("Guten Tag"))
			return err
		},
		Close: func() error {
			nc.Close()
			srv.Shutdown()
			srv.WaitForShutdown()
			return os.RemoveAll(dir)
		},
	}, err
}

// empfangen reads the stream from its beginning as a receiver does.
func empfangen(ctx context.Context, st jetstream.Stream, dateien jetstream.ObjectStore) ([]uebergabetest.Angekommen, error) {
	info, err := st.Info(ctx)
	if err != nil {
		return nil, err
	}
	var out []uebergabetest.Angekommen
	for n := info.State.FirstSeq; n != 0 && n <= info.State.LastSeq; n++ {
		m, err := st.GetMsg(ctx, n)
		if err != nil {
			return nil, err
		}
		u, err := signatur.FromHeader(http.Header(m.Header))
		if err != nil {
			return nil, err
		}
		if err := (signatur.Pruefer{Schluessel: []signatur.Schluessel{schluessel(1)}}).Verify(u, m.Data); err != nil {
			return nil, err
		}
		b := m.Data
		var e event.Event
		if err := json.Unmarshal(b, &e); err != nil {
			return nil, err
		}
		fetch := func(v string) (io.ReadCloser, error) { return ziel.Fetch(ctx, dateien, v) }
		if ref, ok := e.Extensions()["dataref"].(string); ok {
			r, err := fetch(ref)
			if err != nil {
				return nil, err
			}
			if b, err = io.ReadAll(r); err != nil {
				return nil, err
			}
		}
		a, err := uebergabetest.Fetch(b, fetch)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func options(o *ziel.Options) uebergabetest.Options {
	warum := "the server of the tests does not refuse"
	return uebergabetest.Options{New: func() (*uebergabetest.Stand, error) { return stand(o) }, Ohne: map[uebergabetest.Stoerung]string{
		uebergabetest.AntwortVerloren: warum, uebergabetest.LehntAb: "a stream refuses no contents", uebergabetest.Fremd: warum, uebergabetest.Haengt: warum, uebergabetest.NichtDa: "TestNotThere",
	}}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	uebergabetest.Run(t, options(&ziel.Options{Warten: 200 * time.Millisecond}))
}

// The same contract when each event is too large for a message.
func TestSuiteByReference(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs the suite a second time")
	}
	uebergabetest.Run(t, options(&ziel.Options{Warten: 200 * time.Millisecond, MaxNachricht: 1}))
}

type immerNeu struct {
	uebergabe.Ziel
	n *atomic.Uint32
}

func (z immerNeu) Uebergeben(ctx context.Context, s *uebergabe.Sendung) (uebergabe.Quittung, error) {
	c := *s
	c.ID[0] = byte(z.n.Add(1))
	return z.Ziel.Uebergeben(ctx, &c)
}

func TestSuiteCanFail(t *testing.T) {
	t.Parallel()
	o := options(&ziel.Options{Warten: 50 * time.Millisecond})
	fresh := o.New
	o.New = func() (*uebergabetest.Stand, error) {
		s, err := fresh()
		if err == nil {
			s.Ziel = immerNeu{s.Ziel, new(atomic.Uint32)}
		}
		return s, err
	}
	failed := map[string]bool{}
	for _, f := range uebergabetest.Check(t.Context(), o) {
		if f.Err != nil {
			failed[f.Gruppe] = true
		}
	}
	require.True(t, failed["idempotenz"] && failed["inhalt"], failed)
}

func TestNotThere(t *testing.T) {
	t.Parallel()
	s, err := stand(nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = s.Ziel.Uebergeben(t.Context(), uebergabetest.Beispiel(1))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.NotErrorIs(t, err, context.DeadlineExceeded)
}

// Behind the window of Nats-Msg-Id the subject still knows the Sendung.
func TestRepeatBehindTheWindow(t *testing.T) {
	t.Parallel()
	s, err := stand(nil)
	require.NoError(t, err)
	defer s.Close()
	_, err = s.Ziel.Uebergeben(t.Context(), uebergabetest.Beispiel(1))
	require.NoError(t, err)
	time.Sleep(300 * time.Millisecond)
	q, err := s.Ziel.Uebergeben(t.Context(), uebergabetest.Beispiel(1))
	require.NoError(t, err)
	require.True(t, q.Wiederholt)
	got, err := s.Received(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 1)
}
