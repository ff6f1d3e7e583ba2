package feed_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/feed"
	"github.com/ozg-fachwerk/fachwerk/internal/schema"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var update = flag.Bool("update", false, "write docs/ereignisse.md anew")

var kim = tenant.Akteur{ID: "kim.geheim", Name: "Kim Geheim", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}

func neu(t testing.TB, s *storage.Store, m tenant.ID, n int) uuid.UUID {
	v, err := vorgang.New(tenant.System("annahme"), time.Now(), vorgang.Params{
		Mandant: m, Nummer: fmt.Sprint("N-", n), Leistung: "99050012104000", Einheit: "ordnung",
		Antrag: vorgang.Antrag{Kanal: "fitconnect", Kennung: fmt.Sprint("s-", n), Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{Name: "Erika Geheim"}}},
	}, s.Kontext())
	require.NoError(t, err)
	require.NoError(t, s.Insert(t.Context(), m, v))
	return v.ID()
}

// haus has three Vorgaenge; the middle one has a save with several entries.
func haus(t testing.TB) (*storage.Store, *feed.Feed) {
	s := memory.Open(&storage.Options{Poll: 20 * time.Millisecond})
	t.Cleanup(func() { _ = s.Close() })
	for n := range 3 {
		id := neu(t, s, "kiel", n)
		_, err := s.Edit(t.Context(), "kiel", id, func(v *vorgang.Vorgang) error {
			if err := v.Pull(kim, time.Now()); err != nil {
				return err
			}
			_, err := v.Note(kim, time.Now(), "Anruf von Erika Geheim")
			return err
		})
		require.NoError(t, err)
		neu(t, s, "luebeck", n)
	}
	f, err := feed.New(s, "urn:test:kiel", nil)
	require.NoError(t, err)
	return s, f
}

func alle(t testing.TB, f *feed.Feed, m tenant.ID, cursor string, limit int) (out []feed.Ereignis) {
	for {
		list, c, err := f.Seite(t.Context(), m, cursor, limit)
		require.NoError(t, err)
		if len(list) == 0 {
			return out
		}
		out, cursor = append(out, list...), c
	}
}

func ids(list []feed.Ereignis) (out []string) {
	for _, e := range list {
		out = append(out, fmt.Sprint(e.Daten.Vorgang, "#", e.Daten.Seq))
	}
	return out
}

func TestResume(t *testing.T) {
	t.Parallel()
	s, f := haus(t)
	want := alle(t, f, "kiel", "", 100)
	n := 0
	require.NoError(t, s.View(t.Context(), "kiel", func(ctx context.Context, tx *storage.Tx) error {
		seen := map[uuid.UUID]bool{}
		for _, e := range want {
			if seen[e.Daten.Vorgang] {
				continue
			}
			seen[e.Daten.Vorgang] = true
			for _, err := range tx.Journal(ctx, e.Daten.Vorgang) {
				require.NoError(t, err)
				n++
			}
		}
		return nil
	}))
	require.Len(t, want, n, "each entry once")
	require.Greater(t, n, 9)
	for _, limit := range []int{1, 2, 7} {
		require.Equal(t, ids(want), ids(alle(t, f, "kiel", "", limit)), limit)
	}
	// From the cursor of each event, also in the midst of a save, both ways go on behind it.
	for i, e := range want {
		require.Equal(t, ids(want[i+1:]), ids(alle(t, f, "kiel", e.Cursor, 100)), i)
		if i == len(want)-1 {
			break
		}
		for x, err := range f.Ereignisse(t.Context(), "kiel", e.Cursor) {
			require.NoError(t, err)
			require.Equal(t, ids(want[i+1:i+2]), ids([]feed.Ereignis{x}))
			require.Equal(t, want[i+1].Cursor, x.Cursor)
			break
		}
	}
	// Tenant-scoped: other events, and no cursor of another.
	for _, e := range alle(t, f, "luebeck", "", 10) {
		require.Equal(t, tenant.ID("luebeck"), e.Daten.Mandant)
	}
	for _, c := range []string{want[3].Cursor, "x", "x~y", "~-1", strings.Repeat("a", 5000) + "~0"} {
		m := tenant.ID("luebeck")
		_, _, err := f.Seite(t.Context(), m, c, 10)
		require.ErrorIs(t, err, fehler.ErrInvalid, c)
	}
	for _, limit := range []int{0, -1, 1001} {
		_, _, err := f.Seite(t.Context(), "kiel", "", limit)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	nur, err := feed.New(s, "urn:x", &feed.Options{Codes: []vorgang.Code{"vorgang.notiert"}})
	require.NoError(t, err)
	require.Len(t, alle(t, nur, "kiel", "", 1), 3)
}

// name is a personal datum in the form of a code, so that no pattern keeps it back.
const name = "erika-geheim"

// fill puts name into every text, whatever its type, and something into the rest.
func fill(v reflect.Value, tiefe int) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)))
		return
	case datum.Datum:
		v.Set(reflect.ValueOf(datum.New(2026, 1, 2)))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(`"` + name + `"`)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(7)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(7)
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), tiefe)
		}
	case reflect.Pointer:
		if tiefe > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), tiefe-1)
		}
	case reflect.Slice:
		if tiefe > 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0), tiefe-1)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i), tiefe)
			}
		}
	}
}

// offen are the members, by hand, in which a code stands that is no free text. A test
// reads them here and not from the package, so that a wrong type there is found.
var offen = map[string]bool{"befehl": true, "von": true, "nach": true, "zustand": true, "recht": true, "mandant": true, "grund": true, "art": true, "leistung": true, "ort": true}

// nurCodes are the entries in which a member that is named like free text elsewhere is a code.
var nurCodes = map[string][]vorgang.Code{"grund": {"vorgang.abgeschlossen"}, "von": {"vorgang.status"}, "nach": {"vorgang.status"}, "art": {"auftrag.geparkt", "auftrag.aufgegeben"}}

// Over all kinds of entries: filled with a name wherever a text can stand, the event has
// it in no place but the closed codes, which a journal fills from lists of its own.
func TestNoPersonalData(t *testing.T) {
	t.Parallel()
	schemas := feed.Schemas()
	require.Len(t, schemas, len(vorgang.Codes()))
	leck := func(c vorgang.Code, b []byte) (out []string) {
		var e event.Event
		require.NoError(t, json.Unmarshal(b, &e))
		var d feed.Daten
		require.NoError(t, json.Unmarshal(e.Data(), &d))
		for k, raw := range d.Felder {
			erlaubt := offen[k]
			if only, ok := nurCodes[k]; ok {
				erlaubt = false
				for _, x := range only {
					erlaubt = erlaubt || x == c
				}
			}
			if bytes.Contains(raw, []byte(name)) && !erlaubt {
				out = append(out, k)
			}
			delete(d.Felder, k)
		}
		rest, err := json.Marshal(d)
		require.NoError(t, err)
		if bytes.Contains(rest, []byte(name)) || bytes.Contains(rest, []byte("kim.geheim")) {
			out = append(out, "outside felder")
		}
		return out
	}
	for _, c := range vorgang.Codes() {
		x := vorgang.NewData(c)
		fill(reflect.ValueOf(x).Elem(), 6)
		daten, err := json.Marshal(x)
		require.NoError(t, err)
		akteur, err := json.Marshal(kim)
		require.NoError(t, err)
		e := vorgang.Ereignis{Mandant: "kiel", Vorgang: uuid.New(), Seq: 1, Zeit: time.Now(), Code: c, Akteur: akteur, Daten: daten, Salz: []byte{1}}
		b, err := json.Marshal(feed.EventOf(nil, e))
		require.NoError(t, err)
		require.Empty(t, leck(c, b), c)

		// Each event keeps the published schema of its type.
		s, err := schema.Compile("urn:x:"+string(c), schemas[feed.Typ(c)], true)
		require.NoError(t, err)
		var ev event.Event
		require.NoError(t, json.Unmarshal(b, &ev))
		require.NoError(t, ev.Validate())
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(ev.Data()))
		require.NoError(t, err)
		require.NoError(t, s.Validate(doc), c)

		// Negative control: with all data the name is seen, if there is a place for it.
		if bytes.Contains(daten, []byte(name)) {
			b, err = json.Marshal(feed.EventOf(&feed.Options{Voll: func(vorgang.Code) bool { return true }}, e))
			require.NoError(t, err)
			require.NotEmpty(t, leck(c, b), c)
		}
		// An erased entry says that it happened, and nothing else.
		e.Akteur, e.Daten, e.Salz = nil, nil, nil
		b, err = json.Marshal(feed.EventOf(nil, e))
		require.NoError(t, err)
		require.NotContains(t, string(b), name)
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	s, f := haus(t)
	want := alle(t, f, "kiel", "", 100)
	h := f.Handler(func(r *http.Request) (tenant.ID, error) {
		if r.Header.Get("Authorization") != "Bearer gut" {
			return "", errors.New("no")
		}
		return "kiel", nil
	}, &feed.HandlerOptions{MaxVerbindungen: 1, Herzschlag: 50 * time.Millisecond, Dauer: 5 * time.Second})
	srv := httptest.NewServer(h)
	defer srv.Close()
	get := func(ctx context.Context, query string, header map[string]string) *http.Response {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+query, nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer gut")
		for k, v := range header {
			req.Header.Set(k, v)
		}
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		return res
	}
	status := func(query string, header map[string]string) int {
		res := get(t.Context(), query, header)
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode
	}
	require.Equal(t, 401, status("/", map[string]string{"Authorization": "Bearer schlecht"}))
	require.Equal(t, 400, status("/?nach=x", nil))
	require.Equal(t, 400, status("/?limit=x", nil))
	require.Equal(t, 400, status("/?limit=100000", nil))
	require.Equal(t, 400, status("/", map[string]string{"Accept": "text/event-stream", "Last-Event-ID": "x"}))
	res := get(t.Context(), "/?limit=2", nil)
	var seite struct {
		Ereignisse []event.Event `json:"ereignisse"`
		Cursor     string        `json:"cursor"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&seite))
	res.Body.Close()
	require.Len(t, seite.Ereignisse, 2)
	require.Equal(t, want[1].Cursor, seite.Cursor)

	// The stream goes on behind Last-Event-ID, and brings what happens from now on.
	ctx, cancel := context.WithCancel(t.Context())
	stream := get(ctx, "/", map[string]string{"Accept": "text/event-stream", "Last-Event-ID": want[len(want)-2].Cursor})
	require.Equal(t, "text/event-stream", stream.Header.Get("Content-Type"))
	require.Equal(t, 503, status("/", nil), "connections are bounded")
	lines := bufio.NewScanner(stream.Body)
	next := func() (id string, e event.Event) {
		for lines.Scan() {
			if x, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				id = x
			}
			if x, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				require.NoError(t, json.Unmarshal([]byte(x), &e))
				return id, e
			}
		}
		t.Fatal("the stream ended")
		return
	}
	id, _ := next()
	require.Equal(t, want[len(want)-1].Cursor, id)
	frisch := neu(t, s, "kiel", 9)
	_, e := next()
	require.Equal(t, feed.Typ("vorgang.eingegangen"), e.Type())
	require.Equal(t, frisch.String(), e.Subject())
	cancel()
	stream.Body.Close()
	require.Eventually(t, func() bool { return status("/?nach=ende", nil) == 200 }, 5*time.Second, 20*time.Millisecond, "the slot is free again")
	res, err := http.Post(srv.URL, "", nil)
	require.NoError(t, err)
	res.Body.Close()
	require.Equal(t, 405, res.StatusCode)
}

// docs/ereignisse.md is written from the types: go test ./dms/uebergabe/feed -run Document -update
func TestDocument(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	b.WriteString("# Events of the feed\n\nWritten from the types of the journal by `go test ./dms/uebergabe/feed -run Document -update`; do not edit.\n" +
		"How to read the feed stands in [uebergabe.md](uebergabe.md). `feed.Schemas()` gives the JSON Schema of each type.\n\n| type: `" + feed.Praefix + "` and | members of `felder` |\n|---|---|\n")
	for _, c := range vorgang.Codes() {
		var f []string
		for _, x := range feed.Felder(c) {
			typ := fmt.Sprint(x.Schema["type"])
			if form := x.Schema["format"]; form != nil {
				typ = fmt.Sprint(form)
			} else if x.Schema["pattern"] != nil {
				typ = "code"
			}
			f = append(f, "`"+x.Name+"` ("+typ+")")
		}
		if len(f) == 0 {
			f = []string{"–"}
		}
		fmt.Fprintf(&b, "| `%s.v1` | %s |\n", c, strings.Join(f, ", "))
	}
	pfad := filepath.Join(testenv.Root(t), "docs", "ereignisse.md")
	if *update {
		require.NoError(t, os.WriteFile(pfad, b.Bytes(), 0o644))
	}
	got, err := os.ReadFile(pfad)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(got))
}
