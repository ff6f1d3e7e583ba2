package xdomea

import (
	"mime"
	"path"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

// maxStamm and maxEndung keep names in a container short: with the UUID they
// stay far below the 255 bytes of file systems and unpack on Windows too.
const (
	maxStamm  = 60
	maxEndung = 10
)

// dateiname is the name of a file in the container: <uuid>_<safe name>.<ext>.
// This form is valid in every version of the standard.
func dateiname(d *dms.Datei) string {
	stem, ext := splitName(d.Name)
	if ext == "" {
		ext = endungByMIME(d.MIME)
	}
	if ext == "" {
		ext = "bin"
	}
	if stem == "" {
		stem = "Datei"
	}
	return strings.ToLower(d.ID) + "_" + stem + "." + ext
}

// splitName makes stem and extension of a foreign file name safe: ASCII
// letters, digits, '-' and '_' only, and no path in front.
func splitName(name string) (stem, ext string) {
	name = strings.ReplaceAll(name, "\\", "/")
	name = path.Base("/" + name)
	ext = strings.TrimPrefix(path.Ext(name), ".")
	if ext == "" || len(ext) > maxEndung || strings.ContainsFunc(ext, func(r rune) bool { return r >= 128 || !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return ascii(name, maxStamm), "" // no extension, only a dot in a sentence
	}
	return ascii(strings.TrimSuffix(name, "."+ext), maxStamm), strings.ToLower(ext)
}

var umlaute = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "ß", "ss", "ẞ", "SS")

func ascii(s string, limit int) string {
	if len(s) > 4096 {
		s = s[:4096]
	}
	s = umlaute.Replace(norm.NFC.String(s))
	var b strings.Builder
	gap := false
	for _, r := range norm.NFD.String(s) {
		switch {
		case r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-'):
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // accents fall off their letters
		default:
			gap = true
		}
		if b.Len() >= limit {
			break
		}
	}
	return strings.Trim(b.String(), "-_")
}

func endungByMIME(m string) string {
	m, _, err := mime.ParseMediaType(m)
	if err != nil {
		return ""
	}
	return endungen[m]
}

// endungen is fixed here and not taken from the machine, so that the same
// Paket gives the same bytes everywhere.
var endungen = map[string]string{
	"text/csv": "csv", "application/msword": "doc", "message/rfc822": "eml", "text/html": "html",
	"image/jpeg": "jpg", "application/vnd.ms-outlook": "msg", "application/pdf": "pdf", "image/png": "png",
	"application/vnd.oasis.opendocument.presentation": "odp", "application/vnd.oasis.opendocument.spreadsheet": "ods",
	"application/vnd.oasis.opendocument.text": "odt", "application/vnd.ms-powerpoint": "ppt",
	"application/rtf": "rtf", "text/rtf": "rtf", "image/tiff": "tiff", "application/vnd.ms-excel": "xls",
	"application/xml": "xml", "text/xml": "xml", "text/plain": "txt", "application/zip": "zip",
	"application/json": "json", "video/mp4": "mp4", "image/gif": "gif", "image/webp": "webp",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   "docx",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         "xlsx",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
}

// format gives code and, for code 100, the name of a format.
func (p *Profil) format(f *dms.Format) (code, sonstiger string) {
	if f.Code != "" {
		return f.Code, f.Sonstiger
	}
	m, _, err := mime.ParseMediaType(f.Datei.MIME)
	if err == nil && f.Sonstiger == "" {
		if c := p.Formate[m]; c != "" {
			return c, ""
		}
	}
	if f.Sonstiger != "" {
		return dms.FormatSonstiges, f.Sonstiger
	}
	if _, ext := splitName(f.Datei.Name); ext != "" {
		return dms.FormatSonstiges, ext
	}
	if ext := endungen[m]; ext != "" {
		return dms.FormatSonstiges, ext
	}
	return dms.FormatSonstiges, "bin"
}

// containerPattern reads the names of containers and messages: short and long
// form of the message type, with or without a running number (4.0.0).
var containerPattern = regexp.MustCompile(
	`(?i)^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})_(?:[a-z.]+\.)?([0-9]{4})(?:_[0-9]+)?\.(zip|xdomea|xml)$`)

// Dateiname is what the name of a container or message says.
type Dateiname struct {
	ProzessID string // lower case
	Nummer    string // four digits, such as "0402"
	Endung    string // "zip", "xdomea" or "xml"
}

// ParseDateiname reads the file name of a container or message; false if it is
// not one. The name is a hint only: the message inside decides.
func ParseDateiname(name string) (Dateiname, bool) {
	if len(name) > 255 {
		return Dateiname{}, false
	}
	m := containerPattern.FindStringSubmatch(name)
	if m == nil {
		return Dateiname{}, false
	}
	return Dateiname{ProzessID: strings.ToLower(m[1]), Nummer: m[2], Endung: strings.ToLower(m[3])}, true
}
