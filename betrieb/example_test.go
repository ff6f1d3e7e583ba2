package betrieb_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/betrieb"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// A channel of one's own hands its deliveries to the Annahme; the rest follows.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	now := func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }
	store := memory.Open(&storage.Options{Now: now})
	defer store.Close()
	mandanten, rules, err := tenant.LoadKonfiguration([]byte(`{
		"mandanten": [{"id": "kiel", "name": "Kiel", "land": "SH", "ars": "010020000000", "anschrift": {},
			"einheiten": [{"id": "gruen", "name": "Grünflächenamt"}]}],
		"zustaendigkeiten": [{"leistung": "99063005001000", "gebiet": "01002", "mandant": "kiel", "einheit": "gruen"}]}`))
	if err != nil {
		panic(err)
	}
	parser, err := fim.New(fim.Formular{Schema: "https://schema.example/baum.json", JSONSchema: []byte(`{"type": "object"}`)})
	if err != nil {
		panic(err)
	}
	postfach := portal.New(store.Postfach(), &portal.Options{Now: now})
	b, err := betrieb.New(betrieb.Params{
		Store: store, Blobs: blob.NewMemory(nil), Mandanten: mandanten, Zustaendigkeiten: rules, Betreiber: "kiel",
		Parser: []intake.Parser{parser}, Kanaele: []messaging.Kanal{postfach},
	}, &betrieb.Options{Now: now, Relay: relay.Options{Poll: time.Millisecond}})
	if err != nil {
		panic(err)
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); _ = b.Run(ctx) }()

	r, err := b.Annahme.Receive(ctx, intake.Lieferung{
		Kanal: "schalter", Kennung: "4711", Leistung: "99063005001000", Ort: "010020000000", Schema: "https://schema.example/baum.json",
		Fachdaten: intake.Bytes([16]byte{1}, "antrag.json", "application/json", vorgang.ZweckOriginal, []byte(`{"F60000227":"Groß"}`)),
		Konto:     "gross", Adressen: []messaging.Adresse{{Kanal: "portal", Kennung: "gross"}},
	})
	fmt.Println(r.Ausgang, r.Nummer, err)
	for letter := ""; letter == ""; time.Sleep(time.Millisecond) {
		for e, err := range postfach.Postfach("kiel", "gross").All(ctx) {
			if err != nil {
				panic(err)
			}
			letter = e.Nachricht.Betreff
			fmt.Println(letter)
		}
	}
	stop()
	<-stopped
	// Output:
	// angenommen 2026-0000001 <nil>
	// Ihr Antrag ist eingegangen: 99063005001000
}
