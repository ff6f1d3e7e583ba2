package ozgpostfach_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging/ozgpostfach"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write docs/schlechte-eingaben.md")

func TestBeispiele(t *testing.T) {
	t.Parallel()
	all := ozgpostfach.Beispiele()
	require.Len(t, all, 3)
	for _, name := range alle {
		k, err := ozgpostfach.Load(all[name])
		require.NoError(t, err, name)
		require.Equal(t, name, k.Name)
		require.False(t, k.Geprueft, "nobody confirmed it")
		require.Contains(t, k.Quelle, "Unbestätigt")
		require.Contains(t, k.Basis, ".example")
	}
}

// mit changes a member of an example, by its place.
func mit(t testing.TB, beispiel, place string, v any) []byte {
	var doc any
	require.NoError(t, json.Unmarshal(ozgpostfach.Beispiele()[beispiel], &doc))
	steps := strings.Split(place, "/")[1:]
	at := doc
	for _, s := range steps[:len(steps)-1] {
		if l, ok := at.([]any); ok {
			var i int
			_, err := fmt.Sscan(s, &i)
			require.NoError(t, err)
			at = l[i]
			continue
		}
		at = at.(map[string]any)[s]
	}
	last := steps[len(steps)-1]
	if v == nil {
		delete(at.(map[string]any), last)
	} else {
		at.(map[string]any)[last] = v
	}
	b, err := json.Marshal(doc)
	require.NoError(t, err)
	return b
}

// Each row breaks one rule and is found at its place; the page lists them.
func TestSchlechteKonfigurationen(t *testing.T) {
	type zeile struct {
		was, place string
		v          any
		at         string // where it is found, if not at place
	}
	zeilen := []zeile{
		{"Name fehlt", "/name", nil, ""},
		{"Name mit Großbuchstaben", "/name", "BayernID", ""},
		{"Quelle fehlt", "/quelle", nil, ""},
		{"Adresse ohne TLS", "/basis", "http://postfach.example", ""},
		{"Adresse mit Kennwort", "/basis", "https://a:b@postfach.example", ""},
		{"Adresse mit Abfrage", "/basis", "https://postfach.example?x=1", ""},
		{"unbekannte Anmeldung", "/anmeldung/art", "basic", ""},
		{"Anmeldung ohne Adresse des Tokens", "/anmeldung/art", "oauth2", "/anmeldung/tokenUrl"},
		{"Muster der Kennung fehlt", "/adresse/muster", nil, ""},
		{"Muster der Kennung, das aus der Klammer fällt", "/adresse/muster", "a)|(.*", ""},
		{"Bescheid ohne Bekanntgabe", "/faehigkeit/bekanntgabe", nil, ""},
		{"Anhänge über 100 MiB", "/grenzen/maxGroesse", 1 << 30, ""},
		{"Frist über 300 Sekunden", "/grenzen/sekunden", 301, ""},
		{"Kopf der Anmeldung gesetzt", "/koepfe", map[string]any{"Authorization": "x"}, "/koepfe/Authorization"},
		{"Kopf mit Zeilenumbruch", "/koepfe", map[string]any{"X-A": "a\r\nB: c"}, "/koepfe/X-A"},
		{"zwei Arten, Dubletten zu erkennen", "/dublette/keine", true, "/dublette"},
		{"Dublette im Rumpf, der keine Kennung trägt", "/dublette", map[string]any{"feld": true}, "/dublette/feld"},
		{"Methode GET für eine Nachricht", "/nachricht/methode", "GET", ""},
		{"Pfad, der nach oben führt", "/nachricht/pfad", "/a/../b", ""},
		{"Pfad mit unbekanntem Platzhalter", "/nachricht/pfad", "/a/{geheim}", ""},
		{"Nachricht ohne Anhänge", "/nachricht/anhaenge", nil, ""},
		{"Feld mit unbekanntem Wert", "/nachricht/felder/0/wert", "antrag.daten", ""},
		{"Feld ohne Ziel", "/nachricht/felder/0/ziel", "", ""},
		{"zwei Felder mit demselben Ziel", "/nachricht/felder/1/ziel", "/mailbox/handle", ""},
		{"Feld unter einem anderen Feld", "/nachricht/felder/1/ziel", "/mailbox/handle/x", ""},
		{"Feld mit unbekanntem Typ", "/nachricht/felder/1/typ", "datum", ""},
		{"Selektor ohne $", "/nachricht/antwort/zeit", "receivedAt", "/nachricht/antwort/zeit/pfade/0"},
		{"Selektor, der sucht", "/nachricht/antwort/zeit", "$..receivedAt", "/nachricht/antwort/zeit/pfade/0"},
		{"Nachricht, die sofort gelesen ist", "/nachricht/antwort/zustand", map[string]any{"pfade": []string{"$.s"}, "tabelle": map[string]string{"R": "gelesen"}}, "/nachricht/antwort/zustand/tabelle/R"},
		{"Stand ohne Zustand", "/stand/antwort/zustand", nil, ""},
		{"Stand mit POST", "/stand/methode", "POST", ""},
		{"Fehlerregel für 200", "/fehler/0/status", []int{200}, ""},
		{"Fehlerregel mit unbekannter Art", "/fehler/0/art", "egal", ""},
		{"Fehlerregel mit Pfad ohne Werte", "/fehler/0/werte", nil, ""},
		{"Pause über einen Tag", "/fehler/2/pauseMinuten", 1441, ""},
	}
	var b strings.Builder
	b.WriteString("## Konfiguration eines Postfachs (`messaging/ozgpostfach`)\n\n| Konfiguration | Kennung | Ort |\n|---|---|---|\n")
	for _, z := range zeilen {
		_, err := ozgpostfach.Load(mit(t, "bayernid", z.place, z.v))
		at := z.at
		if at == "" {
			at = z.place
		}
		probleme := fehler.ProblemeIn(err)
		require.NotEmpty(t, probleme, z.was)
		require.True(t, slices.ContainsFunc(probleme, func(p fehler.Problem) bool { return p.Pfad == at && p.Code == "ozgpostfach.wert" && p.Hinweis != "" }), "%s: %v", z.was, probleme)
		fmt.Fprintf(&b, "| %s | `ozgpostfach.wert` | `%s` |\n", z.was, at)
	}
	for _, z := range []struct{ was, code, doc string }{
		{"zu lang", "kein-json", strings.Repeat(" ", 300<<10)},
		{"kein JSON", "kein-json", "name: bayernid"},
		{"doppelter Schlüssel", "kein-json", `{"name":"a","name":"b"}`},
		{"zu tief verschachtelt", "kein-json", strings.Repeat("[", 5000) + strings.Repeat("]", 5000)},
		{"unbekannte Angabe", "aufbau", `{"passwort":"x"}`},
		{"falsche Art von Wert", "aufbau", `{"name":7}`},
	} {
		_, err := ozgpostfach.Load([]byte(z.doc))
		require.Equal(t, "ozgpostfach."+z.code, fehler.ProblemeIn(err)[0].Code, z.was)
		fmt.Fprintf(&b, "| %s | `ozgpostfach.%s` | |\n", z.was, z.code)
	}
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Konfiguration eines Postfachs (`messaging/ozgpostfach`)", b.String(), *update)
}

func FuzzLoad(f *testing.F) {
	for _, b := range ozgpostfach.Beispiele() {
		f.Add(b)
	}
	f.Add(mit(f, "bayernid", "/adresse/muster", "a)|(.*"))
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := ozgpostfach.Load(b)
		if err != nil {
			if len(fehler.ProblemeIn(err)) == 0 || len(fehler.ProblemeIn(err)) > 50 {
				t.Fatalf("%v", err)
			}
			return
		}
		// What is taken can be written and read again, and is still taken.
		out, err := json.Marshal(k)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ozgpostfach.Load(out); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	})
}
