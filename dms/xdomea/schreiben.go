package xdomea

import (
	"io"
	"strconv"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// WriteAbgabe writes the message Abgabe.Abgabe.0401 alone, without files. The
// same Paket gives the same bytes. The Paket is checked first; its files are
// not opened. A character XML 1.0 cannot carry is fehler.ErrInvalid (code
// xdomea.zeichen) with the path of the element.
func (k *Kodierer) WriteAbgabe(w io.Writer, p *dms.Paket) error {
	if pr := k.check(p); pr != nil {
		return fehler.New("xdomea.WriteAbgabe", p.ProzessID, nil, pr)
	}
	if err := k.writeAbgabe(w, p); err != nil {
		return fehler.New("xdomea.WriteAbgabe", p.ProzessID, nil, err)
	}
	return nil
}

func (k *Kodierer) writeAbgabe(w io.Writer, p *dms.Paket) error {
	s := &schreiber{xmlWriter: newXMLWriter(w, k.replace), p: &k.profil}
	s.root(k.profil.Abgabe, k.profil.Namespace, k.profil.Schema)
	s.start("Kopf")
	s.kopf(p.ProzessID, "0401", p.Absender, p.Empfaenger, p.System, p.Hinweis, func() { s.time("Erstellungszeitpunkt", p.Erstellt) })
	s.flag("Importbestaetigung", true)
	s.flag("Empfangsbestaetigung", p.WithReceipt)
	s.end()
	s.start("Schriftgutobjekt")
	if p.Akte == nil {
		s.vorgang("Vorgang", &p.Vorgang, 0)
	} else {
		s.akte(p.Akte, &p.Vorgang)
	}
	s.end()
	s.end()
	return s.flush()
}

// schreiber writes the types of the standard. All types are sequences: the
// order of the calls is the order of the schema and must not change.
type schreiber struct {
	*xmlWriter
	p *Profil
}

func (s *schreiber) kopf(prozess, nummer string, von, an dms.Kontakt, sys dms.System, hinweis string, erstellt func()) {
	s.text("ProzessID", prozess)
	s.code("Nachrichtentyp", dms.Code{Wert: nummer, Liste: listeNachrichtentyp, Version: s.p.ListeNachrichtentyp})
	erstellt()
	s.kontakt("Absender", &von)
	s.kontakt("Empfaenger", &an)
	s.group("SendendesSystem")
	s.text("InstanzID", sys.Instanz)
	s.text("Produktname", sys.Produkt)
	s.text("Version", sys.Version)
	s.end()
	s.text("Hinweis", hinweis)
}

// identifikation: nummer 0 is not written; within one container all or none have one.
func (s *schreiber) identifikation(id string, nummer int) {
	s.start("Identifikation")
	s.text("ID", id)
	if nummer > 0 {
		s.text("NummerImUebergeordnetenContainer", strconv.Itoa(nummer))
	}
	s.end()
}

func (s *schreiber) metadaten(m *dms.Metadaten) {
	s.group("AllgemeineMetadaten")
	s.text("Betreff", m.Betreff)
	s.text("Kennzeichen", m.Kennzeichen)
	s.text("Federfuehrung", m.Federfuehrung)
	s.text("Aktenfuehrung", m.Aktenfuehrung)
	s.code("Vertraulichkeitsstufe", dms.Code{Wert: s.p.Vertraulichkeit[m.Vertraulichkeit]})
	s.text("Bemerkung", m.Bemerkung)
	s.code("Medium", dms.Code{Wert: s.p.Medium[m.Medium]})
	s.group("Aktenplaneinheit")
	s.text("Kennzeichen", m.Aktenplaneinheit.Kennzeichen)
	s.text("Inhaltsangabe", m.Aktenplaneinheit.Inhaltsangabe)
	s.text("BetreffKurz", m.Aktenplaneinheit.BetreffKurz)
	s.end()
	s.end()
}

func (s *schreiber) aufbewahrung(a dms.Aufbewahrung) {
	s.group("ArchivspezifischeMetadaten")
	s.group("Aufbewahrungsdauer")
	if a.Jahre > 0 {
		s.text("AnzahlJahre", strconv.Itoa(a.Jahre))
	} else if a.Unbefristet {
		s.flag("Unbefristet", true)
	}
	s.end()
	s.group("Aussonderungsart")
	s.code("Aussonderungsart", dms.Code{Wert: string(a.Aussonderungsart)})
	s.end()
	s.date("Aufbewahrungsende", a.Ende)
	s.end()
}

func (s *schreiber) akte(a *dms.Akte, v *dms.Vorgang) {
	s.start("Akte")
	s.identifikation(a.ID, 0)
	s.metadaten(&a.Metadaten)
	s.aufbewahrung(a.Aufbewahrung)
	s.text("Standort", a.Standort)
	s.text("Typ", a.Typ)
	s.group("Laufzeit")
	s.date("Beginn", a.Laufzeit.Von)
	s.date("Ende", a.Laufzeit.Bis)
	s.end()
	s.start("Akteninhalt")
	s.vorgang("Vorgang", v, 0)
	s.end()
	for i := range a.Kontakte {
		s.kontakt("Kontakt", &a.Kontakte[i])
	}
	s.end()
}

func (s *schreiber) vorgang(name string, v *dms.Vorgang, nummer int) {
	s.start(name)
	s.identifikation(v.ID, nummer)
	s.metadaten(&v.Metadaten)
	s.aufbewahrung(v.Aufbewahrung)
	s.text("Aktenbetreff", v.Aktenbetreff)
	s.text("Typ", v.Typ)
	if v.ZdA {
		s.flag("ZdA", true)
	}
	s.date("ZdADatum", v.ZdADatum)
	s.group("Laufzeit")
	s.date("Beginn", v.Laufzeit.Von)
	s.date("Ende", v.Laufzeit.Bis)
	s.end()
	s.historie(v.Historie)
	for i := range v.Dokumente {
		s.dokument("Dokument", &v.Dokumente[i], i+1, "")
	}
	for i := range v.Kontakte {
		s.kontakt("Kontakt", &v.Kontakte[i])
	}
	for i := range v.Teilvorgaenge {
		s.vorgang("Teilvorgang", &v.Teilvorgaenge[i], len(v.Dokumente)+i+1)
	}
	if v.Fachdaten != nil {
		s.erweiterung(v.Fachdaten)
	}
	s.end()
}

func (s *schreiber) historie(hs []dms.Protokolleintrag) {
	for i := range hs {
		h := &hs[i]
		s.start("HistorienProtokollInformation")
		s.text("MetadatumName", h.Metadatum)
		s.text("MetadatumAlterWert", h.Alt)
		s.text("MetadatumNeuerWert", h.Neu)
		s.text("Akteur", h.Akteur)
		s.time("DatumUhrzeit", h.Zeit)
		s.text("Bemerkung", h.Bemerkung)
		s.text("Aktion", h.Aktion)
		s.end()
	}
}

// dokument writes a Dokument or, with anlage set, an Anlage with its number at the end.
func (s *schreiber) dokument(name string, d *dms.Dokument, nummer int, anlage string) {
	s.start(name)
	s.identifikation(d.ID, nummer)
	s.metadaten(&d.Metadaten)
	s.text("FremdesGeschaeftszeichen", d.FremdesGeschaeftszeichen)
	s.date("Posteingangsdatum", d.Posteingangsdatum)
	s.date("Postausgangsdatum", d.Postausgangsdatum)
	s.date("DatumDesSchreibens", d.DatumDesSchreibens)
	s.text("Bearbeiter", d.Bearbeiter)
	s.text("Typ", d.Typ)
	s.historie(d.Historie)
	for i := range d.Versionen {
		s.start("Version")
		s.must("Nummer", d.Versionen[i].Nummer)
		for j := range d.Versionen[i].Formate {
			s.format(&d.Versionen[i].Formate[j])
		}
		s.end()
	}
	for i := range d.Anlagen {
		s.dokument("Anlage", &d.Anlagen[i], 0, strconv.Itoa(i+1))
	}
	for i := range d.Absender {
		s.kontakt("Absender", &d.Absender[i])
	}
	for i := range d.Empfaenger {
		s.kontakt("Empfaenger", &d.Empfaenger[i])
	}
	s.text("Nummer", anlage)
	s.end()
}

func (s *schreiber) format(f *dms.Format) {
	code, sonstiger := s.p.format(f)
	s.start("Format")
	s.code("Name", dms.Code{Wert: code, Liste: listeDateiformat, Version: s.p.ListeDateiformat})
	s.text("SonstigerName", sonstiger)
	s.must("Version", f.Version)
	s.start("Primaerdokument")
	s.text("Dateiname", dateiname(&f.Datei))
	s.text("DateinameOriginal", f.Datei.Name)
	s.text("Ersteller", f.Ersteller)
	s.time("DatumUhrzeit", f.Zeit)
	s.end()
	s.end()
}

func (s *schreiber) kontakt(name string, k *dms.Kontakt) {
	s.start(name)
	s.group("Behoerdenkennung")
	s.code("Behoerdenschluessel", k.Behoerde.Schluessel)
	s.code("Praefix", k.Behoerde.Praefix)
	s.end()
	s.group("Institution")
	s.text("Name", k.Institution)
	s.text("Kurzbezeichnung", k.Kurzbezeichnung)
	s.end()
	s.group("Organisationseinheit")
	s.text("Name", k.Organisationseinheit)
	s.end()
	s.group("Name")
	s.text("Anrede", k.Person.Anrede)
	s.text("Titel", k.Person.Titel)
	for _, n := range [...]struct{ n, v string }{{"Familienname", k.Person.Familienname}, {"Vorname", k.Person.Vorname}} {
		s.group(n.n)
		s.text("Name", n.v)
		s.end()
	}
	s.end()
	s.text("Taetigkeit", k.Taetigkeit)
	s.text("Zustaendigkeit", k.Zustaendigkeit)
	for i := range k.Anschriften {
		a := &k.Anschriften[i]
		s.start("Anschrift")
		s.group("Staat")
		s.code("Staat", dms.Code{Wert: a.Staat, Liste: listeStaat, Version: s.p.ListeStaat})
		s.end()
		s.text("Strasse", a.Strasse)
		s.text("Hausnummer", a.Hausnummer)
		s.text("Postfach", a.Postfach)
		s.text("Postleitzahl", a.Postleitzahl)
		s.text("Ort", a.Ort)
		s.text("Zusatz", a.Zusatz)
		s.end()
	}
	for _, c := range k.Kommunikation {
		s.start("Kommunikation")
		s.code("Kanal", dms.Code{Wert: s.p.Kanal[c.Kanal], Liste: listeErreichbarkeit, Version: s.p.ListeErreichbarkeit})
		s.text("Kennung", c.Kennung)
		s.text("Zusatz", c.Zusatz)
		s.end()
	}
	s.code("Rolle", k.Rolle)
	s.end()
}

func (s *schreiber) erweiterung(e *dms.Erweiterung) {
	s.start("AnwendungsspezifischeErweiterung")
	s.text("Kennung", e.Kennung)
	s.text("Name", e.Name)
	s.text("Beschreibung", e.Beschreibung)
	s.text("Versionsnummer", e.Version)
	s.feldgruppen("Feldgruppe", e.Gruppen)
	s.felder(e.Felder)
	s.end()
}

func (s *schreiber) feldgruppen(name string, gs []dms.Feldgruppe) {
	for i := range gs {
		s.start(name)
		s.text("Name", gs[i].Name)
		s.must("Beschreibung", gs[i].Beschreibung)
		s.feldgruppen("Unterfeldgruppe", gs[i].Gruppen)
		s.felder(gs[i].Felder)
		s.end()
	}
}

func (s *schreiber) felder(fs []dms.Feld) {
	for i := range fs {
		s.start("Feld")
		s.text("Name", fs[i].Name)
		s.text("Beschreibung", fs[i].Beschreibung)
		s.code("Datentyp", dms.Code{Wert: s.p.Feldtyp[fs[i].Typ]})
		s.text("Wert", fs[i].Wert)
		s.end()
	}
}
