// Package messaging is the letter: what an authority and a citizen write to each
// other, and the port to the mailboxes it goes through.
//
// A [Nachricht] is the content, a [Sendung] is one attempt to bring it to one
// address, a [Kanal] is a mailbox system, a [Quittung] is what the Kanal says
// about a Sendung. The [Router] chooses the Kanal and explains the choice.
//
// The package knows no Vorgang. Channels live in folders of their own: portal
// (embedded mailbox), fitconnect (the protocol).
//
// Vendors implement [Kanal]. Fields may be added to the structs; a new method
// would be a new optional interface.
package messaging
