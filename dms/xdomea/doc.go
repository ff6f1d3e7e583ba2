// Package xdomea writes and reads the messages of the XÖV standard xdomea with
// which a Vorgang changes the responsible system: Abgabe.Abgabe.0401, its
// receipt Abgabe.EmpfangBestaetigen.0403 and its import answer
// Abgabe.ImportBestaetigen.0402.
//
// [Kodierer] implements dms.Kodierer. What differs between versions of the
// standard is data in a [Profil]; [V310] and [V300] are given. The element order
// of both is the same and was checked against the official schemas.
//
// Writing is deterministic, streams the files, verifies their SHA-512 on the
// way and never holds a file in memory. Reading is tolerant of prefixes, names
// and unknown elements (it tells which ones it passed over), and strict about
// size, depth, count and structure: messages come from outside.
//
// Sources: the XML schemas of xdomea 3.0.0 and 3.1.0 (KoSIT, www.xoev.de), and
// for the package (one container per process, flat, named by the ProzessID) the
// specification as far as it is publicly quoted. The schemas are not part of
// this module.
package xdomea
