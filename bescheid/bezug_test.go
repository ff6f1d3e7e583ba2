package bescheid_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestPruefeBezug(t *testing.T) {
	t.Parallel()
	n := len(inhalt().Nebenbestimmungen)
	for name, c := range map[string]struct {
		f    func(i *bescheid.Inhalt)
		code string
	}{
		"kinds": {func(i *bescheid.Inhalt) {
			for range n {
				i.NebenbestimmungArten = append(i.NebenbestimmungArten, bescheid.Auflage)
			}
		}, ""},
		"too few kinds": {func(i *bescheid.Inhalt) {
			i.Nebenbestimmungen = []string{"a", "b"}
			i.NebenbestimmungArten = []bescheid.Nebenbestimmungsart{bescheid.Auflage}
		}, "bescheid.nebenbestimmung-arten"},
		"unknown kind": {func(i *bescheid.Inhalt) {
			i.Nebenbestimmungen = []string{"a"}
			i.NebenbestimmungArten = []bescheid.Nebenbestimmungsart{"x"}
		}, "bescheid.nebenbestimmung-art"},
		"Widerruf":       {func(i *bescheid.Inhalt) { i.Art = bescheid.Widerruf }, "bescheid.bezug"},
		"Abhilfe":        {func(i *bescheid.Inhalt) { i.Art = bescheid.Abhilfe }, "bescheid.bezug"},
		"grant with one": {func(i *bescheid.Inhalt) { i.Bezug = uuid.UUID{1} }, "bescheid.bezug-unpassend"},
		"stands and ends": {func(i *bescheid.Inhalt) {
			i.Art, i.Bezug, i.BleibtBestehen, i.WirktAb = bescheid.Aenderung, uuid.UUID{1}, true, datum.New(2026, 1, 1)
		}, "bescheid.wirkt-ab"},
		"no id": {func(i *bescheid.Inhalt) {
			i.Adressaten = []bescheid.Adressat{{Empfaenger: messaging.Empfaenger{Name: "A"}}}
		}, "bescheid.adressat-id"},
		"no name":     {func(i *bescheid.Inhalt) { i.Adressaten = []bescheid.Adressat{{ID: uuid.UUID{1}}} }, "bescheid.adressat"},
		"no checksum": {func(i *bescheid.Inhalt) { i.Anlagen = []messaging.Anhang{{ID: uuid.UUID{1}, Name: "plan.pdf"}} }, "bescheid.anlage"},
	} {
		i := inhalt()
		c.f(&i)
		err := i.Pruefe()
		if c.code == "" {
			require.NoError(t, err, name)
			continue
		}
		p := fehler.ProblemeIn(err)
		require.Len(t, p, 1, name)
		require.Equal(t, c.code, p[0].Code, name)
		require.NotEmpty(t, p[0].Hinweis)
	}
}

// Each new part of the text is covered by the Pruefsumme.
func TestPruefsummeCoversTheNewParts(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{inhalt().Pruefsumme(): true}
	for _, f := range []func(i *bescheid.Inhalt){
		func(i *bescheid.Inhalt) { i.NebenbestimmungArten = []bescheid.Nebenbestimmungsart{bescheid.Auflage} },
		func(i *bescheid.Inhalt) { i.Bezug = uuid.UUID{1} },
		func(i *bescheid.Inhalt) { i.WirktAb = datum.New(2026, 1, 1) },
		func(i *bescheid.Inhalt) { i.BleibtBestehen = true },
		func(i *bescheid.Inhalt) { i.Adressaten = []bescheid.Adressat{{ID: uuid.UUID{1}}} },
		func(i *bescheid.Inhalt) { i.Anlagen = []messaging.Anhang{{SHA512: "a"}} },
		func(i *bescheid.Inhalt) { i.Anlagen = []messaging.Anhang{{SHA512: "b"}} },
	} {
		i := inhalt()
		f(&i)
		require.False(t, seen[i.Pruefsumme()])
		seen[i.Pruefsumme()] = true
	}
}

func TestGeltungen(t *testing.T) {
	t.Parallel()
	b := func(id byte, art bescheid.Art, bezug byte, tag int, f ...func(i *bescheid.Inhalt)) bescheid.Bescheid {
		x := bescheid.Bescheid{ID: uuid.UUID{id}, Inhalt: bescheid.Inhalt{Art: art}}
		if bezug > 0 {
			x.Inhalt.Bezug = uuid.UUID{bezug}
		}
		if tag > 0 {
			x.Bekanntgabe = &bescheid.Bekanntgabe{Tag: datum.New(2026, 3, tag)}
		}
		for _, g := range f {
			g(&x.Inhalt)
		}
		return x
	}
	ab := func(tag int) func(i *bescheid.Inhalt) {
		return func(i *bescheid.Inhalt) { i.WirktAb = datum.New(2026, 3, tag) }
	}
	bleibt := func(i *bescheid.Inhalt) { i.BleibtBestehen = true }
	grant := b(1, bescheid.Bewilligung, 0, 5)
	for name, c := range map[string]struct {
		alle []bescheid.Bescheid
		want map[int]byte // day of March: which one is in force; 0 none
	}{
		"none":                  {nil, map[int]byte{5: 0}},
		"not made known":        {[]bescheid.Bescheid{b(1, bescheid.Bewilligung, 0, 0)}, map[int]byte{5: 0}},
		"one":                   {[]bescheid.Bescheid{grant}, map[int]byte{4: 0, 5: 1, 31: 1}},
		"changed from then on":  {[]bescheid.Bescheid{grant, b(2, bescheid.Aenderung, 1, 10)}, map[int]byte{9: 1, 10: 2}},
		"changed later":         {[]bescheid.Bescheid{grant, b(2, bescheid.Widerruf, 1, 10, ab(15))}, map[int]byte{9: 1, 10: 2, 15: 2}},
		"withdrawn from begin":  {[]bescheid.Bescheid{grant, b(2, bescheid.Ruecknahme, 1, 10, ab(5))}, map[int]byte{5: 0, 9: 0, 10: 2}},
		"withdrawal not out":    {[]bescheid.Bescheid{grant, b(2, bescheid.Ruecknahme, 1, 0, ab(5))}, map[int]byte{9: 1}},
		"the withdrawal undone": {[]bescheid.Bescheid{grant, b(2, bescheid.Widerruf, 1, 10), b(3, bescheid.Ruecknahme, 2, 20, ab(10), func(i *bescheid.Inhalt) {})}, map[int]byte{9: 1, 12: 1, 20: 3}},
		"in part":               {[]bescheid.Bescheid{grant, b(2, bescheid.Aenderung, 1, 10, bleibt)}, map[int]byte{9: 1, 10: 2}},
	} {
		g := bescheid.Geltungen(c.alle)
		require.Len(t, g, len(c.alle))
		for tag, want := range c.want {
			got := bescheid.Geltend(c.alle, datum.New(2026, 3, tag))
			if want == 0 {
				require.Nil(t, got, "%s on %d", name, tag)
				continue
			}
			require.NotNil(t, got, "%s on %d", name, tag)
			require.Equal(t, uuid.UUID{want}, got.ID, "%s on %d", name, tag)
		}
		if name == "in part" {
			require.True(t, g[0].Am(datum.New(2026, 3, 20)), "the earlier one still stands")
		}
	}
}

// Facts that contradict each other or are missing are refused, and no attempt shares
// memory with another.
func TestZustellung(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	i := inhalt()
	p := bescheid.ZustellungParams{ID: uuid.UUID{1}, Kanal: "brief", Inhalt: i, Land: tenant.LandSH, ARS: "010020000000", Weg: frist.KanalPost, Tag: datum.New(2026, 3, 2)}
	z, err := bescheid.NewZustellung(r, p)
	require.NoError(t, err)
	require.Equal(t, bescheid.ZustellungVersandt, z.Zustand)
	z.Zustand = bescheid.ZustellungBekanntgegeben
	again, err := z.Berechne(r)
	require.NoError(t, err)
	require.Equal(t, z, again, "the same days keep the state")
	spaeter, err := z.Mit(r, bescheid.Nachweis{Art: bescheid.NachweisAufgabe, Tag: datum.New(2026, 3, 3)})
	require.NoError(t, err)
	require.Equal(t, "2026-03-07", spaeter.Bekanntgabe.Tag.String(), "posted a day later")
	require.Equal(t, bescheid.ZustellungVersandt, spaeter.Zustand)
	require.Empty(t, z.Nachweise)
	for _, n := range []bescheid.Nachweis{{}, {Art: "x"}, {Art: bescheid.NachweisAbruf}} {
		_, err := z.Mit(r, n)
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
	p.Weg = "brieftaube"
	_, err = bescheid.NewZustellung(r, p)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	c := spaeter.Clone()
	c.Nachweise[0].Text, c.Bekanntgabe.Schritte[0] = "x", "x"
	require.NotEqual(t, c.Nachweise, spaeter.Nachweise)
	require.NotEqual(t, "x", spaeter.Bekanntgabe.Schritte[0])
}

func TestBestandskraftRules(t *testing.T) {
	t.Parallel()
	r, err := bescheid.StandardBestandskraft()
	require.NoError(t, err)
	require.NotEmpty(t, r)
	for _, kaputt := range []string{"{", `[{"id":"a"}]`, `[{"id":"a","ausgang":"b","norm":"n","quelle":"q","konfidenz":"U","tage":-1}]`} {
		_, err := bescheid.LoadBestandskraft([]byte(kaputt))
		require.ErrorIs(t, err, fehler.ErrInvalid)
	}
}
