package vorgang

import (
	"maps"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
)

// Forderungsbewegung is what happened to the Forderung of a fee.
type Forderungsbewegung struct {
	Befehl   Befehl           `json:"befehl"`
	Gebuehr  uuid.UUID        `json:"gebuehr"`
	Bewegung zahlung.Bewegung `json:"bewegung"`
}

// The entries of money.
type (
	// ZahlungEingegangen: money came in (zahlung.eingegangen).
	ZahlungEingegangen struct{ Forderungsbewegung }
	// ZahlungZurueckgegeben: a payment was taken back (zahlung.zurueckgegeben).
	ZahlungZurueckgegeben struct{ Forderungsbewegung }
	// ZahlungErstattet: a surplus was paid back (zahlung.erstattet).
	ZahlungErstattet struct{ Forderungsbewegung }
	// GebuehrGestundet: to be paid later (gebuehr.gestundet).
	GebuehrGestundet struct{ Forderungsbewegung }
	// GebuehrErlassen: less or nothing is owed (gebuehr.erlassen).
	GebuehrErlassen struct{ Forderungsbewegung }
	// GebuehrNiedergeschlagen: not pursued (gebuehr.niedergeschlagen).
	GebuehrNiedergeschlagen struct{ Forderungsbewegung }
	// GebuehrWiederaufgenommen: pursued again (gebuehr.wiederaufgenommen).
	GebuehrWiederaufgenommen struct{ Forderungsbewegung }
	// GebuehrGemahnt: a reminder; its letter is a Geschrieben of the same command (gebuehr.gemahnt).
	GebuehrGemahnt struct{ Forderungsbewegung }
	// ZahlungVeranlasst: a payment at a service was begun (zahlung.veranlasst).
	ZahlungVeranlasst struct {
		Gebuehr uuid.UUID     `json:"gebuehr"`
		Zahlung Onlinezahlung `json:"zahlung"`
	}
	// ZahlungGemeldet is what the service says about it (zahlung.gemeldet).
	ZahlungGemeldet struct {
		Gebuehr uuid.UUID       `json:"gebuehr"`
		Zahlung zahlung.Zahlung `json:"zahlung"`
	}
)

func (*ZahlungEingegangen) code() Code       { return "zahlung.eingegangen" }
func (*ZahlungZurueckgegeben) code() Code    { return "zahlung.zurueckgegeben" }
func (*ZahlungErstattet) code() Code         { return "zahlung.erstattet" }
func (*GebuehrGestundet) code() Code         { return "gebuehr.gestundet" }
func (*GebuehrErlassen) code() Code          { return "gebuehr.erlassen" }
func (*GebuehrNiedergeschlagen) code() Code  { return "gebuehr.niedergeschlagen" }
func (*GebuehrWiederaufgenommen) code() Code { return "gebuehr.wiederaufgenommen" }
func (*GebuehrGemahnt) code() Code           { return "gebuehr.gemahnt" }
func (*ZahlungVeranlasst) code() Code        { return "zahlung.veranlasst" }
func (*ZahlungGemeldet) code() Code          { return "zahlung.gemeldet" }

func (d *Forderungsbewegung) apply(s *Stand, _ *Ereignis) {
	if g := finde(s.Gebuehren, d.Gebuehr); g != nil {
		b := d.Bewegung
		b.Buchung = maps.Clone(b.Buchung)
		g.Forderung.Bewegungen = append(g.Forderung.Bewegungen, b)
	}
}

func (d *ZahlungVeranlasst) apply(s *Stand, _ *Ereignis) {
	if g := finde(s.Gebuehren, d.Gebuehr); g != nil {
		g.Zahlungen = append(g.Zahlungen, d.Zahlung)
	}
}

func (d *ZahlungGemeldet) apply(s *Stand, _ *Ereignis) {
	g := finde(s.Gebuehren, d.Gebuehr)
	if g == nil {
		return
	}
	for i := range g.Zahlungen {
		if g.Zahlungen[i].ID == d.Zahlung.ID {
			g.Zahlungen[i].Zahlung = d.Zahlung
		}
	}
}

func (d *Forderungsbewegung) gegenstand() string { return "gebuehr/" + d.Gebuehr.String() }
func (d *ZahlungVeranlasst) gegenstand() string  { return "gebuehr/" + d.Gebuehr.String() }
func (d *ZahlungGemeldet) gegenstand() string    { return "gebuehr/" + d.Gebuehr.String() }

func (d *Forderungsbewegung) umkehren() (Befehl, daten) { return d.Befehl, nil }
func (*ZahlungVeranlasst) umkehren() (Befehl, daten)    { return BefehlZahlungVeranlassen, nil }
func (*ZahlungGemeldet) umkehren() (Befehl, daten)      { return BefehlMelden, nil }

// text is what [Ereignis.Text] adds to the name of the entry.
func (d *Forderungsbewegung) text() string {
	b, t := d.Bewegung, ""
	if b.Betrag > 0 && b.Art != zahlung.Mahnung {
		t = ": " + b.Betrag.Deutsch()
	}
	if b.Art == zahlung.Eingang || b.Art == zahlung.Rueckgabe || b.Art == zahlung.Erstattung {
		t += " am " + b.Tag.Deutsch()
	}
	if !b.Bis.IsZero() {
		t += ", zu zahlen bis " + b.Bis.Deutsch()
	}
	return t
}

func (d *GebuehrFestgesetzt) text() string { return ": " + d.Ergebnis.Summe.Deutsch() }
func (d *ZahlungVeranlasst) text() string  { return ": " + d.Zahlung.Betrag.Deutsch() }

func (d *ZahlungGemeldet) text() string {
	return ": " + map[zahlung.Zustand]string{
		zahlung.Initial: "begonnen", zahlung.Gebucht: "bezahlt", zahlung.Teilbezahlt: "teilweise bezahlt", zahlung.Fehlgeschlagen: "fehlgeschlagen",
		zahlung.Abgebrochen: "abgebrochen", zahlung.Erstattet: "erstattet", zahlung.Unbekannt: "unbekannter Zustand",
	}[d.Zahlung.Zustand]
}
