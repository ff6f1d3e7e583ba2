package vorgang

import (
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// LogAccess writes down that somebody read the Vorgang, and what for. Who must prove
// reads, because of the data or the persons concerned, calls it where it shows a Vorgang; it
// is a save like any other. The purpose is mandatory.
func (v *Vorgang) LogAccess(a tenant.Akteur, now time.Time, zweck string) error {
	const op = "LogAccess"
	if err := v.check(op, a, now, BefehlEinsehen); err != nil {
		return err
	}
	if err := v.needText(op, "/zweck", zweck, "Bitte den Zweck der Einsicht angeben."); err != nil {
		return err
	}
	return v.record(a, now, &Eingesehen{Zweck: zweck})
}

// Eingesehen: somebody read the Vorgang (vorgang.eingesehen).
type Eingesehen struct {
	Zweck string `json:"zweck"`
}

func (*Eingesehen) code() Code { return "vorgang.eingesehen" }

func (*Eingesehen) apply(*Stand, *Ereignis) {}

func (*Eingesehen) gegenstand() string        { return "" }
func (*Eingesehen) umkehren() (Befehl, daten) { return BefehlEinsehen, nil }
