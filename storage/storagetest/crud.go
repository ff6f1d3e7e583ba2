package storagetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func crudCases() []testCase {
	return []testCase{
		{group: "crud", name: "round trip", rule: "what was saved comes back equal, with version 1", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			got, err := s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			a, _ := json.Marshal(v.Stand())
			b, _ := json.Marshal(got.Stand())
			if !bytes.Equal(a, b) {
				e.Fatalf("stand differs:\n%s\n%s", a, b)
			}
			e.equal(got.Version(), int64(1))
			e.equal(v.Version(), int64(1))
		}},
		{group: "crud", name: "edit", rule: "Edit returns what it saved; the version goes up by one; pending is empty", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			got, err := s.Edit(e.ctx, kiel, v.ID(), e.note(kiel, "eins"))
			e.ok(err)
			e.equal(got.Version(), int64(2))
			e.equal(len(got.Neu()), 0)
			again, err := s.Get(e.ctx, kiel, v.ID())
			e.ok(err)
			e.equal(again.Stand().Notizen[0].Text, "eins")
		}},
		{group: "crud", name: "edit without change", rule: "an Edit that changes nothing saves nothing", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			_, err := s.Edit(e.ctx, kiel, v.ID(), func(*vorgang.Vorgang) error { return nil })
			e.ok(err)
			e.equal(e.version(s, kiel, v.ID()), int64(1))
		}},
		{group: "crud", name: "absent", rule: "what is not there is ErrNotFound", run: func(e *env) {
			s := e.store()
			_, err := s.Get(e.ctx, kiel, uuid.New())
			e.is(err, storage.ErrNotFound)
			_, err = s.Edit(e.ctx, kiel, uuid.New(), e.note(kiel, "x"))
			e.is(err, storage.ErrNotFound)
			_, err = s.GetKonfig(e.ctx, kiel, "art", "x", new(any))
			e.is(err, storage.ErrNotFound)
		}},
		{group: "crud", name: "exists", rule: "a taken id or Nummer is ErrExists, and the transaction goes on", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			same := e.neu(kiel, func(p *vorgang.Params) { p.ID = v.ID() })
			number := e.neu(kiel, func(p *vorgang.Params) { p.Nummer = v.Nummer() })
			other := e.neu(kiel)
			e.ok(s.Update(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				e.is(tx.Save(ctx, same), storage.ErrExists)
				e.is(tx.Save(ctx, number), storage.ErrExists)
				return tx.Save(ctx, other)
			}))
			n, err := s.Count(e.ctx, kiel, storage.Filter{})
			e.ok(err)
			e.equal(n, int64(2))
		}},
		{group: "crud", name: "konfig", rule: "configuration is versioned: ErrExists, ErrConflict, ErrNotFound", run: func(e *env) {
			s := e.store()
			e.ok(s.PutKonfig(e.ctx, kiel, "mandant", "b", 0, map[string]int{"n": 1}))
			e.ok(s.PutKonfig(e.ctx, kiel, "mandant", "a", 0, 1))
			e.ok(s.PutKonfig(e.ctx, kiel, "anders", "c", 0, 1))
			e.is(s.PutKonfig(e.ctx, kiel, "mandant", "b", 0, 2), storage.ErrExists)
			e.ok(s.PutKonfig(e.ctx, kiel, "mandant", "b", 1, map[string]int{"n": 2}))
			e.is(s.PutKonfig(e.ctx, kiel, "mandant", "b", 1, 3), storage.ErrConflict)
			e.is(s.PutKonfig(e.ctx, kiel, "mandant", "fehlt", 1, 3), storage.ErrNotFound)
			var m map[string]int
			version, err := s.GetKonfig(e.ctx, kiel, "mandant", "b", &m)
			e.ok(err)
			e.equal(version, int64(2))
			e.equal(m["n"], 2)
			e.ok(s.View(e.ctx, kiel, func(ctx context.Context, tx *storage.Tx) error {
				list, err := tx.ListKonfig(ctx, "mandant")
				e.ok(err)
				e.equal(len(list), 2)
				e.equal(list[0].Schluessel+list[1].Schluessel, "ab")
				return nil
			}))
		}},
		{group: "crud", name: "no personal data in errors", rule: "errors hold ids and names of operations, never contents", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			dup := e.neu(kiel, func(p *vorgang.Params) { p.Nummer = v.Nummer(); p.Aktenzeichen = []string{geheim} })
			for _, err := range []error{
				s.Insert(e.ctx, kiel, dup),
				s.PutKonfig(e.ctx, kiel, "a", geheim+"\x00", 0, geheim),
				s.Insert(e.ctx, kiel, e.neu(kiel, func(p *vorgang.Params) { p.Aktenzeichen = []string{geheim + "\x00"} })),
			} {
				if err == nil || strings.Contains(err.Error(), geheim) {
					e.Fatalf("error is %v", err)
				}
			}
		}},
		{group: "crud", name: "context errors", rule: "context errors pass unwrapped", run: func(e *env) {
			s := e.store()
			v := e.stored(s, kiel)
			ctx, cancel := context.WithCancel(e.ctx)
			cancel()
			_, err := s.Get(ctx, kiel, v.ID())
			if err != context.Canceled {
				e.Fatalf("Get gave %v", err)
			}
			if _, err := s.Edit(ctx, kiel, v.ID(), e.note(kiel, "x")); err != context.Canceled {
				e.Fatalf("Edit gave %v", err)
			}
			ctx, cancel = context.WithTimeout(e.ctx, 0)
			defer cancel()
			if err := s.View(ctx, kiel, func(context.Context, *storage.Tx) error { return nil }); err != context.DeadlineExceeded {
				e.Fatalf("View gave %v", err)
			}
		}},
		{group: "crud", name: "errors are wrapped once", rule: "an error names the operation once and matches one kind", run: func(e *env) {
			s := e.store()
			_, err := s.Get(e.ctx, kiel, uuid.New())
			if strings.Count(err.Error(), "storage.") != 1 || strings.Count(err.Error(), "not found") != 1 {
				e.Fatalf("error is %q", err)
			}
			f, ok := errors.AsType[*fehler.Fehler](err)
			if !ok || f.Op != "storage.Get" {
				e.Fatalf("error is %#v", err)
			}
			own := errors.New("own")
			if err := s.Update(e.ctx, kiel, func(context.Context, *storage.Tx) error { return own }); err != own {
				e.Fatalf("an error of the closure came back as %v", err)
			}
		}},
		{group: "crud", name: "bad mandant", rule: "what is no slug is no Mandant", run: func(e *env) {
			s := e.store()
			for _, m := range []string{"", "K", "kiel'", "kiel\x00", "../kiel"} {
				if err := s.View(e.ctx, tenant.ID(m), nil); err == nil {
					e.Fatalf("%q was accepted", m)
				}
			}
		}},
		{group: "crud", name: "closed", rule: "calls after Close are ErrUnavailable; a second Close does nothing", run: func(e *env) {
			b := e.backend()
			e.ok(b.Close())
			e.ok(b.Close())
			f := func(context.Context, driver.Tx) error { return nil }
			e.is(b.Update(e.ctx, kiel, f), storage.ErrUnavailable)
			e.is(b.View(e.ctx, kiel, f), storage.ErrUnavailable)
		}},
	}
}
