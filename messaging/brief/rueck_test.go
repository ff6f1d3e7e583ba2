package brief_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/brief"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func meldung(id any, ereignis, zeit string) string {
	return fmt.Sprintf(`{"id":"%v","mandant":"kiel","ereignis":"%s","zeit":"%s"}`, id, ereignis, zeit)
}

func bericht(m ...string) string {
	return `{"version":1,"meldungen":[` + strings.Join(m, ",") + `]}`
}

// handed gives a Sendung that the print centre has.
func (h *haus) handed(t *testing.T) messaging.Sendung {
	s := sendung()
	_, err := h.k.Deliver(t.Context(), s)
	require.NoError(t, err)
	_, err = h.k.Close(t.Context(), s.Mandant, datum.Von(h.now))
	require.NoError(t, err)
	return s
}

func (h *haus) drop(t *testing.T, name, text string) string {
	p := filepath.Join(h.dir, "rueck", name)
	require.NoError(t, os.WriteFile(p, []byte(text), 0o600))
	require.NoError(t, os.Chtimes(p, h.now, h.now))
	return p
}

func TestPickup(t *testing.T) {
	t.Parallel()
	h := start(t, brief.Options{})
	a, b := h.handed(t), h.handed(t)
	var got []brief.Rueckmeldung
	take := func(_ context.Context, r brief.Rueckmeldung) error { got = append(got, r); return nil }
	h.drop(t, "1.json", bericht(meldung(a.ID, "aufgegeben", "2026-03-02T23:30:00Z"),
		fmt.Sprintf(`{"id":"%s","mandant":"kiel","ereignis":"ruecklauf","zeit":"2026-03-03T08:00:00+01:00","grund":"unbekannt verzogen","sendungsnummer":"RR 12.345-DE","neu":1}`, b.ID)))
	half := h.drop(t, "2.json", bericht(meldung(a.ID, "aufgegeben", "2026-03-02T23:30:00Z"))[:60])
	h.drop(t, "3.json.part", "{")
	h.drop(t, ".4.json", "{")
	require.NoError(t, os.Mkdir(filepath.Join(h.dir, "rueck", "ordner"), 0o700))
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(h.dir, "rueck", "5.json")))
	h.now = h.now.Add(time.Minute)

	// An error of take leaves the file for the next time.
	_, err := h.k.Pickup(t.Context(), func(context.Context, brief.Rueckmeldung) error { return errors.New("store is away") })
	require.Error(t, err)
	x, err := h.k.Pickup(t.Context(), take)
	require.NoError(t, err)
	require.Equal(t, brief.Abholung{Gemeldet: 2, Wartend: 1}, x)
	require.Equal(t, messaging.Quittung{Sendung: a.ID, Kanal: brief.Name, Zustand: messaging.Uebergeben, Zeit: time.Date(2026, 3, 2, 23, 30, 0, 0, time.UTC)}, got[0].Quittung)
	require.Equal(t, "2026-03-03", got[0].Tag.String(), "the day in Germany")
	require.Equal(t, messaging.Fehlgeschlagen, got[1].Quittung.Zustand)
	require.Equal(t, "RR 12.345-DE", got[1].Quittung.Referenz)
	require.Equal(t, "unbekannt verzogen", got[1].Grund)
	done, _ := filepath.Glob(filepath.Join(h.dir, "rueck-erledigt", "*-1.json"))
	require.Len(t, done, 1)

	// The half file grows whole, and the same report has the same key.
	require.NoError(t, os.WriteFile(half, []byte(bericht(meldung(a.ID, "aufgegeben", "2026-03-02T23:30:00Z"))), 0o600))
	_, err = h.k.Pickup(t.Context(), take)
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.Equal(t, got[0].Schluessel, got[2].Schluessel)
	require.NotEqual(t, got[0].Schluessel, got[1].Schluessel)

	// One that stays half is put aside, whatever its name.
	h.drop(t, "a\nb\x1b[31m.json", "{")
	h.now = h.now.Add(time.Hour)
	x, err = h.k.Pickup(t.Context(), take)
	require.NoError(t, err)
	require.Len(t, x.Abgelehnt, 1)
	require.Regexp(t, `^[0-9a-f]{16}-a_b__31m.json$`, x.Abgelehnt[0].Datei)
	_, err = os.Stat(filepath.Join(h.dir, "rueck-fehler", x.Abgelehnt[0].Datei))
	require.NoError(t, err)
}

func TestSchlechteRueckmeldungen(t *testing.T) {
	t.Parallel()
	h := start(t, brief.Options{MaxMeldung: 4096})
	s := h.handed(t)
	offen := sendung()
	_, err := h.k.Deliver(t.Context(), offen)
	require.NoError(t, err)
	good := meldung(s.ID, "aufgegeben", "2026-03-02T12:00:00Z")
	var doc bytes.Buffer
	doc.WriteString("## Rückmeldungen des Druckzentrums\n\nErzeugt aus den Tests: `go test ./messaging/brief -run Schlechte -update`. Eine Datei mit einem Fehler wird ganz abgelehnt und bleibt in `rueck-fehler`.\n\n| Eingabe | Code | Hinweis |\n|---|---|---|\n")
	for i, c := range []struct{ name, code, text string }{
		{"kein JSON, und es wächst nicht mehr", "brief.meldung-unlesbar", "aufgegeben"},
		{"leere Datei", "brief.meldung-unlesbar", ""},
		{"doppelter Schlüssel", "brief.meldung-unlesbar", `{"version":1,"version":1,"meldungen":[` + good + `]}`},
		{"Zahl statt Text", "brief.meldung-unlesbar", bericht(strings.Replace(good, `"aufgegeben"`, "1", 1))},
		{"Zeit nach eigener Art", "brief.meldung-unlesbar", bericht(strings.Replace(good, "2026-03-02T12:00:00Z", "02.03.2026", 1))},
		{"unbekannte Version", "brief.meldung-form", strings.Replace(bericht(good), `"version":1`, `"version":2`, 1)},
		{"keine Einträge", "brief.meldung-form", bericht()},
		{"Kennung fehlt", "brief.meldung-id", bericht(good, strings.Replace(good, s.ID.String(), "00000000-0000-0000-0000-000000000000", 1))},
		{"Mandant als Pfad", "brief.meldung-mandant", bericht(strings.Replace(good, "kiel", "../kiel", 1))},
		{"unbekanntes Ereignis", "brief.meldung-ereignis", bericht(strings.Replace(good, "aufgegeben", "gedruckt", 1))},
		{"Zeit fehlt", "brief.meldung-zeit", bericht(strings.Replace(good, `,"zeit":"2026-03-02T12:00:00Z"`, "", 1))},
		{"Zeit vor der Sendung", "brief.meldung-zeit", bericht(strings.Replace(good, "03-02", "03-01", 1))},
		{"Zeit in der Zukunft", "brief.meldung-zeit", bericht(strings.Replace(good, "03-02", "03-05", 1))},
		{"Grund mit Zeilenwechsel", "brief.meldung-grund", bericht(strings.Replace(good, `"zeit"`, `"grund":"a\nb","zeit"`, 1))},
		{"Sendungsnummer mit Zeichen", "brief.meldung-sendungsnummer", bericht(strings.Replace(good, `"zeit"`, `"sendungsnummer":"<x>","zeit"`, 1))},
		{"andere Sendung", "brief.meldung-unbekannt", bericht(meldung("0190aaaa-0000-7000-8000-000000000001", "aufgegeben", "2026-03-02T12:00:00Z"))},
		{"Sendung noch nicht übergeben", "brief.meldung-unbekannt", bericht(meldung(offen.ID, "aufgegeben", "2026-03-02T12:00:00Z"))},
		{"zu groß", "brief.meldung-zu-gross", bericht(good) + strings.Repeat(" ", 4096)},
	} {
		p := h.drop(t, fmt.Sprintf("%02d.json", i), c.text)
		require.NoError(t, os.Chtimes(p, h.now.Add(-time.Hour), h.now.Add(-time.Hour)))
		x, err := h.k.Pickup(t.Context(), func(context.Context, brief.Rueckmeldung) error { return errors.New("nothing of it is taken") })
		require.NoError(t, err, c.name)
		require.Len(t, x.Abgelehnt, 1, c.name)
		q := x.Abgelehnt[0].Probleme[0]
		require.Equal(t, c.code, q.Code, c.name)
		kept, err := os.ReadFile(filepath.Join(h.dir, "rueck-fehler", x.Abgelehnt[0].Datei))
		require.NoError(t, err)
		require.Equal(t, c.text, string(kept))
		fmt.Fprintf(&doc, "| %s | `%s` | %s |\n", c.name, q.Code, q.Hinweis)
	}
	// The control: without a fault it is taken.
	h.drop(t, "gut.json", bericht(good))
	x, err := h.k.Pickup(t.Context(), func(context.Context, brief.Rueckmeldung) error { return nil })
	require.NoError(t, err)
	require.Equal(t, brief.Abholung{Gemeldet: 1}, x)
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Rückmeldungen des Druckzentrums", doc.String(), *update)
}

func FuzzParseMeldungen(f *testing.F) {
	f.Add([]byte(bericht(meldung("0190aaaa-0000-7000-8000-000000000001", "aufgegeben", "2026-03-02T12:00:00Z"))))
	f.Add([]byte(`{"version":1,"meldungen":[{}]}`))
	f.Add([]byte(`{"version":1,"meldungen":[[[[[[[[[[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		ms, err := brief.ParseMeldungen(b)
		if err != nil {
			if len(fehler.ProblemeIn(err)) == 0 || len(ms) > 0 {
				t.Fatalf("%d reports with %v", len(ms), err)
			}
			return
		}
		for _, m := range ms {
			if m.Mandant == "" || m.Zeit.IsZero() || m.Ereignis == "" || strings.ContainsAny(m.Grund+m.Sendungsnummer, "\n\r\x1b") {
				t.Fatalf("taken: %+v", m)
			}
		}
	})
}
