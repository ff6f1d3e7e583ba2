package storage

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// satz is one row of any kind.
type satz struct {
	art, key string
	row      any // what is compared
	into     func(*driver.ImportParams)
}

func (s *satz) sum() [32]byte {
	b, _ := json.Marshal(s.row) // plain data
	return sha256.Sum256(b)
}

// rows gives every row of a Mandant in a fixed order: Vorgaenge each with its
// journal and Auftraege, then the other kinds. Pages are separate views, which
// see the same because the Mandant is shut.
func rows(ctx context.Context, b driver.Backend, mandant tenant.ID) iter.Seq2[satz, error] {
	return func(yield func(satz, error) bool) {
		w := &walk{ctx: ctx, b: b, mandant: mandant, yield: yield}
		for _, kind := range []func() bool{w.vorgaenge, w.eingaenge, w.eintraege, w.rest, w.schluessel, w.aufbewahrung, w.feed} {
			if !kind() {
				return
			}
		}
	}
}

type walk struct {
	ctx     context.Context
	b       driver.Backend
	mandant tenant.ID
	yield   func(satz, error) bool
	// tx, if set, is read from instead of a view for each page.
	tx driver.Tx
}

func (w *walk) view(f func(ctx context.Context, tx driver.Tx) error) error {
	if w.tx != nil {
		return f(w.ctx, w.tx)
	}
	return w.b.View(w.ctx, w.mandant, f)
}

// each gives the rows of one kind, page by page; it tells whether to go on.
func each[R any](w *walk, page func(ctx context.Context, tx driver.Tx, last *R) ([]R, error), give func(*R) bool) bool {
	var last *R
	for {
		var list []R
		err := w.view(func(ctx context.Context, tx driver.Tx) (err error) {
			list, err = page(ctx, tx, last)
			return err
		})
		if err != nil {
			w.yield(satz{}, err)
			return false
		}
		for i := range list {
			if !give(&list[i]) {
				return false
			}
		}
		if len(list) < pageRows {
			return true
		}
		last = &list[len(list)-1]
	}
}

func (w *walk) vorgaenge() bool {
	return each(w, func(ctx context.Context, tx driver.Tx, last *driver.VorgangRow) ([]driver.VorgangRow, error) {
		p := driver.ListVorgaengeParams{Limit: pageRows}
		if last != nil {
			p.After = &driver.VorgangKey{Eingang: last.Eingang, ID: last.ID}
		}
		return tx.ListVorgaenge(ctx, p)
	}, func(r *driver.VorgangRow) bool {
		one := driver.ImportVorgang{Row: *r}
		// What is derived is derived anew; a Stand that cannot be read moves as it is.
		if stand, err := vorgang.UnmarshalStand(r.Daten); err == nil {
			one.Woerter, one.Beteiligungen = woerter(&stand), beteiligungen(&stand)
		}
		// Filled by the copy if it was empty before, so not compared.
		shown := *r
		shown.Antragsteller = ""
		return w.yield(satz{"vorgang", r.ID.String(), shown, func(p *driver.ImportParams) { p.Vorgaenge = append(p.Vorgaenge, one) }}, nil) &&
			w.journal(r.ID) && w.auftraege(r.ID)
	})
}

func (w *walk) journal(id uuid.UUID) bool {
	return each(w, func(ctx context.Context, tx driver.Tx, last *driver.JournalRow) ([]driver.JournalRow, error) {
		p := driver.ListJournalParams{VorgangID: id, Limit: pageRows}
		if last != nil {
			p.AfterSeq = last.Seq
		}
		return tx.ListJournal(ctx, p)
	}, func(r *driver.JournalRow) bool {
		row := *r
		for _, b := range []*[]byte{&row.Akteur, &row.Daten, &row.Salz, &row.Vorgaenger} {
			if len(*b) == 0 {
				*b = nil // nil and empty are the same to the contract
			}
		}
		return w.yield(satz{"journal", fmt.Sprint(id, "/", r.Seq), row, func(p *driver.ImportParams) { p.Journal = append(p.Journal, row) }}, nil)
	})
}

func (w *walk) auftraege(id uuid.UUID) bool {
	return each(w, func(ctx context.Context, tx driver.Tx, last *driver.AuftragRow) ([]driver.AuftragRow, error) {
		p := driver.ListAuftraegeParams{VorgangID: id, Limit: pageRows}
		if last != nil {
			p.After = &driver.AuftragKey{VorgangID: last.VorgangID, VorgangVersion: last.VorgangVersion, Ordinal: last.Ordinal}
		}
		return tx.ListAuftraege(ctx, p)
	}, func(r *driver.AuftragRow) bool {
		row := *r
		return w.yield(satz{"auftrag", r.ID.String(), row, func(p *driver.ImportParams) { p.Auftraege = append(p.Auftraege, row) }}, nil)
	})
}

func (w *walk) eingaenge() bool {
	return each(w, func(ctx context.Context, tx driver.Tx, last *driver.EingangRow) ([]driver.EingangRow, error) {
		p := driver.ListEingaengeParams{Limit: pageRows}
		if last != nil {
			p.After = &driver.EingangKey{Eingegangen: last.Eingegangen, ID: last.ID}
		}
		return tx.ListEingaenge(ctx, p)
	}, func(r *driver.EingangRow) bool {
		row := *r
		return w.yield(satz{"eingang", r.ID.String(), row, func(p *driver.ImportParams) { p.Eingaenge = append(p.Eingaenge, row) }}, nil)
	})
}

func (w *walk) eintraege() bool {
	return each(w, func(ctx context.Context, tx driver.Tx, last *driver.EintragRow) ([]driver.EintragRow, error) {
		p := driver.ListEintraegeParams{Limit: pageRows}
		if last != nil {
			p.After = &driver.EintragKey{Zeit: last.Zeit, ID: last.ID}
		}
		return tx.ListEintraege(ctx, p)
	}, func(r *driver.EintragRow) bool {
		row := *r
		return w.yield(satz{"postfach", r.ID.String(), row, func(p *driver.ImportParams) { p.Eintraege = append(p.Eintraege, row) }}, nil)
	})
}

// rest gives what is read whole: configuration and counters.
func (w *walk) rest() bool {
	var konfig []driver.KonfigRow
	var zaehler []driver.ZaehlerRow
	err := w.view(func(ctx context.Context, tx driver.Tx) (err error) {
		if konfig, err = tx.ListKonfig(ctx, driver.ListKonfigParams{}); err == nil {
			zaehler, err = tx.ListZaehler(ctx)
		}
		return err
	})
	if err != nil {
		w.yield(satz{}, err)
		return false
	}
	for _, r := range konfig {
		if !w.yield(satz{"konfig", r.Art + "/" + r.Schluessel, r, func(p *driver.ImportParams) { p.Konfig = append(p.Konfig, r) }}, nil) {
			return false
		}
	}
	for _, r := range zaehler {
		if !w.yield(satz{"zaehler", fmt.Sprint(r.Name, "/", r.Jahr), r, func(p *driver.ImportParams) { p.Zaehler = append(p.Zaehler, r) }}, nil) {
			return false
		}
	}
	return true
}

func (w *walk) schluessel() bool {
	return each(w, func(ctx context.Context, tx driver.Tx, last *driver.SchluesselRow) ([]driver.SchluesselRow, error) {
		p := driver.ListSchluesselParams{Limit: pageRows}
		if last != nil {
			p.After = last.Schluessel
		}
		return tx.ListSchluessel(ctx, p)
	}, func(r *driver.SchluesselRow) bool {
		row := *r
		return w.yield(satz{"schluessel", "", row, func(p *driver.ImportParams) { p.Schluessel = append(p.Schluessel, row) }}, nil)
	})
}

func (w *walk) aufbewahrung() bool {
	return each(w, func(ctx context.Context, tx driver.Tx, last *driver.AufbewahrungRow) ([]driver.AufbewahrungRow, error) {
		p := driver.ListAufbewahrungParams{Limit: pageRows}
		if last != nil {
			p.After = &driver.AufbewahrungKey{Bis: last.Bis, VorgangID: last.VorgangID}
		}
		return tx.ListAufbewahrung(ctx, p)
	}, func(r *driver.AufbewahrungRow) bool {
		row := *r
		return w.yield(satz{"aufbewahrung", r.VorgangID.String(), row, func(p *driver.ImportParams) { p.Aufbewahrung = append(p.Aufbewahrung, row) }}, nil)
	})
}

// feed gives the changes of the Mandant's own Vorgaenge in its own feed; those of
// others come from where the others lie.
func (w *walk) feed() bool {
	after := ""
	for {
		list, err := w.b.Aenderungen(w.ctx, w.mandant, driver.AenderungenParams{After: after, Limit: pageRows})
		if err != nil {
			w.yield(satz{}, err)
			return false
		}
		for _, r := range list {
			after = r.Cursor
			if r.Mandant != w.mandant {
				continue
			}
			r.Cursor = ""
			if !w.yield(satz{"aenderung", fmt.Sprint(r.VorgangID, "/", r.Version), r, func(p *driver.ImportParams) { p.Aenderungen = append(p.Aenderungen, r) }}, nil) {
				return false
			}
		}
		if len(list) < pageRows {
			return true
		}
	}
}
