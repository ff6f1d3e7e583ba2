package pdfcheck

import (
	"bytes"
	"encoding/xml"
	"regexp"
	"strings"
	"time"
)

var sprachform = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// Namespaces of XMP.
const (
	nsRDF    = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
	nsDC     = "http://purl.org/dc/elements/1.1/"
	nsXMP    = "http://ns.adobe.com/xap/1.0/"
	nsPDF    = "http://ns.adobe.com/pdf/1.3/"
	nsPDFA   = "http://www.aiim.org/pdfa/ns/id/"
	nsPDFUA  = "http://www.aiim.org/pdfua/ns/id/"
	nsExt    = "http://www.aiim.org/pdfa/ns/extension/"
	nsSchema = "http://www.aiim.org/pdfa/ns/schema#"
	nsProp   = "http://www.aiim.org/pdfa/ns/property#"
)

// bekannt are the schemas PDF/A-2 knows without a description (those that occur here).
var bekannt = map[string]bool{nsDC: true, nsXMP: true, nsPDF: true, nsPDFA: true, nsExt: true}

// knoten is an element of the packet.
type knoten struct {
	XMLName xml.Name
	Inhalt  string     `xml:",chardata"`
	Attr    []xml.Attr `xml:",any,attr"`
	Kinder  []knoten   `xml:",any"`
}

// finde gives the first element of the name below k, at any depth.
func (k *knoten) finde(ns, lokal string) *knoten {
	if k == nil {
		return nil
	}
	if k.XMLName.Space == ns && k.XMLName.Local == lokal {
		return k
	}
	for i := range k.Kinder {
		if t := k.Kinder[i].finde(ns, lokal); t != nil {
			return t
		}
	}
	return nil
}

// wert gives the text of an element, or of the first entry of its array.
func (k *knoten) wert() string {
	if k == nil {
		return ""
	}
	if li := k.finde(nsRDF, "li"); li != nil {
		return strings.TrimSpace(li.Inhalt)
	}
	return strings.TrimSpace(k.Inhalt)
}

const maxXMP = 1 << 20

// metadaten checks the XMP packet, and the Info dictionary against it.
func (c *pruefer) metadaten() {
	const pfad = "metadaten"
	d := c.d.dict(c.root["Metadata"])
	if d == nil {
		c.melde(CodeXMP, pfad, "catalog without /Metadata")
		return
	}
	if d["Type"] != name("Metadata") || d["Subtype"] != name("XML") || d["Filter"] != nil {
		c.melde(CodeXMP, pfad, "stream is not /Type /Metadata /Subtype /XML, or is filtered")
	}
	b := c.d.strom(c.root["Metadata"])
	if len(b) > maxXMP {
		c.melde(CodeXMP, pfad, "packet of more than 1 MB")
		return
	}
	if !bytes.HasPrefix(b, []byte("<?xpacket begin=\"")) || bytes.Contains(b[:bytes.IndexByte(b, '>')], []byte("encoding=")) {
		c.melde(CodeXMP, pfad, "packet does not begin with xpacket, or names an encoding")
	}
	var baum knoten
	if err := xml.Unmarshal(b, &baum); err != nil {
		c.melde(CodeXMP, pfad, "packet is not well-formed")
		return
	}
	part := "2"
	if c.root["AF"] != nil || c.d.dict(c.root["Names"])["EmbeddedFiles"] != nil {
		part = "3" // ISO 19005-3; part 2 would not allow the files
	}
	for _, e := range []struct{ ns, lokal, soll string }{
		{nsPDFA, "part", part}, {nsPDFA, "conformance", "A"}, {nsPDFUA, "part", "1"},
	} {
		if v := baum.finde(e.ns, e.lokal).wert(); v != e.soll {
			c.melde(CodeXMP, pfad, "%s%s is %q, not %q", e.ns, e.lokal, v, e.soll)
		}
	}
	if baum.finde(nsDC, "title").wert() == "" {
		c.melde(CodeXMP, pfad, "no dc:title")
	}
	c.schemata(&baum)

	info := c.d.dict(c.d.trailer["Info"])
	for _, e := range []struct {
		key       name
		ns, lokal string
	}{
		{"Title", nsDC, "title"}, {"Author", nsDC, "creator"}, {"Subject", nsDC, "description"}, {"Producer", nsPDF, "Producer"},
		{"Keywords", nsPDF, "Keywords"}, {"Creator", nsXMP, "CreatorTool"}, {"CreationDate", nsXMP, "CreateDate"}, {"ModDate", nsXMP, "ModifyDate"},
	} {
		if info[e.key] == nil {
			continue
		}
		v, ok := utf8Text(info[e.key])
		w := baum.finde(e.ns, e.lokal).wert()
		gleich := ok && strings.TrimSpace(v) == w
		if strings.HasSuffix(string(e.key), "Date") {
			t, err := time.Parse("D:20060102150405-07'00'", v)
			u, err2 := time.Parse(time.RFC3339, w)
			gleich = err == nil && err2 == nil && t.Equal(u)
		}
		if !gleich {
			c.melde(CodeInfo, "info", "/%s and %s%s do not say the same", e.key, e.ns, e.lokal)
		}
	}
}

// schemata checks that every namespace is known to PDF/A or described.
func (c *pruefer) schemata(baum *knoten) {
	beschrieben := make(map[string]map[string]bool)
	if ext := baum.finde(nsExt, "schemas"); ext != nil {
		if bag := ext.finde(nsRDF, "Bag"); bag != nil {
			for i := range bag.Kinder {
				li := &bag.Kinder[i]
				uri := li.finde(nsSchema, "namespaceURI").wert()
				if uri == "" || li.finde(nsSchema, "prefix").wert() == "" || li.finde(nsSchema, "schema").wert() == "" {
					c.melde(CodeSchema, "metadaten", "schema description without schema, namespaceURI or prefix")
				}
				props := make(map[string]bool)
				if seq := li.finde(nsSchema, "property").finde(nsRDF, "Seq"); seq != nil {
					for j := range seq.Kinder {
						p := &seq.Kinder[j]
						art := p.finde(nsProp, "category").wert()
						if p.finde(nsProp, "valueType").wert() == "" || p.finde(nsProp, "description").wert() == "" || art != "internal" && art != "external" {
							c.melde(CodeSchema, "metadaten", "property description without valueType, description or category")
						}
						props[p.finde(nsProp, "name").wert()] = true
					}
				}
				beschrieben[uri] = props
			}
		}
	}
	rdf := baum.finde(nsRDF, "RDF")
	if rdf == nil {
		c.melde(CodeXMP, "metadaten", "packet without rdf:RDF")
		return
	}
	for i := range rdf.Kinder {
		for _, p := range rdf.Kinder[i].Kinder {
			if n := p.XMLName; !bekannt[n.Space] && !beschrieben[n.Space][n.Local] {
				c.melde(CodeSchema, "metadaten", "property %s of %s is not described", n.Local, n.Space)
			}
		}
	}
}
