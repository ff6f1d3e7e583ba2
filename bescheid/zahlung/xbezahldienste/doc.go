// Package xbezahldienste is the client of the XBezahldienste REST interface, which
// stands before the payment services of Laender and municipalities (ePayBL,
// GiroCheckout, pmPayment, epay21). [Client] is a [zahlung.Zahlungsweg]; package
// xbezahldienstetest is a service to test against.
//
// How the calls prove who makes them differs per service and is pluggable: a client
// certificate is a matter of [Options.HTTP], OAuth 2.0 client credentials are
// [OAuth], anything else is an [Authorizer].
package xbezahldienste
