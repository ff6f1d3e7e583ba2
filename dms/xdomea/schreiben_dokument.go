package xdomea

import (
	"strconv"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

// dokument writes a Dokument or, with anlage set, an Anlage with its number at the end.
func (s *schreiber) dokument(name string, d *dms.Dokument, nummer int, anlage string) {
	s.start(name)
	s.folge("Dokument", func(e string) {
		switch e {
		case "Identifikation":
			s.identifikation(d.ID, nummer)
		case "AllgemeineMetadaten":
			s.metadaten(&d.Metadaten)
		case "FremdesGeschaeftszeichen":
			s.text(e, d.FremdesGeschaeftszeichen)
		case "Posteingangsdatum":
			s.date(e, d.Posteingangsdatum)
		case "Postausgangsdatum":
			s.date(e, d.Postausgangsdatum)
		case "DatumDesSchreibens":
			s.date(e, d.DatumDesSchreibens)
		case "Bearbeiter":
			s.text(e, d.Bearbeiter)
		case "Typ":
			s.text(e, d.Typ)
		case "HistorienProtokollInformation":
			s.historie(d.Historie)
		case "Version":
			if !s.ohneDateien {
				s.versionen(d.Versionen)
			}
		case "Anlage":
			s.anlagen(d.Anlagen)
		case "Absender", "Autor":
			s.kontakte(e, d.Absender)
		case "Empfaenger", "Leser":
			s.kontakte(e, d.Empfaenger)
		}
	})
	s.text("Nummer", anlage)
	s.end()
}

func (s *schreiber) anlagen(as []dms.Dokument) {
	for i := range as {
		nr := strconv.Itoa(i + 1)
		if len(s.p.Aufbau["Anlage"]) == 0 { // the Anlage is a Dokument itself
			s.dokument("Anlage", &as[i], 0, nr)
			continue
		}
		s.start("Anlage")
		s.dokument("Dokument", &as[i], 0, "")
		s.text("Nummer", nr)
		s.end()
	}
}

func (s *schreiber) versionen(vs []dms.Version) {
	for i := range vs {
		s.start("Version")
		s.must("Nummer", vs[i].Nummer)
		for j := range vs[i].Formate {
			s.format(&vs[i].Formate[j])
		}
		s.end()
	}
}

func (s *schreiber) format(f *dms.Format) {
	code, sonstiger := s.p.format(f)
	name := dms.Code{Wert: code, Liste: listeDateiformat, Version: s.p.ListeDateiformat}
	s.start("Format")
	s.code("Name", name)
	s.text("SonstigerName", sonstiger)
	s.must("Version", f.Version)
	s.start("Primaerdokument")
	s.folge("Primaerdokument", func(e string) {
		switch e {
		case "Dateiname":
			s.text(e, dateiname(&f.Datei))
		case "DateinameOriginal":
			s.text(e, f.Datei.Name)
		case "Ersteller":
			s.text(e, f.Ersteller)
		case "DatumUhrzeit":
			s.time(e, f.Zeit)
		}
	})
	s.end()
	s.end()
}

func (s *schreiber) kontakte(name string, ks []dms.Kontakt) {
	for i := range ks {
		s.kontakt(name, &ks[i])
	}
}

func (s *schreiber) kontakt(name string, k *dms.Kontakt) {
	s.start(name)
	s.folge("Kontakt", func(e string) {
		switch e {
		case "Behoerdenkennung":
			s.behoerde(&k.Behoerde)
		case "Institution", "NameInstitution":
			s.group(e)
			s.text("Name", k.Institution)
			s.text("Kurzbezeichnung", k.Kurzbezeichnung)
			s.end()
		case "Organisationseinheit", "NameOrganisationseinheit":
			s.group(e)
			s.text("Name", k.Organisationseinheit)
			s.end()
		case "Name", "NameAnsprechpartner":
			s.person(e, &k.Person)
		case "Taetigkeit":
			s.text(e, k.Taetigkeit)
		case "Zustaendigkeit":
			s.text(e, k.Zustaendigkeit)
		case "Anschrift":
			s.anschriften(k.Anschriften)
		case "Kommunikation", "erreichbarkeit":
			s.kommunikation(e, k.Kommunikation)
		case "Rolle":
			switch {
			case !s.p.Nachrichtenkopf:
				s.code(e, k.Rolle)
			case k.Rolle.Liste == "" || k.Rolle.Version == "":
				s.text(e, k.Rolle.Wert)
			}
		case "RolleCode":
			if k.Rolle.Liste != "" && k.Rolle.Version != "" {
				s.code(e, k.Rolle)
			}
		}
	})
	s.end()
}

// behoerde: 4.0.0 joins prefix and key and names their directory.
func (s *schreiber) behoerde(b *dms.Behoerdenkennung) {
	s.group("Behoerdenkennung")
	s.folge("Behoerdenkennung", func(e string) {
		switch e {
		case "Behoerdenschluessel", "Kennung":
			s.code(e, b.Schluessel)
		case "Praefix":
			s.code(e, b.Praefix)
		case "verzeichnisdienst":
			if b.Schluessel.Wert != "" {
				s.code(e, s.p.ListeVerzeichnisdienst)
			}
		case "kennung":
			key := b.Schluessel.Wert
			if key != "" && b.Praefix.Wert != "" {
				key = b.Praefix.Wert + ":" + key
			}
			s.textLatein(e, key)
		}
	})
	s.end()
}

func (s *schreiber) person(name string, p *dms.Person) {
	s.group(name)
	s.text("Anrede", p.Anrede)
	s.text("Titel", p.Titel)
	for _, n := range [...]struct{ n, v string }{{"Familienname", p.Familienname}, {"Vorname", p.Vorname}} {
		s.group(n.n)
		s.text("Name", n.v)
		s.end()
	}
	s.end()
}

func (s *schreiber) anschriften(as []dms.Anschrift) {
	for i := range as {
		a := &as[i]
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
}

func (s *schreiber) kommunikation(name string, ks []dms.Kommunikation) {
	for _, c := range ks {
		if name == "erreichbarkeit" && s.p.Kanal[c.Kanal] == "" {
			continue // its channel is required
		}
		kanal := dms.Code{Wert: s.p.Kanal[c.Kanal]}
		if s.p.ListeErreichbarkeit != "" {
			kanal.Liste, kanal.Version = listeErreichbarkeit, s.p.ListeErreichbarkeit
		}
		s.start(name)
		s.folge("Kommunikation", func(e string) {
			switch e {
			case "Kanal", "~kanal":
				s.code(e, kanal)
			case "Kennung":
				s.text(e, c.Kennung)
			case "Zusatz":
				s.text(e, c.Zusatz)
			case "~kennung":
				s.textLatein(e, c.Kennung)
			case "~zusatz":
				s.textLatein(e, c.Zusatz)
			}
		})
		s.end()
	}
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
