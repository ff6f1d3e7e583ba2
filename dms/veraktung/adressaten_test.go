package veraktung

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The E-Akte holds the letter to each addressee, tells them apart, and says to whom each went.
func TestEachAusfertigungIsFiled(t *testing.T) {
	t.Parallel()
	eins, zwei := uuid.UUID{1}, uuid.UUID{2}
	q := conversation(t, "x")
	q.Mandant = &tenant.Mandant{}
	b := bescheid.Bescheid{ID: uuid.UUID{3}, Inhalt: bescheid.Inhalt{Betreff: "Genehmigung", Adressaten: []bescheid.Adressat{
		{ID: eins, Empfaenger: messaging.Empfaenger{Name: "Ada Voß"}}, {ID: zwei, Empfaenger: messaging.Empfaenger{Name: "Bo Ærø"}},
	}}}
	am := datum.New(2026, 11, 24).Beginn()
	for i, x := range b.Inhalt.Adressaten {
		d := messaging.Anhang{ID: uuid.UUID{10, byte(i)}, Name: "Bescheid-1.pdf", MIME: "application/pdf", SHA512: "x"}
		b.SetzeAusfertigung(x.ID, d)
		n := messaging.Nachricht{ID: uuid.UUID{20, byte(i)}, Art: messaging.BescheidArt, Betreff: "Genehmigung", Anhaenge: []messaging.Anhang{d}}
		b.Zustellungen = append(b.Zustellungen, bescheid.Zustellung{ID: n.ID, Adressat: x.ID, Dokument: d.ID})
		q.Stand.Dateien = append(q.Stand.Dateien, vorgang.Datei{Anhang: d, Zweck: vorgang.ZweckBescheid, Hinzugefuegt: am})
		q.Stand.Nachrichten = append(q.Stand.Nachrichten, vorgang.Schriftstueck{Nachricht: n, Richtung: messaging.Ausgang, Zeit: am.AddDate(0, 0, i)})
	}
	q.Stand.Bescheide = []bescheid.Bescheid{b}
	p := NewPaket(q)
	var got []string
	for _, d := range p.Vorgang.Dokumente {
		if d.Typ == "Bescheid" {
			got = append(got, d.Betreff+", "+d.Postausgangsdatum.String())
		}
	}
	require.Equal(t, []string{"Genehmigung (Ausfertigung für Ada Voß), 2026-11-24", "Genehmigung (Ausfertigung für Bo Ærø), 2026-11-25"}, got)
	text := gespraechText(q.Stand)
	require.Contains(t, text, "An Ada Voß, 24.11.2026")
	require.Contains(t, text, "An Bo Ærø, 25.11.2026")
	require.Contains(t, text, "An die antragstellende Person, 23.11.2026", "other letters")
}
