package frist

import (
	"slices"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// GenehmigungsfiktionFall asks when a permit is deemed granted (§ 42a VwVfG).
// The rule applies only if a special law orders it.
type GenehmigungsfiktionFall struct {
	// Eingang is the day the application was received. It starts nothing; while
	// Vollstaendig is not known it shows that the period is still to begin.
	Eingang datum.Datum `json:"eingang,omitzero"`
	// Vollstaendig is the day the complete documents were received: the start.
	Vollstaendig datum.Datum `json:"vollstaendig,omitzero"`
	// Dauer and Norm are those of the special law; nil is the length of § 42a VwVfG.
	Dauer *Dauer `json:"dauer,omitempty"`
	Norm  string `json:"norm,omitempty"`
	// Verlaengerung is the one reasonable extension; VerlaengerungGrund its reasons.
	Verlaengerung      *Dauer `json:"verlaengerung,omitempty"`
	VerlaengerungGrund string `json:"verlaengerung_grund,omitempty"`
	// Mitgeteilt is the day the applicant was told of it; after the end it is too late.
	Mitgeteilt datum.Datum `json:"mitgeteilt,omitzero"`
	// Aussetzungen are times in which a period that had begun did not run, such as
	// while documents were missing; the special law must allow them.
	Aussetzungen []Aussetzung `json:"aussetzungen,omitempty"`
	// Stand is the day up to which an open Aussetzung is known to last, or up to
	// which documents are known to be missing.
	Stand    datum.Datum `json:"stand,omitzero"`
	Behoerde Behoerde    `json:"behoerde"`
}

// Genehmigungsfiktion works out the last day on which the authority can decide;
// the permit is deemed granted on Ergebnis.Danach. An extension told too late is
// left out with a warning. While the documents are not complete, or an
// Aussetzung lasts, Lage is LageOffen and NichtVor the earliest day the end can
// be. Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Genehmigungsfiktion(f GenehmigungsfiktionFall) (Ergebnis, error) {
	f.Dauer, f.Verlaengerung, f.Aussetzungen = kopie(f.Dauer), kopie(f.Verlaengerung), slices.Clone(f.Aussetzungen)
	x := r.beginne("frist.Genehmigungsfiktion", ZweckGenehmigungsfiktion, Eingabe{Genehmigungsfiktion: &f})
	x.behoerde(f.Behoerde)
	x.tag(f.Eingang, "/eingang", false)
	x.tag(f.Vollstaendig, "/vollstaendig", f.Eingang.IsZero())
	x.fordere(f.Vollstaendig.IsZero() || !f.Vollstaendig.Vor(f.Eingang), "reihenfolge", "/vollstaendig", "complete before the application was received", "Die Unterlagen sind vor dem Eingang des Antrags vollständig.")
	x.pruefeAussetzungen(f.Aussetzungen, f.Stand)
	x.tag(f.Mitgeteilt, "/mitgeteilt", f.Verlaengerung != nil)
	x.fordere(len(f.Norm)+len(f.VerlaengerungGrund) <= maxLaenge, "norm", "/norm", "text too long", "Der Text ist zu lang.")
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
	beginn, vollstaendig := f.Vollstaendig, !f.Vollstaendig.IsZero()
	if !vollstaendig {
		beginn = f.Eingang
		if f.Stand.Nach(beginn) {
			beginn = f.Stand
		}
	}
	regel, _ := x.frage(schluessel{ZweckGenehmigungsfiktion, "", ""}, f.Behoerde, beginn)
	if regel == nil {
		return x.ohneDatum(LageKeine)
	}
	d := regel.Dauer()
	if f.Dauer != nil {
		d = *f.Dauer
		x.schritt("Die Länge bestimmt " + f.Norm + ": " + d.String() + ".")
	}
	if !vollstaendig {
		return x.unvollstaendig(x.laufe(lauf{regel: regel, am: beginn, dauer: d, ort: f.Behoerde.Ort, still: true}), beginn)
	}
	if !x.setzeAus(f.Aussetzungen, f.Stand, string(ZweckGenehmigungsfiktion), f.Behoerde, beginn) {
		return x.ohneDatum(LageKeine)
	}
	werte := x.laufe(lauf{regel: regel, am: beginn, dauer: d, ort: f.Behoerde.Ort})
	if f.Verlaengerung == nil || len(werte) == 0 {
		return x.mitEnde(werte)
	}
	if x.begruendet(f.VerlaengerungGrund); !x.rechtzeitig(f.Mitgeteilt, werte) {
		return x.mitEnde(werte)
	}
	return x.verlaengere(werte, *f.Verlaengerung, f.Behoerde, ZweckGenehmigungsfiktion, regel.Alternativ)
}

// unvollstaendig: the period has not begun; werte are its ends if it began on am.
func (x *rechnung) unvollstaendig(werte []wert, am datum.Datum) (Ergebnis, error) {
	if len(werte) == 0 {
		return x.ohneDatum(LageOffen)
	}
	x.schritt("Die vollständigen Unterlagen liegen noch nicht vor; die Frist hat nicht begonnen.")
	for _, w := range werte {
		if x.e.NichtVor.IsZero() || w.tag.Vor(x.e.NichtVor) {
			x.e.NichtVor = w.tag
		}
	}
	x.schritt("Gingen sie am " + deutsch(am) + " ein, endete die Frist frühestens am " + tagText(x.e.NichtVor) + ".")
	return x.ohneDatum(LageOffen)
}
