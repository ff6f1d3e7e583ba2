// Package zahlung is the money side of a decision: what is owed (Forderung), how it is
// paid (the port Zahlungsweg) and what became of it. It holds values and a port, does
// no I/O, and knows no Vorgang.
//
// A [Forderung] is data with an append-only list of Bewegungen; its state at a day is
// derived by [Forderung.Stand]. Commands return a new Forderung and leave the old one
// as it is. Rights and Vier-Augen are the business of who holds the Forderung.
//
// Package kassenzeichen makes and finds the reference on a transfer, ueberweisung is
// payment by bank transfer (IBAN, GiroCode, account statements), xbezahldienste the
// client of the payment services of Laender and municipalities, and zahlungtest the
// conformance suite of [Zahlungsweg].
package zahlung
