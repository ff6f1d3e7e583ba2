package zuordnung

import (
	"io/fs"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Fertig are the Zuordnungen that a package ships for one vendor's forms.
type Fertig struct {
	// Name of the package and its Parser.
	Name string
	// Dateien lie in FS, in the order they are asked.
	FS      fs.FS
	Dateien []string
}

// FertigOptions change what ships; nil means defaults.
type FertigOptions struct {
	// Zuordnungen instead of those that ship; see [Fertig.Zuordnungen].
	Zuordnungen []Zuordnung
	// Vorrang are Zuordnungen of single forms, asked before the others.
	Vorrang []Zuordnung
	Grenzen Grenzen
}

// Zuordnungen gives them in the order they are asked; they are the caller's to change.
// An error means that the program was built wrongly.
func (f Fertig) Zuordnungen() ([]Zuordnung, error) {
	var out []Zuordnung
	for _, name := range f.Dateien {
		b, err := fs.ReadFile(f.FS, name)
		if err != nil {
			return nil, fehler.New(f.Name+".Zuordnungen", name, fehler.ErrNotFound, err)
		}
		z, err := Load(b)
		if err != nil {
			return nil, fehler.New(f.Name+".Zuordnungen", name, fehler.ErrInvalid, err)
		}
		out = append(out, z)
	}
	return out, nil
}

// New makes the Parser with that Name. Zuordnungen that are wrong are fehler.Probleme, see
// the function [New].
func (f Fertig) New(o *FertigOptions) (*Parser, error) {
	if o == nil {
		o = &FertigOptions{}
	}
	list := o.Zuordnungen
	if list == nil {
		var err error
		if list, err = f.Zuordnungen(); err != nil {
			return nil, err
		}
	}
	return New(f.Name, slices.Concat(o.Vorrang, list), &Options{Grenzen: o.Grenzen})
}
