// Package ozgpostfachtest is a mailbox system for tests. It listens with TLS on a
// real socket, speaks one of the three interfaces that the examples of package
// ozgpostfach describe, and judges what arrives by rules written down apart from
// them: method, path, login, header, members of the body and their types,
// attachments. It misbehaves on request.
//
//	p, err := ozgpostfachtest.Start("bayernid", nil)
//	defer p.Close()
//	k, err := p.Kanal(&messaging.MemoryBelege{}, nil)
//	p.Stoere(ozgpostfachtest.AntwortVerloren)
//
// The interfaces are invented, as the examples are: the double proves that the
// Kanal does what its Konfiguration says, not that an operator agrees with it.
package ozgpostfachtest
