package regelwerk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

type art byte

const (
	objekt art = iota
	feld
	schrift // text for sure
	wort    // YAML scalar without quotes: text as written
	zahl
	anders // null, true, false
)

// knoten is what JSON and YAML have in common.
type knoten struct {
	art    art
	text   string
	zeile  int
	namen  []string // of the members of an objekt
	kinder []*knoten
	yaml   bool
}

// istText: in YAML a number or a date without quotes is text as written as well.
func (k *knoten) istText() bool { return k.art == schrift || k.art == wort || k.art == zahl && k.yaml }

// maxTiefe is far above what a file needs: object, list, rule, value.
const maxTiefe = 8

var errTiefe = errors.New("nested too deep")

func syntaxProblem(name string, zeile int, meldung string) *fehler.Problem {
	return &fehler.Problem{Code: "regelwerk.syntax", Meldung: fmt.Sprintf("line %d: %s", zeile, meldung),
		Hinweis: fmt.Sprintf("Zeile %d: Die Datei ist kein gültiges %s.", zeile, name)}
}

// jsonLeser counts lines as it goes.
type jsonLeser struct {
	d     *json.Decoder
	b     []byte
	bis   int64
	zeile int
}

func readJSON(b []byte) (*knoten, *fehler.Problem) {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	j := &jsonLeser{d: d, b: b, zeile: 1}
	k, err := j.wert(0)
	if err == nil {
		if _, err = d.Token(); err == nil {
			err = errors.New("data after the end")
		}
	}
	if errors.Is(err, errTiefe) {
		return nil, syntaxProblem("JSON", j.stelle(), errTiefe.Error())
	}
	if !errors.Is(err, io.EOF) || k == nil {
		return nil, syntaxProblem("JSON", j.stelle(), "not one well-formed JSON document")
	}
	return k, nil
}

func (j *jsonLeser) stelle() int {
	n := min(j.d.InputOffset(), int64(len(j.b)))
	j.zeile += bytes.Count(j.b[j.bis:max(n, j.bis)], []byte("\n"))
	j.bis = max(n, j.bis)
	return j.zeile
}

func (j *jsonLeser) wert(tiefe int) (*knoten, error) {
	t, err := j.d.Token()
	if err != nil {
		return nil, err
	}
	k := &knoten{zeile: j.stelle()}
	switch t := t.(type) {
	case string:
		k.art, k.text = schrift, t
	case json.Number:
		k.art, k.text = zahl, t.String()
	case json.Delim:
		if tiefe >= maxTiefe {
			return nil, errTiefe
		}
		if k.art = feld; t == '{' {
			k.art = objekt
		}
		for j.d.More() {
			if k.art == objekt {
				name, err := j.d.Token()
				if err != nil {
					return nil, err
				}
				s, _ := name.(string)
				k.namen = append(k.namen, s)
			}
			kind, err := j.wert(tiefe + 1)
			if err != nil {
				return nil, err
			}
			k.kinder = append(k.kinder, kind)
		}
		if _, err := j.d.Token(); err != nil {
			return nil, err
		}
	default:
		k.art = anders
	}
	return k, nil
}

var yamlZeile = regexp.MustCompile(`line ([0-9]+)`)

// yamlProblem hides the text of the parser, which may quote the file.
func yamlProblem(err error) *fehler.Problem {
	n := 1
	if m := yamlZeile.FindStringSubmatch(err.Error()); m != nil {
		n, _ = strconv.Atoi(m[1])
	}
	return syntaxProblem("YAML", n, "not one well-formed YAML document")
}

func readYAML(b []byte) (_ *knoten, p *fehler.Problem) {
	defer func() {
		if recover() != nil { // the parser gave up on what it was given
			p = syntaxProblem("YAML", 1, "cannot be read")
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(b))
	var n, rest yaml.Node
	if err := d.Decode(&n); err != nil {
		return nil, yamlProblem(err)
	}
	if err := d.Decode(&rest); err == nil {
		return nil, syntaxProblem("YAML", rest.Line, "a second document")
	} else if !errors.Is(err, io.EOF) {
		return nil, yamlProblem(err)
	}
	if n.Kind != yaml.DocumentNode || len(n.Content) != 1 {
		return nil, syntaxProblem("YAML", 1, "is empty")
	}
	return ausYAML(n.Content[0], 0)
}

func ausYAML(n *yaml.Node, tiefe int) (*knoten, *fehler.Problem) {
	switch {
	case tiefe > maxTiefe:
		return nil, syntaxProblem("YAML", n.Line, errTiefe.Error())
	case n.Kind == yaml.AliasNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 || n.Tag == "!!merge":
		return nil, &fehler.Problem{Code: "regelwerk.verweis", Meldung: fmt.Sprintf("line %d: anchors, aliases, merge keys and tags are not allowed", n.Line),
			Hinweis: fmt.Sprintf("Zeile %d: Anker, Verweise und Typangaben (&, *, <<, !) sind hier nicht erlaubt.", n.Line)}
	}
	k := &knoten{zeile: n.Line, yaml: true}
	switch n.Kind {
	case yaml.ScalarNode:
		k.text = n.Value
		switch n.Tag {
		case "!!null":
			k.art = anders
		case "!!int":
			k.art = zahl
		case "!!str":
			k.art = schrift
		default:
			k.art = wort
		}
		return k, nil
	case yaml.MappingNode:
		k.art = objekt
	default:
		k.art = feld
	}
	for i := 0; i < len(n.Content); i++ {
		if k.art == objekt {
			name, p := ausYAML(n.Content[i], tiefe+1)
			if p != nil {
				return nil, p
			}
			if len(name.kinder) > 0 || name.art == objekt || name.art == feld {
				return nil, syntaxProblem("YAML", n.Content[i].Line, "a name that is no text")
			}
			k.namen = append(k.namen, name.text)
			i++
		}
		kind, p := ausYAML(n.Content[i], tiefe+1)
		if p != nil {
			return nil, p
		}
		k.kinder = append(k.kinder, kind)
	}
	return k, nil
}
