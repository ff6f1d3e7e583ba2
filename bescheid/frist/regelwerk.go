package frist

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/ozg-fachwerk/fachwerk/internal/overlay"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

//go:embed regeln.json
var regelnJSON []byte

// Technical bounds of a file from outside.
const (
	maxDatei   = 4 << 20 // bytes
	maxRegeln  = 5000
	maxLaenge  = 2000 // bytes of one text
	maxLesart  = 8
	maxProblem = 100
)

// Quelle is where a rule can be read.
type Quelle struct {
	Titel   string `json:"titel"`
	Adresse string `json:"adresse,omitempty"`
}

func (q Quelle) String() string {
	if q.Adresse == "" {
		return q.Titel
	}
	return q.Titel + " (" + q.Adresse + ")"
}

// Regelwerk is a set of rules. It is immutable and safe for concurrent use; the
// zero value is empty. Take [Standard] or [Load].
type Regelwerk struct {
	stand   string
	kennung string
	regeln  []Regel
	quellen map[string]Quelle
	nachID  map[string]*Regel
	nach    map[schluessel][]*Regel
}

// schluessel selects the candidates of one question; fach is Kanal or Gegenstand.
type schluessel struct {
	zweck     Zweck
	verfahren Verfahren
	fach      string
}

type regelDatei struct {
	Stand   string            `json:"stand"`
	Quellen map[string]Quelle `json:"quellen,omitempty"`
	Regeln  []Regel           `json:"regeln"`
}

var standard = sync.OnceValue(func() *Regelwerk {
	w, err := load(bytes.NewReader(regelnJSON), &Regelwerk{})
	if err != nil {
		// The file is part of the program and loaded by the tests.
		panic("frist: regeln.json: " + err.Error())
	}
	return w
})

// Standard gives the rules that ship with the package, parsed once.
func Standard() *Regelwerk { return standard() }

// LoadOptions configures [Load]. Nil means defaults.
type LoadOptions struct {
	// Basis is the set the file is put over; nil is [Standard].
	Basis *Regelwerk
}

// Load reads an operator's own rules: JSON {stand, quellen, regeln} in the form
// of regeln.json. A rule with a known id replaces it, others are added; to end a
// rule, replace it with its last day in "bis". At most 4 MiB and 5000 rules.
// Every broken rule is one problem in an error of kind [fehler.ErrInvalid].
func Load(r io.Reader, o *LoadOptions) (*Regelwerk, error) {
	if o != nil && o.Basis != nil {
		return load(r, o.Basis)
	}
	return load(r, Standard())
}

func load(r io.Reader, basis *Regelwerk) (*Regelwerk, error) {
	var d regelDatei
	if err := decode(r, &d); err != nil {
		return nil, fehler.New("frist.Load", "", fehler.ErrInvalid, err)
	}
	quellen := make(map[string]Quelle, len(basis.quellen)+len(d.Quellen))
	for k, q := range basis.quellen {
		quellen[k] = q
	}
	for k, q := range d.Quellen {
		quellen[k] = q
	}
	if p := pruefeRegeln(d, quellen); len(p) > 0 {
		return nil, fehler.New("frist.Load", "", fehler.ErrInvalid, p)
	}
	regeln := overlay.Put(basis.regeln, d.Regeln, func(r *Regel) string { return r.ID })
	if len(regeln) > maxRegeln {
		return nil, fehler.New("frist.Load", "", fehler.ErrInvalid, fehler.Probleme{problem("regel-anzahl", "/regeln",
			"too many rules", "Das Regelwerk hat zu viele Regeln.")})
	}
	w := newRegelwerk(d.Stand, regeln, quellen)
	for i := range regeln {
		if v := regeln[i].Verlaengert; v != "" && !w.verlaengerbar(v) {
			return nil, fehler.New("frist.Load", "", fehler.ErrInvalid, fehler.Probleme{problem("regel-verlaengert", "/regeln",
				"the rule extended is not there or has no number of its own", "Die Regel, die verlängert wird, fehlt oder hat keine eigene Länge.")})
		}
	}
	return w, nil
}

// verlaengerbar: a duty with a number that extends no other, so that there is no circle.
func (w *Regelwerk) verlaengerbar(id string) bool {
	r := w.nachID[id]
	return r != nil && r.Zweck == ZweckPflicht && r.Art != ArtHinweis && r.Art != ArtKeine && r.Verlaengert == ""
}

// decode reads bounded, strict JSON with nothing after it.
func decode(r io.Reader, v any) error {
	b, err := io.ReadAll(io.LimitReader(r, maxDatei+1))
	if err != nil {
		return err
	}
	if len(b) > maxDatei {
		return fehler.Probleme{problem("datei-gross", "", "file is larger than 4 MiB", "Die Datei ist größer als 4 MiB.")}
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return fehler.Probleme{problem("datei-form", "", err.Error(), "Die Datei hat nicht die Form, die die Dokumentation beschreibt.")}
	}
	if _, err := dec.Token(); err != io.EOF {
		return fehler.Probleme{problem("datei-form", "", "text after the end", "Nach dem Ende der Datei steht noch Text.")}
	}
	return nil
}

func newRegelwerk(stand string, regeln []Regel, quellen map[string]Quelle) *Regelwerk {
	w := &Regelwerk{stand: stand, regeln: regeln, quellen: quellen,
		nachID: make(map[string]*Regel, len(regeln)), nach: map[schluessel][]*Regel{}}
	summe := sha256.New()
	enc := json.NewEncoder(summe)
	for i := range regeln {
		r := &regeln[i]
		r.quelle = quellenText(r.Quelle, quellen)
		r.text = r.ID + " (" + r.Norm + ")"
		r.maske = 0
		for _, l := range r.Laender {
			r.maske |= landBit(l)
		}
		w.nachID[r.ID] = r
		verfahren := []Verfahren{r.Verfahren}
		if r.Verfahren == "" {
			verfahren = []Verfahren{"", VerfahrenVwVfG, VerfahrenSGBX, VerfahrenAO}
		}
		for _, v := range verfahren {
			k := schluessel{r.Zweck, v, r.fach()}
			w.nach[k] = append(w.nach[k], r)
		}
		_ = enc.Encode(r) // a hash never fails to be written, and a Regel holds only plain values
	}
	w.kennung = hex.EncodeToString(summe.Sum(nil)[:6])
	if stand != "" {
		w.kennung = stand + "/" + w.kennung
	}
	return w
}

func quellenText(keys []string, quellen map[string]Quelle) string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = quellen[k].String()
	}
	return strings.Join(out, "; ")
}

func (r *Regel) fach() string {
	if r.Kanal != "" {
		return string(r.Kanal)
	}
	return r.Gegenstand
}

// Stand is the day of the collection as the last file loaded says it.
func (w *Regelwerk) Stand() string { return w.stand }

// Kennung names exactly this set of rules: its Stand and a hash of all rules.
// Two results with the same Kennung used the same law.
func (w *Regelwerk) Kennung() string { return w.kennung }

// Regeln gives all rules in the order they were loaded. The slice is the caller's.
func (w *Regelwerk) Regeln() []Regel { return slices.Clone(w.regeln) }

// Regel finds a rule by id.
func (w *Regelwerk) Regel(id string) (Regel, bool) {
	if r := w.nachID[id]; r != nil {
		return *r, true
	}
	return Regel{}, false
}

// Quelle finds a source by its key.
func (w *Regelwerk) Quelle(key string) (Quelle, bool) {
	q, ok := w.quellen[key]
	return q, ok
}

// stelle is who acts: it decides which rules are the right ones.
type stelle struct {
	bund bool
	land uint32 // bit of the Land
}

// auswahl is what a question found.
type auswahl struct {
	regel      *Regel   // decides; nil if there is none
	weitere    []*Regel // also in force, or possibly so
	hinweise   []*Regel
	bundesfall bool // the rule of the federation stands in for a Land without its own
}

// waehle finds the rules for a question on the day that selects the version.
// Land law goes before general rules; of two in force the younger decides and
// the other becomes a candidate.
func (w *Regelwerk) waehle(k schluessel, s stelle, tag datum.Datum) auswahl {
	var a auswahl
	var beste int
	alle := w.nach[k]
	for _, r := range alle {
		naehe := r.naehe(s)
		if naehe == 0 {
			continue
		}
		if r.Art == ArtHinweis {
			if naehe > 1 && r.gilt(tag) {
				a.hinweise = append(a.hinweise, r)
			}
			continue
		}
		if !r.gilt(tag) {
			continue
		}
		switch {
		case a.regel == nil || naehe > beste:
			a.regel, beste = r, naehe
			a.weitere = a.weitere[:0]
		case naehe == beste && r.Von.Nach(a.regel.Von):
			a.weitere = append(a.weitere, a.regel)
			a.regel = r
		case naehe == beste:
			a.weitere = append(a.weitere, r)
		}
	}
	if a.regel == nil {
		return a
	}
	a.bundesfall = beste == 1
	a.weitere = slices.DeleteFunc(a.weitere, func(r *Regel) bool { return r.Art == ArtKeine })
	for _, r := range alle {
		if !r.VonFruehestens.IsZero() && r.Art != ArtHinweis && r.Art != ArtKeine && r.naehe(s) == beste && r.giltVielleicht(tag) {
			a.weitere = append(a.weitere, r)
		}
	}
	return a
}

// naehe: 0 not for this body, 1 only as a stand-in, 2 general, 3 made for it.
func (r *Regel) naehe(s stelle) int {
	switch {
	case r.NurBund && s.bund:
		return 3
	case r.NurBund:
		return 1
	case r.maske == 0:
		return 2
	case !s.bund && r.maske&s.land != 0:
		return 3
	}
	return 0
}
