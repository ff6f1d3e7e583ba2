package ordner

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"net/http"
	"net/textproto"
	"os"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Endung is the ending of an answer's name.
const Endung = ".antwort"

// Answers implements uebergabe.Rueckmelder, oldest first. Without an Eingang the only
// element is fehler.ErrUnsupported.
func (z *Ziel) Answers(ctx context.Context) iter.Seq2[uebergabe.Antwort, error] {
	return func(yield func(uebergabe.Antwort, error) bool) {
		if z.eingang == nil {
			yield(uebergabe.Antwort{}, fehler.New("ordner.Answers", z.p.Name, fehler.ErrUnsupported, nil))
			return
		}
		names, err := z.waiting(ctx)
		if err != nil {
			yield(uebergabe.Antwort{}, fehler.New("ordner.Answers", z.p.Name, fehler.ErrUnavailable, err))
			return
		}
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				yield(uebergabe.Antwort{}, err)
				return
			}
			a, err := z.read(name)
			if errors.Is(err, fs.ErrNotExist) { // acknowledged meanwhile
				continue
			}
			if err != nil {
				a, err = uebergabe.Antwort{}, fehler.New("ordner.Answers", z.p.Name, fehler.ErrInvalid, errors.New("the answer cannot be read"))
			}
			a.Kennung = name
			if !yield(a, err) {
				return
			}
		}
	}
}

// waiting lists answers, oldest first, and reads the directory in portions.
func (z *Ziel) waiting(ctx context.Context) ([]string, error) {
	d, err := z.eingang.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	type entry struct {
		name string
		t    int64
	}
	var found []entry
	for len(found) < z.o.MaxAntworten {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		list, err := d.ReadDir(256)
		for _, e := range list {
			if !isAntwort(e.Name()) {
				continue
			}
			if fi, err := e.Info(); err == nil {
				found = append(found, entry{e.Name(), fi.ModTime().UnixNano()})
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b entry) int { return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.name, b.name)) })
	var names []string
	for _, e := range found[:min(len(found), z.o.MaxAntworten)] {
		names = append(names, e.name)
	}
	return names, nil
}

// isAntwort also tells whether the name is one path element without tricks.
func isAntwort(name string) bool {
	return strings.HasSuffix(name, Endung) && len(name) <= 255 && name[0] != '.' && !strings.ContainsAny(name, "/\\:\x00")
}

func (z *Ziel) read(name string) (uebergabe.Antwort, error) {
	raw, err := readPlain(z.eingang, name, z.o.MaxAntwort)
	if err != nil {
		return uebergabe.Antwort{}, err
	}
	// The signed bytes begin behind the first empty line, untouched.
	sep := []byte("\n\n")
	if i, j := bytes.Index(raw, []byte("\r\n\r\n")), bytes.Index(raw, sep); i >= 0 && (j < 0 || i < j) {
		sep = []byte("\r\n\r\n")
	}
	head, inhalt, ok := bytes.Cut(raw, sep)
	if !ok || len(head) > 4096 {
		return uebergabe.Antwort{}, errors.New("the headers do not end")
	}
	h, err := textproto.NewReader(bufio.NewReader(io.MultiReader(bytes.NewReader(head), strings.NewReader("\n\n")))).ReadMIMEHeader()
	if err != nil {
		return uebergabe.Antwort{}, err
	}
	u, err := signatur.FromHeader(http.Header(h))
	if err != nil {
		return uebergabe.Antwort{}, err
	}
	return uebergabe.Antwort{Umschlag: u, Inhalt: inhalt}, nil
}

// Write gives the file form of an answer, for receivers in Go.
func Write(w io.Writer, u signatur.Umschlag, inhalt []byte) error {
	h := http.Header{}
	u.Set(h)
	var b bytes.Buffer
	for _, k := range []string{signatur.HeaderID, signatur.HeaderZeit, signatur.HeaderSignatur} {
		b.WriteString(k + ": " + h.Get(k) + "\n")
	}
	b.WriteString("\n")
	b.Write(inhalt)
	_, err := w.Write(b.Bytes())
	return err
}

// Ack implements uebergabe.Rueckmelder: the answer moves to Erledigt.
func (z *Ziel) Ack(_ context.Context, kennung string) error {
	if z.eingang == nil || !isAntwort(kennung) {
		return fehler.New("ordner.Ack", z.p.Name, fehler.ErrNotFound, nil)
	}
	if err := z.ack(kennung); err != nil {
		return fehler.New("ordner.Ack", z.p.Name, fehler.ErrUnavailable, err)
	}
	return nil
}

func (z *Ziel) ack(name string) error {
	fi, err := z.eingang.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() { // a link or a device is not kept
		return z.eingang.RemoveAll(name)
	}
	// A root cannot move to another root: copy, flush, then remove.
	raw, err := readPlain(z.eingang, name, z.o.MaxAntwort)
	if err != nil {
		return z.eingang.Remove(name) // larger than any answer
	}
	f, err := z.erledigt.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = syncDir(z.erledigt, ".")
	}
	if err == nil {
		err = z.eingang.Remove(name)
	}
	return err
}

// readPlain reads a plain file of at most limit bytes and follows no link.
func readPlain(root *os.Root, name string, limit int64) ([]byte, error) {
	fi, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() || fi.Size() > limit {
		return nil, errors.New("is no plain file or too large")
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(fi, now) {
		return nil, errors.New("changed while it was opened")
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = errors.New("is too large")
	}
	return b, err
}
