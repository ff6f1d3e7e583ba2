// Command durchlauf runs the whole way of an application once: an encrypted
// FIT-Connect submission becomes a Vorgang, is worked on by two people, decided,
// announced, filed into the E-Akte and archived. The results stay in a folder.
package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/betrieb"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/dmstest"
	"github.com/ozg-fachwerk/fachwerk/dms/veraktung"
	"github.com/ozg-fachwerk/fachwerk/dms/verzeichnis"
	"github.com/ozg-fachwerk/fachwerk/dms/xdomea"
	"github.com/ozg-fachwerk/fachwerk/intake"
	"github.com/ozg-fachwerk/fachwerk/intake/fim"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect"
	"github.com/ozg-fachwerk/fachwerk/messaging/fitconnect/fitconnecttest"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const (
	kiel, muenchen tenant.ID = "kiel", "muenchen"
	leistung                 = tenant.LeistungURN + "99063005001000"
)

var (
	kim   = tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung, tenant.Leitung}}
	deniz = tenant.Akteur{ID: "deniz", Name: "Deniz Aydın", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
	amira = tenant.Akteur{ID: "amira", Name: "Amira Huber", Art: tenant.Person, Mandant: muenchen, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
)

func main() {
	dir := flag.String("dir", filepath.Join(os.TempDir(), "durchlauf-"+time.Now().Format("20060102-150405")), "folder for the results")
	flag.Parse()
	h, err := build(context.Background(), *dir)
	if err != nil {
		log.Fatal(err)
	}
	_, err = tell(context.Background(), h, *dir, os.Stdout)
	if err := errors.Join(err, h.Close()); err != nil {
		log.Fatal(err)
	}
}

// tell tells the story: what people do, and what the installation makes of it.
// After each step it waits until the journal says that this has happened.
func tell(ctx context.Context, h *haus, dir string, out io.Writer) (s vorgang.Stand, err error) {
	edit := func(f func(v *vorgang.Vorgang) error) error {
		_, err := h.store.Edit(ctx, kiel, s.ID, f)
		return err
	}
	var lease storage.Lease
	for _, schritt := range []struct {
		text string
		do   func() error
		done func() bool
	}{
		{"Ein Onlinedienst sendet zwei verschlüsselte Anträge, nach München und Kiel. Sie werden geprüft, gespeichert, quittiert und bestätigt.",
			func() error {
				for _, region := range []string{"DE091620000000", "DE010020000000"} { // München, Kiel
					antrag, err1 := fitconnecttest.ReadDraft(eingebettet, "daten/antrag", h.stelle.ID)
					antrag.Region = region
					if _, err2 := h.dienst.Sende(ctx, antrag); err1 != nil || err2 != nil {
						return errors.Join(err1, err2)
					}
				}
				return nil
			},
			func() bool {
				for v, err := range h.store.Vorgaenge(ctx, muenchen, storage.PageParams{}) {
					return err == nil && confirmed(v.Stand()) && confirmed(s)
				}
				return false
			}},
		{"Amira in München sieht nur den eigenen. Kim in Kiel zieht den ältesten Vorgang vom Stapel und fragt nach.",
			func() (err error) {
				if v, _, err := h.store.Claim(ctx, muenchen, storage.ClaimParams{Akteur: amira}); err != nil || v.ID() == s.ID {
					return fmt.Errorf("no own Vorgang to pull in München: %v", err)
				} else if _, err := h.store.Get(ctx, muenchen, s.ID); !errors.Is(err, storage.ErrNotFound) {
					return fmt.Errorf("the Vorgang of Kiel can be read in München: %v", err)
				}
				if _, lease, err = h.store.Claim(ctx, kiel, storage.ClaimParams{Akteur: kim}); err != nil {
					return err
				}
				return edit(func(v *vorgang.Vorgang) error {
					_, err := v.Ask(kim, h.now(), vorgang.Frage{Betreff: "Foto des Baums", Text: "Bitte senden Sie uns ein Foto des Baums.", Bis: datum.Von(h.now()).AddTage(14)})
					return err
				})
			},
			func() bool { return len(s.Nachrichten) == 2 && len(s.Nachrichten[1].Quittungen) == 1 }},
		{"Die Bürgerin liest die Rückfrage in ihrem Postfach und antwortet mit einem Foto.",
			func() error {
				buerger := tenant.Akteur{ID: s.Antrag.Antragsteller.Konto, Art: tenant.Buerger, Rollen: []tenant.Rolle{tenant.RolleAntragsteller}}
				var frage messaging.Eintrag // the last letter in the mailbox
				var err1 error
				for frage, err1 = range h.portal.Postfach(kiel, buerger.ID).All(ctx) {
				}
				ref, err2 := h.blobs.Put(ctx, kiel, bytes.NewReader(daten("Foto.png")))
				if err := errors.Join(err1, err2); err != nil {
					return err
				}
				foto := vorgang.Datei{Anhang: messaging.Anhang{Name: "Foto.png", MIME: "image/png", Groesse: ref.Groesse, SHA512: ref.SHA512}}
				return edit(func(v *vorgang.Vorgang) error {
					return v.Answer(buerger, h.now(), vorgang.Erwiderung{Bezug: frage.Nachricht.ID, Text: "Anbei.", Dateien: []vorgang.Datei{foto}})
				})
			},
			func() bool { return !s.WartetAufBuerger() }},
		{"Kim entwirft den Bescheid.",
			func() error {
				_, err := h.store.Complete(ctx, kiel, lease, func(v *vorgang.Vorgang) error {
					inhalt, err1 := entscheidung(ctx, h)
					id, err2 := v.Draft(kim, h.now(), inhalt)
					return errors.Join(err1, err2, v.SubmitDraft(kim, h.now(), id))
				})
				return err
			},
			func() bool { return len(s.Bescheide) == 1 }},
		{"Kim darf ihn nicht freigeben, Deniz darf. Er wird ausgefertigt und zugestellt.",
			func() error {
				return edit(func(v *vorgang.Vorgang) error {
					if err := v.ReleaseBescheid(kim, h.now(), s.Bescheide[0].ID); !errors.Is(err, storage.ErrForbidden) {
						return fmt.Errorf("four eyes did not hold: %v", err)
					}
					return v.ReleaseBescheid(deniz, h.now(), s.Bescheide[0].ID)
				})
			},
			func() bool { return s.Bescheide[0].Zustand == bescheid.Versandt }},
		{"Der Tag der Bekanntgabe kommt.",
			func() error { h.springe(s.Bescheide[0].Bekanntgabe.Tag); return nil },
			func() bool { return s.Bescheide[0].Zustand == bescheid.Bekanntgegeben }},
		{"Kim schließt den Vorgang, er wird an die E-Akte übergeben.",
			func() error {
				return edit(func(v *vorgang.Vorgang) error {
					return v.Close(kim, h.now(), vorgang.Schluss{Grund: vorgang.GrundBeschieden, Abgeben: true})
				})
			},
			func() bool { return s.Abgabe != nil }},
		{"Die E-Akte importiert ihn und antwortet.",
			func() error { _, err := h.eakte.Scan(ctx); return err },
			func() bool { return s.Abgabe.Zustand == vorgang.Archiviert }},
		{"Die Widerspruchsfrist läuft ab.",
			func() error { h.springe(s.Bescheide[0].Bekanntgabe.BestandskraftAb); return nil },
			func() bool { return s.Bescheide[0].Zustand == bescheid.Bestandskraeftig }},
	} {
		fmt.Fprintln(out, schritt.text)
		if err := schritt.do(); err != nil {
			return s, err
		} else if err := h.await(ctx, &s, schritt.done, out); err != nil {
			return s, err
		}
	}
	d := s.Bescheide[0].Dokument
	pdf, err := blob.Read(ctx, h.blobs, kiel, blob.Ref{SHA512: d.SHA512, Groesse: d.Groesse}, 10<<20)
	if err != nil {
		return s, err
	}
	fmt.Fprintf(out, "So kam die Frist zustande:\n   %s\nErgebnisse in %s: bescheid.pdf, e-akte/archiv/*.zip (xdomea), fachwerk.db\n",
		strings.Join(s.Bescheide[0].Bekanntgabe.Schritte, "\n   "), dir)
	return s, errors.Join(h.store.VerifyJournal(ctx, kiel, s.ID), os.WriteFile(filepath.Join(dir, "bescheid.pdf"), pdf, 0o600))
}

// entscheidung is Kim's text with the Belehrung that the Land wants.
func entscheidung(ctx context.Context, h *haus) (i bescheid.Inhalt, err error) {
	texte, err1 := bescheid.StandardBelehrungen()
	mandant, err2 := h.mandanten.Mandant(ctx, kiel)
	if err := errors.Join(err1, err2, json.Unmarshal(daten("bescheid.json"), &i)); err != nil {
		return i, err
	}
	return texte.FillIn(i, mandant, datum.Von(h.now()))
}

//go:embed daten
var eingebettet embed.FS

func daten(name string) []byte {
	b, _ := eingebettet.ReadFile("daten/" + name) // built into the program
	return b
}

// openStore opens the storage; memory and PostgreSQL serve as well.
var openStore = func(ctx context.Context, dir string, o *storage.Options) (*storage.Store, error) {
	return sqlite.Open(ctx, filepath.Join(dir, "fachwerk.db"), &sqlite.Options{Store: o})
}

// haus is one installation with two Mandanten, and the world outside: doubles
// that speak the real protocols.
type haus struct {
	vor       atomic.Int64 // how far the clock of the story is ahead
	mandanten *tenant.Verzeichnis
	store     *storage.Store
	blobs     *blob.Dir
	portal    *portal.Kanal
	dienst    *fitconnecttest.Zustelldienst
	stelle    *fitconnecttest.Zustellpunkt
	eakte     *dmstest.Empfaenger
	ziel      *verzeichnis.Ziel
	stop      context.CancelFunc
	stopped   chan struct{}
}

func (h *haus) now() time.Time { return time.Now().Add(time.Duration(h.vor.Load())) }

// springe lets days pass until nine in the morning of the day.
func (h *haus) springe(tag datum.Datum) {
	h.vor.Store(int64(time.Until(tag.Beginn().Add(9 * time.Hour))))
}

// build composes the house in the folder and sets it to work.
func build(ctx context.Context, dir string) (*haus, error) {
	h := &haus{stopped: make(chan struct{})}
	mandanten, zustaendigkeiten, err1 := tenant.LoadKonfiguration(daten("mandanten.json"))
	formular, err2 := fim.LoadFormular(daten("formular.json"))
	parser, err3 := fim.New(formular)
	eakte, err7 := dmstest.NewEmpfaenger(filepath.Join(dir, "e-akte")) // makes the folders
	store, err4 := openStore(ctx, dir, &storage.Options{Now: h.now})
	blobs, err5 := blob.OpenDir(filepath.Join(dir, "dateien"), nil)
	dienst, err6 := fitconnecttest.Start(&fitconnecttest.Options{Now: h.now})
	ziel, err8 := verzeichnis.New(verzeichnis.Options{Name: "e-akte", Kodierer: xdomea.New(xdomea.V310(), nil), Basis: filepath.Join(dir, "e-akte"), Now: h.now})
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7, err8); err != nil {
		return nil, err
	}
	h.mandanten, h.store, h.blobs, h.dienst, h.eakte, h.ziel = mandanten, store, blobs, dienst, eakte, ziel
	h.portal = portal.New(store.Postfach(), &portal.Options{Now: h.now})
	if h.stelle, err1 = dienst.AddDestination(fitconnecttest.DestinationParams{Services: []fitconnect.DestinationService{
		fitconnecttest.Service(leistung, formular.Schema, "application/json")}}); err1 != nil {
		return nil, err1
	}
	sub, err := h.stelle.Subscriber(&fitconnect.ClientOptions{Now: h.now}, &fitconnect.SubscriberOptions{Now: h.now})
	if err != nil {
		return nil, err
	}
	b, err := betrieb.New(betrieb.Params{
		Store: store, Blobs: blobs, Mandanten: mandanten, Zustaendigkeiten: zustaendigkeiten, Betreiber: kiel,
		Parser: []intake.Parser{parser}, Kanaele: []messaging.Kanal{h.portal}, FITConnect: []*fitconnect.Subscriber{sub},
		Ablagen: map[tenant.ID]veraktung.Ablage{kiel: {Ziel: ziel, Empfaenger: dms.Kontakt{Institution: "E-Akte Schleswig-Holstein"}}},
	}, &betrieb.Options{Now: h.now, Abholung: 10 * time.Millisecond, Relay: relay.Options{Poll: 10 * time.Millisecond}})
	if err != nil {
		return nil, err
	}
	callback, err := b.Callback(h.stelle.ID, "nur-fuer-das-beispiel", &fitconnect.CallbackOptions{Now: h.now})
	h.stelle.CallbackTo(callback, "nur-fuer-das-beispiel")
	ctx, h.stop = context.WithCancel(ctx)
	go func() { defer close(h.stopped); _ = b.Run(ctx) }()
	return h, err
}

// Close stops the work and then the rest.
func (h *haus) Close() error {
	h.stop()
	<-h.stopped
	h.dienst.Close()
	return errors.Join(h.ziel.Close(), h.store.Close())
}

// confirmed tells whether sender and applicant know that the Antrag has arrived.
func confirmed(s vorgang.Stand) bool {
	return !s.EingangQuittiert.IsZero() && len(s.Nachrichten[0].Quittungen) == 1
}

// await waits until the Vorgang of Kiel is as it should be, prints the journal
// as it grows, and leaves the state in s.
func (h *haus) await(ctx context.Context, s *vorgang.Stand, done func() bool, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for printed := s.Journal.Seq; ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		for v, err := range h.store.Vorgaenge(ctx, kiel, storage.PageParams{}) {
			if err != nil {
				return err
			}
			*s = v.Stand()
		}
		for e, err := range h.store.Journal(ctx, kiel, s.ID) {
			if err != nil {
				return err
			}
			if wer, _ := e.Who(); e.Seq > printed && e.Seq <= s.Journal.Seq {
				printed = e.Seq
				fmt.Fprintf(out, "   %3d  %s  %-14s %s\n", e.Seq, e.Zeit.In(datum.Berlin()).Format("02.01.2006 15:04"), wer.Name, e.Text())
			}
		}
		if s.Nummer != "" && done() {
			return nil
		}
	}
	return fmt.Errorf("waited in vain at journal entry %d: %w", s.Journal.Seq, ctx.Err())
}
