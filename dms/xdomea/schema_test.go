package xdomea_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jacoelho/xsd"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
)

// A second validator, written independently of libxml2, must agree. It cannot
// compile the recursive types of the official files; the rewritten ones accept
// the same messages.
func TestMessagesAreValidInPureGo(t *testing.T) {
	for version, profile := range profiles {
		t.Run(version, func(t *testing.T) {
			dir := testenv.Standards(t, "xdomea", "go-ready", version)
			engine, err := xsd.Compile(t.Context(), xsd.File(filepath.Join(dir, "xdomea-Nachrichten-AbgabeDurchfuehren.xsd")))
			require.NoError(t, err)
			k := xdomea.New(profile(), nil)
			for name, p := range samples() {
				t.Run(name, func(t *testing.T) {
					require.NoError(t, engine.Validate(t.Context(), bytes.NewReader(message(t, k, p))))
				})
			}
			for name, b := range bestaetigungen() {
				t.Run(name, func(t *testing.T) {
					var buf bytes.Buffer
					require.NoError(t, k.WriteAntwort(&buf, b))
					require.NoError(t, engine.Validate(t.Context(), &buf))
				})
			}
			bad := strings.Replace(string(message(t, k, dmstest.Reich("r"))), "<code>044</code>", "<code>044</code><name>pdf</name>", 1)
			require.Error(t, engine.Validate(t.Context(), strings.NewReader(bad)), "negative control")
		})
	}
}
