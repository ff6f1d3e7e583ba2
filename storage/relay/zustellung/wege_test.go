package zustellung_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf/pdfcheck"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/relay/zustellung"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var post = messaging.Faehigkeiten{Bescheid: true, Papier: true, Bekanntgabe: "post"}

func TestThroughThePortal(t *testing.T) {
	for name, o := range map[string]optionen{"memory": {}, "sqlite": {sqlite: true}} {
		t.Run(name, func(t *testing.T) {
			h := newHaus(t, o)
			id := h.vorgang(kiel, "portal")
			h.drain()
			s := h.stand(kiel, id)
			require.Len(t, s.Nachrichten[0].Quittungen, 1)
			require.Equal(t, messaging.Bereitgestellt, s.Nachrichten[0].Quittungen[0].Zustand)
			require.Equal(t, "Kanal portal ist angegeben und geeignet.", s.Nachrichten[0].Gruende)
			require.Equal(t, "Stadt Kiel, Grünflächenamt", h.postfach(kiel)[0].Absender)

			h.decide(kiel, id)
			h.drain()
			b := h.stand(kiel, id).Bescheide[0]
			require.Equal(t, bescheid.Versandt, b.Zustand)
			require.Empty(t, pdfcheck.Check(h.datei(kiel, b.Dokument)))
			require.Equal(t, "Bescheid-V-1.pdf", b.Dokument.Name)
			box := h.postfach(kiel)
			require.Len(t, box, 2)
			require.Equal(t, messaging.BescheidArt, box[1].Nachricht.Art)
			require.Equal(t, []messaging.Anhang{*b.Dokument}, box[1].Nachricht.Anhaenge)
			require.Contains(t, box[1].Nachricht.Text, "Über Ihren Antrag „Baumfällgenehmigung“ ist entschieden.")
			require.Empty(t, h.postfach(muenchen), "nothing for another Mandant")
			require.NoError(t, h.VerifyJournal(t.Context(), kiel, id))
		})
	}
}

// Expected dates by Land and Kanal; the law behind them is tested in bescheid.
func TestBekanntgabeByKanalAndLand(t *testing.T) {
	for _, c := range []struct {
		mandant  tenant.ID
		kanal    string
		regel    string
		unsicher bool
	}{
		{kiel, "brief", "BG-SH-POST-4", false},
		{kiel, "portal", "BG-SH-POSTFACH", true},
		{muenchen, "brief", "BG-BY-POST-4", true},
		{muenchen, "portal", "BG-BY-PORTAL", true},
	} {
		h := newHaus(t, optionen{brief: post})
		id := h.vorgang(c.mandant, c.kanal)
		h.decide(c.mandant, id)
		h.drain()
		b := h.stand(c.mandant, id).Bescheide[0]
		require.NotNil(t, b.Bekanntgabe, "%+v", c)
		require.Equal(t, "2026-03-06", b.Bekanntgabe.Tag.String())
		require.Equal(t, "2026-04-07", b.Bekanntgabe.FristEnde.String(), "6 April is Easter Monday")
		require.Equal(t, c.regel, b.Bekanntgabe.Regeln[0])
		require.Equal(t, c.unsicher, b.Bekanntgabe.Unsicher)
		require.Equal(t, c.kanal, b.Versand.Kanal)
	}
}

// The day of the Quittung counts in Europe/Berlin: 22:30 UTC in summer is the next day.
func TestDayOfDeliveryIsLocal(t *testing.T) {
	h := newHaus(t, optionen{brief: post})
	h.now = time.Date(2026, 7, 6, 22, 30, 0, 0, time.UTC)
	id := h.vorgang(kiel, "brief")
	h.decide(kiel, id)
	h.drain()
	require.Equal(t, "2026-07-11", h.stand(kiel, id).Bescheide[0].Bekanntgabe.Tag.String(), "four days after 7 July; a Saturday counts in Schleswig-Holstein")
}

func TestFailingChannelIsTriedAgain(t *testing.T) {
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	tries := 0
	h.brief.before = func() error {
		if tries++; tries < 3 {
			return fehler.New("brief.Deliver", "", fehler.ErrUnavailable, errors.New("printer is off"))
		}
		return nil
	}
	for range 3 {
		require.Empty(t, h.stand(kiel, id).Nachrichten[0].Quittungen)
		h.drain()
		h.now = h.now.Add(time.Minute)
	}
	require.Len(t, h.stand(kiel, id).Nachrichten[0].Quittungen, 1)
	require.Len(t, h.brief.inbox, 1)
}

// The Kanal delivered but its answer got lost: the second try is the same Sendung,
// so the citizen gets one letter, and the period runs from the first.
func TestDeliveredButNotReported(t *testing.T) {
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	h.drain()
	h.decide(kiel, id)
	lost := true
	h.brief.after = func() error {
		if lost {
			return errors.New("connection reset")
		}
		return nil
	}
	h.drain()
	require.Nil(t, h.stand(kiel, id).Bescheide[0].Versand)
	lost = false
	h.now = h.now.Add(48 * time.Hour)
	h.drain()
	b := h.stand(kiel, id).Bescheide[0]
	require.NotNil(t, b.Versand)
	require.Equal(t, beginn, b.Versand.Zeit)
	require.Equal(t, "2026-03-06", b.Bekanntgabe.Tag.String())
	require.Len(t, h.brief.inbox, 2, "the Eingangsbestaetigung and one Bescheid")
	n := len(h.brief.calls)
	require.Equal(t, h.brief.calls[n-2].ID, h.brief.calls[n-1].ID)
	require.Equal(t, h.brief.calls[n-2].Nachricht, h.brief.calls[n-1].Nachricht)
	require.Equal(t, h.datei(kiel, b.Dokument), h.brief.files[0], "the channel could read the document")
}

func TestNoChannelParks(t *testing.T) {
	h := newHaus(t, optionen{})
	id := h.vorgang(kiel, "brieftaube")
	h.drain()
	a := h.offen(kiel, id)
	require.Len(t, a, 1)
	require.Equal(t, storage.AuftragGeparkt, a[0].Zustand)
	require.Contains(t, a[0].LetzterFehler, "messaging.kein-kanal")
	require.Contains(t, a[0].LetzterFehler, "Kanal brieftaube ist hier nicht eingerichtet.")
	var last vorgang.Code
	for e, err := range h.Journal(t.Context(), kiel, id) {
		require.NoError(t, err)
		last = e.Code
	}
	require.Equal(t, vorgang.Code("auftrag.geparkt"), last)
}

// A way the law does not know must be found out before the letter
// is on it: nobody could call it back.
func TestNoDateNoDelivery(t *testing.T) {
	for name, f := range map[string]messaging.Faehigkeiten{
		"no legal way":      {Bescheid: true},
		"unknown legal way": {Bescheid: true, Bekanntgabe: "brieftaube"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHaus(t, optionen{brief: f})
			id := h.vorgang(kiel, "brief")
			h.drain()
			h.decide(kiel, id)
			h.drain()
			require.Len(t, h.brief.calls, 1, "only the Eingangsbestaetigung went out")
			a := h.offen(kiel, id)
			require.Len(t, a, 1)
			require.Equal(t, storage.AuftragGeparkt, a[0].Zustand)
			require.Equal(t, vorgang.BescheidSenden, a[0].Art)
			require.Nil(t, h.stand(kiel, id).Bescheide[0].Versand)
		})
	}
}

func TestBescheidTakesAnotherWayThanTheLetter(t *testing.T) {
	h := newHaus(t, optionen{brief: post, portal: portal.Options{KeinBescheid: true}})
	id := h.vorgang(kiel, "portal", "brief")
	h.decide(kiel, id)
	h.drain()
	require.Len(t, h.postfach(kiel), 1)
	b := h.stand(kiel, id).Bescheide[0]
	require.Equal(t, "brief", b.Versand.Kanal)
	require.Equal(t, "Kanal portal: für Bescheide nicht zugelassen. Kanal brief ist angegeben und geeignet.", b.VersandGruende)
}

func TestQuittungWithoutTime(t *testing.T) {
	h := newHaus(t, optionen{brief: post})
	h.brief.now = func() time.Time { return time.Time{} }
	id := h.vorgang(kiel, "brief")
	h.decide(kiel, id)
	h.drain()
	require.Equal(t, "2026-03-06", h.stand(kiel, id).Bescheide[0].Bekanntgabe.Tag.String())
}

// The document is written, then the process dies. The second try makes the same
// bytes under the same id.
func TestDocumentIsTheSameOnTheSecondTry(t *testing.T) {
	h := newHaus(t, optionen{sqlite: true, brief: post})
	id := h.vorgang(kiel, "brief")
	h.drain()
	h.decide(kiel, id)
	a := h.offen(kiel, id)[0]
	require.Equal(t, vorgang.BescheidAusfertigen, a.Art)
	first := h.ausfertigen(id, a)
	h.now = h.now.Add(72 * time.Hour) // other day, other relay
	h.relay = h.newRelay()
	h.drain()
	b := h.stand(kiel, id).Bescheide[0]
	require.Equal(t, first, *b.Dokument)
	require.Equal(t, a.ID, b.Dokument.ID)
}

// ausfertigen runs the handler as a relay that dies before it can report.
func (h *haus) ausfertigen(id uuid.UUID, a storage.Auftrag) messaging.Anhang {
	v, err := h.Get(context.Background(), kiel, id)
	require.NoError(h, err)
	report, err := h.handlers()[a.Art].Handle(context.Background(), a.Auftrag, v)
	require.NoError(h, err)
	require.NoError(h, report(v)) // on a copy that nobody saves
	return *v.Stand().Bescheide[0].Dokument
}

// A text that was changed behind the back of the library is parked at once.
func TestForgedTextIsHopeless(t *testing.T) {
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	h.decide(kiel, id)
	s := h.stand(kiel, id)
	s.Bescheide[0].Inhalt.Tenor = []string{"Die Fällung wird abgelehnt."}
	i := slices.IndexFunc(h.offen(kiel, id), func(a storage.Auftrag) bool { return a.Art == vorgang.BescheidAusfertigen })
	a := h.offen(kiel, id)[i]
	_, err := h.handlers()[a.Art].Handle(t.Context(), a.Auftrag, vorgang.Restore(s, vorgang.Kontext{}))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Equal(t, "bescheid.pruefsumme", fehler.ProblemeIn(err)[0].Code)
}

func TestTermine(t *testing.T) {
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	h.decide(kiel, id)
	h.drain()
	zustand := func() bescheid.Zustand { return h.stand(kiel, id).Bescheide[0].Zustand }
	require.Equal(t, bescheid.Versandt, zustand())
	b := h.stand(kiel, id).Bescheide[0].Bekanntgabe
	for _, step := range []struct {
		at   time.Time
		want bescheid.Zustand
	}{
		{b.Tag.Beginn().Add(-time.Microsecond), bescheid.Versandt},
		{b.Tag.Beginn(), bescheid.Bekanntgegeben},
		{b.BestandskraftAb.Beginn().Add(-time.Microsecond), bescheid.Bekanntgegeben},
		{b.BestandskraftAb.Beginn(), bescheid.Bestandskraeftig},
	} {
		h.now = step.at
		h.drain()
		require.Equal(t, step.want, zustand(), step.at)
	}
	require.Empty(t, h.offen(kiel, id))
	require.NoError(t, h.VerifyJournal(t.Context(), kiel, id))
}

// Numbers of authorities often have slashes; the name of a file must not.
func TestNameOfTheDocumentIsAFileName(t *testing.T) {
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	h.decide(kiel, id)
	offen := h.offen(kiel, id)
	a := offen[len(offen)-1]
	s := h.stand(kiel, id)
	s.Nummer = `67/31:2026\4`
	v := vorgang.Restore(s, vorgang.Kontext{})
	report, err := h.handlers()[a.Art].Handle(t.Context(), a.Auftrag, v)
	require.NoError(t, err)
	require.NoError(t, report(v))
	require.Equal(t, "Bescheid-67-31-2026-4.pdf", v.Stand().Bescheide[0].Dokument.Name)
}

// The clock is set back between lease and report: the day had come, and the
// Auftrag must not be parked for it.
func TestTerminWhileTheClockIsSetBack(t *testing.T) {
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	h.decide(kiel, id)
	h.drain()
	tag := h.stand(kiel, id).Bescheide[0].Bekanntgabe.Tag
	a := h.offen(kiel, id)[0]
	require.Equal(t, vorgang.BekanntgabeFeststellen, a.Art)
	h.now = tag.Beginn().Add(-time.Second)
	v, err := h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	report, err := h.handlers()[a.Art].Handle(t.Context(), a.Auftrag, v)
	require.NoError(t, err)
	require.NoError(t, report(v))
	require.Equal(t, bescheid.Bekanntgegeben, v.Stand().Bescheide[0].Zustand)
}

// What an Auftrag names must be there; what it carries must be readable.
func TestBrokenAuftraegeArePermanent(t *testing.T) {
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	v, err := h.Get(t.Context(), kiel, id)
	require.NoError(t, err)
	for art, handler := range h.handlers() {
		for _, daten := range []string{`{`, `{"bescheid":"01890000-0000-7000-8000-000000000000","nachricht":"01890000-0000-7000-8000-000000000000"}`} {
			report, err := handler.Handle(t.Context(), vorgang.Auftrag{Art: art, Mandant: kiel, Vorgang: id, Daten: []byte(daten)}, v)
			if err == nil { // a Termin finds out when it reports
				err = report(v)
			}
			require.Error(t, err)
			require.True(t, errors.Is(err, fehler.ErrInvalid) || errors.Is(err, fehler.ErrNotFound), "%s: %v", art, err)
			require.False(t, strings.Contains(err.Error(), "Gülşen"), "no personal data")
		}
	}
	require.Empty(t, h.brief.calls)
}

func TestNewNeedsEverything(t *testing.T) {
	_, err := zustellung.New(zustellung.Params{}, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}
