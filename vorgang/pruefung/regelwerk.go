package pruefung

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Regelwerk is one version of the rules of a Leistung: checked, immutable, safe
// for concurrent use. Make one with [New] or [Load]; a later state is a new value.
type Regelwerk struct {
	a      Angaben
	werk   *werk
	inhalt string
	hash   string
}

// New checks the Angaben and makes a Regelwerk of them. All problems come at once,
// each with its JSON pointer, in an error of kind [fehler.ErrInvalid]. The
// expressions and the schema are compiled to see that they can be.
func New(a Angaben) (*Regelwerk, error) {
	w, p := neu(a.clone())
	if len(p) > 0 {
		return nil, fehler.New("pruefung.New", a.kennung(), fehler.ErrInvalid, p)
	}
	return w, nil
}

// Load reads the JSON of [Angaben], at most [MaxDatei] bytes. It is strict:
// unknown, doubled or wrongly typed members are problems. Errors are as of [New];
// an error of r comes back as cause.
func Load(r io.Reader) (*Regelwerk, error) {
	const op = "pruefung.Load"
	b, err := io.ReadAll(io.LimitReader(r, MaxDatei+1))
	if err != nil {
		return nil, fehler.New(op, "", nil, err)
	}
	baum, p := lies(b, MaxDatei)
	if p != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{*p})
	}
	if probleme := pruefeForm(baum); len(probleme) > 0 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, probleme)
	}
	var a Angaben
	if err := json.Unmarshal(kanon(baum), &a); err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{problem("datei-form", "", "does not have the form of a Regelwerk",
			"Die Datei hat nicht die Form eines Regelwerks.")})
	}
	w, probleme := neu(a)
	if len(probleme) > 0 {
		return nil, fehler.New(op, a.kennung(), fehler.ErrInvalid, probleme)
	}
	return w, nil
}

func neu(a Angaben) (*Regelwerk, fehler.Probleme) {
	p := &pruefer{}
	schema, prob := lies(a.Schema, MaxDatei)
	if prob != nil {
		prob.Pfad = "/schema" + prob.Pfad
		p.probleme = append(p.probleme, *prob)
	}
	a.Schema = kanon(schema)
	a, prob = a.wieGelesen()
	if prob != nil {
		return nil, append(p.probleme, *prob)
	}
	p.angaben(&a)
	if len(p.probleme) > 0 {
		return nil, p.probleme
	}
	w := &Regelwerk{a: a}
	w.inhalt, w.hash = a.summen()
	if f := a.Freigabe; f != nil {
		p.fordere(f.Inhalt == w.inhalt, "freigabe-inhalt", "/freigabe/inhalt", "the content changed after its release",
			"Das Regelwerk wurde nach der Freigabe geändert; es muss neu freigegeben werden.")
	}
	var probleme fehler.Probleme
	w.werk, probleme = uebersetze(&w.a)
	return w, append(p.probleme, probleme...)
}

// wieGelesen gives the Angaben as they would come back from a file, so that what
// runs is what is hashed; text that is not UTF-8 changes on the way.
func (a Angaben) wieGelesen() (Angaben, *fehler.Problem) {
	b, err := json.Marshal(a)
	if err != nil {
		return a, jsonProblem("datei-form", "", "cannot be written as JSON", "Die Angaben lassen sich nicht als Datei schreiben.")
	}
	v, prob := lies(b, math.MaxInt)
	if prob != nil {
		return a, prob
	}
	b = kanon(v)
	if len(b) > MaxDatei {
		return a, jsonProblem("datei-gross", "", fmt.Sprintf("longer than %d bytes", MaxDatei), "Das Regelwerk ist zu groß.")
	}
	var out Angaben
	if err := json.Unmarshal(b, &out); err != nil {
		return a, jsonProblem("datei-form", "", "cannot be read back", "Die Angaben lassen sich nicht als Datei schreiben.")
	}
	out.Schema = a.Schema
	return out, nil
}

// summen gives the hash of the content, and the one that also covers the release.
// The switch belongs to neither: it is a state of the service, not of the rules.
func (a Angaben) summen() (inhalt, hash string) {
	a.Abschaltung = nil
	hash = summe(a.json())
	a.Freigabe = nil
	return summe(a.json()), hash
}

// json is the canonical form: all members in the order of their names.
func (a Angaben) json() []byte {
	b, err := json.Marshal(a)
	if err != nil {
		panic("pruefung: checked Angaben do not marshal: " + err.Error())
	}
	v, p := lies(b, math.MaxInt)
	if p != nil {
		panic("pruefung: checked Angaben do not read: " + p.String())
	}
	return kanon(v)
}

func (a *Angaben) kennung() string {
	if !idForm.MatchString(a.ID) {
		return ""
	}
	return fmt.Sprintf("%s/%d", a.ID, a.Fassung)
}

// ID is the name all versions share.
func (w *Regelwerk) ID() string { return w.a.ID }

// Fassung is the number of the version.
func (w *Regelwerk) Fassung() int { return w.a.Fassung }

// Leistung is the service the rules are for.
func (w *Regelwerk) Leistung() tenant.Leistungsschluessel { return w.a.Leistung }

// Angaben gives all of it, as a copy.
func (w *Regelwerk) Angaben() Angaben { return w.a.clone() }

// Inhalt is the SHA-256 (hex) of the canonical JSON without release and switch:
// what an author wrote and a second person releases.
func (w *Regelwerk) Inhalt() string { return w.inhalt }

// Hash is the SHA-256 (hex) of the canonical JSON with the release and without the
// switch: what a Pruefprotokoll names.
func (w *Regelwerk) Hash() string { return w.hash }

// Gilt tells whether the rules are valid on the day.
func (w *Regelwerk) Gilt(tag datum.Datum) bool {
	return !tag.IsZero() && datum.Zeitraum{Von: w.a.Von, Bis: w.a.Bis}.Enthaelt(tag)
}

// Freigegeben tells whether a second person released the content.
func (w *Regelwerk) Freigegeben() bool { return w.a.Freigabe != nil }

// MarshalJSON gives the canonical JSON; [Load] reads it back to the same hashes.
func (w *Regelwerk) MarshalJSON() ([]byte, error) { return w.a.json(), nil }

// Release gives the Regelwerk with the release of the Akteur. Only a person in the
// role Leitung or Schlusszeichnung may, and not the author: neither as itself nor
// as or through a deputy, [tenant.Akteur.Augen] ([fehler.ErrForbidden]). A released
// or switched-off Regelwerk is fehler.ErrConflict, a day before it was written
// fehler.ErrInvalid.
func (w *Regelwerk) Release(a tenant.Akteur, am datum.Datum) (*Regelwerk, error) {
	const op = "pruefung.Release"
	z := Zeichnung{Akteur: a.ID, VertretungFuer: a.VertretungFuer, Am: am}
	verweigert := func(art error, p fehler.Problem) (*Regelwerk, error) {
		return nil, fehler.New(op, w.a.kennung(), art, fehler.Probleme{p})
	}
	switch {
	case a.ID == "" || a.Art != tenant.Person || !a.Hat(tenant.Leitung, tenant.Schlusszeichnung):
		return verweigert(fehler.ErrForbidden, problem("freigabe-recht", "", "no right to release", "Zur Freigabe fehlt das Recht."))
	case z.gemeinsam(w.a.Autor):
		return verweigert(fehler.ErrForbidden, problem("vier-augen", "/freigabe", "the author cannot release",
			"Wer ein Regelwerk geschrieben hat, kann es nicht freigeben, auch nicht in Vertretung."))
	case w.a.Freigabe != nil:
		return verweigert(fehler.ErrConflict, problem("freigabe-vorhanden", "/freigabe", "is released already", "Das Regelwerk ist schon freigegeben."))
	case w.a.Abschaltung != nil:
		return verweigert(fehler.ErrConflict, problem("abgeschaltet", "/abschaltung", "is switched off",
			"Das Regelwerk ist abgeschaltet; nötig ist eine neue Fassung."))
	case !imKalender(am) || am.Vor(w.a.Autor.Am):
		return verweigert(fehler.ErrInvalid, problem("freigabe-tag", "/freigabe/am", "released before it was written", "Der Tag der Freigabe liegt vor dem Tag des Entwurfs."))
	}
	n := w.a.clone()
	n.Freigabe = &Freigabe{Zeichnung: z, Inhalt: w.inhalt}
	return w.mit(n), nil
}

// SwitchOff gives the Regelwerk switched off, for storing; to take effect in a
// running program it is done by [Verzeichnis.SwitchOff]. Any person or machine of an
// authority may, with a reason: stopping is never the danger (others:
// [fehler.ErrForbidden]). There is no way back but a new Fassung.
// Switching off twice gives the first again.
func (w *Regelwerk) SwitchOff(a tenant.Akteur, am datum.Datum, grund string) (*Regelwerk, error) {
	const op = "pruefung.SwitchOff"
	switch {
	case a.ID == "" || a.Art != tenant.Person && a.Art != tenant.Maschine:
		return nil, fehler.New(op, w.a.kennung(), fehler.ErrForbidden, nil)
	case grund == "" || len(grund) > MaxText || !imKalender(am):
		return nil, fehler.New(op, w.a.kennung(), fehler.ErrInvalid, fehler.Probleme{problem("abschaltung-grund", "/abschaltung",
			"reason or day missing", "Zum Abschalten gehören ein Grund und der Tag.")})
	case w.a.Abschaltung != nil:
		return w, nil
	}
	n := w.a.clone()
	n.Abschaltung = &Abschaltung{Zeichnung: Zeichnung{Akteur: a.ID, VertretungFuer: a.VertretungFuer, Am: am}, Grund: grund}
	return w.mit(n), nil
}

func (w *Regelwerk) mit(a Angaben) *Regelwerk {
	n := &Regelwerk{a: a, werk: w.werk} // the same rules and schema
	n.inhalt, n.hash = a.summen()
	return n
}
