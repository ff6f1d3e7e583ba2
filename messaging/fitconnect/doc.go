// Package fitconnect speaks the FIT-Connect protocol of FITKO: it receives
// submissions as a subscriber and sends them as an online service would.
//
// The parts, from the wire up:
//
//   - [Client] calls the HTTP interfaces (token, submissions, events, keys).
//   - [Encrypt], [Keyring] and [ParseJWE] are the encryption of metadata, data and attachments.
//   - [SignSET], [ParseSET] and [Verifier] are the event log: Security Event Tokens (RFC 8417).
//   - [Metadata] is the metadata document; [CheckMetadata] checks its structure.
//   - [Subscriber] receives: it fetches a submission, performs every check that needs no
//     knowledge of the case, and posts accept or reject.
//   - [Sender] sends: it encrypts, announces, uploads and submits; large attachments in
//     fragments, and after a crash from a stored [Progress].
//   - [Replier] answers in the case of a submission, [ReplyReader] reads such answers.
//   - [CallbackHandler] receives the hints of the delivery service.
//
// Receiving goes on after Fetch: [Subscriber.Forward] passes on undecided,
// [Subscriber.Waiting] says what waits and until when ([ServiceDeadlines]), and
// [DecidedError] that the service rejected by itself meanwhile.
//
// # Three outcomes
//
// Receiving ends in one of three ways, and confusing them loses applications:
// accepted (only after the receiver stored everything durably), permanently
// wrong (the error holds [fehler.Probleme]; reject with [ProblemsOf]), or a
// technical failure (any other error; do nothing, the service delivers again).
// A private key that is missing on our side is a technical failure, never a
// reason to reject, as long as the destination publishes its kid or
// [SubscriberOptions.FormerKids] names it. Put a new key on the [Keyring] before
// the destination announces it, and take the old one off, and its kid into
// FormerKids, when nothing waits for it any more. Keep an old signature key
// published: events in a log that nobody can verify make the log invalid, also
// for the next submission of that case.
//
// # Sources
//
// The facts come from the documentation of FIT-Connect (docs.fitko.de/fit-connect),
// its published schemas (schema.fitko.de/fit-connect), RFC 7515, 7516, 7518 and
// 8417. Version 2 of the Submission API is the default; [Endpoints.Version]
// chooses version 1, where a JWE may be compressed (within [InflateLimits]). What could not be
// confirmed against an official text is data that a caller can replace and is
// marked as unconfirmed.
//
// The test double fitconnecttest speaks the same protocol over a loopback socket.
package fitconnect
