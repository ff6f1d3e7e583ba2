package intake

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Scanner looks for malware; package clamd asks a ClamAV daemon. Implementations are safe
// for concurrent use.
type Scanner interface {
	// Scan reads r to its end, unless it finds something before, and gives the name of
	// what it found; empty means clean. An error means that it does not know: the delivery
	// is then not decided and must be offered again.
	Scan(ctx context.Context, r io.Reader) (fund string, err error)
}

// scan gives a problem for each part in which the Scanner found something.
func (a *Annahme) scan(ctx context.Context, l *Lieferung) (p fehler.Probleme, err error) {
	if a.o.Scanner == nil {
		return nil, nil
	}
	for _, t := range l.teile() {
		fund, err := a.scanTeil(ctx, t)
		if err != nil {
			return nil, err
		}
		if fund != "" {
			pfad := t.ID.String()
			if t == &l.Fachdaten {
				pfad = "data"
			}
			p = append(p, fehler.Problem{Code: "intake.schadsoftware", Pfad: pfad, Meldung: fmt.Sprintf("malware found: %s", kurzerFund(fund)),
				Hinweis: "In einer Datei wurde Schadsoftware gefunden. Bitte prüfen Sie Ihr Gerät und senden Sie den Antrag ohne diese Datei noch einmal."})
		}
	}
	return p, nil
}

func (a *Annahme) scanTeil(ctx context.Context, t *Teil) (string, error) {
	r, err := t.open(ctx)
	if err != nil {
		return "", err
	}
	defer r.Close()
	return a.o.Scanner.Scan(ctx, r)
}

// kurzerFund keeps the letters of a signature's name; it comes from outside.
func kurzerFund(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r == '_' || r == '/' || r == ':' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, s)
	if len(s) > 100 {
		s = s[:100]
	}
	return s
}
