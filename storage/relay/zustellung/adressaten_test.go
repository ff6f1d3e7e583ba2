package zustellung_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung/ueberweisung"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// pdfText is what the letter says, in one line.
func pdfText(t *testing.T, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "b.pdf")
	require.NoError(t, os.WriteFile(file, data, 0o600))
	out, err := exec.Command(testenv.Tool(t, "pdftotext", "poppler-utils"), "-raw", file, "-").Output()
	require.NoError(t, err)
	out2, err := exec.Command(testenv.Tool(t, "qpdf", "qpdf"), "--check", file).CombinedOutput()
	require.NoError(t, err, "%s", out2)
	fonts, err := exec.Command(testenv.Tool(t, "pdffonts", "poppler-utils"), file).Output()
	require.NoError(t, err)
	for _, l := range strings.Split(strings.TrimSpace(string(fonts)), "\n")[2:] {
		require.Contains(t, l, "yes yes yes", "embedded, a subset, with Unicode: %s", l)
	}
	return strings.Join(strings.Fields(string(out)), " ")
}

var (
	eins, zwei = uuid.UUID{1}, uuid.UUID{2}
	personen   = map[uuid.UUID]messaging.Empfaenger{
		eins: {Name: "Ada Voß", Anschrift: tenant.Anschrift{Strasse: "Holtenauer Straße", Hausnummer: "1", PLZ: "24105", Ort: "Kiel"}},
		zwei: {Name: "Bo Ærø", Anschrift: tenant.Anschrift{Strasse: "Feldweg", Hausnummer: "7", PLZ: "24999", Ort: "Wees"}},
	}
)

func anZwei(i bescheid.Inhalt) bescheid.Inhalt {
	for _, id := range []uuid.UUID{eins, zwei} {
		e := personen[id]
		e.Adressen = []messaging.Adresse{{Kanal: "brief", Kennung: id.String()}}
		i.Adressaten = append(i.Adressaten, bescheid.Adressat{ID: id, Empfaenger: e})
	}
	return i
}

// Each addressee gets a letter with their own address and salutation and the same text;
// none shows another one or the applicant, and how to pay is told to who owes.
func TestEachAddresseeHasAnAusfertigung(t *testing.T) {
	iban, err := ueberweisung.ParseIBAN("DE89 3704 0044 0532 0130 00")
	require.NoError(t, err)
	for name, o := range map[string]optionen{"memory": {brief: post}, "sqlite": {brief: post, sqlite: true}} {
		t.Run(name, func(t *testing.T) {
			h := newHaus(t, o)
			h.post.Konto = func(m *tenant.Mandant) (ueberweisung.Zahlungsdaten, bool) {
				return ueberweisung.Zahlungsdaten{Empfaenger: m.Name, IBAN: iban}, true
			}
			h.post.Zahlungslink = func(m tenant.ID, v, g uuid.UUID) string { return "https://zahlen.example/" + g.String()[:8] }
			gefragt := map[uuid.UUID]string{}
			h.post.Kopf = func(_ context.Context, k *ausfertigung.Kopf, _ vorgang.Stand, _ bescheid.Bescheid) error {
				gefragt[k.Adressat] = k.Empfaenger.Name
				return nil
			}
			h.relay = h.newRelay()
			id := h.vorgang(kiel, "portal")
			h.drain()
			var b uuid.UUID
			h.edit(id, func(v *vorgang.Vorgang) (err error) {
				if err := v.Pull(kim, h.now); err != nil {
					return err
				}
				if b, err = v.Draft(kim, h.now, anZwei(text(bescheid.Bewilligung, uuid.Nil))); err != nil {
					return err
				}
				f := vorgang.Festsetzung{Ergebnis: ergebnis45(t), Bescheid: b, Kassenzeichen: "50001030704", FaelligTage: 14}
				_, err = v.ChargeFee(kim, h.now, f)
				require.Equal(t, "gebuehr.schuldner", fehler.ProblemeIn(err)[0].Code, "which of the two?")
				f.Schuldner = uuid.UUID{9}
				_, err = v.ChargeFee(kim, h.now, f)
				require.Equal(t, "gebuehr.schuldner", fehler.ProblemeIn(err)[0].Code, "neither")
				f.Schuldner = zwei
				if _, err = v.ChargeFee(kim, h.now, f); err != nil {
					return err
				}
				if err := v.SubmitDraft(kim, h.now, b); err != nil {
					return err
				}
				return v.ReleaseBescheid(deniz, h.now, b)
			})
			x := h.bescheid(id, b)
			require.Len(t, x.Ausfertigungen, 2)
			require.Equal(t, map[uuid.UUID]string{eins: "Ada Voß", zwei: "Bo Ærø"}, gefragt)
			require.Equal(t, x.Pruefsumme, x.Inhalt.Pruefsumme())
			for adressat, anderer := range map[uuid.UUID]uuid.UUID{eins: zwei, zwei: eins} {
				d := x.Ausfertigung(adressat)
				z := x.Massgeblich(adressat)
				require.Equal(t, d.ID, z.Dokument, "the attempt names what went out")
				datei, ok := h.stand(kiel, id).Datei(d.ID)
				require.True(t, ok)
				require.Equal(t, *d, datei.Anhang)
				require.Equal(t, "Bescheid-V-1.pdf", d.Name, "the name tells of no other")
				data := h.datei(kiel, d)
				require.Empty(t, pdfcheck.Check(data))
				got := pdfText(t, data)
				e, f := personen[adressat], personen[anderer]
				require.Contains(t, got, e.Name+" "+strings.Join(e.Anschrift.Zeilen(), " "))
				require.Contains(t, got, "Guten Tag "+e.Name+",")
				require.Contains(t, got, "Es wird entschieden.")
				for _, fremd := range []string{f.Name, f.Anschrift.PLZ, "Łukasik"} {
					require.NotContains(t, got, fremd)
				}
				require.Equal(t, adressat == zwei, strings.Contains(got, "So zahlen Sie"))
				require.Equal(t, adressat == zwei, strings.Contains(got, "https://zahlen.example/"))
			}
			briefe := map[string][]messaging.Anhang{}
			for _, c := range h.brief.calls {
				briefe[c.Adresse.Kennung] = c.Nachricht.Anhaenge
			}
			require.Equal(t, []messaging.Anhang{*x.Ausfertigung(eins)}, briefe[eins.String()])
			require.Equal(t, []messaging.Anhang{*x.Ausfertigung(zwei)}, briefe[zwei.String()])
			require.Empty(t, vorgang.Restore(h.stand(kiel, id), h.Kontext()).Oeffentlich(h.now).Zahlungen, "the applicant owes nothing")
			require.Len(t, h.postfach(kiel), 1, "and gets the confirmation only")
			require.Nil(t, x.Ausfertigung(uuid.Nil))

			// The reminder goes to who owes, by their own way.
			vorher := len(h.brief.calls)
			h.now = h.now.AddDate(0, 2, 0)
			h.edit(id, func(v *vorgang.Vorgang) error {
				return v.RemindFee(kim, h.now, v.Stand().Gebuehren[0].ID, zahlung.Mahntabelle{{Stufe: 1, Tage: 3, Zahlungsfrist: 10}})
			})
			require.Len(t, h.brief.calls, vorher+1)
			mahnung := h.brief.calls[vorher]
			require.Equal(t, "Bo Ærø", mahnung.Empfaenger.Name)
			require.Equal(t, zwei.String(), mahnung.Adresse.Kennung)
			require.Contains(t, mahnung.Nachricht.Text, "45,00 €")
			require.NotContains(t, mahnung.Nachricht.Text, "Łukasik")
			require.Len(t, h.postfach(kiel), 1, "the applicant hears nothing of it")

			// The negative control: what the applicant's letter would show is found if it is there.
			other := h.vorgang(muenchen, "portal")
			h.decide(muenchen, other)
			h.drain()
			require.Contains(t, pdfText(t, h.datei(muenchen, h.stand(muenchen, other).Bescheide[0].Dokument)), "Łukasik")

			// A handler that takes the wrong document is stopped.
			_, err := h.Edit(t.Context(), kiel, id, func(v *vorgang.Vorgang) error {
				z := x.Massgeblich(zwei).Clone()
				z.ID = uuid.UUID{42}
				return v.RecordVersand(system, h.now, vorgang.Versand{Bescheid: b, Zustellung: &z, Quittung: messaging.Quittung{Kanal: "brief", Zeit: h.now},
					Nachricht: messaging.Nachricht{Anhaenge: []messaging.Anhang{*x.Ausfertigung(eins)}}})
			})
			require.Equal(t, "bescheid.fremde-ausfertigung", fehler.ProblemeIn(err)[0].Code)
			_, err = h.Edit(t.Context(), kiel, id, func(v *vorgang.Vorgang) error {
				return v.RecordAusfertigung(system, h.now, b, uuid.UUID{9}, vorgang.Datei{Anhang: messaging.Anhang{ID: uuid.UUID{43}}})
			})
			require.Equal(t, "zustellung.adressat", fehler.ProblemeIn(err)[0].Code)
		})
	}
}

func ergebnis45(t *testing.T) gebuehr.Ergebnis {
	t.Helper()
	e, err := gebuehr.Beispiele().Rechne(gebuehr.Fall{Land: tenant.LandNW, Entscheidung: tag("2026-03-02"),
		Ansaetze: []gebuehr.Ansatz{{Posten: "stvo45.anordnung", Ermessen: &gebuehr.Ermessen{Betrag: geld.MustBetrag("45.00"), Grund: "Kleine Baustelle."}}}})
	require.NoError(t, err)
	return e
}

// One document was ordered, or made, before each addressee had one: those that are missing
// are made, and the one with the applicant's address stays in the house.
func TestAddresseesFromBefore(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "portal")
	h.drain()
	i := anZwei(text(bescheid.Bewilligung, uuid.Nil))
	b := uuid.UUID{5}
	s := h.stand(kiel, id)
	s.Status = vorgang.Beschieden
	freigegeben := bescheid.Bescheid{ID: b, Zustand: bescheid.Freigegeben, Inhalt: i, Pruefsumme: i.Pruefsumme(), Zeichner: "Deniz Aydın", FreigegebenAm: h.now}
	s.Bescheide = []bescheid.Bescheid{freigegeben}
	a := storage.Auftrag{Auftrag: vorgang.Auftrag{ID: uuid.UUID{6}, Art: vorgang.BescheidAusfertigen, Mandant: kiel, Vorgang: id, Daten: []byte(`{"bescheid":"` + b.String() + `"}`)}}
	v := vorgang.Restore(s, h.Kontext())
	report, err := h.handlers()[a.Art].Handle(t.Context(), a.Auftrag, v)
	require.NoError(t, err)
	require.NoError(t, report(v))
	require.NoError(t, report(v), "a second report changes nothing")
	x := v.Stand().Bescheide[0]
	require.Len(t, x.Ausfertigungen, 2)
	require.NotEqual(t, x.Ausfertigungen[0].Dokument.ID, x.Ausfertigungen[1].Dokument.ID)
	require.NotEqual(t, x.Ausfertigungen[0].Dokument.SHA512, x.Ausfertigungen[1].Dokument.SHA512)

	alt := messaging.Anhang{ID: uuid.UUID{7}, Name: "Bescheid.pdf", SHA512: "alt"}
	freigegeben.Dokument = &alt
	s.Bescheide = []bescheid.Bescheid{freigegeben}
	v = vorgang.Restore(s, h.Kontext())
	a.Art, a.Daten = vorgang.BescheidSenden, []byte(`{"bescheid":"`+b.String()+`","adressat":"`+zwei.String()+`"}`)
	report, err = h.handlers()[a.Art].Handle(t.Context(), a.Auftrag, v)
	require.NoError(t, err)
	require.NoError(t, report(v))
	x = v.Stand().Bescheide[0]
	gesandt := h.brief.calls[len(h.brief.calls)-1].Nachricht.Anhaenge
	require.Equal(t, []messaging.Anhang{*x.Ausfertigung(zwei)}, gesandt)
	require.NotEqual(t, alt.ID, gesandt[0].ID)
	require.Contains(t, pdfText(t, h.datei(kiel, &gesandt[0])), "Guten Tag Bo Ærø,")
	require.Equal(t, gesandt[0].ID, x.Massgeblich(zwei).Dokument)
	require.Nil(t, x.Ausfertigung(eins))
}
