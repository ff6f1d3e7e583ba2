package vorgang_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

var alleStatus = []vorgang.Status{
	vorgang.Neu, vorgang.Angenommen, vorgang.InBearbeitung, vorgang.Beschieden,
	vorgang.Abgeschlossen, vorgang.Verworfen, vorgang.ZuLoeschen, vorgang.Geloescht,
}

// bereit is a Vorgang in the status with everything else any command needs: an
// assignment, an answerable letter, a draft, a submitted draft, an announced
// Bescheid and a last step, of a guest, that can be undone. Nobody takes part.
func bereit(t testing.TB, st vorgang.Status) (v *vorgang.Vorgang, letzter vorgang.Ereignis) {
	t.Helper()
	s, letzter := bereiterStand(t, st)
	return vorgang.Restore(s, fest()), letzter
}

func bereiterStand(t testing.TB, st vorgang.Status) (s vorgang.Stand, letzter vorgang.Ereignis) {
	t.Helper()
	f := neuerFall(t)
	f.do(f.v.Assign(sb, f.now(), sb.ID, sb.Name))
	f.do(f.v.Pull(sb, f.now()))
	f.get(f.v.Remind(sb, f.now(), erinnerung()))
	f.do(f.v.CompleteReminder(sb, f.now(), f.get(f.v.Remind(sb, f.now(), erinnerung()))))
	f.do(f.v.Link(sb, f.now(), vorgang.Verknuepfung{Art: vorgang.Verwandt, Vorgang: uuid.UUID{4}}))
	f.get(f.v.Write(sb, f.now(), "Hallo", "Guten Tag"))
	f.get(f.v.Draft(sb, f.now(), inhalt()))
	f.do(f.v.SubmitDraft(sb, f.now(), f.get(f.v.Draft(sb, f.now(), inhalt()))))
	f.get(f.v.Invite(sb, f.now(), vorgang.Einladung{Mandant: gast.Mandant, Recht: vorgang.RechtKommentieren, Grund: "Amtshilfe"}))
	f.get(f.v.Note(gast, f.now(), "zuletzt"))
	s = f.v.Stand()
	s.Beteiligungen = nil
	b := bescheid.Bescheid{ID: uuid.UUID{1}, Zustand: bescheid.Bekanntgegeben, Pruefsumme: "x"}
	s.Bescheide = append(s.Bescheide, b)
	s.Status = st
	return s, f.last()
}

// gabZeit is when gib gives its commands.
var gabZeit = start.AddDate(0, 0, 1).Truncate(time.Microsecond)

// gib gives the command with parameters that fit.
func gib(v *vorgang.Vorgang, letzter vorgang.Ereignis, a tenant.Akteur, b vorgang.Befehl) error {
	s, now := v.Stand(), gabZeit
	switch b {
	case vorgang.BefehlErstellen:
		return v.May(a, now, b)
	case vorgang.BefehlAnnehmen:
		return v.Accept(a, now)
	case vorgang.BefehlVerwerfen:
		return v.Discard(a, now, "Spam")
	case vorgang.BefehlWiederherstellen:
		return v.RestoreDiscarded(a, now)
	case vorgang.BefehlZuweisen:
		return v.Assign(a, now, "x", "X")
	case vorgang.BefehlZiehen:
		a.ID = s.Zuweisung.Bearbeiter
		return v.Pull(a, now)
	case vorgang.BefehlZuruecklegen:
		return v.PutBack(a, now)
	case vorgang.BefehlBeginnen:
		return v.Start(a, now)
	case vorgang.BefehlNotieren:
		_, err := v.Note(a, now, "Notiz")
		return err
	case vorgang.BefehlSchreiben:
		_, err := v.Write(a, now, "Betreff", "Text")
		return err
	case vorgang.BefehlFragen:
		_, err := v.Ask(a, now, vorgang.Frage{Betreff: "Betreff", Text: "Text"})
		return err
	case vorgang.BefehlFrageErledigen:
		// Only here is a question open: it would hold up other commands.
		if v.May(a, now, b) == nil {
			s.Rueckfragen = append(s.Rueckfragen, vorgang.Rueckfrage{ID: uuid.UUID{9}, Nachricht: s.Nachrichten[1].Nachricht.ID})
			*v = *vorgang.Restore(s, fest())
		}
		return v.EndQuestion(a, now, uuid.UUID{9}, "Frist abgelaufen")
	case vorgang.BefehlAntworten:
		return v.Answer(a, now, vorgang.Erwiderung{Bezug: s.Nachrichten[1].Nachricht.ID, Text: "Text"})
	case vorgang.BefehlEntwerfen:
		_, err := v.Draft(a, now, inhalt())
		return err
	case vorgang.BefehlVorlegen:
		return v.SubmitDraft(a, now, s.Bescheide[0].ID)
	case vorgang.BefehlZurueckgeben:
		return v.ReturnDraft(a, now, s.Bescheide[1].ID, "So nicht.")
	case vorgang.BefehlFreigeben:
		return v.ReleaseBescheid(a, now, s.Bescheide[1].ID)
	case vorgang.BefehlAbschliessen:
		g := map[vorgang.Status]vorgang.Abschlussgrund{vorgang.Neu: vorgang.GrundWeitergeleitet, vorgang.Beschieden: vorgang.GrundBeschieden}[s.Status]
		if g == "" {
			g = vorgang.GrundRuecknahme
		}
		return v.Close(a, now, vorgang.Schluss{Grund: g})
	case vorgang.BefehlWiedereroeffnen:
		return v.Reopen(a, now, vorgang.WegenGericht, "Neues")
	case vorgang.BefehlAufgeben:
		return v.GiveUp(a, now, uuid.UUID{1}, vorgang.NachrichtSenden, "unbekannt verzogen")
	case vorgang.BefehlMelden:
		return v.RecordFailure(a, now, uuid.UUID{1}, vorgang.NachrichtSenden, "aufgegeben")
	case vorgang.BefehlZuruecknehmen:
		return v.Undo(a, now, letzter)
	case vorgang.BefehlWiedervorlegen:
		_, err := v.Remind(a, now, erinnerung())
		return err
	case vorgang.BefehlWiedervorlageErledigen:
		return v.CompleteReminder(a, now, s.Wiedervorlagen[0].ID)
	case vorgang.BefehlWiedervorlageOeffnen:
		return v.ReopenReminder(a, now, s.Wiedervorlagen[1].ID)
	case vorgang.BefehlAktenzeichenSetzen:
		return v.SetAktenzeichen(a, now, []string{"67.31/26-1"})
	case vorgang.BefehlVerschlagworten:
		return v.SetSchlagworte(a, now, []string{"Sturm"})
	case vorgang.BefehlAnsprechpartnerSetzen:
		return v.SetAnsprechpartner(a, now, &vorgang.Ansprechpartner{Name: "Frau Muster"})
	case vorgang.BefehlVerknuepfen:
		return v.Link(a, now, vorgang.Verknuepfung{Art: vorgang.Teilvorgang, Vorgang: uuid.UUID{5}, Nummer: "2026-5"})
	case vorgang.BefehlVerknuepfungLoesen:
		return v.Unlink(a, now, s.Verknuepfungen[0])
	case vorgang.BefehlAussetzen:
		_, err := v.Suspend(a, now, "Das Gericht entscheidet zuerst.")
		return err
	case vorgang.BefehlFortsetzen:
		mit(v, a, b, func(s *vorgang.Stand) {
			s.Aussetzungen = []vorgang.Aussetzung{{ID: uuid.UUID{9}, Von: datum.Von(now), Grund: "x"}}
		})
		return v.Resume(a, now)
	case vorgang.BefehlFristSetzen:
		return v.SetBearbeitungsfrist(a, now, bearbeitungsfrist())
	case vorgang.BefehlFristVerlaengern:
		mit(v, a, b, func(s *vorgang.Stand) { s.Bearbeitungsfrist = ptr(bearbeitungsfrist()) })
		return v.ExtendFrist(a, now, vorgang.Verlaengerung{Ende: bearbeitungsfrist().Ende.AddTage(30), Grund: "schwierig", Text: "Es dauert länger."})
	case vorgang.BefehlUmsetzen:
		return v.Move(a, now, "tiefbau", "falsch zugeordnet")
	case vorgang.BefehlWeiterleiten:
		_, err := v.RequestWeiterleitung(a, now, vorgang.Stelle{Mandant: "flensburg"}, "nicht zuständig", time.Time{})
		return err
	case vorgang.BefehlWeiterleitungZurueckziehen, vorgang.BefehlWeiterleitungEntscheiden:
		w := vorgang.Weiterleitung{ID: uuid.UUID{9}, An: vorgang.Stelle{Name: "Kreis"}, Zustand: vorgang.WeiterleitungAngefordert}
		if a.Mandant == "luebeck" {
			w.An = vorgang.Stelle{Mandant: a.Mandant}
		}
		mit(v, a, b, func(s *vorgang.Stand) { s.Weiterleitungen = []vorgang.Weiterleitung{w} })
		if b == vorgang.BefehlWeiterleitungZurueckziehen {
			return v.WithdrawWeiterleitung(a, now, w.ID)
		}
		return v.DecideWeiterleitung(a, now, w.ID, false, "nicht zuständig")
	case vorgang.BefehlStellungnahmeAnfordern:
		_, err := v.RequestStellungnahme(a, now, vorgang.Anfrage{An: vorgang.Stelle{Name: "Forst"}, Frage: "Ist der Baum gesund?"})
		return err
	case vorgang.BefehlStellungnahmeGeben:
		mit(v, a, b, func(s *vorgang.Stand) { s.Stellungnahmen = stellungnahme(vorgang.StellungnahmeAngefragt) })
		return v.AnswerStellungnahme(a, now, uuid.UUID{9}, vorgang.Auskunft{Ergebnis: vorgang.ErgebnisPositiv})
	case vorgang.BefehlStellungnahmeNachfordern:
		mit(v, a, b, func(s *vorgang.Stand) { s.Stellungnahmen = stellungnahme(vorgang.StellungnahmeBeantwortet) })
		return v.RedoStellungnahme(a, now, uuid.UUID{9}, "Was heißt das?", datum.Datum{})
	case vorgang.BefehlStellungnahmeAbbrechen:
		mit(v, a, b, func(s *vorgang.Stand) { s.Stellungnahmen = stellungnahme(vorgang.StellungnahmeNachgefordert) })
		return v.CancelStellungnahme(a, now, uuid.UUID{9}, "nicht mehr nötig")
	case vorgang.BefehlStellungnahmePruefen:
		mit(v, a, b, func(s *vorgang.Stand) { s.Stellungnahmen = stellungnahme(vorgang.StellungnahmeBeantwortet) })
		return v.CheckStellungnahme(a, now, uuid.UUID{9}, "gesehen")
	case vorgang.BefehlMitzeichnungAnfordern:
		_, err := v.RequestMitzeichnung(a, now, vorgang.Mitzeichnung{Bescheid: s.Bescheide[0].ID, Stelle: vorgang.Stelle{Einheit: "tiefbau"}})
		return err
	case vorgang.BefehlMitzeichnen, vorgang.BefehlMitzeichnungAblehnen, vorgang.BefehlMitzeichnungAbbrechen:
		mit(v, a, b, func(s *vorgang.Stand) {
			s.Mitzeichnungen = []vorgang.Mitzeichnung{{ID: uuid.UUID{9}, Bescheid: s.Bescheide[0].ID, Stelle: vorgang.Stelle{Mandant: "luebeck"}, Zustand: vorgang.MitzeichnungOffen}}
		})
		switch b {
		case vorgang.BefehlMitzeichnen:
			return v.Cosign(a, now, uuid.UUID{9})
		case vorgang.BefehlMitzeichnungAblehnen:
			return v.RefuseCosign(a, now, uuid.UUID{9}, "So nicht.")
		}
		return v.CancelMitzeichnung(a, now, uuid.UUID{9}, "nicht nötig")
	case vorgang.BefehlAnlageHinzufuegen:
		_, err := v.AddDatei(a, now, vorgang.Datei{Anhang: anhang(77)})
		return err
	case vorgang.BefehlAnlageErsetzen:
		mit(v, a, b, func(s *vorgang.Stand) {
			s.Dateien = append(s.Dateien, vorgang.Datei{Anhang: anhang(78), Zweck: vorgang.ZweckAnlage})
		})
		_, err := v.ReplaceDatei(a, now, anhang(78).ID, vorgang.Datei{Anhang: anhang(77)})
		return err
	case vorgang.BefehlAntragZurueckziehen:
		return v.WithdrawAntrag(a, now, "Ich habe es mir anders überlegt.")
	case vorgang.BefehlRuecknahmeErledigen:
		mit(v, a, b, func(s *vorgang.Stand) { s.Ruecknahme = &vorgang.Ruecknahme{Zeit: start} })
		return v.DismissRuecknahme(a, now, "Anruf")
	case vorgang.BefehlZurueckholen:
		return v.ReturnToBearbeitung(a, now, vorgang.RueckkehrAbhilfe)
	case vorgang.BefehlEinsehen:
		return v.LogAccess(a, now, "Auskunft")
	case vorgang.BefehlLoeschungBeantragen:
		return v.RequestLoeschung(a, now, loeschung())
	case vorgang.BefehlLoeschungZuruecknehmen, vorgang.BefehlLoeschungBestaetigen:
		mit(v, a, b, func(s *vorgang.Stand) {
			s.Loeschantrag = &vorgang.Loeschantrag{Augen: []string{"x"}, Status: vorgang.Abgeschlossen, Ab: now}
		})
		if b == vorgang.BefehlLoeschungBestaetigen {
			return v.ConfirmLoeschung(a, now)
		}
		return v.WithdrawLoeschung(a, now, "Irrtum")
	case vorgang.BefehlSperren:
		_, err := v.Hold(a, now, "Klage")
		return err
	case vorgang.BefehlEntsperren:
		mit(v, a, b, func(s *vorgang.Stand) { s.LoeschSperren = []vorgang.LoeschSperre{{ID: uuid.UUID{9}}} })
		return v.Unhold(a, now, uuid.UUID{9})
	case vorgang.BefehlZugangscodeAusgeben:
		_, err := v.IssueZugangscode(a, now)
		return err
	case vorgang.BefehlPruefen:
		return v.RecordPruefung(a, now, protokoll(vorgang.PruefungVollstaendig))
	case vorgang.BefehlAutomatischEntscheiden:
		mit(v, a, b, func(s *vorgang.Stand) {
			s.Pruefung = &vorgang.Pruefung{Seq: s.Journal.Seq, Ausgang: vorgang.PruefungStandardfall}
			s.Zuweisung = nil
		})
		_, err := v.DecideAutomatically(a, now, inhalt())
		return err
	case vorgang.BefehlZustellungNachweisen, vorgang.BefehlZustellungVeranlassen, vorgang.BefehlZustellungEintragen, vorgang.BefehlBekanntgabeNeuBerechnen:
		zustand := bescheid.ZustellungVersandt
		if b == vorgang.BefehlZustellungVeranlassen {
			zustand = bescheid.ZustellungGescheitert
		}
		mit(v, a, b, func(s *vorgang.Stand) { s.Bescheide = append(s.Bescheide, versandt(zustand)) })
		switch b {
		case vorgang.BefehlZustellungNachweisen:
			return v.RecordNachweis(a, now, vorgang.Meldung{Bescheid: uuid.UUID{9}, Zustellung: uuid.UUID{8}, Art: bescheid.NachweisRuecklauf})
		case vorgang.BefehlZustellungVeranlassen:
			return v.Redeliver(a, now, vorgang.Neuversand{Bescheid: uuid.UUID{9}, Grund: "neue Anschrift"})
		case vorgang.BefehlZustellungEintragen:
			_, err := v.RecordZustellung(a, now, vorgang.Eigenzustellung{Bescheid: uuid.UUID{9}, Weg: frist.KanalUebergabe, Tag: datum.Von(now), Zugang: datum.Von(now), Land: tenant.LandSH})
			return err
		}
		return v.RecomputeBekanntgabe(a, now, uuid.UUID{9})
	case vorgang.BefehlRechtsbehelfErfassen:
		_, err := v.RecordRechtsbehelf(a, now, vorgang.Rechtsbehelfseingang{Bescheid: uuid.UUID{1}, Eingang: datum.Von(now)})
		return err
	case vorgang.BefehlRechtsbehelfErledigen, vorgang.BefehlWiedereinsetzungBeantragen, vorgang.BefehlWiedereinsetzungEntscheiden:
		r := vorgang.Rechtsbehelf{ID: uuid.UUID{9}, Bescheid: uuid.UUID{1}, Eingang: datum.Von(start)}
		if b == vorgang.BefehlWiedereinsetzungEntscheiden {
			r.Wiedereinsetzung = &vorgang.Wiedereinsetzung{Zustand: vorgang.WiedereinsetzungBeantragt}
		}
		mit(v, a, b, func(s *vorgang.Stand) { s.Rechtsbehelfe = []vorgang.Rechtsbehelf{r} })
		switch b {
		case vorgang.BefehlWiedereinsetzungBeantragen:
			return v.RequestWiedereinsetzung(a, now, vorgang.Wiedereinsetzungsantrag{Rechtsbehelf: r.ID, Eingang: datum.Von(now), Hindernis: datum.Von(now), Grund: "Krankenhaus"})
		case vorgang.BefehlWiedereinsetzungEntscheiden:
			return v.DecideWiedereinsetzung(a, now, r.ID, true, "ohne Verschulden")
		}
		return v.CloseRechtsbehelf(a, now, vorgang.Rechtsbehelfsende{Rechtsbehelf: r.ID, Ausgang: vorgang.AusgangZurueckgenommen, Tag: datum.Von(now)})
	case vorgang.BefehlFiktionFeststellen:
		return v.RecordFiktion(a, now, fiktion())
	case vorgang.BefehlFiktionBescheinigen:
		mit(v, a, b, func(s *vorgang.Stand) {
			e := fiktion()
			s.Fiktion = &vorgang.Fiktion{Fall: e.Fall, Anordnung: e.Anordnung, Gegenstand: e.Gegenstand}
		})
		_, err := v.IssueBescheinigung(a, now, vorgang.Bescheinigung{Stelle: "Grünflächenamt"})
		return err
	case vorgang.BefehlGebuehrFestsetzen:
		_, err := v.ChargeFee(a, now, festsetzung())
		return err
	case vorgang.BefehlGebuehrStunden, vorgang.BefehlGebuehrErlassen, vorgang.BefehlGebuehrNiederschlagen, vorgang.BefehlGebuehrWiederaufnehmen,
		vorgang.BefehlGebuehrMahnen, vorgang.BefehlZahlungBuchen, vorgang.BefehlZahlungZurueckbuchen, vorgang.BefehlZahlungErstatten, vorgang.BefehlZahlungVeranlassen:
		return gibGebuehr(v, a, b)
	case vorgang.BefehlUebergeben:
		_, err := v.OrderUebergabe(a, now, "gewerbe")
		return err
	case vorgang.BefehlVersandKlaeren:
		mit(v, a, b, func(s *vorgang.Stand) {
			s.Nachrichten = append(s.Nachrichten, vorgang.Schriftstueck{Nachricht: messaging.Nachricht{ID: uuid.UUID{9}}, Richtung: messaging.Ausgang,
				Quittungen: []messaging.Quittung{{Kanal: "x", Zustand: messaging.Unsicher}}})
		})
		return v.SettleDelivery(a, now, uuid.UUID{9}, true, "angerufen")
	case vorgang.BefehlNachrechnen:
		mit(v, a, b, func(s *vorgang.Stand) { s.Bescheide = append(s.Bescheide, versandt(bescheid.ZustellungVersandt)) })
		_, err := v.ApplyNachrechnung(a, now, vorgang.Nachrechnung{Lauf: "x", Freigabe: zweiteLeitung, Recht: vorgang.Rechtsstand{Rechner: frist.New(nil)}})
		return err
	case vorgang.BefehlBeteiligen:
		_, err := v.Invite(a, now, vorgang.Einladung{Mandant: "flensburg", Recht: vorgang.RechtLesen, Grund: "Amtshilfe"})
		return err
	case vorgang.BefehlBeteiligungBeenden:
		// Only here is somebody else taking part.
		if v.May(a, now, b) == nil {
			s.Beteiligungen = append(s.Beteiligungen, vorgang.Beteiligung{ID: uuid.UUID{9}, Mandant: "flensburg", Recht: vorgang.RechtLesen, Von: now})
			*v = *vorgang.Restore(s, fest())
		}
		return v.EndBeteiligung(a, now, uuid.UUID{9}, "erledigt")
	}
	return fmt.Errorf("the test does not know %s", b)
}

var zweiteLeitung = tenant.Akteur{ID: "zweite-leitung", Name: "Z", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.Leitung}}

// versandt is a Bescheid that went to the applicant on 2 March 2026 by post.
func versandt(z bescheid.ZustellungZustand) bescheid.Bescheid {
	b := bescheid.Bescheid{ID: uuid.UUID{9}, Zustand: bescheid.Freigegeben, Inhalt: inhalt(), Dokument: ptr(anhang(7)), Pruefsumme: inhalt().Pruefsumme()}
	x := zustellung(uuid.UUID{8}, uuid.Nil, "brief", frist.KanalPost, datum.New(2026, 3, 2))
	if x.Zustand = z; z == bescheid.ZustellungGescheitert {
		x.Bekanntgabe = nil
	} else {
		x.Bekanntgabe.FristEnde = datum.New(2026, 1, 1) // under another law
	}
	b.SetzeZustellung(x)
	return b
}

func zustellung(id, adressat uuid.UUID, kanal string, weg frist.Kanal, tag datum.Datum) bescheid.Zustellung {
	x, err := bescheid.NewZustellung(frist.New(nil), bescheid.ZustellungParams{
		ID: id, Adressat: adressat, Kanal: kanal, Inhalt: inhalt(), Land: tenant.LandSH, ARS: "010020000000", Weg: weg, Tag: tag,
	})
	if err != nil {
		panic(err)
	}
	return x
}

func fiktion() vorgang.Fiktionseintritt {
	return vorgang.Fiktionseintritt{
		Fall:      frist.GenehmigungsfiktionFall{Vollstaendig: datum.New(2025, 10, 1), Behoerde: frist.Behoerde{Ort: frist.Ort{Land: tenant.LandSH}}},
		Anordnung: "§ 6 Abs. 4 Baumschutzsatzung", Gegenstand: "Fällung einer Eiche",
	}
}

// mit changes the Stand for a command that is allowed: what it needs would hold up others.
func mit(v *vorgang.Vorgang, a tenant.Akteur, b vorgang.Befehl, f func(s *vorgang.Stand)) {
	if v.May(a, gabZeit, b) != nil {
		return
	}
	s := v.Stand()
	f(&s)
	*v = *vorgang.Restore(s, fest())
}

func bearbeitungsfrist() vorgang.Bearbeitungsfrist {
	return vorgang.Bearbeitungsfrist{Beginn: datum.New(2026, 3, 3), Ende: datum.New(2026, 6, 2), Regeln: []string{"VWVFG-42A"}, Warnungen: []datum.Datum{datum.New(2026, 5, 19), datum.New(2026, 6, 1)}}
}

func stellungnahme(z vorgang.StellungnahmeZustand) []vorgang.Stellungnahme {
	return []vorgang.Stellungnahme{{ID: uuid.UUID{9}, An: vorgang.Stelle{Mandant: "luebeck"}, Bis: datum.New(2026, 4, 1), Zustand: z}}
}

func protokoll(p vorgang.Pruefausgang) vorgang.Pruefprotokoll {
	return vorgang.Pruefprotokoll{Form: 1, Regelwerk: "baum", Fassung: 3, RegelwerkHash: "ab", Leistung: "99012070006000", EingabeHash: "cd", Stichtag: datum.New(2026, 3, 2), Ausgang: p}
}

func loeschung() vorgang.Loeschung {
	return vorgang.Loeschung{Grund: "Frist abgelaufen", AufbewahrungBis: datum.New(2026, 3, 1), Regel: "AUFB-10", Archiv: vorgang.NichtAnzubieten}
}

func ptr[T any](x T) *T { return &x }

// mitRolle is an Akteur of the kind the role is for.
func mitRolle(r tenant.Rolle) tenant.Akteur {
	switch r {
	case tenant.RolleSystem:
		return relay
	case tenant.RolleAntragsteller:
		return buerger
	}
	return person("p."+string(r), r)
}

var alleRollen = []tenant.Rolle{
	tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung, tenant.Schlusszeichnung, tenant.Loeschberechtigt,
	tenant.Auskunft, tenant.Administration, tenant.RolleAntragsteller, tenant.RolleSystem,
}

// gaeste are the ways a Vorgang can look to a person of another Mandant at
// gabZeit; the last three give no right any more or not yet.
var gaeste = []struct {
	name string
	hat  vorgang.Recht // what the Beteiligung is worth
	b    []vorgang.Beteiligung
}{
	{"a guest without Beteiligung", "", []vorgang.Beteiligung{{Mandant: "flensburg", Recht: vorgang.RechtBearbeiten}}},
	{"a guest who may read", vorgang.RechtLesen, []vorgang.Beteiligung{{Mandant: "luebeck", Recht: vorgang.RechtLesen, Von: gabZeit}}},
	{"a guest who may comment", vorgang.RechtKommentieren, []vorgang.Beteiligung{{Mandant: "luebeck", Recht: vorgang.RechtKommentieren, Bis: gabZeit.Add(time.Microsecond)}}},
	{"a guest who may work", vorgang.RechtBearbeiten, []vorgang.Beteiligung{{Mandant: "luebeck", Recht: vorgang.RechtBearbeiten, Beendet: gabZeit.Add(time.Microsecond)}}},
	{"a guest whose time is over", "", []vorgang.Beteiligung{{Mandant: "luebeck", Recht: vorgang.RechtBearbeiten, Bis: gabZeit}}},
	{"a guest whose time has not come", "", []vorgang.Beteiligung{{Mandant: "luebeck", Recht: vorgang.RechtBearbeiten, Von: gabZeit.Add(time.Microsecond)}}},
	{"a guest whose part was ended", "", []vorgang.Beteiligung{{Mandant: "luebeck", Recht: vorgang.RechtBearbeiten, Beendet: gabZeit}}},
}

// Every combination of status, command, role and right of a guest: the table
// decides, and nothing else.
func TestTable(t *testing.T) {
	t.Parallel()
	pairs, cases, guests := 0, 0, 0
	gaeste := gaeste
	if testing.Short() { // the race detector needs only some of them
		gaeste = gaeste[2:4]
	}
	for _, st := range alleStatus {
		stand, letzter := bereiterStand(t, st)
		basis := vorgang.Restore(stand, fest())
		for _, r := range vorgang.Regeln() {
			pairs++
			for _, rolle := range alleRollen {
				probe := func(wer string, a tenant.Akteur, b []vorgang.Beteiligung, kind error, code string) {
					cases++
					s := basis.Stand()
					s.Beteiligungen = b
					v := vorgang.Restore(s, fest())
					vorher, err := v.MarshalStand()
					require.NoError(t, err)
					wo := fmt.Sprintf("%s in %s by %s as %s", r.Befehl, st, wer, rolle)
					err = gib(v, letzter, a, r.Befehl)
					if kind == nil {
						require.NoError(t, err, wo)
						require.NotEmpty(t, v.Neu(), wo)
						want := r.Nach
						switch {
						case r.Zurueck:
							want = vorgang.Abgeschlossen
						case want == "":
							want = st
						}
						require.Equal(t, want, v.Status(), wo)
						return
					}
					require.ErrorIs(t, err, kind, wo)
					for _, k := range []error{fehler.ErrForbidden, fehler.ErrInvalid} {
						require.Equal(t, k == kind, errors.Is(err, k), "one kind only: "+wo)
					}
					p := fehler.ProblemeIn(err)
					require.Len(t, p, 1, wo)
					require.Equal(t, code, p[0].Code, wo)
					require.NotEmpty(t, p[0].Hinweis, wo)
					nachher, err := v.MarshalStand()
					require.NoError(t, err)
					require.Equal(t, string(vorher), string(nachher), "a refused command changes nothing: "+wo)
					require.Empty(t, v.Neu(), wo)
					require.Empty(t, v.NeueAuftraege(), wo)
				}
				inRolle, inStatus := slices.Contains(r.Rollen, rolle), slices.Contains(r.Von, st)
				switch {
				case !inRolle:
					probe("our own", mitRolle(rolle), nil, fehler.ErrForbidden, "vorgang.rolle")
				case !inStatus:
					probe("our own", mitRolle(rolle), nil, fehler.ErrInvalid, "vorgang.status")
				default:
					probe("our own", mitRolle(rolle), nil, nil, "")
				}
				if mitRolle(rolle).Art != tenant.Person {
					continue
				}
				for _, g := range gaeste {
					a := fremder("g."+string(rolle), rolle)
					allowed := r.Recht != "" && g.hat.Umfasst(r.Recht)
					if r.Befehl == vorgang.BefehlZiehen && st == vorgang.Neu {
						allowed = false // it would accept, too
					}
					switch {
					case !inRolle:
						probe(g.name, a, g.b, fehler.ErrForbidden, "vorgang.rolle")
					case g.b[0].Mandant != a.Mandant:
						probe(g.name, a, g.b, fehler.ErrForbidden, "vorgang.mandant")
					case !allowed:
						probe(g.name, a, g.b, fehler.ErrForbidden, "vorgang.beteiligung")
					case !inStatus:
						probe(g.name, a, g.b, fehler.ErrInvalid, "vorgang.status")
					default:
						guests++
						probe(g.name, a, g.b, nil, "")
					}
				}
			}
		}
	}
	require.Equal(t, 86*8, pairs)
	require.Equal(t, 86*8*(9+7*len(gaeste)), cases)
	require.NotZero(t, guests)
}

// The column of the table, said once more by hand: a wrong row must not pass
// because test and code read the same table.
func TestWhatGuestsMay(t *testing.T) {
	t.Parallel()
	want := map[vorgang.Befehl]vorgang.Recht{
		vorgang.BefehlWiedervorlegen: vorgang.RechtKommentieren, vorgang.BefehlWiedervorlageErledigen: vorgang.RechtKommentieren,
		vorgang.BefehlWiedervorlageOeffnen: vorgang.RechtKommentieren,
		vorgang.BefehlVerschlagworten:      vorgang.RechtBearbeiten, vorgang.BefehlAnsprechpartnerSetzen: vorgang.RechtBearbeiten,
		vorgang.BefehlNotieren: vorgang.RechtKommentieren, vorgang.BefehlZuruecknehmen: vorgang.RechtKommentieren,
		vorgang.BefehlZiehen: vorgang.RechtBearbeiten, vorgang.BefehlZuweisen: vorgang.RechtBearbeiten,
		vorgang.BefehlZuruecklegen: vorgang.RechtBearbeiten, vorgang.BefehlBeginnen: vorgang.RechtBearbeiten,
		vorgang.BefehlSchreiben: vorgang.RechtBearbeiten, vorgang.BefehlFragen: vorgang.RechtBearbeiten,
		vorgang.BefehlFrageErledigen: vorgang.RechtBearbeiten, vorgang.BefehlEntwerfen: vorgang.RechtBearbeiten,
		vorgang.BefehlVorlegen:  vorgang.RechtBearbeiten,
		vorgang.BefehlAussetzen: vorgang.RechtBearbeiten, vorgang.BefehlFortsetzen: vorgang.RechtBearbeiten,
		vorgang.BefehlWeiterleitungEntscheiden: vorgang.RechtLesen, vorgang.BefehlEinsehen: vorgang.RechtLesen,
		vorgang.BefehlStellungnahmeAnfordern: vorgang.RechtBearbeiten, vorgang.BefehlStellungnahmeGeben: vorgang.RechtKommentieren,
		vorgang.BefehlStellungnahmeNachfordern: vorgang.RechtBearbeiten, vorgang.BefehlStellungnahmeAbbrechen: vorgang.RechtBearbeiten,
		vorgang.BefehlStellungnahmePruefen: vorgang.RechtBearbeiten, vorgang.BefehlMitzeichnungAnfordern: vorgang.RechtBearbeiten,
		vorgang.BefehlMitzeichnen: vorgang.RechtKommentieren, vorgang.BefehlMitzeichnungAblehnen: vorgang.RechtKommentieren,
		vorgang.BefehlPruefen: vorgang.RechtBearbeiten, vorgang.BefehlAnlageHinzufuegen: vorgang.RechtKommentieren, vorgang.BefehlAnlageErsetzen: vorgang.RechtBearbeiten,
	}
	got := map[vorgang.Befehl]vorgang.Recht{}
	for _, r := range vorgang.Regeln() {
		if r.Recht != "" {
			got[r.Befehl] = r.Recht
		}
	}
	require.Equal(t, want, got)
}

func TestWrongAkteur(t *testing.T) {
	t.Parallel()
	alle := slices.Clone(alleRollen)
	fremd := map[string]tenant.Akteur{
		"nobody":                     {},
		"unknown kind":               {ID: "x", Mandant: "kiel", Rollen: alle, Art: "geist"},
		"no kind":                    {ID: "x", Mandant: "kiel", Rollen: alle},
		"other Mandant":              {ID: "x", Art: tenant.Person, Mandant: "luebeck", Rollen: alle},
		"no Mandant":                 {ID: "x", Art: tenant.Person, Rollen: alle},
		"no id":                      {Art: tenant.Person, Mandant: "kiel", Rollen: alle},
		"other Einheit":              {ID: "x", Art: tenant.Person, Mandant: "kiel", Rollen: alle, Einheiten: []string{"tiefbau"}},
		"other Mandant's machine":    {ID: "x", Art: tenant.Maschine, Mandant: "luebeck", Rollen: alle},
		"other citizen, every role":  {ID: "konto-2", Art: tenant.Buerger, Rollen: alle},
		"nameless citizen":           {Art: tenant.Buerger, Rollen: alle},
		"person as applicant":        {ID: "konto-1", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.RolleAntragsteller}},
		"person as system":           {ID: "x", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{tenant.RolleSystem}},
		"machine as applicant":       {ID: "konto-1", Art: tenant.Maschine, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}},
		"the right unit, no role":    {ID: "x", Art: tenant.Person, Mandant: "kiel", Einheiten: []string{"gruen"}},
		"a role in other letters":    {ID: "x", Art: tenant.Person, Mandant: "kiel", Rollen: []tenant.Rolle{"Sachbearbeitung"}},
		"the Mandant in other cases": {ID: "x", Art: tenant.Person, Mandant: "Kiel", Rollen: alle},
	}
	for name, a := range fremd {
		for _, r := range vorgang.Regeln() {
			v, letzter := bereit(t, vorgang.InBearbeitung)
			if a.ID == "" && r.Befehl == vorgang.BefehlZiehen {
				continue // gib borrows the id of the assignment
			}
			require.ErrorIs(t, gib(v, letzter, a, r.Befehl), fehler.ErrForbidden, "%s: %s", name, r.Befehl)
		}
	}
	// The citizen with stray roles may answer, withdraw and pay, and nothing else.
	a := buerger
	a.Rollen = alle
	for _, r := range vorgang.Regeln() {
		v, letzter := bereit(t, vorgang.InBearbeitung)
		err := gib(v, letzter, a, r.Befehl)
		if r.Befehl == vorgang.BefehlAntworten || r.Befehl == vorgang.BefehlAntragZurueckziehen || r.Befehl == vorgang.BefehlZahlungVeranlassen {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, fehler.ErrForbidden, r.Befehl)
		}
	}
	v, _ := bereit(t, vorgang.Abgeschlossen)
	require.ErrorIs(t, v.FileAgain(post, start), fehler.ErrForbidden)
	n := len(v.Neu())
	require.NoError(t, v.FileAgain(sb, start))
	neu := v.Neu()
	require.Len(t, neu, n+1, "who ordered the second filing stands in the journal")
	wer, ok := neu[n].Who()
	require.True(t, ok)
	require.Equal(t, sb.ID, wer.ID)
	require.ErrorIs(t, v.May(sb, start, "zaubern"), fehler.ErrUnsupported)
}

func TestPullLeavesAssignedAlone(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.do(f.v.Assign(leitung, f.now(), sb.ID, sb.Name))
	require.ErrorIs(t, f.v.Pull(sb2, f.now()), fehler.ErrConflict)
	f.do(f.v.Pull(sb, f.now()))
	f.do(f.v.Pull(sb2, f.now())) // taken under a lease, not for good: storage guards it
	require.Equal(t, sb2.ID, f.v.Stand().Bearbeiter())
}

func TestRegelnAreACopy(t *testing.T) {
	t.Parallel()
	r := vorgang.Regeln()
	r[1].Von[0], r[1].Rollen[0] = "x", "x"
	require.Equal(t, vorgang.Neu, vorgang.Regeln()[1].Von[0])
	for _, r := range vorgang.Regeln() {
		require.NotEqual(t, r.Umkehrbar, r.Endgueltig != "", "%s is either reversible or says why not", r.Befehl)
		require.NotEmpty(t, r.Rollen)
	}
	for _, s := range alleStatus {
		require.NotEmpty(t, s.Name())
		require.NotEmpty(t, s.Oeffentlich())
	}
}

// docs/zustaende.md is written from the table: go test ./vorgang -run Zustaende -update
func TestZustaendeDocument(t *testing.T) {
	t.Parallel()
	pfad := filepath.Join(testenv.Root(t), "docs", "zustaende.md")
	want := zustaende()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(pfad), 0o755))
		require.NoError(t, os.WriteFile(pfad, want, 0o644))
	}
	got, err := os.ReadFile(pfad)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "docs/zustaende.md is stale: go test ./vorgang -run Zustaende -update")
}

func zustaende() []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, "# States of a Vorgang\n\nWritten from `vorgang.Regeln()` by `go test ./vorgang -run Zustaende -update`; do not edit.\n\n")
	fmt.Fprint(&b, "| Status | Name | what the citizen reads |\n|---|---|---|\n")
	for _, s := range alleStatus {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s, s.Name(), s.Oeffentlich())
	}
	fmt.Fprint(&b, "\n| Befehl | Von | Nach | Rollen | Recht (Beteiligung) | umkehrbar | bei Weiterleitung |\n|---|---|---|---|---|---|---|\n")
	ruht := map[bool]string{true: "ruht", false: "möglich"}
	for _, r := range vorgang.Regeln() {
		nach, umkehr := "(bleibt)", "ja"
		if r.Zurueck {
			nach = "(Status davor)"
		}
		if r.Nach != "" {
			nach = string(r.Nach)
		}
		if !r.Umkehrbar {
			umkehr = "nein: " + r.Endgueltig
		}
		recht := "–"
		if r.Recht != "" {
			recht = string(r.Recht)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", r.Befehl, liste(r.Von), nach, liste(r.Rollen), recht, umkehr, ruht[r.Ruht])
	}
	fmt.Fprint(&b, "\nA person of another Mandant needs one of the roles and an active Beteiligung with at least this right; – means never.\n"+
		"Pulling a new Vorgang accepts it, so a guest pulls only an accepted one. A guest takes back only what its own Mandant did.\n")
	fmt.Fprint(&b, "\n## Who may\n\nThe roles of the Mandant itself; the states of the table above hold for all of them.\n\n| Befehl |")
	for _, r := range alleRollen {
		fmt.Fprintf(&b, " %s |", r)
	}
	fmt.Fprint(&b, "\n|---|"+strings.Repeat("---|", len(alleRollen))+"\n")
	for _, r := range vorgang.Regeln() {
		fmt.Fprintf(&b, "| `%s` |", r.Befehl)
		for _, x := range alleRollen {
			fmt.Fprintf(&b, " %s |", map[bool]string{true: "ja", false: ""}[slices.Contains(r.Rollen, x)])
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprint(&b, "\n![States of a Vorgang and the commands between them](zustaende.svg)\n")
	return b.Bytes()
}

func liste[T ~string](l []T) string {
	if len(l) == 0 {
		return "–"
	}
	var s []string
	for _, x := range l {
		s = append(s, string(x))
	}
	return strings.Join(s, ", ")
}
