package vorgang

import (
	"fmt"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Befehl names a command. Stable, lower-case.
type Befehl string

// Regel is one row of the table of commands: from which states, to which state,
// by whom, and whether it can be undone.
type Regel struct {
	Befehl Befehl `json:"befehl"`
	// Von are the states it is allowed in; Nach is the state it leads to, empty if it does not change it.
	Von  []Status `json:"von,omitempty"`
	Nach Status   `json:"nach,omitempty"`
	// Rollen that may give it.
	Rollen []tenant.Rolle `json:"rollen"`
	// Recht is the least right of a Beteiligung with which a person of another
	// Mandant may give it, in one of the Rollen; empty means never.
	Recht Recht `json:"recht,omitempty"`
	// Umkehrbar by Undo; otherwise Endgueltig says why not.
	Umkehrbar  bool   `json:"umkehrbar,omitempty"`
	Endgueltig string `json:"endgueltig,omitempty"`
	// Ruht while a Weiterleitung is open: the command would decide what the target may
	// soon decide.
	Ruht bool `json:"ruht,omitempty"`
	// Zurueck: leads to the state in which the step before was taken, instead of Nach.
	Zurueck bool `json:"zurueck,omitempty"`
}

// The commands.
const (
	BefehlErstellen        Befehl = "erstellen"
	BefehlAnnehmen         Befehl = "annehmen"
	BefehlVerwerfen        Befehl = "verwerfen"
	BefehlWiederherstellen Befehl = "wiederherstellen"
	BefehlZuweisen         Befehl = "zuweisen"
	BefehlZiehen           Befehl = "ziehen"
	BefehlZuruecklegen     Befehl = "zuruecklegen"
	BefehlBeginnen         Befehl = "beginnen"
	BefehlNotieren         Befehl = "notieren"
	BefehlSchreiben        Befehl = "schreiben"
	BefehlFragen           Befehl = "fragen"
	BefehlAntworten        Befehl = "antworten"
	BefehlFrageErledigen   Befehl = "frage_erledigen"
	BefehlEntwerfen        Befehl = "entwerfen"
	BefehlVorlegen         Befehl = "vorlegen"
	BefehlZurueckgeben     Befehl = "zurueckgeben"
	BefehlFreigeben        Befehl = "freigeben"
	BefehlAbschliessen     Befehl = "abschliessen"
	BefehlWiedereroeffnen  Befehl = "wiedereroeffnen"
	BefehlAufgeben         Befehl = "aufgeben"
	BefehlMelden           Befehl = "melden" // reports of relay and channels
	BefehlZuruecknehmen    Befehl = "zuruecknehmen"

	BefehlWiedervorlegen         Befehl = "wiedervorlegen"
	BefehlWiedervorlageErledigen Befehl = "wiedervorlage_erledigen"
	BefehlWiedervorlageOeffnen   Befehl = "wiedervorlage_oeffnen"

	BefehlAktenzeichenSetzen    Befehl = "aktenzeichen_setzen"
	BefehlVerschlagworten       Befehl = "verschlagworten"
	BefehlAnsprechpartnerSetzen Befehl = "ansprechpartner_setzen"
	BefehlVerknuepfen           Befehl = "verknuepfen"
	BefehlVerknuepfungLoesen    Befehl = "verknuepfung_loesen"

	BefehlAussetzen        Befehl = "aussetzen"
	BefehlFortsetzen       Befehl = "fortsetzen"
	BefehlFristSetzen      Befehl = "frist_setzen"
	BefehlFristVerlaengern Befehl = "frist_verlaengern"

	BefehlUmsetzen                   Befehl = "umsetzen"
	BefehlWeiterleiten               Befehl = "weiterleiten"
	BefehlWeiterleitungZurueckziehen Befehl = "weiterleitung_zurueckziehen"
	BefehlWeiterleitungEntscheiden   Befehl = "weiterleitung_entscheiden"

	BefehlStellungnahmeAnfordern   Befehl = "stellungnahme_anfordern"
	BefehlStellungnahmeGeben       Befehl = "stellungnahme_geben"
	BefehlStellungnahmeNachfordern Befehl = "stellungnahme_nachfordern"
	BefehlStellungnahmeAbbrechen   Befehl = "stellungnahme_abbrechen"
	BefehlStellungnahmePruefen     Befehl = "stellungnahme_pruefen"

	BefehlMitzeichnungAnfordern Befehl = "mitzeichnung_anfordern"
	BefehlMitzeichnen           Befehl = "mitzeichnen"
	BefehlMitzeichnungAblehnen  Befehl = "mitzeichnung_ablehnen"
	BefehlMitzeichnungAbbrechen Befehl = "mitzeichnung_abbrechen"

	BefehlAnlageHinzufuegen   Befehl = "anlage_hinzufuegen"
	BefehlAnlageErsetzen      Befehl = "anlage_ersetzen"
	BefehlAntragZurueckziehen Befehl = "antrag_zurueckziehen"
	BefehlRuecknahmeErledigen Befehl = "ruecknahme_erledigen"
	BefehlZurueckholen        Befehl = "zurueckholen"
	BefehlEinsehen            Befehl = "einsehen"

	BefehlLoeschungBeantragen    Befehl = "loeschung_beantragen"
	BefehlLoeschungZuruecknehmen Befehl = "loeschung_zuruecknehmen"
	BefehlLoeschungBestaetigen   Befehl = "loeschung_bestaetigen"
	BefehlSperren                Befehl = "sperren"
	BefehlEntsperren             Befehl = "entsperren"

	BefehlZugangscodeAusgeben Befehl = "zugangscode_ausgeben"

	BefehlPruefen                Befehl = "pruefen"
	BefehlAutomatischEntscheiden Befehl = "automatisch_entscheiden"

	BefehlZustellungNachweisen        Befehl = "zustellung_nachweisen"
	BefehlZustellungVeranlassen       Befehl = "zustellung_veranlassen"
	BefehlZustellungEintragen         Befehl = "zustellung_eintragen"
	BefehlBekanntgabeNeuBerechnen     Befehl = "bekanntgabe_neu_berechnen"
	BefehlRechtsbehelfErfassen        Befehl = "rechtsbehelf_erfassen"
	BefehlRechtsbehelfErledigen       Befehl = "rechtsbehelf_erledigen"
	BefehlWiedereinsetzungBeantragen  Befehl = "wiedereinsetzung_beantragen"
	BefehlWiedereinsetzungEntscheiden Befehl = "wiedereinsetzung_entscheiden"
	BefehlFiktionFeststellen          Befehl = "fiktion_feststellen"
	BefehlFiktionBescheinigen         Befehl = "fiktion_bescheinigen"

	BefehlGebuehrFestsetzen      Befehl = "gebuehr_festsetzen"
	BefehlGebuehrStunden         Befehl = "gebuehr_stunden"
	BefehlGebuehrErlassen        Befehl = "gebuehr_erlassen"
	BefehlGebuehrNiederschlagen  Befehl = "gebuehr_niederschlagen"
	BefehlGebuehrWiederaufnehmen Befehl = "gebuehr_wiederaufnehmen"
	BefehlGebuehrMahnen          Befehl = "gebuehr_mahnen"
	BefehlZahlungBuchen          Befehl = "zahlung_buchen"
	BefehlZahlungZurueckbuchen   Befehl = "zahlung_zurueckbuchen"
	BefehlZahlungErstatten       Befehl = "zahlung_erstatten"
	BefehlZahlungVeranlassen     Befehl = "zahlung_veranlassen"

	BefehlUebergeben Befehl = "uebergeben"

	BefehlNachrechnen Befehl = "nachrechnen"

	BefehlVersandKlaeren Befehl = "versand_klaeren"

	BefehlBeteiligen         Befehl = "beteiligen"
	BefehlBeteiligungBeenden Befehl = "beteiligung_beenden"
)

var (
	offen          = []Status{Neu, Angenommen, InBearbeitung, Beschieden}
	nichtWeg       = []Status{Neu, Angenommen, InBearbeitung, Beschieden, Abgeschlossen, Verworfen}
	imHaus         = []tenant.Rolle{tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}
	fachlich       = []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung}
	inArbeit       = []Status{Neu, Angenommen, InBearbeitung}
	mitNamen       = []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.Schlusszeichnung}
	nichtGeloescht = []Status{Neu, Angenommen, InBearbeitung, Beschieden, Abgeschlossen, Verworfen, ZuLoeschen}
	entschieden    = []Status{InBearbeitung, Beschieden, Abgeschlossen}
	mitGebuehr     = []Status{Angenommen, InBearbeitung, Beschieden, Abgeschlossen}
	hinaus         = "Was das Haus verlassen hat, lässt sich nicht zurückholen."
)

// tabelle is the table of states, source: docs/design.md, "States of a Vorgang".
var tabelle = []Regel{
	{Befehl: BefehlErstellen, Nach: Neu, Rollen: imHaus, Endgueltig: "Ein Eingang wird nicht ungeschehen; er kann verworfen werden."},
	{Befehl: BefehlAnnehmen, Von: []Status{Neu}, Nach: Angenommen, Rollen: imHaus, Umkehrbar: true, Ruht: true},
	{Befehl: BefehlVerwerfen, Von: []Status{Neu}, Nach: Verworfen, Rollen: []tenant.Rolle{tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung}, Umkehrbar: true, Ruht: true},
	{Befehl: BefehlWiederherstellen, Von: []Status{Verworfen}, Nach: Neu, Rollen: []tenant.Rolle{tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung}, Umkehrbar: true},
	{Befehl: BefehlZuweisen, Von: offen, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Recht: RechtBearbeiten, Umkehrbar: true},
	{Befehl: BefehlZiehen, Von: inArbeit, Nach: InBearbeitung, Rollen: fachlich, Recht: RechtBearbeiten, Endgueltig: "Zurücklegen statt rückgängig machen.", Ruht: true},
	{Befehl: BefehlZuruecklegen, Von: offen, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Recht: RechtBearbeiten, Umkehrbar: true},
	{Befehl: BefehlBeginnen, Von: []Status{Angenommen}, Nach: InBearbeitung, Rollen: fachlich, Recht: RechtBearbeiten, Umkehrbar: true, Ruht: true},
	{Befehl: BefehlNotieren, Von: nichtWeg, Rollen: imHaus, Recht: RechtKommentieren, Umkehrbar: true},
	{Befehl: BefehlSchreiben, Von: offen, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Recht: RechtBearbeiten, Endgueltig: hinaus},
	{Befehl: BefehlFragen, Von: []Status{InBearbeitung}, Rollen: fachlich, Recht: RechtBearbeiten, Endgueltig: hinaus, Ruht: true},
	{Befehl: BefehlFrageErledigen, Von: offen, Rollen: fachlich, Recht: RechtBearbeiten, Endgueltig: "Eine erledigte Rückfrage wird neu gestellt."},
	{Befehl: BefehlAntworten, Von: []Status{Neu, Angenommen, InBearbeitung, Beschieden, Abgeschlossen}, Rollen: []tenant.Rolle{tenant.RolleAntragsteller, tenant.RolleSystem}, Endgueltig: "Eine Antwort des Bürgers ist eingegangen."},
	{Befehl: BefehlEntwerfen, Von: []Status{InBearbeitung}, Rollen: fachlich, Recht: RechtBearbeiten, Endgueltig: "Ein Entwurf wird durch einen neuen ersetzt.", Ruht: true},
	{Befehl: BefehlVorlegen, Von: []Status{InBearbeitung}, Rollen: fachlich, Recht: RechtBearbeiten, Endgueltig: "Die vorgelegte Fassung wird zurückgegeben statt zurückgenommen.", Ruht: true},
	{Befehl: BefehlZurueckgeben, Von: []Status{InBearbeitung}, Rollen: []tenant.Rolle{tenant.Leitung, tenant.Schlusszeichnung}, Endgueltig: "Der Entwurf kann erneut vorgelegt werden."},
	{Befehl: BefehlFreigeben, Von: []Status{InBearbeitung}, Nach: Beschieden, Rollen: []tenant.Rolle{tenant.Leitung, tenant.Schlusszeichnung}, Endgueltig: hinaus, Ruht: true},
	{Befehl: BefehlAbschliessen, Von: []Status{Neu, Angenommen, InBearbeitung, Beschieden}, Nach: Abgeschlossen, Rollen: fachlich, Endgueltig: "Ein abgeschlossener Vorgang wird wiedereröffnet.", Ruht: true},
	{Befehl: BefehlWiedereroeffnen, Von: []Status{Abgeschlossen}, Nach: InBearbeitung, Rollen: []tenant.Rolle{tenant.Leitung}, Endgueltig: "Ein wiedereröffneter Vorgang wird wieder abgeschlossen."},
	{Befehl: BefehlAufgeben, Von: nichtWeg, Rollen: []tenant.Rolle{tenant.Leitung}, Endgueltig: "Ein aufgegebener Auftrag wird nicht mehr ausgeführt; was er tun sollte, kann neu veranlasst werden."},
	{Befehl: BefehlMelden, Von: nichtWeg, Rollen: []tenant.Rolle{tenant.RolleSystem}, Endgueltig: "Was draußen geschah, bleibt geschehen."},
	{Befehl: BefehlZuruecknehmen, Von: nichtWeg, Rollen: []tenant.Rolle{tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung}, Recht: RechtKommentieren, Endgueltig: "Eine Rücknahme wird nicht zurückgenommen; der Befehl kann erneut gegeben werden."},
	{Befehl: BefehlWiedervorlegen, Von: nichtWeg, Rollen: fachlich, Recht: RechtKommentieren, Umkehrbar: true},
	{Befehl: BefehlWiedervorlageErledigen, Von: nichtWeg, Rollen: fachlich, Recht: RechtKommentieren, Umkehrbar: true},
	{Befehl: BefehlWiedervorlageOeffnen, Von: nichtWeg, Rollen: fachlich, Recht: RechtKommentieren, Umkehrbar: true},
	{Befehl: BefehlAktenzeichenSetzen, Von: nichtWeg, Rollen: imHaus, Umkehrbar: true},
	{Befehl: BefehlVerschlagworten, Von: nichtWeg, Rollen: imHaus, Recht: RechtBearbeiten, Umkehrbar: true},
	{Befehl: BefehlAnsprechpartnerSetzen, Von: offen, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Recht: RechtBearbeiten, Umkehrbar: true},
	{Befehl: BefehlVerknuepfen, Von: nichtWeg, Rollen: imHaus, Umkehrbar: true},
	{Befehl: BefehlVerknuepfungLoesen, Von: nichtWeg, Rollen: imHaus, Umkehrbar: true},
	{Befehl: BefehlAussetzen, Von: []Status{Angenommen, InBearbeitung}, Rollen: fachlich, Recht: RechtBearbeiten, Umkehrbar: true, Ruht: true},
	{Befehl: BefehlFortsetzen, Von: []Status{Angenommen, InBearbeitung}, Rollen: fachlich, Recht: RechtBearbeiten, Umkehrbar: true, Ruht: true},
	{Befehl: BefehlFristSetzen, Von: inArbeit, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Umkehrbar: true},
	{Befehl: BefehlFristVerlaengern, Von: inArbeit, Rollen: fachlich, Endgueltig: hinaus},
	{Befehl: BefehlUmsetzen, Von: inArbeit, Rollen: imHaus, Umkehrbar: true, Ruht: true},
	{Befehl: BefehlWeiterleiten, Von: inArbeit, Rollen: imHaus, Endgueltig: "Eine Weiterleitung wird zurückgezogen.", Ruht: true},
	{Befehl: BefehlWeiterleitungZurueckziehen, Von: inArbeit, Rollen: imHaus, Endgueltig: "Es kann erneut weitergeleitet werden."},
	{Befehl: BefehlWeiterleitungEntscheiden, Von: inArbeit, Rollen: []tenant.Rolle{tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung}, Recht: RechtLesen, Endgueltig: "Die Entscheidung über eine Weiterleitung steht fest."},
	{Befehl: BefehlStellungnahmeAnfordern, Von: []Status{Angenommen, InBearbeitung}, Rollen: fachlich, Recht: RechtBearbeiten, Endgueltig: "Eine Anfrage wird abgebrochen.", Ruht: true},
	{Befehl: BefehlStellungnahmeGeben, Von: offen, Rollen: fachlich, Recht: RechtKommentieren, Endgueltig: "Eine gegebene Stellungnahme bleibt; sie kann nachgefordert werden."},
	{Befehl: BefehlStellungnahmeNachfordern, Von: []Status{Angenommen, InBearbeitung}, Rollen: fachlich, Recht: RechtBearbeiten, Endgueltig: "Eine Anfrage wird abgebrochen.", Ruht: true},
	{Befehl: BefehlStellungnahmeAbbrechen, Von: offen, Rollen: fachlich, Recht: RechtBearbeiten, Endgueltig: "Es wird erneut angefragt."},
	{Befehl: BefehlStellungnahmePruefen, Von: offen, Rollen: fachlich, Recht: RechtBearbeiten, Umkehrbar: true},
	{Befehl: BefehlMitzeichnungAnfordern, Von: []Status{InBearbeitung}, Rollen: fachlich, Recht: RechtBearbeiten, Umkehrbar: true},
	{Befehl: BefehlMitzeichnen, Von: []Status{InBearbeitung}, Rollen: mitNamen, Recht: RechtKommentieren, Umkehrbar: true},
	{Befehl: BefehlMitzeichnungAblehnen, Von: []Status{InBearbeitung}, Rollen: mitNamen, Recht: RechtKommentieren, Umkehrbar: true},
	{Befehl: BefehlMitzeichnungAbbrechen, Von: []Status{InBearbeitung}, Rollen: []tenant.Rolle{tenant.Leitung}, Umkehrbar: true},
	{Befehl: BefehlAnlageHinzufuegen, Von: nichtWeg, Rollen: imHaus, Recht: RechtKommentieren, Umkehrbar: true},
	{Befehl: BefehlAnlageErsetzen, Von: offen, Rollen: imHaus, Recht: RechtBearbeiten, Umkehrbar: true},
	{Befehl: BefehlAntragZurueckziehen, Von: inArbeit, Rollen: []tenant.Rolle{tenant.RolleAntragsteller, tenant.RolleSystem}, Endgueltig: "Die Behörde hat es erfahren; sie kann den Antrag weiter bearbeiten."},
	{Befehl: BefehlRuecknahmeErledigen, Von: inArbeit, Rollen: fachlich, Umkehrbar: true},
	{Befehl: BefehlZurueckholen, Von: []Status{Beschieden}, Nach: InBearbeitung, Rollen: fachlich, Umkehrbar: true},
	{Befehl: BefehlEinsehen, Von: nichtGeloescht, Rollen: []tenant.Rolle{tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung, tenant.Schlusszeichnung, tenant.Loeschberechtigt, tenant.Auskunft, tenant.RolleSystem}, Recht: RechtLesen, Endgueltig: "Was gelesen wurde, ist gelesen."},
	{Befehl: BefehlLoeschungBeantragen, Von: []Status{Abgeschlossen, Verworfen}, Nach: ZuLoeschen, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Endgueltig: "Der Löschantrag wird zurückgenommen."},
	{Befehl: BefehlLoeschungZuruecknehmen, Von: []Status{ZuLoeschen}, Zurueck: true, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.Loeschberechtigt}, Endgueltig: "Die Löschung kann erneut beantragt werden."},
	{Befehl: BefehlLoeschungBestaetigen, Von: []Status{ZuLoeschen}, Nach: Geloescht, Rollen: []tenant.Rolle{tenant.Loeschberechtigt}, Endgueltig: "Gelöschtes lässt sich nicht wiederherstellen."},
	{Befehl: BefehlSperren, Von: nichtGeloescht, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.Loeschberechtigt, tenant.RolleSystem}, Umkehrbar: true},
	{Befehl: BefehlEntsperren, Von: nichtGeloescht, Rollen: []tenant.Rolle{tenant.Leitung, tenant.Loeschberechtigt}, Umkehrbar: true},
	{Befehl: BefehlZugangscodeAusgeben, Von: nichtWeg, Rollen: imHaus, Endgueltig: "Ein neuer Code ersetzt den alten."},
	{Befehl: BefehlPruefen, Von: inArbeit, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Recht: RechtBearbeiten, Endgueltig: "Eine Prüfung wird wiederholt.", Ruht: true},
	{Befehl: BefehlAutomatischEntscheiden, Von: inArbeit, Nach: Beschieden, Rollen: []tenant.Rolle{tenant.RolleSystem}, Endgueltig: hinaus, Ruht: true},
	{Befehl: BefehlZustellungNachweisen, Von: entschieden, Rollen: imHaus, Endgueltig: "Ein Nachweis bleibt; ein falscher wird durch einen neuen berichtigt."},
	{Befehl: BefehlZustellungVeranlassen, Von: entschieden, Rollen: fachlich, Endgueltig: hinaus},
	{Befehl: BefehlZustellungEintragen, Von: entschieden, Rollen: []tenant.Rolle{tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung}, Endgueltig: hinaus},
	{Befehl: BefehlBekanntgabeNeuBerechnen, Von: entschieden, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Endgueltig: "Es wird neu berechnet, wenn sich etwas ändert."},
	{Befehl: BefehlRechtsbehelfErfassen, Von: entschieden, Rollen: imHaus, Umkehrbar: true},
	{Befehl: BefehlRechtsbehelfErledigen, Von: entschieden, Rollen: fachlich, Endgueltig: "Ein erledigter Rechtsbehelf wird neu erfasst."},
	{Befehl: BefehlWiedereinsetzungBeantragen, Von: entschieden, Rollen: imHaus, Umkehrbar: true},
	{Befehl: BefehlWiedereinsetzungEntscheiden, Von: entschieden, Rollen: []tenant.Rolle{tenant.Leitung, tenant.Schlusszeichnung}, Endgueltig: "Die Entscheidung über die Wiedereinsetzung steht fest."},
	{Befehl: BefehlFiktionFeststellen, Von: []Status{Angenommen, InBearbeitung}, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Umkehrbar: true, Ruht: true},
	{Befehl: BefehlFiktionBescheinigen, Von: []Status{Angenommen, InBearbeitung, Beschieden, Abgeschlossen}, Rollen: fachlich, Endgueltig: hinaus},
	{Befehl: BefehlGebuehrFestsetzen, Von: []Status{Angenommen, InBearbeitung, Beschieden}, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Endgueltig: "Eine festgesetzte Gebühr wird erlassen und neu festgesetzt.", Ruht: true},
	{Befehl: BefehlGebuehrStunden, Von: mitGebuehr, Rollen: fachlich, Endgueltig: "Eine Stundung ist zugesagt; sie wird durch eine neue ersetzt."},
	{Befehl: BefehlGebuehrErlassen, Von: mitGebuehr, Rollen: []tenant.Rolle{tenant.Leitung}, Endgueltig: "Ein Erlass lässt die Forderung erlöschen."},
	{Befehl: BefehlGebuehrNiederschlagen, Von: mitGebuehr, Rollen: []tenant.Rolle{tenant.Leitung}, Endgueltig: "Eine niedergeschlagene Forderung wird wieder aufgenommen."},
	{Befehl: BefehlGebuehrWiederaufnehmen, Von: mitGebuehr, Rollen: []tenant.Rolle{tenant.Leitung}, Endgueltig: "Die Forderung kann erneut niedergeschlagen werden."},
	{Befehl: BefehlGebuehrMahnen, Von: mitGebuehr, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Endgueltig: hinaus},
	{Befehl: BefehlZahlungBuchen, Von: nichtWeg, Rollen: imHaus, Endgueltig: "Eine Buchung wird durch eine Rückbuchung berichtigt."},
	{Befehl: BefehlZahlungZurueckbuchen, Von: nichtWeg, Rollen: imHaus, Endgueltig: "Was zurückgegeben wurde, wird als neuer Eingang gebucht."},
	{Befehl: BefehlZahlungErstatten, Von: nichtWeg, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Endgueltig: "Was ausgezahlt wurde, ist ausgezahlt."},
	{Befehl: BefehlZahlungVeranlassen, Von: mitGebuehr, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleAntragsteller, tenant.RolleSystem}, Endgueltig: "Eine begonnene Zahlung endet beim Bezahldienst."},
	{Befehl: BefehlUebergeben, Von: []Status{Angenommen, InBearbeitung, Beschieden}, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung, tenant.RolleSystem}, Endgueltig: hinaus, Ruht: true},
	{Befehl: BefehlVersandKlaeren, Von: nichtWeg, Rollen: fachlich, Endgueltig: "Wird später etwas anderes bekannt, wird neu geschrieben."},
	{Befehl: BefehlNachrechnen, Von: offen, Rollen: []tenant.Rolle{tenant.Leitung}, Endgueltig: "Es wird erneut nachgerechnet."},
	{Befehl: BefehlBeteiligen, Von: nichtWeg, Rollen: fachlich, Endgueltig: "Eine Beteiligung wird beendet statt zurückgenommen."},
	{Befehl: BefehlBeteiligungBeenden, Von: nichtGeloescht, Rollen: fachlich, Endgueltig: "Nach dem Ende wird neu beteiligt."},
}

// Regeln gives the table of commands.
func Regeln() []Regel {
	out := slices.Clone(tabelle)
	for i := range out {
		out[i].Von = slices.Clone(out[i].Von)
		out[i].Rollen = slices.Clone(out[i].Rollen)
	}
	return out
}

func regel(b Befehl) *Regel {
	for i := range tabelle {
		if tabelle[i].Befehl == b {
			return &tabelle[i]
		}
	}
	return nil
}

// May tells whether the Akteur may give the command at the time; nil means yes.
// Errors match fehler.ErrForbidden (right) or fehler.ErrInvalid (state). The time
// counts for persons of another Mandant, whose right begins and ends.
func (v *Vorgang) May(a tenant.Akteur, now time.Time, b Befehl) error {
	return v.check(string(b), a, now, b)
}

func (v *Vorgang) check(op string, a tenant.Akteur, now time.Time, b Befehl) error {
	r := regel(b)
	if r == nil {
		return v.fail(op, fehler.ErrUnsupported)
	}
	if err := v.checkAkteur(op, a, now, r); err != nil {
		return err
	}
	if b == BefehlZiehen && v.s.Status == Neu { // pulling what nobody accepted accepts it
		if err := v.checkAkteur(op, a, now, regel(BefehlAnnehmen)); err != nil {
			return err
		}
	}
	if !slices.Contains(r.Von, v.s.Status) {
		return v.fail(op, fehler.ErrInvalid, problem("vorgang.status", "/status",
			fmt.Sprintf("%s is not allowed in state %s", b, v.s.Status),
			fmt.Sprintf("Das geht im Status „%s“ nicht.", v.s.Status.Name())))
	}
	if r.Ruht && v.s.OffeneWeiterleitung() != nil {
		return v.fail(op, fehler.ErrInvalid, problem("vorgang.weiterleitung", "/weiterleitungen",
			"a Weiterleitung is open", "Der Vorgang wird gerade weitergeleitet. Bitte die Antwort abwarten oder die Weiterleitung zurückziehen."))
	}
	return nil
}

func (v *Vorgang) checkAkteur(op string, a tenant.Akteur, now time.Time, r *Regel) error {
	if v.k.Richtlinie != nil {
		return v.frageRichtlinie(op, a, now, r)
	}
	if !darf(a, r.Rollen) {
		return v.fail(op, fehler.ErrForbidden, problem("vorgang.rolle", "/akteur",
			fmt.Sprintf("%s needs one of the roles %v", r.Befehl, r.Rollen),
			"Dafür fehlt Ihnen die Berechtigung."))
	}
	switch a.Art {
	case tenant.Buerger:
		if !v.s.istAntragsteller(a) {
			return v.fail(op, fehler.ErrForbidden, problem("vorgang.antragsteller", "/akteur",
				"the citizen is not the applicant of this Vorgang", "Das ist nicht Ihr Vorgang."))
		}
	case tenant.Maschine:
		if a.Mandant != "" && a.Mandant != v.s.Mandant {
			return v.fail(op, fehler.ErrForbidden, fremd())
		}
	default:
		if v.s.istGast(a) {
			return v.checkGast(op, a, now, r)
		}
		if a.Mandant != v.s.Mandant || a.ID == "" {
			return v.fail(op, fehler.ErrForbidden, fremd())
		}
		if !a.SiehtEinheit(v.s.Einheit) {
			return v.fail(op, fehler.ErrForbidden, fremdeEinheit())
		}
	}
	return nil
}

// darf tells whether a role of the Akteur counts. A stray role must not widen
// what its kind may do: a citizen acts as applicant alone, and nobody else acts
// as applicant; only machines report as the system. An unknown kind may nothing.
func darf(a tenant.Akteur, rollen []tenant.Rolle) bool {
	return slices.ContainsFunc(rollen, func(r tenant.Rolle) bool {
		switch a.Art {
		case tenant.Buerger:
			return r == tenant.RolleAntragsteller && a.Hat(r)
		case tenant.Person:
			return r != tenant.RolleAntragsteller && r != tenant.RolleSystem && a.Hat(r)
		case tenant.Maschine:
			return r != tenant.RolleAntragsteller && a.Hat(r)
		}
		return false
	})
}

func fremd() fehler.Problem {
	return problem("vorgang.mandant", "/akteur", "the Akteur acts for another Mandant", "Der Vorgang gehört einer anderen Behörde.")
}
