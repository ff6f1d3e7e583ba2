// Package entwurf fills the templates of package bescheid/vorlage from a Vorgang. A
// [Zuordnung] says, per template and Leistung, from where each field comes: the
// applicant, the data of the application, the Mandant, the fee, an earlier Bescheid, a
// fixed value, or the clerk. [Load] checks it against the fields of the template and the
// JSON schema of the application, so that a source that does not exist, does not fit or
// can be missing is found when the file is read and not in a letter.
//
// [Entwerfer.Draft] gives an [Entwurf]: the text for vorgang.Draft, with the template's
// version in it, and where each value came from. What a clerk says overrides everything.
// [Entwerfer.Preview] fills the gaps with sample data. [Entwerfer.Text] is the text of
// decisions without a person (package storage/relay/pruefung).
//
// Everything is immutable after loading and safe for concurrent use; it reads nothing but
// its arguments.
package entwurf
