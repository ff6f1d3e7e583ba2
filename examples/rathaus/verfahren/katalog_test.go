package verfahren

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLoad(t *testing.T) {
	k, err := Load()
	require.NoError(t, err)
	require.Len(t, k.Verfahren, 5)
	require.Len(t, k.Mandanten, 4)
}
