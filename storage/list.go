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

// Page is a part of a list.
type Page struct {
	Vorgaenge []*vorgang.Vorgang
	// Next continues behind this page; empty at the end. It holds the place in
	// the list and a check sum of Mandant, filter and order, nothing else.
	Next string
}

// Page reads a page ordered by Eingang, then ID. A cursor of another list or
// form is ErrInvalid. Vorgaenge that arrive meanwhile neither repeat nor skip
// others.
func (s *Store) Page(ctx context.Context, mandant tenant.ID, p PageParams) (Page, error) {
	var page Page
	err := s.View(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
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
	if err := tx.reads("Page"); err != nil {
		return Page{}, err
	}
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	if p.Limit < 1 || p.Limit > MaxLimit {
		return Page{}, fehler.New("storage.Page", string(tx.mandant), ErrInvalid, errors.New("limit must be 1 to 1000"))
	}
	filter, err := p.Filter.driver("Page", tx.mandant)
	if err != nil {
		return Page{}, err
	}
	sum := listSum(tx.mandant, &filter)
	d := driver.ListVorgaengeParams{Filter: filter, Limit: p.Limit, Absteigend: p.Absteigend}
	if p.Cursor != "" {
		c, err := decodeCursor(p.Cursor)
		if err != nil || c.sum != sum || c.absteigend != p.Absteigend {
			return Page{}, fehler.New("storage.Page", string(tx.mandant), ErrInvalid, errors.New("the cursor does not belong to this list"))
		}
		d.After = &c.key
	}
	rows, err := tx.d.ListVorgaenge(ctx, d)
	if err != nil {
		return Page{}, wrap("Page", string(tx.mandant), err)
	}
	page := Page{Vorgaenge: make([]*vorgang.Vorgang, len(rows))}
	for i := range rows {
		if page.Vorgaenge[i], err = tx.s.restore("Page", tx.mandant, &rows[i]); err != nil {
			return Page{}, err
		}
	}
	if len(rows) == p.Limit {
		last := rows[len(rows)-1]
		page.Next = cursor{p.Absteigend, sum, driver.VorgangKey{Eingang: last.Eingang, ID: last.ID}}.encode()
	}
	return page, nil
}

// List gives all Vorgaenge of the filter, ordered by Eingang, then ID. Each
// page is read completely before its Vorgaenge are given, so the loop may use
// the store. An error is the last pair.
func (s *Store) List(ctx context.Context, mandant tenant.ID, p PageParams) iter.Seq2[*vorgang.Vorgang, error] {
	return func(yield func(*vorgang.Vorgang, error) bool) {
		for {
			page, err := s.Page(ctx, mandant, p)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, v := range page.Vorgaenge {
				if !yield(v, nil) {
					return
				}
			}
			if p.Cursor = page.Next; p.Cursor == "" {
				return
			}
		}
	}
}

// Count counts the Vorgaenge of the filter.
func (s *Store) Count(ctx context.Context, mandant tenant.ID, f Filter) (int64, error) {
	filter, err := f.driver("Count", mandant)
	if err != nil {
		return 0, err
	}
	var n int64
	err = s.View(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
		n, err = tx.d.CountVorgaenge(ctx, driver.CountVorgaengeParams{Filter: filter})
		return wrap("Count", string(mandant), err)
	})
	return n, err
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
	return base64.RawURLEncoding.EncodeToString(b)
}

func decodeCursor(text string) (cursor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	// The length of the text counts too: the decoder passes over line breaks.
	if err != nil || len(b) != 34 || len(text) != base64.RawURLEncoding.EncodedLen(34) || b[0] != cursorForm || b[1] > 1 {
		return cursor{}, errors.New("not a cursor")
	}
	c := cursor{absteigend: b[1] == 1, sum: [8]byte(b[2:10])}
	c.key.Eingang = time.UnixMicro(int64(binary.BigEndian.Uint64(b[10:18]))).UTC()
	c.key.ID = uuid.UUID(b[18:34])
	return c, nil
}

func listSum(mandant tenant.ID, f *driver.VorgangFilter) [8]byte {
	b, _ := json.Marshal(f) // plain data
	sum := sha256.Sum256(append(append([]byte(mandant), 0), b...))
	return [8]byte(sum[:8])
}
