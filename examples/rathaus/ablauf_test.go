package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// From the stack to the filed E-Akte in a real browser, with two people; each page is
// looked at by axe-core on the way.
func TestClerkInBrowser(t *testing.T) {
	h := newHaus(t, web.Options{})
	b := newBrowser(t, h)
	b.geh("/anmelden")
	b.pruefe("anmelden")
	m := h.a.Mandanten[0].ID
	kim, leitung := h.mit(t, m, tenant.Sachbearbeitung).Akteur, h.mit(t, m, tenant.Leitung).Akteur
	b.anmelden(kim.ID)
	b.pruefe("stapel")
	b.knopf("Nächsten Vorgang ziehen")
	id := h.vorgaenge(t, m)[0]
	stand := func() vorgang.Stand {
		v, err := h.store.Get(t.Context(), m, id)
		require.NoError(t, err)
		return v.Stand()
	}
	require.Equal(t, kim.ID, stand().Bearbeiter(), "the oldest is drawn")
	b.pruefe("vorgang-antrag")
	v := "/vorgang/" + id.String()
	b.schreibe("#notiz", "Ortstermin vereinbart")
	b.knopf("Speichern")
	b.erscheint("Ortstermin vereinbart")
	b.geh(v + "/nachrichten")
	b.pruefe("vorgang-nachrichten")
	b.geh(v + "/beteiligte")
	b.pruefe("vorgang-beteiligte")
	b.geh(v + "/verlauf")
	b.pruefe("vorgang-verlauf")
	b.knopf("Zurücknehmen: Notiz angelegt")
	require.Empty(t, stand().Notizen, "taken back")
	b.geh(v + "/bescheid")
	b.pruefe("vorgang-bescheid")

	b.geh("/wiedervorlagen")
	b.pruefe("wiedervorlagen")
	b.geh("/fristen")
	b.pruefe("fristen")
	l := b.neu()
	l.anmelden(leitung.ID)
	l.geh("/klaerfach")
	l.pruefe("klaerfach")
	l.geh("/gibt-es-nicht")
}
