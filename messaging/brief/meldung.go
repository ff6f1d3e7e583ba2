package brief

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/internal/strictjson"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Ereignis is what the print centre reports. Stable, lower-case.
type Ereignis string

// The events.
const (
	Aufgegeben     Ereignis = "aufgegeben"     // given to the post on the day of Zeit
	Ruecklauf      Ereignis = "ruecklauf"      // came back
	Fehlgeschlagen Ereignis = "fehlgeschlagen" // was never printed or posted
)

// Meldung is one report about one Sendung.
type Meldung struct {
	ID       uuid.UUID `json:"id"` // of the Sendung
	Mandant  tenant.ID `json:"mandant"`
	Ereignis Ereignis  `json:"ereignis"`
	Zeit     time.Time `json:"zeit"`
	// Grund of a letter that came back or failed, at most 200 characters.
	Grund string `json:"grund,omitempty"`
	// Sendungsnummer of the post, at most 40 letters and digits.
	Sendungsnummer string `json:"sendungsnummer,omitempty"`
}

// maxMeldungen in one report.
const maxMeldungen = 10_000

// errUnvollstaendig marks a report that may still be growing.
var errUnvollstaendig = errors.New("the report ends early")

// ParseMeldungen reads a report: {"version":1,"meldungen":[…]} with the members of
// [Meldung]. Unknown members are passed over. What breaks a rule is
// [fehler.Probleme] with the number of the report; then none is taken.
func ParseMeldungen(b []byte) ([]Meldung, error) {
	kaputt := func(meldung string) error {
		return fehler.Probleme{problem("brief.meldung-unlesbar", "", meldung, "Die Rückmeldung des Druckzentrums ist nicht lesbar. Bitte lassen Sie sie erneut senden.")}
	}
	if !json.Valid(b) {
		return nil, errors.Join(errUnvollstaendig, kaputt("not JSON"))
	}
	if err := strictjson.Check(b, strictjson.Limits{Depth: 8}); err != nil {
		return nil, kaputt("not strict JSON")
	}
	var doc struct {
		Version   int       `json:"version"`
		Meldungen []Meldung `json:"meldungen"`
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, kaputt("a member has another type")
	}
	if doc.Version != 1 || len(doc.Meldungen) == 0 || len(doc.Meldungen) > maxMeldungen {
		return nil, fehler.Probleme{problem("brief.meldung-form", "", "unknown version, no report or too many",
			fmt.Sprintf("Die Rückmeldung des Druckzentrums hat eine unbekannte Version, ist leer oder enthält mehr als %d Einträge.", maxMeldungen))}
	}
	var p fehler.Probleme
	for i := range doc.Meldungen {
		doc.Meldungen[i].Zeit = doc.Meldungen[i].Zeit.UTC().Truncate(time.Microsecond)
		p = append(p, doc.Meldungen[i].check(fmt.Sprintf("/meldungen/%d", i))...)
		if len(p) > 20 {
			break
		}
	}
	if len(p) > 0 {
		return nil, p
	}
	return doc.Meldungen, nil
}

func (m Meldung) check(pfad string) (p fehler.Probleme) {
	add := func(member, meldung, hinweis string) {
		p = append(p, problem("brief.meldung-"+member, pfad+"/"+member, meldung, hinweis))
	}
	if m.ID == uuid.Nil {
		add("id", "no id", "In der Rückmeldung fehlt die Kennung der Sendung.")
	}
	if _, err := tenant.ParseID(string(m.Mandant)); err != nil {
		add("mandant", "not a Mandant", "In der Rückmeldung fehlt der Mandant, oder er ist keiner.")
	}
	switch m.Ereignis {
	case Aufgegeben, Ruecklauf, Fehlgeschlagen:
	default:
		add("ereignis", "unknown event", "Das Ereignis der Rückmeldung ist unbekannt.")
	}
	if m.Zeit.Year() < 2000 || m.Zeit.Year() > 9999 {
		add("zeit", "no sensible time", "Die Zeit der Rückmeldung fehlt oder ist unsinnig.")
	}
	if len([]rune(m.Grund)) > 200 || strings.ContainsFunc(m.Grund, func(r rune) bool { return !unicode.IsPrint(r) }) {
		add("grund", "too long or not printable", "Der Grund in der Rückmeldung ist zu lang oder enthält unzulässige Zeichen.")
	}
	if len(m.Sendungsnummer) > 40 || strings.ContainsFunc(m.Sendungsnummer, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != ' ' && r != '.' && r != '-'
	}) {
		add("sendungsnummer", "not a number of the post", "Die Sendungsnummer in der Rückmeldung ist keine.")
	}
	return p
}
