package pdf_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
)

// wappen is a shield of 240 by 280 pixels on a transparent ground.
func wappen(t testing.TB, format string) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 240, 280))
	for y := range 280 {
		for x := range 240 {
			u, v := float64(x-120)/110, float64(y)/270
			if math.Abs(u) > 1 || v > 1-0.55*u*u {
				continue
			}
			c := color.NRGBA{0x0b, 0x4f, 0x8a, 0xff}
			if (x/40+y/40)%2 == 0 {
				c = color.NRGBA{0xe8, 0xc5, 0x2a, 0xff}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	var err error
	if format == "png" {
		err = png.Encode(&b, img)
	} else {
		err = jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pngKopf is a PNG that says it has that many pixels.
func pngKopf(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
	b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, w), h)
	b = append(b, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

// gestaltet is a letter in the colours of an authority, justified, with a picture and a file.
func gestaltet() pdf.Dokument {
	d := musterbrief()
	d.Blocksatz = true
	d.Brief.Farbe = "#0b4f8a"
	d.Brief.Logo = &pdf.Bild{Daten: wappen(nil, "png"), Alternativtext: "Wappen der Stadt Musterstadt"}
	d.Inhalt = append(d.Inhalt, pdf.Ueberschrift{Ebene: 2, Text: "Lageplan"},
		pdf.Bild{Daten: wappen(nil, "jpeg"), Millimeter: 40, Alternativtext: "Lageplan der Gaststätte"})
	d.Siegelfeld = &pdf.Siegelfeld{Grund: "Behördensiegel", Ort: "Musterstadt"}
	d.Anlagen = []pdf.Anlagedatei{{Name: "antrag.json", MIME: "application/json", Beziehung: pdf.Daten, Beschreibung: "Angaben des Antrags", Inhalt: []byte(`{"a":1}`)}}
	return d
}

// The same picture is in the file once, however often it is shown.
func TestBildEinmal(t *testing.T) {
	r := renderer(t, nil)
	d := pdf.Dokument{Titel: "Bilder", Erstellt: stichtag}
	groesse := func(n int) int {
		d.Inhalt = nil
		for range n {
			d.Inhalt = append(d.Inhalt, pdf.Bild{Daten: wappen(t, "jpeg"), Alternativtext: "Wappen"})
		}
		b, _ := schreibe(t, r, d)
		return len(b)
	}
	eins, zehn := groesse(1), groesse(10)
	require.Less(t, zehn-eins, 9*len(wappen(t, "jpeg"))/2)
}
