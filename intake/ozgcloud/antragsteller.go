package ozgcloud

import (
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// The names forms commonly give to what is looked for, in small letters.
var (
	vornamen      = []string{"vorname", "vornamen", "rufname"}
	nachnamen     = []string{"nachname", "familienname"}
	organisations = []string{"firma", "firmenname", "unternehmensname", "organisation", "name_der_firma"}
	strassen      = []string{"strasse", "straße"}
	hausnummern   = []string{"hausnummer", "hausnr"}
	zusaetze      = []string{"adresszusatz", "zusatz"}
	plz           = []string{"plz", "postleitzahl"}
	orte          = []string{"ort", "wohnort", "stadt"}
)

// FindAntragsteller looks for the applicant by the names and labels forms commonly
// use. The name is that of the first group with a Nachname or the name of an
// organisation, the address lies in the same part of the form; a form with other names
// gives nothing and needs [ParserOptions.Antragsteller]. It never mixes two groups
// into one name.
func FindAntragsteller(felder []Feld) messaging.Empfaenger {
	for _, wanted := range [][]string{nachnamen, organisations, vornamen} {
		if e := firstIn(felder, wanted); e.Name != "" {
			return e
		}
	}
	return messaging.Empfaenger{}
}

// firstIn looks in the list itself, then in each group of it.
func firstIn(felder []Feld, wanted []string) messaging.Empfaenger {
	if direct(felder, wanted) != "" {
		return messaging.Empfaenger{Name: nameIn(felder), Anschrift: anschriftIn(felder)}
	}
	for _, f := range felder {
		e := firstIn(f.Felder, wanted)
		if e.Name == "" {
			continue
		}
		if e.Anschrift == (tenant.Anschrift{}) {
			e.Anschrift = anschriftIn(f.Felder)
		}
		return e
	}
	return messaging.Empfaenger{}
}

func nameIn(felder []Feld) string {
	if s := strings.TrimSpace(direct(felder, vornamen) + " " + direct(felder, nachnamen)); s != "" {
		return s
	}
	return direct(felder, organisations)
}

// anschriftIn finds the first list below that has a place and a street or postcode.
func anschriftIn(felder []Feld) tenant.Anschrift {
	a := tenant.Anschrift{Strasse: direct(felder, strassen), Hausnummer: direct(felder, hausnummern), Zusatz: direct(felder, zusaetze),
		PLZ: direct(felder, plz), Ort: direct(felder, orte)}
	if a.Ort != "" && (a.PLZ != "" || a.Strasse != "") {
		return a
	}
	for _, f := range felder {
		if a := anschriftIn(f.Felder); a != (tenant.Anschrift{}) {
			return a
		}
	}
	return tenant.Anschrift{}
}

// direct gives the first value in the list itself whose name or label is wanted.
func direct(felder []Feld, wanted []string) string {
	for _, f := range felder {
		if len(f.Felder) > 0 || absent(f.Wert) {
			continue
		}
		name := strings.ToLower(f.Name)
		if _, tail, ok := strings.Cut(name, "_"); ok && !slices.Contains(wanted, name) { // "<id>_<childId>"
			name = tail
		}
		if slices.Contains(wanted, name) || slices.Contains(wanted, strings.ToLower(strings.TrimSpace(f.Label))) {
			return strings.TrimSpace(f.Wert)
		}
	}
	return ""
}
