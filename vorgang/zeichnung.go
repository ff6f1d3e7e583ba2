package vorgang

import (
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Zeichnungsregel limits who may sign decisions of a kind or for a Leistung. It narrows
// what roles and Richtlinie give, and stands beside Vier-Augen.
type Zeichnungsregel struct {
	// Art it is for; empty is every kind.
	Art bescheid.Art `json:"art,omitempty"`
	// Leistung is the key it is for, or its beginning; empty is every Leistung.
	Leistung tenant.Leistungsschluessel `json:"leistung,omitempty"`
	// Rollen of which the signer needs one, or Personen (Akteur.ID) of whom the signer
	// is one or stands in for one. Either is enough.
	Rollen   []tenant.Rolle `json:"rollen,omitempty"`
	Personen []string       `json:"personen,omitempty"`
}

// StandardZeichnung: a Widerspruchsbescheid is signed by the Leitung.
func StandardZeichnung() []Zeichnungsregel {
	return []Zeichnungsregel{{Art: bescheid.Widerspruchsbescheid, Rollen: []tenant.Rolle{tenant.Leitung}}}
}

// darfZeichnen checks all rules that fit the decision.
func (v *Vorgang) darfZeichnen(op string, a tenant.Akteur, b *bescheid.Bescheid) error {
	regeln := v.k.Zeichnung
	if regeln == nil {
		regeln = StandardZeichnung()
	}
	for _, r := range regeln {
		if (r.Art != "" && r.Art != b.Inhalt.Art) || !strings.HasPrefix(string(v.s.Leistung), string(r.Leistung)) {
			continue
		}
		if darf(a, r.Rollen) || slices.ContainsFunc(a.Augen(), func(x string) bool { return slices.Contains(r.Personen, x) }) {
			continue
		}
		return v.fail(op, fehler.ErrForbidden, problem("bescheid.zeichnungsrecht", "/akteur", "may not sign decisions of this kind",
			"Für Bescheide dieser Art haben Sie kein Zeichnungsrecht."))
	}
	return nil
}

// pruefeText checks a text as such and against the Vorgang: the earlier Bescheid it
// names was released here, its Anlagen are files of the Vorgang as they are.
func (v *Vorgang) pruefeText(op string, b *bescheid.Bescheid) error {
	if err := b.Inhalt.Pruefe(); err != nil {
		return fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, err)
	}
	if id := b.Inhalt.Bezug; id != uuid.Nil {
		if x := v.s.bescheid(id); x == nil || x.Pruefsumme == "" || id == b.ID || !v.s.vor(id, b.ID) {
			return v.fail(op, fehler.ErrInvalid, problem("bescheid.bezug-unbekannt", "/bezug", "is no earlier released decision of this Vorgang",
				"Der frühere Bescheid, auf den sich dieser bezieht, gehört nicht zu diesem Vorgang oder ist nicht freigegeben."))
		} else if y := b.Inhalt.BezugAuf; y.Vom != datum.Von(x.FreigegebenAm) || strings.TrimSpace(y.Aktenzeichen) == "" {
			return v.fail(op, fehler.ErrInvalid, problem("bescheid.bezug-angabe", "/bezugAuf", "does not name the earlier decision by date and Aktenzeichen",
				"Der Bescheid nennt den früheren nicht mit Datum und Aktenzeichen. Bitte den Entwurf noch einmal speichern."))
		}
	}
	if p := v.widerGebuehr(b); len(p) > 0 {
		return v.fail(op, fehler.ErrInvalid, p...)
	}
	for _, x := range b.Inhalt.Anlagen {
		if d, ok := v.s.Datei(x.ID); !ok || d.SHA512 != x.SHA512 || d.Groesse != x.Groesse {
			return v.fail(op, fehler.ErrInvalid, problem("bescheid.anlage-datei", "/anlagen/"+x.ID.String(), "is no file of the Vorgang, or another version",
				"Eine Anlage ist keine Datei des Vorgangs oder inzwischen eine andere."))
		}
	}
	return nil
}

// mitBezug names the earlier Bescheid as its reader knows it: part of the text, so that the
// release fixes it.
func (v *Vorgang) mitBezug(i bescheid.Inhalt) bescheid.Inhalt {
	x := v.s.bescheid(i.Bezug)
	if i.Bezug == uuid.Nil || x == nil || x.Pruefsumme == "" {
		return i
	}
	i.BezugAuf.Vom = datum.Von(x.FreigegebenAm)
	if strings.TrimSpace(i.BezugAuf.Aktenzeichen) == "" {
		i.BezugAuf.Aktenzeichen = v.s.Nummer
		if len(v.s.Aktenzeichen) > 0 {
			i.BezugAuf.Aktenzeichen = v.s.Aktenzeichen[0]
		}
	}
	return i
}

// vor tells whether a was drafted before b.
func (s *Stand) vor(a, b uuid.UUID) bool {
	for _, x := range s.Bescheide {
		switch x.ID {
		case b:
			return false
		case a:
			return true
		}
	}
	return false
}

func (v *Vorgang) rechner() *frist.Rechner {
	if v.k.Rechner == nil {
		v.k.Rechner = frist.New(nil)
	}
	return v.k.Rechner
}
