package ueberweisung

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Umsatz is one movement on an account. It holds personal data.
type Umsatz struct {
	// Konto is the account; Auszug the id of the statement, Eintrag the bank's reference
	// of the entry (made up if there is none), Position the place within a batch, from 1,
	// or 0.
	Konto    IBAN   `json:"konto"`
	Auszug   string `json:"auszug"`
	Eintrag  string `json:"eintrag"`
	Position int    `json:"position,omitempty"`
	// Betrag is above zero or zero; Haben: it came in.
	Betrag   zahlung.Betrag `json:"betrag"`
	Waehrung string         `json:"waehrung"`
	Haben    bool           `json:"haben"`
	// Gebucht: final; others are only announced.
	Gebucht bool `json:"gebucht"`
	// Storno: the bank takes back an earlier entry; Rueckgabe is the reason code of a
	// returned payment (ISO 20022 external code, such as AC04), empty for others.
	Storno    bool   `json:"storno,omitempty"`
	Rueckgabe string `json:"rueckgabe,omitempty"`
	// Ursprung is the amount of the payment that is returned, if the bank tells it from
	// its charges; else 0.
	Ursprung zahlung.Betrag `json:"ursprung,omitempty"`
	// Entgelt is what the bank charged within Betrag, if said.
	Entgelt zahlung.Betrag `json:"entgelt,omitempty"`
	// Sammler: an entry over several payments without their details.
	Sammler bool `json:"sammler,omitempty"`
	// Unstimmig in German: what within the entry does not fit; empty if it does.
	Unstimmig    string      `json:"unstimmig,omitempty"`
	Buchungstag  datum.Datum `json:"buchungstag,omitzero"`
	Wertstellung datum.Datum `json:"wertstellung,omitzero"`
	Name         string      `json:"name,omitempty"`
	Gegenkonto   string      `json:"gegenkonto,omitempty"`
	// Verwendungszweck is the text, its lines joined by line ends; Referenz the
	// structured one; EndToEnd that of the payer.
	Verwendungszweck string `json:"verwendungszweck,omitempty"`
	Referenz         string `json:"referenz,omitempty"`
	EndToEnd         string `json:"endToEnd,omitempty"`
	// Code is the bank transaction code, "PMNT/RCDT/ESCT" or the bank's own.
	Code string `json:"code,omitempty"`
}

// Schluessel is the same for the same movement, however often a statement is read:
// account, statement, entry and position. It holds no personal data.
func (u Umsatz) Schluessel() string {
	return "u:" + hash(string(u.Konto), u.Auszug, u.Eintrag, fmt.Sprint(u.Position))
}

// Inhalt is a fingerprint of what counts: two movements with one Schluessel and
// another Inhalt are no repetition.
func (u Umsatz) Inhalt() string {
	return hash(u.Betrag.String(), u.Waehrung, fmt.Sprint(u.Haben, u.Storno), u.Buchungstag.String(), u.Verwendungszweck, u.Referenz, u.EndToEnd, u.Gegenkonto, u.Rueckgabe)
}

func hash(teile ...string) string {
	h := sha256.New()
	for _, t := range teile {
		fmt.Fprintf(h, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
