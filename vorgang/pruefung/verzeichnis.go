package pruefung

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// MaxFassungen bounds a Verzeichnis.
const MaxFassungen = 10000

// Verzeichnis is the set of rules of one Mandant: each version compiled once. It is
// safe for concurrent use. It lives in memory; what [Verzeichnis.SwitchOff] gives
// is to be stored by the caller, and told to other processes.
type Verzeichnis struct {
	options Options

	mu       sync.RWMutex
	pruefer  map[fassung]*Pruefer                      // GUARDED_BY(mu)
	leistung map[tenant.Leistungsschluessel][]*Pruefer // GUARDED_BY(mu); the deciding one first
}

type fassung struct {
	id string
	nr int
}

// NewVerzeichnis makes an empty Verzeichnis. Nil Options are defaults; the slices
// and the map of Options must not be changed afterwards.
func NewVerzeichnis(o *Options) *Verzeichnis {
	v := &Verzeichnis{pruefer: map[fassung]*Pruefer{}, leistung: map[tenant.Leistungsschluessel][]*Pruefer{}}
	if o != nil {
		v.options = *o
	}
	return v
}

// Add compiles a released Regelwerk and takes it in; another is [fehler.ErrInvalid]. The same version again is no change,
// but its switch counts: adding it switched off switches off, and nothing switches
// on again. The same version with other rules is [fehler.ErrExists]. One ID serves
// one Leistung, and rules of another ID may not be valid for it on the same days
// (fehler.ErrConflict): nobody could say which decides.
func (v *Verzeichnis) Add(w *Regelwerk) error {
	const op = "pruefung.Add"
	if !w.Freigegeben() {
		return fehler.New(op, w.a.kennung(), fehler.ErrInvalid, fehler.Probleme{problem("nicht-freigegeben", "/freigabe",
			"is not released", "In das Verzeichnis kommen nur freigegebene Regelwerke.")})
	}
	p, err := Compile(w, &v.options)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	k := fassung{w.a.ID, w.a.Fassung}
	if alt, ok := v.pruefer[k]; ok {
		da := alt.Regelwerk()
		switch {
		case da.hash != w.hash:
			return fehler.New(op, w.a.kennung(), fehler.ErrExists, fehler.Probleme{problem("fassung-vorhanden", "/fassung",
				"this version is there with other rules", "Diese Fassung gibt es schon mit anderem Inhalt; bitte die Fassung erhöhen.")})
		case da.a.Abschaltung == nil && w.a.Abschaltung != nil:
			alt.regeln.Store(w)
		}
		return nil
	}
	if len(v.pruefer) >= MaxFassungen {
		return fehler.New(op, w.a.kennung(), fehler.ErrInvalid, fehler.Probleme{problem("verzeichnis-voll", "",
			fmt.Sprintf("more than %d versions", MaxFassungen), "Das Verzeichnis hat zu viele Fassungen.")})
	}
	for o, q := range v.pruefer {
		a := &q.Regelwerk().a
		if o.id == w.a.ID && a.Leistung != w.a.Leistung || o.id != w.a.ID && a.Leistung == w.a.Leistung && ueberlappt(a, &w.a) {
			return fehler.New(op, w.a.kennung(), fehler.ErrConflict, fehler.Probleme{problem("leistung-doppelt", "/leistung",
				"one id for two services, or two ids for one at the same time", "Für eine Leistung gilt zu einer Zeit ein Regelwerk mit einer Kennung.")})
		}
	}
	v.pruefer[k] = p
	l := append(slices.Clone(v.leistung[w.a.Leistung]), p) // readers hold the old slice
	slices.SortFunc(l, func(x, y *Pruefer) int {
		a, b := x.Regelwerk(), y.Regelwerk()
		return cmp.Or(b.a.Von.Compare(a.a.Von), cmp.Compare(b.a.Fassung, a.a.Fassung), cmp.Compare(a.a.ID, b.a.ID))
	})
	v.leistung[w.a.Leistung] = l
	return nil
}

func ueberlappt(a, b *Angaben) bool {
	return (a.Bis.IsZero() || !a.Bis.Vor(b.Von)) && (b.Bis.IsZero() || !b.Bis.Vor(a.Von))
}

// InForce gives the versions that are valid for the Leistung on the day.
// The first decides: the one valid since later, then the higher version. A version
// that is switched off is among them and keeps its place, so that an older one does
// not step in for it unnoticed.
func (v *Verzeichnis) InForce(l tenant.Leistungsschluessel, tag datum.Datum) []*Pruefer {
	v.mu.RLock()
	alle := v.leistung[l]
	v.mu.RUnlock()
	var out []*Pruefer
	for _, p := range alle {
		if p.Regelwerk().Gilt(tag) {
			out = append(out, p)
		}
	}
	return out
}

// Find gives one version; false if it is not there.
func (v *Verzeichnis) Find(id string, nr int) (*Pruefer, bool) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	p, ok := v.pruefer[fassung{id, nr}]
	return p, ok
}

// Check runs the version in force for the Leistung on the Stichtag. None is
// [fehler.ErrNotFound]: the case goes to a person. Otherwise as [Pruefer.Check].
func (v *Verzeichnis) Check(ctx context.Context, l tenant.Leistungsschluessel, daten []byte, stichtag datum.Datum) (vorgang.Pruefprotokoll, error) {
	p := v.InForce(l, stichtag)
	if len(p) == 0 {
		return vorgang.Pruefprotokoll{}, fehler.New("pruefung.Check", string(l), fehler.ErrNotFound, nil)
	}
	return p[0].Check(ctx, daten, stichtag)
}

// Replay finds the version of the record and repeats it, see [Pruefer.Replay]. A
// version that is not there is [fehler.ErrNotFound].
func (v *Verzeichnis) Replay(ctx context.Context, alt vorgang.Pruefprotokoll, daten []byte) ([]byte, error) {
	p, ok := v.Find(alt.Regelwerk, alt.Fassung)
	if !ok {
		return nil, unbekannt("pruefung.Replay", alt.Regelwerk, alt.Fassung)
	}
	return p.Replay(ctx, alt, daten)
}

// Abschalten says what [Verzeichnis.SwitchOff] stops.
type Abschalten struct {
	ID      string
	Fassung int // 0 is all versions that are there
	Am      datum.Datum
	Grund   string
}

// SwitchOff stops automatic decisions by a version, or by all of an ID, at once,
// see [Pruefer.SwitchOff], and gives them to store. One that is not there is
// [fehler.ErrNotFound]. Versions added later are not stopped.
func (v *Verzeichnis) SwitchOff(a tenant.Akteur, s Abschalten) ([]*Regelwerk, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var out []*Regelwerk
	for k, p := range v.pruefer {
		if k.id != s.ID || s.Fassung != 0 && k.nr != s.Fassung {
			continue
		}
		w, err := p.SwitchOff(a, s.Am, s.Grund)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	if len(out) == 0 {
		return nil, unbekannt("pruefung.SwitchOff", s.ID, s.Fassung)
	}
	slices.SortFunc(out, func(x, y *Regelwerk) int { return cmp.Compare(x.a.Fassung, y.a.Fassung) })
	return out, nil
}
