// Package buerger is the town hall as a citizen sees it: a form page for each procedure,
// drawn from its JSON Schema, and a page that shows where an application stands, with
// mailbox, Bescheide, payment and withdrawal.
//
// The forms know nothing of the house behind them: they send through the OZG-Cloud
// interface, like any form server. Everything works without script; no page holds a
// script or style of its own, so that a strict Content-Security-Policy fits.
//
// Who has the number of a Vorgang and its code sees it. A wrong number and a wrong code
// are answered the same, and tries are limited.
package buerger
