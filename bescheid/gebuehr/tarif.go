package gebuehr

import (
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Konfidenz says how well a rule is proven: A, B or U, as in package frist.
type Konfidenz = frist.Konfidenz

// The marks, from best to worst.
const (
	KonfidenzA = frist.KonfidenzA // wording of the norm, or an official body
	KonfidenzB = frist.KonfidenzB // secondary public source
	KonfidenzU = frist.KonfidenzU // not verified, or sources conflict
)

// Quelle is where a rule can be read.
type Quelle = frist.Quelle

// Recht is what every rule of a table says of itself.
type Recht struct {
	// ID is unique in the table: upper-case letters, digits, hyphens.
	ID string `json:"id"`
	// Norm is printed in the letter: "Nr. 265 der Anlage zu § 1 GebOSt".
	Norm string `json:"norm"`
	// Laender for which the rule is meant; empty means all without one of their own.
	Laender []tenant.Land `json:"laender,omitempty"`
	datum.Zeitraum
	// Quelle holds keys of the table's list of sources.
	Quelle    []string  `json:"quelle"`
	Konfidenz Konfidenz `json:"konfidenz"`
	// Hinweis is shown wherever the rule is used.
	Hinweis string `json:"hinweis,omitempty"`
	// Beispiel marks a rule with made-up numbers. Whoever uses it is warned.
	Beispiel bool `json:"beispiel,omitempty"`
}

// Gruppe is what kind of cost a position is.
type Gruppe string

// The groups.
const (
	GruppeGebuehr      Gruppe = "gebuehr"
	GruppeAuslage      Gruppe = "auslage"
	GruppeUmsatzsteuer Gruppe = "umsatzsteuer" // only in results
)

// Tarif is one version of a position of a tariff.
type Tarif struct {
	Recht
	// Posten names the position over all its versions: "bewohnerparken.ausweis". A
	// case names Posten; the day selects the version.
	Posten string `json:"posten"`
	// Tarifstelle is the number in the tariff, as the letter prints it: "Nr. 265".
	Tarifstelle string `json:"tarifstelle,omitempty"`
	// Bezeichnung is what the money is for, as the letter prints it.
	Bezeichnung string `json:"bezeichnung"`
	Gruppe      Gruppe `json:"gruppe"`
	// Leistungen for which the position may be charged; empty means any.
	Leistungen []tenant.Leistungsschluessel `json:"leistungen,omitempty"`
	// VonFruehestens is the earliest possible start where the start is not certain;
	// between it and Von both versions are worked out.
	VonFruehestens datum.Datum `json:"von_fruehestens,omitzero"`
	// Stichtag overrides the day of the table for this position.
	Stichtag Stichtag `json:"stichtag,omitempty"`
	Satz     Satz     `json:"satz"`
	// Lesarten are other rates the law may mean.
	Lesarten []Lesart `json:"lesarten,omitempty"`
	// Umsatzsteuer is the key of the tax that comes on top; empty for none (sovereign acts).
	Umsatzsteuer string `json:"umsatzsteuer,omitempty"`
}

// Lesart is another rate the law may mean.
type Lesart struct {
	Satz  Satz   `json:"satz"`
	Grund string `json:"grund"`
}

// Art is how a rate works.
type Art string

// The kinds of rates.
const (
	ArtFest         Art = "fest"         // Betrag
	ArtRahmen       Art = "rahmen"       // Min to Max, by Kriterien or by a clerk's choice with a reason
	ArtZeit         Art = "zeit"         // Stundensaetze per started unit
	ArtStueck       Art = "stueck"       // Stufen by number of pieces
	ArtProzent      Art = "prozent"      // Anteil of a value
	ArtWertstufen   Art = "wertstufen"   // the one of Stufen that holds the value
	ArtStaffel      Art = "staffel"      // Stufen part by part, each with its own share (degressive)
	ArtTatsaechlich Art = "tatsaechlich" // what was really spent
)

// Satz is a rate. Which fields it needs follows from Art; others must be empty.
type Satz struct {
	Art Art `json:"art"`
	// Betrag of ArtFest.
	Betrag Betrag `json:"betrag,omitzero"`
	// Min and Max of ArtRahmen.
	Min Betrag `json:"min,omitzero"`
	Max Betrag `json:"max,omitzero"`
	// Kriterien of ArtRahmen; without them only a choice with a reason is possible.
	Kriterien []Kriterium `json:"kriterien,omitempty"`
	// EinheitMinuten and Stundensaetze of ArtZeit.
	EinheitMinuten int           `json:"einheit_minuten,omitzero"`
	Stundensaetze  []Stundensatz `json:"stundensaetze,omitempty"`
	// Anteil of ArtProzent.
	Anteil Anteil `json:"anteil,omitzero"`
	// Stufen of ArtStueck, ArtWertstufen and ArtStaffel, ascending; the last is open.
	Stufen []Stufe `json:"stufen,omitempty"`
	// Mindestens and Hoechstens cap the result after rounding; zero is no cap.
	Mindestens Betrag  `json:"mindestens,omitzero"`
	Hoechstens Betrag  `json:"hoechstens,omitzero"`
	Rundung    Rundung `json:"rundung,omitzero"`
}

// Kriterium is one measure of a Rahmengebuehr. The share of the range is the
// weighted mean of points over MaxPunkte.
type Kriterium struct {
	Schluessel  string `json:"schluessel"`
	Bezeichnung string `json:"bezeichnung"`
	// Gewicht is at least 1.
	Gewicht   int `json:"gewicht"`
	MaxPunkte int `json:"max_punkte"`
}

// Stundensatz is the rate of one group of staff for a full hour.
type Stundensatz struct {
	// Gruppe is the Laufbahngruppe: "mittlerer", "gehobener", "hoeherer", ...
	Gruppe string `json:"gruppe"`
	Betrag Betrag `json:"betrag"`
}

// Stufe is one step. In ArtStueck Bis counts pieces and Betrag is per piece of the
// step. In ArtWertstufen and ArtStaffel BisWert is the highest value of the step.
type Stufe struct {
	// Bis is the last piece of the step; 0 is open.
	Bis int `json:"bis,omitzero"`
	// BisWert is the highest value of the step; 0 is open.
	BisWert Betrag `json:"bis_wert,omitzero"`
	// Betrag: per piece (ArtStueck), of the step (ArtWertstufen), or on entering it (ArtStaffel).
	Betrag Betrag `json:"betrag,omitzero"`
	// Anteil of the whole value (ArtWertstufen) or of the part within the step (ArtStaffel).
	Anteil Anteil `json:"anteil,omitzero"`
	// Je and JeBetrag (ArtWertstufen): for each started Je above the step before, JeBetrag more.
	Je       Betrag `json:"je,omitzero"`
	JeBetrag Betrag `json:"je_betrag,omitzero"`
}

// Stichtag is the day that selects the version of a rule.
type Stichtag string

// The days.
const (
	StichtagEingang      Stichtag = "eingang"      // the application was received
	StichtagEntscheidung Stichtag = "entscheidung" // the decision is made
)

// Stichtagsregel says which day decides. Where it is not certain (U), the
// calculation is made for both days.
type Stichtagsregel struct {
	Recht
	Massgeblich Stichtag `json:"massgeblich"`
}

// AusgangArt is how a procedure ended.
type AusgangArt string

// The ways a procedure ends.
const (
	AusgangErteilt      AusgangArt = "erteilt"           // as asked for: the full fee; no rule is needed
	AusgangAbgelehnt    AusgangArt = "abgelehnt"         // refused on the merits
	AusgangUnzustaendig AusgangArt = "unzustaendig"      // refused because another body is competent
	AusgangVorher       AusgangArt = "ruecknahme-vorher" // withdrawn before work on it began
	AusgangZurueck      AusgangArt = "ruecknahme"        // withdrawn after work on it began
	AusgangErledigt     AusgangArt = "erledigt"          // it came to nothing in another way
)

// Ausgangsregel says what share of the fee is due when nothing was granted.
// Auslagen are not affected.
type Ausgangsregel struct {
	Recht
	Ausgang []AusgangArt `json:"ausgang"`
	// Min and Max bound the share that may be set.
	Min Anteil `json:"min"`
	Max Anteil `json:"max"`
	// Regel is the share without a reason for another; nil if one must be chosen.
	Regel *Anteil `json:"regel,omitempty"`
	// Absehen: for reasons of equity nothing may be charged.
	Absehen bool `json:"absehen,omitempty"`
	// Mindestens is the least fee per position, but never more than the full fee.
	Mindestens Betrag `json:"mindestens,omitzero"`
}

// Minderung is a reduction or an exemption.
type Minderung struct {
	Recht
	Bezeichnung string `json:"bezeichnung"`
	// Merkmal is the fact that must be given in [Fall.Merkmale]: "sozialleistung", "behoerde".
	Merkmal string `json:"merkmal"`
	// Erlass is the share that is not charged; 1 is an exemption.
	Erlass Anteil `json:"erlass"`
	// Posten for which it holds; empty means all.
	Posten []string `json:"posten,omitempty"`
	// Auslagen: it holds for Auslagen too.
	Auslagen bool `json:"auslagen,omitempty"`
	// Ermessen: only if a clerk decides so, with a reason.
	Ermessen bool `json:"ermessen,omitempty"`
}

// Steuersatz is a rate of value added tax. The day of the performance decides.
type Steuersatz struct {
	Recht
	// Schluessel is what [Tarif.Umsatzsteuer] names: "regelsatz".
	Schluessel string `json:"schluessel"`
	Satz       Anteil `json:"satz"`
}

// Zahlungsregel says when payment is due and what follows if it is late.
type Zahlungsregel struct {
	Recht
	// FaelligTage after the Bekanntgabe; 0 is with the Bekanntgabe.
	FaelligTage int `json:"faellig_tage"`
	// Verschiebung: whether the day moves to the next working day.
	Verschiebung frist.Verschiebung `json:"verschiebung,omitempty"`
	// Saeumnis is the share of the arrears per started month; zero is none.
	Saeumnis Anteil `json:"saeumnis,omitzero"`
	// SaeumnisAuf rounds the arrears down to full steps first.
	SaeumnisAuf Betrag `json:"saeumnis_auf,omitzero"`
	// SaeumnisAb: only if the arrears exceed it.
	SaeumnisAb Betrag `json:"saeumnis_ab,omitzero"`
	// SaeumnisNorm is printed with the hint.
	SaeumnisNorm string `json:"saeumnis_norm,omitempty"`
}

// Zusammentreffen says what happens if several reductions hold for one position.
type Zusammentreffen string

// The ways reductions meet.
const (
	ZusammenGroesste     Zusammentreffen = "groesste"     // only the greatest counts
	ZusammenNacheinander Zusammentreffen = "nacheinander" // each of what the ones before left
)
