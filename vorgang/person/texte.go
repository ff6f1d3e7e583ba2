package person

import (
	"path"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang/din91379"
)

// text is what is said of a broken rule; {feld} is the name of the field for the
// clerk, {param} the parameter of the rule.
type text struct{ code, meldung, hinweis string }

// texte by tag. Codes are stable.
var texte = map[string]text{
	"required":         {"person.fehlt", "required value is missing", "Die Angabe „{feld}“ fehlt. Bitte ergänzen."},
	"required_with":    {"person.fehlt", "value is missing beside {param}", "Die Angabe „{feld}“ fehlt, obwohl „{param}“ angegeben ist. Bitte ergänzen."},
	"required_without": {"person.fehlt", "neither this nor {param} is given", "Weder „{feld}“ noch „{param}“ ist angegeben. Bitte eine der beiden Angaben ergänzen."},
	"excluded_with":    {"person.zugleich", "not allowed beside {param}", "Die Angaben „{feld}“ und „{param}“ schließen einander aus. Bitte eine von beiden entfernen."},
	"max":              {"person.zu-lang", "longer than {param} characters", "Die Angabe „{feld}“ ist zu lang; zulässig sind höchstens {param} Zeichen. Bitte kürzen."},
	"max[]":            {"person.zu-viele", "more than {param} entries", "Die Angabe „{feld}“ hat zu viele Einträge; zulässig sind höchstens {param}. Bitte Einträge entfernen."},
	"unique":           {"person.doppelt", "entries are not unique", "Die Angabe „{feld}“ enthält einen Eintrag mehrfach. Bitte die Wiederholung entfernen."},
	"oneof":            {"person.auswahl", "not one of: {param}", "Die Angabe „{feld}“ hat keinen der vorgesehenen Werte ({param}). Bitte einen davon wählen."},
	"email":            {"person.email", "not a mail address", "Die Angabe „{feld}“ ist keine E-Mail-Adresse. Bitte die Schreibweise prüfen."},
	"telefon":          {"person.telefon", "not a telephone number", "Die Angabe „{feld}“ ist keine Telefonnummer; zulässig sind Ziffern, Leerzeichen und die Zeichen + ( ) / - . Bitte die Schreibweise prüfen."},
	"staat":            {"person.staat", "not an ISO 3166-1 alpha-2 code", "Die Angabe „{feld}“ ist kein Staat nach ISO 3166-1 (zwei Großbuchstaben). Bitte den Staat aus der Liste wählen."},
	"nationalitaet":    {"person.staat", "neither an ISO 3166-1 alpha-2 code nor staatenlos or ungeklaert", "Die Angabe „{feld}“ ist weder ein Staat nach ISO 3166-1 (zwei Großbuchstaben) noch „staatenlos“ oder „ungeklaert“. Bitte aus der Liste wählen."},
	"ars":              {"person.ars", "not an ARS of 2, 3, 5, 9 or 12 digits with a Land key 01 to 16", "Die Angabe „{feld}“ ist kein Regionalschlüssel (2, 3, 5, 9 oder 12 Ziffern, beginnend mit 01 bis 16). Bitte den Schlüssel prüfen."},
	"ags":              {"person.ags", "not an AGS of 8 digits with a Land key 01 to 16", "Die Angabe „{feld}“ ist kein Gemeindeschlüssel (8 Ziffern, beginnend mit 01 bis 16). Bitte den Schlüssel prüfen."},
	"leika":            {"person.leika", "not a Leistungsschluessel of at most 14 digits", "Die Angabe „{feld}“ ist kein Leistungsschlüssel (14 Ziffern, beginnend mit 99). Bitte den Schlüssel prüfen."},
	"rand":             {"person.rand", "begins or ends with a blank", "Die Angabe „{feld}“ beginnt oder endet mit einem Leerzeichen. Bitte das Leerzeichen entfernen."},
	"plz":              {"person.plz", "not a German postal code", "Die Postleitzahl einer Anschrift in Deutschland hat fünf Ziffern. Bitte die Postleitzahl oder den Staat berichtigen."},
	"zeitraum":         {"person.zeitraum", "ends before it begins", "Der Zeitraum endet vor seinem Beginn. Bitte die Daten prüfen."},
	"zukunft":          {"person.zukunft", "lies in the future", "Das Datum „{feld}“ liegt in der Zukunft. Bitte das Datum prüfen."},
	"betreuung":        {"person.betreuung", "an Organisation has no Betreuer", "Eine Betreuung gibt es nur für natürliche Personen. Bitte die Art der Vertretung berichtigen."},
	"":                 {"person.regel", "breaks the rule {tag}", "Die Angabe „{feld}“ ist nicht zulässig (Regel {tag}). Bitte die Angabe prüfen."},

	// Of Decode.
	"json":      {"person.json", "not a JSON document that can be read one way only", "Die Daten sind kein lesbares JSON-Dokument. Bitte beim Absender neu anfordern."},
	"gross":     {"person.zu-gross", "document too large", "Die Daten sind zu umfangreich. Bitte beim Absender neu anfordern."},
	"unbekannt": {"person.unbekannt", "unknown field", "Die Daten enthalten an dieser Stelle eine unbekannte Angabe. Bitte beim Absender neu anfordern."},
	"form":      {"person.form", "value of the wrong form", "Die Angabe „{feld}“ hat nicht die vorgesehene Form. Bitte die Angabe prüfen."},
}

// labels name the fields for the clerk, by their name in JSON or by that and the
// name of what they are in.
var labels = map[string]string{
	"": "Dokument", "ags": "Gemeindeschlüssel", "anrede": "Anrede", "anschrift": "Anschrift", "ars": "Regionalschlüssel", "art": "Art",
	"aufgaben": "Aufgaben", "ausgestellt": "Ausstellungsdatum", "bankverbindung": "Bankverbindung", "bemerkung": "Bemerkung",
	"bis": "Bis", "datei": "Datei", "email": "E-Mail", "familienname": "Familienname", "gebiet": "Gebiet",
	"geburtsdatum": "Geburtsdatum", "geburtsname": "Geburtsname", "geburtsort": "Geburtsort", "gericht": "Registergericht",
	"hausnummer": "Hausnummer", "iban": "IBAN", "inhaber": "Kontoinhaber", "konto": "Nutzerkonto", "kontakt": "Kontakt",
	"leistungen": "Leistungen", "nachweis": "Nachweis", "name": "Name", "nummer": "Nummer", "organisation": "Organisation",
	"ort": "Ort", "person": "Person", "plz": "Postleitzahl", "rechtsform": "Rechtsform", "register": "Register", "staat": "Staat",
	"staatsangehoerigkeiten": "Staatsangehörigkeiten", "strasse": "Straße", "telefon": "Telefon", "titel": "Titel",
	"umfang": "Umfang", "vertretungen": "Vertretungen", "von": "Von", "vornamen": "Vornamen", "zeitraum": "Zeitraum",
	"zusatz": "Adresszusatz",

	"geburtsort/ags": "Gemeindeschlüssel des Geburtsorts", "geburtsort/name": "Geburtsort", "geburtsort/staat": "Staat des Geburtsorts",
	"nachweis/art": "Art des Nachweises", "organisation/name": "Name der Organisation",
	"register/art": "Registerart", "register/nummer": "Registernummer",
	"vertretungen/art": "Art der Vertretung", "zeitraum/bis": "Ende des Zeitraums", "zeitraum/von": "Beginn des Zeitraums",
}

// label gives the name for the clerk of the field a pointer leads to; a field of a
// foreign type keeps its own.
func label(pfad string) string {
	var namen []string
	for n := range strings.SplitSeq(pfad, "/") {
		if n != "" && (n[0] < '0' || n[0] > '9') {
			namen = append(namen, n)
		}
	}
	if n := len(namen); n > 1 {
		if l, ok := labels[strings.ToLower(namen[n-2]+"/"+namen[n-1])]; ok {
			return l
		}
	}
	name := ""
	if len(namen) > 0 {
		name = namen[len(namen)-1]
	}
	if l, ok := labels[strings.ToLower(name)]; ok {
		return l
	}
	return name
}

// say fills the text of a rule in. The German sentence may name the parameter
// otherwise than the English message.
func say(regel, pfad, tag, param, deutsch string) fehler.Problem {
	t, ok := texte[regel]
	if !ok {
		t = texte[""]
	}
	return fehler.Problem{
		Code: t.code, Pfad: pfad,
		Meldung: strings.NewReplacer("{param}", param, "{tag}", tag).Replace(t.meldung),
		Hinweis: strings.NewReplacer("{feld}", label(pfad), "{param}", deutsch, "{tag}", tag).Replace(t.hinweis),
	}
}

// problem translates what the validator found. It reads the value only to say
// where in it a character is not allowed and which check an IBAN fails.
func problem(f validator.FieldError, pfad string) fehler.Problem {
	regel, param := f.Tag(), f.Param()
	wert := reflect.ValueOf(f.Value())
	switch regel {
	case "din91379":
		t, _ := din91379.ParseTyp(param)
		if v, ok := din91379.Check(t, wert.String()).(*din91379.Verstoss); ok {
			p := v.Problem(pfad)
			p.Hinweis = "„" + label(pfad) + "“: " + p.Hinweis
			return p
		}
	case "iban":
		if ps := fehler.ProblemeIn(IBAN(wert.String()).check()); len(ps) == 1 {
			ps[0].Pfad = pfad
			return ps[0]
		}
	case "max":
		if wert.Kind() == reflect.Slice {
			regel = "max[]"
		}
	case "oneof":
		param = strings.Join(strings.Fields(param), ", ")
	case "required_with", "required_without", "excluded_with":
		// The parameter names fields beside this one.
		var namen []string
		for n := range strings.FieldsSeq(param) {
			namen = append(namen, label(path.Dir(pfad)+"/"+n))
		}
		return say(regel, pfad, "", param, strings.Join(namen, ", "))
	}
	return say(regel, pfad, f.Tag(), param, param)
}
