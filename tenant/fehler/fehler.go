// Package fehler holds the few error kinds every floor of Fachwerk shares, and
// the Problem: a validation failure as a value, with a stable code and a German
// sentence for the clerk.
//
// Kinds are matched with [errors.Is]. Errors are wrapped once, with operation
// and key, by the package that knows both; context errors are never wrapped.
// No error text contains personal data.
package fehler

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The kinds. Every error that leaves a Fachwerk package and is not a context
// error matches at most one of them: the one its outermost [Fehler] names.
var (
	// ErrNotFound: the thing does not exist, or not for this Mandant.
	ErrNotFound = errors.New("not found")
	// ErrExists: a thing with this key is there already.
	ErrExists = errors.New("already exists")
	// ErrConflict: the thing changed since it was read; load again and retry.
	ErrConflict = errors.New("conflict")
	// ErrForbidden: the Akteur has no right to do this, or Vier-Augen forbids it.
	ErrForbidden = errors.New("forbidden")
	// ErrInvalid: the input breaks a rule; see [Probleme] for the list.
	ErrInvalid = errors.New("invalid")
	// ErrUnsupported: this backend or adapter cannot do it. It matches [errors.ErrUnsupported].
	ErrUnsupported error = unsupported{}
	// ErrUnavailable: something outside is not reachable now; trying again later may help.
	ErrUnavailable = errors.New("unavailable")
)

type unsupported struct{}

func (unsupported) Error() string        { return "unsupported" }
func (unsupported) Is(target error) bool { return target == errors.ErrUnsupported }

// Fehler is an error with its operation, key and kind. It unwraps to both kind
// and cause; the cause keeps everything but its own kind, which Art replaces.
type Fehler struct {
	Op  string // package and operation, such as "storage.Edit"
	Key string // id of the thing; never personal data
	Art error  // one of the kinds above
	Err error  // the cause; may be nil
}

// New makes a Fehler. A cause that is a context error is returned as it is.
func New(op, key string, art, err error) error {
	if err != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return err
	}
	return &Fehler{Op: op, Key: key, Art: art, Err: err}
}

func (f *Fehler) Error() string {
	var b strings.Builder
	b.WriteString(f.Op)
	if f.Key != "" {
		b.WriteString(" " + f.Key)
	}
	if f.Art != nil {
		b.WriteString(": " + f.Art.Error())
	}
	if f.Err != nil {
		if t := f.Err.Error(); f.Art == nil || t != f.Art.Error() {
			b.WriteString(": " + t)
		}
	}
	return b.String()
}

// Unwrap gives kind and cause.
func (f *Fehler) Unwrap() []error {
	var out []error
	if f.Art != nil {
		out = append(out, f.Art)
	}
	switch {
	case f.Err == nil:
	case f.Art == nil:
		out = append(out, f.Err)
	default:
		out = append(out, ursache{f.Err})
	}
	return out
}

// ursache is a cause whose kind no longer counts: a refusal (ErrForbidden) that
// explains itself with Probleme must not match ErrInvalid as well.
type ursache struct{ err error }

func (u ursache) Error() string { return u.err.Error() }

func (u ursache) Is(target error) bool {
	switch target {
	case ErrNotFound, ErrExists, ErrConflict, ErrForbidden, ErrInvalid, ErrUnsupported, ErrUnavailable, errors.ErrUnsupported:
		return false
	}
	return errors.Is(u.err, target)
}

func (u ursache) As(target any) bool { return errors.As(u.err, target) }

// Problem is one broken rule.
type Problem struct {
	// Code is stable, lower-case, dotted: "intake.hash-mismatch".
	Code string `json:"code"`
	// Pfad says where: a JSON pointer, a file name or an id; may be empty.
	Pfad string `json:"pfad,omitempty"`
	// Meldung is the English text for the log, without personal data.
	Meldung string `json:"meldung"`
	// Hinweis is the German sentence for the clerk: what is wrong and what to do.
	Hinweis string `json:"hinweis"`
}

func (p Problem) String() string {
	if p.Pfad == "" {
		return p.Code + ": " + p.Meldung
	}
	return fmt.Sprintf("%s at %s: %s", p.Code, p.Pfad, p.Meldung)
}

// Probleme is a list of broken rules and an error of kind ErrInvalid.
type Probleme []Problem

func (p Probleme) Error() string {
	texts := make([]string, len(p))
	for i, q := range p {
		texts[i] = q.String()
	}
	return "invalid: " + strings.Join(texts, "; ")
}

// Is makes every list match ErrInvalid.
func (p Probleme) Is(target error) bool { return target == ErrInvalid }

// ProblemeIn finds the list of problems inside an error, or nil.
func ProblemeIn(err error) Probleme {
	if p, ok := errors.AsType[Probleme](err); ok {
		return p
	}
	return nil
}
