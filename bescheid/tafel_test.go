package bescheid_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func tafel() *bescheid.Tafel {
	return &bescheid.Tafel{Titel: "Berechnung", Spalten: []bescheid.Spalte{{Kopf: "Wofür", Zeilenkopf: true}, {Kopf: "Betrag", Rechts: true}},
		Zeilen: [][]string{{"Genehmigung", "45,00 €"}}, Summe: []string{"Summe", "45,00 €"}}
}

func TestPruefeTafel(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(x *bescheid.Tafel){
		"":                 func(*bescheid.Tafel) {},
		"no title":         func(x *bescheid.Tafel) { x.Titel = " " },
		"no rows":          func(x *bescheid.Tafel) { x.Zeilen = nil },
		"too many columns": func(x *bescheid.Tafel) { x.Spalten = make([]bescheid.Spalte, 13) },
		"too many rows":    func(x *bescheid.Tafel) { x.Zeilen = make([][]string, bescheid.MaxTafelZeilen+1) },
		"no heading":       func(x *bescheid.Tafel) { x.Spalten[1].Kopf = "" },
		"no row headings":  func(x *bescheid.Tafel) { x.Spalten[0].Zeilenkopf = false },
		"negative width":   func(x *bescheid.Tafel) { x.Spalten[0].Breite = -1 },
		"a cell too few":   func(x *bescheid.Tafel) { x.Zeilen[0] = x.Zeilen[0][:1] },
		"sum too long":     func(x *bescheid.Tafel) { x.Summe = append(x.Summe, "1") },
		"long cell":        func(x *bescheid.Tafel) { x.Zeilen[0][0] = strings.Repeat("ä", 1001) },
	} {
		i := inhalt()
		i.Gebuehr, i.Gebuehrentafel = "Für diese Entscheidung wird eine Gebühr festgesetzt.", tafel()
		f(i.Gebuehrentafel)
		err := i.Pruefe()
		if name == "" {
			require.NoError(t, err)
			c := i.Clone()
			c.Gebuehrentafel.Zeilen[0][0], c.Gebuehrentafel.Summe[0], c.Gebuehrentafel.Spalten[0].Kopf = "x", "x", "x"
			require.Equal(t, tafel(), i.Gebuehrentafel, "a clone shares nothing")
			require.NotEqual(t, i.Pruefsumme(), c.Pruefsumme(), "the sum covers each cell")
			i.Gebuehr = ""
			require.Equal(t, "/gebuehr", fehler.ProblemeIn(i.Pruefe())[0].Pfad, "a calculation without a decision")
			continue
		}
		require.Error(t, err, name)
		require.Equal(t, "bescheid.tafel", fehler.ProblemeIn(err)[0].Code, name)
		require.NotEmpty(t, fehler.ProblemeIn(err)[0].Hinweis)
	}
}

// What the letter says about the earlier decision is what Geltungen works out.
func TestBezugText(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		art    bescheid.Art
		bleibt bool
		ab     datum.Datum
		want   string
	}{
		"Widerruf":             {bescheid.Widerruf, false, datum.Datum{}, "Mit der Bekanntgabe dieses Bescheids gilt der frühere Bescheid nicht mehr."},
		"in part":              {bescheid.Widerruf, true, datum.Datum{}, "Im Übrigen bleibt der frühere Bescheid bestehen."},
		"Ruecknahme":           {bescheid.Ruecknahme, false, datum.New(2026, 3, 2), "Ab dem 02.03.2026 gilt der frühere Bescheid nicht mehr."},
		"Aenderung":            {bescheid.Aenderung, false, datum.Datum{}, "Mit der Bekanntgabe dieses Bescheids gilt dieser Bescheid anstelle des früheren."},
		"Abhilfe":              {bescheid.Abhilfe, false, datum.New(2026, 3, 2), "Ab dem 02.03.2026 gilt dieser Bescheid anstelle des früheren."},
		"Widerspruchsbescheid": {bescheid.Widerspruchsbescheid, true, datum.Datum{}, "Der frühere Bescheid bleibt bestehen."},
		"it helps":             {bescheid.Widerspruchsbescheid, false, datum.Datum{}, "Mit der Bekanntgabe dieses Bescheids gilt der frühere Bescheid nicht mehr."},
	} {
		i := inhalt()
		i.Art, i.Bezug, i.BleibtBestehen, i.WirktAb = c.art, uuid.UUID{1}, c.bleibt, c.ab
		require.Empty(t, i.BezugText(), "nothing is known of it")
		ohne := i.Pruefsumme()
		i.BezugAuf = bescheid.Bezugsangabe{Vom: datum.New(2026, 1, 5), Aktenzeichen: "67.31/26-17"}
		require.NoError(t, i.Pruefe())
		require.NotEqual(t, ohne, i.Pruefsumme())
		require.Equal(t, []string{"Dieser Bescheid bezieht sich auf den Bescheid vom 05.01.2026, Aktenzeichen 67.31/26-17.", c.want}, i.BezugText(), name)
	}
	i := inhalt()
	i.BezugAuf.Aktenzeichen = "x"
	require.Equal(t, "bescheid.bezug-unpassend", fehler.ProblemeIn(i.Pruefe())[0].Code, "a grant is about no earlier decision")
}

func TestAusfertigung(t *testing.T) {
	t.Parallel()
	b := bescheid.Bescheid{Inhalt: inhalt()}
	require.Nil(t, b.Ausfertigung(uuid.Nil))
	b.SetzeAusfertigung(uuid.Nil, messaging.Anhang{ID: uuid.UUID{1}})
	require.Equal(t, uuid.UUID{1}, b.Ausfertigung(uuid.Nil).ID)
	require.Nil(t, b.Ausfertigung(uuid.UUID{9}), "nobody but the applicant")
	require.Empty(t, b.Ausfertigungen)

	eins, zwei := uuid.UUID{1}, uuid.UUID{2}
	b.Inhalt.Adressaten = []bescheid.Adressat{{ID: eins}, {ID: zwei}}
	for _, id := range []uuid.UUID{uuid.Nil, eins, zwei} {
		require.Nil(t, b.Ausfertigung(id), "the one from before is for none of them")
	}
	b.Dokument = nil
	b.SetzeAusfertigung(zwei, messaging.Anhang{ID: uuid.UUID{20}})
	b.SetzeAusfertigung(eins, messaging.Anhang{ID: uuid.UUID{10}})
	require.Equal(t, uuid.UUID{10}, b.Ausfertigung(eins).ID)
	require.Equal(t, uuid.UUID{20}, b.Ausfertigung(zwei).ID)
	require.Equal(t, uuid.UUID{20}, b.Dokument.ID, "the first one made")
	wem, ok := b.FuerWen(uuid.UUID{20})
	require.True(t, ok)
	require.Equal(t, zwei, wem)
	_, ok = b.FuerWen(uuid.UUID{30})
	require.False(t, ok)
	c := b.Clone()
	c.Ausfertigungen[0].Dokument.Name = "x"
	require.Empty(t, b.Ausfertigungen[0].Dokument.Name)
}
