package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/amt"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

//go:embed daten
var daten embed.FS

// ausstattung is what makes the house a particular one: authorities, people, procedures.
type ausstattung struct {
	Mandanten        []tenant.Mandant
	Zustaendigkeiten *tenant.Zustaendigkeiten
	Betreiber        tenant.ID
	Nutzer           []amt.Nutzer
	Gestaltung       map[tenant.ID]amt.Gestaltung
	Parser           []intake.Parser
	Vorlagen         *vorlage.Sammlung
	Zuordnungen      *entwurf.Zuordnungen
	Regeln           []*pruefung.Regelwerk
	Gebuehr          amt.Gebuehr
	// Muster are the sample submissions.
	Muster func(now time.Time) []intake.Lieferung
}

func nutzer(m tenant.ID, id, name, aufgabe string, rollen ...tenant.Rolle) amt.Nutzer {
	return amt.Nutzer{Akteur: tenant.Akteur{ID: id, Name: name, Art: tenant.Person, Mandant: m, Rollen: rollen}, Aufgabe: aufgabe}
}

// statte puts the house together.
func statte() (*ausstattung, error) {
	a := &ausstattung{Betreiber: "musterstadt", Vorlagen: vorlage.Standard(), Zuordnungen: entwurf.Beispiele(),
		Gestaltung: map[tenant.ID]amt.Gestaltung{"musterstadt": {Farbe: "#1d4f73"}, "bergheim": {Farbe: "#5b3a1e"}}}
	b, err := daten.ReadFile("daten/mandanten.json")
	if err != nil {
		return nil, err
	}
	var k tenant.Konfiguration
	if err := json.Unmarshal(b, &k); err != nil {
		return nil, err
	}
	a.Mandanten = k.Mandanten
	if a.Zustaendigkeiten, err = tenant.NewZustaendigkeiten(k.Zustaendigkeiten); err != nil {
		return nil, err
	}
	if b, err = daten.ReadFile("daten/baum.json"); err != nil {
		return nil, err
	}
	f, err1 := fim.LoadFormular(b)
	p, err2 := fim.New(f)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	a.Parser = []intake.Parser{p}
	a.Nutzer = []amt.Nutzer{
		nutzer("musterstadt", "kim", "Kim Petersen", "Sachbearbeitung im Grünflächenamt", tenant.Sachbearbeitung),
		nutzer("musterstadt", "deniz", "Deniz Aydın", "Leitung", tenant.Leitung),
		nutzer("musterstadt", "pat", "Pat Jansen", "Poststelle", tenant.Poststelle),
		nutzer("musterstadt", "ada", "Ada Lorenz", "Administration", tenant.Administration),
		nutzer("musterstadt", "lou", "Lou Brandt", "Löschung", tenant.Loeschberechtigt),
		nutzer("musterstadt", "noa", "Noa Vogt", "Auskunft", tenant.Auskunft),
		nutzer("bergheim", "amira", "Amira Huber", "Sachbearbeitung im Bauamt", tenant.Sachbearbeitung),
		nutzer("bergheim", "luis", "Luis Maier", "Leitung", tenant.Leitung),
	}
	a.Nutzer[0].Akteur.Einheiten = []string{"gruen"}
	a.Muster = muster
	return a, nil
}

func muster(now time.Time) (out []intake.Lieferung) {
	for i, x := range []struct{ vor, nach, strasse, plz, ort, ars, baum, grund string }{
		{"Mia", "Sommer", "Lindenweg", "24103", "Musterstadt", "010020000000", "Rotbuche", "krank"},
		{"Jonas", "Keller", "Am Teich", "24103", "Musterstadt", "010020000000", "Stieleiche", "gefahr"},
		{"Elif", "Yıldız", "Hafenstraße", "24105", "Musterstadt", "010020000000", "Bergahorn", "bau"},
		{"Tom", "Winter", "Kirchgasse", "80331", "Bergheim", "091620000000", "Fichte", "sonstiges"},
		{"Lea", "Groß", "Ringstraße", "24107", "Musterstadt", "999990000000", "Birke", "bau"},
	} {
		id := uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "muster/%d", i))
		b, _ := json.Marshal(map[string]any{"$schema": "https://fachwerk.example/schema/baumfaellung-1.json",
			"antragsteller": map[string]string{"anrede": "ohne", "vorname": x.vor, "nachname": x.nach, "strasse": x.strasse, "hausnummer": fmt.Sprint(3 + i), "plz": x.plz, "ort": x.ort},
			"grundstueck":   fmt.Sprintf("%s %d, %s", x.strasse, 3+i, x.ort), "grund": x.grund,
			"baeume": []map[string]any{{"art": x.baum, "umfang": 140 + 10*i, "standort": "Hinterhof"}}})
		out = append(out, intake.Lieferung{Kanal: "muster", Kennung: id.String(), Eingang: now.Add(-time.Duration(40-7*i) * 24 * time.Hour), Leistung: "99012070006000", Ort: x.ars,
			Fachdaten: intake.Bytes(id, "antrag.json", "application/json", vorgang.ZweckOriginal, b), Schema: "https://fachwerk.example/schema/baumfaellung-1.json",
			Konto: "konto-" + id.String()[:8], Adressen: []messaging.Adresse{{Kanal: portal.Name, Kennung: "konto-" + id.String()[:8]}}})
	}
	return out
}

// fuelle takes the sample submissions in, once: they have the same keys every time.
func (h *haus) fuelle(ctx context.Context, a *ausstattung) error {
	for _, l := range a.Muster(h.now()) {
		if _, err := h.betrieb.Annahme.Receive(ctx, l); err != nil {
			return err
		}
	}
	return nil
}
