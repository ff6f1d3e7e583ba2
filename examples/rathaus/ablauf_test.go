package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func (h *pruefhaus) stand(t *testing.T, m tenant.ID, id uuid.UUID) vorgang.Stand {
	t.Helper()
	v, err := h.store.Get(t.Context(), m, id)
	require.NoError(t, err)
	return v.Stand()
}

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
	require.Equal(t, kim.ID, h.stand(t, m, id).Bearbeiter(), "the oldest is drawn")
	b.pruefe("vorgang-antrag")
	v := "/vorgang/" + id.String()

	// A note, and its undo; a reminder.
	b.schreibe("#notiz", "Ortstermin vereinbart")
	b.knopf("Speichern")
	b.erscheint("Ortstermin vereinbart")
	b.geh(v + "/verlauf")
	b.pruefe("vorgang-verlauf")
	b.knopf("Zurücknehmen: Notiz angelegt")
	require.Empty(t, h.stand(t, m, id).Notizen, "taken back")
	b.schreibe("#wv-b", "Gutachten da?")
	b.schreibe("#wv-am", datum.Von(time.Now()).AddTage(3).String())
	b.knopf("Setzen")
	b.geh("/wiedervorlagen")
	b.erscheint("Gutachten da?")
	b.pruefe("wiedervorlagen")

	// A question; the answer comes in by itself while the page is open.
	b.geh(v + "/nachrichten")
	b.pruefe("vorgang-nachrichten")
	b.schreibe("#rf-b", "Foto des Baums")
	b.schreibe("#rf-t2", "Bitte senden Sie uns ein Foto.")
	b.knopf("Rückfrage senden")
	b.erscheint("Wartet auf Antwort")
	b.erscheint("liegt im Postfach")
	s := h.stand(t, m, id)
	buerger := tenant.Akteur{ID: s.Antrag.Antragsteller.Konto, Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}
	_, err := h.store.Edit(t.Context(), m, id, func(v *vorgang.Vorgang) error {
		return v.Answer(buerger, time.Now(), vorgang.Erwiderung{Bezug: s.Rueckfragen[0].Nachricht, Text: "Hier ist es nicht, ich habe keins."})
	})
	require.NoError(t, err)
	b.erscheint("ich habe keins")
	b.pruefe("vorgang-gespraech")

	// Two bodies are asked: one outside, one in this house, which answers through its own door.
	b.geh(v + "/beteiligte")
	b.pruefe("vorgang-beteiligte")
	gast := h.a.Mandanten[1]
	b.schreibe("#sa-m", string(gast.ID))
	b.schreibe("#sa-f", "Bestehen Bedenken?")
	b.knopf("Anfordern")
	g := b.neu()
	g.anmelden(h.mit(t, gast.ID, tenant.Sachbearbeitung).Akteur.ID)
	g.geh("/vorgaenge?sicht=geteilt")
	g.erscheint(s.Nummer)
	g.pruefe("geteilt")
	g.geh(v + "/beteiligte")
	g.pruefe("vorgang-als-gast")
	g.schreibe("[id^=sx-]", "Keine Bedenken aus unserer Sicht.")
	g.knopf("Abgeben")
	b.erscheint("Keine Bedenken aus unserer Sicht.")
	b.knopf("Als ausgewertet vermerken")

	// The decision: template, preview as PDF, submitted, and not to be released by oneself.
	b.geh(v + "/bescheid")
	b.pruefe("vorgang-bescheid")
	b.geh(v + "/bescheid?vorlage=" + h.bewilligung)
	h.fuelleAssistent(b)
	b.druecke("Vorschau als PDF")
	b.bis("the preview", `!document.querySelector('iframe.brief').hidden`)
	js[int](b, `window.alteSeite = false, 0`)
	b.pruefe("bescheid-assistent")
	b.knopf("Zur Freigabe vorlegen")
	b.erscheint("Wartet auf die Freigabe durch eine zweite Person")
	require.Equal(t, bescheid.ZurFreigabe, h.stand(t, m, id).Bescheide[0].Zustand)

	l := b.neu()
	l.anmelden(leitung.ID)
	l.geh(v + "/bescheid")
	l.pruefe("freigabe")
	l.knopf("Freigeben und senden")
	b.erscheint("versandt") // at Kim's, without reload
	await(t, "the letter in the mailbox", func() bool {
		for e, err := range h.portal.Postfach(m, buerger.ID).All(t.Context()) {
			if err == nil && e.Nachricht.Art == messaging.BescheidArt {
				return true
			}
		}
		return false
	})
	b.pruefe("bescheid-versandt")
	h.springe(10 * 24 * time.Hour) // the decision counts as announced, and every session is over
	await(t, "announced", func() bool { return h.stand(t, m, id).Bescheide[0].Zustand == bescheid.Bekanntgegeben })
	b.anmelden(kim.ID)
	b.geh(v + "/bescheid")
	b.erscheint("bekanntgegeben")
	b.pruefe("gebuehr")
	b.schreibe("[id^=zg-]", "Quittung 17")
	b.knopf("Buchen")
	require.Zero(t, h.stand(t, m, id).Gebuehren[0].Forderung.Stand(datum.Von(h.now())).Offen)
	b.geh(v + "/verlauf")
	b.knopf("Abschließen")
	b.erscheint("in der E-Akte abgelegt")
	require.Equal(t, vorgang.Archiviert, h.stand(t, m, id).Abgabe.Zustand)
	b.pruefe("vorgang-abgelegt")
	require.NoError(t, h.store.VerifyJournal(t.Context(), m, id))

	l.anmelden(leitung.ID)
	l.geh("/fristen")
	l.pruefe("fristen")
	l.geh("/klaerfach")
	l.pruefe("klaerfach")
	vorher := len(h.vorgaenge(t, m))
	l.schreibe("select[name=ort]", string(h.a.Mandanten[0].ARS))
	l.knopf("Neu prüfen")
	l.erscheint("Angenommen als Vorgang")
	require.Len(t, h.vorgaenge(t, m), vorher+1)
	l.geh("/verwaltung")
	l.pruefe("verwaltung")

	// What axe-core is for, it does.
	js[int](b, `document.querySelector('main').insertAdjacentHTML('beforeend', '<img src="/x.png"><input>'), 0`)
	require.NotEmpty(t, b.axe(), "axe-core finds a picture without words")
}

// The list lives: new arrivals come by themselves, search follows the typing, a filter
// survives a reload, and what was distributed can be taken back.
func TestDeskLives(t *testing.T) {
	h := newHaus(t, web.Options{})
	b := newBrowser(t, h)
	m := h.a.Mandanten[0].ID
	b.anmelden(h.mit(t, m, tenant.Leitung).Akteur.ID)
	zeilen := func() int { return js[int](b, `document.querySelectorAll('tbody tr').length`) }
	vorher := zeilen()
	l := muster(h.a, h.now())[0]
	l.Kennung = "neu-" + uuid.NewString()
	b.bis("the stream", `document.body.dataset.live === 'an'`)
	_, err := h.betrieb.Annahme.Receive(t.Context(), l)
	require.NoError(t, err)
	b.bis("the arrival", fmt.Sprintf(`document.querySelectorAll('tbody tr').length === %d`, vorher+1))

	b.tu(chromedp.SendKeys("#q", "kelle"))
	b.bis("the search", `document.querySelectorAll('tbody tr').length === 1`)
	require.Contains(t, js[string](b, `location.search`), "q=kelle")
	b.tu(chromedp.Reload())
	b.bis("the search after a reload", `document.querySelectorAll('tbody tr').length === 1 && document.querySelector('#q').value === 'kelle'`)

	b.geh("/vorgaenge?sicht=stapel")
	js[int](b, `document.querySelectorAll('tbody input[type=checkbox]').forEach((c) => { c.checked = true; }), 0`)
	b.knopf("Verteilen")
	b.erscheint("verteilt.")
	require.Zero(t, zeilen())
	b.knopf("Rückgängig machen")
	b.bis("all back", fmt.Sprintf(`document.querySelectorAll('tbody tr').length === %d`, vorher+1))
}

// Two who draw at once get two; two who decide about the same thing get one and a word
// about it; two who add get both.
func TestTwoClerksAtOnce(t *testing.T) {
	h := newHaus(t, web.Options{})
	m := h.a.Mandanten[0].ID
	kim, leitung := h.mit(t, m, tenant.Sachbearbeitung).Akteur, h.mit(t, m, tenant.Leitung).Akteur
	var wg sync.WaitGroup
	orte := make([]string, 2)
	for i, a := range []tenant.Akteur{kim, leitung} {
		wg.Go(func() { orte[i] = h.gib(http.MethodPost, "/vorgaenge/ziehen", &a, nil).Header().Get("Location") })
	}
	wg.Wait()
	require.Contains(t, orte[0], "/vorgang/")
	require.Contains(t, orte[1], "/vorgang/")
	require.NotEqual(t, orte[0], orte[1])

	id := h.vorgaenge(t, m)[5] // of Kim's Einheit, and drawn by nobody
	weg := "/vorgang/" + id.String()
	gesehen := fmt.Sprint(h.stand(t, m, id).Journal.Seq)
	form := func(f ...string) url.Values {
		v := url.Values{"gesehen": {gesehen}, "einmal": {uuid.NewString()}}
		for i := 0; i < len(f); i += 2 {
			v.Set(f[i], f[i+1])
		}
		return v
	}
	w := h.gib(http.MethodPost, weg+"/zuweisen", &leitung, form("an", kim.ID))
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body.String())
	w = h.gib(http.MethodPost, weg+"/uebernehmen", &leitung, form())
	require.Equal(t, http.StatusConflict, w.Code, "the other was faster")
	require.Contains(t, w.Body.String(), "Inzwischen geändert")
	require.Equal(t, http.StatusSeeOther, h.gib(http.MethodPost, weg+"/notieren", &leitung, form("text", "eins")).Code)
	require.Equal(t, http.StatusSeeOther, h.gib(http.MethodPost, weg+"/notieren", &kim, form("text", "zwei")).Code)
	// What could be taken back is tried on copies: the page still shows what there is.
	seite := h.gib(http.MethodGet, weg+"/verlauf", &kim, nil).Body.String()
	require.Contains(t, seite, "<p>eins</p>")
	require.Contains(t, seite, "<p>zwei</p>")
	require.NotContains(t, seite, "01.01.0001")
	require.Len(t, h.stand(t, m, id).Notizen, 2)

	// The same form twice, at once, is one note.
	doppelt := form("text", "drei")
	for range 4 {
		wg.Go(func() {
			f := url.Values{}
			for k, v := range doppelt {
				f[k] = v
			}
			h.gib(http.MethodPost, weg+"/notieren", &kim, f)
		})
	}
	wg.Wait()
	require.Len(t, h.stand(t, m, id).Notizen, 3)
	// One that failed can be sent again, corrected.
	f := form("text", "")
	require.Equal(t, http.StatusUnprocessableEntity, h.gib(http.MethodPost, weg+"/notieren", &kim, f).Code)
	f.Set("text", "vier")
	f.Del("csrf")
	require.Equal(t, http.StatusSeeOther, h.gib(http.MethodPost, weg+"/notieren", &kim, f).Code)
	require.Len(t, h.stand(t, m, id).Notizen, 4)
}

// A double click, the back button, a file, a session that ended: in the browser.
func TestRoughHands(t *testing.T) {
	h := newHaus(t, web.Options{Ruhe: 6 * time.Second})
	b := newBrowser(t, h)
	m := h.a.Mandanten[0].ID
	kim := h.mit(t, m, tenant.Sachbearbeitung).Akteur
	b.anmelden(kim.ID)
	id := h.vorgaenge(t, m)[0]
	b.geh("/vorgang/" + id.String())
	b.schreibe("#notiz", "Doppelt gedrückt")
	js[int](b, `(() => { window.alteSeite = true; const f = document.querySelector('#notiz').form; f.requestSubmit(); f.requestSubmit(); f.submit(); })(), 0`)
	b.bereit()
	await(t, "one note", func() bool { return len(h.stand(t, m, id).Notizen) > 0 })
	b.tu(chromedp.NavigateBack())
	b.schreibe("#notiz", "Nach dem Zurück")
	b.knopf("Speichern")
	b.erscheint("Nach dem Zurück")
	require.Len(t, h.stand(t, m, id).Notizen, 2)

	datei := filepath.Join(t.TempDir(), "plan.pdf")
	require.NoError(t, os.WriteFile(datei, append([]byte("%PDF-1.7\n"), make([]byte, 50<<20)...), 0o600))
	js[int](b, `document.querySelectorAll('details').forEach((d) => { d.open = true; }), 0`)
	b.tu(chromedp.SetUploadFiles("#datei", []string{datei}))
	b.knopf("Hochladen")
	b.erscheint("50,0 MB")

	b.schreibe("#notiz", "Zu spät")
	time.Sleep(7 * time.Second) // longer than a session rests here
	b.knopf("Speichern")
	b.erscheint("Ihre Sitzung ist abgelaufen")
	require.Len(t, h.stand(t, m, id).Notizen, 2)
	b.geh("/vorgaenge")
	require.Contains(t, js[string](b, `location.pathname`), "/anmelden")
}

// Login by OpenID Connect, and what must not be a login.
func TestOIDC(t *testing.T) {
	h := newHaus(t, web.Options{})
	b := newBrowser(t, h)
	kim := h.mit(t, h.a.Mandanten[0].ID, tenant.Sachbearbeitung).Akteur
	b.geh("/anmelden/oidc")
	b.pruefe("oidc")
	b.tu(chromedp.Click(`a[href*="person=` + kim.ID + `"]`))
	b.bis("login", `!!document.querySelector(".person")`)
	require.Contains(t, b.text(".person"), kim.Name)
	require.Contains(t, b.text(".person"), "Sachbearbeitung")

	for _, weg := range []string{"/anmelden/oidc/zurueck?code=x&state=y", "/anmelden/oidc/zurueck"} {
		require.Equal(t, http.StatusForbidden, h.gib(http.MethodGet, weg, nil, nil).Code, "a way back nobody began")
	}
	require.Equal(t, http.StatusForbidden, h.gib(http.MethodPost, "/anmelden", nil, url.Values{"nutzer": {"niemand"}}).Code)
	r := httptest.NewRequest(http.MethodPost, h.url+"/anmelden", strings.NewReader("nutzer="+kim.ID))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	require.Equal(t, http.StatusForbidden, w.Code, "another site logs nobody in")
	var gebremst bool
	for range 40 {
		gebremst = gebremst || h.gib(http.MethodPost, "/anmelden", nil, url.Values{"nutzer": {"niemand"}}).Code == http.StatusTooManyRequests
	}
	require.True(t, gebremst, "who guesses is braked")
}

// The other procedures: what the rules decide alone, what they ask for, what they refuse
// to decide.
func TestRulesAtWork(t *testing.T) {
	h := newHaus(t, web.Options{})
	b := newBrowser(t, h)
	m := h.a.Mandanten[0].ID
	b.anmelden(h.mit(t, m, tenant.Leitung).Akteur.ID)
	ids := h.vorgaenge(t, m)
	for _, x := range []struct {
		nr      int
		ausgang vorgang.Pruefausgang
		text    string
	}{
		{6, vorgang.PruefungStandardfall, "Standardfall: alle Regeln erfüllt"},
		{5, vorgang.PruefungUnvollstaendig, "Bitte beschreiben Sie die Gefahr"},
		{3, vorgang.PruefungPerson, "Nachweis der dauerhaften Nutzung"},
		{4, vorgang.PruefungPerson, "Eine Person muss entscheiden"},
	} {
		await(t, x.text, func() bool { p := h.stand(t, m, ids[x.nr]).Pruefung; return p != nil })
		require.Equal(t, x.ausgang, h.stand(t, m, ids[x.nr]).Pruefung.Ausgang, x.text)
		b.geh("/vorgang/" + ids[x.nr].String())
		b.erscheint(x.text)
	}
	b.geh("/vorgang/" + ids[5].String())
	b.pruefe("pruefung")
	// The letter that asks for what is missing is begun already.
	b.knopf("Selbst bearbeiten")
	b.geh("/vorgang/" + ids[5].String() + "/nachrichten")
	require.Contains(t, b.text("#rf-t2"), "Bitte beschreiben Sie die Gefahr")
	// The badge: decided, charged and in the mailbox without a hand.
	await(t, "the badge", func() bool { s := h.stand(t, m, ids[6]); return len(s.Bescheide) == 1 && s.Bescheide[0].Versand != nil })
	s := h.stand(t, m, ids[6])
	require.True(t, s.Bescheide[0].Automatisch)
	require.Len(t, s.Gebuehren, 1)
	b.geh("/vorgang/" + ids[6].String() + "/bescheid")
	b.erscheint("automatisch nach Regeln")
	b.pruefe("bescheid-automatisch")
}

// What a person sees is bounded by the Einheiten of that person, lists and search included.
func TestEinheiten(t *testing.T) {
	h := newHaus(t, web.Options{})
	m := h.a.Mandanten[0].ID
	kim := h.mit(t, m, tenant.Sachbearbeitung).Akteur
	require.NotEmpty(t, kim.Einheiten)
	var fremd, eigen int
	for _, id := range h.vorgaenge(t, m) {
		s := h.stand(t, m, id)
		liste := h.gib(http.MethodGet, "/vorgaenge?sicht=alle", &kim, nil).Body.String()
		suche := h.gib(http.MethodGet, "/vorgaenge?sicht=alle&q="+s.Nummer, &kim, nil).Body.String()
		seite := h.gib(http.MethodGet, "/vorgang/"+id.String(), &kim, nil).Code
		gesehen := fmt.Sprint(s.Journal.Seq)
		notiz := h.gib(http.MethodPost, "/vorgang/"+id.String()+"/notieren", &kim, url.Values{"gesehen": {gesehen}, "einmal": {uuid.NewString()}, "text": {"x"}}).Code
		if kim.SiehtEinheit(s.Einheit) {
			eigen++
			require.Contains(t, liste, id.String())
			require.Contains(t, suche, id.String())
			require.Equal(t, http.StatusOK, seite)
			require.Equal(t, http.StatusSeeOther, notiz)
		} else {
			fremd++
			require.NotContains(t, liste, id.String())
			require.NotContains(t, suche, id.String())
			require.Equal(t, http.StatusNotFound, seite)
			require.Equal(t, http.StatusNotFound, notiz)
		}
	}
	require.Positive(t, fremd)
	require.Positive(t, eigen)
	require.Equal(t, http.StatusForbidden, h.gib(http.MethodGet, "/vorgaenge?einheit=ordnung", &kim, nil).Code)
}

// fuelleAssistent fills in what the assistant asks for.
func (h *pruefhaus) fuelleAssistent(b *browser) {
	b.t.Helper()
	for _, f := range js[[]string](b, `[...document.querySelectorAll('form[action$="/entwerfen"] [name^="feld."]')].map((f) => f.tagName === 'SELECT' || !f.required ? '' : '#' + CSS.escape(f.id) + (f.type === 'date' ? '|datum' : f.inputMode === 'decimal' ? '|zahl' : '|text')).filter((f) => f)`) {
		sel, typ, _ := strings.Cut(f, "|")
		b.schreibe(sel, map[string]string{"datum": datum.Von(time.Now()).AddTage(365).String(), "zahl": "2", "text": "Der Baum ist krank und nicht zu retten."}[typ])
	}
}
