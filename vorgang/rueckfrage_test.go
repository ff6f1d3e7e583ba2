package vorgang_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// warne performs the warnings that are due at the clock of the case, each once.
func (f *fall) warne() {
	f.t.Helper()
	for i := 0; i < len(f.orders); i++ {
		x := f.orders[i]
		if x.Art != vorgang.FristWarnen || x.Faellig.After(f.uhr) || f.erledigt[x.ID] {
			continue
		}
		if f.erledigt == nil {
			f.erledigt = map[uuid.UUID]bool{}
		}
		f.erledigt[x.ID] = true
		var w vorgang.Warnung
		f.do(x.Decode(&w))
		for range 2 { // a relay that was killed after its report
			f.do(f.v.RecordWarnung(relay, f.uhr, w))
		}
	}
}

// A question with a deadline lets the Vorgang rest, is reminded of once, and comes to the clerk
// when nobody answered.
func TestQuestionWithDeadline(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
	ende := f.v.Stand().Fristende(datum.New(2026, 3, 5))
	f.am(3, 5)
	_, err := f.v.Ask(sb, f.now(), vorgang.Frage{Betreff: "Foto", Text: "Bitte ein Foto.", Erinnern: -1})
	require.Equal(t, "rueckfrage.erinnern", codeVon(t, err))
	id := f.get(f.v.Ask(sb, f.now(), vorgang.Frage{Betreff: "Foto", Text: "Bitte ein Foto.", Bis: datum.New(2026, 3, 20), Erinnern: 5, Aussetzen: true}))
	require.NotNil(t, f.v.Stand().Ausgesetzt())
	briefe := len(f.v.Stand().Nachrichten)

	f.am(3, 14)
	f.warne()
	require.Len(t, f.v.Stand().Nachrichten, briefe)
	f.am(3, 15)
	f.warne()
	s := f.v.Stand()
	require.Len(t, s.Nachrichten, briefe+1, "one reminder")
	erinnerung := s.Nachrichten[briefe].Nachricht
	require.Equal(t, "Erinnerung: Foto", erinnerung.Betreff)
	require.Contains(t, erinnerung.Text, "bis zum 20.03.2026")
	f.am(3, 20)
	f.warne()
	require.Empty(t, f.v.Stand().Wiedervorlagen, "the last day is the citizen's")
	f.am(3, 21)
	f.warne()
	s = f.v.Stand()
	require.Len(t, s.Wiedervorlagen, 1)
	require.Equal(t, "Antwortfrist abgelaufen: Foto", s.Wiedervorlagen[0].Betreff)
	require.True(t, s.Rueckfragen[0].Beantwortet.IsZero(), "it stays open")
	require.NotNil(t, s.Ausgesetzt())
	f.check()

	// An answer to the reminder answers the question, and the work goes on.
	f.am(3, 25)
	f.do(f.v.Answer(buerger, f.now(), vorgang.Erwiderung{Bezug: erinnerung.ID, Text: "Hier ist es."}))
	s = f.v.Stand()
	require.False(t, s.Rueckfragen[0].Beantwortet.IsZero())
	require.Equal(t, id, s.Rueckfragen[0].ID)
	require.Nil(t, s.Ausgesetzt())
	require.Equal(t, ende.AddTage(20), s.Fristende(datum.New(2026, 4, 1)), "the days it waited do not count")
	f.check()
	f.am(5, 1)
	f.warne()
	require.Len(t, f.v.Stand().Wiedervorlagen, 1)
}

func TestQuestionEnds(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	// One that rests for another reason goes on resting.
	f.get(f.v.Suspend(sb, f.now(), "Gericht"))
	anderes := f.v.Stand().Ausgesetzt().ID
	id := f.get(f.v.Ask(sb, f.now(), vorgang.Frage{Betreff: "a", Text: "b", Bis: datum.Von(f.uhr).AddTage(3), Erinnern: 9, Aussetzen: true}))
	require.True(t, f.v.Stand().Rueckfragen[0].Erinnern.IsZero(), "that day is past")
	f.do(f.v.EndQuestion(sb, f.now(), id, "geklärt"))
	require.Equal(t, anderes, f.v.Stand().Ausgesetzt().ID)
	f.do(f.v.Resume(sb, f.now()))
	id = f.get(f.v.Ask(sb, f.now(), vorgang.Frage{Betreff: "a", Text: "b", Aussetzen: true}))
	require.NotNil(t, f.v.Stand().Ausgesetzt())
	f.do(f.v.EndQuestion(sb, f.now(), id, "geklärt"))
	require.Nil(t, f.v.Stand().Ausgesetzt())
	f.uhr = f.uhr.AddDate(0, 1, 0)
	f.warne()
	require.Empty(t, f.v.Stand().Wiedervorlagen, "nobody waits any more")
	f.check()
}

// Reports of a channel come late, twice and in any order: the state only goes forward.
func TestDeliveryStates(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	n := f.get(f.v.Write(sb, f.now(), "Hallo", "Text"))
	zustand := func() messaging.Zustand {
		s := f.v.Stand()
		return s.Nachrichten[len(s.Nachrichten)-1].Zustand()
	}
	require.Empty(t, zustand())
	melde := func(sendung byte, z messaging.Zustand) {
		q := quittung(sendung)
		q.Zustand = z
		f.do(f.v.RecordDelivery(relay, f.now(), n, q, ""))
	}
	for _, x := range []struct{ z, want messaging.Zustand }{
		{messaging.Uebergeben, messaging.Uebergeben}, {messaging.Gelesen, messaging.Gelesen}, {messaging.Bereitgestellt, messaging.Gelesen},
		{messaging.Gelesen, messaging.Gelesen}, {messaging.Fehlgeschlagen, messaging.Fehlgeschlagen}, {messaging.Gelesen, messaging.Fehlgeschlagen}, {messaging.Beantwortet, messaging.Beantwortet}, {messaging.Bestaetigt, messaging.Beantwortet},
	} {
		melde(1, x.z)
		require.Equal(t, x.want, zustand())
	}
	s := f.v.Stand()
	require.Len(t, s.Nachrichten[len(s.Nachrichten)-1].Quittungen, 4, "what tells nothing new is no entry")

	// Another delivery begins anew; a doubt is settled by a person.
	melde(2, messaging.Unsicher)
	require.Equal(t, messaging.Unsicher, zustand())
	f.do(f.v.SettleDelivery(sb, f.now(), n, true, "angerufen"))
	require.Equal(t, messaging.Uebergeben, zustand())
	require.Equal(t, "nachricht.nicht-unsicher", codeVon(t, f.v.SettleDelivery(sb, f.now(), n, true, "noch einmal")))
	melde(3, messaging.Unsicher)
	auftraege := len(f.orders)
	f.do(f.v.SettleDelivery(sb, f.now(), n, false, "nicht angekommen"))
	require.Equal(t, messaging.Fehlgeschlagen, zustand())
	require.Len(t, f.orders, auftraege+1, "it is sent once more")
	require.Equal(t, vorgang.NachrichtSenden, f.orders[auftraege].Art)
	f.check()
}
