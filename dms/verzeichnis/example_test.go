package verzeichnis_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
)

// A hand-over from the first step to the last, with a receiver on the other side.
func Example() {
	base, err := os.MkdirTemp("", "abgabe")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(base)
	dir := func(name string) string {
		p := filepath.Join(base, name)
		if err := os.Mkdir(p, 0o750); err != nil {
			log.Fatal(err)
		}
		return p
	}
	ziel, err := verzeichnis.New(verzeichnis.Options{
		Name: "registratur", Kodierer: xdomea.New(xdomea.V310(), nil),
		Ausgang: dir("ausgang"), Eingang: dir("eingang"), Erledigt: dir("erledigt"), Belege: dir("belege"),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer ziel.Close()
	receiver := &dmstest.Empfaenger{Eingang: filepath.Join(base, "ausgang"), Ausgang: filepath.Join(base, "eingang"), Archiv: dir("archiv")}

	ctx := context.Background()
	p := dmstest.Reich("beispiel")
	schein, err := ziel.Send(ctx, p)
	if err != nil {
		log.Fatal(err)
	}
	a := dms.NewAbgabe(schein, p, 14*24*time.Hour)
	fmt.Println(a.Zustand)

	if _, err := receiver.Scan(ctx); err != nil {
		log.Fatal(err)
	}
	for answer, err := range ziel.Answers(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		a, _, err = a.Apply(answer, time.Now())
		if err != nil {
			log.Fatal(err)
		}
		if err := ziel.Ack(ctx, answer.Kennung); err != nil { // after a is stored
			log.Fatal(err)
		}
	}
	fmt.Println(a.Zustand, a.MayDelete())

	again, err := ziel.Send(ctx, p)
	fmt.Println(again.Wiederholt, err)
	// Output:
	// gesendet
	// importiert true
	// true <nil>
}
