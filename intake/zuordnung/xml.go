package zuordnung

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const xmlNamensraum = "http://www.w3.org/XML/1998/namespace"

type xmlLeser struct {
	ctx   context.Context
	d     *xml.Decoder
	g     Grenzen
	n     int
	tiefe int
	// offen counts the open declarations of each namespace.
	offen map[string]int
	dok   *knoten
	jetzt *knoten
	text  []*strings.Builder
	namen []map[string]int // positions of the children, for each open element
}

func newDecoder(b []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // is UTF-8 already
	return d
}

func keinXML() fehler.Probleme {
	return problem("kein-xml", "not well-formed XML with namespaces", "Die Formulardaten sind kein gültiges XML.")
}

// readXML builds the tree. There is no document type, hence no entity beyond the
// five of XML, and nothing is fetched.
func readXML(ctx context.Context, b []byte, g Grenzen) (*knoten, error) {
	dok := &knoten{art: artDokument}
	l := &xmlLeser{ctx: ctx, d: newDecoder(b), g: g, offen: map[string]int{}, dok: dok, jetzt: dok,
		text: []*strings.Builder{{}}, namen: []map[string]int{{}}}
	for {
		t, err := l.d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, keinXML()
		}
		if err := l.token(t); err != nil {
			return nil, err
		}
	}
	if len(dok.kinder) != 1 || l.jetzt != dok {
		return nil, keinXML()
	}
	return dok, nil
}

func (l *xmlLeser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.Directive:
		return problem("doctype", "a document type is not taken", "Die Formulardaten enthalten eine Dokumenttyp-Angabe (DOCTYPE); das ist nicht zugelassen.")
	case xml.StartElement:
		return l.start(t)
	case xml.EndElement:
		k := l.jetzt
		k.text = norm.NFC.String(strings.TrimSpace(l.text[len(l.text)-1].String()))
		for _, a := range k.attribute {
			if a.ns == "xmlns" {
				l.offen[a.text]--
			}
		}
		k.attribute = withoutXmlns(k.attribute)
		l.jetzt, l.tiefe = k.eltern, l.tiefe-1
		l.text, l.namen = l.text[:len(l.text)-1], l.namen[:len(l.namen)-1]
	case xml.CharData:
		if l.jetzt == l.dok {
			if len(bytes.TrimSpace(t)) > 0 {
				return keinXML()
			}
			return nil
		}
		l.text[len(l.text)-1].Write(t)
	}
	return nil
}

func withoutXmlns(list []*knoten) []*knoten {
	var out []*knoten
	for _, a := range list {
		if a.ns != "xmlns" {
			out = append(out, a)
		}
	}
	return out
}

func (l *xmlLeser) start(t xml.StartElement) error {
	if l.jetzt == l.dok && len(l.dok.kinder) > 0 {
		return keinXML()
	}
	if l.tiefe++; l.tiefe > l.g.Tiefe {
		return zuTief(l.g)
	}
	if l.n/1024 != (l.n+1+len(t.Attr))/1024 && l.ctx.Err() != nil {
		return l.ctx.Err()
	}
	if l.n += 1 + len(t.Attr); l.n > l.g.Knoten {
		return zuViele(l.g)
	}
	k := &knoten{art: artElement, name: norm.NFC.String(t.Name.Local), ns: t.Name.Space, eltern: l.jetzt, nr: l.n - len(t.Attr)}
	seen := map[xml.Name]bool{}
	for i, a := range t.Attr {
		if seen[a.Name] {
			return keinXML()
		}
		seen[a.Name] = true
		c := &knoten{art: artAttribut, name: norm.NFC.String(a.Name.Local), ns: a.Name.Space, text: norm.NFC.String(a.Value), eltern: k, nr: k.nr + 1 + i}
		if a.Name.Space == "" && a.Name.Local == "xmlns" {
			c.ns = "xmlns"
		}
		if c.ns == "xmlns" {
			c.text = a.Value
			l.offen[c.text]++
		}
		k.attribute = append(k.attribute, c)
	}
	for _, c := range append(k.attribute, k) {
		if c.ns != "" && c.ns != "xmlns" && c.ns != xmlNamensraum && l.offen[c.ns] <= 0 {
			return keinXML() // a prefix nobody declared
		}
	}
	namen := l.namen[len(l.namen)-1]
	namen[k.name]++
	k.pos = namen[k.name]
	l.jetzt.kinder = append(l.jetzt.kinder, k)
	l.jetzt = k
	l.text, l.namen = append(l.text, &strings.Builder{}), append(l.namen, map[string]int{})
	return nil
}
