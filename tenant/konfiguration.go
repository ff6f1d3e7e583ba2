package tenant

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Konfiguration is the organisation of an installation as one JSON document.
type Konfiguration struct {
	Mandanten        []Mandant        `json:"mandanten"`
	Zustaendigkeiten []Zustaendigkeit `json:"zustaendigkeiten"`
}

// LoadKonfiguration reads and checks the document: forms and ids, overlapping
// rules, rules that name a Mandant or an Einheit that is not there. Unknown
// fields are errors, so that a misspelt one is noticed. All errors are of kind
// fehler.ErrInvalid or fehler.ErrExists.
func LoadKonfiguration(b []byte) (*Verzeichnis, *Zustaendigkeiten, error) {
	const op = "tenant.LoadKonfiguration"
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	var k Konfiguration
	if err := d.Decode(&k); err != nil {
		return nil, nil, fehler.New(op, "", fehler.ErrInvalid, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, fehler.New(op, "", fehler.ErrInvalid, errors.New("data after the end of the document"))
	}
	v, err := NewVerzeichnis(k.Mandanten...)
	if err != nil {
		return nil, nil, err
	}
	z, err := NewZustaendigkeiten(k.Zustaendigkeiten)
	if err != nil {
		return nil, nil, err
	}
	var p fehler.Probleme
	for i, r := range k.Zustaendigkeiten {
		m := v.mandanten[r.Mandant]
		if m == nil {
			p = append(p, fehler.Problem{Code: "tenant.mandant-unbekannt", Pfad: fmt.Sprintf("/zustaendigkeiten/%d/mandant", i),
				Meldung: "no such Mandant", Hinweis: "Die Zuständigkeit nennt einen Mandanten, den es nicht gibt."})
			continue
		}
		if _, ok := m.Einheit(r.Einheit); !ok {
			p = append(p, fehler.Problem{Code: "tenant.einheit-unbekannt", Pfad: fmt.Sprintf("/zustaendigkeiten/%d/einheit", i),
				Meldung: "the Mandant has no such Einheit", Hinweis: "Die Zuständigkeit nennt eine Organisationseinheit, die es nicht gibt."})
		}
	}
	if len(p) > 0 {
		return nil, nil, fehler.New(op, "", fehler.ErrInvalid, p)
	}
	return v, z, nil
}
