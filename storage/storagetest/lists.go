package storagetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// walk reads all pages, at most 100.
func (e *env) walk(s *storage.Store, p storage.PageParams, between func()) []uuid.UUID {
	e.Helper()
	var out []uuid.UUID
	for range 100 {
		page, err := s.Page(e.ctx, kiel, p)
		e.ok(err)
		if len(page.Zeilen) > p.Limit {
			e.Fatalf("a page of %d has %d", p.Limit, len(page.Zeilen))
		}
		for _, z := range page.Zeilen {
			out = append(out, z.ID)
		}
		if p.Cursor = page.Next; p.Cursor == "" {
			return out
		}
		if between != nil {
			between()
		}
	}
	e.Fatalf("the list does not end")
	return nil
}

func pageCases() []testCase {
	return []testCase{
		{group: "pagination", name: "sizes", rule: "pages of every size give the same list, ordered by Eingang, then ID, both ways", run: func(e *env) {
			s := e.store()
			same := e.clock() // several with the same Eingang: the ID decides
			type place struct {
				t  time.Time
				id uuid.UUID
			}
			var want []place
			for i := range 7 {
				v := e.stored(s, kiel, func(p *vorgang.Params) { p.Eingang = same.Add(time.Duration(i/3) * time.Microsecond) })
				want = append(want, place{v.Stand().Eingang, v.ID()})
			}
			slices.SortFunc(want, func(a, b place) int {
				if c := a.t.Compare(b.t); c != 0 {
					return c
				}
				return strings.Compare(string(a.id[:]), string(b.id[:]))
			})
			var ids []uuid.UUID
			for _, w := range want {
				ids = append(ids, w.id)
			}
			for _, limit := range []int{1, 2, 3, 7, 8, 1000} {
				e.equal(e.walk(s, storage.PageParams{Limit: limit}, nil), ids)
			}
			slices.Reverse(ids)
			for _, limit := range []int{1, 2, 7, 8} {
				e.equal(e.walk(s, storage.PageParams{Limit: limit, Absteigend: true}, nil), ids)
			}
		}},
		{group: "pagination", name: "while inserting", rule: "what arrives between two pages makes nothing repeat or disappear", run: func(e *env) {
			s := e.store()
			var old []uuid.UUID
			base := e.clock()
			for i := range 6 {
				old = append(old, e.stored(s, kiel, func(p *vorgang.Params) { p.Eingang = base.Add(time.Duration(i*10) * time.Second) }).ID())
			}
			n := 0
			got := e.walk(s, storage.PageParams{Limit: 2}, func() {
				n++
				e.stored(s, kiel, func(p *vorgang.Params) { p.Eingang = base.Add(time.Duration(-n) * time.Second) })
				if n < 3 {
					e.stored(s, kiel, func(p *vorgang.Params) { p.Eingang = base.Add(time.Duration(100+n) * time.Second) })
				}
			})
			e.equal(got[:6], old)
			e.equal(len(got), 8)
		}},
		{group: "pagination", name: "cursor", rule: "a cursor of another list, order, Mandant or form is ErrInvalid", run: func(e *env) {
			s := e.store()
			for range 3 {
				e.stored(s, kiel)
			}
			page, err := s.Page(e.ctx, kiel, storage.PageParams{Limit: 1})
			e.ok(err)
			for _, p := range []storage.PageParams{
				{Cursor: page.Next, Absteigend: true},
				{Cursor: page.Next, Filter: storage.Filter{Nummer: "1"}},
				{Cursor: "x"}, {Cursor: page.Next[1:]}, {Limit: -1}, {Limit: 100000},
			} {
				_, err := s.Page(e.ctx, kiel, p)
				e.is(err, storage.ErrInvalid)
			}
			_, err = s.Page(e.ctx, luebek, storage.PageParams{Cursor: page.Next})
			e.is(err, storage.ErrInvalid)
		}},
		{group: "pagination", name: "list then update", rule: "the loop over a list may use the store", run: func(e *env) {
			s := e.store()
			for range 4 {
				e.stored(s, kiel)
			}
			n := 0
			for z, err := range s.List(e.ctx, kiel, storage.PageParams{Limit: 2}) {
				e.ok(err)
				_, err = s.Edit(e.ctx, kiel, z.ID, e.note(kiel, "x"))
				e.ok(err)
				n++
			}
			for v, err := range s.Vorgaenge(e.ctx, kiel, storage.PageParams{Limit: 3}) {
				e.ok(err)
				e.equal(len(v.Stand().Notizen), 1)
				_, err = s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "y"))
				e.ok(err)
				n++
			}
			e.equal(n, 8)
		}},
		{group: "pagination", name: "filters", rule: "every filter selects what it says, in Page and in Count", run: func(e *env) {
			s := e.store()
			base := e.clock()
			a := e.stored(s, kiel, func(p *vorgang.Params) {
				p.Einheit, p.Eingang, p.Aktenzeichen = "a", base, []string{"1/26", "2/26"}
			})
			b := e.stored(s, kiel, func(p *vorgang.Params) {
				p.Einheit, p.Leistung, p.Eingang = "b", "99000000000001", base.Add(time.Hour)
			})
			frist := datum.Von(base).AddTage(14)
			_, err := s.Edit(e.ctx, kiel, b.ID(), func(v *vorgang.Vorgang) error {
				if err := v.Pull(clerk(kiel), e.clock()); err != nil {
					return err
				}
				_, err := v.Ask(clerk(kiel), e.clock(), vorgang.Frage{Betreff: "f", Text: "f", Bis: frist})
				return err
			})
			e.ok(err)
			for i, c := range []struct {
				f    storage.Filter
				want []uuid.UUID
			}{
				{storage.Filter{}, []uuid.UUID{a.ID(), b.ID()}},
				{storage.Filter{Status: []vorgang.Status{vorgang.Neu}}, []uuid.UUID{a.ID()}},
				{storage.Filter{Status: []vorgang.Status{vorgang.Neu, vorgang.InBearbeitung}}, []uuid.UUID{a.ID(), b.ID()}},
				{storage.Filter{Leistungen: []tenant.Leistungsschluessel{"99000000000001"}}, []uuid.UUID{b.ID()}},
				{storage.Filter{Einheiten: []string{"a", "c"}}, []uuid.UUID{a.ID()}},
				{storage.Filter{Bearbeiter: []string{"sb-1"}}, []uuid.UUID{b.ID()}},
				{storage.Filter{EingangVon: base.Add(time.Hour)}, []uuid.UUID{b.ID()}},
				{storage.Filter{EingangBis: base.Add(time.Hour)}, []uuid.UUID{a.ID()}},
				{storage.Filter{FristBis: frist}, []uuid.UUID{b.ID()}},
				{storage.Filter{FristBis: frist.AddTage(-1)}, nil},
				{storage.Filter{Aktenzeichen: "2/26"}, []uuid.UUID{a.ID()}},
				{storage.Filter{Nummer: a.Nummer()}, []uuid.UUID{a.ID()}},
				{storage.Filter{Nummer: a.Nummer(), Einheiten: []string{"b"}}, nil},
			} {
				got := e.walk(s, storage.PageParams{Filter: c.f, Limit: 10}, nil)
				if fmt.Sprint(got) != fmt.Sprint(c.want) {
					e.Fatalf("filter %d gave %v, want %v", i, got, c.want)
				}
				n, err := s.Count(e.ctx, kiel, c.f)
				e.ok(err)
				e.equal(n, int64(len(c.want)))
			}
		}},
	}
}

func aliasingCases() []testCase {
	return []testCase{
		{group: "aliasing", name: "eingang", rule: "changing an argument or a result afterwards changes nothing stored", run: func(e *env) {
			s := e.store()
			d := storage.Eingang{ID: uuid.New(), Schluessel: "k", Eingegangen: e.clock(), Daten: []byte("abc")}
			read := func() (got storage.Eingang) {
				e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) (err error) {
					got, err = tx.GetEingang(ctx, d.ID)
					return err
				}))
				return got
			}
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertEingang(ctx, &d) }))
			d.Daten[0] = 'X'
			got := read()
			e.equal(string(got.Daten), "abc")
			got.Daten[0] = 'Y'
			e.equal(string(read().Daten), "abc")
		}},
		{group: "aliasing", name: "vorgang", rule: "a Vorgang that was read shares nothing with the store", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel, func(p *vorgang.Params) { p.Aktenzeichen = []string{"1"} })
			e.ok(e.note(kiel, "not saved")(v))
			got, err := s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			e.equal(len(got.Stand().Notizen), 0)
			for entry, err := range s.Journal(e.ctx, kiel, v.ID()) {
				e.ok(err)
				for i := range entry.Daten {
					entry.Daten[i] = 0
				}
			}
			e.ok(s.VerifyJournal(e.ctx, kiel, v.ID()))
		}},
	}
}

func textCases() []testCase {
	return []testCase{
		{group: "text", name: "keys", rule: "texts compare byte by byte: case, normal forms and wildcards differ", run: func(e *env) {
			s := e.store()
			keys := []string{"a", "A", "ä", "a\u0308", "Ä", "ß", "ss", "%", "_", `\`, "a%", " a", "a ", "ſ", "ı", "\u200b", "'"}
			for i, k := range keys {
				e.ok(s.PutKonfig(e.ctx, kiel, "art", k, 0, i))
				e.stored(s, kiel, func(p *vorgang.Params) { p.Nummer, p.Aktenzeichen, p.Einheit = k, []string{k}, k })
				e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					return tx.InsertEingang(ctx, &storage.Eingang{ID: uuid.New(), Schluessel: k, Kanal: k, Eingegangen: e.clock()})
				}))
			}
			for i, k := range keys {
				var n int
				_, err := s.GetKonfig(e.ctx, kiel, "art", k, &n)
				e.ok(err)
				e.equal(n, i)
				for _, f := range []storage.Filter{{Nummer: k}, {Aktenzeichen: k}, {Einheiten: []string{k}}} {
					n, err := s.Count(e.ctx, kiel, f)
					e.ok(err)
					e.equal(n, int64(1))
				}
				e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					d, err := tx.FindEingang(ctx, k)
					e.ok(err)
					e.equal(d.Kanal, k)
					return nil
				}))
			}
			e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				list, err := tx.ListKonfig(ctx, "art")
				e.ok(err)
				var got []string
				for _, k := range list {
					got = append(got, k.Schluessel)
				}
				want := slices.Clone(keys)
				slices.Sort(want)
				e.equal(got, want)
				return nil
			}))
		}},
		{group: "text", name: "refused", rule: "NUL, broken UTF-8 and texts over 500 bytes are ErrInvalid everywhere", run: func(e *env) {
			s := e.store()
			for _, bad := range []string{"a\x00b", "\xff", strings.Repeat("x", 501)} {
				e.is(s.PutKonfig(e.ctx, kiel, bad, "x", 0, 1), storage.ErrInvalid)
				e.is(s.PutKonfig(e.ctx, kiel, "x", bad, 0, 1), storage.ErrInvalid)
				_, err := s.Count(e.ctx, kiel, storage.Filter{Nummer: bad})
				e.is(err, storage.ErrInvalid)
				e.is(s.Insert(e.ctx, kiel, e.neu(kiel, func(p *vorgang.Params) { p.Einheit = bad })), storage.ErrInvalid)
				e.is(s.Insert(e.ctx, kiel, e.neu(kiel, func(p *vorgang.Params) { p.Aktenzeichen = []string{"ok", bad} })), storage.ErrInvalid)
				e.is(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					return tx.InsertEingang(ctx, &storage.Eingang{ID: uuid.New(), Schluessel: bad, Eingegangen: e.clock()})
				}), storage.ErrInvalid)
				e.is(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					_, err := tx.FindEingang(ctx, bad)
					return err
				}), storage.ErrInvalid)
			}
			e.stored(s, kiel, func(p *vorgang.Params) { p.Nummer = strings.Repeat("x", 500) })
		}},
		{group: "text", name: "bytes", rule: "opaque data may hold any byte", run: func(e *env) {
			s := e.store()
			all := make([]byte, 256)
			for i := range all {
				all[i] = byte(i)
			}
			d := storage.Eingang{ID: uuid.New(), Schluessel: "k", Eingegangen: e.clock(), Daten: all}
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error { return tx.InsertEingang(ctx, &d) }))
			e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				got, err := tx.GetEingang(ctx, d.ID)
				e.ok(err)
				e.equal(string(got.Daten), string(all))
				return nil
			}))
		}},
	}
}

func timeCases() []testCase {
	return []testCase{
		{group: "time", name: "round trip and order", rule: "times come back as UTC microseconds and order as instants, also before 1970", run: func(e *env) {
			s := e.store()
			zone := time.FixedZone("x", 5400)
			times := []time.Time{
				time.Date(1951, 2, 3, 4, 5, 6, 0, time.UTC), time.Unix(0, 0), time.Unix(0, 1000),
				time.Date(2026, 3, 29, 1, 59, 59, 999999999, zone), time.Date(2026, 10, 25, 2, 30, 0, 500000000, zone),
				time.Date(2026, 10, 25, 2, 30, 0, 500001000, zone), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
			}
			for i, at := range times {
				e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
					return tx.InsertEingang(ctx, &storage.Eingang{ID: uuid.New(), Schluessel: fmt.Sprint(len(times) - i), Eingegangen: at})
				}))
			}
			i := 0
			for d, err := range s.Eingaenge(e.ctx, kiel) {
				e.ok(err)
				want := times[i].UTC().Truncate(time.Microsecond)
				if !d.Eingegangen.Equal(want) || d.Eingegangen.Location() != time.UTC {
					e.Fatalf("got %v, want %v", d.Eingegangen, want)
				}
				i++
			}
			e.equal(i, len(times))
		}},
	}
}
