package vorgang

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Merges tells whether what the commands since loading did may stand beside the
// entries in between: those that somebody else wrote after the caller looked and
// before the Vorgang was loaded. Steps about different things commute and are merged;
// two about the same thing are fehler.ErrConflict, which names the other step. What
// only adds (a note, a letter, a question) commutes with everything.
func (v *Vorgang) Merges(dazwischen []Ereignis) error {
	fremd := map[string]*Ereignis{}
	for i := range dazwischen {
		d, err := dazwischen[i].daten()
		if err != nil {
			return err
		}
		if was := aendert(d); was != "" {
			fremd[was] = &dazwischen[i]
		}
	}
	var p []fehler.Problem
	for i := range v.neu {
		d, err := v.neu[i].daten()
		if err != nil {
			return err
		}
		if e := fremd[aendert(d)]; e != nil {
			p = append(p, problem("vorgang.zwischenzeitlich", fmt.Sprintf("/journal/%d", e.Seq),
				"somebody else changed the same meanwhile", "Das hat inzwischen jemand anderes geändert: "+texte[e.Code]+". Bitte neu laden und prüfen."))
		}
	}
	if len(p) > 0 {
		return v.fail("Merges", fehler.ErrConflict, p...)
	}
	return nil
}

// aendert names what an entry changes for [Vorgang.Merges]; empty if it only adds.
func aendert(d daten) string {
	switch d := d.(type) {
	case *Notiert, *WiedervorlageGesetzt:
		return ""
	case *FrageErledigt:
		return "rueckfrage/" + d.Rueckfrage.String()
	case *Geantwortet:
		return "rueckfrage/" + d.Rueckfrage.String()
	case *Entworfen:
		return "bescheid/" + d.Bescheid.String()
	case *Vorgelegt:
		return "bescheid/" + d.Bescheid.String()
	case *Zurueckgegeben:
		return "bescheid/" + d.Bescheid.String()
	case *Freigegeben:
		return "bescheid/" + d.Bescheid.String()
	case *BeteiligungBeendet:
		return "beteiligung/" + d.Beteiligung.String()
	case *NotizEntfernt:
		return "notiz/" + d.ID.String()
	case *WiedervorlageEntfernt:
		return "wiedervorlage/" + d.ID.String()
	}
	return betrifft(d)
}
