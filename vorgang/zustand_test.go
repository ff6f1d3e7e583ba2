package vorgang_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// Random commands by random people: whatever happens, the journal is sound, gives
// the Stand, and nobody released what they took part in.
func TestRandomCommandsKeepInvariants(t *testing.T) {
	t.Parallel()
	alle := person("a.alles", tenant.Poststelle, tenant.Sachbearbeitung, tenant.Leitung, tenant.Schlusszeichnung, tenant.Loeschberechtigt)
	alle2 := alle
	alle2.ID = "b.alles"
	vertretung := alle2
	vertretung.ID, vertretung.VertretungFuer = "c.vertretung", alle.ID
	gaeste := alle
	gaeste.ID, gaeste.Mandant = "d.gast", "luebeck"
	akteure := []tenant.Akteur{alle, alle2, vertretung, alle, alle, alle, alle, alle2, alle2, alle2, sb, leitung, post, leser, buerger, relay, gast, gaeste}
	released, undone, refused, byGuests, deleted, forwarded, final, challenged := 0, 0, 0, 0, 0, 0, 0, 0

	rapid.Check(t, func(rt *rapid.T) {
		f := &fall{t: t, uhr: start}
		v, err := vorgang.New(annahme, start, params(), fest())
		require.NoError(rt, err)
		f.v = v
		f.save()
		// A start from which the rarer ways are found at all.
		switch rapid.SampledFrom([]string{"neu", "gebuehr", "vorgelegt", "freigegeben", "versandt", "versandt", "versandt", "abgeschlossen", "zu loeschen", "angeboten", "angeboten"}).Draw(rt, "anfang") {
		case "versandt":
			f.do(v.Pull(alle, f.now()))
			d := f.get(v.Draft(alle, f.now(), inhalt()))
			f.do(v.SubmitDraft(alle, f.now(), d))
			f.do(v.ReleaseBescheid(leitung, f.now(), d))
			released++
			f.do(v.RecordAusfertigung(relay, f.now(), d, uuid.Nil, vorgang.Datei{Anhang: anhang(5)}))
			weg := rapid.SampledFrom([]frist.Kanal{frist.KanalPost, frist.KanalPost, frist.KanalAbruf, frist.KanalPZU}).Draw(rt, "weg")
			z := zustellung(uuid.UUID{7}, uuid.Nil, "brief", weg, datum.Von(f.uhr))
			f.do(v.RecordVersand(relay, f.now(), vorgang.Versand{Bescheid: d, Nachricht: messaging.Nachricht{Art: messaging.BescheidArt}, Quittung: quittung(3), Zustellung: &z}))
			if rapid.Bool().Draw(rt, "spaeter") {
				f.uhr = f.uhr.AddDate(0, 0, rapid.IntRange(1, 60).Draw(rt, "tage"))
			}
			if weg == frist.KanalPost && rapid.Bool().Draw(rt, "bestandskraeftig") {
				f.uhr = f.uhr.AddDate(0, 3, 0)
				f.do(v.RecordBekanntgabe(relay, f.now(), d))
				f.do(v.RecordBestandskraft(relay, f.now(), d))
				final++
			}
			if rapid.Bool().Draw(rt, "angefochten") {
				f.get(v.RecordRechtsbehelf(post, f.now(), vorgang.Rechtsbehelfseingang{Bescheid: d, Eingang: datum.Von(f.uhr)}))
			}
		case "gebuehr":
			f.do(v.Pull(alle, f.now()))
			f.get(v.ChargeFee(sb2, f.now(), festsetzung()))
			f.uhr = f.uhr.AddDate(0, 0, rapid.IntRange(0, 40).Draw(rt, "tage"))
		case "vorgelegt", "freigegeben":
			f.do(v.Pull(alle, f.now()))
			d := f.get(v.Draft(alle, f.now(), inhalt()))
			f.do(v.SubmitDraft(rapid.SampledFrom(akteure[:2]).Draw(rt, "vorlage"), f.now(), d))
			if rapid.Bool().Draw(rt, "freigegeben") {
				f.do(v.ReleaseBescheid(leitung, f.now(), d))
				released++
			}
		case "abgeschlossen", "zu loeschen":
			f.do(v.Accept(alle, f.now()))
			f.do(v.Close(alle, f.now(), vorgang.Schluss{Grund: vorgang.GrundErledigung}))
			if rapid.Bool().Draw(rt, "beantragt") {
				l := loeschung()
				l.Karenz = time.Minute
				f.do(v.RequestLoeschung(rapid.SampledFrom(akteure[:3]).Draw(rt, "antrag"), f.now(), l))
				f.uhr = f.uhr.Add(2 * time.Minute)
				if v.ConfirmLoeschung(rapid.SampledFrom(akteure[:3]).Draw(rt, "loeschung"), f.uhr) == nil {
					f.save()
					deleted++
				}
			}
		case "angeboten":
			an := rapid.SampledFrom([]vorgang.Stelle{{Mandant: "luebeck"}, {Name: "Kreis"}}).Draw(rt, "ziel")
			w := f.get(v.RequestWeiterleitung(alle, f.now(), an, "x", time.Time{}))
			if rapid.Bool().Draw(rt, "uebernommen") {
				wer := alle
				if an.Mandant != "" {
					wer = gaeste
					byGuests++
				}
				f.do(v.DecideWeiterleitung(wer, f.now(), w, true, ""))
				if rapid.Bool().Draw(rt, "ausgefuehrt") {
					f.do(v.RecordWeiterleitung(relay, f.now(), w, "L-1"))
					forwarded++
				}
			}
		}
		var vorher string // the Stand before the command, or before its second half
		befehle := []func(a tenant.Akteur, now time.Time, s vorgang.Stand) error{
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.Accept(a, now) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.Discard(a, now, "x") },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.RestoreDiscarded(a, now) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.Assign(a, now, "x", "X") },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.Pull(a, now) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.Pull(a, now) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.PutBack(a, now) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.Start(a, now) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				_, err := v.Note(a, now, rapid.StringN(1, 20, -1).Draw(rt, "text"))
				return err
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				_, err := v.Write(a, now, "b", "t", anhang(1))
				return err
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				_, err := v.Ask(a, now, vorgang.Frage{Text: "?"})
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.Answer(a, now, vorgang.Erwiderung{Bezug: einer(rt, s.Nachrichten).Nachricht.ID, Text: "ja"})
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				_, err := v.Draft(a, now, inhalt())
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.Redraft(a, now, einer(rt, s.Bescheide).ID, inhalt())
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.SubmitDraft(a, now, einer(rt, s.Bescheide).ID)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.ReturnDraft(a, now, einer(rt, s.Bescheide).ID, "x")
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				for _, b := range s.Bescheide {
					if b.Zustand == bescheid.ZurFreigabe {
						return v.ReleaseBescheid(a, now, b.ID)
					}
				}
				return v.ReleaseBescheid(a, now, uuid.Nil)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				for _, b := range s.Bescheide {
					if b.Zustand == bescheid.ZurFreigabe {
						return v.ReleaseBescheid(a, now, b.ID)
					}
				}
				return v.ReleaseBescheid(a, now, uuid.Nil)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.RecordAusfertigung(relay, now, einer(rt, s.Bescheide).ID, uuid.Nil, vorgang.Datei{Anhang: anhang(5)})
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.RecordVersand(relay, now, vorgang.Versand{
					Bescheid: einer(rt, s.Bescheide).ID, Nachricht: messaging.Nachricht{Art: messaging.BescheidArt}, Quittung: quittung(3), Bekanntgabe: bekanntgabe(),
				})
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.RecordBekanntgabe(relay, now.AddDate(0, 2, 0), einer(rt, s.Bescheide).ID)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.RecordDelivery(relay, now, einer(rt, s.Nachrichten).Nachricht.ID, quittung(byte(rapid.IntRange(0, 3).Draw(rt, "sendung"))), "g")
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				return v.Close(a, now, vorgang.Schluss{Grund: rapid.SampledFrom([]vorgang.Abschlussgrund{
					vorgang.GrundBeschieden, vorgang.GrundRuecknahme, vorgang.GrundWeitergeleitet, "x",
				}).Draw(rt, "grund"), Abgeben: true})
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				return v.Reopen(a, now, rapid.SampledFrom([]vorgang.Wiedereroeffnungsgrund{vorgang.WegenIrrtum, "x"}).Draw(rt, "wieder"), "x")
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.FileAgain(a, now) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				return v.RecordAbgabe(relay, now, uuid.UUID{byte(rapid.IntRange(1, 3).Draw(rt, "prozess"))}, "dms")
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				w := vorgang.AbgabeAntwort{Zustand: vorgang.AbgabeEmpfangen, Meldungen: []string{"m"}, Kennungen: []string{"k"}}
				if s.Abgabe != nil {
					w.ProzessID = s.Abgabe.ProzessID
				}
				return v.RecordAbgabeAntwort(relay, now, w)
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				e := vorgang.Einladung{
					Mandant: rapid.SampledFrom([]tenant.ID{"luebeck", "luebeck", "flensburg", "kiel"}).Draw(rt, "mandant"),
					Recht:   rapid.SampledFrom([]vorgang.Recht{vorgang.RechtLesen, vorgang.RechtKommentieren, vorgang.RechtBearbeiten}).Draw(rt, "recht"),
					Grund:   "x",
				}
				if rapid.Bool().Draw(rt, "befristet") {
					e.Bis = now.Add(time.Duration(rapid.IntRange(-10, 3000).Draw(rt, "dauer")) * time.Second)
				}
				_, err := v.Invite(a, now, e)
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.EndBeteiligung(a, now, einer(rt, s.Beteiligungen).ID, "x")
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				e := erinnerung()
				e.Faellig = e.Faellig.AddTage(rapid.IntRange(-2, 9).Draw(rt, "faellig"))
				_, err := v.Remind(a, now, e)
				return err
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				k := rapid.SliceOfN(rapid.SampledFrom([]string{"a", " b  c ", "d"}), 0, 3).Draw(rt, "kennzeichen")
				if rapid.Bool().Draw(rt, "aktenzeichen") {
					return v.SetAktenzeichen(a, now, k)
				}
				return v.SetSchlagworte(a, now, k)
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				if rapid.Bool().Draw(rt, "niemand") {
					return v.SetAnsprechpartner(a, now, nil)
				}
				return v.SetAnsprechpartner(a, now, &vorgang.Ansprechpartner{Name: rapid.SampledFrom([]string{"", "X", "Y"}).Draw(rt, "name")})
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				k := vorgang.Verknuepfung{
					Art:     rapid.SampledFrom([]vorgang.VerknuepfungArt{vorgang.Verwandt, vorgang.DubletteVon, "x"}).Draw(rt, "art"),
					Vorgang: uuid.UUID{byte(rapid.IntRange(0, 2).Draw(rt, "anderer"))},
				}
				if rapid.Bool().Draw(rt, "loesen") {
					return v.Unlink(a, now, k)
				}
				return v.Link(a, now, k)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.CompleteReminder(a, now, einer(rt, s.Wiedervorlagen).ID)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				return v.ReopenReminder(a, now, einer(rt, s.Wiedervorlagen).ID)
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				_, err := v.Suspend(a, now, "x")
				return err
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.Resume(a, now) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				return v.SetBearbeitungsfrist(a, now, bearbeitungsfrist())
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				w := vorgang.Verlaengerung{Ende: bearbeitungsfrist().Ende.AddTage(rapid.IntRange(0, 9).Draw(rt, "tage")), Grund: "x", Text: "y"}
				return v.ExtendFrist(a, now, w)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				w := vorgang.Warnung{Sache: vorgang.WarnungBearbeitungsfrist, Tag: datum.Von(now)}
				if s.Bearbeitungsfrist != nil {
					w.ID = s.Bearbeitungsfrist.ID
				}
				return v.RecordWarnung(relay, now, w)
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				freigabe := rapid.SampledFrom([]tenant.Akteur{leitung, zweiteLeitung, sb}).Draw(rt, "freigabe")
				_, err := v.ApplyNachrechnung(a, now, vorgang.Nachrechnung{Lauf: "x", Freigabe: freigabe, Recht: anderesRecht()})
				return err
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				return v.Move(a, now, rapid.SampledFrom([]string{"gruen", "tiefbau"}).Draw(rt, "einheit"), "x")
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				an := rapid.SampledFrom([]vorgang.Stelle{{Mandant: "luebeck"}, {Name: "Kreis"}, {}}).Draw(rt, "an")
				_, err := v.RequestWeiterleitung(a, now, an, "x", now.Add(time.Hour))
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				id := einer(rt, s.Weiterleitungen).ID
				switch rapid.IntRange(0, 3).Draw(rt, "weiterleitung") {
				case 0:
					return v.WithdrawWeiterleitung(a, now, id)
				case 1:
					return v.ExpireWeiterleitung(relay, now, id)
				case 2:
					return v.RecordWeiterleitung(relay, now, id, "L-1")
				}
				return v.DecideWeiterleitung(a, now, id, rapid.Bool().Draw(rt, "ja"), "x")
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				_, err := v.RequestStellungnahme(a, now, vorgang.Anfrage{An: vorgang.Stelle{Mandant: "luebeck"}, Frage: "?"})
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				id := einer(rt, s.Stellungnahmen).ID
				switch rapid.IntRange(0, 4).Draw(rt, "stellungnahme") {
				case 0:
					return v.RedoStellungnahme(a, now, id, "x", datum.Datum{})
				case 1:
					return v.CancelStellungnahme(a, now, id, "x")
				case 2:
					return v.CheckStellungnahme(a, now, id, "x")
				}
				return v.AnswerStellungnahme(a, now, id, vorgang.Auskunft{Ergebnis: vorgang.ErgebnisNichtBetroffen})
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				_, err := v.RequestMitzeichnung(a, now, vorgang.Mitzeichnung{Bescheid: einer(rt, s.Bescheide).ID, Stelle: vorgang.Stelle{Mandant: "luebeck"}, Rang: rapid.IntRange(0, 1).Draw(rt, "rang")})
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				id := einer(rt, s.Mitzeichnungen).ID
				switch rapid.IntRange(0, 3).Draw(rt, "mitzeichnung") {
				case 0:
					return v.RefuseCosign(a, now, id, "x")
				case 1:
					return v.CancelMitzeichnung(a, now, id, "x")
				}
				return v.Cosign(a, now, id)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				d := vorgang.Datei{Anhang: anhang(9)}
				d.ID = uuid.Nil
				if rapid.Bool().Draw(rt, "ersetzen") {
					_, err := v.ReplaceDatei(a, now, einer(rt, s.Dateien).ID, d)
					return err
				}
				_, err := v.AddDatei(a, now, d)
				return err
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.WithdrawAntrag(a, now, "x") },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.DismissRuecknahme(a, now, "x") },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				return v.ReturnToBearbeitung(a, now, rapid.SampledFrom([]vorgang.Rueckkehrgrund{vorgang.RueckkehrNichtVersandt, vorgang.RueckkehrAbhilfe}).Draw(rt, "rueckkehr"))
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.LogAccess(a, now, "x") },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				p := protokoll(rapid.SampledFrom([]vorgang.Pruefausgang{vorgang.PruefungStandardfall, vorgang.PruefungPerson}).Draw(rt, "ausgang"))
				return v.RecordPruefung(a, now, p)
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				if err := v.RecordPruefung(relay, now, protokoll(rapid.SampledFrom([]vorgang.Pruefausgang{vorgang.PruefungStandardfall, vorgang.PruefungPerson}).Draw(rt, "ausgang"))); err != nil {
					return err
				}
				f.save()
				vorher = f.json()
				_, err := v.DecideAutomatically(rapid.SampledFrom([]tenant.Akteur{relay, a}).Draw(rt, "wer"), now, inhalt())
				return err
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				l := loeschung()
				l.Karenz = time.Minute
				return v.RequestLoeschung(a, now, l)
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.WithdrawLoeschung(a, now, "x") },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				return v.ConfirmLoeschung(a, now)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				if rapid.Bool().Draw(rt, "aufheben") {
					return v.Unhold(a, now, einer(rt, s.LoeschSperren).ID)
				}
				_, err := v.Hold(a, now, "x")
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error { // a Termin comes, in time or late or twice
				var termine []vorgang.Auftrag
				for _, o := range f.orders {
					switch o.Art {
					case vorgang.BekanntgabeFeststellen, vorgang.BestandskraftFeststellen, vorgang.AbrufAblaufen:
						termine = append(termine, o)
					}
				}
				if len(termine) == 0 {
					return nil
				}
				o := einer(rt, termine)
				if o.Faellig.After(now) {
					now = o.Faellig
				}
				var d vorgang.BescheidDaten
				require.NoError(rt, o.Decode(&d))
				return v.ReachTermin(relay, now, o.Art, d)
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				b := einer(rt, s.Bescheide)
				return v.RecordNachweis(a, now, vorgang.Meldung{Bescheid: b.ID, Zustellung: einer(rt, b.Zustellungen).ID, Tag: datum.Von(now), Art: rapid.SampledFrom([]bescheid.NachweisArt{
					bescheid.NachweisAufgabe, bescheid.NachweisAbruf, bescheid.NachweisPZU, bescheid.NachweisRuecklauf, bescheid.NachweisBestritten, bescheid.NachweisNichtAbgerufen, "x",
				}).Draw(rt, "nachweis")})
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				_, err := v.RecordZustellung(a, now, vorgang.Eigenzustellung{Bescheid: einer(rt, s.Bescheide).ID, Tag: datum.Von(now), Land: tenant.LandSH,
					Weg: rapid.SampledFrom([]frist.Kanal{frist.KanalPZU, frist.KanalPost, "x"}).Draw(rt, "weg")})
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				if rapid.Bool().Draw(rt, "rechnen") {
					return v.RecomputeBekanntgabe(a, now, einer(rt, s.Bescheide).ID)
				}
				return v.Redeliver(a, now, vorgang.Neuversand{Bescheid: einer(rt, s.Bescheide).ID, Grund: "x"})
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				_, err := v.RecordRechtsbehelf(a, now, vorgang.Rechtsbehelfseingang{Bescheid: einer(rt, s.Bescheide).ID, Eingang: datum.Von(now).AddTage(-rapid.IntRange(0, 40).Draw(rt, "vor"))})
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				id := einer(rt, s.Rechtsbehelfe).ID
				switch rapid.IntRange(0, 3).Draw(rt, "rechtsbehelf") {
				case 0:
					return v.RequestWiedereinsetzung(a, now, vorgang.Wiedereinsetzungsantrag{Rechtsbehelf: id, Eingang: datum.Von(now), Hindernis: datum.Von(now), Grund: "x"})
				case 1:
					return v.DecideWiedereinsetzung(a, now, id, rapid.Bool().Draw(rt, "ja"), "x")
				}
				return v.CloseRechtsbehelf(a, now, vorgang.Rechtsbehelfsende{Rechtsbehelf: id, Tag: datum.Von(now), Ausgang: rapid.SampledFrom([]vorgang.RechtsbehelfAusgang{vorgang.AusgangZurueckgenommen, vorgang.AusgangErledigt, "x"}).Draw(rt, "ausgang")})
			},
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error {
				if rapid.Bool().Draw(rt, "bescheinigen") {
					_, err := v.IssueBescheinigung(a, now, vorgang.Bescheinigung{Stelle: "x"})
					return err
				}
				return v.RecordFiktion(a, now, fiktion())
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error {
				x := festsetzung()
				x.Kassenzeichen = rapid.SampledFrom([]string{"50001030704", "50001030712", "50001030720"}).Draw(rt, "kassenzeichen")
				if rapid.Bool().Draw(rt, "mit bescheid") {
					x.Bescheid, x.Faellig = einer(rt, s.Bescheide).ID, datum.Datum{}
				}
				_, err := v.ChargeFee(a, now, x)
				return err
			},
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error { return zufallsgeld(rt, v, a, now, s) },
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error { return zufallsgeld(rt, v, a, now, s) },
			func(a tenant.Akteur, now time.Time, s vorgang.Stand) error { return zufallsgeld(rt, v, a, now, s) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.Undo(a, now, f.last()) },
			func(a tenant.Akteur, now time.Time, _ vorgang.Stand) error { return v.Undo(a, now, f.last()) },
		}
		for step := range rapid.IntRange(10, 50).Draw(rt, "steps") {
			a := rapid.SampledFrom(akteure).Draw(rt, "akteur")
			c := rapid.IntRange(0, len(befehle)-1).Draw(rt, "befehl")
			// The clock of another machine may be behind.
			f.uhr = f.uhr.Add(time.Duration(rapid.IntRange(-90, 600).Draw(rt, "sekunden")) * time.Second)
			status, n := v.Status(), len(f.journal)
			vorher = f.json()
			if err := befehle[c](a, f.uhr, v.Stand()); err != nil {
				require.Equal(rt, vorher, f.json(), "a refused command changes nothing")
				require.Empty(rt, v.Neu())
				refused++
				continue
			}
			f.save()
			if a.Mandant == "luebeck" && len(f.journal) > n {
				byGuests++
			}
			require.Empty(rt, vorzeitig(v.Stand()))
			require.Empty(rt, falschGebucht(v.Stand(), f.journal))
			if step%5 == 0 {
				f.check()
			}
			if f.last().Code == "bescheid.freigegeben" || (len(f.journal) > 1 && f.journal[len(f.journal)-2].Code == "bescheid.freigegeben") {
				released++
			}
			for _, e := range f.journal[n:] {
				switch e.Code {
				case "loeschung.vollzogen":
					deleted++
				case "weiterleitung.ausgefuehrt":
					forwarded++
				case "bescheid.bestandskraeftig":
					final++
				case "rechtsbehelf.eingegangen":
					challenged++
				}
			}
			if len(f.journal) > 1 && f.journal[len(f.journal)-2].Code == "vorgang.zurueckgenommen" {
				undone++
			}
			if v.Status() != status {
				require.True(rt, slices.ContainsFunc(vorgang.Regeln(), func(r vorgang.Regel) bool {
					return (r.Nach == v.Status() && slices.Contains(r.Von, status)) || (r.Umkehrbar || r.Befehl == vorgang.BefehlLoeschungBeantragen) && r.Nach == status && slices.Contains(r.Von, v.Status())
				}), "%s to %s is no step of the table", status, v.Status())
			}
		}
		f.check()
		require.Empty(rt, vierAugenVerletzt(f.journal))
		require.Empty(rt, gastOhneRecht(f.journal))
	})
	if !testing.Short() { // rapid draws a fifth of the sequences with -short, too few to reach everything each time
		require.NotZero(t, released, "the random commands reach a release")
		require.NotZero(t, undone)
		require.NotZero(t, refused)
		require.NotZero(t, byGuests)
		require.NotZero(t, final)
		require.NotZero(t, challenged)
	}
	t.Logf("%d released, %d undone, %d refused, %d by guests, %d forwarded, %d deleted, %d final, %d challenged", released, undone, refused, byGuests, forwarded, deleted, final, challenged)
}

// vorzeitig looks for what may never be: Bestandskraft without a Bekanntgabe, before its
// day, or against an open remedy that is in time; a state that is not that of the attempts.
func vorzeitig(s vorgang.Stand) (out []string) {
	heute := datum.Von(s.Journal.Zeit)
	for _, b := range s.Bescheide {
		for _, z := range b.Zustellungen {
			k := z.Bekanntgabe
			fest := z.Zustand == bescheid.ZustellungBekanntgegeben || z.Zustand == bescheid.ZustellungBestandskraeftig
			switch {
			case (k == nil) != (z.Zustand == bescheid.ZustellungOffen || z.Zustand == bescheid.ZustellungGescheitert):
				out = append(out, "day and state of an attempt")
			case fest && k.Tag.Nach(heute):
				out = append(out, "bekanntgegeben before the day")
			case (z.Zustand == bescheid.ZustellungBestandskraeftig) != !z.BestandskraftSeit.IsZero():
				out = append(out, "no day of Bestandskraft")
			case z.Zustand == bescheid.ZustellungBestandskraeftig && (k.BestandskraftAb.Nach(z.BestandskraftSeit) || z.BestandskraftSeit.Nach(heute)):
				out = append(out, "bestandskraeftig before the day")
			}
		}
		for _, r := range s.Rechtsbehelfe {
			if r.Bescheid == b.ID && r.Offen() && r.Rechtzeitig && b.Zustand == bescheid.Bestandskraeftig {
				out = append(out, "bestandskraeftig against an open remedy")
			}
		}
		if b.Zustand == bescheid.Bestandskraeftig && len(b.Zustellungen) > 0 && b.Massgeblich(uuid.Nil).Zustand != bescheid.ZustellungBestandskraeftig {
			out = append(out, "the Bescheid is further than the attempt that counts")
		}
	}
	return out
}

// Negative control: each breach is seen.
func TestVorzeitigCanFail(t *testing.T) {
	t.Parallel()
	gut := versandt(bescheid.ZustellungBekanntgegeben)
	s := vorgang.Stand{Journal: vorgang.Kopf{Zeit: datum.New(2026, 3, 7).Beginn()}, Bescheide: []bescheid.Bescheid{gut}}
	require.Empty(t, vorzeitig(s))
	for name, f := range map[string]func(s *vorgang.Stand, z *bescheid.Zustellung){
		"early":    func(s *vorgang.Stand, _ *bescheid.Zustellung) { s.Journal.Zeit = datum.New(2026, 3, 5).Beginn() },
		"no day":   func(_ *vorgang.Stand, z *bescheid.Zustellung) { z.Bekanntgabe = nil },
		"no final": func(_ *vorgang.Stand, z *bescheid.Zustellung) { z.Zustand = bescheid.ZustellungBestandskraeftig },
		"final": func(_ *vorgang.Stand, z *bescheid.Zustellung) {
			z.Zustand, z.BestandskraftSeit = bescheid.ZustellungBestandskraeftig, datum.New(2026, 3, 7)
		},
		"challenged": func(s *vorgang.Stand, _ *bescheid.Zustellung) {
			s.Bescheide[0].Zustand, s.Rechtsbehelfe = bescheid.Bestandskraeftig, []vorgang.Rechtsbehelf{{Bescheid: gut.ID, Rechtzeitig: true}}
		},
	} {
		x := s
		x.Bescheide = []bescheid.Bescheid{gut.Clone()}
		f(&x, &x.Bescheide[0].Zustellungen[0])
		require.NotEmpty(t, vorzeitig(x), name)
	}
}

// vierAugenVerletzt looks, from the journal alone, for a release by somebody who
// wrote, changed or submitted the text, and for a deletion confirmed by who asked for
// it, deputies and their principals included.
func vierAugenVerletzt(journal []vorgang.Ereignis) []uuid.UUID {
	augen := map[uuid.UUID][]string{}
	var loeschen []string // who asked for a deletion
	var out []uuid.UUID
	for i, e := range journal {
		a, _ := e.Who()
		d, _ := e.Data()
		switch d := d.(type) {
		case *vorgang.Entworfen:
			augen[d.Bescheid] = append(augen[d.Bescheid], a.Augen()...)
		case *vorgang.Vorgelegt:
			augen[d.Bescheid] = append(augen[d.Bescheid], a.Augen()...)
		case *vorgang.LoeschungBeantragt:
			loeschen = nil
			if d.Nach != nil {
				loeschen = a.Augen()
			}
		case *vorgang.Vernichtet:
			for _, x := range a.Augen() {
				if slices.Contains(loeschen, x) {
					out = append(out, e.Vorgang)
				}
			}
		case *vorgang.Freigegeben:
			if d.Automatisch { // behind it are the two persons of the rules
				if pr, _ := journal[i-2].Data(); a.Art != tenant.Maschine || !standardfall(pr) {
					out = append(out, d.Bescheid)
				}
				continue
			}
			for _, x := range a.Augen() {
				if slices.Contains(augen[d.Bescheid], x) {
					out = append(out, d.Bescheid)
				}
			}
		}
	}
	return out
}

func standardfall(d any) bool {
	p, ok := d.(*vorgang.Geprueft)
	return ok && p.Protokoll.Ausgang == vorgang.PruefungStandardfall
}

// gastOhneRecht looks, from the journal alone, for entries by somebody of another
// Mandant at a time when no Beteiligung covered them.
func gastOhneRecht(journal []vorgang.Ereignis) []int64 {
	var laufend []*vorgang.BeteiligungBegonnen
	var out []int64
	var vorher vorgang.Code
	for _, e := range journal {
		a, _ := e.Who()
		d, _ := e.Data()
		if a.Art == tenant.Person && a.Mandant != e.Mandant {
			need := vorgang.RechtBearbeiten
			switch d.(type) {
			case *vorgang.Notiert, *vorgang.NotizEntfernt, *vorgang.Zurueckgenommen,
				*vorgang.WiedervorlageGesetzt, *vorgang.WiedervorlageEntfernt, *vorgang.WiedervorlageErledigt, *vorgang.WiedervorlageGeoeffnet,
				*vorgang.StellungnahmeGegeben, *vorgang.Mitgezeichnet, *vorgang.MitzeichnungVerweigert, *vorgang.AnlageHinzugefuegt:
				need = vorgang.RechtKommentieren
			case *vorgang.Eingesehen, *vorgang.WeiterleitungEntschieden, *vorgang.WeiterleitungBeendet:
				need = vorgang.RechtLesen
			case *vorgang.Freigegeben, *vorgang.AbschlussVermerkt, *vorgang.AbgabeAngeordnet, *vorgang.BeteiligungBegonnen,
				*vorgang.ZustellungGeaendert, *vorgang.ZustellungVeranlasst, *vorgang.RechtsbehelfEingegangen, *vorgang.RechtsbehelfErledigt,
				*vorgang.UebergabeBegonnen, *vorgang.GebuehrFestgesetzt, *vorgang.GebuehrGestundet, *vorgang.GebuehrErlassen, *vorgang.GebuehrNiedergeschlagen, *vorgang.GebuehrWiederaufgenommen,
				*vorgang.GebuehrGemahnt, *vorgang.ZahlungEingegangen, *vorgang.ZahlungZurueckgegeben, *vorgang.ZahlungErstattet, *vorgang.ZahlungVeranlasst,
				*vorgang.WiedereinsetzungErbeten, *vorgang.WiedereinsetzungEntschieden, *vorgang.FiktionEingetreten, *vorgang.FiktionBescheinigt:
				need = "never"
			case *vorgang.BeteiligungBeendet:
				need = "never"
				if vorher == "weiterleitung.beendet" { // the target's no ends what it was shown for
					need = vorgang.RechtLesen
				}
			}
			if !slices.ContainsFunc(laufend, func(b *vorgang.BeteiligungBegonnen) bool {
				return b.Mandant == a.Mandant && b.Recht.Umfasst(need) && !e.Zeit.Before(b.Von) && (b.Bis.IsZero() || e.Zeit.Before(b.Bis))
			}) {
				out = append(out, e.Seq)
			}
		}
		switch d := d.(type) {
		case *vorgang.BeteiligungBegonnen:
			laufend = append(laufend, d)
		case *vorgang.BeteiligungBeendet:
			laufend = slices.DeleteFunc(laufend, func(b *vorgang.BeteiligungBegonnen) bool { return b.ID == d.Beteiligung })
		}
		vorher = e.Code
	}
	return out
}

// Negative control: a right the Stand has and the journal never gave is seen.
func TestGuestCheckCanFail(t *testing.T) {
	t.Parallel()
	f := neuerFall(t)
	f.get(f.v.Invite(sb, f.now(), vorgang.Einladung{Mandant: "luebeck", Recht: vorgang.RechtKommentieren, Grund: "x", Bis: f.uhr.Add(time.Hour)}))
	f.get(f.v.Note(gast, f.now(), "x"))
	require.Empty(t, gastOhneRecht(f.journal))
	s := f.v.Stand()
	s.Beteiligungen[0].Recht, s.Beteiligungen[0].Bis = vorgang.RechtBearbeiten, time.Time{}
	v := vorgang.Restore(s, fest())
	require.NoError(t, v.Assign(gast, f.now(), "x", "X"))
	_, err := v.Note(gast, f.uhr.Add(2*time.Hour), "x")
	require.NoError(t, err)
	require.Equal(t, []int64{s.Journal.Seq + 1, s.Journal.Seq + 2}, gastOhneRecht(append(f.journal, v.Neu()...)))
}

// Negative control: the check sees a breach when the Stand forgot who took part.
func TestVierAugenCheckCanFail(t *testing.T) {
	t.Parallel()
	beide := person("b.beide", tenant.Sachbearbeitung, tenant.Leitung)
	f := neuerFall(t)
	f.do(f.v.Pull(beide, f.now()))
	b := f.get(f.v.Draft(beide, f.now(), inhalt()))
	f.do(f.v.SubmitDraft(beide, f.now(), b))
	s := f.v.Stand()
	s.Bescheide[0].Mitwirkende = nil
	v := vorgang.Restore(s, fest())
	require.NoError(t, v.ReleaseBescheid(beide, f.now(), b))
	require.Equal(t, []uuid.UUID{b}, vierAugenVerletzt(append(f.journal, v.Neu()...)))
	require.Equal(t, bescheid.Freigegeben, v.Stand().Bescheide[0].Zustand)
}

func einer[T any](rt *rapid.T, l []T) T {
	if len(l) == 0 {
		var zero T
		return zero
	}
	return l[rapid.IntRange(0, len(l)-1).Draw(rt, "welcher")]
}
