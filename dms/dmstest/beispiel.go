package dmstest

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// zeit is when the sample hand-overs were made.
var zeit = time.Date(2026, 3, 2, 8, 15, 0, 0, time.UTC)

// ID derives a UUID from a text, the same each time, so that samples and
// golden files are stable.
func ID(text string) string { return uuid.NewSHA1(uuid.NameSpaceOID, []byte("dmstest:"+text)).String() }

// NewDatei makes a Datei with its content in memory.
func NewDatei(id, name, mime string, content []byte) dms.Datei {
	sum := sha512.Sum512(content)
	return dms.Datei{
		ID: id, Name: name, MIME: mime, Groesse: int64(len(content)), SHA512: hex.EncodeToString(sum[:]),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

// Minimal is the smallest Paket that can be handed over. Different names give
// different hand-overs, the same name the same.
func Minimal(name string) *dms.Paket {
	return &dms.Paket{
		ProzessID:  ID(name + "/prozess"),
		Erstellt:   zeit,
		Absender:   dms.Kontakt{Institution: "Bauamt Musterstadt"},
		Empfaenger: dms.Kontakt{Institution: "Zentrale Registratur Musterstadt"},
		Vorgang:    dms.Vorgang{ID: ID(name + "/vorgang")},
	}
}

// Reich is a Paket that uses every part of the model: an Akte around the
// Vorgang, history, contacts, form data, versions, formats, Anlagen and a
// Teilvorgang. Its content is made up.
func Reich(name string) *dms.Paket {
	p := Minimal(name)
	id := func(s string) string { return ID(name + "/" + s) }
	p.Absender = dms.Kontakt{
		Behoerde: dms.Behoerdenkennung{
			Praefix:    dms.Code{Wert: "psw", Liste: "urn:example:praefix", Version: "1"},
			Schluessel: dms.Code{Wert: "01003110", Name: "Musterstadt", Liste: "urn:example:behoerden", Version: "1"},
		},
		Institution: "Stadt Musterstadt", Kurzbezeichnung: "MS", Organisationseinheit: "Sachgebiet 63",
		Anschriften:   []dms.Anschrift{{Staat: "DE", Strasse: "Am Markt", Hausnummer: "1a", Postfach: "12 34", Postleitzahl: "01234", Ort: "Musterstadt", Zusatz: "Rathaus"}},
		Kommunikation: []dms.Kommunikation{{Kanal: dms.KanalEmail, Kennung: "bauamt@musterstadt.example", Zusatz: "werktags"}},
	}
	p.System = dms.System{Instanz: "fw-01", Produkt: "Fachwerk", Version: "1.0"}
	p.Hinweis = "Abgabe nach Abschluss des Verfahrens"
	p.WithReceipt = true
	p.Akte = &dms.Akte{
		ID:           id("akte"),
		Metadaten:    dms.Metadaten{Betreff: "Bauakten 2026", Kennzeichen: "63.12-2026", Medium: dms.Elektronisch},
		Aufbewahrung: dms.Aufbewahrung{Unbefristet: true, Aussonderungsart: dms.Archivwuerdig},
		Standort:     "Registratur", Typ: "Sachakte", Laufzeit: datum.Zeitraum{Von: datum.New(2026, 1, 1)},
		Kontakte: []dms.Kontakt{{Organisationseinheit: "Registratur"}},
	}
	v := &p.Vorgang
	v.Metadaten = dms.Metadaten{
		Betreff: "Bauantrag Flurstück 12/3", Kennzeichen: "63.12-2026/0123", Federfuehrung: "SG 63", Aktenfuehrung: "SG 10",
		Vertraulichkeit: dms.Offen, Bemerkung: "eilig", Medium: dms.Hybrid,
		Aktenplaneinheit: dms.Aktenplaneinheit{Kennzeichen: "63.12", Inhaltsangabe: "Bauanträge", BetreffKurz: "Bau"},
	}
	v.Aufbewahrung = dms.Aufbewahrung{Jahre: 10, Aussonderungsart: dms.Bewerten, Ende: datum.New(2036, 12, 31)}
	v.Aktenbetreff, v.Typ, v.ZdA, v.ZdADatum = "Bauakten 2026", "Baugenehmigungsverfahren", true, datum.New(2026, 3, 1)
	v.Laufzeit = datum.Zeitraum{Von: datum.New(2026, 2, 18), Bis: datum.New(2026, 3, 1)}
	v.Historie = []dms.Protokolleintrag{
		{Akteur: "system", Zeit: zeit.Add(-240 * time.Hour), Aktion: "Vorgang angelegt"},
		{Akteur: "sb-7", Zeit: zeit.Add(-24*time.Hour + 123456*time.Microsecond), Aktion: "Status geändert", Bemerkung: "Freigabe", Metadatum: "Status", Alt: "in Bearbeitung", Neu: "entschieden"},
	}
	v.Kontakte = []dms.Kontakt{{
		Person: dms.Person{Anrede: "Frau", Titel: "Dr.", Familienname: "Beispiel", Vorname: "Ada"},
		Rolle:  dms.Code{Wert: "antragstellend", Liste: "urn:example:rollen", Version: "1"},
	}, {Taetigkeit: "Planung", Zustaendigkeit: "Statik", Kommunikation: []dms.Kommunikation{{Kanal: dms.KanalTelefon, Kennung: "+49 30 0000"}}}}
	v.Dokumente = []dms.Dokument{
		{
			ID: id("antrag"), Metadaten: dms.Metadaten{Betreff: "Bauantrag", Medium: dms.Elektronisch},
			FremdesGeschaeftszeichen: "XY-1", Posteingangsdatum: datum.New(2026, 2, 20), DatumDesSchreibens: datum.New(2026, 2, 18),
			Bearbeiter: "sb-7", Typ: "Antrag", Historie: []dms.Protokolleintrag{{Akteur: "system", Zeit: zeit, Aktion: "Dokument hinzugefügt"}},
			Versionen: []dms.Version{{Nummer: "1", Formate: []dms.Format{
				{Code: dms.FormatPDFA, Version: "2u", Ersteller: "Fachwerk", Zeit: zeit, Datei: NewDatei(id("antrag.pdf"), "Bauantrag für Süd.pdf", "application/pdf", []byte("%PDF-1.7 Antrag "+name))},
				{Code: "030", Version: "1.0", Datei: NewDatei(id("antrag.xml"), "antrag.xml", "application/xml", []byte("<antrag/>"))},
			}}},
			Anlagen: []dms.Dokument{{
				ID: id("plan"), Metadaten: dms.Metadaten{Betreff: "Lageplan"}, Typ: "Plan",
				Versionen: []dms.Version{{Nummer: "1", Formate: []dms.Format{{Code: "019", Datei: NewDatei(id("plan.png"), "plan.png", "image/png", []byte("\x89PNG plan"))}}}},
			}},
			Absender:   []dms.Kontakt{{Person: dms.Person{Familienname: "Beispiel"}}},
			Empfaenger: []dms.Kontakt{{Institution: "Stadt Musterstadt"}},
		},
		{
			ID: id("bescheid"), Metadaten: dms.Metadaten{Betreff: "Baugenehmigung"}, Postausgangsdatum: datum.New(2026, 3, 1), Typ: "Bescheid",
			Versionen: []dms.Version{
				{Nummer: "1", Formate: []dms.Format{{Code: dms.FormatSonstiges, Sonstiger: "zip", Datei: NewDatei(id("bescheid1"), "entwurf.zip", "", []byte("PK entwurf"))}}},
				{Nummer: "2", Formate: []dms.Format{{Code: dms.FormatPDFA, Version: "2u", Datei: NewDatei(id("bescheid2"), "Baugenehmigung.pdf", "application/pdf", []byte("%PDF-1.7 Bescheid"))}}},
			},
		},
	}
	v.Teilvorgaenge = []dms.Vorgang{{ID: id("teil"), Metadaten: dms.Metadaten{Betreff: "Beteiligung Brandschutz"}, Dokumente: []dms.Dokument{{ID: id("stellungnahme")}}}}
	v.Fachdaten = &dms.Erweiterung{
		Kennung: "urn:example:bauantrag", Name: "Fachdaten", Beschreibung: "Angaben des Antrags", Version: "1.2",
		Gruppen: []dms.Feldgruppe{{Name: "Grundstück", Beschreibung: "Lage", Felder: []dms.Feld{{Name: "flurstueck", Typ: dms.FeldText, Wert: "12/3"}},
			Gruppen: []dms.Feldgruppe{{Name: "Maße", Felder: []dms.Feld{{Name: "flaeche", Beschreibung: "in m²", Typ: dms.FeldDezimal, Wert: "812.5"}}}}}},
		Felder: []dms.Feld{{Name: "eilig", Typ: dms.FeldWahrheit, Wert: "true"}, {Name: "leer"}},
	}
	return p
}

// Gross is a Paket with n short documents, each with one small file.
func Gross(name string, n int) *dms.Paket {
	p := Minimal(name)
	for i := range n {
		s := fmt.Sprintf("%s/%d", name, i)
		p.Vorgang.Dokumente = append(p.Vorgang.Dokumente, dms.Dokument{
			ID: ID(s), Metadaten: dms.Metadaten{Betreff: fmt.Sprintf("Dokument %d", i)},
			Versionen: []dms.Version{{Nummer: "1", Formate: []dms.Format{{
				Code: "045", Datei: NewDatei(ID(s+"/datei"), fmt.Sprintf("dokument-%d.txt", i), "text/plain", []byte(s)),
			}}}},
		})
	}
	return p
}
