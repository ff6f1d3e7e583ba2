package pdfcheck

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strconv"
	"unicode/utf16"
)

const (
	maxObjekte  = 8_388_607 // ISO 19005-2, 6.1.13
	maxEntpackt = 256 << 20
)

// objekt is one indirect object. roh is what stands in the file for a stream.
type objekt struct {
	wert any
	roh  []byte // nil for objects that are no streams
}

// datei is the file, read whole.
type datei struct {
	data     []byte
	trailer  dict
	obj      map[int]objekt
	entpackt int
	gelesen  int // bytes of all objects: more than the file has means that they overlap
	langText int
	langName int
}

var (
	startxref = regexp.MustCompile(`startxref\n([0-9]{1,10})\n%%EOF\n?$`)
	eintrag   = regexp.MustCompile(`^[0-9]{10} [0-9]{5} [fn](?: \r| \n|\r\n)$`)
	objKopf   = regexp.MustCompile(`^([0-9]{1,7}) 0 obj(?:\r\n|\n|\r)`)
)

// lies reads header, trailer and all objects. It reports false if the rest cannot be checked.
func (c *pruefer) lies() bool {
	d := c.d
	// ISO 19005-2, 6.1.2
	if len(d.data) < 16 || !regexp.MustCompile(`^%PDF-1\.[0-7](\r\n|\n|\r)%`).Match(d.data) {
		c.melde(CodeKopf, "", "file does not begin with %%PDF-1.n and a comment line")
	} else {
		k := d.data[bytes.IndexByte(d.data, '\n')+2:]
		for _, b := range k[:4] {
			if b < 128 {
				c.melde(CodeKopf, "", "second line is not a comment of four bytes above 127")
				break
			}
		}
	}
	m := startxref.FindSubmatchIndex(d.data)
	if m == nil {
		c.melde(CodeSchluss, "", "file does not end with startxref and %%%%EOF")
		return false
	}
	at, _ := strconv.Atoi(string(d.data[m[2]:m[3]]))
	if at >= m[0] || !bytes.HasPrefix(d.data[at:], []byte("xref\n0 ")) {
		c.melde(CodeXref, "", "startxref does not lead to a cross-reference table of one section from 0")
		return false
	}
	pos, ok := c.tabelle(d.data[at:m[0]])
	if !ok {
		return false
	}
	d.obj = make(map[int]objekt, len(pos))
	for nr, p := range pos {
		if nr > 0 && !c.objekt(nr, p, at) {
			return false
		}
	}
	root, ok := d.get(d.trailer["Root"]).(dict)
	if !ok || root["Type"] != name("Catalog") {
		c.melde(CodeUnlesbar, "", "trailer without catalog")
		return false
	}
	c.root = root
	return true
}

// tabelle reads the cross-reference table and the trailer behind it.
func (c *pruefer) tabelle(b []byte) (pos []int, ok bool) {
	nl := bytes.IndexByte(b[5:], '\n') + 5
	n, err := strconv.Atoi(string(b[7:max(nl, 7)]))
	const lang = 20
	if err != nil || n < 1 || n > maxObjekte || len(b) < nl+1+n*lang {
		c.melde(CodeXref, "", "length of the cross-reference table is wrong")
		return nil, false
	}
	pos = make([]int, n)
	for i := range n {
		z := b[nl+1+i*lang : nl+1+(i+1)*lang]
		if !eintrag.Match(z) || (z[17] == 'f') != (i == 0) {
			c.melde(CodeXref, objPfad(i), "entry is not of the form of 20 bytes, or free")
			return nil, false
		}
		pos[i], _ = strconv.Atoi(string(z[:10]))
	}
	l := &lexer{b: b[nl+1+n*lang:]}
	w, _ := l.next(0)
	t, err := l.next(0)
	c.d.trailer, ok = t.(dict)
	if w != wort("trailer") || err != nil || !ok {
		c.melde(CodeUnlesbar, "", "no trailer behind the cross-reference table")
		return nil, false
	}
	if g, _ := c.d.trailer["Size"].(float64); int(g) != n {
		c.melde(CodeXref, "", "/Size is %v, the table has %d entries", c.d.trailer["Size"], n)
	}
	return pos, true
}

// objekt reads the object at p, and checks how it stands in the file.
func (c *pruefer) objekt(nr, p, ende int) bool {
	d := c.d
	if p >= ende {
		c.melde(CodeXref, objPfad(nr), "entry points outside the body")
		return false
	}
	m := objKopf.FindSubmatch(d.data[p:min(ende, p+32)])
	if m == nil || string(m[1]) != strconv.Itoa(nr) {
		c.melde(CodeXref, objPfad(nr), "entry does not lead to the object")
		return false
	}
	if v := d.data[p-1]; v != '\n' && v != '\r' {
		c.melde(CodeObjekt, objPfad(nr), "no line end before the object")
	}
	l := &lexer{b: d.data[:ende], i: p + len(m[0])}
	wert, err := l.next(0)
	if err != nil {
		c.melde(CodeUnlesbar, objPfad(nr), "object cannot be read")
		return false
	}
	d.langText, d.langName = max(d.langText, l.langText), max(d.langName, l.langName)
	o := objekt{wert: wert}
	// A stream follows only a dictionary.
	nach := l.i
	l.skip()
	if bytes.HasPrefix(l.b[l.i:], []byte("stream")) {
		sd, _ := wert.(dict)
		n, _ := sd["Length"].(float64)
		l.i += len("stream")
		switch {
		case bytes.HasPrefix(l.b[l.i:], []byte("\r\n")):
			l.i += 2
		case bytes.HasPrefix(l.b[l.i:], []byte("\n")):
			l.i++
		default:
			c.melde(CodeStrom, objPfad(nr), "no line end behind stream")
		}
		if sd == nil || n < 0 || n > float64(len(l.b)-l.i) || n != float64(int(n)) {
			c.melde(CodeStrom, objPfad(nr), "/Length is wrong")
			return false
		}
		o.roh = l.b[l.i : l.i+int(n) : l.i+int(n)]
		l.i += int(n)
		rest := l.b[l.i:]
		rest = bytes.TrimPrefix(bytes.TrimPrefix(rest, []byte("\r")), []byte("\n"))
		if len(rest) == len(l.b[l.i:]) || !bytes.HasPrefix(rest, []byte("endstream")) {
			c.melde(CodeStrom, objPfad(nr), "/Length does not lead to a line end and endstream")
			return false
		}
		nach = len(l.b) - len(rest) + len("endstream")
	}
	if d.gelesen += nach - p; d.gelesen > len(d.data) {
		c.melde(CodeXref, objPfad(nr), "objects overlap")
		return false
	}
	rest := l.b[nach:]
	k := bytes.TrimLeft(rest, "\r\n")
	if len(k) == len(rest) || !bytes.HasPrefix(k, []byte("endobj\n")) && !bytes.HasPrefix(k, []byte("endobj\r")) {
		c.melde(CodeObjekt, objPfad(nr), "endobj does not stand on a line of its own")
	}
	d.obj[nr] = o
	return true
}

// get follows a reference.
func (d *datei) get(o any) any {
	for range maxTiefe {
		r, ok := o.(ref)
		if !ok {
			return o
		}
		o = d.obj[int(r)].wert
	}
	return nil
}

func (d *datei) dict(o any) dict {
	x, _ := d.get(o).(dict)
	return x
}

func (d *datei) list(o any) list {
	x, _ := d.get(o).(list)
	return x
}

// strom gives the decoded data of a stream, nil if there is none.
func (d *datei) strom(o any) []byte {
	r, ok := o.(ref)
	if !ok {
		return nil
	}
	x := d.obj[int(r)]
	sd, _ := x.wert.(dict)
	if x.roh == nil || sd["Filter"] == nil {
		return x.roh
	}
	z, err := zlib.NewReader(bytes.NewReader(x.roh))
	if err != nil {
		return nil
	}
	out, err := io.ReadAll(io.LimitReader(z, int64(maxEntpackt-d.entpackt)))
	if err != nil {
		return nil
	}
	d.entpackt += len(out)
	return out
}

// utf8Text reads a text string: UTF-16BE with its mark, or ASCII.
func utf8Text(o any) (string, bool) {
	t, ok := o.(text)
	if !ok {
		return "", false
	}
	if bytes.HasPrefix(t, []byte{0xFE, 0xFF}) {
		if len(t)%2 != 0 {
			return "", false
		}
		return string(utf16Runen(t[2:])), true
	}
	for _, b := range t {
		if b > 126 {
			return "", false
		}
	}
	return string(t), true
}

func utf16Runen(b []byte) []rune {
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return utf16.Decode(u)
}
