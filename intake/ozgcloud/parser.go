package ozgcloud

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Tiefe and Items bound one form.
const (
	defaultTiefe = 32
	defaultItems = 20_000
	maxProbleme  = 50
	maxKennung   = 200
)

// ParserOptions of a Parser; nil means defaults.
type ParserOptions struct {
	// Tiefe is how deep items may be nested, default 32; Items how many there may be
	// in all, default 20,000.
	Tiefe, Items int
	// Antragsteller finds name and address of the applicant in the fields. The default
	// is [FindAntragsteller].
	Antragsteller func(c Control, felder []Feld) messaging.Empfaenger
}

// Parser reads the document {control, formData}. Safe for concurrent use.
type Parser struct{ o ParserOptions }

var _ intake.Parser = (*Parser)(nil)

// NewParser makes a Parser.
func NewParser(o *ParserOptions) *Parser {
	p := &Parser{}
	if o != nil {
		p.o = *o
	}
	if p.o.Tiefe <= 0 {
		p.o.Tiefe = defaultTiefe
	}
	if p.o.Items <= 0 {
		p.o.Items = defaultItems
	}
	if p.o.Antragsteller == nil {
		p.o.Antragsteller = func(_ Control, f []Feld) messaging.Empfaenger { return FindAntragsteller(f) }
	}
	return p
}

// Name gives "ozgcloud".
func (p *Parser) Name() string { return Kanal }

// Detect tells whether the data came through the [Handler], or is an object with
// "control" and "formData" at its top.
func (p *Parser) Detect(d intake.Fachdaten) bool {
	return d.Schema == Schema || hasKeys(d.Bytes, "control", "formData")
}

// hasKeys looks for two keys at the top of an object. It builds nothing and gives up
// nothing: a broken document counts as far as it goes.
func hasKeys(b []byte, k1, k2 string) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	if len(b) == 0 || b[0] != '{' {
		return false
	}
	var depth int
	var found1, found2 bool
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			start := i + 1
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
			if depth != 1 || i >= len(b) || !bytes.HasPrefix(bytes.TrimLeft(b[i+1:], " \t\r\n"), []byte(":")) {
				continue
			}
			found1 = found1 || string(b[start:i]) == k1
			found2 = found2 || string(b[start:i]) == k2
		}
		if found1 && found2 {
			return true
		}
	}
	return false
}

// Parse reads the document. Its problems have the codes "ozgcloud.kein-json",
// "ozgcloud.control", "ozgcloud.transaktion", "ozgcloud.formdata", "ozgcloud.item",
// "ozgcloud.wert", "ozgcloud.mehrere-werte", "ozgcloud.zu-tief" and
// "ozgcloud.zu-viele-items", with a JSON pointer as place; of many the first 50.
//
// It is tolerant where the known clients are loose: members it does not know, absent
// or empty values, and texts in fields of another kind pass.
func (p *Parser) Parse(ctx context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	if err := ctx.Err(); err != nil {
		return intake.Inhalt{}, err
	}
	f, err := p.read(d.Bytes)
	if err != nil {
		return intake.Inhalt{}, err
	}
	return intake.Inhalt{Daten: bytes.Clone(d.Bytes), Felder: vorgangFelder(f.felder), Antragsteller: p.o.Antragsteller(f.control, f.felder)}, nil
}

// gelesen is a document that was understood.
type gelesen struct {
	control Control
	felder  []Feld
	doc     map[string]any
}

func (p *Parser) read(b []byte) (gelesen, error) {
	// An item is at most six values and its list one more; the limits of the form
	// itself are judged below, with their own codes.
	l := strictjson.Limits{Depth: 2*p.o.Tiefe + 16, Values: 8*p.o.Items + 1000}
	if err := strictjson.Check(b, l); err != nil {
		return gelesen{}, one("ozgcloud.kein-json", "data", err.Error(), "Die Formulardaten sind kein gültiges JSON.")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return gelesen{}, one("ozgcloud.kein-json", "data", "does not decode", "Die Formulardaten sind kein gültiges JSON.")
	}
	doc, ok := v.(map[string]any)
	if !ok {
		return gelesen{}, one("ozgcloud.kein-json", "data", "is no object", "Die Formulardaten sind kein JSON-Objekt.")
	}
	w := &walker{tiefe: p.o.Tiefe, items: p.o.Items}
	g := gelesen{doc: doc, control: w.control(doc)}
	if list, ok := doc["formData"].([]any); ok {
		g.felder = w.list(list, pfad{"/formData"}, 1)
	} else {
		w.add("ozgcloud.formdata", "/formData", "is missing or no list", "Die Formulardaten fehlen (formData).")
	}
	if len(w.p) > 0 {
		return gelesen{}, w.p
	}
	return g, nil
}

// abdruckDoc is the document as it is compared: without the transactionId, in an
// order of keys that does not depend on the sender.
func (g gelesen) abdruckDoc() ([]byte, error) {
	control, ok := g.doc["control"].(map[string]any)
	if !ok {
		return nil, errors.New("no control")
	}
	rest := make(map[string]any, len(control))
	for k, v := range control {
		if k != "transactionId" {
			rest[k] = v
		}
	}
	return json.Marshal(map[string]any{"control": rest, "formData": g.doc["formData"]})
}

func one(code, pfad, meldung, hinweis string) fehler.Probleme {
	return fehler.Probleme{{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}}
}

// absent tells whether a client wrote that there is nothing.
func absent(s string) bool {
	s = strings.TrimSpace(s)
	return s == "" || strings.EqualFold(s, "Keine Angabe") || strings.EqualFold(s, "Keine Angaben")
}
