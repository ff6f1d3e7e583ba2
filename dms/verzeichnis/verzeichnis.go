// Package verzeichnis hands over through directories: a container is put into
// the transfer directory the receiver watches, and its answers are picked up
// from another one. It implements dms.Ziel and dms.Rueckmelder for any
// dms.Kodierer.
//
// A container appears under its final name only when it is complete: it is
// written under a hidden name, flushed to disk, renamed, and the directory is
// flushed. A receipt per ProzessID in a directory of our own makes sending
// idempotent across restarts, and even after the receiver took the container
// away.
//
// Entries that are no plain files (links, folders, devices) are never opened.
// Answers are bounded in size and number. The directories may lie on a network
// share; transfer directory and hidden file are in the same one, so the rename
// stays within a file system.
//
// Several processes may use the same directories if no two of them send the
// same ProzessID at the same time; the lease of an outbox sees to that. Within
// one process a Ziel is safe for concurrent use.
package verzeichnis

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options of a Ziel. Name, Kodierer, Ausgang and Belege are required; the
// directories must exist, each be another one, and belong to one Mandant.
type Options struct {
	// Name of the target; see dms.Ziel.Name.
	Name string
	// Kodierer writes the containers and reads the answers.
	Kodierer dms.Kodierer
	// Basis, if set, is a directory below which ausgang, eingang, erledigt and
	// belege are used, and made if they are missing, for those not named here.
	Basis string
	// Ausgang is the transfer directory the receiver watches.
	Ausgang string
	// Belege keeps one receipt per ProzessID; ours alone, on a local disk, and to
	// be backed up: without it a repeated Send delivers again.
	Belege string
	// Eingang is where the receiver puts answers, Erledigt where acknowledged
	// ones are kept. Both or none, on one file system; with none there are no answers.
	Eingang, Erledigt string
	// MaxAntwort is the size of one answer file in bytes; default 64 MiB.
	MaxAntwort int64
	// MaxAntworten is how many answers one pass looks at; default 10,000. The
	// rest waits for the next pass.
	MaxAntworten int
	// MaxContainer is the size of one container in bytes; default 0, no limit.
	MaxContainer int64
	// Settle is how long a file must be unchanged before it is read, for
	// receivers that write in place; default 0 reads at once.
	Settle time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// useBasis fills in the directories below Basis and makes them.
func (o *Options) useBasis() error {
	if o.Basis == "" {
		return nil
	}
	for _, d := range []struct {
		name string
		path *string
	}{{"ausgang", &o.Ausgang}, {"eingang", &o.Eingang}, {"erledigt", &o.Erledigt}, {"belege", &o.Belege}} {
		if *d.path != "" {
			continue
		}
		*d.path = filepath.Join(o.Basis, d.name)
		if err := os.MkdirAll(*d.path, 0o750); err != nil {
			return err
		}
	}
	return nil
}

// Ziel is a transfer directory. Close it after use.
type Ziel struct {
	o                                  Options
	ausgang, belege, eingang, erledigt *os.Root

	mu   sync.Mutex
	busy map[string]chan struct{} // ProzessID being sent
}

var (
	_ dms.Ziel        = (*Ziel)(nil)
	_ dms.Rueckmelder = (*Ziel)(nil)
)

// New opens the directories. Wrong options are fehler.ErrInvalid, missing
// directories fehler.ErrUnavailable.
func New(o Options) (*Ziel, error) {
	if err := o.useBasis(); err != nil {
		return nil, fehler.New("verzeichnis.New", o.Name, fehler.ErrUnavailable, err)
	}
	if o.Name == "" || o.Kodierer == nil || o.Ausgang == "" || o.Belege == "" || (o.Eingang == "") != (o.Erledigt == "") {
		return nil, fehler.New("verzeichnis.New", o.Name, fehler.ErrInvalid,
			errors.New("Name, Kodierer, Ausgang and Belege are required, Eingang and Erledigt go together"))
	}
	if o.MaxAntwort <= 0 {
		o.MaxAntwort = 64 << 20
	}
	if o.MaxAntworten <= 0 {
		o.MaxAntworten = 10_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	z := &Ziel{o: o, busy: map[string]chan struct{}{}}
	seen := map[string]bool{}
	for _, d := range []struct {
		path string
		root **os.Root
	}{{o.Ausgang, &z.ausgang}, {o.Belege, &z.belege}, {o.Eingang, &z.eingang}, {o.Erledigt, &z.erledigt}} {
		if d.path == "" {
			continue
		}
		abs, err := filepath.EvalSymlinks(d.path)
		if err == nil {
			abs, err = filepath.Abs(abs)
		}
		if err == nil && seen[abs] {
			z.Close()
			return nil, fehler.New("verzeichnis.New", o.Name, fehler.ErrInvalid, errors.New("the directories must differ"))
		}
		seen[abs] = true
		if err == nil {
			*d.root, err = os.OpenRoot(abs)
		}
		if err != nil {
			z.Close()
			return nil, fehler.New("verzeichnis.New", o.Name, fehler.ErrUnavailable, err)
		}
	}
	return z, nil
}

// Close releases the directories.
func (z *Ziel) Close() error {
	var errs []error
	for _, r := range []*os.Root{z.ausgang, z.belege, z.eingang, z.erledigt} {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	return errors.Join(errs...)
}

// Name implements dms.Ziel.
func (z *Ziel) Name() string { return z.o.Name }
