package vorgang

import (
	"encoding/json"
	"slices"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
)

// The apply methods are the only place where a Stand changes. They copy slices
// they take in, so that a caller's later change reaches neither Stand nor journal.

func (d *Eingegangen) apply(s *Stand, e *Ereignis) {
	*s = Stand{
		Schema: StandSchema, ID: d.ID, Mandant: d.Mandant, Nummer: d.Nummer, Aktenzeichen: slices.Clone(d.Aktenzeichen),
		Status: Neu, StatusSeit: e.Zeit, Leistung: d.Leistung, LeistungName: d.LeistungName,
		Einheit: d.Einheit, Ort: d.Ort, Eingang: d.Eingang, Antrag: d.Antrag.clone(), Dateien: slices.Clone(d.Dateien),
	}
}

func (d *StatusGesetzt) apply(s *Stand, e *Ereignis) {
	s.Status, s.StatusSeit = d.Nach, e.Zeit
	if !d.Seit.IsZero() {
		s.StatusSeit = d.Seit
	}
	if d.Nach.Offen() {
		s.Abschluss = nil
	}
}

func (d *Zugewiesen) apply(s *Stand, _ *Ereignis) { s.Zuweisung = kopie(d.An) }

func (d *Notiert) apply(s *Stand, e *Ereignis) {
	s.Notizen = append(s.Notizen, Notiz{ID: d.ID, Zeit: e.Zeit, Von: akteurID(e), Text: d.Text})
}

func (d *NotizEntfernt) apply(s *Stand, _ *Ereignis) {
	s.Notizen = slices.DeleteFunc(s.Notizen, func(n Notiz) bool { return n.ID == d.ID })
}

func (d *Geschrieben) apply(s *Stand, e *Ereignis) {
	s.addNachricht(d.Nachricht, messaging.Ausgang, e)
	s.Nachrichten[len(s.Nachrichten)-1].An = d.An
}

func (d *Gefragt) apply(s *Stand, _ *Ereignis) {
	s.Rueckfragen = append(s.Rueckfragen, Rueckfrage{ID: d.ID, Nachricht: d.Nachricht, Bis: d.Bis, Erinnern: d.Erinnern, Aussetzung: d.Aussetzung})
}

func (d *FrageErinnert) apply(s *Stand, _ *Ereignis) {
	if r := s.rueckfrage(d.Rueckfrage); r != nil {
		r.Erinnert = d.Nachricht
	}
}

func (d *VersandGeklaert) apply(s *Stand, e *Ereignis) {
	n := s.nachricht(d.Nachricht)
	if n == nil || len(n.Quittungen) == 0 {
		return
	}
	q := n.Quittungen[len(n.Quittungen)-1]
	q.Zustand, q.Zeit, q.Referenz = messaging.Fehlgeschlagen, e.Zeit, ""
	if d.Angekommen {
		q.Zustand = messaging.Uebergeben
	}
	n.Quittungen = append(n.Quittungen, q)
}

func (d *FrageErledigt) apply(s *Stand, e *Ereignis) {
	if r := s.rueckfrage(d.Rueckfrage); r != nil {
		r.Beantwortet = e.Zeit
	}
}

func (d *Geantwortet) apply(s *Stand, e *Ereignis) {
	s.addNachricht(d.Nachricht, messaging.Eingang, e)
	s.Dateien = append(s.Dateien, d.Dateien...)
	if r := s.rueckfrage(d.Rueckfrage); r != nil {
		r.Antwort, r.Beantwortet = d.Nachricht.ID, e.Zeit
	}
}

func (d *Zugestellt) apply(s *Stand, _ *Ereignis) {
	if n := s.nachricht(d.Nachricht); n != nil {
		n.Quittungen = append(n.Quittungen, d.Quittung)
		if d.Gruende != "" {
			n.Gruende = d.Gruende
		}
	}
}

func (d *Quittiert) apply(s *Stand, e *Ereignis) {
	s.EingangQuittiert = e.Zeit
	s.Dateien = append(s.Dateien, d.Dateien...)
}

func (d *Entworfen) apply(s *Stand, e *Ereignis) {
	b := s.bescheid(d.Bescheid)
	if b == nil {
		s.Bescheide = append(s.Bescheide, bescheid.Bescheid{ID: d.Bescheid, EntworfenVon: akteurID(e)})
		b = &s.Bescheide[len(s.Bescheide)-1]
	}
	b.Zustand, b.Inhalt, b.Anmerkung = bescheid.Entwurf, d.Inhalt.Clone(), ""
	b.Mitwirkende = union(b.Mitwirkende, d.Augen)
}

func (d *Vorgelegt) apply(s *Stand, _ *Ereignis) {
	if b := s.bescheid(d.Bescheid); b != nil {
		b.Zustand = bescheid.ZurFreigabe
		b.Mitwirkende = union(b.Mitwirkende, d.Augen)
	}
}

func (d *Zurueckgegeben) apply(s *Stand, e *Ereignis) {
	if b := s.bescheid(d.Bescheid); b != nil {
		b.Zustand, b.Anmerkung = bescheid.Entwurf, d.Anmerkung
		if d.Nr > 0 {
			b.Anmerkungen = append(b.Anmerkungen, bescheid.Anmerkung{Text: d.Anmerkung, Von: akteurID(e), Zeit: e.Zeit})
		}
	}
}

func (d *Freigegeben) apply(s *Stand, e *Ereignis) {
	if b := s.bescheid(d.Bescheid); b != nil {
		b.Zustand, b.FreigegebenVon, b.FreigegebenAm = bescheid.Freigegeben, akteurID(e), e.Zeit
		b.Zeichner, b.Pruefsumme, b.Automatisch = d.Zeichner, d.Pruefsumme, d.Automatisch
	}
}

func (d *Ausgefertigt) apply(s *Stand, _ *Ereignis) {
	if b := s.bescheid(d.Bescheid); b != nil {
		b.SetzeAusfertigung(d.Adressat, d.Datei.Anhang)
	}
	s.Dateien = append(s.Dateien, d.Datei)
}

func (d *BescheidVersandt) apply(s *Stand, e *Ereignis) {
	s.addNachricht(d.Nachricht, messaging.Ausgang, e)
	n := &s.Nachrichten[len(s.Nachrichten)-1]
	n.Quittungen, n.Gruende = []messaging.Quittung{d.Quittung}, d.Gruende
	if b := s.bescheid(d.Bescheid); b != nil {
		b.Zustand, b.Versand, b.VersandGruende = bescheid.Versandt, kopie(&d.Quittung), d.Gruende
		if d.Zustellung != nil {
			b.SetzeZustellung(*d.Zustellung)
			return
		}
		k := d.Bekanntgabe.Clone()
		b.Bekanntgabe = &k
	}
}

func (d *BescheidBekanntgegeben) apply(s *Stand, _ *Ereignis) {
	if b := s.bescheid(d.Bescheid); b != nil {
		if z := b.Zustellung(d.Zustellung); z != nil {
			n := z.Clone()
			n.Zustand = bescheid.ZustellungBekanntgegeben
			b.SetzeZustellung(n)
			return
		}
		b.Zustand = bescheid.Bekanntgegeben
	}
}

func (d *BescheidBestandskraeftig) apply(s *Stand, _ *Ereignis) {
	if b := s.bescheid(d.Bescheid); b != nil {
		if z := b.Zustellung(d.Zustellung); z != nil {
			n := z.Clone()
			n.Zustand, n.BestandskraftSeit = bescheid.ZustellungBestandskraeftig, d.Ab
			b.SetzeZustellung(n)
			return
		}
		b.Zustand = bescheid.Bestandskraeftig
	}
}

func (d *AbschlussVermerkt) apply(s *Stand, e *Ereignis) {
	s.Abschluss = &Abschluss{Grund: d.Grund, Zeit: e.Zeit}
}

func (d *AbgabeGemeldet) apply(s *Stand, e *Ereignis) {
	s.Abgabe = &Abgabe{Zustand: AbgabeGesendet, ProzessID: d.ProzessID, Ziel: d.Ziel, Gesendet: e.Zeit}
}

func (d *AbgabeBeantwortet) apply(s *Stand, e *Ereignis) {
	if s.Abgabe != nil && s.Abgabe.ProzessID == d.ProzessID {
		s.Abgabe.Zustand, s.Abgabe.Beantwortet = d.Zustand, e.Zeit
		s.Abgabe.Meldungen = append(s.Abgabe.Meldungen, d.Meldungen...)
		s.Aktenzeichen = union(s.Aktenzeichen, d.Kennungen)
	}
}

func (d *BeteiligungBegonnen) apply(s *Stand, _ *Ereignis) {
	s.Beteiligungen = append(s.Beteiligungen, Beteiligung{
		ID: d.ID, Mandant: d.Mandant, Recht: d.Recht, Grund: d.Grund, Von: d.Von, Bis: d.Bis,
	})
}

func (d *BeteiligungBeendet) apply(s *Stand, e *Ereignis) {
	if b := s.beteiligung(d.Beteiligung); b != nil {
		b.Beendet = e.Zeit
	}
}

func (*Fehlgeschlagen) apply(*Stand, *Ereignis) {}

func (d *AuftragAufgegeben) apply(s *Stand, _ *Ereignis) {
	if d.Art == UebergabeAusfuehren {
		s.endUebergabe(d.Grund)
	}
}
func (*Zurueckgenommen) apply(*Stand, *Ereignis) {}

// The order lies in the outbox; the Abgabe changes when the package is handed over.
func (*AbgabeAngeordnet) apply(*Stand, *Ereignis) {}

func (s *Stand) addNachricht(n messaging.Nachricht, r messaging.Richtung, e *Ereignis) {
	n.Anhaenge = slices.Clone(n.Anhaenge)
	s.Nachrichten = append(s.Nachrichten, Schriftstueck{Nachricht: n, Richtung: r, Zeit: e.Zeit, Von: akteurID(e)})
}

// akteurID reads only the id; the rest of the Akteur does not belong into the Stand.
func akteurID(e *Ereignis) string {
	var a struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(e.Akteur, &a) != nil {
		return ""
	}
	return a.ID
}

func union(a, b []string) []string {
	for _, x := range b {
		if !slices.Contains(a, x) {
			a = append(a, x)
		}
	}
	return a
}
