package pruefung

import (
	"fmt"
	"regexp"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var (
	idForm   = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
	nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)+$`)
)

// Technical bounds.
const (
	maxID       = 64
	maxProbleme = 100
	maxArgument = 8
	minJahr     = 1800
	maxJahr     = 2199
)

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: "pruefung." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}

// pruefer collects problems.
type pruefer struct{ probleme fehler.Probleme }

func (p *pruefer) fordere(ok bool, code, pfad, meldung, hinweis string) {
	if !ok && len(p.probleme) < maxProbleme {
		p.probleme = append(p.probleme, problem(code, pfad, meldung, hinweis))
	}
}

func (p *pruefer) text(s, code, pfad, hinweis string) {
	p.fordere(s != "" && len(s) <= MaxText, code, pfad, fmt.Sprintf("is empty or longer than %d bytes", MaxText), hinweis)
}

func (p *pruefer) angaben(a *Angaben) {
	p.fordere(idForm.MatchString(a.ID) && len(a.ID) <= maxID, "id", "/id", "id is not letters, digits and hyphens",
		"Die Kennung besteht aus Buchstaben, Ziffern und Bindestrichen.")
	p.fordere(a.Fassung >= 1 && a.Fassung <= MaxFassung, "fassung", "/fassung", "version out of range", "Die Fassung ist eine Zahl ab 1.")
	p.text(a.Titel, "titel", "/titel", "Der Titel fehlt oder ist zu lang.")
	k, err := tenant.ParseLeistung(string(a.Leistung))
	p.fordere(err == nil && k == a.Leistung, "leistung", "/leistung", "not a Leistungsschluessel", "Der Leistungsschlüssel fehlt oder hat nicht die richtige Form.")
	p.fordere(imKalender(a.Von) && (a.Bis.IsZero() || imKalender(a.Bis) && !a.Bis.Vor(a.Von)), "geltung", "/von",
		"validity has no start, ends before it, or is out of range", "Die Geltung braucht einen Beginn und endet nicht davor.")
	p.text(a.Rechtsgrundlage, "rechtsgrundlage", "/rechtsgrundlage", "Die Rechtsgrundlage fehlt oder ist zu lang.")
	p.zeichnung(a.Autor, "/autor")
	p.fordere(a.KostenGrenze >= 0 && a.KostenGrenze <= MaxKosten, "kosten-grenze", "/kostenGrenze", "limit out of range",
		fmt.Sprintf("Die Kostengrenze liegt zwischen 0 und %d.", MaxKosten))
	p.automatik(a.Automatik)
	p.fordere(len(a.Schema) <= MaxSchema, "schema-gross", "/schema", "schema too large", "Das Schema ist zu groß.")
	p.nachschlagen(a.Nachschlagen)
	p.regeln(a.Regeln)
	if f := a.Freigabe; f != nil {
		p.zeichnung(f.Zeichnung, "/freigabe")
		p.fordere(!f.gemeinsam(a.Autor), "vier-augen", "/freigabe", "the author cannot release",
			"Wer ein Regelwerk geschrieben hat, kann es nicht freigeben, auch nicht in Vertretung.")
		p.fordere(!f.Am.Vor(a.Autor.Am), "freigabe-tag", "/freigabe/am", "released before it was written", "Der Tag der Freigabe liegt vor dem Tag des Entwurfs.")
	}
	if s := a.Abschaltung; s != nil {
		p.zeichnung(s.Zeichnung, "/abschaltung")
		p.text(s.Grund, "abschaltung-grund", "/abschaltung/grund", "Zum Abschalten gehört ein Grund.")
	}
}

func (p *pruefer) zeichnung(z Zeichnung, pfad string) {
	p.fordere(z.Akteur != "" && len(z.Akteur) <= MaxText && len(z.VertretungFuer) <= MaxText && imKalender(z.Am), "zeichnung", pfad,
		"who or when is missing", "Es fehlt, wer es wann getan hat.")
}

// automatik: § 35a VwVfG asks for a rule of law, and for no discretion.
func (p *pruefer) automatik(m *Automatik) {
	if m == nil {
		return
	}
	p.text(m.Norm, "automatik-norm", "/automatik/norm", "Die Norm fehlt, die eine Entscheidung ohne Person zulässt.")
	p.fordere(m.KeinErmessen && m.KeinBeurteilungsspielraum, "automatik-ermessen", "/automatik", "discretion or margin of judgment is not excluded",
		"Ohne Person wird nur entschieden, wo weder Ermessen noch ein Beurteilungsspielraum besteht.")
	p.fordere(m.Stichprobe >= 0 && m.Stichprobe <= 1000, "stichprobe", "/automatik/stichprobe", "share out of range",
		"Die Stichprobe liegt zwischen 0 und 1000 Promille.")
}

func (p *pruefer) nachschlagen(l []Nachschlagewerk) {
	p.fordere(len(l) <= MaxNachschlag, "nachschlag-anzahl", "/nachschlagen", "too many functions", "Zu viele Nachschlagewerke.")
	gesehen := map[string]bool{}
	for i, n := range l {
		pfad := fmt.Sprintf("/nachschlagen/%d", i)
		// The underscore keeps the names apart from all functions of CEL and of this package.
		p.fordere(nameForm.MatchString(n.Name) && len(n.Name) <= maxID && !gesehen[n.Name], "nachschlag-name", pfad+"/name",
			"name is not lower-case words joined by underscores, or twice", "Der Name besteht aus kleingeschriebenen Wörtern mit Unterstrich und kommt einmal vor.")
		gesehen[n.Name] = true
		p.fordere(n.Parameter >= 0 && n.Parameter <= maxArgument, "nachschlag-parameter", pfad+"/parameter", "number of arguments out of range",
			fmt.Sprintf("Möglich sind bis zu %d Parameter.", maxArgument))
		p.text(n.Text, "text", pfad+"/text", "Der Text fehlt oder ist zu lang.")
	}
}

func (p *pruefer) regeln(l []Regel) {
	p.fordere(len(l) > 0 && len(l) <= MaxRegeln, "regel-anzahl", "/regeln", "no rule or too many", fmt.Sprintf("Nötig sind 1 bis %d Regeln.", MaxRegeln))
	gesehen := map[string]bool{}
	for i := range l {
		r, pfad := &l[i], fmt.Sprintf("/regeln/%d", i)
		p.fordere(idForm.MatchString(r.ID) && len(r.ID) <= maxID, "regel-id", pfad+"/id", "id is not letters, digits and hyphens",
			"Die Kennung besteht aus Buchstaben, Ziffern und Bindestrichen.")
		p.fordere(!gesehen[r.ID], "regel-doppelt", pfad+"/id", "id twice", "Die Kennung kommt zweimal vor.")
		gesehen[r.ID] = true
		p.text(r.Text, "text", pfad+"/text", "Der Text fehlt oder ist zu lang.")
		p.text(r.Norm, "regel-norm", pfad+"/norm", "Die Norm fehlt oder ist zu lang.")
		p.fordere(r.Ausdruck != "" && len(r.Ausdruck) <= MaxAusdruck, "ausdruck", pfad+"/ausdruck", "expression is empty or too long",
			"Der Ausdruck fehlt oder ist zu lang.")
		p.folge(r.Wahr, pfad+"/wahr")
		p.folge(r.Falsch, pfad+"/falsch")
		p.fordere(r.Wahr.art() != Gut || r.Falsch.art() != Gut, "regel-wirkung", pfad, "the rule has no effect",
			"Die Regel hat keine Wirkung: Wahr und Falsch bedeuten beide „gut“.")
	}
}

func (p *pruefer) folge(f Folge, pfad string) {
	switch f.art() {
	case Gut:
		p.fordere(f.Text == "" && f.Pfad == "", "folge-text", pfad, "text without use", "Bei „gut“ steht kein Text.")
	case Nachforderung, Ablehnungsgrund, AnPerson:
		p.text(f.Text, "folge-text", pfad+"/text", "Der Satz fehlt oder ist zu lang.")
	default:
		p.fordere(false, "folge-art", pfad+"/art", "unknown kind", "Die Folge ist gut, nachforderung, ablehnungsgrund oder person.")
	}
	p.fordere(len(f.Pfad) <= MaxText && (f.Pfad == "" || f.Pfad[0] == '/'), "folge-pfad", pfad+"/pfad", "not a JSON pointer", "Der Pfad beginnt mit einem Schrägstrich.")
}

func (f Folge) art() FolgeArt {
	if f.Art == "" {
		return Gut
	}
	return f.Art
}

func imKalender(d datum.Datum) bool { return !d.IsZero() && d.Jahr() >= minJahr && d.Jahr() <= maxJahr }
