package frist

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// Vorwarnung is one warning to be given before the end of a period.
type Vorwarnung struct {
	// Schluessel is the same for the same stage of the same end of the same period,
	// whenever it is worked out: who keeps the keys never warns twice. An end that
	// moves has new keys.
	Schluessel string `json:"schluessel"`
	// Tag is the working day on which to warn, Rolle is whom.
	Tag   datum.Datum  `json:"tag"`
	Rolle tenant.Rolle `json:"rolle"`
	Zweck Zweck        `json:"zweck"`
	// Werktage is the stage of the plan.
	Werktage int `json:"werktage"`
	// Frist is the end warned of: the earliest the law may mean.
	Frist datum.Datum `json:"frist"`
	// Text is the German sentence; it names no person.
	Text string `json:"text"`
}

// VorwarnOptions configures [Rechner.Vorwarnungen]. Nil means defaults.
type VorwarnOptions struct {
	// Plan is that of the Mandant; nil is [StandardVorwarnplan].
	Plan *Vorwarnplan
	// Ort is whose working days count; without a Land it is the seat in the case.
	Ort Ort
	// Ab is the first day on which a warning can still be given. Stages before it
	// are left out; of a role that would then not be warned at all the last one
	// moves to the first working day from Ab on, or to Ab if none is left. Zero
	// gives all stages.
	Ab datum.Datum
}

// Vorwarnungen says when to warn of the end of a result, and whom, by day. It
// counts back from the earliest candidate, on working days of the authority; a
// day that may be a holiday is not taken for one. bezug tells one period from
// another (such as the id of the Vorgang and a number) and is part of the key;
// it must hold no personal data. A result without an end gives nothing, except
// that the end of a Bereitstellung is warned of while nobody has retrieved.
// Errors are of kind fehler.ErrInvalid.
func (r *Rechner) Vorwarnungen(e Ergebnis, bezug string, o *VorwarnOptions) ([]Vorwarnung, error) {
	if o == nil {
		o = &VorwarnOptions{}
	}
	x := r.beginne("frist.Vorwarnungen", e.Zweck, e.Eingabe)
	x.fordere(bezug != "" && len(bezug) <= 200 && !strings.ContainsFunc(bezug, func(c rune) bool { return c <= ' ' || c == 0x7f }), "bezug", "/bezug",
		"reference missing, too long or with blanks", "Der Bezug der Frist fehlt oder hat nicht die verlangte Form.")
	x.tag(o.Ab, "/ab", false)
	x.ort(o.Ort, "/ort", false)
	if err := x.fehler(); err != nil {
		return nil, err
	}
	v := vorwarner{rechner: r, ort: o.Ort, zweck: e.Zweck, ende: e.Fruehestes(), bezug: bezug}
	if e.Lage == LageOffen && !e.BereitstellungBis.IsZero() {
		v.zweck, v.ende = ZweckBereitstellung, e.BereitstellungBis
	}
	if v.ort.Land == "" {
		v.ort = e.Eingabe.sitz()
	}
	if v.ende.IsZero() || !imBereich(v.ende) || v.ende.Vor(o.Ab) {
		return nil, nil
	}
	v.was = v.beschreibe(e)
	plan := o.Plan
	if plan == nil {
		plan = StandardVorwarnplan()
	}
	return v.stufen(plan.stufen(v.zweck), o.Ab), nil
}

// vorwarner counts back from one end.
type vorwarner struct {
	rechner *Rechner
	ort     Ort
	zweck   Zweck
	ende    datum.Datum
	bezug   string
	was     string
}

func (v *vorwarner) stufen(stufen []Vorwarnstufe, ab datum.Datum) []Vorwarnung {
	var out []Vorwarnung
	gewarnt := map[tenant.Rolle]int{} // 1 + position of the latest warning of the role
	for i, s := range stufen {
		tag := v.zurueck(s.Werktage)
		if tag.Vor(ab) {
			letzte := !slices.ContainsFunc(stufen[i+1:], func(t Vorwarnstufe) bool { return t.Rolle == s.Rolle })
			if !letzte || gewarnt[s.Rolle] > 0 {
				continue
			}
			tag = v.ab(ab)
		}
		// Around weekends two stages can fall on one day; the nearer one says enough.
		if j := gewarnt[s.Rolle]; j > 0 && out[j-1].Tag == tag {
			out[j-1] = v.warnung(s, tag)
			continue
		}
		out = append(out, v.warnung(s, tag))
		gewarnt[s.Rolle] = len(out)
	}
	slices.SortStableFunc(out, func(a, b Vorwarnung) int {
		return cmp.Or(a.Tag.Compare(b.Tag), b.Werktage-a.Werktage, strings.Compare(string(a.Rolle), string(b.Rolle)))
	})
	return out
}

func (v *vorwarner) werktag(d datum.Datum) bool { return v.rechner.kalender.IsWerktag(v.ort, d) == Ja }

// zurueck gives the n-th working day before the end; n = 0 is the end itself, or
// the last working day before it.
func (v *vorwarner) zurueck(n int) datum.Datum {
	d := v.ende
	if n == 0 && v.werktag(d) {
		return d
	}
	n = max(n, 1)
	// A calendar whose extra days fill a month must not loop for ever.
	for range 4*n + maxVerschiebung {
		d = d.AddTage(-1)
		if v.werktag(d) {
			if n--; n == 0 {
				break
			}
		}
	}
	return d
}

// ab gives the first working day from a day on, but none after the end.
func (v *vorwarner) ab(d datum.Datum) datum.Datum {
	for t := d; !t.Nach(v.ende); t = t.AddTage(1) {
		if v.werktag(t) {
			return t
		}
	}
	return d
}

func (v *vorwarner) warnung(s Vorwarnstufe, tag datum.Datum) Vorwarnung {
	rest := 0
	for d := tag.AddTage(1); !d.Nach(v.ende); d = d.AddTage(1) {
		if v.werktag(d) {
			rest++
		}
	}
	bleibt := "bleiben " + strconv.Itoa(rest) + " Werktage"
	switch rest {
	case 0:
		bleibt = "bleibt kein weiterer Werktag"
	case 1:
		bleibt = "bleibt 1 Werktag"
	}
	return Vorwarnung{
		Schluessel: strings.Join([]string{v.bezug, string(v.zweck), v.ende.String(), strconv.Itoa(s.Werktage), string(s.Rolle)}, "/"),
		Tag:        tag, Rolle: s.Rolle, Zweck: v.zweck, Werktage: s.Werktage, Frist: v.ende,
		Text: v.was + "; nach dem " + deutsch(tag) + " " + bleibt + ".",
	}
}

var zweckText = map[Zweck]string{
	ZweckBekanntgabe:         "Bekanntgabe",
	ZweckBereitstellung:      "Bereitstellung zum Abruf",
	ZweckRechtsbehelf:        "Frist des Rechtsbehelfs",
	ZweckUntaetigkeit:        "Sperrfrist vor der Untätigkeitsklage",
	ZweckWiedereinsetzung:    "Frist der Wiedereinsetzung",
	ZweckGenehmigungsfiktion: "Entscheidungsfrist mit Genehmigungsfiktion",
	ZweckBehoerdenfrist:      "Von der Behörde gesetzte Frist",
	ZweckBearbeitungsfrist:   "Bearbeitungsfrist",
	ZweckVerlaengerung:       "Verlängerte Frist",
	ZweckPflicht:             "Pflicht der Behörde",
	ZweckAufbewahrung:        "Aufbewahrungsfrist",
	ZweckTechnisch:           "Technische Frist",
}

// beschreibe says what ends when: "Bearbeitungsfrist (§ 1 Fachgesetz): Ende frühestens am ...".
func (v *vorwarner) beschreibe(e Ergebnis) string {
	s := zweckText[v.zweck]
	if n := v.norm(e); n != "" {
		s += " (" + n + ")"
	}
	s += ": Ende "
	if v.zweck == e.Zweck && !e.Eindeutig() {
		s += "frühestens "
	}
	return s + "am " + wochentage[v.ende.Wochentag()] + ", " + deutsch(v.ende)
}

// norm is that of the case where the length comes from it, else of the first
// rule of the purpose.
func (v *vorwarner) norm(e Ergebnis) string {
	in := e.Eingabe
	switch {
	case in.Bearbeitungsfrist != nil:
		return in.Bearbeitungsfrist.Norm
	case in.Aufbewahrung != nil:
		return in.Aufbewahrung.Norm
	case in.Genehmigungsfiktion != nil && in.Genehmigungsfiktion.Norm != "":
		return in.Genehmigungsfiktion.Norm
	}
	for _, b := range e.Belege {
		if r, ok := v.rechner.regeln.Regel(b.ID); ok && r.Zweck == v.zweck && r.Art != ArtHinweis {
			return b.Norm
		}
	}
	return ""
}

// sitz is where the period of the case must be kept.
func (e Eingabe) sitz() Ort {
	switch {
	case e.Bekanntgabe != nil:
		return e.Bekanntgabe.Behoerde.Ort
	case e.Rechtsbehelf != nil:
		return e.Rechtsbehelf.Behoerde.Ort
	case e.Untaetigkeit != nil:
		return e.Untaetigkeit.Behoerde.Ort
	case e.Wiedereinsetzung != nil:
		return e.Wiedereinsetzung.Behoerde.Ort
	case e.Genehmigungsfiktion != nil:
		return e.Genehmigungsfiktion.Behoerde.Ort
	case e.Behoerdenfrist != nil:
		return e.Behoerdenfrist.Behoerde.Ort
	case e.Bearbeitungsfrist != nil:
		return e.Bearbeitungsfrist.Behoerde.Ort
	case e.Verlaengerung != nil:
		return e.Verlaengerung.Behoerde.Ort
	case e.Pflicht != nil:
		return e.Pflicht.Behoerde.Ort
	}
	return Ort{}
}
