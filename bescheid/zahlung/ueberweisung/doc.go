// Package ueberweisung is payment by bank transfer: what a letter says about it
// ([Zahlungsdaten], the payload of the GiroCode), and what comes back on the account:
// [Umsatz] values, as package camt reads them from statements, and [Match], which
// assigns them to open Forderungen. What is in doubt goes to a person; nothing is
// guessed.
//
// All functions are pure and safe for concurrent use. No error quotes an account
// number, a name or a text of remittance.
package ueberweisung
