package zuordnung

import (
	"context"
	"errors"
	"slices"
	"strconv"
)

// Limits of one selector.
const (
	maxPfad     = 500 // bytes
	maxSchritte = 32
)

// pfad is a compiled selector. Safe for concurrent use.
type pfad struct {
	format   Format
	schritte []schritt
}

type schrittArt int

const (
	schrittName schrittArt = iota
	schrittAlle
	schrittIndex
	schrittFilter
	schrittAttribut
)

// schritt leads from a node to some of its children.
type schritt struct {
	art schrittArt
	// nachfahren: from the node and from all below it.
	nachfahren bool
	name, ns   string
	jederNS    bool
	index      int
	// bedingungen: of a filter (all must hold), or the predicates of XML in turn.
	bedingungen []bedingung
}

// bedingung holds if relativ finds something or, with vergleich, something equal.
type bedingung struct {
	position  int // XML: the n-th of those found so far
	relativ   []schritt
	vergleich *literal
}

type literal struct {
	art  art
	text string
}

func compile(s string, f Format, namensraeume map[string]string) (pfad, error) {
	if len(s) > maxPfad {
		return pfad{}, errors.New("selector longer than " + strconv.Itoa(maxPfad) + " bytes")
	}
	var schritte []schritt
	var err error
	if f == JSON {
		schritte, err = parseJSONPfad(s)
	} else {
		schritte, err = parseXMLPfad(s, namensraeume)
	}
	if err == nil && len(schritte) > maxSchritte {
		err = errors.New("selector of more than " + strconv.Itoa(maxSchritte) + " steps")
	}
	return pfad{format: f, schritte: schritte}, err
}

// sucher evaluates selectors against one document within one budget.
type sucher struct {
	ctx      context.Context
	wurzel   *knoten
	schritte int // left
}

var errAufwand = problem("aufwand", "the selectors look at too many nodes", "Die Formulardaten sind zu umfangreich für die Zuordnung.")

func (s *sucher) tick() error {
	if s.schritte--; s.schritte < 0 {
		return errAufwand
	}
	if s.schritte%4096 == 0 {
		return s.ctx.Err()
	}
	return nil
}

// find gives the nodes in the order of RFC 9535; those of XML in the order of the
// document, each once.
func (s *sucher) find(p pfad) ([]*knoten, error) { return s.from(s.wurzel, p.schritte, p.format) }

func (s *sucher) from(k *knoten, schritte []schritt, f Format) ([]*knoten, error) {
	list := []*knoten{k}
	for i := range schritte {
		var next []*knoten
		for _, k := range list {
			if err := s.step(k, &schritte[i], &next); err != nil {
				return nil, err
			}
		}
		if f == XML && schritte[i].nachfahren {
			slices.SortFunc(next, func(a, b *knoten) int { return a.nr - b.nr })
			next = slices.Compact(next)
		}
		list = next
	}
	return list, nil
}

func (s *sucher) step(k *knoten, t *schritt, out *[]*knoten) error {
	if err := s.children(k, t, out); err != nil || !t.nachfahren {
		return err
	}
	for _, c := range k.kinder {
		if err := s.step(c, t, out); err != nil {
			return err
		}
	}
	return nil
}

func (s *sucher) children(k *knoten, t *schritt, out *[]*knoten) error {
	if err := s.tick(); err != nil {
		return err
	}
	list := k.kinder
	if t.art == schrittAttribut {
		list = k.attribute
	}
	if t.art == schrittIndex {
		i := t.index
		if i < 0 {
			i += len(list)
		}
		if k.art == artListe && i >= 0 && i < len(list) {
			*out = append(*out, list[i])
		}
		return nil
	}
	var found []*knoten
	for _, c := range list {
		if err := s.tick(); err != nil {
			return err
		}
		if t.passt(k, c) {
			found = append(found, c)
		}
	}
	for _, b := range t.bedingungen {
		kept := found[:0:0]
		for i, c := range found {
			ok, err := s.holds(c, b, i+1)
			if err != nil {
				return err
			}
			if ok {
				kept = append(kept, c)
			}
		}
		found = kept
	}
	*out = append(*out, found...)
	return nil
}

// passt tells whether the child has the name.
func (t *schritt) passt(k, c *knoten) bool {
	switch t.art {
	case schrittAlle, schrittFilter:
		return c.art != artAttribut || t.art == schrittAlle
	case schrittAttribut:
		return (t.name == "*" || c.name == t.name) && (t.jederNS || c.ns == t.ns)
	}
	if c.art == artElement {
		return (t.name == "*" || c.name == t.name) && (t.jederNS || c.ns == t.ns)
	}
	return k.art == artObjekt && c.name == t.name
}

func (s *sucher) holds(k *knoten, b bedingung, position int) (bool, error) {
	if b.position > 0 {
		return position == b.position, nil
	}
	f := JSON
	if k.art == artElement || k.art == artAttribut {
		f = XML
	}
	list, err := s.from(k, b.relativ, f)
	if err != nil || b.vergleich == nil {
		return len(list) > 0, err
	}
	return slices.ContainsFunc(list, func(c *knoten) bool { return b.vergleich.gleich(c) }), nil
}

// gleich compares as RFC 9535 does: the same kind and the same value; numbers by
// value. XML has text alone.
func (l *literal) gleich(k *knoten) bool {
	if k.art == artElement || k.art == artAttribut {
		return k.text == l.text
	}
	if k.art != l.art {
		return false
	}
	if l.art == artZahl {
		a, _ := strconv.ParseFloat(k.text, 64)
		b, _ := strconv.ParseFloat(l.text, 64)
		return a == b
	}
	return k.text == l.text
}
