package formsolutions

import (
	"embed"

	"github.com/ozg-fachwerk/fachwerk/intake/zuordnung"
)

//go:embed konfiguration/*.json
var konfiguration embed.FS

var fertig = zuordnung.Fertig{Name: "formsolutions", FS: konfiguration, Dateien: []string{"konfiguration/assistant.json"}}

// Options of [New]; nil means defaults.
type Options = zuordnung.FertigOptions

// Zuordnungen gives the configurations in the order they are asked; they are the
// caller's to change. An error means that the program was built wrongly.
func Zuordnungen() ([]zuordnung.Zuordnung, error) { return fertig.Zuordnungen() }

// New makes the Parser "formsolutions". Safe for concurrent use. Zuordnungen that are
// wrong are fehler.Probleme, see zuordnung.New.
func New(o *Options) (*zuordnung.Parser, error) { return fertig.New(o) }
