package pruefung

import (
	"fmt"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Dates are timestamps at 00:00 UTC: CEL compares and sorts those. An expression
// cannot make another timestamp, so no time of day or zone gets in.

// datumsfunktionen are the functions of docs/pruefung.md. An argument that is a
// date may be given as text JJJJ-MM-TT.
func datumsfunktionen() []cel.EnvOption {
	zahl := func(name string, f func(a, b datum.Datum) int) cel.EnvOption {
		return zwei(name, cel.IntType, func(a, b datum.Datum) ref.Val { return types.Int(f(a, b)) })
	}
	return []cel.EnvOption{
		eins("datum", cel.TimestampType, alsWert),
		eins("jahr", cel.IntType, func(d datum.Datum) ref.Val { return types.Int(d.Jahr()) }),
		eins("monat", cel.IntType, func(d datum.Datum) ref.Val { return types.Int(d.Monat()) }),
		eins("tag", cel.IntType, func(d datum.Datum) ref.Val { return types.Int(d.Tag()) }),
		// Monday is 1.
		eins("wochentag", cel.IntType, func(d datum.Datum) ref.Val { return types.Int((int(d.Wochentag())+6)%7 + 1) }),
		zahl("tage", datum.Datum.TageBis),
		zahl("monate", Monate),
		zahl("alter", Alter),
		plus("plusTage", datum.Datum.AddTage),
		plus("plusMonate", datum.Datum.AddMonate),
	}
}

// Alter is the number of full years of life on the day: a year is complete at the
// start of the birthday (§ 187 (2) sentence 2, § 188 (2) BGB), for who was born on
// 29 February in other years on 1 March. Before the birth it is negative.
func Alter(geburt, tag datum.Datum) int {
	n := tag.Jahr() - geburt.Jahr()
	if tag.Monat() < geburt.Monat() || tag.Monat() == geburt.Monat() && tag.Tag() < geburt.Tag() {
		n--
	}
	return n
}

// Monate is the number of full months from a to b: the largest n for which a plus
// n months, shortened to the end of a short month (§ 188 (3) BGB), is not after b.
func Monate(a, b datum.Datum) int {
	n := (b.Jahr()-a.Jahr())*12 + int(b.Monat()) - int(a.Monat())
	if a.AddMonate(n).Nach(b) {
		n--
	}
	return n
}

var datumsarten = []struct {
	name string
	typ  *cel.Type
}{{"string", cel.StringType}, {"datum", cel.TimestampType}}

func eins(name string, typ *cel.Type, f func(datum.Datum) ref.Val) cel.EnvOption {
	var o []cel.FunctionOpt
	for _, x := range datumsarten {
		o = append(o, cel.Overload(name+"_"+x.name, []*cel.Type{x.typ}, typ, cel.UnaryBinding(func(v ref.Val) ref.Val {
			d, err := alsDatum(v)
			if err != nil {
				return err
			}
			return f(d)
		})))
	}
	return cel.Function(name, o...)
}

func zwei(name string, typ *cel.Type, f func(a, b datum.Datum) ref.Val) cel.EnvOption {
	var o []cel.FunctionOpt
	for _, x := range datumsarten {
		for _, y := range datumsarten {
			o = append(o, cel.Overload(name+"_"+x.name+"_"+y.name, []*cel.Type{x.typ, y.typ}, typ, cel.BinaryBinding(func(v, w ref.Val) ref.Val {
				a, err := alsDatum(v)
				if err != nil {
					return err
				}
				b, err := alsDatum(w)
				if err != nil {
					return err
				}
				return f(a, b)
			})))
		}
	}
	return cel.Function(name, o...)
}

// plus keeps every date within the calendar.
func plus(name string, f func(datum.Datum, int) datum.Datum) cel.EnvOption {
	var o []cel.FunctionOpt
	for _, x := range datumsarten {
		o = append(o, cel.Overload(name+"_"+x.name, []*cel.Type{x.typ, cel.IntType}, cel.TimestampType, cel.BinaryBinding(func(v, w ref.Val) ref.Val {
			d, err := alsDatum(v)
			if err != nil {
				return err
			}
			n, ok := w.(types.Int)
			if !ok || n < -200000 || n > 200000 {
				return types.NewErr("number out of range")
			}
			return alsWert(f(d, int(n)))
		})))
	}
	return cel.Function(name, o...)
}

func alsDatum(v ref.Val) (datum.Datum, ref.Val) {
	switch v := v.(type) {
	case types.String:
		d, err := datum.Parse(string(v))
		if err != nil || !imKalender(d) {
			return datum.Datum{}, types.NewErr("not a date of the form JJJJ-MM-TT from %d to %d", minJahr, maxJahr)
		}
		return d, nil
	case types.Timestamp:
		t := v.Time.UTC()
		return datum.New(t.Year(), t.Month(), t.Day()), nil
	}
	return datum.Datum{}, types.MaybeNoSuchOverloadErr(v)
}

func alsWert(d datum.Datum) ref.Val {
	if !imKalender(d) {
		return types.WrapErr(fmt.Errorf("date out of range"))
	}
	return types.Timestamp{Time: time.Date(d.Jahr(), d.Monat(), d.Tag(), 0, 0, 0, 0, time.UTC)}
}
