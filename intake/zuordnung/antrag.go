package zuordnung

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Antrag is all that a Zuordnung found in a document.
type Antrag struct {
	intake.Inhalt
	// Zuordnung is the name of the one that fitted.
	Zuordnung string
	// Leistung is a key or its URN, Ort an ARS; empty if the document names none.
	Leistung, Ort   string
	Referenz, Konto string
	GestelltAm      datum.Datum
	EMail, Telefon  string
	// Anlagen are the files the document names, in its order.
	Anlagen []Anlage
}

// Anlage is a file that the document names.
type Anlage struct{ Kennung, Name string }

// Fill puts what the document says where the Lieferung says nothing: the channel's
// own word counts more. A file is renamed if its name or id is the Kennung of an
// Anlage; without Kennungen, and with as many Anlagen as files, in order.
func (a *Antrag) Fill(l *intake.Lieferung) {
	l.Leistung, l.Ort = cmp.Or(l.Leistung, a.Leistung), cmp.Or(l.Ort, a.Ort)
	l.Referenz, l.Konto = cmp.Or(l.Referenz, a.Referenz), cmp.Or(l.Konto, a.Konto)
	l.GestelltAm = cmp.Or(l.GestelltAm, a.GestelltAm)
	if len(l.Adressen) == 0 {
		l.Adressen = slices.Clone(a.Antragsteller.Adressen)
	}
	if l.DigitalerBescheid == nil && a.Antragsteller.DigitalerBescheid != nil {
		l.DigitalerBescheid = new(*a.Antragsteller.DigitalerBescheid)
	}
	l.Dateien = slices.Clone(l.Dateien)
	inOrder := len(a.Anlagen) == len(l.Dateien) && !slices.ContainsFunc(a.Anlagen, func(x Anlage) bool { return x.Kennung != "" })
	for i := range l.Dateien {
		t := &l.Dateien[i]
		for j, x := range a.Anlagen {
			if x.Name != "" && (inOrder && i == j || x.Kennung != "" && (x.Kennung == t.Name || x.Kennung == t.ID.String())) {
				t.Name = x.Name
				break
			}
		}
	}
}

// extraktion reads the parts of an Antrag and collects what does not fit.
type extraktion struct {
	f        *form
	s        *sucher
	probleme fehler.Probleme
	err      error
}

// add notes a problem; of many the first count.
func (x *extraktion) add(code, pfad, meldung, hinweis string) {
	if len(x.probleme) >= maxProbleme {
		return
	}
	x.probleme = append(x.probleme, fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
}

// read gives the normal form of a Wert; empty if w is nil or nothing is there.
func (x *extraktion) read(titel string, w *wert, standard Typ) (normal, *knoten) {
	if w == nil || x.err != nil {
		return normal{}, nil
	}
	typ := cmp.Or(w.Typ, standard)
	for _, p := range w.pfade {
		list, err := x.s.find(p)
		if err != nil {
			x.err = err
			return normal{}, nil
		}
		var first *knoten
		var text string
		for _, k := range list {
			s, ok := k.wert()
			if s = strings.TrimSpace(s); !ok || s == "" {
				continue
			}
			if first == nil {
				first, text = k, s
			} else if s != text && !w.Erster {
				x.add("intake.wert-mehrdeutig", k.ort(), "several different values", "Die Angabe „"+titel+"“ steht mehrfach und verschieden im Formular. Bitte klären, welche gilt.")
				return normal{}, nil
			}
			if w.Erster {
				break
			}
		}
		if first != nil {
			return x.normal(titel, w, typ, text, first), first
		}
	}
	if w.Fest != "" {
		k := &knoten{art: artText} // of no place but the whole
		return x.normal(titel, w, typ, w.Fest, k), k
	}
	if w.Pflicht {
		x.add("intake.wert-fehlt", "data", "a mandatory value is missing: "+titel, "Die Angabe „"+titel+"“ fehlt im Formular.")
	}
	return normal{}, nil
}

func (x *extraktion) normal(titel string, w *wert, typ Typ, text string, k *knoten) normal {
	a := k.art
	if t, ok := w.Tabelle[text]; ok {
		text, a = t, artText
	}
	n, ok := normalise(text, typ, a)
	if !ok {
		x.unpassend(titel, typ, k)
	}
	return n
}

func (x *extraktion) unpassend(titel string, typ Typ, k *knoten) {
	if len(x.probleme) >= maxProbleme {
		return // the place of each of thousands is work for nothing
	}
	x.add("intake.wert", k.ort(), fmt.Sprintf("does not fit the type %s", typ), "Die Angabe „"+short(titel)+"“ ist nicht "+typBeschreibung(typ)+", wie das Formular es verlangt. Bitte prüfen.")
}

func (x *extraktion) text(titel string, w *wert) string {
	n, _ := x.read(titel, w, Text)
	return n.kanon
}

func (x *extraktion) antrag() Antrag {
	f := x.f
	a := Antrag{Zuordnung: f.Name}
	name := strings.TrimSpace(x.text("Vorname", f.wert["/antragsteller/vorname"]) + " " + x.text("Nachname", f.wert["/antragsteller/nachname"]))
	name = cmp.Or(name, x.text("Name", f.wert["/antragsteller/name"]))
	name = cmp.Or(name, x.text("Organisation", f.wert["/antragsteller/organisation"]))
	a.Antragsteller = messaging.Empfaenger{Name: name, Anschrift: tenant.Anschrift{
		Strasse: x.text("Straße", f.wert["/antragsteller/strasse"]), Hausnummer: x.text("Hausnummer", f.wert["/antragsteller/hausnummer"]),
		Zusatz: x.text("Adresszusatz", f.wert["/antragsteller/zusatz"]), PLZ: x.text("Postleitzahl", f.wert["/antragsteller/plz"]),
		Ort: x.text("Ort", f.wert["/antragsteller/ort"]),
	}}
	a.EMail, a.Telefon = x.text("E-Mail", f.wert["/antragsteller/email"]), x.text("Telefon", f.wert["/antragsteller/telefon"])
	a.Referenz, a.Konto = x.text("Referenz", f.wert["/referenz"]), x.text("Nutzerkonto", f.wert["/konto"])
	for i, k := range f.Adressen {
		if s := x.text("Postfach", f.wert[fmt.Sprintf("/adressen/%d/kennung", i)]); s != "" {
			a.Antragsteller.Adressen = append(a.Antragsteller.Adressen, messaging.Adresse{Kanal: k.Kanal, Kennung: s})
		}
	}
	if n, _ := x.read("Antragsdatum", f.wert["/gestelltAm"], Datum); n.kanon != "" {
		a.GestelltAm, _ = tag(n.kanon)
	}
	if n, _ := x.read("Digitaler Bescheid", f.wert["/digitalerBescheid"], Wahrheit); n.kanon != "" {
		a.Antragsteller.DigitalerBescheid = new(n.kanon == "true")
	}
	a.Leistung, a.Ort = x.leistung(), x.ort()
	a.Anlagen = x.anlagen()
	return a
}

func (x *extraktion) leistung() string {
	n, k := x.read("Leistung", x.f.wert["/leistung"], Text)
	if n.kanon == "" {
		return ""
	}
	if _, err := tenant.ParseLeistung(n.kanon); err != nil {
		x.add("intake.wert", k.ort(), "is no Leistungsschluessel", "Die Angabe „Leistung“ ist kein Leistungsschlüssel. Bitte die Tabelle der Zuordnung ergänzen.")
		return ""
	}
	return n.kanon
}

// ort gives an ARS. An AGS lacks the digits of the Gemeindeverband; only for a
// town outside a Kreis (ending in 000) are they known: 0000.
func (x *extraktion) ort() string {
	n, k := x.read("Ort der Zuständigkeit", x.f.wert["/ort"], Text)
	s := n.kanon
	if s == "" {
		return ""
	}
	if len(s) == 8 && strings.HasSuffix(s, "000") {
		s = s[:5] + "0000" + s[5:]
	}
	if _, err := tenant.ParseARS(s); err != nil {
		x.add("intake.wert", k.ort(), "is no ARS, nor an AGS that has one", "Die Angabe „Ort der Zuständigkeit“ ist kein Regionalschlüssel. Bitte die Tabelle der Zuordnung ergänzen.")
		return ""
	}
	return s
}

func (x *extraktion) anlagen() []Anlage {
	if x.f.anlagen == nil || x.err != nil {
		return nil
	}
	list, err := x.s.find(*x.f.anlagen)
	if err != nil {
		x.err = err
		return nil
	}
	var out []Anlage
	for _, k := range list {
		var a Anlage
		if c := k.mitglied(x.f.Anlagen.Name); c != nil {
			a.Name, _ = c.wert()
		}
		if c := k.mitglied(x.f.Anlagen.Kennung); c != nil && x.f.Anlagen.Kennung != "" {
			a.Kennung, _ = c.wert()
		}
		if a != (Anlage{}) {
			out = append(out, a)
		}
	}
	return out
}
