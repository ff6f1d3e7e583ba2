package zuordnung

import (
	"errors"

	"github.com/ozg-fachwerk/fachwerk/internal/charset"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// dekodieren gives the document in UTF-8, without byte order mark; what the Annahme
// hands on is so already.
func dekodieren(b []byte, mimeTyp string, f Format, g Grenzen) ([]byte, fehler.Probleme) {
	out, err := charset.Decode(b, mimeTyp, f == XML, g.Bytes)
	switch {
	case err == nil:
		return out, nil
	case errors.Is(err, charset.ErrLong):
		return nil, problem("zu-gross", "the document is too large", "Die Formulardaten sind zu groß.")
	case errors.Is(err, charset.ErrUnknown):
		return nil, problem("zeichensatz-unbekannt", "the declared encoding is not taken",
			"Der Zeichensatz der Formulardaten wird nicht unterstützt (möglich sind UTF-8, UTF-16, ISO-8859-1, ISO-8859-15 und Windows-1252).")
	}
	return nil, problem("zeichensatz-falsch", "the bytes do not fit the declared encoding",
		"Die Formulardaten sind nicht in dem Zeichensatz geschrieben, den sie angeben. Bitte den Onlinedienst berichtigen lassen.")
}
