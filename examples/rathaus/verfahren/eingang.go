package verfahren

import (
	"context"
	"encoding/json"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
)

// parser reads what the forms send. It goes before [ozgcloud.Parser], which knows no
// form: here the items become the data the schema describes.
type parser struct {
	*ozgcloud.Parser
	k *Katalog
}

var _ intake.Completer = parser{}

// Parser are those of the Annahme; the last takes what other forms send.
func (k *Katalog) Parser() []intake.Parser {
	p := ozgcloud.NewParser(nil)
	return []intake.Parser{parser{p, k}, p}
}

// Name gives "verfahren".
func (p parser) Name() string { return "verfahren" }

// Detect tells whether it is one of the forms.
func (p parser) Detect(d intake.Fachdaten) bool {
	return p.Parser.Detect(d) && p.form(d.Bytes) != nil
}

func (p parser) form(b []byte) *Verfahren {
	var d struct{ Control ozgcloud.Control }
	if json.Unmarshal(b, &d) != nil {
		return nil
	}
	return p.k.find(func(v *Verfahren) bool { return v.Schema == d.Control.FormID })
}

// Parse reads it; see [ozgcloud.Parser.Parse].
func (p parser) Parse(ctx context.Context, d intake.Fachdaten) (intake.Inhalt, error) {
	i, err := p.Parser.Parse(ctx, d)
	if err != nil {
		return i, err
	}
	var doc struct{ FormData []ozgcloud.Item }
	if err := json.Unmarshal(d.Bytes, &doc); err != nil {
		return i, err
	}
	i.Daten, err = json.Marshal(aus(p.form(d.Bytes).Felder, doc.FormData))
	return i, err
}

// Complete names the form's own schema: rules and templates go by it. The bytes as they
// came are kept beside it.
func (p parser) Complete(ctx context.Context, l *intake.Lieferung) error {
	r, err := l.Fachdaten.Open(ctx)
	if err != nil {
		return err
	}
	var d struct{ Control ozgcloud.Control }
	err = json.NewDecoder(r).Decode(&d)
	_ = r.Close() // it was only read
	if v := p.k.find(func(v *Verfahren) bool { return err == nil && v.Schema == d.Control.FormID }); v != nil {
		l.Schema = v.Schema
	}
	return nil
}

// Tabelle leads from what a form says to service and place: every Mandant is a
// zustaendigeStelle, with the place of its seat.
func (k *Katalog) Tabelle() ozgcloud.Tabelle {
	t := ozgcloud.Tabelle{Stellen: map[string]string{}, Formulare: map[string]string{}}
	for _, m := range k.Mandanten {
		t.Stellen[string(m.ID)] = string(m.ARS)
	}
	for _, v := range k.Verfahren {
		t.Formulare[v.Schema] = string(v.Leistung)
	}
	return t
}

// Control is the head of a submission to the Mandant, with the mailbox the answer goes
// to. The id makes a repeated submission the same Vorgang.
func (v *Verfahren) Control(id, konto, mandant string) ozgcloud.Control {
	return ozgcloud.Control{TransactionID: id, ZustaendigeStelle: mandant, LeikaIDs: []string{string(v.Leistung)}, FormID: v.Schema, Name: v.Name,
		ServiceKonto: &ozgcloud.ServiceKonto{Type: "RATHAUS", PostfachAddress: &ozgcloud.PostfachAddress{Identifier: konto, Type: "portal"}}}
}
