package storage

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Aenderung is one committed save of a Vorgang. It holds no contents: who may
// see them reads the Vorgang.
type Aenderung struct {
	// Mandant owns the Vorgang; in the feed of a guest it is another one.
	Mandant tenant.ID
	Vorgang uuid.UUID
	// Version that was saved, with the journal entries JournalVon to JournalBis.
	Version                int64
	JournalVon, JournalBis int64
	// Zeit of the save by the clock of the process that saved.
	Zeit time.Time
	// Cursor continues behind this change.
	Cursor string
}

// Watch gives the committed changes of the Mandant behind a cursor, and then
// each further one as it is committed, until ctx ends: its error is the last
// pair. An empty cursor begins with the oldest change that is kept;
// [Store.WatchEnde] gives the one to begin with now. To show a list and keep it
// true: take the end, read the list, watch from the end.
//
// The feed holds the Mandant's own Vorgaenge and those shared with it while they
// are shared. Changes of one Vorgang come in the order of their versions, and
// what was committed before another save began comes before it. Nothing is lost
// when a transaction commits late. A feed that moved to another store may repeat
// changes; (Mandant, Vorgang, Version) names one. A cursor older than what is
// kept ([Store.Prune]) is ErrNotFound: read the list anew.
//
// Backends that can wake do; otherwise Watch looks every [Options.Poll], with
// jitter.
func (s *Store) Watch(ctx context.Context, mandant tenant.ID, cursor string) iter.Seq2[Aenderung, error] {
	return func(yield func(Aenderung, error) bool) {
		wake := make(chan struct{}, 1)
		if w, ok := s.b.(driver.Wecker); ok {
			stop := w.Wecken(mandant, func() {
				select {
				case wake <- struct{}{}:
				default:
				}
			})
			defer stop()
		}
		for {
			page, err := s.Aenderungen(ctx, mandant, cursor, pageRows)
			if err != nil {
				yield(Aenderung{}, err)
				return
			}
			for _, a := range page {
				if !yield(a, nil) {
					return
				}
				cursor = a.Cursor
			}
			if len(page) == pageRows {
				continue
			}
			timer := time.NewTimer(s.o.Poll/2 + rand.N(s.o.Poll/2+1))
			select {
			case <-ctx.Done():
				timer.Stop()
				yield(Aenderung{}, ctx.Err())
				return
			case <-wake:
			case <-timer.C:
			}
			timer.Stop()
		}
	}
}

// Aenderungen reads a page of at most limit changes behind the cursor and does
// not wait; see [Store.Watch]. A limit of zero means [DefaultLimit].
func (s *Store) Aenderungen(ctx context.Context, mandant tenant.ID, cursor string, limit int) ([]Aenderung, error) {
	if limit == 0 {
		limit = DefaultLimit
	}
	if limit < 1 || limit > MaxLimit {
		return nil, fehler.New("storage.Aenderungen", string(mandant), ErrInvalid, errors.New("limit must be 1 to 1000"))
	}
	in, err := s.enter(ctx, "Aenderungen", mandant)
	if err != nil {
		return nil, err
	}
	after, err := decodeFeedCursor(mandant, cursor)
	if err != nil {
		return nil, fehler.New("storage.Aenderungen", string(mandant), ErrInvalid, err)
	}
	rows, err := s.b.Aenderungen(in, mandant, driver.AenderungenParams{After: after, Limit: limit})
	if err != nil {
		return nil, wrap("Aenderungen", string(mandant), err)
	}
	out := make([]Aenderung, len(rows))
	for i, r := range rows {
		out[i] = Aenderung{
			Mandant: r.Mandant, Vorgang: r.VorgangID, Version: r.Version, JournalVon: r.JournalVon, JournalBis: r.JournalBis,
			Zeit: r.Zeit, Cursor: encodeFeedCursor(mandant, r.Cursor),
		}
	}
	return out, nil
}

// WatchEnde gives the cursor behind the last change committed so far.
func (s *Store) WatchEnde(ctx context.Context, mandant tenant.ID) (string, error) {
	in, err := s.enter(ctx, "WatchEnde", mandant)
	if err != nil {
		return "", err
	}
	c, err := s.b.AenderungenEnde(in, mandant)
	if err != nil {
		return "", wrap("WatchEnde", string(mandant), err)
	}
	return encodeFeedCursor(mandant, c), nil
}

// feedCursorForm is the first byte: version 3 of a cursor is a place in a feed.
const feedCursorForm = 3

// maxFeedCursor bounds the backend's part.
const maxFeedCursor = 2000

func encodeFeedCursor(mandant tenant.ID, c string) string {
	sum := listSum(mandant, "feed")
	return encodeText(append(append([]byte{feedCursorForm}, sum[:]...), c...))
}

func decodeFeedCursor(mandant tenant.ID, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	b, err := decodeText(text)
	if err != nil || len(b) < 9 || len(b) > 9+maxFeedCursor || b[0] != feedCursorForm || [8]byte(b[1:9]) != listSum(mandant, "feed") {
		return "", errors.New("the cursor does not belong to this feed")
	}
	for _, c := range b[9:] {
		if c < 0x20 || c > 0x7e {
			return "", errors.New("the cursor does not belong to this feed")
		}
	}
	return string(b[9:]), nil
}
