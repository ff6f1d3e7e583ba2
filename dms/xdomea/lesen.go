package xdomea

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Gelesen is a message 0401 as it was understood.
type Gelesen struct {
	Paket dms.Paket
	// Version of the standard the sender used, such as "2.4.0".
	Version string
	// Ausgelassen are the paths of elements that were passed over because the
	// model has no place for them; sorted, without positions.
	Ausgelassen []string
}

// ReadAbgabe reads the message 0401 alone. Files have no content then (Open is
// nil) and neither size nor SHA512. A hand-over of several objects or of a
// single Dokument is fehler.ErrUnsupported: one process carries one Vorgang.
func (k *Kodierer) ReadAbgabe(ctx context.Context, r io.Reader) (*Gelesen, error) {
	g, _, err := k.readAbgabe(ctx, r, nil, nil)
	if err != nil {
		return nil, readError("xdomea.ReadAbgabe", err)
	}
	return g, nil
}

// readAbgabe binds the files to the archive they came in, if there is one, and
// gives their names in the order of Paket.Dateien.
func (k *Kodierer) readAbgabe(ctx context.Context, r io.Reader, find func(string) *zip.File, a *archiv) (*Gelesen, []string, error) {
	m := &abgabeleser{leser: newLeser(ctx, r, k.grenzen), profil: &k.profil, find: find, archiv: a, namen: map[string]string{}}
	g := &Gelesen{}
	root, ok := m.root()
	if ok {
		g.Version = m.version(root, "0401")
		m.v2 = strings.HasPrefix(g.Version, "2.")
	}
	objekte := 0
	kopf := false
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Kopf":
			kopf = true
			m.kopf(&g.Paket)
		case "Schriftgutobjekt":
			m.each(func(name string, _ []xml.Attr) {
				objekte++
				switch {
				case objekte > 1:
					m.skip()
				case name == "Vorgang":
					m.vorgang(&g.Paket.Vorgang, 1)
				case name == "Akte":
					g.Paket.Akte = &dms.Akte{}
					m.akte(g.Paket.Akte, &g.Paket.Vorgang)
				default:
					m.skip()
					m.unsupported()
				}
			})
		default:
			m.omit()
		}
	})
	m.finish()
	if m.err == nil && (!kopf || g.Paket.ProzessID == "") {
		m.fail("xdomea.kopf", "no ProzessID", "Der Nachricht fehlt die Prozess-ID.")
	}
	if m.err == nil && (objekte != 1 || g.Paket.Vorgang.ID == "") {
		m.unsupported()
	}
	if m.err != nil {
		return nil, nil, m.err
	}
	g.Ausgelassen = m.omitted()
	var namen []string
	for d := range g.Paket.Dateien() {
		namen = append(namen, m.namen[d.ID])
	}
	return g, namen, nil
}

type abgabeleser struct {
	*leser
	profil *Profil
	find   func(string) *zip.File
	archiv *archiv
	namen  map[string]string // id of the Datei -> name in the container
	v2     bool              // a message of 2.x
}

func (m *abgabeleser) unsupported() {
	if m.err == nil {
		m.err = fehler.New("xdomea.Read", "", fehler.ErrUnsupported, errors.New("message does not hold exactly one Vorgang"))
	}
}

// version checks namespace and message; the number at the end of the name decides.
func (l *leser) version(root xml.StartElement, nummer string) string {
	v, ok := strings.CutPrefix(root.Name.Space, namespaceStem)
	if !ok || !strings.HasSuffix(root.Name.Local, "."+nummer) {
		l.fail("xdomea.nachricht", "not the message "+nummer+" of xdomea", "Die Datei ist nicht die erwartete xdomea-Nachricht.")
	}
	return v
}

func (m *abgabeleser) kopf(p *dms.Paket) {
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "ProzessID":
			p.ProzessID = m.uuid()
		case "Erstellungszeitpunkt":
			p.Erstellt = m.time()
		case "Absender":
			p.Absender = m.kontakt(m.profil)
		case "Empfaenger":
			p.Empfaenger = m.kontakt(m.profil)
		case "SendendesSystem":
			p.System = m.system()
		case "Hinweis":
			p.Hinweis = m.str()
		case "Empfangsbestaetigung":
			p.WithReceipt = m.flag()
		case "Nachrichtentyp", "Importbestaetigung":
			m.skip()
		default:
			m.omit()
		}
	})
}

func (l *leser) system() (s dms.System) {
	l.fields(map[string]*string{"InstanzID": &s.Instanz, "Produktname": &s.Produkt, "Version": &s.Version})
	return s
}

func (m *abgabeleser) identifikation() (id string) {
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "ID":
			id = m.uuid()
		default: // the number only repeats the order
			m.skip()
		}
	})
	if id == "" {
		m.fail("xdomea.wert", "object without id", "Einem Objekt fehlt die Kennung.")
	}
	return id
}

func (m *abgabeleser) metadaten(md *dms.Metadaten) {
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Betreff":
			md.Betreff = m.str()
		case "Kennzeichen":
			md.Kennzeichen = m.str()
		case "Federfuehrung":
			md.Federfuehrung = m.str()
		case "Aktenfuehrung":
			md.Aktenfuehrung = m.str()
		case "Vertraulichkeitsstufe":
			md.Vertraulichkeit = reverse(m.profil.Vertraulichkeit, m.code(attr).Wert)
		case "Bemerkung":
			md.Bemerkung = m.str()
		case "Medium":
			md.Medium = reverse(m.profil.Medium, m.code(attr).Wert)
		case "Aktenplaneinheit":
			e := &md.Aktenplaneinheit
			m.fields(map[string]*string{"Kennzeichen": &e.Kennzeichen, "Inhaltsangabe": &e.Inhaltsangabe, "BetreffKurz": &e.BetreffKurz})
		default:
			m.omit()
		}
	})
}

func (m *abgabeleser) aufbewahrung(a *dms.Aufbewahrung) {
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Aufbewahrungsdauer":
			m.each(func(name string, _ []xml.Attr) {
				switch name {
				case "AnzahlJahre":
					a.Jahre = m.zahl(65535)
				case "Unbefristet":
					a.Unbefristet = m.flag()
				default:
					m.omit()
				}
			})
		case "Aussonderungsart":
			m.each(func(name string, attr []xml.Attr) {
				switch name {
				case "Aussonderungsart":
					a.Aussonderungsart = dms.Aussonderungsart(m.code(attr).Wert)
				case "code": // 2.x: the code stands here directly
					a.Aussonderungsart = dms.Aussonderungsart(m.tok())
				default:
					m.omit()
				}
			})
		case "Aufbewahrungsende":
			if m.v2 {
				m.omit() // 2.x states a year only
				return
			}
			a.Ende = m.date()
		default:
			m.omit()
		}
	})
}

func (m *abgabeleser) akte(a *dms.Akte, v *dms.Vorgang) {
	vorgaenge := 0
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Identifikation":
			a.ID = m.identifikation()
		case "AllgemeineMetadaten":
			m.metadaten(&a.Metadaten)
		case "ArchivspezifischeMetadaten":
			m.aufbewahrung(&a.Aufbewahrung)
		case "Standort":
			a.Standort = m.str()
		case "Typ":
			a.Typ = m.str()
		case "Laufzeit":
			m.laufzeit(&a.Laufzeit)
		case "Akteninhalt":
			m.each(func(name string, _ []xml.Attr) {
				if name != "Vorgang" {
					m.skip()
					m.unsupported()
					return
				}
				if vorgaenge++; vorgaenge > 1 {
					m.skip()
					m.unsupported()
					return
				}
				m.vorgang(v, 1)
			})
		case "Kontakt":
			a.Kontakte = append(a.Kontakte, m.kontakt(m.profil))
		default:
			m.omit()
		}
	})
}
