package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Zeile is one kind of Antrag in the table.
type Zeile struct {
	Name                                 string
	Eingegangen, Fertig                  int
	Median, Neunzig                      time.Duration // without waiting
	Gewartet                             time.Duration // on average, of those that waited
	Wartend                              int
	Gewarnt, Verlaengert, Ueberschritten int
}

// Bericht is what the year came to. Befunde are deadlines that were missed, came on
// another day, or twice: there must be none.
type Bericht struct {
	Zeilen                        []Zeile
	Eintraege                     int
	Bekanntgaben, Bestandskraefte int
	Befunde                       []string

	mu     sync.Mutex
	netto  map[tenant.Leistungsschluessel][]time.Duration
	zeilen map[tenant.Leistungsschluessel]*Zeile
}

func tage(d time.Duration) string {
	return strings.Replace(fmt.Sprintf("%.1f", d.Hours()/24), ".", ",", 1)
}

// String is a table in Markdown.
func (b *Bericht) String() string {
	var o strings.Builder
	o.WriteString("| Leistung | eingegangen | fertig | Tage netto, Median | 90 % | gewartet (Anzahl, Tage im Mittel) | vorgewarnt | verlängert | Frist überschritten |\n|---|---|---|---|---|---|---|---|---|\n")
	for _, z := range b.Zeilen {
		fmt.Fprintf(&o, "| %s | %d | %d | %s | %s | %d, %s | %d | %d | %d |\n", z.Name, z.Eingegangen, z.Fertig, tage(z.Median), tage(z.Neunzig),
			z.Wartend, tage(z.Gewartet), z.Gewarnt, z.Verlaengert, z.Ueberschritten)
	}
	fmt.Fprintf(&o, "\n%d Einträge in den Journalen, %d Bekanntgaben, %d Bestandskräfte; Befunde: %d\n", b.Eintraege, b.Bekanntgaben, b.Bestandskraefte, len(b.Befunde))
	for i, x := range b.Befunde {
		if i == 20 {
			o.WriteString("…\n")
			break
		}
		fmt.Fprintln(&o, x)
	}
	return o.String()
}

func newBericht() *Bericht {
	b := &Bericht{netto: map[tenant.Leistungsschluessel][]time.Duration{}, zeilen: map[tenant.Leistungsschluessel]*Zeile{}}
	for _, a := range arten {
		b.zeilen[a.schluessel] = &Zeile{Name: a.name}
	}
	return b
}

// pruefe reads all journals of a storage.
func (b *Bericht) pruefe(ctx context.Context, h *haus, letzter datum.Datum) error {
	for _, s := range h.staedte {
		for _, id := range s.ids {
			a, err := s.lies(ctx, id, letzter)
			if err != nil {
				return err
			}
			b.nimm(a)
		}
	}
	return nil
}

func (b *Bericht) nimm(a *akte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	z := b.zeilen[a.leistung]
	z.Eingegangen++
	if !a.d.Ende().IsZero() {
		z.Fertig++
		b.netto[a.leistung] = append(b.netto[a.leistung], a.d.Netto())
	}
	if a.d.Gewartet > 0 {
		z.Wartend++
		z.Gewartet += a.d.Gewartet
	}
	z.Gewarnt += a.gewarnt
	z.Verlaengert += a.verlaengert
	z.Ueberschritten += a.ueberschritten
	b.Eintraege += a.eintraege
	b.Bekanntgaben += a.bekanntgaben
	b.Bestandskraefte += a.bestandskraefte
	b.Befunde = append(b.Befunde, a.befunde...)
}

func (b *Bericht) fasseZusammen() {
	for _, a := range arten {
		z, n := b.zeilen[a.schluessel], b.netto[a.schluessel]
		slices.Sort(n)
		if len(n) > 0 {
			z.Median, z.Neunzig = n[len(n)/2], n[len(n)*9/10]
		}
		if z.Wartend > 0 {
			z.Gewartet /= time.Duration(z.Wartend)
		}
		b.Zeilen = append(b.Zeilen, *z)
	}
	slices.Sort(b.Befunde)
}

// akte is what one journal says.
type akte struct {
	leistung                                 tenant.Leistungsschluessel
	d                                        vorgang.Durchlaufzeit
	eintraege, bekanntgaben, bestandskraefte int
	gewarnt, verlaengert, ueberschritten     int
	befunde                                  []string
}

// lies checks one journal: what was promised for a day happened on that day, once.
func (s *stadt) lies(ctx context.Context, id uuid.UUID, letzter datum.Datum) (*akte, error) {
	v, err := s.store.Get(ctx, s.m.ID, id)
	if err != nil {
		return nil, err
	}
	a := &akte{leistung: v.Stand().Leistung}
	var journal []vorgang.Ereignis
	for e, err := range s.store.Journal(ctx, s.m.ID, id) {
		if err != nil {
			return nil, err
		}
		journal = append(journal, e)
	}
	a.eintraege = len(journal)
	seq := func(yield func(vorgang.Ereignis, error) bool) {
		for _, e := range journal {
			if !yield(e, nil) {
				return
			}
		}
	}
	if a.d, err = vorgang.Durchlauf(seq); err != nil {
		return nil, err
	}
	befund := func(form string, args ...any) {
		a.befunde = append(a.befunde, fmt.Sprintf("%s %s: ", s.m.ID, v.Nummer())+fmt.Sprintf(form, args...))
	}
	soll, ist := newFristen(a.d, letzter), map[string]datum.Datum{}
	for _, e := range journal {
		var was string
		switch e.Code {
		case "bescheid.versandt", "frist.gesetzt", "frist.verlaengert", "aussetzung.begonnen", "aussetzung.beendet",
			"rueckfrage.gestellt", "rueckfrage.beantwortet", "rueckfrage.erledigt":
			d, err := e.Data()
			if err != nil {
				return nil, err
			}
			soll.nimm(d, datum.Von(e.Zeit))
			continue
		case "frist.gewarnt":
			d, err := e.Data()
			if err != nil {
				return nil, err
			}
			w := d.(*vorgang.Gewarnt).Warnung
			was = fmt.Sprintf("warnung/%s/%s", w.ID, w.Tag)
			a.gewarnt++
		case "bescheid.bekanntgegeben":
			was = "bekanntgabe"
			a.bekanntgaben++
		case "bescheid.bestandskraeftig":
			was = "bestandskraft"
			a.bestandskraefte++
		default:
			continue
		}
		if _, twice := ist[was]; twice {
			befund("%s twice", was)
		}
		ist[was] = datum.Von(e.Zeit)
	}
	erwartet := soll.erwartet()
	for was, tag := range erwartet {
		if ist[was] != tag {
			befund("%s on %q instead of %s", was, ist[was], tag)
		}
	}
	for was := range ist {
		if _, ok := erwartet[was]; !ok {
			befund("%s was not to happen", was)
		}
	}
	a.verlaengert, a.ueberschritten = soll.verlaengert, soll.ueberschritten()
	return a, nil
}
