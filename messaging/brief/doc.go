// Package brief is the letter on paper: a [messaging.Kanal] that puts print jobs
// into a folder for a print centre and reads what the print centre reports.
//
// A job is a folder with the letter as PDF, its enclosures and a ticket
// ([Auftrag], auftrag.json). A decision that comes as a ready PDF goes byte by
// byte as it is; any other letter is set by the [Setzer]. Jobs are collected per
// Mandant and day; [Kanal.Close] hands a collection over as a [Los] with a
// manifest (los.json). What was posted, came back or failed is read by
// [Kanal.Pickup].
//
//	.tmp/                          being written
//	belege/<mandant>/<id>.json     what was promised about a Sendung; no personal data
//	offen/<mandant>/<tag>/<id>/    jobs that wait for their Los
//	lose/<mandant>_<tag>_<nn>/     a Los that is being closed
//	ausgang/<mandant>_<tag>_<nn>/  for the print centre, whole once it is there
//	rueck/                         reports of the print centre
//	rueck-erledigt/, rueck-fehler/ reports taken, reports refused
//
// The address must fit the window of DIN 5008: see [Fenster].
package brief
