package verzeichnis

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// beleg is what is remembered of a Send. It is written twice: before the
// container becomes visible and after. A crash between the two is resolved by
// the hidden file: as long as it is there, the rename did not happen.
type beleg struct {
	Inhalt    string          `json:"inhalt"` // fingerprint of the Paket
	Versteckt string          `json:"versteckt,omitempty"`
	Fertig    bool            `json:"fertig"`
	Schein    dms.Sendeschein `json:"schein"`
}

// maxBeleg bounds what is read back of our own files.
const maxBeleg = 1 << 20

// Send implements dms.Ziel.
func (z *Ziel) Send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	s, err := z.send(ctx, p)
	if err != nil {
		return dms.Sendeschein{}, fehler.New("verzeichnis.Send", p.ProzessID, art(err), err)
	}
	return s, nil
}

// art gives errors of the disk their kind; others have one already.
func art(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return fehler.ErrUnavailable
	}
	if le := (*os.LinkError)(nil); errors.As(err, &le) {
		return fehler.ErrUnavailable
	}
	return nil
}

func (z *Ziel) send(ctx context.Context, p *dms.Paket) (dms.Sendeschein, error) {
	if err := ctx.Err(); err != nil {
		return dms.Sendeschein{}, err
	}
	if pr := p.Check(); pr != nil {
		return dms.Sendeschein{}, pr
	}
	name, err := z.o.Kodierer.ContainerName(p)
	if err != nil {
		return dms.Sendeschein{}, err
	}
	if !safeName(name) {
		return dms.Sendeschein{}, fmt.Errorf("%w: unsafe container name", fehler.ErrInvalid)
	}
	inhalt, err := p.Fingerprint()
	if err != nil {
		return dms.Sendeschein{}, err
	}
	key := strings.ToLower(p.ProzessID)
	if err := z.lock(ctx, key); err != nil {
		return dms.Sendeschein{}, err
	}
	defer z.unlock(key)

	b, err := z.readBeleg(key)
	if err != nil {
		return dms.Sendeschein{}, err
	}
	if b != nil {
		if b.Inhalt != inhalt {
			return dms.Sendeschein{}, fmt.Errorf("%w: another Paket was sent under this ProzessID", fehler.ErrConflict)
		}
		return z.resume(key, b)
	}
	// Something under our name that we did not send: never overwrite it.
	if _, err := z.ausgang.Lstat(name); err == nil {
		return dms.Sendeschein{}, fmt.Errorf("%w: the transfer directory holds a foreign file of this name", fehler.ErrConflict)
	}
	b = &beleg{Inhalt: inhalt, Versteckt: "." + key + ".part"}
	b.Schein = dms.Sendeschein{ProzessID: p.ProzessID, Ziel: z.o.Name, Name: name}
	if err := z.write(ctx, b, p); err != nil {
		_ = z.ausgang.Remove(b.Versteckt)
		return dms.Sendeschein{}, err
	}
	b.Schein.Zeit = z.o.Now().UTC()
	if err := z.writeBeleg(key, b); err != nil {
		_ = z.ausgang.Remove(b.Versteckt)
		return dms.Sendeschein{}, err
	}
	return z.publish(key, b)
}

// resume answers a repeated Send, and completes one that was cut off.
func (z *Ziel) resume(key string, b *beleg) (dms.Sendeschein, error) {
	if !b.Fertig {
		fi, err := z.ausgang.Lstat(b.Versteckt)
		switch {
		case err == nil && fi.Mode().IsRegular() && fi.Size() == b.Schein.Groesse:
			return z.publish(key, b)
		case err == nil:
			return dms.Sendeschein{}, fmt.Errorf("%w: the hidden file was changed", fehler.ErrConflict)
		case !errors.Is(err, fs.ErrNotExist):
			return dms.Sendeschein{}, err
		}
		b.Fertig = true // the rename happened before the cut
		if err := z.writeBeleg(key, b); err != nil {
			return dms.Sendeschein{}, err
		}
	}
	s := b.Schein
	s.Wiederholt = true
	return s, nil
}

func (z *Ziel) publish(key string, b *beleg) (dms.Sendeschein, error) {
	if err := z.ausgang.Rename(b.Versteckt, b.Schein.Name); err != nil {
		return dms.Sendeschein{}, err
	}
	if err := syncDir(z.ausgang); err != nil {
		// Not known to last: take it back, so that an error means "not delivered".
		return dms.Sendeschein{}, errors.Join(err, z.ausgang.Rename(b.Schein.Name, b.Versteckt))
	}
	// It is delivered. The second receipt only saves a look: without it the
	// missing hidden file tells the same.
	b.Fertig = true
	_ = z.writeBeleg(key, b)
	return b.Schein, nil
}

// write makes the hidden file, complete and flushed.
func (z *Ziel) write(ctx context.Context, b *beleg, p *dms.Paket) error {
	// A rest of an earlier try without a receipt was never promised to anybody.
	if err := z.ausgang.Remove(b.Versteckt); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := z.ausgang.OpenFile(b.Versteckt, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	m := &messer{w: f, h: sha512.New(), max: z.o.MaxContainer}
	err = z.o.Kodierer.Encode(ctx, m, p)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	b.Schein.Groesse, b.Schein.SHA512 = m.n, hex.EncodeToString(m.h.Sum(nil))
	return err
}

// messer counts and hashes what is written.
type messer struct {
	w   io.Writer
	h   hash.Hash
	n   int64
	max int64
}

func (m *messer) Write(p []byte) (int, error) {
	if m.max > 0 && m.n+int64(len(p)) > m.max {
		return 0, fehler.Probleme{{Code: "verzeichnis.groesse", Meldung: "container exceeds the limit of the receiver",
			Hinweis: "Die Abgabe ist größer, als das Zielsystem annimmt."}}
	}
	n, err := m.w.Write(p)
	m.h.Write(p[:n])
	m.n += int64(n)
	return n, err
}

func (z *Ziel) readBeleg(key string) (*beleg, error) {
	data, err := readRegular(z.belege, key+".json", maxBeleg)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the receipt of this ProzessID is damaged", fehler.ErrConflict)
	}
	var b beleg
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&b); err != nil || !safeName(b.Schein.Name) || b.Versteckt != "."+key+".part" {
		// Sending again could deliver twice: a person must look.
		return nil, fmt.Errorf("%w: the receipt of this ProzessID is damaged", fehler.ErrConflict)
	}
	return &b, nil
}

func (z *Ziel) writeBeleg(key string, b *beleg) error {
	data, err := json.Marshal(b)
	if err != nil {
		return err
	}
	tmp := "." + key + ".tmp"
	if err := z.belege.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := z.belege.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = z.belege.Rename(tmp, key+".json")
	}
	if err == nil {
		err = syncDir(z.belege)
	}
	return err
}

func (z *Ziel) lock(ctx context.Context, key string) error {
	for {
		z.mu.Lock()
		ch, taken := z.busy[key]
		if !taken {
			z.busy[key] = make(chan struct{})
			z.mu.Unlock()
			return nil
		}
		z.mu.Unlock()
		select {
		case <-ch:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (z *Ziel) unlock(key string) {
	z.mu.Lock()
	close(z.busy[key])
	delete(z.busy, key)
	z.mu.Unlock()
}

// readRegular reads a plain file of at most limit bytes and never follows a link.
func readRegular(root *os.Root, name string, limit int64) ([]byte, error) {
	f, size, err := openRegular(root, name, limit)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, size))
}

var errKeineDatei = errors.New("not a plain file")

// openRegular looks before it opens and compares afterwards: between the two
// somebody may have put a link in its place.
func openRegular(root *os.Root, name string, limit int64) (*os.File, int64, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, 0, err
	}
	if !before.Mode().IsRegular() {
		return nil, 0, errKeineDatei
	}
	if before.Size() > limit {
		return nil, 0, fmt.Errorf("file exceeds %d bytes", limit)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	after, err := f.Stat()
	if err == nil && (!os.SameFile(before, after) || after.Size() > limit) {
		err = errKeineDatei
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, after.Size(), nil
}

func safeName(name string) bool {
	return name != "" && len(name) <= 255 && name[0] != '.' && !strings.ContainsAny(name, "/\\:\x00") &&
		!strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

// syncDir makes a rename durable. Windows has no such call and needs none.
func syncDir(root *os.Root) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
