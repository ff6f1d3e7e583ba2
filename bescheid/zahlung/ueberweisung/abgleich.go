package ueberweisung

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/kassenzeichen"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Offen is a Forderung money may come in for. One that is paid belongs here too: its
// payer may pay twice.
type Offen struct {
	Forderung     string
	Kassenzeichen string
	Waehrung      string
	// Betrag is what is open now; 0 if nothing.
	Betrag zahlung.Betrag
}

// Gebucht is a movement that was assigned earlier.
type Gebucht struct {
	// Schluessel and Inhalt are those of the Umsatz.
	Schluessel, Inhalt string
	// Forderung it was assigned to; may be empty. EndToEnd and Betrag are needed to
	// find it again when it is returned; Zurueck: it was.
	Forderung, EndToEnd string
	Betrag              zahlung.Betrag
	Zurueck             bool
}

// Befund is what a movement is. The codes are stable.
type Befund string

// The findings.
const (
	Exakt        Befund = "exakt"        // pays exactly what is open
	Unter        Befund = "unter"        // pays a part
	Ueber        Befund = "ueber"        // pays more; the surplus is for a person
	Doppelt      Befund = "doppelt"      // was read before
	Zurueck      Befund = "rueckgabe"    // takes back an earlier payment
	Ohne         Befund = "unbekannt"    // names no Kassenzeichen of a Forderung
	Zweifel      Befund = "zweifel"      // could be assigned, but not for sure
	Ausgang      Befund = "ausgang"      // money that went out, no matter of Forderungen
	Angekuendigt Befund = "angekuendigt" // not booked yet
)

// Sicherheit says how sure a Zuordnung is.
type Sicherheit string

// The degrees.
const (
	Sicher   Sicherheit = "sicher"   // may be booked
	Unsicher Sicherheit = "unsicher" // candidates only
	Keine    Sicherheit = "keine"    // nothing is known
)

// Zuordnung is what a movement means, as a value; nothing is booked by it.
type Zuordnung struct {
	Umsatz     Umsatz
	Befund     Befund
	Sicherheit Sicherheit
	// Person: someone must look at it. With Sicher the booking does not wait for that.
	Person bool
	// Forderung is set only with Sicher; Kandidaten are what a person may choose from.
	Forderung  string
	Kandidaten []string
	// Betrag is what is to be booked on the Forderung; Rest what stays open (Unter) or
	// is surplus (Ueber).
	Betrag, Rest zahlung.Betrag
	// Bezug is the Schluessel of the earlier payment a Zurueck takes back; Kosten are
	// the bank's charges beside it.
	Bezug  string
	Kosten zahlung.Betrag
	// Grund in German, without personal data.
	Grund string
}

// Abgleich is what [Match] needs.
type Abgleich struct {
	Schemata []kassenzeichen.Schema
	Offen    []Offen
	// Gebucht are earlier movements, at least those that may be read again or returned.
	Gebucht []Gebucht
}

// Match gives one Zuordnung per movement, in their order. Movements count one after the
// other: what the first pays is no longer open for the second, and the same movement
// twice in one run is a repetition. Only a single valid Kassenzeichen of one Forderung
// assigns money; an equal amount, name or account never does.
func Match(a Abgleich, us []Umsatz) []Zuordnung {
	m := lauf{a: a, offen: slices.Clone(a.Offen), alt: map[string]*Gebucht{}, kz: map[string][]int{}}
	m.gebucht = slices.Clone(a.Gebucht)
	for i := range m.gebucht {
		m.alt[m.gebucht[i].Schluessel] = &m.gebucht[i]
	}
	for i, o := range m.offen {
		if o.Kassenzeichen != "" {
			m.kz[o.Kassenzeichen] = append(m.kz[o.Kassenzeichen], i)
		}
	}
	out := make([]Zuordnung, 0, len(us))
	for _, u := range us {
		z := m.einer(u)
		if z.Befund != Doppelt && z.Befund != Angekuendigt && m.alt[u.Schluessel()] == nil {
			m.alt[u.Schluessel()] = &Gebucht{Schluessel: u.Schluessel(), Inhalt: u.Inhalt(), Forderung: z.Forderung, EndToEnd: u.EndToEnd, Betrag: u.Betrag}
			if z.Befund == Zurueck || !u.Haben {
				m.alt[u.Schluessel()].Forderung = ""
			}
		}
		out = append(out, z)
	}
	return out
}

type lauf struct {
	a       Abgleich
	offen   []Offen
	gebucht []Gebucht
	alt     map[string]*Gebucht
	kz      map[string][]int
}

func (m *lauf) einer(u Umsatz) Zuordnung {
	z := Zuordnung{Umsatz: u, Sicherheit: Keine, Person: true, Befund: Zweifel}
	if !u.Gebucht {
		z.Befund, z.Person, z.Grund = Angekuendigt, false, "Der Umsatz ist von der Bank noch nicht gebucht."
		return z
	}
	if alt := m.alt[u.Schluessel()]; alt != nil {
		if alt.Inhalt == u.Inhalt() {
			z.Befund, z.Person, z.Sicherheit, z.Grund = Doppelt, false, Sicher, "Dieser Umsatz wurde schon verarbeitet."
		} else {
			z.Grund = "Unter der Referenz dieses Umsatzes wurde schon ein anderer verarbeitet."
		}
		return z
	}
	kandidaten, grund, eindeutig := m.suche(u)
	switch {
	case u.Unstimmig != "":
		z.Kandidaten, z.Grund = kandidaten, u.Unstimmig
	case u.Sammler:
		z.Kandidaten, z.Grund = kandidaten, "Die Bank hat mehrere Zahlungen in einer Summe gebucht, ohne sie einzeln zu nennen."
	case u.Storno || u.Rueckgabe != "":
		return m.rueckgabe(z, kandidaten)
	case !u.Haben:
		z.Befund, z.Person, z.Sicherheit, z.Grund = Ausgang, false, Sicher, "Es ist Geld abgegangen; das betrifft keine offene Forderung."
	case u.Betrag == 0:
		z.Grund = "Der Umsatz hat den Betrag null."
	case len(kandidaten) == 0:
		z.Befund, z.Grund = Ohne, grund
	case !eindeutig:
		z.Kandidaten, z.Sicherheit, z.Grund = kandidaten, Unsicher, grund
	default:
		return m.buche(z, m.kzIndex(kandidaten[0]), grund)
	}
	if len(z.Kandidaten) > 0 {
		z.Sicherheit = Unsicher
	}
	return z
}

func (m *lauf) kzIndex(forderung string) int {
	return slices.IndexFunc(m.offen, func(o Offen) bool { return o.Forderung == forderung })
}

// suche gives the Forderungen the movement names, and whether exactly one is sure.
func (m *lauf) suche(u Umsatz) (forderungen []string, grund string, eindeutig bool) {
	text := u.Referenz + " | " + u.Verwendungszweck + " | " + u.EndToEnd
	if ValidRF(u.Referenz) {
		text = u.Referenz[4:] + " | " + text
	}
	var unsicher, falsch, fremd bool
	for _, f := range kassenzeichen.Find(text, m.a.Schemata) {
		is := m.kz[f.Kassenzeichen]
		if !f.Gueltig {
			falsch = true
			continue
		}
		fremd = fremd || len(is) == 0
		for _, i := range is {
			if o := m.offen[i].Forderung; !slices.Contains(forderungen, o) {
				forderungen = append(forderungen, o)
			}
		}
		if len(is) > 0 && !f.Genau && !m.verspricht(f.Schema) {
			unsicher = true
		}
	}
	switch {
	case len(forderungen) > 1:
		return forderungen, "Der Verwendungszweck nennt mehrere offene Forderungen.", false
	case len(forderungen) == 1 && fremd:
		return forderungen, "Der Verwendungszweck nennt neben dem Kassenzeichen ein weiteres, das hier nicht bekannt ist.", false
	case len(forderungen) == 1 && unsicher:
		return forderungen, "Das Kassenzeichen ist nur ungenau geschrieben und hat keine Prüfziffer.", false
	case len(forderungen) == 1:
		return forderungen, "Das Kassenzeichen stimmt.", true
	case fremd:
		return nil, "Das Kassenzeichen gehört zu keiner bekannten Forderung.", false
	case falsch:
		return nil, "Der Verwendungszweck enthält ein Kassenzeichen, dessen Prüfziffer nicht stimmt.", false
	}
	return nil, "Der Verwendungszweck enthält kein Kassenzeichen.", false
}

func (m *lauf) verspricht(schema string) bool {
	for _, s := range m.a.Schemata {
		if s.Name == schema {
			return s.Zusage().Einzelfehler
		}
	}
	return false
}

func (m *lauf) buche(z Zuordnung, i int, grund string) Zuordnung {
	o, u := &m.offen[i], z.Umsatz
	if u.Waehrung != o.Waehrung {
		z.Kandidaten, z.Sicherheit, z.Grund = []string{o.Forderung}, Unsicher, "Die Zahlung ist in einer anderen Währung als die Forderung."
		return z
	}
	z.Forderung, z.Sicherheit, z.Betrag, z.Person = o.Forderung, Sicher, u.Betrag, false
	switch rest := o.Betrag - u.Betrag; {
	case rest == 0:
		z.Befund, z.Grund = Exakt, grund+" Der Betrag ist genau der offene."
	case rest > 0:
		z.Befund, z.Rest = Unter, rest
		z.Grund = fmt.Sprintf("%s Es bleiben %s %s offen.", grund, rest.Zahl(), o.Waehrung)
	case o.Betrag == 0:
		z.Befund, z.Rest, z.Person = Ueber, -rest, true
		z.Grund = grund + " Die Forderung war schon bezahlt; der ganze Betrag ist zu viel."
	default:
		z.Befund, z.Rest, z.Person = Ueber, -rest, true
		z.Grund = fmt.Sprintf("%s Es sind %s %s zu viel.", grund, (-rest).Zahl(), o.Waehrung)
	}
	o.Betrag = max(o.Betrag-u.Betrag, 0)
	return z
}

// rueckgabe finds the earlier payment that is taken back: by the payer's reference and
// amount, or, where that is missing, by the Kassenzeichen and amount.
func (m *lauf) rueckgabe(z Zuordnung, kandidaten []string) Zuordnung {
	u := z.Umsatz
	if u.Haben {
		z.Kandidaten, z.Grund = kandidaten, "Eine eigene Zahlung, etwa eine Erstattung, kam zurück."
		if len(kandidaten) > 0 {
			z.Sicherheit = Unsicher
		}
		return z
	}
	betrag := u.Betrag
	if u.Ursprung > 0 && u.Ursprung <= u.Betrag {
		betrag = u.Ursprung
	} else if u.Entgelt > 0 && u.Entgelt < u.Betrag {
		betrag = u.Betrag - u.Entgelt
	}
	var treffer []*Gebucht
	for _, g := range m.alt {
		if g.Forderung == "" || g.Zurueck || g.Betrag != betrag {
			continue
		}
		if u.EndToEnd != "" && g.EndToEnd == u.EndToEnd || u.EndToEnd == "" && slices.Contains(kandidaten, g.Forderung) {
			treffer = append(treffer, g)
		}
	}
	if len(treffer) != 1 {
		for _, g := range treffer {
			kandidaten = append(kandidaten, g.Forderung)
		}
		slices.Sort(kandidaten)
		z.Kandidaten = slices.Compact(kandidaten)
		if z.Grund = "Eine Zahlung wurde zurückgegeben; welche, ist nicht eindeutig."; len(z.Kandidaten) > 0 {
			z.Sicherheit = Unsicher
		}
		return z
	}
	g := treffer[0]
	g.Zurueck = true
	if i := m.kzIndex(g.Forderung); i >= 0 {
		// What the payment had brought beyond the open amount is not known here: later
		// payments in this run count against it at most in full.
		m.offen[i].Betrag += g.Betrag
	}
	z.Befund, z.Sicherheit, z.Person = Zurueck, Sicher, true
	z.Forderung, z.Bezug, z.Betrag, z.Kosten = g.Forderung, g.Schluessel, g.Betrag, u.Betrag-betrag
	z.Grund = "Die Zahlung wurde zurückgegeben"
	if t := rueckgabeText[u.Rueckgabe]; t != "" {
		z.Grund += " (" + t + ")"
	}
	z.Grund += "; die Forderung ist insoweit wieder offen."
	return z
}

// rueckgabeText of the usual reason codes (ISO 20022 ExternalReturnReason1Code).
var rueckgabeText = map[string]string{
	"AC01": "Kontonummer falsch", "AC04": "Konto erloschen", "AC06": "Konto gesperrt", "AG01": "Zahlungsart nicht zugelassen",
	"AM04": "Konto nicht gedeckt", "AM05": "doppelt eingereicht", "MD01": "kein gültiges Mandat", "MD06": "Widerspruch des Zahlers",
	"MD07": "Kontoinhaber verstorben", "MS02": "ohne Angabe durch den Zahler", "MS03": "ohne Angabe durch die Bank", "SL01": "Sperre der Bank",
}

// Book applies a Zuordnung to its Forderung, once however often it is applied: money
// that came in, or an earlier payment that is taken back. One that is not [Sicher] or
// belongs to another Forderung matches [fehler.ErrConflict]; a finding without booking
// (Doppelt, Ausgang) changes nothing.
func (z Zuordnung) Book(f zahlung.Forderung, zeit time.Time) (zahlung.Forderung, error) {
	a := zahlung.Angaben{Schluessel: z.Umsatz.Schluessel(), Zeit: zeit, Tag: cmp.Or(z.Umsatz.Wertstellung, z.Umsatz.Buchungstag), Grund: z.Grund}
	switch {
	case z.Sicherheit != Sicher || z.Forderung != "" && z.Forderung != f.ID:
		return f, fehler.New("ueberweisung.Book", f.ID, fehler.ErrConflict, fehler.Probleme{problem("ueberweisung.nicht-sicher", "", "not assigned for sure to this Forderung", "Der Umsatz ist dieser Forderung nicht sicher zugeordnet.")})
	case z.Befund == Exakt || z.Befund == Unter || z.Befund == Ueber:
		return f.Pay(a, z.Betrag)
	case z.Befund == Zurueck:
		return f.Return(a, z.Bezug)
	}
	return f, nil
}
