package vorgang

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// undoFall is a Vorgang with its journal.
type undoFall struct {
	v       *Vorgang
	journal []Ereignis
	uhr     time.Time
}

var undoSB = tenant.Akteur{ID: "sb", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung}}

func newUndoFall(t require.TestingT) *undoFall {
	f := &undoFall{uhr: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	v, err := New(tenant.System("annahme"), f.uhr, Params{Mandant: "kiel", Nummer: "2026-1", Leistung: "99012070006000", Einheit: "gruen"}, Kontext{})
	require.NoError(t, err)
	f.v = v
	f.save()
	return f
}

func (f *undoFall) now() time.Time {
	f.uhr = f.uhr.Add(time.Minute)
	return f.uhr
}

func (f *undoFall) save() {
	f.journal = append(f.journal, f.v.Neu()...)
	f.v.Saved()
}

// do gives a command and the entry it wrote last.
func (f *undoFall) do(t require.TestingT, err error) Ereignis {
	require.NoError(t, err)
	f.save()
	return f.journal[len(f.journal)-1]
}

func (f *undoFall) undo(e Ereignis) error {
	err := f.v.Undo(undoSB, f.now(), e, f.journal[e.Seq:]...)
	if err == nil {
		f.save()
	}
	return err
}

// ohne folds the journal without some entries, and without what was taken back before
// them, into a comparable text: the end of the journal does not count, and of a set the
// order does not.
func (f *undoFall) ohne(t require.TestingT, seqs ...int64) string {
	s := &Stand{}
	for i := range f.journal {
		d, err := f.journal[i].daten()
		require.NoError(t, err)
		if z, ok := d.(*Zurueckgenommen); ok && len(seqs) > 0 {
			// An inverse puts back what was there then, which may be what is left out now.
			seqs = append(seqs, z.Seq, f.journal[i].Seq, f.journal[i].Seq+1)
		}
	}
	for i := range f.journal {
		if e := &f.journal[i]; !slices.Contains(seqs, e.Seq) {
			d, err := e.daten()
			require.NoError(t, err)
			d.apply(s, e)
		}
	}
	return vergleichbar(t, *s)
}

func vergleichbar(t require.TestingT, s Stand) string {
	s = s.clone()
	s.Journal, s.Version = Kopf{}, 0
	slices.SortFunc(s.Verknuepfungen, func(a, b Verknuepfung) int {
		return strings.Compare(string(a.Art)+a.Vorgang.String(), string(b.Art)+b.Vorgang.String())
	})
	b, err := json.MarshalIndent(s, "", " ")
	require.NoError(t, err)
	return string(b)
}

// Whatever happened since: an entry that is taken back leaves the Vorgang as if it had
// never been, or Undo says what stands in the way and changes nothing.
func TestUndoOfAnEarlierEntryCommutes(t *testing.T) {
	t.Parallel()
	undone, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		f := newUndoFall(rt)
		for range rapid.IntRange(1, 14).Draw(rt, "steps") {
			s, now := f.v.Stand(), f.now()
			var err error
			switch rapid.IntRange(0, 11).Draw(rt, "befehl") {
			case 0:
				_, err = f.v.Note(undoSB, now, "Notiz")
			case 1:
				_, err = f.v.Remind(undoSB, now, Erinnerung{Betreff: "x", Faellig: datum.New(2026, 4, 1)})
			case 2:
				if len(s.Wiedervorlagen) > 0 {
					err = f.v.CompleteReminder(undoSB, now, s.Wiedervorlagen[0].ID)
				}
			case 3:
				if len(s.Wiedervorlagen) > 0 {
					err = f.v.ReopenReminder(undoSB, now, s.Wiedervorlagen[0].ID)
				}
			case 4:
				err = f.v.Assign(undoSB, now, rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "wer"), "")
			case 5:
				err = f.v.SetAktenzeichen(undoSB, now, rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2"}), 0, 2).Draw(rt, "az"))
			case 6:
				err = f.v.SetSchlagworte(undoSB, now, rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2"}), 0, 2).Draw(rt, "sw"))
			case 7, 8:
				k := Verknuepfung{Art: Verwandt, Vorgang: uuid.UUID{byte(rapid.IntRange(1, 3).Draw(rt, "anderer"))}}
				if rapid.Bool().Draw(rt, "loesen") {
					err = f.v.Unlink(undoSB, now, k)
				} else {
					err = f.v.Link(undoSB, now, k)
				}
			case 9:
				err = f.v.Accept(undoSB, now)
			case 10:
				err = f.v.Start(undoSB, now)
			case 11:
				err = f.v.Discard(undoSB, now, "Spam")
			}
			if err == nil {
				f.save()
			}
			if rapid.IntRange(0, 4).Draw(rt, "undo") > 0 {
				continue
			}
			e := f.journal[rapid.IntRange(0, len(f.journal)-1).Draw(rt, "welcher")]
			vorher, n := vergleichbar(rt, f.v.Stand()), int64(len(f.journal))
			if err := f.undo(e); err != nil {
				require.True(rt, errors.Is(err, fehler.ErrConflict) || errors.Is(err, fehler.ErrUnsupported) || errors.Is(err, fehler.ErrInvalid), err)
				require.NotEmpty(rt, fehler.ProblemeIn(err)[0].Hinweis)
				require.Equal(rt, vorher, vergleichbar(rt, f.v.Stand()), "a refused Undo changes nothing")
				refused++
				continue
			}
			undone++
			require.Equal(rt, f.ohne(rt, e.Seq, n+1, n+2), vergleichbar(rt, f.v.Stand()), "as if it had never been")
			require.Equal(rt, f.ohne(rt), vergleichbar(rt, f.v.Stand()), "the journal gives the Stand")
		}
	})
	t.Logf("%d undone, %d refused", undone, refused)
	if !testing.Short() {
		require.NotZero(t, undone)
		require.NotZero(t, refused)
	}
}

func TestUndoNamesWhatBuildsOnIt(t *testing.T) {
	t.Parallel()
	f := newUndoFall(t)
	acc := f.do(t, f.v.Accept(undoSB, f.now()))
	zuw := f.do(t, f.v.Assign(undoSB, f.now(), "a", "A"))
	f.do(t, f.v.Start(undoSB, f.now()))
	_, err := f.v.Note(undoSB, f.now(), "x")
	notiz := f.do(t, err)
	az := f.do(t, f.v.SetAktenzeichen(undoSB, f.now(), []string{"1"}))

	is := func(err error, kind error, code string, seq string) {
		t.Helper()
		require.ErrorIs(t, err, kind)
		p := fehler.ProblemeIn(err)[0]
		require.Equal(t, code, p.Code)
		require.Equal(t, "/journal/"+seq, p.Pfad)
	}
	is(f.undo(acc), fehler.ErrConflict, "undo.abhaengig", "4") // the start changed the status again
	require.NoError(t, f.undo(notiz))
	is(f.undo(notiz), fehler.ErrConflict, "undo.schon", "5")
	require.NoError(t, f.undo(az), "the undo of the note does not stand in the way")
	require.NoError(t, f.undo(zuw))

	// What needs the state the Vorgang is in stands in the way of taking that back.
	g := newUndoFall(t)
	g.do(t, g.v.Accept(undoSB, g.now()))
	g.do(t, g.v.Assign(undoSB, g.now(), "a", "A"))
	start := g.do(t, g.v.Start(undoSB, g.now()))
	_, err = g.v.Ask(undoSB, g.now(), Frage{Betreff: "b", Text: "t"})
	require.NoError(t, err)
	g.save()
	is(g.undo(start), fehler.ErrConflict, "undo.abhaengig", "6")

	// The entries given must be those of the journal, up to its end.
	h := newUndoFall(t)
	acc = h.do(t, h.v.Accept(undoSB, h.now()))
	_, err = h.v.Note(undoSB, h.now(), "x")
	notiz = h.do(t, err)
	is(h.v.Undo(undoSB, h.now(), acc), fehler.ErrConflict, "undo.nicht-zuletzt", "2")
	is(h.v.Undo(undoSB, h.now(), acc, notiz, notiz), fehler.ErrInvalid, "undo.eintrag", "3")
	notiz.Daten = []byte(`{"id":"00000000-0000-0000-0000-000000000001","text":"y"}`)
	is(h.v.Undo(undoSB, h.now(), acc, notiz), fehler.ErrInvalid, "undo.eintrag", "3")
	require.NoError(t, h.undo(acc))
	require.Equal(t, Neu, h.v.Status())
}
