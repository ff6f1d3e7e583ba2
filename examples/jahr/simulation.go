package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Params of a simulated year.
type Params struct {
	Mandanten, Vorgaenge, Jahr int
	Seed                       uint64
	// Tage ends it earlier; 0 is the whole year.
	Tage int
}

// art is a kind of Antrag and how it goes.
type art struct {
	schluessel tenant.Leistungsschluessel
	name       string
	// Shares of a hundred: of all, and of these with a question, a suspension, an extension.
	anteil, frage, aussetzung, verlaengerung int
	// monate of the period to decide in; 0 has none. anzeige needs no decision.
	monate  int
	fiktion bool
	anzeige bool
}

var arten = []art{
	{schluessel: "99012070006000", name: "Baumfällung", anteil: 30, frage: 25, aussetzung: 6, verlaengerung: 4, monate: 3, fiktion: true},
	{schluessel: "99006027001000", name: "Bewohnerparken", anteil: 50, frage: 6, monate: 2},
	{schluessel: "99050012104000", name: "Gewerbeanmeldung", anteil: 20, frage: 10, anzeige: true},
}

// jahr is a run: one store for all, and a town for each Mandant.
type jahr struct {
	p       Params
	uhr     time.Time // only moved between the days
	store   *storage.Store
	relay   *relay.Relay
	rechner *frist.Rechner
	staedte []*stadt
}

// stadt is a Mandant with its people and what they have to do on which day. Only one
// goroutine works on it at a time, except for schliessen.
type stadt struct {
	j           *jahr
	m           tenant.Mandant
	ort         frist.Ort
	wuerfel     *rand.Rand
	sb, leitung tenant.Akteur
	// kommen is how many Vorgaenge come in the year, kraft how many the clerks can do a day.
	kommen, kraft int
	nummer        int
	ids           []uuid.UUID

	antworten, fortsetzen, erledigen map[datum.Datum][]uuid.UUID
	mu                               sync.Mutex
	schliessen                       map[datum.Datum][]uuid.UUID // after the Bekanntgabe
}

// Simulate lets the year pass and checks it. fortschritt is told of each day and how many
// Vorgaenge have come in.
func Simulate(ctx context.Context, p Params, fortschritt func(datum.Datum, int)) (*Bericht, error) {
	if p.Mandanten < 1 || p.Vorgaenge < p.Mandanten {
		return nil, errors.New("at least one Mandant, and one Vorgang for each")
	}
	j := &jahr{p: p, rechner: frist.New(nil)}
	j.store = memory.Open(&storage.Options{Now: func() time.Time { return j.uhr }})
	defer j.store.Close()
	j.gruende()
	handlers := j.post()
	j.relay = relay.New(j.store, handlers, &relay.Options{Now: func() time.Time { return j.uhr }, Arbeiter: runtime.GOMAXPROCS(0)})

	erster := datum.New(p.Jahr, time.January, 1)
	letzter := datum.New(p.Jahr, time.December, 31)
	if p.Tage > 0 {
		letzter = erster.AddTage(p.Tage - 1)
	}
	for tag := erster; !tag.Nach(letzter); tag = tag.AddTage(1) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		// In the night what is due, by day the people, in the evening the letters.
		j.uhr = tag.Beginn().Add(time.Minute)
		if _, err := j.relay.Drain(ctx); err != nil {
			return nil, err
		}
		j.uhr = tag.Beginn().Add(9 * time.Hour)
		if err := j.fuerAlle(func(s *stadt) error { return s.tag(ctx, tag) }); err != nil {
			return nil, fmt.Errorf("%s: %w", tag, err)
		}
		j.uhr = tag.Beginn().Add(18 * time.Hour)
		if _, err := j.relay.Drain(ctx); err != nil {
			return nil, err
		}
		if fortschritt != nil {
			n := 0
			for _, s := range j.staedte {
				n += s.nummer
			}
			fortschritt(tag, n)
		}
	}
	return j.pruefe(ctx, letzter)
}

// gruende makes the towns: in turn in all Länder, of different size.
func (j *jahr) gruende() {
	laender := tenant.Laender()
	gewicht := func(i int) int { return 4 + i*7%13 }
	summe := 0
	for i := range j.p.Mandanten {
		summe += gewicht(i)
	}
	rest := j.p.Vorgaenge
	for i := range j.p.Mandanten {
		id := tenant.ID(fmt.Sprintf("stadt-%03d", i+1))
		s := &stadt{
			j: j, m: tenant.Mandant{ID: id, Name: "Stadt " + string(id), Land: laender[i%len(laender)]},
			wuerfel: rand.New(rand.NewPCG(j.p.Seed, uint64(i))),
			sb:      tenant.Akteur{ID: string(id) + "/sb", Name: "Sachbearbeitung", Art: tenant.Person, Mandant: id, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}},
			leitung: tenant.Akteur{ID: string(id) + "/leitung", Name: "Leitung", Art: tenant.Person, Mandant: id, Rollen: []tenant.Rolle{tenant.Leitung}},
			kommen:  j.p.Vorgaenge * gewicht(i) / summe,

			antworten: map[datum.Datum][]uuid.UUID{}, fortsetzen: map[datum.Datum][]uuid.UUID{}, erledigen: map[datum.Datum][]uuid.UUID{},
			schliessen: map[datum.Datum][]uuid.UUID{},
		}
		s.ort = frist.Ort{Land: s.m.Land}
		rest -= s.kommen
		j.staedte = append(j.staedte, s)
	}
	for i := range rest { // what rounding left over
		j.staedte[i%len(j.staedte)].kommen++
	}
	for _, s := range j.staedte {
		s.kraft = s.kommen/190 + 1 // a little more than comes: of 365 days some 250 are working days, and questions come twice
	}
}

// fuerAlle works on all towns, each by one goroutine.
func (j *jahr) fuerAlle(f func(*stadt) error) error {
	next := make(chan *stadt)
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for s := range next {
				if errs[i] == nil {
					errs[i] = f(s)
				}
			}
		})
	}
	for _, s := range j.staedte {
		next <- s
	}
	close(next)
	wg.Wait()
	return errors.Join(errs...)
}

// post answers for the letters: it says that they went out, and works out the periods.
func (j *jahr) post() map[vorgang.AuftragArt]relay.Handler {
	system := tenant.System("post")
	handlers := relay.Termine(func() time.Time { return j.uhr })
	still := relay.HandlerFunc(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) { return nil, nil })
	handlers[vorgang.NachrichtSenden] = still
	mit := func(f func(ctx context.Context, v *vorgang.Vorgang, id uuid.UUID) (relay.Bericht, error)) relay.Handler {
		return relay.HandlerFunc(func(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
			var d vorgang.BescheidDaten
			if err := a.Decode(&d); err != nil {
				return nil, err
			}
			return f(ctx, v, d.Bescheid)
		})
	}
	handlers[vorgang.BescheidAusfertigen] = mit(func(_ context.Context, _ *vorgang.Vorgang, id uuid.UUID) (relay.Bericht, error) {
		return func(v *vorgang.Vorgang) error { return v.RecordAusfertigung(system, j.uhr, id, dokument(id)) }, nil
	})
	handlers[vorgang.BescheidSenden] = mit(func(_ context.Context, v *vorgang.Vorgang, id uuid.UUID) (relay.Bericht, error) {
		s := j.stadt(v.Mandant())
		b, err := bescheid.ComputeBekanntgabe(j.rechner, bescheid.BekanntgabeParams{
			Inhalt: inhalt, Land: s.m.Land, Kanal: frist.KanalPost, Tag: datum.Von(j.uhr),
		})
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.schliessen[b.Tag.AddTage(1)] = append(s.schliessen[b.Tag.AddTage(1)], v.ID())
		s.mu.Unlock()
		return func(v *vorgang.Vorgang) error { return v.RecordVersand(system, j.uhr, versand(id, b, j.uhr)) }, nil
	})
	handlers[vorgang.BekanntgabeFeststellen] = mit(func(_ context.Context, _ *vorgang.Vorgang, id uuid.UUID) (relay.Bericht, error) {
		return func(v *vorgang.Vorgang) error { return v.RecordBekanntgabe(system, j.uhr, id) }, nil
	})
	handlers[vorgang.BestandskraftFeststellen] = mit(func(_ context.Context, _ *vorgang.Vorgang, id uuid.UUID) (relay.Bericht, error) {
		return func(v *vorgang.Vorgang) error { return v.RecordBestandskraft(system, j.uhr, id) }, nil
	})
	return handlers
}

func (j *jahr) stadt(m tenant.ID) *stadt {
	var n int
	if _, err := fmt.Sscanf(string(m), "stadt-%d", &n); err != nil || n < 1 || n > len(j.staedte) {
		panic("unknown Mandant " + string(m))
	}
	return j.staedte[n-1]
}

// leer tells whether the stack has nothing more.
func leer(err error) bool { return errors.Is(err, fehler.ErrNotFound) }
