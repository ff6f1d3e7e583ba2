package brief

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// The folders, see the documentation of the package.
const (
	ordnerTmp      = ".tmp"
	ordnerBelege   = "belege"
	ordnerOffen    = "offen"
	ordnerLose     = "lose"
	ordnerAusgang  = "ausgang"
	ordnerRueck    = "rueck"
	ordnerErledigt = "rueck-erledigt"
	ordnerFehler   = "rueck-fehler"
	ticketName     = "auftrag.json"
	losName        = "los.json"
)

// beleg is what was promised about a Sendung. It is written before the job
// appears, so that a repeated Deliver knows in which day to look.
type beleg struct {
	Sendung uuid.UUID   `json:"sendung"`
	Zeit    time.Time   `json:"zeit"`
	Tag     datum.Datum `json:"tag"`
	Fertig  bool        `json:"fertig"`
	Los     string      `json:"los,omitempty"`
}

func belegName(m tenant.ID, id uuid.UUID) string {
	return path.Join(ordnerBelege, string(m), id.String()+".json")
}

func offenName(m tenant.ID, tag datum.Datum) string {
	return path.Join(ordnerOffen, string(m), tag.String())
}

// ordner is the folder of the print centre. No name from outside becomes a path.
type ordner struct{ root *os.Root }

func openOrdner(dir string) (ordner, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return ordner{}, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return ordner{}, err
	}
	o := ordner{root}
	for _, d := range []string{ordnerTmp, ordnerBelege, ordnerOffen, ordnerLose, ordnerAusgang, ordnerRueck, ordnerErledigt, ordnerFehler} {
		if err := o.mkdir(d); err != nil {
			return ordner{}, errors.Join(err, root.Close())
		}
	}
	return o, nil
}

// mkdir makes a folder and those above it durable.
func (o ordner) mkdir(name string) error {
	if _, err := o.root.Stat(name); err == nil {
		return nil
	}
	above := path.Dir(name)
	if above != "." {
		if err := o.mkdir(above); err != nil {
			return err
		}
	}
	if err := o.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return o.sync(above)
}

// clean removes what cut-off deliveries left behind; nobody was promised anything
// about it, and it holds addresses.
func (o ordner) clean(before time.Time) error {
	rest, err := o.names(ordnerTmp)
	for _, e := range rest {
		i, ierr := e.Info()
		if ierr == nil && i.ModTime().Before(before) {
			err = errors.Join(err, o.root.RemoveAll(path.Join(ordnerTmp, e.Name())))
		}
	}
	return err
}

func (o ordner) sync(dir string) error {
	f, err := o.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (o ordner) exists(name string) (bool, error) {
	_, err := o.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// write makes a new file, whole and flushed.
func (o ordner) write(name string, fill func(io.Writer) error) error {
	f, err := o.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// replace writes a value as JSON under a name, at once and durably.
func (o ordner) replace(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := o.mkdir(path.Dir(name)); err != nil {
		return err
	}
	tmp := path.Join(ordnerTmp, rand.Text())
	err = o.write(tmp, func(w io.Writer) error { _, err := w.Write(append(b, '\n')); return err })
	if err == nil {
		err = o.root.Rename(tmp, name)
	}
	if err != nil {
		_ = o.root.Remove(tmp)
		return err
	}
	return o.sync(path.Dir(name))
}

// move renames within the folder; both ends are durable after it.
func (o ordner) move(from, to string) error {
	if err := o.root.Rename(from, to); err != nil {
		return err
	}
	return errors.Join(o.sync(path.Dir(to)), o.sync(path.Dir(from)))
}

// names lists a folder, sorted; a missing one is empty.
func (o ordner) names(dir string) ([]fs.DirEntry, error) {
	e, err := fs.ReadDir(o.root.FS(), dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return e, err
}

// read gives a regular file of bounded size; a link, pipe or folder is an error.
func (o ordner) read(name string, limit int64) ([]byte, error) {
	fi, err := o.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() {
		return nil, errKeineDatei
	}
	f, err := o.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errZuGross
	}
	return b, err
}

var (
	errKeineDatei = errors.New("not a regular file")
	errZuGross    = errors.New("too big")
)

func (o ordner) beleg(m tenant.ID, id uuid.UUID) (*beleg, error) {
	b, err := o.read(belegName(m, id), 1<<16)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var x beleg
	if err := json.Unmarshal(b, &x); err != nil || x.Sendung != id {
		return nil, errors.New("a receipt in " + ordnerBelege + " is damaged")
	}
	return &x, nil
}
