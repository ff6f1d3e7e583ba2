package zuordnung

import (
	"fmt"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Check gives all that is wrong with a Zuordnung, as [Load] does; nil if nothing is.
func (z Zuordnung) Check() error {
	if p := z.check(); len(p) > 0 {
		return p[:min(len(p), maxProbleme)]
	}
	return nil
}

// stelle is a Wert with its name in the configuration.
type stelle struct {
	pfad string
	wert *Wert
}

// werte lists all Werte in a fixed order.
func (z *Zuordnung) werte() []stelle {
	a := &z.Antragsteller
	list := []stelle{
		{"/antragsteller/vorname", a.Vorname}, {"/antragsteller/nachname", a.Nachname}, {"/antragsteller/name", a.Name},
		{"/antragsteller/organisation", a.Organisation}, {"/antragsteller/strasse", a.Strasse},
		{"/antragsteller/hausnummer", a.Hausnummer}, {"/antragsteller/zusatz", a.Zusatz}, {"/antragsteller/plz", a.PLZ},
		{"/antragsteller/ort", a.Ort}, {"/antragsteller/email", a.EMail}, {"/antragsteller/telefon", a.Telefon},
		{"/leistung", z.Leistung}, {"/ort", z.Ort}, {"/referenz", z.Referenz}, {"/gestelltAm", z.GestelltAm},
		{"/digitalerBescheid", z.DigitalerBescheid}, {"/konto", z.Konto},
	}
	for i, k := range z.Adressen {
		list = append(list, stelle{fmt.Sprintf("/adressen/%d/kennung", i), k.Kennung})
	}
	return slices.DeleteFunc(list, func(s stelle) bool { return s.wert == nil })
}

func (z *Zuordnung) check() fehler.Probleme {
	var out fehler.Probleme
	add := func(code, pfad, meldung, hinweis string) {
		out = append(out, fehler.Problem{Code: "zuordnung." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
	selektor := func(pfad, s string) {
		if _, err := compile(s, z.Format, z.Namensraeume); err != nil {
			add("selektor", pfad, err.Error(), "Dieser Selektor ist nicht gültig.")
		}
	}
	if z.Name == "" {
		add("aufbau", "/name", "is missing", "Die Zuordnung braucht einen Namen.")
	}
	if z.Format != JSON && z.Format != XML {
		add("aufbau", "/format", "is neither json nor xml", "Das Format muss json oder xml sein.")
		return out
	}
	z.checkErkennung(add)
	for _, p := range slices.Sorted(maps.Keys(z.Namensraeume)) {
		if ns := z.Namensraeume[p]; p == "" || ns == "" || z.Format == JSON {
			add("aufbau", "/namensraeume/"+p, "a prefix or namespace is empty, or the format is JSON", "Namensräume brauchen Präfix und Namen und gelten nur für XML.")
		}
	}
	for _, s := range z.werte() {
		for i, p := range s.wert.Pfade {
			selektor(fmt.Sprintf("%s/pfade/%d", s.pfad, i), p)
		}
		if len(s.wert.Pfade) == 0 && s.wert.Fest == "" {
			add("aufbau", s.pfad, "has neither pfade nor fest", "Diese Angabe braucht einen Selektor oder einen festen Wert.")
		}
		z.checkTyp(s.pfad+"/typ", s.wert.Typ, add)
	}
	for i, a := range z.Adressen {
		if a.Kanal == "" || a.Kennung == nil {
			add("aufbau", fmt.Sprintf("/adressen/%d", i), "kanal or kennung is missing", "Eine Adresse braucht Kanal und Kennung.")
		}
	}
	if z.Anlagen != nil {
		selektor("/anlagen/pfad", z.Anlagen.Pfad)
		if z.Anlagen.Name == "" {
			add("aufbau", "/anlagen/name", "is missing", "Anlagen brauchen die Stelle ihres Namens.")
		}
	}
	f := &z.Formular
	if f.Wurzel != "" {
		selektor("/formular/wurzel", f.Wurzel)
	}
	for i, p := range f.Ohne {
		selektor(fmt.Sprintf("/formular/ohne/%d", i), p)
	}
	if z.Format == XML && len(f.Wert)+len(f.Kinder) > 0 || z.Format == JSON && f.Attribute {
		add("aufbau", "/formular", "wert and kinder are for JSON, attribute is for XML", "wert und kinder gelten nur für JSON, attribute nur für XML.")
	}
	for _, k := range slices.Sorted(maps.Keys(f.Typwerte)) {
		z.checkTyp("/formular/typwerte/"+k, f.Typwerte[k], add)
	}
	for _, k := range slices.Sorted(maps.Keys(f.Typen)) {
		z.checkTyp("/formular/typen/"+k, f.Typen[k], add)
	}
	return out
}

func (z *Zuordnung) checkTyp(pfad string, t Typ, add func(code, pfad, meldung, hinweis string)) {
	if t != "" && typBeschreibung(t) == "" {
		add("aufbau", pfad, "value is not in the list", "Diesen Typ gibt es nicht.")
	}
}

func (z *Zuordnung) checkErkennung(add func(code, pfad, meldung, hinweis string)) {
	e := &z.Erkennung
	if len(e.Medientypen) == 0 {
		add("erkennung", "/erkennung/medientypen", "is missing", "Die Erkennung braucht mindestens einen Medientyp.")
	}
	for i, m := range e.Medientypen {
		if t, params, err := mime.ParseMediaType(m); err != nil || t != m || len(params) > 0 || !strings.Contains(m, "/") {
			add("erkennung", fmt.Sprintf("/erkennung/medientypen/%d", i), "not a media type in lower case without parameters", "Medientypen stehen klein und ohne Parameter, etwa application/json.")
		}
	}
	if z.Format == XML {
		if e.Wurzel == nil || *e.Wurzel == (Wurzel{}) || len(e.Mitglieder) > 0 {
			add("erkennung", "/erkennung", "XML is recognised by wurzel, and by nothing of JSON", "XML wird an der Wurzel erkannt; mitglieder gelten nur für JSON.")
		}
		return
	}
	if len(e.Mitglieder) == 0 || e.Wurzel != nil {
		add("erkennung", "/erkennung", "JSON is recognised by mitglieder, and by nothing of XML", "JSON wird an seinen Mitgliedern erkannt; wurzel gilt nur für XML.")
	}
	for i, m := range e.Mitglieder {
		pfad := fmt.Sprintf("/erkennung/mitglieder/%d", i)
		if !strings.HasPrefix(m.Zeiger, "/") || strings.Count(m.Zeiger, "/") > maxZeiger {
			add("erkennung", pfad+"/zeiger", fmt.Sprintf("not a JSON pointer of 1 to %d members", maxZeiger), "Dies ist kein JSON-Zeiger, etwa /kopf/formular.")
		}
		if m.Art != "" && artKind(m.Art) == 0 {
			add("aufbau", pfad+"/art", "value is not in the list", "Diese Art gibt es nicht.")
		}
	}
}
