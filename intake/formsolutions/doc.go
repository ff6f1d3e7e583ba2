// Package formsolutions reads forms of form.solutions (Antragsmanagement 4.0):
// JSON with the member "assistant", in it panels with components.
//
// Known is that identifiers are dotted paths, such as
// Antragsteller.Daten.AS_Name1.AS_Name1.AS_Vorname. Uncertain (U): the members
// that hold values beside "string", whether a component carries its label, and
// all identifiers but that one. All of that is the configuration beside this file
// and can be changed without code.
package formsolutions
