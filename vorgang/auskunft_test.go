package vorgang_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestCodeForCitizensWithoutAccount(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	require.False(t, f.v.Stand().OpensWith(""), "no code was issued")
	code, err := f.v.IssueZugangscode(post, f.now())
	f.do(err)
	require.Regexp(t, regexp.MustCompile(`^([0-9A-HJKMNP-TV-Z]{5}-){2}[0-9A-HJKMNP-TV-Z]{5}$`), code)
	s := f.v.Stand()
	for _, gut := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", " "), strings.ReplaceAll(strings.ReplaceAll(code, "0", "O"), "1", "l")} {
		require.True(t, s.OpensWith(gut), gut)
	}
	anders := []byte(code)
	anders[0] ^= 1
	for _, schlecht := range []string{"", "-", code[1:], code + "0", string(anders), strings.Repeat("0", 1_000_000)} {
		require.False(t, s.OpensWith(schlecht))
	}
	roh := strings.ReplaceAll(code, "-", "")
	require.NotContains(t, f.json(), roh, "the code is not kept")
	for _, e := range f.journal {
		require.NotContains(t, string(e.Daten), roh)
	}
	neu, err := f.v.IssueZugangscode(post, f.now())
	f.do(err)
	require.NotEqual(t, code, neu)
	require.False(t, f.v.Stand().OpensWith(code), "a new code replaces the old one")
	require.True(t, f.v.Stand().OpensWith(neu))
	_, err = f.v.IssueZugangscode(buerger, f.now())
	require.ErrorIs(t, err, fehler.ErrForbidden)
	f.check()
}

func TestWhatTheCitizenReads(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Pull(sb, f.now()))
	require.Zero(t, f.v.Oeffentlich(f.uhr).Voraussichtlich)
	f.do(f.v.SetBearbeitungsfrist(sb, f.now(), bearbeitungsfrist()))
	o := f.v.Oeffentlich(f.uhr)
	require.Equal(t, datum.New(2026, 6, 2), o.Voraussichtlich)
	require.Equal(t, "Ihr Antrag wird bearbeitet.", o.Status)
	f.get(f.v.Suspend(sb, f.am(3, 10), "intern: Ärger mit dem Gutachter"))
	o = f.v.Oeffentlich(f.am(3, 13))
	require.True(t, o.Ruht)
	require.Equal(t, "Die Bearbeitung ruht zurzeit.", o.Status)
	require.Equal(t, datum.New(2026, 6, 5), o.Voraussichtlich)
	f.do(f.v.Resume(sb, f.now()))
	f.do(f.v.WithdrawAntrag(buerger, f.now(), ""))
	require.True(t, f.v.Oeffentlich(f.uhr).Zurueckgezogen)
	w := f.get(f.v.RequestWeiterleitung(sb, f.now(), vorgang.Stelle{Name: "Kreis"}, "intern: unklar", time.Time{}))
	require.Equal(t, "Es wird geprüft, welche Behörde zuständig ist.", f.v.Oeffentlich(f.uhr).Status)
	f.do(f.v.DecideWeiterleitung(sb, f.now(), w, true, ""))
	f.do(f.v.RecordWeiterleitung(relay, f.now(), w, "K-1"))
	o = f.v.Oeffentlich(f.uhr)
	require.Equal(t, "Ihr Antrag wurde an die zuständige Behörde weitergeleitet.", o.Status)
	require.Zero(t, o.Voraussichtlich)
}

func TestBearbeitungsfristFromTheLaw(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	e, err := r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: datum.New(2026, 3, 2), Behoerde: frist.Behoerde{Ort: frist.Ort{Land: tenant.LandSH}}})
	require.NoError(t, err)
	w, err := r.Vorwarnungen(e, "v-1", nil)
	require.NoError(t, err)
	require.NotEmpty(t, w)
	f, err := vorgang.NewBearbeitungsfrist(e, w...)
	require.NoError(t, err)
	require.Equal(t, e.Fruehestes(), f.Ende)
	require.Equal(t, datum.New(2026, 3, 3), f.Beginn)
	require.True(t, f.Fiktion)
	require.NotEmpty(t, f.Regeln)
	require.Len(t, f.Warnungen, len(w))
	g := neuerFall(t)
	g.do(g.v.SetBearbeitungsfrist(sb, g.now(), f))
	g.check()

	// What has no end yet, rests by itself or is about something else.
	offen, err := r.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: datum.New(2026, 3, 2), Aussetzungen: []frist.Aussetzung{{Von: datum.New(2026, 3, 5), Grund: "x"}}, Behoerde: frist.Behoerde{Ort: frist.Ort{Land: tenant.LandSH}}})
	require.NoError(t, err)
	_, err = vorgang.NewBearbeitungsfrist(offen)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = vorgang.NewBearbeitungsfrist(frist.Ergebnis{})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

func TestRichtlinieReplacesRoles(t *testing.T) {
	t.Parallel()
	// A table where the Poststelle may work and the Sachbearbeitung only reads.
	regeln := vorgang.Regeln()
	for i := range regeln {
		switch regeln[i].Befehl {
		case vorgang.BefehlZiehen:
			regeln[i].Rollen, regeln[i].Recht = []tenant.Rolle{tenant.Poststelle}, vorgang.RechtKommentieren
		case vorgang.BefehlNotieren:
			regeln[i].Rollen = []tenant.Rolle{"azubi"}
		}
	}
	tabelle, err := vorgang.NewRichtlinie(regeln)
	require.NoError(t, err)
	mitRichtlinie := func(r vorgang.Richtlinie) *vorgang.Vorgang {
		k := fest()
		k.Richtlinie = r
		v, err := vorgang.New(annahme, start, params(), k)
		require.NoError(t, err)
		return v
	}
	v := mitRichtlinie(tabelle)
	require.ErrorIs(t, v.Pull(sb, start), fehler.ErrForbidden)
	require.Equal(t, "vorgang.rolle", fehler.ProblemeIn(v.Pull(sb, start))[0].Code)
	woanders := post
	woanders.Einheiten = []string{"tiefbau"}
	require.Equal(t, "vorgang.einheit", fehler.ProblemeIn(v.Pull(woanders, start))[0].Code)
	require.NoError(t, v.Pull(post, start))
	_, err = v.Note(person("a", "azubi"), start, "x")
	require.NoError(t, err, "a role of its own")

	// A guest by its right in this table; without a Beteiligung it is nobody.
	gastPost := fremder("g", tenant.Poststelle)
	require.Equal(t, "vorgang.mandant", fehler.ProblemeIn(v.Pull(gastPost, start))[0].Code)
	_, err = v.Invite(sb, start, vorgang.Einladung{Mandant: "luebeck", Recht: vorgang.RechtKommentieren, Grund: "x"})
	require.NoError(t, err)
	require.NoError(t, v.May(gastPost, start, vorgang.BefehlZiehen))
	require.ErrorIs(t, v.May(gastPost, start, vorgang.BefehlAnnehmen), fehler.ErrForbidden)

	// A function: whoever has the Vorgang may do everything, and nobody else anything.
	var gefragt []vorgang.Rechtsfrage
	w := mitRichtlinie(func(f vorgang.Rechtsfrage) error {
		gefragt = append(gefragt, f)
		if f.Beziehung == vorgang.BeziehungMaschine || f.Bearbeiter == f.Akteur.ID || f.Befehl == vorgang.BefehlZiehen || f.Befehl == vorgang.BefehlAnnehmen {
			return nil
		}
		return errors.New("not yours")
	})
	require.NoError(t, w.Pull(leser, start))
	_, err = w.Note(leser, start, "x")
	require.NoError(t, err)
	_, err = w.Note(sb, start, "x")
	require.ErrorIs(t, err, fehler.ErrForbidden)
	letzte := gefragt[len(gefragt)-1]
	require.Equal(t, vorgang.BeziehungEigene, letzte.Beziehung)
	require.Equal(t, leser.ID, letzte.Bearbeiter)
	letzte.Regel.Rollen[0] = "x"
	require.NotEqual(t, tenant.Rolle("x"), vorgang.Regeln()[0].Rollen[0])

	// Whatever it allows: tenancy, the citizen's own Vorgang, states and Vier-Augen stay.
	frei := mitRichtlinie(func(vorgang.Rechtsfrage) error { return nil })
	for name, a := range map[string]tenant.Akteur{
		"another Mandant": fremder("x"), "another citizen": {ID: "konto-2", Art: tenant.Buerger}, "nobody": {}, "another machine": {ID: "m", Art: tenant.Maschine, Mandant: "luebeck"},
	} {
		require.ErrorIs(t, frei.Pull(a, start), fehler.ErrForbidden, name)
	}
	require.ErrorIs(t, frei.Reopen(sb, start, vorgang.WegenIrrtum, "x"), fehler.ErrInvalid)
	require.NoError(t, frei.Pull(sb, start))
	d, err := frei.Draft(sb, start, inhalt())
	require.NoError(t, err)
	require.NoError(t, frei.SubmitDraft(sb, start, d))
	require.Equal(t, "bescheid.vier-augen", fehler.ProblemeIn(frei.ReleaseBescheid(sb, start, d))[0].Code)

	_, err = vorgang.NewRichtlinie([]vorgang.Regel{
		{Befehl: "zaubern", Rollen: []tenant.Rolle{"x"}}, {Befehl: vorgang.BefehlZiehen}, {Befehl: vorgang.BefehlZiehen, Rollen: []tenant.Rolle{"x"}},
		{Befehl: vorgang.BefehlNotieren, Rollen: []tenant.Rolle{"x"}, Recht: "alles"},
	})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	for _, row := range []string{"row 0", "row 1", "row 2", "row 3"} {
		require.ErrorContains(t, err, row)
	}
}
