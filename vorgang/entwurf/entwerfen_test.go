package entwurf_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
)

func codes(err error) (out []string) {
	for _, p := range fehler.ProblemeIn(err) {
		out = append(out, p.Code+" "+p.Pfad)
	}
	return out
}

// The text comes from where the Zuordnung says, and says so.
func TestDraftFromAVorgang(t *testing.T) {
	t.Parallel()
	e, err := entwerfer(t, entwurf.Beispiele()).Draft(params(t))
	require.NoError(t, err)
	i, err := e.Inhalt()
	require.NoError(t, err)
	require.NoError(t, i.Pruefe())
	require.Equal(t, bescheid.Bewilligung, i.Art)
	require.Contains(t, i.Tenor[0], "Rotbuche (an der Einfahrt, Stammumfang 142\u00a0cm) und Bergahorn (im hinteren Garten, Stammumfang 95,5\u00a0cm)")
	require.Contains(t, i.Begruendung[0], "Sie haben am 2.\u00a0November\u00a02026 beantragt")
	require.Equal(t, "Sehr geehrte Frau Muster,", e.Ergebnis.Anrede())
	require.Equal(t, "2027-12-31", i.Gueltig.Bis.String())
	require.Contains(t, i.Rechtsbehelfsbelehrung, "Stadt Musterstadt, Rathausplatz 1, 24103 Musterstadt")
	require.Equal(t, bescheid.Auflage, i.NebenbestimmungArten[0])
	require.Empty(t, i.Gebuehr, "no fee was given")

	require.Equal(t, "baumfaellung-bewilligung", i.Vorlage.ID)
	require.Equal(t, 1, i.Vorlage.Fassung)
	require.Equal(t, "baum-sachverhalt", i.Vorlage.Bausteine[1].ID)

	woher := map[string]entwurf.Herkunft{}
	for _, h := range e.Herkunft {
		woher[h.Feld] = h
	}
	require.Equal(t, entwurf.Herkunft{Feld: "antrag_vom", Text: "Datum des Antrags", Art: entwurf.AusVorgang, Quelle: "antrag.gestellt_am", Woher: "Tag, den der Antrag nennt", Wert: "02.11.2026"}, woher["antrag_vom"])
	require.Equal(t, "Grundstück, zum Beispiel „Gartenweg 1 in Musterstadt“: Große Ziegelstraße 12 in Musterstadt (aus dem Antrag, Angabe „Grundstück“)", woher["grundstueck"].Satz())
	require.Equal(t, entwurf.Fest, woher["ermessen"].Art)
	require.Equal(t, entwurf.VonPerson, woher["grund"].Art)
	require.Equal(t, "Gefahr für Personen oder Sachen", woher["grund"].Wert)
	require.Equal(t, "2 Einträge", woher["baeume"].Wert)
	require.Equal(t, entwurf.Leer, woher["gebuehr"].Art)
	require.Contains(t, e.Erklaerung(), "Nachname: Muster (aus dem Antrag, Angabe „Nachname“)")
}

// The draft goes into the Vorgang, and later it is known which template made it.
func TestTemplateIsKnownLater(t *testing.T) {
	t.Parallel()
	e, err := entwerfer(t, entwurf.Beispiele()).Draft(params(t))
	require.NoError(t, err)
	i, err := e.Inhalt()
	require.NoError(t, err)
	jetzt := heute.Beginn().Add(9 * time.Hour)
	v, err := vorgang.New(tenant.System("test"), jetzt, vorgang.Params{Mandant: stadt.ID, Nummer: "1", Leistung: baumLeistung, Einheit: "amt"}, vorgang.Kontext{})
	require.NoError(t, err)
	require.NoError(t, v.Pull(kim, jetzt))
	id, err := v.Draft(kim, jetzt, i)
	require.NoError(t, err)
	i.Vorlage.Bausteine[0].ID = "anders"
	b := v.Stand().Bescheide[0]
	require.Equal(t, "baumfaellung-bewilligung", b.Inhalt.Vorlage.ID)
	require.Equal(t, "anrede", b.Inhalt.Vorlage.Bausteine[0].ID, "the Vorgang keeps its own")
	ohne := b.Inhalt.Clone()
	ohne.Vorlage = nil
	require.NotEqual(t, ohne.Pruefsumme(), b.Inhalt.Pruefsumme(), "the release covers it")
	require.NoError(t, v.SubmitDraft(kim, jetzt, id))
}

// The clerk's word counts, within groups too, and a blank is none.
func TestClerkOverrides(t *testing.T) {
	t.Parallel()
	p := params(t)
	p.Angaben["grundstueck"] = "Gartenweg 1"
	p.Angaben["ermessen"] = false
	p.Angaben["satzung"] = "  "
	p.Angaben["empfaenger"] = map[string]any{"anrede": "neutral"}
	p.Angaben["baeume"] = []any{map[string]any{"art": "Linde", "umfang": "80", "standort": "am Weg"}}
	e, err := entwerfer(t, entwurf.Beispiele()).Draft(p)
	require.NoError(t, err)
	require.Equal(t, "Guten Tag Alex Muster,", e.Ergebnis.Anrede())
	k := e.Ergebnis.Klartext()
	require.Contains(t, k, "Sie dürfen auf dem Grundstück Gartenweg 1 diesen Baum fällen: Linde (am Weg")
	require.Contains(t, k, "ein Ermessen haben wir nicht")
	require.Contains(t, k, "Baumschutzsatzung der Stadt Musterstadt")
}

// What is missing or does not fit is said by name, and nothing is written.
func TestDraftErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		aendere func(p *entwurf.Params)
		art     error
		code    string
	}{
		"a person is asked":        {func(p *entwurf.Params) { delete(p.Angaben, "grund") }, fehler.ErrInvalid, "vorlage.daten-fehlt /grund"},
		"wrong value of the clerk": {func(p *entwurf.Params) { p.Angaben["grund"] = "laune" }, fehler.ErrInvalid, "vorlage.daten-typ /grund"},
		"value for no field":       {func(p *entwurf.Params) { p.Angaben["gebuehrr"] = "1" }, fehler.ErrInvalid, "vorlage.daten-unbekannt "},
		"value for no group field": {func(p *entwurf.Params) { p.Angaben["empfaenger"] = vorlage.Daten{"nam": "x"} }, fehler.ErrInvalid, "vorlage.daten-unbekannt /empfaenger"},
		"group that is none":       {func(p *entwurf.Params) { p.Angaben["empfaenger"] = "x" }, fehler.ErrInvalid, "vorlage.daten-typ /empfaenger"},
		"data unlike their schema": {func(p *entwurf.Params) { p.Stand.Antrag.Daten = []byte(`{"baeume":"viele"}`) }, fehler.ErrInvalid, "vorlage.daten-typ /baeume"},
		"trees without a place": {func(p *entwurf.Params) {
			p.Stand.Antrag.Daten = []byte(strings.Replace(baumDaten, `"standort"`, `"ort"`, 1))
		}, fehler.ErrInvalid, "vorlage.daten-fehlt /baeume/0/standort"},
		"too many trees": {func(p *entwurf.Params) {
			p.Stand.Antrag.Daten = []byte(`{"baeume":[` + strings.Repeat(`{},`, 60000) + `{}]}`)
		}, fehler.ErrInvalid, "vorlage.daten-anzahl /baeume"},
		"no data":                     {func(p *entwurf.Params) { p.Stand.Antrag.Daten = nil }, fehler.ErrInvalid, "vorlage.daten-fehlt /grundstueck"},
		"hostile data":                {func(p *entwurf.Params) { p.Stand.Antrag.Daten = []byte(strings.Repeat("[", 1000)) }, fehler.ErrInvalid, "entwurf.daten-json /antrag/daten"},
		"another form":                {func(p *entwurf.Params) { p.Stand.Antrag.Schema += "x" }, fehler.ErrInvalid, "entwurf.anderes-formular /antrag/schema"},
		"another Leistung":            {func(p *entwurf.Params) { p.Stand.Leistung = "99050012104000" }, fehler.ErrNotFound, "entwurf.zuordnung "},
		"before its time":             {func(p *entwurf.Params) { p.Tag = datum.MustParse("2019-12-31") }, fehler.ErrNotFound, "entwurf.zuordnung "},
		"no such earlier Bescheid":    {func(p *entwurf.Params) { p.Bezug = uuid.New() }, fehler.ErrNotFound, "entwurf.bezug /bezug"},
		"Widerruf of nothing":         {func(p *entwurf.Params) { p.Vorlage = "widerruf" }, fehler.ErrInvalid, "entwurf.bezug /bezug"},
		"Abhilfe without Widerspruch": {func(p *entwurf.Params) { p.Vorlage = "abhilfe"; mitBescheid(p) }, fehler.ErrInvalid, "entwurf.bezug /bezug"},
		"remedy against another": {func(p *entwurf.Params) {
			p.Vorlage = "abhilfe"
			mitBescheid(p)
			p.Stand.Rechtsbehelfe = []vorgang.Rechtsbehelf{{ID: uuid.UUID{7}, Bescheid: uuid.UUID{8}}}
			p.Rechtsbehelf = uuid.UUID{7}
		}, fehler.ErrInvalid, "entwurf.bezug /rechtsbehelf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := params(t)
			c.aendere(&p)
			e, err := entwerfer(t, entwurf.Beispiele()).Draft(p)
			require.ErrorIs(t, err, c.art)
			require.Nil(t, e)
			require.Contains(t, codes(err), c.code)
			require.NotContains(t, err.Error(), "Muster", "no personal data")
			for _, q := range fehler.ProblemeIn(err) {
				require.NotEmpty(t, q.Hinweis)
			}
		})
	}
	_, err := entwerfer(t, entwurf.Beispiele()).Draft(entwurf.Params{Vorlage: "widerruf"})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	_, err = entwurf.New(nil, nil)
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// mitBescheid gives the Vorgang an earlier one.
func mitBescheid(p *entwurf.Params) {
	p.Bezug = uuid.UUID{9}
	p.Stand.Aktenzeichen = []string{"32.1/26-0017"}
	p.Stand.Bescheide = []bescheid.Bescheid{{
		ID: p.Bezug, Zustand: bescheid.Bekanntgegeben, FreigegebenAm: heute.Beginn().Add(time.Hour), Inhalt: bescheid.Inhalt{Art: bescheid.Ablehnung, Betreff: "Ablehnung"},
	}}
}

// A decision on a Widerspruch knows the earlier Bescheid, the remedy and the court.
func TestDecisionAboutAnEarlierOne(t *testing.T) {
	t.Parallel()
	p := params(t)
	mitBescheid(&p)
	p.Rechtsbehelf = uuid.UUID{7}
	p.Stand.Rechtsbehelfe = []vorgang.Rechtsbehelf{{ID: uuid.UUID{7}, Bescheid: p.Bezug, Eingang: datum.MustParse("2026-12-14"), Rechtzeitig: true, FristEnde: datum.MustParse("2026-12-29")}}
	p.Tag = datum.MustParse("2027-02-01")
	p.Vorlage = "widerspruchsbescheid"
	p.Angaben = vorlage.Daten{"gegenstand": "die Fällung einer Rotbuche", "stelle_grund": "Wir sind zuständig (§ 73 Abs. 1 VwGO).", "vortrag": "Sie tragen vor.", "gruende": "Es trägt nicht."}
	e, err := entwerfer(t, entwurf.Beispiele()).Draft(p)
	require.NoError(t, err)
	i, err := e.Inhalt()
	require.NoError(t, err)
	require.NoError(t, i.Pruefe())
	require.Equal(t, p.Bezug, i.Bezug)
	require.True(t, i.BleibtBestehen)
	require.Contains(t, i.Tenor[0], "vom 25.\u00a0November\u00a02026 (Aktenzeichen 32.1/26-0017) zurück")
	require.Contains(t, strings.Join(i.Begruendung, " "), "14.\u00a0Dezember\u00a02026 bei uns eingegangen")
	require.Contains(t, i.Rechtsbehelfsbelehrung, "nach Zustellung dieses Widerspruchsbescheids Klage erheben. Die Klage ist bei dem Verwaltungsgericht Musterstadt, Gerichtsplatz 1")

	p.Stand.Rechtsbehelfe[0].Rechtzeitig = false
	spaet, err := entwerfer(t, entwurf.Beispiele()).Draft(p)
	require.NoError(t, err)
	require.Contains(t, spaet.Ergebnis.Klartext(), "unzulässig, weil die Frist von einem Monat (§\u00a070 Abs.\u00a01 VwGO) nicht gewahrt ist. Sie lief bis zum 29.\u00a0Dezember\u00a02026.")

	ohne, err := entwurf.New(entwurf.Beispiele(), nil)
	require.NoError(t, err)
	_, err = ohne.Draft(p)
	require.ErrorIs(t, err, fehler.ErrInvalid, "no court, no Belehrung with a gap")
}

// The fee with its table and words stands in place of the template's sentence.
func TestFee(t *testing.T) {
	t.Parallel()
	tab := gebuehr.Beispiele()
	r, err := tab.Rechne(gebuehr.Fall{Leistung: baumLeistung, Land: tenant.LandNW, Entscheidung: heute, Ansaetze: []gebuehr.Ansatz{{Posten: "baumfaellung.genehmigung", Menge: 2}}})
	require.NoError(t, err)
	p := params(t)
	p.Gebuehr = &entwurf.Gebuehr{Ergebnis: r}
	e, err := entwerfer(t, entwurf.Beispiele()).Draft(p)
	require.NoError(t, err)
	i, err := e.Inhalt()
	require.NoError(t, err)
	require.Contains(t, i.Gebuehr, "eine Gebühr von 65,00\u00a0€. Grundlage ist Beispielsatzung.")
	require.Nil(t, i.Gebuehrentafel)

	teil, err := tab.Bescheidteil(r, gebuehr.Angaben{Kassenzeichen: "4711"})
	require.NoError(t, err)
	p.Gebuehr.Teil = &teil
	e, err = entwerfer(t, entwurf.Beispiele()).Draft(p)
	require.NoError(t, err)
	i, err = e.Inhalt()
	require.NoError(t, err)
	require.NoError(t, i.Pruefe())
	require.Equal(t, teil.Text(), i.Gebuehr)
	require.Equal(t, "65,00 €", strings.ReplaceAll(i.Gebuehrentafel.Summe[4], "\u00a0", " "))
	require.Equal(t, 300, i.Gebuehrentafel.Spalten[1].Breite)
}

// A letter gives a message, no decision.
func TestLetter(t *testing.T) {
	t.Parallel()
	const daten = `{"anzeigende":{"nachname":"Muster"},"betrieb":{"name":"Werkstatt","betriebsstaette":"Hafenstraße 3","beginn":"2026-12-01","art":"2","nebenerwerb":true},
		"taetigkeiten":[{"text":"Reparatur"}]}`
	p := params(t)
	p.Vorlage, p.Stand = "gewerbe-empfangsbescheinigung", antrag(t, "99050012104000", "https://fachwerk.example/schema/gewerbeanzeige-1.json", daten)
	p.Angaben = vorlage.Daten{"erlaubnispflichtig": false, "handwerk": true}
	e, err := entwerfer(t, entwurf.Beispiele()).Draft(p)
	require.NoError(t, err)
	n, err := e.Ergebnis.Nachricht(uuid.Nil)
	require.NoError(t, err)
	require.Contains(t, n.Text, "am 3.\u00a0November\u00a02026 erhalten haben")
	require.Contains(t, n.Text, "Zweigniederlassung, im Nebenerwerb")
	require.Contains(t, n.Text, "Guten Tag Alex Muster,", "no salutation in the form: nobody is addressed wrongly")
	_, err = e.Inhalt()
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// Each template of the examples can be looked at without a case, and says what is a sample.
func TestPreview(t *testing.T) {
	t.Parallel()
	e := entwerfer(t, entwurf.Beispiele())
	for vorl, l := range map[string]tenant.Leistungsschluessel{
		"gewerbe-empfangsbescheinigung": "99050012104000", "verkehrsanordnung": "99108007002000", "baumfaellung-bewilligung": baumLeistung,
		"baumfaellung-teilbewilligung": baumLeistung, "baumfaellung-ablehnung": baumLeistung, "bewohnerparken-bewilligung": "99006027001000",
		"bewohnerparken-ablehnung": "99006027001000", "widerruf": baumLeistung, "abhilfe": "99000000000001", "widerspruchsbescheid": baumLeistung,
	} {
		w, err := e.Preview(entwurf.Params{Vorlage: vorl, Stand: vorgang.Stand{Leistung: l}, Mandant: &stadt, Tag: heute})
		require.NoError(t, err, vorl)
		require.NotEmpty(t, w.Ergebnis.Teile)
		require.Contains(t, w.Erklaerung(), "(Beispiel, noch anzugeben)")
	}
	// With a case only what it lacks is sample.
	p := params(t)
	p.Angaben = nil
	w, err := e.Preview(p)
	require.NoError(t, err)
	require.Contains(t, w.Ergebnis.Klartext(), "Große Ziegelstraße 12")
	for _, h := range w.Herkunft {
		require.Equal(t, h.Art == entwurf.AusBeispiel, strings.Contains(" gueltig_bis grund feststellung abwaegung ersatz ", " "+h.Feld+" ") && h.Art != entwurf.Leer, h.Feld)
	}
}
