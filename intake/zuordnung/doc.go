// Package zuordnung makes an Antrag of any JSON or XML form by configuration: a
// [Zuordnung] says how a document of the form is recognised, where the applicant,
// service and place stand in it, and which part of it a clerk reads.
//
// [Load] reads a Zuordnung from JSON and names all that is wrong with it at once.
// [New] makes a [Parser] of several; it is an intake.Parser. What intake.Inhalt
// has no room for (service, place, reference, mailbox, names of attachments)
// [Parser.Read] gives, and [Parser.Complete] fills it into a Lieferung; the Annahme
// calls it (intake.Completer).
//
// Selectors are a subset of JSONPath (RFC 9535) for JSON, and of XPath 1.0 for
// XML; docs/zuordnung.md has both, with all members and limits.
//
// The vendors' forms are packages beside this one: intelliform, formsolutions,
// formcycle.
package zuordnung
