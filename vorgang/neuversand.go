package vorgang

import (
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Neuversand orders another way for a Bescheid.
type Neuversand struct {
	Bescheid uuid.UUID
	Adressat uuid.UUID
	// Kanal by name; empty is the next one that has not failed.
	Kanal string
	Grund string
}

// Redeliver orders the Bescheid once more to an addressee it did not reach, or of whom
// it waits for a proof or a retrieval. One that is on its way or arrived is
// fehler.ErrInvalid: what is known against it is recorded first.
func (v *Vorgang) Redeliver(a tenant.Akteur, now time.Time, n Neuversand) error {
	const op = "Redeliver"
	if err := v.check(op, a, now, BefehlZustellungVeranlassen); err != nil {
		return err
	}
	if err := v.needText(op, "/grund", n.Grund, "Bitte angeben, warum noch einmal zugestellt wird."); err != nil {
		return err
	}
	b, err := v.ausgefertigt(op, n.Bescheid, n.Adressat)
	if err != nil {
		return err
	}
	if z := b.Massgeblich(n.Adressat); z != nil && z.Zustand != bescheid.ZustellungGescheitert && z.Zustand != bescheid.ZustellungOffen {
		return v.fail(op, fehler.ErrInvalid, problem("zustellung.unterwegs", "/zustellungen/"+z.ID.String(), "did not fail",
			"Der Bescheid ist unterwegs oder angekommen. Bitte zuerst eintragen, was dagegen spricht."))
	}
	d := BescheidDaten{Bescheid: n.Bescheid, Adressat: n.Adressat, Kanal: n.Kanal, Erneut: true}
	if n.Kanal == "" {
		d.Ausser = gescheitert(b, n.Adressat)
	}
	if err := v.record(a, now, &ZustellungVeranlasst{Bescheid: n.Bescheid, Adressat: n.Adressat, Kanal: n.Kanal, Grund: n.Grund}); err != nil {
		return err
	}
	return v.order(now, BescheidSenden, now, d)
}

// Eigenzustellung is a way no Kanal takes: a Postzustellungsurkunde, a hand-over.
type Eigenzustellung struct {
	Bescheid uuid.UUID
	Adressat uuid.UUID
	Weg      frist.Kanal
	Tag      datum.Datum // on its way; not in the future
	Zugang   datum.Datum // zero while the proof is not in
	Datei    uuid.UUID   // the proof
	Text     string
	// Land and ARS of the authority.
	Land tenant.Land
	ARS  tenant.ARS
}

// RecordZustellung records that a person brought the Bescheid on its way, and gives the
// id of the attempt. A way that counts from receipt waits for [Vorgang.RecordNachweis].
func (v *Vorgang) RecordZustellung(a tenant.Akteur, now time.Time, e Eigenzustellung) (uuid.UUID, error) {
	const op = "RecordZustellung"
	if err := v.check(op, a, now, BefehlZustellungEintragen); err != nil {
		return uuid.Nil, err
	}
	b, err := v.ausgefertigt(op, e.Bescheid, e.Adressat)
	if err != nil {
		return uuid.Nil, err
	}
	var dokument uuid.UUID
	switch d := b.Ausfertigung(e.Adressat); {
	case d != nil:
		dokument = d.ID
	case len(b.Ausfertigungen) > 0: // of others; from before there was one for each, it is not known what went out
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("bescheid.ohne-dokument", "/bescheide/"+b.ID.String(), "there is no Ausfertigung for the addressee yet",
			"Der Bescheid ist für diese Person noch nicht ausgefertigt."))
	}
	if err := v.hatDatei(op, e.Datei); err != nil {
		return uuid.Nil, err
	}
	if err := v.maxText(op, "/text", e.Text); err != nil {
		return uuid.Nil, err
	}
	switch heute := v.heute(now); {
	case e.Tag.IsZero() || e.Tag.Nach(heute) || e.Zugang.Nach(heute):
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("zustellung.zukunft", "/tag", "is missing or lies in the future", "Der Tag fehlt oder liegt in der Zukunft."))
	case !e.Zugang.IsZero() && e.Zugang.Vor(e.Tag):
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("zustellung.reihenfolge", "/zugang", "receipt before dispatch", "Der Zugang liegt vor der Absendung."))
	case len(b.Zustellungen) >= MaxZustellungen:
		return uuid.Nil, v.fail(op, fehler.ErrInvalid, problem("zustellung.zu-viele", "/zustellungen", "too many", "Zu diesem Bescheid gibt es zu viele Zustellungen."))
	}
	z, err := bescheid.NewZustellung(v.rechner(), bescheid.ZustellungParams{
		ID: v.k.NewID(), Adressat: e.Adressat, Dokument: dokument, Inhalt: b.Inhalt, Land: e.Land, ARS: e.ARS, Weg: e.Weg, Tag: e.Tag, Zugang: e.Zugang,
	})
	if err != nil {
		return uuid.Nil, fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, err)
	}
	if !e.Zugang.IsZero() || e.Datei != uuid.Nil || e.Text != "" {
		n := bescheid.Nachweis{Art: bescheid.NachweisAufgabe, Tag: e.Tag, Datei: e.Datei, Text: e.Text, Von: a.ID, Zeit: v.zeitpunkt(now)}
		if !e.Zugang.IsZero() {
			n.Art, n.Tag = bescheid.NachweisZugang, e.Zugang
		}
		z.Nachweise = []bescheid.Nachweis{n}
	}
	return z.ID, v.setzeZustellung(a, now, b.ID, AnlassEingetragen, &z)
}
