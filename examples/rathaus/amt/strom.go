package amt

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// stroeme tells browsers what changed. One reader of the feed per Mandant serves all its
// browsers, and rests while there are none.
type stroeme struct {
	store *storage.Store
	mu    sync.Mutex
	m     map[tenant.ID]*strom
}

type strom struct {
	hoerer map[chan uuid.UUID]bool
	ende   context.CancelFunc
}

// listen gives the ids of Vorgaenge as they change, until cancel. A browser too slow to
// hear of each misses some: it reads the whole page anyway.
func (s *stroeme) listen(m tenant.ID) (c chan uuid.UUID, cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = map[tenant.ID]*strom{}
	}
	x := s.m[m]
	if x == nil {
		ctx, ende := context.WithCancel(context.Background())
		x = &strom{hoerer: map[chan uuid.UUID]bool{}, ende: ende}
		s.m[m] = x
		cursor, err := s.store.WatchEnde(ctx, m) // before the browser hears that the stream is open
		go s.read(ctx, m, x, cursor, err)
	}
	c = make(chan uuid.UUID, 64)
	x.hoerer[c] = true
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if delete(x.hoerer, c); len(x.hoerer) == 0 && s.m[m] == x {
			x.ende()
			delete(s.m, m)
		}
	}
}

func (s *stroeme) read(ctx context.Context, m tenant.ID, x *strom, cursor string, err error) {
	for ctx.Err() == nil {
		if err == nil {
			for e, err := range s.store.Watch(ctx, m, cursor) {
				if err != nil {
					break
				}
				s.mu.Lock()
				for c := range x.hoerer {
					select {
					case c <- e.Vorgang:
					default:
					}
				}
				s.mu.Unlock()
			}
		}
		select { // the database is away: the page still works, it only does not move
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
		cursor, err = s.store.WatchEnde(ctx, m)
	}
}

// Close ends what still reads.
func (a *Amt) Close() {
	a.stroeme.mu.Lock()
	defer a.stroeme.mu.Unlock()
	for m, x := range a.stroeme.m {
		x.ende()
		delete(a.stroeme.m, m)
	}
}

// strom is a stream of server-sent events: {"vorgang": id} for each change of the
// person's Mandant. It says which Vorgang and no more; the browser then asks for the page,
// which knows who may see what.
func (x *anfrage) strom() error {
	c, cancel := x.a.stroeme.listen(x.m.ID)
	defer cancel()
	x.w.Header().Set("Content-Type", "text/event-stream")
	steuer := http.NewResponseController(x.w)
	fmt.Fprint(x.w, "retry: 3000\n\n")
	ruf := time.NewTicker(20 * time.Second) // keeps proxies from closing, and sees that the session ended
	defer ruf.Stop()
	for {
		if err := steuer.Flush(); err != nil {
			return nil
		}
		select {
		case <-x.Context().Done():
			return nil
		case id := <-c:
			b, _ := json.Marshal(map[string]uuid.UUID{"vorgang": id})
			fmt.Fprintf(x.w, "data: %s\n\n", b)
		case <-ruf.C:
			if x.a.o.Sitzungen.Peek(x.Request) == nil {
				fmt.Fprint(x.w, "event: ende\ndata: {}\n\n")
				_ = steuer.Flush()
				return nil
			}
			fmt.Fprint(x.w, ": \n\n")
		}
	}
}
