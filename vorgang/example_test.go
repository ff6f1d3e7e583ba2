package vorgang_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func beispiel() (*vorgang.Vorgang, time.Time) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	v, err := vorgang.New(tenant.System("annahme"), now, vorgang.Params{
		Mandant: "kiel", Nummer: "2026-0000001", Leistung: "99012070006000", LeistungName: "Baumfällgenehmigung", Einheit: "gruen",
	}, vorgang.Kontext{})
	if err != nil {
		panic(err)
	}
	return v, now
}

func Example() {
	v, now := beispiel()
	clerk := tenant.Akteur{ID: "a.meyer", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	if err := v.Pull(clerk, now); err != nil {
		fmt.Println(err)
	}
	for _, e := range v.Neu() {
		fmt.Println(e.Seq, e.Code)
	}
	fmt.Println(v.Status(), "-", v.Oeffentlich(now).Status)
	// Output:
	// 1 vorgang.eingegangen
	// 2 vorgang.status
	// 3 vorgang.zugewiesen
	// 4 vorgang.status
	// in_bearbeitung - Ihr Antrag wird bearbeitet.
}

func ExampleVorgang_May() {
	v, now := beispiel()
	clerk := tenant.Akteur{ID: "a.meyer", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	fmt.Println(v.May(clerk, now, vorgang.BefehlAnnehmen))
	err := v.May(clerk, now, vorgang.BefehlFreigeben)
	fmt.Println(errors.Is(err, fehler.ErrForbidden), fehler.ProblemeIn(err)[0].Hinweis)
	err = v.May(clerk, now, vorgang.BefehlEntwerfen)
	fmt.Println(errors.Is(err, fehler.ErrInvalid), fehler.ProblemeIn(err)[0].Hinweis)
	// Output:
	// <nil>
	// true Dafür fehlt Ihnen die Berechtigung.
	// true Das geht im Status „Neu“ nicht.
}

func ExampleVorgang_Invite() {
	v, now := beispiel()
	clerk := tenant.Akteur{ID: "a.meyer", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	guest := tenant.Akteur{ID: "b.jansen", Art: tenant.Person, Mandant: "luebeck", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	_, err := v.Invite(clerk, now, vorgang.Einladung{
		Mandant: "luebeck", Recht: vorgang.RechtKommentieren, Grund: "Der Baum steht auf der Grenze.", Bis: now.AddDate(0, 1, 0),
	})
	fmt.Println(err)
	fmt.Println(v.May(guest, now, vorgang.BefehlNotieren))
	for _, err := range []error{
		v.May(guest, now, vorgang.BefehlSchreiben), v.May(guest, now, vorgang.BefehlAnnehmen),
		v.May(guest, now.AddDate(0, 1, 0), vorgang.BefehlNotieren),
	} {
		fmt.Println(fehler.ProblemeIn(err)[0].Hinweis)
	}
	// Output:
	// <nil>
	// <nil>
	// Die Beteiligung Ihrer Behörde umfasst das nicht; nötig ist das Recht „bearbeiten“.
	// Das kann nur die Behörde, die den Vorgang führt.
	// Die Beteiligung Ihrer Behörde ist beendet, abgelaufen oder hat noch nicht begonnen.
}

func ExampleVorgang_Undo() {
	v, now := beispiel()
	clerk := tenant.Akteur{ID: "a.meyer", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	_ = v.Accept(clerk, now)
	fmt.Println(v.Status())
	neu := v.Neu()
	fmt.Println(v.Undo(clerk, now, neu[len(neu)-1]), v.Status())
	// Output:
	// angenommen
	// <nil> neu
}

func ExampleVerifyJournal() {
	v, now := beispiel()
	_ = v.Accept(tenant.System("annahme"), now)
	journal := v.Neu()
	fmt.Println(vorgang.VerifyJournal(v.Stand(), seq(journal)))
	journal[1].Zeit = now.Add(time.Hour) // somebody backdates, or postdates
	var f *vorgang.JournalFehler
	if errors.As(vorgang.VerifyJournal(v.Stand(), seq(journal)), &f) {
		fmt.Println(f.Seq, f.Grund)
	}
	// Output:
	// <nil>
	// 2 hash does not match the entry
}
