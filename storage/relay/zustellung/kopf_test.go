package zustellung_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/bescheid/siegel"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// testSiegel is a seal that vouches for itself.
func testSiegel(t *testing.T) siegel.Siegel {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	tpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Stadt Kiel"}, NotBefore: beginn.AddDate(-1, 0, 0), NotAfter: beginn.AddDate(9, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	s, err := siegel.New(key, cert)
	require.NoError(t, err)
	return s
}

// The letter that leaves the house tells how its fee is paid, looks like its authority and
// carries its seal.
func TestLetterWithFeeAndSeal(t *testing.T) {
	iban, err := ueberweisung.ParseIBAN("DE89 3704 0044 0532 0130 00")
	require.NoError(t, err)
	h := newHaus(t, optionen{})
	h.post.Siegel = testSiegel(t)
	h.post.Konto = func(m *tenant.Mandant) (ueberweisung.Zahlungsdaten, bool) {
		return ueberweisung.Zahlungsdaten{Empfaenger: m.Name, IBAN: iban}, m.ID == kiel
	}
	h.post.Kopf = func(_ context.Context, k *ausfertigung.Kopf, s vorgang.Stand, _ bescheid.Bescheid) error {
		k.Gestaltung.Farbe, k.Verweis = "#0b4f8a", "https://kiel.example/v/"+s.Nummer
		return nil
	}
	h.relay = h.newRelay()
	e, err := gebuehr.Beispiele().Rechne(gebuehr.Fall{Land: tenant.LandNW, Entscheidung: tag("2026-03-02"),
		Ansaetze: []gebuehr.Ansatz{{Posten: "stvo45.anordnung", Ermessen: &gebuehr.Ermessen{Betrag: geld.MustBetrag("45.00"), Grund: "Kleine Baustelle."}}}})
	require.NoError(t, err)
	id := h.vorgang(kiel, "portal")
	h.drain()
	var b uuid.UUID
	h.edit(id, func(v *vorgang.Vorgang) (err error) {
		if err := v.Pull(kim, h.now); err != nil {
			return err
		}
		if b, err = v.Draft(kim, h.now, text(bescheid.Bewilligung, uuid.Nil)); err != nil {
			return err
		}
		if _, err := v.ChargeFee(kim, h.now, vorgang.Festsetzung{Ergebnis: e, Bescheid: b, Kassenzeichen: "50001030704", FaelligTage: 14}); err != nil {
			return err
		}
		if err := v.SubmitDraft(kim, h.now, b); err != nil {
			return err
		}
		return v.ReleaseBescheid(deniz, h.now, b)
	})
	h.drain()
	data := h.datei(kiel, h.bescheid(id, b).Dokument)
	require.Empty(t, pdfcheck.Check(data))
	file := filepath.Join(t.TempDir(), "b.pdf")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	out, err := exec.Command(testenv.Tool(t, "pdftotext", "poppler-utils"), "-layout", file, "-").Output()
	require.NoError(t, err)
	for _, s := range []string{"So zahlen Sie", "DE89 3704 0044 0532 0130 00", "45,00 Euro", "50001030704", "https://kiel.example/v/V-1"} {
		require.Contains(t, string(out), s)
	}
	out, err = exec.Command(testenv.Tool(t, "pdfsig", "poppler-utils"), "-nocert", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "Signature is Valid")

	// A Mandant without an account, and a Bescheid without a fee, print none.
	other := h.vorgang(muenchen, "portal")
	h.decide(muenchen, other)
	h.drain()
	plain := h.datei(muenchen, h.stand(muenchen, other).Bescheide[0].Dokument)
	require.NoError(t, os.WriteFile(file, plain, 0o600))
	out, err = exec.Command(testenv.Tool(t, "pdftotext", "poppler-utils"), file, "-").Output()
	require.NoError(t, err)
	require.NotContains(t, string(out), "So zahlen Sie")
}
