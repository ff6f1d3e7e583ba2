package storagetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// What can be read, compared with the model.

func (m *modell) list(t *rapid.T) {
	who := m.mandant(t)
	filter := storage.Filter{}
	if rapid.Bool().Draw(t, "status") {
		filter.Status = rapid.SampledFrom([][]vorgang.Status{{vorgang.Neu}, {vorgang.Neu, vorgang.InBearbeitung}}).Draw(t, "welcher")
	}
	if rapid.Bool().Draw(t, "einheit") {
		filter.Einheiten = []string{"b"}
	}
	if rapid.Bool().Draw(t, "bearbeiter") {
		filter.Bearbeiter = []string{"sb-1", "sb-2"}
	}
	want := m.sorted(who, func(f *fall) bool {
		return (len(filter.Status) == 0 || slices.Contains(filter.Status, f.stand.Status)) &&
			(len(filter.Einheiten) == 0 || slices.Contains(filter.Einheiten, f.stand.Einheit)) &&
			(len(filter.Bearbeiter) == 0 || slices.Contains(filter.Bearbeiter, f.stand.Bearbeiter()))
	})
	p := storage.PageParams{Filter: filter, Limit: rapid.IntRange(1, 5).Draw(t, "limit"), Absteigend: rapid.Bool().Draw(t, "absteigend")}
	if p.Absteigend {
		slices.Reverse(want)
	}
	var got []uuid.UUID
	for z, err := range m.s.List(m.ctx, who, p) {
		m.ok(err)
		got = append(got, z.ID)
		m.equal(z.Version, m.vorgaenge[who][z.ID].stand.Version)
	}
	m.equal(fmt.Sprint(got), fmt.Sprint(want))
	n, err := m.s.Count(m.ctx, who, filter)
	m.ok(err)
	m.equal(n, int64(len(want)))
}

func (m *modell) search(t *rapid.T) {
	who := m.mandant(t)
	typed := rapid.SampledFrom([]string{"müller", "mei", "meierh", "weiss lukasz", "M-000", "x"}).Draw(t, "text")
	fits := func(s *vorgang.Stand) bool {
		for w := range strings.FieldsSeq(map[string]string{"müller": "mueller", "M-000": "m000"}[typed] + " " + typed) {
			if w == "müller" || w == "M-000" {
				continue
			}
			hit := strings.HasPrefix(strings.ToLower(strings.ReplaceAll(s.Nummer, "-", "")), w)
			for n := range strings.FieldsSeq(s.Antrag.Antragsteller.Name) {
				n = strings.NewReplacer("ü", "ue", "ß", "ss", "ł", "l").Replace(strings.ToLower(n))
				hit = hit || strings.HasPrefix(n, w)
			}
			if !hit {
				return false
			}
		}
		return true
	}
	want := map[uuid.UUID]bool{}
	for id, f := range m.vorgaenge[who] {
		if fits(&f.stand) {
			want[id] = true
		}
	}
	p := storage.SearchParams{Text: typed, Limit: rapid.IntRange(1, 4).Draw(t, "limit")}
	for {
		hits, err := m.s.Search(m.ctx, who, p)
		m.ok(err)
		for _, z := range hits.Zeilen {
			if !want[z.ID] {
				m.Fatalf("%q found %s %s, or found it twice", typed, z.Nummer, z.Antragsteller)
			}
			delete(want, z.ID)
		}
		if p.Cursor = hits.Next; p.Cursor == "" {
			break
		}
	}
	m.equal(len(want), 0)
}

// check compares everything that can be read.
func (m *modell) check(*rapid.T) {
	for who, all := range m.vorgaenge {
		n, err := m.s.Count(m.ctx, who, storage.Filter{})
		m.ok(err)
		m.equal(n, int64(len(all)))
		for id, f := range all {
			v, err := m.s.Get(m.ctx, who, id)
			m.ok(err)
			is, _ := json.Marshal(v.Stand())
			should, _ := json.Marshal(&f.stand)
			m.equal(string(is), string(should))
		}
		var feed []string
		for _, a := range m.feed(m.s, who, "", 100) {
			feed = append(feed, fmt.Sprint(a.Mandant, a.Vorgang, a.Version, a.JournalVon, a.JournalBis))
		}
		m.equal(feed, m.feeds[who])
	}
}

// work leases what is due and reports on it.
func (m *modell) work(t *rapid.T) {
	if !m.relay {
		return
	}
	type due struct {
		f *fall
		i int
	}
	var want []due
	for _, all := range m.vorgaenge {
		for _, f := range all {
			for i, a := range f.auftrage {
				if a.Zustand == storage.AuftragErledigt {
					continue
				}
				if a.Zustand == storage.AuftragOffen && !a.Faellig.After(m.clock()) {
					want = append(want, due{f, i})
				}
				break // one per Vorgang
			}
		}
	}
	slices.SortFunc(want, func(a, b due) int {
		x, y := a.f.auftrage[a.i], b.f.auftrage[b.i]
		if c := x.Faellig.Compare(y.Faellig); c != 0 {
			return c
		}
		return slices.Compare(x.ID[:], y.ID[:])
	})
	limit := rapid.IntRange(1, 4).Draw(t, "limit")
	want = want[:min(limit, len(want))]
	got, err := m.s.LeaseAuftraege(m.ctx, storage.LeaseParams{Limit: limit})
	m.ok(err)
	if len(got) != len(want) {
		m.Fatalf("leased %d, want %d", len(got), len(want))
	}
	for i, a := range got {
		f := want[i].f
		m.equal(a.ID, f.auftrage[want[i].i].ID)
		m.report(t, a, f, want[i].i)
	}
	if _, err := m.s.LeaseAuftraege(m.ctx, storage.LeaseParams{Arten: []vorgang.AuftragArt{"gibt.es.nicht"}}); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		m.ok(err)
	}
}
