package dms

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"iter"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Datei refers to the content of a file. The content is streamed, never held
// in memory.
type Datei struct {
	// ID is a UUID of its own: versions of a Dokument share the id of the
	// Dokument, so that one cannot name files.
	ID string `json:"id"`
	// Name is the original file name, of any length and script. It is
	// transmitted as text only; file names in a container are made safe.
	Name string `json:"name,omitempty"`
	// MIME is the media type by content, such as "application/pdf".
	MIME string `json:"mime,omitempty"`
	// Groesse is the number of bytes.
	Groesse int64 `json:"groesse"`
	// SHA512 of the content, 128 lower-case hexadecimal digits. A Ziel checks
	// it while it streams.
	SHA512 string `json:"sha512"`
	// Open gives the content from its start. It may be called more than once
	// and from several goroutines; the caller closes what it got.
	Open func(context.Context) (io.ReadCloser, error) `json:"-"`
}

// CopyTo streams the content to w and checks size and SHA-512 on the way. On
// any error w may have received a part: throw it away. Content other than
// stated is a problem list (codes dms.datei-groesse, dms.datei-hash) and
// matches fehler.ErrInvalid. At most Groesse bytes are written.
func (d Datei) CopyTo(ctx context.Context, w io.Writer) error {
	if d.Open == nil {
		return d.problem("dms.datei-inhalt", "file has no content to open", "Der Inhalt der Datei fehlt.")
	}
	rc, err := d.Open(ctx)
	if err != nil {
		return fehler.New("dms.CopyTo", d.ID, nil, err)
	}
	defer rc.Close()
	h := sha512.New()
	n, err := io.Copy(struct{ io.Writer }{w}, &pruefleser{ctx: ctx, r: rc, h: h, rest: d.Groesse})
	if err != nil {
		if err == errZuLang {
			return d.problem("dms.datei-groesse", "file is longer than stated",
				"Die Datei ist größer als verzeichnet. Bitte den Bestand prüfen.")
		}
		return fehler.New("dms.CopyTo", d.ID, nil, err)
	}
	if n != d.Groesse {
		return d.problem("dms.datei-groesse", fmt.Sprintf("file has %d bytes, stated are %d", n, d.Groesse),
			"Die Datei ist kürzer als verzeichnet. Bitte den Bestand prüfen.")
	}
	if hex.EncodeToString(h.Sum(nil)) != d.SHA512 {
		return d.problem("dms.datei-hash", "SHA-512 of the content differs from the stated one",
			"Der Inhalt der Datei hat sich seit der Ablage verändert. Bitte den Bestand prüfen.")
	}
	return nil
}

func (d Datei) problem(code, meldung, hinweis string) error {
	return fehler.New("dms.CopyTo", d.ID, nil, fehler.Probleme{{Code: code, Pfad: d.ID, Meldung: meldung, Hinweis: hinweis}})
}

var errZuLang = fmt.Errorf("longer than stated")

// pruefleser hashes what it reads, obeys the context between reads and stops
// at the stated size, so a growing source cannot fill the target.
type pruefleser struct {
	ctx  context.Context
	r    io.Reader
	h    hash.Hash
	rest int64
}

func (p *pruefleser) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	if int64(n) > p.rest {
		return 0, errZuLang
	}
	p.rest -= int64(n)
	p.h.Write(b[:n])
	return n, err
}

// Dateien goes through all files of the Paket in the order of the message:
// documents before their Anlagen, then Teilvorgaenge. The pointers lead into
// the Paket.
func (p *Paket) Dateien() iter.Seq[*Datei] {
	return func(yield func(*Datei) bool) { p.Vorgang.dateien(yield) }
}

// Dokumente goes through all documents of the Paket, Anlagen and those of
// Teilvorgaenge included. The pointers lead into the Paket.
func (p *Paket) Dokumente() iter.Seq[*Dokument] {
	return func(yield func(*Dokument) bool) { p.Vorgang.dokumente(yield) }
}

func (v *Vorgang) dokumente(yield func(*Dokument) bool) bool {
	for i := range v.Dokumente {
		if !v.Dokumente[i].dokumente(yield) {
			return false
		}
	}
	for i := range v.Teilvorgaenge {
		if !v.Teilvorgaenge[i].dokumente(yield) {
			return false
		}
	}
	return true
}

func (d *Dokument) dokumente(yield func(*Dokument) bool) bool {
	if !yield(d) {
		return false
	}
	for i := range d.Anlagen {
		if !d.Anlagen[i].dokumente(yield) {
			return false
		}
	}
	return true
}

func (v *Vorgang) dateien(yield func(*Datei) bool) bool {
	for i := range v.Dokumente {
		if !v.Dokumente[i].dateien(yield) {
			return false
		}
	}
	for i := range v.Teilvorgaenge {
		if !v.Teilvorgaenge[i].dateien(yield) {
			return false
		}
	}
	return true
}

func (d *Dokument) dateien(yield func(*Datei) bool) bool {
	for i := range d.Versionen {
		for j := range d.Versionen[i].Formate {
			if !yield(&d.Versionen[i].Formate[j].Datei) {
				return false
			}
		}
	}
	for i := range d.Anlagen {
		if !d.Anlagen[i].dateien(yield) {
			return false
		}
	}
	return true
}

// Fingerprint is a SHA-512 over everything the Paket says, the hashes of its
// files included, but without reading them. Two Pakete with the same
// fingerprint are the same hand-over. It is stable within one version of this
// module and cheap, so a Ziel can tell a repeated Send from a changed one.
func (p *Paket) Fingerprint() (string, error) {
	h := sha512.New()
	if err := json.NewEncoder(h).Encode(p); err != nil {
		return "", fehler.New("dms.Fingerprint", p.ProzessID, fehler.ErrInvalid, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
