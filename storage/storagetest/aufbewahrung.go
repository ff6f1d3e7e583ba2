package storagetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func onceCases() []testCase {
	once := func(e *env, s *storage.Store, m tenant.ID, key string, f func(ctx context.Context, tx *storage.Tx) (any, error)) (int, bool, error) {
		var got int
		schon, err := s.Once(e.ctx, m, key, time.Hour, &got, f)
		return got, schon, err
	}
	return []testCase{
		{group: "once", name: "once per key", rule: "what runs under a key runs once; who comes again, also at the same time, gets the first result", run: func(e *env) {
			const n = 8
			s := e.store()
			var firsts atomic.Int64
			results := make([]int, n)
			e.ok(errors.Join(parallel(n, func(i int) error {
				v := e.vorgang(kiel, fmt.Sprint("once-", i))
				got, schon, err := once(e, s, kiel, "k", func(ctx context.Context, tx *storage.Tx) (any, error) {
					return i + 1, tx.Save(ctx, v)
				})
				if err == nil && !schon {
					firsts.Add(1)
				}
				results[i] = got
				return err
			})...))
			e.equal(firsts.Load(), int64(1))
			for _, r := range results {
				e.equal(r, results[0])
			}
			count, err := s.Count(e.ctx, kiel, storage.Filter{})
			e.ok(err)
			e.equal(count, int64(1))
		}},
		{group: "once", name: "failure remembers nothing", rule: "an error of the closure rolls the key back too", run: func(e *env) {
			s := e.store()
			_, _, err := once(e, s, kiel, "k", func(context.Context, *storage.Tx) (any, error) { return 0, errStop })
			e.is(err, errStop)
			got, schon, err := once(e, s, kiel, "k", func(context.Context, *storage.Tx) (any, error) { return 7, nil })
			e.ok(err)
			e.equal(fmt.Sprint(got, schon), "7 false")
			got, schon, err = once(e, s, luebek, "k", func(context.Context, *storage.Tx) (any, error) { return 8, nil })
			e.ok(err)
			e.equal(fmt.Sprint(got, schon), "8 false")
		}},
		{group: "once", name: "prune", rule: "a key is remembered until its time has passed and Prune was called", run: func(e *env) {
			s := e.store()
			seven := func(context.Context, *storage.Tx) (any, error) { return 7, nil }
			_, _, err := once(e, s, kiel, "k", seven)
			e.ok(err)
			n, err := s.Prune(e.ctx, kiel, storage.PruneParams{Schluessel: e.clock().Add(time.Hour - time.Microsecond)})
			e.ok(err)
			e.equal(n, int64(0))
			_, schon, err := once(e, s, kiel, "k", seven)
			e.ok(err)
			e.equal(schon, true)
			n, err = s.Prune(e.ctx, luebek, storage.PruneParams{Schluessel: e.clock().Add(2 * time.Hour)})
			e.ok(err)
			e.equal(n, int64(0))
			n, err = s.Prune(e.ctx, kiel, storage.PruneParams{Schluessel: e.clock().Add(time.Hour)})
			e.ok(err)
			e.equal(n, int64(1))
			_, schon, err = once(e, s, kiel, "k", seven)
			e.ok(err)
			e.equal(schon, false)
		}},
		{group: "once", name: "refused", rule: "an empty key, one that is no text and one over 500 bytes are ErrInvalid", run: func(e *env) {
			s := e.store()
			for _, k := range []string{"", "a\x00", strings.Repeat("x", 501)} {
				_, _, err := once(e, s, kiel, k, func(context.Context, *storage.Tx) (any, error) { return 0, nil })
				e.is(err, storage.ErrInvalid)
			}
		}},
	}
}

func retentionCases() []testCase {
	set := func(e *env, s *storage.Store, m tenant.ID, a storage.Aufbewahrung) error {
		return s.Update(e.ctx, m, func(ctx context.Context, tx *storage.Tx) error { return tx.SetAufbewahrung(ctx, a) })
	}
	due := func(e *env, s *storage.Store, m tenant.ID, tag datum.Datum) (out []uuid.UUID) {
		for a, err := range s.Loeschbare(e.ctx, m, tag) {
			e.ok(err)
			out = append(out, a.Vorgang)
		}
		return out
	}
	return []testCase{
		{group: "retention", name: "due", rule: "a Vorgang is due from the day after Bis, the longest due first, and never on hold", run: func(e *env) {
			s := e.store()
			tag := datum.MustParse("2030-06-30")
			a, b, c := e.stored(s, kiel), e.stored(s, kiel), e.stored(s, kiel)
			e.ok(set(e, s, kiel, storage.Aufbewahrung{Vorgang: a.ID(), Bis: tag, Grund: []byte(`{"regel":"r1"}`)}))
			e.ok(set(e, s, kiel, storage.Aufbewahrung{Vorgang: b.ID(), Bis: tag.AddTage(-10)}))
			e.ok(set(e, s, kiel, storage.Aufbewahrung{Vorgang: c.ID(), Bis: tag.AddTage(-10), Halt: true}))
			e.equal(due(e, s, kiel, tag), []uuid.UUID{b.ID()})
			e.equal(due(e, s, kiel, tag.AddTage(1)), []uuid.UUID{b.ID(), a.ID()})
			e.equal(len(due(e, s, luebek, tag.AddTage(100))), 0)
			e.ok(set(e, s, kiel, storage.Aufbewahrung{Vorgang: b.ID(), Bis: tag.AddTage(50)}))
			e.equal(due(e, s, kiel, tag.AddTage(1)), []uuid.UUID{a.ID()})
			e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				got, err := tx.Aufbewahrung(ctx, a.ID())
				e.ok(err)
				e.equal(fmt.Sprint(got.Bis, got.Halt, string(got.Grund)), `2030-06-30 false{"regel":"r1"}`)
				_, err = tx.Aufbewahrung(ctx, uuid.New())
				e.is(err, storage.ErrNotFound)
				return nil
			}))
			e.is(set(e, s, kiel, storage.Aufbewahrung{Vorgang: uuid.New(), Bis: tag}), storage.ErrNotFound)
			e.is(set(e, s, luebek, storage.Aufbewahrung{Vorgang: a.ID(), Bis: tag}), storage.ErrNotFound)
			e.is(set(e, s, kiel, storage.Aufbewahrung{Vorgang: a.ID()}), storage.ErrInvalid)
		}},
		{group: "retention", name: "erase", rule: "EraseVorgang leaves nothing personal beside the Stand: journal, Auftraege, words, shares, letters, deliveries; the chain still verifies; another Vorgang keeps its own", run: func(e *env) {
			s := e.store()
			b := e.backend()
			name := func(p *vorgang.Params) { p.Antrag.Antragsteller.Name = "Erika Geheim" }
			v, other := e.stored(s, kiel, name), e.stored(s, kiel, name)
			for _, x := range []*vorgang.Vorgang{v, other} {
				_, err := s.Edit(e.ctx, kiel, x.ID(), e.write(kiel))
				e.ok(err)
				_, err = s.Edit(e.ctx, kiel, x.ID(), func(v *vorgang.Vorgang) error {
					_, err := v.Invite(clerk(kiel), e.clock(), vorgang.Einladung{Mandant: luebek, Recht: vorgang.RechtLesen, Grund: geheim})
					return err
				})
				e.ok(err)
				e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					if _, err := tx.PutEintrag(ctx, messaging.Eintrag{ID: uuid.New(), Postfach: "p-" + x.Nummer(), Vorgang: x.ID(), Absender: geheim, Zeit: e.clock()}); err != nil {
						return err
					}
					return tx.InsertEingang(ctx, &storage.Eingang{ID: uuid.New(), Schluessel: "k-" + x.Nummer(), Eingegangen: e.clock(), ZielMandant: kiel, ZielVorgang: x.ID(), Daten: []byte(geheim)})
				}))
			}
			e.is(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.EraseVorgang(ctx, uuid.New()) }), storage.ErrNotFound)
			e.ok(set(e, s, kiel, storage.Aufbewahrung{Vorgang: v.ID(), Bis: datum.MustParse("2020-01-01"), Halt: true}))
			e.is(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.EraseVorgang(ctx, v.ID()) }), storage.ErrConflict)
			e.ok(set(e, s, kiel, storage.Aufbewahrung{Vorgang: v.ID(), Bis: datum.MustParse("2020-01-01")}))
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.EraseVorgang(ctx, v.ID()) }))
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
			left := func(id uuid.UUID) (out []string) {
				for x, err := range s.Journal(e.ctx, kiel, id) {
					e.ok(err)
					if !x.Geloescht() || len(x.Akteur) > 0 || len(x.Daten) > 0 {
						out = append(out, "journal")
					}
				}
				e.ok(b.View(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
					jobs, err := tx.ListAuftraege(ctx, driver.ListAuftraegeParams{VorgangID: id, Limit: 100})
					e.ok(err)
					e.equal(len(jobs), 2)
					for _, j := range jobs {
						if len(j.Daten) > 0 {
							out = append(out, "auftrag")
						}
					}
					letters, err := tx.ListEintraege(ctx, driver.ListEintraegeParams{VorgangID: id, Limit: 100})
					e.ok(err)
					for range letters {
						out = append(out, "brief")
					}
					deliveries, err := tx.ListEingaenge(ctx, driver.ListEingaengeParams{Limit: 100})
					e.ok(err)
					e.equal(len(deliveries), 2)
					for _, d := range deliveries {
						if d.ZielVorgang == id && len(d.Daten) > 0 {
							out = append(out, "eingang")
						}
					}
					return nil
				}))
				if slices.Contains(e.ids(s, storage.SearchParams{Text: "erika"}), id) {
					out = append(out, "wort")
				}
				for g, err := range s.Geteilte(e.ctx, luebek) {
					e.ok(err)
					if g.Vorgang == id {
						out = append(out, "beteiligung")
					}
				}
				return slices.Compact(out)
			}
			e.equal(len(left(v.ID())), 0)
			e.equal(left(other.ID()), []string{"journal", "auftrag", "brief", "eingang", "wort", "beteiligung"})
		}},
	}
}

func importCases() []testCase {
	some := func(e *env, n int, prefix string) (out []*vorgang.Vorgang) {
		for i := range n {
			out = append(out, e.vorgang(kiel, fmt.Sprintf("%s-%04d", prefix, i), func(p *vorgang.Params) { p.Antrag.Antragsteller.Name = "Ilse Import" }))
		}
		return out
	}
	seq := func(list []*vorgang.Vorgang) iter.Seq2[*vorgang.Vorgang, error] {
		return func(yield func(*vorgang.Vorgang, error) bool) {
			for _, v := range list {
				if !yield(v, nil) {
					return
				}
			}
		}
	}
	return []testCase{
		{group: "import", name: "whole and again", rule: "what is imported is as if inserted one by one: found, listed, claimed, verified, with Auftraege and changes; again it adds nothing", run: func(e *env) {
			s := e.store()
			list := some(e, 25, "alt")
			calls := 0
			report, err := s.Import(e.ctx, kiel, seq(list[:20]), &storage.ImportOptions{Stapel: 7, Fortschritt: func(storage.ImportBericht) { calls++ }})
			e.ok(err)
			e.equal(fmt.Sprint(report, calls), "{20 0} 3")
			report, err = s.Import(e.ctx, kiel, seq(list), nil)
			e.ok(err)
			e.equal(report, storage.ImportBericht{Neu: 5, Vorhanden: 20})
			n, err := s.Count(e.ctx, kiel, storage.Filter{})
			e.ok(err)
			e.equal(n, int64(25))
			e.equal(len(e.found(s, storage.SearchParams{Text: "ilse imp", Limit: 10})), 25)
			e.equal(len(e.feed(s, kiel, "", 10)), 25)
			for _, v := range list[:3] {
				e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
				got, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "weiter"))
				e.ok(err)
				e.equal(got.Version(), int64(2))
			}
			_, _, err = s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: clerk(kiel)})
			e.ok(err)
			jobs := 0
			e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				for a, err := range tx.Auftraege(ctx, uuid.Nil) {
					e.ok(err)
					e.equal(a.Zustand, storage.AuftragOffen)
					jobs++
				}
				return nil
			}))
			e.equal(jobs, 25)
		}},
		{group: "import", name: "taken number", rule: "a Nummer that belongs to another Vorgang is ErrExists, and nothing of its transaction is stored", run: func(e *env) {
			s := e.store()
			e.stored(s, kiel, func(p *vorgang.Params) { p.Nummer = "neu-0001" })
			_, err := s.Import(e.ctx, kiel, seq(some(e, 3, "neu")), nil)
			e.is(err, storage.ErrExists)
			n, err := s.Count(e.ctx, kiel, storage.Filter{})
			e.ok(err)
			e.equal(n, int64(1))
		}},
		{group: "import", name: "reindex", rule: "Reindex derives name, words and shares anew where the version is the one that was read, and changes no version", run: func(e *env) {
			s := e.store()
			b := e.backend()
			list := some(e, 3, "r")
			_, err := s.Import(e.ctx, kiel, seq(list), nil)
			e.ok(err)
			_, err = s.Edit(e.ctx, kiel, list[0].ID(), func(v *vorgang.Vorgang) error {
				_, err := v.Invite(clerk(kiel), e.clock(), vorgang.Einladung{Mandant: luebek, Recht: vorgang.RechtLesen, Grund: "g"})
				return err
			})
			e.ok(err)
			// As a program left it that knew none of these; the second is of another version.
			e.ok(b.Update(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
				var p driver.ReindexParams
				for i, v := range list {
					row, err := tx.GetVorgang(ctx, driver.GetVorgangParams{ID: v.ID()})
					e.ok(err)
					row.Antragsteller = ""
					if i == 1 {
						row.Version++
					}
					p.Vorgaenge = append(p.Vorgaenge, driver.ImportVorgang{Row: row})
				}
				return tx.Reindex(ctx, p)
			}))
			e.equal(e.found(s, storage.SearchParams{Text: "ilse"}), []string{"Ilse Import"})
			_, err = s.Get(e.ctx, luebek, list[0].ID())
			e.is(err, storage.ErrNotFound)
			e.ok(s.VerifyJournal(e.ctx, kiel, list[0].ID()))
			before := len(e.feed(s, kiel, "", 10))
			report, err := s.Reindex(e.ctx, kiel, nil)
			e.ok(err)
			e.equal(report, storage.ReindexBericht{Vorgaenge: 3})
			e.equal(len(e.found(s, storage.SearchParams{Text: "ilse"})), 3)
			_, err = s.Get(e.ctx, luebek, list[0].ID())
			e.ok(err)
			e.equal(e.version(s, kiel, list[0].ID()), int64(2))
			e.equal(len(e.feed(s, kiel, "", 10)), before)
		}},
		{group: "import", name: "refused", rule: "only new Vorgaenge of the Mandant are imported; an error of the sequence ends it", run: func(e *env) {
			s := e.store()
			stored := e.stored(s, kiel)
			_, err := s.Import(e.ctx, kiel, seq([]*vorgang.Vorgang{stored}), nil)
			e.is(err, storage.ErrInvalid)
			_, err = s.Import(e.ctx, luebek, seq(some(e, 1, "x")), nil)
			e.is(err, storage.ErrInvalid)
			_, err = s.Import(e.ctx, kiel, func(yield func(*vorgang.Vorgang, error) bool) { yield(nil, errStop) }, nil)
			e.is(err, errStop)
		}},
	}
}

func shutCases() []testCase {
	return []testCase{
		{group: "shut", name: "for writing", rule: "a Mandant shut for writing is read but not written, its Auftraege rest, others go on; opened again it is as before", run: func(e *env) {
			b := e.backend()
			s := e.store()
			v, foreign := e.stored(s, kiel), e.stored(s, luebek)
			e.ok(b.SetSperre(e.ctx, kiel, driver.SperreSchreiben))
			got, err := b.GetSperre(e.ctx, kiel)
			e.ok(err)
			e.equal(got, driver.SperreSchreiben)
			_, err = s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "x"))
			e.is(err, storage.ErrUnavailable)
			e.is(err, driver.ErrUmzug)
			e.is(s.Insert(e.ctx, kiel, e.neu(kiel)), driver.ErrUmzug)
			e.is(s.PutKonfig(e.ctx, kiel, "a", "b", 0, 1), driver.ErrUmzug)
			e.is(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				return tx.InsertEingang(ctx, &storage.Eingang{ID: uuid.New(), Schluessel: "k", Eingegangen: e.clock()})
			}), driver.ErrUmzug)
			_, _, err = s.Claim(e.ctx, kiel, storage.ClaimParams{Akteur: clerk(kiel)})
			e.is(err, driver.ErrUmzug)
			_, err = s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			_, err = s.Edit(e.ctx, luebek, foreign.ID(), e.note(luebek, "x"))
			e.ok(err)
			jobs, err := s.LeaseAuftraege(e.ctx, storage.LeaseParams{})
			if !errors.Is(err, errors.ErrUnsupported) {
				e.ok(err)
				e.equal(len(jobs), 1)
				e.equal(jobs[0].Mandant, luebek)
			}
			e.is(b.Entfernen(e.ctx, kiel), storage.ErrConflict)
			e.ok(b.SetSperre(e.ctx, kiel, driver.SperreKeine))
			_, err = s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "x"))
			e.ok(err)
		}},
		{group: "shut", name: "for good", rule: "a Mandant that moved away is neither read nor written; Entfernen removes it and nothing of others, and may be repeated", run: func(e *env) {
			b := e.backend()
			s := e.store()
			v, foreign := e.stored(s, kiel), e.stored(s, luebek)
			e.ok(s.PutKonfig(e.ctx, luebek, "a", "b", 0, 1))
			e.ok(b.SetSperre(e.ctx, kiel, driver.SperreAlles))
			_, err := s.Get(e.ctx, kiel, v.ID())
			e.is(err, driver.ErrUmgezogen)
			e.is(s.Insert(e.ctx, kiel, e.neu(kiel)), driver.ErrUmgezogen)
			e.ok(b.Entfernen(e.ctx, kiel))
			e.ok(b.Entfernen(e.ctx, kiel))
			e.ok(b.SetSperre(e.ctx, kiel, driver.SperreKeine))
			n, err := s.Count(e.ctx, kiel, storage.Filter{})
			e.ok(err)
			e.equal(n, int64(0))
			_, err = s.Get(e.ctx, luebek, foreign.ID())
			e.ok(err)
			_, err = s.GetKonfig(e.ctx, luebek, "a", "b", new(int))
			e.ok(err)
			e.stored(s, kiel)
		}},
		{group: "shut", name: "waits for writers", rule: "when SetSperre returns, no transaction that could still write is open: what follows sees all that was ever committed", run: func(e *env) {
			s := e.store()
			b := e.backend()
			v := e.stored(s, kiel)
			var done atomic.Int64
			stop := make(chan struct{})
			finished := make(chan []error, 1)
			go func() {
				finished <- parallel(4, func(int) error {
					for {
						select {
						case <-stop:
							return nil
						default:
						}
						switch _, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "x")); {
						case err == nil:
							done.Add(1)
						case errors.Is(err, driver.ErrUmzug):
							return nil
						default:
							return err
						}
					}
				})
			}()
			time.Sleep(30 * time.Millisecond)
			e.ok(b.SetSperre(e.ctx, kiel, driver.SperreSchreiben))
			first := e.version(s, kiel, v.ID())
			time.Sleep(30 * time.Millisecond)
			e.equal(e.version(s, kiel, v.ID()), first)
			close(stop)
			e.ok(errors.Join(<-finished...))
			e.equal(done.Load(), first-1)
		}},
		{group: "shut", name: "resting", needs: Relay, rule: "under SperreRuht everything goes on, but nobody leases Auftraege", run: func(e *env) {
			b := e.backend()
			s := e.store()
			v := e.stored(s, kiel)
			e.ok(b.SetSperre(e.ctx, kiel, driver.SperreRuht))
			_, err := s.Edit(e.ctx, kiel, v.ID(), e.write(kiel))
			e.ok(err)
			r := e.row()
			for _, want := range []int64{1, 0} {
				e.ok(b.Update(e.ctx, kiel, func(ctx context.Context, tx driver.Tx) error {
					n, err := tx.Import(ctx, driver.ImportParams{Vorgaenge: []driver.ImportVorgang{{Row: r, Woerter: []string{"a"}}}})
					e.ok(err)
					e.equal(n, want)
					return nil
				}))
			}
			e.equal(len(e.lease(s)), 0)
			e.ok(b.SetSperre(e.ctx, kiel, driver.SperreKeine))
			e.equal(len(e.lease(s)), 1)
		}},
	}
}
