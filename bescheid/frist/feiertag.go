package frist

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/ozg-fachwerk/fachwerk/internal/overlay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

//go:embed feiertage.json
var feiertageJSON []byte

// FeiertagRegel says how the day is found.
type FeiertagRegel string

// The ways.
const (
	FeiertagFest         FeiertagRegel = "fest"          // Monat and Tag
	FeiertagOstern       FeiertagRegel = "ostern"        // Abstand in days from Easter Sunday
	FeiertagWochentagVor FeiertagRegel = "wochentag-vor" // last Wochentag before Monat and Tag
)

// Gebiet limits a holiday to parts of a Land. Keys are digits of the AGS: the
// Gemeinde (8) or everything below a Kreis (5), Regierungsbezirk (3) or Land (2).
// The longest that fits decides.
type Gebiet struct {
	Ja       []string `json:"ja,omitempty"`
	Nein     []string `json:"nein,omitempty"`
	Ungewiss []string `json:"ungewiss,omitempty"`
	// Sonst answers for every other Gemeinde: "ungewiss" while the list is not complete.
	Sonst Antwort `json:"sonst"`
}

// Feiertag is one public holiday as data. Several records may share a day.
type Feiertag struct {
	ID    string        `json:"id"`
	Name  string        `json:"name"`
	Regel FeiertagRegel `json:"regel"`
	Monat int           `json:"monat,omitempty"`
	Tag   int           `json:"tag,omitempty"`
	// Abstand is in days from Easter Sunday.
	Abstand int `json:"abstand,omitempty"`
	// Wochentag counts from Sunday = 0.
	Wochentag int `json:"wochentag,omitempty"`
	// Laender is empty for all.
	Laender []tenant.Land `json:"laender,omitempty"`
	// Jahre limits the day to these years (one-off days).
	Jahre []int `json:"jahre,omitempty"`
	// Von and Bis are compared with the day itself.
	Von       datum.Datum `json:"von,omitzero"`
	Bis       datum.Datum `json:"bis,omitzero"`
	Gebiet    *Gebiet     `json:"gebiet,omitempty"`
	Quelle    []string    `json:"quelle"`
	Konfidenz Konfidenz   `json:"konfidenz"`
}

// am gives the day in a year; ok is false if it is no holiday then.
func (f *Feiertag) am(jahr int) (d datum.Datum, ok bool) {
	if len(f.Jahre) > 0 && !slices.Contains(f.Jahre, jahr) {
		return d, false
	}
	switch f.Regel {
	case FeiertagFest:
		d = datum.New(jahr, time.Month(f.Monat), f.Tag)
		if d.Tag() != f.Tag { // 29 February
			return d, false
		}
	case FeiertagOstern:
		d = Ostersonntag(jahr).AddTage(f.Abstand)
	case FeiertagWochentagVor:
		d = datum.New(jahr, time.Month(f.Monat), f.Tag).AddTage(-1)
		d = d.AddTage(-((int(d.Wochentag()) - f.Wochentag + 7) % 7))
	}
	return d, datum.Zeitraum{Von: f.Von, Bis: f.Bis}.Enthaelt(d)
}

type feiertagDatei struct {
	Stand     string            `json:"stand"`
	GiltAb    datum.Datum       `json:"gilt_ab,omitzero"`
	Quellen   map[string]Quelle `json:"quellen,omitempty"`
	Feiertage []Feiertag        `json:"feiertage"`
}

var standardKalender = sync.OnceValue(func() *Kalender {
	k, err := loadKalender(bytes.NewReader(feiertageJSON), &Kalender{})
	if err != nil {
		// The file is part of the program and loaded by the tests.
		panic("frist: feiertage.json: " + err.Error())
	}
	return k
})

// StandardKalender gives the holidays that ship with the package.
//
// They cover the laws of the Länder from 1991. Lists of Gemeinden are not
// complete (Mariä Himmelfahrt in Bavaria, Fronleichnam in parts of Saxony and
// Thuringia): where a Gemeinde is not listed the answer is [Ungewiss]. Load the
// Gemeinden you serve with [LoadKalender].
func StandardKalender() *Kalender { return standardKalender() }

// LoadKalenderOptions configures [LoadKalender]. Nil means defaults.
type LoadKalenderOptions struct {
	// Basis is the calendar the file is put over; nil is [StandardKalender].
	Basis *Kalender
}

// LoadKalender reads further or changed holidays: JSON {stand, quellen,
// feiertage} in the form of feiertage.json. A known id is replaced, others are
// added, such as a one-off day a Land declared. At most 4 MiB and 200 holidays.
// Every broken record is one problem in an error of kind [fehler.ErrInvalid].
func LoadKalender(r io.Reader, o *LoadKalenderOptions) (*Kalender, error) {
	if o != nil && o.Basis != nil {
		return loadKalender(r, o.Basis)
	}
	return loadKalender(r, StandardKalender())
}

// maxFeiertage keeps a year's table within one byte of index.
const maxFeiertage = 200

func loadKalender(r io.Reader, basis *Kalender) (*Kalender, error) {
	const op = "frist.LoadKalender"
	var d feiertagDatei
	if err := decode(r, &d); err != nil {
		return nil, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	k := &Kalender{stand: d.Stand, giltAb: basis.giltAb, quellen: map[string]Quelle{}}
	if !d.GiltAb.IsZero() {
		k.giltAb = d.GiltAb
	}
	for key, q := range basis.quellen {
		k.quellen[key] = q
	}
	for key, q := range d.Quellen {
		k.quellen[key] = q
	}
	if p := pruefeFeiertage(d, k.quellen); len(p) > 0 {
		return nil, fehler.New(op, "", fehler.ErrInvalid, p)
	}
	k.feiertage = overlay.Put(basis.feiertage, d.Feiertage, func(f *Feiertag) string { return f.ID })
	if len(k.feiertage) > maxFeiertage {
		return nil, fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme{problem("feiertag-anzahl", "/feiertage",
			"too many holidays", "Der Kalender hat zu viele Feiertage.")})
	}
	k.ordne()
	return k, nil
}

// ordne builds what lookups need.
func (k *Kalender) ordne() {
	summe := sha256.New()
	enc := json.NewEncoder(summe)
	k.masken = make([]uint32, len(k.feiertage))
	k.gebiete = make([]map[string]Antwort, len(k.feiertage))
	for i := range k.feiertage {
		f := &k.feiertage[i]
		for _, l := range f.Laender {
			k.masken[i] |= landBit(l)
		}
		if len(f.Laender) == 0 {
			k.masken[i] = alleLaender
		}
		if g := f.Gebiet; g != nil {
			m := make(map[string]Antwort, len(g.Ja)+len(g.Nein)+len(g.Ungewiss))
			for antwort, liste := range map[Antwort][]string{Ja: g.Ja, Nein: g.Nein, Ungewiss: g.Ungewiss} {
				for _, s := range liste {
					m[s] = antwort
				}
			}
			k.gebiete[i] = m
		}
		_ = enc.Encode(f) // a hash never fails to be written, and a Feiertag holds only plain values
	}
	k.kennung = hex.EncodeToString(summe.Sum(nil)[:6])
	if k.stand != "" {
		k.kennung = k.stand + "/" + k.kennung
	}
}

// Kennung names exactly this set of holidays: its Stand and a hash.
func (k *Kalender) Kennung() string { return k.kennung }

// Regeln gives all holidays as data, in the order they were loaded.
func (k *Kalender) Regeln() []Feiertag { return slices.Clone(k.feiertage) }

// Quelle finds a source by its key.
func (k *Kalender) Quelle(key string) (Quelle, bool) {
	q, ok := k.quellen[key]
	return q, ok
}

func pruefeFeiertage(d feiertagDatei, quellen map[string]Quelle) fehler.Probleme {
	p := &pruefer{}
	p.fordere(len(d.Feiertage) <= maxFeiertage, "feiertag-anzahl", "/feiertage", "too many holidays", "Die Datei hat zu viele Feiertage.")
	p.fordere(imBereich(d.GiltAb) && len(d.Stand) <= maxLaenge, "feiertag-geltung", "/gilt_ab", "date out of range", "Das Datum liegt außerhalb des Kalenders.")
	gesehen := map[string]bool{}
	for i := range d.Feiertage {
		f := &d.Feiertage[i]
		p.pfad = fmt.Sprintf("/feiertage/%d", i)
		p.fordere(idForm.MatchString(f.ID) && len(f.ID) <= 64, "feiertag-id", "/id", "id is not upper-case letters, digits and hyphens",
			"Die Kennung besteht aus Großbuchstaben, Ziffern und Bindestrichen.")
		p.fordere(!gesehen[f.ID], "feiertag-doppelt", "/id", "id twice in one file", "Die Kennung kommt in der Datei zweimal vor.")
		gesehen[f.ID] = true
		p.fordere(f.Name != "" && len(f.Name) <= maxLaenge, "feiertag-name", "/name", "name missing", "Der Name fehlt.")
		p.quelle(f.Quelle, f.Konfidenz, quellen)
		p.laender(f.Laender)
		p.zeitraum(f.Von, f.Bis)
		p.feiertagRegel(f)
		p.gebiet(f.Gebiet)
		for _, j := range f.Jahre {
			p.fordere(j >= minJahr && j <= maxJahr, "feiertag-jahr", "/jahre", "year out of range", "Das Jahr liegt außerhalb des Kalenders.")
		}
	}
	return p.probleme
}

func (p *pruefer) feiertagRegel(f *Feiertag) {
	ok := false
	switch f.Regel {
	case FeiertagFest, FeiertagWochentagVor:
		// 2024 is a leap year: 29 February exists.
		ok = f.Monat >= 1 && f.Monat <= 12 && f.Tag >= 1 && datum.New(2024, time.Month(f.Monat), f.Tag).Monat() == time.Month(f.Monat) &&
			f.Wochentag >= 0 && f.Wochentag <= 6 && f.Abstand == 0 &&
			// the weekday before the first days of January lies in another year
			(f.Regel == FeiertagFest || f.Monat > 1 || f.Tag > 7)
	case FeiertagOstern:
		ok = f.Monat == 0 && f.Tag == 0 && f.Abstand >= -80 && f.Abstand <= 250 // stays inside the year
	}
	p.fordere(ok, "feiertag-regel", "/regel", "day cannot be worked out", "Der Tag lässt sich aus den Angaben nicht bestimmen.")
}

func (p *pruefer) gebiet(g *Gebiet) {
	if g == nil {
		return
	}
	p.fordere(g.Sonst == Ja || g.Sonst == Nein || g.Sonst == Ungewiss, "feiertag-gebiet", "/gebiet/sonst", "answer is not ja, nein or ungewiss",
		"Die Antwort für andere Gemeinden fehlt.")
	gesehen := map[string]bool{}
	for _, liste := range [][]string{g.Ja, g.Nein, g.Ungewiss} {
		for _, s := range liste {
			p.fordere(slices.Contains(gebietsLaengen[:], len(s)) && ziffern(s), "feiertag-gebiet", "/gebiet", "area is not an AGS or its start",
				"Ein Gebiet ist ein AGS (8 Ziffern) oder dessen Anfang (5, 3 oder 2 Ziffern).")
			p.fordere(!gesehen[s], "feiertag-gebiet", "/gebiet", "area twice", "Ein Gebiet kommt zweimal vor.")
			gesehen[s] = true
		}
	}
}

func ziffern(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
