// Package xdatenfelder reads the schemas of the FIM Baustein Datenfelder and makes
// forms of them: XDatenfelder 2.0 and 3.0 become one model ([Schema]), the model a
// JSON Schema ([Schema.JSONSchema]) and a [fim.Formular], and a [Parser] that reads
// and labels what was filled in, as FIM JSON or as XFall (XML).
//
// Read takes the messages stammdatenschema (0102), datenfeldgruppe (0103) and
// datenfeld (0104) in both versions; the latter two are a form of one element.
// Rules (Regeln) are text for people: scripts are kept as they are and never run.
//
// A [Schema] is not changed by this package after [Read] and may be used by many
// goroutines as long as nobody else changes it. A [Parser] is safe for concurrent use.
//
// Source: XDatenfelder 2.0 and 3.0.0 (FIM, urn:xoev-de:fim:standard:xdatenfelder_2
// and _3.0.0); the JSON form and XFall as XDF-Tools derive them. What of them is
// uncertain, and what is not mapped, is in docs/fim.md.
package xdatenfelder
