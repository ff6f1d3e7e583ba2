package pruefung

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const maxUnterschiede = 20

// Replay repeats a recorded Pruefung with the answers, the switch and the salt of
// its record, asking nobody, and gives its canonical JSON, the bytes of [Marshal]. Where what
// comes out differs, every place is a problem with its JSON pointer into the record
// (fehler.ErrConflict); no value is told. A record of other rules or data, or
// with a salt that Options do not have, is a problem of the same kind.
func (p *Pruefer) Replay(ctx context.Context, alt vorgang.Pruefprotokoll, daten []byte) ([]byte, error) {
	const op = "pruefung.Replay"
	a := art{band: aufBand(alt.Nachschlaege), nurBand: true, abgeschaltet: &alt.Abgeschaltet}
	if alt.Salz != "" {
		if a.salz = p.salze[alt.Salz]; a.salz == nil {
			return nil, fehler.New(op, alt.Regelwerk, fehler.ErrConflict, fehler.Probleme{problem("replay-salz", "/salz",
				"the salt of the draw is not at hand", "Das Salz, mit dem die Stichprobe gezogen wurde, liegt nicht vor.")})
		}
	}
	neu, err := p.laufe(ctx, op, daten, alt.Stichtag, a)
	if err != nil {
		return nil, err
	}
	// Another engine is told only where it makes a difference.
	neu.Maschine = alt.Maschine
	x, err := baumDes(alt)
	if err != nil {
		return nil, fehler.New(op, alt.Regelwerk, fehler.ErrInvalid, err)
	}
	y, err := baumDes(neu)
	if err != nil {
		return nil, fehler.New(op, alt.Regelwerk, fehler.ErrInvalid, err)
	}
	v := vergleich{engine: alt.Maschine != Maschine}
	v.vergleiche(x, y, "")
	if len(v.probleme) > 0 {
		return nil, fehler.New(op, alt.Regelwerk, fehler.ErrConflict, v.probleme)
	}
	return kanon(y), nil
}

// Marshal gives the canonical JSON of a record, which [Pruefer.Replay] gives too:
// members in the order of their bytes, no blanks. Two records are the same exactly
// if these bytes are. A record with answers that are no JSON is [fehler.ErrInvalid].
func Marshal(p vorgang.Pruefprotokoll) ([]byte, error) {
	b, err := baumDes(p)
	if err != nil {
		return nil, fehler.New("pruefung.Marshal", p.Regelwerk, fehler.ErrInvalid, err)
	}
	return kanon(b), nil
}

func baumDes(p vorgang.Pruefprotokoll) (any, error) {
	roh, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	t, prob := lies(roh, maxProtokoll)
	if prob != nil {
		return nil, fehler.Probleme{*prob}
	}
	return t, nil
}

// maxProtokoll bounds a record: all answers at their largest, and the rest.
const maxProtokoll = 2*MaxFragen*MaxAntwort + 8<<20

type vergleich struct {
	probleme fehler.Probleme
	engine   bool
}

func (v *vergleich) melde(pfad string) {
	if len(v.probleme) >= maxUnterschiede {
		return
	}
	meldung := "the replay differs from the record"
	if v.engine {
		meldung += ", which another engine made"
	}
	v.probleme = append(v.probleme, problem("replay", pfad, meldung, "Die Wiederholung weicht hier vom Protokoll ab."))
}

func (v *vergleich) vergleiche(a, b any, pfad string) {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			v.melde(pfad)
			return
		}
		alle := maps.Clone(x)
		maps.Copy(alle, y)
		for _, k := range slices.Sorted(maps.Keys(alle)) {
			p, inX := x[k]
			q, inY := y[k]
			if inX != inY {
				v.melde(zeiger(pfad, k))
			} else {
				v.vergleiche(p, q, zeiger(pfad, k))
			}
		}
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			v.melde(pfad)
			return
		}
		for i := range x {
			v.vergleiche(x[i], y[i], pfad+"/"+strconv.Itoa(i))
		}
	default:
		if _, ok := b.(map[string]any); ok {
			v.melde(pfad)
		} else if _, ok := b.([]any); ok {
			v.melde(pfad)
		} else if a != b {
			v.melde(pfad)
		}
	}
}

// unbekannt is the error for rules that are not in a Verzeichnis.
func unbekannt(op, id string, fassung int) error {
	return fehler.New(op, fmt.Sprintf("%s/%d", id, fassung), fehler.ErrNotFound, nil)
}
