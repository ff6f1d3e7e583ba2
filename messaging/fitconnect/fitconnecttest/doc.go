// Package fitconnecttest is a delivery service (Zustelldienst) of FIT-Connect
// for tests: it speaks the real protocol over a real loopback socket, in the
// process of the test, and misbehaves on request.
//
// It answers what a subscriber and a sender call: the token endpoint,
// destinations and their keys, the well-known keys of the service, submissions
// with attachments, event logs and posted events, callbacks with their HMAC. It
// verifies what is posted as the service does: headers of every JWE, signature,
// claims and schema of every event. It also takes and serves replies, and is a
// Routing API with its portal ([Zustelldienst.AddRoute]). Version 1 of the Submission
// API is served beside version 2 ([Zustelldienst.SendeV1], [Zustellpunkt.SubscriberV1]).
// Keys are rolled over with [Zustellpunkt.Rotate], [Zustellpunkt.RotateSigning] and
// [Zustellpunkt.Withdraw]; [Options] make pages small and limit the rate of calls.
// Deadlines run on an injected clock ([Zustelldienst.Tick]).
//
// A vendor proves an adapter like this:
//
//	z := fitconnecttest.New(t, nil)
//	stelle, err := z.AddDestination(fitconnecttest.DestinationParams{})
//	sent, err := z.Sende(ctx, fitconnecttest.Beispiel(stelle.ID)) // as an online service does
//	// let the adapter receive, then:
//	z.State(sent.SubmissionID) // fitconnect.StateAccepted
//	z.Calls()                  // in which order it called
//
// The keys come from a fixed set that is part of this package, because making
// RSA keys of 4096 bits takes seconds. They are public: TEST ONLY.
//
// Everything behaves as the documentation of FIT-Connect says where it says
// anything; what is not documented (some error types, whether a callback is
// repeated with a new timestamp) is this package's choice, so do not derive
// facts about the real service from it.
package fitconnecttest
