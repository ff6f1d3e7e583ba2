package storage

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// MoveOptions of a move. Nil means defaults.
type MoveOptions struct {
	// Fortschritt is called after each page that was copied or compared.
	Fortschritt func(MoveBericht)
}

// MoveBericht counts rows of all kinds.
type MoveBericht struct {
	// Kopiert rows were offered to the target; after a restart they include those
	// that were there already. Verglichen rows are equal on both sides.
	Kopiert, Verglichen int64
}

// Move brings a Mandant to another backend: it shuts the Mandant for writing,
// copies everything, compares everything row by row, changes the plan, and opens
// the Mandant at the target. Until the plan is changed readers see the source;
// writers get ErrUnavailable from the beginning to the end. Files in package blob
// do not move.
//
// Stopped at any moment, Move called again with the same target goes on and loses
// nothing; [Router.AbortMove] goes back. The source keeps its copy, shut for good,
// until [Router.RemoveMoved] removes it. Feeds of changes are copied, but may repeat
// changes to those who watch.
//
// ErrConflict if the Mandant is on its way to another target, ErrExists if the
// target holds rows of the Mandant that no move brought there, ErrInvalid if the
// copy differs from the source.
func (r *Router) Move(ctx context.Context, mandant tenant.ID, ziel string, o *MoveOptions) (MoveBericht, error) {
	m := move{mandant: mandant, ctx: ctx}
	if o != nil {
		m.fortschritt = o.Fortschritt
	}
	fail := func(art, err error) (MoveBericht, error) {
		return m.b, fehler.New("storage.Move", string(mandant), art, err)
	}
	p, err := r.platz(ctx, mandant, true)
	if err != nil {
		return m.b, wrap("Move", string(mandant), err)
	}
	to, ok := r.backends[ziel]
	switch {
	case !ok:
		return fail(ErrInvalid, errors.New("there is no such backend"))
	case p.Nach != "" && p.Nach != ziel:
		return fail(ErrConflict, fmt.Errorf("it is on its way to %s", p.Nach))
	case p.Store == ziel:
		return m.b, wrap("Move", string(mandant), r.finish(ctx, mandant, ziel))
	}
	m.von, m.nach = r.backends[p.Store], to
	if p.Nach == "" {
		// A copy that an earlier move left there is out of date.
		former, err := to.GetSperre(ctx, mandant)
		if err == nil && former == driver.SperreAlles {
			err = clear(ctx, to, mandant)
		}
		if err != nil {
			return m.b, wrap("Move", string(mandant), err)
		}
		for s, err := range rows(ctx, to, mandant) {
			if err != nil {
				return m.b, wrap("Move", string(mandant), err)
			}
			return fail(ErrExists, fmt.Errorf("the target holds rows of the Mandant (%s)", s.art))
		}
		// From here on the target's rows are ours.
		p.Nach = ziel
		if p, err = r.setPlatz(ctx, mandant, p); err != nil {
			return m.b, wrap("Move", string(mandant), err)
		}
	}
	for _, step := range []func() error{
		// The target rests, so that no relay takes Auftraege before the switch.
		func() error { return to.SetSperre(ctx, mandant, driver.SperreRuht) },
		func() error { return m.von.SetSperre(ctx, mandant, driver.SperreSchreiben) },
		m.copy,
		m.compare,
		func() error {
			p.Store, p.Nach = ziel, ""
			_, err := r.setPlatz(ctx, mandant, p)
			return err
		},
		func() error { return r.finish(ctx, mandant, ziel) },
	} {
		if err := step(); err != nil {
			return m.b, wrap("Move", string(mandant), err)
		}
	}
	return m.b, nil
}

func (r *Router) setPlatz(ctx context.Context, mandant tenant.ID, p Platz) (Platz, error) {
	if err := r.plan.SetPlatz(ctx, mandant, p); err != nil {
		return p, err
	}
	return r.platz(ctx, mandant, true)
}

// finish shuts every other backend that holds rows of the Mandant under a Sperre,
// and then opens it where the plan says it lies.
func (r *Router) finish(ctx context.Context, mandant tenant.ID, ziel string) error {
	for _, name := range r.namen {
		if name == ziel {
			continue
		}
		s, err := r.backends[name].GetSperre(ctx, mandant)
		if err == nil && s == driver.SperreSchreiben {
			err = r.backends[name].SetSperre(ctx, mandant, driver.SperreAlles)
		}
		if err != nil {
			return err
		}
	}
	return r.backends[ziel].SetSperre(ctx, mandant, driver.SperreKeine)
}

// AbortMove goes back: it removes what the target got and opens the source again.
// ErrNotFound if the Mandant is not on its way, for instance because it has arrived.
func (r *Router) AbortMove(ctx context.Context, mandant tenant.ID) error {
	p, err := r.platz(ctx, mandant, true)
	if err == nil && p.Nach == "" {
		err = ErrNotFound
	}
	if err != nil {
		return wrap("AbortMove", string(mandant), err)
	}
	to := r.backends[p.Nach]
	if to == nil {
		return fehler.New("storage.AbortMove", string(mandant), ErrUnavailable, fmt.Errorf("this Router has no backend %s", p.Nach))
	}
	if err = clear(ctx, to, mandant); err == nil {
		p.Nach = ""
		_, err = r.setPlatz(ctx, mandant, p)
	}
	if err == nil {
		err = r.backends[p.Store].SetSperre(ctx, mandant, driver.SperreKeine)
	}
	return wrap("AbortMove", string(mandant), err)
}

// clear removes what a backend holds of a Mandant and opens it.
func clear(ctx context.Context, b driver.Backend, mandant tenant.ID) error {
	if err := b.SetSperre(ctx, mandant, driver.SperreAlles); err != nil {
		return err
	}
	if err := b.Entfernen(ctx, mandant); err != nil {
		return err
	}
	return b.SetSperre(ctx, mandant, driver.SperreKeine)
}

// RemoveMoved removes the copy a finished move left on a backend. ErrConflict if
// the Mandant lies there.
func (r *Router) RemoveMoved(ctx context.Context, mandant tenant.ID, von string) error {
	p, err := r.platz(ctx, mandant, true)
	if err != nil {
		return wrap("RemoveMoved", string(mandant), err)
	}
	b, ok := r.backends[von]
	if !ok || p.Store == von || p.Nach == von {
		return fehler.New("storage.RemoveMoved", string(mandant), ErrConflict, errors.New("the Mandant lies there, or there is no such backend"))
	}
	return wrap("RemoveMoved", string(mandant), b.Entfernen(ctx, mandant))
}

type move struct {
	ctx         context.Context
	mandant     tenant.ID
	von, nach   driver.Backend
	b           MoveBericht
	fortschritt func(MoveBericht)
}

func (m *move) report() {
	if m.fortschritt != nil {
		m.fortschritt(m.b)
	}
}

// copy offers every row of the source to the target, in transactions of a page.
func (m *move) copy() error {
	var p driver.ImportParams
	n := 0
	flush := func() error {
		if n == 0 {
			return nil
		}
		err := m.nach.Update(m.ctx, m.mandant, func(ctx context.Context, tx driver.Tx) error {
			_, err := tx.Import(ctx, p)
			return err
		})
		m.b.Kopiert += int64(n)
		p, n = driver.ImportParams{}, 0
		m.report()
		return err
	}
	for s, err := range rows(m.ctx, m.von, m.mandant) {
		if err != nil {
			return err
		}
		s.into(&p)
		if n++; n >= pageRows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// compare walks both sides in step.
func (m *move) compare() error {
	next, stop := iter.Pull2(rows(m.ctx, m.nach, m.mandant))
	defer stop()
	differs := func(s satz) error {
		return fehler.New("storage.Move", string(m.mandant), ErrInvalid, fmt.Errorf("the copy differs from the source at %s %s", s.art, s.key))
	}
	for is, err := range rows(m.ctx, m.von, m.mandant) {
		if err != nil {
			return err
		}
		got, err, ok := next()
		if err != nil {
			return err
		}
		if !ok || got.art != is.art || got.key != is.key || got.sum() != is.sum() {
			return differs(is)
		}
		if m.b.Verglichen++; m.b.Verglichen%pageRows == 0 {
			m.report()
		}
	}
	got, err, ok := next()
	if err != nil {
		return err
	}
	if ok {
		return differs(got)
	}
	m.report()
	return nil
}

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
		var stand vorgang.Stand
		if json.Unmarshal(r.Daten, &stand) == nil {
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
