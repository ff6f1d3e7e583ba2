// Package ozgpostfach is a [messaging.Kanal] to the mailboxes of accounts whose
// interface is not published: BayernID, Servicekonto Schleswig-Holstein, Mein
// Unternehmenskonto, or any other that takes a message as JSON over HTTPS.
//
// What such an interface looks like is data, a [Konfiguration]: addresses, way of
// logging in, fields of the request, what an answer means, which refusal may heal.
// [Load] reads one from JSON and names all that is wrong with it at once; [New]
// makes the Kanal of it. Secrets are no part of it; they come as [Zugang].
//
// [Beispiele] are three configurations to begin with. No operator has confirmed
// them: only the form of the mailbox handles is known. [New] refuses what is not
// marked as verified, unless told otherwise.
//
// Requests are written to JSON pointers (RFC 6901) through objects. Answers are
// read with names and indexes of JSONPath (RFC 9535), the part of the selectors
// of intake/zuordnung that finds one value at most.
//
// The double ozgpostfachtest listens on a real socket, judges what arrives and
// misbehaves on request.
package ozgpostfach
