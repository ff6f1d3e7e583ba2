package schema

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

const xsNamespace = "http://www.w3.org/2001/XMLSchema"

// rekursiv are types that extend a type which contains them. That is legal, but the
// validator refuses it; written out as sequences they accept the same messages.
var rekursiv = []string{"AnlageDokumentType", "DokumentType", "DokumentMitSchriftstueckType"}

// typ is a complex type of a schema as far as writing it out needs it.
type typ struct {
	start, end int    // the bytes between its tags
	base       string // of an extension
	inhalt     []byte // the particles in its sequence, or its choice as a whole
}

// inline writes the types of rekursiv out where they are extensions.
func inline(text []byte) ([]byte, error) {
	if !slices.ContainsFunc(rekursiv, func(n string) bool { return bytes.Contains(text, []byte(`"`+n+`"`)) }) {
		return text, nil
	}
	typen, prefix, err := types(text)
	if err != nil {
		return nil, err
	}
	var do []*typ
	for _, n := range rekursiv {
		if t := typen[n]; t != nil && t.base != "" {
			do = append(do, t)
		}
	}
	slices.SortFunc(do, func(a, b *typ) int { return b.start - a.start }) // from behind: places before stay
	for _, t := range do {
		particles, err := all(typen, t, 8)
		if err != nil {
			return nil, err
		}
		seq := "<" + prefix + "sequence>" + string(particles) + "</" + prefix + "sequence>"
		text = slices.Concat(text[:t.start], []byte(seq), text[t.end:])
	}
	return text, nil
}

// all gives the particles of a type and of what it extends.
func all(typen map[string]*typ, t *typ, depth int) ([]byte, error) {
	if t.base == "" {
		return t.inhalt, nil
	}
	base := typen[t.base]
	if base == nil || depth == 0 {
		return nil, errors.New("base of a type is not in its schema")
	}
	first, err := all(typen, base, depth-1)
	if err != nil {
		return nil, err
	}
	return slices.Concat(first, t.inhalt), nil
}

// types finds the named complex types and the prefix of XML Schema.
func types(text []byte) (map[string]*typ, string, error) {
	out := map[string]*typ{}
	d := xml.NewDecoder(bytes.NewReader(text))
	prefix, depth := "", 0
	var t *typ
	var particles int // where the outermost sequence or choice begins, and its depth
	at := 0
	for {
		before := int(d.InputOffset())
		tok, err := d.Token()
		if err == io.EOF {
			return out, prefix, nil
		}
		if err != nil {
			return nil, "", err
		}
		switch e := tok.(type) {
		case xml.StartElement:
			depth++
			if e.Name.Space != xsNamespace {
				continue
			}
			switch {
			case depth == 1:
				tag := text[before:d.InputOffset()]
				if i := bytes.IndexByte(tag, ':'); i > 0 && bytes.HasPrefix(tag[i+1:], []byte("schema")) {
					prefix = string(tag[1 : i+1])
				}
			case depth == 2 && e.Name.Local == "complexType":
				t = &typ{start: int(d.InputOffset())}
				out[attr(e, "name")] = t
			case t != nil && e.Name.Local == "extension" && t.base == "":
				t.base = attr(e, "base")[strings.LastIndexByte(attr(e, "base"), ':')+1:]
			case t != nil && at == 0 && e.Name.Local == "sequence":
				at, particles = depth, int(d.InputOffset())
			case t != nil && at == 0 && e.Name.Local == "choice":
				at, particles = -depth, before
			}
		case xml.EndElement:
			switch {
			case t != nil && at == depth && t.inhalt == nil:
				t.inhalt, at = text[particles:before], 0
			case t != nil && at == -depth && t.inhalt == nil:
				t.inhalt, at = text[particles:d.InputOffset()], 0
			case depth == 2 && t != nil:
				t.end, t, at = before, nil, 0
			}
			depth--
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
