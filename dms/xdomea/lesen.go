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
	n, m, err := k.read(ctx, r, find, a, "0401")
	if err != nil {
		return nil, nil, err
	}
	var namen []string
	for d := range n.Abgabe.Dateien() {
		namen = append(namen, m.namen[d.ID])
	}
	return &Gelesen{Paket: *n.Abgabe, Version: n.Version, Ausgelassen: n.Ausgelassen}, namen, nil
}

type abgabeleser struct {
	*leser
	profil *Profil
	find   func(string) *zip.File
	archiv *archiv
	namen  map[string]string // id of the Datei -> name in the container
	reihe  []string          // names in the order of the message
	ebenen int               // of nested results
	// produkt is what the root of 4.0.0 says.
	produkt dms.System
	stapel  map[int]int // number in the batch -> place in the results
}

var (
	errKeinVorgang = errors.New("message does not hold exactly one Vorgang for each object")
	errNurKontext  = errors.New("a Vorgang is there as context only")
)

func (m *abgabeleser) unsupported(err error) {
	if m.err == nil {
		m.err = fehler.New("xdomea.Read", "", fehler.ErrUnsupported, err)
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

// kopf reads what every head has; f may take other elements.
func (m *abgabeleser) kopf(k *dms.Kopf, f func(name string) bool) {
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "identifikation.nachricht":
			m.each(func(name string, _ []xml.Attr) {
				switch name {
				case "nachrichtenUUID":
					k.NachrichtID = m.uuid()
				case "erstellungszeitpunkt":
					k.Erstellt = m.time()
				case "nachrichtentyp":
					m.skip()
				default:
					m.omit()
				}
			})
		case "ProzessID":
			k.ProzessID = m.uuid()
		case "Erstellungszeitpunkt":
			k.Erstellt = m.time()
		case "Absender", "autor":
			k.Absender = m.kontakt(m.profil)
		case "Empfaenger", "leser":
			k.Empfaenger = m.kontakt(m.profil)
		case "SendendesSystem":
			k.System = m.system()
		case "InstanzID":
			k.System.Instanz = m.str()
		case "Hinweis":
			k.Hinweis = m.str()
		case "Empfangsbestaetigung":
			k.WithReceipt = m.flag()
		case "Nachrichtentyp", "Importbestaetigung":
			m.skip()
		default:
			if f == nil || !f(name) {
				m.omit()
			}
		}
	})
}

func (m *abgabeleser) kopfGelesen(k *dms.Kopf) {
	if m.err == nil && k.ProzessID == "" {
		m.fail("xdomea.kopf", "no ProzessID", "Der Nachricht fehlt die Prozess-ID.")
	}
	if m.produkt != (dms.System{}) {
		m.produkt.Instanz = k.System.Instanz
		k.System = m.produkt
	}
}

func (l *leser) system() (s dms.System) {
	l.fields(map[string]*string{"InstanzID": &s.Instanz, "Produktname": &s.Produkt, "Version": &s.Version})
	return s
}

func (m *abgabeleser) identifikation() (id string) {
	m.each(func(name string, _ []xml.Attr) {
		switch name {
		case "ID", "xdomeaUUID":
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
		case "Geheimhaltung":
			m.each(func(name string, attr []xml.Attr) {
				if name == "Geheimhaltungsgrad" {
					md.Vertraulichkeit = reverse(m.profil.Vertraulichkeit, m.code(attr).Wert)
				} else {
					m.omit()
				}
			})
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
			if len(m.profil.Aufbau[name]) == 0 {
				a.Jahre = m.zahl(65535)
				return
			}
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
			a.Aussonderungsart, _ = m.aussonderungsart()
		case "Aufbewahrungsende":
			if m.profil.EndeNurJahr {
				a.Ende = m.year()
				return
			}
			a.Ende = m.date()
		default:
			m.omit()
		}
	})
}

// aussonderungsart reads the code or what both sides agreed on instead.
func (m *abgabeleser) aussonderungsart() (a dms.Aussonderungsart, vereinbart string) {
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Aussonderungsart":
			a = dms.Aussonderungsart(m.code(attr).Wert)
		case "code": // 2.x: the code stands here directly
			a = dms.Aussonderungsart(m.tok())
		case "AussonderungsartKonfigurierbar":
			vereinbart = m.str()
		case "name":
			m.skip()
		default:
			m.omit()
		}
	})
	return a, vereinbart
}

// akte reads an Akte and gives its Vorgaenge.
func (m *abgabeleser) akte(a *dms.Akte) (vs []*dms.Vorgang) {
	m.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Identifikation":
			a.ID = m.identifikation()
		case "AllgemeineMetadaten":
			m.metadaten(&a.Metadaten)
		case "ArchivspezifischeMetadaten", "Aussonderungsmetadaten":
			m.aufbewahrung(&a.Aufbewahrung)
		case "Kontextobjekt":
			m.skip()
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
					m.unsupported(errKeinVorgang)
					return
				}
				v := &dms.Vorgang{}
				m.vorgang(v, 1)
				vs = append(vs, v)
			})
		case "Kontakt":
			a.Kontakte = append(a.Kontakte, m.kontakt(m.profil))
		default:
			m.omit()
		}
	})
	return vs
}
