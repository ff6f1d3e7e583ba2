package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// MaxWarnungen is how many warnings one deadline can have.
const MaxWarnungen = 20

// WarnungSache says what a warning is about.
type WarnungSache string

// The things with a day on which somebody must look.
const (
	WarnungBearbeitungsfrist WarnungSache = "bearbeitungsfrist"
	WarnungStellungnahme     WarnungSache = "stellungnahme"
	WarnungMitzeichnung      WarnungSache = "mitzeichnung"
	WarnungWiedervorlage     WarnungSache = "wiedervorlage"
	// WarnungRueckfrage: to remind of a question, or its deadline has passed.
	WarnungRueckfrage WarnungSache = "rueckfrage"
)

// Warnung says that a day came on which somebody must look.
type Warnung struct {
	Sache WarnungSache `json:"sache"`
	ID    uuid.UUID    `json:"id"` // of the thing
	// Tag for which it was ordered; with Sache and ID it names the warning.
	Tag datum.Datum `json:"tag"`
}

// orderWarnung orders the warning for the first of the days, which are in order. The
// next one is ordered when its turn comes: most Vorgaenge are done before that.
func (v *Vorgang) orderWarnung(now time.Time, s WarnungSache, id uuid.UUID, tage ...datum.Datum) error {
	if len(tage) == 0 {
		return nil
	}
	return v.order(now, FristWarnen, tage[0].Beginn(), Warnung{Sache: s, ID: id, Tag: tage[0]})
}

// orderWieder orders the next warning of the Bearbeitungsfrist anew. While the Vorgang was
// discarded, decided or closed, or another Frist stood in its place, the one that was due
// may have come, changed nothing and ordered no next one. An order twice warns once.
func (v *Vorgang) orderWieder(now time.Time) error {
	f := v.s.Bearbeitungsfrist
	if f == nil || !v.s.Status.unentschieden() {
		return nil
	}
	heute := v.heute(now)
	spaeter := f.Ende.TageBis(v.s.Fristende(heute)) // the days it rested
	for _, tag := range f.Warnungen {
		w := Warnung{Sache: WarnungBearbeitungsfrist, ID: f.ID, Tag: tag}
		if !tag.AddTage(spaeter).Vor(heute) && !slices.Contains(v.s.Warnungen, w) {
			return v.orderWarnung(now, w.Sache, w.ID, tag)
		}
	}
	return nil
}

// RecordWarnung reports that the day of a warning has come, and orders the next one.
// What is settled, replaced or was warned of already changes nothing. If the Vorgang rested meanwhile, the
// warning of its Bearbeitungsfrist is ordered anew for as many days later.
func (v *Vorgang) RecordWarnung(a tenant.Akteur, now time.Time, w Warnung) error {
	if err := v.check("RecordWarnung", a, now, BefehlMelden); err != nil {
		return err
	}
	if !v.s.aussteht(w) || slices.Contains(v.s.Warnungen, w) {
		return nil
	}
	if f := v.s.Bearbeitungsfrist; w.Sache == WarnungBearbeitungsfrist {
		heute := v.heute(now)
		spaeter := w.Tag.AddTage(f.Ende.TageBis(v.s.Fristende(heute)))
		if v.s.Ausgesetzt() != nil && !spaeter.Nach(heute) {
			spaeter = heute.AddTage(1)
		}
		if spaeter.Nach(heute) {
			return v.order(now, FristWarnen, spaeter.Beginn(), w)
		}
	}
	if err := v.record(a, now, &Gewarnt{Warnung: w}); err != nil {
		return err
	}
	if w.Sache == WarnungRueckfrage {
		return v.erreicheFrage(a, now, w)
	}
	if f := v.s.Bearbeitungsfrist; w.Sache == WarnungBearbeitungsfrist {
		i, _ := slices.BinarySearchFunc(f.Warnungen, w.Tag.AddTage(1), datum.Datum.Compare)
		return v.orderWarnung(now, w.Sache, w.ID, f.Warnungen[i:]...)
	}
	return nil
}

// aussteht tells whether what the warning is about still waits.
func (s *Stand) aussteht(w Warnung) bool {
	switch w.Sache {
	case WarnungBearbeitungsfrist:
		return s.Bearbeitungsfrist != nil && s.Bearbeitungsfrist.ID == w.ID && s.Status.unentschieden()
	case WarnungStellungnahme:
		x := finde(s.Stellungnahmen, w.ID)
		return x != nil && x.Zustand.Offen() && x.Bis == w.Tag.AddTage(-1)
	case WarnungMitzeichnung:
		x := finde(s.Mitzeichnungen, w.ID)
		return x != nil && x.Zustand == MitzeichnungOffen
	case WarnungWiedervorlage:
		x := s.wiedervorlage(w.ID)
		return x != nil && x.Offen()
	case WarnungRueckfrage:
		x := s.rueckfrage(w.ID)
		return x != nil && x.Beantwortet.IsZero() && s.Status.Offen() && (w.Tag == x.Erinnern || w.Tag == x.Bis.AddTage(1))
	}
	return false
}

// Gewarnt: a day came on which somebody must look (frist.gewarnt).
type Gewarnt struct {
	Warnung Warnung `json:"warnung"`
}

func (*Gewarnt) code() Code { return "frist.gewarnt" }

func (d *Gewarnt) apply(s *Stand, _ *Ereignis) { s.Warnungen = append(s.Warnungen, d.Warnung) }
