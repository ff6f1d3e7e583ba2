package smtp_test

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/smtp"
)

func Example() {
	k, err := smtp.New(smtp.Params{
		Host: "mail.kiel.example", Port: 587, Von: "post@kiel.example",
		Link:   func(messaging.Sendung) string { return "https://service.kiel.example/postfach" },
		Belege: &smtp.MemoryBelege{}, // in production a durable store
	}, &smtp.Options{Text: smtp.Text{Betreff: "Post von {{.Behoerde}}"}})
	fmt.Println(k.Name(), k.Faehigkeiten().Bescheid, err)
	// Output: smtp false <nil>
}
