package sqltx

import (
	"iter"
	"strconv"
	"strings"
)

// Params collects arguments and gives their placeholders.
type Params struct{ Args []any }

// Add gives "$4".
func (p *Params) Add(v any) string {
	p.Args = append(p.Args, v)
	return "$" + strconv.Itoa(len(p.Args))
}

// Tuple gives "($4,$5,$6)".
func (p *Params) Tuple(vs ...any) string {
	parts := make([]string, len(vs))
	for i, v := range vs {
		parts[i] = p.Add(v)
	}
	return "(" + strings.Join(parts, ",") + ")"
}

// In gives " AND column IN (…)", or nothing for no values.
func In[T any](p *Params, column string, vs []T) string {
	if len(vs) == 0 {
		return ""
	}
	if len(vs) == 1 {
		// With one value the planner knows that an index on it is in order.
		return " AND " + column + " = " + p.Add(vs[0])
	}
	parts := make([]any, len(vs))
	for i, v := range vs {
		parts[i] = v
	}
	return " AND " + column + " IN " + p.Tuple(parts...)
}

// Limit gives " LIMIT 50". The number stands in the text: with a bound one SQLite
// prepares the statement anew at every call, and PostgreSQL's generic plans take it
// for a tenth of the rows.
func Limit(n int) string { return " LIMIT " + strconv.Itoa(n) }

// Blob makes sure that nil is an empty value, not NULL.
func Blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// maxRows bounds the values of one IN: SQLite takes 32766 placeholders.
const maxRows = 500

// chunks cuts rows for multi-row INSERTs into few different sizes, so that few
// statements are prepared.
func chunks[T any](rows []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for _, size := range []int{64, 16, 4, 2, 1} {
			for len(rows) >= size {
				if !yield(rows[:size:size]) {
					return
				}
				rows = rows[size:]
			}
		}
	}
}

// insertInto gives "INSERT INTO table (columns) VALUES (…),(…)" and collects the
// values in p.
func insertInto[T any](p *Params, table, columns string, rows []T, values func(*T) []any) string {
	tuples := make([]string, len(rows))
	for i := range rows {
		tuples[i] = p.Tuple(values(&rows[i])...)
	}
	return "INSERT INTO " + table + " (" + columns + ") VALUES " + strings.Join(tuples, ",")
}
