package amt

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
)

// assistent helps to write a Bescheid: which templates there are, and for the chosen one
// what is filled from the application and what the clerk must say.
type assistent struct {
	Vorlagen []vorlage.Eintrag
	Gewaehlt string
	Gefuellt []entwurf.Herkunft
	Fragen   []frage
	Gebuehr  *entwurf.Gebuehr
	Hindert  string
}

// frage is a field the clerk fills in.
type frage struct {
	vorlage.Feld
	Name, Beispiel string
	// Reihen of a list, each with its fields.
	Reihen [][]frage
}

// reihen is how many rows of a list the assistant offers.
const reihen = 3

func newFrage(f vorlage.Feld, h entwurf.Herkunft) frage {
	x := frage{Feld: f, Name: h.Feld, Beispiel: h.Wert}
	if f.Typ != vorlage.Liste {
		return x
	}
	x.Optional = f.Mindestens == 0
	for i := range reihen {
		var r []frage
		for _, g := range f.Felder {
			g.Optional = g.Optional || x.Optional || i >= f.Mindestens
			r = append(r, frage{Feld: g, Name: fmt.Sprintf("%s.%d.%s", h.Feld, i, g.Name)})
		}
		x.Reihen = append(x.Reihen, r)
	}
	return x
}

// forderung is a fee with what is open of it.
type forderung struct {
	vorgang.Gebuehr
	Stand         zahlung.Stand
	Kassenzeichen string
}

func (x *anfrage) bescheide() error {
	d, err := x.akte("bescheid")
	if err != nil {
		return err
	}
	for _, g := range d.Gebuehren {
		if f, ok := d.Forderung(g.ID); ok {
			d.Gebuehrlage = append(d.Gebuehrlage, forderung{g, f.Stand(datum.Von(x.now)), f.Kassenzeichen})
		}
	}
	liegtVor := slices.ContainsFunc(d.Bescheide, func(b bescheid.Bescheid) bool { return b.Zustand == bescheid.ZurFreigabe })
	if d.Darf("entwerfen") && !liegtVor {
		d.Assistent = x.assistent(d, x.URL.Query().Get("vorlage"))
	}
	return x.zeigeAkte(d, nil)
}

func (x *anfrage) assistent(d *akte, gewaehlt string) *assistent {
	as := &assistent{Gewaehlt: gewaehlt}
	tag := datum.Von(x.now)
	for _, e := range x.a.Vorlagen.List() {
		if e.Art != vorlage.Bescheid || len(e.Leistungen) > 0 && !slices.Contains(e.Leistungen, d.Leistung) ||
			slices.ContainsFunc(as.Vorlagen, func(f vorlage.Eintrag) bool { return f.ID == e.ID }) {
			continue
		}
		p := entwurf.Params{Vorlage: e.ID, Stand: d.Stand, Mandant: d.Owner, Tag: tag}
		if _, err := x.a.Entwerfer.Preview(p); err != nil {
			continue // no Zuordnung for this Leistung, or it needs an earlier Bescheid
		}
		as.Vorlagen = append(as.Vorlagen, e)
	}
	if !slices.ContainsFunc(as.Vorlagen, func(f vorlage.Eintrag) bool { return f.ID == gewaehlt }) {
		as.Gewaehlt = ""
		return as
	}
	p, err := x.entwurfParams(d.Stand, gewaehlt, nil)
	if err != nil {
		as.Hindert = hindert(err)
		return as
	}
	e, err := x.a.Entwerfer.Preview(p)
	if err != nil {
		as.Hindert = hindert(err)
		return as
	}
	as.Gebuehr = p.Gebuehr
	felder := x.felder(p)
	for _, h := range e.Herkunft {
		f, ok := felder[h.Feld]
		if (h.Art == entwurf.AusBeispiel || h.Art == entwurf.Leer) && ok && f.Typ != vorlage.Gruppe {
			as.Fragen = append(as.Fragen, newFrage(f, h))
		} else if h.Art != entwurf.Leer {
			as.Gefuellt = append(as.Gefuellt, h)
		}
	}
	return as
}

func hindert(err error) string {
	_, text := erklaere(err)
	return cmp.Or(text, "Diese Vorlage lässt sich gerade nicht füllen.")
}

// felder of a template by the name they have in the Herkunft.
func (x *anfrage) felder(p entwurf.Params) map[string]vorlage.Feld {
	out := map[string]vorlage.Feld{}
	v, err := x.a.Vorlagen.Choose(vorlage.Params{ID: p.Vorlage, Mandant: p.Mandant.ID, Land: p.Mandant.Land, Tag: p.Tag, Leistung: p.Stand.Leistung})
	if err != nil {
		return out
	}
	for _, f := range v.Felder() {
		out[f.Name] = f
		if f.Typ == vorlage.Gruppe {
			for _, g := range f.Felder {
				out[f.Name+"."+g.Name] = g
			}
		}
	}
	return out
}

// entwurfParams are what the template is filled with: the Vorgang, what the clerk said,
// and the fee.
func (x *anfrage) entwurfParams(s vorgang.Stand, id string, angaben vorlage.Daten) (entwurf.Params, error) {
	p := entwurf.Params{Vorlage: id, Stand: s, Mandant: x.a.mandanten[s.Mandant], Tag: datum.Von(x.now), Angaben: angaben}
	if x.a.Gebuehr == nil {
		return p, nil
	}
	v, err := x.a.Vorlagen.Choose(vorlage.Params{ID: id, Mandant: p.Mandant.ID, Land: p.Mandant.Land, Tag: p.Tag, Leistung: s.Leistung})
	if err != nil {
		return p, err
	}
	g, ok, err := x.a.Gebuehr(s, v.Angaben().BescheidArt, p.Tag)
	if ok {
		p.Gebuehr = g
	}
	return p, err
}

// angaben reads what the clerk said: fields "feld.name", "feld.gruppe.name" and
// "feld.liste.0.name".
func (x *anfrage) angaben(p entwurf.Params) vorlage.Daten {
	out := vorlage.Daten{}
	for name, f := range x.felder(p) {
		if f.Typ == vorlage.Liste {
			if l := x.liste(name, f); len(l) > 0 {
				out[name] = l
			}
			continue
		}
		v, ok := x.angabe("feld."+name, f.Typ)
		if !ok {
			continue
		}
		if gruppe, feld, ok := strings.Cut(name, "."); ok {
			g, _ := out[gruppe].(vorlage.Daten)
			if g == nil {
				g = vorlage.Daten{}
				out[gruppe] = g
			}
			g[feld] = v
		} else {
			out[name] = v
		}
	}
	return out
}

// liste reads the rows in which something stands.
func (x *anfrage) liste(name string, f vorlage.Feld) (out []vorlage.Daten) {
	for i := range reihen {
		d := vorlage.Daten{}
		for _, g := range f.Felder {
			if v, ok := x.angabe(fmt.Sprintf("feld.%s.%d.%s", name, i, g.Name), g.Typ); ok {
				d[g.Name] = v
			}
		}
		if len(d) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// angabe reads one field; false if nothing was said.
func (x *anfrage) angabe(name string, t vorlage.Typ) (any, bool) {
	wert := x.text(name)
	switch {
	case wert == "":
		return nil, false
	case t == vorlage.Wahrheit:
		return wert == "ja", true
	case t == vorlage.Geld || t == vorlage.Nummer:
		return strings.ReplaceAll(strings.ReplaceAll(wert, ".", ""), ",", "."), true
	}
	return wert, true
}

func (x *anfrage) entwurf(s vorgang.Stand, fuelle func(entwurf.Params) (*entwurf.Entwurf, error)) (i bescheid.Inhalt, p entwurf.Params, err error) {
	if p, err = x.entwurfParams(s, x.text("vorlage"), nil); err != nil {
		return i, p, err
	}
	p.Angaben = x.angaben(p)
	e, err := fuelle(p)
	if err != nil {
		return i, p, err
	}
	i, err = e.Inhalt()
	return i, p, err
}

// vorschau is the letter as PDF, with samples where something is missing.
func (x *anfrage) vorschau() error {
	id, err := x.kennung("id")
	if err != nil {
		return err
	}
	v, err := x.get(x.Context(), id)
	if err != nil {
		return err
	}
	i, _, err := x.entwurf(v.Stand(), func(p entwurf.Params) (*entwurf.Entwurf, error) {
		if e, err := x.a.Entwerfer.Draft(p); err == nil {
			return e, nil
		}
		return x.a.Entwerfer.Preview(p)
	})
	if err != nil {
		return err
	}
	return x.setze(v.Stand(), bescheid.Bescheid{Inhalt: i})
}

// setze sets a draft. Without the mark of a release the document says on each page that
// it is one.
func (x *anfrage) setze(s vorgang.Stand, b bescheid.Bescheid) error {
	m := x.a.mandanten[s.Mandant]
	e, _ := m.Einheit(s.Einheit)
	k := ausfertigung.Kopf{Mandant: m, Einheit: e, Empfaenger: s.Antrag.Antragsteller.Empfaenger, Nummer: s.Nummer, Bearbeiter: x.a.namen[s.Bearbeiter()]}
	if len(s.Aktenzeichen) > 0 {
		k.Aktenzeichen = s.Aktenzeichen[0]
	}
	if x.a.Kopf != nil {
		x.a.Kopf(&k, s.Mandant)
	}
	d, err := ausfertigung.Dokument(k, b)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if _, err := x.a.pdf.Write(&buf, d); err != nil {
		return err
	}
	return x.gibPDF(&buf, "entwurf-"+s.Nummer+".pdf")
}

// bescheidPDF is the letter as it went out, or the draft as it would.
func (x *anfrage) bescheidPDF() error {
	id, err := x.kennung("id")
	if err != nil {
		return err
	}
	bid, err := x.kennung("bescheid")
	if err != nil {
		return err
	}
	v, err := x.get(x.Context(), id)
	if err != nil {
		return err
	}
	s := v.Stand()
	for _, b := range s.Bescheide {
		switch {
		case b.ID != bid:
		case b.Dokument != nil:
			return x.gibDatei(s.Mandant, *b.Dokument)
		default:
			return x.setze(s, b)
		}
	}
	return nichtGefunden
}

// entwerfen writes the draft, fixes the fee in it and submits both for release by
// somebody else. A returned draft is written anew under the same id.
func entwerfen(x *anfrage, v *vorgang.Vorgang) error {
	s := v.Stand()
	i, p, err := x.entwurf(s, x.a.Entwerfer.Draft)
	if err != nil {
		return err
	}
	var id uuid.UUID
	for _, b := range s.Bescheide {
		if b.Zustand == bescheid.Entwurf {
			id = b.ID
		}
	}
	neu := id == uuid.Nil
	if neu {
		id, err = v.Draft(x.akteur, x.now, i)
	} else {
		err = v.Redraft(x.akteur, x.now, id, i)
	}
	if err != nil {
		return err
	}
	if neu && p.Gebuehr != nil && p.Gebuehr.Ergebnis.Summe > 0 {
		if _, err := v.ChargeFee(x.akteur, x.now, vorgang.Festsetzung{Ergebnis: p.Gebuehr.Ergebnis, Bescheid: id, Kassenzeichen: x.a.Kassenzeichen(s), FaelligTage: 14}); err != nil {
			return err
		}
	}
	return v.SubmitDraft(x.akteur, x.now, id)
}

// Mitgewirkt tells whether the person wrote on the text and so cannot release it.
func (d *akte) Mitgewirkt(b bescheid.Bescheid) bool {
	return slices.ContainsFunc(d.x.akteur.Augen(), func(a string) bool { return slices.Contains(b.Mitwirkende, a) })
}
