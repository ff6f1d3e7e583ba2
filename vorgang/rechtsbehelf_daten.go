package vorgang

import (
	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
)

// The entries of a Rechtsbehelf.
type (
	// RechtsbehelfEingegangen: it came in (rechtsbehelf.eingegangen).
	RechtsbehelfEingegangen struct{ Wechsel[Rechtsbehelf] }
	// RechtsbehelfFristGeaendert: its period was worked out anew (rechtsbehelf.frist).
	RechtsbehelfFristGeaendert struct{ Wechsel[Rechtsbehelf] }
	// WiedereinsetzungErbeten: Wiedereinsetzung is asked for (rechtsbehelf.wiedereinsetzung_beantragt).
	WiedereinsetzungErbeten struct{ Wechsel[Rechtsbehelf] }
	// WiedereinsetzungEntschieden: it is granted or refused (rechtsbehelf.wiedereinsetzung_entschieden).
	WiedereinsetzungEntschieden struct{ Wechsel[Rechtsbehelf] }
	// RechtsbehelfErledigt: it ended (rechtsbehelf.erledigt).
	RechtsbehelfErledigt struct{ Wechsel[Rechtsbehelf] }
)

func (*RechtsbehelfEingegangen) code() Code     { return "rechtsbehelf.eingegangen" }
func (*RechtsbehelfFristGeaendert) code() Code  { return "rechtsbehelf.frist" }
func (*WiedereinsetzungErbeten) code() Code     { return "rechtsbehelf.wiedereinsetzung_beantragt" }
func (*WiedereinsetzungEntschieden) code() Code { return "rechtsbehelf.wiedereinsetzung_entschieden" }
func (*RechtsbehelfErledigt) code() Code        { return "rechtsbehelf.erledigt" }

// setzeRechtsbehelf puts it in, and takes away a Bestandskraft that it stands against.
func (s *Stand) setzeRechtsbehelf(w Wechsel[Rechtsbehelf]) {
	s.Rechtsbehelfe = wechsle(s.Rechtsbehelfe, w)
	r := w.Nach
	if r == nil || !r.Offen() || !r.zulaessig() {
		return
	}
	b := s.bescheid(r.Bescheid)
	if b == nil || b.Zustand == bescheid.Versandt {
		return
	}
	if len(b.Zustellungen) == 0 && b.Zustand == bescheid.Bestandskraeftig {
		b.Zustand = bescheid.Bekanntgegeben
	}
	for i := range b.Zustellungen {
		z := b.Zustellungen[i]
		if z.Zustand == bescheid.ZustellungBestandskraeftig && r.betrifft(b.ID, z.Adressat) {
			z.Zustand, z.BestandskraftSeit = bescheid.ZustellungBekanntgegeben, datum.Datum{}
			b.SetzeZustellung(z)
		}
	}
}

func (d *RechtsbehelfEingegangen) apply(s *Stand, _ *Ereignis)     { s.setzeRechtsbehelf(d.Wechsel) }
func (d *RechtsbehelfFristGeaendert) apply(s *Stand, _ *Ereignis)  { s.setzeRechtsbehelf(d.Wechsel) }
func (d *WiedereinsetzungErbeten) apply(s *Stand, _ *Ereignis)     { s.setzeRechtsbehelf(d.Wechsel) }
func (d *WiedereinsetzungEntschieden) apply(s *Stand, _ *Ereignis) { s.setzeRechtsbehelf(d.Wechsel) }
func (d *RechtsbehelfErledigt) apply(s *Stand, _ *Ereignis)        { s.setzeRechtsbehelf(d.Wechsel) }

func rechtsbehelfName(w Wechsel[Rechtsbehelf]) string { return "rechtsbehelf/" + w.wer().ID.String() }

func (d *RechtsbehelfEingegangen) gegenstand() string     { return rechtsbehelfName(d.Wechsel) }
func (d *RechtsbehelfFristGeaendert) gegenstand() string  { return rechtsbehelfName(d.Wechsel) }
func (d *WiedereinsetzungErbeten) gegenstand() string     { return rechtsbehelfName(d.Wechsel) }
func (d *WiedereinsetzungEntschieden) gegenstand() string { return rechtsbehelfName(d.Wechsel) }
func (d *RechtsbehelfErledigt) gegenstand() string        { return rechtsbehelfName(d.Wechsel) }

func (d *RechtsbehelfEingegangen) umkehren() (Befehl, daten) {
	return d.Befehl, &RechtsbehelfEingegangen{d.zurueck()}
}
func (d *RechtsbehelfFristGeaendert) umkehren() (Befehl, daten) { return d.Befehl, nil }
func (d *WiedereinsetzungErbeten) umkehren() (Befehl, daten) {
	return d.Befehl, &WiedereinsetzungErbeten{d.zurueck()}
}
func (d *WiedereinsetzungEntschieden) umkehren() (Befehl, daten) { return d.Befehl, nil }
func (d *RechtsbehelfErledigt) umkehren() (Befehl, daten)        { return d.Befehl, nil }

// AufbewahrungAb is the first day of the retention period: the Vorgang is closed and every
// Bescheid that stands is bestandskraeftig. It is the later of both days, and zero while
// the period has not begun: work, a remedy or a remedy period is open.
func (s Stand) AufbewahrungAb() datum.Datum {
	if s.Abschluss == nil || s.anfechtbar() {
		return datum.Datum{}
	}
	ab := datum.Von(s.Abschluss.Zeit)
	for i := range s.Bescheide {
		if b := &s.Bescheide[i]; b.Zustand == bescheid.Bestandskraeftig {
			if tag := bestandskraftSeit(b); tag.Nach(ab) {
				ab = tag
			}
		}
	}
	return ab
}

// anfechtbar tells whether a remedy is open or can still be lodged.
func (s *Stand) anfechtbar() bool {
	if s.OffenerRechtsbehelf() {
		return true
	}
	g := bescheid.Geltungen(s.Bescheide)
	for i := range s.Bescheide {
		b := &s.Bescheide[i]
		unterwegs := b.Bekanntgabe != nil || len(b.Zustellungen) > 0
		if unterwegs && b.Zustand != bescheid.Bestandskraeftig && g[i].Bis.IsZero() {
			return true
		}
	}
	return false
}
