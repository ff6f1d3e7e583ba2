package frist

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// GenehmigungsfiktionFall asks when a permit is deemed granted (§ 42a VwVfG).
// The rule applies only if a special law orders it.
type GenehmigungsfiktionFall struct {
	// Vollstaendig is the day the complete documents were received.
	Vollstaendig datum.Datum `json:"vollstaendig"`
	// Dauer and Norm are those of the special law; nil is the length of § 42a VwVfG.
	Dauer *Dauer `json:"dauer,omitempty"`
	Norm  string `json:"norm,omitempty"`
	// Verlaengerung is the one reasonable extension, with reasons.
	Verlaengerung *Dauer `json:"verlaengerung,omitempty"`
	// Mitgeteilt is the day the applicant was told of it; after the end it is too late.
	Mitgeteilt datum.Datum `json:"mitgeteilt,omitzero"`
	Behoerde   Behoerde    `json:"behoerde"`
}

// Genehmigungsfiktion works out the last day on which the authority can decide;
// the permit is deemed granted on Ergebnis.Danach. An extension told too late is
// left out with a warning. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Genehmigungsfiktion(f GenehmigungsfiktionFall) (Ergebnis, error) {
	f.Dauer, f.Verlaengerung = kopie(f.Dauer), kopie(f.Verlaengerung)
	x := r.beginne("frist.Genehmigungsfiktion", ZweckGenehmigungsfiktion, Eingabe{Genehmigungsfiktion: &f})
	x.behoerde(f.Behoerde)
	x.tag(f.Vollstaendig, "/vollstaendig", true)
	x.tag(f.Mitgeteilt, "/mitgeteilt", f.Verlaengerung != nil)
	x.fordere(len(f.Norm) <= maxLaenge, "norm", "/norm", "text too long", "Der Text ist zu lang.")
	if f.Dauer != nil {
		x.dauer(*f.Dauer, "/dauer")
		x.fordere(f.Norm != "", "norm", "/norm", "norm of the special length missing", "Für eine besondere Länge ist die Norm anzugeben.")
	}
	if f.Verlaengerung != nil {
		x.dauer(*f.Verlaengerung, "/verlaengerung")
	}
	if len(x.probleme) > 0 {
		return x.ohneDatum(LageKeine)
	}
	regel, _ := x.frage(schluessel{ZweckGenehmigungsfiktion, "", ""}, f.Behoerde, f.Vollstaendig)
	if regel == nil {
		return x.ohneDatum(LageKeine)
	}
	d := regel.Dauer()
	if f.Dauer != nil {
		d = *f.Dauer
		x.schritt("Die Länge bestimmt " + f.Norm + ": " + d.String() + ".")
	}
	werte := x.laufe(lauf{regel: regel, am: f.Vollstaendig, dauer: d, ort: f.Behoerde.Ort})
	if f.Verlaengerung == nil || len(werte) == 0 || !x.rechtzeitig(f.Mitgeteilt, werte) {
		return x.mitEnde(werte)
	}
	return x.verlaengere(werte[0].roh, *f.Verlaengerung, f.Behoerde, werte[0].tag, regel.Alternativ)
}

// rechtzeitig: told within the period on every reading, or with a warning on one.
func (x *rechnung) rechtzeitig(am datum.Datum, werte []wert) bool {
	frueh, spaet := werte[0].tag, werte[0].tag
	for _, w := range werte {
		if w.tag.Vor(frueh) {
			frueh = w.tag
		}
		if w.tag.Nach(spaet) {
			spaet = w.tag
		}
	}
	switch {
	case am.Nach(spaet):
		x.schritt("Die Verlängerung wurde erst am " + tagText(am) + " mitgeteilt, nach dem Ende der Frist; sie wirkt nicht.")
		x.warne(problem("verlaengerung-spaet", "/mitgeteilt", "extension told after the end, left out", "Die Verlängerung wurde zu spät mitgeteilt und nicht berücksichtigt."))
		return false
	case am.Nach(frueh):
		x.warne(problem("verlaengerung-knapp", "/mitgeteilt", "extension told after the end on one reading", "Ob die Verlängerung rechtzeitig mitgeteilt wurde, ist nicht sicher."))
		x.schwaeche(KonfidenzU)
	}
	return true
}

// BehoerdenfristFall asks for the end of a period an authority set. Exactly one
// of Am and Bekanntgabe, and exactly one of Dauer and Tag, is set.
type BehoerdenfristFall struct {
	// Am is the day the period was made known, Bekanntgabe the case it follows from.
	Am          datum.Datum      `json:"am,omitzero"`
	Bekanntgabe *BekanntgabeFall `json:"bekanntgabe,omitempty"`
	// Dauer is the length set.
	Dauer *Dauer `json:"dauer,omitempty"`
	// Tag is a fixed last day; Am and Bekanntgabe then play no part.
	Tag datum.Datum `json:"tag,omitzero"`
	// OhneVerschiebung: the fixed day was set with reference to § 31 (3) 2 VwVfG
	// or § 26 (3) 2 SGB X, or it is an appointment (§ 31 (5)), or the period is
	// one for which benefits are granted (§ 31 (4)).
	OhneVerschiebung bool     `json:"ohne_verschiebung,omitempty"`
	Behoerde         Behoerde `json:"behoerde"`
}

// Behoerdenfrist works out the last day of a period an authority set, such as a
// hearing, a Nachforderung or a Stellungnahme (§ 31 (2) VwVfG). It starts the
// day after it was made known. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Behoerdenfrist(f BehoerdenfristFall) (Ergebnis, error) {
	f.Bekanntgabe, f.Dauer = kopie(f.Bekanntgabe), kopie(f.Dauer)
	x := r.beginne("frist.Behoerdenfrist", ZweckBehoerdenfrist, Eingabe{Behoerdenfrist: &f})
	x.behoerde(f.Behoerde)
	x.fordere((f.Dauer == nil) != f.Tag.IsZero(), "dauer", "/dauer", "exactly one of dauer and tag must be set", "Es ist entweder die Länge oder der letzte Tag anzugeben.")
	if f.Dauer != nil {
		x.dauer(*f.Dauer, "/dauer")
	}
	x.tag(f.Tag, "/tag", false)
	if len(x.probleme) > 0 {
		return x.ohneDatum(LageKeine)
	}
	start, lage := []wert{{tag: f.Tag, roh: f.Tag}}, LageBestimmt
	if f.Dauer != nil {
		start, lage = x.anfang(f.Am, f.Bekanntgabe)
	}
	if lage != LageBestimmt {
		return x.ohneDatum(lage)
	}
	regel, _ := x.frage(schluessel{ZweckBehoerdenfrist, "", ""}, f.Behoerde, start[0].tag)
	if regel == nil {
		return x.ohneDatum(LageKeine)
	}
	wirksam := *regel
	if f.OhneVerschiebung {
		wirksam.Verschiebung = VerschiebungNie
		wirksam.Alternativ = nil
		x.schritt("Der letzte Tag ist fest bestimmt; er wird nicht auf einen Werktag verschoben.")
	}
	d := Dauer{0, EinheitTag}
	if f.Dauer != nil {
		d = *f.Dauer
	} else {
		wirksam.Anker = AnkerFristende
	}
	return x.mitEnde(x.folge(&wirksam, d, start, f.Behoerde.Ort))
}

// VerlaengerungFall asks for the end of an extended period (§ 190 BGB).
type VerlaengerungFall struct {
	// Fristende is the last day of the old period before any shift (Kandidat.Roh).
	Fristende datum.Datum `json:"fristende"`
	Dauer     Dauer       `json:"dauer"`
	Behoerde  Behoerde    `json:"behoerde"`
}

// Verlaengerung works out the last day of an extended period. It counts from the
// unshifted end of the old one; the shifted end, and the day after as first day
// of the new period, are candidates. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Verlaengerung(f VerlaengerungFall) (Ergebnis, error) {
	x := r.beginne("frist.Verlaengerung", ZweckVerlaengerung, Eingabe{Verlaengerung: &f})
	x.behoerde(f.Behoerde)
	x.tag(f.Fristende, "/fristende", true)
	x.dauer(f.Dauer, "/dauer")
	if len(x.probleme) > 0 {
		return x.ohneDatum(LageKeine)
	}
	_, spaet := x.kalender.NaechsterWerktag(f.Behoerde.Ort, f.Fristende)
	return x.verlaengere(f.Fristende, f.Dauer, f.Behoerde, spaet, nil)
}

// verlaengere lets a period run on; the readings of the old rule stay possible.
func (x *rechnung) verlaengere(roh datum.Datum, d Dauer, b Behoerde, verschoben datum.Datum, lesarten []Lesart) (Ergebnis, error) {
	gefunden, _ := x.frage(schluessel{ZweckVerlaengerung, "", ""}, b, roh)
	if gefunden == nil {
		return x.ohneDatum(LageKeine)
	}
	wirksam := *gefunden
	for _, l := range lesarten {
		l.N = nil // the length is that of the extension
		if l.Verschiebung != "" {
			wirksam.Alternativ = append(slices.Clip(wirksam.Alternativ), l)
		}
	}
	regel := &wirksam
	werte := x.laufe(lauf{regel: regel, am: roh, dauer: d, ort: b.Ort})
	weiter := func(am datum.Datum, beginn Beginn, grund string) {
		werte = append(werte, x.laufe(lauf{regel: regel, am: am, dauer: d, beginn: beginn, ort: b.Ort, grund: grund, still: true})...)
	}
	weiter(roh.AddTage(1), BeginnTag, "Die neue Frist beginnt mit dem Tag nach dem alten Ende.")
	if verschoben != roh {
		weiter(verschoben, BeginnEreignis, "Für Verfahrensfristen zählt die Verlängerung ab dem verschobenen Ende.")
	}
	return x.mitEnde(werte)
}

// PflichtFall asks for a duty or a technical limit by the id of its rule.
type PflichtFall struct {
	// Regel is the id of a rule with Zweck "pflicht" or "technisch": "PF-GEWO15".
	Regel string `json:"regel"`
	// Am is the day of the event the rule counts from.
	Am       datum.Datum `json:"am"`
	Behoerde Behoerde    `json:"behoerde"`
}

// Pflicht works out the last day of a duty of the authority or of a technical
// limit, such as the answer to a data subject (DS-12) or the automatic rejection
// by FIT-Connect (FC-ABLEHNUNG). A rule that is not there, has no number, is not
// in force or belongs to another Land is an error of kind fehler.ErrInvalid.
func (r *Rechner) Pflicht(f PflichtFall) (Ergebnis, error) {
	x := r.beginne("frist.Pflicht", ZweckPflicht, Eingabe{Pflicht: &f})
	regel := x.regeln.nachID[f.Regel]
	if !x.fordere(regel != nil && (regel.Zweck == ZweckPflicht || regel.Zweck == ZweckTechnisch) && regel.Art != ArtHinweis,
		"regel", "/regel", "no rule with a number for a duty under this id", "Unter dieser Kennung ist keine berechenbare Pflicht hinterlegt.") {
		return x.ohneDatum(LageKeine)
	}
	x.e.Zweck = regel.Zweck
	b := f.Behoerde
	if regel.Zweck == ZweckTechnisch {
		b.Bund = b.Bund || b.Land == "" // technical limits know no place
	}
	return x.einfach(regel.Gegenstand, f.Am, b)
}

// AufbewahrungBeginn says from when a retention period counts.
type AufbewahrungBeginn string

// The starts; the zero value is AufbewahrungAbAbschluss.
const (
	// AufbewahrungAbAbschluss: the day of the zdA order does not count (§ 187 (1) BGB).
	AufbewahrungAbAbschluss AufbewahrungBeginn = "abschluss"
	// AufbewahrungAbTag: the day itself counts from its start (§ 187 (2) BGB).
	AufbewahrungAbTag AufbewahrungBeginn = "tag"
	// AufbewahrungAbJahresende: the period starts with the next calendar year.
	AufbewahrungAbJahresende AufbewahrungBeginn = "jahresende"
)

// AufbewahrungFall asks when a retention period is over. There is no single law
// for it: the length comes from the register of the Leistung, with its source.
type AufbewahrungFall struct {
	// Abschluss is the day of the zdA order.
	Abschluss datum.Datum        `json:"abschluss"`
	Dauer     Dauer              `json:"dauer"`
	Beginn    AufbewahrungBeginn `json:"beginn,omitempty"`
	// NichtVor is the longest open remedy or hold; the period never ends earlier.
	NichtVor datum.Datum `json:"nicht_vor,omitzero"`
	// Norm and Quelle say where the length stands.
	Norm   string `json:"norm"`
	Quelle string `json:"quelle,omitempty"`
}

// Aufbewahrung works out the last day of a retention period; it has passed from
// Ergebnis.Danach on. It is never shifted. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Aufbewahrung(f AufbewahrungFall) (Ergebnis, error) {
	x := r.beginne("frist.Aufbewahrung", ZweckAufbewahrung, Eingabe{Aufbewahrung: &f})
	x.tag(f.Abschluss, "/abschluss", true)
	x.tag(f.NichtVor, "/nicht_vor", false)
	x.dauer(f.Dauer, "/dauer")
	x.fordere(f.Norm != "" && len(f.Norm) <= maxLaenge && len(f.Quelle) <= maxLaenge, "norm", "/norm", "norm of the retention period missing",
		"Die Vorschrift, aus der die Länge folgt, fehlt.")
	am, beginn := f.Abschluss, BeginnEreignis
	switch f.Beginn {
	case "", AufbewahrungAbAbschluss:
	case AufbewahrungAbTag:
		beginn = BeginnTag
	case AufbewahrungAbJahresende:
		am, beginn = datum.New(am.Jahr()+1, 1, 1), BeginnTag
	default:
		x.fordere(false, "beginn", "/beginn", "unknown start", "Der Beginn der Aufbewahrungsfrist ist unbekannt.")
	}
	if len(x.probleme) > 0 {
		return x.ohneDatum(LageKeine)
	}
	regel, _ := x.frage(schluessel{ZweckAufbewahrung, "", ""}, Behoerde{Bund: true}, am)
	if regel == nil {
		return x.ohneDatum(LageKeine)
	}
	x.schritt("Aufbewahrungsfrist: " + f.Dauer.String() + " nach " + f.Norm + ".")
	if f.Beginn == AufbewahrungAbJahresende {
		x.schritt("Abschluss am " + tagText(f.Abschluss) + "; die Frist beginnt mit dem folgenden Kalenderjahr.")
	}
	werte := x.laufe(lauf{regel: regel, am: am, dauer: f.Dauer, beginn: beginn})
	if len(werte) > 0 && f.NichtVor.Nach(werte[0].tag) {
		x.schritt("Eine offene Frist oder Sperre reicht bis " + tagText(f.NichtVor) + "; vorher endet die Aufbewahrung nicht.")
		werte = []wert{{tag: f.NichtVor, roh: f.NichtVor}}
	}
	return x.mitEnde(werte)
}
