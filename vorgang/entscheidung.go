package vorgang

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Draft writes a new draft and gives its id. The text may still be incomplete;
// [Vorgang.SubmitDraft] checks it. How the letter names an earlier Bescheid (BezugAuf) is
// filled in; an Aktenzeichen that is given there stays.
func (v *Vorgang) Draft(a tenant.Akteur, now time.Time, i bescheid.Inhalt) (uuid.UUID, error) {
	if err := v.check("Draft", a, now, BefehlEntwerfen); err != nil {
		return uuid.Nil, err
	}
	id := v.k.NewID()
	return id, v.record(a, now, &Entworfen{Bescheid: id, Inhalt: v.mitBezug(i), Augen: a.Augen()})
}

// Redraft replaces the text of a draft. A text that lies for Freigabe must be
// returned first; a released one never changes (fehler.ErrInvalid).
func (v *Vorgang) Redraft(a tenant.Akteur, now time.Time, id uuid.UUID, i bescheid.Inhalt) error {
	if err := v.check("Redraft", a, now, BefehlEntwerfen); err != nil {
		return err
	}
	if _, err := v.bescheidIn("Redraft", id, bescheid.Entwurf); err != nil {
		return err
	}
	return v.record(a, now, &Entworfen{Bescheid: id, Inhalt: v.mitBezug(i), Augen: a.Augen()})
}

// SubmitDraft lays a complete draft before a second person.
func (v *Vorgang) SubmitDraft(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	if err := v.check("SubmitDraft", a, now, BefehlVorlegen); err != nil {
		return err
	}
	b, err := v.bescheidIn("SubmitDraft", id, bescheid.Entwurf)
	if err != nil {
		return err
	}
	if err := v.pruefeText("SubmitDraft", b); err != nil {
		return err
	}
	return v.record(a, now, &Vorgelegt{Bescheid: id, Augen: a.Augen()})
}

// ReturnDraft gives the draft back to its author with a remark.
func (v *Vorgang) ReturnDraft(a tenant.Akteur, now time.Time, id uuid.UUID, anmerkung string) error {
	if err := v.check("ReturnDraft", a, now, BefehlZurueckgeben); err != nil {
		return err
	}
	if err := v.needText("ReturnDraft", "/anmerkung", anmerkung, "Bitte angeben, was zu ändern ist."); err != nil {
		return err
	}
	b, err := v.bescheidIn("ReturnDraft", id, bescheid.ZurFreigabe)
	if err != nil {
		return err
	}
	return v.record(a, now, &Zurueckgegeben{Bescheid: id, Anmerkung: anmerkung, Nr: len(b.Anmerkungen) + 1})
}

// ReleaseBescheid signs the decision (T6). Whoever wrote, changed or submitted
// the text, or stands in for such a person, may not release it (Vier-Augen):
// fehler.ErrForbidden with code "bescheid.vier-augen"; nor may who has no right to sign
// decisions of this kind ([Zeichnungsregel]), code "bescheid.zeichnungsrecht". The released text is
// fixed by its Pruefsumme, and the Ausfertigung is ordered.
func (v *Vorgang) ReleaseBescheid(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	if err := v.check("ReleaseBescheid", a, now, BefehlFreigeben); err != nil {
		return err
	}
	if a.Name == "" {
		return v.fail("ReleaseBescheid", fehler.ErrInvalid, problem("bescheid.zeichner", "/akteur/name",
			"who signs needs a name", "Für die Freigabe muss der Name der unterzeichnenden Person bekannt sein (§ 37 Abs. 3 VwVfG)."))
	}
	b, err := v.bescheidIn("ReleaseBescheid", id, bescheid.ZurFreigabe)
	if err != nil {
		return err
	}
	for _, auge := range a.Augen() {
		if slices.Contains(b.Mitwirkende, auge) {
			return v.fail("ReleaseBescheid", fehler.ErrForbidden, problem("bescheid.vier-augen", "/bescheide/"+id.String(),
				"who took part in the draft cannot release it",
				"Vier-Augen-Prinzip: Wer am Entwurf mitgewirkt hat, darf ihn nicht freigeben."))
		}
	}
	if err := v.darfZeichnen("ReleaseBescheid", a, b); err != nil {
		return err
	}
	if err := v.pruefeText("ReleaseBescheid", b); err != nil {
		return err
	}
	if p := append(v.ungezeichnet(b), v.ruht()...); len(p) > 0 {
		return v.fail("ReleaseBescheid", fehler.ErrInvalid, p...)
	}
	if err := v.record(a, now, &Freigegeben{Bescheid: id, Zeichner: a.Name, Pruefsumme: b.Inhalt.Pruefsumme()}); err != nil {
		return err
	}
	if err := v.setStatus(a, now, BefehlFreigeben, Beschieden, ""); err != nil {
		return err
	}
	return v.orderAusfertigungen(now, id)
}

// orderAusfertigungen orders a document for each addressee.
func (v *Vorgang) orderAusfertigungen(now time.Time, id uuid.UUID) error {
	for _, adressat := range v.s.bescheid(id).Inhalt.AdressatIDs() {
		if err := v.order(now, BescheidAusfertigen, now, BescheidDaten{Bescheid: id, Adressat: adressat}); err != nil {
			return err
		}
	}
	return nil
}

// RecordAusfertigung reports the document of a released Bescheid for one addressee (zero:
// the applicant, where the text names none) and orders its delivery. A second report
// changes nothing. Nobody gets the document of another: a file that is already one is
// fehler.ErrInvalid, as is somebody the text does not name. A text that no longer has its
// released Pruefsumme is fehler.ErrConflict.
func (v *Vorgang) RecordAusfertigung(a tenant.Akteur, now time.Time, id, adressat uuid.UUID, d Datei) error {
	const op = "RecordAusfertigung"
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return err
	}
	b := v.s.bescheid(id)
	switch {
	case b != nil && b.Ausfertigung(adressat) != nil:
		return nil
	case b == nil || b.Dokument == nil:
		// Later ones may come when the first letter is on its way.
		var err error
		if b, err = v.bescheidIn(op, id, bescheid.Freigegeben); err != nil {
			return err
		}
	}
	if !slices.Contains(b.Inhalt.AdressatIDs(), adressat) {
		return v.fail(op, fehler.ErrInvalid, problem("zustellung.adressat", "/adressat", "is no addressee of the Bescheid", "An diese Person ist der Bescheid nicht gerichtet."))
	}
	if _, schon := v.s.Datei(d.ID); schon && d.ID != uuid.Nil {
		return v.fail(op, fehler.ErrInvalid, problem("bescheid.fremde-ausfertigung", "/datei", "is a file of the Vorgang already",
			"Diese Datei gehört schon zum Vorgang. Jede Ausfertigung ist eine eigene Datei."))
	}
	if b.Inhalt.Pruefsumme() != b.Pruefsumme {
		return v.fail(op, fehler.ErrConflict, problem("bescheid.pruefsumme", "/bescheide/"+id.String(),
			"the text is not the released one", "Der Text stimmt nicht mit der freigegebenen Fassung überein."))
	}
	d.Zweck, d.Hinzugefuegt = ZweckBescheid, mikro(now)
	if err := v.record(a, now, &Ausgefertigt{Bescheid: id, Adressat: adressat, Datei: d}); err != nil {
		return err
	}
	return v.order(now, BescheidSenden, now, BescheidDaten{Bescheid: id, Adressat: adressat})
}

// Versand reports that a Bescheid was handed to a Kanal.
type Versand struct {
	Bescheid  uuid.UUID
	Nachricht messaging.Nachricht
	Quittung  messaging.Quittung
	// Gruende why this Kanal was chosen.
	Gruende string
	// Bekanntgabe as computed for this Kanal and day.
	Bekanntgabe bescheid.Bekanntgabe
	// Zustellung is the attempt, with its facts and addressee; Bekanntgabe is then taken
	// from it and may be missing while no day is known. Without it nothing can be
	// worked out anew when a letter comes back.
	Zustellung *bescheid.Zustellung
}

// RecordVersand reports the delivery and orders the watch for the day of
// Bekanntgabe. A second report changes nothing; one before the Ausfertigung is
// fehler.ErrInvalid.
func (v *Vorgang) RecordVersand(a tenant.Akteur, now time.Time, w Versand) error {
	if err := v.check("RecordVersand", a, now, BefehlMelden); err != nil {
		return err
	}
	if w.Zustellung != nil {
		return v.versand(a, now, w)
	}
	if b := v.s.bescheid(w.Bescheid); b != nil && b.Versand != nil {
		return nil
	}
	b, err := v.bescheidIn("RecordVersand", w.Bescheid, bescheid.Freigegeben)
	if err != nil {
		return err
	}
	if b.Dokument == nil {
		return v.fail("RecordVersand", fehler.ErrInvalid, problem("bescheid.ohne-dokument", "/bescheide/"+w.Bescheid.String(),
			"there is no Ausfertigung yet", "Der Bescheid ist noch nicht ausgefertigt."))
	}
	if w.Bekanntgabe.Tag.IsZero() || w.Bekanntgabe.FristEnde.IsZero() || w.Bekanntgabe.BestandskraftAb.IsZero() {
		return v.fail("RecordVersand", fehler.ErrInvalid, problem("bescheid.bekanntgabe-fehlt", "/bekanntgabe",
			"tag, fristEnde and bestandskraftAb are mandatory", "Der Tag der Bekanntgabe und die Frist fehlen."))
	}
	if w.Nachricht.ID == uuid.Nil {
		w.Nachricht.ID = v.k.NewID()
	}
	w.Quittung.Zeit = mikro(w.Quittung.Zeit)
	err = v.record(a, now, &BescheidVersandt{
		Bescheid: w.Bescheid, Nachricht: w.Nachricht, Quittung: w.Quittung, Gruende: w.Gruende, Bekanntgabe: w.Bekanntgabe,
	})
	if err != nil {
		return err
	}
	return v.order(now, BekanntgabeFeststellen, w.Bekanntgabe.Tag.Beginn(), BescheidDaten{Bescheid: w.Bescheid})
}

// versand records an attempt with its facts.
func (v *Vorgang) versand(a tenant.Akteur, now time.Time, w Versand) error {
	const op = "RecordVersand"
	z := w.Zustellung.Clone()
	if b := v.s.bescheid(w.Bescheid); b != nil && b.Zustellung(z.ID) != nil {
		return nil
	}
	b, err := v.ausgefertigt(op, w.Bescheid, z.Adressat)
	switch {
	case err != nil:
		return err
	case z.ID == uuid.Nil || (z.Bekanntgabe == nil) == (z.Zustand == bescheid.ZustellungVersandt):
		return v.fail(op, fehler.ErrInvalid, problem("zustellung.angaben", "/zustellung", "has no id, or its state does not fit its days", "Die Angaben zur Zustellung sind unvollständig."))
	case len(b.Zustellungen) >= MaxZustellungen:
		return v.fail(op, fehler.ErrInvalid, problem("zustellung.zu-viele", "/zustellungen", "too many", "Zu diesem Bescheid gibt es zu viele Zustellungen."))
	}
	for _, x := range w.Nachricht.Anhaenge {
		if wem, ok := b.FuerWen(x.ID); ok && wem != z.Adressat {
			return v.fail(op, fehler.ErrInvalid, problem("bescheid.fremde-ausfertigung", "/nachricht/anhaenge", "is the document of another addressee",
				"Die Ausfertigung ist für eine andere Person bestimmt."))
		}
	}
	if w.Nachricht.ID == uuid.Nil {
		w.Nachricht.ID = v.k.NewID()
	}
	w.Quittung.Zeit = mikro(w.Quittung.Zeit)
	d := &BescheidVersandt{Bescheid: w.Bescheid, Nachricht: w.Nachricht, Quittung: w.Quittung, Gruende: w.Gruende, Zustellung: &z}
	if z.Bekanntgabe != nil {
		d.Bekanntgabe = z.Bekanntgabe.Clone()
	}
	if err := v.record(a, now, d); err != nil {
		return err
	}
	if err := v.fristenDerRechtsbehelfe(a, now, w.Bescheid); err != nil {
		return err
	}
	return v.weiter(a, now, w.Bescheid, z.ID)
}

// RecordBekanntgabe states that the day of Bekanntgabe has come, and orders the
// watch for Bestandskraft, towards each addressee for whom it has. Before the day it is
// fehler.ErrInvalid. The relay uses [Vorgang.ReachTermin].
func (v *Vorgang) RecordBekanntgabe(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	const op = "RecordBekanntgabe"
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return err
	}
	b := v.s.bescheid(id)
	if b != nil && (b.Zustand == bescheid.Bekanntgegeben || b.Zustand == bescheid.Bestandskraeftig) {
		return nil
	}
	b, err := v.bescheidIn(op, id, bescheid.Versandt)
	if err != nil {
		return err
	}
	erreicht := 0
	for _, z := range slices.Clone(b.Zustellungen) {
		if z.Zustand == bescheid.ZustellungVersandt && !now.Before(z.Bekanntgabe.Tag.Beginn()) {
			erreicht++
			if err := v.bekanntgegeben(a, now, v.s.bescheid(id), &z); err != nil {
				return err
			}
		}
	}
	switch {
	case erreicht > 0:
		return nil
	case len(b.Zustellungen) > 0 || now.Before(b.Bekanntgabe.Tag.Beginn()):
		return v.fail(op, fehler.ErrInvalid, problem("bescheid.zu-frueh", "/bekanntgabe/tag",
			"the day of Bekanntgabe has not come", "Der Tag der Bekanntgabe ist noch nicht erreicht."))
	}
	if err := v.record(a, now, &BescheidBekanntgegeben{Bescheid: id, Tag: b.Bekanntgabe.Tag}); err != nil {
		return err
	}
	return v.weiterBestandskraft(a, now, id)
}

// RecordBestandskraft states that the remedy period is over, towards each addressee for
// whom it is. Before that day, or while a remedy is open, it is fehler.ErrInvalid.
func (v *Vorgang) RecordBestandskraft(a tenant.Akteur, now time.Time, id uuid.UUID) error {
	const op = "RecordBestandskraft"
	if err := v.check(op, a, now, BefehlMelden); err != nil {
		return err
	}
	if b := v.s.bescheid(id); b != nil && b.Zustand == bescheid.Bestandskraeftig {
		return nil
	}
	b, err := v.bescheidIn(op, id, bescheid.Bekanntgegeben)
	if err != nil {
		return err
	}
	erreicht, gehemmt := 0, false
	for _, z := range slices.Clone(b.Zustellungen) {
		switch b := v.s.bescheid(id); {
		case z.Zustand != bescheid.ZustellungBekanntgegeben:
		case v.s.gehemmt(b, z.Adressat):
			gehemmt = true
		case !now.Before(v.bestandskraftTag(b, &z).Beginn()):
			erreicht++
			if err := v.bestandskraeftig(a, now, b, &z); err != nil {
				return err
			}
		}
	}
	switch {
	case erreicht > 0:
		return nil
	case gehemmt || (len(b.Zustellungen) == 0 && v.s.gehemmt(b, uuid.Nil)):
		return v.fail(op, fehler.ErrInvalid, problem("bescheid.rechtsbehelf-offen", "/rechtsbehelfe",
			"a remedy is open, or the Bescheid no longer stands", "Über einen Rechtsbehelf ist noch nicht endgültig entschieden, oder der Bescheid gilt nicht mehr."))
	case len(b.Zustellungen) > 0 || now.Before(v.bestandskraftTag(b, nil).Beginn()):
		return v.fail(op, fehler.ErrInvalid, problem("bescheid.zu-frueh", "/bekanntgabe/bestandskraftAb",
			"the remedy period is not over", "Die Rechtsbehelfsfrist läuft noch."))
	}
	if err := v.record(a, now, &BescheidBestandskraeftig{Bescheid: id, Ab: v.bestandskraftTag(b, nil)}); err != nil {
		return err
	}
	return v.weiterWartende(a, now, id)
}

func (v *Vorgang) bescheidIn(op string, id uuid.UUID, z bescheid.Zustand) (*bescheid.Bescheid, error) {
	b := v.s.bescheid(id)
	if b == nil {
		return nil, fehler.New("vorgang."+op, id.String(), fehler.ErrNotFound, nil)
	}
	if b.Zustand != z {
		return nil, v.fail(op, fehler.ErrInvalid, problem("bescheid.zustand", "/bescheide/"+id.String(),
			"is "+string(b.Zustand)+", needs "+string(z), "Der Bescheid ist dafür nicht im richtigen Zustand."))
	}
	return b, nil
}
