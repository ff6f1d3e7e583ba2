package vorgang_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// zurFreigabe is a Vorgang with an older announced Bescheid and a new one that lies for release.
func zurFreigabe(t *testing.T, k vorgang.Kontext, i bescheid.Inhalt) (*vorgang.Vorgang, uuid.UUID) {
	t.Helper()
	s, _ := bereiterStand(t, vorgang.InBearbeitung)
	s.Bescheide = []bescheid.Bescheid{versandt(bescheid.ZustellungBekanntgegeben)}
	v := vorgang.Restore(s, k)
	id, err := v.Draft(sb, gabZeit, i)
	require.NoError(t, err)
	require.NoError(t, v.SubmitDraft(sb, gabZeit, id))
	return v, id
}

func TestWhoMaySign(t *testing.T) {
	t.Parallel()
	wb := inhalt()
	wb.Art, wb.Bezug = bescheid.Widerspruchsbescheid, uuid.UUID{9}
	vertritt := zeichen
	vertritt.ID, vertritt.VertretungFuer = "v.vertretung", leitung.ID
	for name, c := range map[string]struct {
		regeln []vorgang.Zeichnungsregel
		i      bescheid.Inhalt
		wer    tenant.Akteur
		ok     bool
	}{
		"anybody with the role signs a grant":    {nil, inhalt(), zeichen, true},
		"a Widerspruchsbescheid needs the chief": {nil, wb, zeichen, false},
		"the chief signs it":                     {nil, wb, leitung, true},
		"no rules, no limit":                     {[]vorgang.Zeichnungsregel{}, wb, zeichen, true},
		"another Leistung":                       {[]vorgang.Zeichnungsregel{{Leistung: "99013", Personen: []string{"x"}}}, inhalt(), zeichen, true},
		"this Leistung, another person":          {[]vorgang.Zeichnungsregel{{Leistung: "99012", Personen: []string{"x"}}}, inhalt(), leitung, false},
		"a named person":                         {[]vorgang.Zeichnungsregel{{Personen: []string{leitung.ID}}}, inhalt(), leitung, true},
		"who stands in for a named person":       {[]vorgang.Zeichnungsregel{{Personen: []string{leitung.ID}}}, inhalt(), vertritt, true},
		"all rules that fit must allow":          {[]vorgang.Zeichnungsregel{{Rollen: []tenant.Rolle{tenant.Leitung}}, {Personen: []string{"x"}}}, inhalt(), leitung, false},
	} {
		k := fest()
		k.Zeichnung = c.regeln
		v, id := zurFreigabe(t, k, c.i)
		err := v.ReleaseBescheid(c.wer, gabZeit, id)
		if c.ok {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, fehler.ErrForbidden, name)
		require.Equal(t, "bescheid.zeichnungsrecht", codeVon(t, err), name)
	}
}

func TestRemarksAreKept(t *testing.T) {
	t.Parallel()
	v, id := zurFreigabe(t, fest(), inhalt())
	require.NoError(t, v.ReturnDraft(leitung, gabZeit, id, "zu knapp"))
	require.NoError(t, v.SubmitDraft(sb, gabZeit, id))
	require.NoError(t, v.ReturnDraft(zeichen, gabZeit, id, "Norm fehlt"))
	require.NoError(t, v.Redraft(sb, gabZeit, id, inhalt()))
	b := v.Stand().Bescheide[1]
	require.Empty(t, b.Anmerkung)
	require.Equal(t, []bescheid.Anmerkung{
		{Text: "zu knapp", Von: leitung.ID, Zeit: gabZeit}, {Text: "Norm fehlt", Von: zeichen.ID, Zeit: gabZeit},
	}, b.Anmerkungen)
}

func TestTextAgainstTheVorgang(t *testing.T) {
	t.Parallel()
	s, _ := bereiterStand(t, vorgang.InBearbeitung)
	s.Bescheide = []bescheid.Bescheid{versandt(bescheid.ZustellungBekanntgegeben)}
	datei := s.Dateien[0].Anhang
	for name, c := range map[string]struct {
		f    func(i *bescheid.Inhalt)
		code string
	}{
		"as it is":            {func(*bescheid.Inhalt) {}, ""},
		"earlier Bescheid":    {func(i *bescheid.Inhalt) { i.Art, i.Bezug = bescheid.Widerruf, uuid.UUID{9} }, ""},
		"unknown Bescheid":    {func(i *bescheid.Inhalt) { i.Art, i.Bezug = bescheid.Widerruf, uuid.UUID{7} }, "bescheid.bezug-unbekannt"},
		"a file":              {func(i *bescheid.Inhalt) { i.Anlagen = append(i.Anlagen, datei) }, ""},
		"a file changed":      {func(i *bescheid.Inhalt) { x := datei; x.SHA512 = "1"; i.Anlagen = append(i.Anlagen, x) }, "bescheid.anlage-datei"},
		"no file":             {func(i *bescheid.Inhalt) { i.Anlagen = append(i.Anlagen, anhang(99)) }, "bescheid.anlage-datei"},
		"Widerruf of nothing": {func(i *bescheid.Inhalt) { i.Art = bescheid.Widerruf }, "bescheid.bezug"},
	} {
		v := vorgang.Restore(s, fest())
		i := inhalt()
		c.f(&i)
		id, err := v.Draft(sb, gabZeit, i)
		require.NoError(t, err)
		if err = v.SubmitDraft(sb, gabZeit, id); c.code == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.Equal(t, c.code, codeVon(t, err), name)
	}
}

// Under the law as it is loaded the days are others: they are recorded once, and the
// watch for them is ordered.
func TestRecompute(t *testing.T) {
	t.Parallel()
	s, _ := bereiterStand(t, vorgang.Beschieden)
	s.Bescheide = []bescheid.Bescheid{versandt(bescheid.ZustellungVersandt)}
	v := vorgang.Restore(s, fest())
	require.NoError(t, v.RecomputeBekanntgabe(relay, gabZeit, uuid.UUID{9}))
	require.Equal(t, "2026-04-07", v.Stand().Bescheide[0].Bekanntgabe.FristEnde.String())
	require.Len(t, v.Neu(), 1)
	require.Contains(t, v.Neu()[0].Text(), "neu berechnet, Bekanntgabe am 06.03.2026, Frist bis 07.04.2026")
	require.Len(t, v.NeueAuftraege(), 1)
	require.NoError(t, v.RecomputeBekanntgabe(relay, gabZeit, uuid.UUID{9}))
	require.Len(t, v.Neu(), 1, "the same days are no entry")
}

// Taking back a Widerspruch that was recorded by mistake gives the Bestandskraft back.
func TestUndoOfAWiderspruch(t *testing.T) {
	t.Parallel()
	f := &fall{t: t, uhr: datum.New(2026, 4, 8).Beginn()}
	s, _ := bereiterStand(t, vorgang.Beschieden)
	b := versandt(bescheid.ZustellungBekanntgegeben)
	x := b.Zustellungen[0]
	x.Zustand, x.BestandskraftSeit, x.Bekanntgabe.FristEnde = bescheid.ZustellungBestandskraeftig, datum.New(2026, 4, 8), datum.New(2026, 4, 7)
	b.SetzeZustellung(x)
	s.Bescheide = []bescheid.Bescheid{b}
	f.v = vorgang.Restore(s, fest())
	f.get(f.v.RecordRechtsbehelf(post, f.now(), vorgang.Rechtsbehelfseingang{Bescheid: b.ID, Eingang: datum.New(2026, 4, 7)}))
	require.Equal(t, bescheid.Bekanntgegeben, f.v.Stand().Bescheide[0].Zustand)
	require.Equal(t, "Ihr Rechtsbehelf ist eingegangen. Darüber ist noch nicht entschieden.", f.v.Oeffentlich(f.uhr).Status)
	require.Equal(t, "abschluss.rechtsbehelf-offen", codeVon(t, f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundBeschieden})))
	f.do(f.v.Undo(post, f.now(), f.last()))
	require.Empty(t, f.v.Stand().Rechtsbehelfe)
	require.Equal(t, bescheid.Bestandskraeftig, f.v.Stand().Bescheide[0].Zustand)
	require.Equal(t, "Über Ihren Antrag ist entschieden.", f.v.Oeffentlich(f.uhr).Status)
}

// The commands of the decision that can be undone give back every byte.
func TestUndoOfTheDecisionRestores(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	d := f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.do(f.v.SubmitDraft(sb, f.now(), d))
	f.do(f.v.ReleaseBescheid(leitung, f.now(), d))
	f.do(f.v.RecordAusfertigung(relay, f.now(), d, uuid.Nil, vorgang.Datei{Anhang: anhang(5)}))
	z := zustellung(uuid.UUID{7}, uuid.Nil, "brief", frist.KanalPost, datum.New(2026, 3, 2))
	f.do(f.v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: d, Quittung: quittung(3), Zustellung: &z}))
	f.uhr = datum.New(2026, 4, 20).Beginn()
	var r uuid.UUID
	for name, do := range []func() error{
		func() (err error) {
			r, err = f.v.RecordRechtsbehelf(post, f.now(), vorgang.Rechtsbehelfseingang{Bescheid: d, Eingang: datum.New(2026, 4, 20)})
			return err
		},
		func() error {
			return f.v.RequestWiedereinsetzung(post, f.now(), vorgang.Wiedereinsetzungsantrag{Rechtsbehelf: r, Eingang: datum.New(2026, 4, 20), Hindernis: datum.New(2026, 4, 19), Grund: "x"})
		},
	} {
		vorher := f.v.Stand()
		f.do(do())
		f.do(f.v.Undo(post, f.now(), f.last()))
		nachher := f.v.Stand()
		nachher.Journal = vorher.Journal
		nachher.Version = vorher.Version
		require.Equal(t, vorher, nachher, name)
		f.do(do())
	}
	f.check()
	f.do(f.v.DecideWiedereinsetzung(leitung, f.now(), r, false, "selbst verschuldet"))
	require.Contains(t, f.last().Text(), "abgelehnt")
	err := f.v.Undo(leitung, f.now(), f.last())
	require.ErrorIs(t, err, fehler.ErrUnsupported)
	f.check()
}

func TestDeletionWaitsForBestandskraft(t *testing.T) {
	t.Parallel()
	s, _ := bereiterStand(t, vorgang.Abgeschlossen)
	s.Bescheide = []bescheid.Bescheid{versandt(bescheid.ZustellungBekanntgegeben)}
	v := vorgang.Restore(s, fest())
	require.Equal(t, "loeschung.anfechtbar", codeVon(t, v.RequestLoeschung(sb, gabZeit, loeschung())))
	require.True(t, v.Stand().AufbewahrungAb().IsZero())
}

func TestFiktionAndCertificate(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	_, err := f.v.IssueBescheinigung(sb, f.now(), vorgang.Bescheinigung{Stelle: "Grünflächenamt"})
	require.Equal(t, "fiktion.keine", codeVon(t, err))
	require.Equal(t, "abschluss.keine-fiktion", codeVon(t, f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundFiktion})))
	e := fiktion()
	e.Fall.Vollstaendig = datum.New(2026, 1, 14) // example 31: ends on 14 April
	require.Equal(t, "fiktion.frist", codeVon(t, f.v.RecordFiktion(sb, f.now(), e)))
	f.uhr = datum.New(2026, 4, 14).Beginn().Add(23 * time.Hour)
	require.Equal(t, "fiktion.frist", codeVon(t, f.v.RecordFiktion(sb, f.now(), e)), "on the last day it may still be decided")
	f.uhr = datum.New(2026, 4, 15).Beginn()
	f.do(f.v.RecordFiktion(relay, f.now(), e))
	require.Equal(t, "2026-04-14", f.v.Stand().Fiktion.Fristende.String())
	require.Equal(t, "2026-04-15", f.v.Stand().Fiktion.ErteiltAb.String())
	require.Equal(t, "Ihr Antrag gilt seit dem 15.04.2026 als genehmigt.", f.v.Oeffentlich(f.uhr).Status)
	require.ErrorIs(t, f.v.RecordFiktion(sb, f.now(), e), fehler.ErrExists)
	c, err := f.v.IssueBescheinigung(sb, f.now(), vorgang.Bescheinigung{Stelle: "Grünflächenamt", Verlangt: datum.New(2026, 4, 15)})
	f.do(err)
	require.Equal(t, "2026-04-15", c.ErteiltAb.String())
	s := f.v.Stand()
	u := s.Fiktion.Urkunden[0]
	require.Equal(t, c.Saetze, u.Saetze)
	require.Equal(t, sb.Name, u.Zeichner)
	require.Contains(t, strings.Join(u.Saetze, " "), "Die Genehmigung gilt mit Ablauf des 14.04.2026 als erteilt")
	require.Contains(t, strings.Join(u.Saetze, " "), "Erika Mustermann")
	require.Equal(t, vorgang.BescheinigungAusfertigen, f.orders[len(f.orders)-1].Art, "nothing goes out before there is a document")
	nachrichten := len(s.Nachrichten)
	datei := vorgang.Datei{Anhang: anhang(40)}
	require.ErrorIs(t, f.v.RecordBescheinigung(relay, f.now(), uuid.UUID{1}, datei), fehler.ErrNotFound)
	require.ErrorIs(t, f.v.RecordBescheinigung(sb, f.now(), u.ID, datei), fehler.ErrForbidden)
	require.Equal(t, "fiktion.datei", codeVon(t, f.v.RecordBescheinigung(relay, f.now(), u.ID, vorgang.Datei{})))
	f.do(f.v.RecordBescheinigung(relay, f.now(), u.ID, datei))
	f.do(f.v.RecordBescheinigung(relay, f.now(), u.ID, datei))
	s = f.v.Stand()
	require.Len(t, s.Nachrichten, nachrichten+1, "a second report changes nothing")
	brief := s.Nachrichten[nachrichten].Nachricht
	require.Equal(t, s.Fiktion.Bescheinigungen[0], brief.ID)
	require.Equal(t, []messaging.Anhang{datei.Anhang}, brief.Anhaenge)
	require.Equal(t, datei.ID, s.Fiktion.Urkunden[0].Datei)
	require.Equal(t, vorgang.NachrichtSenden, f.orders[len(f.orders)-1].Art)
	f.do(f.v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundFiktion}))
	f.check()

	// A decision made known in time stands against it.
	st, _ := bereiterStand(t, vorgang.InBearbeitung)
	st.Bescheide = []bescheid.Bescheid{versandt(bescheid.ZustellungBekanntgegeben)}
	require.Equal(t, "fiktion.entschieden", codeVon(t, vorgang.Restore(st, fest()).RecordFiktion(sb, datum.New(2026, 4, 15).Beginn(), e)))
}

// What is refused changes nothing and says why.
func TestZustellungRefused(t *testing.T) {
	t.Parallel()
	neu := func() *vorgang.Vorgang {
		s, _ := bereiterStand(t, vorgang.Beschieden)
		s.Bescheide = []bescheid.Bescheid{versandt(bescheid.ZustellungVersandt)}
		return vorgang.Restore(s, fest())
	}
	melde := func(m vorgang.Meldung) error {
		m.Bescheid, m.Zustellung = uuid.UUID{9}, uuid.UUID{8}
		return neu().RecordNachweis(sb, gabZeit, m)
	}
	for code, err := range map[string]error{
		"zustellung.unbekannt":    neu().RecordNachweis(sb, gabZeit, vorgang.Meldung{Bescheid: uuid.UUID{9}, Zustellung: uuid.UUID{7}, Art: bescheid.NachweisRuecklauf}),
		"zustellung.zukunft":      melde(vorgang.Meldung{Art: bescheid.NachweisZugang, Tag: datum.New(2026, 3, 4)}),
		"zustellung.nachweis-tag": melde(vorgang.Meldung{Art: bescheid.NachweisZugang}),
		"zustellung.nachweis":     melde(vorgang.Meldung{Art: "x"}),
		"vorgang.datei":           melde(vorgang.Meldung{Art: bescheid.NachweisRuecklauf, Datei: uuid.UUID{77}}),
		"zustellung.unterwegs":    neu().Redeliver(sb, gabZeit, vorgang.Neuversand{Bescheid: uuid.UUID{9}, Grund: "x"}),
		"zustellung.adressat":     neu().Redeliver(sb, gabZeit, vorgang.Neuversand{Bescheid: uuid.UUID{9}, Adressat: uuid.UUID{3}, Grund: "x"}),
	} {
		require.Equal(t, code, codeVon(t, err))
	}
}
