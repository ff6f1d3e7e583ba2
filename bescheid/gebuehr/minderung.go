package gebuehr

import (
	"fmt"
	"math/big"
	"slices"
)

// ausgangText follows "weil".
var ausgangText = map[AusgangArt]string{
	AusgangAbgelehnt:    "der Antrag abgelehnt ist",
	AusgangUnzustaendig: "der Antrag wegen Unzuständigkeit abgelehnt ist",
	AusgangVorher:       "der Antrag vor Beginn der Bearbeitung zurückgenommen ist",
	AusgangZurueck:      "der Antrag nach Beginn der Bearbeitung zurückgenommen ist",
	AusgangErledigt:     "der Antrag sich erledigt hat",
}

// teilung is what the outcome leaves of a fee; nil is all of it.
type teilung struct {
	anteil     Anteil
	mindestens Betrag
	absehen    bool
}

// ausgang finds the share of the fee for the way the procedure ended.
func (v *variante) ausgang() *teilung {
	a := &v.r.f.Ausgang
	switch {
	case a.Art == "" || a.Art == AusgangErteilt:
		if a.Anteil != nil || a.Absehen {
			v.problem("ausgang-fremd", "/ausgang", "a share without an outcome that has one", "Ein Anteil oder Absehen ist nur bei Ablehnung, Rücknahme oder Erledigung möglich.")
		}
		return nil
	case !slices.Contains(ausgaenge, a.Art):
		v.problem("ausgang-unbekannt", "/ausgang/art", "unknown outcome", "Der Ausgang des Verfahrens ist unbekannt.")
		return nil
	}
	regeln := zeiger(v.r.t.d.Ausgaenge, func(x *Ausgangsregel) bool { return slices.Contains(x.Ausgang, a.Art) })
	r := waehle(regeln, v.r.f.Land, v.tag, rechtAusgang)
	if r == nil {
		v.problem("ausgang-regel", "/ausgang/art", "no rule for this outcome", "Für diesen Ausgang enthält die Gebührentabelle am "+v.tag.Deutsch()+" keine Regel.")
		return nil
	}
	t := &teilung{mindestens: r.Mindestens, absehen: a.Absehen}
	spanne := r.Min.Deutsch() + " bis " + r.Max.Deutsch()
	switch {
	case a.Absehen && a.Anteil != nil:
		v.problem("ausgang-doppelt", "/ausgang", "both a share and none", "Entweder ist ein Anteil zu bestimmen oder von der Gebühr abzusehen.")
	case a.Absehen && !r.Absehen:
		v.problem("absehen-unzulaessig", "/ausgang/absehen", "the rule does not allow to charge nothing", "Von der Gebühr kann nach "+r.Norm+" nicht abgesehen werden.")
	case a.Absehen:
	case a.Anteil == nil && r.Regel == nil:
		v.problem("ausgang-anteil", "/ausgang/anteil", "a share must be chosen", "Der Anteil der Gebühr ist zu bestimmen: "+spanne+" ("+r.Norm+").")
	case a.Anteil == nil:
		t.anteil = *r.Regel
	case a.Anteil.Compare(r.Min) < 0 || a.Anteil.Compare(r.Max) > 0:
		v.problem("ausserhalb-anteil", "/ausgang/anteil", "share outside of the range", "Der Anteil liegt nicht zwischen "+r.Min.Deutsch()+" und "+r.Max.Deutsch()+" ("+r.Norm+").")
	default:
		t.anteil = *a.Anteil
	}
	gewaehlt := a.Absehen || (a.Anteil != nil && (r.Regel == nil || *a.Anteil != *r.Regel))
	if gewaehlt && leer(a.Grund) {
		v.problem("grund-fehlt", "/ausgang/grund", "a chosen share needs a reason", "Für den gewählten Anteil fehlt die Begründung.")
	}
	v.benutze(&r.Recht, "weil "+ausgangText[a.Art])
	text := "Von der vollen Gebühr zu erheben: " + t.anteil.Deutsch() + " (" + r.Norm + ")"
	if a.Absehen {
		text = "Von der Gebühr wird abgesehen (" + r.Norm + ")"
	}
	if gewaehlt {
		text += ": " + a.Grund
	} else {
		text += "."
	}
	v.schritte = append(v.schritte, text)
	v.gruende = append(v.gruende, text)
	return t
}

// mindere sets what is charged of the Grundbetrag: the share that the outcome leaves
// and what reductions leave of that, in one fraction, rounded once.
func (v *variante) mindere(p *Position, t *Tarif, rundung Rundung, teil *teilung) {
	x := p.Grundbetrag.Rat()
	hoechst := p.Grundbetrag
	geteilt := false
	if teil != nil && t.Gruppe == GruppeGebuehr {
		geteilt = true
		if teil.absehen {
			x.SetInt64(0)
		} else {
			x.Mul(x, teil.anteil.Rat())
			if m := min(teil.mindestens, p.Grundbetrag).Rat(); x.Cmp(m) < 0 {
				x = m
				v.schritte = append(v.schritte, "Mindestens sind "+min(teil.mindestens, p.Grundbetrag).Deutsch()+" zu erheben.")
			}
		}
		if x.Cmp(p.Grundbetrag.Rat()) > 0 {
			hoechst = MaxBetrag // a refusal can cost more than the act
		}
	}
	for _, m := range v.minderungen(t) {
		rest := new(big.Rat).Sub(big.NewRat(1, 1), m.Erlass.Rat())
		x.Mul(x, rest)
		p.Minderungen = append(p.Minderungen, m.ID)
		v.benutze(&m.Recht, "weil das Merkmal "+m.Merkmal+" vorliegt")
		text := m.Bezeichnung + ", Erlass: " + m.Erlass.Deutsch() + " (" + m.Norm + ")."
		if m.Erlass == (Anteil{1, 1}) {
			text = m.Bezeichnung + ": " + t.Bezeichnung + " ist frei (" + m.Norm + ")."
		}
		if m.Ermessen {
			i := slices.IndexFunc(v.r.f.Merkmale, func(x Merkmal) bool { return x.Name == m.Merkmal })
			text = text[:len(text)-1] + ": " + v.r.f.Merkmale[i].Grund
		}
		v.schritte = append(v.schritte, text)
		if !slices.Contains(v.gruende, text) {
			v.gruende = append(v.gruende, text)
		}
	}
	if !geteilt && len(p.Minderungen) == 0 {
		p.Betrag = p.Grundbetrag
	} else {
		b, ok := rundung.runde(x)
		if !ok {
			v.problem("betrag-gross", "/ansaetze", "amount too large", "Der Betrag ist zu groß.")
			return
		}
		p.Betrag = min(b, hoechst) // rounding up must not undo a reduction
	}
	v.schritte = append(v.schritte, p.Bezeichnung+": "+p.Betrag.Deutsch()+".")
}

// minderungen gives what is to be applied to a position, the Land's own instead of
// the general ones of the same Merkmal.
func (v *variante) minderungen(t *Tarif) []*Minderung {
	var out []*Minderung
	for i, merkmal := range v.r.f.Merkmale {
		var eigene, allgemeine []*Minderung
		for _, m := range v.r.t.merkmale[merkmal.Name] {
			if !m.Enthaelt(v.tag) || (len(m.Posten) > 0 && !slices.Contains(m.Posten, t.Posten)) || (t.Gruppe == GruppeAuslage && !m.Auslagen) {
				continue
			}
			switch m.naehe(v.r.f.Land) {
			case 2:
				eigene = append(eigene, m)
			case 1:
				allgemeine = append(allgemeine, m)
			}
		}
		if len(eigene) == 0 {
			eigene = allgemeine
		}
		for _, m := range eigene {
			if m.Ermessen && leer(merkmal.Grund) {
				v.warne("minderung-ermessen", fmt.Sprintf("/merkmale/%d/grund", i), "a reduction at discretion without a reason is not applied",
					"Über die Minderung „"+m.Bezeichnung+"“ ist nach Ermessen zu entscheiden ("+m.Norm+"); ohne Begründung ist sie nicht angewandt.")
				continue
			}
			out = append(out, m)
		}
	}
	if v.r.t.d.Zusammen == ZusammenGroesste && len(out) > 1 {
		beste := out[0]
		for _, m := range out[1:] {
			if m.Erlass.Compare(beste.Erlass) > 0 {
				beste = m
			}
		}
		v.schritte = append(v.schritte, "Mehrere Minderungen treffen zusammen; nur die größte wird angewandt.")
		return []*Minderung{beste}
	}
	return out
}

// umsatzsteuer adds the tax on the net sum of one rate.
func (v *variante) umsatzsteuer(schluessel string, netto *big.Rat) {
	f := v.r.f
	tag := f.Leistungstag
	if tag.IsZero() {
		tag = f.Entscheidung
	}
	if tag.IsZero() {
		v.problem("stichtag-fehlt", "/leistungstag", "the day of the performance is missing", "Für die Umsatzsteuer fehlt der Tag der Leistung.")
		return
	}
	s := waehle(zeiger(v.r.t.d.Umsatzsteuern, func(x *Steuersatz) bool { return x.Schluessel == schluessel }), f.Land, tag, rechtSteuer)
	if s == nil {
		v.problem("kein-tarif", "/leistungstag", "no rate of tax in force on "+tag.String(), "Für die Umsatzsteuer gilt am "+tag.Deutsch()+" kein Satz.")
		return
	}
	b, ok := Rundung{}.runde(new(big.Rat).Mul(netto, s.Satz.Rat()))
	if !ok {
		v.problem("betrag-gross", "/ansaetze", "amount too large", "Der Betrag ist zu groß.")
		return
	}
	v.benutze(&s.Recht, "weil Tag der Leistung "+tag.Deutsch()+geltung(&s.Recht))
	p := Position{Tarif: s.ID, Norm: s.Norm, Bezeichnung: "Umsatzsteuer " + s.Satz.prozent(), Gruppe: GruppeUmsatzsteuer, Menge: "von " + ratText(netto), Grundbetrag: b, Betrag: b}
	v.positionen = append(v.positionen, p)
	v.schritte = append(v.schritte, p.Bezeichnung+" von "+ratText(netto)+": "+b.Deutsch()+".")
}
