// Package ozgcloud takes applications the way the OZG-Cloud does: POST of a
// multipart/form-data body with the parts formData, representation and attachment,
// answered with the number of the Vorgang. A form server changes the address it
// posts to and nothing else.
//
// [Handler] receives, [Parser] reads the form data, [Client] sends.
//
// The interface has no published specification. What is known comes from the source
// text of two public clients (Aivot Gover 4.6.0, Startuphafen); what neither of them
// shows is listed in docs/eingang.md with the way it is treated here.
package ozgcloud

// Kanal is the name of the channel in Vorgaenge.
const Kanal = "ozgcloud"

// Schema marks the form data in a Lieferung; senders know no such URI.
const Schema = "urn:fachwerk:ozgcloud:antrag"

// The names of the parts.
const (
	teilFormData       = "formData"
	teilRepresentation = "representation"
	teilAttachment     = "attachment"
)
