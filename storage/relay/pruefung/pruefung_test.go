package pruefung_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	handler "github.com/ozg-fachwerk/fachwerk/storage/relay/pruefung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

const (
	standard = `{"halter": {"geburtsdatum": "1980-05-01", "ars": "010599999999"},
		"hund": {"rasse": "Dackel", "geburtsdatum": "2025-01-31", "haltungsbeginn": "2026-06-10", "chipnummer": "276000000000001", "versicherung": "vorhanden"}}`
	lueckenhaft = `{"halter": {"geburtsdatum": "1980-05-01"}, "hund": {"rasse": "Dackel", "geburtsdatum": "2025-01-31", "haltungsbeginn": "2026-06-10"}}`
)

var (
	leitung = tenant.Akteur{ID: "leitung", Name: "L", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Leitung}}
	sb      = tenant.Akteur{ID: "sb", Name: "S", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	jetzt   = datum.MustParse("2026-06-15").Beginn().Add(9 * time.Hour)
)

// regeln is the directory with the example of package pruefung.
func regeln(t *testing.T) *pruefung.Verzeichnis {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testenv.Root(t), "vorgang", "pruefung", "testdata", "hund.json"))
	require.NoError(t, err)
	w, err := pruefung.Load(bytes.NewReader(b))
	require.NoError(t, err)
	w, err = w.Release(leitung, datum.MustParse("2025-12-01"))
	require.NoError(t, err)
	v := pruefung.NewVerzeichnis(&pruefung.Options{
		Salz: bytes.Repeat([]byte{1}, pruefung.MinSalz),
		Nachschlagen: map[string]pruefung.Nachschlagen{
			"rasse_gelistet": func(context.Context, []any) (any, error) { return false, nil },
			"chip_vergeben":  func(context.Context, []any) (any, error) { return false, nil },
		},
	})
	require.NoError(t, v.Add(w))
	return v
}

func text(vorgang.Stand, vorgang.Pruefprotokoll) (bescheid.Inhalt, bool) {
	return bescheid.Inhalt{
		Art: bescheid.Bewilligung, Betreff: "Anmeldung Ihres Hundes", Tenor: []string{"Der Hund ist angemeldet."},
		Begruendung: []string{"Alle Voraussetzungen liegen vor."}, Rechtsbehelfsbelehrung: "Gegen diesen Bescheid …", Verfahren: "ao",
	}, true
}

// fall is a Vorgang that was checked, with its journal.
type fall struct {
	*storage.Store
	id uuid.UUID
}

func geprueft(t *testing.T, v *pruefung.Verzeichnis, o handler.Options, daten string, vorher ...func(*vorgang.Vorgang) error) fall {
	t.Helper()
	uhr := func() time.Time { return jetzt }
	s := memory.Open(&storage.Options{Now: uhr})
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	o.Now = uhr
	h, err := handler.New(v, &o)
	require.NoError(t, err)
	n, err := vorgang.New(tenant.System("test"), jetzt, vorgang.Params{
		Mandant: "kiel", Nummer: "1", Leistung: "99000000000001", Einheit: "steuern", Antrag: vorgang.Antrag{Daten: []byte(daten)}, Pruefen: true,
	}, s.Kontext())
	require.NoError(t, err)
	require.NoError(t, s.Insert(t.Context(), "kiel", n))
	for _, f := range vorher {
		_, err := s.Edit(t.Context(), "kiel", n.ID(), f)
		require.NoError(t, err)
	}
	still := relay.HandlerFunc(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) { return nil, nil })
	r := relay.New(s, map[vorgang.AuftragArt]relay.Handler{vorgang.AntragPruefen: h, vorgang.BescheidAusfertigen: still}, &relay.Options{Now: uhr})
	_, err = r.Drain(t.Context())
	require.NoError(t, err)
	return fall{s, n.ID()}
}

func (f fall) stand(t *testing.T) vorgang.Stand {
	t.Helper()
	v, err := f.Get(t.Context(), "kiel", f.id)
	require.NoError(t, err)
	return v.Stand()
}

func TestStandardCaseIsDecided(t *testing.T) {
	t.Parallel()
	v := regeln(t)
	f := geprueft(t, v, handler.Options{Text: text}, standard)
	s := f.stand(t)
	require.Equal(t, vorgang.PruefungStandardfall, s.Pruefung.Ausgang)
	require.Equal(t, vorgang.Beschieden, s.Status)
	require.True(t, s.Bescheide[0].Automatisch)
	require.Empty(t, s.Bescheide[0].Zeichner)
	require.NoError(t, f.VerifyJournal(t.Context(), "kiel", f.id))

	// The record in the journal repeats bit for bit.
	for e, err := range f.Journal(t.Context(), "kiel", f.id) {
		require.NoError(t, err)
		if d, _ := e.Data(); e.Code == "pruefung.durchgefuehrt" {
			p := d.(*vorgang.Geprueft).Protokoll
			want, err := pruefung.Marshal(p)
			require.NoError(t, err)
			got, err := v.Replay(t.Context(), p, s.Antrag.Daten)
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
		}
	}
}

func TestEverythingElseWaitsForAPerson(t *testing.T) {
	t.Parallel()
	aus := regeln(t)
	_, err := aus.SwitchOff(leitung, pruefung.Abschalten{ID: "Hundeanmeldung", Am: datum.MustParse("2026-06-01"), Grund: "falsch"})
	require.NoError(t, err)
	leer := pruefung.NewVerzeichnis(nil)
	for name, c := range map[string]struct {
		v       *pruefung.Verzeichnis
		o       handler.Options
		daten   string
		vorher  func(*vorgang.Vorgang) error
		ausgang vorgang.Pruefausgang // empty: nothing was checked
	}{
		"items are missing": {regeln(t), handler.Options{Text: text}, lueckenhaft, nil, vorgang.PruefungUnvollstaendig},
		"switched off":      {aus, handler.Options{Text: text}, standard, nil, vorgang.PruefungPerson},
		"no text":           {regeln(t), handler.Options{}, standard, nil, vorgang.PruefungStandardfall},
		"the text says no": {regeln(t), handler.Options{Text: func(vorgang.Stand, vorgang.Pruefprotokoll) (bescheid.Inhalt, bool) { return bescheid.Inhalt{}, false }},
			standard, nil, vorgang.PruefungStandardfall},
		"a refusal": {regeln(t), handler.Options{Text: func(s vorgang.Stand, p vorgang.Pruefprotokoll) (bescheid.Inhalt, bool) {
			i, _ := text(s, p)
			i.Art = bescheid.Ablehnung
			return i, true
		}}, standard, nil, vorgang.PruefungStandardfall},
		"somebody has it": {regeln(t), handler.Options{Text: text}, standard, func(v *vorgang.Vorgang) error { return v.Assign(sb, jetzt, "sb", "S") }, vorgang.PruefungStandardfall},
		"withdrawn": {regeln(t), handler.Options{Text: text}, standard, func(v *vorgang.Vorgang) error {
			return v.WithdrawAntrag(tenant.System("portal"), jetzt, "")
		}, vorgang.PruefungStandardfall},
		"no rules":  {leer, handler.Options{Text: text}, standard, nil, ""},
		"discarded": {regeln(t), handler.Options{Text: text}, standard, func(v *vorgang.Vorgang) error { return v.Discard(sb, jetzt, "Spam") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var vorher []func(*vorgang.Vorgang) error
			if c.vorher != nil {
				vorher = append(vorher, c.vorher)
			}
			s := geprueft(t, c.v, c.o, c.daten, vorher...).stand(t)
			require.NotEqual(t, vorgang.Beschieden, s.Status)
			require.Empty(t, s.Bescheide)
			if c.ausgang == "" {
				require.Nil(t, s.Pruefung)
				return
			}
			require.Equal(t, c.ausgang, s.Pruefung.Ausgang)
			require.Equal(t, c.ausgang == vorgang.PruefungUnvollstaendig, len(s.Pruefung.Nachforderungen) > 0)
		})
	}
	_, err = handler.New(nil, nil)
	require.True(t, errors.Is(err, fehler.ErrInvalid))
}
