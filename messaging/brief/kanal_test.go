package brief_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/brief"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

var update = flag.Bool("update", false, "write docs")

const pdf = "%PDF-1.7\n1 0 obj\n<< /Type /Pages /Kids [2 0 R] /Count 1 >>\nendobj\n2 0 obj\n<< /Type /Page /Parent 1 0 R >>\nendobj\n"

var setzer = brief.SetzerFunc(func(_ context.Context, w io.Writer, b brief.Brief) error {
	_, err := fmt.Fprintf(w, "%s%% %s", pdf, b.Sendung.ID)
	return err
})

func empfaenger() messaging.Empfaenger {
	return messaging.Empfaenger{Name: "Erika Mustermann", Anschrift: tenant.Anschrift{Strasse: "Holstenstraße", Hausnummer: "3", PLZ: "24103", Ort: "Kiel"}}
}

var mittag = time.Date(2026, 3, 2, 11, 0, 0, 123456789, time.UTC)

type haus struct {
	dir string
	k   *brief.Kanal
	now time.Time
}

func start(t messagingtest.TB, o brief.Options) *haus {
	t.Helper()
	dir, err := os.MkdirTemp("", "brief")
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h := &haus{dir: dir, now: mittag}
	h.open(t, o, setzer)
	return h
}

func (h *haus) open(t messagingtest.TB, o brief.Options, s brief.Setzer) {
	t.Helper()
	o.Now = func() time.Time { return h.now }
	k, err := brief.New(brief.Params{Ordner: h.dir, Setzer: s}, &o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { _ = k.Release() })
	h.k = k
}

func (h *haus) jobs(pattern string, id uuid.UUID) []string {
	out, _ := filepath.Glob(filepath.Join(h.dir, pattern, id.String()))
	return out
}

func (h *haus) count(id uuid.UUID) int {
	return len(h.jobs("offen/*/*", id)) + len(h.jobs("lose/*", id)) + len(h.jobs("ausgang/*", id))
}

func TestKonformitaet(t *testing.T) {
	messagingtest.Run(t, messagingtest.Options{
		New: func(t messagingtest.TB) messagingtest.Fall {
			h := start(t, brief.Options{})
			return messagingtest.Fall{
				Kanal: h.k, Adresse: messaging.Adresse{Kanal: brief.Name}, Empfaenger: empfaenger(), Zugestellt: h.count,
				Ungueltig:    "Erika Mustermann\nHolstenstraße 3\nKiel",
				Unerreichbar: func() { _ = os.RemoveAll(h.dir) },
			}
		},
		Unsupported: messagingtest.WithoutStoerungen(map[messagingtest.Capability]string{
			messagingtest.Unbekannt: "that nobody lives there is told by the letter that comes back: Kanal.Pickup",
		}, "a folder does not answer: TestDeliverAfterACut cuts it off anywhere"),
	})
}

func sendung(files ...string) messaging.Sendung {
	s := messaging.Sendung{ID: uuid.Must(uuid.NewV7()), Mandant: "kiel", Absender: "Stadt Kiel", Nummer: "2026-0000001", Empfaenger: empfaenger(),
		Adresse: messaging.Adresse{Kanal: brief.Name}, Nachricht: messaging.Nachricht{ID: uuid.Must(uuid.NewV7()), Art: messaging.Mitteilung, Betreff: "Ihr Antrag", Text: "Guten Tag"}}
	data := map[string]string{}
	for i, f := range files {
		sum := sha512.Sum512([]byte(f))
		a := messaging.Anhang{ID: uuid.Must(uuid.NewV7()), Name: "../../" + fmt.Sprint(i) + ".pdf", MIME: "application/pdf", Groesse: int64(len(f)), SHA512: hex.EncodeToString(sum[:])}
		data[a.ID.String()] = f
		s.Nachricht.Anhaenge = append(s.Nachricht.Anhaenge, a)
	}
	s.Open = func(_ context.Context, a messaging.Anhang) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader([]byte(data[a.ID.String()]))), nil
	}
	return s
}

func read[T any](t *testing.T, name ...string) (v T) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(name...))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &v))
	return v
}

// The ready document is the letter, byte by byte; names from outside become no paths.
func TestBescheidGoesAsItIs(t *testing.T) {
	t.Parallel()
	h := start(t, brief.Options{Zustellart: brief.PZU, Druck: func(messaging.Sendung) brief.Druck {
		return brief.Druck{Farbe: true, Faellig: datum.MustParse("2026-03-05")}
	}})
	require.Equal(t, messaging.Faehigkeiten{MaxAnhaenge: 20, MaxGroesse: 50 << 20, Papier: true, Bescheid: true, Bekanntgabe: "pzu"}, h.k.Faehigkeiten())
	s := sendung(pdf+"Bescheid", "%PDF-1.4 Beilage ohne Seitenbaum")
	s.Nachricht.Art = messaging.BescheidArt
	_, err := h.k.Deliver(t.Context(), s)
	require.NoError(t, err)
	dir := h.jobs("offen/kiel/2026-03-02", s.ID)[0]
	a := read[brief.Auftrag](t, dir, "auftrag.json")
	require.Equal(t, []string{"Erika Mustermann", "Holstenstraße 3", "24103 Kiel"}, a.Empfaenger)
	require.Equal(t, brief.PZU, a.Zustellart)
	require.True(t, a.Bescheid && a.Druck.Farbe && !a.Druck.Duplex && !a.Ausland)
	require.Equal(t, "2026-03-05", a.Druck.Faellig.String())
	require.Equal(t, mittag.Truncate(time.Microsecond), a.Erstellt)
	require.Zero(t, a.Seiten, "one file could not be counted")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	for i, want := range []string{pdf + "Bescheid", "%PDF-1.4 Beilage ohne Seitenbaum"} {
		got, err := os.ReadFile(filepath.Join(dir, a.Dateien[i].Name))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		sum := sha512.Sum512(got)
		require.Equal(t, hex.EncodeToString(sum[:]), a.Dateien[i].SHA512)
	}
	require.Equal(t, 1, a.Dateien[0].Seiten)
	require.Equal(t, []string{"brief.pdf", "beilage-01.pdf"}, []string{a.Dateien[0].Name, a.Dateien[1].Name})

	// A plain letter is set, and all its files are enclosures.
	s = sendung(pdf + "x")
	_, err = h.k.Deliver(t.Context(), s)
	require.NoError(t, err)
	a = read[brief.Auftrag](t, h.jobs("offen/kiel/2026-03-02", s.ID)[0], "auftrag.json")
	require.Equal(t, 2, a.Seiten)
	require.Equal(t, brief.RolleBeilage, a.Dateien[1].Rolle)
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code   string
		o      brief.Options
		setzer brief.Setzer
		change func(*messaging.Sendung)
	}{
		"no PDF by type":       {code: "brief.kein-pdf", change: func(s *messaging.Sendung) { s.Nachricht.Anhaenge[0].MIME = "text/html" }},
		"another hash":         {code: "brief.pruefsumme", change: func(s *messaging.Sendung) { s.Nachricht.Anhaenge[0].SHA512 = "00" }},
		"another size":         {code: "brief.pruefsumme", change: func(s *messaging.Sendung) { s.Nachricht.Anhaenge[0].Groesse-- }},
		"nothing to open with": {code: "brief.anhang-fehlt", change: func(s *messaging.Sendung) { s.Open = nil }},
		"not a Mandant":        {code: "tenant.id", change: func(s *messaging.Sendung) { s.Mandant = "../kiel" }},
		"decision abroad": {code: "brief.weg", change: func(s *messaging.Sendung) {
			s.Nachricht.Art, s.Adresse.Kennung = messaging.BescheidArt, "Jean Dupont\n3 rue X\n75001 PARIS\nFRANKREICH"
		}},
		"decision at home on the way abroad": {code: "brief.weg", o: brief.Options{Ausland: true}, change: func(s *messaging.Sendung) { s.Nachricht.Art = messaging.BescheidArt }},
		"the letter is too big":              {code: "brief.zu-gross", o: brief.Options{MaxGroesse: 200}, setzer: text(string(make([]byte, 201)))},
		"the letter is no PDF":               {code: "brief.kein-pdf", setzer: text("<html>")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, c.o)
			if c.setzer != nil {
				h.open(t, c.o, c.setzer)
			}
			s := sendung(pdf)
			if c.change != nil {
				c.change(&s)
			}
			_, err := h.k.Deliver(t.Context(), s)
			require.ErrorIs(t, err, fehler.ErrInvalid)
			require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code)
			require.Zero(t, h.count(s.ID))
			left, _ := filepath.Glob(filepath.Join(h.dir, ".tmp", "*"))
			require.Empty(t, left)
		})
	}
}

func text(s string) brief.Setzer {
	return brief.SetzerFunc(func(_ context.Context, w io.Writer, _ brief.Brief) error { _, err := io.WriteString(w, s); return err })
}

// A failing port says nothing about the address and may be tried again.
func TestPortsFail(t *testing.T) {
	t.Parallel()
	h := start(t, brief.Options{})
	s := sendung(pdf)
	open := s.Open
	s.Open = func(context.Context, messaging.Anhang) (io.ReadCloser, error) {
		return nil, fehler.New("blob", "", fehler.ErrNotFound, nil)
	}
	_, err := h.k.Deliver(t.Context(), s)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.NotErrorIs(t, err, fehler.ErrNotFound)
	s.Open = open
	h.open(t, brief.Options{}, brief.SetzerFunc(func(context.Context, io.Writer, brief.Brief) error { return errors.New("no fonts") }))
	_, err = h.k.Deliver(t.Context(), s)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	h.open(t, brief.Options{}, setzer)
	_, err = h.k.Deliver(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, 1, h.count(s.ID))
}

// Cut off at each step, a new process, another day: the same letter, once.
func TestDeliverAfterACut(t *testing.T) {
	t.Parallel()
	h := start(t, brief.Options{})
	s := sendung()
	first, err := h.k.Deliver(t.Context(), s)
	require.NoError(t, err)
	receipt := filepath.Join(h.dir, "belege/kiel", s.ID.String()+".json")
	open := func() { // the receipt as it was before the job appeared
		b, err := os.ReadFile(receipt)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(receipt, bytes.Replace(b, []byte(`"fertig": true`), []byte(`"fertig": false`), 1), 0o600))
	}
	h.now = h.now.Add(26 * time.Hour)
	again := func() messaging.Quittung {
		h.open(t, brief.Options{}, setzer)
		q, err := h.k.Deliver(t.Context(), s)
		require.NoError(t, err)
		require.Equal(t, 1, h.count(s.ID))
		return q
	}
	open()
	require.Equal(t, first, again(), "after the job appeared")
	// Closing was cut off after the move.
	require.NoError(t, os.Rename(filepath.Join(h.dir, "offen/kiel/2026-03-02"), filepath.Join(h.dir, "lose/kiel_2026-03-02_01")))
	require.Equal(t, first, again(), "the Los is being closed")
	w, err := h.k.Waiting(t.Context())
	require.NoError(t, err)
	require.Equal(t, []brief.Sammlung{{Mandant: "kiel", Tag: datum.MustParse("2026-03-02"), Anzahl: 1, Begonnen: true}}, w)
	los, err := h.k.Close(t.Context(), "kiel", datum.MustParse("2026-03-02"))
	require.NoError(t, err)
	require.Len(t, los, 1)
	require.Equal(t, first, again(), "handed over: the receipt is complete")
	require.NoError(t, os.RemoveAll(filepath.Join(h.dir, "ausgang", los[0].Name)))
	q, err := h.k.Deliver(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, first, q)
	require.Zero(t, h.count(s.ID), "the print centre has taken it")

	// The receipt alone: the job never appeared, so it is made.
	s = sendung()
	_, err = h.k.Deliver(t.Context(), s)
	require.NoError(t, err)
	receipt = filepath.Join(h.dir, "belege/kiel", s.ID.String()+".json")
	open()
	require.NoError(t, os.RemoveAll(h.jobs("offen/*/*", s.ID)[0]))
	again()
}

func TestClose(t *testing.T) {
	t.Parallel()
	h := start(t, brief.Options{})
	tag := datum.MustParse("2026-03-02")
	_, err := h.k.Close(t.Context(), "kiel", tag)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	_, err = h.k.Close(t.Context(), "../kiel", tag)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	ids := map[uuid.UUID]bool{}
	for range 3 {
		s := sendung()
		_, err := h.k.Deliver(t.Context(), s)
		require.NoError(t, err)
		ids[s.ID] = true
	}
	other := sendung()
	other.Mandant = "luebeck"
	_, err = h.k.Deliver(t.Context(), other)
	require.NoError(t, err)
	los, err := h.k.Close(t.Context(), "kiel", tag)
	require.NoError(t, err)
	require.Len(t, los, 1)
	require.Equal(t, "kiel_2026-03-02_01", los[0].Name)
	require.Equal(t, 3, los[0].Seiten)
	m := read[brief.Los](t, h.dir, "ausgang", los[0].Name, "los.json")
	require.Equal(t, los[0], m)
	for _, p := range m.Posten {
		require.True(t, ids[p.ID])
		b, err := os.ReadFile(filepath.Join(h.dir, "ausgang", m.Name, p.ID.String(), "auftrag.json"))
		require.NoError(t, err)
		sum := sha512.Sum512(b)
		require.Equal(t, hex.EncodeToString(sum[:]), p.Auftrag)
	}
	require.NoError(t, os.RemoveAll(filepath.Join(h.dir, "ausgang", m.Name)), "taken")
	_, err = h.k.Deliver(t.Context(), sendung())
	require.NoError(t, err)
	los, err = h.k.Close(t.Context(), "kiel", tag)
	require.NoError(t, err)
	require.Equal(t, "kiel_2026-03-02_02", los[0].Name, "a number is not used again")
	w, err := h.k.Waiting(t.Context())
	require.NoError(t, err)
	require.Equal(t, []brief.Sammlung{{Mandant: "luebeck", Tag: tag, Anzahl: 1}}, w)
	// Something that is no job stops the handing over, nothing is lost.
	require.NoError(t, os.Mkdir(filepath.Join(h.dir, "offen/luebeck/2026-03-02/fremd"), 0o700))
	_, err = h.k.Close(t.Context(), "luebeck", tag)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.NoError(t, os.Remove(filepath.Join(h.dir, "lose/luebeck_2026-03-02_01/fremd")))
	los, err = h.k.Close(t.Context(), "luebeck", tag)
	require.NoError(t, err)
	require.Equal(t, other.ID, los[0].Posten[0].ID)
}

func TestNewCleans(t *testing.T) {
	t.Parallel()
	h := start(t, brief.Options{})
	for name, age := range map[string]time.Duration{"alt": 25 * time.Hour, "jung": time.Hour} {
		p := filepath.Join(h.dir, ".tmp", name)
		require.NoError(t, os.Mkdir(p, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(p, "brief.pdf"), nil, 0o600))
		require.NoError(t, os.Chtimes(p, h.now.Add(-age), h.now.Add(-age)))
	}
	h.open(t, brief.Options{}, setzer)
	left, _ := filepath.Glob(filepath.Join(h.dir, ".tmp", "*"))
	require.Equal(t, []string{filepath.Join(h.dir, ".tmp", "jung")}, left)
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p brief.Params
		o brief.Options
	}{
		{brief.Params{Setzer: setzer}, brief.Options{}},
		{brief.Params{Ordner: t.TempDir()}, brief.Options{}},
		{brief.Params{Ordner: t.TempDir(), Setzer: setzer}, brief.Options{Zustellart: "taube"}},
		{brief.Params{Ordner: t.TempDir(), Setzer: setzer}, brief.Options{Zustellart: brief.PZU, Ausland: true}},
		{brief.Params{Ordner: t.TempDir(), Setzer: setzer}, brief.Options{MaxGroesse: -1}},
	} {
		_, err := brief.New(c.p, &c.o)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}

// Without a receipt no job appears: a later Deliver would not know where to look.
func TestReceiptComesFirst(t *testing.T) {
	t.Parallel()
	h := start(t, brief.Options{})
	s := sendung()
	block := filepath.Join(h.dir, "belege/kiel")
	require.NoError(t, os.Symlink("nirgends", block))
	_, err := h.k.Deliver(t.Context(), s)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.Zero(t, h.count(s.ID))
	require.NoError(t, os.Remove(block))
	_, err = h.k.Deliver(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, 1, h.count(s.ID))
}
