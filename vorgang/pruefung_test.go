package vorgang_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestAutomaticDecisionHasItsGates(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	entscheide := func(f *fall, i bescheid.Inhalt) []fehler.Problem {
		t.Helper()
		_, err := f.v.DecideAutomatically(relay, f.now(), i)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		return fehler.ProblemeIn(err)
	}
	require.Equal(t, "automatik.kein-standardfall", entscheide(f, inhalt())[0].Code)
	fremd := protokoll(vorgang.PruefungStandardfall)
	fremd.Leistung = "99000000000001"
	require.Equal(t, "pruefung.regelwerk", codeVon(t, f.v.RecordPruefung(relay, f.now(), fremd)))
	require.Equal(t, "pruefung.ausgang", codeVon(t, f.v.RecordPruefung(relay, f.now(), protokoll("gut"))))
	f.do(f.v.RecordPruefung(relay, f.now(), protokoll(vorgang.PruefungPerson)))
	require.Equal(t, "automatik.kein-standardfall", entscheide(f, inhalt())[0].Code)
	f.do(f.v.RecordPruefung(relay, f.now(), protokoll(vorgang.PruefungStandardfall)))
	nein := inhalt()
	nein.Art = bescheid.Ablehnung
	require.Equal(t, "automatik.nur-bewilligung", entscheide(f, nein)[0].Code)
	ohne := inhalt()
	ohne.Begruendung = nil
	require.NotEmpty(t, entscheide(f, ohne), "an incomplete text")
	_, err := f.v.DecideAutomatically(leitung, f.now(), inhalt())
	require.ErrorIs(t, err, fehler.ErrForbidden, "a person decides as a person")
	f.get(f.v.Note(sb, f.now(), "Achtung"))
	require.Equal(t, "automatik.ueberholt", entscheide(f, inhalt())[0].Code)

	kopie := vorgang.Verknuepfung{Art: vorgang.DubletteVon, Vorgang: uuid.UUID{7}}
	f.do(f.v.Link(sb, f.now(), kopie))
	f.do(f.v.RecordPruefung(relay, f.now(), protokoll(vorgang.PruefungStandardfall)))
	require.Equal(t, "automatik.dublette", entscheide(f, inhalt())[0].Code)
	f.do(f.v.Unlink(sb, f.now(), kopie))
	f.do(f.v.RecordPruefung(relay, f.now(), protokoll(vorgang.PruefungStandardfall)))
	b := f.get(f.v.DecideAutomatically(relay, f.now(), inhalt()))
	s := f.v.Stand()
	require.Equal(t, vorgang.Beschieden, s.Status)
	require.Equal(t, b, s.Bescheide[0].ID)
	require.True(t, s.Bescheide[0].Automatisch)
	require.Equal(t, vorgang.BescheidAusfertigen, f.orders[len(f.orders)-1].Art)
	f.check()
	require.Empty(t, vierAugenVerletzt(f.journal))
	require.ErrorIs(t, f.v.Undo(sb, f.now(), f.last()), fehler.ErrUnsupported)

	// Negative control: a release without a standard case before it is seen.
	s.Status, s.Pruefung = vorgang.Neu, &vorgang.Pruefung{Seq: s.Journal.Seq, Ausgang: vorgang.PruefungStandardfall}
	v := vorgang.Restore(s, fest())
	_, err = v.DecideAutomatically(relay, f.now(), inhalt())
	require.NoError(t, err)
	require.Len(t, vierAugenVerletzt(append(f.journal, v.Neu()...)), 1)
}
