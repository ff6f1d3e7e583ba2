package vorgang

import (
	"math"
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Schuldet tells whether the addressee of the Bescheid with this text owes the fee, alone or
// together with others.
func (g Gebuehr) Schuldet(i bescheid.Inhalt, adressat uuid.UUID) bool {
	id, ok := schuldner(g.Schuldner, i)
	return ok && id == adressat || slices.Contains(g.Gesamtschuldner, adressat) && slices.Contains(i.AdressatIDs(), adressat)
}

// Adressbezug names an addressee of a Bescheid of the Vorgang; the zero value is the applicant.
type Adressbezug struct {
	Bescheid uuid.UUID `json:"bescheid"`
	Adressat uuid.UUID `json:"adressat,omitzero"`
}

// Empfaenger gives who gets a letter of the authority: the applicant, or the addressee of a
// Bescheid it was written to. Not ok: the Vorgang has no such addressee.
func (s Stand) Empfaenger(n Schriftstueck) (messaging.Empfaenger, bool) { return s.empfaenger(n.An) }

func (s *Stand) empfaenger(an Adressbezug) (messaging.Empfaenger, bool) {
	if an == (Adressbezug{}) {
		return s.Antrag.Antragsteller.Empfaenger, true
	}
	b := s.bescheid(an.Bescheid)
	if b == nil {
		return messaging.Empfaenger{}, false
	}
	return b.Inhalt.Adressat(an.Adressat, s.Antrag.Antragsteller.Empfaenger)
}

// schuldnerVon are all who owe the fee, the applicant as the zero Adressbezug.
func (s *Stand) schuldnerVon(g *Gebuehr) (out []Adressbezug) {
	b := s.bescheid(g.Bescheid)
	if b == nil || len(b.Inhalt.Adressaten) == 0 {
		return []Adressbezug{{}}
	}
	a := s.Antrag.Antragsteller.Empfaenger
	for _, id := range b.Inhalt.AdressatIDs() {
		e, ok := b.Inhalt.Adressat(id, a)
		switch {
		case !ok || !g.Schuldet(b.Inhalt, id):
		case e.Name == a.Name && e.Anschrift == a.Anschrift:
			out = append(out, Adressbezug{})
		default:
			out = append(out, Adressbezug{Bescheid: b.ID, Adressat: id})
		}
	}
	return out
}

// erreichbar are those who owe the fee and can be written to. There is always a way to the
// applicant: what no Kanal carries waits in the relay for a person.
func (s *Stand) erreichbar(g *Gebuehr) []Adressbezug {
	return slices.DeleteFunc(s.schuldnerVon(g), func(an Adressbezug) bool {
		e, _ := s.empfaenger(an)
		return an != (Adressbezug{}) && len(e.Adressen) == 0 && e.Anschrift.IsZero()
	})
}

// schuldner is the addressee who owes: the named one, or the only one.
func schuldner(id uuid.UUID, i bescheid.Inhalt) (uuid.UUID, bool) {
	ids := i.AdressatIDs()
	if id == uuid.Nil && len(ids) == 1 {
		return ids[0], true
	}
	return id, slices.Contains(ids, id)
}

// MitGebuehr puts the part of a decision about its fee into the text: the sentence that
// fixes it, and the calculation as a table. The reasons stay the caller's.
func MitGebuehr(i bescheid.Inhalt, t gebuehr.Bescheidteil) bescheid.Inhalt {
	x := bescheid.Tafel{Titel: t.Tafel.Titel, Zeilen: t.Tafel.Zeilen, Summe: t.Tafel.Summe}
	for _, s := range t.Tafel.Spalten {
		x.Spalten = append(x.Spalten, bescheid.Spalte{Kopf: s.Kopf, Breite: int(math.Round(s.Anteil * 100)), Rechts: s.Rechts, Zeilenkopf: s.Zeilenkopf})
	}
	i.Gebuehr, i.Gebuehrentafel = t.Text(), nil
	if len(x.Zeilen) > 0 {
		i.Gebuehrentafel = x.Clone()
	}
	return i
}

// widerGebuehr finds the fees of a text of which it does not say who owes them, or with
// another sum than that of the calculation it shows.
func (v *Vorgang) widerGebuehr(b *bescheid.Bescheid) (p []fehler.Problem) {
	for _, g := range v.s.Gebuehren {
		if g.Bescheid == uuid.Nil || g.Bescheid != b.ID || g.Forderung.Stand(datum.Von(v.s.Journal.Zeit)).Soll <= 0 {
			continue
		}
		if _, ok := schuldner(g.Schuldner, b.Inhalt); !ok || fremdeGesamtschuldner(g.Schuldner, g.Gesamtschuldner, b.Inhalt) {
			p = append(p, problemSchuldner())
		}
		summe, err := zahlung.Summe(g.Forderung.Positionen)
		if t := b.Inhalt.Gebuehrentafel; t != nil && len(t.Summe) > 0 && (err != nil || t.Summe[len(t.Summe)-1] != summe.Deutsch()) {
			p = append(p, problem("gebuehr.tafel", "/gebuehrentafel/summe", "is not the sum of the fee",
				"Die Berechnung im Bescheid ergibt einen anderen Betrag als die festgesetzte Gebühr."))
		}
	}
	return p
}

// fremdeGesamtschuldner tells whether one is no addressee, named twice, or the first one again.
func fremdeGesamtschuldner(erster uuid.UUID, weitere []uuid.UUID, i bescheid.Inhalt) bool {
	ids := i.AdressatIDs()
	for n, id := range weitere {
		if id == uuid.Nil || id == erster || !slices.Contains(ids, id) || slices.Contains(weitere[:n], id) {
			return true
		}
	}
	return false
}

func problemSchuldner() fehler.Problem {
	return problem("gebuehr.schuldner", "/schuldner", "is not one of the addressees, of whom there are several or another",
		"Bitte angeben, welche der Personen, an die der Bescheid geht, die Gebühr schuldet.")
}

// vomAntragsteller tells whether the applicant owes the fee: what others owe is not
// demanded of the applicant and not told.
func (s *Stand) vomAntragsteller(g *Gebuehr) bool {
	return slices.Contains(s.schuldnerVon(g), Adressbezug{})
}
