package vorgang_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestKennzeichen(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.SetAktenzeichen(sb, f.now(), []string{" 67.31  / 26 ", "67.31 / 26", "x"}))
	require.Equal(t, []string{"67.31 / 26", "x"}, f.v.Stand().Aktenzeichen, "blanks are tidied, none twice")
	n := len(f.journal)
	f.do(f.v.SetAktenzeichen(sb, f.now(), []string{"67.31 / 26", "x"}))
	require.Len(t, f.journal, n, "the same again is no entry")
	f.do(f.v.SetSchlagworte(sb, f.now(), []string{"Sturm"}))
	f.do(f.v.SetSchlagworte(sb, f.now(), nil))
	require.Empty(t, f.v.Stand().Schlagworte)

	viele := make([]string, vorgang.MaxKennzeichen+1)
	for i := range viele {
		viele[i] = fmt.Sprint(i)
	}
	for name, c := range map[string]struct {
		list []string
		pfad string
	}{
		"blank": {[]string{"a", " "}, "/schlagworte/1"}, "too long": {[]string{strings.Repeat("ä", 101)}, "/schlagworte/0"}, "too many": {viele, "/schlagworte"},
	} {
		err := f.v.SetSchlagworte(sb, f.now(), c.list)
		require.ErrorIs(t, err, fehler.ErrInvalid, name)
		require.Equal(t, c.pfad, fehler.ProblemeIn(err)[0].Pfad, name)
	}
	f.check()
}

func TestAnsprechpartner(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	require.Nil(t, f.v.Oeffentlich(f.uhr).Ansprechpartner)
	p := vorgang.Ansprechpartner{Name: "Frau Muster", Telefon: "0431 1", Email: "m@kiel.example", Raum: "2.07"}
	f.do(f.v.SetAnsprechpartner(sb, f.now(), &p))
	require.Equal(t, p, *f.v.Oeffentlich(f.uhr).Ansprechpartner)
	n := len(f.journal)
	gleich := p
	f.do(f.v.SetAnsprechpartner(sb, f.now(), &gleich))
	require.Len(t, f.journal, n)
	gleich.Name = "geändert"
	require.Equal(t, "Frau Muster", f.v.Stand().Ansprechpartner.Name, "nothing is shared")
	require.ErrorIs(t, f.v.SetAnsprechpartner(sb, f.now(), &vorgang.Ansprechpartner{Telefon: "1"}), fehler.ErrInvalid)
	gleich.Raum = strings.Repeat("x", vorgang.MaxKennzeichenBytes+1)
	err := f.v.SetAnsprechpartner(sb, f.now(), &gleich)
	require.ErrorIs(t, err, fehler.ErrInvalid)
	require.Equal(t, "/raum", fehler.ProblemeIn(err)[0].Pfad)
	f.do(f.v.SetAnsprechpartner(sb, f.now(), nil))
	require.Nil(t, f.v.Oeffentlich(f.uhr).Ansprechpartner)
	f.check()
}

func TestVerknuepfung(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	k := vorgang.Verknuepfung{Art: vorgang.Teilvorgang, Vorgang: uuid.UUID{5}, Nummer: "2026-5"}
	f.do(f.v.Link(sb, f.now(), k))
	require.Equal(t, []vorgang.Verknuepfung{k}, f.v.Stand().Verknuepfungen)
	require.ErrorIs(t, f.v.Link(sb, f.now(), k), fehler.ErrExists)
	andere := k
	andere.Art = vorgang.Verwandt
	f.do(f.v.Link(sb, f.now(), andere)) // another kind of link to the same Vorgang

	for name, falsch := range map[string]vorgang.Verknuepfung{
		"unknown kind": {Art: "x", Vorgang: uuid.UUID{6}}, "nothing": {Art: vorgang.Verwandt}, "itself": {Art: vorgang.Verwandt, Vorgang: f.v.ID()},
		"long number": {Art: vorgang.Verwandt, Vorgang: uuid.UUID{6}, Nummer: strings.Repeat("1", vorgang.MaxKennzeichenBytes+1)},
	} {
		require.ErrorIs(t, f.v.Link(sb, f.now(), falsch), fehler.ErrInvalid, name)
	}
	f.do(f.v.Unlink(sb, f.now(), vorgang.Verknuepfung{Art: k.Art, Vorgang: k.Vorgang}))
	require.Equal(t, []vorgang.Verknuepfung{andere}, f.v.Stand().Verknuepfungen)
	require.ErrorIs(t, f.v.Unlink(sb, f.now(), k), fehler.ErrNotFound)
	f.check()
	for i := len(f.v.Stand().Verknuepfungen); i < vorgang.MaxKennzeichen; i++ {
		f.do(f.v.Link(sb, f.now(), vorgang.Verknuepfung{Art: vorgang.Verwandt, Vorgang: uuid.UUID{9, byte(i)}}))
	}
	require.ErrorIs(t, f.v.Link(sb, f.now(), vorgang.Verknuepfung{Art: vorgang.Verwandt, Vorgang: uuid.UUID{8}}), fehler.ErrInvalid)
}

func TestVerknuepfungHasTwoSides(t *testing.T) {
	t.Parallel()
	for _, a := range []vorgang.VerknuepfungArt{
		vorgang.Hauptvorgang, vorgang.Teilvorgang, vorgang.SetztFort, vorgang.FortgesetztIn, vorgang.DubletteVon, vorgang.HatDublette, vorgang.Verwandt,
	} {
		require.NotEmpty(t, a.Gegenstueck())
		require.Equal(t, a, a.Gegenstueck().Gegenstueck())
	}
	require.Empty(t, vorgang.VerknuepfungArt("x").Gegenstueck())
}
