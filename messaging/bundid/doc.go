// Package bundid writes to the mailbox of BundID (ZBP, Zentrales Bürgerpostfach)
// and tells it the status of an application. Both go as a FIT-Connect submission
// to the destination of the ZBP, with data in a format of its own: a signed JSON
// text, a token and the certificate of the authority.
//
//   - [Message] and [Status] are the contents; Check tests every limit.
//   - [Signer] makes the signed payload.
//   - [MessageDraft] and [StatusDraft] make what a [fitconnect.Sender] sends.
//   - [Kanal] is a [messaging.Kanal] over them.
//
// # Sources
//
// Format, limits and identifiers are those live clients use (message_v6 and
// status_v6, 2026). No official text was at hand: compare with the operator of
// the ZBP before production use. Service identifiers, schema, roles and token
// life are options.
//
// The double bundidtest receives, verifies and judges what this package sends.
package bundid
