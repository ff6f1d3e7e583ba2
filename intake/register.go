package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// The register of deliveries lies with the Betreiber. An Eingang reserves Mandant
// and Vorgang id before the Vorgang is created, so that a crash in between, or a
// changed Zustaendigkeit, can never make two Vorgaenge of one delivery. A delivery
// of the Klaerfach stays there, reserved, until its Vorgang is durable: its sender
// was answered and would not offer it again.

func (a *Annahme) known(ctx context.Context, schluessel string) (*storage.Eingang, error) {
	var e storage.Eingang
	err := a.p.Store.View(ctx, a.p.Betreiber, func(ctx context.Context, tx *storage.Tx) (err error) {
		e, err = tx.FindEingang(ctx, schluessel)
		return err
	})
	if errors.Is(err, fehler.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// insert adds the delivery to the register. ErrExists if its key is there.
func (a *Annahme) insert(ctx context.Context, z Ausgang, ziel tenant.ID, k *akte) (storage.Eingang, error) {
	e := storage.Eingang{
		ID: a.o.NewID(), Schluessel: k.Lieferung.Schluessel(), Kanal: k.Lieferung.Kanal, Zustand: string(z),
		Eingegangen: k.Lieferung.Eingang,
	}
	if z == Offen {
		e.ZielMandant, e.ZielVorgang = ziel, a.o.NewID()
	}
	var err error
	for range 3 { // ErrExists may mean the Abdruck, which another delivery took at this moment
		err = a.p.Store.Update(ctx, a.p.Betreiber, func(ctx context.Context, tx *storage.Tx) error {
			if err := a.compare(ctx, tx, e, k); err != nil {
				return err
			}
			daten, err := json.Marshal(k)
			if err != nil {
				return err
			}
			e.Daten = daten
			row := e // the closure may run again
			return tx.InsertEingang(ctx, &row)
		})
		if !errors.Is(err, fehler.ErrExists) || k.Lieferung.Abdruck == "" {
			break
		}
		if other, err := a.known(ctx, e.Schluessel); err != nil || other != nil {
			return e, errors.Join(err, fehler.ErrExists)
		}
	}
	e.Version = 1
	return e, err
}

// register keeps a delivery that becomes no Vorgang, whole.
func (a *Annahme) register(ctx context.Context, m tenant.ID, z Ausgang, k akte) (Ergebnis, error) {
	if err := a.keep(ctx, m, &k.Lieferung); err != nil {
		return Ergebnis{}, err
	}
	e, err := a.insert(ctx, z, "", &k)
	if errors.Is(err, fehler.ErrExists) {
		other, err := a.known(ctx, k.Lieferung.Schluessel())
		if err != nil || other == nil {
			return Ergebnis{}, errors.Join(err, fehler.New("intake.Receive", k.Lieferung.Schluessel(), fehler.ErrUnavailable, nil))
		}
		return a.resume(ctx, *other)
	}
	if err != nil {
		return Ergebnis{}, err
	}
	a.o.Log.InfoContext(ctx, "delivery kept", "eingang", e.ID, "ausgang", z, "probleme", len(k.Probleme))
	return ergebnis(e, k), nil
}

// Refuse registers a delivery that the channel itself found broken; Teile without
// Open are left out. The same delivery again gives the same outcome, and so does
// one that was received whole before: look at Ausgang before the sender is told.
func (a *Annahme) Refuse(ctx context.Context, l Lieferung, p fehler.Probleme) (Ergebnis, error) {
	return a.ohneSchritte(ctx, "intake.Refuse", Abgelehnt, l, p)
}

// Hold puts a delivery into the Klaerfach that the channel itself could not judge, whole
// and with the reason; Teile without Open are left out. [Annahme.Rerun] takes it through
// the steps after a person has mended it. As with [Annahme.Refuse], the delivery that was
// there before counts.
func (a *Annahme) Hold(ctx context.Context, l Lieferung, p fehler.Probleme) (Ergebnis, error) {
	return a.ohneSchritte(ctx, "intake.Hold", Klaerung, l, p)
}

func (a *Annahme) ohneSchritte(ctx context.Context, op string, z Ausgang, l Lieferung, p fehler.Probleme) (Ergebnis, error) {
	l, err := a.begin(op, l)
	if err != nil {
		return Ergebnis{}, err
	}
	e, err := a.known(ctx, l.Schluessel())
	if err != nil {
		return Ergebnis{}, err
	}
	if e != nil {
		return a.resume(ctx, *e)
	}
	if l.Fachdaten.Open == nil {
		l.Fachdaten = Bytes(l.Fachdaten.ID, l.Fachdaten.Name, l.Fachdaten.MIME, l.Fachdaten.Zweck, nil)
	}
	closed := func(t Teil) bool { return t.Open == nil }
	l.Dateien, l.Nachweise = slices.DeleteFunc(l.Dateien, closed), slices.DeleteFunc(l.Nachweise, closed)
	return a.register(ctx, a.p.Betreiber, z, akte{Lieferung: l, Probleme: p})
}

// open creates the Vorgang of a reserved Eingang and settles the Eingang.
func (a *Annahme) open(ctx context.Context, e storage.Eingang, k akte, inhalt Inhalt) (Ergebnis, error) {
	m, err := a.p.Mandanten.Mandant(ctx, e.ZielMandant)
	if err != nil {
		return Ergebnis{}, err
	}
	nummer, err := a.create(ctx, m, e.ZielVorgang, k, inhalt)
	if err != nil {
		return Ergebnis{}, err
	}
	return a.settle(ctx, e, k, nummer)
}

// settle notes that the Vorgang of a reserved Eingang is durable.
func (a *Annahme) settle(ctx context.Context, e storage.Eingang, k akte, nummer string) (_ Ergebnis, err error) {
	k.Nummer, k.Probleme = nummer, nil
	if e.Daten, err = json.Marshal(k); err != nil {
		return Ergebnis{}, err
	}
	e.Zustand = string(Angenommen)
	err = a.p.Store.Update(ctx, a.p.Betreiber, func(ctx context.Context, tx *storage.Tx) error {
		row := e
		return tx.UpdateEingang(ctx, &row)
	})
	if err != nil && !errors.Is(err, fehler.ErrConflict) { // conflict: another process settled it
		return Ergebnis{}, err
	}
	a.o.Log.InfoContext(ctx, "delivery accepted", "eingang", e.ID, "mandant", e.ZielMandant, "vorgang", e.ZielVorgang)
	return ergebnis(e, k), nil
}

// create makes the Vorgang durable with its number, journal and Auftraege in one
// transaction; if it is there already it gives its number.
func (a *Annahme) create(ctx context.Context, m *tenant.Mandant, id uuid.UUID, k akte, inhalt Inhalt) (nummer string, err error) {
	for range 2 { // ErrExists: another process was faster by a moment; the second look finds its Vorgang
		if nummer, err = a.tryCreate(ctx, m, id, k, inhalt); !errors.Is(err, fehler.ErrExists) {
			break
		}
	}
	return nummer, err
}

func (a *Annahme) tryCreate(ctx context.Context, m *tenant.Mandant, id uuid.UUID, k akte, inhalt Inhalt) (string, error) {
	var nummer string
	first, err := a.first(ctx, k)
	if err != nil {
		return "", err
	}
	err = a.p.Store.Update(ctx, m.ID, func(ctx context.Context, tx *storage.Tx) error {
		v, err := tx.Get(ctx, id)
		if err == nil {
			nummer = v.Nummer()
			return nil
		}
		if !errors.Is(err, fehler.ErrNotFound) {
			return err
		}
		leistung, _ := tenant.ParseLeistung(k.Lieferung.Leistung)
		var zeichen []string
		if nummer, zeichen, err = tx.Nummern(ctx, m, leistung, k.Einheit, datum.Von(k.Lieferung.Eingang).Jahr()); err != nil {
			return err
		}
		p := a.params(m, id, nummer, k, inhalt)
		p.Aktenzeichen = zeichen
		a.Neu(m, &p)
		kontext := a.p.Store.Kontext()
		kontext.NewID = a.o.NewID
		v, err = vorgang.New(a.wer(m, k.Lieferung), a.o.Now(), p, kontext)
		if err != nil {
			return err
		}
		a.setFrist(ctx, m, p, v)
		if first != nil {
			if err := a.flag(ctx, tx, v, first); err != nil {
				return err
			}
		}
		return tx.Save(ctx, v)
	})
	return nummer, err
}

// Neu adds what every new Vorgang of this Annahme begins with: the Eingangsbestaetigung and
// the check by rules. Who makes a Vorgang elsewhere, as a Weiterleitung does, calls it too.
func (a *Annahme) Neu(m *tenant.Mandant, p *vorgang.Params) {
	p.Bestaetigung, p.Pruefen = a.o.Bestaetigung(m, *p), a.o.Pruefen
}

// setFrist sets the period to decide in, if there is one.
func (a *Annahme) setFrist(ctx context.Context, m *tenant.Mandant, p vorgang.Params, v *vorgang.Vorgang) {
	if a.o.Frist == nil {
		return
	}
	f, err := a.o.Frist(m, p)
	if err == nil && f != nil {
		err = v.SetBearbeitungsfrist(a.akteur, a.o.Now(), *f)
	}
	if err != nil {
		a.o.Log.ErrorContext(ctx, "no Bearbeitungsfrist", "mandant", m.ID, "vorgang", p.ID, "error", err)
	}
}

// wer opens the Vorgang: who entered it in this Mandant, otherwise the Annahme.
func (a *Annahme) wer(m *tenant.Mandant, l Lieferung) tenant.Akteur {
	if l.Erfasst != nil && l.Erfasst.Akteur.Mandant == m.ID {
		return l.Erfasst.Akteur
	}
	return a.akteur
}

func (a *Annahme) params(m *tenant.Mandant, id uuid.UUID, nummer string, k akte, inhalt Inhalt) vorgang.Params {
	l := k.Lieferung
	leistung, _ := tenant.ParseLeistung(l.Leistung)
	ort, _ := tenant.ParseARS(l.Ort)
	name := string(leistung)
	if t, ok := m.Leistung(leistung); ok {
		name = t.Name
	}
	who := vorgang.Antragsteller{Konto: l.Konto, Empfaenger: inhalt.Antragsteller}
	who.Adressen, who.DigitalerBescheid = l.Adressen, l.DigitalerBescheid
	p := vorgang.Params{
		ID: id, Mandant: m.ID, Nummer: nummer, Leistung: leistung, LeistungName: name, Einheit: k.Einheit, Ort: ort,
		Eingang: l.Eingang, Zustaendigkeit: k.Regel,
		Antrag: vorgang.Antrag{
			Kanal: l.Kanal, Kennung: l.Kennung, Referenz: l.Referenz, Onlinedienst: l.Onlinedienst, GestelltAm: l.GestelltAm,
			Antragsteller: who, Schema: l.Schema, Daten: inhalt.Daten, Felder: inhalt.Felder,
		},
	}
	if !k.Geklaert {
		p.Quittung = l.Quittung
	}
	for _, t := range l.teile() {
		mime := t.Erkannt
		if mime == "" {
			mime = t.MIME
		}
		p.Dateien = append(p.Dateien, vorgang.Datei{
			Anhang: messaging.Anhang{ID: t.ID, Name: t.Name, MIME: mime, Groesse: t.Groesse, SHA512: t.SHA512},
			Zweck:  t.Zweck, Herkunft: l.Kanal, Hinzugefuegt: l.Eingang,
		})
	}
	return p
}

func standardBestaetigung(m *tenant.Mandant, p vorgang.Params) *messaging.Nachricht {
	e, _ := m.Einheit(p.Einheit)
	return &messaging.Nachricht{
		Betreff: "Ihr Antrag ist eingegangen: " + p.LeistungName,
		Text: fmt.Sprintf("Ihr Antrag „%s“ ist am %s bei uns eingegangen.\n\nIhre Vorgangsnummer ist %s. Bitte geben Sie sie an, wenn Sie uns schreiben oder anrufen.\n\nZuständig ist: %s, %s.",
			p.LeistungName, datum.Von(p.Eingang).Deutsch(), p.Nummer, m.Name, e.Name),
	}
}

// Klaerfall is one delivery in the Klaerfach.
type Klaerfall struct {
	ID        uuid.UUID
	Lieferung Lieferung
	Probleme  fehler.Probleme
}

// Klaerfach lists what waits for a person, oldest first. The Teile can be opened.
// A case whose Rerun stopped halfway is still there; Rerun finishes it.
func (a *Annahme) Klaerfach(ctx context.Context) iter.Seq2[Klaerfall, error] {
	return func(yield func(Klaerfall, error) bool) {
		for e, err := range a.p.Store.Eingaenge(ctx, a.p.Betreiber, string(Klaerung)) {
			var k akte
			if err == nil {
				err = json.Unmarshal(e.Daten, &k)
			}
			if err != nil {
				yield(Klaerfall{}, err)
				return
			}
			m := a.p.Betreiber
			if e.ZielVorgang != uuid.Nil { // a Rerun stopped halfway
				m = e.ZielMandant
			}
			a.reopen(m, &k.Lieferung)
			if !yield(Klaerfall{ID: e.ID, Lieferung: k.Lieferung, Probleme: k.Probleme}, nil) {
				return
			}
		}
	}
}

// reopen gives the Teile of a stored delivery the bytes that lie with the Mandant.
func (a *Annahme) reopen(m tenant.ID, l *Lieferung) {
	for _, t := range l.teile() {
		ref := blob.Ref{SHA512: t.SHA512, Groesse: t.Groesse}
		t.Open = func(ctx context.Context) (io.ReadCloser, error) { return a.p.Blobs.Open(ctx, m, ref) }
	}
}

// Rerun takes a delivery of the Klaerfach through the pipeline again after fix
// has mended it (the place, the service); nil changes nothing, which helps after
// a Zustaendigkeit or a form was added. What still fails stays in the Klaerfach as
// it was, and the error holds the fehler.Probleme. One that stopped halfway is
// finished where it began, without fix. ErrConflict if it is not in the Klaerfach,
// or somebody else is at it.
func (a *Annahme) Rerun(ctx context.Context, id uuid.UUID, fix func(*Lieferung)) (Ergebnis, error) {
	var e storage.Eingang
	err := a.p.Store.View(ctx, a.p.Betreiber, func(ctx context.Context, tx *storage.Tx) (err error) {
		e, err = tx.GetEingang(ctx, id)
		return err
	})
	if err != nil {
		return Ergebnis{}, err
	}
	var k akte
	if err := json.Unmarshal(e.Daten, &k); err != nil {
		return Ergebnis{}, fehler.New("intake.Rerun", id.String(), fehler.ErrInvalid, errors.New("the stored delivery is not readable"))
	}
	if Ausgang(e.Zustand) != Klaerung {
		return Ergebnis{}, fehler.New("intake.Rerun", id.String(), fehler.ErrConflict, errors.New("is not in the Klaerfach"))
	}
	if e.ZielVorgang != uuid.Nil {
		return a.finish(ctx, e, k)
	}
	a.reopen(a.p.Betreiber, &k.Lieferung)
	if fix != nil {
		schluessel := k.Lieferung.Schluessel()
		if fix(&k.Lieferung); k.Lieferung.Schluessel() != schluessel {
			return Ergebnis{}, fehler.New("intake.Rerun", id.String(), fehler.ErrInvalid, errors.New("the Kanal and the Kennung must not change"))
		}
	}
	lauf, err := a.beurteilen(ctx, &k.Lieferung)
	if err != nil {
		return ergebnis(e, akte{}), err
	}
	if p := lauf.probleme; len(p) > 0 {
		return ergebnis(e, akte{Probleme: p}), p
	}
	ziel := lauf.Ziel
	if err := a.keep(ctx, ziel.Mandant, &k.Lieferung); err != nil {
		return Ergebnis{}, err
	}
	k.Einheit, k.Regel, k.Geklaert = ziel.Einheit, ziel.Regel.String(), true
	e.ZielMandant, e.ZielVorgang = ziel.Mandant, a.o.NewID()
	if e.Daten, err = json.Marshal(k); err != nil {
		return Ergebnis{}, err
	}
	err = a.p.Store.Update(ctx, a.p.Betreiber, func(ctx context.Context, tx *storage.Tx) error {
		row := e
		return tx.UpdateEingang(ctx, &row)
	})
	if err != nil {
		return Ergebnis{}, err
	}
	e.Version++
	return a.open(ctx, e, k, lauf.Inhalt)
}
