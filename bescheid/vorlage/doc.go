// Package vorlage makes the text of Bescheide and letters from templates. A
// [Vorlage] declares its fields with types, its blocks with conditions and loops,
// its validity and its sources; [Load] checks all of it, so that a mistake is found
// when the file is read and not in a letter. [Sammlung.Choose] finds the version
// for Mandant, Land and day, [Vorlage.Render] fills it, and the [Ergebnis] is a list
// of blocks that becomes a bescheid.Inhalt, a document or a messaging.Nachricht.
//
// The language has no arithmetic, no recursion and no call that can fail; loops
// run over given lists alone. docs/vorlagen.md describes it for those who write
// templates. Values are plain text: nothing in them is read as template or layout.
//
// The shipped texts are drafts for the authority to check before use; their norms
// carry a source and a Konfidenz. Everything is immutable after loading and safe
// for concurrent use.
package vorlage
