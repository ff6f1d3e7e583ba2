// Package schema validates xdomea messages at run time against the official XML
// schemas, in pure Go. The schemas are not part of this module, because they carry no
// licence: an operator obtains them from the XRepository and names their folders.
//
//	p, err := schema.New(ctx, os.DirFS("/etc/xdomea/3.0.0"), os.DirFS("/etc/xdomea/xoev"))
//	k := xdomea.New(xdomea.V300(), &xdomea.Options{Schema: p})
package schema

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/jacoelho/xsd"
	"github.com/jacoelho/xsd/xsderrors"

	"github.com/ozg-fachwerk/fachwerk/internal/xmltoken"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const (
	namespaceStem = "urn:xoev-de:xdomea:schema:"
	// maxSchema bounds one schema file, maxWurzel how far into a message its root is sought.
	maxSchema = 8 << 20
	maxWurzel = 64 << 10
	maxFunde  = 100
)

// gruppen are the schema files by the first two digits of their messages.
var gruppen = map[string]string{
	"01": "xdomea-Nachrichten-InformationAustauschen.xsd",
	"04": "xdomea-Nachrichten-AbgabeDurchfuehren.xsd",
	"05": "xdomea-Nachrichten-AussonderungDurchfuehren.xsd",
	"06": "xdomea-Nachrichten-FachverfahrensdatenAustauschen.xsd",
}

// Pruefer holds the compiled schemas of one version. Safe for concurrent use.
type Pruefer struct {
	namespace string
	engines   map[string]*xsd.Engine
}

// New compiles the schemas of one version. Files are found by their names in any of the
// folders, whatever place they name each other by; nothing is fetched. Groups without a
// schema file are left out; without any it is fehler.ErrNotFound. Schemas that do not
// compile are fehler.ErrInvalid.
func New(ctx context.Context, folders ...fs.FS) (*Pruefer, error) {
	q := &quelle{folders: folders, cache: map[string][]byte{}}
	p := &Pruefer{engines: map[string]*xsd.Engine{}}
	for gruppe, name := range gruppen {
		text, err := q.read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fehler.New("schema.New", name, fehler.ErrInvalid, err)
		}
		ns := targetNamespace(text)
		if !strings.HasPrefix(ns, namespaceStem) || p.namespace != "" && p.namespace != ns {
			return nil, fehler.New("schema.New", name, fehler.ErrInvalid, errors.New("not the schema of the same version of xdomea"))
		}
		p.namespace = ns
		e, err := xsd.Compile(ctx, xsd.Bytes(name, text).WithResolver(q))
		if err != nil {
			return nil, fehler.New("schema.New", name, fehler.ErrInvalid, err)
		}
		p.engines[gruppe] = e
	}
	if len(p.engines) == 0 {
		return nil, fehler.New("schema.New", "", fehler.ErrNotFound, errors.New("no schema of xdomea messages"))
	}
	return p, nil
}

// Version is the version of the standard the schemas are of.
func (p *Pruefer) Version() string { return strings.TrimPrefix(p.namespace, namespaceStem) }

// Validate reads a message and checks it against its schema. It streams: memory does
// not grow with the message. Findings are fehler.Probleme with line and column, without
// the content; at most 100. A message of another version, or of a group without a
// schema, is fehler.ErrUnsupported. It does not follow what the message says about the
// place of its schema.
func (p *Pruefer) Validate(ctx context.Context, r io.Reader) error {
	br := bufio.NewReaderSize(r, maxWurzel)
	head, err := br.Peek(maxWurzel)
	if err != nil && err != io.EOF {
		return fehler.New("schema.Validate", "", nil, err)
	}
	root, ok := wurzel(ctx, head)
	if !ok {
		return fehler.New("schema.Validate", "", nil, fehler.Probleme{fund(1, 1, "no root element")})
	}
	nr := root.Local[strings.LastIndexByte(root.Local, '.')+1:]
	if root.Space != p.namespace || len(nr) != 4 || p.engines[nr[:2]] == nil {
		return fehler.New("schema.Validate", "", fehler.ErrUnsupported, errors.New("no schema for this message"))
	}
	err = p.engines[nr[:2]].ValidateWithOptions(ctx, br, xsd.ValidateOptions{MaxErrors: maxFunde})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fehler.New("schema.Validate", "", nil, funde(err))
}

// funde keeps places and codes: the texts of the validator quote content.
func funde(err error) fehler.Probleme {
	var list xsderrors.Errors
	if !errors.As(err, &list) {
		list = xsderrors.Errors{err}
	}
	var out fehler.Probleme
	for _, e := range list {
		var x *xsderrors.Error
		if !errors.As(e, &x) {
			out = append(out, fund(0, 0, "cannot be validated"))
			continue
		}
		out = append(out, fund(x.Line, x.Column, string(x.Code)))
	}
	return out[:min(len(out), maxFunde)]
}

func fund(line, column int, meldung string) fehler.Problem {
	return fehler.Problem{Code: "xdomea.schema", Pfad: fmt.Sprintf("line %d, column %d", line, column), Meldung: meldung,
		Hinweis: "Die Nachricht entspricht nicht dem xdomea-Schema."}
}

// wurzel finds the root element in the beginning of a message.
func wurzel(ctx context.Context, head []byte) (xml.Name, bool) {
	x := xmltoken.New(ctx, bytes.NewReader(head), xmltoken.Limits{Bytes: maxWurzel + 1, Token: 1000, Depth: 2})
	for {
		t, err := x.Next()
		if err != nil {
			return xml.Name{}, false
		}
		if s, ok := t.(xml.StartElement); ok {
			return s.Name, true
		}
	}
}

// quelle finds schema files by name and brings them into a form that compiles.
type quelle struct {
	folders []fs.FS
	cache   map[string][]byte
}

// ResolveSchema implements xsd.Resolver.
func (q *quelle) ResolveSchema(_ context.Context, _, location string) (xsd.SchemaSource, error) {
	name := path.Base(location)
	text, err := q.read(name)
	if err != nil {
		return xsd.SchemaSource{}, err
	}
	return xsd.Bytes(name, text).WithResolver(q), nil
}

func (q *quelle) read(name string) ([]byte, error) {
	if text, ok := q.cache[name]; ok {
		return text, nil
	}
	for _, f := range q.folders {
		file, err := f.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(io.LimitReader(file, maxSchema+1))
		file.Close()
		if err == nil && len(text) > maxSchema {
			err = errors.New("schema file is too large")
		}
		if err == nil {
			text, err = inline(text)
		}
		if err != nil {
			return nil, err
		}
		q.cache[name] = text
		return text, nil
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

func targetNamespace(text []byte) string {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		t, err := d.Token()
		if err != nil {
			return ""
		}
		if s, ok := t.(xml.StartElement); ok {
			for _, a := range s.Attr {
				if a.Name.Local == "targetNamespace" {
					return a.Value
				}
			}
			return ""
		}
	}
}
