package zustellung

import (
	"bytes"
	"context"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/siegel"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// kopf adds how the fee of the Bescheid is paid, for who owes it alone, and what the installation adds.
func (z *Zustellung) kopf(ctx context.Context, k *ausfertigung.Kopf, s vorgang.Stand, b bescheid.Bescheid) error {
	if z.o.Siegel != nil {
		k.Siegelfeld = &pdf.Siegelfeld{Grund: "Siegel der Behörde", Ort: k.Mandant.Anschrift.Ort}
	}
	if z.o.Konto != nil {
		if err := z.bezahlen(k, s, b); err != nil {
			return err
		}
	}
	if z.o.Kopf == nil {
		return nil
	}
	return z.o.Kopf(ctx, k, s, b)
}

func (z *Zustellung) bezahlen(k *ausfertigung.Kopf, s vorgang.Stand, b bescheid.Bescheid) error {
	konto, ok := z.o.Konto(k.Mandant)
	if !ok {
		return nil
	}
	for _, g := range s.Gebuehren {
		// What is open: nobody pays a fee before the letter that fixes it, but an advance counts.
		offen := g.Forderung.Stand(datum.Von(b.FreigegebenAm)).Offen
		if g.Bescheid != b.ID || offen <= 0 || !g.Schuldet(b.Inhalt, k.Adressat) {
			continue
		}
		konto.Betrag, konto.Verwendungszweck, konto.Referenz = offen, g.Forderung.Kassenzeichen, ""
		giro, err := konto.GiroCode()
		if err != nil {
			return err
		}
		k.Bezahlen = &ausfertigung.Bezahlen{GiroCode: giro}
		for _, x := range konto.Zeilen() {
			k.Bezahlen.Angaben = append(k.Bezahlen.Angaben, pdf.Angabe(x))
		}
	}
	return nil
}

// setze writes the letter, sealed if it is to be.
func (z *Zustellung) setze(ctx context.Context, w *bytes.Buffer, k ausfertigung.Kopf, b bescheid.Bescheid) error {
	bericht, err := z.p.Setzer.Write(w, k, b)
	if err != nil || z.o.Siegel == nil {
		return err
	}
	file := bytes.Clone(w.Bytes())
	w.Reset()
	return siegel.Put(ctx, w, file, bericht, z.o.Siegel)
}
