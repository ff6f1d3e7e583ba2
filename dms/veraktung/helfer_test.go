package veraktung_test

import (
	"context"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/dms"
	"github.com/ozg-fachwerk/fachwerk/dms/veraktung"
	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/datum"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

func TestMain(m *testing.M) { testenv.Main(m) }

var update = flag.Bool("update", false, "write the golden file anew")

const kiel tenant.ID = "kiel"

var (
	mandant = tenant.Mandant{
		ID: kiel, Name: "Landeshauptstadt Kiel", Land: tenant.LandSH, ARS: "010020000000",
		Anschrift:        tenant.Anschrift{Strasse: "Fleethörn", Hausnummer: "9", PLZ: "24103", Ort: "Kiel"},
		Einheiten:        []tenant.Organisationseinheit{{ID: "gruen", Name: "Grünflächenamt"}},
		Leistungen:       []tenant.Leistung{{Schluessel: "99063005001000", Name: "Baumfällgenehmigung", Aktenplan: "67.31", AufbewahrungJahre: 10, Aussonderungsart: "B"}},
		Behoerdenkennung: tenant.Behoerdenkennung{Praefix: "ags", Schluessel: "01002000"},
	}
	system = tenant.System("test")
	kim    = tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	deniz  = tenant.Akteur{ID: "deniz", Name: "Deniz Aydın", Art: tenant.Person, Mandant: kiel, Rollen: []tenant.Rolle{tenant.Leitung}}
	beginn = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
)

// haus is a store whose ids, salts and times are the same in every run.
type haus struct {
	testing.TB
	*storage.Store
	now   time.Time
	ids   uint64
	blobs blob.Store
	v     *veraktung.Veraktung
	relay *relay.Relay
}

func (h *haus) uhr() time.Time { return h.now }

func (h *haus) newID() uuid.UUID {
	h.ids++
	id := uuid.UUID{6: 0x70, 8: 0x80}
	for i := range 8 {
		id[15-i] |= byte(h.ids >> (8 * i))
	}
	id[8] = 0x80
	return id
}

func newHaus(t testing.TB, ziel dms.Ziel) *haus {
	h := &haus{TB: t, now: beginn, blobs: blob.NewMemory(nil)}
	h.Store = memory.Open(&storage.Options{Now: h.uhr, NewID: h.newID, Rand: strings.NewReader(strings.Repeat("salz", 1<<16))})
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	v, err := tenant.NewVerzeichnis(mandant)
	require.NoError(t, err)
	h.v, err = veraktung.New(veraktung.Params{
		Store: h.Store, Blobs: h.blobs, Mandanten: v,
		Ablagen: map[tenant.ID]veraktung.Ablage{kiel: {Ziel: ziel, Empfaenger: dms.Kontakt{Institution: "E-Akte Schleswig-Holstein"}, Frist: 72 * time.Hour, WithReceipt: true}},
	}, &veraktung.Options{Now: h.uhr})
	require.NoError(t, err)
	// The others are played by hand in closed; left open they would hold up the filing.
	done := relay.HandlerFunc(func(context.Context, vorgang.Auftrag, *vorgang.Vorgang) (relay.Bericht, error) { return nil, nil })
	h.relay = relay.New(h.Store, map[vorgang.AuftragArt]relay.Handler{
		vorgang.AkteAbgeben: h.v, vorgang.BescheidAusfertigen: done, vorgang.BescheidSenden: done, vorgang.NachrichtSenden: done,
	}, &relay.Options{
		Now: h.uhr, Pause: func(int) time.Duration { return time.Minute },
	})
	return h
}

func (h *haus) datei(name, mime, inhalt string, z vorgang.Zweck) vorgang.Datei {
	ref, err := h.blobs.Put(context.Background(), kiel, strings.NewReader(inhalt))
	require.NoError(h, err)
	return vorgang.Datei{
		Anhang: messaging.Anhang{ID: h.newID(), Name: name, MIME: mime, Groesse: ref.Groesse, SHA512: ref.SHA512},
		Zweck:  z, Herkunft: "fitconnect", Hinzugefuegt: h.now,
	}
}

func (h *haus) edit(id uuid.UUID, steps ...func(v *vorgang.Vorgang) error) {
	for _, step := range steps {
		h.now = h.now.Add(time.Minute)
		_, err := h.Edit(context.Background(), kiel, id, step)
		require.NoError(h, err)
	}
}

// closed makes a decided and closed Vorgang that is to be filed.
func (h *haus) closed() uuid.UUID {
	v, err := vorgang.New(system, h.now, vorgang.Params{
		Mandant: kiel, Nummer: "KI-2026-000017", Leistung: "99063005001000", LeistungName: "Baumfällgenehmigung", Einheit: "gruen",
		Antrag: vorgang.Antrag{
			Kanal: "fitconnect", Kennung: "4711", Schema: "https://schema.example/s99000001_1.0",
			Antragsteller: vorgang.Antragsteller{Empfaenger: messaging.Empfaenger{
				Name: "Gülşen Łukasik-Groß", Anschrift: tenant.Anschrift{Strasse: "Große Ziegelstraße", Hausnummer: "12", PLZ: "24118", Ort: "Kiel"},
			}},
			Felder: []vorgang.Feld{
				{Name: "F60000301", Label: "Baumart", Wert: "Rotbuche"},
				{Name: "G60000001", Label: "Antragstellende Person", Felder: []vorgang.Feld{{Name: "F60000227", Label: "Familienname", Wert: "Łukasik-Groß"}}},
			},
		},
		Dateien: []vorgang.Datei{
			h.datei("Antrag.pdf", "application/pdf", "%PDF-1.7 Antrag", vorgang.ZweckFormular),
			h.datei("Lageplan.png", "image/png", "\x89PNG Lageplan", vorgang.ZweckAnlage),
		},
	}, h.Kontext())
	require.NoError(h, err)
	require.NoError(h, h.Insert(context.Background(), kiel, v))
	id := v.ID()
	var b uuid.UUID
	tag := datum.Von(h.now).AddTage(4)
	h.edit(id,
		func(v *vorgang.Vorgang) error { return v.Pull(kim, h.now) },
		func(v *vorgang.Vorgang) (err error) {
			b, err = v.Draft(kim, h.now, bescheid.Inhalt{
				Art: bescheid.Bewilligung, Betreff: "Genehmigung zur Fällung", Tenor: []string{"Genehmigt."}, Begruendung: []string{"Hohl."},
				OhneBelehrung: "Probe", Verfahren: "vwvfg",
			})
			return err
		},
		func(v *vorgang.Vorgang) error { return v.SubmitDraft(kim, h.now, b) },
		func(v *vorgang.Vorgang) error { return v.ReleaseBescheid(deniz, h.now, b) },
		func(v *vorgang.Vorgang) error {
			return v.RecordAusfertigung(system, h.now, b, uuid.Nil, h.datei("Bescheid.pdf", "application/pdf", "%PDF-1.7 Bescheid", vorgang.ZweckBescheid))
		},
		func(v *vorgang.Vorgang) error {
			return v.RecordVersand(system, h.now, vorgang.Versand{
				Bescheid: b, Nachricht: messaging.Nachricht{ID: h.newID(), Art: messaging.BescheidArt, Anhaenge: []messaging.Anhang{*v.Stand().Bescheide[0].Dokument}},
				Quittung:    messaging.Quittung{Kanal: "brief", Zustand: messaging.Uebergeben, Zeit: h.now},
				Bekanntgabe: bescheid.Bekanntgabe{Tag: tag, FristEnde: tag.AddMonate(1), BestandskraftAb: tag.AddMonate(1).AddTage(1)},
			})
		},
	)
	h.now = tag.Beginn().Add(9 * time.Hour)
	h.edit(id,
		func(v *vorgang.Vorgang) error { return v.RecordBekanntgabe(system, h.now, b) },
		func(v *vorgang.Vorgang) error {
			return v.Close(kim, h.now, vorgang.Schluss{Grund: vorgang.GrundBeschieden, Abgeben: true})
		},
	)
	return id
}

func (h *haus) drain() {
	_, err := h.relay.Drain(context.Background())
	require.NoError(h, err)
}

func (h *haus) abgabe(id uuid.UUID) *vorgang.Abgabe {
	v, err := h.Get(context.Background(), kiel, id)
	require.NoError(h, err)
	return v.Stand().Abgabe
}

// auftrag is the newest hand-over that was ordered.
func (h *haus) auftrag(id uuid.UUID) (a storage.Auftrag) {
	require.NoError(h, h.View(context.Background(), kiel, func(ctx context.Context, tx *storage.Tx) error {
		for x, err := range tx.Auftraege(ctx, id) {
			if err != nil {
				return err
			}
			if x.Art == vorgang.AkteAbgeben {
				a = x
			}
		}
		return nil
	}))
	return a
}
