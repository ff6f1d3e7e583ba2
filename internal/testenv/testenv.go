// Package testenv tells tests what the machine has, and says once per package
// what was left out. With CI=true nothing may be left out: a missing tool fails.
package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

var (
	mu      sync.Mutex
	leftOut = map[string][]string{} // reason -> tests
)

// CI tells whether nothing may be left out.
func CI() bool { return os.Getenv("CI") == "true" }

// Main runs the tests of a package and then says what was left out, once.
// Use it as: func TestMain(m *testing.M) { testenv.Main(m) }.
// Functions in after run when the tests are done.
func Main(m *testing.M, after ...func()) {
	code := m.Run()
	for _, f := range after {
		f()
	}
	mu.Lock()
	defer mu.Unlock()
	reasons := make([]string, 0, len(leftOut))
	for r := range leftOut {
		reasons = append(reasons, r)
	}
	slices.Sort(reasons)
	for _, r := range reasons {
		fmt.Printf("left out: %s (%s)\n", r, strings.Join(leftOut[r], ", "))
	}
	os.Exit(code)
}

// LeaveOut ends the test as left out for the reason; with CI=true it fails instead.
func LeaveOut(t testing.TB, reason string) {
	t.Helper()
	if CI() {
		t.Fatalf("CI=true allows nothing to be left out: %s", reason)
	}
	mu.Lock()
	leftOut[reason] = append(leftOut[reason], t.Name())
	mu.Unlock()
	t.Skip("left out: " + reason)
}

// Tool gives the path of a program, or leaves the test out.
func Tool(t testing.TB, name, debianPackage string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		LeaveOut(t, fmt.Sprintf("%s is not installed (Debian package %s)", name, debianPackage))
	}
	return p
}

// Root is the directory of go.mod.
func Root(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Standards gives a path below the folder of official schemas and samples, or
// leaves the test out. The folder is named by FACHWERK_STANDARDS; without it,
// ../shared/standards beside the checkout is tried. The files are not part of
// the repository because their licences are not stated.
func Standards(t testing.TB, elem ...string) string {
	t.Helper()
	base := os.Getenv("FACHWERK_STANDARDS")
	if base == "" {
		base = filepath.Join(filepath.Dir(Root(t)), "shared", "standards")
	}
	p := filepath.Join(append([]string{base}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		LeaveOut(t, "official files "+filepath.Join(elem...)+" are not at hand (set FACHWERK_STANDARDS)")
	}
	return p
}
