package gebuehr

import (
	"strconv"
	"strings"
)

func zahl(n int) string { return strconv.Itoa(n) }

// verbinde joins two reasons.
func verbinde(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// geltung gives " (in Kraft seit 01.01.2026)", or nothing if both ends are open.
func geltung(r *Recht) string {
	switch {
	case !r.Von.IsZero() && !r.Bis.IsZero():
		return " (in Kraft vom " + r.Von.Deutsch() + " bis " + r.Bis.Deutsch() + ")"
	case !r.Von.IsZero():
		return " (in Kraft seit " + r.Von.Deutsch() + ")"
	case !r.Bis.IsZero():
		return " (in Kraft bis " + r.Bis.Deutsch() + ")"
	}
	return ""
}

func (t *Tabelle) quellenText(keys []string) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = t.d.Quellen[k].String()
	}
	return strings.Join(out, "; ")
}

// schwaechste gives the weakest mark; rules are at best A.
func schwaechste(b []Beleg) Konfidenz {
	out := KonfidenzA
	for _, x := range b {
		if x.Konfidenz > out { // A < B < U
			out = x.Konfidenz
		}
	}
	return out
}

func summen(k []Kandidat) string {
	out := make([]string, len(k))
	for i := range k {
		out[i] = k[i].Summe.Deutsch()
	}
	return strings.Join(out, ", ")
}

// andere lists the sums beside the deciding one, with their reasons.
func andere(k []Kandidat) string {
	var out []string
	for _, x := range k {
		if !x.Haupt {
			out = append(out, x.Summe.Deutsch()+" ("+strings.TrimSuffix(x.Grund, ".")+")")
		}
	}
	return strings.Join(out, ", ")
}
