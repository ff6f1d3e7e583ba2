// Package dmstest proves that a dms.Ziel keeps its contract, and plays the
// other side.
//
// [Run] is the conformance suite for whoever writes a Ziel: every sentence of
// the documentation of dms.Ziel and dms.Rueckmelder is a case. [Check] runs the
// same cases without package testing and gives the results as values; with it
// the suite is shown to be able to fail.
//
// [Empfaenger] is a receiving DMS in a directory: it takes containers 0401,
// checks naming, structure and completeness, imports them into memory, and
// answers as told: receipt and import answer, partly, refusing, late, twice or
// with garbage.
//
// [Minimal], [Reich] and [Gross] make sample hand-overs.
package dmstest
