package xdomea

import (
	"strings"

	"github.com/ozg-fachwerk/fachwerk/dms"
)

// Profil is one version of the standard as data. Start from [V310], [V300], [V240] or
// [V400] and change what a receiver wants otherwise. The maps of a Profil given to
// [New] must not be changed afterwards.
type Profil struct {
	// Version is the version of the standard, such as "3.1.0".
	Version string
	// Namespace of the messages; each version has its own.
	Namespace string
	// Nachrichten are the messages of the version by their four digits. What is not
	// in it is fehler.ErrUnsupported.
	Nachrichten map[string]Nachrichtenart
	// Aufbau is the order of elements.
	Aufbau Aufbau
	// Pflicht are elements the schema demands even if there is nothing to say.
	Pflicht map[string]bool
	// NurLatein restricts texts to "Lateinische Zeichen in Unicode 1.1" (2.x):
	// typographic marks are replaced, anything else outside is refused.
	NurLatein bool
	// EndeNurJahr states the end of keeping as a year (2.x).
	EndeNurJahr bool
	// Nachrichtenkopf is the form of 4.0.0: a head with an id of the message, the
	// product in the root, and the wishes of the sender beside the head.
	Nachrichtenkopf bool
	// ListeNachrichtentyp, ListeDateiformat, ListeErreichbarkeit and ListeStaat
	// are the versions of the code lists that are stated in messages; empty states
	// neither list nor version.
	ListeNachrichtentyp, ListeDateiformat, ListeErreichbarkeit, ListeStaat string
	// ListeGeheimhaltung and ListeVerzeichnisdienst name code lists of 4.0.0 by
	// Liste and Version; Wert of the second is the directory the keys are of.
	ListeGeheimhaltung, ListeVerzeichnisdienst dms.Code
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

// V300 is xdomea 3.0.0, the version mandated before 4.0.0. The messages written
// here differ from 3.1.0 in the namespace only.
func V300() Profil { return v3("3.0.0") }

// V240 is xdomea 2.4.0. It has no receipt for 0401 and 0503 and one result for all
// objects of a hand-over; it cannot carry Aktenfuehrung, BetreffKurz, the day of the
// zdA-Verfuegung, an unlimited period, the day of the end of keeping (only its year)
// and the original name of a file. These are left out.
func V240() Profil {
	p := v3("2.4.0")
	p.Nachrichten, p.Aufbau = nachrichten2(), aufbau2
	p.Pflicht = map[string]bool{"SendendesSystem": true, "EmpfangendesSystem": true}
	p.NurLatein, p.EndeNurJahr = true, true
	p.ListeNachrichtentyp, p.ListeErreichbarkeit = "1.0", ""
	p.Kanal = map[dms.Kanal]string{
		dms.KanalEmail: "001", dms.KanalTelefon: "002", dms.KanalMobil: "003", dms.KanalFax: "004", dms.KanalWeb: "007",
		dms.KanalDeMail: "012", // the list has no De-Mail, only "Sonstige"
	}
	return p
}

// V400 is xdomea 4.0.0, group 05 (Aussonderung) only: the schemas of the other groups
// were not at hand. Not verified, hence to be set per receiver: the lists Dateiformat
// 2.0 (the codes of 1.0 are used), Geheimhaltungsgrad and Verzeichnisdienst.
func V400() Profil {
	p := v3("4.0.0")
	p.Nachrichten, p.Aufbau = nachrichten4(), aufbau4
	p.Nachrichtenkopf = true
	p.ListeNachrichtentyp, p.ListeDateiformat = "3.0", "2.0"
	p.ListeGeheimhaltung = dms.Code{Liste: "urn:xoev-de:xdomea:codeliste:vertraulichkeitsstufe", Version: "1.0"}
	p.ListeVerzeichnisdienst = dms.Code{Wert: "DVDV", Liste: "urn:xoev-de:kosit:codeliste:verzeichnisdienst", Version: "3"}
	return p
}

// profilOf is the profile to read a version with: the own one where it fits.
func (k *Kodierer) profilOf(version string) *Profil {
	if version == k.profil.Version {
		return &k.profil
	}
	var p Profil
	switch {
	case strings.HasPrefix(version, "2."):
		p = V240()
	case strings.HasPrefix(version, "4."):
		p = V400()
	default:
		p = v3(version)
	}
	p.Formate = k.profil.Formate
	return &p
}

func v3(version string) Profil {
	return Profil{
		Version:             version,
		Namespace:           namespaceStem + version,
		Nachrichten:         nachrichten3(),
		Aufbau:              aufbau3,
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
