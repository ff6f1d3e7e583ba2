package xta

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/internal/xmltoken"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Art is what a document is.
type Art string

// The kinds of documents.
const (
	OSCI12    Art = "osci12"    // an envelope of OSCI-Transport 1.2
	XTA2      Art = "xta2"      // an envelope or document of XTA 2
	XTA3      Art = "xta3"      // an envelope or document of XTA 3
	Metadaten Art = "metadaten" // a MessageMetaData alone, or in another envelope
	Andere    Art = "andere"
)

// The namespaces; the versions of XTA behind the last slash vary.
const (
	nsOSCI12    = "http://www.osci.de/2002/04/osci"
	nsOSCI12Erw = "http://xoev.de/transport/osci12/"
	nsXTA2      = "http://xoev.de/transport/xta/"
	nsXTA3      = "https://xoev.de/transport/xta/core/"
	nsMetadaten = "http://www.osci.eu/ws/2014/10/transport"
)

// Kopf is what a MessageMetaData says, as far as it is used. Texts are at most 1000 bytes.
type Kopf struct {
	MessageID string
	// Author and Reader are identifiers as they are written ("ags:06435014").
	Author, Reader string
	// Service is the URI of the service in the directory, BusinessScenario the defined or
	// else the undefined one.
	Service, BusinessScenario string
	// MessageType is the code of the message, PayloadSchema the schema of the form.
	MessageType, PayloadSchema string
	Subject                    string
}

const (
	maxKopf = 4 << 20
	maxText = 1000
)

// Recognise reads the beginning of a document, 4 MiB at most, and tells what it is and
// what its metadata says. It stops behind the metadata. A document that is no
// XML is Andere; XML that breaks off or is built to hurt before its metadata has ended is
// a problem.
func Recognise(ctx context.Context, r io.Reader) (Art, Kopf, error) {
	x := xmltoken.New(ctx, r, xmltoken.Limits{Bytes: maxKopf, Token: 100_000, Depth: 64})
	art, wurzel := Andere, true
	var path []string
	var k Kopf
	innen := -1 // depth of MessageMetaData
	var text strings.Builder
	for {
		t, err := x.Next()
		source, broken := errors.AsType[*xmltoken.SourceError](err)
		switch {
		case err == nil:
		case broken:
			return "", Kopf{}, source.Err
		case ctx.Err() != nil:
			return "", Kopf{}, ctx.Err()
		case innen < 0 && !errors.Is(err, xmltoken.ErrDoctype):
			return art, Kopf{}, nil // no metadata, and what is wrong with it a Parser says
		default:
			return art, Kopf{}, fehler.Probleme{{Code: "xta.metadaten", Pfad: "metadaten", Meldung: err.Error(),
				Hinweis: "Die Metadaten der Nachricht (MessageMetaData) sind nicht lesbar."}}
		}
		switch t := t.(type) {
		case xml.StartElement:
			if a := artOf(t, wurzel); a != Andere && (art == Andere || art == Metadaten) {
				art = a
			}
			wurzel = false
			path = append(path, t.Name.Local)
			text.Reset()
			if t.Name.Space == nsMetadaten && t.Name.Local == "MessageMetaData" && innen < 0 {
				innen = len(path)
			}
			if innen >= 0 && t.Name.Local == "MessageType" {
				for _, a := range t.Attr {
					if a.Name.Local == "payloadSchema" {
						k.PayloadSchema = kurz(a.Value)
					}
				}
			}
		case xml.CharData:
			if innen >= 0 && text.Len() <= maxText {
				text.Write(t)
			}
		case xml.EndElement:
			if innen >= 0 {
				k.set(path[innen:], kurz(text.String()))
				text.Reset()
			}
			if len(path) == innen {
				return art, k, nil
			}
			if path = path[:len(path)-1]; len(path) == 0 {
				return art, Kopf{}, nil
			}
		}
	}
}

func artOf(t xml.StartElement, wurzel bool) Art {
	of := func(ns string) Art {
		switch {
		case ns == nsOSCI12 || strings.HasPrefix(ns, nsOSCI12Erw):
			return OSCI12
		case strings.HasPrefix(ns, nsXTA3):
			return XTA3
		case strings.HasPrefix(ns, nsXTA2):
			return XTA2
		case ns == nsMetadaten:
			return Metadaten
		}
		return Andere
	}
	if a := of(t.Name.Space); a != Andere || !wurzel {
		return a
	}
	for _, x := range t.Attr { // an envelope declares what it carries
		if a := of(x.Value); x.Name.Space == "xmlns" && a != Andere {
			return a
		}
	}
	return Andere
}

// set takes one value by its place; of several the first.
func (k *Kopf) set(path []string, s string) {
	var p *string
	switch at := strings.Join(path, "/"); {
	case at == "MsgIdentification/MessageID":
		p = &k.MessageID
	case strings.HasPrefix(at, "Originators/Author"):
		p = &k.Author
	case strings.HasPrefix(at, "Destinations/Reader"):
		p = &k.Reader
	case at == "Qualifier/Service":
		p = &k.Service
	case strings.HasPrefix(at, "Qualifier/BusinessScenario"):
		p = &k.BusinessScenario
	case strings.HasPrefix(at, "Qualifier/MessageType"):
		p = &k.MessageType
	case at == "Qualifier/Subject":
		p = &k.Subject
	}
	if p != nil && *p == "" {
		*p = s
	}
}

// kurz: one line, bounded.
func kurz(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}
