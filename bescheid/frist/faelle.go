package frist

import "github.com/ozg-fachwerk/fachwerk/tenant/datum"

// PflichtFall asks for a duty or a technical limit by the id of its rule.
type PflichtFall struct {
	// Regel is the id of a rule with Zweck "pflicht" or "technisch": "PF-GEWO15".
	Regel string `json:"regel"`
	// Am is the day of the event the rule counts from.
	Am datum.Datum `json:"am"`
	// Mitgeteilt is the day an extension was told, for a rule that extends another
	// (DS-12-VERL); it must lie within the period extended.
	Mitgeteilt datum.Datum `json:"mitgeteilt,omitzero"`
	Behoerde   Behoerde    `json:"behoerde"`
}

// Pflicht works out the last day of a duty of the authority or of a technical
// limit, such as the answer to a data subject (DS-12) or the automatic rejection
// by FIT-Connect (FC-ABLEHNUNG). An extension told too late leaves the period it
// would have extended, with a warning. A rule that is not there, has no number, is not
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
	x.tag(f.Mitgeteilt, "/mitgeteilt", false)
	x.fordere(f.Mitgeteilt.IsZero() || regel.Verlaengert != "", "mitgeteilt", "/mitgeteilt", "the rule extends nothing", "Die Regel verlängert keine andere Frist.")
	if regel.Verlaengert == "" || len(x.probleme) > 0 {
		return x.einfach(regel.Gegenstand, f.Am, b)
	}
	return x.einfach(x.verlaengertePflicht(regel, &f), f.Am, b)
}

// verlaengertePflicht gives the subject of the extension, or that of the period
// it should have extended.
func (x *rechnung) verlaengertePflicht(regel *Regel, f *PflichtFall) string {
	alt := x.regeln.nachID[regel.Verlaengert]
	if f.Mitgeteilt.IsZero() {
		x.warne(problem("verlaengerung-offen", "/mitgeteilt", "day the extension was told is not known",
			"Der Tag, an dem die Verlängerung mitgeteilt wurde, ist nicht bekannt; sie wirkt nur, wenn er in der ursprünglichen Frist liegt."))
		return regel.Gegenstand
	}
	if f.Am.IsZero() || !imBereich(f.Am) {
		return regel.Gegenstand // the caller reports the date
	}
	werte := x.laufe(lauf{regel: alt, am: f.Am, dauer: alt.Dauer(), ort: f.Behoerde.Ort, still: true})
	if len(werte) == 0 {
		return alt.Gegenstand
	}
	x.beleg(alt, "Frist, die verlängert wird")
	x.schritt("Ursprüngliches Ende nach " + alt.text + ": " + tagText(werte[0].tag) + ".")
	if !x.rechtzeitig(f.Mitgeteilt, werte) {
		return alt.Gegenstand
	}
	return regel.Gegenstand
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
