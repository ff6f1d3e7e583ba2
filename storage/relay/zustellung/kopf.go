package zustellung

import (
	"bytes"
	"context"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/pdf"
	"github.com/ozg-fachwerk/fachwerk/bescheid/siegel"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// kopf is the frame of a letter: the authority, how the fee of the Bescheid is paid, for who
// owes it alone, and what the installation adds.
func (z *Zustellung) kopf(ctx context.Context, k ausfertigung.Kopf, s vorgang.Stand, b bescheid.Bescheid) (_ ausfertigung.Kopf, err error) {
	if k.Mandant, k.Einheit, err = z.absender(ctx, s); err != nil {
		return k, err
	}
	k.Nummer = s.Nummer
	if len(s.Aktenzeichen) > 0 {
		k.Aktenzeichen = s.Aktenzeichen[0]
	}
	if s.Zuweisung != nil {
		k.Bearbeiter = s.Zuweisung.Name
	}
	if z.o.Siegel != nil {
		k.Siegelfeld = &pdf.Siegelfeld{Grund: "Siegel der Behörde", Ort: k.Mandant.Anschrift.Ort}
	}
	if z.o.Konto != nil && b.ID != uuid.Nil {
		if err := z.bezahlen(&k, s, b); err != nil {
			return k, err
		}
	}
	if z.o.Kopf == nil {
		return k, nil
	}
	return k, z.o.Kopf(ctx, &k, s, b)
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
		if z.o.Zahlungslink != nil {
			if link := z.o.Zahlungslink(s.Mandant, s.ID, g.ID); link != "" {
				k.Bezahlen.Angaben = append(k.Bezahlen.Angaben, pdf.Angabe{Name: "Online bezahlen", Wert: link})
			}
		}
	}
	return nil
}

// lege stores a letter that was set, sealed if it is to be.
func (z *Zustellung) lege(ctx context.Context, s vorgang.Stand, name string, kennung uuid.UUID, w *bytes.Buffer, bericht pdf.Bericht) (vorgang.Datei, error) {
	if z.o.Siegel != nil {
		file := bytes.Clone(w.Bytes())
		w.Reset()
		if err := siegel.Put(ctx, w, file, bericht, z.o.Siegel); err != nil {
			return vorgang.Datei{}, err
		}
	}
	ref, err := z.p.Blobs.Put(ctx, s.Mandant, w)
	if err != nil {
		return vorgang.Datei{}, err
	}
	return vorgang.Datei{
		Anhang: messaging.Anhang{
			ID: kennung, Name: name + "-" + fileName.Replace(s.Nummer) + ".pdf", MIME: "application/pdf", Groesse: ref.Groesse, SHA512: ref.SHA512,
		},
		Herkunft: "ausfertigung",
	}, nil
}
