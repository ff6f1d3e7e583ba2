package frist

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// FiktionAngaben is what a certificate says beside the calculation.
type FiktionAngaben struct {
	// Adressat is to whom the act would have been made known: only that person can
	// ask for the certificate (§ 42a (3) VwVfG).
	Adressat string `json:"adressat"`
	// Gegenstand is what counts as granted, so exact that it stands for the
	// permit: "Sondernutzung des Marktplatzes vom 01.06. bis 30.06.2026".
	Gegenstand string `json:"gegenstand"`
	// Anordnung is the norm that orders the fiction; § 42a VwVfG alone does not.
	Anordnung string `json:"anordnung"`
	// Stelle is the body that issues it.
	Stelle       string `json:"stelle"`
	Aktenzeichen string `json:"aktenzeichen,omitempty"`
	// Verlangt is the day the certificate was asked for.
	Verlangt datum.Datum `json:"verlangt,omitzero"`
	// Ausgestellt is the day of issue.
	Ausgestellt datum.Datum `json:"ausgestellt"`
	// Entschieden is the day a decision was made known, if there was one.
	Entschieden datum.Datum `json:"entschieden,omitzero"`
}

// Fiktionsbescheinigung is the content of the certificate that a permit counts as
// granted. It decides nothing; how it looks is a matter of the template.
type Fiktionsbescheinigung struct {
	FiktionAngaben
	// Norm is the rule on the certificate, Fiktion the one on the fiction.
	Norm    string `json:"norm"`
	Fiktion Beleg  `json:"fiktion"`
	// Vollstaendig is the day the period began, Fristende its last day. With the
	// end of that day the permit counts as granted; ErteiltAb is the day after.
	Vollstaendig datum.Datum `json:"vollstaendig"`
	Fristende    datum.Datum `json:"fristende"`
	ErteiltAb    datum.Datum `json:"erteilt_ab"`
	// Ruhezeiten are the days that did not count.
	Ruhezeiten []Ruhezeit `json:"ruhezeiten,omitempty"`
	// Saetze are the German sentences of the certificate, in order.
	Saetze []string `json:"saetze"`
	// Hinweise are for the clerk, not for the certificate.
	Hinweise []string `json:"hinweise,omitempty"`
}

// Fiktionsbescheinigung gives the content of the certificate for a result of
// [Rechner.Genehmigungsfiktion]. The day is that of the latest candidate, so that
// nothing is certified that a reading of the law denies. It is refused, with an
// error of kind fehler.ErrInvalid, while the period may still run, when a
// decision came before its end, and when the facts a certificate needs are missing.
func (r *Rechner) Fiktionsbescheinigung(e Ergebnis, a FiktionAngaben) (Fiktionsbescheinigung, error) {
	const op = "frist.Fiktionsbescheinigung"
	fall := e.Eingabe.Genehmigungsfiktion
	if fall == nil || e.Lage != LageBestimmt || e.Zweck != ZweckGenehmigungsfiktion {
		return Fiktionsbescheinigung{}, ungueltig(op, problem("fiktion-lage", "", "no end of a Genehmigungsfiktion", "Das Ende der Frist steht nicht fest; bescheinigt werden kann nur eine eingetretene Fiktion."))
	}
	neu, err := r.Nachrechnen(e)
	if err != nil {
		return Fiktionsbescheinigung{}, err
	}
	x := r.beginne(op, ZweckGenehmigungsfiktion, e.Eingabe)
	ende := e.Spaetestes()
	x.text(a.Adressat, "adressat", true)
	x.text(a.Gegenstand, "gegenstand", true)
	x.text(a.Anordnung, "anordnung", true)
	x.text(a.Stelle, "stelle", true)
	x.text(a.Aktenzeichen, "aktenzeichen", false)
	x.tag(a.Verlangt, "/verlangt", false)
	x.tag(a.Ausgestellt, "/ausgestellt", true)
	x.tag(a.Entschieden, "/entschieden", false)
	x.fordere(a.Ausgestellt.IsZero() || a.Ausgestellt.Nach(ende), "fiktion-nicht-eingetreten", "/ausgestellt", "period may still run on the day of issue",
		"Die Frist läuft bis zum "+deutsch(ende)+"; vorher ist die Fiktion nicht sicher eingetreten.")
	x.fordere(a.Entschieden.IsZero() || a.Entschieden.Nach(ende), "fiktion-entschieden", "/entschieden", "decision before the end of the period",
		"Über den Antrag ist vor dem Ende der Frist entschieden worden; die Fiktion ist nicht eingetreten.")
	regel := x.bescheinigungsregel(fall)
	x.fordere(regel != nil && len(e.Belege) > 0, "keine-regel", "", "no rule for the certificate", "Für die Bescheinigung ist keine Regel hinterlegt.")
	if err := x.fehler(); err != nil {
		return Fiktionsbescheinigung{}, err
	}
	b := Fiktionsbescheinigung{FiktionAngaben: a, Norm: regel.Norm, Fiktion: e.Belege[0], Vollstaendig: fall.Vollstaendig,
		Fristende: ende, ErteiltAb: e.Danach(), Ruhezeiten: e.Ruhezeiten}
	spaet := slices.ContainsFunc(e.Warnungen, func(p fehler.Problem) bool { return p.Code == "frist.verlaengerung-spaet" })
	b.saetze(fall, fall.Verlaengerung != nil && !spaet)
	hinweis := func(da bool, s string) {
		if da {
			b.Hinweise = append(b.Hinweise, s)
		}
	}
	hinweis(!e.Eindeutig(), "Nach anderer Lesart ist die Fiktion schon mit Ablauf des "+deutsch(e.Fruehestes())+" eingetreten; bescheinigt wird der sichere Tag.")
	hinweis(e.Konfidenz == KonfidenzU, "Eine der angewandten Regeln ist nicht gesichert; vor der Ausstellung prüfen.")
	hinweis(!neu.Gleich, "Neu gerechnet ergibt sich ein anderes Ende der Frist; vor der Ausstellung prüfen.")
	hinweis(a.Verlangt.IsZero(), "Ein Verlangen ist nicht dokumentiert; die Bescheinigung wird nur auf Verlangen erteilt.")
	hinweis(!a.Entschieden.IsZero(), "Nach dem Ende der Frist ist noch eine Entscheidung bekannt gegeben worden; ihr Verhältnis zur fingierten Genehmigung ist zu klären.")
	hinweis(true, "Die Fiktion setzt voraus, dass der Antrag hinreichend bestimmt ist und "+a.Anordnung+" sie anordnet.")
	return b, nil
}

func (x *rechnung) text(s, feld string, noetig bool) {
	x.fordere((s != "" || !noetig) && len(s) <= maxLaenge, feld, "/"+feld, "text missing or too long", "Eine Angabe der Bescheinigung fehlt oder ist zu lang.")
}

// bescheinigungsregel: the rule of the Land goes before the general one.
func (x *rechnung) bescheinigungsregel(f *GenehmigungsfiktionFall) *Regel {
	s := f.Behoerde.stelle()
	var beste *Regel
	for _, h := range x.regeln.nach[schluessel{ZweckGenehmigungsfiktion, "", "bescheinigung"}] {
		if n := h.naehe(s); n > 1 && h.gilt(f.Vollstaendig) && (beste == nil || n > beste.naehe(s)) {
			beste = h
		}
	}
	return beste
}

func (b *Fiktionsbescheinigung) saetze(f *GenehmigungsfiktionFall, verlaengert bool) {
	s := []string{
		"Bescheinigung über den Eintritt der Genehmigungsfiktion (" + b.Norm + "), ausgestellt für: " + b.Adressat + ".",
		"Gegenstand: " + b.Gegenstand + ".",
		"Die Genehmigung gilt mit Ablauf des " + deutsch(b.Fristende) + " als erteilt (" + b.Anordnung + " in Verbindung mit " + b.Fiktion.Norm + ").",
		"Die vollständigen Unterlagen lagen am " + deutsch(b.Vollstaendig) + " vor.",
	}
	if verlaengert {
		s = append(s, "Die Frist ist um "+f.Verlaengerung.String()+" verlängert und das am "+deutsch(f.Mitgeteilt)+" mitgeteilt worden.")
	}
	for _, z := range b.Ruhezeiten {
		s = append(s, "Vom "+deutsch(z.Von)+" bis "+deutsch(z.Bis)+" lief die Frist nicht ("+z.Grund+").")
	}
	b.Saetze = append(s, "Bis zum Ende der Frist ist keine Entscheidung bekannt gegeben worden.",
		"Diese Bescheinigung stellt den Eintritt der Fiktion fest und trifft keine eigene Regelung.",
		b.Stelle+", "+deutsch(b.Ausgestellt)+".")
}
