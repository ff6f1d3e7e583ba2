package xdatenfelder

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func nummeriert(label string, n int) string { return fmt.Sprintf("%s (%d)", label, n) }

// Baum writes a submission for reading, as the form has it: one line per field,
// groups indented, what was not filled in as "–". Felder are those a [Parser] gave;
// what the schema does not know stands at the end of its group. Fields that only
// show text are left out. Line breaks in a value become indented lines, other
// control characters blanks.
func (s *Schema) Baum(felder []vorgang.Feld) string {
	var b strings.Builder
	baum(&b, s.Teile, felder, 0)
	return b.String()
}

func baum(b *strings.Builder, teile []Teil, felder []vorgang.Feld, depth int) {
	given := map[string]*vorgang.Feld{}
	for i := range felder {
		given[felder[i].Name] = &felder[i]
	}
	known := map[*vorgang.Feld]bool{}
	for i := range teile {
		t := &teile[i]
		e := t.Element
		if !e.data() || t.Anzahl.Max == 0 {
			continue
		}
		f := given[e.key(true)]
		if v := given[e.ID]; v != nil {
			f = v
		}
		if f == nil {
			zeile(b, depth, e.Label(), "–")
			continue
		}
		known[f] = true
		if !t.Anzahl.Liste() {
			zweig(b, e, e.Label(), *f, depth)
			continue
		}
		for j, c := range f.Felder {
			zweig(b, e, nummeriert(e.Label(), j+1), c, depth)
		}
		if len(f.Felder) == 0 {
			zeile(b, depth, e.Label(), "–")
		}
	}
	for i := range felder {
		if f := &felder[i]; !known[f] {
			unbekannt(b, *f, depth)
		}
	}
}

func zweig(b *strings.Builder, e *Element, label string, f vorgang.Feld, depth int) {
	if e.Feld != nil {
		zeile(b, depth, label, f.Wert)
		return
	}
	zeile(b, depth, label, "")
	baum(b, e.Teile, f.Felder, depth+1)
}

func unbekannt(b *strings.Builder, f vorgang.Feld, depth int) {
	zeile(b, depth, f.Label, f.Wert)
	for _, c := range f.Felder {
		unbekannt(b, c, depth+1)
	}
}

func zeile(b *strings.Builder, depth int, label, wert string) {
	indent := strings.Repeat("  ", depth)
	b.WriteString(indent + clean(strings.ReplaceAll(label, "\n", " ")) + ":")
	if wert != "" {
		lines := strings.Split(strings.ReplaceAll(wert, "\r\n", "\n"), "\n")
		b.WriteString(" " + clean(strings.Join(lines, "\n"+indent+"    ")))
	}
	b.WriteByte('\n')
}

// clean keeps a value from moving the cursor or the order of writing.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u00ad') {
			return ' '
		}
		return r
	}, s)
}
