package memory

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// vorgang is a stored Vorgang with the words it is found by, sorted and
// without repetition.
type vorgang struct {
	driver.VorgangRow
	woerter []string
}

// vorgangKeys are the index keys of a Vorgang: for each field of a filter, for
// the words, and for the stack. What is under a lease is not among the free
// ones, so the head of a stack is found however much is at work.
func vorgangKeys(m tenant.ID, v *vorgang) []string {
	keys := []string{
		key(m, "alle", v.Eingang, v.ID),
		key(m, "status", v.Status, v.Eingang, v.ID),
		key(m, "leistung", v.Leistung, v.Eingang, v.ID),
		key(m, "einheit", v.Einheit, v.Eingang, v.ID),
		key(m, "bearbeiter", v.Bearbeiter, v.Eingang, v.ID),
	}
	if v.Nummer != "" {
		keys = append(keys, key(m, "nummer", v.Nummer))
	}
	for _, az := range v.Aktenzeichen {
		keys = append(keys, key(m, "aktenzeichen", az, v.Eingang, v.ID))
	}
	for _, w := range v.woerter {
		keys = append(keys, key(m, "wort", w, v.ID))
	}
	switch {
	case !v.Wartend:
	case v.LeaseBis != nil:
		keys = append(keys, key(m, "lease", *v.LeaseBis, v.ID))
	default:
		keys = append(keys, key(m, "frei", v.Eingang, v.ID), key(m, "stapel", v.Einheit, v.Leistung, v.Eingang, v.ID))
	}
	return keys
}

func cloneVorgang(v *vorgang) driver.VorgangRow {
	r := v.VorgangRow
	r.Aktenzeichen = slices.Clone(r.Aktenzeichen)
	r.LeaseToken, r.LeaseBis = clonePtr(r.LeaseToken), clonePtr(r.LeaseBis)
	r.JournalHash, r.Daten = bytes.Clone(r.JournalHash), bytes.Clone(r.Daten)
	return r
}

// shortVorgang is cloneVorgang without what a list does not show.
func shortVorgang(v *vorgang) driver.VorgangRow {
	r := v.VorgangRow
	r.Aktenzeichen = slices.Clone(r.Aktenzeichen)
	r.LeaseToken, r.LeaseBis = clonePtr(r.LeaseToken), clonePtr(r.LeaseBis)
	r.JournalHash, r.Daten = nil, nil
	return r
}

func sortWoerter(woerter []string) []string {
	w := slices.Clone(woerter)
	slices.Sort(w)
	return slices.Compact(w)
}

func (t *tx) putVorgang(v *vorgang) { t.s.vorgang.put(t.mandant, v.ID, v, vorgangKeys) }

func (t *tx) GetVorgang(ctx context.Context, p driver.GetVorgangParams) (driver.VorgangRow, error) {
	if err := t.reads(ctx); err != nil {
		return driver.VorgangRow{}, err
	}
	v, ok := t.s.vorgang.get(t.mandant, p.ID)
	if !ok {
		return driver.VorgangRow{}, fehler.ErrNotFound
	}
	return cloneVorgang(v), nil
}

// SaveVorgang checks everything before its first change, so that an error
// leaves nothing behind although the transaction goes on.
func (t *tx) SaveVorgang(ctx context.Context, p driver.SaveVorgangParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, err := t.checkSave(&p)
	if err != nil {
		return err
	}
	if err := t.checkAuftraege(p.Row.ID, p.Auftraege); err != nil {
		t.err = err
		return err
	}

	v := &vorgang{woerter: old.woerter}
	v.VorgangRow = cloneVorgang(&vorgang{VorgangRow: p.Row})
	v.LeaseToken, v.LeaseBis = old.LeaseToken, old.LeaseBis
	if p.Lease != nil {
		v.LeaseToken, v.LeaseBis = clonePtr(p.Lease.Token), clonePtr(p.Lease.Bis)
	}
	if p.Woerter != nil {
		v.woerter = sortWoerter(p.Woerter)
	}
	t.putVorgang(v)
	for i := range p.Journal {
		r := cloneJournal(&p.Journal[i])
		t.s.journal.set(t.key(r.VorgangID, r.Seq), &r)
	}
	for i := range p.Auftraege {
		a := cloneAuftrag(&p.Auftraege[i])
		a.Mandant, a.Zustand, a.Versuch, a.LetzterFehler = t.mandant, driver.AuftragOffen, 0, ""
		a.LeaseToken, a.LeaseBis, a.Erledigt = nil, nil, nil
		t.s.putAuftrag(&a)
	}
	if p.Beteiligungen != nil {
		t.setBeteiligungen(v.ID, p.Beteiligungen)
	}
	var von, bis int64
	if n := len(p.Journal); n > 0 {
		von, bis = p.Journal[0].Seq, p.Journal[n-1].Seq
	}
	for _, strom := range p.Stroeme {
		t.s.addAenderung(strom, driver.AenderungRow{
			Mandant: t.mandant, VorgangID: v.ID, Version: v.Version, Zeit: p.Zeit,
			JournalVon: von, JournalBis: bis,
		})
	}
	return nil
}

// checkSave gives the stored Vorgang that p may replace; a new one replaces
// an empty one.
func (t *tx) checkSave(p *driver.SaveVorgangParams) (*vorgang, error) {
	old, ok := t.s.vorgang.get(t.mandant, p.Row.ID)
	switch {
	case p.ExpectedVersion == 0 && ok:
		return nil, fehler.ErrExists
	case p.ExpectedVersion == 0:
		old = &vorgang{}
	case !ok:
		return nil, fehler.ErrNotFound
	case old.Version != p.ExpectedVersion:
		return nil, fehler.ErrConflict
	}
	if t.nummerTaken(p.Row.Nummer, p.Row.ID) {
		return nil, fehler.ErrExists
	}
	for i, r := range p.Journal {
		// A row that claims a head below its journal must not overwrite it.
		_, taken := t.s.journal.get(t.key(p.Row.ID, r.Seq))
		if r.VorgangID != p.Row.ID || r.Seq != old.JournalSeq+1+int64(i) || taken {
			return nil, fehler.ErrConflict
		}
	}
	if p.Lease != nil && !sameToken(old.LeaseToken, p.Lease.ExpectToken) {
		return nil, fehler.ErrConflict
	}
	return old, nil
}

func (t *tx) nummerTaken(nummer string, id uuid.UUID) bool {
	other, ok := t.s.vorgang.index.get(t.key("nummer", nummer))
	return nummer != "" && ok && other != id
}

// checkAuftraege finds what the caller should have kept apart. That is no
// error a caller can handle, so it forbids the commit.
func (t *tx) checkAuftraege(vorgang uuid.UUID, rows []driver.AuftragRow) error {
	seen := map[string]bool{}
	for _, r := range rows {
		id, platz := t.key(r.ID), t.key("platz", r.VorgangID, r.VorgangVersion, r.Ordinal)
		_, idTaken := t.s.auftrag.get(t.mandant, r.ID)
		_, platzTaken := t.s.auftrag.index.get(platz)
		switch {
		case r.VorgangID != vorgang:
			return errors.New("memory: an Auftrag belongs to another Vorgang than the one that is saved")
		case idTaken || platzTaken || seen[id] || seen[platz]:
			return errors.New("memory: the id or the place of an Auftrag is taken")
		}
		seen[id], seen[platz] = true, true
	}
	return nil
}

func sameToken(a, b *uuid.UUID) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

func (t *tx) SetLease(ctx context.Context, p driver.SetLeaseParams) error {
	if err := t.writes(ctx); err != nil {
		return err
	}
	old, ok := t.s.vorgang.get(t.mandant, p.ID)
	switch {
	case !ok:
		return fehler.ErrNotFound
	case !sameToken(old.LeaseToken, p.ExpectToken):
		return fehler.ErrConflict
	}
	v := *old
	v.LeaseToken, v.LeaseBis = clonePtr(p.Token), clonePtr(p.Bis)
	t.putVorgang(&v)
	return nil
}

// free tells whether a lease holds nobody off any more.
func free(bis *time.Time, now time.Time) bool { return bis == nil || !bis.After(now) }
