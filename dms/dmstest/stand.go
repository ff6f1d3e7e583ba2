package dmstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

// Ordner are the directories of a directory transfer, named as the sender
// sees them.
type Ordner struct {
	Ausgang  string // containers to the receiver
	Eingang  string // answers from the receiver
	Erledigt string // answers that were acknowledged
	Belege   string // the sender's own memory
}

// NewStand makes a Stand for a Ziel that works on directories, with an
// Empfaenger on the other side. open is called once, and again by Reopen; a
// Ziel that is an io.Closer is closed.
func NewStand(open func(Ordner) (dms.Ziel, error)) (*Stand, error) {
	base, err := os.MkdirTemp("", "dmstest")
	if err != nil {
		return nil, err
	}
	dir := func(name string) string {
		p := filepath.Join(base, name)
		err = errors.Join(err, os.Mkdir(p, 0o750))
		return p
	}
	o := Ordner{Ausgang: dir("ausgang"), Eingang: dir("eingang"), Erledigt: dir("erledigt"), Belege: dir("belege")}
	e := &Empfaenger{Eingang: o.Ausgang, Ausgang: o.Eingang, Archiv: dir("archiv"), Plan: func(string) Verhalten { return Stumm }}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(base))
	}
	s := &Stand{}
	shut := func() error {
		if c, ok := s.Ziel.(io.Closer); ok {
			return c.Close()
		}
		return nil
	}
	s.Reopen = func() (dms.Ziel, error) {
		if err := shut(); err != nil {
			return nil, err
		}
		z, err := open(o)
		s.Ziel = z
		return z, err
	}
	s.Received = func(ctx context.Context) ([]Lieferung, error) {
		_, err := e.Scan(ctx)
		return e.Lieferungen(), err
	}
	s.Answer = e.Put
	garbage := 0
	s.Garbage = func() error {
		garbage++
		return e.garbage(ID(fmt.Sprint("garbage", garbage)))
	}
	s.Close = func() error { return errors.Join(shut(), os.RemoveAll(base)) }
	if s.Ziel, err = open(o); err != nil {
		return nil, errors.Join(err, os.RemoveAll(base))
	}
	return s, nil
}
