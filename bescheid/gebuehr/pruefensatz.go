package gebuehr

import (
	"fmt"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var arten = []Art{ArtFest, ArtRahmen, ArtZeit, ArtStueck, ArtProzent, ArtWertstufen, ArtStaffel, ArtTatsaechlich}

// satz checks a rate: what its kind needs is there, and nothing that it would ignore.
func (p *pruefer) satz(s *Satz, feld string) {
	f := func(ok bool, code, unter, meldung, hinweis string) { p.fordere(ok, code, feld+unter, meldung, hinweis) }
	f(slices.Contains(arten, s.Art), "satz-art", "/art", "unknown kind", "Die Art ist unbekannt.")
	f(s.Betrag == 0 || s.Art == ArtFest, "satz-fremd", "/betrag", "amount without use", "„betrag“ gehört nur zur Art fest.")
	f(s.Min == 0 && s.Max == 0 && len(s.Kriterien) == 0 || s.Art == ArtRahmen, "satz-fremd", "/min", "range without use", "„min“, „max“ und „kriterien“ gehören nur zur Art rahmen.")
	f(s.EinheitMinuten == 0 && len(s.Stundensaetze) == 0 || s.Art == ArtZeit, "satz-fremd", "/stundensaetze", "rates per hour without use", "Stundensätze gehören nur zur Art zeit.")
	f(s.Anteil.IsZero() || s.Art == ArtProzent, "satz-fremd", "/anteil", "share without use", "„anteil“ gehört nur zur Art prozent.")
	stufig := s.Art == ArtStueck || s.Art == ArtWertstufen || s.Art == ArtStaffel
	f(len(s.Stufen) == 0 || stufig, "satz-fremd", "/stufen", "steps without use", "Stufen gehören nur zu den Arten stueck, wertstufen und staffel.")
	f(s.Mindestens >= 0 && s.Hoechstens >= 0 && (s.Hoechstens == 0 || s.Mindestens <= s.Hoechstens), "satz-grenze", "/hoechstens", "caps below zero or not ordered", "Mindest- und Höchstbetrag sind negativ oder stehen falsch herum.")
	f(s.Rundung.Auf >= 0 && s.Rundung.Auf <= 100_00, "satz-rundung", "/rundung/auf", "step out of range", "Gerundet wird auf höchstens 100 Euro.")
	f(slices.Contains([]Richtung{"", RundeKaufmaennisch, RundeAb, RundeAuf}, s.Rundung.Richtung), "satz-rundung", "/rundung/richtung", "unknown direction", "Gerundet wird kaufmaennisch, ab oder auf.")
	switch s.Art {
	case ArtFest:
		f(s.Betrag >= 0, "satz-betrag", "/betrag", "amount below zero", "Der Betrag ist negativ.")
	case ArtRahmen:
		p.rahmen(s, feld)
	case ArtZeit:
		f(s.EinheitMinuten >= 1 && s.EinheitMinuten <= 1440, "satz-zeit", "/einheit_minuten", "unit out of range", "Die Zeiteinheit fehlt oder ist zu groß.")
		f(len(s.Stundensaetze) > 0 && len(s.Stundensaetze) <= maxListe, "satz-zeit", "/stundensaetze", "rates missing", "Die Stundensätze fehlen.")
		gesehen := map[string]bool{}
		for i, x := range s.Stundensaetze[:min(len(s.Stundensaetze), maxListe)] {
			f(postenForm.MatchString(x.Gruppe) && len(x.Gruppe) <= 64 && !gesehen[x.Gruppe] && x.Betrag >= 0, "satz-zeit", fmt.Sprintf("/stundensaetze/%d", i), "group malformed or doubled, or rate below zero", "Die Laufbahngruppe hat eine falsche Form oder ist doppelt, oder ihr Satz ist negativ.")
			gesehen[x.Gruppe] = true
		}
	case ArtStueck, ArtWertstufen, ArtStaffel:
		p.stufen(s, feld)
	}
}

func (p *pruefer) rahmen(s *Satz, feld string) {
	p.fordere(s.Min >= 0 && s.Min <= s.Max, "satz-rahmen", feld+"/max", "range below zero or not ordered", "Der Rahmen ist negativ oder steht falsch herum.")
	p.fordere(len(s.Kriterien) <= 20, "satz-kriterium", feld+"/kriterien", "too many criteria", "Zu viele Kriterien.")
	gesehen := map[string]bool{}
	for i, k := range s.Kriterien[:min(len(s.Kriterien), 20)] {
		ort := fmt.Sprintf("%s/kriterien/%d", feld, i)
		p.fordere(postenForm.MatchString(k.Schluessel) && len(k.Schluessel) <= 64 && !gesehen[k.Schluessel] && k.Bezeichnung != "" && len(k.Bezeichnung) <= maxLaenge, "satz-kriterium", ort,
			"criterion malformed, doubled or without description", "Das Kriterium hat eine falsche Form, ist doppelt oder ohne Bezeichnung.")
		p.fordere(k.Gewicht >= 1 && k.Gewicht <= maxGewicht && k.MaxPunkte >= 1 && k.MaxPunkte <= maxPunkte, "satz-kriterium", ort+"/gewicht",
			"weight or points out of range", "Gewicht und Punkte liegen zwischen 1 und 1000.")
		gesehen[k.Schluessel] = true
	}
}

func (p *pruefer) stufen(s *Satz, feld string) {
	p.fordere(len(s.Stufen) > 0 && len(s.Stufen) <= maxListe, "satz-stufen", feld+"/stufen", "steps missing or too many", "Die Stufen fehlen, oder es sind zu viele.")
	var bis int
	var wert Betrag
	for i, x := range s.Stufen[:min(len(s.Stufen), maxListe)] {
		ort := fmt.Sprintf("%s/stufen/%d", feld, i)
		letzte := i == len(s.Stufen)-1
		p.fordere(x.Betrag >= 0 && x.JeBetrag >= 0 && x.Je >= 0, "satz-stufen", ort+"/betrag", "amount below zero", "Der Betrag ist negativ.")
		if s.Art == ArtStueck {
			p.fordere(x.BisWert == 0 && x.Anteil.IsZero() && x.Je == 0 && x.JeBetrag == 0, "satz-fremd", ort, "member of another kind", "Die Stufe hat Angaben, die nicht zur Art stueck gehören.")
			p.fordere((letzte && x.Bis == 0) || (x.Bis > bis && x.Bis <= maxMenge), "satz-stufen", ort+"/bis", "steps do not ascend", "Die Stufen steigen nicht an; nur die letzte darf offen sein.")
			bis = x.Bis
			continue
		}
		p.fordere(x.Bis == 0 && ((x.Je == 0) == (x.JeBetrag == 0)) && (x.Je == 0 || s.Art == ArtWertstufen), "satz-fremd", ort, "member of another kind", "Die Stufe hat Angaben, die nicht zu ihrer Art gehören.")
		p.fordere((letzte && x.BisWert == 0) || x.BisWert > wert, "satz-stufen", ort+"/bis_wert", "steps do not ascend", "Die Stufen steigen nicht an; nur die letzte darf offen sein.")
		wert = x.BisWert
	}
}

// pruefeGanzes looks at what rules say of each other, the Basis included.
func pruefeGanzes(d *datei) fehler.Probleme {
	p := &pruefer{}
	for _, n := range []int{len(d.Tarife), len(d.Ausgaenge), len(d.Minderungen), len(d.Umsatzsteuern), len(d.Zahlung), len(d.Stichtage)} {
		p.fordere(n <= maxRegeln, "regel-anzahl", "", "too many rules", "Die Tabelle hat zu viele Regeln.")
	}
	ueberlappt(p, "/tarife", d.Tarife, rechtTarif, func(x *Tarif) []string { return []string{x.Posten} })
	ueberlappt(p, "/stichtage", d.Stichtage, rechtStichtag, func(*Stichtagsregel) []string { return []string{""} })
	ueberlappt(p, "/umsatzsteuern", d.Umsatzsteuern, rechtSteuer, func(x *Steuersatz) []string { return []string{x.Schluessel} })
	ueberlappt(p, "/zahlung", d.Zahlung, rechtZahlung, func(*Zahlungsregel) []string { return []string{""} })
	ueberlappt(p, "/ausgaenge", d.Ausgaenge, rechtAusgang, func(x *Ausgangsregel) []string {
		out := make([]string, len(x.Ausgang))
		for i := range x.Ausgang {
			out[i] = string(x.Ausgang[i])
		}
		return out
	})
	p.eindeutigeKennungen(d)
	posten, steuern := map[string]bool{}, map[string]bool{}
	for i := range d.Umsatzsteuern {
		steuern[d.Umsatzsteuern[i].Schluessel] = true
	}
	for i := range d.Tarife {
		t := &d.Tarife[i]
		posten[t.Posten] = true
		p.pfad = "/tarife/" + t.ID
		p.fordere(t.Umsatzsteuer == "" || steuern[t.Umsatzsteuer], "tarif-steuer", "/umsatzsteuer", "no rate has this key", "Zu dieser Umsatzsteuer gibt es keinen Satz.")
	}
	jeMerkmal := map[string]int{}
	for i := range d.Minderungen {
		p.pfad = "/minderungen/" + d.Minderungen[i].ID
		jeMerkmal[d.Minderungen[i].Merkmal]++
		p.fordere(jeMerkmal[d.Minderungen[i].Merkmal] <= maxListe, "minderung-anzahl", "/merkmal", "too many reductions for one fact", "An ein Merkmal knüpfen zu viele Minderungen.")
		for _, x := range d.Minderungen[i].Posten {
			p.fordere(posten[x], "minderung-posten", "/posten", "no tariff has this posten", "Zu diesem Posten gibt es keinen Tarif.")
		}
	}
	return p.probleme
}

// eindeutigeKennungen: one id is one rule, whatever its kind; within a kind a file
// replaces what the Basis had.
func (p *pruefer) eindeutigeKennungen(d *datei) {
	art := map[string]string{}
	add := func(pfad string, r *Recht) {
		p.pfad = pfad + "/" + r.ID
		p.fordere(art[r.ID] == "" || art[r.ID] == pfad, "regel-doppelt", "", "id is used by a rule of another kind", "Die Kennung gehört schon zu einer Regel anderer Art.")
		art[r.ID] = pfad
	}
	for i := range d.Stichtage {
		add("/stichtage", &d.Stichtage[i].Recht)
	}
	for i := range d.Tarife {
		add("/tarife", &d.Tarife[i].Recht)
	}
	for i := range d.Ausgaenge {
		add("/ausgaenge", &d.Ausgaenge[i].Recht)
	}
	for i := range d.Minderungen {
		add("/minderungen", &d.Minderungen[i].Recht)
	}
	for i := range d.Umsatzsteuern {
		add("/umsatzsteuern", &d.Umsatzsteuern[i].Recht)
	}
	for i := range d.Zahlung {
		add("/zahlung", &d.Zahlung[i].Recht)
	}
}

// ueberlappt refuses two rules that would have to answer one question on one day:
// same key, same nearness to a Land, validity that meets. Places name the ids,
// because a rule may come from the Basis.
func ueberlappt[T any](p *pruefer, pfad string, regeln []T, recht func(*T) *Recht, schluessel func(*T) []string) {
	nach := map[string][]*Recht{}
	for i := range regeln {
		r := recht(&regeln[i])
		for _, k := range schluessel(&regeln[i]) {
			// One list per key and Land keeps this far from comparing all with all.
			if len(r.Laender) == 0 {
				nach[k+"|"] = append(nach[k+"|"], r)
			}
			for _, l := range r.Laender {
				nach[k+"|"+string(l)] = append(nach[k+"|"+string(l)], r)
			}
		}
	}
	gemeldet := map[[2]string]bool{}
	schluesselFolge := make([]string, 0, len(nach))
	for k := range nach {
		schluesselFolge = append(schluesselFolge, k)
	}
	slices.Sort(schluesselFolge)
	for _, k := range schluesselFolge {
		liste := slices.Clone(nach[k])
		slices.SortStableFunc(liste, func(a, b *Recht) int { return a.Von.Compare(b.Von) })
		for i := 1; i < len(liste); i++ {
			a, b := liste[i-1], liste[i]
			paar := [2]string{a.ID, b.ID}
			if (a.Bis.IsZero() || b.Von.IsZero() || !b.Von.Nach(a.Bis)) && !gemeldet[paar] {
				gemeldet[paar] = true
				p.pfad = pfad + "/" + b.ID
				p.fordere(false, "ueberlappt", "", "in force at once with "+a.ID+" on "+tagOderBeginn(b.Von, a.Von), "Die Regel gilt zugleich mit der Regel "+a.ID+". Bitte die Geltung der einen beenden, bevor die andere beginnt.")
			}
			// Keep the one that lasts longer for the next comparison.
			if a.Bis.IsZero() || (!b.Bis.IsZero() && a.Bis.Nach(b.Bis)) {
				liste[i] = a
			}
		}
	}
}

func tagOderBeginn(d, e datum.Datum) string {
	if d.IsZero() {
		d = e
	}
	if d.IsZero() {
		return "every day"
	}
	return d.String()
}
