package webdav

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	dav "github.com/emersion/go-webdav"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Answers implements dms.Rueckmelder; without Options.Eingang it gives none. Kennung is the name of
// the file.
func (z *Ziel) Answers(ctx context.Context) iter.Seq2[dms.Antwort, error] {
	return func(yield func(dms.Antwort, error) bool) {
		if z.o.Eingang == "" {
			return
		}
		list, err := z.c.ReadDir(ctx, z.o.Eingang, false)
		if err != nil {
			yield(dms.Antwort{}, fehler.New("webdav.Answers", z.o.Name, nil, err))
			return
		}
		list = slices.DeleteFunc(list, func(f dav.FileInfo) bool {
			return f.IsDir || strings.HasPrefix(path.Base(f.Path), ".") || !z.o.Kodierer.IsAntwort(path.Base(f.Path))
		})
		slices.SortFunc(list, func(a, b dav.FileInfo) int {
			return cmp.Or(a.ModTime.Compare(b.ModTime), strings.Compare(a.Path, b.Path))
		})
		list = list[:min(len(list), z.o.MaxAntworten)]
		for len(list) > 0 {
			// The server tells times in seconds: within one, what the answers say decides.
			n := 1
			for n < len(list) && list[n].ModTime.Equal(list[0].ModTime) {
				n++
			}
			batch, err := z.alle(ctx, list[:n])
			if err != nil {
				yield(dms.Antwort{}, err)
				return
			}
			for _, x := range batch {
				if err := ctx.Err(); err != nil {
					yield(dms.Antwort{}, err)
					return
				}
				if !yield(x.a, x.err) {
					return
				}
			}
			list = list[n:]
		}
	}
}

// gelesen is an answer, or why it cannot be read.
type gelesen struct {
	a   dms.Antwort
	err error
}

// alle reads some answers, oldest first as they say themselves.
func (z *Ziel) alle(ctx context.Context, list []dav.FileInfo) (out []gelesen, err error) {
	for _, f := range list {
		name := path.Base(f.Path)
		a, err := z.lies(ctx, name)
		if cause := ctx.Err(); cause != nil {
			return nil, cause
		}
		switch {
		case errors.Is(err, fehler.ErrNotFound):
			continue // somebody took it
		case errors.Is(err, fehler.ErrInvalid):
			a = dms.Antwort{}
		}
		a.Kennung = name
		out = append(out, gelesen{a, err})
	}
	slices.SortStableFunc(out, func(x, y gelesen) int { return x.a.Zeit.Compare(y.a.Zeit) })
	return out, nil
}

func (z *Ziel) lies(ctx context.Context, name string) (dms.Antwort, error) {
	rc, err := z.c.Open(ctx, path.Join(z.o.Eingang, name))
	if err != nil {
		return dms.Antwort{}, err
	}
	defer rc.Close()
	b, err := io.ReadAll(io.LimitReader(rc, z.o.MaxAntwort+1))
	if err != nil {
		return dms.Antwort{}, fmt.Errorf("%w: %w", fehler.ErrUnavailable, err)
	}
	if int64(len(b)) > z.o.MaxAntwort {
		return dms.Antwort{}, fmt.Errorf("%w: the answer is larger than %d bytes", fehler.ErrInvalid, z.o.MaxAntwort)
	}
	return z.o.Kodierer.DecodeAntwort(ctx, name, bytes.NewReader(b), int64(len(b)))
}

// Ack implements dms.Rueckmelder: the file moves to Erledigt.
func (z *Ziel) Ack(ctx context.Context, kennung string) error {
	const op = "webdav.Ack"
	if z.o.Eingang == "" || kennung == "" || kennung != path.Base(kennung) || strings.HasPrefix(kennung, ".") {
		return fehler.New(op, "", fehler.ErrNotFound, nil)
	}
	// Servers differ in what they say to the move of something that is not there: look first.
	_, err := z.c.Stat(ctx, path.Join(z.o.Eingang, kennung))
	switch {
	case err == nil:
		err = z.c.Move(ctx, path.Join(z.o.Eingang, kennung), path.Join(z.o.Erledigt, kennung), nil)
	case errors.Is(err, fehler.ErrNotFound): // done before, or unknown
		_, err = z.c.Stat(ctx, path.Join(z.o.Erledigt, kennung))
	}
	if cause := ctx.Err(); err != nil && cause != nil {
		return cause
	}
	if err != nil {
		return fehler.New(op, "", nil, err)
	}
	return nil
}
