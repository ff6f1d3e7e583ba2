package storage

import (
	"context"
	"errors"
	"iter"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// ImportOptions of an Import. Nil means defaults.
type ImportOptions struct {
	// Stapel is how many Vorgaenge one transaction takes, 1 to 1000; default 200.
	Stapel int
	// Fortschritt is called after each transaction.
	Fortschritt func(ImportBericht)
}

// ImportBericht counts.
type ImportBericht struct {
	// Neu were added. Vorhanden were passed over, because their id is there already.
	Neu, Vorhanden int64
}

// Import stores many new Vorgaenge with their journals and Auftraege: to take
// over the cases of another system. It is much faster than [Store.Insert] and
// atomic per transaction only. One whose id is there already is passed over and
// counted, so an Import that was stopped can run again with the same Vorgaenge; a
// Nummer that belongs to another Vorgang is ErrExists. The Vorgaenge must not be
// used afterwards; read them again.
//
// An error of the sequence, or a Vorgang that cannot be stored, ends Import; what
// earlier transactions stored stays, as the report says.
func (s *Store) Import(ctx context.Context, mandant tenant.ID, vorgaenge iter.Seq2[*vorgang.Vorgang, error], o *ImportOptions) (ImportBericht, error) {
	var opt ImportOptions
	if o != nil {
		opt = *o
	}
	if opt.Stapel <= 0 || opt.Stapel > MaxLimit {
		opt.Stapel = 200
	}
	var b ImportBericht
	var p driver.ImportParams
	flush := func() error {
		if len(p.Vorgaenge) == 0 {
			return nil
		}
		var neu int64
		err := s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
			defer tx.spoil(&err)
			neu, err = tx.d.Import(ctx, p)
			if errors.Is(err, ErrNotFound) {
				// Entries without their Vorgang: it was passed over, though its id is free.
				err = fehler.New("storage.Import", string(mandant), ErrExists, errors.New("a Nummer belongs to another Vorgang"))
			}
			return wrap("Import", string(mandant), err)
		})
		if err != nil {
			return err
		}
		b.Neu += neu
		b.Vorhanden += int64(len(p.Vorgaenge)) - neu
		p = driver.ImportParams{}
		if opt.Fortschritt != nil {
			opt.Fortschritt(b)
		}
		return nil
	}
	for v, err := range vorgaenge {
		if err != nil {
			return b, err
		}
		if err := s.addImport(&p, mandant, v); err != nil {
			return b, err
		}
		if len(p.Vorgaenge) == opt.Stapel {
			if err := flush(); err != nil {
				return b, err
			}
		}
	}
	return b, flush()
}

// Reindex derives anew what lists and search read of the Vorgaenge of a Mandant:
// the applicant's name, the words and the shares. It is for after an upgrade that
// says so in the changelog, and may run while work goes on, be stopped and run
// again. What cannot be read is passed over and counted. Fortschritt may be nil.
func (s *Store) Reindex(ctx context.Context, mandant tenant.ID, fortschritt func(ReindexBericht)) (ReindexBericht, error) {
	var b ReindexBericht
	p := PageParams{Limit: pageRows}
	for {
		var rows []driver.VorgangRow
		err := s.View(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
			rows, p.Cursor, err = tx.page(ctx, "Reindex", p, false)
			return err
		})
		if err != nil {
			return b, err
		}
		var d driver.ReindexParams
		for i := range rows {
			stand, err := standOf("Reindex", mandant, &rows[i])
			if err != nil {
				b.Unlesbar++
				continue
			}
			one := driver.ImportVorgang{Row: rows[i], Woerter: woerter(&stand), Beteiligungen: beteiligungen(&stand)}
			one.Row.Antragsteller = antragsteller(&stand)
			d.Vorgaenge = append(d.Vorgaenge, one)
		}
		err = s.Update(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
			defer tx.spoil(&err)
			return wrap("Reindex", string(mandant), tx.d.Reindex(ctx, d))
		})
		if err != nil {
			return b, err
		}
		b.Vorgaenge += int64(len(d.Vorgaenge))
		if fortschritt != nil {
			fortschritt(b)
		}
		if p.Cursor == "" {
			return b, nil
		}
	}
}

// ReindexBericht counts.
type ReindexBericht struct {
	// Vorgaenge were derived anew, Unlesbar could not be read.
	Vorgaenge, Unlesbar int64
}

func (s *Store) addImport(p *driver.ImportParams, mandant tenant.ID, v *vorgang.Vorgang) error {
	key := v.ID().String()
	if v.Mandant() != mandant || v.Version() != 0 {
		return fehler.New("storage.Import", key, ErrInvalid, errors.New("only new Vorgaenge of the Mandant can be imported"))
	}
	one, err := s.saveParams(v, v.Neu(), v.NeueAuftraege(), nil)
	if err != nil {
		return err
	}
	p.Vorgaenge = append(p.Vorgaenge, driver.ImportVorgang{Row: one.Row, Woerter: one.Woerter, Beteiligungen: one.Beteiligungen})
	p.Journal = append(p.Journal, one.Journal...)
	for _, a := range one.Auftraege {
		a.Zustand = driver.AuftragOffen
		p.Auftraege = append(p.Auftraege, a)
	}
	p.Aenderungen = append(p.Aenderungen, driver.AenderungRow{
		VorgangID: one.Row.ID, Version: one.Row.Version, JournalVon: 1, JournalBis: one.Row.JournalSeq, Zeit: one.Zeit,
	})
	return nil
}
