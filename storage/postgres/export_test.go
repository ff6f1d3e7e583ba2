package postgres

import (
	"github.com/ozg-fachwerk/fachwerk/storage/driver"
	"github.com/ozg-fachwerk/fachwerk/storage/internal/sqltx"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Statement is a text with its arguments, for plans.
type Statement struct {
	SQL  string
	Args []any
}

// NextStatements gives what a claim runs.
func NextStatements(m tenant.ID, p driver.NextWartendParams) (out []Statement) {
	add := func(f func(*sqltx.Params) string) {
		a := sqltx.Params{Args: []any{m, p.Now}}
		sql := f(&a)
		out = append(out, Statement{sql, a.Args})
	}
	if len(p.Einheiten)+len(p.Leistungen) == 0 {
		add(func(a *sqltx.Params) string { return oldestSQL(a, p) })
		head := sqltx.Params{Args: []any{m}}
		out = append(out, Statement{headSQL(&head, p), head.Args})
	}
	add(func(a *sqltx.Params) string { return nextSQL(a, p, kandidaten) })
	add(func(a *sqltx.Params) string { return "SELECT count(*) FROM (" + nextKeys(a, p, kandidaten) + ") k" })
	return out
}

// Files are the migrations.
var Files = files

// EinstellungSchreibt is how a transaction that writes begins; see there.
const EinstellungSchreibt = einstellungSchreibt
