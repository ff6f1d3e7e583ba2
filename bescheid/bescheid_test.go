package bescheid_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func inhalt() bescheid.Inhalt {
	return bescheid.Inhalt{
		Art: bescheid.Bewilligung, Betreff: "Fällung einer Eiche", Tenor: []string{"Die Fällung wird genehmigt.", "Ein Ersatzbaum ist zu pflanzen."},
		Nebenbestimmungen: []string{"Die Genehmigung gilt bis zum 28.02.2027."}, Begruendung: []string{"Der Baum ist krank.", "<Gutachten> & Fotos liegen vor."},
		Gebuehr: "Die Gebühr beträgt 50,00 Euro.", Rechtsbehelfsbelehrung: "Gegen diesen Bescheid …", Verfahren: "vwvfg",
		Gueltig: datum.Zeitraum{Von: datum.New(2026, 3, 1), Bis: datum.New(2027, 2, 28)},
	}
}

func TestPruefe(t *testing.T) {
	t.Parallel()
	require.NoError(t, inhalt().Pruefe())
	ohne := inhalt()
	ohne.Rechtsbehelfsbelehrung, ohne.OhneBelehrung = "", "Kein Rechtsbehelf statthaft"
	require.NoError(t, ohne.Pruefe())

	for name, c := range map[string]struct {
		change func(*bescheid.Inhalt)
		want   string
	}{
		"art":                   {func(i *bescheid.Inhalt) { i.Art = "" }, "bescheid.unvollstaendig /art"},
		"betreff":               {func(i *bescheid.Inhalt) { i.Betreff = " \n" }, "bescheid.unvollstaendig /betreff"},
		"tenor":                 {func(i *bescheid.Inhalt) { i.Tenor = nil }, "bescheid.unvollstaendig /tenor"},
		"blank tenor":           {func(i *bescheid.Inhalt) { i.Tenor[1] = "\t" }, "bescheid.unvollstaendig /tenor"},
		"begruendung":           {func(i *bescheid.Inhalt) { i.Begruendung = []string{} }, "bescheid.unvollstaendig /begruendung"},
		"blank begruendung":     {func(i *bescheid.Inhalt) { i.Begruendung = []string{""} }, "bescheid.unvollstaendig /begruendung"},
		"blank nebenbestimmung": {func(i *bescheid.Inhalt) { i.Nebenbestimmungen = []string{""} }, "bescheid.unvollstaendig /nebenbestimmungen"},
		"belehrung":             {func(i *bescheid.Inhalt) { i.Rechtsbehelfsbelehrung = " " }, "bescheid.unvollstaendig /rechtsbehelfsbelehrung"},
		"both":                  {func(i *bescheid.Inhalt) { i.OhneBelehrung = "x" }, "bescheid.belehrung-widerspruch /ohneBelehrung"},
		"verfahren":             {func(i *bescheid.Inhalt) { i.Verfahren = "" }, "bescheid.unvollstaendig /verfahren"},
		"unknown verfahren":     {func(i *bescheid.Inhalt) { i.Verfahren = "bgb" }, "bescheid.verfahren /verfahren"},
		"year 12000":            {func(i *bescheid.Inhalt) { i.Gueltig.Bis = datum.New(12000, 1, 1) }, "bescheid.gueltig /gueltig"},
		"gueltig":               {func(i *bescheid.Inhalt) { i.Gueltig.Bis = datum.New(2025, 1, 1) }, "bescheid.gueltig /gueltig"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := inhalt()
			c.change(&i)
			err := i.Pruefe()
			require.ErrorIs(t, err, fehler.ErrInvalid)
			p := fehler.ProblemeIn(err)
			require.Len(t, p, 1)
			require.Equal(t, c.want, p[0].Code+" "+p[0].Pfad)
			require.NotEmpty(t, p[0].Hinweis)
		})
	}
	require.Len(t, fehler.ProblemeIn(bescheid.Inhalt{}.Pruefe()), 6, "everything missing is listed at once")
}

// The golden sum pins the canonical form: a change here makes every released text look forged.
func TestPruefsummeGolden(t *testing.T) {
	t.Parallel()
	require.Equal(t, golden, inhalt().Pruefsumme())
	require.Equal(t, goldenLeer, bescheid.Inhalt{}.Pruefsumme())
	seen := map[string]bool{inhalt().Pruefsumme(): true}
	for _, change := range []func(*bescheid.Inhalt){
		func(i *bescheid.Inhalt) { i.Art = bescheid.Ablehnung },
		func(i *bescheid.Inhalt) { i.Betreff += " " },
		func(i *bescheid.Inhalt) { i.Tenor[0], i.Tenor[1] = i.Tenor[1], i.Tenor[0] },
		func(i *bescheid.Inhalt) { i.Tenor = []string{strings.Join(i.Tenor, "")} },
		func(i *bescheid.Inhalt) { i.Nebenbestimmungen = nil },
		func(i *bescheid.Inhalt) { i.Begruendung[1] += "!" },
		func(i *bescheid.Inhalt) { i.Gebuehr = "" },
		func(i *bescheid.Inhalt) { i.Rechtsbehelfsbelehrung = "" },
		func(i *bescheid.Inhalt) { i.OhneBelehrung = "x" },
		func(i *bescheid.Inhalt) { i.Verfahren = "ao" },
		func(i *bescheid.Inhalt) { i.Gueltig.Bis = datum.Datum{} },
	} {
		i := inhalt()
		change(&i)
		require.False(t, seen[i.Pruefsumme()], "two texts, one sum: %+v", i)
		seen[i.Pruefsumme()] = true
	}
}

const (
	golden     = "2ea8df1e1a3b9e2541e8b8ff9ca7f908ffdb6e8e8754dfbd604f916b08da56c8b0938ea38752c0e6bf4ca743af6f6c1c84659ab22703e076fb87dd0b6dc955b8"
	goldenLeer = "c8137029618610e1dc4ae0a9a17843bc68fd3f19939011cc03f3da384393293d4f7c12561b8e38ab0c592c3b15e84c9e00bc11ca1507903b5c53b304b2264672"
)

func TestCloneSharesNothing(t *testing.T) {
	t.Parallel()
	full := func() bescheid.Bescheid {
		return bescheid.Bescheid{
			ID: uuid.UUID{1}, Inhalt: inhalt(), Mitwirkende: []string{"a", "b"}, FreigegebenAm: time.Unix(0, 0).UTC(),
			Dokument: &messaging.Anhang{Name: "b.pdf"}, Versand: &messaging.Quittung{Kanal: "portal"},
			Bekanntgabe: &bescheid.Bekanntgabe{Regeln: []string{"r"}, Schritte: []string{"s"}, Warnungen: []string{"w"}},
		}
	}
	a := full()
	b := a.Clone()
	require.Equal(t, a, b)
	b.Inhalt.Tenor[0], b.Inhalt.Nebenbestimmungen[0], b.Inhalt.Begruendung[0] = "x", "x", "x"
	b.Mitwirkende[0], b.Dokument.Name, b.Versand.Kanal = "x", "x", "x"
	b.Bekanntgabe.Tag = datum.New(2026, 1, 1)
	b.Bekanntgabe.Regeln[0], b.Bekanntgabe.Schritte[0], b.Bekanntgabe.Warnungen[0] = "x", "x", "x"
	require.Equal(t, full(), a)
	require.Equal(t, bescheid.Bescheid{}, bescheid.Bescheid{}.Clone())
}

func TestStandardBelehrungen(t *testing.T) {
	t.Parallel()
	b, err := bescheid.StandardBelehrungen()
	require.NoError(t, err)
	p := bescheid.BelehrungParams{Land: tenant.LandSH, Verfahren: "vwvfg", Rechtsbehelf: "widerspruch", Tag: datum.New(2026, 3, 2), Behoerde: "der Stadt Kiel", Sitz: "Fleethörn 9, 24103 Kiel"}
	text, v, err := b.Choose(p)
	require.NoError(t, err)
	require.Equal(t, "RBB-WIDERSPRUCH-SH", v.ID)
	require.Contains(t, text, "bei der Stadt Kiel, Fleethörn 9, 24103 Kiel, einzulegen")
	require.NotContains(t, text, "{")
	v.Laender[0] = "XX"
	_, v, err = b.Choose(p)
	require.NoError(t, err)
	require.Equal(t, []tenant.Land{tenant.LandSH}, v.Laender, "the template belongs to the set")

	for _, l := range tenant.Laender() {
		for _, r := range []string{"widerspruch", "klage"} {
			p.Land, p.Rechtsbehelf = l, r
			_, _, err := b.Choose(p)
			require.NoError(t, err, "%s %s", l, r)
		}
	}
	p.Rechtsbehelf = "einspruch"
	_, _, err = b.Choose(p)
	require.ErrorIs(t, err, fehler.ErrNotFound)
	p.Rechtsbehelf, p.Sitz = "widerspruch", ""
	_, _, err = b.Choose(p)
	require.ErrorIs(t, err, fehler.ErrInvalid, "a Belehrung with a gap would be wrong")
}

func TestChooseByLandAndDay(t *testing.T) {
	t.Parallel()
	b, err := bescheid.LoadBelehrungen([]byte(`[
		{"id":"alt","verfahren":"v","rechtsbehelf":"r","bis":"2025-12-31","text":"alt","quelle":"q","konfidenz":"A"},
		{"id":"neu","verfahren":"v","rechtsbehelf":"r","von":"2026-01-01","text":"neu","quelle":"q","konfidenz":"A"},
		{"id":"sh","laender":["SH","HH"],"verfahren":"v","rechtsbehelf":"r","von":"2026-02-01","text":"{behoerde}","quelle":"q","konfidenz":"A"}]`))
	require.NoError(t, err)
	for _, c := range []struct {
		land tenant.Land
		tag  string
		want string
	}{
		{"SH", "2025-12-31", "alt"}, {"SH", "2026-01-01", "neu"}, {"SH", "2026-01-31", "neu"}, {"SH", "2026-02-01", "{sitz}"},
		{"HH", "2026-02-01", "{sitz}"}, {"NI", "2026-02-01", "neu"}, {"", "2026-02-01", "neu"},
	} {
		text, _, err := b.Choose(bescheid.BelehrungParams{Land: c.land, Verfahren: "v", Rechtsbehelf: "r", Tag: datum.MustParse(c.tag), Behoerde: "{sitz}", Sitz: "Kiel"})
		require.NoError(t, err)
		require.Equal(t, c.want, text, "%s on %s (a name is never read as a placeholder)", c.land, c.tag)
	}
}

func TestLoadBelehrungenRefuses(t *testing.T) {
	t.Parallel()
	const ok = `"verfahren":"v","rechtsbehelf":"r","quelle":"q","konfidenz":"A"`
	for _, s := range []string{
		``, `{}`, `[{}]`, `[{"id":"a","text":"",` + ok + `}]`, `[{"id":"a","text":"{ort}",` + ok + `}]`, `[{"id":"a","text":"{be{sitz}hoerde}",` + ok + `}]`,
		`[{"id":"a","text":"t","quelle":"q"}]`, `[{"id":"a","text":"t",` + ok + `},{"id":"a","text":"t",` + ok + `}]`,
		`[{"id":"a","laender":["XX"],"text":"t",` + ok + `}]`, `[{"id":"a","von":"2026-02-01","bis":"2026-01-01","text":"t",` + ok + `}]`,
		`[{"id":"a","von":"2026-02-30","text":"t",` + ok + `}]`,
	} {
		_, err := bescheid.LoadBelehrungen([]byte(s))
		require.ErrorIs(t, err, fehler.ErrInvalid, s)
	}
}

func FuzzLoadBelehrungen(f *testing.F) {
	f.Add([]byte(`[{"id":"a","laender":["SH"],"text":"{behoerde}","verfahren":"v","rechtsbehelf":"r","quelle":"q","konfidenz":"A"}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		set, err := bescheid.LoadBelehrungen(b)
		if err != nil {
			return
		}
		_, _, _ = set.Choose(bescheid.BelehrungParams{Verfahren: "v", Rechtsbehelf: "r"})
	})
}

func ExampleInhalt_Pruefe() {
	for _, p := range fehler.ProblemeIn(bescheid.Inhalt{Art: bescheid.Ablehnung, Betreff: "Ihr Antrag", Verfahren: "vwvfg"}.Pruefe()) {
		fmt.Println(p.Pfad, p.Hinweis)
	}
	// Output:
	// /tenor Der Tenor fehlt: Was wird entschieden?
	// /begruendung Die Begründung fehlt (§ 39 VwVfG).
	// /rechtsbehelfsbelehrung Die Rechtsbehelfsbelehrung fehlt (§ 37 Abs. 6 VwVfG). Ohne Belehrung bitte den Grund angeben.
}
