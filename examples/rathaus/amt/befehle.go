package amt

import (
	"github.com/ozg-fachwerk/fachwerk/bescheid/geld"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// befehl is what a form does: one command of the library.
type befehl struct {
	// teil of the Vorgang to show afterwards, and the sentence on it.
	teil, danach string
	gib          func(x *anfrage, v *vorgang.Vorgang) error
}

// befehle by the last element of the address.
var befehle = map[string]befehl{
	"annehmen": {danach: "Der Antrag ist angenommen.", gib: func(x *anfrage, v *vorgang.Vorgang) error { return v.Accept(x.akteur, x.now) }},
	"verwerfen": {danach: "Der Eingang ist verworfen.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		return v.Discard(x.akteur, x.now, x.text("grund"))
	}},
	"uebernehmen": {danach: "Sie bearbeiten diesen Vorgang.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		if err := v.Assign(x.akteur, x.now, x.akteur.ID, x.akteur.Name); err != nil {
			return err
		}
		return x.beginne(v)
	}},
	"zuweisen": {danach: "Der Vorgang ist zugewiesen.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		for _, k := range x.kollegen() {
			if k.ID == x.text("an") {
				return v.Assign(x.akteur, x.now, k.ID, k.Name)
			}
		}
		return falsch("/an", "Bitte wählen Sie eine Person aus.")
	}},
	"zuruecklegen": {danach: "Der Vorgang liegt wieder auf dem Stapel.", gib: func(x *anfrage, v *vorgang.Vorgang) error { return v.PutBack(x.akteur, x.now) }},
	"umsetzen": {danach: "Der Vorgang liegt bei der anderen Organisationseinheit.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		return v.Move(x.akteur, x.now, x.text("einheit"), x.text("grund"))
	}},
	"notieren": {danach: "Die Notiz ist gespeichert.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		_, err := v.Note(x.akteur, x.now, x.text("text"))
		return err
	}},
	"schreiben": {teil: "nachrichten", danach: "Die Nachricht geht hinaus.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		_, err := v.Write(x.akteur, x.now, x.text("betreff"), x.text("text"))
		return err
	}},
	"fragen": {teil: "nachrichten", danach: "Die Rückfrage geht hinaus.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		bis, err := x.datum("bis")
		if err != nil {
			return err
		}
		f := vorgang.Frage{Betreff: x.text("betreff"), Text: x.text("text"), Bis: bis, Aussetzen: x.text("ruht") != ""}
		if x.text("erinnern") != "" {
			f.Erinnern = 3
		}
		_, err = v.Ask(x.akteur, x.now, f)
		return err
	}},
	"frage_erledigen": {teil: "nachrichten", danach: "Die Rückfrage ist beendet.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("frage")
		if err != nil {
			return err
		}
		return v.EndQuestion(x.akteur, x.now, id, x.text("grund"))
	}},
	"wiedervorlegen": {danach: "Die Wiedervorlage ist gesetzt.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		am, err := x.datum("am")
		if err != nil {
			return err
		}
		_, err = v.Remind(x.akteur, x.now, vorgang.Erinnerung{Betreff: x.text("betreff"), Faellig: am, Fuer: x.akteur.ID})
		return err
	}},
	"wiedervorlage_erledigen": {danach: "Die Wiedervorlage ist erledigt.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("wiedervorlage")
		if err != nil {
			return err
		}
		return v.CompleteReminder(x.akteur, x.now, id)
	}},
	"stellungnahme_anfordern": {teil: "beteiligte", danach: "Die Stellungnahme ist angefordert.", gib: stellungnahme},
	"stellungnahme_geben": {teil: "beteiligte", danach: "Die Stellungnahme ist abgegeben.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("stellungnahme")
		if err != nil {
			return err
		}
		return v.AnswerStellungnahme(x.akteur, x.now, id, vorgang.Auskunft{Ergebnis: vorgang.StellungnahmeErgebnis(x.text("ergebnis")), Text: x.text("text")})
	}},
	"stellungnahme_pruefen": {teil: "beteiligte", danach: "Die Stellungnahme ist ausgewertet.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("stellungnahme")
		if err != nil {
			return err
		}
		return v.CheckStellungnahme(x.akteur, x.now, id, x.text("anmerkung"))
	}},
	"stellungnahme_abbrechen": {teil: "beteiligte", danach: "Auf die Stellungnahme wird verzichtet.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("stellungnahme")
		if err != nil {
			return err
		}
		return v.CancelStellungnahme(x.akteur, x.now, id, x.text("grund"))
	}},
	"beteiligen": {teil: "beteiligte", danach: "Die andere Behörde kann jetzt mitarbeiten.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		_, err := v.Invite(x.akteur, x.now, vorgang.Einladung{Mandant: tenant.ID(x.text("mandant")), Recht: vorgang.Recht(x.text("recht")), Grund: x.text("grund")})
		return err
	}},
	"beteiligung_beenden": {teil: "beteiligte", danach: "Die Beteiligung ist beendet.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("beteiligung")
		if err != nil {
			return err
		}
		return v.EndBeteiligung(x.akteur, x.now, id, x.text("grund"))
	}},
	"aussetzen": {teil: "verlauf", danach: "Der Vorgang ruht.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		_, err := v.Suspend(x.akteur, x.now, x.text("grund"))
		return err
	}},
	"fortsetzen": {teil: "verlauf", danach: "Der Vorgang geht weiter.", gib: func(x *anfrage, v *vorgang.Vorgang) error { return v.Resume(x.akteur, x.now) }},
	"entwerfen":  {teil: "bescheid", danach: "Der Bescheid ist zur Freigabe vorgelegt.", gib: entwerfen},
	"freigeben": {teil: "bescheid", danach: "Der Bescheid ist freigegeben und geht hinaus.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("bescheid")
		if err != nil {
			return err
		}
		return v.ReleaseBescheid(x.akteur, x.now, id)
	}},
	"zurueckgeben": {teil: "bescheid", danach: "Der Entwurf ist zurückgegeben.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("bescheid")
		if err != nil {
			return err
		}
		return v.ReturnDraft(x.akteur, x.now, id, x.text("anmerkung"))
	}},
	"abschliessen": {teil: "verlauf", danach: "Der Vorgang ist abgeschlossen und geht an die E-Akte.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		return v.Close(x.akteur, x.now, vorgang.Schluss{Grund: vorgang.Abschlussgrund(x.text("grund")), Abgeben: true, Forderung: x.text("forderung")})
	}},
	"buchen": {teil: "bescheid", danach: "Die Zahlung ist gebucht.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("gebuehr")
		if err != nil {
			return err
		}
		betrag, err := geld.ParseDeutsch(x.text("betrag"))
		if err != nil {
			return falsch("/betrag", "Bitte geben Sie den Betrag so an: 45,00")
		}
		return v.RecordZahlung(x.akteur, x.now, vorgang.Buchung{Gebuehr: id, Schluessel: "schalter:" + x.text("einmal"), Betrag: betrag, Grund: x.text("grund")})
	}},
	"erlassen": {teil: "bescheid", danach: "Die Gebühr ist erlassen.", gib: func(x *anfrage, v *vorgang.Vorgang) error {
		id, err := x.kennung("gebuehr")
		if err != nil {
			return err
		}
		f, ok := v.Stand().Forderung(id)
		if !ok {
			return nichtGefunden
		}
		return v.WaiveFee(x.akteur, x.now, id, f.Stand(datum.Von(x.now)).Offen, x.text("grund"))
	}},
}

// beginne starts the work where the Vorgang was only accepted: who takes it up from the
// list works on it.
func (x *anfrage) beginne(v *vorgang.Vorgang) error {
	if v.Status() == vorgang.Neu {
		if err := v.Accept(x.akteur, x.now); err != nil {
			return err
		}
	}
	if v.Status() == vorgang.Angenommen {
		return v.Start(x.akteur, x.now)
	}
	return nil
}

// stellungnahme asks an Einheit, another Mandant or a body outside. A Mandant must be able
// to read what it is asked about: it is invited along with the question.
func stellungnahme(x *anfrage, v *vorgang.Vorgang) error {
	bis, err := x.datum("bis")
	if err != nil {
		return err
	}
	an := vorgang.Stelle{Name: x.text("name")}
	if m := x.a.mandanten[tenant.ID(x.text("mandant"))]; m != nil {
		an = vorgang.Stelle{Mandant: m.ID, Name: m.Name}
		if _, da := v.Stand().Beteiligung(m.ID, x.now); !da {
			if _, err := v.Invite(x.akteur, x.now, vorgang.Einladung{Mandant: m.ID, Recht: vorgang.RechtKommentieren, Grund: "Stellungnahme: " + x.text("frage")}); err != nil {
				return err
			}
		}
	}
	_, err = v.RequestStellungnahme(x.akteur, x.now, vorgang.Anfrage{An: an, Frage: x.text("frage"), Bis: bis})
	return err
}
