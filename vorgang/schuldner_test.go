package vorgang_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
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

// What another addressee owes is not demanded of the applicant.
func TestFeeOfAnotherAddressee(t *testing.T) {
	t.Parallel()
	for _, selbst := range []bool{false, true} {
		f := neuerFall(t)
		f.do(f.v.Pull(sb, f.now()))
		eins, zwei := uuid.UUID{1}, uuid.UUID{2}
		i := inhalt()
		i.Adressaten = []bescheid.Adressat{{ID: eins, Empfaenger: f.v.Stand().Antrag.Antragsteller.Empfaenger}, {ID: zwei, Empfaenger: messaging.Empfaenger{Name: "Bo Ærø"}}}
		d := f.get(f.v.Draft(sb, f.now(), i))
		x := festsetzung()
		x.Bescheid = d
		_, err := f.v.ChargeFee(sb, f.now(), x)
		require.Equal(t, "gebuehr.schuldner", codeVon(t, err))
		if x.Schuldner = zwei; selbst {
			x.Schuldner = eins
		}
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
		for n, wem := range []uuid.UUID{eins, zwei} {
			f.do(f.v.RecordAusfertigung(relay, f.now(), d, wem, vorgang.Datei{Anhang: anhang(byte(50 + n))}))
			z := zustellung(uuid.UUID{7, byte(n)}, wem, "brief", frist.KanalPost, datum.New(2026, 3, 2))
			f.do(f.v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: d, Quittung: quittung(3), Zustellung: &z}))
		}
		require.True(t, f.v.Stand().Eingefordert(g))
		require.Equal(t, selbst, len(f.v.Oeffentlich(f.uhr).Zahlungen) == 1)
		_, err = f.v.OrderPayment(buerger, f.now(), g, "https://portal.example/")
		if selbst {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, "gebuehr.anderer-schuldner", codeVon(t, err))
		require.Equal(t, "gebuehr.anderer-schuldner", codeVon(t, f.v.RemindFee(sb, f.now().AddDate(1, 0, 0), g, mahnungen)))
		f.check()
	}
}
