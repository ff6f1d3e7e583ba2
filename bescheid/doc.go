// Package bescheid is the decision: its text, its states, its Bekanntgabe and the
// remedy. It knows no Vorgang; the case keeps Bescheide as values.
//
// Legal time is computed by package frist, the document is set by package
// ausfertigung and written by package pdf.
package bescheid
