package dms

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Beleg is what an adapter remembers of a Send, for receivers that cannot be asked. It is written
// before anything leaves the house; Fertig is set when the receiver has it. One without is
// open: the process ended, or an answer was lost, on the way.
type Beleg struct {
	// Inhalt is the Fingerprint of the Paket.
	Inhalt string      `json:"inhalt"`
	Fertig bool        `json:"fertig"`
	Schein Sendeschein `json:"schein"`
}

// Belege are the receipts of an adapter: a directory with a file per ProzessID, on a local disk
// and to be backed up, since without it a repeated Send delivers again. Safe for concurrent use
// within one process; two processes must not send the same ProzessID at the same time, which the
// lease of an outbox sees to.
type Belege struct {
	root *os.Root
	mu   sync.Mutex
	busy map[string]chan struct{} // GUARDED_BY(mu)
}

// OpenBelege opens the directory, which must exist. Close it after use.
func OpenBelege(dir string) (*Belege, error) {
	r, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fehler.New("dms.OpenBelege", "", fehler.ErrUnavailable, err)
	}
	return &Belege{root: r, busy: map[string]chan struct{}{}}, nil
}

// Close closes the directory.
func (b *Belege) Close() error { return b.root.Close() }

// maxBeleg bounds one file.
const maxBeleg = 1 << 20

func belegname(prozessID string) string { return strings.ToLower(prozessID) + ".json" }

// Get gives nil if there is none. A damaged one is fehler.ErrConflict: sending again could deliver
// twice, so a person must look.
func (b *Belege) Get(prozessID string) (*Beleg, error) {
	const op = "dms.Belege.Get"
	if !IsUUID(prozessID) {
		return nil, fehler.New(op, prozessID, fehler.ErrInvalid, errors.New("the ProzessID is no UUID"))
	}
	f, err := b.root.Open(belegname(prozessID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fehler.New(op, prozessID, fehler.ErrUnavailable, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBeleg))
	if err != nil {
		return nil, fehler.New(op, prozessID, fehler.ErrUnavailable, err)
	}
	var x Beleg
	if json.Unmarshal(data, &x) != nil || x.Inhalt == "" {
		return nil, fehler.New(op, prozessID, fehler.ErrConflict, errors.New("the receipt is damaged"))
	}
	return &x, nil
}

// Put keeps the Beleg in place of the one before, flushed to disk, in one step.
func (b *Belege) Put(prozessID string, x Beleg) error {
	const op = "dms.Belege.Put"
	if !IsUUID(prozessID) || x.Inhalt == "" {
		return fehler.New(op, prozessID, fehler.ErrInvalid, errors.New("no ProzessID, or a Beleg without Inhalt"))
	}
	data, err := json.Marshal(x)
	if err != nil {
		return fehler.New(op, prozessID, fehler.ErrInvalid, err)
	}
	tmp := "." + belegname(prozessID) + ".tmp"
	_ = b.root.Remove(tmp)
	f, err := b.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		if _, err = f.Write(data); err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = b.root.Rename(tmp, belegname(prozessID))
	}
	if err != nil {
		return fehler.New(op, prozessID, fehler.ErrUnavailable, err)
	}
	return nil
}

// Remove takes it away: the receiver does not have it. None is no error.
func (b *Belege) Remove(prozessID string) error {
	if err := b.root.Remove(belegname(prozessID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fehler.New("dms.Belege.Remove", prozessID, fehler.ErrUnavailable, err)
	}
	return nil
}

// Lock waits until nobody else in this process is sending the ProzessID.
func (b *Belege) Lock(ctx context.Context, prozessID string) (unlock func(), err error) {
	key := strings.ToLower(prozessID)
	for {
		b.mu.Lock()
		ch, taken := b.busy[key]
		if !taken {
			ch = make(chan struct{})
			b.busy[key] = ch
			b.mu.Unlock()
			return func() {
				b.mu.Lock()
				delete(b.busy, key)
				b.mu.Unlock()
				close(ch)
			}, nil
		}
		b.mu.Unlock()
		select {
		case <-ch:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
