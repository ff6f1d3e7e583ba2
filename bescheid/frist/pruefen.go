package frist

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var idForm = regexp.MustCompile(`^[A-Z0-9]+(-[A-Z0-9]+)*$`)

// Technical bounds of a calculation; they keep every date inside the calendar.
const (
	minJahr = 1900
	maxJahr = 2199
	maxN    = 100000
)

// hoechstens bounds a length per unit to about the span of the calendar.
var hoechstens = map[Einheit]int{EinheitTag: maxN, EinheitWoche: 15000, EinheitMonat: 3600, EinheitJahr: 300}

func problem(code, pfad, meldung, hinweis string) fehler.Problem {
	return fehler.Problem{Code: "frist." + code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}
}

type pruefer struct {
	probleme fehler.Probleme
	pfad     string
}

func (p *pruefer) fordere(ok bool, code, feld, meldung, hinweis string) {
	if !ok && len(p.probleme) < maxProblem {
		p.probleme = append(p.probleme, problem(code, p.pfad+feld, meldung, hinweis))
	}
}

func pruefeRegeln(d regelDatei, quellen map[string]Quelle) fehler.Probleme {
	p := &pruefer{}
	p.fordere(len(d.Regeln) <= maxRegeln, "regel-anzahl", "/regeln", "too many rules", "Die Datei hat zu viele Regeln.")
	p.fordere(len(d.Stand) <= maxLaenge, "text-lang", "/stand", "text too long", "Der Text ist zu lang.")
	for _, q := range d.Quellen {
		p.fordere(q.Titel != "" && len(q.Titel)+len(q.Adresse) <= maxLaenge, "quelle-titel", "/quellen",
			"source without title, or too long", "Eine Quelle braucht einen Titel.")
	}
	gesehen := map[string]bool{}
	for i := range d.Regeln {
		r := &d.Regeln[i]
		p.pfad = fmt.Sprintf("/regeln/%d", i)
		p.fordere(idForm.MatchString(r.ID) && len(r.ID) <= 64, "regel-id", "/id", "id is not upper-case letters, digits and hyphens",
			"Die Kennung besteht aus Großbuchstaben, Ziffern und Bindestrichen.")
		p.fordere(!gesehen[r.ID], "regel-doppelt", "/id", "id twice in one file", "Die Kennung kommt in der Datei zweimal vor.")
		gesehen[r.ID] = true
		p.regel(r, quellen)
	}
	return p.probleme
}

func (p *pruefer) regel(r *Regel, quellen map[string]Quelle) {
	p.fordere(r.Norm != "" && len(r.Norm) <= maxLaenge, "regel-norm", "/norm", "norm missing", "Die Norm fehlt.")
	p.fordere(len(r.Hinweis) <= maxLaenge && len(r.Gegenstand) <= maxLaenge, "text-lang", "", "text too long", "Ein Text ist zu lang.")
	p.quelle(r.Quelle, r.Konfidenz, quellen)
	p.fordere(slices.Contains(zwecke, r.Zweck), "regel-zweck", "/zweck", "unknown purpose", "Der Zweck ist unbekannt.")
	p.fordere(r.Verfahren == "" || slices.Contains(verfahren, r.Verfahren), "regel-verfahren", "/verfahren", "unknown procedure", "Das Verfahren ist unbekannt.")
	mitKanal := r.Zweck == ZweckBekanntgabe || r.Zweck == ZweckBereitstellung
	if mitKanal {
		p.fordere(slices.Contains(kanaele, r.Kanal), "regel-kanal", "/kanal", "unknown channel", "Der Kanal fehlt oder ist unbekannt.")
		p.fordere(r.Gegenstand == "", "regel-gegenstand", "/gegenstand", "subject beside a channel", "Neben dem Kanal steht kein Gegenstand.")
	} else {
		p.fordere(r.Kanal == "", "regel-kanal", "/kanal", "channel without use", "Ein Kanal gehört nur zur Bekanntgabe.")
	}
	p.laender(r.Laender)
	p.fordere(r.Verlaengert == "" || r.Zweck == ZweckPflicht, "regel-verlaengert", "/verlaengert", "only a duty can extend another", "Nur eine Pflicht kann eine andere verlängern.")
	p.fordere(!r.NurBund || len(r.Laender) == 0, "regel-land", "/nur_bund", "federation and Laender at once", "Eine Regel gilt für den Bund oder für Länder.")
	p.zeitraum(r.Von, r.Bis)
	p.fordere(r.VonFruehestens.IsZero() || r.VonFruehestens.Vor(r.Von), "regel-geltung", "/von_fruehestens",
		"earliest start is not before the start", "Der früheste Beginn liegt nicht vor dem Beginn.")
	p.fordere(slices.Contains(arten, r.Art), "regel-art", "/art", "unknown kind", "Die Art ist unbekannt.")
	p.fordere(len(r.Alternativ) <= maxLesart, "regel-lesart", "/alternativ", "too many readings", "Zu viele Lesarten.")
	if r.Art == ArtHinweis || r.Art == ArtKeine {
		p.fordere(r.Hinweis != "", "regel-hinweis", "/hinweis", "text missing", "Der Hinweis fehlt.")
		return
	}
	if r.Zweck == ZweckZaehlung {
		p.fordere(hoechstens[r.Einheit] > 0 && r.N > 0, "regel-laenge", "/n", "length missing", "Die Länge fehlt.")
		return
	}
	p.laenge(r)
	p.fordere(slices.Contains(anker, r.Anker), "regel-anker", "/anker", "unknown anchor", "Der Anker ist unbekannt.")
	p.fordere(r.Verschiebung == VerschiebungNie || r.Verschiebung == VerschiebungEnde, "regel-verschiebung", "/verschiebung",
		"shift is neither nie nor ende", "Die Verschiebung ist nie oder ende.")
	p.fordere(r.Feiertagsort == OrtBehoerde || r.Feiertagsort == OrtEmpfaenger, "regel-feiertagsort", "/feiertagsort",
		"place is neither behoerde nor empfaenger", "Der Feiertagsort ist behoerde oder empfaenger.")
	for _, l := range r.Alternativ {
		p.fordere(l.Grund != "" && len(l.Grund) <= maxLaenge, "regel-lesart", "/alternativ", "reading without reason", "Eine Lesart braucht einen Grund.")
		p.fordere(l.N != nil || l.Verschiebung != "", "regel-lesart", "/alternativ", "reading without difference", "Eine Lesart muss etwas ändern.")
		p.fordere(l.N == nil || (*l.N >= 0 && *l.N <= hoechstens[r.Einheit]), "regel-lesart", "/alternativ", "length out of range", "Die Länge ist zu groß.")
		p.fordere(l.Verschiebung == "" || l.Verschiebung == VerschiebungNie || l.Verschiebung == VerschiebungEnde, "regel-lesart", "/alternativ",
			"shift is neither nie nor ende", "Die Verschiebung ist nie oder ende.")
	}
}

// Rules whose length the case gives have none of their own.
func (p *pruefer) laenge(r *Regel) {
	frei := slices.Contains([]Zweck{ZweckBehoerdenfrist, ZweckBearbeitungsfrist, ZweckHemmung, ZweckVerlaengerung, ZweckAufbewahrung}, r.Zweck)
	ok := r.N >= 0 && hoechstens[r.Einheit] > 0 && r.N <= hoechstens[r.Einheit]
	p.fordere(ok || (frei && r.N == 0 && r.Einheit == ""), "regel-laenge", "/n", "length missing or out of range", "Die Länge fehlt oder ist zu groß.")
}

func (p *pruefer) quelle(keys []string, k Konfidenz, quellen map[string]Quelle) {
	p.fordere(len(keys) > 0 && len(keys) <= 20, "regel-quelle", "/quelle", "source missing", "Die Quelle fehlt.")
	for _, key := range keys {
		_, ok := quellen[key]
		p.fordere(ok, "regel-quelle", "/quelle", "source is not in the list", "Die Quelle steht nicht im Quellenverzeichnis.")
	}
	p.fordere(k == KonfidenzA || k == KonfidenzB || k == KonfidenzU, "regel-konfidenz", "/konfidenz", "confidence is not A, B or U", "Die Konfidenz ist A, B oder U.")
}

func (p *pruefer) laender(l []tenant.Land) {
	p.fordere(len(l) <= len(tenant.Laender()), "regel-land", "/laender", "too many Laender", "Zu viele Länder.")
	for i, x := range l {
		p.fordere(x.Valid() && !slices.Contains(l[:i], x), "regel-land", "/laender", "unknown or doubled Land", "Das Land ist unbekannt oder doppelt.")
	}
}

func (p *pruefer) zeitraum(von, bis datum.Datum) {
	p.fordere(imBereich(von) && imBereich(bis) && (von.IsZero() || bis.IsZero() || !bis.Vor(von)), "regel-geltung", "/bis",
		"validity ends before it starts, or is out of range", "Die Geltung endet vor ihrem Beginn oder liegt außerhalb des Kalenders.")
}

// imBereich: the zero date and dates of the calendar.
func imBereich(d datum.Datum) bool {
	return d.IsZero() || (d.Jahr() >= minJahr && d.Jahr() <= maxJahr)
}

var (
	zwecke = []Zweck{ZweckBekanntgabe, ZweckBereitstellung, ZweckRechtsbehelf, ZweckUntaetigkeit, ZweckWiedereinsetzung,
		ZweckGenehmigungsfiktion, ZweckBehoerdenfrist, ZweckBearbeitungsfrist, ZweckHemmung, ZweckVerlaengerung, ZweckPflicht, ZweckAufbewahrung, ZweckTechnisch, ZweckZaehlung}
	verfahren = []Verfahren{VerfahrenVwVfG, VerfahrenSGBX, VerfahrenAO}
	kanaele   = []Kanal{KanalPost, KanalPostAusland, KanalElektronisch, KanalAbruf, KanalPostfach, KanalOeffentlich, KanalUebergabe,
		KanalPZU, KanalEinschreiben, KanalRueckschein, KanalZustellungElektronisch, KanalDeMail, KanalZustellungPortal, KanalZustellungOeffentlich}
	arten = []Art{ArtFiktion, ArtFrist, ArtSperrfrist, ArtHinweis, ArtKeine}
	anker = []Anker{AnkerAufgabe, AnkerAbsendung, AnkerBereitstellung, AnkerBenachrichtigung, AnkerAbruf, AnkerZugang, AnkerBekanntmachung,
		AnkerBekanntgabe, AnkerAntrag, AnkerWiderspruch, AnkerEinspruch, AnkerVollstaendig, AnkerHindernis, AnkerFristende, AnkerEingang, AnkerAngebot,
		AnkerUebermittlung, AnkerAbschluss}
)
