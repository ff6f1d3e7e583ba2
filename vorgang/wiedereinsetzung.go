package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// WiedereinsetzungZustand is how far Wiedereinsetzung (§ 32 VwVfG, § 60 VwGO) got.
type WiedereinsetzungZustand string

// The states.
const (
	WiedereinsetzungBeantragt WiedereinsetzungZustand = "beantragt"
	WiedereinsetzungGewaehrt  WiedereinsetzungZustand = "gewaehrt"
	WiedereinsetzungAbgelehnt WiedereinsetzungZustand = "abgelehnt"
)

// Wiedereinsetzung into a missed remedy period.
type Wiedereinsetzung struct {
	Zustand WiedereinsetzungZustand `json:"zustand"`
	// Beantragt is the day it was asked for, Hindernis the day the obstacle ended.
	Beantragt datum.Datum `json:"beantragt"`
	Hindernis datum.Datum `json:"hindernis"`
	Grund     string      `json:"grund"`
	// Bis is the last day to ask, as computed; zero if it cannot be.
	Bis         datum.Datum `json:"bis,omitzero"`
	Rechtzeitig bool        `json:"rechtzeitig,omitempty"`
	Schritte    []string    `json:"schritte,omitempty"`
	// Von is the Akteur.ID of who decided, Entscheidung the reasons.
	Von          string `json:"von,omitempty"`
	Entscheidung string `json:"entscheidung,omitempty"`
}

// Wiedereinsetzungsantrag asks for Wiedereinsetzung.
type Wiedereinsetzungsantrag struct {
	Rechtsbehelf uuid.UUID
	Eingang      datum.Datum // not in the future
	Hindernis    datum.Datum // the day the obstacle ended
	Grund        string
}

// RequestWiedereinsetzung records that Wiedereinsetzung is asked for, or considered
// without a request, for a remedy that came late, and works out whether that is in time.
func (v *Vorgang) RequestWiedereinsetzung(a tenant.Akteur, now time.Time, w Wiedereinsetzungsantrag) error {
	const op = "RequestWiedereinsetzung"
	war, err := v.rechtsbehelf(op, a, now, BefehlWiedereinsetzungBeantragen, w.Rechtsbehelf)
	if err != nil {
		return err
	}
	if err := v.needText(op, "/grund", w.Grund, "Bitte den Grund der Versäumnis angeben."); err != nil {
		return err
	}
	switch heute := v.heute(now); {
	case war.Rechtzeitig:
		return v.fail(op, fehler.ErrInvalid, problem("wiedereinsetzung.rechtzeitig", "/rechtsbehelf", "is in time", "Der Rechtsbehelf ist rechtzeitig; eine Wiedereinsetzung ist nicht nötig."))
	case war.Wiedereinsetzung != nil:
		return v.fail(op, fehler.ErrExists, problem("wiedereinsetzung.schon", "/wiedereinsetzung", "was asked for already", "Die Wiedereinsetzung ist schon beantragt."))
	case w.Eingang.IsZero() || w.Eingang.Nach(heute) || w.Hindernis.IsZero() || w.Hindernis.Nach(heute):
		return v.fail(op, fehler.ErrInvalid, problem("wiedereinsetzung.tag", "/eingang", "a day is missing or lies in the future", "Ein Tag fehlt oder liegt in der Zukunft."))
	}
	x := &Wiedereinsetzung{Zustand: WiedereinsetzungBeantragt, Beantragt: w.Eingang, Hindernis: w.Hindernis, Grund: w.Grund}
	b := v.s.bescheid(war.Bescheid)
	if b == nil || len(b.Zustellungen) == 0 {
		x.Schritte = []string{"Die Frist des Antrags lässt sich nicht berechnen: Zu diesem Bescheid sind die Umstände der Bekanntgabe nicht gespeichert."}
	} else {
		recht := frist.WiedereinsetzungVwVfG
		switch frist.Verfahren(b.Inhalt.Verfahren) {
		case frist.VerfahrenAO:
			recht = frist.WiedereinsetzungAO
		case frist.VerfahrenSGBX:
			recht = frist.WiedereinsetzungSGG
		}
		e, err := v.rechner().Wiedereinsetzung(frist.WiedereinsetzungFall{Recht: recht, Hindernis: w.Hindernis, Fristende: war.FristEnde, Behoerde: b.Zustellungen[0].Fall.Behoerde})
		if err != nil {
			return fehler.New("vorgang."+op, v.s.ID.String(), fehler.ErrInvalid, err)
		}
		x.Bis, x.Schritte = e.Spaetestes(), slices.Clone(e.Schritte)
		x.Rechtzeitig = !w.Eingang.Nach(x.Bis)
	}
	ist := war.clone()
	ist.Wiedereinsetzung = x
	return v.record(a, now, &WiedereinsetzungErbeten{wechsel(BefehlWiedereinsetzungBeantragen, war, &ist)})
}

// DecideWiedereinsetzung grants or refuses it; the reasons are mandatory. Granted, the
// remedy counts as in time, and a Bestandskraft that was reached is gone.
func (v *Vorgang) DecideWiedereinsetzung(a tenant.Akteur, now time.Time, id uuid.UUID, gewaehrt bool, grund string) error {
	const op = "DecideWiedereinsetzung"
	war, err := v.rechtsbehelf(op, a, now, BefehlWiedereinsetzungEntscheiden, id)
	if err != nil {
		return err
	}
	if err := v.needText(op, "/grund", grund, "Bitte die Entscheidung über die Wiedereinsetzung begründen."); err != nil {
		return err
	}
	if w := war.Wiedereinsetzung; w == nil || w.Zustand != WiedereinsetzungBeantragt {
		return v.fail(op, fehler.ErrConflict, problem("wiedereinsetzung.keine", "/wiedereinsetzung", "nothing to decide", "Über eine Wiedereinsetzung ist nicht zu entscheiden."))
	}
	ist := war.clone()
	ist.Wiedereinsetzung.Zustand, ist.Wiedereinsetzung.Von, ist.Wiedereinsetzung.Entscheidung = WiedereinsetzungAbgelehnt, a.ID, grund
	if gewaehrt {
		ist.Wiedereinsetzung.Zustand = WiedereinsetzungGewaehrt
	}
	return v.record(a, now, &WiedereinsetzungEntschieden{wechsel(BefehlWiedereinsetzungEntscheiden, war, &ist)})
}
