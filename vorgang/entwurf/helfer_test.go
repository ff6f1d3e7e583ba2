package entwurf_test

import (
	"encoding/json"
	"flag"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var update = flag.Bool("update", false, "write the sections of docs anew")

var (
	heute = datum.MustParse("2026-11-25")
	stadt = tenant.Mandant{
		ID: "musterstadt", Name: "Stadt Musterstadt", Land: tenant.LandSH, ARS: "010020000000",
		Anschrift: tenant.Anschrift{Strasse: "Rathausplatz", Hausnummer: "1", PLZ: "24103", Ort: "Musterstadt"},
		Einheiten: []tenant.Organisationseinheit{{ID: "amt", Name: "Grünflächenamt"}},
	}
	kim = tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: stadt.ID, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
)

const (
	baumSchema = "https://fachwerk.example/schema/baumfaellung-1.json"
	baumDaten  = `{"antragsteller":{"anrede":"frau","nachname":"Muster"},"grundstueck":"Große Ziegelstraße 12 in Musterstadt","grund":"gefahr",` +
		`"baeume":[{"art":"Rotbuche","umfang":142,"standort":"an der Einfahrt"},{"art":"Bergahorn","umfang":95.5,"standort":"im hinteren Garten"}]}`
	baumLeistung tenant.Leistungsschluessel = "99012070006000"
)

// antrag is a Vorgang with one application.
func antrag(t testing.TB, l tenant.Leistungsschluessel, schema, daten string) vorgang.Stand {
	t.Helper()
	jetzt := datum.MustParse("2026-11-03").Beginn().Add(9 * time.Hour)
	v, err := vorgang.New(tenant.System("test"), jetzt, vorgang.Params{
		Mandant: stadt.ID, Nummer: "MU-2026-000017", Leistung: l, LeistungName: "Probe", Einheit: "amt",
		Antrag: vorgang.Antrag{
			GestelltAm: datum.MustParse("2026-11-02"), Schema: schema, Daten: json.RawMessage(daten),
			Antragsteller: vorgang.Antragsteller{Konto: "konto-1", Empfaenger: messaging.Empfaenger{Name: "Alex Muster"}},
		},
	}, vorgang.Kontext{NewID: func() uuid.UUID { return uuid.MustParse("01950000-0000-7000-8000-000000000001") }})
	require.NoError(t, err)
	return v.Stand()
}

func entwerfer(t testing.TB, z *entwurf.Zuordnungen) *entwurf.Entwerfer {
	t.Helper()
	e, err := entwurf.New(z, &entwurf.Options{Gericht: func(*tenant.Mandant) (string, string) {
		return "dem Verwaltungsgericht Musterstadt", "Gerichtsplatz 1, 24103 Musterstadt"
	}})
	require.NoError(t, err)
	return e
}

func angaben() vorlage.Daten {
	return vorlage.Daten{
		"gueltig_bis": "2027-12-31", "grund": "gefahr", "feststellung": "Die Stämme sind hohl.", "abwaegung": "Die Gefahr wiegt schwerer.",
	}
}

func params(t testing.TB) entwurf.Params {
	return entwurf.Params{
		Vorlage: "baumfaellung-bewilligung", Stand: antrag(t, baumLeistung, baumSchema, baumDaten), Mandant: &stadt, Tag: heute, Angaben: angaben(),
	}
}

func sortiert[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
