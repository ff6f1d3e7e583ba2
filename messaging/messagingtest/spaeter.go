package messagingtest

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// spaeter are the rules of the optional interfaces. A Kanal that is none of them breaks
// none of their rules.
func spaeter() []Case {
	return []Case{
		{Name: "status/delivered", Rule: "QueryStatus gives the present state; the Quittung names Sendung and Kanal, its Zeit is UTC in microseconds; it delivers nothing.", Needs: Status, Run: statusDelivered},
		{Name: "status/read", Rule: "QueryStatus tells that the recipient retrieved or read it.", Needs: Status, Run: statusRead},
		{Name: "status/unknown", Rule: "QueryStatus of what was never delivered matches ErrNotFound.", Needs: Status, Run: statusUnknown},
		{Name: "status/other-mandant", Rule: "QueryStatus of what another Mandant delivered matches ErrNotFound.", Needs: Status, Run: statusOtherMandant},
		{Name: "status/outside", Rule: "QueryStatus matches ErrUnavailable if the mailbox system cannot say it now.", Needs: Status, Run: statusUnavailable},
		{Name: "status/context", Rule: "QueryStatus returns context errors unwrapped.", Needs: Status, Run: statusContext},
		{Name: "recall/unread", Rule: "Recall takes an unread message back: the Quittung says zurueckgeholt, and so does QueryStatus.", Needs: Rueckruf, Run: recallUnread},
		{Name: "recall/again", Rule: "Recall again gives the same Quittung.", Needs: Rueckruf, Run: recallAgain},
		{Name: "recall/read", Rule: "Recall of a message that was read matches ErrConflict, and it stays read.", Needs: Rueckruf, Run: recallRead},
		{Name: "recall/unknown", Rule: "Recall of what was never delivered, or by another Mandant, matches ErrNotFound.", Needs: Rueckruf, Run: recallUnknown},
		{Name: "recall/context", Rule: "Recall returns context errors unwrapped and takes nothing back.", Needs: Rueckruf, Run: recallContext},
	}
}

func bezug(s messaging.Sendung, q messaging.Quittung) messaging.Sendungsbezug {
	return messaging.Sendungsbezug{Mandant: s.Mandant, Sendung: s.ID, Referenz: q.Referenz}
}

// query delivers one Sendung to a Kanal that can be asked; nil if it is none.
func query(t TB, o Options) (messaging.StatusAbfrager, Fall, messaging.Sendung, messaging.Quittung) {
	t.Helper()
	if _, ok := o.New(t).Kanal.(messaging.StatusAbfrager); !ok {
		return nil, Fall{}, messaging.Sendung{}, messaging.Quittung{}
	}
	f, s, q := deliver(t, o, 0)
	return f.Kanal.(messaging.StatusAbfrager), f, s, q
}

func recall(t TB, o Options) (messaging.Rueckrufer, Fall, messaging.Sendung, messaging.Quittung) {
	t.Helper()
	if _, ok := o.New(t).Kanal.(messaging.Rueckrufer); !ok {
		return nil, Fall{}, messaging.Sendung{}, messaging.Quittung{}
	}
	f, s, q := deliver(t, o, 0)
	return f.Kanal.(messaging.Rueckrufer), f, s, q
}

func (f Fall) lies(t TB, id uuid.UUID) {
	t.Helper()
	if f.Lies == nil {
		t.Fatalf("the Fall has no Lies; declare the capabilities %q and %q as unsupported if that is meant", Status, Rueckruf)
	}
	f.Lies(id)
}

func quittungOf(t TB, f Fall, s messaging.Sendung, q messaging.Quittung, want ...messaging.Zustand) {
	t.Helper()
	if q.Sendung != s.ID || q.Kanal != f.Kanal.Name() {
		t.Errorf("the Quittung names Sendung %s of Kanal %q, want %s of %q", q.Sendung, q.Kanal, s.ID, f.Kanal.Name())
	}
	if q.Zeit.IsZero() || q.Zeit.Location() != time.UTC || q.Zeit.Nanosecond()%1000 != 0 {
		t.Errorf("Zeit %v is not UTC in microseconds", q.Zeit)
	}
	if !slices.Contains(want, q.Zustand) {
		t.Errorf("Zustand is %q, want one of %q", q.Zustand, want)
	}
}

func statusDelivered(t TB, o Options) {
	k, f, s, q := query(t, o)
	if k == nil {
		return
	}
	for range 2 {
		got, err := k.QueryStatus(t.Context(), bezug(s, q))
		if err != nil {
			t.Fatalf("QueryStatus: %v", err)
		}
		quittungOf(t, f, s, got, messaging.Uebergeben, messaging.Bereitgestellt)
	}
	count(t, f, s.ID, 1)
}

func statusRead(t TB, o Options) {
	k, f, s, q := query(t, o)
	if k == nil {
		return
	}
	f.lies(t, s.ID)
	got, err := k.QueryStatus(t.Context(), bezug(s, q))
	if err != nil {
		t.Fatalf("QueryStatus: %v", err)
	}
	quittungOf(t, f, s, got, messaging.Abgeholt, messaging.Gelesen)
}

func statusUnknown(t TB, o Options) {
	k, _, s, _ := query(t, o)
	if k == nil {
		return
	}
	s.ID = uuid.Must(uuid.NewV7())
	_, err := k.QueryStatus(t.Context(), bezug(s, messaging.Quittung{}))
	kind(t, err, fehler.ErrNotFound)
}

func statusOtherMandant(t TB, o Options) {
	k, _, s, q := query(t, o)
	if k == nil {
		return
	}
	s.Mandant += "-2"
	_, err := k.QueryStatus(t.Context(), bezug(s, q))
	kind(t, err, fehler.ErrNotFound)
}

func statusUnavailable(t TB, o Options) {
	k, f, s, q := query(t, o)
	if _, ok := o.Unsupported[Unerreichbar]; k == nil || ok {
		return
	}
	f.Unerreichbar()
	_, err := k.QueryStatus(t.Context(), bezug(s, q))
	kind(t, err, fehler.ErrUnavailable)
}

func statusContext(t TB, o Options) {
	k, _, s, q := query(t, o)
	if k == nil {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.QueryStatus(ctx, bezug(s, q)); err != context.Canceled { // unwrapped: not errors.Is
		t.Errorf("under an ended context QueryStatus gave %v, want exactly %v", err, context.Canceled)
	}
}

func recallUnread(t TB, o Options) {
	k, f, s, q := recall(t, o)
	if k == nil {
		return
	}
	got, err := k.Recall(t.Context(), bezug(s, q))
	if err != nil {
		t.Fatalf("Recall: %v", err)
	}
	quittungOf(t, f, s, got, messaging.Zurueckgeholt)
	a, ok := k.(messaging.StatusAbfrager)
	if !ok {
		return
	}
	if got, err = a.QueryStatus(t.Context(), bezug(s, q)); err != nil {
		t.Fatalf("QueryStatus: %v", err)
	}
	quittungOf(t, f, s, got, messaging.Zurueckgeholt)
}

func recallAgain(t TB, o Options) {
	k, _, s, q := recall(t, o)
	if k == nil {
		return
	}
	first, err := k.Recall(t.Context(), bezug(s, q))
	if err != nil {
		t.Fatalf("Recall: %v", err)
	}
	if again, err := k.Recall(t.Context(), bezug(s, q)); err != nil || again != first {
		t.Errorf("the Quittung was %+v, is %+v, %v", first, again, err)
	}
}

func recallRead(t TB, o Options) {
	k, f, s, q := recall(t, o)
	if k == nil {
		return
	}
	f.lies(t, s.ID)
	_, err := k.Recall(t.Context(), bezug(s, q))
	kind(t, err, fehler.ErrConflict)
	if a, ok := k.(messaging.StatusAbfrager); ok {
		got, err := a.QueryStatus(t.Context(), bezug(s, q))
		if err != nil {
			t.Fatalf("QueryStatus: %v", err)
		}
		quittungOf(t, f, s, got, messaging.Abgeholt, messaging.Gelesen)
	}
}

func recallUnknown(t TB, o Options) {
	k, _, s, q := recall(t, o)
	if k == nil {
		return
	}
	fremd := s
	fremd.Mandant += "-2"
	_, err := k.Recall(t.Context(), bezug(fremd, q))
	kind(t, err, fehler.ErrNotFound)
	s.ID = uuid.Must(uuid.NewV7())
	_, err = k.Recall(t.Context(), bezug(s, messaging.Quittung{}))
	kind(t, err, fehler.ErrNotFound)
}

func recallContext(t TB, o Options) {
	k, f, s, q := recall(t, o)
	if k == nil {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Recall(ctx, bezug(s, q)); err != context.Canceled { // unwrapped: not errors.Is
		t.Errorf("under an ended context Recall gave %v, want exactly %v", err, context.Canceled)
	}
	if a, ok := k.(messaging.StatusAbfrager); ok {
		got, err := a.QueryStatus(t.Context(), bezug(s, q))
		if err != nil {
			t.Fatalf("QueryStatus: %v", err)
		}
		quittungOf(t, f, s, got, messaging.Uebergeben, messaging.Bereitgestellt)
	}
}

// unsure: a Kanal over a mailbox system that does not know a message again says that it
// may have been taken, at each later try, and delivers nothing more.
func unsure(t TB, f Fall, s messaging.Sendung, err error, st Stoerung) bool {
	t.Helper()
	zweifel := st == AntwortVerloren || st == Schweigen || st == Serverfehler || st == Tropfen
	if !f.OhneDublette || !zweifel || !messaging.IstUnsicher(err) && err != context.Canceled {
		return false
	}
	war := f.Zugestellt(s.ID)
	f.Stoere(Ruhe)
	for range 2 {
		if e := within(t, t.Context(), f, s); !messaging.IstUnsicher(e.err) {
			t.Errorf("an unsure Sendung gave %+v, %v at the next try, want an error that is unsure", e.q, e.err)
		}
	}
	if got := f.Zugestellt(s.ID); got != war || got > 1 {
		t.Errorf("the mailbox system got the unsure Sendung %d times and then %d", war, got)
	}
	return true
}
