package xta_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/intake/xta"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// An adapter that speaks OSCI or XTA puts each opened message into a folder.
func ExampleVerzeichnis() {
	dir, err := os.MkdirTemp("", "xta")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	messages, err := xta.OpenVerzeichnis(dir, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer messages.Close()

	// The adapter: put together under a hidden name, then renamed.
	hidden := filepath.Join(dir, xta.OrdnerEingang, ".0001")
	if err := os.Mkdir(hidden, 0o700); err != nil {
		fmt.Println(err)
		return
	}
	for name, text := range map[string]string{"nachricht.json": `{"F60000227": "Muster"}`, "plan.pdf": "%PDF-1.7\n%%EOF\n"} {
		if err := os.WriteFile(filepath.Join(hidden, name), []byte(text), 0o600); err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := os.Rename(hidden, filepath.Join(dir, xta.OrdnerEingang, "0001")); err != nil {
		fmt.Println(err)
		return
	}

	mandanten, rules, err := tenant.LoadKonfiguration([]byte(`{
		"mandanten": [{"id": "hanau", "name": "Stadt Hanau", "land": "HE", "ars": "064350014014", "anschrift": {},
			"einheiten": [{"id": "buergerbuero", "name": "Bürgerbüro"}]}],
		"zustaendigkeiten": [{"leistung": "99115005104000", "ags": "06435014", "mandant": "hanau", "einheit": "buergerbuero"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	form, err := fim.New(fim.Formular{Schema: "https://schema.example/fim/s00000096_1.0.schema.json", JSONSchema: []byte(`{"type": "object"}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	store := memory.Open(nil)
	defer store.Close()
	annahme, err := intake.New(intake.Params{Store: store, Blobs: blob.NewMemory(nil), Mandanten: mandanten, Router: rules,
		Parser: []intake.Parser{form}, Betreiber: "hanau"}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	empfang, err := xta.New(xta.Params{Annahme: annahme, Transport: messages}, &xta.Options{
		// What this message means here is agreed with who sends it.
		Zuordnung: func(_ xta.Kopf, l *intake.Lieferung) error {
			l.Leistung, l.Ort, l.Schema = "99115005104000", "064350014014", "https://schema.example/fim/s00000096_1.0.schema.json"
			return nil
		}})
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := empfang.Poll(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = os.Stat(filepath.Join(dir, xta.OrdnerErledigt, "0001"))
	fmt.Println("accepted:", out.Angenommen, "- moved:", err == nil)
	// Output: accepted: 1 - moved: true
}
