package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/verfahren"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// flach names the values of a sample as the fields of the form are named.
func flach(prefix string, d any, out map[string]any) map[string]any {
	switch d := d.(type) {
	case map[string]any:
		for k, v := range d {
			flach(prefix+"."+k, v, out)
		}
	case []any:
		for i, v := range d {
			flach(fmt.Sprintf("%s.%d", prefix, i+1), v, out)
		}
	default:
		out[prefix[1:]] = d
	}
	return out
}

// finde gives the Vorgang with the number, wherever it lies.
func (h *pruefhaus) finde(t *testing.T, nummer string) (tenant.ID, uuid.UUID) {
	t.Helper()
	for _, m := range h.a.Mandanten {
		for z, err := range h.store.List(t.Context(), m.ID, storage.PageParams{Filter: storage.Filter{Nummer: nummer}}) {
			require.NoError(t, err)
			return m.ID, z.ID
		}
	}
	t.Fatalf("no Vorgang %q", nummer)
	return "", uuid.Nil
}

// A citizen applies for each of the five procedures in a browser, through the intake of
// the OZG-Cloud over a socket, and follows the application.
func TestCitizenInBrowser(t *testing.T) {
	h := newHaus(t, web.Options{})
	muster, err := h.a.Muster(60, h.now())
	require.NoError(t, err)
	b := newBrowser(t, h)
	b.geh("/formular/")
	b.pruefe("buerger-behoerden")
	b.geh("/formular/musterstadt")
	b.pruefe("buerger-angebot")
	nummern := map[string]string{}
	for _, v := range h.a.Verfahren {
		var m verfahren.Muster
		for _, x := range muster {
			if x.Verfahren == v && m.Verfahren == nil {
				m = x
			}
		}
		p := b.neu()
		p.geh("/formular/musterstadt/" + v.Kurz)
		p.pruefe("formular-" + v.Kurz)
		felder, err := json.Marshal(flach("", m.Daten, map[string]any{}))
		require.NoError(t, err)
		js[int](p, fmt.Sprintf(`(() => { for (const [n, w] of Object.entries(%s)) { const f = document.querySelector('[name="' + n + '"]'); if (!f) continue;
			if (f.type === 'checkbox') f.checked = w === true; else f.value = String(w); } return 0; })()`, felder))
		if v.Kurz == "baum" { // first with a mistake: it is named and linked
			p.schreibe(`[name="antragsteller.plz"]`, "12")
			p.knopf("Antrag absenden")
			p.erscheint("Bitte prüfen Sie")
			p.pruefe("formular-fehler")
			p.schreibe(`[name="antragsteller.plz"]`, "24103")
		}
		js[int](p, `document.querySelector('#einverstanden').checked = true, 0`)
		p.knopf("Antrag absenden")
		p.erscheint("Ihr Antrag ist angekommen")
		p.pruefe("buerger-fertig-" + v.Kurz)
		nummern[v.Kurz] = js[string](p, `document.querySelector('.angaben dd').textContent.trim()`)
		p.knopf("Zum Stand Ihres Antrags")
		p.erscheint(nummern[v.Kurz])
		p.pruefe("buerger-stand-" + v.Kurz)
	}
	for kurz, ausgang := range map[string]vorgang.Pruefausgang{"gewerbe": vorgang.PruefungStandardfall, "parken": vorgang.PruefungStandardfall} {
		m, id := h.finde(t, nummern[kurz])
		await(t, kurz, func() bool {
			s := h.stand(t, m, id)
			return s.Pruefung != nil && len(s.Bescheide) == 1 && s.Bescheide[0].Versand != nil
		})
		require.Equal(t, ausgang, h.stand(t, m, id).Pruefung.Ausgang, kurz)
	}
	for _, kurz := range []string{"verkehr", "baum", "fundtier"} {
		m, id := h.finde(t, nummern[kurz])
		await(t, kurz, func() bool { return h.stand(t, m, id).Pruefung != nil })
		require.Empty(t, h.stand(t, m, id).Bescheide, "%s is for a person", kurz)
	}
}

// The road works: applied for in the browser, three bodies asked and heard, ordered,
// released, announced, paid and filed.
func TestRoadWorksInBrowser(t *testing.T) {
	h := newHaus(t, web.Options{})
	b := newBrowser(t, h)
	m := h.a.Mandanten[0].ID
	id := h.vorgaenge(t, m)[1]
	require.Equal(t, h.a.Find("verkehr").Leistung, h.stand(t, m, id).Leistung)
	v := "/vorgang/" + id.String()
	var robin tenant.Akteur
	for _, n := range h.a.Nutzer {
		if n.Akteur.Mandant == m && slices.Contains(n.Akteur.Einheiten, "verkehr") {
			robin = n.Akteur
		}
	}
	b.anmelden(robin.ID)
	b.geh(v)
	b.knopf("Selbst bearbeiten")
	for _, stelle := range h.a.Find("verkehr").Stellen {
		b.geh(v + "/beteiligte")
		b.schreibe("#sa-n", stelle)
		b.schreibe("#sa-f", "Bestehen Bedenken gegen den Verkehrszeichenplan?")
		b.knopf("Anfordern")
	}
	require.Len(t, h.stand(t, m, id).Stellungnahmen, 3)
	b.pruefe("drei-stellungnahmen")
	for range 3 {
		b.schreibe("[id^=sx-]", "Keine Bedenken.")
		b.knopf("Abgeben")
		b.knopf("Als ausgewertet vermerken")
	}
	b.geh(v + "/bescheid?vorlage=verkehrsanordnung")
	h.fuelleAssistent(b)
	b.pruefe("anordnung")
	b.knopf("Zur Freigabe vorlegen")
	b.erscheint("Wartet auf die Freigabe")
	l := b.neu()
	l.anmelden(h.mit(t, m, tenant.Leitung).Akteur.ID)
	l.geh(v + "/bescheid")
	l.knopf("Freigeben und senden")
	await(t, "sent", func() bool { return h.stand(t, m, id).Bescheide[0].Versand != nil })
	h.springe(10 * 24 * time.Hour)
	await(t, "announced", func() bool { return h.stand(t, m, id).Bescheide[0].Zustand == bescheid.Bekanntgegeben })
	b.anmelden(robin.ID)
	b.geh(v + "/bescheid")
	if len(h.stand(t, m, id).Gebuehren) > 0 {
		b.schreibe("[id^=zg-]", "Quittung 18")
		b.knopf("Buchen")
	}
	b.knopf("Abschließen")
	b.erscheint("in der E-Akte abgelegt")
	require.NoError(t, h.store.VerifyJournal(t.Context(), m, id))
}

// Keyboard alone: the first stop is the link to the content, and where one is can be seen.
func TestKeyboard(t *testing.T) {
	h := newHaus(t, web.Options{})
	b := newBrowser(t, h)
	b.anmelden(h.mit(t, h.a.Mandanten[0].ID, tenant.Leitung).Akteur.ID)
	b.geh("/vorgaenge")
	b.tu(chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "Zum Inhalt springen", js[string](b, `document.activeElement.textContent`))
	b.tu(chromedp.KeyEvent(kb.Enter))
	b.bis("the content", `document.activeElement.id === 'inhalt'`)
	b.tu(chromedp.KeyEvent(kb.Tab))
	require.Equal(t, "Nächsten Vorgang ziehen", js[string](b, `document.activeElement.textContent`))
	require.NotEqual(t, "none", js[string](b, `getComputedStyle(document.activeElement).outlineStyle`))
	b.tu(chromedp.KeyEvent(kb.Enter))
	b.bis("the Vorgang", `location.pathname.startsWith('/vorgang/')`)
}
