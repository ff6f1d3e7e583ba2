package vorgang

import (
	"bytes"
	"fmt"
	"time"

	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Undo takes back what the entry did, with entries of its own; the journal keeps
// both. Only the last entry can be taken back, so nothing can depend on it, and
// only by who may give the command itself; a person of another Mandant only what
// somebody of that Mandant did. What cannot be undone is
// fehler.ErrUnsupported and says why.
func (v *Vorgang) Undo(a tenant.Akteur, now time.Time, e Ereignis) error {
	if err := v.check("Undo", a, now, BefehlZuruecknehmen); err != nil {
		return err
	}
	if e.Vorgang != v.s.ID || e.Seq != v.s.Journal.Seq || !bytes.Equal(e.Hash, v.s.Journal.Hash) {
		return v.fail("Undo", fehler.ErrConflict, problem("undo.nicht-zuletzt", fmt.Sprintf("/journal/%d", e.Seq),
			"only the last entry can be undone", "Danach ist schon etwas geschehen; nur der letzte Schritt kann zurückgenommen werden."))
	}
	// The hash of the entry does not cover its data but their hash; a caller's
	// entry must not bring other data than the journal has.
	if grund := e.verify(&Kopf{Seq: e.Seq - 1, Hash: e.Vorgaenger}); grund != "" {
		return v.fail("Undo", fehler.ErrInvalid, problem("undo.eintrag", fmt.Sprintf("/journal/%d", e.Seq),
			grund, "Der Eintrag stimmt nicht mit dem Protokoll überein."))
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
	if err := v.record(a, now, &Zurueckgenommen{Seq: e.Seq}); err != nil {
		return err
	}
	return v.record(a, now, umkehr)
}

// umkehrung gives the command an entry came from and its inverse, nil if there is none.
func umkehrung(d daten) (Befehl, daten) {
	switch d := d.(type) {
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
	case *FrageErledigt:
		return BefehlFrageErledigen, nil
	case *Eingegangen:
		return BefehlErstellen, nil
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
