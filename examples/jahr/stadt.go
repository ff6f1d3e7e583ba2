package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var inhalt = bescheid.Inhalt{
	Art: bescheid.Bewilligung, Betreff: "Ihr Antrag", Tenor: []string{"Dem Antrag wird stattgegeben."},
	Begruendung: []string{"Die Voraussetzungen liegen vor."}, Rechtsbehelfsbelehrung: "Gegen diesen Bescheid kann Widerspruch erhoben werden.", Verfahren: "vwvfg",
}

func dokument(id uuid.UUID) vorgang.Datei {
	return vorgang.Datei{Anhang: messaging.Anhang{ID: id, Name: "bescheid.pdf", MIME: "application/pdf", Groesse: 1, SHA512: "x"}}
}

func versand(id uuid.UUID, b bescheid.Bekanntgabe, zeit time.Time) vorgang.Versand {
	return vorgang.Versand{
		Bescheid: id, Nachricht: messaging.Nachricht{ID: uuid.NewSHA1(id, nil), Art: messaging.BescheidArt, Betreff: inhalt.Betreff},
		Quittung: messaging.Quittung{Sendung: id, Kanal: "brief", Zustand: messaging.Uebergeben, Zeit: zeit}, Bekanntgabe: b,
	}
}

// prozent is true in n of a hundred cases.
func (s *stadt) prozent(n int) bool { return s.wuerfel.IntN(100) < n }

// tag is one day of a town: people apply and answer on any day, the authority works on
// working days of its Land.
func (s *stadt) tag(ctx context.Context, tag datum.Datum) error {
	// At the weekend half as many come as on other days, that is 6 of 7; what is no
	// whole number, chance decides.
	erwartet := float64(s.kommen) / 365 * 7 / 6
	if w := tag.Wochentag(); w == time.Saturday || w == time.Sunday {
		erwartet /= 2
	}
	n := int(erwartet + s.wuerfel.Float64())
	if tag.Monat() == time.December && tag.Tag() == 31 {
		n = s.kommen // the rest of the year's number
	}
	for range min(n, s.kommen-s.nummer) {
		if err := s.antrag(ctx, tag); err != nil {
			return err
		}
	}
	for _, id := range s.antworten[tag] {
		if err := s.antworte(ctx, id); err != nil {
			return err
		}
	}
	delete(s.antworten, tag)
	if s.j.rechner.Kalender().IsWerktag(s.ort, tag) == frist.Nein {
		verschiebe(s.fortsetzen, tag)
		verschiebe(s.erledigen, tag)
		verschiebe(s.schliessen, tag)
		return nil
	}
	return s.arbeite(ctx, tag)
}

// verschiebe puts off to the next day what was to be done.
func verschiebe(m map[datum.Datum][]uuid.UUID, tag datum.Datum) {
	if len(m[tag]) > 0 {
		morgen := tag.AddTage(1)
		m[morgen] = append(m[tag], m[morgen]...)
	}
	delete(m, tag)
}

func (s *stadt) antrag(ctx context.Context, tag datum.Datum) error {
	s.nummer++
	w := s.wuerfel.IntN(100)
	a := &arten[len(arten)-1]
	for i := range arten {
		if w -= arten[i].anteil; w < 0 {
			a = &arten[i]
			break
		}
	}
	system := tenant.System("annahme")
	now := s.uhr
	v, err := vorgang.New(system, now, vorgang.Params{
		Mandant: s.m.ID, Nummer: fmt.Sprintf("%d-%07d", tag.Jahr(), s.nummer), Leistung: a.schluessel, LeistungName: a.name, Einheit: "amt",
		Eingang: tag.Beginn().Add(time.Duration(s.wuerfel.IntN(9*3600)) * time.Second),
		Antrag:  vorgang.Antrag{Kanal: "test", Kennung: fmt.Sprint(s.nummer), Antragsteller: vorgang.Antragsteller{Konto: "konto"}},
	}, s.store.Kontext())
	if err != nil {
		return err
	}
	if a.monate > 0 {
		f, err := s.frist(a, tag)
		if err != nil {
			return err
		}
		if err := v.SetBearbeitungsfrist(system, now, f); err != nil {
			return err
		}
	}
	s.ids = append(s.ids, v.ID())
	return s.store.Insert(ctx, s.m.ID, v)
}

// frist is the period to decide in, by the law of the Land, with its warnings.
func (s *stadt) frist(a *art, tag datum.Datum) (vorgang.Bearbeitungsfrist, error) {
	behoerde := frist.Behoerde{Ort: s.ort}
	dauer := frist.Dauer{N: a.monate, Einheit: frist.EinheitMonat}
	var e frist.Ergebnis
	var err error
	if a.fiktion {
		e, err = s.j.rechner.Genehmigungsfiktion(frist.GenehmigungsfiktionFall{Vollstaendig: tag, Dauer: &dauer, Norm: "§ 42a VwVfG", Behoerde: behoerde})
	} else {
		e, err = s.j.rechner.Bearbeitungsfrist(frist.BearbeitungsfristFall{Am: tag, Dauer: dauer, Norm: "Zusage der Stadt", Behoerde: behoerde})
	}
	if err != nil {
		return vorgang.Bearbeitungsfrist{}, err
	}
	w, err := s.j.rechner.Vorwarnungen(e, fmt.Sprint(s.nummer), nil)
	if err != nil {
		return vorgang.Bearbeitungsfrist{}, err
	}
	return vorgang.NewBearbeitungsfrist(e, w...)
}

func (s *stadt) edit(ctx context.Context, id uuid.UUID, f func(v *vorgang.Vorgang) error) error {
	_, err := s.store.Edit(ctx, s.m.ID, id, f)
	return err
}

// antworte is the citizen: an answer, and now and then the wish to withdraw.
func (s *stadt) antworte(ctx context.Context, id uuid.UUID) error {
	zurueck := s.prozent(5)
	buerger := tenant.Akteur{ID: "konto", Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}
	return s.edit(ctx, id, func(v *vorgang.Vorgang) error {
		if !v.Stand().WartetAufBuerger() {
			return nil // the authority no longer waited
		}
		if zurueck {
			return v.WithdrawAntrag(buerger, s.uhr, "")
		}
		st := v.Stand()
		return v.Answer(buerger, s.uhr, vorgang.Erwiderung{Bezug: st.Rueckfragen[len(st.Rueckfragen)-1].Nachricht, Text: "Ja."})
	})
}

// arbeite is a working day of the clerks: first what waits for this day, then the stack.
func (s *stadt) arbeite(ctx context.Context, tag datum.Datum) error {
	now := s.uhr
	for _, id := range s.fortsetzen[tag] {
		if err := s.edit(ctx, id, func(v *vorgang.Vorgang) error { return v.Resume(s.sb, now) }); err != nil {
			return err
		}
	}
	for _, id := range s.erledigen[tag] {
		if err := s.edit(ctx, id, func(v *vorgang.Vorgang) error { return s.erledige(v) }); err != nil {
			return err
		}
	}
	for _, id := range s.schliessen[tag] {
		if err := s.edit(ctx, id, func(v *vorgang.Vorgang) error {
			return v.Close(s.sb, now, vorgang.Schluss{Grund: vorgang.GrundBeschieden})
		}); err != nil {
			return err
		}
	}
	delete(s.fortsetzen, tag)
	delete(s.erledigen, tag)
	delete(s.schliessen, tag)
	kraft := s.kraft
	if m := tag.Monat(); m == time.July || m == time.August {
		kraft /= 2 // holidays
	}
	for range int(kraft + s.wuerfel.Float64()) {
		v, l, err := s.store.Claim(ctx, s.m.ID, storage.ClaimParams{Akteur: s.sb, Dauer: time.Hour})
		if leer(err) {
			return nil
		}
		if err == nil {
			err = s.bearbeite(ctx, v, l, tag)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// erledige ends a question whose deadline passed, or closes what was withdrawn.
func (s *stadt) erledige(v *vorgang.Vorgang) error {
	st := v.Stand()
	if !st.WartetAufBuerger() {
		return nil
	}
	if st.Ruecknahme != nil {
		return v.Close(s.sb, s.uhr, vorgang.Schluss{Grund: vorgang.GrundRuecknahme})
	}
	return v.EndQuestion(s.sb, s.uhr, st.Rueckfragen[len(st.Rueckfragen)-1].ID, "Frist abgelaufen")
}

// bearbeite does one Vorgang from the stack.
func (s *stadt) bearbeite(ctx context.Context, v *vorgang.Vorgang, l storage.Lease, tag datum.Datum) error {
	st, now := v.Stand(), s.uhr
	var a *art
	for i := range arten {
		if arten[i].schluessel == st.Leistung {
			a = &arten[i]
		}
	}
	fragen := len(st.Rueckfragen) == 0 && s.prozent(a.frage)
	aussetzen := !fragen && len(st.Aussetzungen) == 0 && s.prozent(a.aussetzung)
	verlaengern := !fragen && !aussetzen && st.Bearbeitungsfrist != nil && st.Bearbeitungsfrist.Verlaengert.IsZero() && s.prozent(a.verlaengerung)
	id := v.ID()
	var entwurf uuid.UUID
	_, err := s.store.Complete(ctx, s.m.ID, l, func(v *vorgang.Vorgang) error {
		switch {
		case fragen:
			_, err := v.Ask(s.sb, now, vorgang.Frage{Betreff: "Rückfrage", Text: "Bitte ergänzen Sie Ihre Angaben.", Bis: tag.AddTage(14)})
			return err
		case aussetzen:
			_, err := v.Suspend(s.sb, now, "Gutachten")
			return err
		case a.anzeige:
			return v.Close(s.sb, now, vorgang.Schluss{Grund: vorgang.GrundAnzeige})
		}
		if verlaengern {
			neu := st.Bearbeitungsfrist.Ende.AddMonate(1)
			if err := v.ExtendFrist(s.sb, now, vorgang.Verlaengerung{Ende: neu, Grund: "schwierig", Text: "Die Bearbeitung dauert länger.", Warnungen: []datum.Datum{neu.AddTage(-7)}}); err != nil {
				return err
			}
		}
		var err error
		if entwurf, err = v.Draft(s.sb, now, inhalt); err != nil {
			return err
		}
		return v.SubmitDraft(s.sb, now, entwurf)
	})
	if err != nil {
		return err
	}
	switch {
	case fragen:
		if tage := 1 + s.wuerfel.IntN(20); tage < 18 { // the others never answer
			s.antworten[tag.AddTage(tage)] = append(s.antworten[tag.AddTage(tage)], id)
		}
		s.erledigen[tag.AddTage(15)] = append(s.erledigen[tag.AddTage(15)], id)
	case aussetzen:
		bis := tag.AddTage(10 + s.wuerfel.IntN(80))
		s.fortsetzen[bis] = append(s.fortsetzen[bis], id)
	case !a.anzeige:
		return s.edit(ctx, id, func(v *vorgang.Vorgang) error { return v.ReleaseBescheid(s.leitung, now, entwurf) })
	}
	return nil
}
