package vorgang

import "slices"

// Status is where a Vorgang stands. The codes are stable.
type Status string

// The states.
const (
	Neu           Status = "neu"
	Angenommen    Status = "angenommen"
	InBearbeitung Status = "in_bearbeitung"
	Beschieden    Status = "beschieden"
	Abgeschlossen Status = "abgeschlossen"
	Verworfen     Status = "verworfen"
	ZuLoeschen    Status = "zu_loeschen"
	Geloescht     Status = "geloescht"
)

var statusNamen = map[Status][2]string{
	Neu:           {"Neu", "Ihr Antrag ist eingegangen."},
	Angenommen:    {"Angenommen", "Ihr Antrag wird bald bearbeitet."},
	InBearbeitung: {"In Bearbeitung", "Ihr Antrag wird bearbeitet."},
	Beschieden:    {"Beschieden", "Über Ihren Antrag ist entschieden."},
	Abgeschlossen: {"Abgeschlossen", "Das Verfahren ist abgeschlossen."},
	Verworfen:     {"Verworfen", "Der Eingang wird nicht als Antrag bearbeitet."},
	ZuLoeschen:    {"Zu löschen", "Das Verfahren ist abgeschlossen."},
	Geloescht:     {"Gelöscht", "Die Daten sind gelöscht."},
}

// Name is the German name for the clerk.
func (s Status) Name() string { return statusNamen[s][0] }

// Oeffentlich is the German sentence for the citizen.
func (s Status) Oeffentlich() string { return statusNamen[s][1] }

// Offen tells whether work is still to be done.
func (s Status) Offen() bool {
	return s.unentschieden() || s == Beschieden
}

// unentschieden tells whether the decision is still to come.
func (s Status) unentschieden() bool { return slices.Contains(inArbeit, s) }

// Abschlussgrund says why a Vorgang was closed.
type Abschlussgrund string

// The grounds for closing (T8 and T9 of the table of states).
const (
	GrundBeschieden     Abschlussgrund = "beschieden"
	GrundRuecknahme     Abschlussgrund = "antragsruecknahme"
	GrundErledigung     Abschlussgrund = "erledigung"
	GrundAnzeige        Abschlussgrund = "anzeige_ohne_bescheid"
	GrundFiktion        Abschlussgrund = "genehmigungsfiktion"
	GrundWeitergeleitet Abschlussgrund = "weitergeleitet"
)
