package vorgang_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestPruefprotokollClone(t *testing.T) {
	t.Parallel()
	voll := func() vorgang.Pruefprotokoll {
		return vorgang.Pruefprotokoll{
			Form: 1, Maschine: "m", Regelwerk: "R", Fassung: 1, RegelwerkHash: "h", Leistung: "99", EingabeHash: "e", Stichtag: datum.MustParse("2026-06-15"),
			Regeln:       []vorgang.Regelergebnis{{Regel: "R1", Stand: vorgang.RegelWahr, Folge: "gut", Kosten: 1}},
			Nachschlaege: []vorgang.Nachschlag{{Name: "n", Argumente: json.RawMessage(`[1]`), Ergebnis: json.RawMessage(`2`)}}, Kosten: 1,
			Ausgang: vorgang.PruefungPerson, Gruende: []vorgang.Pruefgrund{{Code: "c", Text: "t"}},
			Nachforderungen: []vorgang.Nachforderungspunkt{{Text: "t"}}, Sperren: []string{"s"}, Abgeschaltet: true, Gezogen: true, Salz: "x",
		}
	}
	p := voll()
	for i := range reflect.TypeFor[vorgang.Pruefprotokoll]().NumField() {
		require.False(t, reflect.ValueOf(p).Field(i).IsZero(), "a new field is missing here: %s", reflect.TypeFor[vorgang.Pruefprotokoll]().Field(i).Name)
	}
	k := p.Clone()
	require.Equal(t, p, k)
	k.Regeln[0].Regel, k.Gruende[0].Code, k.Nachforderungen[0].Text, k.Sperren[0] = "x", "x", "x", "x"
	k.Nachschlaege[0].Argumente[0], k.Nachschlaege[0].Ergebnis[0], k.Nachschlaege[0].Name = 'x', 'x', "x"
	require.Equal(t, voll(), p)
	b, err := json.Marshal(p)
	require.NoError(t, err)
	var zurueck vorgang.Pruefprotokoll
	require.NoError(t, json.Unmarshal(b, &zurueck))
	require.Equal(t, p, zurueck)
}
