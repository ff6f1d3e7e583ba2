package vorgang

import (
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Ruecknahme is the wish of the citizen to withdraw the Antrag. The authority confirms
// it by [Vorgang.Close] with GrundRuecknahme.
type Ruecknahme struct {
	Text string    `json:"text,omitempty"`
	Zeit time.Time `json:"zeit"`
}

// WithdrawAntrag says that the citizen withdraws the Antrag; the text is free. A
// second time is fehler.ErrExists.
func (v *Vorgang) WithdrawAntrag(a tenant.Akteur, now time.Time, text string) error {
	const op = "WithdrawAntrag"
	if err := v.check(op, a, now, BefehlAntragZurueckziehen); err != nil {
		return err
	}
	if err := v.maxText(op, "/text", text); err != nil {
		return err
	}
	if v.s.Ruecknahme != nil {
		return v.fail(op, fehler.ErrExists, problem("ruecknahme.schon", "/ruecknahme", "is withdrawn already", "Sie haben den Antrag schon zurückgezogen."))
	}
	return v.record(a, now, &AntragZurueckgezogen{Wechsel[Ruecknahme]{Befehl: BefehlAntragZurueckziehen, Nach: &Ruecknahme{Text: text, Zeit: v.zeitpunkt(now)}}})
}

// DismissRuecknahme goes on with the Antrag: the citizen thought better of it. The
// reason is mandatory.
func (v *Vorgang) DismissRuecknahme(a tenant.Akteur, now time.Time, grund string) error {
	const op = "DismissRuecknahme"
	if err := v.check(op, a, now, BefehlRuecknahmeErledigen); err != nil {
		return err
	}
	if err := v.needText(op, "/grund", grund, "Bitte angeben, warum der Antrag weiter bearbeitet wird."); err != nil {
		return err
	}
	if v.s.Ruecknahme == nil {
		return v.fail(op, fehler.ErrConflict, problem("ruecknahme.keine", "/ruecknahme", "is not withdrawn", "Der Antrag ist nicht zurückgezogen."))
	}
	return v.record(a, now, &RuecknahmeErledigt{Wechsel: Wechsel[Ruecknahme]{Befehl: BefehlRuecknahmeErledigen, Von: kopie(v.s.Ruecknahme)}, Grund: grund})
}

// endeOffenes ends what waits for others, because the applicant no longer wants a decision.
func (v *Vorgang) endeOffenes(a tenant.Akteur, now time.Time, grund string) error {
	for _, r := range v.s.Rueckfragen {
		if r.Beantwortet.IsZero() {
			if err := v.record(a, now, &FrageErledigt{Rueckfrage: r.ID, Grund: grund}); err != nil {
				return err
			}
		}
	}
	for i := range v.s.Stellungnahmen {
		if v.s.Stellungnahmen[i].Zustand.Offen() {
			if err := v.brichAb(a, now, BefehlAbschliessen, &v.s.Stellungnahmen[i], grund); err != nil {
				return err
			}
		}
	}
	for i := range v.s.Mitzeichnungen {
		war := kopie(&v.s.Mitzeichnungen[i])
		if war.Zustand != MitzeichnungOffen {
			continue
		}
		ist := kopie(war)
		ist.Zustand, ist.Anmerkung = MitzeichnungAbgebrochen, grund
		if err := v.record(a, now, &MitzeichnungBeendet{wechsel(BefehlAbschliessen, war, ist)}); err != nil {
			return err
		}
	}
	if war := v.s.Ausgesetzt(); war != nil {
		ist := kopie(war)
		ist.Bis = v.heute(now)
		return v.record(a, now, &AussetzungBeendet{wechsel(BefehlAbschliessen, war, ist)})
	}
	return nil
}

// The entries of a Ruecknahme.
type (
	// AntragZurueckgezogen: the citizen withdraws (antrag.zurueckgezogen).
	AntragZurueckgezogen struct{ Wechsel[Ruecknahme] }
	// RuecknahmeErledigt: the authority goes on (antrag.ruecknahme_erledigt).
	RuecknahmeErledigt struct {
		Wechsel[Ruecknahme]
		Grund string `json:"grund,omitempty"`
	}
)

func (*AntragZurueckgezogen) code() Code { return "antrag.zurueckgezogen" }
func (*RuecknahmeErledigt) code() Code   { return "antrag.ruecknahme_erledigt" }

func (d *AntragZurueckgezogen) apply(s *Stand, _ *Ereignis) { s.Ruecknahme = kopie(d.Nach) }
func (d *RuecknahmeErledigt) apply(s *Stand, _ *Ereignis)   { s.Ruecknahme = kopie(d.Nach) }

func (*AntragZurueckgezogen) gegenstand() string { return "ruecknahme" }
func (*RuecknahmeErledigt) gegenstand() string   { return "ruecknahme" }

func (d *AntragZurueckgezogen) umkehren() (Befehl, daten) { return d.Befehl, nil }
func (d *RuecknahmeErledigt) umkehren() (Befehl, daten) {
	return d.Befehl, &RuecknahmeErledigt{Wechsel: d.zurueck()}
}
