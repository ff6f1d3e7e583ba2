package verfahren

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/betrieb"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	relaypruefung "github.com/ozg-fachwerk/fachwerk/storage/relay/pruefung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

func katalog(t *testing.T) *Katalog {
	t.Helper()
	k, err := Load()
	require.NoError(t, err)
	return k
}

func TestLoad(t *testing.T) {
	k := katalog(t)
	require.Len(t, k.Verfahren, 5)
	require.Len(t, k.Mandanten, 4)
	laender := map[tenant.Land]int{}
	for _, m := range k.Mandanten {
		laender[m.Land]++
		require.NotEmpty(t, k.Angebot(&m, datum.MustParse("2026-11-26")), m.ID)
	}
	require.Equal(t, map[tenant.Land]int{"SH": 2, "BY": 2}, laender)
	for _, v := range k.Verfahren {
		require.Equal(t, "antragsteller", v.Felder[0].Name, v.Kurz)
		require.True(t, v.Regelwerk.Freigegeben())
	}
	require.Equal(t, "ort", k.Find("verkehr").Felder[1].Name, "in the order they are written")
	require.Nil(t, k.Find("nichts"))
}

// Every unit that is competent has a clerk, and every authority somebody who releases.
func TestWorkHasPeople(t *testing.T) {
	k := katalog(t)
	for _, z := range k.regeln {
		require.NotEmpty(t, k.wer(z.Mandant, z.Einheit, tenant.Sachbearbeitung).ID, "%s/%s", z.Mandant, z.Einheit)
		require.NotEmpty(t, k.wer(z.Mandant, z.Einheit, tenant.Leitung).ID, "%s/%s", z.Mandant, z.Einheit)
	}
}

// kontrast of two colours, WCAG 2.1.
func kontrast(t *testing.T, a, b string) float64 {
	l := func(f string) (out float64) {
		for i, anteil := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(f[1+2*i:3+2*i], 16, 8)
			require.NoError(t, err)
			c := float64(n) / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			out += anteil * c
		}
		return out + 0.05
	}
	return max(l(a), l(b)) / min(l(a), l(b))
}

func TestDesign(t *testing.T) {
	k := katalog(t)
	require.InDelta(t, 21, kontrast(t, "#000000", "#ffffff"), 0.01)
	require.Less(t, kontrast(t, "#888888", "#ffffff"), 4.5, "the check can fail")
	for _, m := range k.Mandanten {
		g, ok := k.Gestaltung[m.ID]
		require.True(t, ok, m.ID)
		require.GreaterOrEqual(t, kontrast(t, g.Farbe, "#ffffff"), 4.5, m.ID)
		require.GreaterOrEqual(t, kontrast(t, g.Farbe, "#f4f6f8"), 4.5, m.ID)
		require.NoError(t, xml.Unmarshal(g.Logo, new(struct{})), m.ID)
	}
}

// What a form sends comes back as it was.
func TestItemsAndBack(t *testing.T) {
	k := katalog(t)
	ms, err := k.Muster(20, time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	for _, m := range ms {
		require.Equal(t, m.Daten, aus(m.Verfahren.Felder, Items(m.Verfahren.Felder, m.Daten)), m.Konto)
	}
}

// seeded is an installation with the samples, after the machine has done its part.
func seeded(t *testing.T) (*Katalog, *storage.Store) {
	t.Helper()
	k := katalog(t)
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	uhr := func() time.Time { return now }
	store := memory.Open(&storage.Options{Now: uhr, Rechner: frist.New(nil)})
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	blobs, err := blob.OpenDir(t.TempDir(), nil)
	require.NoError(t, err)
	mandanten, err := tenant.NewVerzeichnis(k.Mandanten...)
	require.NoError(t, err)
	e, err := entwurf.New(k.Zuordnungen, &entwurf.Options{Vorlagen: k.Vorlagen})
	require.NoError(t, err)
	regeln := pruefung.NewVerzeichnis(&pruefung.Options{Salz: bytes.Repeat([]byte("muster-salz "), 4)})
	for _, v := range k.Verfahren {
		require.NoError(t, regeln.Add(v.Regelwerk))
	}
	melde := func(id uuid.UUID, err error) { t.Errorf("%s left to a person: %v", id, err) }
	h, err := relaypruefung.New(regeln, &relaypruefung.Options{Now: uhr, Text: e.Text(mandanten, &entwurf.TextOptions{Melde: melde})})
	require.NoError(t, err)
	b, err := betrieb.New(betrieb.Params{Store: store, Blobs: blobs, Mandanten: mandanten, Zustaendigkeiten: k.Zustaendigkeiten, Betreiber: k.Betreiber,
		Parser: k.Parser(), Kanaele: []messaging.Kanal{portal.New(store.Postfach(), &portal.Options{Now: uhr})}, Regeln: regeln,
		Handlers: map[vorgang.AuftragArt]relay.Handler{vorgang.AntragPruefen: k.MitGebuehr(h, uhr)}}, &betrieb.Options{Now: uhr, Intake: intake.Options{Frist: k.Frist(frist.New(nil))}})
	require.NoError(t, err)
	p := SeedParams{Store: store, Annahme: b.Annahme, Entwerfer: e, Now: uhr}
	require.NoError(t, k.Seed(t.Context(), p))
	require.NoError(t, k.Seed(t.Context(), p), "once more changes nothing")
	_, err = b.Relay.Drain(t.Context())
	require.NoError(t, err)
	return k, store
}

func TestSeed(t *testing.T) {
	k, store := seeded(t)
	n, beschieden, automatisch, bezahlbar, fragen, stellungnahmen, gaeste := 0, 0, map[string]int{}, 0, 0, 0, 0
	for _, m := range k.Mandanten {
		for v, err := range store.Vorgaenge(t.Context(), m.ID, storage.PageParams{}) {
			require.NoError(t, err)
			s := v.Stand()
			n++
			require.NotNil(t, s.Bearbeitungsfrist, s.Nummer)
			require.NotEmpty(t, s.Antrag.Antragsteller.Anschrift.Strasse, s.Nummer)
			if s.Status != vorgang.Beschieden { // who was quicker than the machine needs no check
				require.NotNil(t, s.Pruefung, s.Nummer)
			}
			for _, b := range s.Bescheide {
				beschieden++
				if b.Automatisch {
					automatisch[s.LeistungName]++
					require.NotNil(t, b.Dokument, s.Nummer)
					require.Len(t, s.Gebuehren, 1, "charged with the decision")
				}
			}
			bezahlbar += len(v.Oeffentlich(time.Now()).Zahlungen)
			fragen += len(s.Rueckfragen)
			stellungnahmen += len(s.Stellungnahmen)
			gaeste += len(s.Beteiligungen)
			require.NoError(t, store.VerifyJournal(t.Context(), m.ID, s.ID))
		}
	}
	require.Equal(t, 60, n)
	require.NotZero(t, automatisch["Gewerbeanmeldung"])
	require.NotZero(t, automatisch["Bewohnerparkausweis"])
	require.Len(t, automatisch, 2, "a person decides the others: %v", automatisch)
	require.Greater(t, beschieden, automatisch["Gewerbeanmeldung"]+automatisch["Bewohnerparkausweis"])
	for name, x := range map[string]int{"payable": bezahlbar, "questions": fragen, "Stellungnahmen": stellungnahmen, "guests": gaeste} {
		require.NotZero(t, x, name)
	}
	t.Log(fmt.Sprint(automatisch, beschieden, bezahlbar, fragen, stellungnahmen, gaeste))
}

// The packages are read as documentation: ordinary users of the public API, in short files.
func TestExampleIsOrdinary(t *testing.T) {
	var files []string
	for _, dir := range []string{".", "../buerger"} {
		f, err := filepath.Glob(filepath.Join(dir, "*.go"))
		require.NoError(t, err)
		files = append(files, f...)
	}
	require.Greater(t, len(files), 10)
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		require.NotContains(t, string(b), "fachwerk/"+"internal/", f)
		require.Less(t, bytes.Count(b, []byte("\n")), 400, f)
	}
}

func TestMusterAreTheSame(t *testing.T) {
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	a, err := katalog(t).Muster(60, now)
	require.NoError(t, err)
	b, err := katalog(t).Muster(60, now)
	require.NoError(t, err)
	require.Len(t, a, 60)
	for i := range a {
		require.Equal(t, a[i].Daten, b[i].Daten)
		require.Equal(t, a[i].Weg, b[i].Weg)
		require.Equal(t, a[i].Eingang, b[i].Eingang)
	}
}
