package verzeichnis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Answers implements dms.Rueckmelder. An answer's Kennung is its file name.
// Files the Kodierer does not take for answers are left alone. Without an
// Eingang the only element is fehler.ErrUnsupported.
func (z *Ziel) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	return func(yield func(dms.Antwort, error) bool) {
		if z.eingang == nil {
			yield(dms.Antwort{}, fehler.New("verzeichnis.Answers", z.o.Name, fehler.ErrUnsupported, nil))
			return
		}
		names, err := z.waiting(ctx)
		if err != nil {
			yield(dms.Antwort{}, fehler.New("verzeichnis.Answers", z.o.Name, art(err), err))
			return
		}
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				yield(dms.Antwort{}, err)
				return
			}
			a, err := z.read(ctx, name)
			if errors.Is(err, fs.ErrNotExist) { // acknowledged meanwhile
				continue
			}
			if err != nil && ctx.Err() != nil {
				yield(dms.Antwort{}, ctx.Err())
				return
			}
			if err != nil {
				a = dms.Antwort{}
			}
			a.Kennung = name
			if !yield(a, err) {
				return
			}
		}
	}
}

// waiting lists answers, oldest first; equal times go by name. The directory
// is read in portions and never beyond the limit.
func (z *Ziel) waiting(ctx context.Context) ([]string, error) {
	d, err := z.eingang.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	type entry struct {
		name string
		t    time.Time
	}
	var found []entry
	now := z.o.Now()
	for len(found) < z.o.MaxAntworten {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		list, err := d.ReadDir(256)
		for _, e := range list {
			if !safeName(e.Name()) || !z.o.Kodierer.IsAntwort(e.Name()) {
				continue
			}
			fi, err := e.Info()
			if err != nil || z.o.Settle > 0 && now.Sub(fi.ModTime()) < z.o.Settle {
				continue
			}
			found = append(found, entry{e.Name(), fi.ModTime()})
		}
		if err != nil || len(list) == 0 {
			break
		}
	}
	slices.SortFunc(found, func(a, b entry) int { return cmp.Or(a.t.Compare(b.t), cmp.Compare(a.name, b.name)) })
	names := make([]string, len(found))
	for i, e := range found {
		names[i] = e.name
	}
	return names[:min(len(names), z.o.MaxAntworten)], nil
}

func (z *Ziel) read(ctx context.Context, name string) (dms.Antwort, error) {
	f, size, err := openRegular(z.eingang, name, z.o.MaxAntwort)
	if err != nil {
		if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
			return dms.Antwort{}, fehler.New("verzeichnis.Answers", name, fehler.ErrUnavailable, err)
		}
		return dms.Antwort{}, fehler.New("verzeichnis.Answers", name, nil, fehler.Probleme{{
			Code: "verzeichnis.antwort-datei", Pfad: name, Meldung: err.Error(),
			Hinweis: "Im Eingangsverzeichnis liegt ein Eintrag, der keine zulässige Antwortdatei ist.",
		}})
	}
	defer f.Close()
	return z.o.Kodierer.DecodeAntwort(ctx, name, f, size)
}

// Ack implements dms.Rueckmelder: the file moves to Erledigt. If one of that
// name is there already, a number is added; nothing is overwritten.
func (z *Ziel) Ack(ctx context.Context, kennung string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if z.eingang == nil {
		return fehler.New("verzeichnis.Ack", z.o.Name, fehler.ErrUnsupported, nil)
	}
	if !safeName(kennung) || !z.o.Kodierer.IsAntwort(kennung) {
		return fehler.New("verzeichnis.Ack", z.o.Name, fehler.ErrNotFound, nil)
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	if err := z.ack(kennung); err != nil {
		kind := art(err)
		if errors.Is(err, fs.ErrNotExist) {
			kind = fehler.ErrNotFound
		}
		return fehler.New("verzeichnis.Ack", kennung, kind, err)
	}
	return nil
}

func (z *Ziel) ack(name string) error {
	if _, err := z.eingang.Lstat(name); err != nil {
		if _, done := z.erledigt.Lstat(name); errors.Is(err, fs.ErrNotExist) && done == nil {
			return nil // acknowledged before
		}
		return err
	}
	target := name
	for i := 1; ; i++ {
		_, err := z.erledigt.Lstat(target)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		target = fmt.Sprintf("%d_%s", i, name)
	}
	// The two directories are different roots, so the rename goes by path. The
	// names are single elements and the roots were resolved at New.
	if err := os.Rename(z.eingang.Name()+string(os.PathSeparator)+name, z.erledigt.Name()+string(os.PathSeparator)+target); err != nil {
		return err
	}
	if err := syncDir(z.erledigt); err != nil {
		return err
	}
	return syncDir(z.eingang)
}
