package betrieb_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/dienst"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/ordner"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The installation hands over what a clerk ordered, and takes the answer.
func TestFachverfahren(t *testing.T) {
	h := newHaus(t)
	p := ordner.Params{Name: "gewerbe", Quelle: "urn:test"}
	for _, d := range []*string{&p.Ausgang, &p.Belege, &p.Eingang, &p.Erledigt} {
		*d = t.TempDir()
	}
	z, err := ordner.New(p, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, z.Close()) })
	key, err := signatur.NewSchluessel(bytes.Repeat([]byte{1}, 32))
	require.NoError(t, err)
	h.params.Fachverfahren = map[tenant.ID][]dienst.Anschluss{kiel: {{Ziel: z, Schluessel: []signatur.Schluessel{key}}}}
	h.run(t)
	now := time.Now()
	v, err := vorgang.New(tenant.System("test"), now, vorgang.Params{Mandant: kiel, Nummer: "KI-1", Leistung: "99063005001000", Einheit: "gruen"}, h.store.Kontext())
	require.NoError(t, err)
	require.NoError(t, v.Pull(kim, now))
	var u uuid.UUID
	u, err = v.OrderUebergabe(kim, now, "gewerbe")
	require.NoError(t, err)
	require.NoError(t, h.store.Insert(t.Context(), kiel, v))
	zustand := func() vorgang.UebergabeZustand {
		v, err := h.store.Get(t.Context(), kiel, v.ID())
		require.NoError(t, err)
		return v.Stand().Uebergaben[0].Zustand
	}
	h.await(t, func() bool { return zustand() == vorgang.UebergabeGesendet })
	require.FileExists(t, filepath.Join(p.Ausgang, u.String(), "manifest.json"))

	antwort := fmt.Appendf(nil, `{"specversion":"1.0","id":"e-1","source":"urn:fv","type":%q,"data":{"uebergabe":%q,"vorgang":%q,"zustand":"angenommen"}}`, uebergabe.TypStand, u, v.ID())
	s, err := signatur.Sign("e-1", now, antwort, key)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, ordner.Write(&b, s, antwort))
	name := filepath.Join(p.Eingang, "1")
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o644))
	require.NoError(t, os.Rename(name, name+ordner.Endung))
	h.await(t, func() bool { return zustand() == vorgang.UebergabeAngenommen })
}
