package bescheid

import (
	_ "embed"
	"encoding/json"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Bestandskraftregel says from when a decision can be taken as final after a remedy
// against it ended without a new decision.
type Bestandskraftregel struct {
	ID string `json:"id"`
	// Ausgang of the remedy: "zurueckgenommen", "erledigt" or "rechtskraft".
	Ausgang string `json:"ausgang"`
	Norm    string `json:"norm"`
	// Tage after the day the remedy ended; never before the remedy period is over.
	Tage int `json:"tage"`
	datum.Zeitraum
	Quelle    string `json:"quelle"`
	Konfidenz string `json:"konfidenz"`
}

//go:embed bestandskraft.json
var standardBestandskraft []byte

// StandardBestandskraft gives the shipped rules.
func StandardBestandskraft() ([]Bestandskraftregel, error) {
	return LoadBestandskraft(standardBestandskraft)
}

// LoadBestandskraft reads rules from JSON. One without id, outcome, norm, source or
// mark, with negative days, or with the id of another one is fehler.ErrInvalid.
func LoadBestandskraft(b []byte) ([]Bestandskraftregel, error) {
	var r []Bestandskraftregel
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fehler.New("bescheid.LoadBestandskraft", "", fehler.ErrInvalid, err)
	}
	ids := map[string]bool{}
	for _, x := range r {
		if x.ID == "" || ids[x.ID] || x.Ausgang == "" || x.Norm == "" || x.Quelle == "" || x.Konfidenz == "" || x.Tage < 0 {
			return nil, ungueltig("LoadBestandskraft", "bescheid.bestandskraftregel", x.ID, "id, ausgang, norm, quelle and konfidenz are mandatory, tage not negative, ids once",
				"Eine Regel der Bestandskraft ist unvollständig oder doppelt.")
		}
		ids[x.ID] = true
	}
	return r, nil
}
