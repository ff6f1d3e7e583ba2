package entwurf

import (
	"bytes"
	_ "embed"
	"sync"
)

//go:embed zuordnungen/beispiele.yaml
var beispiele []byte

var geladen = sync.OnceValue(func() *Zuordnungen {
	z, err := Load(bytes.NewReader(beispiele), nil)
	if err != nil {
		// The file is part of the program and loaded by the tests.
		panic("entwurf: " + err.Error())
	}
	return z
})

// Beispiele gives Zuordnungen for shipped templates and forms that are made up, loaded
// once: to start from, not to use.
func Beispiele() *Zuordnungen { return geladen() }
