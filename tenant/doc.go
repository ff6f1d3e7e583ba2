// Package tenant says who and where: the Mandant (an authority with hard data
// isolation), its Organisationseinheiten, the Leistungen it performs, the
// Zustaendigkeit that leads an application to it, and the Akteur who acts.
//
// It is the lowest floor: pure values, no I/O, all safe for concurrent use
// once made.
package tenant
