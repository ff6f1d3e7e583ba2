package pruefung

import (
	"cmp"
	"errors"
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/interpreter"

	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Codes of what keeps a rule from answering, in [vorgang.Regelergebnis] and
// [vorgang.Pruefgrund].
const (
	fehlerAusdruck   = "pruefung.regel-fehler"     // a missing field, a wrong type
	fehlerKosten     = "pruefung.regel-kosten"     // the limit of costs
	fehlerNachschlag = "pruefung.nachschlag"       // no answer
	fehlerFragen     = "pruefung.nachschlag-viele" // more than MaxFragen
	fehlerBand       = "pruefung.nachschlag-neu"   // a question that the record does not have
)

// Codes of gates and other reasons.
const (
	codeForm          = "pruefung.form"
	codeNichtGueltig  = "pruefung.nicht-gueltig"
	codeNichtFrei     = "pruefung.nicht-freigegeben"
	codeAbgeschaltet  = "pruefung.abgeschaltet"
	codeRecht         = "pruefung.nicht-zugelassen"
	codeSalz          = "pruefung.salz-fehlt"
	codeStichprobe    = "pruefung.stichprobe"
	codeRegelPerson   = "pruefung.person"
	codeRegelAblehung = "pruefung.ablehnungsgrund"
)

var saetze = map[string]string{
	fehlerAusdruck:   "Die Regel ließ sich nicht auswerten, etwa weil eine Angabe fehlt oder eine andere Form hat. Bitte selbst prüfen.",
	fehlerKosten:     "Die Regel war für diese Daten zu aufwendig. Bitte selbst prüfen.",
	fehlerNachschlag: "Ein Nachschlagewerk gab keine Auskunft. Bitte selbst prüfen.",
	fehlerFragen:     "Die Regeln stellten zu viele Fragen an Nachschlagewerke. Bitte selbst prüfen.",
	fehlerBand:       "Die Auskunft eines Nachschlagewerks ist nicht aufgezeichnet. Bitte selbst prüfen.",
	codeNichtGueltig: "Das Regelwerk gilt am Stichtag nicht.",
	codeNichtFrei:    "Das Regelwerk ist nicht freigegeben.",
	codeAbgeschaltet: "Das Regelwerk ist abgeschaltet.",
	codeRecht:        "Eine Entscheidung ohne Person ist für diese Leistung nicht zugelassen.",
	codeSalz:         "Die Stichprobe lässt sich nicht ziehen, weil ihr Salz fehlt.",
	codeStichprobe:   "Die Stichprobe hat diesen Fall gezogen.",
}

// werte runs one rule and enters what it came to. fehlt tells that the schema
// misses items: what a rule then cannot answer is open, not in error, because the
// case is checked again when the items have come.
func (r *ausdruck) werte(l *lauf, vars map[string]any, pr *vorgang.Pruefprotokoll, fehlt bool) {
	e := vorgang.Regelergebnis{Regel: r.regel.ID, Stand: vorgang.RegelFehler, Folge: string(AnPerson)}
	if pr.Kosten >= MaxGesamtKosten {
		e.Fehler = fehlerKosten
		pr.Gruende = append(pr.Gruende, vorgang.Pruefgrund{Code: e.Fehler, Regel: r.regel.ID, Norm: r.regel.Norm, Text: saetze[e.Fehler]})
		pr.Regeln = append(pr.Regeln, e)
		return
	}
	l.fehler = ""
	v, det, err := r.programm.Eval(vars)
	if det != nil && det.ActualCost() != nil {
		e.Kosten = *det.ActualCost()
	}
	wert, istBool := v.(types.Bool)
	switch abbruch, ok := errors.AsType[interpreter.EvalCancelledError](err); {
	case ok && abbruch.Cause == interpreter.CostLimitExceeded:
		e.Fehler = fehlerKosten
	case l.fehler != "":
		// Also if || or && would do without the answer: who asks must be told.
		e.Fehler = l.fehler
	case err != nil || !istBool:
		e.Fehler = fehlerAusdruck
	}
	switch {
	case e.Fehler == fehlerAusdruck && fehlt:
		e.Stand, e.Folge = vorgang.RegelOffen, string(Nachforderung)
	case e.Fehler != "":
		pr.Gruende = append(pr.Gruende, vorgang.Pruefgrund{Code: e.Fehler, Regel: r.regel.ID, Norm: r.regel.Norm, Text: saetze[e.Fehler]})
	case bool(wert):
		e.Stand = vorgang.RegelWahr
		e.Folge = r.trage(r.regel.Wahr, pr)
	default:
		e.Stand = vorgang.RegelFalsch
		e.Folge = r.trage(r.regel.Falsch, pr)
	}
	pr.Kosten += e.Kosten
	pr.Regeln = append(pr.Regeln, e)
}

func (r *ausdruck) trage(f Folge, pr *vorgang.Pruefprotokoll) string {
	g := vorgang.Pruefgrund{Regel: r.regel.ID, Norm: r.regel.Norm, Pfad: f.Pfad, Text: f.Text}
	switch f.art() {
	case Gut:
	case Nachforderung:
		pr.Nachforderungen = append(pr.Nachforderungen, vorgang.Nachforderungspunkt{Regel: r.regel.ID, Norm: r.regel.Norm, Pfad: f.Pfad, Text: f.Text})
	case Ablehnungsgrund:
		g.Code = codeRegelAblehung
		pr.Gruende = append(pr.Gruende, g)
	case AnPerson:
		g.Code = codeRegelPerson
		pr.Gruende = append(pr.Gruende, g)
	}
	return string(f.art())
}

// tore are the gates to an automatic decision.
type tore struct{ gueltig, freigegeben, erlaubt, abgeschaltet, salz, gezogen bool }

// entscheide comes to the outcome. This is the one place that says Standardfall.
func (t tore) entscheide(pr *vorgang.Pruefprotokoll) {
	var untauglich, sperren []string
	zu := func(ja bool, code string, l *[]string) {
		if ja {
			*l = append(*l, code)
		}
	}
	// What such rules find is a hint to a person and nothing else.
	zu(t.abgeschaltet, codeAbgeschaltet, &untauglich)
	zu(!t.freigegeben, codeNichtFrei, &untauglich)
	zu(!t.gueltig, codeNichtGueltig, &untauglich)
	zu(t.gezogen, codeStichprobe, &sperren)
	zu(!t.salz, codeSalz, &sperren)
	zu(!t.erlaubt, codeRecht, &sperren)
	pr.Sperren = slices.Concat(untauglich, sperren)
	slices.Sort(pr.Sperren)
	var grund []string
	switch {
	case len(pr.Gruende) > 0 || len(untauglich) > 0:
		pr.Ausgang, grund = vorgang.PruefungPerson, untauglich
	case len(pr.Nachforderungen) > 0:
		pr.Ausgang = vorgang.PruefungUnvollstaendig
	case !t.erlaubt:
		pr.Ausgang, grund = vorgang.PruefungVollstaendig, []string{codeRecht}
	case len(pr.Sperren) > 0:
		pr.Ausgang, grund = vorgang.PruefungPerson, pr.Sperren
	default:
		pr.Ausgang = vorgang.PruefungStandardfall
	}
	slices.SortStableFunc(pr.Gruende, func(a, b vorgang.Pruefgrund) int {
		return cmp.Or(cmp.Compare(a.Regel, b.Regel), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Pfad, b.Pfad))
	})
	for _, code := range grund {
		pr.Gruende = append(pr.Gruende, vorgang.Pruefgrund{Code: code, Text: saetze[code]})
	}
}
