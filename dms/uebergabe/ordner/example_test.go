package ordner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/ordner"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/uebergabetest"
)

// Hand over through a directory the Fachverfahren watches.
func Example() {
	dir, err := os.MkdirTemp("", "uebergabe")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	p := params(dir) // makes the directories
	z, err := ordner.New(p, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer z.Close()
	q, err := z.Uebergeben(context.Background(), uebergabetest.Beispiel(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	files, _ := filepath.Glob(filepath.Join(p.Ausgang, q.Kennung, "*"))
	for _, f := range files {
		fmt.Println(filepath.Base(f))
	}
	// Output:
	// dateien
	// ereignis.json
	// manifest.json
}
