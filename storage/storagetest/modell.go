package storagetest

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// RunModel gives random commands to a store and to a simple model in memory, and
// compares what can be observed after each. Every backend gets the same commands
// for the same seed, so backends that pass agree with each other. The seed is
// fixed unless the flag -rapid.seed is given; -rapid.checks says how many
// sequences are tried. A failure is shrunk to few commands.
func RunModel(t *testing.T, o Options) {
	preset := func(name, value string) {
		if f := flag.Lookup(name); f != nil && f.Value.String() == f.DefValue {
			_ = f.Value.Set(value)
			t.Cleanup(func() { _ = f.Value.Set(f.DefValue) })
		}
	}
	preset("rapid.seed", "20260301")
	if o.Modellfolgen > 0 {
		preset("rapid.checks", fmt.Sprint(o.Modellfolgen))
	}
	rapid.Check(t, func(rt *rapid.T) {
		e := newEnv(rt, o.New(t))
		defer e.close()
		m := &modell{env: e, s: e.store(), vorgaenge: map[tenant.ID]map[uuid.UUID]*fall{kiel: {}, luebek: {}},
			nummern: map[string]int64{}, einmal: map[string]int{}, feeds: map[tenant.ID][]string{}}
		_, m.relay = o.Unsupported[Relay]
		m.relay = !m.relay
		rt.Repeat(map[string]func(*rapid.T){
			"insert":  m.insert,
			"note":    m.note,
			"write":   m.write,
			"assign":  m.assign,
			"share":   m.share,
			"unshare": m.unshare,
			"claim":   m.claim,
			"finish":  m.finish,
			"relay":   m.work,
			"once":    m.once,
			"number":  m.number,
			"advance": func(t *rapid.T) { e.advance(time.Duration(rapid.IntRange(1, 20).Draw(t, "minutes")) * time.Minute) },
			"fail":    m.fail,
			"list":    m.list,
			"search":  m.search,
			"guest":   m.guest,
			"":        m.check,
		})
	})
}

// modell is what a store should hold.
type modell struct {
	*env
	s         *storage.Store
	relay     bool
	vorgaenge map[tenant.ID]map[uuid.UUID]*fall
	leases    []storage.Lease // of Kiel's clerks, also lost ones
	nummern   map[string]int64
	einmal    map[string]int
	feeds     map[tenant.ID][]string
	serial    int
}

type fall struct {
	stand    vorgang.Stand
	lease    storage.Lease
	auftrage []modellAuftrag
}

type modellAuftrag struct {
	storage.Auftrag
	mandant tenant.ID
}

var namen = []string{"Müller", "Mueller", "Weiß", "Meier", "Łukasz", "Meierhofer"}

func (m *modell) mandant(t *rapid.T) tenant.ID {
	return rapid.SampledFrom([]tenant.ID{kiel, kiel, luebek}).Draw(t, "mandant")
}

// pick gives a Vorgang of the Mandant, or nil.
func (m *modell) pick(t *rapid.T, who tenant.ID) *fall {
	ids := m.sorted(who, func(*fall) bool { return true })
	if len(ids) == 0 {
		return nil
	}
	return m.vorgaenge[who][rapid.SampledFrom(ids).Draw(t, "vorgang")]
}

// sorted gives the ids that fit, by Eingang, then ID.
func (m *modell) sorted(who tenant.ID, fits func(*fall) bool) []uuid.UUID {
	var out []*fall
	for _, f := range m.vorgaenge[who] {
		if fits(f) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *fall) int {
		if c := a.stand.Eingang.Compare(b.stand.Eingang); c != 0 {
			return c
		}
		return slices.Compare(a.stand.ID[:], b.stand.ID[:])
	})
	ids := make([]uuid.UUID, len(out))
	for i, f := range out {
		ids[i] = f.stand.ID
	}
	return ids
}

// saved takes over what a save acknowledged.
func (m *modell) saved(f *fall, v *vorgang.Vorgang, ended ...tenant.ID) {
	before := f.stand.Journal.Seq
	f.stand = v.Stand()
	entry := fmt.Sprint(f.stand.Mandant, f.stand.ID, f.stand.Version, before+1, f.stand.Journal.Seq)
	who := append([]tenant.ID{f.stand.Mandant}, ended...)
	for _, b := range f.stand.Beteiligungen {
		if b.Aktiv(m.clock()) && !slices.Contains(who, b.Mandant) {
			who = append(who, b.Mandant)
		}
	}
	for _, w := range who {
		m.feeds[w] = append(m.feeds[w], entry)
	}
}

func (m *modell) insert(t *rapid.T) {
	who := m.mandant(t)
	m.serial++
	v := m.vorgang(who, fmt.Sprintf("M-%04d", m.serial), func(p *vorgang.Params) {
		p.Einheit = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "einheit")
		p.Leistung = rapid.SampledFrom([]tenant.Leistungsschluessel{"99000000000001", "99000000000002"}).Draw(t, "leistung")
		p.Eingang = m.clock().Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "eingang")) * time.Minute)
		p.Antrag.Antragsteller.Name = rapid.SampledFrom(namen).Draw(t, "vorname") + " " + rapid.SampledFrom(namen).Draw(t, "name")
	})
	f := &fall{}
	f.add(v.NeueAuftraege(), who)
	m.ok(m.s.Insert(m.ctx, who, v))
	m.saved(f, v)
	m.vorgaenge[who][v.ID()] = f
}

func (f *fall) add(list []vorgang.Auftrag, who tenant.ID) {
	for _, a := range list {
		f.auftrage = append(f.auftrage, modellAuftrag{storage.Auftrag{Auftrag: a, Zustand: storage.AuftragOffen}, who})
	}
}

func (m *modell) edit(f *fall, change func(v *vorgang.Vorgang) error, ended ...tenant.ID) error {
	who := f.stand.Mandant
	var auftraege []vorgang.Auftrag
	v, err := m.s.Edit(m.ctx, who, f.stand.ID, func(v *vorgang.Vorgang) error {
		err := change(v)
		auftraege = v.NeueAuftraege()
		return err
	})
	if err != nil {
		return err
	}
	m.equal(v.Version(), f.stand.Version+1)
	f.add(auftraege, who)
	m.saved(f, v, ended...)
	return nil
}

func (m *modell) note(t *rapid.T) {
	who := m.mandant(t)
	if f := m.pick(t, who); f != nil {
		m.ok(m.edit(f, m.env.note(who, "x")))
	}
}

func (m *modell) write(t *rapid.T) {
	who := m.mandant(t)
	if f := m.pick(t, who); f != nil {
		m.ok(m.edit(f, m.env.write(who)))
	}
}

func (m *modell) assign(t *rapid.T) {
	if f := m.pick(t, kiel); f != nil {
		m.ok(m.edit(f, func(v *vorgang.Vorgang) error { return v.Assign(clerk(kiel), m.clock(), "sb-2", "") }))
	}
}

func (m *modell) share(t *rapid.T) {
	f := m.pick(t, kiel)
	if f == nil {
		return
	}
	if _, ok := f.stand.Beteiligung(luebek, m.clock()); ok {
		return
	}
	err := m.edit(f, func(v *vorgang.Vorgang) error {
		_, err := v.Invite(clerk(kiel), m.clock(), vorgang.Einladung{
			Mandant: luebek, Recht: rapid.SampledFrom([]vorgang.Recht{vorgang.RechtLesen, vorgang.RechtKommentieren}).Draw(t, "recht"),
			Grund: "g", Bis: m.clock().Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "bis")) * time.Minute),
		})
		return err
	})
	m.ok(err)
}

func (m *modell) unshare(t *rapid.T) {
	f := m.pick(t, kiel)
	if f == nil {
		return
	}
	if b, ok := f.stand.Beteiligung(luebek, m.clock()); ok {
		m.ok(m.edit(f, func(v *vorgang.Vorgang) error { return v.EndBeteiligung(clerk(kiel), m.clock(), b.ID, "g") }, luebek))
	}
}

// guest reads and writes through Lübeck's door.
func (m *modell) guest(t *rapid.T) {
	f := m.pick(t, kiel)
	if f == nil {
		return
	}
	b, ok := f.stand.Beteiligung(luebek, m.clock())
	_, err := m.s.Get(m.ctx, luebek, f.stand.ID)
	v, editErr := m.s.Edit(m.ctx, luebek, f.stand.ID, func(v *vorgang.Vorgang) error {
		_, err := v.Note(guest(), m.clock(), "g")
		return err
	})
	switch {
	case !ok:
		m.is(err, storage.ErrNotFound)
		m.is(editErr, storage.ErrNotFound)
	case b.Recht == vorgang.RechtLesen:
		m.ok(err)
		m.is(editErr, storage.ErrForbidden)
	default:
		m.ok(err)
		m.ok(editErr)
		m.saved(f, v)
	}
}

func (m *modell) claim(t *rapid.T) {
	einheiten := rapid.SampledFrom([][]string{nil, {"a"}, {"a", "b"}}).Draw(t, "einheiten")
	leistungen := rapid.SampledFrom([][]tenant.Leistungsschluessel{nil, {"99000000000002"}}).Draw(t, "leistungen")
	want := m.sorted(kiel, func(f *fall) bool {
		return f.stand.Wartend() && !f.lease.Bis.After(m.clock()) &&
			(len(einheiten) == 0 || slices.Contains(einheiten, f.stand.Einheit)) &&
			(len(leistungen) == 0 || slices.Contains(leistungen, f.stand.Leistung))
	})
	v, l, err := m.s.Claim(m.ctx, kiel, storage.ClaimParams{Akteur: clerk(kiel), Einheiten: einheiten, Leistungen: leistungen})
	if len(want) == 0 {
		m.is(err, storage.ErrNotFound)
		return
	}
	m.ok(err)
	m.equal(v.ID(), want[0])
	f := m.vorgaenge[kiel][v.ID()]
	f.lease = l
	m.leases = append(m.leases, l)
	m.saved(f, v)
}

// finish ends one of the leases that were ever given.
func (m *modell) finish(t *rapid.T) {
	if len(m.leases) == 0 {
		return
	}
	l := rapid.SampledFrom(m.leases).Draw(t, "lease")
	f := m.vorgaenge[kiel][l.Vorgang]
	holds := f.lease.Token == l.Token
	var v *vorgang.Vorgang
	var err error
	switch rapid.IntRange(0, 2).Draw(t, "how") {
	case 0:
		v, err = m.s.Complete(m.ctx, kiel, l, m.env.note(kiel, "fertig"))
	case 1:
		if err = m.s.Release(m.ctx, kiel, l, clerk(kiel)); err == nil {
			v, err = m.s.Get(m.ctx, kiel, l.Vorgang)
		}
	default:
		l, err = m.s.Renew(m.ctx, kiel, l, time.Hour)
		if err == nil && holds {
			f.lease.Bis = l.Bis
		}
	}
	if !holds {
		m.is(err, storage.ErrConflict)
		return
	}
	m.ok(err)
	if v == nil {
		return
	}
	f.lease = storage.Lease{}
	if v.Version() != f.stand.Version {
		m.saved(f, v)
	}
}

// report ends the work on a leased Auftrag in one of three ways.
func (m *modell) report(t *rapid.T, a storage.Auftrag, f *fall, i int) {
	e := storage.Ergebnis{Zustand: rapid.SampledFrom([]storage.AuftragZustand{storage.AuftragErledigt, storage.AuftragErledigt, storage.AuftragOffen, storage.AuftragGeparkt}).Draw(t, "ergebnis")}
	if e.Zustand == storage.AuftragOffen {
		e.Faellig = m.clock().Add(10 * time.Minute)
		f.auftrage[i].Faellig = e.Faellig
	}
	m.ok(m.s.FinishAuftrag(m.ctx, a, e))
	f.auftrage[i].Zustand = e.Zustand
}

func (m *modell) number(t *rapid.T) {
	who := m.mandant(t)
	key := fmt.Sprint(who, rapid.SampledFrom([]string{"v", "w"}).Draw(t, "name"))
	name := key[len(key)-1:]
	fail := rapid.Bool().Draw(t, "fail")
	var n int64
	err := m.s.Update(m.ctx, who, func(ctx context.Context, tx *storage.Tx) (err error) {
		if n, err = tx.NextNummer(ctx, name, 2026); err == nil && fail {
			err = errStop
		}
		return err
	})
	if fail {
		m.is(err, errStop)
		return
	}
	m.ok(err)
	m.nummern[key]++
	m.equal(n, m.nummern[key])
}

func (m *modell) once(t *rapid.T) {
	key := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "key")
	m.serial++
	n := m.serial
	var got int
	schon, err := m.s.Once(m.ctx, kiel, key, time.Hour, &got, func(context.Context, *storage.Tx) (any, error) { return n, nil })
	m.ok(err)
	first, known := m.einmal[key]
	m.equal(schon, known)
	if !known {
		m.einmal[key], first = n, n
	}
	m.equal(got, first)
}

// fail changes several things and rolls back.
func (m *modell) fail(t *rapid.T) {
	f := m.pick(t, kiel)
	err := m.s.Update(m.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
		if f != nil {
			v, err := tx.Lock(ctx, f.stand.ID)
			if err != nil {
				return err
			}
			if err := m.env.write(kiel)(v); err != nil {
				return err
			}
			if err := tx.Save(ctx, v); err != nil {
				return err
			}
		}
		if err := tx.Save(ctx, m.vorgang(kiel, "wird-nichts")); err != nil {
			return err
		}
		return errStop
	})
	m.is(err, errStop)
}
