package zahlung

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/kassenzeichen"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Auszug is what [Book] needs.
type Auszug struct {
	Store   *storage.Store
	Mandant tenant.ID
	// Akteur that books: a machine of the cash office or a person.
	Akteur tenant.Akteur
	// Schemata of the Kassenzeichen of the Mandant.
	Schemata []kassenzeichen.Schema
	// Umsaetze of a statement that was read to its end.
	Umsaetze []ueberweisung.Umsatz
	// Now is the clock of the Store; nil is time.Now.
	Now func() time.Time
}

// Gebucht says what became of a movement.
type Gebucht struct {
	ueberweisung.Zuordnung
	// Vorgang and Gebuehr it was booked on; zero if nothing was booked.
	Vorgang, Gebuehr uuid.UUID
	// Fehler is why a sure one was not booked: the Vorgang takes no bookings any more.
	Fehler error
}

// Offen tells whether a person must look at it.
func (g Gebucht) Offen() bool { return g.Person || g.Fehler != nil }

// Book assigns the movements to the fees of the Mandant by their Kassenzeichen and books
// those that are sure, one transaction each. What is in doubt is given back and not
// booked. The same statement again books nothing and says "doppelt". A returned payment
// is found only if it names the Kassenzeichen. On an error of the storage what was booked
// before stays; run it again.
func Book(ctx context.Context, a Auszug) ([]Gebucht, error) {
	if a.Now == nil {
		a.Now = time.Now
	}
	abgleich, orte, err := a.lade(ctx)
	if err != nil {
		return nil, err
	}
	var out []Gebucht
	for _, z := range ueberweisung.Match(abgleich, a.Umsaetze) {
		g := Gebucht{Zuordnung: z}
		ort, ok := orte[z.Forderung]
		if ok && z.Sicherheit == ueberweisung.Sicher {
			err := a.buche(ctx, z, ort)
			switch {
			case err == nil:
				g.Vorgang, g.Gebuehr = ort.vorgang, ort.gebuehr
			case errors.Is(err, fehler.ErrInvalid) || errors.Is(err, fehler.ErrConflict) || errors.Is(err, fehler.ErrForbidden) || errors.Is(err, fehler.ErrNotFound):
				g.Fehler = err
			default:
				return out, err
			}
		}
		out = append(out, g)
	}
	return out, nil
}

// ort is where a Forderung lies.
type ort struct{ vorgang, gebuehr uuid.UUID }

// lade finds the fees the movements name.
func (a *Auszug) lade(ctx context.Context) (x ueberweisung.Abgleich, orte map[string]ort, err error) {
	x.Schemata, orte = a.Schemata, map[string]ort{}
	inhalte := map[string]ueberweisung.Umsatz{}
	gefragt := map[string]bool{}
	for _, u := range a.Umsaetze {
		if _, twice := inhalte[u.Schluessel()]; !twice {
			inhalte[u.Schluessel()] = u
		}
		text := u.Referenz + " | " + u.Verwendungszweck + " | " + u.EndToEnd
		if ueberweisung.ValidRF(u.Referenz) {
			text = u.Referenz[4:] + " | " + text
		}
		for _, f := range kassenzeichen.Find(text, a.Schemata) {
			if !f.Gueltig || gefragt[f.Kassenzeichen] {
				continue
			}
			gefragt[f.Kassenzeichen] = true
			if err := a.finde(ctx, f.Kassenzeichen, inhalte, &x, orte); err != nil {
				return x, nil, err
			}
		}
	}
	return x, orte, nil
}

// finde adds the fees with the Kassenzeichen and what was booked on them.
func (a *Auszug) finde(ctx context.Context, kz string, umsaetze map[string]ueberweisung.Umsatz, x *ueberweisung.Abgleich, orte map[string]ort) error {
	t, err := a.Store.Search(ctx, a.Mandant, storage.SearchParams{Text: kz})
	if err != nil {
		return err
	}
	for _, zeile := range t.Zeilen {
		v, err := a.Store.Get(ctx, a.Mandant, zeile.ID)
		if err != nil {
			return err
		}
		s := v.Stand()
		for _, g := range s.Gebuehren {
			if _, schon := orte[g.Forderung.ID]; schon || g.Forderung.Kassenzeichen != kz {
				continue
			}
			f, _ := s.Forderung(g.ID)
			orte[f.ID] = ort{v.ID(), g.ID}
			x.Offen = append(x.Offen, ueberweisung.Offen{Forderung: f.ID, Kassenzeichen: kz, Waehrung: f.Waehrung, Betrag: f.Stand(datum.Von(a.Now())).Offen})
			x.Gebucht = append(x.Gebucht, gebucht(f, umsaetze)...)
		}
	}
	return nil
}

// gebucht are the movements on the Forderung. Their fingerprint is not kept: one with the
// same key and amount in this run is the same.
func gebucht(f zahlung.Forderung, umsaetze map[string]ueberweisung.Umsatz) (out []ueberweisung.Gebucht) {
	at := map[string]int{}
	for _, b := range f.Bewegungen {
		if b.Art == zahlung.Rueckgabe {
			if i, ok := at[b.Bezug]; ok {
				out[i].Zurueck = true
			}
		}
		if b.Art != zahlung.Eingang && b.Art != zahlung.Rueckgabe {
			continue
		}
		g := ueberweisung.Gebucht{Schluessel: b.Schluessel, Betrag: b.Betrag}
		if u, ok := umsaetze[b.Schluessel]; ok && (u.Betrag == b.Betrag || b.Art == zahlung.Rueckgabe) {
			g.Inhalt = u.Inhalt()
		}
		if b.Art == zahlung.Eingang {
			g.Forderung, at[b.Schluessel] = f.ID, len(out)
		}
		out = append(out, g)
	}
	return out
}

func (a *Auszug) buche(ctx context.Context, z ueberweisung.Zuordnung, o ort) error {
	b := vorgang.Buchung{
		Gebuehr: o.gebuehr, Schluessel: z.Umsatz.Schluessel(), Betrag: z.Betrag, Grund: z.Grund, Eingang: z.Bezug,
		Tag: cmp.Or(z.Umsatz.Wertstellung, z.Umsatz.Buchungstag),
	}
	_, err := a.Store.Edit(ctx, a.Mandant, o.vorgang, func(v *vorgang.Vorgang) error {
		if z.Befund == ueberweisung.Zurueck {
			return v.RecordRueckgabe(a.Akteur, a.Now(), b)
		}
		return v.RecordZahlung(a.Akteur, a.Now(), b)
	})
	return err
}
