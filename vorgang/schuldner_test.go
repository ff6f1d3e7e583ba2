package vorgang_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The calculation is part of the released text, and its sum is the fee that is charged.
func TestFeeTableIsReleased(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	x := festsetzung()
	teil, err := gebuehr.Beispiele().Bescheidteil(x.Ergebnis, gebuehr.Angaben{Kassenzeichen: x.Kassenzeichen})
	f.do(err)
	i := vorgang.MitGebuehr(inhalt(), teil)
	require.Contains(t, i.Gebuehr, "45,00 €")
	require.Equal(t, "45,00 €", i.Gebuehrentafel.Summe[len(i.Gebuehrentafel.Summe)-1])
	require.Equal(t, 300, i.Gebuehrentafel.Spalten[1].Breite)
	teil.Tafel.Zeilen[0][0] = "x"
	require.Equal(t, "1", i.Gebuehrentafel.Zeilen[0][0], "the text shares nothing with the result")
	d := f.get(f.v.Draft(sb, f.now(), i))
	x.Bescheid = d
	f.get(f.v.ChargeFee(sb, f.now(), x))
	falsch := i.Clone()
	falsch.Gebuehrentafel.Summe[4] = "54,00 €"
	f.do(f.v.Redraft(sb, f.now(), d, falsch))
	require.Equal(t, "gebuehr.tafel", codeVon(t, f.v.SubmitDraft(sb, f.now(), d)))
	f.do(f.v.Redraft(sb, f.now(), d, i))
	f.do(f.v.SubmitDraft(sb, f.now(), d))
	f.do(f.v.ReleaseBescheid(leitung, f.now(), d))
	s := f.v.Stand()
	require.Equal(t, i.Pruefsumme(), s.Bescheide[0].Pruefsumme)

	s.Bescheide[0].Inhalt.Gebuehrentafel.Zeilen[0][4] = "44,00 €"
	err = vorgang.Restore(s, fest()).RecordAusfertigung(relay, f.now(), d, uuid.Nil, vorgang.Datei{Anhang: anhang(5)})
	require.Equal(t, "bescheid.pruefsumme", codeVon(t, err), "a changed cell is a forged text")
}

// A later decision names the earlier one by date and Aktenzeichen: filled in when it is
// drafted, and refused without.
func TestEarlierBescheidIsNamed(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	erster := f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.do(f.v.SubmitDraft(sb, f.now(), erster))
	f.do(f.v.ReleaseBescheid(leitung, f.now(), erster))
	am := datum.Von(f.v.Stand().Bescheide[0].FreigegebenAm)
	f.do(f.v.ReturnToBearbeitung(sb, f.now(), vorgang.RueckkehrWiderruf))
	w := inhalt()
	w.Art, w.Bezug = bescheid.Widerruf, erster
	d := f.get(f.v.Draft(sb, f.now(), w))
	s := f.v.Stand()
	nummer := s.Nummer
	if len(s.Aktenzeichen) > 0 {
		nummer = s.Aktenzeichen[0]
	}
	require.Equal(t, bescheid.Bezugsangabe{Vom: am, Aktenzeichen: nummer}, s.Bescheide[1].Inhalt.BezugAuf)
	w.BezugAuf = bescheid.Bezugsangabe{Vom: datum.New(1999, 1, 1), Aktenzeichen: "alt 17"}
	f.do(f.v.Redraft(sb, f.now(), d, w))
	require.Equal(t, bescheid.Bezugsangabe{Vom: am, Aktenzeichen: "alt 17"}, f.v.Stand().Bescheide[1].Inhalt.BezugAuf, "the day is a fact, the Aktenzeichen may be the old one")

	s = f.v.Stand() // drafted before the letter named it
	s.Bescheide[1].Inhalt.BezugAuf = bescheid.Bezugsangabe{}
	require.Equal(t, "bescheid.bezug-angabe", codeVon(t, vorgang.Restore(s, fest()).SubmitDraft(sb, f.now(), d)))
	f.do(f.v.SubmitDraft(sb, f.now(), d))
}

var (
	erste  = uuid.UUID{1}
	zweite = uuid.UUID{2}
	bo     = messaging.Empfaenger{Name: "Bo Ærø", Adressen: []messaging.Adresse{{Kanal: "brief"}}, Anschrift: tenant.Anschrift{Strasse: "Feldweg", Hausnummer: "7", PLZ: "24999", Ort: "Wees"}}
)

// fallMitZweien has a fee of 45,00 € on a Bescheid to the applicant and to another person,
// on its way to both. x says who owes it.
func fallMitZweien(t *testing.T, anderer messaging.Empfaenger, x vorgang.Festsetzung) (*fall, uuid.UUID) {
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	i := inhalt()
	i.Adressaten = []bescheid.Adressat{{ID: erste, Empfaenger: f.v.Stand().Antrag.Antragsteller.Empfaenger}, {ID: zweite, Empfaenger: anderer}}
	d := f.get(f.v.Draft(sb, f.now(), i))
	x.Bescheid = d
	for _, falsch := range [][]uuid.UUID{{x.Schuldner}, {uuid.UUID{9}}, {uuid.Nil}} {
		y := x
		y.Gesamtschuldner = falsch
		_, err := f.v.ChargeFee(sb, f.now(), y)
		require.Equal(t, "gebuehr.schuldner", codeVon(t, err), "%v", falsch)
	}
	niemand := x
	niemand.Schuldner = uuid.Nil
	_, err := f.v.ChargeFee(sb, f.now(), niemand)
	require.Equal(t, "gebuehr.schuldner", codeVon(t, err))
	g := f.get(f.v.ChargeFee(sb, f.now(), x))

	weg := i.Clone() // the one who owes is struck from the text
	weg.Adressaten = []bescheid.Adressat{{ID: uuid.UUID{3}, Empfaenger: messaging.Empfaenger{Name: "C"}}}
	f.do(f.v.Redraft(sb, f.now(), d, weg))
	require.Equal(t, "gebuehr.schuldner", codeVon(t, f.v.SubmitDraft(sb, f.now(), d)))
	f.do(f.v.Redraft(sb, f.now(), d, i))
	f.do(f.v.SubmitDraft(sb, f.now(), d))
	f.do(f.v.ReleaseBescheid(leitung, f.now(), d))
	auftraege := 0
	for _, o := range f.orders {
		if o.Art == vorgang.BescheidAusfertigen {
			auftraege++
		}
	}
	require.Equal(t, 2, auftraege, "one document each")
	_, ok := f.v.Stand().Zahlungsseite(g, datum.Von(f.uhr))
	require.False(t, ok, "nothing is demanded yet")
	for n, wem := range []uuid.UUID{erste, zweite} {
		f.do(f.v.RecordAusfertigung(relay, f.now(), d, wem, vorgang.Datei{Anhang: anhang(byte(50 + n))}))
		z := zustellung(uuid.UUID{7, byte(n)}, wem, "brief", frist.KanalPost, datum.New(2026, 3, 2))
		f.do(f.v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: d, Quittung: quittung(3), Zustellung: &z}))
	}
	require.True(t, f.v.Stand().Eingefordert(g))
	return f, g
}

// What another addressee owes is not demanded of the applicant and not told: reminders go to
// who owes, and who owes together with others is reminded too.
func TestFeeOfAnotherAddressee(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		schuldner uuid.UUID
		weitere   []uuid.UUID
		an        []string
	}{
		"the applicant": {erste, nil, []string{"applicant"}},
		"the other":     {zweite, nil, []string{"Bo Ærø"}},
		"both":          {zweite, []uuid.UUID{erste}, []string{"applicant", "Bo Ærø"}},
	} {
		x := festsetzung()
		x.Schuldner, x.Gesamtschuldner = c.schuldner, c.weitere
		f, g := fallMitZweien(t, bo, x)
		selbst := c.an[0] == "applicant"
		require.Equal(t, selbst, len(f.v.Oeffentlich(f.uhr).Zahlungen) == 1, name)
		_, err := f.v.OrderPayment(buerger, f.now(), g, "https://portal.example/")
		if selbst {
			require.NoError(t, err)
		} else {
			require.Equal(t, "gebuehr.anderer-schuldner", codeVon(t, err))
			// The page of the one who owes it acts for the authority.
			_, err = f.v.OrderPayment(tenant.System("zahlungsseite"), f.now(), g, "https://zahlen.example/")
			require.NoError(t, err)
		}
		seite, ok := f.v.Stand().Zahlungsseite(g, datum.Von(f.uhr))
		require.True(t, ok)
		require.Equal(t, zahlung.Betrag(4500), seite.Betrag)
		require.Equal(t, x.Kassenzeichen, seite.Kassenzeichen)

		schon := len(f.v.Stand().Nachrichten)
		f.do(f.v.RemindFee(sb, f.now().AddDate(1, 0, 0), g, mahnungen))
		s := f.v.Stand()
		var an []string
		for _, n := range s.Nachrichten[schon:] {
			e, ok := s.Empfaenger(n)
			require.True(t, ok)
			if n.An == (vorgang.Adressbezug{}) {
				e.Name = "applicant"
				require.Equal(t, messaging.AntwortMoeglich, n.Nachricht.Antwort)
			} else {
				require.Equal(t, messaging.AntwortNein, n.Nachricht.Antwort, "an answer would come into the case of another")
			}
			an = append(an, e.Name)
			require.Contains(t, n.Nachricht.Text, "50,00 €")
			require.Contains(t, n.Nachricht.Text, x.Kassenzeichen)
		}
		require.Equal(t, c.an, an, name)

		// One payment ends it for everybody, whoever made it.
		f.do(f.v.RecordZahlung(sb, f.now().AddDate(1, 0, 1), vorgang.Buchung{Gebuehr: g, Schluessel: "k1", Betrag: 5000}))
		seite, ok = f.v.Stand().Zahlungsseite(g, datum.Von(f.uhr))
		require.True(t, ok)
		require.Zero(t, seite.Betrag)
		require.Equal(t, "Ihre Zahlung ist eingegangen.", seite.Text)
		f.check()
	}
}

// Without an address nothing is written; a plan hands it to a person.
func TestReminderWithoutAddress(t *testing.T) {
	t.Parallel()
	x := festsetzung()
	x.Schuldner = zweite
	f, g := fallMitZweien(t, messaging.Empfaenger{Name: "Bo Ærø"}, x)
	require.Equal(t, "gebuehr.schuldner-anschrift", codeVon(t, f.v.RemindFee(sb, f.now().AddDate(1, 0, 0), g, mahnungen)))
	require.Empty(t, f.v.Stand().Gebuehren[0].Forderung.Bewegungen, "it is not reminded of")
	x.Gesamtschuldner = []uuid.UUID{erste}
	f, g = fallMitZweien(t, messaging.Empfaenger{Name: "Bo Ærø"}, x)
	f.do(f.v.RemindFee(sb, f.now().AddDate(1, 0, 0), g, mahnungen))
	s := f.v.Stand()
	require.Zero(t, s.Nachrichten[len(s.Nachrichten)-1].An, "who can be reached is")
}

func TestReminderNamesThePage(t *testing.T) {
	t.Parallel()
	x := festsetzung()
	x.Schuldner = zweite
	f, g := fallMitZweien(t, bo, x)
	codes, err := vorgang.NewZahlungscodes(bytes.Repeat([]byte{7}, 32))
	require.NoError(t, err)
	k := fest()
	k.Zahlungslink = func(m tenant.ID, v, g uuid.UUID) string {
		return "https://zahlen.example/" + g.String() + "#" + codes.Code(m, v, g)
	}
	v := vorgang.Restore(f.v.Stand(), k)
	require.NoError(t, v.RemindFee(sb, f.now().AddDate(1, 0, 0), g, mahnungen))
	n := v.Stand().Nachrichten
	require.Contains(t, n[len(n)-1].Nachricht.Text, "Hier können Sie online bezahlen: https://zahlen.example/"+g.String()+"#"+codes.Code(v.Mandant(), v.ID(), g))
}

func TestZahlungscodes(t *testing.T) {
	t.Parallel()
	_, err := vorgang.NewZahlungscodes(make([]byte, 31))
	require.ErrorIs(t, err, fehler.ErrInvalid)
	key := bytes.Repeat([]byte{7}, 32)
	z, err := vorgang.NewZahlungscodes(key)
	require.NoError(t, err)
	v, g := uuid.UUID{1}, uuid.UUID{2}
	code := z.Code("kiel", v, g)
	require.Len(t, code, 26)
	key[0] = 0
	require.Equal(t, code, z.Code("kiel", v, g), "the key was copied")
	require.True(t, z.Opens("kiel", v, g, code))
	require.True(t, z.Opens("kiel", v, g, " "+strings.ToLower(code[:5])+"-"+code[5:]))
	require.False(t, z.Opens("luebeck", v, g, code))
	require.False(t, z.Opens("kiel", g, v, code))
	require.False(t, z.Opens("kiel", v, uuid.UUID{3}, code))
	require.False(t, z.Opens("kiel", v, g, ""))
	require.False(t, z.Opens("kiel", v, g, strings.Repeat(code, 5)))
	andere, err := vorgang.NewZahlungscodes(bytes.Repeat([]byte{8}, 32))
	require.NoError(t, err)
	require.False(t, andere.Opens("kiel", v, g, code))
}
