package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/amt"
	"github.com/ozg-fachwerk/fachwerk/examples/rathaus/web"
	"github.com/ozg-fachwerk/fachwerk/tenant"
)

const (
	jeder    = "poststelle sachbearbeitung leitung schlusszeichnung loeschberechtigt auskunft"
	offen    = "" // needs no login
	leitende = "leitung administration"
	tuende   = "poststelle sachbearbeitung leitung schlusszeichnung"
)

// erwartet says who may call what, written down beside the code and not taken from it.
var erwartet = map[string]string{
	"GET /{$}": offen, "GET /anmelden": offen, "POST /anmelden": offen, "GET /anmelden/oidc": offen, "GET /anmelden/oidc/zurueck": offen,
	"POST /abmelden": jeder + " administration",
	"GET /vorgaenge": jeder, "GET /fristen": jeder, "GET /strom": jeder, "GET /wiedervorlagen": tuende,
	"GET /klaerfach": "poststelle leitung", "POST /klaerfach/{id}": "poststelle leitung",
	"POST /vorgaenge/ziehen": "sachbearbeitung leitung", "POST /vorgaenge/verteilen": "sachbearbeitung leitung", "POST /vorgaenge/zurueck": "sachbearbeitung leitung",
	"GET /vorgang/{id}": jeder, "GET /vorgang/{id}/nachrichten": jeder, "GET /vorgang/{id}/beteiligte": jeder, "GET /vorgang/{id}/bescheid": jeder,
	"POST /vorgang/{id}/bescheid/vorschau": "sachbearbeitung leitung", "GET /vorgang/{id}/bescheid/{bescheid}": jeder, "GET /vorgang/{id}/verlauf": jeder,
	"GET /verwaltung": leitende, "GET /verwaltung/personen": leitende, "GET /verwaltung/vorlagen": leitende, "GET /verwaltung/vorlagen/{vorlage}": leitende,
	"GET /verwaltung/regeln": leitende, "POST /verwaltung/regeln": leitende, "GET /verwaltung/anschluesse": leitende, "POST /verwaltung/anschluesse/{kanal}": "administration",
	"GET /verwaltung/gestaltung": leitende, "POST /verwaltung/gestaltung": "administration", "GET /verwaltung/statistik": leitende, "GET /verwaltung/statistik.csv": leitende,
	"GET /loeschung": "leitung loeschberechtigt", "POST /loeschung/{id}": "leitung loeschberechtigt",
	"GET /vorgang/{id}/datei/{datei}": jeder, "POST /vorgang/{id}/anlage": tuende, "POST /vorgang/{id}/zuruecknehmen/{seq}": tuende, "POST /vorgang/{id}/{befehl}": tuende,
}

// begehe walks every route as everybody and gives what is not as it should be. fremd is
// a Vorgang of no Mandant that is asked, eigen one of each.
func begehe(h *pruefhaus, routen []amt.Route, erwartet map[string]string, eigen map[tenant.ID]uuid.UUID) (fehler []string) {
	sag := func(f string, a ...any) { fehler = append(fehler, fmt.Sprintf(f, a...)) }
	for _, r := range routen {
		rollen, da := erwartet[r.Muster]
		if !da {
			sag("%s: nobody said who may call it", r.Muster)
			continue
		}
		method, muster, _ := strings.Cut(r.Muster, " ")
		weg := func(id uuid.UUID) string {
			return strings.NewReplacer("{$}", "", "{id}", id.String(), "{bescheid}", uuid.NewString(), "{datei}", uuid.NewString(), "{vorlage}", "widerruf", "{kanal}", "portal", "{befehl}", "notieren", "{seq}", "1").Replace(muster)
		}
		mitVorgang := strings.Contains(muster, "/vorgang/{id}") || strings.Contains(muster, "/loeschung/{id}")
		// Nobody.
		if rollen != offen {
			w := h.gib(method, weg(uuid.New()), nil, nil)
			if !(method == http.MethodPost && w.Code == http.StatusUnauthorized || method == http.MethodGet && w.Code == http.StatusSeeOther && strings.HasPrefix(w.Header().Get("Location"), "/anmelden")) {
				sag("%s: %d without login", r.Muster, w.Code)
			}
		}
		for _, n := range h.a.Nutzer {
			a := n.Akteur
			a.Einheiten = nil
			darf := rollen == offen
			for _, x := range strings.Fields(rollen) {
				darf = darf || a.Hat(tenant.Rolle(x))
			}
			if strings.Contains(muster, "/klaerfach") && a.Mandant != h.a.Betreiber {
				if w := h.gib(method, weg(uuid.New()), &a, nil); w.Code != http.StatusNotFound && w.Code != http.StatusForbidden {
					sag("%s: %d for %s, whose Klaerfach it is not", r.Muster, w.Code, a.ID)
				}
				continue
			}
			for m, id := range eigen {
				if !mitVorgang && m != a.Mandant {
					continue
				}
				w := h.gib(method, weg(id), &a, nil)
				switch {
				case w.Code >= 500:
					sag("%s: %d as %s", r.Muster, w.Code, a.ID)
				case !darf && w.Code != http.StatusForbidden:
					sag("%s: %d for %s without the role", r.Muster, w.Code, a.ID)
				case darf && mitVorgang && m != a.Mandant && w.Code != http.StatusNotFound:
					sag("%s: %d for %s of another Mandant", r.Muster, w.Code, a.ID)
				case darf && m == a.Mandant && method == http.MethodGet && !strings.Contains(muster, "/{bescheid}") && !strings.Contains(muster, "/{datei}") && !strings.Contains(muster, "oidc") && w.Code != http.StatusOK && w.Code != http.StatusSeeOther:
					sag("%s: %d for %s, who may", r.Muster, w.Code, a.ID)
				}
				// A form without the token of the session does nothing.
				if method == http.MethodPost && rollen != offen {
					if w := h.gib(method, weg(id), &a, url.Values{"csrf": {"falsch"}}); w.Code != http.StatusForbidden {
						sag("%s: %d for %s with a forged form", r.Muster, w.Code, a.ID)
					}
				}
			}
		}
	}
	return fehler
}

// Every address, as everybody, on one's own and another authority's Vorgang.
func TestRoutesRolesTenants(t *testing.T) {
	h := newHaus(t, web.Options{})
	eigen := map[tenant.ID]uuid.UUID{}
	for _, m := range h.a.Mandanten {
		if v := h.vorgaenge(t, m.ID); len(v) > 0 {
			eigen[m.ID] = v[0]
		}
	}
	require.GreaterOrEqual(t, len(eigen), 2)
	require.Empty(t, begehe(h, h.amt.Routen(), erwartet, eigen))

	// The walk sees a route nobody thought of, one that is too open, and one that is too narrow.
	require.NotEmpty(t, begehe(h, []amt.Route{{Muster: "GET /neu"}}, erwartet, eigen))
	zuEng := map[string]string{"POST /vorgaenge/ziehen": "leitung"}
	require.NotEmpty(t, begehe(h, []amt.Route{{Muster: "POST /vorgaenge/ziehen"}}, zuEng, eigen))
	zuWeit := map[string]string{"GET /klaerfach": jeder}
	require.NotEmpty(t, begehe(h, []amt.Route{{Muster: "GET /klaerfach"}}, zuWeit, eigen))
	// A house without locks is found out at every address.
	h.handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for m := range erwartet {
		if erwartet[m] != offen {
			require.NotEmpty(t, begehe(h, []amt.Route{{Muster: m}}, erwartet, eigen), m)
		}
	}
}

// No page runs more than eight statements, and none more because there is more to show.
func TestStatementsPerPage(t *testing.T) {
	h := newHaus(t, web.Options{})
	m := h.a.Mandanten[0].ID
	leitung := h.mit(t, m, tenant.Leitung).Akteur
	zaehl := func(weg string) int64 {
		var n atomic.Int64
		keks, _ := h.anmelden(leitung)
		r := httptest.NewRequest(http.MethodGet, h.url+weg, nil)
		r.AddCookie(keks)
		w := httptest.NewRecorder()
		h.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), zaehlerSchluessel{}, &n)))
		require.Equal(t, http.StatusOK, w.Code, weg)
		return n.Load()
	}
	v := "/vorgang/" + h.vorgaenge(t, m)[0].String()
	wege := []string{"/vorgaenge", "/vorgaenge?sicht=meine", "/vorgaenge?sicht=alle", "/vorgaenge?sicht=geteilt", "/vorgaenge?q=a", "/fristen", "/wiedervorlagen", "/klaerfach",
		v, v + "/nachrichten", v + "/beteiligte", v + "/bescheid", v + "/verlauf", "/verwaltung", "/verwaltung/personen", "/verwaltung/vorlagen", "/verwaltung/regeln", "/verwaltung/anschluesse", "/verwaltung/gestaltung", "/verwaltung/statistik", "/loeschung"}
	vorher := map[string]int64{}
	for _, w := range wege {
		vorher[w] = zaehl(w)
		require.LessOrEqual(t, vorher[w], int64(8), w)
	}
	require.Positive(t, vorher["/vorgaenge"], "the counter counts")
	for i := range 25 {
		l := muster(h.a, h.now())[0]
		l.Kennung = fmt.Sprint("mehr-", i)
		_, err := h.betrieb.Annahme.Receive(t.Context(), l)
		require.NoError(t, err)
	}
	for _, w := range wege {
		require.LessOrEqual(t, zaehl(w), vorher[w], "%s grows with what it shows", w)
	}
}
