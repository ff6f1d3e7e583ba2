package storage

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/din91379"
)

// SearchParams ask for Vorgaenge by what a person types.
type SearchParams struct {
	// Text holds words in any order: of the applicant's name, the
	// Vorgangsnummer, an Aktenzeichen, a Kassenzeichen, the sender's reference, the name of the
	// Leistung, a Schlagwort or the values of the form. Each is compared in the search form of
	// package din91379 and may be the beginning of a word. A word with a digit is
	// compared without its punctuation: "67.31/26-1" and "6731261" are alike.
	// At least one word, at most 8.
	Text string
	// Filter narrows the hits; Akteur.Einheiten do too if Akteur is set.
	Filter Filter
	Akteur tenant.Akteur
	// Limit is 1 to [MaxLimit]; zero means [DefaultLimit].
	Limit int
	// Cursor is Treffer.Next of the page before; empty starts at the beginning.
	Cursor string
}

// Treffer is a page of hits.
type Treffer struct {
	Zeilen []Zeile
	// Next continues behind this page; empty at the end.
	Next string
}

// Search finds Vorgaenge of the Mandant by words; all must fit. The hits are
// ordered by the word that fits the longest word typed, then by ID. Without any
// word in the text it is ErrInvalid.
func (s *Store) Search(ctx context.Context, mandant tenant.ID, p SearchParams) (Treffer, error) {
	var t Treffer
	err := s.viewOne(ctx, mandant, func(ctx context.Context, tx *Tx) (err error) {
		t, err = tx.Search(ctx, p)
		return err
	})
	if err != nil {
		return Treffer{}, err
	}
	return t, nil
}

// Search finds Vorgaenge by words; see [Store.Search].
func (tx *Tx) Search(ctx context.Context, p SearchParams) (Treffer, error) {
	if err := tx.reads("Search"); err != nil {
		return Treffer{}, err
	}
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	if p.Limit < 1 || p.Limit > MaxLimit {
		return Treffer{}, fehler.New("storage.Search", string(tx.mandant), ErrInvalid, errors.New("limit must be 1 to 1000"))
	}
	gesucht := suchwoerter(p.Text)
	if n := len(gesucht); n == 0 || n > driver.MaxSuchwoerter {
		return Treffer{}, fehler.New("storage.Search", string(tx.mandant), ErrInvalid, fehler.Probleme{{
			Code: "storage.suchwoerter", Pfad: "/text", Meldung: "one to eight words are needed",
			Hinweis: "Bitte ein bis acht Suchwörter eingeben."}})
	}
	einheiten, leer := einheitenOf(p.Akteur, p.Filter.Einheiten)
	if leer {
		return Treffer{}, nil
	}
	p.Filter.Einheiten = einheiten
	filter, err := p.Filter.driver("Search", tx.mandant)
	if err != nil {
		return Treffer{}, err
	}
	d := driver.SearchVorgaengeParams{Woerter: gesucht, Filter: filter, Limit: p.Limit}
	sum := listSum(tx.mandant, &struct {
		W []string
		F *driver.VorgangFilter
	}{gesucht, &filter})
	if p.Cursor != "" {
		k, err := decodeSuchCursor(p.Cursor, sum)
		if err != nil {
			return Treffer{}, fehler.New("storage.Search", string(tx.mandant), ErrInvalid, err)
		}
		d.After = &k
	}
	rows, err := tx.d.SearchVorgaenge(ctx, d)
	if err != nil {
		return Treffer{}, wrap("Search", string(tx.mandant), err)
	}
	t := Treffer{Zeilen: make([]Zeile, len(rows))}
	for i := range rows {
		t.Zeilen[i] = zeile(tx.mandant, &rows[i].Row)
	}
	if len(rows) == p.Limit {
		last := rows[len(rows)-1]
		t.Next = encodeSuchCursor(sum, driver.TrefferKey{Wort: last.Wort, ID: last.Row.ID})
	}
	return t, nil
}

// suchwoerter gives the words of a text a person typed, longest first: the
// longest drives the search. A word that begins another one is left out.
func suchwoerter(text string) []string {
	var all []string
	for feld := range strings.FieldsSeq(cut(text, 4*MaxText)) {
		if kurz := kompakt(feld); strings.ContainsFunc(kurz, unicode.IsDigit) {
			all = append(all, kurz)
			continue
		}
		all = append(all, din91379.Woerter(feld)...)
	}
	slices.SortFunc(all, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	var out []string
	for _, w := range all {
		if w != "" && !slices.ContainsFunc(out, func(o string) bool { return strings.HasPrefix(o, w) }) {
			out = append(out, w)
		}
	}
	return out
}

// kompakt is the search form without blanks, as numbers are compared; at most
// 64 bytes.
func kompakt(s string) string {
	if len(s) > MaxText {
		s = s[:MaxText]
	}
	w := strings.ReplaceAll(din91379.Suchform(strings.ToValidUTF8(s, "")), " ", "")
	if len(w) > maxWort {
		w = strings.ToValidUTF8(w[:maxWort], "")
	}
	return w
}

// Bounds of what is indexed of one Vorgang.
const (
	maxWort    = 64 // bytes
	maxWoerter = 64
)

// woerter gives the words a Vorgang is found by, sorted, without repetition: the
// names and numbers first, then the values of the form, until there are 64.
func woerter(s *vorgang.Stand) []string {
	seen := map[string]bool{}
	add := func(words ...string) {
		for _, w := range words {
			if w != "" && len(seen) < maxWoerter {
				seen[w] = true
			}
		}
	}
	// As suchwoerter takes a text apart: words, and what holds a digit as one.
	text := func(t string) {
		for feld := range strings.FieldsSeq(t) {
			if kurz := kompakt(feld); strings.ContainsFunc(kurz, unicode.IsDigit) {
				add(kurz)
			}
		}
		add(din91379.Woerter(t)...)
	}
	for _, nummer := range append([]string{s.Nummer, s.Antrag.Referenz}, s.Aktenzeichen...) {
		add(kompakt(nummer))
		text(nummer)
	}
	for _, g := range s.Gebuehren {
		text(g.Forderung.Kassenzeichen)
	}
	text(s.Antrag.Antragsteller.Name)
	text(s.LeistungName)
	for _, w := range s.Schlagworte {
		text(w)
	}
	var felder func([]vorgang.Feld)
	felder = func(fs []vorgang.Feld) {
		for i := range fs {
			if len(seen) >= maxWoerter {
				return
			}
			text(cut(fs[i].Wert, 4*MaxText))
			felder(fs[i].Felder)
		}
	}
	felder(s.Antrag.Felder)
	out := make([]string, 0, len(seen))
	for w := range seen {
		out = append(out, w)
	}
	slices.Sort(out)
	return out
}

// quelle is a hash of all that woerter reads. It differs between processes and
// is never stored.
func (s *Store) quelle(st *vorgang.Stand) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	text := func(t string) {
		h.WriteString(t)
		h.WriteByte(0)
	}
	text(st.Nummer)
	text(st.Antrag.Referenz)
	text(st.Antrag.Antragsteller.Name)
	text(st.LeistungName)
	for _, list := range [][]string{st.Aktenzeichen, st.Schlagworte} {
		h.WriteByte(byte(len(list)))
		for _, z := range list {
			text(z)
		}
	}
	for _, g := range st.Gebuehren {
		text(g.Forderung.Kassenzeichen)
	}
	h.WriteByte(byte(len(st.Gebuehren)))
	var felder func([]vorgang.Feld)
	felder = func(fs []vorgang.Feld) {
		for i := range fs {
			text(fs[i].Wert)
			felder(fs[i].Felder)
		}
	}
	felder(st.Antrag.Felder)
	return h.Sum64()
}

// suchCursorForm is the first byte: version 2 of a cursor is the order Wort, ID.
const suchCursorForm = 2

func encodeSuchCursor(sum [8]byte, k driver.TrefferKey) string {
	b := append([]byte{suchCursorForm}, sum[:]...)
	b = append(append(b, k.ID[:]...), k.Wort...)
	return encodeText(b)
}

func decodeSuchCursor(text string, sum [8]byte) (driver.TrefferKey, error) {
	b, err := decodeText(text)
	if err != nil || len(b) < 26 || len(b) > 25+maxWort || b[0] != suchCursorForm || [8]byte(b[1:9]) != sum {
		return driver.TrefferKey{}, errors.New("the cursor does not belong to this search")
	}
	wort := string(b[25:])
	if !utf8.ValidString(wort) || strings.ContainsRune(wort, 0) {
		return driver.TrefferKey{}, errors.New("the cursor does not belong to this search")
	}
	return driver.TrefferKey{Wort: wort, ID: uuid.UUID(b[9:25])}, nil
}
