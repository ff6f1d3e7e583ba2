package frist

import (
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Rechtsbehelf is a remedy against an act.
type Rechtsbehelf string

// The remedies the rules that ship know.
const (
	RechtsbehelfWiderspruch    Rechtsbehelf = "vwgo.widerspruch" // § 70 VwGO, also against municipal taxes
	RechtsbehelfKlage          Rechtsbehelf = "vwgo.klage"       // § 74 VwGO
	RechtsbehelfBeschwerde     Rechtsbehelf = "vwgo.beschwerde"  // § 147 VwGO
	RechtsbehelfEinspruch      Rechtsbehelf = "ao.einspruch"     // § 355 AO
	RechtsbehelfSGGWiderspruch Rechtsbehelf = "sgg.widerspruch"  // § 84 SGG
	RechtsbehelfSGGKlage       Rechtsbehelf = "sgg.klage"        // § 87 SGG
)

// The endings a Gegenstand takes for special cases.
const (
	ohneBelehrung = ".ohne-belehrung"
	imAusland     = ".ausland"
	grenze        = ".grenze"
)

// RechtsbehelfFall asks for the end of the period of a remedy. Exactly one of
// Am and Bekanntgabe is set.
type RechtsbehelfFall struct {
	Rechtsbehelf Rechtsbehelf `json:"rechtsbehelf"`
	// Am is the day of the Bekanntgabe, if it is certain.
	Am datum.Datum `json:"am,omitzero"`
	// Bekanntgabe is worked out first; all its candidates are followed.
	Bekanntgabe *BekanntgabeFall `json:"bekanntgabe,omitempty"`
	// Behoerde is the body or court where the period must be kept.
	Behoerde Behoerde `json:"behoerde"`
	// BelehrungFehlt: the Rechtsbehelfsbelehrung is missing or wrong.
	BelehrungFehlt bool `json:"belehrung_fehlt,omitempty"`
	// Ausland: the act was made known abroad; only social law differs.
	Ausland bool `json:"ausland,omitempty"`
}

// Rechtsbehelf works out the last day for a remedy. Every candidate of the
// Bekanntgabe is followed; Ergebnis.Bestandskraft is the day after the latest
// end. Without a Bekanntgabe no period runs and Lage is that of the Bekanntgabe.
// Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Rechtsbehelf(f RechtsbehelfFall) (Ergebnis, error) {
	f.Bekanntgabe = kopie(f.Bekanntgabe)
	x := r.beginne("frist.Rechtsbehelf", ZweckRechtsbehelf, Eingabe{Rechtsbehelf: &f})
	x.behoerde(f.Behoerde)
	start, lage := x.anfang(f.Am, f.Bekanntgabe)
	if lage != LageBestimmt {
		return x.ohneDatum(lage)
	}
	fach := string(f.Rechtsbehelf)
	if f.Ausland && len(x.regeln.nach[schluessel{ZweckRechtsbehelf, "", fach + imAusland}]) > 0 {
		fach += imAusland
	}
	if f.BelehrungFehlt {
		fach = string(f.Rechtsbehelf) + ohneBelehrung
		x.schritt("Die Rechtsbehelfsbelehrung fehlt oder ist unrichtig; es gilt die längere Frist.")
	}
	if f.Rechtsbehelf == "" || strings.HasSuffix(string(f.Rechtsbehelf), ohneBelehrung) || len(f.Rechtsbehelf) > 100 {
		x.fordere(false, "rechtsbehelf", "/rechtsbehelf", "remedy missing", "Der Rechtsbehelf fehlt oder ist unbekannt.")
		return x.ohneDatum(LageKeine)
	}
	regel, weitere := x.frage(schluessel{ZweckRechtsbehelf, "", fach}, f.Behoerde, start[0].tag)
	if regel == nil {
		return x.ohneDatum(LageKeine)
	}
	werte := x.folge(regel, regel.Dauer(), start, f.Behoerde.Ort)
	for _, w := range weitere {
		werte = append(werte, x.laufe(lauf{regel: w, am: start[0].tag, dauer: w.Dauer(), ort: f.Behoerde.Ort, still: true,
			grund: "Die Regel " + w.text + " kann am Stichtag ebenfalls in Kraft gewesen sein."})...)
	}
	return x.mitEnde(werte)
}

// mitEnde adds the closing sentences of a period.
func (x *rechnung) mitEnde(werte []wert) (Ergebnis, error) {
	if len(werte) == 0 || len(x.probleme) > 0 {
		return x.schliesse(nil)
	}
	werte = x.amRand(werte)
	if x.ausserhalb(); x.offen {
		return x.ruht(werte)
	}
	x.schritt("Ende der Frist: " + wochentage[werte[0].tag.Wochentag()] + ", " + deutsch(werte[0].tag) + ", 24:00 Uhr.")
	e, err := x.schliesse(werte)
	if err == nil && e.Zweck == ZweckRechtsbehelf {
		e.Schritte = append(e.Schritte, "Bestandskraft frühestens ab "+deutsch(e.Danach())+", sofern kein Rechtsbehelf eingelegt ist.")
	}
	return e, err
}

// anfang gives the days a period may start from, the deciding one first.
func (x *rechnung) anfang(am datum.Datum, b *BekanntgabeFall) ([]wert, Lage) {
	if (b == nil) == am.IsZero() {
		x.fordere(false, "bekanntgabe", "/am", "exactly one of am and bekanntgabe must be set", "Es ist entweder der Tag oder der Fall der Bekanntgabe anzugeben.")
		return nil, LageKeine
	}
	if b == nil {
		x.tag(am, "/am", true)
		if len(x.probleme) > 0 {
			return nil, LageKeine
		}
		return []wert{{tag: am, roh: am}}, LageBestimmt
	}
	lage := x.bekanntgabe(b)
	if lage != LageBestimmt || len(x.probleme) > 0 {
		return nil, lageOhneDatum(lage)
	}
	werte := x.werte
	x.werte = nil
	eindeutig := werte[:0:0]
	for _, w := range werte {
		if !slices.ContainsFunc(eindeutig, func(v wert) bool { return v.tag == w.tag }) {
			eindeutig = append(eindeutig, w)
		}
	}
	x.schritt("Bekanntgabe: " + tagText(werte[0].tag) + ".")
	return eindeutig, LageBestimmt
}

// folge lets a period run from every possible start.
func (x *rechnung) folge(regel *Regel, d Dauer, start []wert, ort Ort) []wert {
	var werte []wert
	for i, s := range start {
		grund := ""
		if i > 0 {
			grund = "Bei Bekanntgabe am " + deutsch(s.tag) + ": " + s.grund
			if s.regel != nil {
				x.beleg(s.regel, "weitere mögliche Regel der Bekanntgabe")
			}
		}
		werte = append(werte, x.laufe(lauf{regel: regel, am: s.tag, dauer: d, ort: ort, grund: grund, still: i > 0})...)
	}
	return werte
}

// UntaetigkeitFall asks when an action for failure to act becomes admissible.
type UntaetigkeitFall struct {
	// Gegen is what was not decided.
	Gegen Untaetigkeit `json:"gegen"`
	// Am is the day the application or objection was received.
	Am       datum.Datum `json:"am"`
	Behoerde Behoerde    `json:"behoerde"`
}

// Untaetigkeit is what an authority left undecided.
type Untaetigkeit string

// The cases of § 75 VwGO, § 88 SGG and § 46 FGO.
const (
	UntaetigkeitAntrag         Untaetigkeit = "vwgo.antrag"
	UntaetigkeitWiderspruch    Untaetigkeit = "vwgo.widerspruch"
	UntaetigkeitSGGAntrag      Untaetigkeit = "sgg.antrag"
	UntaetigkeitSGGWiderspruch Untaetigkeit = "sgg.widerspruch"
	UntaetigkeitEinspruch      Untaetigkeit = "ao.einspruch"
)

// Untaetigkeit works out the last day of the Sperrfrist: no action before the
// next day, unless special circumstances shorten it. An authority takes
// Fruehestes as its own limit. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Untaetigkeit(f UntaetigkeitFall) (Ergebnis, error) {
	x := r.beginne("frist.Untaetigkeit", ZweckUntaetigkeit, Eingabe{Untaetigkeit: &f})
	return x.einfach(string(f.Gegen), f.Am, f.Behoerde)
}

// einfach is a period of one rule from one day.
func (x *rechnung) einfach(fach string, am datum.Datum, b Behoerde) (Ergebnis, error) {
	x.behoerde(b)
	x.tag(am, "/am", true)
	x.fordere(fach != "" && len(fach) <= 100, "gegenstand", "", "subject missing", "Der Gegenstand fehlt.")
	if len(x.probleme) > 0 {
		return x.ohneDatum(LageKeine)
	}
	regel, _ := x.frage(schluessel{x.e.Zweck, "", fach}, b, am)
	if regel == nil {
		return x.ohneDatum(LageKeine)
	}
	return x.mitEnde(x.laufe(lauf{regel: regel, am: am, dauer: regel.Dauer(), ort: b.Ort}))
}

// WiedereinsetzungFall asks until when Wiedereinsetzung can be sought.
type WiedereinsetzungFall struct {
	// Recht is the law of the missed period.
	Recht Wiedereinsetzungsrecht `json:"recht"`
	// Hindernis is the day the obstacle ended.
	Hindernis datum.Datum `json:"hindernis"`
	// Fristende is the last day of the missed period.
	Fristende datum.Datum `json:"fristende"`
	Behoerde  Behoerde    `json:"behoerde"`
}

// Wiedereinsetzungsrecht is the law Wiedereinsetzung follows.
type Wiedereinsetzungsrecht string

// The laws.
const (
	WiedereinsetzungVwVfG Wiedereinsetzungsrecht = "vwvfg" // § 32 VwVfG, § 90 LVwG SH
	WiedereinsetzungAO    Wiedereinsetzungsrecht = "ao"    // § 110 AO
	WiedereinsetzungSGG   Wiedereinsetzungsrecht = "sgg"   // § 67 SGG
)

// Wiedereinsetzung works out the last day: the period after the obstacle ended,
// but not beyond the outer limit after the missed period. Force majeure, which
// lifts the limit, is not considered. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Wiedereinsetzung(f WiedereinsetzungFall) (Ergebnis, error) {
	x := r.beginne("frist.Wiedereinsetzung", ZweckWiedereinsetzung, Eingabe{Wiedereinsetzung: &f})
	x.behoerde(f.Behoerde)
	x.tag(f.Hindernis, "/hindernis", true)
	x.tag(f.Fristende, "/fristende", true)
	x.fordere(f.Recht != "" && len(f.Recht) <= 20, "recht", "/recht", "law missing", "Das Recht der Wiedereinsetzung fehlt.")
	if len(x.probleme) > 0 {
		return x.ohneDatum(LageKeine)
	}
	regel, _ := x.frage(schluessel{ZweckWiedereinsetzung, "", string(f.Recht)}, f.Behoerde, f.Hindernis)
	aussen, _ := x.frage(schluessel{ZweckWiedereinsetzung, "", string(f.Recht) + grenze}, f.Behoerde, f.Fristende)
	if regel == nil || aussen == nil {
		return x.ohneDatum(LageKeine)
	}
	werte := x.laufe(lauf{regel: regel, am: f.Hindernis, dauer: regel.Dauer(), ort: f.Behoerde.Ort})
	grenzen := x.laufe(lauf{regel: aussen, am: f.Fristende, dauer: aussen.Dauer(), ort: f.Behoerde.Ort})
	if len(werte) == 0 || len(grenzen) == 0 {
		return x.ohneDatum(LageKeine)
	}
	letzte := grenzen[0]
	for _, w := range grenzen {
		if w.tag.Nach(letzte.tag) {
			letzte = w
		}
	}
	if werte[0].tag.Nach(letzte.tag) {
		x.schritt("Die äußerste Grenze am " + tagText(letzte.tag) + " geht vor.")
		return x.mitEnde(grenzen)
	}
	return x.mitEnde(werte)
}

// lageOhneDatum keeps LageOffen and turns every other outcome into LageKeine.
func lageOhneDatum(l Lage) Lage {
	if l == LageOffen {
		return LageOffen
	}
	return LageKeine
}
