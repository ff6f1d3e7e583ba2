package vorgang

import (
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// The data types of the journal, one per Code. Fields are only ever added.
type (
	// Eingegangen opens the Vorgang (vorgang.eingegangen).
	Eingegangen struct {
		ID           uuid.UUID                  `json:"id"`
		Mandant      tenant.ID                  `json:"mandant"`
		Nummer       string                     `json:"nummer"`
		Aktenzeichen []string                   `json:"aktenzeichen,omitempty"`
		Leistung     tenant.Leistungsschluessel `json:"leistung"`
		LeistungName string                     `json:"leistungName,omitempty"`
		Einheit      string                     `json:"einheit"`
		Ort          tenant.ARS                 `json:"ort,omitempty"`
		Eingang      time.Time                  `json:"eingang"`
		Antrag       Antrag                     `json:"antrag"`
		Dateien      []Datei                    `json:"dateien,omitempty"`
		// Zustaendigkeit is the rule that led here, in words.
		Zustaendigkeit string `json:"zustaendigkeit,omitempty"`
	}
	// StatusGesetzt moves the Vorgang (vorgang.status).
	StatusGesetzt struct {
		Befehl Befehl `json:"befehl"`
		Von    Status `json:"von"`
		Nach   Status `json:"nach"`
		Grund  string `json:"grund,omitempty"`
		// Text for people beside the ground.
		Text string `json:"text,omitempty"`
		// VonSeit is since when the state before held; Seit, if set, is the time
		// to restore instead of the entry's own.
		VonSeit time.Time `json:"vonSeit,omitzero"`
		Seit    time.Time `json:"seit,omitzero"`
	}
	// Zugewiesen sets who works on it; nil means nobody (vorgang.zugewiesen).
	Zugewiesen struct {
		Befehl Befehl     `json:"befehl"`
		An     *Zuweisung `json:"an"`
		Vorher *Zuweisung `json:"vorher,omitempty"`
	}
	// Notiert adds a note (vorgang.notiert).
	Notiert struct {
		ID   uuid.UUID `json:"id"`
		Text string    `json:"text"`
	}
	// NotizEntfernt is the inverse of Notiert (vorgang.notiz_entfernt).
	NotizEntfernt struct {
		ID uuid.UUID `json:"id"`
	}
	// Geschrieben is an outgoing Nachricht (nachricht.geschrieben).
	Geschrieben struct {
		Nachricht messaging.Nachricht `json:"nachricht"`
		// An is who gets it; zero is the applicant.
		An Adressbezug `json:"an,omitzero"`
	}
	// Gefragt is a Rueckfrage; its Nachricht is a Geschrieben of the same command (rueckfrage.gestellt).
	Gefragt struct {
		ID        uuid.UUID   `json:"id"`
		Nachricht uuid.UUID   `json:"nachricht"`
		Bis       datum.Datum `json:"bis,omitzero"`
		// Erinnern is the day to remind on; Aussetzung begins with the question, as an
		// AussetzungBegonnen of the same command.
		Erinnern   datum.Datum `json:"erinnern,omitzero"`
		Aussetzung uuid.UUID   `json:"aussetzung,omitzero"`
	}
	// FrageErinnert reminds of it; its letter is a Geschrieben of the same command (rueckfrage.erinnert).
	FrageErinnert struct {
		Rueckfrage uuid.UUID `json:"rueckfrage"`
		Nachricht  uuid.UUID `json:"nachricht"`
	}
	// VersandGeklaert: a person found out whether a letter arrived (nachricht.geklaert).
	VersandGeklaert struct {
		Nachricht  uuid.UUID `json:"nachricht"`
		Angekommen bool      `json:"angekommen"`
		Grund      string    `json:"grund"`
	}
	// FrageErledigt ends a Rueckfrage without an answer (rueckfrage.erledigt).
	FrageErledigt struct {
		Rueckfrage uuid.UUID `json:"rueckfrage"`
		Grund      string    `json:"grund"`
	}
	// Geantwortet is the citizen's answer (rueckfrage.beantwortet).
	Geantwortet struct {
		Rueckfrage uuid.UUID           `json:"rueckfrage,omitzero"`
		Nachricht  messaging.Nachricht `json:"nachricht"`
		Dateien    []Datei             `json:"dateien,omitempty"`
	}
	// Zugestellt is the Quittung of a Kanal (nachricht.quittiert).
	Zugestellt struct {
		Nachricht uuid.UUID          `json:"nachricht"`
		Quittung  messaging.Quittung `json:"quittung"`
		Gruende   string             `json:"gruende,omitempty"`
	}
	// Quittiert: the sender heard that the submission is durable (eingang.quittiert).
	Quittiert struct {
		Kanal   string  `json:"kanal"`
		Dateien []Datei `json:"dateien,omitempty"`
	}
	// Entworfen is a draft or a new version of it (bescheid.entworfen).
	Entworfen struct {
		Bescheid uuid.UUID       `json:"bescheid"`
		Inhalt   bescheid.Inhalt `json:"inhalt"`
		Augen    []string        `json:"augen"`
	}
	// Vorgelegt asks for the Freigabe (bescheid.vorgelegt).
	Vorgelegt struct {
		Bescheid uuid.UUID `json:"bescheid"`
		Augen    []string  `json:"augen"`
	}
	// Zurueckgegeben returns it to the author (bescheid.zurueckgegeben).
	Zurueckgegeben struct {
		Bescheid  uuid.UUID `json:"bescheid"`
		Anmerkung string    `json:"anmerkung"`
		// Nr counts the returns; 0 in entries from before they were all kept.
		Nr int `json:"nr,omitempty"`
	}
	// Freigegeben releases the text whose Pruefsumme it names (bescheid.freigegeben).
	Freigegeben struct {
		Bescheid   uuid.UUID `json:"bescheid"`
		Zeichner   string    `json:"zeichner"`
		Pruefsumme string    `json:"pruefsumme"`
		// Automatisch: by rules, without a person.
		Automatisch bool `json:"automatisch,omitempty"`
	}
	// Ausgefertigt names the document made for an addressee (bescheid.ausgefertigt).
	Ausgefertigt struct {
		Bescheid uuid.UUID `json:"bescheid"`
		// Adressat is zero for the applicant, and in entries from before each addressee had
		// a document of their own.
		Adressat uuid.UUID `json:"adressat,omitzero"`
		Datei    Datei     `json:"datei"`
	}
	// BescheidVersandt: the document was handed to a Kanal (bescheid.versandt).
	BescheidVersandt struct {
		Bescheid    uuid.UUID            `json:"bescheid"`
		Nachricht   messaging.Nachricht  `json:"nachricht"`
		Quittung    messaging.Quittung   `json:"quittung"`
		Gruende     string               `json:"gruende,omitempty"`
		Bekanntgabe bescheid.Bekanntgabe `json:"bekanntgabe"`
		// Zustellung is the attempt; nil in entries from before attempts were kept.
		Zustellung *bescheid.Zustellung `json:"zustellung,omitempty"`
	}
	// BescheidBekanntgegeben: the day of Bekanntgabe has come (bescheid.bekanntgegeben).
	BescheidBekanntgegeben struct {
		Bescheid   uuid.UUID   `json:"bescheid"`
		Zustellung uuid.UUID   `json:"zustellung,omitzero"`
		Tag        datum.Datum `json:"tag"`
	}
	// BescheidBestandskraeftig: the remedy period is over (bescheid.bestandskraeftig).
	BescheidBestandskraeftig struct {
		Bescheid   uuid.UUID   `json:"bescheid"`
		Zustellung uuid.UUID   `json:"zustellung,omitzero"`
		Ab         datum.Datum `json:"ab"`
	}
	// AbschlussVermerkt is the zdA-Verfügung (vorgang.abgeschlossen).
	AbschlussVermerkt struct {
		Grund Abschlussgrund `json:"grund"`
		// Forderung says why it is closed while a fee is open; empty if none is.
		Forderung string `json:"forderung,omitempty"`
	}
	// AbgabeAngeordnet orders the filing once more (abgabe.angeordnet).
	AbgabeAngeordnet struct {
		ProzessID uuid.UUID `json:"prozessId"`
	}
	// AbgabeGemeldet: the package was handed to the DMS (abgabe.gesendet).
	AbgabeGemeldet struct {
		ProzessID uuid.UUID `json:"prozessId"`
		Ziel      string    `json:"ziel"`
	}
	// AbgabeBeantwortet is an answer of the DMS (abgabe.beantwortet).
	AbgabeBeantwortet struct {
		ProzessID uuid.UUID     `json:"prozessId"`
		Zustand   AbgabeZustand `json:"zustand"`
		Meldungen []string      `json:"meldungen,omitempty"`
		Kennungen []string      `json:"kennungen,omitempty"`
	}
	// Fehlgeschlagen: an Auftrag was given up and parked (auftrag.geparkt).
	Fehlgeschlagen struct {
		Auftrag uuid.UUID  `json:"auftrag"`
		Art     AuftragArt `json:"art"`
		Grund   string     `json:"grund"`
	}
	// AuftragAufgegeben: a parked Auftrag will never be performed (auftrag.aufgegeben).
	AuftragAufgegeben struct {
		Auftrag uuid.UUID  `json:"auftrag"`
		Art     AuftragArt `json:"art"`
		Grund   string     `json:"grund"`
	}
	// BeteiligungBegonnen gives another Mandant a right (beteiligung.begonnen).
	BeteiligungBegonnen struct {
		ID      uuid.UUID `json:"id"`
		Mandant tenant.ID `json:"mandant"`
		Recht   Recht     `json:"recht"`
		Grund   string    `json:"grund"`
		Von     time.Time `json:"von"`
		Bis     time.Time `json:"bis,omitzero"`
	}
	// BeteiligungBeendet ends it before its time (beteiligung.beendet).
	BeteiligungBeendet struct {
		Beteiligung uuid.UUID `json:"beteiligung"`
		Grund       string    `json:"grund"`
	}
	// Zurueckgenommen undoes the entry Seq; the inverse entries follow (vorgang.zurueckgenommen).
	Zurueckgenommen struct {
		Seq int64 `json:"seq"`
	}
)

// datenTypen makes the data of each Code.
var datenTypen = func() map[Code]func() daten {
	m := map[Code]func() daten{}
	for _, f := range []func() daten{
		func() daten { return &Eingegangen{} }, func() daten { return &StatusGesetzt{} },
		func() daten { return &Zugewiesen{} }, func() daten { return &Notiert{} },
		func() daten { return &NotizEntfernt{} }, func() daten { return &Geschrieben{} },
		func() daten { return &Gefragt{} }, func() daten { return &FrageErinnert{} }, func() daten { return &VersandGeklaert{} }, func() daten { return &FrageErledigt{} }, func() daten { return &Geantwortet{} },
		func() daten { return &Zugestellt{} }, func() daten { return &Quittiert{} },
		func() daten { return &Entworfen{} }, func() daten { return &Vorgelegt{} },
		func() daten { return &Zurueckgegeben{} }, func() daten { return &Freigegeben{} },
		func() daten { return &Ausgefertigt{} }, func() daten { return &BescheidVersandt{} },
		func() daten { return &BescheidBekanntgegeben{} }, func() daten { return &BescheidBestandskraeftig{} },
		func() daten { return &AbschlussVermerkt{} }, func() daten { return &AbgabeAngeordnet{} }, func() daten { return &AbgabeGemeldet{} },
		func() daten { return &AbgabeBeantwortet{} }, func() daten { return &Fehlgeschlagen{} },
		func() daten { return &AuftragAufgegeben{} },
		func() daten { return &BeteiligungBegonnen{} }, func() daten { return &BeteiligungBeendet{} },
		func() daten { return &WiedervorlageGesetzt{} }, func() daten { return &WiedervorlageEntfernt{} },
		func() daten { return &WiedervorlageErledigt{} }, func() daten { return &WiedervorlageGeoeffnet{} },
		func() daten { return &AktenzeichenGesetzt{} }, func() daten { return &Verschlagwortet{} },
		func() daten { return &AnsprechpartnerGesetzt{} }, func() daten { return &Verknuepft{} },
		func() daten { return &VerknuepfungGeloest{} },
		func() daten { return &AussetzungBegonnen{} }, func() daten { return &AussetzungBeendet{} },
		func() daten { return &FristGesetzt{} }, func() daten { return &FristVerlaengert{} },
		func() daten { return &Gewarnt{} }, func() daten { return &StellungnahmeAngefordert{} },
		func() daten { return &StellungnahmeGegeben{} }, func() daten { return &StellungnahmeErneutAngefordert{} },
		func() daten { return &StellungnahmeBeendet{} }, func() daten { return &StellungnahmeAbgenommen{} },
		func() daten { return &MitzeichnungAngefordert{} }, func() daten { return &Mitgezeichnet{} },
		func() daten { return &MitzeichnungVerweigert{} }, func() daten { return &MitzeichnungBeendet{} },
		func() daten { return &WeiterleitungVorgeschlagen{} }, func() daten { return &WeiterleitungEntschieden{} },
		func() daten { return &WeiterleitungVollzogen{} }, func() daten { return &WeiterleitungBeendet{} },
		func() daten { return &LoeschungBeantragt{} }, func() daten { return &Vernichtet{} },
		func() daten { return &LoeschSperreGesetzt{} }, func() daten { return &LoeschSperreAufgehoben{} },
		func() daten { return &AnlageHinzugefuegt{} }, func() daten { return &AntragZurueckgezogen{} },
		func() daten { return &RuecknahmeErledigt{} }, func() daten { return &Eingesehen{} },
		func() daten { return &Umgesetzt{} },
		func() daten { return &ZustellungGeaendert{} }, func() daten { return &ZustellungVeranlasst{} },
		func() daten { return &RechtsbehelfEingegangen{} }, func() daten { return &RechtsbehelfFristGeaendert{} },
		func() daten { return &WiedereinsetzungErbeten{} }, func() daten { return &WiedereinsetzungEntschieden{} },
		func() daten { return &RechtsbehelfErledigt{} },
		func() daten { return &FiktionEingetreten{} }, func() daten { return &FiktionBescheinigt{} },
		func() daten { return &FiktionAusgefertigt{} },
		func() daten { return &ZugangscodeAusgegeben{} }, func() daten { return &Geprueft{} },
		func() daten { return &GebuehrFestgesetzt{} }, func() daten { return &GebuehrGestundet{} },
		func() daten { return &GebuehrErlassen{} }, func() daten { return &GebuehrNiedergeschlagen{} },
		func() daten { return &GebuehrWiederaufgenommen{} }, func() daten { return &GebuehrGemahnt{} },
		func() daten { return &ZahlungEingegangen{} }, func() daten { return &ZahlungZurueckgegeben{} },
		func() daten { return &ZahlungErstattet{} }, func() daten { return &ZahlungVeranlasst{} },
		func() daten { return &UebergabeBegonnen{} }, func() daten { return &UebergabeVersandt{} },
		func() daten { return &UebergabeFehlgeschlagen{} }, func() daten { return &UebergabeGemeldet{} },
		func() daten { return &ZahlungGemeldet{} }, func() daten { return &GebuehrVorgelegt{} },
		func() daten { return &Nachgerechnet{} }, func() daten { return &GebuehrNeuBerechnet{} },
		func() daten { return &Zurueckgenommen{} },
	} {
		m[f().code()] = f
	}
	return m
}()

func (*Eingegangen) code() Code              { return "vorgang.eingegangen" }
func (*StatusGesetzt) code() Code            { return "vorgang.status" }
func (*Zugewiesen) code() Code               { return "vorgang.zugewiesen" }
func (*Notiert) code() Code                  { return "vorgang.notiert" }
func (*NotizEntfernt) code() Code            { return "vorgang.notiz_entfernt" }
func (*Geschrieben) code() Code              { return "nachricht.geschrieben" }
func (*Gefragt) code() Code                  { return "rueckfrage.gestellt" }
func (*FrageErinnert) code() Code            { return "rueckfrage.erinnert" }
func (*VersandGeklaert) code() Code          { return "nachricht.geklaert" }
func (*FrageErledigt) code() Code            { return "rueckfrage.erledigt" }
func (*Geantwortet) code() Code              { return "rueckfrage.beantwortet" }
func (*Zugestellt) code() Code               { return "nachricht.quittiert" }
func (*Quittiert) code() Code                { return "eingang.quittiert" }
func (*Entworfen) code() Code                { return "bescheid.entworfen" }
func (*Vorgelegt) code() Code                { return "bescheid.vorgelegt" }
func (*Zurueckgegeben) code() Code           { return "bescheid.zurueckgegeben" }
func (*Freigegeben) code() Code              { return "bescheid.freigegeben" }
func (*Ausgefertigt) code() Code             { return "bescheid.ausgefertigt" }
func (*BescheidVersandt) code() Code         { return "bescheid.versandt" }
func (*BescheidBekanntgegeben) code() Code   { return "bescheid.bekanntgegeben" }
func (*BescheidBestandskraeftig) code() Code { return "bescheid.bestandskraeftig" }
func (*AbschlussVermerkt) code() Code        { return "vorgang.abgeschlossen" }
func (*AbgabeAngeordnet) code() Code         { return "abgabe.angeordnet" }
func (*AbgabeGemeldet) code() Code           { return "abgabe.gesendet" }
func (*AbgabeBeantwortet) code() Code        { return "abgabe.beantwortet" }
func (*Fehlgeschlagen) code() Code           { return "auftrag.geparkt" }
func (*AuftragAufgegeben) code() Code        { return "auftrag.aufgegeben" }
func (*BeteiligungBegonnen) code() Code      { return "beteiligung.begonnen" }
func (*BeteiligungBeendet) code() Code       { return "beteiligung.beendet" }
func (*Zurueckgenommen) code() Code          { return "vorgang.zurueckgenommen" }
