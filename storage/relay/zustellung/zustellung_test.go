package zustellung_test

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/ozg-fachwerk/fachwerk/bescheid"
	"github.com/ozg-fachwerk/fachwerk/bescheid/ausfertigung"
	"github.com/ozg-fachwerk/fachwerk/bescheid/frist"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/portal"
	"github.com/ozg-fachwerk/fachwerk/storage"
	"github.com/ozg-fachwerk/fachwerk/storage/blob"
	"github.com/ozg-fachwerk/fachwerk/storage/memory"
	"github.com/ozg-fachwerk/fachwerk/storage/relay"
	"github.com/ozg-fachwerk/fachwerk/storage/relay/zustellung"
	"github.com/ozg-fachwerk/fachwerk/storage/sqlite"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/vorgang"
)

const (
	kiel     tenant.ID = "kiel"
	muenchen tenant.ID = "muenchen"
)

var (
	mandanten = []tenant.Mandant{{
		ID: kiel, Name: "Stadt Kiel", Land: tenant.LandSH, ARS: "010020000000",
		Anschrift: tenant.Anschrift{Strasse: "Fleethörn", Hausnummer: "9", PLZ: "24103", Ort: "Kiel"},
		Einheiten: []tenant.Organisationseinheit{{ID: "amt", Name: "Grünflächenamt"}},
	}, {
		ID: muenchen, Name: "Stadt München", Land: tenant.LandBY, ARS: "091620000000",
		Anschrift: tenant.Anschrift{Strasse: "Marienplatz", Hausnummer: "8", PLZ: "80331", Ort: "München"},
		Einheiten: []tenant.Organisationseinheit{{ID: "amt", Name: "Umweltamt"}},
	}}
	system = tenant.System("test")
	beginn = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) // a Monday
)

// brief is a Kanal that fails and delivers as told.
type brief struct {
	name string
	f    messaging.Faehigkeiten
	now  func() time.Time
	// before and after are asked before and after the delivery.
	before, after func() error

	mu    sync.Mutex
	calls []messaging.Sendung
	inbox map[uuid.UUID]messaging.Quittung
	files [][]byte
}

func (b *brief) Name() string                         { return b.name }
func (b *brief) Faehigkeiten() messaging.Faehigkeiten { return b.f }

func (b *brief) Deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, s)
	if b.before != nil {
		if err := b.before(); err != nil {
			return messaging.Quittung{}, err
		}
	}
	q, again := b.inbox[s.ID]
	if !again {
		for _, a := range s.Nachricht.Anhaenge {
			r, err := s.Open(ctx, a)
			if err != nil {
				return messaging.Quittung{}, err
			}
			data, err := io.ReadAll(r)
			r.Close()
			if err != nil {
				return messaging.Quittung{}, err
			}
			b.files = append(b.files, data)
		}
		q = messaging.Quittung{Sendung: s.ID, Kanal: b.name, Zustand: messaging.Uebergeben, Zeit: b.now()}
		if b.inbox == nil {
			b.inbox = map[uuid.UUID]messaging.Quittung{}
		}
		b.inbox[s.ID] = q
	}
	if b.after != nil {
		if err := b.after(); err != nil {
			return messaging.Quittung{}, err
		}
	}
	return q, nil
}

type haus struct {
	*testing.T
	*storage.Store
	now    time.Time
	blobs  blob.Store
	portal *portal.Kanal
	brief  *brief
	relay  *relay.Relay
	post   zustellung.Options
}

func (h *haus) uhr() time.Time { return h.now }

type optionen struct {
	sqlite bool
	brief  messaging.Faehigkeiten
	portal portal.Options
	post   zustellung.Options
}

func newHaus(t *testing.T, o optionen) *haus {
	h := &haus{T: t, now: beginn, blobs: blob.NewMemory(nil), post: o.post}
	h.post.Now = h.uhr
	var err error
	if o.sqlite {
		h.Store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), &sqlite.Options{Synchronous: "NORMAL", Store: &storage.Options{Now: h.uhr}})
		require.NoError(t, err)
	} else {
		h.Store = memory.Open(&storage.Options{Now: h.uhr})
	}
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	o.portal.Now = h.uhr
	h.portal = portal.New(h.Postfach(), &o.portal)
	h.brief = &brief{name: "brief", f: o.brief, now: h.uhr}
	h.relay = h.newRelay()
	return h
}

func (h *haus) newRelay() *relay.Relay {
	return relay.New(h.Store, h.handlers(), &relay.Options{Now: h.uhr, Pause: func(int) time.Duration { return time.Minute }})
}

func (h *haus) handlers() map[vorgang.AuftragArt]relay.Handler {
	verzeichnis, err := tenant.NewVerzeichnis(mandanten...)
	require.NoError(h, err)
	router, err := messaging.NewRouter([]messaging.Kanal{h.portal, h.brief}, nil)
	require.NoError(h, err)
	setzer, err := ausfertigung.New(nil)
	require.NoError(h, err)
	z, err := zustellung.New(zustellung.Params{
		Blobs: h.blobs, Mandanten: verzeichnis, Router: router, Setzer: setzer, Rechner: frist.New(nil),
	}, &h.post)
	require.NoError(h, err)
	return z.Handlers()
}

// vorgang makes one whose applicant is reached by the Kanaele, in this order.
func (h *haus) vorgang(m tenant.ID, kanaele ...string) uuid.UUID {
	e := messaging.Empfaenger{Name: "Gülşen Łukasik", Anschrift: tenant.Anschrift{Strasse: "Holtenauer Straße", Hausnummer: "1", PLZ: "24105", Ort: "Kiel"}}
	for _, k := range kanaele {
		e.Adressen = append(e.Adressen, messaging.Adresse{Kanal: k, Kennung: "konto-1"})
	}
	v, err := vorgang.New(system, h.now, vorgang.Params{
		Mandant: m, Nummer: "V-1", Leistung: "99063005001000", LeistungName: "Baumfällgenehmigung", Einheit: "amt",
		Antrag:       vorgang.Antrag{Antragsteller: vorgang.Antragsteller{Konto: "konto-1", Empfaenger: e}},
		Bestaetigung: &messaging.Nachricht{Betreff: "Eingegangen", Text: "Ihr Antrag ist da."},
	}, h.Kontext())
	require.NoError(h, err)
	require.NoError(h, h.Insert(context.Background(), m, v))
	return v.ID()
}

func (h *haus) drain() {
	_, err := h.relay.Drain(context.Background())
	require.NoError(h, err)
}

func (h *haus) stand(m tenant.ID, id uuid.UUID) vorgang.Stand {
	v, err := h.Get(context.Background(), m, id)
	require.NoError(h, err)
	return v.Stand()
}

// decide releases a decision, so that its Ausfertigung is ordered.
func (h *haus) decide(m tenant.ID, id uuid.UUID) {
	kim := tenant.Akteur{ID: "kim", Name: "Kim Petersen", Art: tenant.Person, Mandant: m, Rollen: []tenant.Rolle{tenant.Sachbearbeitung}}
	deniz := tenant.Akteur{ID: "deniz", Name: "Deniz Aydın", Art: tenant.Person, Mandant: m, Rollen: []tenant.Rolle{tenant.Leitung}}
	_, err := h.Edit(context.Background(), m, id, func(v *vorgang.Vorgang) error {
		if err := v.Pull(kim, h.now); err != nil {
			return err
		}
		b, err := v.Draft(kim, h.now, bescheid.Inhalt{
			Art: bescheid.Bewilligung, Betreff: "Genehmigung", Tenor: []string{"Die Fällung wird genehmigt."},
			Begruendung: []string{"Der Stamm ist hohl."}, Rechtsbehelfsbelehrung: "Gegen diesen Bescheid kann Widerspruch erhoben werden.", Verfahren: "vwvfg",
		})
		if err != nil {
			return err
		}
		if err := v.SubmitDraft(kim, h.now, b); err != nil {
			return err
		}
		return v.ReleaseBescheid(deniz, h.now, b)
	})
	require.NoError(h, err)
}

// offen gives the Auftraege that are not done.
func (h *haus) offen(m tenant.ID, id uuid.UUID) []storage.Auftrag {
	var out []storage.Auftrag
	require.NoError(h, h.View(context.Background(), m, func(ctx context.Context, tx *storage.Tx) error {
		for a, err := range tx.Auftraege(ctx, id, storage.AuftragOffen, storage.AuftragGeparkt) {
			if err != nil {
				return err
			}
			out = append(out, a)
		}
		return nil
	}))
	return out
}

func (h *haus) datei(m tenant.ID, a *messaging.Anhang) []byte {
	require.NotNil(h, a)
	r, err := h.blobs.Open(context.Background(), m, blob.Ref{SHA512: a.SHA512, Groesse: a.Groesse})
	require.NoError(h, err)
	defer r.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	require.NoError(h, err)
	return b.Bytes()
}

func (h *haus) postfach(m tenant.ID) []messaging.Eintrag {
	var out []messaging.Eintrag
	for e, err := range h.portal.Postfach(m, "konto-1").All(context.Background()) {
		require.NoError(h, err)
		out = append(out, e)
	}
	return out
}
