package frist

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Antwort is the answer to a question about a day. "ungewiss" means: it depends
// on a Gemeinde or Land that was not named, or on a list that is not complete.
type Antwort string

// The answers.
const (
	Nein     Antwort = "nein"
	Ja       Antwort = "ja"
	Ungewiss Antwort = "ungewiss"
)

// Ort is the place whose holidays count.
type Ort struct {
	// Land is empty if not known; days that are no holiday everywhere are then uncertain.
	Land tenant.Land `json:"land,omitempty"`
	// Gemeinde is the ARS (12 digits) or AGS (8 digits); empty if not known.
	Gemeinde string `json:"gemeinde,omitempty"`
}

// ags gives the 8 digits of an ARS or AGS, or "".
func (o Ort) ags() string {
	if len(o.Gemeinde) == 12 {
		return o.Gemeinde[:5] + o.Gemeinde[9:]
	}
	return o.Gemeinde
}

// Auskunft is what the calendar knows about one day in one place.
type Auskunft struct {
	Datum   datum.Datum `json:"datum"`
	Antwort Antwort     `json:"antwort"`
	// Name and ID are those of the holiday; empty if there is none.
	Name      string    `json:"name,omitempty"`
	ID        string    `json:"id,omitempty"`
	Konfidenz Konfidenz `json:"konfidenz,omitempty"`
}

// Kalender holds the public holidays of all Länder. It is immutable and safe
// for concurrent use; years are worked out once. The zero value knows no
// holiday; take [StandardKalender] or [LoadKalender].
type Kalender struct {
	stand     string
	kennung   string
	giltAb    datum.Datum
	feiertage []Feiertag
	quellen   map[string]Quelle
	gebiete   []map[string]Antwort // per holiday; nil: the whole Land
	masken    []uint32             // per holiday, bit = position in tenant.Laender
	jahre     [maxJahr - minJahr + 1]atomic.Pointer[jahrestafel]
}

type tafelEintrag struct {
	schluessel uint16 // month and day
	feiertag   uint16
	tag        datum.Datum
}

// jahrestafel: kopf[month*32+day] is 1 + the first position in liste, 0 for none.
type jahrestafel struct {
	kopf  [13 * 32]uint8
	liste []tafelEintrag
}

func tagSchluessel(d datum.Datum) uint16 { return uint16(int(d.Monat())*32 + d.Tag()) }

const alleLaender uint32 = 1<<16 - 1

// landBit is 0 for a Land that is not known.
func landBit(l tenant.Land) uint32 {
	s := l.Schluessel()
	if s == "" {
		return 0
	}
	return 1 << (int(s[0]-'0')*10 + int(s[1]-'0') - 1)
}

func (k *Kalender) tafel(jahr int) *jahrestafel {
	i := jahr - minJahr
	if i < 0 || i >= len(k.jahre) {
		return k.newTafel(jahr)
	}
	if t := k.jahre[i].Load(); t != nil {
		return t
	}
	t := k.newTafel(jahr) // two goroutines may do it twice; both tables are the same
	k.jahre[i].Store(t)
	return t
}

func (k *Kalender) newTafel(jahr int) *jahrestafel {
	t := &jahrestafel{}
	for i := range k.feiertage {
		if d, ok := k.feiertage[i].am(jahr); ok {
			t.liste = append(t.liste, tafelEintrag{tagSchluessel(d), uint16(i), d})
		}
	}
	slices.SortStableFunc(t.liste, func(a, b tafelEintrag) int { return int(a.schluessel) - int(b.schluessel) })
	for i := len(t.liste) - 1; i >= 0; i-- {
		if i < 255 {
			t.kopf[t.liste[i].schluessel] = uint8(i + 1)
		}
	}
	return t
}

// IsFeiertag tells whether the day is a public holiday in the place. The day of
// the week plays no part.
func (k *Kalender) IsFeiertag(ort Ort, d datum.Datum) Auskunft {
	a := Auskunft{Datum: d, Antwort: Nein}
	if d.IsZero() {
		return a
	}
	t := k.tafel(d.Jahr())
	s := tagSchluessel(d)
	kopf := t.kopf[s]
	if kopf == 0 {
		return a
	}
	bit := landBit(ort.Land)
	var voll uint32 // with no Land named: Länder where the whole day is free
	for _, e := range t.liste[kopf-1:] {
		if e.schluessel != s {
			break
		}
		f := &k.feiertage[e.feiertag]
		maske := k.masken[e.feiertag]
		antwort := Nein
		switch {
		case bit != 0 && maske&bit != 0:
			antwort = k.inGebiet(int(e.feiertag), ort)
		case bit == 0:
			antwort = Ungewiss
			if k.gebiete[e.feiertag] == nil {
				voll |= maske
			}
			if voll == alleLaender {
				antwort = Ja
			}
		}
		if antwort == Ja || (antwort == Ungewiss && a.Antwort == Nein) {
			a.Antwort, a.Name, a.ID, a.Konfidenz = antwort, f.Name, f.ID, f.Konfidenz
		}
		if a.Antwort == Ja {
			break
		}
	}
	return a
}

// inGebiet: the longest known prefix of the AGS decides.
func (k *Kalender) inGebiet(i int, ort Ort) Antwort {
	g := k.gebiete[i]
	if g == nil {
		return Ja
	}
	ags := ort.ags()
	if ags == "" {
		return Ungewiss
	}
	for _, n := range gebietsLaengen {
		if n <= len(ags) {
			if a, ok := g[ags[:n]]; ok {
				return a
			}
		}
	}
	return k.feiertage[i].Gebiet.Sonst
}

// gebietsLaengen: Gemeinde, Kreis, Regierungsbezirk, Land.
var gebietsLaengen = [...]int{8, 5, 3, 2}

// IsWerktag tells whether a period may end on the day: it is neither Saturday,
// Sunday nor a public holiday (§ 193 BGB, § 31 (3) VwVfG). 24 and 31 December
// are ordinary working days.
func (k *Kalender) IsWerktag(ort Ort, d datum.Datum) Antwort {
	if w := d.Wochentag(); w == time.Saturday || w == time.Sunday {
		return Nein
	}
	switch k.IsFeiertag(ort, d).Antwort {
	case Ja:
		return Nein
	case Ungewiss:
		return Ungewiss
	}
	return Ja
}

// NaechsterWerktag gives d itself if it is a working day, else the next one.
// frueh counts uncertain holidays as working days, spaet as holidays; where the
// place is certain both are the same.
func (k *Kalender) NaechsterWerktag(ort Ort, d datum.Datum) (frueh, spaet datum.Datum) {
	frueh = k.werktagAb(ort, d, false)
	if frueh == d && k.IsFeiertag(ort, d).Antwort == Nein {
		return frueh, frueh
	}
	return frueh, k.werktagAb(ort, d, true)
}

func (k *Kalender) werktagAb(ort Ort, d datum.Datum, ungewissFrei bool) datum.Datum {
	// A calendar whose extra days fill a month must not loop for ever.
	w := d.Wochentag()
	for range maxVerschiebung {
		if w != time.Saturday && w != time.Sunday {
			a := k.IsFeiertag(ort, d).Antwort
			if a == Nein || (a == Ungewiss && !ungewissFrei) {
				return d
			}
		}
		d, w = d.AddTage(1), (w+1)%7
	}
	return d
}

const maxVerschiebung = 60

// Feiertage lists the holidays of a year in a place, by date, those that are
// uncertain included. Years outside 1900 to 2199 give nil.
func (k *Kalender) Feiertage(ort Ort, jahr int) []Auskunft {
	if jahr < minJahr || jahr > maxJahr {
		return nil
	}
	var out []Auskunft
	var zuletzt datum.Datum
	for _, e := range k.tafel(jahr).liste {
		if e.tag == zuletzt {
			continue
		}
		zuletzt = e.tag
		if a := k.IsFeiertag(ort, e.tag); a.Antwort != Nein {
			out = append(out, a)
		}
	}
	return out
}

// Ostersonntag gives Easter Sunday of the Gregorian calendar
// (computus of Meeus, Jones and Butcher).
func Ostersonntag(jahr int) datum.Datum {
	a := jahr % 19
	b, c := jahr/100, jahr%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return datum.New(jahr, time.Month(n/31), n%31+1)
}
