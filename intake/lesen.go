package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func (a *Annahme) parse(ctx context.Context, l *Lieferung) (Inhalt, error) {
	r, err := l.Fachdaten.open(ctx)
	if err != nil {
		return Inhalt{}, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, a.limits.Fachdaten+1))
	if err != nil {
		return Inhalt{}, err
	}
	if int64(len(b)) > a.limits.Fachdaten {
		return Inhalt{}, fehler.Probleme{{Code: "intake.fachdaten-zu-gross", Pfad: "data",
			Meldung: fmt.Sprintf("larger than %d bytes", a.limits.Fachdaten), Hinweis: "Die Formulardaten sind zu groß."}}
	}
	d := Fachdaten{Schema: l.Schema, MIME: l.Fachdaten.MIME, Bytes: b}
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
		return inhalt, err
	}
	schema := short(l.Schema)
	return Inhalt{}, fehler.Probleme{{Code: "intake.schema-unbekannt", Pfad: "data", Meldung: "no parser takes schema " + schema,
		Hinweis: "Das Formular (" + schema + ") ist hier nicht eingerichtet."}}
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
