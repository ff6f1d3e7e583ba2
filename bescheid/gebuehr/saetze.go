package gebuehr

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// ansatzRechnung works out one position under one rate: exact cents, the quantity
// for the letter, sentences, reasons for the decision, and what is wrong with the
// facts.
type ansatzRechnung struct {
	a        *Ansatz
	s        *Satz
	pfad     string // of the Ansatz
	betrag   *big.Rat
	menge    string
	schritte []string
	gruende  []string
	probleme fehler.Probleme
}

func (x *ansatzRechnung) problem(code, feld, meldung, hinweis string) {
	x.probleme = append(x.probleme, problem(code, x.pfad+feld, meldung, hinweis))
}

func (x *ansatzRechnung) schritt(s string) { x.schritte = append(x.schritte, s) }

// rechne gives the exact amount, or problems.
func (x *ansatzRechnung) rechne() {
	switch x.s.Art {
	case ArtFest:
		x.fest()
	case ArtRahmen:
		x.rahmen()
	case ArtZeit:
		x.zeit()
	case ArtStueck:
		x.stueck()
	case ArtTatsaechlich:
		x.tatsaechlich()
	default:
		x.nachWert()
	}
}

// fremde refuses facts the rate does not use: whoever gave them expects them to count.
func (x *ansatzRechnung) fremde() {
	a, art := x.a, x.s.Art
	add := func(da bool, feld string, nur ...Art) {
		if da && !slices.Contains(nur, art) {
			x.problem("angabe-fremd", feld, "fact without use for a rate of kind "+string(art), "Diese Angabe spielt bei dem Tarif keine Rolle. Bitte den Posten oder die Angabe prüfen.")
		}
	}
	add(a.Menge != 0, "/menge", ArtFest, ArtStueck)
	add(a.Wert != nil, "/wert", ArtProzent, ArtWertstufen, ArtStaffel)
	add(len(a.Zeiten) > 0, "/zeiten", ArtZeit)
	add(len(a.Punkte) > 0, "/punkte", ArtRahmen)
	add(a.Ermessen != nil, "/ermessen", ArtRahmen)
	add(a.Kosten != nil || a.Beleg != "", "/kosten", ArtTatsaechlich)
}

func (x *ansatzRechnung) fest() {
	n := max(x.a.Menge, 1)
	if x.a.Menge < 0 || n > maxMenge {
		x.problem("menge", "/menge", "number out of range", "Die Menge ist negativ oder zu groß.")
		return
	}
	x.betrag = new(big.Rat).Mul(x.s.Betrag.Rat(), big.NewRat(int64(n), 1))
	if n == 1 {
		x.schritt("Fester Betrag: " + x.s.Betrag.Deutsch() + ".")
		return
	}
	x.menge = strconv.Itoa(n) + " ×"
	x.schritt(fmt.Sprintf("Fester Betrag: %d × %s = %s.", n, x.s.Betrag.Deutsch(), ratText(x.betrag)))
}

func (x *ansatzRechnung) rahmen() {
	s, a := x.s, x.a
	umfang := s.Min.Deutsch() + " bis " + s.Max.Deutsch()
	switch {
	case a.Ermessen != nil && len(a.Punkte) > 0:
		x.problem("rahmen-doppelt", "/ermessen", "both points and a chosen amount", "Der Rahmen ist nach Punkten oder nach Ermessen auszufüllen, nicht nach beidem.")
	case a.Ermessen != nil:
		if leer(a.Ermessen.Grund) {
			x.problem("grund-fehlt", "/ermessen/grund", "a chosen amount needs a reason", "Für den gewählten Betrag fehlt die Begründung.")
		}
		if b := a.Ermessen.Betrag; b < s.Min || b > s.Max {
			x.problem("ausserhalb-rahmen", "/ermessen/betrag", "amount outside of the range", "Der Betrag liegt nicht im Rahmen von "+umfang+".")
			return
		}
		x.betrag = a.Ermessen.Betrag.Rat()
		x.schritt("Rahmen " + umfang + "; bestimmt sind " + a.Ermessen.Betrag.Deutsch() + ", weil: " + a.Ermessen.Grund)
		x.gruende = append(x.gruende, "Innerhalb des Rahmens von "+umfang+" sind "+a.Ermessen.Betrag.Deutsch()+" bestimmt: "+a.Ermessen.Grund)
	case len(s.Kriterien) == 0 || len(a.Punkte) == 0:
		hinweis := "Die Gebühr hat einen Rahmen von " + umfang + ". Bitte einen Betrag mit Begründung angeben."
		if len(s.Kriterien) > 0 {
			hinweis = "Die Gebühr hat einen Rahmen von " + umfang + ". Bitte die Kriterien bewerten oder einen Betrag mit Begründung angeben."
		}
		x.problem("rahmen-offen", "/ermessen", "range without points or a chosen amount", hinweis)
	default:
		x.kriterien(umfang)
	}
}

func (x *ansatzRechnung) kriterien(umfang string) {
	s := x.s
	summe, gewichte := new(big.Rat), int64(0)
	teile := make([]string, 0, len(s.Kriterien))
	bekannt := 0
	for _, k := range s.Kriterien {
		p, ok := x.a.Punkte[k.Schluessel]
		if !ok {
			x.problem("kriterium-fehlt", "/punkte/"+k.Schluessel, "criterion without points", "Das Kriterium „"+k.Bezeichnung+"“ ist nicht bewertet.")
			continue
		}
		bekannt++
		if p < 0 || p > k.MaxPunkte {
			x.problem("punkte-ausserhalb", "/punkte/"+k.Schluessel, "points out of range", fmt.Sprintf("Das Kriterium „%s“ hat 0 bis %d Punkte.", k.Bezeichnung, k.MaxPunkte))
			continue
		}
		summe.Add(summe, big.NewRat(int64(p)*int64(k.Gewicht), int64(k.MaxPunkte)))
		gewichte += int64(k.Gewicht)
		t := fmt.Sprintf("%s %d von %d Punkten", k.Bezeichnung, p, k.MaxPunkte)
		if len(s.Kriterien) > 1 {
			t += fmt.Sprintf(" (Gewicht %d)", k.Gewicht)
		}
		teile = append(teile, t)
	}
	if bekannt < len(x.a.Punkte) {
		x.problem("kriterium-unbekannt", "/punkte", "points for a criterion the tariff does not have", "Es ist ein Kriterium bewertet, das der Tarif nicht kennt.")
	}
	if len(x.probleme) > 0 {
		return
	}
	anteil := summe.Quo(summe, big.NewRat(gewichte, 1))
	x.betrag = new(big.Rat).Mul(anteil, (s.Max - s.Min).Rat())
	x.betrag.Add(x.betrag, s.Min.Rat())
	text := "Rahmen " + umfang + "; " + strings.Join(teile, ", ") + "; das sind " + anteil.RatString() + " der Spanne: " + ratText(x.betrag) + "."
	x.schritt(text)
	x.gruende = append(x.gruende, text)
}

func (x *ansatzRechnung) zeit() {
	if len(x.a.Zeiten) == 0 {
		x.problem("zeit-fehlt", "/zeiten", "no time given", "Der Zeitaufwand fehlt.")
		return
	}
	if len(x.a.Zeiten) > maxListe {
		x.problem("zeit-fehlt", "/zeiten", "too many entries", "Der Zeitaufwand hat zu viele Einträge.")
		return
	}
	// Minutes of one group are added up before units are counted: three calls of five
	// minutes are one started quarter of an hour, not three.
	var folge []string
	minuten := map[string]int{}
	for i, z := range x.a.Zeiten {
		ort := fmt.Sprintf("/zeiten/%d", i)
		if !slices.ContainsFunc(x.s.Stundensaetze, func(s Stundensatz) bool { return s.Gruppe == z.Gruppe }) {
			x.problem("laufbahngruppe", ort+"/gruppe", "the tariff has no rate for this group", "Für diese Laufbahngruppe hat der Tarif keinen Stundensatz.")
			continue
		}
		if z.Minuten < 1 || z.Minuten > maxMinuten {
			x.problem("minuten", ort+"/minuten", "minutes out of range", "Die Minuten fehlen oder sind zu viele.")
			continue
		}
		if _, ok := minuten[z.Gruppe]; !ok {
			folge = append(folge, z.Gruppe)
		}
		minuten[z.Gruppe] = min(minuten[z.Gruppe]+z.Minuten, maxMinuten*maxListe)
	}
	if len(x.probleme) > 0 {
		return
	}
	x.betrag = new(big.Rat)
	var mengen []string
	e := x.s.EinheitMinuten
	for _, g := range folge {
		i := slices.IndexFunc(x.s.Stundensaetze, func(s Stundensatz) bool { return s.Gruppe == g })
		satz := x.s.Stundensaetze[i].Betrag
		n := (minuten[g] + e - 1) / e
		teil := new(big.Rat).Mul(satz.Rat(), big.NewRat(int64(n)*int64(e), 60))
		x.betrag.Add(x.betrag, teil)
		mengen = append(mengen, fmt.Sprintf("%d × %d Minuten", n, e))
		x.schritt(fmt.Sprintf("Zeitaufwand (%s): %d Minuten, angefangene Einheiten zu %d Minuten: %d; Stundensatz %s; zusammen %s.", g, minuten[g], e, n, satz.Deutsch(), ratText(teil)))
	}
	x.menge = strings.Join(mengen, ", ")
}

func (x *ansatzRechnung) stueck() {
	n := x.a.Menge
	if n < 1 || n > maxMenge {
		x.problem("menge", "/menge", "number missing or out of range", "Die Anzahl fehlt oder ist zu groß.")
		return
	}
	x.betrag = new(big.Rat)
	var teile []string
	davor := 0
	for _, s := range x.s.Stufen {
		bis := s.Bis
		if bis == 0 || bis > n {
			bis = n
		}
		if k := bis - davor; k > 0 {
			x.betrag.Add(x.betrag, new(big.Rat).Mul(s.Betrag.Rat(), big.NewRat(int64(k), 1)))
			teile = append(teile, fmt.Sprintf("%d × %s", k, s.Betrag.Deutsch()))
		}
		davor = max(davor, bis)
	}
	if davor < n {
		x.betrag = nil
		x.problem("menge-ausserhalb", "/menge", "number beyond the last step", fmt.Sprintf("Der Tarif endet bei %d Stück.", davor))
		return
	}
	x.menge = strconv.Itoa(n) + " Stück"
	x.schritt("Anzahl " + strconv.Itoa(n) + ": " + strings.Join(teile, " + ") + " = " + ratText(x.betrag) + ".")
}

func (x *ansatzRechnung) tatsaechlich() {
	k := x.a.Kosten
	switch {
	case k == nil:
		x.problem("kosten-fehlen", "/kosten", "no costs given", "Die tatsächlichen Kosten fehlen.")
	case *k < 0 || *k > MaxBetrag:
		x.problem("kosten-fehlen", "/kosten", "costs out of range", "Die tatsächlichen Kosten sind negativ oder zu groß.")
	case leer(x.a.Beleg):
		x.problem("beleg-fehlt", "/beleg", "no proof of the costs", "Für die tatsächlichen Kosten fehlt der Beleg.")
	default:
		x.betrag = k.Rat()
		x.schritt("Tatsächlich entstanden: " + k.Deutsch() + " (Beleg: " + x.a.Beleg + ").")
	}
}

func (x *ansatzRechnung) nachWert() {
	w := x.a.Wert
	if w == nil || *w < 0 || *w > MaxBetrag {
		x.problem("wert-fehlt", "/wert", "value missing or out of range", "Der Wert des Gegenstands fehlt, ist negativ oder zu groß.")
		return
	}
	x.menge = "Wert " + w.Deutsch()
	switch x.s.Art {
	case ArtProzent:
		x.betrag = new(big.Rat).Mul(w.Rat(), x.s.Anteil.Rat())
		x.schritt(x.s.Anteil.prozent() + " von " + w.Deutsch() + " sind " + ratText(x.betrag) + ".")
		return
	case ArtWertstufen:
		b, text, ok := x.s.wertstufe(*w)
		if ok {
			x.betrag = b
			x.schritt(text)
			return
		}
	case ArtStaffel:
		b, text, ok := x.s.staffel(*w)
		if ok {
			x.betrag = b
			x.schritt(text)
			return
		}
	}
	x.problem("wert-ausserhalb", "/wert", "value beyond the last step", "Der Wert liegt über der letzten Stufe des Tarifs.")
}

// wertstufe gives the amount of the one step that holds the value.
func (s *Satz) wertstufe(w Betrag) (*big.Rat, string, bool) {
	var davor Betrag
	for _, t := range s.Stufen {
		if t.BisWert != 0 && w > t.BisWert {
			davor = t.BisWert
			continue
		}
		b := t.Betrag.Rat()
		bis := "bis " + t.BisWert.Deutsch()
		if t.BisWert == 0 {
			bis = "über " + davor.Deutsch()
		}
		text := "Der Wert " + w.Deutsch() + " liegt in der Stufe " + bis + ": "
		var teile []string
		if t.Betrag > 0 || (t.Anteil.IsZero() && t.Je == 0) {
			teile = append(teile, t.Betrag.Deutsch())
		}
		if !t.Anteil.IsZero() {
			b.Add(b, new(big.Rat).Mul(w.Rat(), t.Anteil.Rat()))
			teile = append(teile, t.Anteil.prozent()+" des Wertes")
		}
		if t.Je > 0 && w > davor {
			n := (int64(w-davor) + int64(t.Je) - 1) / int64(t.Je)
			b.Add(b, new(big.Rat).Mul(t.JeBetrag.Rat(), big.NewRat(n, 1)))
			teile = append(teile, fmt.Sprintf("%d × %s für je angefangene %s über %s", n, t.JeBetrag.Deutsch(), t.Je.Deutsch(), davor.Deutsch()))
		}
		if len(teile) == 0 {
			teile = []string{Betrag(0).Deutsch()}
		}
		if text += strings.Join(teile, " + "); len(teile) > 1 || !t.Anteil.IsZero() || t.Je > 0 {
			text += " = " + ratText(b)
		}
		return b, text + ".", true
	}
	return nil, "", false
}

// staffel gives the sum over the steps, each for its own part of the value.
func (s *Satz) staffel(w Betrag) (*big.Rat, string, bool) {
	b := new(big.Rat)
	var teile []string
	var davor Betrag
	for i, t := range s.Stufen {
		if i > 0 && w <= davor {
			break
		}
		bis := w
		if t.BisWert != 0 && t.BisWert < w {
			bis = t.BisWert
		}
		teil := new(big.Rat).Mul((bis - davor).Rat(), t.Anteil.Rat())
		text := t.Anteil.prozent() + " von " + (bis - davor).Deutsch()
		if t.Betrag > 0 {
			teil.Add(teil, t.Betrag.Rat())
			text += " + " + t.Betrag.Deutsch()
		}
		b.Add(b, teil)
		teile = append(teile, text)
		davor = bis
	}
	if davor < w {
		return nil, "", false
	}
	return b, "Staffel: " + strings.Join(teile, " + ") + " = " + ratText(b) + ".", true
}

// begrenzt rounds and caps; the cap wins over the rounding.
func (x *ansatzRechnung) begrenzt() (Betrag, bool) {
	s := x.s
	vorher := len(x.schritte)
	defer func() {
		if len(x.gruende) > 0 { // who reads how a range was filled wants to know what became of it
			x.gruende = append(x.gruende, x.schritte[vorher:]...)
		}
	}()
	b, ok := s.Rundung.runde(x.betrag)
	if !ok {
		x.problem("betrag-gross", "", "amount too large", "Der Betrag ist zu groß.")
		return 0, false
	}
	if b.Rat().Cmp(x.betrag) != 0 {
		x.schritt("Der Betrag wird " + s.Rundung.deutsch() + ": " + b.Deutsch() + ".")
	}
	if s.Art == ArtRahmen {
		b = min(max(b, s.Min), s.Max)
	}
	if b < s.Mindestens {
		b = s.Mindestens
		x.schritt("Mindestens sind " + b.Deutsch() + " zu erheben.")
	}
	if s.Hoechstens > 0 && b > s.Hoechstens {
		b = s.Hoechstens
		x.schritt("Höchstens sind " + b.Deutsch() + " zu erheben.")
	}
	return b, true
}

// ratText writes an exact number of cents, or says that it is shortened.
func ratText(x *big.Rat) string {
	if x.IsInt() && x.Num().IsInt64() {
		return Betrag(x.Num().Int64()).Deutsch()
	}
	euro := new(big.Rat).Quo(x, big.NewRat(100, 1))
	s := strings.Replace(euro.FloatString(4), ".", ",", 1)
	if y, ok := new(big.Rat).SetString(strings.Replace(s, ",", ".", 1)); !ok || y.Cmp(euro) != 0 {
		return "rund " + s + " €"
	}
	return s + " €"
}

func leer(s string) bool { return strings.TrimSpace(s) == "" }
