package storagetest

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// named stores a Vorgang of an applicant.
func (e *env) named(s *storage.Store, name string, change ...func(*vorgang.Params)) *vorgang.Vorgang {
	e.Helper()
	return e.stored(s, kiel, append([]func(*vorgang.Params){func(p *vorgang.Params) { p.Antrag.Antragsteller.Name = name }}, change...)...)
}

// found gives the names of all hits, over pages of the size.
func (e *env) found(s *storage.Store, p storage.SearchParams) []string {
	e.Helper()
	var out []string
	for range 100 {
		t, err := s.Search(e.ctx, kiel, p)
		e.ok(err)
		for _, z := range t.Zeilen {
			out = append(out, z.Antragsteller)
		}
		if p.Cursor = t.Next; p.Cursor == "" {
			return out
		}
	}
	e.Fatalf("the hits do not end")
	return nil
}

func searchCases() []testCase {
	text := func(t string) storage.SearchParams { return storage.SearchParams{Text: t} }
	return []testCase{
		{group: "search", name: "names", rule: "names are found by any of their words, in any spelling that means the same letters, and by the beginning of a word", run: func(e *env) {
			s := e.store()
			for _, n := range []string{"Jürgen Müller-Lüdenscheidt", "Anna Mueller", "Zoé Weiß", "Łukasz Đorđević", "Mats Ågren", "Müllerin"} {
				e.named(s, n)
			}
			for typed, want := range map[string][]string{
				"müller":         {"Anna Mueller", "Jürgen Müller-Lüdenscheidt", "Müllerin"},
				"MUELLER":        {"Anna Mueller", "Jürgen Müller-Lüdenscheidt", "Müllerin"},
				"mu\u0308ller":   {"Anna Mueller", "Jürgen Müller-Lüdenscheidt", "Müllerin"},
				"müller anna":    {"Anna Mueller"},
				"lüd müll":       {"Jürgen Müller-Lüdenscheidt"},
				"Weiss":          {"Zoé Weiß"},
				"zoe":            {"Zoé Weiß"},
				"lukasz":         {"Łukasz Đorđević"},
				"Dordevic":       {"Łukasz Đorđević"},
				"ller":           nil,
				"müllerine":      nil,
				"anna lukasz":    nil,
				"anna mueller m": {"Anna Mueller"},
			} {
				got := e.found(s, text(typed))
				slices.Sort(got)
				if !slices.Equal(got, want) {
					e.Fatalf("%q found %q, want %q", typed, got, want)
				}
			}
		}},
		{group: "search", name: "numbers", rule: "Vorgangsnummer, Aktenzeichen and reference are found with and without punctuation, whole or by their beginning", run: func(e *env) {
			s := e.store()
			e.named(s, "a", func(p *vorgang.Params) {
				p.Nummer, p.Aktenzeichen, p.Antrag.Referenz = "KI-2026-000017", []string{"67.31/26-1"}, "ABC-99"
			})
			e.named(s, "b", func(p *vorgang.Params) { p.Nummer, p.Aktenzeichen = "KI-2026-000018", []string{"67.31/26-2"} })
			for typed, want := range map[string]string{
				"KI-2026-000017": "[a]", "ki2026000017": "[a]", "000018": "[b]", "67.31/26-1": "[a]", "6731262": "[b]", "abc99": "[a]", "KI-2026-00001": "[a b]", "99": "[a]",
			} {
				got := e.found(s, text(typed))
				slices.Sort(got)
				if fmt.Sprint(got) != want {
					e.Fatalf("%q found %v, want %v", typed, got, want)
				}
			}
		}},
		{group: "search", name: "form", rule: "values of the form are found", run: func(e *env) {
			s := e.store()
			e.named(s, "a", func(p *vorgang.Params) {
				p.Antrag.Felder = []vorgang.Feld{{Name: "g", Felder: []vorgang.Feld{{Name: "f", Label: "Straße", Wert: "Brüderstraße 7"}}}}
			})
			e.equal(e.found(s, text("bruederstrasse")), []string{"a"})
			e.equal(len(e.found(s, text("Straße"))), 0) // a label is no value
		}},
		{group: "search", name: "tags", rule: "Schlagworte are found until they are taken away", run: func(e *env) {
			s := e.store()
			v := e.named(s, "Erika")
			set := func(worte ...string) {
				_, err := s.Edit(e.ctx, kiel, v.ID(), func(v *vorgang.Vorgang) error { return v.SetSchlagworte(clerk(kiel), e.clock(), worte) })
				e.ok(err)
			}
			e.equal(len(e.found(s, text("sturm"))), 0)
			set("Sturmschaden", "Kita 7")
			for _, t := range []string{"sturm", "kita", "kita 7"} {
				e.equal(e.found(s, text(t)), []string{"Erika"})
			}
			set("Kita 7")
			e.equal(len(e.found(s, text("sturm"))), 0)
			e.equal(e.found(s, text("kita")), []string{"Erika"})
		}},
		{group: "search", name: "pages", rule: "pages of every size give the same hits, each Vorgang once though several of its words fit, ordered by word, then ID", run: func(e *env) {
			s := e.store()
			for i := range 5 {
				e.named(s, fmt.Sprintf("Meier%d Meierhofer Meiers", i))
			}
			all := e.found(s, text("meier"))
			e.equal(len(all), 5)
			for _, limit := range []int{1, 2, 3, 5, 6} {
				e.equal(e.found(s, storage.SearchParams{Text: "meier", Limit: limit}), all)
			}
			e.equal(slices.IsSorted(all), true)
		}},
		{group: "search", name: "follows changes", rule: "what a command changes is found at once, and what it replaced is not", run: func(e *env) {
			s := e.store()
			v := e.named(s, "Vera")
			_, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "Zwetschge")) // notes are internal and not searched
			e.ok(err)
			e.equal(len(e.found(s, text("zwetschge"))), 0)
			e.equal(len(e.found(s, text("vera"))), 1)
		}},
		{group: "search", name: "rights and filters", rule: "hits are of the Mandant, of the Einheiten of the Akteur, and of the filter", run: func(e *env) {
			s := e.store()
			e.named(s, "Otto A", func(p *vorgang.Params) { p.Einheit = "a" })
			e.named(s, "Otto B", func(p *vorgang.Params) { p.Einheit = "b" })
			e.stored(s, luebek, func(p *vorgang.Params) { p.Antrag.Antragsteller.Name = "Otto L" })
			a := clerk(kiel)
			a.Einheiten = []string{"b", "c"}
			e.equal(e.found(s, storage.SearchParams{Text: "otto", Akteur: a}), []string{"Otto B"})
			e.equal(e.found(s, storage.SearchParams{Text: "otto", Filter: storage.Filter{Einheiten: []string{"a"}}}), []string{"Otto A"})
			e.equal(len(e.found(s, storage.SearchParams{Text: "otto", Akteur: a, Filter: storage.Filter{Einheiten: []string{"a"}}})), 0)
			e.equal(len(e.found(s, storage.SearchParams{Text: "otto", Filter: storage.Filter{Status: []vorgang.Status{vorgang.Beschieden}}})), 0)
			e.equal(len(e.found(s, text("otto"))), 2)
			t, err := s.Search(e.ctx, luebek, text("otto"))
			e.ok(err)
			e.equal(len(t.Zeilen), 1)
		}},
		{group: "search", name: "refused", rule: "no word, too many words and a cursor of another search are ErrInvalid", run: func(e *env) {
			s := e.store()
			for i := range 3 {
				e.named(s, fmt.Sprint("Max ", i))
			}
			for _, t := range []string{"", "  ", "%", "a b c d e f g h i"} {
				_, err := s.Search(e.ctx, kiel, text(t))
				e.is(err, storage.ErrInvalid)
			}
			page, err := s.Search(e.ctx, kiel, storage.SearchParams{Text: "max", Limit: 1})
			e.ok(err)
			for _, p := range []storage.SearchParams{
				{Text: "maxi", Cursor: page.Next}, {Text: "max", Cursor: "x"}, {Text: "max", Cursor: page.Next[1:]}, {Text: "max", Limit: -1},
				{Text: "max", Cursor: page.Next, Filter: storage.Filter{Nummer: "1"}},
			} {
				_, err := s.Search(e.ctx, kiel, p)
				e.is(err, storage.ErrInvalid)
			}
			_, err = s.Search(e.ctx, luebek, storage.SearchParams{Text: "max", Cursor: page.Next})
			e.is(err, storage.ErrInvalid)
		}},
		{group: "search", name: "wildcards", rule: "what a database takes for a wildcard is none", run: func(e *env) {
			s := e.store()
			e.named(s, "Anna")
			for _, t := range []string{"a%", "a_n", "a*", `a\`, "a'b"} {
				for _, n := range e.found(s, text(t)) {
					if t == "a_n" || t == "a'b" {
						e.Fatalf("%q found %q", t, n)
					}
				}
			}
		}},
	}
}

func (e *env) ids(s *storage.Store, p storage.SearchParams) (out []uuid.UUID) {
	e.Helper()
	t, err := s.Search(e.ctx, kiel, p)
	e.ok(err)
	for _, z := range t.Zeilen {
		out = append(out, z.ID)
	}
	return out
}
