package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
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
	// stumm are Auftraege that are forgotten, to see that the check notices.
	stumm vorgang.AuftragArt
	// langsam: the clerks do half of what comes, so that deadlines come near.
	langsam bool
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

// jeHaus is how many Mandanten share a storage, as a large installation places its
// Mandanten on several databases (storage.Router). Storages do not wait for each other.
const jeHaus = 1

// jahr is a run: a town for each Mandant, on several storages.
type jahr struct {
	p       Params
	rechner *frist.Rechner
	staedte []*stadt
}

// haus is a storage with its relay and the towns on it; its clock stands while somebody
// works.
type haus struct {
	j       *jahr
	uhr     time.Time
	store   *storage.Store
	relay   *relay.Relay
	staedte []*stadt
}

// stadt is a Mandant with its people and what they have to do on which day.
type stadt struct {
	*haus
	j           *jahr
	m           tenant.Mandant
	ort         frist.Ort
	wuerfel     *rand.Rand
	sb, leitung tenant.Akteur
	// kommen is how many Vorgaenge come in the year, kraft how many the clerks can do a day.
	kommen, nummer int
	kraft          float64
	ids            []uuid.UUID

	antworten, fortsetzen, erledigen map[datum.Datum][]uuid.UUID
	schliessen                       map[datum.Datum][]uuid.UUID // after the Bekanntgabe
}

// Simulate lets the year pass and checks it: storage after storage, as many at once as
// there are processors. fortschritt is told how many Mandanten are through.
func Simulate(ctx context.Context, p Params, fortschritt func(fertig int)) (*Bericht, error) {
	if p.Mandanten < 1 || p.Vorgaenge < p.Mandanten {
		return nil, errors.New("at least one Mandant, and one Vorgang for each")
	}
	j := &jahr{p: p, rechner: frist.New(nil)}
	haeuser := make([]*haus, (p.Mandanten+jeHaus-1)/jeHaus)
	for i := range haeuser {
		haeuser[i] = &haus{j: j}
	}
	j.gruende(haeuser)
	erster := datum.New(p.Jahr, time.January, 1)
	letzter := datum.New(p.Jahr, time.December, 31)
	if p.Tage > 0 {
		letzter = erster.AddTage(p.Tage - 1)
	}
	b := newBericht()
	var fertig atomic.Int64
	err := fuerAlle(haeuser, func(h *haus) error {
		h.baue()
		for tag := erster; !tag.Nach(letzter); tag = tag.AddTage(1) {
			if err := h.tag(ctx, tag); err != nil {
				return fmt.Errorf("%s: %w", tag, err)
			}
		}
		err := errors.Join(b.pruefe(ctx, h, letzter), h.store.Close())
		h.store, h.relay = nil, nil // what is checked need not stay in memory
		if n := fertig.Add(int64(len(h.staedte))); fortschritt != nil {
			fortschritt(int(n))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	b.fasseZusammen()
	return b, nil
}

func (h *haus) baue() {
	uhr := func() time.Time { return h.uhr }
	h.store = memory.Open(&storage.Options{Now: uhr})
	h.relay = relay.New(h.store, h.post(), &relay.Options{Now: uhr, Arbeiter: 1})
}

// tag is one day: in the night what is due, by day the people, in the evening the letters.
func (h *haus) tag(ctx context.Context, tag datum.Datum) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.uhr = tag.Beginn().Add(time.Minute)
	if _, err := h.relay.Drain(ctx); err != nil {
		return err
	}
	h.uhr = tag.Beginn().Add(9 * time.Hour)
	for _, s := range h.staedte {
		if err := s.tag(ctx, tag); err != nil {
			return fmt.Errorf("%s: %w", s.m.ID, err)
		}
	}
	h.uhr = tag.Beginn().Add(18 * time.Hour)
	_, err := h.relay.Drain(ctx)
	return err
}

// gruende makes the towns: in turn in all Länder, of different size.
func (j *jahr) gruende(haeuser []*haus) {
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
			haus: haeuser[i%len(haeuser)], j: j, m: tenant.Mandant{ID: id, Name: "Stadt " + string(id), Land: laender[i%len(laender)]},
			wuerfel: rand.New(rand.NewPCG(j.p.Seed, uint64(i))),
			sb:      tenant.Akteur{ID: string(id) + "/sb", Name: "Sachbearbeitung", Art: tenant.Person, Mandant: id, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}},
			leitung: tenant.Akteur{ID: string(id) + "/leitung", Name: "Leitung", Art: tenant.Person, Mandant: id, Rollen: []tenant.Rolle{tenant.Leitung}},
			kommen:  j.p.Vorgaenge * gewicht(i) / summe,

			antworten: map[datum.Datum][]uuid.UUID{}, fortsetzen: map[datum.Datum][]uuid.UUID{}, erledigen: map[datum.Datum][]uuid.UUID{},
			schliessen: map[datum.Datum][]uuid.UUID{},
		}
		s.ort = frist.Ort{Land: s.m.Land}
		rest -= s.kommen
		j.staedte, s.haus.staedte = append(j.staedte, s), append(s.haus.staedte, s)
	}
	for i := range rest { // what rounding left over
		j.staedte[i%len(j.staedte)].kommen++
	}
	for _, s := range j.staedte {
		// Just what comes: of 365 days some 250 are working days, and one in eight comes twice.
		s.kraft = float64(s.kommen) * 1.2 / 250
		if j.p.langsam {
			s.kraft /= 2
		}
	}
}

// fuerAlle works on all, as many at once as there are processors.
func fuerAlle[T any](list []T, f func(T) error) error {
	errs, frei := make([]error, len(list)), make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, x := range list {
		frei <- struct{}{}
		wg.Go(func() {
			errs[i] = f(x)
			<-frei
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// post answers for the letters: it says that they went out, and works out the periods.
func (h *haus) post() map[vorgang.AuftragArt]relay.Handler {
	system := tenant.System("post")
	handlers := relay.Termine(func() time.Time { return h.uhr })
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
		return func(v *vorgang.Vorgang) error { return v.RecordAusfertigung(system, h.uhr, id, uuid.Nil, dokument(id)) }, nil
	})
	handlers[vorgang.BescheidSenden] = mit(func(_ context.Context, v *vorgang.Vorgang, id uuid.UUID) (relay.Bericht, error) {
		s := h.j.stadt(v.Mandant())
		b, err := bescheid.ComputeBekanntgabe(h.j.rechner, bescheid.BekanntgabeParams{
			Inhalt: inhalt, Land: s.m.Land, Kanal: frist.KanalPost, Tag: datum.Von(h.uhr),
		})
		if err != nil {
			return nil, err
		}
		s.schliessen[b.Tag.AddTage(1)] = append(s.schliessen[b.Tag.AddTage(1)], v.ID())
		return func(v *vorgang.Vorgang) error { return v.RecordVersand(system, h.uhr, versand(id, b, h.uhr)) }, nil
	})
	handlers[vorgang.BekanntgabeFeststellen] = mit(func(_ context.Context, _ *vorgang.Vorgang, id uuid.UUID) (relay.Bericht, error) {
		return func(v *vorgang.Vorgang) error { return v.RecordBekanntgabe(system, h.uhr, id) }, nil
	})
	handlers[vorgang.BestandskraftFeststellen] = mit(func(_ context.Context, _ *vorgang.Vorgang, id uuid.UUID) (relay.Bericht, error) {
		return func(v *vorgang.Vorgang) error { return v.RecordBestandskraft(system, h.uhr, id) }, nil
	})
	if h.j.p.stumm != "" {
		handlers[h.j.p.stumm] = still
	}
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
