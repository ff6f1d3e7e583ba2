package overlay

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPut(t *testing.T) {
	type rule struct {
		id string
		n  int
	}
	base := []rule{{"a", 1}, {"b", 1}}
	got := Put(base, []rule{{"b", 2}, {"c", 2}}, func(r *rule) string { return r.id })
	require.Equal(t, []rule{{"a", 1}, {"b", 2}, {"c", 2}}, got)
	require.Equal(t, []rule{{"a", 1}, {"b", 1}}, base)
}
