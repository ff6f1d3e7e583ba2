package person

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/go-playground/validator/v10"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Limits of a [Pruefer].
const (
	// MaxBytes is the largest document [Pruefer.Decode] reads.
	MaxBytes = 1 << 18
	// MaxProbleme is how many problems are told of one value.
	MaxProbleme = 100
)

// Options of a [Pruefer].
type Options struct {
	// Now is the clock; dates of birth after its day in Germany are refused. nil
	// is [time.Now].
	Now func() time.Time
}

// Pruefer checks the types of this package and any other struct with the same
// tags. It holds its own validator and shares nothing with others. Safe for
// concurrent use.
type Pruefer struct {
	v     *validator.Validate
	now   func() time.Time
	namen sync.Map // reflect.Type -> map[string]reflect.Type, see felder
}

// New gives a Pruefer; nil options are the defaults. It costs more than a check:
// make one and keep it.
func New(o *Options) *Pruefer {
	p := &Pruefer{v: validator.New(validator.WithRequiredStructEnabled(), validator.WithTagNameFuncBlankOmit()), now: time.Now}
	if o != nil && o.Now != nil {
		p.now = o.Now
	}
	p.v.RegisterTagNameFunc(feldname)
	p.register()
	return p
}

// Check runs the rules of a struct or a pointer to one; nil means all hold. What
// breaks is a [fehler.Probleme] in the order of the fields, at most MaxProbleme.
// What is no struct, and a tag that names no rule or has a wrong parameter, is a
// mistake of the program: an error of kind [fehler.ErrUnsupported].
//
// A JSON pointer can be given for fields of structs and elements of lists; rules
// on values of a map name its key and do not belong here.
func (p *Pruefer) Check(x any) (err error) {
	const op = "person.Check"
	defer func() {
		// The validator panics on tags it does not know.
		if r := recover(); r != nil {
			if e, ok := r.(runtime.Error); ok {
				panic(e)
			}
			err = fehler.New(op, "", fehler.ErrUnsupported, fmt.Errorf("a rule of %T cannot be run", x))
		}
	}()
	err = p.v.Struct(x)
	if err == nil {
		return nil
	}
	var feldfehler validator.ValidationErrors
	if !errors.As(err, &feldfehler) {
		return fehler.New(op, "", fehler.ErrUnsupported, fmt.Errorf("%T is no struct", x))
	}
	typ := reflect.TypeOf(x)
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	var out fehler.Probleme
	for _, f := range feldfehler[:min(len(feldfehler), MaxProbleme)] {
		out = append(out, problem(f, zeiger(strings.TrimPrefix(f.Namespace(), typ.Name()+"."))))
	}
	return out
}

// heute is the day in Germany.
func (p *Pruefer) heute() datum.Datum { return datum.Von(p.now()) }

// feldname is the name of a field in JSON; empty for an embedded one, whose fields
// stand beside it.
func feldname(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name == "" && f.Anonymous:
		return ""
	case name == "" || name == "-":
		return f.Name
	}
	return name
}

// zeiger makes a JSON pointer of the path of the validator: "a.b[0].c".
func zeiger(pfad string) string {
	var b strings.Builder
	for teil := range strings.SplitSeq(pfad, ".") {
		name, rest, _ := strings.Cut(teil, "[")
		b.WriteString("/" + name)
		for rest != "" {
			var i string
			i, rest, _ = strings.Cut(rest, "]")
			b.WriteString("/" + i)
			rest = strings.TrimPrefix(rest, "[")
		}
	}
	return b.String()
}
