package xdomea

import (
	"archive/zip"
	"compress/flate"
	"context"
	"io"
	"mime"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Encode implements dms.Kodierer: the ZIP container with the message first and
// the files flat beside it, in the order of the message. Files are streamed;
// ZIP64 is used where sizes or counts need it.
//
// Entries are always deflated, media that is compressed already at level 0:
// stored entries of unknown checksum cannot be read by streaming readers such
// as java.util.zip.ZipInputStream.
func (k *Kodierer) Encode(ctx context.Context, w io.Writer, p *dms.Paket) error {
	if err := k.encode(ctx, w, p); err != nil {
		return fehler.New("xdomea.Encode", p.ProzessID, nil, err)
	}
	return nil
}

func (k *Kodierer) encode(ctx context.Context, w io.Writer, p *dms.Paket) error {
	pl, err := k.plan(p)
	if err != nil {
		return err
	}
	return k.pack(ctx, w, pl)
}

func (k *Kodierer) pack(ctx context.Context, w io.Writer, pl plan) error {
	zw := newZipWriter(w, pl.kopf.Erstellt)
	ew, err := zw.create(k.stem(pl.kopf.ProzessID, pl.nummer)+".xml", flate.DefaultCompression)
	if err != nil {
		return err
	}
	if err := k.write(ctx, ew, pl.nummer, pl.kopf, pl.schreibe); err != nil {
		return err
	}
	if pl.dateien == nil {
		return zw.Close()
	}
	for d := range pl.dateien {
		if err := ctx.Err(); err != nil {
			return err
		}
		ew, err := zw.create(dateiname(d), level(d.MIME, d.Groesse))
		if err != nil {
			return err
		}
		if err := d.CopyTo(ctx, ew); err != nil {
			return err
		}
	}
	return zw.Close()
}

// level: what does not get smaller is not compressed again, and for a small
// file setting up the compressor costs more than it saves.
func level(m string, size int64) int {
	if size < 1<<10 {
		return flate.NoCompression
	}
	m, _, _ = mime.ParseMediaType(m)
	switch m {
	case "text/plain", "text/csv", "text/html", "text/xml", "application/xml", "application/json",
		"message/rfc822", "application/rtf", "text/rtf", "image/tiff", "image/bmp", "application/msword":
		return flate.BestSpeed
	}
	return flate.NoCompression
}

// zipWriter reuses its compressors: one costs several hundred kilobytes, and a
// container may have thousands of entries.
type zipWriter struct {
	*zip.Writer
	modified time.Time
	level    int
	pool     map[int]*flate.Writer
}

func newZipWriter(w io.Writer, modified time.Time) *zipWriter {
	z := &zipWriter{Writer: zip.NewWriter(w), modified: dosTime(modified), pool: map[int]*flate.Writer{}}
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		fw, ok := z.pool[z.level]
		if !ok {
			var err error
			if fw, err = flate.NewWriter(w, z.level); err != nil {
				return nil, err
			}
			z.pool[z.level] = fw
			return fw, nil
		}
		fw.Reset(w)
		return fw, nil
	})
	return z
}

// create opens an entry; the one before it is complete then, so its
// compressor is free.
func (z *zipWriter) create(name string, level int) (io.Writer, error) {
	z.level = level
	return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: z.modified})
}

// dosTime keeps the time in what ZIP can say: whole seconds from 1980 to 2107, UTC.
func dosTime(t time.Time) time.Time {
	t = t.UTC().Truncate(2 * time.Second)
	switch {
	case t.Year() < 1980:
		return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	case t.Year() > 2107:
		return time.Date(2107, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return t
}
