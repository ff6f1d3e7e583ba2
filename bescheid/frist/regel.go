package frist

import (
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Konfidenz says how well a rule is proven.
type Konfidenz string

// The marks, from best to worst.
const (
	KonfidenzA Konfidenz = "A" // wording of the norm, or an official body
	KonfidenzB Konfidenz = "B" // secondary public source
	KonfidenzU Konfidenz = "U" // not verified, or sources conflict
)

func (k Konfidenz) rang() int {
	switch k {
	case KonfidenzA:
		return 1
	case KonfidenzB:
		return 2
	}
	return 3
}

// Verfahren is the law of procedure an act follows.
type Verfahren string

// The laws of procedure.
const (
	VerfahrenVwVfG Verfahren = "vwvfg" // VwVfG of the federation or of a Land
	VerfahrenSGBX  Verfahren = "sgbx"  // social law
	VerfahrenAO    Verfahren = "ao"    // tax law, also for municipal taxes
)

// Kanal is the way an act takes to the addressee.
type Kanal string

// The ways. Each names the dates of BekanntgabeFall it needs.
const (
	KanalPost                   Kanal = "post"                     // letter within Germany: Absendung
	KanalPostAusland            Kanal = "post-ausland"             // letter abroad (VwVfG: only through the einheitliche Stelle): Absendung
	KanalElektronisch           Kanal = "elektronisch"             // electronic sending: Absendung
	KanalAbruf                  Kanal = "abruf"                    // provision for download with consent: Benachrichtigung and Abruf, or Bereitstellung (AO)
	KanalPostfach               Kanal = "postfach"                 // mailbox of a Nutzerkonto (§ 9 OZG; Bavaria: Art. 24 BayDiG): Bereitstellung, Benachrichtigung
	KanalOeffentlich            Kanal = "oeffentlich"              // public notice (§ 41 (4) VwVfG): Absendung is the day of the notice
	KanalUebergabe              Kanal = "uebergabe"                // handed over, or receipt confirmed: Zugang
	KanalPZU                    Kanal = "pzu"                      // Postzustellungsurkunde: Zugang is the day it attests
	KanalEinschreiben           Kanal = "einschreiben"             // registered letter by hand-over (§ 4 (2) VwZG): Absendung
	KanalRueckschein            Kanal = "einschreiben-rueckschein" // registered letter with return slip: Zugang
	KanalZustellungElektronisch Kanal = "zustellung-elektronisch"  // § 5 VwZG: Absendung
	KanalDeMail                 Kanal = "zustellung-de-mail"       // § 5a VwZG: Absendung
	KanalZustellungPortal       Kanal = "zustellung-portal"        // Art. 25 BayDiG: Benachrichtigung
	KanalZustellungOeffentlich  Kanal = "zustellung-oeffentlich"   // § 10 VwZG: Absendung is the day of the notice
)

// Einheit is the unit of a period.
type Einheit string

// The units. Weeks, months and years follow § 188 (2) BGB.
const (
	EinheitTag   Einheit = "tag"
	EinheitWoche Einheit = "woche"
	EinheitMonat Einheit = "monat"
	EinheitJahr  Einheit = "jahr"
)

// Anker is the event a rule counts from.
type Anker string

// The events.
const (
	AnkerAufgabe          Anker = "aufgabe"          // posting
	AnkerAbsendung        Anker = "absendung"        // electronic sending
	AnkerBereitstellung   Anker = "bereitstellung"   // provision for download
	AnkerBenachrichtigung Anker = "benachrichtigung" // notice that something is there
	AnkerAbruf            Anker = "abruf"            // retrieval
	AnkerZugang           Anker = "zugang"           // proven receipt
	AnkerBekanntmachung   Anker = "bekanntmachung"   // public notice
	AnkerBekanntgabe      Anker = "bekanntgabe"      // the act was made known
	AnkerAntrag           Anker = "antrag"           // the application was received
	AnkerWiderspruch      Anker = "widerspruch"      // the objection was received
	AnkerEinspruch        Anker = "einspruch"        // the objection to a tax act was received
	AnkerVollstaendig     Anker = "vollstaendig"     // the documents are complete
	AnkerHindernis        Anker = "hindernis"        // the obstacle ended
	AnkerFristende        Anker = "fristende"        // an earlier period ended
	AnkerEingang          Anker = "eingang"          // something was received
	AnkerAngebot          Anker = "angebot"          // records were offered to the archive
	AnkerUebermittlung    Anker = "uebermittlung"    // technical delivery
	AnkerAbschluss        Anker = "abschluss"        // zdA, or the last event
)

// Art is what a rule does.
type Art string

// The kinds.
const (
	ArtFiktion    Art = "fiktion"    // a day is deemed
	ArtFrist      Art = "frist"      // something must happen until the end of the day
	ArtSperrfrist Art = "sperrfrist" // something may not happen before
	ArtHinweis    Art = "hinweis"    // no number: a sentence for the clerk
	ArtKeine      Art = "keine"      // the law knows no such rule here
)

// Verschiebung says what happens when the last day is a Saturday, Sunday or
// public holiday.
type Verschiebung string

// The two answers.
const (
	VerschiebungNie  Verschiebung = "nie"  // the day stays
	VerschiebungEnde Verschiebung = "ende" // the next working day
)

// Feiertagsort says whose holidays count.
type Feiertagsort string

// The places.
const (
	OrtBehoerde   Feiertagsort = "behoerde"   // where the period must be kept
	OrtEmpfaenger Feiertagsort = "empfaenger" // where the addressee is
)

// Zweck is the question a rule answers; it selects together with Verfahren and
// Kanal or Gegenstand.
type Zweck string

// The questions.
const (
	ZweckBekanntgabe         Zweck = "bekanntgabe"
	ZweckBereitstellung      Zweck = "bereitstellung" // how long something stays for download
	ZweckRechtsbehelf        Zweck = "rechtsbehelf"
	ZweckUntaetigkeit        Zweck = "untaetigkeit"
	ZweckWiedereinsetzung    Zweck = "wiedereinsetzung"
	ZweckGenehmigungsfiktion Zweck = "genehmigungsfiktion"
	ZweckBehoerdenfrist      Zweck = "behoerdenfrist"
	ZweckBearbeitungsfrist   Zweck = "bearbeitungsfrist"
	ZweckHemmung             Zweck = "hemmung" // how suspended days count
	ZweckVerlaengerung       Zweck = "verlaengerung"
	ZweckPflicht             Zweck = "pflicht"
	ZweckAufbewahrung        Zweck = "aufbewahrung"
	ZweckTechnisch           Zweck = "technisch"
	ZweckZaehlung            Zweck = "zaehlung"
)

// Dauer is a length of time.
type Dauer struct {
	N       int     `json:"n"`
	Einheit Einheit `json:"einheit"`
}

// Lesart is another reading of a rule that cannot be excluded. Fields left
// empty stay as in the rule.
type Lesart struct {
	N            *int         `json:"n,omitempty"`
	Verschiebung Verschiebung `json:"verschiebung,omitempty"`
	// Grund says in German why this reading is possible.
	Grund string `json:"grund"`
}

// Regel is one rule of law as data.
type Regel struct {
	// ID is unique, upper-case letters, digits and hyphens: "BG-VWVFG-POST-4".
	ID string `json:"id"`
	// Norm is the statute: "§ 41 Abs. 2 Satz 1 VwVfG".
	Norm string `json:"norm"`
	// Zweck is the question it answers.
	Zweck Zweck `json:"zweck"`
	// Verfahren limits it to a law of procedure; empty is any.
	Verfahren Verfahren `json:"verfahren,omitempty"`
	// Kanal is the way, for ZweckBekanntgabe and ZweckBereitstellung.
	Kanal Kanal `json:"kanal,omitempty"`
	// Gegenstand is the narrower subject of the other purposes: "vwgo.widerspruch".
	Gegenstand string `json:"gegenstand,omitempty"`
	// NurBund limits it to bodies of the federation.
	NurBund bool `json:"nur_bund,omitempty"`
	// Laender limits it to bodies of these Länder and their municipalities; empty is everywhere.
	Laender []tenant.Land `json:"laender,omitempty"`
	// N and Einheit are the length; N = 0 is the day of the event itself.
	N       int     `json:"n"`
	Einheit Einheit `json:"einheit,omitempty"`
	// Anker is the event counted from.
	Anker Anker `json:"anker,omitempty"`
	Art   Art   `json:"art"`
	// Verschiebung and Feiertagsort treat weekends and holidays.
	Verschiebung Verschiebung `json:"verschiebung,omitempty"`
	Feiertagsort Feiertagsort `json:"feiertagsort,omitempty"`
	// Von and Bis are the days the rule is in force, both included; zero is open.
	Von datum.Datum `json:"von,omitzero"`
	Bis datum.Datum `json:"bis,omitzero"`
	// VonFruehestens is set when Von is not certain: from this day on the rule is a candidate.
	VonFruehestens datum.Datum `json:"von_fruehestens,omitzero"`
	// UebergangSicher: the law says that the day of dispatch selects the version.
	// Without it a period that crosses a change also gives the new rule's date.
	UebergangSicher bool `json:"uebergang_sicher,omitempty"`
	// AbrufBeiStreit: if the notice cannot be proven, the day of retrieval counts.
	AbrufBeiStreit bool `json:"abruf_bei_streit,omitempty"`
	// FruehererZugang: proven earlier receipt may take the place of the fiction.
	FruehererZugang bool `json:"frueherer_zugang,omitempty"`
	// Verlaengert is the id of the rule that this one extends, if it was told before
	// the end of that one; only for duties.
	Verlaengert string `json:"verlaengert,omitempty"`
	// Alternativ are other readings, each giving a further candidate.
	Alternativ []Lesart `json:"alternativ,omitempty"`
	// Quelle are keys of the list of sources.
	Quelle    []string  `json:"quelle"`
	Konfidenz Konfidenz `json:"konfidenz"`
	// Hinweis is a German remark for the clerk.
	Hinweis string `json:"hinweis,omitempty"`

	quelle string // resolved, for Beleg
	text   string // how Schritte call the rule
	maske  uint32 // Laender as bits
}

// Dauer is the length of the rule.
func (r Regel) Dauer() Dauer { return Dauer{r.N, r.Einheit} }

// gilt tells whether the rule is in force on the day.
func (r *Regel) gilt(d datum.Datum) bool {
	return datum.Zeitraum{Von: r.Von, Bis: r.Bis}.Enthaelt(d)
}

// giltVielleicht tells whether the day lies between the earliest possible and
// the assumed start.
func (r *Regel) giltVielleicht(d datum.Datum) bool {
	return !r.VonFruehestens.IsZero() && !d.Vor(r.VonFruehestens) && d.Vor(r.Von)
}
