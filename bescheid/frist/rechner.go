package frist

import (
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Options configures [New]. Nil fields mean what ships with the package.
type Options struct {
	Regelwerk *Regelwerk
	Kalender  *Kalender
}

// Rechner calculates under one Regelwerk and one Kalender. It is immutable and
// safe for concurrent use.
type Rechner struct {
	regeln   *Regelwerk
	kalender *Kalender
}

// New makes a Rechner.
func New(o *Options) *Rechner {
	r := &Rechner{}
	if o != nil {
		r.regeln, r.kalender = o.Regelwerk, o.Kalender
	}
	if r.regeln == nil {
		r.regeln = Standard()
	}
	if r.kalender == nil {
		r.kalender = StandardKalender()
	}
	return r
}

// Regelwerk gives the rules used.
func (r *Rechner) Regelwerk() *Regelwerk { return r.regeln }

// Kalender gives the holidays used.
func (r *Rechner) Kalender() *Kalender { return r.kalender }

// Behoerde is the body that acts, or the court, with its seat.
type Behoerde struct {
	// Ort is the seat: where a period must be kept. Its Land also selects Land law.
	Ort
	// Bund: a body of the federation; federal law applies wherever it sits.
	Bund bool `json:"bund,omitempty"`
}

func (b Behoerde) stelle() stelle { return stelle{bund: b.Bund, land: landBit(b.Land)} }

func ungueltig(op string, p ...fehler.Problem) error {
	return fehler.New(op, "", fehler.ErrInvalid, fehler.Probleme(p))
}

// kopie keeps the caller's value out of a result.
func kopie[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// rechnung is one calculation in progress.
type rechnung struct {
	*Rechner
	op       string
	e        Ergebnis
	werte    []wert
	probleme fehler.Probleme
	ruhen    []ruhe      // suspended days, in order
	ruheAb   datum.Datum // start of a period with a fixed last day
	sitz     Ort         // whose working days end a suspended period
	offen    bool        // a suspension that still lasts was met
}

// wert is a candidate while it is worked out.
type wert struct {
	tag, roh datum.Datum
	regel    *Regel
	grund    string
}

func (r *Rechner) beginne(op string, z Zweck, e Eingabe) *rechnung {
	return &rechnung{Rechner: r, op: op, e: Ergebnis{Zweck: z, Lage: LageBestimmt, Eingabe: e,
		Regelwerk: r.regeln.kennung, Kalender: r.kalender.kennung, Schritte: make([]string, 0, 10), Belege: make([]Beleg, 0, 3)}}
}

func (x *rechnung) schritt(s string) { x.e.Schritte = append(x.e.Schritte, s) }

func (x *rechnung) warne(p fehler.Problem) {
	if !slices.Contains(x.e.Warnungen, p) {
		x.e.Warnungen = append(x.e.Warnungen, p)
	}
}

func (x *rechnung) fordere(ok bool, code, pfad, meldung, hinweis string) bool {
	if !ok {
		x.probleme = append(x.probleme, problem(code, pfad, meldung, hinweis))
	}
	return ok
}

func (x *rechnung) tag(d datum.Datum, pfad string, noetig bool) {
	if d.IsZero() {
		x.fordere(!noetig, "datum-fehlt", pfad, "date missing", "Das Datum fehlt.")
		return
	}
	x.fordere(imBereich(d), "datum-bereich", pfad, "date outside 1900 to 2199", "Das Datum liegt außerhalb von 1900 bis 2199.")
}

func (x *rechnung) ort(o Ort, pfad string, noetig bool) {
	if o.Land == "" {
		x.fordere(!noetig && o.Gemeinde == "", "land-fehlt", pfad+"/land", "Land missing", "Das Land fehlt.")
		return
	}
	if !x.fordere(o.Land.Valid(), "land", pfad+"/land", "unknown Land", "Das Land ist unbekannt.") || o.Gemeinde == "" {
		return
	}
	ok := (len(o.Gemeinde) == 8 || len(o.Gemeinde) == 12) && ziffern(o.Gemeinde) && o.Gemeinde[:2] == o.Land.Schluessel()
	x.fordere(ok, "gemeinde", pfad+"/gemeinde", "not an ARS or AGS of this Land", "Der Gemeindeschlüssel passt nicht zum Land oder hat nicht 8 oder 12 Ziffern.")
}

func (x *rechnung) behoerde(b Behoerde) { x.ort(b.Ort, "/behoerde", !b.Bund) }

func (x *rechnung) dauer(d Dauer, pfad string) {
	x.fordere(d.N > 0 && hoechstens[d.Einheit] > 0 && d.N <= hoechstens[d.Einheit], "dauer", pfad,
		"length or unit is not usable", "Länge oder Einheit der Frist fehlt oder ist zu groß.")
}

func (x *rechnung) fehler() error {
	if len(x.probleme) == 0 {
		return nil
	}
	return ungueltig(x.op, x.probleme...)
}

// beleg records a rule that was used.
func (x *rechnung) beleg(r *Regel, warum string) {
	for i := range x.e.Belege {
		if x.e.Belege[i].ID == r.ID {
			return
		}
	}
	x.e.Belege = append(x.e.Belege, Beleg{ID: r.ID, Norm: r.Norm, Quelle: r.quelle, Konfidenz: r.Konfidenz, Von: r.Von, Bis: r.Bis, Warum: warum})
}

// schwaeche lowers the confidence of the result to the weakest rule.
func (x *rechnung) schwaeche(k Konfidenz) {
	if x.e.Konfidenz == "" || k.rang() > x.e.Konfidenz.rang() {
		x.e.Konfidenz = k
	}
}

// schwaecheFeiertage: a shift is no surer than the holidays it rests on.
func (x *rechnung) schwaecheFeiertage(o Ort, von, bis datum.Datum) {
	for d := von; d.Vor(bis); d = d.AddTage(1) {
		if a := x.kalender.IsFeiertag(o, d); a.Antwort == Ja && !istWochenende(d) {
			x.schwaeche(a.Konfidenz)
		}
	}
}

// frage selects the rule for a question, records it and warns of its remarks.
// nil and a problem if there is none.
func (x *rechnung) frage(k schluessel, b Behoerde, tag datum.Datum) (*Regel, []*Regel) {
	a := x.regeln.waehle(k, b.stelle(), tag)
	if a.regel == nil || a.regel.Art == ArtKeine {
		hinweis := "Für diesen Fall ist keine Regel hinterlegt."
		if a.regel != nil {
			hinweis = a.regel.Hinweis
		}
		x.probleme = append(x.probleme, problem("keine-regel", "", "no rule for "+string(k.zweck)+" "+string(k.verfahren)+" "+k.fach+" on that day", hinweis))
		return nil, nil
	}
	warum := begruendung(a.regel, b, tag)
	if a.bundesfall {
		warum += "; eine eigene Regel des Landes ist nicht hinterlegt"
		x.warne(problem("bundesregel", "", "no rule of the Land is known, the federal one was used",
			"Für "+b.Land.Name()+" ist keine eigene Regel hinterlegt; es wurde die Bundesregel angewandt. Bitte prüfen."))
		x.schwaeche(KonfidenzU)
	}
	x.beleg(a.regel, warum)
	x.schwaeche(a.regel.Konfidenz)
	x.schritt("Angewandt: " + a.regel.text + ", " + warum + ".")
	if a.regel.Konfidenz == KonfidenzU {
		x.warne(problem("konfidenz", a.regel.ID, "rule is not verified", "Die Regel "+a.regel.text+" ist nicht gesichert."))
	}
	for _, h := range a.hinweise {
		x.beleg(h, "Hinweis")
		x.warne(problem("hinweis", h.ID, "remark of a rule without number", h.Hinweis))
	}
	return a.regel, a.weitere
}

// lauf describes a period to be worked out.
type lauf struct {
	regel  *Regel
	am     datum.Datum
	dauer  Dauer
	beginn Beginn
	ort    Ort
	// grund is why the start is only a candidate; empty for the deciding one.
	grund string
	// still: the steps do not tell it.
	still bool
}

// laufe works out every reading of the rule; the deciding one comes first.
func (x *rechnung) laufe(l lauf) []wert {
	werte := x.lese(nil, l, l.dauer.N, l.regel.Verschiebung, l.grund, l.still)
	for _, a := range l.regel.Alternativ {
		n, v := l.dauer.N, l.regel.Verschiebung
		if a.N != nil {
			n = *a.N
		}
		if a.Verschiebung != "" {
			v = a.Verschiebung
		}
		werte = x.lese(werte, l, n, v, verbinde(l.grund, a.Grund), true)
	}
	return werte
}

func (x *rechnung) lese(werte []wert, l lauf, n int, v Verschiebung, grund string, still bool) []wert {
	roh, err := Ende(l.am, Dauer{n, l.dauer.Einheit}, l.beginn)
	if err != nil {
		x.probleme = append(x.probleme, fehler.ProblemeIn(err)...)
		return werte
	}
	if roh.Vor(x.kalender.giltAb) {
		x.warne(problem("kalender-alt", "", "day before the calendar is meant for", "Der Tag liegt vor dem Zeitraum, für den der Feiertagskalender gedacht ist."))
	}
	if !still {
		x.erzaehleLauf(l, roh)
	}
	if roh = x.hemme(l, roh, still); !imBereich(roh) {
		x.fordere(false, "datum-bereich", "", "result is outside 1900 to 2199", "Das Ende liegt außerhalb von 1900 bis 2199.")
		return werte
	}
	if v != VerschiebungEnde {
		if !still && x.kalender.IsWerktag(l.ort, roh) != Ja {
			x.schritt("Der " + x.tagUndHindernis(l.ort, roh) + "; eine Verschiebung auf den nächsten Werktag findet nach der angewandten Regel nicht statt.")
		}
		return append(werte, wert{roh, roh, l.regel, grund})
	}
	frueh, spaet := x.kalender.NaechsterWerktag(l.ort, roh)
	if !still && frueh != roh {
		x.erzaehleVerschiebung(l, roh, frueh)
		x.schwaecheFeiertage(l.ort, roh, frueh)
	}
	werte = append(werte, wert{frueh, roh, l.regel, grund})
	if spaet != frueh {
		x.warne(x.ortUngewiss(l.ort))
		werte = append(werte, wert{spaet, roh, l.regel, verbinde(grund, x.ungewisserTag(l.ort, roh, spaet))})
	}
	return werte
}

func (x *rechnung) ortUngewiss(o Ort) fehler.Problem {
	switch {
	case o.Land == "":
		return problem("ort-unbekannt", "", "place is not known, holidays are uncertain", "Der Ort ist nicht bekannt; ein Feiertag kann das Ende verschieben.")
	case o.Gemeinde == "":
		return problem("gemeinde-unbekannt", "", "Gemeinde is not known and the Land has partial holidays",
			"In "+o.Land.Name()+" hängt ein Feiertag von der Gemeinde ab; die Gemeinde ist nicht angegeben.")
	}
	return problem("feiertag-ungewiss", "", "list of Gemeinden with this holiday is not complete",
		"Ob der Feiertag in dieser Gemeinde gilt, ist im Kalender nicht hinterlegt.")
}

// schliesse orders the candidates and ends the calculation. The first one decides.
func (x *rechnung) schliesse(werte []wert) (Ergebnis, error) {
	if err := x.fehler(); err != nil {
		return Ergebnis{}, err
	}
	for i, w := range werte {
		if slices.ContainsFunc(x.e.Kandidaten, func(k Kandidat) bool { return k.Datum == w.tag }) {
			continue
		}
		k := Kandidat{Datum: w.tag, Roh: w.roh, Haupt: i == 0}
		if w.regel != nil {
			k.Regel = w.regel.ID
		}
		if i > 0 {
			k.Grund = w.grund
			x.schritt("Andere Lesart: " + tagText(w.tag) + ". " + w.grund)
			if w.regel != nil {
				x.beleg(w.regel, "weitere mögliche Regel")
			}
		}
		x.e.Kandidaten = append(x.e.Kandidaten, k)
	}
	if len(werte) > 0 {
		x.e.Datum = werte[0].tag
	}
	slices.SortFunc(x.e.Kandidaten, func(a, b Kandidat) int { return a.Datum.Compare(b.Datum) })
	return x.e, nil
}

// ohneDatum ends a calculation that gives no date.
func (x *rechnung) ohneDatum(l Lage) (Ergebnis, error) {
	if err := x.fehler(); err != nil {
		return Ergebnis{}, err
	}
	x.e.Lage = l
	return x.e, nil
}

func istWochenende(d datum.Datum) bool {
	w := d.Wochentag()
	return w == time.Saturday || w == time.Sunday
}
