// Package person holds who takes part in a procedure: natural persons,
// organisations, their addresses, the applicant and who acts for the applicant;
// and it checks them.
//
// The types are values without behaviour beyond reading; every rule stands in a
// `validate` tag or in regeln.go, and [Pruefer] runs them. A vendor may put the
// same tags on types of their own:
//
//	din91379=A  characters of a data type A to E of DIN 91379
//	ars, ags    key of an area or of a municipality, see tenant.ARS
//	leika       key of a service, see tenant.Leistungsschluessel
//	iban        account number of a listed country with its check digits
//	staat       ISO 3166-1 alpha-2, or XK for Kosovo
//	nationalitaet  the same, or Staatenlos or Ungeklaert
//	telefon     digits, blanks and + ( ) / - .
//	rand        no blank at either end
//
// and those of github.com/go-playground/validator/v10. The tags check the form
// that is stored, without blanks and prefixes that ParseIBAN, tenant.ParseARS and
// tenant.ParseLeistung take off. Like all rules there they fail on empty text
// unless omitempty precedes them; din91379 and rand do not.
//
// Findings are [fehler.Probleme]: a stable code, a JSON pointer, an English
// message and a German sentence for the clerk. None repeats what was entered; of
// a character that is not allowed the code point is named, see
// [din91379.Verstoss].
//
// These are checks of form. That a person, an account or a register entry exists
// is not known here, nor whether a Vertretung is effective.
package person
