package ueberweisung

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zahlungsdaten are what a payer needs for a transfer in euro.
type Zahlungsdaten struct {
	// Empfaenger is the holder of the account, up to 70 characters.
	Empfaenger string `json:"empfaenger"`
	IBAN       IBAN   `json:"iban"`
	// BIC may be empty within the EEA.
	BIC string `json:"bic,omitempty"`
	// Betrag is 0.01 to 999,999,999.99 euro.
	Betrag zahlung.Betrag `json:"betrag"`
	// Zweck is a purpose code of ISO 20022 (up to four letters), mostly empty.
	Zweck string `json:"zweck,omitempty"`
	// Referenz is a structured reference of ISO 11649; else Verwendungszweck, up to 140
	// characters, says what is paid. One of both.
	Referenz         string `json:"referenz,omitempty"`
	Verwendungszweck string `json:"verwendungszweck,omitempty"`
	// Hinweis to the payer, up to 70 characters; it does not travel with the money.
	Hinweis string `json:"hinweis,omitempty"`
	// Faellig is the last day; zero says nothing. The GiroCode does not hold it.
	Faellig datum.Datum `json:"faellig,omitzero"`
}

// sepaZeichen is the character set of the SEPA schemes with the letters and signs
// German banks take beside it.
const sepaZeichen = "abcdefghijklmnopqrstuvwxyz" + grossbuchstaben + ziffern + "/-?:().,'+ " + "äöüÄÖÜß&*$%"

// Check finds what a bank could refuse. The error is [fehler.Probleme].
func (d Zahlungsdaten) Check() error {
	var p fehler.Probleme
	text := func(pfad, name, s string, most int, pflicht bool) {
		switch {
		case pflicht && strings.TrimSpace(s) == "":
			p = append(p, problem("ueberweisung.fehlt", pfad, "mandatory", name+" fehlt."))
		case utf8.RuneCountInString(s) > most:
			p = append(p, problem("ueberweisung.zu-lang", pfad, fmt.Sprintf("more than %d characters", most), fmt.Sprintf("%s hat mehr als %d Zeichen.", name, most)))
		case !nur(s, sepaZeichen):
			p = append(p, problem("ueberweisung.zeichen", pfad, "a character banks do not take", name+" enthält ein Zeichen, das Banken nicht annehmen."))
		}
	}
	text("/empfaenger", "Der Zahlungsempfänger", d.Empfaenger, 70, true)
	if i, err := ParseIBAN(string(d.IBAN)); err != nil {
		p = append(p, fehler.ProblemeIn(err)...)
	} else if i != d.IBAN {
		p = append(p, problem("ueberweisung.iban", "/iban", "not in its plain form", "Die IBAN steht nicht in ihrer einfachen Form ohne Leerzeichen."))
	} else if _, sepa := laengen[i.Land()]; !sepa {
		p = append(p, problem("ueberweisung.iban", "/iban", "no SEPA country", "Das Konto liegt in keinem Land des SEPA-Raums."))
	}
	if d.BIC != "" && !ValidBIC(d.BIC) {
		p = append(p, problem("ueberweisung.bic", "/bic", "not a BIC", "Das ist kein BIC (8 oder 11 Zeichen)."))
	}
	if d.Betrag < 1 || d.Betrag > 99_999_999_999 {
		p = append(p, problem("ueberweisung.betrag", "/betrag", "not 0.01 to 999999999.99", "Der Betrag liegt nicht zwischen 0,01 und 999.999.999,99 Euro."))
	}
	if len(d.Zweck) > 4 || !nur(d.Zweck, grossbuchstaben) {
		p = append(p, problem("ueberweisung.zweck", "/zweck", "not up to four capital letters", "Der Zweckcode hat nicht bis zu vier Großbuchstaben."))
	}
	switch {
	case d.Referenz != "" && d.Verwendungszweck != "":
		p = append(p, problem("ueberweisung.referenz", "/referenz", "reference and text exclude each other", "Strukturierte Referenz und Verwendungszweck schließen einander aus."))
	case d.Referenz != "" && !ValidRF(d.Referenz):
		p = append(p, problem("ueberweisung.referenz", "/referenz", "not a reference of ISO 11649", "Die Referenz ist keine nach ISO 11649 (RF mit Prüfziffern)."))
	case d.Referenz == "":
		text("/verwendungszweck", "Der Verwendungszweck", d.Verwendungszweck, 140, true)
	}
	text("/hinweis", "Der Hinweis", d.Hinweis, 70, false)
	if len(p) > 0 {
		return p
	}
	return nil
}

// Zeile is a line of the letter.
type Zeile struct{ Name, Wert string }

// Zeilen gives what a letter shows, in the order of a transfer form.
func (d Zahlungsdaten) Zeilen() []Zeile {
	out := []Zeile{{"Empfänger", d.Empfaenger}, {"IBAN", d.IBAN.Format()}}
	if d.BIC != "" {
		out = append(out, Zeile{"BIC", d.BIC})
	}
	out = append(out, Zeile{"Betrag", d.Betrag.Zahl() + " Euro"})
	if d.Referenz != "" {
		out = append(out, Zeile{"Referenz", IBAN(d.Referenz).Format()})
	} else {
		out = append(out, Zeile{"Verwendungszweck", d.Verwendungszweck})
	}
	if !d.Faellig.IsZero() {
		out = append(out, Zeile{"Zahlbar bis", d.Faellig.Deutsch()})
	}
	return out
}

// MaxGiroCode is the most a GiroCode holds, in bytes.
const MaxGiroCode = 331

// GiroCode gives the payload of the EPC QR code (EPC069-12, version 002, UTF-8).
// Data that breaks [Zahlungsdaten.Check], or more than [MaxGiroCode] bytes, are
// [fehler.Probleme].
func (d Zahlungsdaten) GiroCode() (string, error) {
	if err := d.Check(); err != nil {
		return "", err
	}
	s := strings.TrimRight(strings.Join([]string{
		"BCD", "002", "1", "SCT", d.BIC, strings.TrimSpace(d.Empfaenger), string(d.IBAN), "EUR" + d.Betrag.String(),
		d.Zweck, d.Referenz, strings.TrimSpace(d.Verwendungszweck), strings.TrimSpace(d.Hinweis),
	}, "\n"), "\n") // no line end after the last element
	if len(s) > MaxGiroCode {
		return "", fehler.Probleme{problem("ueberweisung.girocode", "", "more than 331 bytes", "Die Zahlungsdaten sind zu lang für einen GiroCode; bitte den Verwendungszweck kürzen.")}
	}
	return s, nil
}
