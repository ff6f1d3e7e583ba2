package vorgang_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var mahnungen = zahlung.Mahntabelle{{Stufe: 1, Tage: 7, Zahlungsfrist: 14, Gebuehr: 500, Quelle: "Beispielsatzung"}, {Stufe: 2, Tage: 7, Zahlungsfrist: 14}}

// festsetzung of 45,00 € for 15 March 2026.
func festsetzung() vorgang.Festsetzung {
	e, err := gebuehr.Beispiele().Rechne(gebuehr.Fall{
		Land: tenant.LandNW, Entscheidung: datum.New(2026, 9, 15),
		Ansaetze: []gebuehr.Ansatz{{Posten: "stvo45.anordnung", Ermessen: &gebuehr.Ermessen{Betrag: geld.MustBetrag("45.00"), Grund: "Kleine Baustelle."}}},
	})
	if err != nil {
		panic(err)
	}
	return vorgang.Festsetzung{Ergebnis: e, Kassenzeichen: "50001030704", Faellig: datum.New(2026, 3, 15)}
}

// gibGebuehr gives a command on a fee that somebody else decided.
func gibGebuehr(v *vorgang.Vorgang, a tenant.Akteur, b vorgang.Befehl) error {
	id, now := uuid.UUID{9}, gabZeit
	mit(v, a, b, func(s *vorgang.Stand) {
		f, err := zahlung.NewForderung(zahlung.Forderung{ID: id.String(), Waehrung: zahlung.EUR, Zweck: "x", Faellig: datum.New(2026, 2, 1),
			Positionen: []zahlung.Position{{ID: "1", Referenz: "1", Text: "x", Menge: 1, Netto: 4500}}}, start)
		if err != nil {
			panic(err)
		}
		an := zahlung.Angaben{Schluessel: "vorher", Zeit: start, Grund: "x"}
		switch b {
		case vorgang.BefehlGebuehrWiederaufnehmen:
			f, err = f.WriteOff(an)
		case vorgang.BefehlZahlungZurueckbuchen:
			f, err = f.Pay(an, 4500)
		case vorgang.BefehlZahlungErstatten:
			f, err = f.Pay(an, 5000)
		}
		if err != nil {
			panic(err)
		}
		s.Gebuehren = []vorgang.Gebuehr{{ID: id, Forderung: f, Augen: []string{"jemand"}}}
	})
	switch b {
	case vorgang.BefehlGebuehrStunden:
		return v.DeferFee(a, now, id, datum.New(2026, 6, 1), "x")
	case vorgang.BefehlGebuehrErlassen:
		return v.WaiveFee(a, now, id, 4500, "x")
	case vorgang.BefehlGebuehrNiederschlagen:
		return v.WriteOffFee(a, now, id, "x")
	case vorgang.BefehlGebuehrWiederaufnehmen:
		return v.ResumeFee(a, now, id, "x")
	case vorgang.BefehlGebuehrMahnen:
		return v.RemindFee(a, now, id, mahnungen)
	case vorgang.BefehlZahlungBuchen:
		return v.RecordZahlung(a, now, vorgang.Buchung{Gebuehr: id, Schluessel: "k", Betrag: 4500})
	case vorgang.BefehlZahlungZurueckbuchen:
		return v.RecordRueckgabe(a, now, vorgang.Buchung{Gebuehr: id, Schluessel: "k", Eingang: "vorher"})
	case vorgang.BefehlZahlungErstatten:
		return v.RecordRueckzahlung(a, now, vorgang.Buchung{Gebuehr: id, Schluessel: "k", Betrag: 500})
	}
	_, err := v.OrderPayment(a, now, id, "https://portal.example/zurueck")
	return err
}

// zufallsgeld gives one of the commands on a fee.
func zufallsgeld(rt *rapid.T, v *vorgang.Vorgang, a tenant.Akteur, now time.Time, s vorgang.Stand) error {
	g := einer(rt, s.Gebuehren)
	betrag := zahlung.Betrag(rapid.SampledFrom([]int{4500, 4500, 1000, 5000, 0}).Draw(rt, "betrag"))
	b := vorgang.Buchung{Gebuehr: g.ID, Betrag: betrag, Schluessel: fmt.Sprintf("k%d", rapid.IntRange(0, 3).Draw(rt, "schluessel"))}
	switch rapid.IntRange(0, 9).Draw(rt, "geld") {
	case 0:
		return v.DeferFee(a, now, g.ID, datum.Von(now).AddTage(rapid.IntRange(-1, 90).Draw(rt, "bis")), "x")
	case 1:
		return v.WaiveFee(a, now, g.ID, betrag, "x")
	case 2:
		if rapid.Bool().Draw(rt, "wieder") {
			return v.ResumeFee(a, now, g.ID, "x")
		}
		return v.WriteOffFee(a, now, g.ID, "x")
	case 3:
		return v.RemindFee(a, now, g.ID, mahnungen)
	case 4:
		b.Eingang, b.Schluessel = fmt.Sprintf("k%d", rapid.IntRange(0, 3).Draw(rt, "eingang")), "r"+b.Schluessel
		return v.RecordRueckgabe(a, now, b)
	case 5:
		return v.RecordRueckzahlung(a, now, b)
	case 6, 7:
		if len(g.Zahlungen) == 0 {
			_, err := v.OrderPayment(a, now, g.ID, "https://portal.example/zurueck")
			return err
		}
		z := einer(rt, g.Zahlungen).Zahlung
		z.Weg, z.Transaktion, z.Zeit = "dienst", "t-"+z.ID, now
		z.Zustand = rapid.SampledFrom([]zahlung.Zustand{zahlung.Initial, zahlung.Gebucht, zahlung.Fehlgeschlagen}).Draw(rt, "zustand")
		if z.Zustand == zahlung.Gebucht {
			z.Bezahlt = z.Betrag
		}
		return v.RecordPayment(relay, now, g.ID, z, true)
	}
	return v.RecordZahlung(a, now, b)
}

// falschGebucht looks, from the journal alone, for money that does not add up, a key that
// was booked twice, and a demand for what was waived or is not owed.
func falschGebucht(s vorgang.Stand, journal []vorgang.Ereignis) (out []string) {
	type konto struct {
		soll, gezahlt, erstattet zahlung.Betrag
		schluessel               []string
		augen                    []string
	}
	konten := map[uuid.UUID]*konto{}
	for _, e := range journal {
		d, err := e.Data()
		if err != nil {
			continue
		}
		var x vorgang.Forderungsbewegung
		wer, _ := e.Who()
		switch d := d.(type) {
		case *vorgang.GebuehrFestgesetzt:
			konten[d.Gebuehr.ID] = &konto{soll: d.Ergebnis.Summe, augen: wer.Augen()}
			continue
		case *vorgang.ZahlungEingegangen:
			x = d.Forderungsbewegung
			konten[x.Gebuehr].gezahlt += x.Bewegung.Betrag
		case *vorgang.ZahlungZurueckgegeben:
			x = d.Forderungsbewegung
			konten[x.Gebuehr].gezahlt -= x.Bewegung.Betrag
		case *vorgang.ZahlungErstattet:
			x = d.Forderungsbewegung
			konten[x.Gebuehr].erstattet += x.Bewegung.Betrag
		case *vorgang.GebuehrErlassen:
			x = d.Forderungsbewegung
			k := konten[x.Gebuehr]
			k.soll -= x.Bewegung.Betrag
			if slices.ContainsFunc(wer.Augen(), func(y string) bool { return slices.Contains(k.augen, y) }) {
				out = append(out, "waived by who decided it")
			}
		case *vorgang.GebuehrGemahnt:
			x = d.Forderungsbewegung
			k := konten[x.Gebuehr]
			if k.soll-k.gezahlt+k.erstattet <= 0 {
				out = append(out, "reminded of what is not owed")
			}
			k.soll += x.Bewegung.Betrag
		default:
			continue
		}
		k := konten[x.Gebuehr]
		if slices.Contains(k.schluessel, x.Bewegung.Schluessel) {
			out = append(out, "a key twice")
		}
		k.schluessel = append(k.schluessel, x.Bewegung.Schluessel)
	}
	for _, g := range s.Gebuehren {
		f, _ := s.Forderung(g.ID)
		k, x := konten[g.ID], f.Stand(datum.Von(s.Journal.Zeit))
		if k == nil {
			return append(out, "a fee without entry")
		}
		if saldo := k.soll - k.gezahlt + k.erstattet; x.Soll != k.soll || x.Gezahlt != k.gezahlt || x.Offen != max(saldo, 0) || x.Ueberschuss != max(-saldo, 0) {
			out = append(out, "the sum of the bookings is not the state")
		}
	}
	if o := vorgang.Restore(s, vorgang.Kontext{}).Oeffentlich(s.Journal.Zeit); s.Status != vorgang.Geloescht {
		for _, z := range o.Zahlungen {
			if z.Betrag > 0 && !slices.ContainsFunc(s.Gebuehren, func(g vorgang.Gebuehr) bool {
				k := konten[g.ID]
				return s.Eingefordert(g.ID) && k.soll-k.gezahlt+k.erstattet == z.Betrag
			}) {
				out = append(out, "the citizen is told to pay what is not owed")
			}
		}
	}
	return out
}

// Random money: the bookings always add up to the state, reminders go out by themselves on
// their day and never else, and each kind of step is reached.
func TestRandomMoney(t *testing.T) {
	t.Parallel()
	alle := person("a.alles", tenant.Sachbearbeitung, tenant.Leitung)
	vertretung := alle
	vertretung.ID, vertretung.VertretungFuer = "c.vertretung", sb2.ID
	n, plan := map[vorgang.Code]int{}, mahnplan()
	refused := 0
	rapid.Check(t, func(rt *rapid.T) {
		f := mitPlan(t, plan)
		v := f.v
		f.do(v.Pull(alle, f.now()))
		f.get(v.ChargeFee(sb2, f.now(), festsetzung()))
		for range rapid.IntRange(5, 30).Draw(rt, "schritte") {
			f.uhr = f.uhr.AddDate(0, 0, rapid.IntRange(0, 20).Draw(rt, "tage"))
			vor, seq := f.json(), len(f.journal)
			if zufallsgeld(rt, v, rapid.SampledFrom([]tenant.Akteur{alle, leitung, vertretung, sb2}).Draw(rt, "wer"), f.uhr, v.Stand()) != nil {
				require.Equal(rt, vor, f.json(), "a refused command changes nothing")
				require.Empty(rt, v.Neu())
				refused++
			}
			f.save()
			if rapid.IntRange(0, 3).Draw(rt, "relay") > 0 { // it may lag behind
				f.mahne()
				require.Empty(rt, versaeumt(plan, v.Stand(), datum.Von(f.uhr)))
			}
			require.Empty(rt, falschGebucht(v.Stand(), f.journal))
			require.Empty(rt, falschGemahnt(plan, f.journal))
			for _, e := range f.journal[seq:] {
				n[e.Code]++
			}
		}
		f.check()
	})
	t.Log(n, refused)
	if testing.Short() {
		return
	}
	require.NotZero(t, refused)
	for _, c := range []vorgang.Code{"gebuehr.erlassen", "gebuehr.gemahnt", "gebuehr.vorgelegt", "gebuehr.gestundet", "gebuehr.niedergeschlagen", "zahlung.eingegangen", "zahlung.veranlasst", "zahlung.gemeldet", "zahlung.zurueckgegeben"} {
		require.NotZero(t, n[c], c)
	}
}

// Negative control: each breach is seen.
func TestFalschGebuchtCanFail(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	id := f.get(f.v.ChargeFee(sb, f.now(), festsetzung()))
	f.do(f.v.RecordZahlung(relay, f.now(), vorgang.Buchung{Gebuehr: id, Schluessel: "k", Betrag: 1000}))
	require.Empty(t, falschGebucht(f.v.Stand(), f.journal))
	s := f.v.Stand()
	s.Gebuehren[0].Forderung.Bewegungen = nil
	require.NotEmpty(t, falschGebucht(s, f.journal), "the state lost a booking")
	require.NotEmpty(t, falschGebucht(f.v.Stand(), append(slices.Clone(f.journal), f.last())), "a booking twice")
	selbst := f.v.Stand()
	selbst.Gebuehren[0].Augen = nil
	v := vorgang.Restore(selbst, fest())
	chef := sb
	chef.Rollen = []tenant.Rolle{tenant.Leitung}
	require.NoError(t, v.WaiveFee(chef, f.now(), id, 100, "x"))
	require.Contains(t, falschGebucht(v.Stand(), append(slices.Clone(f.journal), v.Neu()...)), "waived by who decided it")
}

// A fee of a Bescheid is nobody's debt before the Bescheid is on its way, and is due
// after its Bekanntgabe, also when that day changes.
func TestFeeOfABescheid(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	v := f.v
	f.do(v.Pull(sb, f.now()))
	d := f.get(v.Draft(sb, f.now(), inhalt()))
	x := festsetzung()
	x.Bescheid, x.Faellig, x.FaelligTage = d, datum.Datum{}, 30
	g := f.get(v.ChargeFee(sb, f.now(), x))
	_, err := v.ChargeFee(sb, f.now(), x)
	require.ErrorIs(t, err, fehler.ErrExists)
	require.Empty(t, v.Oeffentlich(f.uhr).Zahlungen, "a draft tells the citizen nothing")
	_, err = v.OrderPayment(buerger, f.now(), g, "https://portal.example/")
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.ErrorIs(t, v.RemindFee(sb, f.now().AddDate(1, 0, 0), g, mahnungen), fehler.ErrInvalid)

	f.do(v.SubmitDraft(sb, f.now(), d))
	f.do(v.ReleaseBescheid(leitung, f.now(), d))
	f.do(v.RecordAusfertigung(relay, f.now(), d, uuid.Nil, vorgang.Datei{Anhang: anhang(5)}))
	require.False(t, v.Stand().Eingefordert(g))
	z := zustellung(uuid.UUID{7}, uuid.Nil, "brief", frist.KanalPost, datum.New(2026, 3, 2))
	f.do(v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: d, Nachricht: messaging.Nachricht{Art: messaging.BescheidArt}, Quittung: quittung(3), Zustellung: &z}))
	require.True(t, v.Stand().Eingefordert(g))
	fo, _ := v.Stand().Forderung(g)
	require.Equal(t, datum.New(2026, 4, 5), fo.Faellig, "30 days after 6 March")
	require.Equal(t, "Bitte bezahlen Sie 45,00 € bis zum 05.04.2026.", v.Oeffentlich(f.uhr).Zahlungen[0].Text)
	require.Equal(t, datum.New(2026, 4, 5), v.Stand().Frist())

	// The letter comes back: nothing is demanded until it is on its way again.
	f.uhr = datum.New(2026, 3, 8).Beginn()
	f.do(v.RecordNachweis(sb, f.now(), vorgang.Meldung{Bescheid: d, Zustellung: z.ID, Art: bescheid.NachweisRuecklauf, Tag: datum.New(2026, 3, 8)}))
	require.Empty(t, v.Oeffentlich(f.uhr).Zahlungen)
	_, err = v.RecordZustellung(sb, f.now(), vorgang.Eigenzustellung{Bescheid: d, Weg: frist.KanalUebergabe, Tag: datum.New(2026, 3, 8), Zugang: datum.New(2026, 3, 8), Land: tenant.LandSH})
	f.do(err)
	fo, _ = v.Stand().Forderung(g)
	require.Equal(t, datum.New(2026, 4, 7), fo.Faellig)

	// Reminder by the clock, deferred, and paid.
	require.ErrorIs(t, v.RemindFee(sb, datum.New(2026, 4, 14).Beginn(), g, mahnungen), fehler.ErrConflict)
	f.uhr = datum.New(2026, 4, 15).Beginn()
	n := len(f.orders)
	f.do(v.RemindFee(sb, f.now(), g, mahnungen))
	require.Equal(t, vorgang.NachrichtSenden, f.orders[n].Art)
	s := v.Stand()
	require.Equal(t, "Ihre Zahlung ist noch nicht bei uns eingegangen. Bitte bezahlen Sie 50,00 € bis zum 29.04.2026. Geben Sie dabei das Kassenzeichen 50001030704 an.\n\n"+
		"Darin ist eine Mahngebühr von 5,00 € enthalten (Beispielsatzung).\n\nWenn Sie in den letzten Tagen bezahlt haben, müssen Sie nichts tun.",
		s.Nachrichten[len(s.Nachrichten)-1].Nachricht.Text)
	require.Equal(t, "Bitte bezahlen Sie 50,00 € bis zum 29.04.2026.", v.Oeffentlich(f.uhr).Zahlungen[0].Text)
	f.do(v.DeferFee(sb, f.now(), g, datum.New(2026, 6, 30), "Ratenzahlung"))
	require.Equal(t, "Sie müssen 50,00 € erst bis zum 30.06.2026 bezahlen.", v.Oeffentlich(f.uhr).Zahlungen[0].Text)

	// Open: closing needs a reason.
	err = v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundBeschieden})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Equal(t, "abschluss.forderung-offen", fehler.ProblemeIn(err)[0].Code)
	f.do(v.Close(sb, f.now(), vorgang.Schluss{Grund: vorgang.GrundBeschieden, Forderung: "Die Stadtkasse verfolgt sie weiter."}))
	require.True(t, slices.ContainsFunc(f.journal, func(e vorgang.Ereignis) bool { return strings.Contains(e.Text(), "trotz offener Forderung") }))
	l := loeschung()
	l.AufbewahrungBis = datum.New(2025, 1, 1)
	err = v.RequestLoeschung(sb, f.now().AddDate(1, 0, 0), l)
	require.ErrorContains(t, err, "loeschung.forderung-offen")
	b := vorgang.Buchung{Gebuehr: g, Schluessel: "u1", Betrag: 5000, Tag: datum.New(2026, 4, 20)}
	f.do(v.RecordZahlung(relay, f.now(), b))
	n = len(f.journal)
	f.do(v.RecordZahlung(relay, f.now(), b))
	require.Len(t, f.journal, n, "the same booking again is none")
	b.Betrag = 1
	require.ErrorIs(t, v.RecordZahlung(relay, f.now(), b), fehler.ErrConflict)
	require.Equal(t, "Ihre Zahlung ist eingegangen.", v.Oeffentlich(f.uhr).Zahlungen[0].Text)
	require.Equal(t, "Zahlung eingegangen: 50,00 € am 20.04.2026", f.last().Text())
	f.check()
}

func TestWhoLetsGoOfAFee(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	v := f.v
	f.do(v.Pull(sb, f.now()))
	g := f.get(v.ChargeFee(leitung, f.now(), festsetzung()))
	vertretung := zeichen
	vertretung.Rollen, vertretung.VertretungFuer = []tenant.Rolle{tenant.Leitung}, leitung.ID
	for _, a := range []tenant.Akteur{leitung, vertretung} {
		for _, err := range []error{v.WaiveFee(a, f.now(), g, 4500, "Härte"), v.WriteOffFee(a, f.now(), g, "uneinbringlich")} {
			require.ErrorIs(t, err, fehler.ErrForbidden)
			require.Equal(t, "gebuehr.vier-augen", fehler.ProblemeIn(err)[0].Code)
		}
	}
	zweite := person("m.leitung", tenant.Leitung)
	require.ErrorIs(t, v.WaiveFee(zweite, f.now(), g, 4500, " "), fehler.ErrInvalid, "a reason is mandatory")
	f.do(v.WriteOffFee(zweite, f.now(), g, "uneinbringlich"))
	require.Empty(t, v.Oeffentlich(f.uhr).Zahlungen, "what is not pursued is not demanded")
	f.do(v.ResumeFee(zweite, f.now(), g, "zieht wieder"))
	f.do(v.WaiveFee(zweite, f.now(), g, 4500, "Härte"))
	require.Equal(t, "Sie müssen nichts bezahlen.", v.Oeffentlich(f.uhr).Zahlungen[0].Text)
	require.ErrorIs(t, v.RemindFee(sb, datum.New(2027, 1, 1).Beginn(), g, mahnungen), fehler.ErrConflict)
	_, err := v.OrderPayment(buerger, f.now(), g, "https://portal.example/")
	require.ErrorIs(t, err, fehler.ErrConflict)
	require.ErrorIs(t, v.Undo(zweite, f.now(), f.last()), fehler.ErrUnsupported)
	for _, e := range f.journal {
		require.NotEqual(t, string(e.Code), e.Text())
	}
	f.check()
}

func TestBadFees(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	for name, c := range map[string]struct {
		code string
		do   func(x *vorgang.Festsetzung)
	}{
		"sum":            {"gebuehr.ergebnis", func(x *vorgang.Festsetzung) { x.Ergebnis.Summe++ }},
		"no table":       {"gebuehr.ergebnis", func(x *vorgang.Festsetzung) { x.Ergebnis.Tabelle = "" }},
		"nothing":        {"gebuehr.null", func(x *vorgang.Festsetzung) { x.Ergebnis.Positionen, x.Ergebnis.Summe = nil, 0 }},
		"no reference":   {"gebuehr.kassenzeichen", func(x *vorgang.Festsetzung) { x.Kassenzeichen = "" }},
		"long reference": {"gebuehr.kassenzeichen", func(x *vorgang.Festsetzung) { x.Kassenzeichen = strings.Repeat("1", 36) }},
		"line break":     {"gebuehr.kassenzeichen", func(x *vorgang.Festsetzung) { x.Kassenzeichen = "1\n2" }},
		"days":           {"gebuehr.faellig-tage", func(x *vorgang.Festsetzung) { x.FaelligTage = -1 }},
		"Bescheid":       {"gebuehr.bescheid", func(x *vorgang.Festsetzung) { x.Bescheid = uuid.UUID{3} }},
		"alone, no day":  {"zahlung.faellig", func(x *vorgang.Festsetzung) { x.Faellig = datum.Datum{} }},
		"negative amount": {"zahlung.position-betrag", func(x *vorgang.Festsetzung) {
			p := x.Ergebnis.Positionen[0]
			x.Ergebnis.Positionen = append(x.Ergebnis.Positionen, p, p)
			x.Ergebnis.Positionen[1].Betrag = -p.Betrag
		}},
	} {
		x := festsetzung()
		c.do(&x)
		_, err := f.v.ChargeFee(sb, f.now(), x)
		p := fehler.ProblemeIn(err)
		require.NotEmpty(t, p, name)
		require.Equal(t, c.code, p[0].Code, name)
		require.NotEmpty(t, p[0].Hinweis, name)
		require.Empty(t, f.v.Neu())
	}
}
