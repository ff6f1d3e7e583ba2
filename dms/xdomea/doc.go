// Package xdomea writes and reads messages of the XÖV standard xdomea: the hand-over
// to another system (0401 to 0403), offering and handing over to the archive (0501 to
// 0507), filing into a DMS (0604, 0605, 0607, 0623, 0624, 0629, 0630) and information
// (0101, 0102). docs/xdomea.md has the table of messages and versions.
//
// [Kodierer] implements dms.Kodierer for the hand-over; [Kodierer.Write],
// [Kodierer.Pack], [Kodierer.Read] and [Kodierer.Unpack] know all messages. What differs
// between versions of the standard is data in a [Profil]: [V240], [V300], [V310] and, for
// group 05, [V400]. Their element order was checked against the official schemas.
//
// Writing is deterministic, streams the files, verifies their SHA-512 on the
// way and never holds a file in memory. Reading is tolerant of prefixes, names
// and unknown elements (it tells which ones it passed over), and strict about
// size, depth, count and structure: messages come from outside. With
// [Options].Schema every message is validated on the way; package schema does it.
//
// Sources: the XML schemas of xdomea 2.4.0, 3.0.0, 3.1.0 and 4.0.0 (KoSIT, www.xoev.de),
// and for the package (one container per process, flat, named by the ProzessID) the
// specification as far as it is publicly quoted. The schemas are not part of this module.
package xdomea
