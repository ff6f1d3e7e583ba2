package pdf

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // a format of Bild
	"strings"
)

// Bild is a picture, such as a photograph or a coat of arms.
type Bild struct {
	// Daten are the bytes of a PNG or JPEG file: at most 8 MiB and 16 million pixels, not
	// CMYK. What is transparent becomes white (ISO 19005-2 would allow transparency, but
	// a printed page has none).
	Daten []byte
	// Millimeter is the width, 5 to 165; 0 means 60. A picture that would be higher than
	// the page is made smaller.
	Millimeter float64
	// Alternativtext says what is to be seen. Required (ISO 14289-1, 7.3).
	Alternativtext string
}

func (Bild) block() {}

const (
	maxBildBytes = 8 << 20
	maxPixel     = 16_000_000
	stdBild      = 60
	maxBild      = 165
	maxBilder    = 200
	// The logo of a letter stays above the address field.
	logoOben, logoHoehe, logoBreite = 10.0, 28.0, 60.0
)

// masse gives width and height in points, made to fit into the height.
func (b *Bild) masse(c image.Config, breite, hoehe float64) (w, h float64) {
	w = breite
	h = w * float64(c.Height) / float64(c.Width)
	if h > hoehe {
		w, h = w*hoehe/h, hoehe
	}
	return w, h
}

func (b *Bild) breite() float64 {
	if b.Millimeter == 0 {
		return stdBild * mm
	}
	return b.Millimeter * mm
}

// bild sets a picture as a block of its own.
func (f *fluss) bild(e *elem, b *Bild, danach float64) {
	c, _, err := image.DecodeConfig(bytes.NewReader(b.Daten))
	if err != nil { // looked at before
		f.bildFehler("/inhalt")
		return
	}
	w, h := b.masse(c, b.breite(), unten-oben)
	if h+danach > unten-oben {
		danach = 0
	}
	if f.belegt && f.y+h+danach > f.unten {
		f.neueSeite()
	}
	h = min(h, f.unten-f.y)
	w, h = b.masse(c, w, h)
	f.male(e, b, links, f.y, w, h)
	f.y += h + f.stil().hoehe*absatzAbstand
	f.belegt = true
}

// male draws the picture as a Figure with its left upper corner at a place.
func (f *fluss) male(e *elem, b *Bild, x, y, w, h float64) {
	n, ok := f.xobjekt(b)
	if !ok {
		return
	}
	fig := f.elem(e, "Figure")
	fig.alt = b.Alternativtext
	a := []byte("<</O /Layout /Placement /Block /BBox [")
	for _, v := range []float64{x, seitenHoehe - y - h, x + w, seitenHoehe - y} {
		a = append(appendZahl(a, v, 2), ' ')
	}
	fig.attr = string(a) + "]>>"
	f.marke(fig)
	t := append(f.b, "q "...)
	for _, v := range []float64{w, 0, 0, h, x, seitenHoehe - y - h} {
		t = append(appendZahl(t, v, 2), ' ')
	}
	f.b = fmt.Appendf(t, "cm /B%d Do Q\n", n)
	f.zu()
	f.schliesse(fig)
}

// xobjekt writes the picture once and gives its number among the resources.
func (f *fluss) xobjekt(b *Bild) (int, bool) {
	for i, k := range f.bilder {
		if bytes.Equal(k.daten, b.Daten) {
			return i + 1, true
		}
	}
	nr := f.w.neu()
	f.bilder = append(f.bilder, bildObjekt{nr, b.Daten})
	c, format, err := image.DecodeConfig(bytes.NewReader(b.Daten))
	if err == nil && format == "jpeg" && (c.ColorModel == color.YCbCrModel || c.ColorModel == color.GrayModel) {
		// Decoding once finds a broken file, which would be a page with a hole.
		if _, err = jpeg.Decode(bytes.NewReader(b.Daten)); err == nil {
			f.w.strom(nr, bildKopf(c.Width, c.Height, c.ColorModel == color.GrayModel)+" /Filter /DCTDecode", b.Daten, false)
			return len(f.bilder), true
		}
	}
	var img image.Image
	if err == nil {
		img, _, err = image.Decode(bytes.NewReader(b.Daten))
	}
	if err != nil {
		f.bildFehler("/inhalt")
		f.w.strom(nr, "", nil, false)
		return 0, false
	}
	grau := c.ColorModel == color.GrayModel || c.ColorModel == color.Gray16Model
	f.w.strom(nr, bildKopf(c.Width, c.Height, grau), punkte(img, grau), true)
	return len(f.bilder), true
}

// bildObjekt is a picture that is written.
type bildObjekt struct {
	nr    int
	daten []byte
}

func bildKopf(w, h int, grau bool) string {
	raum := "/DeviceRGB"
	if grau {
		raum = "/DeviceGray"
	}
	return fmt.Sprintf(" /Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 8 /ColorSpace %s", w, h, raum)
}

// punkte gives the pixels row by row, on white.
func punkte(img image.Image, grau bool) []byte {
	r := img.Bounds()
	n := 3
	if grau {
		n = 1
	}
	out := make([]byte, 0, r.Dx()*r.Dy()*n)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			cr, cg, cb, ca := img.At(x, y).RGBA() // premultiplied
			weiss := 0xffff - ca
			out = append(out, byte((cr+weiss)>>8))
			if !grau {
				out = append(out, byte((cg+weiss)>>8), byte((cb+weiss)>>8))
			}
		}
	}
	return out
}

func (f *fluss) bildFehler(pfad string) {
	if f.err == nil {
		f.err = problem(CodeBild, pfad, "the picture cannot be decoded", "Ein Bild ist beschädigt. Speichern Sie es neu als PNG oder JPEG.")
	}
}

// logo draws the picture of a letter at the upper right and gives its width.
func (f *fluss) logo(e *elem, b *Bild) float64 {
	if b == nil {
		return 0
	}
	c, _, err := image.DecodeConfig(bytes.NewReader(b.Daten))
	if err != nil {
		f.bildFehler("/brief/logo")
		return 0
	}
	w := b.breite()
	if b.Millimeter == 0 {
		w = logoBreite * mm
	}
	w, h := b.masse(c, w, logoHoehe*mm)
	f.male(e, b, rechts-w, logoOben*mm, w, h)
	return w
}

func (c *pruefer) bild(p string, b *Bild, breiteste float64) {
	if c.bilder++; c.bilder > maxBilder {
		c.melde(CodeBild, p, fmt.Sprintf("more than %d pictures", maxBilder), "Das Dokument hat zu viele Bilder.")
		return
	}
	k, format, err := image.DecodeConfig(bytes.NewReader(b.Daten))
	switch {
	case len(b.Daten) > maxBildBytes || err == nil && int64(k.Width)*int64(k.Height) > maxPixel:
		c.melde(CodeBild, p+"/daten", fmt.Sprintf("more than %d bytes or %d pixels", maxBildBytes, maxPixel),
			"Ein Bild ist zu groß: höchstens 8 MB und 16 Millionen Bildpunkte. Verkleinern Sie es.")
	case err != nil || format != "png" && format != "jpeg" || k.Width < 1 || k.Height < 1:
		c.melde(CodeBild, p+"/daten", "not a PNG or JPEG picture", "Ein Bild ist weder PNG noch JPEG, oder es ist beschädigt.")
	case k.ColorModel == color.CMYKModel:
		c.melde(CodeBild, p+"/daten", "a picture of CMYK", "Ein Bild hat Druckfarben (CMYK). Speichern Sie es in RGB.")
	}
	if b.Millimeter != 0 && !(b.Millimeter >= minKante && b.Millimeter <= breiteste) {
		c.melde(CodeBild, p+"/millimeter", fmt.Sprintf("not between %d and %g", minKante, breiteste),
			fmt.Sprintf("Ein Bild ist nicht zwischen %d und %g mm breit.", minKante, breiteste))
	}
	if strings.TrimSpace(b.Alternativtext) == "" {
		c.melde(CodeAlternativtextFehlt, p+"/alternativtext", "alternative text is required", "Das Bild braucht einen Alternativtext.")
	}
	if len(b.Alternativtext) > maxAltZeich {
		c.zuLang(p+"/alternativtext", maxAltZeich)
		return
	}
	c.runen(p+"/alternativtext", b.Alternativtext, false)
}
