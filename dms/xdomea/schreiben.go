package xdomea

import (
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// WriteAbgabe writes the message Abgabe.Abgabe.0401 alone, without files. The
// same Paket gives the same bytes. The Paket is checked first; its files are
// not opened. A character XML 1.0 cannot carry is fehler.ErrInvalid (code
// xdomea.zeichen, in 2.x also xdomea.zeichen-latein) with the path of the element.
func (k *Kodierer) WriteAbgabe(w io.Writer, p *dms.Paket) error { return k.Write(w, p) }

// write writes a message: root, head, and what inhalt adds.
func (k *Kodierer) write(ctx context.Context, w io.Writer, nummer string, kopf kopfdaten, inhalt func(*schreiber)) error {
	m := k.pruefeMit(ctx)
	if m == nil {
		return k.writeTo(w, nummer, kopf, inhalt)
	}
	return m.end(k.writeTo(io.MultiWriter(w, m), nummer, kopf, inhalt))
}

func (k *Kodierer) writeTo(w io.Writer, nummer string, kopf kopfdaten, inhalt func(*schreiber)) error {
	n, ok := k.profil.Nachrichten[nummer]
	if !ok {
		return k.fehlt(nummer)
	}
	s := &schreiber{xmlWriter: newXMLWriter(w, k.replace), p: &k.profil}
	s.latein = k.profil.NurLatein
	var attr [][2]string
	if k.profil.Nachrichtenkopf {
		sys := kopf.System
		if sys.Produkt == "" || sys.Hersteller == "" {
			return problemErr("xdomea.produkt", "/system", "product and maker are required in this version",
				"Für diese xdomea-Version müssen Produkt und Hersteller angegeben sein.")
		}
		attr = [][2]string{{"produkt", sys.Produkt}, {"produkthersteller", sys.Hersteller}}
		if sys.Version != "" {
			attr = append(attr, [2]string{"produktversion", sys.Version})
		}
		attr = append(attr, [2]string{"standard", "xdomea"}, [2]string{"version", k.profil.Version})
	}
	s.root(n.Name, k.profil.Namespace, n.Schema, attr...)
	s.kopf(nummer, &kopf, n.Kopf)
	if inhalt != nil {
		inhalt(s)
	}
	s.end()
	return s.flush()
}

func (k *Kodierer) fehlt(nummer string) error {
	return fehler.New("xdomea.Write", nummer, fehler.ErrUnsupported, nil)
}

// schreiber writes the types of the standard. All types are sequences: their order is
// the Aufbau of the version.
type schreiber struct {
	*xmlWriter
	p *Profil
	// ohneDateien leaves the versions of documents out (0501).
	ohneDateien bool
}

// folge calls f for every element of a type, in order.
func (s *schreiber) folge(typ string, f func(name string)) {
	for _, name := range s.p.Aufbau[typ] {
		f(name)
	}
}

// objekte writes the Vorgaenge of one Akte that follow each other as one Schriftgutobjekt.
func (s *schreiber) objekte(os []dms.Objekt) {
	for i := 0; i < len(os); {
		o := &os[i]
		if i++; o.Akte == nil {
			s.objekt(o)
			continue
		}
		vs := []*dms.Vorgang{o.Vorgang}
		for ; i < len(os) && os[i].Akte != nil && strings.EqualFold(os[i].Akte.ID, o.Akte.ID); i++ {
			vs = append(vs, os[i].Vorgang)
		}
		s.start("Schriftgutobjekt")
		s.akte(o.Akte, vs...)
		s.end()
	}
}

// objekt writes one Schriftgutobjekt.
func (s *schreiber) objekt(o *dms.Objekt) {
	s.start("Schriftgutobjekt")
	switch {
	case o.Dokument != nil:
		s.dokument("Dokument", o.Dokument, 0, "")
	case o.Akte != nil:
		s.akte(o.Akte, o.Vorgang)
	default:
		s.vorgang("Vorgang", o.Vorgang, 0)
	}
	s.end()
}

// identifikation: nummer 0 is not written; within one container all or none have one.
func (s *schreiber) identifikation(id string, nummer int) {
	s.start("Identifikation")
	s.folge("Identifikation", func(e string) {
		switch {
		case e != "NummerImUebergeordnetenContainer":
			s.text(e, id)
		case nummer > 0:
			s.text(e, strconv.Itoa(nummer))
		}
	})
	s.end()
}

func (s *schreiber) metadaten(m *dms.Metadaten) {
	s.group("AllgemeineMetadaten")
	s.folge("AllgemeineMetadaten", func(e string) {
		switch e {
		case "Betreff":
			s.text(e, m.Betreff)
		case "Kennzeichen":
			s.text(e, m.Kennzeichen)
		case "Federfuehrung":
			s.text(e, m.Federfuehrung)
		case "Aktenfuehrung":
			s.text(e, m.Aktenfuehrung)
		case "Vertraulichkeitsstufe":
			s.code(e, dms.Code{Wert: s.p.Vertraulichkeit[m.Vertraulichkeit]})
		case "Geheimhaltung":
			s.group(e)
			s.code("Geheimhaltungsgrad", dms.Code{Wert: s.p.Vertraulichkeit[m.Vertraulichkeit],
				Liste: s.p.ListeGeheimhaltung.Liste, Version: s.p.ListeGeheimhaltung.Version})
			s.end()
		case "Bemerkung":
			s.text(e, m.Bemerkung)
		case "Medium":
			s.code(e, dms.Code{Wert: s.p.Medium[m.Medium]})
		case "Aktenplaneinheit":
			a := &m.Aktenplaneinheit
			s.group(e)
			s.folge(e, func(e string) {
				switch e {
				case "Kennzeichen":
					s.text(e, a.Kennzeichen)
				case "Inhaltsangabe":
					s.text(e, a.Inhaltsangabe)
				case "BetreffKurz":
					s.text(e, a.BetreffKurz)
				}
			})
			s.end()
		}
	})
	s.end()
}

func (s *schreiber) aufbewahrung(name string, a dms.Aufbewahrung) {
	s.group(name)
	if len(s.p.Aufbau["Aufbewahrungsdauer"]) == 0 { // a number without a way to say "unlimited"
		if a.Jahre > 0 {
			s.text("Aufbewahrungsdauer", strconv.Itoa(a.Jahre))
		}
	} else {
		s.group("Aufbewahrungsdauer")
		if a.Jahre > 0 {
			s.text("AnzahlJahre", strconv.Itoa(a.Jahre))
		} else if a.Unbefristet {
			s.flag("Unbefristet", true)
		}
		s.end()
	}
	s.aussonderungsart(a.Aussonderungsart)
	if s.p.EndeNurJahr {
		if !a.Ende.IsZero() {
			s.text("Aufbewahrungsende", a.Ende.String()[:4])
		}
	} else {
		s.date("Aufbewahrungsende", a.Ende)
	}
	s.end()
}

func (s *schreiber) aussonderungsart(a dms.Aussonderungsart) {
	code := dms.Code{Wert: string(a)}
	if len(s.p.Aufbau["Aussonderungsart"]) == 0 {
		s.code("Aussonderungsart", code)
		return
	}
	s.group("Aussonderungsart")
	s.code("Aussonderungsart", code)
	s.end()
}

func (s *schreiber) laufzeit(z datum.Zeitraum) {
	s.group("Laufzeit")
	s.date("Beginn", z.Von)
	s.date("Ende", z.Bis)
	s.end()
}

func (s *schreiber) akte(a *dms.Akte, vs ...*dms.Vorgang) {
	s.start("Akte")
	s.folge("Akte", func(e string) {
		switch e {
		case "Identifikation":
			s.identifikation(a.ID, 0)
		case "Kontextobjekt": // the Akte only tells where the Vorgang belongs
			s.flag(e, true)
		case "AllgemeineMetadaten":
			s.metadaten(&a.Metadaten)
		case "ArchivspezifischeMetadaten", "Aussonderungsmetadaten":
			s.aufbewahrung(e, a.Aufbewahrung)
		case "Standort":
			s.text(e, a.Standort)
		case "Typ":
			s.text(e, a.Typ)
		case "Laufzeit":
			s.laufzeit(a.Laufzeit)
		case "Akteninhalt":
			s.start(e)
			for _, v := range vs {
				s.vorgang("Vorgang", v, 0)
			}
			s.end()
		case "Kontakt":
			s.kontakte(e, a.Kontakte)
		}
	})
	s.end()
}

func (s *schreiber) vorgang(name string, v *dms.Vorgang, nummer int) {
	s.start(name)
	s.folge("Vorgang", func(e string) {
		switch e {
		case "Identifikation":
			s.identifikation(v.ID, nummer)
		case "Kontextobjekt":
			s.flag(e, false)
		case "AllgemeineMetadaten":
			s.metadaten(&v.Metadaten)
		case "ArchivspezifischeMetadaten", "Aussonderungsmetadaten":
			s.aufbewahrung(e, v.Aufbewahrung)
		case "Aktenbetreff":
			s.text(e, v.Aktenbetreff)
		case "Typ":
			s.text(e, v.Typ)
		case "ZdA":
			if v.ZdA {
				s.flag(e, true)
			}
		case "ZdADatum":
			s.date(e, v.ZdADatum)
		case "Laufzeit":
			s.laufzeit(v.Laufzeit)
		case "HistorienProtokollInformation":
			s.historie(v.Historie)
		case "Dokument":
			for i := range v.Dokumente {
				s.dokument(e, &v.Dokumente[i], i+1, "")
			}
		case "DokumentOderDokumentMitSchriftstueck":
			for i := range v.Dokumente {
				s.start(e)
				s.dokument("Dokument", &v.Dokumente[i], i+1, "")
				s.end()
			}
		case "Kontakt":
			s.kontakte(e, v.Kontakte)
		case "Teilvorgang":
			for i := range v.Teilvorgaenge {
				s.vorgang(e, &v.Teilvorgaenge[i], len(v.Dokumente)+i+1)
			}
		case "AnwendungsspezifischeErweiterung":
			if v.Fachdaten != nil {
				s.erweiterung(v.Fachdaten)
			}
		}
	})
	s.end()
}

func (s *schreiber) historie(hs []dms.Protokolleintrag) {
	for i := range hs {
		h := &hs[i]
		s.start("HistorienProtokollInformation")
		s.folge("HistorienProtokollInformation", func(e string) {
			switch e {
			case "MetadatumName", "Metadatum":
				s.text(e, h.Metadatum)
			case "MetadatumAlterWert", "AlterWert":
				s.text(e, h.Alt)
			case "MetadatumNeuerWert", "NeuerWert":
				s.text(e, h.Neu)
			case "Akteur":
				s.must(e, h.Akteur)
			case "DatumUhrzeit":
				s.time(e, h.Zeit)
			case "Bemerkung":
				s.text(e, h.Bemerkung)
			case "Aktion":
				s.must(e, h.Aktion)
			}
		})
		s.end()
	}
}
