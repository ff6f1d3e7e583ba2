package betrieb_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

const baumregeln = `{"id":"Baum","fassung":1,"titel":"Bäume","leistung":"99063005001000","von":"2020-01-01","rechtsgrundlage":"Mustersatzung",
	"autor":{"akteur":"autor","am":"2020-01-01"},
	"automatik":{"norm":"§ 9 Mustersatzung","keinErmessen":true,"keinBeurteilungsspielraum":true,"stichprobe":0},
	"schema":{"type":"object","required":["F60000227"],"properties":{"F60000227":{"title":"Größe","type":"string"}}},
	"regeln":[{"id":"GROSS","text":"Nur große Bäume","norm":"§ 1 Mustersatzung","ausdruck":"eingabe.F60000227 == 'Groß'",
		"falsch":{"art":"person","text":"Der Baum ist nicht groß."}}]}`

// automatik takes the text of the standard case from a template.
const automatik = `schemata:
  https://schema.example/baum.json: {type: object, required: [F60000227], properties: {F60000227: {title: Größe, type: string, minLength: 1}}}
zuordnungen:
  - {vorlage: faellung, leistung: "99063005001000", schema: "https://schema.example/baum.json", von: 2020-01-01, quelle: Test, automatik: true, felder: {groesse: {aus: /F60000227}}}
`

const faellung = `vorlagen:
  - {id: faellung, fassung: 3, titel: Fällung, art: bescheid, bescheidArt: bewilligung, verfahren: vwvfg, belehrung: widerspruch, von: 2020-01-01, quelle: Test,
    felder: [{name: groesse, typ: text}], betreff: Fällung, beispiel: {groesse: Groß},
    bloecke: [{id: t, art: tenor, text: Die Fällung genehmigen wir.}, {id: b, art: begruendung, text: "Der Baum ist: {{groesse}}."}]}
`

func entwuerfe(t *testing.T) *entwurf.Entwerfer {
	t.Helper()
	s, err := vorlage.Load(strings.NewReader(faellung), nil)
	require.NoError(t, err)
	z, err := entwurf.Load(strings.NewReader(automatik), &entwurf.LoadOptions{Vorlagen: s})
	require.NoError(t, err)
	e, err := entwurf.New(z, &entwurf.Options{Vorlagen: s})
	require.NoError(t, err)
	return e
}

// From the encrypted submission to the Bescheid in the mailbox without a hand.
func TestStandardCaseRunsThrough(t *testing.T) {
	h := newHaus(t)
	w, err := pruefung.Load(strings.NewReader(baumregeln))
	require.NoError(t, err)
	w, err = w.Release(tenant.Akteur{ID: "leitung", Art: tenant.Person, Rollen: []tenant.Rolle{tenant.Leitung}}, datum.MustParse("2020-01-02"))
	require.NoError(t, err)
	h.params.Regeln = pruefung.NewVerzeichnis(&pruefung.Options{Salz: bytes.Repeat([]byte{1}, pruefung.MinSalz)})
	require.NoError(t, h.params.Regeln.Add(w))
	h.params.Entwuerfe = entwuerfe(t)
	h.send(t)
	_, stop := h.run(t)
	h.await(t, func() bool {
		for _, s := range h.vorgaenge(t) {
			if len(s.Bescheide) == 1 && s.Bescheide[0].Versand != nil {
				return true
			}
		}
		return false
	})
	stop()
	s := h.vorgaenge(t)[0]
	require.Equal(t, vorgang.Beschieden, s.Status)
	require.True(t, s.Bescheide[0].Automatisch)
	require.NotNil(t, s.Bescheide[0].Bekanntgabe)
	require.Equal(t, []string{"Der Baum ist: Groß."}, s.Bescheide[0].Inhalt.Begruendung)
	require.Equal(t, 3, s.Bescheide[0].Inhalt.Vorlage.Fassung)
	require.NotContains(t, h.log.String(), "failed")
	for e, err := range h.store.Journal(t.Context(), kiel, s.ID) {
		require.NoError(t, err)
		a, ok := e.Who()
		require.True(t, ok)
		require.Equal(t, tenant.Maschine, a.Art, "no person had a hand in it")
	}
}
