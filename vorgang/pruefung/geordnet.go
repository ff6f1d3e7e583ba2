package pruefung

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// geordnet turns Go values into CEL values whose maps are walked in the order of
// their keys. Go walks maps by chance, and a loop that stops early would then cost,
// ask and fail differently each time.
type geordnet struct{}

func (g geordnet) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case map[string]any:
		return geordneteMap{types.NewStringInterfaceMap(g, v)}
	case []any:
		return types.NewDynamicList(g, v)
	case []ref.Val:
		return types.NewRefValList(g, v)
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}

type geordneteMap struct{ traits.Mapper }

func (m geordneteMap) Iterator() traits.Iterator {
	var keys []ref.Val
	for it := m.Mapper.Iterator(); it.HasNext() == types.True; {
		keys = append(keys, it.Next())
	}
	slices.SortFunc(keys, func(a, b ref.Val) int {
		return cmp.Or(cmp.Compare(a.Type().TypeName(), b.Type().TypeName()), vergleiche(a, b))
	})
	return types.NewRefValList(geordnet{}, keys).Iterator()
}

// vergleiche orders two keys of one type.
func vergleiche(a, b ref.Val) int {
	if c, ok := a.(traits.Comparer); ok {
		if n, ok := c.Compare(b).(types.Int); ok {
			return int(n)
		}
	}
	return 0
}

// baumVon gives a CEL value as the tree that lies would make of its JSON; dates
// become text. Types and what only CEL knows are errors.
func baumVon(v ref.Val, tiefe int) (any, error) {
	if tiefe > MaxTiefe {
		return nil, fmt.Errorf("nested deeper than %d", MaxTiefe)
	}
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.Bool:
		return bool(v), nil
	case types.Int:
		if v > maxZahl || v < -maxZahl {
			return nil, fmt.Errorf("no JSON for a number out of range")
		}
		return int64(v), nil
	case types.Double:
		f := float64(v)
		if math.IsNaN(f) || math.Abs(f) > maxZahl {
			return nil, fmt.Errorf("no JSON for a number out of range")
		}
		if f == math.Trunc(f) {
			return int64(f), nil
		}
		return f, nil
	case types.String:
		return string(v), nil
	case types.Timestamp:
		t := v.Time.UTC()
		return datum.New(t.Year(), t.Month(), t.Day()).String(), nil
	case traits.Mapper:
		out := map[string]any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			k := it.Next()
			s, ok := k.(types.String)
			if !ok {
				return nil, fmt.Errorf("a map with keys that are no text")
			}
			x, err := baumVon(v.Get(k), tiefe+1)
			if err != nil {
				return nil, err
			}
			out[string(s)] = x
		}
		return out, nil
	case traits.Lister:
		out := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			x, err := baumVon(it.Next(), tiefe+1)
			if err != nil {
				return nil, err
			}
			out = append(out, x)
		}
		return out, nil
	}
	return nil, fmt.Errorf("no JSON for %s", v.Type().TypeName())
}
