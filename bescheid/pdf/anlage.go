package pdf

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Beziehung says what an embedded file is to the document (ISO 19005-3, annex E).
type Beziehung string

// The relationships of PDF/A-3.
const (
	Quelle          Beziehung = "Source"      // what the document was made of
	Daten           Beziehung = "Data"        // data that the document shows
	Alternative     Beziehung = "Alternative" // the same in another form, such as XML for machines
	Ergaenzung      Beziehung = "Supplement"
	Unbestimmt      Beziehung = "Unspecified"
	maxAnlagen                = 50
	maxAnlage                 = 100 << 20
	maxDateiname              = 200
	maxBeschreibung           = 500
)

// Anlagedatei is a file inside the document. One makes it PDF/A-3a (ISO 19005-3:2012).
type Anlagedatei struct {
	// Name without folders, unique in the document. At most 200 bytes.
	Name string
	// MIME is the type, such as "application/xml".
	MIME string
	// Beziehung; empty means Unbestimmt.
	Beziehung Beziehung
	// Beschreibung for the reader's list of files; may be empty.
	Beschreibung string
	// Geaendert; the zero time means that of the document.
	Geaendert time.Time
	// Inhalt are the bytes, at most 100 MiB in all files together.
	Inhalt []byte
}

var (
	mimeForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}$`)
	dateiForm = regexp.MustCompile(`^[^/\\:*?"<>|\x00-\x1f]+$`)
)

func (c *pruefer) anlagen(a []Anlagedatei) {
	if len(a) > maxAnlagen {
		c.melde(CodeAnlage, "/anlagen", fmt.Sprintf("more than %d files", maxAnlagen), fmt.Sprintf("Höchstens %d Dateien können beigefügt werden.", maxAnlagen))
		return
	}
	namen, summe := map[string]bool{}, 0
	for i := range a {
		p := "/anlagen/" + strconv.Itoa(i)
		d := &a[i]
		if len(d.Name) > maxDateiname || !dateiForm.MatchString(d.Name) || strings.Trim(d.Name, ". ") == "" || namen[d.Name] {
			c.melde(CodeAnlage, p+"/name", "name is empty, too long, given twice or holds characters of paths", "Der Name einer beigefügten Datei fehlt, ist doppelt oder enthält unzulässige Zeichen.")
		} else {
			c.runen(p+"/name", d.Name, false)
		}
		namen[d.Name] = true
		if !mimeForm.MatchString(d.MIME) {
			c.melde(CodeAnlage, p+"/mime", "not a MIME type", "Die Art einer beigefügten Datei ist nicht angegeben (zum Beispiel: application/xml).")
		}
		switch d.Beziehung {
		case "", Quelle, Daten, Alternative, Ergaenzung, Unbestimmt:
		default:
			c.melde(CodeAnlage, p+"/beziehung", "not a relationship of PDF/A-3", "Die Beziehung einer beigefügten Datei zum Dokument ist unbekannt.")
		}
		if len(d.Beschreibung) > maxBeschreibung {
			c.zuLang(p+"/beschreibung", maxBeschreibung)
		} else {
			c.runen(p+"/beschreibung", d.Beschreibung, false)
		}
		summe += len(d.Inhalt)
	}
	if summe > maxAnlage {
		c.melde(CodeAnlage, "/anlagen", fmt.Sprintf("more than %d bytes", maxAnlage), "Die beigefügten Dateien sind zusammen größer als 100 MB.")
	}
}

// schreibeAnlagen writes the files and gives their file specifications.
func (f *fluss) schreibeAnlagen(erstellt time.Time) (spez []int) {
	for i := range f.d.Anlagen {
		a := &f.d.Anlagen[i]
		t, art := a.Geaendert.Truncate(time.Second), a.Beziehung
		if a.Geaendert.IsZero() {
			t = erstellt
		}
		if art == "" {
			art = Unbestimmt
		}
		datei, nr := f.w.neu(), f.w.neu()
		f.w.strom(datei, fmt.Sprintf(" /Type /EmbeddedFile /Subtype /%s /Params <</ModDate (%s) /Size %d>>", pdfName(a.MIME), pdfZeit(t), len(a.Inhalt)), a.Inhalt, true)
		b := appendText(append(f.tmp[:0], "<</Type /Filespec /F "...), asciiName(a.Name))
		b = appendText(append(b, " /UF "...), a.Name)
		b = append(append(b, " /AFRelationship /"...), art...)
		if a.Beschreibung != "" {
			b = appendText(append(b, " /Desc "...), a.Beschreibung)
		}
		b = appendRef(append(b, " /EF <</F "...), datei)
		b = append(appendRef(append(b, " /UF "...), datei), ">>>>"...)
		f.tmp = b
		f.w.objekt(nr, b)
		spez = append(spez, nr)
	}
	return spez
}

// appendAnlagen writes the entries of the catalog. The keys of the tree are numbers, so
// that they are in order whatever the names are.
func appendAnlagen(b []byte, spez []int) []byte {
	if len(spez) == 0 {
		return b
	}
	b = append(b, " /AF ["...)
	for i, nr := range spez {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendRef(b, nr)
	}
	b = append(b, "] /Names <</EmbeddedFiles <</Names ["...)
	for i, nr := range spez {
		if i > 0 {
			b = append(b, ' ')
		}
		b = appendRef(fmt.Appendf(b, "(%04d) ", i+1), nr)
	}
	return append(b, "]>>>>"...)
}

// pdfName writes what is no regular character as #xx (ISO 32000-1, 7.3.5).
func pdfName(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c > ' ' && c < 0x7f && !strings.ContainsRune("#/%()<>[]{}", rune(c)) {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "#%02X", s[i])
	}
	return b.String()
}

// asciiName is the name for old readers, which know no Unicode.
func asciiName(s string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x7e || r < 0x20 || r == '(' || r == ')' {
			return '_'
		}
		return r
	}, s)
}

func pdfZeit(t time.Time) string {
	return "D:" + strings.Replace(t.Format("20060102150405-07:00"), ":", "'", 1) + "'"
}
