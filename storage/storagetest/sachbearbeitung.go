package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func caseworkCases() []testCase {
	return []testCase{
		{group: "casework", name: "reminders", rule: "Wiedervorlagen gives what is due for a person: hers, and those for nobody in her Vorgaenge; not what is done, later or another's", run: func(e *env) {
			s := e.store()
			heute := datum.Von(e.clock())
			remind := func(v *vorgang.Vorgang, betreff, fuer string, tage int) {
				_, err := s.Edit(e.ctx, kiel, v.ID(), func(v *vorgang.Vorgang) error {
					_, err := v.Remind(clerk(kiel), e.clock(), vorgang.Erinnerung{Betreff: betreff, Fuer: fuer, Faellig: heute.AddTage(tage)})
					return err
				})
				e.ok(err)
			}
			a, b := e.stored(s, kiel), e.stored(s, kiel)
			_, err := s.Edit(e.ctx, kiel, a.ID(), func(v *vorgang.Vorgang) error { return v.Assign(clerk(kiel), e.clock(), "anna", "") })
			e.ok(err)
			remind(a, "a-nobody", "", 3)
			remind(a, "a-ben", "ben", 1)
			remind(a, "a-late", "", 30)
			remind(b, "b-anna", "anna", 2)
			remind(b, "b-nobody", "", 2)
			remind(b, "b-done", "anna", 0)
			_, err = s.Edit(e.ctx, kiel, b.ID(), func(v *vorgang.Vorgang) error {
				return v.CompleteReminder(clerk(kiel), e.clock(), v.Stand().Wiedervorlagen[2].ID)
			})
			e.ok(err)
			list := func(wer string, tage int) (out []string) {
				for f, err := range s.Wiedervorlagen(e.ctx, kiel, wer, heute.AddTage(tage)) {
					e.ok(err)
					out = append(out, f.Wiedervorlage.Betreff)
				}
				return out
			}
			e.equal(list("anna", 7), []string{"a-nobody", "b-anna"})
			e.equal(list("anna", 2), []string{"b-anna"})
			e.equal(list("ben", 7), []string{"a-ben"})
			e.equal(len(list("", 7)), 4)
			e.equal(len(list("carl", 7)), 0)
		}},
		{group: "casework", name: "code", rule: "Auskunft gives the public state by number and code; a wrong code, number or Mandant is ErrNotFound alike", run: func(e *env) {
			s := e.store()
			v, other := e.stored(s, kiel), e.stored(s, kiel)
			var code string
			_, err := s.Edit(e.ctx, kiel, v.ID(), func(v *vorgang.Vorgang) (err error) {
				code, err = v.IssueZugangscode(clerk(kiel), e.clock())
				return err
			})
			e.ok(err)
			o, err := s.Auskunft(e.ctx, kiel, v.Nummer(), code)
			e.ok(err)
			e.equal(o.Nummer, v.Nummer())
			for _, c := range []struct {
				m            tenant.ID
				nummer, code string
			}{{kiel, v.Nummer(), ""}, {kiel, v.Nummer(), code + "0"}, {kiel, other.Nummer(), code}, {kiel, "", code}, {kiel, "x", code}, {luebek, v.Nummer(), code}} {
				_, err := s.Auskunft(e.ctx, c.m, c.nummer, c.code)
				e.is(err, storage.ErrNotFound)
				e.equal(err.Error(), "storage.Auskunft: not found")
			}
		}},
		{group: "casework", name: "seen", rule: "EditSeen merges what others did to other things since the caller looked, and refuses what concerns the same, saving nothing", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			gesehen := v.Stand().Journal.Seq
			tags := func(t ...string) func(*vorgang.Vorgang) error {
				return func(v *vorgang.Vorgang) error { return v.SetSchlagworte(clerk(kiel), e.clock(), t) }
			}
			_, err := s.Edit(e.ctx, kiel, v.ID(), tags("Sturm"))
			e.ok(err)
			_, err = s.EditSeen(e.ctx, kiel, v.ID(), gesehen, e.note(kiel, "daneben"))
			e.ok(err)
			version := e.version(s, kiel, v.ID())
			_, err = s.EditSeen(e.ctx, kiel, v.ID(), gesehen, tags("Wind"))
			e.is(err, storage.ErrConflict)
			e.equal(fehler.ProblemeIn(err)[0].Code, "vorgang.zwischenzeitlich")
			e.equal(e.version(s, kiel, v.ID()), version)
			got, err := s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			_, err = s.EditSeen(e.ctx, kiel, v.ID(), got.Stand().Journal.Seq, tags("Wind"))
			e.ok(err)
			_, err = s.EditSeen(e.ctx, kiel, uuid.New(), 0, tags("Wind"))
			e.is(err, storage.ErrNotFound)
		}},
		{group: "casework", name: "link", rule: "Link and Unlink change both Vorgaenge or none", run: func(e *env) {
			s := e.store()
			a, b := e.stored(s, kiel), e.stored(s, kiel)
			links := func() string {
				var out []string
				for _, id := range []uuid.UUID{a.ID(), b.ID()} {
					v, err := s.Get(e.ctx, kiel, id)
					e.ok(err)
					for _, k := range v.Stand().Verknuepfungen {
						out = append(out, fmt.Sprint(k.Art, " ", k.Nummer))
					}
				}
				return fmt.Sprint(out)
			}
			e.ok(s.Link(e.ctx, kiel, clerk(kiel), a.ID(), b.ID(), vorgang.Teilvorgang))
			e.equal(links(), fmt.Sprintf("[teilvorgang %s hauptvorgang %s]", b.Nummer(), a.Nummer()))
			e.is(s.Link(e.ctx, kiel, clerk(kiel), b.ID(), a.ID(), vorgang.Hauptvorgang), storage.ErrExists)
			e.is(s.Link(e.ctx, kiel, clerk(kiel), a.ID(), uuid.New(), vorgang.Verwandt), storage.ErrNotFound)
			e.is(s.Link(e.ctx, kiel, clerk(kiel), a.ID(), a.ID(), vorgang.Verwandt), storage.ErrInvalid)
			e.is(s.Link(e.ctx, luebek, clerk(luebek), a.ID(), b.ID(), vorgang.Verwandt), storage.ErrNotFound)
			e.equal(links(), fmt.Sprintf("[teilvorgang %s hauptvorgang %s]", b.Nummer(), a.Nummer()))
			e.ok(s.Unlink(e.ctx, kiel, clerk(kiel), b.ID(), a.ID(), vorgang.Hauptvorgang))
			e.equal(links(), "[]")
			e.is(s.Unlink(e.ctx, kiel, clerk(kiel), a.ID(), b.ID(), vorgang.Teilvorgang), storage.ErrNotFound)
		}},
		{group: "casework", name: "bulk", rule: "EditEach goes on after a refusal, stops with the caller, and UndoEach takes back what was done", run: func(e *env) {
			s := e.store()
			var ids []uuid.UUID
			for range 5 {
				ids = append(ids, e.stored(s, kiel).ID())
			}
			zu := ids[2]
			_, err := s.Edit(e.ctx, kiel, zu, func(v *vorgang.Vorgang) error { return v.Discard(clerk(kiel), e.clock(), "Spam") })
			e.ok(err)
			assign := func(v *vorgang.Vorgang) error { return v.Assign(clerk(kiel), e.clock(), "anna", "") }
			count := func() int64 {
				l, err := s.LeastLoaded(e.ctx, kiel, []string{"anna", "ben"})
				e.ok(err)
				e.equal(len(l), 2)
				return l[slices.IndexFunc(l, func(x storage.Last) bool { return x.Bearbeiter == "anna" })].Offen
			}
			var done []storage.Erledigt
			refused := 0
			for x, err := range s.EditEach(e.ctx, kiel, slices.Values(ids), assign) {
				if err != nil {
					e.is(err, storage.ErrInvalid)
					e.equal(x.Vorgang, zu)
					refused++
					continue
				}
				done = append(done, x)
			}
			e.equal(fmt.Sprint(refused, len(done), count()), "1 4 4")
			l, err := s.LeastLoaded(e.ctx, kiel, []string{"anna", "ben"})
			e.ok(err)
			e.equal(l[0], storage.Last{Bearbeiter: "ben"})
			_, err = s.Edit(e.ctx, kiel, ids[0], func(v *vorgang.Vorgang) error { return v.Assign(clerk(kiel), e.clock(), "carl", "") })
			e.ok(err)
			bad := 0
			for x, err := range s.UndoEach(e.ctx, kiel, clerk(kiel), done) {
				if err != nil {
					e.is(err, storage.ErrConflict)
					e.equal(x.Vorgang, ids[0])
					bad++
				}
			}
			e.equal(fmt.Sprint(bad, count()), "1 0")
			n := 0
			for range s.EditEach(e.ctx, kiel, slices.Values(ids), assign) {
				if n++; n == 2 {
					break
				}
			}
			e.equal(count(), int64(2))
			ctx, cancel := context.WithCancel(e.ctx)
			cancel()
			for _, err := range s.EditEach(ctx, kiel, slices.Values(ids), assign) {
				e.is(err, context.Canceled)
			}
			e.equal(count(), int64(2))
		}},
		{group: "casework", name: "delete", rule: "ConfirmLoeschung leaves the number and the proof: nothing in lists of names, words or journal; a refusal changes nothing", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel, func(p *vorgang.Params) { p.Antrag.Antragsteller.Name = "Erika Zwetschge" })
			loescher := tenant.Akteur{ID: "l", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Loeschberechtigt}}
			_, err := s.Edit(e.ctx, kiel, v.ID(), func(v *vorgang.Vorgang) error {
				if err := v.Discard(clerk(kiel), e.clock(), "Spam"); err != nil {
					return err
				}
				return v.RequestLoeschung(clerk(kiel), e.clock(), vorgang.Loeschung{
					AufbewahrungBis: datum.Von(e.clock()).AddTage(-1), Regel: "X", Archiv: vorgang.NichtAnzubieten, Karenz: time.Second,
				})
			})
			e.ok(err)
			version := e.version(s, kiel, v.ID())
			_, err = s.ConfirmLoeschung(e.ctx, kiel, v.ID(), loescher)
			e.is(err, storage.ErrInvalid) // too early
			e.equal(e.version(s, kiel, v.ID()), version)
			e.advance(2 * time.Second)
			_, err = s.ConfirmLoeschung(e.ctx, kiel, v.ID(), clerk(kiel))
			e.is(err, storage.ErrForbidden)
			got, err := s.ConfirmLoeschung(e.ctx, kiel, v.ID(), loescher)
			e.ok(err)
			e.equal(got.Status(), vorgang.Geloescht)
			got, err = s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			e.equal(got.Nummer(), v.Nummer())
			e.equal(got.Stand().LoeschNachweis.BestaetigtVon, "l")
			b, err := got.MarshalStand()
			e.ok(err)
			for _, weg := range []string{"Zwetschge", geheim} {
				if bytes.Contains(b, []byte(weg)) {
					e.Fatalf("%q is still in the Stand", weg)
				}
			}
			for x, err := range s.Journal(e.ctx, kiel, v.ID()) {
				e.ok(err)
				if !x.Geloescht() {
					e.Fatalf("entry %d still has its data", x.Seq)
				}
			}
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
			t, err := s.Search(e.ctx, kiel, storage.SearchParams{Text: "Zwetschge"})
			e.ok(err)
			e.equal(len(t.Zeilen), 0)
			for z, err := range s.List(e.ctx, kiel, storage.PageParams{}) {
				e.ok(err)
				e.equal(z.Antragsteller, "")
			}
		}},
	}
}
