package frist

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// VerlaengerungFall asks for the end of an extended period (§ 190 BGB).
type VerlaengerungFall struct {
	// Fristende is the last day of the old period before any shift (Kandidat.Roh).
	Fristende datum.Datum `json:"fristende"`
	Dauer     Dauer       `json:"dauer"`
	Behoerde  Behoerde    `json:"behoerde"`
}

// Verlaengerung works out the last day of an extended period. It counts from the
// unshifted end of the old one; the shifted end, and the day after as first day
// of the new period, are candidates. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Verlaengerung(f VerlaengerungFall) (Ergebnis, error) {
	x := r.beginne("frist.Verlaengerung", ZweckVerlaengerung, Eingabe{Verlaengerung: &f})
	x.behoerde(f.Behoerde)
	x.tag(f.Fristende, "/fristende", true)
	x.dauer(f.Dauer, "/dauer")
	if len(x.probleme) > 0 {
		return x.ohneDatum(LageKeine)
	}
	_, spaet := x.kalender.NaechsterWerktag(f.Behoerde.Ort, f.Fristende)
	return x.verlaengere([]wert{{tag: spaet, roh: f.Fristende}}, f.Dauer, f.Behoerde, "", nil)
}

// verlaengere lets a period run on from its end, the deciding one first; the
// readings of the old rule stay possible.
func (x *rechnung) verlaengere(alt []wert, d Dauer, b Behoerde, was Zweck, lesarten []Lesart) (Ergebnis, error) {
	roh, verschoben := alt[0].roh, alt[0].tag
	k := schluessel{ZweckVerlaengerung, "", string(was)}
	if len(x.regeln.nach[k]) == 0 {
		k.fach = "" // no rule of its own: the general one
	}
	gefunden, _ := x.frage(k, b, roh)
	if gefunden == nil {
		return x.ohneDatum(LageKeine)
	}
	wirksam := *gefunden
	for _, l := range lesarten {
		l.N = nil // the length is that of the extension
		if l.Verschiebung != "" {
			wirksam.Alternativ = append(slices.Clip(wirksam.Alternativ), l)
		}
	}
	regel := &wirksam
	werte := x.laufe(lauf{regel: regel, am: roh, dauer: d, ort: b.Ort})
	weiter := func(am datum.Datum, beginn Beginn, grund string) {
		werte = append(werte, x.laufe(lauf{regel: regel, am: am, dauer: d, beginn: beginn, ort: b.Ort, grund: grund, still: true})...)
	}
	weiter(roh.AddTage(1), BeginnTag, "Die neue Frist beginnt mit dem Tag nach dem alten Ende.")
	if verschoben != roh {
		weiter(verschoben, BeginnEreignis, "Für Verfahrensfristen zählt die Verlängerung ab dem verschobenen Ende.")
	}
	for i, w := range alt {
		if i > 0 && !slices.ContainsFunc(alt[:i], func(v wert) bool { return v.roh == w.roh }) {
			weiter(w.roh, BeginnEreignis, w.grund)
		}
	}
	return x.mitEnde(werte)
}

// begruendet: an extension needs its reasons (§ 42a (2) 4 VwVfG); without them
// it may still be effective, so the result only says so.
func (x *rechnung) begruendet(grund string) {
	if grund != "" {
		x.schritt("Verlängert, weil: " + grund + ".")
		return
	}
	x.warne(problem("verlaengerung-ohne-grund", "/verlaengerung_grund", "extension without reasons", "Für die Verlängerung ist kein Grund angegeben; sie ist zu begründen."))
}

// rechtzeitig: told within the period on every reading, or with a warning on one.
func (x *rechnung) rechtzeitig(am datum.Datum, werte []wert) bool {
	if x.offen {
		return true // while a suspension lasts the period cannot be over
	}
	frueh, spaet := werte[0].tag, werte[0].tag
	for _, w := range werte {
		if w.tag.Vor(frueh) {
			frueh = w.tag
		}
		if w.tag.Nach(spaet) {
			spaet = w.tag
		}
	}
	switch {
	case am.Nach(spaet):
		x.schritt("Die Verlängerung wurde erst am " + tagText(am) + " mitgeteilt, nach dem Ende der Frist; sie wirkt nicht.")
		x.warne(problem("verlaengerung-spaet", "/mitgeteilt", "extension told after the end, left out", "Die Verlängerung wurde zu spät mitgeteilt und nicht berücksichtigt."))
		return false
	case am.Nach(frueh):
		x.warne(problem("verlaengerung-knapp", "/mitgeteilt", "extension told after the end on one reading", "Ob die Verlängerung rechtzeitig mitgeteilt wurde, ist nicht sicher."))
		x.schwaeche(KonfidenzU)
	}
	return true
}
