// Package code makes the fields of a QR code or Data Matrix for a
// [pdf.Matrixcode], as on a letter that can be paid or verified with a telephone.
package code

import (
	"errors"
	"fmt"
	"image"
	"image/color"

	"github.com/boombuler/barcode/datamatrix"
	"github.com/boombuler/barcode/qr"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// MaxBytes bounds what a code holds. More can be encoded, but hardly be read from paper.
const MaxBytes = 500

// QR gives a QR code of error correction level M (15 %), which the European Payments
// Council asks for (EPC069-12, 3). The text is encoded as UTF-8. Empty text, or more than
// MaxBytes, is ErrInvalid.
func QR(text string) ([][]bool, error) {
	if err := pruefe("QR", text); err != nil {
		return nil, err
	}
	c, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return nil, fehler.New("code.QR", "", fehler.ErrInvalid, errors.New("cannot be encoded"))
	}
	return felder(c), nil
}

// DataMatrix gives a Data Matrix (ECC 200) of printable ASCII, such as a link. Anything
// else, or more than MaxBytes, is ErrInvalid.
func DataMatrix(text string) ([][]bool, error) {
	if err := pruefe("DataMatrix", text); err != nil {
		return nil, err
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return nil, fehler.New("code.DataMatrix", "", fehler.ErrInvalid, fmt.Errorf("byte %d is not printable ASCII", i))
		}
	}
	c, err := datamatrix.Encode(text)
	if err != nil {
		return nil, fehler.New("code.DataMatrix", "", fehler.ErrInvalid, errors.New("cannot be encoded"))
	}
	return felder(c), nil
}

func pruefe(op, text string) error {
	if text == "" || len(text) > MaxBytes {
		return fehler.New("code."+op, "", fehler.ErrInvalid, fmt.Errorf("empty, or more than %d bytes", MaxBytes))
	}
	return nil
}

func felder(c image.Image) [][]bool {
	r := c.Bounds()
	out := make([][]bool, r.Dy())
	for y := range out {
		out[y] = make([]bool, r.Dx())
		for x := range out[y] {
			out[y][x] = color.GrayModel.Convert(c.At(r.Min.X+x, r.Min.Y+y)).(color.Gray).Y < 128
		}
	}
	return out
}
