package verzeichnis_test

import (
	"testing"

	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
)

func open(o dmstest.Ordner) (dms.Ziel, error) {
	return verzeichnis.New(verzeichnis.Options{
		Name: "registratur", Kodierer: xdomea.New(xdomea.V310(), nil),
		Ausgang: o.Ausgang, Eingang: o.Eingang, Erledigt: o.Erledigt, Belege: o.Belege,
	})
}

func TestConformance(t *testing.T) {
	dmstest.Run(t, dmstest.Options{New: func() (*dmstest.Stand, error) { return dmstest.NewStand(open) }})
}
