package bescheid

import (
	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
)

// Ausfertigung is the document made for one addressee: the released text in a letter that
// shows the address of that addressee alone.
type Ausfertigung struct {
	// Adressat is one of Inhalt.Adressaten.
	Adressat uuid.UUID        `json:"adressat"`
	Dokument messaging.Anhang `json:"dokument"`
}

// Ausfertigung gives the document that may go to the addressee; nil if it is not made yet.
// The one document of a decision with several addressees from before each had their own
// shows somebody else's address, and is given for none of them.
func (b *Bescheid) Ausfertigung(adressat uuid.UUID) *messaging.Anhang {
	if len(b.Inhalt.Adressaten) == 0 {
		if adressat != uuid.Nil {
			return nil
		}
		return b.Dokument
	}
	for j := range b.Ausfertigungen {
		if b.Ausfertigungen[j].Adressat == adressat {
			return &b.Ausfertigungen[j].Dokument
		}
	}
	return nil
}

// FuerWen tells for which addressee the file is the Ausfertigung; false if it is none.
func (b *Bescheid) FuerWen(datei uuid.UUID) (adressat uuid.UUID, ok bool) {
	for _, x := range b.Ausfertigungen {
		if x.Dokument.ID == datei {
			return x.Adressat, true
		}
	}
	return uuid.Nil, b.Dokument != nil && b.Dokument.ID == datei
}

// SetzeAusfertigung puts in the document of an addressee; the zero id is the applicant of a
// decision that names none. Dokument stays that of the first one made.
func (b *Bescheid) SetzeAusfertigung(adressat uuid.UUID, d messaging.Anhang) {
	if b.Dokument == nil {
		erste := d
		b.Dokument = &erste
	}
	if adressat != uuid.Nil {
		b.Ausfertigungen = append(b.Ausfertigungen, Ausfertigung{Adressat: adressat, Dokument: d})
	}
}
