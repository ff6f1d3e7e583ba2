package intake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var update = flag.Bool("update", false, "write the section of docs/schlechte-eingaben.md")

var scan = append([]byte("%PDF-1.7\n\x00\xff\r\n"), bytes.Repeat([]byte("Seite\n"), 5000)...)

func poststelleHanau() tenant.Akteur {
	return tenant.Akteur{ID: "post-1", Name: "Erika Mustermann", Art: tenant.Person, Mandant: hanau, Rollen: []tenant.Rolle{tenant.Poststelle}, Einheiten: []string{"post"}}
}

func erfassung(kennung string) intake.Erfassung {
	return intake.Erfassung{
		Akteur: poststelleHanau(), Kanal: intake.KanalPapier, Kennung: kennung, Eingang: datum.MustParse("2026-11-19"),
		GestelltAm: datum.MustParse("2026-11-16"), Leistung: leistung,
		Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{Name: geheim, Anschrift: tenant.Anschrift{PLZ: "63450", Ort: "Hanau"}}},
		Felder: []vorgang.Feld{{Name: "einzug", Label: "Einzug am", Wert: "2026-11-01"},
			{Name: "wohnung", Felder: []vorgang.Feld{{Name: "strasse", Wert: "Am Markt"}}}},
		Dateien: []intake.ErfassteDatei{{Name: "scan.pdf", MIME: "application/pdf", Zweck: vorgang.ZweckOriginal, Inhalt: iotest.OneByteReader(bytes.NewReader(scan))}},
	}
}

// eroeffnet says who opened the Vorgang, and when.
func (a *amt) eroeffnet(m tenant.ID, id uuid.UUID) (string, time.Time) {
	a.t.Helper()
	for e, err := range a.store.Journal(a.t.Context(), m, id) {
		require.NoError(a.t, err)
		var who tenant.Akteur
		require.NoError(a.t, json.Unmarshal(e.Akteur, &who))
		return who.ID, e.Zeit.UTC()
	}
	a.t.Fatal("no journal")
	return "", time.Time{}
}

// The Vorgang is received on the day of the paper and entered today, by the clerk;
// the scan is there byte for byte.
func TestErfassen(t *testing.T) {
	eachServer(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		r, err := a.Erfassen(t.Context(), erfassung("B-1"), nil)
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, r.Ausgang)
		require.Equal(t, hanau, r.Mandant)
		require.Empty(t, r.Hinweise)
		require.Nil(t, r.Quittung)

		s := a.vorgaenge(hanau)[0]
		require.Equal(t, datum.MustParse("2026-11-19"), datum.Von(s.Eingang))
		require.Equal(t, "papier", s.Antrag.Kanal)
		require.Equal(t, "hanau/B-1", s.Antrag.Kennung)
		require.Equal(t, datum.MustParse("2026-11-16"), s.Antrag.GestelltAm)
		require.Equal(t, geheim, s.Antrag.Antragsteller.Name)
		require.Equal(t, "63450", s.Antrag.Antragsteller.Anschrift.PLZ)
		require.JSONEq(t, `{"einzug":"2026-11-01","wohnung":{"strasse":"Am Markt"}}`, string(s.Antrag.Daten))
		require.Equal(t, "wohnung", s.Antrag.Felder[1].Label)
		require.EqualValues(t, "064350014014", s.Ort)
		require.Len(t, s.Dateien, 3)
		require.Equal(t, "scan.pdf", s.Dateien[1].Name)
		require.Equal(t, "application/pdf", s.Dateien[1].MIME)
		require.Equal(t, vorgang.ZweckOriginal, s.Dateien[1].Zweck)
		require.Equal(t, scan, a.read(hanau, s.Dateien[1].SHA512, s.Dateien[1].Groesse))
		beleg := string(a.read(hanau, s.Dateien[2].SHA512, s.Dateien[2].Groesse))
		require.JSONEq(t, `{"kanal":"papier","kennung":"B-1","eingang":"2026-11-19","mandant":"hanau","erfasst":"2026-11-23T09:30:00Z","von":"post-1","name":"Erika Mustermann"}`, beleg)

		wer, wann := a.eroeffnet(hanau, r.Vorgang)
		require.Equal(t, "post-1", wer)
		require.Equal(t, jetzt, wann)
	})
}

// At the counter the day is today, if nothing else is said.
func TestErfassenSchalter(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	e := erfassung("S-1")
	e.Kanal, e.Eingang, e.Dateien = intake.KanalSchalter, datum.Datum{}, nil
	e.Akteur.Rollen = []tenant.Rolle{tenant.Sachbearbeitung}
	r, err := a.Erfassen(t.Context(), e, nil)
	require.NoError(t, err)
	require.Empty(t, r.Hinweise)
	require.Equal(t, datum.Von(jetzt), datum.Von(a.vorgaenge(hanau)[0].Eingang))
}

func TestErfassenHinweise(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	e := erfassung("1")
	e.Eingang, e.GestelltAm, e.Dateien = datum.MustParse("2026-10-24"), datum.Datum{}, nil
	for n, want := range map[int][]string{0: {"erfassung.ohne-datei"}, 29: {"erfassung.eingang-alt", "erfassung.ohne-datei"}, -1: {"erfassung.ohne-datei"}} {
		r, err := a.Erfassen(t.Context(), e, &intake.ErfassungOptions{WarnTage: n})
		require.NoError(t, err)
		var got []string
		for _, p := range r.Hinweise {
			got = append(got, p.Code)
		}
		require.Equal(t, want, got, n)
	}
}

// The same entry is one Vorgang, at once and again; another one under its key is refused.
func TestErfassenIdempotent(t *testing.T) {
	eachServer(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		var wg sync.WaitGroup
		results := make([]intake.ErfassungErgebnis, 4)
		for i := range results {
			wg.Go(func() {
				var err error
				if results[i], err = a.Erfassen(t.Context(), erfassung("B-1"), nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.Len(t, a.vorgaenge(hanau), 1)
		for _, r := range results {
			require.Equal(t, results[0].Vorgang, r.Vorgang)
		}
		again := erfassung("B-1")
		again.Akteur.ID = "post-2" // who enters it does not matter
		r, err := a.Erfassen(t.Context(), again, nil)
		require.NoError(t, err)
		require.True(t, r.Bekannt)

		for name, change := range map[string]func(*intake.Erfassung){
			"file":  func(e *intake.Erfassung) { e.Dateien[0].Inhalt = bytes.NewReader(pdf) },
			"field": func(e *intake.Erfassung) { e.Felder[0].Wert = "anders" },
			"day":   func(e *intake.Erfassung) { e.Eingang = e.Eingang.AddTage(1) },
			"less":  func(e *intake.Erfassung) { e.Dateien = nil },
		} {
			e := erfassung("B-1")
			change(&e)
			_, err := a.Erfassen(t.Context(), e, nil)
			require.ErrorIs(t, err, fehler.ErrConflict, name)
			require.Equal(t, "erfassung.kennung-vergeben", fehler.ProblemeIn(err)[0].Code)
		}
		require.Len(t, a.vorgaenge(hanau), 1)
	})
}

// A process that dies halfway has lost nothing: the same entry continues, another
// one under its key does not.
func TestErfassenHalfway(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	a.mandanten.breakAfter(2) // the right and the routing succeed, the Vorgang does not
	_, err := a.Erfassen(t.Context(), erfassung("B-1"), nil)
	require.ErrorIs(t, err, errKaputt)
	a.mandanten.breakAfter(-1)
	other := erfassung("B-1")
	other.Felder[0].Wert = "anders"
	_, err = a.Erfassen(t.Context(), other, nil)
	require.ErrorIs(t, err, fehler.ErrConflict)
	r, err := a.Erfassen(t.Context(), erfassung("B-1"), nil)
	require.NoError(t, err)
	require.Equal(t, intake.Angenommen, r.Ausgang)
	require.Contains(t, string(a.vorgaenge(hanau)[0].Antrag.Daten), "2026-11-01")
}

// What belongs to another Mandant goes there as any delivery; the keys of two
// Mandanten do not meet.
func TestErfassenOtherMandant(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	a.weiche.set(t, kassel, "066")
	e := erfassung("B-1")
	e.Ort = "066110000000"
	r, err := a.Erfassen(t.Context(), e, nil)
	require.NoError(t, err)
	require.Equal(t, kassel, r.Mandant)
	require.Empty(t, a.vorgaenge(hanau))
	s := a.vorgaenge(kassel)[0]
	require.Equal(t, scan, a.read(kassel, s.Dateien[1].SHA512, s.Dateien[1].Groesse))
	wer, _ := a.eroeffnet(kassel, r.Vorgang)
	require.Equal(t, "system:annahme", wer)

	own := erfassung("B-1")
	own.Akteur.Mandant, own.Ort, own.Felder = kassel, "066110000000", nil
	r, err = a.Erfassen(t.Context(), own, nil)
	require.NoError(t, err)
	require.False(t, r.Bekannt)
	require.Len(t, a.vorgaenge(kassel), 2)
}

// Nobody but the Erfassung reads its schema.
func TestErfassungSchemaIsNoDoor(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	l := lieferung("1")
	l.Kanal, l.Schema = "fitconnect", intake.SchemaErfassung
	l.Fachdaten = intake.Bytes(l.Fachdaten.ID, "a.json", "application/json", vorgang.ZweckOriginal, []byte(`{"antragsteller":{"name":"x"}}`))
	r, err := a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, intake.Abgelehnt, r.Ausgang)
	require.Equal(t, "intake.schema-unbekannt", r.Probleme[0].Code)
}

// schlechteErfassung is one bad entry and what it gets.
type schlechteErfassung struct {
	name   string
	change func(*intake.Erfassung)
	kind   error  // nil: it lies in the Klaerfach
	code   string // of the first problem
}

func schlechteErfassungen() []schlechteErfassung {
	feld := func(name, wert string) []vorgang.Feld { return []vorgang.Feld{{Name: name, Wert: wert}} }
	tief := feld("a", "b")
	for range 8 {
		tief = []vorgang.Feld{{Name: "g", Felder: tief}}
	}
	return []schlechteErfassung{
		{"ohne Recht (Rolle Auskunft)", func(e *intake.Erfassung) { e.Akteur.Rollen = []tenant.Rolle{tenant.Auskunft} }, fehler.ErrForbidden, "erfassung.recht"},
		{"Bürgerin statt Personal", func(e *intake.Erfassung) { e.Akteur.Art = tenant.Buerger }, fehler.ErrForbidden, "erfassung.recht"},
		{"Akteur ohne Mandant", func(e *intake.Erfassung) { e.Akteur.Mandant = "" }, fehler.ErrForbidden, "erfassung.recht"},
		{"anderer Kanal", func(e *intake.Erfassung) { e.Kanal = "fitconnect" }, fehler.ErrInvalid, "erfassung.kanal"},
		{"ohne Kennung", func(e *intake.Erfassung) { e.Kennung = "" }, fehler.ErrInvalid, "erfassung.kennung"},
		{"Kennung zu lang", func(e *intake.Erfassung) { e.Kennung = strings.Repeat("x", 201) }, fehler.ErrInvalid, "erfassung.kennung"},
		{"Papier ohne Eingangsdatum", func(e *intake.Erfassung) { e.Eingang = datum.Datum{} }, fehler.ErrInvalid, "erfassung.eingang-fehlt"},
		{"Eingang in der Zukunft", func(e *intake.Erfassung) { e.Eingang = datum.MustParse("2026-11-24") }, fehler.ErrInvalid, "erfassung.eingang-zukunft"},
		{"Antragsdatum in der Zukunft", func(e *intake.Erfassung) { e.GestelltAm = datum.MustParse("2026-11-24") }, fehler.ErrInvalid, "erfassung.gestellt-zukunft"},
		{"ohne Leistung", func(e *intake.Erfassung) { e.Leistung = "" }, fehler.ErrInvalid, "erfassung.leistung-fehlt"},
		{"Leistung ist kein Schlüssel", func(e *intake.Erfassung) { e.Leistung = "Meldung" }, fehler.ErrInvalid, "tenant.leistungsschluessel"},
		{"Ort ist kein ARS", func(e *intake.Erfassung) { e.Ort = "Hanau" }, fehler.ErrInvalid, "tenant.ars"},
		{"ohne Namen der antragstellenden Person", func(e *intake.Erfassung) { e.Antragsteller.Name = "" }, fehler.ErrInvalid, "erfassung.antragsteller-fehlt"},
		{"Feld ohne Namen", func(e *intake.Erfassung) { e.Felder = feld("", "x") }, fehler.ErrInvalid, "erfassung.feld-name"},
		{"Feld doppelt", func(e *intake.Erfassung) { e.Felder = append(feld("x", "1"), feld("x", "2")...) }, fehler.ErrInvalid, "erfassung.feld-doppelt"},
		{"Steuerzeichen im Feld", func(e *intake.Erfassung) { e.Felder = feld("x", "a\x00b") }, fehler.ErrInvalid, "erfassung.zeichen"},
		{"Steuerzeichen in der Anschrift", func(e *intake.Erfassung) { e.Antragsteller.Anschrift.Ort = "Hanau\x00" }, fehler.ErrInvalid, "erfassung.zeichen"},
		{"kein UTF-8 im Namen", func(e *intake.Erfassung) { e.Antragsteller.Name = "M\xfcller" }, fehler.ErrInvalid, "erfassung.zeichen"},
		{"Felder zu tief gegliedert", func(e *intake.Erfassung) { e.Felder = tief }, fehler.ErrInvalid, "erfassung.feld-tiefe"},
		{"Angaben zu groß", func(e *intake.Erfassung) { e.Felder = feld("x", strings.Repeat("x", 5000)) }, fehler.ErrInvalid, "intake.fachdaten-zu-gross"},
		{"leere Datei", func(e *intake.Erfassung) { e.Dateien[0].Inhalt = bytes.NewReader(nil) }, fehler.ErrInvalid, "erfassung.datei-leer"},
		{"Datei zu groß", func(e *intake.Erfassung) { e.Dateien[0].Inhalt = io.MultiReader(bytes.NewReader(pdf), endlos{}) }, fehler.ErrInvalid, "intake.datei-zu-gross"},
		{"alle Dateien zusammen zu groß", func(e *intake.Erfassung) {
			e.Dateien = append(e.Dateien, intake.ErfassteDatei{Name: "2.pdf", Inhalt: bytes.NewReader(scan)}, intake.ErfassteDatei{Name: "3.pdf", Inhalt: bytes.NewReader(scan)})
		}, fehler.ErrInvalid, "intake.gesamt-zu-gross"},
		{"zu viele Dateien", func(e *intake.Erfassung) { e.Dateien = slices.Repeat(e.Dateien, 5) }, fehler.ErrInvalid, "intake.zu-viele-dateien"},
		{"Dateityp nicht zugelassen", func(e *intake.Erfassung) { e.Dateien[0].Inhalt = bytes.NewReader(exe) }, nil, "intake.dateityp"},
		{"unbekannte Leistung", func(e *intake.Erfassung) { e.Leistung = "99006053006000" }, nil, "routing.leistung-unbekannt"},
		{"Ort ohne Zuständigkeit", func(e *intake.Erfassung) { e.Ort = "110000000000" }, nil, "routing.gebiet-unbekannt"},
	}
}

type endlos struct{}

func (endlos) Read(p []byte) (int, error) { return len(p), nil }

// What the clerk can mend keeps nothing; what others must mend lies whole in the Klaerfach.
func TestSchlechteErfassungen(t *testing.T) {
	for _, c := range schlechteErfassungen() {
		t.Run(c.name, func(t *testing.T) {
			a := newAmt(t, memStore(t), &intake.Options{Limits: intake.Limits{Datei: 50_000, Gesamt: 80_000, Fachdaten: 4000, Dateien: 4}})
			e := erfassung("B-1")
			c.change(&e)
			r, err := a.Erfassen(t.Context(), e, nil)
			noPerson(t, r.Ergebnis, err)
			require.Empty(t, a.vorgaenge(hanau))
			if c.kind != nil {
				require.ErrorIs(t, err, c.kind)
				require.Equal(t, c.code, fehler.ProblemeIn(err)[0].Code)
				require.Empty(t, a.eingaenge(), "nothing is kept")
				good, err := a.Erfassen(t.Context(), erfassung("B-1"), nil)
				require.NoError(t, err, "the key is free")
				require.False(t, good.Bekannt)
				return
			}
			require.NoError(t, err)
			require.Equal(t, intake.Klaerung, r.Ausgang)
			require.Equal(t, c.code, r.Probleme[0].Code)
			fall := a.klaerfach()[0]
			require.Equal(t, "post-1", fall.Lieferung.Erfasst.Akteur.ID)
			require.NotEmpty(t, content(t, fall.Lieferung.Dateien[0]))
		})
	}
}

// A case of the Klaerfach becomes a Vorgang of the day of the paper.
func TestErfassungRerun(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	e := erfassung("B-1")
	e.Ort = "110000000000"
	r, err := a.Erfassen(t.Context(), e, nil)
	require.NoError(t, err)
	require.Equal(t, intake.Klaerung, r.Ausgang)
	_, err = a.Rerun(t.Context(), r.Eingang, func(l *intake.Lieferung) { l.Ort = "064350014014" })
	require.NoError(t, err)
	s := a.vorgaenge(hanau)[0]
	require.Equal(t, datum.MustParse("2026-11-19"), datum.Von(s.Eingang))
	require.Equal(t, scan, a.read(hanau, s.Dateien[1].SHA512, s.Dateien[1].Groesse))
}

// A scanner that fails decides nothing.
func TestErfassenBrokenReader(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	e := erfassung("B-1")
	e.Dateien[0].Inhalt = iotest.ErrReader(errKaputt)
	_, err := a.Erfassen(t.Context(), e, nil)
	require.True(t, errors.Is(err, errKaputt))
	require.Empty(t, a.eingaenge())
}

func TestSchlechteErfassungenDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString("## Erfassung am Schalter und von Papier\n\nErzeugt aus den Tests: `go test ./intake -run Docs -update`.\n\n| Eingabe | Ergebnis | Code | Verbleib |\n|---|---|---|---|\n")
	for _, c := range schlechteErfassungen() {
		ergebnis, verbleib := "abgelehnt", "Nichts wird abgelegt; die Kennung bleibt frei, das Papier ist noch da."
		switch {
		case c.kind == nil:
			ergebnis, verbleib = "klaerung", "Die Erfassung liegt ganz im Klärfach und lässt sich nach der Korrektur erneut verarbeiten."
		case errors.Is(c.kind, fehler.ErrForbidden):
			ergebnis, verbleib = "verboten", "Nichts wird gelesen oder abgelegt."
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", c.name, ergebnis, c.code, verbleib)
	}
	fmt.Fprintf(&b, "| Kennung für einen anderen Antrag vergeben | Konflikt | `erfassung.kennung-vergeben` | Der erste Antrag bleibt, wie er ist; der zweite braucht eine neue Kennung. |\n")
	testenv.Abschnitt(t, "schlechte-eingaben.md", "## Erfassung am Schalter und von Papier", b.String(), *update)
}
