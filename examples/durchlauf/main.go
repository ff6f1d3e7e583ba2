// Command durchlauf runs the whole way of an application once: an encrypted
// FIT-Connect submission becomes a Vorgang, is worked on by two people, decided,
// announced, filed into the E-Akte and archived. It needs no server and leaves
// what it made in a folder.
//
//	go run ./examples/durchlauf [-dir folder]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func main() {
	dir := flag.String("dir", "", "folder for the results (default: a new one in the system's temporary folder)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "durchlauf:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, dir string) (err error) {
	if dir == "" {
		if dir, err = os.MkdirTemp("", "durchlauf-"); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	h, err := build(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	_, err = run(ctx, h, os.Stdout)
	return err
}

// The people of the story. Kim and Deniz work in Kiel, the Buerger has applied.
var (
	kim   = tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung}}
	deniz = tenant.Akteur{ID: "deniz", Name: "Deniz Aydın", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
	amira = tenant.Akteur{ID: "amira", Name: "Amira Huber", Art: tenant.Person, Mandant: muenchen, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
)

// ergebnis is what the way led to; the test looks at it.
type ergebnis struct {
	Vorgang  uuid.UUID
	Bescheid string // path of the PDF
	Akte     string // path of the xdomea ZIP
}

// run tells the story, step by step. Every step is a public call of the library.
func run(ctx context.Context, h *haus, out io.Writer) (*ergebnis, error) {
	e := &erzaehler{h: h, out: out}

	e.say("1. Ein Onlinedienst sendet einen verschlüsselten Antrag über FIT-Connect.")
	sent, err := h.dienst.Sende(ctx, antrag(h))
	if err != nil {
		return nil, err
	}
	e.say("   Submission %s, zwei Anlagen, vier JWE.", sent.SubmissionID)

	e.say("2. Der Callback weckt den Empfang: prüfen, entschlüsseln, zuordnen, speichern, dann erst quittieren.")
	id, err := h.awaitVorgang(ctx, kiel)
	if err != nil {
		return nil, err
	}
	e.id = id
	if err := e.work(ctx); err != nil { // acknowledges the submission, confirms to the citizen
		return nil, err
	}
	e.say("   Zustand beim Zustelldienst: %s", h.dienst.State(sent.SubmissionID))

	e.say("3. Kim zieht den ältesten Vorgang vom Stapel und fragt nach.")
	v, lease, err := h.store.Claim(ctx, kiel, storage.ClaimParams{Akteur: kim})
	if err != nil {
		return nil, err
	}
	_, err = h.store.Edit(ctx, kiel, v.ID(), func(v *vorgang.Vorgang) error {
		_, err := v.Ask(kim, h.uhr.Now(), vorgang.Frage{
			Betreff: "Foto des Baums", Text: "Bitte senden Sie uns ein Foto des Baums.", Bis: datum.Von(h.uhr.Now()).AddTage(14),
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := e.work(ctx); err != nil {
		return nil, err
	}
	if err := e.strangerSeesNothing(ctx); err != nil {
		return nil, err
	}

	e.say("4. Die Bürgerin liest die Rückfrage im Postfach und antwortet mit einem Foto.")
	if err := e.answer(ctx, v); err != nil {
		return nil, err
	}

	e.say("5. Kim entwirft den Bescheid. Kim darf ihn nicht selbst freigeben, Deniz darf.")
	if err := e.decide(ctx, lease); err != nil {
		return nil, err
	}
	if err := e.work(ctx); err != nil { // sets the PDF, delivers it, computes the periods
		return nil, err
	}
	if err := e.explain(ctx); err != nil {
		return nil, err
	}

	e.say("6. Der Tag der Bekanntgabe kommt; Kim schließt den Vorgang, die Akte geht ins DMS.")
	if err := e.file(ctx); err != nil {
		return nil, err
	}

	e.say("7. Das Journal wird geprüft: %d Einträge, jede Prüfsumme stimmt.", e.last)
	if err := h.store.VerifyJournal(ctx, kiel, id); err != nil {
		return nil, err
	}
	return e.results(ctx)
}

// decide drafts, tries the forbidden release, and releases with four eyes.
func (e *erzaehler) decide(ctx context.Context, lease storage.Lease) error {
	h := e.h
	var id uuid.UUID
	_, err := h.store.Complete(ctx, kiel, lease, func(v *vorgang.Vorgang) (err error) {
		inhalt, err := h.entwurf()
		if err != nil {
			return err
		}
		if id, err = v.Draft(kim, h.uhr.Now(), inhalt); err != nil {
			return err
		}
		return v.SubmitDraft(kim, h.uhr.Now(), id)
	})
	if err != nil {
		return err
	}
	_, err = h.store.Edit(ctx, kiel, e.id, func(v *vorgang.Vorgang) error { return v.ReleaseBescheid(kim, h.uhr.Now(), id) })
	if !errors.Is(err, storage.ErrForbidden) {
		return fmt.Errorf("four eyes did not hold: %v", err)
	}
	e.say("   Kim: %v", err)
	_, err = h.store.Edit(ctx, kiel, e.id, func(v *vorgang.Vorgang) error { return v.ReleaseBescheid(deniz, h.uhr.Now(), id) })
	return err
}

// answer reads the mailbox as the citizen does, uploads a photo and replies.
func (e *erzaehler) answer(ctx context.Context, v *vorgang.Vorgang) error {
	h := e.h
	konto := v.Stand().Antrag.Antragsteller.Konto
	buerger := tenant.Akteur{ID: konto, Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}
	post := h.portal.Postfach(kiel, konto)
	var frage messaging.Eintrag
	for n, err := range post.All(ctx) {
		if err != nil {
			return err
		}
		e.say("   Postfach: %s", n.Nachricht.Betreff)
		frage = n
	}
	if _, err := post.Read(ctx, frage.ID); err != nil {
		return err
	}
	foto, err := h.upload(ctx, "baum.png")
	if err != nil {
		return err
	}
	_, err = h.store.Edit(ctx, kiel, v.ID(), func(v *vorgang.Vorgang) error {
		return v.Answer(buerger, h.uhr.Now(), vorgang.Erwiderung{
			Bezug: frage.Nachricht.ID, Text: "Anbei das Foto. Viele Grüße", Dateien: []vorgang.Datei{foto},
		})
	})
	if err != nil {
		return err
	}
	return e.journal(ctx)
}

// file lets the days pass, closes the Vorgang and has it archived.
func (e *erzaehler) file(ctx context.Context) error {
	h := e.h
	v, err := h.store.Get(ctx, kiel, e.id)
	if err != nil {
		return err
	}
	b := v.Stand().Bescheide[0]
	h.uhr.Set(b.Bekanntgabe.Tag.Beginn().Add(9 * time.Hour))
	if err := e.work(ctx); err != nil {
		return err
	}
	_, err = h.store.Edit(ctx, kiel, e.id, func(v *vorgang.Vorgang) error {
		return v.Close(kim, h.uhr.Now(), vorgang.Schluss{Grund: vorgang.GrundBeschieden, Abgeben: true})
	})
	if err != nil {
		return err
	}
	if err := e.work(ctx); err != nil { // writes the xdomea package
		return err
	}
	if _, err := h.eakte.Scan(ctx); err != nil { // the receiving DMS imports and answers 0403 and 0402
		return err
	}
	if _, err := h.veraktung.Collect(ctx, kiel); err != nil {
		return err
	}
	h.uhr.Set(b.Bekanntgabe.BestandskraftAb.Beginn().Add(9 * time.Hour))
	if err := e.work(ctx); err != nil {
		return err
	}
	v, err = h.store.Get(ctx, kiel, e.id)
	if err != nil {
		return err
	}
	s := v.Stand()
	if s.Abgabe == nil || s.Abgabe.Zustand != vorgang.Archiviert || s.Bescheide[0].Zustand != bescheid.Bestandskraeftig {
		return fmt.Errorf("not archived: %+v", s.Abgabe)
	}
	e.say("   Öffentlich sichtbar: %s", v.Oeffentlich().Status)
	return nil
}

// strangerSeesNothing lets a clerk of the other Mandant try.
func (e *erzaehler) strangerSeesNothing(ctx context.Context) error {
	if _, err := e.h.store.Get(ctx, muenchen, e.id); !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("another Mandant found the Vorgang: %v", err)
	}
	if _, _, err := e.h.store.Claim(ctx, muenchen, storage.ClaimParams{Akteur: amira}); !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("another Mandant could pull: %v", err)
	}
	e.say("   Amira in München sieht nichts davon.")
	return nil
}

// results names what the folder holds.
func (e *erzaehler) results(ctx context.Context) (*ergebnis, error) {
	r := &ergebnis{Vorgang: e.id, Bescheid: filepath.Join(e.h.dir, "bescheid.pdf")}
	if err := e.h.saveBescheid(ctx, e.id, r.Bescheid); err != nil {
		return nil, err
	}
	akten, err := filepath.Glob(filepath.Join(e.h.dir, "e-akte", "archiv", "*.zip"))
	if err != nil || len(akten) != 1 {
		return nil, fmt.Errorf("expected one package in the E-Akte, found %v (%v)", akten, err)
	}
	r.Akte = akten[0]
	e.say("\nErgebnisse in %s:\n   Bescheid:  %s\n   E-Akte:    %s\n   Datenbank: %s", e.h.dir, r.Bescheid, r.Akte, filepath.Join(e.h.dir, "fachwerk.db"))
	return r, nil
}
