package xdomea

import "github.com/ozg-fachwerk/fachwerk/dms"

// Profil is one version of the standard as data. Start from [V310] or [V300]
// and change what a receiver wants otherwise. The maps of a Profil given to
// [New] must not be changed afterwards.
type Profil struct {
	// Version is the version of the standard, such as "3.1.0".
	Version string
	// Namespace of the messages; each version has its own.
	Namespace string
	// Schema is the schema file named in xsi:schemaLocation.
	Schema string
	// Abgabe, Import and Empfang are the full names of the messages 0401, 0402 and 0403.
	Abgabe, Import, Empfang string
	// ListeNachrichtentyp, ListeDateiformat, ListeErreichbarkeit and ListeStaat
	// are the versions of the code lists that are stated in messages.
	ListeNachrichtentyp, ListeDateiformat, ListeErreichbarkeit, ListeStaat string
	// The codes of the neutral values.
	Vertraulichkeit map[dms.Vertraulichkeit]string
	Medium          map[dms.Medium]string
	Kanal           map[dms.Kanal]string
	Feldtyp         map[dms.Feldtyp]string
	// Formate gives the code of the list Dateiformat by media type. What is not
	// in it becomes "100 Sonstiges" with the file extension as its name.
	Formate map[string]string
}

// V310 is xdomea 3.1.0 (namespace urn:xoev-de:xdomea:schema:3.1.0).
func V310() Profil { return v3("3.1.0") }

// V300 is xdomea 3.0.0, the version mandated before 4.0.0. Its messages 0401,
// 0402 and 0403 differ from 3.1.0 in the namespace only.
func V300() Profil { return v3("3.0.0") }

func v3(version string) Profil {
	return Profil{
		Version:             version,
		Namespace:           namespaceStem + version,
		Schema:              "xdomea-Nachrichten-AbgabeDurchfuehren.xsd",
		Abgabe:              "Abgabe.Abgabe.0401",
		Import:              "Abgabe.ImportBestaetigen.0402",
		Empfang:             "Abgabe.EmpfangBestaetigen.0403",
		ListeNachrichtentyp: "2.0",
		ListeDateiformat:    "1.0",
		ListeErreichbarkeit: "3",
		ListeStaat:          "7",
		Vertraulichkeit: map[dms.Vertraulichkeit]string{
			dms.Geheim: "001", dms.NurDienst: "002", dms.Offen: "003", dms.StrengGeheim: "004", dms.Vertraulich: "005",
		},
		Medium: map[dms.Medium]string{dms.Elektronisch: "001", dms.Hybrid: "002", dms.Papier: "003"},
		Kanal: map[dms.Kanal]string{
			dms.KanalEmail: "01", dms.KanalTelefon: "02", dms.KanalMobil: "03",
			dms.KanalFax: "04", dms.KanalDeMail: "08", dms.KanalWeb: "09",
		},
		Feldtyp: map[dms.Feldtyp]string{
			dms.FeldURI: "001", dms.FeldWahrheit: "003", dms.FeldDatum: "005", dms.FeldZeitpunkt: "006",
			dms.FeldDezimal: "007", dms.FeldGanzzahl: "023", dms.FeldText: "038",
		},
		Formate: map[string]string{
			"text/csv":                   "002",
			"application/msword":         "003",
			"message/rfc822":             "006",
			"text/html":                  "008",
			"image/jpeg":                 "011",
			"application/vnd.ms-outlook": "012",
			"application/vnd.oasis.opendocument.presentation": "013",
			"application/vnd.oasis.opendocument.spreadsheet":  "014",
			"application/vnd.oasis.opendocument.text":         "015",
			"application/pdf":               "018",
			"image/png":                     "019",
			"application/vnd.ms-powerpoint": "020",
			"application/rtf":               "022",
			"text/rtf":                      "022",
			"image/tiff":                    "024",
			"application/vnd.ms-excel":      "028",
			"application/xml":               "030",
			"text/xml":                      "030",
			"application/vnd.openxmlformats-officedocument.wordprocessingml.document":   "035",
			"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":         "036",
			"application/vnd.openxmlformats-officedocument.presentationml.presentation": "037",
			"text/plain": "045",
		},
	}
}

// namespaceStem is what the namespaces of all versions begin with.
const namespaceStem = "urn:xoev-de:xdomea:schema:"

// Code lists of the standard.
const (
	listeNachrichtentyp = "urn:xoev-de:xdomea:codeliste:nachrichtentyp"
	listeDateiformat    = "urn:xoev-de:xdomea:codeliste:dateiformat"
	listeErreichbarkeit = "urn:de:xoev:codeliste:erreichbarkeit"
	listeStaat          = "urn:xoev-de:kosit:codeliste:country-codes"
)

// mimeByCode is for reading: the media type a code stands for, where it is one.
func (p *Profil) mimeByCode(code string) string {
	if code == dms.FormatPDFA {
		return "application/pdf"
	}
	var best string
	for mime, c := range p.Formate {
		// several types can share a code: the smallest keeps the result stable
		if c == code && (best == "" || mime < best) {
			best = mime
		}
	}
	return best
}

func reverse[K ~string](m map[K]string, code string) K {
	for k, c := range m {
		if c == code {
			return k
		}
	}
	return ""
}
