package brief

import (
	"bytes"
	"regexp"
	"strconv"
)

var (
	blatt     = regexp.MustCompile(`/Type\s*/Page(?:[^A-Za-z]|$)`)
	baum      = regexp.MustCompile(`/Type\s*/Pages(?:[^A-Za-z]|$)`)
	zahl      = regexp.MustCompile(`/Count\s+(\d{1,7})(?:[^\d]|$)`)
	gepackt   = []byte("/ObjStm")
	mitEltern = []byte("/Parent")
)

// CountPages counts the pages of a PDF whose page objects are not compressed. It
// gives 0 when that is not the case, or when the leaves and the root of the page
// tree do not agree: a wrong number in a ticket is worse than none.
func CountPages(pdf []byte) int {
	if bytes.Contains(pdf, gepackt) {
		return 0
	}
	leaves := len(blatt.FindAllIndex(pdf, -1))
	root := 0
	for _, m := range baum.FindAllIndex(pdf, -1) {
		o := object(pdf, m[0])
		if bytes.Contains(o, mitEltern) {
			continue
		}
		c := zahl.FindSubmatch(o)
		if c == nil || root != 0 {
			return 0
		}
		root, _ = strconv.Atoi(string(c[1]))
	}
	if root != leaves {
		return 0
	}
	return root
}

// object is the text of the object around a place, at most 64 KiB to each side.
func object(pdf []byte, at int) []byte {
	from, to := max(0, at-1<<16), min(len(pdf), at+1<<16)
	if i := bytes.LastIndex(pdf[from:at], []byte(" obj")); i >= 0 {
		from += i
	}
	if i := bytes.Index(pdf[at:to], []byte("endobj")); i >= 0 {
		to = at + i
	}
	return pdf[from:to]
}
