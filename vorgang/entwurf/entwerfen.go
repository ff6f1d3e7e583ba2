package entwurf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Options of an [Entwerfer]; nil means defaults.
type Options struct {
	// Vorlagen; default [vorlage.Standard]. The Zuordnungen must be loaded for the same.
	Vorlagen *vorlage.Sammlung
	// Belehrungen; default [bescheid.StandardBelehrungen].
	Belehrungen *bescheid.Belehrungen
	// Gericht gives the court where a Klage against the Mandant is to be brought, as it
	// follows "bei", and its seat: "dem Verwaltungsgericht Schleswig", "Brockdorff-Rantzau-Straße
	// 13, 24837 Schleswig". Without it a decision that needs a Klage is not drafted.
	Gericht func(m *tenant.Mandant) (bei, sitz string)
}

// Entwerfer fills templates. Safe for concurrent use.
type Entwerfer struct {
	z *Zuordnungen
	o Options
}

// New makes an Entwerfer; the Zuordnungen are mandatory.
func New(z *Zuordnungen, o *Options) (*Entwerfer, error) {
	if z == nil {
		return nil, fehler.New("entwurf.New", "", fehler.ErrInvalid, errors.New("the Zuordnungen are mandatory"))
	}
	e := &Entwerfer{z: z}
	if o != nil {
		e.o = *o
	}
	if e.o.Vorlagen == nil {
		e.o.Vorlagen = vorlage.Standard()
	}
	if e.o.Belehrungen == nil {
		var err error
		if e.o.Belehrungen, err = bescheid.StandardBelehrungen(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// Gebuehr is what a decision charges: the calculation, and its words for the letter.
type Gebuehr struct {
	Ergebnis gebuehr.Ergebnis
	// Teil stands in place of the template's own words on the fee, with the calculation as a
	// table; nil leaves those of the template.
	Teil *gebuehr.Bescheidteil
}

// Params of one draft. Vorlage, Stand, Mandant and Tag are mandatory.
type Params struct {
	Vorlage string
	Stand   vorgang.Stand
	Mandant *tenant.Mandant
	Tag     datum.Datum // of the draft: decides which versions of texts are used
	// Bezug is the earlier Bescheid of the Vorgang that this one is about, and
	// Rechtsbehelf the one it decides on; mandatory where the kind needs them.
	Bezug        uuid.UUID
	Rechtsbehelf uuid.UUID
	Gebuehr      *Gebuehr
	// Angaben of the clerk, by field of the template. They come before every source.
	Angaben vorlage.Daten
}

// Entwurf is a filled template.
type Entwurf struct {
	// Ergebnis is the text, block by block; of a letter it gives the messaging.Nachricht.
	Ergebnis *vorlage.Ergebnis
	// Herkunft says of each field where its value came from, in the order of the fields.
	Herkunft []Herkunft

	inhalt bescheid.Inhalt
}

// Inhalt is the text for vorgang.Draft, with Belehrung, earlier Bescheid, fee and the
// version of the template. A letter has none: fehler.ErrInvalid.
func (e *Entwurf) Inhalt() (bescheid.Inhalt, error) {
	if e.Ergebnis.Art != vorlage.Bescheid {
		return e.Ergebnis.Inhalt() // says what is wrong
	}
	return e.inhalt.Clone(), nil
}

// Erklaerung says in German, line by line, what was filled from where. It holds
// personal data.
func (e *Entwurf) Erklaerung() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Vorlage „%s“, Fassung %d.\n", e.Ergebnis.Vorlage, e.Ergebnis.Fassung)
	for _, h := range e.Herkunft {
		b.WriteString(h.Satz() + "\n")
	}
	return b.String()
}

// Draft fills the template. What is missing, does not fit or was asked for another form
// is fehler.ErrInvalid with Probleme; a template or Zuordnung that there is not for the
// Leistung and day, or an earlier Bescheid that the Vorgang does not have, is
// fehler.ErrNotFound.
func (e *Entwerfer) Draft(p Params) (*Entwurf, error) { return e.entwirf("entwurf.Draft", p, false) }

// Preview is Draft with sample data of the template where a value is missing: for the
// form of the clerk, and to look at a template. Herkunft says which are samples. It must
// not be released.
func (e *Entwerfer) Preview(p Params) (*Entwurf, error) {
	return e.entwirf("entwurf.Preview", p, true)
}

func (e *Entwerfer) entwirf(op string, p Params, probe bool) (*Entwurf, error) {
	if p.Mandant == nil || p.Tag.IsZero() || p.Vorlage == "" {
		return nil, fehler.New(op, p.Vorlage, fehler.ErrInvalid, errors.New("the fields Vorlage, Mandant and Tag are mandatory"))
	}
	g := e.z.waehle(p.Stand.Leistung, p.Mandant, p.Tag, func(g *geprueft) bool { return g.Vorlage == p.Vorlage })
	if g == nil {
		return nil, fehler.New(op, p.Vorlage, fehler.ErrNotFound, fehler.Probleme{problem("zuordnung", "", "there is no Zuordnung for the Leistung and day",
			"Für diese Vorlage ist nicht gesagt, woher ihre Angaben bei dieser Leistung kommen.")})
	}
	v, err := e.o.Vorlagen.Choose(vorlage.Params{ID: p.Vorlage, Mandant: p.Mandant.ID, Land: p.Mandant.Land, Tag: p.Tag, Leistung: p.Stand.Leistung})
	if err != nil {
		return nil, err
	}
	a := v.Angaben()
	k := &kontext{p: &p}
	if err := k.lies(op, g, &a, probe); err != nil {
		return nil, err
	}
	f := &fueller{k: k, g: g, quellen: quellen(), probe: probe}
	daten := f.felder("", v.Felder(), g.Felder, p.Angaben, a.Beispiel)
	for name, w := range p.Angaben { // those that belong to no field are for Render to refuse
		if _, da := daten[name]; !da {
			daten[name] = w
		}
	}
	r, err := v.Render(daten)
	if err != nil {
		return nil, err
	}
	out := &Entwurf{Ergebnis: r, Herkunft: f.herkunft}
	if a.Art == vorlage.Bescheid {
		if out.inhalt, err = e.inhalt(op, &p, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lies finds what the sources read.
func (k *kontext) lies(op string, g *geprueft, a *vorlage.Angaben, probe bool) error {
	p, s := k.p, &k.p.Stand
	if i := slices.IndexFunc(s.Bescheide, func(b bescheid.Bescheid) bool { return b.ID == p.Bezug }); i >= 0 && p.Bezug != uuid.Nil {
		k.bezug = &s.Bescheide[i]
	}
	if i := slices.IndexFunc(s.Rechtsbehelfe, func(r vorgang.Rechtsbehelf) bool { return r.ID == p.Rechtsbehelf }); i >= 0 && p.Rechtsbehelf != uuid.Nil {
		k.rb = &s.Rechtsbehelfe[i]
	}
	fehlt := (p.Bezug != uuid.Nil && k.bezug == nil) || (p.Rechtsbehelf != uuid.Nil && k.rb == nil)
	switch {
	case fehlt:
		return fehler.New(op, p.Vorlage, fehler.ErrNotFound, fehler.Probleme{problem("bezug", "/bezug", "the Vorgang has no such Bescheid or remedy",
			"Diesen Bescheid oder Rechtsbehelf gibt es im Vorgang nicht.")})
	case k.rb != nil && k.rb.Bescheid != p.Bezug:
		return fehler.New(op, p.Vorlage, fehler.ErrInvalid, fehler.Probleme{problem("bezug", "/rechtsbehelf", "the remedy is against another Bescheid",
			"Der Rechtsbehelf richtet sich gegen einen anderen Bescheid.")})
	case !probe && ((mitBezug(a) && k.bezug == nil) || (mitRechtsbehelf(a) && k.rb == nil)):
		return fehler.New(op, p.Vorlage, fehler.ErrInvalid, fehler.Probleme{problem("bezug", "/bezug", "this kind needs the earlier Bescheid, and the remedy it decides on",
			"Bitte angeben, auf welchen früheren Bescheid und welchen Rechtsbehelf sich der Entwurf bezieht.")})
	}
	if g.schema == nil || (probe && len(s.Antrag.Daten) == 0) {
		return nil
	}
	if s.Antrag.Schema != "" && s.Antrag.Schema != g.Schema {
		return fehler.New(op, p.Vorlage, fehler.ErrInvalid, fehler.Probleme{problem("anderes-formular", "/antrag/schema", "the application has another schema than the Zuordnung",
			"Der Antrag kam mit einem anderen Formular, als die Zuordnung erwartet.")})
	}
	if len(s.Antrag.Daten) == 0 {
		return nil // each value is then missing by name
	}
	if err := strictjson.Check(s.Antrag.Daten, strictjson.Limits{}); err != nil {
		return ungueltigeDaten(op, p.Vorlage)
	}
	dec := json.NewDecoder(bytes.NewReader(s.Antrag.Daten))
	dec.UseNumber()
	if err := dec.Decode(&k.daten); err != nil {
		return ungueltigeDaten(op, p.Vorlage)
	}
	return nil
}

// The cause is left out: it can quote the data.
func ungueltigeDaten(op, key string) error {
	return fehler.New(op, key, fehler.ErrInvalid, fehler.Probleme{problem("daten-json", "/antrag/daten", "not readable as JSON", "Die Daten des Antrags sind nicht lesbar.")})
}

// inhalt completes the text of a decision.
func (e *Entwerfer) inhalt(op string, p *Params, r *vorlage.Ergebnis) (bescheid.Inhalt, error) {
	i, err := r.Inhalt()
	if err != nil {
		return i, err
	}
	if i.Art.BrauchtBezug() {
		i.Bezug = p.Bezug
	}
	if g := p.Gebuehr; g != nil && g.Teil != nil {
		i.Gebuehr = g.Teil.Text()
		i.Begruendung = append(i.Begruendung, g.Teil.Begruendung...)
		i.Gebuehrentafel = tafel(g.Teil.Tafel)
	}
	switch r.Belehrung {
	case "":
		return i, nil
	case "widerspruch":
		return e.o.Belehrungen.FillIn(i, p.Mandant, p.Tag)
	}
	q := bescheid.BelehrungParams{Land: p.Mandant.Land, Verfahren: i.Verfahren, Rechtsbehelf: r.Belehrung, Tag: p.Tag}
	if r.Belehrung == "klage" {
		if e.o.Gericht != nil {
			q.Behoerde, q.Sitz = e.o.Gericht(p.Mandant)
		}
		if i.Art == bescheid.Widerspruchsbescheid {
			q.Rechtsbehelf = "klage-nach-widerspruch"
		}
	} else {
		q.Behoerde, q.Sitz = "der Behörde "+p.Mandant.Name, strings.Join(p.Mandant.Anschrift.Zeilen(), ", ")
	}
	i.Rechtsbehelfsbelehrung, _, err = e.o.Belehrungen.Choose(q)
	if err != nil {
		return bescheid.Inhalt{}, err
	}
	return i, nil
}

// tafel as part of the released text; shares of the width become whole numbers.
func tafel(t gebuehr.Tafel) *bescheid.Tafel {
	if len(t.Zeilen) == 0 {
		return nil
	}
	out := &bescheid.Tafel{Titel: t.Titel, Summe: slices.Clone(t.Summe)}
	for _, s := range t.Spalten {
		out.Spalten = append(out.Spalten, bescheid.Spalte{Kopf: s.Kopf, Breite: int(s.Anteil*100 + 0.5), Rechts: s.Rechts, Zeilenkopf: s.Zeilenkopf})
	}
	for _, z := range t.Zeilen {
		out.Zeilen = append(out.Zeilen, slices.Clone(z))
	}
	return out
}
