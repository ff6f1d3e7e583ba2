package zahlung

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Forderung is what is owed, with all that happened to it. It is a plain value: its
// commands return a new one and, with an error, the one they were called on.
type Forderung struct {
	// ID is 1 to 36 characters as in Auftrag.ID.
	ID string `json:"id"`
	// Kassenzeichen is what the payer writes on a transfer; see package kassenzeichen.
	Kassenzeichen string     `json:"kassenzeichen,omitempty"`
	Waehrung      string     `json:"waehrung"`
	Positionen    []Position `json:"positionen"`
	Zweck         string     `json:"zweck,omitempty"`
	Beschreibung  string     `json:"beschreibung,omitempty"`
	Zahler        Zahler     `json:"zahler,omitzero"`
	// Faellig is the day it is to be paid by.
	Faellig    datum.Datum `json:"faellig"`
	Entstanden time.Time   `json:"entstanden"`
	// Bewegungen in their order; only commands append.
	Bewegungen []Bewegung `json:"bewegungen,omitempty"`
}

// Art says what a Bewegung is. The codes are stable.
type Art string

// The kinds of Bewegung.
const (
	Eingang         Art = "eingang"         // money came in
	Rueckgabe       Art = "rueckgabe"       // an Eingang was taken back (returned direct debit, charge-back)
	Erstattung      Art = "erstattung"      // surplus was paid back
	Mahnung         Art = "mahnung"         // a reminder, Betrag is its fee
	Stundung        Art = "stundung"        // deferred until Bis
	Niederschlagung Art = "niederschlagung" // not pursued for now; the debt stays
	Wiederaufnahme  Art = "wiederaufnahme"  // pursued again after a Niederschlagung
	Erlass          Art = "erlass"          // Betrag is waived
)

// Bewegung is one thing that happened to a Forderung.
type Bewegung struct {
	Art Art `json:"art"`
	// Schluessel makes the command idempotent; unique within the Forderung.
	Schluessel string `json:"schluessel"`
	// Zeit is when it was recorded, UTC in microseconds; Tag the legal day it counts for.
	Zeit   time.Time   `json:"zeit"`
	Tag    datum.Datum `json:"tag"`
	Betrag Betrag      `json:"betrag"`
	// Bezug is the Schluessel of the Eingang a Rueckgabe takes back.
	Bezug string `json:"bezug,omitempty"`
	// Stufe of a Mahnung, from 1; Quelle is where its fee comes from.
	Stufe  int    `json:"stufe,omitempty"`
	Quelle string `json:"quelle,omitempty"`
	// Bis is the new day of payment of a Stundung, or the one a Mahnung sets.
	Bis   datum.Datum `json:"bis,omitzero"`
	Grund string      `json:"grund,omitempty"`
	// Buchung are the accounting keys of the fee of a Mahnung.
	Buchung map[string]string `json:"buchung,omitempty"`
}

// MaxBewegungen bounds the list of a Forderung.
const MaxBewegungen = 10_000

// Lage is the state of a Forderung at a day. The codes are stable.
type Lage string

// The states, in the order in which the first that holds is given.
const (
	Ueberzahlt       Lage = "ueberzahlt"       // more came in than is owed
	LageErstattet    Lage = "erstattet"        // all that came in was paid back, nothing is owed
	Bezahlt          Lage = "bezahlt"          // nothing is open
	Niedergeschlagen Lage = "niedergeschlagen" // open, not pursued
	Gestundet        Lage = "gestundet"        // open, deferred
	Gemahnt          Lage = "gemahnt"          // open, reminded, and past its day
	Ueberfaellig     Lage = "ueberfaellig"     // open and past its day
	LageTeilbezahlt  Lage = "teilbezahlt"      // something came in, not yet due
	Offen            Lage = "offen"            // nothing came in, not yet due
)

// Stand is a Forderung as of a day.
type Stand struct {
	Lage Lage
	// Soll is what is owed: items and reminder fees less what was waived.
	Soll Betrag
	// Gezahlt is what came in less what was taken back; Erstattet what was paid back.
	Gezahlt, Erstattet Betrag
	// Offen is what is still to be paid, Ueberschuss what is to be paid back; one is 0.
	Offen, Ueberschuss Betrag
	// Faellig is the day that counts now: the first, or that of the last Stundung.
	Faellig datum.Datum
	// Stufe is the last Mahnung, 0 without one.
	Stufe int
}

// NewForderung checks the Forderung and gives it without Bewegungen. What is wrong is
// [fehler.Probleme].
func NewForderung(f Forderung, now time.Time) (Forderung, error) {
	var p fehler.Probleme
	if !kennung(f.ID) {
		p = append(p, problem("zahlung.kennung", "/id", "the id is not 1 to 36 characters of A-Z, a-z, 0-9 and -",
			"Die Kennung der Forderung hat nicht 1 bis 36 Zeichen aus Buchstaben, Ziffern und Bindestrich."))
	}
	p = append(p, checkPositionen(f.Positionen, f.Waehrung)...)
	if f.Faellig.IsZero() {
		p = append(p, problem("zahlung.faellig", "/faellig", "the due date is missing", "Die Fälligkeit der Forderung fehlt."))
	}
	if len(p) > 0 {
		return Forderung{}, fehler.New("zahlung.NewForderung", "", fehler.ErrInvalid, p)
	}
	f.Positionen = clonePositionen(f.Positionen)
	f.Bewegungen, f.Entstanden = nil, utc(now)
	return f, nil
}

// Clone gives a copy that shares nothing.
func (f Forderung) Clone() Forderung {
	f.Positionen, f.Bewegungen = clonePositionen(f.Positionen), slices.Clone(f.Bewegungen)
	for i := range f.Bewegungen {
		f.Bewegungen[i].Buchung = maps.Clone(f.Bewegungen[i].Buchung)
	}
	return f
}

func utc(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Stand gives the state at the end of the day. It is computed from all Bewegungen;
// the day decides only what is past due or deferred.
func (f Forderung) Stand(tag datum.Datum) Stand {
	soll, _ := Summe(f.Positionen)
	s := Stand{Soll: soll, Faellig: f.Faellig}
	var niedergeschlagen, eingang bool
	var gestundet, frist datum.Datum
	for _, b := range f.Bewegungen {
		switch b.Art {
		case Eingang:
			s.Gezahlt, eingang = s.Gezahlt+b.Betrag, true
		case Rueckgabe:
			s.Gezahlt -= b.Betrag
		case Erstattung:
			s.Erstattet += b.Betrag
		case Mahnung:
			s.Soll, s.Stufe, frist = s.Soll+b.Betrag, b.Stufe, b.Bis
		case Stundung:
			s.Faellig, gestundet, s.Stufe, frist = b.Bis, b.Bis, 0, datum.Datum{}
		case Niederschlagung:
			niedergeschlagen = true
		case Wiederaufnahme:
			niedergeschlagen = false
		case Erlass:
			s.Soll -= b.Betrag
		}
	}
	saldo := s.Soll - s.Gezahlt + s.Erstattet
	s.Offen, s.Ueberschuss = max(saldo, 0), max(-saldo, 0)
	switch {
	case s.Ueberschuss > 0:
		s.Lage = Ueberzahlt
	case s.Offen == 0 && s.Erstattet > 0 && s.Erstattet == s.Gezahlt:
		s.Lage = LageErstattet
	case s.Offen == 0:
		s.Lage = Bezahlt
	case niedergeschlagen:
		s.Lage = Niedergeschlagen
	case !gestundet.IsZero() && !tag.Nach(gestundet):
		s.Lage = Gestundet
	case s.Stufe > 0 && (tag.Nach(s.Faellig) || !frist.IsZero()):
		s.Lage = Gemahnt
	case tag.Nach(s.Faellig):
		s.Lage = Ueberfaellig
	case eingang && s.Gezahlt > 0:
		s.Lage = LageTeilbezahlt
	default:
		s.Lage = Offen
	}
	return s
}

// Auftrag orders a payment of what is open at the day; nothing open matches
// [fehler.ErrConflict]. What came in so far is counted against the items in their
// order; reminder fees follow as items of their own, and what was waived is taken off
// the last items; a refund whose payment was returned is an item without accounting
// keys. The tax of an item that remains in part keeps its share, rounded down, and the
// net amount takes the rest, so that the sum stays exact.
func (f Forderung) Auftrag(id, rueckkehr string, tag datum.Datum) (Auftrag, error) {
	s := f.Stand(tag)
	if s.Offen == 0 {
		return Auftrag{}, f.konflikt("Auftrag", "zahlung.nichts-offen", "nothing is open", "Es ist nichts mehr zu zahlen.")
	}
	ps := clonePositionen(f.Positionen)
	for i, b := range f.Bewegungen {
		if b.Art == Mahnung && b.Betrag > 0 {
			ps = append(ps, Position{ID: fmt.Sprintf("mahnung-%d", i+1), Referenz: "Mahnung", Text: "Mahngebühr", Menge: 1, Netto: b.Betrag, Buchung: b.Buchung})
		}
	}
	var erlass Betrag
	for _, b := range f.Bewegungen {
		if b.Art == Erlass {
			erlass += b.Betrag
		}
	}
	for i := range slices.Backward(ps) {
		erlass = kuerze(&ps[i], erlass)
	}
	gezahlt := s.Gezahlt - s.Erstattet
	if gezahlt < 0 { // surplus was paid back, and then its payment was returned
		ps = append(ps, Position{ID: "rueckforderung", Referenz: "Rueckforderung", Text: "Erstattung, deren Zahlung zurückgegeben wurde", Menge: 1, Netto: -gezahlt})
	}
	for i := range ps {
		gezahlt = kuerze(&ps[i], gezahlt)
	}
	ps = slices.DeleteFunc(ps, func(p Position) bool { return p.Brutto() == 0 })
	a := Auftrag{ID: id, Forderung: f.ID, Betrag: s.Offen, Waehrung: f.Waehrung, Zweck: f.Zweck, Beschreibung: f.Beschreibung,
		Positionen: ps, Zahler: f.Zahler, Faellig: s.Faellig, Rueckkehr: rueckkehr}
	if err := a.Check(); err != nil {
		return Auftrag{}, fehler.New("zahlung.Auftrag", f.ID, fehler.ErrInvalid, err)
	}
	return a, nil
}

// kuerze takes b off the item and gives what is left of b.
func kuerze(p *Position, b Betrag) Betrag {
	brutto := p.Brutto()
	if b <= 0 || brutto == 0 {
		return b
	}
	weg := min(b, brutto)
	if rest := brutto - weg; rest == 0 {
		p.Netto, p.Steuer = 0, 0
	} else {
		p.Steuer = anteil(p.Steuer, rest, brutto)
		p.Netto, p.Menge = rest-p.Steuer, 1
	}
	return b - weg
}

func (f Forderung) konflikt(op, code, meldung, hinweis string) error {
	return fehler.New("zahlung."+op, f.ID, fehler.ErrConflict, fehler.Probleme{problem(code, "", meldung, hinweis)})
}

func (f Forderung) ungueltig(op, code, meldung, hinweis string) error {
	return fehler.New("zahlung."+op, f.ID, fehler.ErrInvalid, fehler.Probleme{problem(code, "", meldung, hinweis)})
}

var errVoll = errors.New("too many Bewegungen")
