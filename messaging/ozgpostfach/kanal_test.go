package ozgpostfach_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ozg-fachwerk/fachwerk/internal/testenv"
	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/messaging/ozgpostfach"
	p "github.com/ozg-fachwerk/fachwerk/messaging/ozgpostfach/ozgpostfachtest"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

func TestMain(m *testing.M) {
	testenv.Main(m, func() {
		if err := goleak.Find(); err != nil {
			panic(err)
		}
	})
}

var alle = []string{"bayernid", "servicekonto-sh", "unternehmenskonto"}

type haus struct {
	*p.Postfach
	k *ozgpostfach.Kanal
}

func start(t messagingtest.TB, name string, o *p.Options, change func(*ozgpostfach.Konfiguration)) haus {
	t.Helper()
	srv, err := p.Start(name, o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(srv.Close)
	k, err := srv.Kanal(&messaging.MemoryBelege{}, change)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(k.Close)
	return haus{srv, k}
}

// schnell is long enough for a loaded machine; only what never answers takes it.
func schnell(k *ozgpostfach.Konfiguration) { k.Grenzen.Sekunden = 4 }

var stoerungen = map[messagingtest.Stoerung]p.Stoerung{
	messagingtest.Ruhe: p.Keine, messagingtest.AntwortVerloren: p.AntwortVerloren, messagingtest.Schweigen: p.NimmtUndSchweigt,
	messagingtest.Serverfehler: p.Fehler500, messagingtest.Tropfen: p.Tropft, messagingtest.Fremdzertifikat: p.FremdesZertifikat,
	messagingtest.PostfachVoll: p.Voll,
}

func TestKonformitaet(t *testing.T) {
	t.Parallel()
	for _, name := range alle {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			messagingtest.Run(t, messagingtest.Options{New: func(t messagingtest.TB) messagingtest.Fall {
				h := start(t, name, nil, schnell)
				t.Cleanup(func() {
					if f := h.Findings(); len(f) > 0 {
						t.Errorf("the mailbox system found fault with requests: %v", f)
					}
				})
				return messagingtest.Fall{
					Kanal: h.k, Adresse: messaging.Adresse{Kanal: name, Kennung: p.Kennung}, Zugestellt: h.Count,
					Unbekannt: p.KeineKennung, Ungueltig: "../x", Unerreichbar: h.Close,
					Stoere: func(s messagingtest.Stoerung) { h.Stoere(stoerungen[s]) },
				}
			}})
		})
	}
}

func sendung(files ...string) messaging.Sendung {
	s := messaging.Sendung{ID: uuid.Must(uuid.NewV7()), Mandant: "kiel", Absender: "Stadt Kiel", Nummer: "2026-0000001", Vorgang: uuid.Must(uuid.NewV7()),
		Empfaenger: messaging.Empfaenger{Name: "Erika Geheimname"}, Adresse: messaging.Adresse{Kennung: p.Kennung},
		Nachricht: messaging.Nachricht{ID: uuid.Must(uuid.NewV7()), Art: messaging.Mitteilung, Betreff: "Geheimbetreff", Text: "Geheimtext"}}
	for i, f := range files {
		sum := sha512.Sum512([]byte(f))
		s.Nachricht.Anhaenge = append(s.Nachricht.Anhaenge, messaging.Anhang{ID: uuid.Must(uuid.NewV7()), Name: fmt.Sprint(i, ".pdf"), MIME: "application/pdf",
			Groesse: int64(len(f)), SHA512: hex.EncodeToString(sum[:])})
	}
	s.Open = func(_ context.Context, a messaging.Anhang) (io.ReadCloser, error) {
		var i int
		_, err := fmt.Sscanf(a.Name, "%d", &i)
		return io.NopCloser(bytes.NewReader([]byte(files[i]))), err
	}
	return s
}

// art is the one kind an error has.
func art(err error) error {
	for _, k := range []error{fehler.ErrUnavailable, fehler.ErrInvalid, fehler.ErrNotFound, fehler.ErrConflict, fehler.ErrForbidden} {
		if errors.Is(err, k) {
			return k
		}
	}
	return err
}

// Each way to misbehave, for each interface: the kind, the pause, no words of the
// server, and one message once it behaves again.
func TestStoerungen(t *testing.T) {
	t.Parallel()
	for _, name := range alle {
		for _, st := range p.Stoerungen() {
			t.Run(name+"/"+string(st), func(t *testing.T) {
				t.Parallel()
				h := start(t, name, nil, schnell)
				h.Stoere(st)
				s := sendung("%PDF-1.7")
				_, err := h.k.Deliver(t.Context(), s)
				require.Equal(t, fehler.ErrUnavailable, art(err), "%v", err)
				require.NotContains(t, err.Error(), "Geheim")
				require.NotContains(t, err.Error(), p.Kennung)
				var pause interface{ RetryAfter() time.Duration }
				require.ErrorAs(t, err, &pause)
				require.Equal(t, map[p.Stoerung]time.Duration{p.Voll: 6 * time.Hour, p.Drosselung: 90 * time.Second}[st], pause.RetryAfter())
				h.Stoere(p.Keine)
				q, err := h.k.Deliver(t.Context(), s)
				require.NoError(t, err)
				require.Equal(t, 1, h.Count(s.ID))
				require.Equal(t, h.Taken()[0].Referenz, q.Referenz, "the reference of the first time")
				require.Empty(t, h.Findings())
			})
		}
	}
}

// What a mailbox system without memory does after a lost answer: the documented
// second message. It is the negative control of the double's memory, too.
func TestOhneDublette(t *testing.T) {
	t.Parallel()
	h := start(t, "bayernid", &p.Options{OhneDublette: true}, schnell)
	h.Stoere(p.NimmtUnd500)
	s := sendung()
	_, err := h.k.Deliver(t.Context(), s)
	require.ErrorIs(t, err, fehler.ErrUnavailable)
	require.False(t, messaging.IstUnsicher(err), "the configuration says that it would know")
	h.Stoere(p.Keine)
	_, err = h.k.Deliver(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, 2, h.Count(s.ID))
}

func ohneGedaechtnis(k *ozgpostfach.Konfiguration) {
	schnell(k)
	k.Dublette = ozgpostfach.Dublette{Keine: true}
}

// What the configuration says to have no memory leaves the delivery in doubt where the message may
// have been taken, and nowhere else.
func TestUnsicher(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stoerung p.Stoerung
		unsicher bool
	}{
		"taken, then 500":     {p.NimmtUnd500, true},
		"the answer got lost": {p.AntwortVerloren, true},
		"silence":             {p.NimmtUndSchweigt, true},
		"too busy":            {p.Drosselung, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, "bayernid", &p.Options{OhneDublette: true}, ohneGedaechtnis)
			h.Stoere(c.stoerung)
			_, err := h.k.Deliver(t.Context(), sendung())
			require.ErrorIs(t, err, fehler.ErrUnavailable)
			require.Equal(t, c.unsicher, messaging.IstUnsicher(err))
		})
	}
	h := start(t, "bayernid", nil, ohneGedaechtnis)
	h.Close()
	_, err := h.k.Deliver(t.Context(), sendung())
	require.Error(t, err)
	require.False(t, messaging.IstUnsicher(err), "nothing was sent")
}

// The double finds fault with a Konfiguration that is not its own.
func TestDoubleJudges(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*ozgpostfach.Konfiguration){
		"member missing": func(k *ozgpostfach.Konfiguration) { k.Nachricht.Felder = k.Nachricht.Felder[:3] },
		"member unknown": func(k *ozgpostfach.Konfiguration) {
			k.Nachricht.Felder = append(k.Nachricht.Felder, ozgpostfach.Feld{Ziel: "/mehr", Fest: "x"})
		},
		"path":       func(k *ozgpostfach.Konfiguration) { k.Nachricht.Pfad = "/post" },
		"method":     func(k *ozgpostfach.Konfiguration) { k.Nachricht.Methode = "PUT" },
		"no id":      func(k *ozgpostfach.Konfiguration) { k.Dublette = ozgpostfach.Dublette{Keine: true} },
		"attachment": func(k *ozgpostfach.Konfiguration) { k.Nachricht.Anhaenge.Felder[2].Wert = "name" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, "bayernid", nil, change)
			s := sendung("%PDF-1.7 eins")
			_, err := h.k.Deliver(t.Context(), s)
			require.Error(t, err)
			require.NotEmpty(t, h.Findings())
			require.Empty(t, h.Taken())
		})
	}
}

func TestStand(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bayernid", "unternehmenskonto"} {
		h := start(t, name, nil, schnell)
		s := sendung()
		_, err := h.k.Stand(t.Context(), s.Mandant, s.ID)
		require.Equal(t, fehler.ErrNotFound, art(err))
		q, err := h.k.Deliver(t.Context(), s)
		require.NoError(t, err)
		for n, want := range []messaging.Zustand{messaging.Uebergeben, messaging.Bereitgestellt, messaging.Abgeholt, messaging.Fehlgeschlagen} {
			h.SetZustand(q.Referenz, n)
			got, err := h.k.Stand(t.Context(), s.Mandant, s.ID)
			require.NoError(t, err)
			require.Equal(t, want, got.Zustand)
			require.Equal(t, s.ID, got.Sendung)
		}
		h.SetZustand(q.Referenz, 1)
		h.Stoere(p.Fehler500)
		_, err = h.k.Stand(t.Context(), s.Mandant, s.ID)
		require.Equal(t, fehler.ErrUnavailable, art(err))
		_, err = h.k.Stand(t.Context(), "luebeck", s.ID)
		require.Equal(t, fehler.ErrNotFound, art(err), "of another Mandant")
	}
	h := start(t, "servicekonto-sh", nil, nil)
	_, err := h.k.Stand(t.Context(), "kiel", uuid.Must(uuid.NewV7()))
	require.ErrorIs(t, err, fehler.ErrUnsupported)
}

// OAuth2: one token for many messages, a new one when it is revoked.
func TestToken(t *testing.T) {
	t.Parallel()
	h := start(t, "servicekonto-sh", nil, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := h.k.Deliver(t.Context(), sendung())
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	require.Equal(t, 1, h.Tokens())
	h.Revoke()
	_, err := h.k.Deliver(t.Context(), sendung())
	require.NoError(t, err)
	require.Equal(t, 2, h.Tokens())
	h.Stoere(p.Gesperrt)
	before := h.Anfragen()
	_, err = h.k.Deliver(t.Context(), sendung())
	require.Equal(t, fehler.ErrUnavailable, art(err))
	require.LessOrEqual(t, h.Anfragen()-before, 2, "a refused login is not asked for ever")
}

// A client without the certificate, or with another, gets nowhere.
func TestClientCertificate(t *testing.T) {
	t.Parallel()
	a, b := start(t, "bayernid", nil, nil), start(t, "bayernid", nil, nil)
	z := b.Zugang()
	_, err := ozgpostfach.New(ozgpostfach.Params{Konfiguration: a.Konfiguration(), Belege: &messaging.MemoryBelege{}}, &ozgpostfach.Options{Ungeprueft: true})
	require.ErrorIs(t, err, fehler.ErrInvalid)
	k, err := ozgpostfach.New(ozgpostfach.Params{Konfiguration: a.Konfiguration(), Zugang: z, Belege: &messaging.MemoryBelege{}},
		&ozgpostfach.Options{Ungeprueft: true, Wurzeln: a.Wurzeln()})
	require.NoError(t, err)
	t.Cleanup(k.Close)
	_, err = k.Deliver(t.Context(), sendung())
	require.Equal(t, fehler.ErrUnavailable, art(err))
	require.Empty(t, a.Taken())
}

func TestAttachmentIsWhatItWas(t *testing.T) {
	t.Parallel()
	h := start(t, "bayernid", nil, nil)
	for name, change := range map[string]func(*messaging.Sendung){
		"other bytes": func(s *messaging.Sendung) { s.Nachricht.Anhaenge[0].SHA512 = "00" },
		"longer":      func(s *messaging.Sendung) { s.Nachricht.Anhaenge[0].Groesse-- },
		"negative":    func(s *messaging.Sendung) { s.Nachricht.Anhaenge[0].Groesse = -1 },
		"missing": func(s *messaging.Sendung) {
			s.Open = func(context.Context, messaging.Anhang) (io.ReadCloser, error) {
				return nil, fehler.New("x", "", fehler.ErrNotFound, nil)
			}
		},
		"subject too long": func(s *messaging.Sendung) { s.Nachricht.Betreff = string(bytes.Repeat([]byte("ä"), 256)) },
		"no text":          func(s *messaging.Sendung) { s.Nachricht.Text = "" },
		"no UTF-8":         func(s *messaging.Sendung) { s.Nachricht.Text = "\xff" },
	} {
		s := sendung("%PDF-1.7")
		change(&s)
		_, err := h.k.Deliver(t.Context(), s)
		require.Equal(t, fehler.ErrInvalid, art(err), name)
		require.NotEmpty(t, fehler.ProblemeIn(err)[0].Hinweis, name)
	}
	require.Zero(t, h.Anfragen(), "nothing was sent")
	s := sendung("%PDF-1.7")
	s.Nachricht.Betreff = string(bytes.Repeat([]byte("ä"), 255))
	_, err := h.k.Deliver(t.Context(), s)
	require.NoError(t, err, "at the limit")
}

func TestNew(t *testing.T) {
	t.Parallel()
	k, err := ozgpostfach.Load(ozgpostfach.Beispiele()["bayernid"])
	require.NoError(t, err)
	_, err = ozgpostfach.New(ozgpostfach.Params{Konfiguration: k, Belege: &messaging.MemoryBelege{}}, nil)
	require.ErrorContains(t, err, "no operator has confirmed")
}

func Example() {
	srv, err := p.Start("servicekonto-sh", nil)
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	k, err := srv.Kanal(&messaging.MemoryBelege{}, nil)
	if err != nil {
		panic(err)
	}
	defer k.Close()
	q, err := k.Deliver(context.Background(), messaging.Sendung{
		ID: uuid.Must(uuid.NewV7()), Mandant: "kiel", Absender: "Stadt Kiel", Adresse: messaging.Adresse{Kanal: k.Name(), Kennung: p.Kennung},
		Nachricht: messaging.Nachricht{Betreff: "Ihr Antrag", Text: "Guten Tag"},
	})
	fmt.Println(q.Kanal, q.Zustand, err, len(srv.Taken()))
	// Output: servicekonto-sh bereitgestellt <nil> 1
}
