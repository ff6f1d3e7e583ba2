package verfahren

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

//go:embed daten
var daten embed.FS

// Katalog is all of it. It must not be changed; then it is safe for concurrent use.
type Katalog struct {
	Verfahren        []*Verfahren
	Mandanten        []tenant.Mandant
	Zustaendigkeiten *tenant.Zustaendigkeiten
	// Betreiber has the Klaerfach.
	Betreiber  tenant.ID
	Nutzer     []Nutzer
	Gestaltung map[tenant.ID]Gestaltung
	// Vorlagen are the shipped templates and one more; Zuordnungen fill them.
	Vorlagen    *vorlage.Sammlung
	Zuordnungen *entwurf.Zuordnungen
	Gebuehren   *gebuehr.Tabelle

	regeln []tenant.Zustaendigkeit
}

// Verfahren is one procedure.
type Verfahren struct {
	// Kurz names it in addresses.
	Kurz     string                     `yaml:"kurz"`
	Name     string                     `yaml:"name"`
	Leistung tenant.Leistungsschluessel `yaml:"leistung"`
	// Schema is the id of the JSON Schema, and the formId the page sends.
	Schema string `yaml:"schema"`
	// Einleitung stands above the form, Bestaetigung after it was sent.
	Einleitung   string `yaml:"einleitung"`
	Bestaetigung string `yaml:"bestaetigung"`
	// Unterlagen says what may be uploaded; empty takes no files.
	Unterlagen string `yaml:"unterlagen"`
	// Posten of the fee table; empty is free of charge.
	Posten string `yaml:"posten"`
	// Monate in which it is to be decided.
	Monate int `yaml:"monate"`
	// Stellen are asked for a Stellungnahme in every case.
	Stellen []string `yaml:"stellen"`

	// Felder of the form in their order, JSONSchema the same for machines.
	Felder     []Feld          `yaml:"-"`
	JSONSchema json.RawMessage `yaml:"-"`
	// Regelwerk is released by a second person.
	Regelwerk *pruefung.Regelwerk `yaml:"-"`
}

// Nutzer is somebody of the demo who can log in.
type Nutzer struct {
	Akteur  tenant.Akteur
	Aufgabe string
}

// Gestaltung is how an authority looks.
type Gestaltung struct {
	// Farbe is "#rrggbb", dark enough for white text on it; a test checks the contrast.
	Farbe   string `json:"farbe"`
	Kontakt string `json:"kontakt"`
	// IBAN of the cash office, made up with the right check digits.
	IBAN ueberweisung.IBAN `json:"iban"`
	// Logo is an SVG.
	Logo []byte `json:"-"`
}

// Load reads and checks the data that is built in.
func Load() (*Katalog, error) {
	k := &Katalog{Betreiber: "musterstadt", Gestaltung: map[tenant.ID]Gestaltung{}, Gebuehren: gebuehr.Beispiele()}
	return k, errors.Join(k.loadMandanten(), k.loadNutzer(), k.loadGestaltung(), k.loadVerfahren(), k.loadTexte())
}

// lies gives a file that is built into the program.
func lies(name string) []byte {
	b, _ := daten.ReadFile(path.Join("daten", name))
	return b
}

func (k *Katalog) loadMandanten() error {
	verzeichnis, zustaendigkeiten, err := tenant.LoadKonfiguration(lies("mandanten.json"))
	if err != nil {
		return err
	}
	var c tenant.Konfiguration
	if err := json.Unmarshal(lies("mandanten.json"), &c); err != nil {
		return err
	}
	for _, m := range c.Mandanten {
		geprueft, err := verzeichnis.Mandant(context.Background(), m.ID)
		if err != nil {
			return err
		}
		k.Mandanten = append(k.Mandanten, *geprueft)
	}
	k.Zustaendigkeiten, k.regeln = zustaendigkeiten, c.Zustaendigkeiten
	return nil
}

func (k *Katalog) loadNutzer() error {
	var ns []struct {
		ID, Name, Aufgabe string
		Mandant           tenant.ID
		Rollen            []tenant.Rolle
		Einheiten         []string
	}
	err := json.Unmarshal(lies("nutzer.json"), &ns)
	for _, n := range ns {
		a := tenant.Akteur{ID: n.ID, Name: n.Name, Art: tenant.Person, Mandant: n.Mandant, Rollen: n.Rollen, Einheiten: n.Einheiten}
		k.Nutzer = append(k.Nutzer, Nutzer{a, n.Aufgabe})
	}
	return err
}

func (k *Katalog) loadGestaltung() error {
	var gs []struct {
		Mandant tenant.ID
		Gestaltung
	}
	err := json.Unmarshal(lies("gestaltung.json"), &gs)
	for _, g := range gs {
		iban, err := ueberweisung.ParseIBAN(string(g.IBAN))
		if err != nil {
			return err
		}
		g.IBAN, g.Logo = iban, lies("logo/"+string(g.Mandant)+".svg")
		k.Gestaltung[g.Mandant] = g.Gestaltung
	}
	return err
}

func (k *Katalog) loadVerfahren() error {
	namen, err := fs.Glob(daten, "daten/[0-9]*.yaml")
	if err != nil {
		return err
	}
	for _, n := range namen {
		v, err := loadVerfahren(lies(path.Base(n)))
		if err != nil {
			return fmt.Errorf("%s: %w", n, err)
		}
		k.Verfahren = append(k.Verfahren, v)
	}
	return nil
}

// loadVerfahren puts the group of the applicant before the fields, and the schema into
// the rules.
func loadVerfahren(b []byte) (*Verfahren, error) {
	v := &Verfahren{}
	var d struct {
		Felder yaml.Node      `yaml:"felder"`
		Regeln map[string]any `yaml:"regeln"`
	}
	var person yaml.Node
	if err := errors.Join(yaml.Unmarshal(b, v), yaml.Unmarshal(b, &d), yaml.Unmarshal(lies("person.yaml"), &person)); err != nil {
		return nil, err
	}
	schema, err := mitPerson(&d.Felder, person.Content[0])
	if err != nil {
		return nil, err
	}
	if v.Felder, err = felder(&d.Felder); err != nil {
		return nil, err
	}
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	if v.JSONSchema, err = json.Marshal(schema); err != nil {
		return nil, err
	}
	d.Regeln["leistung"], d.Regeln["schema"] = v.Leistung, v.JSONSchema
	regeln, err := json.Marshal(d.Regeln)
	if err != nil {
		return nil, err
	}
	w, err := pruefung.Load(bytes.NewReader(regeln))
	if err != nil {
		return nil, err
	}
	zweite := tenant.Akteur{ID: "deniz", Art: tenant.Person, Mandant: "musterstadt", Rollen: []tenant.Rolle{tenant.Leitung}}
	v.Regelwerk, err = w.Release(zweite, datum.MustParse("2025-12-15"))
	return v, err
}

func (k *Katalog) loadTexte() (err error) {
	if k.Vorlagen, err = vorlage.Load(bytes.NewReader(lies("vorlagen.yaml")), &vorlage.LoadOptions{Basis: vorlage.Standard()}); err != nil {
		return err
	}
	schemata := map[string]json.RawMessage{}
	for _, v := range k.Verfahren {
		schemata[v.Schema] = v.JSONSchema
	}
	k.Zuordnungen, err = entwurf.Load(bytes.NewReader(lies("zuordnungen.yaml")), &entwurf.LoadOptions{Vorlagen: k.Vorlagen, Schemata: schemata})
	return err
}

// Find gives the procedure with the short name; nil if there is none.
func (k *Katalog) Find(kurz string) *Verfahren {
	return k.find(func(v *Verfahren) bool { return v.Kurz == kurz })
}

func (k *Katalog) find(f func(*Verfahren) bool) *Verfahren {
	if i := slices.IndexFunc(k.Verfahren, f); i >= 0 {
		return k.Verfahren[i]
	}
	return nil
}

// Mandant gives the authority; nil if there is none.
func (k *Katalog) Mandant(id tenant.ID) *tenant.Mandant {
	if i := slices.IndexFunc(k.Mandanten, func(m tenant.Mandant) bool { return m.ID == id }); i >= 0 {
		return &k.Mandanten[i]
	}
	return nil
}

// Angebot are the procedures somebody who lives at the seat of the Mandant can begin
// there, also those another authority decides.
func (k *Katalog) Angebot(m *tenant.Mandant, tag datum.Datum) (out []*Verfahren) {
	for _, v := range k.Verfahren {
		if _, err := k.Zustaendigkeiten.Route(v.Leistung, m.ARS, tag); err == nil {
			out = append(out, v)
		}
	}
	return out
}
