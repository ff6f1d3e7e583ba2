package xbezahldienste

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Dezimal is a JSON number that stays what was written: it never passes through
// binary floating point.
type Dezimal = json.Number

// PaymentRequest is what is sent.
type PaymentRequest struct {
	RequestID        string `json:"requestId"`
	RequestTimestamp string `json:"requestTimestamp"`
	Currency         string `json:"currency"`
	// GrosAmount: the spelling with one s is that of the interface.
	GrosAmount  Dezimal    `json:"grosAmount"`
	Purpose     string     `json:"purpose"`
	Description string     `json:"description,omitempty"`
	RedirectURL string     `json:"redirectUrl"`
	Items       []Item     `json:"items"`
	Requestor   *Requestor `json:"requestor,omitempty"`
}

// Item of a PaymentRequest.
type Item struct {
	ID              string            `json:"id"`
	Reference       string            `json:"reference"`
	Description     string            `json:"description,omitempty"`
	TaxRate         Dezimal           `json:"taxRate"`
	Quantity        int               `json:"quantity"`
	TotalNetAmount  Dezimal           `json:"totalNetAmount"`
	TotalTaxAmount  Dezimal           `json:"totalTaxAmount"`
	SingleNetAmount Dezimal           `json:"singleNetAmount"`
	SingleTaxAmount Dezimal           `json:"singleTaxAmount"`
	BookingData     map[string]string `json:"bookingData,omitempty"`
}

// Requestor is who pays.
type Requestor struct {
	LastName         string   `json:"lastName,omitempty"`
	FirstName        string   `json:"firstName,omitempty"`
	IsOrganization   bool     `json:"isOrganization"`
	OrganizationName string   `json:"organizationName,omitempty"`
	Address          *Address `json:"address,omitempty"`
}

// Address of a Requestor.
type Address struct {
	Street      string   `json:"street,omitempty"`
	HouseNumber string   `json:"houseNumber,omitempty"`
	AddressLine []string `json:"addressLine,omitempty"`
	PostalCode  string   `json:"postalCode,omitempty"`
	City        string   `json:"city,omitempty"`
	Country     string   `json:"country,omitempty"`
}

// PaymentTransaction is what is answered.
type PaymentTransaction struct {
	PaymentInformation PaymentInformation `json:"paymentInformation"`
	PaymentRequest     PaymentRequest     `json:"paymentRequest"`
}

// PaymentInformation is the state of a payment at the service.
type PaymentInformation struct {
	TransactionURL         string `json:"transactionUrl,omitempty"`
	TransactionRedirectURL string `json:"transactionRedirectUrl,omitempty"`
	TransactionID          string `json:"transactionId"`
	TransactionReference   string `json:"transactionReference,omitempty"`
	TransactionTimestamp   string `json:"transactionTimestamp,omitempty"`
	PaymentMethod          string `json:"paymentMethod,omitempty"`
	PaymentMethodDetail    string `json:"paymentMethodDetail,omitempty"`
	Status                 string `json:"status"`
	StatusDetail           string `json:"statusDetail,omitempty"`
}

// Zustaende translates the words of the services; any other is [zahlung.Unbekannt].
func Zustaende() map[string]zahlung.Zustand {
	return map[string]zahlung.Zustand{
		"INITIAL": zahlung.Initial, "PAYED": zahlung.Gebucht, "BOOKED": zahlung.Gebucht,
		"FAILED": zahlung.Fehlgeschlagen, "CANCELED": zahlung.Abgebrochen,
	}
}

var (
	reKennung       = regexp.MustCompile(`^[0-9A-Za-z_-]{1,36}$`)
	rePurpose       = regexp.MustCompile(`^[0-9A-Za-z_ -]{1,27}$`)
	reDescription   = regexp.MustCompile(`^[A-Za-zÀ-ſ0-9 ,.-]*$`)
	umlaut          = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "Ä", "Ae", "Ö", "Oe", "Ü", "Ue", "ß", "ss")
	maxGrosAmount   = geld.MustBetrag("999999")
	maxBeschreibung = 250
)

// Purpose writes a text as the interface takes it: umlauts resolved, other characters
// as blanks, cut to 27. It is for text that informs; a Kassenzeichen must fit as it is.
func Purpose(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return ' '
	}, umlaut.Replace(s))), " ")
	return strings.TrimSpace(s[:min(len(s), 27)])
}

// request makes the PaymentRequest and finds, before any call, what the service would
// refuse: [fehler.Probleme].
func request(a zahlung.Auftrag, now time.Time) (PaymentRequest, error) {
	var p fehler.Probleme
	add := func(feld, pfad, meldung, hinweis string) {
		p = append(p, fehler.Problem{Code: "xbezahldienste." + feld, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
	if err := a.Check(); err != nil {
		return PaymentRequest{}, err
	}
	if a.Waehrung != zahlung.EUR {
		add("waehrung", "/waehrung", "only EUR", "Der Bezahldienst nimmt nur Euro an.")
	}
	if a.Betrag > maxGrosAmount {
		add("betrag", "/betrag", "above 999999", "Der Betrag ist höher als 999.999 Euro.")
	}
	if !rePurpose.MatchString(a.Zweck) || strings.TrimSpace(a.Zweck) == "" {
		add("zweck", "/zweck", "not 1 to 27 of A-Z, a-z, 0-9, _, - and blank", "Der Zweck hat nicht 1 bis 27 Zeichen aus Buchstaben ohne Umlaute, Ziffern, Leerzeichen, Strich und Unterstrich.")
	}
	if utf8.RuneCountInString(a.Beschreibung) > maxBeschreibung || !reDescription.MatchString(a.Beschreibung) {
		add("beschreibung", "/beschreibung", "not up to 250 letters, digits, blanks and - , .", "Die Beschreibung hat mehr als 250 Zeichen oder andere als Buchstaben, Ziffern, Leerzeichen und - , .")
	}
	if len(a.Rueckkehr) > 2082 || !strings.HasPrefix(a.Rueckkehr, "https://") && !strings.HasPrefix(a.Rueckkehr, "http://") {
		add("rueckkehr", "/rueckkehr", "not an absolute URL of up to 2082 characters", "Die Adresse für die Rückkehr fehlt, ist keine Internetadresse oder länger als 2082 Zeichen.")
	}
	r := PaymentRequest{RequestID: a.ID, RequestTimestamp: now.UTC().Format("2006-01-02T15:04:05.000Z"), Currency: a.Waehrung,
		GrosAmount: Dezimal(a.Betrag.String()), Purpose: a.Zweck, Description: a.Beschreibung, RedirectURL: a.Rueckkehr, Requestor: requestor(a.Zahler)}
	for i, q := range a.Positionen {
		pfad := fmt.Sprintf("/positionen/%d", i)
		if !reKennung.MatchString(q.ID) {
			add("position-kennung", pfad+"/id", "not 1 to 36 of A-Z, a-z, 0-9, _ and -", "Die Kennung der Position hat nicht 1 bis 36 Zeichen aus Buchstaben, Ziffern und Strich.")
		}
		if n := utf8.RuneCountInString(q.Referenz); n < 1 || n > 36 {
			add("position-referenz", pfad+"/referenz", "not 1 to 36 characters", "Die Referenz der Position hat nicht 1 bis 36 Zeichen.")
		}
		if utf8.RuneCountInString(q.Text) > maxBeschreibung || !reDescription.MatchString(q.Text) {
			add("position-text", pfad+"/text", "not up to 250 letters, digits, blanks and - , .", "Der Text der Position hat mehr als 250 Zeichen oder andere als Buchstaben, Ziffern, Leerzeichen und - , .")
		}
		// Totals are exact; the price of one piece is rounded down and only informs.
		menge := zahlung.Betrag(q.Menge)
		r.Items = append(r.Items, Item{ID: q.ID, Reference: q.Referenz, Description: q.Text, Quantity: q.Menge,
			TaxRate:        Dezimal(zahlung.Betrag(q.Steuersatz).String()),
			TotalNetAmount: Dezimal(q.Netto.String()), TotalTaxAmount: Dezimal(q.Steuer.String()),
			SingleNetAmount: Dezimal((q.Netto / menge).String()), SingleTaxAmount: Dezimal((q.Steuer / menge).String()), BookingData: q.Buchung})
	}
	if len(p) > 0 {
		return PaymentRequest{}, p
	}
	return r, nil
}

func requestor(z zahlung.Zahler) *Requestor {
	if z.IsZero() {
		return nil
	}
	r := &Requestor{LastName: z.Nachname, FirstName: z.Vorname, IsOrganization: z.Organisation != "", OrganizationName: z.Organisation}
	if z.Strasse+z.Hausnummer+z.Zusatz+z.PLZ+z.Ort != "" {
		r.Address = &Address{Street: z.Strasse, HouseNumber: z.Hausnummer, PostalCode: z.PLZ, City: z.Ort, Country: z.Land}
		if z.Zusatz != "" {
			r.Address.AddressLine = []string{z.Zusatz}
		}
	}
	return r
}
