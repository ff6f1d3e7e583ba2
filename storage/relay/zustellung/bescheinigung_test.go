package zustellung_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// A certificate of a Genehmigungsfiktion is a document: with the words it was issued with,
// sealed, delivered as a file of the letter; a second try makes the same.
func TestCertificateOfTheFiktion(t *testing.T) {
	for name, o := range map[string]optionen{"memory": {}, "sqlite": {sqlite: true}} {
		t.Run(name, func(t *testing.T) {
			h := newHaus(t, o)
			h.am("2026-01-14")
			id := h.vorgang(kiel, "portal")
			h.am("2026-04-15")
			fall := frist.GenehmigungsfiktionFall{Behoerde: frist.Behoerde{Ort: frist.Ort{Land: tenant.LandSH}}, Vollstaendig: tag("2026-01-14")}
			var c frist.Fiktionsbescheinigung
			_, err := h.Edit(t.Context(), kiel, id, func(v *vorgang.Vorgang) (err error) {
				if err := v.Pull(kim, h.now); err != nil {
					return err
				}
				if err := v.RecordFiktion(kim, h.now, vorgang.Fiktionseintritt{Fall: fall, Anordnung: "§ 6 Beispielgesetz", Gegenstand: "Sondernutzung des Marktplatzes vom 01.06. bis 30.06.2026"}); err != nil {
					return err
				}
				c, err = v.IssueBescheinigung(kim, h.now, vorgang.Bescheinigung{Stelle: "Stadt Kiel, Grünflächenamt", Verlangt: tag("2026-04-15")})
				return err
			})
			require.NoError(t, err)
			v, err := h.Get(t.Context(), kiel, id)
			require.NoError(t, err)
			a := h.offen(kiel, id)[0]
			require.Equal(t, vorgang.BescheinigungAusfertigen, a.Art)
			report, err := h.handlers()[a.Art].Handle(t.Context(), a.Auftrag, v) // and the relay dies
			require.NoError(t, err)
			require.NoError(t, report(v))
			erste := v.Stand().Dateien[len(v.Stand().Dateien)-1]
			require.Equal(t, "Bescheinigung-V-1.pdf", erste.Name)

			h.now = h.now.Add(time.Hour)
			h.drain()
			s := h.stand(kiel, id)
			u := s.Fiktion.Urkunden[0]
			datei, ok := s.Datei(u.Datei)
			require.True(t, ok)
			require.Equal(t, erste.Anhang, datei.Anhang, "the same bytes under the same id")
			require.Equal(t, vorgang.ZweckSchreiben, datei.Zweck)
			box := h.postfach(kiel)
			require.Equal(t, []messaging.Anhang{datei.Anhang}, box[len(box)-1].Nachricht.Anhaenge)
			require.Equal(t, u.ID, box[len(box)-1].Nachricht.ID)
			data := h.datei(kiel, &datei.Anhang)
			require.Empty(t, pdfcheck.Check(data))
			got := pdfText(t, data)
			for _, satz := range c.Saetze {
				require.Contains(t, got, satz)
			}
			require.Contains(t, got, "Guten Tag Gülşen Łukasik,")
			require.Contains(t, got, "Kim Petersen")
			require.Contains(t, got, "Kiel, 15.04.2026")
			require.NoError(t, h.VerifyJournal(t.Context(), kiel, id))
			require.Empty(t, h.offen(kiel, id))
			if dir := os.Getenv("ZUSTELLUNG_PDF"); dir != "" { // to look at it
				require.NoError(t, os.WriteFile(filepath.Join(dir, "bescheinigung.pdf"), data, 0o600))
			}

			// One that was not issued is not made.
			a.Daten = []byte(`{"nachricht":"` + uuid.UUID{9}.String() + `"}`)
			_, err = h.handlers()[a.Art].Handle(t.Context(), a.Auftrag, v)
			require.ErrorIs(t, err, fehler.ErrInvalid)
		})
	}
}

// With a seal the certificate carries it.
func TestCertificateIsSealed(t *testing.T) {
	h := newHaus(t, optionen{})
	h.post.Siegel = testSiegel(t)
	h.relay = h.newRelay()
	id := h.vorgang(kiel, "portal")
	s := h.stand(kiel, id)
	u := vorgang.Urkunde{ID: uuid.UUID{1}, Saetze: []string{"Es wird bescheinigt."}, Am: h.now}
	s.Fiktion = &vorgang.Fiktion{Urkunden: []vorgang.Urkunde{u}}
	v := vorgang.Restore(s, h.Kontext())
	a := vorgang.Auftrag{ID: uuid.UUID{2}, Art: vorgang.BescheinigungAusfertigen, Mandant: kiel, Vorgang: id, Daten: []byte(`{"nachricht":"` + u.ID.String() + `"}`)}
	report, err := h.handlers()[a.Art].Handle(t.Context(), a, v)
	require.NoError(t, err)
	require.NoError(t, report(v))
	d, ok := v.Stand().Datei(a.ID)
	require.True(t, ok)
	data := h.datei(kiel, &d.Anhang)
	require.Empty(t, pdfcheck.Check(data))
	require.Contains(t, string(data), "/ETSI.CAdES.detached")
}
