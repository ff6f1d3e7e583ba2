package vorgang_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// mitBrief is a Vorgang somebody works on, with a letter on its way.
func mitBrief(t testing.TB) (*fall, uuid.UUID) {
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	return f, f.get(f.v.Write(sb, f.now(), "Hallo", "Guten Tag"))
}

func (f *fall) melde(n uuid.UUID, s uuid.UUID, z messaging.Zustand) error {
	now := f.now()
	return f.v.RecordDelivery(relay, now, n, messaging.Quittung{Sendung: s, Kanal: "portal", Zustand: z, Zeit: now}, "")
}

func (f *fall) sendung(n uuid.UUID) vorgang.Sendungsstand {
	for _, x := range f.v.Stand().Nachrichten {
		if x.Nachricht.ID == n {
			return x.Sendung()
		}
	}
	return vorgang.Sendungsstand{}
}

var alleZustaende = []messaging.Zustand{
	messaging.Unsicher, messaging.Uebergeben, messaging.Bereitgestellt, messaging.Zurueckgerufen, messaging.Abgeholt, messaging.Gelesen,
	messaging.Fehlgeschlagen, messaging.Beantwortet, messaging.Bestaetigt,
}

// In whatever order reports come in, and however often: the state only moves forward, an
// entry is written for each step and for nothing else, and the end is the furthest of all.
func TestReportsOnlyMoveForward(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		f, n := mitBrief(t)
		require.Equal(rt, messaging.Angelegt, f.sendung(n).Zustand)
		war := messaging.Angelegt
		for _, z := range rapid.SliceOfN(rapid.SampledFrom(alleZustaende), 1, 12).Draw(rt, "reports") {
			vorher := len(f.journal)
			require.NoError(rt, f.melde(n, uuid.UUID{5}, z))
			f.save()
			neu := f.journal[vorher:]
			if !z.Folgt(war) {
				require.Empty(rt, neu, "%s after %s", z, war)
				continue
			}
			require.Len(rt, neu, 1)
			require.Equal(rt, vorgang.Code("nachricht.quittiert"), neu[0].Code)
			war = z
			require.Equal(rt, z, f.sendung(n).Zustand)
		}
	})
}

// The order by hand: a wrong row of the table must not pass because test and code read the same.
func TestZustandFolgt(t *testing.T) {
	t.Parallel()
	ja := func(z, war messaging.Zustand) { require.True(t, z.Folgt(war), "%s after %s", z, war) }
	nein := func(z, war messaging.Zustand) { require.False(t, z.Folgt(war), "%s after %s", z, war) }
	ja(messaging.Uebergeben, messaging.Unsicher)
	ja(messaging.Gelesen, messaging.Unsicher)
	ja(messaging.Fehlgeschlagen, messaging.Abgeholt)
	ja(messaging.Beantwortet, messaging.Fehlgeschlagen)
	ja(messaging.Gelesen, messaging.Zurueckgerufen)
	nein(messaging.Unsicher, messaging.Uebergeben)
	nein(messaging.Bereitgestellt, messaging.Gelesen)
	nein(messaging.Zurueckgerufen, messaging.Gelesen)
	nein(messaging.Fehlgeschlagen, messaging.Zurueckgerufen)
	nein(messaging.Fehlgeschlagen, messaging.Beantwortet)
	nein(messaging.Gelesen, messaging.Fehlgeschlagen)
	ja("neues-wort", messaging.Unsicher)
	nein("neues-wort", messaging.Uebergeben)
	for _, z := range alleZustaende {
		nein(z, z)
		require.NotEmpty(t, z.Name())
	}
}

func TestUnsichereSendung(t *testing.T) {
	t.Parallel()
	f, n := mitBrief(t)
	require.ErrorIs(t, f.v.SettleSendung(sb, f.now(), n, "x"), fehler.ErrConflict, "not reported yet")
	require.ErrorIs(t, f.v.Resend(sb, f.now(), n, "x"), fehler.ErrConflict)
	f.do(f.melde(n, uuid.UUID{5}, messaging.Unsicher))
	require.Contains(t, f.last().Text(), "unsicher: Sie kann angekommen sein")
	require.Contains(t, f.v.Stand().UnsichereSendungen(), n)
	require.ErrorIs(t, f.v.SettleSendung(sb, f.now(), n, " "), fehler.ErrInvalid, "a reason is mandatory")
	vorher := f.v.Stand().Nachrichten

	f.do(f.v.SettleSendung(sb, f.now(), n, "Die Bürgerin hat angerufen."))
	geklaert := f.last()
	require.Equal(t, messaging.Uebergeben, f.sendung(n).Zustand)
	require.NotContains(t, f.v.Stand().UnsichereSendungen(), n)
	require.NotContains(t, geklaert.Text(), "Bürgerin", "no personal data")
	f.do(f.v.Undo(sb, f.now(), geklaert))
	require.Equal(t, vorher, f.v.Stand().Nachrichten, "taking back restores everything")

	// What the Kanal finds out later wins, and then the clerk's word cannot be taken back.
	f.do(f.v.SettleSendung(sb, f.now(), n, "Die Bürgerin hat angerufen."))
	geklaert = f.last()
	f.do(f.melde(n, uuid.UUID{5}, messaging.Gelesen))
	require.ErrorIs(t, f.v.Undo(sb, f.now(), geklaert, f.last()), fehler.ErrConflict)
	require.Equal(t, messaging.Gelesen, f.sendung(n).Zustand)
}

// Ordered anew it is one Auftrag, a Sendung of its own, and not ordered twice.
func TestResend(t *testing.T) {
	t.Parallel()
	f, n := mitBrief(t)
	f.do(f.melde(n, uuid.UUID{5}, messaging.Unsicher))
	auftraege := len(f.orders)
	f.do(f.v.Resend(sb, f.now(), n, "Nicht angekommen."))
	require.Len(t, f.orders, auftraege+1)
	require.Equal(t, vorgang.NachrichtSenden, f.orders[auftraege].Art)
	require.Equal(t, messaging.Angelegt, f.sendung(n).Zustand)
	require.Empty(t, f.v.Stand().UnsichereSendungen())
	require.ErrorIs(t, f.v.Resend(sb, f.now(), n, "noch einmal"), fehler.ErrConflict)
	f.do(f.melde(n, uuid.UUID{5}, messaging.Gelesen)) // the first one arrived after all
	require.Equal(t, messaging.Angelegt, f.sendung(n).Zustand, "the second is on its way")
	f.do(f.melde(n, uuid.UUID{6}, messaging.Bereitgestellt))
	require.Equal(t, uuid.UUID{6}, f.sendung(n).Sendung)
	require.ErrorIs(t, f.v.Resend(sb, f.now(), n, "noch einmal"), fehler.ErrConflict)
	require.ErrorIs(t, f.v.Resend(sb, f.now(), uuid.UUID{99}, "x"), fehler.ErrNotFound)
}

func TestRecall(t *testing.T) {
	t.Parallel()
	f, _ := mitBrief(t)
	frage := f.get(f.v.Ask(sb, f.now(), vorgang.Frage{Betreff: "Plan", Text: "Bitte den Lageplan senden."}))
	s := f.v.Stand()
	n := s.Rueckfragen[0].Nachricht
	require.ErrorIs(t, f.v.Recall(sb, f.now(), n, "falsch"), fehler.ErrConflict, "not on its way yet")
	f.do(f.melde(n, uuid.UUID{5}, messaging.Bereitgestellt))
	f.do(f.v.Recall(sb, f.now(), n, "falscher Plan"))
	a := f.orders[len(f.orders)-1]
	require.Equal(t, vorgang.NachrichtZurueckrufen, a.Art)
	var d vorgang.SendungDaten
	require.NoError(t, a.Decode(&d))
	require.Equal(t, vorgang.SendungDaten{Nachricht: n, Sendung: uuid.UUID{5}}, d)
	require.ErrorIs(t, f.v.Recall(sb, f.now(), n, "noch einmal"), fehler.ErrConflict)
	f.do(f.v.RecordRecallFailure(relay, f.now(), d, "Der Kanal antwortet nicht."))
	vorher := len(f.journal)
	f.do(f.v.RecordRecallFailure(relay, f.now(), d, "Der Kanal antwortet nicht."))
	require.Len(t, f.journal, vorher, "a second report changes nothing")
	f.do(f.v.Recall(sb, f.now(), n, "falscher Plan"))
	require.True(t, f.v.Stand().WartetAufBuerger())
	f.do(f.melde(n, uuid.UUID{5}, messaging.Zurueckgerufen))
	require.Equal(t, frage, f.v.Stand().Rueckfragen[0].ID)
	require.False(t, f.v.Stand().WartetAufBuerger(), "nobody can answer any more")
	require.ErrorIs(t, f.v.Recall(sb, f.now(), n, "noch einmal"), fehler.ErrConflict)
}

func TestFollowSendung(t *testing.T) {
	t.Parallel()
	f, n := mitBrief(t)
	vorher, wann := len(f.journal), f.now().Add(time.Hour)
	f.do(f.v.FollowSendung(relay, f.now(), vorgang.SendungDaten{Nachricht: n, Sendung: uuid.UUID{5}}, wann))
	a := f.orders[len(f.orders)-1]
	require.Equal(t, vorgang.SendungAbfragen, a.Art)
	require.True(t, a.Termin)
	require.Len(t, f.journal, vorher, "asking is no entry")
	require.ErrorIs(t, f.v.FollowSendung(sb, f.now(), vorgang.SendungDaten{Nachricht: n}, wann), fehler.ErrForbidden)
	require.ErrorIs(t, f.v.FollowSendung(relay, f.now(), vorgang.SendungDaten{}, wann), fehler.ErrNotFound)
}
