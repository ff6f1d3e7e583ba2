package testenv

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Abschnitt checks that a page of docs holds the text as the section under its
// heading, up to the next heading of the second level; with update it writes it
// there, or at the end. Several tests, of several packages, can own one page.
func Abschnitt(t testing.TB, page, heading, text string, update bool) {
	t.Helper()
	path := filepath.Join(Root(t), "docs", page)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = strings.TrimRight(text, "\n") + "\n"
	if !strings.HasPrefix(text, heading+"\n") {
		t.Fatalf("the text does not begin with %q", heading)
	}
	vorn, hinten := string(b), ""
	if i := strings.Index("\n"+vorn, "\n"+heading+"\n"); i >= 0 {
		vorn, hinten = vorn[:i], vorn[i:]
	} else {
		vorn += "\n"
	}
	rest := ""
	if i := strings.Index(hinten[min(1, len(hinten)):], "\n## "); i >= 0 {
		rest = hinten[i+1:]
		hinten = hinten[:i+1]
	}
	if update && hinten != text {
		if err := os.WriteFile(path, []byte(vorn+text+rest), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if hinten != text {
		t.Errorf("docs/%s, %q: stale; run the test with -update", page, heading)
	}
}
