package vorgang_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func mahnplan() *zahlung.Mahnplan {
	p := &zahlung.Mahnplan{Stufen: slices.Clone(mahnungen), Vollstreckung: &zahlung.Vollstreckung{Tage: 7, Betreff: "Vollstreckung {vorgang}", Text: "Offen: {betrag}, {kassenzeichen}.", Fuer: "kasse"}}
	p.Stufen[1].Betreff, p.Stufen[1].Text = "Letzte Mahnung {vorgang}", "Zahlen Sie {betrag} bis {bis} unter {kassenzeichen}."
	return p
}

// mitPlan is a case of an authority that reminds by itself.
func mitPlan(t testing.TB, p *zahlung.Mahnplan) *fall {
	f := &fall{t: t, uhr: start}
	k := fest()
	k.Mahnplan = func(tenant.ID) *zahlung.Mahnplan { return p }
	v, err := vorgang.New(annahme, start, params(), k)
	require.NoError(t, err)
	f.v = v
	f.save()
	return f
}

// mahne performs the Termine that are due, as the relay does, and gives how many changed something.
func (f *fall) mahne() (n int) {
	if f.erledigt == nil {
		f.erledigt = map[uuid.UUID]bool{}
	}
	for i := 0; i < len(f.orders); i++ {
		x := f.orders[i]
		if x.Art != vorgang.GebuehrMahnen || f.erledigt[x.ID] || x.Faellig.After(f.uhr) {
			continue
		}
		f.erledigt[x.ID] = true
		var d vorgang.MahnungDaten
		require.NoError(f.t, x.Decode(&d))
		war := len(f.journal)
		for range 2 { // at least once: a second time changes nothing
			f.do(f.v.ReachMahnung(relay, f.uhr, d))
			if len(f.journal) > war {
				n, war = n+1, len(f.journal)
			}
		}
	}
	return n
}

func (f *fall) auf(jahr int, monat time.Month, tag int) {
	f.uhr = datum.New(jahr, monat, tag).Beginn()
}

// brief is the last letter.
func (f *fall) brief() messaging.Nachricht {
	n := f.v.Stand().Nachrichten
	return n[len(n)-1].Nachricht
}

func TestRemindersByThemselves(t *testing.T) {
	t.Parallel()
	f := mitPlan(t, mahnplan())
	f.do(f.v.Pull(sb, f.now()))
	g := f.get(f.v.ChargeFee(sb, f.now(), festsetzung()))
	x := f.orders[len(f.orders)-1]
	require.Equal(t, vorgang.GebuehrMahnen, x.Art)
	require.True(t, x.Termin)
	require.Equal(t, datum.New(2026, 3, 23).Beginn().UTC(), x.Faellig, "the day after 7 days after 15 March")
	f.auf(2026, 3, 22)
	require.Zero(t, f.mahne())
	f.auf(2026, 3, 23)
	require.Equal(t, 1, f.mahne())
	require.Contains(t, f.brief().Text, "Bitte bezahlen Sie 50,00 € bis zum 06.04.2026.")
	f.auf(2026, 4, 14)
	require.Equal(t, 1, f.mahne())
	require.Equal(t, "Letzte Mahnung 2026-0000001", f.brief().Betreff)
	require.Equal(t, "Zahlen Sie 50,00 € bis 28.04.2026 unter 50001030704.", f.brief().Text)

	// Deferred: it begins anew, and what was ordered before is stale.
	f.do(f.v.DeferFee(sb, f.now(), g, datum.New(2026, 6, 30), "Ratenzahlung"))
	f.auf(2026, 7, 7)
	require.Zero(t, f.mahne())
	f.auf(2026, 7, 8)
	require.Equal(t, 1, f.mahne())
	require.Contains(t, f.brief().Text, "Bitte bezahlen Sie 55,00 € bis zum 22.07.2026.")

	// Paid: nothing. The payment is taken back: the step that is due by now.
	b := vorgang.Buchung{Gebuehr: g, Schluessel: "u1", Betrag: 5500}
	f.do(f.v.RecordZahlung(relay, f.now(), b))
	f.auf(2026, 8, 1)
	require.Zero(t, f.mahne())
	f.do(f.v.RecordRueckgabe(relay, f.now(), vorgang.Buchung{Gebuehr: g, Schluessel: "r1", Eingang: "u1"}))
	require.Equal(t, 1, f.mahne())
	require.Contains(t, f.brief().Text, "bis 15.08.2026")

	// Written off and resumed; then a person has to see to the enforcement, once.
	chef := person("m.leitung", tenant.Leitung)
	f.do(f.v.WriteOffFee(chef, f.now(), g, "uneinbringlich"))
	f.auf(2026, 8, 23)
	require.Zero(t, f.mahne())
	f.do(f.v.ResumeFee(chef, f.now(), g, "zieht wieder"))
	briefe := len(f.v.Stand().Nachrichten)
	require.Equal(t, 1, f.mahne())
	s := f.v.Stand()
	require.Len(t, s.Nachrichten, briefe, "no letter")
	require.Len(t, s.Wiedervorlagen, 1)
	w := s.Wiedervorlagen[0]
	require.Equal(t, []string{"Vollstreckung 2026-0000001", "Offen: 55,00 €, 50001030704.", "kasse"}, []string{w.Betreff, w.Text, w.Fuer})
	require.True(t, slices.ContainsFunc(f.journal, func(e vorgang.Ereignis) bool { return e.Text() == "Offene Gebühr vorgelegt: Vollstreckungsersuchen" }))
	f.do(f.v.RecordZahlung(relay, f.now(), vorgang.Buchung{Gebuehr: g, Schluessel: "u2", Betrag: 100}))
	f.auf(2027, 8, 23)
	require.Zero(t, f.mahne(), "handed over once")
	require.ErrorIs(t, f.v.PlanMahnung(sb, f.now(), g), fehler.ErrConflict)
	f.check()
}

// Without a plan nothing is ordered, and what was ordered under one that was taken away
// does nothing; one that came later takes up older fees when it is told to.
func TestRemindersOffAndOn(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	g := f.get(f.v.ChargeFee(sb, f.now(), festsetzung()))
	require.False(t, slices.ContainsFunc(f.orders, func(a vorgang.Auftrag) bool { return a.Art == vorgang.GebuehrMahnen }))
	require.ErrorIs(t, f.v.PlanMahnung(sb, f.now(), g), fehler.ErrUnsupported)
	f.auf(2026, 5, 1)
	n := len(f.journal)
	f.do(f.v.ReachMahnung(relay, f.uhr, vorgang.MahnungDaten{Gebuehr: g, Basis: datum.New(2026, 3, 15)}))
	require.Len(t, f.journal, n)

	p := mahnplan()
	k := fest()
	k.Mahnplan = func(m tenant.ID) *zahlung.Mahnplan {
		require.Equal(t, tenant.ID("kiel"), m)
		return p
	}
	k.NewID = uuid.New
	f.v = vorgang.Restore(f.v.Stand(), k)
	f.do(f.v.PlanMahnung(sb, f.uhr, g))
	f.do(f.v.PlanMahnung(sb, f.uhr, g))
	p.Stufen[0].Tage = 60 // the plan is gentler when the day comes
	require.Zero(t, f.mahne())
	f.auf(2026, 5, 15)
	require.Equal(t, 1, f.mahne(), "two Termine, one letter")
	require.ErrorIs(t, f.v.ReachMahnung(sb, f.uhr, vorgang.MahnungDaten{Gebuehr: g}), fehler.ErrForbidden, "only the relay reports")
}

// beschieden brings a Bescheid with a fee on its way; due is 20 March 2026.
func (f *fall) beschieden() (bescheidID, gebuehr uuid.UUID) {
	v := f.v
	f.do(v.Pull(sb, f.now()))
	d := f.get(v.Draft(sb, f.now(), inhalt()))
	x := festsetzung()
	x.Bescheid, x.Faellig, x.FaelligTage = d, datum.Datum{}, 14
	g := f.get(v.ChargeFee(sb, f.now(), x))
	f.do(v.SubmitDraft(sb, f.now(), d))
	f.do(v.ReleaseBescheid(leitung, f.now(), d))
	f.do(v.RecordAusfertigung(relay, f.now(), d, uuid.Nil, vorgang.Datei{Anhang: anhang(5)}))
	require.False(f.t, slices.ContainsFunc(f.orders, func(a vorgang.Auftrag) bool { return a.Art == vorgang.GebuehrMahnen }), "nothing is demanded yet")
	z := zustellung(uuid.UUID{7}, uuid.Nil, "brief", frist.KanalPost, datum.New(2026, 3, 2))
	f.do(v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: d, Nachricht: messaging.Nachricht{Art: messaging.BescheidArt}, Quittung: quittung(3), Zustellung: &z}))
	return d, g
}

// § 80 (2) sentence 1 no. 1 VwGO: a remedy does not hold a public charge up, unless a row of
// the plan says so; then it does until it has ended.
func TestRemedyAndReminders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		aufschub []zahlung.Aufschub
		haelt    bool
	}{
		"none by law":  {nil, false},
		"each":         {[]zahlung.Aufschub{{Quelle: "Beispielgesetz"}}, true},
		"Widerspruch":  {[]zahlung.Aufschub{{Rechtsbehelf: string(frist.RechtsbehelfWiderspruch), Quelle: "Beispielgesetz"}}, true},
		"another":      {[]zahlung.Aufschub{{Rechtsbehelf: string(frist.RechtsbehelfKlage), Quelle: "Beispielgesetz"}}, false},
		"not in force": {[]zahlung.Aufschub{{Quelle: "Beispielgesetz", Gueltig: datum.Zeitraum{Von: datum.New(2027, 1, 1)}}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := mahnplan()
			p.Aufschub = c.aufschub
			f := mitPlan(t, p)
			d, _ := f.beschieden()
			f.auf(2026, 3, 12)
			r := f.get(f.v.RecordRechtsbehelf(sb, f.now(), vorgang.Rechtsbehelfseingang{Bescheid: d, Art: frist.RechtsbehelfWiderspruch, Eingang: datum.New(2026, 3, 12)}))
			f.auf(2026, 4, 1)
			n := f.mahne()
			if !c.haelt {
				require.Equal(t, 1, n)
				return
			}
			require.Zero(t, n)
			f.do(f.v.CloseRechtsbehelf(sb, f.now(), vorgang.Rechtsbehelfsende{Rechtsbehelf: r, Ausgang: vorgang.AusgangZurueckgenommen, Tag: datum.New(2026, 4, 1)}))
			require.Equal(t, 1, f.mahne(), "the hold is over")
			f.check()
		})
	}
	t.Run("taken back", func(t *testing.T) {
		p := mahnplan()
		p.Aufschub = []zahlung.Aufschub{{Quelle: "Beispielgesetz"}}
		f := mitPlan(t, p)
		d, _ := f.beschieden()
		f.auf(2026, 3, 12)
		f.get(f.v.RecordRechtsbehelf(sb, f.now(), vorgang.Rechtsbehelfseingang{Bescheid: d, Eingang: datum.New(2026, 3, 12)}))
		e := f.last()
		f.auf(2026, 4, 1)
		require.Zero(t, f.mahne())
		f.do(f.v.Undo(sb, f.now(), e))
		require.Equal(t, 1, f.mahne())
	})
	t.Run("late", func(t *testing.T) { // inadmissible: nothing is held up
		p := mahnplan()
		p.Aufschub = []zahlung.Aufschub{{Quelle: "Beispielgesetz"}}
		f := mitPlan(t, p)
		d, _ := f.beschieden()
		f.auf(2026, 5, 1)
		f.get(f.v.RecordRechtsbehelf(sb, f.now(), vorgang.Rechtsbehelfseingang{Bescheid: d, Eingang: datum.New(2026, 5, 1)}))
		require.Equal(t, 1, f.mahne())
	})
}

// The day of Bekanntgabe moves, and the reminder with it.
func TestReminderFollowsTheBekanntgabe(t *testing.T) {
	t.Parallel()
	f := mitPlan(t, mahnplan())
	d, _ := f.beschieden()
	f.auf(2026, 3, 20)
	f.do(f.v.RecordNachweis(sb, f.now(), vorgang.Meldung{Bescheid: d, Zustellung: uuid.UUID{7}, Art: "bestritten", Tag: datum.New(2026, 3, 18)}))
	f.auf(2026, 4, 8) // 18 March and 14 days and 7 days: 9 April
	require.Zero(t, f.mahne())
	f.auf(2026, 4, 9)
	require.Equal(t, 1, f.mahne())
	f.check()
}

// falschGemahnt looks, from the journal alone, for reminders before their day, beyond the
// plan, or for an enforcement that was asked for twice or too early.
func falschGemahnt(p *zahlung.Mahnplan, journal []vorgang.Ereignis) (out []string) {
	type lage struct {
		f         zahlung.Forderung
		vorgelegt []datum.Datum
	}
	konten := map[uuid.UUID]*lage{}
	for _, e := range journal {
		d, err := e.Data()
		if err != nil {
			continue
		}
		tag := datum.Von(e.Zeit)
		var x vorgang.Forderungsbewegung
		switch d := d.(type) {
		case *vorgang.GebuehrFestgesetzt:
			konten[d.Gebuehr.ID] = &lage{f: d.Gebuehr.Forderung}
			continue
		case *vorgang.GebuehrVorgelegt:
			k := konten[d.Gebuehr]
			n, ok := p.Next(k.f, tag)
			if !ok || n.Nr != 0 || tag.Vor(n.Ab) || n.Basis != d.Basis || slices.Contains(k.vorgelegt, d.Basis) {
				out = append(out, "enforcement twice, too early or not in the plan")
			}
			k.vorgelegt = append(k.vorgelegt, d.Basis)
			continue
		case *vorgang.GebuehrGemahnt:
			x = d.Forderungsbewegung
			n, ok := p.Next(konten[x.Gebuehr].f, tag)
			if !ok || n.Nr != x.Bewegung.Stufe || tag.Vor(n.Ab) {
				out = append(out, fmt.Sprintf("reminder %d too early or not in the plan", x.Bewegung.Stufe))
			}
		case *vorgang.ZahlungEingegangen:
			x = d.Forderungsbewegung
		case *vorgang.ZahlungZurueckgegeben:
			x = d.Forderungsbewegung
		case *vorgang.ZahlungErstattet:
			x = d.Forderungsbewegung
		case *vorgang.GebuehrGestundet:
			x = d.Forderungsbewegung
		case *vorgang.GebuehrErlassen:
			x = d.Forderungsbewegung
		case *vorgang.GebuehrNiedergeschlagen:
			x = d.Forderungsbewegung
		case *vorgang.GebuehrWiederaufgenommen:
			x = d.Forderungsbewegung
		default:
			continue
		}
		k := konten[x.Gebuehr]
		k.f.Bewegungen = append(slices.Clip(k.f.Bewegungen), x.Bewegung)
	}
	return out
}

// versaeumt are the fees of which a step is due and was not taken.
func versaeumt(p *zahlung.Mahnplan, s vorgang.Stand, tag datum.Datum) (out []string) {
	for _, g := range s.Gebuehren {
		f, _ := s.Forderung(g.ID)
		if n, ok := p.Next(f, tag); ok && !tag.Vor(n.Ab) && n.Basis != g.Vorgelegt {
			out = append(out, fmt.Sprintf("step %d was due on %s", n.Nr, n.Ab))
		}
	}
	return out
}

// Negative control: both see what is wrong.
func TestFalschGemahntCanFail(t *testing.T) {
	t.Parallel()
	p := mahnplan()
	f := mitPlan(t, p)
	f.do(f.v.Pull(sb, f.now()))
	f.get(f.v.ChargeFee(sb, f.now(), festsetzung()))
	f.auf(2026, 3, 23)
	require.NotEmpty(t, versaeumt(p, f.v.Stand(), datum.Von(f.uhr)))
	f.mahne()
	require.Empty(t, versaeumt(p, f.v.Stand(), datum.Von(f.uhr)))
	require.Empty(t, falschGemahnt(p, f.journal))
	strenger := mahnplan()
	strenger.Stufen[0].Tage = 8
	require.NotEmpty(t, falschGemahnt(strenger, f.journal), "too early")
	i := slices.IndexFunc(f.journal, func(e vorgang.Ereignis) bool { return e.Code == "gebuehr.gemahnt" })
	require.NotEmpty(t, falschGemahnt(p, slices.Insert(slices.Clone(f.journal), i, f.journal[i])), "twice")
	f.auf(2026, 4, 14)
	f.mahne()
	f.auf(2026, 5, 6)
	f.mahne()
	require.Empty(t, falschGemahnt(p, f.journal))
	i = slices.IndexFunc(f.journal, func(e vorgang.Ereignis) bool { return e.Code == "gebuehr.vorgelegt" })
	require.NotEmpty(t, falschGemahnt(p, append(slices.Clone(f.journal), f.journal[i])), "handed over twice")
}

func TestBadPlans(t *testing.T) {
	t.Parallel()
	gut := `{"stufen":[{"stufe":1,"tage":7,"zahlungsfrist":14,"gebuehr":"5.00","quelle":"x","text":"{betrag} bis {bis}"}],"vollstreckung":{"tage":7,"betreff":"x"},"aufschub":[{"quelle":"x"}]}`
	p, err := zahlung.LoadMahnplan([]byte(gut))
	require.NoError(t, err)
	require.Equal(t, zahlung.Betrag(500), p.Stufen[0].Gebuehr)
	for _, c := range [][2]string{
		{`"stufe":1`, `"stufe":0`}, {`{bis}`, `{konto}`}, {`{bis}`, `{`}, {`"betreff":"x"`, `"betreff":" "`}, {`[{"quelle":"x"}]`, `[{}]`},
		{`"tage":7,"betreff"`, `"tage":-1,"betreff"`}, {`"stufen":[{`, `"stufen":[],"x":[{`}, {`"gebuehr":"5.00","quelle":"x",`, `"gebuehr":"5.00",`},
		{`"text":"`, `"text":"` + strings.Repeat("x", 4001)}, {`{"stufen"`, `{"stufen":[],"stufen"`},
	} {
		schlecht := strings.Replace(gut, c[0], c[1], 1)
		require.NotEqual(t, gut, schlecht)
		_, err := zahlung.LoadMahnplan([]byte(schlecht))
		require.ErrorIs(t, err, fehler.ErrInvalid, c[1][:min(len(c[1]), 40)])
		require.NotEmpty(t, fehler.ProblemeIn(err)[0].Hinweis)
	}
	require.ErrorIs(t, zahlung.Mahnplan{}.Check(), fehler.ErrInvalid)
}
