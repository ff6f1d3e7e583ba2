package storage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Filter selects Vorgaenge. Fields are joined by AND, the values of one field
// by OR; a zero field selects all.
type Filter struct {
	Status     []vorgang.Status
	Leistungen []tenant.Leistungsschluessel
	Einheiten  []string
	// Bearbeiter are Akteur ids.
	Bearbeiter []string
	// EingangVon is the first instant, EingangBis the first instant after.
	EingangVon, EingangBis time.Time
	// FristBis selects Vorgaenge with a Frist on or before the day.
	FristBis datum.Datum
	// Aktenzeichen and Nummer select exactly, letter by letter.
	Aktenzeichen, Nummer string
}

func (f *Filter) driver(op string, mandant tenant.ID) (driver.VorgangFilter, error) {
	d := driver.VorgangFilter{
		Status: texts(f.Status), Leistungen: texts(f.Leistungen), Einheiten: f.Einheiten, Bearbeiter: f.Bearbeiter,
		FristBis: f.FristBis, Aktenzeichen: f.Aktenzeichen, Nummer: f.Nummer,
	}
	if !f.EingangVon.IsZero() {
		d.EingangVon = instant(f.EingangVon)
	}
	if !f.EingangBis.IsZero() {
		d.EingangBis = instant(f.EingangBis)
	}
	pairs := []string{"/aktenzeichen", f.Aktenzeichen, "/nummer", f.Nummer}
	for _, list := range [][]string{d.Status, d.Leistungen, d.Einheiten, d.Bearbeiter} {
		if len(list) > maxValues {
			return d, fehler.New("storage."+op, string(mandant), ErrInvalid, errors.New("a filter has more than 500 values"))
		}
		for _, v := range list {
			pairs = append(pairs, "/filter", v)
		}
	}
	return d, checkText(op, string(mandant), pairs...)
}

// maxValues bounds the values of one filter field.
const maxValues = 500

// Page sizes.
const (
	// DefaultLimit is the size of a page when none is asked for.
	DefaultLimit = 50
	// MaxLimit is the largest page.
	MaxLimit = 1000
)

// PageParams ask for a page of Vorgaenge.
type PageParams struct {
	Filter Filter
	// Limit is 1 to [MaxLimit]; zero means [DefaultLimit].
	Limit int
	// Absteigend gives the newest first.
	Absteigend bool
	// Cursor is Page.Next of the page before; empty starts at the beginning.
	Cursor string
}

// Zeile is a Vorgang as a list shows it, read without its contents.
type Zeile struct {
	Mandant tenant.ID
	ID      uuid.UUID
	Version int64
	Nummer  string
	Status  vorgang.Status
	// Leistung, Einheit and Bearbeiter are keys; names are the directory's.
	Leistung   tenant.Leistungsschluessel
	Einheit    string
	Bearbeiter string
	// Antragsteller is the name; empty if the Vorgang was saved by a program
	// that did not know this column ([Store.Reindex]).
	Antragsteller string
	Aktenzeichen  []string
	Eingang       time.Time
	// Frist is the next legal date; the zero Datum means none.
	Frist datum.Datum
	// Wartend: it lies on the stack. LeaseBis: until when somebody has it from
	// the stack; zero means nobody has.
	Wartend  bool
	LeaseBis time.Time
}

func zeile(mandant tenant.ID, r *driver.VorgangRow) Zeile {
	z := Zeile{
		Mandant: mandant, ID: r.ID, Version: r.Version, Nummer: r.Nummer, Status: vorgang.Status(r.Status),
		Leistung: tenant.Leistungsschluessel(r.Leistung), Einheit: r.Einheit, Bearbeiter: r.Bearbeiter,
		Antragsteller: r.Antragsteller, Aktenzeichen: r.Aktenzeichen, Eingang: r.Eingang, Frist: r.Frist, Wartend: r.Wartend,
	}
	if r.LeaseBis != nil {
		z.LeaseBis = *r.LeaseBis
	}
	return z
}

// Page is a part of a list.
type Page struct {
	Zeilen []Zeile
	// Next continues behind this page; empty at the end. It holds the place in
	// the list and a check sum of Mandant, filter and order, nothing else.
	Next string
}

// Page reads a page ordered by Eingang, then ID. A cursor of another list or
// form is ErrInvalid. Vorgaenge that arrive meanwhile neither repeat nor skip
// others. Its cost does not grow with the number of Vorgaenge or of the page.
func (s *Store) Page(ctx context.Context, mandant tenant.ID, p PageParams) (Page, error) {
	var page Page
	err := s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
		page, err = tx.Page(ctx, p)
		return err
	})
	if err != nil {
		return Page{}, err
	}
	return page, nil
}

// Page reads a page; see [Store.Page].
func (tx *Tx) Page(ctx context.Context, p PageParams) (Page, error) {
	rows, next, err := tx.page(ctx, "Page", p, true)
	if err != nil {
		return Page{}, err
	}
	page := Page{Zeilen: make([]Zeile, len(rows)), Next: next}
	for i := range rows {
		page.Zeilen[i] = zeile(tx.mandant, &rows[i])
	}
	return page, nil
}

func (tx *Tx) page(ctx context.Context, op string, p PageParams, kurz bool) (rows []driver.VorgangRow, next string, err error) {
	if err := tx.reads(op); err != nil {
		return nil, "", err
	}
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	if p.Limit < 1 || p.Limit > MaxLimit {
		return nil, "", fehler.New("storage."+op, string(tx.mandant), ErrInvalid, errors.New("limit must be 1 to 1000"))
	}
	filter, err := p.Filter.driver(op, tx.mandant)
	if err != nil {
		return nil, "", err
	}
	sum := listSum(tx.mandant, &filter)
	d := driver.ListVorgaengeParams{Filter: filter, Limit: p.Limit, Absteigend: p.Absteigend, Kurz: kurz}
	if p.Cursor != "" {
		c, err := decodeCursor(p.Cursor)
		if err != nil || c.sum != sum || c.absteigend != p.Absteigend {
			return nil, "", fehler.New("storage."+op, string(tx.mandant), ErrInvalid, errors.New("the cursor does not belong to this list"))
		}
		d.After = &c.key
	}
	if rows, err = tx.d.ListVorgaenge(ctx, d); err != nil {
		return nil, "", wrap(op, string(tx.mandant), err)
	}
	if len(rows) == p.Limit {
		last := rows[len(rows)-1]
		next = cursor{p.Absteigend, sum, driver.VorgangKey{Eingang: last.Eingang, ID: last.ID}}.encode()
	}
	return rows, next, nil
}

// List gives all Vorgaenge of the filter as lists show them, ordered by Eingang,
// then ID. Each page is read completely before its rows are given, so the loop
// may use the store. An error is the last pair.
func (s *Store) List(ctx context.Context, mandant tenant.ID, p PageParams) iter.Seq2[Zeile, error] {
	return func(yield func(Zeile, error) bool) {
		for {
			page, err := s.Page(ctx, mandant, p)
			if err != nil {
				yield(Zeile{}, err)
				return
			}
			for _, z := range page.Zeilen {
				if !yield(z, nil) {
					return
				}
			}
			if p.Cursor = page.Next; p.Cursor == "" {
				return
			}
		}
	}
}

// Vorgaenge gives the same as [Store.List] with all contents: for exports and
// work in bulk.
func (s *Store) Vorgaenge(ctx context.Context, mandant tenant.ID, p PageParams) iter.Seq2[*vorgang.Vorgang, error] {
	return func(yield func(*vorgang.Vorgang, error) bool) {
		for {
			var rows []driver.VorgangRow
			err := s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
				rows, p.Cursor, err = tx.page(ctx, "Vorgaenge", p, false)
				return err
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range rows {
				stand, err := standOf("Vorgaenge", mandant, &rows[i])
				if err != nil {
					yield(nil, err)
					return
				}
				if !yield(vorgang.Restore(stand, s.Kontext()), nil) {
					return
				}
			}
			if p.Cursor == "" {
				return
			}
		}
	}
}

// Count counts the Vorgaenge of the filter.
func (s *Store) Count(ctx context.Context, mandant tenant.ID, f Filter) (n int64, err error) {
	err = s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) error {
		n, err = tx.Count(ctx, f)
		return err
	})
	return n, err
}

// Count is [Store.Count] within the transaction.
func (tx *Tx) Count(ctx context.Context, f Filter) (int64, error) {
	if err := tx.reads("Count"); err != nil {
		return 0, err
	}
	filter, err := f.driver("Count", tx.mandant)
	if err != nil {
		return 0, err
	}
	n, err := tx.d.CountVorgaenge(ctx, driver.CountVorgaengeParams{Filter: filter})
	return n, wrap("Count", string(tx.mandant), err)
}

// cursor is a place in a list by Eingang and ID.
type cursor struct {
	absteigend bool
	sum        [8]byte
	key        driver.VorgangKey
}

// cursorForm is the first byte: version 1 of the order Eingang, ID.
const cursorForm = 1

func (c cursor) encode() string {
	b := []byte{cursorForm, 0}
	if c.absteigend {
		b[1] = 1
	}
	b = append(b, c.sum[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(c.key.Eingang.UnixMicro()))
	b = append(b, c.key.ID[:]...)
	return encodeText(b)
}

// encodeText and decodeText are the outer form of all cursors.
func encodeText(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decodeText(text string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	// The length of the text counts too: the decoder passes over line breaks.
	if err == nil && len(text) != base64.RawURLEncoding.EncodedLen(len(b)) {
		err = errors.New("not a cursor")
	}
	return b, err
}

func decodeCursor(text string) (cursor, error) {
	b, err := decodeText(text)
	if err != nil || len(b) != 34 || b[0] != cursorForm || b[1] > 1 {
		return cursor{}, errors.New("not a cursor")
	}
	c := cursor{absteigend: b[1] == 1, sum: [8]byte(b[2:10])}
	c.key.Eingang = time.UnixMicro(int64(binary.BigEndian.Uint64(b[10:18]))).UTC()
	c.key.ID = uuid.UUID(b[18:34])
	return c, nil
}

func listSum(mandant tenant.ID, list any) [8]byte {
	b, _ := json.Marshal(list) // plain data
	sum := sha256.Sum256(append(append([]byte(mandant), 0), b...))
	return [8]byte(sum[:8])
}
