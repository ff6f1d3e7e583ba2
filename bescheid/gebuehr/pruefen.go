package gebuehr

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var (
	idForm     = regexp.MustCompile(`^[A-Z0-9]+(-[A-Z0-9]+)*$`)
	postenForm = regexp.MustCompile(`^[a-z0-9]+([.-][a-z0-9]+)*$`)
)

// Technical bounds of a calculation.
const (
	minJahr    = 1900
	maxJahr    = 2199
	maxPunkte  = 1000
	maxGewicht = 1000
	maxMinuten = 1_000_000
	maxMenge   = 1_000_000
)

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: "gebuehr." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}

type pruefer struct {
	probleme fehler.Probleme
	pfad     string
	quellen  map[string]Quelle
	gesehen  map[string]bool
}

func (p *pruefer) fordere(ok bool, code, feld, meldung, hinweis string) {
	if !ok && len(p.probleme) < maxProblem {
		p.probleme = append(p.probleme, problem(code, p.pfad+feld, meldung, hinweis))
	}
}

// pruefeDatei looks at each rule of one file by itself.
func pruefeDatei(d *datei, eigene map[string]Quelle) fehler.Probleme {
	p := &pruefer{quellen: d.Quellen, gesehen: map[string]bool{}}
	for _, n := range []int{len(d.Tarife), len(d.Ausgaenge), len(d.Minderungen), len(d.Umsatzsteuern), len(d.Zahlung), len(d.Stichtage), len(eigene)} {
		p.fordere(n <= maxRegeln, "regel-anzahl", "", "too many rules", "Die Datei hat zu viele Regeln.")
	}
	if len(p.probleme) > 0 {
		return p.probleme
	}
	p.fordere(len(d.Stand) <= 64, "text-lang", "/stand", "text too long", "Der Text ist zu lang.")
	for _, k := range slices.Sorted(maps.Keys(eigene)) {
		q := eigene[k]
		p.fordere(k != "" && q.Titel != "" && len(k)+len(q.Titel)+len(q.Adresse) <= maxLaenge, "quelle-titel", "/quellen", "source without title, or too long", "Eine Quelle braucht einen Titel.")
	}
	p.fordere(slices.Contains([]Zusammentreffen{"", ZusammenGroesste, ZusammenNacheinander}, d.Zusammen), "minderung-zusammen", "/minderungen_zusammen",
		"neither groesste nor nacheinander", "„minderungen_zusammen“ ist groesste oder nacheinander.")
	for i := range d.Stichtage {
		r := &d.Stichtage[i]
		p.recht(&r.Recht, fmt.Sprintf("/stichtage/%d", i))
		p.stichtag(r.Massgeblich, "/massgeblich")
	}
	for i := range d.Tarife {
		p.tarif(&d.Tarife[i], fmt.Sprintf("/tarife/%d", i))
	}
	for i := range d.Ausgaenge {
		p.ausgang(&d.Ausgaenge[i], fmt.Sprintf("/ausgaenge/%d", i))
	}
	for i := range d.Minderungen {
		p.minderung(&d.Minderungen[i], fmt.Sprintf("/minderungen/%d", i))
	}
	for i := range d.Umsatzsteuern {
		r := &d.Umsatzsteuern[i]
		p.recht(&r.Recht, fmt.Sprintf("/umsatzsteuern/%d", i))
		p.fordere(postenForm.MatchString(r.Schluessel) && len(r.Schluessel) <= 64, "steuer-schluessel", "/schluessel", "key missing or malformed", "Der Schlüssel der Steuer fehlt oder hat eine falsche Form.")
		p.fordere(r.Satz.Compare(Anteil{1, 1}) <= 0, "steuer-satz", "/satz", "rate above one", "Der Steuersatz liegt über 100 %.")
	}
	for i := range d.Zahlung {
		r := &d.Zahlung[i]
		p.recht(&r.Recht, fmt.Sprintf("/zahlung/%d", i))
		p.fordere(r.FaelligTage >= 0 && r.FaelligTage <= 3650, "zahlung-tage", "/faellig_tage", "days out of range", "Die Zahl der Tage ist negativ oder zu groß.")
		p.fordere(slices.Contains([]frist.Verschiebung{"", frist.VerschiebungNie, frist.VerschiebungEnde}, r.Verschiebung), "zahlung-verschiebung", "/verschiebung", "shift is neither nie nor ende", "Die Verschiebung ist nie oder ende.")
		p.fordere(r.Saeumnis.Compare(Anteil{1, 1}) <= 0 && r.SaeumnisAuf >= 0 && r.SaeumnisAb >= 0 && len(r.SaeumnisNorm) <= maxLaenge, "zahlung-saeumnis", "/saeumnis", "surcharge out of range", "Der Säumniszuschlag liegt außerhalb des Möglichen.")
	}
	return p.probleme
}

func (p *pruefer) recht(r *Recht, pfad string) {
	p.pfad = pfad
	p.fordere(idForm.MatchString(r.ID) && len(r.ID) <= 64, "regel-id", "/id", "id is not upper-case letters, digits and hyphens", "Die Kennung besteht aus Großbuchstaben, Ziffern und Bindestrichen.")
	p.fordere(!p.gesehen[r.ID], "regel-doppelt", "/id", "id twice in one file", "Die Kennung kommt in der Datei zweimal vor.")
	p.gesehen[r.ID] = true
	p.fordere(r.Norm != "" && len(r.Norm) <= maxLaenge, "regel-norm", "/norm", "norm missing", "Die Norm fehlt.")
	p.fordere(len(r.Hinweis) <= maxLaenge, "text-lang", "/hinweis", "text too long", "Der Text ist zu lang.")
	p.fordere(len(r.Laender) <= len(tenant.Laender()), "regel-land", "/laender", "too many Laender", "Zu viele Länder.")
	for i, l := range r.Laender[:min(len(r.Laender), len(tenant.Laender()))] {
		p.fordere(l.Valid() && !slices.Contains(r.Laender[:i], l), "regel-land", "/laender", "unknown or doubled Land", "Das Land ist unbekannt oder doppelt.")
	}
	p.fordere(imBereich(r.Von) && imBereich(r.Bis) && (r.Von.IsZero() || r.Bis.IsZero() || !r.Bis.Vor(r.Von)), "regel-geltung", "/bis",
		"validity ends before it starts, or is out of range", "Die Geltung endet vor ihrem Beginn oder liegt außerhalb des Kalenders.")
	p.fordere(len(r.Quelle) > 0 && len(r.Quelle) <= 20, "regel-quelle", "/quelle", "source missing", "Die Quelle fehlt.")
	for _, k := range r.Quelle[:min(len(r.Quelle), 20)] {
		_, ok := p.quellen[k]
		p.fordere(ok, "regel-quelle", "/quelle", "source is not in the list", "Die Quelle steht nicht im Quellenverzeichnis.")
	}
	p.fordere(slices.Contains([]Konfidenz{KonfidenzA, KonfidenzB, KonfidenzU}, r.Konfidenz), "regel-konfidenz", "/konfidenz", "confidence is not A, B or U", "Die Konfidenz ist A, B oder U.")
	p.fordere(!r.Beispiel || r.Konfidenz == KonfidenzU, "regel-beispiel", "/konfidenz", "an example is of confidence U", "Ein Beispiel hat die Konfidenz U.")
}

// imBereich: the zero date and dates of the calendar.
func imBereich(d datum.Datum) bool {
	return d.IsZero() || (d.Jahr() >= minJahr && d.Jahr() <= maxJahr)
}

func (p *pruefer) stichtag(s Stichtag, feld string) {
	p.fordere(s == StichtagEingang || s == StichtagEntscheidung, "regel-stichtag", feld, "day is neither eingang nor entscheidung", "Der Stichtag ist eingang oder entscheidung.")
}

func (p *pruefer) tarif(t *Tarif, pfad string) {
	p.recht(&t.Recht, pfad)
	p.fordere(postenForm.MatchString(t.Posten) && len(t.Posten) <= 64, "tarif-posten", "/posten", "posten missing or malformed", "Der Posten besteht aus Kleinbuchstaben, Ziffern, Punkten und Bindestrichen.")
	p.fordere(t.Bezeichnung != "" && len(t.Bezeichnung) <= maxLaenge && len(t.Tarifstelle) <= 100, "tarif-bezeichnung", "/bezeichnung", "description missing or too long", "Die Bezeichnung fehlt oder ist zu lang.")
	p.fordere(t.Gruppe == GruppeGebuehr || t.Gruppe == GruppeAuslage, "tarif-gruppe", "/gruppe", "group is neither gebuehr nor auslage", "Die Gruppe ist gebuehr oder auslage.")
	p.fordere(len(t.Leistungen) <= maxListe, "tarif-leistung", "/leistungen", "too many Leistungen", "Zu viele Leistungen.")
	for _, l := range t.Leistungen[:min(len(t.Leistungen), maxListe)] {
		k, err := tenant.ParseLeistung(string(l))
		p.fordere(err == nil && k == l, "tarif-leistung", "/leistungen", "not a Leistungsschluessel", "Der Leistungsschlüssel besteht aus höchstens 14 Ziffern.")
	}
	p.fordere(t.VonFruehestens.IsZero() || (imBereich(t.VonFruehestens) && t.VonFruehestens.Vor(t.Von)), "regel-geltung", "/von_fruehestens", "earliest start is not before the start", "Der früheste Beginn liegt nicht vor dem Beginn.")
	if t.Stichtag != "" {
		p.stichtag(t.Stichtag, "/stichtag")
	}
	p.satz(&t.Satz, "/satz")
	p.fordere(len(t.Lesarten) <= 8, "tarif-lesart", "/lesarten", "too many readings", "Zu viele Lesarten.")
	for i := range t.Lesarten[:min(len(t.Lesarten), 8)] {
		l := &t.Lesarten[i]
		p.fordere(l.Grund != "" && len(l.Grund) <= maxLaenge, "tarif-lesart", fmt.Sprintf("/lesarten/%d/grund", i), "reading without reason", "Eine Lesart braucht einen Grund.")
		p.satz(&l.Satz, fmt.Sprintf("/lesarten/%d/satz", i))
		// A reading takes the same facts, or the case could not be worked out under it.
		p.fordere(l.Satz.Art == t.Satz.Art && len(l.Satz.Kriterien) == len(t.Satz.Kriterien) || l.Satz.Art == ArtFest, "tarif-lesart", fmt.Sprintf("/lesarten/%d/satz/art", i),
			"reading of another kind", "Eine Lesart hat dieselbe Art wie der Satz oder ist ein fester Betrag.")
	}
}

func (p *pruefer) ausgang(r *Ausgangsregel, pfad string) {
	p.recht(&r.Recht, pfad)
	p.fordere(len(r.Ausgang) > 0 && len(r.Ausgang) <= len(ausgaenge), "ausgang-art", "/ausgang", "outcome missing", "Der Ausgang fehlt.")
	for i, a := range r.Ausgang[:min(len(r.Ausgang), len(ausgaenge))] {
		p.fordere(slices.Contains(ausgaenge, a) && !slices.Contains(r.Ausgang[:i], a), "ausgang-art", "/ausgang", "unknown or doubled outcome", "Der Ausgang ist unbekannt oder doppelt.")
	}
	p.fordere(r.Min.Compare(r.Max) <= 0 && r.Max.Compare(Anteil{10, 1}) <= 0 &&
		(r.Regel == nil || (r.Regel.Compare(r.Min) >= 0 && r.Regel.Compare(r.Max) <= 0)), "ausgang-anteil", "/regel",
		"shares are not ordered min, regel, max", "Die Anteile stehen nicht in der Ordnung min, regel, max.")
	p.fordere(r.Mindestens >= 0, "ausgang-mindestens", "/mindestens", "amount below zero", "Der Mindestbetrag ist negativ.")
}

var ausgaenge = []AusgangArt{AusgangAbgelehnt, AusgangUnzustaendig, AusgangVorher, AusgangZurueck, AusgangErledigt}

func (p *pruefer) minderung(m *Minderung, pfad string) {
	p.recht(&m.Recht, pfad)
	p.fordere(m.Bezeichnung != "" && len(m.Bezeichnung) <= maxLaenge, "minderung-bezeichnung", "/bezeichnung", "description missing or too long", "Die Bezeichnung fehlt oder ist zu lang.")
	p.fordere(postenForm.MatchString(m.Merkmal) && len(m.Merkmal) <= 64, "minderung-merkmal", "/merkmal", "fact missing or malformed", "Das Merkmal fehlt oder hat eine falsche Form.")
	p.fordere(!m.Erlass.IsZero() && m.Erlass.Compare(Anteil{1, 1}) <= 0, "minderung-erlass", "/erlass", "share is not above 0 and up to 1", "Der Erlass liegt nicht zwischen 0 und 1.")
	p.fordere(len(m.Posten) <= maxListe, "minderung-posten", "/posten", "too many posten", "Zu viele Posten.")
	for _, x := range m.Posten[:min(len(m.Posten), maxListe)] {
		p.fordere(postenForm.MatchString(x), "minderung-posten", "/posten", "posten malformed", "Ein Posten hat eine falsche Form.")
	}
}
