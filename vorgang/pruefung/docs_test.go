package pruefung

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The documentation names every function, gate, code and limit as they are.
func TestDocs(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/pruefung.md")
	require.NoError(t, err)
	doc := string(b)
	e, err := umgebung(nil)
	require.NoError(t, err)
	for _, name := range []string{"datum(", "alter(", "tage(", "monate(", "plusTage(", "plusMonate(", "jahr(", "monat(", "tag(", "wochentag("} {
		require.Contains(t, doc, "`"+name)
		require.True(t, e.HasFunction(name[:len(name)-1]))
	}
	for _, name := range []string{"timestamp", "duration"} {
		require.False(t, e.HasFunction(name))
	}
	for _, code := range []string{codeNichtGueltig, codeNichtFrei, codeAbgeschaltet, codeRecht, codeStichprobe, codeSalz} {
		require.Contains(t, doc, "`"+code+"`")
	}
	for _, zeile := range []string{
		fmt.Sprintf("| file; schema; expression; other text | %d; %d; %d; %d bytes |", MaxDatei, MaxSchema, MaxAusdruck, MaxText),
		fmt.Sprintf("| rules; look-ups declared | %d; %d |", MaxRegeln, MaxNachschlag),
		fmt.Sprintf("| data of a case; nesting | %d bytes; %d |", MaxEingabe, MaxTiefe),
		fmt.Sprintf("| schema with all references written out | %d parts |", maxKnoten),
		fmt.Sprintf("| loops within one another | %d |", maxSchleifen),
		fmt.Sprintf("| costs of a rule | %d, or `kostenGrenze` up to %d;", StandardKosten, MaxKosten),
		fmt.Sprintf("| costs of all rules of one check | %d;", MaxGesamtKosten),
		fmt.Sprintf("in one check; one answer | %d; %d bytes |", MaxFragen, MaxAntwort),
		fmt.Sprintf("| %d missing, %d of wrong form |", MaxFunde, MaxFunde),
		fmt.Sprintf("| numbers in data | within ±%d |", maxZahl),
		fmt.Sprintf("| dates | %d-01-01 to %d-12-31 |", minJahr, maxJahr),
		fmt.Sprintf("a look-up %d.", kostenFrage),
		fmt.Sprintf("and %d where it says nothing", ohneAnspruch),
		fmt.Sprintf("at most %d changed cases", MaxAenderungen),
	} {
		require.Contains(t, doc, zeile)
	}
}

// Of hashes spread evenly exactly the share is drawn.
func TestGezogenExactly(t *testing.T) {
	t.Parallel()
	for _, promille := range []int{0, 1, 2, 50, 333, 999, 1000} {
		k := 0
		for i := range uint64(1000) {
			if gezogen(i*(math.MaxUint64/1000)+math.MaxUint64/2000, promille) {
				k++
			}
		}
		require.Equal(t, promille, k)
	}
}

// One number has one form, and what cannot be held exactly is refused.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2": "2", "2.0": "2", "20e-1": "2", "-0": "0", "-0.0": "0", "0.5": "0.5", "5e-1": "0.5", "1e-7": "1e-07", "1E15": "1000000000000000", "0.1e-5": "1e-06",
		"1e16": "", "9007199254740992.5": "9007199254740992",
		"9007199254740992": "9007199254740992", "9007199254740993": "", "10000000000000000000": "", "-9007199254740993": "", "1e300": "", "-1e17": "", "1e400": "",
	} {
		v, p := lies([]byte(in), 100)
		if want == "" {
			require.NotNil(t, p, in)
			require.Equal(t, "pruefung.json-zahl", p.Code)
			continue
		}
		require.Nil(t, p, in)
		require.Equal(t, want, string(kanon(v)), in)
		w, p := lies(kanon(v), 100)
		require.Nil(t, p)
		require.Equal(t, v, w, "the canonical form reads back the same")
	}
	v, p := lies([]byte("{\"ä\":[1, true,null],\"a\":\"<\u00e4\\n\"}"), 100)
	require.Nil(t, p)
	require.Equal(t, "{\"a\":\"<ä\\n\",\"ä\":[1,true,null]}", string(kanon(v)))
}
