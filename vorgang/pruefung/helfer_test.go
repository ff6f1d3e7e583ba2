package pruefung_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

var (
	salz     = bytes.Repeat([]byte{7}, pruefung.MinSalz)
	stichtag = datum.MustParse("2026-06-15")
	freigabe = tenant.Akteur{ID: "akteur-freigabe", Art: tenant.Person, Rollen: []tenant.Rolle{tenant.Leitung}}
)

const gut = `{"halter":{"geburtsdatum":"1980-02-29","ars":"010599999999"},
	"hund":{"rasse":"Dackel","geburtsdatum":"2025-01-31","haltungsbeginn":"2026-06-10","chipnummer":"276000000000001","versicherung":"vorhanden"}}`

func werke() map[string]pruefung.Nachschlagen {
	return map[string]pruefung.Nachschlagen{
		"rasse_gelistet": func(_ context.Context, a []any) (any, error) { return a[0] == "Bandog", nil },
		"chip_vergeben": func(_ context.Context, a []any) (any, error) {
			if a[0] == "276000000000999" {
				return nil, errors.New("register down: secret detail")
			}
			return a[0] == "276000000000666", nil
		},
	}
}

func optionen() *pruefung.Options { return &pruefung.Options{Salz: salz, Nachschlagen: werke()} }

// entwurf is the example as its author wrote it.
func entwurf(t testing.TB) pruefung.Angaben {
	t.Helper()
	b, err := os.ReadFile("testdata/hund.json")
	require.NoError(t, err)
	w, err := pruefung.Load(bytes.NewReader(b))
	require.NoError(t, err)
	return w.Angaben()
}

// klein is a small Regelwerk with one rule, without sample.
func klein(ausdruck string) pruefung.Angaben {
	return pruefung.Angaben{
		ID: "Klein", Fassung: 1, Titel: "Klein", Leistung: "99000000000002", Von: datum.MustParse("2026-01-01"), Rechtsgrundlage: "Mustersatzung",
		Autor:     pruefung.Zeichnung{Akteur: "akteur-autor", Am: datum.MustParse("2025-12-01")},
		Automatik: &pruefung.Automatik{Norm: "§ 9 Mustersatzung", KeinErmessen: true, KeinBeurteilungsspielraum: true},
		Schema:    json.RawMessage(`{"type":"object"}`),
		Regeln: []pruefung.Regel{{ID: "R1", Text: "Regel", Norm: "§ 1 Mustersatzung", Ausdruck: ausdruck,
			Falsch: pruefung.Folge{Art: pruefung.AnPerson, Text: "Bitte ansehen."}}},
	}
}

func frei(t testing.TB, a pruefung.Angaben) *pruefung.Regelwerk {
	t.Helper()
	w, err := pruefung.New(a)
	require.NoError(t, err)
	w, err = w.Release(freigabe, datum.MustParse("2025-12-20"))
	require.NoError(t, err)
	return w
}

func pruefer(t testing.TB, a pruefung.Angaben, o *pruefung.Options) *pruefung.Pruefer {
	t.Helper()
	p, err := pruefung.Compile(frei(t, a), o)
	require.NoError(t, err)
	return p
}

func ohneStichprobe(a pruefung.Angaben) pruefung.Angaben {
	a.Automatik.Stichprobe = 0
	return a
}

func laden(t testing.TB, b []byte) *pruefung.Regelwerk {
	t.Helper()
	w, err := pruefung.Load(bytes.NewReader(b))
	require.NoError(t, err)
	return w
}
