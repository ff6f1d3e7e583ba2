package vorgang

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Schluss says how to close.
type Schluss struct {
	Grund Abschlussgrund
	// Abgeben orders the filing into the E-Akte.
	Abgeben bool
	// Forderung says why it is closed although a fee is not paid or a surplus not paid
	// back, such as that the cash office goes on alone.
	Forderung string
}

// Close ends the work: the zdA-Verfügung (T8, T9). With ground "beschieden" the
// Bescheid must be bekanntgegeben. What is open refuses it: a Rueckfrage, a
// Stellungnahme, an Aussetzung, a fee unless Schluss.Forderung says why. With ground "antragsruecknahme" they end instead.
func (v *Vorgang) Close(a tenant.Akteur, now time.Time, s Schluss) error {
	if err := v.check("Close", a, now, BefehlAbschliessen); err != nil {
		return err
	}
	if err := v.maxText("Close", "/forderung", s.Forderung); err != nil {
		return err
	}
	p, offen := v.hindernisse(s.Grund), v.s.forderungOffen("abschluss.forderung-offen")
	if strings.TrimSpace(s.Forderung) == "" {
		p = append(p, offen...)
	}
	if len(p) > 0 {
		return v.fail("Close", fehler.ErrInvalid, p...)
	}
	if len(offen) == 0 {
		s.Forderung = "" // there is nothing to give a reason for
	}
	if s.Grund == GrundRuecknahme {
		if err := v.endeOffenes(a, now, "Antrag zurückgenommen"); err != nil {
			return err
		}
	}
	if v.s.Zuweisung != nil {
		if err := v.assign(a, now, BefehlAbschliessen, nil); err != nil {
			return err
		}
	}
	if err := v.record(a, now, &AbschlussVermerkt{Grund: s.Grund, Forderung: s.Forderung}); err != nil {
		return err
	}
	if err := v.setStatus(a, now, BefehlAbschliessen, Abgeschlossen, string(s.Grund)); err != nil {
		return err
	}
	if s.Abgeben {
		return v.order(now, AkteAbgeben, now, AbgebenDaten{ProzessID: v.k.NewID(), Bis: v.s.Journal.Seq})
	}
	return nil
}

func (v *Vorgang) hindernisse(g Abschlussgrund) []fehler.Problem {
	var p []fehler.Problem
	switch g {
	case GrundBeschieden:
		b := v.s.letzterFreigegebener()
		if b == nil || v.s.Status != Beschieden {
			p = append(p, problem("abschluss.kein-bescheid", "/bescheide", "there is no released Bescheid", "Es gibt keinen freigegebenen Bescheid."))
		} else if z := b.Zustand; z != bescheid.Bekanntgegeben && z != bescheid.Bestandskraeftig {
			p = append(p, problem("abschluss.nicht-bekanntgegeben", "/bescheide", "the Bescheid is not announced yet", "Der Bescheid ist noch nicht bekanntgegeben."))
		}
	case GrundRuecknahme, GrundErledigung, GrundAnzeige, GrundFiktion:
		if v.s.Status != Angenommen && v.s.Status != InBearbeitung {
			p = append(p, problem("abschluss.grund", "/grund", "this ground fits only angenommen and in_bearbeitung", "Dieser Abschlussgrund passt nicht zum Status."))
		}
	case GrundWeitergeleitet:
		if v.s.Status == Beschieden {
			p = append(p, problem("abschluss.grund", "/grund", "a decided Vorgang is not forwarded", "Ein beschiedener Vorgang wird nicht weitergeleitet."))
		}
	default:
		p = append(p, problem("abschluss.grund", "/grund", "unknown ground", "Bitte den Grund des Abschlusses angeben."))
	}
	if g == GrundFiktion && v.s.Fiktion == nil {
		p = append(p, problem("abschluss.keine-fiktion", "/fiktion", "no Genehmigungsfiktion is stated", "Eine Genehmigungsfiktion ist nicht festgestellt."))
	}
	if g == GrundRuecknahme {
		return p
	}
	p = append(p, v.ruht()...)
	if slices.ContainsFunc(v.s.Stellungnahmen, func(x Stellungnahme) bool { return x.Zustand.Offen() }) {
		p = append(p, problem("abschluss.stellungnahme-offen", "/stellungnahmen", "a Stellungnahme is open", "Eine Stellungnahme ist noch offen."))
	}
	if v.s.OffenerRechtsbehelf() {
		p = append(p, problem("abschluss.rechtsbehelf-offen", "/rechtsbehelfe", "a Rechtsbehelf is open", "Über einen Rechtsbehelf ist noch nicht entschieden."))
	}
	if v.s.WartetAufBuerger() {
		p = append(p, problem("abschluss.rueckfrage-offen", "/rueckfragen", "a Rueckfrage is open", "Eine Rückfrage ist noch offen."))
	}
	return p
}

// Wiedereroeffnungsgrund says why a closed Vorgang goes back to work.
type Wiedereroeffnungsgrund string

// The grounds (T10).
const (
	WegenWiderspruch      Wiedereroeffnungsgrund = "widerspruch"         // Abhilfe, § 72 VwGO
	WegenGericht          Wiedereroeffnungsgrund = "gericht"             // order of a court
	WegenWiederaufgreifen Wiedereroeffnungsgrund = "wiederaufgreifen"    // § 51 VwVfG
	WegenAufhebung        Wiedereroeffnungsgrund = "ruecknahme_widerruf" // §§ 48, 49 VwVfG
	WegenIrrtum           Wiedereroeffnungsgrund = "irrtum"
)

// Reopen takes a closed Vorgang back to work (T10). The ground is one of the list, the
// text says it for people and is mandatory. A filed Vorgang may be reopened; the next
// filing is a new process, and retention begins anew with the next closing. One that was
// handed on is not reopened: who has it now hands it back (fehler.ErrInvalid).
func (v *Vorgang) Reopen(a tenant.Akteur, now time.Time, grund Wiedereroeffnungsgrund, text string) error {
	const op = "Reopen"
	if err := v.check(op, a, now, BefehlWiedereroeffnen); err != nil {
		return err
	}
	if err := v.needText(op, "/text", text, "Bitte die Wiedereröffnung begründen."); err != nil {
		return err
	}
	if !slices.Contains([]Wiedereroeffnungsgrund{WegenWiderspruch, WegenGericht, WegenWiederaufgreifen, WegenAufhebung, WegenIrrtum}, grund) {
		return v.fail(op, fehler.ErrInvalid, problem("wiedereroeffnung.grund", "/grund", "unknown ground", "Bitte den Grund der Wiedereröffnung wählen."))
	}
	if v.s.Abschluss != nil && v.s.Abschluss.Grund == GrundWeitergeleitet {
		return v.fail(op, fehler.ErrInvalid, problem("wiedereroeffnung.weitergeleitet", "/abschluss", "was handed on",
			"Der Vorgang wurde weitergeleitet. Die Behörde, die ihn jetzt führt, kann ihn zurückgeben."))
	}
	if err := v.record(a, now, &StatusGesetzt{
		Befehl: BefehlWiedereroeffnen, Von: v.s.Status, Nach: InBearbeitung, Grund: string(grund), Text: text, VonSeit: v.s.StatusSeit,
	}); err != nil {
		return err
	}
	return v.orderWieder(now)
}

// RecordDelivery reports what a Kanal said about a Nachricht. The same Quittung
// again changes nothing, nor does a late one that tells less than is known of its Sendung. If the Nachricht carried a Bescheid, the first retrieval and a
// failure are a Nachweis for its Zustellung, see [Vorgang.RecordNachweis].
func (v *Vorgang) RecordDelivery(a tenant.Akteur, now time.Time, nachricht uuid.UUID, q messaging.Quittung, gruende string) error {
	if err := v.check("RecordDelivery", a, now, BefehlMelden); err != nil {
		return err
	}
	n := v.s.nachricht(nachricht)
	if n == nil {
		return fehler.New("vorgang.RecordDelivery", nachricht.String(), fehler.ErrNotFound, nil)
	}
	if slices.ContainsFunc(n.Quittungen, func(o messaging.Quittung) bool { return o.Sendung == q.Sendung && o.Zustand.Rang() >= q.Zustand.Rang() }) {
		return nil
	}
	q.Zeit = mikro(q.Zeit)
	if err := v.record(a, now, &Zugestellt{Nachricht: nachricht, Quittung: q, Gruende: gruende}); err != nil {
		return err
	}
	return v.quittungBescheid(a, now, nachricht, q)
}

// RecordQuittung reports that the sender heard that the submission is durable.
// The proofs become files of the Vorgang. A second report changes nothing.
func (v *Vorgang) RecordQuittung(a tenant.Akteur, now time.Time, kanal string, belege ...Datei) error {
	if err := v.check("RecordQuittung", a, now, BefehlMelden); err != nil {
		return err
	}
	if !v.s.EingangQuittiert.IsZero() {
		return nil
	}
	d := &Quittiert{Kanal: kanal}
	for _, b := range belege {
		b.Zweck, b.Hinzugefuegt = ZweckNachweis, mikro(now)
		d.Dateien = append(d.Dateien, b)
	}
	return v.record(a, now, d)
}

// RecordFailure reports that an Auftrag was given up and parked.
func (v *Vorgang) RecordFailure(a tenant.Akteur, now time.Time, auftrag uuid.UUID, art AuftragArt, grund string) error {
	if err := v.check("RecordFailure", a, now, BefehlMelden); err != nil {
		return err
	}
	return v.record(a, now, &Fehlgeschlagen{Auftrag: auftrag, Art: art, Grund: grund})
}

// GiveUp decides that a parked Auftrag will never be performed: the Leitung takes
// on itself that the letter is not sent or the package not filed. The reason is
// mandatory. Storage closes the Auftrag in the same transaction.
func (v *Vorgang) GiveUp(a tenant.Akteur, now time.Time, auftrag uuid.UUID, art AuftragArt, grund string) error {
	if err := v.check("GiveUp", a, now, BefehlAufgeben); err != nil {
		return err
	}
	if err := v.needText("GiveUp", "/grund", grund, "Bitte den Grund angeben, warum der Auftrag aufgegeben wird."); err != nil {
		return err
	}
	return v.record(a, now, &AuftragAufgegeben{Auftrag: auftrag, Art: art, Grund: grund})
}

// RecordAbgabe reports that the package was handed to the DMS, also when the
// Vorgang was reopened meanwhile: what left the house is in the journal.
func (v *Vorgang) RecordAbgabe(a tenant.Akteur, now time.Time, prozessID uuid.UUID, ziel string) error {
	if err := v.check("RecordAbgabe", a, now, BefehlMelden); err != nil {
		return err
	}
	if v.s.Abgabe != nil && v.s.Abgabe.ProzessID == prozessID {
		return nil
	}
	return v.record(a, now, &AbgabeGemeldet{ProzessID: prozessID, Ziel: ziel})
}

// AbgabeAntwort is what the DMS answered.
type AbgabeAntwort struct {
	ProzessID uuid.UUID
	Zustand   AbgabeZustand
	Meldungen []string
	// Kennungen are file references the DMS gave; they become Aktenzeichen.
	Kennungen []string
}

// RecordAbgabeAntwort reports an answer of the DMS. An answer to another process
// is fehler.ErrNotFound. A late "empfangen" after "archiviert" changes nothing.
func (v *Vorgang) RecordAbgabeAntwort(a tenant.Akteur, now time.Time, w AbgabeAntwort) error {
	if err := v.check("RecordAbgabeAntwort", a, now, BefehlMelden); err != nil {
		return err
	}
	if v.s.Abgabe == nil || v.s.Abgabe.ProzessID != w.ProzessID {
		return fehler.New("vorgang.RecordAbgabeAntwort", w.ProzessID.String(), fehler.ErrNotFound, nil)
	}
	if ist := v.s.Abgabe.Zustand; ist == w.Zustand || ist == Archiviert ||
		(w.Zustand == AbgabeEmpfangen && ist != AbgabeGesendet) {
		return nil
	}
	switch w.Zustand {
	case AbgabeEmpfangen, AbgabeTeilweise, AbgabeAbgelehnt, Archiviert:
	default:
		return v.fail("RecordAbgabeAntwort", fehler.ErrInvalid, problem("abgabe.zustand", "/zustand",
			"unknown answer "+string(w.Zustand), "Die Antwort des DMS ist unbekannt."))
	}
	return v.record(a, now, &AbgabeBeantwortet{ProzessID: w.ProzessID, Zustand: w.Zustand, Meldungen: w.Meldungen, Kennungen: w.Kennungen})
}

// FileAgain orders the filing once more, as a new process: after a refusal, a
// partial import or a reopening.
func (v *Vorgang) FileAgain(a tenant.Akteur, now time.Time) error {
	if err := v.checkAkteur("FileAgain", a, now, regel(BefehlAbschliessen)); err != nil {
		return err
	}
	if v.s.Status != Abgeschlossen {
		return v.fail("FileAgain", fehler.ErrInvalid, problem("abgabe.nicht-abgeschlossen", "/status",
			"only a closed Vorgang is filed", "Nur ein abgeschlossener Vorgang wird veraktet."))
	}
	id := v.k.NewID()
	if err := v.record(a, now, &AbgabeAngeordnet{ProzessID: id}); err != nil {
		return err
	}
	return v.order(now, AkteAbgeben, now, AbgebenDaten{ProzessID: id, Bis: v.s.Journal.Seq})
}
