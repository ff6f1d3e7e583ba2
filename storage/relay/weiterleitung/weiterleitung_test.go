package weiterleitung_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/relay/weiterleitung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const leistung = "99012070006000"

var (
	beginn  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	eingang = beginn.AddDate(0, 0, -3)
	kiel    = tenant.Akteur{ID: "k", Name: "K", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	luebeck = tenant.Akteur{ID: "l", Name: "L", Art: tenant.Person, Mandant: "luebeck", Rollen: []tenant.Rolle{tenant.Poststelle}}
)

type fall struct {
	*storage.Store
	now    time.Time
	blobs  blob.Store
	relay  *relay.Relay
	quelle *vorgang.Vorgang
}

// neuerFall is an installation with a Vorgang of Kiel and its one file.
func neuerFall(t *testing.T, r weiterleitung.Router, blobs blob.Store) *fall {
	t.Helper()
	f := &fall{now: beginn, blobs: blobs}
	uhr := func() time.Time { return f.now }
	f.Store = memory.Open(&storage.Options{Now: uhr})
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	m, err := tenant.NewVerzeichnis(
		tenant.Mandant{ID: "kiel", Name: "Kiel", Land: tenant.LandSH, Einheiten: []tenant.Organisationseinheit{{ID: "gruen"}}},
		tenant.Mandant{ID: "luebeck", Name: "Lübeck", Land: tenant.LandSH, Vorgangsnummer: "L-{jahr}-{nummer:5}", Aktenzeichen: "67/{jj}-{nummer}", Einheiten: []tenant.Organisationseinheit{{ID: "post"}, {ID: "gruen"}},
			Leistungen: []tenant.Leistung{{Schluessel: leistung, Name: "Baumfällung in Lübeck"}}},
		tenant.Mandant{ID: "leer", Name: "Leer", Land: tenant.LandNI},
	)
	require.NoError(t, err)
	w, err := weiterleitung.New(weiterleitung.Params{Store: f.Store, Blobs: f.blobs, Mandanten: m, Router: r}, &weiterleitung.Options{Now: uhr, Params: func(m *tenant.Mandant, p *vorgang.Params) {
		p.Bestaetigung = &messaging.Nachricht{Betreff: m.Name, Text: "Ihre Vorgangsnummer ist " + p.Nummer}
	}})
	require.NoError(t, err)
	handlers := relay.Termine(uhr)
	handlers[vorgang.WeiterleitungAusfuehren] = w
	handlers[vorgang.NachrichtSenden] = relay.HandlerFunc(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) { return nil, nil })
	f.relay = relay.New(f.Store, handlers, &relay.Options{Now: uhr, MaxVersuche: 2, Pause: func(int) time.Duration { return time.Minute }})

	ref, err := f.blobs.Put(t.Context(), "kiel", bytes.NewReader([]byte("Antrag")))
	require.NoError(t, err)
	f.quelle, err = vorgang.New(tenant.System("test"), f.now, vorgang.Params{
		Mandant: "kiel", Nummer: "K-1", Leistung: leistung, LeistungName: "Baumfällung", Einheit: "gruen", Eingang: eingang, Ort: "010030000000",
		Antrag:  vorgang.Antrag{Kanal: "fitconnect", Kennung: "sub-1", Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{Name: "Erika Mustermann"}}},
		Dateien: []vorgang.Datei{{Anhang: messaging.Anhang{ID: [16]byte{1}, Name: "antrag.pdf", SHA512: ref.SHA512, Groesse: ref.Groesse}, Zweck: vorgang.ZweckOriginal}},
	}, f.Kontext())
	require.NoError(t, err)
	require.NoError(t, f.Insert(t.Context(), "kiel", f.quelle))
	return f
}

// biete offers the Vorgang and gives the Weiterleitung.
func (f *fall) biete(t *testing.T, an vorgang.Stelle, bis time.Time) vorgang.Weiterleitung {
	t.Helper()
	v, err := f.Edit(t.Context(), "kiel", f.quelle.ID(), func(v *vorgang.Vorgang) error {
		_, err := v.RequestWeiterleitung(kiel, f.now, an, "Der Baum steht dort.", bis)
		return err
	})
	require.NoError(t, err)
	return *v.Stand().OffeneWeiterleitung()
}

func (f *fall) entscheide(t *testing.T, w vorgang.Weiterleitung, ja bool) {
	t.Helper()
	// Through the door of the target: it sees the Vorgang of Kiel as a guest.
	v, err := f.Edit(t.Context(), "luebeck", f.quelle.ID(), func(v *vorgang.Vorgang) error {
		return v.DecideWeiterleitung(luebeck, f.now, w.ID, ja, "x")
	})
	require.NoError(t, err)
	f.quelle = v
}

func (f *fall) drain(t *testing.T) {
	t.Helper()
	_, err := f.relay.Drain(t.Context())
	require.NoError(t, err)
}

func (f *fall) ziele(t *testing.T) (out []vorgang.Stand) {
	t.Helper()
	for v, err := range f.Vorgaenge(t.Context(), "luebeck", storage.PageParams{}) {
		require.NoError(t, err)
		out = append(out, v.Stand())
	}
	return out
}

func TestTheTargetGetsEverythingAndOneVorgang(t *testing.T) {
	t.Parallel()
	f := neuerFall(t, nil, blob.NewMemory(nil))
	w := f.biete(t, vorgang.Stelle{Mandant: "luebeck", Einheit: "gruen"}, time.Time{})
	f.drain(t)
	require.Empty(t, f.ziele(t), "nobody said yes")
	f.entscheide(t, w, true)
	f.now = f.now.AddDate(0, 0, 1)
	f.drain(t)

	z := f.ziele(t)
	require.Len(t, z, 1)
	require.Equal(t, f.quelle.Stand().Weiterleitungen[0].Vorgang, z[0].ID)
	require.Equal(t, "L-2026-00001", z[0].Nummer)
	require.Equal(t, []string{"67/26-1"}, z[0].Aktenzeichen)
	require.Equal(t, "Ihre Vorgangsnummer ist L-2026-00001", z[0].Nachrichten[0].Nachricht.Text)
	require.Equal(t, "Baumfällung in Lübeck", z[0].LeistungName)
	require.Equal(t, "gruen", z[0].Einheit)
	require.Equal(t, eingang, z[0].Eingang, "periods run from the first receipt")
	require.Equal(t, "Erika Mustermann", z[0].Antrag.Antragsteller.Name)
	require.Equal(t, []vorgang.Verknuepfung{{Art: vorgang.SetztFort, Vorgang: f.quelle.ID(), Nummer: "K-1"}}, z[0].Verknuepfungen)
	r, err := f.blobs.Open(t.Context(), "luebeck", blob.Ref{SHA512: z[0].Dateien[0].SHA512, Groesse: z[0].Dateien[0].Groesse})
	require.NoError(t, err)
	b, err := io.ReadAll(r)
	require.NoError(t, errors.Join(err, r.Close()))
	require.Equal(t, "Antrag", string(b))

	alt, err := f.Get(t.Context(), "kiel", f.quelle.ID())
	require.NoError(t, err)
	require.Equal(t, vorgang.Abgeschlossen, alt.Status())
	require.Equal(t, "L-2026-00001", alt.Stand().Weiterleitungen[0].Nummer)
	_, err = f.Get(t.Context(), "luebeck", f.quelle.ID())
	require.ErrorIs(t, err, fehler.ErrNotFound, "the share is over")
}

// zeigt is a Router with one answer.
type zeigt struct {
	ziel tenant.Ziel
	err  error
}

func (z zeigt) Route(tenant.Leistungsschluessel, tenant.ARS, datum.Datum) (tenant.Ziel, error) {
	return z.ziel, z.err
}

func TestTheEinheitIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		r    weiterleitung.Router
		want string
	}{
		"by the rules":             {zeigt{ziel: tenant.Ziel{Mandant: "luebeck", Einheit: "gruen"}}, "gruen"},
		"the rules lead elsewhere": {zeigt{ziel: tenant.Ziel{Mandant: "kiel", Einheit: "gruen"}}, "post"},
		"no rule":                  {zeigt{err: fehler.ErrNotFound}, "post"},
		"no rules":                 {nil, "post"},
	} {
		f := neuerFall(t, c.r, blob.NewMemory(nil))
		f.entscheide(t, f.biete(t, vorgang.Stelle{Mandant: "luebeck"}, time.Time{}), true)
		f.drain(t)
		require.Equal(t, c.want, f.ziele(t)[0].Einheit, name)
	}
	// One that does not exist cannot be healed by waiting: it is parked, and visible.
	f := neuerFall(t, nil, blob.NewMemory(nil))
	f.entscheide(t, f.biete(t, vorgang.Stelle{Mandant: "luebeck", Einheit: "gibtsnicht"}, time.Time{}), true)
	f.drain(t)
	require.Empty(t, f.ziele(t))
	geparkt := 0
	for e, err := range f.Journal(t.Context(), "kiel", f.quelle.ID()) {
		require.NoError(t, err)
		if e.Code == "auftrag.geparkt" {
			geparkt++
		}
	}
	require.Equal(t, 1, geparkt)
}

// launisch fails when it stores, as often as told, after it has stored.
type launisch struct {
	*blob.Memory
	n int
}

func (l *launisch) Put(ctx context.Context, m tenant.ID, r io.Reader) (blob.Ref, error) {
	ref, err := l.Memory.Put(ctx, m, r)
	if err == nil && m == "luebeck" && l.n > 0 {
		l.n--
		return blob.Ref{}, errors.New("connection lost")
	}
	return ref, err
}

func TestAFailureOnTheWayLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	f := neuerFall(t, nil, &launisch{Memory: blob.NewMemory(nil), n: 1})
	f.entscheide(t, f.biete(t, vorgang.Stelle{Mandant: "luebeck"}, time.Time{}), true)
	f.drain(t)
	require.Empty(t, f.ziele(t))
	alt, err := f.Get(t.Context(), "kiel", f.quelle.ID())
	require.NoError(t, err)
	require.NotEqual(t, vorgang.Abgeschlossen, alt.Status(), "not closed before the target has it")
	f.now = f.now.Add(2 * time.Minute)
	f.drain(t)
	require.Len(t, f.ziele(t), 1)
	alt, err = f.Get(t.Context(), "kiel", f.quelle.ID())
	require.NoError(t, err)
	require.Equal(t, vorgang.Abgeschlossen, alt.Status())
}

func TestRefusedOrTooLate(t *testing.T) {
	t.Parallel()
	f := neuerFall(t, nil, blob.NewMemory(nil))
	f.entscheide(t, f.biete(t, vorgang.Stelle{Mandant: "luebeck"}, time.Time{}), false)
	f.biete(t, vorgang.Stelle{Mandant: "luebeck"}, f.now.Add(time.Hour))
	f.drain(t)
	f.now = f.now.Add(2 * time.Hour)
	f.drain(t)
	v, err := f.Get(t.Context(), "kiel", f.quelle.ID())
	require.NoError(t, err)
	s := v.Stand()
	require.Equal(t, vorgang.WeiterleitungAbgelehnt, s.Weiterleitungen[0].Zustand)
	require.Equal(t, vorgang.WeiterleitungAbgelaufen, s.Weiterleitungen[1].Zustand)
	require.Equal(t, vorgang.Neu, s.Status)
	require.Empty(t, f.ziele(t))
}

func TestNewNeedsItsParts(t *testing.T) {
	t.Parallel()
	_, err := weiterleitung.New(weiterleitung.Params{}, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}
