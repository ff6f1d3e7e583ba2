package xdomea

import "maps"

// Aufbau is the structure of one version as data: for every type the names of its
// elements in the order of the schema. What is not named is not written. A leading '~'
// marks an element without namespace. Reading does not need it: it goes by names.
type Aufbau map[string][]string

// Nachrichtenart is one message of a version.
type Nachrichtenart struct {
	// Name of the root element, such as "Abgabe.Abgabe.0401".
	Name string
	// Schema is the schema file named in xsi:schemaLocation.
	Schema string
	// Kopf are the elements that follow those every head has.
	Kopf []string
}

const (
	schemaInformation  = "xdomea-Nachrichten-InformationAustauschen.xsd"
	schemaAbgabe       = "xdomea-Nachrichten-AbgabeDurchfuehren.xsd"
	schemaAussonderung = "xdomea-Nachrichten-AussonderungDurchfuehren.xsd"
	schemaFachdaten    = "xdomea-Nachrichten-FachverfahrensdatenAustauschen.xsd"
)

// aufbau3 is the structure of 3.0.0 and 3.1.0; the other versions start from it.
var aufbau3 = Aufbau{
	"Kopf":                {"ProzessID", "Nachrichtentyp", "Erstellungszeitpunkt", "Absender", "Empfaenger", "SendendesSystem", "Hinweis"},
	"Identifikation":      {"ID", "NummerImUebergeordnetenContainer"},
	"AllgemeineMetadaten": {"Betreff", "Kennzeichen", "Federfuehrung", "Aktenfuehrung", "Vertraulichkeitsstufe", "Bemerkung", "Medium", "Aktenplaneinheit"},
	"Aktenplaneinheit":    {"Kennzeichen", "Inhaltsangabe", "BetreffKurz"},
	// Both are groups since 3.0.0.
	"Aufbewahrungsdauer": {"AnzahlJahre", "Unbefristet"},
	"Aussonderungsart":   {"Aussonderungsart"},
	"Akte": {"Identifikation", "AllgemeineMetadaten", "ArchivspezifischeMetadaten", "Standort", "Typ", "Laufzeit",
		"Akteninhalt", "Kontakt"},
	"Vorgang": {"Identifikation", "AllgemeineMetadaten", "ArchivspezifischeMetadaten", "Aktenbetreff", "Typ", "ZdA", "ZdADatum",
		"Laufzeit", "HistorienProtokollInformation", "Dokument", "Kontakt", "Teilvorgang", "AnwendungsspezifischeErweiterung"},
	"HistorienProtokollInformation": {"MetadatumName", "MetadatumAlterWert", "MetadatumNeuerWert", "Akteur", "DatumUhrzeit", "Bemerkung", "Aktion"},
	"Dokument": {"Identifikation", "AllgemeineMetadaten", "FremdesGeschaeftszeichen", "Posteingangsdatum", "Postausgangsdatum",
		"DatumDesSchreibens", "Bearbeiter", "Typ", "HistorienProtokollInformation", "Version", "Anlage", "Absender", "Empfaenger"},
	"Primaerdokument":  {"Dateiname", "DateinameOriginal", "Ersteller", "DatumUhrzeit"},
	"Kontakt":          {"Behoerdenkennung", "Institution", "Organisationseinheit", "Name", "Taetigkeit", "Zustaendigkeit", "Anschrift", "Kommunikation", "Rolle"},
	"Behoerdenkennung": {"Behoerdenschluessel", "Praefix"},
	"Kommunikation":    {"Kanal", "Kennung", "Zusatz"},

	// The answers: one result for each object.
	"0402":                 {"AbgegebenesObjekt"},
	"0506":                 {"AusgesondertesSGO"},
	"AbgegebenesObjekt":    {"IDSGO", "Erfolgreich", "Fehlermeldung", "FehlermeldungCode"},
	"AusgesondertesSGO":    {"IDSGO", "Erfolgreich", "Fehlermeldung", "FehlermeldungCode", "Archivkennung"},
	"BewertetesObjekt":     {"ID", "Aussonderungsart"},
	"0502":                 {"BewertetesObjekt"},
	"0630":                 {"Rueckmeldung", "Rueckgabeparameter"},
	"Rueckgabeparameter":   {"NummerImStapel", "IDSGO", "Parameter", "Erfolgreich", "Rueckmeldung"},
	"Parameter":            {"Ablageort"},
	"Rueckmeldung":         {"SonstigeFehlermeldungCode"},
	"Bearbeiter.Kontakt":   nil,
	"FehlermeldungMehrere": {"Fehlermeldung"},
}

// with gives a copy with some types replaced.
func (a Aufbau) with(other Aufbau) Aufbau {
	out := maps.Clone(a)
	maps.Copy(out, other)
	return out
}

var aufbau2 = aufbau3.with(Aufbau{
	"AllgemeineMetadaten": {"Betreff", "Kennzeichen", "Federfuehrung", "Vertraulichkeitsstufe", "Bemerkung", "Medium", "Aktenplaneinheit"},
	"Aktenplaneinheit":    {"Kennzeichen", "Inhaltsangabe"},
	"Aufbewahrungsdauer":  nil,
	"Aussonderungsart":    nil,
	"Vorgang": {"Identifikation", "AllgemeineMetadaten", "ArchivspezifischeMetadaten", "Aktenbetreff", "Typ", "ZdA",
		"Laufzeit", "HistorienProtokollInformation", "Dokument", "Kontakt", "AnwendungsspezifischeErweiterung", "Teilvorgang"},
	"HistorienProtokollInformation": {"Metadatum", "AlterWert", "NeuerWert", "Akteur", "DatumUhrzeit", "Bemerkung", "Aktion"},
	"Primaerdokument":               {"Dateiname", "Ersteller", "DatumUhrzeit"},
	"Behoerdenkennung":              {"Kennung", "Praefix"},

	"0402":                 {"ErfolgOderMisserfolg"},
	"0506":                 {"ErfolgOderMisserfolg"},
	"ErfolgOderMisserfolg": {"Erfolgreich", "Fehlermeldung", "Rueckgabeparameter"},
	"Rueckgabeparameter":   {"Parameter", "Erfolgreich", "NummerImStapel", "IDSGO", "Hinweis"},
	"Parameter":            nil,
	"Rueckmeldung":         nil,
	"Bearbeiter.Kontakt":   {"Name"},
	"FehlermeldungMehrere": nil,
})

var aufbau4 = aufbau3.with(Aufbau{
	"Kopf":                {"identifikation.nachricht", "leser", "autor", "ProzessID", "InstanzID", "Hinweis"},
	"Identifikation":      {"xdomeaUUID", "NummerImUebergeordnetenContainer"},
	"AllgemeineMetadaten": {"Betreff", "Kennzeichen", "Federfuehrung", "Aktenfuehrung", "Geheimhaltung", "Bemerkung", "Medium", "Aktenplaneinheit"},
	"Akte": {"Identifikation", "Kontextobjekt", "AllgemeineMetadaten", "Aussonderungsmetadaten", "Standort", "Typ", "Laufzeit",
		"Akteninhalt", "Kontakt"},
	"Vorgang": {"Identifikation", "Kontextobjekt", "AllgemeineMetadaten", "Aussonderungsmetadaten", "Aktenbetreff", "Typ", "ZdA", "ZdADatum",
		"Laufzeit", "HistorienProtokollInformation", "DokumentOderDokumentMitSchriftstueck", "Kontakt", "Teilvorgang", "AnwendungsspezifischeErweiterung"},
	"Dokument": {"Identifikation", "AllgemeineMetadaten", "FremdesGeschaeftszeichen", "Posteingangsdatum", "Postausgangsdatum",
		"DatumDesSchreibens", "Bearbeiter", "Typ", "HistorienProtokollInformation", "Anlage", "Autor", "Leser", "Version"},
	"Anlage":           {"Dokument", "Nummer"},
	"Kontakt":          {"Behoerdenkennung", "NameInstitution", "NameOrganisationseinheit", "NameAnsprechpartner", "Taetigkeit", "Zustaendigkeit", "Anschrift", "erreichbarkeit", "Rolle", "RolleCode"},
	"Behoerdenkennung": {"verzeichnisdienst", "kennung"},
	"Kommunikation":    {"~kanal", "~kennung", "~zusatz"},

	"0502":                 {"BewertetesSGO"},
	"BewertetesSGO":        {"xdomeaUUID", "Aussonderungsart"},
	"0506":                 {"ErfolgOderMisserfolg", "AusgesondertesSGO"},
	"ErfolgOderMisserfolg": {"Erfolgreich", "Fehlermeldung", "FehlermeldungCode"},
	"AusgesondertesSGO":    {"xdomeaUUID", "ErfolgOderMisserfolg", "Archivkennung"},
})

// nachrichten3 are the messages of 3.0.0 and 3.1.0 that are written and read.
func nachrichten3() map[string]Nachrichtenart {
	fv := []string{"EmpfangendesSystem", "Empfangsbestaetigung", "Importbestaetigung", "Erstellerkennung", "ErstellerRolle",
		"Stapel", "Stapellaenge", "DMSSessionID"}
	return map[string]Nachrichtenart{
		"0101": {"Information.Information.0101", schemaInformation, []string{"Empfangsbestaetigung"}},
		"0102": {"Information.EmpfangBestaetigen.0102", schemaInformation, nil},
		"0401": {"Abgabe.Abgabe.0401", schemaAbgabe, []string{"Importbestaetigung", "Empfangsbestaetigung"}},
		"0402": {"Abgabe.ImportBestaetigen.0402", schemaAbgabe, nil},
		"0403": {"Abgabe.EmpfangBestaetigen.0403", schemaAbgabe, nil},
		"0501": {"Aussonderung.Anbieteverzeichnis.0501", schemaAussonderung, []string{"Empfangsbestaetigung"}},
		"0502": {"Aussonderung.Bewertungsverzeichnis.0502", schemaAussonderung, []string{"Empfangsbestaetigung"}},
		"0503": {"Aussonderung.Aussonderung.0503", schemaAussonderung, []string{"Importbestaetigung", "RueckmeldungArchivkennung", "Empfangsbestaetigung"}},
		"0504": {"Aussonderung.AnbietungEmpfangBestaetigen.0504", schemaAussonderung, nil},
		"0505": {"Aussonderung.BewertungEmpfangBestaetigen.0505", schemaAussonderung, nil},
		"0506": {"Aussonderung.AussonderungImportBestaetigen.0506", schemaAussonderung, nil},
		"0507": {"Aussonderung.AussonderungEmpfangBestaetigen.0507", schemaAussonderung, nil},
		"0604": {"FVDaten.SGOErstellen.0604", schemaFachdaten, fv},
		"0605": {"FVDaten.SGOAblegen.0605", schemaFachdaten, fv},
		"0607": {"FVDaten.ProtokolleintragErstellen.0607", schemaFachdaten, fv},
		"0623": {"FVDaten.GesamtprotokollAblegen.0623", schemaFachdaten, fv},
		"0624": {"FVDaten.SGOZDAVerfuegen.0624", schemaFachdaten, fv},
		"0629": {"FVDaten.EmpfangBestaetigen.0629", schemaFachdaten, []string{"EmpfangendesSystem"}},
		"0630": {"FVDaten.ImportBestaetigen.0630", schemaFachdaten, []string{"EmpfangendesSystem", "FVSessionID"}},
	}
}

// nachrichten2: no receipts 0403 and 0507, and 0401 and 0503 cannot ask for one.
func nachrichten2() map[string]Nachrichtenart {
	m := nachrichten3()
	delete(m, "0403")
	delete(m, "0507")
	for nr, n := range m {
		switch {
		case nr == "0401":
			n.Kopf = []string{"Importbestaetigung"}
		case nr == "0503":
			n.Kopf = []string{"Importbestaetigung", "RueckmeldungArchivkennung"}
		case nr[:2] == "06" && len(n.Kopf) > 2:
			n.Kopf = n.Kopf[:len(n.Kopf)-1] // no DMSSessionID
		}
		m[nr] = n
	}
	return m
}

// nachrichten4: only group 05, whose official schema was at hand.
func nachrichten4() map[string]Nachrichtenart {
	m := nachrichten3()
	for nr, n := range m {
		if nr[:2] != "05" {
			delete(m, nr)
			continue
		}
		if nr >= "0502" && nr != "0503" {
			n.Kopf = append(n.Kopf[:len(n.Kopf):len(n.Kopf)], "UUIDUrsprungsnachricht")
		}
		n.Kopf = append(n.Kopf[:len(n.Kopf):len(n.Kopf)], "LfdNrNachrichtProTyp", "GesamtanzahlNachrichtenProTyp")
		m[nr] = n
	}
	return m
}
