package buerger

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/storage"
)

var idForm = regexp.MustCompile(`\sid="([^"]+)"`)

func TestErrorsAreLinked(t *testing.T) {
	h := neuesHaus(t, nil)
	w := h.ausgefuellt("baum")
	w.Del("antragsteller.vorname")
	w.Set("antragsteller.plz", "<script>alert(1)</script>")
	w.Set("baeume.1.umfang", "dick")
	w.Set("grund", "erfunden")
	w.Set("baeume.2.art", "Birke") // a row that was begun
	status, seite := h.post("/formular/musterstadt/baum", w)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	ids := map[string]bool{}
	for _, m := range idForm.FindAllStringSubmatch(seite, -1) {
		require.False(t, ids[m[1]], "id %s is there twice", m[1])
		ids[m[1]] = true
	}
	for _, id := range []string{"antragsteller.vorname", "antragsteller.plz", "baeume.1.umfang", "grund", "baeume.2.umfang", "baeume.2.standort"} {
		require.Contains(t, seite, `<a href="#`+id+`">`)
		require.True(t, ids[id], id)
	}
	require.True(t, ids["antragsteller.plz-fehler"])
	require.Contains(t, seite, "&lt;script&gt;", "what was typed is still there, escaped")
	require.Contains(t, seite, `value="Mustermann"`)
}

func TestEveryFormHasLabels(t *testing.T) {
	h := neuesHaus(t, nil)
	for _, m := range h.k.Mandanten {
		_, liste := h.get("/formular/" + string(m.ID))
		for _, v := range h.k.Verfahren {
			if !strings.Contains(liste, "/formular/"+string(m.ID)+"/"+v.Kurz+`"`) {
				continue
			}
			status, seite := h.get("/formular/" + string(m.ID) + "/" + v.Kurz)
			require.Equal(t, http.StatusOK, status)
			for _, x := range regexp.MustCompile(`<(?:input|select|textarea)[^>]* id="([^"]+)"`).FindAllStringSubmatch(seite, -1) {
				require.Contains(t, seite, `<label for="`+x[1]+`"`, v.Kurz)
			}
			for _, x := range regexp.MustCompile(`aria-describedby="([^"]+)"`).FindAllStringSubmatch(seite, -1) {
				for _, id := range strings.Fields(x[1]) {
					require.Contains(t, seite, `id="`+id+`"`, v.Kurz)
				}
			}
		}
	}
}

func TestUploads(t *testing.T) {
	h := neuesHaus(t, &Options{MaxDatei: 4 << 10, MaxDateien: 2})
	for name, x := range map[string]struct {
		inhalt []byte
		status int
		text   string
	}{
		"foto.png":  {png, 200, "ist angekommen"},
		"gross.png": {append(bytes.Clone(png), make([]byte, 5<<10)...), 422, "ist zu groß"},
		"seite.pdf": {[]byte("<html>"), 422, "keine PDF-"},
		"leer.png":  {nil, 422, "keine PDF-"},
		"riese.png": {make([]byte, 2<<20), 413, "zu groß"},
	} {
		status, seite := h.postDatei("/formular/musterstadt/baum", h.ausgefuellt("baum"), name, x.inhalt)
		require.Equal(t, x.status, status, name)
		require.Contains(t, seite, x.text, name)
	}
}

// Text of a citizen shows as text, here and in the letters that quote it.
func TestTextIsText(t *testing.T) {
	h := neuesHaus(t, nil)
	w := h.ausgefuellt("fundtier")
	w.Set("antragsteller.nachname", `"><img src=x onerror=alert(1)>`)
	w.Set("beschreibung", "</textarea><script>alert(1)</script>")
	status, seite := h.post("/formular/musterstadt/fundtier", w)
	require.Equal(t, http.StatusOK, status, seite)
	h.drain()
	_, seite = h.get("/buerger/vorgang")
	require.NotContains(t, seite, "<img src=x")
	s := h.vorgang(h.finde(regexp.MustCompile(`class="nummer">([^<]+)<`), seite))
	require.Contains(t, string(s.Antrag.Daten), `onerror`, "nothing was lost")
}

func TestTwoClicksAreOneVorgang(t *testing.T) {
	h := neuesHaus(t, nil)
	w := h.ausgefuellt("fundtier")
	_, a := h.post("/formular/musterstadt/fundtier", w)
	_, b := h.post("/formular/musterstadt/fundtier", w)
	require.Equal(t, h.finde(nummerForm, a), h.finde(nummerForm, b))
	n, err := h.store.Count(t.Context(), "musterstadt", storage.Filter{})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	w.Set("fundort", "anderswo")
	status, _ := h.post("/formular/musterstadt/fundtier", w)
	require.NotEqual(t, http.StatusOK, status, "other content under the same key")
}

// Nobody learns which numbers there are, and tries are limited.
func TestCodeIsNotGuessed(t *testing.T) {
	h := neuesHaus(t, nil)
	nummer, code := h.sende("fundtier")
	h.neuerBrowser()
	versuch := func(mandant, nummer, code string) (int, string) {
		status, seite := h.post("/buerger/"+mandant, url.Values{"nummer": {nummer}, "code": {code}})
		return status, strings.ReplaceAll(seite, nummer, "")
	}
	s1, falscherCode := versuch("musterstadt", nummer, "00000-00000-00000")
	s2, falscheNummer := versuch("musterstadt", "MS-2026-999999", code)
	require.Equal(t, http.StatusUnprocessableEntity, s1)
	require.Equal(t, s1, s2)
	require.Equal(t, falscherCode, falscheNummer)
	status, _ := versuch("bergheim", nummer, code)
	require.Equal(t, http.StatusUnprocessableEntity, status, "another Mandant does not know it")
	for range 8 {
		status, _ = versuch("musterstadt", nummer, "x")
	}
	require.Equal(t, http.StatusTooManyRequests, status)
	status, _ = versuch("musterstadt", nummer, code)
	require.Equal(t, http.StatusTooManyRequests, status, "the right code does not get through either")
}

func TestSessionsAndForgery(t *testing.T) {
	h := neuesHaus(t, nil)
	nummer, _ := h.sende("baum")
	_, seite := h.get("/buerger/vorgang")
	csrf := h.finde(csrfForm, seite)
	status, _ := h.post("/buerger/vorgang/ruecknahme", url.Values{"sicher": {"ja"}})
	require.Equal(t, http.StatusForbidden, status, "without the token")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/buerger/vorgang/ruecknahme", strings.NewReader("sicher=ja&csrf="+csrf))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	status, _ = h.antwort(h.browser.Do(r))
	require.Equal(t, http.StatusForbidden, status, "from another site")
	status, seite = h.post("/buerger/vorgang/ruecknahme", url.Values{"csrf": {csrf}})
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, seite, "Bitte bestätigen Sie")
	require.Nil(t, h.vorgang(nummer).Ruecknahme)
	_, seite = h.post("/buerger/vorgang/ruecknahme", url.Values{"csrf": {csrf}, "sicher": {"ja"}, "text": {"Der Baum bleibt."}})
	require.Contains(t, seite, "Sie haben den Antrag zurückgenommen")
	require.Equal(t, "Der Baum bleibt.", h.vorgang(nummer).Ruecknahme.Text)

	status, _ = h.get("/buerger/vorgang/datei/" + uuid.NewString())
	require.Equal(t, http.StatusNotFound, status)
	h.now = h.now.Add(dauer + 1)
	_, seite = h.get("/buerger/vorgang")
	require.Contains(t, seite, "Wählen Sie Ihre Behörde", "the session is over")
	for _, p := range []string{"/formular/nirgends", "/formular/musterstadt/nichts", "/buerger/nirgends", "/formular/seedorf/parken", "/buerger/logo/nichts"} {
		status, _ = h.get(p)
		require.Equal(t, http.StatusNotFound, status, p)
	}
}

// Each fee and letter belongs to one Vorgang: a second citizen cannot reach them.
func TestNobodyElsesFiles(t *testing.T) {
	h := neuesHaus(t, nil)
	nummer, _ := h.sende("parken")
	h.drain()
	_, seite := h.get("/buerger/vorgang")
	datei := h.finde(dateiForm, seite)
	g := h.vorgang(nummer).Gebuehren[0].ID
	h.neuerBrowser()
	h.sende("fundtier")
	for _, p := range []string{datei, fmt.Sprintf("/buerger/vorgang/girocode/%s", g)} {
		status, _ := h.get(p)
		require.Equal(t, http.StatusNotFound, status, p)
	}
}
