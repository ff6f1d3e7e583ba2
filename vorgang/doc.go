// Package vorgang is the case: from the intake of an Antrag to its deletion.
//
// A [Vorgang] is an aggregate, the only unit of consistency. Every command is a
// method on it: pure, without I/O, given the Akteur and the time. A command
// checks right and state, appends [Ereignis] entries to the journal and may
// order an [Auftrag], the work to be done outside once the change is durable.
//
// The journal is the truth: the [Stand] is what its entries, applied in order,
// give ([Replay]). Entries are chained by hashes over the hashes of their data,
// so personal data can be erased while the chain still verifies
// ([VerifyJournal]).
//
// A command that returns an error may have recorded a part of what it does: throw
// the aggregate away, as storage does, and never save it.
//
// A *Vorgang is not safe for concurrent use; it belongs to one unit of work.
package vorgang
