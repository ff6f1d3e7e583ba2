package vis

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// beleg is what is remembered of a Send. It is written before the first byte leaves; Fertig is added
// when the DMS has answered. One without is in doubt.
type beleg struct {
	Inhalt string          `json:"inhalt"` // fingerprint of the Paket
	Fertig bool            `json:"fertig"`
	Schein dms.Sendeschein `json:"schein"`
}

// belege are files in a directory, one per ProzessID.
type belege struct{ root *os.Root }

func openBelege(dir string) (belege, error) {
	r, err := os.OpenRoot(dir)
	return belege{r}, err
}

// get gives nil if there is none. A damaged one is fehler.ErrConflict: a person must look.
func (b belege) get(key string) (*beleg, error) {
	f, err := b.root.Open(key + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	var x beleg
	if json.Unmarshal(data, &x) != nil || x.Inhalt == "" {
		return nil, fmt.Errorf("%w: the receipt of this ProzessID is damaged", fehler.ErrConflict)
	}
	return &x, nil
}

// put replaces the receipt in one step, flushed.
func (b belege) put(key string, x *beleg) error {
	data, err := json.Marshal(x)
	if err != nil {
		return err
	}
	tmp := "." + key + ".tmp"
	_ = b.root.Remove(tmp)
	f, err := b.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		if _, err = f.Write(data); err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
	}
	if err == nil {
		err = b.root.Rename(tmp, key+".json")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	return nil
}

func (b belege) remove(key string) error {
	if err := b.root.Remove(key + ".json"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	return nil
}
