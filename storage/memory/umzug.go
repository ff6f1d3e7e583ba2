package memory

import (
	"context"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func (s *state) gesperrt(m tenant.ID) driver.Sperre {
	sperre, _ := s.sperre.get(key(m))
	return sperre
}

// mayRead and mayWrite say why a transaction cannot begin.
func (s *state) mayRead(m tenant.ID) error {
	if s.gesperrt(m) == driver.SperreAlles {
		return driver.ErrUmgezogen
	}
	return nil
}

func (s *state) mayWrite(m tenant.ID) error {
	if s.gesperrt(m) == driver.SperreSchreiben {
		return driver.ErrUmzug
	}
	return s.mayRead(m)
}

// SetSperre implements driver.Backend. It writes, so it waits for the one
// writer there is. The Auftraege of a Mandant that is shut leave the outbox
// here, so that LeaseAuftraege need not pass them over again and again.
func (b *Backend) SetSperre(ctx context.Context, mandant tenant.ID, sperre driver.Sperre) error {
	switch sperre {
	case driver.SperreKeine, driver.SperreRuht, driver.SperreSchreiben, driver.SperreAlles:
	default:
		return fmt.Errorf("memory: no such Sperre: %w", fehler.ErrInvalid)
	}
	return b.write(ctx, func(s *state) error {
		open := s.auftrag.all(mandant, key(mandant, "zustand", string(driver.AuftragOffen)))
		for _, a := range open {
			s.withdraw(a)
		}
		if sperre == driver.SperreKeine {
			s.sperre.delete(key(mandant))
		} else {
			s.sperre.set(key(mandant), sperre)
		}
		for _, a := range open {
			s.offer(a)
		}
		return nil
	})
}

// GetSperre implements driver.Backend.
func (b *Backend) GetSperre(ctx context.Context, mandant tenant.ID) (driver.Sperre, error) {
	s, err := b.read(ctx)
	if err != nil {
		return driver.SperreKeine, err
	}
	return s.gesperrt(mandant), nil
}

// Entfernen implements driver.Backend. What others wrote for the Mandant stays:
// the shares they gave to it. So do the rows about its Vorgaenge in the feeds
// of guests, which are theirs. The end of its own feed stays too, so that no
// place is given twice.
func (b *Backend) Entfernen(ctx context.Context, mandant tenant.ID) error {
	return b.write(ctx, func(s *state) error {
		if s.gesperrt(mandant) != driver.SperreAlles {
			return fehler.ErrConflict
		}
		s.removeBeteiligungen(key(mandant))
		for _, t := range []interface{ cut(prefix string) }{
			&s.vorgang, &s.journal, &s.auftrag, &s.eingang, &s.eintrag, &s.konfig, &s.zaehler,
			&s.schluessel.rows, &s.schluessel.bis, &s.aufbewahrung, &s.strom.rows, &s.strom.versions,
		} {
			t.cut(key(mandant))
		}
		return nil
	})
}

// Import stores row by row. An error in the midst forbids the commit, so what
// came before it need not be taken back.
func (t *tx) Import(ctx context.Context, p driver.ImportParams) (neu int64, err error) {
	if err := t.writes(ctx); err != nil {
		return 0, err
	}
	for i := range p.Vorgaenge {
		if t.importVorgang(&p.Vorgaenge[i]) {
			neu++
		}
	}
	ok := t.importJournal(p.Journal)
	ok = t.importAuftraege(p.Auftraege) && ok
	for i := range p.Aufbewahrung {
		if _, there := t.s.aufbewahrung.get(t.mandant, p.Aufbewahrung[i].VorgangID); !there {
			ok = t.putAufbewahrung(&p.Aufbewahrung[i]) && ok
		}
	}
	if !ok {
		t.err = fehler.ErrNotFound
		return 0, t.err
	}
	for i := range p.Eingaenge {
		t.insertEingang(&p.Eingaenge[i])
	}
	for i := range p.Eintraege {
		t.insertEintrag(&p.Eintraege[i])
	}
	for i := range p.Konfig {
		r := cloneKonfig(&p.Konfig[i])
		if _, there := t.s.konfig.get(t.key(r.Art, r.Schluessel)); !there {
			t.s.konfig.set(t.key(r.Art, r.Schluessel), &r)
		}
	}
	for _, z := range p.Zaehler {
		if old, there := t.s.zaehler.get(zaehlerKey(t, &z)); !there || old.Wert < z.Wert {
			t.s.zaehler.set(zaehlerKey(t, &z), &z)
		}
	}
	for i := range p.Schluessel {
		t.insertSchluessel(&p.Schluessel[i])
	}
	for _, r := range p.Aenderungen {
		r.Mandant = t.mandant
		t.s.addAenderung(t.mandant, r)
	}
	return neu, nil
}

// Reindex implements driver.ImportTx.
func (t *tx) Reindex(ctx context.Context, p driver.ReindexParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	for i := range p.Vorgaenge {
		n := &p.Vorgaenge[i]
		old, ok := t.s.vorgang.get(t.mandant, n.Row.ID)
		if !ok || old.Version != n.Row.Version {
			continue
		}
		v := *old
		v.Antragsteller, v.woerter = n.Row.Antragsteller, sortWoerter(n.Woerter)
		t.putVorgang(&v)
		t.setBeteiligungen(v.ID, n.Beteiligungen)
	}
	return nil
}

func (t *tx) importVorgang(i *driver.ImportVorgang) bool {
	if _, there := t.s.vorgang.get(t.mandant, i.Row.ID); there || t.nummerTaken(i.Row.Nummer, i.Row.ID) {
		return false
	}
	v := &vorgang{woerter: sortWoerter(i.Woerter)}
	v.VorgangRow = cloneVorgang(&vorgang{VorgangRow: i.Row})
	t.putVorgang(v)
	t.setBeteiligungen(v.ID, i.Beteiligungen)
	return true
}

// importJournal reports false if a Vorgang is missing.
func (t *tx) importJournal(rows []driver.JournalRow) bool {
	for i := range rows {
		r := cloneJournal(&rows[i])
		if _, ok := t.s.vorgang.get(t.mandant, r.VorgangID); !ok {
			return false
		}
		if _, there := t.s.journal.get(t.key(r.VorgangID, r.Seq)); !there {
			t.s.journal.set(t.key(r.VorgangID, r.Seq), &r)
		}
	}
	return true
}

// importAuftraege reports false if a Vorgang is missing.
func (t *tx) importAuftraege(rows []driver.AuftragRow) bool {
	for i := range rows {
		r := cloneAuftrag(&rows[i])
		r.Mandant = t.mandant
		if _, ok := t.s.vorgang.get(t.mandant, r.VorgangID); !ok {
			return false
		}
		_, id := t.s.auftrag.get(t.mandant, r.ID)
		_, platz := t.s.auftrag.index.get(t.key("platz", r.VorgangID, r.VorgangVersion, r.Ordinal))
		if !id && !platz {
			t.s.putAuftrag(&r)
		}
	}
	return true
}
