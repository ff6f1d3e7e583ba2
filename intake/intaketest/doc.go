// Package intaketest is the conformance suite for intake.Parser: every sentence of
// its documentation is a case.
//
//	func TestConformance(t *testing.T) {
//		intaketest.Run(t, intaketest.Options{Parser: parser, Samples: []intaketest.Sample{
//			{Name: "full", Fachdaten: full, Felder: []string{"F60000227", "F60000228"}},
//			{Name: "no name", Fachdaten: noName, Broken: true, Privat: []string{"Łukasik"}},
//		}})
//	}
//
// [Check] gives the results as values, so that a suite of suites, or a test that
// proves a case can fail, needs no testing.T.
package intaketest
