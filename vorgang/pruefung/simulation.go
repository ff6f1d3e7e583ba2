package pruefung

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// MaxAenderungen is how many changed cases a Simulation lists; it counts them all.
const MaxAenderungen = 10000

// Fall is an old case: its data and the record of its Pruefung.
type Fall struct {
	ID    string // for the caller; never personal data
	Daten []byte
	Alt   vorgang.Pruefprotokoll
}

// SimulateOptions configures [Simulate]. Nil means defaults.
type SimulateOptions struct {
	// Fragen lets new rules ask what the old record does not answer. Without it such
	// a rule sends the case to a person.
	Fragen bool
	// Fortschritt is told after each case, in the goroutine of Simulate.
	Fortschritt func(SimulationsStand)
}

// SimulationsStand is how far a Simulation is.
type SimulationsStand struct {
	Faelle    int `json:"faelle"`
	Geaendert int `json:"geaendert"`
	Unlesbar  int `json:"unlesbar"`
}

// Simulation is what new rules would have made of old cases.
type Simulation struct {
	SimulationsStand
	// Matrix counts the cases by outcome, old and new, those without change too,
	// sorted.
	Matrix []Uebergang `json:"matrix"`
	// Aenderungen are the first [MaxAenderungen] cases whose outcome or any rule
	// came out otherwise, in the order of the cases.
	Aenderungen []Aenderung `json:"aenderungen,omitempty"`
}

// Uebergang is one cell of the matrix.
type Uebergang struct {
	Alt    vorgang.Pruefausgang `json:"alt"`
	Neu    vorgang.Pruefausgang `json:"neu,omitempty"`
	Anzahl int                  `json:"anzahl"`
}

// Aenderung is one case that would come out otherwise.
type Aenderung struct {
	Fall string               `json:"fall"`
	Alt  vorgang.Pruefausgang `json:"alt"`
	Neu  vorgang.Pruefausgang `json:"neu,omitempty"`
	// Regeln whose outcome differs, by id; a side without the rule is empty.
	Regeln []Regelwechsel `json:"regeln,omitempty"`
	// Unlesbar are the problems of data that can no longer be read; then Neu is empty.
	Unlesbar fehler.Probleme `json:"unlesbar,omitempty"`
}

// Regelwechsel is a rule that comes out otherwise.
type Regelwechsel struct {
	Regel string                `json:"regel"`
	Alt   vorgang.Regelergebnis `json:"alt"`
	Neu   vorgang.Regelergebnis `json:"neu"`
}

// Simulate runs rules over old cases on their old Stichtag, as if they had been
// released, switched on and valid then, and with the old draw of the sample, so
// that only what the rules say makes a difference. Nothing is stored. An error of
// the sequence, or the end of ctx, stops it: then the part done comes back with the
// error.
func Simulate(ctx context.Context, neu *Pruefer, faelle iter.Seq2[Fall, error], o *SimulateOptions) (Simulation, error) {
	if o == nil {
		o = &SimulateOptions{}
	}
	var s Simulation
	matrix := map[[2]vorgang.Pruefausgang]int{}
	err := s.laufe(ctx, neu, faelle, o, matrix)
	for k, n := range matrix {
		s.Matrix = append(s.Matrix, Uebergang{k[0], k[1], n})
	}
	slices.SortFunc(s.Matrix, func(a, b Uebergang) int { return cmp.Or(cmp.Compare(a.Alt, b.Alt), cmp.Compare(a.Neu, b.Neu)) })
	return s, err
}

func (s *Simulation) laufe(ctx context.Context, neu *Pruefer, faelle iter.Seq2[Fall, error], o *SimulateOptions, matrix map[[2]vorgang.Pruefausgang]int) error {
	const op = "pruefung.Simulate"
	for f, err := range faelle {
		if err != nil {
			return fehler.New(op, f.ID, nil, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		pr, err := neu.laufe(ctx, op, f.Daten, f.Alt.Stichtag, art{band: aufBand(f.Alt.Nachschlaege), nurBand: !o.Fragen, probe: &f.Alt.Gezogen})
		probleme := fehler.ProblemeIn(err)
		if err != nil && probleme == nil {
			return err
		}
		s.Faelle++
		a := Aenderung{Fall: f.ID, Alt: f.Alt.Ausgang, Neu: pr.Ausgang, Unlesbar: probleme}
		if err != nil {
			s.Unlesbar++
		} else {
			a.Regeln = wechsel(f.Alt.Regeln, pr.Regeln)
		}
		matrix[[2]vorgang.Pruefausgang{a.Alt, a.Neu}]++
		if a.Alt != a.Neu || len(a.Regeln) > 0 {
			s.Geaendert++
			if len(s.Aenderungen) < MaxAenderungen {
				s.Aenderungen = append(s.Aenderungen, a)
			}
		}
		if o.Fortschritt != nil {
			o.Fortschritt(s.SimulationsStand)
		}
	}
	return ctx.Err()
}

func wechsel(alt, neu []vorgang.Regelergebnis) []Regelwechsel {
	beide := map[string]*Regelwechsel{}
	von := func(id string) *Regelwechsel {
		if beide[id] == nil {
			beide[id] = &Regelwechsel{Regel: id}
		}
		return beide[id]
	}
	for _, e := range alt {
		e.Kosten = 0 // what a rule costs is no outcome
		von(e.Regel).Alt = e
	}
	for _, e := range neu {
		e.Kosten = 0
		von(e.Regel).Neu = e
	}
	var out []Regelwechsel
	for _, id := range slices.Sorted(maps.Keys(beide)) {
		if w := beide[id]; w.Alt != w.Neu {
			out = append(out, *w)
		}
	}
	return out
}
