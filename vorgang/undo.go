package vorgang

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Undo takes back what the entry did, with entries of its own; the journal keeps all.
// danach are the entries after it up to the last one, in order; none if it is the last
// one itself. One of them that builds on it is fehler.ErrConflict and named: it
// changed the same thing, or could not have happened in the state before.
//
// Undo is allowed to who may give the command itself; a person of another Mandant
// takes back only what somebody of that Mandant did. What cannot be undone is
// fehler.ErrUnsupported and says why.
func (v *Vorgang) Undo(a tenant.Akteur, now time.Time, e Ereignis, danach ...Ereignis) error {
	if err := v.check("Undo", a, now, BefehlZuruecknehmen); err != nil {
		return err
	}
	if err := v.bisZumEnde(e, danach); err != nil {
		return err
	}
	// A guest takes back what its own Mandant did, not the work of others.
	if v.s.istGast(a) {
		if wer, ok := e.Who(); !ok || wer.Mandant != a.Mandant {
			return v.ohneRecht("Undo", "a guest undoes only entries of its own Mandant",
				"Das war ein Schritt einer anderen Behörde; nur sie oder die Behörde, die den Vorgang führt, kann ihn zurücknehmen.")
		}
	}
	d, err := e.daten()
	if err != nil {
		return err
	}
	b, umkehr := umkehrung(d)
	if umkehr == nil {
		grund := "Dieser Schritt kann nicht zurückgenommen werden."
		if r := regel(b); r != nil && r.Endgueltig != "" {
			grund = r.Endgueltig
		}
		return v.fail("Undo", fehler.ErrUnsupported, problem("undo.endgueltig", fmt.Sprintf("/journal/%d", e.Seq),
			string(e.Code)+" cannot be undone", grund))
	}
	if err := v.checkAkteur("Undo", a, now, regel(b)); err != nil {
		return err
	}
	if err := v.unabhaengig(e.Seq, b, d, danach); err != nil {
		return err
	}
	if err := v.record(a, now, &Zurueckgenommen{Seq: e.Seq}); err != nil {
		return err
	}
	if err := v.record(a, now, umkehr); err != nil {
		return err
	}
	switch betrifft(umkehr) {
	case "status", "bearbeitungsfrist":
		return v.orderWieder(now)
	}
	switch u := umkehr.(type) {
	case *RechtsbehelfEingegangen: // nothing holds the Bestandskraft up any more
		return v.weiterBestandskraft(a, now, u.wer().Bescheid)
	}
	return nil
}

// bisZumEnde checks that the entries are those of the journal from e to its end. The
// hash of an entry does not cover its data but their hash; a caller's entry must not
// bring other data than the journal has.
func (v *Vorgang) bisZumEnde(e Ereignis, danach []Ereignis) error {
	kopf := Kopf{Seq: e.Seq - 1, Hash: e.Vorgaenger}
	for _, x := range append([]Ereignis{e}, danach...) {
		if x.Vorgang != v.s.ID || x.Mandant != v.s.Mandant {
			return v.fail("Undo", fehler.ErrConflict, problem("undo.nicht-zuletzt", fmt.Sprintf("/journal/%d", x.Seq),
				"the entry belongs to another Vorgang", "Der Eintrag gehört zu einem anderen Vorgang."))
		}
		if grund := x.verify(&kopf); grund != "" {
			return v.fail("Undo", fehler.ErrInvalid, problem("undo.eintrag", fmt.Sprintf("/journal/%d", x.Seq),
				grund, "Der Eintrag stimmt nicht mit dem Protokoll überein."))
		}
		kopf = Kopf{Seq: x.Seq, Zeit: x.Zeit, Hash: x.Hash}
	}
	if kopf.Seq != v.s.Journal.Seq || !bytes.Equal(kopf.Hash, v.s.Journal.Hash) {
		return v.fail("Undo", fehler.ErrConflict, problem("undo.nicht-zuletzt", fmt.Sprintf("/journal/%d", kopf.Seq),
			"the journal goes on behind the entries given", "Danach ist schon etwas geschehen. Bitte neu laden und noch einmal versuchen."))
	}
	return nil
}

// unabhaengig checks that nothing after the entry seq, which came from command b and
// holds d, builds on it. What was taken back itself does not count.
func (v *Vorgang) unabhaengig(seq int64, b Befehl, d daten, danach []Ereignis) error {
	abhaengig := func(e *Ereignis, warum string) error {
		return v.fail("Undo", fehler.ErrConflict, problem("undo.abhaengig", fmt.Sprintf("/journal/%d", e.Seq),
			"a later entry "+warum, "Ein späterer Schritt baut darauf auf: "+texte[e.Code]+"."))
	}
	gilt := map[int64]daten{}
	for i := 0; i < len(danach); i++ {
		x, err := danach[i].daten()
		if err != nil {
			return err
		}
		z, ok := x.(*Zurueckgenommen)
		if !ok {
			gilt[danach[i].Seq] = x
			continue
		}
		if z.Seq == seq {
			return v.fail("Undo", fehler.ErrConflict, problem("undo.schon", fmt.Sprintf("/journal/%d", seq),
				"is taken back already", "Dieser Schritt ist schon zurückgenommen."))
		}
		delete(gilt, z.Seq)
		i++ // its inverse follows
	}
	was := betrifft(d)
	status, istStatus := d.(*StatusGesetzt)
	for i := range danach {
		e := &danach[i]
		x := gilt[e.Seq]
		if x == nil {
			continue
		}
		if was != "" && was == betrifft(x) {
			return abhaengig(e, "changed the same")
		}
		if istStatus {
			c, _ := umkehrung(x)
			if r := regel(c); r != nil && len(r.Von) > 0 && !slices.Contains(r.Von, status.Von) {
				return abhaengig(e, "needs the state")
			}
		}
	}
	if r := regel(b); !istStatus && !slices.Contains(r.Von, v.s.Status) {
		return v.fail("Undo", fehler.ErrInvalid, problem("vorgang.status", "/status",
			fmt.Sprintf("%s is not allowed in state %s", b, v.s.Status),
			fmt.Sprintf("Das geht im Status „%s“ nicht.", v.s.Status.Name())))
	}
	return nil
}

// betrifft names what an entry changes, if it can be undone or can stand in the way of
// that: two entries with different names commute.
func betrifft(d daten) string {
	switch d := d.(type) {
	case kehrbar:
		return d.gegenstand()
	case *StatusGesetzt:
		return "status"
	case *Zugewiesen:
		return "zuweisung"
	case *Notiert:
		return "notiz/" + d.ID.String()
	case *WiedervorlageGesetzt:
		return "wiedervorlage/" + d.ID.String()
	case *WiedervorlageErledigt:
		return "wiedervorlage/" + d.ID.String()
	case *WiedervorlageGeoeffnet:
		return "wiedervorlage/" + d.ID.String()
	case *AktenzeichenGesetzt, *AbgabeBeantwortet: // the E-Akte may give one
		return "aktenzeichen"
	case *Verschlagwortet:
		return "schlagworte"
	case *AnsprechpartnerGesetzt:
		return "ansprechpartner"
	case *Verknuepft:
		return "verknuepfung/" + string(d.Verknuepfung.Art) + "/" + d.Verknuepfung.Vorgang.String()
	case *VerknuepfungGeloest:
		return "verknuepfung/" + string(d.Verknuepfung.Art) + "/" + d.Verknuepfung.Vorgang.String()
	}
	return ""
}

// umkehrung gives the command an entry came from and its inverse, nil if there is none.
func umkehrung(d daten) (Befehl, daten) {
	switch d := d.(type) {
	case kehrbar:
		b, umkehr := d.umkehren()
		return wenn(b, umkehr)
	case *StatusGesetzt:
		return wenn(d.Befehl, &StatusGesetzt{Befehl: BefehlZuruecknehmen, Von: d.Nach, Nach: d.Von, Seit: d.VonSeit})
	case *Zugewiesen:
		return wenn(d.Befehl, &Zugewiesen{Befehl: BefehlZuruecknehmen, An: d.Vorher, Vorher: d.An})
	case *Notiert:
		return BefehlNotieren, &NotizEntfernt{ID: d.ID}
	case *WiedervorlageGesetzt:
		return BefehlWiedervorlegen, &WiedervorlageEntfernt{ID: d.ID}
	case *WiedervorlageErledigt:
		return wenn(d.Befehl, &WiedervorlageGeoeffnet{Befehl: BefehlZuruecknehmen, ID: d.ID})
	case *WiedervorlageGeoeffnet:
		return wenn(d.Befehl, &WiedervorlageErledigt{Befehl: BefehlZuruecknehmen, ID: d.ID, Seit: d.Erledigt, Von: d.ErledigtVon})
	case *AktenzeichenGesetzt:
		return wenn(d.Befehl, &AktenzeichenGesetzt{Befehl: BefehlZuruecknehmen, Nach: d.Von, Von: d.Nach})
	case *Verschlagwortet:
		return wenn(d.Befehl, &Verschlagwortet{Befehl: BefehlZuruecknehmen, Nach: d.Von, Von: d.Nach})
	case *AnsprechpartnerGesetzt:
		return wenn(d.Befehl, &AnsprechpartnerGesetzt{Befehl: BefehlZuruecknehmen, Nach: d.Von, Von: d.Nach})
	case *Verknuepft:
		if d.Rueck {
			return BefehlZuruecknehmen, nil
		}
		return BefehlVerknuepfen, &VerknuepfungGeloest{Befehl: BefehlZuruecknehmen, Verknuepfung: d.Verknuepfung}
	case *VerknuepfungGeloest:
		return wenn(d.Befehl, &Verknuepft{Verknuepfung: d.Verknuepfung, Rueck: true, Platz: d.Platz})
	case *Geschrieben:
		return BefehlSchreiben, nil
	case *Gefragt:
		return BefehlFragen, nil
	case *Entworfen:
		return BefehlEntwerfen, nil
	case *Vorgelegt:
		return BefehlVorlegen, nil
	case *Zurueckgegeben:
		return BefehlZurueckgeben, nil
	case *Freigegeben:
		return BefehlFreigeben, nil
	case *AbschlussVermerkt, *AbgabeAngeordnet:
		return BefehlAbschliessen, nil
	case *Geantwortet:
		return BefehlAntworten, nil
	case *AuftragAufgegeben:
		return BefehlAufgeben, nil
	case *VersandGeklaert:
		return BefehlVersandKlaeren, nil
	case *FrageErledigt:
		return BefehlFrageErledigen, nil
	case *Eingegangen:
		return BefehlErstellen, nil
	case *UebergabeBegonnen:
		return BefehlUebergeben, nil
	case *BeteiligungBegonnen:
		return BefehlBeteiligen, nil
	case *BeteiligungBeendet:
		return BefehlBeteiligungBeenden, nil
	case *Zurueckgenommen, *NotizEntfernt, *WiedervorlageEntfernt:
		return BefehlZuruecknehmen, nil
	}
	return BefehlMelden, nil
}

// wenn gives the inverse if the table has the command as one that can be undone. The
// inverse itself is written by BefehlZuruecknehmen, which cannot.
func wenn(b Befehl, umkehr daten) (Befehl, daten) {
	if r := regel(b); r == nil || !r.Umkehrbar {
		return b, nil
	}
	return b, umkehr
}
