package nachrechnung_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/internal/pgtest"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/nachrechnung"
	"github.com/ozg-fachwerk/fachwerk/storage/postgres"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) { testenv.Main(m, pgtest.Stop) }

const kiel tenant.ID = "kiel"

var (
	jetzt   = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	kim     = tenant.Akteur{ID: "kim", Name: "Kim", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	deniz   = tenant.Akteur{ID: "deniz", Name: "Deniz", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
	robin   = tenant.Akteur{ID: "robin", Name: "Robin", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
	system  = tenant.System("test")
	sitz    = frist.Behoerde{Ort: frist.Ort{Land: tenant.LandSH, Gemeinde: "01002000"}}
	entwurf = bescheid.Inhalt{Art: bescheid.Bewilligung, Betreff: "Fällung", Tenor: []string{"Genehmigt."}, Begruendung: []string{"Krank."}, Rechtsbehelfsbelehrung: "…", Verfahren: "vwvfg"}
)

func tabelle(t require.TestingT, betrag string) *gebuehr.Tabelle {
	x, err := gebuehr.Load(strings.NewReader(`{"stand":"2026-01-01","quellen":{"Q":{"titel":"Gebührenordnung"}},
"stichtage":[{"id":"ST","norm":"§ 2","quelle":["Q"],"konfidenz":"A","massgeblich":"entscheidung"}],
"tarife":[
 {"id":"T-ALT","norm":"§ 1","laender":["SH"],"von":"2020-01-01","bis":"2025-12-31","quelle":["Q"],"konfidenz":"A","posten":"baum.genehmigung","bezeichnung":"Gebühr","gruppe":"gebuehr","satz":{"art":"fest","betrag":"30.00"}},
 {"id":"T-NEU","norm":"§ 1","laender":["SH"],"von":"2026-01-01","quelle":["Q"],"konfidenz":"A","posten":"baum.genehmigung","bezeichnung":"Gebühr","gruppe":"gebuehr","satz":{"art":"fest","betrag":"`+betrag+`"}}]}`), nil)
	require.NoError(t, err)
	return x
}

// recht puts a rule of its own for letters of authorities of SH over the shipped law: n days.
func recht(t require.TestingT, n int) *frist.Rechner {
	w, err := frist.Load(strings.NewReader(fmt.Sprintf(`{"stand":"2026-01-01","quellen":{"Q":{"titel":"Gesetz"}},"regeln":[
{"id":"X-POST","norm":"§ 110","zweck":"bekanntgabe","verfahren":"vwvfg","kanal":"post","laender":["SH"],"n":%d,"einheit":"tag","anker":"aufgabe","art":"fiktion","verschiebung":"nie","feiertagsort":"empfaenger","von":"2026-01-01","quelle":["Q"],"konfidenz":"A"}]}`, n)), nil)
	require.NoError(t, err)
	return frist.New(&frist.Options{Regelwerk: w})
}

// How far a Vorgang is.
const (
	frisch    = iota // with a Bearbeitungsfrist only
	entworfen        // a draft with its fee
	vorgelegt        // submitted
	versandt         // on its way
	bekannt          // announced
	bezahlt          // a draft whose fee was paid in advance
	alt              // a draft of last year: the old version of the table stays the right one
)

func anlegen(t require.TestingT, s *storage.Store, nr, weit int) uuid.UUID {
	now := jetzt
	v, err := vorgang.New(system, now, vorgang.Params{Mandant: kiel, Nummer: fmt.Sprintf("V-%03d", nr), Leistung: "99063005001000", Einheit: "gruen",
		Antrag: vorgang.Antrag{Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{Name: "Erika Mustermann"}}}}, s.Kontext())
	require.NoError(t, err)
	do := func(err error) { require.NoError(t, err) }
	do(v.Pull(kim, now))
	e, err := frist.New(nil).Bearbeitungsfrist(frist.BearbeitungsfristFall{Am: datum.New(2026, 3, 4), Dauer: frist.Dauer{N: 1, Einheit: frist.EinheitMonat}, Norm: "§ 6", Behoerde: sitz})
	do(err)
	f, err := vorgang.NewBearbeitungsfrist(e)
	do(err)
	f.Warnungen = []datum.Datum{f.Ende.AddTage(-5)}
	do(v.SetBearbeitungsfrist(kim, now, f))
	if weit == frisch {
		do(s.Insert(context.Background(), kiel, v))
		return v.ID()
	}
	b, err := v.Draft(kim, now, entwurf)
	do(err)
	tag := datum.New(2026, 3, 2)
	if weit == alt {
		tag = datum.New(2025, 12, 30)
	}
	g, err := tabelle(t, "45.00").Rechne(gebuehr.Fall{Land: tenant.LandSH, Entscheidung: tag, Ansaetze: []gebuehr.Ansatz{{Posten: "baum.genehmigung"}}})
	do(err)
	id, err := v.ChargeFee(kim, now, vorgang.Festsetzung{Ergebnis: g, Bescheid: b, Kassenzeichen: fmt.Sprintf("K%d", nr), FaelligTage: 14})
	do(err)
	if weit == bezahlt {
		do(v.RecordZahlung(kim, now, vorgang.Buchung{Gebuehr: id, Schluessel: "z", Betrag: 4500}))
	}
	if weit >= vorgelegt && weit <= bekannt {
		do(v.SubmitDraft(kim, now, b))
	}
	if weit == versandt || weit == bekannt {
		do(v.ReleaseBescheid(deniz, now, b))
		do(v.RecordAusfertigung(system, now, b, uuid.Nil, vorgang.Datei{Anhang: messaging.Anhang{ID: uuid.New(), Name: "b.pdf", MIME: "application/pdf", Groesse: 1, SHA512: strings.Repeat("0", 128)}}))
		z, err := bescheid.NewZustellung(frist.New(nil), bescheid.ZustellungParams{ID: uuid.New(), Kanal: "brief", Inhalt: entwurf, Land: tenant.LandSH, ARS: "010020000000", Weg: frist.KanalPost, Tag: datum.New(2026, 3, 2)})
		do(err)
		do(v.RecordVersand(system, now, vorgang.Versand{Bescheid: b, Zustellung: &z, Quittung: messaging.Quittung{Kanal: "brief", Zustand: messaging.Uebergeben, Zeit: now}}))
		if weit == bekannt {
			do(v.RecordBekanntgabe(system, now.AddDate(0, 0, 10), b))
		}
	}
	do(s.Insert(context.Background(), kiel, v))
	return v.ID()
}

func stand(t require.TestingT, s *storage.Store, id uuid.UUID) vorgang.Stand {
	v, err := s.Get(context.Background(), kiel, id)
	require.NoError(t, err)
	require.NoError(t, s.VerifyJournal(context.Background(), kiel, id))
	return v.Stand()
}

// befunde are what a simulation tells, "number gegenstand alt neu folge" without ids.
func befunde(t require.TestingT, l *nachrechnung.Lauf) (out []string) {
	for b, err := range l.Simulate(context.Background()) {
		require.NoError(t, err)
		for _, a := range b.Abweichungen {
			art, _, _ := strings.Cut(a.Gegenstand, "/")
			out = append(out, b.Nummer+" "+art+" "+string(a.Folge))
		}
	}
	return out
}

func TestRun(t *testing.T) {
	uhr := jetzt.AddDate(0, 0, 2)
	o := &storage.Options{Now: func() time.Time { return uhr }}
	backends := map[string]func(t *testing.T) *storage.Store{
		"memory": func(*testing.T) *storage.Store { return memory.Open(o) },
		"sqlite": func(t *testing.T) *storage.Store {
			s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), &sqlite.Options{Synchronous: "NORMAL", Store: o})
			require.NoError(t, err)
			return s
		},
		"postgres": func(t *testing.T) *storage.Store {
			db := pgtest.New(t)
			require.NoError(t, postgres.Migrate(t.Context(), db.OwnerDSN, nil))
			s, err := postgres.Open(t.Context(), db.AppDSN, &postgres.Options{Store: o})
			require.NoError(t, err)
			return s
		},
	}
	for name, open := range backends {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			var ids []uuid.UUID
			for n := frisch; n <= alt; n++ {
				ids = append(ids, anlegen(t, s, n, n))
			}
			neu := func(o *nachrechnung.Options) *nachrechnung.Lauf {
				if o == nil {
					o = &nachrechnung.Options{}
				}
				o.Now, o.Seite = func() time.Time { return uhr }, 2
				l, err := nachrechnung.New(s, nachrechnung.Params{Mandant: kiel, Name: "GebO 2026", Rechner: recht(t, 6), Gebuehren: tabelle(t, "60.00")}, o)
				require.NoError(t, err)
				return l
			}
			want := []string{
				"V-001 gebuehr aendern", "V-002 gebuehr aendern",
				"V-003 zustellung aendern", "V-003 gebuehr vorlegen",
				"V-004 zustellung vorlegen", "V-004 gebuehr vorlegen",
				"V-005 gebuehr vorlegen",
			}
			require.Equal(t, want, befunde(t, neu(nil)))
			vorher := stand(t, s, ids[entworfen])
			require.Equal(t, want, befunde(t, neu(nil)), "a simulation changes nothing")
			require.Equal(t, vorher, stand(t, s, ids[entworfen]))

			// Nobody does it alone, and not without the right.
			for _, x := range [][2]tenant.Akteur{{deniz, deniz}, {kim, deniz}, {deniz, kim}} {
				_, err := neu(nil).Apply(t.Context(), x[0], x[1])
				require.ErrorIs(t, err, fehler.ErrForbidden)
			}

			// Broken off after the first page, and begun again.
			ctx, cancel := context.WithCancel(t.Context())
			var halb nachrechnung.Bericht
			_, err := neu(&nachrechnung.Options{Fortschritt: func(b nachrechnung.Bericht) { halb = b; cancel() }}).Apply(ctx, deniz, robin)
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, 2, halb.Vorgaenge)
			require.NotEmpty(t, halb.Cursor)
			rest, err := neu(&nachrechnung.Options{Cursor: halb.Cursor}).Apply(t.Context(), deniz, robin)
			require.NoError(t, err)
			require.Empty(t, rest.Cursor)
			require.Equal(t, 7, halb.Vorgaenge+rest.Vorgaenge)
			require.Equal(t, 3, halb.Geaendert+rest.Geaendert)
			require.Equal(t, 4, halb.Vorgelegt+rest.Vorgelegt)

			require.Empty(t, befunde(t, neu(nil)), "it is done")
			noch, err := neu(nil).Apply(t.Context(), deniz, robin)
			require.NoError(t, err)
			require.Zero(t, noch.Betroffen)

			for _, weit := range []int{entworfen, vorgelegt} {
				x := stand(t, s, ids[weit])
				require.Equal(t, "60,00 €", x.Gebuehren[0].Forderung.Stand(datum.Von(uhr)).Soll.Deutsch())
				require.Equal(t, bescheid.Entwurf, x.Bescheide[0].Zustand, "back to its author")
				require.Contains(t, x.Gebuehren[0].Augen, "robin")
				require.Len(t, x.Wiedervorlagen, 1)
			}
			require.Equal(t, "45,00 €", stand(t, s, ids[versandt]).Gebuehren[0].Forderung.Stand(datum.Von(uhr)).Soll.Deutsch())
			require.Equal(t, datum.New(2026, 3, 8), stand(t, s, ids[versandt]).Bescheide[0].Zustellungen[0].Bekanntgabe.Tag)
			require.Equal(t, datum.New(2026, 3, 6), stand(t, s, ids[bekannt]).Bescheide[0].Zustellungen[0].Bekanntgabe.Tag)
			require.Len(t, stand(t, s, ids[bekannt]).Wiedervorlagen, 2)
			require.Equal(t, "30,00 €", stand(t, s, ids[alt]).Gebuehren[0].Forderung.Stand(datum.Von(uhr)).Soll.Deutsch(), "the law of its day")
			require.Empty(t, stand(t, s, ids[frisch]).Wiedervorlagen)

			// The entry names both laws.
			var eintrag *vorgang.Nachgerechnet
			for e, err := range s.Journal(t.Context(), kiel, ids[entworfen]) {
				require.NoError(t, err)
				if e.Code == "recht.nachgerechnet" {
					d, err := e.Data()
					require.NoError(t, err)
					eintrag = d.(*vorgang.Nachgerechnet)
				}
			}
			require.NotNil(t, eintrag)
			a := eintrag.Abweichungen[0]
			require.Equal(t, [2]string{"45,00 €", "60,00 €"}, [2]string{a.Alt, a.Neu})
			require.Contains(t, a.AltesRecht, tabelle(t, "45.00").Kennung())
			require.Contains(t, a.NeuesRecht, tabelle(t, "60.00").Kennung())
			require.NotEmpty(t, a.Schritte)
			require.Equal(t, []string{"robin"}, eintrag.Freigabe)
		})
	}
}

// A deadline nobody outside was told of moves with the law, its warnings with it.
func TestDeadline(t *testing.T) {
	t.Parallel()
	s := memory.Open(&storage.Options{Now: func() time.Time { return jetzt }})
	defer s.Close()
	id := anlegen(t, s, 1, frisch)
	vorher := *stand(t, s, id).Bearbeitungsfrist
	require.Equal(t, datum.New(2026, 4, 4), vorher.Ende, "a Saturday: the earliest reading")
	w, err := frist.Load(strings.NewReader(`{"stand":"2026-01-01","quellen":{"Q":{"titel":"Gesetz"}},"regeln":[
{"id":"CNT-BEARBEITUNG","norm":"§ 31","zweck":"bearbeitungsfrist","n":0,"anker":"eingang","art":"frist","verschiebung":"ende","feiertagsort":"behoerde","quelle":["Q"],"konfidenz":"A"}]}`), nil)
	require.NoError(t, err)
	lauf := func(now time.Time) *nachrechnung.Lauf {
		l, err := nachrechnung.New(s, nachrechnung.Params{Mandant: kiel, Name: "BGH 2026", Rechner: frist.New(&frist.Options{Regelwerk: w})}, &nachrechnung.Options{Now: func() time.Time { return now }})
		require.NoError(t, err)
		return l
	}
	require.Equal(t, []string{"V-001 bearbeitungsfrist vorlegen"}, befunde(t, lauf(jetzt.AddDate(0, 2, 0))), "it is over")
	require.Equal(t, []string{"V-001 bearbeitungsfrist aendern"}, befunde(t, lauf(jetzt)))
	b, err := lauf(jetzt).Apply(t.Context(), deniz, robin)
	require.NoError(t, err)
	require.Equal(t, 1, b.Geaendert)
	neu := stand(t, s, id).Bearbeitungsfrist
	require.Equal(t, datum.New(2026, 4, 7), neu.Ende, "the Tuesday after Easter")
	require.Equal(t, []datum.Datum{neu.Ende.AddTage(-5)}, neu.Warnungen)
	require.NotEqual(t, vorher.ID, neu.ID, "old warnings find out that they are stale")
	require.Empty(t, befunde(t, lauf(jetzt)))

	// What was extended has an end the applicant was told.
	_, err = s.Edit(t.Context(), kiel, id, func(v *vorgang.Vorgang) error {
		return v.ExtendFrist(kim, jetzt, vorgang.Verlaengerung{Ende: datum.New(2026, 5, 5), Grund: "x", Betreff: "x", Text: "x"})
	})
	require.NoError(t, err)
	require.Empty(t, befunde(t, lauf(jetzt)))
	zurueck, err := nachrechnung.New(s, nachrechnung.Params{Mandant: kiel, Name: "zurück", Rechner: frist.New(nil)}, &nachrechnung.Options{Now: func() time.Time { return jetzt }})
	require.NoError(t, err)
	require.Equal(t, []string{"V-001 bearbeitungsfrist vorlegen"}, befunde(t, zurueck))
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	s := memory.Open(nil)
	defer s.Close()
	gut := nachrechnung.Params{Mandant: kiel, Name: "x", Rechner: frist.New(nil)}
	_, err := nachrechnung.New(s, gut, nil)
	require.NoError(t, err)
	for name, f := range map[string]func(*nachrechnung.Params, *nachrechnung.Options){
		"no Mandant": func(p *nachrechnung.Params, _ *nachrechnung.Options) { p.Mandant = "" },
		"no name":    func(p *nachrechnung.Params, _ *nachrechnung.Options) { p.Name = "" },
		"long name":  func(p *nachrechnung.Params, _ *nachrechnung.Options) { p.Name = strings.Repeat("x", 101) },
		"no law":     func(p *nachrechnung.Params, _ *nachrechnung.Options) { p.Rechner = nil },
		"status":     func(_ *nachrechnung.Params, o *nachrechnung.Options) { o.Filter.Status = []vorgang.Status{vorgang.Neu} },
		"page":       func(_ *nachrechnung.Params, o *nachrechnung.Options) { o.Seite = 1001 },
	} {
		p, o := gut, nachrechnung.Options{}
		f(&p, &o)
		_, err := nachrechnung.New(s, p, &o)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
	}
}

// Whatever the Vorgaenge and the law are: what is done is what was told, and then nothing is left.
func TestApplyDoesWhatSimulateTells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		uhr := jetzt.AddDate(0, 0, rapid.IntRange(0, 60).Draw(rt, "later"))
		s := memory.Open(&storage.Options{Now: func() time.Time { return uhr }})
		defer s.Close()
		for n := range rapid.IntRange(0, 5).Draw(rt, "count") {
			anlegen(rt, s, n, rapid.IntRange(frisch, alt).Draw(rt, "weit"))
		}
		p := nachrechnung.Params{Mandant: kiel, Name: "x", Rechner: recht(rt, rapid.IntRange(2, 9).Draw(rt, "tage"))}
		if rapid.Bool().Draw(rt, "fees") {
			p.Gebuehren = tabelle(rt, fmt.Sprintf("%d.00", rapid.IntRange(40, 50).Draw(rt, "fee")))
		}
		l, err := nachrechnung.New(s, p, &nachrechnung.Options{Now: func() time.Time { return uhr }, Seite: rapid.IntRange(1, 5).Draw(rt, "page")})
		require.NoError(rt, err)
		told := befunde(rt, l)
		b, err := l.Apply(context.Background(), deniz, robin)
		require.NoError(rt, err)
		require.Equal(rt, len(told), b.Geaendert+b.Vorgelegt)
		require.Empty(rt, befunde(rt, l))
	})
}

func TestCSV(t *testing.T) {
	t.Parallel()
	seq := func(yield func(nachrechnung.Befund, error) bool) {
		yield(nachrechnung.Befund{Nummer: "=cmd", Einheit: "gruen", Abweichungen: []vorgang.Abweichung{{Gegenstand: "gebuehr/1", Alt: "45,00 €", Neu: "60;00", AltesRecht: []string{"a", "b"}, Folge: vorgang.FolgeVorlegen, Grund: `er sagt "nein"`}}}, nil)
	}
	var b bytes.Buffer
	require.NoError(t, nachrechnung.WriteCSV(&b, seq))
	require.True(t, strings.HasPrefix(b.String(), "\uFEFFVorgang;"))
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\uFEFF")))
	r.Comma = ';'
	rows, err := r.ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"'=cmd", "gruen", "gebuehr/1", "45,00 €", "60;00", "a b", "", "vorlegen", `er sagt "nein"`}, rows[1])
	require.ErrorIs(t, nachrechnung.WriteCSV(&b, func(yield func(nachrechnung.Befund, error) bool) { yield(nachrechnung.Befund{}, fehler.ErrUnavailable) }), fehler.ErrUnavailable)
}
