package verfahren

import (
	"fmt"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Frist gives each new Vorgang the months its procedure names, with the usual warnings:
// for intake.Options.
func (k *Katalog) Frist(r *frist.Rechner) func(*tenant.Mandant, vorgang.Params) (*vorgang.Bearbeitungsfrist, error) {
	return func(m *tenant.Mandant, p vorgang.Params) (*vorgang.Bearbeitungsfrist, error) {
		v := k.find(func(v *Verfahren) bool { return v.Leistung == p.Leistung })
		if v == nil || v.Monate == 0 {
			return nil, nil
		}
		e, err := r.Bearbeitungsfrist(frist.BearbeitungsfristFall{Am: datum.Von(p.Eingang), Dauer: frist.Dauer{N: v.Monate, Einheit: frist.EinheitMonat},
			Norm: "§ 75 VwGO", Behoerde: frist.Behoerde{Ort: frist.Ort{Land: m.Land, Gemeinde: string(m.ARS)}}})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Kurz, err)
		}
		w, err := r.Vorwarnungen(e, p.Nummer, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Kurz, err)
		}
		b, err := vorgang.NewBearbeitungsfrist(e, w...)
		return &b, err
	}
}
