package vorgang_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// mitFrage is a Vorgang with a question, due in ten days.
func mitFrage(t testing.TB, aendere func(*vorgang.Frage)) (*fall, uuid.UUID) {
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	q := vorgang.Frage{Betreff: "Lageplan", Text: "Bitte den Lageplan senden.", Bis: datum.Von(f.uhr).AddTage(10)}
	aendere(&q)
	return f, f.get(f.v.Ask(sb, f.now(), q))
}

// faellig performs the last order about a deadline of a question, on its day.
func (f *fall) faellig() error {
	f.t.Helper()
	for i := len(f.orders) - 1; i >= 0; i-- {
		if o := f.orders[i]; o.Art == vorgang.RueckfrageFaellig {
			var d vorgang.RueckfrageDaten
			require.NoError(f.t, o.Decode(&d))
			require.True(f.t, o.Termin)
			if o.Faellig.After(f.uhr) {
				f.uhr = o.Faellig
			}
			return f.v.ReachRueckfrage(relay, f.uhr, d)
		}
	}
	f.t.Fatal("no deadline was ordered")
	return nil
}

func (f *fall) seit(n int) (out []vorgang.Code) {
	for _, e := range f.journal[n:] {
		out = append(out, e.Code)
	}
	return out
}

// The whole way: it rests, the citizen is reminded once, then a person is told, and the
// late answer, to the reminder, still ends the waiting and the rest.
func TestRueckfrageMitFrist(t *testing.T) {
	t.Parallel()
	f, id := mitFrage(t, func(q *vorgang.Frage) { q.Aussetzen, q.Nachfrage = true, &vorgang.Nachfrage{Tage: 14} })
	require.NotNil(t, f.v.Stand().Ausgesetzt())
	require.False(t, f.v.Stand().Wartend())
	n := len(f.journal)
	require.NoError(t, f.v.ReachRueckfrage(relay, f.now(), vorgang.RueckfrageDaten{Rueckfrage: id, Bis: f.v.Stand().Rueckfragen[0].Bis}))
	f.save()
	require.Empty(t, f.seit(n), "before the day")

	erste := f.v.Stand().Rueckfragen[0].Bis
	f.do(f.faellig())
	require.Equal(t, []vorgang.Code{"nachricht.geschrieben", "rueckfrage.erinnert"}, f.seit(n))
	r := f.v.Stand().Rueckfragen[0]
	require.Equal(t, erste.AddTage(1+14), r.Bis)
	require.Equal(t, r.Bis, f.v.Oeffentlich(f.uhr).Offen[0].Bis, "the citizen reads the new day")
	s := f.v.Stand()
	brief := s.Nachrichten[len(s.Nachrichten)-1].Nachricht
	require.Equal(t, "Erinnerung: Lageplan", brief.Betreff)
	require.Contains(t, brief.Text, r.Bis.Deutsch())
	require.Equal(t, messaging.AntwortErwartet, brief.Antwort)
	n = len(f.journal)
	require.NoError(t, f.v.ReachRueckfrage(relay, f.uhr, vorgang.RueckfrageDaten{Rueckfrage: id, Bis: erste}))
	f.save()
	require.Empty(t, f.seit(n), "the old day was overtaken")

	f.do(f.faellig())
	require.Equal(t, []vorgang.Code{"rueckfrage.abgelaufen", "wiedervorlage.gesetzt"}, f.seit(n))
	w := f.v.Stand().Wiedervorlagen[0]
	require.Equal(t, sb.ID, w.Fuer)
	require.Contains(t, w.Text, r.Bis.Deutsch())
	require.True(t, f.v.Stand().WartetAufBuerger(), "a person decides")
	require.NotNil(t, f.v.Stand().Ausgesetzt())
	n = len(f.journal)
	f.do(f.faellig())
	require.Empty(t, f.seit(n), "told once")

	f.do(f.v.Answer(buerger, f.now(), vorgang.Erwiderung{Bezug: brief.ID, Text: "Hier ist er."}))
	require.Equal(t, []vorgang.Code{"rueckfrage.beantwortet", "aussetzung.beendet"}, f.seit(n))
	require.Nil(t, f.v.Stand().Ausgesetzt())
	require.False(t, f.v.Stand().WartetAufBuerger())
	require.ErrorIs(t, f.v.Undo(sb, f.now(), f.last()), fehler.ErrUnsupported, "an answer is not undone")
	f.check()
}

// The days it rested are added to the Bearbeitungsfrist, also when a question ends without an answer.
func TestRueckfrageAussetzenVerlaengert(t *testing.T) {
	t.Parallel()
	for name, ende := range map[string]func(f *fall, id uuid.UUID) error{
		"answer": func(f *fall, _ uuid.UUID) error {
			return f.v.Answer(buerger, f.uhr, vorgang.Erwiderung{Bezug: f.v.Stand().Rueckfragen[0].Nachricht, Text: "Ja."})
		},
		"ended": func(f *fall, id uuid.UUID) error { return f.v.EndQuestion(sb, f.uhr, id, "hat sich erledigt") },
		"resumed before": func(f *fall, id uuid.UUID) error {
			if err := f.v.Resume(sb, f.uhr); err != nil {
				return err
			}
			return f.v.EndQuestion(sb, f.uhr, id, "hat sich erledigt")
		},
	} {
		f, id := mitFrage(t, func(q *vorgang.Frage) { q.Aussetzen = true })
		f.uhr = f.uhr.Add(5 * 24 * time.Hour)
		f.do(ende(f, id))
		a := f.v.Stand().Aussetzungen
		require.Len(t, a, 1, name)
		require.Equal(t, 5, a[0].Von.TageBis(a[0].Bis), name)
		require.Equal(t, id, f.v.Stand().Rueckfragen[0].ID)
		n := len(f.journal)
		f.do(f.faellig())
		require.Empty(t, f.seit(n), name+": nobody waits for the day any more")
	}
}

// A rest that a person ordered is not ended by an answer.
func TestRueckfrageLeavesOtherRestsAlone(t *testing.T) {
	t.Parallel()
	f, _ := mitFrage(t, func(*vorgang.Frage) {})
	f.get(f.v.Suspend(sb, f.now(), "Vorfragen"))
	f.do(f.v.Answer(buerger, f.now(), vorgang.Erwiderung{Bezug: f.v.Stand().Rueckfragen[0].Nachricht, Text: "Ja."}))
	require.NotNil(t, f.v.Stand().Ausgesetzt())
	_, err := f.v.Ask(sb, f.now(), vorgang.Frage{Text: "Noch etwas?", Aussetzen: true})
	require.ErrorIs(t, err, fehler.ErrConflict)
}

// What is wrong with a question leaves nothing behind.
func TestRueckfrageRefused(t *testing.T) {
	t.Parallel()
	f, _ := mitFrage(t, func(*vorgang.Frage) {})
	bis := datum.Von(f.uhr).AddTage(3)
	for name, q := range map[string]vorgang.Frage{
		"no days":            {Text: "?", Bis: bis, Nachfrage: &vorgang.Nachfrage{}},
		"too many days":      {Text: "?", Bis: bis, Nachfrage: &vorgang.Nachfrage{Tage: vorgang.MaxNachfrist + 1}},
		"reminder, no day":   {Text: "?", Nachfrage: &vorgang.Nachfrage{Tage: 3}},
		"deadline yesterday": {Text: "?", Bis: datum.Von(f.uhr).AddTage(-1)},
	} {
		n := len(f.journal)
		_, err := f.v.Ask(sb, f.now(), q)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.NotEmpty(t, fehler.ProblemeIn(err)[0].Hinweis, name)
		f.save()
		require.Empty(t, f.seit(n), name)
	}
	require.ErrorIs(t, f.v.ReachRueckfrage(relay, f.now(), vorgang.RueckfrageDaten{Rueckfrage: uuid.UUID{99}}), fehler.ErrNotFound)
	require.ErrorIs(t, f.v.ReachRueckfrage(sb, f.now(), vorgang.RueckfrageDaten{}), fehler.ErrForbidden)
}

// Without a reminder the first deadline already tells a person; a question without a
// deadline orders nothing.
func TestRueckfrageOhneNachfrage(t *testing.T) {
	t.Parallel()
	f, _ := mitFrage(t, func(*vorgang.Frage) {})
	n := len(f.journal)
	f.do(f.faellig())
	require.Equal(t, []vorgang.Code{"rueckfrage.abgelaufen", "wiedervorlage.gesetzt"}, f.seit(n))
	f, _ = mitFrage(t, func(q *vorgang.Frage) { q.Bis = datum.Datum{} })
	for _, o := range f.orders {
		require.NotEqual(t, vorgang.RueckfrageFaellig, o.Art)
	}
}
