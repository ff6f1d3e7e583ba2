// Package qr draws the payload of a GiroCode as fields, which package pdf sets into a
// letter.
package qr

import (
	"image/color"

	"github.com/boombuler/barcode/qr"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// maxFelder of a side: EPC069-12 allows versions up to 13.
const maxFelder = 17 + 4*13

// Felder gives the fields of the QR code row by row, true is black, without quiet
// zone, with error correction level M. What does not fit into version 13 matches
// [fehler.ErrInvalid].
func Felder(nutzlast string) ([][]bool, error) {
	// The library encodes bytes; the payload of a GiroCode says itself that it is UTF-8.
	c, err := qr.Encode(nutzlast, qr.M, qr.Unicode)
	if err != nil || c.Bounds().Dx() > maxFelder {
		return nil, fehler.New("qr.Felder", "", fehler.ErrInvalid, nil)
	}
	b := c.Bounds()
	out := make([][]bool, b.Dy())
	for y := range out {
		out[y] = make([]bool, b.Dx())
		for x := range out[y] {
			g, _ := color.GrayModel.Convert(c.At(b.Min.X+x, b.Min.Y+y)).(color.Gray)
			out[y][x] = g.Y < 128
		}
	}
	return out, nil
}
