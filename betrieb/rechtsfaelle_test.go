package betrieb_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/relay/zustellung"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
)

var update = flag.Bool("update", false, "write the golden files of the legal cases anew")

// A legal case as the file has it: an application, and what happens on which day.
type rechtsfall struct {
	Titel         string                     `yaml:"titel"`
	Leistung      tenant.Leistungsschluessel `yaml:"leistung"`
	Name          string                     `yaml:"name"`
	Einheit       string                     `yaml:"einheit"`
	Antragsteller string                     `yaml:"antragsteller"`
	Eingang       datum.Datum                `yaml:"eingang"`
	GestelltAm    datum.Datum                `yaml:"gestelltAm"`
	Schema        string                     `yaml:"schema"`
	Daten         map[string]any             `yaml:"daten"`
	Schritte      []rechtsschritt            `yaml:"schritte"`
}

// rechtsschritt is one thing that happens; numbers count from 1.
type rechtsschritt struct {
	Am       datum.Datum    `yaml:"am"`
	Vorlage  string         `yaml:"vorlage"` // draft, release and send by it
	Weg      string         `yaml:"weg"`     // of the letter: post (default) or pzu
	Angaben  map[string]any `yaml:"angaben"`
	Bescheid int            `yaml:"bescheid"`
	Gebuehr  *struct {
		Posten        string `yaml:"posten"`
		Menge         int    `yaml:"menge"`
		Betrag        string `yaml:"betrag"` // within a range
		Grund         string `yaml:"grund"`
		Ausgang       string `yaml:"ausgang"`
		Kassenzeichen string `yaml:"kassenzeichen"`
	} `yaml:"gebuehr"`
	Widerspruch string                      `yaml:"widerspruch"` // comes in, in this form
	Urkunde     bool                        `yaml:"urkunde"`     // of the PZU comes back: handed over on the day
	Ausgang     vorgang.RechtsbehelfAusgang `yaml:"ausgang"`     // of the Widerspruch, by the last Bescheid
	Erlass      string                      `yaml:"erlass"`      // the first fee is waived, for this reason
}

const musterstadt tenant.ID = "musterstadt"

var (
	behoerde = tenant.Mandant{
		ID: musterstadt, Name: "Stadt Musterstadt", Land: tenant.LandBB, ARS: "120540000000", Telefon: "0331 555-0", EMail: "post@musterstadt.example",
		Anschrift: tenant.Anschrift{Strasse: "Rathausplatz", Hausnummer: "1", PLZ: "14467", Ort: "Musterstadt"},
		Einheiten: []tenant.Organisationseinheit{{ID: "gewerbe", Name: "Gewerbeamt"}, {ID: "verkehr", Name: "Straßenverkehrsbehörde"}, {ID: "gruen", Name: "Grünflächenamt"}},
	}
	sach  = tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: musterstadt, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	chefs = tenant.Akteur{ID: "deniz", Name: "Deniz Aydın", Art: tenant.Person, Mandant: musterstadt, Rollen: []tenant.Rolle{tenant.Leitung}}
)

// postweg is the Kanal of the cases: paper, by the way the law gives it at the time.
type postweg struct {
	weg string
	now func() time.Time
}

func (p *postweg) Name() string { return "post" }
func (p *postweg) Faehigkeiten() messaging.Faehigkeiten {
	return messaging.Faehigkeiten{Papier: true, Bescheid: true, Bekanntgabe: p.weg}
}

func (p *postweg) Deliver(_ context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	return messaging.Quittung{Sendung: s.ID, Kanal: "post", Zustand: messaging.Uebergeben, Zeit: p.now()}, nil
}

// rathaus runs one case on a real store with the real relay.
type rathaus struct {
	*testing.T
	*storage.Store
	jetzt   time.Time
	blobs   blob.Store
	post    *postweg
	relay   *relay.Relay
	setzer  *ausfertigung.Setzer
	entwurf *entwurf.Entwerfer
	fall    rechtsfall
	id      uuid.UUID
	woher   []string // what was filled from where, per draft
}

func newRathaus(t *testing.T, aufSQLite bool) *rathaus {
	h := &rathaus{T: t, blobs: blob.NewMemory(nil)}
	uhr := func() time.Time { return h.jetzt }
	var err error
	if aufSQLite {
		h.Store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), &sqlite.Options{Synchronous: "NORMAL", Store: &storage.Options{Now: uhr}})
		require.NoError(t, err)
	} else {
		h.Store = memory.Open(&storage.Options{Now: uhr})
	}
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	h.post = &postweg{weg: "post", now: uhr}
	mandanten, err := tenant.NewVerzeichnis(behoerde)
	require.NoError(t, err)
	router, err := messaging.NewRouter([]messaging.Kanal{h.post}, nil)
	require.NoError(t, err)
	h.setzer, err = ausfertigung.New(nil)
	require.NoError(t, err)
	z, err := zustellung.New(zustellung.Params{Blobs: h.blobs, Mandanten: mandanten, Router: router, Setzer: h.setzer, Rechner: frist.New(nil)}, &zustellung.Options{
		Now: uhr, Konto: func(*tenant.Mandant) (ueberweisung.Zahlungsdaten, bool) {
			return ueberweisung.Zahlungsdaten{Empfaenger: "Stadtkasse Musterstadt", IBAN: "DE89370400440532013000"}, true
		},
	})
	require.NoError(t, err)
	handlers := z.Handlers()
	for art, x := range relay.Termine(uhr) {
		handlers[art] = x
	}
	h.relay = relay.New(h.Store, handlers, &relay.Options{Now: uhr})
	h.entwurf, err = entwurf.New(entwurf.Beispiele(), &entwurf.Options{Gericht: func(*tenant.Mandant) (string, string) {
		return "dem Verwaltungsgericht Musterstadt", "Gerichtsplatz 1, 14467 Musterstadt"
	}})
	require.NoError(t, err)
	return h
}

// am lets every day pass until the day, at nine o'clock, with what falls due on it.
func (h *rathaus) am(tag datum.Datum) {
	h.Helper()
	h.jetzt = tag.Beginn().Add(9 * time.Hour)
	_, err := h.relay.Drain(h.Context())
	require.NoError(h, err)
}

func (h *rathaus) edit(f func(v *vorgang.Vorgang) error) {
	h.Helper()
	_, err := h.Edit(h.Context(), musterstadt, h.id, f)
	require.NoError(h, err)
	_, err = h.relay.Drain(h.Context())
	require.NoError(h, err)
}

func (h *rathaus) stand() vorgang.Stand {
	h.Helper()
	v, err := h.Get(h.Context(), musterstadt, h.id)
	require.NoError(h, err)
	return v.Stand()
}

func (h *rathaus) beginne(f rechtsfall) {
	h.Helper()
	h.fall = f
	h.jetzt = f.Eingang.Beginn().Add(9 * time.Hour)
	daten, err := json.Marshal(f.Daten)
	require.NoError(h, err)
	v, err := vorgang.New(tenant.System("annahme"), h.jetzt, vorgang.Params{
		Mandant: musterstadt, Nummer: "MU-2026-000017", Aktenzeichen: []string{"32.1/26-0017"}, Leistung: f.Leistung, LeistungName: f.Name, Einheit: f.Einheit,
		Antrag: vorgang.Antrag{
			GestelltAm: f.GestelltAm, Schema: f.Schema, Daten: daten,
			Antragsteller: vorgang.Antragsteller{Konto: "konto-1", Empfaenger: messaging.Empfaenger{
				Name: f.Antragsteller, Adressen: []messaging.Adresse{{Kanal: "post", Kennung: "konto-1"}},
				Anschrift: tenant.Anschrift{Strasse: "Große Ziegelstraße", Hausnummer: "12", PLZ: "14469", Ort: "Musterstadt"},
			}},
		},
	}, h.Kontext())
	require.NoError(h, err)
	require.NoError(h, h.Insert(h.Context(), musterstadt, v))
	h.id = v.ID()
}

// spiele lets one step happen.
func (h *rathaus) spiele(s rechtsschritt) {
	h.Helper()
	h.am(s.Am)
	st := h.stand()
	switch {
	case s.Vorlage != "":
		h.erlasse(s)
	case s.Widerspruch != "":
		h.edit(func(v *vorgang.Vorgang) error {
			_, err := v.RecordRechtsbehelf(sach, h.jetzt, vorgang.Rechtsbehelfseingang{Bescheid: st.Bescheide[s.Bescheid-1].ID, Eingang: s.Am, Form: s.Widerspruch, Von: h.fall.Antragsteller})
			return err
		})
	case s.Urkunde:
		b := st.Bescheide[s.Bescheid-1]
		h.edit(func(v *vorgang.Vorgang) error {
			return v.RecordNachweis(sach, h.jetzt, vorgang.Meldung{Bescheid: b.ID, Zustellung: b.Zustellungen[0].ID, Art: bescheid.NachweisPZU, Tag: s.Am, Datei: b.Dokument.ID})
		})
	case s.Ausgang != "":
		h.edit(func(v *vorgang.Vorgang) error {
			return v.CloseRechtsbehelf(sach, h.jetzt, vorgang.Rechtsbehelfsende{Rechtsbehelf: st.Rechtsbehelfe[0].ID, Ausgang: s.Ausgang, Bescheid: st.Bescheide[len(st.Bescheide)-1].ID, Tag: s.Am})
		})
	case s.Erlass != "":
		g := st.Gebuehren[0]
		h.edit(func(v *vorgang.Vorgang) error {
			return v.WaiveFee(chefs, h.jetzt, g.ID, g.Forderung.Stand(s.Am).Offen, s.Erlass)
		})
	}
}

// berechne gives the fee of a step, if there is one.
func (h *rathaus) berechne(s rechtsschritt, nummer string) *entwurf.Gebuehr {
	h.Helper()
	if s.Gebuehr == nil {
		return nil
	}
	a := gebuehr.Ansatz{Posten: s.Gebuehr.Posten, Menge: s.Gebuehr.Menge}
	if s.Gebuehr.Betrag != "" {
		a.Ermessen = &gebuehr.Ermessen{Grund: s.Gebuehr.Grund}
		require.NoError(h, a.Ermessen.Betrag.UnmarshalText([]byte(s.Gebuehr.Betrag)))
	}
	tab := gebuehr.Beispiele()
	r, err := tab.Rechne(gebuehr.Fall{
		Leistung: h.fall.Leistung, Land: behoerde.Land, Eingang: h.fall.Eingang, Entscheidung: s.Am, Ausgang: gebuehr.Ausgang{Art: gebuehr.AusgangArt(s.Gebuehr.Ausgang)}, Ansaetze: []gebuehr.Ansatz{a},
	})
	require.NoError(h, err)
	teil, err := tab.Bescheidteil(r, gebuehr.Angaben{Vorgang: nummer, Kassenzeichen: s.Gebuehr.Kassenzeichen, Zahlungsweg: "Das Konto der Stadtkasse finden Sie unter „So zahlen Sie“."})
	require.NoError(h, err)
	return &entwurf.Gebuehr{Ergebnis: r, Teil: &teil}
}

func (h *rathaus) erlasse(s rechtsschritt) {
	h.Helper()
	h.post.weg = "post"
	if s.Weg != "" {
		h.post.weg = s.Weg
	}
	st := h.stand()
	p := entwurf.Params{Vorlage: s.Vorlage, Stand: st, Mandant: &behoerde, Tag: s.Am, Angaben: s.Angaben, Gebuehr: h.berechne(s, st.Nummer)}
	if s.Bescheid > 0 {
		p.Bezug = st.Bescheide[s.Bescheid-1].ID
		if len(st.Rechtsbehelfe) > 0 {
			p.Rechtsbehelf = st.Rechtsbehelfe[0].ID
		}
	}
	e, err := h.entwurf.Draft(p)
	require.NoError(h, err)
	h.woher = append(h.woher, e.Erklaerung())
	festsetzung := func(v *vorgang.Vorgang, b uuid.UUID) error {
		if p.Gebuehr == nil {
			return nil
		}
		z := p.Gebuehr.Teil.Zahlung
		f := vorgang.Festsetzung{Ergebnis: p.Gebuehr.Ergebnis, Bescheid: b, Kassenzeichen: z.Kassenzeichen, FaelligTage: z.FaelligTage}
		if b == uuid.Nil {
			f.FaelligTage, f.Faellig = 0, s.Am.AddTage(z.FaelligTage)
		}
		_, err := v.ChargeFee(sach, h.jetzt, f)
		return err
	}
	if e.Ergebnis.Art == vorlage.Schreiben {
		h.schreibe(e, festsetzung)
		return
	}
	inhalt, err := e.Inhalt()
	require.NoError(h, err)
	h.edit(func(v *vorgang.Vorgang) error {
		err := v.Pull(sach, h.jetzt)
		if v.Status() == vorgang.Beschieden {
			grund := vorgang.RueckkehrAbhilfe
			if inhalt.Art == bescheid.Widerruf {
				grund = vorgang.RueckkehrWiderruf
			}
			err = v.ReturnToBearbeitung(sach, h.jetzt, grund)
		}
		if err != nil {
			return err
		}
		b, err := v.Draft(sach, h.jetzt, inhalt)
		if err != nil {
			return err
		}
		if err := festsetzung(v, b); err != nil {
			return err
		}
		if err := v.SubmitDraft(sach, h.jetzt, b); err != nil {
			return err
		}
		return v.ReleaseBescheid(chefs, h.jetzt, b)
	})
}

// schreibe sends a letter that decides nothing, with its PDF.
func (h *rathaus) schreibe(e *entwurf.Entwurf, gebuehr func(*vorgang.Vorgang, uuid.UUID) error) {
	h.Helper()
	st := h.stand()
	var b bytes.Buffer
	einheit, _ := behoerde.Einheit(st.Einheit)
	_, err := h.setzer.WriteBrief(&b, ausfertigung.Kopf{
		Mandant: &behoerde, Einheit: einheit, Empfaenger: st.Antrag.Antragsteller.Empfaenger, Nummer: st.Nummer, Aktenzeichen: st.Aktenzeichen[0], Anrede: e.Ergebnis.Anrede(),
	}, ausfertigung.Schreiben{Betreff: e.Ergebnis.Betreff, Am: h.jetzt, Inhalt: e.Ergebnis.Bloecke(), Gruss: e.Ergebnis.Gruss(), Zeichner: sach.Name})
	require.NoError(h, err)
	ref, err := h.blobs.Put(h.Context(), musterstadt, &b)
	require.NoError(h, err)
	n, err := e.Ergebnis.Nachricht(uuid.Nil)
	require.NoError(h, err)
	h.edit(func(v *vorgang.Vorgang) error {
		if err := v.Pull(sach, h.jetzt); err != nil {
			return err
		}
		if err := gebuehr(v, uuid.Nil); err != nil {
			return err
		}
		_, err := v.Write(sach, h.jetzt, n.Betreff, n.Text, messaging.Anhang{ID: uuid.New(), Name: "Bescheinigung.pdf", MIME: "application/pdf", Groesse: ref.Groesse, SHA512: ref.SHA512})
		return err
	})
}

func (h *rathaus) lies(a messaging.Anhang) []byte {
	h.Helper()
	r, err := h.blobs.Open(h.Context(), musterstadt, blob.Ref{SHA512: a.SHA512, Groesse: a.Groesse})
	require.NoError(h, err)
	defer r.Close()
	b, err := io.ReadAll(r)
	require.NoError(h, err)
	return b
}

// briefe are the letters of the case in order.
func (h *rathaus) briefe() (out [][]byte) {
	h.Helper()
	st := h.stand()
	for _, n := range st.Nachrichten {
		if n.Nachricht.Art == messaging.Mitteilung && len(n.Nachricht.Anhaenge) == 1 {
			require.Len(h, n.Quittungen, 1)
			out = append(out, h.lies(n.Nachricht.Anhaenge[0]))
		}
	}
	for _, b := range st.Bescheide {
		require.NotNil(h, b.Dokument)
		out = append(out, h.lies(*b.Dokument))
	}
	return out
}

// protokoll is what came out: days, fees, and where the words came from.
func (h *rathaus) protokoll() string {
	h.Helper()
	var b strings.Builder
	st := h.stand()
	fmt.Fprintf(&b, "%s\n", h.fall.Titel)
	for i, w := range h.woher {
		fmt.Fprintf(&b, "\n== Entwurf %d\n%s", i+1, w)
	}
	for i, x := range st.Bescheide {
		fmt.Fprintf(&b, "\n== Bescheid %d: %s, %s\n", i+1, x.Inhalt.Art, x.Zustand)
		fmt.Fprintf(&b, "Vorlage: %s, Fassung %d\n", x.Inhalt.Vorlage.ID, x.Inhalt.Vorlage.Fassung)
		z := x.Zustellungen[0]
		fmt.Fprintf(&b, "Weg: %s, aufgegeben %s, Rechtsbehelf: %s\n", z.Fall.Kanal, z.Fall.Absendung, z.Rechtsbehelf)
		k := x.Bekanntgabe
		require.NotNil(h, k)
		fmt.Fprintf(&b, "Bekanntgabe: %s\nFristende: %s\nBestandskraft ab: %s\n", k.Tag, k.FristEnde, k.BestandskraftAb)
		if !z.BestandskraftSeit.IsZero() {
			fmt.Fprintf(&b, "Bestandskräftig seit: %s\n", z.BestandskraftSeit)
		}
		for _, s := range k.Schritte {
			fmt.Fprintf(&b, "- %s\n", s)
		}
		for _, s := range k.Warnungen {
			fmt.Fprintf(&b, "! %s\n", s)
		}
		g := bescheid.Geltungen(st.Bescheide)[i]
		fmt.Fprintf(&b, "In Kraft: %s bis %s %s\n", g.Von, g.Bis, g.Grund)
	}
	for i, r := range st.Rechtsbehelfe {
		fmt.Fprintf(&b, "\n== Rechtsbehelf %d: %s, Eingang %s, rechtzeitig %t, Ausgang %s\n", i+1, r.Art, r.Eingang, r.Rechtzeitig, r.Ausgang)
		for _, s := range r.Schritte {
			fmt.Fprintf(&b, "- %s\n", s)
		}
	}
	for i, g := range st.Gebuehren {
		f, _ := st.Forderung(g.ID)
		s := f.Stand(datum.Von(h.jetzt))
		fmt.Fprintf(&b, "\n== Gebühr %d: %s, offen %s, fällig %s, Kassenzeichen %s\n", i+1, s.Soll.Deutsch(), s.Offen.Deutsch(), f.Faellig, f.Kassenzeichen)
		for _, s := range g.Schritte {
			fmt.Fprintf(&b, "- %s\n", s)
		}
	}
	return b.String()
}

func ladeFall(t *testing.T, file string) (f rechtsfall) {
	t.Helper()
	b, err := os.ReadFile(file)
	require.NoError(t, err)
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	require.NoError(t, dec.Decode(&f))
	return f
}

func vergleiche(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "write it with -update")
	require.Equal(t, string(want), got)
}

func rechtsfaelle(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "rechtsfaelle", "*.yaml"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 8)
	return files
}

func durchlaufe(t *testing.T, f rechtsfall, aufSQLite bool) *rathaus {
	t.Helper()
	h := newRathaus(t, aufSQLite)
	h.beginne(f)
	for _, s := range f.Schritte {
		h.spiele(s)
	}
	require.NoError(t, h.VerifyJournal(t.Context(), musterstadt, h.id))
	require.NoError(t, h.View(t.Context(), musterstadt, func(ctx context.Context, tx *storage.Tx) error {
		for a, err := range tx.Auftraege(ctx, h.id, storage.AuftragGeparkt) {
			require.NoError(t, err)
			t.Errorf("parked: %s %s", a.Art, a.LetzterFehler)
		}
		return nil
	}))
	return h
}

// Whole cases: application, templates, fee, release, letter, Bekanntgabe, remedy and
// Bestandskraft, on a store with the relay. Days, fees and sources of the words are
// compared always, the letters as pdftotext reads them where it is there.
func TestRechtsfaelle(t *testing.T) {
	for _, file := range rechtsfaelle(t) {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			h := durchlaufe(t, ladeFall(t, file), false)
			vergleiche(t, strings.TrimSuffix(file, ".yaml")+".golden.txt", h.protokoll())
			for i, data := range h.briefe() {
				require.Empty(t, pdfcheck.Check(data))
				if dir := os.Getenv("RECHTSFAELLE_PDF"); dir != "" { // to look at them
					require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.pdf", name, i+1)), data, 0o600))
				}
			}
			// The same on SQLite.
			require.Equal(t, h.protokoll(), durchlaufe(t, ladeFall(t, file), true).protokoll())
			t.Run("brief", func(t *testing.T) {
				pdftotext := testenv.Tool(t, "pdftotext", "poppler-utils")
				for i, data := range h.briefe() {
					path := filepath.Join(t.TempDir(), "b.pdf")
					require.NoError(t, os.WriteFile(path, data, 0o600))
					out, err := exec.Command(pdftotext, "-raw", "-enc", "UTF-8", path, "-").Output()
					require.NoError(t, err)
					vergleiche(t, fmt.Sprintf("%s.brief-%d.txt", strings.TrimSuffix(file, ".yaml"), i+1), string(out))
					if bs := h.stand().Bescheide; len(bs) > 0 {
						require.NoError(t, vollstaendig(string(out), bs[i]))
					}
				}
			})
		})
	}
}

// vollstaendig tells what a reader of law looks for: the authority and who signs (§ 37 (3)
// VwVfG), Tenor and reasons in their places, and a Belehrung that names the remedy, where
// to lodge it, the seat and the period (§ 37 (6) VwVfG, § 58 (1) VwGO), the same remedy the
// period is worked out for.
func vollstaendig(text string, b bescheid.Bescheid) error {
	i := b.Inhalt
	if err := i.Pruefe(); err != nil {
		return err
	}
	// Without what frames the pages, and with words parted at the end of a line.
	var zeilen []string
	for n, seite := range strings.Split(text, "\f") {
		z := strings.Split(strings.TrimSpace(seite), "\n")
		if n > 0 && len(z) > 1 {
			z = z[1:]
		}
		zeilen = append(zeilen, z[:max(0, len(z)-2)]...)
	}
	glatt := func(s string) string {
		return strings.NewReplacer("-", "", "\u00ad", "").Replace(strings.Join(strings.Fields(s), ""))
	}
	rest := glatt(strings.Join(zeilen, "\n"))
	reihe := []string{"Stadt Musterstadt", i.Betreff, i.Anrede, "Entscheidung"}
	reihe = append(append(reihe, i.Tenor...), "Begründung")
	reihe = append(append(reihe, i.Begruendung...), i.Gebuehr, "Rechtsbehelfsbelehrung", i.Rechtsbehelfsbelehrung, b.Zeichner)
	for _, x := range reihe {
		_, danach, ok := strings.Cut(rest, glatt(x))
		if !ok {
			return fmt.Errorf("not in its place: %q", x)
		}
		rest = danach
	}
	in := []string{"innerhalb eines Monats nach ", "Widerspruch", "der Behörde Stadt Musterstadt", "Rathausplatz 1, 14467 Musterstadt"}
	if b.Zustellungen[0].Rechtsbehelf == frist.RechtsbehelfKlage {
		in = []string{"innerhalb eines Monats nach ", "Klage", "Verwaltungsgericht Musterstadt", "Gerichtsplatz 1, 14467 Musterstadt"}
	}
	for _, x := range in {
		if !strings.Contains(i.Rechtsbehelfsbelehrung, x) {
			return fmt.Errorf("the Belehrung does not say %q", x)
		}
	}
	return nil
}

// The checks of the cases can fail: another day, another sum, another remedy.
func TestRechtsfaelleCanFail(t *testing.T) {
	file := filepath.Join("testdata", "rechtsfaelle", "03-baum-bewilligung")
	want, err := os.ReadFile(file + ".golden.txt")
	require.NoError(t, err)
	for name, aendere := range map[string]func(f *rechtsfall){
		"posted a day later": func(f *rechtsfall) { f.Schritte[0].Am = f.Schritte[0].Am.AddTage(1) },
		"three trees":        func(f *rechtsfall) { f.Schritte[0].Gebuehr.Menge = 3 },
		"another applicant":  func(f *rechtsfall) { f.Antragsteller = "Robin Beispiel" },
		"a day too early":    func(f *rechtsfall) { f.Schritte = f.Schritte[:3] },
	} {
		f := ladeFall(t, file+".yaml")
		aendere(&f)
		require.NotEqual(t, string(want), durchlaufe(t, f, false).protokoll(), name)
	}
	brief, err := os.ReadFile(file + ".brief-1.txt")
	require.NoError(t, err)
	b := durchlaufe(t, ladeFall(t, file+".yaml"), false).stand().Bescheide[0]
	require.NoError(t, vollstaendig(string(brief), b))
	require.Error(t, vollstaendig(strings.Replace(string(brief), "Sie dürfen auf", "Sie durfen auf", 1), b))
	require.Error(t, vollstaendig(strings.Replace(string(brief), "Rechtsbehelfsbelehrung", "Hinweis", 1), b))
	klage := b.Clone()
	klage.Zustellungen[0].Rechtsbehelf = frist.RechtsbehelfKlage
	require.Error(t, vollstaendig(string(brief), klage), "the Belehrung names another remedy than the period")
}
