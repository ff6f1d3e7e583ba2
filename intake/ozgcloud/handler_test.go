package ozgcloud_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/ozgcloud"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestSubmission(t *testing.T) {
	s := newStelle(t, aufbau{})
	a, err := s.client(nil).Send(t.Context(), antrag("t-1"))
	require.NoError(t, err)
	require.Equal(t, "t-1", a.TransactionID)
	require.Equal(t, "HU-2026-00001", a.Vorgang.VorgangNummer)
	require.Equal(t, "neu", a.Vorgang.Status)
	require.Equal(t, "2026-11-23T09:30:00Z", a.Vorgang.StatusSince)

	v := s.vorgaenge(hanau)
	require.Len(t, v, 1)
	require.Equal(t, a.Vorgang.VorgangID, v[0].ID.String())
	require.Empty(t, s.vorgaenge(kassel))
	x := v[0].Antrag
	require.Equal(t, "ozgcloud", x.Kanal)
	require.Equal(t, "formulare/t-1", x.Kennung)
	require.Equal(t, "Erika Mustermann", x.Antragsteller.Name)
	require.Equal(t, "63450", x.Antragsteller.Anschrift.PLZ)
	require.Equal(t, "postfach-1", x.Antragsteller.Konto)
	require.Equal(t, []messaging.Adresse{{Kanal: "portal", Kennung: "postfach-1"}}, x.Antragsteller.Adressen)
	require.Equal(t, "ja", x.Felder[0].Felder[4].Wert)
	require.Len(t, v[0].Dateien, 4)
	require.Equal(t, vorgang.ZweckOriginal, v[0].Dateien[0].Zweck)
	require.Equal(t, vorgang.ZweckFormular, v[0].Dateien[1].Zweck)
	require.Equal(t, "Ausweis.pdf", v[0].Dateien[3].Name)
	b, err := blob.Read(t.Context(), s.blobs, hanau, blob.Ref{SHA512: v[0].Dateien[3].SHA512, Groesse: v[0].Dateien[3].Groesse}, 1<<20)
	require.NoError(t, err)
	require.Equal(t, pdf, b)
}

// The zustaendigeStelle decides; without a login nobody is answered electronically.
func TestOtherMandant(t *testing.T) {
	s := newStelle(t, aufbau{})
	x := antrag("")
	x.Control.ZustaendigeStelle, x.Control.ServiceKonto, x.Control.FormID, x.Control.LeikaIDs = "L100012.OE.12345", nil, "7", []string{string(leistung)}
	x.Representation, x.Attachments = nil, nil
	a, err := s.client(nil).Send(t.Context(), x)
	require.NoError(t, err)
	require.NotEmpty(t, a.TransactionID)
	require.Len(t, s.vorgaenge(kassel), 1)
	require.Empty(t, s.vorgaenge(kassel)[0].Antrag.Antragsteller.Adressen)
}

// What is not routed lies in the Klaerfach, is accepted, and can be run again.
func TestKlaerfach(t *testing.T) {
	s := newStelle(t, aufbau{})
	x := antrag("t-1")
	x.Control.ZustaendigeStelle = "unbekannt"
	a, err := s.client(nil).Send(t.Context(), x)
	require.NoError(t, err)
	require.Equal(t, "klaerung", a.Vorgang.Status)
	again, err := s.client(nil).Send(t.Context(), x)
	require.NoError(t, err)
	require.Equal(t, a, again)
	n := 0
	for k, err := range s.annahme.Klaerfach(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, a.Vorgang.VorgangID, k.ID.String())
		n++
		tabelle := tabelle
		tabelle.Stellen = map[string]string{"unbekannt": "064350014014"}
		h, err := ozgcloud.New(ozgcloud.Params{Annahme: s.annahme, Blobs: s.blobs, Betreiber: betreiber, Zuordnung: tabelle}, &ozgcloud.Options{OhneAnmeldung: true})
		require.NoError(t, err)
		r, err := s.annahme.Rerun(t.Context(), k.ID, h.Reassign(t.Context()))
		require.NoError(t, err)
		require.Equal(t, intake.Angenommen, r.Ausgang)
	}
	require.Equal(t, 1, n)
	again, err = s.client(nil).Send(t.Context(), x)
	require.NoError(t, err)
	require.Equal(t, "HU-2026-00001", again.Vorgang.VorgangNummer)
}

func TestIdempotent(t *testing.T) {
	s := newStelle(t, aufbau{})
	first, err := s.client(nil).Send(t.Context(), antrag("t-1"))
	require.NoError(t, err)
	s.now = jetzt.Add(time.Hour)
	again := antrag("t-1")
	neu := anlage("Antrag.pdf", "application/pdf", []byte("%PDF-1.7\nneu erzeugt\n%%EOF\n"))
	again.Representation = &neu // senders make the readable copy anew
	second, err := s.client(nil).Send(t.Context(), again)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Len(t, s.vorgaenge(hanau), 1)

	for name, change := range map[string]func(*ozgcloud.Antrag){
		"value":      func(a *ozgcloud.Antrag) { a.FormData[0].FormItems[0] = text("vorname", "Vorname", "Max") },
		"stelle":     func(a *ozgcloud.Antrag) { a.Control.ZustaendigeStelle = "L100012.OE.12345" },
		"attachment": func(a *ozgcloud.Antrag) { a.Attachments = a.Attachments[:1] },
	} {
		x := antrag("t-1")
		change(&x)
		_, err := s.client(nil).Send(t.Context(), x)
		require.ErrorIs(t, err, fehler.ErrConflict, name)
	}
	require.Len(t, s.vorgaenge(hanau), 1)
	require.Empty(t, s.vorgaenge(kassel))
}

func TestConcurrent(t *testing.T) {
	s := newStelle(t, aufbau{})
	const n = 20
	answers, errs := make([]ozgcloud.Antwort, n), make([]error, n)
	c := s.client(nil)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { answers[i], errs[i] = c.Send(t.Context(), antrag("t-1")) })
	}
	wg.Wait()
	for i := range n {
		require.NoError(t, errs[i])
		require.Equal(t, answers[0], answers[i])
	}
	require.Len(t, s.vorgaenge(hanau), 1)
}

// The same content under a new key (Startuphafen) is a second Vorgang that says so.
func TestContentDuplicate(t *testing.T) {
	s := newStelle(t, aufbau{})
	const n = 6
	var wg sync.WaitGroup
	c := s.client(nil)
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { _, errs[i] = c.Send(t.Context(), antrag("")) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	v := s.vorgaenge(hanau)
	require.Len(t, v, n)
	flagged := 0
	for _, x := range v {
		for _, l := range x.Verknuepfungen {
			if l.Art == vorgang.DubletteVon {
				flagged++
				require.Len(t, x.Notizen, 1)
				require.Contains(t, x.Notizen[0].Text, "Möglicherweise doppelt")
			}
		}
	}
	require.LessOrEqual(t, flagged, n-1)
	require.Positive(t, flagged)
	noted := 0
	for _, x := range v {
		noted += len(x.Notizen)
	}
	require.Equal(t, n-1, noted, "all but the first say that they may be duplicates")
	other := antrag("")
	other.FormData[0].FormItems[0] = text("vorname", "Vorname", "Max")
	_, err := c.Send(t.Context(), other)
	require.NoError(t, err)
	for _, x := range s.vorgaenge(hanau) {
		if x.Antrag.Antragsteller.Name == "Max Mustermann" {
			require.Empty(t, x.Notizen)
		}
	}
}

// The process dies between reserving and creating, and between commit and answer:
// the sender repeats and hears of the one Vorgang.
func TestCrash(t *testing.T) {
	s := newStelle(t, aufbau{})
	s.m.breakAfter(1)
	res, b := s.post(newRumpf().form(form), nil)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Equal(t, "30", res.Header.Get("Retry-After"))
	require.Contains(t, string(b), "ozgcloud.nicht-verfuegbar")
	require.NotContains(t, string(b), "Mustermann")
	s.m.breakAfter(-1)
	res, _ = s.post(newRumpf().form(form), nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Len(t, s.vorgaenge(hanau), 1)

	lost := &stumm{RoundTripper: http.DefaultTransport, n: 2} // two answers get lost on the way
	a, err := s.client(&ozgcloud.ClientOptions{HTTP: &http.Client{Transport: lost}}).Send(t.Context(), antrag("t-2"))
	require.NoError(t, err)
	require.Equal(t, "HU-2026-00002", a.Vorgang.VorgangNummer)
	require.Equal(t, 3, lost.calls)
	require.Len(t, s.vorgaenge(hanau), 2)
}

// stumm loses the first n answers, after the receiver has given them.
type stumm struct {
	http.RoundTripper
	n, calls int
}

func (l *stumm) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.RoundTripper.RoundTrip(r)
	if l.calls++; err == nil && l.calls <= l.n {
		_ = res.Body.Close()
		return nil, errKaputt
	}
	return res, err
}

// A sender cannot take the keys of another, nor learn of them.
func TestSendersApart(t *testing.T) {
	const other = "ein-anderes-0123456789abcdef0123456789"
	s := newStelle(t, aufbau{p: func(p *ozgcloud.Params) {
		h, _ := ozgcloud.HashToken(other)
		p.Zugaenge = append(p.Zugaenge, ozgcloud.Zugang{Name: "zweiter", Token: []string{h}, Stellen: []string{"197008"}})
	}})
	_, err := s.client(nil).Send(t.Context(), antrag("t-1"))
	require.NoError(t, err)
	x := antrag("t-1")
	x.FormData[0].FormItems[0] = text("vorname", "Vorname", "Max")
	_, err = s.client(&ozgcloud.ClientOptions{Token: other}).Send(t.Context(), x)
	require.NoError(t, err, "its own key")
	require.Len(t, s.vorgaenge(hanau), 2)
	x.Control.ZustaendigeStelle = "L100012.OE.12345"
	_, err = s.client(&ozgcloud.ClientOptions{Token: other}).Send(t.Context(), x)
	require.ErrorIs(t, err, fehler.ErrForbidden)
	_, err = s.client(&ozgcloud.ClientOptions{Token: strings.Repeat("x", 40)}).Send(t.Context(), x)
	require.ErrorIs(t, err, fehler.ErrForbidden)
}

// The sender is gone when the body has arrived: it is finished all the same, or free.
func TestSenderGone(t *testing.T) {
	s := newStelle(t, aufbau{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.client(nil).Send(ctx, antrag("t-1"))
	require.Equal(t, context.Canceled, err)
	_, err = s.client(nil).Send(t.Context(), antrag("t-1"))
	require.NoError(t, err)
	require.Len(t, s.vorgaenge(hanau), 1)
}

func TestClientRefused(t *testing.T) {
	s := newStelle(t, aufbau{})
	x := antrag("t-1")
	x.FormData[0].Name = ""
	_, err := s.client(nil).Send(t.Context(), x)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Equal(t, "ozgcloud.item", fehler.ProblemeIn(err)[0].Code)
	s.srv.Close()
	a, err := s.client(nil).Send(t.Context(), antrag(""))
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.NotEmpty(t, a.TransactionID, "to send it again")
	_, err = ozgcloud.NewClient("ftp://x", nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

func TestAnswerBody(t *testing.T) {
	s := newStelle(t, aufbau{o: ozgcloud.Options{Status: map[intake.Ausgang]string{intake.Angenommen: "NEU"}}})
	res, b := s.post(newRumpf().form(form), nil)
	require.Equal(t, "application/json", res.Header.Get("Content-Type"))
	var m map[string]any
	require.NoError(t, json.Unmarshal(b, &m))
	require.Len(t, m, 2)
	v, ok := m["vorgang"].(map[string]any)
	require.True(t, ok)
	require.Len(t, v, 4)
	require.Equal(t, "NEU", v["status"])
}
