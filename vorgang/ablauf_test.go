package vorgang_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestWholeStory(t *testing.T) {
	t.Parallel()
	f := geschichte(t)
	f.check()
	s := f.v.Stand()
	require.Equal(t, vorgang.Abgeschlossen, s.Status)
	require.Equal(t, []string{"67.1-2026/17"}, s.Aktenzeichen)
	require.Equal(t, bescheid.Bestandskraeftig, s.Bescheide[0].Zustand)
	require.Equal(t, []string{"s.bearbeitung", "t.bearbeitung"}, s.Bescheide[0].Mitwirkende)
	require.Equal(t, time.UTC, s.Nachrichten[0].Quittungen[0].Zeit.Location(), "times of channels become UTC microseconds")
	require.Zero(t, s.Nachrichten[0].Quittungen[0].Zeit.Nanosecond()%1000)
	require.Nil(t, s.Zuweisung)
	require.Equal(t, "Das Verfahren ist abgeschlossen.", f.v.Oeffentlich(f.uhr).Status)

	var arten []vorgang.AuftragArt
	for i, o := range f.orders {
		arten = append(arten, o.Art)
		require.Equal(t, o.Art == vorgang.BekanntgabeFeststellen || o.Art == vorgang.BestandskraftFeststellen || o.Art == vorgang.FristWarnen, o.Termin)
		if i > 0 && f.orders[i-1].Version == o.Version {
			require.Equal(t, f.orders[i-1].Ordinal+1, o.Ordinal)
		}
	}
	require.Equal(t, []vorgang.AuftragArt{
		vorgang.EingangQuittieren, vorgang.NachrichtSenden, vorgang.NachrichtSenden, vorgang.FristWarnen, vorgang.BescheidAusfertigen,
		vorgang.BescheidSenden, vorgang.BekanntgabeFeststellen, vorgang.BestandskraftFeststellen, vorgang.AkteAbgeben,
	}, arten)
}

func TestNewListsWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := vorgang.New(annahme, start, vorgang.Params{}, fest())
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Len(t, fehler.ProblemeIn(err), 4)
	p := params()
	p.Antrag.Daten = []byte("{broken")
	_, err = vorgang.New(annahme, start, p, fest())
	require.ErrorIs(t, err, fehler.ErrInvalid, "form data that are no JSON")
	fremd := sb
	fremd.Mandant = "luebeck"
	_, err = vorgang.New(fremd, start, params(), fest())
	require.ErrorIs(t, err, fehler.ErrForbidden)
}

func TestReportsAreIdempotent(t *testing.T) {
	t.Parallel()
	f := geschichte(t)
	s, n := f.v.Stand(), len(f.journal)
	b := s.Bescheide[0].ID
	require.NoError(t, f.v.RecordQuittung(relay, f.now(), "fitconnect"))
	require.NoError(t, f.v.RecordDelivery(relay, f.now(), s.Nachrichten[0].Nachricht.ID, quittung(1), ""))
	require.NoError(t, f.v.RecordAusfertigung(relay, f.now(), b, uuid.Nil, vorgang.Datei{Anhang: anhang(9)}))
	require.NoError(t, f.v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: b}))
	require.NoError(t, f.v.RecordBekanntgabe(relay, f.now(), b))
	require.NoError(t, f.v.RecordBestandskraft(relay, f.now(), b))
	require.NoError(t, f.v.RecordAbgabe(relay, f.now(), s.Abgabe.ProzessID, "eakte"))
	require.NoError(t, f.v.RecordAbgabeAntwort(relay, f.now(), vorgang.AbgabeAntwort{ProzessID: s.Abgabe.ProzessID, Zustand: vorgang.AbgabeEmpfangen}))
	f.save()
	require.Len(t, f.journal, n)
	require.ErrorIs(t, f.v.RecordAbgabeAntwort(relay, f.now(), vorgang.AbgabeAntwort{}), fehler.ErrNotFound)
	require.ErrorIs(t, f.v.RecordDelivery(relay, f.now(), uuid.Nil, quittung(1), ""), fehler.ErrNotFound)
}

func TestReportsWaitForTheirDay(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	b := f.get(f.v.Draft(sb, f.now(), inhalt()))
	require.ErrorIs(t, f.v.ReleaseBescheid(leitung, f.now(), b), fehler.ErrInvalid, "a draft was not submitted")
	f.do(f.v.SubmitDraft(sb, f.now(), b))
	require.ErrorIs(t, f.v.Redraft(sb, f.now(), b, inhalt()), fehler.ErrInvalid, "it lies for Freigabe")
	f.do(f.v.ReleaseBescheid(leitung, f.now(), b))
	w := vorgang.Versand{Bescheid: b, Nachricht: messaging.Nachricht{Art: messaging.BescheidArt}, Quittung: quittung(1), Bekanntgabe: bekanntgabe()}
	require.ErrorIs(t, f.v.RecordVersand(relay, f.now(), w), fehler.ErrInvalid, "no Ausfertigung yet")
	f.do(f.v.RecordAusfertigung(relay, f.now(), b, uuid.Nil, vorgang.Datei{Anhang: anhang(4)}))
	ohne := w
	ohne.Bekanntgabe.FristEnde = datum.Datum{}
	require.ErrorIs(t, f.v.RecordVersand(relay, f.now(), ohne), fehler.ErrInvalid)
	f.do(f.v.RecordVersand(relay, f.now(), w))
	require.NotEqual(t, uuid.Nil, f.v.Stand().Nachrichten[1].Nachricht.ID)
	require.ErrorIs(t, f.v.RecordBekanntgabe(relay, bekanntgabe().Tag.Beginn().Add(-time.Microsecond), b), fehler.ErrInvalid)
	require.ErrorIs(t, f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundBeschieden}), fehler.ErrInvalid)
	f.do(f.v.RecordBekanntgabe(relay, bekanntgabe().Tag.Beginn(), b))
	require.ErrorIs(t, f.v.RecordBestandskraft(relay, bekanntgabe().BestandskraftAb.Beginn().Add(-1), b), fehler.ErrInvalid)
	f.check()
}

func TestForgedTextGetsNoDocument(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	b := f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.do(f.v.SubmitDraft(sb, f.now(), b))
	f.do(f.v.ReleaseBescheid(leitung, f.now(), b))
	s := f.v.Stand()
	s.Bescheide[0].Inhalt.Tenor[0] = "Alles wird genehmigt."
	err := vorgang.Restore(s, fest()).RecordAusfertigung(relay, f.now(), b, uuid.Nil, vorgang.Datei{})
	require.ErrorIs(t, err, fehler.ErrConflict)
}

func TestDraftLeftBesideReleaseDoesNotBlockClosing(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	b := f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.do(f.v.SubmitDraft(sb, f.now(), b))
	f.do(f.v.ReleaseBescheid(leitung, f.now(), b))
	f.do(f.v.RecordAusfertigung(relay, f.now(), b, uuid.Nil, vorgang.Datei{Anhang: anhang(4)}))
	f.do(f.v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: b, Quittung: quittung(1), Bekanntgabe: bekanntgabe()}))
	require.Equal(t, bekanntgabe().FristEnde, f.v.Stand().Frist())
	f.do(f.v.RecordBekanntgabe(relay, bekanntgabe().Tag.Beginn(), b))
	f.do(f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundBeschieden}))
}

func TestVierAugen(t *testing.T) {
	t.Parallel()
	beide := person("b.beide", tenant.Sachbearbeitung, tenant.Leitung)
	vertritt := func(a tenant.Akteur, id string) tenant.Akteur { a.VertretungFuer = id; return a }
	for name, c := range map[string]struct {
		entwurf, aenderung, vorlage, freigabe tenant.Akteur
		erlaubt                               bool
	}{
		"four eyes":                      {sb, sb, sb, leitung, true},
		"the other role":                 {sb, sb, sb, zeichen, true},
		"the author":                     {beide, sb, sb, beide, false},
		"who changed it":                 {sb, beide, sb, beide, false},
		"who submitted it":               {sb, sb, beide, beide, false},
		"the author's deputy":            {sb, sb, sb, vertritt(leitung, sb.ID), false},
		"the author as deputy elsewhere": {beide, sb, sb, vertritt(beide, "x"), false},
		"the author's principal":         {vertritt(sb, leitung.ID), sb, sb, leitung, false},
		"the principal of who changed":   {sb, vertritt(sb2, leitung.ID), sb, leitung, false},
		"the principal of who submitted": {sb, sb, vertritt(sb, leitung.ID), leitung, false},
		"two deputies of one person":     {vertritt(sb, "chef"), sb, sb, vertritt(leitung, "chef"), false},
		"a deputy of a stranger":         {sb, sb, sb, vertritt(leitung, "chef"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := neuerFall(t)
			f.do(f.v.Pull(sb, f.now()))
			b := f.get(f.v.Draft(c.entwurf, f.now(), inhalt()))
			f.do(f.v.Redraft(c.aenderung, f.now(), b, inhalt()))
			f.do(f.v.SubmitDraft(c.vorlage, f.now(), b))
			err := f.v.ReleaseBescheid(c.freigabe, f.now(), b)
			if c.erlaubt {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, fehler.ErrForbidden)
			require.NotErrorIs(t, err, fehler.ErrInvalid, "one kind only")
			require.Equal(t, "bescheid.vier-augen", fehler.ProblemeIn(err)[0].Code)
		})
	}
}

func TestUndoRestoresTheStand(t *testing.T) {
	t.Parallel()
	mitEntwurf := []func(*fall) error{
		func(f *fall) error { return f.v.Pull(sb, f.now()) },
		func(f *fall) error { _, err := f.v.Draft(sb, f.now(), inhalt()); return err },
	}
	anfordern := func(f *fall) error {
		_, err := f.v.RequestMitzeichnung(sb, f.now(), vorgang.Mitzeichnung{Bescheid: f.v.Stand().Bescheide[0].ID, Stelle: vorgang.Stelle{Einheit: "tiefbau"}})
		return err
	}
	for name, c := range map[string]struct {
		vorher []func(f *fall) error
		befehl func(f *fall) error
	}{
		"accept":  {nil, func(f *fall) error { return f.v.Accept(sb, f.now()) }},
		"discard": {nil, func(f *fall) error { return f.v.Discard(sb, f.now(), "Spam") }},
		"restore": {[]func(*fall) error{func(f *fall) error { return f.v.Discard(sb, f.now(), "Spam") }}, func(f *fall) error { return f.v.RestoreDiscarded(sb, f.now()) }},
		"assign":  {nil, func(f *fall) error { return f.v.Assign(sb, f.now(), "x", "X") }},
		"assign again": {[]func(*fall) error{func(f *fall) error { return f.v.Assign(sb, f.now(), "y", "Y") }},
			func(f *fall) error { return f.v.Assign(sb, f.now(), "x", "X") }},
		"put back": {[]func(*fall) error{func(f *fall) error { return f.v.Assign(sb, f.now(), "y", "Y") }}, func(f *fall) error { return f.v.PutBack(sb, f.now()) }},
		"start": {[]func(*fall) error{func(f *fall) error { return f.v.Accept(sb, f.now()) }, func(f *fall) error { return f.v.Assign(sb, f.now(), "y", "Y") }},
			func(f *fall) error { return f.v.Start(sb, f.now()) }},
		"note":   {nil, func(f *fall) error { _, err := f.v.Note(sb, f.now(), "Notiz"); return err }},
		"remind": {nil, func(f *fall) error { _, err := f.v.Remind(sb, f.now(), erinnerung()); return err }},
		"second reminder": {[]func(*fall) error{func(f *fall) error { _, err := f.v.Remind(sb, f.now(), erinnerung()); return err }},
			func(f *fall) error { _, err := f.v.Remind(sb, f.now(), erinnerung()); return err }},
		"complete a reminder": {[]func(*fall) error{func(f *fall) error { _, err := f.v.Remind(sb, f.now(), erinnerung()); return err }},
			func(f *fall) error { return f.v.CompleteReminder(sb, f.now(), f.v.Stand().Wiedervorlagen[0].ID) }},
		"reopen a reminder": {[]func(*fall) error{
			func(f *fall) error { _, err := f.v.Remind(sb, f.now(), erinnerung()); return err },
			func(f *fall) error { return f.v.CompleteReminder(sb2, f.now(), f.v.Stand().Wiedervorlagen[0].ID) },
		}, func(f *fall) error { return f.v.ReopenReminder(sb, f.now(), f.v.Stand().Wiedervorlagen[0].ID) }},
		"aktenzeichen": {nil, func(f *fall) error { return f.v.SetAktenzeichen(sb, f.now(), []string{"67.31/26-1", "67.31/26-2"}) }},
		"aktenzeichen removed": {[]func(*fall) error{func(f *fall) error { return f.v.SetAktenzeichen(sb, f.now(), []string{"67.31/26-1"}) }},
			func(f *fall) error { return f.v.SetAktenzeichen(sb, f.now(), nil) }},
		"tags":    {nil, func(f *fall) error { return f.v.SetSchlagworte(sb, f.now(), []string{"Sturm"}) }},
		"contact": {nil, func(f *fall) error { return f.v.SetAnsprechpartner(sb, f.now(), &vorgang.Ansprechpartner{Name: "X"}) }},
		"contact removed": {[]func(*fall) error{func(f *fall) error { return f.v.SetAnsprechpartner(sb, f.now(), &vorgang.Ansprechpartner{Name: "X"}) }},
			func(f *fall) error { return f.v.SetAnsprechpartner(sb, f.now(), nil) }},
		"link": {nil, func(f *fall) error {
			return f.v.Link(sb, f.now(), vorgang.Verknuepfung{Art: vorgang.Verwandt, Vorgang: uuid.UUID{1}})
		}},
		"second link": {[]func(*fall) error{func(f *fall) error {
			return f.v.Link(sb, f.now(), vorgang.Verknuepfung{Art: vorgang.Verwandt, Vorgang: uuid.UUID{1}})
		}}, func(f *fall) error {
			return f.v.Link(sb, f.now(), vorgang.Verknuepfung{Art: vorgang.Verwandt, Vorgang: uuid.UUID{2}})
		}},
		"unlink the first": {[]func(*fall) error{func(f *fall) error {
			return f.v.Link(sb, f.now(), vorgang.Verknuepfung{Art: vorgang.Verwandt, Vorgang: uuid.UUID{1}})
		}, func(f *fall) error {
			return f.v.Link(sb, f.now(), vorgang.Verknuepfung{Art: vorgang.Verwandt, Vorgang: uuid.UUID{2}})
		}},
			func(f *fall) error { return f.v.Unlink(sb, f.now(), f.v.Stand().Verknuepfungen[0]) }},
		"suspend": {[]func(*fall) error{func(f *fall) error { return f.v.Accept(sb, f.now()) }}, func(f *fall) error { _, err := f.v.Suspend(sb, f.now(), "x"); return err }},
		"resume": {[]func(*fall) error{func(f *fall) error { return f.v.Accept(sb, f.now()) }, func(f *fall) error { _, err := f.v.Suspend(sb, f.now(), "x"); return err }},
			func(f *fall) error { return f.v.Resume(sb, f.now()) }},
		"frist":       {nil, func(f *fall) error { return f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()) }},
		"frist again": {[]func(*fall) error{func(f *fall) error { return f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()) }}, func(f *fall) error { return f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()) }},
		"move":        {[]func(*fall) error{func(f *fall) error { return f.v.Assign(sb, f.now(), "y", "Y") }}, func(f *fall) error { return f.v.Move(sb, f.now(), "tiefbau", "x") }},
		"check a stellungnahme": {[]func(*fall) error{
			func(f *fall) error { return f.v.Accept(sb, f.now()) },
			func(f *fall) error {
				_, err := f.v.RequestStellungnahme(sb, f.now(), vorgang.Anfrage{An: vorgang.Stelle{Name: "Forst"}, Frage: "?"})
				return err
			},
			func(f *fall) error {
				return f.v.AnswerStellungnahme(sb, f.now(), f.v.Stand().Stellungnahmen[0].ID, vorgang.Auskunft{Ergebnis: vorgang.ErgebnisPositiv})
			},
		}, func(f *fall) error {
			return f.v.CheckStellungnahme(sb, f.now(), f.v.Stand().Stellungnahmen[0].ID, "ja")
		}},
		"ask to cosign": {mitEntwurf, anfordern},
		"cosign":        {append(mitEntwurf, anfordern), func(f *fall) error { return f.v.Cosign(sb2, f.now(), f.v.Stand().Mitzeichnungen[0].ID) }},
		"refuse to cosign": {append(mitEntwurf, anfordern), func(f *fall) error {
			return f.v.RefuseCosign(sb2, f.now(), f.v.Stand().Mitzeichnungen[0].ID, "nein")
		}},
		"add a file": {nil, func(f *fall) error {
			_, err := f.v.AddDatei(sb, f.now(), vorgang.Datei{Anhang: anhang(50)})
			return err
		}},
		"replace a file": {[]func(*fall) error{func(f *fall) error {
			_, err := f.v.AddDatei(sb, f.now(), vorgang.Datei{Anhang: anhang(50)})
			return err
		}},
			func(f *fall) error {
				_, err := f.v.ReplaceDatei(sb, f.now(), anhang(50).ID, vorgang.Datei{Anhang: anhang(51)})
				return err
			}},
		"dismiss a withdrawal": {[]func(*fall) error{func(f *fall) error { return f.v.WithdrawAntrag(buerger, f.now(), "x") }}, func(f *fall) error { return f.v.DismissRuecknahme(sb, f.now(), "x") }},
		"hold":                 {nil, func(f *fall) error { _, err := f.v.Hold(sb, f.now(), "Klage"); return err }},
		"second note": {[]func(*fall) error{func(f *fall) error { _, err := f.v.Note(sb, f.now(), "eins"); return err }},
			func(f *fall) error { _, err := f.v.Note(sb, f.now(), "zwei"); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := neuerFall(t)
			for _, b := range c.vorher {
				f.do(b(f))
			}
			vorher := ohneKopf(t, f.v.Stand())
			f.do(c.befehl(f))
			require.NotEqual(t, vorher, ohneKopf(t, f.v.Stand()))
			f.do(f.v.Undo(sb, f.now(), f.last()))
			require.Equal(t, vorher, ohneKopf(t, f.v.Stand()))
			f.check()
			require.ErrorIs(t, f.v.Undo(sb, f.now(), f.last()), fehler.ErrUnsupported, "an undo is not undone")
			f.do(c.befehl(f)) // but the command can be given again
			f.check()
		})
	}
}

func TestUndoRefuses(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Accept(sb, f.now()))
	annahme := f.last()
	f.get(f.v.Note(sb, f.now(), "Notiz"))
	require.ErrorIs(t, f.v.Undo(sb, f.now(), annahme), fehler.ErrConflict, "not the last")
	require.ErrorIs(t, f.v.Undo(leser, f.now(), f.last()), fehler.ErrForbidden)
	forged := f.last()
	forged.Daten = []byte(`{"id":"019cadf0-0000-7000-8000-000000000001","text":"x"}`)
	require.ErrorIs(t, f.v.Undo(sb, f.now(), forged), fehler.ErrInvalid, "other data under the same hash")

	// Each command that the table calls final says why.
	g := geschichte(t)
	for i, e := range g.journal {
		h, err := vorgang.Replay(seq(g.journal[:i+1]))
		require.NoError(t, err)
		v := vorgang.Restore(h, fest())
		err = v.Undo(person("x", tenant.Sachbearbeitung, tenant.Leitung, tenant.Schlusszeichnung), g.now(), e)
		switch e.Code {
		case "vorgang.notiert":
			require.NoError(t, err)
		case "vorgang.status":
			d, _ := e.Data()
			if d.(*vorgang.StatusGesetzt).Befehl == vorgang.BefehlAnnehmen {
				require.NoError(t, err)
				continue
			}
			fallthrough
		default:
			require.ErrorIs(t, err, fehler.ErrUnsupported, "%d %s", i, e.Code)
			require.NotEmpty(t, fehler.ProblemeIn(err)[0].Hinweis)
		}
	}
}

var leser = person("r.leser", tenant.Auskunft)

func TestAnswer(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	require.ErrorIs(t, f.v.Answer(buerger, f.now(), vorgang.Erwiderung{Bezug: f.v.Stand().Nachrichten[0].Nachricht.ID, Text: "x"}),
		fehler.ErrNotFound, "the Eingangsbestaetigung takes no answer")
	_, err := f.v.Ask(sb, f.now(), vorgang.Frage{Text: "?", Bis: datum.New(2026, 3, 1)})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	f.get(f.v.Ask(sb, f.now(), vorgang.Frage{Text: "?", Bis: datum.New(2026, 3, 2)}))
	require.False(t, f.v.Stand().Wartend())
	require.Equal(t, datum.New(2026, 3, 2), f.v.Stand().Frist())
	bezug := f.v.Stand().Rueckfragen[0].Nachricht
	require.ErrorIs(t, f.v.Answer(buerger, f.now(), vorgang.Erwiderung{Bezug: bezug}), fehler.ErrInvalid, "empty")
	require.ErrorIs(t, f.v.Answer(buerger, f.now(), vorgang.Erwiderung{Bezug: bezug, ID: bezug, Text: "x"}), fehler.ErrExists)
	for _, d := range [][]vorgang.Datei{{{Anhang: f.v.Stand().Dateien[0].Anhang}}, {{Anhang: anhang(77)}, {Anhang: anhang(77)}}} {
		require.ErrorIs(t, f.v.Answer(buerger, f.now(), vorgang.Erwiderung{Bezug: bezug, Text: "x", Dateien: d}), fehler.ErrExists, "an id names one file")
	}
	w := vorgang.Erwiderung{Bezug: bezug, ID: uuid.UUID{1}, Text: "spät"}
	f.uhr = f.uhr.AddDate(0, 1, 0)
	f.do(f.v.Answer(buerger, f.now(), w))
	n := len(f.journal)
	f.do(f.v.Answer(buerger, f.now(), w))
	require.Len(t, f.journal, n, "the same answer again changes nothing")
	require.True(t, f.v.Stand().Wartend())
	f.check()
}

func TestClockJumpingBack(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Accept(sb, start.Add(-time.Hour)))
	require.Equal(t, f.journal[0].Zeit, f.last().Zeit, "the journal does not run backwards")
	f.check()
}

func ohneKopf(t testing.TB, s vorgang.Stand) string {
	t.Helper()
	s.Journal = vorgang.Kopf{}
	b, err := vorgang.Restore(s, vorgang.Kontext{}).MarshalStand()
	require.NoError(t, err)
	return string(b)
}
