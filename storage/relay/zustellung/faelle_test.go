package zustellung_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var (
	kim   = tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	deniz = tenant.Akteur{ID: "deniz", Name: "Deniz Aydın", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
)

func tag(s string) datum.Datum {
	d, err := datum.Parse(s)
	if err != nil {
		panic(err)
	}
	return d
}

// am sets the clock to nine o'clock of the day and lets the relay do what is due.
func (h *haus) am(s string) {
	h.Helper()
	h.now = tag(s).Beginn().Add(9 * time.Hour)
	h.drain()
}

func (h *haus) edit(id uuid.UUID, f func(v *vorgang.Vorgang) error) {
	h.Helper()
	_, err := h.Edit(context.Background(), kiel, id, f)
	require.NoError(h, err)
	h.drain()
	require.NoError(h, h.VerifyJournal(context.Background(), kiel, id))
}

// erlasse drafts and releases one more decision on a day.
func (h *haus) erlasse(id uuid.UUID, i bescheid.Inhalt) (b uuid.UUID) {
	h.Helper()
	h.edit(id, func(v *vorgang.Vorgang) error {
		var err error
		if v.Status() == vorgang.Beschieden {
			err = v.ReturnToBearbeitung(kim, h.now, vorgang.RueckkehrAbhilfe)
		} else {
			err = v.Pull(kim, h.now)
		}
		if err != nil {
			return err
		}
		if b, err = v.Draft(kim, h.now, i); err != nil {
			return err
		}
		if err := v.SubmitDraft(kim, h.now, b); err != nil {
			return err
		}
		return v.ReleaseBescheid(deniz, h.now, b)
	})
	return b
}

func (h *haus) bescheid(id, b uuid.UUID) bescheid.Bescheid {
	h.Helper()
	for _, x := range h.stand(kiel, id).Bescheide {
		if x.ID == b {
			return x
		}
	}
	h.Fatal("no such Bescheid")
	return bescheid.Bescheid{}
}

// tage are Bekanntgabe, end of the period and state as one line.
func (h *haus) tage(id, b uuid.UUID) string {
	h.Helper()
	x := h.bescheid(id, b)
	if x.Bekanntgabe == nil {
		return "– – " + string(x.Zustand)
	}
	return x.Bekanntgabe.Tag.String() + " " + x.Bekanntgabe.FristEnde.String() + " " + string(x.Zustand)
}

func text(a bescheid.Art, bezug uuid.UUID) bescheid.Inhalt {
	return bescheid.Inhalt{
		Art: a, Betreff: "Entscheidung", Tenor: []string{"Es wird entschieden."}, Begruendung: []string{"Der Stamm ist hohl."},
		Rechtsbehelfsbelehrung: "Belehrung.", Verfahren: "vwvfg", Bezug: bezug,
	}
}

// Table 4.6 of the worked examples, through the Vorgang: what comes in, which days come out.
func TestWorkedCasesThroughTheVorgang(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		weg, versandt, abruf string
		bekannt, ende        string
	}{
		{"post", "2026-01-26", "", "2026-01-30", "2026-03-02"}, // no 30 February, a Saturday
		{"post", "2025-11-21", "", "2025-11-25", "2025-12-29"}, // Christmas
		{"post", "2025-03-14", "", "2025-03-18", "2025-04-22"}, // Easter
		{"post", "2028-01-27", "", "2028-01-31", "2028-02-29"}, // leap year
		{"abruf", "2026-03-02", "2026-03-05", "2026-03-06", "2026-04-07"},
		{"postfach", "2026-03-02", "2026-03-03", "2026-03-06", "2026-04-07"}, // the latest reading
	} {
		t.Run(c.weg+" "+c.versandt, func(t *testing.T) {
			t.Parallel()
			h := newHaus(t, optionen{brief: messaging.Faehigkeiten{Bescheid: true, Papier: true, Bekanntgabe: c.weg}})
			h.am(c.versandt)
			id := h.vorgang(kiel, "brief")
			b := h.erlasse(id, text(bescheid.Bewilligung, uuid.Nil))
			if c.abruf != "" {
				if c.weg == "abruf" {
					require.Equal(t, "– – versandt", h.tage(id, b), "no day before the retrieval")
				}
				h.am(c.abruf)
				h.edit(id, func(v *vorgang.Vorgang) error {
					z := v.Stand().Bescheide[0].Zustellungen[0]
					return v.RecordNachweis(system, h.now, vorgang.Meldung{Bescheid: b, Zustellung: z.ID, Art: bescheid.NachweisAbruf, Tag: tag(c.abruf)})
				})
			}
			require.Equal(t, c.bekannt+" "+c.ende+" versandt", h.tage(id, b))
			h.am(c.bekannt)
			require.Equal(t, c.bekannt+" "+c.ende+" bekanntgegeben", h.tage(id, b))
			h.am(c.ende)
			require.Equal(t, c.bekannt+" "+c.ende+" bekanntgegeben", h.tage(id, b), "on the last day it can still be challenged")
			h.now = tag(c.ende).AddTage(1).Beginn()
			h.drain()
			require.Equal(t, c.bekannt+" "+c.ende+" bestandskraeftig", h.tage(id, b))
			require.Empty(t, h.offen(kiel, id))
		})
	}
}

// Nobody retrieves: on the day after the last the provision has ended, there is no
// Bekanntgabe, and the next Kanal carries it.
func TestNotRetrievedGoesAnotherWay(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: messaging.Faehigkeiten{Bescheid: true, Bekanntgabe: "abruf"}})
	h.am("2026-03-02")
	id := h.vorgang(kiel, "brief", "portal")
	b := h.erlasse(id, text(bescheid.Bewilligung, uuid.Nil))
	require.Equal(t, "2026-03-12", h.bescheid(id, b).Zustellungen[0].BereitstellungBis.String())
	h.am("2026-03-12")
	require.Equal(t, bescheid.ZustellungOffen, h.bescheid(id, b).Zustellungen[0].Zustand)
	h.am("2026-03-13")
	z := h.bescheid(id, b).Zustellungen
	require.Len(t, z, 2)
	require.Equal(t, bescheid.ZustellungGescheitert, z[0].Zustand)
	require.NotEmpty(t, z[0].Schritte)
	require.Equal(t, "portal", z[1].Kanal)
	require.Equal(t, "2026-03-17 2026-04-17 versandt", h.tage(id, b))
}

// The letter comes back after its fiction: Bekanntgabe and period are gone, the watch
// for Bestandskraft finds nothing, and a Zustellung by hand starts them anew.
func TestReturnedLetterThenZustellung(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post, sqlite: true})
	h.am("2026-03-02")
	id := h.vorgang(kiel, "brief")
	b := h.erlasse(id, text(bescheid.Bewilligung, uuid.Nil))
	h.am("2026-03-06")
	require.Equal(t, "2026-03-06 2026-04-07 bekanntgegeben", h.tage(id, b))
	h.am("2026-03-20")
	erste := h.bescheid(id, b).Zustellungen[0].ID
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.RecordNachweis(kim, h.now, vorgang.Meldung{Bescheid: b, Zustellung: erste, Art: bescheid.NachweisRuecklauf, Text: "unbekannt verzogen"})
	})
	require.Equal(t, "– – versandt", h.tage(id, b))
	offen := h.offen(kiel, id)
	geparkt := 0
	for _, a := range offen {
		if a.Zustand == storage.AuftragGeparkt {
			geparkt++
			require.Equal(t, vorgang.BescheidSenden, a.Art)
			require.Contains(t, a.LetzterFehler, "messaging.kein-kanal")
		}
	}
	require.Equal(t, 1, geparkt, "no other Kanal: a person must see it")
	var zweite uuid.UUID // what lies parked holds up other letters, not what is found about this one
	h.am("2026-03-23")
	h.edit(id, func(v *vorgang.Vorgang) (err error) {
		zweite, err = v.RecordZustellung(kim, h.now, vorgang.Eigenzustellung{Bescheid: b, Weg: frist.KanalPZU, Tag: tag("2026-03-23"), Land: tenant.LandSH, ARS: "010020000000"})
		return err
	})
	require.Equal(t, "– – versandt", h.tage(id, b), "a PZU counts from what it attests")
	h.am("2026-03-26")
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.RecordNachweis(kim, h.now, vorgang.Meldung{Bescheid: b, Zustellung: zweite, Art: bescheid.NachweisPZU, Tag: tag("2026-03-25"), Datei: h.bescheid(id, b).Dokument.ID})
	})
	require.Equal(t, "2026-03-25 2026-04-27 bekanntgegeben", h.tage(id, b), "25 April is a Saturday")
	h.am("2026-04-08")
	require.Equal(t, bescheid.Bekanntgegeben, h.bescheid(id, b).Zustand, "the watch of the first attempt is stale")
	h.am("2026-04-28")
	require.Equal(t, bescheid.Bestandskraeftig, h.bescheid(id, b).Zustand)
	require.Equal(t, "2026-04-28", h.bescheid(id, b).Zustellungen[1].BestandskraftSeit.String())
}

// The addressee proves that the letter came later than the fiction.
func TestLaterReceiptRecalculates(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	h.am("2026-03-02")
	id := h.vorgang(kiel, "brief")
	b := h.erlasse(id, text(bescheid.Bewilligung, uuid.Nil))
	h.am("2026-03-16")
	z := h.bescheid(id, b).Zustellungen[0].ID
	melde := func(art bescheid.NachweisArt, am datum.Datum) {
		h.edit(id, func(v *vorgang.Vorgang) error {
			return v.RecordNachweis(kim, h.now, vorgang.Meldung{Bescheid: b, Zustellung: z, Art: art, Tag: am})
		})
	}
	melde(bescheid.NachweisBestritten, tag("2026-03-10"))
	require.Equal(t, "2026-03-10 2026-04-10 bekanntgegeben", h.tage(id, b))
	melde(bescheid.NachweisBestritten, datum.Datum{})
	require.Equal(t, "– – versandt", h.tage(id, b), "the authority must prove receipt")
	melde(bescheid.NachweisZugang, tag("2026-03-09"))
	require.Equal(t, "2026-03-09 2026-04-09 bekanntgegeben", h.tage(id, b))
	require.Len(t, h.bescheid(id, b).Zustellungen[0].Nachweise, 3)
}

func (h *haus) widerspruch(id, b, adressat uuid.UUID, am string) (r uuid.UUID) {
	h.Helper()
	h.edit(id, func(v *vorgang.Vorgang) (err error) {
		r, err = v.RecordRechtsbehelf(kim, h.now, vorgang.Rechtsbehelfseingang{Bescheid: b, Adressat: adressat, Eingang: tag(am), Form: "schriftlich"})
		return err
	})
	return r
}

func (h *haus) rechtsbehelf(id, r uuid.UUID) vorgang.Rechtsbehelf {
	for _, x := range h.stand(kiel, id).Rechtsbehelfe {
		if x.ID == r {
			return x
		}
	}
	return vorgang.Rechtsbehelf{}
}

// A Widerspruch after the end, Wiedereinsetzung, a Widerspruchsbescheid and its period.
func TestLateWiderspruchWithWiedereinsetzung(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	h.am("2026-03-02")
	id := h.vorgang(kiel, "brief")
	b := h.erlasse(id, text(bescheid.Ablehnung, uuid.Nil))
	h.am("2026-03-06")
	h.am("2026-04-08")
	require.Equal(t, bescheid.Bestandskraeftig, h.bescheid(id, b).Zustand)
	h.am("2026-04-20")
	r := h.widerspruch(id, b, uuid.Nil, "2026-04-20")
	x := h.rechtsbehelf(id, r)
	require.False(t, x.Rechtzeitig)
	require.Equal(t, "2026-04-07", x.FristEnde.String())
	require.Contains(t, x.Schritte[len(x.Schritte)-1], "verspätet")
	require.Equal(t, bescheid.Bestandskraeftig, h.bescheid(id, b).Zustand, "late: nothing changes yet")
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.RequestWiedereinsetzung(kim, h.now, vorgang.Wiedereinsetzungsantrag{Rechtsbehelf: r, Eingang: tag("2026-04-20"), Hindernis: tag("2026-04-15"), Grund: "Krankenhaus"})
	})
	w := h.rechtsbehelf(id, r).Wiedereinsetzung
	require.Equal(t, "2026-04-29", w.Bis.String())
	require.True(t, w.Rechtzeitig)
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.DecideWiedereinsetzung(deniz, h.now, r, true, "ohne Verschulden")
	})
	require.Equal(t, bescheid.Bekanntgegeben, h.bescheid(id, b).Zustand, "granted: it can be challenged again")
	h.am("2026-05-11")
	wi := text(bescheid.Widerspruchsbescheid, b)
	wi.BleibtBestehen = true
	wb := h.erlasse(id, wi)
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.CloseRechtsbehelf(kim, h.now, vorgang.Rechtsbehelfsende{Rechtsbehelf: r, Ausgang: vorgang.AusgangWiderspruchsbescheid, Bescheid: wb, Tag: tag("2026-05-11")})
	})
	require.Equal(t, frist.RechtsbehelfKlage, h.bescheid(id, wb).Zustellungen[0].Rechtsbehelf)
	h.am("2026-05-15")
	require.Equal(t, "2026-05-15 2026-06-15 bekanntgegeben", h.tage(id, wb))
	h.am("2026-06-15")
	require.Equal(t, bescheid.Bekanntgegeben, h.bescheid(id, b).Zustand)
	h.am("2026-06-16")
	require.Equal(t, bescheid.Bestandskraeftig, h.bescheid(id, wb).Zustand)
	require.Equal(t, bescheid.Bestandskraeftig, h.bescheid(id, b).Zustand)
	require.Equal(t, "2026-06-16", h.bescheid(id, b).Zustellungen[0].BestandskraftSeit.String())
}

// A late Widerspruch, and then the letter turns out never to have arrived: no period
// ran, so it is in time, and the Bestandskraft is gone. A Klage goes on till Rechtskraft.
func TestReturnedLetterHelpsALateWiderspruch(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	h.am("2026-03-02")
	id := h.vorgang(kiel, "brief")
	b := h.erlasse(id, text(bescheid.Ablehnung, uuid.Nil))
	h.am("2026-03-06")
	h.am("2026-04-20")
	r := h.widerspruch(id, b, uuid.Nil, "2026-04-20")
	require.False(t, h.rechtsbehelf(id, r).Rechtzeitig)
	require.Equal(t, bescheid.Bestandskraeftig, h.bescheid(id, b).Zustand)
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.RecordNachweis(kim, h.now, vorgang.Meldung{Bescheid: b, Zustellung: h.bescheid(id, b).Zustellungen[0].ID, Art: bescheid.NachweisBestritten})
	})
	require.True(t, h.rechtsbehelf(id, r).Rechtzeitig)
	require.Equal(t, []string{"Der Bescheid ist nicht bekannt gegeben; eine Frist läuft nicht."}, h.rechtsbehelf(id, r).Schritte)
	require.Equal(t, bescheid.Versandt, h.bescheid(id, b).Zustand)
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.RecordNachweis(kim, h.now, vorgang.Meldung{Bescheid: b, Zustellung: h.bescheid(id, b).Zustellungen[0].ID, Art: bescheid.NachweisZugang, Tag: tag("2026-04-01")})
	})
	require.Equal(t, "2026-05-04", h.rechtsbehelf(id, r).FristEnde.String(), "1 May, then a weekend")
	require.True(t, h.rechtsbehelf(id, r).Rechtzeitig)

	var k uuid.UUID
	h.am("2026-05-20")
	h.edit(id, func(v *vorgang.Vorgang) (err error) {
		if err := v.CloseRechtsbehelf(kim, h.now, vorgang.Rechtsbehelfsende{Rechtsbehelf: r, Ausgang: vorgang.AusgangErledigt, Tag: tag("2026-04-30")}); err != nil {
			return err
		}
		k, err = v.RecordRechtsbehelf(kim, h.now, vorgang.Rechtsbehelfseingang{Bescheid: b, Art: frist.RechtsbehelfKlage, Eingang: tag("2026-05-04")})
		return err
	})
	require.Equal(t, bescheid.Bekanntgegeben, h.bescheid(id, b).Zustand, "a Klage is open")
	h.am("2027-01-11")
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.CloseRechtsbehelf(kim, h.now, vorgang.Rechtsbehelfsende{Rechtsbehelf: k, Ausgang: vorgang.AusgangRechtskraft, Tag: tag("2027-01-08")})
	})
	require.Equal(t, "2027-01-08", h.bescheid(id, b).Zustellungen[0].BestandskraftSeit.String())
}

// A Widerspruch in time, helped by a new Bescheid: the old one stays visible with its
// end, never becomes bestandskraeftig, and retention waits for the new one.
func TestAbhilfe(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	h.am("2026-03-02")
	id := h.vorgang(kiel, "brief")
	b := h.erlasse(id, text(bescheid.Ablehnung, uuid.Nil))
	h.am("2026-03-20")
	r := h.widerspruch(id, b, uuid.Nil, "2026-03-20")
	require.True(t, h.rechtsbehelf(id, r).Rechtzeitig)
	h.am("2026-04-08")
	require.Equal(t, bescheid.Bekanntgegeben, h.bescheid(id, b).Zustand, "a Widerspruch is open")
	ab := h.erlasse(id, text(bescheid.Abhilfe, b))
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.CloseRechtsbehelf(kim, h.now, vorgang.Rechtsbehelfsende{Rechtsbehelf: r, Ausgang: vorgang.AusgangAbhilfe, Bescheid: ab, Tag: tag("2026-04-08")})
	})
	h.am("2026-04-12")
	require.Equal(t, "2026-04-12 2026-05-12 bekanntgegeben", h.tage(id, ab), "a Sunday counts")
	s := h.stand(kiel, id)
	require.Equal(t, b, s.Geltend(tag("2026-04-11")).ID)
	require.Equal(t, ab, s.Geltend(tag("2026-04-12")).ID)
	g := bescheid.Geltungen(s.Bescheide)
	require.Equal(t, bescheid.Geltung{Von: tag("2026-03-06"), Bis: tag("2026-04-11"), Durch: ab, Grund: bescheid.Abhilfe}, g[0])
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.Close(kim, h.now, vorgang.Schluss{Grund: vorgang.GrundBeschieden})
	})
	require.True(t, h.stand(kiel, id).AufbewahrungAb().IsZero(), "retention has not begun")
	h.am("2026-05-13")
	require.Equal(t, bescheid.Bestandskraeftig, h.bescheid(id, ab).Zustand)
	require.Equal(t, bescheid.Bekanntgegeben, h.bescheid(id, b).Zustand)
	require.Equal(t, "2026-05-13", h.stand(kiel, id).AufbewahrungAb().String())
}

// Two addressees, each with a way and days of its own; one challenges.
func TestTwoAddressees(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	h.am("2026-03-02")
	id := h.vorgang(kiel, "brief")
	eins, zwei := uuid.UUID{1}, uuid.UUID{2}
	i := text(bescheid.Bewilligung, uuid.Nil)
	for _, a := range []uuid.UUID{eins, zwei} {
		i.Adressaten = append(i.Adressaten, bescheid.Adressat{ID: a, Empfaenger: messaging.Empfaenger{
			Name: "Adressat", Adressen: []messaging.Adresse{{Kanal: "brief", Kennung: a.String()}, {Kanal: "portal", Kennung: a.String()}},
		}})
	}
	b := h.erlasse(id, i)
	x := h.bescheid(id, b)
	require.Len(t, x.Zustellungen, 2)
	require.Equal(t, "2026-03-06 2026-04-07 versandt", h.tage(id, b))
	require.Equal(t, zwei.String(), h.brief.calls[len(h.brief.calls)-1].Adresse.Kennung)
	h.am("2026-03-16")
	h.edit(id, func(v *vorgang.Vorgang) error { // the second letter comes back, the mailbox takes over
		return v.RecordNachweis(kim, h.now, vorgang.Meldung{Bescheid: b, Zustellung: x.Massgeblich(zwei).ID, Art: bescheid.NachweisRuecklauf})
	})
	x = h.bescheid(id, b)
	require.Equal(t, "portal", x.Massgeblich(zwei).Kanal)
	require.Equal(t, "2026-03-06", x.Massgeblich(eins).Bekanntgabe.Tag.String())
	require.Equal(t, "2026-03-20 2026-04-20 versandt", h.tage(id, b))
	require.Equal(t, b, h.stand(kiel, id).Geltend(tag("2026-03-06")).ID, "in force towards the first one")
	r := h.widerspruch(id, b, eins, "2026-03-16")
	h.am("2026-04-21")
	x = h.bescheid(id, b)
	require.Equal(t, bescheid.ZustellungBekanntgegeben, x.Massgeblich(eins).Zustand, "challenged")
	require.Equal(t, bescheid.ZustellungBestandskraeftig, x.Massgeblich(zwei).Zustand)
	require.Equal(t, bescheid.Bekanntgegeben, x.Zustand)
	h.am("2026-05-04")
	h.edit(id, func(v *vorgang.Vorgang) error {
		return v.CloseRechtsbehelf(kim, h.now, vorgang.Rechtsbehelfsende{Rechtsbehelf: r, Ausgang: vorgang.AusgangZurueckgenommen, Tag: tag("2026-05-04")})
	})
	x = h.bescheid(id, b)
	require.Equal(t, bescheid.Bestandskraeftig, x.Zustand)
	require.Equal(t, "2026-05-04", x.Massgeblich(eins).BestandskraftSeit.String())
	require.Equal(t, "2026-04-21", x.Massgeblich(zwei).BestandskraftSeit.String())
	require.Empty(t, h.offen(kiel, id))
}

// What a mailbox says about the letter is a proof: retrieved, then refused.
func TestQuittungIsAProof(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: messaging.Faehigkeiten{Bescheid: true, Bekanntgabe: "abruf"}})
	h.am("2026-03-02")
	id := h.vorgang(kiel, "brief", "portal")
	b := h.erlasse(id, text(bescheid.Bewilligung, uuid.Nil))
	melde := func(z messaging.Zustand) {
		h.edit(id, func(v *vorgang.Vorgang) error {
			n := v.Stand().Bescheide[0].Zustellungen[0].ID
			return v.RecordDelivery(system, h.now, n, messaging.Quittung{Sendung: n, Kanal: "brief", Zustand: z, Zeit: h.now}, "")
		})
	}
	h.am("2026-03-05")
	melde(messaging.Abgeholt)
	require.Equal(t, "2026-03-06 2026-04-07 versandt", h.tage(id, b))
	h.am("2026-03-06")
	melde(messaging.Gelesen)
	require.Len(t, h.bescheid(id, b).Zustellungen[0].Nachweise, 1, "the first retrieval counts")
	melde(messaging.Fehlgeschlagen)
	require.Equal(t, "portal", h.bescheid(id, b).Zustellungen[1].Kanal, "the next way")
}

// What the released text says is what goes out: a changed one stays in the house.
func TestForgedTextIsNotSent(t *testing.T) {
	t.Parallel()
	h := newHaus(t, optionen{brief: post})
	id := h.vorgang(kiel, "brief")
	b := h.erlasse(id, text(bescheid.Bewilligung, uuid.Nil))
	s := h.stand(kiel, id)
	s.Bescheide[0].Inhalt.Tenor, s.Bescheide[0].Zustellungen = []string{"Anders."}, nil
	a := vorgang.Auftrag{ID: uuid.UUID{1}, Art: vorgang.BescheidSenden, Mandant: kiel, Vorgang: id, Daten: []byte(`{"bescheid":"` + b.String() + `"}`)}
	n := len(h.brief.calls)
	_, err := h.handlers()[a.Art].Handle(t.Context(), a, vorgang.Restore(s, vorgang.Kontext{}))
	require.ErrorContains(t, err, "bescheid.pruefsumme")
	require.Len(t, h.brief.calls, n)
}
