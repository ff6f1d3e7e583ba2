package fitconnect_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	eingang "github.com/ozg-fachwerk/fachwerk/intake/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestReceive(t *testing.T) {
	s := newStelle(t, nil)
	d := entwurf(s)
	sent, err := s.dienst.Sende(t.Context(), d)
	require.NoError(t, err)

	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Len(t, out, 1)
	require.Equal(t, intake.Angenommen, out[0].Ausgang)
	require.Equal(t, amt, out[0].Mandant)
	require.Equal(t, fitconnect.StateSubmitted, s.dienst.State(sent.SubmissionID), "accepted before the relay did it")

	v, err := s.store.Get(t.Context(), amt, out[0].Vorgang)
	require.NoError(t, err)
	st := v.Stand()
	require.Regexp(t, `^HU-\d{4}-00001$`, st.Nummer)
	require.Equal(t, vorgang.Neu, st.Status)
	require.Equal(t, "buergerbuero", st.Einheit)
	require.Equal(t, "Łukasik-Groß", st.Antrag.Antragsteller.Name)
	require.Equal(t, "OD-1", st.Antrag.Referenz)
	require.Equal(t, "2026-09-01", st.Antrag.GestelltAm.String())
	require.True(t, *st.Antrag.Antragsteller.DigitalerBescheid)
	require.Equal(t, "Familienname", st.Antrag.Felder[0].Label)
	byName := map[string]vorgang.Datei{}
	for _, f := range st.Dateien {
		byName[f.Name] = f
	}
	require.Equal(t, d.Data, s.read(t, amt, ref(byName["fachdaten.json"])))
	require.Equal(t, d.Attachments[0].Content, s.read(t, amt, ref(byName["Antrag.pdf"])))
	require.Equal(t, "image/png", byName["Mietvertrag.png"].MIME, "the path of the sender must not survive")
	require.Contains(t, byName, "metadata.json")
	require.Contains(t, byName, "event-log-eingang.txt")

	_, err = s.relay.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
	v, err = s.store.Get(t.Context(), amt, out[0].Vorgang)
	require.NoError(t, err)
	require.False(t, v.Stand().EingangQuittiert.IsZero())
	require.NoError(t, s.store.VerifyJournal(t.Context(), amt, v.ID()))
}

// The accept event leaves only after the Vorgang is durable: at the moment the
// delivery service hears it, the Vorgang can be read.
func TestAcceptAfterDurable(t *testing.T) {
	s := newStelle(t, nil)
	sent, err := s.dienst.Sende(t.Context(), entwurf(s))
	require.NoError(t, err)
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.False(t, slices.Contains(s.dienst.Ops(), "POST event accept-submission"), "accepted inside the pipeline")
	require.Len(t, s.vorgaenge(t, amt), 1)
	s.dienst.Mark("durable")
	_, err = s.relay.Drain(t.Context())
	require.NoError(t, err)
	require.True(t, s.dienst.Before("durable", "POST event accept-submission"))
	require.Equal(t, intake.Angenommen, out[0].Ausgang)
	require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
}

func TestSameSubmissionIsOneVorgang(t *testing.T) {
	s := newStelle(t, nil)
	_, err := s.dienst.Sende(t.Context(), entwurf(s))
	require.NoError(t, err)
	first, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	again, err := s.empfang.Poll(t.Context()) // not accepted yet: offered again
	require.NoError(t, err)
	require.True(t, again[0].Bekannt)
	require.Equal(t, first[0].Vorgang, again[0].Vorgang)
	require.Len(t, s.vorgaenge(t, amt), 1)
}

// Many deliveries of one submission at the same moment are one Vorgang.
func TestConcurrentDelivery(t *testing.T) {
	s := newStelle(t, nil)
	_, err := s.dienst.Sende(t.Context(), entwurf(s))
	require.NoError(t, err)
	errs := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := eingang.New(s.sub, s.annahme, nil).Poll(t.Context()) // as many processes do
			errs <- err
		}()
	}
	for range 8 {
		require.NoError(t, <-errs)
	}
	require.Len(t, s.vorgaenge(t, amt), 1)
}

// The answer to the accept event is lost: the relay tries again and the
// submission is accepted once.
func TestLostAnswerToAccept(t *testing.T) {
	s := newStelle(t, nil)
	sent, err := s.dienst.Sende(t.Context(), entwurf(s))
	require.NoError(t, err)
	_, err = s.empfang.Poll(t.Context())
	require.NoError(t, err)
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultLostAnswer, Op: "POST event"})
	require.Eventually(t, func() bool {
		_, err := s.relay.Drain(t.Context())
		vs := s.vorgaenge(t, amt)
		return err == nil && !vs[0].Stand().EingangQuittiert.IsZero()
	}, 20*time.Second, 50*time.Millisecond)
	require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
}

func TestCallbackWakes(t *testing.T) {
	s := newStelle(t, nil)
	srv := s.callbackServer(t, nil)
	s.punkt.SetCallback(fitconnect.Callback{URL: srv.URL, Secret: geheimnis})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = s.empfang.Run(ctx) }()
	defer func() { cancel(); <-done }()
	_, err := s.dienst.Sende(t.Context(), entwurf(s))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(s.vorgaenge(t, amt)) == 1 }, 10*time.Second, 5*time.Millisecond)
}

// What lies in the Klaerfach is whole, and becomes a Vorgang after the
// Zustaendigkeit is mended by hand.
func TestKlaerfachRerun(t *testing.T) {
	s := newStelle(t, nil)
	d := entwurf(s)
	d.Region = "DE110000000000"
	sent, err := s.dienst.Sende(t.Context(), d)
	require.NoError(t, err)
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, intake.Klaerung, out[0].Ausgang)
	require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID), "durable in the Klaerfach is received")

	fall := s.klaerfall(t)
	require.Equal(t, "routing.gebiet-unbekannt", fall.Probleme[0].Code)
	_, err = s.annahme.Rerun(t.Context(), fall.ID, nil)
	require.Error(t, err, "nothing was mended")
	require.Equal(t, fall.ID, s.klaerfall(t).ID, "and it still lies there")

	erg, err := s.annahme.Rerun(t.Context(), fall.ID, func(l *intake.Lieferung) { l.Ort = region })
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, erg.Ausgang)
	st := s.vorgaenge(t, amt)[0].Stand()
	require.Equal(t, erg.Vorgang, st.ID)
	for _, f := range st.Dateien {
		require.NotEmpty(t, s.read(t, amt, ref(f)), f.Name)
	}
	for range s.annahme.Klaerfach(t.Context()) {
		t.Fatal("the Klaerfach should be empty")
	}
	_, err = s.annahme.Rerun(t.Context(), fall.ID, nil)
	require.Error(t, err, "a second run must not make a second Vorgang")
	require.Len(t, s.vorgaenge(t, amt), 1)
}

func (s *stelle) klaerfall(t *testing.T) intake.Klaerfall {
	t.Helper()
	var out []intake.Klaerfall
	for k, err := range s.annahme.Klaerfach(t.Context()) {
		require.NoError(t, err)
		out = append(out, k)
	}
	require.Len(t, out, 1)
	return out[0]
}

// A Zustaendigkeit that changes between two deliveries of the same submission
// does not move the Vorgang.
func TestOtherMandantSeesNothing(t *testing.T) {
	s := newStelle(t, nil)
	_, err := s.dienst.Sende(t.Context(), entwurf(s))
	require.NoError(t, err)
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	for _, m := range []tenant.ID{betreiber, "fremd"} {
		_, err = s.store.Get(t.Context(), m, out[0].Vorgang)
		require.ErrorContains(t, err, "not found")
		require.Empty(t, s.vorgaenge(t, m))
	}
}

// What was received whole before is not rejected because it is served broken
// later: the Vorgang is there, and the relay accepts it.
func TestBrokenAfterReceived(t *testing.T) {
	s := newStelle(t, nil)
	sent, err := s.dienst.Sende(t.Context(), entwurf(s))
	require.NoError(t, err)
	first, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: "data", Times: -1})
	again, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.True(t, again[0].Bekannt)
	require.Equal(t, first[0].Vorgang, again[0].Vorgang)
	require.Equal(t, fitconnect.StateSubmitted, s.dienst.State(sent.SubmissionID))
	s.dienst.ClearFaults()
	_, err = s.relay.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
}

// The same for what lies in the Klaerfach: it is accepted by what the register
// says, without a second download.
func TestBrokenAfterKlaerung(t *testing.T) {
	s := newStelle(t, nil)
	d := entwurf(s)
	d.Region = "DE110000000000"
	sent, err := s.dienst.Sende(t.Context(), d)
	require.NoError(t, err)
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "POST event", Status: 400})
	_, err = s.empfang.Poll(t.Context())
	require.Error(t, err, "durable here, but the service did not hear it")
	require.Equal(t, fitconnect.StateSubmitted, s.dienst.State(sent.SubmissionID), "neither accepted nor rejected")
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: "data", Times: -1})
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, intake.Klaerung, out[0].Ausgang)
	require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
}

// A rejection that did not get through is repeated with its own reason, even if
// the submission is served whole by then.
func TestRejectionRepeated(t *testing.T) {
	s := newStelle(t, nil)
	sent, err := s.dienst.Sende(t.Context(), entwurf(s))
	require.NoError(t, err)
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: "data"})
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "POST event", Status: 400})
	_, err = s.empfang.Poll(t.Context())
	require.Error(t, err)
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, intake.Abgelehnt, out[0].Ausgang)
	told := s.dienst.Problems(sent.SubmissionID)
	require.Len(t, told, 1)
	require.True(t, strings.HasSuffix(told[0].Type, "/"+string(fitconnect.SlugEncryptionIssue)), told[0].Type)
}
