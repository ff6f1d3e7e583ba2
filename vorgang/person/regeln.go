package person

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang/din91379"
)

// anschriftRegeln are the rules of tenant.Anschrift, whose package knows none.
var anschriftRegeln = map[string]string{
	"Strasse":    "max=200,din91379=B,rand",
	"Hausnummer": "max=20,din91379=B,rand",
	"Zusatz":     "max=200,din91379=B,rand",
	"PLZ":        "max=20,din91379=B,rand",
	"Ort":        "max=200,din91379=B,rand",
}

var (
	telefonForm = regexp.MustCompile(`^\+?[0-9()/ .-]{3,40}$`)
	agsForm     = regexp.MustCompile(`^[0-9]{8}$`)
	plzForm     = regexp.MustCompile(`^[0-9]{5}$`)
)

// register puts the rules on the validator of the Pruefer.
func (p *Pruefer) register() {
	// Kosovo has no code of ISO 3166-1 and is written XK all the same.
	p.v.RegisterAlias("staat", "iso3166_1_alpha2|eq=XK")
	p.v.RegisterAlias("nationalitaet", "iso3166_1_alpha2|eq=XK|eq="+Staatenlos+"|eq="+Ungeklaert)
	for tag, f := range map[string]func(s, param string) bool{
		"din91379": func(s, param string) bool {
			t, err := din91379.ParseTyp(param)
			if err != nil {
				panic("person: din91379=" + param)
			}
			return din91379.Valid(t, s)
		},
		"ars": func(s, _ string) bool {
			k, err := tenant.ParseARS(s)
			return err == nil && string(k) == s && s != ""
		},
		"ags": func(s, _ string) bool {
			_, ok := tenant.LandVonSchluessel(s)
			return ok && agsForm.MatchString(s)
		},
		"leika": func(s, _ string) bool {
			k, err := tenant.ParseLeistung(s)
			return err == nil && string(k) == s
		},
		"iban":    func(s, _ string) bool { return IBAN(s).check() == nil },
		"telefon": func(s, _ string) bool { return telefonForm.MatchString(s) && strings.ContainsAny(s, "0123456789") },
		"rand":    func(s, _ string) bool { return s == strings.TrimSpace(s) },
	} {
		err := p.v.RegisterValidation(tag, func(fl validator.FieldLevel) bool {
			if fl.Field().Kind() != reflect.String {
				panic(fmt.Sprintf("person: %s on a %s", tag, fl.Field().Kind()))
			}
			return f(fl.Field().String(), fl.Param())
		})
		if err != nil {
			panic("person: " + err.Error()) // only for a tag without name or function
		}
	}
	p.v.RegisterStructValidationMapRules(anschriftRegeln, tenant.Anschrift{})
	p.v.RegisterStructValidation(p.person, Person{})
	p.v.RegisterStructValidation(anschrift, Anschrift{})
	p.v.RegisterStructValidation(zeitraum, datum.Zeitraum{})
	p.v.RegisterStructValidation(antragsteller, Antragsteller{})
}

func (p *Pruefer) person(sl validator.StructLevel) {
	if x := sl.Current().Interface().(Person); x.Geburtsdatum.Von().Nach(p.heute()) {
		sl.ReportError(x.Geburtsdatum, "geburtsdatum", "Geburtsdatum", "zukunft", "")
	}
}

func anschrift(sl validator.StructLevel) {
	x := sl.Current().Interface().(Anschrift)
	if x.IsZero() {
		return
	}
	if x.Ort == "" {
		sl.ReportError(x.Ort, "ort", "Ort", "required", "")
	}
	if x.Inland() && x.PLZ != "" && !plzForm.MatchString(x.PLZ) {
		sl.ReportError(x.PLZ, "plz", "PLZ", "plz", "")
	}
}

func zeitraum(sl validator.StructLevel) {
	x := sl.Current().Interface().(datum.Zeitraum)
	if !x.Von.IsZero() && !x.Bis.IsZero() && x.Bis.Vor(x.Von) {
		sl.ReportError(x.Bis, "bis", "Bis", "zeitraum", "")
	}
}

func antragsteller(sl validator.StructLevel) {
	x := sl.Current().Interface().(Antragsteller)
	if x.Organisation == nil {
		return
	}
	for i, v := range x.Vertretungen {
		if v.Art == Betreuung {
			sl.ReportError(v.Art, fmt.Sprintf("vertretungen[%d].art", i), "Vertretungen", "betreuung", "")
		}
	}
}
