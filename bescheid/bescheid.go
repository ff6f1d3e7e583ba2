package bescheid

import (
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Art is the kind of decision.
type Art string

// The kinds of decision.
const (
	Bewilligung     Art = "bewilligung"
	Teilbewilligung Art = "teilbewilligung"
	Ablehnung       Art = "ablehnung"
	Ruecknahme      Art = "ruecknahme" // § 48 VwVfG
	Widerruf        Art = "widerruf"   // § 49 VwVfG
	Aenderung       Art = "aenderung"
	// Abhilfe grants a Widerspruch (§ 72 VwGO), Widerspruchsbescheid decides on it (§ 73 VwGO).
	Abhilfe              Art = "abhilfe"
	Widerspruchsbescheid Art = "widerspruchsbescheid"
)

// BrauchtBezug tells whether a decision of this kind is about an earlier one and
// must name it.
func (a Art) BrauchtBezug() bool {
	switch a {
	case Ruecknahme, Widerruf, Aenderung, Abhilfe, Widerspruchsbescheid:
		return true
	}
	return false
}

// Nebenbestimmungsart is the kind of a Nebenbestimmung, § 36 (2) VwVfG.
type Nebenbestimmungsart string

// The kinds, numbers 1 to 5 of § 36 (2) VwVfG.
const (
	Befristung         Nebenbestimmungsart = "befristung"
	Bedingung          Nebenbestimmungsart = "bedingung"
	Widerrufsvorbehalt Nebenbestimmungsart = "widerrufsvorbehalt"
	Auflage            Nebenbestimmungsart = "auflage"
	Auflagenvorbehalt  Nebenbestimmungsart = "auflagenvorbehalt"
)

// MaxAdressaten and MaxAnlagen of one Bescheid.
const (
	MaxAdressaten = 100
	MaxAnlagen    = 100
)

// Adressat is somebody the decision is made known to.
type Adressat struct {
	ID         uuid.UUID            `json:"id"`
	Empfaenger messaging.Empfaenger `json:"empfaenger"`
}

// Zustand is how far a Bescheid got. It only moves forward, except that a
// Freigabe can be asked for again after a return.
type Zustand string

// The states of a Bescheid.
const (
	Entwurf          Zustand = "entwurf"
	ZurFreigabe      Zustand = "zur_freigabe"
	Freigegeben      Zustand = "freigegeben"
	Versandt         Zustand = "versandt"
	Bekanntgegeben   Zustand = "bekanntgegeben"
	Bestandskraeftig Zustand = "bestandskraeftig"
)

// Inhalt is the text of a decision: what the addressee reads and the released
// hash covers.
type Inhalt struct {
	Art     Art    `json:"art"`
	Betreff string `json:"betreff"`
	// Anrede is the salutation of the applicant, where no Adressaten are named; empty is a
	// neutral one.
	Anrede string `json:"anrede,omitempty"`
	// Tenor is the operative part, one sentence per element (§ 37 (1) VwVfG:
	// sufficiently definite).
	Tenor []string `json:"tenor"`
	// Nebenbestimmungen, § 36 VwVfG.
	Nebenbestimmungen []string `json:"nebenbestimmungen,omitempty"`
	// NebenbestimmungArten are their kinds, one for each in the same order. Texts
	// from before there were kinds have none.
	NebenbestimmungArten []Nebenbestimmungsart `json:"nebenbestimmungArten,omitempty"`
	// Bezug is the earlier Bescheid this one withdraws, changes or decides on; see
	// [Art.BrauchtBezug].
	Bezug uuid.UUID `json:"bezug,omitzero"`
	// BezugAuf is how the letter names that Bescheid.
	BezugAuf Bezugsangabe `json:"bezugAuf,omitzero"`
	// WirktAb is the day from which the earlier one no longer stands, also in the past
	// (ex tunc); zero is the day of the Bekanntgabe (ex nunc).
	WirktAb datum.Datum `json:"wirktAb,omitzero"`
	// BleibtBestehen: the earlier one stands beside this one: changed or withdrawn in
	// part, or confirmed by the Widerspruchsbescheid.
	BleibtBestehen bool `json:"bleibtBestehen,omitempty"`
	// Adressaten; none means the applicant alone.
	Adressaten []Adressat `json:"adressaten,omitempty"`
	// Anlagen that go out with it and are part of it, by id and SHA-512.
	Anlagen []messaging.Anhang `json:"anlagen,omitempty"`
	// Begruendung, § 39 VwVfG, paragraph by paragraph.
	Begruendung []string `json:"begruendung"`
	// Gebuehr is the sentence that fixes the fee; empty if none is charged.
	Gebuehr string `json:"gebuehr,omitempty"`
	// Gebuehrentafel is how the fee comes about, position by position; nil prints none. As
	// part of the text it is fixed by the release and not worked out again.
	Gebuehrentafel *Tafel `json:"gebuehrentafel,omitempty"`
	// Hinweise are what the addressee should know beside the decision, paragraph by
	// paragraph. They decide nothing.
	Hinweise []string `json:"hinweise,omitempty"`
	// Rechtsbehelfsbelehrung, § 37 (6) VwVfG; empty only with OhneBelehrung.
	Rechtsbehelfsbelehrung string `json:"rechtsbehelfsbelehrung,omitempty"`
	// OhneBelehrung is the reason why no Belehrung is given; then the remedy
	// period is one year (§ 58 (2) VwGO).
	OhneBelehrung string `json:"ohneBelehrung,omitempty"`
	// Verfahren selects the procedure law for periods: "vwvfg", "sgbx" or "ao".
	Verfahren string `json:"verfahren"`
	// Gueltig is the validity of what is granted; open ends are allowed.
	Gueltig datum.Zeitraum `json:"gueltig,omitzero"`
	// Vorlage says which template made the text; nil if none did. Whoever changes the
	// words afterwards leaves it: it says where they began.
	Vorlage *Vorlagenangabe `json:"vorlage,omitempty"`
}

// Vorlagenangabe names the version of a template and of the text blocks in it.
type Vorlagenangabe struct {
	Textfassung
	// Bausteine in the order they stand in the text.
	Bausteine []Textfassung `json:"bausteine,omitempty"`
}

// Textfassung is one version of a text.
type Textfassung struct {
	ID      string      `json:"id"`
	Fassung int         `json:"fassung"`
	Mandant tenant.ID   `json:"mandant,omitempty"` // of a version of its own
	Land    tenant.Land `json:"land,omitempty"`
}

// Pruefe checks that the text can be released and lists everything missing or
// contradictory as [fehler.Probleme]. Elements of blanks alone count as missing.
func (i Inhalt) Pruefe() error {
	var p fehler.Probleme
	wrong := func(code, pfad, meldung, hinweis string) {
		p = append(p, fehler.Problem{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis})
	}
	missing := func(pfad, hinweis string) {
		wrong("bescheid.unvollstaendig", pfad, "is empty", hinweis)
	}
	if i.Art == "" {
		missing("/art", "Die Art des Bescheids fehlt.")
	}
	if leer(i.Betreff) {
		missing("/betreff", "Der Betreff fehlt.")
	}
	if len(i.Tenor) == 0 || slices.ContainsFunc(i.Tenor, leer) {
		missing("/tenor", "Der Tenor fehlt: Was wird entschieden?")
	}
	if len(i.Begruendung) == 0 || slices.ContainsFunc(i.Begruendung, leer) {
		missing("/begruendung", "Die Begründung fehlt (§ 39 VwVfG).")
	}
	if slices.ContainsFunc(i.Nebenbestimmungen, leer) {
		missing("/nebenbestimmungen", "Eine Nebenbestimmung ist leer.")
	}
	if slices.ContainsFunc(i.Hinweise, leer) {
		missing("/hinweise", "Ein Hinweis ist leer.")
	}
	i.pruefeBezug(wrong)
	i.Gebuehrentafel.pruefe("/gebuehrentafel", wrong)
	if i.Gebuehrentafel != nil && leer(i.Gebuehr) {
		missing("/gebuehr", "Die Berechnung der Gebühr steht im Bescheid, ihre Festsetzung nicht.")
	}
	switch ohne := leer(i.OhneBelehrung); {
	case !leer(i.Rechtsbehelfsbelehrung) && !ohne:
		wrong("bescheid.belehrung-widerspruch", "/ohneBelehrung", "there is both a Belehrung and a reason for none",
			"Der Bescheid hat eine Rechtsbehelfsbelehrung und zugleich einen Grund, warum sie fehlt.")
	case leer(i.Rechtsbehelfsbelehrung) && ohne:
		missing("/rechtsbehelfsbelehrung", "Die Rechtsbehelfsbelehrung fehlt (§ 37 Abs. 6 VwVfG). Ohne Belehrung bitte den Grund angeben.")
	}
	switch i.Verfahren {
	case "vwvfg", "sgbx", "ao":
	case "":
		missing("/verfahren", "Das Verfahrensrecht fehlt (vwvfg, sgbx oder ao).")
	default:
		wrong("bescheid.verfahren", "/verfahren", "is none of vwvfg, sgbx, ao", "Das Verfahrensrecht ist unbekannt (vwvfg, sgbx oder ao).")
	}
	if i.Pruefsumme() == "" {
		wrong("bescheid.gueltig", "/gueltig", "a date lies beyond the year 9999", "Die Gültigkeit nennt ein Jahr nach 9999.")
	} else if g := i.Gueltig; !g.Von.IsZero() && !g.Bis.IsZero() && g.Bis.Vor(g.Von) {
		wrong("bescheid.gueltig", "/gueltig", "bis lies before von", "Die Gültigkeit endet, bevor sie beginnt.")
	}
	if len(p) > 0 {
		return p
	}
	return nil
}

func leer(s string) bool { return strings.TrimSpace(s) == "" }

// Pruefsumme is the SHA-512 of the text in canonical JSON, lower-case hex. A
// released text whose Pruefsumme changed is forged. It is empty for a text with
// a date that has no written form, which Pruefe refuses.
func (i Inhalt) Pruefsumme() string {
	b, err := json.Marshal(i)
	if err != nil {
		return ""
	}
	sum := sha512.Sum512(b)
	return hex.EncodeToString(sum[:])
}

// Bescheid is one version of a decision with its way to the addressee.
type Bescheid struct {
	ID      uuid.UUID `json:"id"`
	Zustand Zustand   `json:"zustand"`
	Inhalt  Inhalt    `json:"inhalt"`
	// Entwurf and Freigabe say who wrote and who released it; Mitwirkende are all
	// identities that changed the text, deputies' principals included. None of
	// them may release it (Vier-Augen).
	EntworfenVon   string   `json:"entworfenVon"`
	Mitwirkende    []string `json:"mitwirkende"`
	FreigegebenVon string   `json:"freigegebenVon,omitempty"`
	// Zeichner is the name printed under the letter.
	Zeichner      string    `json:"zeichner,omitempty"`
	FreigegebenAm time.Time `json:"freigegebenAm,omitzero"`
	// Automatisch: issued by rules without a person; no name stands under it
	// (§ 37 (5) VwVfG).
	Automatisch bool `json:"automatisch,omitempty"`
	// Pruefsumme of the released Inhalt.
	Pruefsumme string `json:"pruefsumme,omitempty"`
	// Anmerkung is why it was returned to the author, until there is a new text;
	// Anmerkungen are all of them, in order.
	Anmerkung   string      `json:"anmerkung,omitempty"`
	Anmerkungen []Anmerkung `json:"anmerkungen,omitempty"`
	// Dokument is the Ausfertigung (PDF/A); with Inhalt.Adressaten that of whom it was made
	// for first. What may go to whom says [Bescheid.Ausfertigung].
	Dokument *messaging.Anhang `json:"dokument,omitempty"`
	// Ausfertigungen are the documents of Inhalt.Adressaten, in the order they were made.
	Ausfertigungen []Ausfertigung `json:"ausfertigungen,omitempty"`
	// Versand is the Quittung of the Kanal, with the reasons for choosing it.
	Versand        *messaging.Quittung `json:"versand,omitempty"`
	VersandGruende string              `json:"versandGruende,omitempty"`
	// Bekanntgabe towards all Adressaten: the latest days. nil while one of them has none.
	Bekanntgabe *Bekanntgabe `json:"bekanntgabe,omitempty"`
	// Zustellungen are the attempts to bring it to each Adressat, in order. Those
	// sent before attempts were kept have none.
	Zustellungen []Zustellung `json:"zustellungen,omitempty"`
}

// Anmerkung is a remark with which a draft was returned.
type Anmerkung struct {
	Text string `json:"text"`
	// Von is the Akteur.ID of who returned it.
	Von  string    `json:"von"`
	Zeit time.Time `json:"zeit"`
}

// Bekanntgabe is when the decision became effective and until when it can be
// challenged, with the rules and steps that led there.
type Bekanntgabe struct {
	// Tag the decision counts as announced (§ 41 VwVfG and kin). Where the law
	// is uncertain this is the latest candidate.
	Tag datum.Datum `json:"tag"`
	// FristEnde is the last day of the remedy period (latest candidate).
	FristEnde datum.Datum `json:"fristEnde"`
	// BestandskraftAb is the first day the decision can no longer be challenged.
	BestandskraftAb datum.Datum `json:"bestandskraftAb"`
	// Regeln are the ids of the rules used.
	Regeln []string `json:"regeln"`
	// Schritte explain the calculation in German, one sentence each.
	Schritte []string `json:"schritte"`
	// Unsicher tells that a rule used is not certain; then Warnungen says why.
	Unsicher  bool     `json:"unsicher,omitempty"`
	Warnungen []string `json:"warnungen,omitempty"`
}

// Clone copies everything a caller could change.
func (b Bescheid) Clone() Bescheid {
	b.Inhalt = b.Inhalt.Clone()
	b.Mitwirkende = slices.Clone(b.Mitwirkende)
	if b.Dokument != nil {
		d := *b.Dokument
		b.Dokument = &d
	}
	if b.Versand != nil {
		q := *b.Versand
		b.Versand = &q
	}
	if b.Bekanntgabe != nil {
		k := b.Bekanntgabe.Clone()
		b.Bekanntgabe = &k
	}
	b.Ausfertigungen = slices.Clone(b.Ausfertigungen)
	b.Anmerkungen = slices.Clone(b.Anmerkungen)
	b.Zustellungen = slices.Clone(b.Zustellungen)
	for i := range b.Zustellungen {
		b.Zustellungen[i] = b.Zustellungen[i].Clone()
	}
	return b
}

// Clone copies everything a caller could change.
func (i Inhalt) Clone() Inhalt {
	i.Tenor = slices.Clone(i.Tenor)
	i.Nebenbestimmungen = slices.Clone(i.Nebenbestimmungen)
	i.Begruendung = slices.Clone(i.Begruendung)
	i.Hinweise = slices.Clone(i.Hinweise)
	i.NebenbestimmungArten = slices.Clone(i.NebenbestimmungArten)
	i.Anlagen = slices.Clone(i.Anlagen)
	i.Gebuehrentafel = i.Gebuehrentafel.Clone()
	if i.Vorlage != nil {
		v := *i.Vorlage
		v.Bausteine = slices.Clone(v.Bausteine)
		i.Vorlage = &v
	}
	i.Adressaten = slices.Clone(i.Adressaten)
	for j := range i.Adressaten {
		e := &i.Adressaten[j].Empfaenger
		e.Adressen = slices.Clone(e.Adressen)
		if e.DigitalerBescheid != nil {
			d := *e.DigitalerBescheid
			e.DigitalerBescheid = &d
		}
	}
	return i
}

// Clone copies everything a caller could change.
func (k Bekanntgabe) Clone() Bekanntgabe {
	k.Regeln = slices.Clone(k.Regeln)
	k.Schritte = slices.Clone(k.Schritte)
	k.Warnungen = slices.Clone(k.Warnungen)
	return k
}
