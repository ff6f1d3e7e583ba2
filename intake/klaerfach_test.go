package intake_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func fremderOrt(kennung string) intake.Lieferung {
	l := lieferung(kennung)
	l.Ort = "DE110000000000"
	return l
}

// The Klaerfach is complete, oldest first, and its bytes can be read.
func TestKlaerfach(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		for i := range 3 {
			l := fremderOrt(fmt.Sprint(i))
			l.Eingang = jetzt.Add(-time.Duration(i) * time.Hour)
			_, err := a.Receive(t.Context(), l)
			require.NoError(t, err)
		}
		_, err := a.Receive(t.Context(), lieferung("accepted"))
		require.NoError(t, err)
		fach := a.klaerfach()
		require.Len(t, fach, 3)
		for i, want := range []string{"2", "1", "0"} {
			k := fach[i]
			require.Equal(t, want, k.Lieferung.Kennung)
			require.Equal(t, "routing.gebiet-unbekannt", k.Probleme[0].Code)
			require.Contains(t, string(content(t, k.Lieferung.Fachdaten)), geheim)
			require.Equal(t, pdf, content(t, k.Lieferung.Dateien[0]))
			require.Equal(t, []byte(`{"m":1}`), content(t, k.Lieferung.Nachweise[0]))
		}
		for range a.Klaerfach(t.Context()) {
			break // a caller may stop
		}
	})
}

func TestRerun(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		r, err := a.Receive(t.Context(), fremderOrt("1"))
		require.NoError(t, err)
		before := a.eingaenge()

		erg, err := a.Rerun(t.Context(), r.Eingang, nil)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.Equal(t, "routing.gebiet-unbekannt", erg.Probleme[0].Code, "nothing was mended")
		_, err = a.Rerun(t.Context(), r.Eingang, func(l *intake.Lieferung) { l.Kennung = "2" })
		require.ErrorIs(t, err, fehler.ErrInvalid, "the key must not change")
		_, err = a.Rerun(t.Context(), uuid.New(), nil)
		require.ErrorIs(t, err, fehler.ErrNotFound)
		require.Equal(t, before, a.eingaenge(), "it lies as it lay")

		erg, err = a.Rerun(t.Context(), r.Eingang, func(l *intake.Lieferung) { l.Ort = "064350014014" })
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, erg.Ausgang)
		require.Equal(t, r.Eingang, erg.Eingang)
		require.Empty(t, erg.Probleme)
		require.Empty(t, a.klaerfach())
		s := a.vorgaenge(hanau)[0]
		require.Equal(t, geheim, s.Antrag.Antragsteller.Name)
		require.Equal(t, jetzt.Add(-time.Hour), s.Eingang.UTC(), "the receipt is when it arrived")
		for _, d := range s.Dateien {
			require.NotEmpty(t, a.read(hanau, d.SHA512, d.Groesse))
		}
		require.NotContains(t, a.auftraege(hanau, s.ID), vorgang.EingangQuittieren, "the sender was answered")

		_, err = a.Rerun(t.Context(), r.Eingang, nil)
		require.ErrorIs(t, err, fehler.ErrConflict, "it is not there any more")
		again, err := a.Receive(t.Context(), fremderOrt("1"))
		require.NoError(t, err)
		require.True(t, again.Bekannt)
		require.Equal(t, erg.Vorgang, again.Vorgang)
		require.Len(t, a.vorgaenge(hanau), 1)
	})
}

// Without a fix it helps when the setting was mended.
func TestRerunAfterSetting(t *testing.T) {
	a := newAmt(t, memStore(t), nil)
	byRule, err := a.Receive(t.Context(), fremderOrt("1"))
	require.NoError(t, err)
	l := lieferung("2")
	l.Dateien[0] = anlage("a.pdf", "application/pdf", exe)
	byType, err := a.Receive(t.Context(), l)
	require.NoError(t, err)

	a.weiche.set(t, kassel, "")
	r, err := a.Rerun(t.Context(), byRule.Eingang, nil)
	require.NoError(t, err)
	require.Equal(t, kassel, r.Mandant)

	r, err = a.Rerun(t.Context(), byType.Eingang, nil)
	require.Error(t, err)
	require.Equal(t, "intake.dateityp", r.Probleme[0].Code)
	wide := a.annahme(&intake.Options{Limits: intake.Limits{Typen: []string{"application/octet-stream"}}})
	_, err = wide.Rerun(t.Context(), byType.Eingang, nil)
	require.NoError(t, err, "another setting takes it")
	require.Equal(t, kassel, a.eingaenge()[1].ZielMandant)

	l = lieferung("3")
	l.Dateien = append(l.Dateien, anlage("a.pdf", "application/pdf", exe))
	left, err := a.Receive(t.Context(), l)
	require.NoError(t, err)
	r, err = a.Rerun(t.Context(), left.Eingang, func(l *intake.Lieferung) { l.Dateien = slices.Delete(l.Dateien, 1, 2) })
	require.NoError(t, err, "a person may leave the file out")
	require.Equal(t, intake.Angenommen, r.Ausgang)
}

// A Rerun that stopped halfway is still in the Klaerfach, whole, and the next one
// finishes it where it began: its sender would not offer it again.
func TestRerunStopsHalfway(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		r, err := a.Receive(t.Context(), fremderOrt("1"))
		require.NoError(t, err)
		a.mandanten.breakAfter(1)
		_, err = a.Rerun(t.Context(), r.Eingang, func(l *intake.Lieferung) { l.Ort = "064350014014" })
		require.ErrorIs(t, err, errKaputt)
		a.mandanten.breakAfter(-1)

		fach := a.klaerfach()
		require.Len(t, fach, 1)
		require.NotEmpty(t, fach[0].Probleme)
		require.Contains(t, string(content(t, fach[0].Lieferung.Fachdaten)), geheim)
		again, err := a.Receive(t.Context(), fremderOrt("1"))
		require.NoError(t, err)
		require.Equal(t, intake.Klaerung, again.Ausgang)

		a.weiche.set(t, kassel, "")
		erg, err := a.annahme(nil).Rerun(t.Context(), r.Eingang, func(l *intake.Lieferung) { l.Ort = "066110000000" })
		require.NoError(t, err)
		require.Equal(t, hanau, erg.Mandant)
		require.Empty(t, erg.Probleme)
		require.Len(t, a.vorgaenge(hanau), 1)
		require.Empty(t, a.vorgaenge(kassel))
		require.Empty(t, a.klaerfach())
	})
}

// Two clerks at once: one Vorgang, and the other is told.
func TestRerunTwice(t *testing.T) {
	eachServer(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		r, err := a.Receive(t.Context(), fremderOrt("1"))
		require.NoError(t, err)
		errs := make([]error, 8)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				_, errs[i] = a.Rerun(t.Context(), r.Eingang, func(l *intake.Lieferung) { l.Ort = "064350014014" })
			})
		}
		wg.Wait()
		require.Contains(t, errs, error(nil))
		for _, err := range errs {
			require.True(t, err == nil || errors.Is(err, fehler.ErrConflict), "%v", err)
		}
		require.Len(t, a.vorgaenge(hanau), 1)
		require.Empty(t, a.klaerfach())
	})
}

// What the channel found broken is kept as far as it could be opened.
func TestRefuse(t *testing.T) {
	each(t, func(t *testing.T, store *storage.Store) {
		a := newAmt(t, store, nil)
		l := lieferung("1")
		l.Dateien = append(l.Dateien, intake.Teil{Name: "unlesbar"})
		p := problem("kanal.pruefsumme", "data")
		r, err := a.Refuse(t.Context(), l, p)
		require.NoError(t, err)
		require.Equal(t, intake.Abgelehnt, r.Ausgang)
		require.Equal(t, p, r.Probleme)
		again, err := a.Refuse(t.Context(), l, problem("kanal.anders", "data"))
		require.NoError(t, err)
		require.True(t, again.Bekannt)
		require.Equal(t, p, again.Probleme)
		whole, err := a.Receive(t.Context(), lieferung("1"))
		require.NoError(t, err)
		require.Equal(t, intake.Abgelehnt, whole.Ausgang, "decided is decided")
		require.Empty(t, a.klaerfach())
		_, err = a.Rerun(t.Context(), r.Eingang, nil)
		require.ErrorIs(t, err, fehler.ErrConflict)

		_, err = a.Refuse(t.Context(), intake.Lieferung{Kanal: "schalter", Kennung: "nothing"}, p)
		require.NoError(t, err, "nothing could be opened")
		_, err = a.Refuse(t.Context(), intake.Lieferung{}, p)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		a.blobs.breakAfter(1)
		_, err = a.Refuse(t.Context(), lieferung("2"), p)
		require.ErrorIs(t, err, errKaputt)
		require.Len(t, a.eingaenge(), 2)
	})
}
