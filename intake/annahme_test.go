package intake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestNewNeedsParams(t *testing.T) {
	_, err := intake.New(intake.Params{}, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// All the delivery says is in the Vorgang, and its bytes lie with the Mandant.
func TestAngenommen(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		l := lieferung("1")
		l.Dateien = append(l.Dateien, anlage(`..\..\Böse:Datei.png`, "application/pdf", png))
		before := l.Dateien[1].Name
		r, err := a.Receive(t.Context(), l)
		require.NoError(t, err)
		require.Equal(t, before, l.Dateien[1].Name, "the caller's Teile are not touched")
		require.Equal(t, intake.Angenommen, r.Ausgang)
		require.False(t, r.Bekannt)
		require.Equal(t, hanau, r.Mandant)
		require.Equal(t, "HU-2026-00001", r.Nummer)

		s := a.vorgaenge(hanau)[0]
		require.Equal(t, r.Vorgang, s.ID)
		require.Equal(t, r.Nummer, s.Nummer)
		require.Equal(t, []string{"33.1/26-1"}, s.Aktenzeichen)
		require.Equal(t, l.Eingang, s.Eingang.UTC())
		require.Equal(t, leistung, s.Leistung)
		require.Equal(t, "Wohnsitzanmeldung", s.LeistungName)
		require.Equal(t, "amt", s.Einheit)
		require.EqualValues(t, "064350014014", s.Ort)
		want := vorgang.Antrag{
			Kanal: "schalter", Kennung: "1", Referenz: "R-1", Onlinedienst: "Dienst", GestelltAm: l.GestelltAm, Schema: schema,
			Antragsteller: vorgang.Antragsteller{Konto: "konto-1", Empfaenger: messaging.Empfaenger{Name: geheim, Adressen: l.Adressen, DigitalerBescheid: l.DigitalerBescheid}},
			Felder:        []vorgang.Feld{feld("name", geheim), feld("ort", "Hanau")}, Daten: s.Antrag.Daten,
		}
		require.Equal(t, want, s.Antrag)
		require.JSONEq(t, `{"name":"`+geheim+`","ort":"Hanau"}`, string(s.Antrag.Daten))
		var got [][3]string
		for _, d := range s.Dateien {
			got = append(got, [3]string{d.Name, d.MIME, string(d.Zweck)})
			require.NotEmpty(t, a.read(hanau, d.SHA512, d.Groesse))
			require.Equal(t, "schalter", d.Herkunft)
			require.NotEqual(t, uuid.Nil, d.ID)
		}
		require.Equal(t, [][3]string{{"form.txt", "text/plain", "original"}, {"Antrag.pdf", "application/pdf", "anlage"},
			{"BöseDatei.png", "image/png", "anlage"}, {"meta.json", "application/json", "nachweis"}}, got)
		require.Equal(t, messaging.Eingangsbestaetigung, s.Nachrichten[0].Nachricht.Art)
		require.Contains(t, s.Nachrichten[0].Nachricht.Text, "am 23.11.2026 bei uns eingegangen")
		require.Contains(t, s.Nachrichten[0].Nachricht.Text, "Ihre Vorgangsnummer ist HU-2026-00001")
		require.NoError(t, store.VerifyJournal(t.Context(), hanau, r.Vorgang))
		require.Equal(t, []vorgang.AuftragArt{vorgang.EingangQuittieren, vorgang.NachrichtSenden}, a.auftraege(hanau, r.Vorgang))

		e := a.eingaenge()
		require.Len(t, e, 1)
		require.Equal(t, "angenommen", e[0].Zustand)
		require.Equal(t, r.Eingang, e[0].ID)
		require.Equal(t, r.Vorgang, e[0].ZielVorgang)
		require.Empty(t, a.vorgaenge(poststelle))
	})
}

func (a *amt) auftraege(m tenant.ID, id uuid.UUID) (out []vorgang.AuftragArt) {
	err := a.store.View(a.t.Context(), m, func(ctx context.Context, tx *storage.Tx) error {
		for x, err := range tx.Auftraege(ctx, id) {
			if err != nil {
				return err
			}
			out = append(out, x.Art)
		}
		return nil
	})
	require.NoError(a.t, err)
	return out
}

// A bare delivery: nobody to tell, a Mandant with defaults only.
func TestBareDelivery(t *testing.T) {
	a := newAmt(t, memStore(t), &intake.Options{Bestaetigung: func(*tenant.Mandant, vorgang.Params) *messaging.Nachricht { return nil }})
	a.weiche.set(t, kassel, "")
	l := lieferung("1")
	l.Quittung, l.Eingang, l.Dateien, l.Nachweise = nil, time.Time{}, nil, nil
	l.Fachdaten.ID = uuid.Nil
	r, err := a.Receive(t.Context(), l)
	require.NoError(t, err)
	require.Equal(t, "2026-0000001", r.Nummer, "the standard scheme")
	require.Empty(t, a.auftraege(kassel, r.Vorgang))
	s := a.vorgaenge(kassel)[0]
	require.Equal(t, jetzt, s.Eingang.UTC())
	require.EqualValues(t, leistung, s.LeistungName, "a service without a name goes by its key")
	require.NotEqual(t, uuid.Nil, s.Dateien[0].ID)
}

// What is decided without a Vorgang lies whole in the register, and the second
// delivery gets the same answer.
func TestDecidedWithoutVorgang(t *testing.T) {
	change := func(f func(*intake.Lieferung)) intake.Lieferung {
		l := lieferung("1")
		f(&l)
		return l
	}
	each(t, func(t *testing.T, store *storage.Store) {
		for i, c := range []struct {
			l       intake.Lieferung
			ausgang intake.Ausgang
			codes   []string
		}{
			{change(func(l *intake.Lieferung) { l.Schema = "urn:other" }), intake.Abgelehnt, []string{"intake.schema-unbekannt"}},
			{change(func(l *intake.Lieferung) { l.Schema = "urn:" + strings.Repeat("ä", 5000) }), intake.Abgelehnt, []string{"intake.schema-unbekannt"}},
			{change(func(l *intake.Lieferung) { l.Fachdaten = anlage("x", "text/plain", []byte(geheim)) }), intake.Abgelehnt, []string{"zeilen.kein-wert"}},
			{change(func(l *intake.Lieferung) { l.Ort = "DE110000000000" }), intake.Klaerung, []string{"routing.gebiet-unbekannt"}},
			{change(func(l *intake.Lieferung) { l.Ort = geheim }), intake.Klaerung, []string{"tenant.ars"}},
			{change(func(l *intake.Lieferung) { l.Leistung = geheim }), intake.Klaerung, []string{"tenant.leistungsschluessel"}},
			{change(func(l *intake.Lieferung) { l.Leistung = "99000000000000" }), intake.Klaerung, []string{"routing.leistung-unbekannt"}},
			{change(func(l *intake.Lieferung) { l.Dateien[0] = anlage("a.pdf", "application/pdf", exe) }), intake.Klaerung, []string{"intake.dateityp"}},
			{change(func(l *intake.Lieferung) {
				l.Dateien[0] = anlage("a.pdf", "application/pdf", exe)
				l.Fachdaten = anlage("x", "text/plain", []byte(geheim))
			}), intake.Abgelehnt, []string{"intake.dateityp", "zeilen.kein-wert"}},
		} {
			c.l.Kennung = fmt.Sprint(i)
			a := newAmt(t, store, nil)
			r, err := a.Receive(t.Context(), c.l)
			require.NoError(t, err)
			noPerson(t, r, err)
			require.Equal(t, c.ausgang, r.Ausgang, c.codes)
			var codes []string
			for _, p := range r.Probleme {
				codes = append(codes, p.Code)
				require.Less(t, len(p.Meldung+p.Hinweis), 1000, "bounded")
			}
			require.Equal(t, c.codes, codes)
			require.Equal(t, uuid.Nil, r.Vorgang)

			again, err := a.Receive(t.Context(), c.l)
			require.NoError(t, err)
			require.True(t, again.Bekannt)
			again.Bekannt = false
			require.Equal(t, r, again)
			require.Empty(t, a.vorgaenge(hanau))
			e := a.eingaenge()
			require.Equal(t, string(c.ausgang), e[len(e)-1].Zustand)
		}
	})
}

// Rules that name what is not set up are a matter for the Klaerfach.
func TestRulesAndRegisterDisagree(t *testing.T) {
	for _, c := range []struct{ mandant, einheit, code string }{
		{"husum", "amt", "routing.mandant-unbekannt"}, {string(hanau), "weg", "routing.einheit-unbekannt"},
	} {
		a := newAmt(t, memStore(t), nil)
		z, err := tenant.NewZustaendigkeiten([]tenant.Zustaendigkeit{{Leistung: leistung, Mandant: tenant.ID(c.mandant), Einheit: c.einheit}})
		require.NoError(t, err)
		a.weiche.z = z
		r, err := a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err)
		require.Equal(t, intake.Klaerung, r.Ausgang)
		require.Equal(t, c.code, r.Probleme[0].Code)
	}
}

// An error decides nothing: nothing is in the register, and the next delivery of
// the same is taken as if it were the first.
func TestErrorDecidesNothing(t *testing.T) {
	open := func(err error) func(context.Context) (io.ReadCloser, error) {
		return func(context.Context) (io.ReadCloser, error) { return nil, err }
	}
	for name, c := range map[string]struct {
		breaks func(a *amt, l *intake.Lieferung)
		want   error
	}{
		"parser":            {func(a *amt, _ *intake.Lieferung) { a.parser.fail(errKaputt) }, errKaputt},
		"parser, no reason": {func(a *amt, _ *intake.Lieferung) { a.parser.fail(fehler.Probleme{}) }, fehler.ErrUnavailable},
		"parser panics":     {func(a *amt, _ *intake.Lieferung) { a.parser.fail(errPanik) }, fehler.ErrUnavailable},
		"form cannot open":  {func(_ *amt, l *intake.Lieferung) { l.Fachdaten.Open = open(errKaputt) }, errKaputt},
		"file cannot open":  {func(_ *amt, l *intake.Lieferung) { l.Dateien[0].Open = open(errKaputt) }, errKaputt},
		"proof cannot open": {func(_ *amt, l *intake.Lieferung) { l.Nachweise[0].Open = open(errKaputt) }, errKaputt},
		"first blob":        {func(a *amt, _ *intake.Lieferung) { a.blobs.breakAfter(0) }, errKaputt},
		"second blob":       {func(a *amt, _ *intake.Lieferung) { a.blobs.breakAfter(1) }, errKaputt},
		"third blob":        {func(a *amt, _ *intake.Lieferung) { a.blobs.breakAfter(2) }, errKaputt},
		"Mandanten":         {func(a *amt, _ *intake.Lieferung) { a.mandanten.breakAfter(0) }, errKaputt},
		"no key":            {func(_ *amt, l *intake.Lieferung) { l.Kennung = "" }, fehler.ErrInvalid},
		"no channel":        {func(_ *amt, l *intake.Lieferung) { l.Kanal = "" }, fehler.ErrInvalid},
		"colon in channel":  {func(_ *amt, l *intake.Lieferung) { l.Kanal = "a:b" }, fehler.ErrInvalid},
		"no form":           {func(_ *amt, l *intake.Lieferung) { l.Fachdaten = intake.Teil{} }, fehler.ErrInvalid},
		"file without Open": {func(_ *amt, l *intake.Lieferung) { l.Dateien[0].Open = nil }, fehler.ErrInvalid},
		"key too long":      {func(_ *amt, l *intake.Lieferung) { l.Kennung = strings.Repeat("k", 1000) }, fehler.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAmt(t, memStore(t), nil)
			l := lieferung("1")
			c.breaks(a, &l)
			r, err := a.Receive(t.Context(), l)
			require.ErrorIs(t, err, c.want)
			require.Nil(t, fehler.ProblemeIn(err), "a technical error is no judgement")
			noPerson(t, r, err)
			require.Empty(t, a.eingaenge())
			require.Empty(t, a.vorgaenge(hanau))

			a.parser.err = nil
			a.blobs.breakAfter(-1)
			a.mandanten.breakAfter(-1)
			r, err = a.Receive(t.Context(), lieferung("1"))
			require.NoError(t, err)
			require.Equal(t, intake.Angenommen, r.Ausgang)
			require.False(t, r.Bekannt)
		})
	}
	a := newAmt(t, memStore(t), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := a.Receive(ctx, lieferung("1"))
	require.ErrorIs(t, err, context.Canceled)
}

// The key decides: whatever comes later under it changes nothing.
func TestSameKey(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		first, err := a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err)
		other := lieferung("1")
		other.Fachdaten = anlage("x", "text/plain", []byte("name=Jemand anders"))
		other.Ort, other.Schema = "DE110000000000", "urn:other"
		a.weiche.set(t, kassel, "")
		for _, l := range []intake.Lieferung{lieferung("1"), other} {
			again, err := a.annahme(nil).Receive(t.Context(), l)
			require.NoError(t, err)
			require.True(t, again.Bekannt)
			again.Bekannt = false
			require.Equal(t, first, again)
		}
		refused, err := a.Refuse(t.Context(), lieferung("1"), problem("kanal.kaputt", "x"))
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, refused.Ausgang, "received whole before; the channel must not reject it")
		require.Len(t, a.vorgaenge(hanau), 1)
		require.Equal(t, geheim, a.vorgaenge(hanau)[0].Antrag.Antragsteller.Name)
		require.Empty(t, a.vorgaenge(kassel))
		require.Len(t, a.eingaenge(), 1)
	})
}

// Eight at once: one delivery is one Vorgang, eight are eight with numbers
// without a gap.
func TestConcurrent(t *testing.T) {
	receive := func(t *testing.T, a *amt, l []intake.Lieferung) []intake.Ergebnis {
		out, errs := make([]intake.Ergebnis, len(l)), make([]error, len(l))
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range l {
			n := a.annahme(nil)
			wg.Go(func() { <-start; out[i], errs[i] = n.Receive(t.Context(), l[i]) })
		}
		close(start)
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		return out
	}
	eachServer(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		same := lieferung("same") // the very same value: the slices are shared
		for _, r := range receive(t, a, slices.Repeat([]intake.Lieferung{same}, 8)) {
			require.Equal(t, "HU-2026-00001", r.Nummer)
		}
		require.Len(t, a.vorgaenge(hanau), 1)
		refused := lieferung("refused")
		refused.Schema = "urn:other"
		for _, r := range receive(t, a, slices.Repeat([]intake.Lieferung{refused}, 8)) {
			require.Equal(t, intake.Abgelehnt, r.Ausgang)
		}
		require.Len(t, a.eingaenge(), 2)

		var l []intake.Lieferung
		for i := range 8 {
			l = append(l, lieferung(fmt.Sprint("n", i)))
		}
		var nummern []string
		for _, r := range receive(t, a, l) {
			nummern = append(nummern, r.Nummer)
		}
		slices.Sort(nummern)
		for i, n := range nummern {
			require.Equal(t, fmt.Sprintf("HU-2026-%05d", i+2), n)
		}
		last := lieferung("last year")
		last.Eingang = time.Date(2025, 12, 31, 22, 59, 0, 0, time.UTC)
		require.Equal(t, "HU-2025-00001", receive(t, a, []intake.Lieferung{last})[0].Nummer, "each year has its own numbers")
		last = lieferung("new year in Berlin")
		last.Eingang = time.Date(2025, 12, 31, 23, 1, 0, 0, time.UTC)
		require.Equal(t, "HU-2026-00010", receive(t, a, []intake.Lieferung{last})[0].Nummer)
	})
}
