package fitconnect_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// gang is a clock that begins when the tests' events are dated.
type gang struct{ passed atomic.Int64 }

func (u *gang) now() time.Time { return time.Unix(1788343200, 0).Add(time.Duration(u.passed.Load())) }

const tag = 24 * time.Hour

// typen gives the events of an archived log of the register, by file name.
func (s *stelle) typen(t *testing.T) map[string][]fitconnect.EventType {
	t.Helper()
	var akte struct{ Lieferung intake.Lieferung }
	require.NoError(t, json.Unmarshal(s.register(t)[0].Daten, &akte))
	out := map[string][]fitconnect.EventType{}
	for _, n := range akte.Lieferung.Nachweise {
		if strings.HasPrefix(n.Name, "event-log") {
			require.NotContains(t, out, n.Name, "one file of a name")
			out[n.Name] = eventTypes(t, s.read(t, betreiber, blob.Ref{SHA512: n.SHA512, Groesse: n.Groesse}))
		}
	}
	return out
}

func eventTypes(t *testing.T, file []byte) []fitconnect.EventType {
	t.Helper()
	var out []fitconnect.EventType
	for line := range strings.Lines(string(file)) {
		e, err := fitconnect.ParseSET(strings.TrimSpace(line))
		require.NoError(t, err)
		out = append(out, e.Type)
	}
	return out
}

var (
	beimEingang = []fitconnect.EventType{fitconnect.EventCreateSubmission, fitconnect.EventSubmitSubmission}
	abgelehnt   = append(beimEingang[:2:2], fitconnect.EventRejectSubmission)
	quittiert   = append(beimEingang[:2:2], fitconnect.EventAcceptSubmission)
	geloescht   = append(quittiert[:3:3], fitconnect.EventDeleteSubmission)
)

func TestEventLogOfAVorgang(t *testing.T) {
	s := newStelle(t, nil)
	s.send(t, nil)
	_, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	_, err = s.relay.Drain(t.Context())
	require.NoError(t, err)
	got := map[string][]fitconnect.EventType{}
	for _, f := range s.vorgaenge(t, amt)[0].Stand().Dateien {
		if strings.HasPrefix(f.Name, "event-log") {
			got[f.Name] = eventTypes(t, s.read(t, amt, ref(f)))
		}
	}
	require.Equal(t, map[string][]fitconnect.EventType{"event-log-eingang.txt": beimEingang, "event-log-quittung.txt": quittiert}, got)
}

func TestEventLogOfARejection(t *testing.T) {
	for name, kind := range map[string]fitconnecttest.FaultKind{"valid log": fitconnecttest.FaultTag, "forged log": fitconnecttest.FaultForgedEvents} {
		t.Run(name, func(t *testing.T) {
			s := newStelle(t, nil)
			sent := s.send(t, nil)
			s.dienst.Inject(fitconnecttest.Fault{Kind: kind, SubmissionID: sent.SubmissionID, Times: -1})
			_, err := s.empfang.Poll(t.Context())
			require.NoError(t, err)
			require.Equal(t, map[string][]fitconnect.EventType{"event-log-eingang.txt": beimEingang, "event-log-quittung.txt": abgelehnt}, s.typen(t))
		})
	}
}

// What the service adds later is fetched with a call, and goes along into the Vorgang.
func TestEventLogOfAKlaerfall(t *testing.T) {
	u := &gang{}
	s := newStelle(t, &einstellung{jetzt: u.now})
	sent := s.send(t, unbekannterOrt)
	_, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string][]fitconnect.EventType{"event-log-eingang.txt": beimEingang, "event-log-quittung.txt": quittiert}, s.typen(t))
	u.passed.Store(int64(8 * tag))
	require.NoError(t, s.dienst.Tick())
	require.NoError(t, s.empfang.Archive(t.Context(), sent.SubmissionRef))
	require.Equal(t, geloescht, s.typen(t)["event-log-quittung.txt"])
	teil, err := s.empfang.EventLog(t.Context(), sent.SubmissionRef)
	require.NoError(t, err)
	require.NotZero(t, teil.Groesse)

	_, err = s.annahme.Rerun(t.Context(), s.klaerfall(t).ID, func(l *intake.Lieferung) { l.Ort = region })
	require.NoError(t, err)
	found := false
	for _, f := range s.vorgaenge(t, amt)[0].Stand().Dateien {
		if f.Name == "event-log-quittung.txt" {
			found = true
			require.Equal(t, geloescht, eventTypes(t, s.read(t, amt, ref(f))))
		}
	}
	require.True(t, found)
	require.ErrorIs(t, s.empfang.Archive(t.Context(), sent.SubmissionRef), fehler.ErrConflict, "it has a Vorgang now")
	require.ErrorIs(t, s.annahme.AddNachweise(t.Context(), "fitconnect", "unknown"), fehler.ErrNotFound)
}

// A log that cannot be archived is no failure of the receipt.
func TestArchiveFailureIsNoFailure(t *testing.T) {
	s := newStelle(t, nil)
	sent := s.send(t, unbekannterOrt)
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultSlow, Op: "GET case events"}) // the one of the receipt
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "GET case events", Status: 400})
	_, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
	require.NotContains(t, s.typen(t), "event-log-quittung.txt")
	require.NoError(t, s.empfang.Archive(t.Context(), sent.SubmissionRef))
	require.Equal(t, quittiert, s.typen(t)["event-log-quittung.txt"])
}

// Received here, but the accept never got through: somebody is warned in time.
func TestAblauf(t *testing.T) {
	u := &gang{}
	warned := make(chan fitconnect.Waiting, 16)
	s := newStelle(t, &einstellung{jetzt: u.now, empfang: &eingang.Options{Now: u.now, Poll: time.Millisecond, AblaufNach: 13 * tag, AblaufAlle: time.Hour,
		Ablauf: func(_ context.Context, w fitconnect.Waiting) { warned <- w }}})
	sent := s.send(t, nil)
	_, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	u.passed.Store(int64(13*tag - time.Second))
	n, err := s.empfang.CheckAblauf(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)

	u.passed.Store(int64(13 * tag))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.empfang.Run(ctx) }()
	w := <-warned
	require.Equal(t, sent.SubmissionRef, w.SubmissionRef)
	require.Equal(t, fitconnect.DeadlineReject, w.Next.Kind)
	require.Equal(t, u.now().Add(tag).UTC(), w.RejectAt)
	time.Sleep(50 * time.Millisecond) // many polls
	require.Empty(t, warned, "once an hour, not with every poll")
	u.passed.Store(int64(13*tag + time.Hour))
	<-warned
	cancel()
	<-done

	u.passed.Store(int64(14 * tag))
	require.NoError(t, s.dienst.Tick())
	_, err = s.relay.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateRejected, s.dienst.State(sent.SubmissionID))
	require.True(t, s.vorgaenge(t, amt)[0].Stand().EingangQuittiert.IsZero(), "the Vorgang stays, and says that it was never acknowledged")
}

// An old online service through version 1, into a Vorgang.
func TestVersion1IntoAVorgang(t *testing.T) {
	for _, ort := range []string{region, ""} {
		s := newStelle(t, &einstellung{v1: true, empfang: &eingang.Options{Ort: ort}})
		sent, err := s.dienst.SendeV1(t.Context(), entwurf(s), fitconnecttest.OptionsV1{Zip: true})
		require.NoError(t, err)
		out, err := s.empfang.Poll(t.Context())
		require.NoError(t, err)
		_, err = s.relay.Drain(t.Context())
		require.NoError(t, err)
		require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
		if ort == "" {
			require.Equal(t, intake.Klaerung, out[0].Ausgang, "version 1 names no region")
			continue
		}
		require.Equal(t, intake.Angenommen, out[0].Ausgang, "%v", out[0].Probleme)
		st := s.vorgaenge(t, amt)[0].Stand()
		require.Equal(t, "Łukasik-Groß", st.Antrag.Antragsteller.Name)
		require.False(t, st.EingangQuittiert.IsZero())
	}
}
