// Package bagit writes a Paket as a bag of BagIt 1.0 (RFC 8493) for archives and stores that know no
// exchange standard: the files, the metadata as JSON, and manifests with SHA-512. It is a
// dms.Kodierer, so any transport for containers carries it, such as dms/verzeichnis. [Check] tells
// whether a bag is valid.
//
// The bag is serialised as a ZIP with one top folder. The same Paket gives the same bytes, and memory
// does not grow with the files.
package bagit

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Beigabe is a further payload file made from the Paket, such as its message of xdomea.
type Beigabe struct {
	// Name within data/, one path element of ASCII letters, digits, '.', '-' and '_'.
	Name string
	// Write gives the same bytes for the same Paket. They are held in memory once.
	Write func(w io.Writer, p *dms.Paket) error
}

// Options; nil means defaults.
type Options struct {
	// Organisation is the Source-Organization of bag-info.txt; default the name of the sender.
	Organisation string
	Beigaben     []Beigabe
}

// Kodierer writes bags. Safe for concurrent use.
type Kodierer struct{ o Options }

var _ dms.Kodierer = (*Kodierer)(nil)

// New checks the options.
func New(o *Options) (*Kodierer, error) {
	k := &Kodierer{}
	if o != nil {
		k.o = *o
	}
	seen := map[string]bool{metadaten: true}
	for _, b := range k.o.Beigaben {
		if b.Write == nil || seen[strings.ToLower(b.Name)] || sicher(b.Name) != b.Name || b.Name == "" {
			return nil, fehler.New("bagit.New", b.Name, fehler.ErrInvalid, errors.New("a Beigabe has no writer, or no name of its own"))
		}
		seen[strings.ToLower(b.Name)] = true
	}
	return k, nil
}

// metadaten is the payload file with all the Paket says.
const metadaten = "paket.json"

// ContainerName implements dms.Kodierer.
func (k *Kodierer) ContainerName(p *dms.Paket) (string, error) {
	if !dms.IsUUID(p.ProzessID) {
		return "", fehler.New("bagit.ContainerName", p.ProzessID, fehler.ErrInvalid, errors.New("the ProzessID is no UUID"))
	}
	return strings.ToLower(p.ProzessID) + ".zip", nil
}

// IsAntwort implements dms.Kodierer: BagIt knows no answers.
func (k *Kodierer) IsAntwort(string) bool { return false }

// DecodeAntwort implements dms.Kodierer.
func (k *Kodierer) DecodeAntwort(_ context.Context, name string, _ io.ReaderAt, _ int64) (dms.Antwort, error) {
	return dms.Antwort{}, fehler.New("bagit.DecodeAntwort", name, fehler.ErrInvalid, errors.New("BagIt knows no answers"))
}

// inhalt is a payload file that is made here.
type inhalt struct {
	name  string
	bytes []byte
}

// Encode implements dms.Kodierer. The manifests stand in front: they hold what the Paket states, which is
// verified while the files follow.
func (k *Kodierer) Encode(ctx context.Context, w io.Writer, p *dms.Paket) error {
	if err := k.encode(ctx, w, p); err != nil {
		return fehler.New("bagit.Encode", p.ProzessID, nil, err)
	}
	return nil
}

func (k *Kodierer) encode(ctx context.Context, w io.Writer, p *dms.Paket) error {
	if pr := p.Check(); pr != nil {
		return pr
	}
	j, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	eigene := []inhalt{{metadaten, append(j, '\n')}}
	for _, b := range k.o.Beigaben {
		var buf bytes.Buffer
		if err := b.Write(&buf, p); err != nil {
			return err
		}
		eigene = append(eigene, inhalt{b.Name, buf.Bytes()})
	}
	var manifest strings.Builder
	var oktette, stroeme int64
	zeile := func(sum, name string, n int64) {
		fmt.Fprintf(&manifest, "%s  data/%s\n", sum, name)
		oktette, stroeme = oktette+n, stroeme+1
	}
	for _, x := range eigene {
		zeile(summe(x.bytes), x.name, int64(len(x.bytes)))
	}
	for d := range p.Dateien() {
		zeile(d.SHA512, "dateien/"+dateiname(d), d.Groesse)
	}
	tags := []inhalt{
		{"bagit.txt", []byte("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n")},
		{"bag-info.txt", []byte(k.info(p, oktette, stroeme))},
		{"manifest-sha512.txt", []byte(manifest.String())},
	}
	var tagmanifest strings.Builder
	for _, t := range tags {
		fmt.Fprintf(&tagmanifest, "%s  %s\n", summe(t.bytes), t.name)
	}
	tags = append(tags, inhalt{"tagmanifest-sha512.txt", []byte(tagmanifest.String())})

	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
	create := func(name string, methode uint16) (io.Writer, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return z.CreateHeader(&zip.FileHeader{Name: strings.ToLower(p.ProzessID) + "/" + name, Method: methode, Modified: p.Erstellt.UTC()})
	}
	for _, x := range append(tags, prefix(eigene)...) {
		f, err := create(x.name, zip.Deflate)
		if err == nil {
			_, err = f.Write(x.bytes)
		}
		if err != nil {
			return err
		}
	}
	for d := range p.Dateien() {
		f, err := create("data/dateien/"+dateiname(d), zip.Store)
		if err != nil {
			return err
		}
		if err := d.CopyTo(ctx, f); err != nil {
			return err
		}
	}
	return z.Close()
}

func prefix(x []inhalt) []inhalt {
	for i := range x {
		x[i].name = "data/" + x[i].name
	}
	return x
}

func summe(b []byte) string {
	s := sha512.Sum512(b)
	return hex.EncodeToString(s[:])
}

// info is bag-info.txt: elements reserved by RFC 8493, section 2.2.2.
func (k *Kodierer) info(p *dms.Paket, oktette, stroeme int64) string {
	org := k.o.Organisation
	if org == "" {
		org = p.Absender.Institution
	}
	var b strings.Builder
	element := func(name, wert string) {
		if wert = strings.Join(strings.FieldsFunc(wert, unicode.IsControl), " "); strings.TrimSpace(wert) != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, norm.NFC.String(wert))
		}
	}
	element("Source-Organization", org)
	element("Bagging-Date", p.Erstellt.UTC().Format("2006-01-02"))
	element("External-Identifier", strings.ToLower(p.ProzessID))
	element("External-Description", p.Vorgang.Betreff)
	element("Internal-Sender-Identifier", p.Vorgang.ID)
	element("Payload-Oxum", fmt.Sprintf("%d.%d", oktette, stroeme))
	element("Bag-Software-Agent", "Fachwerk")
	return b.String()
}

// dateiname is unique by its id, and safe in every file system.
func dateiname(d *dms.Datei) string {
	ext := path.Ext(sicher(path.Base("/" + strings.ReplaceAll(d.Name, "\\", "/"))))
	if ext == "" || len(ext) > 11 {
		ext = ".bin"
	}
	return strings.ToLower(d.ID) + strings.ToLower(ext)
}

// sicher keeps ASCII letters, digits, '.', '-' and '_'.
func sicher(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(".-_", r)) {
			return r
		}
		return -1
	}, s)
}
