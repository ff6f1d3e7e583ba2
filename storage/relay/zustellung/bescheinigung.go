package zustellung

import (
	"bytes"
	"context"
	"errors"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// bescheinigen sets the certificate of a Fiktion as a letter, from the words it was issued
// with.
func (z *Zustellung) bescheinigen(ctx context.Context, a vorgang.Auftrag, v *vorgang.Vorgang) (relay.Bericht, error) {
	const op = "zustellung.bescheinigen"
	var d vorgang.NachrichtDaten
	if err := a.Decode(&d); err != nil {
		return nil, err
	}
	s := v.Stand()
	var u *vorgang.Urkunde
	if s.Fiktion != nil {
		for i := range s.Fiktion.Urkunden {
			if s.Fiktion.Urkunden[i].ID == d.Nachricht {
				u = &s.Fiktion.Urkunden[i]
			}
		}
	}
	if u == nil {
		return nil, fehler.New(op, d.Nachricht.String(), fehler.ErrInvalid, errors.New("the Vorgang has no such certificate"))
	}
	k, err := z.kopf(ctx, ausfertigung.Kopf{Empfaenger: s.Antrag.Antragsteller.Empfaenger}, s, bescheid.Bescheid{})
	if err != nil {
		return nil, err
	}
	b := ausfertigung.Schreiben{Betreff: vorgang.BetreffBescheinigung, Am: u.Am, Zeichner: u.Zeichner}
	for _, satz := range u.Saetze {
		b.Inhalt = append(b.Inhalt, pdf.Absatz{Text: satz})
	}
	var buf bytes.Buffer
	bericht, err := z.p.Setzer.WriteBrief(&buf, k, b)
	if err != nil {
		return nil, err
	}
	datei, err := z.lege(ctx, s, "Bescheinigung", a.ID, &buf, bericht)
	if err != nil {
		return nil, err
	}
	return func(v *vorgang.Vorgang) error { return v.RecordBescheinigung(z.akteur, z.now(), d.Nachricht, datei) }, nil
}
