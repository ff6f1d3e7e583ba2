// Package xta receives messages of OSCI 1.2 and XTA 2 and 3 through an adapter that
// speaks the protocol: there is no SOAP stack, no signature and no decryption here.
//
// A [Transport] gives messages whose envelope the adapter has opened, one after the
// other, and hears of each what became of it after the outcome is durable.
// [Verzeichnis] is one: an adapter puts a folder for each message into a directory. The
// metadata (MessageMetaData of OSCI 2.02, which XTA carries) becomes the Lieferung; the
// form in it goes through the ordinary Parsers.
//
// The senders of this channel are not answered by it: what would be refused lies in the
// Klaerfach.
package xta
