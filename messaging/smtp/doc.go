// Package smtp is a [messaging.Kanal] that tells a citizen by e-mail that there is
// news in the mailbox: a sentence in plain German, a link, and nothing else. No
// name, no number, no subject and no content of the Nachricht goes into the mail;
// whoever orders the Sendung makes sure that the Nachricht lies behind the link.
//
// The Kennung of an address is a bare e-mail address. TLS is mandatory unless it
// is switched off by name. The Message-ID is derived from Mandant and Sendung, so
// a delivery status report can be matched: [Kanal.ReadBericht].
package smtp
