package fitconnect_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// crashAt makes the n-th question for a Mandant fail, as if the process had died there.
func (s *stelle) crashAt(n int) {
	s.stoerung = func() error {
		if n--; n == 0 {
			s.stoerung = nil
			return errors.New("crash")
		}
		return nil
	}
}

func (s *stelle) send(t *testing.T, change func(*fitconnect.Draft)) *fitconnect.Sent {
	t.Helper()
	return sendDraft(change)(t, s)
}

func (s *stelle) refuseEvent() {
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultStatus, Op: "POST event", Status: http.StatusBadRequest})
}

func unbekannterOrt(d *fitconnect.Draft) { d.Region = "DE110000000000" }

// A crash after the Rerun reserved its Vorgang: the sender offers nothing any
// more, so the case must still be found and finished.
func TestRerunInterrupted(t *testing.T) {
	s := newStelle(t, nil)
	s.send(t, unbekannterOrt)
	_, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	fall := s.klaerfall(t)
	s.crashAt(2)
	_, err = s.annahme.Rerun(t.Context(), fall.ID, func(l *intake.Lieferung) { l.Ort = region })
	require.ErrorContains(t, err, "crash")
	require.Empty(t, s.vorgaenge(t, amt))

	require.Equal(t, fall.ID, s.klaerfall(t).ID, "it must not vanish")
	erg, err := s.annahme.Rerun(t.Context(), fall.ID, nil)
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, erg.Ausgang)
	vs := s.vorgaenge(t, amt)
	require.Len(t, vs, 1)
	require.Equal(t, erg.Vorgang, vs[0].ID())
	for range s.annahme.Klaerfach(t.Context()) {
		t.Fatal("the Klaerfach should be empty")
	}
}

// The case was solved before the sender could be told: the sender still hears it.
func TestKlaerfallSolvedBeforeAnswer(t *testing.T) {
	s := newStelle(t, nil)
	sent := s.send(t, unbekannterOrt)
	s.refuseEvent()
	_, err := s.empfang.Poll(t.Context())
	require.Error(t, err)
	_, err = s.annahme.Rerun(t.Context(), s.klaerfall(t).ID, func(l *intake.Lieferung) { l.Ort = region })
	require.NoError(t, err)
	_, err = s.relay.Drain(t.Context())
	require.NoError(t, err)
	_, err = s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
}

// What was decided stays decided, whatever the next fetch looks like; it is not
// even fetched.
func TestDecidedIsNotJudgedAgain(t *testing.T) {
	tamper := func(s *stelle, sent *fitconnect.Sent) {
		s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: "data", SubmissionID: sent.SubmissionID, Times: -1})
	}
	t.Run("angenommen", func(t *testing.T) {
		s := newStelle(t, nil)
		sent := s.send(t, nil)
		first, err := s.empfang.Poll(t.Context())
		require.NoError(t, err)
		tamper(s, sent)
		s.dienst.Mark("decided")
		again, err := s.empfang.Poll(t.Context())
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, again[0].Ausgang)
		require.True(t, again[0].Bekannt)
		require.Equal(t, first[0].Vorgang, again[0].Vorgang)
		ops := s.dienst.Ops()
		require.NotContains(t, ops[slices.Index(ops, "decided"):], "GET submission")
		_, err = s.relay.Drain(t.Context())
		require.NoError(t, err)
		require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
	})
	t.Run("klaerung", func(t *testing.T) {
		s := newStelle(t, nil)
		sent := s.send(t, unbekannterOrt)
		s.refuseEvent()
		_, err := s.empfang.Poll(t.Context())
		require.Error(t, err)
		tamper(s, sent)
		_, err = s.empfang.Poll(t.Context())
		require.NoError(t, err)
		require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID), "what lies in the Klaerfach must not be rejected")
	})
	t.Run("abgelehnt", func(t *testing.T) {
		s := newStelle(t, nil)
		sent := s.send(t, nil)
		s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: "data", SubmissionID: sent.SubmissionID})
		s.refuseEvent()
		_, err := s.empfang.Poll(t.Context())
		require.Error(t, err)
		_, err = s.empfang.Poll(t.Context())
		require.NoError(t, err)
		told := s.dienst.Problems(sent.SubmissionID)
		require.True(t, strings.HasSuffix(told[0].Type, "/encryption-issue"), "sender was told %s", told[0].Type)
	})
}

// A delivery that stopped halfway is finished with the bytes that were kept, not
// with what the next delivery brings.
func TestHalfwayIsFinishedFromKeptBytes(t *testing.T) {
	s := newStelle(t, nil)
	sent := s.send(t, nil)
	s.crashAt(2)
	_, err := s.empfang.Poll(t.Context())
	require.ErrorContains(t, err, "crash")
	require.Empty(t, s.vorgaenge(t, amt))
	s.dienst.Inject(fitconnecttest.Fault{Kind: fitconnecttest.FaultTamper, Part: "data", SubmissionID: sent.SubmissionID, Times: -1})
	out, err := s.empfang.Poll(t.Context())
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, out[0].Ausgang)
	vs := s.vorgaenge(t, amt)
	require.Len(t, vs, 1)
	st := vs[0].Stand()
	require.Equal(t, "Łukasik-Groß", st.Antrag.Antragsteller.Name)
	for _, f := range st.Dateien {
		if f.Zweck == vorgang.ZweckOriginal {
			require.JSONEq(t, string(st.Antrag.Daten), string(s.read(t, amt, blob.Ref{SHA512: f.SHA512, Groesse: f.Groesse})))
		}
	}
	_, err = s.relay.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, fitconnect.StateAccepted, s.dienst.State(sent.SubmissionID))
}

// A channel that could open nothing can still refuse; a file without bytes is an
// error, not a panic.
func TestWithoutBytes(t *testing.T) {
	s := newStelle(t, nil)
	erg, err := s.annahme.Refuse(t.Context(), intake.Lieferung{Kanal: "post", Kennung: "1"}, fehler.Probleme{{Code: "post.leer", Meldung: "nothing inside", Hinweis: "Der Umschlag ist leer."}})
	require.NoError(t, err)
	require.Equal(t, intake.Abgelehnt, erg.Ausgang)
	_, err = s.annahme.Receive(t.Context(), intake.Lieferung{Kanal: "post", Kennung: "2",
		Fachdaten: intake.Bytes([16]byte{1}, "a.json", "application/json", vorgang.ZweckOriginal, []byte("{}")), Dateien: []intake.Teil{{Name: "leer"}}})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}
