package blobtest

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// patience is how long the clock of a store may take to move on.
var patience = 3 * time.Second

// later makes every file old that the test has put; never makes none old.
func later() time.Time { return time.Now().Add(time.Hour) }
func never() time.Time { return time.Now().Add(-time.Hour) }

var unsupported = testCase{
	"no sweeper", "a store that cannot list what it holds fails with errors.ErrUnsupported and removes nothing",
	func(t testing.TB, o Options) error {
		s := o.New(t)
		ref, err := put(s, kiel, "abc")
		if err != nil {
			return err
		}
		_, err = blob.Collect(context.Background(), s, kiel, blob.CollectParams{Referenced: references(), AllowUnreferenced: true, Stand: later(), Grace: 1})
		if !errors.Is(err, errors.ErrUnsupported) {
			return fail("collect", err)
		}
		return s.Stat(context.Background(), kiel, ref)
	},
}

func references(refs ...blob.Ref) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, r := range refs {
			if !yield(r.SHA512, nil) {
				return
			}
		}
	}
}

func asSweeper(s blob.Store) (blob.Sweeper, error) {
	if sw, ok := s.(blob.Sweeper); ok {
		return sw, nil
	}
	return nil, fail("the store is no blob.Sweeper and Options.NoSweep gives no reason", nil)
}

// list reads all pages, and holds them to their order and size.
func list(sw blob.Sweeper, m tenant.ID, limit int) ([]blob.Entry, error) {
	var all []blob.Entry
	for after := ""; ; {
		page, err := sw.List(context.Background(), m, blob.ListParams{After: after, Limit: limit})
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return all, nil
		}
		if len(page) > limit {
			return nil, fail(fmt.Sprintf("a page of %d for %d", len(page), limit), nil)
		}
		for _, e := range page {
			if e.SHA512 <= after {
				return nil, fail("not in ascending order", nil)
			}
			after = e.SHA512
		}
		all = append(all, page...)
	}
}

func entry(sw blob.Sweeper, m tenant.ID, ref blob.Ref) (blob.Entry, error) {
	all, err := list(sw, m, blob.MaxPage)
	if err != nil {
		return blob.Entry{}, err
	}
	for _, e := range all {
		if e.Ref == ref {
			return e, nil
		}
	}
	return blob.Entry{}, fail("a content is not listed", nil)
}

func deleteOlder(sw blob.Sweeper, m tenant.ID, ref blob.Ref, than time.Time) (bool, error) {
	return sw.DeleteOlder(context.Background(), m, blob.DeleteOlderParams{SHA512: ref.SHA512, OlderThan: than})
}

var sweepCases = []testCase{
	{"list", "every content of the Mandant, and no other, is listed once with its size, in order and in pages", func(t testing.TB, o Options) error {
		s := o.New(t)
		sw, err := asSweeper(s)
		if err != nil {
			return err
		}
		want := map[blob.Ref]bool{}
		for i := range 23 {
			ref, err := put(s, kiel, strings.Repeat("x", i))
			if err != nil {
				return err
			}
			want[ref] = true
		}
		if _, err := put(s, luebek, "of another"); err != nil {
			return err
		}
		for _, limit := range []int{1, 5, 22, 23, 24, blob.MaxPage} {
			got, err := list(sw, kiel, limit)
			if err != nil {
				return err
			}
			refs := map[blob.Ref]bool{}
			for _, e := range got {
				refs[e.Ref] = true
				if d := time.Since(e.Stand); d < -time.Minute || d > time.Minute {
					return fail("an age that is not the one of its Put", nil)
				}
			}
			if len(got) != len(want) || !maps.Equal(refs, want) {
				return fail(fmt.Sprintf("%d contents in pages of %d, want %d", len(got), limit, len(want)), nil)
			}
		}
		if page, err := sw.List(context.Background(), "leer", blob.ListParams{}); err != nil || len(page) != 0 {
			return fail("a Mandant without files", err)
		}
		return nil
	}},
	{"list of hostile names", "what is no Mandant or no SHA-512 is ErrInvalid; a context that ended is returned as it is", func(t testing.TB, o Options) error {
		sw, err := asSweeper(o.New(t))
		if err != nil {
			return err
		}
		ctx := context.Background()
		for _, sum := range []string{"../..", "0A", strings.Repeat("0A", 64), strings.Repeat("0", 127)} {
			_, err := sw.List(ctx, kiel, blob.ListParams{After: sum})
			_, derr := sw.DeleteOlder(ctx, kiel, blob.DeleteOlderParams{SHA512: sum, OlderThan: later()})
			if !errors.Is(err, fehler.ErrInvalid) || !errors.Is(derr, fehler.ErrInvalid) {
				return fail(sum, errors.Join(err, derr))
			}
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		for _, c := range []struct {
			ctx  context.Context
			m    tenant.ID
			want error
		}{{ctx, "..", fehler.ErrInvalid}, {ctx, ".tmp", fehler.ErrInvalid}, {gone, kiel, context.Canceled}} {
			_, e1 := sw.List(c.ctx, c.m, blob.ListParams{})
			_, e2 := sw.DeleteOlder(c.ctx, c.m, blob.DeleteOlderParams{SHA512: strings.Repeat("0a", 64)})
			_, e3 := sw.CleanUp(c.ctx, c.m, blob.CleanUpParams{})
			for _, err := range []error{e1, e2, e3} {
				if !errors.Is(err, c.want) || c.want == context.Canceled && err != context.Canceled {
					return fail("mandant "+string(c.m), err)
				}
			}
		}
		return nil
	}},
	{"delete while listing", "what is there during the whole listing is listed once, whatever is put or deleted meanwhile", func(t testing.TB, o Options) error {
		s := o.New(t)
		sw, err := asSweeper(s)
		if err != nil {
			return err
		}
		stays := map[string]int{}
		var goes []blob.Ref
		for i := range 20 {
			ref, err := put(s, kiel, fmt.Sprint(i))
			if err != nil {
				return err
			}
			if i%2 == 0 {
				goes = append(goes, ref)
			} else {
				stays[ref.SHA512] = 0
			}
		}
		for after, i := "", 0; ; i++ {
			page, err := sw.List(context.Background(), kiel, blob.ListParams{After: after, Limit: 3})
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				if _, ok := stays[e.SHA512]; ok {
					stays[e.SHA512]++
				}
				after = e.SHA512
			}
			if i < len(goes) {
				if err := s.Delete(context.Background(), kiel, goes[i]); err != nil {
					return err
				}
			}
			if _, err := put(s, kiel, fmt.Sprintf("new %d", i)); err != nil {
				return err
			}
			if i > 1000 {
				return fail("the listing does not end", nil)
			}
		}
		for _, n := range stays {
			if n != 1 {
				return fail(fmt.Sprintf("listed %d times", n), nil)
			}
		}
		return nil
	}},
	{"age", "only what is older than the instant is removed, for its Mandant only; what is not there is no error", func(t testing.TB, o Options) error {
		s := o.New(t)
		sw, err := asSweeper(s)
		if err != nil {
			return err
		}
		ref, err := put(s, kiel, "abc")
		if err != nil {
			return err
		}
		if _, err := put(s, luebek, "abc"); err != nil {
			return err
		}
		e, err := entry(sw, kiel, ref)
		if err != nil {
			return err
		}
		for _, than := range []time.Time{{}, never(), e.Stand} {
			if gone, err := deleteOlder(sw, kiel, ref, than); err != nil || gone {
				return fail("a young content is removed", err)
			}
			if got, err := read(s, kiel, ref); err != nil || got != "abc" {
				return fail("a young content is gone", err)
			}
		}
		if gone, err := deleteOlder(sw, kiel, ref, later()); err != nil || !gone {
			return fail("an old content is not removed", err)
		}
		if err := s.Stat(context.Background(), kiel, ref); !errors.Is(err, fehler.ErrNotFound) {
			return fail("an old content stays", err)
		}
		if gone, err := deleteOlder(sw, kiel, ref, later()); err != nil || gone {
			return fail("what is not there", err)
		}
		if got, err := read(s, luebek, ref); err != nil || got != "abc" {
			return fail("another Mandant's", err)
		}
		return nil
	}},
	{"age begins anew", "a Put of what is there already begins its age anew", func(t testing.TB, o Options) error {
		s := o.New(t)
		sw, err := asSweeper(s)
		if err != nil {
			return err
		}
		ref, err := put(s, kiel, "abc")
		if err != nil {
			return err
		}
		first, err := entry(sw, kiel, ref)
		if err != nil {
			return err
		}
		again := first
		for end := time.Now().Add(patience); !again.Stand.After(first.Stand); time.Sleep(patience / 20) {
			if time.Now().After(end) {
				return fail("the age stays that of the first Put", nil)
			}
			if _, err := put(s, kiel, "abc"); err != nil {
				return err
			}
			if again, err = entry(sw, kiel, ref); err != nil {
				return err
			}
		}
		if gone, err := deleteOlder(sw, kiel, ref, again.Stand); err != nil || gone {
			return fail("removed as old", err)
		}
		return s.Stat(context.Background(), kiel, ref)
	}},
	{"a put wins", "a content whose Put has returned is there and can be read, whatever is removed as old at the same time", func(t testing.TB, o Options) error {
		s := o.New(t)
		sw, err := asSweeper(s)
		if err != nil {
			return err
		}
		// The content becomes old, and is put again while it is being removed.
		for round := range 4 {
			content := fmt.Sprintf("%d %s", round, strings.Repeat("x", 1000))
			ref, err := put(s, kiel, content)
			if err != nil {
				return err
			}
			e, err := entry(sw, kiel, ref)
			if err != nil {
				return err
			}
			than := e.Stand.Add(time.Nanosecond)
			for end := time.Now().Add(patience); ; time.Sleep(patience / 40) {
				probe := fmt.Sprintf("clock %d %d", round, time.Now().UnixNano())
				pref, err := put(s, kiel, probe)
				if err != nil {
					return err
				}
				pe, err := entry(sw, kiel, pref)
				if err != nil {
					return err
				}
				if !pe.Stand.Before(than) {
					break
				}
				if time.Now().After(end) {
					return fail("the clock of the store stands still", nil)
				}
			}
			var wg sync.WaitGroup
			errs := make([]error, 6)
			for i := range errs {
				wg.Go(func() {
					if i%2 != 0 { // into the middle of a removal
						time.Sleep(time.Duration(round) * 100 * time.Microsecond)
					}
					for range 5 {
						if i%2 == 0 {
							if _, errs[i] = deleteOlder(sw, kiel, ref, than); errs[i] != nil {
								return
							}
							continue
						}
						if _, errs[i] = put(s, kiel, content); errs[i] != nil {
							return
						}
						if got, err := read(s, kiel, ref); err != nil || got != content {
							errs[i] = fail("gone after its Put", err)
							return
						}
					}
				})
			}
			wg.Wait()
			if err := errors.Join(errs...); err != nil {
				return err
			}
			if got, err := read(s, kiel, ref); err != nil || got != content {
				return fail("gone in the end", err)
			}
		}
		return nil
	}},
	{"leftovers", "what crashed Puts left behind is removed when it is old, of its Mandant only; contents stay", func(t testing.TB, o Options) error {
		s := o.New(t)
		sw, err := asSweeper(s)
		if err != nil {
			return err
		}
		ctx := context.Background()
		ref, err := put(s, kiel, "abc")
		if err != nil {
			return err
		}
		want := 0
		if o.Crash != nil {
			o.Crash(t, s, kiel)
			want = 1
		}
		if page, err := list(sw, kiel, blob.MaxPage); err != nil || len(page) != 1 {
			return fail("a leftover is listed as content", err)
		}
		for _, c := range []struct {
			m    tenant.ID
			p    blob.CleanUpParams
			want int
		}{
			{kiel, blob.CleanUpParams{OlderThan: never()}, 0},
			{luebek, blob.CleanUpParams{OlderThan: later()}, 0},
			{kiel, blob.CleanUpParams{OlderThan: later(), DryRun: true}, want},
			{kiel, blob.CleanUpParams{OlderThan: later()}, want},
			{kiel, blob.CleanUpParams{OlderThan: later()}, 0},
		} {
			left, err := sw.CleanUp(ctx, c.m, c.p)
			if err != nil || (left.Files > 0) != (c.want > 0) {
				return fail(fmt.Sprintf("%d leftovers of %s, %+v", left.Files, c.m, c.p), err)
			}
		}
		return s.Stat(ctx, kiel, ref)
	}},
	{"collect", "a file that is referred to is never collected, an orphan is, and a young one stays", func(t testing.TB, o Options) error {
		s := o.New(t)
		ctx := context.Background()
		var refs []blob.Ref
		for i := range 12 {
			ref, err := put(s, kiel, fmt.Sprint("file ", i))
			if err != nil {
				return err
			}
			refs = append(refs, ref)
		}
		other, err := put(s, luebek, "file 8")
		if err != nil {
			return err
		}
		keep := references(append(slices.Clone(refs[:5]), refs[0])...)
		r, err := blob.Collect(ctx, s, kiel, blob.CollectParams{Referenced: keep})
		if err != nil || r.Young+r.Referenced != 12 || r.Removed != 0 {
			return fail(fmt.Sprintf("young files: %+v", r), err)
		}
		r, err = blob.Collect(ctx, s, kiel, blob.CollectParams{Referenced: keep, Stand: later(), DryRun: true})
		if err != nil || r.Orphans != 0 {
			return fail(fmt.Sprintf("the grace: %+v", r), err)
		}
		old := later().Add(blob.DefaultGrace)
		r, err = blob.Collect(ctx, s, kiel, blob.CollectParams{Referenced: keep, Stand: old, DryRun: true})
		if err != nil || r.Orphans != 7 || r.Removed != 0 {
			return fail(fmt.Sprintf("dry run: %+v", r), err)
		}
		for _, ref := range refs {
			if err := s.Stat(ctx, kiel, ref); err != nil {
				return fail("removed too early", err)
			}
		}
		r, err = blob.Collect(ctx, s, kiel, blob.CollectParams{Referenced: keep, Stand: old})
		if err != nil || r.Files != 12 || r.Referenced != 5 || r.Orphans != 7 || r.Removed != 7 {
			return fail(fmt.Sprintf("%+v", r), err)
		}
		for i, ref := range refs {
			err := s.Stat(ctx, kiel, ref)
			if i < 5 && err != nil || i >= 5 && !errors.Is(err, fehler.ErrNotFound) {
				return fail(fmt.Sprintf("file %d", i), err)
			}
		}
		if err := s.Stat(ctx, luebek, other); err != nil {
			return fail("another Mandant's file", err)
		}
		sum := sha512.Sum512([]byte("file 0"))
		if got, err := read(s, kiel, blob.Ref{SHA512: hex.EncodeToString(sum[:]), Groesse: 6}); err != nil || got != "file 0" {
			return fail("a kept file", err)
		}
		return nil
	}},
}
