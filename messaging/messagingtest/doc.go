// Package messagingtest is the conformance suite of [messaging.Kanal]: how a
// vendor proves a channel. Every sentence of the interface's documentation has a
// case; [Run] runs them as subtests.
//
//	func TestKonformitaet(t *testing.T) {
//		messagingtest.Run(t, messagingtest.Options{New: func(t messagingtest.TB) messagingtest.Fall {
//			double := start(t)
//			return messagingtest.Fall{
//				Kanal:       meinkanal.New(double.URL),
//				Adresse:     messaging.Adresse{Kanal: "meinkanal", Kennung: "postfach-1"},
//				Zugestellt:  double.Count,
//				Unbekannt:   "gibt-es-nicht",
//				Unerreichbar: double.Stop,
//			}
//		}})
//	}
//
// What a Kanal cannot show is left out by a negative capability with its reason;
// the zero value tests everything. [Cases] gives the single cases, which need no
// more than a [TB]: that is how the suite proves that it can fail.
//
// The package uses the standard library and messaging only.
package messagingtest
