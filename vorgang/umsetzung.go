package vorgang

import (
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Platz is where in its Mandant a Vorgang lies.
type Platz struct {
	Einheit   string     `json:"einheit"`
	Zuweisung *Zuweisung `json:"zuweisung,omitempty"`
}

// Move gives the Vorgang to another Einheit of the Mandant (Umsetzung). The assignment
// ends: it goes on the stack there. The same Einheit is no change. That the Mandant has
// the Einheit is for the caller to check.
func (v *Vorgang) Move(a tenant.Akteur, now time.Time, einheit, grund string) error {
	const op = "Move"
	if err := v.check(op, a, now, BefehlUmsetzen); err != nil {
		return err
	}
	if err := v.needText(op, "/einheit", einheit, "Bitte die Organisationseinheit angeben, die den Vorgang übernimmt."); err != nil {
		return err
	}
	if err := v.maxText(op, "/grund", grund); err != nil {
		return err
	}
	if einheit == v.s.Einheit {
		return nil
	}
	return v.record(a, now, &Umgesetzt{
		Wechsel: Wechsel[Platz]{Befehl: BefehlUmsetzen, Nach: &Platz{Einheit: einheit}, Von: &Platz{Einheit: v.s.Einheit, Zuweisung: kopie(v.s.Zuweisung)}},
		Grund:   grund,
	})
}

// Rueckkehrgrund says why a decided Vorgang goes back to work.
type Rueckkehrgrund string

// The grounds (T7). All but the first two make a new version of a Bescheid that was sent.
const (
	RueckkehrNichtVersandt Rueckkehrgrund = "nicht_versandt"
	RueckkehrBerichtigung  Rueckkehrgrund = "berichtigung" // § 42 VwVfG
	RueckkehrAbhilfe       Rueckkehrgrund = "abhilfe"      // § 72 VwGO
	RueckkehrRuecknahme    Rueckkehrgrund = "ruecknahme"   // § 48 VwVfG
	RueckkehrWiderruf      Rueckkehrgrund = "widerruf"     // § 49 VwVfG
)

// ReturnToBearbeitung takes a decided Vorgang back to work (T7). "nicht_versandt" is
// refused once the Bescheid was sent. The Bescheid stays as it was released; a new one
// is drafted beside it.
func (v *Vorgang) ReturnToBearbeitung(a tenant.Akteur, now time.Time, grund Rueckkehrgrund) error {
	const op = "ReturnToBearbeitung"
	if err := v.check(op, a, now, BefehlZurueckholen); err != nil {
		return err
	}
	alle := []Rueckkehrgrund{RueckkehrNichtVersandt, RueckkehrBerichtigung, RueckkehrAbhilfe, RueckkehrRuecknahme, RueckkehrWiderruf}
	if !slices.Contains(alle, grund) {
		return v.fail(op, fehler.ErrInvalid, problem("rueckkehr.grund", "/grund", "unknown ground", "Bitte den Grund angeben, warum der Vorgang wieder bearbeitet wird."))
	}
	if b := v.s.letzterFreigegebener(); grund == RueckkehrNichtVersandt && b != nil && (b.Versand != nil || len(b.Zustellungen) > 0) {
		return v.fail(op, fehler.ErrInvalid, problem("rueckkehr.versandt", "/grund", "the Bescheid was sent",
			"Der Bescheid ist schon versandt; möglich sind Berichtigung, Abhilfe, Rücknahme oder Widerruf."))
	}
	if err := v.setStatus(a, now, BefehlZurueckholen, InBearbeitung, string(grund)); err != nil {
		return err
	}
	return v.orderWieder(now)
}

// Umgesetzt: another Einheit has the Vorgang (vorgang.umgesetzt).
type Umgesetzt struct {
	Wechsel[Platz]
	Grund string `json:"grund,omitempty"`
}

func (*Umgesetzt) code() Code { return "vorgang.umgesetzt" }

func (d *Umgesetzt) apply(s *Stand, _ *Ereignis) {
	if d.Nach != nil {
		s.Einheit, s.Zuweisung = d.Nach.Einheit, kopie(d.Nach.Zuweisung)
	}
}

// It ends the assignment, so both concern the same thing.
func (*Umgesetzt) gegenstand() string          { return "zuweisung" }
func (d *Umgesetzt) umkehren() (Befehl, daten) { return d.Befehl, &Umgesetzt{Wechsel: d.zurueck()} }
