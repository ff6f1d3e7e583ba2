package messaging

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Kanal is a mailbox system. Implementations must be safe for concurrent use.
//
// Deliver brings the Sendung to the address and returns when the mailbox system
// has taken responsibility for it. The same Sendung.ID again returns the first
// Quittung without delivering twice. Errors match [fehler.ErrUnavailable] if
// trying again later may help, [fehler.ErrInvalid] if this Sendung can never be
// delivered here, and [fehler.ErrNotFound] if the address does not exist. A
// Sendung without ID (it could not be told from another) and one beyond the
// Faehigkeiten (see [Faehigkeiten.Check]) match ErrInvalid. Context errors are
// returned unwrapped, and nothing is delivered under a context that has ended.
// Deliver closes every reader it opens. The Quittung names the Sendung and the
// Kanal; its Zeit is UTC in microseconds. A Kanal whose mailbox system does not know a
// message it has already answers with an error that [IstUnsicher] where another would have to ask again.
// Package messagingtest tests every sentence of this.
type Kanal interface {
	// Name is the stable name used in Adresse.Kanal; never empty.
	Name() string
	// Faehigkeiten are the same at every call.
	Faehigkeiten() Faehigkeiten
	Deliver(ctx context.Context, s Sendung) (Quittung, error)
}

// Faehigkeiten are the limits and abilities of a Kanal. The zero value is a
// Kanal without limits that can neither carry decisions nor replies.
type Faehigkeiten struct {
	// MaxAnhaenge and MaxGroesse (bytes, all attachments together); 0 is no limit.
	MaxAnhaenge int
	MaxGroesse  int64
	// Antwort: the recipient can reply through the Kanal.
	Antwort bool
	// Papier: the recipient gets paper. A refusal of electronic decisions does
	// not stand against it.
	Papier bool
	// Bescheid: decisions may be delivered through the Kanal.
	Bescheid bool
	// Bekanntgabe is the legal way a decision takes here, a Kanal code of package
	// bescheid/frist such as "post" or "postfach"; mandatory with Bescheid.
	Bekanntgabe string
}

// Router chooses the Kanal for a Nachricht: the recipient's addresses in their
// order, then the fallback. Safe for concurrent use.
type Router struct {
	kanaele  []Kanal
	fallback []string
}

// RouterOptions are the defaults of a Router.
type RouterOptions struct {
	// Fallback names the Kanaele tried when no address of the recipient fits, in
	// order; they are addressed by the recipient's Anschrift and passed over if
	// there is none or they cannot carry the Nachricht.
	Fallback []string
}

// NewRouter makes a Router over the Kanaele. Two with the same name are
// fehler.ErrExists, a fallback without a Kanal is fehler.ErrNotFound.
func NewRouter(kanaele []Kanal, o *RouterOptions) (*Router, error) {
	if o == nil {
		o = &RouterOptions{}
	}
	seen := map[string]bool{}
	for _, k := range kanaele {
		if seen[k.Name()] {
			return nil, fehler.New("messaging.NewRouter", k.Name(), fehler.ErrExists, nil)
		}
		seen[k.Name()] = true
	}
	for _, name := range o.Fallback {
		if !seen[name] {
			return nil, fehler.New("messaging.NewRouter", name, fehler.ErrNotFound, nil)
		}
	}
	return &Router{kanaele: slices.Clone(kanaele), fallback: slices.Clone(o.Fallback)}, nil
}

// Wahl is a chosen way with its reasons.
type Wahl struct {
	Kanal   Kanal
	Adresse Adresse
	// Gruende in German: why this Kanal and why not the earlier ones.
	Gruende []string
}

// Begruendung is the reasons as one text.
func (w Wahl) Begruendung() string { return strings.Join(w.Gruende, " ") }

// Choose finds the way for a Nachricht. Without one it returns Probleme with
// code "messaging.kein-kanal".
func (r *Router) Choose(e Empfaenger, n Nachricht) (Wahl, error) {
	var gruende []string
	for _, a := range e.Adressen {
		k := r.kanal(a.Kanal)
		if k == nil {
			gruende = append(gruende, fmt.Sprintf("Kanal %s ist hier nicht eingerichtet.", a.Kanal))
			continue
		}
		if g := hindernis(k.Faehigkeiten(), e, n); g != "" {
			gruende = append(gruende, fmt.Sprintf("Kanal %s: %s", a.Kanal, g))
			continue
		}
		gruende = append(gruende, fmt.Sprintf("Kanal %s ist angegeben und geeignet.", a.Kanal))
		return Wahl{Kanal: k, Adresse: a, Gruende: gruende}, nil
	}
	if len(e.Adressen) == 0 {
		gruende = append(gruende, "Es ist keine Adresse angegeben.")
	}
	if len(r.fallback) > 0 && e.Anschrift.IsZero() {
		gruende = append(gruende, "Ersatzwege brauchen eine Anschrift.")
	}
	for _, name := range r.fallback {
		if e.Anschrift.IsZero() {
			break
		}
		if g := hindernis(r.kanal(name).Faehigkeiten(), e, n); g != "" {
			gruende = append(gruende, fmt.Sprintf("Ersatzweg %s: %s", name, g))
			continue
		}
		gruende = append(gruende, fmt.Sprintf("Ersatzweg %s.", name))
		return Wahl{Kanal: r.kanal(name), Adresse: Adresse{Kanal: name}, Gruende: gruende}, nil
	}
	return Wahl{}, fehler.Probleme{{
		Code: "messaging.kein-kanal", Meldung: "no channel fits: " + strings.Join(gruende, " "),
		Hinweis: "Es gibt keinen geeigneten Weg zum Empfänger. " + strings.Join(gruende, " "),
	}}
}

// Kanal gives the Kanal with the name; false if there is none.
func (r *Router) Kanal(name string) (Kanal, bool) {
	k := r.kanal(name)
	return k, k != nil
}

func (r *Router) kanal(name string) Kanal {
	for _, k := range r.kanaele {
		if k.Name() == name {
			return k
		}
	}
	return nil
}

// Check tells whether the Kanal can carry the Nachricht at all: decisions, and
// number and size of attachments. What stands against it is [fehler.Probleme].
func (f Faehigkeiten) Check(n Nachricht) error {
	if g := f.hindernis(n); g != "" {
		return fehler.Probleme{{
			Code: "messaging.faehigkeit", Pfad: n.ID.String(), Meldung: "the channel does not carry this message",
			Hinweis: "Dieser Weg kann die Nachricht nicht befördern: " + g,
		}}
	}
	return nil
}

func (f Faehigkeiten) hindernis(n Nachricht) string {
	if n.Art == BescheidArt && !f.Bescheid {
		return "für Bescheide nicht zugelassen."
	}
	if f.MaxAnhaenge > 0 && len(n.Anhaenge) > f.MaxAnhaenge {
		return fmt.Sprintf("höchstens %d Anhänge.", f.MaxAnhaenge)
	}
	var sum int64
	for _, a := range n.Anhaenge {
		sum += a.Groesse
	}
	if f.MaxGroesse > 0 && sum > f.MaxGroesse {
		return fmt.Sprintf("Anhänge über %d Bytes.", f.MaxGroesse)
	}
	return ""
}

func hindernis(f Faehigkeiten, e Empfaenger, n Nachricht) string {
	if g := f.hindernis(n); g != "" {
		return g
	}
	if f.Papier {
		return "" // no consent is needed for paper, and a letter can be answered
	}
	if n.Art == BescheidArt && e.DigitalerBescheid != nil && !*e.DigitalerBescheid {
		return "der Empfänger will keinen elektronischen Bescheid."
	}
	if n.Antwort == AntwortErwartet && !f.Antwort {
		return "eine Antwort ist darüber nicht möglich."
	}
	return ""
}
