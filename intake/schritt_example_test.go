package intake_test

import (
	"context"
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// An online service names no Leistung; a step of the vendor finds it by the form.
func ExampleEinschub() {
	const schema = "https://schema.example/fim/s00000096_1.0.schema.json"
	katalog := map[string]string{schema: "99115005104000"}
	mandanten, rules, err := tenant.LoadKonfiguration([]byte(`{
		"mandanten": [{"id": "hanau", "name": "Stadt Hanau", "land": "HE", "ars": "064350014014", "anschrift": {},
			"einheiten": [{"id": "buergerbuero", "name": "Bürgerbüro"}]}],
		"zustaendigkeiten": [{"leistung": "99115005104000", "ags": "06435014", "mandant": "hanau", "einheit": "buergerbuero"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	form, err := fim.New(fim.Formular{Schema: schema, JSONSchema: []byte(`{"type": "object"}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	store := memory.Open(nil)
	defer store.Close()
	annahme, err := intake.New(intake.Params{Store: store, Blobs: blob.NewMemory(nil), Mandanten: mandanten, Router: rules,
		Parser: []intake.Parser{form}, Betreiber: "hanau"},
		&intake.Options{Schritte: []intake.Einschub{{
			Nach: intake.SchrittFormular,
			Schritt: intake.Schritt{Name: "leistung", Run: func(_ context.Context, l *intake.Lauf) error {
				if l.Lieferung.Leistung == "" {
					l.Lieferung.Leistung = katalog[l.Lieferung.Schema]
				}
				return nil
			}},
		}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(annahme.Schritte())
	r, err := annahme.Receive(context.Background(), intake.Lieferung{Kanal: "portal-x", Kennung: "1", Schema: schema, Ort: "064350014014",
		Fachdaten: intake.Bytes([16]byte{1}, "antrag.json", "application/json", vorgang.ZweckOriginal, []byte(`{"F60000227": "Muster"}`))})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Ausgang, r.Mandant)
	// Output:
	// [grenzen dateitypen schadsoftware zeichen formular leistung angaben zustaendigkeit]
	// angenommen hanau
}
