package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Limits of one Lieferung; zero values mean the defaults.
type Limits struct {
	// Dateien is the number of files; default 100.
	Dateien int
	// Datei and Gesamt are bytes; defaults 100 MiB and 500 MiB.
	Datei, Gesamt int64
	// Fachdaten is the form data in bytes; default 10 MiB.
	Fachdaten int64
	// Typen are the file types by content that are taken; default [StandardTypen].
	Typen []string
}

// StandardTypen are the file types authorities commonly take. A type stands for
// its descendants as well: "text/plain" includes CSV. What a browser or a shell
// would run (HTML, SVG, scripts) is only taken where it is named itself.
var StandardTypen = []string{
	"application/pdf", "image/png", "image/jpeg", "image/tiff", "text/plain", "application/json", "text/xml",
	"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

func (l Limits) withDefaults() Limits {
	if l.Dateien == 0 {
		l.Dateien = 100
	}
	if l.Datei == 0 {
		l.Datei = 100 << 20
	}
	if l.Gesamt == 0 {
		l.Gesamt = 500 << 20
	}
	if l.Fachdaten == 0 {
		l.Fachdaten = 10 << 20
	}
	if l.Typen == nil {
		l.Typen = StandardTypen
	}
	return l
}

// messen checks number and sizes, and sets Groesse and Erkannt.
func (l Limits) messen(ctx context.Context, d *Lieferung) error {
	var p fehler.Probleme
	if n := len(d.Dateien); n > l.Dateien {
		return fehler.Probleme{{Code: "intake.zu-viele-dateien", Meldung: fmt.Sprintf("%d files, %d allowed", n, l.Dateien),
			Hinweis: fmt.Sprintf("Der Antrag enthält %d Dateien; erlaubt sind %d.", n, l.Dateien)}}
	}
	var sum int64
	for i := range d.Dateien {
		t := &d.Dateien[i]
		t.Erkannt = ""
		size, kind, err := measure(ctx, t, l.Datei)
		if err != nil && !errors.Is(err, errTooLarge) {
			return err
		}
		if errors.Is(err, errTooLarge) {
			p = append(p, l.zuGross(t.ID.String()))
			continue
		}
		sum += size
		t.Groesse, t.Erkannt = size, kind.String()
	}
	if sum > l.Gesamt {
		p = append(p, l.gesamtZuGross(sum))
	}
	if len(p) > 0 {
		return p
	}
	return nil
}

// typen checks the types by content. Files that nobody measured are looked at here if
// nothing is wrong so far.
func (l Limits) typen(ctx context.Context, d *Lieferung, nachsehen bool) error {
	var p fehler.Probleme
	for i := range d.Dateien {
		t := &d.Dateien[i]
		if t.Erkannt == "" && nachsehen {
			_, kind, err := measure(ctx, t, l.Datei)
			if err != nil && !errors.Is(err, errTooLarge) {
				return err
			}
			if kind != nil {
				t.Erkannt = kind.String()
			}
		}
		kind := mimetype.Lookup(t.Erkannt)
		if t.Erkannt != "" && (kind == nil || !taken(kind, l.Typen)) {
			p = append(p, fehler.Problem{Code: "intake.dateityp", Pfad: t.ID.String(),
				Meldung: "content is " + t.Erkannt + ", which is not taken",
				Hinweis: "Dateien dieser Art nimmt die Behörde nicht an (" + t.Erkannt + ")."})
		}
	}
	if len(p) > 0 {
		return p
	}
	return nil
}

var errTooLarge = errors.New("too large")

// measure reads the bytes once: their number, at most max, and their type.
func measure(ctx context.Context, t *Teil, max int64) (int64, *mimetype.MIME, error) {
	r, err := t.open(ctx)
	if err != nil {
		return 0, nil, err
	}
	defer r.Close()
	head := make([]byte, 3072)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, nil, err
	}
	if there, ok := r.(*abgelegt); ok { // counted and hashed a moment ago
		if there.ref.Groesse > max {
			return there.ref.Groesse, nil, errTooLarge
		}
		return there.ref.Groesse, mimetype.Detect(head[:n]), nil
	}
	rest, err := io.Copy(io.Discard, io.LimitReader(r, max-int64(n)+1))
	if err != nil {
		return 0, nil, err
	}
	size := int64(n) + rest
	if size > max {
		return size, nil, errTooLarge
	}
	return size, mimetype.Detect(head[:n]), nil
}

// aktiv are types whose content is executed where it is opened.
var aktiv = []string{
	"text/html", "application/xhtml+xml", "image/svg+xml", "text/javascript", "text/x-php", "text/x-lua", "text/x-perl",
	"text/x-python", "text/x-ruby", "text/x-shellscript", "text/x-tcl",
}

func taken(kind *mimetype.MIME, typen []string) bool {
	for k := kind; k != nil; k = k.Parent() {
		if slices.ContainsFunc(typen, k.Is) {
			return true
		}
		if slices.ContainsFunc(aktiv, k.Is) {
			return false
		}
	}
	return false
}

// safeName makes a file name without directories, control characters or tricks,
// in NFC (systems that decompose ü would otherwise send a second name for one
// file), at most 120 bytes; the extension is kept.
func safeName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) || strings.ContainsRune(`/<>:"|?*`, r) {
			return -1
		}
		return r
	}, name)
	name = strings.TrimFunc(norm.NFC.String(name), isEdge)
	if name == "" {
		return "datei"
	}
	ext := path.Ext(name)
	if len(ext) > 12 {
		ext = ""
	}
	stem := strings.TrimSuffix(name, ext)
	for len(stem)+len(ext) > 120 {
		_, n := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-n]
	}
	return strings.TrimRightFunc(stem+ext, isEdge)
}

// isEdge: what systems drop or hide at the ends of a name.
func isEdge(r rune) bool { return r == '.' || unicode.IsSpace(r) }
