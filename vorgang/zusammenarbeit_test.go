package vorgang_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// codeVon gives the kind and the code of the only problem.
func codeVon(t *testing.T, err error) string {
	t.Helper()
	require.Error(t, err)
	p := fehler.ProblemeIn(err)
	require.Len(t, p, 1, "%v", err)
	require.NotEmpty(t, p[0].Hinweis)
	return p[0].Code
}

func TestStellungnahmen(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	_, err := f.v.RequestStellungnahme(sb, f.now(), vorgang.Anfrage{Frage: "?"})
	require.Equal(t, "stellungnahme.stelle", codeVon(t, err))
	_, err = f.v.RequestStellungnahme(sb, f.now(), vorgang.Anfrage{An: vorgang.Stelle{Name: "x"}, Frage: "?", Bis: datum.New(2026, 3, 1)})
	require.Equal(t, "stellungnahme.frist", codeVon(t, err))

	nachbar := f.get(f.v.RequestStellungnahme(sb, f.now(), vorgang.Anfrage{An: vorgang.Stelle{Mandant: "luebeck"}, Frage: "Grenzt der Baum an Ihr Gebiet?"}))
	forst := f.get(f.v.RequestStellungnahme(sb, f.now(), vorgang.Anfrage{An: vorgang.Stelle{Name: "Forstamt"}, Frage: "Ist er gesund?"}))
	require.Equal(t, datum.New(2026, 4, 1), f.v.Stand().Stellungnahmen[0].Bis, "thirty days if nothing is said")

	// A guest answers what its Mandant was asked, and only with a right.
	ja := vorgang.Auskunft{Ergebnis: vorgang.ErgebnisForderung, Text: "Nachpflanzen."}
	require.ErrorIs(t, f.v.AnswerStellungnahme(gast, f.now(), nachbar, ja), fehler.ErrForbidden)
	f.get(f.v.Invite(sb, f.now(), vorgang.Einladung{Mandant: "luebeck", Recht: vorgang.RechtKommentieren, Grund: "Stellungnahme"}))
	require.Equal(t, "vorgang.beteiligung", codeVon(t, f.v.AnswerStellungnahme(gast, f.now(), forst, ja)))
	require.Equal(t, "stellungnahme.ergebnis", codeVon(t, f.v.AnswerStellungnahme(gast, f.now(), nachbar, vorgang.Auskunft{Ergebnis: "vielleicht"})))
	require.Equal(t, "vorgang.pflichtangabe", codeVon(t, f.v.AnswerStellungnahme(gast, f.now(), nachbar, vorgang.Auskunft{Ergebnis: vorgang.ErgebnisNegativ})))
	plan := f.get(f.v.AddDatei(gast, f.now(), vorgang.Datei{Anhang: anhang(40)}))
	ja.Dateien = []uuid.UUID{plan}
	f.do(f.v.AnswerStellungnahme(gast, f.now(), nachbar, ja))
	require.Equal(t, "stellungnahme.zustand", codeVon(t, f.v.AnswerStellungnahme(gast, f.now(), nachbar, ja)))
	ja.Dateien = []uuid.UUID{{7}}
	require.ErrorIs(t, f.v.AnswerStellungnahme(sb, f.now(), forst, ja), fehler.ErrNotFound)

	// The lead asks once more, takes the answer, and waits no longer for the other one.
	require.Equal(t, "vorgang.pflichtangabe", codeVon(t, f.v.RedoStellungnahme(sb, f.now(), nachbar, "", datum.Datum{})))
	f.do(f.v.RedoStellungnahme(sb, f.now(), nachbar, "Wie viele Bäume?", datum.New(2026, 3, 20)))
	require.Equal(t, "abschluss.stellungnahme-offen", fehler.ProblemeIn(f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundErledigung}))[0].Code)
	f.do(f.v.AnswerStellungnahme(gast, f.now(), nachbar, vorgang.Auskunft{Ergebnis: vorgang.ErgebnisPositiv}))
	f.do(f.v.CheckStellungnahme(sb, f.now(), nachbar, "passt"))
	f.do(f.v.CancelStellungnahme(sb, f.now(), forst, "Gutachten liegt vor"))
	require.Equal(t, "stellungnahme.zustand", codeVon(t, f.v.CheckStellungnahme(sb, f.now(), forst, "")))
	require.ErrorIs(t, f.v.CheckStellungnahme(sb, f.now(), uuid.UUID{1}, ""), fehler.ErrNotFound)
	s := f.v.Stand()
	require.Equal(t, vorgang.StellungnahmeGeprueft, s.Stellungnahmen[0].Zustand)
	require.Equal(t, gast.ID, s.Stellungnahmen[0].Von)
	require.Equal(t, vorgang.StellungnahmeAbgebrochen, s.Stellungnahmen[1].Zustand)
	f.do(f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundErledigung}))
	f.check()
}

func TestMitzeichnungen(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	d := f.get(f.v.Draft(sb, f.now(), inhalt()))
	m := func(stelle vorgang.Stelle, rang int) uuid.UUID {
		return f.get(f.v.RequestMitzeichnung(sb, f.now(), vorgang.Mitzeichnung{Bescheid: d, Stelle: stelle, Rang: rang}))
	}
	_, err := f.v.RequestMitzeichnung(sb, f.now(), vorgang.Mitzeichnung{Bescheid: d})
	require.Equal(t, "mitzeichnung.stelle", codeVon(t, err))
	recht, amt := m(vorgang.Stelle{Einheit: "recht"}, 0), m(vorgang.Stelle{Einheit: "amt"}, 1)
	f.do(f.v.SubmitDraft(sb, f.now(), d))
	require.Len(t, fehler.ProblemeIn(f.v.ReleaseBescheid(leitung, f.now(), d)), 2, "both are missing")
	require.Equal(t, "mitzeichnung.reihenfolge", codeVon(t, f.v.Cosign(sb2, f.now(), amt)))
	f.do(f.v.RefuseCosign(sb2, f.now(), recht, "Die Begründung fehlt."))
	require.Equal(t, "mitzeichnung.reihenfolge", codeVon(t, f.v.Cosign(sb2, f.now(), amt)), "a no is no yes")
	f.do(f.v.Cosign(sb2, f.now(), recht))
	f.do(f.v.Cosign(zeichen, f.now(), amt))

	// A changed text needs them again.
	f.do(f.v.ReturnDraft(leitung, f.now(), d, "Bitte kürzen."))
	anders := inhalt()
	anders.Begruendung = []string{"Er ist krank."}
	f.do(f.v.Redraft(sb, f.now(), d, anders))
	f.do(f.v.SubmitDraft(sb, f.now(), d))
	p := fehler.ProblemeIn(f.v.ReleaseBescheid(leitung, f.now(), d))
	require.Len(t, p, 2)
	require.Equal(t, "mitzeichnung.anderer-text", p[0].Code)
	f.do(f.v.Cosign(sb2, f.now(), recht))
	require.ErrorIs(t, f.v.CancelMitzeichnung(sb, f.now(), amt, "eilig"), fehler.ErrForbidden, "only the Leitung does without")
	f.do(f.v.CancelMitzeichnung(leitung, f.now(), amt, "eilig"))
	require.Equal(t, "mitzeichnung.zustand", codeVon(t, f.v.Cosign(zeichen, f.now(), amt)))
	f.get(f.v.Suspend(sb, f.now(), "x"))
	require.Equal(t, "vorgang.ausgesetzt", codeVon(t, f.v.ReleaseBescheid(leitung, f.now(), d)))
	f.do(f.v.Resume(sb, f.now()))
	f.do(f.v.ReleaseBescheid(leitung, f.now(), d))
	f.check()
}

func TestWeiterleitungIsAHandshake(t *testing.T) {
	t.Parallel()
	ziel := vorgang.Stelle{Mandant: "luebeck"}
	offen := func() (*fall, uuid.UUID) {
		f := neuerFall(t)
		f.do(f.v.Pull(sb, f.now()))
		return f, f.get(f.v.RequestWeiterleitung(sb, f.now(), ziel, "Der Baum steht in Lübeck.", f.uhr.Add(48*time.Hour)))
	}
	f, id := offen()
	require.False(t, f.v.Stand().Wartend())
	for name, err := range map[string]error{
		"pull": f.v.Pull(sb, f.now()), "close": f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundErledigung}),
	} {
		require.Equal(t, "vorgang.weiterleitung", codeVon(t, err), name)
	}
	_, err := f.v.RequestWeiterleitung(sb, f.now(), ziel, "noch einmal", time.Time{})
	require.Equal(t, "vorgang.weiterleitung", codeVon(t, err))
	require.Equal(t, "vorgang.beteiligung", codeVon(t, f.v.DecideWeiterleitung(sb, f.now(), id, true, "")), "the sender does not answer for the target")
	f.get(f.v.Note(sb, f.now(), "wartet"))

	// Yes: the new Vorgang is made, then the old one is closed.
	f.do(f.v.DecideWeiterleitung(gast, f.now(), id, true, ""))
	w := f.v.Stand().OffeneWeiterleitung()
	require.Equal(t, vorgang.WeiterleitungUebernommen, w.Zustand)
	require.NotEqual(t, uuid.Nil, w.Vorgang)
	require.Equal(t, "weiterleitung.zustand", codeVon(t, f.v.WithdrawWeiterleitung(sb, f.now(), id)), "a yes is not taken back")
	require.Equal(t, vorgang.WeiterleitungAusfuehren, f.orders[len(f.orders)-1].Art)
	f.do(f.v.RecordWeiterleitung(relay, f.now(), id, "L-2026-7"))
	s := f.v.Stand()
	require.Equal(t, vorgang.Abgeschlossen, s.Status)
	require.Equal(t, vorgang.GrundWeitergeleitet, s.Abschluss.Grund)
	require.Equal(t, []vorgang.Verknuepfung{{Art: vorgang.FortgesetztIn, Vorgang: w.Vorgang, Nummer: "L-2026-7"}}, s.Verknuepfungen)
	require.Empty(t, s.Bearbeiter())
	require.ErrorIs(t, f.v.LogAccess(gast, f.now(), "neugierig"), fehler.ErrForbidden, "the target has its own now")
	require.Equal(t, "wiedereroeffnung.weitergeleitet", codeVon(t, f.v.Reopen(leitung, f.now(), vorgang.WegenIrrtum, "zurück")))
	n := len(f.journal)
	f.do(f.v.RecordWeiterleitung(relay, f.now(), id, "L-2026-7"))
	require.Len(t, f.journal, n)
	f.check()

	// No, taken back, too late: the old state, and the target sees no more.
	for name, c := range map[string]struct {
		was  func(f *fall, id uuid.UUID) error
		nach vorgang.WeiterleitungZustand
	}{
		"refused": {func(f *fall, id uuid.UUID) error {
			return f.v.DecideWeiterleitung(gast, f.now(), id, false, "Doch Kiel.")
		}, vorgang.WeiterleitungAbgelehnt},
		"withdrawn": {func(f *fall, id uuid.UUID) error { return f.v.WithdrawWeiterleitung(sb, f.now(), id) }, vorgang.WeiterleitungZurueckgezogen},
		"expired": {func(f *fall, id uuid.UUID) error {
			require.ErrorIs(t, f.v.ExpireWeiterleitung(relay, f.now(), id), fehler.ErrInvalid)
			f.uhr = f.uhr.Add(48 * time.Hour)
			require.Equal(t, "weiterleitung.abgelaufen", codeVon(t, f.v.DecideWeiterleitung(gast, f.uhr, id, true, "")))
			return f.v.ExpireWeiterleitung(relay, f.now(), id)
		}, vorgang.WeiterleitungAbgelaufen},
	} {
		f, id := offen()
		f.do(c.was(f, id))
		s := f.v.Stand()
		require.Equal(t, c.nach, s.Weiterleitungen[0].Zustand, name)
		require.Equal(t, vorgang.InBearbeitung, s.Status, name)
		require.True(t, s.Wartend(), name)
		require.ErrorIs(t, f.v.LogAccess(gast, f.now(), "neugierig"), fehler.ErrForbidden, name)
		f.do(f.v.ExpireWeiterleitung(relay, f.now(), id)) // a late alarm changes nothing
		f.get(f.v.RequestWeiterleitung(sb, f.now(), vorgang.Stelle{Name: "Kreis"}, "noch einmal", time.Time{}))
		f.check()
	}

	// To a body outside: somebody writes down what it answered.
	f = neuerFall(t)
	id = f.get(f.v.RequestWeiterleitung(post, f.now(), vorgang.Stelle{Name: "Bundesamt"}, "Bundessache", time.Time{}))
	f.do(f.v.DecideWeiterleitung(post, f.now(), id, true, "Schreiben vom 3. März"))
	f.do(f.v.RecordWeiterleitung(relay, f.now(), id, ""))
	require.Equal(t, vorgang.Abgeschlossen, f.v.Status())
	require.Empty(t, f.v.Stand().Verknuepfungen)
	f.check()

	_, err = neuerFall(t).v.RequestWeiterleitung(sb, start, vorgang.Stelle{Mandant: "kiel"}, "x", time.Time{})
	require.Equal(t, "weiterleitung.eigener-mandant", codeVon(t, err))
}

func TestWithdrawalEndsWhatIsOpen(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	f.get(f.v.Ask(sb, f.now(), vorgang.Frage{Text: "?"}))
	f.get(f.v.RequestStellungnahme(sb, f.now(), vorgang.Anfrage{An: vorgang.Stelle{Name: "Forst"}, Frage: "?"}))
	d := f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.get(f.v.RequestMitzeichnung(sb, f.now(), vorgang.Mitzeichnung{Bescheid: d, Stelle: vorgang.Stelle{Einheit: "recht"}}))
	f.get(f.v.Suspend(sb, f.now(), "x"))
	f.do(f.v.WithdrawAntrag(buerger, f.now(), "Der Baum ist umgefallen."))
	require.ErrorIs(t, f.v.WithdrawAntrag(buerger, f.now(), ""), fehler.ErrExists)
	require.NotErrorIs(t, f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundErledigung}), nil)
	f.do(f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundRuecknahme}))
	s := f.v.Stand()
	require.False(t, s.WartetAufBuerger())
	require.Equal(t, vorgang.StellungnahmeAbgebrochen, s.Stellungnahmen[0].Zustand)
	require.Equal(t, vorgang.MitzeichnungAbgebrochen, s.Mitzeichnungen[0].Zustand)
	require.Nil(t, s.Ausgesetzt())
	require.NotNil(t, s.Ruecknahme)
	f.check()
}

func TestFilesHaveVersions(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	a := f.get(f.v.AddDatei(sb, f.now(), vorgang.Datei{Anhang: anhang(60)}))
	b := f.get(f.v.ReplaceDatei(sb2, f.now(), a, vorgang.Datei{Anhang: anhang(61)}))
	zwei := f.last()
	c := f.get(f.v.ReplaceDatei(sb, f.now(), b, vorgang.Datei{Anhang: anhang(62)}))
	s := f.v.Stand()
	require.Equal(t, []string{"datei-60.pdf", "datei-61.pdf", "datei-62.pdf"}, namen(s.Fassungen(c)))
	require.Equal(t, []string{"datei-1.pdf", "datei-62.pdf"}, namen(s.AktuelleDateien()))
	require.Equal(t, sb2.ID, s.Fassungen(c)[1].Herkunft)
	require.Empty(t, s.Fassungen(uuid.UUID{1}))
	_, err := f.v.ReplaceDatei(sb, f.now(), a, vorgang.Datei{Anhang: anhang(63)})
	require.Equal(t, "anlage.ersetzt", codeVon(t, err))
	_, err = f.v.ReplaceDatei(sb, f.now(), anhang(1).ID, vorgang.Datei{Anhang: anhang(63)})
	require.Equal(t, "anlage.unveraenderlich", codeVon(t, err), "the original stays")
	_, err = f.v.AddDatei(sb, f.now(), vorgang.Datei{Anhang: anhang(60)})
	require.ErrorIs(t, err, fehler.ErrExists)
	_, err = f.v.AddDatei(sb, f.now(), vorgang.Datei{Anhang: messaging.Anhang{Name: "leer.pdf"}})
	require.Equal(t, "anlage.pruefsumme", codeVon(t, err))
	require.ErrorIs(t, f.v.Undo(sb, f.now(), zwei, f.last()), fehler.ErrConflict, "the third version builds on the second")
	f.do(f.v.Undo(sb, f.now(), f.last()))
	require.Equal(t, []string{"datei-1.pdf", "datei-61.pdf"}, namen(f.v.Stand().AktuelleDateien()))
	f.check()
}

func namen(l []vorgang.Datei) (out []string) {
	for _, d := range l {
		out = append(out, d.Name)
	}
	return out
}

func TestDeletionNeedsTwoAndTime(t *testing.T) {
	t.Parallel()
	loescher := person("d.loescher", tenant.Loeschberechtigt)
	f := geschichte(t)
	f.uhr = datum.New(2037, 1, 2).Beginn()
	err := f.v.RequestLoeschung(sb, f.now(), vorgang.Loeschung{AufbewahrungBis: datum.New(2037, 1, 2)})
	require.Len(t, fehler.ProblemeIn(err), 3, "no rule, too early, no answer of the archive: all at once")
	sperre := f.get(f.v.Hold(sb, f.now(), "Klage"))
	require.Equal(t, "loeschung.sperre", codeVon(t, f.v.RequestLoeschung(sb, f.now(), loeschung())))
	f.do(f.v.Unhold(leitung, f.now(), sperre))
	require.ErrorIs(t, f.v.Unhold(leitung, f.now(), sperre), fehler.ErrConflict)

	beide := person("b.beide", tenant.Sachbearbeitung, tenant.Loeschberechtigt)
	f.do(f.v.RequestLoeschung(beide, f.now(), loeschung()))
	f.uhr = f.uhr.AddDate(0, 0, 8)
	require.Equal(t, "loeschung.vier-augen", codeVon(t, f.v.ConfirmLoeschung(beide, f.now())))
	vertreter := loescher
	vertreter.VertretungFuer = beide.ID
	require.Equal(t, "loeschung.vier-augen", codeVon(t, f.v.ConfirmLoeschung(vertreter, f.now())))
	f.do(f.v.WithdrawLoeschung(loescher, f.now(), "Das Archiv fragt noch einmal."))
	require.Equal(t, vorgang.Abgeschlossen, f.v.Status())
	require.Nil(t, f.v.Stand().Loeschantrag)

	f.do(f.v.RequestLoeschung(sb, f.now(), loeschung()))
	require.Equal(t, "loeschung.karenz", codeVon(t, f.v.ConfirmLoeschung(loescher, f.now())))
	f.uhr = f.uhr.AddDate(0, 0, 8)
	sperre = f.get(f.v.Hold(loescher, f.now(), "Rechnungsprüfung"))
	require.Equal(t, "loeschung.sperre", codeVon(t, f.v.ConfirmLoeschung(loescher, f.now())))
	f.do(f.v.Unhold(loescher, f.now(), sperre))
	vorher := f.v.Stand()
	f.do(f.v.ConfirmLoeschung(loescher, f.now()))
	s := f.v.Stand()
	require.Equal(t, vorgang.Geloescht, s.Status)
	require.Equal(t, vorher.Nummer, s.Nummer)
	require.Equal(t, len(vorher.Dateien), s.LoeschNachweis.Dateien)
	require.Equal(t, []string{sb.ID, loescher.ID}, []string{s.LoeschNachweis.BeantragtVon, s.LoeschNachweis.BestaetigtVon})
	for _, weg := range []string{"Mustermann", "konto-1", "Eiche", "Ortstermin", "datei-"} {
		require.Contains(t, string(stand(t, vorher)), weg)
		require.NotContains(t, f.json(), weg, "nothing about the person remains")
	}
	for _, r := range vorgang.Regeln() { // there is no way back
		require.ErrorIs(t, f.v.May(person("x", r.Rollen...), f.now(), r.Befehl), errVon(r), r.Befehl)
	}
	f.check()
}

// errVon is how a command on a deleted Vorgang is refused: by its state, or already by
// the role, where it is for none a person has.
func errVon(r vorgang.Regel) error {
	for _, x := range r.Rollen {
		if x != tenant.RolleSystem && x != tenant.RolleAntragsteller {
			return fehler.ErrInvalid
		}
	}
	return fehler.ErrForbidden
}

func stand(t *testing.T, s vorgang.Stand) []byte {
	t.Helper()
	b, err := vorgang.Restore(s, fest()).MarshalStand()
	require.NoError(t, err)
	return b
}

func TestReturnToWork(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	d := f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.do(f.v.SubmitDraft(sb, f.now(), d))
	f.do(f.v.ReleaseBescheid(leitung, f.now(), d))
	require.Equal(t, "rueckkehr.grund", codeVon(t, f.v.ReturnToBearbeitung(leitung, f.now(), "so")))
	f.do(f.v.ReturnToBearbeitung(leitung, f.now(), vorgang.RueckkehrNichtVersandt))
	f.do(f.v.Undo(leitung, f.now(), f.last()))
	require.Equal(t, vorgang.Beschieden, f.v.Status())
	f.do(f.v.RecordAusfertigung(relay, f.now(), d, uuid.Nil, vorgang.Datei{Anhang: anhang(4)}))
	f.do(f.v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: d, Nachricht: messaging.Nachricht{Art: messaging.BescheidArt}, Quittung: quittung(2), Bekanntgabe: bekanntgabe()}))
	require.Equal(t, "rueckkehr.versandt", codeVon(t, f.v.ReturnToBearbeitung(leitung, f.now(), vorgang.RueckkehrNichtVersandt)))
	f.do(f.v.ReturnToBearbeitung(leitung, f.now(), vorgang.RueckkehrAbhilfe))
	f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.check()
}

// Two people look at the same state: what they do to different things is merged, what
// they do to the same is not.
func TestMerges(t *testing.T) {
	t.Parallel()
	basis := neuerFall(t)
	basis.do(basis.v.Pull(sb, basis.now()))
	d := basis.get(basis.v.Draft(sb, basis.now(), inhalt()))
	befehle := map[string]func(v *vorgang.Vorgang) error{
		"tags":      func(v *vorgang.Vorgang) error { return v.SetSchlagworte(sb, basis.uhr, []string{"Sturm"}) },
		"other":     func(v *vorgang.Vorgang) error { return v.SetSchlagworte(sb2, basis.uhr, []string{"Wind"}) },
		"note":      func(v *vorgang.Vorgang) error { _, err := v.Note(sb, basis.uhr, "x"); return err },
		"assign":    func(v *vorgang.Vorgang) error { return v.Assign(sb, basis.uhr, "x", "X") },
		"move":      func(v *vorgang.Vorgang) error { return v.Move(sb, basis.uhr, "tiefbau", "x") },
		"redraft":   func(v *vorgang.Vorgang) error { return v.Redraft(sb, basis.uhr, d, inhalt()) },
		"submit":    func(v *vorgang.Vorgang) error { return v.SubmitDraft(sb2, basis.uhr, d) },
		"new draft": func(v *vorgang.Vorgang) error { _, err := v.Draft(sb, basis.uhr, inhalt()); return err },
		"nothing":   func(*vorgang.Vorgang) error { return nil },
	}
	gleich := [][]string{{"tags", "other"}, {"assign", "move"}, {"redraft", "submit"}}
	for einer, erst := range befehle {
		for anderer, dann := range befehle {
			v := vorgang.Restore(basis.v.Stand(), vorgang.Kontext{})
			require.NoError(t, erst(v))
			dazwischen := v.Neu()
			v = vorgang.Restore(v.Stand(), vorgang.Kontext{})
			if err := dann(v); err != nil {
				continue // it no longer fits: the command says so itself
			}
			konflikt := einer == anderer && einer != "note" && einer != "new draft" && einer != "nothing" && len(v.Neu()) > 0
			for _, g := range gleich {
				konflikt = konflikt || einer == g[0] && anderer == g[1] || einer == g[1] && anderer == g[0]
			}
			err := v.Merges(dazwischen)
			if konflikt {
				require.ErrorIs(t, err, fehler.ErrConflict, "%s, then %s", einer, anderer)
				require.Equal(t, "vorgang.zwischenzeitlich", fehler.ProblemeIn(err)[0].Code)
			} else {
				require.NoError(t, err, "%s, then %s", einer, anderer)
			}
		}
	}
}
