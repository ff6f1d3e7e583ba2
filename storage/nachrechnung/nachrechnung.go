// Package nachrechnung recomputes the Vorgaenge of a Mandant after a change of law: a new fee
// table, a corrected rule, a new holiday. A run first tells what would be otherwise
// ([Lauf.Simulate]), then a person and a second person let it be done ([Lauf.Apply]): what nobody
// outside relies on yet is changed, the rest is handed to whoever works on the Vorgang.
//
// A run may be broken off and begun again: what was done is not done twice. Its cost per
// Vorgang does not grow with their number.
package nachrechnung

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Params of a run.
type Params struct {
	Mandant tenant.ID
	// Name of the run, 1 to vorgang.MaxLauf bytes, such as "GebO 2027". It ties the parts of a
	// run that was broken off.
	Name string
	// Rechner and Gebuehren are the law as it is now; nil leaves days or fees alone. One is
	// mandatory.
	Rechner   *frist.Rechner
	Gebuehren *gebuehr.Tabelle
}

// Options; nil means defaults.
type Options struct {
	// Now is the clock; it must be the one of the Store. Default time.Now.
	Now func() time.Time
	// Filter narrows the Vorgaenge. Its Status is set by the run: only open ones have
	// something that can change.
	Filter storage.Filter
	// Cursor goes on where a Bericht ended.
	Cursor string
	// Seite is how many Vorgaenge are listed at once, 1 to storage.MaxLimit; default 200.
	Seite int
	// Fortschritt is told after each page.
	Fortschritt func(Bericht)
}

// Bericht says how far a run is.
type Bericht struct {
	// Vorgaenge that were looked at, and those in which something differs.
	Vorgaenge, Betroffen int
	// Geaendert and Vorgelegt are differences by what became of them.
	Geaendert, Vorgelegt int
	// Cursor goes on after the last page that is done; empty at the end.
	Cursor string
}

// Befund is what differs in one Vorgang.
type Befund struct {
	Vorgang      uuid.UUID
	Nummer       string
	Einheit      string
	Abweichungen []vorgang.Abweichung
}

// Lauf is a run. Safe for concurrent use.
type Lauf struct {
	s *storage.Store
	p Params
	o Options
}

// New checks the parts; what is wrong is fehler.ErrInvalid.
func New(s *storage.Store, p Params, o *Options) (*Lauf, error) {
	l := &Lauf{s: s, p: p}
	if o != nil {
		l.o = *o
	}
	if l.o.Now == nil {
		l.o.Now = time.Now
	}
	if l.o.Seite == 0 {
		l.o.Seite = 200
	}
	var err error
	switch {
	case s == nil || p.Mandant == "":
		err = errors.New("store and Mandant are mandatory")
	case p.Name == "" || len(p.Name) > vorgang.MaxLauf:
		err = errors.New("the name of the run is empty or too long")
	case p.Rechner == nil && p.Gebuehren == nil:
		err = errors.New("neither Rechner nor Gebuehren is given")
	case len(l.o.Filter.Status) > 0:
		err = errors.New("the run chooses the Status itself")
	case l.o.Seite < 1 || l.o.Seite > storage.MaxLimit:
		err = errors.New("a page is not 1 to 1000")
	}
	if err != nil {
		return nil, fehler.New("nachrechnung.New", string(p.Mandant), fehler.ErrInvalid, err)
	}
	l.o.Filter.Status = []vorgang.Status{vorgang.Neu, vorgang.Angenommen, vorgang.InBearbeitung, vorgang.Beschieden}
	return l, nil
}

// Simulate gives what would be otherwise, by Eingang of the Vorgaenge, and changes nothing. An
// error is the last pair; with one about a single Vorgang the Befund names it.
func (l *Lauf) Simulate(ctx context.Context) iter.Seq2[Befund, error] {
	return func(yield func(Befund, error) bool) {
		weiter := true
		_, err := l.each(ctx, func(v *vorgang.Vorgang, r vorgang.Rechtsstand, b *Bericht) error {
			ab, err := v.Nachrechnen(l.o.Now(), l.p.Name, r)
			if err != nil {
				return err
			}
			if b.zaehle(ab); len(ab) > 0 {
				weiter = yield(befund(v, ab), nil)
			}
			return nil
		}, &weiter)
		if err != nil && weiter {
			yield(Befund{}, err)
		}
	}
}

// Apply does it. angeordnet gives the command, freigegeben is the second person; both need the
// right vorgang.BefehlNachrechnen. A Vorgang that changes meanwhile is looked at again. With an error
// the Bericht says how far it came; begin again with its Cursor, or from the start.
func (l *Lauf) Apply(ctx context.Context, angeordnet, freigegeben tenant.Akteur) (Bericht, error) {
	weiter := true
	return l.each(ctx, func(v *vorgang.Vorgang, r vorgang.Rechtsstand, b *Bericht) error {
		ab, err := v.Nachrechnen(l.o.Now(), l.p.Name, r)
		if err != nil || len(ab) == 0 {
			return err
		}
		_, err = l.s.Edit(ctx, l.p.Mandant, v.ID(), func(v *vorgang.Vorgang) (err error) {
			ab, err = v.ApplyNachrechnung(angeordnet, l.o.Now(), vorgang.Nachrechnung{Lauf: l.p.Name, Freigabe: freigegeben, Recht: r})
			return err
		})
		if err == nil {
			b.zaehle(ab)
		}
		return err
	}, &weiter)
}

// each runs over the Vorgaenge until *weiter is false.
func (l *Lauf) each(ctx context.Context, f func(*vorgang.Vorgang, vorgang.Rechtsstand, *Bericht) error, weiter *bool) (b Bericht, err error) {
	p := storage.PageParams{Filter: l.o.Filter, Limit: l.o.Seite, Cursor: l.o.Cursor}
	b.Cursor = p.Cursor
	for {
		page, err := l.s.Page(ctx, l.p.Mandant, p)
		if err != nil {
			return b, err
		}
		for _, z := range page.Zeilen {
			if err := ctx.Err(); err != nil {
				return b, err
			}
			v, err := l.s.Get(ctx, l.p.Mandant, z.ID)
			if errors.Is(err, fehler.ErrNotFound) {
				continue // deleted meanwhile
			}
			if err != nil {
				return b, err
			}
			r, err := l.recht(ctx, v)
			if err != nil {
				return b, err
			}
			b.Vorgaenge++
			if err := f(v, r, &b); err != nil {
				return b, err
			}
			if !*weiter {
				return b, nil
			}
		}
		b.Cursor, p.Cursor = page.Next, page.Next
		if l.o.Fortschritt != nil {
			l.o.Fortschritt(b)
		}
		if page.Next == "" {
			return b, nil
		}
	}
}

// recht is the law with the calculations of the fees of a Vorgang, which lie in its journal.
func (l *Lauf) recht(ctx context.Context, v *vorgang.Vorgang) (vorgang.Rechtsstand, error) {
	r := vorgang.Rechtsstand{Rechner: l.p.Rechner, Gebuehren: l.p.Gebuehren}
	if r.Gebuehren == nil || len(v.Stand().Gebuehren) == 0 {
		return r, nil
	}
	r.Ergebnisse = map[uuid.UUID]gebuehr.Ergebnis{}
	for e, err := range l.s.Journal(ctx, l.p.Mandant, v.ID()) {
		if err != nil {
			return r, err
		}
		if e.Geloescht() {
			continue
		}
		d, err := e.Data()
		if err != nil {
			return r, err
		}
		switch d := d.(type) {
		case *vorgang.GebuehrFestgesetzt:
			r.Ergebnisse[d.Gebuehr.ID] = d.Ergebnis
		case *vorgang.GebuehrNeuBerechnet:
			r.Ergebnisse[d.Gebuehr.ID] = d.Ergebnis
		}
	}
	return r, nil
}

func befund(v *vorgang.Vorgang, ab []vorgang.Abweichung) Befund {
	s := v.Stand()
	return Befund{Vorgang: s.ID, Nummer: s.Nummer, Einheit: s.Einheit, Abweichungen: ab}
}

func (b *Bericht) zaehle(ab []vorgang.Abweichung) {
	if len(ab) > 0 {
		b.Betroffen++
	}
	for _, a := range ab {
		if a.Folge == vorgang.FolgeAendern {
			b.Geaendert++
		} else {
			b.Vorgelegt++
		}
	}
}

// WriteCSV writes findings for a spreadsheet: UTF-8 with byte order mark, semicolons, one line per
// difference with Vorgang, Einheit, Gegenstand, old and new value, old and new law, consequence
// and reason. Cells that a spreadsheet would take for a formula are quoted by an apostrophe.
func WriteCSV(w io.Writer, befunde iter.Seq2[Befund, error]) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	c := csv.NewWriter(w)
	c.Comma = ';'
	c.UseCRLF = true
	if err := c.Write([]string{"Vorgang", "Einheit", "Gegenstand", "bisher", "neu", "bisheriges Recht", "neues Recht", "Folge", "Grund"}); err != nil {
		return err
	}
	for b, err := range befunde {
		if err != nil {
			return err
		}
		for _, a := range b.Abweichungen {
			zeile := []string{b.Nummer, b.Einheit, a.Gegenstand, a.Alt, a.Neu, strings.Join(a.AltesRecht, " "), strings.Join(a.NeuesRecht, " "), string(a.Folge), a.Grund}
			for i, z := range zeile {
				if z != "" && strings.ContainsRune("=+-@\t\r", rune(z[0])) {
					zeile[i] = "'" + z
				}
			}
			if err := c.Write(zeile); err != nil {
				return err
			}
		}
	}
	c.Flush()
	return c.Error()
}
