package pdfcheck

import (
	"bytes"
	"slices"
)

// siegel checks the field of a signature: unseen, so that it needs no appearance
// (A 6.3.3), named by the form of the catalog, and over all bytes but its own
// (A 6.4.3; ISO 32000-1, 12.8.1). Whether the signature is good is not looked at.
func (c *pruefer) siegel(pfad string, a dict) {
	for _, v := range c.d.list(a["Rect"]) {
		if v != 0.0 {
			c.melde(CodeSiegel, pfad, "field of a signature with a size, but without an appearance")
			break
		}
	}
	if t, ok := utf8Text(a["T"]); !ok || t == "" {
		c.melde(CodeSiegel, pfad, "field of a signature without a name")
	}
	form := c.d.dict(c.root["AcroForm"])
	if form["SigFlags"] != 3.0 || !slices.ContainsFunc(c.d.list(form["Fields"]), func(f any) bool {
		d := c.d.dict(f)
		return d != nil && d["V"] == a["V"]
	}) {
		c.melde(CodeSiegel, "katalog", "/AcroForm does not name the field of the signature, or /SigFlags is not 3")
	}
	s := c.d.dict(a["V"])
	if s["Type"] != name("Sig") || s["SubFilter"] != name("ETSI.CAdES.detached") {
		c.melde(CodeSiegel, pfad, "not a signature after PAdES")
		return
	}
	raw, _ := s["Contents"].(text)
	b := c.d.list(s["ByteRange"])
	var n [4]int
	for i, v := range b {
		if f, ok := v.(float64); ok && i < 4 {
			n[i] = int(f)
		}
	}
	if n == [4]int{} && !bytes.ContainsFunc(raw, func(r rune) bool { return r != 0 }) {
		return // the room is still free
	}
	if len(b) != 4 || n[0] != 0 || n[1] <= 0 || n[2] != n[1]+2*len(raw)+2 || n[2]+n[3] != len(c.d.data) ||
		c.d.data[n[1]] != '<' || c.d.data[n[2]-1] != '>' {
		c.melde(CodeSiegel, pfad, "/ByteRange is not everything but the signature")
	}
}
