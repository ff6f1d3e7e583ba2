package pruefung_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/pruefung"
)

var update = flag.Bool("update", false, "write testdata/protokolle.golden.json anew")

// The records of four cases, byte by byte. A change here is a change of what is
// stored with cases: records made before can then no longer be repeated.
func TestGolden(t *testing.T) {
	t.Parallel()
	a := entwurf(t)
	p := pruefer(t, a, optionen())
	got := map[string]vorgang.Pruefprotokoll{
		"standardfall":    check(t, p, gut),
		"unvollstaendig":  check(t, p, `{"halter":{"geburtsdatum":"1980-02-29"},"hund":{"rasse":"Dackel","geburtsdatum":"2025-01-31","haltungsbeginn":"2026-06-10"}}`),
		"person":          check(t, p, strings.NewReplacer("Dackel", "Bandog", "000001", "000999").Replace(gut)),
		"nicht mehr gilt": mustCheck(t, p, gut, datum.MustParse("2027-01-01")),
	}
	b, err := json.MarshalIndent(got, "", "  ")
	require.NoError(t, err)
	const name = "testdata/protokolle.golden.json"
	if *update {
		require.NoError(t, os.WriteFile(name, append(b, '\n'), 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, string(want), string(b)+"\n", "go test ./vorgang/pruefung -run Golden -update")

	// What was written then is repeated by what runs now.
	var alt map[string]vorgang.Pruefprotokoll
	require.NoError(t, json.Unmarshal(want, &alt))
	_, err = p.Replay(t.Context(), alt["standardfall"], []byte(gut))
	require.NoError(t, err)
}

func mustCheck(t *testing.T, p *pruefung.Pruefer, daten string, tag datum.Datum) vorgang.Pruefprotokoll {
	pr, err := p.Check(t.Context(), []byte(daten), tag)
	require.NoError(t, err)
	return pr
}

// The name of the engine in records is that of the module in use.
func TestMaschine(t *testing.T) {
	t.Parallel()
	v, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", "github.com/google/cel-go").Output()
	require.NoError(t, err)
	require.Equal(t, "pruefung/1 cel-go/"+string(bytes.TrimSpace(v)), pruefung.Maschine,
		"another version of the engine may count costs otherwise: name it in Maschine")
}

// Whatever is changed in a record is found, and named by its place.
func TestReplayFindsEveryChange(t *testing.T) {
	t.Parallel()
	a := entwurf(t)
	a.Automatik.Stichprobe = 1000
	o := optionen()
	p := pruefer(t, a, o)
	daten := strings.NewReplacer("Dackel", "Bandog", `"versicherung"`, `"v"`).Replace(gut)
	pr := check(t, p, daten)
	for pfad, aendere := range map[string]func(p *vorgang.Pruefprotokoll){
		"/form":                       func(p *vorgang.Pruefprotokoll) { p.Form = 2 },
		"/regelwerk":                  func(p *vorgang.Pruefprotokoll) { p.Regelwerk = "x" },
		"/fassung":                    func(p *vorgang.Pruefprotokoll) { p.Fassung = 2 },
		"/regelwerkHash":              func(p *vorgang.Pruefprotokoll) { p.RegelwerkHash = "x" },
		"/leistung":                   func(p *vorgang.Pruefprotokoll) { p.Leistung = "1" },
		"/eingabeHash":                func(p *vorgang.Pruefprotokoll) { p.EingabeHash = "x" },
		"/regeln/0/stand":             func(p *vorgang.Pruefprotokoll) { p.Regeln[0].Stand = vorgang.RegelFalsch },
		"/regeln":                     func(p *vorgang.Pruefprotokoll) { p.Regeln = p.Regeln[1:] },
		"/kosten":                     func(p *vorgang.Pruefprotokoll) { p.Kosten++ },
		"/ausgang":                    func(p *vorgang.Pruefprotokoll) { p.Ausgang = vorgang.PruefungStandardfall },
		"/gruende/0/text":             func(p *vorgang.Pruefprotokoll) { p.Gruende[0].Text = "x" },
		"/nachforderungen/0/pfad":     func(p *vorgang.Pruefprotokoll) { p.Nachforderungen[0].Pfad = "/x" },
		"/sperren":                    func(p *vorgang.Pruefprotokoll) { p.Sperren = nil },
		"/gezogen":                    func(p *vorgang.Pruefprotokoll) { p.Gezogen = false },
		"/gezogen ":                   func(p *vorgang.Pruefprotokoll) { p.Salz = "" },
		"/nachschlaege":               func(p *vorgang.Pruefprotokoll) { p.Nachschlaege = append(p.Nachschlaege, p.Nachschlaege[0]) },
		"/nachschlaege/1/argumente/0": func(p *vorgang.Pruefprotokoll) { p.Nachschlaege[1].Argumente = json.RawMessage(`["Dackel"]`) },
		"/regeln/4/folge":             func(p *vorgang.Pruefprotokoll) { p.Nachschlaege[1].Ergebnis = json.RawMessage(`false`) },
		"/regeln/4/fehler":            func(p *vorgang.Pruefprotokoll) { p.Nachschlaege[1].Fehler = true },
	} {
		alt := pr.Clone()
		aendere(&alt)
		require.NotEqual(t, pr, alt, pfad)
		_, err := p.Replay(t.Context(), alt, []byte(daten))
		if pfad == "/nachschlaege/1/argumente/0" { // then the question is missing, which shows elsewhere first
			require.ErrorContains(t, err, "/nachschlaege")
			continue
		}
		require.ErrorContains(t, err, "pruefung.replay at "+strings.TrimSpace(pfad)+":", pfad)
	}
	// Neither the look-ups nor the salt of today are needed, and another day is another case.
	o.Nachschlagen["rasse_gelistet"] = nil
	alt := pr.Clone()
	alt.Stichtag = stichtag.AddTage(30)
	_, err := p.Replay(t.Context(), alt, []byte(daten))
	require.ErrorContains(t, err, "/regeln/3")
	// A later salt with the earlier one at hand repeats the draw.
	q, err := pruefung.Compile(p.Regelwerk(), &pruefung.Options{Salz: bytes.Repeat([]byte{9}, 32), FruehereSalze: [][]byte{salz}, Nachschlagen: werke()})
	require.NoError(t, err)
	_, err = q.Replay(t.Context(), pr, []byte(daten))
	require.NoError(t, err)
	// Another engine is named where it may be the reason.
	alt = pr.Clone()
	alt.Maschine = "pruefung/1 cel-go/v0.1"
	_, err = p.Replay(t.Context(), alt, []byte(daten))
	require.NoError(t, err)
	alt.Kosten++
	_, err = p.Replay(t.Context(), alt, []byte(daten))
	require.ErrorContains(t, err, "another engine")
}

// A Regelwerk comes back from its file the same, and its hashes tell what they are of.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	w := frei(t, entwurf(t))
	b, err := json.Marshal(w)
	require.NoError(t, err)
	z := laden(t, b)
	require.Equal(t, w.Hash(), z.Hash())
	require.Equal(t, w.Angaben(), z.Angaben())
	require.True(t, z.Freigegeben())
	a := w.Angaben()
	a.Regeln[0].Ausdruck, a.Schema[0] = "false", ' '
	require.Equal(t, z.Angaben(), w.Angaben(), "Angaben are a copy")
	entwurf, err := pruefung.New(func() pruefung.Angaben { a := w.Angaben(); a.Freigabe = nil; return a }())
	require.NoError(t, err)
	require.Equal(t, w.Inhalt(), entwurf.Inhalt())
	require.NotEqual(t, w.Hash(), entwurf.Hash())
	// An edit undoes the release.
	edit := bytes.Replace(b, []byte("= 18"), []byte("= 16"), 1)
	require.NotEqual(t, string(b), string(edit))
	_, err = pruefung.Load(bytes.NewReader(edit))
	hat(t, err, erwartet{"freigabe-inhalt", "/freigabe/inhalt"}, fehler.ErrInvalid)
}
