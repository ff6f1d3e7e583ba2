package gebuehr

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

const (
	maxAnsaetze   = 100
	maxMerkmale   = 50
	maxKandidaten = 64 // combinations of readings that are worked out
)

// Rechne works out what a decision costs. What is missing or contradictory in the
// case is listed whole in an error of kind [fehler.ErrInvalid], each with the place
// as JSON pointer into the Fall; a day for which the table has no tariff is one of
// these problems. Where the law is not certain, Kandidaten holds every sum it may
// mean.
func (t *Tabelle) Rechne(f Fall) (Ergebnis, error) {
	f = f.Clone()
	p := t.pruefeFall(&f)
	if len(p) > 0 {
		return Ergebnis{}, fehler.New("gebuehr.Rechne", "", fehler.ErrInvalid, p)
	}
	r := &rechner{t: t, f: &f}
	r.waehleStichtag()
	optionen := r.optionen(r.tag)
	if len(r.probleme) > 0 {
		return Ergebnis{}, fehler.New("gebuehr.Rechne", "", fehler.ErrInvalid, r.probleme)
	}
	haupt := make([]option, len(optionen))
	for i := range optionen {
		haupt[i] = optionen[i][0]
	}
	v := r.variante(haupt, r.tag, true)
	if len(v.probleme) > 0 {
		return Ergebnis{}, fehler.New("gebuehr.Rechne", "", fehler.ErrInvalid, v.probleme)
	}
	e := Ergebnis{
		Positionen: v.positionen, Stichtag: r.tag, Belege: v.belege, Gruende: v.gruende,
		Schritte: append(r.schritte, v.schritte...), Warnungen: append(r.warnungen, v.warnungen...), Eingabe: f, Tabelle: t.kennung,
	}
	for _, x := range v.positionen {
		e.Summe += x.Betrag
		switch x.Gruppe {
		case GruppeGebuehr:
			e.Gebuehren += x.Betrag
		case GruppeAuslage:
			e.Auslagen += x.Betrag
		case GruppeUmsatzsteuer:
			e.Umsatzsteuer += x.Betrag
		}
	}
	e.Schritte = append(e.Schritte, "Summe: "+e.Summe.Deutsch()+".")
	r.kandidaten(&e, optionen)
	if e.Konfidenz = schwaechste(e.Belege); r.regel == nil {
		e.Konfidenz = KonfidenzU // the day was assumed
	}
	return e, nil
}

// pruefeFall looks at what needs no tariff.
func (t *Tabelle) pruefeFall(f *Fall) fehler.Probleme {
	var p fehler.Probleme
	add := func(ok bool, code, pfad, meldung, hinweis string) {
		if !ok && len(p) < maxProblem {
			p = append(p, problem(code, pfad, meldung, hinweis))
		}
	}
	add(len(f.Ansaetze) > 0, "ansatz-fehlt", "/ansaetze", "no position to charge", "Es ist keine Gebühr oder Auslage angegeben.")
	add(len(f.Ansaetze) <= maxAnsaetze && len(f.Merkmale) <= maxMerkmale, "zu-viele", "/ansaetze", "too many positions or facts", "Der Fall hat zu viele Ansätze oder Merkmale.")
	if len(p) > 0 {
		return p
	}
	add(f.Land == "" || f.Land.Valid(), "land", "/land", "unknown Land", "Das Land ist unbekannt.")
	for _, x := range []struct {
		pfad string
		tag  datum.Datum
	}{{"/eingang", f.Eingang}, {"/entscheidung", f.Entscheidung}, {"/leistungstag", f.Leistungstag}} {
		add(imBereich(x.tag), "datum", x.pfad, "date out of range", "Das Datum liegt außerhalb des Kalenders.")
	}
	add(f.Eingang.IsZero() || f.Entscheidung.IsZero() || !f.Entscheidung.Vor(f.Eingang), "datum-folge", "/entscheidung", "decided before it was received", "Die Entscheidung liegt vor dem Eingang.")
	for i := range f.Ansaetze {
		a := &f.Ansaetze[i]
		pfad := fmt.Sprintf("/ansaetze/%d", i)
		v := t.versionen[a.Posten]
		add(len(v) > 0, "posten-unbekannt", pfad+"/posten", "no tariff has this posten", "Diesen Posten kennt die Gebührentabelle nicht.")
		add(len(a.Beleg) <= maxLaenge && (a.Ermessen == nil || len(a.Ermessen.Grund) <= maxLaenge), "text-lang", pfad, "text too long", "Ein Text ist zu lang.")
	}
	add(len(f.Ausgang.Grund) <= maxLaenge, "text-lang", "/ausgang/grund", "text too long", "Der Text ist zu lang.")
	gesehen := map[string]bool{}
	for i, m := range f.Merkmale {
		pfad := fmt.Sprintf("/merkmale/%d", i)
		add(len(t.merkmale[m.Name]) > 0, "merkmal-unbekannt", pfad, "no reduction knows this fact", "An dieses Merkmal knüpft die Gebührentabelle keine Minderung.")
		add(!gesehen[m.Name], "merkmal-doppelt", pfad, "fact given twice", "Das Merkmal ist zweimal angegeben.")
		add(len(m.Grund) <= maxLaenge, "text-lang", pfad+"/grund", "text too long", "Der Text ist zu lang.")
		gesehen[m.Name] = true
	}
	return p
}

// rechner holds what all readings of one case share.
type rechner struct {
	t         *Tabelle
	f         *Fall
	regel     *Stichtagsregel // nil: assumed
	tag       datum.Datum
	anderer   datum.Datum // the other day, if the rule is not certain
	schritte  []string
	warnungen []fehler.Problem
	probleme  fehler.Probleme
}

func (r *rechner) warne(code, pfad, meldung, hinweis string) {
	r.warnungen = append(r.warnungen, problem(code, pfad, meldung, hinweis))
}

func (r *rechner) am(s Stichtag) datum.Datum {
	if s == StichtagEingang {
		return r.f.Eingang
	}
	return r.f.Entscheidung
}

// waehleStichtag finds the day that selects the versions. The rule itself is
// selected by the day of the decision, or of receipt while there is none.
func (r *rechner) waehleStichtag() {
	heute := r.f.Entscheidung
	if heute.IsZero() {
		heute = r.f.Eingang
	}
	if heute.IsZero() {
		r.probleme = append(r.probleme, problem("stichtag-fehlt", "/entscheidung", "neither day is given", "Es fehlt der Tag der Entscheidung oder des Eingangs."))
		return
	}
	massgeblich := StichtagEntscheidung
	r.regel = waehle(zeiger(r.t.d.Stichtage, nil), r.f.Land, heute, rechtStichtag)
	if r.regel != nil {
		massgeblich = r.regel.Massgeblich
	}
	if r.tag = r.am(massgeblich); r.tag.IsZero() {
		r.probleme = append(r.probleme, problem("stichtag-fehlt", "/"+string(massgeblich), "the day that decides is missing", "Der maßgebliche Tag ("+stichtagText[massgeblich]+") fehlt."))
		return
	}
	switch {
	case r.regel == nil:
		r.schritte = append(r.schritte, "Maßgeblich ist der Tag der Entscheidung, "+r.tag.Deutsch()+"; die Tabelle hat dazu keine Regel.")
	default:
		r.schritte = append(r.schritte, "Maßgeblich ist der "+stichtagText[massgeblich]+", "+r.tag.Deutsch()+" ("+r.regel.Norm+").")
	}
	if r.regel != nil && r.regel.Konfidenz != KonfidenzU {
		return
	}
	r.warne("stichtag-ungewiss", "", "which day decides is not certain", "Ob der Tag des Eingangs oder der Tag der Entscheidung maßgeblich ist, ist nicht gesichert.")
	andere := StichtagEingang
	if massgeblich == StichtagEingang {
		andere = StichtagEntscheidung
	}
	if r.anderer = r.am(andere); r.anderer.IsZero() {
		r.warne("stichtag-offen", "/"+string(andere), "the other day is not given", "Der "+stichtagText[andere]+" ist nicht angegeben; der Betrag nach diesem Tag ist nicht berechnet.")
	}
}

var stichtagText = map[Stichtag]string{StichtagEingang: "Tag des Eingangs", StichtagEntscheidung: "Tag der Entscheidung"}

// option is one reading of one position.
type option struct {
	tarif *Tarif
	satz  *Satz
	tag   datum.Datum
	grund string // why it is possible; empty for the one that decides
}

// optionen gives the readings of each position on the day, the deciding one first.
func (r *rechner) optionen(tag datum.Datum) [][]option {
	if len(r.probleme) > 0 {
		return nil
	}
	out := make([][]option, len(r.f.Ansaetze))
	for i := range r.f.Ansaetze {
		a := &r.f.Ansaetze[i]
		pfad := fmt.Sprintf("/ansaetze/%d/posten", i)
		v := r.t.versionen[a.Posten]
		am := tag
		x := waehle(v, r.f.Land, am, rechtTarif)
		if x != nil && x.Stichtag != "" {
			if am = r.am(x.Stichtag); am.IsZero() {
				r.probleme = append(r.probleme, problem("stichtag-fehlt", "/"+string(x.Stichtag), "the day that decides is missing", "Der maßgebliche Tag ("+stichtagText[x.Stichtag]+") fehlt."))
				continue
			}
			x = waehle(v, r.f.Land, am, rechtTarif)
		}
		if x == nil {
			r.probleme = append(r.probleme, problem("kein-tarif", pfad, "no version in force on "+am.String(), "Für diesen Posten gilt am "+am.Deutsch()+" kein Tarif"+fuerLand(r.f.Land)+"."))
			continue
		}
		if r.f.Leistung != "" && !x.fuer(r.f.Leistung) {
			r.probleme = append(r.probleme, problem("leistung-fremd", pfad, "the tariff is not for this Leistung", "Der Tarif "+x.ID+" gilt nicht für diese Leistung."))
			continue
		}
		o := []option{{tarif: x, satz: &x.Satz, tag: am}}
		for j := range x.Lesarten {
			o = append(o, option{x, &x.Lesarten[j].Satz, am, x.Lesarten[j].Grund})
		}
		for _, y := range v {
			if y != x && y.naehe(r.f.Land) >= x.naehe(r.f.Land) && y.giltVielleicht(am) {
				o = append(o, option{y, &y.Satz, am, "Der Tarif " + y.ID + " gilt möglicherweise schon seit dem " + y.VonFruehestens.Deutsch() + "."})
			}
		}
		out[i] = o
	}
	return out
}

func (t *Tarif) giltVielleicht(d datum.Datum) bool {
	return !t.VonFruehestens.IsZero() && !d.Vor(t.VonFruehestens) && d.Vor(t.Von)
}

// variante is one reading of the whole case.
type variante struct {
	r          *rechner
	tag        datum.Datum
	haupt      bool
	positionen []Position
	belege     []Beleg
	schritte   []string
	gruende    []string
	warnungen  []fehler.Problem
	probleme   fehler.Probleme
}

func (r *rechner) variante(wahl []option, tag datum.Datum, haupt bool) *variante {
	v := &variante{r: r, tag: tag, haupt: haupt}
	if r.regel != nil && haupt {
		v.belege = append(v.belege, r.t.beleg(&r.regel.Recht, "weil die Tabelle den Stichtag so bestimmt"))
		v.warnungen = append(v.warnungen, r.regel.warnungen()...)
	}
	anteil := v.ausgang()
	steuer := map[string]*big.Rat{}
	var steuern []string
	for i, o := range wahl {
		x := &ansatzRechnung{a: &r.f.Ansaetze[i], s: o.satz, pfad: fmt.Sprintf("/ansaetze/%d", i)}
		if haupt {
			x.fremde()
		}
		if len(x.probleme) == 0 {
			x.rechne()
		}
		var grund Betrag
		if len(x.probleme) == 0 && x.betrag != nil {
			grund, _ = x.begrenzt()
		}
		if len(x.probleme) > 0 {
			v.probleme = append(v.probleme, x.probleme...)
			continue
		}
		t := o.tarif
		v.benutze(&t.Recht, fmt.Sprintf("weil Stichtag %s%s%s", o.tag.Deutsch(), geltung(&t.Recht), landGrund(&t.Recht, r.f.Land)))
		v.schritte = append(v.schritte, x.schritte...)
		v.gruende = append(v.gruende, x.gruende...)
		p := Position{Tarif: t.ID, Posten: t.Posten, Tarifstelle: t.Tarifstelle, Norm: t.Norm, Bezeichnung: t.Bezeichnung, Gruppe: t.Gruppe, Menge: x.menge, Grundbetrag: grund}
		v.mindere(&p, t, o.satz.Rundung, anteil)
		v.positionen = append(v.positionen, p)
		if t.Umsatzsteuer != "" {
			if steuer[t.Umsatzsteuer] == nil {
				steuer[t.Umsatzsteuer] = new(big.Rat)
				steuern = append(steuern, t.Umsatzsteuer)
			}
			steuer[t.Umsatzsteuer].Add(steuer[t.Umsatzsteuer], p.Betrag.Rat())
		}
	}
	for _, k := range steuern {
		v.umsatzsteuer(k, steuer[k])
	}
	var summe Betrag
	for _, p := range v.positionen {
		if summe += p.Betrag; summe > MaxBetrag { // each is at most MaxBetrag, so this does not overflow
			v.problem("betrag-gross", "/ansaetze", "sum too large", "Die Summe ist zu groß.")
			break
		}
	}
	return v
}

func (v *variante) problem(code, pfad, meldung, hinweis string) {
	v.probleme = append(v.probleme, problem(code, pfad, meldung, hinweis))
}

func (v *variante) warne(code, pfad, meldung, hinweis string) {
	v.warnungen = append(v.warnungen, problem(code, pfad, meldung, hinweis))
}

// benutze notes a rule with its reason, once, and says what is to be known of it.
func (v *variante) benutze(r *Recht, warum string) {
	v.schritte = append(v.schritte, "Angewandt: "+r.ID+" ("+r.Norm+"), "+warum+".")
	if slices.ContainsFunc(v.belege, func(b Beleg) bool { return b.ID == r.ID }) {
		return
	}
	v.belege = append(v.belege, v.r.t.beleg(r, warum))
	v.warnungen = append(v.warnungen, r.warnungen()...)
}

// warnungen is what is to be known of a rule wherever it is used.
func (r *Recht) warnungen() []fehler.Problem {
	var out []fehler.Problem
	switch {
	case r.Beispiel:
		out = append(out, problem("beispiel", r.ID, "made-up amounts", "Die Regel "+r.ID+" ist ein Beispiel mit erdachten Angaben und darf nicht angewandt werden."))
	case r.Konfidenz == KonfidenzU:
		out = append(out, problem("ungeprueft", r.ID, "rule is not verified", "Die Regel "+r.ID+" ("+r.Norm+") ist nicht am Text der Norm geprüft."))
	}
	if r.Hinweis != "" {
		out = append(out, problem("hinweis", r.ID, "the rule carries a note", r.Hinweis))
	}
	return out
}

func (t *Tabelle) beleg(r *Recht, warum string) Beleg {
	return Beleg{ID: r.ID, Norm: r.Norm, Quelle: t.quellenText(r.Quelle), Konfidenz: r.Konfidenz, Von: r.Von, Bis: r.Bis, Warum: warum}
}

func landGrund(r *Recht, l tenant.Land) string {
	if len(r.Laender) == 0 {
		return ""
	}
	return ", Recht des Landes " + string(l)
}
