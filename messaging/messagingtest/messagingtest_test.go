package messagingtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/messaging/messagingtest"
	"github.com/ozg-fachwerk/fachwerk/tenant"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// kanal is a correct channel over a made-up post office; a fault breaks one rule.
type kanal struct {
	fault string

	mu       sync.Mutex
	calls    int
	reached  map[uuid.UUID]int
	receipts map[uuid.UUID]messaging.Quittung
	down     bool
	stoerung messagingtest.Stoerung
	mandant  map[uuid.UUID]tenant.ID
	spaeter  map[uuid.UUID]messaging.Quittung // read or taken back
}

// QueryStatus says what became of a Sendung.
func (k *kanal) QueryStatus(ctx context.Context, s messaging.Sendungsbezug) (messaging.Quittung, error) {
	if err := ctx.Err(); err != nil {
		if k.is("status-wraps") {
			err = fmt.Errorf("post: %w", err)
		}
		return messaging.Quittung{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down && !k.is("status-guesses") {
		return messaging.Quittung{}, fehler.New("post.QueryStatus", "", fehler.ErrUnavailable, nil)
	}
	q, ok := k.receipts[s.Sendung]
	if k.is("status-invents") && !ok {
		q, ok = messaging.Quittung{Sendung: s.Sendung, Kanal: "post"}, true
		k.mandant[s.Sendung] = s.Mandant
	}
	if !ok || k.mandant[s.Sendung] != s.Mandant && !k.is("status-foreign") {
		return messaging.Quittung{}, fehler.New("post.QueryStatus", "", fehler.ErrNotFound, nil)
	}
	if x, ok := k.spaeter[s.Sendung]; ok && !k.is("status-behind") {
		q = x
	}
	if k.is("status-delivers") {
		k.reached[s.Sendung]++
	}
	return q, nil
}

// Recall takes back what nobody read.
func (k *kanal) Recall(ctx context.Context, s messaging.Sendungsbezug) (messaging.Quittung, error) {
	if err := ctx.Err(); err != nil && !k.is("recall-ignores-context") {
		return messaging.Quittung{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	q, ok := k.receipts[s.Sendung]
	if !ok || k.mandant[s.Sendung] != s.Mandant && !k.is("recall-foreign") {
		return messaging.Quittung{}, fehler.New("post.Recall", "", fehler.ErrNotFound, nil)
	}
	x, later := k.spaeter[s.Sendung]
	switch {
	case later && x.Zustand == messaging.Zurueckgeholt && !k.is("recall-anew"):
		return x, nil
	case later && x.Zustand == messaging.Gelesen && !k.is("recall-read"):
		return messaging.Quittung{}, fehler.New("post.Recall", "", fehler.ErrConflict, nil)
	}
	q.Zustand, q.Zeit = messaging.Zurueckgeholt, time.Now().UTC().Truncate(time.Microsecond)
	if k.is("recall-anew") {
		q.Referenz = uuid.NewString()
	}
	if !k.is("recall-leaves-it") {
		k.spaeter[s.Sendung] = q
	}
	return q, nil
}

func (k *kanal) lies(id uuid.UUID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	q := k.receipts[id]
	q.Zustand = messaging.Gelesen
	k.spaeter[id] = q
}

// outside is what the made-up post office does under a Stoerung: whether it takes the
// Sendung, and what the channel makes of it.
func (k *kanal) outside(ctx context.Context) (takes bool, kind error, ctxErr error) {
	switch k.stoerung {
	case messagingtest.Ruhe:
		return true, nil, nil
	case messagingtest.AntwortVerloren:
		return true, fehler.ErrUnavailable, nil
	case messagingtest.Schweigen, messagingtest.Tropfen:
		limit := 300 * time.Millisecond
		if k.is("waits") {
			limit = time.Hour
		}
		select {
		case <-ctx.Done():
			return false, nil, ctx.Err()
		case <-time.After(limit):
		}
	case messagingtest.Serverfehler, messagingtest.PostfachVoll:
		if k.is("gives-up") {
			return false, fehler.ErrInvalid, nil
		}
	case messagingtest.Fremdzertifikat:
		if k.is("trusts-all") {
			return true, nil, nil
		}
	}
	return false, fehler.ErrUnavailable, nil
}

func newKanal(fault string) *kanal {
	return &kanal{fault: fault, reached: map[uuid.UUID]int{}, receipts: map[uuid.UUID]messaging.Quittung{},
		mandant: map[uuid.UUID]tenant.ID{}, spaeter: map[uuid.UUID]messaging.Quittung{}}
}

func (k *kanal) is(fault string) bool { return k.fault == fault }

func (k *kanal) Name() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.calls++
	if k.is("name") {
		return fmt.Sprint("post-", k.calls)
	}
	return "post"
}

func (k *kanal) Faehigkeiten() messaging.Faehigkeiten {
	f := messaging.Faehigkeiten{MaxAnhaenge: 3, MaxGroesse: 1000, Bescheid: true, Bekanntgabe: "post"}
	if k.is("faehigkeiten") {
		f.Bekanntgabe = ""
	}
	return f
}

func (k *kanal) Deliver(ctx context.Context, s messaging.Sendung) (messaging.Quittung, error) {
	var none messaging.Quittung
	fail := func(kind error, cause error) (messaging.Quittung, error) {
		if k.is("kinds") {
			kind = fehler.ErrConflict
		}
		if k.is("privacy") {
			cause = errors.New("cannot reach " + s.Empfaenger.Name)
		}
		if k.is("remembers-failures") {
			k.mu.Lock()
			k.receipts[s.ID] = none
			k.mu.Unlock()
		}
		return none, fehler.New("post.Deliver", s.ID.String(), kind, cause)
	}
	if err := ctx.Err(); err != nil && !k.is("ignores-context") {
		if k.is("wraps-context") {
			return none, fmt.Errorf("post: %w", err)
		}
		return none, err
	}
	if k.is("keeps-argument") && len(s.Nachricht.Anhaenge) > 0 {
		s.Nachricht.Anhaenge[0].Name = "changed"
	}
	if s.ID == uuid.Nil && !k.is("no-id") {
		return fail(fehler.ErrInvalid, nil)
	}
	if err := k.Faehigkeiten().Check(s.Nachricht); err != nil && !k.is("limits") {
		return fail(fehler.ErrInvalid, err)
	}
	if k.is("no-decisions") && s.Nachricht.Art == messaging.BescheidArt {
		return fail(fehler.ErrInvalid, nil)
	}
	if k.is("no-attachments") && len(s.Nachricht.Anhaenge) > 0 {
		return fail(fehler.ErrInvalid, nil)
	}
	// Safe for concurrent use: one delivery at a time.
	if !k.is("races") {
		k.mu.Lock()
		defer k.mu.Unlock()
	}
	id := s.ID
	if k.is("by-message") {
		id = s.Nachricht.ID
	}
	if !k.is("twice") {
		if q, ok := k.receipts1(id); ok {
			return q, nil
		}
	}
	switch {
	case s.Adresse.Kennung == "":
		return fail1(k, fail, fehler.ErrInvalid)
	case s.Adresse.Kennung == "unknown":
		return fail1(k, fail, fehler.ErrNotFound)
	case k.down:
		return fail1(k, fail, fehler.ErrUnavailable)
	}
	for _, a := range s.Nachricht.Anhaenge {
		r, err := s.Open(ctx, a)
		if err != nil {
			return fail1(k, fail, fehler.ErrInvalid)
		}
		_, err = io.Copy(io.Discard, r)
		if !k.is("leaks") && (err == nil || !k.is("leaks-on-error")) {
			_ = r.Close()
		}
		if err != nil {
			return fail1(k, fail, fehler.ErrUnavailable)
		}
	}
	if k.is("races") {
		time.Sleep(5 * time.Millisecond) // all look before one writes
	}
	takes, kind, ctxErr := k.outside(ctx)
	if ctxErr != nil {
		if k.is("wraps-waiting") {
			ctxErr = fmt.Errorf("post: %w", ctxErr)
		}
		return none, ctxErr
	}
	if kind != nil {
		if takes {
			k.lock(func() {
				if k.reached[s.ID] == 0 || k.is("forgets-lost") { // the post office knows the id
					k.reached[s.ID]++
				}
			})
		}
		return fail1(k, fail, kind)
	}
	if k.reached1(s.ID) > 0 && !k.is("forgets-lost") && !k.is("twice") {
		k.lock(func() { k.reached[s.ID]-- }) // known already: counted below
	}
	q := messaging.Quittung{
		Sendung: s.ID, Kanal: "post", Zustand: messaging.Uebergeben,
		Zeit: time.Now().UTC().Truncate(time.Microsecond), Referenz: uuid.NewString(),
	}
	if k.is("quittung") {
		q.Kanal, q.Zeit = "other", time.Now()
	}
	k.lock(func() {
		k.receipts[id] = q
		k.mandant[id] = s.Mandant
		k.reached[s.ID]++
		if k.is("loses") && len(k.reached) > 1 {
			delete(k.reached, s.ID)
		}
	})
	return q, nil
}

// lock guards the maps of the racing variant, which holds no lock over a delivery.
func (k *kanal) lock(f func()) {
	if k.is("races") {
		k.mu.Lock()
		defer k.mu.Unlock()
	}
	f()
}

func (k *kanal) receipts1(id uuid.UUID) (q messaging.Quittung, ok bool) {
	k.lock(func() { q, ok = k.receipts[id] })
	return q, ok
}

func (k *kanal) reached1(id uuid.UUID) (n int) {
	k.lock(func() { n = k.reached[id] })
	return n
}

// fail1 fails while the lock is held.
func fail1(k *kanal, fail func(error, error) (messaging.Quittung, error), kind error) (messaging.Quittung, error) {
	if !k.is("races") {
		k.mu.Unlock()
		defer k.mu.Lock()
	}
	return fail(kind, nil)
}

func options(fault string) messagingtest.Options {
	return messagingtest.Options{New: func(messagingtest.TB) messagingtest.Fall {
		k := newKanal(fault)
		return messagingtest.Fall{
			Kanal: k, Adresse: messaging.Adresse{Kanal: "post", Kennung: "box-1"}, Unbekannt: "unknown",
			Stoere:       func(s messagingtest.Stoerung) { k.mu.Lock(); defer k.mu.Unlock(); k.stoerung = s },
			Geduld:       2 * time.Second,
			Lies:         k.lies,
			Unerreichbar: func() { k.mu.Lock(); defer k.mu.Unlock(); k.down = true },
			Zugestellt: func(id uuid.UUID) int {
				k.mu.Lock()
				defer k.mu.Unlock()
				return k.reached[id]
			},
		}
	}}
}

func TestCorrectKanalPasses(t *testing.T) { messagingtest.Run(t, options("")) }

// Each case fails for a channel that breaks its rule.
func TestEveryCaseCanFail(t *testing.T) {
	faults := map[string]string{
		"name/stable": "name", "name/faehigkeiten-stable": "faehigkeiten",
		"deliver/quittung": "quittung", "deliver/decision": "no-decisions", "deliver/attachments": "no-attachments",
		"deliver/keeps-argument": "keeps-argument", "idempotent/same-quittung": "twice", "idempotent/other-sendung": "by-message",
		"idempotent/after-failure": "remembers-failures", "invalid/address": "kinds", "invalid/no-id": "no-id",
		"invalid/too-many": "limits", "invalid/too-big": "limits", "notfound/address": "kinds", "unavailable/outside": "kinds",
		"context/cancelled": "wraps-context", "context/deadline": "ignores-context", "readers/closed": "leaks",
		"readers/closed-on-error": "leaks-on-error", "concurrent/different": "loses", "concurrent/same": "races", "privacy/errors": "privacy",
		"faults/lost-answer": "forgets-lost", "faults/silence": "waits", "faults/silence-cancelled": "wraps-waiting", "faults/server-error": "gives-up",
		"status/delivered": "status-delivers", "status/read": "status-behind", "status/unknown": "status-invents", "status/other-mandant": "status-foreign",
		"status/outside": "status-guesses", "status/context": "status-wraps", "recall/unread": "recall-leaves-it", "recall/again": "recall-anew",
		"recall/read": "recall-read", "recall/unknown": "recall-foreign", "recall/context": "recall-ignores-context",
		"faults/slow": "waits", "faults/certificate": "trusts-all", "faults/mailbox-full": "gives-up",
	}
	for _, c := range messagingtest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			fault := faults[c.Name]
			if fault == "" {
				t.Fatal("the case has no broken channel that proves it")
			}
			if got := messagingtest.Try(t.Context(), c, options("")); len(got) > 0 {
				t.Errorf("the correct channel fails: %v", got)
			}
			got := messagingtest.Try(t.Context(), c, options(fault))
			if len(got) == 0 {
				t.Errorf("the channel with the fault %q passes", fault)
			}
			if c.Rule == "" || strings.Contains(strings.Join(got, ""), "%!") {
				t.Errorf("a failure does not explain itself: %v", got)
			}
			delete(faults, c.Name)
		})
	}
	if len(faults) > 0 {
		t.Errorf("faults for cases that do not exist: %v", faults)
	}
}

func TestRecorder(t *testing.T) {
	var order []string
	c := messagingtest.Case{Run: func(t messagingtest.TB, _ messagingtest.Options) {
		t.Helper()
		t.Cleanup(func() { order = append(order, "first") })
		t.Cleanup(func() { order = append(order, "second") })
		t.Errorf("one %d", 1)
		t.Fatalf("two")
		t.Errorf("never")
	}}
	got := messagingtest.Try(t.Context(), c, messagingtest.Options{})
	if fmt.Sprint(got) != "[one 1 two]" || fmt.Sprint(order) != "[second first]" {
		t.Errorf("got %v, cleanups %v", got, order)
	}
}
