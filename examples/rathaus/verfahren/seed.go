package verfahren

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/vorlage"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
	"github.com/ozg-fachwerk/fachwerk/vorgang/entwurf"
)

// SeedParams say where the samples go; all are mandatory.
type SeedParams struct {
	Store     *storage.Store
	Annahme   *intake.Annahme
	Entwerfer *entwurf.Entwerfer
	// Now is the clock of the Store.
	Now func() time.Time
	// Anzahl of Vorgaenge; 0 is 60.
	Anzahl int
}

// Seed takes the samples in and lets the people of the demo work on them, by the same
// commands as everybody. A sample that is there already is left as it is.
func (k *Katalog) Seed(ctx context.Context, p SeedParams) error {
	if p.Anzahl == 0 {
		p.Anzahl = 60
	}
	muster, err := k.Muster(p.Anzahl, p.Now())
	if err != nil {
		return err
	}
	t := k.Tabelle()
	for i, m := range muster {
		l, err := m.Lieferung(t)
		if err != nil {
			return err
		}
		e, err := p.Annahme.Receive(ctx, l)
		if err != nil {
			return err
		}
		if e.Ausgang != intake.Angenommen {
			return fmt.Errorf("sample %d: %s: %v", i, e.Ausgang, e.Probleme)
		}
		if e.Bekannt || m.Weg == "neu" {
			continue
		}
		if _, err := p.Store.Edit(ctx, e.Mandant, e.Vorgang, func(v *vorgang.Vorgang) error { return k.bearbeite(p, m, v) }); err != nil {
			return fmt.Errorf("sample %d (%s): %w", i, m.Weg, err)
		}
	}
	return nil
}

// wer finds somebody with the role who sees the unit.
func (k *Katalog) wer(m tenant.ID, einheit string, r tenant.Rolle) tenant.Akteur {
	for _, n := range k.Nutzer {
		if n.Akteur.Mandant == m && n.Akteur.Hat(r) && n.Akteur.SiehtEinheit(einheit) {
			return n.Akteur
		}
	}
	return tenant.Akteur{}
}

// bearbeite is a clerk's work on one case.
func (k *Katalog) bearbeite(p SeedParams, m Muster, v *vorgang.Vorgang) error {
	s, now, heute := v.Stand(), p.Now(), datum.Von(p.Now())
	mandant := k.Mandant(s.Mandant)
	sb, leitung := k.wer(s.Mandant, s.Einheit, tenant.Sachbearbeitung), k.wer(s.Mandant, s.Einheit, tenant.Leitung)
	if m.Weg == "helfen" { // the clerk of the outpost takes what the main office cannot do in time
		for _, n := range k.Nutzer {
			if slices.Contains(n.Akteur.Einheiten, "aussenstelle") && n.Akteur.Mandant == s.Mandant {
				sb = n.Akteur
			}
		}
	}
	if err := v.Pull(sb, now); err != nil {
		return err
	}
	if err := v.SetAnsprechpartner(sb, now, &vorgang.Ansprechpartner{Name: sb.Name, Telefon: mandant.Telefon, Email: mandant.EMail}); err != nil {
		return err
	}
	switch m.Weg {
	case "frage", "antwort":
		if _, err := v.Ask(sb, now, vorgang.Frage{Betreff: "Uns fehlt noch etwas", Text: "Bitte schicken Sie uns ein Foto und beschreiben Sie kurz, worum es geht.", Bis: heute.AddTage(21)}); err != nil {
			return err
		}
		if m.Weg == "antwort" {
			buerger := tenant.Akteur{ID: m.Konto, Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}
			n := v.Stand().Nachrichten
			return v.Answer(buerger, now, vorgang.Erwiderung{Bezug: n[len(n)-1].Nachricht.ID, Text: "Der Baum steht direkt am Gehweg. Ein Foto habe ich leider nicht."})
		}
	case "stellungnahme":
		return k.frageStellen(m, v, sb, now)
	case "hilfe": // another authority takes part
		gast := slices.IndexFunc(k.Mandanten, func(x tenant.Mandant) bool { return x.ID != s.Mandant && x.Land == mandant.Land })
		_, err := v.Invite(sb, now, vorgang.Einladung{Mandant: k.Mandanten[gast].ID, Recht: vorgang.RechtBearbeiten, Grund: "Amtshilfe (§ 4 VwVfG): Die Straße führt über die Grenze.", Bis: now.AddDate(0, 3, 0)})
		return err
	case "ausgesetzt":
		_, err := v.Suspend(sb, now, "Das Ergebnis des Bauantrags ist abzuwarten.")
		return err
	case "ruecknahme":
		return v.WithdrawAntrag(tenant.Akteur{ID: m.Konto, Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}, now, "Wir behalten die Bäume.")
	case "wiedervorlage":
		_, err := v.Remind(sb, now, vorgang.Erinnerung{Betreff: "Hat sich jemand gemeldet?", Faellig: heute.AddTage(7)})
		return err
	case "notiz":
		_, err := v.Note(sb, now, "Im Tierheim nachgefragt: Es vermisst niemand eine Katze.")
		return err
	case "entwurf", "bescheid", "ablehnung":
		return k.entscheide(p, m, v, sb, leitung)
	}
	return nil
}

// frageStellen asks all bodies of the procedure; the second one has no road there.
func (k *Katalog) frageStellen(m Muster, v *vorgang.Vorgang, sb tenant.Akteur, now time.Time) error {
	for i, stelle := range m.Verfahren.Stellen {
		id, err := v.RequestStellungnahme(sb, now, vorgang.Anfrage{An: vorgang.Stelle{Name: stelle}, Frage: "Bestehen Bedenken gegen die Arbeiten und den Verkehrszeichenplan?", Bis: datum.Von(now).AddTage(14)})
		if err != nil {
			return err
		}
		if i == 1 {
			if err := v.AnswerStellungnahme(sb, now, id, vorgang.Auskunft{Ergebnis: vorgang.ErgebnisNichtBetroffen, Text: "Die Straße liegt in der Baulast der Gemeinde."}); err != nil {
				return err
			}
		}
	}
	return nil
}

// entscheide drafts the decision from its template and, for "bescheid", lets the head
// release it.
func (k *Katalog) entscheide(p SeedParams, m Muster, v *vorgang.Vorgang, sb, leitung tenant.Akteur) error {
	s, now, heute := v.Stand(), p.Now(), datum.Von(p.Now())
	angaben, vorlageID, art := vorlage.Daten{"abwaegung": "Ihr Interesse überwiegt."}, "", bescheid.Bewilligung
	switch kurz := m.Verfahren.Kurz; {
	case kurz == "baum" && m.Weg == "ablehnung":
		vorlageID, art = "baumfaellung-ablehnung", bescheid.Ablehnung
		angaben = vorlage.Daten{"vortrag": "der Baum störe", "feststellung": "Der Baum ist gesund und standsicher.", "abwaegung": "Das öffentliche Interesse am Erhalt überwiegt."}
	case kurz == "baum":
		vorlageID = "baumfaellung-bewilligung"
		angaben["grund"], angaben["feststellung"], angaben["gueltig_bis"], angaben["ersatz"] = "gefahr", "Der Stamm ist hohl.", heute.AddTage(365), []vorlage.Daten{}
	case kurz == "verkehr":
		vorlageID = "verkehrsanordnung"
		angaben["massnahmen"] = []vorlage.Daten{{"text": "Die zulässige Geschwindigkeit ist 30 km/h."}}
		angaben["angehoert"] = "die Polizei und die Straßenbaubehörde"
	default:
		vorlageID = "bewohnerparken-bewilligung"
		angaben = nil
	}
	g, ok, err := k.Gebuehr(s, art, heute)
	if err != nil {
		return err
	}
	params := entwurf.Params{Vorlage: vorlageID, Stand: s, Mandant: k.Mandant(s.Mandant), Tag: heute, Angaben: angaben}
	if ok && vorlageID != "bewohnerparken-bewilligung" { // the badge is charged for itself
		params.Gebuehr = g
	}
	e, err := p.Entwerfer.Draft(params)
	if err != nil {
		return err
	}
	i, err := e.Inhalt()
	if err != nil {
		return err
	}
	id, err := v.Draft(sb, now, i)
	if err != nil {
		return err
	}
	if params.Gebuehr != nil {
		if _, err := v.ChargeFee(sb, now, vorgang.Festsetzung{Ergebnis: g.Ergebnis, Bescheid: id, Kassenzeichen: Kassenzeichen(s), FaelligTage: Zahlungsziel}); err != nil {
			return err
		}
	}
	if err := v.SubmitDraft(sb, now, id); err != nil || m.Weg != "bescheid" {
		return err
	}
	return v.ReleaseBescheid(leitung, now, id)
}
