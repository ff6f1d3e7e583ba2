package pruefung

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Bounds of look-ups.
const (
	MaxFragen    = 100      // different questions of one Pruefung
	MaxAntwort   = 64 << 10 // bytes of one answer, and of the arguments of one question
	kostenFrage  = 100      // what a question costs a rule
	ohneAnspruch = 100      // assumed size of a text or list that the schema does not bound
)

// Nachschlagen answers a question of a rule. Arguments are nil, bool, int64,
// float64, string, []any and map[string]any; dates come as text JJJJ-MM-TT. The
// answer is anything that marshals to JSON within [MaxAntwort]. An error, or a
// panic, sends the case to a person; its text is not kept. The function must be
// safe for concurrent use and should end when ctx does.
type Nachschlagen func(ctx context.Context, argumente []any) (any, error)

// lauf is one Pruefung in progress: it asks, and records. It is the value of @lauf.
// It belongs to one goroutine.
type lauf struct {
	ctx     context.Context // a lauf lives as long as one call
	werke   map[string]Nachschlagen
	nurBand bool // answer from the record alone
	bekannt map[string]*vorgang.Nachschlag
	band    map[string]*vorgang.Nachschlag // what is known beforehand
	liste   []*vorgang.Nachschlag
	fehler  string // code of what went wrong in the rule at hand; the first counts
	abbruch error  // the context ended
}

func (l *lauf) merke(code string) ref.Val {
	if l.fehler == "" {
		l.fehler = code
	}
	return types.NewErr("%s", code)
}

func (l *lauf) frage(name string, args traits.Lister) ref.Val {
	baum, err := baumVon(args, 0)
	if err != nil {
		return l.merke(fehlerNachschlag)
	}
	roh := kanon(baum)
	if len(roh) > MaxAntwort {
		return l.merke(fehlerNachschlag)
	}
	schluessel := name + "\x00" + string(roh)
	n, ok := l.bekannt[schluessel]
	if !ok {
		if len(l.liste) >= MaxFragen {
			return l.merke(fehlerFragen)
		}
		if n = l.antwort(name, schluessel, roh, baum.([]any)); n == nil {
			return l.merke(fehlerBand)
		}
		if l.abbruch != nil {
			return l.merke(fehlerNachschlag)
		}
		l.bekannt[schluessel] = n
		l.liste = append(l.liste, n)
	}
	if n.Fehler {
		return l.merke(fehlerNachschlag)
	}
	v, p := lies(n.Ergebnis, 2*MaxAntwort)
	if p != nil {
		return l.merke(fehlerNachschlag)
	}
	return geordnet{}.NativeToValue(v)
}

// antwort takes the answer from the record or asks for it; nil if neither may be.
func (l *lauf) antwort(name, schluessel string, roh []byte, args []any) *vorgang.Nachschlag {
	if n, ok := l.band[schluessel]; ok {
		return n
	}
	if l.nurBand {
		return nil
	}
	n := &vorgang.Nachschlag{Name: name, Argumente: roh}
	if v, err := l.rufe(name, args); err != nil {
		n.Fehler = true
	} else {
		n.Ergebnis = v
	}
	if err := l.ctx.Err(); err != nil {
		l.abbruch = err
	}
	return n
}

func (l *lauf) rufe(name string, args []any) (out []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			out, err = nil, fmt.Errorf("panic in %s", name)
		}
	}()
	f := l.werke[name]
	if f == nil {
		return nil, errors.New("not registered")
	}
	v, err := f(l.ctx, args)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	baum, p := lies(b, MaxAntwort)
	if p != nil {
		return nil, errors.New(p.String())
	}
	return kanon(baum), nil
}

// aufBand makes the answers of a record findable, whatever a store did to the
// order of members.
func aufBand(liste []vorgang.Nachschlag) map[string]*vorgang.Nachschlag {
	band := make(map[string]*vorgang.Nachschlag, len(liste))
	for i := range liste {
		n := liste[i]
		args, p := lies(n.Argumente, 2*MaxAntwort)
		if p != nil {
			continue // a question that nobody asks so is found missing when it is asked
		}
		n.Argumente = kanon(args)
		if !n.Fehler {
			v, p := lies(n.Ergebnis, 2*MaxAntwort)
			if p != nil {
				continue
			}
			n.Ergebnis = kanon(v)
		}
		band[n.Name+"\x00"+string(n.Argumente)] = &n
	}
	return band
}

// A lauf is a CEL value that can do nothing but be passed to @frage.

func (l *lauf) ConvertToNative(reflect.Type) (any, error) { return nil, errors.New("unsupported") }
func (l *lauf) ConvertToType(ref.Type) ref.Val            { return types.NewErr("unsupported") }
func (l *lauf) Equal(o ref.Val) ref.Val                   { return types.Bool(ref.Val(l) == o) }
func (l *lauf) Type() ref.Type                            { return laufTyp }
func (l *lauf) Value() any                                { return l }
