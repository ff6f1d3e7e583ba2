package frist

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

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
	OhneVerschiebung bool `json:"ohne_verschiebung,omitempty"`
	// Aussetzungen are times in which the period did not run; with a fixed Tag
	// they need Am as well, to tell which of their days lie in the period.
	Aussetzungen []Aussetzung `json:"aussetzungen,omitempty"`
	// Stand is the day up to which an open Aussetzung is known to last.
	Stand datum.Datum `json:"stand,omitzero"`
	// Verlaengerung is an extension, possible also after the end (§ 31 (7) VwVfG);
	// VerlaengerungGrund its reasons, Mitgeteilt the day it was told, if known.
	Verlaengerung      *Dauer      `json:"verlaengerung,omitempty"`
	VerlaengerungGrund string      `json:"verlaengerung_grund,omitempty"`
	Mitgeteilt         datum.Datum `json:"mitgeteilt,omitzero"`
	Behoerde           Behoerde    `json:"behoerde"`
}

// Behoerdenfrist works out the last day of a period an authority set, such as a
// hearing, a Nachforderung or a Stellungnahme (§ 31 (2) VwVfG). It starts the
// day after it was made known. While an Aussetzung lasts Lage is LageOffen and
// NichtVor the earliest day the end can be. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Behoerdenfrist(f BehoerdenfristFall) (Ergebnis, error) {
	f.Bekanntgabe, f.Dauer, f.Verlaengerung, f.Aussetzungen = kopie(f.Bekanntgabe), kopie(f.Dauer), kopie(f.Verlaengerung), slices.Clone(f.Aussetzungen)
	x := r.beginne("frist.Behoerdenfrist", ZweckBehoerdenfrist, Eingabe{Behoerdenfrist: &f})
	x.behoerde(f.Behoerde)
	x.fordere((f.Dauer == nil) != f.Tag.IsZero(), "dauer", "/dauer", "exactly one of dauer and tag must be set", "Es ist entweder die Länge oder der letzte Tag anzugeben.")
	if f.Dauer != nil {
		x.dauer(*f.Dauer, "/dauer")
	}
	x.tag(f.Tag, "/tag", false)
	x.pruefeAussetzungen(f.Aussetzungen, f.Stand)
	x.tag(f.Mitgeteilt, "/mitgeteilt", false)
	x.fordere(len(f.VerlaengerungGrund) <= maxLaenge, "text-lang", "/verlaengerung_grund", "text too long", "Der Text ist zu lang.")
	if f.Verlaengerung != nil {
		x.dauer(*f.Verlaengerung, "/verlaengerung")
		x.fordere(!f.OhneVerschiebung, "verlaengerung", "/verlaengerung", "a fixed day is not extended but set anew", "Ein fest bestimmter Tag wird nicht verlängert, sondern neu bestimmt.")
	}
	if !f.Tag.IsZero() && len(f.Aussetzungen) > 0 {
		x.tag(f.Am, "/am", true)
		x.fordere(!f.Tag.Vor(f.Am), "reihenfolge", "/tag", "last day before the start", "Der letzte Tag liegt vor dem Beginn.")
		x.ruheAb = f.Am
	}
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
	if !x.setzeAus(f.Aussetzungen, f.Stand, "", f.Behoerde, start[0].tag) {
		return x.ohneDatum(LageKeine)
	}
	werte := x.folge(&wirksam, d, start, f.Behoerde.Ort)
	if f.Verlaengerung == nil || len(werte) == 0 {
		return x.mitEnde(werte)
	}
	x.begruendet(f.VerlaengerungGrund)
	if !x.offen && f.Mitgeteilt.Nach(werte[0].tag) {
		x.schritt("Die Verlängerung wurde erst am " + tagText(f.Mitgeteilt) + " mitgeteilt, nach dem Ende der Frist; sie wirkt zurück.")
	}
	return x.verlaengere(werte, *f.Verlaengerung, f.Behoerde, ZweckBehoerdenfrist, nil)
}

// BearbeitungsfristFall asks until when an authority has to decide or act. No
// general law sets such a period: length and norm come with the case.
type BearbeitungsfristFall struct {
	// Am is the day of the event that starts it: the receipt of the application
	// or of the complete documents.
	Am datum.Datum `json:"am"`
	// Dauer and Norm are those of the special law or of the promise of the authority.
	Dauer Dauer  `json:"dauer"`
	Norm  string `json:"norm"`
	// Aussetzungen and Stand are those of BehoerdenfristFall.
	Aussetzungen []Aussetzung `json:"aussetzungen,omitempty"`
	Stand        datum.Datum  `json:"stand,omitzero"`
	// Verlaengerung is the one extension; it must be told before the end.
	Verlaengerung      *Dauer      `json:"verlaengerung,omitempty"`
	VerlaengerungGrund string      `json:"verlaengerung_grund,omitempty"`
	Mitgeteilt         datum.Datum `json:"mitgeteilt,omitzero"`
	Behoerde           Behoerde    `json:"behoerde"`
}

// Bearbeitungsfrist works out the last day for an authority to decide. An
// extension told too late is left out with a warning; while an Aussetzung lasts
// Lage is LageOffen. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Bearbeitungsfrist(f BearbeitungsfristFall) (Ergebnis, error) {
	f.Verlaengerung, f.Aussetzungen = kopie(f.Verlaengerung), slices.Clone(f.Aussetzungen)
	x := r.beginne("frist.Bearbeitungsfrist", ZweckBearbeitungsfrist, Eingabe{Bearbeitungsfrist: &f})
	x.behoerde(f.Behoerde)
	x.tag(f.Am, "/am", true)
	x.dauer(f.Dauer, "/dauer")
	x.fordere(f.Norm != "" && len(f.Norm)+len(f.VerlaengerungGrund) <= maxLaenge, "norm", "/norm", "norm of the period missing, or text too long",
		"Die Vorschrift, aus der die Länge folgt, fehlt.")
	x.pruefeAussetzungen(f.Aussetzungen, f.Stand)
	x.tag(f.Mitgeteilt, "/mitgeteilt", f.Verlaengerung != nil)
	if f.Verlaengerung != nil {
		x.dauer(*f.Verlaengerung, "/verlaengerung")
	}
	if len(x.probleme) > 0 {
		return x.ohneDatum(LageKeine)
	}
	regel, _ := x.frage(schluessel{ZweckBearbeitungsfrist, "", ""}, f.Behoerde, f.Am)
	if regel == nil || !x.setzeAus(f.Aussetzungen, f.Stand, "", f.Behoerde, f.Am) {
		return x.ohneDatum(LageKeine)
	}
	x.schritt("Bearbeitungsfrist: " + f.Dauer.String() + " nach " + f.Norm + ".")
	werte := x.laufe(lauf{regel: regel, am: f.Am, dauer: f.Dauer, ort: f.Behoerde.Ort})
	if f.Verlaengerung == nil || len(werte) == 0 {
		return x.mitEnde(werte)
	}
	if x.begruendet(f.VerlaengerungGrund); !x.rechtzeitig(f.Mitgeteilt, werte) {
		return x.mitEnde(werte)
	}
	return x.verlaengere(werte, *f.Verlaengerung, f.Behoerde, ZweckBearbeitungsfrist, regel.Alternativ)
}
