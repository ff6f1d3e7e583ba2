// Package xbezahldienstetest is a payment service over a real socket that speaks the
// XBezahldienste interface, to test against: both ways to prove who calls (client
// certificate and OAuth 2.0), a pay page, and faults on request. It is strict where the
// interface is: what the real services refuse, it refuses.
//
// It holds everything in memory and is no payment service.
package xbezahldienstetest
