package dms_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func head(prozess string) dms.Kopf {
	return dms.Kopf{ProzessID: dmstest.ID(prozess), Erstellt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Absender: dms.Kontakt{Institution: "Amt"}, Empfaenger: dms.Kontakt{Institution: "Archiv"}}
}

func fall(name string) *dms.Vorgang {
	return &dms.Vorgang{ID: dmstest.ID(name), Aufbewahrung: dms.Aufbewahrung{Aussonderungsart: dms.Bewerten}}
}

func urteil(name string, a dms.Aussonderungsart) dms.Urteil {
	return dms.Urteil{ID: strings.ToUpper(dmstest.ID(name)), Aussonderungsart: a} // case does not count
}

func ids(names ...string) (out []string) {
	for _, n := range names {
		out = append(out, dmstest.ID(n))
	}
	return out
}

func TestMatch(t *testing.T) {
	mitTeil := fall("mit Teil")
	mitTeil.Teilvorgaenge = []dms.Vorgang{*fall("teil")}
	mitDokument := fall("mit Dokument")
	mitDokument.Dokumente = []dms.Dokument{{ID: dmstest.ID("dokument"), Anlagen: []dms.Dokument{{ID: dmstest.ID("anlage")}}}}
	akte := &dms.Akte{ID: dmstest.ID("akte")}
	a := &dms.Anbietung{Kopf: head("p"), Objekte: []dms.Objekt{
		{Vorgang: fall("a")}, {Vorgang: fall("v")}, {Akte: akte, Vorgang: fall("in Akte")}, {Akte: akte, Vorgang: fall("anders")},
		{Vorgang: mitTeil}, {Vorgang: mitDokument},
	}}
	require.Nil(t, a.Check())
	for name, c := range map[string]struct {
		urteile []dms.Urteil
		want    dms.Bewertet
	}{
		"nothing said": {nil, dms.Bewertet{Offen: ids("a", "v", "in Akte", "anders", "mit Teil", "mit Dokument")}},
		"all": {[]dms.Urteil{urteil("a", "A"), urteil("v", "V"), urteil("akte", "V"), urteil("anders", "A"), urteil("mit Teil", "V"), urteil("mit Dokument", "V")},
			dms.Bewertet{Archivwuerdig: ids("a", "anders"), Vernichten: ids("v", "in Akte", "mit Teil", "mit Dokument")}},
		"a part is worth keeping": {[]dms.Urteil{urteil("mit Teil", "V"), urteil("teil", "A"), urteil("mit Dokument", "V"), urteil("anlage", "A")},
			dms.Bewertet{Offen: ids("a", "v", "in Akte", "anders", "mit Teil", "mit Dokument")}},
		"agreed, or still to judge": {[]dms.Urteil{urteil("a", "B"), {ID: dmstest.ID("v"), Vereinbart: "Auswahl"}, urteil("akte", "V"), {ID: dmstest.ID("anders"), Vereinbart: "Auswahl"}},
			dms.Bewertet{Vernichten: ids("in Akte"), Offen: ids("a", "v", "anders", "mit Teil", "mit Dokument")}},
		"contradicts itself": {[]dms.Urteil{urteil("v", "V"), urteil("v", "A")},
			dms.Bewertet{Offen: ids("a", "v", "in Akte", "anders", "mit Teil", "mit Dokument")}},
		"not offered": {[]dms.Urteil{{ID: dmstest.ID("fremd"), Aussonderungsart: dms.Vernichten}},
			dms.Bewertet{Offen: ids("a", "v", "in Akte", "anders", "mit Teil", "mit Dokument"), Fremd: ids("fremd")}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := a.Match(&dms.Bewertung{Kopf: head("p"), Urteile: c.urteile})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	_, err := a.Match(&dms.Bewertung{Kopf: head("other")})
	require.ErrorIs(t, err, fehler.ErrInvalid)
}

// Whatever the archive says, nothing is deleted that has no verdict V or any other one.
func TestMatchNeverDeletesMore(t *testing.T) {
	names := []string{"x", "y", "teil", "akte", "dok"}
	rapid.Check(t, func(t *rapid.T) {
		x, y := fall("x"), fall("y")
		x.Teilvorgaenge = []dms.Vorgang{*fall("teil")}
		x.Dokumente = []dms.Dokument{{ID: dmstest.ID("dok")}}
		a := &dms.Anbietung{Kopf: head("p"), Objekte: []dms.Objekt{{Akte: &dms.Akte{ID: dmstest.ID("akte")}, Vorgang: x}, {Vorgang: y}}}
		b := &dms.Bewertung{Kopf: head("p")}
		said := map[string][]dms.Aussonderungsart{}
		for range rapid.IntRange(0, 8).Draw(t, "n") {
			n := rapid.SampledFrom(names).Draw(t, "name")
			u := rapid.SampledFrom([]dms.Aussonderungsart{"A", "B", "V"}).Draw(t, "art")
			b.Urteile, said[n] = append(b.Urteile, urteil(n, u)), append(said[n], u)
		}
		got, err := a.Match(b)
		require.NoError(t, err)
		require.Len(t, slices.Concat(got.Archivwuerdig, got.Vernichten, got.Offen), 2, "each object once")
		onlyV := func(n string) bool {
			return !slices.ContainsFunc(said[n], func(u dms.Aussonderungsart) bool { return u != dms.Vernichten })
		}
		if slices.Contains(got.Vernichten, y.ID) {
			require.True(t, onlyV("y") && len(said["y"]) > 0)
		}
		if slices.Contains(got.Vernichten, x.ID) {
			require.True(t, onlyV("x") && onlyV("teil") && onlyV("dok"))
			require.True(t, len(said["x"]) > 0 || len(said["akte"]) > 0 && onlyV("akte"))
		}
	})
}

func TestMessagesCheck(t *testing.T) {
	v := func() []dms.Objekt { return []dms.Objekt{{Vorgang: fall("a")}} }
	fach := dms.Fachkopf{Ersteller: "sb-7"}
	zeit := head("p").Erstellt
	long := head("p")
	long.NachrichtID, long.Bezug, long.Absender = "x", "y", dms.Kontakt{}
	type message interface{ Check() fehler.Probleme }
	for name, c := range map[string]struct {
		m    message
		want []string // places
	}{
		"information":         {&dms.Information{Kopf: head("p"), Objekte: v()}, nil},
		"no object":           {&dms.Information{Kopf: head("p")}, []string{"/objekte"}},
		"head":                {&dms.Information{Kopf: long, Objekte: v()}, []string{"/nachrichtID", "/bezug", "/absender"}},
		"empty object":        {&dms.Information{Kopf: head("p"), Objekte: []dms.Objekt{{}}}, []string{"/objekte/0"}},
		"Akte alone":          {&dms.Information{Kopf: head("p"), Objekte: []dms.Objekt{{Akte: &dms.Akte{}, Dokument: &dms.Dokument{ID: dmstest.ID("d")}}}}, []string{"/objekte/0"}},
		"object twice":        {&dms.Information{Kopf: head("p"), Objekte: append(v(), v()...)}, []string{"/objekte/1/vorgang/id"}},
		"document offered":    {&dms.Anbietung{Kopf: head("p"), Objekte: []dms.Objekt{{Dokument: &dms.Dokument{ID: dmstest.ID("d")}}}}, []string{"/objekte/0"}},
		"no kind":             {&dms.Aussonderung{Kopf: head("p"), Objekte: []dms.Objekt{{Vorgang: &dms.Vorgang{ID: dmstest.ID("a")}}}}, []string{"/objekte/0"}},
		"no verdict":          {&dms.Bewertung{Kopf: head("p")}, []string{"/urteile"}},
		"verdicts":            {&dms.Bewertung{Kopf: head("p"), Urteile: []dms.Urteil{{ID: dmstest.ID("a")}, {ID: dmstest.ID("b"), Aussonderungsart: "X"}, {ID: dmstest.ID("c"), Aussonderungsart: "A", Vereinbart: "x"}}}, []string{"/urteile/0", "/urteile/1", "/urteile/2"}},
		"verdict twice":       {&dms.Bewertung{Kopf: head("p"), Urteile: []dms.Urteil{urteil("a", "A"), urteil("a", "A")}}, []string{"/urteile/1/id"}},
		"filing":              {&dms.Ablage{Kopf: head("p"), Fach: fach, Objekte: []dms.Ablageobjekt{{FachID: "1", Objekt: v()[0], Ablageort: "x"}}}, nil},
		"filing, wrong":       {&dms.Ablage{Kopf: head("p"), Objekte: []dms.Ablageobjekt{{Objekt: v()[0], Oeffnen: true}}}, []string{"/fach/ersteller", "/objekte/0/fachID", "/objekte/0"}},
		"note":                {&dms.Vermerke{Kopf: head("p"), Fach: fach, Eintraege: []dms.Vermerk{{ID: dmstest.ID("a"), Bearbeiter: "b", Zeit: zeit, Notiz: "n"}}}, nil},
		"note, empty":         {&dms.Vermerke{Kopf: head("p"), Fach: fach, Eintraege: []dms.Vermerk{{}}}, []string{"/eintraege/0/id", "/eintraege/0/bearbeiter", "/eintraege/0/notiz", "/eintraege/0/zeit"}},
		"no note":             {&dms.Vermerke{Kopf: head("p"), Fach: fach}, []string{"/eintraege"}},
		"log, empty":          {&dms.Gesamtprotokoll{Kopf: head("p"), Fach: fach, Protokolle: []dms.Protokoll{{Historie: []dms.Protokolleintrag{{Zeit: zeit, Akteur: "a"}}}}}, []string{"/protokolle/0/id", "/protokolle/0/ablageort", "/protokolle/0/historie/0/aktion"}},
		"no log":              {&dms.Gesamtprotokoll{Kopf: head("p"), Fach: fach}, []string{"/protokolle"}},
		"closing nothing":     {&dms.Schliessung{Kopf: head("p"), Fach: fach}, []string{"/ids"}},
		"closing twice":       {&dms.Schliessung{Kopf: head("p"), Fach: fach, IDs: ids("a", "a")}, []string{"/ids/1"}},
		"two in one Akte":     {&dms.Information{Kopf: head("p"), Objekte: []dms.Objekt{{Akte: &dms.Akte{ID: dmstest.ID("k")}, Vorgang: fall("a")}, {Akte: &dms.Akte{ID: dmstest.ID("k")}, Vorgang: fall("b")}}}, nil},
		"Akte in two ways":    {&dms.Information{Kopf: head("p"), Objekte: []dms.Objekt{{Akte: &dms.Akte{ID: dmstest.ID("k")}, Vorgang: fall("a")}, {Akte: &dms.Akte{ID: dmstest.ID("k"), Typ: "x"}, Vorgang: fall("b")}}}, []string{"/objekte/1/akte"}},
		"Akte is a Vorgang":   {&dms.Information{Kopf: head("p"), Objekte: []dms.Objekt{{Akte: &dms.Akte{ID: dmstest.ID("a")}, Vorgang: fall("a")}}}, []string{"/objekte/0/vorgang/id"}},
		"Vorgang becomes one": {&dms.Information{Kopf: head("p"), Objekte: []dms.Objekt{{Vorgang: fall("a")}, {Akte: &dms.Akte{ID: dmstest.ID("a")}, Vorgang: fall("b")}}}, []string{"/objekte/1/akte/id"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, p := range c.m.Check() {
				got = append(got, p.Pfad)
				require.NotEmpty(t, p.Hinweis)
			}
			require.Equal(t, c.want, got)
		})
	}
}
