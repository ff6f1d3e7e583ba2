package vorgang

import (
	"iter"
	"time"

	"github.com/google/uuid"
)

// Durchlaufzeit is how long a Vorgang took, from its journal alone. A time that has not
// come is zero; of several the first counts.
type Durchlaufzeit struct {
	Eingang        time.Time
	Begonnen       time.Time // first in_bearbeitung
	Beschieden     time.Time
	Bekanntgegeben time.Time
	Abgeschlossen  time.Time
	// Gewartet is the time before the end (see Ende) in which the authority could not go
	// on: a Rueckfrage was open, or the Vorgang was suspended. Times that overlap count once.
	Gewartet time.Duration
}

// Ende is when the work was done: the decision, or the closing without one.
func (d Durchlaufzeit) Ende() time.Time {
	if d.Beschieden.IsZero() {
		return d.Abgeschlossen
	}
	return d.Beschieden
}

// Netto is the time from Eingang to Ende without what was waited for; zero while it
// is not done.
func (d Durchlaufzeit) Netto() time.Duration {
	if d.Ende().IsZero() {
		return 0
	}
	return d.Ende().Sub(d.Eingang) - d.Gewartet
}

// Durchlauf measures a Vorgang by its journal. Entries whose data were erased are
// fehler.ErrNotFound.
func Durchlauf(journal iter.Seq2[Ereignis, error]) (Durchlaufzeit, error) {
	var out Durchlaufzeit
	offen := map[uuid.UUID]bool{} // what is waited for
	var seit time.Time
	erste := func(t *time.Time, zeit time.Time) {
		if t.IsZero() {
			*t = zeit
		}
	}
	warte := func(id uuid.UUID, ja bool, zeit time.Time) {
		war := len(offen) > 0
		if ja {
			offen[id] = true
		} else {
			delete(offen, id)
		}
		switch ist := len(offen) > 0; {
		case ist && !war:
			seit = zeit
		case war && !ist && out.Ende().IsZero():
			out.Gewartet += zeit.Sub(seit)
		}
	}
	ende := func(zeit time.Time) {
		if len(offen) > 0 && out.Ende().IsZero() {
			out.Gewartet += zeit.Sub(seit)
		}
	}
	for e, err := range journal {
		if err != nil {
			return Durchlaufzeit{}, err
		}
		switch e.Code { // the others are not decoded
		case "vorgang.eingegangen", "vorgang.status", "bescheid.bekanntgegeben", "rueckfrage.gestellt", "rueckfrage.erledigt",
			"rueckfrage.beantwortet", "aussetzung.begonnen", "aussetzung.beendet":
		default:
			continue
		}
		d, err := e.daten()
		if err != nil {
			return Durchlaufzeit{}, err
		}
		switch d := d.(type) {
		case *Eingegangen:
			out.Eingang = d.Eingang
		case *StatusGesetzt:
			switch d.Nach {
			case InBearbeitung:
				erste(&out.Begonnen, e.Zeit)
			case Beschieden:
				ende(e.Zeit)
				erste(&out.Beschieden, e.Zeit)
			case Abgeschlossen:
				ende(e.Zeit)
				erste(&out.Abgeschlossen, e.Zeit)
			}
		case *BescheidBekanntgegeben:
			erste(&out.Bekanntgegeben, e.Zeit)
		case *Gefragt:
			warte(d.ID, true, e.Zeit)
		case *FrageErledigt:
			warte(d.Rueckfrage, false, e.Zeit)
		case *Geantwortet:
			warte(d.Rueckfrage, false, e.Zeit)
		case *AussetzungBegonnen:
			warte(d.wer().ID, d.Nach != nil, e.Zeit)
		case *AussetzungBeendet:
			warte(d.wer().ID, d.Nach.Bis.IsZero(), e.Zeit)
		}
	}
	return out, nil
}
