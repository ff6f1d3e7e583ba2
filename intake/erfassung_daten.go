package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// SchemaErfassung is the schema of the form data of an [Erfassung]. The Annahme
// reads it itself, and only on the channels papier and schalter: no sender can use
// it to pass by the forms that are set up.
const SchemaErfassung = "urn:fachwerk:erfassung:1"

// erfassteDaten are the Fachdaten of an Erfassung. Nothing in them depends on who
// entered it or when, so that the same application has the same bytes.
type erfassteDaten struct {
	Kanal         string                     `json:"kanal"`
	Eingang       datum.Datum                `json:"eingang"`
	GestelltAm    datum.Datum                `json:"gestelltAm,omitzero"`
	Leistung      tenant.Leistungsschluessel `json:"leistung"`
	Ort           tenant.ARS                 `json:"ort"`
	Referenz      string                     `json:"referenz,omitempty"`
	Antragsteller vorgang.Antragsteller      `json:"antragsteller"`
	Felder        []vorgang.Feld             `json:"felder,omitempty"`
}

// maxGruppen is how deep groups of fields may lie in each other.
const maxGruppen = 8

// daten gives the Fachdaten, and what is wrong with the fields.
func (e *Erfassung) daten() ([]byte, fehler.Probleme, error) {
	var p fehler.Probleme
	felder := pruefeFelder(e.Felder, "/felder", 1, &p)
	w := &e.Antragsteller
	if !lesbar(e.Referenz) {
		p = append(p, zeichen("/referenz"))
	}
	texte := []string{w.Name, w.Konto, w.Anschrift.Strasse, w.Anschrift.Hausnummer, w.Anschrift.Zusatz, w.Anschrift.PLZ, w.Anschrift.Ort}
	for _, x := range w.Adressen {
		texte = append(texte, x.Kanal, x.Kennung)
	}
	if !lesbar(strings.Join(texte, " ")) {
		p = append(p, zeichen("/antragsteller"))
	}
	if len(p) > 0 {
		return nil, p, nil
	}
	b, err := json.Marshal(erfassteDaten{e.Kanal, e.Eingang, e.GestelltAm, e.Leistung, e.Ort, e.Referenz, e.Antragsteller, felder})
	if err != nil {
		return nil, nil, fehler.New("intake.Erfassen", "", fehler.ErrInvalid, err)
	}
	return b, nil, nil
}

// lesbar: text without control characters but line breaks and tabs.
func lesbar(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f })
}

func zeichen(pfad string) fehler.Problem {
	return fehler.Problem{Code: "erfassung.zeichen", Pfad: pfad, Meldung: "not UTF-8, or with control characters", Hinweis: "Ein Text enthält unzulässige Zeichen."}
}

// pruefeFelder gives a copy with labels; names are mandatory and unique in their group.
func pruefeFelder(in []vorgang.Feld, pfad string, tiefe int, p *fehler.Probleme) []vorgang.Feld {
	if tiefe > maxGruppen {
		*p = append(*p, fehler.Problem{Code: "erfassung.feld-tiefe", Pfad: pfad, Meldung: "groups nested too deep", Hinweis: "Die Felder sind zu tief gegliedert."})
		return nil
	}
	var out []vorgang.Feld
	seen := map[string]bool{}
	for i, f := range in {
		ort := fmt.Sprintf("%s/%d", pfad, i)
		switch {
		case !lesbar(f.Name + f.Label + f.Wert):
			*p = append(*p, zeichen(ort))
		case f.Name == "":
			*p = append(*p, fehler.Problem{Code: "erfassung.feld-name", Pfad: ort, Meldung: "a field without a name", Hinweis: "Ein Feld hat keinen Namen."})
		case seen[f.Name]:
			*p = append(*p, fehler.Problem{Code: "erfassung.feld-doppelt", Pfad: ort, Meldung: "two fields of one name", Hinweis: "Zwei Felder haben denselben Namen."})
		}
		seen[f.Name] = true
		if f.Label == "" {
			f.Label = f.Name
		}
		f.Felder = pruefeFelder(f.Felder, ort+"/felder", tiefe+1, p)
		out = append(out, f)
	}
	return out
}

// parser of a delivery: those that are set up, and the one of what clerks enter.
func (a *Annahme) parser(l *Lieferung) []Parser {
	if l.Kanal == KanalPapier || l.Kanal == KanalSchalter {
		return append(slices.Clip(a.p.Parser), erfassungParser{})
	}
	return a.p.Parser
}

// erfassungParser reads erfassteDaten.
type erfassungParser struct{}

var _ Parser = erfassungParser{}

func (erfassungParser) Name() string { return "erfassung" }

func (erfassungParser) Detect(d Fachdaten) bool { return d.Schema == SchemaErfassung }

func (erfassungParser) Parse(_ context.Context, d Fachdaten) (Inhalt, error) {
	var e erfassteDaten
	if err := json.Unmarshal(d.Bytes, &e); err != nil {
		return Inhalt{}, fehler.Probleme{{Code: "erfassung.daten", Pfad: "data", Meldung: "not the data of an Erfassung", Hinweis: "Die erfassten Daten sind nicht lesbar."}}
	}
	daten, err := json.Marshal(werte(e.Felder))
	if err != nil {
		return Inhalt{}, err
	}
	who := messaging.Empfaenger{Name: e.Antragsteller.Name, Anschrift: e.Antragsteller.Anschrift}
	return Inhalt{Daten: daten, Felder: e.Felder, Antragsteller: who}, nil
}

func werte(felder []vorgang.Feld) map[string]any {
	m := make(map[string]any, len(felder))
	for _, f := range felder {
		if m[f.Name] = f.Wert; len(f.Felder) > 0 {
			m[f.Name] = werte(f.Felder)
		}
	}
	return m
}
