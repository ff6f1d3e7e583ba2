package vorlage

import (
	"strconv"
	"strings"
)

// zahl is an exact decimal: millionths, and how many places were written.
type zahl struct {
	mio     int64
	stellen uint8
}

const (
	maxGanz    = 12
	maxStellen = 6
	einheit    = 1_000_000
)

// parseZahl reads "-1234.56". Nothing is rounded.
func parseZahl(s string, maxNach int) (zahl, bool) {
	rest, minus := strings.CutPrefix(s, "-")
	ganz, nach, punkt := strings.Cut(rest, ".")
	if ganz == "" || len(ganz) > maxGanz || len(nach) > maxNach || (punkt && nach == "") || (len(ganz) > 1 && ganz[0] == '0') {
		return zahl{}, false
	}
	for _, c := range []byte(ganz + nach) {
		if c < '0' || c > '9' {
			return zahl{}, false
		}
	}
	n, err := strconv.ParseInt(ganz+nach+strings.Repeat("0", maxStellen-len(nach)), 10, 64)
	if err != nil {
		return zahl{}, false
	}
	if minus {
		n = -n
	}
	return zahl{n, uint8(len(nach))}, true
}

func ganzzahl(n int64) zahl { return zahl{n * einheit, 0} }

// deutsch gives "1.234,56" with at least mindest places.
func (z zahl) deutsch(mindest int, tausender bool) string {
	n, minus := z.mio, z.mio < 0
	if minus {
		n = -n
	}
	ganz := strconv.FormatInt(n/einheit, 10)
	var b strings.Builder
	if minus {
		b.WriteString("−")
	}
	for i, c := range []byte(ganz) {
		if tausender && i > 0 && (len(ganz)-i)%3 == 0 {
			b.WriteByte('.')
		}
		b.WriteByte(c)
	}
	if st := max(int(z.stellen), mindest); st > 0 {
		nach := strconv.FormatInt(n%einheit+einheit, 10)[1:]
		b.WriteByte(',')
		b.WriteString(nach[:st])
	}
	return b.String()
}
