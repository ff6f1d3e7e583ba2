package memory

import "github.com/ozg-fachwerk/fachwerk/storage"

// Open makes an empty store that nobody else shares. Nil means defaults.
func Open(o *storage.Options) *storage.Store { return storage.New(New(nil).Backend(), o) }
