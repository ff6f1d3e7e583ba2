package vorgang

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Buchung says what happened to the money of a fee. Schluessel makes it idempotent: the
// same booking again changes nothing, another one under the key is fehler.ErrConflict.
type Buchung struct {
	Gebuehr    uuid.UUID
	Schluessel string
	// Betrag that came in or went out; a Rueckgabe has that of the payment it takes back.
	Betrag zahlung.Betrag
	// Tag of the value; zero is today.
	Tag datum.Datum
	// Eingang is the Schluessel of the payment a Rueckgabe takes back.
	Eingang string
	Grund   string
}

// RecordZahlung books money that came in, in every state of the Forderung.
func (v *Vorgang) RecordZahlung(a tenant.Akteur, now time.Time, b Buchung) error {
	return v.bewege("RecordZahlung", a, now, BefehlZahlungBuchen, b.Gebuehr, func(f zahlung.Forderung, _ *Gebuehr) (zahlung.Forderung, error) {
		return f.Pay(v.angaben(now, b), b.Betrag)
	})
}

// RecordRueckgabe books that a payment was taken back: a returned direct debit, a
// charge-back, an entry the bank cancelled. The Forderung is open again.
func (v *Vorgang) RecordRueckgabe(a tenant.Akteur, now time.Time, b Buchung) error {
	return v.bewege("RecordRueckgabe", a, now, BefehlZahlungZurueckbuchen, b.Gebuehr, func(f zahlung.Forderung, _ *Gebuehr) (zahlung.Forderung, error) {
		return f.Return(v.angaben(now, b), b.Eingang)
	})
}

// RecordRueckzahlung books that a surplus was paid back.
func (v *Vorgang) RecordRueckzahlung(a tenant.Akteur, now time.Time, b Buchung) error {
	return v.bewege("RecordRueckzahlung", a, now, BefehlZahlungErstatten, b.Gebuehr, func(f zahlung.Forderung, _ *Gebuehr) (zahlung.Forderung, error) {
		return f.Refund(v.angaben(now, b), b.Betrag)
	})
}

// DeferFee sets a later day to pay (Stundung). The reason is mandatory.
func (v *Vorgang) DeferFee(a tenant.Akteur, now time.Time, gebuehr uuid.UUID, bis datum.Datum, grund string) error {
	return v.bewege("DeferFee", a, now, BefehlGebuehrStunden, gebuehr, func(f zahlung.Forderung, _ *Gebuehr) (zahlung.Forderung, error) {
		return f.Defer(v.eigene(now, grund), bis)
	})
}

// WaiveFee lowers what is owed (Erlass), by at most all of it; the reason is mandatory.
// Who decided the fee, deputies included, cannot waive it (Vier-Augen): fehler.ErrForbidden.
func (v *Vorgang) WaiveFee(a tenant.Akteur, now time.Time, gebuehr uuid.UUID, betrag zahlung.Betrag, grund string) error {
	return v.bewege("WaiveFee", a, now, BefehlGebuehrErlassen, gebuehr, func(f zahlung.Forderung, g *Gebuehr) (zahlung.Forderung, error) {
		if err := v.zweitePerson("WaiveFee", a, g); err != nil {
			return f, err
		}
		return f.Waive(v.eigene(now, grund), betrag)
	})
}

// WriteOffFee stops the pursuit (Niederschlagung): the debt stays, and money that comes in
// counts. The reason is mandatory, and Vier-Augen holds as for [Vorgang.WaiveFee].
func (v *Vorgang) WriteOffFee(a tenant.Akteur, now time.Time, gebuehr uuid.UUID, grund string) error {
	return v.bewege("WriteOffFee", a, now, BefehlGebuehrNiederschlagen, gebuehr, func(f zahlung.Forderung, g *Gebuehr) (zahlung.Forderung, error) {
		if err := v.zweitePerson("WriteOffFee", a, g); err != nil {
			return f, err
		}
		return f.WriteOff(v.eigene(now, grund))
	})
}

// ResumeFee ends a Niederschlagung. The reason is mandatory.
func (v *Vorgang) ResumeFee(a tenant.Akteur, now time.Time, gebuehr uuid.UUID, grund string) error {
	return v.bewege("ResumeFee", a, now, BefehlGebuehrWiederaufnehmen, gebuehr, func(f zahlung.Forderung, _ *Gebuehr) (zahlung.Forderung, error) {
		return f.Resume(v.eigene(now, grund))
	})
}

// RemindFee reminds of a fee that is past its day, by the next stage of the table, and
// writes to everybody who owes it: the applicant, or addressees of the Bescheid. Before that
// stage is due it is fehler.ErrConflict; a fee that is not demanded, or of whose debtors no
// address is known, is fehler.ErrInvalid.
func (v *Vorgang) RemindFee(a tenant.Akteur, now time.Time, gebuehr uuid.UUID, t zahlung.Mahntabelle) error {
	return v.mahne("RemindFee", a, now, BefehlGebuehrMahnen, gebuehr, t)
}

func (v *Vorgang) mahne(op string, a tenant.Akteur, now time.Time, b Befehl, gebuehr uuid.UUID, t zahlung.Mahntabelle) error {
	var f zahlung.Forderung
	var stufe zahlung.Mahnstufe
	var an []Adressbezug
	err := v.bewege(op, a, now, b, gebuehr, func(x zahlung.Forderung, g *Gebuehr) (_ zahlung.Forderung, err error) {
		if err := v.verlangt(op, g); err != nil {
			return x, err
		}
		if an = v.s.erreichbar(g); len(an) == 0 {
			return x, v.fail(op, fehler.ErrInvalid, problem("gebuehr.schuldner-anschrift", "/gebuehren/"+g.ID.String(), "no address of the debtor is known",
				"Von der Person, die diese Gebühr schuldet, ist keine Anschrift bekannt. Bitte ermitteln und von Hand schreiben."))
		}
		n, _ := t.Next(x, v.heute(now))
		stufe = n.Stufe
		f, err = x.Remind(v.eigene(now, ""), t)
		return f, err
	})
	if err != nil {
		return err
	}
	x, m := f.Stand(v.heute(now)), f.Bewegungen[len(f.Bewegungen)-1]
	betreff, text := mahnbrief(stufe, zahlung.Mahnangaben{Betrag: x.Offen, Bis: m.Bis, Kassenzeichen: f.Kassenzeichen, Gebuehr: m.Betrag, Quelle: m.Quelle, Vorgang: v.s.Nummer, Link: v.zahlungslink(gebuehr)})
	for _, x := range an {
		n := messaging.Nachricht{Art: messaging.Mitteilung, Betreff: betreff, Text: text, Antwort: messaging.AntwortMoeglich}
		if x != (Adressbezug{}) {
			n.Antwort = messaging.AntwortNein // an answer would come into a case that is another's
		}
		if _, err := v.sendTo(a, now, n, x); err != nil {
			return err
		}
	}
	return nil
}

// zahlungslink is where whoever owes the fee sees what is to be paid; empty if there is no such page.
func (v *Vorgang) zahlungslink(gebuehr uuid.UUID) string {
	if v.k.Zahlungslink == nil {
		return ""
	}
	return v.k.Zahlungslink(v.s.Mandant, v.s.ID, gebuehr)
}

// mahnbrief is the text of the stage, or what the library says in its place.
func mahnbrief(s zahlung.Mahnstufe, a zahlung.Mahnangaben) (betreff, text string) {
	betreff, text = s.Betreff, s.Text
	if betreff == "" {
		betreff = "Mahnung zum Vorgang {vorgang}"
	}
	if text == "" {
		text = "Ihre Zahlung ist noch nicht bei uns eingegangen. Bitte bezahlen Sie {betrag} bis zum {bis}. Geben Sie dabei das Kassenzeichen {kassenzeichen} an."
		if a.Gebuehr > 0 {
			text += "\n\nDarin ist eine Mahngebühr von {gebuehr} enthalten ({quelle})."
		}
		if a.Link != "" {
			text += "\n\nHier können Sie online bezahlen: {link}"
		}
		text += "\n\nWenn Sie in den letzten Tagen bezahlt haben, müssen Sie nichts tun."
	}
	return zahlung.Fuelle(betreff, a), zahlung.Fuelle(text, a)
}

// OrderPayment begins a payment of what is open at a payment service and gives its id;
// the relay places it, and then [Stand] and citizen know the pay page. rueckkehr is where
// that page sends the payer afterwards. While one is begun and not decided, its id is given
// and no second one is begun. A fee that is not demanded is fehler.ErrInvalid, and so is one
// of others if the applicant asks. Others who owe it act through the page that
// [Stand.Zahlungsseite] feeds; the page gives the command as a machine of the authority.
func (v *Vorgang) OrderPayment(a tenant.Akteur, now time.Time, gebuehr uuid.UUID, rueckkehr string) (string, error) {
	const op = "OrderPayment"
	g, err := v.gebuehr(op, a, now, BefehlZahlungVeranlassen, gebuehr)
	if err != nil {
		return "", err
	}
	if err := v.verlangt(op, g); err != nil {
		return "", err
	}
	if a.Art == tenant.Buerger && !v.s.vomAntragsteller(g) {
		return "", v.fail(op, fehler.ErrInvalid, problem("gebuehr.anderer-schuldner", "/gebuehren/"+g.ID.String(), "is not owed by the applicant",
			"Diese Gebühr müssen nicht Sie bezahlen."))
	}
	for _, z := range g.Zahlungen {
		if !z.Zustand.Final() {
			return z.ID, nil
		}
	}
	if len(g.Zahlungen) >= MaxOnlinezahlungen {
		return "", v.fail(op, fehler.ErrInvalid, problem("gebuehr.zu-viele-zahlungen", "/zahlungen", "too many", "Es wurde zu oft versucht, online zu bezahlen. Bitte überweisen Sie den Betrag."))
	}
	x, err := v.s.forderung(g).Auftrag(v.k.NewID().String(), rueckkehr, v.heute(now))
	if err != nil {
		return "", err
	}
	err = v.record(a, now, &ZahlungVeranlasst{Gebuehr: g.ID, Zahlung: Onlinezahlung{Angeordnet: v.zeitpunkt(now), Zahlung: zahlung.Zahlung{
		ID: x.ID, Betrag: x.Betrag, Waehrung: x.Waehrung, Zustand: zahlung.Initial, Zeit: v.zeitpunkt(now),
	}}})
	if err != nil {
		return "", err
	}
	return x.ID, v.order(now, ZahlungStarten, now, ZahlungDaten{Gebuehr: g.ID, Zahlung: x.ID, Auftrag: x})
}

// How long and how often a payment service is asked.
const (
	fragenMin  = time.Minute
	fragenMax  = 24 * time.Hour
	fragenEnde = 30 * 24 * time.Hour
)

// RecordPayment reports what a payment service says about a payment that was begun, and
// books what is newly paid, once. The same report again changes nothing; one that is
// older than the end of the payment is left out. weiter orders the next question while the
// payment is not decided: after a minute, then each time after twice as long, at most a
// day, and not after 30 days.
func (v *Vorgang) RecordPayment(a tenant.Akteur, now time.Time, gebuehr uuid.UUID, z zahlung.Zahlung, weiter bool) error {
	const op = "RecordPayment"
	g, err := v.gebuehr(op, a, now, BefehlMelden, gebuehr)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(g.Zahlungen, func(x Onlinezahlung) bool { return x.ID == z.ID })
	if i < 0 {
		return fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrNotFound, nil)
	}
	war := g.Zahlungen[i]
	if war.Betrag != z.Betrag || war.Waehrung != z.Waehrung || (war.Weg != "" && war.Weg != z.Weg) {
		return v.fail(op, fehler.ErrConflict, problem("zahlung.andere", "/zahlung", "another amount, currency or service", "Der Bezahldienst meldet eine andere Zahlung."))
	}
	z.Zeit = mikro(z.Zeit)
	alt := war.Zahlung
	alt.Zeit = z.Zeit
	if alt != z && (!war.Zustand.Final() || z.Zustand.Final()) {
		if err := v.record(a, now, &ZahlungGemeldet{Gebuehr: g.ID, Zahlung: z}); err != nil {
			return err
		}
	}
	if z.Bezahlt > 0 {
		f := v.s.forderung(g)
		neu, err := f.Settle(z, v.zeitpunkt(now))
		if err != nil {
			return err
		}
		if err := v.bewegung(a, now, BefehlMelden, g.ID, f, neu); err != nil {
			return err
		}
	}
	seit := v.zeitpunkt(now).Sub(war.Angeordnet)
	if !weiter || z.Zustand.Final() || war.Zustand.Final() || seit > fragenEnde {
		return nil
	}
	return v.order(now, ZahlungAbfragen, v.zeitpunkt(now).Add(min(max(seit, fragenMin), fragenMax)), ZahlungDaten{Gebuehr: g.ID, Zahlung: z.ID})
}

func (v *Vorgang) angaben(now time.Time, b Buchung) zahlung.Angaben {
	tag := b.Tag
	if tag.IsZero() {
		tag = v.heute(now)
	}
	return zahlung.Angaben{Schluessel: b.Schluessel, Zeit: v.zeitpunkt(now), Tag: tag, Grund: b.Grund}
}

// eigene are the Angaben of a step of the house, which nobody gives twice under one key.
func (v *Vorgang) eigene(now time.Time, grund string) zahlung.Angaben {
	return zahlung.Angaben{Schluessel: fmt.Sprintf("eintrag:%d", v.s.Journal.Seq+1), Zeit: v.zeitpunkt(now), Tag: v.heute(now), Grund: grund}
}

func (v *Vorgang) zweitePerson(op string, a tenant.Akteur, g *Gebuehr) error {
	if slices.ContainsFunc(a.Augen(), func(x string) bool { return slices.Contains(g.Augen, x) }) {
		return v.fail(op, fehler.ErrForbidden, problem("gebuehr.vier-augen", "/gebuehren/"+g.ID.String(), "who decided the fee cannot let go of it",
			"Vier-Augen-Prinzip: Wer die Gebühr festgesetzt hat, darf sie nicht erlassen oder niederschlagen."))
	}
	return nil
}

func (v *Vorgang) verlangt(op string, g *Gebuehr) error {
	if v.s.eingefordert(g) {
		return nil
	}
	return v.fail(op, fehler.ErrInvalid, problem("gebuehr.nicht-bekanntgegeben", "/gebuehren/"+g.ID.String(), "the Bescheid is not on its way",
		"Der Bescheid zu dieser Gebühr ist noch nicht bekanntgegeben."))
}

func (v *Vorgang) gebuehr(op string, a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID) (*Gebuehr, error) {
	if err := v.check(op, a, now, b); err != nil {
		return nil, err
	}
	g := finde(v.s.Gebuehren, id)
	if g == nil {
		return nil, v.fail(op, fehler.ErrNotFound, problem("gebuehr.unbekannt", "/gebuehren", "there is none", "Diese Gebühr gibt es im Vorgang nicht."))
	}
	return g, nil
}

// bewege applies a command of the Forderung and records what it appended.
func (v *Vorgang) bewege(op string, a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID, befehl func(zahlung.Forderung, *Gebuehr) (zahlung.Forderung, error)) error {
	g, err := v.gebuehr(op, a, now, b, id)
	if err != nil {
		return err
	}
	f := v.s.forderung(g)
	neu, err := befehl(f, g)
	if err != nil {
		return err
	}
	return v.bewegung(a, now, b, id, f, neu)
}

func (v *Vorgang) bewegung(a tenant.Akteur, now time.Time, b Befehl, id uuid.UUID, war, ist zahlung.Forderung) error {
	if len(ist.Bewegungen) == len(war.Bewegungen) {
		return nil // was done before
	}
	x := Forderungsbewegung{Befehl: b, Gebuehr: id, Bewegung: ist.Bewegungen[len(ist.Bewegungen)-1]}
	return v.record(a, now, map[zahlung.Art]daten{
		zahlung.Eingang: &ZahlungEingegangen{x}, zahlung.Rueckgabe: &ZahlungZurueckgegeben{x}, zahlung.Erstattung: &ZahlungErstattet{x},
		zahlung.Mahnung: &GebuehrGemahnt{x}, zahlung.Stundung: &GebuehrGestundet{x}, zahlung.Erlass: &GebuehrErlassen{x},
		zahlung.Niederschlagung: &GebuehrNiedergeschlagen{x}, zahlung.Wiederaufnahme: &GebuehrWiederaufgenommen{x},
	}[x.Bewegung.Art])
}
