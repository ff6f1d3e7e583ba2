package memory

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The tree behaves like a map with sorted keys, and an older snapshot never changes.
func TestTreeIsAnImmutableOrderedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		model := map[string]int{}
		var tr tree[int]
		var oldTree tree[int]
		var oldModel map[string]int
		keys := rapid.StringMatching(`m\x00[a-f]{1,2}`)
		for i := range rapid.IntRange(0, 80).Draw(t, "steps") {
			k := keys.Draw(t, "key")
			if rapid.Bool().Draw(t, "delete") {
				tr.delete(k)
				delete(model, k)
			} else {
				tr.set(k, i)
				model[k] = i
			}
			if oldModel == nil && rapid.Bool().Draw(t, "snapshot") {
				oldTree, oldModel = tr, maps.Clone(model)
			}
		}
		check := func(tr tree[int], model map[string]int) {
			var up, down []string
			tr.ascend("m\x00", "", func(k string, v int) bool {
				require.Equal(t, model[k], v)
				up = append(up, k)
				return true
			})
			tr.descend("m\x00", "", func(k string, _ int) bool { down = append(down, k); return true })
			want := slices.AppendSeq([]string{}, maps.Keys(model))
			slices.Sort(want)
			require.Equal(t, want, append([]string{}, up...))
			slices.Reverse(down)
			require.Equal(t, want, append([]string{}, down...))
			for k, v := range model {
				got, ok := tr.get(k)
				require.True(t, ok)
				require.Equal(t, v, got)
			}
			require.Equal(t, len(model), tr.count("m\x00"))
		}
		check(tr, model)
		if oldModel != nil {
			check(oldTree, oldModel)
		}
	})
}

func TestKeyOrder(t *testing.T) {
	before1970 := time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Less(t, key("m", before1970), key("m", time.Unix(0, 0)))
	require.Less(t, key("m", int64(-1)), key("m", int64(1)))
	require.Less(t, key("m", "a"), key("m", "ab"))
	require.Less(t, key("m", int64(9)), key("m-2", int64(1)))
}

// Cutting and counting a range agree with doing it key by key.
func TestTreeRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var whole, want tree[int]
		prefix := rapid.SampledFrom([]string{"a\x00", "ab\x00", "b\x00"}).Draw(t, "prefix")
		n := 0
		for _, k := range rapid.SliceOfDistinct(rapid.StringMatching(`(a|ab|b)\x00[a-c\x00\x01]{1,3}`), rapid.ID[string]).Draw(t, "keys") {
			whole.set(k, 1)
			if strings.HasPrefix(k, prefix) {
				n++
			} else {
				want.set(k, 1)
			}
		}
		require.Equal(t, n, whole.count(prefix))
		whole.cut(prefix)
		require.Equal(t, 0, whole.count(prefix))
		keys := func(tr tree[int]) (ks []string) {
			tr.ascend("", "", func(k string, _ int) bool { ks = append(ks, k); return true })
			return ks
		}
		require.Equal(t, keys(want), keys(whole))
		require.Equal(t, size(want.root), size(whole.root))
	})
}
