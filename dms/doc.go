// Package dms is the way out of the house: the neutral model of what is handed
// over to a document management system (DMS, E-Akte), the port a target
// implements, and the state of a hand-over as values.
//
// A [Paket] is one Vorgang, optionally inside its Akte, with everything that
// belongs to it: metadata, retention, history, contacts, form data, documents
// and the references to their files. Files are never held in memory; a [Datei]
// knows how to open its content, its size and its SHA-512.
//
// A [Ziel] takes a Paket. A Ziel that can hear answers is also a [Rueckmelder].
// [Abgabe] is what the sender remembers: sent, received, imported, partly
// imported, refused or overdue. Its central rule: nothing local is deleted
// before a positive import answer ([Abgabe.MayDelete]).
//
// A [Kodierer] turns a Paket into the container of an exchange standard and
// reads the answers; dms/xdomea has one. Transport adapters such as
// dms/verzeichnis take any Kodierer, so transport and standard vary apart.
//
// Who implements Ziel or Rueckmelder proves it with dms/dmstest.Run: every
// sentence of the contract below is a case there. New optional abilities will
// come as further small interfaces; Ziel itself will not grow.
//
// # Tenancy
//
// A Ziel belongs to one Mandant: agency key, target directory and rights are
// those of that Mandant. The composition keeps one Ziel per Mandant; a Paket
// never chooses where it goes.
package dms
