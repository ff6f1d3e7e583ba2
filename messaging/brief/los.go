package brief

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Los is a collection of jobs, and the manifest los.json of one handed over.
type Los struct {
	Version int         `json:"version"` // 1
	Name    string      `json:"name"`    // of its folder in ausgang: kiel_2026-03-02_01
	Mandant tenant.ID   `json:"mandant"`
	Tag     datum.Datum `json:"tag"`
	// Erstellt is when it was closed (UTC, microseconds).
	Erstellt time.Time `json:"erstellt"`
	// Seiten of all jobs; 0 if one could not be counted.
	Seiten int      `json:"seiten,omitempty"`
	Posten []Posten `json:"posten"`
}

// Posten is one job of a Los.
type Posten struct {
	ID     uuid.UUID `json:"id"`
	Seiten int       `json:"seiten,omitempty"`
	// Auftrag is the SHA-512 of the ticket (lower-case hex), which holds those of
	// the files.
	Auftrag string `json:"auftrag"`
}

// Sammlung is what waits for its Los.
type Sammlung struct {
	Mandant tenant.ID
	Tag     datum.Datum
	Anzahl  int
	// Begonnen: closing it was cut off; the next Close of Mandant and day completes it.
	Begonnen bool
}

// Waiting lists the collections, by Mandant and day.
func (k *Kanal) Waiting(ctx context.Context) ([]Sammlung, error) {
	const op = "brief.Waiting"
	k.los.RLock()
	defer k.los.RUnlock()
	var out []Sammlung
	add := func(m, tag, dir string, begonnen bool) error {
		t, err := datum.Parse(tag)
		if err != nil {
			return nil // not ours
		}
		jobs, err := k.d.names(dir)
		n := 0
		for _, j := range jobs {
			if _, err := uuid.Parse(j.Name()); err == nil {
				n++
			}
		}
		if n > 0 || begonnen {
			out = append(out, Sammlung{Mandant: tenant.ID(m), Tag: t, Anzahl: n, Begonnen: begonnen})
		}
		return err
	}
	lose, err := k.d.names(ordnerLose)
	for _, l := range lose {
		if m, tag, ok := zerlege(l.Name()); ok {
			err = errors.Join(err, add(m, tag, path.Join(ordnerLose, l.Name()), true))
		}
	}
	mandanten, merr := k.d.names(ordnerOffen)
	err = errors.Join(err, merr)
	for _, m := range mandanten {
		tage, terr := k.d.names(path.Join(ordnerOffen, m.Name()))
		err = errors.Join(err, terr)
		for _, t := range tage {
			err = errors.Join(err, ctx.Err(), add(m.Name(), t.Name(), path.Join(ordnerOffen, m.Name(), t.Name()), false))
		}
	}
	if err != nil {
		return nil, fehler.New(op, "", fehler.ErrUnavailable, err)
	}
	return out, nil
}

// zerlege takes the name of a Los apart; a Mandant has no underscore.
func zerlege(name string) (m, tag string, ok bool) {
	p := strings.Split(name, "_")
	if len(p) != 3 {
		return "", "", false
	}
	return p[0], p[1], true
}

// Close hands over what waits for a Mandant and day: usually one Los, two if an
// earlier Close was cut off. Letters of the same day that come later are another
// Los with the next number. Nothing waiting is fehler.ErrNotFound. It may be
// repeated after any error.
func (k *Kanal) Close(ctx context.Context, m tenant.ID, tag datum.Datum) ([]Los, error) {
	const op = "brief.Close"
	if _, err := tenant.ParseID(string(m)); err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	key := string(m) + "_" + tag.String()
	k.los.Lock()
	defer k.los.Unlock()
	out, err := k.closeAll(ctx, m, tag, key)
	switch {
	case err != nil && ctx.Err() != nil:
		return out, ctx.Err()
	case err != nil:
		return out, fehler.New(op, key, fehler.ErrUnavailable, err)
	case len(out) == 0:
		return nil, fehler.New(op, key, fehler.ErrNotFound, nil)
	}
	return out, nil
}

func (k *Kanal) closeAll(ctx context.Context, m tenant.ID, tag datum.Datum, key string) ([]Los, error) {
	var out []Los
	lose, err := k.d.names(ordnerLose)
	if err != nil {
		return nil, err
	}
	for _, l := range lose {
		if strings.HasPrefix(l.Name(), key+"_") {
			x, err := k.finish(ctx, m, tag, l.Name())
			if err != nil {
				return out, err
			}
			out = append(out, x)
		}
	}
	jobs, err := k.d.names(offenName(m, tag))
	if err != nil || len(jobs) == 0 {
		return out, err
	}
	name, err := k.number(m, key)
	if err != nil {
		return out, err
	}
	if err := k.d.move(offenName(m, tag), path.Join(ordnerLose, name)); err != nil {
		return out, err
	}
	x, err := k.finish(ctx, m, tag, name)
	if err != nil {
		return out, err
	}
	return append(out, x), nil
}

// number gives the next free name. Manifests are kept beside the receipts, so
// that a number is not used again when the print centre has taken the folder.
func (k *Kanal) number(m tenant.ID, key string) (string, error) {
	for i := 1; i < 100_000; i++ {
		name := fmt.Sprintf("%s_%02d", key, i)
		used := false
		for _, p := range []string{manifestName(m, name), path.Join(ordnerLose, name), path.Join(ordnerAusgang, name)} {
			ok, err := k.d.exists(p)
			if err != nil {
				return "", err
			}
			used = used || ok
		}
		if !used {
			return name, nil
		}
	}
	return "", errors.New("too many Lose on one day")
}

func manifestName(m tenant.ID, los string) string {
	return path.Join(ordnerBelege, string(m), "lose", los+".json")
}

// finish completes the receipts, writes the manifest and hands over. Each step
// can be repeated.
func (k *Kanal) finish(ctx context.Context, m tenant.ID, tag datum.Datum, name string) (Los, error) {
	dir := path.Join(ordnerLose, name)
	l := Los{Version: 1, Name: name, Mandant: m, Tag: tag, Erstellt: k.o.Now().UTC().Truncate(time.Microsecond)}
	jobs, err := k.d.names(dir)
	if err != nil {
		return Los{}, err
	}
	counted := true
	for _, j := range jobs {
		if err := ctx.Err(); err != nil {
			return Los{}, err
		}
		if j.Name() == losName {
			continue
		}
		p, a, err := k.posten(dir, j.Name())
		if err != nil {
			return Los{}, err
		}
		b, err := k.d.beleg(m, p.ID)
		if err != nil {
			return Los{}, err
		}
		if b == nil || a.Mandant != m {
			return Los{}, fmt.Errorf("job %s has no receipt here", p.ID)
		}
		b.Fertig, b.Los = true, name
		if err := k.d.replace(belegName(m, p.ID), b); err != nil {
			return Los{}, err
		}
		counted = counted && p.Seiten > 0
		l.Seiten += p.Seiten
		l.Posten = append(l.Posten, p)
	}
	if !counted {
		l.Seiten = 0
	}
	if err := k.d.replace(path.Join(dir, losName), l); err != nil {
		return Los{}, err
	}
	if err := k.d.replace(manifestName(m, name), l); err != nil {
		return Los{}, err
	}
	return l, k.d.move(dir, path.Join(ordnerAusgang, name))
}

func (k *Kanal) posten(dir, job string) (Posten, Auftrag, error) {
	id, err := uuid.Parse(job)
	if err != nil {
		return Posten{}, Auftrag{}, errors.New("something lies in a Los that is no job")
	}
	t, err := k.d.read(path.Join(dir, job, ticketName), 1<<20)
	if err != nil {
		return Posten{}, Auftrag{}, err
	}
	var a Auftrag
	if err := json.Unmarshal(t, &a); err != nil || a.ID != id {
		return Posten{}, Auftrag{}, fmt.Errorf("the ticket of job %s is damaged", id)
	}
	sum := sha512.Sum512(t)
	return Posten{ID: id, Seiten: a.Seiten, Auftrag: hex.EncodeToString(sum[:])}, a, nil
}
