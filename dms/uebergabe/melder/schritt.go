package melder

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/feed"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// step looks once for one subscription and sends at most one page. It gives how far the
// feed was read; 0 if there is nothing to do now.
func (m *Melder) step(ctx context.Context, a Abonnement) (int, error) {
	s, version, err := m.lease(ctx, a)
	if err != nil || version == 0 {
		return 0, err
	}
	n, fail := m.push(ctx, a, &s)
	if ctx.Err() != nil {
		return 0, ctx.Err() // the lease ends by itself, and the cursor did not move
	}
	m.note(&s, fail)
	s.Bis = time.Time{}
	if err := m.p.Store.PutKonfig(ctx, a.Mandant, Art, a.Name, version, s); err != nil {
		return 0, err
	}
	return n, fail
}

// lease takes the subscription for this process; version 0 if it is not due, parked, or
// another is at work. The state is written before anything is sent, so two processes
// never send at once while their clocks agree within the lease.
func (m *Melder) lease(ctx context.Context, a Abonnement) (Stand, int64, error) {
	var s Stand
	version, err := m.p.Store.GetKonfig(ctx, a.Mandant, Art, a.Name, &s)
	if errors.Is(err, fehler.ErrNotFound) {
		if err = nil; !a.VonAnfang {
			s.Cursor, err = m.feed.Ende(ctx, a.Mandant)
		}
	}
	now := m.o.Now().UTC()
	if err != nil || s.Geparkt || now.Before(s.Naechster) || now.Before(s.Bis) {
		return s, 0, err
	}
	s.Bis = now.Add(4 * m.o.Timeout) // a handshake and a delivery, and room
	err = m.p.Store.PutKonfig(ctx, a.Mandant, Art, a.Name, version, s)
	if errors.Is(err, fehler.ErrConflict) || errors.Is(err, fehler.ErrExists) {
		return s, 0, nil // another process was faster
	}
	return s, version + 1, err
}

// push sends the next request, if there is something to send, and moves the cursor.
func (m *Melder) push(ctx context.Context, a Abonnement, s *Stand) (int, error) {
	list, cursor, err := m.feed.Seite(ctx, a.Mandant, s.Cursor, MaxStapel)
	if errors.Is(err, fehler.ErrNotFound) || errors.Is(err, fehler.ErrInvalid) {
		return 0, &absage{grund: "the cursor is older than what is kept", endgueltig: true}
	}
	if err != nil {
		return 0, err
	}
	n := len(list)
	want := func(e feed.Ereignis) bool { return len(a.Codes) == 0 || slices.Contains(a.Codes, e.Daten.Code) }
	first := slices.IndexFunc(list, want)
	if first < 0 {
		s.Cursor = cursor
		return n, nil
	}
	if s.URL != a.URL {
		if s.Rate, err = m.http.ask(ctx, a.URL, m.p.Herkunft); err != nil {
			return 0, err
		}
		s.URL = a.URL
	}
	var out []feed.Ereignis
	for _, e := range list[first:] {
		if want(e) {
			if len(out) == max(a.Stapel, 1) {
				break
			}
			out = append(out, e)
		}
		cursor = e.Cursor
	}
	if err := m.send(ctx, a, out); err != nil {
		return 0, err
	}
	s.Cursor = cursor
	if s.Rate > 0 {
		s.Naechster = m.o.Now().UTC().Add(time.Minute / time.Duration(s.Rate))
	}
	return n, nil
}

func (m *Melder) send(ctx context.Context, a Abonnement, list []feed.Ereignis) error {
	id, typ := kennung(list[0]), "application/cloudevents+json; charset=utf-8"
	body, err := json.Marshal(list[0])
	if a.Stapel > 0 {
		typ = "application/cloudevents-batch+json; charset=utf-8"
		id += "_" + kennung(list[len(list)-1])
		body, err = json.Marshal(list)
	}
	if err != nil {
		return err
	}
	return m.http.post(ctx, a, m.p.Herkunft, id, typ, body)
}

// note writes into the state what became of a try.
func (m *Melder) note(s *Stand, err error) {
	if err == nil {
		s.Seit, s.Versuche, s.Grund = time.Time{}, 0, ""
		return
	}
	now := m.o.Now().UTC()
	if s.Seit.IsZero() {
		s.Seit = now
	}
	s.Versuche++
	s.Grund = "the store"
	pause := m.o.Laengste
	if n := s.Versuche - 1; n < 30 && m.o.Erste<<n > 0 {
		pause = min(pause, m.o.Erste<<n)
	}
	var x *absage
	if errors.As(err, &x) {
		s.Grund = x.grund
		pause = max(pause, x.pause)
		s.Geparkt = x.endgueltig || now.Sub(s.Seit) >= m.o.Geduld
	}
	s.Naechster = now.Add(pause)
}
