package storage

import (
	"context"

	"github.com/ozg-fachwerk/fachwerk/tenant"
)

// Nummern draws the Vorgangsnummer for a new Vorgang of the Mandant and, if it has a
// scheme for them, an Aktenzeichen; see [Tx.NextNummer]. The counters are "vorgang" and
// "aktenzeichen".
func (tx *Tx) Nummern(ctx context.Context, m *tenant.Mandant, k tenant.Leistungsschluessel, einheit string, jahr int) (nummer string, aktenzeichen []string, err error) {
	l, _ := m.Leistung(k)
	draw := func(name string, s tenant.Nummernschema) (string, error) {
		n, err := tx.NextNummer(ctx, name, jahr)
		if err != nil {
			return "", err
		}
		return s.Format(tenant.Nummernwerte{Jahr: jahr, Nummer: n, Aktenplan: l.Aktenplan, Einheit: einheit})
	}
	if nummer, err = draw("vorgang", m.Vorgangsnummer); err != nil || m.Aktenzeichen == "" {
		return nummer, nil, err
	}
	az, err := draw("aktenzeichen", m.Aktenzeichen)
	return nummer, []string{az}, err
}
