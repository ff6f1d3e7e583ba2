package frist_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Rule ids are public API: unique and well formed. Every rule says where it
// stands and how well it is proven.
func TestRegelnComplete(t *testing.T) {
	t.Parallel()
	w := frist.Standard()
	form := regexp.MustCompile(`^(BG|ZU|RB|FI|PF|DS|FC|CNT)-[A-Z0-9]+(-[A-Z0-9]+)*$`)
	seen := map[string]bool{}
	for _, r := range w.Regeln() {
		require.Regexp(t, form, r.ID)
		require.False(t, seen[r.ID], "id twice: %s", r.ID)
		seen[r.ID] = true
		require.NotEmpty(t, r.Norm, r.ID)
		require.NotEmpty(t, r.Quelle, r.ID)
		for _, key := range r.Quelle {
			q, ok := w.Quelle(key)
			require.True(t, ok, "%s: source %s", r.ID, key)
			require.NotEmpty(t, q.Titel)
		}
		require.Contains(t, []frist.Konfidenz{frist.KonfidenzA, frist.KonfidenzB, frist.KonfidenzU}, r.Konfidenz, r.ID)
		found, ok := w.Regel(r.ID)
		require.True(t, ok)
		require.Equal(t, r, found)
	}
	require.Greater(t, len(seen), 150)
	require.Regexp(t, `^2026-11-25/[0-9a-f]{12}$`, w.Kennung())
	_, ok := w.Regel("GIBT-ES-NICHT")
	require.False(t, ok)
	_, ok = w.Quelle("GIBT-ES-NICHT")
	require.False(t, ok)

	ids := map[string]bool{}
	k := frist.StandardKalender()
	for _, f := range k.Regeln() {
		require.False(t, ids[f.ID], f.ID)
		ids[f.ID] = true
		for _, key := range f.Quelle {
			_, ok := k.Quelle(key)
			require.True(t, ok, "%s: source %s", f.ID, key)
		}
	}
}

// No day may be left without a rule, and none may have two that decide, for the
// ways every authority uses.
func TestRegelnWithoutGap(t *testing.T) {
	t.Parallel()
	r := frist.New(nil)
	for _, v := range []frist.Verfahren{frist.VerfahrenVwVfG, frist.VerfahrenSGBX, frist.VerfahrenAO} {
		for _, k := range []frist.Kanal{frist.KanalPost, frist.KanalElektronisch, frist.KanalEinschreiben} {
			for _, l := range tenant.Laender() {
				for _, tag := range []string{"2018-01-01", "2024-12-31", "2025-01-01", "2025-02-06", "2025-02-07", "2027-01-01"} {
					f := post(v, land(l), tag)
					f.Kanal = k
					e, err := r.Bekanntgabe(f)
					require.NoError(t, err, "%s %s %s %s", v, k, l, tag)
					require.Empty(t, filter(e, "frist.bundesregel"), "%s %s %s %s", v, k, l, tag)
					alt := 3
					if tag >= "2025" && (l != tenant.LandHE && (l != tenant.LandBW || tag >= "2025-02-07") || v != frist.VerfahrenVwVfG || k == frist.KanalEinschreiben) {
						alt = 4
					}
					if v != frist.VerfahrenAO { // no shift
						require.Equal(t, d(tag).AddTage(alt).String(), e.Datum.String(), "%s %s %s %s", v, k, l, tag)
					}
				}
			}
		}
	}
}

func filter(e frist.Ergebnis, code string) []fehler.Problem {
	var out []fehler.Problem
	for _, p := range e.Warnungen {
		if p.Code == code {
			out = append(out, p)
		}
	}
	return out
}

// regel is a good rule in JSON; the pairs replace parts of it.
func regel(pairs ...string) string {
	s := `{"id":"X-1","norm":"§ 1","zweck":"bekanntgabe","verfahren":"vwvfg","kanal":"post","laender":["SH"],"n":5,"einheit":"tag","anker":"aufgabe","art":"fiktion","verschiebung":"nie","feiertagsort":"empfaenger","von":"2030-01-01","quelle":["Q"],"konfidenz":"A"}`
	s = strings.NewReplacer(pairs...).Replace(s)
	return `{"stand":"2030-01-01","quellen":{"Q":{"titel":"Gesetz"}},"regeln":[` + s + `]}`
}

func TestLoad(t *testing.T) {
	t.Parallel()
	w, err := frist.Load(strings.NewReader(regel()), nil)
	require.NoError(t, err)
	require.Len(t, w.Regeln(), len(frist.Standard().Regeln())+1)
	r := frist.New(&frist.Options{Regelwerk: w})
	e, err := r.Bekanntgabe(post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2030-01-02"))
	require.NoError(t, err)
	require.Equal(t, "2030-01-07", e.Datum.String(), "the younger of two rules in force decides")
	require.Equal(t, []string{"2030-01-06", "2030-01-07"}, tage(e), "the other stays a candidate")
	require.Equal(t, "X-1", e.Belege[0].ID)
	require.Contains(t, e.Belege[0].Warum, "in Kraft seit 01.01.2030")
	e, err = r.Bekanntgabe(post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2029-12-01"))
	require.NoError(t, err)
	require.Equal(t, []string{"2029-12-05"}, tage(e), "before its first day it plays no part")

	// The operator ends the old rule by replacing it.
	alt, _ := frist.Standard().Regel("BG-SH-POST-4")
	alt.Bis = d("2029-12-31")
	b, err := json.Marshal(alt)
	require.NoError(t, err)
	w2, err := frist.Load(strings.NewReader(`{"stand":"x","regeln":[`+string(b)+`]}`), &frist.LoadOptions{Basis: w})
	require.NoError(t, err)
	require.Len(t, w2.Regeln(), len(w.Regeln()))
	e, err = frist.New(&frist.Options{Regelwerk: w2}).Bekanntgabe(post(frist.VerfahrenVwVfG, land(tenant.LandSH), "2030-01-02"))
	require.NoError(t, err)
	require.Equal(t, []string{"2030-01-07"}, tage(e))
	unberuehrt, _ := frist.Standard().Regel("BG-SH-POST-4")
	require.True(t, unberuehrt.Bis.IsZero(), "what ships does not change")
}

func TestLoadProblems(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ datei, code string }{
		"id":            {regel(`"X-1"`, `"x 1"`), "frist.regel-id"},
		"norm":          {regel(`"§ 1"`, `""`), "frist.regel-norm"},
		"quelle":        {regel(`["Q"]`, `[]`), "frist.regel-quelle"},
		"quelle fremd":  {regel(`["Q"]`, `["R"]`), "frist.regel-quelle"},
		"konfidenz":     {regel(`"konfidenz":"A"`, `"konfidenz":"C"`), "frist.regel-konfidenz"},
		"zweck":         {regel(`"zweck":"bekanntgabe"`, `"zweck":"x"`, `"kanal":"post",`, ``), "frist.regel-zweck"},
		"verfahren":     {regel(`"vwvfg"`, `"x"`), "frist.regel-verfahren"},
		"kanal":         {regel(`"post"`, `"x"`), "frist.regel-kanal"},
		"land":          {regel(`["SH"]`, `["XX"]`), "frist.regel-land"},
		"land doppelt":  {regel(`["SH"]`, `["SH","SH"]`), "frist.regel-land"},
		"bund und land": {regel(`"laender"`, `"nur_bund":true,"laender"`), "frist.regel-land"},
		"negativ":       {regel(`"n":5`, `"n":-1`), "frist.regel-laenge"},
		"zu lang":       {regel(`"n":5`, `"n":1000000`), "frist.regel-laenge"},
		"einheit":       {regel(`"tag"`, `"stunde"`), "frist.regel-laenge"},
		"anker":         {regel(`"aufgabe"`, `"x"`), "frist.regel-anker"},
		"art":           {regel(`"fiktion"`, `"x"`), "frist.regel-art"},
		"verschiebung":  {regel(`"nie"`, `"anfang"`), "frist.regel-verschiebung"},
		"ort":           {regel(`"empfaenger"`, `"mond"`), "frist.regel-feiertagsort"},
		"geltung":       {regel(`"von"`, `"bis":"2029-01-01","von"`), "frist.regel-geltung"},
		"frueh":         {regel(`"von"`, `"von_fruehestens":"2031-01-01","von"`), "frist.regel-geltung"},
		"lesart":        {regel(`"quelle"`, `"alternativ":[{"n":3,"grund":""}],"quelle"`), "frist.regel-lesart"},
		"lesart leer":   {regel(`"quelle"`, `"alternativ":[{"grund":"so"}],"quelle"`), "frist.regel-lesart"},
		"verlaengert":   {regel(`"quelle"`, `"verlaengert":"DS-12","quelle"`), "frist.regel-verlaengert"},
		"v. fehlt":      {regel(`"bekanntgabe"`, `"pflicht"`, `"kanal":"post",`, ``, `"quelle"`, `"verlaengert":"X-9","quelle"`), "frist.regel-verlaengert"},
		"v. Kette":      {regel(`"bekanntgabe"`, `"pflicht"`, `"kanal":"post",`, ``, `"quelle"`, `"verlaengert":"DS-12-VERL","quelle"`), "frist.regel-verlaengert"},
		"unbekannt":     {regel(`"von"`, `"seit":"x","von"`), "frist.datei-form"},
		"datum":         {regel(`2030-01-01"`, `2030-13-01"`), "frist.datei-form"},
		"kein JSON":     {`nein`, "frist.datei-form"},
		"danach":        {`{"regeln":[]}{}`, "frist.datei-form"},
		"doppelt":       {strings.Replace(regel(), `"regeln":[`, `"regeln":[`+strings.TrimSuffix(strings.SplitN(regel(), `"regeln":[`, 2)[1], `]}`)+`,`, 1), "frist.regel-doppelt"},
		"gross":         {`{"stand":"` + strings.Repeat("x", 5<<20) + `"}`, "frist.datei-gross"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, err := frist.Load(strings.NewReader(c.datei), nil)
			require.Nil(t, w)
			require.ErrorIs(t, err, fehler.ErrInvalid)
			p := fehler.ProblemeIn(err)
			require.Len(t, p, 1, "%v", p)
			require.Equal(t, c.code, p[0].Code)
			require.NotEmpty(t, p[0].Hinweis)
		})
	}
}

// docs/fristen.md is made from the data, so that lawyers can review without Go.
func TestFristenDoc(t *testing.T) {
	golden(t, filepath.Join(testenv.Root(t), "docs", "fristen.md"), fristenDoc())
}

// A stale table must be noticed.
func TestFristenDocControl(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "fristen.md"))
	require.NoError(t, err)
	require.NotEqual(t, string(b), strings.Replace(fristenDoc(), "| 4 Tage", "| 5 Tage", 1))
}

func fristenDoc() string {
	w, k := frist.Standard(), frist.StandardKalender()
	var b strings.Builder
	zelle := func(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
	b.WriteString("# Fristen und Feiertage als Daten\n\nErzeugt aus `regeln.json`, `feiertage.json` und `vorwarnungen.json` in `bescheid/frist` mit\n`go test ./bescheid/frist -update`; ein Test schlägt fehl, wenn diese Seite nicht dazu passt.\n\n")
	fmt.Fprintf(&b, "Stand der Sammlung: %s. Keine Rechtsberatung.\n\n", w.Stand())
	b.WriteString("Ruht eine Frist (Zweck hemmung), so zählen die Tage der Aussetzung nicht mit: jeder Tag einmal, Tage außerhalb der Frist gar nicht.\nDauert die Aussetzung an, gibt es kein Ende, nur einen Tag, vor dem es nicht liegen kann.\n\n")
	b.WriteString("Konfidenz: **A** Wortlaut der Norm oder amtliche Stelle, **B** zweite Hand, **U** nicht geprüft oder widersprüchlich.\nVerschiebung: ob das Ende auf den nächsten Werktag rückt. Lesart: was sich nicht ausschließen lässt und deshalb mitgerechnet wird.\n")
	letzter := frist.Zweck("")
	regeln := w.Regeln()
	rang := map[frist.Zweck]int{}
	for i, r := range regeln {
		if _, ok := rang[r.Zweck]; !ok {
			rang[r.Zweck] = i
		}
	}
	slices.SortStableFunc(regeln, func(a, b frist.Regel) int { return rang[a.Zweck] - rang[b.Zweck] })
	for _, r := range regeln {
		if r.Zweck != letzter {
			letzter = r.Zweck
			fmt.Fprintf(&b, "\n## %s\n\n| Kennung | Norm | Wo | Für | Länge | Ab | Art | Verschiebung | In Kraft | Lesarten, Hinweis | Quelle | Konf. |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n", r.Zweck)
		}
		laenge := ""
		if r.Einheit != "" {
			laenge = r.Dauer().String()
		}
		verschiebung := string(r.Verschiebung)
		if r.Feiertagsort != "" && r.Verschiebung == frist.VerschiebungEnde {
			verschiebung += " (" + string(r.Feiertagsort) + ")"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", r.ID, zelle(r.Norm), wo(r), fuer(r), laenge, r.Anker, r.Art,
			verschiebung, geltung(r), zelle(bemerkung(r)), strings.Join(r.Quelle, ", "), r.Konfidenz)
	}
	b.WriteString("\n## Feiertage\n\n| Kennung | Name | Tag | Wo | In Kraft | Quelle | Konf. |\n|---|---|---|---|---|---|---|\n")
	for _, f := range k.Regeln() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", f.ID, f.Name, tagRegel(f), feiertagWo(f), feiertagGeltung(f), strings.Join(f.Quelle, ", "), f.Konfidenz)
	}
	b.WriteString("\n## Vorwarnungen\n\nKein Recht, sondern Vorgabe aus `bescheid/frist/vorwarnungen.json`; jeder Mandant kann den Plan je Zweck ersetzen. Gezählt wird in Werktagen der Behörde vom frühesten möglichen Ende zurück.\n\n| Zweck | Werktage vorher und wer |\n|---|---|\n")
	for _, p := range frist.StandardVorwarnplan().Plaene() {
		var stufen []string
		for _, s := range p.Stufen {
			stufen = append(stufen, fmt.Sprintf("%d %s", s.Werktage, s.Rolle))
		}
		fmt.Fprintf(&b, "| %s | %s |\n", p.Zweck, strings.Join(stufen, ", "))
	}
	b.WriteString("\n## Quellen\n\n| Schlüssel | Quelle |\n|---|---|\n")
	seen := map[string]bool{}
	zeile := func(key string, q frist.Quelle) {
		if !seen[key] {
			seen[key] = true
			fmt.Fprintf(&b, "| %s | %s |\n", key, zelle(q.String()))
		}
	}
	for _, r := range w.Regeln() {
		for _, key := range r.Quelle {
			q, _ := w.Quelle(key)
			zeile(key, q)
		}
	}
	for _, f := range k.Regeln() {
		for _, key := range f.Quelle {
			q, _ := k.Quelle(key)
			zeile(key, q)
		}
	}
	return b.String()
}

func wo(r frist.Regel) string {
	switch {
	case r.NurBund:
		return "Bund"
	case len(r.Laender) == len(tenant.Laender()):
		return "alle Länder"
	case len(r.Laender) > 0:
		return liste(r.Laender)
	}
	return "überall"
}

func liste(l []tenant.Land) string {
	out := make([]string, len(l))
	for i := range l {
		out[i] = string(l[i])
	}
	return strings.Join(out, ", ")
}

func fuer(r frist.Regel) string {
	s := string(r.Kanal) + r.Gegenstand
	if r.Verfahren != "" {
		s = strings.TrimSuffix(string(r.Verfahren)+", "+s, ", ")
	}
	return s
}

func geltung(r frist.Regel) string {
	s := zeitraum(r.Von, r.Bis)
	if !r.VonFruehestens.IsZero() {
		s += " (frühestens " + r.VonFruehestens.String() + ")"
	}
	return s
}

func zeitraum(von, bis datum.Datum) string {
	switch {
	case von.IsZero() && bis.IsZero():
		return "offen"
	case bis.IsZero():
		return "ab " + von.String()
	case von.IsZero():
		return "bis " + bis.String()
	}
	return von.String() + " bis " + bis.String()
}

func bemerkung(r frist.Regel) string {
	var out []string
	for _, l := range r.Alternativ {
		was := string(l.Verschiebung)
		if l.N != nil {
			was = frist.Dauer{N: *l.N, Einheit: r.Einheit}.String()
		}
		out = append(out, "Lesart "+was+": "+l.Grund)
	}
	if r.Verlaengert != "" {
		out = append(out, "Verlängert "+r.Verlaengert+".")
	}
	if r.Hinweis != "" {
		out = append(out, r.Hinweis)
	}
	return strings.Join(out, " ")
}

func tagRegel(f frist.Feiertag) string {
	switch f.Regel {
	case frist.FeiertagOstern:
		return fmt.Sprintf("Ostersonntag %+d", f.Abstand)
	case frist.FeiertagWochentagVor:
		return fmt.Sprintf("letzter Mittwoch vor dem %d.%d.", f.Tag, f.Monat)
	}
	return fmt.Sprintf("%d.%d.", f.Tag, f.Monat)
}

func feiertagWo(f frist.Feiertag) string {
	s := "alle"
	if len(f.Laender) > 0 {
		s = liste(f.Laender)
	}
	if g := f.Gebiet; g != nil {
		s += fmt.Sprintf("; Gebiete (AGS) ja %v, nein %v, ungewiss %v, sonst %s", g.Ja, g.Nein, g.Ungewiss, g.Sonst)
	}
	return s
}

func feiertagGeltung(f frist.Feiertag) string {
	if len(f.Jahre) > 0 {
		return "nur " + strings.Trim(fmt.Sprint(f.Jahre), "[]")
	}
	return zeitraum(f.Von, f.Bis)
}
