package vorgang

import (
	"fmt"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// texte are the German names of the entries for journals on screen and paper.
// They are for reading only; nothing is derived from them.
var texte = map[Code]string{
	"vorgang.eingegangen":                       "Antrag eingegangen",
	"vorgang.status":                            "Status geändert",
	"vorgang.zugewiesen":                        "Zuweisung geändert",
	"vorgang.notiert":                           "Notiz angelegt",
	"vorgang.notiz_entfernt":                    "Notiz entfernt",
	"nachricht.geschrieben":                     "Nachricht an Antragsteller geschrieben",
	"rueckfrage.gestellt":                       "Rückfrage gestellt",
	"rueckfrage.erinnert":                       "An Rückfrage erinnert",
	"nachricht.geklaert":                        "Geklärt, ob eine Nachricht angekommen ist",
	"rueckfrage.erledigt":                       "Rückfrage ohne Antwort erledigt",
	"rueckfrage.beantwortet":                    "Antwort des Antragstellers eingegangen",
	"nachricht.quittiert":                       "Nachricht zugestellt",
	"nachricht.rueckruf":                        "Rückruf der Nachricht angeordnet",
	"nachricht.rueckruf_gescheitert":            "Nachricht lässt sich nicht zurückrufen",
	"eingang.quittiert":                         "Eingang gegenüber dem Absender quittiert",
	"bescheid.entworfen":                        "Bescheid entworfen",
	"bescheid.vorgelegt":                        "Bescheid zur Freigabe vorgelegt",
	"bescheid.zurueckgegeben":                   "Bescheid zurückgegeben",
	"bescheid.freigegeben":                      "Bescheid freigegeben",
	"bescheid.ausgefertigt":                     "Bescheid ausgefertigt",
	"bescheid.versandt":                         "Bescheid versandt",
	"bescheid.bekanntgegeben":                   "Bescheid bekanntgegeben",
	"bescheid.bestandskraeftig":                 "Bescheid bestandskräftig",
	"bescheid.zustellung":                       "Zustellung des Bescheids",
	"bescheid.zustellung_veranlasst":            "Erneute Zustellung des Bescheids veranlasst",
	"rechtsbehelf.eingegangen":                  "Rechtsbehelf eingegangen",
	"rechtsbehelf.frist":                        "Frist des Rechtsbehelfs neu berechnet",
	"rechtsbehelf.wiedereinsetzung_beantragt":   "Wiedereinsetzung beantragt",
	"rechtsbehelf.wiedereinsetzung_entschieden": "Über Wiedereinsetzung entschieden",
	"rechtsbehelf.erledigt":                     "Rechtsbehelf erledigt",
	"fiktion.eingetreten":                       "Genehmigungsfiktion eingetreten",
	"fiktion.bescheinigt":                       "Genehmigungsfiktion bescheinigt",
	"fiktion.ausgefertigt":                      "Bescheinigung der Genehmigungsfiktion ausgefertigt",
	"vorgang.abgeschlossen":                     "Vorgang abgeschlossen (zdA)",
	"abgabe.angeordnet":                         "Erneute Übergabe an die E-Akte angeordnet",
	"abgabe.gesendet":                           "Vorgang an die E-Akte übergeben",
	"abgabe.beantwortet":                        "Antwort der E-Akte eingegangen",
	"auftrag.aufgegeben":                        "Auftrag aufgegeben",
	"auftrag.geparkt":                           "Auftrag angehalten",
	"beteiligung.begonnen":                      "Andere Behörde beteiligt",
	"beteiligung.beendet":                       "Beteiligung beendet",
	"wiedervorlage.gesetzt":                     "Wiedervorlage gesetzt",
	"wiedervorlage.entfernt":                    "Wiedervorlage entfernt",
	"wiedervorlage.erledigt":                    "Wiedervorlage erledigt",
	"wiedervorlage.geoeffnet":                   "Wiedervorlage wieder geöffnet",
	"vorgang.aktenzeichen":                      "Aktenzeichen geändert",
	"vorgang.schlagworte":                       "Schlagworte geändert",
	"vorgang.ansprechpartner":                   "Ansprechpartner geändert",
	"vorgang.verknuepft":                        "Mit anderem Vorgang verknüpft",
	"vorgang.verknuepfung_geloest":              "Verknüpfung gelöst",
	"aussetzung.begonnen":                       "Vorgang ausgesetzt",
	"aussetzung.beendet":                        "Vorgang fortgesetzt",
	"frist.gesetzt":                             "Bearbeitungsfrist gesetzt",
	"frist.verlaengert":                         "Bearbeitungsfrist verlängert",
	"frist.gewarnt":                             "An eine Frist erinnert",
	"stellungnahme.angefordert":                 "Stellungnahme angefordert",
	"stellungnahme.gegeben":                     "Stellungnahme abgegeben",
	"stellungnahme.nachgefordert":               "Stellungnahme nachgefordert",
	"stellungnahme.abgebrochen":                 "Auf Stellungnahme verzichtet",
	"stellungnahme.geprueft":                    "Stellungnahme geprüft",
	"mitzeichnung.angefordert":                  "Mitzeichnung angefordert",
	"mitzeichnung.gezeichnet":                   "Mitgezeichnet",
	"mitzeichnung.abgelehnt":                    "Mitzeichnung abgelehnt",
	"mitzeichnung.abgebrochen":                  "Auf Mitzeichnung verzichtet",
	"weiterleitung.angefordert":                 "Weiterleitung angeboten",
	"weiterleitung.uebernommen":                 "Weiterleitung angenommen",
	"weiterleitung.ausgefuehrt":                 "Vorgang weitergeleitet",
	"weiterleitung.beendet":                     "Weiterleitung beendet",
	"loeschung.beantragt":                       "Löschung beantragt",
	"loeschung.vollzogen":                       "Vorgang gelöscht",
	"loeschsperre.gesetzt":                      "Löschsperre gesetzt",
	"loeschsperre.aufgehoben":                   "Löschsperre aufgehoben",
	"anlage.hinzugefuegt":                       "Datei hinzugefügt",
	"antrag.zurueckgezogen":                     "Antrag zurückgezogen",
	"antrag.ruecknahme_erledigt":                "Antrag wird trotz Rücknahme weiter bearbeitet",
	"vorgang.eingesehen":                        "Vorgang eingesehen",
	"vorgang.umgesetzt":                         "An andere Organisationseinheit umgesetzt",
	"zugangscode.ausgegeben":                    "Zugangscode für die Statusauskunft ausgegeben",
	"pruefung.durchgefuehrt":                    "Nach Regeln geprüft",
	"gebuehr.festgesetzt":                       "Gebühr festgesetzt",
	"gebuehr.gestundet":                         "Gebühr gestundet",
	"gebuehr.erlassen":                          "Gebühr erlassen",
	"gebuehr.niedergeschlagen":                  "Gebühr niedergeschlagen",
	"gebuehr.wiederaufgenommen":                 "Niederschlagung der Gebühr beendet",
	"gebuehr.gemahnt":                           "Gebühr angemahnt",
	"gebuehr.vorgelegt":                         "Offene Gebühr vorgelegt",
	"gebuehr.neu_berechnet":                     "Gebühr nach geändertem Recht neu berechnet",
	"recht.nachgerechnet":                       "Nach geändertem Recht nachgerechnet",
	"zahlung.eingegangen":                       "Zahlung eingegangen",
	"zahlung.zurueckgegeben":                    "Zahlung zurückgegeben",
	"zahlung.erstattet":                         "Überzahlung erstattet",
	"zahlung.veranlasst":                        "Zahlung beim Bezahldienst begonnen",
	"zahlung.gemeldet":                          "Meldung des Bezahldienstes",
	"uebergabe.angeordnet":                      "Übergabe an ein Fachverfahren angeordnet",
	"uebergabe.gesendet":                        "An das Fachverfahren übergeben",
	"uebergabe.gescheitert":                     "Übergabe an das Fachverfahren gescheitert",
	"uebergabe.gemeldet":                        "Meldung des Fachverfahrens",
	"vorgang.zurueckgenommen":                   "Schritt zurückgenommen",
}

// Text is a German line for people: what happened, without personal data.
func (e Ereignis) Text() string {
	t := texte[e.Code]
	if t == "" {
		t = string(e.Code)
	}
	d, err := e.daten()
	if err != nil {
		return t
	}
	switch d := d.(type) {
	case *Eingegangen:
		name := d.LeistungName
		if name == "" {
			name = string(d.Leistung)
		}
		return fmt.Sprintf("%s: %s, Vorgangsnummer %s", t, name, d.Nummer)
	case *StatusGesetzt:
		return fmt.Sprintf("%s: %s → %s", t, d.Von.Name(), d.Nach.Name())
	case *Zugewiesen:
		if d.An == nil {
			return "Zuweisung aufgehoben"
		}
		if d.An.Gezogen {
			return "Vom Stapel gezogen"
		}
		if d.An.Name != "" {
			return "Zugewiesen an " + d.An.Name
		}
		return "Zugewiesen an " + d.An.Bearbeiter
	case *Gefragt:
		if !d.Bis.IsZero() {
			return fmt.Sprintf("%s, Antwort bis %s", t, d.Bis.Deutsch())
		}
	case *Zugestellt:
		return fmt.Sprintf("%s über %s: %s", t, d.Quittung.Kanal, d.Quittung.Zustand)
	case *BescheidVersandt:
		if d.Bekanntgabe.Tag.IsZero() {
			return fmt.Sprintf("%s über %s, Tag der Bekanntgabe noch offen", t, d.Quittung.Kanal)
		}
		return fmt.Sprintf("%s über %s, Bekanntgabe am %s, Frist bis %s", t, d.Quittung.Kanal, d.Bekanntgabe.Tag.Deutsch(), d.Bekanntgabe.FristEnde.Deutsch())
	case *BescheidBekanntgegeben:
		return fmt.Sprintf("%s am %s", t, d.Tag.Deutsch())
	case *BescheidBestandskraeftig:
		return fmt.Sprintf("%s ab %s", t, d.Ab.Deutsch())
	case *ZustellungGeaendert:
		return t + ": " + zustellungText(d)
	case *RechtsbehelfEingegangen:
		return t + ": " + rechtsbehelfText(d.Nach)
	case *RechtsbehelfFristGeaendert:
		return t + ": " + rechtsbehelfText(d.Nach)
	case *WiedereinsetzungEntschieden:
		if d.Nach != nil && d.Nach.Wiedereinsetzung != nil {
			return fmt.Sprintf("%s: %s", t, map[WiedereinsetzungZustand]string{WiedereinsetzungGewaehrt: "gewährt", WiedereinsetzungAbgelehnt: "abgelehnt"}[d.Nach.Wiedereinsetzung.Zustand])
		}
	case *WiedereinsetzungErbeten:
		if d.Nach == nil || d.Nach.Wiedereinsetzung == nil {
			return "Antrag auf Wiedereinsetzung gestrichen"
		}
	case *RechtsbehelfErledigt:
		if d.Nach != nil {
			return fmt.Sprintf("%s am %s: %s", t, d.Nach.Erledigt.Deutsch(), ausgangText[d.Nach.Ausgang])
		}
	case *FiktionEingetreten:
		if d.Nach == nil {
			return "Feststellung der Genehmigungsfiktion aufgehoben"
		}
		return fmt.Sprintf("%s, erteilt ab %s", t, d.Nach.ErteiltAb.Deutsch())
	case interface{ text() string }:
		return t + d.text()
	case *WiedervorlageGesetzt:
		return fmt.Sprintf("%s zum %s", t, d.Faellig.Deutsch())
	case *AktenzeichenGesetzt:
		if len(d.Nach) > 0 {
			return fmt.Sprintf("%s: %s", t, strings.Join(d.Nach, ", "))
		}
	case *Verknuepft:
		if d.Verknuepfung.Nummer != "" {
			return fmt.Sprintf("%s: %s", t, d.Verknuepfung.Nummer)
		}
	case *LoeschungBeantragt:
		if d.Nach == nil {
			return "Löschantrag zurückgenommen"
		}
	case *FristGesetzt:
		if d.Nach != nil {
			return fmt.Sprintf("%s bis %s", t, d.Nach.Ende.Deutsch())
		}
		return "Bearbeitungsfrist aufgehoben"
	case *FristVerlaengert:
		if d.Nach != nil {
			return fmt.Sprintf("%s bis %s", t, d.Nach.Ende.Deutsch())
		}
	case *StellungnahmeAngefordert:
		return fmt.Sprintf("%s, Frist %s", t, d.wer().Bis.Deutsch())
	case *StellungnahmeGegeben:
		return fmt.Sprintf("%s: %s", t, d.wer().Ergebnis)
	case *WeiterleitungBeendet:
		return fmt.Sprintf("%s: %s", t, d.wer().Zustand)
	case *Geprueft:
		return fmt.Sprintf("%s (%s, Fassung %d): %s", t, d.Protokoll.Regelwerk, d.Protokoll.Fassung, ausgangstexte[d.Protokoll.Ausgang])
	case *Freigegeben:
		if d.Automatisch {
			return "Bescheid automatisch erlassen"
		}
	case *Umgesetzt:
		if d.Nach != nil {
			return fmt.Sprintf("%s: %s", t, d.Nach.Einheit)
		}
	case *AbschlussVermerkt:
		if d.Forderung != "" {
			t += " trotz offener Forderung"
		}
		return fmt.Sprintf("%s, Grund: %s", t, d.Grund)
	case *AbgabeGemeldet:
		return fmt.Sprintf("%s: %s", t, d.Ziel)
	case *AbgabeBeantwortet:
		return fmt.Sprintf("%s: %s", t, d.Zustand)
	case *Fehlgeschlagen:
		return fmt.Sprintf("%s: %s", t, d.Art)
	case *AuftragAufgegeben:
		return fmt.Sprintf("%s: %s", t, d.Art)
	case *BeteiligungBegonnen:
		t = fmt.Sprintf("%s: %s, Recht: %s", t, d.Mandant, d.Recht)
		if d.Von.After(e.Zeit) {
			t += ", ab " + datum.Von(d.Von).Deutsch()
		}
		if !d.Bis.IsZero() {
			t += ", bis " + datum.Von(d.Bis.Add(-time.Microsecond)).Deutsch()
		}
	case *Zurueckgenommen:
		return fmt.Sprintf("%s: Eintrag %d", t, d.Seq)
	}
	return t
}

// ausgangstexte are the outcomes of a Pruefung for people.
var ausgangstexte = map[Pruefausgang]string{
	PruefungUnvollstaendig: "Angaben fehlen", PruefungVollstaendig: "vollständig, eine Person entscheidet",
	PruefungStandardfall: "Standardfall", PruefungPerson: "eine Person muss es ansehen",
}
