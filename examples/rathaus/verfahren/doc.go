// Package verfahren is what makes the town hall a particular one: five procedures, four
// authorities in two Länder, their people and sample cases. Almost all of it is data
// (folder daten); the code reads and checks it, and joins what belongs together.
//
// One JSON Schema per procedure serves three times: the form page is drawn from it
// ([Feld]), the rules check what came ([Verfahren.Regelwerk]), and the templates know
// which fields there are ([Katalog.Zuordnungen]).
//
// All names, authorities and fees are invented, and so are the Leistungsschluessel: compare
// them with the catalogue before use. Whether a norm allows an automatic
// decision is for the authority to answer; what stands here is an example.
package verfahren
