package vorgang_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestUebergabe(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Accept(sb, f.now()))
	bis := f.v.Stand().Journal.Seq
	id := f.get(f.v.OrderUebergabe(sb, f.now(), "gewerbe"))
	a := f.orders[len(f.orders)-1]
	require.Equal(t, vorgang.UebergabeAusfuehren, a.Art)
	var d vorgang.UebergabeDaten
	require.NoError(t, a.Decode(&d))
	require.Equal(t, id, d.Uebergabe)
	u, ok := f.v.Stand().Uebergabe(id)
	require.True(t, ok)
	require.Equal(t, bis, u.Bis)

	// One at a time per target; another target is another matter.
	_, err := f.v.OrderUebergabe(sb, f.now(), "gewerbe")
	require.ErrorIs(t, err, fehler.ErrExists)
	require.Equal(t, "uebergabe.laeuft", fehler.ProblemeIn(err)[0].Code)
	f.get(f.v.OrderUebergabe(sb, f.now(), "kasse"))

	// The report may be faster than the receipt.
	m := vorgang.UebergabeMeldung{Ereignis: "e-1", Pruefsumme: "aa", Art: "stand", Zustand: vorgang.UebergabeAngenommen}
	melde := func(m vorgang.UebergabeMeldung) bool {
		neu, err := f.v.RecordUebergabeMeldung(relay, f.now(), id, m)
		f.do(err)
		return neu
	}
	require.True(t, melde(m))
	require.False(t, melde(m), "the same report changes nothing")
	f.do(f.v.RecordUebergabe(relay, f.now(), id, "D-17"))
	n := f.v.Stand().Journal.Seq
	f.do(f.v.RecordUebergabe(relay, f.now(), id, "D-18"))
	f.do(f.v.RecordUebergabeFehler(relay, f.now(), id, []string{"zu spät"}))
	require.Equal(t, n, f.v.Stand().Journal.Seq, "what was taken did not fail")
	u, _ = f.v.Stand().Uebergabe(id)
	require.Equal(t, vorgang.UebergabeAngenommen, u.Zustand)
	require.Equal(t, "D-17", u.Kennung)

	m.Pruefsumme = "bb"
	_, err = f.v.RecordUebergabeMeldung(relay, f.now(), id, m)
	require.ErrorIs(t, err, fehler.ErrConflict)
	for _, schlecht := range []vorgang.UebergabeMeldung{
		{Ereignis: "e-2", Pruefsumme: "x", Zustand: vorgang.UebergabeGescheitert}, {Ereignis: "e-2", Pruefsumme: "x", Zustand: "geist"},
		{Pruefsumme: "x"}, {Ereignis: "e-2"}, {Ereignis: strings.Repeat("e", 201), Pruefsumme: "x"},
	} {
		_, err = f.v.RecordUebergabeMeldung(relay, f.now(), id, schlecht)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	_, err = f.v.RecordUebergabeMeldung(relay, f.now(), uuid.UUID{7}, m)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	_, err = f.v.RecordUebergabeMeldung(sb, f.now(), id, m)
	require.ErrorIs(t, err, fehler.ErrForbidden, "only the machine reports")

	require.True(t, melde(vorgang.UebergabeMeldung{Ereignis: "e-3", Pruefsumme: "x", Art: "stand", Zustand: vorgang.UebergabeAbgelehnt, Hinweis: "nicht zuständig"}))
	require.True(t, melde(vorgang.UebergabeMeldung{Ereignis: "e-4", Pruefsumme: "x", Art: "stand", Zustand: vorgang.UebergabeErledigt}))
	u, _ = f.v.Stand().Uebergabe(id)
	require.Equal(t, vorgang.UebergabeAbgelehnt, u.Zustand, "what ended keeps its state")
	require.Equal(t, []string{"nicht zuständig"}, u.Hinweise)
	f.get(f.v.OrderUebergabe(sb, f.now(), "gewerbe"))
	f.check()
}

func TestUebergabeFails(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Accept(sb, f.now()))
	_, err := f.v.OrderUebergabe(sb, f.now(), " ")
	require.ErrorIs(t, err, fehler.ErrInvalid)
	id := f.get(f.v.OrderUebergabe(sb, f.now(), "gewerbe"))
	require.ErrorIs(t, f.v.RecordUebergabeFehler(relay, f.now(), id, nil), fehler.ErrInvalid)
	f.do(f.v.RecordUebergabeFehler(relay, f.now(), id, []string{"Das Fachverfahren kennt die Leistung nicht."}))
	u, _ := f.v.Stand().Uebergabe(id)
	require.Equal(t, vorgang.UebergabeGescheitert, u.Zustand)
	f.do(f.v.RecordUebergabe(relay, f.now(), id, "zu spät"))
	u, _ = f.v.Stand().Uebergabe(id)
	require.Equal(t, vorgang.UebergabeGescheitert, u.Zustand)

	// A parked one that is given up no longer blocks the next.
	zweite := f.get(f.v.OrderUebergabe(sb, f.now(), "gewerbe"))
	dritte := f.get(f.v.OrderUebergabe(sb, f.now(), "kasse"))
	f.do(f.v.GiveUp(leitung, f.now(), uuid.UUID{1}, vorgang.NachrichtSenden, "anderes"))
	u, _ = f.v.Stand().Uebergabe(zweite)
	require.Equal(t, vorgang.UebergabeAngeordnet, u.Zustand)
	f.do(f.v.GiveUp(leitung, f.now(), uuid.UUID{1}, vorgang.UebergabeAusfuehren, "abgeschaltet"))
	u, _ = f.v.Stand().Uebergabe(zweite)
	require.Equal(t, vorgang.UebergabeGescheitert, u.Zustand)
	u, _ = f.v.Stand().Uebergabe(dritte)
	require.Equal(t, vorgang.UebergabeAngeordnet, u.Zustand)

	for i := 0; ; i++ {
		_, err := f.v.OrderUebergabe(sb, f.now(), fmt.Sprint("ziel", i))
		if len(f.v.Stand().Uebergaben) == vorgang.MaxUebergaben && err != nil {
			require.Equal(t, "uebergabe.zu-viele", fehler.ProblemeIn(err)[0].Code)
			break
		}
		require.NoError(t, err)
	}
}

func TestUebergabeIsFinal(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Accept(sb, f.now()))
	f.get(f.v.OrderUebergabe(sb, f.now(), "gewerbe"))
	err := f.v.Undo(sb, f.now(), f.last())
	require.ErrorIs(t, err, fehler.ErrUnsupported)
	require.Equal(t, "undo.endgueltig", fehler.ProblemeIn(err)[0].Code)
	require.Contains(t, fehler.ProblemeIn(err)[0].Hinweis, "verlassen")
}

func TestCodesAndData(t *testing.T) {
	t.Parallel()
	for _, c := range vorgang.Codes() {
		require.NotNil(t, vorgang.NewData(c), c)
	}
	require.Nil(t, vorgang.NewData("geist"))
}
