package zahlung

import (
	"maps"
	"math/bits"
	"slices"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Angaben are what every command says.
type Angaben struct {
	// Schluessel makes the command idempotent: the same with the same content changes
	// nothing, with another it matches [fehler.ErrConflict]. For money that came in it
	// is that of the Umsatz or "weg:transaktion". 1 to 200 bytes.
	Schluessel string
	// Zeit is now.
	Zeit time.Time
	// Tag is the legal day; zero is that of Zeit in Berlin. Of money it is the day of
	// the value.
	Tag datum.Datum
	// Grund for the file, in German; mandatory where money is not pursued.
	Grund string
}

// anteil gives teil*von/ganz, rounded down, without overflow; von is at most ganz.
func anteil(teil, von, ganz Betrag) Betrag {
	hi, lo := bits.Mul64(uint64(teil), uint64(von))
	q, _ := bits.Div64(hi, lo, uint64(ganz))
	return Betrag(q)
}

// add appends the Bewegung, once per Schluessel.
func (f Forderung) add(op string, a Angaben, b Bewegung, erlaubt func(Stand) error) (Forderung, error) {
	if a.Schluessel == "" || len(a.Schluessel) > 200 || a.Zeit.IsZero() || len(a.Grund) > 2000 {
		return f, f.ungueltig(op, "zahlung.angaben", "key or time is missing, or a text is too long", "Schlüssel oder Zeit der Buchung fehlen, oder ein Text ist zu lang.")
	}
	b.Schluessel, b.Zeit, b.Tag, b.Grund = a.Schluessel, utc(a.Zeit), a.Tag, strings.TrimSpace(a.Grund)
	if b.Tag.IsZero() {
		b.Tag = datum.Von(a.Zeit)
	}
	for _, alt := range f.Bewegungen {
		if alt.Schluessel != b.Schluessel {
			continue
		}
		if alt.Art == b.Art && alt.Betrag == b.Betrag && alt.Bezug == b.Bezug && alt.Bis == b.Bis && alt.Stufe == b.Stufe {
			return f, nil
		}
		return f, f.konflikt(op, "zahlung.schluessel", "the key was used with another content", "Unter diesem Schlüssel ist schon etwas anderes gebucht.")
	}
	if len(f.Bewegungen) >= MaxBewegungen {
		return f, fehler.New("zahlung."+op, f.ID, fehler.ErrConflict, errVoll)
	}
	if err := erlaubt(f.Stand(b.Tag)); err != nil {
		return f, err
	}
	f.Bewegungen = append(slices.Clip(f.Bewegungen), b)
	return f, nil
}

func (f Forderung) betrag(op string, b Betrag) error {
	if b <= 0 || b > MaxBetrag {
		return f.ungueltig(op, "zahlung.betrag", "the amount is not above zero or is too large", "Der Betrag ist nicht größer als null oder zu groß.")
	}
	return nil
}

func (f Forderung) grund(op string, a Angaben) error {
	if strings.TrimSpace(a.Grund) == "" {
		return f.ungueltig(op, "zahlung.grund", "a reason is required", "Bitte einen Grund angeben.")
	}
	return nil
}

// Pay records money that came in, in every state: it is there.
func (f Forderung) Pay(a Angaben, betrag Betrag) (Forderung, error) {
	if err := f.betrag("Pay", betrag); err != nil {
		return f, err
	}
	return f.add("Pay", a, Bewegung{Art: Eingang, Betrag: betrag}, func(s Stand) error {
		if _, err := s.Gezahlt.Plus(betrag); err != nil {
			return f.betrag("Pay", 0)
		}
		return nil
	})
}

// Return records that the Eingang with the key was taken back, whole; once only.
func (f Forderung) Return(a Angaben, eingang string) (Forderung, error) {
	var betrag Betrag
	for _, b := range f.Bewegungen {
		if b.Art == Eingang && b.Schluessel == eingang {
			betrag = b.Betrag
		}
	}
	return f.add("Return", a, Bewegung{Art: Rueckgabe, Betrag: betrag, Bezug: eingang}, func(Stand) error {
		if betrag == 0 {
			return fehler.New("zahlung.Return", f.ID, fehler.ErrNotFound, fehler.Probleme{problem("zahlung.eingang-unbekannt", "", "no such payment", "Die Zahlung, die zurückgegeben wurde, ist hier nicht gebucht.")})
		}
		if slices.ContainsFunc(f.Bewegungen, func(b Bewegung) bool { return b.Art == Rueckgabe && b.Bezug == eingang }) {
			return f.konflikt("Return", "zahlung.schon-zurueckgegeben", "the payment was returned before", "Diese Zahlung ist schon als zurückgegeben gebucht.")
		}
		return nil
	})
}

// Refund records that surplus was paid back; never more than there is.
func (f Forderung) Refund(a Angaben, betrag Betrag) (Forderung, error) {
	if err := f.betrag("Refund", betrag); err != nil {
		return f, err
	}
	return f.add("Refund", a, Bewegung{Art: Erstattung, Betrag: betrag}, func(s Stand) error {
		if betrag > s.Ueberschuss {
			return f.konflikt("Refund", "zahlung.kein-ueberschuss", "more than the surplus", "So viel ist nicht zu viel gezahlt worden.")
		}
		return nil
	})
}

// offen refuses a command where nothing is to be paid.
func (f Forderung) offen(op string, s Stand) error {
	if s.Offen == 0 {
		return f.konflikt(op, "zahlung.nichts-offen", "nothing is open", "Es ist nichts mehr zu zahlen.")
	}
	return nil
}

// Defer sets a new day of payment (Stundung); reminders begin anew after it.
func (f Forderung) Defer(a Angaben, bis datum.Datum) (Forderung, error) {
	if err := f.grund("Defer", a); err != nil {
		return f, err
	}
	return f.add("Defer", a, Bewegung{Art: Stundung, Bis: bis}, func(s Stand) error {
		if err := f.offen("Defer", s); err != nil {
			return err
		}
		if heute := datum.Von(a.Zeit); !bis.Nach(heute) || !bis.Nach(s.Faellig) {
			return f.ungueltig("Defer", "zahlung.stundung-bis", "the new day is not after today and the present one", "Das Ende der Stundung liegt nicht nach heute und nach der bisherigen Fälligkeit.")
		}
		return nil
	})
}

// WriteOff stops the pursuit (Niederschlagung); the debt stays, and money still counts.
func (f Forderung) WriteOff(a Angaben) (Forderung, error) {
	if err := f.grund("WriteOff", a); err != nil {
		return f, err
	}
	return f.add("WriteOff", a, Bewegung{Art: Niederschlagung}, func(s Stand) error {
		if s.Lage == Niedergeschlagen {
			return f.konflikt("WriteOff", "zahlung.niedergeschlagen", "written off before", "Die Forderung ist schon niedergeschlagen.")
		}
		return f.offen("WriteOff", s)
	})
}

// Resume ends a Niederschlagung.
func (f Forderung) Resume(a Angaben) (Forderung, error) {
	if err := f.grund("Resume", a); err != nil {
		return f, err
	}
	return f.add("Resume", a, Bewegung{Art: Wiederaufnahme}, func(s Stand) error {
		if s.Lage != Niedergeschlagen {
			return f.konflikt("Resume", "zahlung.nicht-niedergeschlagen", "not written off", "Die Forderung ist nicht niedergeschlagen.")
		}
		return nil
	})
}

// Waive lowers what is owed (Erlass, or a decision that was changed), by at most what
// is owed. What was paid already becomes surplus.
func (f Forderung) Waive(a Angaben, betrag Betrag) (Forderung, error) {
	if err := f.betrag("Waive", betrag); err != nil {
		return f, err
	}
	if err := f.grund("Waive", a); err != nil {
		return f, err
	}
	return f.add("Waive", a, Bewegung{Art: Erlass, Betrag: betrag}, func(s Stand) error {
		if betrag > s.Soll {
			return f.konflikt("Waive", "zahlung.erlass-zu-hoch", "more than is owed", "So viel ist nicht geschuldet.")
		}
		return nil
	})
}

// Remind records the next Mahnung; it must be the one [Mahntabelle.Next] gives for the
// legal day.
func (f Forderung) Remind(a Angaben, t Mahntabelle) (Forderung, error) {
	tag := a.Tag
	if tag.IsZero() {
		tag = datum.Von(a.Zeit)
	}
	for _, b := range f.Bewegungen {
		if b.Schluessel == a.Schluessel && b.Art == Mahnung {
			return f, nil // which stage it was is decided already
		}
	}
	n, ok := t.Next(f, tag)
	b := Bewegung{Art: Mahnung, Betrag: n.Stufe.Gebuehr, Stufe: n.Stufe.Stufe, Quelle: n.Stufe.Quelle, Buchung: maps.Clone(n.Stufe.Buchung)}
	if ok {
		b.Bis = tag.AddTage(n.Stufe.Zahlungsfrist)
	}
	return f.add("Remind", a, b, func(s Stand) error {
		if !ok || tag.Vor(n.Ab) {
			return f.konflikt("Remind", "zahlung.mahnung-nicht-faellig", "no reminder is due", "Eine Mahnung ist jetzt nicht vorgesehen.")
		}
		if _, err := s.Soll.Plus(b.Betrag); err != nil {
			return f.betrag("Remind", 0)
		}
		return nil
	})
}

// Settle records what a payment service says was paid, once: the same [Zahlung] asked
// again changes nothing, and one that was paid in parts counts only what is new. A
// payment of another currency matches [fehler.ErrInvalid]. What the service paid back
// is not booked; see [Forderung.Refund].
func (f Forderung) Settle(z Zahlung, zeit time.Time) (Forderung, error) {
	if z.Waehrung != f.Waehrung || z.Weg == "" || z.Transaktion == "" {
		return f, f.ungueltig("Settle", "zahlung.fremd", "another currency, or a payment without service and transaction", "Die Zahlung ist in anderer Währung oder nennt keinen Bezahldienst.")
	}
	vorn := z.Weg + ":" + z.Transaktion + ":"
	var schon Betrag
	for _, b := range f.Bewegungen {
		if b.Art == Eingang && strings.HasPrefix(b.Schluessel, vorn) {
			schon += b.Betrag
		}
	}
	if z.Bezahlt <= schon {
		return f, nil
	}
	return f.Pay(Angaben{Schluessel: vorn + z.Bezahlt.String(), Zeit: zeit, Tag: datum.Von(z.Zeit)}, z.Bezahlt-schon)
}
