package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/amt"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Every page of the administration in the browser.
func TestAdministrationInBrowser(t *testing.T) {
	h := newHaus(t, web.Options{})
	b := newBrowser(t, h)
	m := h.a.Mandanten[0]
	b.anmelden(h.mit(t, m.ID, tenant.Administration).Akteur.ID)
	b.pruefe("verwaltung")
	b.knopf("Erklären")
	b.erscheint("Zuständig ist")
	b.pruefe("zustaendigkeit")
	for _, teil := range []string{"personen", "vorlagen", "regeln", "anschluesse", "gestaltung"} {
		b.geh("/verwaltung/" + teil)
		b.pruefe("verwaltung-" + teil)
	}
	b.geh("/verwaltung/anschluesse")
	b.knopf("Testen")
	b.erscheint("Der Test hat geklappt")
	b.geh("/verwaltung/gestaltung")
	b.schreibe("#fa", "#7a2048")
	b.knopf("Speichern")
	b.erscheint("Die Gestaltung ist gespeichert")
	b.geh("/verwaltung/gestaltung")
	b.schreibe("#fa", "#ffcc00")
	b.knopf("Speichern")
	b.erscheint("dunklere Farbe")
	require.Contains(t, h.gib(http.MethodGet, "/gestaltung/"+string(m.ID), nil, nil).Body.String(), "#7a2048")
	b.geh("/verwaltung/regeln")
	b.schreibe("#rw", `{"id":"x"}`)
	b.knopf("Simulieren")
	require.NotEmpty(t, b.text(".fehltext"))
	b.pruefe("regeln-fehler")
	a := h.a.Find("baum").Regelwerk.Angaben()
	a.Fassung, a.Freigabe = 2, nil
	a.Regeln[1].Ausdruck = "eingabe.baeume.all(b, double(b.umfang) >= 100.0)"
	neu, err := json.Marshal(a)
	require.NoError(t, err)
	ids := h.vorgaenge(t, m.ID)
	for _, id := range []uuid.UUID{ids[0], ids[2], ids[5]} {
		await(t, "checked", func() bool { return h.stand(t, m.ID, id).Pruefung != nil })
	}
	b.schreibe("#rw", string(neu))
	b.knopf("Simulieren")
	b.erscheint("3 Fälle, davon kämen 2 anders heraus")
	b.pruefe("regeln-simulation")
	b.geh("/verwaltung/statistik")
	b.bis("the statistics", `(() => { if (document.querySelector('svg')) return true; location.reload(); return false; })()`)
	b.pruefe("statistik")
	leitung := h.mit(t, m.ID, tenant.Leitung).Akteur
	w := h.gib(http.MethodGet, "/verwaltung/statistik.csv", &leitung, nil)
	require.Contains(t, w.Body.String(), "Leistung;Eingänge;")
}

// Text is white on the colour of the authority: which colours can be read.
func TestContrast(t *testing.T) {
	require.InDelta(t, 21, amt.Kontrast("#000000"), 0.01)
	require.InDelta(t, 1, amt.Kontrast("#ffffff"), 0.01)
	require.InDelta(t, 4.54, amt.Kontrast("#767676"), 0.01) // the lightest grey that passes, by the text of WCAG
	require.Zero(t, amt.Kontrast("red;}"))
}

// A Vorgang whose retention is over goes by two keys, and not before.
func TestDeletionByTwoKeys(t *testing.T) {
	h := newHaus(t, web.Options{})
	m := h.a.Mandanten[0]
	id := h.vorgaenge(t, m.ID)[0]
	leitung, loesch := h.mit(t, m.ID, tenant.Leitung).Akteur, h.mit(t, m.ID, tenant.Loeschberechtigt).Akteur
	weg := "/vorgang/" + id.String()
	form := func(f ...string) url.Values {
		v := url.Values{"gesehen": {fmt.Sprint(h.stand(t, m.ID, id).Journal.Seq)}, "einmal": {uuid.NewString()}}
		for i := 0; i < len(f); i += 2 {
			v.Set(f[i], f[i+1])
		}
		return v
	}
	require.Equal(t, http.StatusSeeOther, h.gib(http.MethodPost, weg+"/uebernehmen", &leitung, form()).Code)
	require.Equal(t, http.StatusSeeOther, h.gib(http.MethodPost, weg+"/abschliessen", &leitung, form("grund", "erledigung")).Code)
	await(t, "the E-Akte", func() bool {
		a := h.stand(t, m.ID, id).Abgabe
		return a != nil && a.Zustand == vorgang.Archiviert
	})
	require.NoError(t, h.bewahre(t.Context(), m))
	h.springe(9 * 365 * 24 * time.Hour)
	require.Contains(t, h.gib(http.MethodGet, "/loeschung", &loesch, nil).Body.String(), "Nichts ist fällig")
	h.springe(2 * 365 * 24 * time.Hour)
	require.Contains(t, h.gib(http.MethodGet, "/loeschung", &loesch, nil).Body.String(), id.String())
	w := h.gib(http.MethodPost, "/loeschung/"+id.String(), &leitung, nil)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
	zwei := func(a tenant.Akteur) int {
		return h.gib(http.MethodPost, "/loeschung/"+id.String(), &a, url.Values{"schluessel": {"zwei"}}).Code
	}
	require.NotEqual(t, http.StatusSeeOther, zwei(loesch), "too early")
	h.springe(8 * 24 * time.Hour)
	require.Equal(t, http.StatusForbidden, zwei(leitung), "who asked has not the second key")
	require.Equal(t, http.StatusSeeOther, zwei(loesch))
	require.Equal(t, vorgang.Geloescht, h.stand(t, m.ID, id).Status)
	require.Equal(t, http.StatusOK, h.gib(http.MethodGet, weg, &leitung, nil).Code, "what remains can be seen")
	require.False(t, strings.Contains(h.gib(http.MethodGet, weg, &leitung, nil).Body.String(), "Sommer"))
}
