package xdatenfelder

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"regexp"
	"strings"
)

// xknoten is an element of the XML that stands at a place of the form.
type xknoten struct {
	pfad string // line and id
	text string
	// kinder by their place in the form
	kinder map[*knoten][]*xknoten
}

// toJSON makes FIM JSON of XFall: order and repetition as the form has them, so
// that one JSON Schema judges both.
func (p *Parser) toJSON(ctx context.Context, f *form, b []byte) ([]byte, error) {
	l := newLeser(ctx, bytes.NewReader(b), p.o.Grenzen, "xfall", "Das Dokument")
	root, ok := l.root()
	if !ok {
		return nil, l.result()
	}
	if !p.namensraum(root.Name.Space) {
		l.fail("namensraum", "namespace is none of the configured ones", "Das Dokument hat nicht den Namensraum des Formulars.")
		return nil, l.result()
	}
	if !f.wurzel(root.Name.Local) {
		l.fail("wurzel", "root element is not the one of the form", "Das Dokument gehört zu einem anderen Formular oder zu einer anderen Fassung davon.")
		return nil, l.result()
	}
	x := l.gruppe(f.knoten)
	l.finish()
	var out bytes.Buffer
	l.writeGruppe(&out, f.knoten, x)
	return out.Bytes(), l.result()
}

// gruppe reads the children of a group.
func (l *leser) gruppe(k *knoten) *xknoten {
	x := &xknoten{kinder: map[*knoten][]*xknoten{}}
	for l.err == nil {
		switch t := l.next().(type) {
		case xml.EndElement:
			return x
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				l.problem("text", "text between the elements of a group", "Zwischen den Angaben einer Gruppe steht Text ohne Feld.")
			}
		case xml.StartElement:
			c := k.kinder[t.Name.Local]
			if c == nil || t.Name.Space != l.ns && t.Name.Space != "" {
				l.problem("element-unbekannt", l.nenne(t.Name.Local)+" is not part of this group", "Das Dokument enthält ein Element, das das Formular an dieser Stelle nicht kennt.")
				l.skip()
				continue
			}
			l.ids = append(l.ids, c.teil.Element.ID)
			var y *xknoten
			if pfad := l.at(); c.teil.Element.Feld == nil {
				y = l.gruppe(c)
				y.pfad = pfad
			} else {
				y = &xknoten{pfad: pfad, text: l.str()}
			}
			l.ids = l.ids[:len(l.ids)-1]
			x.kinder[c] = append(x.kinder[c], y)
		}
	}
	return x
}

// problemAt is problem for a place read before.
func (l *leser) problemAt(pfad, code, meldung, hinweis string) {
	n := len(l.probleme)
	if l.problem(code, meldung, hinweis); len(l.probleme) > n {
		l.probleme[n].Pfad = pfad
	}
}

func (l *leser) writeGruppe(out *bytes.Buffer, k *knoten, x *xknoten) {
	out.WriteByte('{')
	first := true
	for _, c := range k.folge {
		given := x.kinder[c]
		e := c.teil.Element
		if len(given) == 0 || !e.data() {
			continue
		}
		if !c.teil.Anzahl.Liste() && len(given) > 1 {
			l.problemAt(given[1].pfad, "wiederholung", "element may stand here once", "Das Feld „"+short(e.Label())+"“ darf hier nur einmal vorkommen.")
			continue
		}
		values := []json.RawMessage{}
		for _, y := range given {
			if v := l.value(c, y); v != nil {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			continue
		}
		if !first {
			out.WriteByte(',')
		}
		first = false
		out.WriteString(`"` + c.key + `":`)
		if !c.teil.Anzahl.Liste() {
			out.Write(values[0])
			continue
		}
		for i, v := range values {
			out.WriteByte("[,"[min(i, 1)])
			out.Write(v)
		}
		out.WriteByte(']')
	}
	out.WriteByte('}')
}

var mitZone = regexp.MustCompile(`^(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)$`)

// value gives an element as JSON; nil for an empty one that cannot be empty, which
// counts as not given, and after a problem.
func (l *leser) value(k *knoten, x *xknoten) json.RawMessage {
	e := k.teil.Element
	if e.Feld == nil {
		var b bytes.Buffer
		l.writeGruppe(&b, k, x)
		return b.Bytes()
	}
	text := x.text
	if !e.Feld.Datentyp.text() || e.Feld.Art == ArtSelect {
		if text = strings.TrimSpace(text); text == "" {
			return nil
		}
	}
	switch typ := e.Feld.Datentyp; {
	case e.Feld.Art == ArtSelect:
	case typ == Bool:
		switch text {
		case "true", "1":
			return json.RawMessage("true")
		case "false", "0":
			return json.RawMessage("false")
		}
		l.wert(e, x, "no boolean", "weder ja noch nein")
		return nil
	case typ.zahl():
		n, ok := jsonZahl(text)
		if !ok || strings.Contains(text, ",") {
			l.wert(e, x, "no number", "keine Zahl")
			return nil
		}
		return json.RawMessage(n)
	case typ == Datum: // a day has no zone here
		if m := mitZone.FindStringSubmatch(text); m != nil {
			text = m[1]
		}
	}
	return jsonText(text)
}

// jsonText writes a text; the decoder of XML has made sure that it is UTF-8.
func jsonText(s string) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return json.RawMessage(`""`) // a string always encodes
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (l *leser) wert(e *Element, x *xknoten, meldung, hinweis string) {
	l.problemAt(x.pfad, "wert", "value is "+meldung, "Das Feld „"+short(e.Label())+"“ ist "+hinweis+".")
}
