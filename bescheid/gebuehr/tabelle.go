package gebuehr

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/internal/overlay"
	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

//go:embed beispiele.json
var beispieleJSON []byte

// Technical bounds of a file from outside.
const (
	maxDatei   = 4 << 20 // bytes
	maxRegeln  = 5000    // of each kind
	maxLaenge  = 2000    // bytes of one text
	maxListe   = 200     // entries of one list
	maxProblem = 100
)

// Tabelle is a set of tariffs with the rules beside them. It is immutable and safe
// for concurrent use; the zero value is empty. Take [Load].
type Tabelle struct {
	d         datei
	kennung   string
	nachID    map[string]*Tarif
	versionen map[string][]*Tarif // by Posten, in the order of the file
	merkmale  map[string][]*Minderung
}

// datei is the form of a file.
type datei struct {
	Stand         string            `json:"stand"`
	Quellen       map[string]Quelle `json:"quellen,omitempty"`
	Stichtage     []Stichtagsregel  `json:"stichtage,omitempty"`
	Zusammen      Zusammentreffen   `json:"minderungen_zusammen,omitempty"`
	Tarife        []Tarif           `json:"tarife"`
	Ausgaenge     []Ausgangsregel   `json:"ausgaenge,omitempty"`
	Minderungen   []Minderung       `json:"minderungen,omitempty"`
	Umsatzsteuern []Steuersatz      `json:"umsatzsteuern,omitempty"`
	Zahlung       []Zahlungsregel   `json:"zahlung,omitempty"`
}

var beispiele = sync.OnceValue(func() *Tabelle {
	t, err := Load(bytes.NewReader(beispieleJSON), nil)
	if err != nil {
		// The file is part of the program and loaded by the tests.
		panic("gebuehr: beispiele.json: " + err.Error())
	}
	return t
})

// Beispiele gives the table that ships with the package, parsed once: some positions
// with their public source, others made up and marked so ([Recht.Beispiel]). It is
// for trying things out; an authority loads its own.
func Beispiele() *Tabelle { return beispiele() }

// LoadOptions configures [Load]. Nil means defaults.
type LoadOptions struct {
	// Basis is the table the file is put over; nil is an empty one.
	Basis *Tabelle
}

// Load reads a table: JSON in the form docs/gebuehren.md describes, at most 4 MiB
// and 5000 rules of each kind. With a Basis (say, the tariff of the Land under the
// one of the town) a rule with a known id replaces it and others are added; to end a
// rule, replace it with its last day in "bis". Two versions of one Posten in force
// on the same day for the same Land are refused, and so are two rules on the day,
// the outcome, the tax or the payment that would have to decide the same question.
// Every broken rule is one problem in an error of kind [fehler.ErrInvalid].
func Load(r io.Reader, o *LoadOptions) (*Tabelle, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxDatei+1))
	if err != nil {
		return nil, fehler.New("gebuehr.Load", "", fehler.ErrUnavailable, err)
	}
	ungueltig := func(p fehler.Probleme) (*Tabelle, error) {
		return nil, fehler.New("gebuehr.Load", "", fehler.ErrInvalid, p)
	}
	if len(b) > maxDatei {
		return ungueltig(fehler.Probleme{problem("datei-gross", "", "file is larger than 4 MiB", "Die Datei ist größer als 4 MiB.")})
	}
	form := func(err error) (*Tabelle, error) {
		return ungueltig(fehler.Probleme{problem("datei-form", "", err.Error(), "Die Datei hat nicht die Form, die die Dokumentation beschreibt.")})
	}
	if err := strictjson.Check(b, strictjson.Limits{Depth: 16}); err != nil {
		return form(err)
	}
	var d datei
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return form(err)
	}
	basis := datei{}
	if o != nil && o.Basis != nil {
		basis = o.Basis.d
	}
	if d.Quellen == nil {
		d.Quellen = map[string]Quelle{}
	}
	eigene := maps.Clone(d.Quellen)
	for k, q := range basis.Quellen {
		if _, ok := d.Quellen[k]; !ok {
			d.Quellen[k] = q
		}
	}
	if p := pruefeDatei(&d, eigene); len(p) > 0 {
		return ungueltig(p)
	}
	d.Stichtage = overlay.Put(basis.Stichtage, d.Stichtage, func(x *Stichtagsregel) string { return x.ID })
	d.Tarife = overlay.Put(basis.Tarife, d.Tarife, func(x *Tarif) string { return x.ID })
	d.Ausgaenge = overlay.Put(basis.Ausgaenge, d.Ausgaenge, func(x *Ausgangsregel) string { return x.ID })
	d.Minderungen = overlay.Put(basis.Minderungen, d.Minderungen, func(x *Minderung) string { return x.ID })
	d.Umsatzsteuern = overlay.Put(basis.Umsatzsteuern, d.Umsatzsteuern, func(x *Steuersatz) string { return x.ID })
	d.Zahlung = overlay.Put(basis.Zahlung, d.Zahlung, func(x *Zahlungsregel) string { return x.ID })
	if d.Zusammen == "" {
		d.Zusammen = basis.Zusammen
	}
	if d.Zusammen == "" {
		d.Zusammen = ZusammenGroesste
	}
	if p := pruefeGanzes(&d); len(p) > 0 {
		return ungueltig(p)
	}
	return newTabelle(d), nil
}

func newTabelle(d datei) *Tabelle {
	t := &Tabelle{d: d, nachID: make(map[string]*Tarif, len(d.Tarife)), versionen: map[string][]*Tarif{}, merkmale: map[string][]*Minderung{}}
	for i := range d.Tarife {
		x := &t.d.Tarife[i]
		t.nachID[x.ID] = x
		t.versionen[x.Posten] = append(t.versionen[x.Posten], x)
	}
	for i := range d.Minderungen {
		m := &t.d.Minderungen[i]
		t.merkmale[m.Merkmal] = append(t.merkmale[m.Merkmal], m)
	}
	summe := sha256.New()
	_ = json.NewEncoder(summe).Encode(d) // a hash never fails to be written, and a table holds only plain values
	t.kennung = hex.EncodeToString(summe.Sum(nil)[:6])
	if d.Stand != "" {
		t.kennung = d.Stand + "/" + t.kennung
	}
	return t
}

// Stand is the day of the collection as the last file loaded says it.
func (t *Tabelle) Stand() string { return t.d.Stand }

// Kennung names exactly this table: its Stand and a hash of all rules. Two results
// with the same Kennung used the same law.
func (t *Tabelle) Kennung() string { return t.kennung }

// Tarife gives all versions of all positions in the order they were loaded. The
// slice is the caller's, what its elements point to is not to be changed.
func (t *Tabelle) Tarife() []Tarif { return slices.Clone(t.d.Tarife) }

// Tarif finds a version by id.
func (t *Tabelle) Tarif(id string) (Tarif, bool) {
	if x := t.nachID[id]; x != nil {
		return *x, true
	}
	return Tarif{}, false
}

// Quelle finds a source by its key.
func (t *Tabelle) Quelle(key string) (Quelle, bool) {
	q, ok := t.d.Quellen[key]
	return q, ok
}

// Ausgaenge gives the rules on what a refusal or a withdrawal costs. As with the
// lists below, the slice is the caller's.
func (t *Tabelle) Ausgaenge() []Ausgangsregel { return slices.Clone(t.d.Ausgaenge) }

// Minderungen gives the reductions and exemptions.
func (t *Tabelle) Minderungen() []Minderung { return slices.Clone(t.d.Minderungen) }

// Stichtage gives the rules on the day that decides.
func (t *Tabelle) Stichtage() []Stichtagsregel { return slices.Clone(t.d.Stichtage) }

// Umsatzsteuern gives the rates of tax.
func (t *Tabelle) Umsatzsteuern() []Steuersatz { return slices.Clone(t.d.Umsatzsteuern) }

// Zahlungsregeln gives the rules on payment.
func (t *Tabelle) Zahlungsregeln() []Zahlungsregel { return slices.Clone(t.d.Zahlung) }

// Waehlbar gives the versions that may be charged for a Leistung in a Land on the
// day, in the order of the file: what a clerk can choose from.
func (t *Tabelle) Waehlbar(l tenant.Leistungsschluessel, land tenant.Land, tag datum.Datum) []Tarif {
	var out []Tarif
	gesehen := map[string]bool{}
	for i := range t.d.Tarife {
		p := t.d.Tarife[i].Posten
		if gesehen[p] {
			continue
		}
		gesehen[p] = true
		if x := waehle(t.versionen[p], land, tag, rechtTarif); x != nil && x.fuer(l) {
			out = append(out, *x)
		}
	}
	return out
}

func (t *Tarif) fuer(l tenant.Leistungsschluessel) bool {
	return len(t.Leistungen) == 0 || slices.Contains(t.Leistungen, l)
}

// naehe: 0 not for this Land, 1 general, 2 made for it.
func (r *Recht) naehe(l tenant.Land) int {
	switch {
	case len(r.Laender) == 0:
		return 1
	case slices.Contains(r.Laender, l):
		return 2
	}
	return 0
}

// waehle gives the rule in force on the day, the Land's own before the general one.
// Overlaps are refused at load, so there is at most one of each.
func waehle[T any](regeln []*T, l tenant.Land, tag datum.Datum, recht func(*T) *Recht) *T {
	var out *T
	beste := 0
	for _, x := range regeln {
		r := recht(x)
		if n := r.naehe(l); n > beste && r.Enthaelt(tag) {
			out, beste = x, n
		}
	}
	return out
}

func rechtTarif(x *Tarif) *Recht             { return &x.Recht }
func rechtStichtag(x *Stichtagsregel) *Recht { return &x.Recht }
func rechtAusgang(x *Ausgangsregel) *Recht   { return &x.Recht }
func rechtSteuer(x *Steuersatz) *Recht       { return &x.Recht }
func rechtZahlung(x *Zahlungsregel) *Recht   { return &x.Recht }

// zeiger gives pointers to the elements that a condition picks.
func zeiger[T any](s []T, ok func(*T) bool) []*T {
	var out []*T
	for i := range s {
		if ok == nil || ok(&s[i]) {
			out = append(out, &s[i])
		}
	}
	return out
}
