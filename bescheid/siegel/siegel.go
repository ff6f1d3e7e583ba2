// Package siegel puts an electronic signature or seal into a PDF after PAdES, level B-B or,
// with a time stamp ([MitZeit]), B-T (ETSI EN 319 142-1): over every byte of the file but itself. The file must have the
// room for it ([pdf.Dokument.Siegelfeld]); afterwards it must not be changed any more.
//
// A [Siegel] is the port: a local key ([New]), a key in a module or a remote service that
// signs a hash (the same, through [crypto.Signer]), or a service that gives the whole CMS.
// Which seal counts as qualified (Art. 36 to 38 of Regulation (EU) 910/2014) is a matter of
// the certificate and the service, not of this package.
package siegel

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Siegel makes signatures. Implementations are safe for concurrent use.
type Siegel interface {
	// Sign reads all of r, which is what the signature covers, and gives a detached CMS
	// SignedData (RFC 5652) after CAdES, in DER. A service that does not answer is
	// ErrUnavailable: the caller tries again later.
	Sign(ctx context.Context, r io.Reader) ([]byte, error)
}

// Put writes the file with its seal to w. The file and its Bericht are those of
// [pdf.Renderer.Write]. A file without room, or one that has a seal, is ErrInvalid, and so
// is a seal that is larger than the room.
func Put(ctx context.Context, w io.Writer, file []byte, b pdf.Bericht, s Siegel) error {
	const op = "siegel.Put"
	o := b.Siegel
	if o == nil || o.ByteRange < 0 || o.ByteRange >= o.Von || o.Von+2 >= o.Bis || o.Bis > int64(len(file)) || file[o.Von] != '<' || file[o.Bis-1] != '>' {
		return fehler.New(op, "", fehler.ErrInvalid, errors.New("the file has no room for a seal (Dokument.Siegelfeld)"))
	}
	if len(bytes.Trim(file[o.Von+1:o.Bis-1], "0")) > 0 {
		return fehler.New(op, "", fehler.ErrInvalid, errors.New("the file has a seal already"))
	}
	bereich := fmt.Appendf(nil, "%010d %010d %010d %010d", 0, o.Von, o.Bis, int64(len(file))-o.Bis)
	davor := bytes.Clone(file[:o.Von])
	copy(davor[o.ByteRange:], bereich)
	danach := file[o.Bis:]
	cms, err := s.Sign(ctx, io.MultiReader(bytes.NewReader(davor), bytes.NewReader(danach)))
	if err != nil {
		return err
	}
	if platz := int(o.Bis-o.Von-2) / 2; len(cms) == 0 || len(cms) > platz {
		return fehler.New(op, "", fehler.ErrInvalid, fmt.Errorf("the seal has %d bytes, the room for it %d (Siegelfeld.Bytes)", len(cms), platz))
	}
	platz := bytes.Repeat([]byte{'0'}, int(o.Bis-o.Von))
	platz[0], platz[len(platz)-1] = '<', '>'
	hex.Encode(platz[1:], cms)
	for _, p := range [][]byte{davor, platz, danach} {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return nil
}
