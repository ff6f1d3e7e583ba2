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
)

// Warnung says that a day came on which somebody must look.
type Warnung struct {
	Sache WarnungSache `json:"sache"`
	ID    uuid.UUID    `json:"id"` // of the thing
	// Tag for which it was ordered; with Sache and ID it names the warning.
	Tag datum.Datum `json:"tag"`
}

// orderWarnungen orders one Auftrag for each day.
func (v *Vorgang) orderWarnungen(now time.Time, s WarnungSache, id uuid.UUID, tage ...datum.Datum) error {
	for _, t := range tage {
		if err := v.order(now, FristWarnen, t.Beginn(), Warnung{Sache: s, ID: id, Tag: t}); err != nil {
			return err
		}
	}
	return nil
}

// RecordWarnung reports that the day of a warning has come. What is settled, replaced
// or was warned of already changes nothing. If the Vorgang rested meanwhile, the
// warning of its Bearbeitungsfrist is ordered anew for as many days later.
func (v *Vorgang) RecordWarnung(a tenant.Akteur, now time.Time, w Warnung) error {
	if err := v.check("RecordWarnung", a, now, BefehlMelden); err != nil {
		return err
	}
	if !v.s.aussteht(w) || slices.Contains(v.s.Warnungen, w) {
		return nil
	}
	if f := v.s.Bearbeitungsfrist; w.Sache == WarnungBearbeitungsfrist {
		heute := datum.Von(v.zeitpunkt(now))
		spaeter := w.Tag.AddTage(f.Ende.TageBis(v.s.Fristende(heute)))
		if v.s.Ausgesetzt() != nil && !spaeter.Nach(heute) {
			spaeter = heute.AddTage(1)
		}
		if spaeter.Nach(heute) {
			return v.order(now, FristWarnen, spaeter.Beginn(), w)
		}
	}
	return v.record(a, now, &Gewarnt{Warnung: w})
}

// aussteht tells whether what the warning is about still waits.
func (s *Stand) aussteht(w Warnung) bool {
	switch w.Sache {
	case WarnungBearbeitungsfrist:
		return s.Bearbeitungsfrist != nil && s.Bearbeitungsfrist.ID == w.ID && (s.Status == Neu || s.Status == Angenommen || s.Status == InBearbeitung)
	case WarnungStellungnahme:
		x := finde(s.Stellungnahmen, w.ID)
		return x != nil && x.Zustand.Offen() && x.Bis == w.Tag.AddTage(-1)
	case WarnungMitzeichnung:
		x := finde(s.Mitzeichnungen, w.ID)
		return x != nil && x.Zustand == MitzeichnungOffen
	case WarnungWiedervorlage:
		x := s.wiedervorlage(w.ID)
		return x != nil && x.Offen()
	}
	return false
}

// Gewarnt: a day came on which somebody must look (frist.gewarnt).
type Gewarnt struct {
	Warnung Warnung `json:"warnung"`
}

func (*Gewarnt) code() Code { return "frist.gewarnt" }

func (d *Gewarnt) apply(s *Stand, _ *Ereignis) { s.Warnungen = append(s.Warnungen, d.Warnung) }
