package xdomea

import (
	"context"
	"io"
	"iter"
	"strconv"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Inhalt is what a message carries: *dms.Paket (0401), *dms.Information (0101),
// *dms.Anbietung (0501), *dms.Bewertung (0502), *dms.Aussonderung (0503), *dms.Ablage
// (0604 or 0605), *dms.Vermerke (0607), *dms.Gesamtprotokoll (0623) or
// *dms.Schliessung (0624). Anything else is fehler.ErrUnsupported.
type Inhalt interface {
	Check() fehler.Probleme
}

// plan is how an Inhalt becomes a message.
type plan struct {
	nummer   string
	kopf     kopfdaten
	schreibe func(*schreiber)
	objekte  []*dms.Objekt
	dateien  iter.Seq[*dms.Datei] // nil: none
}

// Write writes the message alone, without files, as [Kodierer.WriteAbgabe] does. A
// message the version does not have is fehler.ErrUnsupported.
func (k *Kodierer) Write(w io.Writer, v Inhalt) error {
	pl, err := k.plan(v)
	if err == nil {
		err = k.write(context.Background(), w, pl.nummer, pl.kopf, pl.schreibe)
	}
	if err != nil {
		return fehler.New("xdomea.Write", pl.kopf.ProzessID, nil, err)
	}
	return nil
}

// Name is the file name of the container or message: ending "zip" or "xml".
func (k *Kodierer) Name(v Inhalt, endung string) (string, error) {
	pl, err := k.plan(v)
	if err != nil {
		return "", fehler.New("xdomea.Name", pl.kopf.ProzessID, nil, err)
	}
	return k.stem(pl.kopf.ProzessID, pl.nummer) + "." + endung, nil
}

// Pack writes the container of any message, as [Kodierer.Encode] does for a Paket.
func (k *Kodierer) Pack(ctx context.Context, w io.Writer, v Inhalt) error {
	pl, err := k.plan(v)
	if err == nil {
		err = k.pack(ctx, w, pl)
	}
	if err != nil {
		return fehler.New("xdomea.Pack", pl.kopf.ProzessID, nil, err)
	}
	return nil
}

// plan checks the value too, so that nothing is written of one that is wrong.
func (k *Kodierer) plan(v Inhalt) (plan, error) {
	pl, ok := planOf(v)
	if !ok {
		return pl, fehler.New("xdomea.Write", "", fehler.ErrUnsupported, nil)
	}
	if _, ok := k.profil.Nachrichten[pl.nummer]; !ok {
		return pl, k.fehlt(pl.nummer)
	}
	if pr := v.Check(); pr != nil {
		return pl, pr
	}
	var pr fehler.Probleme
	for _, o := range pl.objekte {
		pr = append(pr, checkFormate(o.Dokumente())...)
	}
	if b, ok := v.(*dms.Bewertung); ok {
		pr = append(pr, k.checkBewertung(b)...)
	}
	if pr != nil {
		return pl, pr
	}
	return pl, nil
}

func (k *Kodierer) checkBewertung(b *dms.Bewertung) (pr fehler.Probleme) {
	if k.profil.Nachrichtenkopf && b.Bezug == "" {
		pr = append(pr, problem("xdomea.bezug", "/bezug", "the id of the message that is answered is required",
			"In dieser xdomea-Version muss die Bewertung die Anbietung nennen."))
	}
	for i, u := range b.Urteile {
		if u.Vereinbart != "" && len(k.profil.Aufbau["Aussonderungsart"]) == 0 {
			pr = append(pr, problem("xdomea.urteil", "/urteile/"+strconv.Itoa(i), "this version has the verdicts A, B and V only",
				"In dieser xdomea-Version sind nur die Urteile A, B und V möglich."))
		}
	}
	return pr
}

func planOf(v Inhalt) (plan, bool) {
	switch v := v.(type) {
	case *dms.Paket:
		o := &dms.Objekt{Akte: v.Akte, Vorgang: &v.Vorgang}
		return plan{nummer: "0401", kopf: kopfdaten{Kopf: v.Kopf()}, objekte: []*dms.Objekt{o}, dateien: v.Dateien(),
			schreibe: func(s *schreiber) { s.objekt(o) }}, true
	case *dms.Information:
		return objektplan("0101", kopfdaten{Kopf: v.Kopf}, v.Objekte, v.Dateien()), true
	case *dms.Anbietung:
		pl := objektplan("0501", kopfdaten{Kopf: v.Kopf}, v.Objekte, nil)
		schreibe := pl.schreibe
		pl.schreibe = func(s *schreiber) { s.ohneDateien = true; schreibe(s) }
		return pl, true
	case *dms.Aussonderung:
		return objektplan("0503", kopfdaten{Kopf: v.Kopf, archivkennung: v.WithArchivkennung}, v.Objekte, v.Dateien()), true
	case *dms.Bewertung:
		return plan{nummer: "0502", kopf: kopfdaten{Kopf: v.Kopf}, schreibe: func(s *schreiber) { s.bewertung(v) }}, true
	case *dms.Ablage:
		pl := plan{nummer: "0605", kopf: fachkopf(&v.Kopf, &v.Fach, len(v.Objekte)), dateien: v.Dateien(),
			schreibe: func(s *schreiber) { s.ablage(v) }}
		if v.Erstellen {
			pl.nummer = "0604"
		}
		for i := range v.Objekte {
			pl.objekte = append(pl.objekte, &v.Objekte[i].Objekt)
		}
		return pl, true
	case *dms.Vermerke:
		return plan{nummer: "0607", kopf: fachkopf(&v.Kopf, &v.Fach, len(v.Eintraege)), schreibe: func(s *schreiber) { s.vermerke(v) }}, true
	case *dms.Gesamtprotokoll:
		pl := plan{nummer: "0623", kopf: fachkopf(&v.Kopf, &v.Fach, len(v.Protokolle)), dateien: v.Dateien(),
			schreibe: func(s *schreiber) { s.gesamtprotokoll(v) }}
		for i := range v.Protokolle {
			pl.objekte = append(pl.objekte, &dms.Objekt{Dokument: v.Protokolle[i].Dokument})
		}
		return pl, true
	case *dms.Schliessung:
		return plan{nummer: "0624", kopf: fachkopf(&v.Kopf, &v.Fach, len(v.IDs)), schreibe: func(s *schreiber) { s.schliessung(v) }}, true
	}
	return plan{}, false
}

func fachkopf(k *dms.Kopf, f *dms.Fachkopf, n int) kopfdaten {
	return kopfdaten{Kopf: *k, fach: *f, stapel: n}
}

func objektplan(nummer string, k kopfdaten, os []dms.Objekt, dateien iter.Seq[*dms.Datei]) plan {
	pl := plan{nummer: nummer, kopf: k, dateien: dateien, schreibe: func(s *schreiber) { s.objekte(os) }}
	for i := range os {
		pl.objekte = append(pl.objekte, &os[i])
	}
	return pl
}

func (s *schreiber) bewertung(b *dms.Bewertung) {
	name := s.p.Aufbau["0502"][0]
	for i := range b.Urteile {
		u := &b.Urteile[i]
		s.start(name)
		s.folge(name, func(e string) {
			switch {
			case e != "Aussonderungsart":
				s.text(e, u.ID)
			case u.Vereinbart != "":
				s.start(e)
				s.text("AussonderungsartKonfigurierbar", u.Vereinbart)
				s.end()
			default:
				s.aussonderungsart(u.Aussonderungsart)
			}
		})
		s.end()
	}
}

// stapelnummer is left out where there is only one object: the batch is none then.
func (s *schreiber) stapelnummer(i, n int) {
	if n > 1 {
		s.text("NummerImStapel", strconv.Itoa(i+1))
	}
}

func (s *schreiber) ablage(a *dms.Ablage) {
	name := "SchriftgutobjektZumAblegen"
	if a.Erstellen {
		name = "SchriftgutobjektZumErstellen"
	}
	for i := range a.Objekte {
		o := &a.Objekte[i]
		s.start(name)
		s.stapelnummer(i, len(a.Objekte))
		s.text("FachverfahrenObjektID", o.FachID)
		s.text("IDContainer", o.Container)
		s.objekt(&o.Objekt)
		s.text("Ablageort", o.Ablageort)
		if o.Oeffnen {
			s.flag("SGOOeffnen", true)
		}
		s.end()
	}
}

// vermerke: day and time are those of Germany; 2.x names the person by a Kontakt.
func (s *schreiber) vermerke(v *dms.Vermerke) {
	for i := range v.Eintraege {
		e := &v.Eintraege[i]
		t := e.Zeit.In(datum.Berlin())
		s.start("ProtokolleintragZumErstellen")
		s.stapelnummer(i, len(v.Eintraege))
		s.text("IDSGO", e.ID)
		s.start("Protokolleintrag")
		if len(s.p.Aufbau["Bearbeiter.Kontakt"]) > 0 {
			s.kontakt("Bearbeiter", &dms.Kontakt{Person: dms.Person{Familienname: e.Bearbeiter}})
		} else {
			s.text("Bearbeiter", e.Bearbeiter)
		}
		s.text("Datum", t.Format("2006-01-02"))
		s.text("Uhrzeit", t.Format("15:04:05Z07:00"))
		s.must("Notiz", e.Notiz)
		s.end()
		s.end()
	}
}

func (s *schreiber) gesamtprotokoll(g *dms.Gesamtprotokoll) {
	for i := range g.Protokolle {
		p := &g.Protokolle[i]
		s.start("GesamtprotokollZumAblegen")
		s.stapelnummer(i, len(g.Protokolle))
		s.text("IDSGO", p.ID)
		s.text("Ablageort", p.Ablageort)
		if p.Dokument != nil {
			s.dokument("Dokument", p.Dokument, 0, "")
		}
		s.historie(p.Historie)
		s.end()
	}
}

func (s *schreiber) schliessung(v *dms.Schliessung) {
	for i, id := range v.IDs {
		s.start("SchriftgutobjektZumZDAVerfuegen")
		s.stapelnummer(i, len(v.IDs))
		s.text("IDSGO", id)
		s.end()
	}
}
