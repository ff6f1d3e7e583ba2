package frist

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"regexp"
	"slices"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/internal/overlay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

//go:embed vorwarnungen.json
var vorwarnungenJSON []byte

// Vorwarnstufe is one warning before the end of a period.
type Vorwarnstufe struct {
	// Werktage is how many working days before; 0 is the last day itself.
	Werktage int `json:"werktage"`
	// Rolle is who is warned.
	Rolle tenant.Rolle `json:"rolle"`
}

// Vorwarnungsplan holds the stages for one purpose.
type Vorwarnungsplan struct {
	Zweck  Zweck          `json:"zweck"`
	Stufen []Vorwarnstufe `json:"stufen"`
}

// Vorwarnplan says for each purpose when to warn and whom. It is no law but a
// choice of the Mandant. Immutable and safe for concurrent use; the zero value
// warns of nothing.
type Vorwarnplan struct {
	stand  string
	plaene []Vorwarnungsplan
}

type vorwarnDatei struct {
	Stand  string            `json:"stand"`
	Plaene []Vorwarnungsplan `json:"plaene"`
}

var standardVorwarnplan = sync.OnceValue(func() *Vorwarnplan {
	p, err := loadVorwarnplan(bytes.NewReader(vorwarnungenJSON), &Vorwarnplan{})
	if err != nil {
		// The file is part of the program and loaded by the tests.
		panic("frist: vorwarnungen.json: " + err.Error())
	}
	return p
})

// StandardVorwarnplan gives the stages that ship with the package.
func StandardVorwarnplan() *Vorwarnplan { return standardVorwarnplan() }

// LoadVorwarnplanOptions configures [LoadVorwarnplan]. Nil means defaults.
type LoadVorwarnplanOptions struct {
	// Basis is the plan the file is put over; nil is [StandardVorwarnplan].
	Basis *Vorwarnplan
}

// LoadVorwarnplan reads the choice of a Mandant: JSON {stand, plaene} in the form
// of vorwarnungen.json. A purpose it names is replaced whole, with an empty list
// nobody is warned; the others stay. Every broken stage is one problem in an
// error of kind [fehler.ErrInvalid].
func LoadVorwarnplan(r io.Reader, o *LoadVorwarnplanOptions) (*Vorwarnplan, error) {
	if o != nil && o.Basis != nil {
		return loadVorwarnplan(r, o.Basis)
	}
	return loadVorwarnplan(r, StandardVorwarnplan())
}

func loadVorwarnplan(r io.Reader, basis *Vorwarnplan) (*Vorwarnplan, error) {
	const op = "frist.LoadVorwarnplan"
	var d vorwarnDatei
	if err := decode(r, &d); err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	if p := pruefeVorwarnplan(d); len(p) > 0 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, p)
	}
	return &Vorwarnplan{stand: d.Stand, plaene: overlay.Put(basis.plaene, d.Plaene, func(p *Vorwarnungsplan) string { return string(p.Zweck) })}, nil
}

// Bounds of a plan; a year has about 250 working days.
const (
	maxStufen   = 20
	maxWerktage = 250
)

var rolleForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,63}$`)

func pruefeVorwarnplan(d vorwarnDatei) fehler.Probleme {
	p := &pruefer{}
	p.fordere(len(d.Stand) <= maxLaenge, "text-lang", "/stand", "text too long", "Der Text ist zu lang.")
	gesehen := map[Zweck]bool{}
	for i, plan := range d.Plaene {
		p.pfad = fmt.Sprintf("/plaene/%d", i)
		p.fordere(slices.Contains(zwecke, plan.Zweck), "vorwarnung-zweck", "/zweck", "unknown purpose", "Der Zweck ist unbekannt.")
		p.fordere(!gesehen[plan.Zweck], "vorwarnung-doppelt", "/zweck", "purpose twice in one file", "Der Zweck kommt in der Datei zweimal vor.")
		gesehen[plan.Zweck] = true
		p.fordere(len(plan.Stufen) <= maxStufen, "vorwarnung-anzahl", "/stufen", "too many stages", "Der Plan hat zu viele Stufen.")
		for j, s := range plan.Stufen {
			p.fordere(s.Werktage >= 0 && s.Werktage <= maxWerktage, "vorwarnung-werktage", "/stufen", "working days out of range", "Die Zahl der Werktage liegt nicht zwischen 0 und 250.")
			p.fordere(rolleForm.MatchString(string(s.Rolle)), "vorwarnung-rolle", "/stufen", "role missing or malformed", "Die Rolle fehlt oder hat nicht die übliche Form.")
			p.fordere(!slices.Contains(plan.Stufen[:j], s), "vorwarnung-doppelt", "/stufen", "stage twice", "Eine Stufe kommt zweimal vor.")
		}
	}
	return p.probleme
}

// Stand is the day of the plan as the last file loaded says it.
func (p *Vorwarnplan) Stand() string { return p.stand }

// Plaene gives all plans in the order they were loaded. The slices are the caller's.
func (p *Vorwarnplan) Plaene() []Vorwarnungsplan {
	out := slices.Clone(p.plaene)
	for i := range out {
		out[i].Stufen = slices.Clone(out[i].Stufen)
	}
	return out
}

// stufen gives the stages of a purpose, the furthest first.
func (p *Vorwarnplan) stufen(z Zweck) []Vorwarnstufe {
	for _, plan := range p.plaene {
		if plan.Zweck == z {
			out := slices.Clone(plan.Stufen)
			slices.SortStableFunc(out, func(a, b Vorwarnstufe) int { return b.Werktage - a.Werktage })
			return out
		}
	}
	return nil
}
