package xdomea

import (
	"encoding/xml"
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

func (l *leser) kontakt(p *Profil) (k dms.Kontakt) {
	l.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Behoerdenkennung":
			l.each(func(name string, attr []xml.Attr) {
				switch name {
				case "Behoerdenschluessel", "Kennung":
					k.Behoerde.Schluessel = l.code(attr)
				case "Praefix":
					k.Behoerde.Praefix = l.code(attr)
				case "kennung": // 4.0.0: prefix and key in one
					v := l.tok()
					if p, s, ok := strings.Cut(v, ":"); ok && p != "" && s != "" {
						k.Behoerde.Praefix.Wert, v = p, s
					}
					k.Behoerde.Schluessel.Wert = v
				case "verzeichnisdienst":
					l.skip()
				default:
					l.omit()
				}
			})
		case "Institution", "NameInstitution":
			l.fields(map[string]*string{"Name": &k.Institution, "Kurzbezeichnung": &k.Kurzbezeichnung})
		case "Organisationseinheit", "NameOrganisationseinheit":
			l.fields(map[string]*string{"Name": &k.Organisationseinheit})
		case "Name", "NameAnsprechpartner":
			l.person(&k.Person)
		case "Taetigkeit":
			k.Taetigkeit = l.str()
		case "Zustaendigkeit":
			k.Zustaendigkeit = l.str()
		case "Anschrift":
			k.Anschriften = append(k.Anschriften, l.anschrift())
		case "Kommunikation", "erreichbarkeit":
			k.Kommunikation = append(k.Kommunikation, l.kommunikation(p))
		case "RolleCode":
			k.Rolle = l.code(attr)
		case "Rolle":
			if p.Nachrichtenkopf {
				k.Rolle = dms.Code{Wert: l.tok()}
				return
			}
			k.Rolle = l.code(attr)
		default:
			l.omit()
		}
	})
	return k
}

func (l *leser) person(p *dms.Person) {
	l.each(func(name string, _ []xml.Attr) {
		switch name {
		case "Anrede":
			p.Anrede = l.str()
		case "Titel":
			p.Titel = l.str()
		case "Familienname":
			l.fields(map[string]*string{"Name": &p.Familienname})
		case "Vorname":
			l.fields(map[string]*string{"Name": &p.Vorname})
		default:
			l.omit()
		}
	})
}

func (l *leser) anschrift() (a dms.Anschrift) {
	text := map[string]*string{"Strasse": &a.Strasse, "Hausnummer": &a.Hausnummer, "Postfach": &a.Postfach,
		"Postleitzahl": &a.Postleitzahl, "Ort": &a.Ort, "Zusatz": &a.Zusatz}
	l.each(func(name string, _ []xml.Attr) {
		switch {
		case text[name] != nil:
			*text[name] = l.str()
		case name == "Staat":
			l.each(func(name string, attr []xml.Attr) {
				if name == "Staat" {
					a.Staat = l.code(attr).Wert
				} else {
					l.omit()
				}
			})
		default:
			l.omit()
		}
	})
	return a
}

func (l *leser) kommunikation(p *Profil) (c dms.Kommunikation) {
	l.each(func(name string, attr []xml.Attr) {
		switch name {
		case "Kanal", "kanal":
			c.Kanal = reverse(p.Kanal, l.code(attr).Wert)
		case "Kennung", "kennung":
			c.Kennung = l.str()
		case "Zusatz", "zusatz":
			c.Zusatz = l.str()
		default:
			l.omit()
		}
	})
	return c
}
