package pdfcheck

import (
	"bytes"
	"image/color"
	"image/jpeg"
	"slices"
)

// bild checks a picture (A 6.2.8): plain colours, and as many bytes as it has pixels.
func (c *pruefer) bild(pfad string, o dict, inhalt []byte) {
	w, _ := o["Width"].(float64)
	h, _ := o["Height"].(float64)
	n := map[any]int{name("DeviceRGB"): 3, name("DeviceGray"): 1}[o["ColorSpace"]]
	if n == 0 || o["BitsPerComponent"] != 8.0 || w < 1 || h < 1 || o["Interpolate"] == true || o["Mask"] != nil {
		c.melde(CodeBild, pfad, "not a picture of 8 bits in DeviceRGB or DeviceGray, or one that is masked or interpolated")
		return
	}
	if o["Filter"] != name("DCTDecode") {
		if float64(len(inhalt)) != w*h*float64(n) {
			c.melde(CodeBild, pfad, "%d bytes for %g pixels", len(inhalt), w*h)
		}
		return
	}
	k, err := jpeg.DecodeConfig(bytes.NewReader(inhalt))
	if err != nil || float64(k.Width) != w || float64(k.Height) != h || (k.ColorModel == color.GrayModel) != (n == 1) {
		c.melde(CodeBild, pfad, "JPEG data of another size or colour than the picture says")
	}
}

// anlagen checks embedded files (ISO 19005-3, 6.8); PDF/A-2 would allow none but PDF/A.
func (c *pruefer) anlagen() {
	af := c.d.list(c.root["AF"])
	var baum list
	if b := c.d.dict(c.d.dict(c.root["Names"])["EmbeddedFiles"]); b != nil {
		baum = c.d.list(b["Names"])
		if len(baum) == 0 || len(baum)%2 != 0 {
			c.melde(CodeAnlage, "katalog", "/EmbeddedFiles is not a tree of one leaf with names and files")
			return
		}
	}
	var davor text
	for i := 0; i+1 < len(baum); i += 2 {
		key, _ := baum[i].(text)
		if i > 0 && bytes.Compare(davor, key) >= 0 {
			c.melde(CodeAnlage, "katalog", "names of embedded files are not in order")
		}
		davor = key
		r, _ := baum[i+1].(ref)
		if !slices.Contains(af, any(r)) {
			c.melde(CodeAnlage, objPfad(int(r)), "embedded file is not associated with the document (/AF)")
		}
		c.anlage(objPfad(int(r)), c.d.dict(r))
	}
	if len(af) != len(baum)/2 {
		c.melde(CodeAnlage, "katalog", "/AF and /EmbeddedFiles do not name the same files")
	}
}

func (c *pruefer) anlage(pfad string, d dict) {
	_, f := utf8Text(d["F"])
	_, uf := utf8Text(d["UF"])
	if d["Type"] != name("Filespec") || !f || !uf {
		c.melde(CodeAnlage, pfad, "file specification without /F and /UF")
	}
	switch d["AFRelationship"] {
	case name("Source"), name("Data"), name("Alternative"), name("Supplement"), name("Unspecified"):
	default:
		c.melde(CodeAnlage, pfad, "file specification without /AFRelationship")
	}
	e := c.d.dict(c.d.dict(d["EF"])["F"])
	typ, _ := e["Subtype"].(name)
	mod, _ := c.d.dict(e["Params"])["ModDate"].(text)
	if e["Type"] != name("EmbeddedFile") || typ == "" || len(mod) == 0 {
		c.melde(CodeAnlage, pfad, "embedded file without /Subtype or /ModDate")
	}
}
