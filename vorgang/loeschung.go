package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// KarenzTage is how long a requested deletion waits if the request says nothing else.
const KarenzTage = 7

// LoeschSperre forbids the deletion: a law suit, an audit, an objection.
type LoeschSperre struct {
	ID    uuid.UUID `json:"id"`
	Grund string    `json:"grund"`
	Von   string    `json:"von"` // Akteur.ID
	Seit  time.Time `json:"seit"`
	// Aufgehoben is when it ended; zero while it holds.
	Aufgehoben time.Time `json:"aufgehoben,omitzero"`
}

func (s *LoeschSperre) kennung() uuid.UUID { return s.ID }

// Archivstand says what the archive made of the Vorgang.
type Archivstand string

// The states; without one of them nothing is deleted.
const (
	NichtAnzubieten  Archivstand = "nicht_anzubieten"    // the archive waived the offer
	Archivuebernahme Archivstand = "uebernommen"         // the archive has it (A)
	Kassation        Archivstand = "nicht_archivwuerdig" // the archive does not want it (V)
)

// Loeschantrag is the request to delete a Vorgang for ever.
type Loeschantrag struct {
	Grund string `json:"grund"`
	// AufbewahrungBis is the last day it must be kept, by Regel.
	AufbewahrungBis datum.Datum `json:"aufbewahrungBis"`
	Regel           string      `json:"regel"`
	Archiv          Archivstand `json:"archiv"`
	// Augen that cannot confirm it: who asked, and whom that person stands in for.
	Augen []string  `json:"augen"`
	Zeit  time.Time `json:"zeit"`
	// Ab is the first instant at which it can be confirmed.
	Ab time.Time `json:"ab"`
	// Status to which the Vorgang returns if the request is withdrawn.
	Status Status `json:"status"`
}

func (l *Loeschantrag) clone() *Loeschantrag {
	l = kopie(l)
	if l != nil {
		l.Augen = slices.Clone(l.Augen)
	}
	return l
}

// LoeschNachweis is what remains of a deleted Vorgang beside its numbers.
type LoeschNachweis struct {
	Regel           string      `json:"regel"`
	AufbewahrungBis datum.Datum `json:"aufbewahrungBis"`
	Archiv          Archivstand `json:"archiv"`
	BeantragtVon    string      `json:"beantragtVon"`
	BestaetigtVon   string      `json:"bestaetigtVon"`
	Zeit            time.Time   `json:"zeit"`
	// What was deleted: entries of the journal, files, letters.
	Eintraege   int64 `json:"eintraege"`
	Dateien     int   `json:"dateien"`
	Nachrichten int   `json:"nachrichten"`
}

// Loeschung asks for a deletion.
type Loeschung struct {
	Grund           string
	AufbewahrungBis datum.Datum // before today
	Regel           string
	Archiv          Archivstand
	// Karenz is the time to think it over; zero means [KarenzTage] days.
	Karenz time.Duration
}

// Gesperrt tells whether a LoeschSperre holds.
func (s Stand) Gesperrt() bool {
	return slices.ContainsFunc(s.LoeschSperren, func(x LoeschSperre) bool { return x.Aufgehoben.IsZero() })
}

// RequestLoeschung asks to delete the Vorgang (T11): the retention must be over, the
// archive must have answered, and no LoeschSperre may hold.
func (v *Vorgang) RequestLoeschung(a tenant.Akteur, now time.Time, l Loeschung) error {
	const op = "RequestLoeschung"
	if err := v.check(op, a, now, BefehlLoeschungBeantragen); err != nil {
		return err
	}
	if err := v.maxText(op, "/grund", l.Grund); err != nil {
		return err
	}
	var p []fehler.Problem
	if l.Regel == "" {
		p = append(p, problem("loeschung.regel", "/regel", "the rule is mandatory", "Bitte die Regel der Aufbewahrung angeben."))
	}
	if l.AufbewahrungBis.IsZero() || !l.AufbewahrungBis.Vor(v.heute(now)) {
		p = append(p, problem("loeschung.aufbewahrung", "/aufbewahrungBis", "the retention is not over", "Die Aufbewahrungsfrist ist noch nicht abgelaufen."))
	}
	if l.Archiv != NichtAnzubieten && l.Archiv != Archivuebernahme && l.Archiv != Kassation {
		p = append(p, problem("loeschung.archiv", "/archiv", "the archive has not answered", "Das Archiv hat über die Anbietung noch nicht entschieden."))
	}
	if v.s.anfechtbar() {
		p = append(p, problem("loeschung.anfechtbar", "/bescheide", "a remedy is open or still possible", "Ein Bescheid ist noch nicht bestandskräftig; die Aufbewahrung hat noch nicht begonnen."))
	}
	p = append(p, v.s.forderungOffen("loeschung.forderung-offen")...)
	if v.s.Gesperrt() {
		p = append(p, gesperrt())
	}
	if len(p) > 0 {
		return v.fail(op, fehler.ErrInvalid, p...)
	}
	if l.Karenz <= 0 {
		l.Karenz = KarenzTage * 24 * time.Hour
	}
	zeit := v.zeitpunkt(now)
	x := &Loeschantrag{
		Grund: l.Grund, AufbewahrungBis: l.AufbewahrungBis, Regel: l.Regel, Archiv: l.Archiv,
		Augen: a.Augen(), Zeit: zeit, Ab: mikro(zeit.Add(l.Karenz)), Status: v.s.Status,
	}
	if err := v.record(a, now, &LoeschungBeantragt{Wechsel[Loeschantrag]{Befehl: BefehlLoeschungBeantragen, Nach: x}}); err != nil {
		return err
	}
	return v.setStatus(a, now, BefehlLoeschungBeantragen, ZuLoeschen, l.Grund)
}

func gesperrt() fehler.Problem {
	return problem("loeschung.sperre", "/loeschSperren", "a LoeschSperre holds", "Eine Löschsperre verbietet das Löschen.")
}

// WithdrawLoeschung takes the request back (T12): the Vorgang returns to the state before.
func (v *Vorgang) WithdrawLoeschung(a tenant.Akteur, now time.Time, grund string) error {
	const op = "WithdrawLoeschung"
	if err := v.check(op, a, now, BefehlLoeschungZuruecknehmen); err != nil {
		return err
	}
	if err := v.maxText(op, "/grund", grund); err != nil {
		return err
	}
	nach := Abgeschlossen
	if v.s.Loeschantrag != nil {
		nach = v.s.Loeschantrag.Status
		if err := v.record(a, now, &LoeschungBeantragt{Wechsel[Loeschantrag]{Befehl: BefehlLoeschungZuruecknehmen, Von: v.s.Loeschantrag.clone()}}); err != nil {
			return err
		}
	}
	return v.setStatus(a, now, BefehlLoeschungZuruecknehmen, nach, grund)
}

// ConfirmLoeschung deletes the Vorgang for ever (T13). Who asked for it, deputies
// included, cannot confirm (Vier-Augen): fehler.ErrForbidden. Before the Karenz is
// over or under a LoeschSperre it is fehler.ErrInvalid. What remains is the number and
// the LoeschNachweis; storage removes the rest in the same transaction.
func (v *Vorgang) ConfirmLoeschung(a tenant.Akteur, now time.Time) error {
	const op = "ConfirmLoeschung"
	if err := v.check(op, a, now, BefehlLoeschungBestaetigen); err != nil {
		return err
	}
	l := v.s.Loeschantrag
	zeit := v.zeitpunkt(now)
	switch {
	case l == nil:
		return v.fail(op, fehler.ErrInvalid, problem("loeschung.kein-antrag", "/loeschantrag", "nobody asked for it", "Niemand hat die Löschung beantragt."))
	case slices.ContainsFunc(a.Augen(), func(x string) bool { return slices.Contains(l.Augen, x) }):
		return v.fail(op, fehler.ErrForbidden, problem("loeschung.vier-augen", "/loeschantrag",
			"who asked for the deletion cannot confirm it", "Vier-Augen-Prinzip: Wer die Löschung beantragt hat, darf sie nicht bestätigen."))
	case zeit.Before(l.Ab):
		return v.fail(op, fehler.ErrInvalid, problem("loeschung.karenz", "/loeschantrag/ab", "the time to think it over is not over",
			"Die Karenzzeit läuft noch bis zum "+datum.Von(l.Ab).Deutsch()+"."))
	case v.s.Gesperrt():
		return v.fail(op, fehler.ErrInvalid, gesperrt())
	}
	n := LoeschNachweis{
		Regel: l.Regel, AufbewahrungBis: l.AufbewahrungBis, Archiv: l.Archiv, BeantragtVon: l.Augen[0], BestaetigtVon: a.ID,
		Zeit: zeit, Eintraege: v.s.Journal.Seq, Dateien: len(v.s.Dateien), Nachrichten: len(v.s.Nachrichten),
	}
	if err := v.setStatus(a, now, BefehlLoeschungBestaetigen, Geloescht, ""); err != nil {
		return err
	}
	return v.record(a, now, &Vernichtet{Nachweis: n})
}

// Hold forbids the deletion and gives the id of the LoeschSperre. The reason is mandatory.
func (v *Vorgang) Hold(a tenant.Akteur, now time.Time, grund string) (uuid.UUID, error) {
	const op = "Hold"
	if err := v.check(op, a, now, BefehlSperren); err != nil {
		return uuid.Nil, err
	}
	if err := v.needText(op, "/grund", grund, "Bitte den Grund der Löschsperre angeben."); err != nil {
		return uuid.Nil, err
	}
	x := &LoeschSperre{ID: v.k.NewID(), Grund: grund, Von: a.ID, Seit: v.zeitpunkt(now)}
	return x.ID, v.record(a, now, &LoeschSperreGesetzt{wechsel(BefehlSperren, nil, x)})
}

// Unhold ends a LoeschSperre. One that is over is fehler.ErrConflict.
func (v *Vorgang) Unhold(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	const op = "Unhold"
	if err := v.check(op, a, now, BefehlEntsperren); err != nil {
		return err
	}
	war := kopie(finde(v.s.LoeschSperren, id))
	switch {
	case war == nil:
		return v.fail(op, fehler.ErrNotFound, problem("loeschung.sperre-unbekannt", "/loeschSperren", "there is none", "Diese Löschsperre gibt es nicht."))
	case !war.Aufgehoben.IsZero():
		return v.fail(op, fehler.ErrConflict, problem("loeschung.sperre-vorbei", "/loeschSperren/"+id.String(), "is over", "Die Löschsperre ist schon aufgehoben."))
	}
	ist := kopie(war)
	ist.Aufgehoben = v.zeitpunkt(now)
	return v.record(a, now, &LoeschSperreAufgehoben{wechsel(BefehlEntsperren, war, ist)})
}

// The entries of a deletion.
type (
	// LoeschungBeantragt: somebody asked for it, or took that back (loeschung.beantragt).
	LoeschungBeantragt struct{ Wechsel[Loeschantrag] }
	// Vernichtet: it is deleted (loeschung.vollzogen).
	Vernichtet struct {
		Nachweis LoeschNachweis `json:"nachweis"`
	}
	// LoeschSperreGesetzt: it must not be deleted (loeschsperre.gesetzt).
	LoeschSperreGesetzt struct{ Wechsel[LoeschSperre] }
	// LoeschSperreAufgehoben: it may be again (loeschsperre.aufgehoben).
	LoeschSperreAufgehoben struct{ Wechsel[LoeschSperre] }
)

func (*LoeschungBeantragt) code() Code     { return "loeschung.beantragt" }
func (*Vernichtet) code() Code             { return "loeschung.vollzogen" }
func (*LoeschSperreGesetzt) code() Code    { return "loeschsperre.gesetzt" }
func (*LoeschSperreAufgehoben) code() Code { return "loeschsperre.aufgehoben" }

func (d *LoeschungBeantragt) apply(s *Stand, _ *Ereignis) { s.Loeschantrag = d.Nach.clone() }

// apply leaves the numbers, the state and the proof: nothing about a person but the
// two who are answerable for the deletion.
func (d *Vernichtet) apply(s *Stand, _ *Ereignis) {
	*s = Stand{
		Schema: s.Schema, ID: s.ID, Mandant: s.Mandant, Version: s.Version, Nummer: s.Nummer, Status: s.Status, StatusSeit: s.StatusSeit,
		Leistung: s.Leistung, LeistungName: s.LeistungName, Einheit: s.Einheit, Eingang: s.Eingang, Journal: s.Journal,
		LoeschNachweis: kopie(&d.Nachweis),
	}
}

func (d *LoeschSperreGesetzt) apply(s *Stand, _ *Ereignis) {
	s.LoeschSperren = wechsle(s.LoeschSperren, d.Wechsel)
}
func (d *LoeschSperreAufgehoben) apply(s *Stand, _ *Ereignis) {
	s.LoeschSperren = wechsle(s.LoeschSperren, d.Wechsel)
}

func (*LoeschungBeantragt) gegenstand() string       { return "loeschung" }
func (d *LoeschSperreGesetzt) gegenstand() string    { return "loeschsperre/" + d.wer().ID.String() }
func (d *LoeschSperreAufgehoben) gegenstand() string { return "loeschsperre/" + d.wer().ID.String() }

func (d *LoeschungBeantragt) umkehren() (Befehl, daten) { return d.Befehl, nil }
func (d *LoeschSperreGesetzt) umkehren() (Befehl, daten) {
	return d.Befehl, &LoeschSperreGesetzt{d.zurueck()}
}
func (d *LoeschSperreAufgehoben) umkehren() (Befehl, daten) {
	return d.Befehl, &LoeschSperreAufgehoben{d.zurueck()}
}
