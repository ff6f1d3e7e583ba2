package amt

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

type ctxT = context.Context

// zahlen are the statistics of each Mandant. They are worked out beside the pages, from
// the journals, and at most once in a quarter of an hour: no page waits for them.
type zahlen struct {
	mu sync.Mutex
	m  map[tenant.ID]*statistik
}

// MaxFaelle bounds how many Vorgaenge, the newest first, the statistics look at.
const MaxFaelle = 20_000

type statistik struct {
	Stand      time.Time
	Faelle     int
	laeuft     bool
	Leistungen []leistungZahl
	Monate     []balken
	Alter      []balken
}

type leistungZahl struct {
	Name                                  string
	Eingang, Offen, Erledigt, Automatisch int
	Tage                                  float64 // mean days from receipt to the end without waiting
	summe                                 time.Duration
	gemessen                              int
}

// Dauer as German text.
func (l leistungZahl) Dauer() string {
	if l.gemessen == 0 {
		return "–"
	}
	return strings.Replace(fmt.Sprintf("%.1f Tage", l.Tage), ".", ",", 1)
}

// Anteil of automatic decisions of what is done, in percent.
func (l leistungZahl) Anteil() int {
	if l.Erledigt == 0 {
		return 0
	}
	return 100 * l.Automatisch / l.Erledigt
}

// balken is a bar of a chart.
type balken struct {
	Name    string
	N       int
	X, Y, H int // X is the middle
}

func ordne(bs []balken) []balken {
	most := 1
	for _, b := range bs {
		most = max(most, b.N)
	}
	breite := 740 / max(len(bs), 1)
	for i := range bs {
		bs[i].X, bs[i].H = 10+i*breite+breite/2, bs[i].N*120/most
		bs[i].Y = 140 - bs[i].H
	}
	return bs
}

// get gives what was worked out last, and begins anew where it is old.
func (a *Amt) statistikVon(m *tenant.Mandant) statistik {
	z := &a.zahlen
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.m == nil {
		z.m = map[tenant.ID]*statistik{}
	}
	s := z.m[m.ID]
	if s == nil {
		s = &statistik{}
		z.m[m.ID] = s
	}
	if now := a.o.Now(); !s.laeuft && now.Sub(s.Stand) > 15*time.Minute {
		s.laeuft = true
		go func() {
			neu, err := a.rechne(context.Background(), m, now)
			z.mu.Lock()
			defer z.mu.Unlock()
			if s.laeuft = false; err == nil {
				*s = neu
			}
		}()
	}
	return *s
}

func (a *Amt) rechne(ctx context.Context, m *tenant.Mandant, now time.Time) (statistik, error) {
	s := statistik{Stand: now}
	je := map[tenant.Leistungsschluessel]*leistungZahl{}
	monate := map[string]int{}
	alter := []balken{{Name: "bis 7 Tage"}, {Name: "bis 30"}, {Name: "bis 90"}, {Name: "über 90"}}
	for z, err := range a.Store.List(ctx, m.ID, storage.PageParams{Absteigend: true, Limit: storage.MaxLimit}) {
		if err != nil {
			return s, err
		}
		if s.Faelle++; s.Faelle > MaxFaelle {
			break
		}
		l := je[z.Leistung]
		if l == nil {
			l = &leistungZahl{Name: string(z.Leistung)}
			if x, ok := m.Leistung(z.Leistung); ok {
				l.Name = x.Name
			}
			je[z.Leistung] = l
		}
		l.Eingang++
		monate[z.Eingang.In(datum.Berlin()).Format("2006-01")]++
		if z.Status.Offen() {
			l.Offen++
			for i, grenze := range []int{7, 30, 90, 1 << 30} {
				if int(now.Sub(z.Eingang).Hours()/24) <= grenze {
					alter[i].N++
					break
				}
			}
			continue
		}
		if z.Status != vorgang.Abgeschlossen {
			continue
		}
		l.Erledigt++
		if err := l.miss(a.Store.Journal(ctx, m.ID, z.ID)); err != nil {
			return s, err
		}
	}
	for _, l := range je {
		if l.gemessen > 0 {
			l.Tage = l.summe.Hours() / 24 / float64(l.gemessen)
		}
		s.Leistungen = append(s.Leistungen, *l)
	}
	slices.SortFunc(s.Leistungen, func(a, b leistungZahl) int { return cmp.Compare(a.Name, b.Name) })
	for i := 11; i >= 0; i-- {
		t := now.In(datum.Berlin()).AddDate(0, -i, 1-now.In(datum.Berlin()).Day())
		s.Monate = append(s.Monate, balken{Name: t.Format("01/06"), N: monate[t.Format("2006-01")]})
	}
	s.Monate, s.Alter = ordne(s.Monate), ordne(alter)
	return s, nil
}

// miss adds the way of one Vorgang, without the time it waited for others.
func (l *leistungZahl) miss(journal iter.Seq2[vorgang.Ereignis, error]) error {
	var es []vorgang.Ereignis
	for e, err := range journal {
		if err != nil {
			return err
		}
		if d, err := e.Data(); err == nil {
			if f, ok := d.(*vorgang.Freigegeben); ok && f.Automatisch {
				l.Automatisch++
			}
		}
		es = append(es, e)
	}
	d, err := vorgang.Durchlauf(func(yield func(vorgang.Ereignis, error) bool) {
		for _, e := range es {
			if !yield(e, nil) {
				return
			}
		}
	})
	if err == nil {
		l.summe += d.Netto()
		l.gemessen++
	}
	return nil
}

func (x *anfrage) statistik() error {
	return x.verwaltung("statistik", x.a.statistikVon(x.m))
}

func (x *anfrage) statistikCSV() error {
	var b bytes.Buffer
	b.WriteString("\ufeff") // so that spreadsheets read it as UTF-8
	w := csv.NewWriter(&b)
	w.Comma = ';'
	zeilen := [][]string{{"Leistung", "Eingänge", "Offen", "Abgeschlossen", "Automatisch", "Tage ohne Wartezeit"}}
	for _, l := range x.a.statistikVon(x.m).Leistungen {
		zeilen = append(zeilen, []string{l.Name, fmt.Sprint(l.Eingang), fmt.Sprint(l.Offen), fmt.Sprint(l.Erledigt), fmt.Sprint(l.Automatisch), strings.Replace(fmt.Sprintf("%.1f", l.Tage), ".", ",", 1)})
	}
	if err := w.WriteAll(zeilen); err != nil {
		return err
	}
	return x.csv("statistik.csv", &b)
}

// diagramm is a chart with its title.
type diagramm struct {
	Titel string
	B     []balken
}

// Bild makes a chart of bars.
func (statistik) Bild(titel string, b []balken) diagramm { return diagramm{titel, b} }
