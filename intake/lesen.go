package intake

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func (a *Annahme) parse(ctx context.Context, l *Lieferung, d Fachdaten) (Inhalt, error) {
	for _, p := range a.parser(l) {
		if !p.Detect(d) {
			continue
		}
		inhalt, err := runParser(ctx, p, d)
		if q := fehler.ProblemeIn(err); q != nil && len(q) == 0 {
			return Inhalt{}, fehler.New("intake.Parse", p.Name(), fehler.ErrUnavailable, errors.New("the Parser refused without a reason"))
		}
		if err == nil && len(inhalt.Daten) > 0 && !json.Valid(inhalt.Daten) {
			return Inhalt{}, fehler.New("intake.Parse", p.Name(), fehler.ErrUnavailable, errors.New("the Parser gave no JSON"))
		}
		if err == nil {
			err = a.complete(ctx, p, l)
		}
		return inhalt, err
	}
	schema := short(l.Schema)
	return Inhalt{}, fehler.Probleme{{Code: "intake.schema-unbekannt", Pfad: "data", Meldung: "no parser takes schema " + schema,
		Hinweis: "Das Formular (" + schema + ") ist hier nicht eingerichtet."}}
}

// Completer is what a Parser may be besides: it fills in what the channel did not say
// (Leistung, Ort, Referenz, ways to answer, names of files) from the form. What is set it
// leaves as it is, and again it comes to the same. Problems as of Parse.
type Completer interface {
	Complete(ctx context.Context, l *Lieferung) error
}

// complete lets the Parser fill in the rest; names from the form are as hostile as those
// from the channel.
func (a *Annahme) complete(ctx context.Context, p Parser, l *Lieferung) (err error) {
	c, ok := p.(Completer)
	if !ok {
		return nil
	}
	defer func() {
		if recover() != nil {
			err = fehler.New("intake.Complete", p.Name(), fehler.ErrUnavailable, errors.New("the Parser panicked"))
		}
	}()
	if err := c.Complete(ctx, l); err != nil {
		return err
	}
	for _, t := range l.teile() {
		t.Name = safeName(t.Name)
	}
	return nil
}

// short bounds what a sender wrote, for messages.
func short(s string) string {
	if len(s) > 200 {
		return strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// runParser: a Parser that panics judged nothing; the delivery is offered again.
func runParser(ctx context.Context, p Parser, d Fachdaten) (_ Inhalt, err error) {
	defer func() {
		if recover() != nil { // its text may quote the data
			err = fehler.New("intake.Parse", p.Name(), fehler.ErrUnavailable, errors.New("the Parser panicked"))
		}
	}()
	return p.Parse(ctx, d)
}
