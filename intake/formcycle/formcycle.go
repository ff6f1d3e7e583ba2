package formcycle

import (
	"embed"

	"github.com/ozg-fachwerk/fachwerk/intake/zuordnung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

//go:embed konfiguration/*.json
var konfiguration embed.FS

// Zuordnungen gives the configurations in the order they are asked; they are the
// caller's to change. An error means that the program was built wrongly.
func Zuordnungen() ([]zuordnung.Zuordnung, error) {
	var out []zuordnung.Zuordnung
	for _, name := range []string{"json.json", "xml.json"} {
		b, err := konfiguration.ReadFile("konfiguration/" + name)
		if err != nil {
			return nil, fehler.New("formcycle.Zuordnungen", name, fehler.ErrNotFound, err)
		}
		z, err := zuordnung.Load(b)
		if err != nil {
			return nil, fehler.New("formcycle.Zuordnungen", name, fehler.ErrInvalid, err)
		}
		out = append(out, z)
	}
	return out, nil
}

// Options of [New]; nil means defaults.
type Options struct {
	// Zuordnungen instead of those of the package; see [Zuordnungen].
	Zuordnungen []zuordnung.Zuordnung
	// Vorrang are Zuordnungen of single forms, asked before the others.
	Vorrang []zuordnung.Zuordnung
	Grenzen zuordnung.Grenzen
}

// New makes the Parser "formcycle". Safe for concurrent use. Zuordnungen that are
// wrong are fehler.Probleme, see zuordnung.New.
func New(o *Options) (*zuordnung.Parser, error) {
	if o == nil {
		o = &Options{}
	}
	list := o.Zuordnungen
	if list == nil {
		var err error
		if list, err = Zuordnungen(); err != nil {
			return nil, err
		}
	}
	list = append(append([]zuordnung.Zuordnung(nil), o.Vorrang...), list...)
	return zuordnung.New("formcycle", list, &zuordnung.Options{Grenzen: o.Grenzen})
}
