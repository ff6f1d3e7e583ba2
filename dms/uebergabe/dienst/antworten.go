package dienst

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe"
	"github.com/ozg-fachwerk/fachwerk/dms/uebergabe/signatur"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

// MaxDatei is the size of a document in an answer, in bytes.
const MaxDatei = 10 << 20

// Receive takes an answer of the Fachverfahren: it verifies the signature, that the id
// of the event is the signed one, that this type is allowed, that the Vorgang belongs to
// the Mandant and was handed over to this target; then it gives the commands in one
// transaction, as a machine named after the target. The same event again changes nothing
// and gives false; so a recorded message played again does nothing, for ever.
//
// A wrong signature, an unknown Mandant and an unknown target are one
// fehler.ErrForbidden. An unknown Vorgang or hand-over, and one of another target, are
// one fehler.ErrNotFound. What a command refuses comes with its Probleme.
func (d *Dienst) Receive(ctx context.Context, mandant tenant.ID, ziel string, u signatur.Umschlag, inhalt []byte) (bool, error) {
	return d.receive(ctx, mandant, ziel, u, inhalt, signatur.Toleranz)
}

func (d *Dienst) receive(ctx context.Context, mandant tenant.ID, ziel string, u signatur.Umschlag, inhalt []byte, toleranz time.Duration) (bool, error) {
	const op = "dienst.Receive"
	z := d.anschluesse[mandant][ziel] // without one there are no keys
	if err := (signatur.Pruefer{Schluessel: z.Schluessel, Now: d.now, Toleranz: toleranz}).Verify(u, inhalt); err != nil {
		return false, err
	}
	m, err := d.leser.Read(inhalt)
	if err != nil {
		return false, err
	}
	if m.ID != u.ID {
		return false, fehler.New(op, "", fehler.ErrForbidden, errors.New("another id is signed"))
	}
	if !slices.Contains(z.Darf, m.Typ) {
		return false, fehler.New(op, m.Typ, fehler.ErrForbidden, fehler.Probleme{{
			Code: "meldung.nicht-erlaubt", Pfad: "/type", Meldung: "this type is not allowed for the target", Hinweis: "Diese Art von Meldung ist dem Fachverfahren nicht erlaubt.",
		}})
	}
	sum := sha256.Sum256(inhalt)
	meldung := vorgang.UebergabeMeldung{Ereignis: m.ID, Pruefsumme: hex.EncodeToString(sum[:])}
	gib, err := d.befehle(ctx, mandant, ziel, m, &meldung)
	if err != nil {
		return false, err
	}
	unbekannt := fehler.New(op, m.Bezug.Uebergabe.String(), fehler.ErrNotFound, fehler.Probleme{{
		Code: "meldung.uebergabe", Pfad: "/data/uebergabe", Meldung: "no such hand-over to this target", Hinweis: "Diese Übergabe ist unbekannt.",
	}})
	neu := false
	_, err = d.p.Store.Edit(ctx, mandant, m.Bezug.Vorgang, func(v *vorgang.Vorgang) error {
		neu = false
		ist, ok := v.Stand().Uebergabe(m.Bezug.Uebergabe)
		if !ok || v.Mandant() != mandant || ist.Ziel != ziel || ist.Zustand == vorgang.UebergabeGescheitert {
			return unbekannt
		}
		var err error
		if neu, err = v.RecordUebergabeMeldung(d.akteur, d.now(), ist.ID, meldung); err != nil || !neu {
			return err
		}
		if !ist.Zustand.Offen() && m.Typ != uebergabe.TypStand {
			return fehler.New(op, ist.ID.String(), fehler.ErrConflict, fehler.Probleme{{
				Code: "meldung.beendet", Pfad: "/data/uebergabe", Meldung: "the hand-over has ended", Hinweis: "Diese Übergabe ist beendet.",
			}})
		}
		return gib(v)
	})
	if errors.Is(err, fehler.ErrNotFound) && len(fehler.ProblemeIn(err)) == 0 {
		return false, unbekannt // the Vorgang is not there, or another Mandant's
	}
	return neu && err == nil, err
}

// maschine is the Fachverfahren as an Akteur: a machine that works on Vorgaenge of this
// Mandant. It takes part in its drafts, so Vier-Augen counts it, and it releases none.
func maschine(m tenant.ID, ziel string) tenant.Akteur {
	return tenant.Akteur{
		ID: "fachverfahren:" + string(m) + ":" + ziel, Name: "Fachverfahren " + ziel, Art: tenant.Maschine, Mandant: m,
		Rollen: []tenant.Rolle{tenant.RolleSystem, tenant.Sachbearbeitung},
	}
}

// befehle gives what a report does to the Vorgang, and completes the report. A document
// is stored here, before the transaction: a file nobody refers to does no harm.
func (d *Dienst) befehle(ctx context.Context, mandant tenant.ID, ziel string, m uebergabe.Meldung, meldung *vorgang.UebergabeMeldung) (func(*vorgang.Vorgang) error, error) {
	a := maschine(mandant, ziel)
	switch x := m.Daten.(type) {
	case *uebergabe.StandMeldung:
		meldung.Art, meldung.Zustand, meldung.Hinweis = "stand", vorgang.UebergabeZustand(x.Zustand), x.Hinweis
		return func(v *vorgang.Vorgang) error {
			war := v.Stand().Aktenzeichen
			if x.Aktenzeichen == "" || slices.Contains(war, x.Aktenzeichen) {
				return nil
			}
			return v.SetAktenzeichen(a, d.now(), append(war, x.Aktenzeichen))
		}, nil
	case *uebergabe.DokumentMeldung:
		meldung.Art = "dokument"
		datei, err := d.ablegen(ctx, mandant, x)
		return func(v *vorgang.Vorgang) error {
			_, err := v.AddDatei(a, d.now(), datei)
			return err
		}, err
	case *uebergabe.EntscheidungMeldung:
		meldung.Art = "entscheidung"
		return func(v *vorgang.Vorgang) error {
			_, err := v.Draft(a, d.now(), bescheid.Inhalt{
				Art: bescheid.Art(x.Art), Betreff: x.Betreff, Tenor: x.Tenor, Nebenbestimmungen: x.Nebenbestimmungen, Begruendung: x.Begruendung, Hinweise: x.Hinweise,
				Rechtsbehelfsbelehrung: x.Rechtsbehelfsbelehrung, OhneBelehrung: x.OhneBelehrung, Verfahren: x.Verfahren, Gueltig: x.Gueltig,
			})
			return err
		}, nil
	case *uebergabe.AbschlussMeldung:
		meldung.Art, meldung.Zustand = "abschluss", vorgang.UebergabeErledigt
		return func(v *vorgang.Vorgang) error {
			return v.Close(a, d.now(), vorgang.Schluss{Grund: vorgang.Abschlussgrund(x.Grund)})
		}, nil
	}
	return nil, fehler.New("dienst.Receive", m.Typ, fehler.ErrUnsupported, nil)
}

// ablegen checks a document and stores it: the hash is the stated one and the bytes are
// of the stated type.
func (d *Dienst) ablegen(ctx context.Context, mandant tenant.ID, x *uebergabe.DokumentMeldung) (vorgang.Datei, error) {
	falsch := func(code, pfad, meldung, hinweis string) (vorgang.Datei, error) {
		return vorgang.Datei{}, fehler.New("dienst.Receive", "", fehler.ErrInvalid, fehler.Probleme{{Code: code, Pfad: pfad, Meldung: meldung, Hinweis: hinweis}})
	}
	sum := sha512.Sum512(x.Inhalt)
	switch {
	case len(x.Inhalt) > MaxDatei:
		return falsch("meldung.datei-gross", "/data/inhalt", "the document is too large", "Das Dokument ist zu groß.")
	case hex.EncodeToString(sum[:]) != x.SHA512:
		return falsch("meldung.datei-hash", "/data/sha512", "the hash is not that of the bytes", "Die Prüfsumme des Dokuments stimmt nicht.")
	case !mimetype.Detect(x.Inhalt).Is(x.MIME):
		return falsch("meldung.datei-art", "/data/mime", "the bytes are of another type", "Der Inhalt des Dokuments passt nicht zur angegebenen Art.")
	}
	ref, err := d.p.Blobs.Put(ctx, mandant, bytes.NewReader(x.Inhalt))
	if err != nil {
		return vorgang.Datei{}, err
	}
	return vorgang.Datei{Zweck: vorgang.ZweckAnlage, Anhang: messaging.Anhang{Name: x.Name, MIME: x.MIME, Groesse: ref.Groesse, SHA512: ref.SHA512}}, nil
}

// Collect takes the answers that wait at the targets of the Mandant and gives the number
// of those that were new. What is stored is acknowledged; so is, and reported in the
// error, what is wrong in itself: unreadable, against its schema, about no hand-over. All
// else that fails stays at the target, is reported each time, and comes again: a wrong
// signature may be a key that is missing here, and what a command refuses today the state
// may allow tomorrow. The age of a signature does not count, since answers wait; that
// they are taken once does.
func (d *Dienst) Collect(ctx context.Context, mandant tenant.ID) (int, error) {
	var errs []error
	n := 0
	for name, z := range d.anschluesse[mandant] {
		r, ok := z.Ziel.(uebergabe.Rueckmelder)
		if !ok {
			continue
		}
		for a, err := range r.Answers(ctx) {
			if errors.Is(err, fehler.ErrUnsupported) && a.Kennung == "" {
				break
			}
			neu, done := false, errors.Is(err, fehler.ErrInvalid) // the Ziel cannot read it
			if err == nil {
				neu, err = d.receive(ctx, mandant, name, a.Umschlag, a.Inhalt, -1)
				done = err == nil || falschInSich(err)
			}
			if done && a.Kennung != "" {
				err = errors.Join(err, r.Ack(ctx, a.Kennung))
			}
			if err != nil {
				errs = append(errs, err)
			}
			if neu {
				n++
			}
		}
	}
	return n, errors.Join(errs...)
}

// falschInSich tells whether the answer itself is wrong, so that no later time mends it.
func falschInSich(err error) bool {
	return slices.ContainsFunc(fehler.ProblemeIn(err), func(p fehler.Problem) bool {
		return strings.HasPrefix(p.Code, "meldung.") && p.Code != "meldung.nicht-erlaubt" || p.Code == "uebergabe.ereignis"
	})
}
