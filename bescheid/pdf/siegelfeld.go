package pdf

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Siegelfeld is room in the file for an electronic signature or seal over all of it,
// after PAdES (ETSI EN 319 142-1). The Renderer leaves the room; package siegel fills it.
// The field is not seen on the page: whoever is to be named stands in the text.
type Siegelfeld struct {
	// Name of the field; empty means "Siegel". At most 60 characters of ASCII.
	Name string
	// Grund and Ort may be empty.
	Grund, Ort string
	// Bytes is the room for the signature; 0 means 16 KiB, enough for a chain of three
	// certificates and a time stamp. At most 32,767.
	Bytes int
}

const (
	stdSiegel = 16 << 10
	maxSiegel = 32767        // a string of PDF/A (ISO 19005-2, 6.1.13)
	siegelOb  = "0000000000" // room for one number of ByteRange
)

// Siegelort says where in the file the room is, in bytes.
type Siegelort struct {
	// ByteRange is where its numbers begin: four of ten digits, with spaces between them.
	ByteRange int64
	// Von and Bis enclose the signature as hexadecimal text with its angle brackets.
	Von, Bis int64
}

func (c *pruefer) siegelfeld(s *Siegelfeld) {
	if s == nil {
		return
	}
	const p = "/siegelfeld"
	const maxName = 60
	for i := range len(s.Name) {
		if s.Name[i] < ' ' || s.Name[i] > '~' || s.Name[i] == '.' || len(s.Name) > maxName {
			c.melde(CodeSiegel, p+"/name", "not up to 60 characters of ASCII without dots", "Der Name des Siegelfelds ist unzulässig.")
			break
		}
	}
	if s.Bytes < 0 || s.Bytes > maxSiegel {
		c.melde(CodeSiegel, p+"/bytes", fmt.Sprintf("not between 0 and %d", maxSiegel), "Der Platz für das Siegel ist falsch angegeben.")
	}
	c.einzeile(p+"/grund", s.Grund, normal)
	c.einzeile(p+"/ort", s.Ort, normal)
}

// schreibeSiegelfeld writes the field on the last page and gives its number, 0 for none.
// It has no size, so it needs no appearance (ISO 19005-2, 6.3.3), and is a Form in the
// structure tree with a name (ISO 14289-1, 7.18.1, 7.18.4).
func (f *fluss) schreibeSiegelfeld(erstellt time.Time) (feld int) {
	s := f.d.Siegelfeld
	if s == nil {
		return 0
	}
	name := s.Name
	if name == "" {
		name = "Siegel"
	}
	platz := s.Bytes
	if platz == 0 {
		platz = stdSiegel
	}
	sig := f.w.neu()
	b := append(f.tmp[:0], "<</Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /M "...)
	b = appendText(b, pdfZeit(erstellt))
	if s.Grund != "" {
		b = appendText(append(b, " /Reason "...), s.Grund)
	}
	if s.Ort != "" {
		b = appendText(append(b, " /Location "...), s.Ort)
	}
	kopf := int64(len(strconv.Itoa(sig)) + len(" 0 obj\n"))
	b = append(b, " /ByteRange ["...)
	f.siegel = &Siegelort{ByteRange: f.w.n + kopf + int64(len(b))}
	b = append(append(b, strings.Repeat(siegelOb+" ", 3)...), siegelOb+"] /Contents "...)
	f.siegel.Von = f.w.n + kopf + int64(len(b))
	b = append(append(append(b, '<'), strings.Repeat("00", platz)...), '>')
	f.siegel.Bis = f.w.n + kopf + int64(len(b))
	f.w.objekt(sig, append(b, ">>"...))

	feld = f.siegelfeld
	b = appendRef(append(f.tmp[:0], "<</Type /Annot /Subtype /Widget /FT /Sig /F 132 /Rect [0 0 0 0] /P "...), f.seite().nr)
	b = appendText(append(b, " /T "...), name)
	b = appendText(append(b, " /TU "...), "Elektronisches Siegel")
	b = appendRef(append(b, " /V "...), sig)
	b = strconv.AppendInt(append(b, " /StructParent "...), int64(f.schluessel(f.siegelElem)), 10)
	f.tmp = append(b, ">>"...)
	f.w.objekt(feld, f.tmp)
	return feld
}

// plane makes the element of the field while the last page is still open.
func (f *fluss) planeSiegelfeld() {
	if f.d.Siegelfeld == nil {
		return
	}
	f.zu()
	f.siegelfeld = f.w.neu()
	f.annots = append(f.annots, f.siegelfeld)
	e := f.elem(f.doc, "Form")
	e.seite = f.seite().nr
	e.kinder = append(e.kinder, kind{'o', f.seite().nr, f.siegelfeld})
	f.siegelElem = e.nr
	f.schliesse(e)
}
