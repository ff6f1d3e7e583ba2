package fitconnect_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
)

func TestMain(m *testing.M) {
	testenv.Main(m, func() {
		if err := goleak.Find(); err != nil {
			fmt.Println("goroutine leak:", err)
			os.Exit(1)
		}
	})
}

func testKey(t testing.TB, name string) fitconnecttest.Key {
	t.Helper()
	k, err := fitconnecttest.TestKey(name)
	require.NoError(t, err)
	return k
}

func standard(t testing.TB, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(testenv.Standards(t, append([]string{"fit-connect"}, elem...)...))
	require.NoError(t, err)
	return b
}
