package bescheid

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Bezugsangabe names an earlier Bescheid for its reader.
type Bezugsangabe struct {
	// Vom is its date: the day it was released.
	Vom datum.Datum `json:"vom"`
	// Aktenzeichen, or the Vorgangsnummer where there is none.
	Aktenzeichen string `json:"aktenzeichen"`
}

// BezugText says in German which earlier Bescheid this one is about and what becomes of
// it; none for a text that names none.
func (i Inhalt) BezugText() []string {
	if i.BezugAuf == (Bezugsangabe{}) {
		return nil
	}
	s := "Dieser Bescheid bezieht sich auf den Bescheid vom " + i.BezugAuf.Vom.Deutsch()
	if !leer(i.BezugAuf.Aktenzeichen) {
		s += ", Aktenzeichen " + i.BezugAuf.Aktenzeichen
	}
	return []string{s + ".", i.bezugFolge()}
}

// bezugFolge says what [Geltungen] works out.
func (i Inhalt) bezugFolge() string {
	ab := "Mit der Bekanntgabe dieses Bescheids"
	if !i.WirktAb.IsZero() {
		ab = "Ab dem " + i.WirktAb.Deutsch()
	}
	ersetzt := i.Art == Aenderung || i.Art == Abhilfe
	switch {
	case i.BleibtBestehen && i.Art == Widerspruchsbescheid:
		return "Der frühere Bescheid bleibt bestehen."
	case i.BleibtBestehen:
		return "Im Übrigen bleibt der frühere Bescheid bestehen."
	case ersetzt:
		return ab + " gilt dieser Bescheid anstelle des früheren."
	}
	return ab + " gilt der frühere Bescheid nicht mehr."
}

// Name is the German word for the kind; empty for one that is not known.
func (a Nebenbestimmungsart) Name() string {
	return map[Nebenbestimmungsart]string{
		Befristung: "Befristung", Bedingung: "Bedingung", Widerrufsvorbehalt: "Widerrufsvorbehalt",
		Auflage: "Auflage", Auflagenvorbehalt: "Auflagenvorbehalt",
	}[a]
}

var nebenbestimmungsarten = []Nebenbestimmungsart{Befristung, Bedingung, Widerrufsvorbehalt, Auflage, Auflagenvorbehalt}

// pruefeBezug checks what came to a text later than its words: kinds, the earlier
// Bescheid, addressees and attachments.
func (i Inhalt) pruefeBezug(wrong func(code, pfad, meldung, hinweis string)) {
	if n := len(i.NebenbestimmungArten); n > 0 && n != len(i.Nebenbestimmungen) {
		wrong("bescheid.nebenbestimmung-arten", "/nebenbestimmungArten", "not one kind for each Nebenbestimmung",
			"Nicht jede Nebenbestimmung hat genau eine Art.")
	}
	for j, a := range i.NebenbestimmungArten {
		if !slices.Contains(nebenbestimmungsarten, a) {
			wrong("bescheid.nebenbestimmung-art", fmt.Sprintf("/nebenbestimmungArten/%d", j), "unknown kind",
				"Die Art einer Nebenbestimmung ist unbekannt (Befristung, Bedingung, Widerrufsvorbehalt, Auflage oder Auflagenvorbehalt, § 36 Abs. 2 VwVfG).")
		}
	}
	switch {
	case i.Art.BrauchtBezug() && i.Bezug == uuid.Nil:
		wrong("bescheid.bezug", "/bezug", "does not name the earlier decision", "Bitte angeben, auf welchen früheren Bescheid sich dieser bezieht.")
	case !i.Art.BrauchtBezug() && (i.Bezug != uuid.Nil || i.BezugAuf != Bezugsangabe{} || !i.WirktAb.IsZero() || i.BleibtBestehen):
		wrong("bescheid.bezug-unpassend", "/bezug", "this kind is about no earlier decision",
			"Ein Bescheid dieser Art ändert keinen früheren. Bitte die Art oder den Bezug berichtigen.")
	case i.BleibtBestehen && !i.WirktAb.IsZero():
		wrong("bescheid.wirkt-ab", "/wirktAb", "the earlier decision both stands and ends",
			"Der frühere Bescheid soll bestehen bleiben und zugleich enden.")
	}
	if len(i.Adressaten) > MaxAdressaten || len(i.Anlagen) > MaxAnlagen {
		wrong("bescheid.zu-viele", "/adressaten", "too many addressees or attachments", "Der Bescheid hat zu viele Adressaten oder Anlagen.")
		return
	}
	ids := map[uuid.UUID]bool{}
	for j, a := range i.Adressaten {
		if a.ID == uuid.Nil || ids[a.ID] {
			wrong("bescheid.adressat-id", fmt.Sprintf("/adressaten/%d/id", j), "id is missing or used twice", "Ein Adressat hat keine eigene Kennung.")
		}
		ids[a.ID] = true
		if leer(a.Empfaenger.Name) {
			wrong("bescheid.adressat", fmt.Sprintf("/adressaten/%d", j), "has no name", "Ein Adressat hat keinen Namen.")
		}
	}
	clear(ids)
	for j, a := range i.Anlagen {
		if a.ID == uuid.Nil || ids[a.ID] || leer(a.Name) || a.SHA512 == "" {
			wrong("bescheid.anlage", fmt.Sprintf("/anlagen/%d", j), "id, name or checksum is missing, or the id is used twice",
				"Eine Anlage ist doppelt, oder es fehlen Name oder Prüfsumme.")
		}
		ids[a.ID] = true
	}
}

// Adressat gives who is meant: one of those the decision names, or, for the zero id
// where it names none, the applicant.
func (i Inhalt) Adressat(id uuid.UUID, antragsteller messaging.Empfaenger) (messaging.Empfaenger, bool) {
	if len(i.Adressaten) == 0 {
		return antragsteller, id == uuid.Nil
	}
	for _, a := range i.Adressaten {
		if a.ID == id {
			return a.Empfaenger, true
		}
	}
	return messaging.Empfaenger{}, false
}

// AdressatIDs are the ids of the addressees; the zero id alone stands for the applicant.
func (i Inhalt) AdressatIDs() []uuid.UUID {
	if len(i.Adressaten) == 0 {
		return []uuid.UUID{uuid.Nil}
	}
	out := make([]uuid.UUID, len(i.Adressaten))
	for j, a := range i.Adressaten {
		out[j] = a.ID
	}
	return out
}

// Geltung is from when to when a Bescheid is in force (§ 43 VwVfG). The zero value
// means that it never was, or is not known to be yet.
type Geltung struct {
	// Von is the day of the Bekanntgabe: towards the first addressee.
	Von datum.Datum `json:"von,omitzero"`
	// Bis is the last day; zero while no later Bescheid ended it. One before Von means
	// that it is as if it never had been (ex tunc).
	Bis datum.Datum `json:"bis,omitzero"`
	// Durch is the Bescheid that ended it, Grund its Art.
	Durch uuid.UUID `json:"durch,omitzero"`
	Grund Art       `json:"grund,omitempty"`
}

// Am tells whether it is in force on the day.
func (g Geltung) Am(tag datum.Datum) bool {
	return !g.Von.IsZero() && !tag.Vor(g.Von) && (g.Bis.IsZero() || !tag.Nach(g.Bis))
}

// Geltungen gives for each Bescheid of a Vorgang, in the order they were drafted, from
// when to when it is in force. A later one ends the one it names with Bezug, unless
// that BleibtBestehen or is itself ended from its first day; then the earlier one
// lives again. What was not made known ends nothing. All stay in the list.
func Geltungen(alle []Bescheid) []Geltung {
	out := make([]Geltung, len(alle))
	for j := len(alle) - 1; j >= 0; j-- { // later ones first: they decide on earlier ones
		b := &alle[j]
		if out[j].Von = b.bekanntAb(); out[j].Von.IsZero() {
			continue
		}
		for k := j + 1; k < len(alle); k++ {
			n := &alle[k].Inhalt
			if n.Bezug != b.ID || n.BleibtBestehen || out[k].Von.IsZero() || (!out[k].Bis.IsZero() && out[k].Bis.Vor(out[k].Von)) {
				continue
			}
			ab := n.WirktAb
			if ab.IsZero() {
				ab = out[k].Von
			}
			if bis := ab.AddTage(-1); out[j].Bis.IsZero() || bis.Vor(out[j].Bis) {
				out[j].Bis, out[j].Durch, out[j].Grund = bis, alle[k].ID, n.Art
			}
		}
	}
	return out
}

// Geltend gives the Bescheid in force on the day: of several the last one. nil if none is.
func Geltend(alle []Bescheid, tag datum.Datum) *Bescheid {
	g := Geltungen(alle)
	for j := len(alle) - 1; j >= 0; j-- {
		if g[j].Am(tag) {
			return &alle[j]
		}
	}
	return nil
}

// bekanntAb is the first day on which it was made known to anybody; zero if it was not.
func (b *Bescheid) bekanntAb() (ab datum.Datum) {
	if len(b.Zustellungen) == 0 { // from before attempts were kept
		if b.Bekanntgabe != nil {
			return b.Bekanntgabe.Tag
		}
		return ab
	}
	for _, id := range b.Inhalt.AdressatIDs() {
		if z := b.Massgeblich(id); z != nil && z.Bekanntgabe != nil && (ab.IsZero() || z.Bekanntgabe.Tag.Vor(ab)) {
			ab = z.Bekanntgabe.Tag
		}
	}
	return ab
}
