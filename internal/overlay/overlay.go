// Package overlay puts an operator's dated rules over those that ship.
package overlay

import "slices"

// Put gives base with every entry of over in it: one with a known id replaces the entry
// that has it, the others follow at the end. Neither argument is changed.
func Put[T any](base, over []T, id func(*T) string) []T {
	out := slices.Clone(base)
	at := make(map[string]int, len(out))
	for i := range out {
		at[id(&out[i])] = i
	}
	for i := range over {
		if j, ok := at[id(&over[i])]; ok {
			out[j] = over[i]
		} else {
			out = append(out, over[i])
		}
	}
	return out
}
