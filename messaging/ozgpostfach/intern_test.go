package ozgpostfach

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Every HTTP code without a rule, and rules in their order.
func TestAblehnung(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 11, 0, 0, 0, time.UTC)
	k := Konfiguration{}
	for s := 300; s < 600; s++ {
		want := fehler.ErrUnavailable
		switch s {
		case 400, 405, 406, 410, 411, 413, 414, 415, 416, 417, 422:
			want = fehler.ErrInvalid
		}
		require.Equal(t, want, k.ablehnung(s, http.Header{}, nil, now).art, s)
	}
	k.Fehler = []Fehlerregel{
		{Status: []int{404}, Pfad: "$.e[0].code", Werte: []string{"A", "7"}, Art: Unbekannt},
		{Status: []int{404}, Art: Nie, Code: "sonst"},
		{Status: []int{422}, Art: Spaeter, PauseMinuten: 5},
		{Status: []int{409}, Art: SchonDa},
	}
	for body, want := range map[string]error{
		`{"e":[{"code":"A"}]}`: fehler.ErrNotFound, `{"e":[{"code":7}]}`: fehler.ErrNotFound, `{"e":[{"code":"B"}]}`: fehler.ErrInvalid,
		`{"e":{"code":"A"}}`: fehler.ErrInvalid, `{"e":[{"code":"A"}],"e":[]}`: fehler.ErrInvalid, `kein JSON`: fehler.ErrInvalid, ``: fehler.ErrInvalid,
	} {
		require.Equal(t, want, k.ablehnung(404, http.Header{}, lese([]byte(body)), now).art, body)
	}
	require.Equal(t, 5*time.Minute, k.ablehnung(422, http.Header{}, nil, now).pause)
	require.True(t, k.ablehnung(409, http.Header{}, nil, now).schonDa)
	for header, want := range map[string]time.Duration{
		"120": 2 * time.Minute, "999999": 24 * time.Hour, "-5": 0, "x": 0, "": 0, "99999999999999999999": 0,
		"Mon, 02 Mar 2026 12:00:00 GMT": time.Hour, "Mon, 02 Mar 2020 12:00:00 GMT": 0, "Mon, 02 Mar 2099 12:00:00 GMT": 24 * time.Hour,
	} {
		require.Equal(t, want, retryAfter(http.Header{"Retry-After": {header}}, now), header)
	}
}

func TestWeg(t *testing.T) {
	t.Parallel()
	fill := func(v string) func(string) (string, bool) {
		return func(n string) (string, bool) { return v, n == "k" }
	}
	for v, want := range map[string]string{"a": "/x/a/y", "a/b": "/x/a%2Fb/y", "?q": "/x/%3Fq/y", "ä": "/x/%C3%A4/y", "..": "", ".": "", "": ""} {
		got, err := weg("/x/{k}/y", fill(v))
		require.Equal(t, want == "", err != nil, v)
		require.Equal(t, want, got, v)
	}
	for _, bad := range []string{"", "x", "/", "/a//b", "/a/../b", "/{z}", "/{k", "/k}", "/a?b", "/a#b", "/a%2f", "/a b", "/ä", `/a\b`, "/" + strings.Repeat("a", 500)} {
		_, err := weg(bad, fill("v"))
		require.Error(t, err, bad)
	}
	got, err := weg("/p-{k}-s", fill("v"))
	require.NoError(t, err)
	require.Equal(t, "/p-v-s", got)
}

func TestAuslegen(t *testing.T) {
	t.Parallel()
	a := Antwort{Referenz: &Wert{Pfade: []string{"$.b", "$['a.b'][1]"}, Pflicht: true}, Zustand: &Wert{Pfade: []string{"$.z"}, Tabelle: map[string]string{"OK": "bereitgestellt"}}, Zeit: &Wert{Pfade: []string{"$.t"}}}
	g, err := a.auslegen(lese([]byte(`{"a.b":[1,22],"z":"OK","t":"2026-03-02T12:00:00.1234567+01:00"}`)))
	require.NoError(t, err)
	require.Equal(t, gelesen{"22", "bereitgestellt", time.Date(2026, 3, 2, 11, 0, 0, 123456000, time.UTC)}, g)
	g, err = a.auslegen(lese([]byte(`{"b":"x","z":"abgeholt","t":"gestern"}`)))
	require.NoError(t, err)
	require.Equal(t, gelesen{"x", "uebergeben", time.Time{}}, g, "a state without a row is none")
	for _, bad := range []string{``, `[]`, `{}`, `{"b":""}`, `{"b":null}`, `{"b":{}}`, `{"b":"a\u0000"}`, `{"b":"` + strings.Repeat("x", 256) + `"}`} {
		_, err := a.auslegen(lese([]byte(bad)))
		require.Error(t, err, bad)
	}
}

func FuzzAntwort(f *testing.F) {
	var all []Konfiguration
	for _, b := range Beispiele() {
		k, err := Load(b)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, k)
	}
	for _, s := range []string{`{"messageId":"1","receivedAt":"2026-03-02T11:00:00Z"}`, `{"lieferung":{"id":7,"stand":"BEREIT"}}`, `{"code":"DUPLICATE"}`, `{"error":"INBOX_FULL"}`, `[[[`, `{"a":1e400}`} {
		f.Add(409, "60", []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, retry string, body []byte) {
		doc := lese(body)
		for _, k := range all {
			for _, a := range []*Aufruf{&k.Nachricht, k.Stand} {
				if a == nil {
					continue
				}
				g, err := a.Antwort.auslegen(doc)
				if err == nil && a.Antwort.Referenz != nil && a.Antwort.Referenz.Pflicht && g.referenz == "" || len(g.referenz) > 4*maxReferenz || g.zustand == "" {
					t.Fatalf("%+v %v", g, err)
				}
			}
			x := k.ablehnung(status, http.Header{"Retry-After": {retry}}, doc, time.Unix(0, 0))
			if x.pause < 0 || x.pause > 24*time.Hour || x.art == nil {
				t.Fatalf("%+v", x)
			}
		}
	})
}
