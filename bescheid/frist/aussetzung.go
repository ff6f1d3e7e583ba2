package frist

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Aussetzung is a time during which a period does not run, such as while
// documents are missing. Both days belong to it.
type Aussetzung struct {
	Von datum.Datum `json:"von"`
	// Bis is the last day; zero means that it still lasts.
	Bis datum.Datum `json:"bis,omitzero"`
	// Grund says in German why; Norm is the special law that allows it, if known.
	Grund string `json:"grund"`
	Norm  string `json:"norm,omitempty"`
}

// Ruhezeit is a run of days inside a period that did not count. Suspensions
// that overlap or touch are one Ruhezeit; days outside the period are left out.
type Ruhezeit struct {
	Von  datum.Datum `json:"von"`
	Bis  datum.Datum `json:"bis"`
	Tage int         `json:"tage"`
	// Grund joins the reasons of the suspensions behind it.
	Grund string `json:"grund"`
	// Offen: the suspension still lasts; Bis is then the day up to which it is known.
	Offen bool `json:"offen,omitempty"`
}

// maxAussetzungen bounds the suspensions of one case.
const maxAussetzungen = 200

// pruefeAussetzungen checks the suspensions of a case.
func (x *rechnung) pruefeAussetzungen(a []Aussetzung, stand datum.Datum) {
	x.tag(stand, "/stand", false)
	if !x.fordere(len(a) <= maxAussetzungen, "aussetzung-anzahl", "/aussetzungen", "too many suspensions", "Es sind zu viele Aussetzungen angegeben.") {
		return
	}
	for i, s := range a {
		pfad := "/aussetzungen/" + strconv.Itoa(i)
		x.tag(s.Von, pfad+"/von", true)
		x.tag(s.Bis, pfad+"/bis", false)
		x.fordere(s.Bis.IsZero() || !s.Bis.Vor(s.Von), "aussetzung-reihenfolge", pfad+"/bis", "suspension ends before it starts", "Die Aussetzung endet vor ihrem Beginn.")
		x.fordere(s.Grund != "" && len(s.Grund) <= maxLaenge && len(s.Norm) <= maxLaenge, "aussetzung-grund", pfad+"/grund",
			"suspension without reason, or text too long", "Der Grund der Aussetzung fehlt oder ist zu lang.")
	}
}

// ruhe is one merged run of suspended days while a case is worked out.
type ruhe struct {
	von, bis datum.Datum
	gruende  []string
	offen    bool
	genutzt  bool // some of its days counted, or were spoken of
}

// letzterTag: a suspension that still lasts is known up to stand, or for its first day.
func letzterTag(s Aussetzung, stand datum.Datum) datum.Datum {
	switch {
	case !s.Bis.IsZero():
		return s.Bis
	case stand.Nach(s.Von):
		return stand
	}
	return s.Von
}

// vereinige merges suspensions that overlap or touch, so that no day counts twice.
func vereinige(a []Aussetzung, stand datum.Datum) (out []ruhe, doppelt bool) {
	a = slices.Clone(a)
	slices.SortFunc(a, func(x, y Aussetzung) int {
		if c := x.Von.Compare(y.Von); c != 0 {
			return c
		}
		if c := letzterTag(x, stand).Compare(letzterTag(y, stand)); c != 0 {
			return c
		}
		return strings.Compare(x.text(), y.text())
	})
	for _, s := range a {
		n := ruhe{von: s.Von, bis: letzterTag(s, stand), gruende: []string{s.text()}, offen: s.Bis.IsZero()}
		if len(out) == 0 || n.von.Nach(out[len(out)-1].bis.AddTage(1)) {
			out = append(out, n)
			continue
		}
		z := &out[len(out)-1]
		doppelt = doppelt || !n.von.Nach(z.bis)
		z.offen = z.offen || n.offen
		if n.bis.Nach(z.bis) {
			z.bis = n.bis
		}
		if !slices.Contains(z.gruende, n.gruende[0]) {
			z.gruende = append(z.gruende, n.gruende[0])
		}
	}
	return out, doppelt
}

func (s Aussetzung) text() string {
	if s.Norm == "" {
		return s.Grund
	}
	return s.Grund + ", " + s.Norm
}

// setzeAus makes the runs that follow leave out the suspended days. False and a
// problem if no rule allows a suspension here.
func (x *rechnung) setzeAus(a []Aussetzung, stand datum.Datum, fach string, b Behoerde, am datum.Datum) bool {
	if len(a) == 0 {
		return true
	}
	if regel, _ := x.frage(schluessel{ZweckHemmung, "", fach}, b, am); regel == nil {
		return false
	}
	var doppelt bool
	x.sitz = b.Ort
	if x.ruhen, doppelt = vereinige(a, stand); doppelt {
		x.schritt("Tage, die in mehreren Aussetzungen liegen, zählen nur einmal.")
	}
	return true
}

// hemme moves the unshifted end by the suspended days of the period. The end is
// the day on which as many days have run as the period has, so that a suspension
// which begins in the added time counts as well.
func (x *rechnung) hemme(l lauf, roh datum.Datum, still bool) datum.Datum {
	ab := l.am.AddTage(1)
	switch {
	case l.dauer.N == 0 && x.ruheAb.IsZero():
		return roh
	case l.dauer.N == 0:
		ab = x.ruheAb.AddTage(1)
	case l.beginn == BeginnTag:
		ab = l.am
	}
	for i := range x.ruhen {
		z := &x.ruhen[i]
		von := z.von
		if von.Vor(ab) {
			von = ab
		}
		if z.bis.Vor(von) || von.Nach(roh) {
			continue
		}
		n := von.TageBis(z.bis) + 1
		x.offen = x.offen || z.offen
		if !still {
			z.genutzt = true
			x.e.Ruhezeiten = append(x.e.Ruhezeiten, Ruhezeit{Von: von, Bis: z.bis, Tage: n, Grund: strings.Join(z.gruende, "; "), Offen: z.offen})
			x.erzaehleRuhe(z, von, n, roh)
		}
		roh = roh.AddTage(n)
	}
	return roh
}

func (x *rechnung) erzaehleRuhe(z *ruhe, von datum.Datum, n int, roh datum.Datum) {
	s := "Ausgesetzt vom " + deutsch(z.von) + " bis " + deutsch(z.bis)
	if z.offen {
		s = "Ausgesetzt seit dem " + deutsch(z.von) + ", bekannt bis " + deutsch(z.bis) + " und noch nicht beendet"
	}
	s += " (" + strings.Join(z.gruende, "; ") + ")"
	if von != z.von {
		s += "; die Frist lief erst ab dem " + deutsch(von)
	}
	if n == 1 {
		s += "; dieser Tag zählt nicht mit"
	} else {
		s += "; diese " + strconv.Itoa(n) + " Tage zählen nicht mit"
	}
	x.schritt(s + ": das Ende rückt vom " + deutsch(roh) + " auf den " + tagText(roh.AddTage(n)) + ".")
}

// amRand: a suspension between the unshifted end and the working day it moves to
// may stop a period that has run its days already.
func (x *rechnung) amRand(werte []wert) []wert {
	roh, ende := werte[0].roh, werte[0].tag
	for i := range x.ruhen {
		z := &x.ruhen[i]
		if !z.von.Nach(roh) || z.von.Nach(ende) {
			continue
		}
		z.genutzt = true
		x.warne(problem("aussetzung-rand", "/aussetzungen", "suspension begins after the last day that counts, before the working day the end moves to",
			"Die Aussetzung ab dem "+deutsch(z.von)+" beginnt erst nach dem letzten Tag der Frist, aber vor dem Werktag, auf den das Ende rückt; ob sie noch wirkt, ist nicht geklärt."))
		x.schwaeche(KonfidenzU)
		if !z.offen {
			_, spaet := x.kalender.NaechsterWerktag(x.sitz, z.bis.AddTage(1))
			werte = append(werte, wert{spaet, roh, werte[0].regel, "Die Aussetzung ab dem " + deutsch(z.von) + " kann noch wirken, weil die Frist erst mit dem nächsten Werktag endet."})
		}
		break
	}
	return werte
}

// ausserhalb warns of suspensions of which no day lies in the period.
func (x *rechnung) ausserhalb() {
	for _, z := range x.ruhen {
		if z.genutzt {
			continue
		}
		x.schritt("Die Aussetzung vom " + deutsch(z.von) + " bis " + deutsch(z.bis) + " liegt außerhalb der Frist und zählt nicht.")
		x.warne(problem("aussetzung-ausserhalb", "/aussetzungen", "suspension lies outside the period", "Die Aussetzung ab dem "+deutsch(z.von)+" liegt außerhalb der Frist und wurde nicht berücksichtigt."))
	}
}

// ruht ends a calculation while a suspension lasts: there is no end, but a day
// before which it cannot lie.
func (x *rechnung) ruht(werte []wert) (Ergebnis, error) {
	frueh := werte[0].tag
	for _, w := range werte {
		if w.tag.Vor(frueh) {
			frueh = w.tag
		}
	}
	x.e.NichtVor = frueh
	x.schritt("Die Aussetzung dauert an; ein Ende der Frist steht noch nicht fest. Sie endet frühestens am " + tagText(frueh) + ".")
	return x.ohneDatum(LageOffen)
}
