package zuordnung

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// maxZahl is the longest number in bytes.
const maxZahl = 64

type jsonLeser struct {
	ctx context.Context
	d   *jsontext.Decoder
	g   Grenzen
	n   int
}

// readJSON builds the tree. Duplicate names, also of letters written in two
// ways, are a problem: readers would understand them differently.
func readJSON(ctx context.Context, b []byte, g Grenzen) (*knoten, error) {
	l := &jsonLeser{ctx: ctx, d: jsontext.NewDecoder(bytes.NewBuffer(b)), g: g}
	k, err := l.value(nil, 0)
	if err == nil {
		if _, err = l.d.ReadToken(); errors.Is(err, io.EOF) {
			return k, nil
		}
		err = keinJSON(err)
	}
	return nil, err
}

func keinJSON(err error) error {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return doppelt()
	}
	return problem("kein-json", "not valid JSON", "Die Formulardaten sind kein gültiges JSON.")
}

func doppelt() fehler.Probleme {
	return problem("doppelter-schluessel", "a name stands twice in one object", "Die Formulardaten nennen dieselbe Angabe zweimal.")
}

func (l *jsonLeser) value(eltern *knoten, tiefe int) (*knoten, error) {
	if tiefe > l.g.Tiefe {
		return nil, zuTief(l.g)
	}
	if l.n++; l.n > l.g.Knoten {
		return nil, zuViele(l.g)
	}
	if l.n%1024 == 0 && l.ctx.Err() != nil {
		return nil, l.ctx.Err()
	}
	t, err := l.d.ReadToken()
	if err != nil {
		return nil, keinJSON(err)
	}
	k := &knoten{eltern: eltern, nr: l.n}
	switch t.Kind() {
	case '{':
		k.art = artObjekt
		return k, l.members(k, tiefe)
	case '[':
		k.art = artListe
		for l.d.PeekKind() != ']' {
			c, err := l.value(k, tiefe+1)
			if err != nil {
				return nil, err
			}
			c.pos = len(k.kinder)
			k.kinder = append(k.kinder, c)
		}
		if _, err := l.d.ReadToken(); err != nil {
			return nil, keinJSON(err)
		}
	case '"':
		k.art, k.text = artText, norm.NFC.String(t.String())
	case '0':
		k.art, k.text = artZahl, t.String()
		if f, err := strconv.ParseFloat(k.text, 64); err != nil || math.IsInf(f, 0) || len(k.text) > maxZahl {
			return nil, problem("zahl", "a number is too long or too large", "Die Formulardaten enthalten eine Zahl, die zu groß oder zu lang ist.")
		}
	case 't', 'f':
		k.art, k.text = artWahr, t.String()
	default:
		k.art = artNull
	}
	return k, nil
}

func (l *jsonLeser) members(k *knoten, tiefe int) error {
	namen := map[string]bool{}
	for l.d.PeekKind() != '}' {
		t, err := l.d.ReadToken()
		if err != nil {
			return keinJSON(err)
		}
		name := norm.NFC.String(t.String())
		if namen[name] {
			return doppelt()
		}
		namen[name] = true
		c, err := l.value(k, tiefe+1)
		if err != nil {
			return err
		}
		c.name, c.pos = name, len(k.kinder)
		k.kinder = append(k.kinder, c)
	}
	if _, err := l.d.ReadToken(); err != nil {
		return keinJSON(err)
	}
	return nil
}
