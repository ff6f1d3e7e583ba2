package vorgang

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Pruefausgang is what a Pruefung by rules came to. The values are stable.
type Pruefausgang string

// The outcomes. Only Standardfall opens the way to a decision without a person
// (§ 35a VwVfG); none of them is a decision.
const (
	PruefungUnvollstaendig Pruefausgang = "unvollstaendig" // items are missing; see Nachforderungen
	PruefungVollstaendig   Pruefausgang = "vollstaendig"   // nothing found; a person decides, as the law has it
	PruefungStandardfall   Pruefausgang = "standardfall"   // nothing found and every gate open
	PruefungPerson         Pruefausgang = "person"         // a person has to look; see Gruende
)

// Regelstand is what one rule came to.
type Regelstand string

// What a rule can come to.
const (
	RegelWahr   Regelstand = "wahr"
	RegelFalsch Regelstand = "falsch"
	RegelFehler Regelstand = "fehler" // it gave no answer; that never decides anything
	RegelOffen  Regelstand = "offen"  // it gave no answer while the schema misses items; checked again with them
)

// Pruefprotokoll says how a Pruefung came to its outcome, so that it can be
// repeated without asking anybody. It is a plain value; its JSON is compared byte
// by byte. Package pruefung makes and repeats it.
//
// Nachschlaege hold what was asked and answered, which may be personal data, and
// EingabeHash identifies the data of the case: keep the record with the case and
// erase it with the case.
type Pruefprotokoll struct {
	// Form is the version of this form, 1.
	Form int `json:"form"`
	// Maschine names the engine whose costs these are; another one may count otherwise.
	Maschine string `json:"maschine"`
	// The rules: id, version and the SHA-256 of their canonical JSON (hex).
	Regelwerk     string                     `json:"regelwerk"`
	Fassung       int                        `json:"fassung"`
	RegelwerkHash string                     `json:"regelwerkHash"`
	Leistung      tenant.Leistungsschluessel `json:"leistung"`
	// EingabeHash is the SHA-256 of the canonical JSON of the data (hex).
	EingabeHash string      `json:"eingabeHash"`
	Stichtag    datum.Datum `json:"stichtag"`
	// Regeln in the order of their ids.
	Regeln []Regelergebnis `json:"regeln"`
	// Nachschlaege in the order they were made, each question once.
	Nachschlaege []Nachschlag `json:"nachschlaege,omitempty"`
	// Kosten in units of the engine, of all rules.
	Kosten uint64 `json:"kosten"`
	// Ausgang, with what led to it, in the order of rule and code.
	Ausgang         Pruefausgang          `json:"ausgang"`
	Gruende         []Pruefgrund          `json:"gruende,omitempty"`
	Nachforderungen []Nachforderungspunkt `json:"nachforderungen,omitempty"`
	// Sperren are the codes of the gates that were closed to an automatic decision.
	Sperren []string `json:"sperren,omitempty"`
	// Abgeschaltet tells that the rules were switched off at that moment.
	Abgeschaltet bool `json:"abgeschaltet"`
	// Gezogen tells that the sample drew this case for a person.
	Gezogen bool `json:"gezogen"`
	// Salz names the salt of the draw without telling it; empty if there was none.
	Salz string `json:"salz,omitempty"`
}

// Regelergebnis is the outcome of one rule.
type Regelergebnis struct {
	Regel string     `json:"regel"`
	Stand Regelstand `json:"stand"`
	// Folge is what the outcome means: "gut", "nachforderung", "ablehnungsgrund" or "person".
	Folge  string `json:"folge"`
	Kosten uint64 `json:"kosten"`
	// Fehler is the code of what kept the rule from answering.
	Fehler string `json:"fehler,omitempty"`
}

// Pruefgrund is one reason why a person has to look, or decides.
type Pruefgrund struct {
	Code  string `json:"code"`            // stable, such as "pruefung.ablehnungsgrund"
	Regel string `json:"regel,omitempty"` // id of the rule
	Norm  string `json:"norm,omitempty"`
	Pfad  string `json:"pfad,omitempty"` // JSON pointer into the data
	Text  string `json:"text"`           // German sentence for the clerk
}

// Nachforderungspunkt is one missing item, as the draft of a letter asks for it.
type Nachforderungspunkt struct {
	Regel string `json:"regel,omitempty"` // id of the rule; empty if the schema asks for it
	Norm  string `json:"norm,omitempty"`
	Pfad  string `json:"pfad,omitempty"` // JSON pointer of what is missing
	Text  string `json:"text"`           // German sentence for the applicant
}

// Nachschlag is one question to a function outside the rules and its answer.
type Nachschlag struct {
	Name      string          `json:"name"`
	Argumente json.RawMessage `json:"argumente"`
	Ergebnis  json.RawMessage `json:"ergebnis,omitempty"`
	// Fehler tells that there was no answer.
	Fehler bool `json:"fehler,omitempty"`
}

// Clone gives a copy that shares nothing with p.
func (p Pruefprotokoll) Clone() Pruefprotokoll {
	p.Regeln = slices.Clone(p.Regeln)
	p.Gruende = slices.Clone(p.Gruende)
	p.Nachforderungen = slices.Clone(p.Nachforderungen)
	p.Sperren = slices.Clone(p.Sperren)
	p.Nachschlaege = slices.Clone(p.Nachschlaege)
	for i := range p.Nachschlaege {
		n := &p.Nachschlaege[i]
		n.Argumente, n.Ergebnis = bytes.Clone(n.Argumente), bytes.Clone(n.Ergebnis)
	}
	return p
}
