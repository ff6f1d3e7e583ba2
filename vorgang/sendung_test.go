package vorgang_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

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
	f.do(f.melde(n, uuid.UUID{5}, messaging.Zurueckgeholt))
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
