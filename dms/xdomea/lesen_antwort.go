package xdomea

import (
	"context"
	"encoding/xml"
	"io"
	"slices"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

// ReadAntwort reads a message 0402 or 0403.
func (k *Kodierer) ReadAntwort(ctx context.Context, r io.Reader) (dms.Antwort, error) {
	a, err := k.readAntwort(ctx, r)
	if err != nil {
		return dms.Antwort{}, readError("xdomea.ReadAntwort", err)
	}
	return a, nil
}

func (k *Kodierer) readAntwort(ctx context.Context, r io.Reader) (dms.Antwort, error) {
	p := k.pruefeMit(ctx)
	l := newLeser(ctx, p.along(r), k.grenzen)
	root, _ := l.root()
	nummer := "0402"
	if strings.HasSuffix(root.Name.Local, ".0403") {
		nummer = "0403"
	}
	m := &abgabeleser{leser: l}
	m.profil = k.profilOf(l.version(root, nummer))
	b := m.bestaetigung(nummer)
	l.finish()
	if err := p.end(l.err); err != nil {
		return dms.Antwort{}, err
	}
	return b.Antwort, nil
}

// bestaetigung reads what is below the root of an answer.
func (m *abgabeleser) bestaetigung(nummer string) *Bestaetigung {
	b := &Bestaetigung{Nummer: nummer}
	a := &b.Antwort
	var kopf dms.Kopf
	var gesamt *ergebnis // the one result of 2.x, and that of all in 4.0.0
	receipt := slices.Contains(empfangsnummern, nummer)
	m.each(func(name string, _ []xml.Attr) {
		switch {
		case name == "Kopf", name == "nachrichtenkopf":
			m.kopf(&kopf, func(name string) bool {
				if name == "FVSessionID" {
					b.Session = m.str()
					return true
				}
				return name == "EmpfangendesSystem" && m.skipped()
			})
		case name == "UUIDUrsprungsnachricht":
			kopf.Bezug = m.uuid()
		case name == "LfdNrNachrichtProTyp", name == "GesamtanzahlNachrichtenProTyp":
			m.skip()
		case receipt:
			m.omit()
		case name == "AbgegebenesObjekt", name == "AusgesondertesSGO":
			a.Objekte = append(a.Objekte, m.ergebnis().ObjektErgebnis)
		case name == "ErfolgOderMisserfolg" && nummer == "0630":
			m.fachantwort(a)
		case name == "ErfolgOderMisserfolg":
			o := m.ergebnis()
			gesamt = &o
		default:
			m.omit()
		}
	})
	m.kopfGelesen(&kopf)
	a.ProzessID, a.Zeit = kopf.ProzessID, kopf.Erstellt
	if kopf.Hinweis != "" {
		a.Meldungen = append([]string{kopf.Hinweis}, a.Meldungen...)
	}
	b.Absender, b.Empfaenger, b.System = kopf.Absender, kopf.Empfaenger, kopf.System
	b.NachrichtID, b.Bezug = kopf.NachrichtID, kopf.Bezug
	switch {
	case receipt:
		a.Art = dms.AntwortEmpfangen
	case nummer == "0630": // fachantwort set it
	default:
		m.gesamtergebnis(a, gesamt)
	}
	for i := range a.Objekte {
		if m.err == nil && a.Objekte[i].ID == "" && nummer != "0630" {
			m.fail("xdomea.wert", "result without object id", "Einem Ergebnis fehlt die Kennung des Objekts.")
		}
	}
	return b
}

// gesamtergebnis brings the result for all and those of the objects together. What
// contradicts itself is never a full success.
func (m *abgabeleser) gesamtergebnis(a *dms.Antwort, gesamt *ergebnis) {
	if gesamt != nil {
		a.Meldungen = append(a.Meldungen, gesamt.Meldungen...)
		a.Codes = append(a.Codes, gesamt.Codes...)
		for _, o := range gesamt.unter {
			o.Erfolgreich = gesamt.Erfolgreich
			a.Objekte = append(a.Objekte, o)
		}
	}
	switch {
	case gesamt == nil && len(a.Objekte) == 0:
		m.fail("xdomea.inhalt", "import answer without a result", "Die Importbestätigung enthält kein Ergebnis.")
	case len(a.Objekte) > 0:
		a.Art = dms.SummariseArt(a.Objekte)
		if a.Art == dms.AntwortImportiert && gesamt != nil && !gesamt.Erfolgreich {
			a.Art = dms.AntwortTeilweise
		}
	case gesamt.Erfolgreich:
		a.Art = dms.AntwortImportiert
	default:
		a.Art = dms.AntwortAbgelehnt
	}
}

// ergebnis is the result of one object, or of all with what 2.x adds for single ones.
type ergebnis struct {
	dms.ObjektErgebnis
	unter []dms.ObjektErgebnis
}

func (m *abgabeleser) ergebnis() (o ergebnis) {
	stated := false
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "IDSGO", "xdomeaUUID":
			o.ID = m.uuid()
		case "Erfolgreich":
			stated = true
			o.Erfolgreich = m.flag()
		case "ErfolgOderMisserfolg": // 4.0.0: one level deeper
			stated = true
			if m.zuTief(m.ebenen) {
				return
			}
			m.ebenen++
			e := m.ergebnis()
			m.ebenen--
			o.Erfolgreich, o.Meldungen, o.Codes = e.Erfolgreich, e.Meldungen, e.Codes
		case "Fehlermeldung":
			o.Meldungen = append(o.Meldungen, m.str())
		case "FehlermeldungCode":
			o.Codes = append(o.Codes, m.code(attr))
		case "Archivkennung":
			o.Archivkennung = m.str()
		case "Rueckgabeparameter":
			var u dms.ObjektErgebnis
			m.fieldsOr(map[string]*string{"Archivkennung": &u.Archivkennung}, func(name string) bool {
				if name == "ID" {
					u.ID = m.uuid()
				}
				return name == "ID"
			})
			o.unter = append(o.unter, u)
		default:
			m.omit()
		}
	})
	if !stated {
		m.fail("xdomea.wert", "result without a verdict", "Einem Ergebnis fehlt die Angabe zum Erfolg.")
	}
	return o
}

// fachantwort reads the result of 0630. Several parameters of one number in the batch
// are one object.
func (m *abgabeleser) fachantwort(a *dms.Antwort) {
	gut, gesagt := true, false
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Rueckmeldung":
			gesagt = true
			codes, texte := m.rueckmeldung()
			for _, c := range codes {
				if c.Liste == listeRueckmeldung && c.Wert == rueckmeldungErfolg {
					continue
				}
				gut = false
				a.Codes = append(a.Codes, c)
			}
			gut = gut && len(texte) == 0
			a.Meldungen = append(a.Meldungen, texte...)
		case "Rueckgabeparameter":
			m.rueckgabe(a)
		default:
			m.omit()
		}
	})
	if !gesagt {
		m.fail("xdomea.inhalt", "import answer without a result", "Die Importbestätigung enthält kein Ergebnis.")
	}
	switch {
	case len(a.Objekte) > 0:
		a.Art = dms.SummariseArt(a.Objekte)
		if a.Art == dms.AntwortImportiert && !gut {
			a.Art = dms.AntwortTeilweise
		}
	case gut:
		a.Art = dms.AntwortImportiert
	default:
		a.Art = dms.AntwortAbgelehnt
	}
}

func (m *abgabeleser) rueckmeldung() (codes []dms.Code, texte []string) {
	m.each(func(name string, attr []xml.Attr) {
		switch {
		case name == "SonstigeFehlermeldung":
			texte = append(texte, m.str())
		case name == "SonstigeFehlermeldungCode":
			codes = append(codes, m.code(attr))
		case name == "AllgemeineRueckmeldung", strings.HasPrefix(name, "SpezifischeFehlermeldung"):
			c := m.code(attr)
			c.Liste, c.Version = codelisten+strings.ToLower(name), "" // the element names the list
			codes = append(codes, c)
		default:
			m.omit()
		}
	})
	return codes, texte
}

func (m *abgabeleser) rueckgabe(a *dms.Antwort) {
	var o dms.ObjektErgebnis
	stated := false
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "NummerImStapel":
			o.Nummer = m.zahl(1 << 30)
		case "IDSGO":
			o.ID = m.uuid()
		case "Parameter":
			m.each(func(name string, _ []xml.Attr) {
				switch name {
				case "Ablageort":
					o.Ablageort = m.str()
				case "AllgemeinerRueckgabeparameter":
					m.skip()
				default:
					m.omit()
				}
			})
		case "Erfolgreich":
			stated = true
			o.Erfolgreich = m.flag()
		case "Rueckmeldung":
			codes, texte := m.rueckmeldung()
			o.Codes, o.Meldungen = append(o.Codes, codes...), append(o.Meldungen, texte...)
		case "Hinweis":
			o.Meldungen = append(o.Meldungen, m.str())
		default:
			m.omit()
		}
	})
	if !stated {
		m.fail("xdomea.wert", "result without a verdict", "Einem Ergebnis fehlt die Angabe zum Erfolg.")
	}
	if i, ok := m.stapel[o.Nummer]; ok && o.Nummer > 0 {
		p := &a.Objekte[i]
		p.Erfolgreich = p.Erfolgreich && o.Erfolgreich
		p.Codes, p.Meldungen = append(p.Codes, o.Codes...), append(p.Meldungen, o.Meldungen...)
		if p.ID == "" {
			p.ID = o.ID
		}
		if p.Ablageort == "" {
			p.Ablageort = o.Ablageort
		}
		return
	}
	if m.stapel == nil {
		m.stapel = map[int]int{}
	}
	m.stapel[o.Nummer] = len(a.Objekte)
	a.Objekte = append(a.Objekte, o)
}
