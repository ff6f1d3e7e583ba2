package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
)

func ExampleOpen() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "fachwerk")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(ctx, filepath.Join(dir, "fachwerk.db"), &sqlite.Options{
		Store:       &storage.Options{Lease: time.Hour},
		BusyTimeout: 10 * time.Second,
	})
	if err != nil {
		panic(err)
	}
	defer store.Close()
	if err := store.PutKonfig(ctx, "kiel", "mandant", "stamm", 0, map[string]string{"name": "Stadt Kiel"}); err != nil {
		panic(err)
	}
	var stamm map[string]string
	version, err := store.GetKonfig(ctx, "kiel", "mandant", "stamm", &stamm)
	fmt.Println(stamm["name"], version, err)
	// Output: Stadt Kiel 1 <nil>
}
