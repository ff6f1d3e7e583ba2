package verfahren

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/gebuehr"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
)

// Zahlungsziel is the number of days a fee of an automatic decision is due in.
const Zahlungsziel = 30

// Gebuehr works out the fee of a decision; false where none is due.
func (k *Katalog) Gebuehr(s vorgang.Stand, art bescheid.Art, tag datum.Datum) (*entwurf.Gebuehr, bool, error) {
	v := k.find(func(v *Verfahren) bool { return v.Leistung == s.Leistung })
	m := k.Mandant(s.Mandant)
	if v == nil || v.Posten == "" || m == nil {
		return nil, false, nil
	}
	f := gebuehr.Fall{Leistung: s.Leistung, Land: m.Land, Eingang: datum.Von(s.Eingang), Entscheidung: tag, Ansaetze: []gebuehr.Ansatz{ansatz(v, s)}}
	if art == bescheid.Ablehnung {
		f.Ausgang.Art = gebuehr.AusgangAbgelehnt
	}
	e, err := k.Gebuehren.Rechne(f)
	if err != nil {
		return nil, false, err
	}
	teil, err := k.Gebuehren.Bescheidteil(e, gebuehr.Angaben{Vorgang: s.Nummer, Gemeinde: string(m.ARS),
		Zahlungsweg: fmt.Sprintf("Bitte überweisen Sie auf das Konto der Kasse, IBAN %s.", k.Gestaltung[m.ID].IBAN.Format())})
	if err != nil {
		return nil, false, err
	}
	return &entwurf.Gebuehr{Ergebnis: e, Teil: &teil}, true, nil
}

// ansatz says what the position needs to know of the case.
func ansatz(v *Verfahren, s vorgang.Stand) gebuehr.Ansatz {
	a := gebuehr.Ansatz{Posten: v.Posten}
	switch v.Posten {
	case "baumfaellung.genehmigung": // for each tree
		var d struct{ Baeume []json.RawMessage }
		_ = json.Unmarshal(s.Antrag.Daten, &d) // without trees it is one
		a.Menge = max(1, len(d.Baeume))
	case "stvo45.anordnung-bewertet": // an ordinary case; the clerk may set it otherwise
		a.Punkte = map[string]int{"aufwand": 4, "nutzen": 3}
	}
	return a
}

// MitGebuehr charges the fee of what was decided without a person, in the same
// transaction: the citizen finds decision and demand together. h is the Handler of
// package storage/relay/pruefung.
func (k *Katalog) MitGebuehr(h relay.Handler, now func() time.Time) relay.Handler {
	return relay.HandlerFunc(func(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
		bericht, err := h.Handle(ctx, a, v)
		if err != nil || bericht == nil {
			return bericht, err
		}
		return func(v *vorgang.Vorgang) error {
			if err := bericht(v); err != nil {
				return err
			}
			return k.charge(v, now())
		}, nil
	})
}

func (k *Katalog) charge(v *vorgang.Vorgang, now time.Time) error {
	s := v.Stand()
	if len(s.Bescheide) == 0 || !s.Bescheide[0].Automatisch || len(s.Gebuehren) > 0 {
		return nil
	}
	g, ok, err := k.Gebuehr(s, bescheid.Bewilligung, datum.Von(now))
	if err != nil || !ok {
		return err
	}
	_, err = v.ChargeFee(tenant.System("kasse"), now, vorgang.Festsetzung{Ergebnis: g.Ergebnis, Kassenzeichen: Kassenzeichen(s), Faellig: datum.Von(now).AddTage(Zahlungsziel)})
	return err
}

// Kassenzeichen is made of the number of the Vorgang, which is unique for the Mandant.
func Kassenzeichen(s vorgang.Stand) string {
	return "KZ" + strings.ReplaceAll(s.Nummer, "-", "")
}
