package vorlage

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Verfahrensgesetz says how the authorities of a Land cite the law of administrative
// procedure. It is one of three kinds: a law that counts its paragraphs as the VwVfG of
// the federation (Name alone), one with a count of its own (Name and Paragraphen), or
// one that applies the VwVfG (Verweis).
type Verfahrensgesetz struct {
	Land tenant.Land `json:"land"`
	datum.Zeitraum
	Name    string `json:"name,omitempty"`    // "BayVwVfG"
	Zeichen string `json:"zeichen,omitempty"` // "Art."; empty is "§"
	// Verweis is the paragraph that applies the VwVfG: "§ 1 NVwVfG".
	Verweis string `json:"verweis,omitempty"`
	// Paragraphen gives for a paragraph of the VwVfG ("36") the one of this law ("107").
	// Only the paragraph is cited then: Absaetze need not be counted alike.
	Paragraphen map[string]string `json:"paragraphen,omitempty"`
	Quelle      string            `json:"quelle"`
	// Konfidenz: A (wording of the norm), B (secondary source), U (unverified).
	Konfidenz string `json:"konfidenz"`
}

// Landesrecht is a set of laws, at most one per Land and day. Immutable and safe for
// concurrent use. A Land without one cites the VwVfG.
type Landesrecht struct{ gesetze []Verfahrensgesetz }

//go:embed landesrecht.json
var mitgeliefertesRecht []byte

var standardRecht = sync.OnceValues(func() (*Landesrecht, error) { return LoadLandesrecht(bytes.NewReader(mitgeliefertesRecht)) })

// LoadLandesrecht reads a list of [Verfahrensgesetz] as JSON, at most 1 MiB. Unknown
// members, a Land without name and reference or with both, and two laws of a Land for
// one day are Probleme of an error of kind fehler.ErrInvalid.
func LoadLandesrecht(r io.Reader) (*Landesrecht, error) {
	const op = "vorlage.LoadLandesrecht"
	const grenze = 1 << 20
	b, err := io.ReadAll(io.LimitReader(r, grenze+1))
	if err != nil {
		return nil, fehler.New(op, "", nil, err)
	}
	falsch := func(pfad, meldung, hinweis string) error {
		return fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{problem("landesrecht-datei", pfad, meldung, hinweis)})
	}
	if len(b) > grenze {
		return nil, falsch("", "file too large", "Die Datei ist zu groß.")
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var g []Verfahrensgesetz
	if err := d.Decode(&g); err != nil {
		return nil, falsch("", kurz(err), "Die Datei ist kein lesbares JSON, oder eine Angabe ist unbekannt.")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, falsch("", "more than one value", "Die Datei enthält mehr als eine Liste.")
	}
	for i := range g {
		x, p := &g[i], fmt.Sprintf("/%d", i)
		switch {
		case !x.Land.Valid():
			return nil, falsch(p+"/land", "unknown Land", "Das Land ist unbekannt.")
		case (x.Name == "") == (x.Verweis == ""), x.Verweis != "" && (x.Zeichen != "" || x.Paragraphen != nil):
			return nil, falsch(p, "either name or verweis, and zeichen and paragraphen with name only", "Ein Gesetz hat entweder einen Namen oder einen Verweis auf das VwVfG.")
		case x.Quelle == "" || !slices.Contains([]string{"A", "B", "U"}, x.Konfidenz):
			return nil, falsch(p+"/quelle", "source and Konfidenz A, B or U are needed", "Zu jedem Gesetz gehören Quelle und Konfidenz (A, B oder U).")
		case !x.Von.IsZero() && !x.Bis.IsZero() && x.Bis.Vor(x.Von):
			return nil, falsch(p+"/bis", "ends before it begins", "Die Geltung endet vor ihrem Beginn.")
		}
		for j := range g[:i] {
			if y := &g[j]; y.Land == x.Land && (y.Bis.IsZero() || !x.Von.Nach(y.Bis)) && (x.Bis.IsZero() || !y.Von.Nach(x.Bis)) {
				return nil, falsch(p+"/von", "two laws of a Land on one day", "Für ein Land gelten am selben Tag zwei Gesetze.")
			}
		}
	}
	return &Landesrecht{g}, nil
}

// gesetz gives the law of a Land on a day, nil for the VwVfG.
func (r *Landesrecht) gesetz(land tenant.Land, tag datum.Datum) *Verfahrensgesetz {
	for i := range r.gesetze {
		if g := &r.gesetze[i]; g.Land == land && g.Enthaelt(tag) {
			return g
		}
	}
	return nil
}

const (
	paragraph = `§ [0-9]{1,3}[a-z]?`
	fundort   = paragraph + `(?: (?:Abs\.|Satz|Halbsatz|Nr\.) [0-9]{1,2}[a-z]?)*`
)

var (
	fundortForm = regexp.MustCompile(`^` + fundort + `(?:(?:,| und| in Verbindung mit) ` + fundort + `)*$`)
	jeStelle    = regexp.MustCompile(`§ ([0-9]{1,3}[a-z]?)(?: (?:Abs\.|Satz|Halbsatz|Nr\.) [0-9]{1,2}[a-z]?)*`)
)

// fehlt names the paragraphs of a place in the VwVfG that the law does not give.
func (g *Verfahrensgesetz) fehlt(ort string) (out []string) {
	if g == nil || g.Paragraphen == nil {
		return nil
	}
	for _, m := range jeStelle.FindAllStringSubmatch(ort, -1) {
		if g.Paragraphen[m[1]] == "" {
			out = append(out, m[1])
		}
	}
	return out
}

// zitat writes a place in the VwVfG, such as "§ 36 Abs. 2", as the law is cited. g may be nil.
func (g *Verfahrensgesetz) zitat(ort string) string {
	switch {
	case g == nil:
		ort += " VwVfG"
	case g.Verweis != "":
		ort += " VwVfG in Verbindung mit " + strings.ReplaceAll(g.Verweis, " ", nbsp)
	default:
		if g.Paragraphen != nil {
			ort = jeStelle.ReplaceAllStringFunc(ort, func(s string) string {
				return "§ " + g.Paragraphen[jeStelle.FindStringSubmatch(s)[1]]
			})
		}
		if g.Zeichen != "" {
			ort = strings.ReplaceAll(ort, "§", g.Zeichen)
		}
		ort += " " + g.Name
	}
	return typografie(ort, false, false)
}

// verfahrensrecht judges a place in the VwVfG that a text cites: its form, and that each
// law the template can meet has it.
func (l *lader) verfahrensrecht(ort string) (map[*Verfahrensgesetz]string, error) {
	if !fundortForm.MatchString(ort) {
		return nil, fehlerf("verfahrensrecht", "%q is no place in the VwVfG", "„%s“ ist keine Stelle des VwVfG. Schreiben Sie zum Beispiel {{verfahrensrecht § 36 Abs. 2}}.", ort)
	}
	zitate := map[*Verfahrensgesetz]string{nil: (*Verfahrensgesetz)(nil).zitat(ort)}
	for i := range l.recht.gesetze {
		g := &l.recht.gesetze[i]
		if l.land != "" && g.Land != l.land {
			continue
		}
		if f := g.fehlt(ort); f != nil {
			return nil, fehlerf("landesrecht", "no paragraph for § %[1]s VwVfG in the law of %[2]s", "Für § %[1]s VwVfG ist nicht gesagt, welcher Paragraph in %[2]s gilt (%[3]s).", f[0], g.Land.Name(), g.Name)
		}
		zitate[g] = g.zitat(ort)
	}
	return zitate, nil
}
