package zahlungtest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/ozg-fachwerk/fachwerk/bescheid/zahlung"
	"github.com/ozg-fachwerk/fachwerk/tenant/fehler"
)

// Cases gives the rules of the contract in their order.
func Cases() []Case {
	return []Case{
		{Name: "name/stable", Rule: "Name is stable and never empty.", Run: nameStable},
		{Name: "start/initial", Rule: "Start places the payment and returns it, initial and with the address of the pay page.", Run: startInitial},
		{Name: "start/other-id", Rule: "Another ID is another payment.", Run: otherID},
		{Name: "start/keeps-argument", Rule: "Start does not change the Auftrag.", Run: keepsArgument},
		{Name: "start/invalid", Rule: "An Auftrag that breaks Check matches ErrInvalid, and nothing is placed.", Run: startInvalid},
		{Name: "idempotent/same-id", Rule: "The same Auftrag.ID again gives the payment that was placed first and never a second one.", Run: sameID},
		{Name: "idempotent/present-state", Rule: "The same Auftrag.ID again gives the payment in its present state.", Run: presentState},
		{Name: "idempotent/ended", Rule: "The same Auftrag.ID gives no second payment after the first ended.", Run: afterEnd},
		{Name: "idempotent/concurrent", Rule: "The same Auftrag.ID at the same time is placed once.", Run: concurrentSame},
		{Name: "idempotent/answer-lost", Rule: "The same Auftrag.ID is placed once after an answer was lost.", Needs: AntwortVerloren, Run: answerLost},
		{Name: "query/booked", Rule: "Query asks the service for the present state.", Run: queryState(zahlung.Gebucht)},
		{Name: "query/failed", Rule: "Query asks the service for the present state.", Run: queryState(zahlung.Fehlgeschlagen)},
		{Name: "query/cancelled", Rule: "Query asks the service for the present state.", Run: queryState(zahlung.Abgebrochen)},
		{Name: "query/unknown-state", Rule: "A state the adapter does not know becomes Unbekannt with the service's word in Fremd.", Needs: Fremd, Run: unknownState},
		{Name: "query/not-found", Rule: "A payment that does not exist matches ErrNotFound.", Run: notFound},
		{Name: "unavailable/start", Rule: "ErrUnavailable if trying again later may help.", Needs: Unerreichbar, Run: unavailableStart},
		{Name: "unavailable/query", Rule: "ErrUnavailable if trying again later may help.", Needs: Unerreichbar, Run: unavailableQuery},
		{Name: "context/cancelled", Rule: "Context errors are returned unwrapped, and nothing is placed.", Run: cancelled},
		{Name: "concurrent/different", Rule: "Implementations must be safe for concurrent use.", Run: concurrentDifferent},
		{Name: "privacy/errors", Rule: "No error text contains personal data.", Run: privacy},
		{Name: "cancel/initial", Rule: "Cancel of an initial payment gives it cancelled, of a cancelled one the same again.", Needs: Storno, Run: cancelInitial},
		{Name: "cancel/ended", Rule: "Cancel of a payment that ended otherwise matches ErrConflict.", Needs: Storno, Run: cancelEnded},
		{Name: "refund/idempotent", Rule: "Refund is idempotent by the id of the refund.", Needs: Erstattung, Run: refundIdempotent},
		{Name: "refund/too-much", Rule: "More than was paid and not yet paid back matches ErrInvalid, and nothing is paid back.", Needs: Erstattung, Run: refundTooMuch},
	}
}

func neu() string { return uuid.Must(uuid.NewV7()).String() }

func start(t TB, o Options) (Fall, zahlung.Auftrag, zahlung.Zahlung) {
	t.Helper()
	f := o.New(t)
	a := f.Auftrag.Clone()
	a.ID = neu()
	z, err := f.Weg.Start(t.Context(), a)
	if err != nil {
		t.Fatalf("Start: %v", err)
	}
	return f, a, z
}

func query(t TB, f Fall, z zahlung.Zahlung) zahlung.Zahlung {
	t.Helper()
	q, err := f.Weg.Query(t.Context(), z)
	if err != nil {
		t.Fatalf("Query: %v", err)
	}
	return q
}

var kinds = []error{
	fehler.ErrNotFound, fehler.ErrExists, fehler.ErrConflict, fehler.ErrForbidden,
	fehler.ErrInvalid, fehler.ErrUnsupported, fehler.ErrUnavailable,
}

func kind(t TB, err, want error) {
	t.Helper()
	for _, k := range kinds {
		if errors.Is(err, k) != (k == want) {
			t.Errorf("the error is %v, want the kind %q and no other", err, want)
			return
		}
	}
}

func count(t TB, f Fall, id string, want int) {
	t.Helper()
	if got := f.Angelegt(id); got != want {
		t.Errorf("the service holds %d payments for the Auftrag, want %d", got, want)
	}
}

func nameStable(t TB, o Options) {
	f, _, z := start(t, o)
	n := f.Weg.Name()
	if n == "" || n != f.Weg.Name() || n != o.New(t).Weg.Name() {
		t.Errorf("Name is empty or changes: %q", n)
	}
	if z.Weg != n {
		t.Errorf("the Zahlung names the Weg %q, want %q", z.Weg, n)
	}
}

func startInitial(t TB, o Options) {
	f, a, z := start(t, o)
	if z.Zustand != zahlung.Initial || z.URL == "" {
		t.Errorf("the payment is %q with the pay page %q", z.Zustand, z.URL)
	}
	whole(t, f, a, z)
	count(t, f, a.ID, 1)
}

// whole tests what [zahlung.Zahlung] says of every answer.
func whole(t TB, f Fall, a zahlung.Auftrag, z zahlung.Zahlung) {
	t.Helper()
	if z.ID != a.ID || z.Weg != f.Weg.Name() || z.Betrag != a.Betrag || z.Waehrung != a.Waehrung {
		t.Errorf("the Zahlung is %s by %q over %s %s, want %s by %q over %s %s", z.ID, z.Weg, z.Betrag, z.Waehrung, a.ID, f.Weg.Name(), a.Betrag, a.Waehrung)
	}
	if z.Zeit.IsZero() || z.Zeit.Location() != time.UTC || z.Zeit.Nanosecond()%1000 != 0 {
		t.Errorf("Zeit %v is not UTC in microseconds", z.Zeit)
	}
	if z.URL != "" && z.Zustand != zahlung.Initial {
		t.Errorf("a payment in state %q still has a pay page", z.Zustand)
	}
}

func otherID(t TB, o Options) {
	f, a, z := start(t, o)
	b := a.Clone()
	b.ID = neu()
	y, err := f.Weg.Start(t.Context(), b)
	if err != nil {
		t.Fatalf("another Auftrag: %v", err)
	}
	if y.ID != b.ID || y.Transaktion == z.Transaktion {
		t.Errorf("another Auftrag got the payment of the first")
	}
	count(t, f, a.ID, 1)
	count(t, f, b.ID, 1)
}

func keepsArgument(t TB, o Options) {
	f := o.New(t)
	a := f.Auftrag.Clone()
	a.ID = neu()
	before := a.Clone()
	if _, err := f.Weg.Start(t.Context(), a); err != nil {
		t.Fatalf("Start: %v", err)
	}
	if !reflect.DeepEqual(a, before) {
		t.Errorf("Start changed the Auftrag")
	}
}

func kaputt(f Fall) map[string]zahlung.Auftrag {
	out := map[string]zahlung.Auftrag{}
	for name, change := range map[string]func(*zahlung.Auftrag){
		"no id":        func(a *zahlung.Auftrag) { a.ID = "" },
		"long id":      func(a *zahlung.Auftrag) { a.ID = strings.Repeat("a", 37) },
		"sum":          func(a *zahlung.Auftrag) { a.Betrag++ },
		"no items":     func(a *zahlung.Auftrag) { a.Positionen = nil },
		"negative":     func(a *zahlung.Auftrag) { a.Positionen[0].Netto = -5 },
		"no currency":  func(a *zahlung.Auftrag) { a.Waehrung = "" },
		"no quantity":  func(a *zahlung.Auftrag) { a.Positionen[0].Menge = 0 },
		"item without": func(a *zahlung.Auftrag) { a.Positionen[0].ID = "" },
	} {
		a := f.Auftrag.Clone()
		a.ID = neu()
		change(&a)
		out[name] = a
	}
	return out
}

func startInvalid(t TB, o Options) {
	f := o.New(t)
	for name, a := range kaputt(f) {
		if _, err := f.Weg.Start(t.Context(), a); !errors.Is(err, fehler.ErrInvalid) {
			t.Errorf("%s: the error is %v, want ErrInvalid", name, err)
		}
		count(t, f, a.ID, 0)
	}
}

func sameID(t TB, o Options) {
	f, a, z := start(t, o)
	for range 3 {
		a.Beschreibung = "Anderer Text unter derselben Kennung"
		y, err := f.Weg.Start(t.Context(), a)
		if err != nil {
			t.Fatalf("the same Auftrag again: %v", err)
		}
		if y.Transaktion != z.Transaktion || y.ID != z.ID {
			t.Errorf("the same Auftrag gave the payment %q, then %q", z.Transaktion, y.Transaktion)
		}
	}
	count(t, f, a.ID, 1)
}

func presentState(t TB, o Options) {
	f, a, _ := start(t, o)
	f.Setze(a.ID, zahlung.Gebucht)
	again(t, f, a, zahlung.Gebucht)
}

func afterEnd(t TB, o Options) {
	for _, z := range []zahlung.Zustand{zahlung.Fehlgeschlagen, zahlung.Abgebrochen} {
		f, a, _ := start(t, o)
		f.Setze(a.ID, z)
		again(t, f, a, z)
	}
}

func again(t TB, f Fall, a zahlung.Auftrag, want zahlung.Zustand) {
	t.Helper()
	z, err := f.Weg.Start(t.Context(), a)
	if err != nil || z.Zustand != want {
		t.Errorf("the same Auftrag gave the state %q, %v, want %q", z.Zustand, err, want)
	} else {
		whole(t, f, a, z)
	}
	count(t, f, a.ID, 1)
}

func parallel(t TB, f Fall, as []zahlung.Auftrag) ([]zahlung.Zahlung, []error) {
	zs, errs := make([]zahlung.Zahlung, len(as)), make([]error, len(as))
	var wg sync.WaitGroup
	los := make(chan struct{})
	for i := range as {
		wg.Go(func() {
			<-los
			zs[i], errs[i] = f.Weg.Start(t.Context(), as[i])
		})
	}
	close(los)
	wg.Wait()
	return zs, errs
}

func concurrentSame(t TB, o Options) {
	f := o.New(t)
	a := f.Auftrag.Clone()
	a.ID = neu()
	as := make([]zahlung.Auftrag, 16)
	for i := range as {
		as[i] = a.Clone()
	}
	zs, errs := parallel(t, f, as)
	for i := range zs {
		if errs[i] != nil || zs[i].Transaktion != zs[0].Transaktion {
			t.Errorf("the same Auftrag gave %q, %v and %q", zs[i].Transaktion, errs[i], zs[0].Transaktion)
		}
	}
	count(t, f, a.ID, 1)
}

func concurrentDifferent(t TB, o Options) {
	f := o.New(t)
	as := make([]zahlung.Auftrag, 16)
	for i := range as {
		as[i] = f.Auftrag.Clone()
		as[i].ID = neu()
	}
	zs, errs := parallel(t, f, as)
	for i := range zs {
		if errs[i] != nil || zs[i].ID != as[i].ID {
			t.Errorf("Auftrag %d gave %q, %v", i, zs[i].ID, errs[i])
		}
		count(t, f, as[i].ID, 1)
	}
}

func answerLost(t TB, o Options) {
	f := o.New(t)
	a := f.Auftrag.Clone()
	a.ID = neu()
	f.AntwortVerloren()
	z, err := f.Weg.Start(t.Context(), a)
	if err != nil { // the adapter may leave finding out to the next call
		kind(t, err, fehler.ErrUnavailable)
		if z, err = f.Weg.Start(t.Context(), a); err != nil {
			t.Fatalf("Start after a lost answer: %v", err)
		}
	}
	whole(t, f, a, z)
	count(t, f, a.ID, 1)
}

func queryState(want zahlung.Zustand) func(TB, Options) {
	return func(t TB, o Options) {
		f, a, z := start(t, o)
		if q := query(t, f, z); q.Zustand != zahlung.Initial {
			t.Errorf("before anything happened the state is %q", q.Zustand)
		}
		f.Setze(a.ID, want)
		q := query(t, f, z)
		whole(t, f, a, q)
		paid := zahlung.Betrag(0)
		if want == zahlung.Gebucht {
			paid = a.Betrag
		}
		if q.Zustand != want || q.Bezahlt != paid {
			t.Errorf("the state is %q with %s paid, want %q with %s", q.Zustand, q.Bezahlt, want, paid)
		}
	}
}

func unknownState(t TB, o Options) {
	f, a, z := start(t, o)
	f.SetzeFremd(a.ID, "UNDER_REVIEW")
	q := query(t, f, z)
	whole(t, f, a, q)
	if q.Zustand != zahlung.Unbekannt || q.Fremd != "UNDER_REVIEW" || q.Zustand.Final() || q.Bezahlt != 0 {
		t.Errorf("a foreign state became %q (%q), paid %s", q.Zustand, q.Fremd, q.Bezahlt)
	}
}

func notFound(t TB, o Options) {
	f := o.New(t)
	_, err := f.Weg.Query(t.Context(), zahlung.Zahlung{ID: neu(), Transaktion: neu(), Betrag: f.Auftrag.Betrag, Waehrung: f.Auftrag.Waehrung})
	kind(t, err, fehler.ErrNotFound)
}

func unavailableStart(t TB, o Options) {
	f := o.New(t)
	a := f.Auftrag.Clone()
	a.ID = neu()
	f.Unerreichbar()
	_, err := f.Weg.Start(t.Context(), a)
	kind(t, err, fehler.ErrUnavailable)
	count(t, f, a.ID, 0)
}

func unavailableQuery(t TB, o Options) {
	f, _, z := start(t, o)
	f.Unerreichbar()
	_, err := f.Weg.Query(t.Context(), z)
	kind(t, err, fehler.ErrUnavailable)
}

func cancelled(t TB, o Options) {
	f := o.New(t)
	a := f.Auftrag.Clone()
	a.ID = neu()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Weg.Start(ctx, a); err != context.Canceled { // unwrapped: not errors.Is
		t.Errorf("under an ended context Start gave %v", err)
	}
	ctx, cancel = context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if _, err := f.Weg.Start(ctx, a); err != context.DeadlineExceeded {
		t.Errorf("under an ended context Start gave %v", err)
	}
	count(t, f, a.ID, 0)
}

func privacy(t TB, o Options) {
	f := o.New(t)
	for name, a := range kaputt(f) {
		a.Zahler.Vorname, a.Zahler.Nachname, a.Zweck, a.Beschreibung = "Geheimvorname", "Geheimname", "Geheimzweck", "Geheimtext"
		a.Positionen = append(a.Positionen, zahlung.Position{ID: "x", Text: "Geheimposition"})
		_, err := f.Weg.Start(t.Context(), a)
		if err == nil || strings.Contains(err.Error(), "Geheim") {
			t.Errorf("%s: the error names the payer or the content, or there is none", name)
		}
	}
}
