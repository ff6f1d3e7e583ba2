package xdomea

import (
	"encoding/xml"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// fachnachricht reads a message of group 06: the head, and objects by f.
func (m *abgabeleser) fachnachricht(k *dms.Kopf, fk *dms.Fachkopf, element string, f func(name string, attr []xml.Attr), start func(), end func()) {
	n := 0
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Kopf":
			m.kopf(k, func(name string) bool {
				switch name {
				case "EmpfangendesSystem":
					fk.System = m.system()
				case "Erstellerkennung":
					fk.Ersteller = m.str()
				case "ErstellerRolle":
					fk.Rolle = m.str()
				case "DMSSessionID":
					fk.Session = m.str()
				case "Stapel", "Stapellaenge": // repeat the number of objects
					m.skip()
				default:
					return false
				}
				return true
			})
		case element:
			n++
			start()
			m.each(func(name string, attr []xml.Attr) {
				if name == "NummerImStapel" { // repeats the order
					m.skip()
					return
				}
				f(name, attr)
			})
			end()
		default:
			m.omit()
		}
	})
	m.kopfGelesen(k)
	if n == 0 {
		m.fail("xdomea.inhalt", "message without an object", "Die Nachricht enthält kein Objekt.")
	}
}

func (m *abgabeleser) ablage(erstellen bool) *dms.Ablage {
	a := &dms.Ablage{Erstellen: erstellen}
	element := "SchriftgutobjektZumAblegen"
	if erstellen {
		element = "SchriftgutobjektZumErstellen"
	}
	var o dms.Ablageobjekt
	m.fachnachricht(&a.Kopf, &a.Fach, element, func(name string, _ []xml.Attr) {
		switch name {
		case "FachverfahrenObjektID":
			o.FachID = m.str()
		case "IDContainer":
			o.Container = m.str()
		case "Schriftgutobjekt":
			if os := m.objekte(); len(os) == 1 {
				o.Objekt = os[0]
			}
		case "Ablageort":
			o.Ablageort = m.str()
		case "SGOOeffnen":
			o.Oeffnen = m.flag()
		default:
			m.omit()
		}
	}, func() { o = dms.Ablageobjekt{} }, func() {
		if m.err == nil && o.ID() == "" {
			m.unsupported(errKeinVorgang)
		}
		a.Objekte = append(a.Objekte, o)
	})
	return a
}

func (m *abgabeleser) vermerke() *dms.Vermerke {
	v := &dms.Vermerke{}
	var e dms.Vermerk
	m.fachnachricht(&v.Kopf, &v.Fach, "ProtokolleintragZumErstellen", func(name string, _ []xml.Attr) {
		switch name {
		case "IDSGO":
			e.ID = m.uuid()
		case "Protokolleintrag":
			m.vermerk(&e)
		default:
			m.omit()
		}
	}, func() { e = dms.Vermerk{} }, func() { v.Eintraege = append(v.Eintraege, e) })
	return v
}

func (m *abgabeleser) vermerk(e *dms.Vermerk) {
	var tag datum.Datum
	uhr := "00:00:00"
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Bearbeiter":
			if len(m.profil.Aufbau["Bearbeiter.Kontakt"]) > 0 {
				k := m.kontakt(m.profil)
				e.Bearbeiter = k.Person.Familienname
				return
			}
			e.Bearbeiter = m.str()
		case "Datum":
			tag = m.date()
		case "Uhrzeit":
			uhr = m.tok()
		case "Notiz":
			e.Notiz = m.str()
		default:
			m.omit()
		}
	})
	if m.err != nil {
		return
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05"} {
		t, err := time.ParseInLocation(layout, tag.String()+"T"+uhr, datum.Berlin())
		if err == nil && !t.IsZero() && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 {
			e.Zeit = t.UTC().Truncate(time.Second)
			return
		}
	}
	m.fail("xdomea.wert", "not a point in time", "Ein Zeitpunkt in der Nachricht ist ungültig.")
}

func (m *abgabeleser) gesamtprotokoll() *dms.Gesamtprotokoll {
	g := &dms.Gesamtprotokoll{}
	var p dms.Protokoll
	m.fachnachricht(&g.Kopf, &g.Fach, "GesamtprotokollZumAblegen", func(name string, _ []xml.Attr) {
		switch name {
		case "IDSGO":
			p.ID = m.uuid()
		case "Ablageort":
			p.Ablageort = m.str()
		case "Dokument":
			p.Dokument = &dms.Dokument{}
			m.dokument(p.Dokument, 1)
		case "HistorienProtokollInformation":
			p.Historie = append(p.Historie, m.protokoll())
		default:
			m.omit()
		}
	}, func() { p = dms.Protokoll{} }, func() { g.Protokolle = append(g.Protokolle, p) })
	return g
}

func (m *abgabeleser) schliessung() *dms.Schliessung {
	v := &dms.Schliessung{}
	id := ""
	m.fachnachricht(&v.Kopf, &v.Fach, "SchriftgutobjektZumZDAVerfuegen", func(name string, _ []xml.Attr) {
		if name == "IDSGO" {
			id = m.uuid()
		} else {
			m.omit()
		}
	}, func() { id = "" }, func() { v.IDs = append(v.IDs, id) })
	return v
}
