package betrieb_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// kasse is a service where everybody has paid already.
type kasse struct{}

func (kasse) Name() string { return "kasse" }

func (kasse) Start(_ context.Context, a zahlung.Auftrag) (zahlung.Zahlung, error) {
	return zahlung.Zahlung{ID: a.ID, Weg: "kasse", Transaktion: "t-1", Betrag: a.Betrag, Waehrung: zahlung.EUR, Bezahlt: a.Betrag,
		Zustand: zahlung.Gebucht, Zeit: time.Now().UTC().Truncate(time.Microsecond)}, nil
}

func (k kasse) Query(_ context.Context, z zahlung.Zahlung) (zahlung.Zahlung, error) {
	z.Zustand, z.Bezahlt = zahlung.Gebucht, z.Betrag
	return z, nil
}

// The installation places what a citizen ordered, and books it.
func TestOnlinePayment(t *testing.T) {
	h := newHaus(t)
	h.params.Zahlungsweg = func(_ context.Context, m tenant.ID) (zahlung.Zahlungsweg, error) {
		require.Equal(t, kiel, m)
		return kasse{}, nil
	}
	h.run(t)
	now := time.Now()
	e, err := gebuehr.Beispiele().Rechne(gebuehr.Fall{Land: tenant.LandNW, Entscheidung: datum.Von(now),
		Ansaetze: []gebuehr.Ansatz{{Posten: "stvo45.anordnung", Ermessen: &gebuehr.Ermessen{Betrag: geld.MustBetrag("45.00"), Grund: "Kleine Baustelle."}}}})
	require.NoError(t, err)
	v, err := vorgang.New(tenant.System("test"), now, vorgang.Params{Mandant: kiel, Nummer: "KI-1", Leistung: "99063005001000", Einheit: "gruen",
		Antrag: vorgang.Antrag{Antragsteller: vorgang.Antragsteller{Konto: "konto-1"}}}, h.store.Kontext())
	require.NoError(t, err)
	require.NoError(t, v.Pull(kim, now))
	var g uuid.UUID
	g, err = v.ChargeFee(kim, now, vorgang.Festsetzung{Ergebnis: e, Kassenzeichen: "50001030704", Faellig: datum.Von(now).AddTage(14)})
	require.NoError(t, err)
	citizen := tenant.Akteur{ID: "konto-1", Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}
	_, err = v.OrderPayment(citizen, now, g, "https://portal.example/zurueck")
	require.NoError(t, err)
	require.NoError(t, h.store.Insert(t.Context(), kiel, v))
	h.await(t, func() bool {
		v, err := h.store.Get(t.Context(), kiel, v.ID())
		require.NoError(t, err)
		return v.Stand().Gebuehren[0].Forderung.Stand(datum.Von(now)).Offen == 0
	})
}
