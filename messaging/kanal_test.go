package messaging_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

type kanal struct {
	name string
	f    messaging.Faehigkeiten
}

func (k kanal) Name() string                         { return k.name }
func (k kanal) Faehigkeiten() messaging.Faehigkeiten { return k.f }
func (k kanal) Deliver(context.Context, messaging.Sendung) (messaging.Quittung, error) {
	return messaging.Quittung{}, errors.New("not used")
}

var (
	post    = kanal{"brief", messaging.Faehigkeiten{Bescheid: true, Papier: true, Bekanntgabe: "post", MaxAnhaenge: 4}}
	portal  = kanal{"portal", messaging.Faehigkeiten{Bescheid: true, Antwort: true, Bekanntgabe: "postfach", MaxAnhaenge: 2, MaxGroesse: 100}}
	mail    = kanal{"mail", messaging.Faehigkeiten{}}
	kanaele = []messaging.Kanal{mail, portal, post}
)

func TestChoose(t *testing.T) {
	t.Parallel()
	nein, ja := false, true
	anschrift := tenant.Anschrift{Strasse: "Fleethörn", Hausnummer: "9", PLZ: "24103", Ort: "Kiel"}
	adr := func(namen ...string) (out []messaging.Adresse) {
		for _, n := range namen {
			out = append(out, messaging.Adresse{Kanal: n, Kennung: "k"})
		}
		return out
	}
	big := []messaging.Anhang{{Groesse: 60}, {Groesse: 41}}
	for name, c := range map[string]struct {
		e       messaging.Empfaenger
		n       messaging.Nachricht
		want    string
		gruende []string
	}{
		"first address":      {messaging.Empfaenger{Adressen: adr("portal", "mail")}, messaging.Nachricht{}, "portal", []string{"Kanal portal ist angegeben und geeignet."}},
		"the other order":    {messaging.Empfaenger{Adressen: adr("mail", "portal")}, messaging.Nachricht{}, "mail", nil},
		"unknown is skipped": {messaging.Empfaenger{Adressen: adr("fax", "mail")}, messaging.Nachricht{}, "mail", []string{"Kanal fax ist hier nicht eingerichtet.", "Kanal mail ist angegeben und geeignet."}},
		"decision": {messaging.Empfaenger{Adressen: adr("mail", "portal")}, messaging.Nachricht{Art: messaging.BescheidArt}, "portal",
			[]string{"Kanal mail: für Bescheide nicht zugelassen.", "Kanal portal ist angegeben und geeignet."}},
		"consent":       {messaging.Empfaenger{Adressen: adr("portal"), DigitalerBescheid: &ja}, messaging.Nachricht{Art: messaging.BescheidArt}, "portal", nil},
		"a letter":      {messaging.Empfaenger{Adressen: adr("portal"), DigitalerBescheid: &nein}, messaging.Nachricht{}, "portal", nil},
		"refusal, lost": {messaging.Empfaenger{Adressen: adr("portal"), DigitalerBescheid: &nein}, messaging.Nachricht{Art: messaging.BescheidArt}, "", nil},
		"refusal, fallback": {messaging.Empfaenger{Adressen: adr("portal"), DigitalerBescheid: &nein, Anschrift: anschrift}, messaging.Nachricht{Art: messaging.BescheidArt}, "brief",
			[]string{"Kanal portal: der Empfänger will keinen elektronischen Bescheid.", "Ersatzweg mail: für Bescheide nicht zugelassen.", "Ersatzweg brief."}},
		"refusal, paper named": {messaging.Empfaenger{Adressen: adr("portal", "brief"), DigitalerBescheid: &nein}, messaging.Nachricht{Art: messaging.BescheidArt}, "brief", nil},
		"answer expected":      {messaging.Empfaenger{Adressen: adr("mail", "portal")}, messaging.Nachricht{Antwort: messaging.AntwortErwartet}, "portal", nil},
		"answer possible":      {messaging.Empfaenger{Adressen: adr("mail", "portal")}, messaging.Nachricht{Antwort: messaging.AntwortMoeglich}, "mail", nil},
		"answer by letter":     {messaging.Empfaenger{Adressen: adr("brief")}, messaging.Nachricht{Antwort: messaging.AntwortErwartet}, "brief", nil},
		"too big":              {messaging.Empfaenger{Adressen: adr("portal", "brief")}, messaging.Nachricht{Anhaenge: big}, "brief", []string{"Kanal portal: Anhänge über 100 Bytes.", "Kanal brief ist angegeben und geeignet."}},
		"too many":             {messaging.Empfaenger{Adressen: adr("portal", "brief")}, messaging.Nachricht{Anhaenge: make([]messaging.Anhang, 3)}, "brief", []string{"Kanal portal: höchstens 2 Anhänge.", "Kanal brief ist angegeben und geeignet."}},
		"at the limit":         {messaging.Empfaenger{Adressen: adr("portal")}, messaging.Nachricht{Anhaenge: []messaging.Anhang{{Groesse: 50}, {Groesse: 50}}}, "portal", nil},
		"fallback in order":    {messaging.Empfaenger{Anschrift: anschrift}, messaging.Nachricht{}, "mail", []string{"Es ist keine Adresse angegeben.", "Ersatzweg mail."}},
		"no way":               {messaging.Empfaenger{}, messaging.Nachricht{}, "", nil},
		"fallback too small":   {messaging.Empfaenger{Anschrift: anschrift}, messaging.Nachricht{Art: messaging.BescheidArt, Anhaenge: make([]messaging.Anhang, 5)}, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := messaging.NewRouter(kanaele, &messaging.RouterOptions{Fallback: []string{"mail", "brief"}})
			require.NoError(t, err)
			w, err := r.Choose(c.e, c.n)
			if c.want == "" {
				require.ErrorIs(t, err, fehler.ErrInvalid)
				require.Equal(t, "messaging.kein-kanal", fehler.ProblemeIn(err)[0].Code)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, w.Kanal.Name())
			require.Equal(t, c.want, w.Adresse.Kanal)
			if c.gruende != nil {
				require.Equal(t, c.gruende, w.Gruende)
			}
			require.NotEmpty(t, w.Begruendung())
		})
	}
}

func TestNewRouter(t *testing.T) {
	t.Parallel()
	_, err := messaging.NewRouter([]messaging.Kanal{mail, mail}, nil)
	require.ErrorIs(t, err, fehler.ErrExists)
	_, err = messaging.NewRouter(kanaele, &messaging.RouterOptions{Fallback: []string{"fax"}})
	require.ErrorIs(t, err, fehler.ErrNotFound)

	own := []messaging.Kanal{mail}
	r, err := messaging.NewRouter(own, nil)
	require.NoError(t, err)
	own[0] = portal
	w, err := r.Choose(messaging.Empfaenger{Adressen: []messaging.Adresse{{Kanal: "mail"}}}, messaging.Nachricht{})
	require.NoError(t, err)
	require.Equal(t, "mail", w.Kanal.Name(), "the slice belongs to the caller")
}

func ExampleRouter_Choose() {
	r, _ := messaging.NewRouter([]messaging.Kanal{mail, portal}, nil)
	w, _ := r.Choose(messaging.Empfaenger{Adressen: []messaging.Adresse{
		{Kanal: "mail", Kennung: "erika@example.org"}, {Kanal: "portal", Kennung: "konto-1"},
	}}, messaging.Nachricht{Art: messaging.BescheidArt})
	fmt.Println(w.Kanal.Name(), w.Adresse.Kennung)
	fmt.Println(w.Begruendung())
	// Output:
	// portal konto-1
	// Kanal mail: für Bescheide nicht zugelassen. Kanal portal ist angegeben und geeignet.
}
