package main

import (
	"bytes"
	_ "embed"
	"image"
	"image/color"
	"image/png"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

const (
	kiel     tenant.ID = "kiel"
	muenchen tenant.ID = "muenchen"

	// leistung is a made-up key of the official form for "Baumfällgenehmigung".
	leistung  tenant.Leistungsschluessel = "99063005001000"
	schemaURI                            = "https://schema.fachwerk.example/fim/s99000001_1.0.schema.json"
)

var (
	mandantKiel = tenant.Mandant{
		ID: kiel, Name: "Landeshauptstadt Kiel", Land: tenant.LandSH, ARS: "010020000000",
		Anschrift: tenant.Anschrift{Strasse: "Fleethörn", Hausnummer: "9", PLZ: "24103", Ort: "Kiel"},
		Telefon:   "0431 901-0", EMail: "baumschutz@kiel.example", Vorgangsnummer: "KI-{jahr}-{nummer:6}", Aktenzeichen: "{aktenplan}/{jj}-{nummer:4}",
		Einheiten:        []tenant.Organisationseinheit{{ID: "gruen", Name: "Grünflächenamt"}},
		Leistungen:       []tenant.Leistung{{Schluessel: leistung, Name: "Baumfällgenehmigung", Aktenplan: "67.31", AufbewahrungJahre: 10, Aussonderungsart: "B"}},
		Behoerdenkennung: tenant.Behoerdenkennung{Praefix: "ags", Schluessel: "01002000"},
	}
	mandantMuenchen = tenant.Mandant{
		ID: muenchen, Name: "Landeshauptstadt München", Land: tenant.LandBY, ARS: "091620000000",
		Anschrift:  tenant.Anschrift{Strasse: "Marienplatz", Hausnummer: "8", PLZ: "80331", Ort: "München"},
		Einheiten:  []tenant.Organisationseinheit{{ID: "unb", Name: "Untere Naturschutzbehörde"}},
		Leistungen: []tenant.Leistung{{Schluessel: leistung, Name: "Baumfällgenehmigung"}},
	}
	zustaendigkeiten = []tenant.Zustaendigkeit{
		{Leistung: leistung, Gebiet: "010020000000", Mandant: kiel, Einheit: "gruen"},
		{Leistung: leistung, Gebiet: "09162", Mandant: muenchen, Einheit: "unb"},
	}
)

//go:embed baumfaellung.schema.json
var schema []byte

//go:embed baumfaellung.antrag.json
var daten []byte

// formular is the form as the authority sets it up.
func formular() fim.Formular {
	return fim.Formular{
		Schema: schemaURI, JSONSchema: schema,
		Labels: map[string]string{
			"G60000001": "Antragstellende Person", "F60000227": "Familienname", "F60000228": "Vorname",
			"F60000243": "Straße", "F60000244": "Hausnummer", "F60000246": "Postleitzahl", "F60000247": "Ort",
			"G60000002": "Baum", "F60000301": "Baumart", "F60000302": "Stammumfang in cm", "F60000303": "Grund der Fällung",
		},
		Antragsteller: fim.Zeiger{
			Vorname: "/G60000001/F60000228", Nachname: "/G60000001/F60000227", Strasse: "/G60000001/F60000243",
			Hausnummer: "/G60000001/F60000244", PLZ: "/G60000001/F60000246", Ort: "/G60000001/F60000247",
		},
	}
}

func leistungAnStelle() fitconnect.DestinationService {
	return fitconnect.DestinationService{
		Identifier: leistung.URN(), Regions: []string{"DE000000000000"},
		SubmissionSchemas: []fitconnect.SchemaRef{{SchemaURI: schemaURI, MIMEType: "application/json"}},
	}
}

// antrag is what the online service sends: form data, the form as PDF, a plan as PNG.
func antrag(h *haus) fitconnect.Draft {
	ja := true
	return fitconnect.Draft{
		DestinationID: h.stelle.ID, Region: "DE010020000000", Data: daten,
		PublicService: fitconnect.PublicService{Name: "Baumfällgenehmigung", Identifier: leistung.URN()},
		DataSchema:    fitconnect.SchemaRef{SchemaURI: schemaURI, MIMEType: "application/json"},
		Metadata: fitconnect.Metadata{
			AdditionalReferenceInfo: &fitconnect.AdditionalReferenceInfo{
				SenderReference: "OD-4711", ApplicationDate: datum.Von(h.uhr.Now()).String(), ZustimmungZumDigitalenBescheid: &ja,
			},
		},
		Attachments: []fitconnect.Attachment{
			{MetadataAttachment: fitconnect.MetadataAttachment{Purpose: "form", Filename: "Antrag.pdf", MIMEType: "application/pdf"}, Content: formularPDF(h)},
			{MetadataAttachment: fitconnect.MetadataAttachment{Purpose: "attachment", Filename: "Lageplan.png", MIMEType: "image/png"}, Content: bild(640, 480).Bytes()},
		},
	}
}

// formularPDF is the readable copy of the application that the online service makes.
func formularPDF(h *haus) []byte {
	r, err := pdf.New(nil)
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	_, err = r.Write(&b, pdf.Dokument{
		Titel: "Antrag auf Baumfällgenehmigung", Erstellt: h.uhr.Now(),
		Inhalt: []pdf.Block{
			pdf.Ueberschrift{Ebene: 1, Text: "Antrag auf Baumfällgenehmigung"},
			pdf.Tabelle{
				Spalten: []pdf.Spalte{{Kopf: "Angabe", Anteil: 1}, {Kopf: "Wert", Anteil: 2}},
				Zeilen:  [][]string{{"Name", "Gülşen Łukasik-Groß"}, {"Baumart", "Rotbuche"}, {"Stammumfang in cm", "142"}},
			},
		},
	})
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

// bild draws a small picture, in place of a scan.
func bild(w, h int) *bytes.Buffer {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.Set(x, y, color.RGBA{uint8(x * 255 / w), 160, uint8(y * 255 / h), 255})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return &b
}

// baumfaellung is the decision with the Belehrung of the Land.
func baumfaellung(texte *bescheid.Belehrungen, now time.Time) (bescheid.Inhalt, error) {
	tag := datum.Von(now)
	belehrung, _, err := texte.Choose(bescheid.BelehrungParams{
		Land: tenant.LandSH, Verfahren: "vwvfg", Rechtsbehelf: "widerspruch", Tag: tag,
		Behoerde: "der Landeshauptstadt Kiel, Grünflächenamt", Sitz: "Fleethörn 9, 24103 Kiel",
	})
	return bescheid.Inhalt{
		Art: bescheid.Bewilligung, Betreff: "Genehmigung zur Fällung einer Rotbuche", Verfahren: "vwvfg",
		Tenor: []string{"Die Fällung der Rotbuche (Stammumfang 142 cm) auf dem Grundstück Große Ziegelstraße 12 in Kiel wird genehmigt."},
		Nebenbestimmungen: []string{
			"Die Fällung ist nur außerhalb der Schutzzeit vom 1. März bis zum 30. September zulässig.",
			"Bis zum Ende der nächsten Pflanzperiode ist ein standortgerechter Laubbaum mit mindestens 18 cm Stammumfang zu pflanzen.",
		},
		Begruendung: []string{
			"Sie haben beantragt, eine Rotbuche fällen zu dürfen. Nach dem vorgelegten Foto ist der Stamm hohl; die Verkehrssicherheit ist nicht mehr gegeben.",
			"Die Nebenbestimmungen sind erforderlich, um brütende Vögel zu schützen und den Baumbestand zu erhalten.",
		},
		Gebuehr:                "Für diesen Bescheid wird eine Gebühr von 45,00 € erhoben.",
		Rechtsbehelfsbelehrung: belehrung, Gueltig: datum.Zeitraum{Von: tag, Bis: tag.AddMonate(24)},
	}, err
}
