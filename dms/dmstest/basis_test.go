package dmstest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// A sender and a receiver below one directory find each other, whoever comes first.
func TestBasis(t *testing.T) {
	for _, senderFirst := range []bool{true, false} {
		basis := filepath.Join(t.TempDir(), "e-akte")
		o := verzeichnis.Options{Name: "e-akte", Kodierer: xdomea.New(xdomea.V310(), nil), Basis: basis}
		var empfaenger *dmstest.Empfaenger
		var err error
		if !senderFirst {
			empfaenger, err = dmstest.NewEmpfaenger(basis)
			require.NoError(t, err)
		}
		ziel, err := verzeichnis.New(o)
		require.NoError(t, err)
		if senderFirst {
			empfaenger, err = dmstest.NewEmpfaenger(basis)
			require.NoError(t, err)
		}
		p := dmstest.Minimal("basis")
		_, err = ziel.Send(t.Context(), p)
		require.NoError(t, err)
		taken, err := empfaenger.Scan(t.Context())
		require.NoError(t, err)
		require.Len(t, taken, 1)
		require.Empty(t, taken[0].Probleme)
		var answers []dms.Antwort
		for a, err := range ziel.Answers(t.Context()) {
			require.NoError(t, err)
			answers = append(answers, a)
			require.NoError(t, ziel.Ack(t.Context(), a.Kennung))
		}
		require.NotEmpty(t, answers)
		require.Equal(t, dms.AntwortImportiert, answers[len(answers)-1].Art)
		require.NoError(t, ziel.Close())
		for _, d := range []string{"archiv", "erledigt", "belege"} {
			list, err := os.ReadDir(filepath.Join(basis, d))
			require.NoError(t, err)
			require.NotEmpty(t, list, d)
		}
		again, err := verzeichnis.New(o) // as after a restart
		require.NoError(t, err)
		schein, err := again.Send(t.Context(), p)
		require.NoError(t, err)
		require.True(t, schein.Wiederholt)
		require.NoError(t, again.Close())
	}
}

// A directory named by itself stays where it is; the others lie below Basis.
func TestBasisWithOwnDirectory(t *testing.T) {
	basis, own := t.TempDir(), t.TempDir()
	z, err := verzeichnis.New(verzeichnis.Options{Name: "e-akte", Kodierer: xdomea.New(xdomea.V310(), nil), Basis: basis, Belege: own})
	require.NoError(t, err)
	require.NoError(t, z.Close())
	require.NoDirExists(t, filepath.Join(basis, "belege"))
	require.DirExists(t, filepath.Join(basis, "ausgang"))
}

func TestBasisCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := verzeichnis.New(verzeichnis.Options{Name: "e-akte", Kodierer: xdomea.New(xdomea.V310(), nil), Basis: file})
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	_, err = dmstest.NewEmpfaenger(file)
	require.Error(t, err)
}
