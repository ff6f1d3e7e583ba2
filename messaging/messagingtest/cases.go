package messagingtest

import (
	"context"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/messaging"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Cases gives the rules of the contract in their order.
func Cases() []Case {
	return append([]Case{
		{Name: "name/stable", Rule: "Name is stable and never empty.", Run: nameStable},
		{Name: "name/faehigkeiten-stable", Rule: "Faehigkeiten are the same at every call; decisions need a legal way.", Run: faehigkeitenStable},
		{Name: "deliver/quittung", Rule: "Deliver brings the Sendung to the address; the Quittung names Sendung and Kanal, its Zeit is UTC in microseconds.", Run: quittung},
		{Name: "deliver/decision", Rule: "A Kanal that declares Bescheid delivers one; one that does not matches ErrInvalid.", Run: decision},
		{Name: "deliver/attachments", Rule: "Attachments within the limits are delivered.", Run: attachments},
		{Name: "deliver/keeps-argument", Rule: "Deliver does not change the Sendung.", Run: keepsArgument},
		{Name: "idempotent/same-quittung", Rule: "The same Sendung.ID again returns the first Quittung without delivering twice.", Run: sameQuittung},
		{Name: "idempotent/other-sendung", Rule: "Another Sendung.ID is another delivery, even of the same Nachricht.", Run: otherSendung},
		{Name: "idempotent/after-failure", Rule: "A Sendung that was refused can be delivered later under the same ID.", Run: afterFailure},
		{Name: "invalid/address", Rule: "ErrInvalid if this Sendung can never be delivered here.", Run: invalidAddress},
		{Name: "invalid/no-id", Rule: "A Sendung without ID matches ErrInvalid.", Run: noID},
		{Name: "invalid/too-many", Rule: "More attachments than MaxAnhaenge match ErrInvalid and are not delivered.", Run: tooMany},
		{Name: "invalid/too-big", Rule: "More bytes than MaxGroesse match ErrInvalid and are not delivered.", Run: tooBig},
		{Name: "notfound/address", Rule: "ErrNotFound if the address does not exist.", Needs: Unbekannt, Run: notFound},
		{Name: "unavailable/outside", Rule: "ErrUnavailable if trying again later may help.", Needs: Unerreichbar, Run: unavailable},
		{Name: "context/cancelled", Rule: "Context errors are returned unwrapped, and nothing is delivered.", Run: cancelled},
		{Name: "context/deadline", Rule: "Context errors are returned unwrapped, and nothing is delivered.", Run: deadline},
		{Name: "readers/closed", Rule: "Deliver closes every reader it opens.", Needs: Anhaenge, Run: readersClosed},
		{Name: "readers/closed-on-error", Rule: "Deliver closes every reader it opens, also when it fails; an attachment that cannot be read is not delivered.", Needs: Anhaenge, Run: readersClosedOnError},
		{Name: "concurrent/different", Rule: "Implementations must be safe for concurrent use.", Run: concurrentDifferent},
		{Name: "concurrent/same", Rule: "The same Sendung.ID at the same time is delivered once.", Run: concurrentSame},
		{Name: "faults/lost-answer", Rule: "The same Sendung.ID again does not deliver twice, also if the first answer was lost.", Needs: AntwortVerloren.Capability(), Run: lostAnswer},
		{Name: "faults/silence", Rule: "A mailbox system that does not answer is ErrUnavailable, within bounded time.", Needs: Schweigen.Capability(), Run: fault(Schweigen)},
		{Name: "faults/silence-cancelled", Rule: "Context errors are returned unwrapped, also while the Kanal waits for an answer.", Needs: Schweigen.Capability(), Run: silenceCancelled},
		{Name: "faults/server-error", Rule: "An error of the mailbox system itself is ErrUnavailable; later the Sendung goes out once.", Needs: Serverfehler.Capability(), Run: fault(Serverfehler)},
		{Name: "faults/slow", Rule: "An answer without end is ErrUnavailable, within bounded time.", Needs: Tropfen.Capability(), Run: fault(Tropfen)},
		{Name: "faults/certificate", Rule: "Nothing goes to a server whose certificate is not trusted; that is ErrUnavailable.", Needs: Fremdzertifikat.Capability(), Run: fault(Fremdzertifikat)},
		{Name: "faults/mailbox-full", Rule: "A full mailbox is ErrUnavailable: it may be emptied.", Needs: PostfachVoll.Capability(), Run: fault(PostfachVoll)},
		{Name: "privacy/errors", Rule: "No error text contains personal data.", Run: privacy},
	}, spaeter()...)
}

// sendung is a valid delivery for the Fall; its files are counted by b.
func (o Options) sendung(f Fall, b *buch, anhaenge int) messaging.Sendung {
	s := messaging.Sendung{
		ID: uuid.Must(uuid.NewV7()), Mandant: o.Mandant, Absender: "Stadt Kiel, Grünflächenamt",
		Vorgang: uuid.Must(uuid.NewV7()), Nummer: "2026-0000001", Empfaenger: f.Empfaenger, Adresse: f.Adresse,
		Nachricht: messaging.Nachricht{ID: uuid.Must(uuid.NewV7()), Art: messaging.Mitteilung, Betreff: "Ihr Antrag", Text: "Guten Tag\n\nwir haben eine Nachricht für Sie."},
		Open:      b.open,
	}
	if s.Mandant == "" {
		s.Mandant = "kiel"
	}
	s.Empfaenger.Adressen = []messaging.Adresse{f.Adresse}
	for i := range anhaenge {
		data := []byte(fmt.Sprintf("%%PDF-1.7 Anlage %d", i))
		sum := sha512.Sum512(data)
		a := messaging.Anhang{
			ID: uuid.Must(uuid.NewV7()), Name: fmt.Sprintf("anlage-%d.pdf", i+1), MIME: "application/pdf",
			Groesse: int64(len(data)), SHA512: hex.EncodeToString(sum[:]),
		}
		b.put(a, data)
		s.Nachricht.Anhaenge = append(s.Nachricht.Anhaenge, a)
	}
	return s
}

func nameStable(t TB, o Options) {
	f := o.New(t)
	n := f.Kanal.Name()
	if n == "" {
		t.Errorf("Name is empty")
	}
	for range 3 {
		if again := f.Kanal.Name(); again != n {
			t.Fatalf("Name was %q, is %q", n, again)
		}
	}
	if _, err := f.Kanal.Deliver(t.Context(), o.sendung(f, &buch{}, 0)); err != nil {
		t.Fatalf("Deliver: %v", err)
	}
	if again := f.Kanal.Name(); again != n {
		t.Errorf("Name was %q, is %q after a delivery", n, again)
	}
	if other := o.New(t).Kanal.Name(); other != n {
		t.Errorf("Name is %q, of another instance %q", n, other)
	}
}

func faehigkeitenStable(t TB, o Options) {
	f := o.New(t)
	a := f.Kanal.Faehigkeiten()
	if b := f.Kanal.Faehigkeiten(); a != b {
		t.Errorf("Faehigkeiten were %+v, are %+v", a, b)
	}
	if a.MaxAnhaenge < 0 || a.MaxGroesse < 0 {
		t.Errorf("limits are negative: %+v", a)
	}
	if a.Bescheid && a.Bekanntgabe == "" {
		t.Errorf("decisions may be delivered, but Bekanntgabe is empty")
	}
}

func quittung(t TB, o Options) {
	f, s, q := deliver(t, o, 0)
	if q.Sendung != s.ID || q.Kanal != f.Kanal.Name() {
		t.Errorf("the Quittung names Sendung %s of Kanal %q, want %s of %q", q.Sendung, q.Kanal, s.ID, f.Kanal.Name())
	}
	if q.Zustand != messaging.Uebergeben && q.Zustand != messaging.Bereitgestellt {
		t.Errorf("Zustand is %q, want uebergeben or bereitgestellt", q.Zustand)
	}
	if q.Zeit.IsZero() || q.Zeit.Location() != time.UTC || q.Zeit.Nanosecond()%1000 != 0 {
		t.Errorf("Zeit %v is not UTC in microseconds", q.Zeit)
	}
	count(t, f, s.ID, 1)
}

func decision(t TB, o Options) {
	f := o.New(t)
	s := o.sendung(f, &buch{}, 0)
	s.Nachricht.Art = messaging.BescheidArt
	_, err := f.Kanal.Deliver(t.Context(), s)
	if f.Kanal.Faehigkeiten().Bescheid {
		if err != nil {
			t.Errorf("a decision was refused: %v", err)
		}
		count(t, f, s.ID, 1)
		return
	}
	kind(t, err, fehler.ErrInvalid)
	count(t, f, s.ID, 0)
}

func attachments(t TB, o Options) {
	n := 2
	if m := o.New(t).Kanal.Faehigkeiten().MaxAnhaenge; m > 0 {
		n = min(n, m)
	}
	f, s, _ := deliver(t, o, n)
	count(t, f, s.ID, 1)
}

func keepsArgument(t TB, o Options) {
	f := o.New(t)
	s := o.sendung(f, &buch{}, 1)
	before := fmt.Sprintf("%+v", s.Nachricht) + fmt.Sprintf("%+v", s.Empfaenger)
	if _, err := f.Kanal.Deliver(t.Context(), s); err != nil {
		t.Fatalf("Deliver: %v", err)
	}
	if after := fmt.Sprintf("%+v", s.Nachricht) + fmt.Sprintf("%+v", s.Empfaenger); after != before {
		t.Errorf("Deliver changed the Sendung: was %s, is %s", before, after)
	}
}

func sameQuittung(t TB, o Options) {
	f, s, first := deliver(t, o, 0)
	for range 3 {
		s.Nachricht.Text = "Ein anderer Text unter derselben Kennung"
		again, err := f.Kanal.Deliver(t.Context(), s)
		if err != nil {
			t.Fatalf("the same Sendung again: %v", err)
		}
		if again != first {
			t.Errorf("the Quittung was %+v, is %+v", first, again)
		}
	}
	count(t, f, s.ID, 1)
}

func otherSendung(t TB, o Options) {
	f, s, first := deliver(t, o, 0)
	other := s
	other.ID = uuid.Must(uuid.NewV7())
	q, err := f.Kanal.Deliver(t.Context(), other)
	if err != nil {
		t.Fatalf("another Sendung: %v", err)
	}
	if q.Sendung != other.ID || (q.Referenz != "" && q.Referenz == first.Referenz) {
		t.Errorf("another Sendung got the Quittung of the first: %+v", q)
	}
	count(t, f, s.ID, 1)
	count(t, f, other.ID, 1)
}

func afterFailure(t TB, o Options) {
	f := o.New(t)
	s := o.sendung(f, &buch{}, 0)
	bad := s
	bad.Adresse.Kennung = f.Ungueltig
	if _, err := f.Kanal.Deliver(t.Context(), bad); err == nil {
		t.Fatalf("the bad address was taken")
	}
	q, err := f.Kanal.Deliver(t.Context(), s)
	if err != nil || q.Sendung != s.ID {
		t.Errorf("after a refusal the Sendung gave %+v, %v", q, err)
	}
	count(t, f, s.ID, 1)
}

func invalidAddress(t TB, o Options) {
	f := o.New(t)
	s := o.sendung(f, &buch{}, 0)
	s.Adresse.Kennung = f.Ungueltig
	refused(t, f, s, fehler.ErrInvalid)
}

func noID(t TB, o Options) {
	f := o.New(t)
	s := o.sendung(f, &buch{}, 0)
	s.ID = uuid.Nil
	refused(t, f, s, fehler.ErrInvalid)
}

func tooMany(t TB, o Options) {
	f := o.New(t)
	m := f.Kanal.Faehigkeiten().MaxAnhaenge
	if m == 0 {
		return // declared without limit
	}
	b := &buch{}
	refused(t, f, o.sendung(f, b, m+1), fehler.ErrInvalid)
	b.closed(t)
}

func tooBig(t TB, o Options) {
	f := o.New(t)
	m := f.Kanal.Faehigkeiten().MaxGroesse
	if m == 0 {
		return // declared without limit
	}
	b := &buch{}
	s := o.sendung(f, b, 1)
	s.Nachricht.Anhaenge[0].Groesse = m + 1
	refused(t, f, s, fehler.ErrInvalid)
	b.closed(t)
}

func notFound(t TB, o Options) {
	f := o.New(t)
	s := o.sendung(f, &buch{}, 0)
	s.Adresse.Kennung = f.Unbekannt
	refused(t, f, s, fehler.ErrNotFound)
}

func unavailable(t TB, o Options) {
	f := o.New(t)
	s := o.sendung(f, &buch{}, 0)
	f.Unerreichbar()
	refused(t, f, s, fehler.ErrUnavailable)
}

func cancelled(t TB, o Options) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ended(t, o, ctx, context.Canceled)
}

func deadline(t TB, o Options) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	ended(t, o, ctx, context.DeadlineExceeded)
}

func ended(t TB, o Options, ctx context.Context, want error) {
	t.Helper()
	f := o.New(t)
	s := o.sendung(f, &buch{}, 0)
	_, err := f.Kanal.Deliver(ctx, s)
	if err != want { // unwrapped: not errors.Is
		t.Errorf("under an ended context Deliver gave %v, want exactly %v", err, want)
	}
	count(t, f, s.ID, 0)
}

func readersClosed(t TB, o Options) {
	f := o.New(t)
	b := &buch{}
	s := o.sendung(f, b, 1)
	if _, err := f.Kanal.Deliver(t.Context(), s); err != nil {
		t.Fatalf("Deliver: %v", err)
	}
	if b.opened() == 0 {
		t.Errorf("the attachment was never opened; declare the capability %q as unsupported if that is meant", Anhaenge)
	}
	b.closed(t)
}

func readersClosedOnError(t TB, o Options) {
	f := o.New(t)
	b := &buch{broken: errors.New("read error of the suite")}
	s := o.sendung(f, b, 1)
	if _, err := f.Kanal.Deliver(t.Context(), s); err == nil {
		t.Errorf("an attachment that cannot be read was delivered")
	}
	b.closed(t)
	count(t, f, s.ID, 0)
}

func concurrentDifferent(t TB, o Options) {
	f := o.New(t)
	const n = 16
	sendungen := make([]messaging.Sendung, n)
	for i := range sendungen {
		sendungen[i] = o.sendung(f, &buch{}, 0)
	}
	for i, e := range parallel(t, f, sendungen) {
		if e.err != nil || e.q.Sendung != sendungen[i].ID {
			t.Errorf("Sendung %d gave %+v, %v", i, e.q, e.err)
		}
	}
	for _, s := range sendungen {
		count(t, f, s.ID, 1)
	}
}

func concurrentSame(t TB, o Options) {
	f := o.New(t)
	sendungen := make([]messaging.Sendung, 16)
	s := o.sendung(f, &buch{}, 0)
	for i := range sendungen {
		sendungen[i] = s
	}
	out := parallel(t, f, sendungen)
	for _, e := range out {
		if e.err != nil || e.q != out[0].q {
			t.Errorf("the same Sendung gave %+v, %v and %+v", e.q, e.err, out[0].q)
		}
	}
	count(t, f, s.ID, 1)
}

func privacy(t TB, o Options) {
	f := o.New(t)
	for name, change := range map[string]func(*messaging.Sendung){
		"bad address": func(s *messaging.Sendung) { s.Adresse.Kennung = f.Ungueltig },
		"no id":       func(s *messaging.Sendung) { s.ID = uuid.Nil },
	} {
		s := o.sendung(f, &buch{}, 0)
		s.Empfaenger.Name, s.Nachricht.Betreff, s.Nachricht.Text = "Erika Geheimname", "Geheimbetreff", "Geheimtext"
		change(&s)
		_, err := f.Kanal.Deliver(t.Context(), s)
		if err != nil && strings.Contains(err.Error(), "Geheim") {
			t.Errorf("%s: the error names the recipient or the content", name)
		}
	}
}
