package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// faulty is a store in memory with a fault on request.
type faulty struct {
	*blob.Memory
	put         func(ctx context.Context, m *blob.Memory, mandant tenant.ID, r io.Reader) (blob.Ref, error)
	list        func(m *blob.Memory, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error)
	deleteOlder func(m *blob.Memory, mandant tenant.ID, p blob.DeleteOlderParams) (bool, error)
	cleanUp     func(m *blob.Memory, mandant tenant.ID, p blob.CleanUpParams) (blob.Leftovers, error)
}

func (f faulty) Put(ctx context.Context, mandant tenant.ID, r io.Reader) (blob.Ref, error) {
	if f.put != nil {
		return f.put(ctx, f.Memory, mandant, r)
	}
	return f.Memory.Put(ctx, mandant, r)
}

func (f faulty) List(ctx context.Context, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	if f.list != nil {
		return f.list(f.Memory, mandant, p)
	}
	return f.Memory.List(ctx, mandant, p)
}

func (f faulty) DeleteOlder(ctx context.Context, mandant tenant.ID, p blob.DeleteOlderParams) (bool, error) {
	if f.deleteOlder != nil {
		return f.deleteOlder(f.Memory, mandant, p)
	}
	return f.Memory.DeleteOlder(ctx, mandant, p)
}

func (f faulty) CleanUp(ctx context.Context, mandant tenant.ID, p blob.CleanUpParams) (blob.Leftovers, error) {
	if f.cleanUp != nil {
		return f.cleanUp(f.Memory, mandant, p)
	}
	return f.Memory.CleanUp(ctx, mandant, p)
}

var bg = context.Background()

// Each fault must be found by the case that holds its rule.
func TestTheSuiteFindsFaultySweepers(t *testing.T) {
	defer func(d time.Duration) { patience = d }(patience)
	patience = 100 * time.Millisecond
	// The age of the first Put lasts: the second one finds the content and leaves.
	keepsAge := func(ctx context.Context, m *blob.Memory, mandant tenant.ID, r io.Reader) (blob.Ref, error) {
		b, err := io.ReadAll(r)
		if err != nil {
			return blob.Ref{}, err
		}
		probe := blob.NewMemory(nil)
		ref, err := probe.Put(ctx, mandant, bytes.NewReader(b))
		if err != nil || m.Stat(ctx, mandant, ref) == nil {
			return ref, err
		}
		return m.Put(ctx, mandant, bytes.NewReader(b))
	}
	for name, c := range map[string]struct {
		fault faulty
		crash bool
		want  []string
	}{
		"sound":                       {faulty{}, false, nil},
		"forgets to refresh the age":  {faulty{put: keepsAge}, false, []string{"age begins anew"}},
		"takes the hour for the age":  {faulty{list: coarse}, false, []string{"list"}},
		"removes young files":         {faulty{deleteOlder: blind}, false, []string{"age"}},
		"keeps old files":             {faulty{deleteOlder: idle}, false, []string{"age", "collect"}},
		"says nothing of a removal":   {faulty{deleteOlder: silent}, false, []string{"age", "collect"}},
		"looks first, removes later":  {faulty{deleteOlder: racy}, false, []string{"a put wins"}},
		"touches other Mandanten":     {faulty{deleteOlder: everywhere}, false, []string{"age", "collect"}},
		"loses the end of each page":  {faulty{list: lossy}, false, []string{"list", "collect"}},
		"repeats the end of a page":   {faulty{list: repeating}, false, []string{"list"}},
		"lists without order":         {faulty{list: reversed}, false, []string{"list"}},
		"lists other Mandanten":       {faulty{list: foreign}, false, []string{"list"}},
		"ignores the size of pages":   {faulty{list: greedy}, false, []string{"list"}},
		"pages by number, not by key": {faulty{list: offset()}, false, []string{"delete while listing"}},
		"takes any name":              {faulty{list: credulous}, false, []string{"list of hostile names"}},
		"leaves leftovers":            {faulty{}, true, []string{"leftovers"}},
		"removes young leftovers":     {faulty{cleanUp: hasty}, false, []string{"leftovers"}},
		"cleans contents away":        {faulty{cleanUp: thorough}, false, []string{"leftovers"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{New: func(testing.TB) blob.Store {
				f := c.fault
				f.Memory = blob.NewMemory(&blob.Options{Limit: Limit})
				return f
			}}
			if c.crash {
				o.Crash = func(testing.TB, blob.Store, tenant.ID) {}
			}
			var failed []string
			for _, k := range sweepCases {
				if k.run(t, o) != nil {
					failed = append(failed, k.name)
				}
			}
			for _, w := range c.want {
				require.Contains(t, failed, w)
			}
			if c.want == nil {
				require.Empty(t, failed)
			}
		})
	}
}

// A store without the capability must say so, and one that has it must not deny it.
func TestTheSuiteHoldsToTheCapability(t *testing.T) {
	plain := Options{New: func(testing.TB) blob.Store {
		return struct{ blob.Store }{blob.NewMemory(&blob.Options{Limit: Limit})}
	}, NoSweep: "wraps without it"}
	require.Len(t, all(plain), len(cases)+1)
	require.NoError(t, unsupported.run(t, plain))
	for _, k := range sweepCases {
		require.Error(t, k.run(t, plain), k.name)
	}
	sweeping := Options{New: func(testing.TB) blob.Store { return blob.NewMemory(&blob.Options{Limit: Limit}) }}
	require.Len(t, all(sweeping), len(cases)+len(sweepCases))
	require.Error(t, unsupported.run(t, sweeping))
}

func coarse(m *blob.Memory, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	page, err := m.List(bg, mandant, p)
	for i := range page {
		page[i].Stand = page[i].Stand.Add(-time.Hour)
	}
	return page, err
}

func blind(m *blob.Memory, mandant tenant.ID, p blob.DeleteOlderParams) (bool, error) {
	p.OlderThan = later()
	return m.DeleteOlder(bg, mandant, p)
}

func idle(*blob.Memory, tenant.ID, blob.DeleteOlderParams) (bool, error) { return true, nil }

func silent(m *blob.Memory, mandant tenant.ID, p blob.DeleteOlderParams) (bool, error) {
	_, err := m.DeleteOlder(bg, mandant, p)
	return false, err
}

func racy(m *blob.Memory, mandant tenant.ID, p blob.DeleteOlderParams) (bool, error) {
	page, err := m.List(bg, mandant, blob.ListParams{})
	for _, e := range page {
		if e.SHA512 == p.SHA512 && e.Stand.Before(p.OlderThan) {
			time.Sleep(20 * time.Millisecond)
			return true, m.Delete(bg, mandant, e.Ref)
		}
	}
	return false, err
}

func everywhere(m *blob.Memory, mandant tenant.ID, p blob.DeleteOlderParams) (bool, error) {
	if _, err := m.DeleteOlder(bg, luebek, p); err != nil {
		return false, err
	}
	return m.DeleteOlder(bg, mandant, p)
}

func lossy(m *blob.Memory, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	page, err := m.List(bg, mandant, p)
	return page[:max(0, len(page)-1)], err
}

func repeating(m *blob.Memory, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	page, err := m.List(bg, mandant, p)
	if len(page) > 0 {
		page = append(page, page[len(page)-1])
	}
	return page, err
}

func reversed(m *blob.Memory, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	page, err := m.List(bg, mandant, p)
	slices.Reverse(page)
	return page, err
}

func foreign(m *blob.Memory, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	own, err := m.List(bg, mandant, p)
	if err != nil || len(own) > 0 {
		return own, err
	}
	return m.List(bg, luebek, p)
}

func greedy(m *blob.Memory, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	p.Limit = blob.MaxPage
	return m.List(bg, mandant, p)
}

// offset counts what it has listed instead of going on behind a key.
func offset() func(*blob.Memory, tenant.ID, blob.ListParams) ([]blob.Entry, error) {
	var seen atomic.Int64
	return func(m *blob.Memory, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
		all, err := m.List(bg, mandant, blob.ListParams{})
		if err != nil {
			return nil, err
		}
		if p.After == "" {
			seen.Store(0)
		}
		from := min(int(seen.Load()), len(all))
		page := all[from:min(from+p.Limit, len(all))]
		seen.Add(int64(len(page)))
		return page, nil
	}
}

func credulous(m *blob.Memory, mandant tenant.ID, p blob.ListParams) ([]blob.Entry, error) {
	if len(p.After) != 128 {
		p.After = ""
	}
	return m.List(bg, mandant, p)
}

func hasty(*blob.Memory, tenant.ID, blob.CleanUpParams) (blob.Leftovers, error) {
	return blob.Leftovers{Files: 1}, nil
}

func thorough(m *blob.Memory, mandant tenant.ID, _ blob.CleanUpParams) (blob.Leftovers, error) {
	page, err := m.List(bg, mandant, blob.ListParams{})
	for _, e := range page {
		err = errors.Join(err, m.Delete(bg, mandant, e.Ref))
	}
	return blob.Leftovers{}, err
}
