package zahlung

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zahlungsweg is a payment service. Implementations must be safe for concurrent use
// and keep no state of their own: what they must know again stands in the [Zahlung].
//
// Start places the payment and returns it, initial and with the address of the pay
// page. The same Auftrag.ID again gives the payment that was placed first, in its
// present state, and never a second one; that holds at the same time, after an answer
// was lost, and after the payment ended. Another ID is another payment. Start does not
// change the Auftrag. One that breaks [Auftrag.Check] or a limit of the service
// matches [fehler.ErrInvalid], and nothing is placed.
//
// Query asks the service for the present state; nothing else proves a payment, least
// of all the return of the payer. A state the service names and the adapter does not
// know becomes [Unbekannt] with the service's word in Fremd. A payment that does not
// exist matches [fehler.ErrNotFound].
//
// Both give ID, Weg, amounts and times as [Zahlung] says, match
// [fehler.ErrUnavailable] if trying again later may help, return context errors
// unwrapped, place nothing under a context that has ended, and put no personal data
// into errors. Package zahlungtest tests every sentence of this.
type Zahlungsweg interface {
	// Name is the stable name used in Zahlung.Weg; never empty.
	Name() string
	Start(ctx context.Context, a Auftrag) (Zahlung, error)
	// Query needs ID, Betrag, Waehrung and, where the service gave one, Transaktion of
	// the Zahlung; a service that names another amount matches [fehler.ErrConflict].
	Query(ctx context.Context, z Zahlung) (Zahlung, error)
}

// Stornierer is a Zahlungsweg that can call off a payment. Cancel of an initial payment
// gives it cancelled, of a cancelled one the same again; one that ended otherwise
// matches [fehler.ErrConflict].
type Stornierer interface {
	Cancel(ctx context.Context, z Zahlung) (Zahlung, error)
}

// Erstatter is a Zahlungsweg that can pay back. Refund is idempotent by the id of the
// refund; more than was paid and not yet paid back matches [fehler.ErrInvalid], and
// nothing is paid back.
type Erstatter interface {
	Refund(ctx context.Context, z Zahlung, id string, betrag Betrag) (Zahlung, error)
}

// Zustand is the state of a payment at the service. The codes are stable.
type Zustand string

// The states. Initial may become any other; Gebucht and Teilbezahlt may become
// Erstattet, Teilbezahlt also Gebucht.
const (
	Initial        Zustand = "initial"        // the payer has not decided
	Gebucht        Zustand = "gebucht"        // paid in full
	Teilbezahlt    Zustand = "teilbezahlt"    // paid in part
	Fehlgeschlagen Zustand = "fehlgeschlagen" // the attempt failed; a new one needs a new Auftrag.ID
	Abgebrochen    Zustand = "abgebrochen"    // the payer or the authority called it off
	Erstattet      Zustand = "erstattet"      // all that was paid was paid back
	Unbekannt      Zustand = "unbekannt"      // see Zahlung.Fremd; for a person
)

// Final tells whether the payment needs no further question. Unbekannt does.
func (z Zustand) Final() bool {
	return z == Gebucht || z == Fehlgeschlagen || z == Abgebrochen || z == Erstattet
}

// Zahlung is one payment as the service knows it.
type Zahlung struct {
	// ID is that of the Auftrag.
	ID string `json:"id"`
	// Weg is the Name of the Zahlungsweg.
	Weg string `json:"weg"`
	// Transaktion is the service's own id, needed to ask again.
	Transaktion string `json:"transaktion,omitempty"`
	// Referenz is the reference in the accounts (Kassenzeichen); it may come later.
	Referenz string `json:"referenz,omitempty"`
	// URL is the pay page; only while Initial.
	URL string `json:"url,omitempty"`
	// Betrag is what is to be paid.
	Betrag   Betrag `json:"betrag"`
	Waehrung string `json:"waehrung"`
	// Bezahlt and Erstattet are what was paid and paid back, as far as the service says.
	Bezahlt   Betrag  `json:"bezahlt"`
	Erstattet Betrag  `json:"erstattet"`
	Zustand   Zustand `json:"zustand"`
	// Fremd is the service's own word for the state; Hinweis what it adds.
	Fremd   string `json:"fremd,omitempty"`
	Hinweis string `json:"hinweis,omitempty"`
	// Mittel is how was paid, in the service's word (GIROPAY, CREDITCARD, …).
	Mittel string `json:"mittel,omitempty"`
	// Zeit of the state as the service says it, or when it was asked; UTC, microseconds.
	Zeit time.Time `json:"zeit"`
}

// Zahler is who pays.
type Zahler struct {
	Vorname      string `json:"vorname,omitempty"`
	Nachname     string `json:"nachname,omitempty"`
	Organisation string `json:"organisation,omitempty"`
	Strasse      string `json:"strasse,omitempty"`
	Hausnummer   string `json:"hausnummer,omitempty"`
	Zusatz       string `json:"zusatz,omitempty"`
	PLZ          string `json:"plz,omitempty"`
	Ort          string `json:"ort,omitempty"`
	// Land is ISO 3166-1 alpha-2; empty is not said.
	Land string `json:"land,omitempty"`
}

// IsZero tells whether nothing is known.
func (z Zahler) IsZero() bool { return z == Zahler{} }

// Position is one item of what is owed.
type Position struct {
	// ID is unique within the Forderung.
	ID string `json:"id"`
	// Referenz names the fee, such as the number in the tariff.
	Referenz string `json:"referenz"`
	Text     string `json:"text"`
	// Menge is a count, at least 1.
	Menge int `json:"menge"`
	// Netto and Steuer are the totals of the item, already rounded to cents.
	Netto  Betrag `json:"netto"`
	Steuer Betrag `json:"steuer"`
	// Steuersatz in hundredths of a percent: 1900 is 19 %.
	Steuersatz int `json:"steuersatz,omitempty"`
	// Buchung are the accounting keys of the authority (Haushaltsstelle, Objekt, …).
	Buchung map[string]string `json:"buchung,omitempty"`
}

// Brutto is Netto with Steuer.
func (p Position) Brutto() Betrag { return p.Netto + p.Steuer }

// Auftrag orders one payment. [Forderung.Auftrag] makes one.
type Auftrag struct {
	// ID is the idempotency key, 1 to 36 characters of A-Z, a-z, 0-9 and "-". After a
	// failed attempt a new one needs a new ID.
	ID string `json:"id"`
	// Forderung is the id of what is paid.
	Forderung string `json:"forderung"`
	// Betrag is the sum of the Positionen.
	Betrag   Betrag `json:"betrag"`
	Waehrung string `json:"waehrung"`
	// Zweck is the short text for the statement of account.
	Zweck        string     `json:"zweck"`
	Beschreibung string     `json:"beschreibung,omitempty"`
	Positionen   []Position `json:"positionen"`
	Zahler       Zahler     `json:"zahler,omitzero"`
	// Faellig is the day until which is to be paid; zero is not said.
	Faellig datum.Datum `json:"faellig,omitzero"`
	// Rueckkehr is where the pay page sends the payer afterwards.
	Rueckkehr string `json:"rueckkehr,omitempty"`
}

// Clone gives a copy that shares nothing.
func (a Auftrag) Clone() Auftrag {
	a.Positionen = clonePositionen(a.Positionen)
	return a
}

func clonePositionen(ps []Position) []Position {
	ps = slices.Clone(ps)
	for i := range ps {
		ps[i].Buchung = maps.Clone(ps[i].Buchung)
	}
	return ps
}

// MaxPositionen bounds the items of a Forderung.
const MaxPositionen = 99

// Check finds what no service could take; limits of a service are its own. The error
// is [fehler.Probleme].
func (a Auftrag) Check() error {
	var p fehler.Probleme
	if !kennung(a.ID) {
		p = append(p, problem("zahlung.kennung", "/id", "the id is not 1 to 36 characters of A-Z, a-z, 0-9 and -",
			"Die Kennung der Zahlung hat nicht 1 bis 36 Zeichen aus Buchstaben, Ziffern und Bindestrich."))
	}
	p = append(p, checkPositionen(a.Positionen, a.Waehrung)...)
	if summe, err := Summe(a.Positionen); err == nil && summe != a.Betrag {
		p = append(p, problem("zahlung.summe", "/betrag", "the items do not add up to the amount",
			"Die Positionen ergeben zusammen nicht den Betrag der Zahlung."))
	}
	if len(p) > 0 {
		return p
	}
	return nil
}

// Summe adds the items; a sum beyond [MaxBetrag] is an error.
func Summe(ps []Position) (Betrag, error) {
	var s Betrag
	for _, p := range ps {
		for _, b := range []Betrag{p.Netto, p.Steuer} {
			var err error
			if s, err = s.Plus(b); err != nil {
				return 0, err
			}
		}
	}
	return s, nil
}

func checkPositionen(ps []Position, waehrung string) (p fehler.Probleme) {
	if len(waehrung) != 3 || strings.Trim(waehrung, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		p = append(p, problem("zahlung.waehrung", "/waehrung", "not a currency of ISO 4217", "Die Währung ist nicht angegeben oder kein ISO-Kürzel wie EUR."))
	}
	if len(ps) == 0 || len(ps) > MaxPositionen {
		p = append(p, problem("zahlung.positionen", "/positionen", "not 1 to 99 items", "Die Zahlung hat keine oder mehr als 99 Positionen."))
	}
	seen := map[string]bool{}
	for i, q := range ps {
		pfad := fmt.Sprintf("/positionen/%d", i)
		if q.ID == "" || seen[q.ID] {
			p = append(p, problem("zahlung.position-kennung", pfad+"/id", "the id of the item is missing or used twice", "Die Kennung der Position fehlt oder kommt zweimal vor."))
		}
		seen[q.ID] = true
		if q.Menge < 1 || q.Steuersatz < 0 || q.Steuersatz > 10000 {
			p = append(p, problem("zahlung.position-menge", pfad, "quantity below 1 or tax rate not 0 to 100 percent", "Die Menge der Position ist kleiner als 1 oder der Steuersatz liegt nicht zwischen 0 und 100 Prozent."))
		}
		if q.Netto < 0 || q.Steuer < 0 || q.Netto > MaxBetrag || q.Steuer > MaxBetrag {
			p = append(p, problem("zahlung.position-betrag", pfad, "an amount of the item is negative or too large", "Ein Betrag der Position ist negativ oder zu groß."))
		}
	}
	if s, err := Summe(ps); len(ps) > 0 && (err != nil || s <= 0) {
		p = append(p, problem("zahlung.betrag", "/betrag", "the amount is not above zero or is too large", "Der Betrag ist nicht größer als null oder zu groß."))
	}
	return p
}

func kennung(s string) bool {
	if s == "" || len(s) > 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return true
}

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}
