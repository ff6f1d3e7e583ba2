package amt

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// klaerfall is a delivery that waits for a person.
type klaerfall struct {
	ID        uuid.UUID
	Eingang   time.Time
	Kanal     string
	Absender  string
	Leistung  string
	Ort       string
	Dateien   int
	Hinweise  []string
	WelcheOrt []tenant.Mandant
}

// klaerfach shows what belongs to nobody yet. It is kept by the Mandant that runs the
// installation, and seen by its people alone.
func (x *anfrage) klaerfach() error {
	if x.akteur.Mandant != x.a.Betreiber {
		return nichtGefunden
	}
	var d struct {
		Faelle     []klaerfall
		Leistungen []tenant.Leistung
		Orte       []tenant.Mandant
	}
	gesehen := map[tenant.Leistungsschluessel]bool{}
	for _, m := range x.a.Mandanten {
		for _, l := range m.Leistungen {
			if !gesehen[l.Schluessel] {
				gesehen[l.Schluessel] = true
				d.Leistungen = append(d.Leistungen, l)
			}
		}
	}
	d.Orte = x.a.Mandanten
	for k, err := range x.a.Annahme.Klaerfach(x.Context()) {
		if err != nil {
			return err
		}
		l := k.Lieferung
		f := klaerfall{ID: k.ID, Eingang: l.Eingang, Kanal: l.Kanal, Absender: l.Onlinedienst, Ort: l.Ort, Dateien: len(l.Dateien)}
		if s, err := tenant.ParseLeistung(l.Leistung); err == nil {
			f.Leistung = string(s)
		}
		for _, p := range k.Probleme {
			f.Hinweise = append(f.Hinweise, p.Hinweis)
		}
		if d.Faelle = append(d.Faelle, f); len(d.Faelle) >= 100 {
			break
		}
	}
	return x.seite("klaerfach", "Klärfach", d)
}

// klaere takes a delivery through the pipeline again, with what the person added.
func (x *anfrage) klaere() error {
	id, err := x.kennung("id")
	if err != nil || x.akteur.Mandant != x.a.Betreiber {
		return nichtGefunden
	}
	e, err := x.a.Annahme.Rerun(x.Context(), id, func(l *intake.Lieferung) {
		if s := x.text("leistung"); s != "" {
			l.Leistung = s
		}
		if s := x.text("ort"); s != "" {
			l.Ort = s
		}
	})
	var text string
	switch p := fehler.ProblemeIn(err); {
	case errors.Is(err, fehler.ErrConflict):
		text = "Daran arbeitet gerade jemand anderes, oder es ist schon erledigt."
	case len(p) > 0:
		text = "Das reicht noch nicht: " + p[0].Hinweis
	case err != nil:
		return err
	default:
		text = "Angenommen als Vorgang " + e.Nummer + "."
	}
	return x.weiter("/klaerfach", text)
}
