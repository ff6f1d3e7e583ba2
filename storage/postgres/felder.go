package postgres

import (
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
)

// felder are rows turned into columns, one array each: so a statement has one
// text for any number of rows, and COPY, which row-level security refuses, is
// not needed.
type felder []feld

type feld struct {
	typ   string
	werte any
}

// wenige is how many rows a save writes as VALUES: one statement for each number is
// prepared, but the server takes its values as they are, not out of arrays.
const wenige = 4

// from gives the rows of a save as an item of FROM.
func (f felder) from(a *sqltx.Params) string {
	spalten := make([]reflect.Value, len(f))
	for i, c := range f {
		spalten[i] = reflect.ValueOf(c.werte)
	}
	n := spalten[0].Len()
	if n > wenige {
		return f.unnest(a)
	}
	var b strings.Builder
	b.WriteString("(VALUES ")
	for row := range n {
		for i, c := range f {
			switch {
			case i > 0:
				b.WriteString(", ")
			case row > 0:
				b.WriteString("), (")
			default:
				b.WriteString("(")
			}
			b.WriteString(a.Add(spalten[i].Index(row).Interface()) + "::" + c.typ)
		}
	}
	b.WriteString("))")
	return b.String()
}

// unnest gives the rows as an item of FROM.
func (f felder) unnest(a *sqltx.Params) string {
	parts := make([]string, len(f))
	for i, c := range f {
		parts[i] = a.Add(c.werte) + "::" + c.typ + "[]"
	}
	return "unnest(" + strings.Join(parts, ", ") + ")"
}

// col gives one field of all rows.
func col[T, V any](rows []T, f func(*T) V) []V {
	out := make([]V, len(rows))
	for i := range rows {
		out[i] = f(&rows[i])
	}
	return out
}

// texts gives kinds of strings as strings.
func texts[S ~string](list []S) []string {
	return col(list, func(s *S) string { return string(*s) })
}

// without gives what is in list and not in other.
func without(list, other []string) []string {
	there := make(map[string]bool, len(other))
	for _, s := range other {
		there[s] = true
	}
	out := []string{}
	for _, s := range list {
		if !there[s] {
			out = append(out, s)
		}
	}
	return out
}

// words splits what sqltx.WoerterText made.
func words(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text[1:len(text)-1], " ")
}

// journalFelder are all columns behind mandant and vorgang_id.
func journalFelder(rows []driver.JournalRow) felder {
	type r = *driver.JournalRow
	blob := func(f func(r) []byte) feld {
		return feld{"bytea", col(rows, func(x r) []byte { return sqltx.Blob(f(x)) })}
	}
	return felder{
		{"bigint", col(rows, func(x r) int64 { return x.Seq })},
		{"timestamptz", col(rows, func(x r) time.Time { return x.Zeit })},
		{"text", col(rows, func(x r) string { return x.Code })},
		blob(func(x r) []byte { return x.Akteur }), blob(func(x r) []byte { return x.Daten }), blob(func(x r) []byte { return x.Salz }),
		blob(func(x r) []byte { return x.AkteurHash }), blob(func(x r) []byte { return x.DatenHash }),
		blob(func(x r) []byte { return x.Vorgaenger }), blob(func(x r) []byte { return x.Hash }),
	}
}

// auftragFelder are the columns id to termin.
func auftragFelder(rows []driver.AuftragRow) felder {
	type r = *driver.AuftragRow
	return felder{
		{"uuid", col(rows, func(x r) uuid.UUID { return x.ID })},
		{"uuid", col(rows, func(x r) uuid.UUID { return x.VorgangID })},
		{"bigint", col(rows, func(x r) int64 { return x.VorgangVersion })},
		{"bigint", col(rows, func(x r) int64 { return x.Ordinal })},
		{"text", col(rows, func(x r) string { return x.Art })},
		{"bytea", col(rows, func(x r) []byte { return sqltx.Blob(x.Daten) })},
		{"timestamptz", col(rows, func(x r) time.Time { return x.Erstellt })},
		{"timestamptz", col(rows, func(x r) time.Time { return x.Faellig })},
		{"boolean", col(rows, func(x r) bool { return x.Termin })},
	}
}
