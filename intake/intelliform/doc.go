// Package intelliform reads forms of cit intelliForm: XML in the namespaces below
// http://xmlns.cit.de/, as a store document (fields as elements "field" with
// attributes name, type and label) or as a transaction document (one element for
// each field, with attributes in the transaction namespace).
//
// The namespaces and the two shapes are known from the vendor's public style
// sheet. Uncertain (U): what forms call their fields, hence where the applicant
// stands; the words for types; where service and place stand. All of that is the
// configuration beside this file and can be changed without code.
package intelliform
