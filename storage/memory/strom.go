package memory

import (
	"context"
	"strconv"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// stroeme are the feeds. A place is a number that counts from 1 within its
// feed; it is given once, even if all rows go. There is one writer, so places
// are filled in the order of commits.
type stroeme struct {
	rows     tree[*driver.AenderungRow] // strom, place
	versions tree[int64]                // strom, mandant, vorgang, version
	ende     tree[int64]                // strom: the last place that was given
}

func versionKey(strom tenant.ID, r *driver.AenderungRow) string {
	return key(strom, r.Mandant, r.VorgangID, r.Version)
}

// addAenderung adds a row to a feed unless it is there.
func (s *state) addAenderung(strom tenant.ID, r driver.AenderungRow) {
	if _, ok := s.strom.versions.get(versionKey(strom, &r)); ok {
		return
	}
	place := s.stromEnde(strom) + 1
	r.Cursor = strconv.FormatInt(place, 10)
	s.strom.rows.set(key(strom, place), &r)
	s.strom.versions.set(versionKey(strom, &r), place)
	s.strom.ende.set(key(strom), place)
}

func (s *state) stromEnde(strom tenant.ID) int64 {
	n, _ := s.strom.ende.get(key(strom))
	return n
}

// stromAnfang gives the place before the oldest row that is kept.
func (s *state) stromAnfang(strom tenant.ID) int64 {
	_, r, ok := s.strom.rows.first(key(strom), "")
	if !ok {
		return s.stromEnde(strom)
	}
	n, _ := parseCursor(r.Cursor)
	return n - 1
}

// pruneAenderungen removes from the beginning of the feed what is older than
// the instant. It stops at the first row that is not, so that the feed has no
// holes, and before the newest.
func (t *tx) pruneAenderungen(p driver.PruneParams) int64 {
	var n int64
	ende := t.s.stromEnde(t.mandant)
	t.s.strom.rows.ascend(t.key(), "", func(k string, r *driver.AenderungRow) bool {
		if n == int64(p.Limit) || !r.Zeit.Before(p.AenderungenBis) || k == t.key(ende) {
			return false
		}
		t.s.strom.rows.delete(k)
		t.s.strom.versions.delete(versionKey(t.mandant, r))
		n++
		return true
	})
	return n
}

func parseCursor(c string) (int64, bool) {
	n, err := strconv.ParseInt(c, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == c
}

// Aenderungen implements driver.Backend.
func (b *Backend) Aenderungen(ctx context.Context, mandant tenant.ID, p driver.AenderungenParams) ([]driver.AenderungRow, error) {
	s, err := b.read(ctx)
	if err != nil {
		return nil, err
	}
	after := ""
	if p.After != "" {
		place, ok := parseCursor(p.After)
		if !ok || place < s.stromAnfang(mandant) || place > s.stromEnde(mandant) {
			return nil, fehler.ErrNotFound
		}
		after = key(mandant, place)
	}
	var out []driver.AenderungRow
	s.strom.rows.ascend(key(mandant), after, func(_ string, r *driver.AenderungRow) bool {
		out = append(out, *r)
		return len(out) < p.Limit
	})
	return out, nil
}

// AenderungenEnde implements driver.Backend. An empty feed ends at 0, which
// stays good until its first row is removed.
func (b *Backend) AenderungenEnde(ctx context.Context, mandant tenant.ID) (string, error) {
	s, err := b.read(ctx)
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(s.stromEnde(mandant), 10), nil
}
