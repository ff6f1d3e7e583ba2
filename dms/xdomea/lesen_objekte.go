package xdomea

import (
	"encoding/xml"
	"strings"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

func (m *abgabeleser) laufzeit(z *datum.Zeitraum) {
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Beginn":
			z.Von = m.date()
		case "Ende":
			z.Bis = m.date()
		default:
			m.omit()
		}
	})
}

func (m *abgabeleser) vorgang(v *dms.Vorgang, tiefe int) {
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Identifikation":
			v.ID = m.identifikation()
		case "AllgemeineMetadaten":
			m.metadaten(&v.Metadaten)
		case "ArchivspezifischeMetadaten", "Aussonderungsmetadaten":
			m.aufbewahrung(&v.Aufbewahrung)
		case "Kontextobjekt": // told for its surroundings, not handed over
			if m.flag() {
				m.unsupported(errNurKontext)
			}
		case "Aktenbetreff":
			v.Aktenbetreff = m.str()
		case "Typ":
			v.Typ = m.str()
		case "ZdA":
			v.ZdA = m.flag()
		case "ZdADatum":
			v.ZdADatum = m.date()
		case "Laufzeit":
			m.laufzeit(&v.Laufzeit)
		case "HistorienProtokollInformation":
			v.Historie = append(v.Historie, m.protokoll())
		case "Dokument":
			var d dms.Dokument
			m.dokument(&d, tiefe+1)
			v.Dokumente = append(v.Dokumente, d)
		case "DokumentOderDokumentMitSchriftstueck":
			m.each(func(name string, _ []xml.Attr) {
				if name != "Dokument" {
					m.omit()
					return
				}
				var d dms.Dokument
				m.dokument(&d, tiefe+1)
				v.Dokumente = append(v.Dokumente, d)
			})
		case "Kontakt":
			v.Kontakte = append(v.Kontakte, m.kontakt(m.profil))
		case "Teilvorgang":
			if m.zuTief(tiefe) {
				return
			}
			var t dms.Vorgang
			m.vorgang(&t, tiefe+1)
			v.Teilvorgaenge = append(v.Teilvorgaenge, t)
		case "AnwendungsspezifischeErweiterung":
			v.Fachdaten = m.erweiterung()
		default:
			m.omit()
		}
	})
	if v.ID == "" {
		m.fail("xdomea.wert", "object without id", "Einem Objekt fehlt die Kennung.")
	}
}

// zuTief keeps what is read within what can be written again.
func (m *abgabeleser) zuTief(tiefe int) bool {
	if tiefe < dms.MaxTiefe {
		return false
	}
	m.fail("xdomea.xml-grenze", "objects nest too deep", "Die Nachricht ist zu tief verschachtelt.")
	return true
}

func (m *abgabeleser) protokoll() (h dms.Protokolleintrag) {
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "MetadatumName", "Metadatum":
			h.Metadatum = m.str()
		case "MetadatumAlterWert", "AlterWert":
			h.Alt = m.str()
		case "MetadatumNeuerWert", "NeuerWert":
			h.Neu = m.str()
		case "Akteur":
			h.Akteur = m.str()
		case "DatumUhrzeit":
			h.Zeit = m.time()
		case "Bemerkung":
			h.Bemerkung = m.str()
		case "Aktion":
			h.Aktion = m.str()
		default:
			m.omit()
		}
	})
	return h
}

func (m *abgabeleser) dokument(d *dms.Dokument, tiefe int) {
	if m.zuTief(tiefe - 1) {
		return
	}
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Identifikation":
			d.ID = m.identifikation()
		case "AllgemeineMetadaten":
			m.metadaten(&d.Metadaten)
		case "FremdesGeschaeftszeichen":
			d.FremdesGeschaeftszeichen = m.str()
		case "Posteingangsdatum":
			d.Posteingangsdatum = m.date()
		case "Postausgangsdatum":
			d.Postausgangsdatum = m.date()
		case "DatumDesSchreibens":
			d.DatumDesSchreibens = m.date()
		case "Bearbeiter":
			d.Bearbeiter = m.str()
		case "Typ":
			d.Typ = m.str()
		case "HistorienProtokollInformation":
			d.Historie = append(d.Historie, m.protokoll())
		case "Version":
			d.Versionen = append(d.Versionen, m.dokumentversion())
		case "Anlage":
			var a dms.Dokument
			if len(m.profil.Aufbau["Anlage"]) == 0 {
				m.dokument(&a, tiefe+1)
				d.Anlagen = append(d.Anlagen, a)
				return
			}
			m.each(func(name string, _ []xml.Attr) { // 4.0.0: in a choice
				switch name {
				case "Dokument":
					a = dms.Dokument{}
					m.dokument(&a, tiefe+1)
					d.Anlagen = append(d.Anlagen, a)
				case "Nummer":
					m.skip()
				default:
					m.omit()
				}
			})
		case "Absender", "Autor":
			d.Absender = append(d.Absender, m.kontakt(m.profil))
		case "Empfaenger", "Leser":
			d.Empfaenger = append(d.Empfaenger, m.kontakt(m.profil))
		case "Nummer": // of an Anlage; repeats the order
			m.skip()
		default:
			m.omit()
		}
	})
	if d.ID == "" {
		m.fail("xdomea.wert", "object without id", "Einem Objekt fehlt die Kennung.")
	}
}

func (m *abgabeleser) dokumentversion() (v dms.Version) {
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Nummer":
			v.Nummer = m.str()
		case "Format":
			v.Formate = append(v.Formate, m.format())
		default:
			m.omit()
		}
	})
	return v
}

func (m *abgabeleser) format() (f dms.Format) {
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Name":
			f.Code = m.code(attr).Wert
		case "SonstigerName":
			f.Sonstiger = m.str()
		case "Version":
			f.Version = m.str()
		case "Primaerdokument":
			m.primaerdokument(&f)
		default:
			m.omit()
		}
	})
	f.Datei.MIME = m.profil.mimeByCode(f.Code)
	return f
}

func (m *abgabeleser) primaerdokument(f *dms.Format) {
	dateiname := ""
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Dateiname":
			dateiname = m.str()
		case "DateinameOriginal":
			f.Datei.Name = m.str()
		case "Ersteller":
			f.Ersteller = m.str()
		case "DatumUhrzeit":
			f.Zeit = m.time()
		default:
			m.omit()
		}
	})
	if m.err != nil {
		return
	}
	if dateiname == "" {
		m.fail("xdomea.wert", "file without a name", "Einer Datei fehlt der Name.")
		return
	}
	f.Datei.ID = m.dateiID(dateiname)
	m.reihe = append(m.reihe, dateiname)
	if m.find == nil {
		return
	}
	if zf := m.find(dateiname); zf != nil {
		f.Datei.Groesse = int64(zf.UncompressedSize64)
		f.Datei.Open = m.archiv.oeffner(zf)
	}
}

// dateiID takes the UUID in front of the name. Some senders put the id of the
// Dokument there, which its versions share, or none: then an id is derived from
// the whole name, the same each time.
func (m *abgabeleser) dateiID(name string) string {
	id := ""
	if len(name) >= 36 && dms.IsUUID(name[:36]) {
		id = strings.ToLower(name[:36])
	}
	if other, used := m.namen[id]; id == "" || used && other != name {
		id = uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
	}
	m.namen[id] = name
	return id
}

func (m *abgabeleser) erweiterung() *dms.Erweiterung {
	e := &dms.Erweiterung{}
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Kennung":
			e.Kennung = m.str()
		case "Name":
			e.Name = m.str()
		case "Beschreibung":
			e.Beschreibung = m.str()
		case "Versionsnummer":
			e.Version = m.str()
		case "Feldgruppe":
			e.Gruppen = append(e.Gruppen, m.feldgruppe(1))
		case "Feld":
			e.Felder = append(e.Felder, m.feld())
		default:
			m.omit()
		}
	})
	return e
}

func (m *abgabeleser) feldgruppe(tiefe int) (g dms.Feldgruppe) {
	if m.zuTief(tiefe - 1) {
		return g
	}
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Name":
			g.Name = m.str()
		case "Beschreibung":
			g.Beschreibung = m.str()
		case "Unterfeldgruppe":
			g.Gruppen = append(g.Gruppen, m.feldgruppe(tiefe+1))
		case "Feld":
			g.Felder = append(g.Felder, m.feld())
		default:
			m.omit()
		}
	})
	return g
}

func (m *abgabeleser) feld() (f dms.Feld) {
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Name":
			f.Name = m.str()
		case "Beschreibung":
			f.Beschreibung = m.str()
		case "Datentyp":
			f.Typ = reverse(m.profil.Feldtyp, m.code(attr).Wert)
		case "Wert":
			f.Wert = m.str()
		default:
			m.omit()
		}
	})
	return f
}
