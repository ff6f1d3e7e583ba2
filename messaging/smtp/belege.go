package smtp

import "github.com/ozg-fachwerk/fachwerk/messaging"

// Belege keeps the first Quittung of each Sendung, durably: SMTP itself has no key
// that would make a repeated mail the same one.
type Belege = messaging.Belege

// MemoryBelege keeps them in memory, for tests and demonstrations.
type MemoryBelege = messaging.MemoryBelege
