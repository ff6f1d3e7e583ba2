// Package gebuehryaml reads tables of fees that people write by hand in YAML:
//
//	stand: 2026-01-01
//	quellen:
//	  SATZUNG: {titel: Verwaltungsgebührensatzung vom 12.12.2025}
//	tarife:
//	  - id: BAUM-2026
//	    norm: § 2 der Satzung
//	    quelle: [SATZUNG]
//	    konfidenz: A
//	    von: 2026-01-01
//	    posten: baumfaellung.genehmigung
//	    bezeichnung: Genehmigung zum Fällen von Bäumen
//	    gruppe: gebuehr
//	    satz: {art: fest, betrag: 45.00}
//
// Members and checks are those of [gebuehr.Load]. Scalars are taken as they are
// written, so that 45.00 needs no quotes and never is a float. It is a package of its
// own so that gebuehr needs no YAML. Safe for concurrent use.
package gebuehryaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const (
	maxDatei  = 4 << 20
	maxTiefe  = 12
	maxKnoten = 500_000
)

// Load reads a YAML 1.2 file of one document, at most 4 MiB, as [gebuehr.Load] reads
// JSON, with the same options. Anchors, aliases, merge keys and tags are refused.
// Problems name the line beside the place.
func Load(r io.Reader, o *gebuehr.LoadOptions) (*gebuehr.Tabelle, error) {
	const op = "gebuehryaml.Load"
	b, err := io.ReadAll(io.LimitReader(r, maxDatei+1))
	if err != nil {
		return nil, fehler.New(op, "", fehler.ErrUnavailable, err)
	}
	if len(b) > maxDatei {
		return nil, fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{problem("datei-gross", 0, "file is larger than 4 MiB", "Die Datei ist größer als 4 MiB.")})
	}
	w, p := lies(b)
	if p != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{*p})
	}
	u := &umsetzer{zeilen: map[string]int{}}
	u.wert(w, "", "", 0)
	if u.problem != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{*u.problem})
	}
	t, err := gebuehr.Load(&u.out, o)
	if probleme := fehler.ProblemeIn(err); probleme != nil {
		probleme = slices.Clone(probleme)
		for i := range probleme {
			if n := u.zeile(probleme[i].Pfad); n > 0 {
				probleme[i].Meldung = fmt.Sprintf("line %d: %s", n, probleme[i].Meldung)
				probleme[i].Hinweis = fmt.Sprintf("Zeile %d: %s", n, probleme[i].Hinweis)
			}
		}
		return nil, fehler.New(op, "", fehler.ErrInvalid, probleme)
	}
	return t, err
}

func problem(code string, zeile int, meldung, hinweis string) fehler.Problem {
	if zeile > 0 {
		meldung, hinweis = fmt.Sprintf("line %d: %s", zeile, meldung), fmt.Sprintf("Zeile %d: %s", zeile, hinweis)
	}
	return fehler.Problem{Code: "gebuehr." + code, Meldung: meldung, Hinweis: hinweis}
}

var yamlZeile = regexp.MustCompile(`line ([0-9]+)`)

// lies gives the root of the one document. The parser's own text is hidden: it may
// quote the file.
func lies(b []byte) (w *yaml.Node, p *fehler.Problem) {
	kein := func(zeile int, meldung string) *fehler.Problem {
		x := problem("datei-form", zeile, meldung, "Die Datei ist kein gültiges YAML aus einem Dokument.")
		return &x
	}
	defer func() {
		if recover() != nil { // the parser gave up on what it was given
			w, p = nil, kein(1, "cannot be read")
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(b))
	var n, rest yaml.Node
	if err := d.Decode(&n); err != nil {
		zeile := 1
		if m := yamlZeile.FindStringSubmatch(err.Error()); m != nil {
			zeile, _ = strconv.Atoi(m[1])
		}
		return nil, kein(zeile, "not one well-formed YAML document")
	}
	if err := d.Decode(&rest); !errors.Is(err, io.EOF) {
		return nil, kein(rest.Line, "more than one document")
	}
	if n.Kind != yaml.DocumentNode || len(n.Content) != 1 {
		return nil, kein(1, "is empty")
	}
	return n.Content[0], nil
}

// zahlen and wahrheiten are the members whose JSON is no string.
var (
	zahlen      = []string{"gewicht", "max_punkte", "einheit_minuten", "bis", "faellig_tage"}
	wahrheiten  = []string{"beispiel", "absehen", "auslagen", "ermessen"}
	ziffern     = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,8})$`) // "bis" of a validity is a day, of a step a number
	zeigerTeile = strings.NewReplacer("~", "~0", "/", "~1")
)

// umsetzer writes the JSON of a tree and remembers the line of each place.
type umsetzer struct {
	out     bytes.Buffer
	zeilen  map[string]int
	knoten  int
	problem *fehler.Problem
}

func (u *umsetzer) falsch(n *yaml.Node, code, meldung, hinweis string) {
	if u.problem == nil {
		p := problem(code, n.Line, meldung, hinweis)
		u.problem = &p
	}
}

func (u *umsetzer) wert(n *yaml.Node, pfad, name string, tiefe int) {
	u.knoten++
	switch {
	case u.problem != nil:
		return
	case tiefe > maxTiefe || u.knoten > maxKnoten:
		u.falsch(n, "datei-form", "nested too deep or too long", "Die Datei ist zu tief verschachtelt oder zu lang.")
		return
	case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge":
		u.falsch(n, "datei-verweis", "anchors, aliases, merge keys and tags are not allowed", "Anker, Verweise und Typangaben (&, *, <<, !) sind hier nicht erlaubt.")
		return
	}
	u.zeilen[pfad] = n.Line
	switch n.Kind {
	case yaml.MappingNode:
		u.out.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if k.Kind != yaml.ScalarNode || k.Anchor != "" || k.Tag == "!!merge" {
				u.falsch(k, "datei-form", "a name that is no text", "Hier steht kein Name.")
				return
			}
			if i > 0 {
				u.out.WriteByte(',')
			}
			u.text(k.Value)
			u.out.WriteByte(':')
			u.wert(n.Content[i+1], pfad+"/"+zeigerTeile.Replace(k.Value), k.Value, tiefe+1)
		}
		u.out.WriteByte('}')
	case yaml.SequenceNode:
		u.out.WriteByte('[')
		for i, k := range n.Content {
			if i > 0 {
				u.out.WriteByte(',')
			}
			u.wert(k, pfad+"/"+strconv.Itoa(i), "", tiefe+1)
		}
		u.out.WriteByte(']')
	default:
		switch {
		case n.Tag == "!!null":
			u.out.WriteString("null")
		case slices.Contains(zahlen, name) && ziffern.MatchString(n.Value),
			slices.Contains(wahrheiten, name) && (n.Value == "true" || n.Value == "false"):
			u.out.WriteString(n.Value)
		default:
			u.text(n.Value)
		}
	}
}

func (u *umsetzer) text(s string) {
	b, _ := json.Marshal(s) // a string always has a JSON
	u.out.Write(b)
}

// zeile finds the line of a place, or of what holds it.
func (u *umsetzer) zeile(pfad string) int {
	for pfad != "" {
		if n := u.zeilen[pfad]; n > 0 {
			return n
		}
		pfad = pfad[:strings.LastIndexByte(pfad, '/')]
	}
	return 0
}
