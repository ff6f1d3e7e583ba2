package veraktung_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/veraktung"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// transfer is a real transfer directory with a DMS behind it.
type transfer struct {
	*haus
	dms     *dmstest.Empfaenger
	eingang string // where answers wait
}

func newTransfer(t *testing.T, v dmstest.Verhalten) *transfer {
	d := map[string]string{}
	for _, n := range []string{"ausgang", "eingang", "erledigt", "belege", "archiv"} {
		d[n] = filepath.Join(t.TempDir(), n)
		require.NoError(t, os.Mkdir(d[n], 0o700))
	}
	z, err := verzeichnis.New(verzeichnis.Options{
		Name: "e-akte", Kodierer: xdomea.New(xdomea.V310(), nil), Ausgang: d["ausgang"], Eingang: d["eingang"], Erledigt: d["erledigt"], Belege: d["belege"],
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, z.Close()) })
	return &transfer{newHaus(t, z), &dmstest.Empfaenger{
		Eingang: d["ausgang"], Ausgang: d["eingang"], Archiv: d["archiv"], Plan: func(string) dmstest.Verhalten { return v },
	}, d["eingang"]}
}

func (tr *transfer) waiting() int {
	list, err := os.ReadDir(tr.eingang)
	require.NoError(tr, err)
	return len(list)
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		v        dmstest.Verhalten
		want     vorgang.AbgabeZustand
		collect  int // answers taken
		left     int // answers nobody can use
		meldung  string
		mayRetry bool
	}{
		{dmstest.Erfolg, vorgang.Archiviert, 2, 0, "", false},
		{dmstest.Teilweise, vorgang.AbgabeTeilweise, 2, 0, "Format nicht zugelassen", true},
		{dmstest.Ablehnung, vorgang.AbgabeAbgelehnt, 2, 0, "abgelehnt", true},
		{dmstest.Zweimal, vorgang.Archiviert, 4, 0, "", false},
		{dmstest.Spaet, vorgang.AbgabeEmpfangen, 1, 0, "", false},
		{dmstest.Muell, vorgang.AbgabeGesendet, 0, -1, "", false},
		{dmstest.Stumm, vorgang.AbgabeGesendet, 0, 0, "", false},
	} {
		t.Run(string(c.v), func(t *testing.T) {
			tr := newTransfer(t, c.v)
			id := tr.closed()
			tr.drain()
			require.Empty(t, tr.auftrag(id).LetzterFehler)
			require.Equal(t, vorgang.AbgabeGesendet, tr.abgabe(id).Zustand)
			require.Equal(t, "e-akte", tr.abgabe(id).Ziel)
			got, err := tr.dms.Scan(t.Context())
			require.NoError(t, err)
			require.Len(t, got, 1)
			require.Empty(t, got[0].Probleme, "the receiver has nothing to complain about")
			require.Len(t, got[0].Paket.Vorgang.Dokumente, 5, "application, attachment, decision, conversation and history")

			n, err := tr.v.Collect(t.Context(), kiel)
			require.Equal(t, c.collect, n)
			require.Equal(t, c.left != 0, err != nil, "%v", err)
			if c.left == 0 {
				require.Zero(t, tr.waiting(), "all are acknowledged")
			} else {
				require.NotZero(t, tr.waiting(), "what cannot be read stays")
			}
			a := tr.abgabe(id)
			require.Equal(t, c.want, a.Zustand)
			require.Contains(t, strings.Join(a.Meldungen, " "), c.meldung)

			if c.v == dmstest.Spaet {
				require.NoError(t, tr.dms.Release())
				n, err = tr.v.Collect(t.Context(), kiel)
				require.NoError(t, err)
				require.Equal(t, 1, n)
				require.Equal(t, vorgang.Archiviert, tr.abgabe(id).Zustand)
			}
			if c.mayRetry {
				tr.fileAgain(t, id)
			}
			require.NoError(t, tr.VerifyJournal(t.Context(), kiel, id))
		})
	}
}

// After a refusal the Vorgang is filed again, as a new process.
func (tr *transfer) fileAgain(t *testing.T, id uuid.UUID) {
	first := tr.abgabe(id).ProzessID
	tr.dms.Plan = nil
	tr.edit(id, func(v *vorgang.Vorgang) error { return v.FileAgain(kim, tr.now) })
	tr.drain()
	require.NotEqual(t, first, tr.abgabe(id).ProzessID)
	got, err := tr.dms.Scan(t.Context())
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Empty(t, got[0].Probleme)
	_, err = tr.v.Collect(t.Context(), kiel)
	require.NoError(t, err)
	require.Equal(t, vorgang.Archiviert, tr.abgabe(id).Zustand)
}

func TestForeignAnswerStaysAndTheOthersGoOn(t *testing.T) {
	ziel := &dmstest.Speicher{}
	h := newHaus(t, ziel)
	id := h.closed()
	h.drain()
	prozess := h.abgabe(id).ProzessID.String()
	require.NoError(t, ziel.Answer(dms.Antwort{ProzessID: dmstest.ID("fremd"), Art: dms.AntwortImportiert}))
	require.NoError(t, ziel.Answer(dms.Antwort{ProzessID: "keine UUID", Art: dms.AntwortImportiert}))
	require.NoError(t, ziel.Garbage())
	require.NoError(t, ziel.Answer(dms.Antwort{ProzessID: strings.ToUpper(prozess), Art: dms.AntwortImportiert}))
	for range 2 {
		n, err := h.v.Collect(t.Context(), kiel)
		require.ErrorIs(t, err, fehler.ErrNotFound)
		require.ErrorIs(t, err, fehler.ErrInvalid)
		require.LessOrEqual(t, n, 1)
		require.Equal(t, vorgang.Archiviert, h.abgabe(id).Zustand, "a UUID in capitals is the same UUID")
	}
	require.Len(t, unacked(t, ziel), 3)
}

func unacked(t *testing.T, r dms.Rueckmelder) (out []dms.Antwort) {
	for a := range r.Answers(t.Context()) {
		out = append(out, a)
	}
	return out
}

func TestLateReceiptAndContradiction(t *testing.T) {
	ziel := &dmstest.Speicher{}
	h := newHaus(t, ziel)
	id := h.closed()
	h.drain()
	prozess := h.abgabe(id).ProzessID.String()
	answer := func(art dms.Antwortart) (int, error) {
		require.NoError(t, ziel.Answer(dms.Antwort{ProzessID: prozess, Art: art}))
		return h.v.Collect(t.Context(), kiel)
	}
	n, err := answer(dms.AntwortImportiert)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = answer(dms.AntwortEmpfangen)
	require.NoError(t, err, "a late receipt is no error")
	require.Equal(t, 1, n)
	require.Equal(t, vorgang.Archiviert, h.abgabe(id).Zustand)
	n, err = answer(dms.AntwortAbgelehnt)
	require.ErrorIs(t, err, fehler.ErrConflict, "a person must look at it")
	require.Zero(t, n)
	require.Equal(t, vorgang.Archiviert, h.abgabe(id).Zustand)
	require.Len(t, unacked(t, ziel), 1)
}

// The DMS answers before the relay could report the hand-over: the answer waits.
func TestAnswerBeforeTheReport(t *testing.T) {
	ziel := &dmstest.Speicher{}
	h := newHaus(t, ziel)
	id := h.closed()
	a := h.auftrag(id)
	v, err := h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	_, err = h.v.Handle(t.Context(), a.Auftrag, v)
	require.NoError(t, err)
	var d vorgang.AbgebenDaten
	require.NoError(t, a.Decode(&d))
	require.NoError(t, ziel.Answer(dms.Antwort{ProzessID: d.ProzessID.String(), Art: dms.AntwortImportiert}))
	n, err := h.v.Collect(t.Context(), kiel)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	require.Zero(t, n)
	require.Len(t, unacked(t, ziel), 1, "not lost")

	h.drain() // the second try reports
	n, err = h.v.Collect(t.Context(), kiel)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, vorgang.Archiviert, h.abgabe(id).Zustand)
	require.Len(t, ziel.Lieferungen(), 1)
}

// The answer to the first hand-over comes when the second is on its way.
func TestAnswerToSupersededHandOver(t *testing.T) {
	ziel := &dmstest.Speicher{}
	h := newHaus(t, ziel)
	id := h.closed()
	h.drain()
	first := h.abgabe(id).ProzessID
	h.edit(id, func(v *vorgang.Vorgang) error { return v.FileAgain(kim, h.now) })
	h.drain()
	second := h.abgabe(id).ProzessID
	require.NotEqual(t, first, second)
	require.NoError(t, ziel.Answer(dms.Antwort{ProzessID: first.String(), Art: dms.AntwortAbgelehnt}))
	n, err := h.v.Collect(t.Context(), kiel)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, vorgang.AbgabeGesendet, h.abgabe(id).Zustand, "the second hand-over still waits for its own answer")
	require.Empty(t, unacked(t, ziel))
}

// ackZiel looks at the Vorgang when it is told that an answer is stored.
type ackZiel struct {
	*dmstest.Speicher
	onAck func() error
}

func (z *ackZiel) Ack(ctx context.Context, kennung string) error {
	if err := z.onAck(); err != nil {
		return err
	}
	return z.Speicher.Ack(ctx, kennung)
}

func TestAckOnlyAfterRecorded(t *testing.T) {
	z := &ackZiel{Speicher: &dmstest.Speicher{}}
	h := newHaus(t, z)
	id := h.closed()
	h.drain()
	fail := true
	z.onAck = func() error {
		require.Equal(t, vorgang.Archiviert, h.abgabe(id).Zustand)
		if fail {
			return errors.New("share is gone")
		}
		return nil
	}
	require.NoError(t, z.Answer(dms.Antwort{ProzessID: h.abgabe(id).ProzessID.String(), Art: dms.AntwortImportiert}))
	n, err := h.v.Collect(t.Context(), kiel)
	require.ErrorContains(t, err, "share is gone")
	require.Zero(t, n)
	v, err := h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	fail = false
	n, err = h.v.Collect(t.Context(), kiel)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	again, err := h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	require.Equal(t, v.Version(), again.Version(), "recorded once")
	require.Empty(t, unacked(t, z))
}

func TestFailingTargetAndReopened(t *testing.T) {
	ziel := &dmstest.Speicher{}
	down := true
	ziel.Fault = func(string) error {
		if down {
			return fehler.ErrUnavailable
		}
		return nil
	}
	h := newHaus(t, ziel)
	id := h.closed()
	h.drain()
	require.Equal(t, storage.AuftragOffen, h.auftrag(id).Zustand)
	require.Nil(t, h.abgabe(id))
	down = false
	h.edit(id, func(v *vorgang.Vorgang) error { return v.Reopen(deniz, h.now, vorgang.WegenIrrtum, "Nachtrag") }, func(v *vorgang.Vorgang) error {
		_, err := v.Write(deniz, h.now, "Nachtrag", "Wir prüfen Ihren Vorgang erneut.")
		return err
	})
	h.drain()
	require.Equal(t, storage.AuftragErledigt, h.auftrag(id).Zustand, "a reopened Vorgang is not filed")
	require.Empty(t, ziel.Lieferungen())
	require.Nil(t, h.abgabe(id))
	require.NoError(t, h.View(t.Context(), kiel, func(ctx context.Context, tx *storage.Tx) error {
		for a := range tx.Auftraege(ctx, id, storage.AuftragOffen, storage.AuftragGeparkt) {
			require.True(t, a.Termin, "the lapsed order must not hold up the work of the reopened Vorgang: %s", a.Art)
		}
		return nil
	}))
}

func TestAnotherPaketUnderTheProzessIsHopeless(t *testing.T) {
	ziel := &dmstest.Speicher{}
	h := newHaus(t, ziel)
	id := h.closed()
	var d vorgang.AbgebenDaten
	require.NoError(t, h.auftrag(id).Decode(&d))
	other := dmstest.Minimal("anderes")
	other.ProzessID = d.ProzessID.String()
	_, err := ziel.Send(t.Context(), other)
	require.NoError(t, err)
	h.drain()
	require.Equal(t, storage.AuftragGeparkt, h.auftrag(id).Zustand)
	require.Nil(t, h.abgabe(id))
}

func TestWithoutAblage(t *testing.T) {
	h := newHaus(t, nil)
	id := h.closed()
	v, err := h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	for _, m := range []tenant.ID{"anderer", kiel} { // no Ablage, and one without target
		a := h.auftrag(id).Auftrag
		a.Mandant = m
		_, err = h.v.Handle(t.Context(), a, v)
		require.ErrorIs(t, err, fehler.ErrUnsupported)
		_, err = h.v.Collect(t.Context(), m)
		require.ErrorIs(t, err, fehler.ErrUnsupported)
	}
	_, err = veraktung.New(veraktung.Params{}, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// The Vorgang is reopened while the package is on its way: it left the house, so
// the journal says so, and its answer finds it.
func TestReopenedWhileSending(t *testing.T) {
	ziel := &dmstest.Speicher{}
	h := newHaus(t, ziel)
	id := h.closed()
	ziel.Fault = func(string) error {
		ziel.Fault = nil
		h.edit(id, func(v *vorgang.Vorgang) error { return v.Reopen(deniz, h.now, vorgang.WegenIrrtum, "Nachtrag") })
		return nil
	}
	h.drain()
	require.Len(t, ziel.Lieferungen(), 1)
	require.Equal(t, storage.AuftragErledigt, h.auftrag(id).Zustand)
	require.NoError(t, ziel.Answer(dms.Antwort{ProzessID: h.abgabe(id).ProzessID.String(), Art: dms.AntwortImportiert}))
	_, err := h.v.Collect(t.Context(), kiel)
	require.NoError(t, err)
	require.Equal(t, vorgang.Archiviert, h.abgabe(id).Zustand)
	require.NoError(t, h.VerifyJournal(t.Context(), kiel, id))
}
