package vorgang

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Rechtsstand is the law by which a Vorgang is recomputed after the data changed: a new version of a
// table, a correction. Which version counts for a case is its day's affair and in the data.
type Rechtsstand struct {
	// Rechner works out the days; nil leaves them as they are.
	Rechner *frist.Rechner
	// Gebuehren is the fee table; nil leaves the fees as they are.
	Gebuehren *gebuehr.Tabelle
	// Ergebnisse are the calculations of the fees by id, from the entries
	// [GebuehrFestgesetzt] and [GebuehrNeuBerechnet] of the journal; a fee without is left out.
	Ergebnisse map[uuid.UUID]gebuehr.Ergebnis
}

// Folge says what becomes of a difference.
type Folge string

// The consequences.
const (
	// FolgeAendern: nobody outside relies on it yet, so it is changed.
	FolgeAendern Folge = "aendern"
	// FolgeVorlegen: it was announced, paid, extended or is over; a person decides.
	FolgeVorlegen Folge = "vorlegen"
)

// Abweichung is what would be otherwise under another law.
type Abweichung struct {
	// Gegenstand names it for programs and is stable: "gebuehr/<id>", "zustellung/<id>",
	// "bearbeitungsfrist".
	Gegenstand string `json:"gegenstand"`
	// Bescheid it belongs to; zero if none.
	Bescheid uuid.UUID `json:"bescheid,omitzero"`
	// Alt and Neu are the values as people write them; Neu is empty if it cannot be
	// worked out.
	Alt string `json:"alt"`
	Neu string `json:"neu"`
	// AltesRecht and NeuesRecht are the ids of the rules used.
	AltesRecht []string `json:"altesRecht,omitempty"`
	NeuesRecht []string `json:"neuesRecht,omitempty"`
	// Schritte explain the new value in German.
	Schritte []string `json:"schritte,omitempty"`
	Folge    Folge    `json:"folge"`
	// Grund says in German why it is not changed, or what follows from the change.
	Grund string `json:"grund,omitempty"`

	gebuehr    *gebuehr.Ergebnis
	zustellung *bescheid.Zustellung
	frist      *Bearbeitungsfrist
}

// Nachrechnung is one run over Vorgaenge after a change of law.
type Nachrechnung struct {
	// Lauf names the run, 1 to 100 characters, such as "GebO 2027". What was handed to a person
	// in a run is not handed over again.
	Lauf string
	// Freigabe is the second person: neither who gives the command nor somebody who stands
	// in for them.
	Freigabe tenant.Akteur
	Recht    Rechtsstand
}

// MaxLauf is the length of the name of a run in bytes.
const MaxLauf = 100

// Nachrechnen tells what would be otherwise under the law; it changes nothing. What a run
// of this name handed to a person already is left out. A closed Vorgang has no days or fees
// that could still change without a person and is left out too.
func (v *Vorgang) Nachrechnen(now time.Time, lauf string, r Rechtsstand) ([]Abweichung, error) {
	const op = "Nachrechnen"
	if v.s.Status == Verworfen || v.s.Status == ZuLoeschen || v.s.Status == Geloescht || v.s.Status == Abgeschlossen {
		return nil, nil
	}
	var out []Abweichung
	heute := v.heute(now)
	if r.Rechner != nil {
		if a, ok := v.rechneFristNach(r.Rechner, heute); ok {
			out = append(out, a)
		}
		for i := range v.s.Bescheide {
			for j := range v.s.Bescheide[i].Zustellungen {
				a, ok, err := rechneZustellungNach(r.Rechner, &v.s.Bescheide[i], &v.s.Bescheide[i].Zustellungen[j])
				if err != nil {
					return nil, fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, err)
				}
				if ok {
					out = append(out, a)
				}
			}
		}
	}
	if r.Gebuehren != nil {
		for i := range v.s.Gebuehren {
			g := &v.s.Gebuehren[i]
			if e, da := r.Ergebnisse[g.ID]; da {
				if a, ok := v.rechneGebuehrNach(r.Gebuehren, g, e, heute); ok {
					out = append(out, a)
				}
			}
		}
	}
	return slices.DeleteFunc(out, func(a Abweichung) bool {
		return a.Folge == FolgeVorlegen && v.s.wiedervorlage(v.vorlageID(lauf, a)) != nil
	}), nil
}

// vorlageID is the same for the same finding of the same run.
func (v *Vorgang) vorlageID(lauf string, a Abweichung) uuid.UUID {
	return uuid.NewSHA1(v.s.ID, []byte("nachrechnung\x00"+lauf+"\x00"+a.Gegenstand+"\x00"+a.Neu))
}

func (v *Vorgang) rechneFristNach(r *frist.Rechner, heute datum.Datum) (Abweichung, bool) {
	f := v.s.Bearbeitungsfrist
	if f == nil || f.Eingabe == nil || !v.s.Status.unentschieden() {
		return Abweichung{}, false
	}
	a := Abweichung{Gegenstand: "bearbeitungsfrist", Alt: f.Ende.Deutsch(), AltesRecht: slices.Clone(f.Regeln), Folge: FolgeAendern}
	e, err := r.Berechne(*f.Eingabe)
	var neu Bearbeitungsfrist
	if err == nil {
		neu, err = NewBearbeitungsfrist(e)
	}
	switch {
	case err != nil:
		a.Folge, a.Grund = FolgeVorlegen, "Nach dem neuen Stand lässt sich die Frist nicht berechnen."
		return a, true
	case !f.Verlaengert.IsZero():
		// What was extended has an end of its own, which the applicant was told.
		if neu.Ende == f.UrspruenglichesEnde || f.UrspruenglichesEnde.IsZero() {
			return a, false
		}
		a.Alt, a.Folge, a.Grund = f.UrspruenglichesEnde.Deutsch(), FolgeVorlegen, "Die Frist wurde schon verlängert."
	case neu.Ende == f.Ende:
		return a, false
	case heute.Nach(v.s.Fristende(heute)):
		a.Folge, a.Grund = FolgeVorlegen, "Die Frist ist schon abgelaufen."
	}
	for _, w := range f.Warnungen { // as far before the end as they were
		neu.Warnungen = append(neu.Warnungen, w.AddTage(f.Ende.TageBis(neu.Ende)))
	}
	a.Neu, a.NeuesRecht, a.Schritte, a.frist = neu.Ende.Deutsch(), neu.Regeln, neu.Schritte, &neu
	return a, true
}

func rechneZustellungNach(r *frist.Rechner, b *bescheid.Bescheid, z *bescheid.Zustellung) (Abweichung, bool, error) {
	neu, err := z.Berechne(r)
	if err != nil {
		return Abweichung{}, false, err
	}
	if tage(neu) == tage(*z) {
		return Abweichung{}, false, nil
	}
	a := Abweichung{Gegenstand: "zustellung/" + z.ID.String(), Bescheid: b.ID, Alt: zustellungstage(z), Neu: zustellungstage(&neu), Folge: FolgeAendern, zustellung: &neu}
	a.AltesRecht, a.NeuesRecht = zustellungsrecht(z), zustellungsrecht(&neu)
	if neu.Bekanntgabe != nil {
		a.Schritte = slices.Clone(neu.Bekanntgabe.Schritte)
	}
	if z.Zustand == bescheid.ZustellungBekanntgegeben || z.Zustand == bescheid.ZustellungBestandskraeftig {
		a.Folge, a.Grund = FolgeVorlegen, "Der Bescheid ist schon bekanntgegeben. Sollen die Tage neu gelten, bitte die Bekanntgabe neu berechnen lassen."
	}
	return a, true, nil
}

func zustellungstage(z *bescheid.Zustellung) string {
	if z.Bekanntgabe == nil {
		return "kein Tag der Bekanntgabe"
	}
	return fmt.Sprintf("bekanntgegeben %s, Frist bis %s, bestandskräftig ab %s", z.Bekanntgabe.Tag.Deutsch(), z.Bekanntgabe.FristEnde.Deutsch(), z.Bekanntgabe.BestandskraftAb.Deutsch())
}

func zustellungsrecht(z *bescheid.Zustellung) (out []string) {
	if z.Bekanntgabe != nil {
		out = slices.Clone(z.Bekanntgabe.Regeln)
	}
	return out
}

func (v *Vorgang) rechneGebuehrNach(t *gebuehr.Tabelle, g *Gebuehr, e gebuehr.Ergebnis, heute datum.Datum) (Abweichung, bool) {
	x := g.Forderung.Stand(heute)
	if x.Soll <= 0 { // waived or decided anew
		return Abweichung{}, false
	}
	a := Abweichung{Gegenstand: "gebuehr/" + g.ID.String(), Bescheid: g.Bescheid, Alt: e.Summe.Deutsch(), AltesRecht: append([]string{e.Tabelle}, g.Regeln...), Folge: FolgeAendern}
	ab, err := t.Nachrechnen(e)
	if err != nil {
		a.Folge, a.Grund = FolgeVorlegen, "Nach der neuen Tabelle lässt sich die Gebühr nicht berechnen: "+hinweise(err)
		return a, true
	}
	if ab.Neu.Summe == e.Summe {
		return a, false
	}
	_, regeln, _ := positionen(ab.Neu)
	a.Neu, a.NeuesRecht, a.Schritte, a.gebuehr = ab.Neu.Summe.Deutsch(), append([]string{ab.Neu.Tabelle}, regeln...), ab.Neu.Schritte, &ab.Neu
	b := v.s.bescheid(g.Bescheid)
	switch {
	case len(g.Forderung.Bewegungen) > 0 || len(g.Zahlungen) > 0:
		a.Folge, a.Grund = FolgeVorlegen, "Auf die Gebühr ist schon gezahlt oder anders über sie verfügt worden."
	case b == nil:
		a.Folge, a.Grund = FolgeVorlegen, "Die Gebühr ist schon gefordert."
	case b.Zustand != bescheid.Entwurf && b.Zustand != bescheid.ZurFreigabe:
		a.Folge, a.Grund = FolgeVorlegen, "Der Bescheid mit der Gebühr ist schon freigegeben."
	case ab.Neu.Summe <= 0:
		a.Folge, a.Grund = FolgeVorlegen, "Nach der neuen Tabelle ist nichts zu erheben."
	default:
		a.Grund = "Der Entwurf nennt noch den alten Betrag und muss angepasst werden."
	}
	return a, true
}

func hinweise(err error) string {
	var t []string
	for _, p := range fehler.ProblemeIn(err) {
		t = append(t, p.Hinweis)
	}
	return strings.Join(t, " ")
}

// ApplyNachrechnung does what [Vorgang.Nachrechnen] tells, and gives it: what nobody outside
// relies on yet is changed, the rest becomes a Wiedervorlage for whoever works on the Vorgang.
// A draft whose fee changed goes back to its author and needs a new Freigabe. One entry names the old and
// the new rules. The same run again changes nothing. Vier-Augen: the Freigabe must be another person's,
// who may give the command too, else fehler.ErrForbidden.
func (v *Vorgang) ApplyNachrechnung(a tenant.Akteur, now time.Time, n Nachrechnung) ([]Abweichung, error) {
	const op = "ApplyNachrechnung"
	if n.Lauf == "" || len(n.Lauf) > MaxLauf {
		return nil, v.fail(op, fehler.ErrInvalid, problem("nachrechnung.lauf", "/lauf", "is empty or too long", "Der Lauf braucht einen kurzen Namen."))
	}
	for _, x := range []tenant.Akteur{a, n.Freigabe} {
		if err := v.check(op, x, now, BefehlNachrechnen); err != nil {
			return nil, err
		}
	}
	augen := a.Augen()
	if slices.ContainsFunc(n.Freigabe.Augen(), func(x string) bool { return slices.Contains(augen, x) }) {
		return nil, v.fail(op, fehler.ErrForbidden, problem("nachrechnung.vier-augen", "/freigabe", "is the same person",
			"Vier-Augen-Prinzip: Wer nachrechnen lässt, kann es nicht selbst freigeben."))
	}
	if n.Recht.Rechner == nil && n.Recht.Gebuehren == nil {
		return nil, fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, errors.New("no law is given"))
	}
	ab, err := v.Nachrechnen(now, n.Lauf, n.Recht)
	if err != nil || len(ab) == 0 {
		return nil, err
	}
	if err := v.record(a, now, &Nachgerechnet{Lauf: n.Lauf, Abweichungen: ab, Freigabe: n.Freigabe.Augen()}); err != nil {
		return nil, err
	}
	for _, x := range ab {
		if err := v.wendeAn(a, now, n, x); err != nil {
			return nil, err
		}
	}
	return ab, nil
}

func (v *Vorgang) wendeAn(a tenant.Akteur, now time.Time, n Nachrechnung, x Abweichung) error {
	switch {
	case x.Folge == FolgeVorlegen:
		return v.legeNachrechnungVor(a, now, n.Lauf, x)
	case x.gebuehr != nil:
		return v.aendereGebuehr(a, now, n, x)
	case x.zustellung != nil:
		return v.setzeZustellung(a, now, x.Bescheid, AnlassNeuBerechnet, x.zustellung)
	}
	x.frist.ID = v.k.NewID()
	if err := v.record(a, now, &FristGesetzt{Wechsel[Bearbeitungsfrist]{Befehl: BefehlNachrechnen, Nach: x.frist.clone(), Von: v.s.Bearbeitungsfrist.clone()}}); err != nil {
		return err
	}
	return v.orderWarnung(now, WarnungBearbeitungsfrist, x.frist.ID, x.frist.Warnungen...)
}

func (v *Vorgang) aendereGebuehr(a tenant.Akteur, now time.Time, n Nachrechnung, x Abweichung) error {
	i := slices.IndexFunc(v.s.Gebuehren, func(g Gebuehr) bool { return x.Gegenstand == "gebuehr/"+g.ID.String() })
	g := v.s.Gebuehren[i].clone()
	ps, regeln, err := positionen(*x.gebuehr)
	if err != nil {
		return fehler.New("vorgang.ApplyNachrechnung", v.s.ID.String(), fehler.ErrInvalid, err)
	}
	g.Tabelle, g.Regeln, g.Schritte = x.gebuehr.Tabelle, regeln, slices.Clone(x.gebuehr.Schritte)
	g.Forderung.Positionen = ps
	if g.Forderung, err = zahlung.NewForderung(g.Forderung, v.zeitpunkt(now)); err != nil {
		return err
	}
	for _, augen := range [][]string{a.Augen(), n.Freigabe.Augen()} {
		g.Augen = union(g.Augen, augen)
	}
	if err := v.record(a, now, &GebuehrNeuBerechnet{Gebuehr: g, Ergebnis: *x.gebuehr}); err != nil {
		return err
	}
	if b := v.s.bescheid(g.Bescheid); b.Zustand == bescheid.ZurFreigabe {
		if err := v.record(a, now, &Zurueckgegeben{Bescheid: b.ID, Anmerkung: "Die Gebühr hat sich geändert: bisher " + x.Alt + ", jetzt " + x.Neu + ".", Nr: len(b.Anmerkungen) + 1}); err != nil {
			return err
		}
	}
	return v.legeNachrechnungVor(a, now, n.Lauf, x)
}

func (v *Vorgang) legeNachrechnungVor(a tenant.Akteur, now time.Time, lauf string, x Abweichung) error {
	heute, id := v.heute(now), v.vorlageID(lauf, x)
	neu := x.Neu
	if neu == "" {
		neu = "nicht berechenbar"
	}
	text := "Bisher: " + x.Alt + ". Nach dem neuen Stand (" + lauf + "): " + neu + ". " + x.Grund
	if err := v.record(a, now, &WiedervorlageGesetzt{ID: id, Betreff: "Rechtsänderung prüfen: " + gegenstandName(x.Gegenstand), Text: text, Faellig: heute}); err != nil {
		return err
	}
	return v.orderWarnung(now, WarnungWiedervorlage, id, heute)
}

func gegenstandName(g string) string {
	switch art, _, _ := strings.Cut(g, "/"); art {
	case "gebuehr":
		return "Gebühr"
	case "zustellung":
		return "Bekanntgabe"
	}
	return "Bearbeitungsfrist"
}

// The entries of a recomputation.
type (
	// Nachgerechnet: the Vorgang was held against another law, and something differed
	// (recht.nachgerechnet). What was changed are further entries of the same command.
	Nachgerechnet struct {
		Lauf         string       `json:"lauf"`
		Abweichungen []Abweichung `json:"abweichungen"`
		// Freigabe are the Augen of the second person.
		Freigabe []string `json:"freigabe"`
	}
	// GebuehrNeuBerechnet: a fee nobody was told of yet has another sum (gebuehr.neu_berechnet).
	GebuehrNeuBerechnet struct {
		Gebuehr  Gebuehr          `json:"gebuehr"`
		Ergebnis gebuehr.Ergebnis `json:"ergebnis"`
	}
)

func (*Nachgerechnet) code() Code       { return "recht.nachgerechnet" }
func (*GebuehrNeuBerechnet) code() Code { return "gebuehr.neu_berechnet" }

func (*Nachgerechnet) apply(*Stand, *Ereignis) {}
func (d *GebuehrNeuBerechnet) apply(s *Stand, _ *Ereignis) {
	if g := finde(s.Gebuehren, d.Gebuehr.ID); g != nil {
		*g = d.Gebuehr.clone()
	}
}

func (*Nachgerechnet) gegenstand() string              { return "nachrechnung" }
func (d *GebuehrNeuBerechnet) gegenstand() string      { return "gebuehr/" + d.Gebuehr.ID.String() }
func (*Nachgerechnet) umkehren() (Befehl, daten)       { return BefehlNachrechnen, nil }
func (*GebuehrNeuBerechnet) umkehren() (Befehl, daten) { return BefehlNachrechnen, nil }
func (d *Nachgerechnet) text() string                  { return ": " + d.Lauf }
func (d *GebuehrNeuBerechnet) text() string            { return ": jetzt " + d.Ergebnis.Summe.Deutsch() }
